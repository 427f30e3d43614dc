"""Sites and mapped features that somebody should look at, in a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from shapely import box

from geoaccess import services
from geoaccess.bounds import MOST_COUNT
from geoaccess.frames import crs_of
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.phrases import Writer
    from geoaccess.study.settings.study_file import Study

__all__ = ["far_off", "lacking_capacity", "loose_features", "read_capacity", "same_places"]

_SHOWN: Final = 5
_FAR_M: Final = 100_000.0


def far_off(sites: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Name the sites that lie far from every cell."""
    west, south, east, north = cells.total_bounds
    away = sites.geometry.to_crs(crs_of(cells)).distance(box(west, south, east, north)).to_numpy() > _FAR_M
    if not away.any():
        return []
    shown = [services.SiteDirectory(sites).describe(label) for label in sites.index[away][:_SHOWN]]
    names = ", ".join(shown) + (" ..." if away.sum() > _SHOWN else "")
    return [writer.text("c_far", n=int(away.sum()), names=names, km=f"{_FAR_M / 1000:.0f}")]


def same_places(sites: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Name the sites of a service that are as a rule one place: as two they double its supply and stand in for it."""
    lines, directory = [], services.SiteDirectory(sites)
    for service, ids in services.same_places(sites):
        shown = [directory.describe(label) for label in ids[:_SHOWN]]
        names = ", ".join(shown) + (" ..." if len(ids) > _SHOWN else "")
        lines.append(writer.text("c_same", service=service, names=names, m=f"{services.SAME_PLACE_M:.0f}", n=len(ids)))
    more = [writer.text("c_same_more", n=len(lines) - _SHOWN)] if len(lines) > _SHOWN else []
    return lines[:_SHOWN] + more


def read_capacity(column: pd.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return how many people each site takes, inf for any number, and which sites do not say so."""
    numbers = np.asarray(to_numbers(column), np.float64)
    return numbers, ~(numbers >= 0) | (np.isfinite(numbers) & (numbers > MOST_COUNT))


def lacking_capacity(study: Study, sites: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Name the sites of which a column of capacities says nothing that can be used: a run does not ask for it."""
    lines = []
    for key, service in study.settings.services.items():
        ours = sites[(sites["service"] == key).to_numpy()]
        if service.capacity is None or service.capacity not in ours or ours.empty:
            continue
        _, wrong = read_capacity(ours[service.capacity])
        if wrong.any():
            names = ", ".join(map(str, ours.index[wrong][:_SHOWN])) + (" ..." if wrong.sum() > _SHOWN else "")
            said = {"service": key, "column": service.capacity, "n": int(wrong.sum()), "names": names}
            lines.append(writer.text("c_capacity", **said))
    return lines


def loose_features(mapped: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Name the mapped features whose place is only about right, as their area does not close."""
    from geoaccess.osm.loose_features import NOTE

    loose = [tags.get(NOTE, "") for tags in mapped["tags"]]
    lines = [
        f"{row.osm_type!s} {row.osm_id} ({str(row.name) if row.name else writer['c_unnamed']}): {writer.note(note)}"
        for row, note in zip(mapped.itertuples(index=False), loose, strict=True)
        if note
    ]
    more = [writer.text("c_loose_more", n=len(lines) - _SHOWN)] if len(lines) > _SHOWN else []
    return lines[:_SHOWN] + more
