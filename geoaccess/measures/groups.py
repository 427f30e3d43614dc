"""Reading the table of results: who belongs to which group, and how long each cell needs to a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.measures.specification import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from geoaccess.measures.specification import ServiceSpec

__all__ = ["UNCLASSIFIED", "Groups", "Times", "group_cells", "read_population", "read_times", "require_columns"]

UNCLASSIFIED = "unclassified"
"""Name of the group of the cells that have no class, municipality or other group."""


@dataclass(frozen=True)
class Groups:
    """Which group each cell belongs to: `codes` of shape (n_cells,) are rows of `labels`, one text column per name."""

    codes: npt.NDArray[np.intp]
    labels: pd.DataFrame

    def sums(self, amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the sum of `amounts` in each group, shape (n_groups,)."""
        return np.bincount(self.codes, weights=amounts, minlength=len(self.labels)).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Times:
    """How long each cell needs to one service: `times_s` is inf where it is not reached, `reached` is a mask."""

    times_s: npt.NDArray[np.float64]
    reached: npt.NDArray[np.bool_]
    reasons: npt.NDArray[np.object_]


def require_columns(results: pd.DataFrame, columns: Iterable[str], *, subject: str = "results") -> None:
    """Raise an `InputError` that names every column that is missing."""
    missing = [column for column in columns if column not in results.columns]
    if missing:
        raise InputError(f"{subject}: no column {', '.join(missing)}; there are {', '.join(map(str, results.columns))}")


def read_population(results: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the people of each cell; raise `InputError` if any number is missing, infinite or negative."""
    require_columns(results, ["population"])
    people = results["population"].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(people) & (people >= 0))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"results: population of {int(wrong.sum())} cells is negative, infinite or missing (cell "
            f"{results.index[first]}: {people[first]}); people must be numbers >= 0"
        )
    return people


def _text(column: pd.Series) -> pd.Series:
    """Return the group names as text, "" where there is none, whole numbers without a decimal point."""
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.convert_dtypes()
    return column.astype("object").where(column.notna(), "").map(str)


def group_cells(results: pd.DataFrame, *, by: str | Sequence[str] | None) -> Groups:
    """Find the groups, in rising order of their values; cells without a value come last, as "unclassified".

    Numbers are ordered as numbers, text as text. With `by` None everybody is one group and `labels` has no column. Only
    combinations that occur become groups.
    """
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    require_columns(results, names)
    if not names:
        return Groups(np.zeros(len(results), dtype=np.intp), pd.DataFrame(index=pd.RangeIndex(1)))
    parts: list[npt.NDArray[np.intp]] = []
    texts: list[npt.NDArray[np.object_]] = []
    for name in names:
        text = _text(results[name])
        ordered = results[name].where((text != "").to_numpy())
        codes, values = pd.factorize(ordered, sort=True, use_na_sentinel=True)
        parts.append(np.where(codes < 0, len(values), codes))
        texts.append(np.append(_text(pd.Series(values)).to_numpy(dtype=object), UNCLASSIFIED))
    combined, codes = np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)
    labels = {name: texts[place][combined[:, place]] for place, name in enumerate(names)}
    return Groups(codes.reshape(-1).astype(np.intp, copy=False), pd.DataFrame(labels, dtype="str"))


def read_times(results: pd.DataFrame, service: ServiceSpec) -> Times:
    """Return times, mask and reasons of one service; raise `InputError` where time and reason contradict each other."""
    time_column, reason_column = f"{service.key}_s", f"{service.key}_reason"
    require_columns(results, [time_column, reason_column])
    times_s = results[time_column].to_numpy(dtype=np.float64, na_value=np.nan)
    reached = np.isfinite(times_s)
    reasons = results[reason_column].astype("object").fillna("").to_numpy(dtype=object)
    given = reasons != ""
    known = np.isin(reasons.astype("str"), REASONS)
    checks = (
        (times_s < 0, time_column, "negative", "travel times are seconds >= 0"),
        (~reached & ~given, reason_column, "empty though the cell is not reached", "say why"),
        (reached & given, reason_column, "given though the cell is reached", "leave it empty"),
        (given & ~known, reason_column, "none of the known reasons", f"use one of {', '.join(REASONS)}"),
    )
    problems = []
    for wrong, column, fault, mend in checks:
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            found = results[column].iloc[first]
            problems.append(
                f"{column} is {fault} in {int(wrong.sum())} cells (cell {results.index[first]}: {found!r}); {mend}"
            )
    if problems:
        raise InputError.listing("results", problems)
    return Times(np.where(reached, times_s, np.inf), reached, reasons)
