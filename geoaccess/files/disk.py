"""Every call that changes a folder, and what differs between systems, behind one door.

Nothing else in `files` moves, removes or locks, so a test can end the program before any single step.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "Lock",
    "is_device",
    "link",
    "make_folder",
    "remove",
    "remove_tree",
    "replace",
    "sync",
    "sync_folder",
    "take_lock",
    "unbroken",
    "write_text",
]

WINDOWS = sys.platform == "win32"

LONGEST_ON_WINDOWS = 259
"""So many letters a path may have where longer ones are not allowed, as is usual."""
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))})
_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_ONE_BYTE, _FAR = 1, 1 << 30
"""Windows lets nobody read bytes that are locked: the byte that is lies behind all that is written."""
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_AGAIN = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""So many seconds are waited on Windows for a program that looks at a new file, as those against viruses do."""


def is_device(name: str) -> bool:
    """Whether Windows takes the name of a file, whatever its suffix, for that of a device.

    >>> is_device("aux"), is_device("Con.toml"), is_device("auxiliary")
    (True, True, False)
    """
    return name.partition(".")[0].strip().casefold() in _DEVICES


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Have Ctrl-C and the like wait until the block has ended, which takes a moment: it changes names that go together.

    A kill is not heard; what it leaves, the next one that looks at the folder goes on with.
    """
    ours = threading.current_thread() is threading.main_thread()  # no other is interrupted
    before = {number: signal.getsignal(number) for number in _ENDING if ours}
    waiting: list[int] = []
    heard = {number: action for number, action in before.items() if callable(action)}
    for number in heard:
        signal.signal(number, lambda one, _: waiting.append(one))
    try:
        yield
    finally:
        for number, action in heard.items():
            signal.signal(number, action)
        for number in waiting:
            signal.raise_signal(number)


def make_folder(path: Path) -> None:
    """Make a folder that is not there."""
    path.mkdir()


def replace(source: Path, target: Path) -> None:
    """Rename a file over what is there, or a folder where nothing is."""
    for wait_s in _AGAIN if WINDOWS else ():
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(wait_s)
        else:
            return
    source.replace(target)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, where nothing is."""
    os.link(source, target)


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    path.unlink(missing_ok=True)


def remove_tree(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text and wait until the disk has it."""
    path.write_text(text, encoding="utf-8", newline="\n")
    sync(path)


def sync(path: Path) -> None:
    """Wait until the disk has all that was written to a file."""
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))  # Windows flushes only what may be written to
    try:
        _sync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder; Windows does so by itself, and cannot be asked."""
    if WINDOWS:
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        _sync(handle)
    finally:
        os.close(handle)


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:  # some network drives cannot
            raise


@dataclass
class Lock:
    """A file that one process holds; the system lets go of it when that process ends, however it ends.

    `certain` is False where the disk knows no locks: then nobody can say who else holds it.
    """

    path: Path
    handle: int
    certain: bool = True

    def release(self) -> None:
        """Let go, and remove the file."""
        with unbroken():
            if not WINDOWS:
                _remove_quietly(self.path)  # while it is still held: nobody else then removes that of a later holder
            with contextlib.suppress(OSError):  # the system lets go all the same
                os.close(self.handle)
            if WINDOWS:  # where no open file can be removed; who has opened it meanwhile keeps it
                _remove_quietly(self.path)


def take_lock(path: Path, *, text: str = "", create: bool = True) -> Lock | None:
    """Return a lock on a file, which is made and says `text`; None if another process holds it.

    With `create` False a file that is not there is None, too.

    Raises
    ------
    OSError
        If no file can be made there.
    """
    flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | (os.O_CREAT if create else 0)
    while True:
        try:
            handle = os.open(path, flags, 0o644)
        except FileNotFoundError:
            if create:
                raise
            return None
        try:
            certain = _lock(handle)
            if not _is_still(handle, path):
                os.close(handle)  # its holder removed it between opening and locking
                continue
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        lock = Lock(path, handle, certain)
        try:
            if text:
                os.ftruncate(handle, 0)
                os.write(handle, text.encode())
        except BaseException:  # a full disk makes the file, and takes nothing that is written into it
            lock.release()
            raise
        return lock


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _lock(handle: int) -> bool:
    """Lock a file without waiting; False where the disk knows no locks.

    Raises
    ------
    BlockingIOError
        If another process holds it.
    """
    try:
        (_lock_windows if WINDOWS else _lock_posix)(handle)
    except OSError as error:
        if error.errno in _HELD:
            raise BlockingIOError(error.errno, "held by another process") from error
        return False
    return True


def _lock_posix(handle: int) -> None:
    fcntl: Any = importlib.import_module("fcntl")
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_windows(handle: int) -> None:
    msvcrt: Any = importlib.import_module("msvcrt")
    os.lseek(handle, _FAR, os.SEEK_SET)
    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, _ONE_BYTE)
    finally:
        os.lseek(handle, 0, os.SEEK_SET)


def _remove_quietly(path: Path) -> None:
    with contextlib.suppress(OSError):
        remove(path)
