"""How the program ends that is told to from without: as by Ctrl-C, with nothing half made and no process left."""

from __future__ import annotations

import _thread
import atexit
import contextlib
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Final

from geoaccess.interrupts import interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

__all__ = ["ending_in_order"]

_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends services and containers, and what a terminal says that is closed."""
_OF_SHELLS: Final = 128
"""Shells say 128 and the number of the signal."""
_MOMENT_S: Final = 0.01


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Have the signals that end a program do what Ctrl-C does, and exit as shells say of the one that came.

    None of them is raised inside numba, where it could end in a crash.

    By itself the system ends the process on the spot: its workers go on for a while, and what was half made and all
    marks in the cache wait for the next run. Who ignores a signal, as `nohup` does, has it ignored.
    """
    heard: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        as_pressed = signal.getsignal(signal.SIGINT)
        # Ignored, as in the background of a shell: that is said of Ctrl-C alone.
        (as_pressed if callable(as_pressed) else interrupt)(number, frame)

    ours = threading.current_thread() is threading.main_thread()
    usual = dict.fromkeys(_SIGNALS, signal.SIG_DFL) | {signal.SIGINT: signal.default_int_handler}
    taken = {one: before for one, before in usual.items() if ours and signal.getsignal(one) is before}
    for one in taken:
        signal.signal(one, interrupt if one == signal.SIGINT else end)
    try:
        with _never_lost(heard):
            yield
    except (KeyboardInterrupt, SystemExit) as ended:  # typer makes the second of the first
        if isinstance(ended, SystemExit) and not heard:
            raise
        sys.exit(_OF_SHELLS + (heard[0] if heard else signal.SIGINT))
    finally:
        for one, before in taken.items():
            signal.signal(one, before)


@contextlib.contextmanager
def _never_lost(heard: Sequence[int]) -> Iterator[None]:
    """Have an interruption be heard that came where Python can raise nothing, as while an object goes or C calls back.

    What else is wrong there is said at the end; but nothing where an interruption ends the program, since objects that
    libraries were making when it came go half made.
    """
    before, wrong = sys.unraisablehook, list[str]()

    def hear(found: sys.UnraisableHookArgs) -> None:
        if issubclass(found.exc_type, KeyboardInterrupt):
            number = heard[-1] if heard else signal.SIGINT
            threading.Timer(_MOMENT_S, _thread.interrupt_main, [number]).start()
        else:
            lines = traceback.format_exception(found.exc_type, found.exc_value, found.exc_traceback)
            wrong.append("".join([f"{found.err_msg or 'Exception ignored in'}: {found.object!r}\n", *lines]))

    sys.unraisablehook = hear
    try:
        yield
    except BaseException as ended:
        if heard or isinstance(ended, KeyboardInterrupt) or getattr(ended, "code", None) == _OF_SHELLS + signal.SIGINT:
            wrong.clear()
            atexit.register(setattr, sys, "unraisablehook", _silent)
        raise
    finally:
        sys.unraisablehook = before
        if wrong and sys.stderr is not None:
            sys.stderr.write("".join(wrong))


def _silent(_: object) -> None:
    pass
