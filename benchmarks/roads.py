"""Roads as plain arrays: what the generator and the loaders make, and how it becomes arcs or a `geoaccess.Network`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.kernels import geometry
from geoaccess.network import DECISECONDS, EdgeKind, Network
from geoaccess.network.assembly import no_ferries

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CLASSES", "Roads", "hilbert_order", "renumbered"]

CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "residential", "service", "ferry")

_HILBERT_BITS = 16


@dataclass(frozen=True, eq=False)
class Roads:
    """Straight edges between points, each open one way or both, with times in deciseconds (-1 is closed).

    `kind` is the `EdgeKind` of each edge and `road_class` its place in `CLASSES`; a ferry's times hold its wait,
    `wait_ds`. `note` says what is real and what is made up.
    """

    name: str
    note: str
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    u: npt.NDArray[np.int32]
    v: npt.NDArray[np.int32]
    forward_ds: npt.NDArray[np.int32]
    backward_ds: npt.NDArray[np.int32]
    wait_ds: npt.NDArray[np.int32]
    length_m: npt.NDArray[np.float32]
    kind: npt.NDArray[np.int8]
    road_class: npt.NDArray[np.int8]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.lon.size

    def arcs(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return (tail, head, cost_ds) of every open direction of every edge."""
        forward, backward = np.flatnonzero(self.forward_ds >= 0), np.flatnonzero(self.backward_ds >= 0)
        return (
            np.concatenate([self.u[forward], self.v[backward]]),
            np.concatenate([self.v[forward], self.u[backward]]),
            np.concatenate([self.forward_ds[forward], self.backward_ds[backward]]),
        )

    def network(self) -> Network:
        """Return the roads as a `Network` whose nodes keep their numbers.

        Roads of one class are one way, each ferry is a way of its own: so 3 million nodes need no table of 4 million
        ways.
        """
        ends = np.column_stack([self.u, self.v]).ravel()
        ferries = np.flatnonzero(self.kind == EdgeKind.FERRY)
        n_classes = len(CLASSES) - 1
        way = self.road_class.astype(np.int32)
        way[ferries] = n_classes + np.arange(ferries.size, dtype=np.int32)
        pieces = np.zeros((2, ends.size), np.float32)  # the last point of an edge starts no piece
        pieces[0, ::2] = self.forward_ds.clip(0) / np.float32(DECISECONDS)
        pieces[1, ::2] = self.backward_ds.clip(0) / np.float32(DECISECONDS)
        return Network(
            node_lon=self.lon.copy(),
            node_lat=self.lat.copy(),
            edge_u=self.u.copy(),
            edge_v=self.v.copy(),
            edge_forward_ds=self.forward_ds.copy(),
            edge_backward_ds=self.backward_ds.copy(),
            edge_length_m=self.length_m.copy(),
            edge_kind=self.kind.copy(),
            edge_snaps=self.kind == EdgeKind.ROAD,
            shape_ptr=np.arange(0, ends.size + 1, 2, dtype=np.int64),
            shape_lon=self.lon[ends],
            shape_lat=self.lat[ends],
            shape_way=np.repeat(way, 2),
            shape_forward_s=pieces[0],
            shape_backward_s=pieces[1],
            way_id=np.arange(1, n_classes + ferries.size + 1, dtype=np.int64),
            way_class=np.minimum(np.arange(n_classes + ferries.size), n_classes).astype(np.int16),
            class_names=CLASSES,
            ferries=self._ferry_table(ferries, n_classes),
        )

    def _ferry_table(self, ferries: npt.NDArray[np.int64], n_classes: int) -> pd.DataFrame:
        if not ferries.size:
            return no_ferries()
        longest = np.maximum(self.forward_ds, self.backward_ds)[ferries] / DECISECONDS
        wait = self.wait_ds[ferries] / DECISECONDS
        u, v = self.u[ferries], self.v[ferries]
        columns = {
            "way_id": n_classes + 1 + np.arange(ferries.size),
            "name": [f"ferry {i}" for i in range(ferries.size)],
            "crossing_s": longest - wait,
            "wait_s": wait,
            "wait_planned_s": wait,
            "wait_unplanned_s": wait,
            "check_in_s": 0.0,
            "cars": True,
            "joined": 2,
            "note": "made up",
            "kind": "car ferry",
            "relation_id": 0,
            "length_m": self.length_m[ferries].astype(float),
            "headway_s": 2 * wait,
            "duration": "",
            "table_row": 0,
            "from_lon": self.lon[u],
            "from_lat": self.lat[u],
            "to_lon": self.lon[v],
            "to_lat": self.lat[v],
            "timetable": "",
            "sailings": np.nan,
        }
        return pd.DataFrame(columns, index=range(ferries.size)).astype(no_ferries().dtypes)


def hilbert_order(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return points in the order of a Hilbert curve over the square around them: near on the map, near in memory."""
    span = max(np.ptp(x), np.ptp(y)) or 1.0
    side = 2**_HILBERT_BITS - 1
    places = geometry.hilbert_index(
        ((x - x.min()) / span * side).astype(np.uint32), ((y - y.min()) / span * side).astype(np.uint32), _HILBERT_BITS
    )
    return np.argsort(places, kind="stable")


def renumbered(
    order: npt.NDArray[np.int64], u: npt.NDArray[np.int32], v: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the ends of all edges by the nodes' places in `order`, and the edges sorted by them."""
    rank = np.empty(order.size, np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    u, v = rank[u], rank[v]
    by_node = np.argsort(u.astype(np.int64) * order.size + v, kind="stable")
    return u[by_node], v[by_node], by_node
