"""Services that are not always open: the columns and tables that opening hours, or days a week, give a study."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import measures, services
from geoaccess.errors import InputError
from geoaccess.measures.grouped import ratio
from geoaccess.measures.groups import each_zoning, group_cells, people_of_service
from geoaccess.study.sections.inputs import Section, SectionResult
from geoaccess.study.sections.service_sites import ask_of_times, municipality_of_sites, sites_of_service
from geoaccess.study.zonings import zonings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.measures.groups import Zoning
    from geoaccess.study.sections.inputs import SectionInput, SolvedInput
    from geoaccess.study.settings.config_sections import OpeningSettings
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "OFFICES",
    "OPENING",
    "office_services",
    "offices_table",
    "opening_columns",
    "opening_services",
    "opening_table",
    "read_opening",
]


def opening_services(study: Study) -> list[str]:
    """Return the services whose sites say when they are open, or how many days."""
    return [key for key, one in study.settings.services.items() if one.opening or one.days_per_week]


def office_services(study: Study) -> list[str]:
    """Return the services whose sites say how many days of full-time staff they have."""
    return [key for key, one in study.settings.services.items() if one.fte_days]


def opening_columns(solved: SolvedInput, key: str) -> pd.DataFrame:
    """Return `{key}_best_s`, `{key}_open_share`, `{key}_expected_s` and, at a given hour, `{key}_today_s`.

    As `geoaccess.measures.opening_hours_access` (with hours) or `part_time_access` (with days) has them; `today` is
    `nearest_open`, which days of which nobody knows when they are do not have.
    """
    return ask_of_times(solved, key, _answer(solved, key)).add_prefix(f"{key}_")


def read_opening(known: SectionInput) -> None:
    """Raise an `InputError` if hours or days of a service cannot be read."""
    for key in opening_services(known.study):
        _answer(known, key)


def _answer(known: SectionInput, key: str) -> Callable[[npt.NDArray[np.float64], pd.Index], pd.DataFrame]:
    """Return what says, of times between some cells and all sites, how long people need when."""
    settings = known.study.settings
    service, sites = settings.services[key], sites_of_service(known, key)
    if service.days_per_week:
        try:
            chance = services.open_chance(sites[service.days_per_week])
        except InputError as error:
            raise InputError(f'[services.{key}] days_per_week = "{service.days_per_week}": {error}') from error
        return partial(_by_chance, chance=chance)
    if settings.opening is None or service.opening is None:
        raise InputError(f"[services.{key}] opening asks for [opening]")
    week, weights, now = _hours(key, sites[service.opening], settings.opening)
    return partial(_by_hours, week=week, weights=weights, now=now)


def _hours(
    key: str, texts: pd.Series, asked: OpeningSettings
) -> tuple[pd.DataFrame, pd.Series | None, pd.Series | None]:
    """Lay out the week, the weights of its hours, and the hour that is today."""
    laid_out = partial(services.open_hours, step_min=asked.step_min, country=asked.country)
    try:
        week = laid_out(texts, first=asked.first, days=asked.days)
    except InputError as error:
        raise InputError(f"[services.{key}] opening: {error}") from error
    weights = now = None
    if asked.hours is not None:
        try:
            weights = laid_out(pd.Series({"hours": asked.hours}), first=asked.first, days=asked.days)["hours"]
        except InputError as error:
            raise InputError(f"[opening] hours: {error}") from error
        if not weights.any():
            raise InputError(f'[opening] hours = "{asked.hours}" holds no hour of the days from {asked.first}')
    if asked.today is not None:
        day = laid_out(texts, first=asked.today.date(), days=1)
        now = day.iloc[(asked.today.hour * 60 + asked.today.minute) // asked.step_min]
    return week, None if weights is None else weights.astype(float), now


def _by_hours(
    times: npt.NDArray[np.float64],
    cells: pd.Index,
    *,
    week: pd.DataFrame,
    weights: pd.Series | None,
    now: pd.Series | None,
) -> pd.DataFrame:
    found = measures.opening_hours_access(times, week, cells=cells, weights=weights)
    found = found[["best_s", "open_share", "expected_s"]]
    return (
        found if now is None else found.assign(today_s=measures.nearest_open(times, now, cells=cells)["travel_time_s"])
    )


def _by_chance(times: npt.NDArray[np.float64], cells: pd.Index, *, chance: pd.Series) -> pd.DataFrame:
    return measures.part_time_access(times, chance, cells=cells)[["best_s", "open_share", "expected_s"]]


def opening_table(solved: SolvedInput) -> pd.DataFrame:
    """Sum up the columns of `opening_columns` by every zoning: people, and the mean time of those who have one.

    Columns `zoning`, `group`, `service`, `population`; `people_ever` who reach a site that opens at some time and
    `mean_best_s`; `mean_open_share`, over everybody; `people_always`, who reach an open one at every hour that counts,
    and their `mean_expected_s`; `people_today` and `mean_today_s`, 0 and NaN where the study names no hour.
    """
    results = solved.results

    specs = {spec.key: spec for spec in solved.study.specs}

    def table(zoning: Zoning, _who: str | None) -> pd.DataFrame:
        groups = group_cells(results, by=zoning)
        parts = []
        for key in opening_services(solved.study):
            people = people_of_service(results, specs[key])
            part = groups.labels.assign(service=key, population=groups.sums(people))
            share = results[f"{key}_open_share"].to_numpy(dtype=np.float64)
            for name, kind in (("ever", "best"), ("always", "expected"), ("today", "today")):
                column = f"{key}_{kind}_s"
                times = (
                    results[column].to_numpy(dtype=np.float64) if column in results else np.full(len(people), np.nan)
                )
                reached = np.isfinite(times)
                counted = groups.sums(np.where(reached, people, 0.0))
                part[f"people_{name}"] = counted
                part[f"mean_{kind}_s"] = ratio(groups.sums(people * np.where(reached, times, 0.0)), counted)
            part["mean_open_share"] = ratio(groups.sums(people * share), groups.sums(people))
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    return each_zoning(table, by=zonings_of(solved.study, results), population=None)


def offices_table(known: SectionInput) -> pd.DataFrame:
    """Return the full-time days a week per 1000 people of each municipality, for each service that names them."""
    results = known.results
    places = results[["municipality_id", "municipality"]].drop_duplicates("municipality_id")
    names = places.set_index("municipality_id")["municipality"]
    inside = results[results["municipality_id"] != ""]
    asked = {spec.key: spec.population for spec in known.study.specs}
    tables = []
    for key in office_services(known.study):
        column = known.study.settings.services[key].fte_days
        sites, zone = sites_of_service(known, key), municipality_of_sites(known, key)
        # Before the search a check knows the number of people alone; whether days are read well does not hang on it.
        counted = asked[key] if asked[key] in inside else "population"
        people = inside.groupby("municipality_id")[counted].sum()
        everybody = people.reindex(people.index.union(pd.Index(zone.unique())), fill_value=0.0)
        try:
            found = services.fte_days_per_thousand(sites[column], zone=zone, people=everybody)
        except InputError as error:
            raise InputError(f'[services.{key}] fte_days = "{column}": {error}') from error
        found = found.rename_axis("municipality_id").reset_index()
        found.insert(0, "service", key)
        found.insert(2, "municipality", found["municipality_id"].map(names).fillna(""))
        tables.append(found)
    return pd.concat(tables, ignore_index=True)


def _opening(solved: SolvedInput) -> SectionResult:
    columns = solved.results[[]].join([opening_columns(solved, key) for key in opening_services(solved.study)])
    return SectionResult(columns, {"opening": opening_table(replace(solved, results=solved.results.join(columns)))})


def _offices(solved: SolvedInput) -> SectionResult:
    return SectionResult(pd.DataFrame(index=solved.results.index), {"offices": offices_table(solved)})


OPENING = Section(
    name="opening",
    asked=lambda study: ["opening"] if opening_services(study) else [],
    answer=_opening,
    check=read_opening,
    cells={
        "{service}_best_s": "s",
        "{service}_open_share": "share",
        "{service}_expected_s": "s",
        "{service}_today_s": "s",
    },
    tables={
        "opening": {
            "people_ever": "people",
            "mean_best_s": "s",
            "people_always": "people",
            "mean_expected_s": "s",
            "people_today": "people",
            "mean_today_s": "s",
            "mean_open_share": "share",
        }
    },
)
OFFICES = Section(
    name="offices",
    asked=lambda study: ["offices"] if office_services(study) else [],
    answer=_offices,
    check=offices_table,
    tables={"offices": {"fte_days": "number", "fte_days_per_thousand": "number"}},
)
