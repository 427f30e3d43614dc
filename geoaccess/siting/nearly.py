"""Choices nearly as good as the found one where its figure is no sum: within bounds, and for the worst off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.siting.bounded import Bounds
from geoaccess.siting.objectives import PersonMinutes, WithinNorm
from geoaccess.siting.several import swap_worths
from geoaccess.siting.worst import counted_in, quantile_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.locating import Located
    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.setting import Setting

__all__ = ["alternatives_bounded", "alternatives_worst"]

_COLUMNS = ["instead_of", "candidate", "value", "kept"]


def alternatives_bounded(
    setting: Setting,
    found: Located,
    *,
    groups: npt.NDArray[np.integer],
    max_loss_s: float,
    objective: Objective | None = None,
    unreached_s: float = 86_400.0,
    count: int = 10,
) -> pd.DataFrame:
    """Return what `alternatives` does, of the choices that keep to the bounds of `locate_bounded`.

    Only an added place is exchanged; the sites that close are the same.
    """
    wanted = PersonMinutes(unreached_s=unreached_s) if objective is None else objective
    close = len(found.closed)
    bounds = Bounds.of(
        setting,
        add=len(found.added),
        close=close,
        groups=groups,
        max_loss_s=max_loss_s,
        objective=wanted,
        unreached_s=unreached_s,
    )
    chosen, rows = _chosen(setting, found)
    worths = swap_worths(bounds.wanted, chosen, rows)
    short = bounds.short(np.array([swap_worths(problem, chosen, rows) for problem in bounds.each]))
    worths[short > 0] = -np.inf
    best, out = _best_of(-worths, setting, chosen)
    order = np.argsort(best, kind="stable")[:count]
    order = order[np.isfinite(best[order])]
    floor = setting.burden(wanted, close=close)
    improvement = setting.burden(wanted) - floor + bounds.wanted.worth(chosen)
    kept = setting.burden(wanted) - floor - best[order]
    return pd.DataFrame(
        {
            "instead_of": chosen[out[order]],
            "candidate": order,
            "value": [setting.figure(wanted, floor + burden) for burden in best[order]],
            "kept": kept / improvement if improvement else np.ones(order.size),
        },
        columns=_COLUMNS,
    )


def alternatives_worst(
    setting: Setting,
    found: Located,
    *,
    quantile: float = 1.0,
    group: npt.NDArray[np.bool_] | None = None,
    count: int = 10,
) -> pd.DataFrame:
    """Return what `alternatives` does, for the figure of `least_worst`: minutes.

    A search by halves for the least time within which so many of the choices with one place exchanged bring the share
    of the people: each step is a table of all exchanges for one norm.
    """
    few, need = counted_in(setting, quantile=quantile, group=group)
    close = len(found.closed)
    chosen, rows = _chosen(setting, found)
    times = np.unique(few.time_s[few.people[few.point] > 0])
    times = times[np.isfinite(times)]
    if not rows.size or not times.size:
        return pd.DataFrame(columns=_COLUMNS)
    total = float(few.people.sum())

    def within(limit_s: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        objective = WithinNorm(max(limit_s, 1e-9))
        problem = few.problem(objective, add=len(found.added), close=close)
        certain = total - few.burden(objective, close=close)
        return _best_of(-(swap_worths(problem, chosen, rows) + certain), setting, chosen)

    low, high = 0, times.size - 1
    while low < high:
        middle = (low + high) // 2
        if int((-within(float(times[middle]))[0] >= need).sum()) >= count:
            high = middle
        else:
            low = middle + 1
    best, out = within(float(times[low]))
    some = np.flatnonzero(-best >= need)
    some = some[np.argsort(best[some], kind="stable")][: 4 * count]
    values = np.array([_exchanged(few, found, int(chosen[out[j]]), int(j), need) for j in some])
    order = np.argsort(values, kind="stable")[:count]
    gained = found.now - found.value
    kept = (found.now - values[order]) / gained if gained > 0 and np.isfinite(gained) else np.full(order.size, np.nan)
    return pd.DataFrame(
        {"instead_of": chosen[out[some[order]]], "candidate": some[order], "value": values[order], "kept": kept},
        columns=_COLUMNS,
    )


def _exchanged(setting: Setting, found: Located, gone: int, new: int, need: float) -> float:
    """Return the quantile in minutes with one added place exchanged for another."""
    added = np.append(found.added[found.added != gone], np.int32(new))
    return quantile_of(setting, setting.times(added, found.closed), need) / 60


def _chosen(setting: Setting, found: Located) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the places of a choice, those added first, and the numbers of these among them."""
    close = len(found.closed)
    stays = np.setdiff1d(np.arange(setting.standing), found.closed) if close else np.empty(0, np.int64)
    return np.concatenate([found.added, stays + setting.candidates]).astype(np.int32), np.arange(len(found.added))


def _best_of(
    table: npt.NDArray[np.float64], setting: Setting, chosen: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return for each candidate the least number of a table of exchanges, inf where it is chosen, and for which row."""
    table = table[:, : setting.candidates].copy()
    if not len(table):
        return np.full(setting.candidates, np.inf), np.zeros(setting.candidates, np.int64)
    table[:, chosen[chosen < setting.candidates]] = np.inf
    out = np.argmin(table, axis=0)
    return table[out, np.arange(setting.candidates)], out
