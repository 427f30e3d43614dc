"""Studies on rasters of people: in degrees, of pixels that are no squares, and of values that are no people."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import osmium
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from test_study_tiny import CELLS, ORIGIN_E, ORIGIN_N, PEOPLE, STUDY, TOTAL, degrees, write_study

from geoaccess.demand import raster_grid, read_raster_cells
from geoaccess.errors import InputError, NoCellError
from geoaccess.maps import geotiff
from geoaccess.maps.blocks import joined
from geoaccess.maps.results import cells_of, squares
from geoaccess.study import check, load_study, run_study, stages

RASTER = STUDY.replace('file = "people.csv"', 'file = "people.tif"\ncrs = "EPSG:25833"')


def write_raster(path, values, *, crs, transform, dtype="float64", nodata=None):
    shape = {"height": values.shape[0], "width": values.shape[1], "count": 1}
    with rasterio.open(
        path, "w", driver="GTiff", dtype=dtype, crs=crs, transform=transform, nodata=nodata, **shape
    ) as file:
        file.write(values.astype(dtype), 1)


def in_degrees(path, *, size=1 / 40):
    """The people of the small country on a grid of degrees."""
    corners = np.array([degrees(x + 0.5, y + 0.5) for x, y, _ in CELLS.values()])
    west, north = np.floor(corners[:, 0].min() / size) * size, np.ceil(corners[:, 1].max() / size) * size
    row = ((north - corners[:, 1]) / size).astype(int)
    column = ((corners[:, 0] - west) / size).astype(int)
    values = np.zeros((row.max() + 1, column.max() + 1))
    np.add.at(values, (row, column), [*PEOPLE.values()])
    write_raster(path, values, crs="EPSG:4326", transform=from_origin(west, north, size, size))
    return values


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("degrees")
    study = write_study(folder, RASTER)
    values = in_degrees(folder / "people.tif")
    return folder, values, run_study(load_study(study), show=False)


def test_a_study_in_degrees_runs_to_the_end_and_loses_nobody(ran):
    _, _, answers = ran
    assert answers.population == pytest.approx(TOTAL)


def test_results_lie_on_the_pixels_of_the_input(ran):
    folder, values, answers = ran
    with rasterio.open(folder / "people.tif") as people, rasterio.open(folder / "out" / "gp.tif") as times:
        assert times.crs == people.crs
        assert times.res == pytest.approx(people.res)
        left = (times.bounds.left - people.bounds.left) / people.res[0]
        top = (people.bounds.top - times.bounds.top) / people.res[1]
        assert (left, top) == pytest.approx((round(left), round(top)), abs=1e-6)
        codes = times.read(2)
        inhabited = np.argwhere(codes != -9999) + np.array([round(top), round(left)])
        assert sorted(map(tuple, inhabited.tolist())) == sorted(map(tuple, np.argwhere(values > 0).tolist()))
        minutes = times.read(1)[codes != -9999]
    expected = answers.results["gp_s"].to_numpy() / 60
    assert np.sort(minutes[minutes != -9999]) == pytest.approx(np.sort(expected[np.isfinite(expected)]), rel=1e-6)


def test_pixels_that_are_no_squares_are_drawn_and_written_as_they_are(tmp_path):
    values = np.array([[1.0, 0.0, 2.0], [0.0, 4.0, 8.0]])
    write_raster(tmp_path / "r.tif", values, crs="EPSG:25833", transform=from_origin(500_000, 7_001_000, 250, 500))
    cells = read_raster_cells(tmp_path / "r.tif")
    results = cells.assign(gp_s=cells["population"] * 60, gp_reason="")
    geotiff(tmp_path / "o.tif", results=results, column="gp_s", grid=raster_grid(tmp_path / "r.tif"))
    with rasterio.open(tmp_path / "o.tif") as file:
        assert file.transform == from_origin(500_000, 7_001_000, 250, 500)
        assert np.where(file.read(1) == -9999, 0, file.read(1)).tolist() == values.tolist()
    shape = squares(results)
    assert (shape.side_m, shape.height_m) == (250, 500)

    class Service:
        key = "gp"

    drawn = joined(cells_of(results, [Service()], site_ids=None), factor=2)
    assert drawn.population.sum() == 15
    assert sorted(zip(drawn.squares.west, drawn.squares.south, drawn.population, strict=True)) == [
        (500_000, 7_000_000, 5.0),
        (500_500, 7_000_000, 10.0),
    ]


def test_cells_of_several_sizes_are_drawn_as_they_are_and_are_no_raster(tmp_path):
    mixed = gpd.GeoDataFrame(geometry=shapely.box([0, 1000], 0, [1000, 1500], 1000), crs=25833)
    assert shapely.area(squares(mixed).shapes).tolist() == [1e6, 5e5]
    with pytest.raises(InputError, match="squares or rectangles of one grid"):
        geotiff(tmp_path / "o.tif", results=mixed.assign(gp_s=60.0), column="gp_s")


@pytest.mark.parametrize("value", [3.4e38, 65535.0 * 1000])
def test_more_people_than_can_live_there_are_refused(tmp_path, value):
    study = write_study(tmp_path, RASTER)
    values = np.ones((3, 3))
    values[1, 1] = value
    where = from_origin(ORIGIN_E, ORIGIN_N, 1000, 1000)
    write_raster(tmp_path / "people.tif", values, crs="EPSG:25833", transform=where)
    with pytest.raises(InputError, match="more than can live there"):
        check(load_study(study))
    text = RASTER.replace("[population]", f"[population]\nnodata = [{value:.6g}]")
    study.write_text(text, encoding="utf-8")
    assert stages.read_people(load_study(study))["population"].sum() == 8


def test_ids_are_no_people(tmp_path):
    study = write_study(tmp_path, STUDY.replace('people = "people"', 'people = "number"'))
    rows = [f"CRS25833RES1000mN{ORIGIN_N}E{ORIGIN_E + 1000 * n},{22_620_007_021_000 + n}" for n in range(3)]
    (tmp_path / "people.csv").write_text("\n".join(["cell_id,number", *rows]), encoding="utf-8")
    with pytest.raises(InputError, match="check which column"):
        stages.read_people(load_study(study))


def test_check_asks_about_values_that_often_mean_none(tmp_path):
    study = write_study(tmp_path, RASTER)
    values = np.full((4, 30), 255.0)
    values[0] = 12
    where = from_origin(ORIGIN_E, ORIGIN_N + 4000, 1000, 1000)
    write_raster(tmp_path / "people.tif", values, crs="EPSG:25833", transform=where)
    found = check(load_study(study))
    assert any("90 cells hold exactly 255 people" in line for line in found)
    assert any(line.startswith("194 people per km²") for line in found)  # (30 * 12 + 90 * 255) / 120 km2


BORDER = {"boundary": "administrative", "admin_level": "7", "name": "Aa"}


def write_border(path, west, south, east, north):
    """An extract with one boundary around a box in degrees."""
    corners = [(west, south), (east, south), (east, north), (west, north)]
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, at in enumerate(corners, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=at, version=1))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2, 3, 4, 1], tags=BORDER, version=1))
        tags = {"type": "boundary", **BORDER}
        writer.add_relation(osmium.osm.mutable.Relation(id=9, members=[("w", 1, "outer")], tags=tags, version=1))


@pytest.mark.parametrize("clip", ["", "clip = [10, 60, 30, 75]"])
def test_a_raster_beyond_the_border_is_refused_by_the_border(tmp_path, clip):
    text = RASTER.replace("[population]", f'[population]\nborder = {{ name = "Aa" }}\n{clip}')
    study = write_study(tmp_path, text)
    where = from_origin(ORIGIN_E, ORIGIN_N, 1000, 1000)
    write_raster(tmp_path / "people.tif", np.ones((3, 3)), crs="EPSG:25833", transform=where)
    write_border(tmp_path / "roads.osm.pbf", 20.0, 65.0, 20.5, 65.5)
    with pytest.raises(InputError, match=r"no cell of .*people.tif lies inside .*boundary name=Aa") as caught:
        stages.read_people(load_study(study))
    assert ("clip" in str(caught.value)) == bool(clip)


def test_a_clip_that_holds_nobody_is_named_as_such(tmp_path):
    """Whatever its message says, an error that is not about cells is not taken for one about a border."""
    study = write_study(tmp_path, RASTER.replace("[population]", "[population]\nclip = [1, 2, 3, 4]"))
    where = from_origin(ORIGIN_E, ORIGIN_N, 1000, 1000)
    write_raster(tmp_path / "people.tif", np.ones((3, 3)), crs="EPSG:25833", transform=where)
    with pytest.raises(NoCellError, match="leaves no cell"):
        stages.read_people(load_study(study))
