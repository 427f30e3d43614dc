"""Stretches of shapes chopped into lines of about the same length, none of which is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Lines", "chopped", "points_of_lines"]


class Lines(NamedTuple):
    """Lines along shapes: of which stretch each is, from which place to which, and twice the middle of its bounds."""

    of: npt.NDArray[np.int64]
    begin: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]
    twice_middle: npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def chopped(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    begin: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    longest: float,
) -> Lines:
    """Return stretches from place to place on shapes in parts: of each the fewest of the same length.

    A place is a point of the shapes, x and y of all one after another, and the share of the way on to the next.
    """
    length = np.empty(begin.size)
    count = 0
    for i in range(begin.size):
        length[i] = _length(x, y, begin[i], end[i])
        count += max(int(np.ceil(length[i] / longest)), 1)
    of, low, high, middle = np.empty(count, np.int64), np.empty(count), np.empty(count), np.empty((count, 2))
    line = 0
    for i in range(begin.size):
        parts = max(int(np.ceil(length[i] / longest)), 1)
        place = begin[i]
        for part in range(parts):
            of[line], low[line] = i, place
            place = end[i] if part == parts - 1 else _place_after(x, y, place, end[i], length[i] / parts)
            high[line] = place
            middle[line, 0] = _twice_middle(x, low[line], place)
            middle[line, 1] = _twice_middle(y, low[line], place)
            line += 1
    return Lines(of, low, high, middle)


@numba.njit(cache=True, nogil=True)
def points_of_lines(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    begin: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the points of lines from place to place on shapes, one after another, and which line's each is."""
    count = 0
    for i in range(begin.size):
        count += _points_within(begin[i], end[i]) + 2
    xy, line = np.empty((count, 2)), np.empty(count, np.int64)
    used = 0
    for i in range(begin.size):
        inside, first = _points_within(begin[i], end[i]), np.floor(begin[i]) + 1
        for k in range(inside + 2):
            place = begin[i] if k == 0 else (end[i] if k == inside + 1 else first + k - 1)
            xy[used, 0], xy[used, 1], line[used] = _at(x, place), _at(y, place), i
            used += 1
    return xy, line


@numba.njit(cache=True, nogil=True, inline="always")
def _points_within(begin: float, end: float) -> int:
    """Return how many points lie between two places, without those that are at them."""
    return max(int(np.ceil(end) - np.floor(begin)) - 1, 0)


@numba.njit(cache=True, nogil=True, inline="always")
def _at(values: npt.NDArray[np.float64], place: float) -> float:
    point = int(np.floor(place))
    share = place - point
    return float(values[point] + (share * (values[point + 1] - values[point]) if share > 0 else 0.0))


@numba.njit(cache=True, nogil=True)
def _length(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], begin: float, end: float) -> float:
    total = 0.0
    while begin < end:
        after = min(np.floor(begin) + 1, end)
        total += np.hypot(_at(x, after) - _at(x, begin), _at(y, after) - _at(y, begin))
        begin = after
    return total


@numba.njit(cache=True, nogil=True)
def _place_after(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], begin: float, end: float, way: float) -> float:
    """Return the place that lies a way further on, at most the end."""
    while begin < end:
        after = min(np.floor(begin) + 1, end)
        step = np.hypot(_at(x, after) - _at(x, begin), _at(y, after) - _at(y, begin))
        if step > way:
            return float(begin + (after - begin) * way / step)
        way -= step
        begin = after
    return end


@numba.njit(cache=True, nogil=True)
def _twice_middle(values: npt.NDArray[np.float64], begin: float, end: float) -> float:
    """Return the least and the greatest value from place to place, added up."""
    low = min(_at(values, begin), _at(values, end))
    high = max(_at(values, begin), _at(values, end))
    for point in range(int(np.floor(begin)) + 1, int(np.ceil(end))):
        low, high = min(low, values[point]), max(high, values[point])
    return float(low + high)
