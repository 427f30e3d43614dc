"""Which process holds a place: it says so in a file that it has locked."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from typing import TYPE_CHECKING

from geoaccess.files import disk
from geoaccess.files.digests import text_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["held_by", "hold"]


def hold(path: Path, *, what: str) -> disk.Lock | None:
    """Return a lock on a file that says who does `what`; None if another process holds it.

    Raises
    ------
    OSError
        If no file can be made there.
    """
    began = time.strftime("%Y-%m-%d %H:%M:%S%z")  # whatever TZ says: `datetime` refuses some that are odd
    text = f"process {os.getpid()} on {platform.node() or 'this machine'} ({what}, since {began})"
    return disk.take_lock(path, text=text)


def held_by(path: Path) -> str:
    """Return who holds a file, as the holder said it."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return text_of(path).strip() or "another process"
    return "another process"
