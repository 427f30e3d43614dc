"""Questions to a hierarchy: up from the places asked about, then once down over all that is asked for.

A hierarchy numbers its nodes from the top. Node p has arcs start[p]:start[p + 1], each with the node above it (`head`),
the cost to that node (`outward`) and from it (`inward`), NEVER where no way leads. The first `core` nodes are not
contracted: their arcs lead to each other, and a search goes between up and down.

`up` is what going up pays, `down` what going down pays. For times to sites these are `inward` and `outward`: the sites
are climbed from against the traffic. For times from places they change roles.

Delling, Goldberg, Nowatzyk and Werneck (2011), PHAST, IPDPS 2011, 921-931.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import EMPTY, FAR, LOW, NEVER, ONE, SHIFT

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["along_edges", "k_nearest", "lanes", "nearest", "pick", "restrict", "trees"]


@numba.njit(cache=True)
def _merge(best: npt.NDArray[np.uint64], into: np.uint64, other: np.uint64, cost: np.uint32, k: np.uint64) -> None:
    """Put k keys, from `other` on and later by a cost, among those from `into` on: sorted, each site once.

    Places in `best` are unsigned, so that none is taken for one counted from the end.
    """
    add = np.uint64(cost) << SHIFT
    last = into + k - ONE
    for i in range(k):
        key = best[other + i] + add
        if key >= best[last]:
            return
        site = key & LOW
        at = into
        while best[at] < key and best[at] & LOW != site:
            at += ONE
        if best[at] < key:
            continue  # the site stands there already, nearer
        while True:  # the later ones move on, up to where the site stood
            moved = best[at]
            best[at] = key
            key = moved
            if at == last or key & LOW == site:
                break
            at += ONE


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


@numba.njit(cache=True)
def _settle_one(
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


@numba.njit(cache=True)
def _settle(
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


@numba.njit(cache=True)
def nearest(
    core: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    down: npt.NDArray[np.uint32],
    place: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
) -> npt.NDArray[np.uint64]:
    """Return the key of the nearest site of every node, by node number: shape (n_nodes, 1)."""
    n = start.size - 1
    best = np.full(n, EMPTY, np.uint64)
    low = -1
    for i in range(seed_node.size):
        p = place[seed_node[i]]
        best[p] = min(best[p], seed_key[i])
        low = max(low, p)
    for p in range(low, core - 1, -1):
        if best[p] != EMPTY:
            for arc in range(start[p], start[p + 1]):
                best[head[arc]] = min(best[head[arc]], best[p] + (np.uint64(up[arc]) << SHIFT))
    if core > 0:
        _settle_one(core, start, head, up, best)
    for p in range(core, n):
        key = best[p]
        for arc in range(start[p], start[p + 1]):
            key = min(key, best[head[arc]] + (np.uint64(down[arc]) << SHIFT))
        best[p] = key
    found = np.empty((n, 1), np.uint64)
    for node in range(n):
        found[node, 0] = best[place[node]]
    return found


@numba.njit(cache=True)
def k_nearest(
    core: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    down: npt.NDArray[np.uint32],
    place: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    k: int,
) -> npt.NDArray[np.uint64]:
    """Return the keys of the k nearest distinct sites of every node, by node number: shape (n_nodes, k)."""
    n = start.size - 1
    wide = np.uint64(k)
    best = np.full((n + 1, k), EMPTY, np.uint64)  # the last row holds a seed while it is put in
    row = best.reshape((n + 1) * k)
    low = -1
    for i in range(seed_node.size):
        p = place[seed_node[i]]
        best[n, 0] = seed_key[i]
        _merge(row, np.uint64(p) * wide, np.uint64(n) * wide, np.uint32(0), wide)
        low = max(low, p)
    for p in range(low, core - 1, -1):
        if best[p, 0] != EMPTY:
            for arc in range(start[p], start[p + 1]):
                _merge(row, np.uint64(head[arc]) * wide, np.uint64(p) * wide, up[arc], wide)
    if core > 0:
        _settle(core, start, head, up, best)
    for p in range(core, n):
        into = np.uint64(p) * wide
        first = start[p]
        if best[p, 0] == EMPTY and first < start[p + 1]:
            other = np.uint64(head[first]) * wide
            for i in range(wide):
                row[into + i] = min(row[other + i] + (np.uint64(down[first]) << SHIFT), EMPTY)
            first += 1
        for arc in range(first, start[p + 1]):
            _merge(row, into, np.uint64(head[arc]) * wide, down[arc], wide)
    found = np.empty((n, k), np.uint64)
    for node in range(n):
        for j in range(k):
            found[node, j] = best[place[node], j]
    return found


@numba.njit(cache=True)
def restrict(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    wanted: npt.NDArray[np.bool_],
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint32],
    npt.NDArray[np.int32],
]:
    """Return (start, head, outward, inward, rank) of the part of a hierarchy without core that lies above the wanted.

    `rank` is the new number of each node, -1 where it is left out. `wanted`, by place, is added to.
    """
    n = start.size - 1
    arcs = 0
    for p in range(n - 1, -1, -1):
        if wanted[p]:
            arcs += start[p + 1] - start[p]
            for arc in range(start[p], start[p + 1]):
                wanted[head[arc]] = True
    rank = np.full(n, -1, np.int32)
    kept = 0
    for p in range(n):
        if wanted[p]:
            rank[p] = kept
            kept += 1
    new_start = np.zeros(kept + 1, np.int32)
    new_head = np.empty(arcs, np.int32)
    new_outward = np.empty(arcs, np.uint32)
    new_inward = np.empty(arcs, np.uint32)
    filled = 0
    for p in range(n):
        if wanted[p]:
            for arc in range(start[p], start[p + 1]):
                new_head[filled] = rank[head[arc]]
                new_outward[filled] = outward[arc]
                new_inward[filled] = inward[arc]
                filled += 1
            new_start[rank[p] + 1] = filled
    return new_start, new_head, new_outward, new_inward, rank


@numba.njit(cache=True)
def _lower(best: npt.NDArray[np.uint32], into: np.uint64, other: np.uint64, cost: np.uint32, width: np.uint64) -> None:
    """Lower the times from `into` on to those from `other` on and a cost.

    Places are unsigned, the width no constant and the array flat: only then is this loop vectorised.
    """
    for lane in range(width):
        there = np.uint32(best[other + lane] + cost)
        here = best[into + lane]
        best[into + lane] = min(here, there)


@numba.njit(cache=True)
def _climb(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    seed_first: npt.NDArray[np.int64],
    seed_place: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.uint32],
    first: int,
    many: int,
    width: np.uint64,
    best: npt.NDArray[np.uint32],
    seen: npt.NDArray[np.bool_],
) -> None:
    """Go up from the seeds of `many` sources from `first` on, a lane each; mark what is `seen`."""
    low = -1
    for lane in range(many):
        for seed in range(seed_first[first + lane], seed_first[first + lane + 1]):
            p = seed_place[seed]
            into = np.uint64(p) * width
            if not seen[p]:
                seen[p] = True
                for i in range(width):
                    best[into + i] = FAR
            at = into + np.uint64(lane)
            best[at] = min(best[at], seed_time[seed])
            low = max(low, p)
    for p in range(low, -1, -1):
        if not seen[p]:
            continue
        for arc in range(start[p], start[p + 1]):
            if up[arc] == NEVER:
                continue
            into = np.uint64(head[arc]) * width
            if not seen[head[arc]]:
                seen[head[arc]] = True
                for i in range(width):
                    best[into + i] = FAR
            _lower(best, into, np.uint64(p) * width, up[arc], width)


@numba.njit(cache=True)
def _descend(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    down: npt.NDArray[np.uint32],
    width: np.uint64,
    best: npt.NDArray[np.uint32],
    seen: npt.NDArray[np.bool_],
) -> None:
    """Go down over all nodes; what was `seen` holds times already, and is no longer marked afterwards."""
    for p in range(start.size - 1):
        into = np.uint64(p) * width
        if not seen[p]:
            for i in range(width):
                best[into + i] = FAR
        seen[p] = False
        for arc in range(start[p], start[p + 1]):
            _lower(best, into, np.uint64(head[arc]) * width, down[arc], width)


@numba.njit(cache=True)
def _copy_rows(
    place: npt.NDArray[np.int32],
    width: np.uint64,
    best: npt.NDArray[np.uint32],
    first: int,
    many: int,
    found: npt.NDArray[np.uint32],
) -> None:
    """Write the times of every node into the columns of `many` sources from `first` on."""
    flat = found.reshape(found.size)
    lanes = np.uint64(many)
    for node in range(place.size):
        into = np.uint64(node) * np.uint64(found.shape[1]) + np.uint64(first)
        at = np.uint64(place[node]) * width
        for lane in range(lanes):
            flat[into + lane] = best[at + lane]


@numba.njit(cache=True, parallel=True)
def trees(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    down: npt.NDArray[np.uint32],
    place: npt.NDArray[np.int32],
    seed_first: npt.NDArray[np.int64],
    seed_place: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.uint32],
    width: int,
    best: npt.NDArray[np.uint32],
    found: npt.NDArray[np.uint32],
) -> None:
    """Write the times from every source to every node into `found`, shape (n_nodes, n_sources); see `lanes`."""
    n = start.size - 1
    sources = seed_first.size - 1
    blocks = best.shape[0]
    for block in numba.prange(blocks):
        seen = np.zeros(n, np.bool_)
        mine = best[block]
        for first in range(block * width, sources, blocks * width):
            many = min(width, sources - first)
            wide = np.uint64(width)
            _climb(start, head, up, seed_first, seed_place, seed_time, first, many, wide, mine, seen)
            _descend(start, head, down, wide, mine, seen)
            _copy_rows(place, wide, mine, first, many, found)


@numba.njit(cache=True)
def _collect(
    to_u: npt.NDArray[np.int32],
    to_v: npt.NDArray[np.int32],
    add_u: npt.NDArray[np.uint32],
    add_v: npt.NDArray[np.uint32],
    width: np.uint64,
    best: npt.NDArray[np.uint32],
    first: int,
    many: int,
    found: npt.NDArray[np.uint32],
) -> None:
    """Write the times at the targets into the columns of `many` sources from `first` on."""
    far = np.uint32(FAR)
    flat = found.reshape(found.size)
    lanes = np.uint64(many)
    for j in range(to_u.size):
        into = np.uint64(j) * np.uint64(found.shape[1]) + np.uint64(first)
        u = np.uint64(to_u[j]) * width
        if to_v[j] < 0:
            for lane in range(lanes):
                there = np.uint32(best[u + lane] + add_u[j])
                flat[into + lane] = min(far, there)
        else:
            v = np.uint64(to_v[j]) * width
            for lane in range(lanes):
                by_u = np.uint32(best[u + lane] + add_u[j])
                by_v = np.uint32(best[v + lane] + add_v[j])
                there = min(by_v, by_u)
                flat[into + lane] = min(far, there)


@numba.njit(cache=True, parallel=True)
def lanes(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    down: npt.NDArray[np.uint32],
    seed_first: npt.NDArray[np.int64],
    seed_place: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.uint32],
    to_u: npt.NDArray[np.int32],
    to_v: npt.NDArray[np.int32],
    add_u: npt.NDArray[np.uint32],
    add_v: npt.NDArray[np.uint32],
    width: int,
    best: npt.NDArray[np.uint32],
    found: npt.NDArray[np.uint32],
) -> None:
    """Write the times from every source to every target into `found`, shape (n_targets, n_sources); FAR out of reach.

    Source i begins at seed_place[seed_first[i]:seed_first[i + 1]]; target j is reached over to_u[j] at a cost of
    add_u[j] or over to_v[j] at add_v[j]. The sources go through the hierarchy (without core)
    `width` at a time, side by side; each row of `best`, room for (n_nodes, width) times, is for one thread.
    """
    n = start.size - 1
    sources = seed_first.size - 1
    blocks = best.shape[0]
    for block in numba.prange(blocks):
        seen = np.zeros(n, np.bool_)
        mine = best[block]
        for first in range(block * width, sources, blocks * width):
            many = min(width, sources - first)
            wide = np.uint64(width)
            _climb(start, head, up, seed_first, seed_place, seed_time, first, many, wide, mine, seen)
            _descend(start, head, down, wide, mine, seen)
            _collect(to_u, to_v, add_u, add_v, wide, mine, first, many, found)


@numba.njit(cache=True)
def pick(
    found: npt.NDArray[np.uint32], furthest: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint32]]:
    """Return row, column and value of all entries up to `furthest`, row by row."""
    count = 0
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            count += found[i, j] <= furthest
    row, column, value = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.uint32)
    at = 0
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            if found[i, j] <= furthest:
                row[at], column[at], value[at] = i, j, found[i, j]
                at += 1
    return row, column, value


@numba.njit(cache=True)
def along_edges(
    found: npt.NDArray[np.uint32],
    target_edge: npt.NDArray[np.int32],
    target_up: npt.NDArray[np.int32],
    target_down: npt.NDArray[np.int32],
    target_off: npt.NDArray[np.int32],
    source_edge: npt.NDArray[np.int32],
    source_up: npt.NDArray[np.int32],
    source_down: npt.NDArray[np.int32],
    source_off: npt.NDArray[np.int32],
    column: npt.NDArray[np.int32],
    turned: bool,  # noqa: FBT001 -- numba knows no keyword-only arguments
) -> None:
    """Lower the times in `found`, shape (n_targets, n_sources), between points of one edge to those along that edge.

    Sources are sorted by edge, `column` is where each stands. Travel is from source to target, or `turned` round.
    """
    for i in range(target_edge.size):
        if target_edge[i] < 0:
            continue
        at = np.searchsorted(source_edge, target_edge[i])
        while at < source_edge.size and source_edge[at] == target_edge[i]:
            off = target_off[i] + source_off[at]
            ahead = target_up[i] - source_up[at]
            behind = source_down[at] - target_down[i]
            if turned:
                ahead, behind = -ahead, -behind
            if min(target_up[i], source_up[at]) >= 0 and ahead >= 0:
                found[i, column[at]] = min(found[i, column[at]], np.uint32(ahead + off))
            if min(target_down[i], source_down[at]) >= 0 and behind >= 0:
                found[i, column[at]] = min(found[i, column[at]], np.uint32(behind + off))
            at += 1
