"""A study under scenarios: solved once as it is, then once for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.questions.scenario_changes import change_study, network_of_scenario, study_with_people
from geoaccess.routing import TravelTimes, attach_departures, day_profile, nearest_snapped
from geoaccess.scenarios import apply_to_network, gives_nothing, stated_values
from geoaccess.scenarios.reading import files_of
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_study, solve_times
from geoaccess.study.scenario_names import of_another_study
from geoaccess.study.settings.study_file import Study
from geoaccess.study.site_directory import site_directory

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.direction import Direction
    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network
    from geoaccess.scenarios import ChangedNetwork, Close, ResolvedScenario, Scenario, Slow
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "Baseline",
    "ScenarioRun",
    "apply_scenario",
    "apply_scenarios",
    "files_named",
    "refuse_clock",
    "road_names",
    "solve_baseline",
    "solve_scenario",
]

_EVENING_ENDS_S = 4 * 3600.0
"""A boat cancelled "after 20:00" does not sail at midnight either; from four in the morning on it is a new day."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """A study as it is: what every scenario is compared with.

    `snapped` are its cells and sites on its network, `vehicles` those on the roads as ambulances drive them, where
    these are others; `names` of roads (None where they are not needed). With a `day`
    all times are means over the times of leaving on that day, with boats by their `departures`.
    """

    study: Study
    answers: Answers
    snapped: stages.Snapped
    results: gpd.GeoDataFrame
    names: pd.DataFrame | None = None
    day: dt.date | None = None
    departures: pd.DataFrame | None = None

    @property
    def vehicles(self) -> stages.Roads | None:
        """The roads as ambulances drive them, None where they drive as everybody does."""
        return self.answers.vehicles

    def roads_of(self, service: str) -> stages.Roads:
        """Return the roads that times of a service are searched on, with cells and sites attached."""
        rule = self.study.response
        if self.vehicles is not None and rule is not None and rule.service == service:
            return self.vehicles
        return stages.Roads(self.answers.network, self.snapped)


@dataclass(frozen=True, eq=False)
class ScenarioRun:
    """A study in a scenario, ready to be solved; `base` has the same people, and is another where these change.

    `scenario` names sites by the ids of the study; `named` says what its names came to. `vehicle_roads` are the roads
    as ambulances drive them, None where they drive as everybody does.
    """

    scenario: Scenario
    base: Baseline
    sites: gpd.GeoDataFrame
    roads: ChangedNetwork
    named: ResolvedScenario
    vehicle_roads: ChangedNetwork | None = None

    def site_values(self, name: str) -> pd.Series:
        """Return what the scenario says of each site, of a column such as `days_per_week`; missing where nothing."""
        return stated_values(name, self.sites, self.base.answers.sites)

    @property
    def gives(self) -> npt.NDArray[np.bool_]:
        """Which sites give anything at all: not those that the scenario leaves without a day, or without capacity."""
        nothing = gives_nothing(self.site_values("days_per_week"), self.site_values("capacity"))
        found: npt.NDArray[np.bool_] = (~nothing).to_numpy(np.bool_)
        return found

    @cached_property
    def snapped(self) -> stages.Snapped:
        """Cells and sites of the scenario on its network."""
        return self._snapped_on(self.roads.places, self.base.answers.network, self.base.snapped)

    @cached_property
    def vehicles(self) -> stages.Roads | None:
        """Roads, cells and sites of the scenario as ambulances drive, None where they drive as everybody does."""
        changed, before = self.vehicle_roads, self.base.vehicles
        if changed is None or before is None:
            return None
        known = before.plain
        snapped = self._snapped_on(changed.places, known, before.snapped)
        roads = before.network if changed.network is known else changed.network
        return stages.Roads(roads, snapped)

    def _snapped_on(self, network: Network, before: Network, known: stages.Snapped) -> stages.Snapped:
        if network is before and not self.scenario.changes_sites:
            return known
        study = self.base.study
        cells = known.cells if network is before else stages.snap_cells(study, network, self.base.results)
        return stages.Snapped(cells, _snapped_sites(study, network, self.sites))


@checks_arguments
def solve_baseline(
    study: Study,
    *,
    day: dt.date | None = None,
    names: bool = False,
    classes: bool = True,
    answers: Answers | None = None,
    reads: Iterable[Path] = (),
    show: bool = True,
) -> Baseline:
    """Solve a study as it is.

    Parameters
    ----------
    day
        Let boats sail by the timetable of that day; otherwise every ferry has its average wait, of the profile or of
        the timetable that the study follows.
    names
        Whether to read the names of roads from the extracts: needed for scenarios that name roads.
    classes
        Whether cells get their classes: not needed where none are shown.
    answers
        Of the study, where it has been solved already.
    reads
        Files that are read from here on, as scenarios name them: an answer is refused where one was replaced meanwhile.
    """
    if day is not None:  # a day that they do not hold is refused before the long work
        stages.read_timetables(study).day(day.isoformat())
    if day is not None and stages.follows_timetable(study):  # its boats sail by the clock, not by means of another day
        study, answers = stages.without_timetable(study), None
    if answers is None:
        answers = solve_study(study, show=show) if classes else solve_times(study, show=show)
    read = road_names(study) if names else None
    return _base(study, answers.reading(reads), read, day)


def _base(study: Study, answers: Answers, names: pd.DataFrame | None, day: dt.date | None) -> Baseline:
    snapped = answers.snapped
    departures = stages.read_timetables(study).departures(answers.network.ferries, day)[0] if day else None
    base = Baseline(study, answers, snapped, answers.results, names, day, departures)
    if day is None:
        return base
    roads = stages.Roads(answers.network, snapped)
    times = _times(base, roads, answers.vehicles, answers.sites, departures)
    return replace(base, results=answers.results.assign(**{name: times[name] for name in times.columns}))


def road_names(study: Study) -> pd.DataFrame:
    """Return the names of the roads of a study, see `geoaccess.osm.read_road_names`."""
    return stages.road_names_of(study)


def needs_names(changes: Sequence[Scenario]) -> bool:
    """Whether a scenario names roads."""
    items: list[Close | Slow] = [item for scenario in changes for item in (*scenario.closes, *scenario.slow)]
    return any(item.name is not None and item.what != "ferries" for item in items)


def files_named(changes: Iterable[Scenario]) -> list[Path]:
    """Return the files that scenarios name."""
    return [Path(name) for scenario in changes for name in files_of(scenario)]


def apply_scenarios(base: Baseline, changes: Sequence[Scenario]) -> list[ScenarioRun]:
    """Apply each of some scenarios to a study, on its own.

    Raises
    ------
    InputError
        With what is wrong with any of them.
    """
    done, problems = [], []
    for scenario in changes:
        try:
            done.append(apply_scenario(base, scenario))
        except GeoaccessError as error:
            named = f'scenario "{scenario.title}"'
            problems.append(str(error) if str(error).startswith(named) else f"{named}: {error}")
    if problems:
        raise InputError(problems[0] if len(problems) == 1 else "\n".join(problems))
    return done


@checks_arguments
def apply_scenario(base: Baseline, scenario: Scenario) -> ScenarioRun:
    """Return a study in a scenario, not solved yet.

    Another population is solved again as it is, without the other changes, so that people are compared with
    themselves. Another profile has its own network, on which cells and sites are attached anew.

    Raises
    ------
    InputError
        With what is wrong; where the scenario was made for another study, also if anything that it names is not there.
    """
    with of_another_study(base.study, scenario):
        return _applied(base, scenario)


def refuse_clock(scenario: Scenario, *, by_clock: bool) -> None:
    """Refuse a scenario of boats by the clock where they sail by means over hours, and the other way round."""
    if scenario.boats is not None and not by_clock:
        raise InputError(
            f'scenario "{scenario.title}": boats sail by the clock; name the day whose timetable counts with --day'
        )
    changed = scenario.network
    if by_clock and changed is not None and (changed.wait or changed.timetable):
        raise InputError(
            f'scenario "{scenario.title}": [network] wait and timetable are for means over hours; with --day all boats '
            "sail by the clock of that day"
        )


def _applied(base: Baseline, scenario: Scenario) -> ScenarioRun:
    refuse_clock(scenario, by_clock=base.departures is not None)
    if scenario.population is not None:
        base = _with_people(base, scenario)
    network = network_of_scenario(base.study, scenario, base.answers.network)
    directory = site_directory(base.study, base.answers.sites, base.results, base.answers.zones)
    found = change_study(base.study, scenario, directory, base.results, network, base.names)
    of_vehicles = None
    if base.vehicles is not None:
        of_vehicles = apply_to_network(found.scenario, base.vehicles.plain, names=base.names)
    return ScenarioRun(found.scenario, base, found.sites, found.roads, found.named, of_vehicles)


def _with_people(base: Baseline, scenario: Scenario) -> Baseline:
    study = study_with_people(base.study, scenario)
    answers = solve_study(study, network=base.answers.network, show=False)
    return _base(study, answers.since(base.answers.stamps), base.names, base.day)


@checks_arguments
def solve_scenario(changed: ScenarioRun, *, rules: bool = True) -> gpd.GeoDataFrame:
    """Return the results of a study in a scenario: its nearest sites, and what is known of the cells before.

    Municipalities and centrality classes are those before: they are the groups that are compared. A site with 0 days a
    week or a capacity of 0 gives nothing; one with `allowed` zones serves only cells whose `municipality_id` is among
    them, if `rules` count. A service without any site reaches nobody.
    """
    base, roads = changed.base, changed.roads
    departures = _cancelled(base.departures, changed.scenario)
    gives = changed.gives
    snapped = stages.Snapped(changed.snapped.cells, changed.snapped.sites[gives])
    vehicles = changed.vehicles
    if vehicles is not None:
        theirs = vehicles.snapped
        vehicles = stages.Roads(vehicles.network, stages.Snapped(theirs.cells, theirs.sites[gives]))
    allowed = changed.site_values("allowed").astype(object).fillna("") if rules else ""
    sites = changed.sites.assign(allowed=allowed)[gives]
    times = _times(base, stages.Roads(roads.network, snapped), vehicles, sites, departures)
    return base.results.assign(**{name: times[name] for name in times.columns})


def _snapped_sites(study: Study, network: Network, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Attach sites; unlike those of a study, all of them may lie off the roads, or there may be none."""
    try:
        return stages.snap_sites(study, network, sites, service=sites["service"])
    except InputError as error:
        raise InputError(f"sites of the scenario: {error}") from error


def _cancelled(departures: pd.DataFrame | None, scenario: Scenario) -> pd.DataFrame | None:
    """Return the departures without those cancelled; a boat that has no other lies still."""
    if departures is None or scenario.boats is None:
        return departures
    clock, last = departures["departs_s"] % DAY_S, scenario.boats.cancel_after_s
    late = (clock >= last) | ((clock < _EVENING_ENDS_S) & (last >= _EVENING_ENDS_S))
    return departures.assign(departs_s=departures["departs_s"].mask(late))


def _times(
    base: Baseline,
    everybody: stages.Roads,
    vehicles: stages.Roads | None,
    sites: gpd.GeoDataFrame,
    departures: pd.DataFrame | None,
) -> pd.DataFrame:
    study, rule = base.study, base.study.response
    by_service = {}
    limit_m = stages.limit_m_of(study)
    ferries = (
        {}
        if departures is None
        else {
            name: attach_departures(roads.plain, departures, limit_m=limit_m)
            for name, roads in (("everybody", everybody), ("vehicles", vehicles))
            if roads is not None
        }
    )
    for key, service in study.settings.services.items():
        own = vehicles if rule is not None and rule.service == key else None
        roads, sailed = own or everybody, ferries.get("everybody" if own is None else "vehicles")
        network, snapped = roads.network, roads.snapped
        mine = (sites["service"] == key).to_numpy()
        parts = []
        for rows, allowed in _allowed(sites[mine], base.results["municipality_id"]):
            cells, ours = snapped.cells[rows], snapped.sites[mine][allowed]
            found = _nearest(network, cells, ours, direction=service.direction)
            if sailed is not None and len(ours):
                day = day_profile(cells, ours, sailed, direction=service.direction)["mean_s"]
                land = _nearest(sailed.roads, cells, ours, direction=service.direction)["reason"]
                why = land.where(land != "", found["reason"])
                found["travel_time_s"], found["reason"] = day, why.where(~np.isfinite(day), "")
            parts.append(found)
        by_service[key] = pd.concat(parts).reindex(snapped.cells.index)
    return TravelTimes(everybody.snapped.cells["off_network_m"], by_service).columns()


def _allowed(
    sites: gpd.GeoDataFrame, zone: pd.Series[str]
) -> list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """Return groups of cells that may use the same sites: which cells, which sites."""
    everybody = np.ones(len(zone), np.bool_)
    if "allowed" not in sites or not (sites["allowed"].fillna("") != "").any():
        return [(everybody, np.ones(len(sites), np.bool_))]
    zones = [set(text.split(";")) if text else None for text in sites["allowed"].fillna("")]
    groups: dict[tuple[bool, ...], list[str]] = {}
    for label in zone.unique():
        groups.setdefault(tuple(one is None or label in one for one in zones), []).append(label)
    return [(zone.isin(labels).to_numpy(), np.array(which, np.bool_)) for which, labels in groups.items()]


def _nearest(
    network: Network | Hierarchy, cells: pd.DataFrame, sites: pd.DataFrame, *, direction: Direction
) -> pd.DataFrame:
    if len(sites):
        return nearest_snapped(network, cells, sites, k=2, direction=direction)
    off = (cells["edge"] < 0).to_numpy()
    never = np.where(off, np.nan, np.inf)
    table = pd.DataFrame({"travel_time_s": never, "site": None, "travel_time_2_s": never, "site_2": None}, cells.index)
    return table.assign(reason=np.where(off, cells["reason"], "no_site_reachable"))
