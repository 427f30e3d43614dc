"""The nearest sites of every cell, and times between many places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.kernels import search
from geoaccess.network import DECISECONDS, EdgeKind, Network, snap

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

__all__ = [
    "ISLAND_WITHOUT_FERRY",
    "NO_SITE_REACHABLE",
    "PASSENGER_FERRY_ONLY",
    "nearest",
    "nearest_snapped",
    "travel_times",
]

ISLAND_WITHOUT_FERRY = "island_without_ferry"
PASSENGER_FERRY_ONLY = "passenger_ferry_only"
NO_SITE_REACHABLE = "no_site_reachable"

Toward = Literal["sites", "cells"]


class Legs(NamedTuple):
    """Where points stand along their edges, in the direction that a search looks.

    `leave_*` is the time from the point to the ends of its edge, `arrive_*` the time from the ends to the point; `up`
    and `down` order the points of one edge: q is reached from p upward in up(q) - up(p), downward in down(p) -
    down(q).
    """

    edge: npt.NDArray[np.int32]
    off: npt.NDArray[np.int32]
    leave_u: npt.NDArray[np.int32]
    leave_v: npt.NDArray[np.int32]
    arrive_u: npt.NDArray[np.int32]
    arrive_v: npt.NDArray[np.int32]
    leave_node_u: npt.NDArray[np.int32]
    leave_node_v: npt.NDArray[np.int32]
    arrive_node_u: npt.NDArray[np.int32]
    arrive_node_v: npt.NDArray[np.int32]
    up: npt.NDArray[np.int32]
    down: npt.NDArray[np.int32]


def nearest(
    network: Network,
    cells: gpd.GeoDataFrame | gpd.GeoSeries,
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    k: int = 2,
    toward: Toward = "sites",
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> pd.DataFrame:
    """Travel time between every cell and its k nearest sites, and which they are.

    t(cell, site) = off-network leg of the cell + least time over the network + off-network leg of the site, in whole
    deciseconds. Of sites equally near, the one that stands first in `sites` wins.

    Parameters
    ----------
    network
        Made by `read_osm`, `from_osmnx` or `Network.from_edges`.
    cells, sites
        Points or polygons (their centroids) with a CRS and a unique index.
    k
        How many sites, each another one.
    toward
        "sites": people travel to a site (GP, legevakt, hospital). "cells": a vehicle travels from a site to people
        (ambulance). With one-way roads the two differ.
    max_snap_m, off_network_kph, min_component_m
        See `geoaccess.snap`.

    Returns
    -------
    Table on the index of `cells`: `travel_time_s` and `site` (its index label), `travel_time_2_s` and `site_2`, ...
    up to k; `off_network_m`; and `reason`. A time is inf where no (further) site is reached and NaN where the cell is
    not snapped; the site is then missing (None). `reason` is "" for cells that reach a site, else `no_road_within`,
    `island_without_ferry`, `passenger_ferry_only` or `no_site_reachable`.

    Raises
    ------
    InputError
        If k < 1, `toward` is unknown, an index is not unique, there is no site, or no point lies near the network.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> cells = gpd.GeoSeries.from_xy([10.1], [60.0], index=["home"], crs="EPSG:4326")
    >>> sites = gpd.GeoSeries.from_xy([10.0, 10.2], [60.0, 60.0], index=["west", "east"], crs="EPSG:4326")
    >>> ga.nearest(road, cells, sites)[["travel_time_s", "site", "travel_time_2_s", "site_2"]].to_dict("records")
    [{'travel_time_s': 300.0, 'site': 'west', 'travel_time_2_s': 400.0, 'site_2': 'east'}]
    """
    for name, places in (("cells", cells), ("sites", sites)):
        if not places.index.is_unique:
            double = places.index[places.index.duplicated()][0]
            raise InputError(f"{name}: the index is not unique ({double!r} stands there more than once)")
    settings = {"max_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    return nearest_snapped(
        network, snap(network, cells, **settings), snap(network, sites, **settings), k=k, toward=toward
    )


def nearest_snapped(
    network: Network, cells: pd.DataFrame, sites: pd.DataFrame, *, k: int = 2, toward: Toward = "sites"
) -> pd.DataFrame:
    """Do what `nearest` does for cells and sites that `snap` has attached already."""
    if k < 1:
        raise InputError(f"k is {k}; it must be 1 or more")
    if toward not in ("sites", "cells"):
        raise InputError(f'toward is {toward!r}; it must be "sites" or "cells"')
    if not len(sites):
        raise InputError("there is no site")
    away = toward == "cells"
    # Times to sites are found by a search from the sites against the arcs; times from sites by one along them.
    arcs = network.arcs if away else network.arcs_reversed
    cell, site = legs(network, cells, turned=away), legs(network, sites, turned=away)
    attached = np.flatnonzero(site.edge >= 0).astype(np.int32)
    seed_node = np.concatenate([site.arrive_node_u[attached], site.arrive_node_v[attached]])
    leg = np.concatenate([site.arrive_u[attached], site.arrive_v[attached]])
    number = np.concatenate([attached, attached])
    open_leg = leg >= 0
    node_times, node_sites = search.nearest(
        arcs.start,
        arcs.head,
        arcs.cost_ds,
        seed_node[open_leg],
        (leg + site.off[number])[open_leg].astype(np.int32),
        number[open_leg],
        k,
    )
    by_edge = attached[np.argsort(site.edge[attached], kind="stable")]
    times, numbers = search.finish_nearest(
        node_times,
        node_sites,
        cell.edge,
        cell.leave_node_u,
        cell.leave_node_v,
        cell.leave_u,
        cell.leave_v,
        cell.off,
        cell.up,
        cell.down,
        site.edge[by_edge],
        by_edge,
        site.off[by_edge],
        site.up[by_edge],
        site.down[by_edge],
    )
    return _table(network, cells, sites, times, numbers)


def travel_times(
    network: Network,
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    *,
    max_s: float = np.inf,
) -> npt.NDArray[np.float64]:
    """Travel time from every origin to every destination, both as `snap` returns them.

    One bounded search per origin, shared between threads.

    Returns
    -------
    Seconds, shape (n_origins, n_destinations); inf beyond `max_s` or out of reach; NaN rows and columns for points
    that are not snapped.
    """
    one, other = legs(network, origins, turned=False), legs(network, destinations, turned=False)
    ends = [one.leave_node_u, one.leave_node_v, other.arrive_node_u, other.arrive_node_v]
    needed = np.zeros(network.n_nodes, np.bool_)
    needed[np.concatenate(ends)] = True
    arcs = network.arcs
    start, head, cost, rank = search.without_dead_ends(arcs.start, arcs.head, arcs.cost_ds, needed)
    one_u, one_v, other_u, other_v = (rank[end] for end in ends)
    furthest = int(min(np.floor(max_s * DECISECONDS), search.FAR - 1))
    found = search.matrix(
        start,
        head,
        cost,
        one_u,
        one_v,
        one.leave_u,
        one.leave_v,
        one.off,
        one.edge,
        one.up,
        one.down,
        other_u,
        other_v,
        other.arrive_u,
        other.arrive_v,
        other.off,
        other.edge,
        other.up,
        other.down,
        furthest,
        search.threads(),
    )
    seconds = _seconds(found)
    seconds[one.edge < 0] = np.nan
    seconds[:, other.edge < 0] = np.nan
    return seconds


def legs(network: Network, snapped: pd.DataFrame, *, turned: bool) -> Legs:
    def column(name: str) -> npt.NDArray[np.int32]:
        return np.ascontiguousarray(snapped[name].to_numpy(np.int32))

    edge = column("edge")
    at = np.maximum(edge, 0)
    to_u, from_u, to_v, from_v = (column(f"{name}_ds") for name in ("to_u", "from_u", "to_v", "from_v"))
    leave_u, leave_v, arrive_u, arrive_v = (np.ascontiguousarray(ends[at]) for ends in network.ends)
    if turned:  # a search along the arcs sees every leg the other way round
        to_u, from_u, to_v, from_v = from_u, to_u, from_v, to_v
        leave_u, leave_v, arrive_u, arrive_v = arrive_u, arrive_v, leave_u, leave_v
    return Legs(
        edge=edge,
        off=column("off_network_ds"),
        leave_u=to_u,
        leave_v=to_v,
        arrive_u=from_u,
        arrive_v=from_v,
        leave_node_u=leave_u,
        leave_node_v=leave_v,
        arrive_node_u=arrive_u,
        arrive_node_v=arrive_v,
        up=from_u,
        down=to_u,
    )


def _seconds(times: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    return np.where(times == search.FAR, np.inf, times / DECISECONDS)


def _table(
    network: Network,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    times: npt.NDArray[np.int32],
    numbers: npt.NDArray[np.int32],
) -> pd.DataFrame:
    edge = cells["edge"].to_numpy()
    labels = np.array([*sites.index, None], dtype=object)
    out = pd.DataFrame(index=cells.index)
    for rank in range(times.shape[1]):
        suffix = "" if rank == 0 else f"_{rank + 1}"
        out[f"travel_time{suffix}_s"] = np.where(edge >= 0, _seconds(times[:, rank]), np.nan)
        out[f"site{suffix}"] = pd.Series(labels[numbers[:, rank]], index=cells.index, dtype=object)
    out["off_network_m"] = cells["off_network_m"]
    out["reason"] = _reasons(network, cells, reached=times[:, 0] != search.FAR)
    return out


def _reasons(network: Network, cells: pd.DataFrame, *, reached: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    """Say for each cell why it reaches no site."""
    edge = cells["edge"].to_numpy()
    with_cars = network.components(EdgeKind.ROAD, EdgeKind.FERRY, EdgeKind.BOARDING)
    with_boats = network.components(*EdgeKind)
    main = np.bincount(with_cars).argmax()
    here = network.edge_u[np.maximum(edge, 0)]
    # A passenger boat leads somewhere when what it joins is larger than what cars reach.
    size_by_car, size_by_boat = np.bincount(with_cars)[with_cars[here]], np.bincount(with_boats)[with_boats[here]]
    reasons: npt.NDArray[np.object_] = np.select(
        [reached, edge < 0, with_cars[here] == main, size_by_boat > size_by_car],
        ["", cells["reason"].to_numpy(), NO_SITE_REACHABLE, PASSENGER_FERRY_ONLY],
        ISLAND_WITHOUT_FERRY,
    ).astype(object)
    return reasons
