"""Columns of a table of segments or points that are too long to be copied value by value, or again and again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["extended", "with_room"]

_SPARE, _LEAST = 16, 1000
"""Room for one in so many values, and for so many at least; where nothing is written into it takes no memory."""
_FILLING = threading.Lock()


class _Room(np.ndarray[Any, Any]):
    """A column with room behind it: so many of its values are `filled`."""

    filled: int


def with_room(size: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a column, to be filled, which has room behind it for `extended`."""
    room = _Room(size + size // _SPARE + _LEAST, dtype)
    room.filled = size
    return room[:size].view(np.ndarray)


def _room_of(values: npt.NDArray[Any]) -> _Room | None:
    """Return what a column has room in; None where it has none."""
    room = values.base
    while isinstance(room, np.ndarray) and not (isinstance(room, _Room) and room.flags.owndata):
        room = room.base
    return room if isinstance(room, _Room) and values.flags.c_contiguous else None


def extended(values: npt.NDArray[Any], *more: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a column with more behind it: in the room that it has, if nobody has written there, else a copy with room.

    >>> import numpy as np
    >>> degrees = with_room(2, np.float64)
    >>> degrees[:] = 10, 11
    >>> more = extended(degrees, np.array([12.0]), np.array([13.0]))
    >>> more.tolist(), np.shares_memory(more, degrees)
    ([10.0, 11.0, 12.0, 13.0], True)
    >>> other = extended(degrees, np.array([14.0]))
    >>> other.tolist(), np.shares_memory(other, degrees), more.tolist()
    ([10.0, 11.0, 14.0], False, [10.0, 11.0, 12.0, 13.0])
    """
    size = values.size + sum(part.size for part in more)
    if size == values.size:
        return values
    room = _room_of(values)
    if room is not None and size <= room.size:
        with _FILLING:
            free = room.filled == values.size
            room.filled = size if free else room.filled
        if free:
            np.concatenate(more, out=room[values.size : size].view(np.ndarray))
            return room[:size].view(np.ndarray)
    found = with_room(size, values.dtype)
    np.concatenate([values, *more], out=found)
    return found
