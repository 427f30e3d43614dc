"""The words of the report in English and Norwegian, and how its numbers are written."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from geoaccess.maps.words import LANGUAGES, people, share, words

__all__ = ["NOTHING", "Writer"]

_FILE: Final = Path(__file__).with_name("templates") / "report_words.toml"
NOTHING: Final = "\u2013"


@cache
def _words() -> dict[str, tuple[str, str]]:
    """Return every phrase in English and Norwegian."""
    said = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {key: (english, norwegian) for key, (english, norwegian) in said.items()}


@dataclass(frozen=True)
class Writer:
    """Writes in one language.

    Examples
    --------
    >>> nb = Writer("nb")
    >>> nb.say("f_norm_all", all=nb.people(1928), norm=nb.minutes(1800)).replace(chr(160), "_")
    'Alle 1_928 innbyggere er innenfor 30 minutter.'
    >>> nb.minutes(270), nb.number(0.5276), nb.minutes(float("inf"))
    ('4,5', '0,528', 'nås ikke')
    """

    language: str

    def __getitem__(self, key: str) -> str:
        """Return a phrase of the report, or of the maps."""
        if key in _words():
            return _words()[key][LANGUAGES.index(self.language)]
        return words(self.language)[key]

    def say(self, key: str, **values: str) -> str:
        """Fill a sentence."""
        return self[key].format(**values)

    def known(self, key: str, *, otherwise: str) -> str:
        """Return a phrase of the report, or what stands for it where it has none."""
        return self[key] if key in _words() else otherwise

    def people(self, number: float) -> str:
        """Write a number of people."""
        return NOTHING if math.isnan(number) else people(number, language=self.language)

    def share(self, part: float) -> str:
        """Write a share in per cent."""
        return NOTHING if math.isnan(part) else share(part, language=self.language)

    def minutes(self, time_s: float, *, never: str = "never") -> str:
        """Write seconds as minutes with a decimal where it says something."""
        if math.isnan(time_s):
            return NOTHING
        if math.isinf(time_s):
            return self[never]
        return self._decimals(f"{time_s / 60:,.1f}".removesuffix(".0"))

    def number(self, value: float, *, digits: int = 3) -> str:
        """Write a number with some digits that count."""
        if math.isnan(value):
            return NOTHING
        if math.isinf(value):
            return "∞"
        whole = float(value).is_integer() or abs(value) >= 10 ** (digits - 1)
        decimals = 0 if whole or value == 0 else digits - 1 - math.floor(math.log10(abs(value)))
        return self._decimals(f"{value:,.{min(decimals, 6)}f}")

    def plain(self, value: float) -> str:
        """Write a number as somebody chose it, such as a setting."""
        return self._decimals(f"{value:g}")

    def fixed(self, value: float, decimals: int) -> str:
        """Write a number with so many decimals."""
        return self._decimals(f"{value:,.{decimals}f}")

    def listed(self, parts: list[str]) -> str:
        """Write a list: a, b and c."""
        if len(parts) < 2:  # noqa: PLR2004 - one needs no "and"
            return "".join(parts)
        return f"{', '.join(parts[:-1])} {self['and']} {parts[-1]}"

    def _decimals(self, text: str) -> str:
        if self.language == "en":
            return text
        return text.replace(",", "\u00a0").replace(".", ",")
