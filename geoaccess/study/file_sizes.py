"""How large files are, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from geoaccess import files

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.phrases import Writer

__all__ = ["said_size"]

_SMALL = 100_000  # bytes


def said_size(path: Path, writer: Writer) -> str:
    """Return how large a file is: in MB, a small one in kB."""
    size = files.size_bytes(path)
    if size >= _SMALL:
        return f"{writer.number(size / 1e6, 1)} MB"
    return f"{writer.number(math.ceil(size / 1e3))} kB"
