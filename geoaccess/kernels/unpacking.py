"""The way itself: the quickest path through a hierarchy, and the arcs of the network behind its shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.keys import FAR, NEVER

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["arcs_below", "quickest_way"]


@numba.njit(cache=True)
def arcs_below(
    start: npt.NDArray[np.int32], head: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (first, tail, arc): p is the upper end of arcs arc[first[p]:first[p + 1]], the lower end is `tail`."""
    n = start.size - 1
    first = np.zeros(n + 1, np.int32)
    for arc in range(head.size):
        first[head[arc] + 1] += 1
    for p in range(n):
        first[p + 1] += first[p]
    filled = first[:n].copy()
    tail = np.empty(head.size, np.int32)
    arcs = np.empty(head.size, np.int32)
    for p in range(n):
        for arc in range(start[p], start[p + 1]):
            at = filled[head[arc]]
            tail[at] = p
            arcs[at] = arc
            filled[head[arc]] += 1
    return first, tail, arcs


@numba.njit(cache=True)
def _climb(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    seed_place: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return the least time to every node above the seeds, and the node below by which it is reached (or -1)."""
    n = start.size - 1
    best = np.full(n, np.int64(FAR), np.int64)
    below = np.full(n, -1, np.int32)
    low = -1
    for i in range(seed_place.size):
        best[seed_place[i]] = min(best[seed_place[i]], np.int64(seed_time[i]))
        low = max(low, seed_place[i])
    for p in range(low, -1, -1):
        if best[p] == FAR:
            continue
        for arc in range(start[p], start[p + 1]):
            if up[arc] != NEVER and best[p] + np.int64(up[arc]) < best[head[arc]]:
                best[head[arc]] = best[p] + np.int64(up[arc])
                below[head[arc]] = p
    return best, below


@numba.njit(cache=True)
def _cost(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    a: int,
    b: int,
) -> np.int64:
    """Return what the pair of a and b costs from a to b."""
    low, high = max(a, b), min(a, b)
    for arc in range(start[low], start[low + 1]):
        if head[arc] == high:
            return np.int64(outward[arc]) if low == a else np.int64(inward[arc])
    return np.int64(NEVER)


@numba.njit(cache=True)
def quickest_way(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    below: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]],
    from_place: npt.NDArray[np.int32],
    from_time: npt.NDArray[np.int32],
    to_place: npt.NDArray[np.int32],
    to_time: npt.NDArray[np.int32],
) -> tuple[np.int64, npt.NDArray[np.int32]]:
    """Return the least time from some seeds to others and the nodes on the way; FAR and none if there is no way."""
    first, tail, arcs = below
    there, under = _climb(start, head, outward, from_place, from_time)
    back, over = _climb(start, head, inward, to_place, to_time)
    least, top = np.int64(FAR), -1
    for p in range(there.size):
        if there[p] + back[p] < least:
            least, top = there[p] + back[p], p
    if top < 0:
        return least, np.empty(0, np.int32)
    to_come = [np.int32(top)]  # the next one last
    p = over[top]
    while p >= 0:
        to_come.append(p)
        p = over[p]
    to_come.reverse()
    p = under[top]
    while p >= 0:
        to_come.append(p)
        p = under[p]
    path = [to_come.pop()]
    while len(to_come) > 0:
        a, b = path[-1], to_come[-1]
        cost = _cost(start, head, outward, inward, a, b)
        between = np.int32(-1)
        for i in range(first[a], first[a + 1]):
            m = tail[i]
            if m <= b or inward[arcs[i]] > cost:
                continue
            if np.int64(inward[arcs[i]]) + _cost(start, head, outward, inward, m, b) == cost:
                between = m
                break
        if between >= 0:
            to_come.append(between)
        else:  # no node below joins the two: this is an arc of the network
            path.append(to_come.pop())
    return least, np.array(path)
