"""An order of a hierarchy's nodes in which what lies near in the network lies near in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.keys import LAST

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["in_parts", "near_order", "renumbered", "streamed"]


@numba.njit(cache=True)
def near_order(
    core: int, start: npt.NDArray[np.int32], head: npt.NDArray[np.int32], place: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Return a new number for each node of a hierarchy, by its number from the top; the core keeps its own.

    Sweeps only ask that every node comes after those above it. The nodes of the network are gone through by their
    numbers, and each is preceded by those above it that have not come yet: thus a sweep mostly reads what it has just
    written, and its results lie almost in the order of the network.
    """
    n = start.size - 1
    number = np.full(n, -1, np.int32)
    for p in range(core):
        number[p] = p
    count = core
    stack = np.empty(n + 1, np.int32)
    for node in range(n):
        size = 1
        stack[0] = place[node]
        while size > 0:
            p = stack[size - 1]
            if number[p] < 0:
                above = np.int32(-1)
                for arc in range(start[p], start[p + 1]):
                    if number[head[arc]] < 0:
                        above = head[arc]
                        break
                if above >= 0:
                    stack[size] = above
                    size += 1
                    continue
                number[p] = count
                count += 1
            size -= 1
    return number


@numba.njit(cache=True)
def in_parts(
    core: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    place: npt.NDArray[np.int32],
    spot: npt.NDArray[np.int32],
    number: npt.NDArray[np.int32],
    count: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return (number, parts): the order of `near_order`, put in parts of which threads can sweep all but the first.

    The nodes of the network fall into `count` runs of numbers, that of a copy being its `spot`'s. What lies above nodes
    of one run alone makes a part, which has arcs to itself and to the top only; what lies above nodes of several runs
    is the top. First come the core, nodes with nothing above them, and the top, which begins at parts[0]; then
    the others, parts[i]:parts[i + 1]. Runs of numbers are regions: of a million nodes one in a hundred is in the top.
    """
    n = start.size - 1
    below = np.zeros(n, np.int32)
    for node in range(n):
        below[place[node]] |= np.int32(1 << (np.int64(spot[node]) * count // n))
    for p in range(n - 1, core - 1, -1):
        for arc in range(start[p], start[p + 1]):
            below[head[arc]] |= below[p]
    group = np.empty(n, np.int32)
    first = np.zeros(count + 4, np.int64)
    for p in range(n):
        if p < core:
            group[p] = 0
        elif start[p] == start[p + 1]:
            group[p] = 1
        elif below[p] & (below[p] - 1):
            group[p] = 2
        else:
            group[p] = 3
            while below[p] >> (group[p] - 2):
                group[p] += 1
        first[group[p] + 1] += 1
    for i in range(count + 3):
        first[i + 1] += first[i]
    parts = first[2:].copy()
    old = np.empty(n, np.int32)
    for p in range(n):
        old[number[p]] = p
    for i in range(n):
        p = old[i]
        number[p] = first[group[p]]
        first[group[p]] += 1
    return number, parts


@numba.njit(cache=True)
def renumbered(
    number: npt.NDArray[np.int32],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return (start, head, outward, inward) with node p become number[p]."""
    n = start.size - 1
    old = np.empty(n, np.int32)
    for p in range(n):
        old[number[p]] = p
    new_start = np.zeros(n + 1, np.int32)
    new_head = np.empty(head.size, np.int32)
    new_outward = np.empty(head.size, np.uint32)
    new_inward = np.empty(head.size, np.uint32)
    filled = 0
    for q in range(n):
        for arc in range(start[old[q]], start[old[q] + 1]):
            new_head[filled] = number[head[arc]]
            new_outward[filled] = outward[arc]
            new_inward[filled] = inward[arc]
            filled += 1
        new_start[q + 1] = filled
    return new_start, new_head, new_outward, new_inward


@numba.njit(cache=True)
def streamed(start: npt.NDArray[np.int32], head: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
    """Return the heads with the highest bit set at the last arc of each node, see `Hierarchy.stream`."""
    stream = np.empty(head.size, np.uint32)
    for arc in range(head.size):
        stream[arc] = head[arc]
    for p in range(start.size - 1):
        if start[p] < start[p + 1]:
            stream[start[p + 1] - 1] |= LAST
    return stream
