"""When a place belongs to a small set of roads though a larger one is within reach."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from geoaccess.arguments import checks_arguments

__all__ = ["prefers_small"]

_TIMES_NEARER, _METRES_NEARER = 10, 300


@checks_arguments
def prefers_small(large_m: npt.ArrayLike, small_m: npt.ArrayLike) -> Any:
    """Return whether a place belongs to roads of a small component, given metres to a large one and to that.

    It does where the small one is much nearer, by more than 300 m and more than ten times: those are the roads of an
    island whose mainland is a kilometre off, not the loose aisle of a car park beside the street. Both limits are our
    estimate.

    >>> prefers_small([1000, 250, 1000, float("inf")], [20, 10, 150, 60]).tolist()
    [True, False, False, True]
    """
    large, small = np.asarray(large_m, float), np.asarray(small_m, float)
    return np.isfinite(small) & (large > small + _METRES_NEARER) & (large > _TIMES_NEARER * small)
