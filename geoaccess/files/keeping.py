"""What is kept in a folder for later runs: of each kind the last that were used, and whatever a process uses now."""

from __future__ import annotations

import contextlib
import os
import secrets
from functools import partial
from typing import TYPE_CHECKING

from geoaccess.files import disk
from geoaccess.files.spare import clear_leftovers, spare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["drop_oldest", "mark_used"]

_USED = ".geoaccess-used-"
_NOTHING = 0


def mark_used(folder: Path) -> Callable[[], None]:
    """Say that a folder is used now, and until what is returned is called or the process ends: it is not dropped then.

    Where nothing can be written nothing is marked; there nothing can be removed either.
    """
    with contextlib.suppress(OSError):
        os.utime(folder)
    try:
        _held(folder)  # what killed processes left goes, marks and what was half made
        for one in (folder, folder.parent):
            clear_leftovers(one)
        lock = disk.take_lock(folder / f"{_USED}{secrets.token_hex(4)}.lock")
    except OSError:
        return _silent
    return partial(_release, lock, os.getpid()) if lock is not None else _silent


def _release(lock: disk.Lock, process: int) -> None:
    if os.getpid() == process:  # one that is forked has it with its parent
        lock.release()


def _silent() -> None:
    pass


def _held(folder: Path) -> bool:
    """Whether a living process has marked a folder; marks of those that are gone are removed."""
    held = False
    for path in folder.glob(f"{_USED}*.lock"):
        lock = disk.take_lock(path, create=False)
        if lock is None:
            held = held or path.exists()
        elif lock.certain:
            lock.release()
        else:  # a disk that knows no locks cannot say who is gone
            os.close(lock.handle)
            held = True
    return held


def drop_oldest(parent: Path, pattern: str, *, most: int, most_bytes: float = float("inf")) -> None:
    """Remove the files and folders of a pattern that were used longest ago, but for `most`, and down to `most_bytes`.

    The one that was used last stays, and those that are marked. Whoever lacks one makes it again.
    """
    found = []
    for path in parent.glob(pattern):
        with contextlib.suppress(OSError):  # another process was quicker
            size = _size(path) if most_bytes < float("inf") else _NOTHING
            found.append((path.stat().st_mtime_ns, path, size))
    total = 0
    for number, (_, path, size) in enumerate(sorted(found, reverse=True)):
        total += size
        if number and (number >= most or total > most_bytes) and not _held(path):
            total -= size
            _remove(path)


def _remove(path: Path) -> None:
    """Remove a file or folder at once: what nobody sees any more may take its time."""
    with contextlib.suppress(OSError), spare(path.parent) as aside:
        disk.replace(path, aside / path.name)


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
