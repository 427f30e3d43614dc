"""Reading the table of results: who belongs to which group, and how long each cell needs to a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.kernels.sorting import order_of_numbers
from geoaccess.measures.specification import REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from geoaccess.measures.specification import ServiceSpec

    _Sums = npt.NDArray[np.float64]

__all__ = [
    "EVERYBODY",
    "UNCLASSIFIED",
    "By",
    "Groups",
    "Times",
    "Zoning",
    "each_zoning",
    "group_cells",
    "people_of_service",
    "read_population",
    "read_times",
    "require_columns",
]

Zoning = str | Sequence[str] | None
"""The column or columns that say which group a cell belongs to; None for everybody together."""

By = Zoning | Mapping[str, Zoning]
"""One zoning, or several by their names."""

UNCLASSIFIED = "unclassified"
"""Name of the group of the cells that have no class, municipality or other group."""

EVERYBODY = "everybody"
"""Name of the one group of a zoning that puts everybody together."""


@dataclass(frozen=True)
class Groups:
    """Which group each cell belongs to: `codes` of shape (n_cells,) are rows of `labels`, one text column per name."""

    codes: npt.NDArray[np.intp]
    labels: pd.DataFrame

    def sums(self, amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the sum of `amounts` in each group, shape (n_groups,)."""
        return np.bincount(self.codes, weights=amounts, minlength=len(self.labels)).astype(np.float64, copy=False)

    def sums_by(self, kind: npt.NDArray[np.integer | np.bool_], kinds: int, amounts: npt.NDArray[np.float64]) -> _Sums:
        """Return the sum of `amounts` of each of so many kinds of cells in each group, shape (n_groups, kinds)."""
        code = self.codes * kinds + kind
        found = np.bincount(code, weights=amounts, minlength=len(self.labels) * kinds)
        return found.astype(np.float64, copy=False).reshape(-1, kinds)


@dataclass(frozen=True)
class Times:
    """How long each cell needs to one service: `times_s` is inf where it is not reached, `reached` is a mask.

    `reason` is the place of the reason in `REASONS`, -1 where the cell is reached.
    """

    times_s: npt.NDArray[np.float64]
    reached: npt.NDArray[np.bool_]
    reason: npt.NDArray[np.intp]

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """The cells in rising order of their times, one order for all groups; equals stay in theirs."""
        return order_of_numbers((self.times_s + 0.0).view(np.int64))  # the bits of numbers that are not negative

    @property
    def reasons(self) -> npt.NDArray[np.object_]:
        """The reasons as text, "" where the cell is reached."""
        return np.array([*REASONS, ""], dtype=object)[self.reason]


def require_columns(results: pd.DataFrame, columns: Iterable[str], *, subject: str = "results") -> None:
    """Raise an `InputError` that names every column that is missing."""
    missing = [column for column in columns if column not in results.columns]
    if missing:
        raise InputError(f"{subject}: no column {', '.join(missing)}; there are {', '.join(map(str, results.columns))}")


def read_population(results: pd.DataFrame, column: str = "population") -> npt.NDArray[np.float64]:
    """Return the people of each cell; raise `InputError` if any number is missing, infinite or negative."""
    require_columns(results, [column])
    people = results[column].to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(people) & (people >= 0))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"results: {column} of {int(wrong.sum())} cells is negative, infinite or missing (cell "
            f"{results.index[first]}: {people[first]}); people must be numbers >= 0"
        )
    return people


def people_of_service(
    results: pd.DataFrame, service: ServiceSpec, population: str | None = None
) -> npt.NDArray[np.float64]:
    """Return the people of each cell whom a service is asked about; `population` names others who count instead.

    The one rule of who counts: every table, map, index and objective of a service asks here.
    """
    return read_population(results, service.population if population is None else population)


def each_zoning(
    table: Callable[[Zoning, str | None], pd.DataFrame], *, by: By, population: str | Sequence[str] | None
) -> pd.DataFrame:
    """Make a table for each zoning and each column of people, and put them below each other.

    With several zonings (a mapping) the columns of groups become two: `zoning`, the name, and `group`. With several
    columns of people the first column, `who`, names them. With `population` None the table is made of the people of
    each service (`people_of_service`).
    """
    tables = []
    several = population is not None and not isinstance(population, str)
    for who in [population] if population is None or isinstance(population, str) else population:
        for name, zoning in by.items() if isinstance(by, Mapping) else [("", by)]:
            part = table(zoning, who)
            if isinstance(by, Mapping):
                part = _named(part, name, _columns(zoning))
            if several:
                part.insert(0, "who", pd.Series(who, index=part.index, dtype="str"))
            tables.append(part)
    if not tables:
        raise InputError(f"by is {by!r} and population {population!r}; name at least one zoning and one column")
    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]


def _named(table: pd.DataFrame, name: str, columns: list[str]) -> pd.DataFrame:
    """Return the table with its columns of groups replaced by `zoning` and `group`."""
    group = table[columns[0]] if columns else pd.Series(EVERYBODY, index=table.index, dtype="str")
    if len(columns) > 1:
        for column in columns[1:]:
            group = group + " / " + table[column]
        group = group.mask((table[columns] == UNCLASSIFIED).all(axis=1), UNCLASSIFIED)
    labels = {"zoning": pd.Series(name, index=table.index, dtype="str"), "group": group}
    return pd.DataFrame(labels | {str(column): table[column] for column in table if column not in columns})


def _columns(zoning: Zoning) -> list[str]:
    return [] if zoning is None else [zoning] if isinstance(zoning, str) else list(zoning)


def _text(column: pd.Series) -> pd.Series:
    """Return the group names as text, "" where there is none, whole numbers without a decimal point."""
    if pd.api.types.is_float_dtype(column.dtype):
        column = column.convert_dtypes()
    return column.astype("object").where(column.notna(), "").map(str)


def group_cells(results: pd.DataFrame, *, by: Zoning) -> Groups:
    """Find the groups, in rising order of their values; cells without a value come last, as "unclassified".

    Numbers are ordered as numbers, text as text. With `by` None everybody is one group and `labels` has no column. Only
    combinations that occur become groups.
    """
    names = _columns(by)
    require_columns(results, names)
    if not names:
        return Groups(np.zeros(len(results), dtype=np.intp), pd.DataFrame(index=pd.RangeIndex(1)))
    parts, texts = zip(*(_coded(results[name]) for name in names), strict=True)
    sizes = [len(some) for some in texts]
    number = np.ravel_multi_index(parts, sizes)
    codes, there = pd.factorize(number, sort=True)
    places = np.unravel_index(there, sizes)
    labels = {name: text[place] for name, text, place in zip(names, texts, places, strict=True)}
    return Groups(codes, pd.DataFrame(labels, dtype="str"))


def _coded(column: pd.Series) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Return the place of each value among the texts of all, in rising order of the values; none is the last place.

    Texts are made of the distinct values alone: there are a few hundred, and cells by the hundred thousand.
    """
    codes, distinct = pd.factorize(column, use_na_sentinel=True)
    found = pd.Series(distinct)
    given = (_text(found) != "").to_numpy()
    order, values = pd.factorize(found[given], sort=True)
    place = np.full(len(found) + 1, len(values), dtype=np.intp)  # one more: the code -1 of a missing value
    place[:-1][given] = order
    return place[codes], np.append(_text(pd.Series(values)).to_numpy(dtype=object), UNCLASSIFIED)


def read_times(results: pd.DataFrame, service: ServiceSpec) -> Times:
    """Return times, mask and reasons of one service; raise `InputError` where time and reason contradict each other."""
    time_column, reason_column = f"{service.key}_s", f"{service.key}_reason"
    require_columns(results, [time_column, reason_column])
    times_s = results[time_column].to_numpy(dtype=np.float64, na_value=np.nan)
    reached = np.isfinite(times_s)
    codes, distinct = pd.factorize(results[reason_column], use_na_sentinel=True)
    found = [*(str(reason) for reason in distinct), ""]  # the code -1 of a missing one is that of the last
    given = np.array([reason != "" for reason in found])[codes]
    place = np.array([REASONS.index(reason) if reason in REASONS else -1 for reason in found], dtype=np.intp)[codes]
    known = place >= 0
    checks = (
        (times_s < 0, time_column, "negative", "travel times are seconds >= 0"),
        (~reached & ~given, reason_column, "empty though the cell is not reached", "say why"),
        (reached & given, reason_column, "given though the cell is reached", "leave it empty"),
        (given & ~known, reason_column, "none of the known reasons", f"use one of {', '.join(REASONS)}"),
    )
    problems = []
    for wrong, column, fault, hint in checks:
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            value = results[column].iloc[first]
            problems.append(
                f"{column} is {fault} in {int(wrong.sum())} cells (cell {results.index[first]}: {value!r}); {hint}"
            )
    if problems:
        raise InputError.listing("results", problems)
    return Times(np.where(reached, times_s, np.inf), reached, place)
