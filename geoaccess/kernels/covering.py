"""Which of many lines need not be widened: the ground within a width of them is certainly that of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["needed_lines"]


@numba.njit(cache=True, nogil=True)
def needed_lines(
    xy: npt.NDArray[np.float64],
    ptr: npt.NDArray[np.int64],
    cell: float,
    inner: npt.NDArray[np.float64],
    outer: npt.NDArray[np.float64],
    covered: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Say which lines are needed so that all ground of all of them is covered, on a grid of cells.

    A line touches the cells whose middle lies within its `outer` of it, and covers those within its `inner` (none if
    that is below 0). It is not needed where each cell that it touches is covered already, or by other lines that are
    needed: looked at from the first line to the last, and then once more, as later ones may cover it too.

    Parameters
    ----------
    xy
        Points of the lines, one after another, shape (n, 2), from the lower left corner of the grid, which holds
        whatever they touch.
    ptr
        Where each line begins, and the end.
    covered
        By rows; what is covered already, and afterwards also by these lines.
    """
    n = ptr.size - 1
    times = covered.astype(np.int32)
    stamp = np.full(covered.shape, -1, np.int32)
    near = np.empty(covered.shape)
    cells = np.empty((covered.size, 2), np.int32)
    needed = np.zeros(n, np.bool_)
    for line in range(n):
        points = xy[ptr[line] : ptr[line + 1]]
        if _all_covered(points, cell, outer[line], times):
            continue
        count = _cells_near(points, line, cell, outer[line], stamp, near, cells)
        for k in range(count):
            if times[cells[k, 0], cells[k, 1]] == 0:
                needed[line] = True
                break
        if needed[line]:
            _add(cells[:count], near, inner[line], times, 1)
    for line in range(n):
        if not needed[line]:
            continue
        count = _cells_near(xy[ptr[line] : ptr[line + 1]], n + line, cell, outer[line], stamp, near, cells)
        reach = inner[line] ** 2 if inner[line] >= 0 else -1.0
        needed[line] = False
        for k in range(count):
            row, column = cells[k, 0], cells[k, 1]
            if times[row, column] == (1 if near[row, column] <= reach else 0):
                needed[line] = True
                break
        if not needed[line]:
            _add(cells[:count], near, inner[line], times, -1)
    for row in range(covered.shape[0]):
        for column in range(covered.shape[1]):
            covered[row, column] = times[row, column] > 0
    return needed


@numba.njit(cache=True, nogil=True)
def _all_covered(xy: npt.NDArray[np.float64], cell: float, outer: float, times: npt.NDArray[np.int32]) -> bool:
    """Say whether all cells are covered in the rectangle around those that a line touches: soon found out."""
    west, east, south, north = xy[0, 0], xy[0, 0], xy[0, 1], xy[0, 1]
    for i in range(1, xy.shape[0]):
        west, east = min(west, xy[i, 0]), max(east, xy[i, 0])
        south, north = min(south, xy[i, 1]), max(north, xy[i, 1])
    low, high = max(int((south - outer) / cell), 0), min(int((north + outer) / cell) + 1, times.shape[0])
    left, right = max(int((west - outer) / cell), 0), min(int((east + outer) / cell) + 1, times.shape[1])
    for row in range(low, high):
        for column in range(left, right):
            if times[row, column] == 0:
                return False
    return True


@numba.njit(cache=True, nogil=True)
def _add(
    cells: npt.NDArray[np.int32],
    near: npt.NDArray[np.float64],
    inner: float,
    times: npt.NDArray[np.int32],
    step: int,
) -> None:
    for k in range(cells.shape[0] if inner >= 0 else 0):
        if near[cells[k, 0], cells[k, 1]] <= inner * inner:
            times[cells[k, 0], cells[k, 1]] += step


@numba.njit(cache=True, nogil=True)
def _cells_near(
    xy: npt.NDArray[np.float64],
    number: int,
    cell: float,
    outer: float,
    stamp: npt.NDArray[np.int32],
    near: npt.NDArray[np.float64],
    cells: npt.NDArray[np.int32],
) -> int:
    """Write the cells whose middle lies within `outer` of a line, and the square of how far, into `near`."""
    count = 0
    for i in range(max(xy.shape[0] - 1, 1)):
        ax, ay = xy[i]
        bx, by = xy[min(i + 1, xy.shape[0] - 1)]
        along_x, along_y = bx - ax, by - ay
        square = along_x * along_x + along_y * along_y
        low = max(int((min(ay, by) - outer) / cell), 0)
        high = min(int((max(ay, by) + outer) / cell) + 1, stamp.shape[0])
        left = max(int((min(ax, bx) - outer) / cell), 0)
        right = min(int((max(ax, bx) + outer) / cell) + 1, stamp.shape[1])
        for row in range(low, high):
            y = (row + 0.5) * cell - ay
            for column in range(left, right):
                x = (column + 0.5) * cell - ax
                share = 0.0 if square == 0 else min(max((x * along_x + y * along_y) / square, 0.0), 1.0)
                away_x, away_y = x - share * along_x, y - share * along_y
                far = away_x * away_x + away_y * away_y
                if far > outer * outer:
                    continue
                if stamp[row, column] != number:
                    stamp[row, column] = number
                    near[row, column] = far
                    cells[count, 0], cells[count, 1] = row, column
                    count += 1
                elif far < near[row, column]:
                    near[row, column] = far
    return count
