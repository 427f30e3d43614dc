"""Where one more office would bring most, given all changes so far."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.planner.plan import ALL_WEEK
from geoaccess.routing import add_site, site_gains, travel_times, undo
from geoaccess.scenarios import close_network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from geoaccess.planner.changes import Change
    from geoaccess.planner.session import Session
    from geoaccess.planner.state import PlannerState
    from geoaccess.planner.week import DayField

__all__ = ["APART_M", "UNREACHED_S", "Place", "Proposal", "suggest"]

APART_M = 5000.0
"""Of places nearer to each other than this only the best is proposed."""

UNREACHED_S = 86_400.0
"""What a journey counts for those who are not reached, as in `geoaccess.siting`."""

_AT_ONCE, _STEP = 64, 4
_TRIAL = "place on trial"
_MOST_STEPS = 300_000_000
"""Nodes x candidates that may be searched wholly, for objectives that the pruned search does not know."""


@dataclass(frozen=True)
class Place:
    """A cell and what one more office there, open every day, would bring.

    `saved_s` are person-seconds of those reached today, `newly_reached` people, `within` people who come inside each
    norm. `worth_s` counts the newly reached, too, by what is left of `UNREACHED_S`; `districts_s` is that of the
    classes 4 to 6 alone.
    """

    cell: int
    saved_s: float
    worth_s: float
    districts_s: float
    newly_reached: float
    within: tuple[float, ...]


@dataclass(frozen=True)
class Proposal:
    """The best places that lie apart, best first, of the `tried` of `all` cells."""

    places: list[Place]
    tried: int
    all: int


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
        "minutes": most person-minutes saved, people who are not reached counting as `UNREACHED_S`. "norm_0", "norm_1",
        ...: most people who come inside the first, second ... norm of the service. "districts": as "minutes", but
        only the people of the classes 4 to 6 count.
    count
        How many places.
    seconds
        Cells are tried in the order of the minutes travelled from them, until this much time has gone.

    Raises
    ------
    InputError
        If there is no such objective or service, or a change cannot be made.
    """
    state = session.state
    spec = state.specs.get(service)
    norms = () if spec is None else spec.norms_s
    if objective not in {"minutes", "districts", *(f"norm_{i}" for i in range(len(norms)))}:
        raise InputError(
            f"objective: {objective!r} is not known; use minutes, districts, or norm_0 for the first norm, and so on"
        )
    fields = session.fields(changes, service)
    now_s = sum(len(held.days) * held.times_s for held in fields) / len(ALL_WEEK)
    snapped = (state.snapped.cells["edge"] >= 0).to_numpy()
    need = state.people * np.where(np.isfinite(now_s), now_s, UNREACHED_S)
    cells = np.flatnonzero(snapped)
    cells = cells[np.argsort(-need[cells], kind="stable")]
    saved, newly = _gains(session, changes, service, cells, seconds=seconds).T
    tried = cells[: len(saved)]
    at_most = saved + UNREACHED_S * newly  # the way that the newly reached will have is still to go off this
    order = np.lexsort((tried, -at_most))
    one_by_one = partial(_one_by_one, session, changes, service)
    if objective == "minutes":
        return Proposal(_best(state, tried[order], at_most[order], one_by_one, count=count), len(tried), len(cells))
    if state.network.n_nodes * len(tried) <= _MOST_STEPS:
        found = _all_at_once(session, changes, service, tried)
    else:
        found = one_by_one(tried[order[:_AT_ONCE]])
    if objective == "districts":
        figures = {place.cell: place.districts_s for place in found}
    else:
        norm = int(objective.removeprefix("norm_"))
        figures = {place.cell: place.within[norm] for place in found}
    found.sort(key=lambda place: (-figures[place.cell], -place.worth_s, place.cell))
    places: list[Place] = []
    for place in found:
        if len(places) < count and figures[place.cell] > 0 and not _near(state, place.cell, places):
            places.append(place)
    return Proposal(places, len(found), len(cells))


def _best(
    state: PlannerState,
    cells: npt.NDArray[np.int64],
    at_most: npt.NDArray[np.float64],
    whole: Callable[[npt.NDArray[np.int64]], list[Place]],
    *,
    count: int,
) -> list[Place]:
    """Return the best places that lie apart; cells come in the order of what they may bring at most."""
    chosen: list[Place] = []
    known: list[Place] = []
    at = 0
    while len(chosen) < count:
        known = [place for place in known if not _near(state, place.cell, chosen)]
        while at < len(cells) and _near(state, int(cells[at]), chosen):
            at += 1
        best = max(known, key=lambda place: (place.worth_s, -place.cell), default=None)
        if at < len(cells) and at_most[at] > 0 and (best is None or best.worth_s < at_most[at]):
            known += whole(cells[at : at + _STEP])
            at += _STEP
        elif best is None or best.worth_s <= 0:
            break
        else:
            chosen.append(best)
    return chosen


def _near(state: PlannerState, cell: int, places: list[Place]) -> bool:
    """Whether a cell lies near one of some places."""
    x, y = state.x, state.y
    return any(float(np.hypot(x[cell] - x[place.cell], y[cell] - y[place.cell])) < APART_M for place in places)


def _gains(
    session: Session, changes: Sequence[Change], service: str, cells: npt.NDArray[np.int64], *, seconds: float
) -> npt.NDArray[np.float64]:
    """Return person-seconds saved and people newly reached by an office at each cell, for as many as time allows.

    On days that differ in who is open both add up by their share of the week.
    """
    ends = time.monotonic() + seconds
    rows = []
    for first in range(0, len(cells), _AT_ONCE):
        some = session.state.snapped.cells.iloc[cells[first : first + _AT_ONCE]]
        total = np.zeros((len(some), 2))
        for held in session.fields(changes, service):
            found = site_gains(held.field, some)[["saved_s", "newly_reached"]].to_numpy()
            total += len(held.days) / len(ALL_WEEK) * found
        rows.append(total)
        if time.monotonic() > ends:
            break
    return np.concatenate(rows) if rows else np.empty((0, 2))


def _one_by_one(session: Session, changes: Sequence[Change], service: str, cells: npt.NDArray[np.int64]) -> list[Place]:
    """Return all that an office at each cell would bring: it is added, looked at, and taken back."""
    fields = session.fields(changes, service)
    share = _shares(fields)
    before = share @ np.stack([held.times_s for held in fields])
    found = []
    for cell in cells.tolist():
        place = session.state.snapped.cells.iloc[cell]
        after = np.zeros(len(before))
        for part, held in zip(share, fields, strict=True):
            change = add_site(held.field, _TRIAL, place)
            after += part * held.times_s
            undo(held.field, change)
        found.append(_brought(session.state, service, cell, before, after))
    return found


def _shares(fields: list[DayField]) -> npt.NDArray[np.float64]:
    return np.array([len(held.days) for held in fields]) / len(ALL_WEEK)


def _brought(
    state: PlannerState, service: str, cell: int, before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> Place:
    """Return what turns one set of times into another."""
    people, was, still = state.people, np.isfinite(before), np.isfinite(after)
    won_s = np.where(was, before, UNREACHED_S) - np.where(still, after, UNREACHED_S)
    worth_s = people * won_s
    norms = state.specs[service].norms_s
    within = tuple(float(people[(before > norm) & (after <= norm)].sum()) for norm in norms)
    return Place(
        cell=cell,
        saved_s=float(worth_s[was].sum()),
        worth_s=float(worth_s.sum()),
        districts_s=float(worth_s[state.districts].sum()),
        newly_reached=float(people[~was & still].sum()),
        within=within,
    )


def _all_at_once(
    session: Session, changes: Sequence[Change], service: str, cells: npt.NDArray[np.int64]
) -> list[Place]:
    """Return the same for many cells of a small network, by the times between them and every cell."""
    state, spec = session.state, session.state.specs[service]
    fields = session.fields(changes, service)
    network = close_network(state.network, fields[0].field.closed)
    now, share = np.stack([held.times_s for held in fields]), _shares(fields)
    before, places = share @ now, state.snapped.cells
    found = []
    for first in range(0, len(cells), _AT_ONCE):
        some = cells[first : first + _AT_ONCE]
        if spec.toward == "sites":
            times = travel_times(network, places, places.iloc[some]).T
        else:
            times = travel_times(network, places.iloc[some], places)
        for cell, row in zip(some.tolist(), np.where(np.isnan(times), np.inf, times), strict=True):
            found.append(_brought(state, service, cell, before, share @ np.minimum(now, row)))
    return found
