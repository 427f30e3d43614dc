"""Where mapped features are that have no shape of their own: areas that do not close, sites, parts of either.

Here a file may have its objects in any order: what osmium puts together in one pass is looked up in several.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from geoaccess.osm.formats import objects_among, osmium_file
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["NOTE", "areas_with", "is_area", "locate"]

NOTE = "geoaccess:note"
"""The tag under which a feature says that its place is only about right."""

_Key = tuple[str, int]
_DEEPEST = 3
_FEWEST_REFS = 4
_AREAS = {"multipolygon", "boundary"}
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
        for relation in objects_among(path, "relation", wanted - set(members)):
            members[relation.id] = [(_TYPES[member.type], member.ref) for member in relation.members]
        wanted = {number for of in members.values() for kind, number in of if kind == "relation"} | set(members)
    named = {number for kind, number in keys if kind == "way"}
    named |= {number for of in members.values() for kind, number in of if kind == "way"}
    refs: dict[int, list[int]] = {}
    places: dict[int, tuple[float, float]] = {}
    for way in objects_among(path, "way", named):
        refs[way.id] = [node.ref for node in way.nodes]
        places |= {node.ref: (node.lon, node.lat) for node in way.nodes if node.location.valid()}
    points = {ref for of in refs.values() for ref in of}
    points |= {number for of in members.values() for kind, number in of if kind == "node"}
    places |= {node.id: (node.lon, node.lat) for node in objects_among(path, "node", points) if node.location.valid()}
    parts = _Parts(members, refs, places)
    found = ((key, _place(key, parts)) for key in keys)
    return {key: place for key, place in found if place is not None}


def areas_with(path: Path, tag: tuple[str, str]) -> dict[_Key, Any]:
    """Return the shape of each closed way, multipolygon and boundary that carries a tag, where all of it closes.

    As osmium's areas: all members that are ways count, and what lies inside another ring is a hole, by turns.
    """
    import shapely

    tags, ways = _tagged_ways(path, tag)
    refs = {way.id: [node.ref for node in way.nodes] for way in objects_among(path, "way", {*chain(*ways.values())})}
    nodes = objects_among(path, "node", {*chain(*refs.values())})
    places = {node.id: (node.lon, node.lat) for node in nodes if node.location.valid()}
    found = {}
    for key in sorted(tags):
        given = [refs.get(way, []) for way in ways[key]]
        known = [[places[ref] for ref in of if ref in places] for of in given]
        whole = all(len(line) == len(of) > 1 for line, of in zip(known, given, strict=True))
        if not whole or not is_area(key[0], tags[key], given[0] if given else []):
            continue
        lines = shapely.MultiLineString(known)
        rings, *open_lines = shapely.polygonize_full([lines])
        if not rings.is_empty and all(some.is_empty for some in open_lines):
            found[key] = shapely.build_area(lines)
    return found


def _tagged_ways(path: Path, tag: tuple[str, str]) -> tuple[dict[_Key, dict[str, str]], dict[_Key, list[int]]]:
    """Return the tags of the ways and relations that carry a tag, and which ways each is made of."""
    import osmium

    items: Any = osmium.FileProcessor(osmium_file(path), osmium.osm.WAY | osmium.osm.RELATION)
    tags: dict[_Key, dict[str, str]] = {}
    ways: dict[_Key, list[int]] = {}
    version: dict[_Key, int] = {}
    for item in items.with_filter(osmium.filter.TagFilter(tag)):
        key = "way" if item.is_way() else "relation", item.id
        if item.visible and version.get(key, 0) <= item.version:
            version[key] = item.version
            tags[key] = {one.k: one.v for one in item.tags}
            ways[key] = [item.id] if item.is_way() else [member.ref for member in item.members if member.type == "w"]
    return tags, ways


def is_area(kind: str, tags: dict[str, str], refs: list[int]) -> bool:
    """Whether a relation is of areas, or a way of these nodes closes and is not marked as a line."""
    if kind == "relation":
        return tags.get("type") in _AREAS
    return len(refs) >= _FEWEST_REFS and refs[0] == refs[-1] and tags.get("area") != "no"


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
