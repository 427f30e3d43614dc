"""Files written whole or not at all, and their digests."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess.errors import InputError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

__all__ = [
    "is_there",
    "put_folder",
    "refuse_clashes",
    "remembered_sha256",
    "require",
    "sha256",
    "size_bytes",
    "spare",
    "writing",
    "writing_among",
    "writing_folder",
]

_TRIES = 100
_RACED = frozenset({errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY})
_SETTLED_S = 2.0  # no file system counts times more coarsely


def is_there(path: Path) -> bool:
    """Whether `path` is a file, or a FileGDB, which is a folder of them."""
    return path.is_file() or (path.suffix.lower() == ".gdb" and path.is_dir())


def require(path: Path, *, hint: str = "check the path") -> Path:
    """Return `path` if it is a file, else raise a `MissingFileError` that says how to fix it."""
    if not is_there(path):
        raise MissingFileError(f"{path}: no such file; {hint}")
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits; of a folder, that of all its files."""
    if path.is_dir():
        return _of_folder(path, sha256)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_bytes(path: Path) -> int:
    """Return how large a file is, or all files of a folder together."""
    return sum(file.stat().st_size for file in _files_of(path)) if path.is_dir() else path.stat().st_size


def _files_of(folder: Path) -> list[Path]:
    """Return the files of a folder, but for locks: other programs put these there while they look at the rest."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock")


def _of_folder(folder: Path, digest: Callable[[Path], str]) -> str:
    lines = (f"{file.relative_to(folder).as_posix()} {digest(file)}" for file in _files_of(folder))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def remembered_sha256(path: Path, memory: Path) -> str:
    """Return the SHA-256 of a file, from a file of digests where the same bytes were digested before.

    They are the same where name, inode, size, and both times are: of the last change of the bytes and of the inode,
    which no program can set back. A file that changed a moment ago is not remembered, since it may change again within
    one tick of its times.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "extract.osm.pbf"
    ...     _ = path.write_bytes(b"roads")
    ...     remembered_sha256(path, Path(folder) / "digests.json") == sha256(path)
    True
    """
    if path.is_dir():
        return _of_folder(path, lambda file: remembered_sha256(file, memory))
    name = str(path.absolute())
    now = time.time()
    stamp = _stamp(path)
    known = _remembered(memory)
    entry = known.get(name)
    if isinstance(entry, list) and entry[:-1] == stamp and isinstance(entry[-1], str):
        return entry[-1]
    digest = sha256(path)
    if _stamp(path) == stamp and now - max(stamp[2:]) / 1e9 > _SETTLED_S:
        with contextlib.suppress(OSError, InputError), writing(memory) as temporary:
            temporary.write_text(json.dumps({**_remembered(memory), name: [*stamp, digest]}, indent=1), "utf-8")
    return digest


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _remembered(memory: Path) -> dict[str, object]:
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


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
