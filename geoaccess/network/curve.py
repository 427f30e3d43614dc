"""Order along a Hilbert curve: what is near on the map is near in memory, and searches find it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import geometry
from geoaccess.kernels.sorting import order_of_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Chains", "curve_order", "number_along_curve"]

_BITS = 16


class Chains(NamedTuple):
    """Edges as `graph.chains` gives them: edge i runs through the nodes point[start[i]:start[i + 1]]."""

    start: npt.NDArray[np.int64]
    point: npt.NDArray[np.int32]
    segment: npt.NDArray[np.int32]

    def take(self, order: npt.NDArray[np.int64]) -> Chains:
        """Return the edges in another order."""
        sizes = np.diff(self.start)[order]
        moved = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        gather = np.repeat(self.start[:-1][order] - moved[:-1], sizes) + np.arange(moved[-1])
        return Chains(moved, self.point[gather], self.segment[gather])


def curve_order(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the order of points along a Hilbert curve over the box that they fill; equal ones keep theirs.

    >>> import numpy as np
    >>> curve_order(np.array([1.0, 0, 1, 0]), np.array([1.0, 1, 0, 0])).tolist()
    [3, 1, 0, 2]
    """
    side = 2**_BITS - 1

    def grid(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
        low, span = values.min(), np.ptp(values)
        scaled: npt.NDArray[np.uint32] = ((values - low) / (span if span > 0 else 1.0) * side).astype(np.uint32)
        return scaled

    if not x.size:
        return np.empty(0, np.int64)
    order: npt.NDArray[np.int64] = order_of_numbers(geometry.hilbert_index(grid(x), grid(y), _BITS))
    return order


def number_along_curve(
    chains: Chains, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return (order, rank, edges): the points that edges end in, along the curve; the place of each; and the edges.

    Points that no edge ends in have the place -1. Edges are put in the order of the places that they join.
    """
    start, point, _ = chains
    first, last = point[start[:-1]], point[start[1:] - 1]
    used = np.zeros(lon.size, np.bool_)
    used[first] = used[last] = True
    nodes = np.flatnonzero(used)
    order = nodes[curve_order(lon[nodes], lat[nodes])]
    rank = np.full(lon.size, -1, np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    return order, rank, order_of_numbers((rank[first].astype(np.int64) << 32) | rank[last])
