"""Which municipality a cell belongs to, against a plain loop over all pairs."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.zones import assign_zones, assignment, count_notes, read_municipalities
from geoaccess.zones.assignment import _Squares

LIMIT = 3_000


def municipalities_of(polygons, ids=None, **columns):
    ids = ids or [f"{number:04d}" for number in range(len(polygons))]
    frame = gpd.GeoDataFrame({"name": [f"name {i}" for i in ids], **columns}, geometry=polygons, crs=25833)
    return frame.set_index(pd.Index(ids, name="municipality_id", dtype="str"))


def cells_of(centres, crs=25833):
    squares = [shapely.box(x - 125, y - 125, x + 125, y + 125) for x, y in centres]
    return gpd.GeoDataFrame(
        {"population": 1.0}, geometry=squares, crs=crs, index=pd.RangeIndex(len(squares), name="cell_id")
    )


corners = st.tuples(*[st.integers(0, 20).map(lambda k: k * 500)] * 2)
boxes = st.builds(
    lambda corner, width, height: shapely.box(*corner, corner[0] + width * 500, corner[1] + height * 500),
    corners, st.integers(1, 8), st.integers(1, 8),
)  # fmt: skip


@given(
    st.lists(boxes, min_size=1, max_size=5),
    st.lists(corners | st.tuples(*[st.integers(-5000, 15_000)] * 2), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_it_equals_a_loop_over_all_pairs(polygons, centres, random):
    ids = [f"{number:04d}" for number in random.sample(range(100), len(polygons))]
    found = assign_zones(cells_of(centres), municipalities_of(polygons, ids), max_nearest_m=LIMIT)
    for (x, y), (_, row) in zip(centres, found.iterrows(), strict=True):
        centre = shapely.Point(x, y)
        inside = sorted(i for i, polygon in zip(ids, polygons, strict=True) if polygon.intersects(centre))
        nearest = sorted((polygon.distance(centre), i) for i, polygon in zip(ids, polygons, strict=True))
        if inside:
            expected = [inside[0], f"name {inside[0]}", ""]
        elif nearest[0][0] <= LIMIT:
            expected = [nearest[0][1], f"name {nearest[0][1]}", "nearest"]
        else:
            expected = ["", "", "beyond_limit"]
        assert row[["municipality_id", "municipality", "zone_note"]].tolist() == expected


@pytest.mark.parametrize("sides", [4, 31, 32, 33, 63, 64, 65, 96, 97, 1000])
@pytest.mark.parametrize("at_once", [1, 2, 64])
def test_long_outlines_in_pieces_give_the_polygon_that_distances_to_all_give(sides, at_once, monkeypatch):
    monkeypatch.setattr(assignment, "_AT_ONCE", at_once)
    rng = np.random.default_rng(sides)

    def star(x, y):
        angle, radius = np.sort(rng.uniform(0, 2 * np.pi, sides)), rng.uniform(500, 1000, sides)
        return shapely.Polygon(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))

    island = shapely.box(4000, 0, 5000, 1000)
    polygons = [
        star(0, 0),
        star(2500, 0),
        shapely.MultiPolygon([island.difference(shapely.box(4200, 200, 4800, 800)), star(6500, 0)]),
    ]
    centres = rng.uniform((-2000, -3500), (8500, 3500), (300, 2))
    found = assign_zones(cells_of(centres), municipalities_of(polygons), max_nearest_m=LIMIT)
    away = shapely.distance(shapely.points(centres)[:, None], np.array(polygons, dtype=object)[None, :])
    expected = np.where(away.min(axis=1) <= LIMIT, away.argmin(axis=1), -1)
    ids = np.array(["0000", "0001", "0002", ""])
    assert found["municipality_id"].tolist() == ids[expected].tolist()
    assert {"", "nearest"} <= set(found["zone_note"])


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 40.0, 3_000.0]), st.sampled_from([10.0, 1e4, 1e6]))
@settings(max_examples=60, deadline=None)
def test_boxes_that_may_be_near_a_place_are_looked_at_and_few_others(seed, within_m, wide_m):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-wide_m, wide_m, (rng.integers(1, 30), 2)) * rng.choice([0.0, 1.0], 2)
    lowest = rng.uniform(-2 * wide_m, 2 * wide_m, (60, 2))
    highest = lowest + rng.exponential(within_m, (60, 2))
    beyond = np.maximum(np.maximum(lowest[:, None] - places, places - highest[:, None]), 0.0)
    found = np.isin(np.arange(60), _Squares.around(places, within_m).near(lowest, highest))
    assert found[(np.hypot(*beyond.T) <= within_m).any(axis=0)].all()
    side_m = max(within_m / 4, 2 * wide_m / 2**11)
    assert not found[(beyond.max(axis=2) > within_m + 1.01 * side_m).all(axis=1)].any()
    lowest[7, 1] = np.nan  # what PROJ cannot place
    assert 7 in _Squares.around(places, within_m).near(lowest, highest)


def test_a_centre_on_a_border_belongs_to_the_smallest_identifier_in_any_order():
    left, right = shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)
    cells = cells_of([(1000, 500), (2500, 500), (-500, 500)])
    for polygons, ids in (([left, right], ["0102", "0101"]), ([right, left], ["0101", "0102"])):
        assert assign_zones(cells, municipalities_of(polygons, ids))["municipality_id"].tolist() == [
            "0101",
            "0101",
            "0102",
        ]


def test_people_are_counted_by_how_they_got_their_municipality():
    cells = cells_of([(500, 500), (1500, 500), (90_000, 500)]).assign(population=[5.0, 3.0, 2.0])
    found = assign_zones(cells, municipalities_of([shapely.box(0, 0, 1000, 1000)]))
    counted = count_notes(found, population=cells["population"])
    assert counted.index.tolist() == ["", "nearest", "beyond_limit"]
    assert counted.to_numpy().tolist() == [[1, 5], [1, 3], [1, 2]]
    with pytest.raises(InputError, match="different indices"):
        count_notes(found, population=cells["population"].iloc[:2])


def test_the_limit_may_be_zero_and_regions_are_carried():
    municipalities = municipalities_of([shapely.box(0, 0, 1000, 1000)], ["5501"], region_id=["55"], region=["Troms"])
    found = assign_zones(cells_of([(500, 500), (1001, 500)]), municipalities, max_nearest_m=0)
    assert found.to_numpy().tolist() == [["5501", "name 5501", "55", "Troms", ""], ["", "", "", "", "beyond_limit"]]


def test_the_municipalities_may_be_in_degrees():
    municipalities = municipalities_of([shapely.box(600_000, 7_700_000, 610_000, 7_710_000)]).to_crs(4326)
    assert assign_zones(cells_of([(605_000, 7_705_000)]), municipalities)["zone_note"].tolist() == [""]


def test_no_cells_give_an_empty_table():
    found = assign_zones(cells_of([]), municipalities_of([shapely.box(0, 0, 1, 1)]))
    assert found.columns.tolist() == ["municipality_id", "municipality", "region_id", "region", "zone_note"]
    assert found.empty


@pytest.mark.parametrize("crs", [4326, None, 2263])  # 2263 is projected, in feet
def test_cells_must_be_in_metres(crs):
    with pytest.raises(InputError, match="use a projected one in metres"):
        assign_zones(cells_of([(0, 0)], crs=crs), municipalities_of([shapely.box(0, 0, 1, 1)]))


def test_wrong_municipalities_and_cells_are_named():
    cells, one = cells_of([(0, 0)]), shapely.box(0, 0, 1, 1)
    with pytest.raises(InputError, match="municipality 0301 is there twice"):
        assign_zones(cells, municipalities_of([one, one], ["0301", "0301"]))
    with pytest.raises(InputError, match="no coordinate system"):
        assign_zones(cells, municipalities_of([one]).set_crs(None, allow_override=True))
    with pytest.raises(InputError, match="there are no municipalities"):
        assign_zones(cells, municipalities_of([one]).iloc[:0])
    with pytest.raises(InputError, match="max_nearest_m is -1"):
        assign_zones(cells, municipalities_of([one]), max_nearest_m=-1)
    with pytest.raises(InputError, match=r"1 cells have no geometry \(the first is 0\)"):
        assign_zones(cells.set_geometry([None], crs=25833), municipalities_of([one]))


@pytest.mark.shared
def test_the_inhabited_cells_of_norway_are_assigned_as_published(shared):
    table = pd.read_parquet(shared / "norway" / "population_250m_2019.parquet").set_index("SSBID0250M")
    x, y = table["x_25833"].to_numpy(), table["y_25833"].to_numpy()
    cells = gpd.GeoDataFrame(table, geometry=shapely.box(x - 125, y - 125, x + 125, y + 125), crs=25833)
    municipalities = read_municipalities(shared / "norway" / "kommuner_2024.geojson", id="kommunenummer", name="name")
    found = assign_zones(cells, municipalities)
    np.testing.assert_array_equal(found["municipality_id"], table["kommunenummer"])
    counted = count_notes(found, population=table["pop_2019"])
    assert counted["population"].sum() == 5_317_737
    assert counted.loc["beyond_limit", "cells"] == 0
    # Borders are cut at the coast: some thousand centres lie in the sea and must not be lost.
    assert counted.loc["nearest", "cells"] > 5000
