"""Where several more sites together would bring most, and what each number of them brings: `geoaccess site --add n`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess import siting
from geoaccess.frames import first_point
from geoaccess.measures.weekdays import mean_over_days
from geoaccess.planner.changes import Add
from geoaccess.planner.suggest import UNREACHED_S, ask, suggest
from geoaccess.planner.week import share_of_week
from geoaccess.questions.siting.question import objective_of
from geoaccess.scenarios.effect import effect_on_people

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.planner.changes import Change
    from geoaccess.planner.session import Session
    from geoaccess.planner.suggest import Asked
    from geoaccess.scenarios.effect import Effect

__all__ = ["MOST_PLACES", "AddedPlace", "Together", "suggest_several"]

MOST_PLACES = 5
_MOST_PAIRS = 100_000_000
"""Pairs of a cell and a candidate up to which all candidates are weighed against each other."""
_SECONDS = 3.0
"""How long the solver, or a search in a large region, may take for each number of sites."""
_FIRST_NUMBER = 900_000
"""Labels of the sites that are tried: no page gives so high a number."""


@dataclass(frozen=True)
class AddedPlace:
    """A cell, where it is, and what a site there adds to those before it."""

    cell: int
    lon: float
    lat: float
    effect: Effect


@dataclass(frozen=True)
class Together:
    """What a number of sites bring together.

    `places` come in the order of what each adds to those before it, which is its `effect`. `mean_min` is the mean time
    of all whom some of the choices reach, who is not reached counting as a day; `within` are people within each norm.
    `gap` is by how much the choice can miss the best, 0 where it is proved optimal, None where one place was chosen
    after the other, each the best there is.
    """

    places: list[AddedPlace]
    mean_min: float
    within: tuple[float, ...]
    gap: float | None


def suggest_several(
    session: Session,
    changes: Sequence[Change],
    service: str,
    *,
    objective: str = "minutes",
    most: int = MOST_PLACES,
) -> list[Together]:
    """Return what 0, 1, ... `most` more sites would bring at best.

    Every number of sites is a question of its own, answered by `geoaccess.siting.locate`. Where sites are open on some
    days only, or the region is large, each place is the best after those before it.

    Parameters
    ----------
    objective
        As in `suggest`.
    most
        Up to so many sites; fewer where no more would bring anything.

    Raises
    ------
    InputError
        As `suggest`.
    """
    asked = ask(session, changes, service, objective=objective)
    small = len(asked.state.candidate_cells) * len(asked.people) <= _MOST_PAIRS
    if not asked.people.any():
        chosen: list[tuple[list[int], float | None]] = []
    elif small and asked.share.size == 1:
        chosen = _located(asked, most=most)
    else:
        chosen = _one_after_another(session, changes, service, objective=objective, most=most)
    return _brought(session, changes, service, chosen)


def _located(asked: Asked, *, most: int) -> list[tuple[list[int], float | None]]:
    """Return the candidates that are best together, for each number of them, and the gap."""
    problem = asked.problem(np.arange(len(asked.state.candidate_cells)), asked.people)
    objective = objective_of(problem, asked.question, asked.state.answers)
    found: list[tuple[list[int], float | None]] = []
    best = -np.inf
    for add in range(1, min(most, problem.candidates) + 1):
        one = siting.locate(problem, add=add, objective=objective, seconds=_SECONDS)
        now, value = (figure if objective.higher_is_better else -figure for figure in (one.now, one.value))
        if value <= max(best, now):
            break
        best = value
        found.append((one.added.tolist(), one.gap))
    return found


def _one_after_another(
    session: Session, changes: Sequence[Change], service: str, *, objective: str, most: int
) -> list[tuple[list[int], float | None]]:
    """Return the best candidate, the best after it, and so on; the first is proved where all were tried."""
    chosen: list[int] = []
    found: list[tuple[list[int], float | None]] = []
    while len(chosen) < most:
        added = _added(session, service, chosen)
        best = suggest(session, [*changes, *added], service, objective=objective, count=1, seconds=_SECONDS)
        if not best.places:
            break
        chosen.append(best.places[0].candidate)
        proved = len(chosen) == 1 and best.tried == best.all
        found.append(([*chosen], 0.0 if proved else None))
    return found


def _added(session: Session, service: str, chosen: Sequence[int]) -> list[Add]:
    """Return candidates as sites that a plan adds."""
    points = [first_point(session.state.candidates, number) for number in chosen]
    return [
        Add(what="add", service=service, site=f"new-{_FIRST_NUMBER + rank}", lon=at.x, lat=at.y)
        for rank, at in enumerate(points)
    ]


def _brought(
    session: Session,
    changes: Sequence[Change],
    service: str,
    chosen: Sequence[tuple[list[int], float | None]],
) -> list[Together]:
    """Return what choices bring to everybody, whoever they were made for: as the plan would with these sites added."""
    state = session.state
    people, limits = state.people_of(service), state.limits[service]

    def times_s(numbers: Sequence[int]) -> npt.NDArray[np.float64]:
        fields = session.fields([*changes, *_added(session, service, numbers)], service)
        return mean_over_days(np.stack([held.times_s for held in fields]), share_of_week(fields))

    answers: list[tuple[list[int], float | None]] = [([], 0.0), *chosen]
    steps = [[times_s(numbers[:count]) for count in range(len(numbers) + 1)] for numbers, _ in answers]
    reached = np.any([np.isfinite(step[-1]) for step in steps], axis=0)
    counted = people[reached]
    found = []
    for (numbers, gap), step in zip(answers, steps, strict=True):
        places = []
        for number, before_s, after_s in zip(numbers, step, step[1:], strict=False):
            effect = effect_on_people(people, before_s, after_s, norms_s=limits)
            at = first_point(state.candidates, number)
            places.append(AddedPlace(int(state.candidate_cells[number]), float(at.x), float(at.y), effect))
        minutes = np.minimum(step[-1][reached], UNREACHED_S) / 60
        mean = float((counted * minutes).sum() / counted.sum()) if counted.sum() > 0 else float("nan")
        found.append(Together(places, mean, tuple(float(people[step[-1] <= limit].sum()) for limit in limits), gap))
    return found
