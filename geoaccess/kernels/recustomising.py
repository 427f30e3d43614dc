"""A few times of a customised hierarchy that change: only the triangles above them are gone over again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.completing import arc_to
from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import NEVER

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["renew"]


@numba.njit(cache=True)
def _times(
    p: int,
    arc: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    below: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]],
    of_first: npt.NDArray[np.int32],
    of: npt.NDArray[np.int32],
    slot: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
) -> tuple[np.uint64, np.uint64]:
    """Return what an arc of p costs outward and inward: over the network's own arcs, and over nodes below."""
    leaves, comes = np.uint64(NEVER), np.uint64(NEVER)
    for i in range(of_first[arc], of_first[arc + 1]):
        if cost[of[i]] < 0:
            continue
        if slot[of[i]] & 1:
            comes = min(comes, np.uint64(cost[of[i]]))
        else:
            leaves = min(leaves, np.uint64(cost[of[i]]))
    first, tail, arcs = below
    for i in range(first[p], first[p + 1]):
        other = arc_to(start, head, tail[i], head[arc])
        if other >= 0:
            leaves = min(leaves, np.uint64(inward[arcs[i]]) + np.uint64(outward[other]))
            comes = min(comes, np.uint64(inward[other]) + np.uint64(outward[arcs[i]]))
    return leaves, comes


@numba.njit(cache=True)
def renew(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    below: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]],
    of_first: npt.NDArray[np.int32],
    of: npt.NDArray[np.int32],
    slot: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    open_arcs: npt.NDArray[np.int32],
    open_tails: npt.NDArray[np.int32],
    is_open: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Bring a customised hierarchy up to date, in place, after the costs of the network's arcs on some arcs changed.

    `below` are the arcs below each node, see `unpacking.arcs_below`; arc a of the hierarchy stands for the network's
    arcs of[of_first[a]:of_first[a + 1]]. `open_arcs`, with the nodes below them, are those whose costs changed;
    `is_open`, by arc, is clear before and after. Returns the arcs that have other times now, and those they had.
    """
    waiting, nodes, held = np.empty(64, np.int64), np.empty(64, np.int32), np.int64(0)
    for i in range(open_arcs.size):
        is_open[open_arcs[i]] = True
        waiting, nodes, held = push(waiting, nodes, held, -np.int64(open_tails[i]), open_tails[i])
    changed, count = np.empty(64, np.int32), 0
    was_outward, was_inward = np.empty(64, np.uint32), np.empty(64, np.uint32)
    while held > 0:
        p = nodes[0]
        held = drop_least(waiting, nodes, held)
        first, last = start[p], start[p + 1]
        since = count
        left, came = np.empty(last - first, np.uint64), np.empty(last - first, np.uint64)
        for arc in range(first, last):
            left[arc - first], came[arc - first] = outward[arc], inward[arc]
        for arc in range(first, last):
            if not is_open[arc]:
                continue
            is_open[arc] = False
            leaves, comes = _times(p, arc, start, head, below, of_first, of, slot, cost, outward, inward)
            if leaves == outward[arc] and comes == inward[arc]:
                continue
            if count == changed.size:
                changed = np.concatenate((changed, np.empty(count, np.int32)))
                was_outward = np.concatenate((was_outward, np.empty(count, np.uint32)))
                was_inward = np.concatenate((was_inward, np.empty(count, np.uint32)))
            changed[count], was_outward[count], was_inward[count] = arc, outward[arc], inward[arc]
            count += 1
            outward[arc], inward[arc] = leaves, comes
        for i in range(since, count):
            for other in range(first, last):
                if other == changed[i]:
                    continue
                a, c = max(changed[i], other), min(changed[i], other)  # heads rise: that of a is the lower
                b = arc_to(start, head, head[a], head[c])
                if is_open[b]:
                    continue
                # Whether the way over p was the quickest between the two heads, one way or the other, or is so now.
                rose, fell = came[a - first] + left[c - first], came[c - first] + left[a - first]
                rises, falls = np.uint64(inward[a]) + outward[c], np.uint64(inward[c]) + outward[a]
                if (
                    rises < outward[b]
                    or falls < inward[b]
                    or (rose == outward[b] and rises > rose)
                    or (fell == inward[b] and falls > fell)
                ):
                    is_open[b] = True
                    waiting, nodes, held = push(waiting, nodes, held, -np.int64(head[a]), head[a])
    return changed[:count].copy(), was_outward[:count].copy(), was_inward[:count].copy()
