"""A plan: the offices of each service that stand, with their weekdays, and the ways that are closed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoaccess.routing.field import Place
    from geoaccess.scenarios import Close

__all__ = ["ALL_WEEK", "WEEKDAYS", "Plan", "Site", "group_id"]

WEEKDAYS = 5
ALL_WEEK = tuple(range(WEEKDAYS))


@dataclass(frozen=True)
class Site:
    """An office in a plan: where it is, as it was given and on the network, and its weekdays."""

    name: str
    lon: float
    lat: float
    place: Place = field(repr=False)
    days: frozenset[int] = frozenset(ALL_WEEK)
    added: bool = False
    moved: bool = False

    @property
    def on_road(self) -> bool:
        """Whether a road leads there; to an office off the road nobody comes."""
        return bool(self.place["edge"] >= 0)


@dataclass(frozen=True)
class Plan:
    """What stands after all changes: the sites of each service by label, and the ways and groups that are closed."""

    sites: dict[str, dict[str, Site]]
    closed: frozenset[int]
    groups: frozenset[Close] = frozenset()


def group_id(select: Close) -> str:
    """Return what roads and ferries that close together are called: the same word for the same choice.

    >>> from geoaccess.scenarios import Close
    >>> group_id(Close(name="E 6")) == group_id(Close(name="E 6", what="all"))
    True
    """
    return hashlib.sha256(select.model_dump_json().encode()).hexdigest()[:16]
