"""Pairs of cells and sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["NONE", "UNORDERED", "first_repeated"]

NONE = -1
UNORDERED = -2


@numba.njit(cache=True)
def first_repeated(cell: npt.NDArray[np.int32], site: npt.NDArray[np.int32], n_cells: int, n_sites: int) -> int:
    """Return the first row whose pair stood before it, NONE if there is none, UNORDERED if a cell's rows lie apart."""
    begun = np.zeros(n_cells, np.bool_)
    last_cell = np.full(n_sites, np.int32(-1), np.int32)
    current = -1
    for row in range(cell.size):
        c, s = cell[row], site[row]
        if c != current:
            if begun[c]:
                return UNORDERED
            begun[c] = True
            current = c
        if last_cell[s] == c:
            return row
        last_cell[s] = c
    return NONE
