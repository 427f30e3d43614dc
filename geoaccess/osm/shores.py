"""Shores of an extract: its coastline, and the borders of its large areas of water."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import geometry
from geoaccess.network import COAST, Shores
from geoaccess.osm.values import is_ferry
from geoaccess.osm.ways import NO_PLACE, SHORE_TAGS, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from geoaccess.osm.profile import Profile
    from geoaccess.osm.ways import Relation

__all__ = ["ShoreWay", "build_shores", "has_water", "shore_members", "split_shores"]

_COORDINATE = 1e7
_LEAST_EXTENT_M = 1000.0
"""Areas of water of a smaller extent one walks round: a pond keeps nobody from a road."""


class ShoreWay(NamedTuple):
    """A way with water on one side, whether it is coastline, and the nodes that are in the file, piece by piece.

    A way of which nodes are missing is in several pieces. `itself` says whether its own tags make it the border of an
    area.
    """

    number: int
    version: int
    coast: bool
    itself: bool
    pieces: tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]], ...]


def has_water(tags: Mapping[str, str]) -> bool:
    """Return whether tags are those of coastline or of an area of water.

    >>> has_water({"natural": "coastline"}), has_water({"natural": "bay"})
    (True, False)
    """
    return any(tags.get(key) in values for key, values in SHORE_TAGS.items())


def shore_members(relations: Iterable[Relation]) -> dict[int, set[int]]:
    """Return for each way that bounds areas of water the numbers of the relations of these."""
    found: dict[int, set[int]] = defaultdict(set)
    for relation in relations:
        if relation.tags.get("type") == "multipolygon" and has_water(relation.tags):
            for kind, way, _ in relation.members:
                if kind == "w":
                    found[way].add(relation.number)
    return dict(found)


def _is_road(tags: Mapping[str, str], profile: Profile) -> bool:
    return is_ferry(tags) or ("highway" in tags and tags["highway"] not in profile.no_roads)


def split_shores(
    ways: WaysOfFile, profile: Profile, members: Mapping[int, set[int]], ferry_members: Collection[int] = ()
) -> tuple[WaysOfFile, list[ShoreWay]]:
    """Return the roads and ferries of a file by themselves, and its shores. A road on a shore is both.

    `members` are ways that bound areas of water, `ferry_members` those that a relation makes ferries.
    """
    sets = [dict(tags) for tags in ways.tagsets]
    wet = np.array([has_water(tags) for tags in sets], np.bool_)
    road = np.array([_is_road(tags, profile) for tags in sets], np.bool_)
    if not wet.any() and not members:
        return ways, []
    shore = wet[ways.way_tags] | np.isin(ways.way_id, np.array(list(members), np.int64))
    no_highway = np.array(["highway" not in tags for tags in sets], np.bool_)
    by_relation = np.isin(ways.way_id, np.array(sorted(ferry_members), np.int64)) & no_highway[ways.way_tags]
    roads = road[ways.way_tags] | by_relation
    if not shore.any():
        return ways, []
    found = []
    for i in np.flatnonzero(shore).tolist():
        tags = sets[ways.way_tags[i]]
        coast = tags.get("natural") == "coastline"
        itself = not coast and has_water(tags)
        pieces = _pieces(ways, ways.ref[ways.ptr[i] : ways.ptr[i + 1]])
        found.append(ShoreWay(int(ways.way_id[i]), int(ways.version[i]), coast, itself, pieces))
    return (ways if roads.all() else _some(ways, roads)), found


def _pieces(
    ways: WaysOfFile, ref: npt.NDArray[np.int32]
) -> tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]], ...]:
    gaps = np.flatnonzero(ways.x[ref] == NO_PLACE)
    parts = []
    for part in np.split(ref, gaps):
        kept = part[ways.x[part] != NO_PLACE]
        if kept.size > 1:
            parts.append((ways.node_id[kept], ways.x[kept] / _COORDINATE, ways.y[kept] / _COORDINATE))
    return tuple(parts)


def _some(ways: WaysOfFile, chosen: npt.NDArray[np.bool_]) -> WaysOfFile:
    """Return some of the ways of a file, with their nodes and tags only."""
    sizes = np.diff(ways.ptr)
    ref = ways.ref[np.repeat(chosen, sizes)]
    used = np.zeros(ways.node_id.size, np.bool_)
    used[ref] = True
    node = (np.cumsum(used) - 1).astype(np.int32)
    there = np.zeros(len(ways.tagsets), np.bool_)
    there[ways.way_tags[chosen]] = True
    tagset = (np.cumsum(there) - 1).astype(np.int32)
    hinders = used[ways.hindering]
    return WaysOfFile(
        way_id=ways.way_id[chosen],
        way_tags=tagset[ways.way_tags[chosen]],
        tagsets=tuple(tags for tags, kept in zip(ways.tagsets, there.tolist(), strict=True) if kept),
        ptr=np.concatenate([[0], np.cumsum(sizes[chosen])]),
        ref=node[ref],
        node_id=ways.node_id[used],
        x=ways.x[used],
        y=ways.y[used],
        hindering=node[ways.hindering[hinders]],
        hindering_tags=ways.hindering_tags[hinders],
        node_tagsets=ways.node_tagsets,
        version=ways.version[chosen],
        ways_repeated=ways.ways_repeated,
        nodes_repeated=ways.nodes_repeated,
    )


def build_shores(ways: Sequence[ShoreWay], members: Mapping[int, set[int]]) -> Shores | None:
    """Return the shores of an extract, None if it has none; a way that is in several files is taken once.

    Coastline is joined end to end as far as it goes on, so that islands are rings. Of areas of water those count whose
    bounding box has a diagonal of at least 1 km.
    """
    newest: dict[int, ShoreWay] = {}
    for way in ways:
        if way.number not in newest or way.version > newest[way.number].version:
            newest[way.number] = way
    coast = [piece for number in sorted(newest) if newest[number].coast for piece in newest[number].pieces]
    lines = _joined(coast)
    area = [COAST] * len(lines)
    areas: dict[tuple[str, int], list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]] = defaultdict(list)
    for number, way in sorted(newest.items()):
        owners = [("r", relation) for relation in sorted(members.get(number, ()))]
        for owner in [*owners, *([("w", number)] if way.itself else [])]:
            areas[owner] += [(lon, lat) for _, lon, lat in way.pieces]
    large = [parts for _, parts in sorted(areas.items()) if parts and _extent_m(parts) >= _LEAST_EXTENT_M]
    for number, parts in enumerate(large, start=COAST + 1):
        lines += parts
        area += [number] * len(parts)
    if not lines:
        return None
    return Shores(
        lon=np.concatenate([lon for lon, _ in lines]),
        lat=np.concatenate([lat for _, lat in lines]),
        ptr=np.cumsum([0, *(lon.size for lon, _ in lines)]).astype(np.int64),
        area=np.array(area, np.int32),
    )


def _joined(
    pieces: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]],
) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """Join pieces of coastline that go on where others end."""
    following: dict[int, list[int]] = defaultdict(list)
    for i, (nodes, _, _) in enumerate(pieces):
        following[int(nodes[0])].append(i)
    ends = {int(nodes[-1]) for nodes, _, _ in pieces}
    left = dict.fromkeys(range(len(pieces)))
    first = [i for i in left if int(pieces[i][0][0]) not in ends]  # cut by the border: what is left then are rings
    lines = []
    for start in [*first, *left]:
        if start not in left:
            continue
        chain, i = [start], start
        del left[start]
        while pieces[chain[0]][0][0] != pieces[i][0][-1]:
            further = [j for j in following[int(pieces[i][0][-1])] if j in left]
            if not further:
                break
            i = further[0]
            del left[i]
            chain.append(i)
        parts = [
            pieces[chain[0]],
            *((nodes[1:], lon[1:], lat[1:]) for nodes, lon, lat in (pieces[j] for j in chain[1:])),
        ]
        lines.append((np.concatenate([lon for _, lon, _ in parts]), np.concatenate([lat for _, _, lat in parts])))
    return lines


def _extent_m(parts: Sequence[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]) -> float:
    """Return the diagonal of the box around lines, metres."""
    lon = np.concatenate([lon for lon, _ in parts])
    lat = np.concatenate([lat for _, lat in parts])
    corners = np.array([lon.min(), lon.max()]), np.array([lat.min(), lat.max()])
    return float(geometry.segment_lengths_m(*corners, np.zeros(1, np.int32), np.ones(1, np.int32))[0])
