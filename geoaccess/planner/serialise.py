"""Answers as plain values for the page: numbers that JSON can hold, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoaccess.planner.plan import ALL_WEEK, group_id
from geoaccess.planner.suggest import APART_M
from geoaccess.scenarios.effect import effect_on_people

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.grouped import GroupFigures
    from geoaccess.planner.areas import Catchment
    from geoaccess.planner.drawing import Drawing
    from geoaccess.planner.figures import Figures
    from geoaccess.planner.session import Answer, Journey
    from geoaccess.planner.several import AddedPlace, Together
    from geoaccess.planner.state import PlannerState
    from geoaccess.planner.suggest import Place, Proposal
    from geoaccess.scenarios import Close
    from geoaccess.scenarios.effect import Effect

__all__ = [
    "answer_json",
    "areas_json",
    "catchment_json",
    "journeys_json",
    "proposal_json",
    "several_json",
    "way_json",
]


def answer_json(answer: Answer, before: Figures, drawing: Drawing, *, edges_s: Sequence[float] = ()) -> dict[str, Any]:
    """Return a plan: the figures and the effect, the time of each square, and what differs from the study.

    People are counted between `edges_s`, those of the study unless given.
    """
    state, spec = drawing.state, drawing.state.specs[answer.service]
    effect = effect_on_people(
        state.people_of(answer.service),
        before.times_s,
        answer.figures.times_s,
        norms_s=state.limits[answer.service],
    )
    return {
        "service": answer.service,
        "study": state.number,
        "figures": _figures(answer.figures),
        "effect": _effect(effect, spec),
        "times": drawing.times(answer.service, answer.figures.times_s),
        "people": drawing.people(answer.service, before.times_s, answer.figures.times_s, edges_s=edges_s),
        "sites": _sites(state, answer),
        "closed": [
            *(way_json(state, way) for way in sorted(answer.plan.closed)),
            *(_group_json(state, select) for select in sorted(answer.plan.groups, key=group_id)),
        ],
    }


def _effect(effect: Effect, spec: ServiceSpec) -> dict[str, Any]:
    return {
        "quicker": effect.shorter,
        "slower": effect.longer,
        "saved_min": effect.person_min_saved * (spec.trips_per_year or 1.0),
        "newly_reached": effect.became_reached,
        "newly_lost": effect.became_unreached,
        "into_norm": list(effect.into_norm),
        "out_of_norm": list(effect.out_of_norm),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "everybody": _group(figures.everybody),
        "classes": _group(figures.classes),
        "municipalities": _group(figures.municipalities),
        "equity": {name: _number(value) for name, value in figures.equity.items()},
    }


def _group(group: GroupFigures) -> dict[str, Any]:
    parts = {
        "people": group.people,
        "reached": group.reached,
        "mean_s": group.mean_s,
        "median_s": group.median_s,
        "p90_s": group.p90_s,
    }
    values = {
        name: [_number(value) for value in values.tolist()] for name, values in parts.items() if values is not None
    }
    return values | {"within": group.within.tolist()}


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _sites(state: PlannerState, answer: Answer) -> dict[str, Any]:
    """Return the sites that are not as the study has them; None for one that is closed."""
    before, now = state.plan.sites[answer.service], answer.plan.sites[answer.service]
    changed: dict[str, Any] = {
        label: {
            "name": site.name,
            "lon": site.lon,
            "lat": site.lat,
            "days": sorted(site.days),
            "added": site.added,
            "moved": site.moved,
            "off_road_m": _number(float(site.place["off_network_m"])),
            "off_road": not site.on_road,
        }
        for label, site in now.items()
        if site.added or site.moved or len(site.days) < len(ALL_WEEK)
    }
    return changed | dict.fromkeys((label for label in before if label not in now), None)


def way_json(state: PlannerState, way: int) -> dict[str, Any]:
    """Return what a way is and where it runs."""
    found = state.way(way)
    return {"way": way, "kind": found.kind, "name": found.name, "length_m": found.length_m, "lines": found.lines}


def _group_json(state: PlannerState, select: Close) -> dict[str, Any]:
    """Return what closes together, and where it is drawn: `choice` says by what it was chosen."""
    found = state.group(select)
    choice = "name" if select.name is not None else "polygon" if select.polygon is not None else "ferries"
    return {
        "group": group_id(select),
        "kind": "group",
        "choice": choice,
        "name": select.name or "",
        "ways": len(found.ways),
        "ferries": sorted(found.ferries),
        "length_m": found.length_m,
        "lines": found.lines,
    }


def journeys_json(journeys: list[Journey]) -> list[dict[str, Any]]:
    """Return the journeys of a cell."""
    return [
        {
            "days": journey.days,
            "site": journey.site,
            "name": journey.name,
            "time_s": journey.time_s,
            "parts": journey.parts,
        }
        for journey in journeys
    ]


def proposal_json(state: PlannerState, service: str, objective: str, proposal: Proposal) -> dict[str, Any]:
    """Return where one more office would bring most."""
    spec = state.specs[service]
    norms = spec.norm_limits
    norm = _norm_of(objective)
    return {
        "tried": proposal.tried,
        "all": proposal.all,
        "apart_km": APART_M / 1000,
        "norm_s": list(norms[norm]) if norms else None,
        "places": [_place(state, spec, place, norm) for place in proposal.places],
    }


def several_json(state: PlannerState, service: str, objective: str, found: list[Together]) -> dict[str, Any]:
    """Return what numbers of sites would bring together, none first."""
    spec, norm = state.specs[service], _norm_of(objective)
    norms = spec.norm_limits
    return {
        "norm_s": list(norms[norm]) if norms else None,
        "people": float(state.people_of(service).sum()),
        "steps": [
            {
                "mean_min": _number(one.mean_min),
                "within": one.within[norm] if norms else None,
                "gap": one.gap,
                "places": [_place(state, spec, place, norm) for place in one.places],
            }
            for one in found
        ],
    }


def _norm_of(objective: str) -> int:
    return int(objective.removeprefix("norm_")) if objective.startswith("norm_") else 0


def _place(state: PlannerState, spec: ServiceSpec, place: Place | AddedPlace, norm: int) -> dict[str, Any]:
    zones = state.municipalities.labels["municipality"]
    return {
        "cell": place.cell,
        "lon": round(place.lon, 5),
        "lat": round(place.lat, 5),
        "zone": str(zones.iloc[state.municipalities.codes[place.cell]]),
        "saved_min": place.effect.person_min_saved * (spec.trips_per_year or 1.0),
        "newly_reached": place.effect.became_reached,
        "within_norm": place.effect.into_norm[norm] if spec.n_norms else 0.0,
    }


def areas_json(areas: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return areas with their people, shortest time first: `lines` are rings of [lon, lat], outer and inner alike."""
    numbers = areas[["minutes", "people", "share", "area_km2"]].to_numpy(np.float64).tolist()
    return [
        {
            "minutes": minutes,
            "people": people,
            "share": _number(share),
            "km2": km2,
            "rings": [np.round(shapely.get_coordinates(ring), 4).tolist() for ring in _rings(area)],
        }
        for (minutes, people, share, km2), area in zip(numbers, areas.geometry, strict=True)
    ]


def _rings(area: shapely.Geometry) -> list[shapely.Geometry]:
    rings: list[shapely.Geometry] = list(shapely.get_rings(shapely.get_parts(area)))
    return rings


def catchment_json(drawing: Drawing, service: str, found: Catchment) -> dict[str, Any]:
    """Return whom a site is the nearest for, with the squares that most of them live in."""
    spec = drawing.state.specs[service]
    return {
        "people": found.people,
        "mean_s": _number(found.mean_s),
        "norms_s": [list(limits) for limits in spec.norm_limits],
        "within": list(found.within),
        "squares": drawing.marked(service, found.cells),
    }
