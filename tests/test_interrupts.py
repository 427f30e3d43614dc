"""An interruption is raised between kernels and in Python, never in what numba calls while it gives back an answer."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

import numpy as np
import pytest

from geoaccess.interrupts import interrupt, is_usual
from geoaccess.kernels.sweeps import restrict

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no timer that signals")

NODES = 2000
ROUNDS = 200


def hierarchy():
    """A path: each node has an arc to the next."""
    start, head = np.arange(NODES + 1, dtype=np.int32), np.minimum(np.arange(NODES) + 1, NODES - 1).astype(np.int32)
    return start, head, np.ones(NODES, np.uint32), np.ones(NODES, np.uint32), np.ones(NODES, bool)


@contextlib.contextmanager
def on_alarm(handler):
    before = signal.signal(signal.SIGALRM, handler)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_kernels_that_are_interrupted_again_and_again():
    """Nearly each time Python hears of it in numba, where what is raised ends as a SystemError or in a crash."""
    arrays, heard = hierarchy(), []
    restrict(*arrays)

    def hear(number, frame):
        heard.append(frame.f_globals["__name__"].partition(".")[0])
        interrupt(number, frame)

    def solve(waited, before):
        signal.setitimer(signal.ITIMER_REAL, waited)
        while len(heard) == before:
            restrict(*arrays)
        restrict(*arrays)

    with on_alarm(hear):
        for number, waited in enumerate(np.random.default_rng(1).uniform(1e-5, 3e-4, ROUNDS)):
            with pytest.raises(KeyboardInterrupt):
                solve(waited, number)
    assert len(heard) == ROUNDS
    assert heard.count("numba") > ROUNDS / 4


def answer(frames):
    """Interrupt as if numba called, and go on with no line of this function."""
    return eval("ask(frames)", {"ask": asked, "frames": frames, "__name__": "numba.core.serialize"})


def asked(frames):
    frames.append(sys._getframe())
    interrupt(signal.SIGINT, sys._getframe())
    return "answered"


def test_it_is_raised_once_numba_has_ended():
    frames, traced = [], sys.gettrace()
    with pytest.raises(KeyboardInterrupt):
        answer(frames)
    assert len(frames) == 1
    assert sys.gettrace() is traced


def test_elsewhere_it_is_raised_at_once():
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, sys._getframe())
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)


def test_what_python_does_of_itself_is_usual():
    assert [is_usual(one) for one in (signal.default_int_handler, interrupt)] == [True, True]
    assert [is_usual(one) for one in (signal.SIG_IGN, signal.SIG_DFL, None, os.kill)] == [False] * 4
