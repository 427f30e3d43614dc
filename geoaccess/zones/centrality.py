"""Statistics Norway's centrality index and classes: the published table, and joining it to cells."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.tables import column_numbers, missing_columns, read_table, read_text

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["CUTS", "class_from_index", "join_centrality", "read_centrality"]

CUTS = (925.0, 870.0, 775.0, 670.0, 565.0)
"""The lowest index of classes 1 to 5 (Statistics Norway, KLASS 128); below the last is class 6."""

HIGHEST_INDEX = 1000
MUNICIPALITY_DIGITS = 4

# The first two digits of a municipality number are its county; these were in use in some years only.
COUNTIES_BY_YEARS = {
    "2019 and before": "01 02 04 05 06 07 08 09 10 12 14 16 17 19 20",
    "2020-2023": "30 38 54",
    "2024 and later": "31 32 33 39 40 55 56",
}


def class_from_index(index: npt.ArrayLike, *, cuts: tuple[float, ...] = CUTS) -> pd.arrays.IntegerArray:
    """Centrality class of each index value: 1 (most central) where it is at least the first cut, and so on.

    class = 1 + the number of cuts above the index.

    Parameters
    ----------
    index
        Shape (n,), 0 to 1000; NaN where there is none.
    cuts
        The lowest index of each class but the last, falling.

    Returns
    -------
    Int8 array of shape (n,), 1 to len(cuts) + 1, <NA> where the index is NaN.

    Raises
    ------
    InputError
        If the cuts do not fall.

    References
    ----------
    Høydahl (2020), "Sentralitetsindeksen. Oppdatering med 2020-kommuner", Statistics Norway, Notater 2020/4.

    Examples
    --------
    >>> class_from_index([1000, 925, 924, 564, float("nan")]).tolist()
    [1, 1, 2, 6, <NA>]
    """
    if any(not higher > lower for higher, lower in itertools.pairwise(cuts)):
        raise InputError(f"cuts are {cuts}; write the lowest index of each class from the most central on, falling")
    values = np.asarray(index, dtype=np.float64)
    rising = np.sort(np.asarray(cuts, dtype=np.float64))
    classes = (len(cuts) + 1 - np.searchsorted(rising, values, side="right")).astype(np.int8)
    missing = np.isnan(values)
    return pd.arrays.IntegerArray(np.where(missing, np.int8(1), classes), missing)


def read_centrality(
    path: Path,
    *,
    municipality: str = "kommunenummer",
    centrality_class: str = "sentralitetsklasse",
    index: str | None = "sentralitetsindeks",
    year: int | None = None,
) -> pd.DataFrame:
    """Centrality index and class of each municipality, as Statistics Norway publishes them, checked.

    Parameters
    ----------
    path
        A table of any kind that `read_table` takes: CSV, a spreadsheet.
    municipality, centrality_class, index
        The columns that hold them. Municipality numbers get back the leading zero that a spreadsheet took (301 is
        0301). `index` may be None for a table that has classes only.
    year
        The year whose municipality numbers the table has; named in the message when numbers do not match.

    Returns
    -------
    Index `municipality_id` (text of four digits, sorted); columns `centrality_index` (float, NaN when there is none),
    `centrality_class` (Int8, 1 to 6) and `year` (Int16, <NA> when not given).

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        If a column is missing, or, listing every row at fault: a number that is not a municipality's or is there
        twice, a class that is not 1 to 6, an index outside 0 to 1000, a class that is not the one of its index.

    References
    ----------
    Statistics Norway, KLASS 128, "Standard for sentralitet"; Høydahl (2017), "Ny sentralitetsindeks for kommunene",
    Notater 2017/40.
    """
    table = read_table(path)
    columns = [column for column in (municipality, centrality_class, index) if column is not None]
    absent = missing_columns(table, columns)
    if absent:
        raise InputError.listing(str(path), absent)
    texts = pd.DataFrame({column: read_text(table, column) for column in columns})
    table = table[(texts != "").any(axis=1)]
    if table.empty:
        raise InputError(f"{path}: has no rows; give one per municipality")
    rows = pd.DataFrame({"class_text": read_text(table, centrality_class)})
    numbers = read_text(table, municipality).str.replace(r"\.0+$", "", regex=True)
    rows["number"] = numbers.where(numbers == "", numbers.str.zfill(MUNICIPALITY_DIGITS))
    rows["repeated"] = rows["number"].duplicated()
    rows["index_text"] = "" if index is None else read_text(table, index)
    rows["value"] = np.nan if index is None else column_numbers(table, index)
    rows["given"] = column_numbers(table, centrality_class)
    rows["expected"] = class_from_index(rows["value"])
    problems = _row_problems(rows, with_index=index is not None)
    if problems:
        raise InputError.listing(str(path), problems)
    return pd.DataFrame(
        {
            "centrality_index": rows["value"].to_numpy(),
            "centrality_class": rows["given"].astype("Int8").array,
            "year": pd.array([year] * len(rows), dtype="Int16"),
        },
        index=pd.Index(rows["number"].to_numpy(), name="municipality_id", dtype="str"),
    ).sort_index()


def _row_problems(rows: pd.DataFrame, *, with_index: bool) -> list[str]:
    """Return what is wrong with each row of the table, in the order of the lines."""
    problems = []
    for line, row in rows.to_dict("index").items():
        number, where = row["number"], f"row {line}: municipality {row['number']}"
        if not re.fullmatch(rf"[0-9]{{{MUNICIPALITY_DIGITS}}}", number):
            problems.append(f"row {line}: {number!r} is not a municipality number of {MUNICIPALITY_DIGITS} digits")
        elif row["repeated"]:
            problems.append(f"{where} is there already; keep one row for it")
        is_class = row["given"] in range(1, len(CUTS) + 2)
        if not is_class:
            problems.append(f"{where} has class {row['class_text']!r}; it must be 1 to {len(CUTS) + 1}")
        if not with_index:
            continue
        if not 0 <= row["value"] <= HIGHEST_INDEX:
            problems.append(f"{where} has index {row['index_text']!r}; it must be a number from 0 to {HIGHEST_INDEX}")
        elif is_class and row["given"] != row["expected"]:
            problems.append(
                f"{where} has class {row['class_text']} but index {row['index_text']}, which is class "
                f"{row['expected']}; check that both columns are of the same year"
            )
    return problems


def join_centrality(assigned: pd.DataFrame, table: pd.DataFrame, *, source: str) -> pd.DataFrame:
    """Give every cell the centrality of its municipality.

    Parameters
    ----------
    assigned
        From `assign`: `municipality_id` ("" where there is none), and `population` and `municipality` where the
        message should tell of people and names.
    table
        From `read_centrality` or `compute_centrality`.
    source
        What to call the table in a message, such as the name of its file.

    Returns
    -------
    `assigned` with `centrality_index` (float, NaN where there is none) and `centrality_class` (Int8, <NA> where there
    is none). Cells without a municipality keep <NA>; they are not dropped.

    Raises
    ------
    InputError
        If the cells have municipalities that the table has not: every number is listed, with its cells and people
        and the likely reason, most often that the two are of different years.

    Examples
    --------
    >>> assigned = pd.DataFrame({"municipality_id": ["5501", ""]})
    >>> table = pd.DataFrame(
    ...     {"centrality_index": [803.0], "centrality_class": pd.array([3], dtype="Int8")}, index=["5501"])
    >>> join_centrality(assigned, table, source="centrality_2024.csv")
      municipality_id  centrality_index  centrality_class
    0            5501             803.0                 3
    1                               NaN              <NA>
    """
    given = assigned["municipality_id"]
    unknown = (given != "") & ~given.isin(table.index)
    if unknown.any():
        known = set(table.index)
        years = table["year"].dropna().unique().tolist() if "year" in table.columns else []
        of_year = f" of {years[0]}" if len(years) == 1 else ""
        problems = []
        for number, rows in assigned[unknown].groupby("municipality_id"):
            name = f" {rows['municipality'].iloc[0]}" if "municipality" in rows.columns else ""
            people = f" and {rows['population'].sum():,.0f} people" if "population" in rows.columns else ""
            reason = _likely_reason(str(number), known)
            problems.append(f"municipality {number}{name}, with {len(rows)} cells{people}, is not in it; {reason}")
        raise InputError.listing(f"centrality table{of_year} {source}", problems)
    found = table[["centrality_index", "centrality_class"]].reindex(given.to_numpy())
    return assigned.assign(
        centrality_index=found["centrality_index"].to_numpy(dtype=np.float64),
        centrality_class=found["centrality_class"].astype("Int8").array,
    )


def _likely_reason(number: str, known: set[str]) -> str:
    """Say why a municipality number may be missing from a table, and how to fix it."""
    if number.zfill(MUNICIPALITY_DIGITS) in known:
        return f"a leading zero is lost: write {number.zfill(MUNICIPALITY_DIGITS)}"
    for years, counties in COUNTIES_BY_YEARS.items():
        if number[:2] in counties.split():
            return f"county {number[:2]} was in use in {years}: take cells' municipalities and table from the same year"
    return "it may have merged, split or changed number: take cells' municipalities and table from the same year"
