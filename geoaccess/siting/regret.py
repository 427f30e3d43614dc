"""One choice for several futures: the one that is never far from what would have been best."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S
from geoaccess.errors import InputError
from geoaccess.phrases import note
from geoaccess.siting import highs
from geoaccess.siting.choosing import CLOSE_ENOUGH, LARGEST, choose
from geoaccess.siting.cover_sets import cover_rows, levels, reached
from geoaccess.siting.minimax import combined, descend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from geoaccess.siting.choosing import Method
    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.problem import Problem
    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["Regret", "least_regret"]

_ROUNDS = 12


@dataclass(frozen=True)
class Regret:
    """A choice for several futures. All arrays have an entry per future; burdens are means per person who counts.

    `best` is the best found if that future were known, and no choice has less than `least` in it: the same where the
    best is proved. `value` is what the choice has then. `worst` is the greatest regret, value - least; no choice has a
    greatest regret below `bound`.
    """

    added: npt.NDArray[np.int32]
    best: npt.NDArray[np.float64]
    least: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]
    bound: float
    method: str

    @property
    def worst(self) -> float:
        """The greatest regret; where what is best in a future is not proved, the most that it can be."""
        return float((self.value - self.least).max())

    @property
    def gap(self) -> float:
        """By how much the greatest regret may miss the least there is, in the unit of the burden; 0 where proved."""
        left = self.worst - self.bound
        return 0.0 if left <= 1e-6 * max(float(self.best.max()), 1e-300) else left

    @property
    def proved(self) -> bool:
        """Whether no choice has a smaller greatest regret."""
        return self.gap == 0.0


@checks_arguments
def least_regret(
    settings: Sequence[SitingProblem],
    *,
    add: int,
    objective: Objective,
    method: Method = "auto",
    seconds: float = SOLVER_S,
) -> Regret:
    """Find the candidates whose greatest regret over several futures is least.

    Regret in future s = burden per person with the choice - burden per person with the best choice for s. The futures
    (other roads, closed ferries, other people) have the same candidates; points and people are each future's own.
    People whom neither a site nor a candidate reaches in a future are left out there, as in `locate`.

    For any weights of the futures that sum to 1, the least weighted mean of the regrets is a bound on the least
    greatest regret. So the futures are weighed, the best choice for the weighed sum is found and exchanged as long as
    that lowers the greatest regret, and futures in which it is regretted get more weight. What that leaves open HiGHS
    decides, if it is not too large.

    Parameters
    ----------
    settings
        One for each future, of the same number of candidates.
    add, objective
        As in `locate`.
    method
        "exchange" leaves HiGHS out, "exact" asks it however large the problem.
    seconds
        How long HiGHS may take for each future, and for all together; weighing stops after so long too.

    Raises
    ------
    InputError
        If there is no future, or candidates differ in number.

    References
    ----------
    Serra and Marianov (1998), "The p-median problem in a changing network: the case of Barcelona", Location Science
    6(1-4), 383-394.
    """
    if not settings or len({setting.candidates for setting in settings}) > 1:
        numbers = [setting.candidates for setting in settings]
        raise InputError(f"futures with {numbers} candidates; give one or more, with the same candidates in all")
    problems = [setting.problem(objective, add=add) for setting in settings]
    people = np.array([max(float(s.people[s.counted(objective)].sum()), 1e-300) for s in settings])
    floor = np.array([s.burden(objective) for s in settings]) / people
    own = [
        choose(problem, method="exchange" if method == "greedy" else method, seconds=seconds) for problem in problems
    ]
    gain = np.array([choice.objective_value for choice in own]) / people
    most = np.array([choice.objective_value if choice.proved else choice.bound for choice in own]) / people

    def greatest(worths: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        ends = (-1,) + (1,) * (worths.ndim - 1)
        return np.asarray((most.reshape(ends) - worths / people.reshape(ends)).max(axis=0))

    def worst_of(chosen: npt.NDArray[np.integer]) -> float:
        return float(greatest(np.array([problem.objective_value(chosen) for problem in problems])))

    def result(chosen: npt.NDArray[np.int32], bound: float, how: str) -> Regret:
        value = floor - np.array([problem.objective_value(chosen) for problem in problems]) / people
        bound = min(max(bound, 0.0), worst_of(chosen))
        return Regret(chosen, floor - gain, floor - most, value, bound, how)

    known = min((choice.chosen for choice in own), key=worst_of)
    if len({tuple(choice.chosen) for choice in own}) == 1:
        return result(known, 0.0, "the best in every future")
    known, bound = _weighed(problems, people, gain, known, greatest, seconds=seconds)
    how = note("futures_weighed")
    scale = max(float((floor - gain).max()), 1.0)
    small = sum(problem.value.size for problem in problems) <= LARGEST
    if worst_of(known) - bound > CLOSE_ENOUGH * scale and (method == "exact" or (method == "auto" and small)):
        chosen, other = _decided(problems, people, gain, known, seconds=seconds)
        bound = max(bound, other)
        known = min((chosen, known), key=worst_of)
        how = note("highs_futures")
    if worst_of(known) - bound <= CLOSE_ENOUGH * scale:
        bound = worst_of(known)
    return result(known, bound, how)


def _weighed(
    problems: list[Problem],
    people: npt.NDArray[np.float64],
    gain: npt.NDArray[np.float64],
    known: npt.NDArray[np.int32],
    greatest: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    *,
    seconds: float,
) -> tuple[npt.NDArray[np.int32], float]:
    """Weigh the futures anew some times; return the best choice on the way, and the best bound."""
    began, bound = time.monotonic(), 0.0
    weights = np.full(people.size, 1.0 / people.size)

    def worst_of(chosen: npt.NDArray[np.integer]) -> float:
        return float(greatest(np.array([problem.objective_value(chosen) for problem in problems])))

    known = descend(problems, known, greatest)
    for turn in range(_ROUNDS):
        found = choose(combined(problems, weights / people), method="exchange")
        bound = max(bound, float(np.sum(weights * gain)) - found.bound)
        known = min((descend(problems, found.chosen, greatest), known), key=worst_of)
        regrets = gain - np.array([problem.objective_value(found.chosen) for problem in problems]) / people
        spread = float(np.ptp(regrets))
        if spread <= 0 or worst_of(known) - bound <= CLOSE_ENOUGH or time.monotonic() - began > seconds:
            break
        weights = weights * np.exp(2.0 / (1 + turn) * (regrets - regrets.max()) / spread)
        weights = weights / weights.sum()
    return known, bound


def _decided(
    problems: list[Problem],
    people: npt.NDArray[np.float64],
    gain: npt.NDArray[np.float64],
    known: npt.NDArray[np.int32],
    *,
    seconds: float,
) -> tuple[npt.NDArray[np.int32], float]:
    """Let HiGHS find the choice; `gain` is what the best choice brings per person in each future."""
    programme = highs.Programme()
    begin = [np.isin(np.arange(problems[0].places), known).astype(np.float64), np.zeros(1)]
    places = problems[0].places
    y = programme.add(np.zeros(places), whole=True)
    scale = 1e3 / max(float(gain.max()), 1e-300)
    regret = programme.add(np.array([-1.0]), whole=False, top=np.inf)
    quota = float(problems[0].quota[0])
    programme.require(np.zeros(places), np.arange(places), np.ones(places), count=1, low=quota, high=quota)
    for problem, size, most in zip(problems, people, gain, strict=True):
        cut = levels(problem)
        z = programme.add(np.zeros(cut.gain.size), whole=False)
        cover_rows(programme, cut, y=y, z=z)
        begin.append(reached(cut, known, places))
        begin[1] = np.maximum(begin[1], scale * (most - problem.objective_value(known) / size))
        column = np.append(z + np.arange(cut.gain.size), regret)
        entry = np.append(cut.gain * scale / size, 1.0)
        programme.require(np.zeros(column.size), column, entry, count=1, low=most * scale)
    found = highs.solve(programme, start=np.concatenate(begin), seconds=seconds)
    bound = -found.bound / scale
    if found.values is None:
        return known, bound
    return np.flatnonzero(found.values[:places] > 0.5).astype(np.int32), bound  # noqa: PLR2004
