"""Which roads are closed for a part of the year, or driven slowly while they are open: rules as data."""

from __future__ import annotations

import re
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

from geoaccess.bounds import Id, Kph, Lat, Lon
from geoaccess.toml import Table, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Closure"]

_YEARLY = re.compile(r"(\d{1,2})-(\d{1,2})")
_LEAP_YEAR = 2024
_SHOWN = 22


class Closure(Table):
    """Roads, the part of the year in which they are closed, and how fast they are driven in the rest of it.

    Roads are meant that agree with everything given: one of the `refs` and of the `names` (`*` stands for anything),
    one of the `way_ids`, all `tags`, and the middle of the way in `box` (west, south, east, north) and in `polygon`
    (WKT, degrees). `first` and `last` are the days that bound the closure, both included: "10-01" in every year, or
    "2026-01-10" once; without them the road is closed all year, or with `open_kph` alone never.
    """

    refs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    way_ids: tuple[Id, ...] = ()
    tags: dict[str, frozenset[str]] = {}
    box: tuple[Lon, Lat, Lon, Lat] | None = None
    polygon: str = ""
    first: str = ""
    last: str = ""
    open_kph: Kph | None = None
    source: str = ""

    @model_validator(mode="after")
    def _choose_something(self) -> Self:
        if not (self.refs or self.names or self.way_ids or self.tags or self.polygon):
            raise ValueError("a closure must say which roads: refs, names, way_ids, tags or polygon")
        if bool(self.first) != bool(self.last):
            raise ValueError("a closure needs both days, the first and the last, or none")
        if self.first and (bool(_YEARLY.fullmatch(self.first)) != bool(_YEARLY.fullmatch(self.last))):
            raise ValueError(f'"{self.first}" and "{self.last}": both days with a year, or both without')
        for text in filter(None, (self.first, self.last)):
            try:
                _day(text)
            except ValueError as error:
                raise ValueError(f'"{text}" is no day; write 10-01 (every year) or 2026-10-01') from error
        if self.first and not _YEARLY.fullmatch(self.first) and _day(self.first) > _day(self.last):
            raise ValueError(f"the closure ends ({self.last}) before it begins ({self.first})")
        return self

    @property
    def in_short(self) -> str:
        """What the roads are chosen by, to name a row in a list.

        >>> Closure(refs=("Fv 63", "F*"), polygon="POLYGON((7 61, 8 61, 8 62, 7 61))").in_short
        'Fv 63, F*, POLYGON((7 61, 8 61, ...'
        """
        tags = [f"{key}={value}" for key, values in self.tags.items() for value in sorted(values)]
        polygon = f"{self.polygon[:_SHOWN]}..." if len(self.polygon) > _SHOWN else self.polygon
        return ", ".join(filter(None, [*self.refs, *self.names, *map(str, self.way_ids), *tags, polygon]))

    def holds_on(self, day: date) -> bool:
        """Whether the roads are closed on a day."""
        if not self.first:
            return self.open_kph is None
        first, last = _day(self.first), _day(self.last)
        if _YEARLY.fullmatch(self.first):
            day = date(_LEAP_YEAR, day.month, day.day)
            return first <= day <= last if first <= last else day >= first or day <= last
        return first <= day <= last

    def holds_in(self, months: Iterable[int]) -> bool:
        """Whether the roads are closed in some months of every year, all through."""
        if self.first and not _YEARLY.fullmatch(self.first):
            return False
        return all(self.holds_on(day) for month in months for day in _days_of(month))

    def means(self, name: str, ref: str) -> bool:
        """Whether a road of some name and number is meant, as far as these go."""
        numbers = [part.strip() for part in ref.split(";")]
        by_ref = not self.refs or any(fnmatchcase(number, one) for number in numbers for one in self.refs)
        return by_ref and (not self.names or any(fnmatchcase(name, one) for one in self.names))


def _day(text: str) -> date:
    if match := _YEARLY.fullmatch(text):
        return date(_LEAP_YEAR, int(match[1]), int(match[2]))
    return date.fromisoformat(text)


def _days_of(month: int) -> list[date]:
    first = date(_LEAP_YEAR, month, 1)
    following = date(_LEAP_YEAR + month // 12, month % 12 + 1, 1)
    return [first + timedelta(days=i) for i in range((following - first).days)]
