"""The roads that one service of a planner is searched on: those of everybody, or those of ambulances."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.network import EdgeKind, setting_out_after, snap
from geoaccess.routing import ferry_edges, solve_nearest
from geoaccess.routing.field import PLACE
from geoaccess.routing.road_areas import RoadAreas
from geoaccess.scenarios import close_network
from geoaccess.scenarios.roads import edges_of_pieces, selected_pieces
from geoaccess.study.stages import Snapped, snap_as_set

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.network import Network
    from geoaccess.routing.field import NearestField, Place
    from geoaccess.scenarios import Close
    from geoaccess.study.settings.study_file import Study

__all__ = ["DRAWN_M", "PlannerRoads"]

DRAWN_M = 60.0
"""By how much borders of areas may be moved, metres: the page draws them, and nobody measures there."""


class PlannerRoads:
    """A network with the cells and sites of a study attached; nothing in here changes.

    Attributes
    ----------
    network, snapped
        The network, and cells and sites on it.
    snapping
        How the study attaches places to roads.
    """

    def __init__(self, study: Study, network: Network, snapped: Snapped, *, names: Callable[[], pd.DataFrame]) -> None:
        self.study, self.network, self.snapped, self._names = study, network, snapped, names
        settings = study.settings
        self.snapping: dict[str, float] = {
            "max_snap_m": settings.snap.max_m,
            "off_network_kph": settings.snap.off_network_kph,
            "min_component_m": settings.network.min_component_km * 1000,
        }
        self.place_anywhere = lru_cache(maxsize=4096)(self._place_anywhere)
        self.edges_of_way = lru_cache(maxsize=4096)(self._edges_of_way)
        self.pieces_of_group = lru_cache(maxsize=16)(self._pieces_of_group)
        self.edges_of_group = lru_cache(maxsize=64)(
            lambda select: edges_of_pieces(self.network, self.pieces_of_group(select))
        )
        self._closed_network = lru_cache(maxsize=4)(
            lambda edges: close_network(self.network, np.array(edges, dtype=np.int32))
        )
        self._candidates: dict[float, pd.DataFrame] = {}

    @cached_property
    def areas(self) -> RoadAreas:
        """The land beside these roads, open or closed, as far as it was asked for."""
        return RoadAreas(self.network, simplify_m=DRAWN_M / 2)

    def without(self, edges: npt.NDArray[np.int32]) -> Network:
        """Return the network on which some edges are closed; the last few are kept."""
        return self._closed_network(tuple(edges.tolist()))

    def solved(
        self, ours: npt.NDArray[np.bool_], *, direction: Direction, people: npt.NDArray[np.float64]
    ) -> NearestField:
        """Return a field of the nearest of some sites, with the cells attached."""
        found = solve_nearest(
            self.network,
            self.snapped.sites[ours],
            k=2,
            direction=direction,
            max_snap_m=self.snapping["max_snap_m"],
            off_network_kph=self.snapping["off_network_kph"],
            min_component_m=self.snapping["min_component_m"],
        )
        found.attach(self.snapped.cells, people=people)
        return found

    def candidates(self, points: gpd.GeoDataFrame, *, start_s: float) -> pd.DataFrame:
        """Return the candidates of the study attached to the roads, where something sets out after so many seconds."""
        if start_s not in self._candidates:
            self._candidates[start_s] = setting_out_after(snap_as_set(self.study, self.network, points), start_s)
        return self._candidates[start_s]

    def place(self, lon: float, lat: float, start_s: float = 0.0) -> Place | None:
        """Return where on the network a place is, None if no road is near."""
        found = self.place_anywhere(lon, lat, start_s)
        return found if found["edge"] >= 0 else None

    def _place_anywhere(self, lon: float, lat: float, start_s: float) -> Place:
        """Return where on the network a place is; its edge is -1 if no road is near."""
        import geopandas as gpd

        point = gpd.GeoSeries.from_xy([lon], [lat], crs="EPSG:4326")
        at = setting_out_after(snap(self.network, point, **self.snapping), start_s)
        found: Place = at[list(PLACE)].iloc[0].to_dict()
        return found

    @cached_property
    def _ways_of_pieces(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Ways and edges of all pieces of road, sorted by way."""
        network = self.network
        edge = np.repeat(np.arange(network.n_edges, dtype=np.int32), np.diff(network.shape_ptr))
        way = network.way_id[network.shape_way]
        road = network.edge_kind[edge] == EdgeKind.ROAD
        order = np.argsort(way[road], kind="stable")
        return way[road][order], edge[road][order]

    def _edges_of_way(self, way: int) -> npt.NDArray[np.int32]:
        """Return the edges that close with a way: of a road, or those over which a car ferry sails."""
        cars = self.network.ferries.loc[self.network.ferries["cars"], "way_id"]
        if way in set(cars):
            return ferry_edges(self.network, way)
        ways, edges = self._ways_of_pieces
        first, last = np.searchsorted(ways, [way, way + 1]) if abs(way) < 2**62 else (0, 0)
        return np.unique(edges[first:last])

    def _pieces_of_group(self, select: Close) -> npt.NDArray[np.bool_]:
        """Return the pieces of road and ferry that close together, as `geoaccess compare` finds them.

        Raises
        ------
        InputError
            If there are none.
        """
        names = self._names() if select.name is not None and select.what != "ferries" else None
        problems: list[str] = []
        found = selected_pieces(select, self.network, names, problems, "[[close]]")
        if problems:
            raise InputError("; ".join(problems))
        return found
