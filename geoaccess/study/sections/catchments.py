"""Supply within reach: the columns and the tables that the catchments of a study give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess import equity, measures
from geoaccess.bounds import MOST_COUNT
from geoaccess.errors import ConfigError, InputError
from geoaccess.measures.grouped import ratio
from geoaccess.measures.groups import each_zoning, group_cells, read_population
from geoaccess.routing import within_snapped
from geoaccess.study.counted_people import counted_people
from geoaccess.study.sections.inputs import Section, SectionResult
from geoaccess.study.sections.service_sites import sites_of_service
from geoaccess.study.settings.catchment_measures import MEASURES
from geoaccess.study.site_directory import find_sites
from geoaccess.study.study_tables import read_given
from geoaccess.study.zonings import zonings_of
from geoaccess.tables import to_numbers
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

    from geoaccess.measures.groups import Zoning
    from geoaccess.study.sections.inputs import SectionInput, SolvedInput
    from geoaccess.study.settings.config_sections import CatchmentSettings
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "CATCHMENTS",
    "catchment_columns",
    "catchments_table",
    "check_demand",
    "counted_demand",
    "per_person",
    "read_supply",
    "shares_supply",
    "supply_of",
]

_LISTS = {"doctors": ["doctors"], "places": ["places"], "open_places": ["places", "people"]}


class _Question(NamedTuple):
    """What every measure of a catchment takes; `limits` are the variable catchments, where there are some."""

    times: pd.DataFrame
    demand: pd.Series
    supply: pd.Series
    decay: measures.Decay
    limits: dict[str, pd.Series]


def shares_supply(study: Study) -> bool:
    """Return whether a catchment of the study shares supply between those who reach it."""
    return any(MEASURES[catchment.measure].shares for catchment in study.settings.catchments.values())


def read_supply(known: SectionInput) -> None:
    """Raise an error if the supply of a catchment cannot be read, or it names a class that there is not."""
    ids = known.study.scheme.ids
    for name, asked in known.study.settings.catchments.items():
        supply_of(known, name, asked)
        for label in asked.class_cutoff_min:
            if label not in ids:
                raise ConfigError(
                    f'{known.study.path}: [catchments.{name}] class_cutoff_min names the class "{label}"'
                    f"{did_you_mean(label, ids)}"
                )


def catchment_columns(solved: SolvedInput) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a column for each catchment, named after it, and the people that turn to each site (`site_demand`).

    In the unit that its measure has: supply within reach (cumulative, gravity), supply per person (two_step,
    three_step), a level of service (balanced), supply that falls to the cell (spatial_availability).
    """
    columns, demands = {}, []
    for name, asked in solved.study.settings.catchments.items():
        columns[name], sites = _measured(asked, _question(solved, name, asked))
        if sites is not None:
            demands.append(_named_sites(solved, name, sites))
    found = pd.DataFrame(columns, index=solved.results.index)
    return found, pd.concat(demands, ignore_index=True) if demands else pd.DataFrame()


def _question(solved: SolvedInput, name: str, asked: CatchmentSettings) -> _Question:
    roads = solved.roads_of(asked.service)
    sites = roads.snapped.sites.loc[sites_of_service(solved, asked.service).index]
    decay = asked.function
    service = solved.study.settings.services[asked.service]
    times = within_snapped(
        roads.network, roads.snapped.cells, sites, cutoff_s=decay.cutoff_s, direction=service.direction
    )
    limits = {}
    if asked.class_cutoff_min:
        classes = solved.results["centrality_class"].astype("object").map(str)
        minutes = classes.map(asked.class_cutoff_min).fillna(np.inf)
        limits["cell_cutoff_s"] = 60.0 * minutes.astype("float64")
    return _Question(times, counted_demand(solved, asked), supply_of(solved, name, asked), decay, limits)


def check_demand(study: Study, columns: Collection[str]) -> None:
    """Raise an `InputError` if a catchment is shared by people that are none of the columns of the cells."""
    for name, asked in study.settings.catchments.items():
        demand = study.demand_of(asked)
        if demand not in columns:
            known = [column for column in columns if column.startswith("population")]
            raise InputError(f'[catchments.{name}] demand is "{demand}"{did_you_mean(demand, known)}')


def counted_demand(solved: SolvedInput, asked: CatchmentSettings) -> pd.Series:
    """Return the people of each cell that share what is there: what falls to one cell would tell how many it has."""
    column = solved.study.demand_of(asked)
    people = counted_people(solved.results, solved.study).get(column)
    return solved.results[column] if people is None else pd.Series(people, solved.results.index, name=column)


def supply_of(known: SectionInput, name: str, asked: CatchmentSettings) -> pd.Series:
    """Return what each site gives, as the catchment `name` of the study counts it."""
    sites = sites_of_service(known, asked.service)
    key = f"[catchments.{name}]"
    if asked.lists is not None:
        columns = ["site_id", *_LISTS[asked.lists.count]]
        where = f"{known.study.resolve(asked.lists.file)} ({key} lists)"
        given = read_given(
            known.study, asked.lists.file, columns, key=f"{key} lists", yes=["vacant"], optional=["site"]
        )
        lists, problems = find_sites(known, given, service=asked.service, names={"site_id": "site"})
        if problems:
            raise InputError.listing(where, problems)
        try:
            return measures.list_supply(lists, sites=sites.index, count=asked.lists.count)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
    if asked.supply is None:
        return pd.Series(1.0, index=sites.index)
    numbers = pd.Series(to_numbers(sites[asked.supply]), index=sites.index)
    wrong = numbers.index[~((numbers >= 0) & (numbers <= MOST_COUNT))]
    if len(wrong):
        listed = [
            f"{site}: {sites[asked.supply][site]!r}; give a number >= 0, {MOST_COUNT:.0f} at most" for site in wrong
        ]
        raise InputError.listing(f'{key} supply = "{asked.supply}"', listed)
    return numbers


def _measured(asked: CatchmentSettings, question: _Question) -> tuple[pd.Series, pd.DataFrame | None]:
    """Return the column of a catchment, and the people that turn to each site where they share what it gives."""
    measure = MEASURES[asked.measure]
    given: dict[str, Any] = {"supply": question.supply, **question.limits}
    given |= {"decay": question.decay} if measure.decays else {"cutoff_s": question.decay.cutoff_s}
    given |= {"demand": question.demand} if measure.shares else {"cells": question.demand.index}
    given |= {"tau_s": asked.tau_s} if measure.weighs else {}
    if measure.with_sites is not None:
        return measure.with_sites(question.times, **given)
    column = measure.compute(question.times, **given)
    if not measure.shares:
        return column, None
    step: Any = measure.first_step or asked.measure
    return column, measures.site_demand(question.times, measure=step, **given)


def _named_sites(solved: SolvedInput, name: str, found: pd.DataFrame) -> pd.DataFrame:
    """Return the people of each site of a catchment with its name and those of the sites."""
    found = found.rename_axis("site_id").reset_index()
    found.insert(0, "catchment", name)
    found.insert(2, "name", found["site_id"].map(solved.sites["name"]))
    return found


def catchments_table(solved: SolvedInput) -> pd.DataFrame:
    """Sum up the catchments by every zoning: how much each person has, and how evenly.

    Columns `zoning`, `group`, `catchment`, `service`, `measure`, `people` (the demand), `people_without` (who have
    nothing within reach), `mean_per_person` = sum_i D_i a_i / sum_i D_i with a_i the column of the cells (for
    spatial_availability V_i / D_i), and `gini` of a_i over the people, those without included; NaN where there is
    nobody, or nobody has anything.
    """
    results = solved.results
    catchments = solved.study.settings.catchments
    counted = {name: counted_demand(solved, asked) for name, asked in catchments.items()}

    def table(zoning: Zoning, _who: str | None) -> pd.DataFrame:
        groups = group_cells(results, by=zoning)
        parts = []
        for name, asked in catchments.items():
            demand = solved.study.demand_of(asked)
            people = read_population(results, demand)
            each = per_person(results[name], counted[name], asked).to_numpy(dtype=np.float64)
            everybody = groups.sums(people)
            part = groups.labels.assign(catchment=name, service=asked.service, measure=asked.measure, people=everybody)
            part["people_without"] = groups.sums(np.where(each > 0, 0.0, people))
            part["mean_per_person"] = ratio(groups.sums(people * each), everybody)
            rows = [np.flatnonzero(groups.codes == group) for group in range(len(groups.labels))]
            part["gini"] = [_gini(each[row], people[row]) for row in rows]
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    return each_zoning(table, by=zonings_of(solved.study, results), population=None)


def per_person(column: pd.Series, demand: pd.Series, asked: CatchmentSettings) -> pd.Series:
    """Return what falls to each person of a cell: the column of a catchment, or a share of what falls to the cell."""
    if not MEASURES[asked.measure].of_cell:
        return column
    return (column / demand.where(demand > 0)).fillna(0.0)


def _gini(values: np.ndarray[Any, Any], people: np.ndarray[Any, Any]) -> float:
    return equity.gini(values, weights=people) if (values * people).sum() > 0 else float(np.nan)


def _catchments(solved: SolvedInput) -> SectionResult:
    columns, demands = catchment_columns(solved)
    table = catchments_table(replace(solved, results=solved.results.join(columns)))
    shared = {"site_demand": demands} if shares_supply(solved.study) else {}
    return SectionResult(columns, {"catchments": table, **shared})


def _asked(study: Study) -> list[str]:
    names = ["catchments"] if study.settings.catchments else []
    return [*names, *(["site_demand"] if shares_supply(study) else [])]


CATCHMENTS = Section(
    name="catchments",
    asked=_asked,
    answer=_catchments,
    check=read_supply,
    cells={"{catchment}": "number"},
    tables={
        "catchments": {
            "measure": "",
            "people": "people",
            "people_without": "people",
            "mean_per_person": "number",
            "gini": "number",
        },
        "site_demand": {"name": "", "supply": "number", "demand": "number", "supply_per_person": "per person"},
    },
)
