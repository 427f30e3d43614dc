"""One choice for several futures: the one that is never far from what would have been best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.siting import highs
from geoaccess.siting.choosing import CLOSE_ENOUGH, choose
from geoaccess.siting.cover_sets import cover_rows, levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.problem import Problem
    from geoaccess.siting.setting import Setting

__all__ = ["Regret", "least_regret"]


@dataclass(frozen=True)
class Regret:
    """A choice for several futures. All arrays have an entry per future; burdens are means per person.

    `best` is what could be had if that future were known, `value` what the choice has then; the regret is their
    difference, `worst` the greatest. `bound`: no choice has a smaller greatest regret.
    """

    added: npt.NDArray[np.int32]
    best: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]
    bound: float
    method: str

    @property
    def worst(self) -> float:
        """The greatest regret."""
        return float((self.value - self.best).max())

    @property
    def proved(self) -> bool:
        """Whether no choice has a smaller greatest regret."""
        return bool(self.worst - self.bound <= 1e-6 * max(float(self.best.max()), 1e-300))


def least_regret(settings: Sequence[Setting], *, add: int, objective: Objective, seconds: float = 60.0) -> Regret:
    """Find the candidates whose greatest regret over several futures is least.

    Regret in future s = burden per person with the choice - burden per person with the best choice for s. The futures
    (other roads, closed ferries, other people) have the same candidates.

    Parameters
    ----------
    settings
        One for each future, of the same number of candidates.
    add, objective
        As in `locate`.
    seconds
        How long HiGHS may take for each future, and for all together.

    Raises
    ------
    InputError
        If there is no future, or candidates differ in number, or what is best in some future was not found in time.

    References
    ----------
    Serra and Marianov (1998), "The p-median problem in a changing network: the case of Barcelona", Location Science
    6(1-4), 383-394.
    """
    if not settings or len({setting.candidates for setting in settings}) > 1:
        numbers = [setting.candidates for setting in settings]
        raise InputError(f"futures with {numbers} candidates; give one or more, with the same candidates in all")
    problems = [setting.problem(objective, add=add) for setting in settings]
    people = np.array([max(float(problem.weight.sum()), 1e-300) for problem in problems])
    floor = np.array([float(np.sum(s.people * objective.burden(s.certain_s(0)))) for s in settings]) / people
    own = [choose(problem, method="exact", seconds=seconds) for problem in problems]
    if not all(choice.proved for choice in own):
        raise InputError(f"what is best in each future was not found in {seconds:g} s; give more time")
    best = floor - np.array([choice.worth for choice in own]) / people

    def value_of(chosen: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        return np.asarray(floor - np.array([problem.worth(chosen) for problem in problems]) / people)

    known = min((choice.chosen for choice in own), key=lambda chosen: float((value_of(chosen) - best).max()))
    if len({tuple(choice.chosen) for choice in own}) == 1:
        return Regret(known, best, value_of(known), 0.0, "the best in every future")
    chosen, bound = _decided(problems, people, floor - best, known, seconds=seconds)
    if float((value_of(chosen) - best).max()) > float((value_of(known) - best).max()):
        chosen = known
    worst = float((value_of(chosen) - best).max())
    bound = min(max(bound, 0.0), worst)
    if worst - bound <= CLOSE_ENOUGH * max(float(best.max()), 1.0):
        bound = worst
    return Regret(chosen, best, value_of(chosen), bound, "HiGHS over all futures")


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
        column = np.append(z + np.arange(cut.gain.size), regret)
        entry = np.append(cut.gain * scale / size, 1.0)
        programme.require(np.zeros(column.size), column, entry, count=1, low=most * scale)
    found = highs.solve(programme, seconds=seconds)
    bound = -found.bound / scale
    if found.values is None:
        return known, bound
    return np.flatnonzero(found.values[:places] > 0.5).astype(np.int32), bound  # noqa: PLR2004
