"""Where boats meet the road and each other: restricted roads to quays, ends off the road, ships at sea and at quays."""

from __future__ import annotations

import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pyproj
import pytest

from geoaccess.network import EdgeKind, to_networkx
from geoaccess.osm import read_osm

FLAT = Path(__file__).with_name("flat.toml")
GEOD = pyproj.Geod(ellps="WGS84")
LON, LAT = 10.0, 65.0
ROAD = {"highway": "primary"}  # 80 km/h
WAIT = 15 * 60
MAIN = [("town", "cross", ROAD), ("cross", "fork", ROAD)]
PLACES = {
    "town": (-6000, 0),
    "cross": (-3000, 0),
    "fork": (-600, 0),
    "quay": (0, 0),
    "sea": (2500, 300),
    "isle": (5000, 0),
    "farm": (8000, 0),
    "far": (5000, 9000),
    "far farm": (8000, 9000),
}


def degrees(east, north):
    lon, lat, _ = GEOD.fwd(LON, LAT, 90, east)
    return GEOD.fwd(lon, lat, 0, north)[:2]


def boat(*nodes, **tags):
    return (*nodes, {"route": "ferry", "motor_vehicle": "yes", "duration": "00:20"} | tags)


def network_of(folder, *ways, places=None, nodes=None, relations=()):
    """Read a file of ways (node, node, ..., tags) between places in metres east and north, and of tags of places."""
    at = PLACES | (places or {})
    number = {name: i for i, name in enumerate(at, 1)}
    path = folder / "sea.osm"
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for name, xy in at.items():
            tags = (nodes or {}).get(name, {})
            writer.add_node(osmium.osm.mutable.Node(id=number[name], location=degrees(*xy), tags=tags))
        for i, (*names, tags) in enumerate(ways, 1):
            refs = [number[name] for name in names]
            writer.add_way(osmium.osm.mutable.Way(id=i, nodes=refs, tags=tags))
        for i, (members, tags) in enumerate(relations, 1):
            of = [("w", member, "") for member in members]
            writer.add_relation(osmium.osm.mutable.Relation(id=i, members=of, tags=tags))
    return read_osm(path, profile=FLAT)


def minutes(network, start, end, places=None):
    """Return the minutes between two places by networkx over the network as it is; inf where there is no way."""
    at = PLACES | (places or {})
    found = []
    for name in (start, end):
        lon, lat = degrees(*at[name])
        off = np.hypot((network.node_lon - lon) * np.cos(np.radians(LAT)), network.node_lat - lat)
        assert off.min() < 1e-6, f"{name} is no node"
        found.append(np.flatnonzero(off < 1e-6))
    graph = to_networkx(network)
    times = [
        nx.dijkstra_path_length(graph, a, b, weight="travel_time")
        for a, b in itertools.product(*found)
        if nx.has_path(graph, a, b)
    ]
    return min(times, default=np.inf) / 60


def drive(*names, places=None):
    """Return minutes at 80 km/h."""
    at = PLACES | (places or {})
    return sum(GEOD.inv(*degrees(*at[a]), *degrees(*at[b]))[2] for a, b in itertools.pairwise(names)) / 80 * 60 / 1000


def about(value):
    return pytest.approx(value, abs=0.02)


# A restricted last road

CROSSING = 15 + 20  # minutes of wait and on board


@pytest.mark.parametrize("access", ["customers", "destination", "private", "permit"])
@pytest.mark.parametrize("where", ["mainland", "island", "both"])
def test_a_restricted_last_road_leads_to_the_boat(tmp_path, access, where):
    quay_road, isle_road = (
        ROAD | ({"access": access} if where in (side, "both") else {}) for side in ("mainland", "island")
    )
    places = {"pier": (5300, 0)}
    ways = [
        *MAIN,
        ("fork", "quay", quay_road),
        boat("quay", "sea", "isle"),
        ("isle", "pier", isle_road),
        ("pier", "farm", ROAD),
    ]
    network = network_of(tmp_path, *ways, places=places)
    expected = drive("town", "cross", "fork", "quay") + CROSSING + drive("isle", "pier", "farm", places=places)
    assert minutes(network, "town", "farm") == about(expected)
    assert minutes(network, "farm", "town") == about(expected)


@pytest.mark.parametrize(
    "gate",
    [
        {"barrier": "gate", "access": "private"},
        {"barrier": "lift_gate", "access": "customers"},
        {"barrier": "bollard", "bollard": "rising"},
        {"barrier": "lift_gate", "motor_vehicle": "permit"},
    ],
)
@pytest.mark.parametrize("place", ["fork", "half", "quay"])
def test_a_gate_before_the_boat_lets_its_passengers_through(tmp_path, gate, place):
    places = {"half": (-300, 0)}
    ways = [*MAIN, ("fork", "half", "quay", ROAD), boat("quay", "sea", "isle"), ("isle", "farm", ROAD)]
    network = network_of(tmp_path, *ways, places=places, nodes={place: gate})
    delay = minutes(network, "town", "farm") - drive("town", "quay") - CROSSING - drive("isle", "farm")
    assert -0.01 < delay <= 0.5, "at the most the seconds of the gate"
    assert np.isfinite(minutes(network, "farm", "town"))


def test_a_closed_gate_before_the_boat_stays_closed(tmp_path):
    ways = [*MAIN, ("fork", "quay", ROAD), boat("quay", "sea", "isle"), ("isle", "farm", ROAD)]
    network = network_of(tmp_path, *ways, nodes={"fork": {"barrier": "block"}})
    assert minutes(network, "town", "farm") == np.inf


def test_private_roads_that_lead_to_no_boat_stay_private(tmp_path):
    """A private short cut from the cross to the quay road is not opened: the boat has a public way."""
    places = {"detour": (-600, 4000)}
    private = ROAD | {"access": "private"}
    ways = [
        ("town", "cross", ROAD),
        ("cross", "quay", private),
        ("cross", "detour", ROAD),
        ("detour", "quay", ROAD),
        boat("quay", "sea", "isle"),
        ("isle", "farm", ROAD),
    ]
    network = network_of(tmp_path, *ways, places=places)
    expected = drive("town", "cross", "detour", "quay", places=places) + CROSSING + drive("isle", "farm")
    assert minutes(network, "town", "farm", places) == about(expected)
    assert network.counts["segments_opened_to_boats"] == 0


def test_one_way_lanes_on_and_off_the_boat_are_both_opened(tmp_path):
    places = {"in": (-300, 60), "out": (-300, -60)}
    lane = ROAD | {"access": "customers", "oneway": "yes"}
    ways = [
        *MAIN,
        ("fork", "in", "quay", lane),
        ("quay", "out", "fork", lane),
        boat("quay", "sea", "isle"),
        ("isle", "farm", ROAD),
    ]
    network = network_of(tmp_path, *ways, places=places)
    across = CROSSING + drive("isle", "farm") + drive("town", "fork")
    assert minutes(network, "town", "farm") == about(across + drive("fork", "in", "quay", places=places))
    assert minutes(network, "farm", "town") == about(across + drive("quay", "out", "fork", places=places))


@pytest.mark.parametrize(
    "tags", [{"access": "customers"}, {"motor_vehicle": "destination"}, {"motor_vehicle": "private"}]
)
def test_a_boat_for_some_is_for_all_where_nothing_else_goes(tmp_path, tags):
    ways = [*MAIN, ("fork", "quay", ROAD), boat("quay", "sea", "isle", **tags), ("isle", "farm", ROAD)]
    if "access" in tags:
        ways[3][-1].pop("motor_vehicle")
        ways[3][-1]["motorcar"] = "customers"
    network = network_of(tmp_path, *ways)
    expected = drive("town", "quay") + CROSSING + drive("isle", "farm")
    assert minutes(network, "town", "farm") == about(expected)
    bridge = [*ways, ("cross", "far", "farm", ROAD)]
    network = network_of(tmp_path, *bridge)
    assert minutes(network, "town", "isle") == about(drive("town", "cross", "far", "farm", "isle"))


# Ends off the road


def pier(metres):
    return {"end": (0, metres), "before": (-300, 0), "beyond": (300, 0)}


def test_a_boat_joins_the_line_of_a_road_not_its_nodes(tmp_path):
    """The quay road passes 50 m from the end; its nodes are 600 m apart."""
    places = pier(50)
    ways = [
        ("town", "cross", "before", ROAD),
        ("before", "beyond", ROAD),
        boat("end", "sea", "isle"),
        ("isle", "farm", ROAD),
    ]
    network = network_of(tmp_path, *ways, places=places)
    expected = (
        drive("town", "cross", "before", places=places)
        + 0.3 / 80 * 60
        + 0.05 / 10 * 60
        + CROSSING
        + drive("isle", "farm")
    )
    assert minutes(network, "town", "farm") == about(expected)
    assert minutes(network, "farm", "town") == about(expected)
    there = minutes(network, "town", "beyond", places)
    assert there == about(drive("town", "cross", "before", "beyond", places=places)), "the road is as long as before"


@pytest.mark.parametrize(
    "beside",
    [
        {"highway": "service", "service": "parking_aisle"},
        ROAD | {"oneway": "yes"},
        ROAD | {"tunnel": "yes"},
        {"highway": "motorway"},
    ],
)
def test_a_boat_takes_the_quay_road_and_not_what_lies_nearer(tmp_path, beside):
    """A loose aisle of 20 m, a one-way stub, a subsea tunnel, a motorway: 100 m off; the quay road at 250 m."""
    places = pier(250) | {
        "loose": (-10, 150),
        "loose end": (10, 150),
        "tunnel in": (-3000, 150),
        "tunnel out": (3000, 150),
    }
    ends = (
        ("tunnel in", "tunnel out") if "tunnel" in beside or beside["highway"] == "motorway" else ("loose", "loose end")
    )
    ways = [("town", "before", "beyond", ROAD), (*ends, beside), boat("end", "sea", "isle"), ("isle", "farm", ROAD)]
    network = network_of(tmp_path, *ways, places=places)
    expected = (
        drive("town", "before", places=places) + 0.3 / 80 * 60 + 0.25 / 10 * 60 + CROSSING + drive("isle", "farm")
    )
    assert minutes(network, "town", "farm") == about(expected)
    assert minutes(network, "farm", "town") == about(expected)


def test_a_boat_joins_the_short_road_of_a_small_island(tmp_path):
    """300 m of road on the island, 20 m from the end of the boat; the road of the mainland is 400 m off."""
    places = {"islet": (380, 20), "hut": (680, 20), "landing": (380, 0), "shore": (0, -2000)}
    ways = [
        ("town", "quay", ROAD),
        ("quay", "shore", ROAD),
        boat("quay", "landing", duration="00:05"),
        ("islet", "hut", ROAD),
    ]
    network = network_of(tmp_path, *ways, places=places)
    expected = drive("town", "quay") + 15 + 5 + 0.02 / 10 * 60 + drive("islet", "hut", places=places)
    assert minutes(network, "town", "hut", places) == about(expected)


# Ships

THREE = [*MAIN, ("fork", "quay", ROAD), ("isle", "farm", ROAD), ("far", "far farm", ROAD)]


def test_boats_that_cross_at_sea_give_no_transfer(tmp_path):
    """Two lines share a node at sea; one goes on to the island, the other comes from another pier."""
    places = {"north": (2500, 5000), "south": (2500, -5000), "inland": (2500, -8000)}
    ways = [*THREE, ("south", "inland", ROAD)]
    one = boat("quay", "sea", "isle", name="A", duration="00:40")
    for other in ({"name": "B"}, {}):
        network = network_of(tmp_path, *ways, one, boat("south", "sea", "north", **other), places=places)
        assert minutes(network, "town", "farm") == about(drive("town", "quay") + 15 + 40 + drive("isle", "farm"))
        assert minutes(network, "inland", "farm", places) == np.inf
        assert minutes(network, "farm", "inland", places) == np.inf


def test_a_pier_without_road_gives_no_transfer(tmp_path):
    places = {"skerry": (2500, 3000)}
    lines = [boat("quay", "skerry", name="A"), boat("skerry", "isle", name="B")]
    assert minutes(network_of(tmp_path, *THREE, *lines, places=places), "town", "farm") == np.inf
    one = [boat("quay", "skerry", name="A"), boat("skerry", "isle", name="A", duration="00:10")]
    expected = drive("town", "quay") + 15 + 30 + drive("isle", "farm")
    assert minutes(network_of(tmp_path, *THREE, *one, places=places), "town", "farm") == about(expected)


@pytest.mark.parametrize(
    ("one", "other", "waits"),
    [
        ({"name": "A"}, {"name": "B"}, 2),
        ({"name": "A", "operator": "Line"}, {"name": "B", "operator": "Line"}, 2),
        ({"name": "Baldur"}, {"name": "Flatey - Brjánslækur", "operator": "Ferjan Baldur"}, 1),
        ({"name": "Bal"}, {"name": "Flatey - Brjánslækur", "operator": "Ferjan Baldur"}, 2),
    ],
)
def test_at_a_quay_a_change_waits_again_and_a_ship_with_two_names_does_not(tmp_path, one, other, waits):
    lines = [boat("quay", "sea", "isle", **one), boat("isle", "far", duration="00:30", **other)]
    expected = drive("town", "quay") + waits * 15 + 50 + drive("far", "far farm")
    for order in (lines, lines[::-1]):
        network = network_of(tmp_path, *THREE, *order)
        assert minutes(network, "town", "far farm") == about(expected)
        assert minutes(network, "far farm", "town") == about(expected)


def test_the_ways_of_one_relation_are_one_ship(tmp_path):
    lines = [boat("quay", "sea", "isle", name="A"), boat("isle", "far", duration="00:30", name="B")]
    relation = [([6, 7], {"type": "route", "route": "ferry", "name": "A - B"})]
    network = network_of(tmp_path, *THREE, *lines, relations=relation)
    assert minutes(network, "town", "far farm") == about(drive("town", "quay") + 15 + 50 + drive("far", "far farm"))


# Real seas


def test_the_ferries_of_iceland_join_their_islands(data):
    """Herjólfur, Baldur by Flatey, Hrísey and Grímsey: crossings near what is sailed, Baldur boarded once."""
    network = read_osm(data / "iceland" / "iceland-2019.osm.pbf", profile=FLAT)
    graph = to_networkx(network)

    def quickest(start, end):
        at = [int(np.hypot(network.node_lon - x, (network.node_lat - y) * 2).argmin()) for x, y in (start, end)]
        return nx.dijkstra_path_length(graph, *at, weight="travel_time") / 60

    crossings = {
        "Landeyjahöfn - Vestmannaeyjar": ((-20.1170, 63.5316), (-20.2680, 63.4420), 40, 8),
        "Árskógssandur - Hrísey": ((-18.3570, 65.9420), (-18.3830, 65.9800), 17, 5),
        "Dalvík - Grímsey": ((-18.5270, 65.9730), (-18.0170, 66.5410), 180, 5),
        # 150 min, the call at Flatey included; boarded twice it would be 15 min more.
        "Stykkishólmur - Brjánslækur": ((-22.7260, 65.0790), (-23.1890, 65.5280), 155, 10),
    }
    for name, (start, end, minutes_on_board, error) in crossings.items():
        assert quickest(start, end) == pytest.approx(minutes_on_board + 15, abs=error), name
        assert quickest(end, start) == pytest.approx(minutes_on_board + 15, abs=error), name


@pytest.mark.shared
def test_gozo_has_its_car_ferry_and_comino_none(shared):
    network = read_osm(shared / "malta" / "malta-2018.osm.pbf", profile=FLAT)
    boats = network.ferries
    assert boats.loc[boats["kind"] == "car ferry", "name"].tolist() == ["Malta-Gozo"]
    crossing_s = boats.set_index("name").loc["Malta-Gozo", "crossing_s"]
    assert crossing_s / 60 == pytest.approx(25, abs=6), "as near as the rule is in Troms"

    def part(lon, lat, *kinds):
        return network.components(*kinds)[np.hypot(network.node_lon - lon, network.node_lat - lat).argmin()]

    mosta, victoria, comino = (14.425, 35.909), (14.239, 36.044), (14.336, 36.012)
    with_cars = (EdgeKind.ROAD, EdgeKind.FERRY, EdgeKind.BOARDING)
    assert part(*mosta, *with_cars) == part(*victoria, *with_cars)
    assert part(*mosta, *with_cars) != part(*comino, *with_cars)
    assert part(*mosta, EdgeKind.ROAD) != part(*victoria, EdgeKind.ROAD)
