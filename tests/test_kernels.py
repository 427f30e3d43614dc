"""Kernels against other people's code: pyproj, scipy, networkx, shapely; compiled, and once more as plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import networkx as nx
import numpy as np
import pyproj
import pytest
import scipy.sparse as sp
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph

from geoaccess.kernels import assembling, cutting, geometry, graph, ids, pbf, search
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.kernels.sorting import order_of_numbers, order_of_pairs

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
few = settings(max_examples=20 if PLAIN else 120, deadline=None)
WGS84 = pyproj.Geod(ellps="WGS84")


def whole(values):
    return np.array(values, np.int32).reshape(-1)


# Lengths


def lengths(lon, lat):
    n = len(lon) // 2
    return geometry.segment_lengths_m(
        np.array(lon, float), np.array(lat, float), whole(range(n)), whole(range(n, 2 * n))
    )


@few
@given(
    st.floats(-180, 180),
    st.floats(-72, 72),
    st.floats(0, 360),
    st.floats(0.5, 20_000),
)
def test_a_length_is_the_geodesic_within_one_in_100_000(lon, lat, azimuth, metres):
    """Segments as long as a ferry's, anywhere people live, across the date line too."""
    there_lon, there_lat, _ = WGS84.fwd(lon, lat, azimuth, metres)
    assert lengths([lon, there_lon], [lat, there_lat])[0] == pytest.approx(metres, rel=1e-5, abs=1e-6)


def test_a_length_is_the_same_both_ways_and_nothing_on_the_spot():
    assert lengths([179.9, -179.9], [65, 65.1])[0] == lengths([-179.9, 179.9], [65.1, 65])[0] < 20_000
    assert lengths([25.0, 25.0], [70, 70])[0] == 0


# The Hilbert curve


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
def test_the_hilbert_index_is_a_bijection_whose_neighbours_touch(bits):
    side = 2**bits
    x, y = (part.ravel().astype(np.uint32) for part in np.meshgrid(np.arange(side), np.arange(side)))
    place = geometry.hilbert_index(x, y, bits)
    order = np.argsort(place)
    assert place[order].tolist() == list(range(side * side))
    steps = np.abs(np.diff(x[order].astype(int))) + np.abs(np.diff(y[order].astype(int)))
    assert (steps == 1).all()


@few
@given(st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))
def test_next_along_a_fine_hilbert_curve_lies_next_door(x, y):
    around = [(x, y), (x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
    inside = [(a, b) for a, b in around if 0 <= a < 2**16 and 0 <= b < 2**16]
    place = geometry.hilbert_index(*np.array(inside, np.uint32).T.copy(), 16)
    assert len(set(place.tolist())) == len(inside)
    assert place.min() >= 0
    assert place.max() < 4**16
    own, others = int(place[0]), set(place[1:].tolist())
    assert own == 0 or own - 1 in others
    assert own == 4**16 - 1 or own + 1 in others


# Ids


@few
@given(
    st.one_of(
        st.lists(st.integers(-5, 5), max_size=60),
        st.lists(st.integers(-(2**60), 2**60), max_size=60),
        st.lists(st.sampled_from([0, 2047, 2048, 2**22, 2**33 + 1, -(2**60), 2**60]), max_size=60),
    )
)
def test_distinct_ids_are_numpys(values):
    found, place = ids.distinct(np.array(values, np.int64))
    expected, inverse = np.unique(np.array(values, np.int64), return_inverse=True)
    assert found.tolist() == expected.tolist()
    assert place.tolist() == inverse.tolist()
    for spent in (np.array(values, np.int64), np.array([0, *values], np.int64)[1:]):  # room of its own, and of another
        assert [of.tolist() for of in ids.distinct(spent, spent=True)] == [expected.tolist(), inverse.tolist()]
    assert ids.different(np.array(values, np.int64)).tolist() == expected.tolist()
    assert ids.different(np.sort(np.array(values, np.int64))).tolist() == expected.tolist()


def test_ids_at_both_ends_of_what_64_bits_hold_are_told_apart():
    values = np.array([2**63 - 1, -(2**63), 0, 2**63 - 1, -1], np.int64)
    assert ids.different(values).tolist() == [-(2**63), -1, 0, 2**63 - 1]
    found, place = ids.distinct(values)
    assert found.tolist() == [-(2**63), -1, 0, 2**63 - 1]
    assert found[place].tolist() == values.tolist()


@few
@given(st.lists(st.integers(-9, 9), max_size=30), st.sets(st.integers(-12, 12)), st.sets(st.integers(0, 29)))
def test_nodes_are_those_needed_and_those_asked_for(numbers, needed, asked):
    number, needed = np.array(numbers, np.int64), np.array(sorted(needed), np.int64)
    asked = np.array(sorted(i for i in asked if i < number.size), np.int64)
    lat, lon = 2 * number, 3 * number
    node, place, *values = pbf.nodes_among(number, lat, lon, needed, asked)
    assert node.tolist() == np.union1d(np.flatnonzero(np.isin(number, needed)), asked).astype(np.int64).tolist()
    assert [part.tolist() for part in values] == [part[node].tolist() for part in (number, lat, lon)]
    assert place.tolist() == [needed.tolist().index(i) if i in needed else -1 for i in number[node].tolist()]


# Rows and components


@st.composite
def arcs(draw, least=0):
    n = draw(st.integers(1, 12))
    ends = st.integers(0, n - 1)
    drawn = draw(st.lists(st.tuples(ends, ends, st.integers(0, 50)), min_size=least, max_size=40))
    tail, head, cost = (whole(column) for column in zip(*drawn, strict=True)) if drawn else (whole([]),) * 3
    return n, tail, head, cost


@few
@given(arcs())
def test_rows_hold_every_arc_once_at_its_tail(made):
    n, tail, head, cost = made
    start, heads, costs, arc = graph.rows(n, tail, head, cost)
    assert start[0] == 0
    assert start[-1] == tail.size
    assert sorted(arc.tolist()) == list(range(tail.size))
    assert (head[arc] == heads).all()
    assert (cost[arc] == costs).all()
    for node in range(n):
        assert (tail[arc[start[node] : start[node + 1]]] == node).all()


@few
@given(arcs(), st.randoms(use_true_random=False))
def test_rows_of_what_is_open_are_those_of_a_list_without_the_rest(made, chance):
    n, tail, head, cost = made
    cost = np.where([chance.random() < 0.3 for _ in range(cost.size)], -1, cost).astype(np.int32)
    there = np.flatnonzero(cost >= 0)
    start, heads, costs, arc = graph.open_rows(n, tail, head, cost)
    wanted = graph.rows(n, tail[there], head[there], cost[there])
    for found, one in zip((start, heads, costs, arc), (*wanted[:3], there[wanted[3]]), strict=True):
        assert found.tolist() == one.tolist()


def same_grouping(one, other):
    return (
        len(set(zip(one.tolist(), other.tolist(), strict=True))) == len(set(one.tolist())) == len(set(other.tolist()))
    )


def matrix(n, tail, head):
    return sp.csr_matrix((np.ones(tail.size), (tail, head)), shape=(n, n))


@few
@given(arcs())
def test_weak_components_are_scipys(made):
    n, tail, head, _ = made
    label = graph.weak_components(n, tail, head)
    assert same_grouping(label, csgraph.connected_components(matrix(n, tail, head), directed=False)[1])
    firsts = list(dict.fromkeys(label.tolist()))
    assert firsts == list(range(len(firsts))), "numbered in the order of first nodes"


@few
@given(arcs())
def test_strong_components_are_scipys_and_networkxs(made):
    n, tail, head, cost = made
    start, heads, _, _ = graph.rows(n, tail, head, cost)
    label = graph.strong_components(start, heads)
    assert same_grouping(label, csgraph.connected_components(matrix(n, tail, head), connection="strong")[1])
    directed = nx.DiGraph(zip(tail.tolist(), head.tolist(), strict=True))
    directed.add_nodes_from(range(n))
    assert label.max() + 1 == nx.number_strongly_connected_components(directed)


@st.composite
def open_segments(draw):
    """Segments open both ways, one way or not at all; as drawn, long rows and rings among them."""
    n = draw(st.integers(1, 14))
    ends = st.integers(0, n - 1)
    open_to = st.sampled_from([(1.0, 1.0), (1.0, 1.0), (0.0, -1.0), (-1.0, 2.0), (-1.0, -1.0)])
    drawn = draw(st.lists(st.tuples(ends, ends, open_to), max_size=40))
    u, v = (whole([row[side] for row in drawn]) for side in (0, 1))
    forward, backward = (np.array([row[2][side] for row in drawn], np.float64) for side in (0, 1))
    return n, u, v, forward, backward


@few
@given(open_segments())
def test_parts_of_two_way_segments_make_the_strong_components_of_scipy(made):
    n, u, v, forward, backward = made
    tail = np.concatenate([u[forward >= 0], v[backward >= 0]])
    head = np.concatenate([v[forward >= 0], u[backward >= 0]])
    label = graph.strong_parts(n, u, v, forward, backward)
    assert same_grouping(label, csgraph.connected_components(matrix(n, tail, head), connection="strong")[1])
    start, heads, _, _ = graph.rows(n, tail, head, whole(np.zeros(tail.size)))
    assert same_grouping(label, graph.strong_components(start, heads))
    assert 0 <= label.min() <= label.max() < n


@few
@given(open_segments())
def test_components_of_stretches_are_those_of_the_chosen_ones_with_the_points_between(made):
    n, u, v, forward, backward = made
    chosen, between = forward >= 0, backward >= 0
    least = np.where(between, np.random.default_rng(u.size).integers(0, n, u.size), cutting.NO_POINT).astype(np.int32)
    some = chosen & between
    whole_sets = graph.weak_components(
        n, np.concatenate([u[chosen], u[some]]), np.concatenate([v[chosen], least[some]])
    )
    ends = np.unique(np.concatenate([u, v]))
    found = graph.components_of_stretches(n, u, v, least, chosen)[ends]
    assert found.tolist() == np.unique(whole_sets[ends], return_inverse=True)[1].tolist()


@few
@given(open_segments(), st.integers(0, 3))
def test_parts_joined_by_more_edges_are_the_components_of_all_of_them(made, seed):
    n, u, v, forward, backward = made
    first, second = forward >= 0, backward >= 0
    third = np.random.default_rng(seed).random(u.size) < 0.5
    part = graph.weak_components(n, u[first], v[first])
    number = np.arange(part.max() + 1, dtype=np.int32)
    for more, all_of_them in ((second, first | second), (third, first | second | third)):
        number = graph.joined_parts(number, part, u, v, more)
        assert number[part].tolist() == graph.weak_components(n, u[all_of_them], v[all_of_them]).tolist()


def test_components_of_a_long_road_take_neither_stack_nor_time():
    n = 1_500 if PLAIN else 3_000_000
    line = np.arange(n, dtype=np.int32)
    start, heads, _, _ = graph.rows(n, line, np.roll(line, -1), line)
    assert set(graph.strong_components(start, heads)) == {0}
    start, heads, _, _ = graph.rows(n, line[:-1].copy(), line[1:].copy(), line[1:].copy())
    assert len(set(graph.strong_components(start, heads))) == n
    # An algorithm whose time grows with the square of the road would take hours for this one.
    for way in (1, -1):  # drawn from either end
        assert set(graph.weak_components(n, line[:-1][::way].copy(), line[1:][::way].copy())) == {0}


# Order of numbers


@few
@given(st.lists(st.one_of(st.integers(0, 3), st.integers(0, 2**63 - 1), st.sampled_from([2**11, 2**32, 2**62]))))
def test_numbers_are_put_in_the_order_of_a_stable_sort(drawn):
    numbers = np.array(drawn, np.int64)
    before = numbers.copy()
    assert order_of_numbers(numbers).tolist() == np.argsort(numbers, kind="stable").tolist()
    assert (numbers == before).all()


@few
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4))), st.sampled_from(["drawn", "one", "other"]))
def test_pairs_are_put_in_the_order_of_a_stable_sort(drawn, rises):
    """Also where one of their numbers rises already, which is passed over."""
    if rises != "drawn":
        drawn.sort(key=lambda pair: pair[rises == "other"])
    one, other = np.array(drawn, np.int32).reshape(-1, 2).T.copy()
    wanted = sorted(range(len(drawn)), key=drawn.__getitem__)  # which keeps equals in their order
    assert order_of_pairs(one, other, 7, 5).tolist() == wanted


# Segments


@pytest.mark.parametrize("where", [(200.0, 60.0), (10.0, -90.1), (np.nan, 60.0)])
def test_points_off_the_earth_are_refused_where_a_segment_has_them(where):
    lon, lat = np.array([10.0, 10.1, where[0]]), np.array([60.0, 60.0, where[1]])
    times, way = np.full(1, 60.0), whole([0])
    fits = [
        assembling.stretches_fit(
            whole([a]), whole([b]), whole([0]), whole([1]), whole([a]), times, times, way, lon, lat, 1, 2**31 - 1
        )
        for a, b in ((0, 1), (0, 2), (2, 1))
    ]
    assert fits == [True, False, False]


# Chains


@st.composite
def segments(draw):
    """Few segments on few nodes: rings, loops, parallel ones, one-ways, closed ones and mixed kinds are all likely."""
    n = draw(st.integers(1, 9))
    ends, cost = st.integers(0, n - 1), st.sampled_from([-1, 0, 1, 4, 5, 10])
    drawn = draw(st.lists(st.tuples(ends, ends, cost, cost, st.integers(0, 3)), min_size=1, max_size=14))
    if draw(st.booleans()):
        drawn = [(a, b, f, w, 0) for a, b, f, w, _ in drawn]
    keep = draw(st.lists(st.booleans(), min_size=n, max_size=n)) if draw(st.booleans()) else [False] * n
    a, b, forward, backward, kind = (list(column) for column in zip(*drawn, strict=True))
    return n, whole(a), whole(b), np.array(forward, float), np.array(backward, float), whole(kind), np.array(keep)


def can_fall_away(node, a, b, forward, backward, kind, keep):
    """Say whether two segments pass through a node as if it were not there."""
    here = [(i, side) for i in range(a.size) for side, end in (("a", a[i]), ("b", b[i])) if end == node]
    if keep[node] or len(here) != 2 or here[0][0] == here[1][0] or kind[here[0][0]] != kind[here[1][0]]:
        return False
    (into_one, out_one), (into_two, out_two) = (
        (forward[i] >= 0, backward[i] >= 0) if side == "b" else (backward[i] >= 0, forward[i] >= 0) for i, side in here
    )
    return into_one == out_two and into_two == out_one


def walk(made, start, point, segment):
    """Return the edges as (from, to, forward, backward, kinds, segments), having checked that each is one walk."""
    _, a, b, forward, backward, kind, _ = made
    out = []
    for i in range(start.size - 1):
        points, pieces = point[start[i] : start[i + 1]], segment[start[i] : start[i + 1]]
        assert pieces[-1] == 0
        assert (pieces[:-1] != 0).all()
        assert points.size >= 2
        there = back = 0.0
        for j, signed in enumerate(pieces[:-1]):
            s = abs(signed) - 1
            ends, times = (a[s], b[s]), (forward[s], backward[s])
            ends, times = (ends, times) if signed > 0 else (ends[::-1], times[::-1])
            assert ends == (points[j], points[j + 1])
            there = -1.0 if times[0] < 0 or there < 0 else there + times[0]
            back = -1.0 if times[1] < 0 or back < 0 else back + times[1]
            opened = [(forward[abs(p) - 1] >= 0, backward[abs(p) - 1] >= 0)[:: 1 if p > 0 else -1] for p in pieces[:-1]]
            assert len(set(opened)) == 1, "a chain is open or closed as a whole"
        used = [abs(p) - 1 for p in pieces[:-1]]
        out.append((points[0], points[-1], there, back, {int(kind[s]) for s in used}, used, points[1:-1].tolist()))
    return out


def times_between(n, one_way):
    times = nx.MultiDiGraph()
    times.add_nodes_from(range(n))
    times.add_weighted_edges_from((int(u), int(v), t) for u, v, t in one_way if t >= 0)
    return dict(nx.all_pairs_dijkstra_path_length(times))


@few
@given(segments())
def test_chains_use_every_segment_once_and_change_no_time_between_nodes_that_stay(made):
    n, a, b, forward, backward, kind, keep = made
    edges = walk(made, *graph.chains(*made))
    assert Counter(s for edge in edges for s in edge[5]) == Counter(range(a.size))
    assert all(len(edge[4]) == 1 for edge in edges), "chains do not cross a change of kind"
    stay = {int(node) for edge in edges for node in edge[:2]}
    gone = {int(node) for edge in edges for node in edge[6]}
    assert stay | gone == set(a.tolist()) | set(b.tolist())
    assert not stay & gone
    droppable = {node for node in range(n) if can_fall_away(node, a, b, forward, backward, kind, keep)}
    assert gone <= droppable
    for node in stay & droppable:  # only the first node of a ring that has no other
        assert any(edge[0] == edge[1] == node and set(edge[6]) <= droppable for edge in edges)
    before = times_between(n, [*zip(a, b, forward, strict=True), *zip(b, a, backward, strict=True)])
    after = times_between(n, [way for u, v, there, back, *_ in edges for way in ((u, v, there), (v, u, back))])
    for u in stay:
        assert {v: t for v, t in before[u].items() if v in stay} == {v: t for v, t in after[u].items() if v in stay}


@few
@given(segments())
def test_chains_of_chains_are_the_same_chains(made):
    n, *_, keep = made
    edges = walk(made, *graph.chains(*made))
    again = (
        n,
        whole([edge[0] for edge in edges]),
        whole([edge[1] for edge in edges]),
        np.array([edge[2] for edge in edges]),
        np.array([edge[3] for edge in edges]),
        whole([min(edge[4]) for edge in edges]),
        keep,
    )
    start, _, _ = graph.chains(*again)
    assert np.diff(start).tolist() == [2] * len(edges)


def chain_of(a, b, forward, backward, **change):
    n = max(*a, *b) + 1
    given_ = {"kind": [0] * len(a), "keep": [False] * n} | change
    made = (
        n,
        whole(a),
        whole(b),
        np.array(forward, float),
        np.array(backward, float),
        whole(given_["kind"]),
        np.array(given_["keep"]),
    )
    return sorted((int(u), int(v), t, w) for u, v, t, w, *_ in walk(made, *graph.chains(*made)))


def test_chains_in_plain_cases():
    assert chain_of([0, 1], [1, 2], [3, 4], [5, 6]) == [(0, 2, 7, 11)]
    assert chain_of([0, 2], [1, 1], [3, 4], [5, 6]) == [(0, 2, 9, 9)]  # drawn toward each other
    assert chain_of([0, 1], [1, 2], [3, 4], [-1, -1]) == [(0, 2, 7, -1)]
    assert chain_of([0, 2], [1, 1], [3, -1], [-1, 4]) == [(0, 2, 7, -1)]  # one way through, the second drawn against it
    assert len(chain_of([0, 2], [1, 1], [3, 3], [-1, -1])) == 2  # both lead into a dead end
    assert len(chain_of([0, 1], [1, 2], [3, 4], [5, -1])) == 2
    assert chain_of([0, 1], [1, 2], [-1, -1], [-1, -1]) == [(0, 2, -1, -1)]
    assert len(chain_of([0, 1], [1, 2], [3, 4], [5, 6], kind=[0, 1])) == 2
    assert len(chain_of([0, 1], [1, 2], [3, 4], [5, 6], keep=[False, True, False])) == 2
    assert chain_of([0, 1, 2], [1, 2, 0], [1, 2, 4], [-1, -1, -1]) == [(0, 0, 7, -1)]  # a ring, one way round
    assert chain_of([0, 0], [1, 1], [1, 2], [1, 2]) == [(0, 0, 3, 3)]  # a ring of two parallel segments
    assert chain_of([0], [0], [1], [2]) == [(0, 0, 1, 2)]


# Positions on shapes


@few
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.sampled_from(["length", "time", "none"]))
def test_places_on_shapes_are_shapelys(seed, n_edges, weights):
    rng = np.random.default_rng(seed)
    lines = [rng.random((rng.integers(2, 7), 2)) * 1000 for _ in range(n_edges)]
    if rng.random() < 0.3:
        lines[0] = np.repeat(lines[0], 2, axis=0)  # doubled points: pieces of no length
    sizes = [len(line) for line in lines]
    ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    steps = [np.hypot(*np.diff(line, axis=0).T) for line in lines]
    factor = {"length": lambda s: s, "time": lambda s: s * rng.uniform(0.1, 3, s.size), "none": np.zeros_like}[weights]
    forward = [factor(step).astype(np.float32) for step in steps]
    backward = [factor(step).astype(np.float32) for step in steps]
    n = 12
    edge = whole(rng.integers(0, n_edges, n))
    xy = rng.random((n, 2)) * 1400 - 200
    padded = [np.concatenate([np.append(part, np.float32(0)) for part in parts]) for parts in (forward, backward)]
    corners = np.concatenate(lines)
    share_up, share_down, distance, piece, share_of_piece, before, after = geometry.locate_on_shapes(
        edge, xy[:, 0].copy(), xy[:, 1].copy(), ptr, corners[:, 0].copy(), corners[:, 1].copy(), *padded
    )
    assert ((ptr[edge] <= piece) & (piece < ptr[edge + 1] - 1)).all()
    x, y = (corners[piece] + share_of_piece[:, None] * (corners[piece + 1] - corners[piece])).T
    for i, e in enumerate(edge):
        line, point = shapely.LineString(lines[e]), shapely.Point(xy[i])
        assert distance[i] == pytest.approx(shapely.distance(line, point), abs=1e-6)
        assert shapely.distance(line, shapely.Point(x[i], y[i])) < 1e-6
        assert np.hypot(*(xy[i] - (x[i], y[i]))) == pytest.approx(distance[i], abs=1e-6)
        position = shapely.line_locate_point(line, point)
        along = np.concatenate([[0], np.cumsum(steps[e])])
        assume(shapely.distance(line.interpolate(position), shapely.Point(x[i], y[i])) < 1e-6)  # else equally near
        assert (before[i], after[i]) == pytest.approx((position, line.length - position), abs=1e-6)
        for share, pieces in ((share_up[i], forward[e]), (share_down[i], backward[e])):
            times = np.concatenate([[0.0], np.cumsum(pieces, dtype=float)])
            expected = np.interp(position, along, times) / times[-1] if times[-1] > 0 else 0.0
            assert share == pytest.approx(expected, abs=1e-6)


# Searches


@few
@given(arcs(least=1), st.sampled_from([0, 20, 10_000]), st.integers(1, 3))
def test_the_matrix_between_nodes_is_networkxs(made, furthest, blocks):
    n, tail, head, cost = made
    start, heads, costs, _ = graph.rows(n, tail, head, cost)
    every, zero, closed = whole(range(n)), np.zeros(n, np.uint32), np.full(n, NEVER)
    found = np.empty((n, n), np.uint32)
    search.matrix(start, heads, costs, every, every, zero, closed, every, every, closed, zero, furthest, blocks, found)
    between = times_between(n, zip(tail, head, cost, strict=True))
    for u in range(n):
        for v in range(n):
            least = between[u].get(v, FAR)
            assert found[v, u] == (least if least <= furthest else FAR)


@pytest.mark.skipif(PLAIN, reason="this is that run")
def test_all_of_this_holds_without_compilation():
    """Compiled code neither checks bounds nor warns of overflow; plain Python does."""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    arguments = [
        sys.executable,
        "-W",
        "error::RuntimeWarning",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        __file__,
        str(Path(__file__).with_name("test_kernels_hierarchy.py")),
    ]
    done = subprocess.run(
        arguments, env=env, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
