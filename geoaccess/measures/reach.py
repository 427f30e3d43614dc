"""Which cells reach which sites, and with what weight: read from a table or an array, walked through in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.kernels import catchment
from geoaccess.measures.groups import require_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from geoaccess.measures.decay import Decay

    Times = pd.DataFrame | npt.ArrayLike
    Amounts = pd.Series | npt.ArrayLike
    Pairs = tuple[npt.NDArray[np.integer], npt.NDArray[np.integer], npt.NDArray[np.float64]]

__all__ = ["Reach", "read_demand_and_supply", "read_supply"]

_BLOCK = 1 << 18
"""Pairs at a time: what one block needs stays in the processor's cache."""


@dataclass(frozen=True)
class Reach:
    """A sparse matrix of weights w_ij = f(t_ij) of cells i and sites j, made anew block by block, never held.

    `cell` and `site` are positions in `cells` and `sites`, one pair a row; both are None where `times_s` is the whole
    array of shape (n_cells, n_sites).
    """

    cells: pd.Index
    sites: pd.Index
    cell: npt.NDArray[np.int32] | None
    site: npt.NDArray[np.int32] | None
    times_s: npt.NDArray[np.floating]
    decay: Decay
    cell_cutoff_s: npt.NDArray[np.float64] | None
    site_cutoff_s: npt.NDArray[np.float64] | None

    def to_cells(self, per_site: npt.NDArray[np.float64], *, power: int = 1) -> npt.NDArray[np.float64]:
        """Return sum_j w_ij^power x_j for every cell i."""
        total = np.zeros(len(self.cells))
        for cell, site, weight in self._blocks(power):
            total += np.bincount(cell, weights=weight * per_site[site], minlength=total.size)
        return total

    def to_sites(self, per_cell: npt.NDArray[np.float64], *, power: int = 1) -> npt.NDArray[np.float64]:
        """Return sum_i w_ij^power x_i for every site j."""
        total = np.zeros(len(self.sites))
        for cell, site, weight in self._blocks(power):
            total += np.bincount(site, weights=weight * per_cell[cell], minlength=total.size)
        return total

    def _blocks(self, power: int) -> Iterator[Pairs]:
        for cell, site, times_s in self._pairs():
            weight = self.decay(times_s)
            for limit, place in ((self.cell_cutoff_s, cell), (self.site_cutoff_s, site)):
                if limit is not None:
                    weight[times_s > limit[place]] = 0.0
            yield cell, site, weight if power == 1 else weight**power

    def _pairs(self) -> Iterator[Pairs]:
        if self.cell is not None and self.site is not None:
            for begin in range(0, self.times_s.size, _BLOCK):
                part = slice(begin, begin + _BLOCK)
                yield self.cell[part], self.site[part], self.times_s[part].astype(np.float64, copy=False)
            return
        n_cells, n_sites = self.times_s.shape
        rows = max(1, _BLOCK // max(1, n_sites))
        for begin in range(0, n_cells, rows):
            times_s = self.times_s[begin : begin + rows].astype(np.float64, copy=False)
            cell = np.repeat(np.arange(begin, begin + len(times_s)), n_sites)
            yield cell, np.tile(np.arange(n_sites), len(times_s)), times_s.reshape(-1)


def read_supply(
    times: Times,
    cells: pd.Index,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None,
    site_cutoff_s: pd.Series | None,
) -> tuple[Reach, npt.NDArray[np.float64]]:
    """Read times and supply; return the weights and the supply of each site."""
    sites = _index(supply, times, name="supply")
    reach = _read_reach(
        times, cells=cells, sites=sites, decay=decay, cell_cutoff_s=cell_cutoff_s, site_cutoff_s=site_cutoff_s
    )
    return reach, _amounts(supply, sites, name="supply")


def read_demand_and_supply(
    times: Times,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None,
    site_cutoff_s: pd.Series | None,
) -> tuple[Reach, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Read times, demand and supply; return the weights, the people of each cell and the supply of each site."""
    cells = _index(demand, times, name="demand")
    people = _amounts(demand, cells, name="demand")
    reach, given = read_supply(times, cells, supply, decay, cell_cutoff_s, site_cutoff_s)
    return reach, people, given


def _index(values: Amounts, times: Times, *, name: str) -> pd.Index:
    if isinstance(values, pd.Series):
        return values.index
    if isinstance(times, pd.DataFrame):
        raise InputError(f"{name}: {type(values).__name__}; with a table of times give a Series on the ids")
    return pd.RangeIndex(np.size(values))


def _read_reach(
    times: Times,
    *,
    cells: pd.Index,
    sites: pd.Index,
    decay: Decay,
    cell_cutoff_s: pd.Series | None,
    site_cutoff_s: pd.Series | None,
) -> Reach:
    """Read a table or an array of times; raise `InputError` with all that is wrong with it."""
    _each_once("cells", cells)
    _each_once("sites", sites)
    cell_limit = None if cell_cutoff_s is None else _amounts(cell_cutoff_s, cells, name="cell_cutoff_s", finite=False)
    site_limit = None if site_cutoff_s is None else _amounts(site_cutoff_s, sites, name="site_cutoff_s", finite=False)
    if isinstance(times, pd.DataFrame):
        cell, site, times_s = _read_table(times, cells, sites)
        return Reach(cells, sites, cell, site, times_s, decay, cell_limit, site_limit)
    array = np.asarray(times)
    if array.shape != (len(cells), len(sites)) or array.dtype.kind not in "iuf":
        raise InputError(
            f"times: an array of {array.dtype} and shape {array.shape}; give seconds of shape ({len(cells)}, "
            f"{len(sites)}), a row per cell and a column per site, or a table with cell_id, site_id and travel_time_s"
        )
    if (array < 0).any():
        row, column = np.argwhere(array < 0)[0]
        raise InputError(f"times: row {row}, column {column} is {array[row, column]}; travel times are seconds >= 0")
    return Reach(cells, sites, None, None, array, decay, cell_limit, site_limit)


def _read_table(
    table: pd.DataFrame, cells: pd.Index, sites: pd.Index
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.floating]]:
    require_columns(table, ["cell_id", "site_id", "travel_time_s"], subject="times")
    problems: list[str] = []
    cell = _positions(table["cell_id"], cells, problems, mend="give demand (or cells) for every cell of the table")
    site = _positions(table["site_id"], sites, problems, mend="give supply for every site, 0 where there is none")
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


def _positions(column: pd.Series, index: pd.Index, problems: list[str], *, mend: str) -> npt.NDArray[np.int32]:
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
        problems.append(f"{len(lost)} values of {column.name} are not known (the first is {lost[0]!r}); {mend}")
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


def _each_once(name: str, index: pd.Index) -> None:
    if not index.is_unique:
        again = index[index.duplicated()][0]
        raise InputError(f"{name}: the id {again!r} is there more than once; every id stands for one row")


def _amounts(values: Amounts, index: pd.Index, *, name: str, finite: bool = True) -> npt.NDArray[np.float64]:
    """Return one number >= 0 for each id of `index`; raise `InputError` if one is missing, negative or infinite."""
    if isinstance(values, pd.Series):
        _each_once(name, values.index)
        series = values.reindex(index)
    elif np.shape(values) == (len(index),):
        series = pd.Series(np.asarray(values), index=index)
    else:
        raise InputError(f"{name}: an array of shape {np.shape(values)}; give {len(index)} numbers")
    numbers = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(numbers >= 0) | (np.isinf(numbers) if finite else False)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{name}: {int(wrong.sum())} values are missing, negative{' or infinite' if finite else ''} (the first is "
            f"{series.iloc[first]} at {index[first]!r}); give every row a number >= 0"
        )
    return numbers
