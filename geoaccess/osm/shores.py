"""Shores of an extract: its coastline, and the borders of its large areas of water."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import geometry, picking
from geoaccess.network import COAST, Shores
from geoaccess.osm.values import is_ferry
from geoaccess.osm.ways import NO_PLACE, SHORE_TAGS, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from geoaccess.osm.ways import Looked, Relation

__all__ = ["ShoreWays", "build_shores", "has_water", "shore_members", "split_shores"]

_COORDINATE = 1e7
_LEAST_EXTENT_M = 1000.0
"""Areas of water of a smaller extent one walks round: a pond keeps nobody from a road."""
_OF_RELATION, _OF_WAY = 0, 1
"""What an area is of, in the order in which areas are numbered."""


class ShoreWays(NamedTuple):
    """Ways with water on one side: their numbers, versions, which are coastline, and the pieces that are in the file.

    `itself` says whether a way's own tags make it the border of an area. Way i has the pieces piece[i]:piece[i + 1],
    several where nodes are missing; piece j runs through the nodes ptr[j]:ptr[j + 1] of `node` (ids), `x` and `y`
    (units of 1e-7 degrees). They are arrays rather than an object for each, as a country has a million of them.
    """

    number: npt.NDArray[np.int64]
    version: npt.NDArray[np.int64]
    coast: npt.NDArray[np.bool_]
    itself: npt.NDArray[np.bool_]
    piece: npt.NDArray[np.int64]
    ptr: npt.NDArray[np.int64]
    node: npt.NDArray[np.int64]
    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]


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


def _is_road(tags: Mapping[str, str], profile: Looked) -> bool:
    return is_ferry(tags) or ("highway" in tags and tags["highway"] not in profile.no_roads)


def split_shores(
    ways: WaysOfFile, profile: Looked, members: Mapping[int, set[int]], ferry_members: Collection[int] = ()
) -> tuple[WaysOfFile, ShoreWays | None]:
    """Return the roads and ferries of a file by themselves, and its shores, if any. A road on a shore is both.

    `members` are ways that bound areas of water, `ferry_members` those that a relation makes ferries. The arrays of
    `ways` are written over: the roads of a country fill most of a gigabyte, and stand in their place.
    """
    sets = [dict(tags) for tags in ways.tagsets]
    wet = np.array([has_water(tags) for tags in sets], np.bool_)
    road = np.array([_is_road(tags, profile) for tags in sets], np.bool_)
    if not wet.any() and not members:
        return ways, None
    shore = wet[ways.way_tags] | np.isin(ways.way_id, np.array(list(members), np.int64))
    no_highway = np.array(["highway" not in tags for tags in sets], np.bool_)
    by_relation = np.isin(ways.way_id, np.array(sorted(ferry_members), np.int64)) & no_highway[ways.way_tags]
    roads = road[ways.way_tags] | by_relation
    if not shore.any():
        return ways, None
    coast = np.array([tags.get("natural") == "coastline" for tags in sets], np.bool_)
    chosen = np.flatnonzero(shore)
    tagset = ways.way_tags[chosen]
    found = ShoreWays(
        ways.way_id[chosen], ways.version[chosen], coast[tagset], (wet & ~coast)[tagset], *_pieces(ways, chosen)
    )
    return (ways if roads.all() else _some(ways, roads)), found


def _pieces(
    ways: WaysOfFile, chosen: npt.NDArray[np.int64]
) -> tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]:
    """Return (piece, ptr, node, x, y) of some ways, see `ShoreWays`: runs of two nodes or more that are in the file."""
    at, ptr = _elements(ways.ptr, chosen)
    ref = ways.ref[at]
    del at
    there = ways.x[ref] != NO_PLACE
    begins = there.copy()
    begins[1:] &= ~there[:-1]
    first_of_way = np.unique(ptr[:-1][np.diff(ptr) > 0])
    begins[first_of_way] = there[first_of_way]
    start = np.flatnonzero(begins)
    way = np.searchsorted(ptr, start, "right") - 1
    sizes = np.bincount(np.cumsum(begins)[there] - 1, minlength=start.size)
    long = sizes > 1
    ref = ref[_elements_of_runs(start[long], sizes[long])]
    piece = _ptr(np.bincount(way[long], minlength=chosen.size))
    return piece, _ptr(sizes[long]), ways.node_id[ref], ways.x[ref], ways.y[ref]


def _ptr(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def _elements_of_runs(start: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the places start[i], start[i] + 1 ..., `sizes[i]` of them, of run after run."""
    ends = np.cumsum(sizes, dtype=np.int64)
    total = int(ends[-1]) if ends.size else 0
    return np.repeat(start - ends + sizes, sizes) + np.arange(total)


def _elements(
    ptr: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the places of what some rows hold, ptr[row]:ptr[row + 1] each, and the pointer into these places."""
    sizes = ptr[rows + 1] - ptr[rows]
    return _elements_of_runs(ptr[rows], sizes), _ptr(sizes)


def _some(ways: WaysOfFile, chosen: npt.NDArray[np.bool_]) -> WaysOfFile:
    """Return some of the ways of a file, with their nodes and tags only; these take the place of all of them."""
    ptr, ref = picking.pushed_together(ways.ptr, ways.ref, np.flatnonzero(chosen))
    node = np.empty(ways.node_id.size, np.int32)
    nodes = picking.held_pushed_together(ref, node, ways.node_id, ways.x, ways.y)
    there = np.zeros(len(ways.tagsets), np.bool_)
    there[ways.way_tags[chosen]] = True
    tagset = (np.cumsum(there) - 1).astype(np.int32)
    hindering = node[ways.hindering]
    return WaysOfFile(
        way_id=ways.way_id[chosen],
        way_tags=tagset[ways.way_tags[chosen]],
        tagsets=tuple(tags for tags, kept in zip(ways.tagsets, there.tolist(), strict=True) if kept),
        ptr=ptr,
        ref=ref,
        node_id=ways.node_id[:nodes],
        x=ways.x[:nodes],
        y=ways.y[:nodes],
        hindering=hindering[hindering >= 0],
        hindering_tags=ways.hindering_tags[hindering >= 0],
        node_tagsets=ways.node_tagsets,
        version=ways.version[chosen],
        ways_repeated=ways.ways_repeated,
        nodes_repeated=ways.nodes_repeated,
    )


def build_shores(parts: Sequence[ShoreWays], members: Mapping[int, set[int]]) -> Shores | None:
    """Return the shores of an extract, None if it has none; a way that is in several files is taken once.

    Coastline is joined end to end as far as it goes on, so that islands are rings. Of areas of water those count whose
    bounding box has a diagonal of at least 1 km.
    """
    if not parts:
        return None
    ways = _newest(_one_after_another(parts))
    coast, _ = _elements(ways.piece, np.flatnonzero(ways.coast))
    at, ptr = _coast_lines(ways, coast)
    area_at, area_ptr, number = _areas(ways, members)
    if ptr.size + area_ptr.size == 2:  # noqa: PLR2004 - the pointers into nothing
        return None
    at = np.concatenate([at, area_at])
    return Shores(
        lon=ways.x[at] / _COORDINATE,
        lat=ways.y[at] / _COORDINATE,
        ptr=np.concatenate([ptr, ptr[-1] + area_ptr[1:]]),
        area=np.concatenate([np.full(ptr.size - 1, COAST, np.int32), number]),
    )


def _one_after_another(parts: Sequence[ShoreWays]) -> ShoreWays:
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ShoreWays._fields}
    for name in ("piece", "ptr"):
        columns[name] = _ptr(np.concatenate([np.diff(getattr(part, name)) for part in parts]))
    return ShoreWays(**columns)


def _newest(ways: ShoreWays) -> ShoreWays:
    """Return of each way the highest version, the first of equals, by rising numbers."""
    order = np.lexsort((-ways.version, ways.number))
    rows = order[np.append([True], ways.number[order][1:] != ways.number[order][:-1])[: order.size]]
    if np.array_equal(rows, np.arange(ways.number.size)):
        return ways
    pieces, piece = _elements(ways.piece, rows)
    at, ptr = _elements(ways.ptr, pieces)
    return ShoreWays(
        number=ways.number[rows],
        version=ways.version[rows],
        coast=ways.coast[rows],
        itself=ways.itself[rows],
        piece=piece,
        ptr=ptr,
        node=ways.node[at],
        x=ways.x[at],
        y=ways.y[at],
    )


def _coast_lines(ways: ShoreWays, pieces: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the lines of coast that some pieces join to: the places of their points, and the pointer into these."""
    first, last = ways.ptr[pieces], ways.ptr[pieces + 1] - 1
    chains = _joined(ways.node[first].tolist(), ways.node[last].tolist())
    order = np.array([piece for chain in chains for piece in chain], np.int64)
    start = np.cumsum([0, *map(len, chains)])[:-1]
    begin = ways.ptr[pieces[order]] + 1  # a piece begins where the one before it ends
    begin[start] -= 1
    sizes = ways.ptr[pieces[order] + 1] - begin
    of_lines = np.add.reduceat(sizes, start) if start.size else np.zeros(0, np.int64)
    return _elements_of_runs(begin, sizes), _ptr(of_lines)


def _joined(firsts: list[int], lasts: list[int]) -> list[list[int]]:
    """Join pieces of coastline, of which the first and last nodes are given, that go on where others end."""
    following: dict[int, list[int]] = defaultdict(list)
    for i, node in enumerate(firsts):
        following[node].append(i)
    ends = set(lasts)
    left = dict.fromkeys(range(len(firsts)))
    first = [i for i in left if firsts[i] not in ends]  # cut by the border: what is left then are rings
    lines = []
    for start in [*first, *left]:
        if start not in left:
            continue
        chain, i = [start], start
        del left[start]
        while firsts[start] != lasts[i]:
            further = next((j for j in following[lasts[i]] if j in left), None)
            if further is None:
                break
            i = further
            del left[i]
            chain.append(i)
        lines.append(chain)
    return lines


def _areas(
    ways: ShoreWays, members: Mapping[int, set[int]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return the borders of large areas of water: the places of their points, the pointer, and the area of each."""
    row, kind, owner = _owners(ways, members)
    pieces, ptr = _elements(ways.piece, row)
    pair = np.repeat(np.arange(row.size), np.diff(ptr))
    begins = np.ones(pair.size, np.bool_)
    begins[1:] = (kind[pair][1:] != kind[pair][:-1]) | (owner[pair][1:] != owner[pair][:-1])
    area = np.cumsum(begins) - 1
    large = (_extents_m(ways, pieces, np.flatnonzero(begins)) >= _LEAST_EXTENT_M)[area]
    number = np.cumsum(begins & large)[large].astype(np.int32) + COAST
    at, ptr = _elements(ways.ptr, pieces[large])
    return at, ptr, number


def _owners(
    ways: ShoreWays, members: Mapping[int, set[int]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return (way, kind, number) of the areas that ways bound: a relation's, or one of its own; area by area."""
    of = np.repeat(np.array(list(members), np.int64), [len(areas) for areas in members.values()])
    relation = np.fromiter((area for areas in members.values() for area in areas), np.int64, of.size)
    place = np.searchsorted(ways.number, of)
    place[place == ways.number.size] = 0
    there = ways.number[place] == of if ways.number.size else np.zeros(of.size, np.bool_)
    itself = np.flatnonzero(ways.itself)
    row = np.concatenate([place[there], itself])
    kind = np.repeat([_OF_RELATION, _OF_WAY], [int(there.sum()), itself.size])
    number = np.concatenate([relation[there], ways.number[itself]])
    order = np.lexsort((row, number, kind))
    return row[order], kind[order], number[order]


def _extents_m(ways: ShoreWays, pieces: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the diagonals of the boxes around groups of pieces, metres; each group begins at one of `first`."""
    if not pieces.size:
        return np.empty(0)
    at, ptr = _elements(ways.ptr, pieces)
    corners = []
    for column in (ways.x, ways.y):
        along = column[at] / _COORDINATE
        corners.append(np.concatenate([least.reduceat(along, ptr[first]) for least in (np.minimum, np.maximum)]))
    low = np.arange(first.size, dtype=np.int32)
    lengths: npt.NDArray[np.float64] = geometry.segment_lengths_m(corners[0], corners[1], low, low + np.int32(low.size))
    return lengths
