"""Cells that are no squares of one grid: hexagons, areas of any shape, and points that come with a size."""

from __future__ import annotations

import base64
import sys
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from test_study_tiny import CELLS, ORIGIN_E, ORIGIN_N, PEOPLE, STUDY, TOTAL, write_study

from geoaccess.demand import read_cells
from geoaccess.errors import InputError, MissingExtraError
from geoaccess.maps import geotiff
from geoaccess.maps.blocks import coarsened
from geoaccess.maps.drawing import _shapes
from geoaccess.maps.packing import ring_of
from geoaccess.maps.results import cells_of, on_one_grid, squares
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.state import PlannerState
from geoaccess.questions.compare.runs import grid_keys
from geoaccess.questions.network_edge import beside_the_edge
from geoaccess.study import check, load_study, run_study, solve_study
from geoaccess.zones import settlement_people, urbanisation_of_cells

SIDE = 600.0
HEXAGON_M2 = 1.5 * np.sqrt(3) * SIDE**2  # six triangles of equal sides


def hexagon(x, y, side=SIDE):
    angles = np.radians(np.arange(0, 360, 60) + 30)
    return shapely.Polygon(np.column_stack([x + side * np.cos(angles), y + side * np.sin(angles)]))


def comb(rows, columns, x0=ORIGIN_E, y0=ORIGIN_N):
    """Hexagons side by side."""
    wide = np.sqrt(3) * SIDE
    return [hexagon(x0 + wide * (c + r % 2 / 2), y0 + 1.5 * SIDE * r) for r in range(rows) for c in range(columns)]


def write(path, shapes, *, crs=25833, **columns):
    given = {"cell_id": [f"h{i}" for i in range(len(shapes))], "population": np.arange(1.0, len(shapes) + 1), **columns}
    gpd.GeoDataFrame(given, geometry=shapes, crs=crs).to_parquet(path)
    return path


# ---- reading


def test_hexagons_are_cells_as_they_are(tmp_path):
    cells = read_cells(write(tmp_path / "h.parquet", comb(4, 5)))
    assert cells["population"].sum() == 20 * 21 / 2
    assert cells.area.to_numpy() == pytest.approx(HEXAGON_M2)
    assert cells.index[:2].tolist() == ["h0", "h1"]


@pytest.mark.parametrize("own", [4326, 3857])
def test_hexagons_in_degrees_or_web_mercator_are_measured_in_the_crs_that_is_asked_for(tmp_path, own):
    path = tmp_path / "h.parquet"
    write(path, gpd.GeoSeries(comb(4, 5), crs=25833).to_crs(own).tolist(), crs=own)
    with pytest.raises(InputError, match=r'give crs in metres, such as "EPSG:3035" \("auto" takes that\)'):
        read_cells(path)
    cells = read_cells(path, crs=25833)
    assert cells.crs.to_epsg() == 25833
    assert cells.area.to_numpy() == pytest.approx(HEXAGON_M2, rel=1e-5)
    assert read_cells(path, crs="auto").crs.to_epsg() == 3035


def test_a_few_odd_shapes_among_squares_are_refused_unless_shapes_may_be_any(tmp_path):
    boxes = [shapely.box(1000 * i + 5e5, 7.7e6, 1000 * i + 501_000, 7.701e6) for i in range(4)]
    cut = shapely.box(504_000, 7.7e6, 504_700, 7.701e6)
    path = write(tmp_path / "c.parquet", [*boxes, cut])
    with pytest.raises(InputError, match=r"in 1 row: row 5 \(700 x 1000 m.*on_grid = false"):
        read_cells(path)
    assert read_cells(path, on_grid=False).area.tolist() == pytest.approx([1e6] * 4 + [7e5])


def test_shapes_that_are_no_cells_are_named_by_row(tmp_path):
    bow = shapely.Polygon([(5e5, 7.7e6), (501_000, 7.701e6), (501_000, 7.7e6), (5e5, 7.701e6)])
    with pytest.raises(InputError, match=r"not valid in 1 row: row 2 \(Self-intersection"):
        read_cells(write(tmp_path / "b.parquet", [hexagon(ORIGIN_E, ORIGIN_N), bow]), on_grid=False)
    with pytest.raises(InputError, match=r"one and the same cell in 2 rows: row 1 .*row 3"):
        read_cells(write(tmp_path / "t.parquet", [*comb(1, 2), comb(1, 1)[0]]))
    with pytest.raises(InputError, match="shapes have areas of their own; leave area_m2 out"):
        read_cells(write(tmp_path / "a.parquet", comb(1, 2), km=[1.0, 2.0]), area_m2="km")
    with pytest.raises(InputError, match=r"outside the area of EPSG:25833 in 1 row: row 1"):
        read_cells(write(tmp_path / "o.parquet", [hexagon(0, 0)]))


def test_points_anywhere_are_squares_of_a_size_or_of_an_area_of_their_own(tmp_path):
    points = [shapely.Point(500_012, 7_700_034), shapely.Point(500_777, 7_700_901)]
    path = write(tmp_path / "p.parquet", points, area=[400.0, 10_000.0])
    with pytest.raises(InputError, match=r"on_grid = false if they lie on none"):
        read_cells(write(tmp_path / "q.parquet", [*points, shapely.Point(501_400, 7_700_333)]), cell_size_m=100)
    sized = read_cells(path, cell_size_m=100, on_grid=False)
    assert sized.bounds.to_numpy().tolist() == [
        [499_962, 7_699_984, 500_062, 7_700_084],
        [500_727, 7_700_851, 500_827, 7_700_951],
    ]
    own = read_cells(path, area_m2="area")
    assert own.area.tolist() == pytest.approx([400, 10_000])
    assert own.centroid.x.tolist() == pytest.approx([500_012, 500_777])
    with pytest.raises(InputError, match="found both"):
        read_cells(path, area_m2="area", cell_size_m=100)
    with pytest.raises(InputError, match=r"points have no size.*found neither"):
        read_cells(path, on_grid=False)
    with pytest.raises(InputError, match=r"area is not above 0 in 1 row: row 2 \(0\)"):
        read_cells(write(tmp_path / "z.parquet", points, area=[400.0, 0.0]), area_m2="area")


def test_a_table_of_points_with_areas(tmp_path):
    (tmp_path / "p.csv").write_text("id,people,x,y,m2\na,3,500012,7700034,2500\nb,4,500777,7700901,100\n")
    cells = read_cells(tmp_path / "p.csv", cell_id="id", people="people", x="x", y="y", crs=25833, area_m2="m2")
    assert cells.bounds.loc["a"].tolist() == [499_987, 7_700_009, 500_037, 7_700_059]


def test_ids_of_two_sizes_are_squares_of_their_own_if_there_is_no_grid(tmp_path):
    (tmp_path / "s.csv").write_text("cell_id,population\n1kmN4775E2918,3\n250mN477600E291800,4\n")
    with pytest.raises(InputError, match=r"several sizes by their ids.*on_grid = false"):
        read_cells(tmp_path / "s.csv")
    cells = read_cells(tmp_path / "s.csv", on_grid=False)
    assert cells.area.tolist() == [1e6, 62_500]
    assert cells.bounds.iloc[1].tolist() == [2_918_000, 4_776_000, 2_918_250, 4_776_250]


def test_ids_that_lie_inside_others_are_refused_by_row(tmp_path):
    # 250 m from 4775250 N, 2918500 E on lies in the kilometre from 4775000 N, 2918000 E; the third beside it. Rows are
    # those of the file.
    rows = ["1kmN4775E2918,3", "250mN477525E291850,4", "250mN477600E291800,5"]
    (tmp_path / "s.csv").write_text("\n".join(["cell_id,population", *rows, ""]))
    with pytest.raises(InputError, match=r"inside other cells in 1 row: row 3 \(inside row 2\); their people would"):
        read_cells(tmp_path / "s.csv", on_grid=False)
    (tmp_path / "s.csv").write_text("\n".join(["cell_id,population", *rows[1:], ""]))
    assert read_cells(tmp_path / "s.csv", on_grid=False)["population"].tolist() == [4, 5]
    twice = ["1kmN4775E2918,3", "CRS3035RES1000mN4775000E2918000,3"]
    (tmp_path / "s.csv").write_text("\n".join(["cell_id,population", *twice, ""]))
    with pytest.raises(InputError, match=r"one and the same cell in 2 rows: row 2 .*row 3"):
        read_cells(tmp_path / "s.csv", on_grid=False)


def test_a_place_that_is_there_twice_is_refused_also_without_a_grid(tmp_path):
    points = [shapely.Point(500_012, 7_700_034), shapely.Point(500_777, 7_700_901), shapely.Point(500_012, 7_700_034)]
    path = write(tmp_path / "p.parquet", points, area=[400.0, 10_000.0, 900.0])
    for given in ({"cell_size_m": 100, "on_grid": False}, {"area_m2": "area"}):
        with pytest.raises(InputError, match=r"one and the same cell in 2 rows: row 1 \(500012, 7700034\), row 3"):
            read_cells(path, **given)
    # Squares that only overlap are cells of their own.
    near = write(tmp_path / "n.parquet", [points[0], shapely.Point(500_042, 7_700_034)])
    assert len(read_cells(near, cell_size_m=100, on_grid=False)) == 2


def test_a_polygon_that_lies_inside_another_is_refused(tmp_path):
    large = shapely.box(5e5, 7.7e6, 503_000, 7.703e6)
    parts = [shapely.box(5e5, 7.7e6, 501_000, 7.703e6), shapely.box(501_000, 7.7e6, 503_000, 7.703e6)]
    outside = shapely.box(503_000, 7.7e6, 503_700, 7.703e6)
    path = write(tmp_path / "a.parquet", [large, *parts, outside])
    with pytest.raises(InputError, match=r"in 2 rows: row 2 \(inside row 1\), row 3 \(inside row 1\); their people"):
        read_cells(path, on_grid=False)
    assert len(read_cells(write(tmp_path / "b.parquet", [*parts, outside]), on_grid=False)) == 3
    # An area around another, with a hole for it, is beside it.
    ring = large.difference(shapely.box(501_000, 7.701e6, 502_000, 7.702e6))
    both = write(tmp_path / "c.parquet", [ring, shapely.box(501_000, 7.701e6, 502_000, 7.702e6)])
    assert len(read_cells(both, on_grid=False)) == 2


def test_ids_of_h3_alone_are_hexagons_with_the_extra(tmp_path, monkeypatch):
    (tmp_path / "h3.csv").write_text("h3,population\n8928308280fffff,3\n8928308280bffff,4\n")
    monkeypatch.setattr("geoaccess.extras._is_there", lambda _: False)
    with pytest.raises(MissingExtraError, match=r"geoaccess\[h3\]"):
        read_cells(tmp_path / "h3.csv", cell_id="h3", crs="auto")
    monkeypatch.setattr("geoaccess.extras._is_there", lambda _: True)
    # The outline that the documentation of H3 gives for 8928308280fffff, latitude first; the other is moved northwards.
    outline = [
        (37.775197782893386, -122.41719971841658),
        (37.77688044840226, -122.41612835779266),
        (37.778385004930925, -122.41738797617619),
        (37.77820687262237, -122.41971895414808),
        (37.776524206993216, -122.42079024541879),
        (37.775019673792606, -122.41953062807342),
    ]
    stub = SimpleNamespace(
        is_valid_cell=lambda cell: cell.startswith("8928"),
        cell_to_boundary=lambda cell: [(lat + 0.01 * (cell[10] == "b"), lon) for lat, lon in outline],
    )
    monkeypatch.setitem(sys.modules, "h3", stub)
    cells = read_cells(tmp_path / "h3.csv", cell_id="h3", crs="auto")
    assert cells.crs.to_epsg() == 32610
    assert cells.loc["8928308280fffff"].geometry.area == pytest.approx(109_399, rel=0.01)  # at resolution 9 here
    assert cells.to_crs(4326).total_bounds == pytest.approx([-122.42079, 37.77502, -122.41613, 37.788385], abs=1e-5)
    with pytest.raises(InputError, match="ids of H3 are in EPSG:4326, in degrees; give crs"):
        read_cells(tmp_path / "h3.csv", cell_id="h3")


# ---- what is drawn, and what is a raster


def results_of(shapes, people=None):
    given = {"population": np.arange(1.0, len(shapes) + 1) if people is None else people, "gp_s": 60.0, "gp_reason": ""}
    return gpd.GeoDataFrame(given, geometry=list(shapes), crs=25833)


def test_only_squares_or_rectangles_of_one_grid_are_a_raster(tmp_path):
    even = [shapely.box(1000 * i, 0, 1000 * i + 1000, 1000) for i in (0, 2, 7)]
    oblong = [shapely.box(250 * i, 500 * j, 250 * i + 250, 500 * j + 500) for i, j in ((0, 0), (3, 1))]
    assert on_one_grid(results_of(even))
    assert on_one_grid(results_of(oblong))
    shifted = [*even, shapely.box(3300, 0, 4300, 1000)]
    turned = [shapely.affinity.rotate(shape, 20, origin=(0, 0)) for shape in [*even, shapely.box(1000, 0, 2000, 1000)]]
    for odd in (comb(2, 2), shifted, [*even, shapely.box(3000, 0, 3500, 500)], turned):
        assert not on_one_grid(results_of(odd))
        with pytest.raises(InputError, match=r"squares or rectangles of one grid|off the grid of the others"):
            geotiff(tmp_path / "o.tif", results=results_of(odd), column="gp_s")


def test_a_raster_of_rectangles_of_a_table_has_their_height(tmp_path):
    import rasterio

    shapes = [shapely.box(250 * i, 500 * j, 250 * i + 250, 500 * j + 500) for i, j in ((0, 0), (3, 1))]
    geotiff(tmp_path / "o.tif", results=results_of(shapes).assign(gp_s=[60.0, 120.0]), column="gp_s")
    with rasterio.open(tmp_path / "o.tif") as file:
        assert file.transform == rasterio.transform.from_origin(0, 1000, 250, 500)
        assert file.read(1).tolist() == [[-9999, -9999, -9999, 2], [1, -9999, -9999, -9999]]


def test_hexagons_are_drawn_by_their_corners_and_small_ones_as_squares_that_can_be_seen():
    shapes = comb(1, 2)
    drawn = squares(results_of(shapes))
    assert drawn.side_m == pytest.approx(np.sqrt(HEXAGON_M2))
    rows = np.array([1, 0])
    outlines = _shapes(drawn, rows, 100.0, 0.0)
    assert [len(one) for one in outlines] == [7, 7]
    assert shapely.Polygon(outlines[0]).equals(shapes[1])
    grown = _shapes(drawn, rows, 3000.0, 0.0)
    assert [shapely.Polygon(one).area for one in grown] == pytest.approx([9e6, 9e6])


def test_blocks_hold_everybody_and_single_hexagons_are_each_one():
    results = results_of(comb(6, 6))
    cells = cells_of(results, [], site_ids=None)
    assert coarsened(cells, at_most=36).factor == 1
    few = coarsened(cells, at_most=20)
    assert few.factor > 1
    assert few.population.sum() == 36 * 37 / 2
    assert few.members.sum() == 36
    assert few.squares.shapes is None


def test_an_outline_with_a_hole_and_two_parts_is_one_closed_line():
    holed = shapely.Polygon(shapely.box(0, 0, 10, 10).exterior, [shapely.box(4, 4, 6, 6).exterior])
    both = shapely.MultiPolygon([holed, shapely.box(20, 0, 22, 2)])
    ring = ring_of(both)
    assert ring[0].tolist() == ring[-1].tolist()
    x, y = ring.T
    assert abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2) == pytest.approx(100 - 4 + 4)  # the shoelace formula


# ---- what counts people by area


def test_people_of_large_areas_are_spread_over_them():
    # 3,000 people on 100 km2 are no settlement, though the middle of the area lies in a square of 1 km; beside them
    # two hexagons of 1,000 people on 0.94 km2 each are one of 2,000.
    large = shapely.box(520_000, 7_700_000, 530_000, 7_710_000)
    results = results_of([*comb(1, 2), large], people=[1000.0, 1000.0, 3000.0])
    found = settlement_people(results)
    assert found.tolist()[2] == 0
    assert found.tolist()[:2] == pytest.approx([found.iloc[0]] * 2)
    assert 1000 < found.iloc[0] <= 2000.0001


def test_the_urbanisation_of_cells_refuses_what_is_no_square():
    with pytest.raises(InputError, match=r'not squares.*kind = "table"'):
        urbanisation_of_cells(results_of(comb(3, 3)).rename_axis("cell_id"))


def test_two_runs_on_the_same_hexagons_are_compared_cell_by_cell():
    shapes = comb(3, 3)
    before, after = results_of(shapes[:7]), results_of(shapes[2:])
    keys = grid_keys(before, after)
    assert keys is not None
    assert len(keys[0].intersection(keys[1])) == 5
    moved = results_of([shapely.affinity.translate(shape, 100, 0) for shape in shapes])
    assert grid_keys(before, moved) is None


# ---- a whole study


HEXAGONS = STUDY.replace('file = "people.csv"', 'file = "people.parquet"')


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hexagons")
    study = write_study(folder, HEXAGONS)
    shapes = [hexagon(ORIGIN_E + 1000 * x + 500, ORIGIN_N + 1000 * y + 500, 550) for x, y, _ in CELLS.values()]
    given = {"cell_id": [*CELLS], "people": [float(n) for n in PEOPLE.values()]}
    gpd.GeoDataFrame(given, geometry=shapes, crs=25833).to_parquet(folder / "people.parquet")
    square = solve_study(load_study(write_study(folder / "squares", STUDY)), show=False)
    return folder, run_study(load_study(study), show=False), square


def test_a_study_of_hexagons_gives_the_times_of_their_middles(ran):
    _, answers, square = ran
    assert answers.population == TOTAL
    for name in ("gp_s", "hospital_s", "ambulance_base_s"):
        assert answers.results[name].to_numpy() == pytest.approx(square.results[name].to_numpy(), abs=0.2, nan_ok=True)
    assert answers.results["municipality_id"].tolist() == square.results["municipality_id"].tolist()


def test_a_study_of_hexagons_writes_everything_but_rasters(ran):
    folder, answers, _ = ran
    names = {path.name for path in answers.files}
    assert {"index.html", "report.html", "map_gp.png", "study.gpkg", "results.qlr", "run.json"} <= names
    assert not [name for name in names if name.endswith((".tif", ".qml"))]
    written = gpd.read_file(folder / "out" / "study.gpkg", layer="cells")
    assert written.area.to_numpy() == pytest.approx(1.5 * np.sqrt(3) * 550**2)
    lines = " ".join(check(load_study(folder / "study.toml"), show=False))
    assert "the cells are hexagons of about 0.79 km²" in lines  # 1.5 sqrt(3) 0.55^2 = 0.786
    assert "No GeoTIFF is written" in lines


def test_the_map_holds_the_outlines_of_hexagons(ran):
    folder, _, _ = ran
    page = (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert '["points",4,"before"]' in page


def test_the_planner_draws_the_outlines_of_hexagons(ran):
    _, answers, _ = ran
    cells = Drawing(PlannerState(answers)).page()["cells"]
    ends = np.frombuffer(base64.b64decode(cells["outlines"]["ends"]["data"]), "<i4")
    assert ends.tolist() == [7 * number for number in range(1, len(CELLS) + 1)]
    assert len(base64.b64decode(cells["outlines"]["xy"]["data"])) == 4 * 2 * ends[-1]


def test_a_raster_has_no_cells_of_other_shapes(tmp_path):
    text = STUDY.replace('file = "people.csv"', 'file = "people.tif"\non_grid = false')
    study = write_study(tmp_path, text)
    (tmp_path / "people.tif").write_bytes(b"")
    with pytest.raises(InputError, match="pixels of a raster are its cells; take area_m2 and on_grid out"):
        check(load_study(study), show=False)


@pytest.mark.parametrize("epsg", [2263, 4326, 3857])
def test_cells_in_feet_degrees_or_stretched_metres_are_no_cells_in_metres(epsg):
    squares_there = gpd.GeoDataFrame({"population": [900.0]}, geometry=[shapely.box(0, 0, 1, 1)], crs=epsg)
    with pytest.raises(InputError, match="not in true metres"):
        settlement_people(squares_there)
    with pytest.raises(InputError, match="coordinate system is"):
        urbanisation_of_cells(squares_there)
    if epsg != 3857:  # which is in metres, and may be drawn
        with pytest.raises(InputError, match="CRS is not in metres"):
            beside_the_edge(squares_there, None)
        with pytest.raises(InputError, match="projected CRS in metres"):
            squares(squares_there)
