"""What stages found, for the next study of a process that solves many variations of one."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path

__all__ = ["forget", "remember", "remembered", "stamp_of"]

Value = TypeVar("Value")

_MOST: Final = 3
"""So many of a kind are kept: variations come in turn, and each of them needs one or two."""
_found: dict[str, OrderedDict[Hashable, Any]] = {}
_on: list[bool] = []


def remember() -> None:
    """Keep from now on what stages find in this process; who changes what a stage returned spoils it for the next."""
    if not _on:
        _on.append(True)


def forget() -> None:
    """Let go of all that was kept, and keep nothing more."""
    _on.clear()
    _found.clear()


def remembered(kind: str, key: Hashable, make: Callable[[], Value]) -> Value:
    """Return what was found for a key, the same object, or find it; None is not kept.

    >>> remember()
    >>> remembered("number", 1, lambda: [1]) is remembered("number", 1, lambda: [2])
    True
    >>> forget()
    >>> remembered("number", 1, lambda: [2])
    [2]
    """
    if not _on:
        return make()
    kept = _found.setdefault(kind, OrderedDict())
    if key in kept:
        kept.move_to_end(key)
        value: Value = kept[key]
        return value
    made = make()
    if made is not None:
        kept[key] = made
        while len(kept) > _MOST:
            kept.popitem(last=False)
    return made


def stamp_of(path: Path) -> tuple[str, int, int]:
    """Return what tells a file from the same one after a change."""
    try:
        found = path.stat()
    except OSError:  # inside an archive
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size
