"""The sites of a kept field: numbered for good, with the ends of edges that a search begins from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.kernels import cells as along
from geoaccess.kernels.keys import FAR, SHIFT
from geoaccess.routing.legs import Legs, legs
from geoaccess.routing.walks import Spots, SpotsInOrder, in_order, spots_of

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

    `label` and `place` (None where removed) go by number, and so do `rows`, as the kernels take them, and `spots`;
    `number` finds the number of a label. What else is asked for is made of these, and kept until a site comes or goes.
    """

    def __init__(self, network: Network, table: pd.DataFrame, *, turned: bool) -> None:
        self.network, self.turned = network, turned
        self.label: list[Hashable] = list(table.index)
        self.place: list[Place | None] = [*table[list(PLACE)].to_dict("records")]
        self.number = {label: number for number, label in enumerate(self.label)}
        self.rows, spots = self.described(table)
        self.where = np.stack(spots)
        self._forget()

    def _forget(self) -> None:
        """Let what is made of the sites be made again."""
        self.by_node: tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]] | None = None
        self.eastward: SpotsInOrder | None = None
        self.on_edges: tuple[npt.NDArray[np.int32], ...] | None = None

    @property
    def spots(self) -> Spots:
        """Where the sites are."""
        return Spots(*self.where)

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

    def seeds(self, numbers: slice = slice(None)) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
        """Return the ends of edges from which a search begins, and the key of each: of all sites, or of some."""
        rows = self.rows[numbers]
        leg, off = rows[:, along.LEG : along.LEG + 2], rows[:, [along.OFF]]
        time = leg.astype(np.int64) + off
        begins = (leg >= 0) & (rows[:, [along.EDGE]] >= 0) & (time < FAR)
        key = (time.astype(np.uint64) << SHIFT) | np.arange(len(self.rows), dtype=np.uint64)[numbers, None]
        return rows[:, along.NODE : along.NODE + 2][begins], key[begins]

    def seeds_by_node(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
        """Return all seeds sorted by node."""
        if self.by_node is None:
            node, key = self.seeds()
            order = np.argsort(node, kind="stable")
            self.by_node = node[order], key[order]
        return self.by_node

    def in_order(self) -> SpotsInOrder:
        """Return where the sites are, so that walks to them are found quickly."""
        if self.eastward is None:
            self.eastward = in_order(self.spots)
        return self.eastward

    def along_edges(self) -> tuple[npt.NDArray[np.int32], ...]:
        """Return the sites on edges, as `finish_nearest` takes them: by edge, number, off the network, up and down."""
        if self.on_edges is None:
            number = np.flatnonzero(self.rows[:, along.EDGE] >= 0).astype(np.int32)
            number = number[np.argsort(self.rows[number, along.EDGE], kind="stable")]
            placed = self.rows[number]
            edge, off, up, down = (
                np.ascontiguousarray(placed[:, column]) for column in (along.EDGE, along.OFF, along.UP, along.DOWN)
            )
            self.on_edges = edge, number, off, up, down
        return self.on_edges

    def new(self, label: Hashable) -> int:
        """Return a number for a site that has no place yet."""
        self._forget()
        number = len(self.label)
        self.label.append(label)
        self.place.append(None)
        self.rows = np.concatenate([self.rows, np.full((1, self.rows.shape[1]), -1, np.int32)])
        self.where = np.concatenate([self.where, np.full((len(self.where), 1), np.nan)], axis=1)
        return number

    def drop_last(self) -> None:
        """Take back the last number, whose site has no place."""
        self._forget()
        self.label.pop()
        self.place.pop()
        self.rows, self.where = self.rows[:-1], self.where[:, :-1]

    def put(self, number: int, place: Place | None) -> None:
        """Place a site, or take it away."""
        self._forget()
        self.where = self.where.copy()  # others may still look at the spots there were
        self.place[number] = place
        if place is None:
            self.number.pop(self.label[number], None)
            self.rows[number], self.where[:, number] = -1, np.nan
            return
        self.number[self.label[number]] = number
        rows, spot = self.described_alone(place)
        self.rows[number], self.where[:, number : number + 1] = rows, spot

    def described_alone(self, place: Place) -> tuple[npt.NDArray[np.int32], Spots]:
        """Return the row of one place for the kernels, and where it is."""
        return self.described({name: np.array([value]) for name, value in place.items()})

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
    rows = np.empty((at.edge.size, len(columns)), np.int32)
    for column, values in enumerate(columns):
        rows[:, column] = values
    return rows
