"""The worst off: the longest time that somebody, or all but a few of some people, must have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S
from geoaccess.errors import InputError
from geoaccess.phrases import note
from geoaccess.siting.choosing import choose
from geoaccess.siting.locating import Located, gap_of
from geoaccess.siting.objectives import WithinNorm

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["counted_in", "least_worst", "quantile_of"]

_AT_ONCE_S = 1e-9  # a norm must be above 0, and people may live where the site is
_ROUNDING = 1e-12  # of all people, as in geoaccess.weighted_quantile


@checks_arguments
def least_worst(
    setting: SitingProblem,
    *,
    add: int,
    close: int = 0,
    quantile: float = 1.0,
    group: npt.NDArray[np.bool_] | None = None,
    seconds: float = SOLVER_S,
) -> Located:
    """Find the candidates for which a quantile of the travel time of some people is least.

    With quantile 1 the longest time of anybody (p-centre); with 0.9 and the people of the least central classes their
    90th percentile. It is the least t such that some choice brings the share `quantile` of these people within t: a
    search by halves over the times there are, each step a maximal covering. Of the people whom neither a site nor a
    candidate reaches none are counted.

    Parameters
    ----------
    quantile
        In (0, 1].
    group
        Who counts, a mark per point; everybody unless given.
    seconds
        How long HiGHS may take for each step.

    Returns
    -------
    A `Located` with `now`, `value` and `bound` in minutes; inf where somebody stays unreached who need not, because
    sites are too few.

    Raises
    ------
    InputError
        If the quantile is not in (0, 1], or nobody counts.

    References
    ----------
    Minieka (1970), "The m-center problem", SIAM Review 12(1), 138-139, for the search over covering problems.
    """
    few, need = counted_in(setting, quantile=quantile, group=group)
    now = quantile_of(few, few.times(np.empty(0, np.int64)), need)
    counted = few.people > 0
    times = np.unique(np.concatenate([few.time_s[counted[few.point]], few.now_s[counted].ravel()]))
    times = times[np.isfinite(times)]
    low, high, certain = 0, times.size - 1, 0
    longest = WithinNorm(max(float(times[-1]), _AT_ONCE_S))
    best = choose(few.problem(longest, add=add, close=close), seconds=seconds).chosen
    value = quantile_of(few, _times(few, best, close), need)
    if np.isfinite(value):
        high = int(np.searchsorted(times, value)) - 1
    while low <= high:
        middle = (low + high) // 2
        chosen, possible = _within(few, float(times[middle]), need, add=add, close=close, seconds=seconds)
        if chosen is None:
            low = middle + 1
            certain = certain if possible else low
        else:
            best, value = chosen, quantile_of(few, _times(few, chosen, close), need)
            high = int(np.searchsorted(times, value)) - 1
    bound = float(times[certain]) if certain < times.size else np.inf
    return _found(few, best, close, need=need, now=now, value=value, bound=min(bound, value))


def counted_in(
    setting: SitingProblem, *, quantile: float, group: npt.NDArray[np.bool_] | None
) -> tuple[SitingProblem, float]:
    """Return the setting with the people who count alone, and how many of them must be within the time."""
    if not 0 < quantile <= 1:
        raise InputError(f"quantile is {quantile}; give a share of the people above 0, at most 1")
    counted = setting.reachable & (setting.people > 0)
    if group is not None:
        counted &= group
    if not counted.any():
        raise InputError("nobody counts: no site and no candidate reaches any of these people")
    few = replace(setting, people=np.where(counted, setting.people, 0.0))
    return few, (quantile - _ROUNDING) * float(few.people.sum())


def _within(
    setting: SitingProblem, limit_s: float, need: float, *, add: int, close: int, seconds: float
) -> tuple[npt.NDArray[np.int32] | None, bool]:
    """Return a choice that brings so many people within a time, if one is found; and whether one is possible."""
    objective = WithinNorm(max(limit_s, _AT_ONCE_S))
    certain = float(setting.people.sum()) - setting.burden(objective, close=close)
    problem = setting.problem(objective, add=add, close=close)
    found = choose(problem, method="exact", seconds=seconds, target=need - certain)
    if certain + found.objective_value >= need:
        return found.chosen, True
    return None, certain + found.bound >= need


def _times(setting: SitingProblem, chosen: npt.NDArray[np.int32], close: int) -> npt.NDArray[np.float64]:
    return setting.times(*_split(setting, chosen, close))


def _split(
    setting: SitingProblem, chosen: npt.NDArray[np.int32], close: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the candidates that are added and the standing sites that are closed."""
    closed = np.empty(0, np.int64)
    if close:
        closed = np.setdiff1d(np.arange(setting.standing), chosen - setting.candidates)
    return chosen[chosen < setting.candidates], closed.astype(np.int32)


def quantile_of(setting: SitingProblem, times_s: npt.NDArray[np.float64], need: float) -> float:
    """Return the least time within which so many people are."""
    order = np.argsort(times_s, kind="stable")
    within = np.cumsum(setting.people[order])
    return float(times_s[order[min(int(np.searchsorted(within, need)), order.size - 1)]])


def _in_order(
    setting: SitingProblem, added: npt.NDArray[np.int32], closed: npt.NDArray[np.int32], need: float
) -> npt.NDArray[np.int32]:
    """Return the places in the order in which they bring most, each after those before it."""
    order: list[int] = []
    left = np.sort(added).tolist()
    while left:
        after = [quantile_of(setting, setting.times(np.array([*order, j]), closed), need) for j in left]
        order.append(left.pop(int(np.argmin(after))))
    return np.array(order, np.int32)


def _found(
    setting: SitingProblem,
    chosen: npt.NDArray[np.int32],
    close: int,
    *,
    need: float,
    now: float,
    value: float,
    bound: float,
) -> Located:
    added, closed = _split(setting, chosen, close)
    gap = 0.0 if bound >= value else gap_of(now, value, bound)
    return Located(
        added=_in_order(setting, added, closed, need),
        closed=closed,
        now=now / 60,
        value=value / 60,
        bound=bound / 60,
        gap=gap,
        method=note("covering_by_time"),
    )
