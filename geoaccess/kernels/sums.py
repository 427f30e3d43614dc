"""Sums of numbers in pairs, as NumPy takes them: long ones lose no digits to rounding, and are the same to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["pairwise_sum"]

_PAIRS_FROM = 128


@numba.njit(cache=True, nogil=True)
def _short_sum(values: npt.NDArray[np.float64], first: int, n: int) -> float:
    """Return the sum of values[first:first + n], eight sums side by side."""
    if n < 8:
        few = -0.0
        for i in range(first, first + n):
            few += values[i]
        return few
    r0, r1, r2, r3 = values[first], values[first + 1], values[first + 2], values[first + 3]
    r4, r5, r6, r7 = values[first + 4], values[first + 5], values[first + 6], values[first + 7]
    whole = n - n % 8
    for i in range(first + 8, first + whole, 8):
        r0 += values[i]
        r1 += values[i + 1]
        r2 += values[i + 2]
        r3 += values[i + 3]
        r4 += values[i + 4]
        r5 += values[i + 5]
        r6 += values[i + 6]
        r7 += values[i + 7]
    total: float = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    for i in range(first + whole, first + n):
        total += values[i]
    return total


@numba.njit(cache=True, nogil=True)
def pairwise_sum(values: npt.NDArray[np.float64], first: int, n: int) -> float:
    """Return the sum of values[first:first + n] as NumPy takes it: that of its halves, down to 128 and fewer."""
    if n <= _PAIRS_FROM:
        short: float = _short_sum(values, first, n)
        return short
    at, size, done = np.empty(64, np.int64), np.empty(64, np.int64), np.zeros(64, np.int8)
    left = np.empty(64)
    at[0], size[0] = first, n
    depth = 0
    total = 0.0
    while depth >= 0:  # a stack of halves; a kernel that calls itself cannot be kept compiled
        half = size[depth] // 2
        half -= half % 8
        if size[depth] <= _PAIRS_FROM:
            total = _short_sum(values, at[depth], size[depth])
            depth -= 1
        elif done[depth] == 0:
            done[depth] = 1
            at[depth + 1], size[depth + 1], done[depth + 1] = at[depth], half, 0
            depth += 1
        elif done[depth] == 1:
            left[depth], done[depth] = total, 2
            at[depth + 1], size[depth + 1], done[depth + 1] = at[depth] + half, size[depth] - half, 0
            depth += 1
        else:
            total = left[depth] + total
            depth -= 1
    return total
