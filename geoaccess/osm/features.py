"""Mapped features as points, administrative boundaries and areas as polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import NoBoundaryError
from geoaccess.osm.formats import deleted_by_editor
from geoaccess.osm.loose_features import NOTE, areas_with, is_area, locate
from geoaccess.osm.object_pass import Wanted, read_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.osm.object_pass import Key, Seen

__all__ = [
    "WantedAreas",
    "WantedBoundaries",
    "WantedFeatures",
    "read_border",
    "read_boundaries",
    "read_features",
    "read_polygons",
]

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
    wanted = WantedFeatures(tags)
    read_wanted(paths, [wanted])
    return wanted.tables()["features"]


class WantedFeatures(Wanted):
    """Features that `read_features` returns."""

    def __init__(self, tags: Sequence[tuple[str, str]]) -> None:
        super().__init__(tags)
        self._found: dict[Key, _Feature] = {}

    def begin(self, path: Path) -> None:
        """Look at a file from its beginning."""
        self._here: dict[Key, _Feature] = {}
        self._version: dict[Key, int] = {}
        self._deleted = deleted_by_editor(path)

    def take(self, seen: Seen) -> None:
        """Take an object, without a point where it has no shape."""
        item, key = seen.item, seen.key
        known = self._version.get(key, 0)
        if not item.visible or (key[0][0], key[1]) in self._deleted or known > item.version:
            return
        point = None if seen.shape is None else _point(seen.shape)
        # The area of a closed way comes after the way itself and says more about where it is.
        if point is not None or key not in self._here or known < item.version:
            # An area has no `type`, whatever relation it is of; nor has one that does not close.
            plain = {tag.k: tag.v for tag in item.tags if tag.k != "type" or tag.v not in _AREAS}
            self._here[key] = _Feature(plain, point)
        self._version[key] = item.version

    def end(self, path: Path) -> None:
        """Look up where features are that have no shape; those of which no node is in the file are left out."""
        loose = [key for key, feature in self._here.items() if feature.point is None]
        for key, (point, note) in locate(path, loose).items() if loose else ():
            self._here[key] = _Feature(self._here[key].tags | ({NOTE: note} if note else {}), point)
        self._found |= {key: feature for key, feature in self._here.items() if feature.point is not None}

    def tables(self) -> dict[str, gpd.GeoDataFrame]:
        """Return a table, `features`."""
        import geopandas as gpd

        found = self._found
        order = sorted(found)
        columns = {
            "osm_type": pd.Series([kind for kind, _ in order], dtype="str"),
            "osm_id": pd.Series([number for _, number in order], dtype="int64"),
            "name": pd.Series([found[key].tags.get("name", "") for key in order], dtype="str"),
            "tags": pd.Series([found[key].tags for key in order], dtype="object"),
        }
        points = [found[key].point for key in order]
        return {"features": gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4326")}


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
    wanted = WantedBoundaries(levels)
    read_wanted(paths, [wanted])
    return {int(level): table for level, table in wanted.tables().items()}


class WantedBoundaries(Wanted):
    """Boundaries that `read_boundaries` returns."""

    out_of_order = False

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__([("admin_level", str(level)) for level in levels])
        self._rows: dict[int, dict[str, tuple[str, Any]]] = {level: {} for level in levels}
        self._paths: list[Path] = []

    def take(self, seen: Seen) -> None:
        """Take a relation that closes."""
        tags = seen.item.tags
        if not seen.is_area or seen.item.from_way() or tags.get("boundary") != "administrative":
            return
        if seen.shape is not None:
            self._rows[int(tags["admin_level"])][f"r{seen.key[1]}"] = tags.get("name", ""), seen.shape

    def end(self, path: Path) -> None:
        """Note which files were read."""
        self._paths.append(path)

    def tables(self) -> dict[str, gpd.GeoDataFrame]:
        """Return a table of each level.

        Raises
        ------
        NoBoundaryError
            If no file holds a boundary of a level.
        """
        absent = [str(level) for level, found in self._rows.items() if not found]
        if absent:
            raise NoBoundaryError(
                f"{', '.join(map(str, self._paths))}: no boundary of admin_level {', '.join(absent)}; "
                "give a file of municipalities instead"
            )
        return {str(level): _borders(found) for level, found in self._rows.items()}


def _borders(found: dict[str, tuple[str, Any]]) -> gpd.GeoDataFrame:
    import geopandas as gpd

    order = sorted(found)
    names = pd.Series([found[key][0] for key in order], dtype="str", index=pd.Index(order, name="id"))
    return gpd.GeoDataFrame({"name": names}, geometry=[found[key][1] for key in order], crs="EPSG:4326")


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

    administrative = WantedAreas((key, value), also=("boundary", "administrative"))
    read_wanted(paths, [administrative])
    return shapely.union_all(administrative.shapes) if administrative.shapes else None


@checks_arguments
def read_polygons(paths: Sequence[Path], key: str, value: str) -> list[Any]:
    """Return the areas that carry a tag, such as natural=glacier, as valid polygons and multipolygons in EPSG:4326.

    Those that do not close, as members are missing, are left out. A file may have its objects in any order. Of each
    file ways come before relations, by rising ids.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there or cannot be read.
    """
    wanted = WantedAreas((key, value))
    read_wanted(paths, [wanted])
    return wanted.shapes


class WantedAreas(Wanted):
    """Each closed way, multipolygon and boundary that carries a tag, and another one if any; `shapes` are valid."""

    def __init__(self, tag: tuple[str, str], *, also: tuple[str, str] | None = None) -> None:
        super().__init__([tag])
        self._also = also
        self.shapes: list[Any] = []

    def begin(self, path: Path) -> None:
        """Look at a file from its beginning."""
        del path
        self._here: dict[Key, Any] = {}

    def take(self, seen: Seen) -> None:
        """Take an area, or note that one is to be expected."""
        item = seen.item
        if item.is_node() or not item.visible:
            return
        tags = {one.k: one.v for one in item.tags}
        if self._also is not None and tags.get(self._also[0]) != self._also[1]:
            return
        if seen.is_area:
            self._here[seen.key] = seen.shape
        elif is_area(seen.key[0], tags, [node.ref for node in item.nodes] if item.is_way() else []):
            self._here.setdefault(seen.key, None)

    def end(self, path: Path) -> None:
        """Look up areas that osmium did not make, and add all to the shapes."""
        import shapely

        areas = self._here
        lost = [key for key, shape in areas.items() if shape is None]
        # Not only what is incomplete: of a file out of order osmium may leave areas out and say nothing.
        areas |= {key: shape for key, shape in areas_with(path, self.tags[0]).items() if key in lost} if lost else {}
        order = sorted(areas, key=lambda key: (key[0] != "way", key[1]))  # in which areas come depends on others
        self.shapes += [shapely.make_valid(areas[key]) for key in order if areas[key] is not None]

    def tables(self) -> dict[str, gpd.GeoDataFrame]:
        """Return a table, `areas`."""
        import geopandas as gpd

        return {"areas": gpd.GeoDataFrame(geometry=self.shapes, crs="EPSG:4326")}
