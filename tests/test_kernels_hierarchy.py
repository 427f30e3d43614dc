"""The hierarchy against networkx: every question, both directions, on directed graphs of all kinds."""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import combinations, pairwise
from types import SimpleNamespace
from unittest import mock

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.hierarchy import Hierarchy, contract, light, parts
from geoaccess.hierarchy.order import make_order
from geoaccess.kernels import elimination, graph, search, sweeps, threads, unpacking
from geoaccess.kernels.keys import EMPTY, FAR, LOW, NEVER, SHIFT
from geoaccess.routing import batches
from geoaccess.routing.node_keys import nearest_keys

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
few = settings(max_examples=8 if PLAIN else 80, deadline=None)
LONGEST = 2**31 - 2


@st.composite
def roads(draw):
    """Draw a network's arcs: sparse to crowded, one-way or not, zero and huge costs, duplicates, parts apart, ties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, 45))
    many = int(n * draw(st.floats(0, 6)))
    tail, head = rng.integers(0, n, (2, many)).astype(np.int32)
    if draw(st.booleans()):  # what lies far apart by number is not joined: long chains and parts apart
        near = np.abs(tail - head) <= draw(st.integers(1, 4))
        tail, head = tail[near], head[near]
    largest = draw(st.sampled_from([0, 1, 3, 50, 10_000, LONGEST // max(1, 3 * many)]))
    cost = rng.integers(0, largest + 1, tail.size).astype(np.int32)
    both = rng.random(tail.size) < draw(st.sampled_from([0.0, 0.7, 1.0]))
    back = np.where(rng.random(tail.size) < 0.5, cost, rng.integers(0, largest + 1, tail.size)).astype(np.int32)
    return (
        n,
        np.concatenate([tail, head[both]]),
        np.concatenate([head, tail[both]]),
        np.concatenate([cost, back[both]]),
    )


def arcs_of(n, tail, head, cost):
    start, heads, costs, edge = graph.rows(n, tail, head, cost)
    return SimpleNamespace(start=start, head=heads, cost_ds=costs, edge=edge)


def network_of(made):
    n, tail, head, cost = made
    lon, lat = np.random.default_rng(n).uniform(0, 1, (2, n)).round(1)
    return SimpleNamespace(
        n_nodes=n,
        expansion=None,
        node_lon=lon,
        node_lat=lat,
        arcs=arcs_of(n, tail, head, cost),
        arcs_reversed=arcs_of(n, head, tail, cost),
        possible_arcs=lambda: (tail, head, np.zeros_like(tail)),
        arc_costs=lambda: cost,
    )


def times_from(made, *, reverse):
    n, tail, head, cost = made
    multi = nx.MultiDiGraph()
    multi.add_nodes_from(range(n))
    tail, head = (head, tail) if reverse else (tail, head)
    multi.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), cost.tolist(), strict=True))
    return dict(nx.all_pairs_dijkstra_path_length(multi))


@contextmanager
def shared_between_threads(count):
    """Cut even small hierarchies into parts and share these between three threads."""
    with (
        mock.patch.object(parts, "_SMALL", 0),
        mock.patch.object(parts, "_PARTS", count),
        mock.patch.object(threads, "_ALONE", 0),
        mock.patch.object(threads, "thread_count", return_value=3),
        mock.patch.object(batches, "thread_count", return_value=3),
    ):
        yield


@few
@given(roads(), st.booleans(), st.booleans(), st.sampled_from([1, 2, 3, 4, 5, 8, 9]), st.integers(1, 8), st.data())
def test_the_k_nearest_are_those_of_one_search_per_site(made, whole, reverse, k, count, data):
    n = made[0]
    network = network_of(made)
    with shared_between_threads(count):
        hierarchy = contract(network) if whole else light(network)
    leg = st.sampled_from([0, 0, 1, 7, 1000])
    seeds = data.draw(st.lists(st.tuples(st.integers(0, n - 1), leg, st.integers(0, 5)), min_size=1, max_size=9))
    node = np.array([seed[0] for seed in seeds], np.int32)
    time, site = np.array([seed[1:] for seed in seeds], np.int32).T
    with shared_between_threads(count):
        found = nearest_keys(hierarchy, node, time, site, k=k, reverse=reverse)
        at = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=5)), np.int32)
        assert np.array_equal(found[at], nearest_keys(hierarchy, node, time, site, k=k, reverse=reverse, at=at))
    assert np.array_equal(found, nearest_keys(hierarchy, node, time, site, k=k, reverse=reverse))  # on one thread
    between = times_from(made, reverse=reverse)
    for v in range(n):
        least = {}
        for u, t, site in seeds:
            if v in between[u]:
                least[site] = min(least.get(site, FAR), t + between[u][v])
        ranked = sorted((t, site) for site, t in least.items())[:k]
        got = [(int(key >> SHIFT), int(key & LOW)) for key in found[v] if key != EMPTY]
        assert got == ranked
        assert (found[v, len(ranked) :] == EMPTY).all()


@few
@given(roads(), st.booleans(), st.sampled_from([1, 2, 3, 4, 5, 32, 64]), st.integers(0, 2**32))
def test_lanes_give_all_times_between_nodes_also_above_some_nodes_alone(made, reverse, width, seed):
    n = made[0]
    hierarchy = contract(network_of(made))
    rng = np.random.default_rng(seed)
    chosen = rng.random(n) < rng.random()
    chosen[0] = True
    *arrays, rank = sweeps.restrict(
        hierarchy.start, hierarchy.head, hierarchy.outward, hierarchy.inward, chosen[hierarchy.node]
    )
    part = Hierarchy(hierarchy.network, 0, rank[hierarchy.place], *arrays)
    nodes = np.flatnonzero(chosen)
    places, none = part.place[nodes], np.zeros(nodes.size, np.uint32)
    found = np.empty((nodes.size, nodes.size), np.uint32)
    seeds = batches.Seeds(np.arange(nodes.size + 1), places, none)
    targets = batches.Targets(places, places, none, np.full(nodes.size, NEVER))
    with shared_between_threads(1), mock.patch.object(batches, "WIDTH", width):
        batches.sweep_between(part, seeds, targets, found, reverse=reverse)
    between = times_from(made, reverse=reverse)
    expected = [[between[u].get(v, int(FAR)) for u in nodes.tolist()] for v in nodes.tolist()]
    assert found.tolist() == expected


@few
@given(
    roads(), st.booleans(), st.sampled_from([1, 2, 3, 4, 5, 32]), st.integers(1, 8), st.integers(0, 2**32), st.data()
)
def test_trees_give_all_times_from_some_nodes(made, reverse, width, count, seed, data):
    n = made[0]
    many = data.draw(st.integers(0, 12) | st.sampled_from([32, 33, 64, 64 + 32, 2 * 64 + 3]))  # two kinds of rows
    roots = np.random.default_rng(seed).integers(0, n, many)
    found = np.empty((n, roots.size), np.uint32)
    with shared_between_threads(count), mock.patch.object(batches, "WIDTH", width):
        hierarchy = contract(network_of(made))
        seeds = batches.Seeds(np.arange(roots.size + 1), hierarchy.place[roots], np.zeros(roots.size, np.uint32))
        batches.sweep_trees(hierarchy, seeds, found, reverse=reverse)
    between = times_from(made, reverse=reverse)
    assert found.tolist() == [[between[u].get(v, int(FAR)) for u in roots.tolist()] for v in range(n)]


@few
@given(roads(), st.data())
def test_the_way_is_made_of_arcs_and_as_long_as_the_least_time(made, data):
    n, tail, head, cost = made
    hierarchy = contract(network_of(made))
    u, v = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
    zero = np.zeros(1, np.int32)
    least, way = unpacking.quickest_way(
        hierarchy.start,
        hierarchy.head,
        hierarchy.outward,
        hierarchy.inward,
        hierarchy.below,
        hierarchy.place[[u]],
        zero,
        hierarchy.place[[v]],
        zero,
    )
    expected = times_from(made, reverse=False)[u].get(v)
    if expected is None:
        assert least == FAR
        assert way.size == 0
        return
    nodes = hierarchy.node[way].tolist()
    assert (nodes[0], nodes[-1]) == (u, v)
    assert least == expected
    quickest = {}
    for a, b, t in zip(tail.tolist(), head.tolist(), cost.tolist(), strict=True):
        quickest[a, b] = min(quickest.get((a, b), FAR), t)
    assert sum(quickest[pair] for pair in pairwise(nodes)) == expected


def assert_parts_are_apart(hierarchy, count):
    """No arc leads from one part to another that is not the top, which comes first."""
    bare, *bounds = hierarchy.parts.tolist()
    assert len(bounds) == count + 1
    assert hierarchy.core <= bare <= bounds[0]
    assert bounds == sorted(bounds)
    assert bounds[-1] == hierarchy.place.size
    arcs = np.diff(hierarchy.start)
    assert (arcs[hierarchy.core : bare] == 0).all()
    assert (arcs[bare:] > 0).all()
    tail = np.repeat(np.arange(arcs.size), arcs)
    part_of = np.searchsorted(bounds, np.arange(arcs.size), side="right")  # 0 is the top and what comes before it
    assert ((part_of[hierarchy.head] == 0) | (part_of[hierarchy.head] == part_of[tail])).all()


@few
@given(roads(), st.integers(1, 8), st.integers(0, 2**32))
def test_a_hierarchy_holds_every_node_once_and_leads_up(made, count, seed):
    n = made[0]
    network = network_of(made)
    place = np.random.default_rng(seed).integers(0, n, n).astype(np.int32)
    network.expansion = SimpleNamespace(place=place) if seed % 2 else None
    with shared_between_threads(count):
        made_of = contract(network), light(network)
    for hierarchy in made_of:
        assert_parts_are_apart(hierarchy, count)
        assert sorted(hierarchy.place.tolist()) == list(range(n))
        for p in range(hierarchy.core, n):
            above = hierarchy.head[hierarchy.start[p] : hierarchy.start[p + 1]].tolist()
            assert all(q < p for q in above)
            assert len(set(above)) == len(above)
        core = hierarchy.head[: hierarchy.start[hierarchy.core]]
        assert (core < hierarchy.core).all()


@few
@given(roads(), st.integers(1, 8))
def test_a_whole_hierarchy_holds_the_least_times_and_is_the_same_for_any_number_of_threads(made, count):
    network = network_of(made)
    with shared_between_threads(count):
        shared = contract(network)
        with mock.patch.object(threads, "thread_count", return_value=1):
            alone = contract(network)
    for name in ("place", "start", "head", "outward", "inward"):
        assert np.array_equal(getattr(shared, name), getattr(alone, name))
    least = times_from(made, reverse=False)
    tail = np.repeat(shared.node, np.diff(shared.start))
    for u, v, outward, inward in zip(tail, shared.node[shared.head], shared.outward, shared.inward, strict=True):
        assert outward in (least[u].get(v), NEVER)
        assert inward in (least[v].get(u), NEVER)


@few
@given(roads())
def test_pairs_hold_the_least_cost_each_way(made):
    n, tail, head, cost = made
    network = network_of(made)
    there, back = network.arcs, network.arcs_reversed
    begin, size, pairs = elimination.pair_up(
        there.start, there.head, there.cost_ds, back.start, back.head, back.cost_ds
    )
    quickest = {}
    for a, b, t in zip(tail.tolist(), head.tolist(), cost.tolist(), strict=True):
        if a != b:
            quickest[a, b] = min(quickest.get((a, b), int(FAR)), t)
    for x in range(n):
        rows = pairs[begin[x] : begin[x] + size[x]].tolist()
        assert len({row[0] for row in rows}) == len(rows)
        for other, outward, inward in rows:
            assert outward == quickest.get((x, other), FAR)
            assert inward == quickest.get((other, x), FAR)
        assert len(rows) == len({b for a, b in quickest if a == x} | {a for a, b in quickest if b == x})


def test_a_crowded_grid_with_ferries_is_contracted_right():
    """Large enough that rounds, threads and long arcs all matter; held to the search that knows no hierarchy."""
    rng = np.random.default_rng(5)
    side = 12 if PLAIN else 60
    ids = np.arange(side * side).reshape(side, side)
    a = np.concatenate([ids[:, :-1].ravel(), ids[:-1].ravel()])
    b = np.concatenate([ids[:, 1:].ravel(), ids[1:].ravel()])
    cost = rng.integers(0, 60, a.size)
    ferries = rng.integers(0, ids.size, (2, side))
    a, b = np.concatenate([a, ferries[0]]), np.concatenate([b, ferries[1]])
    cost = np.concatenate([cost, rng.integers(20_000, 40_000, side)])
    kept = rng.random(a.size) < 0.9
    one_way = rng.random(a.size) < 0.2
    tail = np.concatenate([a[kept], b[kept & ~one_way]]).astype(np.int32)
    head = np.concatenate([b[kept], a[kept & ~one_way]]).astype(np.int32)
    cost = np.concatenate([cost[kept], cost[kept & ~one_way]]).astype(np.int32)
    network = network_of((ids.size, tail, head, cost))
    shares = []
    hierarchy = contract(network, progress=shares.append)
    assert shares[-1] == 1
    assert shares == sorted(shares)
    origin = np.array([17], np.int32)
    expected, _, _ = search.tree(
        network.arcs.start, network.arcs.head, network.arcs.cost_ds, origin, np.zeros(1, np.int32)
    )
    nothing = np.zeros(1, np.int32)
    found = nearest_keys(hierarchy, origin, nothing, nothing, k=1, reverse=False)
    times = (found[:, 0] >> SHIFT).astype(np.int64)
    assert times.tolist() == expected.tolist()


@pytest.mark.parametrize(("small", "threads"), [(8, 1), (40, 3)])
def test_an_order_is_the_same_however_its_parts_are_shared_out(monkeypatch, small, threads):
    rng = np.random.default_rng(6)
    n, many = (60, 150) if PLAIN else (900, 2000)
    tail, head = rng.integers(0, n, (2, many)).astype(np.int32)
    network = network_of((n, tail, head, np.zeros(many, np.int32)))
    network.node_lon, network.node_lat = rng.uniform(0, 1, (2, n))
    alone = make_order(network)
    monkeypatch.setattr("geoaccess.hierarchy.order._SMALL", small)
    monkeypatch.setattr("geoaccess.hierarchy.order.thread_count", lambda: threads)
    shared = make_order(network)
    for name in ("place", "start", "head", "slot"):
        assert np.array_equal(getattr(shared, name), getattr(alone, name))


@few
@given(roads())
def test_an_order_joins_all_above_a_node_to_each_other_and_no_others(made):
    """The nodes fall one by one, by hand: those that are left around one that falls are joined to each other."""
    n, tail, head, _ = made
    order = make_order(network_of(made))
    graph_left = nx.Graph()
    graph_left.add_nodes_from(range(n))
    graph_left.add_edges_from((a, b) for a, b in zip(order.place[tail], order.place[head], strict=True) if a != b)
    for p in range(n - 1, -1, -1):
        above = sorted(graph_left[p])
        assert order.head[order.start[p] : order.start[p + 1]].tolist() == above
        graph_left.remove_node(p)
        graph_left.add_edges_from(combinations(above, 2))
    for a, b, slot in zip(order.place[tail], order.place[head], order.slot, strict=True):
        if a == b:
            assert slot == -1
            continue
        arc = slot >> 1
        assert order.head[arc] == min(a, b)
        assert order.start[max(a, b)] <= arc < order.start[max(a, b) + 1]
        assert slot & 1 == (a < b)


def test_a_narrow_place_comes_out_on_top():
    """Two squares of streets and a bridge: an end of the bridge is the last to fall."""
    side = 7
    ids = np.arange(side * side).reshape(side, side)
    a = np.concatenate([ids[:, :-1].ravel(), ids[:-1].ravel()])
    b = np.concatenate([ids[:, 1:].ravel(), ids[1:].ravel()])
    tail = np.concatenate([a, a + ids.size, [ids[3, 6]]]).astype(np.int32)
    head = np.concatenate([b, b + ids.size, [ids[3, 0] + ids.size]]).astype(np.int32)
    network = network_of((2 * ids.size, tail, head, np.ones(tail.size, np.int32)))
    lat, lon = np.indices((side, side))
    network.node_lon = np.concatenate([lon.ravel(), lon.ravel() + side + 3]) / 100
    network.node_lat = np.concatenate([lat.ravel(), lat.ravel()]) / 100
    assert np.flatnonzero(make_order(network).place == 0) in (tail[-1], head[-1])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_networks_of_no_arcs_have_a_hierarchy(n):
    empty = np.zeros(0, np.int32)
    hierarchy = contract(network_of((n, empty, empty, empty)))
    assert hierarchy.place.size == n
    assert hierarchy.head.size == 0
