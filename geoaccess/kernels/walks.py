"""Points so near each other that one walks straight from one to the other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["pairs"]


@numba.njit(cache=True)
def pairs(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    off_m: npt.NDArray[np.float64],
    off_ds: npt.NDArray[np.float64],
    other_x: npt.NDArray[np.float64],
    other_y: npt.NDArray[np.float64],
    other_off_m: npt.NDArray[np.float64],
    other_off_ds: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (point, other, time) of pairs that are no farther apart than both together are from the network.

    The time is that of the straight line at the pace of their ways to the network. The others are sorted by x.
    """
    first = np.empty(64, np.int32)
    second = np.empty(64, np.int32)
    time = np.empty(64, np.int32)
    count = 0
    widest = other_off_m.max() if other_off_m.size else 0.0
    for i in range(x.size):
        reach = off_m[i] + widest + 0.01  # what is just as far is found from either side, however it is rounded
        at = np.searchsorted(other_x, x[i] - reach)
        while at < other_x.size and other_x[at] <= x[i] + reach:
            both = off_m[i] + other_off_m[at]
            apart = math.sqrt((x[i] - other_x[at]) ** 2 + (y[i] - other_y[at]) ** 2)
            if apart <= both:
                if count == first.size:
                    first = np.concatenate((first, np.empty(count, np.int32)))
                    second = np.concatenate((second, np.empty(count, np.int32)))
                    time = np.concatenate((time, np.empty(count, np.int32)))
                first[count] = i
                second[count] = at
                pace = (off_ds[i] + other_off_ds[at]) / both if both > 0 else 0.0
                time[count] = np.int32(np.rint(apart * pace))
                count += 1
            at += 1
    return first[:count].copy(), second[:count].copy(), time[:count].copy()
