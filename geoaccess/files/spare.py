"""Files and folders made beside the place that they are for, and put there when they are whole.

What is being made is called `.geoaccess-` and eight letters. A file of that name and `.lock` is held by its process for
as long as it is made; so what a killed process left is known by its lock, which nobody holds, and the next one that
writes to that folder removes it. A single file is its own lock at last: once it has its name nothing is left beside it,
however the process ends.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess.errors import OutputError
from geoaccess.files import disk
from geoaccess.files.faults import OURS, called, confirm, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "JOURNAL",
    "clear_leftovers",
    "link",
    "put_first",
    "put_folder",
    "scratch",
    "spare",
    "writing",
    "writing_folder",
]

JOURNAL = ".geoaccess.journal"
"""Stands in a folder while files are moved into it; what it names is needed to go on after a kill."""
_TRIES = 100
_RACED = frozenset({errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY})


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends without an error.

    The temporary name keeps the suffix, because several writers choose a format by it.

    Raises
    ------
    OutputError
        If the file cannot be written; what was at `path` is there as it was.
    """
    with explained(path), _reserved(path.parent) as own:
        temporary = own.with_name(own.name + path.suffix)
        with called(temporary, path):
            yield temporary
        disk.sync(temporary)
        with _locked_itself(temporary, _lock_of(own)):
            disk.replace(temporary, path)
        confirm(path, path.parent)


@contextlib.contextmanager
def writing_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; put it in the place of `path` when the block ends without an error.

    All that was in `path` is gone then, so this is for folders that are geoaccess's own; see `writing_among`.
    """
    with spare(path.parent) as temporary:
        with called(temporary, path):
            yield temporary
        put_folder(temporary, path)


def link(source: Path, path: Path) -> None:
    """Give a file that nobody writes to any more another name; a copy where the disk knows no such names."""
    try:
        disk.link(source, path)
    except OSError:
        shutil.copyfile(source, path)


def put_first(source: Path, path: Path) -> None:
    """Give a whole file its name, unless another process was quicker to: then that one stays."""
    with explained(path):
        disk.sync(source)
        try:
            disk.link(source, path)
        except FileExistsError:
            return
        except OSError:  # a disk that knows no second names
            if not path.exists():
                disk.replace(source, path)
        confirm(path, path.parent)


def put_folder(source: Path, path: Path) -> None:
    """Put the folder `source` in the place of `path`, on the same file system; all that was in `path` is gone then.

    Other processes may do so at the same time: `path` is then one of theirs or this one, always whole. A kill between
    leaves the one or the other, or none.
    """
    with explained(path), spare(path.parent) as old:
        for attempt in range(_TRIES):
            aside = old / str(attempt)
            try:
                with disk.unbroken():
                    _exchange(source, path, aside)
            except OSError as error:  # between the question whether it is there and the renaming, it came or went
                if error.errno not in _RACED or not source.exists() or attempt == _TRIES - 1:
                    raise
            else:
                return


def _exchange(source: Path, path: Path, aside: Path) -> None:
    """Move what is at `path` aside, and `source` there; if that cannot be, it is there again."""
    if path.exists():
        disk.replace(path, aside)
    try:
        disk.replace(source, path)
    except BaseException:
        if aside.exists():
            disk.replace(aside, path)
        raise


@contextlib.contextmanager
def spare(parent: Path) -> Iterator[Path]:
    """Yield an empty folder inside `parent` and remove whatever is left of it in the end.

    Raises
    ------
    OutputError
        If it cannot be made, or the block cannot write to it.
    """
    with explained(parent), _reserved(parent) as own:
        disk.make_folder(own)
        yield own


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Yield an empty folder among the temporary files of this machine; nothing of it stays.

    Raises
    ------
    OutputError
        If there is no folder for temporary files that can be written to.
    """
    try:
        parent = Path(tempfile.gettempdir())
    except OSError as error:
        raise OutputError(
            f"no folder for temporary files can be written to ({error.strerror or error}); free some room, or name a "
            "folder in TMPDIR"
        ) from error
    of_block: OutputError | None = None
    try:
        with spare(parent) as folder:
            folder.chmod(0o700)
            try:
                # also what cannot be read elsewhere, of which the block does not say so itself
                with called(folder, None), explained(folder):
                    yield folder
            except OutputError as error:
                of_block = error
                raise
    except OutputError as error:
        if error is of_block and not str(error).startswith(str(parent)):
            raise  # of a place that is written to meanwhile
        raise OutputError(f"{error}; TMPDIR names another one for temporary files") from error.__cause__


@contextlib.contextmanager
def _reserved(parent: Path) -> Iterator[Path]:
    """Yield a path in `parent` that nothing has, nor will have; what begins with its name is removed in the end."""
    with explained(parent):
        parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(parent)
        lock = None
        while lock is None:
            own = parent / f".geoaccess-{secrets.token_hex(4)}"
            lock = disk.take_lock(_lock_of(own))
    try:
        yield own
    finally:
        _clear(own, lock)


@contextlib.contextmanager
def _locked_itself(temporary: Path, lock_path: Path) -> Iterator[None]:
    """Hold a whole file in place of the file that is its lock, which goes before the whole file gets its name."""
    lock = None if disk.WINDOWS else disk.take_lock(temporary, create=False)  # Windows moves no file that is open
    try:
        if lock is not None and lock.certain:
            disk.remove(lock_path)
        yield
    finally:
        if lock is not None:
            os.close(lock.handle)


def clear_leftovers(parent: Path) -> None:
    """Remove from a folder what killed processes left half made there; that of living ones stays."""
    try:
        found = {match.group() for path in parent.iterdir() if (match := OURS.match(path.name))}
    except OSError:
        return
    for name in sorted(found):
        lock_path = _lock_of(parent / name)
        with contextlib.suppress(OSError):  # of another user
            lock = disk.take_lock(lock_path, create=False)
            if lock is not None and lock.certain:
                _clear(parent / name, lock)
            elif lock is None and not lock_path.exists() and not _is_moved(parent / name):
                _clear(parent / name, None)


def _is_moved(own: Path) -> bool:
    """Whether a living process holds a file that begins with a name: it is whole, and gets its own name now."""
    for path in own.parent.glob(f"{own.name}*"):
        if path.is_file():
            lock = disk.take_lock(path, create=False)
            if lock is None:
                return True
            os.close(lock.handle)
    return False


def _clear(own: Path, lock: disk.Lock | None) -> None:
    """Remove what begins with a name, unless files are still to be moved from there; then let go of its lock."""
    with disk.unbroken():
        try:
            if not (own.parent / JOURNAL).exists():
                for path in own.parent.glob(f"{own.name}*"):
                    if path != _lock_of(own):
                        disk.remove_tree(path)
        finally:
            if lock is not None:
                lock.release()


def _lock_of(own: Path) -> Path:
    return own.with_name(f"{own.name}.lock")
