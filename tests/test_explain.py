"""`geoaccess explain`, from the words of the command line to the line that answers."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import osmium
import pytest

from geoaccess import cli
from geoaccess.errors import InputError, MissingFileError
from geoaccess.osm import find_profile, read_profile
from geoaccess.osm.explain import explain, explain_line, explain_way, read_moment, read_tags

CAR = read_profile(find_profile("car"))
ROOT = Path(__file__).parents[1]
KEYS = ["forward", "backward", "forward_kph", "backward_kph", "restricted", "reason"]
XML = """<?xml version="1.0"?>
<osm version="0.6">
 <node id="1" lat="64" lon="-20"/>
 <node id="2" lat="64.01" lon="-20"><tag k="barrier" v="gate"/><tag k="access" v="private"/></node>
 <node id="3" lat="64.02" lon="-20"><tag k="highway" v="crossing"/></node>
 <way id="7"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="track"/><tag k="source" v="survey"/></way>
 <way id="8"><nd ref="1"/><nd ref="3"/><tag k="highway" v="primary"/></way>
</osm>
"""


def run(*words, stdin=b""):
    """Run the command as a user does, but in this process: to start one takes a hundred times as long as to answer."""
    out, complaints, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.object(sys, "argv", ["geoaccess", "explain", *words]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(complaints),
        contextlib.chdir(ROOT),
    ):
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=complaints.getvalue())


def test_lines_end_to_end():
    lines = [
        b'{"highway": "track", "motor_vehicle": "private", "maxspeed": "30 mph"}',
        b'{"highway": "residential", "oneway": "yes"}',
        b"{not json",
        b'{"highway": "residential", "node": {"barrier": "bollard"}}',
        b"[1, 2]",
        b'{"highway": "residential", "node": {"barrier": "gate", "access": "private"}}',
        b"",
        b"\xff\xfe",
        b'{"highway": ["a"]}',
        b'{"highway": "motorway"}',
    ]
    command = [sys.executable, "-m", "geoaccess", "explain", "--stdin", "--profile", "car"]
    done = subprocess.run(command, input=b"\n".join(lines) + b"\n\n", capture_output=True, cwd=ROOT, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert len(answers) == len(lines)
    assert ["error" in answer for answer in answers] == [
        False,
        False,
        True,
        False,
        True,
        False,
        True,
        True,
        True,
        False,
    ]
    assert list(answers[0]) == KEYS
    assert answers[0] | {"reason": ""} == {
        "forward": True, "backward": True, "forward_kph": 48.3, "backward_kph": 48.3, "restricted": True, "reason": "",
    }  # fmt: skip
    assert (answers[1]["forward"], answers[1]["backward"], answers[1]["backward_kph"]) == (True, False, 0)
    assert (answers[3]["forward"], answers[3]["backward"], answers[3]["restricted"]) == (False, False, False)
    assert "barrier=bollard" in answers[3]["reason"]
    assert (answers[5]["forward"], answers[5]["restricted"]) == (True, True)


def test_good_lines_end_well_and_none_is_lost():
    empty = run("--stdin")
    assert (empty.returncode, empty.stdout) == (0, "")
    line = b'{"highway":"track","surface":"gravel","motor_vehicle:conditional":"no @ (Nov-May)"}\n'
    done = run("--stdin", stdin=line * 1000)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1000)


def test_tags_on_the_command_line():
    tags = '{"highway":"track","motor_vehicle":"private","maxspeed":"30 mph","operator":"Jon"}'
    printed = run(tags).stdout
    assert "48 km/h, not to pass through" in printed
    assert "motor_vehicle=private" in printed
    assert "no rule looks at  operator" in printed
    answer = json.loads(run(tags, "--json", "--profile", "ambulance").stdout)
    assert set(answer) > set(KEYS)
    assert answer["restricted"] is False


def test_a_day_can_be_named():
    tags = '{"highway":"track","seasonal":"summer"}'
    assert json.loads(run(tags, "--json", "--when", "2026-01-14").stdout)["forward"] is False
    assert json.loads(run(tags, "--json", "--when", "2026-07-14T08:00").stdout)["forward"] is True


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "give tags as JSON"),
        (("{}", "--stdin"), "give tags as JSON"),
        (("{highway}",), "not JSON"),
        (("{}", "--profile", "caar"), "profiles/car.toml"),
        (("{}", "--when", "soon"), "2026-01-14T08:00"),
        (("{}", "--profile", "nowhere.toml"), "nowhere.toml"),
        (("configs/iceland.toml",), "--way"),
    ],
)
def test_mistakes_are_reported(words, part):
    done = run(*words)
    assert done.returncode == 2
    assert part in done.stderr


def test_a_way_of_a_study(tmp_path):
    path = tmp_path / "small.osm"
    path.write_text(XML, encoding="utf-8")
    explained = explain_way([path], 7, CAR)
    assert (explained.forward, explained.restricted, explained.unused) == (True, True, ("source",))
    assert {name: rule.passable for name, rule in explained.nodes.items()} == {"node 2": "restricted", "node 3": "open"}
    assert any("node 2: restricted" in line for line in explained.lines)
    assert explain_way([path], 8, CAR).restricted is False
    with pytest.raises(InputError, match="way 9: not in small"):
        explain_way([path], 9, CAR)
    with pytest.raises(MissingFileError):
        explain_way([tmp_path / "none.osm"], 7, CAR)
    path.write_text("<osm", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        explain_way([path], 7, CAR)


def test_a_way_of_the_bundled_study():
    done = run("configs/iceland.toml", "--way", "1", "--json")
    assert done.returncode == 2
    assert "way 1: not in iceland-2019.osm.pbf" in done.stderr


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"route": "ferry"}, (False, False)),  # the car profile takes cars only where tags say so
        ({"route": "ferry", "motor_vehicle": "yes"}, (True, False)),
        ({"route": "ferry", "motorcar": "yes", "foot": "yes"}, (True, False)),
        ({"route": "ferry", "motor_vehicle": "no"}, (False, False)),
        ({"route": "ferry", "motor_vehicle": "no", "motorcar": "yes"}, (True, False)),
        ({"route": "ferry", "foot": "yes"}, (False, False)),
        ({"route": "ferry", "motor_vehicle": "private"}, (True, True)),
    ],
)
def test_ferries(tags, expected):
    explained = explain(tags, CAR)
    assert (explained.forward, explained.restricted) == expected
    assert explained.forward == explained.backward
    assert "route=ferry" in explained.reason


def test_several_nodes():
    tags = {"highway": "service"}
    gate, bollard = {"barrier": "gate"}, {"barrier": "bollard"}
    assert explain(tags, CAR, nodes={"a": gate, "b": {}}).forward
    assert not explain(tags, CAR, nodes={"a": gate, "b": bollard}).forward
    line = json.dumps({**tags, "node": [gate, bollard]})
    assert explain_line(line, CAR)["backward"] is False
    assert explain_line(json.dumps({**tags, "node": None}), CAR)["backward"] is True


def test_values_that_are_no_words():
    assert read_tags('{"lanes": 2, "width": 2.5, "oneway": true, "toll": false}')[0] == {
        "lanes": "2", "width": "2.5", "oneway": "yes", "toll": "no",
    }  # fmt: skip
    for text in ('{"a": null}', '{"a": {}}', '"a"', "1", '{"node": "gate"}', '{"node": [1]}', "[" * 100_000):
        with pytest.raises(InputError):
            read_tags(text)
    assert "error" not in explain_line('{"highway": "\\ud83d\\ude91", "name": "\\u0000"}', CAR)
    assert "half of a letter" in explain_line('{"highway": "\\ud800"}', CAR)["error"]


def test_moments():
    assert read_moment("2026-01-14T08:30").hour == 8
    assert read_moment("2026-01-14").hour == 12
    with pytest.raises(InputError, match="not a moment"):
        read_moment("14.1.2026")


@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf"])
def test_a_ferry_is_explained_with_what_its_relation_says(tmp_path, suffix):
    path = tmp_path / f"small{suffix}"
    with osmium.SimpleWriter(str(path)) as writer:
        for i in (1, 2):
            writer.add_node(osmium.osm.mutable.Node(id=i, location=(10 + i / 100, 60)))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags={"route": "ferry"}))
        writer.add_way(osmium.osm.mutable.Way(id=2, nodes=[1, 2], tags={"motorcar": "no"}))
        route = {"type": "route", "route": "ferry", "motor_vehicle": "yes", "seasonal": "summer"}
        members = [("w", 1, ""), ("w", 2, "")]
        writer.add_relation(osmium.osm.mutable.Relation(id=1, members=members, tags=route))
    assert explain_way([path], 1, CAR).forward
    assert not explain_way([path], 1, CAR, when=read_moment("2026-01-14")).forward
    assert "route=ferry; motorcar=no" in explain_way([path], 2, CAR).reason
