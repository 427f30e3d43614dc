"""Where the next sites should be: one question, one answer, and how far it can be from the best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S
from geoaccess.kernels import siting as kernel
from geoaccess.phrases import FALLBACK, share, text
from geoaccess.siting.choosing import CLOSE_ENOUGH, Choice, Method, choose
from geoaccess.siting.objectives import PersonMinutes, WithinNorm

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.problem import Problem
    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["Located", "alternatives", "frontier", "locate", "ranked"]


_POLISH_ROUNDS, _POLISHED = 50, 200
_ROUNDING = 1e-14  # of sums
_SAME = 1e-5  # of a figure: five digits are all that anybody reads


@dataclass(frozen=True)
class Located:
    """Where to add sites and which to close, with what it brings.

    `added` are numbers of candidates, the one that brings most first; `closed` numbers of standing sites. `now`,
    `value` and `bound` are figures of the objective: today, with the choice, and what no choice can beat. `gap` is by
    how much the choice can miss the best, as a share of the figure or of what can be improved, whichever is more; 0
    where it is proved optimal.
    """

    added: npt.NDArray[np.int32]
    closed: npt.NDArray[np.int32]
    now: float
    value: float
    bound: float
    gap: float
    method: str

    @property
    def proved(self) -> bool:
        """Whether no other choice is better."""
        return self.gap == 0.0

    @property
    def certainty(self) -> str:
        """How sure the choice is, in English."""
        if self.proved:
            return text(FALLBACK, "siting.proved")
        return text(FALLBACK, "siting.gap", gap=share(self.gap, 2))


@checks_arguments
def locate(
    setting: SitingProblem,
    *,
    add: int,
    close: int = 0,
    objective: Objective | None = None,
    method: Method = "auto",
    seconds: float = SOLVER_S,
) -> Located:
    """Find the candidates to add (and standing sites to close) that are best for an objective.

    Standing sites stay unless some are to be closed; then exactly `close` are, whichever cost least.

    Parameters
    ----------
    setting
        From `problem_from_matrix` or `build_problem`.
    add, close
        How many.
    objective
        `PersonMinutes()` unless given; `WithinNorm`, `BeyondNorm`, `FairMean`.
    method, seconds
        See `choose`.

    Raises
    ------
    InputError
        If there are not so many candidates or sites, or more nearest sites are needed to close so many.

    Examples
    --------
    Three villages on a road; the people of the first have a site. Where should the next be?

    >>> from geoaccess.siting import locate, problem_from_matrix
    >>> times = [[0, 600, 1500], [600, 0, 900], [1500, 900, 0]]
    >>> found = locate(problem_from_matrix(times, [50, 30, 40], now_s=[0, 600, 1500]), add=1)
    >>> found.added, found.now, found.value, found.certainty
    (array([2], dtype=int32), 10.833333333333334, 2.5, 'proved optimal')
    """
    wanted = PersonMinutes() if objective is None else objective
    problem = setting.problem(wanted, add=add, close=close)
    choice = choose(problem, method=method, seconds=seconds)
    if isinstance(wanted, WithinNorm):  # which leaves many choices equal
        chosen = _nearer(problem, setting, choice, close=close)
        objective_value = problem.objective_value(chosen)  # which may be more, of a choice that was made greedily
        choice = replace(
            choice, chosen=chosen, objective_value=objective_value, bound=max(choice.bound, objective_value)
        )
    found = located(setting, problem, choice, wanted, close=close)
    if choice.proved and not found.proved and method in ("auto", "exact"):
        # Near enough beside all that is gained, but not beside what is left of the figure.
        choice = choose(problem, method=method, seconds=seconds, enough=CLOSE_ENOUGH / 1000)
        found = located(setting, problem, choice, wanted, close=close)
    return found


def _nearer(problem: Problem, setting: SitingProblem, choice: Choice, *, close: int) -> npt.NDArray[np.int32]:
    """Return a choice that is worth as much, by exchanges of one place for another, and nearer to people."""
    best, second = np.zeros(problem.weight.size), np.zeros(problem.weight.size)
    by = np.empty(problem.weight.size, np.int32)
    chosen = choice.chosen.copy()
    arrays = (problem.first, problem.point, problem.gain)
    for _ in range(_POLISH_ROUNDS):
        kernel.serve(*arrays, chosen, best, second, by)
        won, out = kernel.swaps(*arrays, problem.cost, problem.group, chosen, best, second, by)
        equal = np.flatnonzero(won >= -1e-12 * max(choice.objective_value, 1.0))[:_POLISHED]
        minutes = _minutes_of(setting, np.union1d(chosen, equal), add=int(problem.quota[0]), close=close)
        others = [np.append(np.delete(chosen, out[place]), np.int32(place)) for place in equal]
        worths = [minutes.objective_value(other) for other in others]
        if not worths or max(worths) <= minutes.objective_value(chosen) * (1 + 1e-12):
            break
        chosen = others[int(np.argmax(worths))]
    return np.sort(chosen)


def _minutes_of(setting: SitingProblem, places: npt.NDArray[np.integer], *, add: int, close: int) -> Problem:
    """Return the problem of least travel time with nothing but some places in reach: all of it may be very large."""
    inside = np.zeros(setting.candidates, np.bool_)
    inside[places[places < setting.candidates]] = True
    some = inside[setting.place]
    few = replace(setting, point=setting.point[some], place=setting.place[some], time_s=setting.time_s[some])
    return few.problem(PersonMinutes(), add=add, close=close)


def located(setting: SitingProblem, problem: Problem, choice: Choice, objective: Objective, *, close: int) -> Located:
    """Read a choice of places as candidates to add and sites to close, and its value as figures."""
    chosen = choice.chosen
    added = chosen[chosen < setting.candidates]
    closed = np.empty(0, np.int32)
    if close:
        stays = np.isin(np.arange(setting.standing), chosen - setting.candidates)
        closed = np.flatnonzero(~stays).astype(np.int32)
    counted = setting.counted(objective)
    times = setting.times(added, closed)[counted]
    # Not what is certain less what is gained: of two large numbers the difference may be nothing but rounding.
    burden = float(np.sum(setting.people[counted] * objective.burden(times, at=counted)))
    missing = max(
        choice.bound - choice.objective_value, _ROUNDING * max(abs(choice.bound), abs(choice.objective_value))
    )
    now, value = setting.figure(objective, setting.burden(objective)), setting.figure(objective, burden)
    least = float(setting.people[counted].sum() * objective.burden(np.zeros(1))[0])  # everybody at a site
    bound = setting.figure(objective, max(burden - missing, least))
    gap = gap_of(now, value, bound)
    if choice.proved and abs(bound - value) <= _SAME * abs(value):
        gap = 0.0
    return Located(
        added=ranked(problem, added, chosen[chosen >= setting.candidates]),
        closed=closed,
        now=now,
        value=value,
        bound=bound if gap else value,
        gap=gap,
        method=choice.method,
    )


def gap_of(now: float, value: float, bound: float) -> float:
    """Return by how much a figure may miss the best: of the figure itself or of what it improves, whichever is more."""
    missing = abs(bound - value)
    if missing == 0 or np.isinf(missing):
        return 1.0 if missing else 0.0
    return min(1.0, missing / max(min(max(abs(value), abs(bound)), abs(now - bound)), 1e-300))


def ranked(
    problem: Problem, added: npt.NDArray[np.integer], standing: npt.NDArray[np.integer]
) -> npt.NDArray[np.int32]:
    """Return the places in the order in which they bring most, each after those before it."""
    groups = problem.group[np.concatenate([added, standing])]
    exact = replace(problem, quota=np.bincount(groups, minlength=problem.quota.size))
    rest, _ = exact.among(np.asarray(added), np.asarray(standing))
    best = np.zeros(rest.weight.size)
    order, _ = kernel.greedy(rest.first, rest.point, rest.gain, rest.cost, rest.group, rest.quota, best)
    return np.asarray(added, np.int32)[order]


@checks_arguments
def frontier(
    setting: SitingProblem,
    *,
    most: int,
    close: int = 0,
    objective: Objective | None = None,
    method: Method = "exchange",
    found: Located | None = None,
) -> pd.DataFrame:
    """Return what 0, 1, ... `most` added sites make of the objective: `added`, `value`, `bound`, `gap`, `method`.

    The last row is `found`, where that is given.
    """
    rows = []
    for add in range(most + 1):
        step = found
        if step is None or add < most:
            step = locate(setting, add=add, close=close, objective=objective, method=method)
        rows.append((add, step.value, step.bound, step.gap, step.method))
    return pd.DataFrame(rows, columns=["added", "value", "bound", "gap", "method"])


@checks_arguments
def alternatives(
    setting: SitingProblem, found: Located, *, count: int = 10, objective: Objective | None = None
) -> pd.DataFrame:
    """Return the best choices that differ from the found one by one place: nearly as good, and perhaps preferred.

    Table with `instead_of` and `candidate` (numbers of candidates), `value` of the objective, and `kept`: the share of
    the improvement that is kept. The best first.
    """
    wanted = PersonMinutes() if objective is None else objective
    problem = setting.problem(wanted, add=len(found.added), close=len(found.closed))
    stays = np.setdiff1d(np.arange(setting.standing), found.closed) if len(found.closed) else np.empty(0, np.int64)
    chosen = np.concatenate([found.added, stays + setting.candidates]).astype(np.int32)
    arrays = (problem.first, problem.point, problem.gain)
    best, second = np.zeros(problem.weight.size), np.zeros(problem.weight.size)
    by = np.empty(problem.weight.size, np.int32)
    kernel.serve(*arrays, chosen, best, second, by)
    won, out = kernel.swaps(*arrays, problem.cost, problem.group, chosen, best, second, by)
    won = won[: setting.candidates]
    order = np.argsort(-won, kind="stable")[:count]
    order = order[np.isfinite(won[order])]
    floor = setting.burden(wanted, close=len(found.closed))
    now, with_all = setting.burden(wanted), floor - problem.objective_value(chosen)
    improvement = now - with_all
    return pd.DataFrame(
        {
            "instead_of": chosen[out[order]],
            "candidate": order,
            "value": setting.figures(wanted, with_all - won[order]),
            "kept": (improvement + won[order]) / improvement if improvement else np.ones(order.size),
        }
    )
