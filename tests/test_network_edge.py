"""Where land goes on beyond a study: which cells are the last before it, and which closings that matters to."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from geoaccess.errors import InputError
from geoaccess.questions import edge_sentence, printed_vulnerable, vulnerable_study
from geoaccess.questions.network_edge import beside_the_edge
from geoaccess.questions.note.placed import note_of_vulnerable
from geoaccess.study import load_study
from tests.test_study_tiny import degrees, write_study

KM = 1000.0
EAST, NORTH = 500_000.0, 7_000_000.0


def cells(*places_km):
    squares = [shapely.box(EAST + x * KM, NORTH + y * KM, EAST + (x + 1) * KM, NORTH + (y + 1) * KM) for x, y in places_km]  # fmt: skip  # noqa: E501
    return gpd.GeoDataFrame(geometry=squares, crs="EPSG:25833")


def land(*boxes_km):
    shapes = [shapely.box(EAST + a * KM, NORTH + b * KM, EAST + c * KM, NORTH + d * KM) for a, b, c, d in boxes_km]
    return gpd.GeoSeries(shapes, crs="EPSG:25833").segmentize(5 * KM).to_crs("EPSG:4326")


def cut(shapes, west, south, east, north):
    """Land as it is known inside a frame in degrees."""
    return gpd.GeoSeries(shapely.clip_by_rect(shapes.to_numpy(), west, south, east, north), crs="EPSG:4326")


ROW = [(x, 0) for x in range(0, 120, 10)]


def test_a_coast_is_no_way_out_and_land_that_goes_on_is():
    """A peninsula 40 km wide that goes on to the east, beyond what is known of it: the last cells are those there."""
    known = cut(land((-15, -20, 400, 20)), 10.0, 60.0, 19.0, 66.0)  # the frame cuts it about 200 km east
    found = beside_the_edge(cells(*ROW), known)
    assert [x for (x, _), last in zip(ROW, found, strict=True) if last] == [110]


def test_a_whole_island_has_no_edge_however_empty_its_middle():
    ring = [(x, y) for x in range(0, 160, 5) for y in range(0, 160, 5) if min(x, y, 155 - x, 155 - y) < 5]
    island = land((-5, -5, 165, 165), (400, 400, 401, 401), (-300, -300, -299, -299))
    assert not beside_the_edge(cells(*ring), island).any()


def test_an_island_before_a_coast_that_goes_on_has_none_either():
    known = cut(land((-15, -20, 400, 20), (100, 30, 118, 50)), 10.0, 60.0, 19.0, 66.0)
    places = [*ROW, (105, 40)]
    found = beside_the_edge(cells(*places), known)
    assert dict(zip(places, found.tolist(), strict=True))[105, 40] is False
    assert found.sum() == 1


def test_without_any_coast_all_around_is_land():
    wide = [(x, y) for x in range(0, 100, 10) for y in range(0, 100, 10)]
    found = dict(zip(wide, beside_the_edge(cells(*wide), None).tolist(), strict=True))
    assert found[0, 0] is found[90, 40] is found[40, 90] is True
    assert found[40, 40] is found[50, 50] is False


def test_cells_in_degrees_are_refused():
    with pytest.raises(InputError, match="not in metres"):
        beside_the_edge(cells(*ROW).to_crs("EPSG:4326"), None)
    with pytest.raises(InputError, match="there are none"):
        beside_the_edge(cells(), None)


@pytest.fixture(scope="module")
def open_country(tmp_path_factory):
    """The tiny country with no coast: all around may be land."""
    return vulnerable_study(load_study(write_study(tmp_path_factory.mktemp("open"))), "hospital", show=False)


def test_closings_that_cut_off_the_last_are_marked_and_a_sentence_says_why(open_country):
    table = open_country.table
    ranked = table[table["rank_minutes"].notna()]
    cut_off = ranked[ranked["people_cut_off"] > 0]
    assert len(cut_off)
    assert cut_off["beside_edge"].all()
    assert not ranked.loc[ranked["people_cut_off"] == 0, "beside_edge"].any()
    sentence = edge_sentence(open_country)
    assert sentence.startswith("Detours outside the study area are not known")
    assert f"{len(cut_off)} of the closures" in sentence
    shown = printed_vulnerable(open_country)[0][1]
    assert set(shown["detour outside the area"]) <= {"not known", ""}
    assert "not known" in set(shown["detour outside the area"])
    assert sentence in note_of_vulnerable(open_country).uncertain


def test_in_a_country_of_islands_nothing_is_marked(tmp_path):
    corners = [(-20, -3, 45, 20), (26, -12, 30, -7), (5, -12, 20, -8)]
    shapes = [shapely.Polygon([degrees(*xy) for xy in shapely.box(*box).exterior.coords]) for box in corners]
    path = write_study(tmp_path)
    gpd.GeoSeries(shapes, crs="EPSG:4326").to_file(tmp_path / "coast.geojson")
    path.write_text(path.read_text(encoding="utf-8") + '\n[basemap]\nland = "coast.geojson"\n', encoding="utf-8")
    found = vulnerable_study(load_study(path), "hospital", show=False)
    assert not found.table["beside_edge"].any()
    assert edge_sentence(found) == ""
    assert "detour outside the area" not in printed_vulnerable(found)[0][1].columns
