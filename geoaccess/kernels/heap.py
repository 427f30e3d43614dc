"""The queue of every search: a heap of keys with a node each, in which entry i stands above 4 i + 1 ... 4 i + 4.

A size begins as np.int64(0): to numba a plain 0 is a type of its own, for which it would compile these functions once
more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba

from geoaccess.kernels.growing import longer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["drop_least", "push", "put"]


@numba.njit(cache=True)
def put(keys: npt.NDArray[np.int64], nodes: npt.NDArray[np.int32], size: np.int64, key: int, node: int) -> np.int64:
    """Put an entry into a heap that has room for it; return the new size."""
    i = size
    while i > 0:
        above = (i - 1) >> 2
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
    key, node = keys[size], nodes[size]
    i = 0
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        least = child
        for other in range(child + 1, min(child + 4, int(size))):
            if keys[other] < keys[least]:
                least = other
        if keys[least] >= key:
            break
        keys[i] = keys[least]
        nodes[i] = nodes[least]
        i = least
    keys[i] = key
    nodes[i] = node
    return size
