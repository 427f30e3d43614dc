"""Crossings between two quays put into a network: a boat of their own each, with its wait and its time across."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.network import DECISECONDS, EdgeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.network import Network
    from geoaccess.network.elements import TurnExpansion
    from geoaccess.routing.quays import Crossing, Quays

__all__ = ["TimedCrossing", "add_crossings"]


class TimedCrossing(NamedTuple):
    """A crossing, and both ways what boarding takes (queue and wait) and how long one is on board; -1 is closed."""

    course: Crossing
    board_ds: tuple[int, int]
    across_ds: tuple[int, int]


def add_crossings(network: Network, quays: Quays, crossings: Sequence[TimedCrossing]) -> Network:
    """Return a network with crossings added; nodes and edges that were there keep their numbers.

    Each crossing has nodes of its own, so that its wait is charged for it alone: the edges of its course again, and a
    boarding edge at either quay, tied to the road as the boats there are.
    """
    if not crossings:
        return network
    made = _Made(network, quays)
    for crossing in crossings:
        made.add(crossing)
    return made.network()


class _Made:
    """Nodes and edges while they grow, as lists of the columns of a network."""

    def __init__(self, network: Network, quays: Quays) -> None:
        self.old, self.quays = network, quays
        self.lon: list[float] = []
        self.lat: list[float] = []
        self.edges: list[tuple[int, int, int, int, float, int]] = []
        self.shapes: list[dict[str, npt.NDArray[Any]]] = []
        self.boarding: list[tuple[int, int]] = []  # place among the edges, and the quay

    def add(self, timed: TimedCrossing) -> None:
        course, old = timed.course, self.old
        there = self._shares(course, timed.across_ds[0])
        back = self._shares(course.turned, timed.across_ds[1])[::-1]
        nodes = [self._node(int(self.quays.boat[course.start]))]
        for edge, up, ahead, astern in zip(course.edges, course.upward, there, back, strict=True):
            end = int((old.edge_v if up else old.edge_u)[edge])
            nodes.append(self._node(end))
            u, v = nodes[-2:] if up else nodes[:-3:-1]
            times = (ahead, astern) if up else (astern, ahead)
            self._copy(edge, u, v, *times)
        for quay, boat, board in zip((course.start, course.end), (nodes[0], nodes[-1]), timed.board_ds, strict=True):
            self._board(quay, boat, board, way=int(old.shape_way[old.shape_ptr[course.edges[0]]]))

    def _node(self, like: int) -> int:
        self.lon.append(float(self.old.node_lon[like]))
        self.lat.append(float(self.old.node_lat[like]))
        return self.old.n_nodes + len(self.lon) - 1

    def _shares(self, course: Crossing, total_ds: int) -> list[int]:
        """Return the share of each edge of a course in the time across, by their times; all -1 where it is closed."""
        if total_ds < 0:
            return [-1] * len(course.edges)
        old = self.old
        times: list[int] = [
            int((old.edge_forward_ds if up else old.edge_backward_ds)[edge])
            for edge, up in zip(course.edges, course.upward, strict=True)
        ]
        weight = np.array(times, float) if min(times) >= 0 and max(times) > 0 else old.edge_length_m[list(course.edges)]
        weight = weight.astype(float) if weight.sum() > 0 else np.ones(len(times))
        bounds = np.rint(total_ds * np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])).astype(int)
        shares: list[int] = np.diff(bounds).tolist()
        return shares

    def _copy(self, edge: int, u: int, v: int, forward: int, backward: int) -> None:
        old = self.old
        part = slice(int(old.shape_ptr[edge]), int(old.shape_ptr[edge + 1]))
        shape = {name: getattr(old, name)[part] for name in ("shape_lon", "shape_lat", "shape_way")}
        for name, total in (("shape_forward_s", forward), ("shape_backward_s", backward)):
            shape[name] = _rescaled(getattr(old, name)[part], total)
        self.shapes.append(shape)
        self.edges.append((u, v, forward, backward, float(old.edge_length_m[edge]), int(EdgeKind.FERRY)))

    def _board(self, quay: int, boat: int, board_ds: int, *, way: int) -> None:
        quays, old = self.quays, self.old
        road, template = int(quays.road[quay]), int(quays.edge[quay])
        queue = int(quays.queue_ds[quay])
        ends = [road, boat - old.n_nodes]
        self.shapes.append(
            {
                "shape_lon": np.array([old.node_lon[ends[0]], self.lon[ends[1]]]),
                "shape_lat": np.array([old.node_lat[ends[0]], self.lat[ends[1]]]),
                "shape_way": np.full(2, way if template < 0 else old.shape_way[old.shape_ptr[template]], np.int32),
                "shape_forward_s": np.array([max(board_ds, 0) / DECISECONDS, 0], np.float32),
                "shape_backward_s": np.array([max(queue, 0) / DECISECONDS, 0], np.float32),
            }
        )
        self.boarding.append((len(self.edges), quay))
        metres = 0.0 if template < 0 else float(old.edge_length_m[template])
        self.edges.append((road, boat, board_ds, queue, metres, int(EdgeKind.BOARDING)))

    def network(self) -> Network:
        old = self.old
        u, v, forward, backward, metres, kind = (np.array(column) for column in zip(*self.edges, strict=True))
        added: dict[str, Any] = {
            "node_lon": self.lon,
            "node_lat": self.lat,
            "edge_u": u,
            "edge_v": v,
            "edge_forward_ds": forward,
            "edge_backward_ds": backward,
            "edge_length_m": metres,
            "edge_kind": kind,
            "edge_snaps": np.zeros(u.size, np.bool_),
            **{name: np.concatenate([shape[name] for shape in self.shapes]) for name in self.shapes[0]},
        }
        sizes = np.array([shape["shape_lon"].size for shape in self.shapes])
        whole: dict[str, Any] = {
            name: np.concatenate([getattr(old, name), np.asarray(new).astype(getattr(old, name).dtype)])
            for name, new in added.items()
        }
        ptr = np.concatenate([old.shape_ptr, old.shape_ptr[-1] + np.cumsum(sizes)]).astype(np.int64)
        expansion = None if old.expansion is None else self._expanded(old.expansion, u, v)
        return replace(old, **whole, shape_ptr=ptr, expansion=expansion)

    def _expanded(self, ways: TurnExpansion, u: npt.NDArray[Any], v: npt.NDArray[Any]) -> TurnExpansion:
        """Let rules for turning hold at quays as they do for the boats that were there."""
        old, quays = self.old, self.quays
        at_road = {name: u.copy() for name in ("leave", "arrive", "tail")}
        more: list[tuple[int, bool, int, int]] = []
        for place, quay in self.boarding:
            template = int(quays.edge[quay])
            if template < 0:
                continue
            side = "u" if old.edge_v[template] == quays.boat[quay] else "v"
            for name, ends in at_road.items():
                ends[place] = getattr(ways, f"{name}_{side}")[template]
            number, boat = old.n_edges + place, int(v[place])
            for row in np.flatnonzero(ways.more_edge == template).tolist():
                boards = bool(ways.more_up[row]) == (side == "u")
                tail, head = int(ways.more_tail[row]), int(ways.more_head[row])
                more.append((number, boards, tail, boat) if boards else (number, boards, boat, head))
        columns: dict[str, Any] = {f"{name}_u": ends for name, ends in at_road.items()}
        columns |= {f"{name}_v": v for name in at_road}
        columns["restricted"] = np.zeros(u.size, np.bool_)
        columns["place"] = old.n_nodes + np.arange(len(self.lon))
        if more:
            more.sort(key=lambda row: row[0])
            names = ("more_edge", "more_up", "more_tail", "more_head")
            columns |= dict(zip(names, zip(*more, strict=True), strict=True))
        n_nodes = old.n_nodes + len(self.lon)
        for name in ("begin_at", "end_at"):
            columns[name] = np.arange(getattr(ways, name).size, n_nodes)
        return replace(
            ways,
            **{
                name: np.concatenate([getattr(ways, name), np.asarray(new).astype(getattr(ways, name).dtype)])
                for name, new in columns.items()
            },
        )


def _rescaled(pieces: npt.NDArray[np.float32], total_ds: int) -> npt.NDArray[np.float32]:
    """Return the seconds of the pieces of an edge (the last point starts none) that add up to another time."""
    if total_ds < 0:
        return np.zeros_like(pieces)
    weight = pieces.astype(float)
    if not weight.sum() > 0:
        weight = np.append(np.ones(pieces.size - 1), 0.0)
    scaled: npt.NDArray[np.float32] = (weight / weight.sum() * total_ds / DECISECONDS).astype(np.float32)
    return scaled
