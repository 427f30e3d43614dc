"""Columns of a table, and what is wrong with them, by the rows that a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.phrases import CONTROLS
from geoaccess.tables.numbers import to_numbers
from geoaccess.tables.text import DECIMAL_COMMA
from geoaccess.toml import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

__all__ = [
    "as_text",
    "bytes_as_text",
    "column_numbers",
    "empty_rows",
    "missing_columns",
    "read_numbers",
    "read_text",
    "read_yes",
    "show_rows",
]

_SHOWN = 5
_ENDS = r"\s*[\t\n\r\u2028\u2029]\s*"
"""Ends of lines and tabs, with the blanks around."""
_STEERS = f"{CONTROLS}|[\t\n\r\u2028\u2029]"
_YES = ("yes", "true", "1", "ja")
_NO = ("no", "false", "0", "nei", "")


def missing_columns(rows: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Say which of the named columns are not there: each with the nearest that is, or together with all that are.

    >>> missing_columns(pd.DataFrame(columns=["id", "people"]), ["peple", "x", "y"])
    ['no column "peple"; did you mean "people"?', 'no column "x", "y"; it has id, people']
    """
    there = [str(name) for name in rows.columns]
    absent = {name: nearest(name, there) for name in dict.fromkeys(names) if name not in there}
    problems = [f'no column "{name}"; did you mean "{near}"?' for name, near in absent.items() if near]
    far = ", ".join(f'"{name}"' for name, near in absent.items() if not near)
    return [*problems, *([f"no column {far}; it has {', '.join(there) or 'none'}"] if far else [])]


def show_rows(rows: pd.DataFrame, mask: npt.NDArray[np.bool_], say: Callable[[int], object]) -> str:
    """Name the rows that a mask marks, the first few with what `say` returns for their positions.

    >>> rows = pd.DataFrame({"people": [3, -1]}, index=[2, 3])
    >>> show_rows(rows, np.array([False, True]), lambda i: rows["people"].iloc[i])
    '1 row: row 3 (-1)'
    """
    places = np.flatnonzero(mask).tolist()
    first = ", ".join(f"row {rows.index[i]} ({say(i)})" for i in places[:_SHOWN])
    more = ", ..." if len(places) > _SHOWN else ""
    return f"{len(places)} row{'' if len(places) == 1 else 's'}: {first}{more}"


def as_text(values: pd.Series[Any]) -> pd.Series[str]:
    r"""Return values as text without blanks around it, whole numbers without a decimal point, "" where there is none.

    Nothing is left of what steers a terminal, see `geoaccess.phrases.printable`, and each stands on one line, as does
    what is said of it.

    >>> as_text(pd.Series([301.0, None])).tolist(), as_text(pd.Series(["Nordre\nby"])).tolist()
    (['301', ''], ['Nordre by'])
    """
    if isinstance(values.dtype, pd.StringDtype):
        return _seen(values.fillna("")).str.strip()
    if pd.api.types.is_float_dtype(values.dtype):
        # Whole numbers became decimals in a program that has no other way to leave a gap.
        values = values.convert_dtypes()
    if values.dtype == object:
        values = values.map(lambda value: int(value) if isinstance(value, float) and value.is_integer() else value)
    return _seen(values.astype("object").where(values.notna(), "").astype("str")).str.strip()


def _seen(texts: pd.Series[str]) -> pd.Series[str]:
    """Return texts as `printable` has them, on one line each; a million that are so cost a tenth of a second."""
    if not texts.str.contains(_STEERS).any():
        return texts
    return texts.str.replace(CONTROLS, "", regex=True).str.replace(_ENDS, " ", regex=True)


def bytes_as_text(rows: pd.DataFrame) -> None:
    r"""Put text in place of bytes, which columns of files of shapes and of Parquet may hold, and which no reader wants.

    >>> rows = pd.DataFrame({"id": pd.Series([b"0301", b"\xff", 7], dtype="object")})
    >>> bytes_as_text(rows)
    >>> rows["id"].tolist()
    ['0301', '\\xff', 7]
    """
    for place, dtype in enumerate(rows.dtypes):
        if dtype.kind == "O":
            values = rows.iloc[:, place].array
            if any(isinstance(value, bytes) for value in values):
                words = [_text_of(value) if isinstance(value, bytes) else value for value in values]
                rows.isetitem(place, pd.Series(words, dtype="object").array)


def _text_of(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def read_text(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    """Return a column by `as_text`; "" where it has no value, and where there is no such column."""
    if name not in rows:
        return pd.Series("", index=rows.index, dtype="str")
    return as_text(rows[name])


def empty_rows(rows: pd.DataFrame, name: str) -> list[str]:
    """Say in which rows a column is empty."""
    return [f"row {row}: {name} is empty" for row in rows.index[read_text(rows, name) == ""]]


def read_yes(rows: pd.DataFrame, name: str) -> tuple[npt.NDArray[np.bool_], list[str]]:
    """Return where a column says yes, and which rows say neither yes nor no; what is empty says no."""
    words = read_text(rows, name).str.lower()
    odd = rows.index[~words.isin([*_YES, *_NO])]
    problems = [f'row {row}: {name} is "{rows[name][row]}"; write yes or no' for row in odd]
    return words.isin(_YES).to_numpy(bool), problems


def column_numbers(rows: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column as float64, NaN where there is no number; commas as the file that was read has them."""
    return to_numbers(rows[name], decimal_comma=bool(rows.attrs.get(DECIMAL_COMMA)))


def read_numbers(rows: pd.DataFrame, name: str, *, negative: bool = False) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Return a column as float64, and what is wrong: values that are not numbers, infinite, missing or negative.

    Parameters
    ----------
    negative
        Whether a number may be below 0.
    """
    raw = rows[name]
    if pd.api.types.is_bool_dtype(raw) or pd.api.types.is_datetime64_any_dtype(raw):
        return np.zeros(len(raw)), [f"{name} holds {raw.dtype} values, not numbers"]
    blank = raw.isna().to_numpy(bool)
    textual = pd.api.types.is_string_dtype(raw) or raw.dtype == object
    if textual:
        blank = blank | (raw.astype("str").str.strip() == "").to_numpy(bool)
    values = column_numbers(rows, name)
    wrong = np.isnan(values) & ~blank
    problems = []
    if blank.any():
        problems.append(f"{name} is missing in {show_rows(rows, blank, lambda _: 'empty')}")
    if wrong.any():
        comma = raw[wrong].astype("str").str.contains(",", regex=False).any()
        hint = "; write decimals with a point, thousands without a mark" if comma else ""
        problems.append(f"{name} is not a number in {show_rows(rows, wrong, lambda i: repr(raw.iloc[i]))}{hint}")
    elif textual:
        problems += _both_marks(rows, name)
    if np.isinf(values).any():
        problems.append(f"{name} is infinite in {show_rows(rows, np.isinf(values), lambda i: raw.iloc[i])}")
    below = np.isfinite(values) & (values < 0)
    if below.any() and not negative:
        problems.append(f"{name} is negative in {show_rows(rows, below, lambda i: raw.iloc[i])}")
    return values, problems


def _both_marks(rows: pd.DataFrame, name: str) -> list[str]:
    """Refuse decimal commas beside points: 1.234 may then be a thousand."""
    text = rows[name].astype("str")
    commas = text.str.contains(",", regex=False).to_numpy(bool)
    points = text.str.contains(".", regex=False).to_numpy(bool) if commas.any() else commas
    if not points.any():
        return []
    shown = show_rows(rows, points, lambda i: repr(text.iloc[i]))
    return [f"{name} has decimal commas, but points in {shown}; write all decimals with one mark, thousands with none"]
