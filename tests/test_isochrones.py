"""Areas within a time: cut where networkx says that the time is over, nested, on land, and with the people inside."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pyogrio
import pytest
import shapely

import geoaccess as ga
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.network import COAST, EdgeKind, Shores, setting_out_after, snap
from geoaccess.questions import isochrone_study, write_isochrones
from geoaccess.questions.isochrones import _ring, _without
from geoaccess.routing import isochrones, patchwork, road_areas
from geoaccess.routing.reached import ReachedRoads
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import PEOPLE, degrees, write_study

N, STEP = 5, 0.02
NEAR = {"min_component_m": 0.0}
EXACT = {"simplify_m": 0.0, "largest_hole_km2": 0.0, **NEAR}
PARTS = 40  # of an edge, at whose ends the oracle looks


class World:
    """A grid of streets of about 2 km, some of them one-way, and times along every 40th of each by networkx."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        at = np.array([(i, j) for i in range(N) for j in range(N)], float)
        ends = [(a, a + N) for a in range(N * (N - 1))] + [(a, a + 1) for a in range(N * N) if (a + 1) % N]
        times = rng.integers(100, 400, (2, len(ends))).astype(float)
        times[1] = np.where(rng.random(len(ends)) < 0.5, times[0], times[1])
        inside = [all(0 < i < N - 1 for i in (*at[a], *at[b])) for a, b in ends]
        times[1, np.array(inside) & (rng.random(len(ends)) < 0.5)] = -1
        self.ends, self.times = np.array(ends), times
        lon, lat = 10 + STEP * at[:, 0], STEP * at[:, 1]
        u, v = self.ends.T
        self.network = ga.Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=times[0], backward_s=times[1])
        self.lon, self.lat = lon, lat

    def spots(self, places):
        """Return points at (edge, number of 40) places."""
        lon, lat = (
            [
                values[self.ends[e, 0]] + k / PARTS * (values[self.ends[e, 1]] - values[self.ends[e, 0]])
                for e, k in places
            ]
            for values in (self.lon, self.lat)
        )
        return gpd.GeoSeries.from_xy(lon, lat, crs="EPSG:4326")

    def oracle(self, places, direction, off_s=0.0):
        """Return times of all spots, shape (n_edges, PARTS + 1)."""
        graph = nx.DiGraph()

        def name(e, k):
            return int(self.ends[e, 0 if k == 0 else 1]) if k in (0, PARTS) else (e, k)

        for e in range(len(self.ends)):
            for k in range(PARTS):
                for seconds, arc in (
                    (self.times[0, e], (name(e, k), name(e, k + 1))),
                    (self.times[1, e], (name(e, k + 1), name(e, k))),
                ):
                    if seconds >= 0:
                        graph.add_edge(*arc, s=seconds / PARTS)
        if direction == "to_sites":
            graph = graph.reverse()
        found = nx.multi_source_dijkstra_path_length(graph, {name(*place) for place in places}, weight="s")
        return np.array([[off_s + found[name(e, k)] for k in range(PARTS + 1)] for e in range(len(self.ends))])


PLACES = [[(0, 0)], [(7, 13)], [(9, 0), (14, 27), (30, 40)]]


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("seed", [1, 2])
def test_roads_are_cut_where_the_time_is_over(seed, places, direction):
    world = World(seed)
    sites = setting_out_after(snap(world.network, world.spots(places), **NEAR), 30.0)
    times = world.oracle(places, direction, off_s=30.0)
    reached = ReachedRoads(world.network, sites, direction=direction)
    none = np.zeros(world.network.n_edges, np.bool_)
    for limit in (0.0, 30.0, 100.0, 333.0, 700.0, 3000.0):
        stretches, _, whole = reached.within(np.array([limit]), except_edges=none)
        inside = np.zeros(times.shape, np.bool_)
        for edge, begin, end in zip(*stretches, strict=True):
            first = world.network.shape_ptr[edge]
            k = np.arange(PARTS + 1) / PARTS
            inside[edge] |= (k >= begin - first - 1e-3) & (k <= end - first + 1e-3)
        sure = np.abs(times - limit) > 1.5  # times of edges are rounded, and so are places along them
        sure[:, [0, -1]] = False  # ends are on other roads as well
        assert (inside == (times <= limit))[sure].all()
        assert inside[whole].all()
        assert (times[whole] <= limit + 1.5).all()
        ends = (times <= limit - 1.5).all(axis=1)
        some = stretches.edge
        assert set(np.flatnonzero(ends)) <= set(some.tolist())


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("places", PLACES[1:])
def test_who_is_inside_is_there_in_time_and_who_is_outside_is_not(places, direction):
    world, buffer_m, kph = World(3), 600.0, 5.0
    limits = [300.0, 700.0]
    found = isochrones(
        world.network, world.spots(places), cutoffs_s=limits, direction=direction, buffer_m=buffer_m, **EXACT
    )
    network = world.network
    rng = np.random.default_rng(8)
    lon, lat = (rng.uniform(low, high, 1500) for low, high in ((9.99, 10.09), (-0.01, 0.09)))
    x, y = network.projection.project(lon, lat)
    every = [(e, k) for e in range(len(world.ends)) for k in range(PARTS + 1)]
    spots = world.spots(every)
    road_x, road_y = network.projection.project(spots.x.to_numpy(), spots.y.to_numpy())
    walk_m = np.hypot(x[:, None] - road_x, y[:, None] - road_y)
    times = world.oracle(places, direction).ravel()
    for limit, area in zip(limits, found.to_crs(network.metric_crs).geometry, strict=True):
        inside = shapely.intersects_xy(area, x, y)
        assert 20 < inside.sum() < 1400
        walked = times + walk_m * 3.6 / kph
        # The oracle knows a place on the road every 50 m, which is 36 s of walking and at most 10 s of driving.
        assert (walked.min(axis=1)[inside] <= limit + 46).all()
        # The walk is halved where time runs out, and a circle has 16 corners.
        wide = np.maximum(2 * walk_m, buffer_m / 32) * 3.6 / kph
        sure = (walk_m <= 0.97 * buffer_m) & (times + np.minimum(wide, buffer_m * 3.6 / kph) <= limit - 1.5)
        assert inside[sure.any(axis=1)].all()
        assert (walk_m.min(axis=1)[inside] <= buffer_m + 26).all()


def test_longer_times_hold_shorter_ones_and_a_site_more_takes_nothing_away():
    world = World(4)
    one, two = world.spots([(5, 10)]), world.spots([(5, 10), (25, 30)])
    cutoffs = [600.0, 60.0, 240.0]
    asked = {"cutoffs_s": cutoffs, "buffer_m": 400.0, **NEAR}
    first = isochrones(world.network, one, **asked)
    assert first["cutoff_s"].tolist() == sorted(cutoffs)
    assert first["area_km2"].is_monotonic_increasing
    for shorter, longer in zip(first.geometry.iloc[:-1], first.geometry.iloc[1:], strict=True):
        assert shorter.difference(longer).area < 1e-9 * longer.area
    few, more = (isochrones(world.network, sites, **{**asked, **EXACT}) for sites in (one, two))
    for less, all_of_it in zip(few.geometry, more.geometry, strict=True):
        assert less.difference(all_of_it).area < 1e-9 * all_of_it.area
    assert (more["area_km2"] > few["area_km2"] * 1.01).any()


@pytest.mark.parametrize("square_m", [8000.0, 2500.0])
def test_simple_areas_are_those_of_every_road_widened_by_itself(monkeypatch, square_m):
    """All roads are reached, and a lake lies beside one of them."""
    monkeypatch.setattr(road_areas, "_TILE_M", square_m)
    world, buffer_m = World(5), 800.0
    plane = world.network.projection
    x, y = plane.project(world.lon, world.lat)
    lake = shapely.Point(x[0] + 1100, y[0] + 350).buffer(150)  # beside the middle of the street along the south
    shore = gpd.GeoSeries([lake.exterior], crs=world.network.metric_crs).to_crs("EPSG:4326").get_coordinates()
    lon, lat = shore.to_numpy().T.copy()
    shores = Shores(lon, lat, ptr=np.array([0, lon.size]), area=np.array([1], np.int32))
    network = replace(world.network, shores=shores)
    asked = {"cutoffs_s": [900.0, 1e5], "buffer_m": buffer_m, "largest_hole_km2": 0.0, **NEAR}
    u, v = world.ends.T
    roads = shapely.linestrings(np.stack([np.column_stack([x[u], y[u]]), np.column_stack([x[v], y[v]])], axis=1))
    expected = shapely.union_all(shapely.buffer(roads, buffer_m, quad_segs=4)).difference(lake)
    some, every = isochrones(network, world.spots([(5, 10)]), **asked).to_crs(network.metric_crs).geometry
    assert shapely.difference(some, every).area < 1e-9 * every.area
    assert every.area == pytest.approx(expected.area, rel=1e-3)
    assert every.symmetric_difference(expected).area < 2e-3 * expected.area
    assert shapely.covers(every, shapely.union_all(roads))
    assert not every.intersects(lake.buffer(-15))
    (one,) = every.geoms
    assert len(one.interiors) == len(expected.interiors) == (N - 1) ** 2 + 1


def test_areas_are_the_same_on_one_thread(monkeypatch):
    world = World(4)
    asked = {"cutoffs_s": [240.0, 600.0], "buffer_m": 400.0, **NEAR}
    sites = world.spots([(5, 10), (25, 30)])
    shared = isochrones(world.network, sites, **asked)
    counts = []

    def one_after_the_other(*calls):
        counts.append(len(calls))
        return [call() for call in calls]

    monkeypatch.setattr(road_areas, "at_once", one_after_the_other)
    monkeypatch.setattr(patchwork, "at_once", one_after_the_other)
    alone = isochrones(world.network, sites, **asked)
    assert max(counts) > 1
    assert shapely.to_wkb(shared.geometry).tolist() == shapely.to_wkb(alone.geometry).tolist()


def fjord(*, ferry):
    """Two roads of 5.6 km on both sides of a fjord of 800 m, joined by a ferry or by a road around its head."""
    lon, lat = [10, 10.05, 10.05, 10], [0, 0, 0.0072, 0.0072]
    network = ga.Network.from_edges(
        lon=lon, lat=lat, u=[0, 1, 2], v=[1, 2, 3], forward_s=[300, 60, 300], backward_s=[300, 60, 300]
    )
    kind = np.where(np.arange(3) == 1, EdgeKind.FERRY if ferry else EdgeKind.ROAD, EdgeKind.ROAD).astype(np.int8)
    # The coast has the sea on its right: west along the northern shore, round the head, and back along the southern.
    head = 10.06 if ferry else 10.045
    shores = Shores(
        lon=np.array([9.9, head, head, 9.9]),
        lat=np.array([0.001, 0.001, 0.0062, 0.0062]),
        ptr=np.array([0, 4]),
        area=np.array([COAST], np.int32),
    )
    sea = shapely.Polygon([(9.9, 0.001), (head, 0.001), (head, 0.0062), (9.9, 0.0062)])
    assert shapely.LinearRing(sea.exterior.coords).is_ccw  # land on the left of the coast would be inside
    turned = Shores(lon=shores.lon[::-1].copy(), lat=shores.lat[::-1].copy(), ptr=shores.ptr, area=shores.area)
    return replace(network, edge_kind=kind, shores=turned), sea


@pytest.mark.parametrize("ferry", [True, False])
def test_no_area_lies_on_water_or_beyond_it_and_none_along_a_ferry(ferry):
    network, sea = fjord(ferry=ferry)
    site = gpd.GeoSeries.from_xy([10.0], [0.0], crs="EPSG:4326")
    found = isochrones(network, site, cutoffs_s=[200, 500], off_network_kph=50.0, **NEAR)
    near, far = found.geometry
    for area in (near, far):
        # Shores are drawn to 5 m, borders to 10 m.
        assert area.intersection(sea.buffer(-15 / 111_000)).area < 1e-6 * sea.area
    other_side = shapely.box(9.99, 0.0065, 10.0, 0.009)
    assert not near.intersects(other_side)
    assert near.intersects(shapely.box(10.0, -0.002, 10.01, 0.0))
    assert far.intersects(shapely.Point(10.049, 0.0075))  # by ferry or by road to the other side, and some way on
    assert not far.intersects(shapely.Point(10.005, 0.0075))
    without = isochrones(replace(network, shores=None), site, cutoffs_s=[200], off_network_kph=50.0, **NEAR)
    assert without.geometry.iloc[0].intersects(other_side)  # so it was the water that kept the area off


def test_a_ferry_alone_makes_no_area():
    network, _ = fjord(ferry=True)
    site = gpd.GeoSeries.from_xy([10.0], [0.0], crs="EPSG:4326")
    found = isochrones(replace(network, shores=None), site, cutoffs_s=[500], buffer_m=100, **NEAR)
    assert len(shapely.get_parts(found.geometry.iloc[0])) == 2
    assert not found.geometry.iloc[0].intersects(shapely.Point(10.05, 0.0036))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cutoffs_s": []}, "at least one"),
        ({"cutoffs_s": [0.0]}, "above 0"),
        ({"cutoffs_s": [60.0, float("nan")]}, "cutoffs_s"),
        ({"buffer_m": -1.0}, "buffer_m"),
        ({"simplify_m": -1.0}, "simplify_m"),
        ({"direction": "out"}, "direction"),
        ({"off_network_kph": 0.0}, "off_network_kph"),
    ],
)
def test_what_has_no_answer_is_refused(wrong, said):
    world = World(1)
    with pytest.raises(InputError, match=said):
        isochrones(world.network, world.spots([(0, 0)]), **{"cutoffs_s": [60.0], **NEAR, **wrong})


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return solve_study(load_study(write_study(tmp_path_factory.mktemp("isochrones"))), show=False)


def test_people_of_a_study_are_counted_by_the_times_of_their_cells(tiny):
    study, minutes = tiny.study, [11.0, 60.0]
    found = isochrone_study(study, "gp", minutes=minutes, answers=tiny)
    people = tiny.results["population"]
    for limit, row in zip(minutes, found.table.itertuples(), strict=True):
        assert row.people == people[(tiny.results["gp_s"] <= 60 * limit).to_numpy()].sum()
        assert row.share == row.people / sum(PEOPLE.values())
    assert found.table["people_ring"].sum() == found.table["people"].iloc[-1]
    assert found.table["area_ring_km2"].sum() == pytest.approx(found.table["area_km2"].iloc[-1])
    path, style = write_isochrones(found)
    assert path == study.output / "isochrones_gp.gpkg"
    assert '"minutes" = 11' in style.read_text(encoding="utf-8").replace("&quot;", '"')
    assert [name for name, _ in pyogrio.list_layers(path)] == ["isochrones", "rings"]
    nested, rings = (gpd.read_file(path, layer=layer) for layer in ("isochrones", "rings"))
    assert nested["minutes"].tolist() == minutes
    assert nested.is_valid.all()
    assert rings.is_valid.all()
    assert rings.geometry.iloc[0].intersection(rings.geometry.iloc[1]).area == pytest.approx(0, abs=1e-12)
    assert set(nested["disclaimer"]) == {"made up: for tests"}


def test_from_one_site_or_a_place_in_either_direction(tiny):
    study = tiny.study
    east = isochrone_study(study, "gp", minutes=[15], sites=["east"], answers=tiny).table
    both = isochrone_study(study, "gp", minutes=[15], answers=tiny).table
    assert 0 < east["people"].item() < both["people"].item()
    # The road from middle to north is one-way: in 15 minutes one comes from middle to north, and not back.
    asked = {"minutes": [13], "place": degrees(10.5, 0.5), "answers": tiny}
    there, back = (isochrone_study(study, direction=way, **asked) for way in ("to_people", "to_sites"))
    north = shapely.Point(degrees(22.5, 10.5))
    assert there.table.geometry.iloc[0].intersects(north)
    assert not back.table.geometry.iloc[0].intersects(north)
    assert there.name == "place"
    assert there.table["people"].item() == back.table["people"].item() + PEOPLE["north"]
    for wrong, said in (
        ({"service": None}, "service"),
        ({"service": "gp", "place": (16.0, 69.5), "sites": ["east"]}, "one of them"),
        ({"service": None, "place": (0.0, 0.0)}, "road"),
        ({"service": "pg"}, 'no service "pg"'),
    ):
        with pytest.raises(GeoaccessError, match=said):
            isochrone_study(study, wrong.pop("service"), minutes=[30], answers=tiny, **wrong)


@pytest.mark.parametrize("over_m", [1e-3, 0.5])
def test_rings_are_cut_though_borders_cross_by_a_hair(over_m):
    """Degrees and metres turned into each other are no more the same to the last digit: neighbours may overlap."""
    within = [shapely.box(0, 0, 1e4, 1e4), shapely.box(1e4 - over_m, 1e4 - over_m, 2e4, 2e4)]
    area = shapely.box(-1e4, -1e4, 4e4, 3e4)
    with pytest.raises(shapely.errors.GEOSException):
        shapely.difference(area, shapely.MultiPolygon(within))
    ring = _without(shapely.MultiPolygon([area]), shapely.MultiPolygon(within))
    assert shapely.is_valid(ring)
    assert ring.area == pytest.approx(area.area - shapely.union_all(within).area, rel=1e-6)


def test_rings_have_no_strips_along_a_shore_that_two_areas_share():
    """Each area has its own points of the shore: most parts of the rings of a country were such strips."""
    degree_m = 111_195.0
    parts = {width_m: shapely.box(lon, 66, lon + 0.02, 66 + width_m / degree_m) for lon, width_m in ((0, 8), (1, 13))}
    within = shapely.box(0, 65.9, 1.02, 66)
    ring = _ring(shapely.MultiPolygon([shapely.union_all([within, *parts.values()])]), shapely.MultiPolygon([within]))
    assert ring.equals(parts[13])
    assert _ring(shapely.MultiPolygon([within]), shapely.MultiPolygon([within])).is_empty


def test_areas_and_rings_of_a_real_coast_are_valid_in_degrees(troms_solved):
    """Before rings were mended after they had become degrees, borders of nine of these crossed themselves."""
    found = isochrone_study(troms_solved.study, "hospital", minutes=[30, 60, 90], answers=troms_solved)
    for table in (found.table, found.rings):
        assert table.is_valid.all()
        assert (table.geom_type == "MultiPolygon").all()
