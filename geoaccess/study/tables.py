"""How tables are written: with the disclaimer in every row, and numbers that are the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["marked", "write_csv"]


def marked(table: Any, disclaimer: str) -> Any:
    """Write the disclaimer into every row, because a table travels without the page it came from."""
    return table.assign(disclaimer=disclaimer) if disclaimer else table


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV: seconds to a thousandth, other numbers to six decimals, however large, so that people are exact."""
    decimals = {name: 3 if str(name).endswith("_s") else 6 for name in table.columns}
    table.round(decimals).to_csv(path, index=False, float_format="%.15g", lineterminator="\n")
