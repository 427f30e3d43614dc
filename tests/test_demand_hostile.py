"""Files that cannot be used: each says what is wrong, where, and what would fix it, all at once."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from shapely import LineString, Point, Polygon, box

from geoaccess.demand import check_cells, read_cells
from geoaccess.errors import GeoaccessError, InputError, MissingFileError

GOOD = ["1kmN4775E2918,3", "1kmN4776E2918,4", "1kmN4777E2918,5"]
BY_PLACE = {"x": "x", "y": "y", "crs": 25833, "cell_size_m": 1000}


def write(tmp_path, *lines: str, header: str = "cell_id,population"):
    path = tmp_path / "grid.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def refusal(path, **settings) -> str:
    with pytest.raises(InputError) as caught:
        read_cells(path, **settings)
    message = str(caught.value)
    assert str(path) in message
    return message


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("-1", "population is negative in 1 row: row 3 (-1)"),
        ("", "population is missing in 1 row: row 3 (empty)"),
        ("nan", "population is not a number in 1 row: row 3 ('nan')"),
        ("inf", "population is infinite in 1 row: row 3 (inf)"),
        ("many", "population is not a number in 1 row: row 3 ('many')"),
        ('"1,500"', "population is not a number in 1 row: row 3 ('1,500'); write decimals with a point"),
    ],
)
def test_people_that_are_no_number_of_people(tmp_path, value, says):
    assert says in refusal(write(tmp_path, GOOD[0], f"1kmN4776E2918,{value}", GOOD[2]))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0, np.nan, 2.0], "population is missing in 1 row: row 2 (empty)"),
        ([1.0, -np.inf, 2.0], "population is infinite in 1 row: row 2 (-inf)"),
        ([True, False, True], "population holds bool values"),
        (pd.to_datetime(["2020-01-01"] * 3), "population holds datetime64"),
    ],
)
def test_people_of_other_types(tmp_path, values, says):
    ids = [line.split(",")[0] for line in GOOD]
    pd.DataFrame({"cell_id": ids, "population": values}).to_parquet(tmp_path / "grid.parquet")
    assert says in refusal(tmp_path / "grid.parquet")


def test_everything_is_reported_at_once(tmp_path):
    path = write(tmp_path, GOOD[0], GOOD[0], "1kmN4777E2918,-5", "A1,x", ",2", header="cell_id,people")
    message = refusal(path, people="people", carry=["municipality"], crs="nowhere", anchor="middle")
    for part in (
        "anchor is 'middle'; give 'centre' or 'lower_left'",
        "crs 'nowhere' is not understood",
        'no column "municipality"; it has cell_id, people',
        "people is not a number in 1 row: row 5 ('x')",
        "people is negative in 1 row: row 4 (-5)",
        "cell_id is missing in 1 row: row 6 (empty)",
    ):
        assert part in message
    assert "cell_id is not unique in 2 rows: row 2 (1kmN4775E2918), row 3 (1kmN4775E2918)" in message
    assert message.count("\n  - ") == int(message.split(": ")[1].split()[0])


def test_long_lists_are_cut_and_counted(tmp_path):
    path = write(tmp_path, *(f"1kmN{4000 + i}E3000,-1" for i in range(70)))
    assert "in 70 rows: row 2 (-1), row 3 (-1), row 4 (-1), row 5 (-1), row 6 (-1), ..." in refusal(path)


@pytest.mark.parametrize("header", ["cell_id,Population", "cell_id,populaton"])
def test_a_near_name_is_proposed(tmp_path, header):
    assert f'did you mean "{header.split(",")[1]}"?' in refusal(write(tmp_path, *GOOD, header=header))


def test_nobody_and_nothing(tmp_path):
    assert "has no rows" in refusal(write(tmp_path))
    assert "nobody lives here" in refusal(write(tmp_path, "1kmN4775E2918,0"))
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "is empty" in refusal(tmp_path / "empty.csv")
    with pytest.raises(MissingFileError):
        read_cells(tmp_path / "other.csv")


def test_files_of_the_wrong_kind(tmp_path):
    (tmp_path / "grid.xlsx").write_bytes(b"PK")
    assert "cannot be read as a spreadsheet" in refusal(tmp_path / "grid.xlsx")
    (tmp_path / "grid.docx").write_bytes(b"PK")
    assert "is no kind of table that is understood" in refusal(tmp_path / "grid.docx")
    (tmp_path / "grid.parquet").write_bytes(b"not parquet at all")
    assert "cannot be read" in refusal(tmp_path / "grid.parquet")
    (tmp_path / "grid.gpkg").write_bytes(b"not a geopackage")
    assert "is no file of shapes that is understood" in refusal(tmp_path / "grid.gpkg")
    longer = refusal(write(tmp_path, *(f"{line},9" for line in GOOD)))
    assert longer.count("3 values, but the header names 2 columns") == len(GOOD)
    assert "row 3: 5 values, but the header names 2" in refusal(write(tmp_path, GOOD[0], f"{GOOD[1]},9,9,9"))


def test_ids_that_do_not_go_together(tmp_path):
    assert "not understood in 1 row: row 3 ('A1')" in refusal(write(tmp_path, GOOD[0], "A1,3"))
    assert "several sizes by their ids: 1 of 250 m, 1 of 1000 m" in refusal(
        write(tmp_path, GOOD[0], "250mN477500E291800,1")
    )
    mixed = write(tmp_path, "CRS3035RES1000mN4775000E2918000,1", "CRS2975RES1000mN7634000E314000,1")
    assert "name several CRS: EPSG:2975, EPSG:3035" in refusal(mixed)
    assert "cell_size_m is 500, and the cell ids say 1000" in refusal(write(tmp_path, *GOOD), cell_size_m=500)
    named = write(tmp_path, "CRS3035RES1000mN4775000E2918000,1")
    assert "crs is EPSG:25833, and the cell ids are in EPSG:3035" in refusal(named, crs=25833)
    assert "no corners of a grid of 1000 m" in refusal(write(tmp_path, "26502507730000,1"), cell_size_m=1000)
    both = write(tmp_path, GOOD[0], "CRS3035RES1000mN4775000E2918000,1")
    assert "one and the same cell in 2 rows: row 2 (2918000, 4775000)" in refusal(both)


@pytest.mark.parametrize("crs", [4326, "EPSG:4258"])
def test_a_crs_in_degrees(tmp_path, crs):
    assert "is in degrees, and cells need a projected CRS in metres" in refusal(write(tmp_path, *GOOD), crs=crs)


def test_a_crs_in_feet(tmp_path):
    assert "not a projected CRS in metres" in refusal(write(tmp_path, *GOOD), crs=2263)


def test_ids_not_understood_ask_for_the_rest(tmp_path):
    path = write(tmp_path, "A1,3,650500,7730500", header="cell_id,population,x,y")
    assert "give x, y, crs, cell_size_m" in refusal(path)
    assert "give crs" in refusal(path, x="x", y="y", cell_size_m=1000)
    assert "give both columns or neither" in refusal(path, x="x")
    assert "give cell_size_m" in refusal(path, cell_id=None, x="x", y="y", crs=25833)
    assert "give a length above 0" in refusal(path, x="x", y="y", crs=25833, cell_size_m=-1)
    assert "leave it out" in refusal(path, carry=["population"], **BY_PLACE)
    assert len(read_cells(path, **BY_PLACE)) == 1


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        ("18.95", "69.65", "they look like degrees"),
        ("69.65", "18.95", "they look like degrees"),
        ("7730500", "650500", "x and y look swapped"),
        ("650500", "97730500", "check that they are in EPSG:25833"),
        ("1e300", "7730500", "outside the area of EPSG:25833"),
        ("", "7730500", "x is missing in 1 row: row 3 (empty)"),
        ("inf", "7730500", "x is infinite in 1 row: row 3 (inf)"),
    ],
)
def test_coordinates_that_cannot_be(tmp_path, x, y, says):
    path = write(tmp_path, "A0,3,651500,7730500", f"A1,3,{x},{y}", header="cell_id,population,x,y")
    message = refusal(path, **BY_PLACE)
    assert says in message
    assert "row 3" in message


def test_the_whole_of_norway_is_inside_the_area_of_its_grid(tmp_path):
    # Utsira, Vardø and Kvitøya in EPSG:25833.
    path = write(
        tmp_path,
        *(f"{i},1,{x},{y}" for i, (x, y) in enumerate([(-74875, 6618125), (1098375, 7937625), (800125, 8901125)])),
        header="cell_id,population,x,y",
    )
    assert len(read_cells(path, x="x", y="y", crs=25833, cell_size_m=250)) == 3


def test_coordinates_that_differ_from_the_ids(tmp_path):
    lower_left = [f"1kmN{n}E2918,3,2918000,{n}000" for n in (4775, 4776, 4777)]
    path = write(tmp_path, *lower_left, header="cell_id,population,x,y")
    message = refusal(path, x="x", y="y", anchor="centre")
    assert 'give anchor="lower_left"' in message
    assert "3 rows: row 2 (2918000, 4775000 by its id, 2917500, 4774500 by x, y)" in message
    assert len(read_cells(path, x="x", y="y", anchor="lower_left")) == 3
    assert len(read_cells(path, x="x", y="y")) == 3  # the ids say which
    path = write(tmp_path, *lower_left[:2], "1kmN4777E2918,3,2919000,4777000", header="cell_id,population,x,y")
    assert refusal(path, x="x", y="y") == (message := refusal(path, x="x", y="y", anchor="lower_left"))
    assert "1 row: row 4 (2918000, 4777000 by its id, 2919000, 4777000 by x, y); correct" in message


def test_ids_are_not_made_of_what_they_cannot_hold(tmp_path):
    path = write(tmp_path, "3,650500.5,7730500", header="population,x,y")
    assert "whole metres only; give cell_id" in refusal(path, cell_id=None, **BY_PLACE)
    local = "+proj=tmerc +lat_0=69 +lon_0=19 +ellps=GRS80 +units=m"
    assert "has no EPSG code; give cell_id" in refusal(path, cell_id=None, **(BY_PLACE | {"crs": local}))


def test_areas_that_are_unknown_or_the_whole_world(tmp_path):
    path = write(tmp_path, "A,3,2100500,6000500", header="cell_id,population,x,y")
    assert len(read_cells(path, **(BY_PLACE | {"crs": 8857}))) == 1  # Equal Earth
    path = write(tmp_path, "A,3,2100500,11000500", header="cell_id,population,x,y")
    assert len(read_cells(path, **(BY_PLACE | {"crs": "+proj=tmerc +lon_0=19 +ellps=GRS80 +units=m"}))) == 1
    # Written as text in the older form, a CRS keeps its code and loses its area.
    old = pyproj.CRS(25833).to_wkt("WKT1_GDAL")
    assert "outside the area of EPSG:25833" in refusal(path, **(BY_PLACE | {"crs": old}))


def test_cells_upon_each_other(tmp_path):
    lines = [f"A{i},3,{650_500 + 1000 * i},7730500" for i in range(4)]
    path = write(tmp_path, *lines, "B,3,650750,7731500", "C,1,650500,7730500", header="cell_id,population,x,y")
    assert "off the grid of the rest in 1 row: row 6 (650250, 7731000)" in refusal(path, **BY_PLACE)
    path = write(tmp_path, *lines, "C,1,650500,7730500", header="cell_id,population,x,y")
    assert "one and the same cell in 2 rows: row 2 (650000, 7730000), row 6" in refusal(path, **BY_PLACE)


def shapes(tmp_path, geometry, *, crs=25833, **columns):
    frame = gpd.GeoDataFrame(
        {"cell_id": [f"A{i}" for i in range(len(geometry))], "population": 1.0, **columns}, geometry=geometry, crs=crs
    )
    frame.to_parquet(tmp_path / "grid.parquet")
    return tmp_path / "grid.parquet"


SQUARE = box(650_000, 7_730_000, 651_000, 7_731_000)


def test_shapes_that_are_no_cells(tmp_path):
    assert "shapes are missing in 1 row: row 2 (no geometry)" in refusal(shapes(tmp_path, [SQUARE, None]))
    assert "shapes are 1 Polygon, 1 Point" in refusal(shapes(tmp_path, [SQUARE, Point(0, 0)]))
    assert "shapes are 1 LineString" in refusal(shapes(tmp_path, [LineString([(0, 0), (1, 1)])]))
    assert "does not say its CRS; give crs" in refusal(shapes(tmp_path, [SQUARE], crs=None))
    assert len(read_cells(shapes(tmp_path, [SQUARE], crs=None), crs=25833)) == 1
    wide = box(652_000, 7_730_000, 654_000, 7_731_000)  # one of two: as many as are squares
    assert "not squares along the axes of EPSG:25833 in 1 row: row 2 (2000 x 1000 m" in refusal(
        shapes(tmp_path, [SQUARE, wide])
    )
    half = Polygon([(650_000, 7_730_000), (651_000, 7_730_000), (650_000, 7_731_000)])
    assert "row 1 (1000 x 1000 m, 500000 m2)" in refusal(shapes(tmp_path, [half]), on_grid=True)
    big = box(660_000, 7_730_000, 665_000, 7_735_000)
    assert "not squares of 1000 m in 1 row: row 3 (5000 m)" in refusal(
        shapes(tmp_path, [SQUARE, box(651_000, 7_730_000, 652_000, 7_731_000), big])
    )
    assert "points, which have no size" in refusal(shapes(tmp_path, [Point(650_500, 7_730_500)]))
    assert "crs is EPSG:3035, and the file is in EPSG:25833" in refusal(shapes(tmp_path, [SQUARE]), crs=3035)
    degrees = gpd.GeoSeries([SQUARE], crs=25833).to_crs(4326).iloc[0]
    assert "give crs and cell_size_m of the grid" in refusal(shapes(tmp_path, [degrees], crs=4326))
    swapped = box(69.7, 118.7, 69.8, 118.8)
    assert "latitudes are beyond 90 degrees in 1 row: row 1" in refusal(shapes(tmp_path, [swapped], crs=4326))


def test_shapes_that_differ_from_the_ids(tmp_path):
    path = shapes(tmp_path, [SQUARE.buffer(0)], cell_id=["CRS25833RES1000mN7730000E652000"])
    assert "row 1 (652000, 7730000 by its id, 650000, 7730000 by its shape)" in refusal(path)


def test_points_that_are_missing_or_lie_anywhere(tmp_path):
    assert "shapes are missing" in refusal(shapes(tmp_path, [None], cell_id=["CRS25833RES1000mN7730000E650000"]))
    points = [Point(650_123, 7_730_077), Point(652_123, 7_730_077)]
    read = read_cells(shapes(tmp_path, points), cell_size_m=1000)
    assert read.bounds["minx"].tolist() == [649_623, 651_623]
    assert read.bounds["miny"].tolist() == [7_729_577, 7_729_577]
    read = read_cells(shapes(tmp_path, points), cell_size_m=1000, anchor="lower_left")
    assert read.bounds["minx"].tolist() == [650_123, 652_123]


def test_layers(tmp_path):
    path = tmp_path / "grid.gpkg"
    frame = gpd.GeoDataFrame({"cell_id": ["A"], "population": [1]}, geometry=[SQUARE], crs=25833)
    frame.to_file(path, layer="people")
    frame.to_file(path, layer="more")
    assert "has 2 layers (people, more); name one with layer" in refusal(path)
    assert "has no layer 'x'" in refusal(path, layer="x")
    assert len(read_cells(path, layer="more")) == 1


@pytest.mark.parametrize(
    ("columns", "index", "crs", "says"),
    [
        ({"population": [1.0, -1.0]}, ["a", "b"], 3035, r"people >= 0 in 1 row: b \(-1.0\)"),
        ({"population": [1.0, np.inf]}, ["a", "b"], 3035, r"people >= 0 in 1 row: b \(inf\)"),
        ({"population": [1.0, np.nan]}, ["a", "b"], 3035, "population is missing in 1 row: b"),
        ({"population": [1, 2]}, ["a", "b"], 3035, "population is not float64"),
        ({"people": [1.0, 2.0]}, ["a", "b"], 3035, "has no column 'population'"),
        ({"population": [1.0, 2.0]}, ["a", "a"], 3035, "cell_id is not unique in 2 rows"),
        ({"population": [1.0, 2.0]}, [1.5, 2.5], 3035, "cell_id is not text or a whole number in 2 rows"),
        ({"population": [1.0, 2.0]}, ["a", "b"], None, "has no CRS"),
        ({"population": [1.0, 2.0]}, ["a", "b"], 4326, "in degrees"),
    ],
)
def test_tables_that_are_no_cells(columns, index, crs, says):
    cells = gpd.GeoDataFrame(
        columns, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=crs, index=pd.Index(index, name="cell_id")
    )
    with pytest.raises(GeoaccessError, match=says):
        check_cells(cells)


def test_other_tables_that_are_no_cells():
    with pytest.raises(InputError, match="is a DataFrame without geometry"):
        check_cells(pd.DataFrame({"population": [1.0]}))
    points = gpd.GeoDataFrame({"population": [1.0]}, geometry=[Point(0, 0)], crs=3035)
    with pytest.raises(InputError, match=r"my cells: 2 problems\n.*no polygon in 1.*: 0.*\n.*name it 'cell_id'"):
        check_cells(points, subject="my cells")
    with pytest.raises(InputError, match="has no rows"):
        check_cells(points[:0])
