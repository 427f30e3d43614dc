"""Times from several places at once: sweeps of a hierarchy side by side, or searches spread over threads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import search, sweeps
from geoaccess.kernels.keys import NEVER
from geoaccess.kernels.side_by_side import BROAD, room_for_rows
from geoaccess.kernels.threads import share, thread_count
from geoaccess.routing.node_keys import over_parts

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network
    from geoaccess.routing.legs import Legs

__all__ = [
    "WIDTH",
    "Ends",
    "Seeds",
    "Targets",
    "along_edges",
    "ends_of",
    "searched",
    "searched_trees",
    "seeds_at",
    "some_of",
    "sweep_between",
    "sweep_trees",
    "swept",
    "swept_trees",
]

WIDTH = 32
"""So many sources go through a hierarchy side by side: a row of their times fills two lines of a cache."""


class Ends(NamedTuple):
    """For points, in the direction of a search: both ends of their edges, the times to them, and all their legs."""

    node_u: npt.NDArray[np.int32]
    node_v: npt.NDArray[np.int32]
    time_u: npt.NDArray[np.int32]
    time_v: npt.NDArray[np.int32]
    legs: Legs

    @property
    def reach_u(self) -> npt.NDArray[np.uint32]:
        """The way to the first end and off the network, deciseconds."""
        return _reach(self.time_u, self.legs.off)

    @property
    def reach_v(self) -> npt.NDArray[np.uint32]:
        """The way to the second end and off the network, deciseconds."""
        return _reach(self.time_v, self.legs.off)


def _reach(leg: npt.NDArray[np.int32], off: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
    """Return what the way to an end of the edge costs, with the way off the network; NEVER where it is closed."""
    return np.where(leg >= 0, (leg + off).astype(np.uint32), NEVER)


def ends_of(at: Legs, *, leaving: bool) -> Ends:
    """Return the ends of the edges that points lie on, for leaving or for arriving there."""
    if leaving:
        return Ends(at.leave_node_u, at.leave_node_v, at.leave_u, at.leave_v, at)
    return Ends(at.arrive_node_u, at.arrive_node_v, at.arrive_u, at.arrive_v, at)


def some_of(ends: Ends, part: slice | npt.NDArray[np.integer]) -> Ends:
    """Return the ends of some of the points."""
    return Ends(
        ends.node_u[part],
        ends.node_v[part],
        ends.time_u[part],
        ends.time_v[part],
        ends.legs.some(part),
    )


class Seeds(NamedTuple):
    """Where sources begin in a hierarchy: source i at place[first[i]:first[i + 1]], so late."""

    first: npt.NDArray[np.int64]
    place: npt.NDArray[np.int32]
    time: npt.NDArray[np.uint32]


def _seeds(hierarchy: Hierarchy, source: Ends) -> Seeds:
    return seeds_at(source, hierarchy.place[source.node_u], hierarchy.place[source.node_v])


def seeds_at(source: Ends, place_u: npt.NDArray[np.int32], place_v: npt.NDArray[np.int32]) -> Seeds:
    """Return where sources begin whose edges end at some places of a hierarchy."""
    place = np.column_stack([place_u, place_v])
    time = np.column_stack([source.reach_u, source.reach_v])
    begins = (time != NEVER) & (source.legs.edge >= 0)[:, None]
    first = np.zeros(len(place) + 1, np.int64)
    np.cumsum(begins.sum(axis=1), out=first[1:])
    return Seeds(first, place[begins], time[begins])


class Targets(NamedTuple):
    """Where journeys end in a hierarchy: over either of two nodes, and how long it takes from there (or `NEVER`)."""

    place_u: npt.NDArray[np.int32]
    place_v: npt.NDArray[np.int32]
    reach_u: npt.NDArray[np.uint32]
    reach_v: npt.NDArray[np.uint32]


def swept(hierarchy: Hierarchy, source: Ends, target: Ends, *, reverse: bool) -> npt.NDArray[np.uint32]:
    """Return times from the sources to the targets, shape (n_targets, n_sources), by sweeps."""
    found = np.empty((target.node_u.size, source.node_u.size), np.uint32)
    place_u, place_v = (  # nowhere are only points that are not snapped
        np.maximum(hierarchy.place[node], 0) for node in (target.node_u, target.node_v)
    )
    targets = Targets(place_u, place_v, target.reach_u, target.reach_v)
    sweep_between(hierarchy, _seeds(hierarchy, source), targets, found, reverse=reverse)
    return found


def sweep_between(
    hierarchy: Hierarchy,
    seeds: Seeds,
    targets: Targets,
    found: npt.NDArray[np.uint32],
    *,
    reverse: bool,
    width: int | None = None,
) -> None:
    """Write times from where sources begin to targets, shape (n_targets, n_sources), where they are to stand.

    `width` sources go side by side, `WIDTH` if it is left out.
    """
    width = width or WIDTH
    up, down = hierarchy.costs(reverse=reverse)
    row = np.arange(hierarchy.start.size - 1, dtype=np.int32)
    row.flags.writeable = False  # kernels are compiled once for arrays that may be written and once for others
    bare, start, head = int(hierarchy.parts[0]), hierarchy.start, hierarchy.head

    def sweep(block: int, blocks: int) -> None:
        sweeps.lanes(
            bare,
            start,
            head,
            row,
            up,
            down,
            seeds.first,
            seeds.place,
            seeds.time,
            targets.place_u,
            targets.place_v,
            targets.reach_u,
            targets.reach_v,
            width,
            found,
            block,
            blocks,
        )

    blocks = max(1, min(thread_count(), -(-found.shape[1] // width)))
    share(sweep, [(block, blocks) for block in range(blocks)])


def swept_trees(hierarchy: Hierarchy, source: Ends, *, reverse: bool) -> npt.NDArray[np.uint32]:
    """Return times from the sources to all nodes, shape (n_nodes, n_sources), by sweeps."""
    found = room_for_rows(hierarchy.place.size, source.node_u.size)
    sweep_trees(hierarchy, _seeds(hierarchy, source), found, reverse=reverse)
    return found


def sweep_trees(hierarchy: Hierarchy, seeds: Seeds, found: npt.NDArray[np.uint32], *, reverse: bool) -> None:
    """Write times from where sources begin to all nodes, shape (n_nodes, n_sources), where they are to stand."""
    up, down = hierarchy.costs(reverse=reverse)
    bare, start, row, head = int(hierarchy.parts[0]), hierarchy.start, hierarchy.node, hierarchy.head_node
    seen = np.zeros(hierarchy.place.size, np.bool_)
    best, sources = found.reshape(-1), found.shape[1]
    first = 0
    while first < sources:
        many = BROAD if sources - first >= BROAD else min(WIDTH, sources - first)
        arrays = bare, start, hierarchy.head, row, up, seeds.first, seeds.place, seeds.time
        sweeps.climb_lanes(*arrays, first, many, sources, first, best, seen)
        work = partial(sweeps.descend_lanes, start, head, row, down, many, sources, first, best, seen, True)  # noqa: FBT003
        over_parts(hierarchy, work, many)
        first += many


def searched(network: Network, source: Ends, target: Ends, furthest: int, *, reverse: bool) -> npt.NDArray[np.uint32]:
    """Return the times from sources to targets, shape (n_targets, n_sources), by a bounded search from each source."""
    ends = [source.node_u, source.node_v, target.node_u, target.node_v]
    needed = np.zeros(network.arcs.start.size - 1, np.bool_)
    needed[np.concatenate(ends)] = True
    arcs = network.arcs_reversed if reverse else network.arcs
    start, head, cost, rank = search.without_dead_ends(arcs.start, arcs.head, arcs.cost_ds, needed)
    from_u, from_v, to_u, to_v = (rank[end] for end in ends)
    found = np.empty((to_u.size, from_u.size), np.uint32)
    search.matrix(
        start,
        head,
        cost,
        from_u,
        from_v,
        source.reach_u,
        source.reach_v,
        to_u,
        to_v,
        target.reach_u,
        target.reach_v,
        furthest,
        thread_count(),
        found,
    )
    return found


def searched_trees(network: Network, source: Ends, *, reverse: bool) -> npt.NDArray[np.uint32]:
    """Return the times from sources to every node, shape (n_nodes, n_sources), by a search from each."""
    arcs = network.arcs_reversed if reverse else network.arcs
    found = np.empty((arcs.start.size - 1, source.node_u.size), np.uint32)
    nodes = np.column_stack([source.node_u, source.node_v])
    times = np.column_stack([source.reach_u, source.reach_v])
    for i, (node, time) in enumerate(zip(nodes, times, strict=True)):
        begins = time != NEVER
        best, _, _ = search.tree(arcs.start, arcs.head, arcs.cost_ds, node[begins], time[begins].astype(np.int32))
        found[:, i] = best
    return found


def along_edges(tile: npt.NDArray[np.uint32], source: Legs, target: Legs, *, turned: bool) -> None:
    """Shorten the times between points on one edge to those along it."""
    column = np.flatnonzero(source.edge >= 0).astype(np.int32)
    column = column[np.argsort(source.edge[column], kind="stable")]
    sweeps.along_edges(
        tile,
        target.edge,
        target.up,
        target.down,
        target.off,
        source.edge[column],
        source.up[column],
        source.down[column],
        source.off[column],
        column,
        turned,
    )
