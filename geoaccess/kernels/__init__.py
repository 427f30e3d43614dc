"""Numba loops: arrays in, arrays out, no checks.

Every other room reaches compiled code through these modules, and only here is numba imported. Callers check their
arguments first; a kernel trusts them. Times are int32 deciseconds, and `FAR` stands for "not reached".

Numba keeps what it compiles beside these files, else in the user's cache folder; or in `NUMBA_CACHE_DIR` where set.
"""

import atexit
from contextlib import ExitStack

import numba

from geoaccess import files

__all__ = ["CACHED"]


def _can_cache() -> bool:
    """Whether numba finds a folder that it can write to; where it does not, `cache=True` is an error."""
    try:
        numba.njit(cache=True)(_can_cache)
    except RuntimeError:
        return False
    return True


CACHED = _can_cache()
"""Whether the next run finds compiled what this one compiles."""

if not CACHED:
    _scratch = ExitStack()
    _folder = str(_scratch.enter_context(files.scratch()))
    numba.config.CACHE_DIR = _folder  # type: ignore[attr-defined] # it is made of the environment
    atexit.register(_scratch.close)
