"""Arcs as compressed rows, components, and the merging of chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "chains",
    "components_of_stretches",
    "joined_parts",
    "open_rows",
    "rows",
    "strong_components",
    "strong_parts",
    "weak_components",
]

_ANY = np.int32(-(2**31))
"""No cost is less."""


@numba.njit(cache=True, nogil=True)
def rows(
    n_nodes: int, tail: npt.NDArray[np.int32], head: npt.NDArray[np.int32], cost: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (start, head, cost, arc): arcs out of node i stand at start[i]:start[i + 1]; `arc` is their old place."""
    return _rows_from(n_nodes, tail, head, cost, _ANY)


@numba.njit(cache=True, nogil=True)
def open_rows(
    n_nodes: int, tail: npt.NDArray[np.int32], head: npt.NDArray[np.int32], cost: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return what `rows` does of the arcs whose cost is not below zero; `arc` is their place among all of them."""
    return _rows_from(n_nodes, tail, head, cost, np.int32(0))


@numba.njit(cache=True, nogil=True)
def _rows_from(
    n_nodes: int,
    tail: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    least: np.int32,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return what `rows` does of the arcs whose cost is `least` or more."""
    start = np.zeros(n_nodes + 1, np.int32)
    for i in range(tail.size):
        if cost[i] >= least:
            start[tail[i] + 1] += 1
    for i in range(n_nodes):
        start[i + 1] += start[i]
    fill = start[:-1].copy()
    heads = np.empty(start[n_nodes], np.int32)
    costs = np.empty(heads.size, np.int32)
    arcs = np.empty(heads.size, np.int32)
    for i in range(tail.size):
        if cost[i] >= least:
            place = fill[tail[i]]
            fill[tail[i]] += 1
            heads[place] = head[i]
            costs[place] = cost[i]
            arcs[place] = i
    return start, heads, costs, arcs


@numba.njit(cache=True, nogil=True)
def _single(n_nodes: int) -> npt.NDArray[np.int32]:
    """Return every node in a set of its own."""
    parent = np.empty(n_nodes, np.int32)
    for i in range(n_nodes):
        parent[i] = i
    return parent


@numba.njit(cache=True, nogil=True)
def _unite(parent: npt.NDArray[np.int32], u: np.int32, v: np.int32) -> None:
    """Put two nodes into one set; a node points to itself or to a smaller one of its set."""
    while parent[u] != u:
        parent[u] = parent[parent[u]]
        u = parent[u]
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    if u < v:
        parent[v] = u
    elif v < u:
        parent[u] = v


@numba.njit(cache=True, nogil=True)
def _numbered(parent: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the number of the set of each node, in the order of first nodes, in the place of what is given."""
    count = 0
    for i in range(parent.size):
        # Every node points to a smaller one of its set, and the smallest to itself, so numbers are there when needed.
        if parent[i] == i:
            parent[i] = count
            count += 1
        else:
            parent[i] = parent[parent[i]]
    return parent


@numba.njit(cache=True, nogil=True)
def weak_components(n_nodes: int, u: npt.NDArray[np.int32], v: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return for each node the number of its component, edges taken both ways; numbered in the order of first nodes."""
    parent = _single(n_nodes)
    for i in range(u.size):
        _unite(parent, u[i], v[i])
    return _numbered(parent)


@numba.njit(cache=True, nogil=True)
def components_of_stretches(
    n_points: int,
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    least: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int32]:
    """Return for each end of a stretch the number of its component by the chosen ones, taken both ways.

    Numbers are in the order of first points, those between ends included: `least` is the first of these, where it is
    less than `n_points`. What other points have says nothing.
    """
    parent, named = _single(n_points), np.zeros(n_points, np.bool_)
    for i in range(a.size):
        named[a[i]] = named[b[i]] = True
        if chosen[i]:
            _unite(parent, a[i], b[i])
            if least[i] < n_points:
                _unite(parent, a[i], least[i])
    for i in range(n_points):
        parent[i] = parent[parent[i]]  # every point points to a smaller one of its set, and that to the smallest
        if named[i]:
            named[parent[i]] = True
    count = np.int32(0)
    for i in range(n_points):
        if parent[i] != i:
            parent[i] = parent[parent[i]]
        elif named[i]:
            parent[i] = count
            count += 1
        else:
            parent[i] = 0
    return parent


@numba.njit(cache=True, nogil=True)
def joined_parts(
    number: npt.NDArray[np.int32],
    part: npt.NDArray[np.int32],
    u: npt.NDArray[np.int32],
    v: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int32]:
    """Return the number of each part once chosen edges join parts too, in the order of parts.

    `part` is that of each node, and `number` that of each part before, numbered in the same way.
    """
    most = np.int32(-1)
    for i in range(number.size):
        most = max(most, number[i])
    parent = _single(most + 1)
    for i in range(u.size):
        if chosen[i]:
            _unite(parent, number[part[u[i]]], number[part[v[i]]])
    joined = _numbered(parent)
    out = np.empty(number.size, np.int32)
    for i in range(number.size):
        out[i] = joined[number[i]]
    return out


@numba.njit(cache=True, nogil=True)
def strong_parts(
    n_nodes: int,
    u: npt.NDArray[np.int32],
    v: npt.NDArray[np.int32],
    forward: npt.NDArray[np.float64],
    backward: npt.NDArray[np.float64],
) -> npt.NDArray[np.int32]:
    """Return for each node a number that the nodes of its strongly connected component have, and no others.

    Edges are open from u to v, and from v to u, where the time is not negative. What edges that are open both ways
    join is one part already; a search (see `strong_components`) runs on the parts that one-way edges lead out of or
    into, of which roads have few.
    """
    parent = _single(n_nodes)
    for i in range(u.size):
        if forward[i] >= 0 and backward[i] >= 0:
            _unite(parent, u[i], v[i])
    label = _numbered(parent)
    number = np.full(n_nodes, -1, np.int32)  # of each part in the search
    n_arcs = n_parts = 0
    for i in range(u.size):
        if (forward[i] >= 0) != (backward[i] >= 0) and label[u[i]] != label[v[i]]:
            n_arcs += 1
            for part in (label[u[i]], label[v[i]]):
                if number[part] < 0:
                    number[part] = n_parts
                    n_parts += 1
    tail, head = np.empty(n_arcs, np.int32), np.empty(n_arcs, np.int32)
    n_arcs = 0
    for i in range(u.size):
        if (forward[i] >= 0) != (backward[i] >= 0) and label[u[i]] != label[v[i]]:
            one, other = number[label[u[i]]], number[label[v[i]]]
            tail[n_arcs], head[n_arcs] = (one, other) if forward[i] >= 0 else (other, one)
            n_arcs += 1
    start, heads, _, _ = rows(n_parts, tail, head, head)
    strong = strong_components(start, heads)
    first = np.full(n_parts, -1, np.int32)  # of a component the part whose number it takes
    for i in range(n_nodes):
        at = number[label[i]]
        if at >= 0:
            if first[strong[at]] < 0:
                first[strong[at]] = label[i]
            label[i] = first[strong[at]]
    return label


@numba.njit(cache=True, nogil=True)
def strong_components(start: npt.NDArray[np.int32], head: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return for each node the number of its strongly connected component (Tarjan 1972, without recursion)."""
    n = start.size - 1
    index = np.full(n, -1, np.int32)
    low = np.zeros(n, np.int32)
    label = np.full(n, -1, np.int32)
    following = start[:-1].copy()
    open_nodes = np.empty(n, np.int32)
    path = np.empty(n, np.int32)
    n_open = n_path = counter = n_labels = 0
    for root in range(n):
        if index[root] >= 0:
            continue
        path[0] = root
        n_path = 1
        index[root] = low[root] = counter
        counter += 1
        open_nodes[n_open] = root
        n_open += 1
        while n_path > 0:
            node = path[n_path - 1]
            if following[node] < start[node + 1]:
                other = head[following[node]]
                following[node] += 1
                if index[other] < 0:
                    index[other] = low[other] = counter
                    counter += 1
                    open_nodes[n_open] = other
                    n_open += 1
                    path[n_path] = other
                    n_path += 1
                elif label[other] < 0:
                    low[node] = min(low[node], index[other])
                continue
            n_path -= 1
            if n_path > 0:
                above = path[n_path - 1]
                low[above] = min(low[above], low[node])
            if low[node] == index[node]:
                while True:
                    n_open -= 1
                    other = open_nodes[n_open]
                    label[other] = n_labels
                    if other == node:
                        break
                n_labels += 1
    return label


@numba.njit(cache=True)
def chains(
    n_nodes: int,
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    forward: npt.NDArray[np.float64],
    backward: npt.NDArray[np.float64],
    kind: npt.NDArray[np.int8],
    keep: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Merge the segments that meet at nodes where nothing can be decided.

    A node falls away when exactly two segment ends meet there, both segments are of one `kind`, each direction is open
    on both or closed on both (closed is a negative time), and `keep` does not hold it. A ring without any other node
    keeps its first one.

    Returns (start, point, segment): edge i runs through the nodes point[start[i]:start[i + 1]]; segment[j] is the
    segment from point[j] to point[j + 1], counted from 1 and negative where it is used from b to a; 0 at the last
    point of an edge.
    """
    # How many segment ends are at a node, three and more are alike, and which two: 2 * segment + (0 at a, 1 at b), both
    # in one number, of which either gives the other.
    count, both = np.zeros(n_nodes, np.int8), np.zeros(n_nodes, np.int32)
    for i in range(a.size):
        for side in range(2):
            node = a[i] if side == 0 else b[i]
            count[node] = min(count[node] + 1, 3)
            both[node] ^= 2 * i + side
    for i in range(a.size):  # from here on the count is 2 at nodes that fall away alone
        for side in range(2):
            node = a[i] if side == 0 else b[i]
            if count[node] != 2:
                continue
            other = both[node] ^ (2 * i + side)
            j = other // 2
            if keep[node] or i == j or kind[i] != kind[j]:
                count[node] = 0
                continue
            # Arriving on i goes with leaving on j, and the other way round.
            arrive_i = (backward[i] if side == 0 else forward[i]) >= 0
            leave_i = (forward[i] if side == 0 else backward[i]) >= 0
            arrive_j = (backward[j] if other % 2 == 0 else forward[j]) >= 0
            leave_j = (forward[j] if other % 2 == 0 else backward[j]) >= 0
            if arrive_i != leave_j or leave_i != arrive_j:
                count[node] = 0

    # Room for the most that there may be: what is not written to takes no memory.
    start = np.empty(a.size + 1, np.int64)
    point = np.empty(2 * a.size, np.int32)
    segment = np.empty(2 * a.size, np.int32)
    used = np.zeros(a.size, np.bool_)
    n_edges = n_points = 0
    for ring in range(2):  # first the chains between nodes that stay, then what is left: rings
        for i in range(a.size):
            for side in range(2):
                if used[i]:
                    continue
                origin = a[i] if side == 0 else b[i]
                if count[origin] == 2 and ring == 0:
                    continue
                count[origin] = 0
                start[n_edges] = n_points
                n_edges += 1
                current, from_side, node = i, side, origin
                while True:
                    used[current] = True
                    point[n_points] = node
                    segment[n_points] = current + 1 if from_side == 0 else -(current + 1)
                    n_points += 1
                    node = b[current] if from_side == 0 else a[current]
                    if count[node] != 2:
                        break
                    leaving = both[node] ^ (2 * current + 1 - from_side)
                    current, from_side = leaving // 2, leaving % 2
                point[n_points] = node
                segment[n_points] = 0
                n_points += 1
    start[n_edges] = n_points
    return start[: n_edges + 1], point[:n_points], segment[:n_points]
