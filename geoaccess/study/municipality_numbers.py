"""The numbers of municipalities in the tables of a study: which municipality of the study each means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoaccess import files
from geoaccess.tables import match_zones, read_zone_changes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from geoaccess.study.settings.study_file import Study

__all__ = ["changes_of", "matched"]


def changes_of(study: Study) -> dict[str, str]:
    """Return the table of changed numbers that [zones] names, the new number by the old; empty where it names none."""
    name = study.settings.zones.changes
    if name is None:
        return {}
    return read_zone_changes(files.require(study.resolve(name), hint=f"check changes of [zones] in {study.path}"))


def matched(study: Study, given: pd.Series[Any], known: Iterable[object]) -> pd.Series[str]:
    """Return the known municipality that each value means, as `geoaccess.tables.match_zones`."""
    return match_zones(given, known, changes=changes_of(study))
