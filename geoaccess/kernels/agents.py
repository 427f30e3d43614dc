"""People who choose between sites by travel and by how crowded these are: an equilibrium, cell after cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["settle_agents"]


@numba.njit(cache=True)
def settle_agents(
    ptr: npt.NDArray[np.int64],
    site: npt.NDArray[np.int64],
    travel: npt.NDArray[np.float64],
    demand: npt.NDArray[np.float64],
    room: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.float64],
    crowd: npt.NDArray[np.float64],
    tolerance: float,
    rounds: int,
) -> float:
    """Let the people of one cell after the other choose, until nobody would rather go elsewhere; return the regret.

    The cost of a site is travel + crowd / room. The people of a cell spread over its sites (those of rows ptr[i] to
    ptr[i + 1]) so that all they use cost them alike, and no other less, given the others: the least of a convex
    function in one block of its variables. `chosen` (people of each row) and `crowd` (people at each site) are changed
    in place, and must agree at the beginning. Regret is the most that anybody would win by another site.
    """
    regret = np.inf
    for _ in range(rounds):
        for cell in range(demand.size):
            first, last = ptr[cell], ptr[cell + 1]
            if demand[cell] <= 0 or last == first:
                continue
            for row in range(first, last):
                crowd[site[row]] -= chosen[row]
            alone = np.empty(last - first)
            for row in range(first, last):
                alone[row - first] = travel[row] + max(crowd[site[row]], 0.0) / room[site[row]]
            order = np.argsort(alone)
            wide, filled, level = 0.0, demand[cell], 0.0
            for place in range(order.size):
                row = first + order[place]
                if place > 0 and level <= alone[order[place]]:
                    break
                wide += room[site[row]]
                filled += room[site[row]] * alone[order[place]]
                level = filled / wide
            for row in range(first, last):
                chosen[row] = max(level - alone[row - first], 0.0) * room[site[row]]
                crowd[site[row]] = max(crowd[site[row]], 0.0) + chosen[row]
        regret = 0.0
        for cell in range(demand.size):
            least, most = np.inf, 0.0
            for row in range(ptr[cell], ptr[cell + 1]):
                cost = travel[row] + crowd[site[row]] / room[site[row]]
                least = min(least, cost)
                if chosen[row] > 1e-9 * demand[cell]:
                    most = max(most, cost)
            if demand[cell] > 0 and least < np.inf:
                regret = max(regret, most - least)
        if regret <= tolerance:
            break
    return regret
