"""Supply within reach, whoever else uses it: cumulative opportunities and gravity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.decay import Binary
from geoaccess.measures.reach import read_supply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.measures.decay import Decay
    from geoaccess.measures.reach import Amounts, Times

__all__ = ["cumulative_interval", "cumulative_opportunities", "gravity"]


@checks_arguments
def cumulative_opportunities(
    times: Times,
    *,
    supply: Amounts,
    cutoff_s: float,
    cells: pd.Index | None = None,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Supply that can be reached within a time.

    A_i = sum_{j: t_ij <= cutoff} S_j. With a supply of 1 for each site it is the number of sites.

    Parameters
    ----------
    times, supply, cells, cell_cutoff_s, site_cutoff_s
        As in `gravity`.
    cutoff_s
        Seconds; inf counts all that can be reached.

    Returns
    -------
    Series `cumulative_opportunities`, in the unit of supply, on the index of the cells; 0 where nothing is in reach.

    Raises
    ------
    InputError
        As `gravity`.

    References
    ----------
    Wachs and Kumagai (1973), Socio-Economic Planning Sciences 7(5), 437-456.

    Examples
    --------
    >>> cumulative_opportunities([[600, 1200], [2400, float("inf")]], supply=[3, 2], cutoff_s=1800)
    0    5.0
    1    0.0
    Name: cumulative_opportunities, dtype: float64
    """
    found = gravity(
        times,
        supply=supply,
        decay=Binary(cutoff_s),
        cells=cells,
        cell_cutoff_s=cell_cutoff_s,
        site_cutoff_s=site_cutoff_s,
    )
    return found.rename("cumulative_opportunities")


@checks_arguments
def cumulative_interval(
    times: Times,
    *,
    supply: Amounts,
    cutoffs_s: Sequence[float],
    summary: Literal["mean", "median", "least", "most"] = "mean",
    cells: pd.Index | None = None,
) -> pd.Series:
    """Supply that can be reached within a time, over several times: no single cutoff decides.

    A_i = mean (median, least, most) over c of sum_{j: t_ij <= c} S_j. The mean over all times of an interval is
    `gravity` with a `Linear` decay from its beginning to its end, which a study asks for as a decay.

    Parameters
    ----------
    times, supply, cells
        As in `gravity`.
    cutoffs_s
        Seconds, each above 0, such as every minute from 20 to 40.
    summary
        What is taken of the values at all cutoffs.

    Returns
    -------
    Series `cumulative_interval`, in the unit of supply, on the index of the cells.

    Raises
    ------
    InputError
        As `gravity`; or if there is no cutoff, or `summary` is unknown.

    References
    ----------
    Tomasiello, Herszenhut, Oliveira, Braga and Pereira (2023), "A time interval metric for cumulative opportunity
    accessibility", Applied Geography 157, 103007.

    Examples
    --------
    >>> cumulative_interval([[600, 1200], [2400, 1500]], supply=[3, 2], cutoffs_s=[900, 1200, 1800])
    0    4.333333
    1    0.666667
    Name: cumulative_interval, dtype: float64
    """
    summaries: dict[str, Any] = {"mean": np.mean, "median": np.median, "least": np.min, "most": np.max}
    if summary not in summaries:
        raise InputError(f"summary is {summary!r}; it must be one of {', '.join(summaries)}")
    if not len(cutoffs_s):
        raise InputError("cutoffs_s: give at least one time")
    found = [cumulative_opportunities(times, supply=supply, cutoff_s=cutoff, cells=cells) for cutoff in cutoffs_s]
    summed = summaries[summary](np.column_stack([one.to_numpy() for one in found]), axis=1)
    return pd.Series(summed, index=found[0].index, name="cumulative_interval")


@checks_arguments
def gravity(
    times: Times,
    *,
    supply: Amounts,
    decay: Decay,
    cells: pd.Index | None = None,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Supply within reach, less the further away it is; others who use it are not counted (Hansen).

    A_i = sum_j S_j f(t_ij).

    Parameters
    ----------
    times
        A table with one row per pair of cell and site that may be in reach: `cell_id`, `site_id` (values of the index
        of cells and supply) and `travel_time_s` (seconds; inf and NaN are not reached), no pair twice; categories, one
        cell after the other, are read fastest. Or an array of shape (n_cells, n_sites), seconds.
    supply
        What each site gives, >= 0: a Series or mapping on the ids of the sites, or with an array of times one number
        per column.
    decay
        How much a site counts at a time: `Binary`, `Stepped`, `Linear`, `Exponential`, `Gaussian`, `Power` or
        `Logistic`.
    cells
        The index of all cells, those that reach nothing too; with an array of times it may be left out.
    cell_cutoff_s, site_cutoff_s
        Variable catchments: how far people of each cell travel, or from how far each site is used: seconds on the ids,
        inf where there is no limit. A pair counts if its time is within these and the decay's cutoff.

    Returns
    -------
    Series `gravity`, in the unit of supply, on the index of the cells; 0 where nothing is in reach.

    Raises
    ------
    InputError
        If a column is missing, an id is unknown or repeated, a pair is there twice, a time is negative, or supply or a
        cutoff is missing, negative or (supply) infinite.

    References
    ----------
    Hansen (1959), Journal of the American Institute of Planners 25(2), 73-76. Variable catchments: Luo and Whippo
    (2012), Health & Place 18(4), 789-795.

    Examples
    --------
    >>> from geoaccess.measures import Stepped
    >>> decay = Stepped(edges_s=(900, 1800), weights=(1, 0.5))
    >>> gravity([[600, 1200], [2400, float("inf")]], supply=[3, 2], decay=decay)
    0    4.0
    1    0.0
    Name: gravity, dtype: float64
    """
    if cells is None:
        if isinstance(times, pd.DataFrame):
            raise InputError(
                "cells is missing: the table of times leaves out cells that reach nothing; pass the index of all cells"
            )
        cells = pd.RangeIndex(len(np.asarray(times)))
    reach, given = read_supply(times, cells, supply, decay, cell_cutoff_s, site_cutoff_s)
    return pd.Series(reach.to_cells(given), index=cells, name="gravity")
