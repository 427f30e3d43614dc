"""The rational agent access model (RAAM): people weigh the way to a site against how crowded it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import RAAM_TAU_MIN
from geoaccess.errors import InputError
from geoaccess.kernels.agents import settle_agents
from geoaccess.measures.decay import Binary
from geoaccess.measures.reach import read_demand_and_supply

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.reach import Amounts, Reach, Times

__all__ = ["raam", "raam_cost", "raam_site_demand", "raam_with_sites"]

_TOLERANCE, _ROUNDS = 1e-5, 20_000


class _Settled(NamedTuple):
    """Where everybody goes: the cost of each cell (inf: nothing in reach), the people and the supply of each site.

    `cost_of_one` is the cost of a cell, where nobody lives in it that of one person at the least.
    """

    cells: pd.Index
    sites: pd.Index
    cost: npt.NDArray[np.float64]
    cost_of_one: npt.NDArray[np.float64]
    crowd: npt.NDArray[np.float64]
    supply: npt.NDArray[np.float64]
    rho: float


@checks_arguments
def raam_cost(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    cutoff_s: float,
    tau_s: float = RAAM_TAU_MIN * 60,
    rho: float | None = None,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Cost of care to the people of each cell when all choose what is best for them: travel and crowding together.

    The people of cell i who go to site j have the cost c_ij = (P_j / S_j) / rho + t_ij / tau, with P_j all who go to j.
    Everybody chooses so that nobody would have less elsewhere; then all sites that the people of a cell use cost them
    the same, c_i, which is the least of all in reach. It is unique, as it is the solution of a convex problem (minimise
    sum_j P_j^2 / (2 rho S_j) + sum_ij x_ij t_ij / tau), and solved to a regret of 0.00001. With no travel and supply in
    proportion everywhere the cost is 1; a cost of 2 is care twice as crowded as the mean, or tau away.

    Parameters
    ----------
    times, demand, supply, cell_cutoff_s, site_cutoff_s
        As in `two_step`.
    cutoff_s
        Nobody goes farther, seconds.
    tau_s
        Seconds of travel that weigh as much as the mean crowding.
    rho
        People per supply that count as crowding 1; all demand over all supply unless given.

    Returns
    -------
    Series `raam_cost`, on the index of demand; inf where nothing is in reach. A cell without people has what somebody
    living there would find; 0 is a site at no distance that nobody goes to, so that care there costs nothing.

    Raises
    ------
    InputError
        As `two_step`; if `tau_s`, `cutoff_s` or `rho` is not above 0; or if there are no people, or no supply.

    References
    ----------
    Saxon and Snow (2020), A rational agent model for the spatial accessibility of primary health care, Annals of the
    American Association of Geographers 110(1), 205-222.

    Examples
    --------
    Of 300 people at one of two sites that are alike, half an hour apart, 50 go to the other: 250 / 150 = 50 / 150 + 4/3
    where an hour weighs 8/3.

    >>> times = [[0, 1800], [1800, 0]]
    >>> cost = raam_cost(times, demand=[300, 0], supply=[1, 1], cutoff_s=3600, tau_s=1350)
    >>> cost.round(3).tolist()
    [1.667, 0.333]
    """
    found = _settled(times, demand, supply, cutoff_s, tau_s, rho, cell_cutoff_s, site_cutoff_s)
    return pd.Series(found.cost, index=found.cells, name="raam_cost")


@checks_arguments
def raam(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    cutoff_s: float,
    tau_s: float = RAAM_TAU_MIN * 60,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Supply per person that is worth as much as what the people of a cell find, by the rational agent access model.

    A_i = (sum_j S_j / sum_i D_i) / c_i with c_i the cost of `raam_cost`: the mean supply per person where the cost is
    1, and half of that where care costs twice as much, in travel or crowding. In a cell without people c_i is no less
    than what the first person at its site would make it, 1 / (rho S_j): a site that nobody goes to, at no distance,
    gives all it has to that person, A_i = S_j, and not without end.

    Parameters
    ----------
    times, demand, supply, cutoff_s, tau_s, cell_cutoff_s, site_cutoff_s
        As in `raam_cost`.

    Returns
    -------
    Series `raam`, supply per person, on the index of demand; finite, and 0 where nothing is in reach.

    Raises
    ------
    InputError
        As `raam_cost`.

    References
    ----------
    As `raam_cost`.

    Examples
    --------
    >>> times = [[0, 1800], [1800, 0]]
    >>> raam(times, demand=[300, 300], supply=[3, 3], cutoff_s=3600).tolist()
    [0.01, 0.01]
    """
    return _worth(_settled(times, demand, supply, cutoff_s, tau_s, None, cell_cutoff_s, site_cutoff_s))


@checks_arguments
def raam_site_demand(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    cutoff_s: float,
    tau_s: float = RAAM_TAU_MIN * 60,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.DataFrame:
    """How many people go to each site in the rational agent access model, and what it gives per person.

    Parameters
    ----------
    times, demand, supply, cutoff_s, tau_s, cell_cutoff_s, site_cutoff_s
        As in `raam_cost`.

    Returns
    -------
    One row per site, on the index of supply: `supply`, `demand` (people; all who reach a site, each once) and
    `supply_per_person`, 0 where nobody goes.

    Raises
    ------
    InputError
        As `raam_cost`.

    Examples
    --------
    >>> times = [[0, 1800], [1800, 0]]
    >>> found = raam_site_demand(times, demand=[300, 0], supply=[1, 1], cutoff_s=3600, tau_s=1350)
    >>> found["demand"].round().tolist()
    [250.0, 50.0]
    """
    return _people_of_sites(_settled(times, demand, supply, cutoff_s, tau_s, None, cell_cutoff_s, site_cutoff_s))


@checks_arguments
def raam_with_sites(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    cutoff_s: float,
    tau_s: float = RAAM_TAU_MIN * 60,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> tuple[pd.Series, pd.DataFrame]:
    """Return what `raam` and `raam_site_demand` do of one solution, in the time of one of them.

    Parameters
    ----------
    times, demand, supply, cutoff_s, tau_s, cell_cutoff_s, site_cutoff_s
        As in `raam_cost`.

    Raises
    ------
    InputError
        As `raam_cost`.

    Examples
    --------
    >>> times = [[0, 1800], [1800, 0]]
    >>> worth, sites = raam_with_sites(times, demand=[300, 0], supply=[1, 1], cutoff_s=3600, tau_s=1350)
    >>> worth.round(3).tolist(), sites["demand"].round().tolist()
    ([0.004, 0.02], [250.0, 50.0])
    """
    found = _settled(times, demand, supply, cutoff_s, tau_s, None, cell_cutoff_s, site_cutoff_s)
    return _worth(found), _people_of_sites(found)


def _worth(found: _Settled) -> pd.Series:
    """Return the supply per person that is worth as much as what each cell finds."""
    worth = np.where(np.isfinite(found.cost_of_one), 1.0 / (found.rho * found.cost_of_one), 0.0)
    return pd.Series(worth, index=found.cells, name="raam")


def _people_of_sites(found: _Settled) -> pd.DataFrame:
    """Return the people who go to each site, and what it gives each of them."""
    each = np.divide(found.supply, found.crowd, out=np.zeros(found.crowd.size), where=found.crowd > 0)
    return pd.DataFrame({"supply": found.supply, "demand": found.crowd, "supply_per_person": each}, index=found.sites)


def _settled(
    times: Times,
    demand: Amounts,
    supply: Amounts,
    cutoff_s: float,
    tau_s: float,
    rho: float | None,
    cell_cutoff_s: pd.Series | None,
    site_cutoff_s: pd.Series | None,
) -> _Settled:
    """Solve where everybody goes."""
    for name, value in (("cutoff_s", cutoff_s), ("tau_s", tau_s), ("rho", 1.0 if rho is None else rho)):
        if not 0 < value < np.inf:
            raise InputError(f"{name} is {value}; give a number above 0")
    decay = Binary(cutoff_s)
    reach, people, given = read_demand_and_supply(times, demand, supply, decay, cell_cutoff_s, site_cutoff_s)
    if not (people.sum() > 0 and given.sum() > 0):
        raise InputError("raam: there are no people, or there is no supply; the mean supply per person is not known")
    per = float(people.sum() / given.sum()) if rho is None else rho
    cells, sites, seconds = _rows(reach, given)
    order = np.lexsort((sites, cells))
    cells, sites, travel = cells[order], sites[order], seconds[order] / tau_s
    ptr = np.searchsorted(cells, np.arange(people.size + 1)).astype(np.int64)
    room = np.where(given > 0, given * per, 1.0)
    chosen, crowd = np.zeros(cells.size), np.zeros(given.size)
    regret = settle_agents(ptr, sites, travel, people, room, chosen, crowd, _TOLERANCE, _ROUNDS)
    if regret > _TOLERANCE:
        raise InputError(f"raam: after {_ROUNDS} rounds somebody would still win {regret:.2g}; give a larger tau")
    cost = np.full(people.size, np.inf)
    there = travel + crowd[sites] / room[sites]
    np.minimum.at(cost, cells, there)
    one = np.full(people.size, np.inf)
    np.minimum.at(one, cells, np.maximum(there, 1.0 / room[sites]))
    cost_of_one = np.where(people > 0, cost, one)
    return _Settled(reach.cells, reach.sites, cost, cost_of_one, crowd, given, per)


def _rows(
    reach: Reach, given: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return cell, site and seconds of all pairs in reach of a site that gives something."""
    parts = []
    for cell, site, seconds, weight in reach.timed_blocks():
        counts = (weight > 0) & (given[site] > 0)
        parts.append((cell[counts], site[counts], seconds[counts]))
    empty = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    cell, site, seconds = (np.concatenate([empty[i], *(part[i] for part in parts)]) for i in range(3))
    return cell.astype(np.int64), site.astype(np.int64), seconds.astype(np.float64)
