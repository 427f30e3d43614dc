"""Statistics Norway's centrality index and classes: the published table, and joining it to cells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.tables import column_numbers, match_zones, missing_columns, read_table, read_text, zone_number
from geoaccess.zones.scheme_files import read_scheme

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from geoaccess.zones.schemes import CentralityScheme

__all__ = ["class_from_index", "join_centrality", "read_centrality"]

_SAME_YEAR = (
    "take cells' municipalities and table from the same year, or name a table of changed numbers in [zones] "
    "(changes = ...)"
)


@checks_arguments
def class_from_index(
    index: npt.ArrayLike, *, scheme: CentralityScheme | None = None, cuts: tuple[float, ...] | None = None
) -> pd.api.extensions.ExtensionArray:
    """Centrality class of each index value: the most central where it is at least the first cut, and so on.

    The place of the class in the scheme is the number of cuts above the index.

    Parameters
    ----------
    index
        Shape (n,); NaN where there is none.
    scheme
        The classes; those of Statistics Norway if not given.
    cuts
        The lowest index of each class but the least central, falling; those of the scheme if not given.

    Returns
    -------
    Shape (n,), missing where the index is NaN: Int8 where the ids of the scheme are numbers, else ordered categories.

    Raises
    ------
    InputError
        If the cuts do not fall, are not one fewer than the classes, or neither argument nor scheme has any.

    References
    ----------
    Høydahl (2020), "Sentralitetsindeksen. Oppdatering med 2020-kommuner", Statistics Norway, Notater 2020/4.

    Examples
    --------
    >>> class_from_index([1000, 925, 924, 564, float("nan")]).tolist()
    [1, 1, 2, 6, <NA>]
    """
    scheme = scheme or read_scheme()
    limits = (scheme if cuts is None else scheme.with_cuts(cuts)).cuts
    if limits is None:
        raise InputError(f"scheme {scheme.name} has no cuts; give cuts, the lowest index of each class but the last")
    values = np.atleast_1d(np.asarray(index, dtype=np.float64))
    places = len(limits) - np.searchsorted(np.sort(limits), values, side="right")
    return scheme.column(np.where(np.isnan(values), -1, places))


@checks_arguments
def read_centrality(
    path: str | Path,
    *,
    municipality: str = "kommunenummer",
    centrality_class: str = "sentralitetsklasse",
    index: str | None = "sentralitetsindeks",
    year: int | None = None,
    scheme: CentralityScheme | None = None,
) -> pd.DataFrame:
    """Centrality index and class of each municipality, as a statistical office publishes them, checked.

    Parameters
    ----------
    path
        A table of any kind that `read_table` takes: CSV, a spreadsheet.
    municipality, centrality_class, index
        The columns that hold them. Where the scheme says how many digits a municipality number has, numbers get back
        the leading zero that a spreadsheet took (301 is 0301). `index` may be None for a table that has classes only.
    year
        The year whose municipality numbers the table has; named in the message when numbers do not match.
    scheme
        The classes that there are; those of Statistics Norway if not given.

    Returns
    -------
    Index `municipality_id` (text, sorted); columns `centrality_index` (float, NaN when there is none),
    `centrality_class` (Int8, or categories where ids are no numbers) and `year` (Int16, <NA> when not given).

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        If a column is missing, or, listing every row at fault: a number that is not a municipality's or is there
        twice, a class that the scheme does not have, an index outside its range, a class that is not that of its index.

    References
    ----------
    Statistics Norway, KLASS 128, "Standard for sentralitet"; Høydahl (2017), "Ny sentralitetsindeks for kommunene",
    Notater 2017/40.
    """
    path = Path(path)
    scheme = scheme or read_scheme()
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
    rows["number"] = [zone_number(text, scheme.zone_digits) for text in read_text(table, municipality)]
    rows["repeated"] = rows["number"].duplicated()
    rows["index_text"] = "" if index is None else read_text(table, index)
    rows["value"] = np.nan if index is None else column_numbers(table, index)
    rows["place"] = [scheme.position(name) for name in rows["class_text"].str.replace(r"\.0+$", "", regex=True)]
    problems = _row_problems(rows, scheme, with_index=index is not None)
    if problems:
        raise InputError.listing(str(path), problems)
    return pd.DataFrame(
        {
            "centrality_index": rows["value"].to_numpy(),
            "centrality_class": scheme.column(rows["place"].to_numpy()),
            "year": pd.array([year] * len(rows), dtype="Int16"),
        },
        index=pd.Index(rows["number"].to_numpy(), name="municipality_id", dtype="str"),
    ).sort_index()


def _row_problems(rows: pd.DataFrame, scheme: CentralityScheme, *, with_index: bool) -> list[str]:
    """Return what is wrong with each row of the table, in the order of the lines."""
    problems = []
    for line, row in rows.to_dict("index").items():
        number, where = row["number"], f"row {line}: municipality {row['number']}"
        if scheme.zone_digits and not re.fullmatch(rf"[0-9]{{{scheme.zone_digits}}}", number):
            problems.append(f"row {line}: {number!r} is not a municipality number of {scheme.zone_digits} digits")
        elif not number:
            problems.append(f"row {line}: there is no number or code of a municipality")
        elif row["repeated"]:
            problems.append(f"{where} is there already; keep one row for it")
        if row["place"] < 0:
            problems.append(f"{where} has class {row['class_text']!r}; it must be {_choices(scheme)}")
        if with_index:
            problems += _index_problems(row, scheme, where)
    return problems


def _choices(scheme: CentralityScheme) -> str:
    return f"{scheme.ids[0]} to {scheme.ids[-1]}" if scheme.numbered else f"one of {', '.join(scheme.ids)}"


def _index_problems(row: Mapping[Any, Any], scheme: CentralityScheme, where: str) -> list[str]:
    value, highest = row["value"], np.inf if scheme.highest_index is None else scheme.highest_index
    if not (0 <= value <= highest and np.isfinite(value)):
        limit = f" to {highest:g}" if np.isfinite(highest) else " on"
        return [f"{where} has index {row['index_text']!r}; it must be a number from 0{limit}"]
    if row["place"] < 0 or scheme.cuts is None:
        return []
    place = sum(value < cut for cut in scheme.cuts)
    if place == row["place"]:
        return []
    found = f"{where} has class {row['class_text']} but index {row['index_text']}, which is class {scheme.ids[place]}"
    return [f"{found}; check that both columns are of the same year"]


@checks_arguments
def join_centrality(
    assigned: pd.DataFrame,
    table: pd.DataFrame,
    *,
    source: str,
    scheme: CentralityScheme | None = None,
    changes: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Give every cell the centrality of its municipality.

    Parameters
    ----------
    assigned
        From `assign`: `municipality_id` ("" where there is none), and `population` and `municipality` where the
        message should speak of people and names.
    table
        From `read_centrality` or `compute_centrality`.
    source
        What to call the table in a message, such as the name of its file.
    scheme
        Which numbers of municipalities belong to which years; Norway's if not given.
    changes
        New number by old number, where the two are of different years: see `geoaccess.tables.read_zone_changes`.

    Returns
    -------
    `assigned` with `centrality_index` (float, NaN where there is none) and `centrality_class` (as in the table, <NA>
    where there is none). Cells without a municipality keep <NA>; they are not dropped.

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
    code, distinct = pd.factorize(assigned["municipality_id"])  # of many cells there are few municipalities
    given = match_zones(pd.Series(distinct), table.index, changes=changes)
    place = np.append(table.index.get_indexer(pd.Index(given)), -1)  # the code of nothing is -1, too
    row, unknown = place[code], np.append((place[:-1] < 0) & (given != "").to_numpy(), False)[code]
    if unknown.any():
        years = table["year"].dropna().unique().tolist() if "year" in table.columns else []
        of_year = f" of {years[0]}" if len(years) == 1 else ""
        problems = []
        for number, rows in assigned[unknown].groupby("municipality_id"):
            name = f" {rows['municipality'].iloc[0]}" if "municipality" in rows.columns else ""
            people = f" and {rows['population'].sum():,.0f} people" if "population" in rows.columns else ""
            reason = _likely_reason(str(number), scheme or read_scheme())
            problems.append(f"municipality {number}{name}, with {len(rows)} cells{people}, is not in it; {reason}")
        raise InputError.listing(f"centrality table{of_year} {source}", problems)
    found = table[["centrality_index", "centrality_class"]].reset_index(drop=True).reindex(row)  # -1 is no row
    return assigned.assign(
        centrality_index=found["centrality_index"].to_numpy(dtype=np.float64),
        centrality_class=found["centrality_class"].array,
    )


def _likely_reason(number: str, scheme: CentralityScheme) -> str:
    """Say why a municipality number may be missing from a table, and how to fix it."""
    for years, starts in scheme.zone_years.items():
        start = next((start for start in starts if number.startswith(start)), None)
        if start is not None:
            return f"county {start} was in use in {years}: {_SAME_YEAR}"
    return f"it may have merged, split or changed number: {_SAME_YEAR}"
