"""Mapped features as points, and administrative boundaries as polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

__all__ = ["read_boundaries", "read_features"]


def read_features(paths: Sequence[Path], tags: Sequence[tuple[str, str]]) -> gpd.GeoDataFrame:
    """Return every node, way and relation that carries one of the tags, as points.

    Parameters
    ----------
    tags
        Pairs of key and value, such as ("amenity", "hospital").

    Returns
    -------
    Table with `osm_type` ("node", "way", "relation"), `osm_id`, `name`, `tags` (a dictionary), and a point: an area
    stands for its representative point, an open way for its middle. In the order of type and id; a feature that is in
    several files is taken once.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there or cannot be read.
    """
    import geopandas as gpd
    import osmium
    import shapely

    wanted = osmium.filter.TagFilter(*tags)
    shapes = osmium.geom.WKBFactory()
    found: dict[tuple[str, int], tuple[str, dict[str, str], Any]] = {}
    for path in paths:
        files.require(path)
        try:
            for item in osmium.FileProcessor(path).with_locations().with_areas(wanted).with_filter(wanted):
                kind, number, shape = _shape(item, shapes)
                if shape is None:
                    continue
                described = {tag.k: tag.v for tag in item.tags}
                point = _point(shapely.from_wkb(shape))
                # The area of a closed way comes after the way itself and says more about where it is.
                found[kind, number] = (described.get("name", ""), described, point)
        except RuntimeError as error:
            raise InputError(f"{path}: cannot be read as OpenStreetMap data ({error}); fetch it again") from error
    order = sorted(found)
    return gpd.GeoDataFrame(
        {
            "osm_type": pd.Series([kind for kind, _ in order], dtype="str"),
            "osm_id": pd.Series([number for _, number in order], dtype="int64"),
            "name": pd.Series([found[key][0] for key in order], dtype="str"),
            "tags": pd.Series([found[key][1] for key in order], dtype="object"),
        },
        geometry=[found[key][2] for key in order],
        crs="EPSG:4326",
    )


def _shape(item: Any, shapes: Any) -> tuple[str, int, str | None]:
    import osmium

    try:
        if item.is_node():
            return "node", item.id, shapes.create_point(item)
        if item.is_area():
            return ("way" if item.from_way() else "relation"), item.orig_id(), shapes.create_multipolygon(item)
        if item.is_way():
            return "way", item.id, shapes.create_linestring(item)
    except (RuntimeError, osmium.InvalidLocationError):  # a way or area whose nodes the extract does not hold
        pass
    return "", 0, None


def _point(shape: Any) -> Any:
    if shape.geom_type == "Point":
        return shape
    if shape.geom_type == "LineString":
        return shape.interpolate(0.5, normalized=True)
    return shape.representative_point()


def read_boundaries(paths: Sequence[Path], levels: Sequence[int]) -> dict[int, gpd.GeoDataFrame]:
    """Return the administrative boundaries of some levels as polygons, read in one pass.

    Parameters
    ----------
    levels
        Values of `admin_level`: municipalities are 7 in Norway and 6 in Iceland.

    Returns
    -------
    Per level a table indexed by `id` ("r" and the relation's number), sorted, with `name` and polygons (EPSG:4326).

    Raises
    ------
    MissingFileError, InputError
        If a file is not there, or no file holds a boundary of a level.
    """
    import geopandas as gpd
    import osmium
    import shapely

    wanted = osmium.filter.TagFilter(*(("admin_level", str(level)) for level in levels))
    areas = osmium.filter.EntityFilter(osmium.osm.AREA)
    shapes = osmium.geom.WKBFactory()
    rows: dict[int, dict[str, tuple[Any, Any]]] = {level: {} for level in levels}
    for path in paths:
        files.require(path)
        found: Any = osmium.FileProcessor(path).with_areas(wanted).with_filter(areas).with_filter(wanted)
        try:
            for item in found:
                if item.from_way() or item.tags.get("boundary") != "administrative":
                    continue
                _, number, shape = _shape(item, shapes)
                if shape is not None:
                    border = (item.tags.get("name", ""), shapely.from_wkb(shape))
                    rows[int(item.tags["admin_level"])][f"r{number}"] = border
        except RuntimeError as error:
            raise InputError(f"{path}: cannot be read as OpenStreetMap data ({error}); fetch it again") from error
    absent = [str(level) for level, found in rows.items() if not found]
    if absent:
        names = ", ".join(str(path) for path in paths)
        raise InputError(
            f"{names}: no boundary of admin_level {', '.join(absent)}; give a file of municipalities instead"
        )
    return {
        level: gpd.GeoDataFrame(
            {
                "name": pd.Series(
                    [found[key][0] for key in sorted(found)], dtype="str", index=pd.Index(sorted(found), name="id")
                )
            },
            geometry=[found[key][1] for key in sorted(found)],
            crs="EPSG:4326",
        )
        for level, found in rows.items()
    }
