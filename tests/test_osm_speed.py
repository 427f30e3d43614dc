"""How fast one drives: limits as the OpenStreetMap wiki spells them, and the laws of the Nordic countries."""

from __future__ import annotations

import pytest

from geoaccess.osm import find_profile, read_profile, read_way
from geoaccess.osm.speed import posted_limit

CAR = read_profile(find_profile("car"))
WINTER = read_profile(find_profile("car_winter"))
AMBULANCE = read_profile(find_profile("ambulance"))
SSB = read_profile(find_profile("ssb"))
MILE = 1.609344

LIMITS = [
    ("50", 50),
    (" 50 ", 50),
    ("50 km/h", 50),
    ("50km/h", 50),
    ("50 kmh", 50),
    ("50 kph", 50),
    ("50.5", 50.5),
    ("50,5", 50.5),
    ("30 mph", 30 * MILE),
    ("30mph", 30 * MILE),
    ("30 MPH", 30 * MILE),
    ("70 mph", 70 * MILE),
    ("10 knots", 18.52),
    ("10 kn", 18.52),
    ("none", None),  # not on a primary road
    ("walk", 7),
    ("NO:urban", 50),
    ("NO:rural", 80),
    ("NO:motorway", 110),
    ("no:urban", 50),
    ("NO:Urban", 50),
    ("NO:30", 30),
    ("NO:zone30", 30),
    ("NO:zone:30", 30),
    ("zone30", 30),
    ("zone:30", 30),
    ("DE:zone:30", 30),
    ("DE:zone30", 30),
    ("IS:urban", 50),
    ("IS:rural", 90),
    ("IS:zone30", 30),
    ("SE:urban", 50),
    ("SE:rural", 70),
    ("SE:motorway", 110),
    ("DK:urban", 50),
    ("DK:rural", 80),
    ("DK:motorway", 130),
    ("FI:urban", 50),
    ("FI:rural", 80),
    ("FI:motorway", 120),
    ("DE:rural", 100),
    ("GB:nsl_single", 60 * MILE),
    ("GB:nsl_dual", 70 * MILE),
    ("GB:zone20", 20 * MILE),
    ("GB:20", 20 * MILE),
    ("XX:30", 30),
    ("XX:urban", 50),
    ("RO:rural", 90),
    ("80;60", 60),
    ("60;80", 60),
    ("80|60", 60),
    ("20 mph;GB:zone20", 20 * MILE),
    ("signals", None),
    ("variable", None),
    ("fast", None),
    ("", None),
    ("0", None),
    ("-50", None),
    ("50 parsecs", None),
    ("national", None),
    ("5 0", None),
    ("FR:unknown", None),
]


@pytest.mark.parametrize(("text", "kph"), LIMITS)
def test_the_spelling_of_limits(text, kph):
    limit = posted_limit({"highway": "primary", "maxspeed": text}, CAR)
    if kph is None:
        assert limit.source == ""
    else:
        assert limit.kph == pytest.approx(kph, abs=0.01)


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"maxspeed": "60"}, 60, 60),
        ({"maxspeed:forward": "60", "maxspeed": "80"}, 60, 80),
        ({"maxspeed:backward": "40", "maxspeed": "60"}, 60, 40),
        ({"maxspeed:forward": "50", "maxspeed:backward": "70"}, 50, 70),
        ({"maxspeed:forward": "30 mph", "maxspeed": "50"}, 30 * MILE, 50),
        ({"maxspeed": "80", "maxspeed:motorcar": "60"}, 60, 60),
        ({"maxspeed": "80", "maxspeed:hgv": "60"}, 80, 80),
        ({"maxspeed": "80", "maxspeed:advisory": "50"}, 50, 50),
        ({"maxspeed": "50", "maxspeed:advisory": "80"}, 50, 50),
        ({"maxspeed": "80", "maxspeed:advisory:forward": "40"}, 40, 80),
        ({"maxspeed": "signals", "maxspeed:type": "NO:urban"}, 50, 50),
        ({"zone:maxspeed": "NO:30"}, 30, 30),
        ({"zone:maxspeed": "30"}, 30, 30),
        ({"maxspeed:type": "NO:rural"}, 80, 80),
        ({"source:maxspeed": "NO:urban"}, 50, 50),
        ({"zone:traffic": "NO:urban"}, 50, 50),
        ({"maxspeed": "70", "source:maxspeed": "NO:urban"}, 70, 70),
        ({"maxspeed:type": "IS:rural", "surface": "asphalt"}, 90, 90),
        ({"maxspeed": "30", "maxspeed:type": "sign"}, 30, 30),
        ({"maxspeed": "90", "surface": "asphalt"}, 90, 90),
        ({"maxspeed": "110", "maxspeed:lanes": "80|110"}, 110, 110),
        ({"maxspeed": "50", "traffic_calming": "table"}, 50, 50),
        ({"maxspeed": "3"}, 80, 80),  # nobody limits a trunk road to walking pace
        ({"maxspeed": "none"}, 130, 130),
        ({"maxspeed": "200"}, 130, 130),
    ],
)
def test_the_speed_driven_on_a_trunk_road(tags, forward, backward):
    road = read_way({"highway": "trunk", **tags}, CAR)
    assert (road.forward_kph, road.backward_kph) == (
        pytest.approx(forward, abs=0.01),
        pytest.approx(backward, abs=0.01),
    )


def test_the_law_of_iceland_knows_gravel():
    limit = posted_limit({"highway": "trunk", "maxspeed:type": "IS:rural", "surface": "gravel"}, CAR)
    assert limit.kph == 80
    assert posted_limit({"highway": "trunk", "maxspeed": "NO:rural", "surface": "gravel"}, CAR).kph == 80


@pytest.mark.parametrize(
    ("slower", "faster"),
    [
        ("surface=gravel", "surface=asphalt"),
        ("surface=dirt", "surface=gravel"),
        ("surface=mud", "surface=dirt"),
        ("surface=asphalt;gravel", "surface=asphalt"),
        ("tracktype=grade5", "tracktype=grade3"),
        ("tracktype=grade3", "tracktype=grade1"),
        ("smoothness=very_bad", "smoothness=bad"),
        ("smoothness=bad", "smoothness=good"),
        ("lanes=1", "lanes=2"),
        ("width=2.2", "width=3.2"),
        ("width=3.2", "width=7"),
        ("ford=yes", "ford=no"),
        ("4wd_only=recommended", "4wd_only=no"),
    ],
)
def test_worse_roads_are_slower(slower, faster):
    def kph(text):
        return read_way({"highway": "primary", "maxspeed": "80", **dict([text.split("=")])}, CAR).forward_kph

    assert 0 < kph(slower) < kph(faster) <= 80


def test_a_single_lane_in_one_direction_is_a_whole_road():
    assert read_way({"highway": "primary", "maxspeed": "80", "lanes": "1", "oneway": "yes"}, CAR).forward_kph == 80


def test_main_roads_are_faster_than_small_ones():
    speeds = [
        read_way({"highway": name}, CAR).forward_kph
        for name in (
            "motorway",
            "trunk",
            "secondary",
            "tertiary",
            "unclassified",
            "residential",
            "service",
            "living_street",
        )
    ]
    assert speeds == sorted(speeds, reverse=True)


def test_cars_crawl_where_people_walk():
    for name in ("pedestrian", "path", "footway", "cycleway"):
        assert read_way({"highway": name, "motor_vehicle": "yes", "maxspeed": "80"}, CAR).forward_kph <= 30


@pytest.mark.parametrize("limit", ["30", "50", "60", "80", "90", "110"])
def test_profiles_differ_as_they_should(limit):
    tags = {"highway": "trunk", "maxspeed": limit}
    car, winter, ambulance, ssb = (read_way(tags, of).forward_kph for of in (CAR, WINTER, AMBULANCE, SSB))
    assert winter < car == float(limit)
    assert ssb == pytest.approx(0.87 * float(limit))
    # Urgent runs are faster than the limit but on the smallest streets (Pappinen and Nordquist 2022).
    assert (ambulance > car) == (float(limit) > 30)


def test_statistics_norway_knows_no_surface():
    tags = {"highway": "secondary", "maxspeed": "80", "surface": "gravel", "lanes": "1", "tracktype": "grade3"}
    assert read_way(tags, SSB).forward_kph == pytest.approx(0.817 * 80)
