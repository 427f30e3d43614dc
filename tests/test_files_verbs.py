"""The files that verbs write together: the program killed or the disk full at any step, all or none of them are new."""

from __future__ import annotations

import ast
import datetime as dt
import itertools
import shutil
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest

import geoaccess
from geoaccess import files, maps
from geoaccess.errors import InputError, OutputError
from geoaccess.questions import day_profile, office_days, vehicles_output
from geoaccess.questions.siting import futures, output
from geoaccess.questions.validation import validate
from geoaccess.study import write_example, write_template
from geoaccess.study.examples import EXAMPLES
from geoaccess.study.stamps import InputStamps
from tests.test_faults import Faults
from tests.test_files_kills import held, needs_fork, steps_of

NOWHERE = gpd.GeoDataFrame({"a": [1]}, geometry=gpd.points_from_xy([0], [0]), crs=4326)
NOTHING_BELOW = SimpleNamespace(below=lambda _: {})


def table(mark):
    return pd.DataFrame({"name": [mark], "service": "gp"})


def study(folder):
    names = {
        "disclaimer": "made up",
        "language": "en",
        "title": "A",
        "subtitle": "",
        "network": SimpleNamespace(profile="car"),
    }
    spec = SimpleNamespace(key="gp", label="GP", norms_s=(600.0,))
    return SimpleNamespace(settings=SimpleNamespace(**names), output=folder, specs=[spec], scheme=None)


def sited(folder, mark):
    tables = {name: table(mark) for name in output._NAMES}
    if mark == "new":  # this answer has no alternatives, and those of the one before would not belong to it
        tables["alternatives"] = pd.DataFrame()
    answers = SimpleNamespace(results=NOWHERE, sites=NOWHERE, stamps=InputStamps())
    answer = SimpleNamespace(
        study=study(folder), question=SimpleNamespace(service="gp"), scenario=mark, before=answers, after=answers,
        title=mark, subtitle="", drawn=NOTHING_BELOW, **tables,
    )  # fmt: skip
    return output.write_placed(answer)


def least_regret(folder, mark):
    answer = SimpleNamespace(
        question=SimpleNamespace(service="gp"), futures=table(mark).assign(future=mark), places=table(mark),
        frontier=table(mark), disclaimer="made up", scenario=mark, output=folder, nearer_s=None,
        first=SimpleNamespace(stamps=InputStamps()), drawn=NOTHING_BELOW,
    )  # fmt: skip
    return futures.write_futures(answer)


def shared_days(folder, mark):
    answer = SimpleNamespace(
        study=study(folder), question=SimpleNamespace(service="gp"), places=table(mark), frontier=table(mark),
        scenario=mark, stamps=InputStamps(),
    )  # fmt: skip
    return office_days.write_days(answer)


def moved_vehicles(folder, mark):
    effect = SimpleNamespace(
        classes=table(mark), municipalities=table(mark), cells=NOWHERE, within_now=0, within_then=1
    )
    answer = SimpleNamespace(
        study=study(folder), question=SimpleNamespace(service="gp"), places=table(mark), effect=effect, scenario=mark,
        answers=SimpleNamespace(results=NOWHERE, sites=NOWHERE, stamps=InputStamps()), spec=study(folder).specs[0],
    )  # fmt: skip
    return vehicles_output.write_fleet(answer)


def validated(folder, mark):
    answer = SimpleNamespace(
        study=study(folder),
        table=table(mark).assign(source="x"),
        summary=table(mark),
        unmatched=table(mark),
        stamps=InputStamps(),
    )
    return validate.write_validation(answer)


def profiled(folder, mark):
    profile = SimpleNamespace(
        service="gp",
        day=dt.date(2026, 1, 14),
        cells=NOWHERE.assign(mark=mark),
        by_class=table(mark),
        results=NOWHERE,
        stamps=InputStamps(),
    )
    return day_profile.write_day_profile(study(folder), profile)


WRITERS = (sited, least_regret, shared_days, moved_vehicles, validated, profiled)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Draw nothing: a picture is a file like another."""
    drawn = {"sites": NOWHERE}
    for name in ("difference_map", "validation_figure"):
        monkeypatch.setattr(maps, name, lambda path, *, title, **_: path.write_text(title))
    monkeypatch.setattr(vehicles_output, "drawn_below", lambda _: {})
    for module in (output, vehicles_output):
        monkeypatch.setattr(module, "figure_words", lambda _: {"title": "A"})
    monkeypatch.setattr(output, "drawn_sites", lambda _: drawn)
    monkeypatch.setattr(vehicles_output, "drawn_bases", lambda _: drawn)
    monkeypatch.setattr(output.scenarios, "cell_differences", lambda *_, **__: NOWHERE)
    monkeypatch.setattr(futures, "draw_futures", lambda path, **_: path.write_text("drawn"))
    monkeypatch.setattr(validate, "attribution_of", lambda _: [])
    monkeypatch.setattr("geoaccess.study.results.pictures.look_of", lambda _: None)
    monkeypatch.setattr(day_profile, "masked", lambda cells, _, known: cells)


def written(tmp_path, writer, *marks):
    """Return what a folder holds after a writer wrote each of the marks into it."""
    folder = tmp_path / "_".join(("fresh", *marks))
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "site_gp_note.html").write_text("of another verb")
    for mark in marks:
        paths = writer(folder, mark)
        assert {path.name for path in paths} == {*held(folder)} - {"notes.txt", "site_gp_note.html"}
    return folder, held(folder)


@needs_fork
@pytest.mark.parametrize("writer", WRITERS)
def test_what_a_verb_wrote_is_whole_after_a_kill_at_any_step(tmp_path, writer):
    before, old = written(tmp_path, writer, "old")
    _, new = written(tmp_path, writer, "old", "new")
    assert old != new

    def prepare(step):
        return shutil.copytree(before, tmp_path / str(step))

    seen = set()
    for step, folder in steps_of(prepare, lambda folder: writer(folder, "new")):
        files.settle(folder)
        found = {name: data for name, data in held(folder).items() if not name.startswith(".geoaccess")}
        assert found in (old, new), step
        seen.add(found == new)
        writer(folder, "new")
        assert held(folder) == new, step
    assert seen == {True, False}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_a_verb_cannot_write_leaves_what_was_there(tmp_path, monkeypatch, writer):
    """Where the fault comes once all files are moved, all are new."""
    _, new = written(tmp_path, writer, "old", "new")
    folder, old = written(tmp_path, writer, "old")
    faults, kept = Faults(monkeypatch), 0
    for last in itertools.count():
        faults.at(last)
        try:
            writer(folder, "new")
        except OutputError as error:
            assert str(folder) in str(error)  # noqa: PT017 - it must not be raised when all is done
            faults.at(10**9)
            files.settle(folder)
            found = held(folder)
            assert found in (old, new), last
            if found == new:
                break
            kept += 1
        else:  # no write fails any more, or one that costs nothing
            assert held(folder) == new
            break
    assert kept > 6


def calls_of(function, names):
    """Yield the calls of `files.NAME` in a function, with whether they stand in a loop."""
    for loop, node in (
        (False, function),
        *((True, one) for one in ast.walk(function) if isinstance(one, ast.For | ast.While)),
    ):
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in names:
                yield call.lineno, loop


def test_no_question_writes_its_files_one_by_one():
    """What is written together goes through `result_files` or `result_folder`, not through several `writing`."""
    looked_at = 0
    for path in sorted((Path(geoaccess.__file__).parent / "questions").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                found = {*calls_of(function, {"writing"})}
                lines = {line for line, _ in found}
                looked_at += len(lines)
                assert len(lines) <= 1, f"{path}: {function.name}"
                assert not any(loop for _, loop in found), f"{path}: {function.name}"
    assert looked_at > 1


# New studies


@needs_fork
def test_a_study_and_its_profile_are_both_there_or_neither(tmp_path):
    def prepare(step):
        return tmp_path / str(step)

    for step, folder in steps_of(prepare, lambda folder: write_template(folder / "a.toml")):
        files.settle(folder)
        found = {path.name for path in folder.glob("*.toml")} if folder.is_dir() else set()
        assert found in (set(), {"a.toml", "car.toml"}), step
        if not found:
            write_template(folder / "a.toml")
        assert {path.name for path in folder.iterdir()} == {"a.toml", "car.toml"}, step


def test_a_sample_that_was_cut_short_is_completed_and_a_whole_one_is_kept(tmp_path):
    whole = write_example("troms", tmp_path / "whole")
    for path in whole:
        assert path.is_file()
    cut = tmp_path / "cut"
    write_example("troms", cut)
    for name in EXAMPLES["troms"]:
        (cut / f"{name}.toml").unlink()  # they are written last
    (cut / "data" / "README.md").unlink()
    write_example("troms", cut)
    assert held(cut) == held(tmp_path / "whole")
    with pytest.raises(InputError, match=r"troms\.toml is there already"):
        write_example("troms", cut)
