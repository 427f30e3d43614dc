"""Land beyond water: as GEOS parts the ground around each line, and no more than rows can tell."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_land_beside import SIDE, SQUARE, streets, waters

from geoaccess.kernels.banks import is_beyond, land_beyond, nothing_beyond, water_in_rows

STEP, OWN = 6.0, 30.0


def in_rows(wet):
    """Return the water in rows from 1 km below it to 1 km above."""
    rings = shapely.get_rings(shapely.get_parts(wet))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    low = int((xy[:, 1].min() - 1000) // STEP)
    rows = int((xy[:, 1].max() + 1000) // STEP) - low
    return water_in_rows(xy, np.searchsorted(ring, np.arange(rings.size + 1)), low, STEP, rows), low


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_water_in_rows_is_where_its_polygons_are(seed):
    wet = waters(seed)
    wet = wet.difference(wet.centroid.buffer(90.0))  # an island
    (begin, at), low = in_rows(wet)
    rng = np.random.default_rng(seed)
    west, _, east, _ = wet.bounds
    for row in rng.integers(0, begin.size - 1, 200):
        x = rng.uniform(west - 50, east + 50, 20)
        inside = np.searchsorted(at[begin[row] : begin[row + 1]], x) % 2 == 1
        assert (inside == shapely.contains_xy(wet, x, np.full(20, (low + row) * STEP))).all()


@given(st.integers(0, 10**6), st.integers(1, 12))
@settings(max_examples=20, deadline=None)
def test_land_is_beyond_water_where_geos_parts_it_from_the_line(seed, n):
    lines, widths = streets(seed, n)
    wet = waters(seed)
    shores, low = in_rows(wet)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    ptr = np.searchsorted(line, np.arange(n + 1))
    beyond = land_beyond(xy, ptr, widths, OWN, shores, low, STEP)
    rng = np.random.default_rng(seed)
    corner = np.array(SQUARE) * SIDE
    for number in range(n):
        entry = beyond.entry[number]
        parts = shapely.get_parts(lines[number].buffer(widths[number], quad_segs=64).difference(wet))
        own = np.array([part.dwithin(lines[number], OWN) for part in parts], bool)
        # Of what is theirs rows see only what is wider than they are apart.
        wide = [shapely.get_parts(part.buffer(-2 * STEP)) for part in parts[own]]
        wide = [one for some in wide for one in some if one.dwithin(lines[number], OWN - 3 * STEP)]
        row = rng.integers(int((corner[1] - 800) / (2 * STEP)), int((corner[1] + SIDE + 800) / (2 * STEP)), 2000)
        x, y = rng.uniform(corner[0] - 800, corner[0] + SIDE + 800, 2000), 2 * STEP * row
        found = np.array([entry >= 0 and is_beyond(beyond, entry, *place) for place in zip(x, row, strict=True)])
        assert not found[shapely.contains_xy(shapely.union_all(wide), x, y)].any()
        parted = shapely.union_all(parts[~own]).buffer(-1.0)
        assert found[shapely.contains_xy(parted, x, y)].all()
        assert not found[shapely.contains_xy(wet.buffer(-1.0), x, y)].any()
        if entry >= 0 and found.any():
            west, south, east, north = beyond.box[entry]
            assert (x[found] >= west).all()
            assert (x[found] <= east).all()
            assert (y[found] >= south).all()
            assert (y[found] <= north).all()


@pytest.mark.parametrize(("width", "beyond"), [(100.0, False), (300.0, True)])
def test_the_other_bank_is_beyond_and_a_bay_is_not(width, beyond):
    """A road runs 90 m south of a river of 60 m, which has a bay towards it."""
    river = shapely.union_all([shapely.box(-5000, 100, 5000, 160), shapely.box(-50, 50, 50, 130)])
    shores, low = in_rows(river)
    road = np.array([[-500.0, 10.0], [500.0, 10.0]])
    found = land_beyond(road, np.array([0, 2]), np.array([width]), OWN, shores, low, STEP)
    assert (found.entry >= 0).tolist() == [beyond]
    assert [is_beyond(found, 0, 0.0, row) for row in (2, 18) if beyond] == [False, True][: 2 * beyond]


def test_nothing_beyond_is_nothing():
    none = nothing_beyond(3)
    assert none.entry.tolist() == [-1, -1, -1]
    assert none.run.size == none.box.size == 0
