"""Barriers, fords and signals on the way: who passes, by the wiki's meaning of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.osm import find_profile, read_node, read_profile

CAR = read_profile(find_profile("car"))
AMBULANCE = read_profile(find_profile("ambulance"))

NODES = [
    *(
        (f"barrier={name}", "open")
        for name in (
            "gate",
            "lift_gate",
            "swing_gate",
            "sliding_gate",
            "hampshire_gate",
            "bump_gate",
            "cattle_grid",
            "border_control",
            "toll_booth",
            "entrance",
            "height_restrictor",
            "kerb",
            "no",
            "sally_port",
        )
    ),
    *(
        (f"barrier={name}", "closed")
        for name in (
            "bollard",
            "block",
            "chain",
            "cycle_barrier",
            "motorcycle_barrier",
            "stile",
            "kissing_gate",
            "turnstile",
            "jersey_barrier",
            "log",
            "debris",
            "wall",
            "fence",
            "hedge",
            "ditch",
            "horse_stile",
            "stones",
            "rocks",
            "bus_trap",
            "sump_buster",
            "yes",
        )
    ),
    ("barrier=something_new", "open"),
    ("barrier=gate access=private", "restricted"),
    ("barrier=gate access=no", "closed"),
    ("barrier=gate access=yes", "open"),
    ("barrier=gate access=customers", "restricted"),
    ("barrier=gate motor_vehicle=no", "closed"),
    ("barrier=gate motor_vehicle=private", "restricted"),
    ("barrier=gate vehicle=forestry", "closed"),
    ("barrier=gate access=no motor_vehicle=yes", "open"),
    ("barrier=gate access=unknown", "open"),
    ("barrier=gate foot=yes bicycle=yes", "open"),
    ("barrier=gate locked=yes", "closed"),
    ("barrier=gate locked=no", "open"),
    ("barrier=lift_gate locked=yes access=private", "closed"),
    ("barrier=lift_gate access=destination", "restricted"),
    ("barrier=lift_gate access=permit", "restricted"),
    ("barrier=swing_gate motorcar=no", "closed"),
    ("barrier=bollard motor_vehicle=yes", "open"),
    ("barrier=bollard access=yes", "open"),
    ("barrier=bollard access=private", "restricted"),
    ("barrier=bollard bicycle=yes foot=yes", "closed"),
    ("barrier=bollard bollard=rising", "restricted"),
    ("barrier=bollard bollard=removable", "closed"),
    ("barrier=bollard access=no bicycle=yes", "closed"),
    ("barrier=block motor_vehicle=permissive", "open"),
    ("barrier=chain access=private", "restricted"),
    ("barrier=cycle_barrier bicycle=yes", "closed"),
    ("barrier=kerb kerb=raised", "closed"),
    ("barrier=kerb kerb=lowered", "open"),
    ("barrier=height_restrictor maxheight=1.8", "closed"),
    ("barrier=height_restrictor maxheight=2.2", "open"),
    ("barrier=entrance maxwidth=1.2", "closed"),
    ("barrier=gate;cattle_grid", "open"),
    ("barrier=bollard;gate", "closed"),
    ("ford=yes", "open"),
    ("ford=stepping_stones", "closed"),
    ("ford=yes motor_vehicle=no", "closed"),
    ("highway=traffic_signals", "open"),
    ("highway=crossing motor_vehicle=no", "open"),
    ("highway=bus_stop access=private", "open"),
    ("amenity=parking_entrance access=private", "open"),
    ("access=no", "closed"),
    ("natural=tree", "open"),
    ("", "open"),
]


def tags_of(text):
    return dict(part.split("=", 1) for part in text.split())


@pytest.mark.parametrize(("text", "expected"), NODES)
def test_who_passes(text, expected):
    assert read_node(tags_of(text), CAR).passable == expected


@pytest.mark.parametrize(
    "text",
    [
        "highway=traffic_signals",
        "highway=stop",
        "highway=give_way",
        "highway=mini_roundabout",
        "barrier=gate",
        "barrier=lift_gate",
        "barrier=toll_booth",
        "barrier=cattle_grid",
        "traffic_calming=hump",
        "ford=yes",
        "railway=level_crossing",
        "highway=crossing crossing=traffic_signals",
    ],
)
def test_what_takes_time(text):
    rule = read_node(tags_of(text), CAR)
    assert 0 < rule.delay_s <= 60
    assert text.split()[0].split("=")[0] in rule.reason or "crossing" in rule.reason


def test_what_takes_none():
    assert read_node({"highway": "street_lamp"}, CAR).delay_s == 0
    assert read_node({"barrier": "bollard"}, CAR).delay_s == 0


def test_a_gate_takes_longer_than_a_cattle_grid_and_the_greatest_of_two_counts():
    gate, grid = read_node({"barrier": "gate"}, CAR).delay_s, read_node({"barrier": "cattle_grid"}, CAR).delay_s
    assert read_node({"barrier": "gate;cattle_grid"}, CAR).delay_s == gate > grid


def test_an_ambulance_opens_more_and_waits_less():
    assert read_node({"barrier": "bollard", "emergency": "yes"}, AMBULANCE).passable == "open"
    assert read_node({"barrier": "bollard", "emergency": "yes"}, CAR).passable == "closed"
    assert read_node({"barrier": "gate", "access": "private"}, AMBULANCE).passable == "open"
    assert (
        read_node({"highway": "traffic_signals"}, AMBULANCE).delay_s
        < read_node({"highway": "traffic_signals"}, CAR).delay_s
    )


def test_a_new_barrier_is_reported():
    rule = read_node({"barrier": "force_field"}, CAR)
    assert rule.unknown == ("barrier=force_field",)
    assert "not known" in rule.reason


@given(st.dictionaries(st.sampled_from(sorted(CAR.node_keys)), st.text(max_size=10), max_size=5))
def test_no_node_breaks_the_rules(tags):
    rule = read_node(tags, CAR)
    assert rule.passable in {"open", "restricted", "closed"}
    assert rule.delay_s >= 0
