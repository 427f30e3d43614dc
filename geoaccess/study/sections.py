"""What a study may ask for beside the nearest site: optional sections of its file, each with columns and tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from geoaccess.study import ambulance, people
from geoaccess.study.allowed import read_rules, rule_columns, rule_services, rules_table
from geoaccess.study.opened import (
    office_services,
    offices_table,
    opening_columns,
    opening_services,
    opening_table,
    read_opening,
)
from geoaccess.study.rota import read_rota, staff_table
from geoaccess.study.solved import Added, Known, Solved
from geoaccess.study.supplied import catchment_columns, catchments_table, read_supply, shares_supply

if TYPE_CHECKING:
    from collections.abc import Callable

    from geoaccess.study.config import Study

__all__ = ["SECTIONS", "Added", "Known", "Section", "Solved", "add_sections", "check_sections", "tables_asked_for"]


class Section(NamedTuple):
    """`asked` names the tables that a study will get (none where it does not ask); `answer` reckons them.

    `check` raises, before any search, what `answer` would raise of what the study file and its tables say.
    """

    asked: Callable[[Study], list[str]]
    answer: Callable[[Solved], Added]
    check: Callable[[Known], object] | None = None


def _opening(solved: Solved) -> Added:
    columns = solved.results[[]].join([opening_columns(solved, key) for key in opening_services(solved.study)])
    return Added(columns, {"opening": opening_table(replace(solved, results=solved.results.join(columns)))})


def _offices(solved: Solved) -> Added:
    return Added(pd.DataFrame(index=solved.results.index), {"offices": offices_table(solved)})


def _rules(solved: Solved) -> Added:
    columns = solved.results[[]].join([rule_columns(solved, key) for key in rule_services(solved.study)])
    return Added(columns, {"rules": rules_table(replace(solved, results=solved.results.join(columns)))})


def _catchments(solved: Solved) -> Added:
    columns, demands = catchment_columns(solved)
    table = catchments_table(replace(solved, results=solved.results.join(columns)))
    shared = {"site_demand": demands} if shares_supply(solved.study) else {}
    return Added(columns, {"catchments": table, **shared})


def _asked_catchments(study: Study) -> list[str]:
    names = ["catchments"] if study.settings.catchments else []
    return [*names, *(["site_demand"] if shares_supply(study) else [])]


def _staff(solved: Solved) -> Added:
    return Added(pd.DataFrame(index=solved.results.index), {"staff": staff_table(solved)})


SECTIONS: tuple[Section, ...] = (
    Section(lambda study: ["opening"] if opening_services(study) else [], _opening, read_opening),
    Section(lambda study: ["offices"] if office_services(study) else [], _offices, offices_table),
    Section(lambda study: ["rules"] if rule_services(study) else [], _rules, read_rules),
    Section(ambulance.asked, ambulance.answer, ambulance.check),
    Section(people.asked, people.answer, people.check),  # before catchments, whose demand may be people of an age
    Section(_asked_catchments, _catchments, read_supply),
    Section(lambda study: ["staff"] if study.settings.staff else [], _staff, read_rota),
)


def check_sections(known: Known) -> None:
    """Raise what is wrong with the tables that the sections of a study read, before any search.

    Raises
    ------
    GeoaccessError
        With what is wrong, and how to mend it.
    """
    for section in SECTIONS:
        if section.check is not None and section.asked(known.study):
            section.check(known)


def tables_asked_for(study: Study) -> list[str]:
    """Return the names of the tables that the optional sections of a study give."""
    return [name for section in SECTIONS for name in section.asked(study)]


def add_sections(solved: Solved) -> Added:
    """Reckon every section that the study asks for; a later section sees the columns of those before it."""
    columns = pd.DataFrame(index=solved.results.index)
    tables: dict[str, pd.DataFrame] = {}
    for section in SECTIONS:
        if section.asked(solved.study):
            added = section.answer(replace(solved, results=solved.results.join(columns)))
            columns = columns.join(added.columns)
            tables |= added.tables
    return Added(columns, tables)
