"""Which candidates are nearer to whom than what stands today, over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.routing import nearest_snapped, travel_times
from geoaccess.siting.siting_problem import SitingProblem

if TYPE_CHECKING:
    from typing import Literal

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network

__all__ = ["build_problem"]

_PAIRS_AT_ONCE = 30_000_000


def build_problem(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    people: npt.ArrayLike,
    *,
    sites: pd.DataFrame | None,
    candidates: pd.DataFrame,
    close: int = 0,
    toward: Literal["sites", "cells"] = "sites",
) -> SitingProblem:
    """Find what each candidate would bring nearer: the pairs with a time below that to the sites that stand.

    Parameters
    ----------
    cells, sites, candidates
        As `snap` returns them; no sites (None): none stands.
    people
        Of each cell, >= 0.
    close
        How many standing sites may be closed; more pairs matter then.
    toward
        "sites": people travel to a site. "cells": a vehicle comes to them.

    Returns
    -------
    A `SitingProblem` whose points are the cells, candidates and sites those of the tables, by their place in them.
    What is not snapped is reached by nothing.

    Raises
    ------
    InputError
        As for `nearest_snapped` and `travel_times`, and if there is not one number of people per cell.
    """
    weights = np.asarray(people, np.float64)
    if weights.shape != (len(cells),) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError(f"people: {len(cells)} finite numbers, at least 0, are needed, one for each cell")
    now_s, now_site = _standing(network, cells, sites, k=close + 1, toward=toward)
    limit = now_s[:, min(close, now_s.shape[1] - 1)]
    if sites is None or close >= len(sites):
        limit = np.full(len(cells), np.inf)
    parts: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]] = []
    there = np.flatnonzero((cells["edge"] >= 0).to_numpy() & (weights > 0))
    at, ceiling = cells.iloc[there], limit[there]
    step = max(1, _PAIRS_AT_ONCE // max(1, there.size))
    for begin in range(0, len(candidates), step):
        some = candidates.iloc[begin : begin + step]
        times = travel_times(network, at, some) if toward == "sites" else travel_times(network, some, at).T
        row, column = np.nonzero(times < ceiling[:, None])
        parts.append((there[row].astype(np.int32), (column + begin).astype(np.int32), times[row, column]))
    point, place, time_s = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
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


def _standing(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame | None,
    *,
    k: int,
    toward: Literal["sites", "cells"],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Return the times to the k nearest sites that stand, and their numbers."""
    if sites is None or not len(sites):
        return np.full((len(cells), 1), np.inf), np.full((len(cells), 1), -1, np.int32)
    k = min(k, len(sites))
    found = nearest_snapped(network, cells, sites.reset_index(drop=True), k=k, toward=toward)
    suffixes = [""] + [f"_{rank}" for rank in range(2, k + 1)]
    now_s = found[[f"travel_time{suffix}_s" for suffix in suffixes]].to_numpy(dtype=np.float64, na_value=np.inf)
    number = found[[f"site{suffix}" for suffix in suffixes]].astype("Int64").fillna(-1).to_numpy(dtype=np.int32)
    return np.where(np.isnan(now_s), np.inf, now_s), number
