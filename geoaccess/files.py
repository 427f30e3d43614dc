"""Files written whole or not at all, and their digests."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess.errors import InputError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = ["put_folder", "refuse_clashes", "require", "sha256", "spare", "writing", "writing_among", "writing_folder"]

_TRIES = 100
_RACED = frozenset({errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY})


def require(path: Path, *, hint: str = "check the path") -> Path:
    """Return `path` if it is a file, else raise a `MissingFileError` that says how to fix it."""
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file; {hint}")
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Say of a folder in which nothing can be made what to do about it."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written to ({error.strerror or error}); choose another folder, or allow writing there"
        ) from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends without an error.

    The temporary name keeps the suffix, because several writers choose a format by it.
    """
    with _writable(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    temporary.unlink()  # some writers refuse to start from an empty file
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; put it in the place of `path` when the block ends without an error.

    All that was in `path` is gone then, so this is for folders that are geoaccess's own; see `writing_among`.
    """
    with spare(path.parent) as temporary:
        yield temporary
        put_folder(temporary, path)


def put_folder(source: Path, path: Path) -> None:
    """Put the folder `source` in the place of `path`, on the same file system; all that was in `path` is gone then.

    Other processes may do so at the same time: `path` is then one of theirs or this one, always whole.
    """
    with spare(path.parent) as old:
        for attempt in range(_TRIES):
            try:
                _rename([*([(path, old / str(attempt))] if path.exists() else []), (source, path)])
            except OSError as error:  # between the question whether it is there and the renaming, it came or went
                if error.errno not in _RACED or not source.exists() or attempt == _TRIES - 1:
                    raise
            else:
                return


@contextlib.contextmanager
def writing_among(folder: Path, *, former: Collection[str]) -> Iterator[Path]:
    """Yield a temporary folder; move its files into `folder` when the block ends without an error.

    The files of `folder` named in `former` go; every other one stays. If a file cannot be moved, the folder is left as
    it was.

    Raises
    ------
    InputError
        If `folder` is a file, or has a file of a new one's name that is not among the former.
    """
    refuse_clashes(folder, (), former=former)
    parent = folder if folder.is_dir() else folder.parent
    with spare(parent) as temporary, spare(parent) as old:
        yield temporary
        names = sorted(path.name for path in temporary.iterdir())
        refuse_clashes(folder, names, former=former)
        if not folder.exists():
            temporary.replace(folder)
            return
        gone = [name for name in sorted(former) if (folder / name).is_file()]
        _rename(
            [*((folder / name, old / name) for name in gone), *((temporary / name, folder / name) for name in names)]
        )


def refuse_clashes(folder: Path, names: Iterable[str], *, former: Collection[str]) -> None:
    """Raise an `InputError` if `names` cannot be written to `folder` without costing what is not among `former`."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; results need a folder: give output another name")
    problems = [
        f"{folder / name} is there already, and not from a run before; move it, or give output another name"
        for name in names
        if name not in former and os.path.lexists(folder / name)
    ]
    if problems:
        raise InputError.listing(str(folder), problems)


@contextlib.contextmanager
def spare(parent: Path) -> Iterator[Path]:
    """Yield an empty folder inside `parent` and remove whatever is left of it in the end."""
    with _writable(parent):
        parent.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(dir=parent, prefix=".geoaccess-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _rename(moves: Iterable[tuple[Path, Path]]) -> None:
    """Rename each source to its target; where one cannot be, undo those before it."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.replace(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.replace(source)
        raise
