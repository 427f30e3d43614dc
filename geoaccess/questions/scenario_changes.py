"""A scenario applied to the inputs of a study: people, network, sites and roads as they are in it, nothing solved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import scenarios
from geoaccess.errors import InputError
from geoaccess.study import stages
from geoaccess.study.municipality_numbers import matched
from geoaccess.study.scenario_names import resolve_in_study
from geoaccess.study.settings.inputs import NetworkSettings
from geoaccess.study.settings.study_file import Study
from geoaccess.study.site_columns import at_their_levels, least_level
from geoaccess.toml import did_you_mean, validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geoaccess.network import Network
    from geoaccess.scenarios import AddSite, ChangedNetwork, MoveSite, ResolvedScenario, Scenario
    from geoaccess.services import SiteDirectory

__all__ = [
    "ChangedStudy",
    "change_study",
    "network_of_scenario",
    "off_the_map",
    "refuse_same_titles",
    "study_with_people",
]

_NEAR_DEG = 0.5


@dataclass(frozen=True, eq=False)
class ChangedStudy:
    """Sites and roads as they are in a scenario; `scenario` names sites by id, `named` says what its names came to."""

    scenario: Scenario
    named: ResolvedScenario
    sites: gpd.GeoDataFrame
    roads: ChangedNetwork


def change_study(
    study: Study,
    scenario: Scenario,
    directory: SiteDirectory,
    cells: gpd.GeoDataFrame,
    network: Network,
    names: pd.DataFrame | None,
) -> ChangedStudy:
    """Apply a scenario to the sites and roads of a study.

    Parameters
    ----------
    directory
        Of the sites of the study, see `site_directory`.
    cells
        With `municipality_id`.
    network
        Of the scenario, see `network_of_scenario`.
    names
        Of roads; None where the scenario names none.

    Raises
    ------
    InputError
        With everything that is not there, may be several sites, or lies off the map.
    """
    named = resolve_in_study(study, scenario, directory)
    zones = cells["municipality_id"]
    known = _with_known_zones(study, named.scenario, zones)
    problems = [*_sites_off_the_map(known, network), *_unknown_zones(known, zones)]
    if problems:
        raise InputError.listing(f'scenario "{scenario.title}"', problems)
    changed = _changed_sites(study, known, directory.sites)
    return ChangedStudy(known, named, changed, scenarios.apply_to_network(known, network, names=names))


def network_of_scenario(study: Study, scenario: Scenario, network: Network) -> Network:
    """Return the network of a scenario, contracted: that of the study, or another by its profile or timetable."""
    if scenario.network is None:
        return network
    said = scenario.network.model_dump(exclude_none=True)
    if said.get("profile", "").endswith(".toml"):
        said["profile"] = str(Path(said["profile"]).resolve())
    usual = study.settings.network.model_dump()
    whole = usual | said | {"timetable": usual["timetable"] | said.get("timetable", {})}
    settings = validate(whole, NetworkSettings, subject=f'scenario "{scenario.title}": [network]')
    other = Study(study.path, study.settings.model_copy(update={"network": settings}))
    found: Network = stages.build_or_load_network(other)[0]
    stages.contract_or_load(other, found)
    return found


def study_with_people(study: Study, scenario: Scenario) -> Study:
    """Return a study with the people of a scenario; the same where it names no others."""
    change = scenario.population
    if change is None:
        return study
    new: dict[str, Any] = {}
    if change.file is not None:
        new["file"] = str(Path(change.file).resolve())
    if change.column is not None:
        new["people"] = change.column
    if change.year is not None:
        new["year"] = change.year
    people = study.settings.population.model_copy(update=new)
    return Study(study.path, study.settings.model_copy(update={"population": people}))


def refuse_same_titles(changes: Sequence[Scenario]) -> None:
    """Refuse scenarios that share a title, by which tables name them, and none at all."""
    titles = [scenario.title for scenario in changes]
    double = [title for title in dict.fromkeys(titles) if titles.count(title) > 1]
    if double or not titles:
        raise InputError(
            f"scenarios share a title: {', '.join(double)}; give each its own" if double else "no scenario"
        )


def off_the_map(network: Network, lon: float, lat: float) -> str:
    """Say that a place lies where the network is not, as a rule with its degrees swapped; "" where that is not so."""
    w, s, e, n = network.bounds
    if w - _NEAR_DEG <= lon <= e + _NEAR_DEG and s - _NEAR_DEG <= lat <= n + _NEAR_DEG:
        return ""
    return (
        f"lon {lon:g}, lat {lat:g} is off the map, which covers {w:.2f} to {e:.2f} E, {s:.2f} to {n:.2f} N; "
        "are longitude and latitude swapped?"
    )


def _sites_off_the_map(scenario: Scenario, network: Network) -> list[str]:
    placed: list[tuple[str, Sequence[AddSite | MoveSite]]] = [("add", scenario.add), ("move", scenario.move)]
    return [
        f"[[{what}]] {number}: {said}"
        for what, items in placed
        for number, item in enumerate(items, start=1)
        if (said := off_the_map(network, item.lon, item.lat))
    ]


def _with_known_zones(study: Study, scenario: Scenario, zones: pd.Series[str]) -> Scenario:
    """Return a scenario whose sites are for municipalities by the numbers of the study."""
    known = zones.unique()

    def meant(allowed: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(matched(study, pd.Series(allowed, dtype="object"), known))

    change = tuple(
        item.model_copy(update={"allowed": meant(item.allowed)}) if item.allowed else item for item in scenario.change
    )
    return scenario.model_copy(update={"change": change})


def _unknown_zones(scenario: Scenario, zones: pd.Series[str]) -> list[str]:
    """Say which municipalities that a site is for do not exist."""
    known = sorted({str(label) for label in zones if label})
    return [
        f'[[change]] {number}: allowed names "{label}", which is no municipality{did_you_mean(label, known)}'
        for number, item in enumerate(scenario.change, start=1)
        for label in item.allowed or ()
        if label not in known
    ]


def _changed_sites(study: Study, scenario: Scenario, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Apply a scenario to the sites of a study; services that read those of another follow it, as in the study."""
    services = study.settings.services
    following = {key for key, service in services.items() if service.sites_of}
    if not scenario.changes_sites or not (following or any(service.levels for service in services.values())):
        return scenarios.apply_to_sites(scenario, sites, services=list(services))
    own = sites[~sites["service"].isin(following).to_numpy(bool)]
    first, then = (_only(_with_levels(study, scenario), following, among=among) for among in (False, True))
    copied = at_their_levels(study, scenarios.apply_to_sites(first, own, services=list(services)), needed=False)
    # Who closes the site that it is a copy of closes the copy: a place that is removed takes both.
    kept = tuple(item for item in then.remove if item.site in copied.index)
    then = then.model_copy(update={"remove": kept})
    return scenarios.apply_to_sites(then, copied, services=list(services))


def _with_levels(study: Study, scenario: Scenario) -> Scenario:
    """Return a scenario in which every new site has a level where its service has levels."""
    add = tuple(
        item.model_copy(update={"level": least_level(study, item.service) or None}) if item.level is None else item
        for item in scenario.add
    )
    return scenario.model_copy(update={"add": add})


def _only(scenario: Scenario, services: set[str], *, among: bool) -> Scenario:
    """Return a scenario with its changes to sites of some services only, or of all others."""
    kept = {
        what: tuple(item for item in getattr(scenario, what) if (item.service in services) == among)
        for what in ("add", "remove", "move", "change")
    }
    return scenario.model_copy(update=kept)
