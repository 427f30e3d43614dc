"""How much road lies behind an edge that alone joins it to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["road_behind"]

_NEW = np.int32(-1)


@numba.njit(cache=True)
def road_behind(
    u: npt.NDArray[np.int32],
    v: npt.NDArray[np.int32],
    metres: npt.NDArray[np.float64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    edge: npt.NDArray[np.int32],
) -> npt.NDArray[np.float64]:
    """Return for each edge the metres of road on the shorter of the two sides that it alone joins; -1 on a ring.

    Edges count both ways. Those out of node i are edge[start[i]:start[i + 1]], to head[...]; `metres` is the length of
    each edge. A depth-first search without recursion (Tarjan 1974): an edge of the tree is the only one between its
    sides where nothing below it leads back above it.

    Tarjan, R. E. (1974), "A note on finding the bridges of a graph", Information Processing Letters 2(6), 160-161.
    """
    n, m = start.size - 1, u.size
    behind = np.full(m, -1.0)
    order, low = np.full(n, _NEW, np.int32), np.zeros(n, np.int32)
    by, at = np.full(n, _NEW, np.int32), start[:-1].copy()
    below = np.zeros(n)
    stack, found = np.empty(n, np.int32), np.empty(n, np.int32)
    count = 0
    for root in range(n):
        if order[root] >= 0:
            continue
        begin = count
        depth = 0
        stack[0] = root
        order[root] = low[root] = count
        found[count] = root
        count += 1
        while depth >= 0:
            node = stack[depth]
            if at[node] < start[node + 1]:
                place = at[node]
                at[node] += 1
                other, along = head[place], edge[place]
                if order[other] < 0:
                    by[other] = along
                    order[other] = low[other] = count
                    found[count] = other
                    count += 1
                    depth += 1
                    stack[depth] = other
                elif along != by[node] and order[other] <= order[node]:
                    low[node] = min(low[node], order[other])
                    below[node] += metres[along] * (0.5 if other == node else 1.0)  # a loop stands there twice
            else:
                depth -= 1
                if depth >= 0:
                    parent = stack[depth]
                    low[parent] = min(low[parent], low[node])
                    below[parent] += below[node] + metres[by[node]]
        whole = below[root]
        for i in range(begin + 1, count):
            node = found[i]
            parent = u[by[node]] if v[by[node]] == node else v[by[node]]
            if low[node] > order[parent]:
                rest = whole - below[node] - metres[by[node]]
                behind[by[node]] = min(below[node], rest)
    return behind
