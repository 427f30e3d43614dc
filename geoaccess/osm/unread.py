"""Tags of roads, ferries and nodes that no rule could read or decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.nodes import NodeRule
    from geoaccess.osm.tags import WayRule

__all__ = ["list_unread"]

_SHOWN = 5
UNKNOWN, UNDECIDED = "value not known", "condition not decided"


def list_unread(
    extract: Extract, ways: Sequence[WayRule], nodes: Sequence[NodeRule]
) -> tuple[tuple[str, str, int, str], ...]:
    """Return what `Network.unread` holds: tag, problem, on how many objects, and the first of these, commonest first.

    `ways` and `nodes` are the rules of the extract's tag sets.
    """
    found: dict[tuple[str, str], list[str]] = {}
    _collect(found, "way", ways, extract.way_id, extract.way_tags)
    _collect(found, "node", nodes, extract.node_id[extract.hindering], extract.hindering_tags)
    rows = [(tag, problem, len(which), ", ".join(which[:_SHOWN])) for (tag, problem), which in found.items()]
    return tuple(sorted(rows, key=lambda row: (row[1] == UNKNOWN, -row[2], row[0])))


def _collect(
    found: dict[tuple[str, str], list[str]],
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
        for tags, problem in ((rule.unknown, UNKNOWN), (rule.undecided, UNDECIDED)):
            for tag in dict.fromkeys(tags):
                found.setdefault((tag, problem), []).append(f"{kind} {number[at]}")
