"""What all tabs of a planner share: the solved study, and what is computed from it once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geoaccess.maps.results import MAIN_ROADS
from geoaccess.measures.groups import people_of_service
from geoaccess.network import EdgeKind, snap
from geoaccess.network.assembly import ferry_names
from geoaccess.network.segment_tree import SegmentTree
from geoaccess.planner.figures import Zonings, figures_of
from geoaccess.planner.plan import Plan, Site
from geoaccess.questions.siting.candidates import candidates_of
from geoaccess.questions.siting.question import Question
from geoaccess.routing import ferry_edges, solve_nearest
from geoaccess.routing.field import PLACE
from geoaccess.scenarios import close_network
from geoaccess.study.site_directory import site_directory
from geoaccess.study.stages import Snapped, snap_all, snap_as_set

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.measures import ServiceSpec
    from geoaccess.network import Network
    from geoaccess.planner.figures import Figures
    from geoaccess.routing.field import NearestField, Place
    from geoaccess.services import SiteDirectory
    from geoaccess.study import Answers

__all__ = ["PlannerState", "Way"]

_CLOSE_M = 1000.0


@dataclass(frozen=True)
class Way:
    """What closes with a way of OpenStreetMap: "ferry" and its name, or "road" and its class; and where it runs."""

    kind: str
    name: str
    length_m: float
    lines: list[list[list[float]]]


class PlannerState:
    """A solved study, ready to be changed; nothing in here changes.

    Attributes
    ----------
    answers, study, network
        The study, its answers and its network.
    snapped
        Cells and sites on the network.
    plan
        The study as it is: no change made.
    people
        Everybody in each cell; `people_of` are those whom a service is asked about.
    classes, municipalities
        Which class and which municipality each cell belongs to.
    x, y, lon, lat
        The middle of each cell, metres of the grid and degrees.
    specs
        The services by key.
    """

    def __init__(self, answers: Answers, *, snapped: Snapped | None = None) -> None:
        self.answers, self.study, self.network = answers, answers.study, answers.network
        results = answers.results
        self.snapped = snapped or snap_all(self.study, self.network, results, answers.sites)
        self.zonings = Zonings.of(results, self.study.scheme.ids)
        self.people = self.zonings.people
        self.classes, self.municipalities = self.zonings.classes, self.zonings.municipalities
        centre = results.geometry.centroid
        self.x, self.y = centre.x.to_numpy(), centre.y.to_numpy()
        middle = centre.to_crs("EPSG:4326")
        self.lon, self.lat = middle.x.to_numpy(), middle.y.to_numpy()
        self.specs: dict[str, ServiceSpec] = {spec.key: spec for spec in self.study.specs}
        self.plan = Plan({key: self._sites_of(key) for key in self.specs}, frozenset())
        self.place = lru_cache(maxsize=4096)(self._place)
        self.edges_of_way = lru_cache(maxsize=4096)(self._edges_of_way)
        self.way = lru_cache(maxsize=1024)(self._way)
        self._closed_network = lru_cache(maxsize=4)(
            lambda edges: close_network(self.network, np.array(edges, dtype=np.int32))
        )
        self._fields: dict[str, NearestField] = {}
        self._figures: dict[str, Figures] = {}
        self._asked: dict[str, npt.NDArray[np.float64]] = {}

    @cached_property
    def number(self) -> str:
        """A word that is another one for another study, so that a page knows which it was made for."""
        digest = hashlib.sha256(
            repr(
                (self.study.settings.title.first, len(self.people), [self.people_of(key).sum() for key in self.specs])
            ).encode()
        )
        for sites in self.plan.sites.values():
            digest.update(repr([(label, site.lon, site.lat) for label, site in sites.items()]).encode())
        return digest.hexdigest()[:16]

    @cached_property
    def directory(self) -> SiteDirectory:
        """The sites of the study, by id and name."""
        return site_directory(self.study, self.answers.sites, self.answers.results)

    @cached_property
    def districts(self) -> npt.NDArray[np.bool_]:
        """Which cells lie in municipalities of the centrality classes that are districts."""
        named = self.classes.labels["centrality_class"].isin(self.study.scheme.district_ids).to_numpy()
        found: npt.NDArray[np.bool_] = named[self.classes.codes]
        return found

    @cached_property
    def candidates(self) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
        """The places that an office may be proposed at, as `geoaccess site` has them: points, and on the network."""
        points = candidates_of(self.answers, Question(next(iter(self.specs))))
        return points, snap_as_set(self.study, self.network, points)

    @cached_property
    def candidate_cells(self) -> npt.NDArray[np.intp]:
        """The cell of each candidate."""
        cells: npt.NDArray[np.intp] = self.answers.results.index.get_indexer(self.candidates[0].index)
        return cells

    def people_of(self, service: str) -> npt.NDArray[np.float64]:
        """Return the people of each cell whom a service is asked about: every figure of it counts them."""
        if service not in self._asked:
            self._asked[service] = people_of_service(self.answers.results, self.specs[service])
        return self._asked[service]

    def network_without(self, edges: npt.NDArray[np.int32]) -> Network:
        """Return the network on which some edges are closed; the last few are kept."""
        return self._closed_network(tuple(edges.tolist()))

    def field(self, service: str) -> NearestField:
        """Return a field of its own for a service, as the study has it, with the cells attached."""
        if service not in self._fields:
            ours = (self.answers.sites["service"] == service).to_numpy()
            snapping = self.snapping
            solved = solve_nearest(
                self.network,
                self.snapped.sites[ours],
                k=2,
                direction=self.specs[service].direction,
                max_snap_m=snapping["max_snap_m"],
                off_network_kph=snapping["off_network_kph"],
                min_component_m=snapping["min_component_m"],
            )
            solved.attach(self.snapped.cells, people=self.people_of(service))
            self._fields[service] = solved
        return self._fields[service].copy()

    @property
    def snapping(self) -> dict[str, float]:
        """How the study attaches places to roads."""
        settings = self.study.settings
        return {
            "max_snap_m": settings.snap.max_m,
            "off_network_kph": settings.snap.off_network_kph,
            "min_component_m": settings.network.min_component_km * 1000,
        }

    def figures(self, service: str) -> Figures:
        """Return the figures of a service as the study has it."""
        if service not in self._figures:
            times_s = self.answers.results[f"{service}_s"].to_numpy(dtype=np.float64)
            reached = np.where(np.isfinite(times_s), times_s, np.inf)
            self._figures[service] = figures_of(self.zonings, self.specs[service], reached, self.people_of(service))
        return self._figures[service]

    def _sites_of(self, service: str) -> dict[str, Site]:
        ours = (self.answers.sites["service"] == service).to_numpy()
        sites, places = self.answers.sites[ours], self.snapped.sites[ours]
        rows = places[list(PLACE)].to_dict("records")
        points = zip(sites.index, sites["name"], sites.geometry.x, sites.geometry.y, rows, strict=True)
        return {str(label): Site(str(name), float(lon), float(lat), row) for label, name, lon, lat, row in points}

    def _place(self, lon: float, lat: float) -> Place | None:
        """Return where on the network a place is, None if no road is near."""
        import geopandas as gpd

        point = gpd.GeoSeries.from_xy([lon], [lat], crs="EPSG:4326")
        found: Place = snap(self.network, point, **self.snapping)[list(PLACE)].iloc[0].to_dict()
        return found if found["edge"] >= 0 else None

    def road_near(self, lon: float, lat: float, *, within_m: float) -> int | None:
        """Return the number of the way nearest to a place, None if none is near.

        Who points from afar means a road that can be seen from there: beyond `_CLOSE_M` main roads come first.
        """
        x, y = self.network.projection.project([lon], [lat])
        for pieces in (self._main_roads, self._roads) if within_m > _CLOSE_M else (self._roads,):
            piece = pieces.nearest(x, y, most=within_m)[0][0]
            if piece >= 0:
                return int(self.network.way_id[self.network.shape_way[piece]])
        return None

    @cached_property
    def _roads(self) -> SegmentTree:
        """All pieces of road, ready for search."""
        return self._searchable(np.ones(len(self.network.way_class), np.bool_))

    @cached_property
    def _main_roads(self) -> SegmentTree:
        """Those of main roads."""
        names = np.asarray(self.network.class_names, dtype=object)[self.network.way_class]
        return self._searchable(np.isin(names, MAIN_ROADS))

    def _searchable(self, ways: npt.NDArray[np.bool_]) -> SegmentTree:
        network = self.network
        owner = np.where(ways[network.shape_way], np.arange(network.shape_lon.size), -1).astype(np.int32)
        owner[np.repeat(network.edge_kind != EdgeKind.ROAD, np.diff(network.shape_ptr))] = -1
        owner[network.shape_ptr[1:] - 1] = -1  # from the last point of an edge leads no piece
        x, y = network.shape_xy
        return SegmentTree(owner[:-1], x[:-1], y[:-1], x[1:], y[1:])

    def _way(self, way: int) -> Way:
        edges = self.edges_of_way(way).astype(np.int64)
        network = self.network
        lines = network.lines(edges, network.shape_lon, network.shape_lat)
        ferry = network.ferries[network.ferries["cars"] & (network.ferries["way_id"] == way)]
        kind = "road" if ferry.empty else "ferry"
        roads = network.way_class[network.shape_way[network.shape_ptr[edges]]]
        name = str(ferry_names(ferry)[way]) if kind == "ferry" else network.class_names[roads[0]]
        parts = [np.round(shapely.get_coordinates(line), 5).tolist() for line in lines]
        # Ferry lines that share the way have an edge each over the same course.
        first = [i for i, part in enumerate(parts) if kind == "road" or part not in parts[:i]]
        return Way(kind, name, float(network.edge_length_m[edges[first]].sum()), [parts[i] for i in first])

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
