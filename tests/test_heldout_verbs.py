"""Broken and hostile requests to the verbs that decide: one message, exit code 2, and nothing left behind."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from geoaccess import cli
from tests.test_study_tiny import write_study

SITE = ["site", "STUDY", "--service", "gp"]
DAYS = ["office-days", "STUDY", "--service", "gp", "--days", "3", "--from", "gp-west"]
CARS = ["vehicles", "STUDY", "--add", "2"]
DRAW = ["reliability", "STUDY", "--service", "gp", "--table"]
HEAD = "what,name,osm_id,season,availability,area,correlation\n"
AT = "lon = 15.1\nlat = 69.41\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("verbs")
    write_study(where)
    (where / "file").write_text("a file, not a folder")
    return where


def asked(folder, arguments, capsys, monkeypatch):
    """Run the command line as a user does; return the exit code, what it printed, and the files that are new."""
    files = {"STUDY": "study.toml", "FILE": "file"}
    words = [str(folder / files[word]) if word in files else word for word in arguments]
    before = {path for path in folder.rglob("*") if "cache" not in path.parts}
    monkeypatch.setattr("sys.argv", ["geoaccess", *words, "-q"])
    monkeypatch.chdir(folder)
    code = 0
    try:
        cli.main()
    except SystemExit as done:
        code = done.code or 0
    new = {path for path in folder.rglob("*") if "cache" not in path.parts} - before
    return code, capsys.readouterr().err, new


def refused(folder, arguments, says, capsys, monkeypatch):
    code, printed, new = asked(folder, arguments, capsys, monkeypatch)
    assert code == 2, printed
    assert says in printed
    assert "Traceback" not in printed
    assert not new


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([*SITE, "--add", "0"], "--add or --close"),
        ([*SITE, "--add", "99"], "7 candidates"),
        ([*SITE, "--close", "3"], "2 sites stand"),
        ([*SITE, "--norm", "nan", "--objective", "norm"], "--norm is "),
        ([*SITE, "--unreached", "-1"], "--unreached is "),
        ([*SITE, "--seconds", "nan"], "--seconds is "),
        ([*SITE, "--close", "1", "--max-loss", "-1"], "--max-loss is "),
        ([*SITE, "--objective", "fair", "--aversion", "1e6"], "--aversion is "),
        ([*SITE, "--objective", "beyond", "--alpha", "1000"], "--alpha is "),
        ([*SITE, "--objective", "worst", "--classes", "9"], 'there is no class "9"'),
        ([*SITE, "--output", "FILE"], "is a file"),
        ([*DAYS, "--staff", "nan"], "--staff is "),
        ([*DAYS, "--visits", "-1"], "--visits is "),
        ([*DAYS, "--again", "gp-wset"], 'did you mean "gp-west"'),
        ([*DAYS, "--municipality", "Wset"], 'did you mean "West"'),
        ([*DAYS, "--output", "FILE"], "is a file"),
        ([*CARS, "--norm", "-4"], "--norm is "),
        ([*CARS, "--treatment", "hospital", "--treatment-min", "nan"], "--treatment-min is "),
        ([*CARS, "--busy", "1"], "busy is 1"),
        ([*CARS, "--output", "FILE"], "is a file"),
        (["vulnerable", "STUDY", "--service", "gp", "--cut-off", "nan"], "--cut-off is "),
        (["vulnerable", "STUDY", "--service", "gp", "--output", "FILE"], "is a file"),
        (["validate", "STUDY", "--template", "file/t.csv"], "cannot be written ("),
    ],
)
def test_numbers_and_names_that_cannot_be(folder, arguments, says, capsys, monkeypatch):
    refused(folder, arguments, says, capsys, monkeypatch)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", '"title" is missing'),
        ("title = ", "not a TOML file"),
        ('title = "t"\n[[add]]\nservice = "gp"\nlon = nan\nlat = 69.4\n', '"add[1].lon"'),
        ('title = "t"\n[[add]]\nservice = "gp"\nlon = 69.4\nlat = 15.1\n', "longitude and latitude swapped?"),
        ('title = "t"\n[[move]]\nservice = "gp"\nsite = "gp-west"\nlon = 69.4\nlat = 15.1\n', "[[move]] 1: lon 69.4"),
        (f'title = "t"\n[[add]]\nservice = "gpp"\n{AT}', 'did you mean "gp"'),
        ('title = "t"\n[[remove]]\nservice = "gp"\nsite = "gp-wset"\n', 'did you mean "gp-west"'),
        ('title = "t"\n[[slow]]\nosm_id = 1\nfactor = -2\n', '"slow[1].factor"'),
        ('title = "t"\n[[change]]\nservice = "gp"\nsite = "gp-west"\nallowed = ["9999"]\n', "is no municipality"),
        ('title = "t"\n[[close]]\npolygon = [[15, 69], [16, 70], [15, 70], [16, 69]]\n', 'scenario "t": polygon'),
        ('title = "t"\n[network]\nprofile = "gone.toml"\n', 'scenario "t": '),
    ],
)
def test_scenarios_that_cannot_be(folder, text, says, capsys, monkeypatch, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(text, encoding="utf-8")
    refused(folder, ["compare", "STUDY", str(file)], says, capsys, monkeypatch)


@pytest.mark.parametrize(
    ("rows", "more", "says"),
    [
        ("ferry,all,,,0.5,,\n", ["--seed", str(2**70)], "--seed is "),
        ("ferry,all,,,0.5,,\n", ["--draws", "0"], "--draws is "),
        ("ferry,all,,,nan,,\n", [], "availability is 'nan'"),
        ("ferry,all,,,0.5,,\nferry,Car ferry,,,0.5,,\n", [], "there twice"),
    ],
)
def test_tables_of_closures_that_cannot_be(folder, rows, more, says, capsys, monkeypatch, tmp_path):
    file = tmp_path / "closures.csv"
    file.write_text(HEAD + rows, encoding="utf-8")
    refused(folder, [*DRAW, str(file), *more], says, capsys, monkeypatch)


def test_a_site_is_closed_with_none_added(folder, tmp_path, capsys, monkeypatch):
    code, printed, _ = asked(
        folder, [*SITE, "--add", "0", "--close", "1", "--output", str(tmp_path)], capsys, monkeypatch
    )
    assert code == 0, printed
    closed = pd.read_csv(tmp_path / "site_gp_closed.csv")
    assert closed["site_id"].tolist() == ["gp-east"]  # three hundred people lose their way, not a thousand
    assert "[[add]]" not in (tmp_path / "site_gp.toml").read_text(encoding="utf-8")


def test_an_answer_leaves_nothing_of_the_one_before(folder, tmp_path, capsys, monkeypatch):
    first = [*SITE, "--add", "2", "--close", "1", "--output", str(tmp_path)]
    assert asked(folder, first, capsys, monkeypatch)[0] == 0
    assert (tmp_path / "site_gp_closed.csv").exists()
    (tmp_path / "mine.csv").write_text("stays")
    then = [*SITE, "--objective", "worst", "--output", str(tmp_path)]
    assert asked(folder, then, capsys, monkeypatch)[0] == 0
    assert not (tmp_path / "site_gp_closed.csv").exists()
    assert (tmp_path / "mine.csv").exists()


def test_a_hostile_name_stays_text_from_candidate_to_comparison(folder, tmp_path, capsys, monkeypatch):
    name = '<script>alert(1)</script>${x}`../../x"\n[[remove]]\nservice = "gp"'
    places = tmp_path / "places.csv"
    pd.DataFrame({"name": [name], "lon": [15.2], "lat": [69.41]}).to_csv(places, index=False)
    found = [*SITE, "--candidates", str(places), "--output", str(tmp_path / "a")]
    assert asked(folder, found, capsys, monkeypatch)[0] == 0
    scenario = str(tmp_path / "a" / "site_gp.toml")
    code, printed, _ = asked(
        folder, ["compare", "STUDY", scenario, "--output", str(tmp_path / "b")], capsys, monkeypatch
    )
    assert code == 0, printed
    record = json.loads((tmp_path / "b" / "compare.json").read_text(encoding="utf-8"))
    assert record["scenarios"][0]["add"][0]["name"] == name.replace("\n", " ")  # names of tables are on one line
    assert "remove" not in record["scenarios"][0]
    assert "<script>alert(1)" not in (tmp_path / "b" / "index.html").read_text(encoding="utf-8")
    assert {path.parent for path in tmp_path.rglob("*") if path.is_file()} == {tmp_path, tmp_path / "a", tmp_path / "b"}
