"""Supply within reach shared with the others who reach it: floating catchments and spatial availability.

Every measure is a product or two with the matrix of weights w_ij = f(t_ij), f the decay, 0 beyond a cutoff; only a
block of it is held at a time, so a country of cells takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.reach import read_demand_and_supply

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.decay import Decay
    from geoaccess.measures.reach import Amounts, Times

__all__ = ["balanced", "site_demand", "spatial_availability", "three_step", "two_step"]


@checks_arguments
def two_step(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Supply per head within reach, by the enhanced two-step floating catchment area (E2SFCA).

    R_j = S_j / sum_k f(t_kj) D_k at each site, then A_i = sum_j f(t_ij) R_j. With `Binary` it is the 2SFCA of Luo and
    Wang (2003), with `Stepped` the E2SFCA of Luo and Qi (2009). All supply that somebody reaches is handed out:
    sum_i D_i A_i = the sum of S_j over the sites with people in reach.

    Parameters
    ----------
    times, supply, decay, cell_cutoff_s, site_cutoff_s
        As in `gravity`.
    demand
        People of each cell, >= 0: a Series or mapping on the ids of all cells, or with an array of times one number per
        row.

    Returns
    -------
    Series `two_step`, supply per person, on the index of demand; 0 where nothing is in reach, and where nobody, not
    even from elsewhere, lives in reach of what is. A cell without people has what somebody living there would find.

    Raises
    ------
    InputError
        As `gravity`, and if demand is missing, negative or infinite.

    References
    ----------
    Luo and Wang (2003), Environment and Planning B 30(6), 865-884. Luo and Qi (2009), Health & Place 15(4), 1100-1107.

    Examples
    --------
    Two doctors within reach of 1000 and 3000 people, one more for the 3000 only: 2/4000, and 2/4000 + 1/3000.

    >>> from geoaccess.measures import Binary
    >>> two_step([[600, 3600], [900, 300]], demand=[1000, 3000], supply=[2, 1], decay=Binary(1800)).round(6)
    0    0.000500
    1    0.000833
    Name: two_step, dtype: float64
    """
    reach, people, given = read_demand_and_supply(times, demand, supply, decay, cell_cutoff_s, site_cutoff_s)
    found = reach.to_cells(_per_head(given, reach.to_sites(people)))
    return pd.Series(found, index=reach.cells, name="two_step")


@checks_arguments
def three_step(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Supply per head where people choose between the sites in reach, by the three-step floating catchment (3SFCA).

    G_ij = f(t_ij) / sum_l f(t_il), the share of the people of i who turn to j; R_j = S_j / sum_k G_kj f(t_kj) D_k;
    A_i = sum_j G_ij f(t_ij) R_j. So people with several sites near are not counted fully at each of them, as they are
    by `two_step`. All supply that somebody reaches is handed out, as there. A site that gives nothing draws people,
    too: take its rows out of `times` where nobody would turn to it.

    Parameters
    ----------
    times, demand, supply, decay, cell_cutoff_s, site_cutoff_s
        As in `two_step`.

    Returns
    -------
    Series `three_step`, supply per person, on the index of demand; 0 where nothing is in reach.

    Raises
    ------
    InputError
        As `two_step`.

    References
    ----------
    Wan, Zou and Sternberg (2012), International Journal of Geographical Information Science 26(6), 1073-1089.

    Examples
    --------
    The 3000 people have two sites near and turn half to each: 2 / 2500; half of it and half of 1 / 1500.

    >>> from geoaccess.measures import Binary
    >>> three_step([[600, 3600], [900, 300]], demand=[1000, 3000], supply=[2, 1], decay=Binary(1800)).round(6)
    0    0.000800
    1    0.000733
    Name: three_step, dtype: float64
    """
    reach, people, given = read_demand_and_supply(times, demand, supply, decay, cell_cutoff_s, site_cutoff_s)
    all_sites = reach.to_cells(np.ones(given.size))
    at_sites = reach.to_sites(_per_head(people, all_sites), power=2)
    found = _per_head(reach.to_cells(_per_head(given, at_sites), power=2), all_sites)
    return pd.Series(found, index=reach.cells, name="three_step")


@checks_arguments
def balanced(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Level of service by the balanced floating catchment area: each person and each site is shared out once.

    P_j = sum_i D_i f(t_ij) / sum_l f(t_il), so that sum_j P_j = the people who reach a site; R_j = S_j / P_j;
    A_i = sum_j R_j f(t_ij) / sum_k f(t_kj), so that sum_i A_i = sum_j R_j.

    The second share is between cells, not people: the numbers fall as the same area is cut into more cells, and cells
    without people take a part. Compare it within one grid only; for supply per person see `two_step`. A site that gives
    nothing draws people, too: take its rows out of `times` where nobody would turn to it.

    Parameters
    ----------
    times, demand, supply, decay, cell_cutoff_s, site_cutoff_s
        As in `two_step`.

    Returns
    -------
    Series `balanced`, on the index of demand; 0 where nothing is in reach.

    Raises
    ------
    InputError
        As `two_step`.

    References
    ----------
    Paez, Higgins and Vivona (2019), PLoS ONE 14(6), e0218773.

    Examples
    --------
    The sites have 1000 + 1500 and 1500 people: 2 / 2500, half to each cell, and 1 / 1500.

    >>> from geoaccess.measures import Binary
    >>> balanced([[600, 3600], [900, 300]], demand=[1000, 3000], supply=[2, 1], decay=Binary(1800)).round(6)
    0    0.000400
    1    0.001067
    Name: balanced, dtype: float64
    """
    reach, people, given = read_demand_and_supply(times, demand, supply, decay, cell_cutoff_s, site_cutoff_s)
    at_sites = reach.to_sites(_per_head(people, reach.to_cells(np.ones(given.size))))
    level = _per_head(given, at_sites)
    found = reach.to_cells(_per_head(level, reach.to_sites(np.ones(people.size))))
    return pd.Series(found, index=reach.cells, name="balanced")


@checks_arguments
def spatial_availability(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Supply that falls to each cell when every site is shared between cells by people and nearness.

    V_i = sum_j S_j D_i f(t_ij) / sum_k D_k f(t_kj). Each site is handed out once: sum_i V_i = the sum of S_j over the
    sites with people in reach. Divided by the people of the cell it is `two_step`.

    Parameters
    ----------
    times, demand, supply, decay, cell_cutoff_s, site_cutoff_s
        As in `two_step`.

    Returns
    -------
    Series `spatial_availability`, in the unit of supply (not per person), on the index of demand; 0 where nothing is in
    reach or nobody lives.

    Raises
    ------
    InputError
        As `two_step`.

    References
    ----------
    Soukhov, Paez, Higgins and Mohamed (2023), PLoS ONE 18(1), e0278468, with its exponent of demand set to 1.

    Examples
    --------
    >>> from geoaccess.measures import Binary
    >>> spatial_availability([[600, 3600], [900, 300]], demand=[1000, 3000], supply=[2, 1], decay=Binary(1800))
    0    0.5
    1    2.5
    Name: spatial_availability, dtype: float64
    """
    reach, people, given = read_demand_and_supply(times, demand, supply, decay, cell_cutoff_s, site_cutoff_s)
    found = people * reach.to_cells(_per_head(given, reach.to_sites(people)))
    return pd.Series(found, index=reach.cells, name="spatial_availability")


@checks_arguments
def site_demand(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    measure: Literal["two_step", "three_step", "balanced"] = "two_step",
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.DataFrame:
    """How many people turn to each site, by the first step of a floating catchment, and what it gives per person.

    two_step: sum_i f(t_ij) D_i, who may count at several sites; three_step: sum_i G_ij f(t_ij) D_i; balanced: sum_i
    G_ij D_i, where everybody counts once. G as in `three_step`.

    Parameters
    ----------
    times, demand, supply, decay, cell_cutoff_s, site_cutoff_s
        As in `two_step`.
    measure
        Whose first step it is; that of `spatial_availability` is the one of `two_step`.

    Returns
    -------
    One row per site, on the index of supply: `supply`, `demand` (people, weighted) and `supply_per_person`, 0 where
    nobody is in reach.

    Raises
    ------
    InputError
        As `two_step`, or if `measure` is another word.

    Examples
    --------
    >>> from geoaccess.measures import Binary
    >>> times = [[600, 3600], [900, 300]]
    >>> site_demand(times, demand=[1000, 3000], supply=[2, 1], decay=Binary(1800), measure="balanced")
       supply  demand  supply_per_person
    0     2.0  2500.0           0.000800
    1     1.0  1500.0           0.000667
    """
    if measure not in ("two_step", "three_step", "balanced"):
        raise InputError(f"site_demand: measure is {measure!r}; use 'two_step', 'three_step' or 'balanced'")
    reach, people, given = read_demand_and_supply(times, demand, supply, decay, cell_cutoff_s, site_cutoff_s)
    if measure != "two_step":
        people = _per_head(people, reach.to_cells(np.ones(given.size)))
    at_sites = reach.to_sites(people, power=2 if measure == "three_step" else 1)
    return pd.DataFrame(
        {"supply": given, "demand": at_sites, "supply_per_person": _per_head(given, at_sites)}, index=reach.sites
    )


def _per_head(amount: npt.NDArray[np.float64], heads: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return amount / heads, 0 where there are none."""
    return np.divide(amount, heads, out=np.zeros(heads.shape), where=heads > 0)
