"""The sites of a study, from all its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import files, services
from geoaccess.errors import InputError
from geoaccess.frames import bounds_in_degrees
from geoaccess.remembering import remembered_of
from geoaccess.study.settings.inputs import SitesFromFile, SitesFromOsm
from geoaccess.study.site_columns import at_their_levels, read_with_columns, refuse_columns
from geoaccess.study.stages.extracts import PLACES, features_of
from geoaccess.study.stages.remembered import before_roads
from geoaccess.study.stages.subjects import about

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.study.settings.study_file import Study

__all__ = ["names_of_sites", "read_places", "refuse_swapped"]

_NEAR_DEG = 1.0
_SHOWN = 3


def read_places(study: Study, mapped: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the sites of all services."""
    return remembered_of("sites", (mapped,), before_roads(study), lambda: _read(study, mapped))


def _read(study: Study, mapped: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    tables = []
    for source in study.settings.sites:
        if isinstance(source, SitesFromFile):
            path = files.require(study.resolve(source.file), hint=study.fetch_hint)
            table = read_with_columns(study, source, path)
            table = services.merge_near(_clipped(study, source, table), source.merge_within_m)
        elif isinstance(source, SitesFromOsm):
            table = services.sites_from_features(
                _clipped(study, source, mapped),
                source.service,
                tags=source.tags,
                with_names=source.with_names,
                without_names=source.without_names,
                merge_within_m=source.merge_within_m,
            )
        else:
            table = services.sites_from_review(
                mapped[services.carrying(mapped, source.tags)],
                study.resolve(source.file),
                places=features_of(study, [("place", kind) for kind in PLACES]),
            )
        if not isinstance(source, SitesFromFile):
            refuse_columns(study, table)
        tables.append(table)
    with about(names_of_sites(study)):
        return services.combine([at_their_levels(study, pd.concat(tables))], list(study.settings.services))


def refuse_swapped(study: Study, sites: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> None:
    """Raise an `InputError` if sites lie off the study, and in it once longitude and latitude change places."""
    remembered_of("not swapped", (sites, cells), names_of_sites(study), lambda: _refuse_swapped(study, sites, cells))


def _refuse_swapped(study: Study, sites: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> None:
    west, south, east, north = bounds_in_degrees(cells)
    lon, lat = sites.geometry.x, sites.geometry.y

    def inside(x: pd.Series, y: pd.Series) -> pd.Series:
        return x.between(west - _NEAR_DEG, east + _NEAR_DEG) & y.between(south - _NEAR_DEG, north + _NEAR_DEG)

    swapped = sites.index[(~inside(lon, lat) & inside(lat, lon)).to_numpy(bool)]
    if len(swapped):
        named = services.SiteDirectory(sites)
        shown = ", ".join(
            f"{named.describe(label)} (lon {lon[label]:g}, lat {lat[label]:g})" for label in swapped[:_SHOWN]
        )
        raise InputError(
            f"{names_of_sites(study)}: longitude and latitude are swapped in {len(swapped)} sites: {shown}"
        )


def names_of_sites(study: Study) -> str:
    """Return what sites are read from, for messages."""
    names = [
        "mapped features" if isinstance(source, SitesFromOsm) else str(study.resolve(source.file))
        for source in study.settings.sites
    ]
    return ", ".join(dict.fromkeys(names))


def _clipped(study: Study, source: SitesFromFile | SitesFromOsm, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the places inside the box that the population is cut to, where the study asks for that."""
    if not (source.clip and study.settings.population.clip):
        return places
    west, south, east, north = study.settings.population.clip
    return places.cx[west:east, south:north]
