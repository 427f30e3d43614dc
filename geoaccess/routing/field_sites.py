"""The sites of a kept field: numbered for good, with the ends of edges that a search begins from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.kernels import cells as along
from geoaccess.kernels.keys import FAR, LOW, SHIFT
from geoaccess.routing.legs import Legs, legs
from geoaccess.routing.walks import NOWHERE, Spots, SpotsInOrder, in_order, joined, spots_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["PLACE", "Place", "Sites", "packed"]

Place = dict[Any, Any]
"""One row of a table that `snap` made."""

PLACE = (
    "edge",
    "node",
    "off_network_m",
    "off_network_ds",
    "start_ds",
    "to_u_ds",
    "from_u_ds",
    "to_v_ds",
    "from_v_ds",
    "lon",
    "lat",
    "shape_at",
    "x_m",
    "y_m",
    "reason",
)
"""The columns of such a table."""


class Sites:
    """The sites of a field. Each has a number for good; one that is removed leaves its number empty.

    `label` and `place` (None where removed) go by number; `number` finds the number of a label. `seed_node` and
    `seed_key` are the ends of their edges from which a search begins, `on_edge` and `of_edge` the edges with sites,
    sorted, and the number of the site on each.
    """

    def __init__(self, network: Network, table: pd.DataFrame, *, turned: bool) -> None:
        self.network, self.turned = network, turned
        self.label: list[Hashable] = list(table.index)
        self.place: list[Place | None] = [*table[list(PLACE)].to_dict("records")]
        self.number = {label: number for number, label in enumerate(self.label)}
        self.rows, self.spots = self.described(table)
        numbers = np.arange(len(self.label))
        self.by_node: tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]] | None = None
        self.eastward: SpotsInOrder | None = None
        self.on_edges: tuple[npt.NDArray[np.int32], ...] | None = None
        self.seed_node, self.seed_key = self._seeds(numbers)
        attached = np.flatnonzero(self.rows[:, along.EDGE] >= 0).astype(np.int32)
        self.of_edge = attached[np.argsort(self.rows[attached, along.EDGE], kind="stable")]
        self.on_edge = np.ascontiguousarray(self.rows[self.of_edge, along.EDGE])

    def _seeds(self, numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
        rows = self.rows[numbers]
        time = rows[:, along.LEG : along.LEG + 2].astype(np.int64) + rows[:, [along.OFF]]
        open_leg = (rows[:, along.LEG : along.LEG + 2] >= 0) & (rows[:, [along.EDGE]] >= 0) & (time < FAR)
        key = (time.astype(np.uint64) << SHIFT) | numbers.astype(np.uint64)[:, None]
        return rows[:, along.NODE : along.NODE + 2][open_leg], key[open_leg]

    def copy(self) -> Sites:
        """Return sites that change by themselves."""
        twin = object.__new__(Sites)
        twin.__dict__ |= {
            name: value.copy() if hasattr(value, "copy") else value
            for name, value in self.__dict__.items()
            if name != "network"
        }
        twin.network = self.network
        return twin

    def seeds_by_node(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
        """Return all seeds sorted by node; sorted once, until a site comes or goes."""
        if self.by_node is None:
            order = np.argsort(self.seed_node, kind="stable")
            self.by_node = self.seed_node[order], self.seed_key[order]
        return self.by_node

    def in_order(self) -> SpotsInOrder:
        """Return where the sites are, so that walks to them are found quickly; sorted once, as the seeds are."""
        if self.eastward is None:
            self.eastward = in_order(self.spots)
        return self.eastward

    def along_edges(self) -> tuple[npt.NDArray[np.int32], ...]:
        """Return the sites on edges, as `finish_nearest` takes them: edge, number, off the network, up and down."""
        if self.on_edges is None:
            placed = self.rows[self.of_edge]
            columns = (np.ascontiguousarray(placed[:, column]) for column in (along.OFF, along.UP, along.DOWN))
            self.on_edges = self.on_edge, self.of_edge, *columns
        return self.on_edges

    def seeds_of(self, number: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
        """Return the seeds of one site."""
        return self._seeds(np.array([number]))

    def new(self, label: Hashable) -> int:
        """Return a number for a site that has no place yet."""
        self.eastward = None
        number = len(self.label)
        self.label.append(label)
        self.place.append(None)
        self.rows = np.concatenate([self.rows, np.full((1, self.rows.shape[1]), -1, np.int32)])
        self.spots = joined(self.spots, NOWHERE)
        return number

    def drop_last(self) -> None:
        """Take back the last number, whose site has no place."""
        self.eastward = None
        self.label.pop()
        self.place.pop()
        self.rows, self.spots = self.rows[:-1], self.spots.some(slice(-1))

    def put(self, number: int, place: Place | None) -> None:
        """Place a site, or take it away."""
        self.by_node = self.eastward = self.on_edges = None
        if self.place[number] is not None:
            stays = (self.seed_key & LOW) != number
            self.seed_node, self.seed_key = self.seed_node[stays], self.seed_key[stays]
            stays = self.of_edge != number
            self.on_edge, self.of_edge = self.on_edge[stays], self.of_edge[stays]
        self.place[number] = place
        if place is None:
            self.number.pop(self.label[number], None)
            self.rows[number] = -1
            self.spots = self.spots.replaced(number, NOWHERE)
            return
        self.number[self.label[number]] = number
        rows, spot = self.described({name: np.array([place[name]]) for name in PLACE})
        self.rows[number] = rows[0]
        self.spots = self.spots.replaced(number, spot)
        node, key = self.seeds_of(number)
        self.seed_node, self.seed_key = np.append(self.seed_node, node), np.append(self.seed_key, key)
        edge = self.rows[number, along.EDGE]
        if edge >= 0:
            at = np.searchsorted(self.on_edge, edge, side="right")
            self.on_edge = np.insert(self.on_edge, at, edge)
            self.of_edge = np.insert(self.of_edge, at, number)

    def described(self, places: pd.DataFrame | Mapping[str, npt.NDArray[Any]]) -> tuple[npt.NDArray[np.int32], Spots]:
        """Return the rows of places for the kernels, and where they are."""
        at = legs(self.network, places, turned=self.turned)
        return packed(at, come=True), spots_of(at)

    def table(self, numbers: npt.NDArray[np.int64] | None = None) -> pd.DataFrame:
        """Return the sites that stand, or some by their numbers, as `snap` describes them, in the order of numbers."""
        chosen: list[int] = sorted(self.number.values()) if numbers is None else numbers.tolist()
        places = [self.place[number] for number in chosen]
        return pd.DataFrame(places, columns=list(PLACE), index=pd.Index([self.label[n] for n in chosen]))


def packed(at: Legs, *, come: bool) -> npt.NDArray[np.int32]:
    """Return the rows that `geoaccess.kernels.cells` takes, of sites that one comes to or of cells that one leaves."""
    if come:
        columns = (at.edge, at.arrive_node_u, at.arrive_node_v, at.arrive_u, at.arrive_v, at.off, at.up, at.down)
    else:
        columns = (at.edge, at.leave_node_u, at.leave_node_v, at.leave_u, at.leave_v, at.off, at.up, at.down)
    return np.column_stack(columns)
