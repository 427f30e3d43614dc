"""From ways to segments with times, and from chains of segments to the tables of edges and their shapes.

Sums over a chain are taken as `np.add.reduceat` takes them, in pairs, so that long chains lose no digits to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.geometry import length_m
from geoaccess.kernels.sums import pairwise_sum

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "chosen_in_parts",
    "edges_of_chains",
    "heaviest_of_groups",
    "lengthless_ways",
    "long_parts",
    "seconds_in_parts",
    "segments_fit",
    "segments_of_ways",
]

_EDGES_AT_ONCE = 1 << 14
_SECOND = np.int64(1)
"""A number written as it is would be compiled for on its own."""


@numba.njit(cache=True, nogil=True)
def segments_of_ways(
    ptr: npt.NDArray[np.int64],
    ref: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
    lon: npt.NDArray[np.float64],
    way: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
) -> tuple[int, int, int]:
    """Write the way and the ends of the segments of chosen ways.

    Return how many there are, how many lack a place, and how many have no length. Way i runs through the points
    ref[ptr[i]:ptr[i + 1]]; the longitude of a place that is not known is NaN. There must be room for a segment between
    any two points that follow each other.
    """
    n = absent = still = 0
    for i in range(chosen.size):
        if not chosen[i] or ptr[i] == ptr[i + 1]:
            continue
        p = ref[ptr[i]]
        known = np.isfinite(lon[p])
        for j in range(ptr[i] + 1, ptr[i + 1]):
            q = ref[j]
            there = np.isfinite(lon[q])
            if not (known and there):
                absent += 1
            elif p == q:
                still += 1
            else:
                way[n], a[n], b[n] = i, p, q
                n += 1
            p, known = q, there
    return n, absent, still


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


@numba.njit(cache=True, nogil=True)
def long_parts(
    label: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    asked: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    least_m: float,
) -> npt.NDArray[np.bool_]:
    """Say of each part that is asked for whether the segments inside of it are `least_m` long together.

    `label` is the part of each point. Nothing more is added up to what is long enough.
    """
    short, metres = np.zeros(_parts(label), np.bool_), np.zeros(_parts(label))
    long = np.zeros(short.size, np.bool_)
    for i in range(asked.size):
        short[asked[i]] = least_m > 0
        long[asked[i]] = not short[asked[i]]
    for i in range(a.size):
        part = label[a[i]]
        if short[part] and part == label[b[i]]:
            metres[part] += length_m(lon, lat, a[i], b[i])
            if metres[part] >= least_m:
                short[part], long[part] = False, True
    return long


@numba.njit(cache=True, nogil=True)
def _parts(label: npt.NDArray[np.int32]) -> int:
    """Return how many parts are numbered, from 0 on."""
    most = np.int32(-1)
    for i in range(label.size):
        most = max(most, label[i])
    return int(most) + 1


@numba.njit(cache=True, nogil=True)
def chosen_in_parts(
    label: npt.NDArray[np.int32], a: npt.NDArray[np.int32], chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return how many chosen segments begin in each part; `label` is that of each point."""
    found = np.zeros(_parts(label), np.int64)
    for i in range(a.size):
        found[label[a[i]]] += chosen[i]
    return found


@numba.njit(cache=True, nogil=True)
def seconds_in_parts(
    label: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the seconds that chosen segments take, each its slower way, by the part in which they begin."""
    found = np.zeros(_parts(label))
    for i in range(a.size):
        if chosen[i]:
            found[label[a[i]]] += max(forward_s[i], backward_s[i])
    return found


@numba.njit(cache=True, nogil=True)
def segments_fit(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    way: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    n_ways: int,
    longest_ds: int,
) -> bool:
    """Return whether segments are of ways and points that there are, on the earth, and take less than so long."""
    off = wrong = False
    for p in range(lon.size):  # without a branch, so that it goes many at a time
        off |= (not abs(lon[p]) <= 180) | (not abs(lat[p]) <= 90)
    for i in range(a.size):
        wrong |= (a[i] < 0) | (a[i] >= lon.size) | (b[i] < 0) | (b[i] >= lon.size) | (way[i] < 0) | (way[i] >= n_ways)
        wrong |= (not forward_s[i] * 10 < longest_ds) | (not backward_s[i] * 10 < longest_ds)
    if wrong or not off:
        return not wrong
    for i in range(a.size):  # what no segment begins or ends at may be anywhere
        for p in (a[i], b[i]):
            if not (abs(lon[p]) <= 180 and abs(lat[p]) <= 90):
                return False
    return True


@numba.njit(cache=True, nogil=True)
def heaviest_of_groups(
    n_groups: int, group: npt.NDArray[np.int32], weight: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Return the heaviest member of each group, the first of equals; -1 for a group without members."""
    found = np.full(n_groups, -1, np.int64)
    for i in range(group.size):
        best = found[group[i]]
        if best < 0 or weight[i] > weight[best]:
            found[group[i]] = i
    return found


@numba.njit(cache=True, nogil=True)
def _deciseconds(closed: bool, values: npt.NDArray[np.float64], n: int) -> np.int32:  # noqa: FBT001
    if closed:
        return np.int32(-1)
    return np.int32(np.rint((values[0] + pairwise_sum(values, _SECOND, n - 1)) * 10))


@numba.njit(cache=True, parallel=True)
def edges_of_chains(
    start: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    segment: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    way: npt.NDArray[np.int32],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.int32],
    npt.NDArray[np.float32],
    npt.NDArray[np.float32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.float32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]:
    """Return the tables of edges, the chains of `graph.chains` in an order, and of the points of their shapes.

    They are the pointers into the shapes; per point longitude, latitude, way, and seconds forward and backward on the
    piece that begins there; per edge deciseconds forward and backward (-1: closed), metres, and its first and last
    segment.
    """
    n = order.size
    ptr = np.zeros(n + 1, np.int64)
    longest = np.int64(0)
    for e in range(n):
        size = start[order[e] + 1] - start[order[e]]
        longest = max(longest, size)
        ptr[e + 1] = ptr[e] + size
    points = ptr[n]
    shape_lon, shape_lat, shape_way = np.empty(points), np.empty(points), np.empty(points, np.int32)
    ahead_s, back_s = np.zeros(points, np.float32), np.zeros(points, np.float32)
    ahead_ds, back_ds, metres = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32)
    first, last = np.empty(n, np.int32), np.empty(n, np.int32)
    blocks = (n + _EDGES_AT_ONCE - 1) // _EDGES_AT_ONCE
    for block in numba.prange(blocks):
        ahead, back, along = np.empty(longest), np.empty(longest), np.empty(longest)
        for e in range(block * _EDGES_AT_ONCE, min(n, (block + 1) * _EDGES_AT_ONCE)):
            begin = start[order[e]]
            size = start[order[e] + 1] - begin
            piece = np.int32(0)
            for i in range(size):
                here, at = begin + i, ptr[e] + i
                shape_lon[at], shape_lat[at] = lon[point[here]], lat[point[here]]
                if i == size - 1:  # no piece begins at the last point; it keeps the way of the piece before
                    ahead[i] = back[i] = along[i] = 0.0
                    shape_way[at] = way[piece]
                    break
                upward = segment[here] >= 0
                piece = np.int32(abs(segment[here]) - 1)
                ahead[i] = forward_s[piece] if upward else backward_s[piece]
                back[i] = backward_s[piece] if upward else forward_s[piece]
                along[i] = length_m(lon, lat, point[here], point[here + 1])
                shape_way[at] = way[piece]
                ahead_s[at], back_s[at] = max(ahead[i], 0.0), max(back[i], 0.0)
                if i == 0:
                    first[e] = piece
            last[e] = piece
            ahead_ds[e] = _deciseconds(ahead[0] < 0, ahead, size)  # a chain is open or closed as a whole
            back_ds[e] = _deciseconds(back[0] < 0, back, size)
            metres[e] = along[0] + pairwise_sum(along, _SECOND, size - 1)
    return ptr, shape_lon, shape_lat, shape_way, ahead_s, back_s, ahead_ds, back_ds, metres, first, last
