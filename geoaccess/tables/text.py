"""Text files of values between separators: their encoding, their separator, their rows."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.tables.writing import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["DECIMAL_COMMA", "frame_of_rows", "read_text_file", "read_text_table", "split_rows"]

DECIMAL_COMMA = "decimal_comma"
"""Key of `attrs`: whether a comma in a number can only be the decimal mark, as where it does not separate values."""

_SEPARATORS = (",", ";", "\t")
_SAMPLED = 20  # rows from which the separator is found
_MOST_COLUMNS: Final = 10_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATOR_LINE = re.compile(r"sep=(.)\n", re.IGNORECASE)  # the first line of some files for Excel


def read_text_file(path: Path, *, hint: str = "check the path") -> str:
    r"""Return the text of a file, in `\n` lines, without the mark of its encoding.

    UTF-8 with or without its mark (BOM), UTF-16 with it, else Windows-1252 (Latin-1 and a few signs more), in which
    older exports are; compressed where the name ends on .gz.

    Raises
    ------
    MissingFileError, InputError
        If there is no such file, it is no text, or is damaged.
    """
    files.require(path, hint=hint)
    content = files.read_gzip(path) if path.suffix.lower() == ".gz" else path.read_bytes()
    try:
        text = content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError:
        # Windows-1252 leaves five bytes open, which Latin-1 has as control characters.
        text = content.decode("cp1252", errors="replace")
        text = text if "\ufffd" not in text else content.decode("latin-1")
    if "\0" in text:
        raise InputError(f"{path}: is not a text file; save it as CSV in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def split_rows(text: str, separator: str) -> list[list[str]]:
    r"""Return the values of every row without blanks around them; a value in quotes may hold separators and line ends.

    Raises
    ------
    ValueError
        If quotation marks do not match.

    Examples
    --------
    >>> split_rows('id; name\n0301; "Oslo; by"', ";")
    [['id', 'name'], ['0301', 'Oslo; by']]
    """
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        rows.extend([value.strip() for value in row] for row in reader)
    except csv.Error as error:
        raise ValueError(f"row {len(rows) + 1}: {error}; check its quotation marks") from error
    return rows


def read_text_table(path: Path, *, hint: str) -> pd.DataFrame:
    """Read a table of text: its values as they are written, its rows by the number a person sees (the header is 1)."""
    text = read_text_file(path, hint=hint)
    above = _SEPARATOR_LINE.match(text)
    body = text[above.end() :] if above else text
    if not body.partition("\n")[0].strip():
        raise InputError(f"{path}: is empty, or its first line is; the first line names the columns")
    separator = above[1] if above else _find_separator(body)
    width = body.partition("\n")[0].count(separator) + 1
    if width > _MOST_COLUMNS:
        raise InputError(
            f"{path}: its first line names {width} columns; {_MOST_COLUMNS} is the most: has it line ends?"
        )
    first_row = 3 if above else 2
    frame = _read_regular(body, separator)
    if frame is None:
        try:
            rows = split_rows(body, separator)
        except ValueError as error:
            raise InputError(f"{path}: {error}") from error
        frame = frame_of_rows(path, rows[0], list(enumerate(rows[1:], start=first_row)))
    else:
        numbered = frame.set_axis(pd.RangeIndex(first_row, len(frame) + first_row))
        frame = _tidy(numbered, strip=_has_blanks(body, separator))
    if "'" in body:  # as csv_text writes what a spreadsheet would take for a formula
        for name, column in frame.items():
            if column.str.contains("'", regex=False).any():
                frame[name] = column.map(plain_text)
    frame.attrs[DECIMAL_COMMA] = separator != ","
    return frame


def frame_of_rows(path: Path, header: Sequence[str], rows: Iterable[tuple[int, Sequence[str]]]) -> pd.DataFrame:
    """Make a table of text of numbered rows, of which some are shorter or longer than the header.

    Values that are missing at the end of a row are empty.

    Raises
    ------
    InputError
        With every row that holds values beyond the header, and every name that several columns have.
    """
    width = len(header)
    problems = _header_problems(header)
    kept, numbers = [], []
    for number, row in rows:
        if any(row[width:]):
            problems.append(
                f"row {number}: {len(row)} values, but the header names {width} columns; put a value that holds the "
                "separator in quotes"
            )
        kept.append([*row[:width], *[""] * (width - len(row))])
        numbers.append(number)
    if problems:
        raise InputError.listing(str(path), problems)
    return _tidy(pd.DataFrame(kept, index=pd.Index(numbers, dtype="int64"), columns=list(header), dtype="str"))


def _find_separator(text: str) -> str:
    """Return the separator that gives the first rows several values, as many as the header has names."""
    sample = "\n".join(itertools.islice(filter(None, text[: 1 << 16].split("\n")), _SAMPLED))

    def fit(separator: str) -> tuple[bool, float, int]:
        widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator)]
        return widths[0] > 1, widths.count(widths[0]) / len(widths), widths[0]

    return max(_SEPARATORS, key=fit)


def _read_regular(text: str, separator: str) -> pd.DataFrame | None:
    """Read a table whose rows are not longer than its header; None where anything is wrong with rows or header."""
    try:
        first = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        header = [name.strip() for name in next(first)]
        if len(next(first, [])) > len(header) or _header_problems(header):
            return None
        # Blank lines count as rows until those without a value are dropped.
        rows = pd.read_csv(
            io.BytesIO(text.encode()), sep=separator, dtype=str, keep_default_na=False, skip_blank_lines=False,
            skipinitialspace=True,
        )  # fmt: skip
    except (ValueError, csv.Error):  # a ParserError of pandas is a ValueError
        return None
    # Where all rows are longer than the header, pandas takes their first values for labels.
    return rows.set_axis(header, axis=1) if isinstance(rows.index, pd.RangeIndex) else None


def _header_problems(header: Iterable[str]) -> list[str]:
    times = Counter(header)
    return [f'{n} columns are called "{name}"; give each its own name' for name, n in times.items() if name and n > 1]


def _tidy(frame: pd.DataFrame, *, strip: bool = True) -> pd.DataFrame:
    """Leave out columns without a name and rows without a value; strip blanks."""
    named = frame.loc[:, [bool(name) for name in frame.columns]]
    columns = {name: column.fillna("") if column.hasnans else column for name, column in named.items()}
    if strip:
        columns = {name: column.str.strip() for name, column in columns.items()}
    empty = np.ones(len(frame), np.bool_)
    for column in columns.values():
        if not empty.any():
            break
        empty &= (column == "").to_numpy(bool)
    out = pd.DataFrame(columns, index=frame.index)
    return out[~empty] if empty.any() else out


def _has_blanks(text: str, separator: str) -> bool:
    """Whether a value may begin or end with a blank; looked for in the whole text, which is quick."""
    if not any(blank in text for blank in " \t\u00a0"):
        return False
    ends = (f" {separator}", " \n", "\n ", '" ', ' "', "\u00a0", *(() if separator == "\t" else ("\t",)))
    return text[:1] == " " or text[-1:] == " " or any(end in text for end in ends)
