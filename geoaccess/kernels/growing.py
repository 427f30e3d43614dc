"""Room for more: what a loop fills without knowing beforehand how much there will be.

A loop in which an array may become another one counts who refers to it at every turn, which takes longer than the work
of a short one: a function goes on until there is no more room, and who called it makes room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["longer", "longer_rows"]

# Loops, as an assignment of slices takes numba two seconds to compile.


@numba.njit(cache=True, nogil=True)
def longer(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the same numbers with room for as many again."""
    out = np.empty(2 * values.size, values.dtype)
    for i in range(values.size):
        out[i] = values[i]
    return out


@numba.njit(cache=True, nogil=True)
def longer_rows(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the same rows with room for as many again."""
    out = np.empty((2 * rows.shape[0], rows.shape[1]), rows.dtype)
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            out[i, j] = rows[i, j]
    return out
