"""What lies within a bound of many places: one search from all of them, and sums over the times found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import FAR

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["search_around", "weighted"]


@numba.njit(cache=True)
def search_around(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.uint32],
    furthest: int,
    best: npt.NDArray[np.int32],
    touched: npt.NDArray[np.int32],
) -> int:
    """Write the least time from any seed to each node up to `furthest` into `best`; return how many nodes have one.

    `best` is FAR before, and to be made so again at touched[:count] after; `touched` has room for all nodes.
    """
    keys, nodes = np.empty(1024, np.int64), np.empty(1024, np.int32)
    size, count = np.int64(0), 0
    for i in range(seed_node.size):
        time = np.int64(seed_time[i])
        if time <= furthest and time < best[seed_node[i]]:
            if best[seed_node[i]] == FAR:
                touched[count] = seed_node[i]
                count += 1
            best[seed_node[i]] = time
            keys, nodes, size = push(keys, nodes, size, time, seed_node[i])
    while size > 0:
        time, node = keys[0], nodes[0]
        size = drop_least(keys, nodes, size)
        if time > best[node]:
            continue
        for arc in range(start[node], start[node + 1]):
            there = time + cost[arc]
            if there <= furthest and there < best[head[arc]]:
                if best[head[arc]] == FAR:
                    touched[count] = head[arc]
                    count += 1
                best[head[arc]] = there
                keys, nodes, size = push(keys, nodes, size, there, head[arc])
    return count


@numba.njit(cache=True, parallel=True)
def weighted(
    times: npt.NDArray[np.uint32],
    weight: npt.NDArray[np.float64],
    amount: npt.NDArray[np.float64],
    width: int,
    found: npt.NDArray[np.float64],
) -> None:
    """Write sum_i weight[times[i, j]] amount[i] into found[j], added up in the order of i.

    `times` has the shape (n_targets, n_sources); a time beyond the weights, and one whose weight is 0, adds nothing.
    """
    sources = times.shape[1]
    for block in numba.prange((sources + width - 1) // width):
        begin = block * width
        end = min(begin + width, sources)
        for j in range(begin, end):
            found[j] = 0.0
        for i in range(times.shape[0]):
            for j in range(begin, end):
                if times[i, j] < weight.size:
                    found[j] += weight[times[i, j]] * amount[i]
