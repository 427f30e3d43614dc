"""Lines of a country with fewer points: how far they move, and that what is drawn of them is as it was."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.kernels.thinning import bends
from geoaccess.maps import network_layers
from geoaccess.network import land, land_areas
from tests.test_land import shores


def walk(seed, size, *, closed=False):
    """Return a line whose points have whole coordinates, far apart: no two distances differ by rounding alone."""
    draw = np.random.default_rng(seed)
    line = np.cumsum(draw.integers(-9, 10, (size, 2)), axis=0).astype(float)
    line += draw.uniform(0, 0.01, line.shape)
    return np.vstack([line, line[:1]]) if closed else line


def kept_of(lines, tolerance):
    points, ptr = np.concatenate(lines), np.cumsum([0, *map(len, lines)])
    return np.split(bends(points[:, 0].copy(), points[:, 1].copy(), ptr, tolerance), ptr[1:-1])


@given(st.integers(0, 10_000), st.integers(2, 60), st.floats(0.1, 40))
def test_the_points_that_stay_are_those_of_geos(seed, size, tolerance):
    lines = [walk(seed, size), walk(seed + 1, size + 3)]
    for line, kept in zip(lines, kept_of(lines, tolerance), strict=True):
        slim = shapely.simplify(shapely.linestrings(line), tolerance, preserve_topology=False)
        assert line[kept].tolist() == shapely.get_coordinates(slim).tolist()


@given(st.integers(0, 10_000), st.integers(3, 60), st.floats(0, 40), st.booleans())
def test_no_point_that_goes_lay_farther_off_than_the_tolerance(seed, size, tolerance, closed):
    line = walk(seed, size, closed=closed)
    kept = np.flatnonzero(kept_of([line], tolerance)[0])
    assert kept[0] == 0
    assert kept[-1] == len(line) - 1
    for first, last in itertools.pairwise(kept):
        straight = shapely.linestrings(line[[first, last]])
        assert shapely.distance(straight, shapely.points(line[first : last + 1])).max() <= tolerance * (1 + 1e-9)


def test_a_line_that_parts_a_thousand_times_stays_whole():
    """Each part is straight but for its first point: as many parts wait as there are points."""
    steps = np.arange(1000.0)
    zigzag = np.column_stack([steps, np.where(steps % 2, 1000 - steps, 0)])
    assert kept_of([zigzag], 0.1)[0].all()
    assert not kept_of([zigzag], 2000.0)[0][1:-1].any()


@pytest.fixture
def many(monkeypatch):
    """Make lines of any size those of a country."""
    monkeypatch.setattr(land, "_MANY", 0)
    monkeypatch.setattr(network_layers, "_MANY", 0)


def jagged(seed, middle, radius):
    """Return an island against the clock whose coast is rough at every scale."""
    draw = np.random.default_rng(seed)
    turns = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    rough = radius * (1 + 0.002 * np.cumsum(draw.normal(size=turns.size)) * np.sin(turns / 2))
    ring = np.column_stack([middle[0] + rough * np.cos(turns), middle[1] + rough * np.sin(turns)])
    return np.vstack([ring, ring[:1]])


@pytest.mark.parametrize("tolerance", [0.01, 0.05])
def test_land_of_a_country_lies_within_the_tolerance_of_its_coast(many, tolerance):
    coasts = [jagged(1, (3, 3), 1.5), jagged(2, (7, 7), 2), jagged(3, (3, 3), 0.3)[::-1], jagged(4, (1, 9), 0.002)]
    found = land_areas(shores(*coasts), bounds=(0, 0, 10, 10), tolerance_deg=tolerance)
    assert shapely.is_valid(found).all()
    assert len(found) == 2  # the small one is gone
    assert shapely.get_num_coordinates(found).sum() < 0.2 * sum(map(len, coasts))
    drawn = shapely.multilinestrings(shapely.get_rings(found))
    assert shapely.distance(drawn, shapely.points(np.concatenate(coasts[:3]))).max() <= tolerance * (1 + 1e-9)


def test_roads_of_a_country_lie_within_the_tolerance_of_those_that_are_mapped(iceland_solved, many):
    network, tolerance = iceland_solved.network, 0.01
    found = network_layers.main_roads(network, tolerance_deg=tolerance)
    for name in ("trunk", "primary", "secondary"):
        lines = found[found["highway"] == name].geometry.to_numpy()
        mapped = shapely.points(shapely.get_coordinates(network.edges(name).geometry))
        there, _ = shapely.STRtree(lines).query_nearest(mapped, max_distance=tolerance * (1 + 1e-9), all_matches=False)
        assert len(there) == len(mapped)
        assert shapely.get_num_coordinates(lines).sum() < 0.2 * len(mapped)
