"""What decides what stages found before any search, for the next study of a process that solves many variations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from geoaccess.remembering import is_remembering

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from geoaccess.study.settings.study_file import Study

__all__ = ["before_roads", "stamp_of"]

_ONLY_OF_ROADS: Final = ("snap", "equity", "figures")
_OF_ROADS: Final = {"profile", "when", "ferries", "closures", "ferry_gtfs", "wait", "timetable", "min_component_km"}
_INPUTS_OF_ROADS: Final = ("profile", "ferries", "closures", "ferry gtfs")
"""Settings and inputs of which only the network, and what is found on it, depend."""
_ONLY_COUNTED: Final = {"norms_min"}
"""Settings of a service that times are held against, once they are known."""


def before_roads(study: Study) -> Hashable:
    """Return a key for all of a study that decides what is known before anything is attached to roads.

    Whatever is not known to be of no account is in it, and when the files that the study reads were changed.
    """
    if not is_remembering():
        return ()
    without: dict[str, Any] = dict.fromkeys(_ONLY_OF_ROADS, True)
    roads = study.settings.ambulance is None  # else norms may be those of a profile
    if roads:
        without["network"] = _OF_ROADS
        without["services"] = dict.fromkeys(study.settings.services, _ONLY_COUNTED)
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
