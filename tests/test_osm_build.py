"""Extracts into networks: files written here, whose times can be worked out by hand, and a whole country."""

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
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import GeoaccessError, InputError, MissingFileError
from geoaccess.network import EdgeKind, snap, to_networkx
from geoaccess.osm import read_osm as read_osm_by
from geoaccess.routing import nearest

FLAT = Path(__file__).with_name("flat.toml")


def read_osm(*paths, profile=FLAT):
    return read_osm_by(*paths, profile=profile)


DATA = Path(__file__).parents[1] / "data"
GEOD = pyproj.Geod(ellps="WGS84")
PRIMARY = {"highway": "primary"}  # 80 km/h both ways
PLACES = {i: (10 + i % 4 * 0.05, 60 + i // 4 * 0.02 + i % 3 * 0.003) for i in range(12)}


def write(path, ways, *, nodes=PLACES, first="nodes", node_tags=None):
    """Write an extract of ways {id: (nodes, tags)} with those nodes that they use and `nodes` knows."""
    used = sorted({node for refs, _ in ways.values() for node in refs} & nodes.keys())
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for kind in ("nodes", "ways") if first == "nodes" else ("ways", "nodes"):
            if kind == "nodes":
                for i in used:
                    tags = (node_tags or {}).get(i, {})
                    writer.add_node(osmium.osm.mutable.Node(id=i + 1, location=nodes[i], tags=tags))
            else:
                for number, (refs, tags) in ways.items():
                    writer.add_way(osmium.osm.mutable.Way(id=number, nodes=[i + 1 for i in refs], tags=tags))
    return path


def metres(*path):
    return sum(GEOD.inv(*PLACES[a], *PLACES[b])[2] for a, b in itertools.pairwise(path))


def seconds(kph, *path):
    return metres(*path) / kph * 3.6


def times(network):
    """Return seconds between all nodes of a network by networkx, nodes named as in PLACES."""
    number = {tuple(np.round(xy, 6)): i for i, xy in PLACES.items()}
    name = [number[round(x, 6), round(y, 6)] for x, y in zip(network.node_lon, network.node_lat, strict=True)]
    between = dict(nx.all_pairs_dijkstra_path_length(to_networkx(network), weight="travel_time"))
    return {(name[u], name[v]): t for u, ends in between.items() for v, t in ends.items() if u != v}


@pytest.fixture(params=[".osm.pbf", ".osm", ".osm.bz2"])
def path(request, tmp_path):
    return tmp_path / f"town{request.param}"


# Length over speed


def test_time_is_length_over_speed(path):
    network = read_osm(
        write(
            path,
            {
                1: ([0, 1, 2], PRIMARY),
                2: ([2, 3], {"highway": "residential", "oneway": "yes"}),
                3: ([3, 7], {"highway": "primary", "oneway": "-1", "maxspeed": "30 mph"}),
                4: ([7, 6, 2], {"highway": "secondary", "surface": "gravel"}),
                5: ([6, 5], {"highway": "footway"}),
                6: ([5, 1], {"highway": "primary", "access": "no"}),
            },
        )
    )
    found = times(network)
    expected = {
        (0, 2): seconds(80, 0, 1, 2),
        (2, 0): seconds(80, 0, 1, 2),
        (2, 3): seconds(40, 2, 3),
        (7, 3): seconds(30 * 1.609344, 3, 7),
        (2, 7): seconds(60, 7, 6, 2),
        (7, 2): seconds(60, 7, 6, 2),
        (0, 3): seconds(80, 0, 1, 2) + min(seconds(40, 2, 3), seconds(60, 7, 6, 2) + seconds(30 * 1.609344, 3, 7)),
    }
    assert {pair: found[pair] for pair in expected} == pytest.approx(expected, abs=0.2)
    assert (3, 2) not in found
    assert (3, 7) not in found
    assert {u for u, _ in found} == {0, 2, 7}, (
        "places passed through and dead ends that cannot be left are not begun from"
    )
    assert network.edge_length_m.sum() == pytest.approx(metres(0, 1, 2, 3, 7, 6, 2), rel=1e-5)
    classes = dict(zip(network.edges()["way_id"], network.edges()["highway"], strict=True))
    assert classes == {1: "primary", 2: "residential", 3: "primary", 4: "secondary"}
    assert network.counts["ways_read"] >= 5
    assert network.counts["ways_closed"] == 2


TAGS = [
    (PRIMARY, 80, 80),
    ({"highway": "residential", "oneway": "yes"}, 40, 0),
    ({"highway": "tertiary", "oneway": "-1"}, 0, 60),
    ({"highway": "service", "maxspeed": "10"}, 10, 10),
    ({"highway": "unclassified", "tunnel": "yes"}, 50, 50),
    ({"highway": "residential", "access": "no"}, 0, 0),
    ({"highway": "cycleway"}, 0, 0),
    ({"building": "yes"}, 0, 0),
    ({"highway": "residential", "junction": "roundabout"}, 40, 0),
]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(list(PLACES)), min_size=1, max_size=6), st.sampled_from(TAGS)),
        min_size=1,
        max_size=8,
    )
)
def test_times_are_those_of_a_graph_of_every_piece(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("drawn") / "town.osm"
    write(path, {i + 1: (refs, tags) for i, (refs, (tags, *_)) in enumerate(drawn)})
    graph = nx.DiGraph()
    total = 0.0
    for refs, (_, forward, backward) in drawn:
        for a, b in itertools.pairwise(refs):
            total += metres(a, b) if forward or backward else 0
            for u, v, kph in ((a, b, forward), (b, a, backward)):
                if kph and u != v:
                    time = min(seconds(kph, u, v), graph.get_edge_data(u, v, {"w": np.inf})["w"])
                    graph.add_edge(u, v, w=time)
    if not graph.number_of_edges():
        with pytest.raises(InputError, match="no road"):
            read_osm(path)
        return
    network = read_osm(path)
    assert network.edge_length_m.sum() == pytest.approx(total, rel=1e-4)
    expected = dict(nx.all_pairs_dijkstra_path_length(graph, weight="w"))
    found = times(network)
    kept = {
        int(np.argmin([abs(x - X) + abs(y - Y) for X, Y in PLACES.values()]))
        for x, y in zip(network.node_lon, network.node_lat, strict=True)
    }
    assert kept <= set(graph.nodes)
    for u, v in itertools.permutations(kept, 2):
        assert found.get((u, v), np.inf) == pytest.approx(expected[u].get(v, np.inf), rel=2e-5, abs=0.06 * 8)


def test_roads_that_cross_without_a_common_node_do_not_meet(path):
    bridge = {"highway": "primary", "bridge": "yes", "layer": "1"}
    network = read_osm(write(path, {1: ([0, 5], PRIMARY), 2: ([1, 4], bridge)}))
    assert network.components(EdgeKind.ROAD).max() == 1


def test_a_closed_way_can_be_driven_all_round(path):
    network = read_osm(write(path, {1: ([0, 1, 5, 4, 0], PRIMARY), 2: ([5, 6], PRIMARY)}))
    short, other = seconds(80, 0, 1, 5), seconds(80, 0, 4, 5)
    assert network.edge_length_m.sum() == pytest.approx(metres(0, 1, 5, 4, 0) + metres(5, 6), rel=1e-5)
    row = snap(network, gpd.GeoSeries.from_xy(*np.array([PLACES[0]]).T, crs="EPSG:4326")).iloc[0]
    assert sorted(row[["to_u_ds", "to_v_ds"]] / 10) == pytest.approx(sorted([short, other]), abs=0.2)


def test_a_roundabout_is_driven_one_way_round(path):
    ring = {"highway": "primary", "junction": "roundabout"}
    found = times(read_osm(write(path, {1: ([1, 2, 6, 5, 1], ring), 2: ([0, 1], PRIMARY), 3: ([6, 7], PRIMARY)})))
    assert found[0, 7] == pytest.approx(seconds(80, 0, 1, 2, 6, 7), abs=0.3)
    assert found[7, 0] == pytest.approx(seconds(80, 7, 6, 5, 1, 0), abs=0.3)


def test_a_tunnel_is_driven_but_nobody_begins_there(path):
    tunnel = {"highway": "primary", "tunnel": "yes"}
    network = read_osm(write(path, {1: ([0, 1], PRIMARY), 2: ([1, 2], tunnel), 3: ([2, 3], PRIMARY)}))
    assert times(network)[0, 3] == pytest.approx(seconds(80, 0, 1, 2, 3), abs=0.3)
    assert network.edges().loc[~network.edge_snaps, "way_id"].tolist() == [2]


def test_what_is_private_is_driven_and_counted(path):
    network = read_osm(write(path, {1: ([0, 1], PRIMARY), 2: ([1, 2], {"highway": "service", "access": "private"})}))
    assert times(network)[0, 2] == pytest.approx(seconds(80, 0, 1) + seconds(20, 1, 2), abs=0.2)
    assert network.counts["ways_restricted"] == 1


# Untidy files


def test_pieces_with_a_node_that_is_missing_fall_away_and_are_counted(path):
    network = read_osm(write(path, {1: ([0, 1, 99, 2, 3], PRIMARY), 2: ([3, 7], PRIMARY), 3: ([98, 97], PRIMARY)}))
    found = times(network)
    assert found[0, 1] == pytest.approx(seconds(80, 0, 1), abs=0.1)
    assert found[2, 7] == pytest.approx(seconds(80, 2, 3, 7), abs=0.2)
    assert (1, 2) not in found, "nobody knows how the road goes on"
    assert network.counts["way_nodes_missing"] == 3
    assert network.counts["segments_without_node"] == 3


def test_a_node_that_stands_twice_in_a_row_is_passed_once(path):
    network = read_osm(write(path, {1: ([0, 1, 1, 1, 2], PRIMARY), 2: ([3, 3], PRIMARY)}))
    assert network.n_edges == 1
    assert network.counts["segments_of_no_length"] == 3
    assert times(network)[0, 2] == pytest.approx(seconds(80, 0, 1, 2), abs=0.1)


def test_a_way_of_one_node_is_no_way(path):
    assert read_osm(write(path, {1: ([0, 1], PRIMARY), 2: ([5], PRIMARY)})).n_edges == 1


@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf"])
def test_ways_before_nodes_are_read_or_reported(tmp_path, suffix):
    """Some tools write the parts in this order; then no way has a place while it is read."""
    ways = {1: ([0, 1, 2], PRIMARY), 2: ([2, 3], PRIMARY)}
    unsorted = write(tmp_path / f"unsorted{suffix}", ways, first="ways")
    found, message = None, ""
    try:
        found = times(read_osm(unsorted))
    except InputError as error:
        message = str(error)
    if found:
        assert found[0, 3] == pytest.approx(seconds(80, 0, 1, 2, 3), abs=0.2)
    else:
        assert "node" in message, "the message must lead to the order of the file, not to the profile"
        assert "unsorted" in message


def test_two_extracts_that_overlap_are_one(tmp_path):
    ways = {1: ([0, 1, 2], PRIMARY), 2: ([2, 3], {"highway": "residential", "oneway": "yes"}), 3: ([3, 7], PRIMARY)}
    whole = read_osm(write(tmp_path / "whole.osm.pbf", ways))
    west = write(tmp_path / "west.osm.pbf", {i: ways[i] for i in (1, 2)})
    east = write(tmp_path / "east.osm.pbf", {i: ways[i] for i in (2, 3)})
    for paths in ((west, east), (east, west), (west, west, east)):
        both = read_osm(*paths)
        assert times(both) == times(whole)
        assert both.counts["ways_read"] == 3
        assert both.counts["ways_doubled"] == (1 if len(paths) == 2 else 3)


def test_a_node_that_one_extract_lacks_is_taken_from_the_other(tmp_path):
    """Extracts cut at a border may keep a way whole but not its nodes beyond."""
    ways = {1: ([0, 1, 2, 3], PRIMARY)}
    inside = write(tmp_path / "inside.osm.pbf", ways, nodes={i: PLACES[i] for i in (0, 1)})
    outside = write(tmp_path / "outside.osm.pbf", ways, nodes={i: PLACES[i] for i in (1, 2, 3)})
    elsewhere = write(tmp_path / "elsewhere.osm.pbf", {2: ([2, 3, 7], PRIMARY)})  # another way over the border
    for paths in ((inside, outside), (outside, inside), (inside, elsewhere), (elsewhere, inside)):
        network = read_osm(*paths)
        assert times(network)[0, 3 if outside in paths else 7] == pytest.approx(
            seconds(80, *(0, 1, 2, 3) if outside in paths else (0, 1, 2, 3, 7)), abs=0.2
        )
        assert network.counts["way_nodes_missing"] == 0


def test_the_order_of_ways_does_not_matter_and_a_second_reading_is_the_same(tmp_path):
    ways = {i: ([i - 1, i], PRIMARY) for i in range(1, 12)} | {20: ([0, 4, 8], {"highway": "tertiary"})}
    one, again = (read_osm(write(tmp_path / f"{i}.osm.pbf", ways)) for i in range(2))
    for name in ("node_lon", "edge_u", "edge_v", "edge_forward_ds", "shape_lon", "shape_way", "way_id"):
        np.testing.assert_array_equal(getattr(one, name), getattr(again, name))
    turned = read_osm(write(tmp_path / "turned.osm", dict(reversed(ways.items()))))
    assert times(turned) == times(one)


def test_an_accent_in_a_path_is_no_matter(tmp_path):
    folder = tmp_path / "Ísafjörður æøå"
    folder.mkdir()
    assert read_osm(str(write(folder / "vegir.osm.pbf", {1: ([0, 1], PRIMARY)}))).n_edges == 1


@pytest.mark.parametrize(
    ("ways", "refusal"),
    [
        ({1: ([0, 1], {"highway": "footway"})}, "no road"),
        ({1: ([0, 1], {"building": "yes"})}, "no road"),
        ({1: ([0, 1], {"highway": "primary", "access": "no"})}, "profile"),
        ({1: ([0, 1], {"route": "ferry", "motor_vehicle": "yes"})}, "no road"),
        ({1: ([0, 0], PRIMARY)}, "no road"),
    ],
)
def test_an_extract_without_roads_is_refused(path, ways, refusal):
    with pytest.raises(InputError, match=refusal):
        read_osm(write(path, ways))


def test_a_file_that_is_not_there_is_reported_missing(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.osm\.pbf.*fetch"):
        read_osm(tmp_path / "none.osm.pbf")
    with pytest.raises(GeoaccessError, match=str(tmp_path)):
        read_osm(tmp_path)
    with pytest.raises(GeoaccessError):
        read_osm()


def test_a_profile_of_ones_own_is_used(tmp_path):
    mine = tmp_path / "slow.toml"
    mine.write_text(
        'extends = "car"\ntitle = "slow"\n[pace]\nshare = 0.5\n[curves]\nlateral_mps2 = 0\n', encoding="utf-8"
    )
    town = write(tmp_path / "town.osm", {1: ([0, 1], PRIMARY)})
    assert times(read_osm(town, profile=mine))[0, 1] == pytest.approx(2 * times(read_osm(town))[0, 1], abs=0.1)


# A whole country


def test_iceland_is_what_networkx_makes_of_the_same_network():
    """Times from 40 inhabited squares to the nearest hospital and the second nearest, with every leg."""
    network = read_osm(DATA / "iceland" / "iceland-2019.osm.pbf")
    assert network.counts["way_nodes_missing"] == 0
    assert 25_000 < network.edge_length_m[network.edge_kind == EdgeKind.ROAD].sum() / 1000 < 40_000
    people = pd.read_csv(DATA / "iceland" / "population_1km_2018.csv").sample(40, random_state=5)
    features = pd.read_csv(DATA / "iceland" / "health_features_reviewed.csv")
    chosen = features[features["service"] == "hospital"]
    sites = gpd.GeoSeries.from_xy(chosen["lon"], chosen["lat"], index=chosen["osm_id"].astype(str), crs="EPSG:4326")
    middles = gpd.GeoSeries.from_xy(people["x_3035"] + 500, people["y_3035"] + 500, index=people["cell_id"], crs=3035)
    found = nearest(network, middles, sites, k=2)
    cells, places = snap(network, middles), snap(network, sites)

    roads = nx.DiGraph()
    arcs = network.arcs_reversed  # the search begins at the hospital
    tails = np.repeat(np.arange(network.n_nodes), np.diff(arcs.start))
    for u, v, time in zip(tails.tolist(), arcs.head.tolist(), arcs.cost_ds.tolist(), strict=True):
        if time < roads.get_edge_data(u, v, {"w": np.inf})["w"]:
            roads.add_edge(u, v, w=time)
    leave_u, leave_v, arrive_u, arrive_v = network.ends
    expected = {cell: [] for cell in cells.index}
    for label, site in places.iterrows():
        ends = {"u": int(arrive_u[site["edge"]]), "v": int(arrive_v[site["edge"]])}
        roads.add_weighted_edges_from(
            [(label, node, int(site[f"from_{end}_ds"])) for end, node in ends.items() if site[f"from_{end}_ds"] >= 0],
            "w",
        )
        away = nx.single_source_dijkstra_path_length(roads, label, weight="w")
        for name, cell in cells[cells["edge"] >= 0].iterrows():
            legs = [(leave_u[cell["edge"]], cell["to_u_ds"]), (leave_v[cell["edge"]], cell["to_v_ds"])]
            ways = [away[node] + leg for node, leg in legs if leg >= 0 and node in away]
            if cell["edge"] == site["edge"]:
                ahead, behind = site["from_u_ds"] - cell["from_u_ds"], cell["to_u_ds"] - site["to_u_ds"]
                ways += [ahead] if cell["from_u_ds"] >= 0 and ahead >= 0 else []
                ways += [behind] if cell["to_u_ds"] >= 0 and behind >= 0 else []
            if ways:
                expected[name].append(min(ways) + cell["off_network_ds"] + site["off_network_ds"])
    for rank, column in enumerate(["travel_time_s", "travel_time_2_s"]):
        for name, time in found[column].items():
            ranked = sorted(expected[name])
            if cells.loc[name, "edge"] < 0:
                assert np.isnan(time)
            else:
                assert time * 10 == pytest.approx(ranked[rank] if rank < len(ranked) else np.inf)
    assert np.isfinite(found["travel_time_s"]).sum() > 30
