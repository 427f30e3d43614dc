"""Who may use which site: the columns and the table that the rules of services give a study."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import measures, services
from geoaccess.errors import InputError
from geoaccess.study.municipality_numbers import matched
from geoaccess.study.sections.inputs import Section, SectionResult
from geoaccess.study.sections.service_sites import (
    ask_of_times,
    municipality_of_sites,
    names_of_municipalities,
    sites_of_service,
)
from geoaccess.study.settings.config_sections import RuleByNames, RuleByTable, RuleOfOwn
from geoaccess.study.site_directory import find_sites
from geoaccess.study.study_tables import read_given
from geoaccess.study.zonings import zonings_of
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from geoaccess.study.sections.inputs import SectionInput, SolvedInput
    from geoaccess.study.settings.study_file import Study

__all__ = ["RULES", "permissions", "read_rules", "rule_columns", "rule_services", "rules_table"]


def rule_services(study: Study) -> list[str]:
    """Return the services of which people may not use every site."""
    return [key for key, service in study.settings.services.items() if service.rule is not None]


def read_rules(known: SectionInput) -> None:
    """Raise an `InputError` if the rule of a service cannot be read."""
    for key in rule_services(known.study):
        permissions(known, key)


def rule_columns(solved: SolvedInput, key: str, *, allowed: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return `{key}_allowed_s`, `{key}_allowed_site`, `{key}_extra_s`, `{key}_rule_reason`: as `measures.rule_cost`.

    `allowed` are other permissions than those of the rule.
    """
    allowed = permissions(solved, key) if allowed is None else allowed
    municipality = solved.results["municipality_id"]
    answer = partial(
        _cost,
        sites=sites_of_service(solved, key).index,
        zone=municipality.where(municipality != ""),
        allowed=allowed,
    )
    found = ask_of_times(solved, key, answer)
    found["allowed_site"] = found["allowed_site"].fillna("").astype("str")
    names = ["allowed_s", "allowed_site", "extra_s", "rule_reason"]
    return found.rename(columns={"reason": "rule_reason"})[names].add_prefix(f"{key}_")


def _cost(
    times: npt.NDArray[np.float64], cells: pd.Index, *, sites: pd.Index, zone: pd.Series, allowed: pd.DataFrame
) -> pd.DataFrame:
    return measures.rule_cost(times, cells=cells, sites=sites, zone=zone, allowed=allowed)


def rules_table(solved: SolvedInput) -> pd.DataFrame:
    """Sum up what the rules cost by every zoning, as `geoaccess.measures.rule_table`, for each service with a rule."""
    tables = []
    asked = {spec.key: spec.population for spec in solved.study.specs}
    for key in rule_services(solved.study):
        results = solved.results.assign(
            extra_s=solved.results[f"{key}_extra_s"], reason=solved.results[f"{key}_rule_reason"]
        )
        table = measures.rule_table_of_service(results, by=zonings_of(solved.study, results), population=asked[key])
        table.insert(2, "service", key)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def permissions(known: SectionInput, key: str) -> pd.DataFrame:
    """Return who may use which site under the rule of a service: `zone_id` and `site_id`, a row per permission."""
    rule = known.study.settings.services[key].rule
    if isinstance(rule, RuleByNames):
        sites = sites_of_service(known, key)
        try:
            names = names_of_municipalities(known)
            meant = matched(known.study, pd.Series(rule.aliases, dtype="object"), names.index)
            return services.allowed_by_names(
                sites[rule.column], names=names, aliases=dict(zip(rule.aliases, meant, strict=True))
            )
        except InputError as error:
            raise InputError(f'[services.{key}.rule] column = "{rule.column}": {error}') from error
    if isinstance(rule, RuleByTable):
        return _by_table(known, key, rule)
    if isinstance(rule, RuleOfOwn):
        return _own(known, key, rule)
    raise InputError(f"[services.{key}] has no rule")


def _by_table(known: SectionInput, key: str, rule: RuleByTable) -> pd.DataFrame:
    where = f"[services.{key}.rule] file"
    table = read_given(known.study, rule.file, ["zone_id", "site_id"], key=where, optional=["site"])
    table["zone_id"] = _numbers(known, table["zone_id"])
    table, problems = find_sites(known, table, service=key, names={"site_id": "site"})
    problems += _strangers(known, table["zone_id"])
    if problems:
        raise InputError.listing(str(known.study.resolve(rule.file)), problems)
    return table.drop_duplicates()


def _own(known: SectionInput, key: str, rule: RuleOfOwn) -> pd.DataFrame:
    zone = municipality_of_sites(known, key)
    if rule.hosts is None:
        return services.allowed_by_zone(zone)
    hosts = read_given(known.study, rule.hosts, ["zone_id", "host_id"], key=f"[services.{key}.rule] hosts")
    for column in hosts:
        hosts[column] = _numbers(known, hosts[column])
    problems = _strangers(known, hosts["zone_id"])
    there = names_of_municipalities(known)[lambda names: names.index.isin(known.results["municipality_id"])]
    problems += [
        f"no row for municipality {label} ({name}), which has people and no site of {key}; write its host, or leave "
        "host_id empty where it has none"
        for label, name in there.items()
        if label not in set(zone) and label not in set(hosts["zone_id"])
    ]
    if not problems:
        try:
            return services.allowed_by_zone(zone, hosts=hosts[hosts["host_id"] != ""])
        except InputError as error:
            problems = [str(error)]
    raise InputError.listing(str(known.study.resolve(rule.hosts)), problems)


def _numbers(known: SectionInput, given: pd.Series) -> pd.Series[str]:
    """Return the municipality of the study that each number means."""
    return matched(known.study, given, names_of_municipalities(known).index)


def _strangers(known: SectionInput, zone_id: pd.Series) -> list[str]:
    names = names_of_municipalities(known)
    return [
        f'row {row}: "{zone}" is no municipality of the study{_near(zone, names.index)}'
        for row, zone in zone_id.items()
        if zone not in names.index
    ]


def _near(word: str, known: pd.Index) -> str:
    hint = did_you_mean(word, known)
    return hint if "did you mean" in hint else ""


def _rules(solved: SolvedInput) -> SectionResult:
    columns = solved.results[[]].join([rule_columns(solved, key) for key in rule_services(solved.study)])
    return SectionResult(columns, {"rules": rules_table(replace(solved, results=solved.results.join(columns)))})


RULES = Section(
    name="rules",
    asked=lambda study: ["rules"] if rule_services(study) else [],
    answer=_rules,
    check=read_rules,
    cells={
        "{service}_allowed_s": "s",
        "{service}_allowed_site": "",
        "{service}_extra_s": "s",
        "{service}_rule_reason": "",
    },
    tables={
        "rules": {
            "not_slower": "people",
            "slower": "people",
            "no_zone": "people",
            "no_provider": "people",
            "nothing_in_reach": "people",
            "provider_out_of_reach": "people",
            "mean_extra_s": "s",
            "mean_extra_slower_s": "s",
        }
    },
)
