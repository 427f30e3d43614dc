"""Closing one thing after the other over a nearest field: only what leans on it is looked at.

A closing costs what it touches: the nodes behind it and the cells along their streets. Nothing here looks at all cells,
sites or nodes for one closing; each thread has a field of its own, which is as before after each closing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels import heap
from geoaccess.kernels.cells import LEG, NODE, OFF
from geoaccess.kernels.keys import EMPTY, FAR, SHIFT
from geoaccess.kernels.rows import BEYOND
from geoaccess.kernels.sums import pairwise_sum

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CELLS", "CUT_OFF", "DELAYED", "LONGEST", "OVER", "PERSON_DS", "close_each", "touched_by_each"]

DELAYED, CUT_OFF, CELLS, PERSON_DS, LONGEST, OVER = 0, 1, 2, 3, 4, 5
"""Columns of what a closing does; the people over each norm follow on `OVER`."""


_FIRST = np.int64(0)
"""A number written as it is would be compiled for on its own."""
_BOTH = np.int64(3)
"""A cell keeps the ends of its edge: 1 for u, 2 for v, and the sum of what it keeps."""


@numba.njit(cache=True)
def _total(values: npt.NDArray[np.float64], n: int) -> float:
    """Return the sum of the first n values; of none it is 0, and not the -0 that adds nothing to any number."""
    total: float = 0.0 + pairwise_sum(values, _FIRST, n)
    return total


@numba.njit(cache=True)
def _touched_cells(
    nodes: npt.NDArray[np.int32],
    count: int,
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    beside: npt.NDArray[np.int32],
    seen: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int32]:
    """Return the cells that can be left to some nodes, and those `beside`, each once, sorted.

    `seen` is clear before and after.
    """
    most = beside.size
    for i in range(count):
        most += first[nodes[i] + 1] - first[nodes[i]]
    cells = np.empty(most, np.int32)
    n = beside.size
    for i in range(n):
        cells[i] = beside[i]
        seen[beside[i]] = True
    for i in range(count):
        for at in range(first[nodes[i]], first[nodes[i] + 1]):
            if not seen[listed[at]]:
                seen[listed[at]] = True
                cells[n] = listed[at]
                n += 1
    cells = cells[:n].copy()
    for i in range(n):
        seen[cells[i]] = False
    cells.sort()
    return cells


@numba.njit(cache=True)
def _time(keys: npt.NDArray[np.uint64], row: npt.NDArray[np.int32], direct: int, keeps: int) -> np.int64:
    """Return the time of a cell by the ends that it keeps, of which `direct` is that without passing any node."""
    least = np.int64(direct)
    for end in range(2):
        key = keys[row[NODE + end]]
        if (keeps >> end) & 1 and row[LEG + end] >= 0 and key != EMPTY:
            least = min(least, np.int64(key >> SHIFT) + row[LEG + end] + row[OFF])
    return least


@numba.njit(cache=True)
def _count(
    cells: npt.NDArray[np.int32],
    keys: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.int32],
    direct: npt.NDArray[np.int32],
    before: npt.NDArray[np.int32],
    people: npt.NDArray[np.float64],
    limits: npt.NDArray[np.float64],
    beside: npt.NDArray[np.int32],
    keeps: npt.NDArray[np.int8],
    found: npt.NDArray[np.float64],
) -> None:
    """Write down what a closing does to the people of the cells that it touches, those `beside` among them."""
    n = cells.size
    after = np.empty(n, np.int64)
    some, delay = np.empty(n, np.float64), np.empty(n, np.float64)
    n_some = at = 0
    for i in range(n):
        cell = cells[i]
        ends = _BOTH
        if at < beside.size and beside[at] == cell:
            ends = np.int64(keeps[at])
            at += 1
        was, now = np.int64(before[cell]), _time(keys, rows[cell], direct[cell], ends)
        after[i] = now
        delay[i] = 0.0
        if was < FAR and was < now:
            found[CELLS] += people[cell] > 0
            if now < FAR:
                some[n_some] = people[cell]
                n_some += 1
                delay[i] = people[cell] * (now - was)
                found[LONGEST] = max(found[LONGEST], np.float64(now - was))
    found[DELAYED] = _total(some, n_some)
    found[PERSON_DS] = _total(delay, n)
    n_some = 0
    for i in range(n):
        if before[cells[i]] < FAR and after[i] >= FAR:
            some[n_some] = people[cells[i]]
            n_some += 1
    found[CUT_OFF] = _total(some, n_some)
    for number in range(limits.shape[0]):
        n_some = 0
        for i in range(n):
            was, limit = before[cells[i]], limits[number, cells[i]]
            if was < FAR and was <= limit and after[i] > limit:
                some[n_some] = people[cells[i]]
                n_some += 1
        found[OVER + number] = _total(some, n_some)


@numba.njit(cache=True)
def _lost(
    keys: npt.NDArray[np.uint64],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    tails: npt.NDArray[np.int32],
    arcs: npt.NDArray[np.int32],
    begin: int,
    end: int,
    lost_node: npt.NDArray[np.int32],
    lost_key: npt.NDArray[np.uint64],
    n: int,
) -> int:
    """Put the keys that heads of some arcs hold by them behind n others; return how many there are."""
    for i in range(begin, end):
        key = keys[tails[i]]
        there = key + (np.uint64(cost[arcs[i]]) << SHIFT)
        if key != EMPTY and there < BEYOND and keys[head[arcs[i]]] == there:
            lost_node[n], lost_key[n] = head[arcs[i]], there
            n += 1
    return n


@numba.njit(cache=True)
def _dropped(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    lost_node: npt.NDArray[np.int32],
    lost_key: npt.NDArray[np.uint64],
    n: int,
    nodes: npt.NDArray[np.int32],
    old: npt.NDArray[np.uint64],
) -> int:
    """Empty the n nodes that lost their key and all that lean on them, as `updates.renew` does; return how many.

    `nodes` and `old` say which, and what they held: they are the queue of the search, too.
    """
    count = 0
    for i in range(n):
        if keys[lost_node[i]] == lost_key[i]:
            nodes[count], old[count] = lost_node[i], lost_key[i]
            keys[lost_node[i]] = EMPTY
            count += 1
    at = 0
    while at < count:
        node, key = nodes[at], old[at]
        at += 1
        for arc in range(start[node], start[node + 1]):
            there = key + (np.uint64(cost[arc]) << SHIFT)
            if keys[head[arc]] == there:
                nodes[count], old[count] = head[arc], there
                keys[head[arc]] = EMPTY
                count += 1
    return count


@numba.njit(cache=True)
def _refill(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    nodes: npt.NDArray[np.int32],
    count: int,
) -> None:
    """Fill some empty nodes, the least key first: from around, by their own seeds and by each other.

    With one key for each node: no row to look through, and of what comes from around only the least can stay.
    """
    most = count  # each node is put in once from around, and once by each arc that comes to it
    for i in range(count):
        most += start[nodes[i] + 1] - start[nodes[i]]
    waiting, at, size = np.empty(most, np.int64), np.empty(most, np.int32), np.int64(0)
    for i in range(count):
        node, least = nodes[i], BEYOND
        for arc in range(back_start[node], back_start[node + 1]):
            key = keys[back_head[arc]]
            if key != EMPTY:
                least = min(least, key + (np.uint64(back_cost[arc]) << SHIFT))
        seed = np.searchsorted(seed_node, node)
        while seed < seed_node.size and seed_node[seed] == node:
            least = min(least, seed_key[seed])
            seed += 1
        if least < BEYOND:
            size = heap.put(waiting, at, size, np.int64(least), node)
    while size > 0:
        key, node = np.uint64(waiting[0]), at[0]
        size = heap.drop_least(waiting, at, size)
        if keys[node] != EMPTY:
            continue
        keys[node] = key
        for arc in range(start[node], start[node + 1]):
            there = key + (np.uint64(cost[arc]) << SHIFT)
            if keys[head[arc]] == EMPTY and there < BEYOND:
                size = heap.put(waiting, at, size, np.int64(there), head[arc])


@numba.njit(cache=True)
def _close(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
    edge_first: npt.NDArray[np.int32],
    edge_tail: npt.NDArray[np.int32],
    edge_arc: npt.NDArray[np.int32],
    back_first: npt.NDArray[np.int32],
    back_arc: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    edges: npt.NDArray[np.int32],
    beside: npt.NDArray[np.int32],
    nodes: npt.NDArray[np.int32],
    old: npt.NDArray[np.uint64],
    seen: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int32], int]:
    """Close some edges; return the cells to look at, sorted, and how many nodes `_open` has to set back.

    The costs are those from before already.
    """
    most = 0
    for edge in edges:
        most += edge_first[edge + 1] - edge_first[edge]
    lost_node, lost_key = np.empty(most, np.int32), np.empty(most, np.uint64)
    n = 0
    for edge in edges:
        n = _lost(keys, head, cost, edge_tail, edge_arc, edge_first[edge], edge_first[edge + 1], lost_node, lost_key, n)
    if n == 0:
        return beside.copy(), 0
    open_cost, open_back = np.empty(most, np.int32), np.empty(most, np.int32)
    n_open = n_back = 0
    for edge in edges:
        for i in range(edge_first[edge], edge_first[edge + 1]):
            open_cost[n_open] = cost[edge_arc[i]]
            cost[edge_arc[i]] = FAR
            n_open += 1
        for i in range(back_first[edge], back_first[edge + 1]):
            open_back[n_back] = back_cost[back_arc[i]]
            back_cost[back_arc[i]] = FAR
            n_back += 1
    count = _dropped(keys, start, head, cost, lost_node, lost_key, n, nodes, old)
    _refill(keys, start, head, cost, back_start, back_head, back_cost, seed_node, seed_key, nodes, count)
    n_open = n_back = 0
    for edge in edges:
        for i in range(edge_first[edge], edge_first[edge + 1]):
            cost[edge_arc[i]] = open_cost[n_open]
            n_open += 1
        for i in range(back_first[edge], back_first[edge + 1]):
            back_cost[back_arc[i]] = open_back[n_back]
            n_back += 1
    return _touched_cells(nodes, count, first, listed, beside, seen), count


@numba.njit(cache=True)
def _open(keys: npt.NDArray[np.uint64], nodes: npt.NDArray[np.int32], old: npt.NDArray[np.uint64], count: int) -> None:
    """Set the keys back that `_close` changed."""
    for i in range(count):
        keys[nodes[i]] = old[i]


@numba.njit(cache=True, parallel=True)
def close_each(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
    edge_first: npt.NDArray[np.int32],
    edge_tail: npt.NDArray[np.int32],
    edge_arc: npt.NDArray[np.int32],
    back_first: npt.NDArray[np.int32],
    back_arc: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    direct: npt.NDArray[np.int32],
    before: npt.NDArray[np.int32],
    people: npt.NDArray[np.float64],
    limits: npt.NDArray[np.float64],
    unit_first: npt.NDArray[np.int64],
    unit_edge: npt.NDArray[np.int32],
    beside_first: npt.NDArray[np.int64],
    beside_cell: npt.NDArray[np.int32],
    beside_keeps: npt.NDArray[np.int8],
    nodes: npt.NDArray[np.int32],
    old: npt.NDArray[np.uint64],
    seen: npt.NDArray[np.bool_],
    found: npt.NDArray[np.float64],
) -> None:
    """Close unit_edge[unit_first[i]:unit_first[i + 1]] for each unit i, and write what that does into found[i].

    `keys`, `cost`, `back_cost`, `nodes`, `old` and `seen` have a first axis of one field per thread; all are
    after it as they were before. The arcs of edge e are edge_arc[edge_first[e]:edge_first[e + 1]] and come out of
    `edge_tail`; `back_arc` are those of the arcs turned round. Seeds are sorted by node. `direct` is the time of each
    cell to a site beside it or on its edge, `before` its time, `limits` its norms (a row for each); `found` has 0
    everywhere.

    Unit i leaves some cells along its edges no more than some ends of them: those from beside_first[i] to before
    beside_first[i + 1] of `beside_cell`, sorted, keep `beside_keeps`: 1 for u, 2 for v, 3 for both.
    """
    blocks = keys.shape[0]
    for block in numba.prange(blocks):
        mine, costs, costs_back = keys[block], cost[block], back_cost[block]
        for unit in range(block, unit_first.size - 1, blocks):
            edges = unit_edge[unit_first[unit] : unit_first[unit + 1]]
            beside = beside_cell[beside_first[unit] : beside_first[unit + 1]]
            keeps = beside_keeps[beside_first[unit] : beside_first[unit + 1]]
            cells, count = _close(
                mine, start, head, costs, back_start, back_head, costs_back,
                edge_first, edge_tail, edge_arc, back_first, back_arc, seed_node, seed_key, first, listed,
                edges, beside, nodes[block], old[block], seen[block],
            )  # fmt: skip
            _count(cells, mine, rows, direct, before, people, limits, beside, keeps, found[unit])
            _open(mine, nodes[block], old[block], count)


@numba.njit(cache=True)
def touched_by_each(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
    edge_first: npt.NDArray[np.int32],
    edge_tail: npt.NDArray[np.int32],
    edge_arc: npt.NDArray[np.int32],
    back_first: npt.NDArray[np.int32],
    back_arc: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    direct: npt.NDArray[np.int32],
    unit_first: npt.NDArray[np.int64],
    unit_edge: npt.NDArray[np.int32],
    beside_first: npt.NDArray[np.int64],
    beside_cell: npt.NDArray[np.int32],
    beside_keeps: npt.NDArray[np.int8],
    nodes: npt.NDArray[np.int32],
    old: npt.NDArray[np.uint64],
    seen: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return (first, cell, time): unit i touches cell[first[i]:first[i + 1]], sorted, which have these times then.

    Arguments are as for `close_each`, but those that it has for each thread are there once.
    """
    n_units = unit_first.size - 1
    begins = np.zeros(n_units + 1, np.int64)
    cell, time = np.empty(1024, np.int32), np.empty(1024, np.int64)
    for unit in range(n_units):
        beside = beside_cell[beside_first[unit] : beside_first[unit + 1]]
        keeps = beside_keeps[beside_first[unit] : beside_first[unit + 1]]
        cells, count = _close(
            keys, start, head, cost, back_start, back_head, back_cost,
            edge_first, edge_tail, edge_arc, back_first, back_arc, seed_node, seed_key, first, listed,
            unit_edge[unit_first[unit] : unit_first[unit + 1]], beside, nodes, old, seen,
        )  # fmt: skip
        n = begins[unit]
        begins[unit + 1] = n + cells.size
        if begins[unit + 1] > cell.size:
            cell = np.concatenate((cell, np.empty(begins[unit + 1], np.int32)))
            time = np.concatenate((time, np.empty(begins[unit + 1], np.int64)))
        at = 0
        for i in range(cells.size):
            ends = _BOTH
            if at < beside.size and beside[at] == cells[i]:
                ends = np.int64(keeps[at])
                at += 1
            cell[n + i], time[n + i] = cells[i], _time(keys, rows[cells[i]], direct[cells[i]], ends)
        _open(keys, nodes, old, count)
    return begins, cell[: begins[-1]].copy(), time[: begins[-1]].copy()
