"""Ferries from ways and relations: who boards, how long it takes, how long one waits, and what a way is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import geoaccess as ga
from geoaccess.clock import read_duration_s
from geoaccess.network import EdgeKind
from geoaccess.osm import read_network, read_profile
from geoaccess.osm.ferry_relations import completed
from geoaccess.osm.ferry_times import wait_s

ROOT = Path(__file__).parents[1]
CAR = read_profile(ROOT / "configs" / "profiles" / "car.toml")
KM = 1 / 111.32  # degrees of latitude, near enough


def osm(nodes, ways, relations=()):
    """Return an extract in XML: nodes {id: (lon, lat)}, ways {id: (refs, tags)}, relations {id: (ways, tags)}."""
    out = ['<osm version="0.6">']
    out += [f'<node id="{i}" version="1" lon="{lon:.7f}" lat="{lat:.7f}"/>' for i, (lon, lat) in nodes.items()]
    for kind, things in (("way", ways), ("relation", dict(relations))):
        for i, (refs, tags) in things.items():
            out.append(f'<{kind} id="{i}" version="1">')
            out += [
                f'<nd ref="{ref}"/>' if kind == "way" else f'<member type="way" ref="{ref}" role=""/>' for ref in refs
            ]
            out += [f'<tag k="{k}" v="{v}"/>' for k, v in tags.items()]
            out.append(f"</{kind}>")
    return "\n".join([*out, "</osm>"])


def rules(**changed):
    return CAR.model_copy(update={"ferry": CAR.ferry.model_copy(update=changed)})


ROAD = {"highway": "primary"}
CARS = {"route": "ferry", "motor_vehicle": "yes"}
# Two islands: roads 1-2 in the south and 5-6 in the north; 3 and 4 at sea, 4 km and 6 km from each other and from land.
NODES = {1: (10, 60), 2: (10.1, 60), 3: (10.1, 60 + 4 * KM), 5: (10.1, 60 + 10 * KM), 6: (10.2, 60 + 10 * KM)}
ROADS = {101: ([1, 2], ROAD), 102: ([5, 6], ROAD)}


def build(tmp_path, nodes, ways, relations=(), profile=CAR):
    path = tmp_path / "extract.osm"
    path.write_text(osm(nodes, ways, relations), encoding="utf-8")
    return read_network([path], profile)


def ferries_of(*args, **kwargs):
    return build(*args, **kwargs).ferries.set_index("way_id")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("35", 35), ("00:35", 35), ("1:10:00", 70), ("PT35M", 35), ("P1DT2H", 1560), ("PT1H10M", 70),
        ("35 min", 35), ("35 minutes", 35), ("1 h 10", 70), ("1h10", 70), ("1:10 h", 70), ("1 hour", 60),
        ("2.5 h", 150), ("90 mins", 90), ("01:30-02:00", 105), ("30-60", 45), ("2 days", 2880), ("1 day 2 h", 1560),
        ("1-2 h", 90), ("10 to 20 min", 15),
    ],
)  # fmt: skip
def test_durations_in_every_spelling(text, minutes):
    assert read_duration_s(text) == minutes * 60


@pytest.mark.parametrize("text", ["", "soon", "0", "00:00", "01:75", "15-10", "-5", "P", "PT"])
def test_what_is_no_duration(text):
    assert read_duration_s(text) is None


def test_a_relation_completes_its_ways_and_its_duration_is_shared_by_length(tmp_path):
    ways = ROADS | {201: ([2, 3], {"route": "ferry"}), 202: ([3, 5], {"foot": "yes"})}
    relation = {
        301: ([201, 202], {"type": "route", "route": "ferry", "motor_vehicle": "yes", "duration": "00:50", "name": "M"})
    }
    found = ferries_of(tmp_path, NODES, ways, relation)
    assert found["cars"].all()
    assert (found["kind"] == "car ferry").all()
    assert found["crossing_s"].sum() == pytest.approx(50 * 60)
    assert found.loc[201, "crossing_s"] == pytest.approx(0.4 * 50 * 60, rel=1e-4)
    assert (found["relation_id"] == 301).all()
    assert found["note"].str.contains("shared by length").all()


def test_what_a_way_says_itself_wins_over_its_relation(tmp_path):
    ways = ROADS | {201: ([2, 3, 5], {"route": "ferry", "motor_vehicle": "no", "duration": "00:40"})}
    relation = {301: ([201], {"type": "route", "route": "ferry", "motor_vehicle": "yes", "duration": "00:50"})}
    found = ferries_of(tmp_path, NODES, ways, relation).loc[201]
    assert (found["cars"], found["crossing_s"], found["kind"]) == (False, 2400, "passenger boat")
    assert completed([("foot", "no")], {"foot": "yes"}) == (("foot", "no"), ("route", "ferry"))


def test_of_several_relations_the_one_that_names_cars_counts(tmp_path):
    ways = ROADS | {201: ([2, 3, 5], {"route": "ferry"})}
    relations = {
        301: ([201], {"type": "route", "route": "ferry", "name": "walkers"}),
        302: ([201], {"type": "route", "route": "ferry", "name": "drivers", "motorcar": "yes"}),
    }
    found = ferries_of(tmp_path, NODES, ways, relations).loc[201]
    assert (found["cars"], found["name"], found["relation_id"]) == (True, "drivers", 302)


def test_a_duration_of_a_relation_whose_ways_are_missing_is_not_shared(tmp_path):
    ways = ROADS | {201: ([2, 3, 5], CARS)}
    relation = {301: ([201, 999], {"type": "route", "route": "ferry", "duration": "05:00"})}
    found = ferries_of(tmp_path, NODES, ways, relation).loc[201]
    assert found["crossing_s"] == pytest.approx((6.7 + 2.5 * 10) * 60, rel=1e-2)
    assert "2 ways, 1 of them in the files" in found["note"]


def test_an_absurd_duration_is_replaced_with_a_reason(tmp_path):
    found = ferries_of(tmp_path, NODES, ROADS | {201: ([2, 3, 5], CARS | {"duration": "05:00"})}).loc[201]
    assert found["crossing_s"] == pytest.approx((6.7 + 2.5 * 10) * 60, rel=1e-2)
    assert "means 2.0 km/h, outside 4 to 75" in found["note"]


def test_the_time_of_the_whole_crossing_on_each_of_its_pieces(tmp_path):
    piece = CARS | {"duration": "00:30", "name": "M"}
    nodes = NODES | {7: (10.1, 60 + 0.2 * KM)}
    found = ferries_of(tmp_path, nodes, ROADS | {201: ([2, 7], piece), 202: ([7, 3, 5], piece)})
    assert found.loc[201, "crossing_s"] == pytest.approx(0.02 * 1800, rel=1e-2)


def test_loops_stubs_and_crossings_abroad_are_distinguished(tmp_path):
    nodes = NODES | {7: (10.12, 60 + 2 * KM), 8: (10.1, 60 - 100 * KM)}
    nodes |= {10: (10.08, 60 + 2 * KM), 11: (10.09, 60 + 3 * KM)}
    boat = {"route": "ferry", "motor_vehicle": "yes"}
    ways = ROADS | {
        201: ([2, 10, 11, 2], boat),  # sightseeing
        202: ([2, 8], boat),  # abroad
        203: ([2, 99], boat),  # a node that is not in the file leaves one place: no line at all
        204: ([2, 7, 99], boat),  # cut off
        205: ([5, 7], {"route": "ferry", "foot": "yes"}),  # ends at the place where 204 was cut: touches a ferry
        206: ([2, 3, 5], boat),
        207: ([2, 3], {"route": "ferry"} | {"name": "to the skerry"}),
    }
    found = ferries_of(tmp_path, nodes, ways)
    assert found["kind"].to_dict() == {
        201: "sightseeing loop",
        202: "abroad",
        204: "stub",
        205: "passenger boat",
        206: "car ferry",
        207: "passenger boat",
    }


def test_a_loop_with_no_other_stop_is_listed_and_left_out(tmp_path):
    nodes = NODES | {7: (10.12, 60 + 2 * KM), 8: (10.13, 60 + 3 * KM)}
    network = build(tmp_path, nodes, ROADS | {201: ([2, 7, 8, 2], CARS)})
    assert network.ferries["kind"].tolist() == ["sightseeing loop"]
    assert not np.isin(network.edge_kind, [EdgeKind.FERRY, EdgeKind.BOARDING]).any()


def test_a_ring_that_calls_elsewhere_is_no_loop(tmp_path):
    nodes = NODES | {8: (10.13, 60 + 3 * KM)}
    network = build(tmp_path, nodes, ROADS | {201: ([2, 3, 5, 8, 2], CARS)})
    assert network.ferries["kind"].tolist() == ["car ferry"]
    assert len(set(network.components(EdgeKind.ROAD, EdgeKind.FERRY, EdgeKind.BOARDING))) == 1


def test_an_end_far_from_any_road_is_a_stub(tmp_path):
    found = ferries_of(tmp_path, NODES, ROADS | {201: ([2, 3], CARS)}).loc[201]
    assert found["kind"] == "stub"
    assert "from the nearest road" in found["note"]


def test_an_end_near_a_road_is_joined_and_listed(tmp_path):
    nodes = NODES | {9: (10.1, 60 + 10 * KM - 0.3 * KM)}
    found = ferries_of(tmp_path, nodes, ROADS | {201: ([2, 3, 9], CARS)}).loc[201]
    assert (found["kind"], found["joined"]) == ("car ferry", 1)
    assert "1 end joined" in found["note"]


@pytest.mark.parametrize(
    ("mode", "headway_min", "expected_min"),
    [
        ("none", 60, 0), ("ssb", 60, 0), ("emergency", 60, 15), ("emergency", None, 15),
        ("unplanned", 20, 10), ("unplanned", 60, 30), ("unplanned", None, 15),
        ("planned", 20, 10), ("planned", 60, 15), ("planned", None, 15),
        ("observed", 20, 10), ("observed", 30, 15), ("observed", 52, 15), ("observed", 240, 15), ("observed", None, 15),
    ],
)  # fmt: skip
def test_waits(mode, headway_min, expected_min):
    headway_s = None if headway_min is None else headway_min * 60
    assert wait_s(headway_s, rules(wait=mode).ferry) == expected_min * 60


def test_ssb_sails_at_its_effective_speed_whatever_the_tags_say(tmp_path):
    ferry = CARS | {"duration": "00:30", "interval": "01:00"}
    found = ferries_of(tmp_path, NODES, ROADS | {201: ([2, 3, 5], ferry)}, profile=rules(wait="ssb")).loc[201]
    assert found["crossing_s"] == pytest.approx(found["length_m"] * 3.6 / 12.3)
    assert found["wait_s"] == 0


def test_the_ferries_of_iceland(data):
    found = ga.read_osm(data / "iceland" / "iceland-2019.osm.pbf").ferries
    # Nine ways say that cars may board.
    assert found["kind"].value_counts().to_dict() == {
        "passenger boat": 16, "car ferry": 9, "stub": 2, "sightseeing loop": 1, "abroad": 1,
    }  # fmt: skip
    assert found.loc[found["kind"] == "sightseeing loop", "name"].tolist() == ["Drangeyjarferðir"]
    assert found.loc[found["kind"] == "abroad", "length_m"].item() > 500_000  # to the Faroes
