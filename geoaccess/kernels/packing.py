"""Runs of numbers as the bytes that .osm.pbf files hold, and messages made of such bytes: `geoaccess.kernels.pbf` back.

Sizes are counted before anything is written, so that nothing is written beyond the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["framed", "packed"]

_BYTES = np.int64(2)  # the wire type of a field that says how long it is
_NONE = np.int64(0)


@numba.njit(cache=True, nogil=True)
def _size(value: np.int64) -> np.int64:
    """Return how many bytes a number takes, seven bits each; a negative one is a number of 64 bits."""
    left = np.uint64(value)
    size = np.int64(1)
    while left >= np.uint64(128):
        left >>= np.uint64(7)
        size += 1
    return size


@numba.njit(cache=True, nogil=True)
def _put(out: npt.NDArray[np.uint8], at: np.int64, value: np.int64) -> np.int64:
    """Write a number at a place, and return the place behind it."""
    left = np.uint64(value)
    while left >= np.uint64(128):
        out[at] = np.uint8((left & np.uint64(127)) | np.uint64(128))
        left >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(left)
    return at + 1


@numba.njit(cache=True, nogil=True)
def packed(
    values: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    steps: bool,  # noqa: FBT001
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return (data, bounds): run i of numbers, values[ptr[i]:ptr[i + 1]], becomes data[bounds[i]:bounds[i + 1]].

    With `steps` numbers are written as steps from the one before in zigzag code, the first of a run from 0.
    """
    coded = values.copy()
    bounds = np.zeros(ptr.size, np.int64)
    for i in range(ptr.size - 1):
        before = _NONE
        size = bounds[i]
        for j in range(ptr[i], ptr[i + 1]):
            if steps:
                step = values[j] - before
                before = values[j]
                coded[j] = (step << 1) ^ (step >> 63)
            size += _size(coded[j])
        bounds[i + 1] = size
    data = np.empty(bounds[-1], np.uint8)
    at = _NONE
    for i in range(ptr.size - 1):
        for j in range(ptr[i], ptr[i + 1]):
            at = _put(data, at, coded[j])
    return data, bounds


@numba.njit(cache=True, nogil=True)
def framed(
    data: npt.NDArray[np.uint8],
    bounds: npt.NDArray[np.int64],
    fields: npt.NDArray[np.int64],
    wires: npt.NDArray[np.int64],
    outer: int,
) -> npt.NDArray[np.uint8]:
    """Return messages one after another, each as field `outer` of another message.

    Message i has the fields number `fields[c]`, of the wire types `wires[c]`, made of data[bounds[c, i]:
    bounds[c, i + 1]]; those with nothing in them are left out.
    """
    n = bounds.shape[1] - 1
    total = _NONE
    inner = np.zeros(n, np.int64)
    for i in range(n):
        for c in range(fields.size):
            size = bounds[c, i + 1] - bounds[c, i]
            if size > 0:
                inner[i] += _size(fields[c] << 3) + size + (_size(size) if wires[c] == _BYTES else _NONE)
        total += _size(np.int64(outer) << 3) + _size(inner[i]) + inner[i]
    out = np.empty(total, np.uint8)
    at = _NONE
    for i in range(n):
        at = _put(out, at, (np.int64(outer) << 3) | _BYTES)
        at = _put(out, at, inner[i])
        for c in range(fields.size):
            first, last = bounds[c, i], bounds[c, i + 1]
            if last > first:
                at = _put(out, at, (fields[c] << 3) | wires[c])
                if wires[c] == _BYTES:
                    at = _put(out, at, last - first)
                for j in range(first, last):
                    out[at] = data[j]
                    at += 1
    return out
