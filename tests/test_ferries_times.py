"""How long crossings take and how long people wait, by hand from the tags and the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from osm_writer import write_osm
from test_ferries_reading import CARS, KM, ROAD, build, ferries_of, rules

import geoaccess as ga
from geoaccess.osm import read_ferry_table, read_profile, write_ferry_table
from geoaccess.osm.ferry_times import usual_crossing_s, wait_s

ROOT = Path(__file__).parents[1]
CAR = read_profile(ROOT / "configs" / "profiles" / "car.toml")
# A road on each side of a strait from south to north; ends of boats at 2 and 5.
ROADS = {101: ([1, 2], ROAD), 102: ([5, 6], ROAD)}


def strait(km):
    """Return nodes of two shores so many km apart, with a place in the middle of the strait."""
    return {
        1: (10, 60),
        2: (10.1, 60),
        3: (10.1, 60 + km / 2 * KM),
        5: (10.1, 60 + km * KM),
        6: (10.2, 60 + km * KM),
    }


@pytest.mark.parametrize(("km", "duration", "minutes"), [(0.2, "00:10", 10), (1, "00:20", 20), (0.1, "5", 5)])
def test_short_ferries_take_as_long_as_they_say(tmp_path, km, duration, minutes):
    found = ferries_of(tmp_path, strait(km), ROADS | {201: ([2, 3, 5], CARS | {"duration": duration})})
    assert found.loc[201, "crossing_s"] == pytest.approx(minutes * 60)


def test_five_hours_for_eight_hundred_metres_are_not_believed(tmp_path):
    found = ferries_of(tmp_path, strait(0.8), ROADS | {201: ([2, 3, 5], CARS | {"duration": "5:00"})})
    assert found.loc[201, "crossing_s"] == pytest.approx((6.7 + 0.8 * 2.5) * 60, rel=0.01)


@pytest.mark.parametrize("named", [{}, {"name": "M"}])
def test_one_duration_on_the_relation_and_on_each_piece_is_one(tmp_path, named):
    """Half of 35 minutes for each half, though 35 minutes for 0.75 km are not impossible."""
    piece = CARS | {"duration": "00:35"} | named
    relation = {301: ([201, 202], {"type": "route", "route": "ferry", "duration": "00:35"})}
    found = ferries_of(tmp_path, strait(1.5), ROADS | {201: ([2, 3], piece), 202: ([3, 5], piece)}, relation)
    assert found["crossing_s"].tolist() == pytest.approx([17.5 * 60] * 2, rel=0.01)


def test_legs_that_take_as_long_as_each_other_take_it_each(tmp_path):
    """Two legs of 9 km from quay to quay: 30 minutes each are usual, 15 would be 36 km/h."""
    leg = CARS | {"duration": "00:30", "name": "M"}
    nodes = strait(18) | {4: (10.2, 60 + 9 * KM)}
    roads = ROADS | {103: ([3, 4], ROAD)}
    found = ferries_of(tmp_path, nodes, roads | {201: ([2, 3], leg), 202: ([3, 5], leg)})
    assert found["crossing_s"].tolist() == [1800, 1800]


def test_boats_of_one_name_that_do_not_follow_each_other_are_several_crossings(tmp_path):
    nodes = strait(9) | {4: (10.12, 60 + 4.5 * KM)}
    tags = CARS | {"duration": "00:20", "name": "M"}
    found = ferries_of(tmp_path, nodes, ROADS | {201: ([2, 3, 5], tags), 202: ([2, 4, 5], tags)})
    assert found["crossing_s"].tolist() == [1200, 1200]


def test_what_is_a_span_of_times_takes_its_middle_and_says_so(tmp_path):
    found = ferries_of(tmp_path, strait(20), ROADS | {201: ([2, 3, 5], CARS | {"duration": "01:00-01:30"})}).loc[201]
    assert found["crossing_s"] == 75 * 60
    assert 'the middle of "01:00-01:30"' in found["note"]


def test_without_a_duration_manoeuvring_counts_once_per_crossing_and_at_every_call(tmp_path):
    """Parts that meet at sea share one leaving and one coming; a call on the way is another of both."""
    whole = ferries_of(tmp_path, strait(10), ROADS | {201: ([2, 3, 5], CARS)})["crossing_s"].sum()
    parts = ferries_of(tmp_path, strait(10), ROADS | {201: ([2, 3], CARS), 202: ([3, 5], CARS)})["crossing_s"].sum()
    nodes, island = strait(10) | {4: (10.2, 60 + 5 * KM)}, {103: ([3, 4], ROAD)}
    call = ferries_of(tmp_path, nodes, ROADS | island | {201: ([2, 3, 5], CARS)})["crossing_s"].sum()
    assert [whole, parts, call] == pytest.approx([(6.7 + 25) * 60, (6.7 + 25) * 60, (2 * 6.7 + 25) * 60], rel=0.01)


def test_the_rule_fits_the_ferries_of_troms_as_it_says():
    """The mean and largest errors that the profile states, and the crossings that the old rule made too quick."""
    network = ga.read_osm(ROOT / "data/troms/troms-modelled.osm.pbf", ferries=ROOT / "data/troms/ferries.csv")
    boats = network.ferries[network.ferries["cars"]].set_index("name")
    minutes = pd.read_csv(ROOT / "data/troms/ferries.csv").set_index("name")["minutes"].reindex(boats.index)
    usual = boats["length_m"].map(lambda metres: usual_crossing_s(metres, 2, CAR.ferry) / 60)
    assert len(boats) == 19
    assert (usual - minutes).abs().mean() == pytest.approx(2.5, abs=0.05)
    assert (usual - minutes).abs().max() == pytest.approx(5.9, abs=0.05)
    slope, start = np.polyfit(boats["length_m"] / 1000, minutes, 1)
    assert (start, slope) == (pytest.approx(CAR.ferry.manoeuvre_min, abs=1), pytest.approx(2.5, abs=0.1))
    assert usual["Lødingen-Bognes"] == pytest.approx(60, abs=2)
    assert usual["Bognes-Skarberget"] == pytest.approx(25, abs=3)


def table(tmp_path, **row):
    path = tmp_path / "ferries.csv"
    write_ferry_table(path, [{"way_id": 201} | row])
    return path


@pytest.mark.parametrize(
    ("row", "headway_h"),
    [
        ({"days": "Mo,We,Fr"}, 56),
        ({"departures": "Mo,We,Fr 10:00"}, 56),
        ({"departures_per_day": 0.5}, 48),
        ({"departures_per_day": 1}, 24),
        ({"headway_min": 90}, 1.5),
        ({"departures": "Mo-Fr 07:00 09:00 11:00"}, 2),
    ],
)
def test_the_headway_of_rare_boats(tmp_path, row, headway_h):
    assert read_ferry_table(table(tmp_path, **row))[0].headway_s == headway_h * 3600


def test_three_sailings_a_week_give_both_waits(tmp_path):
    """Planned: a quarter of an hour before the sailing, or what the check-in demands; unplanned: half of 56 hours."""
    path = tmp_path / "extract.osm"
    build(tmp_path, strait(9), ROADS | {201: ([2, 3, 5], CARS | {"duration": "00:30"})})
    for check_in, planned_min in (("", 15), (30, 30)):
        network = ga.read_osm(path, ferries=table(tmp_path, days="Mo,We,Fr", check_in_min=check_in))
        boat = network.ferries.iloc[0]
        assert boat["wait_s"] == boat["wait_planned_s"] == planned_min * 60
        assert boat["wait_unplanned_s"] == 28 * 3600
        assert f"planned {planned_min} min, unplanned 1680 min" in boat["note"]
    assert wait_s(56 * 3600, rules(wait="unplanned").ferry) == 28 * 3600
    assert wait_s(56 * 3600, rules(wait="planned").ferry, check_in_s=1800) == 1800
    assert wait_s(20 * 60, CAR.ferry, check_in_s=1800) == 1800, "nobody drives on board after the check-in"


def test_days_in_the_opening_hours_of_a_boat_are_its_sailings(tmp_path):
    boat = CARS | {"opening_hours": "Mo,Th", "duration": "00:30"}
    found = ferries_of(tmp_path, strait(9), ROADS | {201: ([2, 3, 5], boat)}).loc[201]
    assert found["headway_s"] == 3.5 * 86400
    daily = ferries_of(tmp_path, strait(9), ROADS | {201: ([2, 3, 5], boat | {"opening_hours": "Mo-Sa 06:00-22:00"})})
    assert np.isnan(daily.loc[201, "headway_s"])


def test_a_way_that_two_relations_share_takes_its_part_of_the_duration_of_each(tmp_path):
    nodes = [(1, 10.0, 60.0), (2, 10.1, 60.0), (3, 10.2, 60.0), (4, 10.3, 60.0), (5, 10.1, 60.1), (6, 10.0, 60.1)]
    boat = {"route": "ferry"}
    ways = [
        (1, [1, 2], {"highway": "primary"}),
        (2, [3, 4], {"highway": "primary"}),
        (3, [6, 5], {"highway": "primary"}),
        (8, [5, 2], boat),
        (9, [2, 3], boat),
    ]
    about = {"type": "route", "route": "ferry", "motor_vehicle": "yes", "duration": "00:30"}
    relations = [(50, [("w", 9, "")], about), (51, [("w", 8, ""), ("w", 9, "")], about)]
    ferries = ga.read_osm(write_osm(tmp_path / "sea.osm", nodes, ways, relations)).ferries
    lines = ferries.set_index(["relation_id", "way_id"])
    assert lines.loc[(50, 9), "note"] == "duration as tagged on the relation"
    assert lines.loc[(50, 9), "crossing_s"] == pytest.approx(30 * 60)
    assert lines.loc[51, "crossing_s"].sum() == pytest.approx(30 * 60)
    assert lines.loc[51].index.tolist() == [8, 9]
