"""How often Python looks for objects that nothing holds any more but each other."""

from __future__ import annotations

import atexit
import gc

__all__ = ["collect_promptly", "collect_seldom"]

_FIRST, _OBJECTS, _OWN = 1_000_000, 50_000, 700


def collect_seldom() -> None:
    """Have this process look for such objects once it has made a million, then whenever it has made `_OBJECTS` more.

    Python by itself waits for `_OWN`. Nor are they looked for at its end, when all of them go anyway: what must be done
    then is in the hands of `atexit`.

    A process that imports what a study needs makes half a million objects, nearly all to stay, and would look through
    them again and again: a seventh of the time of a short command. What is large here is arrays, which go at once.
    """
    gc.set_threshold(_FIRST)
    if _settle not in gc.callbacks:
        gc.callbacks.append(_settle)
    atexit.register(gc.freeze)


def _settle(phase: str, _: object) -> None:
    """Look more often from the end of the first time on: what comes now is made and left again and again."""
    if phase == "stop":
        gc.callbacks.remove(_settle)
        if gc.get_threshold()[0] == _FIRST:
            gc.set_threshold(_OBJECTS)


def collect_promptly() -> None:
    """Have this process look as often as Python does by itself, but only through what is made from now on.

    For a process that stays, as the planner does: what an answer leaves behind may hold a whole network.
    """
    gc.freeze()
    gc.set_threshold(_OWN)
