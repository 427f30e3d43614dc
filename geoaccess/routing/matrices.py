"""Times between many places: dense, only those within a cutoff, and from a few places to every node."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy, whole
from geoaccess.kernels import sweeps
from geoaccess.kernels.keys import FAR
from geoaccess.kernels.sorting import order_of_pairs
from geoaccess.kernels.threads import thread_count
from geoaccess.network import DECISECONDS, Network, as_places
from geoaccess.routing.batches import (
    WIDTH,
    along_edges,
    ends_of,
    searched,
    searched_trees,
    some_of,
    swept,
    swept_trees,
)
from geoaccess.routing.legs import legs
from geoaccess.routing.nearby import above, near_tiles
from geoaccess.routing.sites import check_question, check_unique
from geoaccess.routing.walks import spots_of, walks_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.network import Places
    from geoaccess.routing.walks import Walks

__all__ = [
    "Method",
    "memory_left",
    "shortest_path_trees",
    "tiles",
    "travel_times",
    "travel_times_within",
    "within_snapped",
]

_TILE_BYTES = 256 * 2**20
"""So large is the part of a matrix that is worked on at a time."""

_PAIRS = 30_000_000
"""From so many pairs of a cell and a site on, only those that can be within a cutoff are looked at."""

_PAIR_BYTES = 60
"""What a pair takes beside itself while all are sorted and made into a table."""

_FEW = 50
"""From so many sources on, contracting a network costs less than searching from each."""

Method = Literal["auto", "search", "hierarchy"]


@checks_arguments
def travel_times(
    network: Network | Hierarchy,
    origins: Places,
    destinations: Places,
    *,
    cutoff_s: float = np.inf,
    method: Method = "auto",
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> npt.NDArray[np.float64]:
    """Travel time from every origin to every destination, walks as for `nearest`.

    Parameters
    ----------
    origins, destinations
        Points or polygons (their centroids) with a CRS, or what `snap` made of them.
    cutoff_s
        Longer journeys count as out of reach.
    method
        "search": one bounded search per origin, shared between threads. "hierarchy": the network is contracted (once,
        and kept with it), and the hierarchy swept for many places at a time. "auto": whichever is likely to be sooner.
        A `Hierarchy` always means sweeps. The answers are the same.
    max_snap_m, off_network_kph, min_component_m
        See `geoaccess.snap`; of no account for places that are snapped.

    Returns
    -------
    Seconds, shape (n_origins, n_destinations); inf beyond `cutoff_s` or out of reach; NaN rows and columns for points
    that are not snapped.

    Raises
    ------
    InputError
        If `cutoff_s` is negative or NaN, `method` unknown, or points are not as `snap` returns them; or if the table
        would not fit into memory: `travel_times_within` returns the near pairs alone.
    """
    furthest = _furthest("cutoff_s", cutoff_s)
    seconds = _room(len(origins), len(destinations))
    roads = network.network if isinstance(network, Hierarchy) else network
    settings = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    origins = as_places(roads, origins, name="origins", **settings)
    destinations = as_places(roads, destinations, name="destinations", **settings)
    turned = len(destinations) < len(origins)
    for part, tile in tiles(network, origins, destinations, turned=turned, furthest=furthest, method=method):
        _fill(seconds[:, part] if turned else seconds[part].T, tile, furthest)
    seconds[origins["edge"].to_numpy() < 0] = np.nan
    seconds[:, destinations["edge"].to_numpy() < 0] = np.nan
    return seconds


def _fill(seconds: npt.NDArray[np.float64], times: npt.NDArray[np.uint32], furthest: int) -> None:
    """Write deciseconds as seconds, inf beyond the furthest; without a copy, which may be larger than the table."""
    seconds[:] = times
    seconds /= DECISECONDS
    seconds[times > furthest] = np.inf


def _room(rows: int, columns: int) -> npt.NDArray[np.float64]:
    size = 8 * rows * columns
    if size <= memory_left():  # more may be handed out all the same, to end the process when it is written
        with suppress(MemoryError, ValueError):
            return np.empty((rows, columns))
    raise InputError(
        f"{rows} x {columns} travel times take {size / 2**30:.0f} GiB; "
        "ask in parts, or for the pairs within a cutoff (geoaccess.travel_times_within)"
    )


def _check_pairs(count: int, cutoff_s: float) -> None:
    """Refuse so many pairs that what is still to be made of them does not fit into memory."""
    if count * _PAIR_BYTES > memory_left():
        raise InputError(
            f"more than {count:.3g} pairs of a cell and a site are within {cutoff_s / 60:g} min; they would need over "
            f"{count * _PAIR_BYTES / 1e9:.1f} GB of memory: give a shorter cutoff, fewer sites or larger cells"
        )


@checks_arguments
def memory_left() -> float:
    """Return how many bytes may still be used, inf where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return np.inf
    return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), np.inf)


@checks_arguments
def travel_times_within(
    network: Network | Hierarchy,
    cells: Places,
    sites: Places,
    *,
    cutoff_s: float,
    direction: Direction = "to_sites",
    method: Method = "auto",
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> pd.DataFrame:
    """All pairs of a cell and a site that lie within a travel time of each other: what catchment measures are made of.

    Parameters
    ----------
    cutoff_s
        The longest time that counts, seconds, legs off the network included.
    direction, max_snap_m, off_network_kph, min_component_m
        See `geoaccess.nearest`.
    method
        See `geoaccess.travel_times`.

    Returns
    -------
    Table with `cell_id` and `site_id` (index labels) and `travel_time_s`, a row per pair, in the order of the cells,
    then the sites. Who reaches nothing has no row.

    Raises
    ------
    InputError
        As `geoaccess.nearest`; and if the cutoff is negative or NaN, or `method` unknown.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> cells = gpd.GeoSeries.from_xy([10.0, 10.1], [60.0, 60.0], index=["farm", "village"], crs="EPSG:4326")
    >>> sites = gpd.GeoSeries.from_xy([10.0, 10.2], [60.0, 60.0], index=["west", "east"], crs="EPSG:4326")
    >>> ga.travel_times_within(road, cells, sites, cutoff_s=400).to_dict("split")["data"]
    [['farm', 'west', 0.0], ['village', 'west', 300.0], ['village', 'east', 400.0]]
    """
    import pandas as pd

    check_unique(cells=cells, sites=sites)
    roads = network.network if isinstance(network, Hierarchy) else network
    settings = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    cell, site = as_places(roads, cells, name="cells", **settings), as_places(roads, sites, name="sites", **settings)
    row, column, time_s = _near(network, cell, site, cutoff_s=cutoff_s, direction=direction, method=method)
    return pd.DataFrame(
        {"cell_id": cell.index.to_numpy()[row], "site_id": site.index.to_numpy()[column], "travel_time_s": time_s}
    )


@checks_arguments
def within_snapped(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    cutoff_s: float,
    direction: Direction = "to_sites",
    method: Method = "auto",
) -> pd.DataFrame:
    """Do as `travel_times_within` does, for cells and sites as `snap` returns them.

    `cell_id` and `site_id` are categories here, which take little room and are read fastest by the catchment measures.

    Raises
    ------
    InputError
        As `travel_times_within`.
    """
    import pandas as pd

    check_unique(cells=cells, sites=sites)
    row, column, time_s = _near(network, cells, sites, cutoff_s=cutoff_s, direction=direction, method=method)
    return pd.DataFrame(
        {
            "cell_id": pd.Categorical.from_codes(row, categories=cells.index),
            "site_id": pd.Categorical.from_codes(column, categories=sites.index),
            "travel_time_s": time_s,
        }
    )


def _near(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    cutoff_s: float,
    direction: Direction,
    method: Method,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Return the pairs within a cutoff: positions of cell and site, in the order of both, and seconds."""
    check_question(k=1, direction=direction, n_sites=len(sites))
    furthest = _furthest("cutoff_s", cutoff_s)
    parts, count = [], 0
    ends = (cells, sites) if direction == "to_sites" else (sites, cells)
    turned = direction == "to_sites"  # the sites are the sources in either case
    hierarchy = _engine(network, len(sites), method) if len(cells) * len(sites) > _PAIRS else None
    if hierarchy is not None:
        for near in near_tiles(hierarchy, *ends, turned=turned, furthest=furthest):
            row, column, time = sweeps.pick(near.times, furthest)
            parts.append((near.target[row].astype(np.int32), near.source[column].astype(np.int32), time))
            count += row.size
            _check_pairs(count, cutoff_s)
    else:
        for part, tile in tiles(network, *ends, turned=turned, furthest=furthest, method=method):
            row, column, time = sweeps.pick(tile, furthest)
            parts.append((row, column + np.int32(part.start), time))
    none = np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint32)
    row, column, time = (np.concatenate(arrays) for arrays in zip(none, *parts, strict=True))
    if hierarchy is None and len(parts) <= 1:  # they are in order
        return row, column, time / DECISECONDS
    order = order_of_pairs(row, column, len(cells), len(sites))
    return row[order], column[order], time[order] / DECISECONDS


@checks_arguments
def shortest_path_trees(
    network: Network | Hierarchy,
    origins: Places,
    *,
    reverse: bool = False,
    method: Method = "auto",
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> npt.NDArray[np.float64]:
    """Travel time from each origin to every node, or `reverse` against the traffic from every node to each origin.

    Parameters
    ----------
    origins
        Points or polygons (their centroids) with a CRS, or what `snap` made of them.
    method, max_snap_m, off_network_kph, min_component_m
        See `geoaccess.travel_times`.

    Returns
    -------
    Seconds, shape (n_origins, n_nodes), by the numbers of `network.arcs`; inf out of reach, NaN rows for origins that
    are not snapped. Where turns are banned or roads private, copies of nodes stand after the nodes, and some journeys
    come to a copy alone: the time to a place is the least of all nodes with one `network.expansion.place`.
    """
    roads = network.network if isinstance(network, Hierarchy) else network
    settings = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    origins = as_places(roads, origins, name="origins", **settings)
    source = ends_of(legs(roads, origins, turned=reverse), leaving=True)
    count = roads.arcs.start.size - 1
    seconds = _room(count, len(origins))
    hierarchy = _engine(network, len(origins), method)
    step = WIDTH * thread_count()
    for first in range(0, len(origins), step):
        part = slice(first, min(first + step, len(origins)))
        some = some_of(source, part)
        if hierarchy is None:
            times = searched_trees(roads, some, reverse=reverse)
        else:
            times = swept_trees(hierarchy, some, reverse=reverse)
        _fill(seconds[:, part], times, int(FAR) - 1)
    seconds[:, source.legs.edge < 0] = np.nan
    return seconds.T


def _engine(network: Network | Hierarchy, sources: int, method: Method) -> Hierarchy | None:
    """Return the hierarchy for sweeps, or None where a search from each source is to be made."""
    if method not in ("auto", "search", "hierarchy"):
        raise InputError(f'method is {method!r}; it must be "auto", "search" or "hierarchy"')
    if isinstance(network, Hierarchy):
        network.check_whole()
        return network
    if method == "search" or (method == "auto" and sources < _FEW and "_whole" not in network.__dict__):
        return None
    return whole(network)


def _furthest(name: str, seconds: float) -> int:
    """Return a limit in whole deciseconds, at most the longest time there can be."""
    if not seconds >= 0:
        raise InputError(f"{name} is {seconds}; it must be 0 or more")
    return int(min(np.floor(seconds * DECISECONDS), FAR - 1))


def _parts(sources: int, targets: int, tile_bytes: int) -> Iterator[slice]:
    """Cut the sources into parts whose times fit a tile: of whole rounds of all threads, where these fit."""
    most = max(1, tile_bytes // (4 * max(targets, 1)))
    step = WIDTH * thread_count()
    step = most if tile_bytes < _TILE_BYTES and most < step else step * max(1, most // step)
    for first in range(0, sources, step):
        yield slice(first, min(first + step, sources))


def tiles(
    network: Network | Hierarchy,
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    *,
    turned: bool,
    furthest: int,
    method: Method,
    tile_bytes: int = _TILE_BYTES,
) -> Iterator[tuple[slice, npt.NDArray[np.uint32]]]:
    """Yield times in deciseconds part by part of the sources, shape (n_targets, n_sources of the part).

    The sources are the origins, or `turned` the destinations, from which is then searched against the arcs. A tile
    takes `tile_bytes`, or what one source needs.
    """
    roads = network.network if isinstance(network, Hierarchy) else network
    one, other = legs(roads, origins, turned=False), legs(roads, destinations, turned=False)
    source, target = ends_of(one, leaving=True), ends_of(other, leaving=False)
    if turned:
        source, target = target, source
    walks = walks_between(roads, spots_of(source.legs), spots_of(target.legs))
    hierarchy = _engine(network, len(source.node_u), method)
    if hierarchy is not None:
        hierarchy = above(hierarchy, source, target)
    for part in _parts(len(source.node_u), len(target.node_u), tile_bytes):
        some = some_of(source, part)
        if hierarchy is None:
            tile = searched(roads, some, target, furthest, reverse=turned)
        else:
            tile = swept(hierarchy, some, target, reverse=turned)
        along_edges(tile, some.legs, target.legs, turned=turned)
        _walk(tile, walks, part)
        tile[:, some.legs.edge < 0] = FAR
        tile[target.legs.edge < 0] = FAR
        yield part, tile


def _walk(tile: npt.NDArray[np.uint32], walks: Walks, part: slice) -> None:
    """Lower the times between sources of a part and targets to those of the walks between them."""
    chosen = slice(*np.searchsorted(walks.first, [part.start, part.stop]))
    at = walks.second[chosen], walks.first[chosen] - part.start
    tile[at] = np.minimum(tile[at], walks.time_ds[chosen].astype(np.uint32))
