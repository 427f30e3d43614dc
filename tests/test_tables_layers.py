"""Files of several layers, as publishers save them: which layer is meant, and which rows."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import warnings
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from geoaccess.demand import read_cells, read_raster_cells
from geoaccess.errors import InputError
from geoaccess.services import read_sites
from geoaccess.tables import LAYER_TAKEN, read_table
from geoaccess.tables.areas import read_areas
from geoaccess.zones import read_municipalities

SQUARES = gpd.GeoDataFrame(
    {"people": [3.0, 4.0, 5.0], "CNTR_ID": ["NO", "SE", "NO"]},
    geometry=shapely.box([0, 1000, 2000], 7_000_000, [1000, 2000, 3000], 7_001_000),
    crs=25833,
)
SQUARE = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            }
        ],
    }
)
OUTLINE = gpd.GeoDataFrame({"name": ["all"]}, geometry=[SQUARES.union_all().boundary], crs=25833)


def two_layers(path, driver):
    OUTLINE.to_file(path, layer="Grense", driver=driver)
    SQUARES.to_file(path, layer="Ruter", driver=driver)
    return path


@pytest.fixture(params=["a.gpkg", "a.gdb", "a.gdb.zip", "b.zip"])
def file(request, tmp_path):
    """Two layers in a GeoPackage, a FileGDB, its zip, and a zip of a GeoPackage in a folder."""
    if request.param == "a.gpkg":
        return two_layers(tmp_path / "a.gpkg", "GPKG")
    if request.param == "b.zip":
        two_layers(tmp_path / "a.gpkg", "GPKG")
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
            packed.write(tmp_path / "a.gpkg", "data/a.gpkg")
        return tmp_path / "b.zip"
    two_layers(tmp_path / "a.gdb", "OpenFileGDB")
    if request.param == "a.gdb.zip":
        shutil.make_archive(str(tmp_path / "a.gdb"), "zip", tmp_path, "a.gdb")
        return tmp_path / "a.gdb.zip"
    return tmp_path / "a.gdb"


def test_the_layer_with_polygons_and_the_column_is_taken_and_named(file):
    rows = read_table(file, columns=["people"])
    assert rows["people"].tolist() == [3, 4, 5]
    assert rows.attrs[LAYER_TAKEN] == "Ruter"
    cells = read_cells(file, people="people", cell_id=None)
    assert cells["population"].tolist() == [3, 4, 5]
    assert cells.attrs["layer"] == "Ruter"


def test_a_layer_that_is_not_there_lists_those_that_are(file):
    with pytest.raises(InputError, match=r"has no layer 'Celler' \(it has Grense, Ruter\)"):
        read_cells(file, people="people", layer="Celler")
    with pytest.raises(InputError, match=r"2 layers \(Grense, Ruter\); name one with layer"):
        read_table(file, columns=["folk"])


def test_rows_are_kept_by_their_values_and_never_all_dropped(file):
    cells = read_cells(file, people="people", cell_id=None, where={"CNTR_ID": ["NO"]})
    assert cells["population"].tolist() == [3, 5]
    with pytest.raises(InputError, match="no row is left where CNTR_ID is 'FI'; it holds 'NO', 'SE'"):
        read_cells(file, people="people", cell_id=None, where={"CNTR_ID": ["FI"]})
    with pytest.raises(InputError, match='no column "CNTRID"; did you mean "CNTR_ID"'):
        read_cells(file, people="people", cell_id=None, where={"CNTRID": ["FI"]})


def test_confidential_numbers_are_no_people(tmp_path):
    rows = ["GRD_ID,T", "CRS3035RES1000mN4000000E4000000,7", "CRS3035RES1000mN4000000E4001000,-9999"]
    (tmp_path / "grid.csv").write_text("\n".join([*rows, "CRS3035RES1000mN4000000E4002000,-8888"]))
    with pytest.raises(InputError, match="negative"):
        read_cells(tmp_path / "grid.csv", cell_id="GRD_ID", people="T")
    cells = read_cells(tmp_path / "grid.csv", cell_id="GRD_ID", people="T", nodata=[-9999, -8888])
    assert cells["population"].tolist() == [7]
    assert cells.attrs["nodata"] == 2


def kartverket(path):
    """One JSON object of several collections, borders out at sea, names in two languages."""
    ring = [[260000, 6640000], [262000, 6640000], [262000, 6650000], [260000, 6640000]]
    crs = {"type": "name", "properties": {"name": "EPSG:25833"}}
    areas = {"kommunenummer": "0301", "kommunenavn": "Oslo - Oslove"}
    features = [{"type": "Feature", "properties": areas, "geometry": {"type": "Polygon", "coordinates": [ring]}}]
    line = {"type": "LineString", "coordinates": ring}
    borders = [{"type": "Feature", "properties": {"objtype": "Riksgrense"}, "geometry": line}]
    data = {
        "Kommune": {"type": "FeatureCollection", "crs": crs, "features": features},
        "Grense": {"type": "FeatureCollection", "crs": crs, "features": borders},
    }
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_the_collections_of_kartverket_are_layers(tmp_path, packed):
    path = kartverket(tmp_path / "Basisdata_0000_Norge_25833_Kommuner.geojson")
    if packed:
        with zipfile.ZipFile(tmp_path / "Basisdata.zip", "w") as file:
            file.write(path, path.name)
        path = tmp_path / "Basisdata.zip"
    found = read_municipalities(path, id="kommunenummer", name="kommunenavn")
    assert found["name"].to_dict() == {"0301": "Oslo - Oslove"}
    west, _, east, _ = found.total_bounds
    assert 10 < west < east < 11.5
    with pytest.raises(InputError, match=r"no layer 'Fylke' \(it has Kommune, Grense\)"):
        read_municipalities(path, id="kommunenummer", name="kommunenavn", layer="Fylke")


def test_the_published_counties_and_the_published_grid(shared):
    folder = shared / "norway" / "published_forms"
    counties = read_municipalities(
        folder / "Basisdata_0000_Norge_25833_Fylker_GeoJSON.zip", id="fylkesnummer", name="fylkesnavn"
    )
    assert len(counties) == 15
    cells = read_table(folder / "BefolkningOslo1km2019.gml", columns=["popTot"])
    assert cells["popTot"].astype(int).sum() == 678_692


def test_a_zip_holds_one_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as packed:
        packed.writestr("a.geojson", "{}")
        packed.writestr("b.gpkg", "")
    with pytest.raises(InputError, match=r"holds a.geojson, b.gpkg; unpack it"):
        read_table(tmp_path / "two.zip")


def test_sites_of_a_layer_with_the_columns(tmp_path):
    points = SQUARES.assign(geometry=SQUARES.centroid, kind=["a", "b", "a"]).to_crs(4326)
    OUTLINE.to_file(tmp_path / "s.gpkg", layer="line")
    points.assign(id=["x", "y", "z"]).to_file(tmp_path / "s.gpkg", layer="sites")
    found = read_sites(tmp_path / "s.gpkg", service="gp", columns={"id": "id", "name": "kind"}, where={"kind": ["a"]})
    assert found.index.tolist() == ["x", "z"] or len(found) == 2


def raster(path, bands, **more):
    shape = {"driver": "GTiff", "width": 3, "height": 2, "count": len(bands), "dtype": "float32"}
    where = {"crs": "EPSG:25833", "transform": rasterio.Affine(100, 0, 650_000, 0, -100, 7_740_000)}
    with rasterio.open(path, "w", **shape, **where, **more) as file:
        for number, values in enumerate(bands, start=1):
            file.write(np.array(values, dtype="float32"), number)
            file.set_band_description(number, f"year {2019 + number}")
    return path


def test_a_raster_of_several_bands_asks_which(tmp_path):
    path = raster(tmp_path / "r.tif", [np.ones((2, 3)), np.full((2, 3), 2.0)])
    with pytest.raises(InputError, match=r"has 2 bands: 1 \(year 2020\), 2 \(year 2021\); name the band"):
        read_raster_cells(path)
    assert read_raster_cells(path, band=2)["population"].sum() == 12


def test_values_without_data_and_boxes(tmp_path):
    path = raster(tmp_path / "r.tif", [[[1, 65535, 2], [4, 8, 16]]])
    assert read_raster_cells(path, nodata=[65535])["population"].sum() == 31
    whole = read_raster_cells(path)
    centres = whole.centroid.to_crs(4326)
    middle = float(np.median(centres.x))
    kept = read_raster_cells(path, clip=(middle - 1e-4, 0.0, 180.0, 90.0))
    expected = whole[(centres.x >= middle - 1e-4).to_numpy()]
    assert kept["population"].to_dict() == expected["population"].to_dict()
    with pytest.raises(InputError, match="leaves no cell"):
        read_raster_cells(path, clip=(0, 0, 1, 1))


LOCAL = 'LOCAL_CS["a drawing",UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]'


@pytest.mark.parametrize("name", ["a.gpkg", "a.parquet"])
def test_a_plane_that_is_not_of_the_earth_is_no_crs(tmp_path, name):
    places = SQUARES.assign(name="A").set_crs(LOCAL, allow_override=True)
    (places.to_parquet if name == "a.parquet" else places.to_file)(tmp_path / name)
    assert read_table(tmp_path / name).crs is None
    for read in (
        lambda path: read_sites(path, service="gp"),
        lambda path: read_areas(path, hint="-"),
        lambda path: read_municipalities(path, id="CNTR_ID", name="name"),
    ):
        with pytest.raises(InputError, match=r"says no CRS|has no coordinate system"):
            read(tmp_path / name)


def test_sites_of_a_table_in_a_plane_that_is_not_of_the_earth(tmp_path):
    (tmp_path / "sites.csv").write_text("name,x,y\nA,1,2\n")
    with pytest.raises(InputError, match="is none of the earth"):
        read_sites(tmp_path / "sites.csv", service="gp", columns={"lon": "x", "lat": "y"}, crs=LOCAL)


def test_a_layer_that_says_it_has_more_rows_than_its_file_can_hold(tmp_path):
    path = tmp_path / "a.gpkg"
    SQUARES.to_file(path)
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("UPDATE gpkg_ogr_contents SET feature_count = 1000000000")
        base.commit()
    with pytest.raises(InputError, match=r"says that it has 1,000,000,000 rows, but has [0-9,]+ bytes"):
        read_table(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SQUARE.replace("[0, 0]]", "[0, 1]]"), "has a shape that cannot be: .*; correct it and save anew"),
        (SQUARE.encode("utf-16"), "is no file of shapes that is understood; save it anew, as GeoJSON in UTF-8"),
        ("[1, 2]", "is no file of shapes that is understood"),
        ("", "is no file of shapes that is understood"),
        (SQUARE.replace("[0, 0]", "[1e999, 0]"), "cannot be read: .*number"),
        (SQUARE[:-9], "cannot be read: "),
    ],
)
def test_what_is_no_geojson_is_one_sentence(tmp_path, text, says):
    path = tmp_path / "a.geojson"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a library would say the same a second time
        with pytest.raises(InputError, match=rf"a\.geojson: {says}") as error:
            read_table(path)
    assert "\n" not in str(error.value)
