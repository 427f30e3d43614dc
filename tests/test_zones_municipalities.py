"""Reading municipalities: identifiers as text, borders that hold, and every fault named."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import mapping

from geoaccess.errors import InputError, MissingFileError
from geoaccess.zones import read_municipalities

BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])  # crosses itself; its area is two triangles of 1 each


def square(x, y, size=1.0):
    return shapely.box(x, y, x + size, y + size)


@pytest.fixture
def geojson(tmp_path):
    def write(*features):
        body = [
            {"type": "Feature", "properties": properties, "geometry": geometry and mapping(geometry)}
            for properties, geometry in features
        ]
        path = tmp_path / "kommuner.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": body}), encoding="utf-8")
        return path

    return write


def test_identifiers_keep_their_leading_zeros_and_are_sorted(geojson):
    path = geojson(
        ({"nr": "5501", "navn": "Tromsø", "fylke": "Troms", "fnr": 55}, square(18, 69)),
        ({"nr": "0301", "navn": "Oslo", "fylke": None, "fnr": None}, square(10, 59)),
    )
    found = read_municipalities(path, id="nr", name="navn", region_id="fnr", region="fylke")
    assert found.index.tolist() == ["0301", "5501"]
    assert found.index.name == "municipality_id"
    assert found.drop(columns="geometry").to_numpy().tolist() == [["Oslo", "", ""], ["Tromsø", "55", "Troms"]]
    assert found.crs == "EPSG:4326"
    assert set(found.geom_type) == {"MultiPolygon"}


def test_numbers_become_text_and_get_back_their_zeros(geojson):
    path = geojson(({"nr": 301, "navn": "Oslo"}, square(10, 59)), ({"nr": 5501, "navn": "Tromsø"}, square(18, 69)))
    assert read_municipalities(path, id="nr", name="navn").index.tolist() == ["301", "5501"]
    assert read_municipalities(path, id="nr", name="navn", digits=4).index.tolist() == ["0301", "5501"]


@pytest.mark.parametrize("shape", ["POINT (0 NaN)", "POLYGON ((0 0, 1 0, Infinity 1, 0 0))"])
def test_a_border_with_a_corner_that_is_nowhere_is_no_area(tmp_path, shape):
    path = tmp_path / "kommuner.gpkg"
    shapes = [shapely.from_wkt(shape), square(18, 69)]
    gpd.GeoDataFrame({"nr": ["1", "2"], "navn": ["Aa", "Bø"]}, geometry=shapes, crs="EPSG:4326").to_file(path)
    with pytest.raises(InputError, match=r"feature 1 \(1 Aa\): has no area"):
        read_municipalities(path, id="nr", name="navn")


def test_a_border_that_no_projection_has_a_place_for_is_refused(tmp_path):
    path = tmp_path / "kommuner.gpkg"
    shapes = [square(6e5, 7.7e6, 1000), square(1e30, 1e30, 1e28)]
    gpd.GeoDataFrame({"nr": ["1", "2"], "navn": ["Aa", "Bø"]}, geometry=shapes, crs="EPSG:25833").to_file(path)
    with pytest.raises(InputError, match=r"2 Bø would lie nowhere on Earth"):
        read_municipalities(path, id="nr", name="navn")


def test_parts_of_one_municipality_are_joined(geojson):
    one = {"nr": "1", "navn": "Aa"}
    found = read_municipalities(
        geojson((one, square(0, 0)), (one, square(5, 5)), (one, square(1, 0))), id="nr", name="navn"
    )
    assert len(found) == 1
    assert found.geometry.iloc[0].equals(shapely.MultiPolygon([shapely.box(0, 0, 2, 1), square(5, 5)]))


def test_invalid_borders_are_repaired_and_lines_and_heights_dropped(geojson):
    with_height = shapely.force_3d(square(9, 9), 12.0)
    path = geojson(
        ({"nr": "1", "navn": "Tie"}, BOW_TIE),
        ({"nr": "2", "navn": "High"}, with_height),
        ({"nr": "3", "navn": "Spike"}, shapely.Polygon([(4, 0), (5, 0), (5, 1), (4, 1), (4, 0), (3, 0), (4, 0)])),
        # Repairing this one gives a collection of a line and a multipolygon.
        ({"nr": "4", "navn": "Both"}, shapely.Polygon([*BOW_TIE.exterior.coords, (-1, 0), (0, 0)])),
    )
    found = read_municipalities(path, id="nr", name="navn")
    assert found.is_valid.all()
    assert shapely.area(found.geometry.to_numpy()).tolist() == [2, 1, 1, 2]
    assert not found.has_z.any()


def test_other_coordinate_systems_are_brought_to_longitude_and_latitude(tmp_path):
    frame = gpd.GeoDataFrame({"nr": ["0301"], "navn": ["Oslo"]}, geometry=[square(10.5, 59.5)], crs=4326)
    frame.to_crs(25833).to_file(tmp_path / "m.gpkg")
    found = read_municipalities(tmp_path / "m.gpkg", id="nr", name="navn")
    assert found.geometry.iloc[0].symmetric_difference(square(10.5, 59.5)).area < 1e-9


def test_a_file_without_coordinate_system_is_refused(tmp_path):
    frame = gpd.GeoDataFrame({"nr": ["0301"], "navn": ["Oslo"]}, geometry=[square(0, 0)])
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(tmp_path / "m.gpkg")
    with pytest.raises(InputError, match=r"m\.gpkg: has no coordinate system"):
        read_municipalities(tmp_path / "m.gpkg", id="nr", name="navn")


def test_every_fault_is_named_at_once(geojson):
    path = geojson(
        ({"nr": None, "navn": "Nowhere"}, square(0, 0)),
        ({"nr": "2", "navn": "Empty"}, None),
        ({"nr": "3", "navn": "Road"}, shapely.LineString([(0, 0), (1, 1)])),
        ({"nr": "4", "navn": "Herøy"}, square(0, 0)),
        ({"nr": "4", "navn": "Bø"}, square(3, 3)),
    )
    with pytest.raises(InputError) as error:
        read_municipalities(path, id="nr", name="navn")
    message = str(error.value)
    assert "4 problems" in message
    assert "feature 1 ('Nowhere'): no identifier" in message
    assert "feature 2 (2 Empty): has no area" in message
    assert "feature 3 (3 Road): has no area" in message
    assert "identifier 4 is given to Herøy and Bø" in message


def test_missing_files_columns_and_features_are_named(geojson, tmp_path):
    with pytest.raises(MissingFileError, match="nowhere"):
        read_municipalities(tmp_path / "nowhere.geojson", id="nr", name="navn")
    with pytest.raises(InputError, match="no column kode, fylke; there are nr, navn"):
        read_municipalities(geojson(({"nr": "1", "navn": "Aa"}, square(0, 0))), id="kode", name="navn", region="fylke")
    (tmp_path / "text.geojson").write_text("not json")
    with pytest.raises(InputError, match=r"text\.geojson: is no file of shapes that is understood"):
        read_municipalities(tmp_path / "text.geojson", id="nr", name="navn")
    with pytest.raises(InputError, match="has no"):
        read_municipalities(geojson(), id="nr", name="navn")


@pytest.mark.shared
def test_the_municipalities_of_norway(shared):
    found = read_municipalities(shared / "norway" / "kommuner_2024.geojson", id="kommunenummer", name="name")
    assert len(found) == 357
    assert found.loc["0301", "name"] == "Oslo"
    assert found.index.str.fullmatch(r"\d{4}").all()
    assert found.is_valid.all()
