"""What it takes to reach enough: the time to a given supply, and the balancing time of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.pairs import read_pairs
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.reach import Amounts, Times

__all__ = ["balancing_time", "time_to_supply"]

_ROUNDING = 1e-9
"""A sum that falls short of what is wanted by no more than this share of it is enough."""


@checks_arguments
def time_to_supply(
    times: Times, *, supply: Amounts, amount: float | pd.Series, cells: pd.Index | None = None
) -> pd.Series:
    """Shortest time within which so much supply can be reached: with a supply of 1 each, the time to the k-th site.

    t_i = min {t: sum_{j: t_ij <= t} S_j >= amount_i}.

    Parameters
    ----------
    times, supply, cells
        As in `gravity`.
    amount
        How much is wanted, >= 0: one number, or one for each cell (a Series on their ids).

    Returns
    -------
    Series `time_to_supply`, seconds, on the index of the cells; inf where the times do not reach so much, 0 where
    nothing is wanted.

    Raises
    ------
    InputError
        As `gravity`, or if an amount is missing, negative or infinite.

    References
    ----------
    Pereira and Herszenhut (2023), accessibility: Transport Accessibility Measures, R package, `cost_to_closest`.

    Examples
    --------
    >>> times = [[600, 1200, 2400], [300, float("inf"), 900]]
    >>> time_to_supply(times, supply=[1, 1, 1], amount=2)
    0    1200.0
    1     900.0
    Name: time_to_supply, dtype: float64
    >>> time_to_supply(times, supply=[1, 5, 3], amount=5).tolist()
    [1200.0, inf]
    """
    wanted = pd.Series(supply) if isinstance(supply, Mapping) else supply
    sites = wanted.index if isinstance(wanted, pd.Series) else pd.RangeIndex(np.size(np.asarray(wanted)))
    if cells is None:
        if isinstance(amount, pd.Series):
            cells = amount.index
        elif isinstance(times, pd.DataFrame):
            raise InputError(
                "cells is missing: the table of times leaves out cells that reach nothing; pass the index of all cells"
            )
        else:
            cells = pd.RangeIndex(len(np.asarray(times)))
    given = _amounts("supply", wanted, sites)
    least = _amounts("amount", amount if isinstance(amount, pd.Series) else np.full(len(cells), amount), cells)
    pairs = read_pairs(times, cells=cells, sites=sites)
    order = np.lexsort((pairs.time_s, pairs.cell))
    cell, time_s = pairs.cell[order], pairs.time_s[order]
    summed = np.cumsum(given[pairs.site[order]])
    before = np.zeros(len(cells))
    begins = np.flatnonzero(np.diff(cell, prepend=np.int32(-1)))
    before[cell[begins]] = np.append(0.0, summed)[begins]
    found = np.where(least > 0, np.inf, 0.0)
    # What rounding leaves of large sums is no shortfall either.
    slack = _ROUNDING * least + np.finfo(np.float64).eps * (summed[-1] if summed.size else 0.0)
    enough = np.flatnonzero(summed - before[cell] >= (least - slack)[cell])[::-1]  # what is written last stays
    found[cell[enough]] = np.where(least[cell[enough]] > 0, time_s[enough], 0.0)
    return pd.Series(found, index=cells, name="time_to_supply")


@checks_arguments
def balancing_time(times: Times, *, demand: pd.Series | npt.ArrayLike, supply: Amounts) -> pd.Series:
    """Shortest time within which the people of a cell reach as much supply as there are people in the cell.

    t_i = min {t: sum_{j: t_ij <= t} S_j >= D_i}: of list places of GPs, or of beds times the people for each.

    Parameters
    ----------
    times, supply
        As in `two_step`.
    demand
        The people of each cell, >= 0.

    Returns
    -------
    Series `balancing_time`, seconds, on the index of demand; inf where the times do not reach so much, 0 where nobody
    lives.

    Raises
    ------
    InputError
        As `time_to_supply`.

    References
    ----------
    Barboza, Carneiro, Falavigna, Luz and Orrico (2021), "Balancing time: using a new accessibility measure in Rio de
    Janeiro", Journal of Transport Geography 90, 102924.

    Examples
    --------
    >>> balancing_time([[600, 1200], [900, 300]], demand=[1000, 3000], supply=[1200, 1500])
    0    600.0
    1      inf
    Name: balancing_time, dtype: float64
    """
    if np.ndim(demand) != 1:
        raise InputError(f"demand has the shape {np.shape(demand)}; give the people of each cell")
    people = demand if isinstance(demand, pd.Series) else pd.Series(np.asarray(demand))
    return time_to_supply(times, supply=supply, amount=people).rename("balancing_time")


def _amounts(name: str, values: pd.Series | npt.ArrayLike, index: pd.Index) -> npt.NDArray[np.float64]:
    """Return a number >= 0 for each id."""
    series = values.reindex(index) if isinstance(values, pd.Series) else pd.Series(np.asarray(values), index=index)
    numbers = np.asarray(to_numbers(series), np.float64)
    wrong = ~((numbers >= 0) & np.isfinite(numbers))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{name}: {int(wrong.sum())} values are missing, negative or infinite (the first is {series.iloc[first]} "
            f"at {index[first]!r}); give numbers >= 0"
        )
    return numbers
