"""The best choice among those that cost no group of people too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.siting import highs
from geoaccess.siting.choosing import Choice
from geoaccess.siting.cover_sets import cover_rows, levels
from geoaccess.siting.locating import Located, locate, located
from geoaccess.siting.objectives import PersonMinutes

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.setting import Setting

__all__ = ["locate_bounded", "mean_loss_s"]

_ROUNDING = 1e-6


def locate_bounded(
    setting: Setting,
    *,
    add: int,
    close: int,
    groups: npt.NDArray[np.integer],
    max_loss_s: float,
    objective: Objective | None = None,
    unreached_s: float = 86_400.0,
    seconds: float = 60.0,
) -> Located:
    """Do what `locate` does, among the choices with which the mean time of no group rises by more than so much.

    Where the best choice of all keeps to the bound it is the answer; else HiGHS solves the question with a row for each
    group.

    Parameters
    ----------
    groups
        The group of each point, as a number from 0; -1 belongs to none.
    max_loss_s
        Seconds, >= 0, of the mean of a group.
    unreached_s
        What somebody counts as whom nothing reaches.
    objective, add, close, seconds
        As in `locate`.

    Raises
    ------
    InputError
        If no choice keeps to the bound, or none was found in time; and as `locate`.
    """
    if not max_loss_s >= 0:
        raise InputError(f"max_loss_s is {max_loss_s}; give 0 or more")
    wanted = PersonMinutes(unreached_s=unreached_s) if objective is None else objective
    free = locate(setting, add=add, close=close, objective=wanted, seconds=seconds)
    loss = mean_loss_s(setting, free, groups, unreached_s=unreached_s)
    if (loss <= max_loss_s + _ROUNDING).all():
        return free
    minutes = PersonMinutes(unreached_s=unreached_s)
    problem = setting.problem(wanted, add=add, close=close)
    timed = setting.problem(minutes, add=add, close=close)
    cut, slow = levels(problem), levels(timed)
    scale = 1e4 / max(float(cut.gain.sum()), 1e-300)
    programme = highs.Programme()
    y = programme.add(np.zeros(problem.places), whole=True)
    z = programme.add(cut.gain * scale, whole=False)
    cover_rows(programme, cut, y=y, z=z)
    programme.require(
        problem.group,
        np.arange(problem.places),
        np.ones(problem.places),
        count=problem.quota.size,
        low=problem.quota.astype(np.float64),
        high=problem.quota.astype(np.float64),
    )
    t = programme.add(np.zeros(slow.gain.size), whole=False)
    cover_rows(programme, slow, y=y, z=t)
    count = int(groups.max()) + 1
    inside = groups >= 0
    people = np.bincount(groups[inside], setting.people[inside], minlength=count)
    # Mean after = (certain - gained) / people, and is to be at most the mean of now + the loss.
    certain = minutes.burden(setting.certain_s(close)) - minutes.burden(setting.certain_s(0))
    need = np.bincount(groups[inside], (setting.people * certain)[inside], minlength=count) - people * max_loss_s / 60
    some = inside[slow.point]
    weight = setting.people[slow.point] * slow.step
    size = np.maximum(people, 1e-300)
    group = groups[slow.point[some]]
    programme.require(group, t + slow.which[some], weight[some] / size[group], count=count, low=need / size)
    answer = highs.solve(programme, seconds=seconds)
    if answer.values is None:
        why = f"none was found in {seconds:g} s" if answer.feasible else "there is none"
        raise InputError(f"no choice with which no group loses more than {max_loss_s / 60:g} min on average: {why}")
    chosen = np.flatnonzero(answer.values[: problem.places] > 0.5).astype(np.int32)  # noqa: PLR2004
    worth = problem.worth(chosen)
    bound = max(answer.bound / scale, worth)
    return located(
        setting, problem, Choice(chosen, worth, bound, "HiGHS with a bound for each group"), wanted, close=close
    )


def mean_loss_s(
    setting: Setting, found: Located, groups: npt.NDArray[np.integer], *, unreached_s: float = 86_400.0
) -> npt.NDArray[np.float64]:
    """Return by how many seconds the mean time of each group rises (below 0: falls) with a choice."""
    inside = groups >= 0
    count = int(groups.max(initial=-1)) + 1
    now = np.minimum(setting.times(found.added[:0]), unreached_s)
    after = np.minimum(setting.times(found.added, found.closed), unreached_s)
    people = np.bincount(groups[inside], setting.people[inside], minlength=count)
    lost = np.bincount(groups[inside], (setting.people * (after - now))[inside], minlength=count)
    return np.asarray(np.divide(lost, people, out=np.zeros(count), where=people > 0))
