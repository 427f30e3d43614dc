"""Turn restrictions as relations state them: their members by role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoaccess.osm.ways import Relation

__all__ = ["Restriction", "read_restriction"]


@dataclass(frozen=True)
class Restriction:
    """A relation of type restriction with its members by role."""

    tags: dict[str, str]
    from_ways: tuple[int, ...]
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]


def read_restriction(relation: Relation) -> Restriction:
    """Return what a relation says, its members by role."""
    members: dict[tuple[str, str], list[int]] = {}
    for kind, ref, role in relation.members:
        members.setdefault((role, kind), []).append(ref)
    return Restriction(
        tags=relation.tags,
        from_ways=tuple(members.get(("from", "w"), ())),
        via_nodes=tuple(members.get(("via", "n"), ())),
        via_ways=tuple(members.get(("via", "w"), ())),
        to_ways=tuple(members.get(("to", "w"), ())),
    )
