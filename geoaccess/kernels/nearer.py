"""Which cells come nearer to a new site than a limit of each: bounded searches, one per site.

Cells and sites are rows as in `geoaccess.kernels.cells`. The cells at node v are listed[first[v]:first[v + 1]].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.cells import EDGE, LEG, NODE, OFF, along_edge, lower
from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import FAR

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["latest", "nearer"]


@numba.njit(cache=True, nogil=True)
def latest(
    back_start: npt.NDArray[np.int32],
    back_head: npt.NDArray[np.int32],
    back_cost: npt.NDArray[np.int32],
    cells: npt.NDArray[np.int32],
    limit: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """Return before when a search must come to each node so that some cell beyond is found within its limit.

    latest(v) = max over cells i of limit_i - time from v to i along the search, 0 where it is not above 0: a search
    that comes to v at latest(v) or after need not go on. Arcs are those of the search, turned round.
    """
    best = np.zeros(back_start.size - 1, np.int32)
    keys, nodes = np.empty(1024, np.int64), np.empty(1024, np.int32)
    size = np.int64(0)
    for i in range(len(cells)):
        for end in range(2):
            if cells[i, EDGE] < 0 or cells[i, LEG + end] < 0:
                continue
            node = cells[i, NODE + end]
            left = np.int64(limit[i]) - cells[i, LEG + end] - cells[i, OFF]
            if left > best[node]:
                best[node] = left
                keys, nodes, size = push(keys, nodes, size, -left, node)
    while size > 0:
        left, node = -keys[0], nodes[0]
        size = drop_least(keys, nodes, size)
        if left < best[node]:
            continue
        for arc in range(back_start[node], back_start[node + 1]):
            there = left - back_cost[arc]
            if there > best[back_head[arc]]:
                best[back_head[arc]] = there
                keys, nodes, size = push(keys, nodes, size, -there, back_head[arc])
    return best


@numba.njit(cache=True, nogil=True)
def nearer(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    bound: npt.NDArray[np.int32],
    sites: npt.NDArray[np.int32],
    edge_node: npt.NDArray[np.int32],
    some: npt.NDArray[np.int64],
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    cells: npt.NDArray[np.int32],
    limit: npt.NDArray[np.int32],
    walk_first: npt.NDArray[np.int64],
    walker: npt.NDArray[np.int32],
    walk: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (cell, site, time) of all pairs of a cell and one of `some` sites with a time below the cell's limit.

    A search goes on where it is before `bound`, which `latest` finds. Cells on the edge of site j leave it by its end u
    at edge_node[j]; those that walk to it are walker[walk_first[j]:walk_first[j + 1]], in `walk`.
    """
    best = np.full(start.size - 1, FAR, np.int32)
    least = np.full(len(cells), FAR, np.int32)
    nodes, found = np.empty(best.size, np.int32), np.empty(least.size, np.int32)
    waiting, at = np.empty(1024, np.int64), np.empty(1024, np.int32)
    point, place, time_ds = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int32)
    count = 0
    for j in some:
        site = sites[j]
        if site[EDGE] < 0:
            continue
        size, n_nodes, n_found = np.int64(0), 0, 0
        for end in range(2):
            if site[LEG + end] >= 0:
                time = np.int64(site[LEG + end]) + site[OFF]
                waiting, at, size = push(waiting, at, size, time, site[NODE + end])
        while size > 0:
            time, node = waiting[0], at[0]
            size = drop_least(waiting, at, size)
            if time >= best[node] or time >= bound[node]:
                continue
            if best[node] == FAR:
                nodes[n_nodes] = node
                n_nodes += 1
            best[node] = time
            for arc in range(start[node], start[node + 1]):
                there = time + cost[arc]
                if there < best[head[arc]] and there < bound[head[arc]]:
                    waiting, at, size = push(waiting, at, size, there, head[arc])
            for i in range(first[node], first[node + 1]):
                cell = listed[i]
                for end in range(2):
                    if cells[cell, NODE + end] == node and cells[cell, LEG + end] >= 0:
                        there = time + cells[cell, LEG + end] + cells[cell, OFF]
                        n_found = lower(least, cell, there, found, n_found)
        for i in range(first[edge_node[j]], first[edge_node[j] + 1]):
            if cells[listed[i], EDGE] == site[EDGE]:
                n_found = lower(least, listed[i], along_edge(cells[listed[i]], site), found, n_found)
        for i in range(walk_first[j], walk_first[j + 1]):
            n_found = lower(least, walker[i], walk[i], found, n_found)
        for i in range(n_nodes):
            best[nodes[i]] = FAR
        if count + n_found > point.size:
            more = np.empty(point.size + n_found, np.int32)
            point = np.concatenate((point, more))
            place = np.concatenate((place, more))
            time_ds = np.concatenate((time_ds, more))
        for i in range(n_found):
            if least[found[i]] < limit[found[i]]:
                point[count], place[count], time_ds[count] = found[i], j, least[found[i]]
                count += 1
            least[found[i]] = FAR
    return point[:count].copy(), place[:count].copy(), time_ds[:count].copy()
