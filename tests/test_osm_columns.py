"""Long columns in parts: values left out, places projected on all threads."""

from __future__ import annotations

import numpy as np
import pytest

from geoaccess.network.projection import LocalProjection
from geoaccess.osm import columns


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("places", [[], [0], [4], [0, 1, 2, 3, 4], [1, 3]])
def test_values_are_left_out_and_others_added(few, places, monkeypatch):
    monkeypatch.setattr(columns, "_FEW", few)
    values = np.array([5, 6, 7, 8, 9], np.int32)
    kept = [value for at, value in enumerate([5, 6, 7, 8, 9]) if at not in places]
    found = columns.without(values, np.array(places, np.int64), np.array([3], np.int32))
    assert found.tolist() == [*kept, 3]
    assert found.dtype == np.int32


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
