"""Runs of bytes, numbered: each different one gets a number when it is first met.

A table of open addresses (linear probing, its size a power of two) holds numbers; run w is the bytes
letters[ptr[w]:ptr[w + 1]]. Callers see to it that there is room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["add_words", "find_words", "spread_words"]


@numba.njit(cache=True, nogil=True)
def _slot(
    data: npt.NDArray[np.uint8],
    start: int,
    stop: int,
    table: npt.NDArray[np.int32],
    ptr: npt.NDArray[np.int64],
    letters: npt.NDArray[np.uint8],
    seed: int,
) -> np.int64:
    """Return the place in the table where a run stands or would stand."""
    code = np.int64(seed)
    for i in range(start, stop):
        code = ((code ^ np.int64(data[i])) * 16777619) & 0x7FFFFFFF
        code ^= code >> 15
    slot = code & (table.size - 1)
    while table[slot] >= 0:
        at = ptr[table[slot]]
        if ptr[table[slot] + 1] - at == stop - start:
            same = True
            for i in range(stop - start):
                if letters[at + i] != data[start + i]:
                    same = False
                    break
            if same:
                break
        slot = (slot + 1) & (table.size - 1)
    return slot


@numba.njit(cache=True, nogil=True)
def find_words(
    data: npt.NDArray[np.uint8],
    start: npt.NDArray[np.int64],
    stop: npt.NDArray[np.int64],
    table: npt.NDArray[np.int32],
    ptr: npt.NDArray[np.int64],
    letters: npt.NDArray[np.uint8],
    seed: int,
) -> npt.NDArray[np.int32]:
    """Return the number of each run data[start[i]:stop[i]]; -1 where it has none."""
    out = np.empty(start.size, np.int32)
    for i in range(start.size):
        out[i] = table[_slot(data, start[i], stop[i], table, ptr, letters, seed)]
    return out


@numba.njit(cache=True, nogil=True)
def add_words(
    data: npt.NDArray[np.uint8],
    start: npt.NDArray[np.int64],
    stop: npt.NDArray[np.int64],
    table: npt.NDArray[np.int32],
    ptr: npt.NDArray[np.int64],
    letters: npt.NDArray[np.uint8],
    size: int,
    seed: int,
) -> tuple[npt.NDArray[np.int32], int]:
    """Return the number of each run, a new one where it has none yet, and how many different runs there are now."""
    out = np.empty(start.size, np.int32)
    for i in range(start.size):
        slot = _slot(data, start[i], stop[i], table, ptr, letters, seed)
        if table[slot] < 0:
            table[slot] = size
            at = ptr[size]
            for j in range(stop[i] - start[i]):
                letters[at + j] = data[start[i] + j]
            size += 1
            ptr[size] = at + stop[i] - start[i]
        out[i] = table[slot]
    return out, size


@numba.njit(cache=True, nogil=True)
def spread_words(
    table: npt.NDArray[np.int32], ptr: npt.NDArray[np.int64], letters: npt.NDArray[np.uint8], size: int, seed: int
) -> None:
    """Put the numbers 0 to `size` - 1 into an empty table."""
    for word in range(size):
        table[_slot(letters, ptr[word], ptr[word + 1], table, ptr, letters, seed)] = word
