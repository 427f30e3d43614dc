"""The nearest sites of every cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.direction import wrong_direction
from geoaccess.errors import ArgumentError, InputError
from geoaccess.hierarchy import Hierarchy
from geoaccess.kernels import search
from geoaccess.kernels.keys import FAR, SHIFT
from geoaccess.network import DECISECONDS, EdgeKind, Network, as_places
from geoaccess.remembering import arrays_digest, remembered_with
from geoaccess.routing.legs import legs
from geoaccess.routing.node_keys import nearest_keys
from geoaccess.routing.walks import spots_of, walks_between

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt
    from pandas.api.extensions import ExtensionArray

    from geoaccess.direction import Direction
    from geoaccess.network import Places
    from geoaccess.routing.legs import Legs

__all__ = [
    "ISLAND_WITHOUT_FERRY",
    "NO_SITE_REACHABLE",
    "PASSENGER_FERRY_ONLY",
    "ROAD_NOT_CONNECTED",
    "labels_by_number",
    "nearest",
    "nearest_as_text",
    "nearest_seconds",
    "nearest_snapped",
    "table",
]

ISLAND_WITHOUT_FERRY = "island_without_ferry"
PASSENGER_FERRY_ONLY = "passenger_ferry_only"
NO_SITE_REACHABLE = "no_site_reachable"
ROAD_NOT_CONNECTED = "road_not_connected"

_QUESTIONS = 16
"""Of so many questions it is remembered with a network why places reach nothing."""


@checks_arguments
def nearest(
    network: Network | Hierarchy,
    cells: Places,
    sites: Places,
    *,
    k: int = 2,
    direction: Direction = "to_sites",
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> pd.DataFrame:
    """Travel time between every cell and its k nearest sites, and which they are.

    t(cell, site) = off-network leg of the cell + least time over the network + off-network leg of the site, in whole
    deciseconds. Where the two are no farther apart than these two legs together are long, one walks straight from one
    to the other at the same pace. Of sites equally near, the one that stands first in `sites` wins.

    Parameters
    ----------
    network
        Made by `read_osm`, `from_osmnx` or `Network.from_edges`; or, for many questions, what `contract` made of it.
    cells, sites
        Points or polygons (their centroids) with a CRS and a unique index; or what `snap` made of them, and then
        `max_snap_m` and the like are of no account.
    k
        How many sites, each another one.
    direction
        "to_sites": people travel to a site (GP, legevakt, hospital). "to_people": a vehicle travels from a site to
        people (ambulance). With one-way roads the two differ.
    max_snap_m, off_network_kph, min_component_m
        See `geoaccess.snap`.

    Returns
    -------
    Table on the index of `cells`: `travel_time_s` and `site` (its index label), `travel_time_2_s` and `site_2`, ...
    up to k; `off_network_m`; and `reason`. A time is inf where no (further) site is reached and NaN where the cell is
    not snapped; the site is then missing (None). `reason` is "" for cells that reach a site, else `no_road_within`,
    `across_water`, `island_without_ferry`, `passenger_ferry_only`, `road_not_connected` or `no_site_reachable`. A place
    that no car reaches is on an island where coast closes around it and around no road of the largest part of the
    network; where no coast closes around it, land is not known, and it counts as an island where a boat calls at it, be
    it out of service. The roads of others are not connected to the rest.

    Raises
    ------
    InputError
        If k < 1, `direction` is unknown, an index is not unique, there is no site, or no point lies near the network.

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
    check_unique(cells=cells, sites=sites)
    settings = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    roads = _roads(network)
    cell = as_places(roads, cells, name="cells", **settings)
    return nearest_snapped(network, cell, as_places(roads, sites, name="sites", **settings), k=k, direction=direction)


@checks_arguments
def nearest_snapped(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    k: int = 2,
    direction: Direction = "to_sites",
) -> pd.DataFrame:
    """Do what `nearest` does for cells and sites that `snap` has attached already."""
    found = _nearest_keys(network, cells, sites, k=k, direction=direction)
    return table(_roads(network), cells, labels_by_number([*sites.index]), found)


def _roads(network: Network | Hierarchy) -> Network:
    return network.network if isinstance(network, Hierarchy) else network


def labels_by_number(labels: list[Hashable]) -> npt.NDArray[np.object_]:
    """Return labels so that number i gives the label of site i, and -1 gives None."""
    by_number = np.empty(len(labels) + 1, dtype=object)
    by_number[:-1] = labels
    return by_number


def nearest_as_text(
    network: Network | Hierarchy, cells: pd.DataFrame, sites: pd.DataFrame, *, direction: Direction
) -> pd.DataFrame:
    """Do what `nearest_snapped` does for two sites, with their labels as text, "" where there is none."""
    found = _nearest_keys(network, cells, sites, k=2, direction=direction)
    texts = pd.Series([*sites.index, ""], dtype="object").astype("str").array
    return table(_roads(network), cells, texts, found)


@checks_arguments
def nearest_seconds(
    network: Network | Hierarchy, cells: pd.DataFrame, sites: pd.DataFrame, *, direction: Direction = "to_sites"
) -> npt.NDArray[np.float64]:
    """Return the time to the nearest site as `nearest_snapped` does: inf where none is reached, NaN for no place."""
    times = _nearest_keys(network, cells, sites, k=1, direction=direction)[:, 0] >> SHIFT
    return _seconds(times.astype(np.int32), cells)


def _seconds(times: npt.NDArray[np.int32], cells: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return deciseconds as seconds: inf where they are far, NaN where a cell is not snapped."""
    seconds = np.where(times == FAR, np.inf, times / DECISECONDS)
    return np.where(cells["edge"].to_numpy() >= 0, seconds, np.nan)


def _nearest_keys(
    network: Network | Hierarchy, cells: pd.DataFrame, sites: pd.DataFrame, *, k: int, direction: Direction
) -> npt.NDArray[np.uint64]:
    """Return the keys of the k nearest sites of each cell."""
    check_question(k=k, direction=direction, n_sites=len(sites))
    roads = _roads(network)
    away = direction == "to_people"
    cell, site = legs(roads, cells, turned=away), legs(roads, sites, turned=away)
    attached = np.flatnonzero(site.edge >= 0).astype(np.int32)
    seed_node, seed_time, number = seeds(site, attached)
    ends = np.concatenate([cell.leave_node_u, cell.leave_node_v])
    keys = nearest_keys(network, seed_node, seed_time, number, k=k, reverse=not away, at=ends)
    row, n = np.arange(ends.size, dtype=np.int32), cell.edge.size
    by_edge = attached[np.argsort(site.edge[attached], kind="stable")]
    found = search.finish_nearest(
        keys,
        cell.edge,
        row[:n],
        row[n:],
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
    search.offer_each(found, *walks_between(roads, spots_of(cell), spots_of(site)))
    return found


def check_unique(**tables: pd.DataFrame | pd.Series[Any]) -> None:
    """Refuse tables of places whose index is not unique, by the names they are given under."""
    for name, places in tables.items():
        given: object = places
        if not isinstance(given, (pd.DataFrame, pd.Series)):
            raise ArgumentError(f"{name}: is a {type(given).__name__}; give points (a GeoDataFrame or GeoSeries)")
        if not places.index.is_unique:
            double = places.index[places.index.duplicated()][0]
            raise InputError(f"{name}: the index is not unique ({double!r} stands there more than once)")


def check_question(*, k: int, direction: str, n_sites: int) -> None:
    """Refuse a question for the nearest sites that has no answer."""
    if k < 1:
        raise InputError(f"k is {k}; it must be 1 or more")
    if wrong := wrong_direction(direction):
        raise InputError(wrong)
    if not n_sites:
        raise InputError("there is no site")


def seeds(
    site: Legs, attached: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (node, time, number) of the open ends of edges by which the attached sites are come to."""
    node = np.concatenate([site.arrive_node_u[attached], site.arrive_node_v[attached]])
    leg = np.concatenate([site.arrive_u[attached], site.arrive_v[attached]])
    number = np.concatenate([attached, attached])
    is_open = leg >= 0
    return node[is_open], (leg + site.off[number])[is_open].astype(np.int32), number[is_open]


def table(
    network: Network,
    cells: pd.DataFrame,
    labels: npt.NDArray[np.object_] | ExtensionArray,
    found: npt.NDArray[np.uint64],
    *,
    closed: npt.NDArray[np.int32] | None = None,
) -> pd.DataFrame:
    """Return the table of `nearest` from the keys of cells, with edges closed.

    `labels` are those of the sites by number, and at last that of none.
    """
    times = (found >> SHIFT).astype(np.int32)
    numbers = found.astype(np.uint32).view(np.int32)  # the lower half; of no site it is -1
    out: dict[str, Any] = {}
    for rank in range(times.shape[1]):
        suffix = "" if rank == 0 else f"_{rank + 1}"
        out[f"travel_time{suffix}_s"] = _seconds(times[:, rank], cells)
        out[f"site{suffix}"] = pd.Series(labels.take(numbers[:, rank]), index=cells.index, dtype=labels.dtype)
    out["off_network_m"] = cells["off_network_m"]
    out["reason"] = _reasons(network, cells, reached=times[:, 0] != FAR, closed=closed)
    return pd.DataFrame(out, index=cells.index)


def _reasons(
    network: Network,
    cells: pd.DataFrame,
    *,
    reached: npt.NDArray[np.bool_],
    closed: npt.NDArray[np.int32] | None,
) -> ExtensionArray:
    """Say for each cell why it reaches no site; as text, of which there are few different ones."""
    rows = np.flatnonzero(~reached)
    edge = cells["edge"].to_numpy()[rows]
    found = cells["reason"].take(rows).to_numpy(dtype=object)
    attached = edge >= 0
    if attached.any():
        node = cells["node"].to_numpy()[rows[attached]]
        here = np.where(node >= 0, node, network.edge_u[edge[attached]])
        asked = arrays_digest([here] if closed is None else [here, closed])  # at any pace these are the same
        reasons = remembered_with(network, "reasons", asked, lambda: _why_not(network, here, closed), most=_QUESTIONS)
        found[attached] = reasons
    code, different = pd.factorize(found)
    place = np.zeros(len(cells), np.intp)
    place[rows] = code + 1
    return pd.array(["", *different], dtype="str").take(place)


def _why_not(
    network: Network, here: npt.NDArray[np.int32], closed: npt.NDArray[np.int32] | None
) -> npt.NDArray[np.object_]:
    """Say why no site is reached from some nodes."""
    with_cars = network.components(EdgeKind.ROAD, EdgeKind.FERRY, EdgeKind.BOARDING, without=closed)
    with_boats = network.components(*EdgeKind, without=closed)
    size_of_cars, size_of_boats = np.bincount(with_cars), np.bincount(with_boats)
    main = size_of_cars.argmax()
    apart = with_cars[here] != main
    ashore, on_island = _by_land(network, here, apart, with_cars == main)
    boat = network.edge_kind != EdgeKind.ROAD
    called_at = np.zeros(size_of_cars.size, np.bool_)
    called_at[with_cars[network.edge_u[boat]]] = called_at[with_cars[network.edge_v[boat]]] = True
    # A passenger boat leads somewhere when what it joins is larger than what cars reach.
    size_by_car, size_by_boat = size_of_cars[with_cars[here]], size_of_boats[with_boats[here]]
    reasons: npt.NDArray[np.object_] = np.select(
        [~apart, size_by_boat > size_by_car, ashore, on_island | called_at[with_cars[here]]],
        [NO_SITE_REACHABLE, PASSENGER_FERRY_ONLY, ROAD_NOT_CONNECTED, ISLAND_WITHOUT_FERRY],
        ROAD_NOT_CONNECTED,
    ).astype(object)
    return reasons


def _by_land(
    network: Network,
    node: npt.NDArray[np.int32],
    asked: npt.NDArray[np.bool_],
    in_main: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which of the places `asked` share land with the main part of the network, and which lie on islands.

    On an island, the coast closes around the place and around no road of the main part; where no coast closes around
    it, land is not known.
    """
    ashore, on_island = np.zeros(node.size, np.bool_), np.zeros(node.size, np.bool_)
    if network.shores is None or not asked.any():
        return ashore, on_island
    at = np.flatnonzero(asked)
    ring = network.shores.island_of(network.node_lon[node[at]], network.node_lat[node[at]])
    road = network.edge_u[(network.edge_kind == EdgeKind.ROAD) & in_main[network.edge_u]]
    for number in np.unique(ring[ring >= 0]).tolist():
        shared = network.shores.any_inside(number, network.node_lon[road], network.node_lat[road])
        (ashore if shared else on_island)[at[ring == number]] = True
    return ashore, on_island
