"""Which stretches of road are reached within a time, cut where the time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import search
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.kernels.reaching import Sources, Streets, reached_stretches
from geoaccess.network import DECISECONDS, EdgeKind
from geoaccess.routing.batches import ends_of
from geoaccess.routing.legs import legs

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.network import Network
    from geoaccess.routing.batches import Ends

__all__ = ["Reached", "ReachedRoads", "Stretches"]


class Stretches(NamedTuple):
    """Parts of edges, from one place on the shape to another: a point of the shape, and the share of the way on."""

    edge: npt.NDArray[np.int64]
    begin: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]


class Reached(NamedTuple):
    """Stretches, which of some times each is reached within, and which edges are whole within the first of these."""

    stretches: Stretches
    which: npt.NDArray[np.int8]
    whole: npt.NDArray[np.bool_]


class ReachedRoads:
    """The roads of a network, with the time between each place on them and the nearest of some sites.

    A place on edge (u, v) is as far as the way along the edge to an end and from there on, over the nearer end; on the
    edge of a site also straight along it. `direction` says which way is travelled.

    Parameters
    ----------
    sites
        What `snap` returns; those that are not snapped reach nothing.
    """

    def __init__(self, network: Network, sites: pd.DataFrame, *, direction: Direction) -> None:
        reverse = direction == "to_sites"
        self.network = network
        sites = sites[(sites["edge"] >= 0).to_numpy()]
        edge = sites["edge"].to_numpy(np.int64)
        here = legs(network, sites, turned=reverse)
        node_s = _node_times(network, ends_of(here, leaving=True), reverse=reverse)
        road = network.edge_kind == EdgeKind.ROAD
        self._roads = np.flatnonzero(road & network.edge_snaps)
        beside = (sites["node"].to_numpy() < 0) & road[edge]
        at = sites["shape_at"].to_numpy(np.float64)
        self._sources = Sources(edge[beside], at[beside], (here.off / DECISECONDS)[beside])
        up, down = network.shape_forward_s, network.shape_backward_s
        closed_u, closed_v = network.edge_forward_ds < 0, network.edge_backward_ds < 0
        leave_u, leave_v, end_u, end_v = network.ends
        if reverse:  # over u the way is down the edge for who travels to a site, up it for who comes from one
            up, down = down, up
            closed_u, closed_v = closed_v, closed_u
            end_u, end_v = leave_u, leave_v
        at_u, at_v = np.where(closed_u, np.inf, node_s[end_u]), np.where(closed_v, np.inf, node_s[end_v])
        self._streets = Streets(network.shape_ptr, at_u, at_v, closed_u, closed_v, up, down)

    def within(self, limits_s: npt.NDArray[np.float64], *, except_edges: npt.NDArray[np.bool_]) -> Reached:
        """Return what is reached within times that rise, but for some edges, and for those reached before as a whole.

        Which of the times a stretch is reached within, and which edges are reached as a whole within the first.
        """
        edge, begin, end, which, whole = reached_stretches(
            self._streets, self._roads, self._sources, limits_s, except_edges
        )
        return Reached(Stretches(edge, begin, end), which, whole == 0)


def _node_times(network: Network, source: Ends, *, reverse: bool) -> npt.NDArray[np.float64]:
    """Return seconds between every node and the nearest site, inf where there is no way."""
    arcs = network.arcs_reversed if reverse else network.arcs
    node = np.concatenate([source.node_u, source.node_v])
    time = np.concatenate([source.reach_u, source.reach_v])
    begins = time != NEVER
    best, _, _ = search.tree(arcs.start, arcs.head, arcs.cost_ds, node[begins], time[begins].astype(np.int32))
    return np.where(best < FAR, best / DECISECONDS, np.inf)
