"""Packed files that unpack to many times what they should: refused before they fill memory or disk."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = ["ZIP_ERRORS", "check_zip", "read_gzip", "refuse_swelling"]

ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
)  # fmt: skip
"""What is raised of an archive, or a member of it, that is damaged, locked by a password, or packed in another way."""

_TIMES, _ALWAYS = 100, 256 << 20
"""Tables and texts unpack to five to thirty times their size; a file may to a hundred times, a small one to 256 MB."""
_PIECE = 1 << 20


def refuse_swelling(path: Path, unpacked: int, *, packed: int) -> None:
    """Raise an `InputError` if a file of `packed` bytes unpacks to so many that it was made to, or is damaged.

    >>> from pathlib import Path
    >>> refuse_swelling(Path("grid.csv.gz"), 30_000_000, packed=1_000_000)
    >>> refuse_swelling(Path("grid.csv.gz"), 900_000_000, packed=1_000_000)
    Traceback (most recent call last):
    geoaccess.errors.InputError: grid.csv.gz: its 1000000 bytes unpack to 900000000 or more; tables unpack to 5 ...
    """
    if unpacked > max(_ALWAYS, _TIMES * packed):
        raise InputError(
            f"{path}: its {packed} bytes unpack to {unpacked} or more; tables unpack to 5 to 30 times their size, "
            f"and more than {_TIMES} times is not read; download it again, or unpack it yourself"
        )


def check_zip(path: Path, members: Collection[str] | None = None) -> None:
    """Refuse a zip whose members, or those that are named, say that they unpack to many times their size.

    What is no zip passes: its reader says so.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            there = [one for one in packed.infolist() if members is None or one.filename in members]
    except ZIP_ERRORS:
        return
    refuse_swelling(path, sum(one.file_size for one in there), packed=path.stat().st_size)


def read_gzip(path: Path) -> bytes:
    """Return what is packed in a .gz.

    Raises
    ------
    InputError
        If it is damaged, or unpacks to many times its size.
    """
    size, content = path.stat().st_size, io.BytesIO()
    try:
        with gzip.open(path) as file:
            while piece := file.read(_PIECE):
                content.write(piece)
                refuse_swelling(path, content.tell(), packed=size)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}; compress it again") from error
    return content.getvalue()
