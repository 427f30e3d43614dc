"""What a question of siting is about: a study as it is, or in a scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geoaccess import siting
from geoaccess.errors import InputError
from geoaccess.measures.groups import people_of_service
from geoaccess.phrases import note
from geoaccess.questions.scenario_run import (
    apply_scenarios,
    files_named,
    needs_names,
    solve_baseline,
    solve_scenario,
)
from geoaccess.study import stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network
    from geoaccess.questions.scenario_run import Baseline
    from geoaccess.questions.siting.question import Question
    from geoaccess.routing import KnownWays
    from geoaccess.scenarios import Scenario
    from geoaccess.siting import SitingProblem
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "SitingContext",
    "SitingRoads",
    "baseline_of",
    "build_problem",
    "check_closing",
    "context_in",
    "context_of",
]


@dataclass(frozen=True, eq=False)
class SitingRoads:
    """Roads of some service: what is attached to `places`, ways are searched on `roads`, where some may be closed.

    `cells` are those of the study, attached to `places`.
    """

    places: Network
    roads: Network | Hierarchy
    cells: pd.DataFrame


@dataclass(frozen=True, eq=False)
class SitingContext:
    """A study, solved; in a scenario `answers` has the cells, times and sites of the scenario.

    `everybody` are the roads of all, `vehicles` those as ambulances drive them, None where these are the same.
    """

    answers: Answers
    everybody: SitingRoads
    vehicles: SitingRoads | None = None
    scenario: Scenario | None = None

    def roads_of(self, service: str) -> SitingRoads:
        """Return the roads that times of a service are searched on."""
        rule = self.study.response
        if self.vehicles is not None and rule is not None and rule.service == service:
            return self.vehicles
        return self.everybody

    @property
    def study(self) -> Study:
        """The study, without the changes of the scenario."""
        return self.answers.study

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.scenario.title if self.scenario else note("as_it_is")


def context_of(answers: Answers) -> SitingContext:
    """Return a study as it is."""
    everybody, vehicles = SitingRoads(answers.network, answers.network, answers.snapped.cells), answers.vehicles
    if vehicles is None:
        return SitingContext(answers, everybody)
    return SitingContext(answers, everybody, SitingRoads(vehicles.plain, vehicles.network, vehicles.snapped.cells))


def baseline_of(
    study: Study, changes: Sequence[Scenario | None], *, answers: Answers | None = None, show: bool = True
) -> Baseline:
    """Solve a study as it is, for `context_in` each of some scenarios.

    Raises
    ------
    InputError
        With what is wrong with any scenario; or if one cancels boats by the clock, or has sites that only some zones
        may use, neither of which siting supports.
    """
    asked = [scenario.in_language(study.settings.language) for scenario in changes if scenario is not None]
    titles = [scenario.title for scenario in asked]
    problems = [f'two scenarios are called "{title}"' for title in dict.fromkeys(titles) if titles.count(title) > 1]
    for scenario in asked:
        if scenario.boats is not None:
            problems.append(f'"{scenario.title}" cancels boats by the clock; siting supports mean waits only')
        if any(site.allowed for site in scenario.change):
            problems.append(
                f'"{scenario.title}" has sites that only some may use; siting supports sites open to everybody only'
            )
    if problems:
        raise InputError.listing("scenarios", problems)
    base = solve_baseline(study, names=needs_names(asked), answers=answers, reads=files_named(asked), show=show)
    if len(asked) > 1:  # of one alone `context_in` says the same
        apply_scenarios(base, asked)  # what is wrong with any of them, before the first is solved
    return base


def context_in(base: Baseline, scenario: Scenario | None) -> SitingContext:
    """Return a study in a scenario, or as it is (None).

    Raises
    ------
    InputError
        With what is wrong with the scenario.
    """
    if scenario is None:
        return context_of(base.answers)
    (changed,) = apply_scenarios(base, [scenario.in_language(base.study.settings.language)])
    sites = changed.sites[changed.gives]
    answers = replace(changed.base.answers, results=solve_scenario(changed), sites=sites)
    everybody = SitingRoads(changed.roads.places, changed.roads.network, changed.snapped.cells)
    own, vehicles = changed.vehicle_roads, changed.vehicles
    theirs = None
    if own is not None and vehicles is not None:
        theirs = SitingRoads(own.places, vehicles.network, vehicles.snapped.cells)
    return SitingContext(answers, everybody, theirs, changed.scenario)


def build_problem(
    ground: SitingContext,
    candidates: gpd.GeoDataFrame,
    *,
    service: str,
    snapped: pd.DataFrame | None = None,
    ways: KnownWays | None = None,
    close: int = 0,
) -> tuple[SitingProblem, gpd.GeoDataFrame]:
    """Return what each candidate would bring nearer, and the sites of the service that stand.

    `snapped` are the candidates as they are attached to the roads of the service, and `ways` those between them and the
    cells, where that was done before.
    """
    study, answers = ground.study, ground.answers
    spec = next(spec for spec in study.specs if spec.key == service)
    ours = answers.sites[(answers.sites["service"] == service).to_numpy()]
    roads = ground.roads_of(service)
    found = siting.build_problem(
        roads.roads,
        roads.cells,
        people_of_service(answers.results, spec),
        sites=stages.snap_sites(study, roads.places, ours, service=service) if len(ours) else None,
        candidates=stages.snap_sites(study, roads.places, candidates, service=service) if snapped is None else snapped,
        close=close,
        direction=spec.direction,
        ways=ways,
    )
    return (replace(found, fixed=_outside(study, ours)) if close else found), ours


def check_closing(study: Study, question: Question, sites: gpd.GeoDataFrame) -> None:
    """Refuse to close more sites of a service than stand, or all without one in their place."""
    standing = int((sites["service"] == question.service).sum())
    if question.close > standing:
        raise InputError(f"--close is {question.close}; {standing} sites stand of {question.service}")
    if question.close and question.close == standing and not question.add:
        raise InputError(f"--close is {question.close}: that is every site of {question.service}, and none is added")
    inside = standing - int(_outside(study, sites[(sites["service"] == question.service).to_numpy(bool)]).sum())
    if question.close > inside:
        raise InputError(
            f"--close is {question.close}; of {standing} sites of {question.service}, {inside} lie inside the clip of "
            "[population]: those outside serve people whom the study does not count, and stay"
        )


def _outside(study: Study, sites: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Return which sites lie outside the box that people are cut to: who uses them is not counted."""
    clip = study.settings.population.clip
    if clip is None:
        return np.zeros(len(sites), np.bool_)
    west, south, east, north = clip
    at = sites.geometry.to_crs("EPSG:4326")
    inside = at.x.between(west, east) & at.y.between(south, north)
    return (~inside).to_numpy(np.bool_)
