"""Which straight walks lead over water: their crossings of shores, found in a tree of boxes, and what lies between.

Piece j of a shore leads from (ax[j], ay[j]) to (bx[j], by[j]) and belongs to area[j]: `COAST`, with land on its left,
or the number of the water that it bounds; -1 is no piece. The tree is that of `geoaccess.kernels.boxes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.boxes import FAN, below
from geoaccess.kernels.growing import longer, longer_rows

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["COAST", "wet_walks"]

COAST = np.int32(0)
"""The area of a line of coast."""

_SLACK_M = 1e-3
"""No box is passed over for what rounding may have taken off a distance."""


@numba.njit(cache=True, nogil=True)
def _apart(x: float, y: float, to_x: float, to_y: float, box: npt.NDArray[np.float64], at: int) -> bool:
    """Whether a walk stays out of a box: it ends before it, or all corners lie on one side of it."""
    west, south, east, north = box[at, 0], box[at, 1], box[at, 2], box[at, 3]
    if max(x, to_x) < west or min(x, to_x) > east or max(y, to_y) < south or min(y, to_y) > north:
        return True
    dx, dy = to_x - x, to_y - y
    middle = dx * ((south + north) / 2 - y) - dy * ((west + east) / 2 - x)
    spread = abs(dx) * ((north - south) / 2 + _SLACK_M) + abs(dy) * ((east - west) / 2 + _SLACK_M)
    return bool(abs(middle) > spread)


@numba.njit(cache=True, nogil=True)
def _cut(x: float, y: float, dx: float, dy: float, ax: float, ay: float, bx: float, by: float) -> tuple[float, bool]:
    """Return the share of a walk at which it crosses a piece, 0 where it does not, and whether it leaves land there.

    On which side of the walk each end lies counts; one on its line counts as left, so no bend is crossed twice.
    """
    side_a, side_b = dx * (ay - y) - dy * (ax - x), dx * (by - y) - dy * (bx - x)
    if (side_a >= 0) == (side_b >= 0):
        return 0.0, False
    along = side_a / (side_a - side_b)
    cut_x, cut_y = ax + along * (bx - ax), ay + along * (by - ay)
    return ((cut_x - x) * dx + (cut_y - y) * dy) / (dx * dx + dy * dy), side_a < 0


@numba.njit(cache=True, nogil=True)
def _leaves_near(
    x: float,
    y: float,
    to_x: npt.NDArray[np.float64],
    to_y: npt.NDArray[np.float64],
    begin: int,
    end: int,
    box: npt.NDArray[np.float64],
    level: npt.NDArray[np.int64],
    waiting: npt.NDArray[np.int64],
    near: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], int]:
    """Return the leaves that the box around some walks from one place touches, and how many; `near` grows."""
    west, south, east, north = x, y, x, y
    for i in range(begin, end):
        west, east = min(west, to_x[i]), max(east, to_x[i])
        south, north = min(south, to_y[i]), max(north, to_y[i])
    count, n = 0, 1
    waiting[0] = box.shape[0] - 1
    while n > 0:
        n -= 1
        at = waiting[n]
        if east < box[at, 0] or west > box[at, 2] or north < box[at, 1] or south > box[at, 3]:
            continue
        if end - begin == 1 and _apart(x, y, to_x[begin], to_y[begin], box, at):
            continue
        if at >= level[1]:
            first, last = below(level, at)
            for j in range(first, last):
                waiting[n] = j
                n += 1
            continue
        if count == near.size:
            near = longer(near)
        near[count] = at
        count += 1
    return near, count


@numba.njit(cache=True, nogil=True)
def _crossings(
    x: float,
    y: float,
    to_x: float,
    to_y: float,
    near: npt.NDArray[np.int64],
    near_count: int,
    box: npt.NDArray[np.float64],
    leaf: npt.NDArray[np.int64],
    area: npt.NDArray[np.int32],
    ax: npt.NDArray[np.float64],
    ay: npt.NDArray[np.float64],
    bx: npt.NDArray[np.float64],
    by: npt.NDArray[np.float64],
    found: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], int]:
    """Return what a walk crosses in the leaves that are `near`, and how much that is; `found` grows where it is full.

    A row each, sorted: the area, the share of the walk, and 1 where it leaves land, which only coast can tell.
    """
    count = 0
    dx, dy = to_x - x, to_y - y
    for k in range(near_count):
        at = near[k]
        if _apart(x, y, to_x, to_y, box, at):
            continue
        for j in range(leaf[at, 0], leaf[at, 1]):
            share, leaves = _cut(x, y, dx, dy, ax[j], ay[j], bx[j], by[j])
            if not 0 < share < 1:
                continue
            if count == found.shape[0]:
                found = longer_rows(found)
            _put(found, count, area[j], share, leaves)
            count += 1
    return found, count


@numba.njit(cache=True, nogil=True)
def _put(found: npt.NDArray[np.float64], count: int, area: int, share: float, leaves: bool) -> None:  # noqa: FBT001
    """Put a crossing among `count` that are sorted by area, then share."""
    i = count
    while i > 0 and (found[i - 1, 0] > area or (found[i - 1, 0] == area and found[i - 1, 1] > share)):
        for k in range(3):
            found[i, k] = found[i - 1, k]
        i -= 1
    found[i, 0], found[i, 1], found[i, 2] = area, share, leaves


@numba.njit(cache=True, nogil=True)
def _over_sea(found: npt.NDArray[np.float64], count: int, length_m: float, waded_m: float) -> tuple[bool, float]:
    """Return whether a walk has too much sea between two coasts, and after how many metres it comes ashore, or 0.

    The coast is the first of the areas. A walk comes ashore that began at sea.
    """
    at_sea, ashore = -1.0, 0.0
    for i in range(count):
        share = found[i, 1]
        if found[i, 0] != COAST:
            break
        if found[i, 2] > 0:
            at_sea = share if at_sea < 0 else at_sea
        elif at_sea >= 0:
            if (share - at_sea) * length_m > waded_m:
                return True, 0.0
            at_sea = -1.0
        elif ashore == 0:
            ashore = share * length_m
    return at_sea >= 0 and (1 - at_sea) * length_m > waded_m, ashore


@numba.njit(cache=True, nogil=True)
def _over_lakes(found: npt.NDArray[np.float64], count: int, length_m: float, waded_m: float) -> bool:
    """Return whether a walk has too much water in a row that is no sea; it may leave the lake that it begins in."""
    first = 0
    while first < count:
        last = first
        while last < count and found[last, 0] == found[first, 0]:
            last += 1
        if found[first, 0] != COAST:
            # The first of an odd number of crossings leads out of the water that the walk begins in.
            for i in range(first + (last - first) % 2, last, 2):
                if (found[i + 1, 1] - found[i, 1]) * length_m > waded_m:
                    return True
        first = last
    return False


@numba.njit(cache=True, nogil=True)
def wet_walks(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    to_x: npt.NDArray[np.float64],
    to_y: npt.NDArray[np.float64],
    length_m: npt.NDArray[np.float64],
    waded_m: float,
    box: npt.NDArray[np.float64],
    level: npt.NDArray[np.int64],
    leaf: npt.NDArray[np.int64],
    area: npt.NDArray[np.int32],
    ax: npt.NDArray[np.float64],
    ay: npt.NDArray[np.float64],
    bx: npt.NDArray[np.float64],
    by: npt.NDArray[np.float64],
    wet: npt.NDArray[np.bool_],
    ashore_m: npt.NDArray[np.float64],
    begin: int,
    end: int,
) -> None:
    """Say of the walks from `begin` up to `end` which have more than `waded_m` of water in a row.

    Those from one place that stand one after another look for shores around all of them at once.

    Where a walk begins at sea, that part of it is left out, and `ashore_m` says how long it is.
    """
    waiting, near = np.empty(FAN * level.size + 1, np.int64), np.empty(64, np.int64)
    found = np.empty((64, 3), np.float64)
    first = begin
    while first < end:
        last = first + 1
        while last < end and x[last] == x[first] and y[last] == y[first]:
            last += 1
        near, leaves = _leaves_near(x[first], y[first], to_x, to_y, first, last, box, level, waiting, near)
        for i in range(first, last):
            found, count = _crossings(
                x[i], y[i], to_x[i], to_y[i], near, leaves, box, leaf, area, ax, ay, bx, by, found
            )
            wet[i], ashore_m[i] = _over_sea(found, count, length_m[i], waded_m)
            wet[i] = wet[i] or _over_lakes(found, count, length_m[i], waded_m)
        first = last
