"""What a study reads, fetched for it from a server on 127.0.0.1, and whom its report names."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from geoaccess.phrases import language_code
from geoaccess.study import load_study
from geoaccess.study.data_sources import attribution_of, records_of
from tests.test_fetch_region import cli, site  # noqa: F401 - fixtures
from tests.test_study_tiny import STUDY, write_study

SOURCES = """
[files.roads]
what = "Roads of a small country"
publisher = "The mapmaker"
licence = "ODbL 1.0"
attribution = "© The mapmakers"
url = "{url}/roads.osm.pbf"
path = "roads.osm.pbf"
[files.people]
what = "People of a small country"
publisher = "The office"
licence = "CC BY 4.0"
attribution = "made up"
url = "{url}/people.csv"
accept = "text/csv"
path = "people.csv"
[files.unused]
what = "A table that no study reads"
publisher = "The office"
licence = "CC BY 4.0"
attribution = "Nobody"
url = "{url}/gone.csv"
path = "gone.csv"
[regions.small]
title = "Small"
files = ["roads", "people"]
"""


@pytest.fixture
def study(site, tmp_path):  # noqa: F811 - a fixture of another file
    """A study whose roads and people are on the server, and not yet here."""
    path = write_study(tmp_path, 'sources = "small-sources.toml"\n' + STUDY)
    (tmp_path / "small-sources.toml").write_text(SOURCES.format(url=site.url), encoding="utf-8")
    for name in ("roads.osm.pbf", "people.csv"):
        site.bodies[f"/{name}"] = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
    return path


def test_a_study_is_fetched_and_run_and_its_report_names_its_sources(cli, site, study):  # noqa: F811
    code, _, why = cli("run", study)
    assert code == 2
    assert f"`geoaccess fetch {study}` downloads it" in why
    code, said, _ = cli("fetch", study)
    assert code == 0
    assert said.splitlines()[-1].endswith(f"geoaccess run {study}")
    assert "/gone.csv" not in site.asked  # nor does its absence matter
    assert cli("run", study)[0] == 0
    out = study.parent / "out"
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    report = (out / "report.html").read_text(encoding="utf-8")
    for words in (
        "Roads of a small country (The mapmaker, ODbL 1.0)",
        f"fetched {today}",
        "© The mapmakers (ODbL 1.0)",
    ):
        assert words in report
    assert "The mapmakers (ODbL 1.0)" in (out / "index.html").read_text(encoding="utf-8")
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))["sources"]
    assert {what: one["licence"] for what, one in record.items()} == {"osm 1": "ODbL 1.0", "population": "CC BY 4.0"}


def test_the_words_of_a_study_stay_and_nobody_is_named_twice(cli, study):  # noqa: F811
    cli("fetch", study)
    loaded = load_study(study)
    assert attribution_of(loaded) == ["made up", "© The mapmakers (ODbL 1.0)"]  # "made up" is the study's own
    people = study.parent / "people.csv"
    people.write_bytes(people.read_bytes() + b"\n")  # no longer what was fetched
    assert list(records_of(loaded)) == ["osm 1"]


def test_an_input_that_is_in_no_table_is_named(cli, study):  # noqa: F811
    (study.parent / "sites.csv").unlink()
    code, _, why = cli("fetch", study)
    assert code == 2
    assert "sites.csv" in why
    assert "small-sources.toml" in why


def test_a_norwegian_study_is_told_what_to_run_in_norwegian(cli, study):  # noqa: F811
    study.write_text(study.read_text().replace("title =", f'language = "{language_code("no")}"\ntitle ='))
    assert "Neste steg: geoaccess run" in cli("fetch", study)[1]


def document(answer):
    code, said, _ = answer
    assert code == 0
    return json.loads(said)


def test_fetch_answers_other_programs_with_one_document(cli, site, study, tmp_path):  # noqa: F811
    found = document(cli("fetch", study, "--json"))
    assert (found["verb"], found["study"], found["language"]) == ("fetch", study.as_posix(), "en")
    assert found["files"] == [(study.parent / name).as_posix() for name in ("roads.osm.pbf", "people.csv")]
    assert found["lines"][-1].endswith(f"geoaccess run {study}")
    assert site.asked["/people.csv"] == 1
    assert document(cli("fetch", study, "--json"))["files"] == found["files"]  # there already
    assert site.asked["/people.csv"] == 1
    listed = document(cli("fetch", "--list", "--json", "--language", "nb", "--sources", tmp_path / "small-sources.toml",
                          "--folder", tmp_path))["tables"]["files"]  # fmt: skip
    assert [(row["region"], row["needed"], row["there"]) for row in listed] == [("small", True, True)] * 2
    assert listed[0]["path"] == str(tmp_path / "roads.osm.pbf")
    assert listed[0]["file"] == "Roads of a small country"


def test_a_fetch_that_fails_writes_nothing_to_standard_output_with_json(cli, site, study):  # noqa: F811
    del site.bodies["/people.csv"]
    sources = study.parent / "small-sources.toml"
    text = sources.read_text(encoding="utf-8")
    sources.write_text(text + 'optional = ["unused"]\n', encoding="utf-8")
    asked = ("fetch", "small", "--sources", sources, "--folder", study.parent)
    code, said, why = cli(*asked, "--json")
    assert (code, said) == (2, "")
    assert "people.csv" in why
    assert "gone.csv" in why  # what was optional is named too
    site.bodies["/people.csv"] = b"x\n1\n"
    found = document(cli(*asked, "--json"))
    assert [name.rpartition("/")[2] for name in found["files"]] == ["roads.osm.pbf", "people.csv"]
    assert "gone.csv" in found["lines"][0]
