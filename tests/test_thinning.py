"""Lines and borders of a country with fewer points: how far they move, and that what is drawn of them is as it was."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.kernels.thinning import bends, border_arcs, thin_ring
from geoaccess.maps import coverage, network_layers
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


@given(st.integers(0, 10_000), st.integers(3, 60), st.floats(0.1, 40))
def test_a_ring_keeps_the_points_that_its_two_halves_keep(seed, size, tolerance):
    ring = walk(seed, size)
    far = int(np.hypot(*(ring - ring[0]).T).argmax())
    halves = [ring[: far + 1], np.vstack([ring[far:], ring[:1]])]
    one, other = (half[kept][:-1] for half, kept in zip(halves, kept_of(halves, tolerance), strict=True))
    xy = ring.copy()
    left = thin_ring(xy, tolerance, np.empty(size + 1, np.bool_), np.empty((size + 2, 2), np.int64))
    assert xy[:left].tolist() == [*one.tolist(), *other.tolist()]


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
    monkeypatch.setattr(coverage, "_MANY", 0)


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


def rings_of(graph):
    """Return the faces of a connected graph whose nodes are places of the plane, all but the outer one, as rings."""
    lines = shapely.multilinestrings([shapely.linestrings([a, b]) for a, b in graph.edges])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    return [shapely.get_coordinates(face.exterior)[:-1] for face in faces]


@given(st.integers(0, 10_000))
def test_arcs_hold_each_piece_of_border_once_and_part_where_areas_do(seed):
    """The oracle is a graph: inside of an arc places have two pieces; those at its ends have more, or it closes."""
    draw = np.random.default_rng(seed)
    grid = nx.grid_2d_graph(5, 5)
    grid.remove_nodes_from([tuple(node) for node in draw.integers(0, 5, (6, 2)).tolist() if grid.has_node(tuple(node))])
    rings = [np.roll(ring, draw.integers(4), axis=0)[:: draw.choice((1, -1))] for ring in rings_of(grid)]
    rings += [ring + 10 for ring in rings[:1]] * 2  # an area of its own, and one that fills it
    if not rings:
        return
    points, ptr = np.concatenate(rings), np.cumsum([0, *map(len, rings)])
    _, place = np.unique(points, axis=0, return_inverse=True)
    graph = nx.Graph()
    for ring in np.split(place, ptr[1:-1]):
        nx.add_cycle(graph, ring.tolist())
    arc, arc_ptr = border_arcs(place.astype(np.int64), ptr, place.max() + 1)
    arcs = [place[some].tolist() for some in np.split(arc, arc_ptr[1:-1])] if len(arc) else []
    pieces = [frozenset(pair) for some in arcs for pair in itertools.pairwise(some)]
    assert len(pieces) == len({*pieces})
    for some in arcs:
        assert all(graph.degree(node) == 2 for node in some[1:-1])
        assert some[0] == some[-1] or min(graph.degree(some[0]), graph.degree(some[-1])) > 2
    left = {frozenset(edge) for edge in graph.edges} - {*pieces}
    assert all(min(graph.degree(node) for node in edge) > 2 for edge in left)  # arcs of two points have nothing to lose


def rough_areas(seed):
    """Return areas that share rough borders: squares whose sides are not straight, and one inside of another."""
    draw = np.random.default_rng(seed)

    def side(first, last):
        share = np.linspace(0, 1, 500)
        off = 0.004 * np.cumsum(draw.normal(size=500)) * np.sin(np.pi * share) ** 2
        ahead = np.array(last, float) - first
        return np.round(np.array(first, float) + np.outer(share, ahead) + np.outer(off, [-ahead[1], ahead[0]]), 9) + 0.0

    sides = {}
    for a, b in nx.grid_2d_graph(4, 4).edges:
        sides[a, b] = side(a, b)
        sides[b, a] = sides[a, b][::-1]
    areas = []
    for x, y in itertools.product(range(3), range(3)):
        corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)]
        areas.append(shapely.Polygon(np.concatenate([sides[pair][:-1] for pair in itertools.pairwise(corners)])))
    turns = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    isle = shapely.Polygon(np.column_stack([1.5 + 0.2 * np.cos(turns), 1.5 + 0.2 * np.sin(turns)]))
    areas[4] = shapely.Polygon(areas[4].exterior, [isle.exterior])
    return np.array([*areas, isle], object)


@pytest.mark.parametrize("tolerance", [0.01, 0.05])
def test_areas_of_a_country_still_meet_and_lose_no_point_that_lay_far_from_their_borders(many, tolerance):
    areas = rough_areas(5)
    assert shapely.coverage_is_valid(areas)
    moved = tolerance / 8
    outlines = coverage.Outlines.of(areas)
    slim = coverage._thinned(outlines, 2 * moved)  # by squares first: the diagonal of one is 2.83 of it
    assert shapely.get_num_coordinates(slim).sum() < 0.5 * shapely.get_num_coordinates(areas).sum()
    for area, before in zip(slim, areas, strict=True):
        gaps = shapely.distance(area.boundary, shapely.points(shapely.get_coordinates(before)))
        assert gaps.max() <= (1 + 2 * np.sqrt(2)) * moved
    found = coverage.simplified_coverage(areas, tolerance)
    assert shapely.coverage_is_valid(found)
    assert shapely.area(found).sum() == pytest.approx(shapely.union_all(found).area)


def test_a_small_area_of_a_country_keeps_three_points(many):
    """The two that are left of its border, straight to the eye, would be a line."""
    sliver = shapely.Polygon([(0, 0), (1, 0), (2, 0), (2, 0.001), (1, 0.002), (0, 0.001)])
    outlines = coverage.Outlines.of(np.array([sliver], object))
    assert coverage._bending(outlines, np.ones(len(outlines.points), bool), 1.0).sum() >= 4
