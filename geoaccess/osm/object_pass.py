"""One pass of pyosmium through a file for all that is looked for in it: to read and decode takes most of the time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.osm.blobs import HISTORY
from geoaccess.osm.formats import osmium_errors, osmium_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

__all__ = ["Key", "Seen", "Wanted", "read_wanted"]

Key = tuple[str, int]
"""Type ("node", "way", "relation") and id."""


class Seen:
    """An object as osmium hands it over, and its key: an area has that of the way or relation that it is made of."""

    def __init__(self, item: Any, shapes: Any) -> None:
        self.item, self._shapes = item, shapes
        self.is_area: bool = item.is_area()
        from_way = item.is_way() or (self.is_area and item.from_way())
        kind = "node" if item.is_node() else "way" if from_way else "relation"
        self.key: Key = kind, item.orig_id() if self.is_area else item.id

    def carries_any(self, tags: Sequence[tuple[str, str]]) -> bool:
        """Whether it carries one of some tags."""
        return not self._pairs.isdisjoint(tags)

    @cached_property
    def _pairs(self) -> set[tuple[str, str]]:
        return {(tag.k, tag.v) for tag in self.item.tags}

    @cached_property
    def shape(self) -> Any:
        """Its shape; None where there is none, as nodes or members are missing or do not close."""
        import osmium

        try:
            if self.item.is_node():
                return _decoded(self._shapes.create_point(self.item))
            if self.is_area:
                return _decoded(self._shapes.create_multipolygon(self.item))
            if self.item.is_way():
                return _decoded(self._shapes.create_linestring(self.item))
        except (RuntimeError, osmium.InvalidLocationError):
            pass
        return None


def _decoded(shape: str) -> Any:
    """Return a shape from the hexadecimal digits of osmium; GEOS takes ten times as long for them as for bytes."""
    import shapely

    return shapely.from_wkb(bytes.fromhex(shape))


class Wanted:
    """What is looked for in files one after another, among the objects that carry one of some tags."""

    out_of_order = True
    """Whether a file is read a second time without areas, where osmium cannot make any as its objects stand anyhow."""

    def __init__(self, tags: Sequence[tuple[str, str]]) -> None:
        self.tags = tags

    def begin(self, path: Path) -> None:
        """Look at a file from its beginning, maybe again: forget what was seen of it."""

    def take(self, seen: Seen) -> None:
        """Look at an object that carries one of the tags; it is gone afterwards."""
        raise NotImplementedError

    def end(self, path: Path) -> None:
        """Look up what the pass did not show of a file."""

    def tables(self) -> dict[str, gpd.GeoDataFrame]:
        """Return what was found in all files, by name."""
        raise NotImplementedError


def read_wanted(paths: Sequence[Path], wanted: Sequence[Wanted]) -> None:
    """Show each of some files, in one pass, to all that look for something in it.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there or cannot be read.
    """
    for path in paths:
        files.require(path)
        with osmium_errors(path):
            try:
                _show(path, wanted, areas=True)
            except RuntimeError:  # out of order, or damaged: then reading it without areas fails, too
                if not all(one.out_of_order for one in wanted):
                    raise
                _show(path, wanted, areas=False)
            for one in wanted:
                one.end(path)


def _show(path: Path, wanted: Sequence[Wanted], *, areas: bool) -> None:
    import osmium

    carrying = osmium.filter.TagFilter(*dict.fromkeys(tag for one in wanted for tag in one.tags))
    shapes = osmium.geom.WKBFactory()
    for one in wanted:
        one.begin(path)
    items: Any = osmium.FileProcessor(osmium_file(path))
    if items.header.has_multiple_object_versions:
        raise InputError(f"{path}: {HISTORY}")
    if areas:
        items = items.with_areas(carrying)
    for item in items.with_filter(carrying):
        seen = Seen(item, shapes)
        for one in wanted:
            if len(wanted) == 1 or seen.carries_any(one.tags):
                one.take(seen)
