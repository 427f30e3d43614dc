"""Clock times, durations, days and seasons, as people write them of ferries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.defaults import DAY_S

if TYPE_CHECKING:
    import datetime as dt

__all__ = [
    "Sailings",
    "Season",
    "every_day",
    "parse_clock_s",
    "parse_duration_s",
    "parse_sailings",
    "parse_season",
    "read_days_headway_s",
    "read_duration_s",
]

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})")
_DURATION = re.compile(r"([0-9]+)(?::([0-9]{1,2}))?(?::([0-9]{1,2}))?")
_ISO = re.compile(r"P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?")
_WORDS = re.compile(
    r"(?:([0-9]+(?:[.,][0-9]+)?)\s*(?:d|day|days|dag|dager|dagar)\.?)?\s*"
    r"(?:([0-9]+(?:[.,][0-9]+)?)\s*(?:h|hr|hrs|hour|hours|t|time|timer)\.?)?\s*(?:([0-9]+(?:[.,][0-9]+)?)\s*(?:m|min|mins|minute|minutes|minutter|')?\.?)?"
)
_SPAN = re.compile(r"([^-\u2013]+?)\s*(?:-|\u2013|\bto\b)\s*([^-\u2013]+)")
_RUN = re.compile(r"([0-9]{1,2}:[0-9]{2})-([0-9]{1,2}:[0-9]{2})/([0-9]{1,4})")
_DAY_RULE = re.compile(r"(?:mo|tu|we|th|fr|sa|su)(?:[-,](?:mo|tu|we|th|fr|sa|su))*")
_LAST_CLOCK_H = 47


def parse_duration_s(text: str) -> float | None:
    """Return the seconds of a duration or interval, or None if it cannot be read.

    A lone number is minutes, `H:MM` hours and minutes.

    >>> [parse_duration_s(text) for text in ("35", "00:35", "1:10:00", "PT35M", "P1DT2H", "soon")]
    [2100.0, 2100.0, 4200.0, 2100.0, 93600.0, None]
    """
    word = text.strip()
    if match := _DURATION.fullmatch(word):
        first, second, third = match.groups()
        if second is None:
            return float(first) * 60
        return float(first) * 3600 + float(second) * 60 + float(third or 0)
    if (match := _ISO.fullmatch(word)) and any(match.groups()):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return days * DAY_S + hours * 3600 + minutes * 60 + seconds
    return None


def read_duration_s(text: str) -> float | None:
    """Return the seconds of a duration in any spelling met in the wild, or None if it cannot be read or is nothing.

    Of a span it is the middle.

    >>> [read_duration_s(text) for text in ("35", "00:35", "1:10:00", "PT35M", "P1DT2H")]
    [2100.0, 2100.0, 4200.0, 2100.0, 93600.0]
    >>> [read_duration_s(text) for text in ("35 min", "35 minutes", "1 h 10", "1h10m", "1:10 h", "1.5 h", "2 hours")]
    [2100.0, 2100.0, 4200.0, 4200.0, 4200.0, 5400.0, 7200.0]
    >>> [read_duration_s(text) for text in ("2 days", "01:30-02:00", "30-60", "1-2 h", "12 to 15 min")]
    [172800.0, 6300.0, 2700.0, 5400.0, 810.0]
    >>> [read_duration_s(text) for text in ("", "soon", "0", "00:75", "60-30")]
    [None, None, None, None, None]
    """
    word = text.strip()
    if span := _SPAN.fullmatch(word):
        unit = re.sub(r"^[\d:.,\s]+", "", span[2])
        first = span[1] if re.search(r"[a-zA-Z:]", span[1]) else f"{span[1]} {unit}"
        low, high = (read_duration_s(end) or 0.0 for end in (first, span[2]))
        return (low + high) / 2 if 0 < low <= high else None
    bare = re.sub(r"(?<=\d)\s*(?:h|hours?|hrs?)\.?$", "", word) if ":" in word else word
    if ":" in bare and any(int(part[:3]) > 59 for part in bare.split(":")[1:] if part.isdecimal()):  # noqa: PLR2004
        return None
    seconds = parse_duration_s(bare)
    if seconds is None:
        match = _WORDS.fullmatch(word.lower())
        if match and any(match.groups()):
            days, hours, minutes = (float((part or "0").replace(",", ".")) for part in match.groups())
            seconds = days * DAY_S + hours * 3600 + minutes * 60
    return seconds or None


def parse_clock_s(text: str) -> int | None:
    """Return the seconds after midnight of `HH:MM`; hours up to 47 are of the next day. None if it cannot be read.

    >>> [parse_clock_s(text) for text in ("06:30", "24:15", "6.30", "06:70", "noon")]
    [23400, 87300, 23400, None, None]
    """
    match = _CLOCK.fullmatch(text.strip())
    if not match or int(match[1]) > _LAST_CLOCK_H or int(match[2]) > 59:  # noqa: PLR2004
        return None
    return int(match[1]) * 3600 + int(match[2]) * 60


@dataclass(frozen=True)
class Sailings:
    """Departures by day of the week: for each Monday = 0 ... Sunday = 6 the seconds after midnight, rising."""

    by_weekday: tuple[tuple[int, ...], ...]

    def on(self, day: dt.date) -> tuple[int, ...]:
        """Return the departures of a date."""
        return self.by_weekday[day.weekday()]

    @property
    def headway_s(self) -> float | None:
        """The mean time between departures of the days that have two or more, else of the week; None without any."""
        gaps = [(clock[-1] - clock[0]) / (len(clock) - 1) for clock in self.by_weekday if len(clock) > 1]
        if gaps:
            return sum(gaps) / len(gaps)
        sailings = sum(len(clock) for clock in self.by_weekday)
        return 7 * DAY_S / sailings if sailings else None


def parse_sailings(text: str) -> Sailings:
    """Read departures by weekday pattern.

    Parts are divided by `;`, each an optional pattern of days (`Mo-Fr`, `Sa,Su`; none means every day) and clock times
    or runs `first-last/minutes`. A day takes the times of every part that names it.

    Raises
    ------
    ValueError
        Naming the word that cannot be read.

    Examples
    --------
    >>> plan = parse_sailings("Mo-Fr 07:00 09:30-11:30/60; Sa,Su 10:00")
    >>> [clock // 60 for clock in plan.by_weekday[0]], [clock // 60 for clock in plan.by_weekday[6]]
    ([420, 570, 630, 690], [600])
    """
    week: list[set[int]] = [set() for _ in _DAYS]
    for part in text.split(";"):
        words = part.replace(", ", ",").split()
        if not words:
            continue
        days = _weekdays(words[0].lower())
        clocks = set[int]()
        for word in words[1:] if days else words:
            for item in word.strip(",").split(","):
                clocks.update(_clocks(item))
        if not clocks:
            raise ValueError(f'"{part.strip()}" names no time; write for example "Mo-Fr 07:00 09:30; Sa,Su 10:00"')
        for day in days or range(7):
            week[day] |= clocks
    return Sailings(tuple(tuple(sorted(day)) for day in week))


def every_day(first_s: int, last_s: int, headway_s: float) -> Sailings:
    """Return departures from the first to the last of a day at a headway; the last sails whatever the headway.

    >>> [clock / 3600 for clock in every_day(6 * 3600, 9 * 3600, 80 * 60).by_weekday[0]]
    [6.0, 7.333333333333333, 8.666666666666666, 9.0]
    """
    if last_s < first_s:  # the last boat sails after midnight
        last_s += DAY_S
    count = int((last_s - first_s) // headway_s) + 1
    clock = {round(first_s + i * headway_s) for i in range(count)} | {last_s}
    return Sailings((tuple(sorted(clock)),) * 7)


def read_days_headway_s(text: str) -> float | None:
    """Return the mean time between the days of a boat of which no more than its days are known, as seconds.

    None where every day, a time of day or anything else is named.

    >>> read_days_headway_s("Mo,We,Fr"), read_days_headway_s("Mo-Fr 08:00-17:00"), read_days_headway_s("24/7")
    (201600.0, None, None)
    """
    days = {day for part in text.split(";") for day in _weekdays(part.strip().lower().replace(", ", ","))}
    plain = all(_DAY_RULE.fullmatch(part.strip().lower().replace(", ", ",")) for part in text.split(";"))
    return 7 * DAY_S / len(days) if plain and 0 < len(days) < len(_DAYS) else None


def _weekdays(word: str) -> list[int]:
    """Return the days of a pattern, or nothing if the word is none."""
    if not _DAY_RULE.fullmatch(word):
        return []
    days: list[int] = []
    for part in word.split(","):
        ends = [_DAYS.index(day) for day in part.split("-")]
        first, last = ends[0], ends[-1]
        days += [day % 7 for day in range(first, last + 1 + (7 if last < first else 0))]
    return days


def _clocks(word: str) -> list[int]:
    run = _RUN.fullmatch(word)
    if run:
        first, last, step = parse_clock_s(run[1]), parse_clock_s(run[2]), int(run[3]) * 60
        if first is None or last is None or step == 0:
            raise ValueError(f'"{word}" is no run of departures; write for example 06:00-22:00/60')
        return list(every_day(first, last, step).by_weekday[0])
    clock = parse_clock_s(word)
    if clock is None:
        raise ValueError(f'"{word}" is no time of day; write HH:MM, or 06:00-22:00/60 for a run')
    return [clock]


@dataclass(frozen=True)
class Season:
    """The part of the year in which a ferry sails, as (month, day) from and to, both inside; all year if None."""

    between: tuple[tuple[int, int], tuple[int, int]] | None
    known: bool

    def covers(self, day: dt.date) -> bool:
        """Return whether a date lies in the season; a season that could not be read covers every date."""
        if self.between is None:
            return True
        first, last = self.between
        at = (day.month, day.day)
        return first <= at <= last if first <= last else at >= first or at <= last


def parse_season(text: str) -> Season:
    """Read a season; what stands in brackets is a remark. One that cannot be read counts as the whole year, unknown.

    >>> parse_season("all year"), parse_season("May-August (in recent years longer)").between
    (Season(between=None, known=True), ((5, 1), (8, 31)))
    >>> parse_season("late May - August").between, parse_season("05-20/08-31").between, parse_season("Oct-Apr").between
    (((5, 21), (8, 31)), ((5, 20), (8, 31)), ((10, 1), (4, 31)))
    >>> parse_season("when the ice allows").known
    False
    """
    word = re.sub(r"\(.*?\)", "", text).strip().lower()
    if word in ("", "all year", "year-round", "yes", "no"):
        return Season(None, known=True)
    if word in ("summer", "winter"):
        return Season(((5, 1), (9, 30)) if word == "summer" else ((10, 1), (4, 30)), known=True)
    dates = re.fullmatch(r"(\d{1,2})-(\d{1,2})\s*/\s*(\d{1,2})-(\d{1,2})", word)
    if dates:
        m1, d1, m2, d2 = (int(part) for part in dates.groups())
        there = max(m1, m2) <= len(_MONTHS) and max(d1, d2) <= 31 and min(m1, d1, m2, d2) > 0  # noqa: PLR2004 - days
        return Season(((m1, d1), (m2, d2)), known=True) if there else Season(None, known=False)
    ends = [
        re.fullmatch(r"(early|mid|late)?\s*([a-z]{3})[a-z]*\.?", end.strip())
        for end in re.split(r"[-\u2013]| to ", word)
    ]
    if len(ends) <= 2 and all(end and end[2] in _MONTHS for end in ends):  # noqa: PLR2004
        months = [(end[1], _MONTHS.index(end[2]) + 1) for end in ends if end]
        (when_first, first), (when_last, last) = months[0], months[-1]
        begin = {None: 1, "early": 1, "mid": 11, "late": 21}[when_first]
        close = {None: 31, "early": 10, "mid": 20, "late": 31}[when_last]
        return Season(((first, begin), (last, close)), known=True)
    return Season(None, known=False)
