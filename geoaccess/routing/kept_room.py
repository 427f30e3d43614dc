"""Room for the rows of a sweep, kept from one question to the next: new memory costs as much as a pass over it."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

__all__ = ["kept_room"]

_MOST = 2**24
"""Longer arrays (128 MB) are not kept."""

_free: deque[npt.NDArray[np.uint64]] = deque(maxlen=2)


@contextmanager
def kept_room(size: int) -> Iterator[npt.NDArray[np.uint64]]:
    """Lend an array of a size, with anything in it; each to one question at a time, however many threads ask."""
    try:
        room = _free.pop()
    except IndexError:
        room = np.empty(0, np.uint64)
    if room.size < size:
        room = np.empty(size, np.uint64)
    try:
        yield room[:size]
    finally:
        if room.size <= _MOST:
            _free.append(room)
