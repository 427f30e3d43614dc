"""Where mapped features are that have no shape of their own: areas that do not close, sites, parts of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from geoaccess.osm.formats import osmium_file
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

__all__ = ["NOTE", "locate"]

NOTE = "geoaccess:note"
"""The tag under which a feature says that its place is only about right."""

_Key = tuple[str, int]
_DEEPEST = 3
_TYPES = {"n": "node", "w": "way", "r": "relation"}


class _Parts(NamedTuple):
    """What features are made of: members of relations, nodes of ways, and places of nodes."""

    members: dict[int, list[_Key]]
    refs: dict[int, list[int]]
    places: dict[int, tuple[float, float]]


def locate(path: Path, keys: Collection[_Key]) -> dict[_Key, tuple[Any, str]]:
    """Return a point and a note for each way and relation (type, id) of which the file holds any node.

    The note is "" where all of it is there and it closes, or is a line: a file may only have been out of order.
    """
    members: dict[int, list[_Key]] = {}
    wanted = {number for kind, number in keys if kind == "relation"}
    for _ in range(_DEEPEST):  # relations of relations
        for relation in _among(path, "relation", wanted - set(members)):
            members[relation.id] = [(_TYPES[member.type], member.ref) for member in relation.members]
        wanted = {number for of in members.values() for kind, number in of if kind == "relation"} | set(members)
    named = {number for kind, number in keys if kind == "way"}
    named |= {number for of in members.values() for kind, number in of if kind == "way"}
    refs: dict[int, list[int]] = {}
    places: dict[int, tuple[float, float]] = {}
    for way in _among(path, "way", named):
        refs[way.id] = [node.ref for node in way.nodes]
        places |= {node.ref: (node.lon, node.lat) for node in way.nodes if node.location.valid()}
    points = {ref for of in refs.values() for ref in of}
    points |= {number for of in members.values() for kind, number in of if kind == "node"}
    places |= {node.id: (node.lon, node.lat) for node in _among(path, "node", points) if node.location.valid()}
    parts = _Parts(members, refs, places)
    found = ((key, _place(key, parts)) for key in keys)
    return {key: place for key, place in found if place is not None}


def _among(path: Path, kind: str, numbers: set[int]) -> Iterator[Any]:
    """Yield the objects of a kind that have one of some ids and are not deleted; older versions come first."""
    import osmium

    if not numbers:
        return
    types = {"node": osmium.osm.NODE, "way": osmium.osm.WAY, "relation": osmium.osm.RELATION}
    items: Any = osmium.FileProcessor(osmium_file(path), types[kind])
    if min(numbers) >= 0:
        items = items.with_filter(osmium.filter.IdFilter(numbers))
    version: dict[int, int] = {}
    for item in items:
        if item.id in numbers and item.visible and version.get(item.id, 0) <= item.version:
            version[item.id] = item.version
            yield item


def _place(key: _Key, parts: _Parts) -> tuple[Any, str] | None:
    """Return where a feature is, and what is wrong with that; None where nothing of it is there."""
    import shapely

    lines, points, complete = _collect(key, parts, _DEEPEST)
    area = shapely.union_all(shapely.polygonize(lines).geoms) if lines else None
    if area is not None and not area.is_empty:
        point = area.representative_point()
        return point, "" if complete else note("members_area")
    if complete and key[0] == "way" and lines:
        return lines[0].interpolate(0.5, normalized=True), ""
    known = [*lines, *points]
    if not known:
        return None
    middle = shapely.GeometryCollection(known).envelope.centroid
    return middle, note("open_middle" if complete else "nodes_middle")


def _collect(key: _Key, parts: _Parts, depth: int) -> tuple[list[Any], list[Any], bool]:
    """Return the lines and points of which a feature is made, and whether all of it is there."""
    import shapely

    kind, number = key
    if kind == "node":
        place = parts.places.get(number)
        return [], [shapely.Point(place)] if place else [], place is not None
    if kind == "way":
        refs = parts.refs.get(number, [])
        known = [parts.places[ref] for ref in refs if ref in parts.places]
        whole = bool(refs) and len(known) == len(refs)
        if whole and len(set(known)) > 1:
            return [shapely.LineString(known)], [], True
        return [], [shapely.Point(place) for place in known], whole
    lines: list[Any] = []
    points: list[Any] = []
    complete = number in parts.members
    for member in parts.members.get(number, []) if depth else []:
        more_lines, more_points, whole = _collect(member, parts, depth - 1)
        lines += more_lines
        points += more_points
        complete &= whole
    return lines, points, complete
