"""What a study may ask for beside the nearest site: optional sections of its file, each with columns and tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from geoaccess.study.sections import ambulance, demand_groups
from geoaccess.study.sections.access_rules import read_rules, rule_columns, rule_services, rules_table
from geoaccess.study.sections.catchments import catchment_columns, catchments_table, read_supply, shares_supply
from geoaccess.study.sections.inputs import SectionInput, SectionResult, SolvedInput
from geoaccess.study.sections.opening import (
    office_services,
    offices_table,
    opening_columns,
    opening_services,
    opening_table,
    read_opening,
)
from geoaccess.study.sections.staff import read_rota, staff_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from geoaccess.study.settings.study_file import Study

__all__ = [
    "SECTIONS",
    "Section",
    "SectionInput",
    "SectionResult",
    "SolvedInput",
    "add_sections",
    "check_sections",
    "tables_asked_for",
]


class Section(NamedTuple):
    """`asked` names the tables that a study will get (none where it does not ask); `answer` reckons them.

    `check` raises, before any search, what `answer` would raise of what the study file and its tables say.
    """

    asked: Callable[[Study], list[str]]
    answer: Callable[[SolvedInput], SectionResult]
    check: Callable[[SectionInput], object] | None = None


def _opening(solved: SolvedInput) -> SectionResult:
    columns = solved.results[[]].join([opening_columns(solved, key) for key in opening_services(solved.study)])
    return SectionResult(columns, {"opening": opening_table(replace(solved, results=solved.results.join(columns)))})


def _offices(solved: SolvedInput) -> SectionResult:
    return SectionResult(pd.DataFrame(index=solved.results.index), {"offices": offices_table(solved)})


def _rules(solved: SolvedInput) -> SectionResult:
    columns = solved.results[[]].join([rule_columns(solved, key) for key in rule_services(solved.study)])
    return SectionResult(columns, {"rules": rules_table(replace(solved, results=solved.results.join(columns)))})


def _catchments(solved: SolvedInput) -> SectionResult:
    columns, demands = catchment_columns(solved)
    table = catchments_table(replace(solved, results=solved.results.join(columns)))
    shared = {"site_demand": demands} if shares_supply(solved.study) else {}
    return SectionResult(columns, {"catchments": table, **shared})


def _asked_catchments(study: Study) -> list[str]:
    names = ["catchments"] if study.settings.catchments else []
    return [*names, *(["site_demand"] if shares_supply(study) else [])]


def _staff(solved: SolvedInput) -> SectionResult:
    return SectionResult(pd.DataFrame(index=solved.results.index), {"staff": staff_table(solved)})


SECTIONS: tuple[Section, ...] = (
    Section(lambda study: ["opening"] if opening_services(study) else [], _opening, read_opening),
    Section(lambda study: ["offices"] if office_services(study) else [], _offices, offices_table),
    Section(lambda study: ["rules"] if rule_services(study) else [], _rules, read_rules),
    Section(ambulance.asked, ambulance.answer, ambulance.check),
    Section(
        demand_groups.asked, demand_groups.answer, demand_groups.check
    ),  # before catchments, whose demand may be people of an age
    Section(_asked_catchments, _catchments, read_supply),
    Section(lambda study: ["staff"] if study.settings.staff else [], _staff, read_rota),
)


def check_sections(known: SectionInput) -> None:
    """Raise what is wrong with the tables that the sections of a study read, before any search.

    Raises
    ------
    GeoaccessError
        With what is wrong, and how to fix it.
    """
    for section in SECTIONS:
        if section.check is not None and section.asked(known.study):
            section.check(known)


def tables_asked_for(study: Study) -> list[str]:
    """Return the names of the tables that the optional sections of a study give."""
    return [name for section in SECTIONS for name in section.asked(study)]


def add_sections(solved: SolvedInput) -> SectionResult:
    """Reckon every section that the study asks for; a later section sees the columns of those before it."""
    columns = pd.DataFrame(index=solved.results.index)
    tables: dict[str, pd.DataFrame] = {}
    for section in SECTIONS:
        if section.asked(solved.study):
            added = section.answer(replace(solved, results=solved.results.join(columns)))
            columns = columns.join(added.columns)
            tables |= added.tables
    return SectionResult(columns, tables)
