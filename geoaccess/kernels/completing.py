"""A hierarchy without times: which arcs there are in an order, and which of a network's arcs each stands for.

The nodes of a hierarchy are numbered from the top, see `sweeps`. It is complete: any two nodes above a third one, and
joined to it, are joined themselves. So whatever the times are, every shortest path goes up and then down, see
`customising`. Heads rise in the list of a node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.growing import longer

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["arc_to", "complete", "slots", "sorted_rows"]


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
def arc_to(start: npt.NDArray[np.int32], head: npt.NDArray[np.int32], p: int, q: int) -> int:
    """Return the arc from p to q above it; -1 where there is none. Heads rise."""
    first, last = start[p], start[p + 1]
    while first < last:
        middle = (first + last) // 2
        if head[middle] < q:
            first = middle + 1
        else:
            last = middle
    return first if first < start[p + 1] and head[first] == q else -1


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
        found[i] = 2 * arc_to(start, head, low, high) + (0 if low == p else 1)
    return found
