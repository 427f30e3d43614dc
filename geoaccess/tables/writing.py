"""Tables written as CSV, with numbers that are the same on every machine, and as Parquet piece by piece."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.phrases import CONTROLS, printable
from geoaccess.tables.numbers import parse_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["csv_text", "number_text", "plain_text", "safe_text", "write_csv", "writing_parquet"]

_FORMAT = "%.15g"
_FORMULA = re.compile(r"""(?:^|(?<=[;\t\n])|(?<=\r)(?!\n))(?=['\s"]*[=@+\-])""")
"""Where one may begin: spreadsheets of half of Europe part a line at semicolons, whatever stands in quotation marks."""
_MAYBE = re.compile(r"""['\s"=@+\-]|[^;\t\r\n]*[;\t\r\n]""")
"""What no other text begins with: a quick look for many."""
_SPECIAL = re.compile(r'[,"\n\r]')
_QUOTED = '[,"\n]'
"""What stands in quotation marks whatever the version of `csv`."""
_SPACE = r"\s\v\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
"""What `\\s` is to Python; to Arrow it is of ASCII alone."""
_SUSPECT = rf"""\r|{CONTROLS}|(^|[;\t\n])['{_SPACE}"]*[=@+\-]"""
"""Where `_FORMULA` may find something, as Arrow looks for it, what no table shows, and what not every `csv` quotes."""
_ROWS = 50_000
_DIGITS, _LEAST, _MOST = 15, 1e-4, 1e10
"""So long may a number be, and from and up to what, for Arrow to write it as `_FORMAT` does."""
_SEVERAL = 2
"""An empty field that stands alone in its line is written in another way."""
_DICTIONARY_BYTES = 64 * 2**20
"""Ids are written once each, and numbers in their place, unless there are more of them than this."""


def csv_text(table: pd.DataFrame, *, float_format: str | None = None) -> str:
    r"""Return a table as CSV without its index: commas, a header, `\n` lines.

    >>> import pandas as pd
    >>> csv_text(pd.DataFrame({"name": ["Moss, by"], "people": [3.5]}))
    'name,people\n"Moss, by",3.5\n'
    """
    return b"".join(_parts(table, float_format)).decode()


def _parts(table: pd.DataFrame, float_format: str | None) -> Iterator[bytes]:
    """Yield the text of a table, some rows at a time: what pandas would make of it, in a fraction of the time.

    pandas makes it where a column is neither of numbers, nor of yes and no, nor of text.
    """
    columns = [table.iloc[:, place] for place in range(table.shape[1])]
    writers = [_writer_of(column, float_format) for column in columns] if float_format else []
    known = [write for write in writers if write]
    if len(columns) < _SEVERAL or len(known) < len(columns):
        yield _by_pandas(table, float_format).encode()
        return
    yield (",".join(map(_field, map(safe_text, map(str, table.columns)))) + "\n").encode()
    for begin in range(0, len(table), _ROWS):
        rows = slice(begin, begin + _ROWS)
        yield _lines([write(column.iloc[rows]) for column, write in zip(columns, known, strict=True)])


def _by_pandas(table: pd.DataFrame, float_format: str | None) -> str:
    safe = table.copy(deep=False)
    for name in table:
        column = table[name]
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
            texts = [safe_text(value) if isinstance(value, str) else value for value in column]
            if any(new is not old for new, old in zip(texts, column, strict=True)):
                safe[name] = pd.Series(texts, index=column.index, dtype=object)
    safe.columns = [safe_text(str(name)) for name in table.columns]
    text: str = safe.to_csv(index=False, float_format=float_format, lineterminator="\n")
    return text


def _lines(fields: list[Any]) -> bytes:
    """Return the lines of some rows, given the fields of each column: an array of texts is one run of bytes."""
    lines = _joined(*fields[:-1], _joined(fields[-1], "\n", by=""), by=",")
    _, ends, content = lines.buffers()
    return memoryview(content)[: int(np.frombuffer(ends, np.int64)[len(lines)])].tobytes()


def _writer_of(column: pd.Series[Any], float_format: str) -> Callable[[pd.Series[Any]], Any] | None:
    """Return what makes fields of some values of a column, an array of texts; None where it is left to pandas."""
    dtype = column.dtype
    if isinstance(dtype, pd.StringDtype):
        return _text_fields
    if pd.api.types.is_object_dtype(dtype):
        return _text_fields if pd.api.types.infer_dtype(column, skipna=True) in {"string", "empty"} else None
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return partial(_number_fields, float_format=float_format)
    if isinstance(dtype, pd.CategoricalDtype):
        return None
    whole = _whole_fields if pd.api.types.is_integer_dtype(dtype) else None
    return _yes_fields if pd.api.types.is_bool_dtype(dtype) else whole


def _array(values: Any) -> Any:
    """Return values as one array of Arrow, null where they are missing."""
    import pyarrow as pa  # a large import that only writing needs

    found = pa.array(values, from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _as_texts(values: Any) -> Any:
    """Return an array of Arrow as texts, "" for null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.fill_null(pc.cast(values, pa.large_string()), "")


def _joined(*texts: Any, by: str) -> Any:
    """Return texts, of which some may be one for all rows, behind each other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    large = (pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in (*texts, by))
    return pc.binary_join_element_wise(*large)


def _replaced(texts: Any, places: npt.NDArray[np.bool_], others: list[str]) -> Any:
    """Return texts with others at some places."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.replace_with_mask(texts, pa.array(places), pa.array(others, pa.large_string())) if others else texts


def _text_fields(values: pd.Series[Any]) -> Any:
    import pyarrow.compute as pc

    texts = _as_texts(_array(values))
    quoted = _joined('"', pc.replace_substring(texts, '"', '""'), '"', by="")
    found = pc.if_else(pc.match_substring_regex(texts, _QUOTED), quoted, texts)
    suspect = pc.match_substring_regex(texts, _SUSPECT)
    return _replaced(
        found,
        suspect.to_numpy(zero_copy_only=False),
        [_field(safe_text(text)) for text in pc.filter(texts, suspect).to_pylist()],
    )


def _yes_fields(values: pd.Series[Any]) -> Any:
    import pyarrow.compute as pc

    return _as_texts(pc.if_else(_array(values), "True", "False"))


def _whole_fields(values: pd.Series[Any]) -> Any:
    return _as_texts(_array(values))


def _number_fields(values: pd.Series[Any], *, float_format: str) -> Any:
    """Return what `float_format` makes of numbers.

    Arrow writes the fewest digits that lead back to a number. Where those are 15 at most `_FORMAT` writes no others: no
    two numbers share 15 digits. Beyond a range the one or the other uses an exponent.
    """
    import pyarrow.compute as pc

    numbers = values.to_numpy(np.float64)
    found = _as_texts(_array(numbers))
    size = np.abs(numbers)
    alike = (float_format == _FORMAT) & ((size == 0) | ((size >= _LEAST) & (size < _MOST)))
    alike &= pc.binary_length(found).to_numpy() <= _DIGITS
    others = ~(alike | np.isnan(numbers))
    return _replaced(found, others, [float_format % number for number in numbers[others].tolist()])


def _field(text: str) -> str:
    """Return a text as a field of CSV, in quotation marks where it needs them."""
    if not _SPECIAL.search(text):
        return text
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(["", text])
    return line.getvalue()[1:-1]


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, and no terminal for an order (`phrases.printable`).

    What looks like a formula stands behind an apostrophe: at the beginning, and behind a semicolon, tab or line end,
    where a spreadsheet may part it. Numbers stay, and so does a lone sign. `plain_text` takes the apostrophes away.

    >>> [safe_text(text) for text in ("=1+1", "@SUM(A1)", "-2+3", "-2.5", "-", "+47 22", "Moss;=1+1", "Moss; -2.5")]
    ["'=1+1", "'@SUM(A1)", "'-2+3", '-2.5', '-', "'+47 22", "Moss;'=1+1", 'Moss; -2.5']
    """
    text = printable(text)
    for place in reversed(_formulas(text)):
        text = f"{text[:place]}'{text[place:]}"
    return text


def plain_text(text: str) -> str:
    """Return what `safe_text` made safe as it was.

    >>> plain_text("'=1+1"), plain_text("Moss;'=1+1"), plain_text("'s-Hertogenbosch")
    ('=1+1', 'Moss;=1+1', "'s-Hertogenbosch")
    """
    for place in reversed(_formulas(text)):
        if text[place] == "'":
            text = f"{text[:place]}{text[place + 1 :]}"
    return text


def _formulas(text: str) -> list[int]:
    """Return where something begins that a spreadsheet takes for a formula, or would but for apostrophes before it."""
    found: list[int] = []
    for match in _FORMULA.finditer(text) if _MAYBE.match(text) else ():
        place = match.start()
        shown = (text[place:].partition(";")[0] if place else text).lstrip("'").strip(' "')
        if len(shown) > 1 and parse_number(shown) is None:
            found.append(place)
    return found


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV, its numbers as `number_text` writes them."""
    decimals = {name: _decimals(str(name)) for name in table}
    with path.open("wb") as file:
        file.writelines(_parts(table.round(decimals), _FORMAT))


def number_text(value: float, column: str) -> str:
    """Return a number as tables have it in a column: seconds to a thousandth, others to six decimals, however large.

    So people are exact. What is per person has nine decimals: a doctor has a thousand people.

    >>> number_text(12.2222222222222, "minutes"), number_text(733.33333, "crossing_s"), number_text(25.0, "minutes")
    ('12.222222', '733.333', '25')
    """
    return _FORMAT % round(value, _decimals(column))


def _decimals(column: str) -> int:
    return 3 if column.endswith("_s") else 9 if "per_person" in column else 6


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
