"""Forms in which OpenStreetMap data come: which are read, by whom, and which are refused by name."""

from __future__ import annotations

import bz2
import gzip
import re
from typing import IO, TYPE_CHECKING, Any, cast

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["HISTORY", "check_format", "deleted_by_editor", "is_pbf", "osmium_file"]

HISTORY = "holds the history of the map, not the map at one time; make an extract with `osmium time-filter`"
"""What is wrong with files of several versions of objects."""

_FORMAT = re.compile(r"\.((?:osm|opl|o5m|pbf|xml)(?:\.(?:gz|bz2))?)$")
_CHANGES = re.compile(r"\.(osc|o5c)(\.(gz|bz2|pbf))?$")
_OLD = re.compile(r"\.osh(\.(gz|bz2|pbf|opl))?$")
_DELETED = re.compile(rb"<(node|way|relation)\s(?:[^>]*\s)?action=[\"']delete[\"'][^>]*>")
_NUMBER = re.compile(rb"\sid=[\"'](-?\d+)[\"']")
_CHUNK = 1 << 20


def is_pbf(path: Path) -> bool:
    """Whether a file says by its name that it is an .osm.pbf."""
    return path.name.lower().endswith(".pbf")


def check_format(path: Path) -> None:
    """Refuse files that by their name hold changes or a history.

    Raises
    ------
    InputError
        If it does.
    """
    name = path.name.lower()
    if _CHANGES.search(name):
        raise InputError(
            f"{path}: holds changes to a map (.osc), not a map; apply them to an extract with `osmium apply-changes`"
        )
    if _OLD.search(name):
        raise InputError(f"{path}: {HISTORY}")


def osmium_file(path: Path) -> Any:
    """Return a file as pyosmium takes it: with its form named where capitals would hide it.

    Raises
    ------
    InputError
        As for `check_format`.
    """
    import osmium

    check_format(path)
    found = _FORMAT.search(path.name.lower())
    return osmium.io.File(str(path), found[1]) if found and path.name != path.name.lower() else path


def deleted_by_editor(path: Path) -> frozenset[tuple[str, int]]:
    """Return type ("n", "w", "r") and id of the objects of an XML file that carry `action="delete"`.

    JOSM keeps what will be deleted at the next upload in its files.

    Raises
    ------
    InputError
        As for `check_format`, or if a packed file cannot be unpacked.
    """
    check_format(path)
    name = path.name.lower()
    opened = gzip.open if name.endswith(".gz") else bz2.open if name.endswith(".bz2") else open
    if is_pbf(path) or ".opl" in name or ".o5m" in name:
        return frozenset()
    with cast("Callable[..., IO[bytes]]", opened)(path, "rb") as file:
        try:
            last = b""
            while chunk := file.read(_CHUNK):
                if b"action=" in last[-8:] + chunk:
                    break
                last = chunk
            else:
                return frozenset()
            file.seek(0)
            text = file.read()
        except (OSError, EOFError) as error:
            raise InputError(f"{path}: cannot be unpacked ({error}); fetch it again") from error
    found = set()
    for match in _DELETED.finditer(text):
        number = _NUMBER.search(match[0])
        if number:
            found.add((match[1].decode()[0], int(number[1])))
    return frozenset(found)
