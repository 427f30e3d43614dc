"""Grids read into cells: every person is there, in the right square, whatever kind of file they came in."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from geoaccess.demand import check_cells, make_cell_ids, read_cells

# Eight cells around Tromsø: corners in units of 1 km, people.
CORNERS = np.array(
    [(650, 7730), (651, 7730), (650, 7731), (653, 7735), (655, 7730), (656, 7742), (657, 7731), (640, 7745)]
)
PEOPLE = [12.0, 3.5, 0.0, 7.0, 1.0, 200.0, 4.0, 9.0]


def table(size: int = 1000) -> pd.DataFrame:
    x, y = (CORNERS * size + np.array([0, 7_730_000 - 7730 * size])).T
    return pd.DataFrame({"cell_id": make_cell_ids(x, y, size_m=size, epsg=25833), "x": x, "y": y, "population": PEOPLE})


def squares(frame: pd.DataFrame, size: int = 1000) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        frame, geometry=[box(a, b, a + size, b + size) for a, b in zip(frame["x"], frame["y"], strict=True)], crs=25833
    )


def corners(cells: gpd.GeoDataFrame) -> set[tuple[float, ...]]:
    return {tuple(row) for row in cells.bounds.to_numpy().round(6)}


def expected(size: int = 1000) -> set[tuple[float, ...]]:
    frame = table(size)
    inhabited = frame[frame["population"] > 0]
    return {(a, b, a + size, b + size) for a, b in zip(inhabited["x"], inhabited["y"], strict=True)}


@pytest.mark.parametrize(
    ("name", "people", "cells"),
    [
        ("population_1km_2019.csv", 357_021, 1606),
        ("population_1km_2018.csv", 348_342, 1153),
        ("population_1km_2011.csv", 318_327, 1606),
    ],
)
def test_iceland(data, name, people, cells):
    read = read_cells(data / "iceland" / name, x="x_3035", y="y_3035", anchor="lower_left")
    assert read["population"].sum() == people
    assert len(read) == cells
    assert read.crs.to_epsg() == 3035
    assert (read.area == 1_000_000).all()
    assert read.centroid.to_crs(4326).within(box(-25, 63, -13, 67)).all()
    check_cells(read)


def test_troms(data):
    path = data / "troms" / "population_250m_2019.csv"
    read = read_cells(path, x="x_25833", y="y_25833", carry=["kommunenummer"])
    assert read["population"].sum() == 193_468
    assert len(read) == 11_653
    assert (read.area == 250**2).all()
    assert read["kommunenummer"].str.fullmatch("[0-9]{4}").all()
    raw = pd.read_csv(path, dtype={"cell_id": str, "kommunenummer": str}).set_index("cell_id")
    assert read.index.tolist() == raw.index.tolist()
    assert (read.centroid.x == raw["x_25833"]).all()
    assert (read.centroid.y == raw["y_25833"]).all()
    by_municipality = read.groupby("kommunenummer")["population"].sum()
    assert by_municipality.equals(raw.groupby("kommunenummer")["population"].sum().astype(float))
    check_cells(read)


def test_norway(shared):
    path = shared / "norway" / "population_250m_2019.parquet"
    read = read_cells(path, cell_id="SSBID0250M", people="pop_2019", x="x_25833", y="y_25833", carry=["kommunenummer"])
    assert read["population"].sum() == 5_317_737
    assert len(read) == 221_947
    assert (read.area == 250**2).all()
    assert read.total_bounds[0] < 0  # western Norway
    check_cells(read)


def test_norway_by_coordinates_alone(shared):
    path = shared / "norway" / "population_1km_2021_age.parquet"
    read = read_cells(
        path, cell_id=None, people="T", x="x_3035", y="y_3035", crs=3035, cell_size_m=1000, carry=["Y_GE65"]
    )
    raw = pd.read_parquet(path)
    assert read["population"].sum() == raw["T"].sum()
    assert read["Y_GE65"].sum() == raw.loc[raw["T"] > 0, "Y_GE65"].sum()
    assert read.index[0] == "CRS3035RES1000mN3975000E4409000"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["grid.csv", "grid.csv.gz"])
def test_text_files(tmp_path, separator, mark, name):
    table().rename(columns={"cell_id": "rute, id" if separator == ";" else "rute"}).to_csv(
        tmp_path / name, sep=separator, index=False, encoding="utf-8-sig" if mark else "utf-8"
    )
    read = read_cells(tmp_path / name, cell_id="rute, id" if separator == ";" else "rute")
    assert corners(read) == expected()
    assert read["population"].tolist() == [p for p in PEOPLE if p > 0]
    assert read.index.name == "cell_id"


def test_blank_lines_hold_nobody_and_keep_the_count_of_lines(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("cell_id,population\n\n1kmN4775E2918,3\n,\n1kmN4776E2918,4\n\n")
    assert read_cells(path)["population"].tolist() == [3.0, 4.0]
    path.write_text("cell_id,population\n\n1kmN4775E2918,3\n,\n1kmN4776E2918,-4\n\n")
    with pytest.raises(ValueError, match=r"row 5 \(-4\)"):
        read_cells(path)


@pytest.mark.parametrize("dtype", ["int64", "float64", "str"])
def test_parquet_ids_of_any_type(tmp_path, dtype):
    frame = table(250)
    digits = (2_000_000 + frame["x"]) * 10**7 + frame["y"]
    frame.assign(cell_id=digits.astype(dtype)).to_parquet(tmp_path / "grid.parquet")
    read = read_cells(tmp_path / "grid.parquet", x="x", y="y", anchor="lower_left")
    assert corners(read) == expected(250)
    assert read.index.tolist() == digits[frame["population"] > 0].astype(str).tolist()


def test_a_saved_index_is_a_column(tmp_path):
    table().set_index("cell_id").to_parquet(tmp_path / "grid.parquet")
    assert corners(read_cells(tmp_path / "grid.parquet")) == expected()


@pytest.mark.parametrize("name", ["grid.gpkg", "grid.geojson", "grid.parquet", "grid.shp", "grid.fgb"])
@pytest.mark.parametrize("kind", ["squares", "centres"])
@pytest.mark.parametrize("with_ids", [True, False])
def test_geo_files(tmp_path, name, kind, with_ids):
    frame = squares(table().rename(columns={"population": "people"}))
    if not with_ids:
        frame["cell_id"] = [f"A{i}" for i in range(len(frame))]
    if kind == "centres":
        frame = frame.set_geometry(frame.centroid)
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        (frame.to_crs(4326) if name.endswith("geojson") else frame).to_file(path)
    needed = {"cell_size_m": 1000} if kind == "centres" or name.endswith("geojson") else {}
    if name.endswith("geojson"):
        needed["crs"] = 25833
    read = read_cells(path, people="people", **({} if with_ids else needed))
    assert corners(read) == expected()
    # FlatGeobuf orders its rows anew, so rows are compared by id.
    inhabited = frame[frame["people"] > 0].set_index("cell_id")["people"]
    assert read["population"].to_dict() == inhabited.to_dict()
    check_cells(read)


def test_squares_give_the_size_that_ids_of_statistics_norway_do_not_hold(tmp_path):
    frame = squares(table(250).iloc[:1], 250).assign(cell_id="26500007730000")
    frame.assign(geometry=[box(650_000, 7_730_000, 650_250, 7_730_250)]).to_file(tmp_path / "one.gpkg")
    assert read_cells(tmp_path / "one.gpkg").area.tolist() == [62_500.0]


def test_a_grid_may_start_anywhere(tmp_path):
    frame = (
        table().drop(columns="cell_id").assign(x=lambda t: t["x"] + 37.5, y=lambda t: t["y"] - 0.25, cell_id=range(8))
    )
    frame.to_csv(tmp_path / "grid.csv", index=False)
    read = read_cells(tmp_path / "grid.csv", x="x", y="y", crs="EPSG:25833", cell_size_m=1000, anchor="lower_left")
    assert corners(read) == {(a + 37.5, b - 0.25, c + 37.5, d - 0.25) for a, b, c, d in expected()}
    assert read.index.tolist() == [str(i) for i in range(8) if PEOPLE[i] > 0]


def test_the_short_form_may_be_of_another_crs(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("cell_id,population\n1kmN7730E650,3\n")
    assert read_cells(path, crs=25833).crs.to_epsg() == 25833
    points = gpd.GeoSeries([Point(650_500, 7_730_500)], crs=25833)
    assert read_cells(path, crs=25833).contains(points.iloc[0]).all()


def test_the_size_of_few_cells_is_given_not_guessed(tmp_path):
    path = tmp_path / "grid.csv"
    path.write_text("cell_id,population\n26500007730000,3\n")
    with pytest.raises(ValueError, match="give cell_size_m"):
        read_cells(path)
    assert read_cells(path, cell_size_m=250).area.tolist() == [62_500.0]


def test_carried_columns_are_as_in_the_file(tmp_path):
    frame = table().assign(kommune="0301", over_65=range(8))
    frame.to_csv(tmp_path / "grid.csv", index=False)
    frame.to_parquet(tmp_path / "grid.parquet")
    inhabited = [i for i in range(8) if PEOPLE[i] > 0]
    assert read_cells(tmp_path / "grid.csv", carry=["kommune"])["kommune"].tolist() == ["0301"] * 7
    assert read_cells(tmp_path / "grid.parquet", carry=["over_65"])["over_65"].tolist() == inhabited


def test_the_room_is_light_to_enter():
    code = (
        "import sys, geoaccess.demand; print([m for m in ('rasterio', 'exactextract', 'pandera') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("first", "anchor", "taken", "corner"),
    [
        (650000, None, "lower_left: all coordinates lie on multiples", 650000),
        (650500, None, "centre: all coordinates lie on halves", 650000),
        (650300, None, "centre: coordinates lie neither", 649800),
        (650000, "centre", None, 649500),
        (650500, "lower_left", None, 650500),
    ],
)
def test_coordinates_without_ids_are_what_their_grid_shows(tmp_path, first, anchor, taken, corner):
    north = first + 7_080_000
    rows = "".join(f"3,{first + 1000 * i},{north + 1000 * i}\n" for i in range(3))
    (tmp_path / "grid.csv").write_text("population,x,y\n" + rows)
    chosen = {} if anchor is None else {"anchor": anchor}
    place = {"x": "x", "y": "y", "crs": "EPSG:25833", "cell_size_m": 1000, "cell_id": None}
    read = read_cells(tmp_path / "grid.csv", **place, **chosen)
    assert read.total_bounds.tolist() == [corner, corner + 7_080_000, corner + 3000, corner + 7_083_000]
    assert read.attrs.get("anchor", "").startswith(taken or "")
    assert ("anchor" in read.attrs) == (taken is not None)


def test_points_without_ids_are_what_their_grid_shows(tmp_path):
    for first in (650000, 650500):
        points = gpd.points_from_xy([first, first + 1000], [first + 7_080_000] * 2, crs="EPSG:25833")
        gpd.GeoDataFrame({"population": [1, 2]}, geometry=points).to_file(tmp_path / f"{first}.gpkg")
        read = read_cells(tmp_path / f"{first}.gpkg", cell_id=None, cell_size_m=1000)
        assert read.total_bounds.tolist() == [650000, 7730000, 652000, 7731000]


def test_troms_without_ids_lies_where_its_ids_put_it(data):
    file = data / "troms" / "population_250m_2019.csv"
    by_id = read_cells(file)
    place = {"x": "x_25833", "y": "y_25833", "crs": "EPSG:25833", "cell_size_m": 250}
    without = read_cells(file, cell_id=None, **place)
    assert (without.geometry.to_numpy() == by_id.geometry.to_numpy()).all()
