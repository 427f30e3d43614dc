"""Which candidates are nearer to whom than what stands today, over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.weekdays import mean_over_days
from geoaccess.network import Network, as_places
from geoaccess.routing import nearer_pairs, nearest_snapped, travel_times, ways_among
from geoaccess.siting.siting_problem import SitingProblem

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Places
    from geoaccess.routing import KnownWays

__all__ = ["build_problem", "build_weekly_problem", "ways_of_problem"]

_PAIRS_AT_ONCE = 30_000_000


@checks_arguments
def build_problem(
    network: Network | Hierarchy,
    cells: Places,
    people: npt.ArrayLike,
    *,
    sites: Places | None,
    candidates: Places,
    close: int = 0,
    direction: Direction = "to_sites",
    ways: KnownWays | None = None,
) -> SitingProblem:
    """Find what each candidate would bring nearer: the pairs with a time below that to the sites that stand.

    Parameters
    ----------
    cells, sites, candidates
        Points with a CRS, or what `snap` made of them; no sites (None): none stands.
    people
        Of each cell, >= 0.
    close
        How many standing sites may be closed; more pairs matter then.
    direction
        "to_sites": people travel to a site. "to_people": a vehicle comes to them.
    ways
        What `ways_of_problem` found for these cells and candidates, if that was asked before.

    Returns
    -------
    A `SitingProblem` whose points are the cells, candidates and sites those of the tables, by their place in them.
    What is not snapped is reached by nothing.

    Raises
    ------
    InputError
        As for `nearest_snapped` and `travel_times`, and if there is not one number of people per cell.
    """
    roads = network if isinstance(network, Network) else network.network
    cells, candidates = as_places(roads, cells, name="cells"), as_places(roads, candidates, name="candidates")
    sites = None if sites is None else as_places(roads, sites, name="sites")
    weights = _weights(people, len(cells))
    now_s, now_site = _standing(network, cells, sites, k=close + 1, direction=direction)
    limit = now_s[:, min(close, now_s.shape[1] - 1)]
    if sites is None or close >= len(sites):
        limit = np.full(len(cells), np.inf)
    point, place, time_s = _nearer(network, cells, weights, candidates, limit, direction=direction, ways=ways)
    return SitingProblem(
        people=weights,
        now_s=now_s,
        now_site=now_site,
        standing=0 if sites is None else len(sites),
        candidates=len(candidates),
        point=point,
        place=place,
        time_s=time_s,
    )


@checks_arguments
def ways_of_problem(
    network: Network | Hierarchy, cells: pd.DataFrame, candidates: pd.DataFrame, *, direction: Direction = "to_sites"
) -> KnownWays | None:
    """Return what `build_problem` needs of the roads whatever times are today; None where that is nothing.

    Another thread can make it while these times are searched.

    Parameters
    ----------
    cells, candidates
        What `snap` made of them.
    direction
        As for `build_problem`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoaccess.network import Network, snap
    >>> roads = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[300], backward_s=[300])
    >>> ends = snap(roads, gpd.GeoSeries.from_xy([10, 10.1], [60, 60], crs=4326), min_component_m=0)
    >>> ways_of_problem(roads, ends, ends) is None  # a table of four times
    True
    """
    there = cells[(cells["edge"] >= 0).to_numpy()]
    return ways_among(network, there, candidates, direction=direction) if _are_many(there, candidates) else None


@checks_arguments
def build_weekly_problem(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    people: npt.ArrayLike,
    *,
    candidates: pd.DataFrame,
    now_s: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
    direction: Direction = "to_sites",
) -> SitingProblem:
    """Find what one more site, open every day, would bring where the sites that stand are open on some days only.

    The time of a point is its mean over the days, sum_d share_d t_id, and with candidate j sum_d share_d
    min(t_id, t_ij): a problem of these times is exact for one site more, and for no more than one. With one kind of day
    it is that of `build_problem`.

    Parameters
    ----------
    cells, people, candidates, direction
        As in `build_problem`.
    now_s
        Shape (n_kinds_of_days, n_cells), seconds to the nearest site that is open then; inf where none is reached.
    share
        Shape (n_kinds_of_days,): which part of all days each is; they add up to 1.

    Raises
    ------
    InputError
        As `build_problem`, or if the shares do not fit the times or do not add up to 1.
    """
    weights = _weights(people, len(cells))
    mean_s = mean_over_days(now_s, share)
    if mean_s.shape != weights.shape:
        raise InputError(f"now_s has times of {mean_s.size} cells; there are {weights.size}")
    point, place, time_s = _nearer(network, cells, weights, candidates, now_s.max(axis=0), direction=direction)
    if share.size > 1:
        time_s = np.sum([part * np.minimum(day[point], time_s) for part, day in zip(share, now_s, strict=True)], axis=0)
    return SitingProblem(
        people=weights,
        now_s=mean_s[:, None],
        now_site=np.where(np.isfinite(mean_s), 0, -1).astype(np.int32)[:, None],
        standing=1,
        candidates=len(candidates),
        point=point,
        place=place,
        time_s=time_s,
    )


def _weights(people: npt.ArrayLike, count: int) -> npt.NDArray[np.float64]:
    weights = np.asarray(people, np.float64)
    if weights.shape != (count,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError(f"people: {count} finite numbers, at least 0, are needed, one for each cell")
    return weights


def _nearer(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    weights: npt.NDArray[np.float64],
    candidates: pd.DataFrame,
    limit_s: npt.NDArray[np.float64],
    *,
    direction: Direction,
    ways: KnownWays | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Return cell, candidate and time of all pairs with a time below the limit of the cell.

    Where all times fit into one table, sweeps compute them; in a larger region a bounded search from each candidate.
    """
    there = np.flatnonzero((cells["edge"] >= 0).to_numpy() & (weights > 0))
    at, ceiling = cells.iloc[there], limit_s[there]
    if _are_many(at, candidates):
        near, candidate, time_s = nearer_pairs(network, at, candidates, ceiling, direction=direction, ways=ways)
        return there[near].astype(np.int32), candidate, time_s
    times = (
        travel_times(network, at, candidates) if direction == "to_sites" else travel_times(network, candidates, at).T
    )
    row, column = np.nonzero(times < ceiling[:, None])
    return there[row].astype(np.int32), column.astype(np.int32), times[row, column]


def _are_many(cells: pd.DataFrame, candidates: pd.DataFrame) -> bool:
    """Whether there are too many times for one table."""
    return len(cells) * len(candidates) > _PAIRS_AT_ONCE


def _standing(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame | None,
    *,
    k: int,
    direction: Direction,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Return the times to the k nearest sites that stand, and their numbers."""
    if sites is None or not len(sites):
        return np.full((len(cells), 1), np.inf), np.full((len(cells), 1), -1, np.int32)
    k = min(k, len(sites))
    found = nearest_snapped(network, cells, sites.reset_index(drop=True), k=k, direction=direction)
    suffixes = [""] + [f"_{rank}" for rank in range(2, k + 1)]
    now_s = found[[f"travel_time{suffix}_s" for suffix in suffixes]].to_numpy(dtype=np.float64, na_value=np.inf)
    number = found[[f"site{suffix}" for suffix in suffixes]].astype("Int64").fillna(-1).to_numpy(dtype=np.int32)
    return np.where(np.isnan(now_s), np.inf, now_s), number
