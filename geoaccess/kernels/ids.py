"""Many ids, some of them again and again: which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["distinct"]

_BITS = 11


@numba.njit(cache=True, nogil=True)
def distinct(values: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return the different values, rising, and the place of each of `values` among them.

    They are sorted digit by digit, from the least (radix sort); no two may lie 2**62 or more apart.
    """
    n = values.size
    if n == 0:
        return np.empty(0, np.int64), np.empty(0, np.int32)
    low, high = values[0], values[0]
    for i in range(n):
        low, high = min(low, values[i]), max(high, values[i])
    order, other = np.arange(n).astype(np.int32), np.empty(n, np.int32)
    start = np.empty((1 << _BITS) + 1, np.int64)
    for shift in range(0, 62, _BITS):
        if (high - low) >> shift == 0:
            break
        for digit in range(start.size):
            start[digit] = 0
        for i in range(n):
            start[(((values[i] - low) >> shift) & ((1 << _BITS) - 1)) + 1] += 1
        for digit in range(1 << _BITS):
            start[digit + 1] += start[digit]
        for i in range(n):
            digit = ((values[order[i]] - low) >> shift) & ((1 << _BITS) - 1)
            other[start[digit]] = order[i]
            start[digit] += 1
        order, other = other, order
    found = np.empty(n, np.int64)
    place = np.empty(n, np.int32)
    count = 0
    for i in range(n):
        value = values[order[i]]
        if count == 0 or found[count - 1] != value:
            found[count] = value
            count += 1
        place[order[i]] = count - 1
    return found[:count].copy(), place
