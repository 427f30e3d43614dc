"""Searches on a bare graph: times between points, and the tree of one; and the nearest sites of points along edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import EMPTY, FAR, LOW, SHIFT
from geoaccess.kernels.rows import BEYOND

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["finish_nearest", "matrix", "offer_each", "tree", "without_dead_ends"]

_SIEVE = 2**15 - 1
"""By so many lower bits of an edge most cells are known to have no site on theirs, without looking for one."""


@numba.njit(cache=True)
def _offer(keys: npt.NDArray[np.uint64], key: np.uint64) -> None:
    """Put a key into a row of k sorted keys of distinct sites where it belongs, if it does."""
    last = keys.size - 1
    if key >= keys[last] or key >= BEYOND:
        return
    for j in range(last):
        if keys[j] & LOW == key & LOW:
            if keys[j] <= key:
                return
            last = j
            break
    while last > 0 and keys[last - 1] > key:
        keys[last] = keys[last - 1]
        last -= 1
    keys[last] = key


@numba.njit(cache=True)
def finish_nearest(
    node_keys: npt.NDArray[np.uint64],
    cell_edge: npt.NDArray[np.int32],
    cell_u: npt.NDArray[np.int32],
    cell_v: npt.NDArray[np.int32],
    cell_leg_u: npt.NDArray[np.int32],
    cell_leg_v: npt.NDArray[np.int32],
    cell_off: npt.NDArray[np.int32],
    cell_up: npt.NDArray[np.int32],
    cell_down: npt.NDArray[np.int32],
    site_edge: npt.NDArray[np.int32],
    site_number: npt.NDArray[np.int32],
    site_off: npt.NDArray[np.int32],
    site_up: npt.NDArray[np.int32],
    site_down: npt.NDArray[np.int32],
) -> npt.NDArray[np.uint64]:
    """Carry the k nearest of the nodes over to cells that lie along edges: keys, shape (n_cells, k).

    A cell reaches a site over either end of its edge, at the cost of the leg to it (negative is closed), or, when the
    site lies on the same edge, along that edge: upward (u to v) from the smaller `up` to the larger, downward from the
    larger `down` to the smaller. Sites are sorted by edge. The cell's own off-network time is added to all.
    """
    n = cell_edge.size
    k = node_keys.shape[1]
    keys = np.full((n, k), EMPTY, np.uint64)
    may_hold = np.zeros(_SIEVE + 1, np.bool_)  # whether a site is on an edge with these lower bits
    for edge in site_edge:
        may_hold[edge & _SIEVE] = True
    for i in range(n):
        if cell_edge[i] < 0:
            continue
        for end in range(2):
            leg = cell_leg_u[i] if end == 0 else cell_leg_v[i]
            node = cell_u[i] if end == 0 else cell_v[i]
            if leg < 0:
                continue
            add = np.uint64(leg + cell_off[i]) << SHIFT
            for j in range(k):
                if node_keys[node, j] != EMPTY:
                    _offer(keys[i], node_keys[node, j] + add)
        if not may_hold[cell_edge[i] & _SIEVE]:
            continue
        at = np.searchsorted(site_edge, cell_edge[i])
        while at < site_edge.size and site_edge[at] == cell_edge[i]:
            number = np.uint64(site_number[at])
            if cell_up[i] >= 0 and site_up[at] >= cell_up[i]:
                time = site_up[at] - cell_up[i] + site_off[at] + cell_off[i]
                _offer(keys[i], (np.uint64(time) << SHIFT) | number)
            if site_down[at] >= 0 and cell_down[i] >= site_down[at]:
                time = cell_down[i] - site_down[at] + site_off[at] + cell_off[i]
                _offer(keys[i], (np.uint64(time) << SHIFT) | number)
            at += 1
    return keys


@numba.njit(cache=True)
def offer_each(
    keys: npt.NDArray[np.uint64],
    row: npt.NDArray[np.int32],
    number: npt.NDArray[np.int32],
    time: npt.NDArray[np.int32],
) -> None:
    """Put further sites into rows of k sorted keys where they belong: a row, the number of a site and its time each."""
    for i in range(row.size):
        _offer(keys[row[i]], (np.uint64(time[i]) << SHIFT) | np.uint64(number[i]))


@numba.njit(cache=True)
def without_dead_ends(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    needed: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (start, head, cost, rank) of the arcs left when roads that lead to no needed node are cut back.

    A node with a single neighbour that is not needed falls away, again and again: no shortest path between needed
    nodes goes there. `rank` is the new number of each node, -1 where it fell away.
    """
    n = start.size - 1
    neighbours = np.zeros(n, np.int32)  # counted with both directions of every arc
    total = np.zeros(n, np.int64)  # their sum; of a single neighbour it is the neighbour
    gone = np.zeros(n, np.bool_)
    for node in range(n):
        for arc in range(start[node], start[node + 1]):
            other = head[arc]
            if other != node:
                neighbours[node] += 1
                neighbours[other] += 1
                total[node] += other
                total[other] += node
    stack = np.empty(n, np.int32)
    for first in range(n):
        size = 1
        stack[0] = first
        while size > 0:
            size -= 1
            node = stack[size]
            if gone[node] or needed[node] or neighbours[node] == 0 or total[node] % neighbours[node] != 0:
                continue
            other = total[node] // neighbours[node]
            single = True
            ties = 0
            for arc in range(start[node], start[node + 1]):
                if not gone[head[arc]] and head[arc] != node:
                    single &= head[arc] == other
                    ties += 1
            for arc in range(start[other], start[other + 1]):
                ties += head[arc] == node
            if not single or ties != neighbours[node]:
                continue
            gone[node] = True
            neighbours[other] -= neighbours[node]
            total[other] -= np.int64(node) * neighbours[node]
            stack[size] = other
            size += 1
    rank = np.full(n, -1, np.int32)
    kept = 0
    for node in range(n):
        if not gone[node]:
            rank[node] = kept
            kept += 1
    new_start = np.zeros(kept + 1, np.int32)
    new_head = np.empty(head.size, np.int32)
    new_cost = np.empty(head.size, np.int32)
    filled = 0
    for node in range(n):
        if gone[node]:
            continue
        for arc in range(start[node], start[node + 1]):
            if not gone[head[arc]]:
                new_head[filled] = rank[head[arc]]
                new_cost[filled] = cost[arc]
                filled += 1
        new_start[rank[node] + 1] = filled
    return new_start, new_head[:filled].copy(), new_cost[:filled].copy(), rank


@numba.njit(cache=True, parallel=True)
def matrix(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    from_u: npt.NDArray[np.int32],
    from_v: npt.NDArray[np.int32],
    leave_u: npt.NDArray[np.uint32],
    leave_v: npt.NDArray[np.uint32],
    to_u: npt.NDArray[np.int32],
    to_v: npt.NDArray[np.int32],
    arrive_u: npt.NDArray[np.uint32],
    arrive_v: npt.NDArray[np.uint32],
    furthest: int,
    blocks: int,
    found: npt.NDArray[np.uint32],
) -> None:
    """Write the times from every source to every target along the arcs into `found`, shape (n_targets, n_sources).

    A source begins at from_u after leave_u and at from_v after leave_v (NEVER is closed), a target likewise ends. What
    is not found within `furthest` is FAR. One bounded Dijkstra search per source; the sources are shared out in
    `blocks`, each with one array over the nodes.
    """
    n = start.size - 1
    for block in numba.prange(blocks):
        best = np.full(n, FAR, np.int32)
        touched = np.empty(n, np.int32)
        keys = np.empty(1024, np.int64)
        nodes = np.empty(1024, np.int32)
        for i in range(block, from_u.size, blocks):
            size, n_touched = np.int64(0), 0
            for end in range(2):
                node = from_u[i] if end == 0 else from_v[i]
                time = np.int64(leave_u[i] if end == 0 else leave_v[i])
                if time <= furthest and time < best[node]:
                    if best[node] == FAR:
                        touched[n_touched] = node
                        n_touched += 1
                    best[node] = time
                    keys, nodes, size = push(keys, nodes, size, time, node)
            while size > 0:
                time, node = keys[0], nodes[0]
                size = drop_least(keys, nodes, size)
                if time > best[node]:
                    continue
                for arc in range(start[node], start[node + 1]):
                    other = head[arc]
                    there = time + cost[arc]
                    if there <= furthest and there < best[other]:
                        if best[other] == FAR:
                            touched[n_touched] = other
                            n_touched += 1
                        best[other] = there
                        keys, nodes, size = push(keys, nodes, size, there, other)
            for j in range(to_u.size):
                least = min(
                    np.int64(best[to_u[j]]) + np.int64(arrive_u[j]), np.int64(best[to_v[j]]) + np.int64(arrive_v[j])
                )
                found[j, i] = min(least, np.int64(FAR))
            for j in range(n_touched):
                best[touched[j]] = FAR


@numba.njit(cache=True)
def tree(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the least time to every node from the seeds, and the node and arc before it (-1 where there is none)."""
    n = start.size - 1
    best = np.full(n, FAR, np.int32)
    before = np.full(n, -1, np.int32)
    by_arc = np.full(n, -1, np.int32)
    keys = np.empty(1024, np.int64)
    nodes = np.empty(1024, np.int32)
    size = np.int64(0)
    for i in range(seed_node.size):
        if seed_time[i] < best[seed_node[i]]:
            best[seed_node[i]] = seed_time[i]
            keys, nodes, size = push(keys, nodes, size, np.int64(seed_time[i]), seed_node[i])
    while size > 0:
        time, node = keys[0], nodes[0]
        size = drop_least(keys, nodes, size)
        if time > best[node]:
            continue
        for arc in range(start[node], start[node + 1]):
            there = time + cost[arc]
            if there < best[head[arc]]:
                best[head[arc]] = there
                before[head[arc]] = node
                by_arc[head[arc]] = arc
                keys, nodes, size = push(keys, nodes, size, there, head[arc])
    return best, before, by_arc
