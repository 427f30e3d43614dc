"""A time and a site in one number, so that the nearer of two is the smaller, and of sites equally near the first.

key = time << 32 | site, an uint64: the time in deciseconds, at most 2 FAR, so that a cost may be added to any key without
overflow; the site a number below 2**32 - 1.
"""

from __future__ import annotations

import numpy as np

__all__ = ["EMPTY", "FAR", "LOW", "SHIFT"]

FAR = np.int32(2**31 - 1)
"""The time to what cannot be reached. Every time that can be is smaller: a network sees to that."""

SHIFT = np.uint64(32)
LOW = np.uint64(2**32 - 1)
"""The bits of the site; all of them set stands for no site."""

EMPTY = (np.uint64(2**31 - 1) << SHIFT) | LOW
"""No site within reach."""
