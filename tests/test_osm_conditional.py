"""Conditions and seasons, decided at a moment; what cannot be decided is counted and read safely."""

from __future__ import annotations

from datetime import datetime

import pytest

from geoaccess.osm import find_profile, read_profile, read_way
from geoaccess.osm.conditional import split_conditions

CAR = read_profile(find_profile("car"))
WINTER = read_profile(find_profile("car_winter"))
AMBULANCE = read_profile(find_profile("ambulance"))
JANUARY = datetime.fromisoformat("2026-01-14T08:00")  # a Wednesday
JULY = datetime.fromisoformat("2026-07-14T12:00")
NIGHT = datetime.fromisoformat("2026-07-14T23:00")
SUNDAY = datetime.fromisoformat("2026-07-12T08:00")


def drives(tags, when=None, profile=CAR):
    road = read_way({"highway": "unclassified", **tags}, profile, when)
    return "closed" if road.closed else "restricted" if road.restricted else "open"


@pytest.mark.parametrize(
    ("tags", "when", "expected"),
    [
        ({"motor_vehicle:conditional": "no @ (Nov-May)"}, JANUARY, "closed"),
        ({"motor_vehicle:conditional": "no @ (Nov-May)"}, JULY, "open"),
        ({"motor_vehicle:conditional": "no @ (Nov-May)"}, None, "open"),
        ({"access:conditional": "no @ Oct 15-May 1"}, JANUARY, "closed"),
        ({"access:conditional": "no @ Oct 15 - May 1"}, JANUARY, "closed"),
        ({"access:conditional": "no @ (Oct 15 - May 1)"}, JULY, "open"),
        ({"access:conditional": "no@(Nov-May)"}, JANUARY, "closed"),
        ({"access": "no", "access:conditional": "yes @ (Jun-Sep)"}, JULY, "open"),
        ({"access": "no", "access:conditional": "yes @ (Jun-Sep)"}, JANUARY, "closed"),
        (
            {"access": "no", "access:conditional": "yes @ (Jun-Sep)"},
            None,
            "open",
        ),  # the season of the profile is summer
        ({"motor_vehicle:conditional": "no @ winter"}, JANUARY, "closed"),
        ({"motor_vehicle:conditional": "no @ winter"}, JULY, "open"),
        ({"motor_vehicle:conditional": "no @ (22:00-06:00)"}, NIGHT, "closed"),
        ({"motor_vehicle:conditional": "no @ (22:00-06:00)"}, JULY, "open"),
        ({"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-09:00)"}, JANUARY, "closed"),
        ({"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-09:00)"}, SUNDAY, "open"),
        ({"motor_vehicle:conditional": "no @ (Mo-Fr 07:00-09:00); no @ (Su)"}, SUNDAY, "closed"),
        ({"motor_vehicle:conditional": "no @ (Mo-Su); yes @ (Su)"}, SUNDAY, "open"),  # the last that holds decides
        ({"motor_vehicle:conditional": "no @ Mo-Fr 07:00-09:00; Su"}, SUNDAY, "closed"),
        ({"motor_vehicle:conditional": "destination @ (Mo-Fr 07:00-09:00)"}, JANUARY, "restricted"),
        ({"motor_vehicle": "private", "motor_vehicle:conditional": "yes @ (Jul)"}, JULY, "open"),
        # the particular key before the general, conditional or not
        ({"access:conditional": "no @ (Jan)", "motor_vehicle": "yes"}, JANUARY, "open"),
        ({"access": "yes", "motorcar:conditional": "no @ (Jan)"}, JANUARY, "closed"),
        # vehicles and people
        ({"motor_vehicle:conditional": "no @ (weight>3.5)"}, None, "open"),
        ({"motor_vehicle:conditional": "no @ (weight>1.5)"}, None, "closed"),
        ({"motor_vehicle:conditional": "no @ (length>10 AND Mo-Su)"}, JULY, "open"),
        ({"motor_vehicle:conditional": "no @ (width > 1.5 m)"}, None, "closed"),
        ({"access:conditional": "no @ hgv"}, None, "open"),
        ({"access": "no", "access:conditional": "yes @ bus"}, None, "closed"),
        ({"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ delivery"}, None, "restricted"),
        ({"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ destination"}, None, "restricted"),
        ({"motor_vehicle": "no", "motor_vehicle:conditional": "delivery @ (06:00-10:00)"}, JANUARY, "restricted"),
        (
            {"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ (delivery AND 06:00-10:00)"},
            JANUARY,
            "restricted",
        ),
        ({"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ (delivery AND 06:00-10:00)"}, JULY, "closed"),
        # what nobody can decide
        ({"motor_vehicle:conditional": "no @ wet"}, JANUARY, "open"),
        ({"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ dry"}, JANUARY, "closed"),
        ({"motor_vehicle:conditional": "no"}, JANUARY, "open"),
        ({"motor_vehicle:conditional": "no @"}, JANUARY, "open"),
        ({"motor_vehicle:conditional": "@ (Nov-May)"}, JANUARY, "open"),
        ({"motor_vehicle:conditional": "no @ (Nov-"}, JANUARY, "open"),
        ({"motor_vehicle:conditional": ""}, JANUARY, "open"),
        # seasons
        ({"seasonal": "summer"}, JULY, "open"),
        ({"seasonal": "summer"}, JANUARY, "closed"),
        ({"seasonal": "winter"}, JANUARY, "open"),
        ({"seasonal": "winter"}, JULY, "closed"),
        ({"seasonal": "spring;summer;autumn"}, JANUARY, "closed"),
        ({"seasonal": "summer;winter"}, JANUARY, "open"),
        ({"seasonal": "yes"}, JULY, "open"),
        ({"seasonal": "yes"}, JANUARY, "closed"),
        ({"seasonal": "no"}, JANUARY, "open"),
        ({"seasonal": "summer"}, None, "open"),
        ({"seasonal": "winter"}, None, "closed"),
        ({"winter_road": "yes"}, JANUARY, "open"),
        ({"winter_road": "yes"}, JULY, "closed"),
        ({"ice_road": "yes"}, JANUARY, "open"),
        ({"ice_road": "yes"}, None, "closed"),
        ({"snowplowing": "no"}, JANUARY, "closed"),
        ({"snowplowing": "no"}, JULY, "open"),
        ({"snowplowing": "yes"}, JANUARY, "open"),
        ({"winter_service": "no"}, JANUARY, "closed"),
    ],
)
def test_a_road_at_a_moment(tags, when, expected):
    assert drives(tags, when) == expected


@pytest.mark.parametrize("condition", ["wet", "snow", "(Nov-", "some day", "", "( AND )", "(axles > \u00b2)"])
def test_what_cannot_be_decided_is_listed(condition):
    road = read_way({"highway": "unclassified", "access:conditional": f"no @ {condition}"}, CAR, JANUARY)
    assert road.undecided == (f"access:conditional=no @ {condition}",)
    assert "cannot be decided" in road.reason


def test_a_strict_profile_expects_the_worse():
    tags = {"access:conditional": "no @ snow"}
    assert drives(tags, JANUARY) == "open"
    assert drives(tags, JANUARY, WINTER) == "closed"
    assert drives({"access": "no", "access:conditional": "yes @ dry"}, JANUARY, WINTER) == "closed"


def test_the_winter_profile_has_its_own_day():
    assert drives({"access:conditional": "no @ (Nov-May)"}, None, WINTER) == "closed"
    assert drives({"access:conditional": "no @ (Nov-May)"}, JULY, WINTER) == "open"
    assert drives({"seasonal": "summer"}, None, WINTER) == "closed"


def test_emergency_is_a_group():
    tags = {"access": "no", "access:conditional": "yes @ emergency"}
    assert (drives(tags), drives(tags, None, AMBULANCE)) == ("closed", "open")


@pytest.mark.parametrize(
    ("tags", "when", "kph"),
    [
        ({"maxspeed": "80", "maxspeed:conditional": "60 @ (Nov-Mar)"}, JANUARY, 60),
        ({"maxspeed": "80", "maxspeed:conditional": "60 @ (Nov-Mar)"}, JULY, 80),
        ({"maxspeed": "80", "maxspeed:conditional": "60 @ (Nov-Mar)"}, None, 80),
        ({"maxspeed": "80", "maxspeed:conditional": "60 @ wet"}, JANUARY, 80),
        ({"maxspeed": "50", "maxspeed:conditional": "30 @ (Mo-Fr 07:00-17:00)"}, JANUARY, 30),
        ({"maxspeed": "50", "maxspeed:conditional": "30 @ (Mo-Fr 07:00-17:00)"}, SUNDAY, 50),
        ({"maxspeed": "60", "maxspeed:conditional": "80 @ (Jul); 40 @ (weight>3.5)"}, JULY, 80),
        ({"maxspeed:conditional": "30 @ (Jan)"}, JANUARY, 30),
        ({"maxspeed": "80", "maxspeed:forward:conditional": "40 @ (Jan)"}, JANUARY, 40),
    ],
)
def test_speeds_at_a_moment(tags, when, kph):
    assert read_way({"highway": "trunk", **tags}, CAR, when).forward_kph == kph


def test_oneway_at_a_moment():
    tags = {"highway": "residential", "oneway:conditional": "yes @ (Mo-Fr 07:00-09:00)"}
    assert read_way(tags, CAR, JANUARY).backward_kph == 0
    assert read_way(tags, CAR, SUNDAY).backward_kph > 0
    tags = {"highway": "residential", "oneway": "yes", "oneway:conditional": "no @ (Su)"}
    assert read_way(tags, CAR, SUNDAY).backward_kph > 0
    assert read_way(tags, CAR, JANUARY).backward_kph == 0


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("no @ (Nov-May)", [("no", "Nov-May")]),
        ("120 @ (06:00-20:00); 100 @ (22:00-06:00)", [("120", "06:00-20:00"), ("100", "22:00-06:00")]),
        ("no @ (Mo-Fr 07:00-09:00; PH off)", [("no", "Mo-Fr 07:00-09:00; PH off")]),
        ("no @ Mo; Tu", [("no", "Mo; Tu")]),
        ("no", [("no", "")]),
        ("", [("", "")]),
    ],
)
def test_conditions_are_taken_apart(text, pairs):
    assert split_conditions(text) == pairs
