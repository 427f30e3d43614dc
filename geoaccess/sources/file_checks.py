"""What a downloaded file should look like, and the room it needs."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from geoaccess.errors import FetchError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["digest", "readable_size", "require_room", "wrong_content"]

_SPARE_BYTES = 16 << 20  # a disk filled to the last byte stops other programs too


def readable_size(size: int) -> str:
    """Write a number of bytes for people.

    >>> [readable_size(n) for n in (999, 64_000, 1_400_000_000)]
    ['999 B', '64.0 kB', '1.4 GB']
    """
    scaled = float(size)
    for unit in ("B", "kB", "MB"):
        if scaled < 1000:  # noqa: PLR2004 - the step of the prefixes
            return f"{scaled:.0f} {unit}" if unit == "B" else f"{scaled:.1f} {unit}"
        scaled /= 1000
    return f"{scaled:.1f} GB"


def require_room(path: Path, *, size: int) -> None:
    """Raise a `FetchError` if the disk of `path` has no room for `size` more bytes."""
    free = shutil.disk_usage(path.parent).free
    if free < size + _SPARE_BYTES:
        raise FetchError(
            f"{path}: needs {readable_size(size + _SPARE_BYTES)} more on the disk and only {readable_size(free)} "
            "is free; make room or choose another folder"
        )


def wrong_content(path: Path, *, name: str) -> str | None:
    """Say what is wrong with the first bytes of a file that should be what its `name` ends on; None if nothing is.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = pathlib.Path(folder, "page")
    ...     _ = page.write_bytes(b"<!DOCTYPE html><title>Sign in</title>")
    ...     wrong_content(page, name="norway.osm.pbf")
    'it is a web page ("Sign in"), not the data'
    """
    with path.open("rb") as file:
        head = file.read(2048)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if re.match(rb"<!doctype html|<html|<head|<\?xml[^>]*>\s*(<!doctype html|<html)", text):
        title = re.search(rb"<title[^>]*>\s*(.*?)\s*</title>", head, re.IGNORECASE | re.DOTALL)
        called = f' ("{title[1].decode(errors="replace")[:80]}")' if title else ""
        return f"it is a web page{called}, not the data"
    starts: dict[str, tuple[bool, str]] = {
        ".pbf": (b"OSMHeader" in head[:64], "an OpenStreetMap extract (.osm.pbf)"),
        ".zip": (head.startswith((b"PK\x03\x04", b"PK\x05\x06")), "a zip archive"),
        ".json": (text.startswith((b"{", b"[")), "JSON"),
        ".geojson": (text.startswith(b"{"), "GeoJSON"),
        ".gml": (text.startswith(b"<"), "GML"),
        ".osm": (text.startswith(b"<"), "OpenStreetMap XML"),
        ".csv": (not text.startswith((b"<", b"{")), "a table"),
    }
    right, kind = starts.get(PurePath(name).suffix.lower(), (True, ""))
    return None if right else f"it does not begin like {kind} but with {head[:16]!r}"


def digest(path: Path, algorithm: Literal["md5", "sha256"]) -> str:
    """Digest of a file as hexadecimal digits."""
    # MD5 is what the publisher gives; it guards against accidents, not against an attacker.
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
