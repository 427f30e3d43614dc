"""The `Order` of a network: the part of a hierarchy that does not depend on times, made once per topology."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.hierarchy.core import Hierarchy
from geoaccess.hierarchy.parts import numbered, runs_of
from geoaccess.kernels import completing, customising, dissection, elimination, graph, unpacking
from geoaccess.kernels.stacks import NOWHERE
from geoaccess.kernels.threads import parts_of, share, thread_count, threads_for

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["Order", "has_order", "keep_order", "make_order", "order_of"]

_CHAINS = 2
"""Nodes of so many neighbours, chains and dead ends, fall first; they need no looking at the map."""

_PIECES = 16
"""Parts of more than one in so many nodes are cut one after the other, by two threads each ..."""

_SMALL = 4096
"""... unless they have no more nodes than this; all others are cut side by side, one thread each."""


@dataclass(frozen=True, eq=False)
class Order:
    """An order of the nodes of a network in which a hierarchy of any times can be made of it, quickly.

    Made by `order_of`. It holds for every network of the same nodes, edges and turn rules: another profile, season or
    hour, roads that are closed or slow.

    Parameters
    ----------
    place
        For each node of the network its number here, counted from the top.
    start, head
        Node p here has arcs start[p]:start[p + 1], each to and from the node `head` above it, rising. Nodes above a
        third one that both are joined to are joined to each other.
    slot
        For each of `Network.possible_arcs` twice the arc here that it counts for, and one more where it leads down;
        -1 where it leads from a node to itself.
    parts
        Where the parts begin that threads may sweep at once, see `Hierarchy`.
    """

    place: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]
    slot: npt.NDArray[np.int32]
    parts: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for item in fields(self):
            getattr(self, item.name).flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what it is made of, as a `Network` does."""
        return type(self), tuple(getattr(self, item.name) for item in fields(self))

    def __repr__(self) -> str:
        """Say how large it is."""
        return f"Order({self.place.size} nodes, {self.head.size} arcs)"

    @cached_property
    def below(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The arcs to and from nodes below each node: see `kernels.unpacking.arcs_below`."""
        found: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]] = unpacking.arcs_below(
            self.start, self.head
        )
        return found

    @cached_property
    def sources(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """For each arc here the arcs of the network that count for it: (first, arc)."""
        counted = np.flatnonzero(self.slot >= 0).astype(np.int32)
        arc = self.slot[counted] >> 1
        first, listed, _, _ = graph.rows(self.head.size, arc, counted, np.zeros_like(arc))
        return first, listed

    def customised(self, network: Network) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        """Return what each arc costs outward and inward by the times of a network, over nodes below it."""
        times = self._pairs(network).view(np.uint32).reshape(-1, 2)
        return times[:, 0].copy(), times[:, 1].copy()

    def _pairs(self, network: Network) -> npt.NDArray[np.uint64]:
        """Return the same in pairs, see `kernels.stacks`."""
        size = self.head.size
        top, rest = runs_of(self.parts, size)
        pairs = np.empty(size, np.uint64)
        work = partial(customising.given, self.slot, network.arc_costs(), pairs)
        share(work, parts_of(size, 1 + size // threads_for(size)))
        above = {first: np.full(self.start[top], NOWHERE) for first, _ in rest}

        def rise(first: int, last: int) -> None:
            customising.customise(top, self.start, self.head, pairs, above[first], first, last)

        share(rise, rest)
        low = pairs[: self.start[top]].view(np.uint32)
        for lower in above.values():
            np.minimum(low, lower.view(np.uint32), out=low)
        customising.customise(top, self.start, self.head, pairs, np.empty(0, np.uint64), 0, top)
        return pairs

    def hierarchy(self, network: Network) -> Hierarchy:
        """Return the hierarchy of a network of this topology, without the arcs that its times leave no use for."""
        start, head, pairs = self.start, self.head, self._pairs(network)
        least = np.empty_like(pairs)
        top, rest = runs_of(self.parts, head.size)

        def fall(first: int, last: int) -> None:
            least[start[first] : start[last]] = pairs[start[first] : start[last]]
            customising.tighten(top, start, head, least, first, last)

        fall(0, top)
        share(fall, rest)
        rows = np.zeros(start.size, np.int32)
        share(partial(customising.count_kept, start, pairs, least, rows[1:]), [(0, top), *rest])
        np.cumsum(rows, dtype=np.int32, out=rows)
        kept = np.empty(rows[-1], np.int32), np.empty(rows[-1], np.uint32), np.empty(rows[-1], np.uint32)
        share(partial(customising.keep, start, head, pairs, least, rows, *kept), [(0, top), *rest])
        return Hierarchy(network, 0, self.place, rows, *kept, self.parts)


@checks_arguments
def order_of(network: Network) -> Order:
    """Return the order of a network: made once, and kept with it and with those made of it by closing and slowing."""
    if "_order" not in network.__dict__:
        network.__dict__["_order"] = make_order(network)
    made: Order = network.__dict__["_order"]
    return made


@checks_arguments
def has_order(network: Network) -> bool:
    """Whether the order of a network is known, so that a hierarchy of it takes no time to speak of."""
    return "_order" in network.__dict__


def keep_order(network: Network, order: Order) -> None:
    """Let an order be that of a network, of whose topology it was made."""
    network.__dict__["_order"] = order


def make_order(network: Network, *, progress: Callable[[float], None] | None = None) -> Order:
    """Return the order of a network, whatever its times are; it is the same for any number of threads.

    Chains and dead ends fall first. What is left is cut where it is narrow, see `kernels.dissection`.

    References
    ----------
    Dibbelt, Strasser and Wagner (2016), Customizable Contraction Hierarchies, ACM Journal of Experimental Algorithmics
    21, 1.5.
    """
    tail, head, _ = network.possible_arcs()
    n = network.n_nodes
    start, heads, zeros, _ = graph.rows(
        n, np.concatenate([tail, head]), np.concatenate([head, tail]), np.zeros(2 * tail.size, np.int32)
    )
    begin, size, pairs = elimination.pair_up(start, heads, zeros, start, heads, zeros)
    near = np.ascontiguousarray(pairs[:, 0])
    fallen, first, left = elimination.eliminate(begin, size, pairs, np.zeros(n, np.bool_), _CHAINS, 0)
    stays = np.ones(n, np.bool_)
    stays[fallen] = False
    kept = np.flatnonzero(stays).astype(np.int32)
    rank = np.cumsum(stays, dtype=np.int32) - np.int32(1)
    inner = elimination.gather(kept, first, size, left, rank)
    nodes = _dissected(inner[0], inner[1], _ranks(network, kept), progress or _quiet)
    order = np.concatenate([fallen, kept[nodes]])[::-1].astype(np.int32)
    place = _places(order)
    above = completing.complete(order, place, begin, near)
    number, parts = numbered(network, 0, *above, place)
    rows, upper = completing.sorted_rows(number, *above)
    place = number[place]
    return Order(place, rows, upper, completing.slots(place, rows, upper, tail, head), parts)


def _quiet(_: float) -> None:
    pass


def _places(order: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    return place


def _ranks(network: Network, nodes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the rank of some nodes along each direction, shape (DIRECTIONS, n); of equals the first comes first."""
    y = network.node_lat[nodes]
    x = network.node_lon[nodes] * np.cos(np.radians(y.mean())) if y.size else y
    ranks = np.empty((dissection.DIRECTIONS, y.size), np.int32)
    for rank, along in zip(ranks, (y, x, x + y, x - y), strict=True):
        rank[np.argsort(along, kind="stable")] = np.arange(y.size, dtype=np.int32)
    return ranks


def _dissected(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    ranks: npt.NDArray[np.int32],
    progress: Callable[[float], None],
) -> npt.NDArray[np.int32]:
    """Return nodes in the order in which they fall: large parts are cut first, then small ones side by side."""
    n = start.size - 1
    nodes, local = np.arange(n, dtype=np.int32), np.full(n, -1, np.int32)
    halves = ((0, dissection.DIRECTIONS // 2), (dissection.DIRECTIONS // 2, dissection.DIRECTIONS))
    parts, small = [nodes], []
    done = 0
    with ThreadPoolExecutor(thread_count()) as pool:
        while parts:
            large = [part for part in parts if part.size > max(n // _PIECES, _SMALL)]
            small += [part for part in parts if part.size <= max(n // _PIECES, _SMALL)]
            cuts = [
                [pool.submit(dissection.best_side, start, head, ranks, part, local, *half) for half in halves]
                for part in large
            ]
            parts = []
            for part, cut in zip(large, cuts, strict=True):
                (least, side), (less, other_side) = (half.result() for half in cut)
                first, last = dissection.separate(start, head, part, other_side if less < least else side, local)
                parts += [part[:first], part[first:last]]
                done += part.size - last
        small.sort(key=len, reverse=True)
        jobs = [pool.submit(dissection.dissect, start, head, ranks, part, local) for part in small]
        for part, job in zip(small, jobs, strict=True):
            job.result()
            done += part.size
            progress(done / n if n else 1.0)
    return nodes
