"""A nearest field that is kept: solved once, then changed in place by `geoaccess.routing.updates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy, at_hand
from geoaccess.kernels import cells as along
from geoaccess.kernels import graph, search
from geoaccess.kernels.keys import EMPTY, FAR, LOW, SHIFT
from geoaccess.kernels.rows import BEYOND
from geoaccess.network import Network, as_places
from geoaccess.routing.field_sites import PLACE, Place, Sites, packed
from geoaccess.routing.legs import legs
from geoaccess.routing.node_keys import nearest_keys
from geoaccess.routing.sites import check_question, check_unique, labels_by_number, table
from geoaccess.routing.walks import Spots, SpotsInOrder, in_order, spots_of, walks_between

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.network import Arcs

__all__ = ["PLACE", "NearestField", "Place", "Sites", "solve_nearest"]


@checks_arguments
def solve_nearest(
    network: Network | Hierarchy,
    sites: gpd.GeoDataFrame | gpd.GeoSeries | pd.DataFrame,
    *,
    k: int = 2,
    direction: Direction = "to_sites",
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> NearestField:
    """Solve the k nearest sites of every node, to be read at many places and changed step by step.

    Parameters
    ----------
    network
        Made by `read_osm`, `from_osmnx` or `Network.from_edges`; or what `contract` made of it, which
        solves it sooner. Changes need no hierarchy.
    sites
        Points or polygons (their centroids) with a CRS and a unique index, or what `snap` made of them.
    k, direction, max_snap_m, off_network_kph, min_component_m
        As for `nearest`.

    Returns
    -------
    A `NearestField`; change it with `add_site`, `remove_site`, `move_site`, `close_edges`, `open_edges` and `undo`.

    Raises
    ------
    InputError
        As for `nearest`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> field = ga.solve_nearest(road, gpd.GeoSeries.from_xy([10.0], [60.0], index=["west"], crs="EPSG:4326"))
    >>> homes = gpd.GeoSeries.from_xy([10.1], [60.0], index=["home"], crs="EPSG:4326")
    >>> change = ga.routing.add_site(field, "east", (10.2, 60.0))
    >>> field.nearest(homes)[["travel_time_s", "site", "travel_time_2_s", "site_2"]].to_dict("records")
    [{'travel_time_s': 300.0, 'site': 'west', 'travel_time_2_s': 400.0, 'site_2': 'east'}]
    >>> ga.routing.remove_site(field, "west")
    Change(remove site 'west', 3 nodes, 0 cells)
    >>> field.nearest(homes)["site"].tolist()
    ['east']
    """
    snapping = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    hierarchy = at_hand(network)
    check_unique(sites=sites)
    places = as_places(hierarchy.network, sites, name="sites", **snapping)
    check_question(k=k, direction=direction, n_sites=len(places))
    return NearestField(hierarchy, places, k=k, direction=direction, snapping=snapping)


class _Cells(NamedTuple):
    """Cells that are kept up to date: as `snap` made them, packed, by node, their k nearest as keys; and room to work.

    `seen` is clear between calls, `best` of the nodes and `least` of the cells are FAR.
    """

    table: pd.DataFrame
    rows: npt.NDArray[np.int32]
    spots: Spots
    in_order: SpotsInOrder
    people: npt.NDArray[np.float64]
    first: npt.NDArray[np.int32]
    listed: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    seen: npt.NDArray[np.bool_]
    best: npt.NDArray[np.int32]
    least: npt.NDArray[np.int32]
    found: npt.NDArray[np.int32]


class NearestField:
    """The k nearest sites of every node of a network, which stay right while sites come and go and edges close.

    Made by `solve_nearest`. It is the one thing here that changes in place: to copy it would take longer than most
    changes do. The network it is made on stays as it is. A field is for one thread at a time.

    Attributes
    ----------
    network, k, direction
        What it was solved for.
    keys
        Shape (n_nodes, k), uint64: time in deciseconds << 32 | number of the site, rising; see
        `geoaccess.kernels.keys`. To be read only.
    closed
        Numbers of the edges that `close_edges` closed, sorted.
    """

    def __init__(
        self, hierarchy: Hierarchy, sites: pd.DataFrame, *, k: int, direction: Direction, snapping: dict[str, float]
    ) -> None:
        network = hierarchy.network
        self.network, self.k, self.direction, self.snapping = network, k, direction, snapping
        self.turned = direction == "to_people"
        self.out, self.back = self._arcs_of_network()
        self.standing = Sites(network, sites, turned=self.turned)
        self.closed = np.empty(0, np.int32)
        self.keys = self._solved(hierarchy)
        self.attached_cells: _Cells | None = None
        self.history: list[object] = []
        self.touched = np.zeros(network.n_nodes, np.bool_)
        # As long as could be needed, but memory is taken only where it is written.
        self.nodes = np.empty(network.n_nodes, np.int32)
        self.rows = np.empty((network.n_nodes, k), np.uint64)

    def __repr__(self) -> str:
        """Say what the field holds."""
        cells = 0 if self.attached_cells is None else len(self.attached_cells.table)
        return (
            f"NearestField({len(self.standing.number)} sites, k={self.k}, direction {self.direction}, "
            f"{self.closed.size} edges closed, {cells} cells attached)"
        )

    def _arcs_of_network(self) -> tuple[Arcs, Arcs]:
        """Return the arcs along the search, and turned round.

        Times to sites are found by a search from the sites against the arcs; times from sites by one along them.
        """
        network = self.network
        return (network.arcs, network.arcs_reversed) if self.turned else (network.arcs_reversed, network.arcs)

    def copy(self) -> NearestField:
        """Return a field that changes by itself from now on; what was done to this one cannot be undone in it."""
        twin = object.__new__(NearestField)
        twin.__dict__ |= self.__dict__
        twin.standing, twin.keys, twin.history = self.standing.copy(), self.keys.copy(), []
        twin.touched = np.zeros_like(self.touched)
        twin.nodes, twin.rows = np.empty_like(self.nodes), np.empty_like(self.rows)
        twin.out, twin.back = self._arcs_of_network()
        if self.closed.size:
            twin.out, twin.back = (arcs._replace(cost_ds=arcs.cost_ds.copy()) for arcs in (self.out, self.back))
        if (cells := self.attached_cells) is not None:
            work = {name: getattr(cells, name).copy() for name in ("keys", "seen", "best", "least", "found")}
            twin.attached_cells = cells._replace(**work)
        return twin

    def _solved(self, hierarchy: Hierarchy) -> npt.NDArray[np.uint64]:
        node, key = self.standing.seeds()
        times, numbers = (key >> SHIFT).astype(np.int32), (key & LOW).astype(np.int32)
        keys = nearest_keys(hierarchy, node, times, numbers, k=self.k, reverse=not self.turned)
        keys[keys >= BEYOND] = EMPTY  # as changes leave it
        return keys

    @property
    def sites(self) -> pd.DataFrame:
        """The sites that stand, as `snap` describes them, in the order that breaks ties."""
        return self.standing.table()

    def nearest(self, cells: gpd.GeoDataFrame | gpd.GeoSeries | pd.DataFrame) -> pd.DataFrame:
        """Return the k nearest sites of cells, as `geoaccess.nearest` would on the sites and edges of now.

        `cells` are points, or what `snap` made of them. See `close_edges` for cells and sites on a closed edge.
        """
        check_unique(cells=cells)
        places = as_places(self.network, cells, name="cells", **self.snapping)
        at = legs(self.network, places, turned=self.turned)
        return self._table(places, self._finish(packed(at, come=False), spots_of(at)))

    def attach(
        self, cells: gpd.GeoDataFrame | gpd.GeoSeries | pd.DataFrame, *, people: npt.ArrayLike | None = None
    ) -> None:
        """Keep cells up to date from now on, in place of those attached before.

        Each change then finds the cells that it touches over an index from nodes to cells and solves only these again.

        Parameters
        ----------
        cells
            Points with a unique index, or what `snap` made of them.
        people
            People of each cell, for `site_gains`; 1 each if left out.

        Raises
        ------
        InputError
            If the index is not unique, or there is not one finite number of people, at least 0, per cell.
        """
        check_unique(cells=cells)
        places = as_places(self.network, cells, name="cells", **self.snapping)
        weights = np.ones(len(places)) if people is None else np.array(people, np.float64)
        if weights.shape != (len(places),) or not (np.isfinite(weights) & (weights >= 0)).all():
            raise InputError(f"people: {len(places)} finite numbers, at least 0, are needed, one for each cell")
        at = legs(self.network, places, turned=self.turned)
        rows, spots = packed(at, come=False), spots_of(at)
        on = np.flatnonzero(rows[:, along.EDGE] >= 0).astype(np.int32)
        ends = rows[on, along.NODE : along.NODE + 2].T
        cell = np.concatenate([on, on[ends[0] != ends[1]]])
        node = np.concatenate([ends[0], ends[1][ends[0] != ends[1]]])
        first, listed, _, _ = graph.rows(self.network.n_nodes, node, cell, np.zeros_like(cell))
        n = len(rows)
        self.attached_cells = _Cells(
            table=places,
            rows=rows,
            spots=spots,
            in_order=in_order(spots),
            people=weights,
            first=first,
            listed=listed,
            keys=self._finish(rows, spots),
            seen=np.zeros(n, np.bool_),
            best=np.full(self.network.n_nodes, FAR, np.int32),
            least=np.full(n, FAR, np.int32),
            found=np.empty(n, np.int32),
        )

    def attached(self, rows: npt.NDArray[np.int64] | None = None) -> pd.DataFrame:
        """Return the table of `nearest` for the attached cells, or for some of them by their place, as `change.cells`.

        Raises
        ------
        InputError
            If no cells are attached.
        """
        cells = self.cells()
        if rows is None:
            return self._table(cells.table, cells.keys)
        return self._table(cells.table.iloc[rows], cells.keys[rows])

    def attached_times_ds(self, rows: npt.NDArray[np.int64] | None = None) -> npt.NDArray[np.int32]:
        """Return the time of each attached cell (or of some) to its nearest site in deciseconds, `FAR` where never."""
        keys = self.cells().keys[:, 0] if rows is None else self.cells().keys[rows, 0]
        return (keys >> SHIFT).astype(np.int32)

    def cells(self) -> _Cells:
        """Return the attached cells, which there must be."""
        if self.attached_cells is None:
            raise InputError("no cells are attached to the field; call field.attach(cells) first")
        return self.attached_cells

    def refresh(
        self, nodes: npt.NDArray[np.int32], edges: npt.NDArray[np.int32], spots: Spots
    ) -> npt.NDArray[np.int64]:
        """Solve the attached cells again that nodes, or sites on edges or at spots, may have changed; return which."""
        cells = self.cells()
        at = np.concatenate([nodes, self.leave_u(edges)])
        only = np.concatenate([np.full(nodes.size, -1, np.int32), edges])
        by_road = along.cells_at(at, only, cells.first, cells.listed, cells.rows, cells.seen)
        found = np.union1d(by_road, walks_between(self.network, spots, cells.in_order).second)
        cells.keys[found] = self._finish(cells.rows[found], cells.spots.some(found))
        return found

    def walk_ds(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the time of the shortest straight walk of some attached cells to a site, FAR where there is none."""
        walks = walks_between(self.network, self.cells().spots.some(rows), self.standing.in_order())
        least = np.full(len(rows), int(FAR), np.int64)
        np.minimum.at(least, walks.first, walks.time_ds)
        return least

    def cells_on(self, edges: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return the attached cells that lie on some edges, those at their junctions too, sorted."""
        cells = self.cells()
        return np.sort(along.cells_at(self.leave_u(edges), edges, cells.first, cells.listed, cells.rows, cells.seen))

    def sites_on(self, edges: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return the numbers of the sites that stand on some edges, sorted."""
        on, of, *_ = self.standing.along_edges()
        first, last = (np.searchsorted(on, edges, side) for side in ("left", "right"))
        parts = [of[begin:end] for begin, end in zip(first, last, strict=True) if end > begin]
        return np.unique(np.concatenate(parts)).astype(np.int64) if parts else np.empty(0, np.int64)

    def leave_u(self, edges: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return the nodes u by which cells leave edges."""
        return self.network.ends[2 if self.turned else 0][edges]

    def keys_aside(self) -> npt.NDArray[np.uint64]:
        """Return the keys of the attached cells for sites that they come to by no node: on their edge or beside it."""
        cells = self.cells()
        return self._finish(cells.rows, cells.spots, np.full_like(self.keys, EMPTY))

    def _finish(
        self, rows: npt.NDArray[np.int32], spots: Spots, keys: npt.NDArray[np.uint64] | None = None
    ) -> npt.NDArray[np.uint64]:
        """Return the keys of cells, given as rows for the kernels, from those of the nodes."""
        sites = self.standing
        edge, u, v, leg_u, leg_v, cell_off, cell_up, cell_down = np.ascontiguousarray(rows.T)
        cells = (edge, u, v, leg_u, leg_v, cell_off, cell_up, cell_down)
        found: npt.NDArray[np.uint64] = search.finish_nearest(
            self.keys if keys is None else keys, *cells, *sites.along_edges()
        )
        search.offer_each(found, *walks_between(self.network, spots, sites.in_order()))
        return found

    def _table(self, cells: pd.DataFrame, keys: npt.NDArray[np.uint64]) -> pd.DataFrame:
        return table(self.network, cells, labels_by_number(self.standing.label), keys, closed=self.closed)
