"""One service of a plan over the five working days: a nearest field for each set of offices that are open together."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as given
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.kernels.keys import FAR, LOW, SHIFT
from geoaccess.measures.weekdays import mean_over_days
from geoaccess.network import DECISECONDS
from geoaccess.planner.plan import ALL_WEEK
from geoaccess.routing import add_site, close_edges, move_site, open_edges, remove_site, undo

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.planner.plan import Plan, Site
    from geoaccess.planner.roads import PlannerRoads
    from geoaccess.planner.state import PlannerState
    from geoaccess.routing import Change as FieldChange
    from geoaccess.routing import NearestField
    from geoaccess.scenarios import Close

__all__ = ["DayField", "Week", "closed_edges", "share_of_week"]

_MOST_KEPT = 50
"""Steps that a field can go back; before that it takes the way forward."""


@dataclass(frozen=True)
class _DayPlan:
    """What a field stands at: its open sites, and the ways that are closed."""

    sites: dict[str, Site]
    closed: frozenset[int]
    groups: frozenset[Close] = frozenset()


@dataclass
class DayField:
    """A field and the weekdays it holds for."""

    days: frozenset[int]
    field: NearestField
    plan: _DayPlan
    steps: list[tuple[_DayPlan, list[FieldChange]]] = given(default_factory=list)

    def become(self, wanted: _DayPlan, roads: PlannerRoads) -> None:
        """Change the field until it stands at `wanted`: a step back where that is the last one, else forward."""
        if wanted == self.plan:
            return
        if self.steps and self.steps[-1][0] == wanted:
            for change in reversed(self.steps.pop()[1]):
                undo(self.field, change)
        else:
            self.steps.append((self.plan, list(self._changed(wanted, roads))))
            del self.steps[:-_MOST_KEPT]
        self.plan = wanted

    def _changed(self, wanted: _DayPlan, roads: PlannerRoads) -> list[FieldChange]:
        now, field = self.plan, self.field
        shut, wanted_shut = closed_edges(now, roads), closed_edges(wanted, roads)
        done = []
        if (edges := np.setdiff1d(shut, wanted_shut)).size:
            done.append(open_edges(field, edges))
        stand = {label: site for label, site in wanted.sites.items() if site.on_road}
        there = field.standing.number
        done += [remove_site(field, label) for label in now.sites if label not in stand and label in there]
        for label, site in stand.items():
            if label not in there:
                done.append(add_site(field, label, _row(site)))
            elif (before := now.sites[label].place) is not site.place and before != site.place:
                done.append(move_site(field, label, _row(site)))
        if (edges := np.setdiff1d(wanted_shut, shut)).size:
            done.append(close_edges(field, edges))
        return done

    def twin(self, days: frozenset[int]) -> DayField:
        """Return a field for other days that changes by itself from now on."""
        return DayField(days, self.field.copy(), self.plan)

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """Seconds of each cell, inf where it reaches no site."""
        times = (self.field.cells().keys[:, 0] >> SHIFT).astype(np.int64)
        return np.where(times == FAR, np.inf, times / DECISECONDS)

    def site_of(self, cell: int) -> str | None:
        """Return the label of the nearest site of a cell."""
        key = int(self.field.cells().keys[cell, 0])
        return None if key >> int(SHIFT) >= FAR else str(self.field.standing.label[key & int(LOW)])


class Week:
    """One service of a plan: what `become` makes of it."""

    def __init__(self, state: PlannerState, service: str) -> None:
        self.roads, self.service = state.roads_of(service), service
        start = _DayPlan(state.plan.sites[service], frozenset())
        self.fields = [DayField(frozenset(ALL_WEEK), state.field(service), start)]

    def become(self, plan: Plan) -> None:
        """Bring the fields to a plan. Days on which the same offices are open share one."""
        sites = plan.sites[self.service]
        wanted: dict[frozenset[str], set[int]] = {}
        for day in ALL_WEEK:
            wanted.setdefault(frozenset(label for label, site in sites.items() if day in site.days), set()).add(day)
        days = [frozenset(some) for some in wanted.values()]
        # Each set of days keeps the field it shares most with; the others begin from a copy of the first.
        kept: list[DayField] = []
        spare = list(self.fields)
        for some in days:
            best = max(spare, key=lambda held: (held.days == some, len(held.days & some)), default=None)
            if best is None:
                best = (kept or self.fields)[0].twin(some)
            else:
                spare.remove(best)
            kept.append(best)
        for some, held in zip(days, kept, strict=True):
            held.days = some
            open_then = {label: site for label, site in sites.items() if some <= site.days}
            held.become(_DayPlan(open_then, plan.closed, plan.groups), self.roads)
        self.fields = kept

    @property
    def times_s(self) -> npt.NDArray[np.float64]:
        """Seconds of each cell to the nearest office that is open, the mean over the five working days.

        t_i = (1 / 5) sum_d min_{j open on d} t_ij; inf where no open office is reached on some day.
        """
        return mean_over_days(np.stack([held.times_s for held in self.fields]), share_of_week(self.fields))


def share_of_week(fields: list[DayField]) -> npt.NDArray[np.float64]:
    """Return which part of the week each field holds for."""
    return np.array([len(held.days) for held in fields]) / len(ALL_WEEK)


def _row(site: Site) -> pd.Series[Any]:
    return pd.Series(site.place, dtype=object)


def closed_edges(plan: _DayPlan | Plan, roads: PlannerRoads) -> npt.NDArray[np.int32]:
    """Return the edges that a plan closes."""
    found = [roads.edges_of_way(way) for way in sorted(plan.closed)]
    found += [roads.edges_of_group(select) for select in plan.groups]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int32)
