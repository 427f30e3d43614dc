"""What to do where a disk is full, broken or closed to us: one sentence that names the path."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess.errors import GeoaccessError, GeoaccessWarning, OutputError
from geoaccess.files import disk

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "OURS",
    "as_named",
    "called",
    "cannot_write",
    "confirm",
    "explained",
    "kept_if_possible",
    "naming",
    "reason_of",
]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHUT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_FULL_BYTES = 1 << 20
_LONGEST = 200
"""So many letters of what a library says: GDAL quotes whole scripts of SQL."""
_TOO_MANY = "too many files are open at once ({reason}); allow more (ulimit -n), or close other programs"
_SAID = {
    errno.ENOENT: "is not there, or no longer ({reason}); run again",
    errno.ENOTDIR: "a part of its path is a file and no folder ({reason}); move that file, or choose another folder",
    errno.EMFILE: _TOO_MANY,
    errno.ENFILE: _TOO_MANY,
    errno.ENOMEM: (
        "memory does not suffice ({reason}); a smaller region or larger cells need less, and other programs that are "
        "closed leave more"
    ),
    errno.EIO: "the disk reports a fault ({reason}); check the disk, or choose a folder on another one",
    None: "cannot be written ({reason}); check the disk, or choose another folder",
}
"""What is said of a path, by the number of the error; None for every other."""
OURS = re.compile(r"\.geoaccess-[a-z0-9_]{8}")
"""How the names begin of files and folders that are being made."""
_MARK = re.compile(r"\.geoaccess\.(journal|run|swap)(-\w+)?")
"""What stands in a folder, or where it will be, while somebody writes there: people know the folder alone."""
_INNER = re.compile(rf"(?:[^\s()]*[/\\])?{OURS.pattern}(?:\.\w+)*")
"""What libraries call a file that is being made, in what they say."""
_LIBRARIES = frozenset({"pyogrio", "rasterio", "sqlite3", "pyarrow"})
"""They say of a full disk what their own formats make of it, each in a class of its own."""


def cannot_write(error: BaseException, place: Path) -> OutputError:
    """Return the error that says which path could not be written, why, and what to do about it.

    Examples
    --------
    >>> print(cannot_write(OSError(errno.ENOSPC, "No space left on device"), Path("out")))
    out: the disk is full (No space left on device); free some room there, or choose a folder on another disk
    """
    number = error.errno if isinstance(error, OSError) else None
    named = error.filename if isinstance(error, OSError) else None
    path = as_named(Path(os.fsdecode(named)) if isinstance(named, str | bytes) else place, place)
    meant = as_named(place, place)
    reason = _INNER.sub(path.name, reason_of(error))
    if number in _FULL or (number is None and _is_full(place)):
        message = f"{path}: the disk is full ({reason}); free some room there, or choose a folder on another disk"
    elif number == errno.ENAMETOOLONG or (disk.WINDOWS and len(str(path.absolute())) > disk.LONGEST_ON_WINDOWS):
        message = f"{path}: its name is longer than this system takes ({reason}); choose a shorter one for the folder"
    elif number in _SHUT and path.is_file() and path.parent != meant.parent and meant not in path.parents:
        message = f"{path}: may not be read ({reason}); allow reading it"
    elif number in _SHUT and path.is_file():
        message = (
            f"{path}: cannot be replaced ({reason}); close it where another program has it open, such as Excel, or "
            "allow writing there"
        )
    elif number in _SHUT:
        message = f"{path}: cannot be written to ({reason}); choose another folder, or allow writing there"
    else:
        message = f"{path}: {_SAID.get(number, _SAID[None]).format(reason=reason)}"
    found = OutputError(message)
    found.errno = number
    return found


def reason_of(error: BaseException) -> str:
    r"""Return what a system or library says, in one line that is not long.

    >>> reason_of(RuntimeError("cannot load:\n  libgdal"))
    'cannot load: libgdal'
    """
    said = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    said = " ".join(said.split())
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST // 2]} ... {said[-_LONGEST // 2 :]}"


def as_named(path: Path, place: Path) -> Path:
    """Return a path as people know it: what is half made stands for the place that it is for.

    >>> as_named(Path("out/.geoaccess-0a1b2c3d/sites.csv"), Path("out")).as_posix()
    'out/sites.csv'
    >>> as_named(Path("out/.geoaccess.run"), Path("out")).as_posix()
    'out'
    """
    if _MARK.fullmatch(path.name) and not (path.name.endswith("journal") and path.parent.is_dir()):
        return path.parent  # a journal that cannot be read is itself what has to be looked at
    if not any(map(OURS.match, path.parts)):
        return path
    whole = place if OURS.match(path.name) else path
    return Path(*(part for part in whole.parts if not OURS.match(part)))


def _is_full(place: Path) -> bool:
    """Whether there is no room where a path lies, or would lie."""
    there = next((one for one in (place, *place.absolute().parents) if one.exists()), None)
    with contextlib.suppress(OSError):
        return there is not None and shutil.disk_usage(there).free < _FULL_BYTES
    return False


@contextlib.contextmanager
def explained(place: Path) -> Iterator[None]:
    """Raise what the system or a library says while `place` is written as an `OutputError`.

    Raises
    ------
    OutputError
        With the path and what to do.
    """
    try:
        yield
    except (GeoaccessError, BrokenPipeError):
        raise
    except OSError as error:
        raise cannot_write(error, place) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] in _LIBRARIES or _is_full(place):
            raise cannot_write(error, place) from error
        raise


@contextlib.contextmanager
def called(made: Path, place: Path | None) -> Iterator[None]:
    """Have errors that name what is half made, or a file in it, name the place that it is for; without one, the file.

    >>> with called(Path("out/.geoaccess-0a1b2c3d"), Path("out")):
    ...     raise GeoaccessError(f"{Path('out/.geoaccess-0a1b2c3d/note.html')}: more than 2 pages")
    Traceback (most recent call last):
    geoaccess.errors.GeoaccessError: out/note.html: more than 2 pages
    """
    try:
        yield
    except GeoaccessError as error:
        error.args = tuple(_called(one, made, place) if isinstance(one, str) else one for one in error.args)
        raise


def _called(message: str, made: Path, place: Path | None) -> str:
    return message.replace(f"{made}{os.sep}", "") if place is None else message.replace(str(made), str(place))


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have what the system says while a file is read name that file: of one that is open, it names none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def confirm(place: Path, folder: Path) -> None:
    """Wait until the disk has the new name of `place`, which lies in `folder`, and is already there for everybody.

    Raises
    ------
    OSError
        If the disk does not say so of a part of what is half made.
    OutputError
        If it does not say so: what is there is whole, but may not outlast a power failure.
    """
    try:
        disk.sync_folder(folder)
    except OSError as error:
        if any(map(OURS.match, place.parts)):
            raise  # a part of what is half made: no one has it yet, and what was there before stays
        raise OutputError(
            f"{place}: is written and whole, but the disk does not confirm that it will keep it ({reason_of(error)}); "
            "check the disk and run again: a power failure before then may lose it"
        ) from error


@contextlib.contextmanager
def kept_if_possible(place: Path) -> Iterator[None]:
    """Go on where `place` in a cache cannot be written: what is kept there is only made again.

    Warns
    -----
    GeoaccessWarning
        With the path and why.
    """
    try:
        yield
    except OutputError as error:
        cause = error.__cause__ or error
        reason = getattr(cause, "strerror", None) or str(cause)
        warnings.warn(
            f"{place}: the cache cannot be written ({reason}); it goes without, and the next time takes as long",
            GeoaccessWarning,
            stacklevel=3,
        )
