"""Which cells reach which sites, and with what weight: read from a table or an array, walked through in blocks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.measures.pairs import each_once, read_array, read_table
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geoaccess.measures.decay import Decay

    Pairs = tuple[npt.NDArray[np.integer], npt.NDArray[np.integer], npt.NDArray[np.float64]]
    TimedPairs = tuple[
        npt.NDArray[np.integer], npt.NDArray[np.integer], npt.NDArray[np.float64], npt.NDArray[np.float64]
    ]

__all__ = ["Reach", "read_demand_and_supply", "read_supply"]

Times = pd.DataFrame | npt.ArrayLike
Given = pd.Series | npt.ArrayLike
Amounts = Given | Mapping[Hashable, float]
"""People or supply: an array in the order of the times, or by label."""

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
        for cell, site, weight in self.blocks(power):
            total += np.bincount(cell, weights=weight * per_site[site], minlength=total.size)
        return total

    def to_sites(self, per_cell: npt.NDArray[np.float64], *, power: int = 1) -> npt.NDArray[np.float64]:
        """Return sum_i w_ij^power x_i for every site j."""
        total = np.zeros(len(self.sites))
        for cell, site, weight in self.blocks(power):
            total += np.bincount(site, weights=weight * per_cell[cell], minlength=total.size)
        return total

    def blocks(self, power: int = 1) -> Iterator[Pairs]:
        """Yield cells, sites and weights of some pairs at a time."""
        for cell, site, _, weight in self.timed_blocks():
            yield cell, site, weight if power == 1 else weight**power

    def timed_blocks(self) -> Iterator[TimedPairs]:
        """Yield cells, sites, seconds and weights of some pairs at a time."""
        for cell, site, times_s in self._pairs():
            weight = self.decay(times_s)
            for limit, place in ((self.cell_cutoff_s, cell), (self.site_cutoff_s, site)):
                if limit is not None:
                    weight[times_s > limit[place]] = 0.0
            yield cell, site, times_s, weight

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
    amounts: Given = pd.Series(supply) if isinstance(supply, Mapping) else supply
    sites = _index(amounts, times, name="supply")
    reach = _read_reach(
        times, cells=cells, sites=sites, decay=decay, cell_cutoff_s=cell_cutoff_s, site_cutoff_s=site_cutoff_s
    )
    return reach, _amounts(amounts, sites, name="supply")


def read_demand_and_supply(
    times: Times,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None,
    site_cutoff_s: pd.Series | None,
) -> tuple[Reach, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Read times, demand and supply; return the weights, the people of each cell and the supply of each site."""
    amounts: Given = pd.Series(demand) if isinstance(demand, Mapping) else demand
    cells = _index(amounts, times, name="demand")
    people = _amounts(amounts, cells, name="demand")
    reach, given = read_supply(times, cells, supply, decay, cell_cutoff_s, site_cutoff_s)
    return reach, people, given


def _index(values: Given, times: Times, *, name: str) -> pd.Index:
    if isinstance(values, pd.Series):
        return values.index
    if isinstance(times, pd.DataFrame):
        raise InputError(
            f"{name}: {type(values).__name__}; with a table of times give a Series, or a mapping, on the ids"
        )
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
    each_once("cells", cells)
    each_once("sites", sites)
    cell_limit = None if cell_cutoff_s is None else _amounts(cell_cutoff_s, cells, name="cell_cutoff_s", finite=False)
    site_limit = None if site_cutoff_s is None else _amounts(site_cutoff_s, sites, name="site_cutoff_s", finite=False)
    if isinstance(times, pd.DataFrame):
        hint = (
            "give demand (or cells) for every cell of the table",
            "give supply for every site, 0 where there is none",
        )
        cell, site, times_s = read_table(times, cells, sites, hint=hint)
        return Reach(cells, sites, cell, site, times_s, decay, cell_limit, site_limit)
    return Reach(cells, sites, None, None, read_array(times, cells, sites), decay, cell_limit, site_limit)


def _amounts(values: Given, index: pd.Index, *, name: str, finite: bool = True) -> npt.NDArray[np.float64]:
    """Return one number >= 0 for each id of `index`; raise `InputError` if one is missing, negative or infinite."""
    if isinstance(values, pd.Series):
        each_once(name, values.index)
        series = values.reindex(index)
    elif np.shape(values) == (len(index),):
        series = pd.Series(np.asarray(values), index=index)
    else:
        raise InputError(f"{name}: an array of shape {np.shape(values)}; give {len(index)} numbers")
    numbers = to_numbers(series)
    wrong = ~(numbers >= 0) | (np.isinf(numbers) if finite else False)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{name}: {int(wrong.sum())} values are missing, negative{' or infinite' if finite else ''} (the first is "
            f"{series.iloc[first]} at {index[first]!r}); give every row a number >= 0"
        )
    return numbers
