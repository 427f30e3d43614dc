"""Which segments may have ground, within their widths, in which squares of a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["sorted_in_squares", "squares_around"]


@numba.njit(cache=True, nogil=True)
def squares_around(
    ends: npt.NDArray[np.float64], widths: npt.NDArray[np.float64], side: float
) -> tuple[int, int, int, int]:
    """Return the lower left square of those that may hold ground, and how many there are in a row and in a column."""
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for i in range(widths.size):
        west = min(west, min(ends[i, 0], ends[i, 2]) - widths[i])
        east = max(east, max(ends[i, 0], ends[i, 2]) + widths[i])
        south = min(south, min(ends[i, 1], ends[i, 3]) - widths[i])
        north = max(north, max(ends[i, 1], ends[i, 3]) + widths[i])
    low_x, low_y = int(np.floor(west / side)) - 1, int(np.floor(south / side)) - 1
    return low_x, low_y, int(np.floor(east / side)) + 2 - low_x, int(np.floor(north / side)) + 2 - low_y


@numba.njit(cache=True, nogil=True)
def sorted_in_squares(
    ends: npt.NDArray[np.float64],
    widths: npt.NDArray[np.float64],
    side: float,
    low_x: int,
    low_y: int,
    columns: int,
    rows: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which segments may have ground in which of the largest squares: where those of each begin, and all."""
    ptr = np.zeros(rows * columns + 1, np.int64)
    for i in range(widths.size):
        left, right, lower, upper = _squares(ends[i], widths[i], side, low_x, low_y)
        for row in range(lower, upper + 1):
            for column in range(left, right + 1):
                ptr[row * columns + column + 1] += 1
    ptr = np.cumsum(ptr)
    member = np.empty(ptr[-1], np.int64)
    place = ptr[:-1].copy()
    for i in range(widths.size):
        left, right, lower, upper = _squares(ends[i], widths[i], side, low_x, low_y)
        for row in range(lower, upper + 1):
            for column in range(left, right + 1):
                member[place[row * columns + column]] = i
                place[row * columns + column] += 1
    return ptr, member


@numba.njit(cache=True, nogil=True)
def _squares(
    ends: npt.NDArray[np.float64], width: float, side: float, low_x: int, low_y: int
) -> tuple[int, int, int, int]:
    wide = width + side / 64  # what is just outside counts where an edge of the grid runs from there to the inside
    left = int(np.floor((min(ends[0], ends[2]) - wide) / side)) - low_x
    right = int(np.floor((max(ends[0], ends[2]) + wide) / side)) - low_x
    lower = int(np.floor((min(ends[1], ends[3]) - wide) / side)) - low_y
    upper = int(np.floor((max(ends[1], ends[3]) + wide) / side)) - low_y
    return left, right, lower, upper
