"""[ambulance]: the chain from the call to treatment, held against the norms, with what is left when bases are out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import measures
from geoaccess.errors import InputError
from geoaccess.measures.bases import check_availability
from geoaccess.osm import read_profile
from geoaccess.study.sections.ambulance_craft import add_crafts, read_places_of_crafts
from geoaccess.study.sections.ambulance_roads import chain_by_road
from geoaccess.study.sections.inputs import Section, SectionResult
from geoaccess.study.settings.ambulance import BUSY
from geoaccess.study.zonings import zonings_of
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.measures import AmbulanceFigures, ServiceSpec
    from geoaccess.measures.groups import By
    from geoaccess.study.sections.ambulance_roads import Chain
    from geoaccess.study.sections.inputs import PeopleInput, SolvedInput
    from geoaccess.study.settings.ambulance import AmbulanceSettings
    from geoaccess.study.settings.study_file import Study

__all__ = ["AMBULANCE", "chain_specs", "numbers_of_bases", "treatment_columns"]

_LABELS = {
    "ambulance_drive": "Driving time of the ambulance",
    "ambulance_response": "Ambulance at the patient",
    "ambulance_treatment": "Treatment after an ambulance",
    "ambulance_fastest": "Treatment by the fastest ambulance",
    "ambulance_dependable": "Treatment by an ambulance to count on",
}


def _asked(study: Study) -> list[str]:
    """Return the names of the tables of the chain."""
    return ["ambulance", "ambulance_norms", "ambulance_bases"] if study.settings.ambulance else []


def _check(known: PeopleInput) -> None:
    """Read the figures, the profile of the vehicle, numbers of bases and cells, and where crafts stand."""
    study = known.study
    settings = study.settings.ambulance
    if settings is None:
        return
    _figures(study, settings)
    if settings.profile:
        read_profile(study.with_profile(settings.profile).profile)
    if isinstance(settings.calls, str):
        _calls(known, settings.calls)
    bases = known.sites[known.sites["service"] == settings.base]
    numbers_of_bases(bases, settings.vehicles)
    if settings.availability != BUSY:
        check_availability(numbers_of_bases(bases, settings.availability))
    read_places_of_crafts(known, settings)


def _answer(solved: SolvedInput) -> SectionResult:
    """Compute the chain for every cell, who is inside the norms, and how busy the bases are."""
    settings = solved.study.settings.ambulance
    if settings is None:
        raise InputError(f"{solved.study.path}: there is no [ambulance]")
    figures = _figures(solved.study, settings)
    roads = solved.roads_of(settings.base)
    chain = chain_by_road(solved, settings, roads, figures.modes["car"].times)
    bases = _bases(solved, settings, chain)
    free = measures.base_availability(chain.bases, bases["availability"])
    columns = chain.columns
    built_up = solved.results["ambulance_built_up"]
    held = {
        counted: measures.response_norm(built_up, norms=figures.norms, municipality=municipality)
        for counted, municipality in (("cell", None), ("municipality", solved.results["municipality_id"]))
    }
    coverage = {
        counted: measures.expected_coverage(chain.times, norm_s=norm["norm_s"], availability=free)
        for counted, norm in held.items()
    }
    columns["ambulance_coverage"] = coverage["cell"]
    columns = columns.join(add_crafts(solved, settings, roads, figures, columns))
    cells = _cells(solved).join(columns).assign(ambulance_drive_reason=columns["ambulance_response_reason"])
    specs, by = chain_specs(cells, solved.study), zonings_of(solved.study, cells)
    response = next(spec for spec in specs if spec.key == "ambulance_response")
    tables = {
        "ambulance": measures.summarise_services(cells, services=specs, by=by),
        "ambulance_norms": _norms(cells, response, figures, coverage, by),
        "ambulance_bases": bases.reset_index(),
    }
    return SectionResult(columns, tables)


def _figures(study: Study, settings: AmbulanceSettings) -> AmbulanceFigures:
    return measures.read_ambulance_figures(study.resolve(settings.figures) if settings.figures else None)


def treatment_columns(solved: SolvedInput) -> pd.DataFrame:
    """Return the time to treatment by road, and by the fastest mode where crafts are asked for, with site and reason.

    `ambulance_treatment_s`, `_site` and `_reason`; and `ambulance_fastest_s`, whose `_site` is the mode. Without a base
    or a site that can treat nobody is treated.
    """
    settings = solved.study.settings.ambulance
    if settings is None:
        raise InputError(f"{solved.study.path}: there is no [ambulance]")
    there = set(solved.sites["service"])
    if not {settings.base, settings.site} <= there:
        return _nobody_treated(solved)
    figures, roads = _figures(solved.study, settings), solved.roads_of(settings.base)
    columns = chain_by_road(solved, settings, roads, figures.modes["car"].times).columns
    columns = columns.join(add_crafts(solved, settings, roads, figures, columns))
    if "ambulance_fastest_mode" in columns:
        columns["ambulance_fastest_site"] = columns["ambulance_fastest_mode"]
    return columns


def _nobody_treated(solved: SolvedInput) -> pd.DataFrame:
    index = solved.results.index
    none: dict[str, pd.Series] = {}
    for name in ("treatment", *(("fastest",) if "ambulance_fastest_s" in solved.results else ())):
        known = solved.results[f"ambulance_{name}_reason"].astype("str")
        none[f"ambulance_{name}_s"] = pd.Series(np.inf, index)
        none[f"ambulance_{name}_site"] = pd.Series("", index)
        none[f"ambulance_{name}_reason"] = known.where(known != "", "no_site_reachable")
    return pd.DataFrame(none)


def chain_specs(results: pd.DataFrame, study: Study) -> list[ServiceSpec]:
    """Return the times of the chain that are among the results, as services: they count the people of the bases.

    They are those with a reason where there is none.
    """
    settings = study.settings.ambulance
    base = next((spec for spec in study.specs if settings and spec.key == settings.base), None)
    if base is None:
        return []
    base = replace(base, norms_s=(), norm_column="", proxy_note="")
    return [
        replace(base, key=key, label=f"{label} ({base.who})" if base.who else label)
        for key, label in _LABELS.items()
        if f"{key}_s" in results and f"{key}_reason" in results
    ]


def _cells(solved: SolvedInput) -> pd.DataFrame:
    """Return the cells without their shapes."""
    return pd.DataFrame(solved.results.drop(columns="geometry"))


def _norms(
    cells: pd.DataFrame, service: ServiceSpec, figures: AmbulanceFigures, coverage: Mapping[str, pd.Series], by: By
) -> pd.DataFrame:
    """Return who is inside the norm, by cell and as Helsedirektoratet counts, bases always there and as available."""
    parts = []
    for counted, covered in coverage.items():
        for bases, share in (("always there", None), ("as available", covered)):
            part = measures.response_table_of_service(
                cells,
                service=service,
                norms=figures.norms,
                by=by,
                built_up="ambulance_built_up",
                municipality="municipality_id" if counted == "municipality" else None,
                coverage=share,
            )
            part.insert(0, "counted_by", counted)
            part.insert(1, "bases", bases)
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _bases(solved: SolvedInput, settings: AmbulanceSettings, chain: Chain) -> pd.DataFrame:
    """Return the table of bases, read as the study sets it."""
    sites = solved.sites[solved.sites["service"] == settings.base]
    busy = settings.availability == BUSY
    return measures.base_table(
        sites["name"].rename_axis("base"),
        people=solved.results[_people_of_bases(solved.study, settings)],
        first=chain.columns["ambulance_response_site"],
        busy_s=chain.columns["ambulance_busy_s"],
        vehicles=numbers_of_bases(sites, settings.vehicles),
        calls=_calls(solved, settings.calls),
        availability=None if busy else numbers_of_bases(sites, settings.availability),
    )


def _people_of_bases(study: Study, settings: AmbulanceSettings) -> str:
    return next(spec.population for spec in study.specs if spec.key == settings.base)


def _calls(solved: PeopleInput, calls: float | str | None) -> pd.Series | None:
    """Return the calls of each cell in a year: at a rate per person, from a column, or as [demand.calls] has them."""
    if calls is None:
        known = solved.study.settings.demand.calls is not None
        return solved.results["calls_per_year"] if known else None
    if isinstance(calls, str):
        return _numbers(solved.people[calls], str(solved.study.resolve(solved.study.settings.population.file)))
    return pd.Series(solved.results["population"] * calls)


def numbers_of_bases(sites: pd.DataFrame, value: float | str) -> pd.Series:
    """Return a number for each base: one for all, or a column of the sites."""
    if not isinstance(value, str):
        return pd.Series(float(value), index=sites.index)
    return _numbers(sites[value], "sites")


def _numbers(column: pd.Series, subject: str) -> pd.Series:
    numbers = pd.Series(to_numbers(column), index=column.index)
    wrong = column[~numbers.between(0, np.inf, inclusive="left")]
    if len(wrong):
        raise InputError(
            f"{subject}: {column.name} of {len(wrong)} rows is missing, negative or no number ({wrong.index[0]}: "
            f"{wrong.iloc[0]!r}); write numbers of 0 or more"
        )
    return numbers


AMBULANCE = Section(
    name="ambulance",
    asked=_asked,
    answer=_answer,
    check=_check,
    cells={
        "ambulance_drive_s": "s",
        "ambulance_response_s": "s",
        "ambulance_response_site": "",
        "ambulance_response_second_s": "s",
        "ambulance_response_reason": "",
        "ambulance_treatment_s": "s",
        "ambulance_treatment_second_s": "s",
        "ambulance_treatment_site": "",
        "ambulance_treatment_reason": "",
        "ambulance_busy_s": "s",
        "ambulance_built_up": "",
        "ambulance_norm_s": "s",
        "ambulance_coverage": "share",
        "ambulance_{mode}_response_s": "s",
        "ambulance_{mode}_treatment_s": "s",
        "ambulance_{sure}_s": "s",
        "ambulance_{sure}_mode": "",
        "ambulance_{sure}_reason": "",
    },
    tables={
        "ambulance": {"service": ""},
        "ambulance_norms": {
            "counted_by": "",
            "bases": "",
            "settlement": "",
            "people_late": "people",
            "met": "",
            "people_kept": "people",
        },
        "ambulance_bases": {
            "base": "",
            "name": "",
            "people": "people",
            "vehicles": "number",
            "calls": "number",
            "calls_without_site": "number",
            "busy_fraction": "share",
            "availability": "share",
        },
    },
)
