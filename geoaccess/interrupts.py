"""Ctrl-C is raised where it does no harm: not while numba makes Python objects of what a kernel answers."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["interrupt", "is_usual"]

_CALLED_BY_C = "numba.core.serialize"
"""Its functions are called by what numba compiled, which goes on when they raise: with a SystemError, or to a crash."""


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise `KeyboardInterrupt` as the handler of a signal, or as soon as numba has given back what a kernel answers.

    While a kernel runs Python hears no signal, so that most of them are heard just there.
    """
    inner = frame
    while inner is not None and inner.f_globals.get("__name__") != _CALLED_BY_C:
        inner = inner.f_back
    while inner is not None and inner.f_globals.get("__name__", "").partition(".")[0] == "numba":
        inner = inner.f_back
    if inner is None:
        signal.default_int_handler(number, frame)
    _raise_next_in(inner)


def _raise_next_in(frame: FrameType) -> None:
    """Raise `KeyboardInterrupt` when a frame goes on, or returns."""
    traced = sys.gettrace()

    def go_on(inner: FrameType, _event: str, _about: object) -> NoReturn:
        inner.f_trace = None
        sys.settrace(traced)
        raise KeyboardInterrupt

    frame.f_trace = go_on
    sys.settrace(lambda *_: None)  # frames are looked at by who traces only


def is_usual(handler: object) -> bool:
    """Whether a handler of Ctrl-C is Python's own, or `interrupt` in its place."""
    return handler in (signal.default_int_handler, interrupt)
