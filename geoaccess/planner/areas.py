"""Around a site or a place of a plan: the areas within some minutes, and whom a site is the nearest for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.kernels.keys import FAR, LOW, SHIFT
from geoaccess.planner.changes import planned
from geoaccess.planner.failures import PlannerError
from geoaccess.planner.roads import DRAWN_M
from geoaccess.planner.week import closed_edges
from geoaccess.questions.isochrones import areas_within
from geoaccess.questions.matrix import RoadsOfService

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.planner.changes import Change
    from geoaccess.planner.session import Session
    from geoaccess.planner.state import PlannerState
    from geoaccess.planner.week import DayField
    from geoaccess.routing.field import Place

__all__ = ["MINUTES", "Catchment", "area_minutes", "areas_around", "catchment_of"]

MINUTES = (15.0, 30.0, 60.0)
"""Times of the areas of a service without a norm."""


@dataclass(frozen=True)
class Catchment:
    """Whom a site is the nearest for, on at least one weekday.

    `cells` says which cells, `people` how many live there; `mean_s` is their mean time on the days on which they go
    there (NaN where there is nobody), `within` people within each norm of the service then.
    """

    cells: npt.NDArray[np.bool_]
    people: float
    mean_s: float
    within: tuple[float, ...]


def area_minutes(state: PlannerState, service: str) -> tuple[float, ...]:
    """Return the times of the areas: the norms of a service, with half and a quarter of one that stands alone.

    Raises
    ------
    InputError
        If there is no such service.
    """
    norms = sorted({seconds / 60 for limits in state.spec(service).norm_limits for seconds in limits})
    if len(norms) == 1:
        return norms[0] / 4, norms[0] / 2, norms[0]
    return tuple(norms) or MINUTES


def areas_around(
    session: Session,
    changes: Sequence[Change],
    service: str,
    *,
    site: str | None = None,
    place: tuple[float, float] | None = None,
) -> gpd.GeoDataFrame:
    """Return the areas within some minutes of one site of a plan or of any place, as `geoaccess isochrones` does.

    Ways that the plan closes are closed; other sites are of no account.

    Parameters
    ----------
    site
        The label of a site of the plan.
    place
        Longitude and latitude, degrees, instead of a site.

    Returns
    -------
    The table of `geoaccess.questions.isochrones.Isochrones`.

    Raises
    ------
    InputError
        If there is no such service or site, no road is near the place, or a change cannot be made.
    """
    state = session.state
    minutes, plan = area_minutes(state, service), planned(state, changes)
    roads, spec = state.roads_of(service), state.specs[service]
    at: Place | None
    if site is not None:
        if site not in plan.sites[service]:
            raise _no_site(site, service)
        at = plan.sites[service][site].place
    elif place is not None:
        at = roads.place(*place, state.start_s(service))
    else:
        raise InputError("give a site or a place")
    if at is None:
        raise PlannerError(f"no road within {state.study.settings.snap.max_m:g} m of that place", code="no_road")
    network = roads.without(closed_edges(plan, roads))
    standing = RoadsOfService(network, network, roads.snapped.cells, pd.DataFrame([at]))
    return areas_within(
        standing,
        state.people_of(service),
        minutes=minutes,
        direction=spec.direction,
        off_network_kph=state.study.settings.snap.off_network_kph,
        simplify_m=DRAWN_M,
        areas=roads.areas,
    )


def catchment_of(session: Session, changes: Sequence[Change], service: str, site: str) -> Catchment:
    """Return whom a site of a plan is the nearest for.

    Raises
    ------
    InputError
        If there is no such service or site, or a change cannot be made.
    """
    state = session.state
    plan, week = session.week(changes, service)
    fields = week.fields
    if site not in plan.sites[service]:
        raise _no_site(site, service)
    mine = np.stack([_goes_to(held, site) for held in fields])
    days = np.array([[len(held.days)] for held in fields], np.float64)
    times = np.stack([np.where(own, held.times_s, 0.0) for own, held in zip(mine, fields, strict=True)])
    cells: npt.NDArray[np.bool_] = np.any(mine, axis=0)
    counted = (days * mine).sum(axis=0)
    mean_s = np.where(cells, (days * times).sum(axis=0) / np.where(cells, counted, 1.0), np.inf)
    people = np.where(cells, state.people_of(service), 0.0)
    total = float(people.sum())
    return Catchment(
        cells,
        total,
        float((people[cells] * mean_s[cells]).sum()) / total if total else float("nan"),
        tuple(float(people[mean_s <= limit].sum()) for limit in state.limits[service]),
    )


def _no_site(site: str, service: str) -> PlannerError:
    return PlannerError(f"there is no site {site!r} of {service} in this plan", code="no_site")


def _goes_to(held: DayField, site: str) -> npt.NDArray[np.bool_]:
    """Say for which cells a site is the nearest in a field."""
    number = held.field.standing.number.get(site)
    keys = held.field.cells().keys[:, 0]
    if number is None:  # it is open on other days
        return np.zeros(keys.size, np.bool_)
    found: npt.NDArray[np.bool_] = ((keys >> SHIFT) < np.uint64(FAR)) & ((keys & LOW) == np.uint64(number))
    return found
