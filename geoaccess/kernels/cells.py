"""Cells along edges over a nearest field: which of them a change touches, and what a new site would bring them.

Cells and sites are rows of eight int32 each, in the direction that a search looks: the edge (-1: on none); the nodes of
its two ends by which a cell leaves it, or a site is come to; the times of the legs to them (negative: closed); the
time off the network; and the place along the edge as times upward and downward: what `search.finish_nearest` takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import FAR, SHIFT

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["DOWN", "EDGE", "LEG", "NODE", "OFF", "UP", "along_edge", "cells_at", "gain", "lower"]

EDGE, NODE, LEG, OFF, UP, DOWN = 0, 1, 3, 5, 6, 7
"""Columns of the rows; those of the end v follow on `NODE` and `LEG`, which are of u."""


@numba.njit(cache=True)
def along_edge(cell: npt.NDArray[np.int32], site: npt.NDArray[np.int32]) -> np.int64:
    """Return the time between a cell and a site on one edge along it, FAR where no direction leads there."""
    least = np.int64(FAR)
    if cell[UP] >= 0 and site[UP] >= cell[UP]:
        least = np.int64(site[UP]) - cell[UP]
    if site[DOWN] >= 0 and cell[DOWN] >= site[DOWN]:
        least = min(least, np.int64(cell[DOWN]) - site[DOWN])
    return min(least + site[OFF] + cell[OFF], np.int64(FAR))


@numba.njit(cache=True)
def cells_at(
    nodes: npt.NDArray[np.int32],
    edges: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    cells: npt.NDArray[np.int32],
    seen: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Return the cells that can be left to some nodes, each once; with an edge (not -1) only those on it.

    The cells at node v are listed[first[v]:first[v + 1]]. `seen` has a mark per cell, clear before and after.
    """
    found = np.empty(256, np.int64)
    count = 0
    for i in range(nodes.size):
        for at in range(first[nodes[i]], first[nodes[i] + 1]):
            cell = listed[at]
            if seen[cell] or (edges[i] >= 0 and cells[cell, EDGE] != edges[i]):
                continue
            if count == found.size:
                found = np.concatenate((found, np.empty(count, np.int64)))
            found[count] = cell
            count += 1
            seen[cell] = True
    for i in range(count):
        seen[found[i]] = False
    return found[:count]


@numba.njit(cache=True)
def lower(least: npt.NDArray[np.int32], cell: int, time: int, found: npt.NDArray[np.int32], count: int) -> int:
    """Give a cell a time if it is the least so far; return how many cells have one, listed in `found`."""
    if time < least[cell]:
        if least[cell] == FAR:
            found[count] = cell
            count += 1
        least[cell] = time
    return count


@numba.njit(cache=True)
def gain(
    keys: npt.NDArray[np.uint64],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    site: npt.NDArray[np.int32],
    edge_node: int,
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    cells: npt.NDArray[np.int32],
    cell_keys: npt.NDArray[np.uint64],
    people: npt.NDArray[np.float64],
    best: npt.NDArray[np.int32],
    least: npt.NDArray[np.int32],
    nodes: npt.NDArray[np.int32],
    found: npt.NDArray[np.int32],
    walker: npt.NDArray[np.int32],
    walk: npt.NDArray[np.int32],
) -> tuple[float, float]:
    """Return what a site would bring if it were there: person-deciseconds saved, and people who reach none today.

    One search from the site that stops where some site is as near already: who is better off by the new one leaves
    by a node that is, or lives on the edge of the site, which cells leave by its end u at `edge_node`, or beside it:
    the cells `walker` can walk there, in `walk`. `best` of the
    nodes and `least` of the cells are FAR before and after; `nodes` and `found` are room for as many of each.
    """
    waiting = np.empty(256, np.int64)
    at = np.empty(256, np.int32)
    size, n_nodes, n_found = np.int64(0), 0, 0
    if site[EDGE] < 0:
        return 0.0, 0.0
    for end in range(2):
        if site[LEG + end] >= 0:
            time = np.int64(site[LEG + end]) + site[OFF]
            waiting, at, size = push(waiting, at, size, time, site[NODE + end])
    while size > 0:
        time, node = waiting[0], at[0]
        size = drop_least(waiting, at, size)
        if time >= best[node] or time >= np.int64(keys[node, 0] >> SHIFT):
            continue
        best[node] = time
        nodes[n_nodes] = node
        n_nodes += 1
        for arc in range(start[node], start[node + 1]):
            there = time + cost[arc]
            if there < best[head[arc]] and there < np.int64(keys[head[arc], 0] >> SHIFT):
                waiting, at, size = push(waiting, at, size, there, head[arc])
        for i in range(first[node], first[node + 1]):
            cell = listed[i]
            for end in range(2):
                if cells[cell, NODE + end] == node and cells[cell, LEG + end] >= 0:
                    there = time + cells[cell, LEG + end] + cells[cell, OFF]
                    n_found = lower(least, cell, there, found, n_found)
    for i in range(first[edge_node], first[edge_node + 1]):
        if cells[listed[i], EDGE] == site[EDGE]:
            n_found = lower(least, listed[i], along_edge(cells[listed[i]], site), found, n_found)
    for i in range(walker.size):
        n_found = lower(least, walker[i], walk[i], found, n_found)
    for i in range(n_nodes):
        best[nodes[i]] = FAR
    saved = served = 0.0
    for i in range(n_found):
        cell = found[i]
        was = np.int64(cell_keys[cell, 0] >> SHIFT)
        if was == FAR:
            served += people[cell]
        elif least[cell] < was:
            saved += people[cell] * (was - least[cell])
        least[cell] = FAR
    return saved, served
