"""Which keys of tags are on how many ways of a block, by what kinds of road these are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["keys_of_roads", "kinds_of_ways"]


@numba.njit(cache=True, nogil=True)
def kinds_of_ways(
    of: npt.NDArray[np.int64],
    key: npt.NDArray[np.int64],
    value: npt.NDArray[np.int64],
    highway: npt.NDArray[np.bool_],
    route: npt.NDArray[np.bool_],
    ways: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where the tags of each way begin, and its kind: (value of highway + 1) (strings + 1) + value of route + 1.

    `highway` and `route` say which strings are these keys; a way that has neither is of kind 0.
    """
    ptr, kind = np.zeros(ways + 1, np.int64), np.zeros(ways, np.int64)
    size = np.int64(highway.size + 1)
    for i in range(of.size):
        ptr[of[i] + 1] += 1
        if highway[key[i]]:
            kind[of[i]] = (value[i] + 1) * size + kind[of[i]] % size
        if route[key[i]]:
            kind[of[i]] = kind[of[i]] // size * size + value[i] + 1
    for i in range(ways):
        ptr[i + 1] += ptr[i]
    return ptr, kind


@numba.njit(cache=True, nogil=True)
def keys_of_roads(
    order: npt.NDArray[np.int64],
    kind: npt.NDArray[np.int64],
    ptr: npt.NDArray[np.int64],
    key: npt.NDArray[np.int64],
    strings: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return (value of highway, value of route, key), -1 for none, and on how many ways that is.

    `order` are ways, those of one kind together; `kind` and `ptr` are as `kinds_of_ways` has them.
    """
    most = 0
    for way in order:
        most += ptr[way + 1] - ptr[way]
    row, ways = np.empty((most, 3), np.int32), np.empty(most, np.int64)
    place = np.full(strings, -1, np.int64)  # of each key among the rows of the kind
    count = first = 0
    for i in range(order.size):
        way = order[i]
        if i > 0 and kind[way] != kind[order[i - 1]]:
            for at in range(first, count):
                place[row[at, 2]] = -1
            first = count
        for tag in range(ptr[way], ptr[way + 1]):
            word = key[tag]
            if place[word] < 0:
                place[word] = count
                row[count, 0] = kind[way] // (strings + 1) - 1
                row[count, 1] = kind[way] % (strings + 1) - 1
                row[count, 2] = word
                ways[count] = 0
                count += 1
            ways[place[word]] += 1
    return row[:count].copy(), ways[:count].copy()
