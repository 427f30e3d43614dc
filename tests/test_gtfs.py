"""Ferries in GTFS: which sailings carry a car and can be boarded, on which service days, and no other row is read."""

from __future__ import annotations

import datetime as dt
import zipfile

import numpy as np
import pandas as pd
import pytest

from geoaccess.errors import InputError
from geoaccess.routing import carries_cars, gtfs_departures, read_ferry_feed
from geoaccess.routing.gtfs_tables import FeedFiles

TUESDAY = dt.date(2026, 1, 13)
STOPS = {"H": ("Hansnes", 70.0, 19.6), "S": ("Skåningsbukt", 70.05, 19.9), "K": ("Karlsøya", 70.02, 19.75)}


def feed(path, trips, *, routes, calendar=None, calendar_dates=None, extra="", stop_times_tail=b"", stations=False):
    """Write a feed. `trips`: (route, service, trip, [(stop, arrival, departure, pickup, drop_off), ...])."""
    stops = [f'{key},"{name}",{lat},{lon},' for key, (name, lat, lon) in STOPS.items()]
    if stations:
        stops = [f"{key},{name},,,station{key}" for key, (name, _, _) in STOPS.items()]
        stops += [f"station{key},{name} (station),{lat},{lon}," for key, (name, lat, lon) in STOPS.items()]
    tables = {
        "agency": ["agency_id,agency_name,agency_url,agency_timezone", "x,Test,http://127.0.0.1,Europe/Oslo"],
        "stops": ["stop_id,stop_name,stop_lat,stop_lon,parent_station", *stops],
        "routes": [
            "route_id,agency_id,route_short_name,route_long_name,route_type",
            *(f"{route},x,,{name},{kind}" for route, (name, kind) in routes.items()),
        ],
        "trips": ["route_id,service_id,trip_id,cars_allowed", *(f"{r},{s},{t},{c}" for r, s, t, c, _ in trips)],
        "stop_times": [
            "trip_id,stop_id,stop_sequence,arrival_time,departure_time,pickup_type,drop_off_type,stop_headsign",
            *(
                f"{trip},{stop},{i},{come},{go},{up},{off},x"
                for _, _, trip, _, calls in trips
                for i, (stop, come, go, up, off) in enumerate(calls)
            ),
        ],
    }  # fmt: skip
    if calendar is not None:
        head = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"
        tables["calendar"] = [head, *calendar]
    if calendar_dates is not None:
        tables["calendar_dates"] = ["service_id,date,exception_type", *calendar_dates]
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in tables.items():
            content = ("\ufeff" + "\n".join(lines) + "\n").encode()
            archive.writestr(f"{extra}{name}.txt", content + (stop_times_tail if name == "stop_times" else b""))
    return path


def there(trip, hour, *, route="F", service="D", cars="", stops="HS", pickup="", drop_off=""):
    """Return a trip from the first of some stops to the others, half an hour each."""
    calls = []
    for i, stop in enumerate(stops):
        seconds = round((hour + i / 2) * 3600)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:00"
        calls.append((stop, clock, clock, pickup, drop_off))
    return route, service, trip, cars, calls


DAILY = ["D,1,1,1,1,1,1,1,20260101,20261231"]


def test_route_types_say_who_is_taken():
    with_cars = {1001, 1002, 1003, 1004, 1013}
    without = {1005, 1006, 1007, 1008, 1014, 1015}
    either = {4, 1000, 1200}
    assert {kind for kind in with_cars | without | either if carries_cars(kind)} == with_cars
    assert {kind for kind in with_cars | without | either if carries_cars(kind) is None} == either
    # The trip is more particular than its route.
    assert carries_cars(1004, 2) is False
    assert carries_cars(1008, 1) is True


@pytest.mark.parametrize(
    ("kind", "sails"), [(1004, True), (1013, True), (4, True), (1000, True), (1008, False), (1014, False)]
)
def test_only_sailings_with_cars_are_departures(tmp_path, kind, sails):
    path = feed(tmp_path / "f.zip", [there("t", 8)], routes={"F": ("Hansnes - Skåningsbukt", kind)}, calendar=DAILY)
    found = read_ferry_feed(path)
    table = found.departures(TUESDAY, days=1)
    assert len(table) == int(sails)
    assert table["assumed"].all() == (kind in (4, 1000) or not sails)
    assert bool(found.without_cars) != sails
    assert bool(found.assumed) == (kind in (4, 1000))
    if not sails:
        assert found.without_cars == {"Hansnes - Skåningsbukt": f"1 trip takes no cars (route_type {kind}, f.zip)"}


def test_thirty_passenger_sailings_change_nothing(tmp_path):
    cars = [there(f"c{hour}", hour, route="C") for hour in (7, 12, 17)]
    people = [there(f"p{i}", 6 + i / 2, route="P") for i in range(30)]
    routes = {"C": ("Hansnes - Skåningsbukt", 1004), "P": ("Hansnes - Skåningsbukt", 1014)}
    alone, both = (
        gtfs_departures(feed(tmp_path / f"{len(trips)}.zip", trips, routes=routes, calendar=DAILY), TUESDAY)
        for trips in (cars, [*cars, *people])
    )
    pd.testing.assert_frame_equal(alone.drop(columns="source"), both.drop(columns="source"))
    assert len(alone) == 3 * 8


def test_boarding_and_alighting(tmp_path):
    def calls(*codes):
        times = ("08:00:00", "08:30:00", "09:00:00")
        return [(stop, at, at, up, off) for stop, at, (up, off) in zip("HKS", times, codes, strict=True)]

    trips = [
        ("F", "D", "no boarding at K", "", calls(("0", "0"), ("1", "0"), ("0", "0"))),
        ("F", "D", "no alighting at K", "", calls(("0", "0"), ("0", "1"), ("0", "0"))),
        ("F", "D", "K by phone", "", calls(("", ""), ("2", "3"), ("", ""))),
    ]
    for trip, pairs in zip(trips, ["HK HS", "HS KS", "HK HS KS"], strict=True):
        path = feed(tmp_path / "one.zip", [trip], routes={"F": ("Boat", 1004)}, calendar=DAILY)
        found = gtfs_departures(path, TUESDAY, days=1)
        initials = found["from_name"].str[0] + found["to_name"].str[0]
        assert sorted(initials) == pairs.split()
        booked = initials[found["booked"]].tolist()
        assert sorted(booked) == (["HK", "KS"] if trip[2] == "K by phone" else [])


def test_service_days_as_a_plain_reading_of_the_calendar(tmp_path):
    """Weekdays, added and removed days, hours after midnight: against a plain count over all days."""
    rng = np.random.default_rng(3)
    services = {f"s{i}": rng.integers(0, 2, 7) for i in range(4)}
    spans = {name: (f"202601{rng.integers(1, 10):02}", f"202601{rng.integers(20, 32):02}") for name in services}
    lines = [f"{name},{','.join(map(str, days))},{','.join(spans[name])}" for name, days in services.items()]
    exceptions = [
        (f"s{rng.integers(0, 4)}", f"202601{day:02}", int(rng.integers(1, 3))) for day in range(8, 22) for _ in "ab"
    ]
    exceptions = list({(name, day): (name, day, kind) for name, day, kind in exceptions}.values())
    trips = [there(f"t{i}", float(rng.integers(0, 58)) / 2, service=f"s{i % 4}") for i in range(12)]
    path = feed(
        tmp_path / "f.zip", trips, routes={"F": ("Boat", 1004)}, calendar=lines,
        calendar_dates=[f"{name},{day},{kind}" for name, day, kind in exceptions],
    )  # fmt: skip

    def active(name, date):
        text = date.strftime("%Y%m%d")
        for service, day, kind in exceptions:
            if (service, day) == (name, text):
                return kind == 1
        return bool(services[name][date.weekday()]) and spans[name][0] <= text <= spans[name][1]

    for day in (dt.date(2026, 1, 12), dt.date(2026, 1, 17)):
        expected = []
        for offset in (-1, 0, 1):
            for _, service, _, _, calls in trips:
                if active(service, day + dt.timedelta(days=offset)):
                    hours, minutes, _ = map(int, calls[0][1].split(":"))
                    expected.append(hours * 3600 + minutes * 60 + offset * 86400)
        found = gtfs_departures(path, day, days=2)
        assert sorted(set(found["departs_s"])) == sorted({at for at in expected if at >= 0})


def test_beyond_its_calendar_a_feed_sails_as_in_the_nearest_week(tmp_path):
    calendar = ["W,1,1,1,1,1,0,0,20260105,20260118", "E,0,0,0,0,0,1,1,20260105,20260118"]
    trips = [there("w", 8, service="W"), there("e", 10, service="E"), there("late", 25, service="E")]
    path = feed(tmp_path / "f.zip", trips, routes={"F": ("Boat", 1004)}, calendar=calendar)
    last = gtfs_departures(path, dt.date(2026, 1, 16), days=5)  # a Friday; Monday 19th is beyond the end
    assert last["departs_s"].div(3600).tolist() == [8, 24 + 10, 24 + 25, 48 + 10, 48 + 25, 72 + 8, 96 + 8]
    first = gtfs_departures(path, dt.date(2026, 1, 5), days=1)  # Sunday's boat after midnight, of a week later
    assert first["departs_s"].div(3600).tolist() == [1, 8]


def test_rows_of_buses_are_never_read(tmp_path):
    """Whatever is wrong with them: too many columns, no clock, bytes that are no text, stops that are not there."""
    tail = b"bus1,H,1,08:00:00,08:00:00,0,0,x,y,z,1,2\nbus2\nbus3,\xff\xfe,one,soon,later,9,9,\xc3\n" * 1000
    path = feed(
        tmp_path / "f.zip", [there("t", 8), ("B", "D", "bus1", "", [])], calendar=DAILY, stop_times_tail=tail,
        routes={"F": ("Boat", 1004), "B": ("Bus", 700)},
    )  # fmt: skip
    found = read_ferry_feed(path)
    assert len(found.departures(TUESDAY, days=1)) == 1
    assert [*found.calls] == ["t"]
    assert found.trips["trip_id"].tolist() == ["t"]
    # Rows of ferries are not passed over.
    wrong = feed(
        tmp_path / "g.zip",
        [there("t", 8)],
        routes={"F": ("Boat", 1004)},
        calendar=DAILY,
        stop_times_tail=b"t,S,5,09:00:00\n",
    )
    with pytest.raises(InputError, match="1 rows of ferries have other columns than its header, the first: t,S,5"):
        read_ferry_feed(wrong)


def test_tables_are_read_in_pieces(tmp_path, monkeypatch):
    """However small the pieces are: the same rows as all at once."""
    trips = [there(f"t{i}", 6 + i % 12) for i in range(60)]
    path = feed(tmp_path / "f.zip", trips, routes={"F": ("Boat", 1004)}, calendar=DAILY)
    whole = gtfs_departures(path, TUESDAY)
    monkeypatch.setattr("geoaccess.routing.gtfs_tables._PIECE", 4096)
    pd.testing.assert_frame_equal(gtfs_departures(path, TUESDAY), whole)
    assert len(FeedFiles(path).read("stop_times", ["trip_id"], where="stop_id", among=["S"])) == 60


def test_feeds_packed_in_a_folder_and_stops_in_stations(tmp_path):
    plain = feed(tmp_path / "f.zip", [there("t", 8)], routes={"F": ("Boat", 1004)}, calendar=DAILY)
    packed = feed(tmp_path / "p.zip", [there("t", 8)], routes={"F": ("Boat", 1004)}, calendar=DAILY, extra="feed/")
    inside = feed(tmp_path / "s.zip", [there("t", 8)], routes={"F": ("Boat", 1004)}, calendar=DAILY, stations=True)
    tables = [gtfs_departures(path, TUESDAY).drop(columns="source") for path in (plain, packed, inside)]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"calendar": ["D,1,1,1,1,1,1,1,2026-01-01,20261231"]}, "dates are written YYYYMMDD"),
        ({"routes": {"F": ("Bus", 700)}}, "no route of this feed is a ferry"),
        ({"trips": [("F", "D", "t", "", [("X", "08:00:00", "08:00:00", "", "")])]}, "calls at X, which has no place"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_feed(tmp_path, change, message):
    given = {"trips": [there("t", 8)], "routes": {"F": ("Boat", 1004)}, "calendar": DAILY} | change
    with pytest.raises(InputError, match=message):
        read_ferry_feed(feed(tmp_path / "f.zip", **given))


def test_a_feed_without_a_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("routes.txt", "route_id,route_type\nF,1004\n")
    with pytest.raises(InputError, match=r"no trips\.txt"):
        read_ferry_feed(tmp_path / "f.zip")
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        archive.writestr("routes.txt", "route_id,type\nF,1004\n")
    with pytest.raises(InputError, match=r"routes\.txt has no column route_type"):
        read_ferry_feed(tmp_path / "g.zip")


# What cannot be


@pytest.mark.parametrize(
    "dates",
    [
        "20261399,20261231",
        "20260101,99991231",
        "00010101,20261231",
        "\u0662\u0660\u0662\u06660101,20261231",
        "20260101,2026-12-31",
    ],
)
def test_dates_that_are_none_and_calendars_of_millennia_are_refused(tmp_path, dates):
    path = feed(
        tmp_path / "f.zip", [there("t", 8)], routes={"F": ("A - B", 1004)}, calendar=[f"D,1,1,1,1,1,1,1,{dates}"]
    )
    with pytest.raises(InputError, match="dates are written YYYYMMDD, from 1900 to 2200"):
        read_ferry_feed(path)


def with_frequencies(path, *rows):
    feed(path, [there("t", 8)], routes={"F": ("A - B", 1004)}, calendar=DAILY)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("frequencies.txt", "\n".join(["trip_id,start_time,end_time,headway_secs", *rows, ""]))
    return read_ferry_feed(path)


def test_runs_without_end_are_refused(tmp_path):
    assert with_frequencies(tmp_path / "a.zip", "t,08:00:00,09:00:00,1800").runs == {"t": [28_800.0, 30_600.0]}
    with pytest.raises(InputError, match="trip t would run 3564000 times"):
        with_frequencies(tmp_path / "b.zip", "t,00:00:00,990:00:00,1")
    odd = with_frequencies(tmp_path / "c.zip", "t,00:00:00,9999999:00:00,1", f"t,08:00:00,09:00:00,{'9' * 5000}")
    assert odd.runs == {}
    with pytest.raises(InputError, match=r"ferries would run more than 1,000,000 times a day"):
        with_frequencies(tmp_path / "d.zip", *["t,00:00:00,02:46:40,1"] * 101)


def test_a_row_that_is_too_short_and_no_text_ends_in_the_error_alone(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("sys.unraisablehook", seen.append)
    feed(
        tmp_path / "a.zip", [there("t", 8)], routes={"F": ("A - B", 1004)}, calendar=DAILY, stop_times_tail=b"t,S\xed\n"
    )
    with pytest.raises(InputError, match=r"stop_times\.txt cannot be read"):
        read_ferry_feed(tmp_path / "a.zip")
    assert seen == []


def test_sailings_that_multiply_are_refused(tmp_path):
    """A trip of 1,000 calls is 499,500 sailings from stop to stop; so many on each of five days are not believed."""
    path = feed(tmp_path / "a.zip", [there("t", 8)], routes={"F": ("A - B", 1004)}, calendar=DAILY)
    found = read_ferry_feed(path)
    call = found.calls["t"][0]
    found.calls["t"] = [call._replace(arrives=60.0 * n, departs=60.0 * n) for n in range(1000)]
    day = found.dates[7]
    with pytest.raises(InputError, match=r"would sail 2,497,500 times from one stop to another in 5 days"):
        found.departures(day)


@pytest.mark.parametrize("said", ["inf", "1e308", "-7", "9" * 400, "nan", "3"])
def test_what_a_trip_says_of_cars_in_no_word_of_gtfs_is_not_said(tmp_path, said):
    trips = [there("t", 8, cars=said)]
    found = read_ferry_feed(feed(tmp_path / "f.zip", trips, routes={"F": ("A - B", 1000)}, calendar=DAILY))
    assert found.trips["cars"].tolist() == [None]


def test_a_stop_beyond_the_earth_has_no_place(tmp_path, monkeypatch):
    monkeypatch.setitem(STOPS, "H", ("Far", 999.0, 19.6))
    with pytest.raises(InputError, match="has no place"):
        read_ferry_feed(feed(tmp_path / "f.zip", [there("t", 8)], routes={"F": ("A - B", 1004)}, calendar=DAILY))
