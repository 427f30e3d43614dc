"""Nested dissection: an order of nodes by where a network is narrow, whatever its times are.

A part of the network is cut into two by few edges, the nodes on one side of these fall after all others of the part,
and each of the two is cut again. The cut is found as the least flow from one end of the map to the other, over four
directions.

Schild and Sommer (2015), On Balanced Separators in Road Networks, SEA 2015, LNCS 9125, 286-297.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["DIRECTIONS", "best_side", "dissect", "separate"]

DIRECTIONS = 4
"""South, west, and the two between them: nodes have a rank along each, all different."""

_END = 4
"""One node in so many is at an end of the map: the flow goes from these to as many at the other end."""

_LEAF = 8
"""Parts of so many nodes are not cut any more: they fall by the number of their neighbours."""

_FREE, _SOURCE, _SINK = 0, 1, 2


@numba.njit(cache=True, nogil=True)
def _part(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    nodes: npt.NDArray[np.int32],
    local: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (start, head, back) of the graph of some nodes alone, numbered by their place; `back` turns an arc round.

    `local` is written for these nodes only, and what stands there of others does not matter: several threads may share
    it.
    """
    n = nodes.size
    for i in range(n):
        local[nodes[i]] = i
    first = np.empty(n + 1, np.int32)
    many = 0
    for i in range(n):
        many += start[nodes[i] + 1] - start[nodes[i]]
    heads = np.empty(many, np.int32)
    filled = 0
    for i in range(n):
        first[i] = filled
        for arc in range(start[nodes[i]], start[nodes[i] + 1]):
            j = local[head[arc]]
            if 0 <= j < n and nodes[j] == head[arc]:
                heads[filled] = j
                filled += 1
    first[n] = filled
    back = np.empty(filled, np.int32)
    for i in range(n):
        for arc in range(first[i], first[i + 1]):
            j = heads[arc]
            if j < i:
                continue
            other = first[j]
            while heads[other] != i:
                other += 1
            back[arc] = other
            back[other] = arc
    return first, heads, back


@numba.njit(cache=True, nogil=True)
def _layers(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    shore: npt.NDArray[np.int32],
    role: npt.NDArray[np.int8],
    flow: npt.NDArray[np.int8],
    level: npt.NDArray[np.int32],
    queue: npt.NDArray[np.int32],
) -> bool:
    """Write how many arcs with room lead to each node from the sources, -1 for none; whether a sink is among them."""
    found = False
    for v in range(level.size):
        level[v] = 0 if role[v] == _SOURCE else -1
    read, filled = 0, shore.size
    for i in range(filled):
        queue[i] = shore[i]
    while read < filled:
        v = queue[read]
        read += 1
        for arc in range(start[v], start[v + 1]):
            w = head[arc]
            if level[w] >= 0 or flow[arc] > 0:
                continue
            level[w] = level[v] + 1
            if role[w] == _SINK:
                found = True
            else:
                queue[filled] = w
                filled += 1
    return found


@numba.njit(cache=True, nogil=True)
def _push(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    back: npt.NDArray[np.int32],
    source: int,
    role: npt.NDArray[np.int8],
    flow: npt.NDArray[np.int8],
    level: npt.NDArray[np.int32],
    following: npt.NDArray[np.int32],
    path: npt.NDArray[np.int32],
) -> bool:
    """Send one unit from a source down the layers to a sink, if there is a way left."""
    v, depth = source, 0
    while role[v] != _SINK:
        further = False
        while following[v] < start[v + 1]:
            arc = following[v]
            w = head[arc]
            if flow[arc] <= 0 and level[w] == level[v] + 1:
                path[depth] = arc
                depth += 1
                v = w
                further = True
                break
            following[v] += 1
        if further:
            continue
        if depth == 0:
            return False
        depth -= 1
        v = head[back[path[depth]]]
        following[v] += 1
    for i in range(depth):
        flow[path[i]] += 1
        flow[back[path[i]]] -= 1
    return True


@numba.njit(cache=True, nogil=True)
def _ranked(along: npt.NDArray[np.int32], place: int) -> int:
    """Return the rank that stands at a place if ranks, all different, are sorted (Hoare's selection)."""
    left = along.copy()
    low, high = 0, left.size - 1
    while low < high:
        pivot = left[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while left[i] < pivot:
                i += 1
            while left[j] > pivot:
                j -= 1
            if i <= j:
                left[i], left[j] = left[j], left[i]
                i += 1
                j -= 1
        if place <= j:
            high = j
        elif place >= i:
            low = i
        else:
            break
    rank: int = left[place]
    return rank


@numba.njit(cache=True, nogil=True)
def _flow(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    back: npt.NDArray[np.int32],
    along: npt.NDArray[np.int32],
    most: int,
    level: npt.NDArray[np.int32],
) -> int:
    """Return how many edges part the least from the greatest ranks, or `most` where it is as many or more.

    Where it is less, those with a level of 0 or more are on the side of the least (Dinic's algorithm).
    """
    n = along.size
    ends = max(1, n // _END)
    low, high = _ranked(along, ends - 1), _ranked(along, n - ends)
    role = np.zeros(n, np.int8)
    for i in range(n):
        role[i] = _SOURCE if along[i] <= low else _SINK if along[i] >= high else _FREE
    shore = np.empty(ends, np.int32)  # sources that have other neighbours than sources
    count = 0
    for i in range(n):
        if role[i] == _SOURCE:
            for arc in range(start[i], start[i + 1]):
                if role[head[arc]] != _SOURCE:
                    shore[count] = i
                    count += 1
                    break
    shore = shore[:count]
    flow = np.zeros(head.size, np.int8)
    queue = np.empty(n, np.int32)
    path = np.empty(n, np.int32)
    following = np.empty(n, np.int32)
    value = 0
    while _layers(start, head, shore, role, flow, level, queue):
        for i in range(n):
            following[i] = start[i]
        for v in shore:
            while _push(start, head, back, v, role, flow, level, following, path):
                value += 1
                if value >= most:
                    return most
    return value


@numba.njit(cache=True, nogil=True)
def best_side(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    ranks: npt.NDArray[np.int32],
    nodes: npt.NDArray[np.int32],
    local: npt.NDArray[np.int32],
    first: int,
    last: int,
) -> tuple[int, npt.NDArray[np.bool_]]:
    """Return the fewest edges that part some nodes, of the directions from `first` to before `last`, and one side."""
    n = nodes.size
    starts, heads, back = _part(start, head, nodes, local)
    level = np.empty(n, np.int32)
    along = np.empty(n, np.int32)
    side = np.zeros(n, np.bool_)
    least = heads.size + 1
    for direction in range(first, last):
        for i in range(n):
            along[i] = ranks[direction, nodes[i]]
        value = _flow(starts, heads, back, along, least, level)
        if value < least:
            least = value
            for i in range(n):
                side[i] = level[i] >= 0
        if least == 0:
            break
    return least, side


@numba.njit(cache=True, nogil=True)
def separate(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    nodes: npt.NDArray[np.int32],
    side: npt.NDArray[np.bool_],
    local: npt.NDArray[np.int32],
) -> tuple[int, int]:
    """Put nodes of one side first, then of the other, then those that part them; return where the latter two begin.

    Those are the nodes at the cut on the side on which they are fewer.
    """
    n = nodes.size
    for i in range(n):
        local[nodes[i]] = i
    at_cut = np.zeros(n, np.bool_)
    many = 0
    for i in range(n):
        for arc in range(start[nodes[i]], start[nodes[i] + 1]):
            j = local[head[arc]]
            if 0 <= j < n and nodes[j] == head[arc] and side[j] != side[i]:
                at_cut[i] = True
                many += 1 if side[i] else -1
                break
    taken = many <= 0
    old = nodes.copy()
    filled = 0
    for turn in range(2):
        for i in range(n):
            if side[i] == (turn == 0) and not (at_cut[i] and side[i] == taken):
                nodes[filled] = old[i]
                filled += 1
        if turn == 0:
            other = filled
    separator = filled
    for i in range(n):
        if at_cut[i] and side[i] == taken:
            nodes[filled] = old[i]
            filled += 1
    return other, separator


@numba.njit(cache=True, nogil=True)
def dissect(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    ranks: npt.NDArray[np.int32],
    nodes: npt.NDArray[np.int32],
    local: npt.NDArray[np.int32],
) -> None:
    """Put nodes in the order in which they fall, the first first."""
    begins, ends = np.empty(256, np.int64), np.empty(256, np.int64)
    begins[0], ends[0] = 0, nodes.size
    open_parts = 1
    while open_parts > 0:
        open_parts -= 1
        begin, end = begins[open_parts], ends[open_parts]
        part = nodes[begin:end]
        if part.size <= _LEAF:
            for i in range(1, part.size):
                v = part[i]
                at = i
                while at > 0 and start[part[at - 1] + 1] - start[part[at - 1]] > start[v + 1] - start[v]:
                    part[at] = part[at - 1]
                    at -= 1
                part[at] = v
            continue
        side = best_side(start, head, ranks, part, local, 0, DIRECTIONS)[1]
        other, separator = separate(start, head, part, side, local)
        for low, high in ((begin, begin + other), (begin + other, begin + separator)):
            if high > low:
                begins[open_parts], ends[open_parts] = low, high
                open_parts += 1
