"""How often Python looks for objects that hold each other: seldom where a process ends soon, else as it always does."""

import gc
import subprocess
import sys

import pytest

from geoaccess.garbage import collect_promptly, collect_seldom


@pytest.fixture(autouse=True)
def _as_it_was():
    before, hears = gc.get_threshold(), gc.callbacks[:]
    yield
    gc.unfreeze()
    gc.callbacks[:] = hears
    gc.set_threshold(*before)


def _ring() -> list:
    ring: list = []
    ring.append(ring)
    return ring


def test_a_short_process_looks_seldom_and_one_that_stays_as_python_does():
    asked = [sys.executable, "-c", "import gc; print(gc.get_threshold()[0])"]  # tests before may have changed it here
    own = int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    collect_seldom()
    assert gc.get_threshold()[0] > 10 * own
    collect_promptly()
    assert gc.get_threshold()[0] == own
    gc.collect()
    assert gc.get_threshold()[0] == own


def test_after_the_first_time_a_process_looks_more_often():
    collect_seldom()
    first = gc.get_threshold()[0]
    gc.collect()
    assert 0 < gc.get_threshold()[0] < first
    rings = [_ring() for _ in range(gc.get_threshold()[0] + 1)]
    looked = gc.get_stats()[0]["collections"]
    rings += [_ring() for _ in range(gc.get_threshold()[0] + 1)]
    assert gc.get_stats()[0]["collections"] > looked


_ENDS = """
import sys, weakref
from geoaccess.garbage import collect_seldom
class Ring:
    def __init__(self, name):
        self.ring, self.name = self, name
    def __del__(self):
        print(self.name, "was looked for")
weakref.finalize(Ring, print, "put away")
Ring("early")
if sys.argv[1] == "seldom":
    collect_seldom()
Ring("late")
"""


@pytest.mark.parametrize("asked", ["seldom", "own"])
def test_at_its_end_a_process_looks_for_nothing_and_puts_away_what_it_must(asked):
    run = [sys.executable, "-c", _ENDS, asked]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()
    found = ["early was looked for", "late was looked for"]
    assert printed == ["put away", *([] if asked == "seldom" else found)]


def test_what_was_there_before_is_not_looked_through_again_but_what_comes_is():
    gc.collect()
    collect_promptly()
    assert gc.get_freeze_count() > 1000
    _ring()
    assert gc.collect() >= 1
