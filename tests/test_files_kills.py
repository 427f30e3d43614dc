"""The program ended at any step of writing: what was there is whole, and so is what the next run gives."""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import shutil
import signal
import threading
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import geoaccess
from geoaccess import files
from geoaccess.errors import InputError, MissingFileError, OutputError
from geoaccess.files import disk, swap
from geoaccess.files.faults import OURS
from geoaccess.planner.shelf import Shelf
from geoaccess.questions.compare.run_reading import read_runs
from geoaccess.scenarios import Close, Scenario, scenario_text
from geoaccess.study import load_study, solve_study
from geoaccess.study.results.output import up_to_date
from geoaccess.study.results.result_folder import former_files
from tests.test_study_tiny import write_study

RECORD = "run.json"
OLD = {"a.csv": b"old a", "b.csv": b"old b", "c.csv": b"old c"}
NEW = {"b.csv": b"new b", "c.csv": b"new c", "d.csv": b"new d"}
MINE = {"notes.txt": b"mine"}
STEPS = ("make_folder", "replace", "remove", "remove_tree", "sync", "sync_folder", "write_text", "take_lock")
KILLED = 9

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="a child that is this process needs fork")


def recorded(content):
    listed = json.dumps({"geoaccess": "0", "results": dict.fromkeys(content, "")})
    return content | {RECORD: listed.encode()}


def put(folder, content):
    with files.writing_among(folder, former=partial(former_files, folder, RECORD)) as temporary:
        for name, data in recorded(content).items():
            (temporary / name).write_bytes(data)


def held(folder):
    """Return every file below a folder by its name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def dies(step, act):
    """Run `act` in a child that is ended before step number `step`; whether it was. Of a text, half is written."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            count = itertools.count()
            for name in STEPS:
                setattr(disk, name, partial(_step, getattr(disk, name), name, count, step))
            act()
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, KILLED}
    return status == KILLED


def _step(function, name, count, last, *arguments, **named):
    if next(count) == last:
        if name == "write_text":
            arguments[0].write_text(arguments[1][: len(arguments[1]) // 2])
        os._exit(KILLED)
    return function(*arguments, **named)


def steps_of(prepare, act):
    """Yield number and folder of every step at which `act` was killed."""
    for step in itertools.count():
        place = prepare(step)
        if not dies(step, partial(act, place)):
            break
        yield step, place
    assert step > 3  # else nothing was tried


@needs_fork
def test_a_folder_is_whole_after_a_kill_at_any_step(tmp_path):
    def prepare(step):
        folder = tmp_path / str(step) / "out"
        put(folder, OLD)
        (folder / "notes.txt").write_bytes(b"mine")
        return folder

    seen = set()
    for step, folder in steps_of(prepare, lambda folder: put(folder, NEW)):
        assert (folder / "notes.txt").read_bytes() == b"mine"
        former_files(folder, RECORD)  # as every run begins
        found = {name: data for name, data in held(folder).items() if not name.startswith(".geoaccess")}
        assert found in (recorded(OLD) | MINE, recorded(NEW) | MINE), step
        seen.add(found == recorded(NEW) | MINE)
        put(folder, NEW)
        assert held(folder.parent) == {f"out/{name}": data for name, data in (recorded(NEW) | MINE).items()}, step
        assert [path.name for path in folder.parent.iterdir()] == ["out"]
    assert seen == {True, False}


def interrupted(step, act):
    """Run `act` and interrupt it before step number `step`; whether it was."""
    count, heard = itertools.count(), []

    def stepped(function, *arguments, **named):
        if next(count) == step:
            heard.append(step)
            signal.raise_signal(signal.SIGINT)
        return function(*arguments, **named)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in STEPS:
                patch.setattr(disk, name, partial(stepped, getattr(disk, name)))
            act()
    except KeyboardInterrupt:
        assert heard
    else:
        assert not heard
    finally:
        signal.signal(signal.SIGINT, before)
    return bool(heard)


def test_an_interruption_leaves_a_folder_whole_with_nothing_to_go_on_with(tmp_path):
    """Other than a kill it is heard, and waits until files that go together are moved."""
    seen = set()
    for step in itertools.count():
        folder = tmp_path / str(step) / "out"
        put(folder, OLD)
        heard = interrupted(step, partial(put, folder, NEW))
        found = held(folder.parent)
        assert found in [{f"out/{name}": data for name, data in recorded(one).items()} for one in (OLD, NEW)], step
        seen.add((heard, "out/d.csv" in found))
        if not heard:
            break
    assert seen == {(True, False), (True, True), (False, True)}


def test_an_interruption_leaves_a_folder_of_the_cache_whole(tmp_path):
    for step in itertools.count():
        path = tmp_path / str(step) / "kept"
        for mark in "12":
            with files.writing_folder(path) as temporary:
                (temporary / "a").write_text(mark)
            if mark == "1":
                with files.spare(path.parent) as source:
                    (source / "a").write_text("2")
                    heard = interrupted(step, partial(files.put_folder, source, path))
                assert held(path.parent) in ({"kept/a": b"1"}, {"kept/a": b"2"}), step
        if not heard:
            break
    assert step > 3


@needs_fork
def test_a_first_folder_is_whole_or_not_there(tmp_path):
    def prepare(step):
        (tmp_path / str(step)).mkdir()
        return tmp_path / str(step) / "out"

    for step, folder in steps_of(prepare, lambda folder: put(folder, NEW)):
        assert not folder.exists() or held(folder) == recorded(NEW), step
        put(folder, NEW)
        assert held(folder.parent) == {f"out/{name}": data for name, data in recorded(NEW).items()}, step
        assert [path.name for path in folder.parent.iterdir()] == ["out"]


@needs_fork
def test_a_kill_while_the_next_start_goes_on_costs_nothing(tmp_path):
    def prepare(first, second):
        folder = tmp_path / f"{first}-{second}" / "out"
        put(folder, OLD)
        dies(first, lambda: put(folder, NEW))
        return folder

    tried = 0
    firsts = [step for step in range(40) if (prepare(step, "probe") / ".geoaccess.journal").exists()]
    assert len(firsts) >= len(OLD) + len(NEW)
    for first in firsts[::4]:
        for _, folder in steps_of(partial(prepare, first), files.settle):
            put(folder, NEW)
            assert held(folder) == recorded(NEW)
            tried += 1
    assert tried > 20


@needs_fork
def test_a_run_of_many_files_that_cannot_be_completed_is_undone(tmp_path):
    """Somebody removed what looked like rubbish: the new files are gone, so the old ones are put back."""
    for step in itertools.count():
        folder = tmp_path / str(step) / "out"
        put(folder, OLD)
        assert dies(step, partial(put, folder, NEW))
        if not (folder / "b.csv").exists():
            break
    staged = folder / json.loads((folder / ".geoaccess.journal").read_text())["staged"]
    for path in staged.iterdir():
        path.unlink()
    files.settle(folder)
    assert held(folder) == recorded(OLD)


def emptied(folder):
    for path in folder.iterdir():
        disk.remove_tree(path)


def made_a_file(folder):
    shutil.rmtree(folder)
    folder.write_text("somebody's")


@pytest.mark.skipif(os.name == "nt", reason="Windows removes nothing that is open")
@pytest.mark.parametrize("goes", [shutil.rmtree, emptied, made_a_file])
def test_a_folder_that_goes_while_files_are_put_there_is_said_to_be_gone(tmp_path, monkeypatch, goes):
    """Not a word is said only where it went after the last file was there."""
    said = []
    for step in itertools.count():
        folder = tmp_path / str(step) / "out"
        put(folder, OLD)
        count, gone = itertools.count(), []

        def stepped(function, *arguments, count=count, gone=gone, folder=folder, step=step, **named):
            if next(count) == step:
                gone.append((folder / "d.csv").exists())
                goes(folder)
            return function(*arguments, **named)

        with monkeypatch.context() as patch:
            for name in STEPS:
                patch.setattr(disk, name, partial(stepped, getattr(disk, name)))
            try:
                put(folder, NEW)
            except OutputError as error:
                assert str(folder) in str(error)  # noqa: PT017 - it must not be raised when all is done
                assert ".geoaccess" not in str(error)  # noqa: PT017
                said.append(str(error))
            else:
                assert not gone or gone == [True] or held(folder) == recorded(NEW), step
        assert [path.name for path in folder.parent.rglob("*") if OURS.match(path.name)] == []
        if not gone:
            break
        folder.unlink() if folder.is_file() else None
        put(folder, NEW)
        assert held(folder) == recorded(NEW)
    assert len(said) > 10


@needs_fork
@pytest.mark.parametrize("there", [True, False])
def test_a_plan_is_whole_after_a_kill_at_any_step(tmp_path, there):
    def text(way):
        return scenario_text(Scenario(title="Plan", close=(Close(osm_id=way),)))

    def prepare(step):
        shelf = Shelf(tmp_path / str(step))
        if there:
            shelf.write("plan", text(5), over=None)
        return shelf

    def save(shelf):
        shelf.write("plan", text(7), over=shelf.etag("plan"))

    for _, shelf in steps_of(prepare, save):
        if shelf.names():
            assert shelf.scenario(shelf.kept("plan")).close[0].osm_id in ({5, 7} if there else {7})
        else:
            assert not there
        save(shelf)
        assert shelf.scenario(shelf.kept("plan")).close == (Close(osm_id=7),)
        assert [path.name for path in shelf.folder.iterdir()] == ["plan.toml"]


@needs_fork
def test_a_folder_of_the_cache_is_whole_or_not_there_and_nothing_is_left_beside_it(tmp_path):
    def write(path, mark):
        with files.writing_folder(path) as temporary:
            for name in "ab":
                (temporary / name).write_text(mark)

    def prepare(step):
        write(tmp_path / str(step) / "kept", "1")
        return tmp_path / str(step) / "kept"

    for step, path in steps_of(prepare, partial(write, mark="2")):
        assert not path.exists() or len({file.read_text() for file in path.iterdir()}) == 1, step
        write(path, "2")
        assert held(path.parent) == {"kept/a": b"2", "kept/b": b"2"}
        assert [found.name for found in path.parent.iterdir()] == ["kept"]


@needs_fork
def test_a_file_is_whole_at_any_kill_and_nothing_is_left_beside_one_that_has_its_name(tmp_path):
    def prepare(step):
        (tmp_path / str(step)).mkdir()
        return tmp_path / str(step) / "table.csv"

    def write(path):
        with files.writing(path) as temporary:
            temporary.write_text("whole")

    seen = set()
    for step, path in steps_of(prepare, write):
        there = held(path.parent)
        assert there.get("table.csv", b"whole") == b"whole", step
        assert "table.csv" not in there or list(there) == ["table.csv"], step
        seen.add("table.csv" in there)
        write(path)
        assert held(path.parent) == {"table.csv": b"whole"}, step
    assert seen == {True, False}


def test_a_file_that_is_just_getting_its_name_is_left_to_who_moves_it(tmp_path, monkeypatch):
    replace = disk.replace

    def moved(source, target):
        assert [path.name for path in tmp_path.iterdir()] == [source.name]  # no lock beside it any more
        files.clear_leftovers(tmp_path)
        replace(source, target)
        monkeypatch.setattr(disk, "replace", replace)

    monkeypatch.setattr(disk, "replace", moved)
    with files.writing(tmp_path / "table.csv") as temporary:
        temporary.write_text("whole")
    assert held(tmp_path) == {"table.csv": b"whole"}
    (tmp_path / ".geoaccess-12345678.csv").write_text("half")  # of a process that was killed there
    files.clear_leftovers(tmp_path)
    assert held(tmp_path) == {"table.csv": b"whole"}


def test_a_file_that_cannot_be_moved_leaves_the_folder_as_it_was_and_is_named(tmp_path, monkeypatch):
    put(tmp_path, OLD)
    before, replace = held(tmp_path), disk.replace

    def stubborn(source, target):
        if target == tmp_path / "d.csv":
            raise PermissionError(13, "held open", str(target))
        replace(source, target)

    monkeypatch.setattr(disk, "replace", stubborn)
    with pytest.raises(OutputError, match=r"d\.csv"):
        put(tmp_path, NEW)
    assert held(tmp_path) == before


def test_what_a_living_process_makes_is_left_to_it(tmp_path):
    with files.spare(tmp_path) as mine:
        (mine / "x").write_text("mine")
        files.clear_leftovers(tmp_path)
        with files.writing(tmp_path / "other.txt") as temporary:
            temporary.write_text("other")
        assert (mine / "x").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["other.txt"]


def test_a_journal_that_names_what_lies_outside_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_text("mine")
    described = {"staged": ".geoaccess-aaaaaaaa", "old": ".geoaccess-bbbbbbbb", "names": [], "gone": ["../precious"]}
    for content in (json.dumps(described), json.dumps(described | {"staged": ".."}), "[]", "{", '{"staged": 1}'):
        (tmp_path / "out" / ".geoaccess.journal").write_text(content)
        with pytest.raises(OutputError, match="journal"):
            files.settle(tmp_path / "out")
    assert (tmp_path / "precious").read_text() == "mine"


# Two at once


@pytest.mark.parametrize("there", [True, False])
def test_the_second_of_two_runs_on_a_folder_is_told_who_runs(tmp_path, there):
    folder = tmp_path / "out"
    if there:
        folder.mkdir()
    with files.run_alone(folder, what="geoaccess run a.toml"):
        folder.mkdir(exist_ok=True)  # another verb may write there meanwhile
        with (
            pytest.raises(InputError, match=rf"out: process {os.getpid()} .*geoaccess run a\.toml, since 20\d\d"),
            files.run_alone(folder, what="geoaccess run b.toml"),
        ):
            pass
    with files.run_alone(folder, what="geoaccess run b.toml"):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["out"]


@needs_fork
def test_a_run_that_was_killed_holds_nothing(tmp_path):
    def run():
        with files.run_alone(tmp_path / "out", what="a"):
            os._exit(KILLED)

    assert dies(-1, run)
    with files.run_alone(tmp_path / "out", what="b"):
        put(tmp_path / "out", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_several_write_first_results_at_once_and_each_is_whole(tmp_path):
    faults = []

    def write(mark):
        try:
            for _ in range(5):
                put(tmp_path / "out", dict.fromkeys((*NEW, f"{mark.decode()}.csv"), mark))
        except Exception as error:  # noqa: BLE001 - shown below
            faults.append(error)

    writers = [threading.Thread(target=write, args=(mark,)) for mark in (b"1", b"2", b"3")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    found = held(tmp_path)
    del found[f"out/{RECORD}"]
    assert len(set(found.values())) == 1
    assert len(found) == len(NEW) + 1


def test_who_waits_too_long_is_told_for_whom(tmp_path, monkeypatch):
    monkeypatch.setattr(swap, "_PATIENCE_S", 0.0)
    lock = disk.take_lock(tmp_path / ".geoaccess.swap", text="process 7 on far")
    with pytest.raises(OutputError, match="process 7 on far"):
        put(tmp_path, NEW)
    lock.release()


def test_what_was_made_and_removed_by_somebody_is_not_said_to_be_written(tmp_path, monkeypatch):
    put(tmp_path / "out", OLD)
    write = disk.write_text

    def cleaning(path, text):
        write(path, text)
        for one in (tmp_path / "out").glob(".geoaccess-*/d.csv"):
            one.unlink()

    monkeypatch.setattr(disk, "write_text", cleaning)
    with pytest.raises(OutputError, match="what was made is gone"):
        put(tmp_path / "out", NEW)
    assert held(tmp_path / "out") == recorded(OLD)


# A disk that does not say that it has what was written


@pytest.mark.parametrize("last", [True, False])
def test_what_the_disk_does_not_confirm_is_there_and_is_said_to_be(tmp_path, monkeypatch, last):
    """As after the commit of a database: it may be lost with the power, but it is neither gone nor half there."""
    put(tmp_path / "out", OLD)
    sync, journal = disk.sync_folder, tmp_path / "out" / ".geoaccess.journal"

    def fails(path):
        moved = (tmp_path / "out" / "d.csv").exists()
        if moved and (not last or not journal.exists()):
            raise OSError(errno.EIO, "Input/output error")
        sync(path)

    monkeypatch.setattr(disk, "sync_folder", fails)
    with pytest.raises(OutputError, match=r"is written and whole, but the disk does not confirm .*Input/output error"):
        put(tmp_path / "out", NEW)
    monkeypatch.undo()
    files.settle(tmp_path / "out")
    assert held(tmp_path / "out") == recorded(NEW)


def test_a_journal_that_the_disk_does_not_take_is_gone_before_anything_is_moved(tmp_path, monkeypatch):
    """Else whoever comes next would bring in what was said to have failed."""
    put(tmp_path / "out", OLD)
    sync, journal = disk.sync_folder, tmp_path / "out" / ".geoaccess.journal"

    def fails(path):
        if journal.exists():
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        sync(path)

    monkeypatch.setattr(disk, "sync_folder", fails)
    with pytest.raises(OutputError, match="the disk is full"):
        put(tmp_path / "out", NEW)
    assert held(tmp_path / "out") == recorded(OLD)


def test_a_file_that_the_disk_does_not_confirm_is_there(tmp_path, monkeypatch):
    def fails(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(disk, "sync_folder", fails)
    with (
        pytest.raises(OutputError, match=r"a\.csv: is written and whole, but the disk"),
        files.writing(tmp_path / "a.csv") as temporary,
    ):
        temporary.write_text("whole")
    assert held(tmp_path) == {"a.csv": b"whole"}


def test_what_could_not_be_moved_is_said_also_where_the_disk_confirms_nothing_more(tmp_path, monkeypatch):
    put(tmp_path, OLD)
    before, replace = held(tmp_path), disk.replace

    def stubborn(source, target):
        if target == tmp_path / "d.csv":
            monkeypatch.setattr(disk, "sync_folder", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "fault")))
            raise PermissionError(13, "held open", str(target))
        replace(source, target)

    monkeypatch.setattr(disk, "replace", stubborn)
    with pytest.raises(OutputError, match=r"d\.csv: cannot be .*held open"):
        put(tmp_path, NEW)
    monkeypatch.undo()
    files.settle(tmp_path)
    assert held(tmp_path) in (before, recorded(NEW))


# What stands where a file should


@pytest.fixture
def impatient():
    """End a test that waits for a pipe."""

    def ended(*_):
        raise AssertionError("it waits for somebody to write into the pipe")

    before = signal.signal(signal.SIGALRM, ended)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
def test_a_pipe_in_place_of_a_file_is_never_waited_for(tmp_path, impatient):
    put(tmp_path / "out", OLD)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(MissingFileError, match="is a pipe or a device"):
        files.require(pipe)
    for read in (files.json_of, files.sha256):
        with pytest.raises(OSError, match="is a pipe or a device"):
            read(pipe)
    assert files.remembered_sha256(tmp_path / "out" / "a.csv", pipe) == files.sha256(tmp_path / "out" / "a.csv")
    (tmp_path / "out" / RECORD).unlink()
    os.mkfifo(tmp_path / "out" / RECORD)
    assert former_files(tmp_path / "out", RECORD) == set()
    os.mkfifo(tmp_path / "out" / ".geoaccess.journal")
    with pytest.raises(OutputError, match=r"\.geoaccess\.journal"):
        files.settle(tmp_path / "out")


PIPES = (
    "cache/*/tables.json", "cache/*/*.parquet", "cache/*/network.json", "cache/*/order.json", "cache/inputs.json",
    "cache/*/*.npy", "out/run.json", "out/sites.csv",
)  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
def test_pipes_in_cache_and_results_cost_a_study_nothing(tmp_path, impatient):
    study = load_study(write_study(tmp_path))
    expected = solve_study(study, show=False)
    (tmp_path / "out").mkdir()
    seen = set()
    for pattern in PIPES:
        for path in sorted(tmp_path.glob(pattern))[:2] or [tmp_path / pattern]:
            path.unlink(missing_ok=True)
            os.mkfifo(path)
            seen.add(path.suffix)
    assert seen == {".json", ".parquet", ".npy", ".csv"}
    again = solve_study(study, show=False)
    pd.testing.assert_frame_equal(pd.DataFrame(again.results), pd.DataFrame(expected.results))
    assert not up_to_date(study)


def test_no_file_that_geoaccess_keeps_is_read_by_a_call_that_waits_for_a_pipe():
    """`Path.read_text` stands only where the files of the package itself are read, or what was just looked at."""
    allowed = {
        "arguments.py", "phrases/catalogue.py", "study/examples.py", "maps/paper.py", "maps/runs_page.py",
        "maps/scenario_page.py", "files/digests.py", "routing/matrices.py",
        "sources/countries.py", "scenarios/reading.py", "toml/models.py", "planner/doors.py",
    }  # fmt: skip
    package = Path(geoaccess.__file__).parent
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"^(?!.*>>>).*\.read_text\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found == allowed


def test_json_from_elsewhere_is_read_by_one_function():
    """It refuses what Python reads and cannot write, and what lies too deep for Python."""
    package = Path(geoaccess.__file__).parent
    read = re.compile(r"^(?!.*>>>).*\bjson\.loads?\(", re.MULTILINE)
    found = {path.name for path in package.rglob("*.py") if read.search(path.read_text("utf-8"))}
    own = {"countries.py", "assets.py", "kept_tables.py"}  # of the package, and of a cache under its digest
    assert found == {"digests.py", *own}


# The other branch of the door


@pytest.fixture
def windows(monkeypatch):
    """What Windows says of locks: a byte that is locked, and none that can be had twice."""
    held_by = {}

    def locking(handle, mode, size):
        key = os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR), size
        assert mode == "non-blocking"
        if held_by.get(key, handle) != handle:
            raise PermissionError(13, "Permission denied")
        held_by[key] = handle

    fake = SimpleNamespace(LK_NBLCK="non-blocking", locking=locking)
    monkeypatch.setattr(disk, "WINDOWS", True)
    monkeypatch.setattr(disk.importlib, "import_module", lambda name: {"msvcrt": fake}[name])
    close = os.close

    def closing(handle):
        for key in [key for key, owner in held_by.items() if owner == handle]:
            del held_by[key]
        close(handle)

    monkeypatch.setattr(disk.os, "close", closing)
    return held_by


def test_locks_of_windows(tmp_path, windows):
    lock = disk.take_lock(tmp_path / "x", text="process 1")
    assert lock.certain
    assert [key[1:] for key in windows] == [(1 << 30, 1)]  # behind all that is written
    assert disk.take_lock(tmp_path / "x") is None
    assert (tmp_path / "x").read_text() == "process 1"
    lock.release()
    assert not (tmp_path / "x").exists()
    again = disk.take_lock(tmp_path / "x")
    again.release()
    put(tmp_path / "out", OLD)
    put(tmp_path / "out", NEW)
    assert held(tmp_path / "out") == recorded(NEW)


def test_a_file_that_is_looked_at_for_a_moment_is_replaced_on_windows(tmp_path, windows, monkeypatch):
    (tmp_path / "new").write_text("new")
    replace, tries = Path.replace, itertools.count()

    def busy(self, target):
        if next(tries) < 2:
            raise PermissionError(13, "used by another process")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", busy)
    disk.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "new"


def test_a_lock_that_a_full_disk_does_not_take_is_not_left(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        disk.take_lock(tmp_path / "lock", text="process 1")
    assert held(tmp_path) == {}


def test_a_lock_that_the_system_does_not_close_is_gone(tmp_path, monkeypatch):
    lock, close = disk.take_lock(tmp_path / "lock"), os.close

    def broken(handle):
        close(handle)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "close", broken)
    lock.release()
    assert held(tmp_path) == {}


def test_a_disk_without_locks_keeps_what_may_be_alive(tmp_path, monkeypatch):
    def none_here(*_):
        raise OSError(38, "not implemented")

    monkeypatch.setattr(disk, "_lock_posix", none_here)
    monkeypatch.setattr(disk, "_lock_windows", none_here)
    with files.spare(tmp_path) as mine:
        files.clear_leftovers(tmp_path)
        assert mine.is_dir()
    put(tmp_path / "out", OLD)
    put(tmp_path / "out", NEW)
    assert held(tmp_path) == {f"out/{name}": data for name, data in recorded(NEW).items()}


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"{", b"\xff", b"9" * 5000])
def test_a_record_that_is_no_json_is_none(tmp_path, content):
    put(tmp_path / "out", OLD)
    (tmp_path / "out" / RECORD).write_bytes(content)
    with pytest.raises(ValueError):
        files.json_of(tmp_path / "out" / RECORD)
    assert former_files(tmp_path / "out", RECORD) == set()
    with pytest.raises(InputError, match="holds no results of a run"):
        read_runs([tmp_path / "out", tmp_path])
