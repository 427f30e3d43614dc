"""The order of places along a Hilbert curve: what is near in the plane is near in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import geometry

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["along_curve"]

_BITS = 16


def along_curve(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the order of points along a Hilbert curve over the box that they fill; equal ones keep theirs.

    >>> import numpy as np
    >>> along_curve(np.array([1.0, 0, 1, 0]), np.array([1.0, 1, 0, 0])).tolist()
    [3, 1, 0, 2]
    """
    side = 2**_BITS - 1

    def grid(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
        low, span = values.min(), np.ptp(values)
        scaled: npt.NDArray[np.uint32] = ((values - low) / (span if span > 0 else 1.0) * side).astype(np.uint32)
        return scaled

    if not x.size:
        return np.empty(0, np.int64)
    return np.argsort(geometry.hilbert_index(grid(x), grid(y), _BITS), kind="stable")
