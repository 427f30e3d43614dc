"""The table of ferries that a user gives: what it says overrides and completes the tags of the extract."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.clock import (
    Sailings,
    Season,
    every_day,
    parse_clock_s,
    parse_sailings,
    parse_season,
    read_days_headway_s,
    read_duration_s,
)
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.tables import csv_text, number_text, parse_number, read_table, read_text
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from typing import TypeVar

    Value = TypeVar("Value")

__all__ = ["COLUMNS", "FerryRow", "read_ferry_table", "write_ferry_table"]

COLUMNS = (
    "id", "way_id", "relation_id", "name", "from", "from_lon", "from_lat", "to", "to_lon", "to_lat", "minutes",
    "motor_vehicle", "departures_per_day", "headway_min", "days", "first", "last", "departures", "departures_back",
    "check_in_min", "timetable", "ship", "season", "leaves_region", "sure", "source", "note",
)  # fmt: skip
"""Every column that a table of ferries may have; all but the ones that say which ferry it is may be left out."""

_YES, _NO = ("yes", "true", "1", "ja"), ("no", "false", "0", "nei")
_COORDINATES = ("from_lon", "from_lat", "to_lon", "to_lat")
_LONGEST_MIN = 3 * 24 * 60


@dataclass(frozen=True)
class FerryRow:
    """One ferry of the table; None where it says nothing."""

    row: int
    name: str
    way_id: int | None
    relation_id: int | None
    ends: tuple[tuple[float, float], tuple[float, float]] | None
    crossing_s: float | None
    cars: bool | None
    headway_s: float | None
    sailings: Sailings | None
    sailings_back: Sailings | None
    check_in_s: float
    ship: str
    season: Season
    note: str
    places: tuple[str, str] = ("", "")
    timetable: str = ""

    @property
    def label(self) -> str:
        """What to call it in a list."""
        return self.name or (f"way {self.way_id}" if self.way_id is not None else f"row {self.row}")


@checks_arguments
def read_ferry_table(path: Path) -> list[FerryRow]:
    """Read a table of ferries, of any kind that `read_table` takes.

    Each row names its ferry by `way_id`, by `relation_id`, or by its two quays (`from_lon`, `from_lat`, `to_lon`,
    `to_lat`, degrees), which also serve when the way is not in the extract. It may say `minutes` of the crossing,
    `motor_vehicle` (yes or no), and when boats leave: `departures` (`Mo-Fr 07:00 09:30; Sa,Su 10:00`, and
    `departures_back` from the other quay, the same times if left out), else `first`, `last` and the headway, taken for
    both quays. The headway is `headway_min`, else that of the departures, else that of `first`, `last` and
    `departures_per_day` (which may be below 1), else that of `days` alone (`Mo,We,Fr`). `check_in_min` is how long
    before the departure a car must be there. Ferries of one `ship` are boarded once: who stays on board at a quay does
    not wait again. `season` is `all year`, `May-August`, `05-20/08-31`. Where a GTFS feed of the study has the ferry
    too, the feed counts, unless `timetable` is `table`.

    Raises
    ------
    MissingFileError
        If it is not there.
    InputError
        With all that is wrong with it, by row (the header is row 1).
    """
    table = read_table(
        path, hint="check [network] ferries in the study; `geoaccess ferries STUDY --write FILE` writes one"
    )
    header = [str(name) for name in table.columns]
    problems = [f'unknown column "{name}"{did_you_mean(name, COLUMNS)}' for name in header if name not in COLUMNS]
    if not {"way_id", "relation_id"} & set(header) and not set(_COORDINATES) <= set(header):
        problems.append(f"no column says which ferry a row is: way_id, relation_id, or {', '.join(_COORDINATES)}")
    if problems:
        raise InputError.listing(str(path), problems)
    rows = []
    texts = pd.DataFrame({name: read_text(table, name) for name in header})
    for number, line in texts.to_dict("index").items():
        found = _Row(number, line)
        rows.append(found.read())
        problems += found.problems
    if problems:
        raise InputError.listing(str(path), problems)
    return rows


class _Row:
    """One line of the file while it is being read."""

    def __init__(self, number: Any, line: Mapping[Any, str]) -> None:
        self.number = number
        self.line = line
        self.problems: list[str] = []

    def _wrong(self, what: str) -> None:
        self.problems.append(f"row {self.number}: {what}")

    def _value(self, column: str, parse: Callable[[str], Value | None], hint: str) -> Value | None:
        text = self.line.get(column, "")
        if not text:
            return None
        try:
            value = parse(text)
        except ValueError as error:
            self._wrong(f"{column}: {error}" if parse is parse_sailings else f'{column} is "{text}"; {hint}')
            return None
        if value is None:
            self._wrong(f'{column} is "{text}"; {hint}')
        return value

    def read(self) -> FerryRow:
        way, relation = (
            self._value(column, int, "write the number of an OpenStreetMap object")
            for column in ("way_id", "relation_id")
        )
        ends = self._ends()
        if way is None and relation is None and ends is None and not self.problems:
            self._wrong(f"does not say which ferry it is: give way_id, relation_id, or {', '.join(_COORDINATES)}")
        minutes = self._value("minutes", _minutes, f"write minutes above 0, at most {_LONGEST_MIN}")
        first, last = (
            self._value(column, parse_clock_s, "write a time of day as HH:MM") for column in ("first", "last")
        )
        there = self._value("departures", parse_sailings, "")
        days_s = self._value("days", read_days_headway_s, "write the days on which it sails, such as Mo,We,Fr")
        back = self._value("departures_back", parse_sailings, "")
        headway_s = self._headway(there, first, last) or days_s
        if there is None and headway_s and first is not None and last is not None:
            there = every_day(first, last, headway_s)
        if back is not None and there is None:
            self._wrong("departures_back is given but no departures")
        season = parse_season(self.line.get("season", ""))
        check_in = self._value("check_in_min", _not_negative, "write minutes, 0 or more")
        return FerryRow(
            row=self.number,
            name=self.line.get("name", ""),
            way_id=way,
            relation_id=relation,
            ends=ends,
            crossing_s=None if minutes is None else _seconds(minutes),
            cars=self._value("motor_vehicle", _yes_or_no, "write yes or no"),
            headway_s=headway_s,
            sailings=there,
            sailings_back=back or there,
            check_in_s=_seconds(check_in or 0.0),
            ship=self.line.get("ship", ""),
            season=season,
            note=self.line.get("note", ""),
            places=(self.line.get("from", ""), self.line.get("to", "")),
            timetable=self._value("timetable", _whose, "write table or gtfs: which of the two counts") or "",
        )

    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        given = [column for column in _COORDINATES if self.line.get(column)]
        if not given:
            return None
        if len(given) < len(_COORDINATES):
            self._wrong(f"has {', '.join(given)} only; two quays need {', '.join(_COORDINATES)}")
            return None
        degrees = [
            self._value(column, _longitude if column.endswith("lon") else _latitude, "write degrees")
            for column in _COORDINATES
        ]
        a, b, c, d = degrees
        if a is None or b is None or c is None or d is None:
            return None
        if (a, b) == (c, d):
            self._wrong("begins and ends at the same quay")
        return (a, b), (c, d)

    def _headway(self, there: Sailings | None, first: int | None, last: int | None) -> float | None:
        minutes = self._value("headway_min", _minutes, "write minutes above 0")
        count = self._value("departures_per_day", _not_negative, "write how many")
        if minutes is not None:
            return _seconds(minutes)
        if there is not None and there.headway_s:
            return there.headway_s
        if count and count > 1 and first is not None and last is not None:
            return ((last - first) % DAY_S) / (count - 1) or None
        return DAY_S / count if count and count <= 1 else None


def _seconds(minutes: float) -> float:
    """Return minutes in seconds, to a thousandth: a third of a minute is 20 s, in however many decimals."""
    return round(minutes * 60, 3)


def _minutes(text: str) -> float | None:
    minutes = parse_number(text)
    if minutes is None:
        seconds = read_duration_s(text)
        minutes = math.nan if seconds is None else seconds / 60
    return minutes if 0 < minutes <= _LONGEST_MIN else None


def _not_negative(text: str) -> float | None:
    number = parse_number(text)
    return number if number is not None and 0 <= number < math.inf else None


def _longitude(text: str) -> float | None:
    degrees = parse_number(text, decimal_comma=True)
    return degrees if degrees is not None and abs(degrees) <= 180 else None  # noqa: PLR2004


def _latitude(text: str) -> float | None:
    degrees = parse_number(text, decimal_comma=True)
    return degrees if degrees is not None and abs(degrees) <= 90 else None  # noqa: PLR2004


def _whose(text: str) -> str | None:
    word = text.lower()
    return word if word in ("table", "gtfs") else None


def _yes_or_no(text: str) -> bool | None:
    word = text.lower()
    return True if word in _YES else False if word in _NO else None


@checks_arguments
def write_ferry_table(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows in the format that `read_ferry_table` reads; columns that a row does not have stay empty.

    Numbers that are not whole are rounded as in every table.
    """
    texts = [[_text(row.get(name, ""), name) for name in COLUMNS] for row in rows]
    table = pd.DataFrame(texts, columns=list(COLUMNS))
    with files.writing(path) as temporary:
        temporary.write_text(csv_text(table), encoding="utf-8", newline="\n")


def _text(value: object, column: str) -> str:
    return number_text(value, column) if isinstance(value, float) else str(value)
