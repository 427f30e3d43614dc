"""The centrality of each cell: from an official table, or computed from what people can reach."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geoaccess import files, services, zones
from geoaccess.routing import nearest_snapped, travel_times
from geoaccess.study.settings.study_file import CentralityTable
from geoaccess.study.stages.snapping import snap_as_set
from geoaccess.study.stages.subjects import fetch_hint

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.study.settings.study_file import CentralityComputed, Study
    from geoaccess.study.stages.snapping import Snapped

__all__ = ["join_classes", "join_table"]

_ORIGINS_AT_ONCE = 2000


def join_classes(
    study: Study,
    hierarchy: Hierarchy,
    mapped: gpd.GeoDataFrame,
    snapped: Snapped,
    cells: pd.DataFrame,
    times: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the centrality of each cell, and the table of municipalities it comes from."""
    settings = study.settings.centrality
    if isinstance(settings, CentralityTable):
        return join_table(study, settings, cells)
    table = _compute_classes(study, settings, hierarchy, mapped, snapped, cells, times)
    return _classes(cells, table, source="computed"), table


def join_table(study: Study, settings: CentralityTable, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the centrality of each cell from an official table, and that table."""
    path = files.require(study.resolve(settings.file), hint=fetch_hint(study))
    table = zones.read_centrality(
        path,
        municipality=settings.municipality,
        centrality_class=settings.centrality_class,
        index=None if settings.index == "none" else settings.index,
        year=settings.year,
    )
    return _classes(cells, table, source=str(path)), table


def _classes(cells: pd.DataFrame, table: pd.DataFrame, *, source: str) -> pd.DataFrame:
    joined = zones.join_centrality(cells[["population", "municipality_id", "municipality"]], table, source=source)
    return joined[["centrality_index", "centrality_class"]]


def _compute_classes(
    study: Study,
    settings: CentralityComputed,
    hierarchy: Hierarchy,
    mapped: gpd.GeoDataFrame,
    snapped: Snapped,
    cells: pd.DataFrame,
    times: pd.DataFrame,
) -> pd.DataFrame:
    people = cells["population"].to_numpy()
    cutoff_s = settings.cutoff_min * 60
    weigh = partial(zones.time_weight, cutoff_s=cutoff_s, tenth_at_s=settings.tenth_at_min * 60)
    reached = np.empty(len(cells))
    for first in range(0, len(cells), _ORIGINS_AT_ONCE):
        block = slice(first, first + _ORIGINS_AT_ONCE)
        weights = weigh(travel_times(hierarchy, snapped.cells.iloc[block], snapped.cells, cutoff_s=cutoff_s))
        # Not weights @ people: the last digits of that depend on the number of threads.
        reached[block] = np.einsum("ij,j->i", weights, people)
    kinds = sum(
        weigh(times[f"{key}_s"].to_numpy())
        for key, service in study.settings.services.items()
        if service.toward == "sites"
    )
    for tags in settings.functions.values():
        features = mapped[services.carrying(mapped, tags)]
        if len(features):
            there = snap_as_set(study, hierarchy.network, features)
            kinds = kinds + weigh(nearest_snapped(hierarchy, snapped.cells, there, k=1)["travel_time_s"].to_numpy())
    return zones.compute_centrality(
        workplaces_reached=reached,
        kinds_reached=kinds,
        population=people,
        municipality_id=cells["municipality_id"].to_numpy(),
        weights=settings.weights,
        cuts=settings.cuts,
        transform=settings.transform,
    )
