"""Functions in other processes: the same outcome as here, whatever becomes of the processes."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from operator import truediv
from pathlib import Path

import geopandas as gpd
import numpy as np
import psutil
import pytest
import shapely
from test_study_output import contents, done  # noqa: F401 - a fixture
from test_study_tiny import write_study

from geoaccess import background as rooms
from geoaccess.background import background, spare_cores
from geoaccess.study import load_study, run_study

forking = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


class Refusing:
    """Can be pickled, and is refused where it is read."""

    def __init__(self, here):
        self.here = here

    def __reduce__(self):
        return (_made, (self.here,))

    def plus(self, number):
        return (os.getpid(), number + 1)


def _made(here):
    if os.getpid() != here:
        raise RuntimeError("not here")
    return Refusing(here)


def value_of(shared):
    return shared.value


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_results_are_those_of_the_functions(workers):
    with background(workers=workers, imports=["fractions", "no_such_module"]) as pool:
        started = [pool.start(divmod, number, 7) for number in range(20)]
        assert [one.result() for one in started] == [divmod(number, 7) for number in range(20)]


def test_functions_run_in_other_processes():
    with background(workers=2) as pool:
        started = [pool.start(os.getpid) for _ in range(6)]
        found = {one.result() for one in started}
    assert os.getpid() not in found
    assert 1 <= len(found) <= 2
    for process in found:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_is_raised_where_the_result_is_asked_for(workers):
    with background(workers=workers) as pool:
        wrong, right = pool.start(truediv, 1, 0), pool.start(truediv, 1, 2)
        with pytest.raises(ZeroDivisionError):
            wrong.result()
        assert right.result() == 0.5


def test_what_cannot_be_sent_is_run_here():
    with background(workers=1) as pool:
        assert pool.start(lambda number: (os.getpid(), number)[0], 1).result() == os.getpid()
        assert pool.start(Refusing(os.getpid()).plus, 1).result() == (os.getpid(), 2)
        assert pool.start(os.getpid).result() != os.getpid()  # the one who refused goes on


def test_an_answer_that_cannot_be_sent_is_made_here():
    with background(workers=1) as pool:
        assert pool.start(memoryview, b"abc").result().tobytes() == b"abc"


def test_a_process_that_dies_leaves_its_tasks_to_this_one():
    with background(workers=1) as pool:
        alive = pool.start(os.getpid).result()
        waiting = [pool.start(time.sleep, 30), pool.start(divmod, 9, 2), pool.start(os.getpid)]
        os.kill(alive, signal.SIGKILL)
        assert waiting[1].result() == (4, 1)
        assert waiting[2].result() == os.getpid()
        assert pool.start(os.getpid).result() == os.getpid()


def test_a_shared_value_is_the_same_there_as_here():
    with background(workers=1) as pool:
        shared = pool.share({"a": [1, 2]})
        assert shared.value == {"a": [1, 2]}
        assert pool.start(len, "abc").result() == 3
        assert pool.start(getattr, shared, "value").result() == {"a": [1, 2]}
    with background(workers=0) as pool:
        assert pool.start(getattr, pool.share("here"), "value").result() == "here"


def plus(number, started):
    return number + started.result()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_a_function_may_wait_for_what_another_returns(workers):
    with background(workers=workers) as pool:
        first = pool.start(divmod, 9, 2)
        number = pool.start(sum, (1, 2, 3))
        started = [pool.start(plus, one, number) for one in range(6)]
        last = pool.start(plus, 100, started[-1])
        assert [one.result() for one in started] == [6, 7, 8, 9, 10, 11]
        assert (last.result(), first.result(), number.result()) == (111, (4, 1), 6)


@pytest.mark.parametrize("workers", [0, 1])
def test_what_waits_for_a_fault_has_that_fault(workers):
    with background(workers=workers) as pool:
        wrong = pool.start(truediv, 1, 0)
        waiting = pool.start(plus, 1, wrong)
        with pytest.raises(ZeroDivisionError):
            waiting.result()
        assert pool.start(truediv, 1, 2).result() == 0.5


SHAPES = {
    "squares": [shapely.box(x, 0, x + 1, 1) for x in range(3)],
    "areas": [shapely.box(0, 0, 9, 9) - shapely.box(1, 1, 2, 2), shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])],
    "lines": [shapely.LineString([(0, 0), (1, 1), (2, 0)]), shapely.MultiLineString([[(0, 0), (1, 1)]])],
    "points": [shapely.Point(0.1, 0.2), shapely.LineString([(0, 0), (1, 1)]), shapely.MultiPoint([(0, 1), (2, 3)])],
    "holes": [None, shapely.Point(1, 2), shapely.Polygon(), shapely.Point(1, 2, 3)],
    "others": [shapely.GeometryCollection([shapely.Point(1, 2)]), shapely.LinearRing([(0, 0), (1, 1), (1, 0)])],
    "none": [],
}


def as_sent(shared):
    """Return the shapes as another process has them, and how it got them."""
    return shapely.to_wkb(np.asarray(shared.value["geometry"].array)).tolist(), shared.value.crs.to_epsg()


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes_are_the_same_there_to_the_bit(kind):
    table = gpd.GeoDataFrame({"name": ["å"] * len(SHAPES[kind])}, geometry=SHAPES[kind], crs=25833)
    with background(workers=1) as pool:
        found = pool.start(as_sent, pool.share(table)).result()
    assert found == (shapely.to_wkb(np.asarray(table.geometry.array)).tolist(), 25833)


def test_what_is_printed_there_does_not_stand_among_the_answers():
    with background(workers=1) as pool:
        assert pool.start(print, "hello").result() is None
        assert pool.start(divmod, 5, 2).result() == (2, 1)


def test_without_a_python_to_start_all_is_run_here(monkeypatch):
    monkeypatch.setattr(rooms.subprocess, "Popen", lambda *_, **__: (_ for _ in ()).throw(OSError("no process")))
    with background(workers=2) as pool:
        assert pool.start(os.getpid).result() == os.getpid()
    monkeypatch.setattr(sys, "executable", "")
    assert spare_cores() == 0


SCRIPT = """
import contextlib, os, signal, sys, time
from geoaccess.background import background
from geoaccess.forking import nothing_else
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the suite in the background ignores it
with nothing_else() if sys.argv[1] == "forked" else contextlib.nullcontext(), background(workers=1) as pool:
    print(pool.start(os.getpid).result(), flush=True)
    pool.start(time.sleep, 60).result()
"""
either_way = pytest.mark.parametrize("how", ["started", pytest.param("forked", marks=forking)])


@either_way
def test_ctrl_c_ends_the_other_process_too(how):
    command = [sys.executable, "-c", SCRIPT, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            other = int(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=50)  # less than the task takes
        finally:
            process.kill()
    assert said.strip().endswith("KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)


def gone(process):
    """Whether a process has ended: of one that nobody waits for, the system keeps the number for a while."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@either_way
def test_who_is_ended_leaves_no_process_at_work(how):
    """By SIGTERM or SIGKILL, which no Python hears: the other process is in the middle of a task that takes long."""
    command = [sys.executable, "-c", SCRIPT, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        other = int(process.stdout.readline())
        process.kill()
    for _ in range(300):
        if gone(other):
            break
        time.sleep(0.1)  # half as long in all as the task
    assert gone(other)


@pytest.mark.usefixtures("sharp_pictures")
@pytest.mark.parametrize("when", ["at work", "half sent"])
def test_whenever_the_other_process_is_killed_a_run_is_whole(done, tmp_path, monkeypatch, when):  # noqa: F811
    """Bytes for bytes that of one process."""
    _, _, expected = done
    study = load_study(write_study(tmp_path / "study"))
    run, count, killed = rooms._Worker.run, itertools.count(), []

    def dying(worker, message):
        place = next(count)
        if when == "at work" and place == 2:
            timer = threading.Timer(0.2, worker._process.kill)
            timer.start()
            killed.append(timer)
        if when == "half sent" and place == 1:
            worker._input.write(len(message).to_bytes(8, "little") + message[: len(message) // 2])
            worker._input.flush()
            killed.append(worker._process.kill())
        return run(worker, message)

    monkeypatch.setattr(rooms, "spare_cores", lambda: 1)
    monkeypatch.setattr(rooms._Worker, "run", dying)
    run_study(study, show=False)
    assert killed
    found = contents(study.output)
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] in ([], ["run.json"])  # seconds of stages


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a task that waits for a word opens a named pipe")
@pytest.mark.parametrize("workers", [0, 1])
def test_what_no_process_has_taken_up_is_run_here(tmp_path, workers):
    os.mkfifo(tmp_path / "gate")
    opened = threading.Thread(target=lambda: (tmp_path / "gate").write_bytes(b"go"), daemon=True)
    with background(workers=workers) as pool:
        first = pool.start(Path.read_bytes, tmp_path / "gate")
        waiting = [pool.start(os.getpid) for _ in range(3)]
        assert waiting[1].soonest() == os.getpid()  # the process waits at the gate: nobody waits for it
        opened.start()
        there = waiting[0].result()  # in turn, after the first, as ever
        assert (there == os.getpid()) == (workers == 0)
        assert first.soonest() == b"go"
        assert waiting[1].result() == waiting[1].soonest() == os.getpid()  # run once
        waiting[0].run_if_free()
        assert waiting[0].result() == there
        assert waiting[2].result() == there


FORKED = """
import os, signal, sys, tempfile, threading, time, types
from functools import partial
from geoaccess.background import background
from geoaccess.forking import nothing_else

def process():
    return os.getpid()

process.__module__ = "here_alone"
sys.modules["here_alone"] = types.ModuleType("here_alone")
sys.modules["here_alone"].process = process
signal.signal(signal.SIGTERM, lambda *_: sys.exit("the signal of the other process"))
tempfile.gettempdir()
sys.stdout.write("said once ")
if sys.argv[1] == "another thread":
    threading.Thread(target=time.sleep, args=[60], daemon=True).start()
if sys.argv[1] == "threads of kernels":
    import numba
    numba.get_num_threads()
with nothing_else(), background(workers=int(sys.argv[2]), imports=["fractions"]) as pool:
    parent = pool.start(os.getppid)
    heard = pool.start(signal.getsignal, signal.SIGTERM)
    folder = pool.start(tempfile.gettempdir)
    session = pool.start(os.getsid, 0)
    pool.start(partial(print, "not among the answers", flush=True)).result()
    print(parent.result() == os.getpid(), heard.result() == signal.SIG_DFL)
    print(folder.result() != tempfile.gettempdir(), session.result() != os.getsid(0))
    print(pool.start(process).result() != os.getpid())
"""


@forking
@pytest.mark.parametrize(
    ("how", "workers"), [("forked", 1), ("forked", 2), ("another thread", 1), ("threads of kernels", 1)]
)
def test_a_forked_process_is_as_one_that_was_started(how, workers):
    """But for what it has of this one: a function of no module that can be imported runs there, where it is forked."""
    command = [sys.executable, "-c", FORKED, how, str(workers)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert found.stdout == f"said once True True\nTrue True\n{how == 'forked'}\n"
    assert found.stderr == "not among the answers\n"
