"""The core of a hierarchy, or a whole network: the nearest sites of its nodes by a queue, with nothing contracted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import EMPTY, FAR, LOW, NEVER, ONE, SHIFT

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["settle_k", "settle_one"]


@numba.njit(cache=True)
def _span(
    core: int, start: npt.NDArray[np.int32], up: npt.NDArray[np.uint32], best: npt.NDArray[np.uint64]
) -> tuple[np.uint64, np.uint64]:
    """Return the least time in the core, and how much later than another in the queue a time can be."""
    least, most = np.uint64(FAR), np.uint64(0)
    for p in range(core):
        if best[p] != EMPTY:
            least = min(least, best[p] >> SHIFT)
            most = max(most, best[p] >> SHIFT)
    longest = np.uint32(0)
    for arc in range(start[core]):
        if up[arc] != NEVER:
            longest = max(longest, up[arc])
    return least, max(np.uint64(longest), max(most, least) - least)


@numba.njit(cache=True, nogil=True)
def settle_one(
    core: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    best: npt.NDArray[np.uint64],
) -> None:
    """Carry the key of each node of the core over its arcs.

    The queue is a ring of buckets, each a doubly linked list of the nodes whose time falls into it: a node stands in at
    most one. Within a bucket the order is any; a node that comes to a smaller key goes on once more.
    """
    bits = 14
    least, span = _span(core, start, up, best)
    shift = SHIFT
    while (span >> (shift - SHIFT)) + ONE >= np.uint64(2**bits):
        shift += ONE
    mask = np.uint64(2**bits - 1)
    first = np.full(2**bits, -1, np.int32)
    after = np.full(core, -1, np.int32)
    before = np.full(core, -1, np.int32)
    where = np.full(core, -1, np.int32)
    waiting = 0
    for p in range(core):
        if best[p] != EMPTY:
            bucket = np.int32((best[p] >> shift) & mask)
            after[p] = first[bucket]
            if first[bucket] >= 0:
                before[first[bucket]] = p
            first[bucket] = p
            where[p] = bucket
            waiting += 1
    current = np.int32((least << SHIFT >> shift) & mask)
    while waiting > 0:
        p = first[current]
        if p < 0:
            current = np.int32((np.uint64(current) + ONE) & mask)
            continue
        first[current] = after[p]
        if after[p] >= 0:
            before[after[p]] = -1
        where[p] = -1
        waiting -= 1
        for arc in range(start[p], start[p + 1]):
            other = head[arc]
            there = best[p] + (np.uint64(up[arc]) << SHIFT)
            if there >= best[other]:
                continue
            best[other] = there
            bucket = np.int32((there >> shift) & mask)
            old = where[other]
            if old == bucket:
                continue
            if old >= 0:
                if before[other] >= 0:
                    after[before[other]] = after[other]
                else:
                    first[old] = after[other]
                if after[other] >= 0:
                    before[after[other]] = before[other]
                waiting -= 1
            before[other] = -1
            after[other] = first[bucket]
            if first[bucket] >= 0:
                before[first[bucket]] = other
            first[bucket] = other
            where[other] = bucket
            waiting += 1


@numba.njit(cache=True, nogil=True)
def settle_k(
    core: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    best: npt.NDArray[np.uint64],
) -> None:
    """Carry the k keys of each node of the core over its arcs, nearest first; each goes on once."""
    k = best.shape[1]
    keys = np.empty(1024, np.int64)
    nodes = np.empty(1024, np.int32)
    size = np.int64(0)
    for p in range(core):
        for j in range(k):
            if best[p, j] != EMPTY:
                keys, nodes, size = push(keys, nodes, size, np.int64(best[p, j]), np.int32(p))
    while size > 0:
        key, p = np.uint64(keys[0]), nodes[0]
        size = drop_least(keys, nodes, size)
        holds = False
        for j in range(k):
            holds |= best[p, j] == key
        if not holds:
            continue
        site = key & LOW
        for arc in range(start[p], start[p + 1]):
            other = head[arc]
            there = key + (np.uint64(up[arc]) << SHIFT)
            if there >= best[other, k - 1]:
                continue
            j = 0
            while best[other, j] < there and best[other, j] & LOW != site:
                j += 1
            if best[other, j] <= there:
                continue
            keys, nodes, size = push(keys, nodes, size, np.int64(there), other)
            while True:
                moved = best[other, j]
                best[other, j] = there
                there = moved
                j += 1
                if j == k or there & LOW == site:
                    break
