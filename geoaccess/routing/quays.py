"""Where the boats of a network call: from places on the map to the edges between two quays."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import geometry, graph
from geoaccess.network import EdgeKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["Crossing", "Quays"]


class Crossing(NamedTuple):
    """The course of a boat between two quays: road nodes, time from road to boat at each, edges, time across."""

    from_road: int
    from_queue_ds: int
    to_road: int
    to_queue_ds: int
    edges: list[int]
    forward_ds: int
    backward_ds: int


class Quays:
    """The quays of the car ferries of a network.

    At a quay a boarding edge joins a road node to a boat node; from the boat to the road it costs the queue alone, to
    the boat the queue and the wait. Places where boats meet without a road, as beyond the border of an extract, are
    quays too, of second choice: there the boat node stands for the road.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        ferry = np.flatnonzero(network.edge_kind == EdgeKind.FERRY)
        boarding = np.flatnonzero(network.edge_kind == EdgeKind.BOARDING)
        boats = np.zeros(network.n_nodes, np.bool_)
        boats[network.edge_u[ferry]] = boats[network.edge_v[ferry]] = True
        u, v = network.edge_u[boarding], network.edge_v[boarding]
        upward = boats[v]
        alight_ds = np.where(upward, network.edge_backward_ds[boarding], network.edge_forward_ds[boarding])
        boats[np.where(upward, v, u)] = False
        at_sea = np.flatnonzero(boats)
        self.boat = np.concatenate([np.where(upward, v, u), at_sea])
        self.road = np.concatenate([np.where(upward, u, v), at_sea])
        self.queue_ds = np.concatenate([alight_ds, np.zeros_like(at_sea)])
        self.landless = np.arange(self.boat.size) >= boarding.size
        self.together = graph.weak_components(network.n_nodes, network.edge_u[ferry], network.edge_v[ferry])
        self.steps: dict[int, list[tuple[int, int, int, int]]] = {}
        for edge in ferry.tolist():
            a, b = int(network.edge_u[edge]), int(network.edge_v[edge])
            there, back = int(network.edge_forward_ds[edge]), int(network.edge_backward_ds[edge])
            self.steps.setdefault(a, []).append((b, there, back, edge))
            self.steps.setdefault(b, []).append((a, back, there, edge))

    def between(self, start: tuple[float, float], end: tuple[float, float], *, limit_m: float) -> Crossing | None:
        """Return the crossing between the quays nearest to two places (lon, lat) that boats join; None if none do.

        Neither quay lies farther from its place than `limit_m`.
        """
        best: tuple[tuple[int, float], int, int] | None = None
        for a, off_a in self._near(start, limit_m):
            for b, off_b in self._near(end, limit_m):
                if self.road[a] == self.road[b] or self.together[self.boat[a]] != self.together[self.boat[b]]:
                    continue
                worth = (int(self.landless[a]) + int(self.landless[b]), off_a + off_b)
                if best is None or worth < best[0]:
                    best = (worth, a, b)
        return self._crossing(best[1], best[2]) if best else None

    def _near(self, place: tuple[float, float], limit_m: float) -> list[tuple[int, float]]:
        lon = np.append(self.network.node_lon[self.boat], place[0])
        lat = np.append(self.network.node_lat[self.boat], place[1])
        at = np.arange(self.boat.size, dtype=np.int32)
        metres: npt.NDArray[np.float64] = geometry.segment_lengths_m(lon, lat, at, np.full_like(at, at.size))
        return [(int(i), float(metres[i])) for i in np.flatnonzero(metres <= limit_m)]

    def _crossing(self, a: int, b: int) -> Crossing | None:
        source, target = int(self.boat[a]), int(self.boat[b])
        best = {source: 0}
        came: dict[int, tuple[int, int, int]] = {}
        queue = [(0, source)]
        while queue:
            time, node = heapq.heappop(queue)
            if node == target:
                break
            if time > best[node]:
                continue
            for other, there, back, edge in self.steps.get(node, ()):
                if there >= 0 and time + there < best.get(other, 2**62):
                    best[other] = time + there
                    came[other] = (node, edge, back)
                    heapq.heappush(queue, (time + there, other))
        if target not in came:
            return None
        edges, back_ds, node = [], 0, target
        while node != source:
            node, edge, back = came[node]
            edges.append(edge)
            back_ds = -1 if back < 0 or back_ds < 0 else back_ds + back
        return Crossing(
            from_road=int(self.road[a]),
            from_queue_ds=int(self.queue_ds[a]),
            to_road=int(self.road[b]),
            to_queue_ds=int(self.queue_ds[b]),
            edges=edges,
            forward_ds=best[target],
            backward_ds=back_ds,
        )
