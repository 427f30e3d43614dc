"""The order of many whole numbers, digit by digit, and of pairs of small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["order_of_numbers", "order_of_pairs"]

_BITS = np.int64(11)
_DIGITS = 6
_VALUES = 1 << 11


def order_of_numbers(number: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the order in which numbers rise, none of which may be below 0; equal ones keep theirs.

    They are sorted by one digit of 11 bits after the other, the last one first (a radix sort); a digit that is the same
    in all of them is passed over. All room is NumPy's, which asks for large pages where an array is long: digits are
    spread over thousands of places.
    """
    orders = np.empty(number.size, np.int64), np.empty(number.size, np.int64)
    turned = _order_into(number.copy(), np.empty(number.size, np.int64), *orders)
    return orders[turned]


@numba.njit(cache=True, nogil=True)
def _order_into(
    here: npt.NDArray[np.int64],
    there: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    later: npt.NDArray[np.int64],
) -> bool:
    """Put the order of the numbers that stand `here` into `order`, or into `later`, and return whether into `later`."""
    first = np.zeros((_DIGITS, _VALUES + 1), np.int64)
    for i in range(here.size):
        order[i], rest = i, here[i]
        for digit in range(_DIGITS):
            first[digit, (rest & (_VALUES - 1)) + 1] += 1
            rest >>= _BITS
    turned = False
    for digit in range(_DIGITS):
        at, shift = first[digit], digit * _BITS
        if at.max() == here.size:
            continue
        for value in range(_VALUES):
            at[value + 1] += at[value]
        for i in range(here.size):
            value = (here[i] >> shift) & (_VALUES - 1)
            place = at[value]
            at[value] += 1
            there[place], later[place] = here[i], order[i]
        here, there, order, later = there, here, later, order
        turned = not turned
    return turned


@numba.njit(cache=True, nogil=True)
def order_of_pairs(
    one: npt.NDArray[np.int32], other: npt.NDArray[np.int32], n_one: int, n_other: int
) -> npt.NDArray[np.int32]:
    """Return the order of pairs by their first number, then by their second; equal pairs keep theirs.

    The numbers are at least 0, and below `n_one` and `n_other`: pairs are counted by each (a counting sort), which
    takes a third of the time of sorting them by one number of both.
    """
    here, there = np.arange(one.size).astype(np.int32), np.empty(one.size, np.int32)
    for turn in range(2):
        number, count = (other, n_other) if turn == 0 else (one, n_one)
        first = np.zeros(count + 1, np.int64)
        rises = True
        for i in range(number.size):
            first[number[i] + 1] += 1
            rises &= i == 0 or number[here[i - 1]] <= number[here[i]]
        if rises:
            continue
        for i in range(count):
            first[i + 1] += first[i]
        for i in range(here.size):
            value = number[here[i]]
            there[first[value]] = here[i]
            first[value] += 1
        here, there = there, here
    return here
