"""Eliminating nodes of few neighbours: what is left is a much smaller graph with the same travel times.

It works on pairs: for each node a list of its neighbours, each once, with the cost to the neighbour and the cost from
it (FAR where no arc leads that way). A list is rows of `pairs`, shape (n_rows, 3): neighbour, cost to it, cost from it;
node x has rows begin[x]:begin[x] + size[x] and room for room[x]. Every pair stands in both lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.keys import FAR, NEVER

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["eliminate", "gather", "pair_up", "put_pair", "reserve", "take_out"]


@numba.njit(cache=True)
def _copied(pairs: npt.NDArray[np.int32], filled: int, room: int) -> npt.NDArray[np.int32]:
    """Return the first `filled` rows in an array of `room` rows; a loop, as slices take seconds longer to compile."""
    copy = np.empty((room, 3), np.int32)
    for i in range(filled):
        for j in range(3):
            copy[i, j] = pairs[i, j]
    return copy


@numba.njit(cache=True, nogil=True)
def pair_up(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (begin, size, pairs) of a graph given by its arcs and its arcs turned round.

    Of parallel arcs the least cost counts; arcs from a node to itself are left out: no shortest path takes one.
    """
    n = start.size - 1
    begin = np.zeros(n + 1, np.int64)
    size = np.zeros(n, np.int32)
    pairs = np.empty((head.size + back_head.size, 3), np.int32)
    filled = np.int64(0)
    for x in range(n):
        first = filled
        for back in range(2):
            starts, heads, costs = (start, head, cost) if back == 0 else (back_start, back_head, back_cost)
            for arc in range(starts[x], starts[x + 1]):
                other = heads[arc]
                if other == x:
                    continue
                at = first
                while at < filled and pairs[at, 0] != other:
                    at += 1
                if at == filled:
                    pairs[at, 0] = other
                    pairs[at, 1] = FAR
                    pairs[at, 2] = FAR
                    filled += 1
                pairs[at, 1 + back] = min(pairs[at, 1 + back], costs[arc])
        size[x] = filled - first
        begin[x + 1] = filled
    return begin, size, _copied(pairs, filled, filled)


@numba.njit(cache=True)
def reserve(
    x: int,
    more: int,
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    room: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    filled: int,
) -> tuple[npt.NDArray[np.int32], int]:
    """See that `more` rows can be put into the list of x, moving it to the end of `pairs` if need be."""
    wanted = size[x] + more
    if wanted <= room[x]:
        return pairs, filled
    wanted = 2 * wanted
    if filled + wanted > pairs.shape[0]:
        pairs = _copied(pairs, filled, filled + wanted + pairs.shape[0] // 2)
    old = begin[x]
    for i in range(size[x]):
        pairs[filled + i, 0] = pairs[old + i, 0]
        pairs[filled + i, 1] = pairs[old + i, 1]
        pairs[filled + i, 2] = pairs[old + i, 2]
    begin[x] = filled
    room[x] = wanted
    return pairs, filled + wanted


@numba.njit(cache=True)
def put_pair(
    u: int,
    v: int,
    there: int,
    back: int,
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
) -> None:
    """Let v stand in the list of u at these costs, or less where it stands there already."""
    first = begin[u]
    last = first + size[u]
    for at in range(first, last):
        if pairs[at, 0] == v:
            pairs[at, 1] = min(pairs[at, 1], there)
            pairs[at, 2] = min(pairs[at, 2], back)
            return
    pairs[last, 0] = v
    pairs[last, 1] = there
    pairs[last, 2] = back
    size[u] += 1


@numba.njit(cache=True)
def take_out(
    u: int,
    v: int,
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
) -> None:
    """Take v out of the list of u."""
    first = begin[u]
    last = first + size[u] - 1
    at = first
    while pairs[at, 0] != v:
        at += 1
    pairs[at, 0] = pairs[last, 0]
    pairs[at, 1] = pairs[last, 1]
    pairs[at, 2] = pairs[last, 2]
    size[u] -= 1


@numba.njit(cache=True, nogil=True)
def eliminate(
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    stays: npt.NDArray[np.bool_],
    most: int,
    crowded: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Eliminate nodes with up to `most` neighbours, fewest first; return (order, begin, pairs).

    A node falls away when shortcuts join its neighbours to each other. The graph is gone through along the numbers of
    its nodes, so that what lies together falls together; no node falls in the same round as a neighbour. `order` lists
    the eliminated in turn; the list of each then holds the neighbours that outlived it. `size` is changed in place.
    Nodes that are marked in `stays` stay, and those whose neighbours would come to have more than `crowded` neighbours.
    """
    n = size.size
    begin = begin[:n].copy()
    room = size.copy()
    filled = pairs.shape[0]
    pairs = _copied(pairs, filled, filled + filled // 2 + 16)
    order = np.empty(n, np.int32)
    done = 0
    spared = np.zeros(n, np.int32)  # the last round in which a neighbour fell
    here = np.flatnonzero(~stays).astype(np.int32)  # nodes still there that may fall
    left = here.size
    turn = 0
    for limit in range(1, most + 1):
        while True:
            turn += 1
            fell = 0
            kept = 0
            for i in range(left):
                x = here[i]
                degree = size[x]
                waits = degree > limit or spared[x] == turn
                if not waits and degree > 2:
                    for j in range(begin[x], begin[x] + degree):
                        waits |= size[pairs[j, 0]] + degree - 2 > crowded
                if waits:
                    here[kept] = x
                    kept += 1
                    continue
                first = begin[x]
                for j in range(first, first + degree):
                    u = pairs[j, 0]
                    spared[u] = turn
                    take_out(u, x, begin, size, pairs)
                    pairs, filled = reserve(u, degree - 1, begin, size, room, pairs, filled)
                for i1 in range(first, first + degree):
                    for i2 in range(i1 + 1, first + degree):
                        there = min(np.int64(FAR), np.int64(pairs[i1, 2]) + pairs[i2, 1])
                        back = min(np.int64(FAR), np.int64(pairs[i2, 2]) + pairs[i1, 1])
                        if there < FAR or back < FAR:
                            u, v = pairs[i1, 0], pairs[i2, 0]
                            put_pair(u, v, there, back, begin, size, pairs)
                            put_pair(v, u, back, there, begin, size, pairs)
                order[done] = x
                done += 1
                fell += 1
            left = kept
            if fell * 50 < left + 50:
                break
    return order[:done].copy(), begin, pairs


@numba.njit(cache=True, nogil=True)
def gather(
    nodes: npt.NDArray[np.int32],
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    rank: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return (start, head, outward, inward): the lists of `nodes` one after another, heads numbered by `rank`."""
    start = np.zeros(nodes.size + 1, np.int32)
    for i in range(nodes.size):
        start[i + 1] = start[i] + size[nodes[i]]
    head = np.empty(start[-1], np.int32)
    outward = np.empty(start[-1], np.uint32)
    inward = np.empty(start[-1], np.uint32)
    filled = 0
    for i in range(nodes.size):
        first = begin[nodes[i]]
        for at in range(first, first + size[nodes[i]]):
            head[filled] = rank[pairs[at, 0]]
            outward[filled] = NEVER if pairs[at, 1] == FAR else np.uint32(pairs[at, 1])
            inward[filled] = NEVER if pairs[at, 2] == FAR else np.uint32(pairs[at, 2])
            filled += 1
    return start, head, outward, inward
