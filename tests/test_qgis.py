"""What a study gives to QGIS: the layers of study.gpkg, the layer definition, and styles of rasters."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from shapely import LineString, Point, box

from geoaccess import maps
from geoaccess.demand import read_cells
from geoaccess.errors import InputError
from geoaccess.maps.assets import colour
from geoaccess.maps.difference import difference_bands
from geoaccess.measures import ServiceSpec
from geoaccess.questions import isochrone_study, vulnerable_study, write_isochrones, write_vulnerable
from geoaccess.study import load_study, run_study, solve_study
from geoaccess.study.results.geopackage import add_cells, add_layer, layers_of, write_layers
from tests.test_study_tiny import PEOPLE, SERVICES, STUDY, TIMES, TOTAL, ZONES, write_study

GP = ServiceSpec(key="gp", label="GP", norms_s=(600.0,))
AMBULANCE = ServiceSpec(key="base", label="Ambulance & <co>", norms_s=(720.0,), direction="to_people")
CRS = pyproj.CRS(25833)
WORDS = {"title": "A & B <country>", "disclaimer": "made up\x07", "attribution": "© nobody"}


def define(path, **changed):
    given = {
        "package": "study.gpkg",
        "present": maps.qgis.PACKAGE_LAYERS,
        "services": [GP, AMBULANCE],
        "rasters": {"gp": "gp.tif"},
        "crs": CRS,
        **WORDS,
    }
    maps.layer_definition(path, **(given | changed))
    return ET.fromstring(path.read_bytes())


def layers(root):
    """Return the definition of each layer by its name."""
    return {one.findtext("layername"): one for one in root.iter("maplayer")}


def options(symbol):
    """Return the properties of the layers of a symbol, from below."""
    of = symbol.findall("layer")
    return [(one.get("class"), {o.get("name"): o.get("value") for o in one.find("Option")}) for one in of]


def rules_of(layer):
    """Return (filter, label, symbol) of each rule."""
    renderer = layer.find("renderer-v2")
    symbols = {one.get("name"): one for one in renderer.find("symbols")}
    return [(rule.get("filter"), rule.get("label"), symbols[rule.get("symbol")]) for rule in renderer.iter("rule")]


def rgb(named):
    return ",".join(str(int(named[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"


# The layer definition


def test_a_service_has_a_rule_per_band_and_one_for_those_not_reached(tmp_path):
    root = define(tmp_path / "a.qlr", bands_s={"gp": (300.0, 720.0), "base": (450.0,)})
    rules = rules_of(layers(root)["Travel time: GP"])
    assert [rule[0] for rule in rules] == [
        '"gp_min" <= 5',
        '"gp_min" > 5 AND "gp_min" <= 12',
        '"gp_min" > 12',
        '"gp_min" IS NULL',
    ]
    assert [rule[1] for rule in rules] == ["up to 5 min", "5\u201312 min", "over 12 min", "Not reached"]
    for (_, _, symbol), named in zip(rules, maps.band_colours(3), strict=False):
        ((kind, look),) = options(symbol)
        assert (kind, look["color"], look["outline_color"]) == ("SimpleFill", rgb(named), rgb(named))
    hatch = options(rules[-1][2])
    assert [kind for kind, _ in hatch] == ["SimpleFill", "LinePatternFill"]
    assert [look["color"] for _, look in hatch] == [rgb(colour("unreached")), rgb(colour("paper"))]
    assert next(rule[0] for rule in rules_of(layers(root)["Travel time: Ambulance & <co>"])) == '"base_min" <= 7.5'


def test_bands_are_those_of_the_map_where_none_are_chosen(tmp_path):
    edges = maps.default_bands(GP.norms_s)
    rules = rules_of(layers(define(tmp_path / "a.qlr"))["Travel time: GP"])
    assert len(rules) == len(edges) + 2
    assert [rule[1] for rule in rules[:-1]] == maps.band_labels(edges)


def test_every_time_falls_into_the_band_of_the_map(tmp_path):
    """Also a time that is exactly an edge, and a decisecond beyond one that no decimal number of minutes is."""
    edges = (100.0, 450.0, 720.0)
    times_s = np.array([0.0, 100.0, 100.1, 450.0, 450.1, 719.9, 720.0, 720.1, 1e6, np.inf])
    rules = rules_of(layers(define(tmp_path / "a.qlr", bands_s=edges))["Travel time: GP"])
    with sqlite3.connect(":memory:") as database:  # whose expressions QGIS shares
        database.execute("CREATE TABLE cells (gp_min DOUBLE)")
        rows = [(None if math.isinf(time) else time / 60,) for time in times_s]
        database.executemany("INSERT INTO cells VALUES (?)", rows)
        found = np.array(
            [[row[0] for row in database.execute(f"SELECT coalesce({rule[0]}, 0) FROM cells")] for rule in rules]
        )
    assert (found.sum(axis=0) == 1).all()
    bands = maps.band_index(times_s, edges_s=edges)
    assert found.argmax(axis=0).tolist() == np.where(bands < 0, len(rules) - 1, bands).tolist()


def test_files_are_named_as_they_lie_beside_it(tmp_path):
    root = define(tmp_path / "a.qlr")
    sources = [one.findtext("datasource") for one in root.iter("maplayer")]
    assert all(source.startswith(("./study.gpkg|layername=", "./gp.tif")) for source in sources)
    assert {source.split("=")[1].split("|")[0] for source in sources if "layername" in source} == set(
        maps.qgis.PACKAGE_LAYERS
    )
    in_tree = {one.get("id"): one for one in root.iter("layer-tree-layer")}
    assert [one.findtext("id") for one in root.iter("maplayer")] == list(in_tree)
    for layer in root.iter("maplayer"):
        entry = in_tree[layer.findtext("id")]
        assert (entry.get("name"), entry.get("source")) == (layer.findtext("layername"), layer.findtext("datasource"))


def test_one_service_is_seen_with_its_own_sites(tmp_path):
    root = define(tmp_path / "a.qlr")
    show = next(one for one in root.iter("layer-tree-group") if one.get("name") == "Show")
    assert show.get("mutually-exclusive") == "1"
    assert [(one.get("name"), one.get("checked")) for one in show] == [
        ("GP", "Qt::Checked"),
        ("Ambulance & <co>", "Qt::Unchecked"),
    ]
    sites = layers(root)["Sites: GP"]
    assert sites.findtext("datasource") == "./study.gpkg|layername=sites|subset=\"service\" = 'gp'"


def test_what_is_not_in_the_package_is_left_out(tmp_path):
    root = define(tmp_path / "a.qlr", present=("cells", "sites"), rasters={})
    assert {one.findtext("datasource").split("|")[1] for one in root.iter("maplayer")} == {
        "layername=cells",
        "layername=sites",
    }


def test_municipalities_are_the_land_where_the_coast_is_not_known(tmp_path):
    root = define(tmp_path / "a.qlr", present=("cells", "municipalities"))
    assert layers(root)["Land"].findtext("datasource") == "./study.gpkg|layername=municipalities"


def test_names_are_in_the_language_of_the_study(tmp_path):
    found = layers(define(tmp_path / "a.qlr", language="nb"))
    assert {"Stedsnavn", "Ferjer", "Kommunegrenser", "Hovedveier", "Land", "Tjenestesteder: GP"} <= set(found)
    assert [rule[1] for rule in rules_of(found["Reisetid: GP"])][-1] == "Ikke nådd"


def test_every_layer_says_what_readers_must_know(tmp_path):
    for layer in define(tmp_path / "a.qlr").iter("maplayer"):
        assert layer.findtext("title") == "A & B <country>"
        assert layer.findtext("abstract") == "made up"
        assert layer.findtext("attribution") == "© nobody"
        assert layer.findtext("srs/spatialrefsys/authid") == "EPSG:25833"


def test_a_raster_has_the_classes_of_the_map(tmp_path):
    maps.raster_style(tmp_path / "gp.qml", service=GP, bands_s=(300.0, 720.0), language="nb")
    root = ET.fromstring((tmp_path / "gp.qml").read_bytes())
    assert root.tag == "qgis"
    items = [(one.get("value"), one.get("color"), one.get("label")) for one in root.iter("item")]
    labels = maps.band_labels((300.0, 720.0), language="nb")
    assert items == [*zip(("5", "12", "inf"), maps.band_colours(3), labels, strict=True)]
    assert root.find("pipe/rasterrenderer/rastershader/colorrampshader").get("colorRampType") == "DISCRETE"


def test_isochrones_have_a_colour_each_with_the_shortest_on_top(tmp_path):
    maps.areas_style(tmp_path / "a.qml", minutes=[15.0, 30.0, 60.0])
    root = ET.fromstring((tmp_path / "a.qml").read_bytes())
    rules = rules_of(root)
    assert [rule[0] for rule in rules] == ['"minutes" = 15', '"minutes" = 30', '"minutes" = 60']
    assert [options(rule[2])[0][1]["color"] for rule in rules] == [rgb(named) for named in maps.band_colours(4)[:3]]
    assert root.findtext("renderer-v2/orderby/orderByClause") == '-"minutes"'
    for wrong in ([], [30.0, 15.0], [0.0]):
        with pytest.raises(InputError, match="rising from above 0"):
            maps.areas_style(tmp_path / "b.qml", minutes=wrong)


def test_closings_are_drawn_by_the_hours_that_people_lose(tmp_path):
    maps.closings_style(tmp_path / "a.qml", trips_per_year=3.0)
    rules = rules_of(ET.fromstring((tmp_path / "a.qml").read_bytes()))
    rows = [(200.0, 1), (201.0, 1), (2000.0, 1), (1e7, 1), (5.0, None)]
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE closings (cost_min DOUBLE, rank_minutes INTEGER)")
        database.executemany("INSERT INTO closings VALUES (?, ?)", rows)
        found = np.array([[row[0] for row in database.execute(f"SELECT {rule[0]} FROM closings")] for rule in rules])
    # of 10, 10.05, 100 and 500,000 hours; what has no rank is not drawn
    assert found.astype(int).tolist() == [[1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0] * 5, [0] * 5, [0, 0, 0, 1, 0]]


def test_areas_and_closings_have_the_palette_of_the_figures(tmp_path):
    look = maps.Look(palette="viridis")
    maps.areas_style(tmp_path / "a.qml", minutes=[15.0, 30.0], look=look)
    maps.closings_style(tmp_path / "c.qml", look=look)
    for name, number, shown in (("a.qml", 3, 2), ("c.qml", 5, 5)):
        rules = rules_of(ET.fromstring((tmp_path / name).read_bytes()))
        wanted = [rgb(named) for named in maps.band_colours(number, palette="viridis")[:shown]]
        found = [{value for _, one in options(rule[2]) for value in one.values()} for rule in rules]
        assert all(colour in one for colour, one in zip(wanted, found, strict=True))
        assert wanted != [rgb(named) for named in maps.band_colours(number)[:shown]]


def test_styles_beside_isochrones_and_closings_are_those_of_the_study(tmp_path):
    study = load_study(write_study(tmp_path, f'{STUDY}\n[figures]\npalette = "viridis"\n'))
    answers = solve_study(study, show=False)
    _, areas = write_isochrones(isochrone_study(study, "gp", minutes=[10.0], answers=answers, show=False))
    write_vulnerable(vulnerable_study(study, "gp", show=False), tmp_path / "v")
    for style, number in ((areas, 2), (tmp_path / "v" / "vulnerable_gp.qml", 5)):
        text = style.read_text(encoding="utf-8")
        assert rgb(maps.band_colours(number, palette="viridis")[0]) in text
        assert rgb(maps.band_colours(number)[0]) not in text


def test_differences_have_the_bands_of_the_map(tmp_path):
    root_of = {"package": "c.gpkg", "scenarios": {"scenario_1": "A", "scenario_2": "B"}, "crs": CRS, **WORDS}
    maps.difference_definition(tmp_path / "c.qlr", services=[GP, AMBULANCE], **root_of)
    root = ET.fromstring((tmp_path / "c.qlr").read_bytes())
    sources = [one.findtext("datasource") for one in root.iter("maplayer")]
    assert sources == [f"./c.gpkg|layername=scenario_{number}" for number in (1, 1, 2, 2)]
    rules = rules_of(next(root.iter("maplayer")))
    edges = [-1801.0, -1800, -1799, -600, -599, -31, -30, -1, 0, 30, 31, 600, 601, 1800, 1801]
    rows = [(one / 60, "same" if abs(one) <= 30 else "better" if one < 0 else "worse") for one in edges]
    rows += [(None, "became_reached"), (None, "unreached"), (None, "became_unreached")]
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE cells (gp_difference_min DOUBLE, gp_change TEXT)")
        database.executemany("INSERT INTO cells VALUES (?, ?)", rows)
        found = np.array([[row[0] or 0 for row in database.execute(f"SELECT {rule[0]} FROM cells")] for rule in rules])
    assert (found.sum(axis=0) == 1).all()
    table = pd.DataFrame(rows, columns=["gp_difference_s", "gp_change"])
    table["gp_difference_s"] = table["gp_difference_s"].astype(float) * 60
    assert found.argmax(axis=0).tolist() == difference_bands(table, service="gp").tolist()


# The GeoPackage


@pytest.fixture
def parts():
    """Two cells, of which one is not reached, and what lies under them."""
    results = gpd.GeoDataFrame(
        {
            "population": [10.0, 5.0],
            "municipality_id": ["01", "01"],
            "centrality_class": pd.array([1, None], dtype="Int8"),
            "gp_s": [90.0, np.inf],
            "gp_reason": ["", "no_road_within"],
            "gp_site": pd.Categorical(["a", None]),
            "Gp_site": ["kept", "too"],
        },
        index=pd.Index(["one", "two"], name="cell_id"),
        geometry=[box(east, 7_700_000, east + 1000, 7_701_000) for east in (500_000, 501_000)],
        crs=25833,
    )
    zones = gpd.GeoDataFrame(
        {"name": ["Here", "There"]},
        index=pd.Index(["01", "02"], name="municipality_id"),
        geometry=[box(10, 0, 11, 1), box(11, 0, 12, 1)],
        crs=4326,
    )
    point, line = [Point(10.5, 0.01)], [LineString([(10.5, 0.01), (10.6, 0.01)])]
    sites = {"service": ["gp"], "name": ["A"], "proxy": [True], "fid": ["x"]}
    ferries = {"way_id": [7], "name": ["F"], "cars": [True], "crossing_s": [1800.0], "wait_s": [np.inf]}
    return {
        "results": results,
        "specs": [GP],
        "names": {"service": {"gp": "GP"}},
        "sites": gpd.GeoDataFrame(sites, index=pd.Index(["a"], name="site_id"), geometry=point, crs=4326),
        "municipalities": zones,
        "ferries": gpd.GeoDataFrame(ferries, geometry=line, crs=4326),
        "roads": gpd.GeoDataFrame({"highway": ["trunk"]}, geometry=line, crs=4326),
        "places": gpd.GeoDataFrame({"name": ["P"], "small": [False], "people": [15.0]}, geometry=point, crs=4326),
        **{name: gpd.GeoSeries([box(10, 0, 11, 1)], crs=4326) for name in ("land", "lakes", "ice")},
    }


def written(parts, path):
    write_layers(path, **parts)
    add_cells(parts["results"], path, parts["names"])
    return path


def test_layers_are_in_one_crs_with_minutes_and_null(parts, tmp_path):
    path = written(parts, tmp_path / "study.gpkg")
    assert sorted(layers_of(path)) == sorted(maps.qgis.PACKAGE_LAYERS)
    found = {name: gpd.read_file(path, layer=name) for name in layers_of(path)}
    assert {name for name, table in found.items() if table.crs.to_epsg() != 25833} == set()
    cells = found["cells"].set_index("cell_id")
    assert "gp_s" not in cells
    assert cells.loc["one", "gp_min"] == 1.5
    assert cells["gp_site"].tolist()[0] == "a"
    assert cells["Gp_site_2"].tolist() == ["kept", "too"]
    assert (found["ferries"]["crossing_min"][0], found["sites"]["fid_2"][0]) == (30.0, "x")
    with sqlite3.connect(path) as database:
        nulls = "SELECT count(*) FROM cells WHERE gp_min IS NULL AND gp_site IS NULL AND centrality_class IS NULL"
        assert database.execute(nulls).fetchone() == (1,)
        assert database.execute("SELECT wait_min FROM ferries").fetchone() == (None,)
        assert database.execute("SELECT count(*) FROM gpkg_contents").fetchone() == (len(found),)


def test_municipalities_have_their_people_and_times(parts, tmp_path):
    found = gpd.read_file(written(parts, tmp_path / "study.gpkg"), layer="municipalities").set_index("municipality_id")
    assert found["people"].fillna(-1).tolist() == [15.0, -1]
    assert found.loc["01", ["gp_people", "gp_reached", "gp_unreached"]].tolist() == [15.0, 10.0, 5.0]
    assert found.loc["01", ["gp_mean_min", "gp_median_min"]].tolist() == [1.5, 1.5]
    assert np.isnan(found.loc["01", "gp_p90_min"])  # the ninetieth of a hundred is among those not reached
    assert np.isnan(found.loc["02", "gp_median_min"])


def test_empty_layers_are_left_out(parts, tmp_path):
    gone = dict.fromkeys(("land", "lakes", "ice", "municipalities")) | {
        name: parts[name].head(0) for name in ("ferries", "places")
    }
    path = written(parts | gone, tmp_path / "study.gpkg")
    assert sorted(layers_of(path)) == ["cells", "main_roads", "sites"]


def test_the_same_layers_are_the_same_bytes(parts, tmp_path):
    assert written(parts, tmp_path / "a.gpkg").read_bytes() == written(parts, tmp_path / "b.gpkg").read_bytes()


def test_in_how_many_steps_it_was_written_does_not_show(parts, tmp_path):
    paths = [tmp_path / name for name in ("a.gpkg", "b.gpkg")]
    for path in paths:
        add_layer(parts["ferries"], path, "ferries")
    with contextlib.closing(sqlite3.connect(paths[1])) as database, database:  # a step that changes nothing
        database.execute("UPDATE gpkg_contents SET identifier = identifier")
    assert paths[0].read_bytes() != paths[1].read_bytes()
    for path in paths:
        add_layer(parts["places"], path, "places")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_people_can_be_read_from_it_again(parts, tmp_path):
    path = written(parts, tmp_path / "study.gpkg")
    assert read_cells(path)["population"].to_dict() == {"one": 10.0, "two": 5.0}
    assert read_cells(path, cell_id=None)["population"].tolist() == [10.0, 5.0]


# A run


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    study = STUDY.replace('title = "A small country"', 'title = "Et lite land"\nlanguage = "nb"')
    with pytest.MonkeyPatch.context() as patch:
        for name in ("web_map", "service_map", "figures.time_curves", "figures.lorenz_figure", "report_page"):
            patch.setattr(f"geoaccess.maps.{name}", lambda path, *_, **__: path.write_bytes(b"picture"))
        answers = run_study(load_study(write_study(tmp_path_factory.mktemp("qgis") / "study", study)), show=False)
    return SimpleNamespace(answers=answers, folder=answers.study.output)


def test_a_run_writes_what_the_definition_shows(done):
    root = ET.fromstring((done.folder / "results.qlr").read_bytes())
    present = layers_of(done.folder / "study.gpkg")
    assert set(present) == {"cells", "sites", "municipalities", "ferries", "main_roads"}
    for source in (one.findtext("datasource") for one in root.iter("maplayer")):
        file, *rest = source.split("|")
        assert (done.folder / file).is_file()
        assert not rest or rest[0].removeprefix("layername=") in present
    named = [one.get("name") for one in root.iter("layer-tree-group")]
    assert named[:3] == ["", "Et lite land", "Vis"]
    assert "Raster (minutter)" in named
    found = layers(root)
    assert rules_of(found["Reisetid: GP"])[-1][1] == "Ikke nådd"
    classes = [one.get("value") for one in found["Sentralitetsklasse"].iter("category")]
    assert classes == ["1", "2", "3", "4", "5", "6", ""]


def test_people_by_municipality_are_those_of_the_tables(done):
    found = gpd.read_file(done.folder / "study.gpkg", layer="municipalities").set_index("municipality_id")
    assert found["people"].to_dict() == {"0101": 1075, "0102": 714, "0103": 132}
    assert found["people"].sum() == TOTAL - PEOPLE["wild"]
    assert sorted(found.index) == sorted(ZONES)
    east = done.answers.summary("municipality_id").query("service == 'gp' and municipality_id == '0102'")
    assert found.loc["0102", "gp_median_min"] == pytest.approx(east["median_s"].item() / 60)


def test_cells_have_minutes_where_they_are_reached(done):
    cells = gpd.read_file(done.folder / "study.gpkg", layer="cells")
    for service in SERVICES:
        assert cells[f"{service}_min"].notna().sum() == len(TIMES[service])
        assert not [name for name in cells if name.startswith(service) and name.endswith("_s")]
    times = sorted(60 * cells["gp_min"].dropna())
    assert times == pytest.approx(sorted(time for time, *_ in TIMES["gp"].values()), abs=1.0)


def test_every_raster_has_its_style(done):
    for service in SERVICES:
        assert (done.folder / f"{service}.tif").is_file()
        root = ET.fromstring((done.folder / f"{service}.qml").read_bytes())
        spec = next(one for one in done.answers.study.specs if one.key == service)
        assert len(list(root.iter("item"))) == len(maps.default_bands(spec.norms_s)) + 1
