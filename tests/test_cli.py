"""The command line: what a stranger types, and what becomes of every mistake in the data."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import osmium
import pandas as pd
import pytest

import geoaccess
from geoaccess.cli import main
from geoaccess.study.settings.catchment_measures import MEASURES
from tests.test_study_tiny import PLACES, STUDY, cell_id, degrees, write_study

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = ["run", "check", "info", "sweep", "new", "fetch"]
ROOT = Path(__file__).parents[1]


@pytest.fixture
def cli(monkeypatch, capsys):
    """Type a command; returns its exit code and what it printed to stdout and stderr."""

    def cli(*words):
        monkeypatch.setattr(sys, "argv", ["geoaccess", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return cli


@pytest.fixture
def refused(cli):
    """Type a command that ends in one message and exit code 2; returns the message."""

    def refused(*words):
        code, out, err = cli(*words)
        assert code == 2, err
        assert out == ""
        assert [line[:7] for line in err.splitlines()].count("error: ") == 1
        assert err.startswith("error: ")
        assert "Traceback" not in err
        assert err.endswith("\n")
        return err.removeprefix("error: ").rstrip("\n")

    return refused


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "study")


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


# Words


def test_help_says_how_to_begin(cli):
    code, out, err = cli("--help")
    assert (code, err) == (0, "")
    assert [command for command in COMMANDS if not re.search(rf"^\s+{command}\s+\w", out, re.MULTILINE)] == []
    assert "geoaccess new my-study.toml" in out


def test_nothing_at_all_is_answered_with_help(cli):
    _, out, err = cli()
    assert "Usage: geoaccess" in out + err
    assert "check" in out + err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli, command):
    code, out, err = cli(command, "--help")
    assert (code, err) == (0, "")
    assert f"Usage: geoaccess {command}" in out
    assert ("[REGION|STUDY]" if command == "fetch" else "STUDY") in out
    assert len(out.split(command, 1)[1].split()) > 20


def test_options_are_explained(cli):
    assert "--quiet" in cli("run", "--help")[1]
    assert all(word in cli("fetch", "--help")[1] for word in ("--place", "--folder", "--force", "nord-norge"))


def test_the_version(cli):
    assert cli("--version") == (0, f"geoaccess {geoaccess.__version__}\n", "")


@pytest.mark.parametrize("words", [["rnu"], ["run"], ["run", "a.toml", "b.toml"], ["check", "--quiet", "a.toml"]])
def test_words_that_are_no_command_are_answered_with_the_usage(cli, words):
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert "Usage: geoaccess" in err
    assert "Traceback" not in err


def test_the_program_starts_quickly_and_as_a_module():
    """`--help` must not load the libraries of maps and networks."""
    heavy = "geopandas, numba, matplotlib, folium, osmium, rasterio"
    code = f"import sys, geoaccess.cli; print([n for n in '{heavy}'.split(', ') if n in sys.modules])"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert made.stdout == "[]\n"
    made = subprocess.run(
        [sys.executable, "-m", "geoaccess", "--version"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert made.stdout.startswith("geoaccess ")


def test_the_program_seldom_looks_through_all_that_it_imported():
    code = (
        "import gc, sys; before = gc.get_threshold(); sys.argv = ['geoaccess', '--version']\n"
        "from geoaccess.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(gc.get_threshold() > before > (0, 0, 0), gc.isenabled())"
    )
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert made.stdout.splitlines()[-1] == "True True"


def test_whoever_interrupts_is_not_shown_a_traceback(cli, study, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("geoaccess.study.run_study", interrupted)
    code, _, err = cli("run", study)
    assert code == 130
    assert "Traceback" not in err


class Going:
    """Something that is wrong while it goes, where Python can raise nothing."""

    def __init__(self, error):
        self.error = error

    def __del__(self):
        raise self.error


def going(*errors, patience_s):
    """Return a run in which some things are wrong that way, and which goes on for so long."""

    def run(*_, **__):
        for error in errors:
            Going(error)
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            time.sleep(0.01)
        sys.exit(0)

    return run


def test_an_interruption_that_python_cannot_raise_ends_the_program_all_the_same(cli, study, monkeypatch, end_signals):
    monkeypatch.setattr("geoaccess.study.run_study", going(KeyboardInterrupt(), AttributeError("half"), patience_s=30))
    assert cli("run", study) == (130, "", "")


def test_what_else_python_cannot_raise_is_said_at_the_end(cli, study, monkeypatch):
    monkeypatch.setattr("geoaccess.study.run_study", going(AttributeError("half made"), patience_s=0))
    code, _, err = cli("run", study)
    assert code == 0
    assert "AttributeError: half made" in err


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such signal")
def test_ctrl_c_while_the_program_is_loaded_is_quiet():
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == WHEN: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell has what is in its background ignore it
        "from geoaccess.__main__ import main\n"
        "main()"
    )
    for when in ("geoaccess.cli", "geoaccess.cli.streams", "typer"):
        words = [sys.executable, "-c", code.replace("WHEN", repr(when)), "--version"]
        made = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)
        assert (made.returncode, made.stderr) == (-signal.SIGINT, "")


@pytest.mark.parametrize("zone", ["America", "/etc", ":/etc/passwd"])
def test_a_time_zone_that_is_none_is_one_sentence(cli, study, monkeypatch, zone):
    monkeypatch.delitem(sys.modules, "babel.localtime", raising=False)  # it is read as it is loaded
    monkeypatch.setenv("TZ", zone)
    code, _, err = cli("check", study)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"error: TZ is '{zone}'")


@pytest.fixture
def end_signals():
    """As a program finds them that is started by hand."""
    usual = {
        getattr(signal, name): action
        for name, action in {"SIGTERM": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL,
                             "SIGINT": signal.default_int_handler}.items()
        if hasattr(signal, name)
    }  # fmt: skip
    before = {number: signal.signal(number, action) for number, action in usual.items()}
    yield usual
    for number, action in before.items():
        signal.signal(number, action)


def solving_until(monkeypatch, number):
    """Have a run get a signal, and tell whether what it holds was let go of."""
    let_go = []

    def ended(*_, **__):
        try:
            signal.raise_signal(number)
            sys.exit(0)
        finally:
            let_go.append(True)

    monkeypatch.setattr("geoaccess.study.run_study", ended)
    return let_go


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("pressed", [signal.default_int_handler, signal.SIG_IGN])
def test_who_is_told_to_end_ends_as_by_ctrl_c(cli, study, monkeypatch, end_signals, name, pressed):
    number = getattr(signal, name, signal.SIGTERM)
    signal.signal(signal.SIGINT, pressed)  # shells have it ignored by what runs in their background
    let_go = solving_until(monkeypatch, number)
    code, out, err = cli("run", study)
    assert (code, out, err, let_go) == (128 + number, "", "", [True])
    assert {one: signal.getsignal(one) for one in end_signals} == end_signals | {signal.SIGINT: pressed}


def test_who_holds_ctrl_c_back_holds_back_the_end(cli, study, monkeypatch, end_signals):
    """As a sweep does, in whose callbacks what is raised gets lost."""
    heard = []
    signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    let_go = solving_until(monkeypatch, signal.SIGTERM)
    assert cli("run", study)[0] == 128 + signal.SIGTERM
    assert (heard, let_go) == ([signal.SIGTERM], [True])


def test_a_signal_that_is_ignored_stays_so(cli, study, monkeypatch, end_signals):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as nohup has it
    heard = []

    def look(*_, **__):
        heard.append(signal.getsignal(signal.SIGTERM))
        raise KeyboardInterrupt

    monkeypatch.setattr("geoaccess.study.run_study", look)
    assert cli("run", study)[0] == 130
    assert heard == [signal.SIG_IGN]


def test_too_little_memory_is_said_in_one_line(cli, study, monkeypatch):
    def large(*_, **__):
        raise MemoryError("Unable to allocate 9.9 TiB")

    monkeypatch.setattr("geoaccess.study.run_study", large)
    code, _, err = cli("run", study)
    assert code == 2
    assert "memory does not suffice (Unable to allocate 9.9 TiB); a smaller" in err
    assert "Traceback" not in err


# The commands


def test_a_study_is_run(cli, study):
    code, out, err = cli("run", study)
    assert code == 0
    assert [
        line for line in err.splitlines() if not line.startswith("compiling")
    ] == []  # as the first run on a machine
    assert "A small country" in out
    assert "made up: for tests" in out
    assert "All 1,928 people are accounted for" in out
    for label in ("GP", "Hospital", "Ambulance", "Birth unit"):
        assert label in out
    assert f"{len(listed(study.parent / 'out'))} files to {study.parent / 'out'}" in out
    for name in ("report.html", "index.html", "dictionary.csv"):
        assert name in out
        assert (study.parent / "out" / name).is_file()
    assert f"{study.parent / 'out' / 'index.html'}" in out


def test_check_reads_everything_and_searches_nothing(cli, study):
    before = listed(study.parent)
    code, out, err = cli("check", study)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"{study}: ready to run"
    for words in ("8 cells with 1,928 people", "sites of gp: 2", "sites of hospital: 1", "roads.osm.pbf", "sites.csv"):
        assert words in out
    assert set(listed(study.parent)) <= {*before, "cache"}
    assert not list((study.parent / "cache").glob("order-*"))


def test_info_says_what_the_network_is_made_of(cli, study):
    before = listed(study.parent)
    code, out, err = cli("info", study)
    assert (code, err) == (0, "")
    for words in ("Car ferry", "passengers only", "primary", "mainland", "passenger ferry", "ways read", "no road"):
        assert words in out
    assert listed(study.parent) == sorted([*before, "cache"])


def test_what_is_printed_fits_any_encoding(study):
    """Output that is piped on Windows cannot hold every letter of Sámi names."""
    borders = study.parent / "municipalities.geojson"
    borders.write_text(borders.read_text().replace("South", "Porsáŋgu"), encoding="utf-8")
    made = subprocess.run(
        [sys.executable, "-m", "geoaccess", "info", str(study)],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        check=False,
        capture_output=True,
    )
    assert b"Traceback" not in made.stderr
    assert made.returncode == 0


def test_new_writes_a_study_to_start_from(cli, refused, tmp_path):
    path = tmp_path / "mine.toml"
    code, out, err = cli("new", path)
    assert (code, err) == (0, "")
    assert str(path) in out
    assert f"geoaccess check {path}" in out
    assert listed(tmp_path) == ["car.toml", "mine.toml"]
    template = (ROOT / "configs" / "template.toml").read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8") == template.replace("MEASURES", ", ".join(MEASURES))
    message = refused("check", path)
    for name in ("my-region.osm.pbf", "population.csv", "sites.csv", "centrality_2024.csv"):
        assert f"{tmp_path / name} is not there" in message


def test_new_does_not_overwrite(refused, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    assert "is there already" in refused("new", path)
    assert listed(tmp_path) == ["mine.toml"]
    assert path.read_text() == "mine"


def test_fetch_of_an_unknown_region_lists_or_guesses(refused, tmp_path):
    assert "norge" in refused("fetch", "nroge", "--folder", tmp_path)
    assert listed(tmp_path) == []


@pytest.mark.parametrize("words", [[], ["iceland", "--place", "Senja, Norway"]])
def test_fetch_needs_a_region_or_a_place(refused, words):
    assert "--place" in refused("fetch", *words)


def test_fetch_does_not_replace_a_place(refused, tmp_path):
    there = tmp_path / "places" / "senja-norway.osm"
    there.parent.mkdir()
    there.write_text("mine")
    assert "--force" in refused("fetch", "--place", "Senja, Norway", "--folder", tmp_path)
    assert there.read_text() == "mine"


def test_a_picture_is_not_drawn_under_the_name_of_another_kind(cli, study, tmp_path):
    code, _, err = cli("info", study, "--map", tmp_path / "net.html")
    assert (code, list(tmp_path.glob("net*"))) == (2, [])
    assert "net.html: is drawn as PNG; end the name on .png" in " ".join(err.split())


@pytest.mark.parametrize("command", ["run", "check", "info"])
@pytest.mark.parametrize("name", ["norge", "nord-norge"])
def test_a_region_that_was_not_fetched_ends_in_the_command_to_type(refused, tmp_path, data, name, command):
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "norway").symlink_to(data / "norway")
    message = refused(command, tmp_path / "configs" / f"{name}.toml")
    assert f"`geoaccess fetch {name}`" in message
    assert "norway-latest.osm.pbf" in message
    assert "municipalities.geojson" in message
    assert listed(tmp_path) == ["configs", "data"]


@pytest.mark.parametrize("command", ["run", "check", "info"])
@pytest.mark.parametrize("name", ["none.toml", "study.txt", "."])
def test_a_study_that_is_none(refused, tmp_path, command, name):
    assert "geoaccess new" in refused(command, tmp_path / name)


# Mistakes in the data


def edit(name, old, new):
    def spoil(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return spoil


def put(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def gone(name):
    return lambda folder: (folder / name).unlink()


def cut(folder):
    content = (folder / "roads.osm.pbf").read_bytes()
    (folder / "roads.osm.pbf").write_bytes(content[: len(content) * 2 // 3])


def flip(folder):
    content = bytearray((folder / "roads.osm.pbf").read_bytes())
    content[len(content) * 3 // 4] ^= 0xFF
    (folder / "roads.osm.pbf").write_bytes(content)


def roads(way, **tags):
    """Make an extract of one way and its nodes."""

    def spoil(folder):
        with osmium.SimpleWriter(str(folder / "roads.osm.pbf"), overwrite=True) as writer:
            for number, key in enumerate(way.split(), start=1):
                writer.add_node(osmium.osm.mutable.Node(id=number, location=degrees(*PLACES[key]), version=1))
            writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags=tags, version=1))

    return spoil


def sites(change, **chosen):
    """Change the rows of sites.csv that are chosen."""

    def spoil(folder):
        path = folder / "sites.csv"
        table = pd.read_csv(path, dtype={"lon": float, "lat": float})
        rows = pd.Series(data=True, index=table.index)
        for column, value in chosen.items():
            rows &= table[column] == value
        table.loc[rows] = change(table[rows])
        table.to_csv(path, index=False)

    return spoil


def swapped(table):
    return table.assign(lon=table["lat"], lat=table["lon"])


def moved(table):
    return table.assign(lat=table["lat"] - 20)


def swapped_borders(folder):
    path = folder / "municipalities.geojson"
    borders = json.loads(path.read_text())
    for feature in borders["features"]:
        shape = feature["geometry"]
        shape["coordinates"] = [[[lat, lon] for lon, lat in ring] for ring in shape["coordinates"]]
    path.write_text(json.dumps(borders))


def elsewhere(folder):
    path = folder / "people.csv"
    path.write_text(path.read_text().replace("N77", "N67").replace("N76", "N67"))


def unzoned(folder):
    path = folder / "study.toml"
    text = path.read_text()
    path.write_text(text[: text.index("[zones]")] + '[zones]\nkind = "none"\n')


@dataclass(frozen=True)
class Fault:
    spoil: Callable[[Path], object]
    words: tuple[str, ...]
    check: bool = True  # whether reading the inputs is enough to see it


WEST = degrees(*PLACES["west"])
CLIP = 'people = "people"\nclip = '
FAULTS = {
    # The extract.
    "an extract that is not there": Fault(gone("roads.osm.pbf"), ("roads.osm.pbf",)),
    "a truncated extract": Fault(cut, ("roads.osm.pbf", "cut short", "fetch it again")),
    "a damaged extract": Fault(flip, ("roads.osm.pbf", "fetch the file again")),
    "an extract that is a web page": Fault(put("roads.osm.pbf", b"<html></html>"), ("roads.osm.pbf",)),
    "an empty extract": Fault(put("roads.osm.pbf", b""), ("roads.osm.pbf",)),
    "no drivable ways": Fault(roads("west middle", highway="footway"), ("roads.osm.pbf", "no road"), check=False),
    "only closed ways": Fault(
        roads("west middle", highway="primary", access="no"), ("no road", "profile"), check=False
    ),
    "only a ferry": Fault(
        roads("west middle", route="ferry", motor_vehicle="yes"), ("no road", "profile"), check=False
    ),
    # People.
    "people that are not there": Fault(gone("people.csv"), ("people.csv",)),
    "people that are missing": Fault(edit("people.csv", ",1009", ","), ("people.csv", "row 2", "missing")),
    "people that are no number": Fault(edit("people.csv", ",1009", ",NaN"), ("people.csv", "row 2", "NaN")),
    "negative people": Fault(edit("people.csv", ",1009", ",-1009"), ("people.csv", "row 2", "-1009", "negative")),
    "a cell that stands twice": Fault(
        edit("people.csv", cell_id("farm"), cell_id("west")), ("people.csv", "row 3", cell_id("west"))
    ),
    "cells of another CRS": Fault(
        edit("study.toml", 'people = "people"', 'people = "people"\ncrs = "EPSG:3035"'),
        ("people.csv", "EPSG:3035", "EPSG:25833", "leave crs out"),
    ),
    "cells far from the municipalities": Fault(elsewhere, ("none of the 8", "people.csv", "municipalities", "CRS")),
    "cells far from the network": Fault(
        lambda folder: (elsewhere(folder), unzoned(folder)), ("none of 8", "people.csv", "CRS"), check=False
    ),
    "an empty table of people": Fault(put("people.csv", b""), ("people.csv", "empty")),
    "a column that is not there": Fault(
        edit("people.csv", "cell_id,people", "cell_id,peple"), ("people.csv", '"people"', "peple")
    ),
    "no cell in the clip": Fault(
        edit("study.toml", 'people = "people"', f"{CLIP}[0, 0, 1, 1]"), ("[population] clip", "people.csv")
    ),
    # Sites.
    "sites that are not there": Fault(gone("sites.csv"), ("sites.csv", "is not there")),
    "a site that stands twice": Fault(edit("sites.csv", "gp-east", "gp-west"), ("sites.csv", '"gp-west"')),
    "a service that is unknown": Fault(
        edit("sites.csv", ",gp,west", ",gpp,west"), ("sites.csv", '"gpp"', 'did you mean "gp"?')
    ),
    "a service without a site": Fault(edit("sites.csv", ",hospital,", ",gp,"), ('"hospital" has no site',)),
    "a site without coordinates": Fault(
        edit("sites.csv", f"{WEST[0]:.7f}", ""), ("sites.csv", "row 2", "lon", "number")
    ),
    "coordinates that are no degrees": Fault(
        sites(lambda table: table.assign(lon=510_000.0, lat=7_700_000.0)), ("sites.csv", "510000", "gp-west")
    ),
    "all sites with lon and lat swapped": Fault(sites(swapped), ("sites.csv", "swapped"), check=False),
    "one service with lon and lat swapped": Fault(
        sites(swapped, service="hospital"), ("hospital", "sites.csv"), check=False
    ),
    "all sites far from the network": Fault(sites(moved), ("sites.csv", "none of 5"), check=False),
    "sites of an unknown CRS": Fault(
        edit("study.toml", "columns = {", 'crs = "EPSG:99999"\ncolumns = {'), ("EPSG:99999",)
    ),
    "an empty table of sites": Fault(put("sites.csv", b""), ("sites.csv",)),
    "sites that are no text": Fault(
        put("sites.csv", b"id,service,name,lon,lat\na,gp,\0,14,67\n"), ("sites.csv", "UTF-8")
    ),
    "rows that do not fit the header": Fault(
        put("sites.csv", b"id,service,name,lon,lat\na,gp,x,15,69\nb,gp,x,y,z,15,69\n"), ("sites.csv",)
    ),
    "no site in the clip": Fault(
        lambda folder: (
            edit("study.toml", 'people = "people"', f"{CLIP}[15.1, 69.40, 15.2, 69.44]")(folder),
            edit("study.toml", "columns = {", "clip = true\ncolumns = {")(folder),
        ),
        ("has no site", '"gp"', '"hospital"'),
    ),
    "no row that the study asks for": Fault(
        edit("study.toml", "columns = {", 'where = { name = ["nobody"] }\ncolumns = {'), ("sites.csv", "nobody")
    ),
    # Municipalities and classes.
    "borders that are not there": Fault(gone("municipalities.geojson"), ("municipalities.geojson",)),
    "borders that are no borders": Fault(put("municipalities.geojson", b"<html>"), ("municipalities.geojson",)),
    "borders with longitude and latitude swapped": Fault(
        swapped_borders, ("municipalities.geojson", "none of the 8 cells", "longitude and latitude swapped?")
    ),
    "a column of borders that is not there": Fault(
        edit("study.toml", 'id = "number"', 'id = "numbr"'), ("municipalities.geojson", "numbr", "number")
    ),
    "classes that are not there": Fault(gone("centrality.csv"), ("centrality.csv",)),
    "a municipality without a class": Fault(
        edit("centrality.csv", "0102,3,800\n", ""), ("centrality.csv", "0102", "East", "714 people")
    ),
    "a municipality with two classes": Fault(
        edit("centrality.csv", "0102,3,800", "0101,3,800"), ("centrality.csv", "0101", "row 3")
    ),
    "classes that are no table": Fault(put("centrality.csv", b"hello"), ("centrality.csv", "kommunenummer")),
    # The study.
    "an unknown key": Fault(
        edit("study.toml", 'people = "people"', 'peple = "people"'),
        ("study.toml", '"population.peple"', 'did you mean "people"?'),
    ),
    "an unknown service of sites": Fault(
        edit("study.toml", "columns = {", 'service = "hospitl"\ncolumns = {'), ("hospitl", 'did you mean "hospital"?')
    ),
    "an unknown key of columns": Fault(edit("study.toml", "columns = { id", "columns = { idd"), ("idd", '"id"')),
    "a profile that does not ship": Fault(edit("study.toml", "flat.toml", "bicycle"), ("bicycle", "car")),
    "a profile that is not there": Fault(edit("study.toml", "flat.toml", "mine.toml"), ("mine.toml",)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mistake_ends_in_one_message_and_no_output(refused, study, fault):
    FAULTS[fault].spoil(study.parent)
    before = {*listed(study.parent), "cache"}
    message = refused("run", study)
    assert [word for word in FAULTS[fault].words if word not in message] == []
    assert {*listed(study.parent), "cache"} == before


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if fault.check])
def test_check_sees_every_mistake_in_the_inputs(refused, study, fault):
    FAULTS[fault].spoil(study.parent)
    before = listed(study.parent)
    message = refused("check", study)
    assert [word for word in FAULTS[fault].words[:1] if word not in message] == []
    assert set(listed(study.parent)) <= {*before, "cache"}


@pytest.mark.parametrize("fault", ["a truncated extract", "cells far from the network", "an unknown key"])
def test_info_is_refused_in_the_same_way(refused, study, fault):
    FAULTS[fault].spoil(study.parent)
    assert refused("info", study)


@pytest.mark.parametrize("verb", ["check", "info"])
def test_all_missing_files_are_named_at_once(refused, study, verb):
    names = ["roads.osm.pbf", "people.csv", "sites.csv", "centrality.csv", "municipalities.geojson"]
    for name in names:
        (study.parent / name).unlink()
    message = refused(verb, study)
    assert [name for name in names if f"{study.parent / name} is not there" not in message] == []


def test_boundaries_of_a_damaged_extract(refused, study):
    """An extract that only `check` reads, and only for its borders."""
    study.write_text(
        STUDY.replace(
            'kind = "file"\nfile = "municipalities.geojson"\nid = "number"\nname = "called"', 'kind = "osm"\nlevel = 7'
        ).replace("roads.osm.pbf", "roads.osm")
    )
    (study.parent / "roads.osm").write_bytes(b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="x"')
    assert "roads.osm" in refused("check", study)


def test_names_of_zones_that_stand_twice(refused, study):
    """A municipality with two names, where both come from one table."""
    people = study.parent / "people.csv"
    lines = people.read_text().splitlines()
    people.write_text("\n".join([f"{lines[0]},kommunenummer", *(f"{line},0101" for line in lines[1:]), ""]))
    (study.parent / "names.csv").write_text("kommunenummer,name\n0101,West\n0101,Vest\n")
    zones = 'kind = "column"\ncolumn = "kommunenummer"\nnames_file = "names.csv"\n\n[centrality]'
    study.write_text(re.sub(r"(?s)(?<=\[zones\]\n).*?\[centrality\]", zones, STUDY))
    message = refused("run", study)
    assert "names.csv" in message
    assert "0101" in message


def test_sites_that_are_left_out_are_reported(cli, study, no_pictures):
    """One gp beyond every road is no reason to stop, but a reason to say so."""
    sites(moved, id="gp-east")(study.parent)
    code, out, err = cli("run", study)
    assert code == 0
    assert "gp-east" in out + err
