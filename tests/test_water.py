"""Nobody walks over water: small maps of coast, lakes and roads, drawn in metres from a place at 60 degrees north."""

import dataclasses
import pickle
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from osm_writer import write_osm
from pbf_writer import block, write

import geoaccess as ga
from geoaccess.network import Network, WaterAreas, leads_over_water, load_network, save_network, snap
from geoaccess.network.shores import COAST, Shores
from geoaccess.routing import ISLAND_WITHOUT_FERRY, PASSENGER_FERRY_ONLY, ROAD_NOT_CONNECTED, nearest
from geoaccess.routing.walks import Spots, walks_between

LON, LAT = 10.0, 60.0
EAST_M, NORTH_M = 111_412.24 * np.cos(np.radians(LAT)) * 1.0012, 111_412.24  # metres in a degree on WGS84, to 0.1 %
ROAD, COASTLINE, LAKE = {"highway": "tertiary"}, {"natural": "coastline"}, {"natural": "water"}
NEAR = {"rel": 0.01, "abs": 5}


def degrees(x, y):
    return LON + x / EAST_M, LAT + y / NORTH_M


class Drawing:
    """A map under construction: lines of points in metres; points that are the same are one node."""

    def __init__(self):
        self.nodes, self.ways, self.relations = {}, [], []

    def line(self, points, tags):
        refs = [self.nodes.setdefault(tuple(point), len(self.nodes) + 1) for point in points]
        self.ways.append((len(self.ways) + 100, refs, tags))
        return self.ways[-1][0]

    def ring(self, west, south, east, north, tags):
        """Draw a rectangle against the clock: land inside."""
        return self.line([(west, south), (east, south), (east, north), (west, north), (west, south)], tags)

    def area(self, ways, tags):
        members = [("w", way, "outer") for way in ways]
        self.relations.append((len(self.relations) + 1, members, {"type": "multipolygon", **tags}))

    def placed(self):
        return [(i, *degrees(*point)) for point, i in self.nodes.items()]

    def osm(self, path, **without):
        nodes = [node for node in self.placed() if node[0] not in without.get("missing", ())]
        return write_osm(path, nodes, self.ways, self.relations)

    def pbf(self, path):
        nodes = [(i, round(lon * 1e7), round(lat * 1e7), ()) for i, lon, lat in self.placed()]
        ways = [(i, refs, tuple(tags.items())) for i, refs, tags in self.ways]
        relations = [(i, members, tuple(tags.items())) for i, members, tags in self.relations]
        return write(path, [block([("dense", nodes)]), block([("ways", ways)]), block([("relations", relations)])])

    def network(self, tmp_path, **settings):
        return ga.read_osm(self.osm(tmp_path / "map.osm"), **settings)


def points(**places):
    return gpd.GeoSeries([shapely.Point(*degrees(*at)) for at in places.values()], index=[*places], crs="EPSG:4326")


def mainland():
    """Coast along y = 0 that both borders of the map cut, land to the north, and a road of 6 km 200 m inland."""
    drawn = Drawing()
    drawn.line([(8000 * (i - 1), 0) for i in range(3)], COASTLINE)
    drawn.line([(-3000, 200), (1500, 200), (3000, 200)], ROAD)
    drawn.line([(1500, 200), (1500, 900)], ROAD)
    return drawn


def with_island(*, road=True, coast=True):
    """Add an island whose shore lies 1 km off and that has 400 m of road 200 m behind it."""
    drawn = mainland()
    if coast:
        drawn.ring(-300, -1600, 300, -1000, COASTLINE)
    if road:
        drawn.line([(-200, -1200), (200, -1200)], ROAD)
    return drawn


HOME, CLINIC = {"home": (0, -1400)}, {"clinic": (0, 210)}


def test_an_island_with_a_short_road_does_not_walk_to_the_mainland(tmp_path):
    network = with_island().network(tmp_path)
    home = snap(network, points(**HOME)).loc["home"]
    assert home["off_network_m"] == pytest.approx(200, **NEAR)
    assert home["lat"] == pytest.approx(degrees(0, -1200)[1], abs=1e-5)
    found = nearest(network, points(**HOME), points(**CLINIC)).loc["home"]
    assert found["travel_time_s"] == np.inf
    assert found["reason"] == ISLAND_WITHOUT_FERRY


def test_where_no_coast_is_known_land_is_not_known(tmp_path):
    drawn = with_island(coast=False)
    drawn.ways = [way for way in drawn.ways if way[2] != COASTLINE]
    network = drawn.network(tmp_path)
    assert network.shores is None
    island = points(home=(0, -1210))
    assert nearest(network, island, points(**CLINIC)).loc["home", "reason"] == ROAD_NOT_CONNECTED


def test_a_road_not_connected_on_the_same_land_is_no_island(tmp_path):
    drawn = Drawing()
    drawn.ring(-5000, -5000, 5000, 5000, COASTLINE)  # the whole country is an island
    drawn.line([(-3000, 200), (1500, 200), (3000, 200)], ROAD)
    drawn.line([(1500, 200), (1500, 900)], ROAD)
    drawn.line([(-200, -4000), (200, -4000)], ROAD)
    for y in range(300, 1000, 100):  # the largest part of the network
        drawn.line([(1500, 900), (1500 + y, 900 + y)], ROAD)
    drawn.line([(1000, -4000), (1400, -4000)], ROAD)
    drawn.line([(200, -4000), (1000, -4000)], {"route": "ferry", "motor_vehicle": "yes"})  # a boat calls
    drawn.ring(-300, -8600, 300, -8000, COASTLINE)
    drawn.line([(-200, -8200), (200, -8200)], ROAD)
    places = points(hut=(0, -4010), holm=(0, -8210))
    found = nearest(drawn.network(tmp_path), places, points(**CLINIC))["reason"]
    assert found.to_dict() == {"hut": ROAD_NOT_CONNECTED, "holm": ISLAND_WITHOUT_FERRY}


def test_islands_keep_their_boats(tmp_path):
    drawn = with_island()
    drawn.line([(0, 200), (0, -1200)], {"route": "ferry", "foot": "yes", "motor_vehicle": "no"})
    assert nearest(drawn.network(tmp_path), points(**HOME), points(**CLINIC)).loc["home", "reason"] == (
        PASSENGER_FERRY_ONLY
    )


def test_an_islet_without_road_is_across_water(tmp_path):
    network = with_island(road=False).network(tmp_path)
    home = snap(network, points(**HOME)).loc["home"]
    assert home["edge"] == -1
    assert np.isnan(home["off_network_m"])
    assert home["reason"] == "across_water"
    found = nearest(network, points(**HOME), points(**CLINIC)).loc["home"]
    assert np.isnan(found["travel_time_s"])
    assert found["reason"] == "across_water"
    far = snap(network, points(**HOME), max_snap_m=1000).loc["home", "reason"]
    assert far == "no_road_within", "no road at all within the distance: water is not why"


def test_a_bridge_overhead_is_no_road_of_the_islet(tmp_path):
    drawn = mainland()
    drawn.ring(2500, -700, 2700, -500, COASTLINE)
    drawn.line([(2000, 200), (2000, -3000)], ROAD | {"bridge": "yes", "layer": "1"})
    assert snap(drawn.network(tmp_path), points(home=(2600, -600))).loc["home", "reason"] == "across_water"


def inlet():
    """An inlet 400 m wide and 1.5 km long, and one road around it without a junction."""
    drawn = Drawing()
    shore = [(-8000, 0), (4000, 0), (4000, 1500), (4400, 1500), (4400, 0), (8000, 0)]
    drawn.line(shore, COASTLINE)
    drawn.line([(4500, 100), (4500, 1800), (3000, 1800), (3000, 100)], ROAD)
    return drawn


def test_across_an_inlet_the_longer_way_round_is_taken(tmp_path):
    network = inlet().network(tmp_path)
    home = snap(network, points(home=(3900, 700))).loc["home"]
    assert home["off_network_m"] == pytest.approx(900, **NEAR), "600 m over the inlet, 900 m on land, on the same edge"
    assert home["lon"] == pytest.approx(degrees(3000, 700)[0], abs=1e-4)
    assert home["off_network_ds"] == pytest.approx(home["off_network_m"] * 3.6 / 5 * 10, abs=1)
    dry = snap(dataclasses.replace(network, shores=None), points(home=(3900, 700))).loc["home"]
    assert dry["off_network_m"] == pytest.approx(600, **NEAR)


def test_nobody_walks_straight_over_an_inlet(tmp_path):
    network = inlet().network(tmp_path)
    home, clinic = points(home=(3900, 700)), points(clinic=(4450, 700))
    found = nearest(network, home, clinic).loc["home", "travel_time_s"]
    edge = snap(network, home).loc["home", "edge"]
    kph = network.edge_length_m[edge] / network.edge_forward_ds[edge] * 36
    expected = (900 + 50) * 3.6 / 5 + (1100 + 1500 + 1100) * 3.6 / kph
    assert found == pytest.approx(expected, rel=0.01)
    straight = nearest(dataclasses.replace(network, shores=None), home, clinic).loc["home", "travel_time_s"]
    assert straight == pytest.approx(550 * 3.6 / 5, rel=0.01)


LAKES = {
    "one way": lambda drawn: drawn.ring(-1000, 300, 1000, 700, LAKE),
    "river": lambda drawn: drawn.ring(-1000, 300, 1000, 700, {"waterway": "riverbank"}),
    "relation": lambda drawn: drawn.area(
        [
            drawn.line([(-1000, 300), (1000, 300), (1000, 700)], {}),
            drawn.line([(1000, 700), (-1000, 700), (-1000, 300)], {}),
        ],
        LAKE,
    ),
}


@pytest.mark.parametrize("lake", LAKES)
def test_nobody_walks_over_a_lake(tmp_path, lake):
    drawn = Drawing()
    drawn.line([(-3000, 800), (3000, 800)], ROAD)
    drawn.line([(-3000, -600), (3000, -600)], ROAD)
    LAKES[lake](drawn)
    network = drawn.network(tmp_path)
    shore, middle = (snap(network, points(home=at)).loc["home"] for at in ((0, 250), (0, 500)))
    assert shore["off_network_m"] == pytest.approx(850, **NEAR), "550 m to the nearer road, over the lake"
    assert middle["off_network_m"] == pytest.approx(300, **NEAR), "who is given in the lake lives on its shore"


@pytest.mark.parametrize(
    "drawn_as", [{"natural": "bay"}, {"natural": "wetland"}, {"place": "sea"}, {"landuse": "reservoir"}]
)
def test_other_areas_hinder_nobody(tmp_path, drawn_as):
    drawn = Drawing()
    drawn.line([(-3000, 800), (3000, 800)], ROAD)
    drawn.ring(-1000, 300, 1000, 700, drawn_as)
    assert drawn.network(tmp_path).shores is None


def test_one_walks_round_a_pond(tmp_path):
    drawn = Drawing()
    drawn.line([(-3000, 800), (3000, 800)], ROAD)
    drawn.ring(-200, 300, 200, 700, LAKE)
    assert snap(drawn.network(tmp_path), points(home=(0, 200))).loc["home", "off_network_m"] == pytest.approx(
        600, **NEAR
    )


def test_the_middle_of_a_cell_at_sea_stands_for_people_on_the_shore(tmp_path):
    drawn = mainland()
    drawn.ring(-100, -1900, 100, -1700, COASTLINE)
    network = drawn.network(tmp_path)
    found = snap(network, points(near=(0, -300), between=(0, -1200), off_the_islet=(1000, -1300), far=(5000, -2500)))
    assert found["reason"].to_dict() == {
        "near": "",
        "between": "across_water",  # the islet is much nearer
        "off_the_islet": "",  # 985 m to the islet, 1 300 m to the mainland
        "far": "",  # nothing is nearer than the mainland
    }
    assert found.loc["near", "off_network_m"] == pytest.approx(500, **NEAR)


def test_short_walks_and_narrow_water_are_believed(tmp_path):
    drawn = mainland()
    drawn.ring(-1000, 225, 1000, 245, LAKE)
    network = drawn.network(tmp_path)
    assert network.shores is not None
    found = snap(network, points(brook=(0, 400), by_the_road=(0, 110)))
    assert found["off_network_m"].tolist() == pytest.approx([200, 90], **NEAR)


def test_coast_in_pieces_of_several_ways_and_files_is_one_ring(tmp_path):
    drawn = mainland()
    corners = [(-300, -1600), (300, -1600), (300, -1000), (-300, -1000), (-300, -1600)]
    for at in (2, 0, 3, 1):
        drawn.line(corners[at : at + 2], COASTLINE)
    drawn.line([(-200, -1200), (200, -1200)], ROAD)
    one = drawn.osm(tmp_path / "one.osm")
    other = drawn.pbf(tmp_path / "other.osm.pbf")
    for paths in ([one], [other], [one, other]):
        shores = ga.read_osm(*paths).shores
        assert np.diff(shores.ptr).tolist() == [3, 5], "the mainland's coast, cut by the borders, and the ring"
        assert shores.area.tolist() == [COAST, COAST]
        lon, lat = np.array([degrees(0, -1300), degrees(0, 300), degrees(0, -500)]).T
        assert shores.island_of(lon, lat).tolist() == [1, -1, -1]


def test_formats_agree_and_roads_stay_as_they_are(tmp_path):
    drawn = with_island()
    LAKES["relation"](drawn)
    drawn.line([(-3000, 200), (-3000, 900), (-2000, 900)], ROAD | {"natural": "coastline"})  # a quay is both
    networks = [ga.read_osm(drawn.osm(tmp_path / "a.osm")), ga.read_osm(drawn.pbf(tmp_path / "a.osm.pbf"))]
    for item in dataclasses.fields(Shores):
        one, other = (getattr(network.shores, item.name) for network in networks)
        np.testing.assert_array_equal(one, other)
    assert sorted(np.unique(networks[0].shores.area)) == [COAST, COAST + 1]
    assert networks[0].counts == networks[1].counts
    drawn.ways = [way for way in drawn.ways if way[2].get("highway")]
    drawn.relations = []
    bare = ga.read_osm(drawn.osm(tmp_path / "bare.osm"))
    for network in networks:
        for name in ("node_lon", "edge_u", "edge_forward_ds", "way_id", "shape_lon"):
            np.testing.assert_array_equal(getattr(network, name), getattr(bare, name))
        alike = ("ways_read", "way_nodes_read", "way_nodes_missing", "ways_closed")
        assert [network.counts[name] for name in alike] == [bare.counts[name] for name in alike]


def test_coast_with_missing_nodes_is_read_as_far_as_it_is_there(tmp_path):
    drawn = mainland()
    ring = drawn.ring(-300, -1600, 300, -1000, COASTLINE)
    lost = drawn.ways[ring - 100][1][1]
    shores = ga.read_osm(drawn.osm(tmp_path / "cut.osm", missing=[lost])).shores
    assert np.diff(shores.ptr).tolist() == [3, 3], "of the ring three sides' ends are left, and it closes no more"
    assert (shores.island_of(*np.array([degrees(0, -1300)]).T) == -1).all()


def test_shores_are_kept_with_the_network(tmp_path):
    network = with_island().network(tmp_path)
    save_network(network, tmp_path / "kept")
    for again in (load_network(tmp_path / "kept"), load_network(tmp_path / "kept", mmap=True)):
        for item in dataclasses.fields(Shores):
            np.testing.assert_array_equal(getattr(again.shores, item.name), getattr(network.shores, item.name))
    snap(network, points(**HOME))
    copied = pickle.loads(pickle.dumps(network))
    assert snap(copied, points(**HOME)).equals(snap(network, points(**HOME)))
    (tmp_path / "kept" / "shores-lon.npy").write_bytes(b"")
    with pytest.raises(ga.InputError, match="damaged"):
        load_network(tmp_path / "kept")


def test_shores_that_do_not_belong_together_are_refused():
    with pytest.raises(ga.InputError, match="do not belong together"):
        Shores(np.zeros(3), np.zeros(3), np.array([0, 2, 3]), np.array([COAST], np.int32))


def archipelago(seed):
    """Return islands as polygons in metres, and a network that has them as coast, its projection around them."""
    rng = np.random.default_rng(seed)
    islands = []
    for centre in rng.uniform(-3000, 3000, (12, 2)):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 25))
        radius = rng.uniform(400, 900, 25)
        shape = shapely.Polygon(centre + np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])).buffer(0)
        if shape.geom_type == "Polygon" and not any(shape.intersects(other) for other in islands):
            islands.append(shapely.Polygon(shape.exterior))
    lon, lat = np.array([degrees(-4000, -4000), degrees(4000, 4000)]).T
    network = Network.from_edges(lon=lon, lat=lat, u=[0], v=[1], forward_s=[900], backward_s=[900])
    rings = [np.array(shapely.geometry.polygon.orient(shape).exterior.coords) for shape in islands]
    along = np.concatenate(rings)
    shores = Shores(
        *(np.array(values) for values in degrees(along[:, 0], along[:, 1])),
        np.cumsum([0, *map(len, rings)]),
        np.zeros(len(rings), np.int32),
    )
    x, y = network.projection.project(shores.lon, shores.lat)
    ends = np.split(np.column_stack([x, y]), shores.ptr[1:-1])
    return [shapely.Polygon(ring) for ring in ends], dataclasses.replace(network, shores=shores), rng


@pytest.mark.parametrize(("seed", "from_one"), [*((seed, 1) for seed in range(5)), (0, 9), (1, 400)])
def test_walks_over_water_against_plane_geometry(seed, from_one):
    islands, network, rng = archipelago(seed)
    land = shapely.union_all(islands)
    box = rng.uniform(-4000, 4000, (4000, 2))
    inside = box[shapely.contains_xy(land, *box.T)]
    one, other = inside[: len(inside) // 2], inside[len(inside) // 2 : len(inside) // 2 * 2]
    one = np.repeat(one[::from_one], from_one, axis=0)[: len(one)]
    assert len(one) > 100
    over = leads_over_water(network, *one.T, *other.T)
    checked = 0
    for a, b, found in zip(one, other, over, strict=True):
        walk = shapely.LineString([a, b])
        wet = max((part.length for part in shapely.get_parts(walk.difference(land))), default=0.0)
        if abs(wet - 30) > 1 and abs(walk.length - 100) > 1:
            assert found == (wet > 30 and walk.length > 100)
            checked += 1
    assert checked > 100
    assert over.any()
    assert not over.all()


def lakes(seed):
    """Return lakes as polygons in metres, some with islands in them, and a network that has them."""
    rng = np.random.default_rng(seed)
    found = []
    for centre in rng.uniform(-3000, 3000, (14, 2)):
        wide, high = rng.uniform(200, 900, 2)
        shape = shapely.affinity.rotate(shapely.box(-wide, -high, wide, high), rng.uniform(0, 90))
        shape = shapely.affinity.translate(shape, *centre)
        if rng.random() < 0.5:
            shape = shape.difference(shape.centroid.buffer(min(wide, high) / 2))
        if not any(shape.intersects(other) for other in found):
            found.append(shape)
    lon, lat = np.array([degrees(-4000, -4000), degrees(4000, 4000)]).T
    road = Network.from_edges(lon=lon, lat=lat, u=[0], v=[1], forward_s=[900], backward_s=[900])
    rings = [(number, ring) for number, shape in enumerate(found) for ring in (shape.exterior, *shape.interiors)]
    along = np.concatenate([np.array(ring.coords) for _, ring in rings])
    shores = Shores(
        *(np.array(values) for values in degrees(along[:, 0], along[:, 1])),
        np.cumsum([0, *(len(ring.coords) for _, ring in rings)]),
        np.array([number + 1 for number, _ in rings], np.int32),
    )
    xy = np.column_stack(road.projection.project(shores.lon, shores.lat))
    parts = np.split(xy, shores.ptr[1:-1])
    shapes = []
    for number in range(len(found)):
        own = [part for part, (of, _) in zip(parts, rings, strict=True) if of == number]
        shapes.append(shapely.Polygon(own[0], own[1:]))
    return shapes, dataclasses.replace(road, shores=shores), rng


@pytest.mark.parametrize(("seed", "from_one"), [*((seed, 1) for seed in range(5)), (0, 9), (1, 3000)])
def test_walks_over_lakes_against_plane_geometry(seed, from_one):
    shapes, network, rng = lakes(seed)
    one, other = rng.uniform(-4000, 4000, (2, 9000, 2))  # so many that threads share them
    one = np.repeat(one[::from_one], from_one, axis=0)
    ashore = ~shapely.contains_xy(shapely.union_all(shapes), *other.T)
    one, other = one[ashore], other[ashore]
    over = leads_over_water(network, *one.T, *other.T)
    checked = 0
    for a, b, found in zip(one[::20], other[::20], over[::20], strict=True):
        walk = shapely.LineString([a, b])
        longest = 0.0
        for lake in shapes:
            for part in shapely.get_parts(walk.intersection(lake)):
                begins_there = lake.covers(shapely.Point(a)) and part.distance(shapely.Point(a)) < 1e-6
                longest = max(longest, 0.0 if begins_there else part.length)
        if abs(longest - 30) > 1:
            assert found == (longest > 30)
            checked += 1
    assert checked > 300
    assert 0.1 < over.mean() < 0.9


def test_a_walk_that_crosses_a_shore_hundreds_of_times(tmp_path):
    """A brook of 20 m winds along a walk, 300 times over it; a lake at the end is one more."""
    x = np.repeat(np.arange(301) * 20.0 - 3000, 2)
    y = np.tile([-40.0, 40, 40, -40], 151)[: x.size]
    bank = np.column_stack([np.concatenate([x, x[::-1] + 1]), np.concatenate([y, y[::-1]])])
    lon, lat = np.array([degrees(-4000, -4000), degrees(4000, 4000)]).T
    road = Network.from_edges(lon=lon, lat=lat, u=[0], v=[1], forward_s=[900], backward_s=[900])

    def with_waters(*rings):
        points = np.concatenate(rings)
        ptr = np.cumsum([0, *map(len, rings)])
        areas = np.arange(1, len(rings) + 1, dtype=np.int32)
        return dataclasses.replace(road, shores=Shores(*map(np.array, degrees(*points.T)), ptr, areas))

    start, end = (
        np.array(values) for values in road.projection.project(*degrees(np.array([-3500.0, 3500]), np.zeros(2)))
    )
    walk = [np.array([value]) for value in (start[0], end[0], start[1], end[1])]
    brook = np.append(bank, bank[:1], axis=0)
    pond = np.array([[3200.0, -50], [3260, -50], [3260, 50], [3200, 50], [3200, -50]])
    assert leads_over_water(with_waters(brook), *walk).tolist() == [False]
    assert leads_over_water(with_waters(brook, pond), *walk).tolist() == [True]


@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_road_on_land_against_all_places_of_roads(seed):
    islands, bare, rng = archipelago(seed)
    land = shapely.union_all(islands)
    ends = rng.uniform(-4000, 4000, (24, 2))
    lon, lat = degrees(*ends.T)
    u, v = np.arange(0, 24, 2), np.arange(1, 24, 2)
    roads = Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=[900] * 12, backward_s=[900] * 12)
    network = dataclasses.replace(roads, shores=bare.shores)
    x, y = network.projection.project(bare.shores.lon, bare.shores.lat)
    rings = np.split(np.column_stack([x, y]), bare.shores.ptr[1:-1])
    land = shapely.union_all([shapely.Polygon(ring) for ring in rings])
    road_x, road_y = network.projection.project(lon, lat)
    lines = [shapely.LineString([(road_x[a], road_y[a]), (road_x[b], road_y[b])]) for a, b in zip(u, v, strict=True)]
    box = rng.uniform(-3500, 3500, (600, 2))
    home_lon, home_lat = degrees(*box.T)
    home_x, home_y = network.projection.project(home_lon, home_lat)
    homes = np.flatnonzero(shapely.contains_xy(land, home_x, home_y))[:40]
    asked = gpd.GeoSeries.from_xy(home_lon[homes], home_lat[homes], crs="EPSG:4326")
    found = snap(network, asked, min_component_m=0)
    each = pd.concat([snap(network, asked.iloc[[i]], min_component_m=0) for i in range(len(asked))])
    pd.testing.assert_frame_equal(each, found, check_exact=True)
    places = shapely.get_coordinates([line.interpolate(s) for line in lines for s in np.arange(0, line.length, 10)])
    moved = 0
    for i, (_, row) in zip(homes, found.iterrows(), strict=True):
        away = np.hypot(places[:, 0] - home_x[i], places[:, 1] - home_y[i])
        best = np.inf
        for at in np.argsort(away)[:4000]:
            walk = shapely.LineString([(home_x[i], home_y[i]), places[at]])
            if away[at] <= 100 or all(part.length <= 30 for part in shapely.get_parts(walk.difference(land))):
                best = away[at]
                break
        moved += best > away.min() + 20
        if np.isinf(best):
            assert row["reason"] == "across_water"
        else:
            assert row["off_network_m"] >= best - 12, "nothing that is nearer is dry"
            assert row["off_network_m"] <= best * 1.25 + 60, "roads are looked at in parts of 10 m and more"
    assert moved > 3, "of what is tested something must happen"


@pytest.mark.parametrize("seed", range(4))
def test_walks_between_places_of_one_set_are_those_of_all_pairs(seed):
    """Lakes at random between places at random; some of these lie in a lake, and two lie at one spot."""
    rng = np.random.default_rng(seed)
    road = Network.from_edges(lon=[LON, LON + 0.1], lat=[LAT, LAT], u=[0], v=[1], forward_s=[400], backward_s=[400])
    to_x, to_y = (road.projection.project(np.array([LON]), np.array([LAT]))[i][0] for i in (0, 1))
    corner = rng.uniform(-1500, 1500, (25, 2))
    ring = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * 150.0
    lon, lat = degrees(*(corner[:, None] + ring).reshape(-1, 2).T)
    shores = Shores(lon, lat, np.arange(0, 126, 5), np.arange(1, 26, dtype=np.int32))
    network = dataclasses.replace(road, shores=shores)
    x, y = rng.uniform(-1500, 1500, (2, 60))
    x[7], y[7] = x[3], y[3]
    off_m = np.where(rng.random(60) < 0.1, np.nan, rng.uniform(100, 900, 60))
    spots = Spots(x + to_x, y + to_y, off_m, off_m * 7, np.zeros(60))
    expected = []
    for i, j in np.ndindex(60, 60):
        apart = np.hypot(x[i] - x[j], y[i] - y[j])
        if not apart <= off_m[i] + off_m[j]:
            continue
        ends = [np.array([value]) for value in (spots.x[i], spots.y[i], spots.x[j], spots.y[j])]
        over = leads_over_water(network, *ends)[0] and leads_over_water(network, *ends[2:], *ends[:2])[0]
        if not over:
            expected.append((i, j, int(np.rint(apart * 7))))
    for other in (spots, Spots(*(values.copy() for values in spots))):
        walks = walks_between(network, spots, other)
        assert sorted(zip(*(column.tolist() for column in walks), strict=True)) == expected
    plain = walks_between(road, spots, spots)
    assert len(expected) < plain.first.size  # some lakes lie in the way
    some = walks_between(network, spots.some(slice(20)), spots)
    found = sorted(zip(some.first.tolist(), some.second.tolist(), strict=True))
    assert found == [one[:2] for one in expected if one[0] < 20]


@pytest.mark.parametrize(("here", "there"), [(12_000, 900), (900, 12_000), (1, 3000), (3000, 1)])
def test_walks_between_many_places_against_all_pairs(here, there):
    """So many that threads share them; most live near the road, a few far off; some are not snapped."""
    rng = np.random.default_rng(here)
    road = Network.from_edges(lon=[LON, LON + 0.1], lat=[LAT, LAT], u=[0], v=[1], forward_s=[400], backward_s=[400])

    def spots(number):
        off_m = rng.exponential(150, number) * np.where(rng.random(number) < 0.02, 20, 1)
        off_m[rng.random(number) < 0.05] = np.nan
        off_m[0] = 15_000  # one is very far off
        return Spots(
            *rng.uniform(-20_000, 20_000, (2, number)), off_m, np.rint(off_m * rng.uniform(4, 9)), np.full(number, 3.0)
        )

    one, other = spots(here), spots(there)
    apart = np.hypot(one.x[:, None] - other.x, one.y[:, None] - other.y)
    both = one.off_m[:, None] + other.off_m
    first, second = np.nonzero(apart <= both)
    pace = (one.off_ds[:, None] + other.off_ds)[first, second] / both[first, second]
    time_ds = np.rint(apart[first, second] * pace).astype(int) + 6
    walks = walks_between(road, one, other)
    assert (np.diff(walks.first) >= 0).all()
    found = sorted(zip(*(column.tolist() for column in walks), strict=True))
    assert found == list(zip(first.tolist(), second.tolist(), time_ds.tolist(), strict=True))
    assert first.size > 0


def a_bay(*coasts):
    """Return the water around a bay, of coasts as lists of points in metres; a box of 4 km around their zero."""
    plane = SimpleNamespace(project=lambda x, y: (x, y))
    lon, lat = np.concatenate([np.array(one, float) for one in coasts]).T
    ptr = np.cumsum([0, *map(len, coasts)])
    water = WaterAreas(Shores(lon, lat, ptr, np.full(len(coasts), COAST, np.int32)), plane)
    return water.within(shapely.box(-2000, -2000, 2000, 2000))


ISLE = [(-300, -1300), (300, -1300), (300, -700), (-300, -700), (-300, -1300)]  # against the clock


@pytest.mark.parametrize("gap_m", [0, 20, 49])
def test_a_coast_goes_on_over_a_small_gap(gap_m):
    """Land in the north, an isle in the sea; the river in between has no line where it ends."""
    found = a_bay([(-5000, 0), (0, 0)], [(gap_m, 0), (1000, 100), (5000, 0)], ISLE)
    sea = shapely.Polygon([(-2000, 0), (gap_m, 0), (1000, 100), (2000, 75), (2000, -2000), (-2000, -2000)])
    assert found.symmetric_difference(sea.difference(shapely.Polygon(ISLE))).area < 60  # 2 cm along the edge


@pytest.mark.parametrize("gap_m", [60, 900])
def test_where_a_gap_leaves_open_what_is_land_an_isle_makes_no_sea(gap_m):
    found = a_bay([(-5000, 0), (0, 0)], [(gap_m, 0), (5000, 0)], ISLE)
    assert not found.intersects(shapely.box(-1900, 10, 1900, 1900))
    alone = a_bay(ISLE)
    assert alone.area == pytest.approx(4000**2 - 600**2)  # with no such coast it does
