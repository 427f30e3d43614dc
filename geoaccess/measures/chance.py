"""Access to sites that are open with some chance: offices of which only the number of days is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.pairs import Pairs, read_pairs

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.pairs import Times

__all__ = ["part_time_access"]


@checks_arguments
def part_time_access(times: Times, chance: pd.Series, *, cells: pd.Index) -> pd.DataFrame:
    """How long people need to the nearest open site where each is open with a chance of its own.

    With the sites in reach of i sorted by time, j = 1, 2, ...: site j serves if it is open and all nearer ones are
    closed, q_j = p_j prod_{l < j} (1 - p_l). open_share = sum_j q_j; when_open_s = sum_j q_j t_j / open_share;
    expected_s = sum_j q_j t_j where open_share is 1.

    Sites are taken to be open *independently* of each other. Where one doctor goes round, so that one office is open
    when another is not, more often one of them is open than this says; where all are staffed on the same days, less
    often. Where the days are known, `opening_hours_access` needs no such assumption.

    Parameters
    ----------
    times, cells
        As in `nearest_open`.
    chance
        p_j in [0, 1] by site id, such as `open_chance` returns.

    Returns
    -------
    As `opening_hours_access`: `best_s` is the time to the nearest site that is ever open, `expected_s` is inf where
    there is a chance that nothing within reach is open.

    Raises
    ------
    InputError
        As `nearest_open`, and if a chance is outside [0, 1] or missing.

    Examples
    --------
    An office ten minutes away is open two days of five, the next, half an hour away, always.

    >>> part_time_access([[600.0, 1800.0]], pd.Series({"Husøy": 0.4, "Silsand": 1.0}), cells=pd.Index(["home"]))
          best_s  open_share  when_open_s  expected_s
    home   600.0         1.0       1320.0      1320.0
    """
    given = chance.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~((given >= 0) & (given <= 1)))
    if wrong.size:
        listed = [f"{site}: {found}; give a number in [0, 1]" for site, found in chance.iloc[wrong].items()]
        raise InputError.listing("chance", listed)
    pairs = _ever_open(read_pairs(times, cells=cells, sites=chance.index), given)
    closed, total = np.ones(len(cells)), np.zeros(len(cells))
    best = pairs.shortest(np.ones(pairs.cell.size, np.bool_))
    for rows in _by_rank(pairs):
        cell, is_open = pairs.cell[rows], given[pairs.site[rows]]
        total[cell] += closed[cell] * is_open * pairs.time_s[rows]
        closed[cell] *= 1 - is_open
    covered = 1 - closed
    when_open = np.divide(total, covered, out=np.full(len(cells), np.inf), where=covered > 0)
    expected = np.where(closed == 0, total, np.inf)
    return pd.DataFrame(
        {"best_s": best, "open_share": covered, "when_open_s": when_open, "expected_s": expected}, index=cells
    )


def _ever_open(pairs: Pairs, chance: npt.NDArray[np.float64]) -> Pairs:
    rows = chance[pairs.site] > 0
    return Pairs(pairs.cells, pairs.sites, pairs.cell[rows], pairs.site[rows], pairs.time_s[rows])


def _by_rank(pairs: Pairs) -> list[npt.NDArray[np.intp]]:
    """Return the rows of the nearest site of every cell, of the second nearest, and so on."""
    if not pairs.cell.size:
        return []
    order = np.lexsort((pairs.time_s, pairs.cell))
    size = np.diff(pairs.begins, append=pairs.cell.size)
    rank = np.arange(pairs.cell.size) - np.repeat(pairs.begins, size)
    by_rank = np.argsort(rank, kind="stable")
    return np.split(order[by_rank], np.cumsum(np.bincount(rank))[:-1])
