"""Stretches of ways and the parts that they make, and from chains of them to the tables of edges and their shapes.

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
    "lines_of_chains",
    "long_parts",
    "seconds_in_parts",
    "shape_rows",
    "stretches_fit",
    "times_of_chains",
]

_EDGES_AT_ONCE = 1 << 14
_SECOND = np.int64(1)
"""A number written as it is would be compiled for on its own."""


@numba.njit(cache=True, nogil=True)
def long_parts(
    label: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    course: npt.NDArray[np.int32],
    inside: npt.NDArray[np.bool_],
    asked: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    least_m: float,
) -> npt.NDArray[np.bool_]:
    """Say of each part that is asked for whether the stretches inside of it are `least_m` long together.

    `label` is the part of each point, and `inside` which stretches lie in that of their ends. Nothing more is added up
    to what is long enough.
    """
    short, metres = np.zeros(_parts(label), np.bool_), np.zeros(_parts(label))
    long = np.zeros(short.size, np.bool_)
    for i in range(asked.size):
        short[asked[i]] = least_m > 0
        long[asked[i]] = not short[asked[i]]
    for i in range(a.size):
        part = label[a[i]]
        if not (inside[i] and short[part]):
            continue
        p = a[i]
        for k in range(1, size[i] + 1):
            q = b[i] if k == size[i] else course[first[i] + k]
            metres[part] += length_m(lon, lat, p, q)
            p = q
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
    label: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Return how many pieces the chosen stretches have that begin in each part; `label` is that of each point."""
    found = np.zeros(_parts(label), np.int64)
    for i in range(a.size):
        if chosen[i]:
            found[label[a[i]]] += size[i]
    return found


@numba.njit(cache=True, nogil=True)
def seconds_in_parts(
    label: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the seconds that chosen stretches take, each piece its slower way, by the part in which they begin."""
    found = np.zeros(_parts(label))
    for i in range(a.size):
        if chosen[i]:
            for k in range(first[i], first[i] + size[i]):
                found[label[a[i]]] += max(forward_s[k], backward_s[k])
    return found


@numba.njit(cache=True, nogil=True)
def stretches_fit(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    course: npt.NDArray[np.int32],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    way: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    n_ways: int,
    longest_ds: int,
) -> bool:
    """Return whether stretches are of ways and points that there are, on the earth, and take less than so long.

    Each is taken to have pieces, all of which there are.
    """
    off = wrong = False
    for p in range(lon.size):  # without a branch, so that it goes many at a time
        off |= (not abs(lon[p]) <= 180) | (not abs(lat[p]) <= 90)
    for i in range(a.size):
        wrong |= (a[i] < 0) | (a[i] >= lon.size) | (b[i] < 0) | (b[i] >= lon.size) | (way[i] < 0) | (way[i] >= n_ways)
        for k in range(first[i], first[i] + size[i]):
            wrong |= (course[k] < 0) | (course[k] >= lon.size)
            wrong |= (not forward_s[k] * 10 < longest_ds) | (not backward_s[k] * 10 < longest_ds)
    if wrong or not off:
        return not wrong
    for i in range(a.size):  # what no piece begins or ends at may be anywhere
        for k in range(size[i] + 1):
            p = a[i] if k == 0 else b[i] if k == size[i] else course[first[i] + k]
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


@numba.njit(cache=True, nogil=True)
def shape_rows(
    start: npt.NDArray[np.int64],
    stretch: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
) -> npt.NDArray[np.int64]:
    """Return where the points of each edge begin, the chains of `graph.chains` in an order; `size` as in stretches."""
    ptr = np.zeros(order.size + 1, np.int64)
    for e in range(order.size):
        points = 1
        for at in range(start[order[e]], start[order[e] + 1] - 1):
            points += size[abs(stretch[at]) - 1]
        ptr[e + 1] = ptr[e] + points
    return ptr


def times_of_chains(
    start: npt.NDArray[np.int64],
    stretch: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    way: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
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

    `ptr` is what `shape_rows` returns of them. They are per point of a shape its way, and seconds forward and backward
    on the piece that begins there; per edge deciseconds forward and backward (-1: closed), and its first and last
    stretch.
    """
    shape_way, ahead_s, back_s = np.empty(ptr[-1], np.int32), *(np.empty(ptr[-1], np.float32) for _ in range(2))
    ahead_ds, back_ds, foremost, last = (np.empty(order.size, np.int32) for _ in range(4))
    given = start, stretch, order, ptr, way, first, size, forward_s, backward_s
    found = shape_way, ahead_s, back_s, ahead_ds, back_ds, foremost, last

    def work(begin: int, end: int) -> None:
        _times_into(*given, *found, begin, end)

    share(work, parts_of(order.size, _EDGES_AT_ONCE))
    return found


def lines_of_chains(
    start: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    stretch: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    course: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Return the shapes of edges, the chains of `graph.chains` in an order: longitude, latitude, and metres.

    `ptr` is what `shape_rows` returns of them.
    """
    shape_lon, shape_lat = np.empty(ptr[-1]), np.empty(ptr[-1])
    metres = np.empty(order.size, np.float32)
    given = start, point, stretch, order, ptr, first, size, course, lon, lat

    def work(begin: int, end: int) -> None:
        _lines_into(*given, shape_lon, shape_lat, metres, begin, end)

    share(work, parts_of(order.size, _EDGES_AT_ONCE))
    return shape_lon, shape_lat, metres


@numba.njit(cache=True, nogil=True)
def _longest(ptr: npt.NDArray[np.int64], begin: int, end: int) -> int:
    longest = 0
    for e in range(begin, end):
        longest = max(longest, ptr[e + 1] - ptr[e])
    return longest


@numba.njit(cache=True, nogil=True)
def _times_into(
    start: npt.NDArray[np.int64],
    stretch: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    way: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    shape_way: npt.NDArray[np.int32],
    ahead_s: npt.NDArray[np.float32],
    back_s: npt.NDArray[np.float32],
    ahead_ds: npt.NDArray[np.int32],
    back_ds: npt.NDArray[np.int32],
    foremost: npt.NDArray[np.int32],
    last: npt.NDArray[np.int32],
    begin: int,
    end: int,
) -> None:
    room = _longest(ptr, begin, end)
    ahead, back = np.empty(room), np.empty(room)
    for e in range(begin, end):
        i, at, row = 0, ptr[e], np.int32(0)
        for here in range(start[order[e]], start[order[e] + 1] - 1):
            upward = stretch[here] > 0
            row = np.int32(abs(stretch[here]) - 1)
            if i == 0:
                foremost[e] = row
            piece, step = (first[row], 1) if upward else (first[row] + size[row] - 1, -1)
            for _ in range(size[row]):
                ahead[i] = forward_s[piece] if upward else backward_s[piece]
                back[i] = backward_s[piece] if upward else forward_s[piece]
                shape_way[at + i] = way[row]
                ahead_s[at + i], back_s[at + i] = max(ahead[i], 0.0), max(back[i], 0.0)
                i, piece = i + 1, piece + step
        # No piece begins at the last point; it keeps the way of the piece before.
        ahead[i] = back[i] = 0.0
        shape_way[at + i], ahead_s[at + i], back_s[at + i] = way[row], 0.0, 0.0
        last[e] = row
        ahead_ds[e] = _deciseconds(ahead[0] < 0, ahead, i + 1)  # a chain is open or closed as a whole
        back_ds[e] = _deciseconds(back[0] < 0, back, i + 1)


@numba.njit(cache=True, nogil=True)
def _lines_into(
    start: npt.NDArray[np.int64],
    point: npt.NDArray[np.int32],
    stretch: npt.NDArray[np.int32],
    order: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    course: npt.NDArray[np.int32],
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
        i, at = 0, ptr[e]
        p = point[start[order[e]]]
        for here in range(start[order[e]], start[order[e] + 1] - 1):
            row = abs(stretch[here]) - 1
            upward = stretch[here] > 0
            for k in range(size[row]):
                piece = first[row] + k if upward else first[row] + size[row] - 1 - k
                q = point[here + 1] if k == size[row] - 1 else course[piece + upward]
                shape_lon[at + i], shape_lat[at + i] = lon[p], lat[p]
                along[i] = length_m(lon, lat, p, q)
                i, p = i + 1, q
        shape_lon[at + i], shape_lat[at + i], along[i] = lon[p], lat[p], 0.0
        metres[e] = along[0] + pairwise_sum(along, _SECOND, i)
