"""Contracting a network: whole, or only the nodes of few neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.hierarchy.core import Hierarchy
from geoaccess.hierarchy.order import has_order, keep_order, make_order, order_of
from geoaccess.hierarchy.parts import numbered
from geoaccess.kernels import elimination, ordering

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["at_hand", "contract", "light", "whole"]

_FEW = 3
"""Nodes of so many neighbours fall: then nine of ten nodes of a road network have fallen ..."""

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
def at_hand(network: Network | Hierarchy) -> Hierarchy:
    """Return the hierarchy that answers a single question soonest: the whole one where the order is known already."""
    if isinstance(network, Hierarchy):
        return network
    return whole(network) if "_whole" in network.__dict__ or has_order(network) else light(network)


@checks_arguments
def contract(network: Network, *, progress: Callable[[float], None] | None = None) -> Hierarchy:
    """Return the contraction hierarchy of a network: made once, it answers every further question by a sweep.

    Its order comes first, see `order_of`: it is kept with the network and with all that are made of it by closing and
    slowing roads, so that these are contracted in a fraction of the time. Times are as exact as any search's.

    Parameters
    ----------
    network
        Turn rules, private roads, one-ways, ferries and parts without any way between them are all obeyed.
    progress
        Called after each part of the network that is in order with the share of nodes that are, 0 to 1.

    References
    ----------
    Dibbelt, Strasser and Wagner (2016), Customizable Contraction Hierarchies, ACM Journal of Experimental Algorithmics
    21, 1.5.

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
    if progress is not None and not has_order(network):
        keep_order(network, make_order(network, progress=progress))
    return order_of(network).hierarchy(network)


def _ordered(
    network: Network,
    core: int,
    place: npt.NDArray[np.int32],
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
) -> Hierarchy:
    """Return a hierarchy in an order in which sweeps stay near in memory and threads can share them."""
    number, parts = numbered(network, core, start, head, place)
    return Hierarchy(network, core, number[place], *ordering.renumbered(number, start, head, outward, inward), parts)


def _places(order: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    place = np.empty(order.size, np.int32)
    place[order] = np.arange(order.size, dtype=np.int32)
    return place


def _eliminate(network: Network, most: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], _Lists]:
    """Return the nodes that fell, in turn, those that stay, and the lists of all."""
    arcs, back = network.arcs, network.arcs_reversed
    begin, size, pairs = elimination.pair_up(arcs.start, arcs.head, arcs.cost_ds, back.start, back.head, back.cost_ds)
    fallen, begin, pairs = elimination.eliminate(begin, size, pairs, np.zeros(size.size, np.bool_), most, _CROWDED)
    stays = np.ones(size.size, np.bool_)
    stays[fallen] = False
    return fallen, np.flatnonzero(stays).astype(np.int32), _Lists(begin, size, pairs)
