"""What stages found, for the next study of a process that solves many variations of one."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path

    from geoaccess.study.settings.study_file import Study

__all__ = ["before_roads", "forget", "remember", "remembered", "remembered_of", "stamp_of"]

Value = TypeVar("Value")

_MOST: Final = 3
"""So many of a kind are kept: variations come in turn, and each of them needs one or two."""
_ONLY_OF_ROADS: Final = ("snap", "equity", "figures")
_OF_ROADS: Final = {"profile", "when", "ferries", "closures", "ferry_gtfs", "wait", "timetable", "min_component_km"}
_INPUTS_OF_ROADS: Final = ("profile", "ferries", "closures", "ferry gtfs")
"""Settings and inputs of which only the network, and what is found on it, depend."""
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


def remembered_of(kind: str, values: tuple[object, ...], key: Hashable, make: Callable[[], Value]) -> Value:
    """Return what was found for these very objects and a key, or find it.

    The objects are kept as well: so no others can get their ids.

    >>> remember()
    >>> cells = [1]
    >>> remembered_of("sum", (cells,), "", lambda: 1), remembered_of("sum", ([1],), "", lambda: 2)
    (1, 2)
    >>> forget()
    """
    return remembered(kind, (tuple(map(id, values)), key), lambda: (values, make()))[1]


def before_roads(study: Study) -> Hashable:
    """Return a key for all of a study that decides what is known before anything is attached to roads.

    Whatever is not known to be of no account is in it, and when the files that the study reads were changed.
    """
    if not _on:
        return ()
    without: dict[str, Any] = dict.fromkeys(_ONLY_OF_ROADS, True)
    roads = study.settings.ambulance is None  # else norms may be those of a profile
    if roads:
        without["network"] = _OF_ROADS
    stamps = [
        (what, stamp_of(path))
        for what, path in study.inputs.items()
        if not (roads and what.startswith(_INPUTS_OF_ROADS))
    ]
    return study.path, study.settings.model_dump_json(exclude=without), *stamps


def stamp_of(path: Path) -> tuple[str, int, int]:
    """Return what tells a file from the same one after a change."""
    try:
        found = path.stat()
    except OSError:  # inside an archive
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size
