"""Choosing places: what each brings to the points it can serve, where a point is served by the best that is chosen.

A place j serves point[first[j]:first[j + 1]] and brings each of them gain[...] > 0; of the chosen places a point takes
the one with the largest gain, so that the worth of a choice is the sum over points of the largest gain, less the costs
of the places. Places come in groups, each with a quota of how many of it are chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["greedy", "lagrangian", "serve", "swaps"]


@numba.njit(cache=True)
def _more(
    first: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    gain: npt.NDArray[np.float64],
    place: int,
    best: npt.NDArray[np.float64],
) -> float:
    """Return what one more place would bring, where `best` is the gain that each point has already."""
    total = 0.0
    for at in range(first[place], first[place + 1]):
        if gain[at] > best[point[at]]:
            total += gain[at] - best[point[at]]
    return total


@numba.njit(cache=True)
def greedy(
    first: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    gain: npt.NDArray[np.float64],
    cost: npt.NDArray[np.float64],
    group: npt.NDArray[np.int32],
    quota: npt.NDArray[np.int64],
    best: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Choose places one after the other, each time the one that brings most; return them and what each brought.

    Lazily: what a place brings can only fall as others are chosen, so a place is computed again only when what it
    brought at its last computation is the most of all (Minoux 1978). Of places that bring the same, the smaller number
    is chosen. Every quota is filled. `best` is updated.
    """
    m = first.size - 1
    left = quota.copy()
    total = np.int64(0)
    for g in range(left.size):
        total += left[g]
    most = np.empty(m, np.float64)
    computed = np.zeros(m, np.int64)
    taken = np.zeros(m, np.bool_)
    for j in range(m):
        most[j] = _more(first, point, gain, j, best) - cost[j]
    chosen = np.empty(total, np.int32)
    brought = np.empty(total, np.float64)
    for step in range(total):
        while True:
            top = -1
            for j in range(m):
                if not taken[j] and left[group[j]] > 0 and (top < 0 or most[j] > most[top]):
                    top = j
            if computed[top] == step:
                break
            most[top] = _more(first, point, gain, top, best) - cost[top]
            computed[top] = step
        taken[top] = True
        left[group[top]] -= 1
        chosen[step] = top
        brought[step] = most[top]
        for at in range(first[top], first[top + 1]):
            best[point[at]] = max(best[point[at]], gain[at])
    return chosen, brought


@numba.njit(cache=True)
def serve(
    first: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    gain: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.int32],
    best: npt.NDArray[np.float64],
    second: npt.NDArray[np.float64],
    by: npt.NDArray[np.int32],
) -> None:
    """Write the largest and second largest gain of each point, and which of the chosen brings the largest (-1: none).

    Of equal gains, the one chosen first counts as the largest.
    """
    best[:] = 0.0
    second[:] = 0.0
    by[:] = -1
    for k in range(chosen.size):
        for at in range(first[chosen[k]], first[chosen[k] + 1]):
            i = point[at]
            if gain[at] > best[i]:
                second[i] = best[i]
                best[i] = gain[at]
                by[i] = k
            elif gain[at] > second[i]:
                second[i] = gain[at]


@numba.njit(cache=True)
def swaps(
    first: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    gain: npt.NDArray[np.float64],
    cost: npt.NDArray[np.float64],
    group: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.int32],
    best: npt.NDArray[np.float64],
    second: npt.NDArray[np.float64],
    by: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Return for every place what the best exchange of it for one of the chosen brings, and for which of them.

    The exchange of all pairs in one pass over the gains, after Resende and Werneck (2007). -inf and -1 for those that
    are chosen, or of whose group none is.
    """
    m, p = first.size - 1, chosen.size
    loss = np.zeros(p, np.float64)
    for i in range(best.size):
        if by[i] >= 0:
            loss[by[i]] += best[i] - second[i]
    for k in range(p):
        loss[k] -= cost[chosen[k]]
    inside = np.zeros(m, np.bool_)
    for k in range(p):
        inside[chosen[k]] = True
    won = np.full(m, -np.inf)
    out = np.full(m, -1, np.int32)
    eased = np.empty(p, np.float64)
    for j in range(m):
        if inside[j]:
            continue
        eased[:] = 0.0
        profit = -cost[j]
        for at in range(first[j], first[j + 1]):
            i = point[at]
            if gain[at] > best[i]:
                profit += gain[at] - best[i]
                if by[i] >= 0:
                    eased[by[i]] += best[i] - second[i]
            elif by[i] >= 0 and gain[at] > second[i]:
                eased[by[i]] += gain[at] - second[i]
        for k in range(p):
            if group[chosen[k]] == group[j]:
                change = profit - loss[k] + eased[k]
                if change > won[j]:
                    won[j] = change
                    out[j] = k
    return won, out


@numba.njit(cache=True)
def _profits(
    first: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    gain: npt.NDArray[np.float64],
    cost: npt.NDArray[np.float64],
    price: npt.NDArray[np.float64],
    profit: npt.NDArray[np.float64],
) -> None:
    for j in range(profit.size):
        profit[j] = _more(first, point, gain, j, price) - cost[j]


@numba.njit(cache=True)
def _pick(
    profit: npt.NDArray[np.float64],
    group: npt.NDArray[np.int32],
    quota: npt.NDArray[np.int64],
    picked: npt.NDArray[np.bool_],
) -> float:
    """Mark the most profitable places of each group, as many as its quota; return their profits added up."""
    total = 0.0
    picked[:] = False
    for g in range(quota.size):
        if quota[g] == 0:
            continue
        mine = np.flatnonzero(group == g)
        order = np.argsort(-profit[mine])
        for k in range(quota[g]):
            picked[mine[order[k]]] = True
            total += profit[mine[order[k]]]
    return total


@numba.njit(cache=True)
def lagrangian(
    first: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    gain: npt.NDArray[np.float64],
    cost: npt.NDArray[np.float64],
    group: npt.NDArray[np.int32],
    quota: npt.NDArray[np.int64],
    price: npt.NDArray[np.float64],
    known: float,
    enough: float,
    steps: int,
) -> tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return an upper bound on the worth of any choice, with the prices and profits that show it.

    Each point pays its price once and gets from every chosen place what the gain is above it:
    bound = sum_i price_i + sum_g (the quota_g largest profits of the group), profit_j = sum_i max(0, gain_ij -
    price_i) - cost_j. Prices follow subgradients (Held, Wolfe and Crowder 1974) from where they stand, each in steps of
    its own size: in proportion to the largest gain of its point, for these differ by orders of magnitude. `known` is
    the worth of a choice at hand. Stops at a bound of `enough`.
    """
    n, m = price.size, first.size - 1
    profit = np.empty(m, np.float64)
    picked = np.zeros(m, np.bool_)
    count = np.empty(n, np.float64)
    way = np.zeros(n, np.float64)
    bound = np.inf
    best_price = price.copy()
    best_profit = np.empty(m, np.float64)
    pace, idle = 1.0, 0
    top = np.zeros(n)
    for at in range(point.size):
        top[point[at]] = max(top[point[at]], gain[at])
    for _ in range(steps):
        _profits(first, point, gain, cost, price, profit)
        now = _pick(profit, group, quota, picked)
        for i in range(n):
            now += price[i]
        if now < bound - 1e-6 * abs(bound - known):
            idle = 0
        else:
            idle += 1
        if now < bound:
            bound = now
            best_price[:] = price
            best_profit[:] = profit
        if bound <= enough or pace < 1e-3:
            break
        if idle >= 20:
            pace *= 0.7
            idle = 0
            price[:] = best_price
            way[:] = 0.0
            continue
        count[:] = 1.0
        for j in range(m):
            if picked[j]:
                for at in range(first[j], first[j + 1]):
                    if gain[at] > price[point[at]]:
                        count[point[at]] -= 1.0
        size = 0.0
        for i in range(n):
            if count[i] > 0.0 and price[i] <= 0.0:
                count[i] = 0.0
            way[i] = count[i] + 0.7 * way[i]
            size += way[i] * way[i] * top[i]
        if size == 0.0:
            break
        step = pace * max(now - known, 1e-9 * abs(now)) / size
        for i in range(n):
            price[i] = max(0.0, price[i] - step * way[i] * top[i])
    return bound, best_price, best_profit
