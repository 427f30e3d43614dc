"""Access where everybody is served and every site is filled: the doubly constrained measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels.graph import weak_components
from geoaccess.measures.reach import read_demand_and_supply

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.decay import Decay
    from geoaccess.measures.reach import Amounts, Reach, Times

__all__ = ["doubly_constrained"]

_TOLERANCE, _ROUNDS = 1e-6, 2000


@checks_arguments
def doubly_constrained(
    times: Times,
    *,
    demand: Amounts,
    supply: Amounts,
    decay: Decay,
    cell_cutoff_s: pd.Series | None = None,
    site_cutoff_s: pd.Series | None = None,
) -> pd.Series:
    """Supply per person where sites compete for people as people do for sites: the doubly constrained measure.

    The balancing factors of Wilson's model are solved: A_i = sum_j S_j f(t_ij) / L_j and L_j = sum_i D_i f(t_ij) / A_i,
    so that T_ij = D_i S_j f(t_ij) / (A_i L_j) gives every cell its people, sum_j T_ij = D_i, and every site what it
    has, sum_i T_ij = S_j. The measure is A_i, in supply per person: scaled so that sum_i D_i A_i is the supply reached.

    Demand and supply that are joined by no pair in reach (islands) are solved each by themselves; in each, supply is
    taken in proportion to the demand there, as both must be the same in all. The singly constrained measure, in which
    people compete and sites need not be filled, is `two_step` (per person) or `spatial_availability` (of a cell).

    Parameters
    ----------
    times, demand, supply, decay, cell_cutoff_s, site_cutoff_s
        As in `two_step`. A decay that ends early may leave no solution.

    Returns
    -------
    Series `doubly_constrained`, supply per person, on the index of demand; 0 where nothing is in reach or nobody lives.

    Raises
    ------
    InputError
        As `two_step`; or if there is no solution: as where a site that should have a tenth of all people has fewer in
        reach.

    References
    ----------
    Wilson (1971), Environment and Planning A 3(1), 1-32. Inverse balancing factors as access: Geurs and van Wee (2004),
    Journal of Transport Geography 12(2), 127-140; Allen and Farber (2020), Geographical Analysis 52(1), 69-86.

    Examples
    --------
    Three people live at the first site and one at the second, which are alike, so that one of the three has to travel:

    >>> from geoaccess.measures import Linear
    >>> times, decay = [[0, 600], [600, 0]], Linear(cutoff_s=1200)
    >>> doubly_constrained(times, demand=[3, 1], supply=[2, 2], decay=decay).round(3).tolist()
    [0.969, 1.093]
    """
    reach, people, given = read_demand_and_supply(times, demand, supply, decay, cell_cutoff_s, site_cutoff_s)
    island = _islands(reach, people, given)
    of_cell, of_site = island[: people.size], island[people.size :]
    reached = (people > 0) & (reach.to_cells(given) > 0)
    used = (given > 0) & (reach.to_sites(people) > 0)
    served, filled = np.where(reached, people, 0.0), np.where(used, given, 0.0)
    count = int(island.max(initial=-1)) + 1
    lives, offered = np.bincount(of_cell, served, count), np.bincount(of_site, filled, count)
    ratio = np.divide(offered, lives, out=np.zeros(count), where=lives > 0)
    needed = np.divide(filled, ratio[of_site], out=np.zeros_like(filled), where=ratio[of_site] > 0)
    factor = _solve(reach, served, needed)
    weighted = np.bincount(of_cell, served * factor, count)
    scale = np.divide(offered, weighted, out=np.zeros(count), where=weighted > 0)
    return pd.Series(factor * scale[of_cell], index=reach.cells, name="doubly_constrained")


def _solve(reach: Reach, people: npt.NDArray[np.float64], needed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return A of every cell, 0 for cells without people, so that sites have the people that they need."""
    factor, drawn, off = np.where(people > 0, 1.0, 0.0), np.where(needed > 0, 1.0, 0.0), np.inf
    some = needed > 0
    with np.errstate(all="ignore"):  # without a solution factors run away, which is seen below
        for _ in range(_ROUNDS):
            now = reach.to_sites(np.divide(people, factor, out=np.zeros_like(people), where=people > 0))
            off = float(np.max(np.abs(now[some] / drawn[some] - 1.0), initial=0.0))
            drawn = now
            if off <= _TOLERANCE:
                return factor
            if not np.isfinite(off):
                break
            each = np.divide(needed, drawn, out=np.zeros_like(needed), where=some)
            factor = np.where(people > 0, reach.to_cells(each), 0.0)
    raise InputError(
        "doubly_constrained: no flows fill every site and give everybody a place, within what the decay reaches; "
        "give a decay that reaches farther, or use "
        "two_step, in which sites need not be filled"
    )


def _islands(reach: Reach, people: npt.NDArray[np.float64], given: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Return which cells, and after them which sites, are joined by pairs that count."""
    cells, sites = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for cell, site, weight in reach.blocks():
        counts = (weight > 0) & (people[cell] > 0) & (given[site] > 0)
        cells.append(cell[counts].astype(np.int32))
        sites.append(site[counts].astype(np.int32))
    size = people.size + given.size
    labels: npt.NDArray[np.int32] = weak_components(
        size, np.concatenate(cells), (np.concatenate(sites) + people.size).astype(np.int32)
    )
    return labels
