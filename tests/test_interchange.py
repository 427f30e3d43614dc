"""Networks to networkx and back, and graphs of osmnx: the same times, and streets that can be left both ways."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx as ox
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.network import EdgeKind, assemble, from_networkx, from_osmnx, snap, snappable_edges, to_networkx
from geoaccess.osm import read_osm as read_osm_by

FLAT = Path(__file__).with_name("flat.toml")


def read_osm(*paths, profile=FLAT):
    return read_osm_by(*paths, profile=profile)


LEGS = ["to_u_ds", "from_u_ds", "to_v_ds", "from_v_ds"]


@st.composite
def networks(draw):
    n = draw(st.integers(2, 9))
    ends, seconds = st.integers(0, n - 1), st.sampled_from([-1, 0, 0.1, 0.7, 5, 12.3, 3600])
    drawn = draw(st.lists(st.tuples(ends, ends, seconds, seconds), min_size=1, max_size=14))
    a, b, forward, backward = (list(column) for column in zip(*drawn, strict=True))
    i = np.arange(n)
    return assemble(
        lon=10 + 0.01 * i,
        lat=60 + 0.004 * (i * 7 % 11),
        a=np.array(a, np.int32),
        b=np.array(b, np.int32),
        forward_s=np.array(forward, float),
        backward_s=np.array(backward, float),
        way=np.arange(len(a), dtype=np.int32),
        way_id=np.arange(len(a), dtype=np.int64) + 100,
        way_class=[("primary", "residential")[i % 2] for i in range(len(a))],
        merge_chains=draw(st.booleans()),
    )


def by_place(graph):
    """Return times between all nodes, nodes named by where they are; nodes that no arc touches left out."""
    place = {node: (round(d["x"], 6), round(d["y"], 6)) for node, d in graph.nodes(data=True) if graph.degree(node)}
    times = dict(nx.all_pairs_dijkstra_path_length(graph, weight="travel_time"))
    return {place[u]: {place[v]: round(t, 6) for v, t in times[u].items()} for u in place}


@settings(max_examples=120, deadline=None)
@given(networks())
def test_there_and_back_gives_the_same_times_edges_and_shapes(network):
    is_open = (network.edge_forward_ds >= 0) | (network.edge_backward_ds >= 0)
    graph = to_networkx(network)
    assert graph.number_of_edges() == (network.edge_forward_ds >= 0).sum() + (network.edge_backward_ds >= 0).sum()
    if not is_open.any():
        with pytest.raises(InputError, match="no edge"):
            from_networkx(graph)
        return
    again = from_networkx(graph)
    assert by_place(to_networkx(again)) == by_place(graph)
    straight = is_open & (network.edge_u != network.edge_v)
    kept = again.edge_u != again.edge_v
    for name in ("edge_length_m", "shape_way"):
        values = [getattr(n, name) for n in (network, again)]
        if name == "shape_way":
            values = [n.way_id[w[n.shape_ptr[:-1]]] for n, w in zip((network, again), values, strict=True)]
        assert np.sort(values[1][kept]) == pytest.approx(np.sort(values[0][straight]), rel=1e-4), "one edge for one"
    outlines = [
        n.edges().geometry[chosen].normalize().to_wkt().tolist() for n, chosen in ((network, straight), (again, kept))
    ]
    assert sorted(outlines[0]) == sorted(outlines[1])


def test_a_graph_carries_what_osmnx_users_look_for():
    road = assemble(
        lon=np.array([10, 10.1, 10.2, 10.2]),
        lat=np.array([60, 60.1, 60, 60.3]),
        a=np.array([0, 1, 2], np.int32),
        b=np.array([1, 2, 3], np.int32),
        forward_s=np.array([10, 20, 600.0]),
        backward_s=np.array([11, 21, 600.0]),
        way=np.array([0, 0, 1], np.int32),
        way_id=np.array([77, 78]),
        way_class=["primary", "ferry"],
        kind=np.array([0, 0, EdgeKind.FERRY], np.int8),
    )
    graph = to_networkx(road)
    assert graph.graph["crs"] == "EPSG:4326"
    there = next(d for _, _, d in graph.edges(data=True) if d["travel_time"] == 30)
    back = next(d for _, _, d in graph.edges(data=True) if d["travel_time"] == 32)
    assert (there["osmid"], there["highway"], there["kind"]) == (77, "primary", "road")
    assert list(there["geometry"].coords) == [(10, 60), (10.1, 60.1), (10.2, 60)]
    assert list(back["geometry"].coords) == [(10.2, 60), (10.1, 60.1), (10, 60)]
    metres = pyproj.Geod(ellps="WGS84").geometry_length(there["geometry"])
    assert there["length"] == back["length"] == pytest.approx(metres, rel=1e-5)
    assert {d["kind"] for _, _, d in graph.edges(data=True)} == {"road", "ferry"}
    assert len(ox.graph_to_gdfs(graph, nodes=False)) == 4, "osmnx takes it for one of its own"


def test_boats_stay_boats():
    """A network that goes through networkx must not let people begin a journey at sea."""
    road = assemble(
        lon=np.array([10, 10.1, 10.2, 10.3]),
        lat=np.full(4, 60.0),
        a=np.array([0, 1, 2], np.int32),
        b=np.array([1, 2, 3], np.int32),
        forward_s=np.array([300, 900, 1200.0]),
        backward_s=np.array([300, 0, 1200.0]),
        way=np.zeros(3, np.int32),
        way_id=np.array([1]),
        way_class=["mixed"],
        kind=np.array([EdgeKind.ROAD, EdgeKind.BOARDING, EdgeKind.FERRY], np.int8),
        snaps=np.array([True, False, False]),
    )
    again = from_networkx(to_networkx(road))
    assert sorted(again.edge_kind.tolist()) == sorted(road.edge_kind.tolist())
    assert len(snappable_edges(again)) == len(snappable_edges(road)) == 1


# Graphs of other makers


def plain(kind, *edges, **nodes):
    graph = kind()
    for name, (x, y) in ({"a": (10, 60), "b": (10.1, 60), "c": (10.1, 60.1)} | nodes).items():
        graph.add_node(name, x=x, y=y)
    graph.add_edges_from(edges)
    return graph


def times_of(network):
    names = {(10, 60): "a", (10.1, 60): "b", (10.1, 60.1): "c"}
    return {
        names[u] + names[v]: t for u, ends in by_place(to_networkx(network)).items() for v, t in ends.items() if u != v
    }


@pytest.mark.parametrize("kind", [nx.Graph, nx.MultiGraph])
def test_an_undirected_edge_is_open_both_ways(kind):
    bent = shapely.LineString([(10.1, 60.1), (10.2, 60.08), (10.15, 60.01), (10.1, 60)])  # drawn from c to b
    made = from_networkx(
        plain(kind, ("a", "b", {"travel_time": 60}), ("b", "c", {"travel_time": 30, "geometry": bent}))
    )
    assert times_of(made) == {"ab": 60, "ba": 60, "bc": 30, "cb": 30, "ac": 90, "ca": 90}
    assert made.n_edges == 2
    lines = made.edges().geometry
    assert any(line.normalize().equals_exact(bent.normalize(), 1e-9) for line in lines)


@pytest.mark.parametrize("kind", [nx.DiGraph, nx.MultiDiGraph])
def test_a_directed_arc_is_open_one_way(kind):
    made = from_networkx(plain(kind, ("a", "b", {"minutes": 1.5}), ("c", "b", {"minutes": 2})), weight="minutes")
    assert times_of(made) == {"ab": 1.5, "cb": 2}


def test_speeds_stand_in_for_times():
    graph = plain(
        nx.DiGraph,
        ("a", "b", {"length": 1000.0, "highway": "primary"}),
        ("b", "c", {"length": 1000.0, "highway": ["residential", "service"]}),
        ("c", "a", {"length": 1000.0, "highway": "track"}),
        ("b", "a", {"length": 1000.0, "highway": "primary", "travel_time": 7.0}),
    )
    made = from_networkx(graph, speeds_kph={"primary": 72, "residential": 36, "": 18})
    times = times_of(made)
    assert (times["ab"], times["bc"], times["ca"], times["ba"]) == (50, 100, 200, 7)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (plain(nx.DiGraph, ("a", "b", {"travel_time": 1}), d=(500_000.0, 6_650_000.0)), "'d'.*degrees.*EPSG:4326"),
        (plain(nx.DiGraph, ("a", "nowhere", {"travel_time": 1})), "'nowhere'"),
        (plain(nx.DiGraph, ("a", "b", {})), "'a' -> 'b'.*travel_time"),
        (plain(nx.DiGraph, ("a", "b", {"length": 5.0, "highway": "track"})), "'a' -> 'b'"),
        (plain(nx.DiGraph, ("a", "b", {"travel_time": -3})), "-3"),
        (plain(nx.DiGraph, ("a", "b", {"travel_time": np.nan})), "nan"),
        (plain(nx.DiGraph), "no edge"),
        (nx.MultiDiGraph(), "no edge"),
    ],
)
def test_a_graph_that_says_too_little_is_refused(graph, message):
    with pytest.raises(InputError, match=message):
        from_networkx(graph)


# osmnx


def osmnx_graph(*streets):
    """Make a graph as osmnx does: one arc per direction, lengths, `oneway`, `reversed` and simplified shapes."""
    graph = nx.MultiDiGraph(crs="epsg:4326", created_by="osmnx", simplified=True)
    for osmid, nodes, line, oneway in streets:
        shape = shapely.LineString(line)
        length = float(ox.distance.great_circle(*np.array(line)[:-1, ::-1].T, *np.array(line)[1:, ::-1].T).sum())
        for node, (x, y) in zip(nodes, (line[0], line[-1]), strict=True):
            graph.add_node(node, x=x, y=y, street_count=3)
        arcs = [(nodes, shape, False)] if oneway else [(nodes, shape, False), (nodes[::-1], shape.reverse(), True)]
        for (u, v), way, turned in arcs:
            ids = osmid[::-1] if turned and isinstance(osmid, list) else osmid
            data = {"osmid": ids, "highway": "residential", "oneway": oneway, "reversed": turned, "length": length}
            graph.add_edge(u, v, **data | ({"geometry": way} if len(line) > 2 else {}))
    ox.routing.add_edge_speeds(graph, hwy_speeds={"residential": 36})
    ox.routing.add_edge_travel_times(graph)
    return graph


W, M, E, S = (10.0, 60.0), (10.05, 60.0), (10.1, 60.0), (10.05, 59.97)
TOWN = [
    (11, (1, 2), [W, (10.02, 60.01), M], False),
    (12, (2, 3), [M, E], True),
    ([13, 14], (3, 4), [E, (10.09, 59.98), (10.07, 59.97), S], False),
    (15, (4, 2), [S, M], False),
]


def snapped(network, x, y):
    return snap(network, gpd.GeoSeries([shapely.Point(x, y)], crs="EPSG:4326"), min_component_m=0).iloc[0]


def heading(network, row):
    """Return where the four legs of a snapped place lead: {(to or from, longitude of the end): deciseconds}."""
    ends = {"u": network.edge_u[row["edge"]], "v": network.edge_v[row["edge"]]}
    legs = [(leg.split("_")[0], round(float(network.node_lon[ends[leg.split("_")[1]]]), 6), row[leg]) for leg in LEGS]
    return {(way, lon): time for way, lon, time in legs}


def test_a_two_way_street_of_osmnx_can_be_left_both_ways():
    graph = osmnx_graph(*TOWN)
    network = from_osmnx(graph)
    assert network.n_edges == 4
    expected, found = by_place(graph), by_place(to_networkx(network))
    assert expected.keys() == found.keys()
    for u in expected:
        assert found[u] == pytest.approx(expected[u], abs=0.2), "osmnx's own times, to the decisecond of each arc"
    for x, y, west, east in ((10.02, 60.012, 10.0, 10.05), (10.07, 59.969, 10.05, 10.1), (10.051, 59.98, 10.05, 10.05)):
        row = snapped(network, x, y)
        assert (row[LEGS] >= 0).all()
        assert {lon for _, lon in heading(network, row)} == {west, east}
        assert row["to_u_ds"] + row["to_v_ds"] == pytest.approx(row["from_u_ds"] + row["from_v_ds"], abs=1)


def test_a_one_way_street_of_osmnx_stays_one_way():
    row = snapped(network := from_osmnx(osmnx_graph(*TOWN)), 10.07, 60.0001)
    legs = heading(network, row)
    assert (legs["to", 10.05], legs["from", 10.1]) == (-1, -1)
    assert legs["to", 10.1] / legs["from", 10.05] == pytest.approx(3 / 2, rel=0.02)


def test_the_halves_of_a_roundabout_are_not_one_street():
    """Same nodes, same way, same length, opposite directions: but one goes round the north and one round the south."""
    north = [(10.0, 60.0), (10.001, 60.001), (10.002, 60.0)]
    south = [(10.002, 60.0), (10.001, 59.999), (10.0, 60.0)]
    network = from_osmnx(
        osmnx_graph(
            (21, (1, 2), north, True),
            (21, (2, 1), south, True),
            (22, (3, 1), [(9.95, 60.0), (10.0, 60.0)], False),
            (23, (2, 4), [(10.002, 60.0), (10.05, 60.0)], False),
        )
    )
    assert network.n_edges == 4
    for y, start, end in ((60.002, 10.0, 10.002), (59.998, 10.002, 10.0)):
        legs = heading(network, row := snapped(network, 10.001, y))
        assert row["lat"] == pytest.approx(60 + (0.001 if y > 60 else -0.001), abs=1e-4)
        assert min(legs["to", end], legs["from", start]) > 0
        assert (legs["to", start], legs["from", end]) == (-1, -1)


def test_a_loop_street_can_be_left_both_ways():
    """A dead end that comes back to its own mouth: osmnx has an arc for either way round it."""
    loop = [M, (10.06, 60.01), (10.04, 60.01), M]
    network = from_osmnx(osmnx_graph(*TOWN, (16, (2, 2), loop, False)))
    assert network.n_edges == 5
    row = snapped(network, 10.058, 60.009)
    assert (row[LEGS] >= 0).all()
    assert row["to_u_ds"] != row["to_v_ds"], "the near way and the far way round"


def test_parallel_streets_stay_apart():
    north, south = [W, (10.02, 60.02), M], [W, (10.02, 59.98), M]
    graph = osmnx_graph((31, (1, 2), north, False), (32, (1, 2), south, False), (33, (2, 1), [M, W], True))
    network = from_osmnx(graph)
    assert network.n_edges == 3
    for y in (60.02, 59.98):
        row = snapped(network, 10.02, y)
        assert (row[LEGS] >= 0).all()
        assert row["lat"] == pytest.approx(y, abs=1e-4)


def test_a_doubled_corner_does_not_open_a_one_way_street():
    line = [W, (10.02, 60.01), (10.02, 60.01), M]
    network = from_osmnx(osmnx_graph((41, (1, 2), line, True), (42, (2, 1), [M, W], True)))
    assert network.n_edges == 2
    assert sorted(network.edge_backward_ds.tolist()) == [-1, -1]


def test_a_projected_graph_is_refused_with_the_mend():
    with pytest.raises(InputError, match="EPSG:4326"):
        from_osmnx(ox.project_graph(osmnx_graph(*TOWN)))


def test_a_graph_without_times_is_refused_with_the_mend():
    graph = osmnx_graph(*TOWN)
    for _, _, data in graph.edges(data=True):
        del data["travel_time"]
    with pytest.raises(InputError, match="add_edge_travel_times"):
        from_osmnx(graph)
    with_speeds = from_osmnx(graph, speeds_kph={"residential": 36})
    found, expected = by_place(to_networkx(with_speeds)), by_place(osmnx_graph(*TOWN))
    for u in expected:
        assert found[u] == pytest.approx(expected[u], rel=0.01)


def test_osmnx_and_we_read_the_same_file_alike(tmp_path):
    """A town grid with bends, a one-way drawn against the traffic and a roundabout, read by both from one file."""
    path = tmp_path / "town.osm"
    rng = np.random.default_rng(3)
    side = 5
    with osmium.SimpleWriter(str(path)) as writer:
        for i in range(side * side):
            jitter = rng.random(2) * 0.002
            location = (10 + i % side * 0.01 + jitter[0], 60 + i // side * 0.005 + jitter[1])
            writer.add_node(osmium.osm.mutable.Node(id=i + 1, location=location))
        lines = [[r * side + c + 1 for c in range(side)] for r in range(side)]
        lines += [[r * side + c + 1 for r in range(side)] for c in range(side)]
        lines[2] = lines[2][:-1]
        extra = [{}, {"oneway": "yes"}, {}, {"oneway": "-1"}, {}, {"oneway": "yes"}, {}, {}, {"oneway": "no"}, {}]
        for number, (nodes, more) in enumerate(zip(lines, extra, strict=True)):
            tags = {"highway": "primary", "maxspeed": "60"} | more
            writer.add_way(osmium.osm.mutable.Way(id=100 + number, nodes=nodes, tags=tags))
        ring = {"highway": "residential", "maxspeed": "30", "junction": "roundabout"}
        writer.add_way(osmium.osm.mutable.Way(id=200, nodes=[7, 8, 13, 12, 7], tags=ring))
    theirs = ox.graph_from_xml(path, retain_all=True)
    ox.routing.add_edge_speeds(theirs)
    ox.routing.add_edge_travel_times(theirs)
    expected = by_place(theirs)
    for network in (from_osmnx(theirs), read_osm(path)):
        found = by_place(to_networkx(network))
        both = expected.keys() & found.keys()
        assert len(both) > side * side - 8
        for u in both:
            for v in both:
                # They measure on a sphere, we on the ellipsoid.
                assert found[u].get(v, np.inf) == pytest.approx(expected[u].get(v, np.inf), rel=0.006, abs=0.5)
