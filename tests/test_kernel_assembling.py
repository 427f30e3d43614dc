"""Segments, times and tables of edges, against NumPy and by hand; the raster of roads against all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from geoaccess.kernels import assembling, geometry, picking, rasters, sums
from geoaccess.osm.ferry_ends import RoadsNearby


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 128, 129, 130, 136, 137, 300, 1000, 5000, 20_001])
def test_sums_are_those_of_numpy_to_the_last_bit(n):
    rng = np.random.default_rng(n)
    values = rng.uniform(0, 1e3, n) ** rng.integers(1, 4, n)
    summed = values[0] + sums.pairwise_sum(values, 1, n - 1)
    assert summed == np.add.reduceat(values, [0])[0]
    assert summed == pytest.approx(float(sum(map(float, values))), rel=1e-12)


def test_segments_of_ways():
    ptr, ref = np.array([0, 3, 4, 8]), np.array([0, 1, 1, 2, 0, 3, 2, 1], np.int32)
    lon = np.array([10.0, 10.1, 10.2, np.nan])
    columns = [np.empty(5, np.int32) for _ in range(3)]
    size, absent, still = assembling.segments_of_ways(ptr, ref, np.array([True, True, True]), lon, *columns)
    assert [column[:size].tolist() for column in columns] == [[0, 2], [0, 2], [1, 1]]
    assert (absent, still) == (2, 1)
    assert assembling.segments_of_ways(ptr, ref, np.array([False, True, False]), lon, *columns) == (0, 0, 0)


def test_the_heaviest_of_each_group_is_the_first_of_equals():
    group = np.array([1, 0, 1, 1, 3], np.int32)
    found = assembling.heaviest_of_groups(4, group, np.array([2.0, 5, 7, 7, 0]))
    assert found.tolist() == [1, 2, -1, 4]


def test_tables_of_edges_by_hand():
    """Two chains: points 0-1-2 over segments 1 (forward) and 2 (backward), and 3-0, closed backward."""
    lon, lat = np.array([10.0, 10.01, 10.02, 9.99]), np.full(4, 60.0)
    start, point = np.array([0, 3, 5]), np.array([0, 1, 2, 3, 0], np.int32)
    segment = np.array([1, -2, 0, 3, 0], np.int32)
    forward, backward = np.array([10.04, 20.0, 5.0]), np.array([11.0, 21.02, -1.0])
    way = np.array([7, 8, 9], np.int32)
    order = np.array([1, 0])
    ptr, shape_lon, _, metres = assembling.lines_of_chains(start, point, order, lon, lat)
    times = assembling.times_of_chains(start, segment, order, way, forward, backward)
    shape_way, ahead_s, back_s, ahead_ds, back_ds, first, last = times
    assert ptr.tolist() == [0, 2, 5]
    assert shape_lon.tolist() == [9.99, 10.0, 10.0, 10.01, 10.02]
    assert shape_way.tolist() == [9, 9, 7, 8, 8]
    np.testing.assert_allclose(ahead_s, [5, 0, 10.04, 21.02, 0], rtol=1e-6)
    np.testing.assert_allclose(back_s, [0, 0, 11, 20, 0], rtol=1e-6)
    assert ahead_ds.tolist() == [50, 311]  # 31.06 s are rounded once
    assert back_ds.tolist() == [-1, 310]
    pieces = geometry.segment_lengths_m(lon, lat, np.array([3, 0, 1], np.int32), np.array([0, 1, 2], np.int32))
    np.testing.assert_allclose(metres, [pieces[0], pieces[1] + pieces[2]], rtol=1e-6)
    assert (first.tolist(), last.tolist()) == ([2, 0], [2, 1])


@pytest.mark.parametrize("seed", range(4))
def test_tables_of_edges_part_by_part(seed, monkeypatch):
    """Chains of lengths of their own, some driven from behind and some closed, against sums edge by edge."""
    monkeypatch.setattr(assembling, "_EDGES_AT_ONCE", 3)
    rng = np.random.default_rng(seed)
    n = 20
    sizes = rng.integers(2, 9, n)
    start = np.concatenate([[0], np.cumsum(sizes)])
    order = rng.permutation(n)
    point = rng.permutation(int(start[-1])).astype(np.int32)
    lon, lat = rng.uniform(10, 10.1, point.size), rng.uniform(60, 60.1, point.size)
    forward, backward = (rng.uniform(0, 50, point.size) for _ in range(2))
    way = rng.integers(0, 30, point.size).astype(np.int32)
    upward, shut = rng.random(point.size) < 0.5, rng.random(n) < 0.3
    number = rng.permutation(point.size)
    segment = np.where(upward, number + 1, -number - 1).astype(np.int32)
    segment[start[1:] - 1] = 0
    of_shut = number[np.repeat(shut, sizes)]
    turned = ~upward[np.repeat(shut, sizes)]
    forward[of_shut[turned]], backward[of_shut[~turned]] = -1.0, -1.0  # each such chain is closed from its end on

    ptr, shape_lon, shape_lat, metres = assembling.lines_of_chains(start, point, order, lon, lat)
    times = assembling.times_of_chains(start, segment, order, way, forward, backward)
    shape_way, ahead_s, back_s, ahead_ds, back_ds, first, last = times
    for e, chain in enumerate(order.tolist()):
        points, pieces = point[start[chain] : start[chain + 1]], number[start[chain] : start[chain + 1] - 1]
        here, along = slice(ptr[e], ptr[e + 1]), upward[start[chain] : start[chain + 1] - 1]
        assert shape_lon[here].tolist() == lon[points].tolist()
        assert shape_lat[here].tolist() == lat[points].tolist()
        assert shape_way[here].tolist() == way[[*pieces, pieces[-1]]].tolist()
        assert (first[e], last[e]) == (pieces[0], pieces[-1])
        ahead = np.where(along, forward[pieces], backward[pieces])
        back = np.where(along, backward[pieces], forward[pieces])
        np.testing.assert_allclose(ahead_s[here], [*ahead, 0], rtol=1e-6)
        np.testing.assert_allclose(back_s[here], [*np.maximum(back, 0), 0], rtol=1e-6)
        assert abs(ahead_ds[e] - 10 * ahead.sum()) <= 0.5 + 1e-6
        assert back_ds[e] == -1 if shut[chain] else abs(back_ds[e] - 10 * back.sum()) <= 0.5 + 1e-6
        ends = np.arange(points.size - 1, dtype=np.int32)
        pieces_m = geometry.segment_lengths_m(lon[points], lat[points], ends, ends + np.int32(1))
        np.testing.assert_allclose(metres[e], pieces_m.sum(), rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_what_parts_hold_is_what_numpy_counts(seed):
    rng = np.random.default_rng(seed)
    n, m = 30, 200
    lon, lat = rng.uniform(10, 10.05, n), rng.uniform(60, 60.05, n)
    label = rng.integers(0, 6, n).astype(np.int32)
    a, b = (rng.integers(0, n, m).astype(np.int32) for _ in range(2))
    chosen = rng.random(m) < 0.6
    forward, backward = (rng.uniform(-1, 50, m) for _ in range(2))
    length = geometry.segment_lengths_m(lon, lat, a, b)
    inside = label[a] == label[b]
    metres = np.bincount(label[a[inside]], length[inside], 6)
    for least in (0.0, float(np.median(metres)), float(metres[2]), np.inf):
        asked = np.array([0, 2, 3, 5], np.int32)
        expected = [part in asked and metres[part] >= least for part in range(6)]
        assert assembling.long_parts(label, a, b, asked, lon, lat, least).tolist() == expected
    parts = label.max() + 1
    assert assembling.chosen_in_parts(label, a, chosen).tolist() == np.bincount(label[a[chosen]], None, parts).tolist()
    slower = np.maximum(forward, backward)
    seconds = assembling.seconds_in_parts(label, a, chosen, forward, backward)
    assert seconds.tolist() == np.bincount(label[a[chosen]], slower[chosen], parts).tolist()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_nearest_is_among_the_candidates(seed):
    """Against every segment: short and long ones, places among them and far off, and with a limit."""
    rng = np.random.default_rng(seed)
    n = 400
    lon, lat = rng.uniform(5, 15, n), rng.uniform(58, 66, n)
    a = np.arange(0, n - 40, 2, dtype=np.int32)
    near = rng.random(a.size) < 0.9
    lon[a[near] + 1] = lon[a[near]] + rng.normal(0, 0.01, near.sum())
    lat[a[near] + 1] = lat[a[near]] + rng.normal(0, 0.01, near.sum())
    ends = np.arange(n - 40, n, dtype=np.int32)
    lon[n - 5 :] += 40
    extract = type("Extract", (), {"lon": lon, "lat": lat})
    nearby = RoadsNearby({"a": a, "b": a + np.int32(1)}, extract, ends.tolist())
    found = nearby._nearest(ends, nearby._candidates(ends))
    x, y = np.radians(lon), np.arcsinh(np.tan(np.radians(lat)))
    nearest = {}
    for end in ends.tolist():
        p, q = a, a + 1
        dx, dy = x[q] - x[p], y[q] - y[p]
        share = np.clip(((x[end] - x[p]) * dx + (y[end] - y[p]) * dy) / np.maximum(dx * dx + dy * dy, 1e-30), 0, 1)
        away = np.hypot(x[p] + share * dx - x[end], y[p] + share * dy - y[end])
        nearest[end] = int(np.argmin(away))
        assert found[end].segment == nearest[end]
    for limit_m in (0.0, 3000.0, 40_000.0):
        some = nearby._candidates(ends, limit_m)
        inside = [end for end in ends.tolist() if found[end].metres <= limit_m]
        assert {nearest[end] for end in inside} <= set(some.tolist())
        assert some.size < a.size
        if inside:
            limited = nearby._nearest(ends, some)
            assert [limited[end] for end in inside] == [found[end] for end in inside]
    assert inside


def test_segments_are_candidates_that_touch_what_is_marked():
    """In a row, some of them beyond the raster on either side, and one that runs right through it."""
    lon = np.append(np.linspace(-10, 60, 2801), [-20.0, 80])
    a = np.append(np.arange(2800), 2801).astype(np.int32)
    b = a + np.int32(1)
    marked = np.zeros((1, 1000), np.bool_)
    marked[0, 500] = True
    box = (0.0, 0.0, 0.05, 1.0)
    found = rasters.touching(a, b, lon, np.zeros(lon.size), box, marked)
    west, east = np.minimum(lon[a], lon[b]), np.maximum(lon[a], lon[b])
    assert found.tolist() == np.flatnonzero((east >= 25.0) & (west < 25.05)).tolist()
    assert found[-1] == 2800
    assert not rasters.touching(a, b, lon, np.full(lon.size, 1.5), box, marked).size
    marked[0, [0, -1]] = True
    assert rasters.touching(a, b, lon - 65, np.zeros(lon.size), box, marked).tolist() == [2800]


@pytest.mark.parametrize("seed", range(3))
def test_segments_are_chosen_by_their_points_as_numpy_chooses_them(seed):
    rng = np.random.default_rng(seed)
    n, m = 30, 80
    a, b, part = (rng.integers(0, n, size).astype(np.int32) for size in (m, m, n))
    chosen, points = rng.random(m) < 0.5, rng.random(n) < 0.3
    asked, within = rng.random(n) < 0.5, rng.random(n) < 0.5  # of each part
    assert picking.taken(part, a).tolist() == part[a].tolist()
    assert picking.taken(points, a).dtype == np.bool_
    assert (
        picking.segments_at(points, a, b, chosen).tolist() == np.flatnonzero(chosen & (points[a] | points[b])).tolist()
    )
    ends = picking.ends_of(n, a, b, chosen)
    assert set(np.flatnonzero(ends)) == {*a[chosen], *b[chosen]}
    expected = chosen & asked[part[a]] & ~(within[part[a]] & within[part[b]])
    outside = picking.outside_segments(a, b, chosen, part, asked, within)
    assert outside.tolist() == np.flatnonzero(expected).tolist()
    inside = picking.segments_in(a, chosen, part, points)
    assert inside.tolist() == (chosen & points[part[a]]).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_taken_with_what_they_hold(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 4, 20)
    ptr = np.concatenate([[0], np.cumsum(sizes)])
    values = rng.integers(0, 30, ptr[-1]).astype(np.int32)
    rows = rng.permutation(20)[:12]
    held = [values[ptr[row] : ptr[row + 1]].tolist() for row in rows]
    start, taken = picking.runs_of(ptr, values, rows)
    assert [taken[start[i] : start[i + 1]].tolist() for i in range(12)] == held
    assert np.flatnonzero(picking.held_by(30, taken)).tolist() == sorted({value for row in held for value in row})
    assert [part.tolist() for part in picking.runs_of(ptr, values, rows[:0])] == [[0], []]
