"""Files of a study replaced while it is computed: nothing wrong is kept, and no run says what it did not read."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box
from test_study_output import contents
from test_study_tiny import STUDY, WAYS, write_roads, write_study

from geoaccess import cli, files
from geoaccess.errors import InputError
from geoaccess.questions import sweep, sweep_studies
from geoaccess.shipped import shipped
from geoaccess.study import load_study, run_study, solve_study, stages, write_report
from geoaccess.study.settings.variations import study_variations
from geoaccess.study.stages import extracts, networks
from geoaccess.study.stamps import InputStamps
from tests import test_norwegian
from tests.test_norwegian import VERBS
from tests.test_study_tiny import degrees

folder = test_norwegian.folder

MAPPED = STUDY.replace(
    '[[sites]]\nkind = "file"\nfile = "sites.csv"\ncolumns = { id = "id" }',
    '[[sites]]\nkind = "osm"\nservice = "gp"\ntags = [{ amenity = "doctors" }]',
)
MAPPED = re.sub(r"(?ms)^\[services\.(hospital|ambulance_base|birth_unit)\]\n.*?(?=^\[)", "", MAPPED)


OLD, NEW = (["old"], len(WAYS)), (["new"], len(WAYS) - 1)
"""Names of the sites, and how many ways there are: in the new extract one fewer."""


def write_extract(where, which):
    [name], count = which
    ways = WAYS if count == OLD[1] else [way for way in WAYS if way[0] != "middle north"]
    write_roads(where / "roads.osm.pbf", ways, features=[(10.5, 0.5, {"amenity": "doctors", "name": name})])


def found_in(study):
    answers = solve_study(study, show=False)
    return answers.sites["name"].tolist(), len(set(answers.network.way_id.tolist()))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("reader", ["roads", "features"])
def test_an_extract_replaced_while_it_is_read_leaves_nothing_wrong_in_the_cache(tmp_path, monkeypatch, reader, when):
    study = load_study(write_study(tmp_path, MAPPED))
    write_extract(tmp_path, OLD)
    place, function = {"roads": (networks, "read_networks"), "features": (extracts, "read_wanted")}[reader]
    read = getattr(place, function)

    def replacing(*given, **named):
        if when == "before":
            write_extract(tmp_path, NEW)
        found = read(*given, **named)
        found = iter([*found]) if reader == "roads" else found  # networks are built when they are asked for
        write_extract(tmp_path, NEW)
        return found

    monkeypatch.setattr(place, function, replacing)
    found_in(study)
    monkeypatch.undo()
    assert found_in(study) == NEW
    write_extract(tmp_path, OLD)
    assert found_in(study) == OLD


def test_a_run_of_inputs_that_were_replaced_is_refused_and_the_one_before_stays(tmp_path, monkeypatch):
    study = load_study(write_study(tmp_path))
    run_study(study, show=False)
    before, read = contents(study.output), stages.read_people

    def replacing(*given):
        found = read(*given)
        path = tmp_path / "people.csv"
        path.write_text(path.read_text().replace(",1009\n", ",2009\n"))
        return found

    monkeypatch.setattr(stages, "read_people", replacing)
    with pytest.raises(InputError, match=r"people\.csv was replaced while the study was computed"):
        run_study(study, show=False)
    assert contents(study.output) == before
    monkeypatch.undo()
    assert run_study(study, show=False).population == 2928  # 1928 of the tiny country, and a thousand more


def test_the_study_file_may_be_edited_for_the_next_run(tmp_path, monkeypatch):
    study = load_study(write_study(tmp_path))
    read = stages.read_people

    def editing(*given):
        study.path.write_text(STUDY.replace("A small country", "Another country"))
        return read(*given)

    monkeypatch.setattr(stages, "read_people", editing)
    run_study(study, show=False)
    assert '"title": "A small country"' in (study.output / "run.json").read_text()


def test_a_report_waits_for_no_run_of_its_folder_and_is_written_into_no_other_ones_results(tmp_path):
    """Its record is read, and put back with the PDF in it: a run in between would have its own written over."""
    study = load_study(write_study(tmp_path))
    run_study(study, show=False)
    before = contents(study.output)
    with (
        files.run_alone(study.output, what="geoaccess run other.toml"),
        pytest.raises(InputError, match=r"other\.toml"),
    ):
        write_report(study, show=False)
    assert contents(study.output) == before


WITHOUT_PEOPLE = {"check", "info", "ferries", "route", "template", "new"}
"""They answer from a single reading of a file, or without any."""
NOT_HERE = {"isochrones", "sweep", "site --close", "site fewest", "site worst", "site in a scenario"}
"""Others write as these do; a sweep has its own test."""
NOTES = {f"{name} --note": [*VERBS[name], "--note"] for name in ("compare", "site", "vehicles", "vulnerable")}
OF_PEOPLE = {
    **{name: words for name, words in (VERBS | NOTES).items() if name not in WITHOUT_PEOPLE | NOT_HERE},
    "note": ["note", "study.toml"],
    "note of a scenario": ["note", "study.toml", "shut.toml"],
    "compare of runs": ["compare", "study.toml", "other.toml"],
}


@pytest.mark.parametrize("verb", OF_PEOPLE)
def test_no_verb_writes_an_answer_from_inputs_that_were_replaced(verb, folder, no_pictures, monkeypatch, capsys):
    """The new file holds the same as the old one: that nobody can know while it is read."""
    monkeypatch.chdir(folder)
    other = Path("study.toml").read_text().replace("year = 2024", "year = 2023", 1)
    Path("other.toml").write_text(other.replace('output = "out"', 'output = "other"'))
    read, count = stages.read_people, itertools.count()
    before = sorted(Path("out").rglob("*"))

    def replacing(*given):
        found = read(*given)
        Path("people.new").write_bytes(Path("people.csv").read_bytes())
        Path("people.new").replace("people.csv")
        next(count)
        return found

    monkeypatch.setattr(stages, "read_people", replacing)
    monkeypatch.setattr("sys.argv", ["geoaccess", *OF_PEOPLE[verb], "--quiet"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr().err
    assert next(count) > 0
    assert ended.value.code == 2, printed
    assert "people.csv was replaced while" in printed
    assert sorted(Path("out").rglob("*")) == before


def test_variations_of_a_sweep_are_all_of_the_same_inputs_and_those_that_are_not_are_computed_again(
    tmp_path, monkeypatch
):
    variations = study_variations([write_study(tmp_path)], {"a": {"snap.max_m": 2000}, "b": {"snap.max_m": 2500}})
    expected = sweep_studies(variations, workers=0, show=False)
    path = tmp_path / "people.csv"
    old, solve, count = path.read_text(), sweep.solve_study, itertools.count()

    def replacing(*given, **named):
        if next(count) == 1:  # between the first variation and the second
            path.write_text(old.replace(",1009\n", ",2009\n"))
        return solve(*given, **named)

    monkeypatch.setattr(sweep, "solve_study", replacing)
    swept = sweep_studies(variations, workers=0, show=False)
    status = swept.table.drop_duplicates("variation").set_index("variation")["status"]
    assert status["a"] == "ok"
    assert "replaced while the sweep ran" in status["b"]
    path.write_text(old)
    again = sweep_studies(variations, workers=0, resume=True, show=False)
    pd.testing.assert_frame_equal(again.table, expected.table)


FURTHER = ["--candidates", "places.csv", "--exclude", "reserve.geojson"]
ASKED = {
    "compare": (VERBS["compare"] + ["flood.toml"], ["flood.geojson", "more.csv", "own.toml"]),
    "note": (["note", "study.toml", "flood.toml"], ["flood.geojson", "more.csv", "own.toml"]),
    "site": (["site", "study.toml", "--service", "gp", *FURTHER], ["places.csv", "reserve.geojson"]),
    "site in a scenario": (
        ["site", "study.toml", "--service", "gp", "--scenario", "flood.toml", *FURTHER],
        ["flood.geojson", "more.csv", "own.toml", "places.csv", "reserve.geojson"],
    ),
    "site for futures": (
        ["site", "study.toml", "--service", "gp", "--scenario", "flood.toml", "--scenario", "today", *FURTHER],
        ["flood.geojson", "more.csv", "own.toml"],
    ),
    "office-days": (VERBS["office-days"] + FURTHER, ["places.csv", "reserve.geojson"]),
    "capacity": (VERBS["capacity"] + FURTHER, ["places.csv", "reserve.geojson"]),
    "vehicles": (
        ["vehicles", "study.toml", "--add", "1", "--figures", "figures.toml", *FURTHER],
        ["places.csv", "reserve.geojson", "figures.toml"],
    ),
    "reliability": (VERBS["reliability"], ["often.csv"]),
    "validate": (VERBS["validate"], ["reference.csv"]),
    "compare of runs": (["compare", "before", "after"], ["before/cells.parquet"]),
}  # fmt: skip
"""Verbs with all files that they are given or that scenarios name, and these files."""


@pytest.fixture(scope="module")
def further(folder):
    """Files beside a study that questions and scenarios name."""
    area = box(*degrees(22, 0), *degrees(23, 1))
    for name, polygon in (("flood", area), ("reserve", area)):
        gpd.GeoDataFrame(geometry=[polygon], crs=4326).to_file(folder / f"{name}.geojson")
    places = [degrees(x + 0.5, 0.5) for x in (3, 10, 16, 22)]
    lines = "".join(f"{name},{lon},{lat}\n" for name, (lon, lat) in zip("abcd", places, strict=True))
    (folder / "places.csv").write_text("name,lon,lat\n" + lines)
    (folder / "more.csv").write_bytes((folder / "people.csv").read_bytes())
    (folder / "own.toml").write_bytes(shipped("profiles/car.toml").read_bytes())
    (folder / "figures.toml").write_bytes(shipped("figures/ambulance.toml").read_bytes())
    (folder / "flood.toml").write_text(
        'title = "Flom"\n[[close]]\npolygon = "flood.geojson"\n[population]\nfile = "more.csv"\nyear = 2030\n'
        '[network]\nprofile = "own.toml"\n'
    )
    return folder


def two_runs(folder):
    text = (folder / "study.toml").read_text()
    for name, year in (("before", 2023), ("after", 2024)):
        (folder / f"of_{name}.toml").write_text(
            text.replace("year = 2024", f"year = {year}", 1).replace('output = "out"', f'output = "{name}"')
        )
        run_study(load_study(folder / f"of_{name}.toml"), show=False)


@pytest.mark.parametrize("verb", ASKED)
def test_files_that_a_verb_is_given_and_that_scenarios_name_are_inputs_too(
    verb, further, no_pictures, monkeypatch, capsys
):
    monkeypatch.chdir(further)
    words, read = ASKED[verb]
    if verb == "compare of runs":
        two_runs(further)
    refuse, before = InputStamps.refuse_replaced, sorted(Path().rglob("*"))

    def replacing(stamps):
        for name in read:
            Path("replacing").write_bytes(Path(name).read_bytes())
            Path("replacing").replace(name)
        refuse(stamps)

    monkeypatch.setattr(InputStamps, "refuse_replaced", replacing)
    monkeypatch.setattr("sys.argv", ["geoaccess", *words, "--quiet"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr().err
    assert ended.value.code == 2, printed
    for name in read:
        assert f"{name} was replaced while" in printed
    assert [
        path for path in sorted(Path().rglob("*")) if path.is_file() and path not in before and path.parts[0] != "cache"
    ] == []


def test_a_scenario_may_be_edited_for_the_next_run(further, no_pictures, monkeypatch, capsys):
    monkeypatch.chdir(further)
    Path("office.toml").write_bytes(Path("shut.toml").read_bytes())
    read = stages.read_people

    def editing(*given):
        Path("office.toml").write_text(Path("shut.toml").read_text().replace("Nytt kontor", "Et annet kontor"))
        return read(*given)

    monkeypatch.setattr(stages, "read_people", editing)
    monkeypatch.setattr("sys.argv", ["geoaccess", "compare", "study.toml", "office.toml", "--output", "edited"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code, capsys.readouterr().err
    assert '"title": "Nytt kontor"' in Path("edited/compare.json").read_text()
