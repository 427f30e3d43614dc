"""[demand]: access of people by age, year and season, and the journeys they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import demand
from geoaccess.errors import InputError
from geoaccess.measures.groups import each_zoning, group_cells
from geoaccess.study.results.summary import summary
from geoaccess.study.sections.ambulance import chain_specs
from geoaccess.study.sections.demand_columns import (
    read_ages,
    read_moves,
    read_rows,
    read_years,
    season_groups,
    today_groups,
    year_groups,
    yearly_events,
)
from geoaccess.study.sections.inputs import Section, SectionResult
from geoaccess.study.settings.demand import DemandSettings
from geoaccess.study.stages import about
from geoaccess.study.zonings import zonings_of
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from geoaccess.measures.groups import Zoning
    from geoaccess.study.sections.inputs import PeopleInput, SectionInput, SolvedInput
    from geoaccess.study.settings.demand import ContactsSettings
    from geoaccess.study.settings.study_file import Study

__all__ = ["DEMAND", "larger_groups", "people_columns"]

_HOUR_S = 3600.0
_ROUNDING = 1e-6


def _asked(study: Study) -> list[str]:
    """Return the names of the tables of people and contacts."""
    wanted = study.settings.demand
    groups = study.grid_groups or wanted.ages or wanted.projection or wanted.season
    return [*(["people"] if groups else []), *(["contacts"] if wanted.contacts else [])]


def _check(known: SectionInput) -> None:
    """Read the tables of [demand]."""
    study = known.study
    wanted = study.settings.demand
    if wanted.ages:
        read_ages(study, wanted.ages)
    if wanted.projection:
        read_years(study, wanted.projection)
    if wanted.season:
        read_moves(study, wanted.season)
    if wanted.contacts:
        _read_rates(study, wanted.contacts)
    for asked in wanted.events.values():
        if asked.rates:
            read_rows(study.resolve(asked.rates), text=["age"], numbers=["per_year"])


def people_columns(known: PeopleInput) -> pd.DataFrame:
    """Return all that is known of people beside their number, by cell.

    `population_{group}` of each group of today, of each year and season; `{what}_per_year`: contacts and the journeys
    they need, calls and births. Empty where the study asks for nothing of the kind.

    Raises
    ------
    InputError
        If a table or a column does not say what it should.
    """
    wanted = known.study.settings.demand
    if not (known.study.grid_groups or wanted != DemandSettings()):
        return pd.DataFrame(index=known.results.index)
    groups = today = today_groups(known)
    if wanted.projection:
        groups = groups.join(year_groups(known, wanted.projection, today))
    if wanted.season:
        groups = groups.join(season_groups(known, wanted.season))
    columns = groups.add_prefix("population_")
    if wanted.contacts:
        contacts = _contacts(known, wanted.contacts, today)
        columns = columns.join(contacts[["contacts", "journeys"]].add_suffix("_per_year"))
    events = {f"{name}_per_year": yearly_events(known, name, one, today) for name, one in wanted.events.items()}
    return columns.assign(**events)


def larger_groups(known: PeopleInput) -> list[tuple[str, str, int]]:
    """Return the groups of today that are larger than the people of some cell: name, first such cell, how many."""
    found = []
    everybody = known.results["population"]
    for name, people in today_groups(known).items():
        larger = people > everybody * (1 + _ROUNDING) + _ROUNDING
        if larger.any():
            found.append((str(name), str(larger.idxmax()), int(larger.sum())))
    return found


def _answer(solved: SolvedInput) -> SectionResult:
    """Sum up access and journeys by the groups of people that are on the cells."""
    wanted, cells = solved.study.settings.demand, solved.results
    tables = {}
    if "people" in _asked(solved.study):
        who = ["population", *(str(name) for name in cells if str(name).startswith("population_"))]
        specs = [*solved.study.specs, *chain_specs(cells, solved.study)]
        tables["people"] = summary(cells, specs, by=zonings_of(solved.study, cells), population=who)
    if wanted.contacts:
        contacts = _contacts(solved, wanted.contacts, today_groups(solved))
        tables["contacts"] = _contact_table(solved, wanted.contacts, contacts)
    return SectionResult(pd.DataFrame(index=cells.index), tables)


def _read_rates(study: Study, settings: ContactsSettings) -> pd.DataFrame:
    return read_rows(study.resolve(settings.file), text=["age"], numbers=["contacts_per_year", "video_share"])


def _contacts(solved: PeopleInput, settings: ContactsSettings, today: pd.DataFrame) -> pd.DataFrame:
    """Return the people of each cell that have a rate, their contacts in a year, and the journeys these need."""
    path = solved.study.resolve(settings.file)
    rates = _read_rates(solved.study, settings)
    everybody = solved.results["population"]
    known = today.assign(population=everybody)
    problems = [
        f'age "{age}" is no group of people{did_you_mean(age, known)}' for age in rates["age"] if age not in known
    ]
    if problems:
        raise InputError.listing(str(path), problems)
    people = known[list(dict.fromkeys(rates["age"]))]
    counted = people.sum(axis=1)
    if counted.sum() > everybody.sum() * 1.001:  # censuses blur small cells
        raise InputError(
            f"{path}: the ages with a rate are {counted.sum():,.0f} people, but only {everybody.sum():,.0f} live here; "
            "name groups that do not overlap"
        )
    with about(str(path)):
        found = demand.expected_contacts(people, rates)
    return found.assign(people=counted)


def _contact_table(solved: SolvedInput, settings: ContactsSettings, contacts: pd.DataFrame) -> pd.DataFrame:
    """Return contacts, journeys and hours on the way, there and back, by service and group."""
    parts = []
    cells = solved.results
    for key in settings.services:
        reached = (cells[f"{key}_reason"] == "").to_numpy()
        hours = contacts["journeys"] * np.where(reached, 2 * cells[f"{key}_s"].to_numpy() / _HOUR_S, 0.0)
        amounts = pd.DataFrame(
            {
                "population": cells["population"],
                "people_without_rate": (cells["population"] - contacts["people"]).clip(lower=0.0),
                "contacts": contacts["contacts"],
                "by_video": contacts["by_video"],
                "journeys": contacts["journeys"],
                "journeys_unreached": contacts["journeys"].where(~reached, 0.0),
                "hours_there_and_back": hours,
            }
        )
        parts.append(_summed(solved, amounts, key))
    return pd.concat(parts, ignore_index=True)


def _summed(solved: SolvedInput, amounts: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return a row per zoning and group."""
    cells = solved.results

    def table(zoning: Zoning, _who: str | None) -> pd.DataFrame:
        groups = group_cells(cells, by=zoning)
        sums = {str(name): groups.sums(amounts[name].to_numpy()) for name in amounts}
        return groups.labels.assign(service=key, **sums)

    found = each_zoning(table, by=zonings_of(solved.study, cells), population="population")
    return found.assign(hours_per_person=found["hours_there_and_back"] / found["population"])


DEMAND = Section(
    name="demand",
    asked=_asked,
    answer=_answer,
    check=_check,
    cells={"population_{who}": "people", "{what}_per_year": "number"},
    tables={
        "people": {},
        "contacts": {
            "people_without_rate": "people",
            "contacts": "number",
            "by_video": "number",
            "journeys": "number",
            "journeys_unreached": "number",
            "hours_there_and_back": "number",
            "hours_per_person": "number",
        },
    },
)
