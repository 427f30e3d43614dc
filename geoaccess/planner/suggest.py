"""Where one more office would bring most, given all changes so far."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.planner.changes import ALL_WEEK
from geoaccess.routing import site_gains, travel_times
from geoaccess.scenarios import close_network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from geoaccess.planner.changes import Change
    from geoaccess.planner.ground import Ground
    from geoaccess.planner.session import Session

__all__ = ["APART_M", "UNREACHED_S", "Place", "Proposal", "suggest"]

APART_M = 5000.0
"""Of places nearer to each other than this only the best is proposed."""

UNREACHED_S = 86_400.0
"""What a journey counts for those who are not reached, as in `geoaccess.siting`."""

_AT_ONCE, _STEP = 64, 16
_MOST_STEPS = 300_000_000
"""Nodes x candidates that may be searched wholly, for objectives that the pruned search does not know."""


@dataclass(frozen=True)
class Place:
    """A cell and what one more office there, open every day, would bring.

    `saved_s` are person-seconds of those reached today, `newly_reached` people, `within` people who come inside each
    norm. `worth_s` counts the newly reached, too, by what is left of `UNREACHED_S`.
    """

    cell: int
    saved_s: float
    worth_s: float
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
        "minutes": most person-minutes saved, people who are not reached counting as `UNREACHED_S`. "norm_0", "norm_1", ...: most
        people who come inside the first, second ... norm of the service.
    count
        How many places.
    seconds
        Cells are tried in the order of the minutes travelled from them, until this much time has gone.

    Raises
    ------
    InputError
        If there is no such objective or service, or a change cannot be made.
    """
    ground = session.ground
    spec = ground.specs.get(service)
    norms = () if spec is None else spec.norms_s
    if objective not in {"minutes", *(f"norm_{i}" for i in range(len(norms)))}:
        raise InputError(f"objective: {objective!r} is not known; use minutes, or norm_0 for the first norm, and so on")
    fields = session.fields(changes, service)
    now_s = sum(len(held.days) * held.times_s for held in fields) / len(ALL_WEEK)
    snapped = (ground.snapped.cells["edge"] >= 0).to_numpy()
    need = ground.people * np.where(np.isfinite(now_s), now_s, UNREACHED_S)
    cells = np.flatnonzero(snapped)
    cells = cells[np.argsort(-need[cells], kind="stable")]
    saved, newly = _gains(session, changes, service, cells, seconds=seconds).T
    tried = cells[: len(saved)]
    at_most = saved + UNREACHED_S * newly  # the way that the newly reached will have is still to go off this
    order = np.lexsort((tried, -at_most))
    if objective == "minutes":
        whole = partial(_whole, session, changes, service)
        return Proposal(_best(ground, tried[order], at_most[order], whole, count=count), len(tried), len(cells))
    most = max(_AT_ONCE, _MOST_STEPS // max(1, ground.network.n_nodes))
    found = _whole(session, changes, service, tried[order[:most]])
    norm = int(objective.removeprefix("norm_"))
    found.sort(key=lambda place: (-place.within[norm], -place.worth_s, place.cell))
    places: list[Place] = []
    for place in found:
        if len(places) < count and place.within[norm] > 0 and not _near(ground, place.cell, places):
            places.append(place)
    return Proposal(places, len(found), len(cells))


def _best(
    ground: Ground,
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
        known = [place for place in known if not _near(ground, place.cell, chosen)]
        while at < len(cells) and _near(ground, int(cells[at]), chosen):
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


def _near(ground: Ground, cell: int, places: list[Place]) -> bool:
    """Whether a cell lies near one of some places."""
    x, y = ground.x, ground.y
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
        some = session.ground.snapped.cells.iloc[cells[first : first + _AT_ONCE]]
        total = np.zeros((len(some), 2))
        for held in session.fields(changes, service):
            found = site_gains(held.field, some)[["saved_s", "newly_reached"]].to_numpy()
            total += len(held.days) / len(ALL_WEEK) * found
        rows.append(total)
        if time.monotonic() > ends:
            break
    return np.concatenate(rows) if rows else np.empty((0, 2))


def _whole(
    session: Session, changes: Sequence[Change], service: str, cells: npt.NDArray[np.int64]
) -> list[Place]:
    """Return all that an office at each cell would bring, by the times between it and every cell."""
    ground, spec = session.ground, session.ground.specs[service]
    fields = session.fields(changes, service)
    network = close_network(ground.network, fields[0].field.closed)
    now = np.stack([held.times_s for held in fields])
    share = np.array([len(held.days) for held in fields]) / len(ALL_WEEK)
    before, people, places = share @ now, ground.people, ground.snapped.cells
    was = np.isfinite(before)
    found = []
    for first in range(0, len(cells), _AT_ONCE):
        some = cells[first : first + _AT_ONCE]
        if spec.toward == "sites":
            times = travel_times(network, places, places.iloc[some]).T
        else:
            times = travel_times(network, places.iloc[some], places)
        for cell, row in zip(some.tolist(), np.where(np.isnan(times), np.inf, times), strict=True):
            after = share @ np.minimum(now, row)
            won = np.where(was, np.where(was, before, 0.0) - np.where(was, after, 0.0), 0.0)
            new = ~was & np.isfinite(after)
            saved_s = float((people * won).sum())
            worth_s = saved_s + float((people[new] * (UNREACHED_S - after[new])).sum())
            inside = tuple(float(people[(before > norm) & (after <= norm)].sum()) for norm in spec.norms_s)
            found.append(Place(int(cell), saved_s, worth_s, float(people[new].sum()), inside))
    return found
