"""Which stretches of road are reached within a time, cut where the time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import search
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.network import DECISECONDS, EdgeKind
from geoaccess.routing.batches import ends_of
from geoaccess.routing.legs import legs

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.network import Network
    from geoaccess.routing.batches import Ends

__all__ = ["ReachedRoads", "Stretches"]


class Stretches(NamedTuple):
    """Parts of edges, from one place on the shape to another: a point of the shape, and the share of the way on."""

    edge: npt.NDArray[np.int64]
    begin: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]


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
        self._site_edge = sites["edge"].to_numpy(np.int64)
        self._site_node = sites["node"].to_numpy(np.int64)
        self._site_at = sites["shape_at"].to_numpy(np.float64)
        here = legs(network, sites, turned=reverse)
        self._site_s = here.off / DECISECONDS
        node_s = _node_times(network, ends_of(here, leaving=True), reverse=reverse)
        self.roads = np.flatnonzero((network.edge_kind == EdgeKind.ROAD) & network.edge_snaps)
        self._first = network.shape_ptr[:-1]
        self._last = network.shape_ptr[1:] - 1
        inside = np.ones(network.shape_lon.size, np.bool_)
        inside[self._last] = False
        open_up, open_down = network.edge_forward_ds >= 0, network.edge_backward_ds >= 0
        up, down = (_summed(seconds, inside) for seconds in (network.shape_forward_s, network.shape_backward_s))
        leave_u, leave_v, arrive_u, arrive_v = network.ends
        # Over u the way is down the edge for who travels to a site, up it for who comes from one.
        self._over_u, self._over_v = (down, up) if reverse else (up, down)
        self._open_u, self._open_v = (open_down, open_up) if reverse else (open_up, open_down)
        end_u, end_v = (leave_u, leave_v) if reverse else (arrive_u, arrive_v)
        self._at_u = np.where(self._open_u, node_s[end_u], np.inf)
        self._at_v = np.where(self._open_v, node_s[end_v], np.inf)

    def within(self, limit_s: float, *, except_edges: npt.NDArray[np.bool_]) -> tuple[Stretches, npt.NDArray[np.bool_]]:
        """Return what is reached within a time, but for some edges; and which edges are reached as a whole."""
        near = (self._at_u[self.roads] <= limit_s) | (self._at_v[self.roads] <= limit_s)
        edge = self.roads[near & ~except_edges[self.roads]]
        first, last = self._first[edge].astype(np.float64), self._last[edge].astype(np.float64)
        from_u, from_v = limit_s - self._at_u[edge], limit_s - self._at_v[edge]
        top, low = np.full(edge.size, -1.0), np.full(edge.size, np.inf)
        some, other = np.flatnonzero(from_u >= 0), np.flatnonzero(from_v >= 0)
        over_u, over_v = edge[some], edge[other]
        top[some] = self._furthest(self._over_u, self._first[over_u], self._last[over_u], from_u[some])
        low[other] = self._lowest(self._over_v, self._first[over_v], self._last[over_v], from_v[other])
        whole = (top >= low) | (top >= last) | (low <= first)
        some_u, some_v = (from_u >= 0) & ~whole, (from_v >= 0) & ~whole
        beside = self._beside(limit_s, except_edges)
        full = np.zeros(self.network.n_edges, np.bool_)
        full[edge[whole]] = True
        return Stretches(
            np.concatenate([edge[whole], edge[some_u], edge[some_v], beside.edge]),
            np.concatenate([first[whole], first[some_u], low[some_v], beside.begin]),
            np.concatenate([last[whole], top[some_u], last[some_v], beside.end]),
        ), full

    def _beside(self, limit_s: float, except_edges: npt.NDArray[np.bool_]) -> Stretches:
        """Return what is reached from a site along its own edge."""
        left = limit_s - self._site_s
        some = (left >= 0) & (self._site_node < 0)
        some &= (self.network.edge_kind == EdgeKind.ROAD)[self._site_edge] & ~except_edges[self._site_edge]
        edge, at, left = self._site_edge[some], self._site_at[some], left[some]
        first, last = self._first[edge], self._last[edge]
        # Towards u of the site the way is as over v: along the edge to where v would be, and the other way round.
        low = np.where(self._open_v[edge], self._lowest(self._over_v, first, last, left, at), at)
        top = np.where(self._open_u[edge], self._furthest(self._over_u, first, last, left, at), at)
        return Stretches(edge, low, top)

    def _furthest(
        self,
        summed: npt.NDArray[np.float64],
        first: npt.NDArray[np.int64],
        last: npt.NDArray[np.int64],
        left_s: npt.NDArray[np.float64],
        at: npt.NDArray[np.float64] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Return how far up an edge one comes in a time, from its first point or from a place on it."""
        goal = (summed[first] if at is None else _between(summed, at)) + left_s
        found = last.astype(np.float64)
        some = np.flatnonzero(goal < summed[last])  # the others are whole, which most are
        goal, first, last = goal[some], first[some], last[some]
        point = np.clip(np.searchsorted(summed, goal, side="right") - 1, first, last)
        step = summed[point + 1] - summed[point]
        share = np.divide(goal - summed[point], step, out=np.zeros_like(goal), where=step > 0)
        found[some] = point + np.clip(share, 0.0, 1.0)
        return found

    def _lowest(
        self,
        summed: npt.NDArray[np.float64],
        first: npt.NDArray[np.int64],
        last: npt.NDArray[np.int64],
        left_s: npt.NDArray[np.float64],
        at: npt.NDArray[np.float64] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Return how far down an edge one comes in a time, from its last point or from a place on it."""
        goal = (summed[last] if at is None else _between(summed, at)) - left_s
        found = first.astype(np.float64)
        some = np.flatnonzero(goal > summed[first])
        goal, first, last = goal[some], first[some], last[some]
        point = np.clip(np.searchsorted(summed, goal, side="left"), first, last)
        step = summed[point] - summed[point - 1]
        share = np.divide(summed[point] - goal, step, out=np.zeros_like(goal), where=step > 0)
        found[some] = point - np.clip(share, 0.0, 1.0)
        return found


def _node_times(network: Network, source: Ends, *, reverse: bool) -> npt.NDArray[np.float64]:
    """Return seconds between every node and the nearest site, inf where there is no way."""
    arcs = network.arcs_reversed if reverse else network.arcs
    node = np.concatenate([source.node_u, source.node_v])
    time = np.concatenate([source.reach_u, source.reach_v])
    begins = time != NEVER
    best, _, _ = search.tree(arcs.start, arcs.head, arcs.cost_ds, node[begins], time[begins].astype(np.int32))
    return np.where(best < FAR, best / DECISECONDS, np.inf)


def _summed(seconds: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return for each shape point the seconds of all pieces before it; of edges that are closed, nothing."""
    return np.append(0.0, np.cumsum(np.where(inside, seconds, 0.0).astype(np.float64)))[:-1]


def _between(summed: npt.NDArray[np.float64], at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    point = np.floor(at).astype(np.int64)
    after = np.minimum(point + 1, summed.size - 1)
    return np.asarray(summed[point] + (at - point) * (summed[after] - summed[point]))
