"""One tab of the planner: lists of changes in, answers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.planner.changes import planned
from geoaccess.planner.failures import OUTDATED, PlannerError
from geoaccess.planner.figures import Figures, figures_of
from geoaccess.planner.week import Week
from geoaccess.routing.routes import route_kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.planner.changes import Change
    from geoaccess.planner.plan import Plan
    from geoaccess.planner.state import PlannerState
    from geoaccess.planner.week import DayField

__all__ = ["Answer", "Journey", "Session"]


@dataclass(frozen=True)
class Answer:
    """What a plan gives for a service."""

    service: str
    plan: Plan
    figures: Figures


@dataclass(frozen=True)
class Journey:
    """The way from a cell to the office it goes to on some weekdays: `parts` as `route` gives them."""

    days: list[int]
    site: str
    name: str
    time_s: float
    parts: list[dict[str, Any]]


class Session:
    """Answers for lists of changes to one study.

    Each question brings the whole list. The fields it keeps from question to question follow with as few steps as can
    be: a change more is a step forward, one fewer (undo) a step back to the bit. So a list gives the same answer
    whatever came before, and a session that is lost costs time and nothing else. A session is for one thread.

    Examples
    --------
    >>> import geoaccess as ga
    >>> from geoaccess.planner import PlannerState, Session, read_changes
    >>> study = ga.load_study("configs/troms.toml")
    >>> session = Session(PlannerState(ga.solve_study(study, show=False)))
    >>> husoy = {"what": "add", "service": "gp", "site": "new-1", "lon": 17.68, "lat": 69.54}
    >>> answer = session.answer(read_changes([husoy]), "gp")
    >>> bool(answer.figures.everybody.mean_s[0] < session.answer([], "gp").figures.everybody.mean_s[0])
    True
    """

    def __init__(self, state: PlannerState) -> None:
        self.state = state
        self._weeks: dict[str, Week] = {}

    def answer(self, changes: Sequence[Change], service: str) -> Answer:
        """Return what changes make of a service.

        Raises
        ------
        InputError
            If there is no such service, or a change cannot be made.
        """
        plan, week = self.week(changes, service)
        return Answer(service, plan, self._figures(service, week.times_s))

    def _figures(self, service: str, times_s: npt.NDArray[np.float64]) -> Figures:
        state = self.state
        people, limits = state.people_of(service), state.limits[service]
        return figures_of(state.zonings, state.specs[service], times_s, people, limits=limits)

    def fields(self, changes: Sequence[Change], service: str) -> list[DayField]:
        """Return the fields of a service after changes, one for each set of weekdays; they are not to be changed."""
        return self.week(changes, service)[1].fields

    def journeys(self, changes: Sequence[Change], service: str, cell: int) -> list[Journey]:
        """Return the journeys of a cell: one for all weekdays on which it goes the same way, none for days without any.

        Raises
        ------
        InputError
            As `answer`, or if there is no such cell.
        """
        state = self.state
        if not 0 <= cell < len(state.people):
            message = f"there is no cell {cell}; cells are numbered from 0 to {len(state.people) - 1}"
            raise PlannerError(message, code=OUTDATED)
        plan, week = self.week(changes, service)
        found: dict[tuple[str, float], Journey] = {}
        for held in week.fields:
            label = held.site_of(cell)
            if label is None:
                continue
            time_s = float(held.times_s[cell])
            if (label, time_s) in found:
                found[label, time_s].days.extend(held.days)
                continue
            site = plan.sites[service][label]
            ends = [(float(state.lon[cell]), float(state.lat[cell])), (site.lon, site.lat)]
            start, goal = ends if state.specs[service].direction == "to_sites" else reversed(ends)
            parts = route_kept(held.field, cell, start=start, goal=goal)
            rows = [] if parts is None else _plain_parts(parts)
            found[label, time_s] = Journey(list(held.days), label, site.name, time_s, rows)
        for journey in found.values():
            journey.days.sort()
        return sorted(found.values(), key=lambda journey: journey.days)

    def week(self, changes: Sequence[Change], service: str) -> tuple[Plan, Week]:
        """Return the plan that changes make, and the fields of a service in it; they are not to be changed.

        Raises
        ------
        InputError
            As `answer`.
        """
        self.state.spec(service)  # which refuses one that is not there
        plan = planned(self.state, changes)
        if service not in self._weeks:
            self._weeks[service] = Week(self.state, service)
        week = self._weeks.pop(service)  # kept again only when it got where it should
        week.become(plan)
        self._weeks[service] = week
        return plan, week


def _plain_parts(parts: Any) -> list[dict[str, Any]]:
    import shapely

    return [
        {
            "part": row.part,
            "detail": row.detail,
            "time_s": float(row.travel_time_s),
            "length_m": float(row.length_m),
            "line": np.round(shapely.get_coordinates(row.geometry), 5).tolist(),
        }
        for row in parts.itertuples()
    ]
