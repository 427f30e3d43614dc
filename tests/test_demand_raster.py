"""Population rasters: their people all arrive in cells and zones, and each zone gets its share of every pixel."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine
from shapely import Point, Polygon, box

from geoaccess.demand import check_cells, read_cells, read_raster_cells, zonal_population
from geoaccess.demand.raster_file import crs_of_raster
from geoaccess.demand.raster_pixels import bands_of_rows
from geoaccess.errors import InputError, MissingFileError

LEFT, TOP = 650_000, 7_740_000
NODATA = -99999.0
shifts = st.floats(-300, 300)


def north_up(left: float, top: float, width: float, height: float) -> Affine:
    return Affine(width, 0, left, 0, -height, top)


def counts(rows: int = 12, columns: int = 17, *, seed: int = 1) -> np.ndarray:
    """People on whole eighths, so that float32 holds every sum, with empty pixels and pixels without data."""
    random = np.random.default_rng(seed)
    people = random.integers(0, 800, (rows, columns)) / 8
    people[random.random(people.shape) < 0.3] = 0
    people[random.random(people.shape) < 0.2] = NODATA
    return people


def total(people: np.ndarray) -> float:
    return float(people[people > 0].sum())


def write(
    path, people, *, crs="EPSG:25833", transform=None, nodata=NODATA, dtype="float32", band=1, pixel=100.0, **profile
):
    transform = transform or north_up(LEFT, TOP, pixel, pixel)
    shape = {"height": people.shape[0], "width": people.shape[1], "count": band}
    with rasterio.open(
        path, "w", driver="GTiff", **shape, dtype=dtype, crs=crs, transform=transform, nodata=nodata, **profile
    ) as raster:
        raster.write(people.astype(dtype), band)
    return path


def shares_by_area(people: np.ndarray, zones: gpd.GeoSeries, transform: Affine) -> list[float]:
    """The oracle: cut every pixel by every zone with shapely."""
    rows, columns = np.nonzero(people > 0)
    left, top = transform.c + columns * transform.a, transform.f + rows * transform.e
    pixels = shapely.box(left, top + transform.e, left + transform.a, top)
    whole = abs(transform.a * transform.e)
    return [float((shapely.area(shapely.intersection(pixels, z)) / whole * people[rows, columns]).sum()) for z in zones]


def wedges(middle: tuple[float, float], radius: float, parts: int, turn: float) -> list[Polygon]:
    """A disc cut like a cake: a partition whose borders cross pixels at all angles."""
    angles = turn + np.linspace(0, 2 * np.pi, 12 * parts + 1)
    rim = np.column_stack([middle[0] + radius * np.cos(angles), middle[1] + radius * np.sin(angles)])
    rim[-1] = rim[0]
    return [Polygon([middle, *rim[12 * i : 12 * i + 13]]) for i in range(parts)]


def test_each_pixel_with_people_is_a_cell(tmp_path):
    people = counts()
    cells = read_raster_cells(write(tmp_path / "r.tif", people))
    rows, columns = np.nonzero(people > 0)
    assert cells["population"].tolist() == people[rows, columns].tolist()
    assert (cells.area == 10_000).all()
    assert cells.bounds["minx"].tolist() == (LEFT + 100 * columns).tolist()
    assert cells.bounds["maxy"].tolist() == (TOP - 100 * rows).tolist()
    assert cells.index[0] == f"CRS25833RES100mN{TOP - 100 * (rows[0] + 1)}E{LEFT + 100 * columns[0]}"
    check_cells(cells)


@pytest.mark.parametrize("size", [100, 200, 500, 1000, 5000])
@pytest.mark.parametrize("shift", [0, 300, 37])
def test_blocks_hold_the_sum_of_their_pixels(tmp_path, size, shift):
    people = counts()
    path = write(tmp_path / "r.tif", people, transform=north_up(LEFT + shift, TOP, 100, 100))
    cells = read_raster_cells(path, cell_size_m=size)
    assert cells["population"].sum() == total(people)
    assert np.allclose(cells.area, size**2)
    if shift != 37:
        assert (cells.bounds % size == 0).all(axis=None)
    fine = read_raster_cells(path)
    joined = gpd.sjoin(fine.set_geometry(fine.centroid), cells[["geometry"]], predicate="within")
    assert len(joined) == len(fine)
    sums = joined.groupby("cell_id_right")["population"].sum()
    assert sums.to_dict() == cells["population"].to_dict()


def test_two_cuts_of_one_raster_have_the_same_cells(tmp_path):
    people = np.abs(counts(20, 20))
    whole = read_raster_cells(write(tmp_path / "a.tif", people), cell_size_m=500)
    part = read_raster_cells(
        write(tmp_path / "b.tif", people[5:], transform=north_up(LEFT, TOP - 500, 100, 100)), cell_size_m=500
    )
    assert part["population"].to_dict() == whole.loc[part.index, "population"].to_dict()


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_blocks_of_degrees_keep_all_people(tmp_path_factory, seed, rows, columns):
    people = counts(seed=seed)
    path = tmp_path_factory.mktemp("degrees") / "r.tif"
    write(path, people, crs="EPSG:4326", transform=north_up(18.9, 69.7, 1 / 1200, 1 / 1200))
    cells = read_raster_cells(path, block=(rows, columns), crs=25833)
    assert cells["population"].sum() == total(people)
    assert cells.crs.to_epsg() == 25833
    blocks = {
        f"r{i // rows}c{j // columns}": float(np.clip(people[i : i + rows, j : j + columns], 0, None).sum())
        for i in range(0, 12, rows)
        for j in range(0, 17, columns)
    }
    assert cells["population"].to_dict() == {name: value for name, value in blocks.items() if value > 0}


def test_pixels_in_degrees_stay_where_they_are(tmp_path):
    people = counts()
    transform = north_up(18.9, 69.7, 1 / 1200, 1 / 1200)
    cells = read_raster_cells(write(tmp_path / "r.tif", people, crs="EPSG:4326", transform=transform), crs="EPSG:25833")
    rows, columns = np.nonzero(people > 0)
    back = cells.to_crs(4326).bounds
    assert np.allclose(back["minx"], 18.9 + columns / 1200, atol=1e-9)
    assert np.allclose(back["miny"], 69.7 - (rows + 1) / 1200, atol=1e-9)
    assert cells["population"].tolist() == people[rows, columns].tolist()
    overlap = shapely.area(shapely.union_all(cells.geometry.to_numpy())) - cells.area.sum()
    assert abs(overlap) < 1e-3
    check_cells(cells)


def test_pixels_that_are_no_squares_are_rectangles(tmp_path):
    people = counts()
    cells = read_raster_cells(write(tmp_path / "r.tif", people, transform=north_up(LEFT, TOP, 50, 100)))
    assert np.allclose(cells.area, 5000)
    assert cells["population"].sum() == total(people)
    assert cells.index.str.fullmatch(r"r\d+c\d+").all()
    joined = read_raster_cells(tmp_path / "r.tif", cell_size_m=100)
    assert joined["population"].sum() == total(people)
    assert np.allclose(joined.area, 10_000)


def test_a_raster_and_a_table_of_one_grid_agree(tmp_path):
    people = counts()
    cells = read_raster_cells(write(tmp_path / "r.tif", people))
    cells[["population"]].to_csv(tmp_path / "grid.csv")
    again = read_cells(tmp_path / "grid.csv")
    assert again["population"].equals(cells["population"])
    assert again.geometry.geom_equals(cells.geometry).all()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_any_type_of_number(tmp_path, dtype):
    people = np.arange(204).reshape(12, 17)
    path = write(tmp_path / "r.tif", people, dtype=dtype, nodata=7)
    everywhere = gpd.GeoDataFrame(geometry=[box(LEFT, TOP - 1200, LEFT + 1700, TOP)], crs=25833)
    assert read_raster_cells(path)["population"].sum() == people.sum() - 7
    assert zonal_population(path, everywhere).tolist() == [people.sum() - 7]


def test_no_data_by_nan_by_mask_and_with_scale(tmp_path):
    people = np.array([[1.0, 2.0], [4.0, np.nan]])
    everywhere = gpd.GeoDataFrame(geometry=[box(LEFT, TOP - 200, LEFT + 200, TOP)], crs=25833)
    path = write(tmp_path / "nan.tif", people, nodata=None)
    assert read_raster_cells(path)["population"].tolist() == [1.0, 2.0, 4.0]
    assert zonal_population(path, everywhere).tolist() == [7.0]
    path = write(tmp_path / "mask.tif", np.nan_to_num(people, nan=9.0), nodata=None)
    with rasterio.open(path, "r+") as raster:
        raster.write_mask(np.array([[1, 1], [1, 0]], dtype=bool))
    assert read_raster_cells(path)["population"].tolist() == [1.0, 2.0, 4.0]
    assert zonal_population(path, everywhere).tolist() == [7.0]
    path = write(tmp_path / "scale.tif", np.array([[1, 2], [4, 0]]), dtype="int16", nodata=0)
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.5,), (1.0,)
    assert read_raster_cells(path)["population"].tolist() == [1.5, 2.0, 3.0]
    assert zonal_population(path, everywhere).tolist() == [6.5]


def test_another_band(tmp_path):
    people = counts()
    path = write(tmp_path / "r.tif", people, band=2)
    everywhere = gpd.GeoDataFrame(geometry=[box(LEFT, TOP - 1200, LEFT + 1700, TOP)], crs=25833)
    assert read_raster_cells(path, band=2)["population"].sum() == total(people)
    assert zonal_population(path, everywhere, band=2).tolist() == [total(people)]
    with pytest.raises(InputError, match="band is 3, and the raster has 2 bands"):
        read_raster_cells(path, band=3)


def test_tall_rasters_are_read_in_parts(tmp_path, monkeypatch):
    people = counts(70, 30)
    path = write(tmp_path / "r.tif", people, tiled=True, blockxsize=16, blockysize=16)
    whole = read_raster_cells(path, cell_size_m=500)
    monkeypatch.setattr("geoaccess.demand.raster_pixels._PIXELS_AT_ONCE", 1)
    assert read_raster_cells(path, cell_size_m=500).equals(whole)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0, 6.3), st.tuples(shifts, shifts))
@settings(max_examples=25, deadline=None)
def test_zones_get_their_share_of_every_pixel(tmp_path_factory, seed, parts, turn, shift):
    people = counts(seed=seed)
    path = write(tmp_path_factory.mktemp("zones") / "r.tif", people)
    middle = (LEFT + 850 + shift[0], TOP - 600 + shift[1])
    zones = gpd.GeoDataFrame(
        geometry=wedges(middle, 2500, parts, turn), crs=25833, index=[f"z{i}" for i in range(parts)]
    )
    sums = zonal_population(path, zones)
    assert sums.index.tolist() == zones.index.tolist()
    assert sums.name == "population"
    oracle = shares_by_area(people, zones.geometry, north_up(LEFT, TOP, 100, 100))
    assert np.allclose(sums, oracle, rtol=1e-5, atol=1e-2)
    # The disc covers the raster: what one wedge does not get, another does.
    assert sums.sum() == pytest.approx(total(people), rel=1e-6)


def test_small_zones_inside_one_pixel(tmp_path):
    path = write(tmp_path / "r.tif", np.full((3, 3), 800.0))
    zones = gpd.GeoDataFrame(
        geometry=[
            Polygon([(LEFT + 10, TOP - 10), (LEFT + 60, TOP - 10), (LEFT + 10, TOP - 60)]),
            Point(LEFT, TOP).buffer(20),
        ],
        crs=25833,
    )
    quarter = zones.geometry.iloc[1].area / 4
    assert zonal_population(path, zones).tolist() == pytest.approx([800 * 0.125, 800 * quarter / 10_000], rel=1e-5)


@pytest.mark.parametrize("crs", [3035, 4326, 32634])
def test_zones_are_converted_not_the_raster(tmp_path, crs):
    people = counts(60, 85)
    path = write(tmp_path / "r.tif", people)
    zones = gpd.GeoDataFrame(geometry=wedges((LEFT + 4000.0, TOP - 3100.0), 9000, 5, 0.3), crs=25833)
    zones = zones.set_geometry(zones.segmentize(100))  # the same shape in every CRS
    sums = zonal_population(path, zones.to_crs(crs))
    assert np.allclose(sums, zonal_population(path, zones), rtol=1e-3)
    assert sums.sum() == pytest.approx(total(people), rel=1e-6)


def test_long_edges_of_zones_bend_with_their_crs(tmp_path):
    # A meridian is a straight edge in degrees and a curve in the raster: half the longitudes must stay on each side.
    people = np.ones((400, 60))
    path = write(tmp_path / "r.tif", people, pixel=1000, transform=north_up(700_000, 7_800_000, 1000, 1000))
    zones = gpd.GeoDataFrame(geometry=[box(0, 60, 20, 75), box(20, 60, 40, 75)], crs=4326)
    centres = gpd.GeoSeries(
        [Point(700_500 + 1000 * j, 7_799_500 - 1000 * i) for i in range(400) for j in range(60)], crs=25833
    ).to_crs(4326)
    west = int((centres.x < 20).sum())
    sums = zonal_population(path, zones)
    assert sums.sum() == pytest.approx(24_000, rel=1e-6)
    assert sums.iloc[0] == pytest.approx(west, abs=40)


def test_zones_outside_hold_nobody_but_not_all_may_be(tmp_path):
    path = write(tmp_path / "r.tif", np.ones((2, 2)))
    zones = gpd.GeoDataFrame(geometry=[box(LEFT, TOP - 200, LEFT + 200, TOP), box(0, 0, 1, 1)], crs=25833, index=[7, 7])
    sums = zonal_population(path, zones)
    assert sums.tolist() == [4.0, 0.0]
    assert sums.index.tolist() == [7, 7]
    with pytest.raises(InputError, match="no zone touches the raster"):
        zonal_population(path, zones.iloc[1:])


def test_zones_that_cannot_be_used(tmp_path):
    path = write(tmp_path / "r.tif", np.ones((2, 2)))
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    zones = gpd.GeoDataFrame(geometry=[bow, None, Point(0, 0)], index=["a", "b", "c"])
    with pytest.raises(InputError) as caught:
        zonal_population(path, zones)
    for part in (
        "zones: 4 problems",
        "no CRS",
        "not valid (repair it with make_valid) in 1: a",
        "missing in 1: b",
        "no polygon in 1: c",
    ):
        assert part in str(caught.value)
    with pytest.raises(InputError, match="have no rows"):
        zonal_population(path, gpd.GeoDataFrame(geometry=[], crs=25833))


@pytest.mark.parametrize(
    ("people", "profile", "says"),
    [
        (
            np.array([[1.0, -99999.0]]),
            {"nodata": None},
            r"in 1 pixel, first in row 1, column 2 \(-99999\); no nodata value",
        ),
        (np.array([[1.0, -1.0], [-2.0, 3.0]]), {}, r"in 2 pixels, first in row 1, column 2 \(-1\); nodata is -99999"),
        (np.array([[1.0, np.inf]]), {}, r"row 1, column 2 \(inf\)"),
        (np.array([[1.0, 2.0]]), {"crs": None}, "does not say its CRS"),
        (np.array([[1.0, 2.0]]), {"transform": Affine(100, 10, LEFT, 10, -100, TOP)}, "rotated or not north up"),
        (np.array([[1.0, 2.0]]), {"transform": Affine(100, 0, LEFT, 0, 100, TOP)}, "rotated or not north up"),
        (np.array([[1.0, 2.0]]), {"crs": "EPSG:4326"}, "swapped axes"),
    ],
)
def test_rasters_that_cannot_be_used(tmp_path, people, profile, says):
    path = write(tmp_path / "r.tif", people, **profile)
    zones = gpd.GeoDataFrame(geometry=[box(LEFT, TOP - 200, LEFT + 200, TOP)], crs=25833)
    for use in (read_raster_cells, lambda p: zonal_population(p, zones)):
        with pytest.raises(InputError, match=says) as caught:
            use(path)
        assert str(path) in str(caught.value)


def test_rasters_that_hold_no_cells(tmp_path):
    with pytest.raises(InputError, match="band 1 holds nobody"):
        read_raster_cells(write(tmp_path / "r.tif", np.zeros((2, 2))))
    with pytest.raises(MissingFileError):
        read_raster_cells(tmp_path / "none.tif")
    (tmp_path / "text.tif").write_text("text")
    with pytest.raises(InputError, match="cannot be read as a raster"):
        read_raster_cells(tmp_path / "text.tif")


def test_degrees_need_a_crs_in_metres(tmp_path):
    path = write(tmp_path / "r.tif", np.ones((2, 2)), crs="EPSG:4326", transform=north_up(18.9, 69.7, 0.01, 0.01))
    with pytest.raises(InputError, match=r"in degrees \(EPSG:4326\); give crs in metres, e.g. EPSG:32634"):
        read_raster_cells(path)
    with pytest.raises(InputError, match="cells need a projected CRS"):
        read_raster_cells(path, crs=4326)
    with pytest.raises(InputError, match="pixels are in degrees; give block instead"):
        read_raster_cells(path, crs=25833, cell_size_m=1000)
    with pytest.raises(InputError, match="4 of 4 cells lie outside the area of EPSG:2154"):
        read_raster_cells(path, crs=2154)


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"cell_size_m": 250}, "no whole multiple of the pixels' 100 x 100 m"),
        ({"cell_size_m": 50}, "no whole multiple"),
        ({"cell_size_m": 200, "block": (2, 2)}, "give one of them"),
        ({"block": (0, 1)}, "whole numbers from 1"),
        ({"block": (1.5, 1)}, "whole numbers from 1"),
    ],
)
def test_cells_are_whole_pixels(tmp_path, settings_, says):
    with pytest.raises(InputError, match=says):
        read_raster_cells(write(tmp_path / "r.tif", np.ones((4, 4))), **settings_)


def test_people_of_a_real_grid_by_municipality(tmp_path, data):
    """Troms burnt into a raster and summed over its cells' convex hulls by municipality, against shapely."""
    cells = read_cells(data / "troms" / "population_250m_2019.csv", carry=["kommunenummer"])
    left, bottom, right, top = cells.total_bounds
    people = np.zeros((int(top - bottom) // 250, int(right - left) // 250))
    rows, columns = (top - cells.bounds["maxy"]) // 250, (cells.bounds["minx"] - left) // 250
    people[rows.astype(int), columns.astype(int)] = cells["population"]
    path = write(tmp_path / "r.tif", people, transform=north_up(left, top, 250, 250))
    assert read_raster_cells(path)["population"].sum() == 193_468
    hulls = cells.dissolve("kommunenummer").convex_hull
    zones = gpd.GeoDataFrame(geometry=hulls)
    oracle = shares_by_area(people, hulls, north_up(left, top, 250, 250))
    assert np.allclose(zonal_population(path, zones), oracle, rtol=1e-5)
    whole = gpd.GeoDataFrame(geometry=[box(left, bottom, right, top)], crs=cells.crs)
    assert zonal_population(path, whole).tolist() == [193_468]


def test_norwegian_municipalities_get_all_people_of_troms(tmp_path, shared):
    zones = gpd.read_file(shared / "norway" / "kommuner_2024.geojson").set_index("kommunenummer")
    path = write(tmp_path / "r.tif", np.ones((50, 50)), pixel=1000, transform=north_up(650_000, 7_740_000, 1000, 1000))
    sums = zonal_population(path, zones[zones.is_valid])
    shares = zones[zones.is_valid].to_crs(25833).intersection(box(650_000, 7_690_000, 700_000, 7_740_000)).area / 1e6
    assert np.allclose(sums, shares, atol=0.05)


def test_a_clip_reads_its_part_of_a_raster_alone_and_keeps_ids_and_people(tmp_path, monkeypatch):
    """The pixels of a window, some rows at a time: never those of the whole raster together."""
    people = counts(70, 90)
    path = write(tmp_path / "r.tif", people, tiled=True, blockxsize=16, blockysize=16)
    whole = read_raster_cells(path)
    centre = whole.geometry.centroid.to_crs(4326)
    west, south, east, north = centre.total_bounds
    clip = (west + (east - west) / 3, south + (north - south) / 4, (west + east) / 2, (south + north) / 2)
    inside = centre.x.between(clip[0], clip[2]) & centre.y.between(clip[1], clip[3])
    read = []

    def recorded(*given, **options):
        for first, part in bands_of_rows(*given, **options):
            read.append(part.size)
            yield first, part

    monkeypatch.setattr("geoaccess.demand.raster_pixels.bands_of_rows", recorded)
    monkeypatch.setattr("geoaccess.demand.raster_pixels._PIXELS_AT_ONCE", 500)
    clipped = read_raster_cells(path, clip=clip)
    assert clipped.index.tolist() == whole.index[inside].tolist()
    assert clipped["population"].tolist() == whole["population"][inside].tolist()
    assert 0 < len(clipped) < len(whole) / 4
    assert sum(read) < people.size / 3
    assert max(read) <= 500


def test_more_cells_than_can_be_computed_at_once_are_refused_before_polygons_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr("geoaccess.demand.raster._MOST_CELLS", 10)
    path = write(tmp_path / "r.tif", counts())
    with pytest.raises(InputError, match=r"cells hold people, which is more.*give clip or border, or join pixels"):
        read_raster_cells(path)
    assert len(read_raster_cells(path, cell_size_m=1000)) <= 10


LOCAL = 'LOCAL_CS["a drawing",UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]'


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"crs": LOCAL}, "does not say its CRS"),
        ({"transform": Affine(1e-320, 0, LEFT, 0, -1e-320, TOP)}, "lie nowhere"),
        ({"transform": Affine(100, 0, 1e300, 0, -100, TOP)}, "lie nowhere"),
        ({"transform": Affine(float("nan"), 0, LEFT, 0, -100, TOP)}, "lie nowhere"),
        ({"transform": Affine(100, 0, LEFT, 0, float("nan"), TOP)}, "lie nowhere"),
    ],
)
def test_pixels_that_lie_nowhere_are_refused(tmp_path, given, said):
    path = write(tmp_path / "r.tif", counts(), **given)
    for read in (read_raster_cells, lambda file: read_raster_cells(file, crs="EPSG:25833"), crs_of_raster):
        with pytest.raises(InputError, match=said):
            read(path)


def test_a_raster_that_is_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "r.tif", counts(300, 400), compress="deflate")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"r\.tif: (is cut off or damaged|cannot be read as a raster)"):
        read_raster_cells(path)
    damaged = bytearray(whole)
    damaged[2000:2400] = bytes(400)
    path.write_bytes(damaged)
    zones = gpd.GeoDataFrame(geometry=[shapely.box(LEFT, TOP - 1000, LEFT + 1000, TOP)], crs=25833)
    for read in (read_raster_cells, lambda file: zonal_population(file, zones)):
        with pytest.raises(InputError, match="is cut off or damaged"):
            read(path)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_values_without_data_that_no_pixel_can_have_take_no_people(tmp_path, dtype):
    # -99 in a byte would be 157, and -200 in two 65336.
    people = np.array([[157, 3], [65336 % 256, 57]]) if dtype == "uint8" else np.array([[157, 3], [32000, 57]])
    path = write(tmp_path / "r.tif", people, dtype=dtype, nodata=None)
    assert read_raster_cells(path, nodata=[-99, -200, 3.5, 1e300, 57])["population"].sum() == people.sum() - 57


def test_numbers_that_are_no_counts_are_refused(tmp_path):
    path = write(tmp_path / "r.tif", np.array([[1, 2]]), dtype="complex64", nodata=None)
    with pytest.raises(InputError, match="complex64, which are no counts"):
        read_raster_cells(path)


def test_a_raster_that_says_more_pixels_than_it_can_hold_is_refused(tmp_path):
    shape = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": "EPSG:25833", "SPARSE_OK": True}
    path = tmp_path / "r.tif"
    tiles = {"tiled": True, "blockxsize": 4096, "blockysize": 4096}
    with rasterio.open(path, "w", **shape, **tiles, height=20_000, width=20_000, transform=north_up(0, 7e6, 10, 10)):
        pass
    with pytest.raises(InputError, match=r"says that it has 400,000,000 pixels, but has [0-9,]+ bytes"):
        read_raster_cells(path)
