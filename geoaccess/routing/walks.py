"""Straight walks between places that lie beside each other off the network.

A journey by road from a place off the network begins with the walk to the road and ends with the walk from it. Where
two places are no farther apart than these two walks together, one walks straight from one to the other at the same
pace: so nobody goes to the road and back to reach the house next door, and no journey is longer than its two walks. A
longer straight line is not taken to be a way, for it might lead over water or up a cliff: who walks so far to the road
is known to be able to, the rest of the country is not known.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels import walks as kernel
from geoaccess.kernels.threads import share, thread_count
from geoaccess.network import SegmentTree, leads_over_water
from geoaccess.network.curve import curve_order
from geoaccess.remembering import arrays_digest, is_remembering, remembered_of, remembered_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.network import Network
    from geoaccess.routing.legs import Legs

__all__ = ["Spots", "SpotsInOrder", "Walks", "in_order", "joined", "spots_of", "walks_between"]

_SETS = 16
"""So many sets of points are remembered with a network: the cells with each other, and with the sites of a service."""
_DIGESTS = 4
"""Of so many sets of many points the digest is remembered: of the cells on two networks, looked at either way."""
_MANY = 5_000
"""So many points are worth a thread of their own."""


class Spots(NamedTuple):
    """Where points are: metres in the projection of the network, metres and time off it; NaN where not snapped.

    `start_ds` is what passes before anything moves, and is no part of `off_ds`.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    off_m: npt.NDArray[np.float64]
    off_ds: npt.NDArray[np.float64]
    start_ds: npt.NDArray[np.float64]

    def some(self, chosen: npt.NDArray[np.integer] | Sequence[int] | slice) -> Spots:
        """Return some of the points."""
        return Spots(*(values[chosen] for values in self))


class SpotsInOrder(NamedTuple):
    """Points, and those of them that are snapped once more, along a curve and in a tree: walks to them are found there.

    `order` says which of the points each of the sorted ones is; `box_off_m` how far off the network the farthest point
    of each box of the tree is.
    """

    spots: Spots
    order: npt.NDArray[np.int32]
    sorted: Spots
    box: npt.NDArray[np.float64]
    level: npt.NDArray[np.int64]
    leaf: npt.NDArray[np.int64]
    box_off_m: npt.NDArray[np.float64]


class Walks(NamedTuple):
    """Pairs of a point of one set and a point of another with the time of the walk between them, by the first."""

    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    time_ds: npt.NDArray[np.int32]


def spots_of(at: Legs) -> Spots:
    """Return where points are that stand along the network."""
    return Spots(at.x, at.y, at.off_m, (at.off - at.start).astype(np.float64), at.start.astype(np.float64))


def joined(sets: Sequence[Spots]) -> Spots:
    """Return the points of several sets, one after the other."""
    return Spots(*np.concatenate([np.empty((len(Spots._fields), 0)), *map(np.stack, sets)], axis=1))


def in_order(spots: Spots) -> SpotsInOrder:
    """Return points so that walks to them are found quickly; for those that are asked for many times."""
    usable = np.flatnonzero(np.isfinite(spots.off_m)).astype(np.int32)
    order = usable[curve_order(spots.x[usable], spots.y[usable])]
    found = spots.some(order)
    if not order.size:
        none = np.empty((0, 4)), np.zeros(1, np.int64), np.empty((0, 2), np.int64), np.empty(0)
        return SpotsInOrder(spots, order, found, *none)
    number = np.arange(order.size, dtype=np.int32)
    tree = SegmentTree(number, found.x, found.y, found.x, found.y)
    box_off_m = kernel.farthest_off(tree.level, tree.leaf, found.off_m)
    return SpotsInOrder(spots, order, found, tree.box, tree.level, tree.leaf, box_off_m)


def walks_between(
    network: Network,
    one: Spots,
    other: Spots | SpotsInOrder,
    *,
    below_ds: npt.NDArray[np.int32] | None = None,
) -> Walks:
    """Return the walks between two sets of points: those of pairs no farther apart than they are off the network.

    time = distance (time off of both) / (metres off of both) + what passes before of both, which is never longer than
    any journey by road. Walks that lead over water, from wherever one begins, are not taken. Of walks to a point of
    `other` only those are asked for that take less than its `below_ds`; longer ones may be there or not.
    """
    spots = other.spots if isinstance(other, SpotsInOrder) else other
    if not is_remembering():
        first, second, time = _found(network, one, other, below_ds)
    else:  # who walks to whom is the same at any pace
        where = _digest(one), _digest(spots)
        first, second = remembered_with(network, "walks", where, lambda: _found(network, one, other)[:2], most=_SETS)
        time = kernel.times(_fixed(first), _fixed(second), *map(_fixed, one[:4]), *map(_fixed, spots[:4]))
    if one.start_ds.any() or spots.start_ds.any():
        time += (one.start_ds[first] + spots.start_ds[second]).astype(np.int32)
    return Walks(first, second, time)


def _digest(spots: Spots) -> str:
    """Return a digest of where points are, at any pace; of many it is remembered for the very arrays."""
    where = spots[:3]
    if spots.x.size < _MANY:
        return arrays_digest(where)
    return remembered_of("digests of spots", where, "", lambda: arrays_digest(where), most=_DIGESTS)


def _found(
    network: Network,
    one: Spots,
    other: Spots | SpotsInOrder,
    below_ds: npt.NDArray[np.int32] | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (first, second, time) of the walks that do not lead over water, without what passes before."""
    if isinstance(other, SpotsInOrder):
        first, second, time = _walked(one, other)
        other = other.spots
    elif one.x.size < other.x.size:  # the fewer stand in the tree
        second, first, time = _walked(other, in_order(one))
        order = np.argsort(first, kind="stable")
        first, second, time = first[order], second[order], time[order]
    else:
        first, second, time = _walked(one, in_order(other))
    if below_ds is not None:  # before the shores are looked at, which takes longest
        wanted = time + one.start_ds[first] + other.start_ds[second] < below_ds[second]
        first, second, time = first[wanted], second[wanted], time[wanted]
    same = below_ds is None and one.x.size == other.x.size
    same = same and bool(np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y))
    wet = np.zeros(first.size, np.bool_)
    asked = np.flatnonzero(first < second) if same else np.arange(first.size)  # there as back: each pair is asked once
    wet[asked] = _both_ways_over_water(network, one, other, first[asked], second[asked])
    if same and wet.any():
        n, back = np.int64(one.x.size), np.flatnonzero(first > second)
        asked_wet = np.sort((first * n + second)[wet])
        there = (second * n + first)[back]
        wet[back] = asked_wet[np.minimum(np.searchsorted(asked_wet, there), asked_wet.size - 1)] == there
    return (first[~wet], second[~wet], time[~wet]) if wet.any() else (first, second, time)


def _walked(
    asking: Spots, standing: SpotsInOrder
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (asking, standing, time) of the walks of two sets, over water or not, without what passes before."""
    if not standing.order.size or not asking.x.size:
        none = np.empty(0, np.int32)
        return none, none, none.copy()
    boxes = tuple(map(_fixed, (standing.box, standing.level, standing.leaf, standing.box_off_m)))
    ours = Spots(*map(_fixed, asking))
    others = tuple(map(_fixed, standing.sorted[:4]))
    found: dict[int, tuple[npt.NDArray[np.int32], ...]] = {}

    def search(begin: int, end: int) -> None:
        found[begin] = kernel.pairs(*ours[:4], begin, end, *boxes, *others)

    bounds = np.linspace(0, asking.x.size, max(1, min(4 * thread_count(), asking.x.size // _MANY)) + 1).astype(int)
    share(search, [*itertools.pairwise(bounds.tolist())])
    first, place, time = (np.concatenate(arrays) for arrays in zip(*(found[at] for at in sorted(found)), strict=True))
    return first, standing.order[place], time


def _fixed(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view that cannot be written to: kernels are compiled for one kind of arrays."""
    view = values.view()
    view.flags.writeable = False
    return view


def _both_ways_over_water(
    network: Network, one: Spots, other: Spots, first: npt.NDArray[np.int32], second: npt.NDArray[np.int32]
) -> npt.NDArray[np.bool_]:
    """Return which walks lead over water whichever end they begin at.

    A place at sea may stand for people on the shore where a walk begins, not where it ends.
    """
    here, there = (one.x[first], one.y[first]), (other.x[second], other.y[second])
    wet = leads_over_water(network, *here, *there)
    back = np.flatnonzero(wet)
    wet[back] = leads_over_water(network, *(ends[back] for ends in (*there, *here)))
    return wet
