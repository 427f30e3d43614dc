"""The nearest sites of every cell, for all services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geoaccess.hierarchy import Hierarchy
from geoaccess.remembering import remembered_with
from geoaccess.routing import TravelTimes, above_places
from geoaccess.routing.sites import nearest_as_text
from geoaccess.study.stages.snapping import places_digest

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.network import Network
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages.response import Roads
    from geoaccess.study.stages.snapping import Snapped

__all__ = ["search_nearest"]

_MOST: Final = 2
"""So many tables with a row for each cell are kept of each service."""


def search_nearest(
    study: Study, hierarchy: Hierarchy, snapped: Snapped, sites: gpd.GeoDataFrame, *, vehicles: Roads | None = None
) -> TravelTimes:
    """Return time and id of the nearest and the second nearest site of every service of a study.

    Those of ambulances are response times, from the call, on the roads of the vehicles where these are given.
    """
    rule, found = study.response, {}
    for key, service in study.settings.services.items():
        own = vehicles is not None and rule is not None and rule.service == key
        roads, places = (vehicles.network, vehicles.snapped) if vehicles is not None and own else (hierarchy, snapped)
        ours = (sites["service"] == key).to_numpy()
        found[key] = _nearest(key, roads, places, ours, direction=service.direction)
    return TravelTimes(snapped.cells["off_network_m"], found)


def _nearest(
    key: str, roads: Network | Hierarchy, places: Snapped, ours: npt.NDArray[np.bool_], *, direction: Direction
) -> pd.DataFrame:
    """Return the nearest sites of a service: found once for all variations with the same roads, cells and sites."""
    cells, sites = places.cells, places.sites[ours]

    def search() -> pd.DataFrame:
        part = above_places(roads, cells, places.sites) if isinstance(roads, Hierarchy) else roads
        return nearest_as_text(part, cells, sites, direction=direction)

    known = places_digest(sites), direction
    return remembered_with(roads, f"nearest {key}", known, search, values=(cells,), most=_MOST)
