"""Long columns in parts: values left out, places projected on all threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.network.projection import LocalProjection
from geoaccess.osm import columns


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("places", [[], [0], [4], [0, 1, 2, 3, 4], [1, 3], [2, 3]])
def test_values_are_left_out_in_place(few, places, monkeypatch):
    monkeypatch.setattr(columns, "_FEW", few)
    values = np.array([5, 6, 7, 8, 9], np.int32)
    found = columns.shortened(values, np.array(places, np.int64))
    assert found.tolist() == [value for at, value in enumerate([5, 6, 7, 8, 9]) if at not in places]
    assert np.shares_memory(found, values) == (len(places) < 5)


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


@given(
    st.lists(st.integers(-9, 9), max_size=8),
    st.lists(st.tuples(st.sets(st.integers(0, 20)), st.lists(st.integers(-9, 9), max_size=6)), max_size=8),
    st.booleans(),
    st.sampled_from([0, 2, 1000]),
)
@settings(max_examples=80)
def test_a_column_that_shrinks_and_grows_is_as_a_list_would_be(values, steps, has_room, few):
    before, columns._LEAST, columns._FEW = (columns._LEAST, columns._FEW), 5, few
    try:
        column = columns.with_room(len(values), np.int64) if has_room else np.empty(len(values), np.int64)
        column[:] = expected = values
        for places, more in steps:
            there = sorted(place for place in places if place < len(expected))
            column = columns.extended(columns.shortened(column, np.array(there, np.int64)), np.array(more, np.int64))
            expected = [value for at, value in enumerate(expected) if at not in there] + more
            assert column.tolist() == expected
    finally:
        columns._LEAST, columns._FEW = before


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
