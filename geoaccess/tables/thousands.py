"""Marks between thousands that were read as decimal marks: 1.009 where 1009 people are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess.tables.columns import column_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["may_be_thousands"]

_MARKED: Final = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
_FINEST: Final = 1000


def may_be_thousands(rows: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    """Return which values of a column of counts may be so many thousands, and were read as less than a thousand.

    Nobody counts in thousandths. So a column is doubted whose other values are whole: of text, if all that have a mark
    have three digits after it, as few fractions have; of numbers, which do not say how they were written, if at least
    half are whole, the others have at most three decimals, and one has three.

    Examples
    --------
    >>> rows = pd.DataFrame({"people": ["1.009", "53", "2.000"], "doctors": ["1.5", "2", "1.125"]})
    >>> may_be_thousands(rows, "people").tolist(), may_be_thousands(rows, "doctors").any()
    ([True, False, True], np.False_)
    >>> may_be_thousands(pd.DataFrame({"people": [1.009, 53, 217]}), "people").tolist()
    [True, False, False]
    """
    raw, numbers = rows[name], column_numbers(rows, name)
    fractions = np.isfinite(numbers) & (numbers != np.floor(numbers))
    if pd.api.types.is_string_dtype(raw) or raw.dtype == object:
        marked = raw.astype("str").str.strip().str.fullmatch(_MARKED).to_numpy(bool) & np.isfinite(numbers)
        return np.asarray(marked & ~(fractions & ~marked).any(), np.bool_)
    known, thousandths = np.isfinite(numbers), np.round(numbers * _FINEST)
    exact = np.isclose(numbers * _FINEST, thousandths, rtol=0, atol=1e-6) & (np.abs(numbers) < _FINEST)
    doubted = (
        2 * fractions.sum() <= known.sum()
        and bool(exact[fractions].all())
        and bool((thousandths[fractions] % 10 != 0).any())
    )
    return np.asarray(fractions & doubted, np.bool_)
