"""[network.timetable] of a study file: the day and the hours whose sailings count."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import AfterValidator, field_validator, model_validator

from geoaccess.bounds import of_our_calendar
from geoaccess.clock import parse_clock_s
from geoaccess.defaults import DAY_S, TIMETABLE_DAY, TIMETABLE_HOURS
from geoaccess.toml import Table, did_you_mean

__all__ = ["WEEKDAYS", "TimetableSettings", "day_of", "named_day"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def day_of(text: str) -> dt.date | None:
    """Return the date that a text names, None where it is a day of the week.

    >>> day_of("2026-01-13"), day_of("tuesday")
    (datetime.date(2026, 1, 13), None)
    """
    return None if text in WEEKDAYS else dt.date.fromisoformat(text)


def named_day(text: str) -> str:
    """Return a day of the week or a date as settings have it.

    Raises
    ------
    ValueError
        If it is neither.
    """
    word = text.strip().lower()
    if word in WEEKDAYS:
        return word
    try:
        day = dt.date.fromisoformat(word)
    except ValueError as error:
        raise ValueError(
            f'"{text}" is no day; write a date as 2026-01-13, or a day of the week{did_you_mean(word, WEEKDAYS)}'
        ) from error
    return of_our_calendar(day).isoformat()


def _clock(text: str) -> str:
    seconds = parse_clock_s(text)
    if seconds is None or seconds > DAY_S:
        raise ValueError(f'"{text}" is no time of day; write it as "07:00"')
    return text


Clock = Annotated[str, AfterValidator(_clock)]


class TimetableSettings(Table):
    """[network.timetable]: the day, by date or by weekday, and the hours between which people come to the quay."""

    day: Annotated[str, AfterValidator(named_day)] = TIMETABLE_DAY
    hours: tuple[Clock, Clock] = TIMETABLE_HOURS

    @field_validator("day", mode="before")
    @classmethod
    def _as_text(cls, day: Any) -> Any:
        return day.isoformat() if isinstance(day, dt.date) else day

    @model_validator(mode="after")
    def _some_hours(self) -> TimetableSettings:
        if self.hours[0] == self.hours[1]:
            raise ValueError(
                f'hours are "{self.hours[0]}" to "{self.hours[1]}"; for a whole day write "00:00", "24:00"'
            )
        return self

    @property
    def between_s(self) -> tuple[float, float]:
        """The hours, seconds after midnight; those of a night end on the next day."""
        begin, end = (float(parse_clock_s(clock) or 0) for clock in self.hours)
        return begin, end if end > begin else end + DAY_S
