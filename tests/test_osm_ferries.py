"""Ferries: who may board, how long it takes, how often one waits, and where the boat meets the road."""

from __future__ import annotations

import itertools
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.network import EdgeKind, snap, to_networkx
from geoaccess.osm import read_osm as read_osm_by
from geoaccess.osm import read_profile
from geoaccess.osm.ferry_times import wait_s

FLAT = Path(__file__).with_name("flat.toml")


def read_osm(*paths, profile=FLAT):
    return read_osm_by(*paths, profile=profile)


ROOT = Path(__file__).parents[1]
CAR = read_profile(ROOT / "configs" / "profiles" / "car.toml")
GEOD = pyproj.Geod(ellps="WGS84")
ROAD = {"highway": "primary"}  # 80 km/h
WAIT = 15 * 60
# Three places with a farm and a quay each, in a row; two points at sea.
PLACES = {
    "farm": (10.0, 65.0),
    "quay": (10.1, 65.0),
    "sea": (10.15, 65.02),
    "isle quay": (10.2, 65.0),
    "isle farm": (10.25, 65.03),
    "open sea": (10.3, 65.01),
    "far quay": (10.4, 65.0),
    "far farm": (10.5, 65.0),
    "pier": (10.104, 65.0),  # 189 m beyond the quay
    "far pier": (10.39, 65.0),  # 472 m before the far quay
    "reef": (10.389, 65.0),  # 519 m
}
MAINLAND, ISLE, FAR = (["farm", "quay"], ROAD), (["isle quay", "isle farm"], ROAD), (["far quay", "far farm"], ROAD)


def boat(*nodes, **tags):
    return list(nodes), {"route": "ferry", "motor_vehicle": "yes", "duration": "01:00"} | tags


def made(folder, *ways, places=PLACES):
    """Read a file with the three roads and some more ways."""
    names = list(places)
    path = folder / "sea.osm"
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for i, xy in enumerate(places.values()):
            writer.add_node(osmium.osm.mutable.Node(id=i + 1, location=xy))
        for i, (nodes, tags) in enumerate([MAINLAND, ISLE, FAR, *ways] if places is PLACES else ways):
            refs = [names.index(node) + 1 if node in places else 999 for node in nodes]
            writer.add_way(osmium.osm.mutable.Way(id=i + 1, nodes=refs, tags=tags))
    return read_osm(path)


def metres(*path, places=PLACES):
    return sum(GEOD.inv(*places[a], *places[b])[2] for a, b in itertools.pairwise(path))


def drive(*path):
    return metres(*path) / 80 * 3.6


def time(network, start, end, *, places=PLACES):
    """Return seconds from one farm to another by networkx; inf where there is no way."""
    at = [
        int(np.argmin(np.hypot(network.node_lon - places[name][0], network.node_lat - places[name][1])))
        for name in (start, end)
    ]
    graph = to_networkx(network)
    return nx.dijkstra_path_length(graph, *at, weight="travel_time") if nx.has_path(graph, *at) else np.inf


def about(seconds):
    return pytest.approx(seconds, abs=0.4)


# One crossing


def test_a_crossing_costs_its_wait_and_its_duration_both_ways(tmp_path):
    network = made(tmp_path, boat("quay", "sea", "isle quay", duration="00:35"))
    expected = drive("farm", "quay") + WAIT + 2100 + drive("isle quay", "isle farm")
    assert time(network, "farm", "isle farm") == about(expected)
    assert time(network, "isle farm", "farm") == about(expected)
    assert time(network, "farm", "far farm") == np.inf
    kinds = [int((network.edge_kind == kind).sum()) for kind in EdgeKind]
    assert kinds == [3, 1, 2, 0]
    table = network.ferries
    assert len(table) == 1
    assert table.loc[0, ["way_id", "crossing_s", "wait_s", "cars", "joined"]].tolist() == [4, 2100, WAIT, True, 0]
    assert table.loc[0, "note"] == "duration as tagged"


def test_the_wait_is_half_of_a_short_headway(tmp_path):
    times = []
    for interval in ("00:10", "PT20M", "30", "00:31", "02:00", "whenever"):
        network = made(tmp_path, boat("quay", "isle quay", interval=interval))
        times.append(
            time(network, "farm", "isle farm") - drive("farm", "quay") - drive("isle quay", "isle farm") - 3600
        )
    assert times == [about(300), about(600), about(900), about(WAIT), about(WAIT), about(WAIT)]


def test_the_crossing_is_shared_over_its_pieces_by_length(tmp_path):
    network = made(tmp_path, boat("quay", "sea", "isle quay"))
    e = int(np.flatnonzero(network.edge_kind == EdgeKind.FERRY)[0])
    points = slice(network.shape_ptr[e], network.shape_ptr[e + 1] - 1)
    total = metres("quay", "sea", "isle quay")
    shares = [3600 * metres(*pair) / total for pair in (("quay", "sea"), ("sea", "isle quay"))]
    assert sorted(network.shape_forward_s[points].tolist()) == pytest.approx(sorted(shares), rel=1e-4)
    assert network.edge_length_m[e] == pytest.approx(total, rel=1e-5)
    assert network.edge_forward_ds[e] == network.edge_backward_ds[e] == 36_000


# Stops, and boats that meet


def test_whoever_stays_on_board_past_a_stop_waits_once(tmp_path):
    network = made(tmp_path, boat("quay", "isle quay", "open sea", "far quay"))
    whole = metres("quay", "isle quay", "open sea", "far quay")
    first = 3600 * metres("quay", "isle quay") / whole
    assert time(network, "farm", "far farm") == about(
        drive("farm", "quay") + WAIT + 3600 + drive("far quay", "far farm")
    )
    assert time(network, "farm", "isle farm") == about(
        drive("farm", "quay") + WAIT + first + drive("isle quay", "isle farm")
    )
    assert time(network, "isle farm", "far farm") == about(
        drive("isle farm", "isle quay") + WAIT + 3600 - first + drive("far quay", "far farm")
    )


@pytest.mark.parametrize(
    ("one", "other", "waits"),
    [
        ({"name": "Ferja"}, {"name": "Ferja"}, 1),
        ({"name": "Ferja"}, {"name": "Bátur"}, 2),
        ({"name": "Ferja"}, {}, 2),
        ({}, {}, 2),
    ],
)
def test_lines_of_one_name_share_a_deck_and_others_charge_again(tmp_path, one, other, waits):
    lines = [boat("quay", "isle quay", **one), boat("isle quay", "far quay", duration="00:20", **other)]
    expected = drive("farm", "quay") + waits * WAIT + 3600 + 1200 + drive("far quay", "far farm")
    for order in (lines, lines[::-1]):
        network = made(tmp_path, *order)
        assert time(network, "farm", "far farm") == about(expected)
        assert time(network, "far farm", "farm") == about(expected)
        assert len(network.ferries) == 2


def test_a_line_in_two_parts_that_meet_at_sea_is_boarded_once(tmp_path):
    """Such parts often have no name; where they meet there is nothing to step on to."""
    for tags in ({}, {"name": "Ferja"}):
        network = made(
            tmp_path, boat("quay", "open sea", **tags), boat("open sea", "far quay", duration="00:30", **tags)
        )
        assert time(network, "farm", "far farm") == about(
            drive("farm", "quay") + WAIT + 3600 + 1800 + drive("far quay", "far farm")
        )


def test_a_round_trip_is_boarded_at_each_of_its_quays(tmp_path):
    network = made(tmp_path, boat("quay", "sea", "isle quay", "far quay", "quay", duration="04:00"))
    whole = metres("quay", "sea", "isle quay", "far quay", "quay")
    leg = 4 * 3600 * metres("quay", "sea", "isle quay") / whole
    assert time(network, "farm", "isle farm") == about(
        drive("farm", "quay") + WAIT + leg + drive("isle quay", "isle farm")
    )


def test_a_boat_on_foot_does_not_take_the_place_of_a_car_ferry_of_the_same_name(tmp_path):
    """A passenger boat and a car ferry of one company between the same quays, in either order in the file."""
    lines = [
        boat("quay", "isle quay", name="Ferja", motor_vehicle="no"),
        boat("quay", "sea", "isle quay", name="Ferja"),
    ]
    expected = drive("farm", "quay") + WAIT + 3600 + drive("isle quay", "isle farm")
    for order in (lines, lines[::-1]):
        network = made(tmp_path, *order)
        assert sorted(network.ferries["cars"]) == [False, True]
        assert time(network, "farm", "isle farm") == about(expected)
        assert time(network, "isle farm", "farm") == about(expected)


# Who may board


@pytest.mark.parametrize(
    "tags",
    [{"motor_vehicle": "no"}, {"motor_vehicle": "yes", "motorcar": "no"}, {"motor_vehicle": None, "foot": "yes"}],
)
def test_a_passenger_boat_carries_no_car_and_explains_why_an_island_is_cut_off(tmp_path, tags):
    line, ferry_tags = boat("quay", "sea", "isle quay")
    ferry_tags = {key: value for key, value in (ferry_tags | tags).items() if value is not None}
    network = made(tmp_path, (line, ferry_tags))
    assert time(network, "farm", "isle farm") == np.inf
    assert time(network, "isle farm", "farm") == np.inf

    def together(*kinds):
        label = network.components(*kinds)
        mainland, isle, far = (
            label[np.hypot(network.node_lon - x, network.node_lat - y).argmin()]
            for x, y in (PLACES["farm"], PLACES["isle farm"], PLACES["far farm"])
        )
        assert mainland != far
        return mainland == isle

    assert not together(EdgeKind.ROAD, EdgeKind.FERRY, EdgeKind.BOARDING)
    assert together(*EdgeKind)
    assert network.ferries["cars"].tolist() == [False]
    on_foot = network.edge_kind == EdgeKind.ON_FOOT
    assert (network.edge_forward_ds[on_foot] == -1).all()
    assert (network.edge_backward_ds[on_foot] == -1).all()
    assert network.counts["ferry_ways"] == 1
    assert network.counts["ferry_ways_with_cars"] == 0


def test_nobody_begins_a_journey_at_sea(tmp_path):
    network = made(tmp_path, boat("quay", "sea", "isle quay"), boat("isle quay", "far quay", motor_vehicle="no"))
    at_sea = gpd.GeoSeries.from_xy(*np.array([PLACES["sea"], (10.11, 65.004)]).T, crs="EPSG:4326")
    rows = snap(network, at_sea, max_snap_m=20_000)
    assert (network.edge_kind[rows["edge"]] == EdgeKind.ROAD).all()
    assert not network.edge_snaps[network.edge_kind != EdgeKind.ROAD].any()


# Where the boat meets the road


def test_an_end_off_the_road_is_joined_within_the_limit_at_walking_pace(tmp_path):
    network = made(tmp_path, boat("pier", "open sea", "far pier"))
    queue = (metres("quay", "pier") + metres("far pier", "far quay")) / CAR.ferry.join_kph * 3.6
    assert 630 < metres("quay", "pier") + metres("far pier", "far quay") < 670
    expected = drive("farm", "quay") + WAIT + 3600 + queue + drive("far quay", "far farm")
    assert time(network, "farm", "far farm") == about(expected)
    assert time(network, "far farm", "farm") == about(expected)
    assert network.ferries["joined"].tolist() == [2]
    assert network.counts["ferry_ends_joined"] == 2


def test_an_end_beyond_the_limit_is_not_joined(tmp_path):
    assert metres("reef", "far quay") > CAR.ferry.join_m > metres("far pier", "far quay")
    network = made(tmp_path, boat("quay", "open sea", "reef"))
    assert time(network, "farm", "far farm") == np.inf
    assert network.ferries["joined"].tolist() == [0]


def test_a_pier_that_two_lines_share_is_joined_for_both(tmp_path):
    """No road leads on to the pier, and from it one boat goes to the isle and another to the far shore."""
    lines = [boat("pier", "isle quay", name="Ferja"), boat("pier", "open sea", "far quay", name="Bátur")]
    network = made(tmp_path, *lines)
    queue = metres("quay", "pier") / CAR.ferry.join_kph * 3.6
    here = drive("farm", "quay") + queue + WAIT + 3600
    assert time(network, "farm", "isle farm") == about(here + drive("isle quay", "isle farm"))
    assert time(network, "farm", "far farm") == about(here + drive("far quay", "far farm"))


def test_a_pier_closed_to_cars_is_no_road(tmp_path):
    """The quay's last metres are a footway: the end is joined to the road as if nothing were there."""
    network = made(tmp_path, (["quay", "pier"], {"highway": "footway"}), boat("pier", "far quay"))
    queue = metres("quay", "pier") / CAR.ferry.join_kph * 3.6
    assert time(network, "farm", "far farm") == about(
        drive("farm", "quay") + queue + WAIT + 3600 + drive("far quay", "far farm")
    )


def test_the_limit_is_as_long_in_the_north_as_in_the_south(tmp_path):
    """One extract from Lindesnes to the North Cape: a degree of longitude shrinks by a third on the way."""
    places = {}
    for name, lat in (("south", 58.0), ("north", 71.0)):
        for place, metres_east in (("farm", 0), ("quay", 3000), ("near", 3470), ("beyond", 3530)):
            places[f"{name} {place}"] = GEOD.fwd(20, lat, 90, metres_east)[:2]
        places[f"{name} isle"] = GEOD.fwd(20, lat, 90, 9000)[:2]
        places[f"{name} isle farm"] = GEOD.fwd(20, lat, 90, 12_000)[:2]
    roads = [
        ([f"{side} {a}", f"{side} {b}"], ROAD)
        for side in ("south", "north")
        for a, b in (("farm", "quay"), ("isle", "isle farm"))
    ]
    for pier, joined in (("near", True), ("beyond", False)):
        boats = [boat(f"{side} {pier}", f"{side} isle", duration="00:20") for side in ("south", "north")]
        network = made(tmp_path, *roads, *boats, places=places)
        for side in ("south", "north"):
            reached = np.isfinite(time(network, f"{side} farm", f"{side} isle farm", places=places))
            assert reached == joined, f"{pier} in the {side}"


# Untidy lines


def test_a_line_of_no_length_does_not_spoil_the_rest(tmp_path):
    """Two nodes on one spot, as after a slip of the hand."""
    places = PLACES | {"quay again": PLACES["quay"]}
    for tags in ({}, {"duration": "soon"}):
        network = made(
            tmp_path, MAINLAND, ISLE, FAR, boat("quay", "quay again", **tags), boat("quay", "isle quay"), places=places
        )
        assert np.isfinite(time(network, "farm", "isle farm"))
    network = made(tmp_path, boat("quay", "quay"), boat("quay"), boat("quay", "isle quay"))
    assert np.isfinite(time(network, "farm", "isle farm"))


def test_a_line_whose_far_end_the_extract_lacks_leads_nowhere(tmp_path):
    network = made(tmp_path, boat("quay", "sea", "nowhere", "beyond"), boat("nowhere", "beyond"))
    assert time(network, "farm", "isle farm") == np.inf
    assert network.counts["ferry_ways"] == 2
    assert len(network.ferries) == 1


def test_a_ferry_that_is_tagged_as_a_road_too_is_sailed_and_takes_cars(tmp_path):
    """Nobody drives at 80 over the sea; as a road it is for cars, whatever else is said."""
    both = ROAD | {"route": "ferry", "duration": "00:20"}
    network = made(tmp_path, (["quay", "isle quay"], both))
    sails = drive("farm", "quay") + WAIT + 1200 + drive("isle quay", "isle farm")
    assert time(network, "farm", "isle farm") == about(sails)
    assert network.ferries["kind"].tolist() == ["car ferry"]
    network = made(tmp_path, (["quay", "isle quay"], {"highway": "footway", "route": "ferry"}))
    assert network.ferries["kind"].tolist() == ["passenger boat"]


# Ferries obey the rules of roads


@pytest.mark.parametrize(
    ("tags", "summer", "winter"),
    [
        ({"seasonal": "summer"}, True, False),
        ({"seasonal": "winter"}, False, True),
        ({"seasonal": "yes"}, True, False),
        ({"seasonal": "May-September"}, True, False),
        ({"opening_hours": "May 20-Sep 05"}, True, False),
        ({"opening_hours": "Nov-Mar Tu,Th 10:00-12:00"}, False, True),
        ({"opening_hours": "Mo-Fr 06:00-22:00"}, True, True),
        ({"opening_hours": "Su 10:00-12:00"}, True, True),
        ({"opening_hours": "on demand"}, True, True),
        ({"motor_vehicle:conditional": "no @ (Nov-May)"}, True, False),
        ({"motor_vehicle": "no", "motor_vehicle:conditional": "yes @ (Jun-Oct)"}, True, False),
        ({"access:conditional": "no @ (Nov-May)", "motor_vehicle": None, "vehicle": None, "hgv": "yes"}, True, False),
        ({"disused": "yes"}, False, False),
        ({"abandoned": "yes"}, False, False),
        ({"proposed": "yes"}, False, False),
        ({"construction": "yes"}, False, False),
        ({"disused:route": "ferry"}, False, False),
        ({"highway": "construction"}, False, False),
        ({"motor_vehicle": "no"}, False, False),
        ({"motor_vehicle": "agricultural"}, False, False),
        ({"motor_vehicle": "whoever"}, False, False),
        ({"motor_vehicle": "whoever", "vehicle": "yes"}, True, True),
        ({"motor_vehicle": None, "access": "yes"}, False, False),
        ({"access": "no"}, True, True),  # of access the particular tag decides
        ({"maxheight": "1.8"}, False, False),
    ],
)
def test_a_ferry_sails_by_the_rules_of_roads(tmp_path, tags, summer, winter):
    nodes, boats = boat("quay", "isle quay")
    ferry_tags = {key: value for key, value in (boats | tags).items() if value is not None}
    for profile, sails in ((FLAT, summer), ("car_winter", winter)):
        made(tmp_path, (nodes, ferry_tags))
        network = read_osm(tmp_path / "sea.osm", profile=profile)
        for pair in (("farm", "isle farm"), ("isle farm", "farm")):
            assert np.isfinite(time(network, *pair)) == sails


def test_a_one_way_boat_does_not_sail_back(tmp_path):
    network = made(tmp_path, boat("quay", "isle quay", oneway="yes"), boat("far quay", "isle quay", oneway="-1"))
    assert time(network, "farm", "isle farm") == about(
        drive("farm", "quay") + WAIT + 3600 + drive("isle quay", "isle farm")
    )
    assert time(network, "isle farm", "farm") == np.inf
    assert np.isfinite(time(network, "isle farm", "far farm"))
    assert time(network, "far farm", "isle farm") == np.inf


@pytest.mark.parametrize("by_relation", [False, True])
def test_a_one_way_ring_is_sailed_round(tmp_path, by_relation):
    """A > B > C > A: from C back to B the boat goes on by way of A. One of its ways is drawn against the route."""
    legs = [("quay", "isle quay", "forward"), ("far quay", "isle quay", "backward"), ("far quay", "quay", "")]
    names = list(PLACES)
    path = tmp_path / "ring.osm"
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for i, xy in enumerate(PLACES.values()):
            writer.add_node(osmium.osm.mutable.Node(id=i + 1, location=xy))
        for i, (nodes, tags) in enumerate((MAINLAND, ISLE, FAR)):
            writer.add_way(osmium.osm.mutable.Way(id=i + 1, nodes=[names.index(n) + 1 for n in nodes], tags=tags))
        for i, (a, b, role) in enumerate(legs, 10):
            own = {"route": "ferry", "motor_vehicle": "yes", "duration": "01:00", "name": "Ferja"}
            if not by_relation:
                own["oneway"] = "-1" if role == "backward" else "yes"
            writer.add_way(osmium.osm.mutable.Way(id=i, nodes=[names.index(a) + 1, names.index(b) + 1], tags=own))
        tags = {"type": "route", "route": "ferry", "oneway": "yes"} if by_relation else {"type": "site"}
        members = [("w", i, role) for i, (_, _, role) in enumerate(legs, 10)]
        writer.add_relation(osmium.osm.mutable.Relation(id=1, members=members, tags=tags))
    network = read_osm(path)
    ends = drive("farm", "quay") + drive("isle quay", "isle farm")
    assert time(network, "farm", "isle farm") == about(ends + WAIT + 3600)
    assert time(network, "isle farm", "farm") == about(ends + WAIT + 7200)
    assert time(network, "far farm", "isle farm") == about(
        drive("far farm", "far quay") + drive("isle quay", "isle farm") + WAIT + 7200
    )


@pytest.mark.parametrize(
    "handed",
    [{"seasonal": "winter"}, {"opening_hours": "Nov-Mar"}, {"disused": "yes"}, {"access": "no"}, {"motorcar": "no"}],
)
@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf"])
def test_a_relation_hands_its_rules_down_to_its_ways(tmp_path, suffix, handed):
    names = list(PLACES)
    for tags, sails in (({}, True), (handed, False)):
        path = tmp_path / f"sea{suffix}"
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for i, xy in enumerate(PLACES.values()):
                writer.add_node(osmium.osm.mutable.Node(id=i + 1, location=xy))
            for i, (nodes, own) in enumerate((MAINLAND, ISLE, FAR, (["quay", "isle quay"], {"hgv": "yes"}))):
                writer.add_way(osmium.osm.mutable.Way(id=i + 1, nodes=[names.index(n) + 1 for n in nodes], tags=own))
            writer.add_relation(
                osmium.osm.mutable.Relation(
                    id=1, members=[("w", 4, "")], tags={"type": "route", "route": "ferry", **tags}
                )
            )
        assert np.isfinite(time(read_osm(path), "farm", "isle farm")) == sails


@pytest.mark.parametrize(("value", "through"), [("private", False), ("destination", False), ("permissive", True)])
def test_a_boat_for_those_with_an_errand_is_not_passed_through(tmp_path, value, through):
    """Over the isle it is 2 h 30 min to the far quay, by a slow road longer; who has no errand on the isle drives."""
    road = (["quay", "far quay"], ROAD | {"maxspeed": "5"})
    lines = [boat("quay", "isle quay", motor_vehicle=value), boat("isle quay", "far quay", motor_vehicle=value)]
    network = made(tmp_path, road, *lines)
    graph = to_networkx(network)

    def quickest(start, end):
        at = [np.hypot(network.node_lon - PLACES[n][0], network.node_lat - PLACES[n][1]) < 1e-6 for n in (start, end)]
        ends = [np.flatnonzero(of).tolist() for of in at]
        found = nx.multi_source_dijkstra_path_length(graph, ends[0], weight="travel_time")
        return min(found.get(node, np.inf) for node in ends[1])

    ends = drive("farm", "quay") + drive("far quay", "far farm")
    by_boat, by_road = ends + 2 * (WAIT + 3600), ends + metres("quay", "far quay") / 5 * 3.6
    assert by_boat < by_road
    assert quickest("farm", "far farm") == about(by_boat if through else by_road)
    to_isle = drive("farm", "quay") + WAIT + 3600 + drive("isle quay", "isle farm")
    assert quickest("farm", "isle farm") == about(to_isle)
    assert quickest("isle farm", "farm") == about(to_isle)


# How long a crossing takes


def test_an_implausible_duration_is_replaced_and_stands_in_the_table(tmp_path):
    network = made(tmp_path, boat("quay", "isle quay", duration="00:01"))
    km = metres("quay", "isle quay") / 1000
    usual_s = (6.7 + 2.5 * km) * 60
    assert network.ferries.loc[0, "crossing_s"] == pytest.approx(usual_s, rel=1e-4)
    assert f"{km * 60:.1f} km/h" in network.ferries.loc[0, "note"]
    assert time(network, "farm", "isle farm") == about(
        drive("farm", "quay") + WAIT + usual_s + drive("isle quay", "isle farm")
    )


@given(st.one_of(st.none(), st.floats(1, 100_000)))
def test_nobody_waits_longer_than_for_a_boat_that_is_rare(headway_s):
    wait = wait_s(headway_s, CAR.ferry)
    assert 0 < wait <= CAR.ferry.wait_min * 60
    assert headway_s is None or wait <= headway_s / 2 or headway_s > CAR.ferry.half_headway_up_to_min * 60


# The modelled sea of Troms, whose README counts its islands


def test_troms_is_connected_as_its_readme_counts():
    """People by road alone, with car ferries, with passenger boats; and the islands that only a ferry reaches."""
    network = read_osm(ROOT / "data" / "troms" / "troms-modelled.osm.pbf")
    assert len(network.ferries) == 25
    cells = pd.read_csv(ROOT / "data" / "troms" / "population_250m_2019.csv")
    rows = snap(network, gpd.GeoSeries.from_xy(cells["x_25833"], cells["y_25833"], crs=25833), min_component_m=0)
    on = (rows["edge"] >= 0).to_numpy()
    nodes = network.edge_u[rows.loc[on, "edge"]]

    def people(*kinds):
        return cells.loc[on, "population"].groupby(network.components(*kinds)[nodes]).sum().sort_values()

    by_road, by_car, by_boat = (people(*list(EdgeKind)[:count]) for count in (1, 3, 4))
    assert [parts.iloc[-1] for parts in (by_road, by_car, by_boat)] == pytest.approx(
        [190_970, 193_304, 193_330], abs=15
    )
    islands = [790, 756, 298, 229, 92, 76, 46, 37]
    assert by_road.iloc[-9:-1].tolist() == pytest.approx(islands[::-1], abs=2)
    assert by_car.iloc[-2] == 26, "Spildra, which has a passenger boat only"
    assert 26 not in by_boat.tolist()
