"""A disk that is full, broken or closed to us, no memory, closed streams: one sentence, and earlier results stay."""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import re
import sqlite3
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path
from unittest import mock

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

import geoaccess
from geoaccess import cli, files
from geoaccess.background import background
from geoaccess.cli import streams
from geoaccess.errors import GeoaccessError, GeoaccessWarning, InputError, OutputError
from geoaccess.files import disk
from geoaccess.osm import find_profile, read_profile
from geoaccess.osm.blobs import Blob, unpacked
from geoaccess.osm.formats import osmium_errors
from geoaccess.progress import Stages
from geoaccess.questions import isochrone_study, write_isochrones
from geoaccess.scenarios import read_scenario
from geoaccess.scenarios.kept_rows import KeptRows, kept_rows
from geoaccess.study import load_study, run_study, solve_study
from geoaccess.study.results.geopackage import PACKAGE
from geoaccess.study.results.output import write
from geoaccess.study.results.pictures import Picture
from geoaccess.tables import write_layer
from tests.test_files_kills import dies, needs_fork
from tests.test_study_output import contents
from tests.test_study_tiny import STUDY, write_study

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
WRITERS = (
    *((Path, name) for name in ("write_text", "write_bytes")),
    *((disk, name) for name in ("make_folder", "replace", "sync", "sync_folder", "take_lock", "write_text")),
    (np, "save"),
    (pd.DataFrame, "to_parquet"),
    (pyogrio, "write_dataframe"),
)
"""All by which a run writes; `take_lock` makes files, too."""


class Faults:
    """Makes the n-th write from now on fail, and counts them."""

    def __init__(self, monkeypatch):
        self.last, self.number, self.count = None, errno.ENOSPC, itertools.count()
        for owner, name in WRITERS:
            monkeypatch.setattr(owner, name, self.failing(getattr(owner, name)))

    def failing(self, function):
        def write(*arguments, **named):
            if next(self.count) == self.last:
                raise OSError(self.number, os.strerror(self.number))
            return function(*arguments, **named)

        return write

    def at(self, last):
        self.last, self.number, self.count = last, ERRORS[last % len(ERRORS)], itertools.count()

    @property
    def hit(self):
        return next(self.count) > self.last


@pytest.fixture
def faults(monkeypatch):
    return Faults(monkeypatch)


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    study = load_study(write_study(tmp_path_factory.mktemp("faults")))
    return solve_study(study, show=False)


def drawn():
    with background(workers=0) as here:
        given = {"map.png": {"map.png": b"picture"}, PACKAGE: {}}  # the layer of cells is written all the same
        return {name: here.start(Picture, contents, b"") for name, contents in given.items()}


@pytest.fixture
def quick(monkeypatch):
    """Leave out what takes long and writes like the rest."""
    monkeypatch.setattr("geoaccess.study.results.output.report_of", lambda *_, **__: None)
    monkeypatch.setattr("geoaccess.maps.report_page", lambda path, **_: path.write_bytes(b"report"))
    monkeypatch.setattr("geoaccess.maps.geotiff", lambda path, **_: path.write_bytes(b"raster"))


def test_a_run_that_cannot_write_says_where_and_keeps_what_was_there(solved, quick, faults, tmp_path):
    """Every so many writes, each with another fault, until none fails."""
    write(solved, drawn())
    folder = solved.study.output
    before = contents(folder)
    assert len(before) > 30
    for last in itertools.count(0, 34):
        faults.at(last)
        try:
            write(solved, drawn())
        except OutputError as error:
            assert str(folder.parent) in str(error)  # noqa: PT017 - it must not be raised when all is done
            assert ".geoaccess-" not in str(error)  # noqa: PT017
            faults.at(10**9)
            files.settle(folder)
            assert contents(folder) == before, last
        else:
            if not faults.hit:
                break
    assert last > 100
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


@pytest.fixture(scope="module")
def areas(solved):
    """Areas within two times, of which the second replace the first."""
    return [isochrone_study(solved.study, "gp", minutes=[limit], answers=solved, show=False) for limit in (11, 60)]


def whole_or_as_before(folder, before, after):
    """Say that each file is whole, of before or of after, and that nothing else is left."""
    files.clear_leftovers(folder)
    found = contents(folder)
    assert found.keys() == before.keys()
    for name, data in found.items():
        assert data in (before[name], after[name])


def test_areas_that_cannot_be_written_leave_each_file_whole(areas, faults, tmp_path):
    first, second = areas
    write_isochrones(second, tmp_path / "after")
    after, folder = contents(tmp_path / "after"), tmp_path / "out"
    for last in itertools.count():
        faults.at(10**9)
        write_isochrones(first, folder)
        before = contents(folder)
        faults.at(last)
        try:
            write_isochrones(second, folder)
        except OutputError as error:
            assert str(folder) in str(error)  # noqa: PT017 - it must not be raised when all is done
            faults.at(10**9)
            whole_or_as_before(folder, before, after)
        else:
            if not faults.hit:
                break
    assert last > 5
    assert contents(folder) == after != before


@needs_fork
def test_a_kill_while_areas_are_written_leaves_each_file_whole(areas, tmp_path):
    first, second = areas
    write_isochrones(second, tmp_path / "after")
    after = contents(tmp_path / "after")
    for step in itertools.count():
        folder = tmp_path / str(step)
        write_isochrones(first, folder)
        before = contents(folder)
        killed = dies(step, lambda: write_isochrones(second, folder))  # noqa: B023 - called at once
        whole_or_as_before(folder, before, after)
        if not killed:
            break
        write_isochrones(second, folder)
        assert contents(folder) == after
    assert step > 3


def test_a_cache_that_cannot_be_written_is_a_note(faults, tmp_path, solved):
    expected, notes = solved.results, 0
    for last in itertools.count(0, 13):
        study = load_study(write_study(tmp_path / str(last)))
        faults.at(last)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = solve_study(study, show=False).results
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))
        assert all(issubclass(one.category, GeoaccessWarning) and "cache" in str(one.message) for one in caught)
        if not faults.hit:
            break
        notes += len(caught)  # digests that are not remembered are nothing to speak of
    assert last > 20
    assert notes > 0


def test_a_layer_that_gdal_did_not_write_whole_is_refused(tmp_path):
    """What GDAL leaves out without a word where a write fails at the end, one thing after the other."""
    points = gpd.GeoDataFrame({"n": [1, 2]}, geometry=gpd.points_from_xy([10, 11], [60, 61]), crs=4326)
    shapeless = gpd.GeoDataFrame({"n": [1]}, geometry=[None], crs=4326)
    write_layer(points, tmp_path / "good.gpkg", "cells")
    for name, table in {'o\'clock "Ø"': points, "shapeless": shapeless, "empty": points.iloc[:0]}.items():
        write_layer(table, tmp_path / "good.gpkg", name)
    lost = (
        "DELETE FROM {} WHERE fid = 1",
        "DELETE FROM rtree_{}_geom WHERE id = 1",
        "DROP TRIGGER rtree_{}_geom_delete",
        "DROP TRIGGER trigger_insert_feature_count_{}",
        "DELETE FROM gpkg_extensions WHERE table_name = '{}'",
        "UPDATE gpkg_ogr_contents SET feature_count = 0 WHERE table_name = '{}'",
        "UPDATE gpkg_contents SET min_x = NULL WHERE table_name = '{}'",
        "DELETE FROM gpkg_contents WHERE table_name = '{}'",
        "PRAGMA application_id = 0",
    )
    write = pyogrio.write_dataframe
    for what in lost:

        def failing(table, path, *, layer, **named):
            write(table, path, layer=layer, **named)
            with contextlib.closing(sqlite3.connect(path)) as opened:
                for statement in ("DROP TRIGGER rtree_{}_geom_delete", what) if "WHERE fid" in what else (what,):  # noqa: B023
                    opened.execute(statement.format(layer))
                opened.commit()

        with (
            mock.patch.object(pyogrio, "write_dataframe", failing),
            pytest.raises(OutputError, match=r"bad\.gpkg: the layer cells was not written whole"),
        ):
            write_layer(points, tmp_path / "bad.gpkg", "cells")
        (tmp_path / "bad.gpkg").unlink()


@pytest.mark.parametrize("key", ["output", "cache", "file", "profile", "osm"])
def test_paths_that_cannot_be_followed(tmp_path, key):
    text = re.sub(rf'(?m)^{key} = \[?"[^"]*"\]?', f"{key} = LISTED", STUDY, count=1)
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    for name in ("loop.toml", "a\\u0000b.toml"):
        path = write_study(tmp_path, text.replace("LISTED", f'["{name}"]' if key == "osm" else f'"{name}"'))
        with pytest.raises(GeoaccessError, match=r"study\.toml.* is no path that can be followed"):
            run_study(load_study(path), show=False)


def test_a_scenario_or_profile_that_names_what_cannot_be_followed(tmp_path):
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    for name in ("loop.toml", "a\\u0000b.toml"):
        (tmp_path / "s.toml").write_text(f'title = "x"\n[network]\nprofile = "{name}"\n')
        with pytest.raises(GeoaccessError, match=r"s\.toml: .* is no path that can be followed"):
            read_scenario(tmp_path / "s.toml")
        (tmp_path / "p.toml").write_text(f'extends = "{name}"\n')
        with pytest.raises(GeoaccessError, match=r"p\.toml: .* is no path that can be followed"):
            read_profile(tmp_path / "p.toml")


def test_rows_that_a_full_disk_does_not_take_are_computed_again(tmp_path):
    class Full(io.BytesIO):
        def flush(self):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    KeptRows(np.empty((0, 2)), Full()).put(0, np.ones((1, 2)))
    with kept_rows(tmp_path / "some.rows", 2) as kept:
        assert len(kept.rows) == 0


def test_without_room_for_temporary_files_all_runs_in_this_process(monkeypatch):
    def nowhere():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    with pytest.raises(OutputError, match="TMPDIR"), files.scratch():
        pass
    with background(workers=1) as pool:
        assert pool.start(divmod, 7, 2).result() == (3, 1)


def test_another_folder_for_temporary_files_is_offered_for_them_alone():
    def writing(place):
        with files.scratch() as folder, files.explained(folder if place is None else place):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def reading():
        with files.scratch():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "roads.osm.pbf")

    for elsewhere in (partial(writing, Path("out/x.csv")), reading):
        with pytest.raises(OutputError) as error:
            elsewhere()
        assert "TMPDIR" not in str(error.value)
    with pytest.raises(OutputError, match="TMPDIR"):
        writing(None)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "x.csv: the disk is full .*another disk"),
        (OSError(errno.EROFS, "Read-only file system", "out/.geoaccess-12345678/a.csv"), r"out/a\.csv: cannot be writ"),
        (OSError(errno.EIO, "Input/output error"), "x.csv: the disk reports a fault"),
        (
            NotADirectoryError(errno.ENOTDIR, "Not a directory", "out/.geoaccess.journal"),
            "^out: a part .*is a file and",
        ),
        (OSError(errno.EFBIG, "File too large"), "x.csv: cannot be written .File too large"),
        (pyogrio.errors.DataSourceError("begins" + "x" * 9999 + "ends"), r"x.csv: .{,20}.begins.{,210}ends.; check"),
        (pyogrio.errors.DataSourceError("sqlite says no"), "x.csv: cannot be written .sqlite says no"),
        (pyogrio.errors.DataSourceError("open(a/.geoaccess-12345678.gpkg) no"), r"x.csv: .* .open\(x.csv\) no"),
    ],
)
def test_each_fault_has_a_sentence(error, words):
    with pytest.raises(OutputError, match=words), files.explained(Path("x.csv")):
        raise error


def test_a_file_that_may_not_be_replaced_is_not_said_to_be_unreadable(tmp_path):
    for name in ("a.png", "b.csv"):
        (tmp_path / name).write_text("of a time before")
    half = tmp_path / ".geoaccess-12345678"
    shut = partial(PermissionError, errno.EPERM, "Operation not permitted")
    for named, place in (
        (half / ".geoaccess-abcdefgh.png", half / "a.png"),
        (half / "a.png", half),
        (half / "a.png", half / "b.csv"),
    ):
        said = str(files.cannot_write(shut(str(named)), place))
        assert said.startswith(f"{tmp_path / 'a.png'}: cannot be replaced"), (named, place)
    (tmp_path / "elsewhere").mkdir()
    said = str(files.cannot_write(shut(str(tmp_path / "a.png")), tmp_path / "elsewhere" / "c.csv"))
    assert said.startswith(f"{tmp_path / 'a.png'}: may not be read")


def test_what_is_half_made_is_called_by_the_name_that_it_will_have(tmp_path):
    out = tmp_path / "out"
    for making, called in (
        (partial(files.writing, tmp_path / "a.csv"), str(tmp_path / "a.csv")),
        (partial(files.writing_folder, tmp_path / "kept"), str(tmp_path / "kept" / "note.html")),
        (partial(files.writing_among, out, former=set), str(out / "note.html")),
        (files.scratch, "note.html"),
    ):
        with pytest.raises(InputError) as raised, making() as half:
            raise InputError(f"{half if half.suffix == '.csv' else half / 'note.html'}: more than 2 pages")
        assert str(raised.value) == f"{called}: more than 2 pages"


def test_other_errors_stay_what_they_are():
    with pytest.raises(ZeroDivisionError), files.explained(Path("x.csv")):
        raise ZeroDivisionError


# The command line


def ended(monkeypatch, capfd, act):
    monkeypatch.setattr(cli, "_program", lambda: lambda **_: act())
    monkeypatch.setattr(cli, "_refuse_odd_numbers", lambda _: None)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code, capfd.readouterr().err


@pytest.fixture
def plain_streams(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))  # put back afterwards


UNREADABLE = Path("/proc/self/mem")
"""A file that can be opened, and of which no byte can be read where it begins."""


@pytest.mark.skipif(not UNREADABLE.exists(), reason="another system has other files that cannot be read")
def test_a_file_that_a_broken_disk_does_not_give_is_named():
    blob = Blob(0, 4, 4)
    for read in (files.sha256, lambda path: next(unpacked(path, [blob], len))):
        with pytest.raises(OSError, match="Input/output error") as raised:
            read(UNREADABLE)
        assert str(files.cannot_write(raised.value, Path("here"))).startswith(f"{UNREADABLE}: the disk reports a fault")


def test_the_folder_that_it_was_started_in_is_gone(tmp_path):
    (tmp_path / "gone").mkdir()
    begin = (
        "import os, sys; os.rmdir(os.getcwd()); from geoaccess.cli import main; sys.argv[1:] = ['check', 'a.toml']; "
    )
    ended = subprocess.run(
        [sys.executable, "-c", f"{begin}main()"],
        cwd=tmp_path / "gone", capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(Path(geoaccess.__file__).parents[1])},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert ended.stderr.startswith("error: the folder that this was started in is not there any more")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no folder that somebody works in")
def test_the_folder_that_it_was_started_in_goes_while_it_works(tmp_path, monkeypatch, capfd, plain_streams):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")

    def act():
        (tmp_path / "gone").rmdir()
        Path("cache").absolute()

    code, said = ended(monkeypatch, capfd, act)
    assert (code, said.count("\n")) == (2, 1), said
    assert said.startswith("error: the folder that this was started in is not there any more")


def test_memory_that_does_not_suffice(monkeypatch, capfd, plain_streams):
    def act():
        with Stages(1, show=False).running() as progress, progress.stage("contracting the network"):
            raise MemoryError("Unable to allocate 3.2 GiB for an array")

    code, said = ended(monkeypatch, capfd, act)
    assert code == 2
    assert said.startswith("error: memory does not suffice while contracting the network (Unable to allocate 3.2 GiB")
    assert "smaller" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ImportError("libgdal.so.38: failed to map segment from shared object"),
            "library that this needs cannot be lo",
        ),
        (ImportError("x.so: cannot allocate memory in static TLS block"), "library that this needs cannot be loaded"),
        (ImportError("none:\n - x.so: failed to map segment from shared object\n" + "x" * 999), "a library that this"),
        (
            OSError("Could not find/load shared object file 'libllvmlite.so'"),
            "a library that this needs cannot be load",
        ),
        (RuntimeError("can't start new thread"), "memory does not suffice"),
        (RuntimeError("Resource temporarily unavailable"), "memory does not suffice"),
        (Exception("Unknown error: Failed to launch worker thread: Resource temporarily"), "memory does not suffice"),
        (OSError(errno.ENOMEM, "Cannot allocate memory", "out/a.csv"), "out/a.csv: memory does not suffice"),
        (OSError(errno.EMFILE, "Too many open files", "out/a.csv"), "out/a.csv: too many files are open .*ulimit -n"),
    ],
)
def test_what_libraries_say_where_something_does_not_suffice_is_one_sentence(
    monkeypatch, capfd, plain_streams, error, words
):
    def act():
        raise error

    code, said = ended(monkeypatch, capfd, act)
    assert (code, said.count("\n")) == (2, 1)
    assert re.match(f"error: .*{words}", said)


def test_an_extract_is_not_called_damaged_where_threads_do_not_suffice():
    with pytest.raises(RuntimeError, match="Resource"), osmium_errors(Path("roads.osm.pbf")):
        raise RuntimeError("Resource temporarily unavailable")
    with pytest.raises(InputError, match=r"roads.osm.pbf: cannot be read"), osmium_errors(Path("roads.osm.pbf")):
        raise RuntimeError("PBF error")


def test_a_message_can_be_read_whatever_value_stands_in_it(monkeypatch, capfd, plain_streams):
    def act():
        raise GeoaccessError(f'people.csv: 2 problems\n  - row 3: "{"x" * 40_000}" is no number; write one\n  - row 4')

    code, said = ended(monkeypatch, capfd, act)
    assert code == 2
    assert [len(line) < 2100 for line in said.splitlines()] == [True] * 3
    assert "row 3" in said
    assert "write one" in said


def test_faults_of_the_program_itself_are_shown_whole(monkeypatch, plain_streams):
    for error in (ImportError("cannot import name 'x'"), RuntimeError("x")):
        monkeypatch.setattr(cli, "_program", mock.Mock(return_value=mock.Mock(side_effect=error)))
        monkeypatch.setattr(cli, "_refuse_odd_numbers", lambda _: None)
        with pytest.raises(type(error)):
            cli.main()


def test_an_error_of_the_system_is_one_sentence(monkeypatch, capfd, plain_streams):
    def act():
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/people.csv")

    code, said = ended(monkeypatch, capfd, act)
    assert (code, said.count("\n")) == (2, 1)
    assert "/somewhere/people.csv" in said


def test_an_input_that_ends_too_soon_is_one_sentence(monkeypatch, capfd, plain_streams):
    """Of an `EOFError`, whatever ended, typer says "Aborted!" and no more."""
    monkeypatch.setattr("geoaccess.study.load_study", mock.Mock(side_effect=EOFError("Ran out of input")))
    monkeypatch.setattr("sys.argv", ["geoaccess", "check", "study.toml"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capfd.readouterr().err
    assert (caught.value.code, said.count("\n")) == (2, 1)
    assert said.startswith("error: ")
    assert "Ran out of input" in said


def test_a_warning_is_a_note_and_is_given_once(monkeypatch, capfd, plain_streams):
    def act():
        for _ in range(2):
            warnings.warn("cache: cannot be written", GeoaccessWarning, stacklevel=1)
            warnings.simplefilter("always")
        raise SystemExit(0)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        code, said = ended(monkeypatch, capfd, act)
    assert (code, said) == (0, "note: cache: cannot be written\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_standard_output_of_the_program():
    def run(redirect):
        command = ["sh", "-c", f'"$0" -m geoaccess --version {redirect}', sys.executable]
        done = subprocess.run(
            command, cwd=Path(geoaccess.__file__).parents[1], check=False, capture_output=True, text=True
        )
        return done.returncode, done.stderr

    code, said = run(">/dev/full")
    assert (code, said.count("\n")) == (2, 1)
    assert "standard output" in said
    code, said = run(">&-")
    assert (code, said.count("\n")) == (2, 1)
    assert "closed" in said
    assert run(">/dev/full 2>/dev/full") == (2, "")


def test_a_closed_pipe_ends_quietly(monkeypatch):
    let_go = []
    monkeypatch.setattr(streams, "_let_go", let_go.append)

    class Closed(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            if not let_go:
                raise BrokenPipeError(errno.EPIPE, "Broken pipe")
            return len(data)

    answers = streams._Answers(io.BufferedWriter(Closed()), "utf-8")
    answers.write("x")
    with pytest.raises(SystemExit) as caught:
        answers.flush()
    assert caught.value.code == streams.CLOSED_PIPE == 128 + 13
    assert let_go == [1]


def test_a_path_from_home_is_in_the_home_of_who_runs_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = write_study(tmp_path / "study", re.sub("(?m)^output = .*", 'output = "~/results"', STUDY))
    run_study(load_study(path), show=False)
    assert (tmp_path / "home/results/run.json").exists()
    assert not (tmp_path / "study/~").exists()
    (path.parent / "s.toml").write_text('title = "x"\n[network]\nprofile = "~nobody-of-this-name/p.toml"\n')
    with pytest.raises(GeoaccessError, match=r"'~nobody-of-this-name/p.toml' is in no home folder"):
        read_scenario(path.parent / "s.toml")
    (tmp_path / "home/base.toml").write_text('extends = "car"\n')
    (path.parent / "p.toml").write_text('extends = "~/base.toml"\n')
    assert read_profile(path.parent / "p.toml").highway == read_profile(find_profile("car")).highway
