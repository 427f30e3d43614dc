"""Forms in which OpenStreetMap data come: which are read, by whom, and which are refused by name."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import re
import zlib
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Final, cast

from geoaccess import files
from geoaccess.errors import GeoaccessError, InputError, is_shortage
from geoaccess.osm.blobs import HISTORY, check_for_osmium

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

__all__ = ["check_format", "deleted_by_editor", "is_pbf", "objects_among", "osmium_errors", "osmium_file"]

_FORMAT = re.compile(r"\.((?:osm|opl|o5m|pbf|xml)(?:\.(?:gz|bz2))?)$")
_CHANGES = re.compile(r"\.(osc|o5c)(\.(gz|bz2|pbf))?$")
_OLD = re.compile(r"\.osh(\.(gz|bz2|pbf|opl))?$")
_DELETED = re.compile(rb"<(node|way|relation)\s(?:[^>]*\s)?action=[\"']delete[\"'][^>]*>")
_NUMBER = re.compile(rb"\sid=[\"'](-?\d{1,19})[\"']")
_CHUNK = 1 << 20
_IDS: Final = 1 << 40
"""Ids of OpenStreetMap are far below it, a hundred times as many."""


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
        As for `check_format` and `check_for_osmium`, or if a .gz or .bz2 unpacks to many times its size.
    """
    import osmium

    check_format(path)
    if is_pbf(path):
        check_for_osmium(path)
    elif _opener(path) is not open:
        seen = path.stat()
        _check_unpacked_once(path, seen.st_size, seen.st_mtime_ns)
    found = _FORMAT.search(path.name.lower())
    return osmium.io.File(str(path), found[1]) if found and path.name != path.name.lower() else path


def _opener(path: Path) -> Callable[..., IO[bytes]]:
    """Return what opens a file as it is unpacked, by its name."""
    name = path.name.lower()
    opened = gzip.open if name.endswith(".gz") else bz2.open if name.endswith(".bz2") else open
    return cast("Callable[..., IO[bytes]]", opened)


@lru_cache(maxsize=64)
def _check_unpacked_once(path: Path, size: int, changed_ns: int) -> None:
    """Unpack a whole file, unless it is as it was when it was before; what is damaged, osmium says."""
    del changed_ns
    unpacked = 0
    with contextlib.suppress(OSError, EOFError, zlib.error), _opener(path)(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            unpacked += len(chunk)
            files.refuse_swelling(path, unpacked, packed=size)


@contextlib.contextmanager
def osmium_errors(path: Path) -> Iterator[None]:
    """Raise what pyosmium and GEOS say of a damaged file as an `InputError`: of words that are no UTF-8, too."""
    import osmium
    import shapely

    try:
        yield
    except GeoaccessError:
        raise
    except (RuntimeError, ValueError, osmium.InvalidLocationError, shapely.errors.ShapelyError) as error:
        if is_shortage(error):  # it reads by threads of its own
            raise
        raise InputError(f"{path}: cannot be read as OpenStreetMap data ({error}); fetch it again") from error


def objects_among(path: Path, kind: str, numbers: Collection[int]) -> Iterator[Any]:
    """Yield the objects of a kind that have one of some ids and are not deleted; older versions come first."""
    import osmium

    if not numbers:
        return
    types = {"node": osmium.osm.NODE, "way": osmium.osm.WAY, "relation": osmium.osm.RELATION}
    items: Any = osmium.FileProcessor(osmium_file(path), types[kind])
    if min(numbers) >= 0 and max(numbers) < _IDS:  # osmium's filter has a bit for every id up to the largest
        items = items.with_filter(osmium.filter.IdFilter(numbers))
    version: dict[int, int] = {}
    for item in items:
        if item.id in numbers and item.visible and version.get(item.id, 0) <= item.version:
            version[item.id] = item.version
            yield item


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
    if is_pbf(path) or ".opl" in name or ".o5m" in name:
        return frozenset()
    found = set()
    with _opener(path)(path, "rb") as file:
        try:
            for text in _tags(file, path):
                for match in _DELETED.finditer(text) if b"action=" in text else ():
                    number = _NUMBER.search(match[0])
                    if number:
                        found.add((match[1].decode()[0], int(number[1])))
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path}: cannot be unpacked ({error}); fetch it again") from error
    return frozenset(found)


def _tags(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """Yield the text of an XML file in pieces that end with a tag."""
    size, unpacked, rest = path.stat().st_size, 0, b""
    while chunk := file.read(_CHUNK):
        unpacked += len(chunk)
        files.refuse_swelling(path, unpacked, packed=size)
        text = rest + chunk
        end = text.rfind(b">") + 1
        yield text[:end]
        rest = text[end:][-_CHUNK:]
