"""Points so near each other that one walks straight from one to the other.

The other points are in a tree of boxes, see `geoaccess.kernels.boxes`: those of leaf i are leaf[i, 0]:leaf[i, 1].
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.boxes import FAN, below
from geoaccess.kernels.growing import longer

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["farthest_off", "pairs", "times"]

_SLACK = 1 + 1e-9  # no box is passed over for what rounding may have taken off a distance


@numba.njit(cache=True, nogil=True)
def farthest_off(
    level: npt.NDArray[np.int64], leaf: npt.NDArray[np.int64], off_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return for each box how far off the network the farthest of its points is."""
    out = np.zeros(level[level.size - 1])
    for i in range(leaf.shape[0]):
        for j in range(leaf[i, 0], leaf[i, 1]):
            out[i] = max(out[i], off_m[j])
    for i in range(level[1], out.size):  # level by level
        first, end = below(level, i)
        for j in range(first, end):
            out[i] = max(out[i], out[j])
    return out


@numba.njit(cache=True, nogil=True)
def pairs(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    off_m: npt.NDArray[np.float64],
    off_ds: npt.NDArray[np.float64],
    begin: int,
    end: int,
    box: npt.NDArray[np.float64],
    level: npt.NDArray[np.int64],
    leaf: npt.NDArray[np.int64],
    box_off_m: npt.NDArray[np.float64],
    other_x: npt.NDArray[np.float64],
    other_y: npt.NDArray[np.float64],
    other_off_m: npt.NDArray[np.float64],
    other_off_ds: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (point, other, time) of pairs that are no farther apart than both together are from the network.

    Of the points from `begin` up to `end`, in turn. The time is that of the straight line at the pace of their ways to
    the network. Points that are not snapped (NaN) walk nowhere.
    """
    first, second, time = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int32)
    others = box, level, leaf, box_off_m, other_x, other_y, other_off_m, other_off_ds
    count = int(np.int64(0))  # a plain 0 is a type of its own to numba
    begin, count = _fill(x, y, off_m, off_ds, begin, end, *others, first, second, time, count)
    while begin < end:
        first, second, time = longer(first), longer(second), longer(time)
        begin, count = _fill(x, y, off_m, off_ds, begin, end, *others, first, second, time, count)
    return first[:count].copy(), second[:count].copy(), time[:count].copy()


@numba.njit(cache=True, nogil=True)
def _fill(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    off_m: npt.NDArray[np.float64],
    off_ds: npt.NDArray[np.float64],
    begin: int,
    end: int,
    box: npt.NDArray[np.float64],
    level: npt.NDArray[np.int64],
    leaf: npt.NDArray[np.int64],
    box_off_m: npt.NDArray[np.float64],
    other_x: npt.NDArray[np.float64],
    other_y: npt.NDArray[np.float64],
    other_off_m: npt.NDArray[np.float64],
    other_off_ds: npt.NDArray[np.float64],
    first: npt.NDArray[np.int32],
    second: npt.NDArray[np.int32],
    time: npt.NDArray[np.int32],
    count: int,
) -> tuple[int, int]:
    """Write the pairs of `pairs` after the `count` that are there; return the first point without room, and how many.

    That is `end` where there was room for all.
    """
    waiting = np.empty(FAN * level.size + 1, np.int64)
    for i in range(begin, end):
        px, py, off = x[i], y[i], off_m[i]
        if not off >= 0:
            continue
        waiting[0], n, before = box.shape[0] - 1, 1, count
        while n > 0:
            n -= 1
            at = waiting[n]
            dx = max(box[at, 0] - px, px - box[at, 2], 0.0)
            dy = max(box[at, 1] - py, py - box[at, 3], 0.0)
            reach = off + box_off_m[at]
            if dx * dx + dy * dy > reach * reach * _SLACK:
                continue
            if at >= level[1]:
                lower, upper = below(level, at)
                for j in range(lower, upper):
                    waiting[n] = j
                    n += 1
                continue
            if count + leaf[at, 1] - leaf[at, 0] > first.size:
                return i, before
            for j in range(leaf[at, 0], leaf[at, 1]):
                both = off + other_off_m[j]
                apart = math.sqrt((px - other_x[j]) ** 2 + (py - other_y[j]) ** 2)
                if apart > both:
                    continue
                first[count] = i
                second[count] = j
                time[count] = _walked(apart, both, off_ds[i] + other_off_ds[j])
                count += 1
    return end, count


@numba.njit(cache=True, nogil=True)
def times(
    first: npt.NDArray[np.int32],
    second: npt.NDArray[np.int32],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    off_m: npt.NDArray[np.float64],
    off_ds: npt.NDArray[np.float64],
    other_x: npt.NDArray[np.float64],
    other_y: npt.NDArray[np.float64],
    other_off_m: npt.NDArray[np.float64],
    other_off_ds: npt.NDArray[np.float64],
) -> npt.NDArray[np.int32]:
    """Return the times of the walks of some pairs, as `pairs` has them."""
    time = np.empty(first.size, np.int32)
    for at in range(first.size):
        i, j = first[at], second[at]
        apart = math.sqrt((x[i] - other_x[j]) ** 2 + (y[i] - other_y[j]) ** 2)
        time[at] = _walked(apart, off_m[i] + other_off_m[j], off_ds[i] + other_off_ds[j])
    return time


@numba.njit(cache=True, nogil=True)
def _walked(apart: float, both_m: float, both_ds: float) -> np.int32:
    """Return the time of a straight line at the pace of both ways to the network."""
    pace = both_ds / both_m if both_m > 0 else 0.0
    return np.int32(np.rint(apart * pace))
