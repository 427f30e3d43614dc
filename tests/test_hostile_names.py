"""Names of places, roads and boats are what anybody wrote on a map: pages and terminals show them, and obey none."""

from __future__ import annotations

import collections
import csv
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pyogrio
import pytest
from pydantic import TypeAdapter, ValidationError

from geoaccess import cli
from geoaccess.planner.app import Title
from geoaccess.scenarios import Scenario
from tests.test_study_tiny import STUDY, WAYS, degrees, write_roads, write_study

HTML = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'<b a={{7*7}}${7*7}`]]><!--&lt;\\"
STEERING = "A\x1b[31mB\x07C\x9bD\u202eE\u2028F\U0001f691\u2066G\ufffeH"
FORMULA = "=cmd|' /C calc'!A0"
VERBS = {
    "run": ["run", "study.toml"],
    "compare": ["compare", "study.toml", "shut.toml"],
    "ferries": ["ferries", "study.toml", "--write", "out/ferries_all.csv"],
    "note": ["note", "study.toml", "shut.toml", "--service", "gp"],
}
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe]")


READ_BY_PEOPLE = {".csv", ".json", ".geojson", ".qlr", ".qml", ".svg", ".html"}


class Elements(HTMLParser):
    """Counts the elements of a page, their attributes, and comments."""

    def __init__(self, text):
        super().__init__()
        self.found = collections.Counter()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found[tag] += 1
        self.found.update(f"{tag} {name}" for name, _ in attrs)

    def handle_comment(self, data):
        self.found["comment"] += 1


def named(folder, *, map_name, site, municipality, title):
    """Write the tiny study with other names in all its files."""
    text = STUDY
    for label in ('"A small country"', '"GP"', '"Hospital"', '"made up: for tests"', '"a stand-in"', '"made up"'):
        text = text.replace(label, json.dumps(f"{title} {label[1:3]}"))
    write_study(folder, text)
    ways = [(ends, tags | {"name": map_name, "ref": map_name}) for ends, tags in WAYS]
    write_roads(folder / "roads.osm.pbf", ways)
    shapes = json.loads((folder / "municipalities.geojson").read_text())
    for number, feature in enumerate(shapes["features"]):
        feature["properties"]["called"] = f"{municipality} {number}"
    (folder / "municipalities.geojson").write_text(json.dumps(shapes))
    rows = list(csv.reader((folder / "sites.csv").read_text().splitlines()))
    with (folder / "sites.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([rows[0], *([*row[:2], f"{site} {row[2]}", *row[3:]] for row in rows[1:])])
    lon, lat = degrees(10.5, 0.5)
    called = json.dumps(title)
    new = f'title = {called}\n[[add]]\nservice = "gp"\nname = {called}\nlon = {lon}\nlat = {lat}\n'
    (folder / "shut.toml").write_text(new, encoding="utf-8")


def answered(folder, monkeypatch, capsys):
    """Run verbs in a folder; return what they printed."""
    monkeypatch.chdir(folder)
    (folder / "out").mkdir()
    for words in VERBS.values():
        monkeypatch.setattr("sys.argv", ["geoaccess", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert (ended.value.code or 0) == 0, capsys.readouterr().err
    printed, said = capsys.readouterr()
    return printed + said


def pages(folder):
    files = [path for path in (folder / "out").rglob("*") if path.suffix in {".html", ".svg"}]
    return {str(path.relative_to(folder)): Elements(path.read_text("utf-8")).found for path in files}


def wrong_files(folder):
    """Return the files that no reader of their kind takes, and what a spreadsheet would compute, or a terminal obey."""
    found = []
    for path in (folder / "out").rglob("*"):
        if path.suffix in READ_BY_PEOPLE and (steers := CONTROLS.search(path.read_text("utf-8"))):
            found.append((path.name, steers))
        if path.suffix in {".svg", ".qlr", ".qml", ".xml"}:
            ET.fromstring(path.read_text("utf-8"))
        elif path.suffix in {".json", ".geojson"}:
            json.loads(path.read_text("utf-8"))
        elif path.suffix == ".gpkg":
            assert all(len(pyogrio.read_dataframe(path, layer=name).columns) for name, _ in pyogrio.list_layers(path))
        elif path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))
            assert len({len(row) for row in rows}) == 1, path
            found += [(path.name, cell) for row in rows for cell in row if cell[:1] in {"=", "@"}]
    return found


NAMES = {
    "plain": {"map_name": "Road", "site": "Site", "municipality": "Place", "title": "Title"},
    "html": {"map_name": HTML, "site": HTML, "municipality": HTML, "title": HTML},
    "steering": {"map_name": STEERING, "site": STEERING, "municipality": STEERING, "title": FORMULA},
}


def test_pages_have_no_element_and_tables_no_formula_by_a_name(tmp_path, monkeypatch, capsys):
    found = {}
    for kind, names in NAMES.items():
        folder = tmp_path / kind
        folder.mkdir()
        named(folder, **names)
        printed = answered(folder, monkeypatch, capsys)
        assert not CONTROLS.search(printed)
        assert wrong_files(folder) == []
        found[kind] = pages(folder)
    assert len(found["plain"]) == 4  # report, map, comparison, note
    assert found["html"] == found["plain"]
    assert {name: page["script"] for name, page in found["steering"].items()} == {
        name: page["script"] for name, page in found["plain"].items()
    }


def test_elements_that_a_name_would_make_are_seen():
    assert Elements(f"<p>{HTML}</p>").found != Elements("<p>Road</p>").found
    assert CONTROLS.search(STEERING)


@pytest.mark.parametrize("title", ["A\x1b[2J", "A\x07", "A\x9b", "A\x00", "A\u202e", "A\uffff"])
def test_a_title_with_control_characters_is_refused(tmp_path, monkeypatch, capsys, title):
    write_study(tmp_path, STUDY.replace('"A small country"', json.dumps(title)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["geoaccess", "check", "study.toml"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "title" in said
    assert "control characters" in said
    assert not CONTROLS.search(said)


def test_a_title_that_the_planner_takes_can_be_saved():
    """Both refuse control characters; a title that only one of them takes could be written and not be kept."""
    taken = 0
    for code in (*range(0x180), *range(0x2020, 0x2080), *range(0xFFF0, 0x10010)):
        title = f"a{chr(code)}b"
        try:
            TypeAdapter(Title).validate_python(title)
        except ValidationError:
            continue
        assert Scenario(title=title).title == title
        taken += 1
    assert taken == (0x180 - 32 - 33) + (0x60 - 5 - 4) + (0x20 - 2)  # all but C0, DEL with C1, turns, and no letters
