"""Every question on every engine, against networkx over whole journeys that know each edge, turn and private road."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields, replace

import geopandas as gpd
import networkx as nx
import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from straight import straight_ds

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.network import DECISECONDS, EdgeKind, Turns, assemble, snap
from geoaccess.routing import nearest_snapped

NEAR = {"max_snap_m": 3000.0, "min_component_m": 0.0}
ASKED = {"max_snap_m": 3000.0, "min_component_m": 0.0}
METHODS = ("auto", "search", "hierarchy")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small networks are asked on one thread: on a busy machine two wait for each other longer than they work."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.fixture
def all_threads(one_thread):
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    yield
    numba.set_num_threads(1)


@dataclass
class World:
    """A network as it was drawn, edge by edge, and the rules that hold on it."""

    network: ga.Network
    rules: list[tuple[int, tuple[int, bool], tuple[int, bool], bool]]  # node, end it comes from, end it leads to, only
    rng: np.random.Generator

    def _repr_pretty_(self, printer, _cycle):
        net = self.network
        edges = zip(net.edge_u, net.edge_v, net.edge_forward_ds, net.edge_backward_ds, net.edge_kind, strict=True)
        printer.text(f"World(edges={[tuple(map(int, edge)) for edge in edges]}, rules={self.rules})")

    def place(self, node):
        return node if self.network.expansion is None else int(self.network.expansion.place[node])

    @property
    def n_places(self):
        return self.network.n_nodes if self.network.expansion is None else int(self.network.expansion.place.max()) + 1

    def points(self, count, prefix, *others):
        """Places at nodes, along edges, beside them, where others are, and too far away."""
        net, rng = self.network, self.rng
        at = []
        known = [point for other in others for point in other]
        for _ in range(count):
            kind = rng.choice(["node", "edge", "edge", "edge", "beside", "same", "far"])
            e = int(rng.integers(net.n_edges))
            share = rng.choice([0.0, 1.0, 0.5, 0.5, 1e-9, rng.random()])
            ends = np.array(
                [[net.shape_lon[p], net.shape_lat[p]] for p in (net.shape_ptr[e], net.shape_ptr[e + 1] - 1)]
            )
            x, y = ends[0] + share * (ends[1] - ends[0])
            if kind == "node":
                node = int(rng.integers(net.n_nodes))
                x, y = net.node_lon[node], net.node_lat[node]
            elif kind == "beside":
                x, y = x + rng.normal() * 0.01, y + rng.normal() * 0.01
            elif kind == "same" and (at or known):
                point = (at + known)[rng.integers(len(at + known))]
                x, y = point.x, point.y
            elif kind == "far":
                x, y = 20.0, 50.0
            at.append(Point(x, y))
        return gpd.GeoSeries(at, index=[f"{prefix}{i}" for i in range(count)], crs="EPSG:4326")

    def snapped(self, *places):
        """Attach places; examples in which none of them lies near a road are passed over."""
        try:
            table = snap(self.network, pd.concat(places), **NEAR)
        except InputError:
            assume(condition=False)
        return [table.loc[some.index] for some in places]


@st.composite
def worlds(draw, *, ruled=None, only=True, spare=True):
    """Draw networks of all kinds: one-ways, parallel edges, loops, ferries, closed edges, parts apart, banned turns."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(2, 9)), draw(st.integers(1, 16))
    if draw(st.integers(0, 3)) == 0:  # so crowded that a core is left to contract, or to be searched
        n, m = n + 12, 5 * n + m + 30
    u, v = rng.integers(0, n, m), rng.integers(0, n, m)
    times = rng.choice([0, 0.1, 5, 5, 60, 600], (2, m)).astype(float)
    times[1] = np.where(rng.random(m) < 0.5, times[0], times[1])
    times[rng.random((2, m)) < 0.15] = -1
    kind = rng.choice([EdgeKind.ROAD] * 7 + [EdgeKind.FERRY, EdgeKind.BOARDING, EdgeKind.ON_FOOT], m).astype(np.int8)
    times[1, (kind == EdgeKind.BOARDING) & (times[0] >= 0)] = 0
    times[:, kind == EdgeKind.ON_FOOT] = -1
    rules = draw(st.booleans()) if ruled is None else ruled
    restricted = (rng.random(m) < 0.3) & (kind == EdgeKind.ROAD) & rules
    if draw(st.integers(0, 5)) == 0:  # as much time as a network may hold
        paid = times.clip(0) * np.where(restricted, 2, 1)
        times = np.where(times > 0, times * (1.8e8 / max(paid.sum(), 1.0)), times)
    grid = draw(st.booleans())  # on a grid nodes may lie at one spot, or within a hair of each other
    lon, lat = 10 + rng.random(n) * 0.3, 60 + rng.random(n) * 0.15
    if grid:
        lon, lat = 10 + rng.integers(0, 3, n) * 0.1 + rng.integers(0, 2, n) * 1e-7, 60 + rng.integers(0, 3, n) * 0.05
    turns = []
    for _ in range(draw(st.integers(0, 8)) if rules else 0):
        one = int(rng.integers(m))
        via = int(rng.choice([u[one], v[one]]))
        other = int(rng.choice(np.flatnonzero((u == via) | (v == via))))
        turns.append((via, one, other, bool(only and rng.random() < 0.3)))
    return world_of(rng, lon, lat, u, v, times, kind, restricted, turns, spare=spare and draw(st.booleans()))


def world_of(rng, lon, lat, u, v, times, kind, restricted, turns, *, spare=False):
    """Assemble; then say each rule by ends of edges: (edge, whether it is the end at its v)."""
    m = len(u)
    table = np.array(turns, np.int32).reshape(-1, 4)
    network = assemble(
        lon=lon,
        lat=lat,
        a=u.astype(np.int32),
        b=v.astype(np.int32),
        forward_s=times[0],
        backward_s=times[1],
        way=np.arange(m, dtype=np.int32),
        way_id=np.arange(m, dtype=np.int64),
        way_class=["road"] * m,
        kind=kind,
        snaps=kind == EdgeKind.ROAD,
        restricted=restricted,
        turns=Turns(*table[:, :3].T.copy(), table[:, 3].astype(bool)) if turns else None,
        merge_chains=False,
    )
    edge_of = np.argsort(network.shape_way[network.shape_ptr[:-1]])
    rules = []
    for via, one, other, must in turns:
        ends = [
            [(int(edge_of[i]), at_v) for at_v, end in ((False, u[i]), (True, v[i])) if end == via] for i in (one, other)
        ]
        if len(ends[0]) == len(ends[1]) == 1 and not restricted[one] and not restricted[other]:
            comes, goes = ends[0][0], ends[1][0]
            node = int((network.edge_v if comes[1] else network.edge_u)[comes[0]])
            rules.append((node, comes, goes, must))
    if spare and network.expansion is None:  # a node that no edge meets
        network = replace(
            network, node_lon=np.append(network.node_lon, 10.05), node_lat=np.append(network.node_lat, 60.01)
        )
    return World(network, rules, rng)


def journeys(world):
    """All moves of a car: from the end of one edge to the end of another, or from and to nodes, in deciseconds.

    A state is (edge, upward, phase): at the end of an edge, having come along it. In phase 0 only private roads have
    been used since the beginning, in phase 2 the last stretch on private roads has begun.
    """
    net = world.network
    private = np.zeros(net.n_edges, bool) if net.expansion is None else net.expansion.restricted
    cost = {True: net.edge_forward_ds, False: net.edge_backward_ds}
    leaving = {}
    for e in range(net.n_edges):
        leaving.setdefault(int(net.edge_u[e]), []).append((e, True))
        leaving.setdefault(int(net.edge_v[e]), []).append((e, False))
    graph = nx.DiGraph()
    graph.add_nodes_from(itertools.product(("from", "to"), range(world.n_places)))

    def enter(state, e, phase):
        if private[e]:
            return 0 if state == 0 else 2
        return None if phase == 2 else 1

    for e, up, phase in itertools.product(range(net.n_edges), (True, False), range(3)):
        node = int((net.edge_v if up else net.edge_u)[e])
        graph.add_edge((e, up, phase), ("to", node), w=0)
        only = {goes for at, comes, goes, must in world.rules if (at, comes) == (node, (e, up)) and must}
        banned = {goes for at, comes, goes, must in world.rules if (at, comes) == (node, (e, up)) and not must}
        for other, other_up in leaving.get(node, []):
            end = (other, not other_up)
            after = enter(phase, other, phase)
            if end in banned or (only and end not in only) or after is None:
                continue
            graph.add_edge((e, up, phase), ("on", other, other_up, after), w=0)
    for node, ends in leaving.items():
        for other, other_up in ends:
            graph.add_edge(("from", node), ("on", other, other_up, 0 if private[other] else 1), w=0)
    for e, up, phase in itertools.product(range(net.n_edges), (True, False), range(3)):
        if cost[up][e] >= 0:
            graph.add_edge(("on", e, up, phase), (e, up, phase), w=int(cost[up][e]))
    return graph


def with_points(world, graph, origins, destinations):
    """Put points in: one leaves an origin towards the ends of its edge, and comes to a destination on entering its.

    What is at a junction is left to all its streets, and come to over all of them.
    """
    graph = graph.copy()
    net = world.network
    private = np.zeros(net.n_edges, bool) if net.expansion is None else net.expansion.restricted
    for i, row in enumerate(origins.itertuples()):
        graph.add_node(("o", i))
        if row.node >= 0:
            graph.add_edge(("o", i), ("from", row.node), w=row.off_network_ds)
            graph.add_edge(("from", row.node), ("to", row.node), w=0)
        for up, leg in ((True, row.to_v_ds), (False, row.to_u_ds)):
            if row.edge >= 0 and row.node < 0 and leg >= 0:
                graph.add_edge(("o", i), (row.edge, up, 0 if private[row.edge] else 1), w=leg + row.off_network_ds)
    for j, row in enumerate(destinations.itertuples()):
        graph.add_node(("d", j))
        if row.node >= 0:
            graph.add_edge(("to", row.node), ("d", j), w=row.off_network_ds)
            graph.add_edge(("from", row.node), ("to", row.node), w=0)
        for up, leg in ((True, row.from_u_ds), (False, row.from_v_ds)):
            for phase in range(3):
                if row.edge >= 0 and row.node < 0 and leg >= 0 and ("on", row.edge, up, phase) in graph:
                    graph.add_edge(("on", row.edge, up, phase), ("d", j), w=leg + row.off_network_ds)
    for (i, p), (j, q) in itertools.product(enumerate(origins.itertuples()), enumerate(destinations.itertuples())):
        ahead = [q.from_u_ds - p.from_u_ds] if min(p.from_u_ds, q.from_u_ds) >= 0 else []
        back = [p.to_u_ds - q.to_u_ds] if min(p.to_u_ds, q.to_u_ds) >= 0 else []
        along = [time for time in ahead + back if time >= 0]
        if p.edge >= 0 and p.edge == q.edge and max(p.node, q.node) < 0 and along:
            graph.add_edge(("o", i), ("d", j), w=min(along) + p.off_network_ds + q.off_network_ds)
        if (walk := straight_ds(p, q)) is not None:
            ridden = graph.get_edge_data(("o", i), ("d", j), {"w": walk})["w"]
            graph.add_edge(("o", i), ("d", j), w=min(walk, ridden))
    return graph


def least(graph, sources, goals):
    """Seconds from each source to each goal, inf where there is no way."""
    out = np.full((len(sources), len(goals)), np.inf)
    for i, source in enumerate(sources):
        times = nx.single_source_dijkstra_path_length(graph, source, weight="w")
        out[i] = [times.get(goal, np.inf) / DECISECONDS for goal in goals]
    return out


def expected_times(world, origins, destinations):
    graph = with_points(world, journeys(world), origins, destinations)
    found = least(graph, [("o", i) for i in range(len(origins))], [("d", j) for j in range(len(destinations))])
    found[origins["edge"].to_numpy() < 0] = np.nan
    found[:, destinations["edge"].to_numpy() < 0] = np.nan
    return found


def engines(network):
    """Name each engine and how to ask it: the network and a method."""
    bare = replace(network)
    yield "auto", bare, "auto"
    yield "search", bare, "search"
    yield "hierarchy, made when asked", bare, "hierarchy"
    yield "auto, with a hierarchy kept", bare, "auto"
    yield "contracted", ga.contract(network), "auto"


def ranked(times, sites, k):
    """The k nearest as (seconds, site), from one cell's times to all sites; of equal times the first site."""
    near = sorted((time, j) for j, time in enumerate(times) if np.isfinite(time))[:k]
    return [(time, sites[j]) for time, j in near] + [(np.inf, None)] * (k - len(near))


def listed(found, k):
    """Read the table of `nearest` the same way."""
    names = ["", *(f"_{rank}" for rank in range(2, k + 1))]
    return [[(row[f"travel_time{name}_s"], row[f"site{name}"]) for name in names] for row in found.to_dict("records")]


@settings(max_examples=40)
@given(worlds(), st.data())
def test_times_between_places_are_those_of_whole_journeys_on_every_engine(world, data):
    origins, destinations = world.snapped(a := world.points(5, "o"), world.points(4, "d", a))
    expected = expected_times(world, origins, destinations)
    finite = np.unique(np.rint(expected[np.isfinite(expected)] * DECISECONDS)).tolist()
    cutoff = data.draw(st.sampled_from([0, *finite, *(max(time - 1, 0) for time in finite)])) / DECISECONDS
    for name, network, method in engines(world.network):
        for cutoff_s in (np.inf, cutoff):
            within = np.where(expected > cutoff_s, np.inf, expected)
            found = ga.travel_times(network, origins, destinations, cutoff_s=cutoff_s, method=method)
            np.testing.assert_array_equal(found, within, err_msg=f"{name}, {cutoff_s}")
            turned = ga.travel_times(network, origins, destinations.iloc[:1], cutoff_s=cutoff_s, method=method)
            np.testing.assert_array_equal(turned, within[:, :1], err_msg=f"{name}, {cutoff_s}, one destination")


@settings(max_examples=50)
@given(worlds(), st.sampled_from(["to_sites", "to_people"]))
def test_the_k_nearest_are_the_first_of_all_times_on_every_engine(world, direction):
    cells, sites = world.snapped(a := world.points(6, "c"), world.points(4, "s", a))
    expected = expected_times(world, cells, sites) if direction == "to_sites" else expected_times(world, sites, cells).T
    on = cells["edge"].to_numpy() >= 0
    contracted = ga.contract(world.network)
    for k in range(1, 5):
        found = [
            nearest_snapped(network, cells, sites, k=k, direction=direction) for network in (world.network, contracted)
        ]
        pd.testing.assert_frame_equal(*found, check_exact=True)
        got = listed(found[0], k)
        for i in np.flatnonzero(on):
            assert got[i] == ranked(expected[i], sites.index, k)
        assert all(np.isnan(time) and site is None for i in np.flatnonzero(~on) for time, site in got[i])


@settings(max_examples=40)
@given(worlds(), st.booleans())
def test_trees_lead_to_nodes_as_whole_journeys_do(world, reverse):
    """By the numbers of nodes and their copies as networkx walks the arcs; by places as journeys do."""
    net = world.network
    (origins,) = world.snapped(world.points(5, "o"))
    on = origins["edge"].to_numpy() >= 0
    if reverse:
        graph = with_points(world, journeys(world), origins.iloc[:0], origins)
        sources = [("from", node) for node in range(world.n_places)]
        expected = least(graph, sources, [("d", i) for i in range(len(origins))]).T
    else:
        graph = with_points(world, journeys(world), origins, origins.iloc[:0])
        goals = [("to", node) for node in range(world.n_places)]
        expected = least(graph, [("o", i) for i in range(len(origins))], goals)
    place = np.array([world.place(node) for node in range(net.n_nodes)])
    first = None
    for name, network, method in engines(net):
        found = ga.shortest_path_trees(network, origins, reverse=reverse, method=method)
        assert found.shape == (len(origins), net.n_nodes)
        assert np.isnan(found[~on]).all()
        by_place = np.full((len(origins), world.n_places), np.inf)
        np.minimum.at(by_place, (slice(None), place), found)
        np.testing.assert_array_equal(by_place[on], expected[on], err_msg=name)
        first = found if first is None else first
        np.testing.assert_array_equal(found, first, err_msg=name)


@settings(max_examples=15)
@given(worlds(), st.sampled_from(["to_sites", "to_people"]), st.data())
def test_within_is_the_finite_part_of_all_times_in_order(world, direction, data):
    cells, sites = world.points(6, "c"), world.points(4, "s")
    cell, site = world.snapped(cells, sites)
    assume((cell["edge"] >= 0).any() and (site["edge"] >= 0).any())
    times = ga.travel_times(world.network, cell, site)
    if direction == "to_people":
        times = ga.travel_times(world.network, site, cell).T
    finite = np.unique(times[np.isfinite(times)]).tolist()
    cutoff = data.draw(st.sampled_from([0, np.inf, *finite]))
    row, column = np.nonzero(np.isfinite(times) & (times <= cutoff))
    expected = pd.DataFrame(
        {"cell_id": cells.index[row], "site_id": sites.index[column], "travel_time_s": times[row, column]}
    )
    for name, network, method in engines(world.network):
        found = ga.travel_times_within(
            network, cells, sites, cutoff_s=cutoff, direction=direction, method=method, **ASKED
        )
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False, obj=name)


@settings(max_examples=15)
@given(worlds(), st.sampled_from(["to_sites", "to_people"]), st.integers(1, 3), st.data())
def test_more_sites_never_hurt_and_k_nearest_begin_k_plus_one_nearest(world, direction, k, data):
    """Asked from outside, by points: the nearest is also what `travel_times` gives, and the same on every engine."""
    cells, sites = world.points(6, "c"), world.points(4, "s")
    cell, site = world.snapped(cells, sites)
    assume((cell["edge"] >= 0).any() and (site["edge"].iloc[:-1] >= 0).any())
    contracted = ga.contract(world.network)
    network = data.draw(st.sampled_from([world.network, contracted]))
    asked = {"direction": direction, **ASKED}
    more = ga.nearest(network, cells, sites, k=k + 1, **asked)
    pd.testing.assert_frame_equal(more, nearest_snapped(contracted, cell, site, k=k + 1, direction=direction))
    fewer = ga.nearest(network, cells, sites, k=k, **asked)
    ranks = [name for name in fewer.columns if name.startswith(("travel_time", "site"))]
    pd.testing.assert_frame_equal(more[ranks], fewer[ranks])
    some = ga.nearest(network, cells, sites.iloc[:-1], k=k, **asked)
    times = [name for name in ranks if name.startswith("travel_time")]
    on = cell["edge"].to_numpy() >= 0
    assert (fewer.loc[on, times].to_numpy() <= some.loc[on, times].to_numpy()).all()
    turned = ga.travel_times(network, *((cell, site) if direction == "to_sites" else (site, cell)))
    least_time = (turned if direction == "to_sites" else turned.T)[:, (site["edge"] >= 0).to_numpy()].min(axis=1)
    np.testing.assert_array_equal(fewer["travel_time_s"], least_time)


@settings(max_examples=20)
@given(worlds(), st.data())
def test_a_faster_edge_never_lengthens_a_time(world, data):
    """Also: a changed copy of a network is asked anew, though the old one keeps hierarchies it was asked with."""
    net = world.network
    origins, destinations = world.snapped(world.points(5, "o"), world.points(5, "d"))
    free = np.setdiff1d(np.arange(net.n_edges), [*origins["edge"], *destinations["edge"]])
    assume(free.size)
    e = int(data.draw(st.sampled_from(free.tolist())))
    before = ga.travel_times(net, origins, destinations, method="hierarchy")
    share = data.draw(st.sampled_from([0, 0.3, 0.999]))
    change = {
        name: np.where(np.arange(net.n_edges) == e, np.floor(times * share) * (times > 0) - (times < 0), times)
        for name in ("edge_forward_ds", "edge_backward_ds")
        for times in [getattr(net, name)]
    }
    faster = replace(net, **{name: times.astype(np.int32) for name, times in change.items()})
    expected = expected_times(World(faster, world.rules, world.rng), origins, destinations)
    for name, network, method in engines(faster):
        found = ga.travel_times(network, origins, destinations, method=method)
        np.testing.assert_array_equal(found, expected, err_msg=name)
    on = ~np.isnan(before)
    assert (expected[on] <= before[on]).all()


@settings(max_examples=15)
@given(worlds(only=False, spare=False), st.integers(1, 3))
def test_with_all_ways_turned_round_direction_turns_round(world, k):
    net = world.network
    rng = world.rng
    cells, sites = world.points(5, "c"), world.points(4, "s")
    world.snapped(cells, sites)
    way = net.shape_way[net.shape_ptr[:-1]]
    turned = world_of(
        rng,
        net.node_lon[: world.n_places],
        net.node_lat[: world.n_places],
        net.edge_u,
        net.edge_v,
        np.stack([net.edge_backward_ds, net.edge_forward_ds]) / DECISECONDS,
        net.edge_kind,
        np.zeros(net.n_edges, bool) if net.expansion is None else net.expansion.restricted,
        [(node, goes[0], comes[0], False) for node, comes, goes, _ in world.rules],
    )
    assert (way >= 0).all()
    there = world.snapped(cells, sites)
    back = turned.snapped(cells, sites)
    assume(all((one["edge"] >= 0).any() for one in there))
    for direction, other in (("to_sites", "to_people"), ("to_people", "to_sites")):
        one = nearest_snapped(net, *there, k=k, direction=direction)
        for network in (turned.network, ga.contract(turned.network)):
            two = nearest_snapped(network, *back, k=k, direction=other)
            pd.testing.assert_frame_equal(one, two, check_exact=True)


@settings(max_examples=20)
@given(worlds())
def test_the_parts_of_a_route_add_up_to_the_time_of_the_nearest(world):
    places = world.points(2, "p")
    (snapped,) = world.snapped(places)
    a, b = ((point.x, point.y) for point in places)
    time = np.inf
    if (snapped["edge"] >= 0).all():
        time = expected_times(world, snapped.iloc[:1], snapped.iloc[1:])[0, 0]
    for network in (world.network, ga.contract(world.network)):
        if not np.isfinite(time):
            with pytest.raises(InputError, match=r"there is no way|has no road"):
                ga.route(network, a, b, **ASKED)
            continue
        journey = ga.route(network, a, b, **ASKED)
        assert np.rint(journey["travel_time_s"].sum() * DECISECONDS) == np.rint(time * DECISECONDS)
        for one, other in itertools.pairwise(journey.geometry):
            if (world.network.edge_kind == EdgeKind.BOARDING).any():
                break  # waiting takes place at one spot; here it may lead from one to another
            assert Point(one.coords[-1]).distance(Point(other.coords[0])) < 1e-3
        near = ga.nearest(network, places.iloc[:1], places.iloc[1:], k=1, **ASKED)
        assert near["travel_time_s"].tolist() == [time]


def town(seed=3, side=9):
    """A grid of streets with one-ways, gaps, banned turns and private roads, and points by the hundred."""
    rng = np.random.default_rng(seed)
    ids = np.arange(side * side).reshape(side, side)
    u = np.concatenate([ids[:, :-1].ravel(), ids[:-1].ravel()])
    v = np.concatenate([ids[:, 1:].ravel(), ids[1:].ravel()])
    kept = rng.random(u.size) < 0.9
    u, v = u[kept], v[kept]
    times = rng.integers(5, 60, (2, u.size)).astype(float)
    times[1, rng.random(u.size) < 0.2] = -1
    turns = []
    for one in rng.integers(0, u.size, 40):
        via = int(v[one])
        other = int(rng.choice(np.flatnonzero((u == via) | (v == via))))
        turns.append((via, int(one), other, bool(rng.random() < 0.3)))
    lon, lat = 10 + (np.arange(side * side) % side) * 0.01, 60 + (np.arange(side * side) // side) * 0.005
    kind = np.full(u.size, EdgeKind.ROAD, np.int8)
    return world_of(rng, lon, lat, u, v, times, kind, rng.random(u.size) < 0.05, turns)


@pytest.fixture(scope="module")
def busy():
    world = town()
    origins, destinations = world.snapped(a := world.points(131, "o"), world.points(130, "d", a))
    return world, origins, destinations, expected_times(world, origins, destinations)


@pytest.mark.parametrize(("rows", "columns"), [(131, 130), (130, 131), (33, 70), (70, 33), (1, 65), (65, 1), (32, 32)])
@pytest.mark.parametrize("tile_bytes", [1, 2**28])
@pytest.mark.usefixtures("all_threads")
def test_batches_of_any_number_fill_the_table_in_tiles_of_any_size(busy, monkeypatch, rows, columns, tile_bytes):
    world, origins, destinations, expected = busy
    monkeypatch.setattr("geoaccess.routing.matrices._TILE_BYTES", tile_bytes)
    rows, columns = slice(131 - rows, 131), slice(columns)
    for name, network, method in engines(world.network):
        found = ga.travel_times(network, origins.iloc[rows], destinations.iloc[columns], method=method)
        np.testing.assert_array_equal(found, expected[rows, columns], err_msg=name)
        trees = ga.shortest_path_trees(network, origins.iloc[rows], method=method)
        np.testing.assert_array_equal(
            trees, ga.shortest_path_trees(world.network, origins, method="search")[rows], err_msg=name
        )


@pytest.mark.usefixtures("all_threads")
def test_one_thread_finds_what_two_find(busy):
    world, origins, destinations, expected = busy
    if numba.get_num_threads() < 2:
        pytest.skip("there is one thread only")
    two = ga.contract(world.network)
    numba.set_num_threads(1)
    one = ga.contract(world.network)
    for name, network, method in engines(world.network):
        found = ga.travel_times(network, origins, destinations, method=method)
        np.testing.assert_array_equal(found, expected, err_msg=name)
    for name in ("place", "start", "head", "outward", "inward"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.usefixtures("all_threads")
def test_callers_in_several_threads_do_not_disturb_each_other(busy):
    from concurrent.futures import ThreadPoolExecutor

    world, origins, destinations, expected = busy
    fresh = replace(world.network)
    alone = nearest_snapped(world.network, origins, destinations, k=2)

    def ask(turn):
        if turn % 4 == 3:
            return nearest_snapped(fresh, origins, destinations, k=2).equals(alone)
        method = ("hierarchy", "search", "auto")[turn % 4]
        return np.array_equal(ga.travel_times(fresh, origins, destinations, method=method), expected, equal_nan=True)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(12)))


@pytest.mark.parametrize("copied", ["pickle", "deepcopy"])
def test_copies_of_networks_and_hierarchies_answer_alike_and_stay_immutable(busy, copied):
    import copy
    import pickle

    world, origins, destinations, expected = busy
    hierarchy = ga.contract(world.network)
    ga.travel_times(world.network, origins, destinations, method="hierarchy")
    for thing in (world.network, hierarchy):
        other = copy.deepcopy(thing) if copied == "deepcopy" else pickle.loads(pickle.dumps(thing))
        np.testing.assert_array_equal(ga.travel_times(other, origins, destinations), expected)
        for item in fields(other):
            value = getattr(other, item.name)
            assert not isinstance(value, np.ndarray) or not value.flags.writeable, item.name
    fresh = replace(world.network)
    assert len(pickle.dumps(world.network)) <= len(pickle.dumps(fresh)) * 1.01  # not what searches keep with it


def test_no_question_changes_a_network_and_arrays_cannot_be_written(busy):
    world, origins, destinations, _ = busy
    before = {item.name: np.array(getattr(world.network, item.name)).copy() for item in fields(world.network)}
    nearest_snapped(world.network, origins, destinations)
    ga.travel_times(world.network, origins, destinations, method="hierarchy")
    for name, value in before.items():
        assert np.array_equal(value, np.array(getattr(world.network, name))), name
    for array in (world.network.edge_forward_ds, ga.contract(world.network).outward):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def line(*, forward=(300.0, 400.0), backward=(300.0, 400.0)):
    return ga.Network.from_edges(
        lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=forward, backward_s=backward
    )


def at(*lon, index=None):
    return gpd.GeoSeries.from_xy(list(lon), [60.0] * len(lon), index=index, crs="EPSG:4326")


ENGINES = [("bare", lambda net: net), ("contracted", ga.contract)]


@pytest.mark.parametrize("engine", [make for _, make in ENGINES], ids=[name for name, _ in ENGINES])
class TestWhatIsAskedWrongly:
    """Asked wrongly, every engine refuses alike; asked for nothing, it gives nothing."""

    def test_no_cells_get_no_rows(self, engine):
        network = engine(line())
        none, sites = at(), at(10.0, 10.2, index=["west", "east"])
        assert ga.nearest(network, none, sites).shape == (0, 6)
        for direction in ("to_sites", "to_people"):
            found = ga.travel_times_within(network, none, sites, cutoff_s=1e9, direction=direction)
            assert found.columns.tolist() == ["cell_id", "site_id", "travel_time_s"]
            assert len(found) == 0

    @pytest.mark.parametrize("direction", ["to_sites", "to_people"])
    def test_no_sites_are_refused(self, engine, direction):
        network = engine(line())
        with pytest.raises(InputError, match="there is no site"):
            ga.nearest(network, at(10.0), at(), direction=direction)
        with pytest.raises(InputError, match="there is no site"):
            ga.travel_times_within(network, at(10.0), at(), cutoff_s=60, direction=direction)

    @pytest.mark.parametrize("method", METHODS)
    def test_tables_of_no_points_have_no_entries(self, engine, method):
        network = line()
        some, none = snap(network, at(10.0, 10.2)), snap(network, at())
        engine = engine(network)
        assert ga.travel_times(engine, some, none, method=method).shape == (2, 0)
        assert ga.travel_times(engine, none, some, method=method).shape == (0, 2)
        assert ga.travel_times(engine, none, none, method=method).shape == (0, 0)
        assert ga.shortest_path_trees(engine, none, method=method).shape == (0, 3)

    @pytest.mark.parametrize("method", METHODS)
    def test_points_none_of_which_is_snapped_have_no_times(self, engine, method):
        network = line()
        snapped = snap(network, at(10.0, 15.0, 16.0))
        off, engine = snapped.iloc[1:], engine(network)
        assert np.isnan(ga.travel_times(engine, off, off, method=method)).all()
        assert np.isnan(ga.travel_times(engine, off, snapped, method=method)).all()
        assert np.isnan(ga.travel_times(engine, snapped, off, method=method)).all()
        assert np.isnan(ga.shortest_path_trees(engine, off, method=method)).all()

    @pytest.mark.parametrize("which", ["cells", "sites"])
    def test_double_labels_are_refused(self, engine, which):
        network = engine(line())
        one, two = at(10.0, 10.1, index=["a", "b"]), at(10.0, 10.1, index=["x", "x"])
        places = (two, one) if which == "cells" else (one, two)
        for ask in (
            lambda: ga.nearest(network, *places),
            lambda: ga.travel_times_within(network, *places, cutoff_s=60),
        ):
            with pytest.raises(InputError, match=f"{which}: .*'x' stands there more than once"):
                ask()

    @pytest.mark.parametrize("limit", [np.nan, -1, -0.1, -np.inf])
    def test_limits_below_zero_are_refused(self, engine, limit):
        network = line()
        snapped, engine = snap(network, at(10.0, 10.2)), engine(network)
        with pytest.raises(InputError, match="cutoff_s is"):
            ga.travel_times(engine, snapped, snapped, cutoff_s=limit)
        with pytest.raises(InputError, match="cutoff_s is"):
            ga.travel_times_within(engine, at(10.0), at(10.2), cutoff_s=limit)

    def test_points_that_are_not_snapped_at_all_are_refused(self, engine):
        network = line()
        engine = engine(network)
        for ask in (
            lambda: ga.travel_times(engine, pd.DataFrame({"x": [10.0]}), at(10.2)),
            lambda: ga.shortest_path_trees(engine, pd.DataFrame({"edge": [0]})),
        ):
            with pytest.raises(InputError, match="snap"):
                ask()

    def test_tables_beyond_memory_are_refused(self, engine):
        many = pd.DataFrame(index=range(10**7))
        with pytest.raises(InputError, match="10000000 x 10000000 travel times take 745058 GiB"):
            ga.travel_times(engine(line()), many, many)

    def test_unknown_words_are_refused(self, engine):
        network = line()
        snapped, engine = snap(network, at(10.0, 10.2)), engine(network)
        for ask in (
            lambda: ga.travel_times(engine, snapped, snapped, method="fast"),
            lambda: ga.shortest_path_trees(engine, snapped, method="fast"),
            lambda: ga.travel_times_within(engine, at(10.0), at(10.2), cutoff_s=60, method="fast"),
        ):
            with pytest.raises(InputError, match="method is 'fast'"):
                ask()
        with pytest.raises(InputError, match="direction is 'hospital'"):
            ga.travel_times_within(engine, at(10.0), at(10.2), cutoff_s=60, direction="hospital")


def test_a_table_that_would_eat_up_all_memory_is_refused(monkeypatch):
    """Even where the system hands it out, to take the process down when it is written."""
    network = line()
    snapped = snap(network, at(*np.linspace(10, 10.2, 400)))
    monkeypatch.setattr("geoaccess.routing.matrices.memory_left", lambda: 2**20)
    with pytest.raises(InputError, match="400 x 400 travel times take"):
        ga.travel_times(network, snapped, snapped)
    with pytest.raises(InputError, match="travel times take"):
        ga.shortest_path_trees(network, snapped.iloc[np.zeros(70_000, int)])


@pytest.mark.parametrize("method", METHODS)
def test_a_limit_counts_the_time_it_names(method):
    network = line()
    snapped = snap(network, at(10.0, 10.1, 10.2), min_component_m=0)
    times = ga.travel_times(network, snapped, snapped, method=method)
    assert times.tolist() == [[0, 300, 700], [300, 0, 400], [700, 400, 0]]
    for cutoff_s, counted in ((0, 0), (299.9, 0), (300, 2), (300.04, 2), (399.99, 2), (400, 4), (700, 6), (1e30, 6)):
        found = ga.travel_times(network, snapped, snapped, cutoff_s=cutoff_s, method=method)
        assert np.isfinite(found).sum() == 3 + counted
        assert (found[np.isfinite(found)] == times[np.isfinite(found)]).all()


def test_a_hierarchy_with_a_core_gives_every_answer_or_none(busy):
    """What `light` makes serves the nearest alone: elsewhere it must not be swept as if it were whole."""
    from geoaccess.hierarchy import light

    world, origins, destinations, _ = busy
    core = light(world.network)
    assert core.core > 0
    one = nearest_snapped(core, origins, destinations)
    pd.testing.assert_frame_equal(one, nearest_snapped(ga.contract(world.network), origins, destinations))
    for ask in (
        lambda: ga.travel_times(core, origins, destinations),
        lambda: ga.shortest_path_trees(core, origins),
        lambda: ga.route(core, (10.0, 60.0), (10.05, 60.02)),
    ):
        with pytest.raises(InputError, match="has a core"):
            ask()


def test_the_longest_journeys_there_can_be_are_found():
    """Nearly all of the time a network may hold, a turn at the far end of a road, and long ways off the network."""
    longest = (2**31 - 1 - 2**28) / DECISECONDS
    network = line(forward=(longest - 1000, -1.0), backward=(1.0, 990.0))
    assert snap(network, at(10.0)).shape[0] == 1
    one_way = ga.Network.from_edges(
        lon=[10, 10.1, 10.2],
        lat=[60] * 3,
        u=[0, 1, 2],
        v=[1, 2, 0],
        forward_s=[longest / 3 - 1] * 3,
        backward_s=[-1] * 3,
    )
    places = gpd.GeoSeries.from_xy([10.0, 10.2], [60.03, 60.03], crs="EPSG:4326")
    slow = {"off_network_kph": 3.6 * 3400 / 6.6e6}  # seconds for 3.4 km: near what `snap` allows
    snapped = snap(one_way, places, **slow)
    assert (snapped["off_network_ds"] > 2**25).all()
    expected = expected_times(World(one_way, [], np.random.default_rng()), snapped, snapped)
    assert np.isfinite(expected).all()
    assert expected.max() > longest * 0.6
    for name, network, method in engines(one_way):
        np.testing.assert_array_equal(ga.travel_times(network, snapped, snapped, method=method), expected, err_msg=name)
        trees = ga.shortest_path_trees(network, snapped, method=method)
        assert np.isfinite(trees).all()
        near = ga.nearest(network, places, places, k=2, **slow)
        assert listed(near, 2) == [ranked(row, places.index, 2) for row in expected]


@pytest.fixture(scope="module")
def iceland(data):
    return ga.read_osm(data / "iceland" / "iceland-2019.osm.pbf")


@pytest.fixture(scope="module")
def iceland_contracted(iceland):
    return ga.contract(iceland)


@pytest.fixture(scope="module")
def icelanders(iceland):
    """Places on and off roads all over the country, some far from any."""
    rng = np.random.default_rng(11)
    node = rng.integers(0, iceland.n_nodes, 60)
    points = gpd.GeoSeries.from_xy(
        iceland.node_lon[node] + rng.normal(0, 0.01, 60), iceland.node_lat[node] + rng.normal(0, 0.005, 60), crs=4326
    )
    snapped = snap(iceland, points)
    assert (snapped["edge"] >= 0).sum() > 40
    return snapped


@pytest.mark.parametrize("reverse", [False, True])
def test_no_arc_of_iceland_shortens_a_time_of_a_tree(iceland, iceland_contracted, icelanders, reverse):
    """Times are least when no arc leads sooner to its head, and none is made up: every one ends with an arc."""
    some = icelanders[icelanders["edge"] >= 0].iloc[:40]
    trees = ga.shortest_path_trees(iceland_contracted, some, reverse=reverse)
    np.testing.assert_array_equal(
        trees[:4], ga.shortest_path_trees(iceland, some.iloc[:4], reverse=reverse, method="search")
    )
    arcs = iceland.arcs_reversed if reverse else iceland.arcs
    tail = np.repeat(np.arange(iceland.n_nodes), np.diff(arcs.start))
    leave_u, leave_v, arrive_u, arrive_v = iceland.ends
    for tree, row in zip(trees, some.itertuples(), strict=True):
        time = np.where(np.isinf(tree), 2**40, np.rint(tree * DECISECONDS)).astype(np.int64)
        over = time[tail] + arcs.cost_ds
        assert (time[arcs.head] <= over).all()
        ends = [(leave_u, row.to_u_ds), (leave_v, row.to_v_ds)]
        if reverse:
            ends = [(arrive_u, row.from_u_ds), (arrive_v, row.from_v_ds)]
        begun = np.full(iceland.n_nodes, 2**40)
        for nodes, leg in ends:
            if leg >= 0:
                begun[nodes[row.edge]] = min(begun[nodes[row.edge]], leg + row.off_network_ds)
        assert (time <= begun).all()
        by_arc = begun
        np.minimum.at(by_arc, arcs.head, over)
        assert (by_arc[time < 2**40] == time[time < 2**40]).all()


def test_every_engine_gives_the_same_times_in_iceland(iceland, iceland_contracted, icelanders):
    """And the same as trees, carried over to where the places lie."""
    origins, sites = icelanders.iloc[:40], icelanders.iloc[30:]
    times = ga.travel_times(iceland_contracted, origins, sites)
    np.testing.assert_array_equal(ga.travel_times(iceland, origins.iloc[:5], sites, method="search"), times[:5])
    np.testing.assert_array_equal(ga.travel_times(iceland, origins, sites.iloc[:3], method="search"), times[:, :3])
    trees = ga.shortest_path_trees(iceland_contracted, origins)
    _, _, arrive_u, arrive_v = iceland.ends
    for j, row in enumerate(sites.itertuples()):
        apart = (origins["edge"] >= 0).to_numpy() & (origins["edge"] != row.edge).to_numpy()
        if row.edge < 0:
            continue
        ways = [
            trees[apart, nodes[row.edge]] * DECISECONDS + leg + row.off_network_ds
            for nodes, leg in ((arrive_u, row.from_u_ds), (arrive_v, row.from_v_ds))
            if leg >= 0
        ]
        np.testing.assert_array_equal(np.rint(np.min(ways, axis=0)), np.rint(times[apart, j] * DECISECONDS))
    for direction, table in (("to_sites", times), ("to_people", ga.travel_times(iceland_contracted, sites, origins).T)):
        for k in (1, 3):
            found = [
                nearest_snapped(net, origins, sites, k=k, direction=direction) for net in (iceland, iceland_contracted)
            ]
            pd.testing.assert_frame_equal(*found, check_exact=True)
            got = listed(found[0], k)
            assert all(got[i] == ranked(table[i], sites.index, k) for i in np.flatnonzero(origins["edge"] >= 0))


def test_no_detour_over_a_third_place_is_shorter(iceland, icelanders):
    """So it is where no turn is banned and no road private; otherwise a stop may be a turn that is not allowed."""
    free = replace(iceland, expansion=None)
    some = icelanders[icelanders["edge"] >= 0].iloc[:40].assign(off_network_ds=0, off_network_m=0.0)  # on the road
    times = ga.travel_times(ga.contract(free), some, some)
    between = np.rint(times * DECISECONDS)
    assert (np.diag(between) == 0).all()
    assert (between[:, None, :] <= between[:, :, None] + between[None, :, :]).all()
    ruled = ga.travel_times(iceland, some, some, method="hierarchy")
    assert (times <= ruled).all()


def test_routes_in_iceland_take_as_long_on_either_engine(iceland, iceland_contracted, icelanders):
    some = icelanders[icelanders["edge"] >= 0].iloc[:8]
    places = list(zip(some["lon"], some["lat"], strict=True))
    for a, b in itertools.pairwise(places):
        times = []
        for network in (iceland, iceland_contracted):
            try:
                times.append(round(ga.route(network, a, b)["travel_time_s"].sum() * DECISECONDS))
            except InputError as error:
                times.append(str(error))
        assert times[0] == times[1]
