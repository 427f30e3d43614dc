"""Person-hours in words: per year where journeys a year are known, else per one journey of each person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.phrases.catalogue import section
from geoaccess.phrases.numbers import number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PersonHours"]

_HOUR_MIN = 60.0


@dataclass(frozen=True)
class PersonHours:
    """How the person-hours of some services are written: the heading says per what, or each number where that differs.

    `trips_per_year` are those of the services that stand together, None where they are not known.

    Examples
    --------
    >>> plain, yearly = PersonHours("en", [None]), PersonHours("en", [4.0])
    >>> plain.heading("person-hours saved"), plain.value(6000.0, None)
    ('person-hours saved, per one journey each', '100')
    >>> yearly.heading("person-hours saved"), yearly.value(6000.0, 4.0)
    ('person-hours saved, per year', '400')
    >>> PersonHours("en", [None, 4.0]).value(6000.0, 4.0)
    '400 per year'
    """

    language: str
    trips_per_year: Sequence[float | None]

    @property
    def alike(self) -> bool:
        """Whether all are per year, or all per one journey each."""
        return len({trips is None for trips in self.trips_per_year}) <= 1

    def basis(self, trips_per_year: float | None) -> str:
        """Say per what the hours of a service are."""
        return section(self.language, "groups")["per_journey" if trips_per_year is None else "per_year"]

    def heading(self, text: str) -> str:
        """Return a heading that says per what, where that is the same for all."""
        return f"{text}, {self.basis(self.trips_per_year[0])}" if self.alike and self.trips_per_year else text

    def value(self, person_min: float, trips_per_year: float | None) -> str:
        """Write the hours of person-minutes per one journey each, which those of a year are that many times."""
        hours = person_min / _HOUR_MIN * (1.0 if trips_per_year is None else trips_per_year)
        written = number(hours, language=self.language)
        return written if self.alike else f"{written} {self.basis(trips_per_year)}"
