"""Segments by the points that they join: which are at some points, in some parts, and what belongs to their ends.

NumPy picks values by places of 64 bits: of places that are narrower it makes a copy twice as large first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "ends_of",
    "held_pushed_together",
    "on_ways",
    "outside_segments",
    "pushed_together",
    "runs_of",
    "segments_at",
    "segments_in",
    "taken",
]


@numba.njit(cache=True, nogil=True)
def taken(values: npt.NDArray[Any], places: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """Return the values at some places, as `values[places]` does, which makes a wider copy of the places first."""
    out = np.empty(places.size, values.dtype)
    for i in range(places.size):
        out[i] = values[places[i]]
    return out


@numba.njit(cache=True, nogil=True)
def on_ways(
    ptr: npt.NDArray[np.int64], ref: npt.NDArray[np.int32], chosen: npt.NDArray[np.bool_], n_points: int
) -> npt.NDArray[np.bool_]:
    """Return which points lie on a chosen way; way i runs through the points ref[ptr[i]:ptr[i + 1]]."""
    found = np.zeros(n_points, np.bool_)
    for i in range(chosen.size):
        if chosen[i]:
            for j in range(ptr[i], ptr[i + 1]):
                found[ref[j]] = True
    return found


@numba.njit(cache=True, nogil=True)
def runs_of(
    ptr: npt.NDArray[np.int64], values: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return (ptr, values) of some rows, in their order, where row i holds values[ptr[i]:ptr[i + 1]]."""
    start = np.zeros(rows.size + 1, np.int64)
    for i in range(rows.size):
        start[i + 1] = start[i] + ptr[rows[i] + 1] - ptr[rows[i]]
    out = np.empty(start[-1], values.dtype)
    for i in range(rows.size):
        first = ptr[rows[i]]
        for j in range(start[i + 1] - start[i]):
            out[start[i] + j] = values[first + j]
    return start, out


@numba.njit(cache=True, nogil=True)
def _push_together(
    ptr: npt.NDArray[np.int64], values: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    start = np.zeros(rows.size + 1, np.int64)
    for i in range(rows.size):
        first, size = ptr[rows[i]], ptr[rows[i] + 1] - ptr[rows[i]]
        for j in range(size):
            values[start[i] + j] = values[first + j]
        start[i + 1] = start[i] + size
    return start


def pushed_together(
    ptr: npt.NDArray[np.int64], values: npt.NDArray[np.int32], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return (ptr, values) of some rows, rising, as `runs_of` does, where they stand: `values` is written over."""
    start = _push_together(ptr, values, rows)
    return start, values[: start[-1]]


@numba.njit(cache=True, nogil=True)
def held_pushed_together(
    ref: npt.NDArray[np.int32],
    place: npt.NDArray[np.int32],
    number: npt.NDArray[np.int64],
    x: npt.NDArray[np.int32],
    y: npt.NDArray[np.int32],
) -> int:
    """Move those things that stand somewhere in `ref` to the front of their arrays, and return how many these are.

    `ref` is then where each stands now, and `place` where each of all stands, -1 where it is gone.
    """
    place[:] = -1
    for i in range(ref.size):
        place[ref[i]] = 0
    held = 0
    for i in range(place.size):
        if place[i] == 0:
            place[i] = held
            number[held], x[held], y[held] = number[i], x[i], y[i]
            held += 1
    for i in range(ref.size):
        ref[i] = place[ref[i]]
    return held


@numba.njit(cache=True, nogil=True)
def segments_at(
    points: npt.NDArray[np.bool_], a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return the chosen segments of which an end is one of some points."""
    found = np.empty(a.size, np.int64)
    n = 0
    for i in range(a.size):
        if chosen[i] and (points[a[i]] or points[b[i]]):
            found[n] = i
            n += 1
    return found[:n].copy()


@numba.njit(cache=True, nogil=True)
def ends_of(
    n_points: int, a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which points are an end of a chosen segment."""
    found = np.zeros(n_points, np.bool_)
    for i in range(a.size):
        if chosen[i]:
            found[a[i]] = found[b[i]] = True
    return found


@numba.njit(cache=True, nogil=True)
def outside_segments(
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
    part: npt.NDArray[np.int32],
    asked: npt.NDArray[np.bool_],
    inside: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Return the chosen segments that begin in some parts, `asked`, but for those with both ends in parts inside.

    `part` is that of each point.
    """
    found = np.empty(a.size, np.int64)
    n = 0
    for i in range(a.size):
        if chosen[i] and asked[part[a[i]]] and not (inside[part[a[i]]] and inside[part[b[i]]]):
            found[n] = i
            n += 1
    return found[:n].copy()


@numba.njit(cache=True, nogil=True)
def segments_in(
    a: npt.NDArray[np.int32],
    chosen: npt.NDArray[np.bool_],
    part: npt.NDArray[np.int32],
    parts: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Say of segments whether they are chosen and begin in some parts; `part` is that of each point."""
    found = np.empty(a.size, np.bool_)
    for i in range(a.size):
        found[i] = chosen[i] and parts[part[a[i]]]
    return found
