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
from geoaccess.network import EdgeKind
from geoaccess.network.assembly import ferry_names
from geoaccess.network.segment_tree import SegmentTree
from geoaccess.planner.failures import failing
from geoaccess.planner.figures import Zonings, figures_of
from geoaccess.planner.plan import Plan, Site, copies_of
from geoaccess.planner.roads import PlannerRoads
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.scenario_run import road_names
from geoaccess.questions.siting.candidates import candidates_of
from geoaccess.questions.siting.question import Question
from geoaccess.routing.field import PLACE
from geoaccess.study.counted_people import counted_people
from geoaccess.study.site_directory import site_directory

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.specification import Limit
    from geoaccess.planner.figures import Figures
    from geoaccess.routing.field import NearestField
    from geoaccess.scenarios import Close
    from geoaccess.services import SiteDirectory
    from geoaccess.study import Answers
    from geoaccess.study.stages import Snapped

__all__ = ["Group", "PlannerState", "Way"]

_CLOSE_M = 1000.0
_MOST_LINES = 2000
"""So many edges of what closes together are drawn, the longest."""
_MOST_SINGLE = 50
"""More ways than so many close and open together."""


@dataclass(frozen=True)
class Way:
    """What closes with a way of OpenStreetMap: "ferry" and its name, or "road" and its class; and where it runs."""

    kind: str
    name: str
    length_m: float
    lines: list[list[list[float]]]


@dataclass(frozen=True)
class Group:
    """What closes together, by name or in a polygon: its ways, those of them that are ferries, and where to draw it."""

    ways: frozenset[int]
    ferries: frozenset[int]
    length_m: float
    lines: list[list[list[float]]]


class PlannerState:
    """A solved study, ready to be changed; nothing in here changes.

    Attributes
    ----------
    answers, study, network
        The study, its answers and its network.
    roads
        The network with cells and sites attached; see `roads_of` for that of a service.
    plan
        The study as it is: no change made.
    copies
        The services that take the sites of another.
    people
        Everybody in each cell; `people_of` are those whom a service is asked about. Where the study masks few people,
        these are spread (`counted_people`): a plan can count any part of the cells, and so would tell of single ones.
    classes, municipalities
        Which class and which municipality each cell belongs to.
    x, y, lon, lat
        The middle of each cell, metres of the grid and degrees.
    specs
        The services by key.
    limits
        What times of each service are held against, for each of its norms: seconds, or those of each cell.
    """

    def __init__(self, answers: Answers, *, snapped: Snapped | None = None) -> None:
        self.answers, self.study, self.network = answers, answers.study, answers.network
        results = answers.results
        snapped = snapped or answers.snapped
        self.roads = PlannerRoads(self.study, self.network, snapped, names=self._road_names)
        self._vehicle_roads = self._of_vehicles()
        self._counted = counted_people(results, self.study)
        counted = results.assign(population=self._counted["population"])
        self.zonings = Zonings.of(counted, self.study.scheme.ids)
        self.people = self.zonings.people
        self.classes, self.municipalities = self.zonings.classes, self.zonings.municipalities
        centre = results.geometry.centroid
        self.x, self.y = centre.x.to_numpy(), centre.y.to_numpy()
        middle = centre.to_crs("EPSG:4326")
        self.lon, self.lat = middle.x.to_numpy(), middle.y.to_numpy()
        self.specs: dict[str, ServiceSpec] = {spec.key: spec for spec in self.study.specs}
        self.limits: dict[str, list[Limit]] = {key: spec.limits(results) for key, spec in self.specs.items()}
        self.plan = Plan({key: self._sites_of(key) for key in self.specs}, frozenset())
        self.copies = copies_of(self.study, self.plan.sites)
        self.edges_of_way = self.roads.edges_of_way
        self.way = lru_cache(maxsize=1024)(self._way)
        self.group = lru_cache(maxsize=64)(self._group)
        self.closes_as_ways = lru_cache(maxsize=64)(self._closes_as_ways)
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
        network = self.network
        for roads in (network.way_id, network.edge_forward_ds, network.edge_backward_ds):
            digest.update(roads.tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def directory(self) -> SiteDirectory:
        """The sites of the study, by id and name."""
        return site_directory(self.study, self.answers.sites, self.answers.results, self.answers.zones)

    @cached_property
    def districts(self) -> npt.NDArray[np.bool_]:
        """Which cells lie in municipalities of the centrality classes that are districts."""
        named = self.classes.labels["centrality_class"].isin(self.study.scheme.district_ids).to_numpy()
        found: npt.NDArray[np.bool_] = named[self.classes.codes]
        return found

    def _of_vehicles(self) -> PlannerRoads | None:
        vehicles = self.answers.vehicles
        if vehicles is None:
            return None
        return PlannerRoads(self.study, vehicles.plain, vehicles.snapped, names=self._road_names)

    def spec(self, service: str) -> ServiceSpec:
        """Return a service by its key.

        Raises
        ------
        InputError
            If there is no such service.
        """
        if service in self.specs:
            return self.specs[service]
        with failing("no_service"):
            return find_service(self.study, service)

    def roads_of(self, service: str) -> PlannerRoads:
        """Return the roads that a service is searched on: those of ambulances may be others."""
        rule = self.study.response
        own = rule is not None and rule.service == service
        return self._vehicle_roads if own and self._vehicle_roads is not None else self.roads

    def start_s(self, service: str) -> float:
        """Return what passes before anything moves: from the call until an ambulance sets out."""
        rule = self.study.response
        return rule.start_s if rule is not None and rule.service == service else 0.0

    @cached_property
    def candidates(self) -> gpd.GeoDataFrame:
        """The places that an office may be proposed at, as `geoaccess site` has them."""
        return candidates_of(self.answers.results, Question(next(iter(self.specs))))

    def candidates_for(self, service: str) -> pd.DataFrame:
        """Return the candidates on the roads of a service."""
        return self.roads_of(service).candidates(self.candidates, start_s=self.start_s(service))

    @cached_property
    def candidate_cells(self) -> npt.NDArray[np.intp]:
        """The cell of each candidate."""
        cells: npt.NDArray[np.intp] = self.answers.results.index.get_indexer(self.candidates.index)
        return cells

    def people_of(self, service: str) -> npt.NDArray[np.float64]:
        """Return the people of each cell whom a service is asked about: every figure of it counts them."""
        if service not in self._asked:
            column = self.specs[service].population
            counted = self.answers.results.assign(**{column: self._counted[column]})
            self._asked[service] = people_of_service(counted, self.specs[service])
        return self._asked[service]

    def field(self, service: str) -> NearestField:
        """Return a field of its own for a service, as the study has it, with the cells attached."""
        if service not in self._fields:
            ours = (self.answers.sites["service"] == service).to_numpy()
            direction, people = self.specs[service].direction, self.people_of(service)
            self._fields[service] = self.roads_of(service).solved(ours, direction=direction, people=people)
        return self._fields[service].copy()

    def figures(self, service: str) -> Figures:
        """Return the figures of a service as the study has it."""
        if service not in self._figures:
            times_s = self.answers.results[f"{service}_s"].to_numpy(dtype=np.float64)
            reached = np.where(np.isfinite(times_s), times_s, np.inf)
            people, limits = self.people_of(service), self.limits[service]
            self._figures[service] = figures_of(self.zonings, self.specs[service], reached, people, limits=limits)
        return self._figures[service]

    def _sites_of(self, service: str) -> dict[str, Site]:
        ours = (self.answers.sites["service"] == service).to_numpy()
        sites, places = self.answers.sites[ours], self.roads_of(service).snapped.sites[ours]
        rows = places[list(PLACE)].to_dict("records")
        points = zip(sites.index, sites["name"], sites.geometry.x, sites.geometry.y, rows, strict=True)
        return {str(label): Site(str(name), float(lon), float(lat), row) for label, name, lon, lat, row in points}

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

    def _road_names(self) -> pd.DataFrame:
        """Return the names of roads, read where a plan closes any by name."""
        return self._names

    @cached_property
    def _names(self) -> pd.DataFrame:
        return road_names(self.study)

    def _all_roads(self) -> list[PlannerRoads]:
        return [self.roads] if self._vehicle_roads is None else [self.roads, self._vehicle_roads]

    def _group(self, select: Close) -> Group:
        """Return what closes together.

        Raises
        ------
        InputError
            If no road or car ferry does, of those that some service is searched on.
        """
        network = self.network
        for roads in self._all_roads():
            roads.pieces_of_group(select)
        ways = np.unique(network.way_id[network.shape_way[self.roads.pieces_of_group(select)]])
        ferries = network.ferries.loc[network.ferries["cars"], "way_id"]
        edges = self.roads.edges_of_group(select).astype(np.int64)
        length = network.edge_length_m[edges]
        if select.polygon is None or isinstance(select.polygon, str):
            drawn = edges[np.sort(np.argsort(-length, kind="stable")[:_MOST_LINES])]
            lines = network.lines(drawn, network.shape_lon, network.shape_lat)
            parts = [np.round(shapely.get_coordinates(line), 5).tolist() for line in lines]
        else:
            corners = [[float(lon), float(lat)] for lon, lat in select.polygon]
            parts = [[*corners, corners[0]]]
        sailed = frozenset({*ways.tolist()} & {*ferries.tolist()})
        return Group(frozenset(ways.tolist()), sailed, float(length.sum()), parts)

    def _closes_as_ways(self, select: Close) -> tuple[int, ...] | None:
        """Return the ways that close as well one by one as together; None where together they close otherwise."""
        ways = tuple(sorted(self.group(select).ways))
        if len(ways) > _MOST_SINGLE:
            return None
        for roads in self._all_roads():
            alone = [roads.edges_of_way(way) for way in ways]
            if not np.array_equal(np.unique(np.concatenate(alone)), roads.edges_of_group(select)):
                return None
        return ways
