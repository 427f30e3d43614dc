"""Numbers as people write them: with a decimal point or comma, blanks between thousands, a true minus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["parse_number", "to_numbers"]

_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_GROUPED = re.compile(r"([+-]?\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+)([.,]\d*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|infinity)", re.IGNORECASE | re.ASCII)


def parse_number(text: str, *, decimal_comma: bool = False) -> float | None:
    """Return the number that a text is; None where it is none, or may be two.

    A comma is the decimal mark. 1,234 may be meant as 1234 and is no number unless `decimal_comma` says that it cannot.

    Parameters
    ----------
    decimal_comma
        Whether a comma can only be the decimal mark.

    Examples
    --------
    >>> parse_number("12,5"), parse_number("1 234.5"), parse_number("1,234"), parse_number("1,234", decimal_comma=True)
    (12.5, 1234.5, None, 1.234)
    """
    bare = text.strip().replace("\u2212", "-")
    if grouped := _GROUPED.fullmatch(bare):
        bare = re.sub(r"\s", "", grouped[1]) + (grouped[2] or "")
    if "," in bare:
        if not decimal_comma and _THOUSANDS.fullmatch(bare):
            return None
        bare = bare.replace(",", ".") if "." not in bare else ""
    return float(bare) if _NUMBER.fullmatch(bare) else None


def to_numbers(values: pd.Series[Any], *, decimal_comma: bool = False) -> npt.NDArray[np.float64]:
    """Return values as float64, NaN where there is none and where `parse_number` finds none.

    >>> to_numbers(pd.Series(["3", "4,5", "many", ""])).tolist()
    [3.0, 4.5, nan, nan]
    """
    plain = _plain_numbers(values)
    if plain is not None:
        return plain
    read = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = np.array(read, dtype=np.float64)  # a copy: what pandas gives may be read only
    if not (pd.api.types.is_string_dtype(values) or values.dtype == object):
        return numbers
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        value = values.iloc[place]
        if isinstance(value, str) and value:
            found = parse_number(value, decimal_comma=decimal_comma)
            if found is not None:
                numbers[place] = found
    return numbers


def _plain_numbers(values: pd.Series[Any]) -> npt.NDArray[np.float64] | None:
    """Return a column of text in which every value is a plain number; None of any other, which is read value by value.

    A country has them by the hundred thousand: this takes a tenth of the time.
    """
    if not isinstance(values.dtype, pd.StringDtype):
        return None
    import pyarrow as pa  # a large import that only reading needs

    try:
        return np.asarray(pa.array(values.array).cast(pa.float64()), np.float64) + 0.0  # -0 is 0
    except pa.ArrowInvalid:  # one is empty, has a comma, or is no number
        return None
