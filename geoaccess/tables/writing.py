"""Tables written as CSV, with numbers that are the same on every machine, and as Parquet piece by piece."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd

__all__ = ["csv_text", "write_csv", "writing_parquet"]

_DICTIONARY_BYTES = 64 * 2**20
"""Ids are written once each, and numbers in their place, unless there are more of them than this."""


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


@contextlib.contextmanager
def writing_parquet(path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Yield a function that adds a table to a Parquet file, as a group of rows; all have the columns of the first.

    Columns of categories are written as words; NaN is null.
    """
    import pyarrow as pa  # a large import that only writing needs
    import pyarrow.parquet as pq

    writer: Any = None

    def write(table: pd.DataFrame) -> None:
        nonlocal writer
        group = pa.Table.from_pandas(table, preserve_index=False)
        if writer is None:
            writer = pq.ParquetWriter(
                path, group.schema, compression="zstd", dictionary_pagesize_limit=_DICTIONARY_BYTES
            )
        writer.write_table(group, row_group_size=max(len(table), 1))

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()
