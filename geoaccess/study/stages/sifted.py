"""Small extracts: of those of a study all that carries some tags, found in the pass that reads the roads, and kept.

What is read from them is what would be read from the extracts themselves, in a hundredth of the time.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from geoaccess import files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.osm import Sieve

__all__ = ["keep_sifted", "kept_sifted"]

_DESCRIBED = "sifted.json"
_FORMAT = 1


def keep_sifted(sieve: Sieve, paths: Sequence[Path], folder: Path) -> None:
    """Write what a sieve found in some extracts into a folder; of those that cannot be sifted, that they cannot."""
    with files.writing_folder(folder) as temporary:
        digests: list[str | None] = []
        for i, path in enumerate(paths):
            small = temporary / f"{i}.osm.pbf"
            written = path in sieve.found and sieve.found[path].write(small)
            digests.append(files.sha256(small) if written else None)
        described = {"format": _FORMAT, "sha256": digests}
        (temporary / _DESCRIBED).write_text(json.dumps(described, indent=1), encoding="utf-8")


def kept_sifted(paths: Sequence[Path], folder: Path) -> list[Path] | None:
    """Return the small extract of each extract, itself where it could not be sifted; None if any is not as written."""
    try:
        described: dict[str, Any] = files.json_of(folder / _DESCRIBED)
        if described["format"] != _FORMAT:
            return None
        small = []
        for i, (path, digest) in enumerate(zip(paths, described["sha256"], strict=True)):
            if digest is not None and files.sha256(folder / f"{i}.osm.pbf") != digest:
                return None
            small.append(path if digest is None else folder / f"{i}.osm.pbf")
        os.utime(folder)  # used now
    except (OSError, KeyError, TypeError, ValueError):
        return None
    return small
