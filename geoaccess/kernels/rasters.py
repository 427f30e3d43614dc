"""Which segments may be the nearest to some places, by a raster of the squares that hold any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["occupied", "touching"]


@numba.njit(cache=True, nogil=True)
def _square(value: float, least: float, step: float, most: int) -> int:
    return min(max(int((value - least) / step), 0), most - 1)


@numba.njit(cache=True, nogil=True)
def occupied(
    points: npt.NDArray[np.int32],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    box: tuple[float, float, float, float],
    shape: tuple[int, int],
) -> npt.NDArray[np.bool_]:
    """Return which squares of a raster, shape (ny, nx), hold one of some points, all of which lie in it.

    `box` is the west and south of the raster, and the width and height of a square.
    """
    found = np.zeros(shape, np.bool_)
    for i in range(points.size):
        row = _square(y[points[i]], box[1], box[3], shape[0])
        found[row, _square(x[points[i]], box[0], box[2], shape[1])] = True
    return found


@numba.njit(cache=True, nogil=True)
def touching(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    box: tuple[float, float, float, float],
    marked: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Return the segments whose own box touches a marked square of a raster, rising; they may lie beyond the raster."""
    found = np.empty(a.size, np.int32)
    n = 0
    rows, columns = marked.shape
    east_end, north_end = box[0] + columns * box[2], box[1] + rows * box[3]
    for i in range(a.size):
        p, q = a[i], b[i]
        if max(x[p], x[q]) < box[0] or min(x[p], x[q]) > east_end or max(y[p], y[q]) < box[1]:
            continue
        if min(y[p], y[q]) > north_end:
            continue
        south = _square(min(y[p], y[q]), box[1], box[3], rows)
        north = _square(max(y[p], y[q]), box[1], box[3], rows)
        west = _square(min(x[p], x[q]), box[0], box[2], columns)
        east = _square(max(x[p], x[q]), box[0], box[2], columns)
        hit = marked[south, west] or marked[north, east]
        if not hit and (north > south or east > west):
            hit = marked[south : north + 1, west : east + 1].any()
        if hit:
            found[n] = i
            n += 1
    return found[:n].astype(np.int64)
