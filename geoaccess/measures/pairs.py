"""Pairs of a cell and a site with the time between them, read from a table or an array, and the nearest among some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.kernels import catchment
from geoaccess.measures.groups import require_columns

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["Pairs", "Times", "each_once", "read_array", "read_pairs", "read_table", "site_labels"]

Times = pd.DataFrame | npt.ArrayLike
"""Times of pairs: a table of `travel_times_within`, or a matrix with a row per cell and a column per site."""

_BLOCK = 1 << 18
"""Ids at a time that are looked up."""

_CELLS = 1 << 15
"""Cells at a time: their times for every pattern of open sites stay small."""


@dataclass(frozen=True)
class Pairs:
    """What reaches what: `cell` and `site` are positions in `cells` and `sites`, in the order of both, each pair once.

    `time_s` is finite: who does not reach a site has no pair with it.
    """

    cells: pd.Index
    sites: pd.Index
    cell: npt.NDArray[np.int32]
    site: npt.NDArray[np.int32]
    time_s: npt.NDArray[np.float64]

    @cached_property
    def begins(self) -> npt.NDArray[np.intp]:
        """Where the pairs of each cell that has any begin."""
        return np.flatnonzero(np.diff(self.cell, prepend=np.int32(-1)))

    def shortest(self, usable: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return the least time of each cell over the pairs that are usable, inf where there is none."""
        time_s = np.full(len(self.cells), np.inf)
        if self.cell.size:
            time_s[self.cell[self.begins]] = np.minimum.reduceat(np.where(usable, self.time_s, np.inf), self.begins)
        return time_s

    def nearest(self, usable: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
        """Return the least time of each cell and the first site that has it, inf and -1 where there is none."""
        time_s = self.shortest(usable)
        hit = np.flatnonzero(usable & (self.time_s == time_s[self.cell]))[::-1]  # what is written last stays
        site = np.full(len(self.cells), -1, np.int32)
        site[self.cell[hit]] = self.site[hit]
        return time_s, site

    def parts(self) -> Iterator[tuple[slice, Pairs]]:
        """Yield the pairs of some cells at a time."""
        for begin in range(0, len(self.cells), _CELLS):
            part = slice(begin, min(begin + _CELLS, len(self.cells)))
            rows = slice(*np.searchsorted(self.cell, [part.start, part.stop]))
            cell = self.cell[rows] - np.int32(begin)
            yield part, Pairs(self.cells[part], self.sites, cell, self.site[rows], self.time_s[rows])


def read_pairs(times: Times, *, cells: pd.Index, sites: pd.Index) -> Pairs:
    """Read times from a table such as `within` returns, or from an array of shape (n_cells, n_sites).

    Times that are inf or NaN are left out.

    Raises
    ------
    InputError
        If an id of `cells` or `sites` stands there twice, and as `read_table` and `read_array`.
    """
    each_once("cells", cells)
    each_once("sites", sites)
    if isinstance(times, pd.DataFrame):
        hint = ("give the ids of all cells", "say of every site of the table whether it may be used")
        cell, site, seconds = read_table(times, cells, sites, hint=hint)
        finite = np.isfinite(seconds)
        if not finite.all():
            cell, site, seconds = cell[finite], site[finite], seconds[finite]
    else:
        array = read_array(times, cells, sites)
        cell, site = (place.astype(np.int32) for place in np.nonzero(np.isfinite(array)))
        seconds = array[np.isfinite(array)]
    time_s = seconds.astype(np.float64, copy=False)
    key = cell * np.int64(len(sites)) + site
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key)
        cell, site, time_s = cell[order], site[order], time_s[order]
    return Pairs(cells, sites, cell, site, time_s)


def read_array(times: npt.ArrayLike, cells: pd.Index, sites: pd.Index) -> npt.NDArray[Any]:
    """Return an array of times; raise `InputError` if its shape is not (n_cells, n_sites) or a time is below 0."""
    array = np.asarray(times)
    if array.shape != (len(cells), len(sites)) or array.dtype.kind not in "iuf":
        raise InputError(
            f"times: an array of {array.dtype} and shape {array.shape}; give seconds of shape ({len(cells)}, "
            f"{len(sites)}), a row per cell and a column per site, or a table with cell_id, site_id and travel_time_s"
        )
    if (array < 0).any():
        row, column = np.argwhere(array < 0)[0]
        raise InputError(f"times: row {row}, column {column} is {array[row, column]}; travel times are seconds >= 0")
    return array


def read_table(
    table: pd.DataFrame, cells: pd.Index, sites: pd.Index, *, hint: tuple[str, str]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.floating]]:
    """Read the pairs of a table as positions in `cells` and `sites`, and seconds, in the order of the rows.

    Raises
    ------
    InputError
        With all that is wrong: a column that is not there, unknown ids (`hint` says what to do about a cell and a
        site), a negative time, a pair that stands there twice.
    """
    require_columns(table, ["cell_id", "site_id", "travel_time_s"], subject="times")
    problems: list[str] = []
    cell = _positions(table["cell_id"], cells, problems, hint=hint[0])
    site = _positions(table["site_id"], sites, problems, hint=hint[1])
    column = table["travel_time_s"]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        times_s = column.to_numpy()
    else:
        times_s = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = times_s < 0
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        problems.append(f"travel_time_s of row {first} is {times_s[first]}; travel times are seconds >= 0")
    if not problems:
        twice = _repeated(cell, site, len(cells), len(sites))
        if twice is not None:
            names = f"cell {cells[twice[0]]!r} and site {sites[twice[1]]!r}"
            problems.append(f"{names} stand together in more than one row; give every pair once")
    if problems:
        raise InputError.listing("times", problems)
    return cell, site, times_s


def each_once(name: str, index: pd.Index) -> None:
    """Raise an `InputError` if an id stands in an index twice."""
    if not index.is_unique:
        again = index[index.duplicated()][0]
        raise InputError(f"{name}: the id {again!r} is there more than once; every id stands for one row")


def site_labels(sites: pd.Index, number: npt.NDArray[np.int32]) -> npt.NDArray[np.object_]:
    """Return the ids of sites by number, missing for -1."""
    labels: npt.NDArray[np.object_] = np.array([*sites, None], dtype=object)
    return labels[number]


def _positions(column: pd.Series, index: pd.Index, problems: list[str], *, hint: str) -> npt.NDArray[np.int32]:
    """Return where in `index` each id stands."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        place = index.get_indexer(column.cat.categories).astype(np.int32)
        found = np.append(place, np.int32(-1))[column.cat.codes.to_numpy()]
    else:
        found = np.empty(len(column), dtype=np.int32)
        for begin in range(0, len(column), _BLOCK):
            codes, ids = pd.factorize(column.iloc[begin : begin + _BLOCK])
            place = index.get_indexer(pd.Index(ids)).astype(np.int32)
            found[begin : begin + _BLOCK] = np.append(place, np.int32(-1))[codes]
    if (found < 0).any():
        lost = pd.unique(column[found < 0])
        problems.append(f"{len(lost)} values of {column.name} are not known (the first is {lost[0]!r}); {hint}")
    return found


def _repeated(
    cell: npt.NDArray[np.int32], site: npt.NDArray[np.int32], n_cells: int, n_sites: int
) -> tuple[int, int] | None:
    """Return a pair that is there more than once, if there is one."""
    row = catchment.first_repeated(cell, site, n_cells, n_sites)
    if row >= 0:
        return int(cell[row]), int(site[row])
    if row == catchment.UNORDERED:
        key = cell * np.int64(n_sites) + site
        key.sort()
        same = np.flatnonzero(key[1:] == key[:-1])
        if same.size:
            return int(key[same[0]] // n_sites), int(key[same[0]] % n_sites)
    return None
