"""The nearest sites of every cell, for all services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.routing import TravelTimes, nearest_by_service

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages.response import Roads
    from geoaccess.study.stages.snapping import Snapped

__all__ = ["search_nearest"]


def search_nearest(
    study: Study, hierarchy: Hierarchy, snapped: Snapped, sites: gpd.GeoDataFrame, *, vehicles: Roads | None = None
) -> TravelTimes:
    """Return time and id of the nearest and the second nearest site of every service of a study.

    Those of ambulances are response times, from the call, on the roads of the vehicles where these are given.
    """
    directions = {key: service.direction for key, service in study.settings.services.items()}
    rule, which = study.response, sites["service"]
    if vehicles is None or rule is None:
        return nearest_by_service(hierarchy, snapped.cells, snapped.sites, service=which, directions=directions)
    others = {key: direction for key, direction in directions.items() if key != rule.service}
    found = nearest_by_service(hierarchy, snapped.cells, snapped.sites, service=which, directions=others)
    theirs = vehicles.snapped
    own = {rule.service: directions[rule.service]}
    coming = nearest_by_service(vehicles.network, theirs.cells, theirs.sites, service=which, directions=own)
    by_service = {**found.services, **coming.services}
    return TravelTimes(snapped.cells["off_network_m"], {key: by_service[key] for key in directions})
