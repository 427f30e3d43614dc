"""The optional sections of a study, and what follows from them: checks, tables, columns, and names that are taken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from geoaccess.errors import ConfigError
from geoaccess.frames import beside
from geoaccess.study.columns import CELLS, COMMON, LOOSE, SHARED, pattern
from geoaccess.study.sections.access_rules import RULES
from geoaccess.study.sections.ambulance import AMBULANCE
from geoaccess.study.sections.catchments import CATCHMENTS, check_demand
from geoaccess.study.sections.demand_groups import DEMAND, people_columns
from geoaccess.study.sections.inputs import SectionResult
from geoaccess.study.sections.opening import OFFICES, OPENING
from geoaccess.study.sections.referral import REFERRAL
from geoaccess.study.sections.staff import STAFF
from geoaccess.study.settings.names import folded

if TYPE_CHECKING:
    import re

    from geoaccess.study.sections.inputs import PeopleInput, Section, SolvedInput
    from geoaccess.study.settings.study_file import Study

__all__ = ["SECTIONS", "add_sections", "check_names", "check_sections", "classes_asked_for", "tables_asked_for"]

# The people of an age come before the catchments, whose demand they may be.
SECTIONS: Final[tuple[Section, ...]] = (OPENING, OFFICES, RULES, REFERRAL, AMBULANCE, DEMAND, CATCHMENTS, STAFF)
_OF_GEOPACKAGE: Final = ("fid", "geom", "ogc_fid")
_WORDS: Final = ("everybody", "class")
"""What a reference names beside zonings."""
_BESIDE_SERVICES: Final = ("municipality", "reason")
"""Columns of a table of the report that has one for each service, too."""


def check_names(study: Study) -> None:
    """Refuse names that columns of the cells, or of tables beside them, have already, and services of one label.

    A GeoPackage does not distinguish Region from region.

    Raises
    ------
    ConfigError
        With every such name.
    """
    settings = study.settings
    services = (("service", tuple(folded(key) for key in settings.services)),)
    columns = [*CELLS, *SHARED, *(name for section in SECTIONS for name in section.cells if not _is_loose(name))]
    columns += [name for section in SECTIONS if section.asked(study) for name in section.cells if _is_loose(name)]
    taken = [pattern(name, services) for name in columns]
    named = [("[[zonings]] name", one.name) for one in settings.zonings]
    named += [("[catchments]", name) for name in settings.catchments]
    problems = _same_columns(study) + _same_labels(study)
    problems += [
        f'{table} "{name}": the cells have such a column already; choose another name'
        for table, name in named
        if folded(name) in (*_WORDS, *_OF_GEOPACKAGE) or any(one.fullmatch(folded(name)) for one in taken)
    ]
    problems += [
        f'[[zonings]] name "{one.name}": tables have such a column already; choose another name'
        for one in settings.zonings
        if any(column.fullmatch(folded(one.name)) for column in _of_tables())
    ]
    problems += [
        f"[services.{key}]: a table has such a column beside those of services; give it another key"
        for key in settings.services
        if folded(key) in _BESIDE_SERVICES
    ]
    if problems:
        raise ConfigError.listing(str(study.path), problems)


def _of_tables() -> list[re.Pattern[str]]:
    """Return what names of columns match in tables, where a zoning of that name would be lost; cells have their own."""
    columns = [*COMMON, *(name for section in SECTIONS for table in section.tables.values() for name in table)]
    return [pattern(name, ()) for name in columns if name not in CELLS and not _is_loose(name)]


def _same_labels(study: Study) -> list[str]:
    """Say which services readers could not tell apart: those of one label, in the language of the study."""
    owner: dict[str, str] = {}
    problems = []
    for spec in study.specs:
        other = owner.setdefault(folded(spec.label), spec.key)
        if other != spec.key:
            problems.append(
                f'[services.{spec.key}]: its label "{spec.label}" is that of [services.{other}] too; give it another'
            )
    return problems


def _same_columns(study: Study) -> list[str]:
    """Say which services would give their cells columns of the same name: gp and GP, legevakt and legevakt_allowed."""
    names = [*CELLS, *(name for section in SECTIONS if section.asked(study) for name in section.cells)]
    blank = "{service}"
    owner: dict[str, str] = {}
    problems: dict[tuple[str, str], str] = {}
    for key in study.settings.services:
        for name in names:
            if name.startswith(blank) and not _is_loose(name):
                column = name.replace(blank, key)
                other = owner.setdefault(folded(column), key)
                if other != key:
                    said = (
                        f"[services.{key}]: its column {column} is one of [services.{other}] too; give it another key"
                    )
                    problems.setdefault((other, key), said)
    return [*problems.values()]


def _is_loose(name: str) -> bool:
    return any(blank in name for blank in LOOSE)


def check_sections(known: PeopleInput) -> pd.DataFrame:
    """Raise what is wrong with what the sections of a study read; return what is known of people, by cell.

    Before any search: as `people_columns` has them.

    Raises
    ------
    GeoaccessError
        With what is wrong, and how to fix it.
    """
    for section in SECTIONS:
        if section.check is not None and section.asked(known.study):
            section.check(known)
    people = people_columns(known)
    check_demand(known.study, [*map(str, known.results), *people])
    return people


def tables_asked_for(study: Study) -> list[str]:
    """Return the names of the tables that the optional sections of a study give."""
    return [name for section in SECTIONS for name in section.asked(study)]


def classes_asked_for(study: Study) -> bool:
    """Return whether a section of a study needs the class of each cell: catchments with a cutoff for each class."""
    return any(one.class_cutoff_min for one in study.settings.catchments.values())


def add_sections(solved: SolvedInput) -> SectionResult:
    """Compute every section that the study asks for; a later section sees the columns of those before it."""
    columns = pd.DataFrame(index=solved.results.index)
    tables: dict[str, pd.DataFrame] = {}
    for section in SECTIONS:
        if section.asked(solved.study):
            added = section.answer(replace(solved, results=beside(solved.results, columns)))
            columns = beside(columns, added.columns)
            tables |= added.tables
    return SectionResult(columns, tables)
