"""Long columns: more values behind them, places projected on all threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.network.projection import LocalProjection
from geoaccess.osm import columns


@given(st.lists(st.tuples(st.integers(0, 40), st.lists(st.integers(-9, 9), max_size=6)), max_size=12))
@settings(max_examples=60)
def test_columns_that_grow_are_as_copies_would_be(steps):
    """Whichever of all columns so far is made longer, none of the others changes."""
    least, columns._LEAST = columns._LEAST, 5
    try:
        first = columns.with_room(3, np.int64)
        first[:] = 7
        made = [(first, [7, 7, 7]), (np.array([1, 2]), [1, 2]), (first[::-1], [7, 7, 7])]
        for which, more in steps:
            column, expected = made[which % len(made)]
            parts = [np.array(more[:2], np.int64), np.array(more[2:], np.int64)]
            made.append((columns.extended(column, *parts), expected + more))
            assert [column.tolist() for column, _ in made] == [expected for _, expected in made]
    finally:
        columns._LEAST = least


def test_a_column_with_room_is_not_copied():
    column = columns.with_room(50, np.float64)
    column[:] = np.arange(50)
    longer = columns.extended(column, np.array([1.0]))
    further = columns.extended(longer, np.array([2.0]))
    assert np.shares_memory(column, longer)
    assert np.shares_memory(longer, further)
    assert type(further) is np.ndarray
    assert further.tolist() == [*range(50), 1, 2]
    assert columns.extended(further, np.empty(0)) is further


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
