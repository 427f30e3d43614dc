"""Values of study files, scenarios and profiles, each with its bounds: beyond them is no world, or the wrong unit."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

from geoaccess.shipped import known_name
from geoaccess.toml import AfterValidator, Field

__all__ = [
    "MOST_COUNT",
    "MOST_ID",
    "Count",
    "Day",
    "Distance",
    "Folder",
    "Id",
    "Km",
    "Kph",
    "Lat",
    "Limit",
    "Lon",
    "Minutes",
    "Moment",
    "Month",
    "NoData",
    "PositiveCount",
    "PositiveDistance",
    "ProfileName",
    "SchemeName",
    "Seconds",
    "Size",
    "Tags",
    "Wait",
    "Weight",
    "Year",
    "of_our_calendar",
]

MOST_ID = 2**63 - 1
"""Ids of OpenStreetMap and of roads are kept as int64."""
MOST_COUNT = 1e10
"""More people than there are on Earth."""

Minutes: TypeAlias = Annotated[float, Field(ge=0.01, le=100_000)]
"""A time that is some: from less than a second to ten weeks."""
Wait: TypeAlias = Annotated[float, Field(ge=0, le=100_000)]
"""Minutes, or none."""
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=6_000_000)]
"""The same in seconds."""
Distance: TypeAlias = Annotated[float, Field(ge=0, le=1_000_000)]
"""Metres: a thousand kilometres at most."""
PositiveDistance: TypeAlias = Annotated[float, Field(ge=1e-6, le=1_000_000)]
"""Metres, of which there are some."""
Km: TypeAlias = Annotated[float, Field(ge=0, le=1000)]
"""Kilometres."""
Kph: TypeAlias = Annotated[float, Field(ge=0.1, le=1000)]
"""A speed of somebody who moves."""
Limit: TypeAlias = Annotated[float, Field(ge=-1000, le=1000)]
"""A limit or a speed in a table of a profile, which checks its sign."""
Month: TypeAlias = Annotated[int, Field(ge=1, le=12)]
"""A month by its number."""
Size: TypeAlias = Annotated[float, Field(ge=0.001, le=1000)]
"""Metres or tonnes of a vehicle, and the like."""
Count: TypeAlias = Annotated[float, Field(ge=0, le=MOST_COUNT)]
"""People, patients, visits: more than there are on Earth is no count."""
PositiveCount: TypeAlias = Annotated[float, Field(ge=1e-6, le=MOST_COUNT)]
"""The same, of which there are some."""
Weight: TypeAlias = Annotated[float, Field(ge=-1e12, le=1e12)]
"""A number without a unit."""
NoData: TypeAlias = Annotated[float, Field(ge=-1.7976931348623157e308, le=1.7976931348623157e308)]
"""What a raster has where it knows nothing: any number, and often the largest."""
_YEARS = (1000, 3000)
Year: TypeAlias = Annotated[int, Field(ge=_YEARS[0], le=_YEARS[1])]
"""A year of our calendar."""
Id: TypeAlias = Annotated[int, Field(ge=-MOST_ID, le=MOST_ID)]
"""The number of a way, a road or a cell."""
Tags: TypeAlias = Annotated[dict[str, str], Field(min_length=1)]
"""Tags that a feature has all of; without one they would choose whatever there is."""
ProfileName: TypeAlias = Annotated[str, AfterValidator(known_name("profiles"))]
"""Rules for reading roads: some that come with the program, or a .toml file."""
SchemeName: TypeAlias = Annotated[str, AfterValidator(known_name("schemes"))]
"""A scheme of classes: one that comes with the program, or a .toml file."""
_LONGEST_NAME = 200
"""Bytes in the name of a folder; disks take 255, and what is made beside it has a longer name."""


def _folder(path: str) -> str:
    for part in Path(path).parts:
        if len(part.encode("utf-8", "replace")) > _LONGEST_NAME:
            raise ValueError(f"no folder has a name of {len(part)} letters; give it {_LONGEST_NAME} at most")
    return path


_Date = TypeVar("_Date", bound=dt.date)


def of_our_calendar(day: _Date) -> _Date:
    """Return a date or a moment whose year is one of our calendar: at the ends of what dates can be, no week fits.

    >>> of_our_calendar(dt.date(2026, 1, 13)).isoformat()
    '2026-01-13'

    Raises
    ------
    ValueError
        If it is not.
    """
    first, last = _YEARS
    if not first <= day.year <= last:
        raise ValueError(f"{day.isoformat()} is no day that can be meant; write one of the years {first} to {last}")
    return day


Day: TypeAlias = Annotated[dt.date, AfterValidator(of_our_calendar)]
"""A date."""
Moment: TypeAlias = Annotated[dt.datetime, AfterValidator(of_our_calendar)]
"""A date and an hour."""
Folder: TypeAlias = Annotated[str, AfterValidator(_folder)]
"""A folder that is made where it is not there."""
Lon: TypeAlias = Annotated[float, Field(ge=-180, le=180)]
"""Degrees east."""
Lat: TypeAlias = Annotated[float, Field(ge=-90, le=90)]
"""Degrees north."""
