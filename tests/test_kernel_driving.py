"""What it takes to drive segments: speeds, limits and curves one after another in Python, junctions by their rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.kernels import driving as kernel
from geoaccess.kernels import geometry
from geoaccess.osm import driving

_RULES = driving.CurveRules(lateral_mps2=2.0, within_m=30.0)


@pytest.fixture
def road():
    """Five ways that wind, some of them closed one way or both ways; two of the segments have no length."""
    rng = np.random.default_rng(5)
    n = 60
    lon, lat = 10 + np.cumsum(rng.normal(0, 1e-3, n + 1)), 60 + np.cumsum(rng.normal(0, 1e-3, n + 1))
    lon[31], lat[31] = lon[30], lat[30]
    lon[25:] += 5e-5
    ends = np.arange(n, dtype=np.int32), np.arange(1, n + 1, dtype=np.int32)
    ends[0][40] = 7  # no segment goes on where another ends
    way = np.repeat(np.arange(5, dtype=np.int32), 12)
    speeds = driving.Speeds(
        np.array([2, 1, 0, 3, 1], np.int32),
        np.array([14.0, 25, 0.0, 8.0]),
        np.array([-1.0, 22, 0.0, 8.0]),
        np.array([0.0, 11, 3.0, np.inf, 90]),
    )
    return _table(*ends, way), lon, lat, speeds


def _table(a, b, way):
    """Return the stretches of segments that follow one another, up to three in each, and an end for each piece."""
    begins = np.append(True, (way[1:] != way[:-1]) | (a[1:] != b[:-1]))  # of a course
    at = np.arange(a.size) + np.cumsum(begins) - 1
    course = np.zeros(at[-1] + 2, np.int32)
    course[at + 1], course[at] = b, a
    first = np.flatnonzero(begins | (np.arange(a.size) % 3 == 0))
    size = np.diff(np.append(first, a.size)).astype(np.int32)
    return {
        "a": a[first],
        "b": b[first + size - 1],
        "way": way[first],
        "first": at[first].astype(np.int32),
        "size": size,
        "course": course,
        "forward_s": np.zeros(course.size),
        "backward_s": np.zeros(course.size),
        "pieces": at,
        "segments": (a, b, way),
    }


def _expected(table, lon, lat, speeds, rules):
    a, b, way = (values.tolist() for values in table["segments"])
    length = geometry.segment_lengths_m(lon, lat, *table["segments"][:2]).tolist()
    found = {}
    for name, mps in (("forward_s", speeds.forward_mps), ("backward_s", speeds.backward_mps)):
        times = []
        for i, of in enumerate(way):
            speed = mps[speeds.tags[of]]
            if speed > 0 and speeds.most_mps.size and speeds.most_mps[of] > 0:
                speed = min(speed, speeds.most_mps[of])
            times.append(length[i] / speed if speed > 0 else -1.0)
        found[name] = times
    if rules.lateral_mps2 <= 0:
        return found
    before = {name: [*times] for name, times in found.items()}
    bearing = [
        np.arctan2((lon[q] - lon[p]) * np.cos(np.radians((lat[p] + lat[q]) / 2)), lat[q] - lat[p])
        for p, q in zip(a, b, strict=True)
    ]
    for i in range(len(way) - 1):
        turn = abs((bearing[i + 1] - bearing[i] + np.pi) % (2 * np.pi) - np.pi)
        if way[i] != way[i + 1] or b[i] != a[i + 1] or turn <= 1e-3 or not length[i] * length[i + 1]:
            continue
        speed = np.sqrt(rules.lateral_mps2 * (length[i] + length[i + 1]) / 2 / turn)
        for name, values in before.items():
            for at in (i, i + 1):
                share = min(length[at] / 2, rules.within_m)
                if values[at] > 0:
                    found[name][at] += max(share / speed - values[at] * share / length[at], 0)
    return found


def _drive(table, lon, lat, speeds, rules):
    return driving.drive([driving.Driven(table, speeds, rules)], lon, lat)


@pytest.mark.parametrize("lateral", [0.0, 0.4, 2.0, 40.0])
@pytest.mark.parametrize("limited", [True, False])
def test_segments_take_what_speeds_limits_and_curves_cost(road, lateral, limited):
    table, lon, lat, speeds = road
    speeds = speeds if limited else speeds._replace(most_mps=np.empty(0))
    rules = driving.CurveRules(lateral_mps2=lateral, within_m=30.0)
    assert _drive(table, lon, lat, speeds, rules)
    for name, values in _expected(table, lon, lat, speeds, rules).items():
        np.testing.assert_allclose(table[name][table["pieces"]], values, rtol=1e-9)
    if lateral == 2.0:
        plain = _expected(table, lon, lat, speeds, driving.CurveRules())
        assert (table["forward_s"][table["pieces"]] > np.array(plain["forward_s"]) + 1e-3).sum() > 10


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 16])
def test_parts_of_any_length_give_the_same_bits(road, at_once, monkeypatch):
    table, lon, lat, speeds = road
    _drive(table, lon, lat, speeds, _RULES)
    whole = {name: table[name].copy() for name in ("forward_s", "backward_s")}
    monkeypatch.setattr(driving, "_AT_ONCE", at_once)
    _drive(table, lon, lat, speeds, _RULES)
    assert all(table[name].tolist() == values.tolist() for name, values in whole.items())


def test_what_is_driven_under_several_profiles_at_once_takes_the_same_bits(road, monkeypatch):
    table, lon, lat, speeds = road
    monkeypatch.setattr(driving, "_AT_ONCE", 5)
    slow = speeds._replace(forward_mps=speeds.forward_mps / 3, most_mps=np.empty(0))
    several = [(speeds, _RULES), (slow, driving.CurveRules()), (slow, driving.CurveRules(lateral_mps2=0.4))]
    tables = [table | {name: np.zeros_like(table[name]) for name in ("forward_s", "backward_s")} for _ in several]
    assert driving.drive(
        [driving.Driven(*each) for each in zip(tables, *zip(*several, strict=True), strict=True)], lon, lat
    )
    for one, (its_speeds, rules) in zip(tables, several, strict=True):
        _drive(table, lon, lat, its_speeds, rules)
        assert all(one[name].tolist() == table[name].tolist() for name in ("forward_s", "backward_s"))


def test_roads_in_one_place_have_no_length(road):
    table, lon, lat, speeds = road
    assert not _drive(table, np.full(lon.size, 10.0), np.full(lat.size, 60.0), speeds, _RULES)


@pytest.mark.parametrize("turn", [0.0, 1e-4, 9e-4, 1.1e-3, 0.01, 0.3, 1.5, 3.0, np.pi])
@pytest.mark.parametrize("kph", [5, 30, 80, 130])
def test_only_turns_that_cost_nothing_are_passed_over(turn, kph):
    """One curve on the equator, where a degree is as long to the east as its angle says, against the formula."""
    step = 1e-4
    lon = 10 + np.array([0, step, step + step * np.cos(turn)])
    lat = np.array([0, 0, step * np.sin(turn)])
    a, b, way = np.array([[0, 1], [1, 2], [0, 0]], np.int32)
    table = _table(a, b, way)
    one = np.array([kph / 3.6])
    _drive(table, lon, lat, driving.Speeds(np.zeros(1, np.int32), one, one, np.empty(0)), _RULES)
    length = geometry.segment_lengths_m(lon, lat, a, b)
    part = np.minimum(length / 2, 30)
    slow = np.sqrt(2.0 * length.mean() / turn) if turn > 1e-3 else np.inf
    expected = length / one + np.maximum(part / slow - part / one, 0)
    np.testing.assert_allclose(table["forward_s"][:2], expected, rtol=1e-6)
    assert table["backward_s"].tolist() == table["forward_s"].tolist()


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3)), max_size=20),
    st.floats(0, 100),
    st.floats(0, 100),
    st.integers(1, 3),
)
def test_lesser_roads_pay_at_junctions_and_the_greatest_where_three_of_them_meet(drawn, lesser, equal, pieces):
    a, b, rank = (
        (np.array(column, np.int32) for column in zip(*drawn, strict=True)) if drawn else (np.empty(0, np.int32),) * 3
    )
    ends = {node: [r for u, v, r in drawn for end in (u, v) if end == node] for node in range(7)}

    def share(node, own):
        met = ends[node]
        if len(met) < 3:
            return 0.0
        if own > min(met):
            return lesser
        return equal if met.count(own) >= 3 else 0.0

    # The first is closed backward.
    forward, backward = np.zeros(pieces * a.size), np.repeat(np.arange(a.size) - 1.0, pieces)
    ranks, first = np.array([3, 2, 1, 0], np.int16), np.arange(0, forward.size, pieces, dtype=np.int32)
    rest = first, np.full(a.size, pieces, np.int32), (3 - rank).astype(np.int32), ranks, lesser, equal
    kernel.add_junction_costs(np.full(7, -1, np.int32), a, b, *rest, forward, backward)
    costs = [(share(u, r) / 2, share(v, r) / 2) for u, v, r in drawn]
    cost = [[at_u + at_v] if pieces == 1 else [at_u, *[0.0] * (pieces - 2), at_v] for at_u, at_v in costs]
    assert forward.reshape(-1, pieces).tolist() == cost
    expected = [[i - 1.0 + (more if i else 0.0) for more in of] for i, of in enumerate(cost)]
    assert backward.reshape(-1, pieces).tolist() == expected
