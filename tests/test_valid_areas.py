"""Areas made valid: the area of each is that of GEOS making all of it valid, whichever parts have a fault."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.frames import valid_areas


@given(st.integers(0, 10**6), st.integers(1, 7), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_area_is_that_of_the_whole_made_valid(seed, n, apart):
    """Triangles, stars that cross themselves and boxes; `apart`, or over another."""
    rng = np.random.default_rng(seed)
    corners = [rng.uniform(0, 10, (rng.integers(3, 7), 2)).round(1) for _ in range(n)]
    many = shapely.MultiPolygon([shapely.Polygon(xy + 11 * number * apart) for number, xy in enumerate(corners)])
    found, nothing = valid_areas(np.array([many, shapely.Point(1, 1)], object))
    whole = shapely.make_valid(many)
    assert found.is_valid
    assert nothing.is_empty
    assert found.geom_type == "MultiPolygon"
    assert found.symmetric_difference(whole).area < 1e-9
