"""The queue of every search: a heap of keys with a node each, in which entry i stands above 4 i + 1 ... 4 i + 4.

Places are unsigned, so that none is taken for one counted from the end.

A size begins as np.int64(0): to numba a plain 0 is a type of its own, for which it would compile these functions once
more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.growing import longer
from geoaccess.kernels.keys import ONE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["drop_least", "push", "put"]

_NONE, _TWO, _THREE, _FOUR = (np.uint64(number) for number in (0, 2, 3, 4))


@numba.njit(cache=True)
def put(keys: npt.NDArray[np.int64], nodes: npt.NDArray[np.int32], size: np.int64, key: int, node: int) -> np.int64:
    """Put an entry into a heap that has room for it; return the new size."""
    i = np.uint64(size)
    while i > _NONE:
        above = (i - ONE) >> _TWO
        if keys[above] <= key:
            break
        keys[i] = keys[above]
        nodes[i] = nodes[above]
        i = above
    keys[i] = key
    nodes[i] = node
    return size + 1


@numba.njit(cache=True)
def push(
    keys: npt.NDArray[np.int64], nodes: npt.NDArray[np.int32], size: np.int64, key: int, node: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], np.int64]:
    """Put an entry into a heap, which grows where it is full; return the heap and its new size."""
    if size == keys.size:
        keys, nodes = longer(keys), longer(nodes)
    return keys, nodes, put(keys, nodes, size, key, node)


@numba.njit(cache=True)
def drop_least(keys: npt.NDArray[np.int64], nodes: npt.NDArray[np.int32], size: np.int64) -> np.int64:
    """Remove the first entry of a heap in which entry i stands above 4 i + 1 ... 4 i + 4; return the new size."""
    size -= 1
    end = np.uint64(size)
    key, node = keys[end], nodes[end]
    i = _NONE
    while True:
        child = (i << _TWO) + ONE
        if child + _FOUR <= end:
            least = _least_of_four(keys, child)
        elif child < end:
            least = child
            for other in range(child + ONE, end):
                if keys[other] < keys[least]:
                    least = np.uint64(other)
        else:
            break
        if keys[least] >= key:
            break
        keys[i] = keys[least]
        nodes[i] = nodes[least]
        i = least
    keys[i] = key
    nodes[i] = node
    return size


@numba.njit(cache=True)
def _least_of_four(keys: npt.NDArray[np.int64], first: np.uint64) -> np.uint64:
    """Return the first of the least of four entries, by no branch: none could be foreseen."""
    second, third, fourth = first + ONE, first + _TWO, first + _THREE
    low = second if keys[second] < keys[first] else first
    high = fourth if keys[fourth] < keys[third] else third
    return high if min(keys[fourth], keys[third]) < min(keys[second], keys[first]) else low
