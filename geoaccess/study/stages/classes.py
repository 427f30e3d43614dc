"""The class of each cell: from a table, from the population grid, or from what people can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import files, zones
from geoaccess.errors import ConfigError, InputError
from geoaccess.study.municipality_numbers import changes_of
from geoaccess.study.settings.inputs import CentralityComputed, CentralityDegurba, CentralityTable, NoCentrality
from geoaccess.study.stages.reach import ReachOfPeople
from geoaccess.study.stages.subjects import about

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages.snapping import Snapped

__all__ = ["check_scheme", "classes_without_roads", "join_classes", "no_classes"]


def check_scheme(study: Study) -> None:
    """Read the centrality scheme, and refuse cuts that do not fit it.

    Raises
    ------
    MissingFileError
        If there is no such scheme.
    ConfigError
        With what is wrong with it, or with the cuts of the study.
    """
    scheme, settings = study.scheme, study.settings.centrality
    if isinstance(settings, CentralityDegurba) and len(scheme.classes) != len(zones.GRID_CLASSES):
        raise ConfigError(
            f"{study.path}: [centrality] scheme {scheme.name} has {len(scheme.classes)} classes; the degree of "
            "urbanisation has three: leave scheme out, or give a scheme of three classes"
        )
    if not isinstance(settings, CentralityComputed):
        return
    if settings.cuts is None and scheme.cuts is None:
        raise ConfigError(f"{study.path}: scheme {scheme.name} has no cuts; write cuts in [centrality]")
    if settings.cuts is not None:
        try:
            scheme.with_cuts(settings.cuts)
        except InputError as error:
            raise ConfigError(f"{study.path}: [centrality] {error}") from error


def join_classes(
    study: Study,
    hierarchy: Hierarchy,
    mapped: gpd.GeoDataFrame,
    snapped: Snapped,
    cells: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the class of each cell, and the table of municipalities it comes from."""
    settings = study.settings.centrality
    if not isinstance(settings, CentralityComputed):
        return _classes_by_zone(study, settings, cells)
    reach = ReachOfPeople(study, settings, hierarchy, snapped, cells)
    table = zones.compute_centrality(
        workplaces_reached=reach.workplaces(),
        kinds_reached=reach.functions(sites, mapped),
        population=cells["population"].to_numpy(),
        municipality_id=cells["municipality_id"],
        weights=settings.weights,
        cuts=settings.cuts,
        scheme=study.scheme,
        transform=settings.transform,
        most_central=settings.most_central,
    )
    return _classes(study, cells, table, source="computed"), table


def classes_without_roads(study: Study, cells: gpd.GeoDataFrame) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Return the class of each cell and the table of municipalities, None where travel times make them or none do.

    Raises
    ------
    GeoaccessError
        If the table of classes or the grid does not give them.
    """
    settings = study.settings.centrality
    if isinstance(settings, CentralityComputed | NoCentrality):
        return None
    return _classes_by_zone(study, settings, cells)


def _classes_by_zone(
    study: Study, settings: CentralityTable | CentralityDegurba | NoCentrality, cells: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if isinstance(settings, NoCentrality):
        return no_classes(study, cells)
    if isinstance(settings, CentralityTable):
        return _join_table(study, settings, cells)
    with about(f'{study.path}: [centrality] kind = "degurba"'):
        grid = cells[["population", "municipality_id"]].assign(grid_class=zones.urbanisation_of_cells(cells))
        table = zones.classify_zones(grid, scheme=study.scheme)
    return _classes(study, cells, table, source="computed"), table


def _join_table(study: Study, settings: CentralityTable, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the class of each cell from a table, and that table."""
    path = files.require(study.resolve(settings.file), hint=study.fetch_hint)
    table = zones.read_centrality(
        path,
        municipality=settings.municipality,
        centrality_class=settings.centrality_class,
        index=_index_column(study, settings),
        year=settings.year,
        scheme=study.scheme,
    )
    return _classes(study, cells, table, source=str(path)), table


def _index_column(study: Study, settings: CentralityTable) -> str | None:
    """Return the column of the index; None where the table has classes only."""
    none = study.scheme.highest_index is None and "index" not in settings.model_fields_set
    return None if none or settings.index == "none" else settings.index


def _classes(study: Study, cells: pd.DataFrame, table: pd.DataFrame, *, source: str) -> pd.DataFrame:
    given = cells[["population", "municipality_id", "municipality"]]
    joined = zones.join_centrality(given, table, source=source, scheme=study.scheme, changes=changes_of(study))
    return joined[["centrality_index", "centrality_class"]]


def no_classes(study: Study, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return that no cell has a class, and an empty table of municipalities."""
    columns = {"centrality_index": np.full(len(cells), np.nan)}
    classes = pd.DataFrame(columns, index=cells.index)
    classes["centrality_class"] = study.scheme.column(np.full(len(cells), -1))
    return classes, classes.iloc[:0].rename_axis("municipality_id")
