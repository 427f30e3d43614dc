"""Mapped features as points, and administrative boundaries as polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError, NoBoundaryError
from geoaccess.osm.blobs import HISTORY
from geoaccess.osm.formats import deleted_by_editor, osmium_errors, osmium_file
from geoaccess.osm.loose_features import NOTE, areas_with, is_area, locate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

__all__ = ["read_border", "read_boundaries", "read_features", "read_polygons"]

_Key = tuple[str, int]
_AREAS = ("multipolygon", "boundary")


class _Feature(NamedTuple):
    tags: dict[str, str]
    point: Any


@checks_arguments
def read_features(paths: Sequence[Path], tags: Sequence[tuple[str, str]]) -> gpd.GeoDataFrame:
    """Return every node, way and relation that carries one of the tags, as points.

    Parameters
    ----------
    tags
        Pairs of key and value, such as ("amenity", "hospital").

    Returns
    -------
    Table with `osm_type` ("node", "way", "relation"), `osm_id`, `name`, `tags` (a dictionary), and a point: an area
    stands for its representative point, an open way for its middle. What does not close (a node or member outside of
    the extract, a relation of type `site`) stands for the middle of what there is of it, and its tags have one more,
    `geoaccess:note`, that says so. In the order of type and id; a feature that is in several files is taken once.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there or cannot be read.
    """
    import geopandas as gpd

    found: dict[_Key, _Feature] = {}
    for path in paths:
        files.require(path)
        found |= _features_of(path, tags)
    order = sorted(key for key, feature in found.items() if feature.point is not None)
    return gpd.GeoDataFrame(
        {
            "osm_type": pd.Series([kind for kind, _ in order], dtype="str"),
            "osm_id": pd.Series([number for _, number in order], dtype="int64"),
            "name": pd.Series([found[key].tags.get("name", "") for key in order], dtype="str"),
            "tags": pd.Series([found[key].tags for key in order], dtype="object"),
        },
        geometry=[found[key].point for key in order],
        crs="EPSG:4326",
    )


def _features_of(path: Path, tags: Sequence[tuple[str, str]]) -> dict[_Key, _Feature]:
    """Return the features of one file of which any node is in it."""
    with osmium_errors(path):
        try:
            found = _shaped(path, tags, areas=True)
        except RuntimeError:  # out of order, or damaged: then reading it without areas fails, too
            found = _shaped(path, tags, areas=False)
        loose = [key for key, feature in found.items() if feature.point is None]
        for key, (point, note) in locate(path, loose).items() if loose else ():
            found[key] = _Feature(found[key].tags | ({NOTE: note} if note else {}), point)
    return {key: feature for key, feature in found.items() if feature.point is not None}


def _shaped(path: Path, tags: Sequence[tuple[str, str]], *, areas: bool) -> dict[_Key, _Feature]:
    """Return the features of a file, without a point where they have no shape: of nodes alone without `areas`."""
    import osmium

    wanted = osmium.filter.TagFilter(*tags)
    shapes = osmium.geom.WKBFactory()
    found: dict[_Key, _Feature] = {}
    version: dict[_Key, int] = {}
    deleted = deleted_by_editor(path)
    items: Any = osmium.FileProcessor(osmium_file(path))
    if items.header.has_multiple_object_versions:
        raise InputError(f"{path}: {HISTORY}")
    if areas:
        items = items.with_locations().with_areas(wanted)
    for item in items.with_filter(wanted):
        kind, number, shape = _shape(item, shapes)
        key = kind, number
        if not item.visible or (kind[0], number) in deleted or version.get(key, 0) > item.version:
            continue
        point = None if shape is None else _point(_decoded(shape))
        # The area of a closed way comes after the way itself and says more about where it is.
        if point is not None or key not in found or version[key] < item.version:
            # An area has no `type`, whatever relation it is of; nor has one that does not close.
            plain = {tag.k: tag.v for tag in item.tags if tag.k != "type" or tag.v not in _AREAS}
            found[key] = _Feature(plain, point)
        version[key] = item.version
    return found


def _shape(item: Any, shapes: Any) -> tuple[str, int, str | None]:
    """Return type, id and shape; None where there is no shape, as nodes or members are missing or do not close."""
    import osmium

    number = item.orig_id() if item.is_area() else item.id
    from_way = item.is_way() or (item.is_area() and item.from_way())
    kind = "node" if item.is_node() else "way" if from_way else "relation"
    try:
        if item.is_node():
            return kind, number, shapes.create_point(item)
        if item.is_area():
            return kind, number, shapes.create_multipolygon(item)
        if item.is_way():
            return kind, number, shapes.create_linestring(item)
    except (RuntimeError, osmium.InvalidLocationError):
        pass
    return kind, number, None


def _decoded(shape: str) -> Any:
    """Return a shape from the hexadecimal digits of osmium; GEOS takes ten times as long for them as for bytes."""
    import shapely

    return shapely.from_wkb(bytes.fromhex(shape))


def _point(shape: Any) -> Any:
    if shape.geom_type == "Point":
        return shape
    if shape.geom_type == "LineString":
        return shape.interpolate(0.5, normalized=True)
    return shape.representative_point()


@checks_arguments
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

    wanted = osmium.filter.TagFilter(*(("admin_level", str(level)) for level in levels))
    areas = osmium.filter.EntityFilter(osmium.osm.AREA)
    shapes = osmium.geom.WKBFactory()
    rows: dict[int, dict[str, tuple[Any, Any]]] = {level: {} for level in levels}
    for path in paths:
        files.require(path)
        found: Any = osmium.FileProcessor(osmium_file(path)).with_areas(wanted).with_filter(areas).with_filter(wanted)
        with osmium_errors(path):
            for item in found:
                if item.from_way() or item.tags.get("boundary") != "administrative":
                    continue
                _, number, shape = _shape(item, shapes)
                if shape is not None:
                    border = (item.tags.get("name", ""), _decoded(shape))
                    rows[int(item.tags["admin_level"])][f"r{number}"] = border
    absent = [str(level) for level, found in rows.items() if not found]
    if absent:
        names = ", ".join(str(path) for path in paths)
        raise NoBoundaryError(
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


@checks_arguments
def read_border(paths: Sequence[Path], key: str, value: str) -> Any:
    """Return the area of the administrative boundary that carries a tag, such as ISO3166-2=GB-SCT, in EPSG:4326.

    Returns
    -------
    A polygon or multipolygon, of all boundaries that carry the tag; None where there is none, or none that closes.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there or cannot be read.
    """
    import shapely

    administrative = _areas_with(paths, (key, value), also=("boundary", "administrative"))
    return shapely.union_all(administrative) if administrative else None


@checks_arguments
def read_polygons(paths: Sequence[Path], key: str, value: str) -> list[Any]:
    """Return the areas that carry a tag, such as natural=glacier, as valid polygons and multipolygons in EPSG:4326.

    Those that do not close, as members are missing, are left out. A file may have its objects in any order.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there or cannot be read.
    """
    return _areas_with(paths, (key, value))


def _areas_with(paths: Sequence[Path], tag: tuple[str, str], *, also: tuple[str, str] | None = None) -> list[Any]:
    import shapely

    found: list[Any] = []
    for path in paths:
        files.require(path)
        with osmium_errors(path):
            areas = _assembled(path, tag, also)
            lost = [key for key, shape in areas.items() if shape is None]
            # Not only what is incomplete: of a file out of order osmium may leave areas out and say nothing.
            areas |= {key: shape for key, shape in areas_with(path, tag).items() if key in lost} if lost else {}
        found += [shapely.make_valid(shape) for shape in areas.values() if shape is not None]
    return found


def _assembled(path: Path, tag: tuple[str, str], also: tuple[str, str] | None) -> dict[_Key, Any]:
    """Return the shape of each closed way, multipolygon and boundary that carries both tags; None for what has none."""
    import osmium

    shapes = osmium.geom.WKBFactory()
    found: dict[_Key, Any] = {}

    def read(items: Any) -> None:
        for item in items.with_filter(osmium.filter.TagFilter(tag)):
            tags = {one.k: one.v for one in item.tags}
            if item.is_node() or not item.visible or (also is not None and tags.get(also[0]) != also[1]):
                continue
            if item.is_area():
                kind, number, shape = _shape(item, shapes)
                found[kind, number] = None if shape is None else _decoded(shape)
                continue
            kind = "way" if item.is_way() else "relation"
            if is_area(kind, tags, [node.ref for node in item.nodes] if item.is_way() else []):
                found.setdefault((kind, item.id), None)

    file = osmium_file(path)
    try:
        read(osmium.FileProcessor(file).with_areas(osmium.filter.TagFilter(tag)))
    except RuntimeError:  # out of order, or damaged: then reading it without areas fails, too
        found.clear()
        read(osmium.FileProcessor(file, osmium.osm.WAY | osmium.osm.RELATION))
    return found
