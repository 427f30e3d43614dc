"""What a network is made of: kinds of edges, arcs, and the copies of nodes by which rules for turning are obeyed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["DECISECONDS", "Arcs", "EdgeKind", "TurnExpansion"]

DECISECONDS = 10
"""Integer time units per second inside kernels."""


class EdgeKind(IntEnum):
    """What an edge is. `ON_FOOT` ferries carry no cars: no arc leads over them. They show why an island is cut off."""

    ROAD = 0
    FERRY = 1
    BOARDING = 2
    ON_FOOT = 3


class Arcs(NamedTuple):
    """Arcs in compressed rows: node i has start[i]:start[i + 1], each with its head, cost and edge (-1: a link)."""

    start: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]
    cost_ds: npt.NDArray[np.int32]
    edge: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class TurnExpansion:
    """How arcs differ from edges where turns are banned or through traffic is not allowed.

    See `geoaccess.network.turns`. A journey leaves edge e at the nodes `leave_u[e]` and `leave_v[e]` and comes to it
    from `arrive_u[e]` and `arrive_v[e]`; its arcs lead from `tail_u[e]` to `leave_v[e]` and from `tail_v[e]` to
    `leave_u[e]`. Where nothing is banned all are the ends of the edge. `place` is the node that each node stands for,
    itself or the one it is a copy of. Links lead from `link_tail` to `link_head` at no cost. Further arcs, from
    `more_tail` to `more_head`, are of the edges `more_edge` (rising), from u to v where `more_up`.
    A journey from or to a junction itself begins at the node `begin_at` and ends at `end_at` of it, see `junctions`.
    """

    leave_u: npt.NDArray[np.int32]
    leave_v: npt.NDArray[np.int32]
    arrive_u: npt.NDArray[np.int32]
    arrive_v: npt.NDArray[np.int32]
    tail_u: npt.NDArray[np.int32]
    tail_v: npt.NDArray[np.int32]
    restricted: npt.NDArray[np.bool_]
    place: npt.NDArray[np.int32]
    link_tail: npt.NDArray[np.int32]
    link_head: npt.NDArray[np.int32]
    more_edge: npt.NDArray[np.int32]
    more_up: npt.NDArray[np.bool_]
    more_tail: npt.NDArray[np.int32]
    more_head: npt.NDArray[np.int32]
    begin_at: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    end_at: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
