"""Merging the chains of a network that has edges already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels import graph
from geoaccess.network.counting import count_within
from geoaccess.network.curve import Chains, number_along_curve

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.core import Network

__all__ = ["simplify"]


@checks_arguments
def simplify(network: Network) -> Network:
    """Merge the chains of a network: drop each node where exactly two edges of one kind meet and nothing is decided.

    Lengths and forward and backward times are added up, so no travel time between nodes that stay changes by even a
    decisecond; shapes and ways are kept. Nodes are numbered along a Hilbert curve, edges by their nodes.

    Raises
    ------
    InputError
        If the network has banned turns or roads without through traffic.

    Examples
    --------
    >>> from geoaccess.network import Network, simplify
    >>> road = {"lon": [10, 10.1, 10.2], "lat": [60, 60, 60], "u": [0, 1], "v": [1, 2]}
    >>> simplify(Network.from_edges(**road, forward_s=[300, 240], backward_s=[300, 250])).edge_forward_ds.tolist()
    [5400]

    A node where a road turns one-way stays: one can come to it from one side only.

    >>> simplify(Network.from_edges(**road, forward_s=[300, 240], backward_s=[300, -1])).n_edges
    2
    """
    if network.expansion is not None:
        raise InputError("the network has banned turns or private roads; its chains were merged when it was built")
    chains = Chains(
        *graph.chains(
            network.n_nodes,
            network.edge_u,
            network.edge_v,
            network.edge_forward_ds.astype(np.float64),
            network.edge_backward_ds.astype(np.float64),
            network.edge_kind * np.int8(2) + network.edge_snaps,
            np.zeros(network.n_nodes, np.bool_),
        )
    )
    order, rank, by_node = number_along_curve(chains, network.node_lon, network.node_lat)
    ptr, point, segment = chains.take(by_node)
    starts_edge = segment != 0
    chain = np.repeat(np.arange(ptr.size - 1), np.diff(ptr))[starts_edge]
    edge = np.abs(segment[starts_edge]) - 1
    upward = segment[starts_edge] > 0
    first_of_chain = np.flatnonzero(np.diff(chain, prepend=-1))

    def total(forward: npt.NDArray[Any], backward: npt.NDArray[Any]) -> npt.NDArray[Any]:
        sums: npt.NDArray[Any] = np.add.reduceat(np.where(upward, forward[edge], backward[edge]), first_of_chain)
        return sums

    def time(forward: npt.NDArray[np.int32], backward: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        sums = total(forward, backward)
        return np.where(sums < 0, -1, sums).astype(np.int32)  # a chain is closed as a whole

    # Shape points: all but the last of every edge, in walking order, then the last one of the chain.
    take = np.diff(network.shape_ptr)[edge] - 1
    last_of_chain = np.concatenate([first_of_chain[1:], [edge.size]]) - 1
    extra = np.zeros(edge.size, np.int64)
    extra[last_of_chain] = 1
    sizes = take + extra
    within = count_within(sizes)
    low = np.repeat(network.shape_ptr[edge], sizes)
    high = np.repeat(network.shape_ptr[edge + 1] - 1, sizes)
    up = np.repeat(upward, sizes)
    at = np.where(up, low + within, high - within)
    piece = np.where(up, at, at - 1)
    ends = within == np.repeat(take, sizes)
    piece = np.where(ends, at, piece)  # starts no piece; its way is only a place holder
    shape_way = network.shape_way[piece].copy()
    shape_way[ends] = shape_way[np.flatnonzero(ends) - 1]

    return replace(
        network,
        node_lon=network.node_lon[order],
        node_lat=network.node_lat[order],
        edge_u=rank[point[ptr[:-1]]],
        edge_v=rank[point[ptr[1:] - 1]],
        edge_forward_ds=time(network.edge_forward_ds, network.edge_backward_ds),
        edge_backward_ds=time(network.edge_backward_ds, network.edge_forward_ds),
        edge_length_m=total(network.edge_length_m, network.edge_length_m).astype(np.float32),
        edge_kind=network.edge_kind[edge[first_of_chain]],
        edge_snaps=network.edge_snaps[edge[first_of_chain]],
        shape_ptr=np.concatenate([[0], np.cumsum(np.add.reduceat(sizes, first_of_chain))]).astype(np.int64),
        shape_lon=network.shape_lon[at],
        shape_lat=network.shape_lat[at],
        shape_way=shape_way,
        shape_forward_s=np.where(
            ends, 0, np.where(up, network.shape_forward_s[piece], network.shape_backward_s[piece])
        ),
        shape_backward_s=np.where(
            ends, 0, np.where(up, network.shape_backward_s[piece], network.shape_forward_s[piece])
        ),
    )
