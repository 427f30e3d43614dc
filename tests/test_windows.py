"""What is other on Windows, where most trusts work: names, long paths, files that are held open, consoles."""

from __future__ import annotations

import errno
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from geoaccess import files, forking
from geoaccess.cli import streams
from geoaccess.errors import ConfigError, OutputError
from geoaccess.files import disk
from geoaccess.planner.shelf import slug
from geoaccess.study import load_study
from tests.test_study_tiny import STUDY, write_study


class HeldError(PermissionError):
    """What Windows raises of a file that another program has open: error 32, and both names."""

    def __init__(self, source, target):
        super().__init__(errno.EACCES, "The process cannot access the file because it is being used by another process")
        self.filename, self.filename2 = str(source), str(target)


@pytest.fixture
def windows(monkeypatch):
    """Take the other branch of the door, with files that can be held open."""
    held, replace = set(), Path.replace

    def moving(self, target):
        if self in held or Path(target) in held:
            raise HeldError(self, target)
        return replace(self, target)

    monkeypatch.setattr(disk, "WINDOWS", True)
    monkeypatch.setattr(disk, "_AGAIN", (0.0,))
    monkeypatch.setattr(disk, "_lock_windows", disk._lock_posix)
    monkeypatch.setattr(Path, "replace", moving)
    return held


@pytest.mark.parametrize("held", ["gp.csv", "old.csv"])
def test_a_result_that_is_open_in_excel_is_named_and_all_stay_as_they_were(tmp_path, windows, held):
    folder = tmp_path / "out"
    names = {"gp.csv", "old.csv"}
    with files.writing_among(folder, former=tuple) as temporary:
        for name in names:
            (temporary / name).write_text("old")
    windows.add(folder / held)
    with pytest.raises(OutputError) as caught, files.writing_among(folder, former=lambda: names) as temporary:
        (temporary / "gp.csv").write_text("new")
    assert str(caught.value).startswith(f"{folder / held}: cannot be replaced")
    assert "Excel" in str(caught.value)
    assert {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(names, "old")
    windows.clear()
    with files.writing_among(folder, former=lambda: names) as temporary:
        (temporary / "gp.csv").write_text("new")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"gp.csv": "new"}


def test_one_file_that_is_open_in_excel_is_named(tmp_path, windows):
    (tmp_path / "matrix.csv").write_text("old")
    windows.add(tmp_path / "matrix.csv")
    refused = pytest.raises(OutputError, match=r"matrix\.csv: cannot be replaced .*Excel")
    with refused, files.writing(tmp_path / "matrix.csv") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "matrix.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["matrix.csv"]


def test_paths_that_are_too_long_are_said_to_be(tmp_path, windows, monkeypatch):
    error = FileNotFoundError(
        errno.ENOENT, "The system cannot find the path specified", "C:/" + 30 * "long folder/" + "a.csv"
    )
    assert "longer than this system takes" in str(files.cannot_write(error, Path("a.csv")))
    monkeypatch.setattr(disk, "WINDOWS", False)
    assert "is not there" in str(files.cannot_write(error, Path("a.csv")))
    with (
        pytest.raises(OutputError, match="longer than this system takes"),
        files.writing(tmp_path / ("a" * 300)) as temporary,
    ):
        temporary.write_text("x")


@pytest.mark.parametrize("name", ["aux", "CON", "Lpt1", "com9", "nul"])
def test_names_of_devices_are_none_of_files(tmp_path, name):
    assert disk.is_device(name)
    assert disk.is_device(f"{name}.csv")
    assert not disk.is_device(f"{name}_a")
    with pytest.raises(ConfigError, match=rf"\[services\.{name}\]: Windows takes .*another key"):
        load_study(write_study(tmp_path, STUDY.replace("birth_unit", name)))
    assert slug(name) == f"plan-{name.lower()}"


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "ascii"])
def test_consoles_of_few_letters_show_what_they_can(monkeypatch, encoding):
    shown = io.BytesIO()
    given = {"stdout": io.TextIOWrapper(shown, encoding), "stderr": io.TextIOWrapper(io.BytesIO(), encoding)}
    for name, stream in given.items():  # which live on, as those that Python opens do
        monkeypatch.setattr(sys, name, stream)
    streams.open_streams()
    Console(file=sys.stdout, width=60).print("Kárášjohka → Tromsø ☃ 12 min")
    sys.stdout.flush()
    text = shown.getvalue().decode(encoding)
    assert "johka" in text
    assert "12 min" in text
    assert "?" in text


def test_workers_are_started_so_that_the_keyboard_does_not_reach_them(monkeypatch):
    assert forking.own_group() == {"start_new_session": True}
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 512, raising=False)
    assert forking.own_group() == {"creationflags": 512}


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_nothing_is_forked_but_on_linux(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    with forking.nothing_else():
        assert not forking.forks()
        assert not forking.forks_itself()


def test_what_the_system_is_called_is_asked_where_its_files_processes_and_memory_are():
    package = Path(forking.__file__).parent
    asking = {
        source.relative_to(package).as_posix()
        for source in package.rglob("*.py")
        if re.search(r"sys\.platform|os\.name\b|platform\.system", source.read_text(encoding="utf-8"))
    }
    assert asking == {"files/disk.py", "forking.py", "kernels/memory.py"}
