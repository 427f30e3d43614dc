"""Which rows of a comparison change anything for anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CHANGED", "changes_something"]

CHANGED: Final = ("better", "worse", "became_reached", "became_unreached")
"""The columns of people for whom something is another."""


def changes_something(row: Mapping[str, Any]) -> bool:
    """Whether a measure is another for anybody in a scenario.

    >>> changes_something({"better": 0.0, "worse": 3.0, "became_reached": 0.0, "became_unreached": 0.0})
    True
    """
    return any(row[name] > 0 for name in CHANGED)
