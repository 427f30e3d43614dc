"""The generated country and the real topologies are what they claim to be, and the frame of the benchmarks notices."""

import json
import lzma
import sys
from dataclasses import fields

import numpy as np
import pytest

from benchmarks import country as country_benchmark
from benchmarks import graphs, measure, report, topologies, tree
from benchmarks.country import COLD, MOST, TARGETS, VERBS, WARM, shifts
from benchmarks.generate import generate, spanning_tree
from benchmarks.roads import Roads, hilbert_order
from geoaccess.kernels import graph
from geoaccess.network import EdgeKind


@pytest.fixture(scope="module")
def country():
    return generate(50_000)


def _same(one, other):
    return all(np.array_equal(getattr(one, item.name), getattr(other, item.name)) for item in fields(Roads))


def _strong(roads):
    tail, head, cost = roads.arcs()
    start, heads, _, _ = graph.rows(roads.n_nodes, tail, head, cost)
    return np.bincount(graph.strong_components(start, heads))


def test_one_seed_makes_one_country(country):
    assert _same(country, generate(50_000))
    assert not _same(country, generate(50_000, seed=2))


@pytest.mark.parametrize(("n_nodes", "seed"), [(2000, 1), (7321, 2), (50_000, 1), (50_000, 3)])
def test_country_has_the_size_and_the_shares_that_were_asked_for(n_nodes, seed):
    roads = generate(n_nodes, seed=seed)
    tail, head, cost = roads.arcs()
    assert roads.n_nodes == n_nodes
    assert np.array_equal(np.unique(np.concatenate([tail, head])), np.arange(n_nodes))
    assert 2.45 < tail.size / n_nodes < 2.8
    assert 0.065 < (np.minimum(roads.forward_ds, roads.backward_ds) < 0).mean() < 0.095
    assert not (np.maximum(roads.forward_ds, roads.backward_ds) < 0).any()
    ways = np.bincount(np.concatenate([roads.u, roads.v]), minlength=n_nodes)
    assert (ways == 1).mean() > 0.05
    assert (ways == 2).mean() > 0.3
    assert (ways >= 3).mean() > 0.3
    assert (cost == 0).any()
    assert np.unique(tail.astype(np.int64) * n_nodes + head).size < tail.size  # some lie beside others


def test_motorways_are_rarer_and_faster_than_streets(country):
    road = (country.kind == EdgeKind.ROAD) & (country.forward_ds > 0)
    speed = country.length_m[road] / country.forward_ds[road]
    medians = [np.median(speed[country.road_class[road] == level]) for level in range(7)]
    assert medians == sorted(medians, reverse=True)
    assert (country.road_class == 0).sum() < (country.road_class == 5).sum() / 4


@pytest.mark.parametrize("seed", range(3))
def test_ferries_join_islands_and_land_holds_together(seed):
    roads = generate(50_000, seed=seed)
    road = roads.kind == EdgeKind.ROAD
    by_road = graph.weak_components(roads.n_nodes, roads.u[road], roads.v[road])
    together = graph.weak_components(roads.n_nodes, roads.u, roads.v)
    assert by_road.max() > together.max()
    assert np.bincount(by_road).min() > 20
    # Only one-way dead ends, and what depends on them, stand outside the land that is connected both ways.
    sizes = _strong(roads)
    assert sizes.max() > 0.8 * roads.n_nodes
    assert sizes[sizes <= 20].sum() < 0.005 * roads.n_nodes
    ferry = roads.kind == EdgeKind.FERRY
    assert np.array_equal(roads.forward_ds[ferry], roads.backward_ds[ferry])
    assert (roads.forward_ds[ferry] > roads.wait_ds[ferry]).all()
    assert roads.forward_ds.max() == 324_000
    assert (roads.wait_ds[ferry] >= 3000).all()
    assert not roads.wait_ds[road].any()


def test_a_network_has_the_arcs_of_the_roads_it_is_made_of(country):
    network = country.network()
    arcs = network.arcs
    tail = np.repeat(np.arange(network.n_nodes), np.diff(arcs.start))
    made = np.array(sorted(zip(tail.tolist(), arcs.head.tolist(), arcs.cost_ds.tolist(), strict=True)))
    plain = np.array(sorted(zip(*(column.tolist() for column in country.arcs()), strict=True)))
    assert np.array_equal(made, plain)
    assert len(network.ferries) == (country.kind == EdgeKind.FERRY).sum()
    assert np.array_equal(network.node_lon, country.lon)
    assert country.lon.flags.writeable  # a network locks its own arrays alone


def test_ten_million_nodes_stay_below_the_bound(country):
    tail, _, cost = country.arcs()
    slowest = np.zeros(country.n_nodes, np.int64)
    road = cost < 10_000  # ferries are few, and fewer yet per node in a larger country
    np.maximum.at(slowest, tail[road], cost[road])
    assert slowest.mean() * 10_000_000 < 0.9 * (2**31 - 2**28)


def test_too_small_a_country_is_refused():
    with pytest.raises(ValueError, match="at least 2000"):
        generate(100)


def test_a_hilbert_curve_steps_from_one_place_to_the_next():
    y, x = np.divmod(np.random.default_rng(0).permutation(64 * 64), 64)
    order = hilbert_order(x.astype(float), y.astype(float))
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert np.array_equal(np.unique(order), np.arange(64 * 64))
    assert (steps == 1).all()


def test_neighbours_on_the_map_are_near_in_memory(country):
    apart = np.abs(country.u - country.v)
    assert np.median(apart) < 10
    assert (apart < 1000).mean() > 0.9


def test_a_spanning_tree_has_no_ring_and_joins_what_can_be_joined():
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 300, (2, 350)).astype(np.int32)
    chosen = spanning_tree(300, a, b, rng.permutation(350))
    parts = graph.weak_components(300, a, b)
    assert np.array_equal(parts, graph.weak_components(300, a[chosen], b[chosen]))
    assert chosen.sum() == 300 - (parts.max() + 1)


@pytest.fixture
def topology(tmp_path):
    """A lattice of 30 x 40, its nodes numbered at random, written as a topology file."""
    number = np.random.default_rng(5).permutation(1200).reshape(30, 40) + 1
    pairs = [*zip(number[:, :-1].ravel(), number[:, 1:].ravel(), strict=True)]
    pairs += [*zip(number[:-1].ravel(), number[1:].ravel(), strict=True)]
    text = f"p tw 1200 {len(pairs)}\n" + "".join(f"{u} {v}\n" for u, v in pairs)
    path = tmp_path / "LAT.gr.xz"
    path.write_bytes(lzma.compress(text.encode()))
    return path


def test_a_topology_is_kept_and_given_times(topology):
    roads = topologies.load(topology)
    assert _same(roads, topologies.load(topology))
    assert not _same(roads, topologies.load(topology, seed=2))
    assert "made up" in roads.note
    ways = np.bincount(np.concatenate([roads.u, roads.v]))
    assert np.array_equal(np.bincount(ways), [0, 0, 4, 132, 1064])
    assert _strong(roads).size == 1
    assert (np.minimum(roads.forward_ds, roads.backward_ds) < 0).mean() == pytest.approx(0.05, abs=0.002)
    assert np.maximum(roads.forward_ds, roads.backward_ds).min() > 0
    assert np.median(np.abs(roads.u - roads.v)) < 40  # at random it would be 350
    assert roads.network().n_nodes == 1200


def test_a_topology_that_was_cut_is_refused(topology):
    text = lzma.decompress(topology.read_bytes()).decode()
    topology.write_bytes(lzma.compress(text[: text.rindex("\n", 0, -1) + 1].encode()))
    with pytest.raises(ValueError, match="LAT"):
        topologies.load(topology)


@pytest.mark.shared
def test_colorado_is_whole(shared):
    roads = topologies.load(shared / "bench" / topologies.FILES["Colorado"])
    assert (roads.n_nodes, roads.u.size) == (435_666, 521_200)
    assert _strong(roads).size == 1
    assert np.median(np.abs(roads.u - roads.v)) < 10


def test_hops_are_those_of_a_breadth_first_search():
    import networkx as nx

    lattice = nx.convert_node_labels_to_integers(nx.grid_2d_graph(9, 7))
    u, v = (np.array(ends, np.int32) for ends in zip(*lattice.edges, strict=True))
    queue, far, before = topologies.hops(*topologies.neighbours(63, u, v), 5)
    expected = nx.single_source_shortest_path_length(lattice, 5)
    assert far.tolist() == [expected[node] for node in range(63)]
    assert queue[0] == 5
    assert (np.diff(far[queue]) >= 0).all()
    assert all(lattice.has_edge(node, before[node]) for node in range(63) if node != 5)


@pytest.fixture
def small(monkeypatch):
    made = graphs.Graph("small", "small", "made up", generate(2000).network())
    monkeypatch.setattr(graphs, "load", lambda _: made)
    return measure.Plan(once=True)


def _compare(plan, answer, **more):
    peer = measure.Peer("a peer", lambda _: lambda: 41)
    return measure.compare(plan, "task", "small", lambda _: lambda: answer, **{"peer": peer, **more})


def _equal(answer, expected):
    assert answer == expected


def test_a_wrong_answer_stops_the_benchmark(small):
    assert _compare(small, 41, agree=_equal).ratio > 0
    with pytest.raises(AssertionError):
        _compare(small, 42, agree=_equal)
    with pytest.raises(AssertionError):
        _compare(small, 42, check=lambda _, answer: _equal(answer, 41))


def test_what_is_missing_is_reported(small):
    def absent(_):
        raise graphs.Missing("peer missing: abacus")

    def unwritten(_):
        raise NotImplementedError

    row = _compare(small, 41, peer=measure.Peer("abacus", absent), target=measure.Target(faster=2))
    assert (row.note, row.ratio, row.target.met(row)) == ("peer missing: abacus", None, None)
    assert row.ours is not None
    row = measure.compare(small, "task", "small", unwritten)
    assert (row.note, row.ours) == ("not there yet", None)
    assert row.as_json()["graph_is"] == "made up"


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (measure.Target(), None),
        (measure.Target(faster=4), True),
        (measure.Target(faster=4.1), False),
        (measure.Target(faster=4, within_s=0.4), False),
        (measure.Target(faster=4, within_s=0.5), True),
        (measure.Target(within_s=0.4, within_mb=100), False),
        (measure.Target(within_s=0.5, within_mb=100), None),
        (measure.Target(slower_at_most=0.25), True),
        (measure.Target(slower_at_most=0.2), False),
    ],
)
def test_targets_are_judged(target, met):
    row = measure.Row("task", "graph", measure.Timing(0.5, 1), "peer", measure.Timing(2, 2), target=target)
    assert target.met(row) is met


def test_copies_of_iceland_lie_apart_on_the_map_and_by_the_seed():
    places = shifts(MOST, seed=3)
    assert places == shifts(MOST, seed=3)
    assert places != shifts(MOST, seed=4)
    west, south = (-24.6 + np.array([place.lon for place in places])), 63.3 + np.array([place.lat for place in places])
    east, north = west + 11.2, south + 3.3  # Iceland with its islands
    assert west.min() > -180
    assert east.max() < 180
    assert north.max() < 85
    for i in range(MOST):
        beside = (west < east[i]) & (west[i] < east) & (south < north[i]) & (south[i] < north)
        assert np.flatnonzero(beside).tolist() == [i]
    with pytest.raises(ValueError, match="room for"):
        shifts(0, seed=1)


PLACE = {"cores": 2, "processor": "abacus", "memory_gb": 1, "python": "3.11"}


def test_the_part_on_a_country_stands_once_before_what_follows(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "HERE", tmp_path)
    monkeypatch.setattr(report, "machine", lambda: {"cores": 2, "processor": "abacus", "memory_gb": 1})
    results = tmp_path / "RESULTS.md"
    results.write_text("# Measured\n\n| a |\n\n## Growth\n\nmore\n", encoding="utf-8")
    slow = measure.Row("run", "2 copies", ours=measure.Timing(9, 8), target=measure.Target(within_s=5), peak_mb=70)
    other = measure.Row("info", "2 copies", note="ended with 1")
    report.record_country([slow, other], described="two nodes")
    quick = measure.Row("run", "2 copies", ours=measure.Timing(3, 8), target=measure.Target(within_s=5), peak_mb=70)
    report.record_country([quick], described="two nodes")
    text = results.read_text(encoding="utf-8")
    assert text.startswith("# Measured\n\n| a |\n\n## A country\n\n2 copies: two nodes.")
    assert text.endswith("\n\n## Growth\n\nmore\n")
    assert text.count("## A country") == 1
    assert "| run | 2 copies | 3 | 8 | 70 | <= 5 s | yes |  |" in text
    assert "| info | 2 copies |  |  |  |  |  | ended with 1 |" in text
    assert len(json.loads((tmp_path / "country.json").read_text(encoding="utf-8"))["results"]) == 2


def test_rows_of_a_part_stand_in_place_of_those_that_were_there(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "HERE", tmp_path)
    versions = {"scipy": "1.17", "OSRM": "v26"}
    monkeypatch.setattr(report, "machine", lambda: PLACE | {"versions": versions})
    slow, theirs = measure.Timing(4, 4), measure.Timing(8, 8)
    nearest = measure.Row("nearest", "a road", slow, "scipy 1.17 dijkstra", theirs, target=measure.Target(faster=4))
    tables = [measure.Row("table", "a road", slow, peer, theirs) for peer in ("osrm-routed", "scipy 1.17 dijkstra")]
    report.write([nearest, *tables, measure.Row("growth", "a road", slow, about="made up")], [])
    before = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert "| nearest | a road | 4 s (4) | scipy 1.17 dijkstra: 8 s (8) | 2 x | >= 4 x | **no** |" in before
    versions["OSRM"] = "missing"
    quick = measure.Timing(2, 2)
    again = measure.Row("nearest", "a road", quick, "scipy 1.18.1 dijkstra", theirs, target=measure.Target(faster=4))
    missing = measure.Row("table", "a road", quick, "osrm-routed", None, note="not installed")
    report.record([again, missing, measure.Row("nearest", "a road that is not here", note="graph missing")])
    after = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    now = [line for line in after.splitlines() if line not in before.splitlines()]
    assert now == ["| nearest | a road | 2 s (2) | scipy 1.18.1 dijkstra: 8 s (8) | 4 x | >= 4 x | yes |"]
    assert "OSRM v26" in after
    assert "- a road: made up." in after


def test_every_target_of_a_country_has_a_verb():
    assert {*TARGETS} <= {*VERBS}


def test_each_verb_of_a_country_finds_in_the_cache_what_its_name_says(tmp_path, monkeypatch):
    def lying_there(name, verb):
        for kept in ("network-1", "workplaces-1", "functions-1"):
            (tmp_path / "cache" / kept).mkdir(parents=True, exist_ok=True)
        found = []

        def measured(*_, **__):
            found.extend(sorted(path.name for path in tmp_path.glob("cache/*")))
            raise RuntimeError

        monkeypatch.setattr(country_benchmark, "measure_tree", measured)
        country_benchmark.measure_verb(tmp_path / "country.toml", name, verb, copies=1)
        return found

    assert lying_there(COLD, VERBS[COLD]) == []
    assert lying_there(WARM, VERBS[WARM]) == ["functions-1", "network-1", "workplaces-1"]
    assert lying_there("sweep", "sweep --vary a") == ["network-1"]


BELOW = """
import subprocess, sys, time
held = bytearray(20_000_000)
subprocess.run([sys.executable, "-c", "import time; held = bytearray(40_000_000); time.sleep(1.5)"], check=True)
"""


@pytest.mark.skipif(
    not (tree.PROC / "self/smaps_rollup").exists(), reason="the kernel does not say what memory is whose"
)
def test_memory_is_that_of_all_processes(monkeypatch):
    monkeypatch.setattr(tree, "EVERY_S", 0.1)
    timing, memory = tree.measure_tree([sys.executable, "-c", BELOW])
    assert timing.wall_s > 1.5
    assert memory.processes == 2
    assert 60 < memory.together < 130
    assert 38 < memory.private < 80
    with pytest.raises(RuntimeError, match="no such luck"):
        tree.measure_tree([sys.executable, "-c", "raise SystemExit('no such luck')"])
