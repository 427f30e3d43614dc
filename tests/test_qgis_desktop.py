"""With real QGIS: results.qlr read and drawn, and the plugin in qgis_process; skipped, saying so, without it."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from geoaccess import maps
from geoaccess.maps.assets import colour
from geoaccess.study import load_study, run_study
from tests.test_study_tiny import KEYS, PEOPLE, PLACES, SERVICES, TIMES, degrees, write_study

ROOT = Path(__file__).parents[1]
SYSTEM_PYTHON = "/usr/bin/python3"
PROCESS = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
ALGORITHMS = ("run_study", "nearest_service", "compare_scenario", "best_place", "isochrones", "closures_ranked")
pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(PROCESS is None, reason="no QGIS here: GEOACCESS_QGIS=1 .ci/run installs it"),
]


def clean(**more):
    """Return the variables for a program of QGIS: without this Python, which it would take for its own, or a screen."""
    more = {"PATH": os.pathsep.join(("/usr/local/bin", "/usr/bin", "/bin"))} | more
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return kept | {"QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"} | more


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of a tiny study, moved to another folder."""
    study = load_study(write_study(tmp_path_factory.mktemp("desktop") / "study"))
    answers = run_study(study, show=False)
    moved = tmp_path_factory.mktemp("moved") / "with blanks \u00e6\u00f8\u00e5"
    shutil.copytree(study.output, moved)
    return answers, moved


@pytest.fixture(scope="module")
def seen(results, tmp_path_factory):
    """What QGIS saw of them."""
    answer = tmp_path_factory.mktemp("answer") / "answer.json"
    command = [SYSTEM_PYTHON, str(ROOT / "tests" / "qgis_script.py"), str(results[1]), str(answer)]
    made = subprocess.run(command, env=clean(HOME=str(answer.parent)), check=False, capture_output=True, text=True)
    assert answer.exists(), made.stderr
    return json.loads(answer.read_text(encoding="utf-8"))


def bands(answers, service):
    spec = next(one for one in answers.study.specs if one.key == service)
    edges = maps.default_bands(spec.norms_s)
    return spec, edges, maps.band_colours(len(edges) + 1)


def test_every_layer_is_valid_where_the_folder_was_moved_to(results, seen):
    assert seen["groups"][0] == "A small country"
    assert {name for name, layer in seen["layers"].items() if not layer["valid"]} == set()
    assert {layer["crs"] for layer in seen["layers"].values()} == {"EPSG:25833"}
    assert all(str(results[1]) in layer["source"] for layer in seen["layers"].values())
    assert [name for name, layer in seen["layers"].items() if layer.get("wrong")] == []
    assert all(layer["attribution"] for layer in seen["layers"].values())


def test_a_layer_of_cells_has_a_rule_per_band_and_one_for_those_not_reached(results, seen):
    for service in SERVICES:
        spec, edges, colours = bands(results[0], service)
        layer = seen["layers"][f"Travel time: {spec.label}"]
        assert len(layer["rules"]) == len(edges) + 2
        assert [symbol[0][1] for symbol in layer["symbols"]] == [*colours, colour("unreached")]
        assert [kind for kind, _ in layer["symbols"][-1]] == ["SimpleFill", "LinePatternFill"]
        assert layer["features"] == len(PEOPLE)
        sites = seen["layers"][f"Sites: {spec.label}"]
        assert sites["features"] == (results[0].sites["service"] == service).sum()
        assert sites["labels"]


def test_one_service_is_seen_first(seen):
    assert seen["seen"] == [
        *("Ferries", "Municipality borders", "Sites: GP", "Travel time: GP", "Main roads", "Land"),
    ]


def test_a_pixel_has_the_colour_of_its_band(results, seen):
    answers, _ = results
    for service in SERVICES:
        spec, edges, colours = bands(answers, service)
        found = seen["pixels"][f"Travel time: {spec.label}"]
        assert len(found) == len(PEOPLE)
        times = answers.results[f"{service}_s"]
        for cell, (middle, inside) in found.items():
            band = maps.band_index(times.loc[[cell]].to_numpy(), edges_s=edges)[0]
            if band >= 0:
                assert (middle, inside) == (colours[band], [colours[band]]), (service, cell)
            else:
                assert colour("unreached") in inside, (service, cell)
                assert max(int(shade[1:3], 16) for shade in inside) > 0xF0, (service, cell)  # the lines are thin


def test_a_raster_has_the_colours_of_the_bands_and_nothing_where_not_reached(results, seen):
    answers, _ = results
    for service in SERVICES:
        spec, edges, colours = bands(answers, service)
        expected = [[edge / 60 for edge in edges], colours[:-1], maps.band_labels(edges)[:-1]]
        for layer in (seen["layers"][spec.label], seen["by_itself"][service]):
            *finite, last = layer["classes"]
            assert [list(part) for part in zip(*finite, strict=True)] == expected
            assert last[1:] == [colours[-1], maps.band_labels(edges)[-1]]
            assert math.isinf(last[0])
        times = answers.results[f"{service}_s"]
        for cell, (middle, _) in seen["raster_pixels"][spec.label].items():
            band = maps.band_index(times.loc[[cell]].to_numpy(), edges_s=edges)[0]
            assert middle == (colours[band] if band >= 0 else colour("sea")), (service, cell)


# The plugin


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """Return a function that calls qgis_process with the plugin, and the folder of its profile."""
    home = tmp_path_factory.mktemp("home")
    program = home / "geoaccess"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m geoaccess "$@"\n')
    program.chmod(0o755)
    settings = home / "profiles" / "default" / "QGIS" / "QGIS3.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f"[Processing]\nConfiguration\\GEOACCESS_PROGRAM={program}\n\n[PythonPlugins]\ngeoaccess_qgis=true\n"
    )
    env = clean(
        HOME=str(home),
        QGIS_CUSTOM_CONFIG_PATH=str(home),
        QGIS_PLUGINPATH=str(ROOT / "qgis"),
        PYTHONPATH="/nowhere",
        PYTHONDONTWRITEBYTECODE="1",
    )

    def call(*words, **more):
        return subprocess.run(
            [PROCESS, *words], env=env | more, check=False, capture_output=True, text=True, timeout=600
        )

    return call


def answered(plugin, algorithm, **parameters):
    words = [f"--{name}={value}" for name, value in parameters.items()]
    made = plugin("--json", "run", f"geoaccess:{algorithm}", *words)
    assert made.returncode == 0, made.stdout + made.stderr
    return json.loads(made.stdout[made.stdout.index("{") :])["results"], made


def test_every_algorithm_is_there_with_its_help(plugin):
    listed = plugin("list").stdout
    for name in ALGORITHMS:
        assert f"geoaccess:{name}" in listed
        told = plugin("help", f"geoaccess:{name}")
        assert told.returncode == 0, told.stderr
        assert len(told.stdout) > 300


def test_run_a_study(plugin, tmp_path):
    study = write_study(tmp_path / "study")
    found, _ = answered(plugin, "run_study", STUDY=study)
    assert Path(found["QLR"]) == study.parent / "out" / "results.qlr"
    assert Path(found["QLR"]).is_file()
    assert Path(found["REPORT"]).read_text(encoding="utf-8").startswith("<!")


def test_a_message_of_the_program_is_shown(plugin, tmp_path):
    study = write_study(tmp_path / "study")
    study.write_text(study.read_text().replace('file = "people.csv"', 'file = "gone.csv"'))
    made = plugin("run", "geoaccess:run_study", f"--STUDY={study}")
    assert made.returncode != 0
    assert "gone.csv" in made.stdout + made.stderr


def test_nearest_service(plugin, tmp_path):
    """Layers in, a styled layer out; the times are those of the study of the same people and sites."""
    folder = write_study(tmp_path / "study").parent
    homes = gpd.GeoDataFrame(
        {"residents": [40, 60, 25]},
        geometry=gpd.points_from_xy(*zip(*(degrees(*PLACES[key]) for key in ("west", "west", "middle")), strict=True)),
        crs=4326,
    ).to_crs(25833)
    homes.to_file(tmp_path / "homes.gpkg")
    offices = gpd.GeoDataFrame(
        {"called": ["West"]}, geometry=gpd.points_from_xy(*zip(degrees(*PLACES["west"]), strict=True)), crs=4326
    )
    offices.to_file(tmp_path / "offices.geojson")
    out = tmp_path / "times.gpkg"
    found, _ = answered(
        plugin,
        "nearest_service",
        PEOPLE=tmp_path / "homes.gpkg",
        PEOPLE_FIELD="residents",
        SITES=tmp_path / "offices.geojson",
        NAME_FIELD="called",
        EXTRACT=folder / "roads.osm.pbf",
        CELL_SIZE=100,
        NORMS="10,20",
        LABEL="Office",
        FOLDER=tmp_path / "kept",
        OUTPUT=out,
    )
    assert Path(found["OUTPUT"]) == out
    cells = gpd.read_file(out)
    assert sorted(cells["population"]) == [25, 100]
    assert cells.crs.to_epsg() == 32633
    near, far = cells.sort_values("population", ascending=False)["nearest_min"]
    assert 0 <= near < 1.5  # at most 71 m to walk, at 5 km/h
    # the same road by the ordinary profile, which is slower than its speed limit
    assert TIMES["gp"]["middle"][0] / 60 < far < 2 * TIMES["gp"]["middle"][0] / 60
    style = out.with_suffix(".qml").read_text(encoding="utf-8")
    assert "nearest_min" in style
    assert style.count("<rule ") == len(maps.default_bands((600.0, 1200.0))) + 2
    assert (tmp_path / "kept" / "results" / "report.html").is_file()


def test_isochrones_and_closures_are_styled_layers(plugin, tmp_path):
    study = write_study(tmp_path / "study")
    found, _ = answered(
        plugin, "isochrones", STUDY=study, SERVICE="gp", MINUTES="10,30", OUTPUT=tmp_path / "areas.gpkg"
    )
    areas = gpd.read_file(found["OUTPUT"])
    assert areas["minutes"].tolist() == [10, 30]
    style = (tmp_path / "areas.qml").read_text(encoding="utf-8")
    assert style.count("<rule ") == 2
    found, _ = answered(plugin, "closures_ranked", STUDY=study, SERVICE="hospital", OUTPUT=tmp_path / "closures.gpkg")
    closures = gpd.read_file(found["OUTPUT"])
    assert closures["rank_minutes"].min() == 1
    assert (tmp_path / "closures.qml").read_text(encoding="utf-8").count("<rule ") == 5


def test_compare_and_best_place(plugin, tmp_path):
    study = write_study(tmp_path / "study")
    scenario = tmp_path / "shut.toml"
    scenario.write_text('title = "Shut"\n\n[[remove]]\nservice = "gp"\nsite = "east"\n')
    found, _ = answered(plugin, "compare_scenario", STUDY=study, SCENARIOS=scenario)
    assert Path(found["HTML"]).is_file()
    found, _ = answered(
        plugin, "best_place", STUDY=study, SERVICE="birth_unit", ADD=1, OUTPUT=tmp_path / "places.geojson"
    )
    (place,) = gpd.read_file(found["OUTPUT"]).geometry
    ends = [degrees(*PLACES[key]) for key in KEYS]
    assert min(lon for lon, _ in ends) - 0.1 < place.x < max(lon for lon, _ in ends) + 0.1
    assert Path(found["NEW_SCENARIO"]).is_file()


def test_without_the_program_it_says_where_to_name_it(plugin, tmp_path):
    study = write_study(tmp_path / "study")
    settings = tmp_path / "profiles" / "default" / "QGIS"
    settings.mkdir(parents=True)
    (settings / "QGIS3.ini").write_text(
        "[Processing]\nConfiguration\\GEOACCESS_PROGRAM=/nowhere/geoaccess\n\n[PythonPlugins]\ngeoaccess_qgis=true\n"
    )
    made = plugin("run", "geoaccess:run_study", f"--STUDY={study}", QGIS_CUSTOM_CONFIG_PATH=str(tmp_path))
    assert made.returncode != 0
    assert "/nowhere/geoaccess" in made.stdout + made.stderr
