"""Departures of ferries from timetables in GTFS. Only here is gtfs-kit imported."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.routing.departures import DEPARTURE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["gtfs_departures"]

_FERRY, _WATER = 4, range(1000, 1100)
_EXTENDED_FERRY = 1200


@checks_arguments
def gtfs_departures(path: Path, day: dt.date, *, days: int = 8) -> pd.DataFrame:
    """Read the ferry trips of a GTFS feed on a date and the days after it.

    Routes of type 4, 1000 to 1099 and 1200 count. Where the feed says which trips take cars (`cars_allowed`), the
    others are left out; else all are taken, and a trip counts where a car ferry of the network joins its stops. Each
    pair of stops in the order of a trip is one departure, so whoever stays on board past a stop boards once. Trips
    that run by `frequencies` are expanded.

    Returns
    -------
    Departures as `attach_departures` takes them, in seconds after midnight of `day`.

    Raises
    ------
    MissingFileError, InputError
        If the feed is not there, cannot be read, has no ferry, or its calendar does not hold the day.
    """
    import gtfs_kit

    files.require(path, hint="check [network] ferry_gtfs in the study")
    try:
        feed: Any = gtfs_kit.read_feed(path, dist_units="km")
    except Exception as error:
        raise InputError(f"{path}: cannot be read as GTFS ({error})") from error
    kinds = pd.to_numeric(feed.routes["route_type"], errors="coerce")
    ferries = feed.routes[kinds.isin([_FERRY, _EXTENDED_FERRY, *_WATER])]
    if ferries.empty:
        raise InputError(f"{path}: no route of this feed is a ferry (route_type 4, 1000 to 1099 or 1200)")
    dates = feed.get_dates()
    if day.strftime("%Y%m%d") not in dates:
        span = f"{dates[0]} to {dates[-1]}" if dates else "no date"
        raise InputError(f"{path}: its calendar does not hold {day:%Y%m%d}; it holds {span}")
    names = _names(ferries)
    found: list[tuple[object, ...]] = []
    for offset in range(-1, days):
        date = (day + dt.timedelta(days=offset)).strftime("%Y%m%d")
        trips = feed.get_trips(date) if date in dates else feed.trips[:0]
        trips = trips[trips["route_id"].isin(ferries["route_id"])]
        if "cars_allowed" in trips:
            trips = trips[pd.to_numeric(trips["cars_allowed"], errors="coerce") != 2]  # noqa: PLR2004 - 2 is no cars
        for route, calls in _calls(feed, trips):
            for legs in _pairs(calls):
                departs = legs[4] + offset * DAY_S
                if departs >= 0:
                    found.append((names[route], *legs[:4], departs, legs[5] + offset * DAY_S, 0.0))
    table = pd.DataFrame(found, columns=list(DEPARTURE_COLUMNS)).drop_duplicates(ignore_index=True)
    return table.astype(dict.fromkeys(DEPARTURE_COLUMNS[1:], float))


def _names(ferries: pd.DataFrame) -> dict[str, str]:
    names = ferries.get("route_long_name", ferries["route_id"]).fillna("")
    short = ferries.get("route_short_name", ferries["route_id"]).fillna(ferries["route_id"])
    return dict(zip(ferries["route_id"], names.where(names != "", short).astype(str), strict=True))


Call = tuple[float, float, float, float]  # longitude, latitude, arrival, departure


def _calls(feed: Any, trips: pd.DataFrame) -> Iterator[tuple[str, list[Call]]]:
    """Yield for each run of a trip its route and its calls."""
    stops = feed.stops.set_index("stop_id")[["stop_lon", "stop_lat"]].astype(float)
    route = dict(zip(trips["trip_id"], trips["route_id"], strict=True))
    times = feed.stop_times[feed.stop_times["trip_id"].isin(trips["trip_id"])].sort_values(["trip_id", "stop_sequence"])
    runs = {} if feed.frequencies is None else _by_trip(feed.frequencies)
    for trip, part in times.groupby("trip_id", sort=True):
        places = stops.loc[part["stop_id"]].to_numpy()
        arrives, departs = (part[name].map(_clock) for name in ("arrival_time", "departure_time"))
        calls = [
            (float(lon), float(lat), float(come), float(go))
            for (lon, lat), come, go in zip(places, arrives.fillna(departs), departs.fillna(arrives), strict=True)
            if pd.notna(go)
        ]
        if not calls:
            continue
        for shift in _shifts(runs.get(trip), calls[0][3]):
            yield route[trip], [(lon, lat, come + shift, go + shift) for lon, lat, come, go in calls]


def _by_trip(frequencies: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    found: dict[Any, pd.DataFrame] = dict(iter(frequencies.groupby("trip_id")))
    return found


def _shifts(runs: pd.DataFrame | None, first: float) -> list[float]:
    """Return by how much the times of a trip are moved for each of its runs."""
    if runs is None:
        return [0.0]
    shifts = []
    for run in runs.to_dict("records"):
        begin, end, headway = _clock(run["start_time"]), _clock(run["end_time"]), int(run["headway_secs"])
        if begin is not None and end is not None and headway > 0:
            shifts += [at - first for at in range(int(begin), int(end), headway)]
    return shifts


def _clock(text: Any) -> float | None:
    """Return the seconds of H:MM:SS, which may pass 24 hours."""
    parts = str(text).strip().split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):  # noqa: PLR2004
        return None
    hours, minutes, seconds = map(int, parts)
    return float(hours * 3600 + minutes * 60 + seconds)


def _pairs(calls: list[Call]) -> Iterator[tuple[float, float, float, float, float, float]]:
    for i, (lon, lat, _, departs) in enumerate(calls):
        for other_lon, other_lat, arrives, _ in calls[i + 1 :]:
            if arrives > departs and (lon, lat) != (other_lon, other_lat):
                yield lon, lat, other_lon, other_lat, departs, arrives
