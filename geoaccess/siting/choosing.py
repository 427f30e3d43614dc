"""Solving a problem: lazily greedy, by exchanges, with a bound, and exactly."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S
from geoaccess.errors import InputError
from geoaccess.kernels import siting as kernel
from geoaccess.phrases import note
from geoaccess.siting import highs
from geoaccess.siting.cover_sets import cover_rows, levels, quota_rows, reached

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.problem import Problem

__all__ = ["Choice", "Method", "choose", "exchanges"]

Method = Literal["auto", "exact", "exchange", "greedy"]

CLOSE_ENOUGH = 1e-7
"""Of the bound: solvers work with rounding, and answers this near to the bound count as proved optimal."""

LARGEST = 3_000_000
"""Entries of a programme that is still worth a try when no exact answer is required."""

_STEPS = 2000
_SHAKES = 20
_MUCH_LESS = 0.7
_SHAKEN_PAIRS = 20_000_000


@dataclass(frozen=True)
class Choice:
    """Which places were chosen, how, what they are worth, and what no choice can exceed.

    `chosen` is rising. `gap` = (bound - objective_value) / bound, 0 where the choice is proved optimal.
    """

    chosen: npt.NDArray[np.int32]
    objective_value: float
    bound: float
    method: str

    @property
    def gap(self) -> float:
        """How far from the best the choice can be at most, as a share of what the best brings."""
        if self.within(CLOSE_ENOUGH):
            return 0.0
        return (self.bound - self.objective_value) / max(abs(self.bound), abs(self.objective_value))

    def within(self, share: float) -> bool:
        """Say whether the bound is beyond the choice by no more than a share of it."""
        return self.bound - self.objective_value <= share * max(abs(self.bound), abs(self.objective_value))

    @property
    def proved(self) -> bool:
        """Whether no choice can be better."""
        return self.gap == 0.0


@checks_arguments
def choose(
    problem: Problem,
    *,
    method: Method = "auto",
    seconds: float = SOLVER_S,
    target: float | None = None,
    enough: float = CLOSE_ENOUGH,
) -> Choice:
    """Choose the places that bring most.

    Parameters
    ----------
    method
        "greedy": one place after the other. "exchange": then places are exchanged as long as that helps. "exact": then
        a bound is computed, places that cannot be in a better choice are dropped, and HiGHS decides on the rest.
        "auto": exact, but where too much is left for HiGHS it stays with exchanges and the bound.
    seconds
        How long HiGHS may take; inf for as long as it needs.
    target
        Stop as soon as a choice is worth so much, or it is certain that none is.
    enough
        Stop as soon as the bound is beyond the choice by no more than this share of it.

    Returns
    -------
    A `Choice`; its bound is the Lagrangian one, that of HiGHS, or with "greedy" what the places left over bring
    (Nemhauser, Wolsey and Fisher 1978), whichever is least of those computed.

    Raises
    ------
    InputError
        If the method is unknown.
    """
    if method not in ("auto", "exact", "exchange", "greedy"):
        raise InputError(f'method is {method!r}; it must be "auto", "exact", "exchange" or "greedy"')
    if not problem.quota.any():
        how = note("greedy")
        certain = how if method == "greedy" or target is not None else note("bound_by_prices", method=how)
        return Choice(np.empty(0, np.int32), 0.0, 0.0, certain)
    small, sure = problem.fix_certain()
    small_target = None if target is None else target - sure
    one = int(problem.quota.sum()) == 1  # each is tried once: to merge points takes longer
    found = _chosen(small if one else small.merged(), method, seconds=seconds, target=small_target, enough=enough)
    return Choice(found.chosen, problem.objective_value(found.chosen), found.bound + sure, found.method)


def _chosen(problem: Problem, method: Method, *, seconds: float, target: float | None, enough: float) -> Choice:
    """Choose by a method: as little as is needed for an answer that is proved, or meets the target."""
    arrays = (problem.first, problem.point, problem.gain, problem.cost, problem.group)
    best = np.zeros(problem.weight.size)
    chosen, _ = kernel.greedy(*arrays, problem.quota, best)
    how = note("greedy")
    if method != "greedy":
        chosen, swapped = exchanges(problem, chosen)
        how = note("exchange") if swapped else how
    objective_value = problem.objective_value(chosen)
    if int(problem.quota.sum()) == 1:
        return Choice(np.sort(chosen), objective_value, objective_value, note("all_tried"))
    ceiling = min(_submodular_bound(problem, best), _most(problem))
    if method == "greedy" or (target is not None and (objective_value >= target or ceiling < target)):
        return Choice(np.sort(chosen), objective_value, max(ceiling, objective_value), how)
    prices = _first_prices(problem, chosen)
    bound, price, profit = kernel.lagrangian(
        *arrays, problem.quota, prices, objective_value, objective_value * (1 + enough), _STEPS
    )
    found = Choice(np.sort(chosen), objective_value, max(min(bound, ceiling), objective_value), how)
    if not found.within(enough):
        other, _ = exchanges(problem, _most_profitable(problem, profit))
        if problem.objective_value(other) > objective_value:
            chosen, objective_value = other, problem.objective_value(other)
        chosen, objective_value = _shaken(problem, chosen, objective_value)
        if objective_value > found.objective_value:
            found = Choice(np.sort(chosen), objective_value, max(found.bound, objective_value), note("exchange"))
    if found.within(enough):
        return Choice(found.chosen, objective_value, found.bound, note("bound_by_prices", method=found.method))
    if method == "exchange" or (target is not None and (found.bound < target or objective_value >= target)):
        return found
    return _decided(problem, found, price, profit, method=method, seconds=seconds, target=target, enough=enough)


def _most_profitable(problem: Problem, profit: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Return the places of each group that are most profitable at the prices of the bound."""
    ranked = [np.flatnonzero(problem.group == group) for group in range(problem.quota.size)]
    chosen = [
        mine[np.argsort(-profit[mine], kind="stable")[:quota]]
        for mine, quota in zip(ranked, problem.quota, strict=True)
    ]
    return np.concatenate(chosen).astype(np.int32)


def _shaken(
    problem: Problem, chosen: npt.NDArray[np.int32], objective_value: float
) -> tuple[npt.NDArray[np.int32], float]:
    """Exchange some of the chosen at random, then exchange as long as that helps; return the best of some tries."""
    rng = np.random.default_rng(1)
    if chosen.size < 2 or problem.places <= chosen.size:  # noqa: PLR2004 - one alone was tried everywhere
        return chosen, objective_value
    for _ in range(max(1, min(_SHAKES, _SHAKEN_PAIRS // max(1, problem.value.size)))):
        other = chosen.copy()
        for k in rng.choice(chosen.size, min(3, chosen.size), replace=False):
            mine = np.flatnonzero((problem.group == problem.group[other[k]]) & (np.diff(problem.first) > 0))
            mine = np.setdiff1d(mine, other)
            if mine.size:
                other[k] = rng.choice(mine)
        other, _ = exchanges(problem, other)
        if problem.objective_value(other) > objective_value:
            chosen, objective_value = other, problem.objective_value(other)
    return chosen, objective_value


def exchanges(
    problem: Problem, chosen: npt.NDArray[np.int32], *, most: int = 10_000
) -> tuple[npt.NDArray[np.int32], int]:
    """Exchange a chosen place for another as long as that helps, the best exchange first; return how many were made.

    References
    ----------
    Teitz and Bart (1968), Operations Research 16(5), 955-961; Resende and Werneck (2007), "A fast swap-based local
    search procedure for location problems", Annals of Operations Research 150, 205-230.
    """
    arrays = (problem.first, problem.point, problem.gain)
    best, second = np.zeros(problem.weight.size), np.zeros(problem.weight.size)
    by = np.empty(problem.weight.size, np.int32)
    chosen = chosen.copy()
    for made in range(most):
        kernel.serve(*arrays, chosen, best, second, by)
        won, out = kernel.swaps(*arrays, problem.cost, problem.group, chosen, best, second, by)
        place = int(np.argmax(won)) if won.size else 0
        if not won.size or won[place] <= 1e-10 * max(best.sum(), 1e-300):
            return chosen, made
        chosen[out[place]] = place
    return chosen, most


def _most(problem: Problem) -> float:
    """Return what all places together would bring, at no cost."""
    best = np.zeros(problem.weight.size)
    np.maximum.at(best, problem.point, problem.gain)
    return float(best.sum())


def _submodular_bound(problem: Problem, best: npt.NDArray[np.float64]) -> float:
    """Return the objective value without costs + the largest gains that are left, as many as are chosen of each group.

    For any choice T, f(T) <= f(S) + sum_{j in T} (f(S + j) - f(S)): Nemhauser, Wolsey and Fisher (1978),
    Mathematical Programming 14, 265-294, section 2.
    """
    over = np.maximum(problem.gain - best[problem.point], 0.0)
    left = np.bincount(problem.place, over, minlength=problem.places) - problem.cost
    total = float(best.sum())
    for group, quota in enumerate(problem.quota):
        mine = np.sort(left[problem.group == group])[::-1]
        total += float(mine[:quota].sum())
    return total


def _first_prices(problem: Problem, chosen: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Return prices to begin with: of each point, half of what the choice brings it."""
    best, second = np.zeros(problem.weight.size), np.zeros(problem.weight.size)
    by = np.empty(problem.weight.size, np.int32)
    kernel.serve(problem.first, problem.point, problem.gain, chosen, best, second, by)
    return np.asarray(0.5 * (best + second))


def _decided(
    problem: Problem,
    known: Choice,
    price: npt.NDArray[np.float64],
    profit: npt.NDArray[np.float64],
    *,
    method: Method,
    seconds: float,
    target: float | None,
    enough: float,
) -> Choice:
    """Drop the places that the bound settles; begin anew on the rest if it is much less, else let HiGHS decide."""
    inside, outside = _settled(problem, known, price, profit)
    fixed = np.flatnonzero(inside)
    open_ = np.flatnonzero(~inside & ~outside)
    rest, brought = problem.among(open_, fixed)
    if method != "exact" and rest.value.size > LARGEST:
        return known
    rest, sure = rest.fix_certain()
    rest, brought = rest.merged(), brought + sure
    answer: npt.NDArray[np.int64] | None
    if 0 < open_.size < _MUCH_LESS * problem.places:
        inner_target = None if target is None else target - brought
        inner = _chosen(rest, method, seconds=seconds, target=inner_target, enough=enough)
        answer, bound = inner.chosen.astype(np.int64), inner.bound
        how = note("prices_then", n=open_.size, method=inner.method)
    else:
        began = time.monotonic()
        number = np.full(problem.places, -1)
        number[open_] = np.arange(open_.size)
        start = number[known.chosen[~inside[known.chosen]]]
        answer, bound = solve_exactly(rest, start=start if (start >= 0).all() else None, seconds=seconds)
        how = note("highs_among", n=open_.size) if open_.size else note("prices")
        if time.monotonic() - began >= seconds:
            how = note("stopped", method=how, s=f"{seconds:g}")
    # What was dropped can be worth no more than what is known already.
    bound = min(max(bound + brought, known.objective_value), known.bound)
    chosen, objective_value = known.chosen, known.objective_value
    if answer is not None:
        other = np.sort(np.concatenate([fixed, open_[answer]])).astype(np.int32)
        if problem.objective_value(other) > objective_value:
            chosen, objective_value = other, problem.objective_value(other)
    return Choice(chosen, objective_value, max(bound, objective_value), how)


def _settled(
    problem: Problem, known: Choice, price: npt.NDArray[np.float64], profit: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say which places every choice better than the known one holds, and which none does, by the bound without them."""
    inside = np.zeros(problem.places, np.bool_)
    outside = np.zeros(problem.places, np.bool_)
    ranked = [np.flatnonzero(problem.group == group) for group in range(problem.quota.size)]
    ranked = [mine[np.argsort(-profit[mine], kind="stable")] for mine in ranked]
    bound = float(price.sum()) + sum(
        float(profit[mine[:quota]].sum()) for mine, quota in zip(ranked, problem.quota, strict=True)
    )
    slack = bound - known.objective_value * (1 - 1e-9)
    for mine, quota in zip(ranked, problem.quota, strict=True):
        if quota < mine.size:
            inside[mine[:quota]] = profit[mine[:quota]] - profit[mine[quota]] > slack
        else:
            inside[mine] = True
        if quota > 0:
            outside[mine[quota:]] = profit[mine[quota - 1]] - profit[mine[quota:]] > slack
        else:
            outside[mine] = True
    return inside, outside


def solve_exactly(
    problem: Problem, *, start: npt.NDArray[np.integer] | None, seconds: float
) -> tuple[npt.NDArray[np.int64] | None, float]:
    """Return the best choice that HiGHS found, and its bound, in the form of `levels`."""
    if not problem.places or not problem.value.size:
        return (
            np.concatenate([np.flatnonzero(problem.group == g)[:q] for g, q in enumerate(problem.quota)])
            if problem.places
            else np.empty(0, np.int64)
        ), 0.0
    cut = levels(problem)
    scale = 1e4 / float(cut.gain.sum())
    programme = highs.Programme()
    y = programme.add(-problem.cost * scale, whole=True)
    z = programme.add(cut.gain * scale, whole=False)
    cover_rows(programme, cut, y=y, z=z)
    quota_rows(programme, problem)
    begin = None
    if start is not None:
        begin = np.zeros(programme.size)
        begin[start] = 1.0
        begin[z:] = reached(cut, start, problem.places)
    found = highs.solve(programme, start=begin, seconds=seconds)
    if found.values is None:
        return None, found.bound / scale
    return np.flatnonzero(found.values[: problem.places] > 0.5), found.bound / scale  # noqa: PLR2004
