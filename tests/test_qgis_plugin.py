"""The QGIS plugin without QGIS: command lines, progress, cancelling, answers, its small study, texts and zip."""

from __future__ import annotations

import ast
import configparser
import doctest
import importlib
import os
import re
import subprocess
import sys
import time
import tomllib
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from geoaccess_qgis import answers, command, palette, process, study_files, texts

from geoaccess.cli import app
from geoaccess.defaults import SHARE_WITHIN
from geoaccess.demand import read_cells
from geoaccess.phrases import on_one_line
from geoaccess.questions.siting.objectives import OBJECTIVES
from geoaccess.study import load_study
from geoaccess.version import __version__
from release.plugin import build, contents

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "qgis" / "geoaccess_qgis"
PURE = ("answers", "command", "palette", "process", "study_files", "texts")


def test_what_needs_no_qgis_imports_none():
    for name in PURE:
        tree = ast.parse((PLUGIN / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            of = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            of += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [one for one in of if one.split(".")[0] in {"qgis", "processing", "geoaccess"}], name


@pytest.mark.parametrize("name", PURE)
def test_examples_of_docstrings(name):
    assert doctest.testmod(importlib.import_module(f"geoaccess_qgis.{name}")).failed == 0


def test_the_plugin_is_written_for_the_python_of_qgis():
    for path in PLUGIN.glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


# Command lines


def test_a_value_that_looks_like_an_option_is_none():
    words = command.command_line("g", "site", ["-a.toml"], options={"service": "--quiet", "norm": 12.0, "share": 0.5})
    assert words == ["g", "site", "--json", "--service=--quiet", "--norm=12", "--share=0.5", "--", "-a.toml"]


def test_a_sequence_is_repeated_and_what_is_empty_left_out():
    options = {"scenario": ["a", "b"], "note": False, "output": "", "close": 0, "from": None}
    words = command.command_line("g", "site", [], options=options)
    assert words == ["g", "site", "--json", "--scenario=a", "--scenario=b", "--close=0", "--"]


@pytest.mark.parametrize(
    ("verb", "names"),
    [
        ("run", {"language"}),
        ("compare", {"together", "output", "language"}),
        ("site", {"service", "add", "close", "objective", "candidates", "norm", "scenario", "output", "language"}),
        ("isochrones", {"service", "minutes", "site", "from", "output", "language"}),
        ("vulnerable", {"service", "cut-off", "output", "language"}),
    ],
)
def test_every_option_is_one_of_the_command_line(verb, names):
    import typer

    known = {opt for param in typer.main.get_command(app).commands[verb].params for opt in param.opts}
    assert {f"--{name}" for name in names | {"json"}} <= known
    source = "".join(path.read_text(encoding="utf-8") for path in PLUGIN.glob("*.py"))
    assert f'self.ask("{verb}"' in source
    for name in names:
        assert f'"{name}"' in source


def test_the_objectives_are_those_of_the_program():
    found = re.search(r"^OBJECTIVES = (\(.*\))$", (PLUGIN / "questions.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert ast.literal_eval(found[1]) == tuple(OBJECTIVES)


def test_the_environment_is_without_the_python_of_qgis():
    given = {"PATH": "/bin", "PYTHONHOME": "/q", "PYTHONPATH": "/q", "PROJ_LIB": "/q", "gdal_data": "/q"}
    found = command.environment(given)
    assert {"PYTHONHOME", "PYTHONPATH", "PROJ_LIB", "gdal_data"}.isdisjoint(found)
    assert (found["PATH"], found["GEOACCESS_PROGRESS"]) == ("/bin", "lines")


def test_the_program_is_found_by_its_setting_or_on_the_path(tmp_path):
    program = tmp_path / "bin" / "geoaccess"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert command.find_program(str(program)) == str(program)
    assert command.find_program(f' "{tmp_path}" ') == str(program)
    assert command.find_program("", which=lambda name: f"/usr/bin/{name}") == "/usr/bin/geoaccess"
    with pytest.raises(command.ProgramNotFoundError, match="gone"):
        command.find_program(str(tmp_path / "gone"))
    with pytest.raises(command.ProgramNotFoundError):
        command.find_program("", which=lambda _: None)


# Runs


def script(tmp_path, text):
    path = tmp_path / "program.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def followed(words, **given):
    steps, messages = [], []
    out = process.run(
        words,
        env=os.environ,
        on_progress=lambda *step: steps.append(step),
        on_message=messages.append,
        **({"canceled": lambda: False} | given),
    )
    return out, steps, messages


def test_a_run_shows_progress_and_messages_and_gives_the_answer(tmp_path):
    text = """
import sys
print("progress 1/4 reading", file=sys.stderr)
print("note: be careful", file=sys.stderr)
print("progress 4/4 done", file=sys.stderr)
print('{"geoaccess": "x"}' + " " * 200_000)
"""
    out, steps, messages = followed(script(tmp_path, text))
    assert out.strip() == '{"geoaccess": "x"}'
    assert steps == [(0.25, "reading"), (1.0, "done")]
    assert messages == ["note: be careful"]


def test_an_error_is_the_message_of_the_program(tmp_path):
    text = 'import sys\nprint("note: n", file=sys.stderr)\nsys.exit("error: a.toml: no such key\\n  norms")'
    with pytest.raises(process.ProgramError, match=r"^a.toml: no such key\n  norms$"):
        followed(script(tmp_path, text))
    with pytest.raises(process.ProgramError, match="exit code 3"):
        followed(script(tmp_path, "raise SystemExit(3)"))
    with pytest.raises(process.ProgramError, match="No such file"):
        followed([str(tmp_path / "gone")])


def is_running(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to look at processes in")
@pytest.mark.parametrize("deaf", [False, True])
def test_a_cancel_ends_all_that_was_started(tmp_path, monkeypatch, deaf):
    """Also what does not listen to Ctrl-C."""
    monkeypatch.setattr(process, "_PATIENCE_S", 0.5)
    ignored = "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    text = f"""
import os, signal, subprocess, sys, time
{ignored if deaf else ""}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(f"progress 1/2 {{os.getpid()}} {{child.pid}}", file=sys.stderr, flush=True)
time.sleep(60)
"""
    numbers = []

    def note(_share, what):
        numbers.extend(map(int, what.split()))

    with pytest.raises(process.CanceledError):
        process.run(
            script(tmp_path, text),
            env=os.environ,
            on_progress=note,
            on_message=print,
            canceled=lambda: len(numbers) == 2,
        )
    until = time.monotonic() + 10
    while any(map(is_running, numbers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert [number for number in numbers if is_running(number)] == []


def test_a_run_of_the_program_itself_can_be_read(tmp_path):
    """An error of geoaccess, through the whole of it."""
    asked = command.command_line("geoaccess", "check", [str(tmp_path / "none.toml")])[1:]
    with pytest.raises(process.ProgramError, match=r"none\.toml"):
        process.run(
            [sys.executable, "-m", "geoaccess", *asked],
            env=command.environment(os.environ) | {"PYTHONPATH": str(ROOT)},
            on_progress=print,
            on_message=print,
            canceled=lambda: False,
        )


# Answers


def test_an_answer_names_its_files():
    found = answers.read_answer('{"geoaccess": "0", "files": ["a/x.csv", "a/x.gpkg"], "figures": {"n": null}}')
    assert found.file(".gpkg") == Path("a/x.gpkg")
    assert found.file(".toml") is None
    of_run = answers.read_answer('{"geoaccess": "0", "figures": {"results": ["r/results.qlr"]}}')
    assert of_run.file("results.qlr") == Path("r/results.qlr")


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "no JSON"])
def test_what_is_no_answer_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        answers.read_answer(text)


# The small study


def test_points_become_cells_of_which_nobody_is_lost(tmp_path):
    points = [(500_010.0, 7_700_020.0, 3.0), (500_240.0, 7_700_249.0, 4.5), (499_999.0, 7_699_999.0, 1.0)]
    cells = study_files.cells_of_points(points, size_m=250, epsg=32633)
    study_files.write_rows(tmp_path / "people.csv", ("cell_id", "population"), cells.items())
    read = read_cells(tmp_path / "people.csv")
    assert read["population"].sum() == 8.5
    assert read.crs.to_epsg() == 32633
    bounds = [tuple(shape.bounds) for shape in read.geometry]
    assert bounds == [
        (500_000, 7_700_000, 500_250, 7_700_250),
        (499_750, 7_699_750, 500_000, 7_700_000),
    ]
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"-1|nan|inf"):
            study_files.cells_of_points([(0.0, 0.0, wrong)], size_m=250, epsg=32633)
    with pytest.raises(ValueError, match="0"):
        study_files.cells_of_points([], size_m=250, epsg=32633)


@pytest.mark.parametrize("to_people", [False, True])
def test_the_small_study_is_one_that_can_be_read(tmp_path, to_people):
    hostile = 'A "name" \\ with\ttabs, \u00e6\u00f8\u00e5 \U0001f600 and \x7f'
    text = study_files.study_text(
        title=hostile,
        label=hostile,
        extract="C:\\maps\\a b.osm.pbf",
        norms_min=[12.5, 30.0],
        to_people=to_people,
        language="nb",
        year=2026,
    )
    assert tomllib.loads(text)["network"]["osm"] == ["C:\\maps\\a b.osm.pbf"]
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path / "study.toml")
    (spec,) = study.specs
    seen = hostile.replace("\t", " ").replace("\x7f", " ")  # a study refuses control characters
    assert (spec.key, spec.label, spec.norms_s) == (study_files.SERVICE, seen, (750.0, 1800.0))
    assert study.settings.title == seen
    assert spec.direction == ("to_people" if to_people else "to_sites")
    assert study.settings.language == "nb"


def test_names_of_layers_lose_what_a_study_refuses_in_a_title_and_nothing_else():
    """The plugin imports nothing of geoaccess: its rule is another one's, written again."""
    letters = "".join(map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1))))
    text = study_files.study_text(
        title=letters, label="x", extract="x", norms_min=[1], to_people=True, language="en", year=2026
    )
    assert tomllib.loads(text)["title"] == on_one_line(letters) != letters


@pytest.mark.parametrize("text", ["0", "-1", "x", "30,nan", "inf"])
def test_what_are_no_minutes_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        study_files.minutes_of(text)


# Texts


def test_every_text_is_in_both_languages_with_the_same_blanks():
    for key, (english, norwegian) in texts.TEXTS.items():
        assert english, key
        assert norwegian, key
        assert sorted(re.findall(r"\{\w*\}", english)) == sorted(re.findall(r"\{\w*\}", norwegian)), key


def test_every_text_that_is_asked_for_is_there_and_no_other():
    source = {path.stem: path.read_text(encoding="utf-8") for path in PLUGIN.glob("*.py") if path.stem != "texts"}
    whole = "".join(source.values())
    algorithms = re.findall(r'^    key(?:, group_key)? = "(\w+)"', whole, re.MULTILINE)
    assert len(algorithms) == 6
    wanted = {f"{key}.{part}" for key in algorithms for part in ("name", "help")}
    wanted |= set(re.findall(r'say\("(\w+)"', whole)) | {"group_access", "group_change"}
    wanted |= {f"language_{code}" for code in ("study", "en", "nb")} | {"candidates_cells", "candidates_settlements"}
    wanted |= {f"objective_{name}" for name in OBJECTIVES}
    assert f"{100 * SHARE_WITHIN:g}%" in texts.TEXTS["objective_fewest"][0]
    labels = set(re.findall(r'self\.label\("(\w+)"\)', whole))
    own = {name for name in texts.TEXTS if "." in name and name.split(".")[1] in labels}
    assert wanted | own <= set(texts.TEXTS)
    assert labels - set(texts.TEXTS) <= {name.split(".")[1] for name in own}
    assert set(texts.TEXTS) - wanted - own - labels == set()


# The zip


def test_the_zip_is_the_same_every_time_and_is_what_qgis_installs(tmp_path):
    first = build(tmp_path / "a")
    second = build(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(BytesIO(first.read_bytes())) as packed:
        names = packed.namelist()
        metadata = configparser.ConfigParser()
        metadata.read_string(packed.read("geoaccess_qgis/metadata.txt").decode("utf-8"))
        shared = packed.read("geoaccess_qgis/palette.json")
    assert {name.split("/")[0] for name in names} == {"geoaccess_qgis"}
    assert names == sorted(names)
    assert not [name for name in names if "__pycache__" in name]
    wanted = {"__init__.py", "metadata.txt", "icon.svg", "LICENSE", "palette.json", "provider.py"}
    assert wanted <= {name.split("/")[1] for name in names}
    general = metadata["general"]
    assert general["version"] == __version__
    assert general["hasProcessingProvider"] == "yes"
    needed = {"name", "qgisMinimumVersion", "description", "about", "author", "email", "repository", "tracker"}
    assert needed <= {name for name, value in general.items() if value} | {"qgisMinimumVersion"}
    assert shared == (ROOT / "geoaccess" / "static" / "palette.json").read_bytes()


def test_the_palette_in_the_zip_is_read_beside_the_plugin(tmp_path):
    for name, content in contents().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    code = "from geoaccess_qgis.palette import colour; print(colour('new_site'))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={}, check=True, capture_output=True, text=True
    ).stdout
    assert found.strip() == palette.colour("new_site")


def test_the_icon_is_a_drawing():
    assert ET.parse(PLUGIN / "icon.svg").getroot().tag.endswith("svg")
