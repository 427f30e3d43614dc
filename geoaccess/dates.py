"""Dates and hours as mappers write them, true or not at a moment, in a week or in a season.

They are read as opening hours (https://wiki.openstreetmap.org/wiki/Key:opening_hours), after the spellings that are
common on roads and ferries are put in order: months and days spelled out, also Norwegian and German months, `1 Nov`,
`Aug 10-Jan`, `Mo-Fr: 08:00-16:00`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from opening_hours import (  # type: ignore[attr-defined] # its stubs leave out the errors
    OpeningHours,
    ParserError,
    State,
    UnknownCountryError,
)

from geoaccess.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LEGACY_KEYS", "holds_at", "holds_in_season", "holds_in_week", "is_readable", "legacy_span", "plain_hours"]

LEGACY_KEYS = ("date_on", "date_off", "day_on", "day_off", "hour_on", "hour_off")
"""Keys by which access was limited to a time before `:conditional` was agreed on."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_MONTH_NAME = re.compile(
    r"\b(jan(?:uary?)?|feb(?:ruary?)?|mar(?:ch|s)?|apr(?:il)?|ma[iy]|jun[ei]?|jul[iy]?|aug(?:ust)?|sept?(?:ember)?"
    r"|o[ck]t(?:ober)?|nov(?:ember)?|de[csz](?:ember)?)(?:\b\.?|(?=\d))",
    re.IGNORECASE,
)
_ENGLISH = {"Mai": "May", "Okt": "Oct", "Des": "Dec", "Dez": "Dec"}
_DAY_NAME = re.compile(
    r"\b(mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun|mo|tu|we|th|fr|sa|su)(?:day)?s?\b", re.IGNORECASE
)
_ANY_MONTH = "|".join(_MONTHS)
_DATE = rf"(?:{_ANY_MONTH}) \d{{1,2}}(?![\d:])"
_DATE_TO_MONTH = re.compile(rf"({_DATE})-((?:\d{{4}} )?(?:{_ANY_MONTH}))(?! \d{{1,2}}(?![\d:]))\b")
_MONTH_TO_DATE = re.compile(rf"\b({_ANY_MONTH})-((?:\d{{4}} )?{_DATE})")
_YEARS = re.compile(rf"(\d{{4}} (?:{_ANY_MONTH}))-(\d{{4}} (?:{_ANY_MONTH}))(?! \d{{1,2}}(?![\d:]))\b")
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})\.? ?({_ANY_MONTH})\b")
_TIMED = re.compile(rf"\b(?:{'|'.join(_DAYS)}|PH|SH)\b|\d:\d\d|sun(?:rise|set)|dawn|dusk", re.IGNORECASE)
_COMMENT_ALONE = re.compile(r'\s*"[^"]*"\s*')
_CLOCK = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))?")
_WEEK = timedelta(days=7)


def plain_hours(text: str) -> str:
    """Return dates and hours in the spelling of opening hours, as far as they are in one of those that are common.

    >>> [plain_hours(text) for text in ("November - May", "Aug 10-Jan", "Jul 31 - Oct", "oct-15 May", "1st Nov to May")]
    ['Nov-May', 'Aug 10-Jan 31', 'Jul 31-Oct 31', 'Oct 1-May 15', 'Nov 1-May 31']
    >>> [plain_hours(text) for text in ("Monday-Friday 07:00-09:00", "Oct 15-May 1", "Nov 06:00-08:00")]
    ['Mo-Fr 07:00-09:00', 'Oct 15-May 1', 'Nov 06:00-08:00']
    >>> [plain_hours(text) for text in ("desember-mai", "May-Oct: 24/7", "Mo-Fr: 08:00-16:00")]
    ['Dec-May', 'May-Oct 00:00-24:00', 'Mo-Fr 08:00-16:00']
    """
    plain = re.sub(r"\s+(?:to|until|till|through)\s+", "-", text.strip(), flags=re.IGNORECASE)
    plain = re.sub(r"\s*[-–—]\s*", "-", plain)  # noqa: RUF001 - mappers write all three
    plain = re.sub(r"^from\s+", "", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\b(\d{1,2})(st|nd|rd|th)\b", r"\1", plain)
    plain = re.sub(r"(?<=\w):\s+", " ", plain)
    plain = re.sub(r"(?<=\w) 24/7", " 00:00-24:00", plain)
    plain = _MONTH_NAME.sub(lambda match: _month(match[1]), plain)
    plain = re.sub(rf"\b({_ANY_MONTH})(\d)", r"\1 \2", plain)
    plain = _DAY_NAME.sub(lambda match: match[1][:2].title(), plain)
    if not re.search(_DATE, plain):
        plain = _DAY_FIRST.sub(r"\2 \1", plain)
    plain = _YEARS.sub(lambda match: f"{match[1]} 1-{match[2]} {_last_day(match[2])}", plain)
    plain = _DATE_TO_MONTH.sub(lambda match: f"{match[1]}-{match[2]} {_last_day(match[2])}", plain)
    return _MONTH_TO_DATE.sub(_from_the_first, plain)


def _month(name: str) -> str:
    short = name[:3].title()
    return _ENGLISH.get(short, short)


def _from_the_first(match: re.Match[str]) -> str:
    return f"{match[1]} 1-{match[2]}"


def _last_day(month: str) -> int:
    return monthrange(2025, _MONTHS.index(month[-3:]) + 1)[1]


def holds_at(text: str, country: str | None, at: datetime) -> bool | None:
    """Say whether dates and hours hold at a moment; None if they cannot be read or decided.

    >>> holds_at("November-May", None, datetime(2026, 1, 14))
    True
    """
    hours = _hours(text, country)
    if hours is None:
        return None
    state = hours.state(at)[0]
    return None if state == State.UNKNOWN else bool(state == State.OPEN)


def holds_in_week(text: str, country: str | None, at: datetime) -> bool | None:
    """Say whether dates and hours hold at some time of the week around a moment; None if they cannot be read.

    >>> holds_in_week("Oct-Apr Tu,Th 10:00-12:00", None, datetime(2026, 1, 14))
    True
    """
    hours = _hours(text, country)
    if hours is None:
        return None
    begin = at - _WEEK / 2
    return _ever(_states(hours, begin, begin + _WEEK))


@lru_cache(maxsize=4096)
def holds_in_season(
    text: str, country: str | None, months: frozenset[int], year: int, *, ever: bool = False
) -> bool | None:
    """Say whether dates hold in a season, of which no day is known; None if they cannot be read or decided.

    Dates alone hold if they do on most of its days. Days of the week and hours cannot be decided without a moment,
    unless they never come in these months, or are all hours of all days; with `ever` they hold where they come at all.

    >>> summer = frozenset({6, 7, 8, 9})
    >>> [holds_in_season(text, None, summer, 2026) for text in ("Jun-Oct", "Nov-May", "Jun 15-Oct 1", "Mo-Fr")]
    [True, False, True, None]
    """
    hours = _hours(text, country)
    if hours is None:
        return None
    days = [_states(hours, day, day + timedelta(days=1)) for day in _days_of(months, year)]
    if ever or not any(State.OPEN in states for states in days):
        return _ever(set().union(*days))
    if all(states == {State.OPEN} for states in days):
        return True
    if _TIMED.search(plain_hours(text)):
        return None
    return sum(State.OPEN in states for states in days) > len(days) / 2


def is_readable(text: str, country: str | None) -> bool:
    """Say whether a text is one of dates and hours.

    >>> is_readable("November - May", None), is_readable("when it rains", None)
    (True, False)
    """
    return _hours(text, country) is not None


def _days_of(months: frozenset[int], year: int) -> Iterator[datetime]:
    for month in sorted(months):
        for day in range(1, monthrange(year, month)[1] + 1):
            yield datetime(year, month, day)  # noqa: DTZ001 - local time


def _states(hours: OpeningHours, begin: datetime, end: datetime) -> set[State]:
    return {state for _, _, state, _ in hours.intervals(begin, end)}


def _ever(states: set[State]) -> bool | None:
    """Say whether something is open at some time; None where it may be, but need not be."""
    return True if State.OPEN in states else None if State.UNKNOWN in states else False


@lru_cache(maxsize=4096)
def _hours(text: str, country: str | None) -> OpeningHours | None:
    if _COMMENT_ALONE.fullmatch(text):
        return None  # words of a mapper that say when, or on what condition
    try:
        return OpeningHours(plain_hours(text), country=country)
    except ParserError:
        return None
    except UnknownCountryError as error:
        raise ConfigError(
            f'dates.country: "{country}" is no country with known holidays; use a code such as "NO"'
        ) from error


def legacy_span(tags: Mapping[str, str]) -> str | None:
    """Return the time that `hour_on`, `day_on`, `date_on` and their `_off` name, as opening hours; None without them.

    >>> legacy_span({"day_on": "Monday", "day_off": "Friday", "hour_on": "07:00;15:00", "hour_off": "9:00;17:00"})
    'Mo-Fr 07:00-09:00,15:00-17:00'
    """
    parts = []
    for kind in ("date", "day"):
        ends = [plain_hours(tags[key]) for key in (f"{kind}_on", f"{kind}_off") if key in tags]
        if ends:
            parts.append("-".join(dict.fromkeys(ends)))
    if "hour_on" in tags or "hour_off" in tags:
        on, off = tags.get("hour_on", "00:00").split(";"), tags.get("hour_off", "24:00").split(";")
        parts.append(",".join(f"{_clock(a)}-{_clock(b)}" for a, b in zip(on, off, strict=False)))
    return " ".join(parts) or None


def _clock(text: str) -> str:
    match = _CLOCK.fullmatch(text.strip())
    return f"{int(match[1]):02d}:{match[2] or '00'}" if match else text.strip()
