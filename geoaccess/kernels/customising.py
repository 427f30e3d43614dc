"""A hierarchy without times, and times put into it: what a network's new times cost is a pass over triangles.

The nodes of a hierarchy are numbered from the top, see `sweeps`. It is complete: any two nodes above a third one, and
joined to it, are joined themselves. So whatever the times are, every shortest path goes up and then down, once each
arc holds the least time over nodes below it. Heads rise in the list of a node.

Dibbelt, Strasser and Wagner (2016), Customizable Contraction Hierarchies, ACM Journal of Experimental Algorithmics 21,
1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.growing import longer
from geoaccess.kernels.keys import NEVER, ONE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["complete", "customise", "given", "kept", "lowered", "slots", "sorted_rows", "tighten"]

_ZERO = np.uint64(0)


@numba.njit(cache=True)
def complete(
    order: npt.NDArray[np.int32],
    place: npt.NDArray[np.int32],
    start: npt.NDArray[np.int64],
    head: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (start, head) of the hierarchy of a graph, given by its arcs both ways, in an order from the top.

    Joined to a node are also those that nodes below it are joined to; it is enough to look at those below of which it
    is the lowest neighbour.
    """
    n = order.size
    begin = np.zeros(n, np.int64)
    size = np.zeros(n, np.int32)
    heads = np.empty(2 * head.size + n, np.int32)
    child = np.full(n, -1, np.int32)
    sibling = np.full(n, -1, np.int32)
    seen = np.full(n, -1, np.int32)
    filled = np.int64(0)  # a number written as it is would be compiled for on its own
    for p in range(n - 1, -1, -1):
        first = filled
        needed = start[order[p] + 1] - start[order[p]]
        lower = child[p]
        while lower >= 0:
            needed += size[lower]
            lower = sibling[lower]
        while filled + needed > heads.size:
            heads = longer(heads)
        lowest = -1
        for arc in range(start[order[p]], start[order[p] + 1]):
            above = place[head[arc]]
            if above < p and seen[above] != p:
                seen[above] = p
                heads[filled] = above
                filled += 1
                lowest = max(lowest, above)
        lower = child[p]
        while lower >= 0:
            for at in range(begin[lower], begin[lower] + size[lower]):
                above = heads[at]
                if above != p and seen[above] != p:
                    seen[above] = p
                    heads[filled] = above
                    filled += 1
                    lowest = max(lowest, above)
            lower = sibling[lower]
        begin[p], size[p] = first, filled - first
        if lowest >= 0:
            sibling[p] = child[lowest]
            child[lowest] = p
    rows = np.zeros(n + 1, np.int32)
    made = np.empty(filled, np.int32)
    for p in range(n):
        rows[p + 1] = rows[p] + size[p]
        for i in range(size[p]):
            made[rows[p] + i] = heads[begin[p] + i]
    return rows, made


@numba.njit(cache=True)
def sorted_rows(
    number: npt.NDArray[np.int32], start: npt.NDArray[np.int32], head: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (start, head) with node p become number[p] and heads rising in each list."""
    n = start.size - 1
    old = np.empty(n, np.int32)
    for p in range(n):
        old[number[p]] = p
    rows = np.zeros(n + 1, np.int32)
    heads = np.empty(head.size, np.int32)
    for q in range(n):
        filled = rows[q]
        for arc in range(start[old[q]], start[old[q] + 1]):
            above = number[head[arc]]
            at = filled
            while at > rows[q] and heads[at - 1] > above:
                heads[at] = heads[at - 1]
                at -= 1
            heads[at] = above
            filled += 1
        rows[q + 1] = filled
    return rows, heads


@numba.njit(cache=True)
def slots(
    place: npt.NDArray[np.int32],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    tails: npt.NDArray[np.int32],
    heads: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """Return where arcs of the network count: twice the arc of the hierarchy, and one more where they lead down.

    An arc from a node to itself counts nowhere: -1.
    """
    found = np.empty(tails.size, np.int32)
    for i in range(tails.size):
        p, q = place[tails[i]], place[heads[i]]
        if p == q:
            found[i] = -1
            continue
        low, high = max(p, q), min(p, q)
        first, last = start[low], start[low + 1]
        while first < last:
            middle = (first + last) // 2
            if head[middle] < high:
                first = middle + 1
            else:
                last = middle
        found[i] = 2 * first + (0 if low == p else 1)
    return found


@numba.njit(cache=True)
def given(
    arcs: int, slot: npt.NDArray[np.int32], cost: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return (outward, inward): the least cost of the network's arcs, -1 where closed, on each arc of a hierarchy."""
    outward = np.full(arcs, NEVER, np.uint32)
    inward = np.full(arcs, NEVER, np.uint32)
    for i in range(slot.size):
        if slot[i] < 0 or cost[i] < 0:
            continue
        times = inward if slot[i] & 1 else outward
        times[slot[i] >> 1] = min(times[slot[i] >> 1], np.uint32(cost[i]))
    return outward, inward


@numba.njit(cache=True, nogil=True)
def _queues(
    n: int, top: int, first: int, last: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return room for the row of a node, and for who waits for whom: nobody yet for those of the top and a part."""
    row = np.empty((n, 2), np.uint32)  # memory that is not touched costs nothing
    waiting, following, at = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    waiting[:top] = -1
    waiting[first:last] = -1
    return row, waiting, following, at


@numba.njit(cache=True, nogil=True)
def customise(
    top: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    above: npt.NDArray[np.uint32],
    first: int,
    last: int,
) -> None:
    """Lower the times of arcs of the nodes from `first` up to `last`, in place, to the least over nodes below them.

    These nodes are a part (see `Hierarchy.parts`), or are the `top`, which comes after all parts: what is below is
    done. What the ways over a part take between nodes of the top is written to `above`, shape (arcs of the top, 2),
    outward and inward, for others may be at work on other parts.

    Of each node in turn, from below, the times to those above it stand by their numbers in `row`, and the neighbours
    that wait for it below are gone through, each of which then waits for the next higher of its own: of no triangle
    the third arc is looked for.
    """
    row, waiting, following, at = _queues(start.size - 1, top, first, last)
    for q in range(last - 1, first - 1, -1):
        if waiting[q] >= 0:
            for arc in range(start[q], start[q + 1]):
                row[head[arc], 0], row[head[arc], 1] = outward[arc], inward[arc]
            _rise(q, start, head, outward, inward, row, waiting, following, at)
            for arc in range(start[q], start[q + 1]):
                outward[arc], inward[arc] = row[head[arc], 0], row[head[arc], 1]
        if start[q + 1] - start[q] > 1:
            at[q] = start[q + 1] - 1
            following[q], waiting[head[at[q]]] = waiting[head[at[q]]], q
    for q in range(min(first, top) - 1, -1, -1):
        if waiting[q] >= 0:
            for arc in range(start[q], start[q + 1]):
                row[head[arc], 0] = row[head[arc], 1] = NEVER
            _rise(q, start, head, outward, inward, row, waiting, following, at)
            for arc in range(start[q], start[q + 1]):
                above[arc, 0], above[arc, 1] = row[head[arc], 0], row[head[arc], 1]


@numba.njit(cache=True, nogil=True, forceinline=True)
def _rise(
    q: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    row: npt.NDArray[np.uint32],
    waiting: npt.NDArray[np.int32],
    following: npt.NDArray[np.int32],
    at: npt.NDArray[np.int32],
) -> None:
    """Lower the times in the row of a node to those over the nodes that wait for it, and let these wait further up."""
    p = waiting[q]
    while p >= 0:
        after, last = following[p], at[p]
        leaves, comes = np.uint64(outward[last]), np.uint64(inward[last])
        for arc in range(np.uint64(start[p]), np.uint64(last)):
            above = np.uint64(head[arc])
            # What leads nowhere adds up to NEVER or more, and stays so.
            row[above, _ZERO] = min(np.uint64(row[above, _ZERO]), comes + np.uint64(outward[arc]))
            row[above, ONE] = min(np.uint64(row[above, ONE]), leaves + np.uint64(inward[arc]))
        if last - 1 > start[p]:
            at[p] = last - 1
            following[p], waiting[head[last - 1]] = waiting[head[last - 1]], p
        p = after


@numba.njit(cache=True, nogil=True)
def tighten(
    top: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    first: int,
    last: int,
) -> None:
    """Lower the times of a customised hierarchy's arcs, in place, to the least there are in the network.

    These are the arcs of the nodes from `first` up to `last`: a part, or the `top`, which comes before all parts. Those
    above are done. It goes as in `customise`, from above.
    """
    row, waiting, following, at = _queues(start.size - 1, top, first, last)
    for p in range(first, last):
        if start[p + 1] - start[p] > 1:
            at[p] = start[p] + 1
            following[p], waiting[head[at[p]]] = waiting[head[at[p]]], p
    for i in range(min(first, top) + last - first):
        q = i if i < min(first, top) else i - min(first, top) + first
        if waiting[q] >= 0:
            for arc in range(start[q], start[q + 1]):
                row[head[arc], 0], row[head[arc], 1] = outward[arc], inward[arc]
            _fall(q, start, head, outward, inward, row, waiting, following, at)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _fall(
    q: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    row: npt.NDArray[np.uint32],
    waiting: npt.NDArray[np.int32],
    following: npt.NDArray[np.int32],
    at: npt.NDArray[np.int32],
) -> None:
    """Lower the times of nodes that wait for a node to those over it and its row, and let them wait for the next."""
    p = waiting[q]
    while p >= 0:
        after, last = following[p], np.uint64(at[p])
        leaves, comes = np.uint64(outward[last]), np.uint64(inward[last])
        for arc in range(np.uint64(start[p]), last):
            above = np.uint64(head[arc])
            rises, falls = np.uint64(row[above, _ZERO]), np.uint64(row[above, ONE])
            to, back = min(np.uint64(outward[arc]), leaves + rises), min(np.uint64(inward[arc]), comes + falls)
            outward[arc], inward[arc] = to, back
            leaves, comes = min(leaves, to + falls), min(comes, back + rises)
        outward[last], inward[last] = leaves, comes
        if at[p] + 1 < start[p + 1]:
            at[p] += 1
            following[p], waiting[head[at[p]]] = waiting[head[at[p]]], p
        p = after


@numba.njit(cache=True, nogil=True)
def lowered(outward: npt.NDArray[np.uint32], inward: npt.NDArray[np.uint32], above: npt.NDArray[np.uint32]) -> None:
    """Lower the times of the first arcs, in place, to those over a part, see `customise`."""
    for arc in range(above.shape[0]):
        outward[arc] = min(outward[arc], above[arc, 0])
        inward[arc] = min(inward[arc], above[arc, 1])


@numba.njit(cache=True)
def kept(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    least_outward: npt.NDArray[np.uint32],
    least_inward: npt.NDArray[np.uint32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return (start, head, outward, inward) of the arcs whose time is the least there is, one way at least.

    A shortest path that goes up and then down takes no other arc: its parts are shortest paths too. Of a node
    whose arcs lead nowhere, the first one is kept.
    """
    rows = np.zeros(start.size, np.int32)
    heads = np.empty(head.size, np.int32)
    outwards, inwards = np.empty(head.size, np.uint32), np.empty(head.size, np.uint32)
    filled = 0
    for p in range(start.size - 1):
        for arc in range(start[p], start[p + 1]):
            leaves = NEVER if least_outward[arc] < outward[arc] else outward[arc]
            comes = NEVER if least_inward[arc] < inward[arc] else inward[arc]
            if leaves < NEVER or comes < NEVER:
                heads[filled], outwards[filled], inwards[filled] = head[arc], leaves, comes
                filled += 1
        if filled == rows[p] and start[p] < start[p + 1]:  # sweeps want an arc of every node that can have one
            heads[filled], outwards[filled], inwards[filled] = head[start[p]], NEVER, NEVER
            filled += 1
        rows[p + 1] = filled
    return rows, heads[:filled], outwards[:filled], inwards[:filled]
