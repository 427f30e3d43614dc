"""Segments, times and tables of edges, against NumPy and by hand; the raster of roads against all pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from geoaccess.kernels import assembling, cutting, geometry, picking, rasters, sums
from geoaccess.osm.ferry_ends import RoadsNearby
from geoaccess.osm.stretches import of_pieces


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 128, 129, 130, 136, 137, 300, 1000, 5000, 20_001])
def test_sums_are_those_of_numpy_to_the_last_bit(n):
    rng = np.random.default_rng(n)
    values = rng.uniform(0, 1e3, n) ** rng.integers(1, 4, n)
    summed = values[0] + sums.pairwise_sum(values, 1, n - 1)
    assert summed == np.add.reduceat(values, [0])[0]
    assert summed == pytest.approx(float(sum(map(float, values))), rel=1e-12)


def _stretches(ptr, ref, chosen, lon, stays):
    """Return the stretches of ways, their courses, and how many pieces lack a place and have no length."""
    ends, room, absent, still = cutting.ends_in_ways(ptr, ref, chosen, lon)
    course = np.full(room, -1, np.int32)
    rows = cutting.stretches_of_ways(ptr, ref, chosen, lon, (ends != 2) | stays, course)
    assert (course >= 0).all()
    return [column.tolist() for column in rows], course.tolist(), absent, still


def test_stretches_of_ways():
    ptr, ref = np.array([0, 3, 4, 8]), np.array([0, 1, 1, 2, 0, 3, 2, 1], np.int32)
    lon = np.array([10.0, 10.1, 10.2, np.nan])
    none = np.zeros(4, np.bool_)
    rows, course, absent, still = _stretches(ptr, ref, np.array([True, True, True]), lon, none)
    way, a, b, first, size, least = rows
    assert (way, a, b, first, size, least) == ([0, 2], [0, 2], [1, 1], [0, 2], [1, 1], [cutting.NO_POINT] * 2)
    assert (course, absent, still) == ([0, 1, 2, 1], 2, 1)
    assert _stretches(ptr, ref, np.array([False, True, False]), lon, none) == ([[]] * 6, [], 0, 0)


@pytest.mark.parametrize("seed", range(40))
def test_stretches_hold_every_piece_once_and_end_where_something_is_decided(seed):
    """Against pieces one by one: ways that cross, come back, stand still and lack places."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 40))
    lon = np.where(rng.random(n) < 0.1, np.nan, 10.0)
    ways = [np.cumsum(rng.integers(0, 3, rng.integers(0, 9))) + rng.integers(0, n) for _ in range(8)]
    ways = [np.append(way, way[: rng.integers(0, 2)]) % n for way in ways]  # some of them rings
    ptr, ref = np.cumsum([0, *map(len, ways)]), np.concatenate(ways).astype(np.int32)
    chosen, stays = rng.random(len(ways)) < 0.8, rng.random(n) < 0.1
    rows, course, absent, still = _stretches(ptr, ref, chosen, lon, stays)
    pairs = [
        (number, int(p), int(q))
        for number in np.flatnonzero(chosen).tolist()
        for p, q in zip(ways[number][:-1], ways[number][1:], strict=True)
    ]
    known = [(way, p, q) for way, p, q in pairs if np.isfinite(lon[p]) and np.isfinite(lon[q])]
    pieces = [(way, p, q) for way, p, q in known if p != q]
    assert (absent, still) == (len(pairs) - len(known), len(known) - len(pieces))
    ends = np.bincount([end for _, p, q in pieces for end in (p, q)], minlength=n)
    found, behind = [], 0
    for way, a, b, first, size, least in zip(*rows, strict=True):
        points = course[first : first + size + 1]
        assert first >= behind  # pieces of one stretch are of no other
        behind = first + size
        assert size > 0
        assert (points[0], points[-1]) == (a, b)
        assert all(ends[point] == 2 and not stays[point] for point in points[1:-1])
        assert least == min(points[1:-1], default=cutting.NO_POINT)
        found += [(way, p, q) for p, q in itertools.pairwise(points)]
    assert found == pieces
    goes_on = [
        one + 1 < len(rows[0]) and rows[0][one] == rows[0][one + 1] and rows[3][one + 1] == rows[3][one] + rows[4][one]
        for one in range(len(rows[0]))
    ]
    assert all(ends[b] != 2 or stays[b] for b, more in zip(rows[2], goes_on, strict=True) if more)


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
    first, size, course = np.arange(3, dtype=np.int32), np.ones(3, np.int32), np.array([0, 2, 3], np.int32)
    ptr = assembling.shape_rows(start, segment, order, size)
    rest = segment, order, ptr, first, size, course
    shape_lon, _, metres = assembling.lines_of_chains(start, point, *rest, lon, lat)
    times = assembling.times_of_chains(start, segment, order, ptr, way, first, size, forward, backward)
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
@pytest.mark.parametrize("most", [1, 6])
def test_tables_of_edges_part_by_part(seed, most, monkeypatch):
    """Chains of lengths of their own, some driven from behind and some closed, against sums edge by edge."""
    monkeypatch.setattr(assembling, "_EDGES_AT_ONCE", 3)
    rng = np.random.default_rng(seed)
    n, m = 20, 80
    size = rng.integers(1, most + 1, m).astype(np.int32)
    first = (np.cumsum(size) - size).astype(np.int32)
    course = rng.permutation(int(size.sum())).astype(np.int32)
    lon, lat = rng.uniform(10, 10.1, course.size), rng.uniform(60, 60.1, course.size)
    forward, backward = (rng.uniform(0, 50, course.size) for _ in range(2))
    way, upward, shut = rng.integers(0, 30, m).astype(np.int32), rng.random(m) < 0.5, rng.random(n) < 0.3
    chains = np.split(rng.permutation(m), np.sort(rng.choice(np.arange(1, m), n - 1, replace=False)))
    junctions = [rng.integers(0, lon.size, rows.size + 1).astype(np.int32) for rows in chains]
    segment = np.concatenate([[*np.where(upward[rows], rows + 1, -rows - 1), 0] for rows in chains]).astype(np.int32)
    for rows in (chains[one] for one in np.flatnonzero(shut)):  # closed from the end on
        for row in rows.tolist():
            (backward if upward[row] else forward)[first[row] : first[row] + size[row]] = -1.0

    start, order = np.cumsum([0, *map(len, junctions)]), rng.permutation(n)
    ptr = assembling.shape_rows(start, segment, order, size)
    shape_lon, shape_lat, metres = assembling.lines_of_chains(
        start, np.concatenate(junctions), segment, order, ptr, first, size, course, lon, lat
    )
    shape_way, ahead_s, back_s, ahead_ds, back_ds, foremost, last = assembling.times_of_chains(
        start, segment, order, ptr, way, first, size, forward, backward
    )
    for e, one in enumerate(order.tolist()):
        points, pieces, along, ways = [junctions[one][:1]], [], [], []
        for row, junction in zip(chains[one].tolist(), junctions[one][1:], strict=True):
            of = np.arange(first[row], first[row] + size[row])
            points += [course[of[1:]][:: 1 if upward[row] else -1], [junction]]
            pieces += of[:: 1 if upward[row] else -1].tolist()
            along += [upward[row]] * of.size
            ways += [way[row]] * of.size
        points, pieces, along = np.concatenate(points).astype(np.int32), np.array(pieces), np.array(along)
        here = slice(ptr[e], ptr[e + 1])
        assert shape_lon[here].tolist() == lon[points].tolist()
        assert shape_lat[here].tolist() == lat[points].tolist()
        assert shape_way[here].tolist() == [*ways, ways[-1]]
        assert (foremost[e], last[e]) == (chains[one][0], chains[one][-1])
        ahead = np.where(along, forward[pieces], backward[pieces])
        back = np.where(along, backward[pieces], forward[pieces])
        np.testing.assert_allclose(ahead_s[here], [*ahead, 0], rtol=1e-6)
        np.testing.assert_allclose(back_s[here], [*np.maximum(back, 0), 0], rtol=1e-6)
        assert abs(ahead_ds[e] - 10 * ahead.sum()) <= 0.5 + 1e-6
        assert back_ds[e] == -1 if shut[one] else abs(back_ds[e] - 10 * back.sum()) <= 0.5 + 1e-6
        measured_m = geometry.segment_lengths_m(lon, lat, points[:-1].copy(), points[1:].copy())
        np.testing.assert_allclose(metres[e], measured_m.sum(), rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_what_parts_hold_is_what_numpy_counts(seed):
    rng = np.random.default_rng(seed)
    n, m = 30, 200
    lon, lat = rng.uniform(10, 10.05, n), rng.uniform(60, 60.05, n)
    label = rng.integers(0, 6, n).astype(np.int32)
    a, b = (rng.integers(0, n, m).astype(np.int32) for _ in range(2))
    chosen, inside = rng.random(m) < 0.6, (label[a] == label[b]) & (rng.random(m) < 0.9)
    size = rng.integers(1, 5, m).astype(np.int32)
    first = (np.cumsum(size) - size).astype(np.int32)
    course = rng.integers(0, n, size.sum()).astype(np.int32)
    forward, backward = (rng.uniform(-1, 50, course.size) for _ in range(2))
    row = np.repeat(np.arange(m), size)
    begin, end = course.copy(), np.append(course[1:], 0).astype(np.int32)
    begin[first], end[first + size - 1] = a, b
    length = np.bincount(row, geometry.segment_lengths_m(lon, lat, begin, end))
    metres = np.bincount(label[a[inside]], length[inside], 6)
    stretches = a, b, first, size, course, inside
    for least in (0.0, float(np.median(metres)), float(metres[2]) - 1e-6, np.inf):
        asked = np.array([0, 2, 3, 5], np.int32)
        expected = [part in asked and metres[part] >= least for part in range(6)]
        assert assembling.long_parts(label, *stretches, asked, lon, lat, least).tolist() == expected
    parts = label.max() + 1
    pieces = np.bincount(label[a[chosen]], size[chosen], parts)
    assert assembling.chosen_in_parts(label, a, size, chosen).tolist() == pieces.tolist()
    slower = np.maximum(forward, backward)[chosen[row]]
    seconds = assembling.seconds_in_parts(label, a, first, size, chosen, forward, backward)
    assert seconds.tolist() == np.bincount(label[a[row[chosen[row]]]], slower, parts).tolist()


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
    nearby = RoadsNearby(of_pieces({"a": a, "b": a + np.int32(1)}), extract, ends.tolist())
    found = nearby._nearest(ends, nearby._candidates(ends))
    x, y = np.radians(lon), np.arcsinh(np.tan(np.radians(lat)))
    nearest = {}
    for end in ends.tolist():
        p, q = a, a + 1
        dx, dy = x[q] - x[p], y[q] - y[p]
        share = np.clip(((x[end] - x[p]) * dx + (y[end] - y[p]) * dy) / np.maximum(dx * dx + dy * dy, 1e-30), 0, 1)
        away = np.hypot(x[p] + share * dx - x[end], y[p] + share * dy - y[end])
        nearest[end] = int(np.argmin(away))
        assert (found[end].stretch, found[end].piece) == (nearest[end], nearest[end])
    for limit_m in (0.0, 3000.0, 40_000.0):
        some = nearby._candidates(ends, limit_m)
        inside = [end for end in ends.tolist() if found[end].metres <= limit_m]
        assert {nearest[end] for end in inside} <= set(some.piece.tolist())
        assert some.piece.size < a.size
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
    one = a, b, np.arange(a.size, dtype=np.int32), np.ones(a.size, np.int32), a
    found = rasters.touching(*one, lon, np.zeros(lon.size), box, marked)[1]
    west, east = np.minimum(lon[a], lon[b]), np.maximum(lon[a], lon[b])
    assert found.tolist() == np.flatnonzero((east >= 25.0) & (west < 25.05)).tolist()
    assert found[-1] == 2800
    assert not rasters.touching(*one, lon, np.full(lon.size, 1.5), box, marked)[1].size
    marked[0, [0, -1]] = True
    assert rasters.touching(*one, lon - 65, np.zeros(lon.size), box, marked)[1].tolist() == [2800]


@pytest.mark.parametrize("seed", range(3))
def test_pieces_of_long_stretches_are_candidates_as_if_each_stood_alone(seed):
    rng = np.random.default_rng(seed)
    n, m = 300, 60
    x, y = rng.uniform(-2, 12, n), rng.uniform(-2, 12, n)
    size = rng.integers(1, 6, m).astype(np.int32)
    first = (np.cumsum(size) - size).astype(np.int32)
    course = rng.integers(0, n, size.sum()).astype(np.int32)
    a, b = (rng.integers(0, n, m).astype(np.int32) for _ in range(2))
    row = np.repeat(np.arange(m), size)
    begin, end = course.copy(), np.append(course[1:], 0).astype(np.int32)
    begin[first], end[first + size - 1] = a, b
    near = rng.random(begin.size) < 0.5
    x[end[near]], y[end[near]] = x[begin[near]] + 0.1, y[begin[near]] - 0.1
    box, marked = (0.0, 0.0, 0.5, 0.25), rng.random((40, 20)) < 0.05
    stretch, piece = rasters.touching(a, b, first, size, course, x, y, box, marked)
    alone = np.arange(begin.size, dtype=np.int32)
    expected = rasters.touching(begin, end, alone, np.ones_like(alone), begin, x, y, box, marked)[1]
    assert piece.tolist() == expected.tolist()
    assert 0 < piece.size < begin.size
    assert stretch.tolist() == row[piece].tolist()


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
    assert [part.tolist() for part in picking.runs_of(ptr, values, rows[:0])] == [[0], []]


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_what_they_hold_are_pushed_together_where_they_stand(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 4, 20)
    ptr = np.concatenate([[0], np.cumsum(sizes)])
    values = rng.integers(0, 30, ptr[-1]).astype(np.int32)
    number, x, y = rng.integers(-(2**40), 2**40, 30), rng.integers(0, 99, 30), rng.integers(0, 99, 30)
    given = values.copy(), number.copy(), x.copy(), y.copy()
    rows = np.sort(rng.permutation(20)[:12])
    start, ref = picking.pushed_together(ptr, values, rows)
    assert [part.tolist() for part in (start, ref)] == [part.tolist() for part in picking.runs_of(ptr, given[0], rows)]
    held = np.unique(ref)
    expected = [number[ref].tolist(), x[ref].tolist(), y[ref].tolist()]
    place = np.empty(30, np.int32)
    size = picking.held_pushed_together(ref, place, number, x, y)
    assert [column[ref].tolist() for column in (number, x, y)] == expected
    assert [column[:size].tolist() for column in (number, x, y)] == [column[held].tolist() for column in given[1:]]
    assert place.tolist() == [held.tolist().index(i) if i in held else -1 for i in range(30)]
