"""Every verb that writes, ended or hindered at the steps of writing: old or new, whole, and one sentence.

A verb computes once for all its steps. What the disk holds before a step is what a kill there would leave. For a fault
the process is doubled: the child has the fault, in a copy of the folder, and goes on to its end.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import os
import re
import shutil
import sys
import traceback
from pathlib import Path

import geopandas as gpd
import pyarrow.parquet as pq
import pytest

from geoaccess import cli, files
from geoaccess.cli.app import app
from geoaccess.files import disk
from tests import test_norwegian
from tests.test_faults import ERRORS, WRITERS
from tests.test_files_kills import held, needs_fork
from tests.test_norwegian import VERBS
from tests.test_study_tiny import degrees

folder = test_norwegian.folder

ALIKE = {"site --close", "site fewest", "site worst", "site in a scenario"}
"""They write as others do."""
WRITES_NOTHING = {"check", "explain", "serve"}
ELSEWHERE = {"example", "fetch", "report", "run"}
"""Tested with faults in test_files_verbs.py, test_fetch_download.py, test_study_report.py and test_faults.py."""
MORE = {
    "note": ["note", "study.toml", "shut.toml", "--service", "gp"],
    "compare of runs": ["compare", "study.toml", "other.toml", "--output", "out/runs"],
}
WRITING = {
    name: words for name, words in (VERBS | MORE).items() if words[0] not in WRITES_NOTHING | ELSEWHERE
    and name not in ALIKE
}  # fmt: skip
ONCE = {"new", "ferries", "template"}
"""They write where nothing is yet."""
ONE_FILE = {"info", "route"}
"""Their one file makes way, whoever wrote it."""
EVERY = 9
"""So many steps from one fault to the next; there are 12 to 100."""


def test_every_verb_is_in_the_table():
    there = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert {words[0] for words in WRITING.values()} == there - WRITES_NOTHING - ELSEWHERE


def copied(source, target):
    """Copy a folder: inputs and files of the cache are never written into, so a second name will do."""
    for path in source.iterdir():
        if path.name == "out":
            shutil.copytree(path, target / path.name)
        elif path.is_dir():
            shutil.copytree(path, target / path.name, copy_function=os.link)
        else:
            os.link(path, target / path.name)


def held_again(place):
    """Lock what the process has locked, in the copy, until it ends: else it takes its own for a killed one's."""
    for path in (place / "out").rglob(".geoaccess*"):
        if path.name.endswith((".lock", ".run", ".swap")):
            fcntl = importlib.import_module("fcntl")
            fcntl.flock(os.open(path, os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)


class Steps:
    """Looks at every step by which a verb writes below `out`: keeps what is there, and has a child with a fault."""

    def __init__(self, monkeypatch, kept):
        self.kept = kept
        self.count, self.children, self.is_child, self.looking = 0, [], False, True
        owners = (
            *WRITERS, (disk, "remove"), (disk, "remove_tree"), (disk, "link"), (gpd.GeoDataFrame, "to_parquet"),
            (pq.ParquetWriter, "__init__"), (io, "open"),
        )  # fmt: skip
        for owner, name in owners:
            monkeypatch.setattr(owner, name, self.watched(getattr(owner, name), name))

    def watched(self, function, name):
        def write(*arguments, **named):
            if self.looking and self.is_write(name, arguments, named):
                self.step(name)
            return function(*arguments, **named)

        return write

    def is_write(self, name, arguments, named):
        if name == "open" and not {*str(named.get("mode", arguments[1] if len(arguments) > 1 else "r"))} & {*"wax"}:
            return False
        paths = [one for one in (*arguments[:2], *named.values()) if isinstance(one, str | Path)]
        return any("out" in Path(one).parts for one in paths)

    def step(self, name):
        self.looking = False
        self.count += 1
        place = self.kept / str(self.count)
        place.mkdir()
        if self.count % EVERY != 1:
            shutil.copytree("out", place / "out")
        else:
            copied(Path(), place)
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                self.is_child = True
                os.chdir(place)
                held_again(place)
                sys.stderr = os.fdopen(os.open("said", os.O_WRONLY | os.O_CREAT), "w", encoding="utf-8")
                number = ERRORS[self.count // EVERY % len(ERRORS)]
                raise OSError(number, os.strerror(number))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            self.children.append((name, place, code, (place / "said").read_text(encoding="utf-8")))
        self.looking = True


class NoRoom(Steps):
    """Has a child at the first step for some sizes of files: the system lets no file grow larger, whoever writes it."""

    def step(self, name):
        self.looking = False
        self.count += 1
        for limit in self.limits() if self.count == 1 else ():
            place = self.kept / str(limit)
            place.mkdir()
            copied(Path(), place)
            told, said = os.pipe()
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                self.is_child = True
                os.chdir(place)
                held_again(place)
                sys.stderr = os.fdopen(said, "w", encoding="utf-8")
                sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
                resource = importlib.import_module("resource")
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                return
            os.close(said)
            with os.fdopen(told, encoding="utf-8") as told_by:
                words = told_by.read()
            self.children.append((limit, place, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), words))
        self.looking = True

    @staticmethod
    def limits():
        """Return of each kind of file that of a time before, but for some bytes: what is written last is lost."""
        largest = {}
        for path in Path("out").rglob("*.*"):
            if path.is_file():
                largest[path.suffix] = max(largest.get(path.suffix, 0), path.stat().st_size)
        return sorted({size * 9 // 10 for size in largest.values()}) or [100]


def ended(words, steps=None):
    """Run a verb; return its exit code. A child does not come back."""
    code = 1
    sys.argv = ["geoaccess", *words]
    try:
        cli.main()
        code = 0
    except SystemExit as done:
        code = done.code or 0
    except BaseException:
        if steps is not None and steps.is_child:
            traceback.print_exc()
        raise
    finally:
        if steps is not None and steps.is_child:
            sys.stderr.flush()
            os._exit(code)
    return code


def settled(place):
    """Return what is there once the next one looks: what was begun is done or undone, and what is left goes."""
    for path in (place, *place.rglob("*")):
        if path.is_dir() and not path.name.startswith(".geoaccess"):
            files.settle(path)
            files.clear_leftovers(path)
    return {name: data for name, data in held(place).items() if not re.search(r"(^|/)\.geoaccess\.(run|swap)", name)}


def prepared(folder, where, verb, words):
    """Make a folder with the results of a time before."""
    copied(folder, where)
    shutil.rmtree(where / "out", ignore_errors=True)
    (where / "out").mkdir()
    text = (where / "study.toml").read_text()
    (where / "study.toml").unlink()
    (where / "study.toml").write_text(text)
    (where / "other.toml").unlink(missing_ok=True)
    (where / "other.toml").write_text(text.replace("2024", "2023").replace('output = "out"', 'output = "other"'))
    os.chdir(where)
    if verb in ONCE:
        return
    (where / "study.toml").write_text(text.replace('disclaimer = "oppdiktet"', 'disclaimer = "fra før"'))
    assert ended(words) == 0
    (where / "study.toml").write_text(text)
    if verb in ONE_FILE:
        path = next(path for path in (where / "out").iterdir() if path.is_file())
        path.write_bytes(b"o" * path.stat().st_size)


def words_of(verb):
    """The command line of a verb, on places of the country."""
    places = {"FROM": "{:.5f},{:.5f}".format(*degrees(0.5, 0.5)), "TO": "{:.5f},{:.5f}".format(*degrees(27.5, -9.5))}
    return [places.get(word, word) for word in WRITING[verb]]


@pytest.fixture(scope="module")
def before(folder, tmp_path_factory):
    """What makes the folder of a verb with the results of a time before, once for all tests of that verb."""

    @functools.cache
    def made(verb):
        where = tmp_path_factory.mktemp("before")
        prepared(folder, where, verb, words_of(verb))
        return where

    return made


def started(before, tmp_path, verb):
    """Where a verb is about to run, where what its steps leave is kept, and what lies there from a time before."""
    where, kept = tmp_path / "where", tmp_path / "kept"
    where.mkdir()
    kept.mkdir()
    copied(before(verb), where)
    os.chdir(where)
    return where, kept, held(where / "out")


def check(verb, before, tmp_path, monkeypatch, capsys):
    here, words = Path.cwd(), words_of(verb)
    monkeypatch.setattr(sys, "argv", sys.argv)
    try:
        where, kept, old = started(before, tmp_path, verb)
        with monkeypatch.context() as patch:
            steps = Steps(patch, kept)
            code = ended(words, steps)
        assert code == 0, capsys.readouterr().err
        new = held(where / "out")
        assert new != old
        killed = [place for place in kept.iterdir() if not (place / "said").exists()]
        killed.sort(key=lambda place: int(place.name))
        if verb not in ONCE:
            shutil.rmtree("out")
            shutil.copytree(killed[len(killed) // 2] / "out", "out")
            assert ended(words) == 0, capsys.readouterr().err
            assert held(Path("out")) == new
        seen = set()
        for place in killed:
            found = settled(place / "out")
            assert found in (old, new), (place.name, {*found} ^ {*new})
            seen.add(found == new)
        assert seen == {True, False}
        each_ended_well(steps.children, old, new)
    finally:
        os.chdir(here)


def each_ended_well(children, old, new):
    """Each that had a fault did without, or ended in one sentence, with all that was there before."""
    assert children
    for name, place, code, said in children:
        assert code in {0, 2}, (name, code, said)
        assert "Traceback" not in said
        if code == 2:
            assert said.startswith("error: ")
            assert len(said.strip().splitlines()) == 1, said
            assert "out" in said
            assert ".geoaccess-" not in said
        assert settled(place / "out") in ((new,) if code == 0 else (old, new)), (name, said)


@needs_fork
@pytest.mark.parametrize("verb", WRITING)
def test_what_a_verb_writes_is_old_or_new_at_any_kill_and_fault(
    verb, before, tmp_path, no_pictures, monkeypatch, capsys
):
    check(verb, before, tmp_path, monkeypatch, capsys)


@needs_fork
@pytest.mark.parametrize("verb", [verb for verb in WRITING if verb not in {"note", "compare of runs"}])
def test_files_that_cannot_grow_end_in_one_sentence_and_old_results_stay(
    verb, before, tmp_path, no_pictures, monkeypatch, capsys
):
    """What GDAL and Arrow write does not pass Python, and they say less of it."""
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.chdir(tmp_path)  # and back
    words = words_of(verb)
    where, kept, old = started(before, tmp_path, verb)
    with monkeypatch.context() as patch:
        steps = NoRoom(patch, kept)
        assert ended(words, steps) == 0, capsys.readouterr().err
    each_ended_well(steps.children, old, held(where / "out"))
    assert 2 in {code for _, _, code, _ in steps.children}


@needs_fork
def test_that_guard_can_fail(before, tmp_path, no_pictures, monkeypatch, capsys):
    """A verb that puts its files there one by one."""

    @contextlib.contextmanager
    def straight(where, **_):
        yield where

    monkeypatch.setattr("geoaccess.questions.office_days.result_files", straight)
    with pytest.raises(AssertionError):
        check("office-days", before, tmp_path, monkeypatch, capsys)
