"""Answers as plain values for the page: numbers that JSON can hold, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.planner.changes import ALL_WEEK
from geoaccess.planner.figures import effect
from geoaccess.planner.suggest import APART_M

if TYPE_CHECKING:
    from geoaccess.planner.drawing import Drawing
    from geoaccess.planner.figures import Figures, Group
    from geoaccess.planner.ground import Ground
    from geoaccess.planner.session import Answer, Journey
    from geoaccess.planner.suggest import Proposal

__all__ = ["told_answer", "told_journeys", "told_proposal", "told_way"]


def told_answer(answer: Answer, before: Figures, drawing: Drawing) -> dict[str, Any]:
    """Tell a plan: the figures and the effect, the time of each square, and what differs from the study."""
    ground, spec = drawing.ground, drawing.ground.specs[answer.service]
    return {
        "service": answer.service,
        "ground": ground.number,
        "figures": _figures(answer.figures),
        "effect": effect(ground, spec, before, answer.figures),
        "times": drawing.times(answer.figures.times_s),
        "people": drawing.people(answer.service, before.times_s, answer.figures.times_s),
        "sites": _sites(ground, answer),
        "closed": [told_way(ground, way) for way in sorted(answer.plan.closed)],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "everybody": _group(figures.everybody),
        "classes": _group(figures.classes),
        "municipalities": _group(figures.municipalities),
        "equity": {name: _number(value) for name, value in figures.equity.items()},
    }


def _group(group: Group) -> dict[str, Any]:
    parts = {
        "people": group.people,
        "reached": group.reached,
        "mean_s": group.mean_s,
        "median_s": group.median_s,
        "p90_s": group.p90_s,
    }
    told = {name: [_number(value) for value in values.tolist()] for name, values in parts.items() if values is not None}
    return told | {"within": group.within.tolist()}


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _sites(ground: Ground, answer: Answer) -> dict[str, Any]:
    """Tell the sites that are not as the study has them; None for one that is closed."""
    before, now = ground.plan.sites[answer.service], answer.plan.sites[answer.service]
    changed: dict[str, Any] = {
        label: {
            "name": site.name,
            "lon": site.lon,
            "lat": site.lat,
            "days": sorted(site.days),
            "added": site.added,
            "moved": site.moved,
            "off_road_m": _number(float(site.place["off_network_m"])),
        }
        for label, site in now.items()
        if site.added or site.moved or len(site.days) < len(ALL_WEEK)
    }
    return changed | dict.fromkeys((label for label in before if label not in now), None)


def told_way(ground: Ground, way: int) -> dict[str, Any]:
    """Tell what a way is and where it runs."""
    found = ground.way(way)
    return {"way": way, "kind": found.kind, "name": found.name, "length_m": found.length_m, "lines": found.lines}


def told_journeys(journeys: list[Journey]) -> list[dict[str, Any]]:
    """Tell the journeys of a cell."""
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


def told_proposal(ground: Ground, service: str, objective: str, proposal: Proposal) -> dict[str, Any]:
    """Tell where one more office would bring most."""
    norms = ground.specs[service].norms_s
    norm = int(objective.removeprefix("norm_")) if objective.startswith("norm_") else 0
    zones = ground.municipalities.labels["municipality"]
    return {
        "tried": proposal.tried,
        "all": proposal.all,
        "apart_km": APART_M / 1000,
        "norm_s": norms[norm] if norms else None,
        "places": [
            {
                "cell": place.cell,
                "lon": round(float(ground.lon[place.cell]), 5),
                "lat": round(float(ground.lat[place.cell]), 5),
                "zone": str(zones.iloc[ground.municipalities.codes[place.cell]]),
                "saved_min": place.saved_s / 60,
                "newly_reached": place.newly_reached,
                "within_norm": place.within[norm] if norms else 0.0,
            }
            for place in proposal.places
        ],
    }
