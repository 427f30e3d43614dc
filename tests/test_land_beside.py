"""Land beside lines: as by widening each line, whatever is left out, in whatever squares, with water or without."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_isochrones import EXACT, World

from geoaccess.routing import isochrones, road_areas
from geoaccess.routing.land_beside import Covered, LandBeside

SIDE, LONGEST = 4000.0, 1000.0
SQUARE = (1, -1)
WIDTHS = (800.0, 400.0, 100.0)


def streets(seed, n):
    """Return lines of up to three pieces, many in a town and some around it, and how wide each is made."""
    rng = np.random.default_rng(seed)
    middle = np.where(rng.random((n, 1)) < 0.7, rng.normal(2000, 400, (n, 2)), rng.uniform(300, SIDE - 300, (n, 2)))
    steps = rng.uniform(-150, 150, (n, 4, 2)).cumsum(axis=1)
    steps[rng.random(n) < 0.05] = 0.0  # of no length
    xy = middle.clip(0, SIDE)[:, None] + steps - (steps.min(axis=1) + steps.max(axis=1))[:, None] / 2
    return shapely.linestrings(xy + np.array(SQUARE) * SIDE), rng.choice(WIDTHS, n, p=(0.6, 0.2, 0.2))


def waters(seed):
    """Return a river through the square, a lake, and a sea."""
    rng = np.random.default_rng(seed)
    low = np.array(SQUARE) * SIDE
    river = shapely.linestrings(low + np.column_stack([np.linspace(-3000, 7000, 9), rng.uniform(1400, 2600, 9)]))
    lake = shapely.points(low + rng.uniform(500, 3500, 2))
    sea = shapely.box(low[0] + 3300, low[1] - 9000, low[0] + 9000, low[1] + 9000)
    return shapely.union_all([river.buffer(40), lake.buffer(300), sea])


def land(wet=None, simplify_m=0.0):
    water = None if wet is None else SimpleNamespace(within=lambda box, **_: wet.intersection(box))
    return LandBeside(water, square_m=SIDE, longest_m=LONGEST, width_m=max(WIDTHS), simplify_m=simplify_m)


def one_by_one(lines, widths, wet, arc=4):
    """Widen each line alone, and take away the water and what lies beyond it."""
    parts = []
    for line, width in zip(lines, widths, strict=True):
        area = shapely.buffer(line, width, quad_segs=arc)
        dry = shapely.get_parts(area if wet is None else area.difference(wet))
        whole = wet is None or not area.intersects(wet)
        parts += [part for part in dry if whole or part.dwithin(line, 30.0)]
    return shapely.union_all(parts)


@given(st.integers(0, 10**6), st.integers(1, 120), st.booleans())
@settings(max_examples=25, deadline=None)
def test_areas_are_those_of_each_line_by_itself(seed, n, wets):
    lines, widths = streets(seed, n)
    wet = waters(seed) if wets else None
    expected = one_by_one(lines, widths, wet)
    found = land(wet).of(lines, widths, SQUARE, None)
    assert found.is_valid
    assert found.symmetric_difference(expected).area < 1e-4


@given(st.integers(0, 10**6), st.integers(1, 120), st.booleans())
@settings(max_examples=25, deadline=None)
def test_drawn_on_a_grid_they_are_the_same_but_for_what_borders_may_be_moved(seed, n, wets):
    lines, widths = streets(seed, n)
    wet = waters(seed) if wets else None
    round_ones, of_16 = one_by_one(lines, widths, wet, arc=32), one_by_one(lines, widths, wet)
    found = land(wet, simplify_m=4.0).of(lines, widths, SQUARE, Covered())
    assert found.is_valid
    for more, less in ((found, round_ones), (of_16, found)):
        beyond = more.difference(less)
        # Cells are of 20 m; of two, where an area ends at a shore, a corner may lie on the other side.
        assert beyond.difference(less.buffer(60.0)).area <= 1e-6 * found.area
        assert beyond.area <= less.length
    assert wet is None or not found.intersects(wet.buffer(-0.1))


@given(st.integers(0, 10**6), st.integers(2, 80), st.booleans())
@settings(max_examples=15, deadline=None)
def test_what_was_covered_before_is_left_out_and_nothing_else(seed, n, wets):
    lines, widths = streets(seed, n)
    wet = waters(seed) if wets else None
    covered, beside = Covered(), land(wet)
    first = beside.of(lines[::2], widths[::2], SQUARE, covered)
    second = beside.of(lines[1::2], widths[1::2], SQUARE, covered)
    expected = one_by_one(lines, widths, wet)
    assert first.union(second).symmetric_difference(expected).area < 1e-4
    again = beside.of(lines, widths, SQUARE, covered)
    assert again.difference(expected).area < 1e-4
    assert again.area <= expected.area + 1e-4


def test_most_streets_of_a_town_are_left_out(monkeypatch):
    lines, _ = streets(5, 300)
    widened = []
    buffer = shapely.buffer

    def counted(some, *arguments, **named):
        widened.append(len(some))
        return buffer(some, *arguments, **named)

    monkeypatch.setattr(shapely, "buffer", counted)
    land().of(lines, np.full(300, 800.0), SQUARE, None)
    assert 0 < sum(widened) < 150


@pytest.mark.parametrize("places", [[(5, 10)], [(9, 0), (14, 27), (30, 40)]])
def test_areas_do_not_depend_on_the_squares(monkeypatch, places):
    world = World(6)
    asked = {"cutoffs_s": [300.0, 900.0], "buffer_m": 500.0, **EXACT}
    large = isochrones(world.network, world.spots(places), **asked)
    monkeypatch.setattr(road_areas, "_TILE_M", 2500.0)
    small = isochrones(world.network, world.spots(places), **asked)
    for one, other in zip(large.geometry, small.geometry, strict=True):
        assert one.is_valid
        assert other.is_valid
        assert one.symmetric_difference(other).area < 1e-9 * one.area
        assert len(shapely.get_rings(one)) == len(shapely.get_rings(other))  # no slivers where squares meet


def test_an_area_that_was_kept_is_that_of_a_first_question():
    world = World(7)
    asked = {"cutoffs_s": [300.0, 900.0], "buffer_m": 500.0, **EXACT}
    kept = road_areas.RoadAreas(world.network, width_m=500.0, simplify_m=0.0)
    sites = world.spots([(5, 10), (25, 30)])
    first = isochrones(world.network, sites, **asked)
    for _ in range(2):
        found = isochrones(world.network, sites, areas=kept, **asked)
        for one, other in zip(first.geometry, found.geometry, strict=True):
            assert one.symmetric_difference(other).area < 1e-9 * one.area


def test_nothing_is_reached_and_no_area_is_left():
    world = World(8)
    found = isochrones(world.network, world.spots([(5, 10)]), cutoffs_s=[1.0], min_component_m=0.0)
    assert found.geometry.iloc[0].is_empty
    assert found["area_km2"].iloc[0] == 0
