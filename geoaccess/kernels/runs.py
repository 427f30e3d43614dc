"""Runs of pieces of ways with a tag along edges, such as a bridge, and where along the time of their edge they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["tagged_runs"]


@numba.njit(cache=True, nogil=True)
def tagged_runs(
    shape_ptr: npt.NDArray[np.int64],
    shape_way: npt.NDArray[np.int32],
    forward: npt.NDArray[np.float32],
    backward: npt.NDArray[np.float32],
    tagged: npt.NDArray[np.bool_],
    wanted: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return (begin, end, edge, share): runs of pieces of tagged ways on wanted edges, as long as they can be.

    A run leads from the shape point `begin` to `end`, which lie at the shares share[i, 0] and share[i, 1] of the time
    of the edge, from u to v. Times are those forward, or backward where there is none forward.
    """
    n_edges = shape_ptr.size - 1
    count = 0
    for edge in range(n_edges):
        if wanted[edge]:
            before = False
            for piece in range(shape_ptr[edge], shape_ptr[edge + 1] - 1):
                here = tagged[shape_way[piece]]
                count += here and not before
                before = here
    begins, ends, edges = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    share = np.empty((count, 2))
    n = 0
    total = 0.0  # from the first edge on, whatever is wanted: a share is then the same for any of them
    for edge in range(n_edges):
        first, at_u, open_run = n, total, False
        for piece in range(shape_ptr[edge], shape_ptr[edge + 1] - 1):
            here = wanted[edge] and tagged[shape_way[piece]]
            if here and not open_run:
                begins[n], edges[n], share[n, 0] = piece, edge, total - at_u
                n += 1
            elif open_run and not here:
                ends[n - 1], share[n - 1, 1] = piece, total - at_u
            open_run = here
            seconds = np.float64(forward[piece])
            total += seconds if seconds > 0 else np.float64(backward[piece])
        if open_run:
            ends[n - 1], share[n - 1, 1] = shape_ptr[edge + 1] - 1, total - at_u
        whole = total - at_u
        for i in range(first, n):
            share[i, 0] /= whole if whole > 0 else 1.0
            share[i, 1] /= whole if whole > 0 else 1.0
    return begins, ends, edges, share
