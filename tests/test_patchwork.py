"""An area put together by squares: that of all its parts at once, whatever squares there are."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.routing import patchwork
from geoaccess.routing.patchwork import Patchwork


def blots(seed, n):
    """Return discs, rings and crooked strips over some squares, many of which overlap."""
    rng = np.random.default_rng(seed)
    middle, wide = rng.uniform(-15_000, 20_000, (n, 2)), rng.uniform(100, 3000, n)
    discs = shapely.buffer(shapely.points(middle), wide, quad_segs=6)
    hollow = shapely.difference(discs, shapely.buffer(shapely.points(middle), 0.8 * wide, quad_segs=5))
    lines = shapely.linestrings(middle[:, None] + rng.uniform(-3000, 3000, (n, 5, 2)))
    strips = shapely.buffer(lines, rng.uniform(50, 400, n), quad_segs=4)
    return np.where(rng.random(n) < 0.4, discs, np.where(rng.random(n) < 0.5, hollow, strips))


def without_small_holes(area, hole_m2):
    """Close holes one by one."""
    parts = shapely.get_parts(area)
    holes = [shapely.Polygon(hole) for part in parts for hole in part.interiors]
    return shapely.union_all([area, *(hole for hole in holes if hole.area <= hole_m2)])


@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([0.0, 1e5, 1e7]))
@settings(max_examples=40, deadline=None)
def test_it_is_the_union_of_its_parts(seed, n, hole_m2):
    parts = blots(seed, n)
    made = Patchwork(simplify_m=0.0)
    for some in np.array_split(parts, 3):
        made.add([*some])
    found = made.joined(largest_hole_m2=hole_m2)
    expected = without_small_holes(shapely.union_all(parts), hole_m2)
    assert found.is_valid
    assert found.symmetric_difference(expected).area < 1e-9 * expected.area
    assert len(found.geoms) == len(shapely.get_parts(expected))
    assert sum(len(part.interiors) for part in found.geoms) == sum(
        len(part.interiors) for part in shapely.get_parts(expected)
    )


@given(st.integers(0, 10**6), st.integers(2, 60), st.sampled_from([5.0, 60.0]))
@settings(max_examples=40, deadline=None)
def test_made_simpler_it_lies_near_and_keeps_what_was_there(seed, n, simplify_m):
    parts = blots(seed, n)
    made = Patchwork(simplify_m=simplify_m)
    before, exact = shapely.MultiPolygon(), shapely.MultiPolygon()
    for some in np.array_split(parts, 3):
        made.add([*some])
        found = made.joined(largest_hole_m2=0.0)
        exact = shapely.union_all([exact, *some])
        assert found.is_valid
        assert before.difference(found).area < 1e-9 * found.area
        # Each time borders are moved once more.
        assert found.within(exact.buffer(3.1 * simplify_m))
        assert exact.within(found.buffer(3.1 * simplify_m))
        before = found


def test_made_simpler_it_has_fewer_points():
    parts = blots(3, 60)
    exact, simple = Patchwork(simplify_m=0.0), Patchwork(simplify_m=60.0)
    for made in (exact, simple):
        made.add([*parts])
    many, few = (shapely.get_num_coordinates(made.joined(largest_hole_m2=0.0)) for made in (exact, simple))
    assert few < 0.8 * many


def test_an_island_in_a_lake_that_is_closed_goes_with_it():
    def disc(radius):
        return shapely.Point(500, 700).buffer(radius)

    made = Patchwork(simplify_m=0.0)
    made.add([disc(9000).difference(disc(5000)), disc(3000).difference(disc(2000)), disc(1000)])
    some, every = (made.joined(largest_hole_m2=limit) for limit in (disc(2000).area + 1, disc(5000).area + 1))
    assert len(some.geoms) == 2
    assert some.area == pytest.approx((disc(9000).area - disc(5000).area) + disc(3000).area)
    assert len(every.geoms) == 1
    assert every.area == pytest.approx(disc(9000).area)


def test_a_border_along_the_edge_of_a_square(monkeypatch):
    """It meets no border beyond the edge there; the area is right all the same."""
    monkeypatch.setattr(patchwork, "_CORNER_M", 0.0)
    made = Patchwork(simplify_m=1.0)
    boxes = [shapely.box(1000, 1000, 8000, 7000), shapely.box(8000, 3000, 12_000, 9000)]
    made.add(boxes)
    found = made.joined(largest_hole_m2=0.0)
    assert found.is_valid
    assert found.symmetric_difference(shapely.union_all(boxes)).area < 1e-3
    assert len(found.geoms) == 1


def test_nothing_is_no_area():
    made = Patchwork(simplify_m=1.0)
    made.add([])
    assert made.joined(largest_hole_m2=1.0).is_empty
