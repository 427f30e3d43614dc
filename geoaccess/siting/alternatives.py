"""Choices nearly as good as the found one where its figure is no sum: within bounds, and for the worst off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import UNREACHED_MIN
from geoaccess.siting.loss_bounds import Bounds
from geoaccess.siting.minimax import swap_worths
from geoaccess.siting.objectives import PersonMinutes, WithinNorm
from geoaccess.siting.percentile import counted_in, quantile_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.locating import Located
    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["alternatives_bounded", "alternatives_worst"]

_COLUMNS = ["instead_of", "candidate", "value", "kept"]


@checks_arguments
def alternatives_bounded(
    setting: SitingProblem,
    found: Located,
    *,
    groups: npt.NDArray[np.integer],
    max_loss_s: float,
    objective: Objective | None = None,
    unreached_s: float = UNREACHED_MIN * 60,
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
    if not rows.size:
        return pd.DataFrame(columns=_COLUMNS)
    worths = swap_worths(bounds.wanted, chosen, rows)
    short = bounds.short(np.array([swap_worths(problem, chosen, rows) for problem in bounds.each]))
    worths[short > 0] = -np.inf
    worths = _exchanges(worths, setting, chosen)
    out = np.argmax(worths, axis=0)
    best = -worths[out, np.arange(setting.candidates)]
    order = np.argsort(best, kind="stable")[:count]
    order = order[np.isfinite(best[order])]
    floor = setting.burden(wanted, close=close)
    improvement = setting.burden(wanted) - floor + bounds.wanted.objective_value(chosen)
    kept = setting.burden(wanted) - floor - best[order]
    return pd.DataFrame(
        {
            "instead_of": chosen[out[order]],
            "candidate": order,
            "value": setting.figures(wanted, floor + best[order]),
            "kept": kept / improvement if improvement else np.ones(order.size),
        },
        columns=_COLUMNS,
    )


@checks_arguments
def alternatives_worst(
    setting: SitingProblem,
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
    counted = few.people > 0
    times = np.unique(np.concatenate([few.time_s[counted[few.point]], few.now_s[counted].ravel()]))
    times = times[np.isfinite(times)]
    if not rows.size or not times.size:
        return pd.DataFrame(columns=_COLUMNS)
    total = float(few.people.sum())

    def within(limit_s: float) -> npt.NDArray[np.float64]:
        objective = WithinNorm(max(limit_s, 1e-9))
        problem = few.problem(objective, add=len(found.added), close=close)
        certain = total - few.burden(objective, close=close)
        return _exchanges(swap_worths(problem, chosen, rows) + certain, setting, chosen)

    low, high = 0, times.size - 1
    while low < high:
        middle = (low + high) // 2
        if int((within(float(times[middle])).max(axis=0) >= need).sum()) >= count:
            high = middle
        else:
            low = middle + 1
    table = within(float(times[low]))
    most = table.max(axis=0)
    some = np.flatnonzero(most >= need)
    some = some[np.argsort(-most[some], kind="stable")][:count]
    best = [
        min((_exchanged(few, found, k, int(j), need), k) for k in np.flatnonzero(table[:, j] >= need).tolist())
        for j in some
    ]
    values, out = (np.array(column) for column in (zip(*best, strict=True) if best else ([], [])))
    order = np.argsort(values, kind="stable")
    gained = found.now - found.value
    kept = (found.now - values[order]) / gained if gained > 0 and np.isfinite(gained) else np.full(order.size, np.nan)
    gone = chosen[out.astype(np.int64)[order]]
    return pd.DataFrame(
        {"instead_of": gone, "candidate": some[order], "value": values[order], "kept": kept}, columns=_COLUMNS
    )


def _exchanged(setting: SitingProblem, found: Located, row: int, new: int, need: float) -> float:
    """Return the quantile in minutes with one added place exchanged for another."""
    added = np.append(np.delete(found.added, row), np.int32(new))
    return quantile_of(setting, setting.times(added, found.closed), need) / 60


def _chosen(setting: SitingProblem, found: Located) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the places of a choice, those added first, and the numbers of these among them."""
    close = len(found.closed)
    stays = np.setdiff1d(np.arange(setting.standing), found.closed) if close else np.empty(0, np.int64)
    return np.concatenate([found.added, stays + setting.candidates]).astype(np.int32), np.arange(len(found.added))


def _exchanges(
    table: npt.NDArray[np.float64], setting: SitingProblem, chosen: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Return the columns of a table of exchanges that are candidates, -inf where one is chosen."""
    table = table[:, : setting.candidates].copy()
    table[:, chosen[chosen < setting.candidates]] = -np.inf
    return table
