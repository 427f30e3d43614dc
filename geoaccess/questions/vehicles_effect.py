"""What other vehicles at bases mean to people: response times, who is within the norm, and who can expect a vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import scenarios
from geoaccess.routing import nearest_snapped

if TYPE_CHECKING:
    from geoaccess.hierarchy import Hierarchy
    from geoaccess.measures import ServiceSpec
    from geoaccess.network import Network
    from geoaccess.siting import Fleet, NearBases
    from geoaccess.study.answers import Answers

__all__ = ["FleetEffect", "effect_of"]

_MUNICIPALITY = ["municipality_id", "municipality"]
_ROUNDING = 1e-9
_SHARED = ("within_now", "within_then", "expected_now", "expected_then")
"""Sums of people that are also given as shares of the people of the group (NaN where nobody lives)."""


@dataclass(frozen=True)
class FleetEffect:
    """What moving and adding vehicles does, people standing for calls.

    Attributes
    ----------
    within_now, within_then
        Share of the people within the norm of a base that has a vehicle, were one always free there: as in the other
        tables of the study.
    cells
        `geoaccess.scenarios.cell_differences` of the response times, with `expected_now` and `expected_then`, the
        chance that a vehicle near enough is free.
    classes, municipalities
        Sums of both, by group: people within the norm now and then, who comes inside and falls out, the expected number
        now and then, both also as shares, and who gains and loses in it.
    """

    within_now: float
    within_then: float
    cells: pd.DataFrame
    classes: pd.DataFrame
    municipalities: pd.DataFrame


def effect_of(
    answers: Answers,
    spec: ServiceSpec,
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    bases: pd.DataFrame,
    *,
    near: NearBases,
    fleet: Fleet,
    busy: float,
) -> FleetEffect:
    """Return what an answer does to people.

    Parameters
    ----------
    spec
        The service with the one norm that was used.
    network, cells, bases
        Roads, and what is attached to them: bases set out after the call, those of today before the candidates.
    near
        Which bases are within the norm of which cells.
    """
    before, after = (
        _times(answers, spec, network, cells, bases[number > 0]) for number in (fleet.standing, fleet.then)
    )
    found = scenarios.cell_differences(before, after, services=[spec])
    for when, number in (("now", fleet.standing), ("then", fleet.then)):
        count = near.vehicles(number)
        found[f"expected_{when}"], found[f"near_{when}"] = 1.0 - busy**count, count > 0
    people = found[spec.population].to_numpy(np.float64)
    now, then = (float(people[found[f"near_{when}"]].sum() / people.sum()) for when in ("now", "then"))
    return FleetEffect(
        now, then, found, _summed(found, spec, ["centrality_class"]), _summed(found, spec, _MUNICIPALITY)
    )


def _times(
    answers: Answers, spec: ServiceSpec, network: Network | Hierarchy, cells: pd.DataFrame, bases: pd.DataFrame
) -> pd.DataFrame:
    """Return the results of the study with the response times from some bases."""
    key = spec.key
    if len(bases):
        found = nearest_snapped(network, cells, bases, k=1, direction="to_people")
        times, site, reason = found["travel_time_s"], found["site"].fillna("").astype("str"), found["reason"]
    else:
        known = answers.results[f"{key}_reason"].astype("str")
        times = pd.Series(np.inf, cells.index)
        site, reason = pd.Series("", cells.index), known.where(known != "", "no_site_reachable")
    columns = {f"{key}_s": times, f"{key}_site": site, f"{key}_reason": reason.astype("str")}
    return pd.DataFrame(answers.results.drop(columns="geometry")).assign(**columns)


def _summed(cells: pd.DataFrame, spec: ServiceSpec, by: list[str]) -> pd.DataFrame:
    """Return a row per group; the people are those of the service."""
    people = cells[spec.population]
    change = people * (cells["expected_then"] - cells["expected_now"])
    into, out_of = cells["near_then"] & ~cells["near_now"], cells["near_now"] & ~cells["near_then"]
    parts = {
        "population": people,
        "within_now": people.where(cells["near_now"], 0.0),
        "within_then": people.where(cells["near_then"], 0.0),
        "into_norm": people.where(into, 0.0),
        "out_of_norm": people.where(out_of, 0.0),
        "expected_now": people * cells["expected_now"],
        "expected_then": people * cells["expected_then"],
        "people_gaining": people.where(change > _ROUNDING, 0.0),
        "people_losing": people.where(change < -_ROUNDING, 0.0),
    }
    names = cells[by].astype("object").where(cells[by].notna(), "").astype(str).replace("", "unclassified")
    table = pd.DataFrame(parts).groupby([names[name] for name in by], sort=True).sum().reset_index()
    for part in _SHARED:
        table[f"share_{part}"] = table[part] / table["population"].where(table["population"] > 0)
    return table
