"""The best choice among those that cost no group of people too much."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S, UNREACHED_MIN
from geoaccess.errors import InputError
from geoaccess.phrases import note
from geoaccess.siting import highs
from geoaccess.siting.choosing import CLOSE_ENOUGH, LARGEST, Choice, choose
from geoaccess.siting.cover_sets import cover_rows, levels, quota_rows, reached
from geoaccess.siting.locating import Located, locate, located
from geoaccess.siting.minimax import combined, descend
from geoaccess.siting.objectives import PersonMinutes

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.choosing import Method
    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.problem import Problem
    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["locate_bounded", "mean_loss_s"]

_ROUNDING = 1e-6
_ROUNDS = 15
_FORBIDDEN = 1e6


@checks_arguments
def locate_bounded(
    setting: SitingProblem,
    *,
    add: int,
    close: int,
    groups: npt.NDArray[np.integer],
    max_loss_s: float,
    objective: Objective | None = None,
    unreached_s: float = UNREACHED_MIN * 60,
    method: Method = "auto",
    seconds: float = SOLVER_S,
) -> Located:
    """Do what `locate` does, among the choices with which the mean time of no group rises by more than so much.

    Where the best choice of all keeps to the bound it is the answer. Else places are exchanged with a price on what
    groups lose beyond their bounds, which also bounds what any choice could be worth; what that leaves open HiGHS
    decides with a row for each group, if it is not too large.

    Parameters
    ----------
    groups
        The group of each point, as a number from 0; -1 belongs to none.
    max_loss_s
        Seconds, >= 0, of the mean of a group.
    unreached_s
        What a person who cannot reach any site counts as.
    objective, add, close
        As in `locate`.
    method, seconds
        "exchange" leaves HiGHS out, "exact" asks it however large the problem; pricing stops after so long, too.

    Raises
    ------
    InputError
        If no choice keeps to the bound, or none was found in time; and as `locate`.
    """
    if not max_loss_s >= 0:
        raise InputError(f"max_loss_s is {max_loss_s}; give 0 or more")
    wanted = PersonMinutes(unreached_s=unreached_s) if objective is None else objective
    free = locate(setting, add=add, close=close, objective=wanted, method=method, seconds=seconds)
    loss = mean_loss_s(setting, free, groups, unreached_s=unreached_s)
    if (loss <= max_loss_s + _ROUNDING).all():
        return free
    bounds = Bounds.of(
        setting, add=add, close=close, groups=groups, max_loss_s=max_loss_s, objective=wanted, unreached_s=unreached_s
    )
    stays = np.setdiff1d(np.arange(setting.standing), free.closed) if close else np.empty(0, np.int64)
    start = np.concatenate([free.added, stays + setting.candidates]).astype(np.int32)
    known, bound = _priced(bounds, start, seconds=seconds)
    how, possible = note("exchange_bounds"), True
    objective_value = bounds.wanted.objective_value(known) if bounds.kept(known) else -np.inf
    small = bounds.wanted.value.size + bounds.timed.value.size <= LARGEST
    if bound - objective_value > CLOSE_ENOUGH * abs(bound) and (method == "exact" or (method == "auto" and small)):
        answer, other, possible = _exactly(bounds, known, seconds=seconds)
        how, bound = note("highs_bounds"), min(bound, other)
        if answer is not None and bounds.kept(answer) and bounds.wanted.objective_value(answer) > objective_value:
            known, objective_value = answer, bounds.wanted.objective_value(answer)
    if not np.isfinite(objective_value):
        why = f"none was found in {seconds:g} s" if possible else "there is none"
        raise InputError(f"no choice with which no group loses more than {max_loss_s / 60:g} min on average: {why}")
    return located(
        setting, bounds.wanted, Choice(known, objective_value, max(bound, objective_value), how), wanted, close=close
    )


@dataclass(frozen=True)
class Bounds:
    """What is wanted, and what each group must keep, in minutes of each of its people.

    `timed` has the minutes that each place saves from what is certain; group g keeps to its bound if the choice saves
    `need[g]` of its people at least, as a mean.
    """

    wanted: Problem
    timed: Problem
    groups: npt.NDArray[np.integer]
    people: npt.NDArray[np.float64]
    need: npt.NDArray[np.float64]

    @classmethod
    def of(
        cls,
        setting: SitingProblem,
        *,
        add: int,
        close: int,
        groups: npt.NDArray[np.integer],
        max_loss_s: float,
        objective: Objective,
        unreached_s: float,
    ) -> Bounds:
        """Compute what each group must keep: mean after = certain - saved, at most the mean of now + the loss."""
        minutes = PersonMinutes(unreached_s=unreached_s)
        inside = groups >= 0
        count = int(groups.max(initial=-1)) + 1
        people = np.bincount(groups[inside], setting.people[inside], minlength=count).astype(np.float64)
        certain = minutes.burden(setting.certain_s(close)) - minutes.burden(setting.certain_s(0))
        lost = np.bincount(groups[inside], (setting.people * certain)[inside], minlength=count)
        mean = np.divide(lost, people, out=np.zeros(count), where=people > 0)
        return cls(
            wanted=setting.problem(objective, add=add, close=close),
            timed=setting.problem(minutes, add=add, close=close),
            groups=groups,
            people=people,
            need=np.where(people > 0, mean - max_loss_s / 60, -np.inf),
        )

    @property
    def each(self) -> list[Problem]:
        """The mean minutes saved of each group, as problems of the same places."""
        weights = np.where(self.groups >= 0, self.timed.weight / np.maximum(self.people[self.groups], 1e-300), 0.0)
        return [
            replace(self.timed, weight=np.where(self.groups == group, weights, 0.0))
            for group in range(self.people.size)
        ]

    def short(self, saved: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return by how many minutes groups miss what they must keep; `saved` has a row per group."""
        ends = (-1,) + (1,) * (saved.ndim - 1)
        missing: npt.NDArray[np.float64] = np.maximum(self.need.reshape(ends) - saved - _ROUNDING / 60, 0.0).sum(axis=0)
        return missing

    def kept(self, chosen: npt.NDArray[np.integer]) -> bool:
        """Say whether a choice keeps to every bound."""
        return bool(self.short(np.array([problem.objective_value(chosen) for problem in self.each])) <= 0)


def _priced(bounds: Bounds, start: npt.NDArray[np.int32], *, seconds: float) -> tuple[npt.NDArray[np.int32], float]:
    """Exchange with a price on what groups lose beyond their bound; return the best choice, and a bound on any.

    For any prices mu >= 0, no choice within the bounds is worth more than the greatest value + sum mu (saved - need)
    (Lagrange). Prices rise where a group loses too much; from each choice on the way places are exchanged, first as
    long as groups lose less beyond their bounds, then as long as that is worth more.
    """
    began = time.monotonic()
    problems = [bounds.wanted, *bounds.each]
    scale = max(abs(bounds.wanted.objective_value(start)), 1.0)

    def score(worths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(_FORBIDDEN * bounds.short(worths[1:]) - worths[0] / scale)

    def score_of(chosen: npt.NDArray[np.integer]) -> float:
        return float(score(np.array([problem.objective_value(chosen) for problem in problems])))

    best, chosen, bound = descend(problems, start, score), start, np.inf
    some = bounds.people > 0
    prices, need = np.zeros(bounds.people.size), np.where(some, bounds.need, 0.0)
    for turn in range(_ROUNDS):
        saved = np.array([problem.objective_value(chosen) for problem in problems[1:]])
        step = np.where(some, need - saved, 0.0)
        if not step.any() or time.monotonic() - began > seconds:
            break
        left = (
            scale * max(0.01, bound / scale - bounds.wanted.objective_value(best) / scale)
            if np.isfinite(bound)
            else scale
        )
        prices = np.maximum(prices + left / (1 + turn / 4) * step / float(np.sum(step**2)), 0.0)
        found = choose(combined(problems, np.append(1.0, prices)), method="exchange")
        bound = min(bound, found.bound - float(np.sum(prices * need)))
        chosen = found.chosen
        best = min((descend(problems, chosen, score), best), key=score_of)
        if bounds.kept(best) and bound - bounds.wanted.objective_value(best) <= CLOSE_ENOUGH * scale:
            break
    return best, bound


def _exactly(
    bounds: Bounds, known: npt.NDArray[np.int32], *, seconds: float
) -> tuple[npt.NDArray[np.int32] | None, float, bool]:
    """Let HiGHS find the choice; return it, a bound on any, and whether there can be any."""
    problem = bounds.wanted
    cut, slow = levels(problem), levels(bounds.timed)
    scale = 1e4 / max(float(cut.gain.sum()), 1e-300)
    programme = highs.Programme()
    y = programme.add(np.zeros(problem.places), whole=True)
    z = programme.add(cut.gain * scale, whole=False)
    cover_rows(programme, cut, y=y, z=z)
    quota_rows(programme, problem)
    t = programme.add(np.zeros(slow.gain.size), whole=False)
    cover_rows(programme, slow, y=y, z=t)
    some = (bounds.groups >= 0)[slow.point]
    group = bounds.groups[slow.point[some]]
    share = bounds.timed.weight[slow.point[some]] / np.maximum(bounds.people[group], 1e-300)
    count = bounds.people.size
    programme.require(group, t + slow.which[some], share * slow.step[some], count=count, low=bounds.need)
    start = None
    if bounds.kept(known):
        chosen = np.isin(np.arange(problem.places), known).astype(np.float64)
        start = np.concatenate([chosen, reached(cut, known, problem.places), reached(slow, known, problem.places)])
    answer = highs.solve(programme, start=start, seconds=seconds)
    if answer.values is None:
        return None, answer.bound / scale, answer.feasible
    found = np.flatnonzero(answer.values[: problem.places] > 0.5).astype(np.int32)  # noqa: PLR2004 - whole, but for rounding
    return found, answer.bound / scale, True


@checks_arguments
def mean_loss_s(
    setting: SitingProblem, found: Located, groups: npt.NDArray[np.integer], *, unreached_s: float = UNREACHED_MIN * 60
) -> npt.NDArray[np.float64]:
    """Return by how many seconds the mean time of each group rises (below 0: falls) with a choice."""
    inside = groups >= 0
    count = int(groups.max(initial=-1)) + 1
    now = np.minimum(setting.times(found.added[:0]), unreached_s)
    after = np.minimum(setting.times(found.added, found.closed), unreached_s)
    people = np.bincount(groups[inside], setting.people[inside], minlength=count)
    lost = np.bincount(groups[inside], (setting.people * (after - now))[inside], minlength=count)
    return np.asarray(np.divide(lost, people, out=np.zeros(count), where=people > 0))
