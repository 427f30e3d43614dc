"""Memory that is free again, or can be read from a file again, given back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

__all__ = ["give_back", "release_pages"]


def give_back() -> None:
    """Let the C library give back what it keeps of freed memory, where it is that of Linux; and pyarrow what it keeps.

    Arrays of some megabytes that come and go on several threads leave holes in its heaps, which it keeps for more of
    these: after the extract of a country these are larger than all that was read. It takes a tenth of a second then.
    """
    arrow: Any = sys.modules.get("pyarrow")
    with contextlib.suppress(AttributeError):  # nobody has imported it, or another thread is about to
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library, such as musl
            ctypes.CDLL(None).malloc_trim(0)


def release_pages(arrays: Iterable[npt.NDArray[Any]]) -> None:
    """Give back the pages of those arrays that are mapped from files for reading, where the system can be told so.

    They are read again when somebody looks at them, mostly from memory: the system keeps what it has of a file.
    """
    for array in arrays:
        mapped: Any = array
        while mapped is not None and not isinstance(mapped, np.memmap):
            mapped = getattr(mapped, "base", None)
        if mapped is not None and mapped.mode == "r" and isinstance(mapped.base, mmap.mmap):
            with contextlib.suppress(AttributeError, OSError):  # not on Windows
                mapped.base.madvise(mmap.MADV_DONTNEED)
