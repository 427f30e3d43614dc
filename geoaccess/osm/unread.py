"""Tags of roads, ferries and nodes that no rule could read or decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.osm.conditional import is_legible
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.nodes import NodeRule
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.tags import WayRule

__all__ = ["list_unread"]

_SHOWN = 5
_ORDER = ("unreadable", "value_unknown", "undecided")


def list_unread(
    extract: Extract, profile: Profile, ways: Sequence[WayRule], nodes: Sequence[NodeRule]
) -> tuple[tuple[str, str, int, str], ...]:
    """Return what `Network.unread` holds: tag, problem, on how many objects, and the first of these.

    What nobody can read comes before what only lacks a moment or the weather, the commonest first.

    `ways` and `nodes` are the rules of the extract's tag sets.
    """
    found: dict[tuple[str, bool], list[str]] = {}
    _collect(found, "way", ways, extract.way_id, extract.way_tags)
    _collect(found, "node", nodes, extract.node_id[extract.hindering], extract.hindering_tags)
    rows: list[tuple[int, str, int, str]] = []
    for (tag, undecided), which in found.items():
        problem = "value_unknown" if not undecided else "undecided" if is_legible(tag, profile) else "unreadable"
        rows.append((_ORDER.index(problem), tag, len(which), ", ".join(which[:_SHOWN])))
    rows.sort(key=lambda row: (row[0], -row[2], row[1]))
    return tuple((tag, note(_ORDER[problem]), count, which) for problem, tag, count, which in rows)


def _collect(
    found: dict[tuple[str, bool], list[str]],
    kind: str,
    rules: Sequence[WayRule | NodeRule],
    number: npt.NDArray[np.int64],
    tagset: npt.NDArray[np.int32],
) -> None:
    marked = np.array([bool(rule.unknown or rule.undecided) for rule in rules], np.bool_)
    if not marked.size:
        return
    for at in np.flatnonzero(marked[tagset]).tolist():
        rule = rules[tagset[at]]
        for tags, undecided in ((rule.unknown, False), (rule.undecided, True)):
            for tag in dict.fromkeys(tags):
                found.setdefault((tag, undecided), []).append(f"{kind} {number[at]}")
