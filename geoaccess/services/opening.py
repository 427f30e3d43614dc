"""When sites are open: opening hours written as OpenStreetMap writes them, laid out over the hours of a week."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from opening_hours import (  # type: ignore[attr-defined] # its stubs leave out the errors
    OpeningHours,
    ParserError,
    State,
    UnknownCountryError,
)

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import OPENING_STEP_MIN
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["open_days", "open_hours"]

_HOUR_MIN = 60


@checks_arguments
def open_hours(
    opening: pd.Series, *, first: date, days: int = 7, step_min: int = OPENING_STEP_MIN, country: str | None = None
) -> pd.DataFrame:
    """Say of every hour of some days which sites are open.

    A site counts as open in a slot when it is open at the slot's start. A time that the text calls unknown
    counts as closed. Clocks are local ones without summer time.

    Parameters
    ----------
    opening
        Text by site id, such as "Mo-Fr 08:00-15:30; PH off", "Tu,Th" or "24/7". A site that stands there more than
        once is open when any of its rows says so: lists for day and night may be put below each other.
    first
        The first day; a Monday gives a week as people know it. Seasons and holidays are those of the date.
    days
        How many days.
    step_min
        Length of a slot, minutes; it divides an hour. 30 does justice to sites that open or close at half past.
    country
        Whose public holidays `PH` stands for, such as "NO"; None knows none.

    Returns
    -------
    Table of true and false, shape (n_slots, n_sites): index `start`, when each slot begins; columns the site ids, in
    their order. `table.loc["2026-01-14 10:00"]` is a moment, `table.loc["2026-01-14"]` a day.

    Raises
    ------
    InputError
        If a text is empty or cannot be read (all such sites are listed), the country is unknown, or `days` or
        `step_min` cannot be.

    References
    ----------
    OpenStreetMap wiki, "Key:opening_hours/specification".

    Examples
    --------
    >>> opening = pd.Series({"clinic": "Mo-Fr 08:00-15:30", "night": "24/7; Mo-Fr 08:00-15:30 off"})
    >>> week = open_hours(opening, first=date(2026, 1, 12), step_min=30)
    >>> week.loc["2026-01-14 15:30"].to_dict()
    {'clinic': False, 'night': True}
    >>> (week.sum() / 2).to_dict()
    {'clinic': 37.5, 'night': 130.5}
    """
    if days < 1 or step_min < 1 or _HOUR_MIN % step_min:
        raise InputError(
            f"open_hours: days is {days}, step_min {step_min}; give a day or more and a part of 60 minutes"
        )
    begin = datetime.combine(first, time())
    starts = pd.date_range(begin, periods=days * 24 * _HOUR_MIN // step_min, freq=f"{step_min}min", name="start")
    end, step = begin + timedelta(days=days), timedelta(minutes=step_min)
    columns = opening.index.unique()
    is_open = np.zeros((len(starts), len(columns)), np.bool_)
    number, texts = pd.factorize(opening.astype("object").where(opening.notna(), "").map(str).str.strip())
    place = columns.get_indexer(opening.index)
    problems = []
    for i, text in enumerate(texts):
        rows = np.flatnonzero(number == i).tolist()
        try:
            slots = _slots(text, begin, end, step, country)
        except ParserError:
            problems += [f'{opening.index[row]}: opening is "{text}"; write it as "Mo-Fr 08:00-15:30"' for row in rows]
        else:
            for row in rows:
                is_open[:, place[row]] |= slots
    if problems:
        raise InputError.listing("opening hours", problems)
    return pd.DataFrame(is_open, index=starts, columns=columns)


@checks_arguments
def open_days(is_open: pd.DataFrame) -> pd.DataFrame:
    """Say of every day which sites are open at some time of it, for people who come on the day the doctor is there.

    Parameters
    ----------
    is_open
        As `open_hours` returns it.

    Returns
    -------
    The same by day; it may stand wherever the table by hours may.

    Examples
    --------
    >>> visits = pd.Series({"Gryllefjord": "Tu,Th 09:00-14:00", "Husøy": "We 10:00-13:00"})
    >>> open_days(open_hours(visits, first=date(2026, 1, 12), days=5)).sum().to_dict()
    {'Gryllefjord': 2, 'Husøy': 1}
    """
    start = pd.DatetimeIndex(is_open.index)
    return is_open.groupby(start.normalize().rename("start")).any()


def _slots(text: str, begin: datetime, end: datetime, step: timedelta, country: str | None) -> npt.NDArray[np.bool_]:
    plain = re.sub(r"\s*[-–]\s*", "-", text)  # noqa: RUF001 - people write both
    try:
        rule = OpeningHours(plain, country=country)
    except UnknownCountryError as error:
        raise InputError(f'country "{country}" is none with known holidays; use a code such as "NO"') from error
    slots = np.zeros((end - begin) // step, np.bool_)
    for opens, closes, state, _ in rule.intervals(begin, end):
        if state == State.OPEN:
            slots[_following(opens - begin, step) : _following(closes - begin, step)] = True
    return slots


def _following(after: timedelta, step: timedelta) -> int:
    """Return the number of the first slot that starts then or later."""
    return -(-after // step)
