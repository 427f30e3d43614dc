"""Changes to a solved nearest field that touch only what changes.

A field is `keys`, shape (n_nodes, k): row v holds the k least keys of all sites that v reaches, one per site, rising,
`EMPTY` where there are fewer (see `geoaccess.kernels.keys`). Arcs are in compressed rows twice, along the search and
turned round; the cost FAR closes an arc.

Two loops do it all. `spread` takes offers, that is keys that nodes may now have, and carries them on where they
improve a row: a new site, an arc that became quicker. `renew` takes keys that may hold no longer, drops them and all
that lean on them, and fills the gaps from what is left around them: a site that goes, an arc that became slower. It
drops too much rather than too little (what leans on an arc may have another way of the same length), because what is
dropped is solved anew, while what is kept must be right; so arcs and rings of no cost need no care of their own.

Why rows of k suffice: when (time, site) is among the k least at a node, it is so at each node before it on its
shortest path, since whatever is less there would be less here too.

Both write down each node that they touch and the row it had before: `touched` marks it, `nodes` and `rows` hold it, as
many as the returned count. Whoever calls them clears the marks. No call looks at all nodes or all seeds, which are
sorted by node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels import heap
from geoaccess.kernels.keys import EMPTY, ONE, SHIFT
from geoaccess.kernels.rows import BEYOND, holds, improves, put

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["arcs_of_edges", "offers_over", "renew", "spread"]


@numba.njit(cache=True)
def _note(
    keys: npt.NDArray[np.uint64],
    node: np.uint64,
    k: np.uint64,
    touched: npt.NDArray[np.bool_],
    nodes: npt.NDArray[np.int32],
    rows: npt.NDArray[np.uint64],
    count: np.uint64,
) -> np.uint64:
    """Write down a node and its row unless it was already; return how many there are."""
    if touched[node]:
        return count
    touched[node] = True
    nodes[count] = node
    for j in range(k):
        rows[count * k + j] = keys[node * k + j]
    return count + ONE


@numba.njit(cache=True)
def _room(
    keys: npt.NDArray[np.int64], nodes: npt.NDArray[np.int32], wanted: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return a heap or a stack with room for more; called once per node at most, since to hand arrays on costs time."""
    more_keys = np.empty(2 * wanted, np.int64)
    more_nodes = np.empty(2 * wanted, np.int32)
    for i in range(keys.size):
        more_keys[i] = keys[i]
        more_nodes[i] = nodes[i]
    return more_keys, more_nodes


@numba.njit(cache=True)
def spread(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    offer_node: npt.NDArray[np.int32],
    offer_key: npt.NDArray[np.uint64],
    touched: npt.NDArray[np.bool_],
    nodes: npt.NDArray[np.int32],
    rows: npt.NDArray[np.uint64],
    count: int,
) -> int:
    """Let offers improve the field; return how many nodes are written down now, `count` of them before.

    Right when every key in the field is the time of some way, and none but the offers can improve a row: one search
    in the order of keys that stops wherever a key improves nothing.
    """
    k, flat, flat_rows = np.uint64(keys.shape[1]), keys.reshape(keys.size), rows.reshape(rows.size)
    waiting, at = np.empty(256, np.int64), np.empty(256, np.int32)
    size, many = np.int64(0), np.uint64(count)
    if offer_node.size > waiting.size:
        waiting, at = _room(waiting, at, offer_node.size)
    for i in range(offer_node.size):
        if improves(flat, np.uint64(offer_node[i]) * k, k, offer_key[i]):
            size = heap.put(waiting, at, size, np.int64(offer_key[i]), offer_node[i])
    while size > 0:
        key, node = np.uint64(waiting[0]), np.uint64(at[0])
        size = heap.drop_least(waiting, at, size)
        if not improves(flat, node * k, k, key):
            continue
        many = _note(flat, node, k, touched, nodes, flat_rows, many)
        put(flat, node * k, k, key)
        first, last = np.uint64(start[node]), np.uint64(start[node + ONE])
        if size + np.int64(last - first) > waiting.size:
            waiting, at = _room(waiting, at, size + np.int64(last - first))
        for arc in range(first, last):
            other, there = np.uint64(head[arc]), key + (np.uint64(cost[arc]) << SHIFT)
            if improves(flat, other * k, k, there):
                size = heap.put(waiting, at, size, np.int64(there), head[arc])
    return int(many)


@numba.njit(cache=True)
def renew(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    lost_node: npt.NDArray[np.int32],
    lost_key: npt.NDArray[np.uint64],
    touched: npt.NDArray[np.bool_],
    nodes: npt.NDArray[np.int32],
    rows: npt.NDArray[np.uint64],
) -> int:
    """Drop keys and all that lean on them and solve what is open then; return how many nodes are written down.

    The lost keys are those of arcs at their old costs or of seeds that are gone; one that its node does not hold
    changes nothing. Costs and seeds (sorted by node) are those that hold from now on; none is less than before.
    """
    k, flat, flat_rows = np.uint64(keys.shape[1]), keys.reshape(keys.size), rows.reshape(rows.size)
    pile, at = np.empty(256, np.int64), np.empty(256, np.int32)
    size = count = np.uint64(0)
    if lost_node.size > pile.size:
        pile, at = _room(pile, at, lost_node.size)
    for i in range(lost_node.size):
        other = np.uint64(lost_node[i])
        for j in range(other * k, other * k + k):
            if flat[j] == lost_key[i]:
                count = _note(flat, other, k, touched, nodes, flat_rows, count)
                flat[j] = EMPTY
                pile[size], at[size] = lost_key[i], lost_node[i]
                size += ONE
    while size > 0:
        size -= ONE
        key, node = np.uint64(pile[size]), np.uint64(at[size])
        first, last = np.uint64(start[node]), np.uint64(start[node + ONE])
        if size + last - first > np.uint64(pile.size):
            pile, at = _room(pile, at, np.int64(size + last - first))
        for arc in range(first, last):
            other, there = np.uint64(head[arc]), key + (np.uint64(cost[arc]) << SHIFT)
            for j in range(other * k, other * k + k):
                if flat[j] == there:
                    count = _note(flat, other, k, touched, nodes, flat_rows, count)
                    flat[j] = EMPTY
                    pile[size], at[size] = there, head[arc]
                    size += ONE
    for i in range(count):
        row = np.uint64(nodes[i]) * k
        left = row
        for j in range(row, row + k):
            key = flat[j]
            if key != EMPTY:
                flat[j] = EMPTY
                flat[left] = key
                left += ONE
    _refill(flat, k, start, head, cost, back_start, back_head, back_cost, seed_node, seed_key, nodes, count)
    return int(count)


@numba.njit(cache=True)
def _refill(
    keys: npt.NDArray[np.uint64],
    k: np.uint64,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    nodes: npt.NDArray[np.int32],
    count: np.uint64,
) -> None:
    """Fill the gaps in the rows of some nodes, the least key first: from around, their own seeds and each other."""
    waiting, at = np.empty(256, np.int64), np.empty(256, np.int32)
    size = np.int64(0)
    for i in range(count):
        node = np.uint64(nodes[i])
        row, first, last = node * k, np.uint64(back_start[node]), np.uint64(back_start[node + ONE])
        wanted = size + np.int64(k * (last - first))
        if wanted > waiting.size:
            waiting, at = _room(waiting, at, wanted)
        for arc in range(first, last):
            other, add = np.uint64(back_head[arc]) * k, np.uint64(back_cost[arc]) << SHIFT
            for j in range(other, other + k):
                if keys[j] == EMPTY:
                    break
                there = keys[j] + add
                if there < BEYOND and not holds(keys, row, k, there):
                    size = heap.put(waiting, at, size, np.int64(there), nodes[i])
        seed = np.searchsorted(seed_node, nodes[i])
        while seed < seed_node.size and seed_node[seed] == nodes[i]:
            if not holds(keys, row, k, seed_key[seed]):
                waiting, at, size = heap.push(waiting, at, size, np.int64(seed_key[seed]), nodes[i])
            seed += 1
    while size > 0:
        key, node = np.uint64(waiting[0]), np.uint64(at[0])
        size = heap.drop_least(waiting, at, size)
        row = node * k
        if keys[row + k - ONE] != EMPTY or holds(keys, row, k, key):
            continue
        put(keys, row, k, key)
        first, last = np.uint64(start[node]), np.uint64(start[node + ONE])
        if size + np.int64(last - first) > waiting.size:
            waiting, at = _room(waiting, at, size + np.int64(last - first))
        for arc in range(first, last):
            other, there = np.uint64(head[arc]) * k, key + (np.uint64(cost[arc]) << SHIFT)
            if keys[other + k - ONE] == EMPTY and there < BEYOND and not holds(keys, other, k, there):
                size = heap.put(waiting, at, size, np.int64(there), head[arc])


def offers_over(
    keys: npt.NDArray[np.uint64],
    tail: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    """Return (node, key) of all that some arcs bring to their heads, at the costs given."""
    there = keys[tail] + (cost.astype(np.uint64) << SHIFT)[:, None]
    real = (keys[tail] != EMPTY) & (there < BEYOND)
    return np.broadcast_to(head[:, None], there.shape)[real], there[real]


@numba.njit(cache=True)
def arcs_of_edges(
    start: npt.NDArray[np.int32],
    arc_edge: npt.NDArray[np.int32],
    edges: npt.NDArray[np.int32],
    nodes: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (tail, arc) of the arcs of some edges: those of edges[i] out of nodes[i]; each pair comes once."""
    tails = np.empty(16, np.int32)
    arcs = np.empty(16, np.int32)
    count = 0
    for i in range(edges.size):
        for arc in range(start[nodes[i]], start[nodes[i] + 1]):
            if arc_edge[arc] == edges[i]:
                if count == arcs.size:
                    tails = np.concatenate((tails, np.empty(count, np.int32)))
                    arcs = np.concatenate((arcs, np.empty(count, np.int32)))
                tails[count] = nodes[i]
                arcs[count] = arc
                count += 1
    return tails[:count].copy(), arcs[:count].copy()
