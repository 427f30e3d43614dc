"""The tables of a study, and how they are written: numbers that are the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from geoaccess import measures
from geoaccess.demand import mask_cells
from geoaccess.measures.groups import people_of_service
from geoaccess.phrases import text
from geoaccess.study.columns import CELLS, COMMON, ResultTable, unitless
from geoaccess.study.results.lone_cells import shown_tables
from geoaccess.study.results.overview import OVERVIEW
from geoaccess.study.sections.registry import SECTIONS, tables_asked_for
from geoaccess.study.zonings import carried_demands
from geoaccess.tables import write_csv
from geoaccess.zones import GRID_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

    from geoaccess.background import Started
    from geoaccess.measures import ServiceSpec
    from geoaccess.study.answers import Answers
    from geoaccess.study.columns import Columns
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "TABLES",
    "all_tables",
    "columns_known",
    "marked",
    "masked",
    "name_people",
    "reached",
    "table_files",
    "table_names",
    "write_table",
]


def table_names(study: Study) -> list[str]:
    """Return the names of the tables that a study gives, without suffix."""
    return [*(table.name for table in TABLES), *tables_asked_for(study)]


def all_tables(answers: Answers, started: Mapping[str, Started[pd.DataFrame]] | None = None) -> dict[str, pd.DataFrame]:
    """Return every table of a study but that of the cells, by the name of its file; `started` are on their way."""
    known = started or {}
    tables = {
        table.name: known[table.name].soonest() if table.name in known else table.make(answers) for table in TABLES
    }
    tables |= answers.tables
    shown = shown_tables(tables, answers.results, answers.study, _catalogue())
    return {name: name_people(table, answers.study) for name, table in shown.items()}


def name_people(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Say in each row of a service which people it counts (`asked_about`), where a service is not for everybody.

    A table that says itself who counts (`who`) stays as it is.
    """
    asked = {spec.key: spec.who or text(study.settings.language, "groups.everybody") for spec in study.specs}
    if "service" not in table or "who" in table or not any(spec.who for spec in study.specs):
        return table
    named = table.copy()
    of = table["service"].map(asked).fillna("").astype("str")
    named.insert([*table.columns].index("service") + 1, "asked_about", of)
    return named


def _catalogue() -> dict[str, Columns]:
    """Return the columns of each table's own, by its name, with their units."""
    tables: dict[str, Columns] = {"dictionary": _DICTIONARY} | {table.name: table.columns for table in TABLES}
    for section in SECTIONS:
        tables |= section.tables
    return tables


def columns_known() -> dict[tuple[str, str], str]:
    """Return the unit of every column, by table ("*" for any) and name or pattern."""
    cells = dict(CELLS)
    for section in SECTIONS:
        cells |= section.cells
    tables = {"*": COMMON, **_catalogue(), "cells": cells}
    return {(table, column): unit for table, some in tables.items() for column, unit in some.items()}


def _municipalities(answers: Answers) -> pd.DataFrame:
    with_regions = ["region"] if (answers.results["region"] != "").any() else []
    return answers.summary(["municipality_id", "municipality", *with_regions, "centrality_class"])


def _contrast(answers: Answers) -> pd.DataFrame:
    return measures.class_contrast_of_services(answers.summary("centrality_class"), order=answers.study.scheme.ids)


def _sites(answers: Answers) -> pd.DataFrame:
    sites = answers.sites
    table = pd.DataFrame(sites.drop(columns="geometry")).reset_index()
    return table.assign(lon=sites.geometry.x.round(6).to_numpy(), lat=sites.geometry.y.round(6).to_numpy())


_DICTIONARY: Final = unitless(
    *("file", "column", "description", "beskrivelse", "unit", "missing", "mangler"),
    *("description_{name}", "missing_{name}"),  # of a language that has no words of its own for them
)

TABLES: Final = (
    ResultTable("municipalities", _municipalities, {}),
    ResultTable("classes", lambda answers: answers.summary("centrality_class"), {}),
    ResultTable("everybody", lambda answers: answers.summary(), {}),
    ResultTable(
        "contrast",
        _contrast,
        {
            **unitless("most_central", "least_central"),
            **dict.fromkeys(("people_most_central", "people_least_central"), "people"),
            **dict.fromkeys(("{measure}_most_central_s", "{measure}_least_central_s", "{measure}_gap_s"), "s"),
            "{measure}_ratio": "number",
        },
    ),
    ResultTable("islands", lambda answers: answers.islands, unitless("tied_by", "municipality")),
    ResultTable(
        "ferries",
        lambda answers: answers.network.ferries,
        {
            **unitless("way_id", "name", "cars", "note", "kind", "relation_id", "duration", "table_row", "timetable"),
            **dict.fromkeys(("crossing_s", "wait_s", "wait_planned_s", "wait_unplanned_s", "check_in_s"), "s"),
            "headway_s": "s",
            "joined": "count",
            "sailings": "count",
            "length_m": "m",
            **dict.fromkeys(("from_lon", "from_lat", "to_lon", "to_lat"), "degrees"),
        },
    ),
    ResultTable("sites", _sites, unitless("name", "level", "proxy", "source", "note", "{name}")),
    ResultTable(
        "centrality",
        lambda answers: answers.centrality.reset_index(),
        {**unitless("year"), **dict.fromkeys((f"share_{name}" for name in GRID_CLASSES), "share")},
    ),
    *OVERVIEW,
)
"""The tables that every study gives, in the order in which they are listed."""


def reached(results: pd.DataFrame, spec: ServiceSpec) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return time and people of the cells that reach a service: those people whom it is asked about."""
    reached = (results[f"{spec.key}_reason"] == "").to_numpy()
    return results[f"{spec.key}_s"].to_numpy()[reached], people_of_service(results, spec)[reached]


def marked(table: Any, disclaimer: str) -> Any:
    """Write the disclaimer into every row, because a table travels without the page it came from."""
    return table.assign(disclaimer=disclaimer) if disclaimer else table


def masked(cells: Any, study: Study, *, known: pd.DataFrame | None = None) -> Any:
    """Return a table of cells as it may leave the program: few people in bands, as [population] mask_below says.

    `known` are the results of the study for the same cells in the same order, where the table has less of their people.
    """
    return mask_cells(cells, below=study.settings.population.mask_below, columns=carried_demands(study), known=known)


_SUFFIXES = (".csv", ".parquet")


def table_files(*names: str) -> list[str]:
    """Return the names of the files that `write_table` writes for tables."""
    return [f"{name}{suffix}" for name in names for suffix in _SUFFIXES]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV and as Parquet; `path` is without suffix."""
    csv, parquet = (path.with_name(name) for name in table_files(path.name))
    write_csv(table, csv)
    table.to_parquet(parquet, index=False)
