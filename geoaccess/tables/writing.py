"""Tables written as CSV: numbers that are the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["csv_text", "write_csv"]


def csv_text(table: pd.DataFrame, *, float_format: str | None = None) -> str:
    r"""Return a table as CSV without its index: commas, a header, `\n` lines.

    >>> import pandas as pd
    >>> csv_text(pd.DataFrame({"name": ["Moss, by"], "people": [3.5]}))
    'name,people\n"Moss, by",3.5\n'
    """
    text: str = table.to_csv(index=False, float_format=float_format, lineterminator="\n")
    return text


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV: seconds to a thousandth, other numbers to six decimals, however large, so that people are exact.

    What is per person has nine: a doctor has a thousand people.
    """
    decimals = {name: 3 if str(name).endswith("_s") else 9 if "per_person" in str(name) else 6 for name in table}
    text = csv_text(table.round(decimals), float_format="%.15g")
    path.write_text(text, encoding="utf-8", newline="\n")
