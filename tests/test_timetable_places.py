"""Real places by hand, and timetables in GTFS. The tables of departures here are for tests, not for travelling."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.network import snap
from geoaccess.osm import read_ferry_table
from geoaccess.routing import attach_departures, day_profile, departures_on, gtfs_departures, nearest_snapped

ROOT = Path(__file__).parents[1]
DAY = dt.date(2019, 5, 15)
# TEST TABLE: Herjólfur much as it sailed in summer, from the town at these hours and back 75 minutes later.
# The long way to Þorlákshöfn is sailed only when Landeyjahöfn is closed.
HERJOLFUR = """name,way_id,from_lon,from_lat,to_lon,to_lat,minutes,motor_vehicle,departures,departures_back,source
Þorlákshöfn,479138550,,,,,,no,,,test table
Herjólfur,,-20.2738,63.4441,-20.1168,63.5309,40,yes,07:00 09:30 12:00 14:30 17:00 19:30 22:00,\
08:15 10:45 13:15 15:45 18:15 20:45 23:15,test table
"""
OUT = (7, 9.5, 12, 14.5, 17, 19.5, 22)


@pytest.fixture(scope="module")
def herjolfur(tmp_path_factory):
    path = tmp_path_factory.mktemp("herjolfur") / "ferries.csv"
    path.write_text(HERJOLFUR, encoding="utf-8")
    # The lanes where cars queue for the boat at Landeyjahöfn are tagged as a drive-through: they must be open.
    text = (ROOT / "configs/profiles/car.toml").read_text(encoding="utf-8").replace(', "drive-through"]', "]")
    profile = path.with_name("car.toml")
    profile.write_text(text, encoding="utf-8")
    network = ga.read_osm(ROOT / "data/iceland/iceland-2019.osm.pbf", profile=profile, ferries=path)
    departures, left = departures_on(read_ferry_table(path), network.ferries, DAY)
    assert left == {"Þorlákshöfn": "takes no cars"}
    return network, attach_departures(network, departures)


def points(**places):
    lon, lat = zip(*places.values(), strict=True)
    return gpd.GeoSeries.from_xy(lon, lat, index=list(places), crs="EPSG:4326")


def test_the_day_of_vestmannaeyjar_by_hand(herjolfur):
    network, sailed = herjolfur
    cells = snap(network, points(town=(-20.268, 63.440), quay=(-20.2738, 63.4441)))
    far = snap(network, points(selfoss=(-20.997, 63.933)))
    beyond = snap(network, points(landing=(-20.1168, 63.5309)))
    # The legs on land, from the static network: town to its quay, and the landing to Selfoss.
    first = nearest_snapped(sailed.roads, cells.loc[["town"]], cells.loc[["quay"]], k=1)["travel_time_s"].item()
    last = nearest_snapped(sailed.roads, beyond, far, k=1)["travel_time_s"].item()
    first -= cells.loc["quay", "off_network_m"] * 3.6 / 5  # the boat is on the road itself
    last -= beyond["off_network_m"].item() * 3.6 / 5
    norm = 3 * 3600.0
    figures = day_profile(cells, far, sailed, norms_s=[norm]).loc["town"]
    door = first + 40 * 60 + last
    leave = np.array([hour * 3600 - first for hour in OUT])
    assert 0 < first < 600
    assert 3000 < last < 6000
    gaps = np.diff(leave, append=leave[0] + 86400)
    spans = [(0, leave[0]), *((0, gap) for gap in gaps[:-1]), (gaps[-1] - (86400 - leave[-1]), gaps[-1])]
    mean = door + sum((high**2 - low**2) / 2 for low, high in spans) / 86400
    # Legs are measured to the quay and from it with points that snap within a step of the edge's own end.
    assert figures["mean_s"] == pytest.approx(mean, abs=20)
    assert figures["worst_s"] == pytest.approx(9 * 3600 + door, abs=20)
    assert figures["longest_gap_s"] == 9 * 3600
    assert figures["gap_begins_s"] == pytest.approx(leave[-1], abs=20)
    assert figures["departures"] == 7
    slack = norm - door
    assert figures["share_within_10800s"] == pytest.approx(sum(min(gap, slack) for gap in gaps) / 86400, abs=2e-3)
    assert np.isinf(figures["by_land_s"])


def test_of_a_whole_country_only_the_island_waits_for_the_boat(herjolfur, data):
    network, sailed = herjolfur
    cells = ga.read_cells(data / "iceland/population_1km_2018.csv", x="x_3035", y="y_3035", anchor="lower_left")
    snapped = snap(network, cells, min_component_m=5000)
    sites = snap(network, points(selfoss=(-20.997, 63.933), akureyri=(-18.09, 65.68)))
    figures = day_profile(snapped, sites, sailed, norms_s=[3600])
    bound = figures["departures"] > 0
    here = snapped.loc[bound]
    assert here["lat"].between(63.39, 63.46).all()  # Heimaey, and nobody else
    assert cells["population"][bound].sum() == pytest.approx(4300, abs=400)
    rest = figures[~bound & np.isfinite(figures["by_land_s"])]
    assert (rest["mean_s"] == rest["by_land_s"]).all()
    # The other way round, from the sites to the people, by the boats back.
    ambulance = day_profile(snapped, sites, sailed, direction="to_people").loc[bound]
    assert np.isfinite(ambulance["worst_s"]).all()
    assert (ambulance["longest_gap_s"] == 9 * 3600).all()


@pytest.fixture
def feed(tmp_path):
    """A feed with a ferry of three stops on weekdays, one by frequency, and a bus."""
    tables = {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\nx,Test,http://127.0.0.1,UTC",
        "stops": "stop_id,stop_name,stop_lat,stop_lon\nA,A,60.0,10.0\nB,B,60.1,10.0\nC,C,60.2,10.0",
        "routes": (
            "route_id,agency_id,route_short_name,route_long_name,route_type\n"
            "F,x,1,Coast boat,4\nG,x,2,,1000\nH,x,3,Bus,3"
        ),
        "calendar": (
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
            "W,1,1,1,1,1,0,0,20260101,20261231"
        ),
        "trips": "route_id,service_id,trip_id\nF,W,f1\nF,W,f2\nG,W,g\nH,W,h",
        "stop_times": (
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            "f1,07:00:00,07:00:00,A,1\nf1,07:30:00,07:40:00,B,2\nf1,08:00:00,08:00:00,C,3\n"
            "f2,24:30:00,24:30:00,B,1\nf2,25:00:00,25:00:00,A,2\n"
            "g,06:00:00,06:00:00,A,1\ng,06:20:00,06:20:00,B,2\nh,06:00:00,06:00:00,A,1\nh,06:20:00,06:20:00,B,2"
        ),
        "frequencies": "trip_id,start_time,end_time,headway_secs\ng,10:00:00,11:00:00,1800",
    }
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.txt", text + "\n")
    return path


def test_departures_from_gtfs(feed):
    found = gtfs_departures(feed, dt.date(2026, 1, 14), days=1)  # a Wednesday
    boat = found[found["ferry"] == "Coast boat"].sort_values(["departs_s", "arrives_s"])
    legs = boat[["from_lat", "to_lat", "departs_s", "arrives_s"]].to_numpy().tolist()
    assert legs == [
        [60.1, 60.0, 1800, 3600],  # Tuesday's, after midnight
        [60.0, 60.1, 25200, 27000],
        [60.0, 60.2, 25200, 28800],  # who stays on board
        [60.1, 60.2, 27600, 28800],
        [60.1, 60.0, 88200, 90000],
    ]
    other = found[found["ferry"] == "2"]
    assert sorted(other["departs_s"]) == [36000, 37800]
    assert len(found) == 7
    assert gtfs_departures(feed, dt.date(2026, 1, 18), days=1).empty  # Sunday


def test_feeds_that_do_not_serve(feed, tmp_path):
    with pytest.raises(InputError, match="its calendar does not hold 20270101; it holds 20260101 to 20261231"):
        gtfs_departures(feed, dt.date(2027, 1, 1))
    (tmp_path / "no.zip").write_bytes(b"no")
    with pytest.raises(InputError, match="cannot be read as GTFS"):
        gtfs_departures(tmp_path / "no.zip", DAY)
    with pytest.raises(FileNotFoundError, match="ferry_gtfs"):
        gtfs_departures(tmp_path / "absent.zip", DAY)
    with zipfile.ZipFile(feed) as old, zipfile.ZipFile(tmp_path / "bus.zip", "w") as new:
        buses = pd.read_csv(old.open("routes.txt")).assign(route_type=3)
        for name in old.namelist():
            new.writestr(name, buses.to_csv(index=False) if name == "routes.txt" else old.read(name))
    with pytest.raises(InputError, match="no route of this feed is a ferry"):
        gtfs_departures(tmp_path / "bus.zip", dt.date(2026, 1, 14))
