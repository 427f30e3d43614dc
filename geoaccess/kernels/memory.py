"""Memory that is free again, given back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import sys

__all__ = ["give_back"]


def give_back() -> None:
    """Let the C library give back what it keeps of freed memory, where it is that of Linux.

    Arrays of some megabytes that come and go on several threads leave holes in its heaps, which it keeps for more of
    these: after the extract of a country these are larger than all that was read. It takes a tenth of a second then.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library, such as musl
            ctypes.CDLL(None).malloc_trim(0)
