"""How often Python looks for objects that nothing holds any more but each other."""

from __future__ import annotations

import gc

__all__ = ["collect_seldom"]

_OBJECTS = 50_000


def collect_seldom() -> None:
    """Have this process look for such objects once it has made so many more; Python's own number is 700.

    A process that imports what a study needs makes half a million objects, nearly all to stay, and would look through
    them again and again: a seventh of the time of a short command. What is large here is arrays, which go at once.
    """
    gc.set_threshold(_OBJECTS)
