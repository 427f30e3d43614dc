"""Outlines on a grid: those of GEOS around each segment, but for what a cell may cut; valid, and the same in parts."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.kernels.banks import nothing_beyond
from geoaccess.kernels.outlines import outline_rings
from geoaccess.routing.widened import area_beside

STEP = 25.0


def segments(seed, n, widths=(1000.0, 500.0, 60.0)):
    rng = np.random.default_rng(seed)
    one = rng.uniform(-3000, 5000, (n, 2))
    other = one + rng.normal(0, 300, (n, 2)) * (rng.random((n, 1)) < 0.9)
    return np.hstack([one, other]), rng.choice(widths, n)


def drawn(ends, widths, simplify=0.0):
    lines = shapely.linestrings(ends.reshape(-1, 2, 2))
    return area_beside(lines, widths, step_m=STEP, simplify_m=simplify)


def widened(ends, widths):
    return shapely.union_all(shapely.buffer(shapely.linestrings(ends.reshape(-1, 2, 2)), widths, quad_segs=64))


@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([0.0, 1.25, 5.0]))
@settings(max_examples=40, deadline=None)
def test_the_area_is_that_of_each_segment_widened(seed, n, simplify):
    ends, widths = segments(seed, n)
    found, expected = drawn(ends, widths, simplify), widened(ends, widths)
    assert found.is_valid
    wrong = found.symmetric_difference(expected)
    assert shapely.area(wrong) < 5e-3 * expected.length + 0.5 * simplify * expected.length + n * STEP**2
    # Nothing is further off than the diagonal of a cell, and what is made simpler.
    assert wrong.difference(expected.boundary.buffer(STEP * 2**0.5 + simplify)).area < 1e-6 * expected.area


@given(st.integers(0, 10**6), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_more_segments_take_nothing_away_and_change_nothing_far_off(seed, n):
    ends, widths = segments(seed, n)
    more_ends, more_widths = segments(seed + 1, 20)
    here = drawn(ends, widths)
    both = drawn(np.vstack([ends, more_ends]), np.append(widths, more_widths))
    assert here.difference(both).area < 1e-9 * both.area
    away = drawn(np.vstack([ends, more_ends + 20_000]), np.append(widths, more_widths))
    near = shapely.clip_by_rect(away, -9000, -9000, 9000, 9000)
    assert near.symmetric_difference(here).area == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("radius", [1000.0, 40.0])
def test_a_circle_lies_as_far_inside_as_is_said(radius):
    xy, sizes = outline_rings(np.array([[3.0, 4.0, 3.0, 4.0]]), np.array([radius]), STEP, 0.0, nothing_beyond(1))
    assert sizes.tolist() == [len(xy)]
    away = radius - np.hypot(*(xy - (3.0, 4.0)).T)
    assert (away > -1e-9).all()
    assert away.max() <= STEP**2 / (8 * (radius - STEP))
    x, y = (xy - (3.0, 4.0)).T
    turned = x * np.roll(y, -1) - y * np.roll(x, -1)
    assert (turned > 0).all()  # the ground on the left


def test_a_yard_is_a_hole_and_a_field_in_it_is_not():
    corner = np.array([(0.0, 0.0), (4000.0, 0.0), (4000.0, 4000.0), (0.0, 4000.0)])
    ends = np.vstack([np.hstack([corner, np.roll(corner, -1, axis=0)]), [[2000.0, 2000.0, 2000.0, 2000.0]]])
    found = drawn(ends, np.full(5, 500.0))
    assert len(found.geoms) == 2
    assert sorted(len(part.interiors) for part in found.geoms) == [0, 1]
    assert found.intersects(shapely.Point(2000, 2400))
    assert not found.intersects(shapely.Point(2000, 1400))
