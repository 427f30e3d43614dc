"""Members of groups that stand one after another, counted within their group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["count_within", "numbers_from"]


def count_within(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return 0, 1, 2 and so on for each size, one after another.

    >>> count_within(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return numbers_from(np.zeros_like(sizes), sizes)


def numbers_from(first: npt.NDArray[np.integer], sizes: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return first[i], first[i] + 1 and so on, sizes[i] of them, one after another.

    >>> numbers_from(np.array([7, 4, 9]), np.array([2, 0, 3])).tolist()
    [7, 8, 9, 10, 11]
    """
    found: npt.NDArray[np.int64] = np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    return found
