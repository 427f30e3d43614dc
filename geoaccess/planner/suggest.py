"""Where one more office would bring most, given all changes so far: the answer of `geoaccess site --add 1`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess import siting
from geoaccess.defaults import UNREACHED_MIN
from geoaccess.frames import first_point
from geoaccess.measures.weekdays import mean_over_days
from geoaccess.planner.failures import OUTDATED, PlannerError
from geoaccess.planner.week import share_of_week
from geoaccess.questions.siting.question import Question, objective_of
from geoaccess.routing import site_gains
from geoaccess.scenarios.effect import effect_on_people

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.planner.changes import Change
    from geoaccess.planner.session import Session
    from geoaccess.planner.state import PlannerState
    from geoaccess.planner.week import DayField
    from geoaccess.scenarios.effect import Effect

__all__ = ["APART_M", "Asked", "Place", "Proposal", "ask", "suggest"]

APART_M = 5000.0
"""Of places nearer to each other than this only the best is proposed."""

UNREACHED_S = UNREACHED_MIN * 60
_AT_ONCE = 64
_MOST_PAIRS = 200_000_000
"""Pairs of a cell and a candidate up to which every candidate is tried, however long it takes: seconds."""
_BATCH, _SMALLEST_BATCH = 20_000_000, 16
"""Pairs, or in a large region nodes and cells times candidates, that are searched at a time."""
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Place:
    """A cell, its number among the candidates, where it is, and what one more office there would bring.

    `gain` is what the objective gains: person-minutes, people not reached counting as a day, or people.
    """

    cell: int
    candidate: int
    lon: float
    lat: float
    gain: float
    effect: Effect


@dataclass(frozen=True)
class Proposal:
    """The best places that lie apart, best first, of the `tried` of `all` candidates.

    All are tried where none that was left out can be better than those proposed.
    """

    places: list[Place]
    tried: int
    all: int


@dataclass(frozen=True)
class Asked:
    """What every step needs: whom it is for, the fields of the plan, and what part of the week each holds for."""

    state: PlannerState
    question: Question
    people: npt.NDArray[np.float64]
    fields: list[DayField]
    share: npt.NDArray[np.float64]

    @property
    def now_s(self) -> npt.NDArray[np.float64]:
        """Times on each kind of day, shape (n_kinds, n_cells)."""
        return np.stack([held.times_s for held in self.fields])

    def problem(self, candidates: npt.NDArray[np.int64], people: npt.NDArray[np.float64]) -> siting.SitingProblem:
        """Return the problem of one more office at some of the candidates, for some of the people."""
        state, service = self.state, self.question.service
        roads = state.roads_of(service)
        return siting.build_weekly_problem(
            roads.without(self.fields[0].field.closed),
            roads.snapped.cells,
            people,
            candidates=state.candidates_for(service).iloc[candidates],
            now_s=self.now_s,
            share=self.share,
            direction=state.specs[service].direction,
        )

    def near(self, candidates: npt.NDArray[np.int64], other: int) -> npt.NDArray[np.bool_]:
        """Say which candidates lie near another one."""
        x, y, cells = self.state.x, self.state.y, self.state.candidate_cells
        found: npt.NDArray[np.bool_] = (
            np.hypot(x[cells[candidates]] - x[cells[other]], y[cells[candidates]] - y[cells[other]]) < APART_M
        )
        return found


def suggest(
    session: Session,
    changes: Sequence[Change],
    service: str,
    *,
    objective: str = "minutes",
    count: int = 5,
    seconds: float = 5.0,
) -> Proposal:
    """Find the cells where one more office would bring most.

    Parameters
    ----------
    objective
        "minutes": most person-minutes saved, people who are not reached counting as a day. "norm_0", "norm_1", ...:
        most people who come inside the first, second ... norm of the service. "districts": as "minutes", but only the
        people of the districts count.
    count
        How many places.
    seconds
        In a large region the candidates that most travel time starts from come first, until this much time has gone.

    Raises
    ------
    InputError
        If there is no such objective or service, or a change cannot be made.
    """
    return _proposed(ask(session, changes, service, objective=objective), count=count, seconds=seconds)


def ask(session: Session, changes: Sequence[Change], service: str, *, objective: str) -> Asked:
    """Return the question where sites should be added to a plan; see `suggest`."""
    state = session.state
    spec = state.specs.get(service)
    if objective not in {"minutes", "districts", *(f"norm_{i}" for i in range(0 if spec is None else spec.n_norms))}:
        raise PlannerError(
            f"objective: {objective!r} is not known; use minutes, districts, or norm_0 for the first norm, and so on",
            code=OUTDATED,
        )
    question = Question(service)
    if objective.startswith("norm_"):
        fixed = spec is not None and not spec.norm_column
        norm_s = spec.norms_s[int(objective.removeprefix("norm_"))] if spec is not None and fixed else None
        question = Question(service, objective="norm", norm_min=None if norm_s is None else norm_s / 60)
    fields = session.fields(changes, service)
    share = share_of_week(fields)
    everybody = state.people_of(service)
    people = np.where(state.districts, everybody, 0.0) if objective == "districts" else everybody
    return Asked(state, question, people, fields, share)


def _proposed(asked: Asked, *, count: int, seconds: float) -> Proposal:
    """Ask siting about the most promising candidates, and about more as long as one left out might be better."""
    everything, cells = len(asked.state.candidate_cells), len(asked.people)
    if not asked.people.any():
        return Proposal([], everything, everything)
    small = everything * cells <= _MOST_PAIRS
    ends = math.inf if small else time.monotonic() + seconds
    bound = np.full(everything, np.inf) if small else _at_most(asked, ends=ends)
    if asked.question.objective != "minutes":  # what is saved says nothing of who comes inside a norm
        bound = np.where(np.isneginf(bound), bound, np.inf)
    batch = max(
        _BATCH // (cells if small else cells + asked.state.roads_of(asked.question.service).network.n_nodes),
        _SMALLEST_BATCH,
    )
    search = _Search(asked, bound, batch=batch)
    while len(search.best) < count and search.step():
        if time.monotonic() > ends:
            break
    best = search.finish(count)
    return Proposal(_places(asked, best), everything if search.proved else search.tried, everything)


class _Search:
    """Candidates in the order of what they may bring at most, and of those evaluated what they do bring.

    Attributes
    ----------
    best
        Candidates that are certain to be the best that lie apart, with their gain.
    """

    def __init__(self, asked: Asked, bound: npt.NDArray[np.float64], *, batch: int) -> None:
        self.asked, self.batch = asked, batch
        self.unknown = np.isneginf(bound).any()
        self.bound = np.where(np.isneginf(bound), np.inf, bound * (1 + _ROUNDING))
        self.order = np.argsort(-bound, kind="stable")[: int((~np.isneginf(bound)).sum())]
        self.gain = np.full(bound.size, np.nan)
        self.saved = np.zeros(bound.size)
        self.apart = np.ones(bound.size, np.bool_)
        self.best: list[tuple[int, float]] = []
        self.proved = False

    @property
    def tried(self) -> int:
        """How many candidates siting has evaluated."""
        return int((~np.isnan(self.gain)).sum())

    def step(self) -> bool:
        """Settle one more place, or ask about more candidates; False where there is nothing left to do."""
        left = self.order[np.isnan(self.gain[self.order]) & self.apart[self.order]]
        most = self.bound[left[0]] if left.size else 0.0
        candidate = self._leader()
        if candidate is not None and self.gain[candidate] >= most:
            self._settle(candidate)
            return True
        if not left.size or most <= 0:
            return False
        some = np.sort(left[: self.batch])
        problem = self.asked.problem(some, self.asked.people)
        objective = objective_of(problem, self.asked.question, self.asked.state.answers)
        found = siting.candidate_gains(problem, objective=objective)
        self.gain[some], self.saved[some] = found["gain"], found["person_min"]
        return True

    def finish(self, count: int) -> list[tuple[int, float]]:
        """Return the best places, certain or not."""
        self.proved = not self.unknown and (len(self.best) == count or not self._may_be_better())
        while len(self.best) < count and (candidate := self._leader()) is not None:
            self._settle(candidate)
        return self.best

    def _may_be_better(self) -> bool:
        return bool((np.isnan(self.gain) & self.apart & (self.bound > 0)).any())

    def _leader(self) -> int | None:
        """Return the best candidate known that lies apart from those settled, None where none brings anything."""
        rows = np.flatnonzero(self.apart & (self.gain > 0))
        if not rows.size:
            return None
        return int(rows[siting.best_first(self.gain[rows], self.saved[rows])[0]])

    def _settle(self, candidate: int) -> None:
        self.best.append((candidate, float(self.gain[candidate])))
        self.apart &= ~self.asked.near(np.arange(self.apart.size), candidate)


def _at_most(asked: Asked, *, ends: float) -> npt.NDArray[np.float64]:
    """Return the person-minutes that no candidate can exceed, for as many as time allows; -inf for the others.

    What is saved on each day by those who are reached, and a day for everybody who is newly reached on some day.
    """
    snapped = asked.state.candidates_for(asked.question.service)
    mean_s = mean_over_days(asked.now_s, asked.share)
    need = asked.state.people_of(asked.question.service) * np.minimum(mean_s, UNREACHED_S)
    order = np.argsort(-need[asked.state.candidate_cells], kind="stable")
    found = np.full(len(snapped), -np.inf)
    for begin in range(0, len(order), _AT_ONCE):
        some = order[begin : begin + _AT_ONCE]
        saved_s = np.zeros(len(some))
        for part, held in zip(asked.share, asked.fields, strict=True):
            gains = site_gains(held.field, snapped.iloc[some])
            saved_s += part * gains["saved_s"].to_numpy() + UNREACHED_S * gains["newly_reached"].to_numpy()
        found[some] = saved_s / 60
        if time.monotonic() > ends:
            break
    return found


def _places(asked: Asked, best: list[tuple[int, float]]) -> list[Place]:
    """Return candidates with what they would bring to everybody, whoever they were chosen for."""
    if not best:
        return []
    state, numbers = asked.state, np.array([candidate for candidate, _ in best])
    everybody = state.people_of(asked.question.service)
    problem = asked.problem(numbers, everybody)
    norms_s = state.limits[asked.question.service]
    places = []
    for rank, (number, gain) in enumerate(best):
        after_s = problem.times(np.array([rank]))
        effect = effect_on_people(everybody, problem.now_s[:, 0], after_s, norms_s=norms_s)
        at = first_point(state.candidates, number)
        places.append(Place(int(state.candidate_cells[number]), number, float(at.x), float(at.y), gain, effect))
    return places
