"""Rows of keys: rising, each of another site, `EMPTY` at the end (see `geoaccess.kernels.keys`).

A row is the k keys from keys[first] on; places are unsigned, so that none is taken for one counted from the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.keys import EMPTY, LOW, ONE

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BEYOND", "holds", "improves", "put"]

BEYOND = EMPTY & ~LOW
"""The first key whose time is not a time any more."""

_NONE = np.uint64(0)


@numba.njit(cache=True)
def holds(keys: npt.NDArray[np.uint64], first: np.uint64, k: np.uint64, key: np.uint64) -> bool:
    """Say whether a row knows the site of a key already."""
    known = False
    for i in range(first, first + k):
        known |= (keys[i] ^ key) & LOW == _NONE
    return known


@numba.njit(cache=True)
def improves(keys: npt.NDArray[np.uint64], first: np.uint64, k: np.uint64, key: np.uint64) -> bool:
    """Say whether a key belongs into a row."""
    if key >= keys[first + k - ONE] or key >= BEYOND:
        return False
    for i in range(first, first + k):
        if keys[i] > key:
            return True
        if (keys[i] ^ key) & LOW == _NONE:
            return False
    return True


@numba.njit(cache=True)
def put(keys: npt.NDArray[np.uint64], first: np.uint64, k: np.uint64, key: np.uint64) -> None:
    """Put a key that improves a row in its place; its site's old one goes, or else the last one."""
    at = first + k - ONE
    for i in range(first, at):
        if (keys[i] ^ key) & LOW == _NONE:
            at = np.uint64(i)
            break
    while at > first and keys[at - ONE] > key:
        keys[at] = keys[at - ONE]
        at -= ONE
    keys[at] = key
