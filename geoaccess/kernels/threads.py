"""How many threads may share work."""

from __future__ import annotations

import numba

__all__ = ["thread_count"]


def thread_count() -> int:
    """Return how many threads to use: the processors that this process may run on, or NUMBA_NUM_THREADS."""
    return int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined] # set from the environment
