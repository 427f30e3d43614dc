"""From ways to stretches: the parts of them between points at which something may be decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["NO_POINT", "ends_in_ways", "lengthless_ways", "stretches_of_ways"]

NO_POINT = np.int32(2**31 - 1)
"""The least point of a stretch that has none between its ends."""


@numba.njit(cache=True, nogil=True)
def ends_in_ways(
    ptr: npt.NDArray[np.int64],
    ref: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
    lon: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int8], int, int, int]:
    """Return how many pieces of chosen ways end at each point, three and more alike, and the room for their courses.

    A piece is a straight line between two points of a way that follow each other. How many lack a place is returned as
    well, and how many have no length. Way i runs through the points ref[ptr[i]:ptr[i + 1]]; the longitude of a place
    that is not known is NaN.
    """
    ends = np.zeros(lon.size, np.int8)
    room = absent = still = 0
    for i in range(chosen.size):
        if not chosen[i] or ptr[i] == ptr[i + 1]:
            continue
        p, before = ref[ptr[i]], np.int32(-1)
        known = np.isfinite(lon[p])
        for j in range(ptr[i] + 1, ptr[i + 1]):
            q = ref[j]
            there = np.isfinite(lon[q])
            if not (known and there):
                absent += 1
            elif p == q:
                still += 1
            else:
                ends[p], ends[q] = min(ends[p] + 1, 3), min(ends[q] + 1, 3)
                room += 1 if before == p else 2
                before = q
            p, known = q, there
    return ends, room, absent, still


@numba.njit(cache=True, nogil=True)
def _close(
    row: int,
    last: int,
    course: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    least: npt.NDArray[np.int32],
    lowest: int,
) -> None:
    b[row], size[row], least[row] = course[last], last - first[row], lowest


@numba.njit(cache=True, nogil=True)
def stretches_of_ways(
    ptr: npt.NDArray[np.int64],
    ref: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
    lon: npt.NDArray[np.float64],
    stays: npt.NDArray[np.bool_],
    course: npt.NDArray[np.int32],
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]:
    """Write the points of chosen ways one after another, and return the stretches into which these are cut.

    A stretch is a part of a way between points that stay, or where it begins, ends, or lacks a place. They are returned
    as (way, a, b, first, size, least): stretch i leads from the point a[i] = course[first[i]] to the point
    b[i] = course[first[i] + size[i]] over `size` pieces, and least[i] is the least point between these, or `NO_POINT`.
    There must be room for what `ends_in_ways` says.
    """
    # Room for the most that there may be: what is not written to takes no memory.
    way, a, b = np.empty(course.size, np.int32), np.empty(course.size, np.int32), np.empty(course.size, np.int32)
    first, size, least = np.empty_like(way), np.empty_like(way), np.empty_like(way)
    n = rows = 0
    lowest = NO_POINT
    for i in range(chosen.size):
        if not chosen[i] or ptr[i] == ptr[i + 1]:
            continue
        p, begin, going = ref[ptr[i]], n, False
        known = np.isfinite(lon[p])
        for j in range(ptr[i] + 1, ptr[i + 1]):
            q = ref[j]
            there = np.isfinite(lon[q])
            if known and there and p != q:
                if n == begin or course[n - 1] != p:
                    if going:
                        _close(rows - 1, n - 1, course, first, b, size, least, lowest)
                        going = False
                    course[n] = p
                    n += 1
                if going:
                    lowest = min(lowest, p)
                else:
                    way[rows], a[rows], first[rows], lowest = i, p, n - 1, NO_POINT
                    rows += 1
                course[n] = q
                n += 1
                going = not stays[q]
                if not going:
                    _close(rows - 1, n - 1, course, first, b, size, least, lowest)
            p, known = q, there
        if going:
            _close(rows - 1, n - 1, course, first, b, size, least, lowest)
    way, a, b, first = way[:rows].copy(), a[:rows].copy(), b[:rows].copy(), first[:rows].copy()
    return way, a, b, first, size[:rows].copy(), least[:rows].copy()


@numba.njit(cache=True, nogil=True)
def lengthless_ways(
    ptr: npt.NDArray[np.int64],
    ref: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> int:
    """Return how many ways have all of their points in one place, as far as these are known.

    Way i runs through the points ref[ptr[i]:ptr[i + 1]]; coordinates of a place that is not known are NaN.
    """
    found = 0
    for way in range(ptr.size - 1):
        first, still = np.int64(-1), True
        for j in range(ptr[way], ptr[way + 1]):
            point = ref[j]
            if np.isnan(lon[point]) or np.isnan(lat[point]):
                continue
            if first < 0:
                first = np.int64(point)
            elif lon[point] != lon[first] or lat[point] != lat[first]:
                still = False
                break
        found += still
    return found
