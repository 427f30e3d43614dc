"""Travel times that depend on when one leaves: roads are static, boats sail by timetable."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.kernels import graph, search, timetable
from geoaccess.kernels.keys import FAR
from geoaccess.network import DECISECONDS, Network
from geoaccess.routing.legs import legs
from geoaccess.routing.sites import nearest_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.direction import Direction
    from geoaccess.network import Arcs
    from geoaccess.routing.sailings import Sailed

__all__ = ["day_profile", "travel_times_at"]

_FIGURES = ("mean_s", "median_s", "p90_s", "worst_s", "departures", "longest_gap_s", "gap_begins_s")


class _Overlay(NamedTuple):
    """The staircases of quays, and which cells use them after how much land; times by land alone."""

    ptr: npt.NDArray[np.int64]
    quay: npt.NDArray[np.int32]
    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    leaves: npt.NDArray[np.int64]
    arrives: npt.NDArray[np.int64]
    by_land: npt.NDArray[np.int64]


@checks_arguments
def day_profile(
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    sailed: Sailed,
    *,
    direction: Direction = "to_sites",
    norms_s: Sequence[float] = (),
    between_s: tuple[float, float] = (0.0, DAY_S),
) -> pd.DataFrame:
    """Travel time to the nearest site over all times of a day at which one may leave.

    T(t) = min(time by land, min over departures worth taking that one can reach of arrival - t). T falls by one second
    a second between departures, so the figures are integrals over the day without sampling. Nobody knows the future
    but everybody knows the timetable: people leave home at t and wait at the quay.

    Parameters
    ----------
    cells, sites
        As `snap` returns them, on the network that the departures are tied to.
    sailed
        See `attach_departures`. Its departures should go on for some days after the day, for who misses the last boat.
    direction
        "to_sites": people leave their cell at t. "to_people": a vehicle leaves its base at t for the cell.
    norms_s
        Times for which the share of the day within them is wanted.
    between_s
        The part of the day that counts, seconds after midnight.

    Returns
    -------
    Table on the index of `cells`:

    - `by_land_s`: the time without the ferries that have a timetable (inf where there is no way); ferries without one
      count as land, at their average wait;
    - `mean_s`, `median_s`, `p90_s` (the least x with T <= x for that share of the day), `worst_s`;
    - `departures`: how many in the day are worth taking;
    - `longest_gap_s`: the longest time between two of them that begins within the day, in general the night after the
      last boat, and `gap_begins_s`, when it begins (0 and NaN where land alone leads there);
    - `share_within_{norm}s`: share of the day within each norm.

    inf where the goal is not reached, NaN where the cell is not snapped.

    Raises
    ------
    InputError
        If there is no site, or the part of the day is empty.
    """
    begin, end = (round(second * DECISECONDS) for second in between_s)
    if end <= begin:
        raise InputError(f"between_s is {between_s}; it must begin before it ends")
    overlay = _overlay(cells, sites, sailed, direction=direction)
    figures = timetable.day_figures(*overlay, begin, end, np.asarray(norms_s, np.float64) * DECISECONDS)
    off = (cells["edge"] < 0).to_numpy()
    figures[off] = np.nan
    out = pd.DataFrame({"by_land_s": np.where(off, np.nan, _seconds(overlay.by_land))}, index=cells.index)
    for i, name in enumerate(_FIGURES):
        out[name] = figures[:, i] / (1 if name == "departures" else DECISECONDS)
    for i, norm in enumerate(norms_s):
        out[f"share_within_{norm:g}s"] = figures[:, len(_FIGURES) + i]
    return out


@checks_arguments
def travel_times_at(
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    sailed: Sailed,
    leave_s: Sequence[float],
    *,
    direction: Direction = "to_sites",
) -> npt.NDArray[np.float64]:
    """Travel time to the nearest site at each of some times of leaving, in seconds: shape (n_cells, n_times).

    `leave_s` are seconds after midnight; the rest is as for `day_profile`.
    """
    overlay = _overlay(cells, sites, sailed, direction=direction)
    at = np.rint(np.asarray(leave_s, np.float64) * DECISECONDS).astype(np.int64)
    found = timetable.arrivals(*overlay, at)
    seconds = np.where(found >= timetable.NEVER, np.inf, (found - at) / DECISECONDS)
    seconds[(cells["edge"] < 0).to_numpy()] = np.nan
    return seconds


def _overlay(cells: pd.DataFrame, sites: pd.DataFrame, sailed: Sailed, *, direction: Direction) -> _Overlay:
    """Solve the overlay of quays.

    A vehicle that leaves a base for a cell is a traveller who leaves the cell for the base with time running
    backwards: arcs and departures are turned round, and the staircases turned back.
    """
    roads = sailed.roads
    away = direction == "to_people"
    arcs = roads.arcs if away else roads.arcs_reversed
    by_land = nearest_seconds(roads, cells, sites, direction=direction)
    at_node, seeds = _to_goal(roads, arcs, sites, away=away)
    quay, ends = np.unique(np.concatenate([sailed.from_node, sailed.to_node]), return_inverse=True)
    half = sailed.from_node.size
    a, b = ends[:half].astype(np.int32), ends[half:].astype(np.int32)
    leave, arrive = sailed.leave_ds, sailed.arrive_ds
    if away:
        a, b, leave, arrive = b, a, -arrive, -leave
        order = np.argsort(-leave, kind="stable")
        a, b, leave, arrive = a[order], b[order], leave[order], arrive[order]
    lower = _least(roads, arcs, seeds, quay, a, b, arrive - leave)
    at = legs(roads, cells, turned=away)
    between, cell, used, land = timetable.reach(
        arcs.start, arcs.head, arcs.cost_ds, quay.astype(np.int32), lower, at_node,
        at.edge, at.leave_node_u, at.leave_node_v, at.leave_u, at.leave_v, at.off,
    )  # fmt: skip
    first, steps, leaves, arrives = timetable.scan(a, b, leave, arrive, between, at_node[quay])
    order = np.argsort(cell, kind="stable")
    land = land[order]
    if away:  # what left at -arrival and arrived at -leave
        leaves, arrives = -arrives, -leaves
        for q in range(quay.size):
            part = slice(first[q], first[q] + steps[q])
            leaves[part], arrives[part] = leaves[part][::-1].copy(), arrives[part][::-1].copy()
    nothing = np.zeros_like(land)
    return _Overlay(
        ptr=np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=len(cells)))]).astype(np.int64),
        quay=used[order],
        before=nothing if away else land,
        after=land if away else nothing,
        first=first,
        steps=steps,
        leaves=leaves,
        arrives=arrives,
        by_land=np.where(np.isfinite(by_land), np.nan_to_num(by_land, posinf=0) * DECISECONDS, timetable.NEVER)
        .round()
        .astype(np.int64),
    )


def _to_goal(
    roads: Network, arcs: Arcs, sites: pd.DataFrame, *, away: bool
) -> tuple[npt.NDArray[np.int64], tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
    """Return the time of every node to the nearest site by land, and where the search for it begins."""
    site = legs(roads, sites, turned=away)
    nodes = np.concatenate([site.arrive_node_u, site.arrive_node_v])
    times = np.concatenate([site.arrive_u, site.arrive_v])
    usable = (times >= 0) & np.tile(site.edge >= 0, 2)
    seeds = nodes[usable].astype(np.int32), (times + np.tile(site.off, 2))[usable].astype(np.int32)
    return _search(arcs.start, arcs.head, arcs.cost_ds, seeds), seeds


def _least(
    roads: Network,
    arcs: Arcs,
    seeds: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
    quay: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    across: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Return a time that no journey from a quay to a site can beat: all boats there at once, at their quickest."""
    tail = np.repeat(np.arange(roads.n_nodes, dtype=np.int32), np.diff(arcs.start))
    quickest = pd.DataFrame({"a": a, "b": b, "across": across}).groupby(["a", "b"], as_index=False)["across"].min()
    boats = quickest["across"].clip(upper=int(FAR) // 4).to_numpy()
    start, head, cost, _ = graph.rows(
        roads.n_nodes,
        np.concatenate([tail, quay[quickest["b"].to_numpy()].astype(np.int32)]),  # the search runs against the boats
        np.concatenate([arcs.head, quay[quickest["a"].to_numpy()].astype(np.int32)]),
        np.concatenate([arcs.cost_ds, boats.astype(np.int32)]),
    )
    least: npt.NDArray[np.int64] = _search(start, head, cost, seeds)[quay]
    return least


def _search(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    seeds: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
) -> npt.NDArray[np.int64]:
    found, _, _ = search.tree(start, head, cost, *seeds)
    return np.where(found == FAR, timetable.NEVER, found.astype(np.int64))


def _seconds(times: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.where(times >= timetable.NEVER, np.inf, times / DECISECONDS)
