"""Blocks of cells for the screen, against sums done with pandas and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely

from geoaccess.maps import coverage
from geoaccess.maps.blocks import coarsened
from geoaccess.maps.coverage import Outlines, simplified_coverage
from geoaccess.maps.results import Cells, Squares, Times


def some_cells(number: int, seed: int) -> Cells:
    rng = np.random.default_rng(seed)
    place = rng.choice(60 * 60, number, replace=False)
    lost = rng.random(number) < 0.3
    return Cells(
        squares=Squares(west=-500.0 + 250.0 * (place % 60), south=1000.0 + 250.0 * (place // 60), side_m=250.0),
        population=np.where(rng.random(number) < 0.1, 0.0, rng.integers(1, 50, number)).astype(np.float64),
        members=np.ones(number, dtype=np.int64),
        municipality=np.array(["Ås", "Bø", "Hå"], dtype=object)[rng.integers(0, 3, number)],
        class_place=rng.integers(-1, 6, number),
        times={
            "gp": Times(
                time_s=np.where(lost, np.inf, rng.integers(0, 9000, number).astype(np.float64)),
                site=np.where(lost, -1, rng.integers(0, 5, number)),
                second_s=np.full(number, np.inf),
                second_site=np.full(number, -1, dtype=np.int64),
                reason=np.where(lost, "no_road_within", "").astype(object),
                unreached_share=lost.astype(np.float64),
            )
        },
    )


def test_few_cells_stay_cells():
    cells = some_cells(100, 1)
    assert coarsened(cells, at_most=100) is cells


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("at_most", [400, 120, 10, 1])
def test_blocks_have_the_people_and_mean_times_of_their_cells(seed, at_most):
    cells = some_cells(900, seed)
    blocks = coarsened(cells, at_most=at_most)
    assert len(blocks.population) <= at_most
    assert blocks.population.sum() == cells.population.sum()
    assert blocks.members.sum() == 900
    side = 250.0 * blocks.factor
    assert blocks.squares.side_m == side
    where = {
        (west, south): at
        for at, (west, south) in enumerate(zip(blocks.squares.west, blocks.squares.south, strict=True))
    }
    west0, south0 = cells.squares.west.min(), cells.squares.south.min()
    times = cells.times["gp"]
    table = pd.DataFrame(
        {
            "block": [
                where[west0 + side * ((x - west0) // side), south0 + side * ((y - south0) // side)]
                for x, y in zip(cells.squares.west, cells.squares.south, strict=True)
            ],
            "people": cells.population,
            "time": times.time_s,
            "site": times.site,
            "name": cells.municipality,
            "class": cells.class_place,
        }
    )
    for block, rows in table.groupby("block"):
        weight = rows["people"] if rows["people"].sum() > 0 else rows["people"] + 1
        reached = np.isfinite(rows["time"])
        drawn = blocks.times["gp"]
        assert blocks.population[block] == rows["people"].sum()
        assert blocks.members[block] == len(rows)
        assert drawn.unreached_share[block] == pytest.approx(weight[~reached].sum() / weight.sum())
        assert (
            weight.groupby(rows["name"]).sum()[blocks.municipality[block]] == weight.groupby(rows["name"]).sum().max()
        )
        by_class = weight.groupby(rows["class"]).sum()
        assert by_class[blocks.class_place[block]] == by_class.max()
        if weight[~reached].sum() > weight.sum() / 2:
            assert drawn.time_s[block] == np.inf
            assert drawn.reason[block] == "no_road_within"
            assert drawn.site[block] == -1
        else:
            assert drawn.time_s[block] == pytest.approx(np.average(rows["time"][reached], weights=weight[reached]))
            by_site = weight[reached].groupby(rows["site"][reached]).sum()
            assert by_site[drawn.site[block]] == by_site.max()


def test_areas_made_simpler_for_drawing_still_meet():
    """Two halves of a disc with an island each: the wavy line between them has 4 000 points and stays one line."""
    across = np.linspace(-50, 50, 4001)
    between = np.column_stack([across, np.sin(across * 40) * 0.02])
    north = shapely.Polygon([*between, (50, 50), (-50, 50)])
    south = shapely.Polygon([*between, (50, -50), (-50, -50)])
    dot = shapely.box(70, 70, 70.001, 70.001)
    island = shapely.segmentize(shapely.box(60, 0, 70, 10), 0.01)
    given = np.array([shapely.MultiPolygon([north, island]), shapely.MultiPolygon([south, dot])])
    slim = simplified_coverage(given, 1.0)
    assert shapely.get_num_coordinates(given).sum() > 12_000
    assert shapely.get_num_coordinates(slim).sum() < 40
    assert shapely.is_valid(slim).all()
    assert shapely.coverage_is_valid(slim)
    assert shapely.area(shapely.intersection(*slim)) == 0
    assert shapely.area(slim) == pytest.approx([5100, 5000], abs=5)
    assert shapely.covers(slim[0], shapely.Point(65, 5))


ODD = [
    [],
    [shapely.box(0, 0, 1, 1)],
    [None, shapely.MultiPolygon(), shapely.box(0, 0, 1, 1), shapely.Point(3, 3), shapely.Polygon()],
    [shapely.Polygon([(0, 0, 5), (1, 0, 6), (1, 1, 7)]), shapely.box(1, 0, 2, 1)],
    [shapely.MultiPolygon([shapely.box(0, 0, 9, 9) - shapely.box(1, 1, 2, 2), shapely.box(20, 0, 21, 1)])],
]


@pytest.mark.parametrize("at_once", [1, 2, 64])
@pytest.mark.parametrize("given", ODD)
def test_outlines_are_those_of_the_same_areas(given, at_once, monkeypatch):
    monkeypatch.setattr(coverage, "_AREAS", at_once)
    areas = np.array([*given, None], dtype=object)[:-1]
    found = Outlines.of(areas).shapes()
    assert shapely.to_wkb(found).tolist() == shapely.to_wkb(areas).tolist()
    assert [None if one is None else one.has_z for one in found] == [
        None if one is None else one.has_z for one in areas
    ]


@pytest.mark.parametrize("tolerance", [1e-6, 0.3, 4.0])
def test_outlines_thinned_a_few_at_a_time_are_those_thinned_together(tolerance, monkeypatch):
    rng = np.random.default_rng(1)
    edges = np.cumsum(rng.uniform(3, 9, 12))
    areas = np.array(
        [shapely.segmentize(shapely.box(west, 0, east, 40), 0.1) for west, east in itertools.pairwise(edges)], object
    )
    expected = simplified_coverage(areas, tolerance)
    monkeypatch.setattr(coverage, "_AT_ONCE", 50)
    assert shapely.to_wkb(simplified_coverage(areas, tolerance)).tolist() == shapely.to_wkb(expected).tolist()
    assert (shapely.get_num_coordinates(expected) < shapely.get_num_coordinates(areas)).all()
