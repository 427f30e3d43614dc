"""From ways to segments with times, and from chains of segments to the tables of edges and their shapes.

Sums over a chain are taken as `np.add.reduceat` takes them, in pairs, so that long chains lose no digits to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.geometry import length_m
from geoaccess.kernels.sums import pairwise_sum
from geoaccess.kernels.threads import parts_of, share

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "chosen_in_parts",
    "heaviest_of_groups",
    "lengthless_ways",
    "lines_of_chains",
    "long_parts",
    "seconds_in_parts",
    "segments_fit",
    "segments_of_ways",
    "times_of_chains",
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


def times_of_chains(
    start: npt.NDArray[np.int64],
    segment: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    way: npt.NDArray[np.int32],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.float32],
    npt.NDArray[np.float32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]:
    """Return what edges take, the chains of `graph.chains` in an order, and the pieces of their shapes.

    They are per point of a shape its way, and seconds forward and backward on the piece that begins there; per edge
    deciseconds forward and backward (-1: closed), and its first and last segment.
    """
    ptr = _shape_ptr(start, order)
    shape_way, ahead_s, back_s = np.empty(ptr[-1], np.int32), *(np.empty(ptr[-1], np.float32) for _ in range(2))
    ahead_ds, back_ds, first, last = (np.empty(order.size, np.int32) for _ in range(4))
    given = start, segment, order, ptr, way, forward_s, backward_s
    found = shape_way, ahead_s, back_s, ahead_ds, back_ds, first, last

    def work(begin: int, end: int) -> None:
        _times_into(*given, *found, begin, end)

    share(work, parts_of(order.size, _EDGES_AT_ONCE))
    return found


def lines_of_chains(
    start: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Return the shapes of edges, the chains of `graph.chains` in an order: (ptr, longitude, latitude), and metres."""
    ptr = _shape_ptr(start, order)
    shape_lon, shape_lat = np.empty(ptr[-1]), np.empty(ptr[-1])
    metres = np.empty(order.size, np.float32)

    def work(begin: int, end: int) -> None:
        _lines_into(start, point, order, ptr, lon, lat, shape_lon, shape_lat, metres, begin, end)

    share(work, parts_of(order.size, _EDGES_AT_ONCE))
    return ptr, shape_lon, shape_lat, metres


def _shape_ptr(start: npt.NDArray[np.int64], order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where the points of each chain begin, once chains stand in an order."""
    ptr = np.zeros(order.size + 1, np.int64)
    np.cumsum(np.diff(start)[order], out=ptr[1:])
    return ptr


@numba.njit(cache=True, nogil=True)
def _longest(ptr: npt.NDArray[np.int64], begin: int, end: int) -> int:
    longest = 0
    for e in range(begin, end):
        longest = max(longest, ptr[e + 1] - ptr[e])
    return longest


@numba.njit(cache=True, nogil=True)
def _times_into(
    start: npt.NDArray[np.int64],
    segment: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    way: npt.NDArray[np.int32],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    shape_way: npt.NDArray[np.int32],
    ahead_s: npt.NDArray[np.float32],
    back_s: npt.NDArray[np.float32],
    ahead_ds: npt.NDArray[np.int32],
    back_ds: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    last: npt.NDArray[np.int32],
    begin: int,
    end: int,
) -> None:
    room = _longest(ptr, begin, end)
    ahead, back = np.empty(room), np.empty(room)
    for e in range(begin, end):
        size = ptr[e + 1] - ptr[e]
        piece = np.int32(0)
        for i in range(size):
            here, at = start[order[e]] + i, ptr[e] + i
            if i == size - 1:  # no piece begins at the last point; it keeps the way of the piece before
                ahead[i] = back[i] = 0.0
            else:
                upward = segment[here] >= 0
                piece = np.int32(abs(segment[here]) - 1)
                ahead[i] = forward_s[piece] if upward else backward_s[piece]
                back[i] = backward_s[piece] if upward else forward_s[piece]
                if i == 0:
                    first[e] = piece
            shape_way[at] = way[piece]
            ahead_s[at], back_s[at] = max(ahead[i], 0.0), max(back[i], 0.0)
        last[e] = piece
        ahead_ds[e] = _deciseconds(ahead[0] < 0, ahead, size)  # a chain is open or closed as a whole
        back_ds[e] = _deciseconds(back[0] < 0, back, size)


@numba.njit(cache=True, nogil=True)
def _lines_into(
    start: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    shape_lon: npt.NDArray[np.float64],
    shape_lat: npt.NDArray[np.float64],
    metres: npt.NDArray[np.float32],
    begin: int,
    end: int,
) -> None:
    along = np.empty(_longest(ptr, begin, end))
    for e in range(begin, end):
        size = ptr[e + 1] - ptr[e]
        for i in range(size):
            here, at = start[order[e]] + i, ptr[e] + i
            shape_lon[at], shape_lat[at] = lon[point[here]], lat[point[here]]
            along[i] = 0.0 if i == size - 1 else length_m(lon, lat, point[here], point[here + 1])
        metres[e] = along[0] + pairwise_sum(along, _SECOND, size - 1)
