"""A plan: the offices of each service that stand, with their weekdays, and the ways that are closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoaccess.routing.field import Place

__all__ = ["ALL_WEEK", "WEEKDAYS", "Plan", "Site"]

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


@dataclass(frozen=True)
class Plan:
    """What stands after all changes: the sites of each service by label, and the ways that are closed."""

    sites: dict[str, dict[str, Site]]
    closed: frozenset[int]
