"""Which pieces of roads may be the nearest to some places, by a raster of the squares that hold any."""

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
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    course: npt.NDArray[np.int32],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    box: tuple[float, float, float, float],
    marked: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the pieces of stretches whose own box touches a marked square of a raster, with the stretch of each.

    They may lie beyond the raster. Stretch i leads from a[i] over the points course[first[i] + 1], ... to b[i].
    """
    # Room for the most that there may be: what is not written to takes no memory.
    stretch, piece = np.empty(course.size, np.int32), np.empty(course.size, np.int32)
    n = 0
    rows, columns = marked.shape
    for i in range(a.size):
        px, py, last = x[a[i]], y[a[i]], first[i] + size[i] - 1
        row, column = _square(py, box[1], box[3], rows), _square(px, box[0], box[2], columns)
        for k in range(first[i], last + 1):
            q = b[i] if k == last else course[k + 1]
            qx, qy = x[q], y[q]
            row_q, column_q = _square(qy, box[1], box[3], rows), _square(qx, box[0], box[2], columns)
            within = row == row_q and column == column_q  # nearly always
            if (marked[row, column] or not within) and _touches(px, py, qx, qy, box, marked):
                stretch[n], piece[n] = i, k
                n += 1
            px, py, row, column = qx, qy, row_q, column_q
    return stretch[:n].astype(np.int64), piece[:n].astype(np.int64)


@numba.njit(cache=True, nogil=True)
def _touches(
    px: float, py: float, qx: float, qy: float, box: tuple[float, float, float, float], marked: npt.NDArray[np.bool_]
) -> bool:
    rows, columns = marked.shape
    east_end, north_end = box[0] + columns * box[2], box[1] + rows * box[3]
    if max(px, qx) < box[0] or min(px, qx) > east_end or max(py, qy) < box[1] or min(py, qy) > north_end:
        return False
    south, north = _square(min(py, qy), box[1], box[3], rows), _square(max(py, qy), box[1], box[3], rows)
    west, east = _square(min(px, qx), box[0], box[2], columns), _square(max(px, qx), box[0], box[2], columns)
    if marked[south, west] or marked[north, east]:
        return True
    return (north > south or east > west) and bool(marked[south : north + 1, west : east + 1].any())
