"""The nearest sites of every cell, for all services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.routing import nearest_by_service

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.routing import TravelTimes
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages.snapping import Snapped

__all__ = ["search_nearest"]


def search_nearest(study: Study, hierarchy: Hierarchy, snapped: Snapped, sites: gpd.GeoDataFrame) -> TravelTimes:
    """Return time and id of the nearest and the second nearest site of every service of a study."""
    directions = {key: service.direction for key, service in study.settings.services.items()}
    return nearest_by_service(hierarchy, snapped.cells, snapped.sites, service=sites["service"], directions=directions)
