"""Whether files are there, how large they are, and digests of what is in them."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoaccess.errors import InputError, MissingFileError
from geoaccess.files.faults import naming
from geoaccess.files.spare import writing

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "beside",
    "followed",
    "is_there",
    "json_of",
    "json_values",
    "remembered_sha256",
    "require",
    "sha256",
    "size_bytes",
    "stamp_of",
    "stated",
    "text_of",
]

_HALF = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
"""How JSON writes letters beyond 16 bits, as two halves; one by itself is none."""

_SETTLED_S = 2.0  # no file system counts times more coarsely


def followed(path: Path, *, subject: str) -> Path:
    r"""Return where a path that `subject` names leads to, through all links.

    Raises
    ------
    InputError
        If there can be no such path: with a NUL in it, or through links that lead to themselves.

    Examples
    --------
    >>> import pathlib
    >>> followed(pathlib.Path("a") / "roads\0.pbf", subject="study.toml")
    Traceback (most recent call last):
    geoaccess.errors.InputError: study.toml: 'a/roads\x00.pbf' is no path that can be followed (...); correct it
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        shown = path.as_posix()
        raise InputError(f"{subject}: {shown!r} is no path that can be followed ({error}); correct it") from error


def beside(file: Path, name: str) -> Path:
    """Return where a path that a file names leads to, as seen from its folder; `~` is the home folder of who runs it.

    Raises
    ------
    InputError
        As for `followed`, or if there is no such home.
    """
    return followed(stated(file, name), subject=str(file))


def stated(file: Path, name: str) -> Path:
    """Return a path that a file names as `beside` does, with its links as they are.

    Raises
    ------
    InputError
        If there is no such home.
    """
    try:
        return file.parent / Path(name).expanduser()
    except RuntimeError as error:
        raise InputError(f"{file}: {name!r} is in no home folder that is known; write the whole path") from error


def is_there(path: Path) -> bool:
    """Whether `path` is a file, or a FileGDB, which is a folder of them."""
    try:
        return path.is_file() or (path.suffix.lower() == ".gdb" and path.is_dir())
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # nothing can be there
            raise
        return False


def require(path: Path, *, hint: str = "check the path") -> Path:
    """Return `path` if it is a file, else raise a `MissingFileError` that says how to fix it."""
    if not is_there(path):
        if _is_stream(path):
            raise MissingFileError(f"{path}: is a pipe or a device, which cannot be read twice; save it as a file")
        raise MissingFileError(f"{path}: no such file; {hint}")
    return path


def _is_stream(path: Path) -> bool:
    """Whether a path is neither file nor folder: who opens a pipe waits until somebody writes into it."""
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except OSError:
        return False


def text_of(path: Path) -> str:
    """Return the text of a file that geoaccess keeps for itself.

    Raises
    ------
    OSError
        If there is none, or it cannot be read, or a pipe or a device stands there, which would be waited for.
    ValueError
        If it is no UTF-8.
    """
    if _is_stream(path):
        raise OSError(errno.EINVAL, "is a pipe or a device", str(path))
    return path.read_text(encoding="utf-8")


def json_of(path: Path) -> Any:
    """Return the values of a JSON file that geoaccess keeps for itself.

    Raises
    ------
    OSError
        As `text_of`.
    ValueError
        If it is no text in UTF-8, or as `json_values`.
    """
    return json_values(text_of(path))


def json_values(text: str | bytes) -> Any:
    r"""Return the values of JSON from anywhere.

    Raises
    ------
    ValueError
        If it is none, its tables or lists lie too deep in each other, or a text holds half of a letter, as no file can.

    Examples
    --------
    >>> json_values('{"wait_min": 5}')
    {'wait_min': 5}
    >>> json_values("[" * 100_000)
    Traceback (most recent call last):
    ValueError: its tables lie too deep in each other
    >>> json_values(r'"Os\ud800lo"')
    Traceback (most recent call last):
    ValueError: a text holds half of a letter (\ud800)
    """
    whole = text if isinstance(text, str) else text.decode(json.detect_encoding(text))
    try:
        found = json.loads(whole)
        if _HALF.search(whole):
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("its tables lie too deep in each other") from error
    except UnicodeEncodeError as error:
        raise ValueError(f"a text holds half of a letter (\\u{ord(error.object[error.start]):x})") from error
    return found


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits; of a folder, that of all its files."""
    if path.is_dir():
        return _of_folder(path, sha256)
    if _is_stream(path):
        raise OSError(errno.EINVAL, "is a pipe or a device", str(path))
    with naming(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_bytes(path: Path) -> int:
    """Return how large a file is, or all files of a folder together."""
    return sum(file.stat().st_size for file in _files_of(path)) if path.is_dir() else path.stat().st_size


def _files_of(folder: Path) -> list[Path]:
    """Return the files of a folder, but for locks: other programs put these there while they look at the rest."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock")


def stamp_of(path: Path) -> tuple[tuple[int, ...], ...]:
    """Return what shows that a file, or one in a folder, was written or replaced; nothing where none is there.

    Links to it and its permissions are not in it: programs that make copies of all files change those.
    """
    found: list[tuple[int, ...]] = []
    with contextlib.suppress(OSError):
        for file in _files_of(path) if path.is_dir() else [path]:
            inode, size, written_ns, _ = _stamp(file)
            found.append((inode, size, written_ns))
    return tuple(found)


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
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "extract.osm.pbf"
    ...     _ = path.write_bytes(b"roads")
    ...     remembered_sha256(path, pathlib.Path(folder) / "digests.json") == sha256(path)
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
        known = json_of(memory)
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
