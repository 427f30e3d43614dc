"""The `Metric` of a network: its times, put into its order, to be changed edge by edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy.core import Hierarchy
from geoaccess.hierarchy.order import order_of
from geoaccess.kernels import recustomising

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["Metric", "Retimed"]


class Retimed(NamedTuple):
    """What a change did to a metric: which arcs of the network and of the order, and what they cost before."""

    number: npt.NDArray[np.int64]
    cost_ds: npt.NDArray[np.int32]
    arc: npt.NDArray[np.int32]
    outward: npt.NDArray[np.uint32]
    inward: npt.NDArray[np.uint32]


class Metric:
    """What the arcs of an order cost by the times of a network, which change in place.

    A road that closes or slows touches only the triangles above it: a few milliseconds, however large the network.
    Which nodes come first never changes, so that a hierarchy can be had after every change.

    Parameters
    ----------
    network
        Whose times count at first; it stays as it is.

    Examples
    --------
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> metric = ga.hierarchy.Metric(road)
    >>> slid = metric.close([1])
    >>> closed = metric.hierarchy()
    >>> metric.undo(slid)
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.order = order_of(network)
        self.cost_ds = network.arc_costs()
        self.outward, self.inward = self.order.customised(network)
        self._open = np.zeros(self.order.head.size, np.bool_)

    def __repr__(self) -> str:
        """Say how large it is."""
        return f"Metric({self.order.place.size} nodes, {self.order.head.size} arcs)"

    @checks_arguments
    def close(self, edges: npt.ArrayLike) -> Retimed:
        """Close edges both ways."""
        shut = np.full(np.size(edges), -1, np.int32)
        return self.retime(edges, shut, shut)

    @checks_arguments
    def retime(self, edges: npt.ArrayLike, forward_ds: npt.ArrayLike, backward_ds: npt.ArrayLike) -> Retimed:
        """Give edges other times, deciseconds from u to v and back; -1 is closed.

        Raises
        ------
        InputError
            If there are no such edges, one is named twice, or there is not one time each way for each of them.
        """
        numbers = np.atleast_1d(np.asarray(edges, np.int64))
        order = np.argsort(numbers)
        numbers = numbers[order]
        n = self.network.n_edges
        if numbers.size and (numbers[0] < 0 or numbers[-1] >= n or not np.diff(numbers).all()):
            raise InputError(f"edges: name each once, from 0 to {n - 1}")
        times = [np.atleast_1d(np.asarray(given, np.int32)) for given in (forward_ds, backward_ds)]
        if any(given.size != numbers.size or (given < -1).any() for given in times):
            raise InputError("forward_ds, backward_ds: give a time for each edge, at least 0, or -1 where it is closed")
        forward, backward = (given[order] for given in times)
        ways = self.network.expansion
        over, cost = [numbers, numbers + n], [forward, backward]  # in the order of `Network.possible_arcs`
        if ways is not None:
            more = np.flatnonzero(np.isin(ways.more_edge, numbers))
            at = np.searchsorted(numbers, ways.more_edge[more])
            over.append(more + 2 * n)
            cost.append(np.where(ways.more_up[more], forward[at], backward[at]))
        return self._set(np.concatenate(over), np.concatenate(cost))

    def undo(self, change: Retimed) -> None:
        """Take back the last change that was not taken back yet; all is as it was before, to the bit."""
        self.cost_ds[change.number] = change.cost_ds
        self.outward[change.arc], self.inward[change.arc] = change.outward, change.inward

    def _set(self, number: npt.NDArray[np.int64], cost: npt.NDArray[np.int32]) -> Retimed:
        other = cost != self.cost_ds[number]
        number, cost = number[other], cost[other]
        before = self.cost_ds[number]
        self.cost_ds[number] = cost
        slot = self.order.slot[number]
        arcs = np.unique(slot[slot >= 0] >> 1).astype(np.int32)
        tails = (np.searchsorted(self.order.start, arcs, side="right") - 1).astype(np.int32)
        order = self.order
        changed = recustomising.renew(
            order.start,
            order.head,
            order.below,
            *order.sources,
            order.slot,
            self.cost_ds,
            self.outward,
            self.inward,
            arcs,
            tails,
            self._open,
        )
        return Retimed(number, before, *changed)

    def hierarchy(self, network: Network | None = None) -> Hierarchy:
        """Return the hierarchy by the times of now, a copy; `network` is what places are attached to in questions."""
        order = self.order
        times = self.outward.copy(), self.inward.copy()
        network = self.network if network is None else network
        return Hierarchy(network, 0, order.place, order.start, order.head, *times, order.parts)
