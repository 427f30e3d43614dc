"""The tables of a study, and how they are written: numbers that are the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import measures
from geoaccess.study.results.overview import OVERVIEW, overview
from geoaccess.study.sections.registry import tables_asked_for
from geoaccess.tables import write_csv

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy as np

    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["all_tables", "marked", "reached", "table_names", "write_table"]

_TABLES = (
    *("municipalities", "classes", "everybody", "contrast"),
    *("islands", "ferries", "sites", "centrality"),
)


def table_names(study: Study) -> list[str]:
    """Return the names of the tables that a study gives, without suffix."""
    return [*_TABLES, *OVERVIEW, *tables_asked_for(study)]


def all_tables(answers: Answers) -> dict[str, pd.DataFrame]:
    """Return every table of a study but that of the cells, by the name of its file."""
    with_regions = ["region"] if (answers.results["region"] != "").any() else []
    classes = answers.summary("centrality_class")
    tables = (
        answers.summary(["municipality_id", "municipality", *with_regions, "centrality_class"]),
        classes,
        answers.summary(),
        measures.class_contrast(classes, order=answers.study.scheme.ids),
        answers.islands,
        answers.network.ferries,
        _flat(answers.sites),
        answers.centrality.reset_index(),
    )
    return dict(zip(_TABLES, tables, strict=True)) | overview(answers) | answers.tables


def _flat(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(sites.drop(columns="geometry")).reset_index()
    return table.assign(lon=sites.geometry.x.round(6).to_numpy(), lat=sites.geometry.y.round(6).to_numpy())


def reached(answers: Answers, key: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return time and people of the cells that reach a service."""
    reached = (answers.results[f"{key}_reason"] == "").to_numpy()
    return answers.results[f"{key}_s"].to_numpy()[reached], answers.results["population"].to_numpy()[reached]


def marked(table: Any, disclaimer: str) -> Any:
    """Write the disclaimer into every row, because a table travels without the page it came from."""
    return table.assign(disclaimer=disclaimer) if disclaimer else table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV and as Parquet; `path` is without suffix."""
    write_csv(table, path.with_suffix(".csv"))
    table.to_parquet(path.with_suffix(".parquet"), index=False)
