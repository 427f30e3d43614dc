"""Boats by timetable over an overlay of quays: bounded searches on land, one scan of departures, exact statistics.

A staircase is the departures of a quay that are worth taking, as pairs (leave, arrive) with both falling: `leave` is
when to be at the quay at the latest, `arrive` when one is at the goal then. Of two pairs, the one that leaves later
arrives later, or it is the only one kept. Times are int64 deciseconds after midnight of the first day, `NEVER` stands
for "not at all".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.heap import drop_least, push

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["NEVER", "arrivals", "day_figures", "reach", "scan"]

NEVER = np.int64(2**62)


@numba.njit(cache=True)
def reach(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    quay: npt.NDArray[np.int32],
    lower: npt.NDArray[np.int64],
    bound: npt.NDArray[np.int64],
    cell_edge: npt.NDArray[np.int32],
    cell_u: npt.NDArray[np.int32],
    cell_v: npt.NDArray[np.int32],
    cell_leg_u: npt.NDArray[np.int32],
    cell_leg_v: npt.NDArray[np.int32],
    cell_off: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return times by land between quays (n, n), and (cell, quay, time) of the cells for which a quay may pay.

    One search per quay, against the direction of travel. It goes no farther than where the time to the quay and the
    least time on from there, `lower`, is no less than `bound`, the time of a node to the goal by land alone: whoever
    comes from beyond is there sooner, or as soon, without this quay.
    """
    n_quays = quay.size
    between = np.full((n_quays, n_quays), NEVER, np.int64)
    best = np.full(start.size - 1, NEVER, np.int64)
    touched = np.empty(1024, np.int32)
    keys = np.empty(1024, np.int64)
    nodes = np.empty(1024, np.int32)
    out_cell = np.empty(1024, np.int32)
    out_quay = np.empty(1024, np.int32)
    out_time = np.empty(1024, np.int64)
    n_out = 0
    for q in range(n_quays):
        size, n_touched = np.int64(0), 0
        if lower[q] < NEVER and lower[q] < bound[quay[q]]:
            best[quay[q]] = 0
            touched[0] = quay[q]
            n_touched = 1
            keys, nodes, size = push(keys, nodes, size, np.int64(0), quay[q])
        while size > 0:
            time, node = keys[0], nodes[0]
            size = drop_least(keys, nodes, size)
            if time > best[node]:
                continue
            for arc in range(start[node], start[node + 1]):
                other = head[arc]
                there = time + cost[arc]
                if there < best[other] and there + lower[q] < bound[other]:
                    if best[other] == NEVER:
                        if n_touched == touched.size:
                            touched = np.concatenate((touched, np.empty(touched.size, np.int32)))
                        touched[n_touched] = other
                        n_touched += 1
                    best[other] = there
                    keys, nodes, size = push(keys, nodes, size, there, other)
        if n_touched == 0:
            continue
        for p in range(n_quays):
            between[p, q] = best[quay[p]]
        for i in range(cell_edge.size):
            if cell_edge[i] < 0:
                continue
            least = NEVER
            if cell_leg_u[i] >= 0:
                least = min(least, best[cell_u[i]] + cell_leg_u[i])
            if cell_leg_v[i] >= 0:
                least = min(least, best[cell_v[i]] + cell_leg_v[i])
            if least >= NEVER:
                continue
            if n_out == out_cell.size:
                out_cell = np.concatenate((out_cell, np.empty(n_out, np.int32)))
                out_quay = np.concatenate((out_quay, np.empty(n_out, np.int32)))
                out_time = np.concatenate((out_time, np.empty(n_out, np.int64)))
            out_cell[n_out] = i
            out_quay[n_out] = q
            out_time[n_out] = least + cell_off[i]
            n_out += 1
        for i in range(n_touched):
            best[touched[i]] = NEVER
    return between, out_cell[:n_out].copy(), out_quay[:n_out].copy(), out_time[:n_out].copy()


@numba.njit(cache=True)
def _step(leave: npt.NDArray[np.int64], low: int, high: int, at: int) -> int:
    """Return the place of the last entry of a falling row that is >= `at`; low - 1 if there is none."""
    while low < high:
        middle = (low + high) // 2
        if leave[middle] >= at:
            low = middle + 1
        else:
            high = middle
    return low - 1


@numba.njit(cache=True)
def scan(
    from_quay: npt.NDArray[np.int32],
    to_quay: npt.NDArray[np.int32],
    leave: npt.NDArray[np.int64],
    arrive: npt.NDArray[np.int64],
    between: npt.NDArray[np.int64],
    onward: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the staircases of all quays: (first, count, leave, arrive); quay q has first[q]:first[q] + count[q].

    Departures are sorted by falling `leave` and take time, so all that can follow one was seen before it: from its
    arrival, by land to the goal (`onward`), or by land to a quay (`between`) and the next departure there.
    """
    n_quays = onward.size
    first = np.zeros(n_quays + 1, np.int64)
    for i in range(from_quay.size):
        first[from_quay[i] + 1] += 1
    first = np.cumsum(first)
    count = np.zeros(n_quays, np.int64)
    leaves = np.empty(from_quay.size, np.int64)
    arrives = np.empty(from_quay.size, np.int64)
    for i in range(from_quay.size):
        q, p = from_quay[i], to_quay[i]
        there = NEVER
        if onward[p] < NEVER:
            there = arrive[i] + onward[p]
        for r in range(n_quays):
            if between[p, r] < NEVER and count[r] > 0:
                step = _step(leaves, first[r], first[r] + count[r], arrive[i] + between[p, r])
                if step >= first[r]:
                    there = min(there, arrives[step])
        if there >= NEVER or (count[q] > 0 and there >= arrives[first[q] + count[q] - 1]):
            continue
        leaves[first[q] + count[q]] = leave[i]
        arrives[first[q] + count[q]] = there
        count[q] += 1
    return first[:-1].copy(), count, leaves, arrives


@numba.njit(cache=True, parallel=True)
def arrivals(
    ptr: npt.NDArray[np.int64],
    quay: npt.NDArray[np.int32],
    before: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    count: npt.NDArray[np.int64],
    leaves: npt.NDArray[np.int64],
    arrives: npt.NDArray[np.int64],
    by_land: npt.NDArray[np.int64],
    at: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return when each cell's journey ends that begins at each of the times `at`: (n_cells, n_times).

    Cell i may use the quays in ptr[i]:ptr[i + 1], `before` the staircase by so much land and `after` it.
    """
    out = np.empty((by_land.size, at.size), np.int64)
    for i in numba.prange(by_land.size):
        for j in range(at.size):
            best = at[j] + by_land[i] if by_land[i] < NEVER else NEVER
            for k in range(ptr[i], ptr[i + 1]):
                q = quay[k]
                step = _step(leaves, first[q], first[q] + count[q], at[j] + before[k])
                if step >= first[q]:
                    best = min(best, arrives[step] + after[k])
            out[i, j] = best
    return out


@numba.njit(cache=True)
def _quantile(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], target: float, rest: float) -> float:
    """Return the least x at which the lengths of [low, high] up to x add up to `target`; `rest` if they never do."""
    low, high = np.sort(low), np.sort(high)
    i = j = 0
    reached = 0.0
    x = low[0] if low.size else rest
    while j < high.size:
        to = min(low[i], high[j]) if i < low.size else high[j]
        gained = (to - x) * (i - j)
        if reached + gained >= target:
            return x + (target - reached) / (i - j) if i > j else x
        reached += gained
        x = to
        if i < low.size and low[i] <= high[j]:
            i += 1
        else:
            j += 1
    return rest


@numba.njit(cache=True, parallel=True)
def day_figures(
    ptr: npt.NDArray[np.int64],
    quay: npt.NDArray[np.int32],
    before: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    count: npt.NDArray[np.int64],
    leaves: npt.NDArray[np.int64],
    arrives: npt.NDArray[np.int64],
    by_land: npt.NDArray[np.int64],
    begin: int,
    end: int,
    norms: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return figures of the travel time of each cell over all starts from `begin` to `end`: (n_cells, 7 + norms).

    Between two departures worth taking the time falls by one second a second, so all integrals are exact. The columns
    are mean, median, 90th percentile, worst (inf where the goal is not always reached), how many departures are worth
    taking, the longest time between two of them that begins within the day and when it begins (0 and NaN where land
    alone leads there), and the share of the day within each norm. Deciseconds.
    """
    n_norms = norms.size
    out = np.full((by_land.size, 7 + n_norms), np.nan)
    day = float(end - begin)
    for i in numba.prange(by_land.size):
        cap = float(by_land[i]) if by_land[i] < NEVER else np.inf
        # All departures from `begin` on, of each quay up to the first after the day.
        n = 0
        for k in range(ptr[i], ptr[i + 1]):
            q = quay[k]
            low = max(_step(leaves, first[q], first[q] + count[q], end + before[k]), first[q])
            n += max(_step(leaves, first[q], first[q] + count[q], begin + before[k]) + 1 - low, 0)
        go = np.empty(n, np.int64)
        come = np.empty(n, np.int64)
        n = 0
        for k in range(ptr[i], ptr[i + 1]):
            q = quay[k]
            low = max(_step(leaves, first[q], first[q] + count[q], end + before[k]), first[q])
            for s in range(low, _step(leaves, first[q], first[q] + count[q], begin + before[k]) + 1):
                go[n] = leaves[s] - before[k]
                come[n] = arrives[s] + after[k]
                n += 1
        order = np.argsort(-go)
        # Keep, from the last to the first, what arrives before all that leaves later, and sooner than by land.
        kept = 0
        best = NEVER
        for s in order:
            if come[s] < best:
                best = come[s]
                if come[s] - go[s] < cap:
                    if kept > 0 and go[order[kept - 1]] == go[s]:
                        kept -= 1
                    order[kept] = s
                    kept += 1
        low_t = np.empty(kept, np.float64)
        high_t = np.empty(kept, np.float64)
        total = worst = gap = 0.0
        gap_from = np.nan
        within = np.zeros(n_norms)
        boats = pieces = 0
        since = begin
        at_cap = day
        for r in range(kept - 1, -1, -1):
            s = order[r]
            if since >= end:
                break
            if go[s] - since >= gap:  # of equal gaps the later: that of the night
                gap, gap_from = float(go[s] - since), float(since)
            a, b = float(since), float(min(go[s], end))
            since = go[s]
            if go[s] < end:
                boats += 1
            if b <= a:
                continue
            low_x, high_x = come[s] - b, min(come[s] - a, cap)
            if low_x >= high_x:
                continue
            low_t[pieces], high_t[pieces] = low_x, high_x
            pieces += 1
            total += (low_x + high_x) / 2 * (high_x - low_x)
            at_cap -= high_x - low_x
            worst = max(worst, high_x)
            for m in range(n_norms):
                within[m] += max(min(high_x, norms[m]) - low_x, 0.0)
        if since < end and (cap == np.inf):
            gap, gap_from = np.inf, float(since)
        if at_cap > 0:
            worst = max(worst, cap)
            total += at_cap * cap
            for m in range(n_norms):
                if cap <= norms[m]:
                    within[m] += at_cap
        out[i, 0] = total / day
        out[i, 1] = _quantile(low_t[:pieces], high_t[:pieces], 0.5 * day, cap)
        out[i, 2] = _quantile(low_t[:pieces], high_t[:pieces], 0.9 * day, cap)
        out[i, 3] = worst
        out[i, 4] = boats
        out[i, 5] = gap if cap == np.inf else 0.0
        out[i, 6] = gap_from if cap == np.inf else np.nan
        for m in range(n_norms):
            out[i, 7 + m] = within[m] / day
    return out
