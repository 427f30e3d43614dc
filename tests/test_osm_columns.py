"""Long columns in parts: curves at the seams, values left out, places projected on all threads."""

from __future__ import annotations

import numpy as np
import pytest

from geoaccess.network.projection import LocalProjection
from geoaccess.osm import columns, driving


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("places", [[], [0], [4], [0, 1, 2, 3, 4], [1, 3]])
def test_values_are_left_out_and_others_added(few, places, monkeypatch):
    monkeypatch.setattr(columns, "_FEW", few)
    values = np.array([5, 6, 7, 8, 9], np.int32)
    kept = [value for at, value in enumerate([5, 6, 7, 8, 9]) if at not in places]
    found = columns.without(values, np.array(places, np.int64), np.array([3], np.int32))
    assert found.tolist() == [*kept, 3]
    assert found.dtype == np.int32


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 16, 1000])
def test_curves_cost_the_same_in_parts_of_any_length(at_once, monkeypatch):
    """Against the time lost bend by bend, one after another."""
    rng = np.random.default_rng(5)
    n = 40
    lon, lat = 10 + np.cumsum(rng.normal(0, 1e-3, n + 1)), 60 + np.cumsum(rng.normal(0, 1e-3, n + 1))
    a, b = np.arange(n, dtype=np.int32), np.arange(1, n + 1, dtype=np.int32)
    way = np.repeat(np.arange(4, dtype=np.int32), 10)
    length = rng.uniform(5, 100, n)
    times = {"forward_s": rng.uniform(0.5, 5, n), "backward_s": np.where(rng.random(n) < 0.3, -1.0, 2.0)}
    rules = driving.CurveRules(lateral_mps2=2.0, within_m=30.0)
    expected = {name: values.tolist() for name, values in times.items()}
    before = {name: values.copy() for name, values in times.items()}
    bearing = [
        np.arctan2((lon[i + 1] - lon[i]) * np.cos(np.radians((lat[i] + lat[i + 1]) / 2)), lat[i + 1] - lat[i])
        for i in range(n)
    ]
    for i in range(n - 1):
        turn = abs((bearing[i + 1] - bearing[i] + np.pi) % (2 * np.pi) - np.pi)
        if way[i] != way[i + 1] or turn <= 1e-3:
            continue
        speed = np.sqrt(2.0 * (length[i] + length[i + 1]) / 2 / turn)
        for name, values in before.items():
            for at in (i, i + 1):
                share = min(length[at] / 2, 30.0)
                if values[at] > 0:
                    expected[name][at] += max(share / speed - values[at] * share / length[at], 0)
    monkeypatch.setattr(driving, "_AT_ONCE", at_once)
    table = {"a": a, "b": b, "way": way, **times}
    driving.add_curves(table, length, lon, lat, rules)
    for name, values in expected.items():
        np.testing.assert_allclose(table[name], values, rtol=1e-12)


@pytest.mark.parametrize("size", [2**15 - 1, 2**15, 2**15 + 1, 100_003])
def test_many_places_are_projected_as_each_by_itself(size):
    """In parts as in one go, to the last bit."""
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(4, 31, size), rng.uniform(58, 71, size)
    lon[7], lat[9] = 400.0, np.nan
    projection = LocalProjection(15.0, 65.0)
    found, whole = projection.project(lon, lat), projection._projected(lon, lat)
    assert np.array_equal(found[0], whole[0], equal_nan=True)
    assert np.array_equal(found[1], whole[1], equal_nan=True)
    assert np.isnan(found[0][[7, 9]]).all()
    square = projection.project(lon[:30_000].reshape(300, 100), lat[:30_000].reshape(300, 100))
    assert square[0].shape == (300, 100)
    many = projection.project(np.tile(lon[:20_000], (4, 1)), lat[:20_000])
    assert np.array_equal(many[1][3], whole[1][:20_000], equal_nan=True)
