"""[reliability] of a study file: how often ferries and passes are open."""

from __future__ import annotations

from geoaccess.toml import Table

__all__ = ["ReliabilitySettings"]


class ReliabilitySettings(Table):
    """[reliability]: a table of how often ferries and passes are open, and the season that counts."""

    table: str
    season: str | None = None
