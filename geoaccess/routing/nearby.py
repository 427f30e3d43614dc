"""Times between places that lie within a bound of each other, where a table of all pairs would be too large."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.hierarchy import Hierarchy
from geoaccess.kernels import graph, nearby, search, sweeps
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.network.counting import numbers_from
from geoaccess.remembering import arrays_digest, is_remembering, remembered_with
from geoaccess.routing.batches import Ends, Seeds, Targets, ends_of, seeds_at, some_of, sweep_between
from geoaccess.routing.legs import legs
from geoaccess.routing.walks import spots_of, walks_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.network import Network
    from geoaccess.routing.walks import Walks

    Reach = tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
    _Arcs = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]

__all__ = [
    "SIDE_BY_SIDE",
    "NearTile",
    "Neighbourhoods",
    "above",
    "above_places",
    "at_once",
    "ends_and_walks",
    "groups_of",
    "near_tiles",
    "quickest",
    "reach_of",
    "remembered_around",
]

_MOST, _LEAST, _PARTS = 512, 64, 32
"""Sources of one group: about a thirty-second of all, but never fewer or more than these. Around more of them lie too
many targets that are far from most."""
SIDE_BY_SIDE = 64
"""So many sources go through a neighbourhood side by side: it is so small that rows twice as long as those of a whole
hierarchy stay in the cache, and going from arc to arc takes as long as the lanes of one."""
_PARTS_ABOVE = 2
"""So many parts of a hierarchy are kept: that above cells and sites, and that above cells and functions."""
_MANY_SEARCHES = 8
"""So many searches are worth a look for dead ends, which takes as long as some of them."""


class NearTile(NamedTuple):
    """Times in deciseconds between some sources and all targets that may lie within a bound of one of them.

    `source` and `target` are places in their tables, `target` rising; `times` has the shape (n_target, n_source). What
    is beyond the bound may be there or not.
    """

    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int32]
    times: npt.NDArray[np.uint32]


def near_tiles(
    hierarchy: Hierarchy, origins: pd.DataFrame, destinations: pd.DataFrame, *, turned: bool, furthest: int
) -> Iterator[NearTile]:
    """Yield the times of all pairs within `furthest` deciseconds, some sources at a time.

    Sources are taken together that are neighbours in the order of the nodes, so on the ground. One search from all of
    them finds which targets can be within the bound; only the part of the hierarchy above these is swept. Time and
    memory grow with the pairs that lie near each other, not with all pairs.

    The sources are the origins, or `turned` the destinations, from which is then searched against the arcs.
    """
    source, target, walks = ends_and_walks(hierarchy.network, origins, destinations, turned=turned)
    known = remembered_around(hierarchy.network, "targets around", source, target, walks, furthest, turned=turned)
    reach = quickest if known is not None else reach_of
    every = Neighbourhoods(
        hierarchy, source, target, walks, (reach(source), reach(target)), turned=turned, furthest=furthest, known=known
    )
    for group in groups_of(source):
        near = every.around(group)
        if near is None:
            continue
        tile = np.empty((near.target.size, group.size), np.uint32)
        sweep_between(near.hierarchy, near.seeds, near.ends, tile, reverse=turned, width=SIDE_BY_SIDE)
        first, to, time_ds = every.along(group, near.target)
        np.minimum.at(tile, (to, np.repeat(np.arange(group.size), np.diff(first))), time_ds)
        first, to, walk = every.on_foot(group, near.target)
        np.minimum.at(tile, (to, np.repeat(np.arange(group.size), np.diff(first))), walks.time_ds[walk])
        yield NearTile(group, near.target, tile)


def above(hierarchy: Hierarchy, *points: Ends) -> Hierarchy:
    """Return the part of a hierarchy that lies above some points; nodes that do not are nowhere (-1) in it."""
    wanted = np.zeros(hierarchy.start.size - 1, np.bool_)
    wanted[0] = True  # where points that are not snapped are looked up
    for point in points:
        snapped = point.legs.edge >= 0
        wanted[hierarchy.place[point.node_u[snapped]]] = True
        wanted[hierarchy.place[point.node_v[snapped]]] = True
    start, head, outward, inward, rank = sweeps.restrict(
        hierarchy.start, hierarchy.head, hierarchy.outward, hierarchy.inward, wanted
    )
    parts = np.append(0, np.cumsum(wanted))[hierarchy.parts]  # who is left out moves no one past another
    return Hierarchy(hierarchy.network, 0, rank[hierarchy.place], start, head, outward, inward, parts)


@checks_arguments
def above_places(hierarchy: Hierarchy, *places: pd.DataFrame) -> Hierarchy:
    """Return the part of a hierarchy that lies above places as `snap` returns them, to search between them alone.

    Found once, at any pace, by a process that asks many questions; for a few it does not pay, and all is returned.
    """
    if hierarchy.core or not is_remembering():
        return hierarchy
    roads = hierarchy.network

    def found() -> Hierarchy:
        at = [legs(roads, one, turned=False) for one in places]
        return above(hierarchy, *(ends_of(one, leaving=leaving) for one in at for leaving in (True, False)))

    where = arrays_digest([one[name].to_numpy() for one in places for name in ("edge", "node")])
    return remembered_with(hierarchy, "part above places", where, found, most=_PARTS_ABOVE)


class Neighbourhood(NamedTuple):
    """Some sources with the targets that may be within a bound of one of them, and the part of a hierarchy above both.

    `target` are places in the table of targets, rising.
    """

    hierarchy: Hierarchy
    seeds: Seeds
    ends: Targets
    target: npt.NDArray[np.int32]


class _Room(NamedTuple):
    """What a search writes into: `best` FAR, `rank` -1 and `marked` False everywhere, before and after."""

    best: npt.NDArray[np.int32]
    touched: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    marked: npt.NDArray[np.bool_]


class _Ground(NamedTuple):
    """What is searched for targets: arcs from sources to targets, at which nodes both are, and targets by node."""

    arcs: _Arcs
    source_node: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
    target_node: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
    at_node: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]


class Neighbourhoods:
    """What lies around groups of sources that are neighbours; several threads may ask at once.

    Of the `source` and `target` as they are swept, `reach` is the least way to either end of the edges of both, by
    which is decided what may be within the bound. Targets around a group that are `known`, by its first source, are not
    searched for, and others are put there.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        source: Ends,
        target: Ends,
        walks: Walks,
        reach: tuple[Reach, Reach],
        *,
        turned: bool,
        furthest: int,
        known: dict[int, npt.NDArray[np.int32]] | None,
    ) -> None:
        self.turned, self.furthest, self.source, self.target = turned, furthest, source, target
        self._walks = np.searchsorted(walks.first, np.arange(source.node_u.size + 1)), walks.second
        self._above = above(hierarchy, source, target)
        self._reach, self._known = reach, known
        self._source_at = self._places(source)
        self._target_at = self._places(target)
        searches = sum(int(group[0]) not in (known or {}) for group in groups_of(source))
        self._ground = self._searched_on(hierarchy.network, searches) if searches else None
        self._on_edge = _by_edge(target)
        self._rooms: deque[_Room] = deque()

    def _searched_on(self, roads: Network, searches: int) -> _Ground:
        arcs, node = _arcs_between(roads, self.source, self.target, turned=self.turned, searches=searches)
        source_node, target_node = node(self.source), node(self.target)
        return _Ground(arcs, source_node, target_node, _by_node(self.target, *target_node, arcs[0].size - 1))

    def _places(self, points: Ends) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return where the ends of points are in the hierarchy; nowhere are only points that are not snapped."""
        place = self._above.place
        return np.maximum(place[points.node_u], 0), np.maximum(place[points.node_v], 0)

    def _room(self) -> _Room:
        try:
            return self._rooms.pop()
        except IndexError:
            nodes = self._ground.arcs[0].size - 1 if self._ground else 0
            return _Room(
                np.full(nodes, FAR, np.int32),
                np.empty(nodes, np.int32),
                np.full(self._above.start.size - 1, -1, np.int32),
                np.zeros(self.target.node_u.size, np.bool_),
            )

    def around(self, group: npt.NDArray[np.int64]) -> Neighbourhood | None:
        """Return what lies around some sources; None where nothing does."""
        ours, room = some_of(self.source, group), self._room()
        found = self._targets(ours, group, room)
        if not found.size:
            self._rooms.append(room)
            return None
        theirs = some_of(self.target, found)
        source_u, source_v = (place[group] for place in self._source_at)
        target_u, target_v = (place[found] for place in self._target_at)
        wanted = np.concatenate([source_u, source_v, target_u, target_v])
        up = self._above
        kept = np.sort(nearby.nodes_above(up.start, up.head, wanted, room.rank))
        arrays = nearby.cut_out(up.start, up.head, up.outward, up.inward, kept, room.rank)
        seeds = seeds_at(ours, room.rank[source_u], room.rank[source_v])
        ends = Targets(room.rank[target_u], room.rank[target_v], theirs.reach_u, theirs.reach_v)
        room.rank[kept] = -1
        self._rooms.append(room)
        part = Hierarchy(up.network, 0, np.empty(0, np.int32), *arrays)
        return Neighbourhood(part, seeds, ends, found)

    def _targets(self, ours: Ends, group: npt.NDArray[np.int64], room: _Room) -> npt.NDArray[np.int32]:
        """Return the targets that may be within the bound of one of some sources, rising."""
        known = self._known
        if known is not None and int(group[0]) in known:
            return known[int(group[0])]
        ground = self._ground
        assert ground is not None  # noqa: S101 - else all are known
        reach = np.stack([way[group] for way in self._reach[0]])
        begins = reach != NEVER
        node = np.stack([nodes[group] for nodes in ground.source_node])[begins]
        count = nearby.search_around(*ground.arcs, node, reach[begins], self.furthest, room.best, room.touched)
        touched = room.touched[:count]
        found = nearby.places_near(
            room.best,
            touched,
            self.furthest,
            *ground.at_node,
            *ground.target_node,
            *self._reach[1],
            *self._on_edge,
            np.unique(ours.legs.edge),
            *self._walks,
            group,
            room.marked,
        )
        room.best[touched] = FAR
        found = np.sort(found)
        if known is not None:
            known[int(group[0])] = found
        return found

    def along(
        self, group: npt.NDArray[np.int64], found: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.uint32]]:
        """Return (first, target, time) of what sources need straight along the edge that they are on.

        Those of the k-th of the group stand at first[k]:first[k + 1]; targets are counted in those `found` around it.
        """
        one, other = self.source.legs.some(group), self.target.legs
        ends = one.edge, one.up, one.down, one.off
        first, to, time_ds = nearby.shortcuts(*ends, *self._on_edge, other.up, other.down, other.off, self.turned)
        return first, np.searchsorted(found, to).astype(np.int32), time_ds

    def on_foot(
        self, group: npt.NDArray[np.int64], found: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.uint32]]:
        """Return (first, target, walk) of the walks from sources, by their number; see `along`."""
        begins, second = self._walks
        first = np.zeros(group.size + 1, np.int64)
        sizes = begins[group + 1] - begins[group]
        np.cumsum(sizes, out=first[1:])
        walk = numbers_from(begins[group], sizes)
        return first, np.searchsorted(found, second[walk]).astype(np.int32), walk.astype(np.uint32)


def ends_and_walks(
    roads: Network, origins: pd.DataFrame, destinations: pd.DataFrame, *, turned: bool
) -> tuple[Ends, Ends, Walks]:
    """Return where sources and targets are, and the walks between them."""
    one = legs(roads, origins, turned=False)
    other = one if destinations is origins else legs(roads, destinations, turned=False)
    source, target = ends_of(one, leaving=True), ends_of(other, leaving=False)
    if turned:
        source, target = target, source
    return source, target, walks_between(roads, spots_of(source.legs), spots_of(target.legs))


def remembered_around(
    roads: Network, kind: str, source: Ends, target: Ends, walks: Walks, furthest: int, *, turned: bool = False
) -> dict[int, Any] | None:
    """Return what was found around groups at any pace, by their first source; None where nothing is kept."""
    if not is_remembering():
        return None
    at = [
        array
        for one in (source, target)
        for array in (one.node_u, one.node_v, one.time_u, one.time_v, one.legs.edge, one.legs.up, one.legs.down)
    ]
    key = arrays_digest(at), furthest, turned
    known: dict[int, Any] = remembered_with(roads, kind, key, dict, values=(walks.first, walks.second), most=1)
    return known


def reach_of(points: Ends) -> Reach:
    """Return the least way to either end of the edge of each point."""
    return points.reach_u, points.reach_v


def at_once(points: Ends) -> Ends:
    """Return points whose way off the network takes no time."""
    return points._replace(legs=points.legs._replace(off=np.zeros_like(points.legs.off)))


def quickest(points: Ends) -> Reach:
    """Return the least way to either end of the edge of each point, of the quickest walker."""
    return reach_of(at_once(points))


def _arcs_between(
    roads: Network, source: Ends, target: Ends, *, turned: bool, searches: int
) -> tuple[_Arcs, Callable[[Ends], tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]]:
    """Return (start, head, cost) of arcs from sources to targets, and what says at which nodes of them points are.

    For many searches dead ends in which there is neither are cut back, which is about half of all nodes.
    """
    every = roads.arcs_reversed if turned else roads.arcs
    arcs = every.start, every.head, every.cost_ds
    if searches < _MANY_SEARCHES:
        return arcs, lambda points: (points.node_u, points.node_v)
    needed = np.zeros(every.start.size - 1, np.bool_)
    needed[np.concatenate([source.node_u, source.node_v, target.node_u, target.node_v])] = True
    start, head, cost, rank = search.without_dead_ends(*arcs, needed)
    return (start, head, cost), lambda points: (rank[points.node_u], rank[points.node_v])


def _by_node(
    points: Ends, node_u: npt.NDArray[np.int32], node_v: npt.NDArray[np.int32], nodes: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (first, listed): the snapped points at node v, by either end of their edge, at first[v]:first[v + 1]."""
    on = np.flatnonzero(points.legs.edge >= 0).astype(np.int32)
    u, v = node_u[on], node_v[on]
    two = u != v
    point, node = np.concatenate([on, on[two]]), np.concatenate([u, v[two]])
    first, listed, _, _ = graph.rows(nodes, node, point, np.zeros_like(point))
    return first, listed


def _by_edge(points: Ends) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the edges of the snapped points, rising, and the points."""
    on = np.flatnonzero(points.legs.edge >= 0).astype(np.int32)
    on = on[np.argsort(points.legs.edge[on], kind="stable")]
    return points.legs.edge[on], on


def groups_of(source: Ends) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the snapped sources some at a time, neighbours together."""
    snapped = np.flatnonzero(source.legs.edge >= 0)
    order = snapped[np.argsort(source.node_u[snapped], kind="stable")]
    step = int(np.clip(order.size // _PARTS, _LEAST, _MOST))
    for first in range(0, order.size, step):
        yield order[first : first + step]
