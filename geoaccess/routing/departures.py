"""Departures of ferries on a date and the days after it, from the table of ferries."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.osm import FerryRow

__all__ = ["DEPARTURE_COLUMNS", "FEED_RANK", "departure_table", "departures_on"]

DEPARTURE_COLUMNS = ("ferry", "from_lon", "from_lat", "to_lon", "to_lat", "departs_s", "arrives_s", "check_in_s")
_MORE = {"from_name": "str", "to_name": "str", "source": "str", "booked": "bool", "assumed": "bool", "rank": "int"}

FEED_RANK = 1
_RANK = {"": 0, "gtfs": 0, "table": 2}

Place = tuple[float, float]


def departure_table(rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Return departures as a table: the columns of `DEPARTURE_COLUMNS`, then what is known of where they are from.

    That is the names of the quays (`from_name`, `to_name`), the `source`, whether the sailing is to be `booked`,
    whether it is only `assumed` that it takes cars, and the `rank` of its source: a feed comes before the table of
    ferries, unless a row of that says otherwise.
    """
    table = pd.DataFrame(rows, columns=[*DEPARTURE_COLUMNS, *_MORE])
    return table.astype({"ferry": "str", **dict.fromkeys(DEPARTURE_COLUMNS[1:], "float"), **_MORE})


@checks_arguments
def departures_on(
    rows: Sequence[FerryRow], ferries: pd.DataFrame, day: dt.date, *, days: int = 8
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Expand the rows of a table of ferries to departures.

    A row sails at its `departures`, else from `first` to `last` at its headway, from both quays at the same times
    unless `departures_back` says otherwise; not outside its season. The crossing takes its `minutes`, else what it
    takes in the network. Boats of the day before that leave after midnight are among them.

    Parameters
    ----------
    rows
        As `read_ferry_table` returns them.
    ferries
        `Network.ferries`, for the ends of rows that name a way or a relation.
    day, days
        The date that counts, and how many days are expanded from it on.

    Returns
    -------
    Departures as `attach_departures` takes them, in seconds after midnight of `day` (one row without a time where a
    ferry lies still on all days), with the names of quays and the `source`, and for each row that has no departures
    why not.
    """
    found: list[tuple[object, ...]] = []
    left: dict[str, str] = {}
    for row in rows:
        ends = row.ends or _ends(row, ferries)
        dates = [day + dt.timedelta(days=offset) for offset in range(-1, days)]
        sails = [row.season.covers(date) for date in dates]
        if row.cars is False:
            left[row.label] = note("no_cars")
        elif ends is None:
            named = _ways(row, ferries)
            left[row.label] = note("no_such_ferry" if named.empty else "no_quays")
        elif row.sailings is None and all(sails):
            left[row.label] = note("no_departures")
        else:
            times = [*_times(row, dates, sails)]
            if not times:
                left[row.label] = note("no_sailing")
            for backward in (False, True):
                a, b = ends[::-1] if backward else ends
                more = (
                    *(row.places[::-1] if backward else row.places),
                    note("row_of_table", row=row.row),
                    False,
                    False,
                    _RANK[row.timetable],
                )
                for departs in [clock for clock, back in times if back is backward] or [np.nan]:
                    arrives = np.nan if row.crossing_s is None else departs + row.crossing_s
                    found.append((row.label, *a, *b, departs, arrives, row.check_in_s, *more))
    return departure_table(found), left


def _times(row: FerryRow, dates: Sequence[dt.date], sails: Sequence[bool]) -> list[tuple[float, bool]]:
    """Return the departures of a row and whether each is one back, in seconds after midnight of the second date."""
    times = []
    for offset, (date, open_today) in enumerate(zip(dates, sails, strict=True), start=-1):
        for plan, backward in ((row.sailings, False), (row.sailings_back, True)):
            if plan is not None and open_today:
                times += [(float(clock + offset * DAY_S), backward) for clock in plan.on(date)]
    return [(clock, backward) for clock, backward in times if clock >= 0]


def _ways(row: FerryRow, ferries: pd.DataFrame) -> pd.DataFrame:
    """Return the ferries of the network that a row names by way, or else by relation."""
    ours = ferries[ferries["way_id"] == row.way_id] if row.way_id is not None else ferries[:0]
    if ours.empty and row.relation_id:
        ours = ferries[ferries["relation_id"] == row.relation_id]
    return ours


def _ends(row: FerryRow, ferries: pd.DataFrame) -> tuple[Place, Place] | None:
    """Return the two ends of the way or relation of a row: the places where an odd number of its ways end."""
    ours = _ways(row, ferries).drop_duplicates("way_id")  # lines that share a way
    places = Counter(
        place
        for line in ours[["from_lon", "from_lat", "to_lon", "to_lat"]].to_numpy().tolist()
        for place in ((line[0], line[1]), (line[2], line[3]))
    )
    odd = [place for place, times in places.items() if times % 2]
    return (odd[0], odd[1]) if len(odd) == 2 else None  # noqa: PLR2004
