"""The files that a study leaves: everybody in every table, the same bytes twice, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

import geoaccess
from geoaccess import files
from geoaccess.errors import GeoaccessError, InputError, OutputError
from geoaccess.study import load_study, run_study
from geoaccess.study.results import output
from tests.test_study_tiny import PEOPLE, SERVICES, STUDY, TIMES, TOTAL, ZONES, write_study

pytestmark = pytest.mark.usefixtures("sharp_pictures")

DISCLAIMER = "made up: for tests"
TABLES = ["municipalities", "classes", "everybody"]
OVERVIEW = ["slack", "percentiles", "zonings", "equity", "shortfall"]
ALL_TABLES = [*TABLES, "contrast", "islands", "ferries", "sites", "centrality", *OVERVIEW]
PICTURES = ["curves.png", "lorenz.png", *(f"map_{service}.png" for service in SERVICES)]
FILES = sorted(
    [
        *(f"{name}.{suffix}" for name in (*ALL_TABLES, "dictionary") for suffix in ("csv", "parquet")),
        *PICTURES,
        *(f"{service}.{suffix}" for service in SERVICES for suffix in ("tif", "qml")),
        "cells.parquet",
        "index.html",
        "report.html",
        "results.qlr",
        "run.json",
        "study.gpkg",
    ]
)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A study that was run once: its answers, its folder, and what was in the folder then."""
    study = load_study(write_study(tmp_path_factory.mktemp("output") / "study"))
    answers = run_study(study, show=False)
    return answers, study.output, contents(study.output)


@pytest.fixture(scope="module")
def again(done):
    """The same study run a second time, by another process whose sets and dictionaries are in another order."""
    answers, folder, _ = done
    command = [sys.executable, "-m", "geoaccess", "run", "--quiet", str(answers.study.path)]
    made = subprocess.run(
        command,
        env=os.environ | {"PYTHONHASHSEED": "7"},
        cwd=Path(geoaccess.__file__).parents[1],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    return contents(folder)


@pytest.fixture
def text_only(no_pictures, monkeypatch):
    """Leave out the pictures and the report, which take seconds."""
    monkeypatch.setattr("geoaccess.maps.report_page", lambda path, **_: path.write_bytes(b"report"))


def read(folder, name, **how):
    return pd.read_csv(folder / f"{name}.csv", **how)


def test_the_files_are_those_that_were_promised(done):
    answers, folder, first = done
    assert sorted(first) == FILES
    assert answers.files == [folder / name for name in FILES]
    assert {item.name for item in folder.parent.iterdir() if item.name.startswith(".")} == set()


def test_a_second_run_gives_the_same_bytes(done, again):
    _, _, first = done
    assert again.keys() == first.keys()
    assert [name for name in first if name != "run.json" and again[name] != first[name]] == []


def test_two_records_differ_only_in_how_long_it_took(done, again):
    records = [json.loads(contents["run.json"]) for contents in (done[2], again)]
    assert [record["network"].pop("from_cache") for record in records] == [False, True]
    for record in records:
        assert record.pop("seconds")
    assert records[0] == records[1]


@pytest.mark.parametrize("name", TABLES)
def test_everybody_is_in_every_table(done, name):
    table = read(done[1], name)
    assert table.groupby("service")["population"].sum().to_dict() == dict.fromkeys(SERVICES, TOTAL)
    assert (table["reached"] + table["unreached"] == table["population"]).all()
    reasons = [column for column in table if column.startswith("unreached_")]
    assert sorted(reasons) == [
        "unreached_across_water",
        "unreached_island_without_ferry",
        "unreached_no_place",
        "unreached_no_road_within",
        "unreached_no_site_reachable",
        "unreached_passenger_ferry_only",
        "unreached_road_not_connected",
    ]
    assert (table[reasons].sum(axis=1) == table["unreached"]).all()
    for service, rows in table.groupby("service"):
        assert rows["reached"].sum() == sum(PEOPLE[key] for key in TIMES[service])


def test_groups_of_the_tables(done):
    classes = read(done[1], "classes", dtype={"centrality_class": str})
    assert classes["centrality_class"].tolist() == ["1", "3", "6", "unclassified"] * len(SERVICES)
    rows = read(done[1], "municipalities", dtype=str)
    assert rows["municipality_id"].tolist() == [*ZONES, "unclassified"] * len(SERVICES)
    assert rows["municipality"].tolist()[:3] == [name for name, *_ in ZONES.values()]
    assert rows.query("service == 'gp'")["population"].tolist() == ["1075", "714", "132", "7"]


def test_a_country_without_regions_has_none_in_its_tables(done):
    table = read(done[1], "municipalities", dtype=str)
    assert "region" not in table or table["region"].isna().all()


def test_the_table_of_cells_is_the_results(done):
    answers, folder, _ = done
    found = gpd.read_parquet(folder / "cells.parquet")
    results = pd.DataFrame(answers.results)
    pd.testing.assert_frame_equal(pd.DataFrame(found)[results.columns], results, check_dtype=False)
    assert found.crs.to_epsg() == 25833
    package = gpd.read_file(folder / "study.gpkg", layer="cells").set_index("cell_id")
    assert package.index.tolist() == found.index.tolist()
    assert package["population"].sum() == TOTAL
    for service in SERVICES:
        assert package[f"{service}_site"].fillna("").tolist() == found[f"{service}_site"].tolist()
        reached = np.isfinite(found[f"{service}_s"])
        assert (package[f"{service}_min"][reached] * 60).tolist() == pytest.approx(found[f"{service}_s"][reached])
        assert package[f"{service}_min"][~reached].isna().all()


@pytest.mark.parametrize("service", SERVICES)
def test_a_raster_has_a_value_where_people_are_reached(done, service):
    answers, folder, _ = done
    with rasterio.open(folder / f"{service}.tif") as raster:
        assert raster.crs.to_epsg() == 25833
        values = raster.read(1, masked=True).filled(np.nan).astype(float)
    minutes = answers.results[f"{service}_s"].to_numpy() / 60
    assert sorted(values[np.isfinite(values)]) == pytest.approx(sorted(minutes[np.isfinite(minutes)]), rel=1e-6)


def test_the_indices_count_everybody(done):
    table = read(done[1], "equity")
    assert table["service"].unique().tolist() == SERVICES
    assert (table[["n_people_in", "n_people_unranked", "n_people_unreached"]].sum(axis=1) == TOTAL).all()
    times, people = done[0].results["gp_s"], done[0].results["population"]
    reached = np.isfinite(times)
    t, w = times[reached].to_numpy(), people[reached].to_numpy()
    gaps = np.abs(t[:, None] - t[None, :]) * w[:, None] * w[None, :]
    found = table[table["index"] == "gini"].set_index("service")["value"]
    assert found["gp"] == pytest.approx(gaps.sum() / (2 * w.sum() ** 2 * np.average(t, weights=w)), rel=1e-5)


def test_the_contrast_is_between_the_outermost_classes(done):
    table = read(done[1], "contrast").set_index("service")
    summary = read(done[1], "classes", dtype={"centrality_class": str}).set_index(["service", "centrality_class"])
    assert (table["most_central"] == 1).all()
    assert (table["least_central"] == 6).all()
    gap = summary.loc[("gp", "6"), "mean_s"] - summary.loc[("gp", "1"), "mean_s"]
    assert table["mean_gap_s"]["gp"] == pytest.approx(gap, rel=1e-4)


def test_sites_and_ferries_are_listed(done):
    sites = read(done[1], "sites").set_index("site_id")
    assert sites["service"].tolist() == ["gp", "gp", "hospital", "ambulance_base", "birth_unit"]
    assert sites["proxy"].tolist() == [False, False, False, True, False]
    ferries = read(done[1], "ferries")
    assert ferries["name"].tolist() == ["Car ferry", "Boat"]
    assert ferries["cars"].tolist() == [True, False]
    assert ferries["crossing_s"].tolist() == [1800, 2400]


def test_sites_stand_in_the_table_where_they_stand_in_the_input(done):
    """To a metre or so: six decimals of a degree."""
    given = pd.read_csv(done[0].study.path.parent / "sites.csv").set_index("id")
    found = read(done[1], "sites").set_index("site_id").loc[given.index]
    for column in ("lon", "lat"):
        assert found[column].to_numpy() == pytest.approx(given[column].to_numpy(), abs=2e-6)


@pytest.mark.parametrize("name", ALL_TABLES)
def test_the_disclaimer_stands_in_every_table(done, name):
    assert set(read(done[1], name)["disclaimer"]) == {DISCLAIMER}


def test_the_disclaimer_stands_on_the_map_and_in_the_record(done):
    assert DISCLAIMER in (done[1] / "index.html").read_text(encoding="utf-8")
    assert json.loads(done[2]["run.json"])["disclaimer"] == DISCLAIMER


@pytest.mark.parametrize("name", ["cells.parquet", "study.gpkg", "results.qlr", "gp.tif"])
def test_the_disclaimer_travels_with_cells_and_rasters(done, name):
    """A table or a raster is passed on without the page it came from."""
    assert DISCLAIMER.encode() in done[2][name]


def test_the_record_shows_how_the_results_were_made(done):
    answers, _, first = done
    record = json.loads(first["run.json"])
    assert record["geoaccess"] == geoaccess.__version__
    assert record["study"] == answers.study.described()
    assert record["versions"]["numpy"] == np.__version__
    assert record["inputs"].keys() == answers.study.inputs.keys()
    for what, path in answers.study.inputs.items():
        assert record["inputs"][what]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert record["results"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in first.items() if name != "run.json"
    }
    assert record["counts"]["cells"] == 8
    assert record["counts"]["cells_not_snapped"] == 1
    assert record["counts"]["people_without_municipality"] == PEOPLE["wild"]
    assert record["counts"]["people_without_class"] == PEOPLE["wild"]
    assert record["counts"]["sites"] == {"gp": 2, "hospital": 1, "ambulance_base": 1, "birth_unit": 1}
    assert record["counts"]["sites_proxy"] == 1
    assert record["counts"]["sites_not_snapped"] == []
    assert record["network"]["ways_read"] == 10
    assert record["network"]["ferry_ways_with_cars"] == 1
    assert len(record["seconds"]) >= 8


def test_the_record_balances_people_in_and_out(done):
    for service, counts in json.loads(done[2]["run.json"])["people"].items():
        assert counts["people_in"] == TOTAL
        assert counts["people_reached"] == sum(PEOPLE[key] for key in TIMES[service])
        assert counts["people_reached"] + sum(counts["people_unreached"].values()) == TOTAL


def test_the_people_of_a_large_country_are_counted_to_the_person(tmp_path, text_only):
    path = write_study(tmp_path / "large")
    people = path.parent / "people.csv"
    people.write_text(people.read_text().replace(",1009", ",917737").replace(",13\n", ",12.25\n"))
    run_study(load_study(path), show=False)
    for name in TABLES:
        table = read(path.parent / "out", name)
        assert set(table.groupby("service")["population"].sum()) == {TOTAL - 1009 - 13 + 917_737 + 12.25}, name
    islands = read(path.parent / "out", "islands")
    assert islands["people"].sum() == TOTAL - 1009 - 13 + 917_737 + 12.25


def test_a_study_without_a_disclaimer_has_no_column_for_it(tmp_path, text_only):
    path = write_study(tmp_path / "plain", STUDY.replace(f'disclaimer = "{DISCLAIMER}"', ""))
    run_study(load_study(path), show=False)
    assert "disclaimer" not in read(path.parent / "out", "everybody")


# Whole or not at all


@pytest.fixture
def ready(done, tmp_path):
    """A copy of the study with the output of an earlier run, and what was there."""
    folder = tmp_path / "study"
    shutil.copytree(done[0].study.path.parent, folder)
    return load_study(folder / "study.toml"), contents(folder / "out"), sorted(item.name for item in folder.iterdir())


@pytest.mark.parametrize("what", ["geotiff", "web_map", "figures.lorenz_figure"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), InputError("bad"), KeyboardInterrupt()])
def test_what_fails_while_writing_leaves_the_former_output(ready, monkeypatch, text_only, what, error):
    def fail(path, **_):
        path.write_bytes(b"half")
        raise error

    study, before, names = ready
    monkeypatch.setattr(f"geoaccess.maps.{what}", fail)
    with pytest.raises(type(error)):
        run_study(study, show=False)
    assert contents(study.output) == before
    assert sorted(item.name for item in study.path.parent.iterdir()) == names


KILLED = """
import os, sys
import geoaccess.maps
from geoaccess.files import disk
from geoaccess.study import load_study, run_study

for name in sys.argv[2].split(","):
    owner, _, last = f"geoaccess.maps.{name}".rpartition(".")
    setattr(sys.modules.get(owner) or getattr(geoaccess.maps, owner.rpartition(".")[2]), last,
            lambda path, *_, **__: path.write_bytes(b"picture"))
replace, left = disk.replace, [20]


def move(source, target):
    if target.parent.name == "out" and target.suffix != ".journal":
        left[0] -= 1
        if not left[0]:
            os._exit(9)
    replace(source, target)


disk.replace = move
run_study(load_study(sys.argv[1]), show=False)
"""


def test_a_run_killed_among_its_moves_is_as_if_it_had_never_been(ready, text_only):
    """In the middle of the moves the folder is a mix; the next run gives the bytes of an undisturbed one."""
    study, _, names = ready
    (study.output / "my-notes.txt").write_text("mine")
    pictures = "geotiff,web_map,service_map,figures.time_curves,figures.lorenz_figure"
    command = [sys.executable, "-c", KILLED, str(study.path), pictures]
    killed = subprocess.run(command, cwd=Path(geoaccess.__file__).parents[1], check=False, capture_output=True)
    assert killed.returncode == 9, killed.stderr
    assert (study.output / ".geoaccess.journal").exists()
    run_study(study, show=False)
    found = contents(study.output)
    assert sorted(item.name for item in study.path.parent.iterdir()) == names
    shutil.rmtree(study.output)
    run_study(study, show=False)
    expected = contents(study.output) | {"my-notes.txt": b"mine"}
    del found["run.json"], expected["run.json"]  # it holds how long each stage took
    assert found == expected


def test_what_fails_in_the_first_run_leaves_nothing(tmp_path, monkeypatch, text_only):
    def fail(path, **_):
        raise InputError("bad")

    path = write_study(tmp_path / "a")
    before = {item.name for item in path.parent.iterdir()}
    monkeypatch.setattr("geoaccess.maps.figures.time_curves", fail)
    with pytest.raises(InputError):
        run_study(load_study(path), show=False)
    assert {item.name for item in path.parent.iterdir()} == before | {"cache"}


def test_what_fails_before_writing_leaves_the_former_output(ready):
    study, before, names = ready
    (study.path.parent / "centrality.csv").write_text(
        "kommunenummer,sentralitetsklasse,sentralitetsindeks\n0101,1,950\n"
    )
    with pytest.raises(InputError):
        run_study(study, show=False)
    assert contents(study.output) == before
    assert sorted(item.name for item in study.path.parent.iterdir()) == names


def test_a_new_run_replaces_all_of_the_former_output(ready, text_only):
    study, _, names = ready
    lines = study.path.read_text().split("\n[services.birth_unit]")
    study.path.write_text(lines[0] + "\n[[sites]]" + lines[1].split("[[sites]]", 1)[1])
    sites = study.path.parent / "sites.csv"
    sites.write_text("\n".join(line for line in sites.read_text().splitlines() if "birth_unit" not in line))
    run_study(load_study(study.path), show=False)
    assert sorted(contents(study.output)) == [name for name in FILES if "birth_unit" not in name]
    assert sorted(item.name for item in study.path.parent.iterdir()) == names


@pytest.mark.parametrize("output", [".", "../study", "..", "data", "sub/../."])
def test_an_output_folder_that_holds_other_files_does_not_cost_them(tmp_path, text_only, output):
    """The study, its data, whatever else is there: none of it was written by geoaccess."""
    path = write_study(tmp_path / "box" / "study", STUDY.replace('output = "out"', f'output = "{output}"'))
    (path.parent / "data").mkdir()
    (path.parent / "data" / "thesis.txt").write_text("years of work")
    before = {item: item.read_bytes() for item in (tmp_path / "box").rglob("*") if item.is_file()}
    with contextlib.suppress(GeoaccessError):
        run_study(load_study(path), show=False)
    assert [item for item, content in before.items() if not item.is_file() or item.read_bytes() != content] == []


def test_a_file_that_somebody_put_among_the_results_is_kept(ready, text_only):
    study, _, _ = ready
    (study.output / "my-notes.txt").write_text("mine")
    with contextlib.suppress(GeoaccessError):
        run_study(study, show=False)
    assert (study.output / "my-notes.txt").read_text() == "mine"


def test_an_output_that_is_a_file_is_refused(tmp_path, text_only):
    path = write_study(tmp_path / "a")
    (path.parent / "out").write_text("mine")
    with pytest.raises(GeoaccessError, match="out"):
        run_study(load_study(path), show=False)
    assert (path.parent / "out").read_text() == "mine"


def test_an_empty_output_folder_is_used(tmp_path, text_only):
    path = write_study(tmp_path / "a")
    (path.parent / "out").mkdir()
    assert len(run_study(load_study(path), show=False).files) == len(FILES)


# The same for single files and folders


def write_half(writing, path):
    with writing(path) as temporary:
        assert temporary.parent == path.parent
        (temporary / "half" if temporary.is_dir() else temporary).write_text("half")
        raise ZeroDivisionError


@pytest.mark.parametrize("there", [True, False])
def test_a_file_is_written_whole_or_not_at_all(tmp_path, there):
    path = tmp_path / "deep" / "a.csv"
    if there:
        path.parent.mkdir()
        path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_half(files.writing, path)
    assert [item.name for item in path.parent.iterdir()] == (["a.csv"] if there else [])
    assert not there or path.read_text() == "old"
    with files.writing(path) as temporary:
        assert temporary.suffix == ".csv"
        temporary.write_text("new")
        assert not there or path.read_text() == "old"
    assert [item.name for item in path.parent.iterdir()] == ["a.csv"]
    assert path.read_text() == "new"


def test_a_folder_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "a"
    with pytest.raises(ZeroDivisionError):
        write_half(files.writing_folder, path)
    assert list(path.parent.iterdir()) == []
    for content in ("1", "2"):
        with files.writing_folder(path) as temporary:
            (temporary / content).write_text(content)
        assert [item.name for item in path.iterdir()] == [content]
    with pytest.raises(ZeroDivisionError):
        write_half(files.writing_folder, path)
    assert [item.name for item in path.iterdir()] == ["2"]
    assert [item.name for item in path.parent.iterdir()] == ["a"]


def write_new(path):
    with files.writing_folder(path) as temporary:
        (temporary / "new").write_text("new")


def test_a_folder_that_cannot_be_put_in_place_leaves_the_former_one(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.mkdir()
    (path / "old").write_text("old")
    replace = Path.replace

    def stubborn(self, target):
        if Path(target) == path and (self / "new").exists():
            raise PermissionError(13, "held open by another program", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stubborn)
    with pytest.raises(OutputError, match="held open by another program"):
        write_new(path)
    monkeypatch.undo()
    assert [item.name for item in tmp_path.iterdir()] == ["a"]
    assert [item.name for item in path.iterdir()] == ["old"]


def test_the_digest_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert files.sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_cells_are_masked_once_and_asked_once_whether_they_are_a_raster(tmp_path, monkeypatch):
    counted = {"masked": 0, "raster_fits": 0}

    def counting(name, function):
        def call(*given, **named):
            counted[name] += 1
            return function(*given, **named)

        return call

    monkeypatch.setattr(output, "masked", counting("masked", output.masked))
    monkeypatch.setattr(output.maps, "raster_fits", counting("raster_fits", output.maps.raster_fits))
    run_study(load_study(write_study(tmp_path)), show=False)
    assert counted == {"masked": 1, "raster_fits": 1}
