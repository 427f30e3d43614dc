"""Contracting a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.hierarchy.core import Hierarchy
from geoaccess.kernels import contraction, elimination, ordering
from geoaccess.kernels.keys import FAR
from geoaccess.kernels.search import threads

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["contract", "light", "whole"]

_CHAINS = 2
"""Nodes of so many neighbours, chains and dead ends, fall first and without a search for witnesses."""

_FEW = 3
"""A light hierarchy goes on to nodes of so many: then nine of ten nodes of a road network have fallen ..."""

_CROWDED = 8
"""... but for those of which a neighbour would come to have more neighbours than this."""


class _Lists(NamedTuple):
    """Neighbours of each node, see `kernels.elimination`."""

    begin: npt.NDArray[np.int64]
    size: npt.NDArray[np.int32]
    pairs: npt.NDArray[np.int32]


@checks_arguments
def light(network: Network) -> Hierarchy:
    """Return the light hierarchy of a network: nodes of up to three neighbours contracted, the rest left as its core.

    It takes a quarter of a second per million nodes, so that it pays for a single question; about a tenth of the nodes
    stay. Made once and kept with the network.

    Examples
    --------
    >>> import geoaccess as ga
    >>> from geoaccess.hierarchy import light
    >>> light(
    ...     ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[300], backward_s=[300])
    ... )
    Hierarchy(2 nodes, 1 arcs)
    """
    if "_light" not in network.__dict__:
        fallen, kept, lists = _eliminate(network, _FEW)
        order = np.concatenate([kept, fallen[::-1]])
        place = _places(order)
        network.__dict__["_light"] = _ordered(network, kept.size, place, *elimination.gather(order, *lists, place))
    made: Hierarchy = network.__dict__["_light"]
    return made


@checks_arguments
def whole(network: Network) -> Hierarchy:
    """Return the contraction hierarchy of a network: made once and kept with it."""
    if "_whole" not in network.__dict__:
        network.__dict__["_whole"] = contract(network)
    made: Hierarchy = network.__dict__["_whole"]
    return made


@checks_arguments
def contract(network: Network, *, progress: Callable[[float], None] | None = None) -> Hierarchy:
    """Return the contraction hierarchy of a network: made once, it answers every further question by a sweep.

    First chains and dead ends fall; what is left is contracted in rounds, on all threads, the nodes whose fall adds the
    fewest shortcuts first. Times are as exact as any search's.

    Parameters
    ----------
    network
        Turn rules, private roads, one-ways, ferries and parts without any way between them are all obeyed.
    progress
        Called after each round with the share of nodes that fell, 0 to 1.

    References
    ----------
    Geisberger, Sanders, Schultes and Delling (2008), Contraction Hierarchies: Faster and Simpler Hierarchical Routing
    in Road Networks, WEA 2008, LNCS 5038, 319-333.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> hierarchy = ga.contract(road)
    >>> hierarchy
    Hierarchy(3 nodes, 2 arcs)
    >>> cells = gpd.GeoSeries.from_xy([10.1], [60.0], index=["home"], crs="EPSG:4326")
    >>> sites = gpd.GeoSeries.from_xy([10.0], [60.0], index=["west"], crs="EPSG:4326")
    >>> ga.nearest(hierarchy, cells, sites, k=1)["travel_time_s"].tolist()
    [300.0]
    """
    fallen, kept, lists = _eliminate(network, _CHAINS)
    top, top_lists = _contract(kept, lists, progress or _quiet)
    fallen = fallen[::-1].copy()
    place = _places(np.concatenate([kept[top], fallen]))
    upper = elimination.gather(top, *top_lists, place[kept])
    lower = elimination.gather(fallen, *lists, place)
    start = np.concatenate([upper[0], upper[0][-1] + lower[0][1:]])
    rest = (np.concatenate(two) for two in zip(upper[1:], lower[1:], strict=True))
    return _ordered(network, 0, place, start, *rest)


def _ordered(
    network: Network,
    core: int,
    place: npt.NDArray[np.int32],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
) -> Hierarchy:
    """Return a hierarchy in an order in which sweeps stay near in memory."""
    number = ordering.near_order(core, start, head, place)
    return Hierarchy(network, core, number[place], *ordering.renumbered(number, start, head, outward, inward))


def _quiet(_: float) -> None:
    pass


def _places(order: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    return place


def _eliminate(network: Network, most: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], _Lists]:
    """Return the nodes that fell, in turn, those that stay, and the lists of all."""
    arcs, back = network.arcs, network.arcs_reversed
    begin, size, pairs = elimination.pair_up(arcs.start, arcs.head, arcs.cost_ds, back.start, back.head, back.cost_ds)
    fallen, begin, pairs = elimination.eliminate(begin, size, pairs, most, _CROWDED)
    stays = np.ones(size.size, np.bool_)
    stays[fallen] = False
    return fallen, np.flatnonzero(stays).astype(np.int32), _Lists(begin, size, pairs)


def _contract(
    kept: npt.NDArray[np.int32], lists: _Lists, progress: Callable[[float], None]
) -> tuple[npt.NDArray[np.int32], _Lists]:
    """Contract the core; return its nodes from the last to fall to the first, in its own numbers, and their lists."""
    count = kept.size
    rank = np.full(lists.size.size, -1, np.int32)
    rank[kept] = np.arange(count, dtype=np.int32)
    begin, size, room, pairs, filled = elimination.remaining(kept, rank, *lists)
    best = np.full((threads(), count), FAR, np.int32)
    touched = np.empty((threads(), count + 1), np.int32)
    depth, worth = np.zeros(count, np.int32), np.zeros(count, np.int32)
    gone, order, fallen = np.zeros(count, np.bool_), np.empty(count, np.int32), 0
    here = np.arange(count, dtype=np.int32)

    def look(nodes: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        offset = contraction.pair_offsets(nodes, size)
        needed = np.empty(offset[-1], np.bool_)
        furthest = _furthest(float(size[here].mean()))
        contraction.look(nodes, offset, begin, size, pairs, depth, furthest, best, touched, needed, worth)
        return offset, needed

    if count:
        look(here)
    while here.size:
        chosen = contraction.lowest(here, begin, size, pairs, worth)
        offset, needed = look(chosen)
        pairs, filled, fallen = contraction.fall(
            chosen, offset, begin, size, room, pairs, filled, depth, needed, worth, order, fallen, gone
        )
        here = here[~gone[here]]
        progress(1 - here.size / rank.size)
    return order[::-1].copy(), _Lists(begin, size, pairs)


def _furthest(neighbours: float) -> int:
    """Return after how many nodes a search for a witness gives up, by how many neighbours a node has.

    Searches end by themselves at the length of the shortcut in question; where that is long (ferries) or nodes crowd
    together, giving up too early is dear: it leaves shortcuts that make every later search longer.
    """
    return int(np.clip(20 * neighbours, 60, 1000))
