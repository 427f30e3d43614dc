"""Many ids, some of them again and again: which there are.

They are sorted digit by digit, from the least (radix sort): in as many passes as there are digits in which any two
differ, each of which reads and writes memory in a few streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["different", "distinct"]

_BITS = 11
_DIGITS = 6  # of 64 bits
_MASK = np.uint64((1 << _BITS) - 1)
_SIGN = np.uint64(1 << 63)
"""Numbers with the first bit turned are in order as unsigned ones."""


@numba.njit(cache=True, nogil=True)
def _digits(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return how often each digit stands at each place of some numbers, shape (places, digits)."""
    count = np.zeros((_DIGITS, 1 << _BITS), np.int64)
    for i in range(values.size):
        rest = values[i]
        for place in range(_DIGITS):
            count[place, np.int64(rest & _MASK)] += 1
            rest >>= np.uint64(_BITS)
    return count


@numba.njit(cache=True, nogil=True)
def _differ(count: npt.NDArray[np.int64], n: int) -> bool:
    """Turn how often each digit stands at a place into where those with it begin; false where all have the same."""
    at = np.int64(0)
    for digit in range(count.size):
        here = count[digit]
        if here == n:
            return False
        count[digit] = at
        at += here
    return True


@numba.njit(cache=True, nogil=True)
def _sorted(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    n = values.size
    keys = values.view(np.uint64) ^ _SIGN
    other = np.empty(n, np.uint64)
    count = _digits(keys)
    for place in range(_DIGITS):
        if not _differ(count[place], n):
            continue
        shift = np.uint64(place * _BITS)
        for i in range(n):
            digit = np.int64((keys[i] >> shift) & _MASK)
            other[count[place, digit]] = keys[i]
            count[place, digit] += 1
        keys, other = other, keys
    return (keys ^ _SIGN).view(np.int64)


@numba.njit(cache=True, nogil=True)
def different(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the different values, rising."""
    rising = True
    for i in range(1, values.size):
        if values[i] < values[i - 1]:
            rising = False
            break
    ordered = values.copy() if rising else _sorted(values)
    size = 0
    for i in range(ordered.size):
        if i == 0 or ordered[i] != ordered[size - 1]:
            ordered[size] = ordered[i]
            size += 1
    return ordered[:size].copy()


def distinct(
    values: npt.NDArray[np.int64], *, spent: bool = False
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return the different values, rising, and the place of each of `values` among them.

    With `spent` the values are needed no more: the array is written over, and may be what is returned. All room is
    NumPy's, which asks for large pages where an array is long: digits are spread over thousands of places.
    """
    keys = values if spent else values.copy()
    rooms = [keys, np.empty(keys.size, np.int64)]
    order, where = np.empty(keys.size, np.int32), np.empty(keys.size, np.int32)
    size, turned = _distinct_into(rooms[0].view(np.uint64), rooms[1].view(np.uint64), order, where)
    found = rooms[turned]
    if found.flags.owndata:  # cut where it stands
        found.resize(size, refcheck=False)
        return found, order if turned else where
    return found[:size].copy(), order if turned else where


@numba.njit(cache=True, nogil=True)
def _distinct_into(
    keys: npt.NDArray[np.uint64],
    other: npt.NDArray[np.uint64],
    order: npt.NDArray[np.int32],
    moved: npt.NDArray[np.int32],
) -> tuple[int, bool]:
    """Return how many different keys there are, and whether they stand at the front of `other`, not of `keys`.

    The place of each among them is in `order` then, else in `moved`.
    """
    n, turned = keys.size, False
    for i in range(n):
        keys[i] ^= _SIGN
        order[i] = i
    count = _digits(keys)
    for place in range(_DIGITS):
        if not _differ(count[place], n):
            continue
        shift = np.uint64(place * _BITS)
        for i in range(n):
            digit = np.int64((keys[i] >> shift) & _MASK)
            to = count[place, digit]
            other[to], moved[to] = keys[i], order[i]
            count[place, digit] = to + 1
        keys, other = other, keys
        order, moved = moved, order
        turned = not turned
    size = 0
    for i in range(n):
        if i == 0 or keys[i] != keys[size - 1]:
            keys[size] = keys[i]
            size += 1
        moved[order[i]] = size - 1
    for i in range(size):
        keys[i] ^= _SIGN
    return size, turned
