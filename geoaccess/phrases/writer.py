"""Phrases and numbers in one language, as a text that is written needs them together."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geoaccess.phrases import numbers
from geoaccess.phrases.catalogue import in_words, section
from geoaccess.phrases.notes import note_in

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

__all__ = ["Writer"]


@dataclass(frozen=True)
class Writer:
    """Writes in one language, with the phrases of some sections: those of the first where two have a key.

    `words` are those of the scheme of classes that is written about (`CentralityScheme.words`).

    Examples
    --------
    >>> nb = Writer("nb", ("report", "map"))
    >>> nb["travel_time"], nb.minutes(270), nb.significant(0.5276), nb.minutes(float("inf"))
    ('Reisetid', '4,5', '0,528', 'ikke nådd')
    """

    language: str
    sections: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> str:
        """Return a phrase."""
        for name in self.sections:
            if key in section(self.language, name):
                return in_words(section(self.language, name)[key], self.words, language=self.language)
        raise KeyError(key)

    def text(self, key: str, **values: object) -> str:
        """Fill a phrase."""
        return self[key].format(**values)

    def known(self, key: str, *, otherwise: str) -> str:
        """Return a phrase of the first section, or what stands for it where it has none."""
        return self[key] if key in section(self.language, self.sections[0]) else otherwise

    def note(self, text: str) -> str:
        """Write a note that is kept in English."""
        return note_in(self.language, text)

    def input_name(self, what: str) -> str:
        """Say what a file of a study is for: by its whole key, else by the key's first word, as of "osm 2"."""
        phrases = section(self.language, "report")
        name = phrases.get(f"in_{what.rstrip(' 0123456789')}", phrases.get(f"in_{what.split(maxsplit=1)[0]}", what))
        return in_words(name, self.words, language=self.language)

    def number(self, value: float, decimals: int = 0) -> str:
        """Write a number with so many decimals."""
        return numbers.number(value, decimals, language=self.language)

    def people(self, value: float) -> str:
        """Write a number of people."""
        return numbers.people(value, language=self.language)

    def share(self, part: float, decimals: int = 1) -> str:
        """Write a share in per cent."""
        return numbers.share(part, decimals, language=self.language)

    def minutes(self, time_s: float, *, never: str = "never") -> str:
        """Write a computed time in minutes, or the phrase `never` where it is inf."""
        return self[never] if math.isinf(time_s) else numbers.minutes(time_s, language=self.language)

    def threshold(self, time_s: float) -> str:
        """Write a chosen time in minutes."""
        return numbers.threshold(time_s, language=self.language)

    def norm(self, limits_s: Sequence[float]) -> str:
        """Write a norm in minutes: "12", or "12/25" where it is one of several, as in built-up and sparse areas."""
        return "/".join(self.threshold(limit_s) for limit_s in limits_s)

    def signed(self, value: float, decimals: int) -> str:
        """Write a change with its sign."""
        return numbers.signed(value, decimals, language=self.language)

    def significant(self, value: float, digits: int = 3) -> str:
        """Write a number with so many digits that count."""
        return numbers.significant(value, digits, language=self.language)

    def plain(self, value: float) -> str:
        """Write a number as somebody chose it."""
        return numbers.plain(value, language=self.language)

    def date(self, day: dt.date) -> str:
        """Write a date."""
        return numbers.date(day, language=self.language)

    def day(self, name: str) -> str:
        """Write a day that is given by its date or by its English name."""
        return numbers.day(name, language=self.language)

    def listed(self, parts: list[str]) -> str:
        """Write a list: a, b and c."""
        return numbers.listed(parts, language=self.language)
