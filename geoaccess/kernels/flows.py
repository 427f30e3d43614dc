"""What flows down a forest of quickest ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["gathered"]


@numba.njit(cache=True)
def gathered(
    before: npt.NDArray[np.int32], by_arc: npt.NDArray[np.int32], load: npt.NDArray[np.float64], n_arcs: int
) -> npt.NDArray[np.float64]:
    """Return what passes over each arc when the load of every node goes to its root, by `search.tree`'s forest."""
    n = before.size
    waiting = np.zeros(n, np.int32)
    for node in range(n):
        if before[node] >= 0:
            waiting[before[node]] += 1
    passing = load.copy()
    over = np.zeros(n_arcs, np.float64)
    ready = np.empty(n, np.int32)
    count = 0
    for node in range(n):
        if waiting[node] == 0:
            ready[count] = node
            count += 1
    at = 0
    while at < count:
        node = ready[at]
        at += 1
        parent = before[node]
        if parent < 0:
            continue
        over[by_arc[node]] += passing[node]
        passing[parent] += passing[node]
        waiting[parent] -= 1
        if waiting[parent] == 0:
            ready[count] = parent
            count += 1
    return over
