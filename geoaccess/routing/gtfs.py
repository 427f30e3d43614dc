"""Departures of ferries from timetables in GTFS. Only here is gtfs-kit imported."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.phrases import note
from geoaccess.routing.departures import DEPARTURE_COLUMNS, FEED_RANK, departure_table
from geoaccess.routing.gtfs_tables import FeedFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FerryFeed", "carries_cars", "gtfs_departures", "read_ferry_feed"]

_WITH_CARS = frozenset((1001, 1002, 1003, 1004, 1013))
"""Car ferries: international, national, regional, local and fast."""
_WITHOUT_CARS = frozenset((1005, 1006, 1007, 1008, 1009, 1010, 1012, 1014, 1015, 1016, 1018))
"""Passenger boats: international, national, regional and local; post boats, train ferries, links to airports, fast
passenger boats, sightseeing boats, school boats and river buses."""
_WATER = frozenset((4, 1200, *range(1000, 1100)))
_CARS_YES, _CARS_NO = 1, 2
_NOT, _BOOKED = "1", ("2", "3")
_WEEK = 7
_YEARS = 1900, 2200
_MOST_RUNS = 10_000
_MOST_RUNS_TOGETHER = 1_000_000
_MOST_LEGS = 2_000_000
"""From stop to stop in some days: more than all ferries of Norway have in a month."""
_CLOCK = re.compile("([0-9]{1,3}):([0-9]{1,2}):([0-9]{1,2})")


@checks_arguments
def carries_cars(route_type: int, cars_allowed: int = 0) -> bool | None:
    """Return whether a sailing takes cars, by what GTFS says of its trip and its route; None where it says neither.

    `cars_allowed` of the trip (1 yes, 2 no) is the more particular. Else the `route_type` of the route decides: 1001 to
    1004 and 1013 are car ferries; 1005 to 1010, 1012, 1014 to 1016 and 1018 are boats for passengers. Water transport
    in general (4, 1000, 1200), road-link (1011), cable (1017), scheduled and shuttle ferries (1019, 1020) may be
    either.

    Source: GTFS reference, trips.txt, and Google's extended route types.

    >>> [carries_cars(kind) for kind in (1004, 1014, 1000, 4)], carries_cars(4, 2)
    ([True, False, None, None], False)
    """
    if cars_allowed in (_CARS_YES, _CARS_NO):
        return cars_allowed == _CARS_YES
    return True if route_type in _WITH_CARS else False if route_type in _WITHOUT_CARS else None


class _Call(NamedTuple):
    lon: float
    lat: float
    name: str
    arrives: float
    departs: float
    pickup: str
    drop_off: str


@dataclass(frozen=True)
class FerryFeed:
    """The ferries of a GTFS feed.

    `routes` by id with `name` and `kind` (the route type), `trips` with `cars` (None where the feed does not say),
    `calls` and, where it runs by frequency, the starts of its `runs` by trip; `services` knows the calendar.
    """

    path: Path
    routes: pd.DataFrame
    trips: pd.DataFrame
    calls: dict[str, list[_Call]]
    runs: dict[str, list[float]]
    services: Any

    @cached_property
    def dates(self) -> list[dt.date]:
        """The dates of the calendar of its ferries, all from the first to the last."""
        return [dt.datetime.strptime(date, "%Y%m%d").date() for date in self.services.get_dates()]  # noqa: DTZ007

    def trips_on(self, date: dt.date) -> pd.DataFrame:
        """Return the trips of a service day."""
        found: pd.DataFrame = self.services.get_trips(date.strftime("%Y%m%d"))
        return found

    @cached_property
    def without_cars(self) -> dict[str, str]:
        """Why sailings are left out, by the name of their route: so many trips of the feed take no cars."""
        ours = self.trips[self.trips["cars"].eq(False)]  # noqa: FBT003 - None is not said
        of = self.routes.loc[ours["route_id"]]
        return {
            str(name): note("no_cars_by_feed", n=len(part), kind=part["kind"].iloc[0], file=self.path.name)
            for name, part in of.groupby("name", sort=False)
        }

    @cached_property
    def assumed(self) -> dict[str, str]:
        """Routes of which the feed does not say whether they take cars, by name, and what is assumed."""
        ours = self.trips.loc[self.trips["cars"].isna(), "route_id"].unique()
        names, kinds = self.routes["name"], self.routes["kind"]
        return {names[route]: note("cars_by_guess", kind=kinds[route], file=self.path.name) for route in ours}

    def require(self, day: dt.date) -> None:
        """Refuse a day that the calendar does not hold."""
        if day not in self.dates:
            span = f"{self.dates[0]:%Y%m%d} to {self.dates[-1]:%Y%m%d}" if self.dates else "no date"
            raise InputError(f"{self.path}: its calendar does not hold {day:%Y%m%d}; it holds {span}")

    def departures(self, day: dt.date, *, days: int = 8) -> pd.DataFrame:
        """Return the sailings with cars of a date and the days after it, see `gtfs_departures`."""
        self.require(day)
        found: list[tuple[object, ...]] = []
        names, legs = self.routes["name"].to_dict(), 0
        for offset in range(-1, days):
            trips = self.trips_on(self._in_calendar(day + dt.timedelta(days=offset)))
            trips = trips[~trips["cars"].eq(False)]  # noqa: FBT003 - None is not said
            legs += sum(map(self._most_legs, trips["trip_id"]))
            if legs > _MOST_LEGS:
                raise InputError(
                    f"{self.path}: its ferries would sail {legs:,} times from one stop to another in "
                    f"{offset + 2} days; {_MOST_LEGS:,} are believed"
                )
            for trip, route, cars in zip(trips["trip_id"], trips["route_id"], trips["cars"], strict=True):
                for leg in self._legs(trip):
                    departs = leg[4] + offset * DAY_S
                    if departs >= 0:
                        times = departs, leg[5] + offset * DAY_S, 0.0
                        more = *leg[6:8], self.path.name, leg[8], cars is None, FEED_RANK
                        found.append((names[route], *leg[:4], *times, *more))
        table = departure_table(found)
        return table.drop_duplicates(list(DEPARTURE_COLUMNS), ignore_index=True)

    def _in_calendar(self, date: dt.date) -> dt.date:
        """Return a date of the calendar: beyond its ends the same day of the week in the nearest week that it holds."""
        first, last = self.dates[0], self.dates[-1]
        off = max((date - last).days, 0) - max((first - date).days, 0)
        weeks = -(-abs(off) // _WEEK) * (1 if off > 0 else -1)
        moved = date - dt.timedelta(days=_WEEK * weeks)
        return moved if first <= moved <= last else date

    def _most_legs(self, trip: str) -> int:
        calls = len(self.calls.get(trip, []))
        return calls * (calls - 1) // 2 * max(len(self.runs.get(trip, [])), 1)

    def _legs(self, trip: str) -> Iterator[tuple[Any, ...]]:
        """Yield each pair of stops at which one may board and alight, for each run of a trip."""
        calls = self.calls.get(trip, [])
        for shift in [at - calls[0].departs for at in self.runs[trip]] if trip in self.runs and calls else [0.0]:
            for i, one in enumerate(calls):
                for other in calls[i + 1 :] if one.pickup != _NOT else []:
                    apart = (one.lon, one.lat) != (other.lon, other.lat)
                    if other.drop_off != _NOT and other.arrives > one.departs and apart:
                        times = one.departs + shift, other.arrives + shift
                        booked = one.pickup in _BOOKED or other.drop_off in _BOOKED
                        yield one.lon, one.lat, other.lon, other.lat, *times, one.name, other.name, booked


@checks_arguments
def read_ferry_feed(path: Path) -> FerryFeed:
    """Read the ferries of a GTFS feed, a zip; rows of other routes are passed over.

    Raises
    ------
    MissingFileError, InputError
        If the feed is not there, cannot be read, or has no ferry.
    """
    import gtfs_kit

    files.require(path, hint="check [network] ferry_gtfs in the study")
    feed = FeedFiles(path)
    routes = feed.read("routes", ["route_id", "route_type"], optional=["route_short_name", "route_long_name"])
    kinds = pd.to_numeric(routes["route_type"], errors="coerce")
    routes = routes[kinds.isin(_WATER)].assign(kind=kinds[kinds.isin(_WATER)].astype(int))
    if routes.empty:
        raise InputError(f"{path}: no route of this feed is a ferry (route_type 4, 1000 to 1099 or 1200)")
    long, short = routes["route_long_name"], routes["route_short_name"]
    routes["name"] = long.where(long != "", short.where(short != "", routes["route_id"]))
    routes = routes.drop_duplicates("route_id").set_index("route_id")[["name", "kind"]]
    trips = feed.read(
        "trips", ["route_id", "service_id", "trip_id"], optional=["cars_allowed"], where="route_id", among=routes.index
    )
    said = pd.to_numeric(trips["cars_allowed"], errors="coerce")
    allowed = said.where(said.isin([_CARS_YES, _CARS_NO]), 0).astype(int)
    kind = routes["kind"].reindex(trips["route_id"]).to_numpy()
    trips["cars"] = pd.Series([carries_cars(int(k), int(a)) for k, a in zip(kind, allowed, strict=True)], dtype=object)
    return FerryFeed(
        path=path,
        routes=routes,
        trips=trips,
        calls=_calls(feed, trips),
        runs=_runs(feed, trips),
        services=gtfs_kit.Feed(dist_units="km", trips=trips, **_calendars(feed, trips)),
    )


@checks_arguments
def gtfs_departures(path: Path, day: dt.date, *, days: int = 8) -> pd.DataFrame:
    """Read the ferry trips of a GTFS feed on a date and the days after it.

    Routes of type 4, 1000 to 1099 and 1200 count, where they may take cars (see `carries_cars`; one of which the feed
    does not say so counts where a car ferry of the network joins its stops). Each pair of stops in the order of a trip
    is one departure, so whoever stays on board past a stop boards once; not where the first cannot be boarded
    (`pickup_type` 1) or the last cannot be left (`drop_off_type` 1). Trips that run by `frequencies` are expanded. Days
    beyond the calendar sail as the same day of the week in the nearest week that the calendar holds.

    Returns
    -------
    Departures as `attach_departures` takes them, in seconds after midnight of `day`; also `from_name`, `to_name`,
    `source` (the file), `booked` (boarding or alighting must be booked or agreed, types 2 and 3) and `assumed` (the
    feed does not say whether it takes cars).

    Raises
    ------
    MissingFileError, InputError
        If the feed is not there, cannot be read, has no ferry, or its calendar does not hold the day.
    """
    return read_ferry_feed(path).departures(day, days=days)


def _calendars(feed: FeedFiles, trips: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the calendars of the services of some trips, typed as gtfs-kit has them."""
    services, found = trips["service_id"].unique(), {}
    weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    asked = {
        "calendar": ["service_id", *weekdays, "start_date", "end_date"],
        "calendar_dates": ["service_id", "date", "exception_type"],
    }
    for name, columns in asked.items():
        if feed.has(name):
            table = feed.read(name, columns, where="service_id", among=services)
            counts = [column for column in (*weekdays, "exception_type") if column in table]
            table[counts] = table[counts].apply(pd.to_numeric, errors="coerce")
            dates = [column for column in columns if "date" in column]
            if len(table):
                wrong = table[~table[dates].apply(lambda days: days.map(_is_date)).all(axis=1)]
                if len(wrong):
                    row = wrong.iloc[0]
                    raise InputError(
                        f"{feed.path}: {name}.txt: service {row['service_id']} has the date "
                        f"{row[dates].tolist()}; dates are written YYYYMMDD, from {_YEARS[0]} to {_YEARS[1]}"
                    )
                found[name] = table
    return found


def _is_date(text: str) -> bool:
    """Whether a text is a date of our calendar, as YYYYMMDD; a calendar of millennia would take as long to list."""
    if not re.fullmatch("[0-9]{8}", text) or not _YEARS[0] <= int(text[:4]) <= _YEARS[1]:
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _calls(feed: FeedFiles, trips: pd.DataFrame) -> dict[str, list[_Call]]:
    """Return the calls of each trip, in the order of its stops; those without a time are left out."""
    times = feed.read(
        "stop_times",
        ["trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"],
        optional=["pickup_type", "drop_off_type"],
        where="trip_id",
        among=trips["trip_id"],
    )
    order = pd.to_numeric(times["stop_sequence"], errors="coerce")
    if order.isna().any():
        row = times[order.isna()].iloc[0]
        raise InputError(f"{feed.path}: stop_times.txt: trip {row['trip_id']} has no stop_sequence")
    times = times.assign(stop_sequence=order).sort_values(["trip_id", "stop_sequence"], kind="stable")
    places = _places(feed, times["stop_id"])
    found: dict[str, list[_Call]] = defaultdict(list)
    columns = ("trip_id", "stop_id", "arrival_time", "departure_time", "pickup_type", "drop_off_type")
    for trip, stop, come, go, pickup, drop_off in zip(*(times[name] for name in columns), strict=True):
        arrives, departs = _clock(come), _clock(go)
        if arrives is None and departs is None:
            continue
        if stop not in places:
            raise InputError(
                f"{feed.path}: stop_times.txt: trip {trip} calls at {stop}, which has no place in stops.txt"
            )
        first = departs if arrives is None else arrives
        last = arrives if departs is None else departs
        assert first is not None  # noqa: S101 - one of the two is there
        assert last is not None  # noqa: S101
        found[trip].append(_Call(*places[stop], first, last, pickup, drop_off))
    return dict(found)


def _places(feed: FeedFiles, stops: pd.Series) -> dict[str, tuple[float, float, str]]:
    """Return longitude, latitude and name of stops; one without a place of its own is where its station is."""
    columns, where = ["stop_id", "stop_lon", "stop_lat"], "stop_id"
    more = ["stop_name", "parent_station"]
    table = feed.read("stops", columns, optional=more, where=where, among=stops.unique())
    parents = [parent for parent in table["parent_station"].unique() if parent]
    above = feed.read("stops", columns, optional=more, where=where, among=parents) if parents else table[:0]
    of = {row.stop_id: (row.stop_lon, row.stop_lat) for row in above.itertuples()}
    found = {}
    for row in table.itertuples():
        lon, lat = (row.stop_lon, row.stop_lat) if row.stop_lon else of.get(row.parent_station, ("", ""))
        degrees = pd.to_numeric(pd.Series([lon, lat]), errors="coerce").to_numpy()
        if (np.abs(degrees) <= (180, 90)).all():  # of none, and of a place beyond the earth, it is false
            found[str(row.stop_id)] = float(degrees[0]), float(degrees[1]), str(row.stop_name)
    return found


def _runs(feed: FeedFiles, trips: pd.DataFrame) -> dict[str, list[float]]:
    """Return when each run of the trips begins that run by frequency."""
    if not feed.has("frequencies"):
        return {}
    columns = ["trip_id", "start_time", "end_time", "headway_secs"]
    table = feed.read("frequencies", columns, where="trip_id", among=trips["trip_id"])
    found: dict[str, list[float]] = defaultdict(list)
    together = 0
    for trip, start, stop, headway in zip(*(table[name] for name in columns), strict=True):
        begin, end = _clock(start), _clock(stop)
        step = int(headway) if re.fullmatch("[0-9]{1,7}", headway) else 0
        if begin is not None and end is not None and step > 0:
            runs = range(int(begin), int(end), step)
            together += len(runs)
            if len(runs) > _MOST_RUNS:
                raise InputError(
                    f"{feed.path}: frequencies.txt: trip {trip} would run {len(runs)} times, from {start} to {stop} "
                    f"every {step} seconds; {_MOST_RUNS} are believed"
                )
            if together > _MOST_RUNS_TOGETHER:
                raise InputError(
                    f"{feed.path}: frequencies.txt: ferries would run more than {_MOST_RUNS_TOGETHER:,} times a day"
                )
            found[trip] += [float(at) for at in runs]
    return dict(found)


def _clock(text: str) -> float | None:
    """Return the seconds of H:MM:SS, which may pass 24 hours."""
    parts = _CLOCK.fullmatch(text.strip())
    if parts is None:
        return None
    hours, minutes, seconds = map(int, parts.groups())
    return float(hours * 3600 + minutes * 60 + seconds)
