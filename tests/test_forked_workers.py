"""Workers that are forked from the command line: they begin with what it has, die alone, and never outlive it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import pandas as pd
import psutil
import pytest

from geoaccess import files
from geoaccess.forking import Forked
from geoaccess.parallel import begin_as_this_one
from tests.test_study_tiny import write_study

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked here")

_BEGIN = """
import json, os, signal, sys, threading, time
from pathlib import Path
from geoaccess.forking import nothing_else
from geoaccess.kernels.threads import share, thread_count
from geoaccess.parallel import begin_as_this_one, worker_pool

def deadly(task):
    if task == "always" or (isinstance(task, str) and not Path(task).exists()):
        if task != "always":
            Path(task).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "lambda":
        return lambda: None
    if task == -1:
        raise ValueError("below zero")
    return task if isinstance(task, str) else 2 * task

def said(task):
    return [os.getpid(), os.getppid(), thread_count(), os.environ["TMPDIR"], len(here), threading.active_count()]
"""


def ran(script, *words, **environ):
    """What a process prints as JSON that runs nothing but geoaccess."""
    command = [sys.executable, "-c", _BEGIN + script, *map(str, words)]
    found = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=True, timeout=120)
    assert found.stderr == ""
    return json.loads(found.stdout)


def test_nobody_is_warned_that_threads_run_where_they_are_known(monkeypatch, tmp_path):
    """Python 3.12 and later warns whenever a process with threads is forked; so does this one, whichever it is."""
    forked = os.fork

    def warning():
        warnings.warn(
            f"This process (pid={os.getpid()}) is multi-threaded, use of fork() may lead to deadlocks in the child.",
            DeprecationWarning,
            2,
        )
        return forked()

    monkeypatch.setattr(os, "fork", warning)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        process = Forked(lambda asked, answers: (answers.write(asked.read()), answers.flush()), tmp_path)
        with process.stdin, process.stdout:
            process.stdin.write(b"heard")
            process.stdin.close()
            assert process.stdout.read() == b"heard"
        process.wait()
        warnings.warn("others are heard as before", DeprecationWarning, stacklevel=1)
    assert [str(one.message) for one in said] == ["others are heard as before"]


def test_they_have_what_was_found_here_though_nothing_is_sent(tmp_path):
    """Also after this process has shared work among threads, which the workers do not have; each begins its own."""
    script = """
here = []
with nothing_else():
    share(lambda *_: None, [(0, 1), (1, 2)])
    here += [object()] * 3
    with worker_pool(workers=2) as run:
        found = [one.result for one in run(said, [threading.Lock() for _ in range(6)])]
        here.append(object())
        again = [one.result for one in run(said, [0])]
print(json.dumps([os.getpid(), os.listdir(os.environ["TMPDIR"]), found, again]))
"""
    own, left, found, again = ran(script, NUMBA_NUM_THREADS="3", TMPDIR=str(tmp_path))
    assert left == []
    assert {parent for _, parent, *_ in found} == {own}
    assert 1 <= len({pid for pid, *_ in found} - {own}) <= 2
    assert {(threads, known) for _, _, threads, _, known, _ in found} == {(3, 3)}
    assert all(folder.startswith(str(tmp_path)) for *_, folder, _, _ in found)
    assert again[0][4] == 4


def test_a_task_that_dies_is_given_to_others_and_costs_no_other_its_answer(tmp_path):
    script = """
ended = []
with nothing_else(), worker_pool(workers=2) as run:
    tasks = [1, "always", 2, sys.argv[1], -1, "lambda", *range(10)]
    outcomes = run(deadly, tasks, done=lambda: ended.append(1))
print(json.dumps([len(ended), [[one.result, one.error] for one in outcomes]]))
"""
    (tmp_path / "lambda").touch()
    command = f"os.chdir({str(tmp_path)!r})\n{script}"
    ended, outcomes = ran(command, tmp_path / "once")
    assert ended == len(outcomes) == 16
    assert "died, 3 times over" in outcomes[1][1]
    assert outcomes[3] == [str(tmp_path / "once"), ""]
    assert outcomes[4] == [None, "ValueError: below zero"]
    assert outcomes[5][0] is None
    assert "pickle" in outcomes[5][1]
    expected = [2, 4, *range(0, 20, 2)]
    assert [outcomes[0], outcomes[2], *outcomes[6:]] == [[number, ""] for number in expected]


def test_no_process_is_one_sentence():
    script = """
def full():
    raise OSError(11, "Resource temporarily unavailable")
os.fork = full
try:
    with nothing_else(), worker_pool(workers=2) as run:
        run(deadly, [1, 2])
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
    kind, said = ran(script)
    assert kind == "InputError"
    assert "2 worker processes cannot be started" in said
    assert "Resource temporarily unavailable" in said


def test_where_threads_of_numba_run_nothing_is_forked():
    script = """
import numba
with nothing_else():
    before = begin_as_this_one()
    numba.get_num_threads()
    print(json.dumps([before, begin_as_this_one()]))
"""
    assert ran(script) == [True, False]


def test_a_script_or_what_has_threads_of_its_own_is_not_forked():
    assert not begin_as_this_one()
    script = """
with nothing_else():
    threading.Thread(target=time.sleep, args=[30], daemon=True).start()
    print(json.dumps(begin_as_this_one()))
    sys.stdout.flush()
    os._exit(0)
"""
    assert ran(script) is False


def test_workers_never_outlive_a_command_that_is_killed(tmp_path):
    path = write_study(tmp_path / "study")
    asked = "snap.max_m=" + ",".join(map(str, range(1000, 1100)))
    words = ["sweep", path, "--vary", asked, "--output", "out", "--workers", "3", "-q"]
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    command = subprocess.Popen([sys.executable, "-m", "geoaccess", *words], cwd=tmp_path, env=environ)
    until = time.monotonic() + 90
    while len([*(path.parent / "cache").glob("sweep-*")]) < 4 and time.monotonic() < until:
        time.sleep(0.02)
    family = psutil.Process(command.pid).children(recursive=True)
    assert len(family) == 3
    command.kill()
    command.wait(60)
    assert psutil.wait_procs(family, timeout=60)[1] == []
    assert len([*(path.parent / "cache").glob("sweep-*")]) >= 4
    assert not (tmp_path / "out").exists()


def test_figures_of_forked_workers_are_those_of_one_process(tmp_path):
    script = """
from geoaccess.questions import sweep_studies, write_sweep
from geoaccess.study import combinations, study_variations
variations = study_variations([Path(sys.argv[1])], combinations(["snap.off_network_kph=3,4,5,6"]))
with nothing_else():
    forked = begin_as_this_one()
    for workers in (2, 0):
        write_sweep(sweep_studies(variations, workers=workers, cells=True, show=False), Path(sys.argv[2 + workers]))
print(json.dumps(forked))
"""
    outs = [tmp_path / name for name in ("alone", "unused", "forked")]
    assert ran(script, write_study(tmp_path / "study"), *outs) is True
    names = sorted(file.name for file in outs[0].iterdir())
    assert names == ["sweep.csv", "sweep.parquet", "sweep_cells.parquet"]
    for name in names:
        assert (outs[0] / name).read_bytes() == (outs[2] / name).read_bytes()
    table = pd.read_parquet(outs[2] / "sweep.parquet")
    assert (table["status"] == "ok").all()
    assert np.isfinite(table["median_s"]).any()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_lets_go_only_of_what_it_has_marked_itself(tmp_path):
    release = files.mark_used(tmp_path)
    (mark,) = tmp_path.iterdir()
    child = os.fork()
    if child == 0:
        release()
        os._exit(0)
    os.waitpid(child, 0)
    assert mark.exists()
    release()
    assert not mark.exists()
