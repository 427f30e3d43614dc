"""Rows of keys: rising, each of another site, `EMPTY` at the end (see `geoaccess.kernels.keys`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba

from geoaccess.kernels.keys import EMPTY, LOW

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["BEYOND", "holds", "improves", "put"]

BEYOND = EMPTY & ~LOW
"""The first key whose time is not a time any more."""


@numba.njit(cache=True)
def holds(keys: npt.NDArray[np.uint64], node: int, key: int) -> bool:
    """Say whether a node knows the site of a key already."""
    known = False
    for j in range(keys.shape[1]):
        known |= (keys[node, j] ^ key) & LOW == 0
    return known


@numba.njit(cache=True)
def improves(keys: npt.NDArray[np.uint64], node: int, key: int) -> bool:
    """Say whether a key belongs into the row of a node."""
    if key >= keys[node, keys.shape[1] - 1] or key >= BEYOND:
        return False
    for j in range(keys.shape[1]):
        if keys[node, j] > key:
            return True
        if (keys[node, j] ^ key) & LOW == 0:
            return False
    return True


@numba.njit(cache=True)
def put(keys: npt.NDArray[np.uint64], node: int, key: int) -> None:
    """Put a key that improves a row in its place; its site's old one goes, or else the last one."""
    j = keys.shape[1] - 1
    for i in range(j):
        if (keys[node, i] ^ key) & LOW == 0:
            j = i
            break
    while j > 0 and keys[node, j - 1] > key:
        keys[node, j] = keys[node, j - 1]
        j -= 1
    keys[node, j] = key
