"""Sites and mapped features that somebody should look at, in a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shapely import box

from geoaccess import services
from geoaccess.frames import crs_of

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.phrases import Writer

__all__ = ["far_off", "loose_features", "same_places"]

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
