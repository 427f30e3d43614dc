"""What a study may ask for beside the nearest site: optional sections of its file, each with columns and tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from geoaccess.study import ambulance, people
from geoaccess.study.solved import Added, Solved

if TYPE_CHECKING:
    from collections.abc import Callable

    from geoaccess.study.config import Study

__all__ = ["SECTIONS", "Added", "Section", "Solved", "add_sections", "check_sections", "tables_asked_for"]


class Section(NamedTuple):
    """`asked` names the tables that a study will get (none where it does not ask); `answer` reckons them.

    `check` reads what only the section reads, so that a fault in it is told before anything is reckoned.
    """

    asked: Callable[[Study], list[str]]
    answer: Callable[[Solved], Added]
    check: Callable[[Study], None] | None = None


SECTIONS: tuple[Section, ...] = (
    Section(ambulance.asked, ambulance.answer, ambulance.check),
    Section(people.asked, people.answer, people.check),
)


def tables_asked_for(study: Study) -> list[str]:
    """Return the names of the tables that the optional sections of a study give."""
    return [name for section in SECTIONS for name in section.asked(study)]


def check_sections(study: Study) -> None:
    """Read what the sections that a study asks for read of their own, and compute nothing."""
    for section in SECTIONS:
        if section.check and section.asked(study):
            section.check(study)


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
