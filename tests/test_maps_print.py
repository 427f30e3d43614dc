"""Figures and rasters: what is on the paper and in the pixels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from PIL import Image

from geoaccess.errors import InputError
from geoaccess.maps import (
    LorenzCurve,
    band_colours,
    default_bands,
    geotiff,
    lorenz_figure,
    pixels_of,
    service_map,
    time_curves,
)
from geoaccess.maps.curves import Group, draw_panel
from geoaccess.maps.look import Look
from geoaccess.measures import REASONS
from geoaccess.phrases import section

pytestmark = pytest.mark.usefixtures("sharp_pictures")

HEADS = {"title": "Care in $Iceland$ <b>", "disclaimer": "Made-up times.", "attribution": "© OpenStreetMap"}


@dataclass(frozen=True)
class Service:
    key: str = "gp"
    label: str = "GP $x^2$"
    direction: str = "to_sites"
    norms_s: tuple[float, ...] = (1200.0,)
    proxy_note: str = "A proxy."
    norm_column: str = ""
    time: str = "travel"
    from_call: bool = False

    @property
    def norm_limits(self):
        return tuple((norm,) for norm in self.norms_s)


@pytest.fixture(scope="module")
def results(data) -> gpd.GeoDataFrame:
    read = pd.read_csv(data / "iceland" / "population_1km_2018.csv").set_index("cell_id")
    squares = shapely.box(read["x_3035"], read["y_3035"], read["x_3035"] + 1000, read["y_3035"] + 1000)
    table = gpd.GeoDataFrame(read[["population"]].astype(float), geometry=squares, crs=3035)
    number = np.arange(len(table))
    lost = number % 40 == 3
    table["gp_s"] = np.where(lost, np.inf, number * 7.3)
    table.loc[table.index[43], "gp_s"] = np.nan
    table["gp_reason"] = np.where(lost, np.array([*REASONS, "meteor"])[number % 5], "")
    table["gp_second_s"] = np.where(number % 40 < 5, np.inf, number * 9.1)
    table["centrality_class"] = pd.array([None, 1, 2, 3, 4, 5, 6] * len(table), dtype="Int8")[: len(table)]
    return table


@pytest.fixture(scope="module")
def around(results) -> dict[str, gpd.GeoDataFrame]:
    west, south, east, north = results.total_bounds
    places = gpd.GeoSeries([shapely.Point(west + 9e4, south + 9e4), shapely.Point(east, north)], crs=3035).to_crs(4326)
    line = gpd.GeoSeries([shapely.LineString([(west, south), (east, north)])] * 2, crs=3035).to_crs(4326)
    area = gpd.GeoSeries([shapely.box(west, south, east - 1e5, north)], crs=3035).to_crs(4326)
    return {
        "sites": gpd.GeoDataFrame({"service": "gp", "name": "", "proxy": [True, False]}, geometry=places),
        "ferries": gpd.GeoDataFrame({"cars": [True, False]}, geometry=line),
        "roads": gpd.GeoDataFrame({"highway": ["trunk", "path"]}, geometry=line),
        "municipalities": gpd.GeoDataFrame({"name": ["x"]}, geometry=area),
    }


def pixels(path) -> np.ndarray:
    with Image.open(path) as picture:
        assert round(picture.info["dpi"][0]) == 200
        assert "Software" not in picture.info
        return np.asarray(picture.convert("RGB")).astype(int)


def beside_the_legend(path) -> np.ndarray:
    """The left of a map, without the legend of 2.75 inches and the margin."""
    return pixels(path)[:, : -round((2.75 + 0.3) * 200)]


def inked(picture: np.ndarray, colour: str) -> int:
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return int((np.abs(picture - wanted).max(axis=2) <= 2).sum())


def test_the_map_of_a_service_has_every_band_and_is_the_same_twice(tmp_path, results, around):
    for name in ("a.png", "b.png"):
        service_map(tmp_path / name, results=results, service=Service(), **around, **HEADS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    picture = beside_the_legend(tmp_path / "a.png")
    edges = default_bands((1200.0,))
    for colour in band_colours(len(edges) + 1):
        assert inked(picture, colour) > 20
    assert inked(picture, "#16181c") > 20
    assert inked(picture, "#c2007a") > 20


def test_maps_that_share_what_was_made_are_those_drawn_alone(tmp_path, results, around, monkeypatch):
    """In another projection, or with another window, each makes its own."""
    asked = {"a": {}, "wide": {"look": Look(width_mm=250)}, "leaning": {"look": Look(crs="EPSG:32627")}}
    made: dict = {}
    for name, own in asked.items():
        service_map(tmp_path / f"{name}.png", results=results, service=Service(), made=made, **around, **own, **HEADS)
        service_map(tmp_path / f"{name}-alone.png", results=results, service=Service(), **around, **own, **HEADS)
        assert (tmp_path / f"{name}.png").read_bytes() == (tmp_path / f"{name}-alone.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "leaning.png").read_bytes()
    monkeypatch.setattr(shapely, "simplify", None)  # nothing of the layers is made once more
    service_map(tmp_path / "c.png", results=results, service=Service(), made=made, **around, **HEADS)
    assert (tmp_path / "c.png").read_bytes() == (tmp_path / "a.png").read_bytes()


def test_a_disclaimer_takes_room_and_ink(tmp_path, results):
    service_map(tmp_path / "a.png", results=results, service=Service(), **HEADS)
    service_map(tmp_path / "b.png", results=results, service=Service(), **{**HEADS, "disclaimer": ""})
    with_it, without = pixels(tmp_path / "a.png"), pixels(tmp_path / "b.png")
    assert with_it.shape[0] > without.shape[0]
    assert inked(with_it, "#fdecea") > 10_000 > inked(without, "#fdecea")


def test_lone_cells_are_seen_on_the_map_of_a_large_country(tmp_path):
    corners = [(0, 0), (400_000, 0), (800_000, 900_000), (0, 1_500_000), (10_000, 700_000)]
    squares = [shapely.box(x, y, x + 250, y + 250) for x, y in corners]
    table = gpd.GeoDataFrame(
        {"population": 1.0, "gp_s": [9000.0] * 4 + [np.inf], "gp_reason": [""] * 4 + ["no_road_within"]},
        geometry=squares,
        crs=25833,
    )
    service_map(tmp_path / "a.png", results=table, service=Service(), bands_s={"gp": [60.0], "other": [1.0]}, **HEADS)
    found = inked(beside_the_legend(tmp_path / "a.png"), band_colours(2)[1])
    assert 4 * 3 * 3 <= found <= 4 * 6 * 6


@pytest.mark.parametrize("language", ["en", "nb"])
def test_curves_are_drawn_with_and_without_classes(tmp_path, results, language):
    services = [Service(), Service(key="gp_second", label="Second", norms_s=())]
    table = pd.DataFrame(results.drop(columns="geometry"))
    table["gp_second_reason"] = np.where(np.isfinite(table["gp_second_s"]), "", "no_site_reachable")
    time_curves(tmp_path / "a.png", results=table, services=services, language=language, **HEADS)
    time_curves(tmp_path / "b.png", results=table, services=services, language=language, **HEADS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    plain = table.drop(columns="centrality_class")
    time_curves(tmp_path / "c.png", results=plain, services=services, language=language, **HEADS)
    assert inked(pixels(tmp_path / "a.png"), "#d9741a") > 300
    assert inked(pixels(tmp_path / "c.png"), "#d9741a") == 0
    assert inked(pixels(tmp_path / "c.png"), "#16181c") > 2000


def test_nobody_has_no_curve(tmp_path, results):
    with pytest.raises(InputError, match="nobody"):
        time_curves(tmp_path / "a.png", results=results.assign(population=0.0), services=[Service()], **HEADS)


def test_lorenz_curves(tmp_path):
    share = np.linspace(0, 1, 50)
    curves = [LorenzCurve("GP", share, share**2, 1 / 3), LorenzCurve("Hospital", share, share**3, 0.5)]
    for name in ("a.png", "b.png"):
        lorenz_figure(tmp_path / name, curves=curves, language="nb", **HEADS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert inked(pixels(tmp_path / "a.png"), "#0072b2") > 1000


@pytest.mark.parametrize("bad", [[0, 0.5], [0, 1, 0.5, 1], [0.2, 1], [0, np.nan, 1], [[0, 1]], [0, 0.5, 1]])
def test_points_that_are_no_lorenz_curve_are_refused(tmp_path, bad):
    with pytest.raises(InputError, match="GP"):
        lorenz_figure(tmp_path / "a.png", curves=[LorenzCurve("GP", np.array([0, 1]), np.array(bad), 0.1)], **HEADS)
    assert not list(tmp_path.iterdir())


def test_the_settings_of_the_user_neither_show_nor_change(tmp_path, results):
    service_map(tmp_path / "a.png", results=results, service=Service(), **HEADS)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.facecolor": "green"}):
        service_map(tmp_path / "b.png", results=results, service=Service(), **HEADS)
        assert mpl.rcParams["font.size"] == 30
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_pixels_are_the_values_of_the_table(tmp_path, results):
    for name in ("a.tif", "b.tif"):
        geotiff(tmp_path / name, results=results, column="gp_s", attribution="Å & <x>")
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2
    middle = results.geometry.centroid
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.crs.to_epsg() == 3035
        assert file.res == (1000, 1000)
        assert file.bounds == tuple(results.total_bounds)
        assert file.nodata == -9999
        assert file.units == ("min", None)
        assert file.compression.name == "deflate"
        assert file.tags()["ATTRIBUTION"] == "Å & <x>"
        assert "2 island_without_ferry" in file.tags()["BAND_2"]
        found = np.array(list(file.sample(zip(middle.x, middle.y, strict=True))))
        minutes, codes = file.read(1, masked=True), file.read(2, masked=True)
    times = results["gp_s"].to_numpy()
    reached = np.isfinite(times)
    assert found[reached, 0] == pytest.approx(times[reached] / 60, rel=1e-6)
    assert (found[~reached, 0] == -9999).all()
    code = {"": 0, **{reason: number for number, reason in enumerate(REASONS, 1)}, "meteor": 9}
    assert found[:, 1].tolist() == [code[reason] for reason in results["gp_reason"]]
    assert minutes.count() == reached.sum()
    assert codes.count() == len(results)


@pytest.mark.parametrize(
    ("language", "band", "meanings"),
    [
        ("en", "travel time, minutes", ["0 reached", "2 island_without_ferry (Island without a ferry)"]),
        ("nb", "reisetid, minutter", ["0 nådd", "2 island_without_ferry (Øy uten ferje)", "9 annen årsak"]),
    ],
)
def test_a_raster_says_what_it_means_in_a_language(tmp_path, results, language, band, meanings):
    """The names of tags and reasons are for machines, and the same in all languages."""
    geotiff(tmp_path / "a.tif", results=results, column="gp_s", attribution="A", language=language)
    with rasterio.open(tmp_path / "a.tif") as file:
        tags, described = file.tags(), file.descriptions
    assert {*tags} - {"AREA_OR_POINT"} == {"COLUMN", "ATTRIBUTION", "BAND_1", "BAND_2", "NO_DATA"}
    assert described[0] == band
    assert described[1] != tags["BAND_2"]
    assert [part for part in tags["BAND_2"].split("; ") if part in meanings] == meanings
    assert len(tags["BAND_2"].split("; ")) == len(REASONS) + 2
    assert (tags["COLUMN"], tags["NO_DATA"]) == ("gp_s", "-9999")


@pytest.mark.parametrize(("language", "word"), [("en", "response time"), ("nb", "responstid")])
def test_times_from_a_call_are_called_response_times_in_rasters_and_curves(tmp_path, results, language, word):
    times, people = np.array([900.0, 1500.0, 600.0]), np.ones(3)
    groups, words, said = [Group(people > 0, "All", {})], section(language, "map"), []
    for from_call in (False, True):
        path = tmp_path / "a.tif"
        geotiff(path, results=results, column="gp_s", from_call=from_call, language=language)
        with rasterio.open(path) as file:
            said.append([file.descriptions[0], file.tags()["BAND_1"]])
        figure, axes = plt.subplots()
        draw_panel(axes, Service(from_call=from_call), times, people, groups, words=words, language=language)
        said[-1] += [axes.get_xlabel(), axes.get_ylabel()]
        plt.close(figure)
    assert [[word in text.lower() for text in texts] for texts in said] == [[False] * 4, [True] * 4]


@pytest.mark.parametrize(("wide", "side"), [(300, 128), (30_000, 256)])
def test_blocks_are_small_where_cells_are_many(tmp_path, wide, side):
    """Every pixel is read back from a table filled by hand; several rasters share the places of their cells."""
    draw = np.random.default_rng(7)
    place = draw.permutation(wide * 200)[:400]
    place[:2] = 0, wide * 200 - 1
    row, column = np.divmod(np.unique(place), wide)
    times = draw.integers(60, 9000, len(row)) * 1.0
    west, south = 250.0 * column, 250.0 * (199 - row)
    results = gpd.GeoDataFrame(
        {"gp_s": times, "er_s": times[::-1]}, geometry=shapely.box(west, south, west + 250, south + 250), crs=25833
    )
    pixels = pixels_of(results)
    for name in ("gp_s", "er_s"):
        geotiff(tmp_path / "shared.tif", results=results, column=name, pixels=pixels)
        geotiff(tmp_path / "alone.tif", results=results, column=name)
        assert (tmp_path / "shared.tif").read_bytes() == (tmp_path / "alone.tif").read_bytes()
        with rasterio.open(tmp_path / "shared.tif") as file:
            assert file.block_shapes == [(side, side)] * 2
            found = file.read()
        expected = np.full((2, 200, wide), -9999, np.float32)
        expected[:, row, column] = np.stack([results[name] / 60, np.zeros(len(row))])
        assert (found == expected).all()


def test_the_second_nearest_has_no_reason_of_its_own(tmp_path, results):
    geotiff(tmp_path / "a.tif", results=results.iloc[:45], column="gp_second_s")
    with rasterio.open(tmp_path / "a.tif") as file, warnings.catch_warnings():
        codes = file.read(2, masked=True).compressed()
    assert sorted(set(codes.tolist())) == [0, 4, 9]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.set_geometry(t.translate(0.5).where(t.index == t.index[0], t.geometry)), None),
        (lambda t: t.set_geometry(t.translate(300).where(t.index == t.index[0], t.geometry)), "of one grid"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "same place"),
        (lambda t: t.drop(columns="gp_s"), "gp_s"),
        (lambda t: t.iloc[:0], "no cell"),
        (lambda t: t.set_crs(None, allow_override=True), "projected CRS"),
    ],
)
def test_cells_that_are_no_grid_are_refused(tmp_path, results, spoil, message):
    if message is None:
        geotiff(tmp_path / "a.tif", results=spoil(results), column="gp_s")
        return
    with pytest.raises(InputError, match=message):
        geotiff(tmp_path / "a.tif", results=spoil(results), column="gp_s")
    assert not list(tmp_path.iterdir())


def test_only_travel_times_become_rasters(tmp_path, results):
    with pytest.raises(InputError, match="population"):
        geotiff(tmp_path / "a.tif", results=results, column="population")


def test_the_raster_of_places_far_apart_holds_no_empty_blocks(tmp_path):
    """Two cells 4 000 columns and 3 000 rows apart: of 16 x 12 blocks two are written, the rest reads as no data."""
    west, south = np.array([0.0, 1_000_000.0]), np.array([0.0, 750_000.0])
    results = gpd.GeoDataFrame(
        {"population": [1.0, 2.0], "gp_s": [60.0, np.inf], "gp_reason": ["", "no_road_within"]},
        geometry=shapely.box(west, south, west + 250, south + 250),
        crs=25833,
    )
    geotiff(tmp_path / "a.tif", results=results, column="gp_s")
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.shape == (3001, 4001)
        times, codes = file.read()
    assert times[3000, 0] == 1.0
    assert codes[0, 4000] == 1.0
    assert (times != -9999).sum() == 1
    assert (codes != -9999).sum() == 2
    assert (tmp_path / "a.tif").stat().st_size < 12_000  # 192 blocks written empty take 60 000
