"""Figures for print: the projection they are drawn in, their forms, width, breaks, names and colours."""

from __future__ import annotations

import re
from typing import get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from matplotlib.textpath import TextPath
from PIL import Image

from geoaccess.errors import ConfigError, InputError
from geoaccess.maps import (
    Look,
    LorenzCurve,
    band_colours,
    difference_map,
    figure_crs,
    lorenz_figure,
    series_figure,
    service_map,
    time_curves,
    validation_figure,
)
from geoaccess.maps.bands import MOST_EDGES, PALETTES
from geoaccess.maps.ground import width_of
from geoaccess.maps.look import FORMATS
from geoaccess.maps.projection import corners_in, hull_of, north_of, shapes_in
from geoaccess.maps.results import Squares, squares
from geoaccess.measures import ServiceSpec
from geoaccess.study import check, load_study, run_study
from geoaccess.study.settings.figures import MOST_BREAKS, FigureSettings, Form
from tests.test_study_tiny import STUDY, write_study

pytestmark = pytest.mark.usefixtures("sharp_pictures")

HEADS = {"title": "Care & <b>", "attribution": "© OpenStreetMap"}
GP = ServiceSpec("gp", "GP", norms_s=(1200.0,))


def cells_at(lon, lat, crs, side=1000.0):
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(np.array(lon), np.array(lat))
    x, y = (side * (np.floor(axis / side) + 0.5) for axis in (x, y))  # on one grid
    boxes = shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    table = gpd.GeoDataFrame({"population": 10.0}, index=[f"c{i}" for i in range(len(x))], geometry=boxes, crs=crs)
    table["gp_s"] = np.linspace(60, 5000, len(x))
    table["gp_reason"] = ""
    return table


@pytest.mark.parametrize(
    ("where", "crs", "expected"),
    [
        (([-21.9, -18.1, -14.2], [64.1, 65.7, 64.9]), 3035, 3057),  # Reykjavík, Akureyri, Djúpivogur
        (([18.96, 17.0, 20.9], [69.65, 68.8, 69.9]), 25833, 25833),  # Troms
        (([5.3, 10.7, 25.0], [60.4, 59.9, 69.9]), 3035, 25833),  # Bergen, Oslo, Lakselv
        (([18.06, 17.6, 14.6], [59.33, 63.2, 63.2]), 3035, 3006),
        (([24.9, 25.5, 23.8], [60.2, 65.0, 61.5]), 3035, 3067),
        (([14.5, 14.4], [35.9, 36.05]), 3035, 32633),  # Malta is in no table
        (([36.8, 37.2], [-1.3, -1.1]), 32737, 32737),  # own grid of a region stays
        (([36.8, 37.2], [-1.3, -1.1]), 6933, 32737),  # a grid of the world does not
    ],
)
def test_maps_are_drawn_in_the_grid_of_the_country(where, crs, expected):
    assert figure_crs(cells_at(*where, crs)).to_epsg() == expected


def test_a_wide_region_is_drawn_about_its_middle():
    found = figure_crs(cells_at([-130.0, -60.0, -95.0], [50.0, 50.0, 60.0], 3347))
    assert found.coordinate_operation.method_name == "Lambert Azimuthal Equal Area"
    x, y = pyproj.Transformer.from_crs(4326, found, always_xy=True).transform(-95.0, 55.0)
    assert abs(x) < 2000
    assert abs(y) < 2000
    assert north_of(x, y, found) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("EPSG:4326", "no projection in metres"),
        ("EPSG:2222", "no projection in metres"),  # feet
        ("Iceland", "unknown"),
        ("EPSG:3857", r"does not fit 64\.\d N, -18\.\d E.*2\.3"),
    ],
)
def test_a_projection_that_cannot_be_is_refused(asked, message):
    with pytest.raises(InputError, match=message):
        figure_crs(cells_at([-21.9, -14.2], [64.1, 65.7], 3035), asked=asked)


def test_squares_lean_as_they_do_on_the_ground():
    cells = cells_at([-21.9, -18.1, -14.2], [64.1, 65.7, 64.9], 3035)
    drawn = corners_in(squares(cells), cells.crs, 3057)
    for shape, moved in zip(drawn, cells.geometry.to_crs(3057), strict=True):
        ring = [tuple(point) for point in np.round(shape, 3).tolist()]
        assert sorted(ring) == sorted({tuple(point) for point in np.round(moved.exterior.coords, 3).tolist()})
    west, south, east, north = hull_of(squares(cells), cells.crs, 3057)
    middles = drawn.mean(axis=1)
    assert west <= middles[:, 0].min()
    assert south <= middles[:, 1].min()
    assert east >= middles[:, 0].max()
    assert north >= middles[:, 1].max()
    assert east - west < np.ptp(drawn[..., 0]) + 1000
    same = corners_in(squares(cells), cells.crs, cells.crs)
    assert same[0, 0] == pytest.approx(cells.geometry.iloc[0].bounds[:2], abs=1e-6)


@pytest.mark.parametrize("many", [1, 2, 500])
def test_the_window_is_that_of_all_corners(many):
    """The oracle takes the hull of two corners of every cell, not of the outermost ones of each column."""
    draw = np.random.default_rng(many)
    west, south = (1000.0 * draw.integers(2700, 2900, many) for _ in range(2))
    found = Squares(west, south + 1e6, 1000.0)
    low = np.stack([found.west, found.south], axis=1)
    hull = shapely.convex_hull(shapely.multipoints(np.concatenate([low, low + 1000.0])))
    ring = shapely.get_coordinates(shapely.segmentize(hull, max(hull.length / 200, 1000.0)))
    x, y = pyproj.Transformer.from_crs(3035, 3057, always_xy=True).transform(*ring.T)
    assert hull_of(found, 3035, 3057) == (x.min(), y.min(), x.max(), y.max())


@pytest.mark.parametrize("name", ["Reykjavík", "Ærøskøbing", "Þórshöfn á Langanesi", "l", ".", "Kárášjohka"])
def test_a_name_is_as_wide_as_matplotlib_has_it(name):
    path = TextPath((0, 0), name, size=6.5)
    assert width_of(path) == path.get_extents().width


def test_cells_of_any_shape_are_moved_as_they_are():
    cells = cells_at([-21.9, -18.1], [64.1, 65.7], 3035)
    hexagons = cells.set_geometry(cells.geometry.centroid.buffer(600, quad_segs=2))
    found = squares(hexagons)
    assert found.shapes is not None
    moved = shapes_in(found, hexagons.crs, 3057)
    for shape, expected in zip(moved.shapes, hexagons.geometry.to_crs(3057), strict=True):
        assert shape.symmetric_difference(expected).area < 1
    assert moved.west + found.side_m / 2 == pytest.approx(
        hexagons.geometry.to_crs(3057).centroid.x.to_numpy(), abs=0.01
    )
    west, south, east, north = hull_of(found, hexagons.crs, 3057)
    assert (west, south, east, north) == pytest.approx(tuple(hexagons.geometry.to_crs(3057).total_bounds), abs=100)


def pixels_of(path, colour):
    with Image.open(path) as picture:
        found = np.asarray(picture.convert("RGB")).astype(int)
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    row, column = np.nonzero((np.abs(found - wanted).max(axis=2) <= 2)[:, : found.shape[1] - 640])
    return row.mean(), column.mean()


def test_what_lies_due_north_is_drawn_above(tmp_path):
    # On the grid of Europe the northern one would stand 25 degrees, a third of the height, to one side.
    cells = cells_at([-19.0, -19.0, -22.5, -15.0], [63.8, 66.0, 65.0, 65.0], 3035, side=8000.0)
    cells["gp_s"] = [60.0, 5000.0, 900.0, 900.0]
    look = Look(breaks_min={"": (10, 60)})
    service_map(tmp_path / "a.png", results=cells, service=GP, look=look, **HEADS)
    near, _, far = band_colours(3)
    low, high = pixels_of(tmp_path / "a.png", near), pixels_of(tmp_path / "a.png", far)
    assert low[0] - high[0] > 300
    assert abs(low[1] - high[1]) < 0.06 * (low[0] - high[0])
    leaning = Look(crs="EPSG:3035", breaks_min={"": (10, 60)})
    service_map(tmp_path / "b.png", results=cells, service=GP, look=leaning, **HEADS)
    low, high = pixels_of(tmp_path / "b.png", near), pixels_of(tmp_path / "b.png", far)
    assert abs(low[1] - high[1]) > 0.3 * (low[0] - high[0])


# ---- forms


def places_at(cells, names):
    points = cells.geometry.centroid.iloc[: len(names)]
    return gpd.GeoDataFrame({"name": names, "small": False}, geometry=points.to_numpy(), crs=cells.crs)


@pytest.fixture
def troms():
    return cells_at([18.0, 18.6, 19.5, 20.1], [69.0, 69.6, 69.2, 69.9], 25833)


def test_vector_forms_have_real_text_and_equal_bytes(tmp_path, troms):
    look = Look(formats=("svg", "pdf"))
    places = places_at(troms, ["Bottenvika", "Čáhput & <i>"])
    for name in ("a", "b"):
        service_map(tmp_path / f"{name}.png", results=troms, service=GP, places=places, look=look, **HEADS)
    for form in ("png", "svg", "pdf"):
        assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes(), form
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    texts = [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<text[^>]*>(.*?)</text>", svg, flags=re.DOTALL)]
    for text in ("Care &amp; &lt;b&gt;", "Čáhput &amp; &lt;i&gt;", "Bottenvika", "Travel time: GP"):
        assert text in texts
    assert "date" not in svg.lower()
    assert "Matplotlib v" not in svg
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"/FontFile2" in pdf  # TrueType, which can be searched and edited
    assert b"/Type3" not in pdf
    for word in (b"CreationDate", b"Matplotlib", b"Producer"):
        assert word not in pdf


def test_a_path_may_be_of_any_form(tmp_path):
    curves = [LorenzCurve("GP", np.linspace(0, 1, 9), np.linspace(0, 1, 9) ** 2, 0.3)]
    for form in ("svg", "pdf", "png"):
        lorenz_figure(tmp_path / f"x.{form}", curves=curves, **HEADS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.pdf", "x.png", "x.svg"]
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


# ---- width, dots, names


def draw_every_figure(folder, cells, look):
    frame = pd.DataFrame(cells.drop(columns="geometry")).assign(centrality_class=pd.array([1, 3, 5, 6], dtype="Int8"))
    curves = [LorenzCurve("GP at a long name", np.linspace(0, 1, 9), np.linspace(0, 1, 9) ** 2, 0.3)]
    changes = pd.DataFrame({"population": cells["population"], "gp_difference_s": 60.0, "gp_change": "worse"})
    rows = [
        {"run": run, "year": int(run), "service": "gp", "mean_s": 600.0, "norm_1_s": 1200.0, "share_within_norm_1": 0.5}
        for run in ("2019", "2024")
    ]
    statistics = pd.DataFrame(
        {
            "zoning": "municipality",
            "group": ["1", "2"],
            "name": ["Aa", "Bb"],
            "statistic": "P50",
            "unit": "min",
            "computed": [5.0, 6.0],
            "published": [6.0, 9.0],
            "difference": [-1.0, -3.0],
        }
    )
    service_map(folder / "map.png", results=cells, service=GP, look=look, **HEADS)
    difference_map(folder / "difference.png", results=cells, cells=changes, service=GP, look=look, **HEADS)
    time_curves(folder / "curves.png", results=frame, services=[GP, GP], look=look, **HEADS)
    lorenz_figure(folder / "lorenz.png", curves=curves, look=look, **HEADS)
    series_figure(folder / "series.png", series=pd.DataFrame(rows), services=[GP], look=look, **HEADS)
    validation_figure(folder / "validation.png", table=statistics, look=look, **HEADS)


@pytest.mark.parametrize("width_mm", [85.0, 180.0, 400.0])
def test_a_figure_is_as_wide_as_asked_for_and_its_type_keeps_its_size(tmp_path, troms, width_mm):
    look = Look(width_mm=width_mm, dpi=100, formats=("svg",))
    draw_every_figure(tmp_path, troms, look)
    plain = tmp_path / "plain"
    plain.mkdir()
    draw_every_figure(plain, troms, Look(formats=("svg",)))
    assert len(list(tmp_path.glob("*.svg"))) == 6
    for path in sorted(tmp_path.glob("*.png")):
        with Image.open(path) as picture:
            assert abs(picture.width - width_mm / 25.4 * 100) <= 1, path.name
        sizes = {
            folder: set(re.findall(r"font-size: ([\d.]+)px", (folder / f"{path.stem}.svg").read_text("utf-8")))
            for folder in (tmp_path, plain)
        }
        assert sizes[tmp_path] <= sizes[plain], path.name
        assert min(map(float, sizes[tmp_path])) >= 6.5


def test_dots_change_the_pixels_and_not_the_figure(tmp_path, troms):
    for dpi in (100, 200):
        service_map(tmp_path / f"{dpi}.png", results=troms, service=GP, look=Look(dpi=dpi, formats=("svg",)), **HEADS)
    with Image.open(tmp_path / "100.png") as small, Image.open(tmp_path / "200.png") as large:
        assert abs(2 * small.width - large.width) <= 2
        assert round(small.info["dpi"][0]) == 100
    assert (tmp_path / "100.svg").read_bytes() == (tmp_path / "200.svg").read_bytes()


@pytest.mark.parametrize(("labels", "expected"), [(True, 3), (False, 0), (0, 0), (2, 2), (9, 3)])
def test_names_are_as_many_as_asked_for_the_first_ones_first(tmp_path, troms, labels, expected):
    names = ["Aaa", "Bbb", "Ccc"]
    look = Look(labels=labels)
    service_map(tmp_path / "a.svg", results=troms, service=GP, places=places_at(troms, names), look=look, **HEADS)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert [name for name in names if f">{name}</text>" in svg] == names[:expected]


def test_breaks_make_the_bands_and_the_palette_their_colours(tmp_path, troms):
    look = Look(breaks_min={"": (7.5, 33), "er": (5,)}, palette="viridis")
    service_map(tmp_path / "a.svg", results=troms, service=GP, look=look, **HEADS)
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert all(f">{label}<" in svg for label in ("up to 7.5 min", "7.5\u201333 min", "over 33 min"))
    assert all(colour in svg for colour in band_colours(3, palette="viridis"))
    assert not any(colour in svg for colour in band_colours(3))


@pytest.mark.parametrize(
    "wrong", [{"formats": ("gif",)}, {"palette": "rainbow"}, {"width_mm": 0.0}, {"width_mm": float("nan")}]
)
def test_a_look_that_cannot_be_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Look(**wrong)


# ---- the study file


def test_study_files_name_the_palettes_and_forms_that_there_are():
    assert get_args(FigureSettings.model_fields["palette"].annotation) == PALETTES
    assert get_args(Form) == FORMATS
    assert MOST_BREAKS == MOST_EDGES


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('crs = "EPSG:4326"', "no projection in metres"),
        ('crs = "here"', "unknown"),
        ('formats = ["gif"]', "png"),
        ("formats = []", "is empty"),
        ("dpi = 71", "72"),
        ("dpi = 1201", "1200"),
        ("breaks = [10, 10]", "must rise"),
        ("breaks = { gp = [20, 10] }", "must rise"),
        ("breaks = { er = [20] }", '"er"'),
        ("breaks = [1, 2, 3, 4, 5, 6, 7, 8]", "7"),
        ('palette = "rainbow"', "sunset"),
        ("labels = -1", "0"),
        ("width_mm = 79", "80"),
        ("width_mm = 1001", "1000"),
    ],
)
def test_figures_that_cannot_be_are_refused(tmp_path, lines, message):
    path = tmp_path / "study.toml"
    path.write_text(f"{STUDY}\n[figures]\n{lines}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load_study(path)
    assert "figures" in str(caught.value)


def test_check_refuses_a_projection_that_does_not_fit_the_region(tmp_path):
    path = write_study(tmp_path, f'{STUDY}\n[figures]\ncrs = "EPSG:3857"\n')
    with pytest.raises(InputError, match=r"\[figures\] crs 'EPSG:3857' does not fit 69"):
        check(load_study(path))


def test_a_study_writes_its_figures_in_every_form(tmp_path):
    path = write_study(tmp_path, f'{STUDY}\n[figures]\nformats = ["svg", "pdf"]\ndpi = 72\nbreaks = {{ gp = [3] }}\n')
    answers = run_study(load_study(path), show=False)
    names = {file.name for file in answers.files}
    stems = {"map_gp", "map_hospital", "map_ambulance_base", "map_birth_unit", "curves", "lorenz"}
    assert {f"{stem}.{form}" for stem in stems for form in ("png", "svg", "pdf")} <= names
    assert not [name for name in names if name.endswith((".svg", ".pdf")) and name.rpartition(".")[0] not in stems]
    assert "over 3 min" in (tmp_path / "out" / "map_gp.svg").read_text(encoding="utf-8")
    assert "over 3 min" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    again = run_study(load_study(path), show=False)
    assert {file.name for file in again.files} == names
