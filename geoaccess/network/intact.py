"""Whether files are what was written: their checksums, taken over maps of them in memory."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels.checksum import xxh64

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["Checked", "checked_files", "checksum", "checksums", "is_checked", "require_intact", "trust"]

Checked = tuple[int, int, int, int, str]
_checked: set[Checked] = set()  # files by their number on their disk, whatever their names, as they were when checked


def checksum(path: Path) -> str:
    """Return the XXH64 of a file's bytes as 16 hexadecimal digits.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "abc"
    ...     _ = path.write_bytes(b"abc")
    ...     checksum(path)
    '44bc2cf5ad770999'
    """
    size = path.stat().st_size
    data = np.asarray(np.memmap(path, np.uint8, "r")) if size else np.frombuffer(b"", np.uint8)
    words = size // 8 * 8
    return f"{int(xxh64(data[:words].view('<u8'), data[words:])):016x}"


def checksums(folder: Path, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the checksum of every file of a folder that was just written, by name; some of them may be known.

    As long as they do not change, this process does not check them again once they are in their place.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            found[path.name] = known.get(path.name) or checksum(path)
            if path.name not in known:
                _checked.add(_as_it_is(path, found[path.name]))
    return found


def checked_files() -> frozenset[Checked]:
    """Return which mapped files this process has checked, as they were then, for another process of this machine."""
    return frozenset(_checked)


def is_checked(path: Path, known: str) -> bool:
    """Whether this process has found that a file has a checksum, and it has not changed since."""
    return _as_it_is(path, known) in _checked


def trust(checked: Iterable[Checked]) -> None:
    """Take files for checked that another process of this machine has checked, for as long as they do not change."""
    _checked.update(checked)


def require_intact(folder: Path, names: Iterable[str], known: Mapping[str, str], *, once: bool, hint: str) -> None:
    """Refuse files of a folder that are not what was written; with `once`, those that this process found so before.

    Raises
    ------
    InputError
        With the first that is damaged, and the hint what to do.
    """
    for name in names:
        path = folder / name
        seen = _as_it_is(path, known[name])
        if once and seen in _checked:
            continue
        if checksum(path) != known[name]:
            raise InputError(f"{path}: damaged (not what was written); {hint}")
        _checked.add(seen)


def _as_it_is(path: Path, known: str) -> Checked:
    """Return how a file is known again that has a checksum: also by another name, as long as it does not change."""
    now = path.stat()
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, known
