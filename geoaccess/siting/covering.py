"""The fewest sites that bring a share of the people within a norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SHARE_WITHIN, SOLVER_S
from geoaccess.errors import InputError
from geoaccess.kernels import siting as kernel
from geoaccess.phrases import note
from geoaccess.siting import highs
from geoaccess.siting.choosing import Choice
from geoaccess.siting.cover_sets import cover_rows, levels, reached
from geoaccess.siting.locating import Located, locate, located
from geoaccess.siting.objectives import WithinNorm

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.problem import Problem
    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["fewest"]

_PEOPLE = 1e-9  # of all: what rounding may take from a share


@checks_arguments
def fewest(
    setting: SitingProblem,
    *,
    norm_s: float | npt.NDArray[np.float64],
    share: float = SHARE_WITHIN,
    seconds: float = SOLVER_S,
) -> tuple[Located, int]:
    """Find the fewest candidates that bring at least a share of all people within a norm, beside the sites that stand.

    Location set covering (LSCP), for all people or a part of them. Of choices of so many, the one
    returned brings the greatest share that exchanges find.

    Parameters
    ----------
    norm_s
        Seconds, one for all or one for each point.
    share
        Of all people, in (0, 1]; with 1 everybody must be within the norm.
    seconds
        How long HiGHS may take.

    Returns
    -------
    A `Located`, and the least number of sites that any choice needs: where it is that of the choice, the choice is
    proved optimal. `value` and `now` are the share within the norm.

    Raises
    ------
    InputError
        If the share is not in (0, 1], or even all candidates together do not bring it, saying how much they do.

    References
    ----------
    Toregas, Swain, ReVelle and Bergman (1971), "The location of emergency service facilities", Operations Research
    19(6), 1363-1373.
    """
    if not 0 < share <= 1:
        raise InputError(f"share is {share}; give a share of all people above 0, at most 1")
    objective = WithinNorm(norm_s)
    whole = setting.problem(objective, add=setting.candidates)
    problem = whole.merged()
    people = float(setting.people.sum())
    need = share * people - (people - setting.burden(objective)) - _PEOPLE * people
    most = float(problem.weight.sum())
    if need > most:
        reach = 1 - (setting.burden(objective) - most) / people
        raise InputError(
            f"{100 * share:.6g} % of the people cannot be brought within {_minutes(norm_s)} min: all "
            f"{setting.candidates} candidates together bring {100 * reach:.4f} %"
        )
    chosen: npt.NDArray[Any] = _greedily(problem, need)
    least = 0 if need <= 0 else 1
    how = note("greedy")
    if chosen.size > least:
        chosen, least = _exactly(problem, need, chosen, seconds=seconds)
        how = note("highs")
    chosen = np.sort(chosen).astype(np.int32)
    if chosen.size:
        other = locate(setting, add=chosen.size, objective=objective, method="exchange").added
        chosen = np.sort(other) if whole.objective_value(other) > whole.objective_value(chosen) else chosen
    objective_value = whole.objective_value(chosen)
    found = located(setting, whole, Choice(chosen, objective_value, objective_value, how), objective, close=0)
    if chosen.size > least:
        found = Located(
            added=found.added,
            closed=found.closed,
            now=found.now,
            value=found.value,
            bound=found.bound,
            gap=(chosen.size - least) / chosen.size,
            method=note("stopped", method=how, s=f"{seconds:g}"),
        )
    return found, least


def _greedily(problem: Problem, need: float) -> npt.NDArray[np.int32]:
    """Return so many greedy choices that they suffice, less those that the later ones make needless."""
    best = np.zeros(problem.weight.size)
    arrays = (problem.first, problem.point, problem.gain, problem.cost, problem.group)
    order, brought = kernel.greedy(*arrays, problem.quota, best)
    chosen = order[: int(np.searchsorted(np.cumsum(brought), need)) + 1] if need > 0 else order[:0]
    for place in chosen[::-1]:
        rest = chosen[chosen != place]
        if problem.objective_value(rest) >= need:
            chosen = rest
    return chosen


def _exactly(
    problem: Problem, need: float, known: npt.NDArray[np.int32], *, seconds: float
) -> tuple[npt.NDArray[np.int64], int]:
    """Return the fewest places that HiGHS finds, and the least number that any choice needs."""
    cut = levels(problem)
    programme = highs.Programme()
    y = programme.add(np.full(problem.places, -1.0), whole=True)
    z = programme.add(np.zeros(cut.gain.size), whole=False)
    cover_rows(programme, cut, y=y, z=z)
    scale = 1e4 / float(cut.gain.sum())
    row = np.zeros(cut.gain.size, np.int64)
    programme.require(row, z + np.arange(cut.gain.size), cut.gain * scale, count=1, low=need * scale)
    start = np.zeros(programme.size)
    start[known] = 1.0
    start[z:] = reached(cut, known, problem.places)
    found = highs.solve(programme, start=start, seconds=seconds)
    least = int(np.ceil(-found.bound - 1e-6)) if np.isfinite(found.bound) else 1  # somebody is to be brought nearer
    least = max(least, 1)
    if found.values is None:
        return known.astype(np.int64), least
    chosen = np.flatnonzero(found.values[: problem.places] > 0.5)  # noqa: PLR2004 - whole numbers, but for rounding
    if problem.objective_value(chosen) < need - 1e-6 * abs(need) or chosen.size > known.size:
        return known.astype(np.int64), least
    return chosen, least


def _minutes(norm_s: float | npt.NDArray[np.float64]) -> str:
    return " or ".join(f"{norm / 60:g}" for norm in np.unique(norm_s))
