"""A time and a site in one number, so that the nearer of two is the smaller, and of sites equally near the first.

key = time << 32 | site, an uint64: the time in deciseconds, the site a number below 2**32 - 1. A time is at most FAR
and a cost at most NEVER, so no sum of a key and a cost overflows.
"""

from __future__ import annotations

import numpy as np

__all__ = ["EMPTY", "FAR", "LAST", "LOW", "NEVER", "ONE", "SHIFT"]

FAR = np.int32(2**31 - 1)
"""The time to what cannot be reached, or not sooner: every sum of times stops here."""

NEVER = np.uint32(2**31)
"""The cost of a way that is not there: added to any time it is later than FAR."""

LAST = np.uint32(2**31)
"""Set in the head of the last arc of a node."""

SHIFT = np.uint64(32)
LOW = np.uint64(2**32 - 1)
"""The bits of the site; all of them set stands for no site."""

ONE = np.uint64(1)
"""Added to an unsigned number; the plain 1 would make it a float."""

EMPTY = (np.uint64(2**31 - 1) << SHIFT) | LOW
"""No site within reach."""
