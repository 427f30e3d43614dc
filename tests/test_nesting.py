"""Which rings bound a polygon together: those of the polygons that they were taken from."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.kernels.nesting import polygons_of_rings


def open_rings(rings):
    """Return the points of rings, without the last of each, and where each begins."""
    points = [shapely.get_coordinates(ring)[:-1] for ring in rings]
    return np.vstack(points), np.append(0, np.cumsum([len(xy) for xy in points]))


@given(st.integers(0, 10**6), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_rings_in_any_order_are_those_of_their_polygons(seed, n):
    """Of rings around rings, some of which hang together: lakes with islands that have lakes."""
    rng = np.random.default_rng(seed)
    middle, wide = rng.uniform(0, 3000, (n, 2)), rng.uniform(50, 1500, n)
    lines = shapely.boundary(shapely.buffer(shapely.points(middle), wide, quad_segs=3))
    area = shapely.orient_polygons(shapely.union_all(shapely.buffer(lines, 20, quad_segs=3)))
    rings, owner = shapely.get_rings(shapely.get_parts(area), return_index=True)
    first = np.append(True, owner[1:] != owner[:-1])
    order = rng.permutation(rings.size)
    xy, ptr = open_rings(rings[order])
    polygon, hole = polygons_of_rings(xy, ptr)
    assert (hole == ~first[order]).all()
    assert sorted(set(polygon)) == list(range(owner[-1] + 1))
    assert (np.diff(polygon[~hole]) == 1).all()
    belongs = {(owner[order[i]], polygon[i]) for i in range(rings.size)}
    assert len(belongs) == owner[-1] + 1


@pytest.mark.parametrize(("turned", "expected"), [(False, [0, -1]), (True, [-1, -1])])
def test_what_has_no_area_or_nothing_around_it_belongs_nowhere(turned, expected):
    square = np.array([(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)])
    flat = np.array([(2.0, 2.0), (3.0, 2.0), (4.0, 2.0)])
    xy = np.vstack([square[::-1] if turned else square, flat])
    polygon, hole = polygons_of_rings(xy, np.array([0, 4, 7]))
    assert polygon.tolist() == expected
    assert hole.tolist() == [turned, False]


def test_a_hole_that_pokes_out_of_every_ring_is_one_of_the_first():
    square = np.array([(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)])
    xy = np.vstack([square, [(9.5, 4.0), (5.0, 4.0), (5.0, 6.0)]])
    polygon, hole = polygons_of_rings(xy, np.array([0, 4, 7]))
    assert polygon.tolist() == [0, 0]
    assert hole.tolist() == [False, True]
