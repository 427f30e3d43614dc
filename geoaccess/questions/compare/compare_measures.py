"""What a comparison measures beside the nearest time: over the week, under rules, and supply; before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geoaccess import services
from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec
from geoaccess.network import ACROSS_WATER, NO_ROAD_WITHIN
from geoaccess.phrases import text
from geoaccess.questions.scenario_run import solve_scenario
from geoaccess.study import stages
from geoaccess.study.sections.access_rules import permissions, rule_columns, rule_services
from geoaccess.study.sections.ambulance import treatment_columns
from geoaccess.study.sections.catchments import catchment_columns, counted_demand, per_person, supply_of
from geoaccess.study.sections.inputs import SectionInput, SolvedInput
from geoaccess.study.sections.opening import opening_columns, opening_services
from geoaccess.study.sections.service_sites import municipality_by_place, municipality_of_sites, sites_of_service
from geoaccess.study.settings.catchment_measures import MEASURES
from geoaccess.study.settings.config_sections import RuleOfOwn
from geoaccess.study.settings.study_file import Study
from geoaccess.study.stages import Snapped
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.questions.scenario_run import Baseline, ScenarioRun

__all__ = ["Measure", "compare_measures", "measured"]

WORKING_DAYS = 5.0
_ALWAYS = "24/7"


@dataclass(frozen=True)
class Measure:
    """A figure of a service: `name` is nearest, expected, allowed, of ambulances treatment or fastest, or a catchment.

    The values of a catchment are no times.

    `spec` is what columns of the cells are named after, and what readers are shown. `shared` says of supply whether it
    is shared between people, so that its values are per person.
    """

    service: str
    name: str
    spec: ServiceSpec
    is_time: bool = True
    shared: bool = False


def compare_measures(study: Study, changed: Sequence[ScenarioRun]) -> list[Measure]:
    """Return the measures of every service: the nearest time, and what the study or a scenario gives reason for.

    Raises
    ------
    InputError
        If two would have the same columns.
    """
    settings = study.settings
    weekly = {*opening_services(study), *(key for one in changed for key in _services(one, _part_time(one)))}
    ruled = {
        *rule_services(study),
        *(key for one in changed for key in _services(one, one.site_values("allowed").notna())),
    }
    dated = any(one.base.day is not None for one in changed)
    found = []
    for spec in study.specs:
        found.append(Measure(spec.key, "nearest", spec))
        for name, keys in (("expected", weekly), ("allowed", ruled)):
            plain = name == "allowed" and settings.services[spec.key].rule is None  # these are nearest sites, too
            if spec.key in keys and (plain or not dated):
                label = text(settings.language, f"comparison.measure_{name}", label=spec.label)
                found.append(Measure(spec.key, name, replace(spec, key=f"{spec.key}_{name}", label=label)))
        if spec.from_call and not dated:
            found += _treatments(study, spec)
        for name, asked in settings.catchments.items():
            if asked.service == spec.key and not dated:
                label = f"{spec.label}: {asked.label or name}"
                own = ServiceSpec(key=name, label=label)
                found.append(Measure(spec.key, name, own, is_time=False, shared=MEASURES[asked.measure].shares))
    taken = [measure.spec.key for measure in found]
    double = [key for key in dict.fromkeys(taken) if taken.count(key) > 1]
    if double:
        raise InputError(f"{study.path}: {', '.join(double)} is a time of a service and a name of its own; rename it")
    return found


def _treatments(study: Study, spec: ServiceSpec) -> list[Measure]:
    """Return the times from the call to treatment: by road, and by the fastest mode where the study has others."""
    settings = study.settings.ambulance
    names = ["treatment", *(["fastest"] if settings is not None and settings.crafts else [])]
    found = []
    for name in names:
        label = text(study.settings.language, f"comparison.measure_{name}", label=spec.label)
        own = replace(spec, key=f"ambulance_{name}", label=label, norms_s=(), norm_column="", time="treatment")
        found.append(Measure(spec.key, name, own))
    return found


def _services(one: ScenarioRun, rows: pd.Series) -> set[str]:
    return set(one.sites["service"][rows.to_numpy(np.bool_)])


def _part_time(one: ScenarioRun) -> pd.Series:
    days = one.site_values("days_per_week")
    return (days > 0) & (days < WORKING_DAYS)


def measured(measures: Sequence[Measure], base: Baseline, changed: ScenarioRun | None = None) -> pd.DataFrame:
    """Compute the measures of a study as it is, or in a scenario, by the sections of the study.

    Returns
    -------
    Shape (n_cells, ...): of each measure that is a time `{key}_s`, `{key}_site` and `{key}_reason`, of a catchment a
    column of its name: what falls to a person of the cell.
    """
    free = base.results if changed is None else solve_scenario(changed, rules=False)
    out = {f"{m.spec.key}_{end}": free[f"{m.service}_{end}"] for m in measures for end in _ENDS if m.name == "nearest"}
    study = _asked(base.study, measures)
    solved = _solved(study, base, changed)
    for measure in measures:
        if measure.name == "expected" and measure.is_time:
            out |= _expected(solved, measure, free)
        elif measure.name == "allowed" and measure.is_time:
            out |= _allowed(solved, measure, free, base, changed)
    treated = [measure for measure in measures if measure.name in _TREATED and measure.is_time]
    if treated:
        out |= _treated(solved, treated)
    if study.settings.catchments:
        out |= _supplies(solved)
    return pd.DataFrame(out, index=free.index)


_ENDS = ("s", "site", "reason")
_TREATED = ("treatment", "fastest")


def _treated(solved: SolvedInput, measures: Sequence[Measure]) -> dict[str, pd.Series]:
    settings = solved.study.settings.ambulance
    if settings is not None and settings.tags:
        solved = replace(solved, mapped=stages.read_mapped(solved.study))
    found = treatment_columns(solved)
    return {f"{one.spec.key}_{end}": found[f"{one.spec.key}_{end}"] for one in measures for end in _ENDS}


def _asked(study: Study, measures: Sequence[Measure]) -> Study:
    """Return the study that reads days, hours and supply from the columns that `_solved` gives the sites."""
    asked = {(measure.service, measure.name) for measure in measures}
    read_from = {
        key: service.model_copy(
            update={"opening": "opening"} if service.opening else {"days_per_week": "days_per_week"}
        )
        if (key, "expected") in asked
        else service
        for key, service in study.settings.services.items()
    }
    catchments = {
        name: one.model_copy(update={"supply": f"supply {name}", "lists": None})
        for name, one in study.settings.catchments.items()
        if (one.service, name) in asked
    }
    return Study(study.path, study.settings.model_copy(update={"services": read_from, "catchments": catchments}))


def _known(base: Baseline) -> SectionInput:
    return SectionInput(base.study, base.results, base.answers.sites, base.answers.zones)


def _solved(study: Study, base: Baseline, changed: ScenarioRun | None) -> SolvedInput:
    """Return what the sections start from; what the scenario does not say of a site is as it was."""
    answers = base.answers
    if changed is None:
        network, snapped, sites, vehicles = answers.network, base.snapped, answers.sites, base.vehicles
    else:
        gives = changed.gives
        network, sites, vehicles = changed.roads.network, changed.sites[gives], changed.vehicles
        snapped = Snapped(changed.snapped.cells, changed.snapped.sites[gives])
        if vehicles is not None:
            theirs = Snapped(vehicles.snapped.cells, vehicles.snapped.sites[gives])
            vehicles = stages.Roads(vehicles.network, theirs)
    columns: dict[str, pd.Series] = {}
    days, hours = (pd.Series(np.nan, sites.index), pd.Series(None, sites.index, dtype=object))
    for key, service in base.study.settings.services.items():
        mine = sites.index[(sites["service"] == key).to_numpy(bool)]
        if service.days_per_week:
            known = answers.sites[service.days_per_week]
            days[mine] = pd.Series(to_numbers(known), index=known.index).reindex(mine)
        if service.opening:
            hours[mine] = answers.sites[service.opening].reindex(mine)
    columns["days_per_week"] = _site_values(changed, "days_per_week", sites).clip(upper=WORKING_DAYS).fillna(days)
    columns["days_per_week"] = columns["days_per_week"].fillna(WORKING_DAYS)
    columns["opening"] = _site_values(changed, "opening", sites).astype(object).fillna(hours).fillna(_ALWAYS)
    catchments = base.study.settings.catchments
    sized = {asked.service for asked in catchments.values() if asked.supply or asked.lists}
    for name, asked in catchments.items():
        before = supply_of(_known(base), name, asked).reindex(sites.index)
        if asked.supply or asked.lists:
            columns[f"supply {name}"] = _site_values(changed, "capacity", sites).fillna(before).fillna(0.0)
        else:  # each site counts as one; where nothing in the study has a size, a capacity is counted in such sites
            given = _site_values(changed, "capacity", sites) if asked.service not in sized else before
            columns[f"supply {name}"] = given.fillna(1.0)
    table: gpd.GeoDataFrame = sites.assign(**columns)
    nothing_mapped = answers.sites.iloc[:0]
    return SolvedInput(
        study, base.results, table, answers.zones, base.results, nothing_mapped, network, snapped, vehicles
    )


def _site_values(changed: ScenarioRun | None, name: str, sites: pd.DataFrame) -> pd.Series:
    return pd.Series(np.nan, sites.index) if changed is None else changed.site_values(name).reindex(sites.index)


def _expected(solved: SolvedInput, measure: Measure, free: pd.DataFrame) -> dict[str, pd.Series]:
    key = measure.service
    seconds = pd.Series(np.inf, free.index)
    if len(sites_of_service(solved, key)):
        seconds = opening_columns(solved, key)[f"{key}_expected_s"].round(3)  # sums of products end in noise
    return _times(measure, seconds, free[f"{key}_site"], free[f"{key}_reason"], "not_always_open")


def _allowed(
    solved: SolvedInput, measure: Measure, free: pd.DataFrame, base: Baseline, changed: ScenarioRun | None
) -> dict[str, pd.Series]:
    key = measure.service
    if base.study.settings.services[key].rule is None:
        solved_results = base.results if changed is None else solve_scenario(changed)
        return {f"{measure.spec.key}_{end}": solved_results[f"{key}_{end}"] for end in _ENDS}
    if not len(sites_of_service(solved, key)):
        nobody = pd.Series("", free.index)
        return _times(measure, pd.Series(np.inf, free.index), nobody, free[f"{key}_reason"], "no_provider")
    allowed = permissions(_known(base), key)
    found = rule_columns(
        solved, key, allowed=allowed if changed is None else changed_permissions(changed, key, allowed)
    )
    reason = free[f"{key}_reason"].where(free[f"{key}_reason"] != "", found[f"{key}_rule_reason"])
    return _times(measure, found[f"{key}_allowed_s"], found[f"{key}_allowed_site"], reason, "no_provider")


def changed_permissions(changed: ScenarioRun, key: str, before: pd.DataFrame) -> pd.DataFrame:
    """Return who may use which site of a service with a rule, in a scenario.

    What `allowed` says of a site counts (an empty list means everybody); under the rule of the own municipality, a site
    that is new or somewhere else is for its municipality and for those that it hosts; else a site is for whom it was,
    and a new one for nobody.
    """
    sites = changed.sites[(changed.sites["service"] == key).to_numpy(bool) & changed.gives]
    given = changed.site_values("allowed").reindex(sites.index)
    freed = [item.site for item in changed.scenario.change if item.allowed == () and item.site in sites.index]
    zones = changed.base.results["municipality_id"]
    everybody = ";".join(zones[zones != ""].unique())
    given = given.astype(object).fillna(pd.Series(everybody, index=pd.unique(pd.Series(freed, dtype=object)))).dropna()
    placed = [site for site in _placed(changed, sites) if site not in given.index]
    known = _known(changed.base)
    if not (isinstance(changed.base.study.settings.services[key].rule, RuleOfOwn) and placed):
        return services.change_permissions(before, sites=sites.index, allowed=given)
    return services.change_permissions(
        before,
        sites=sites.index,
        allowed=given,
        placed=municipality_by_place(known, sites.loc[placed], key),
        home=municipality_of_sites(known, key),
    )


def _placed(changed: ScenarioRun, sites: gpd.GeoDataFrame) -> list[str]:
    """Return the sites that are new, or somewhere else than before."""
    before = gpd.GeoSeries(changed.base.answers.sites.geometry.reindex(sites.index))
    return [str(site) for site in sites.index[~sites.geometry.geom_equals(before).to_numpy(bool)]]


def _times(
    measure: Measure, seconds: pd.Series, site: pd.Series, reason: pd.Series, else_reason: str
) -> dict[str, pd.Series]:
    """Return the columns of a time; what is not on a road is NaN, as everywhere."""
    key, reached = measure.spec.key, np.isfinite(seconds)
    why = reason.where(reason != "", else_reason).where(~reached, "")
    seconds = seconds.where(reached | ~why.isin([NO_ROAD_WITHIN, ACROSS_WATER]), np.nan)
    return {f"{key}_s": seconds, f"{key}_site": site.where(reached, ""), f"{key}_reason": why}


def _supplies(solved: SolvedInput) -> dict[str, pd.Series]:
    catchments, there = solved.study.settings.catchments, set(solved.sites["service"])
    some = {name: one for name, one in catchments.items() if one.service in there}
    study = Study(solved.study.path, solved.study.settings.model_copy(update={"catchments": some}))
    found = catchment_columns(replace(solved, study=study))[0]
    none = pd.Series(0.0, solved.results.index)
    return {
        name: per_person(found[name], counted_demand(solved, one), one) if name in some else none
        for name, one in catchments.items()
    }
