"""Times between places that lie within a bound of each other, where a table of all pairs would be too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy, whole
from geoaccess.kernels import nearby, sweeps
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.routing.batches import WIDTH, Ends, along_edges, ends_of, some_of, swept
from geoaccess.routing.legs import legs
from geoaccess.routing.walks import spots_of, walks_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.network import Network
    from geoaccess.routing.walks import Walks

__all__ = ["NearTile", "above", "near_tiles", "weighted_reach"]

_MOST, _LEAST, _PARTS = 1024, 64, 32
"""Sources of one group: about a thirty-second of all, but never fewer or more than these."""


class NearTile(NamedTuple):
    """Times in deciseconds between some sources and all targets that may lie within a bound of one of them.

    `source` and `target` are places in their tables, `target` rising; `times` has the shape (n_target, n_source). What
    is beyond the bound may be there or not.
    """

    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int64]
    times: npt.NDArray[np.uint32]


def near_tiles(
    hierarchy: Hierarchy, origins: pd.DataFrame, destinations: pd.DataFrame, *, turned: bool, furthest: int
) -> Iterator[NearTile]:
    """Yield the times of all pairs within `furthest` deciseconds, some sources at a time.

    Sources are taken together that are neighbours in the order of the nodes, so on the ground. One search from all of
    them finds which targets can be within the bound; only the part of the hierarchy above these is swept. Time and
    memory grow with the pairs that lie near each other, not with all pairs.

    The sources are the origins, or `turned` the destinations, from which is then searched against the arcs.
    """
    roads = hierarchy.network
    one, other = legs(roads, origins, turned=False), legs(roads, destinations, turned=False)
    source, target = ends_of(one, leaving=True), ends_of(other, leaving=False)
    if turned:
        source, target = target, source
    walks = walks_between(roads, spots_of(source.legs), spots_of(target.legs))
    arcs = roads.arcs_reversed if turned else roads.arcs
    best = np.full(arcs.start.size - 1, FAR, np.int32)
    touched = np.empty(best.size, np.int32)
    number, (from_, to) = _numbered(source, target)
    small = _renamed(above(hierarchy, source, target), number)
    for group in _groups(source):
        ours = some_of(source, group)
        reach = np.stack([ours.reach_u, ours.reach_v])
        begins = reach != NEVER
        node = np.stack([ours.node_u, ours.node_v])[begins]
        count = nearby.search_around(arcs.start, arcs.head, arcs.cost_ds, node, reach[begins], furthest, best, touched)
        walk = _walks_of(walks, group, source.node_u.size)
        there = _within(best, target, furthest)
        there |= np.isin(target.legs.edge, ours.legs.edge)
        there[walk.second] = True
        best[touched[:count]] = FAR
        found = np.flatnonzero(there & (target.legs.edge >= 0))
        if not found.size:
            continue
        theirs = some_of(target, found)
        ends = some_of(from_, group), some_of(to, found)
        tile = swept(above(small, *ends), *ends, reverse=turned)
        along_edges(tile, ours.legs, theirs.legs, turned=turned)
        row = np.searchsorted(found, walk.second)
        np.minimum.at(tile, (row, walk.first), walk.time_ds.astype(np.uint32))
        yield NearTile(group, found, tile)


@checks_arguments
def weighted_reach(
    network: Network | Hierarchy,
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    amounts: npt.ArrayLike,
    *,
    weight: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Add up what each origin reaches, weighted by the time it takes, without a table of all times.

    R_i = sum_j weight(t_ij) amount_j, added up in the order of the destinations.

    Parameters
    ----------
    origins, destinations
        As `snap` returns them.
    amounts
        Of each destination, finite.
    weight
        By whole deciseconds: weight[t] is that of t; a longer time weighs nothing.

    Returns
    -------
    Shape (n_origins,); 0 for a place that is not snapped.

    Raises
    ------
    InputError
        If there is not one finite amount for each destination, or the network is a hierarchy with a core.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import numpy as np
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> homes = ga.snap(road, gpd.GeoSeries.from_xy([10.0, 10.1, 10.2], [60.0] * 3, crs="EPSG:4326"))
    >>> weighted_reach(road, homes, homes, [1, 10, 100], weight=np.ones(3001)).tolist()
    [11.0, 11.0, 100.0]
    """
    hierarchy = network if isinstance(network, Hierarchy) else whole(network)
    hierarchy.check_whole()
    given = np.asarray(amounts, np.float64)
    if given.shape != (len(destinations),) or not np.isfinite(given).all():
        raise InputError(f"amounts: {len(destinations)} finite numbers are needed, one for each destination")
    found = np.zeros(len(origins))
    for tile in near_tiles(hierarchy, origins, destinations, turned=False, furthest=weight.size - 1):
        some = np.empty(tile.source.size)
        nearby.weighted(tile.times, weight, given[tile.target], WIDTH, some)
        found[tile.source] = some
    return found


def above(hierarchy: Hierarchy, *points: Ends) -> Hierarchy:
    """Return the part of a hierarchy that lies above some points; nodes that do not are nowhere (-1) in it."""
    wanted = np.zeros(hierarchy.start.size - 1, np.bool_)
    wanted[0] = True  # where points that are not snapped are looked up
    for point in points:
        snapped = point.legs.edge >= 0
        wanted[hierarchy.place[point.node_u[snapped]]] = True
        wanted[hierarchy.place[point.node_v[snapped]]] = True
    start, head, outward, inward, rank = sweeps.restrict(
        hierarchy.start, hierarchy.head, hierarchy.outward, hierarchy.inward, wanted
    )
    return Hierarchy(hierarchy.network, 0, rank[hierarchy.place], start, head, outward, inward)


def _numbered(source: Ends, target: Ends) -> tuple[npt.NDArray[np.int32], tuple[Ends, Ends]]:
    """Return the nodes at which points are, and the points with these numbered anew: few, beside those of a network."""
    ends = [source.node_u, source.node_v, target.node_u, target.node_v]
    node, number = np.unique(np.concatenate(ends), return_inverse=True)
    u, v, to_u, to_v = np.split(number.reshape(-1).astype(np.int32), np.cumsum([end.size for end in ends])[:-1])
    return node, (source._replace(node_u=u, node_v=v), target._replace(node_u=to_u, node_v=to_v))


def _renamed(hierarchy: Hierarchy, node: npt.NDArray[np.int32]) -> Hierarchy:
    """Return a hierarchy for nodes numbered anew: number i is node[i]."""
    rest = hierarchy.start, hierarchy.head, hierarchy.outward, hierarchy.inward
    # Nodes that only points without a road were given may be nowhere; nobody asks for them.
    return Hierarchy(hierarchy.network, 0, np.maximum(hierarchy.place[node], 0), *rest)


def _groups(source: Ends) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the snapped sources some at a time, neighbours together."""
    snapped = np.flatnonzero(source.legs.edge >= 0)
    order = snapped[np.argsort(source.node_u[snapped], kind="stable")]
    step = int(np.clip(order.size // _PARTS, _LEAST, _MOST))
    for first in range(0, order.size, step):
        yield order[first : first + step]


def _within(best: npt.NDArray[np.int32], target: Ends, furthest: int) -> npt.NDArray[np.bool_]:
    by_u = best[target.node_u].astype(np.int64) + target.reach_u <= furthest
    by_v = best[target.node_v].astype(np.int64) + target.reach_v <= furthest
    return np.asarray(by_u | by_v)


def _walks_of(walks: Walks, group: npt.NDArray[np.int64], sources: int) -> Walks:
    """Return the walks of some sources, which are numbered by their place in the group."""
    place = np.full(sources, -1, np.int32)
    place[group] = np.arange(group.size, dtype=np.int32)
    some = place[walks.first] >= 0
    return type(walks)(place[walks.first[some]], walks.second[some], walks.time_ds[some])
