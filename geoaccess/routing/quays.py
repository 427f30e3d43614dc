"""Where the boats of a network call: from places on the map to the edges between two quays."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import geometry, graph
from geoaccess.network import EdgeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["Crossing", "Quays"]


class Crossing(NamedTuple):
    """The course of a boat between two quays, by their place among all: edges, which of them from u to v, time across.

    The edges are in the order of travel. `backward_ds` is -1 where they are not all open the other way.
    """

    start: int
    end: int
    edges: tuple[int, ...]
    upward: tuple[bool, ...]
    forward_ds: int
    backward_ds: int

    @property
    def turned(self) -> Crossing:
        """The same course the other way."""
        upward = tuple(not up for up in self.upward[::-1])
        return Crossing(self.end, self.start, self.edges[::-1], upward, self.backward_ds, self.forward_ds)


class Quays:
    """The quays of the car ferries of a network that are open to all.

    At a quay a boarding edge joins a road node to a boat node; from the boat to the road it costs the queue alone, to
    the boat the queue and the wait. Places where boats meet without a road, as beyond the border of an extract, are
    quays too, of second choice: there the boat node stands for the road. `ship` numbers the boats that one can stay on
    board of from quay to quay.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        usable = (network.edge_forward_ds >= 0) | (network.edge_backward_ds >= 0)
        if network.expansion is not None:
            usable &= ~network.expansion.restricted
        ferry = np.flatnonzero((network.edge_kind == EdgeKind.FERRY) & usable)
        boats = np.zeros(network.n_nodes, np.bool_)
        boats[network.edge_u[ferry]] = boats[network.edge_v[ferry]] = True
        boarding = np.flatnonzero((network.edge_kind == EdgeKind.BOARDING) & usable)
        boarding = boarding[boats[network.edge_u[boarding]] | boats[network.edge_v[boarding]]]
        u, v = network.edge_u[boarding], network.edge_v[boarding]
        upward = boats[v]
        there, back = network.edge_forward_ds[boarding], network.edge_backward_ds[boarding]
        boats[np.where(upward, v, u)] = False
        at_sea = np.flatnonzero(boats)
        self.boat = np.concatenate([np.where(upward, v, u), at_sea])
        self.road = np.concatenate([np.where(upward, u, v), at_sea])
        self.queue_ds = np.concatenate([np.where(upward, back, there), np.zeros_like(at_sea)])
        self.board_ds = np.concatenate([np.where(upward, there, back), np.zeros_like(at_sea)])
        self.edge = np.concatenate([boarding, np.full(at_sea.size, -1)])
        self.landless = self.edge < 0
        node = graph.weak_components(network.n_nodes, network.edge_u[ferry], network.edge_v[ferry])
        self.ship = node[self.boat]
        self.edges, self.ship_of_edge = ferry, node[network.edge_u[ferry]]
        self.linked = self._linked(ferry)[self.boat]
        self._at = {int(boat): i for i, boat in enumerate(self.boat)}
        self._on_road: dict[int, list[int]] = {}
        for i, road in enumerate(self.road.tolist()):
            self._on_road.setdefault(road, []).append(i)
        self.steps: dict[int, list[tuple[int, int, int, int, bool]]] = {}
        for edge in ferry.tolist():
            a, b = int(network.edge_u[edge]), int(network.edge_v[edge])
            forward, backward = int(network.edge_forward_ds[edge]), int(network.edge_backward_ds[edge])
            self.steps.setdefault(a, []).append((b, forward, backward, edge, True))
            self.steps.setdefault(b, []).append((a, backward, forward, edge, False))

    def _linked(self, ferry: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Return the numbers of nodes that boats join, with changes between boats at a quay."""
        network = self.network
        found: npt.NDArray[np.int32] = graph.weak_components(
            network.n_nodes,
            np.concatenate([network.edge_u[ferry], self.boat.astype(np.int32)]),
            np.concatenate([network.edge_v[ferry], self.road.astype(np.int32)]),
        )
        return found

    def between(
        self, start: tuple[float, float], end: tuple[float, float], *, limit_m: float, changes: bool = False
    ) -> Crossing | None:
        """Return the crossing between the quays nearest to two places (lon, lat) that boats join; None if none do.

        Neither quay lies farther from its place than `limit_m`. One boat joins them; with `changes`, where none does,
        several that meet at quays: what a timetable has as one boat may be several lines of a map.
        """
        ranked = []
        near = self._near(end, limit_m)
        for a, off_a in self._near(start, limit_m):
            for b, off_b in near:
                one = self.ship[a] == self.ship[b]
                if self.road[a] != self.road[b] and (one or (changes and self.linked[a] == self.linked[b])):
                    ranked.append((not one, int(self.landless[a]) + int(self.landless[b]), off_a + off_b, a, b))
        for changed, _, _, a, b in sorted(ranked):
            found = self.crossing(a, b, changes=changed)
            if found is not None:
                return found
        return None

    def calls(self, ship: int) -> npt.NDArray[np.int64]:
        """Return the quays of a ship, where a road leads to it."""
        return np.flatnonzero((self.ship == ship) & ~self.landless)

    def ships_between(self, one_road: int, other_road: int) -> set[int]:
        """Return the ships that call at two road nodes."""
        at = [{int(self.ship[i]) for i in self._on_road.get(road, ())} for road in (one_road, other_road)]
        return at[0] & at[1]

    def _near(self, place: tuple[float, float], limit_m: float) -> list[tuple[int, float]]:
        lon = np.append(self.network.node_lon[self.boat], place[0])
        lat = np.append(self.network.node_lat[self.boat], place[1])
        at = np.arange(self.boat.size, dtype=np.int32)
        metres: npt.NDArray[np.float64] = geometry.segment_lengths_m(lon, lat, at, np.full_like(at, at.size))
        return [(int(i), float(metres[i])) for i in np.flatnonzero(metres <= limit_m)]

    def crossing(self, a: int, b: int, *, changes: bool = False) -> Crossing | None:
        """Return the quickest course between two quays by their place among all, None where there is none."""
        source, target = int(self.boat[a]), int(self.boat[b])
        best = {source: 0}
        came: dict[int, tuple[int, int, int, bool]] = {}
        queue = [(0, source)]
        while queue:
            time, node = heapq.heappop(queue)
            if node == target:
                break
            if time > best[node]:
                continue
            for other, there, back, edge, up in self._from(node, changes=changes):
                if there >= 0 and time + there < best.get(other, 2**62):
                    best[other] = time + there
                    came[other] = (node, edge, back, up)
                    heapq.heappush(queue, (time + there, other))
        if target not in came:
            return None
        edges, upward, back_ds, node = [], [], 0, target
        while node != source:
            node, edge, back, up = came[node]
            if edge >= 0:
                edges.append(edge)
                upward.append(up)
                back_ds = -1 if back < 0 or back_ds < 0 else back_ds + back
        return Crossing(a, b, tuple(edges[::-1]), tuple(upward[::-1]), best[target], back_ds)

    def _from(self, node: int, *, changes: bool) -> Iterator[tuple[int, int, int, int, bool]]:
        yield from self.steps.get(node, ())
        if changes and node in self._at:
            for other in self._on_road[int(self.road[self._at[node]])]:
                yield int(self.boat[other]), 0, 0, -1, True
