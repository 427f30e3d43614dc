"""Places on the network: on junctions, along edges, beside each other; the same whatever the order of the edges."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geoaccess as ga
from geoaccess.network import EdgeKind, Network, Turns, assemble, snap
from geoaccess.network.projection import LocalProjection, between_degrees
from geoaccess.routing import nearest_snapped, route_kept

GEOD = pyproj.Geod(ellps="WGS84")
NEAR = {"min_component_m": 0.0}


def at(**places):
    return gpd.GeoSeries.from_xy(*zip(*places.values(), strict=True), index=[*places], crs="EPSG:4326")


def corners():
    """A square of 0.1 degrees: 0 and 1 in the south, 2 and 3 in the north."""
    return np.array([10.0, 10.1, 10.0, 10.1]), np.array([60.0, 60.0, 60.1, 60.1])


# one-way 0>1 in 100 s, 1-3 in 50, 0-2 in 60, 0-3 in 600
STREETS = [(0, 1, 100, -1), (1, 3, 50, 50), (0, 2, 60, 60), (0, 3, 600, 600)]


def streets(order, turned):
    lon, lat = corners()
    edges = [STREETS[i] for i in order]
    edges = [(v, u, b, f) if turn else (u, v, f, b) for (u, v, f, b), turn in zip(edges, turned, strict=True)]
    u, v, forward, backward = zip(*edges, strict=True)
    return Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=forward, backward_s=backward)


def every_question(network, cells, sites, direction="to_sites"):
    """The time from each cell to the first site (or back), by all ways to ask."""
    one, two = snap(network, cells, **NEAR), snap(network, sites, **NEAR)
    pair = (one, two) if direction == "to_sites" else (two, one)
    for engine in (network, ga.contract(network)):
        found = ga.nearest(engine, cells, sites, k=1, direction=direction, **NEAR)
        yield "nearest", found["travel_time_s"].tolist()
        for method in ("search", "hierarchy"):
            table = ga.travel_times(engine, *pair, method=method)
            yield method, (table if direction == "to_sites" else table.T)[:, 0].tolist()
        near = ga.travel_times_within(engine, cells, sites, cutoff_s=1e6, direction=direction, **NEAR)
        yield "within", near.set_index("cell_id")["travel_time_s"].reindex(cells.index, fill_value=np.inf).tolist()
    field = ga.solve_nearest(network, sites, k=1, direction=direction, **NEAR)
    yield "field", field.nearest(cells)["travel_time_s"].tolist()
    field.attach(cells)
    for label, point in sites.items():
        ga.routing.remove_site(field, label)
        ga.routing.add_site(field, label, (point.x, point.y))
    yield "updated", field.attached()["travel_time_s"].tolist()
    ends = list(zip(cells.x, cells.y, strict=True)), (sites.x.iloc[0], sites.y.iloc[0])
    yield (
        "route",
        [
            float(ga.route(network, *((cell, ends[1]) if direction == "to_sites" else (ends[1], cell)), **NEAR)
                  ["travel_time_s"].sum())
            for cell in ends[0]
        ],
    )  # fmt: skip
    kept = [route_kept(field, i, start=(0, 0), goal=(0, 0)) for i in range(len(cells))]
    yield "route kept", [float(journey["travel_time_s"].sum()) for journey in kept]


@settings(max_examples=12, deadline=None)
@given(st.permutations(range(4)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_place_on_a_junction_is_on_all_its_streets_whatever_the_order_of_edges(order, turned):
    network = streets(order, turned)
    lon, lat = corners()
    people, clinic = at(people=(lon[3], lat[3])), at(clinic=(lon[1], lat[1]))
    for name, found in every_question(network, people, clinic):
        assert found == [50.0], name
    for name, found in every_question(network, clinic, people, "to_people"):
        assert found == [50.0], name
    # and every pair of corners as networkx has it
    graph = nx.DiGraph()
    for u, v, forward, backward in STREETS:
        graph.add_edges_from([(u, v, {"w": forward})] + ([(v, u, {"w": backward})] if backward >= 0 else []))
    everywhere = snap(network, at(**{f"n{i}": (lon[i], lat[i]) for i in range(4)}), **NEAR)
    assert everywhere["node"].tolist() == [0, 1, 2, 3]
    expected = [[nx.dijkstra_path_length(graph, i, j, weight="w") for j in range(4)] for i in range(4)]
    np.testing.assert_array_equal(ga.travel_times(network, everywhere, everywhere), expected)


def ruled(*, restricted=(), turns=(), closed=()):
    """A cross: 0 in the middle, 1 west, 2 east, 3 north, 4 south; 60 s each; and a ring of 600 s round it."""
    lon, lat = np.array([10.0, 9.95, 10.05, 10.0, 10.0]), np.array([60.0, 60.0, 60.0, 60.03, 59.97])
    edges = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 3), (3, 2), (2, 4), (4, 1)]
    times = np.array([[60.0] * 4 + [600.0] * 4] * 2)
    times[:, list(closed)] = -1
    table = np.array(turns, np.int32).reshape(-1, 4)
    return assemble(
        lon=lon, lat=lat,
        a=np.array([a for a, _ in edges], np.int32), b=np.array([b for _, b in edges], np.int32),
        forward_s=times[0], backward_s=times[1],
        way=np.arange(8, dtype=np.int32), way_id=np.arange(8, dtype=np.int64), way_class=["road"] * 8,
        restricted=np.isin(np.arange(8), restricted),
        turns=Turns(*table[:, :3].T.copy(), table[:, 3].astype(bool)) if len(turns) else None,
        merge_chains=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, [60, 60, 60, 60]),
        ({"restricted": [0, 1]}, [60, 60, 60, 60]),  # private streets are open to who begins or ends there
        ({"turns": [(0, 0, 1, False), (0, 2, 3, True)]}, [60, 60, 60, 60]),  # who is there has turned nowhere
        ({"turns": [(0, 3, 2, True)], "restricted": [1]}, [60, 60, 60, 60]),
        ({"closed": [0]}, [660, 60, 60, 60]),
    ],
)
def test_from_and_to_a_junction_all_streets_are_open_also_private_ones_and_past_bans(rules, expected):
    network = ruled(**rules)
    middle = at(middle=(10.0, 60.0))
    ends = at(west=(9.95, 60.0), east=(10.05, 60.0), north=(10.0, 60.03), south=(10.0, 59.97))
    for direction in ("to_sites", "to_people"):
        for name, found in every_question(network, ends, middle, direction):
            assert found == expected, (name, direction)


def test_a_road_that_closes_takes_nothing_from_a_place_at_its_open_end():
    """Who lives at a junction does not live on a street that closes there: no way over it, and all others stay."""
    lon, lat = corners()
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]):
        network = streets(order, [False] * 4)
        field = ga.solve_nearest(network, at(clinic=(lon[1], lat[1])), k=1, **NEAR)
        field.attach(at(people=(lon[3], lat[3]), other=(lon[0], lat[0])))
        ga.routing.close_edges(field, [order.index(0)])
        assert field.attached()["travel_time_s"].tolist() == [50.0, 650.0]


def test_what_lies_at_a_quay_boards_and_what_has_a_road_there_drives():
    lon, lat = np.array([10.0, 10.1, 10.2, 10.3]), np.full(4, 60.0)
    network = assemble(
        lon=lon, lat=lat, a=np.array([0, 1, 2], np.int32), b=np.array([1, 2, 3], np.int32),
        forward_s=np.array([100.0, 900.0, 100.0]), backward_s=np.array([-1.0, 900.0, 100.0]),
        way=np.arange(3, dtype=np.int32), way_id=np.arange(3), way_class=["road", "ferry", "road"],
        kind=np.array([EdgeKind.ROAD, EdgeKind.FERRY, EdgeKind.ROAD], np.int8),
        snaps=np.array([True, False, True]), merge_chains=False,
    )  # fmt: skip
    assert snap(network, at(quay=(10.2, 60.0)), **NEAR)["node"].tolist() == [2]
    for name, found in every_question(network, at(island=(10.3, 60.0)), at(quay=(10.2, 60.0))):
        assert found == [100.0], name


# Lengths and lines


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(10.0, 60.0), (-19.0, 65.0), (179.95, -17.0), (25.0, 71.0)]))
def test_a_route_is_cut_where_the_places_are_and_as_long_as_the_geodesic_says(seed, middle):
    rng = np.random.default_rng(seed)
    steps = rng.normal([0.05, 0.0], 0.02, (6, 2))
    shape = np.array(middle) + np.cumsum(steps, axis=0) - [0.15, 0]
    lon, lat = (shape[:, 0] + 180) % 360 - 180, shape[:, 1]
    length = GEOD.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2]
    seconds = length / 20.0
    whole = np.arange(5, dtype=np.int32)
    network = assemble(
        lon=lon, lat=lat, a=whole, b=whole + 1, forward_s=seconds, backward_s=seconds, way=np.zeros(5, np.int32),
        way_id=np.array([7]), way_class=["road"],
    )  # fmt: skip
    assert network.n_edges == 1
    assert network.edge_length_m[0] == pytest.approx(length.sum(), rel=1e-4)
    piece, share = rng.integers(0, 5, 2), rng.random(2)
    x, y = between_degrees(lon, lat, piece, share)
    snapped = snap(network, gpd.GeoSeries.from_xy(x, y, crs="EPSG:4326"), **NEAR)
    assert snapped["off_network_m"].max() < 6  # a line in degrees is bent on the ground
    ends = snapped[["lon", "lat"]].to_numpy()
    assert max(GEOD.inv(x, y, *ends.T)[2]) < 60
    journey = ga.route(network, tuple(ends[0]), tuple(ends[1]), **NEAR)
    roads = journey[journey["part"] == "road"]
    if roads.empty:
        return
    places = snapped["shape_at"].to_numpy()
    at_ = np.sort(places)
    along = np.concatenate([[at_[0]], np.arange(np.floor(at_[0]) + 1, at_[1]), [at_[1]]])
    # the edge may run the other way than the points were given
    there = shape if abs(network.shape_lon[0] - lon[0]) < 1e-12 else shape[::-1]
    points = np.column_stack([np.interp(along, np.arange(6), there[:, i]) for i in (0, 1)])
    expected = GEOD.inv(*points[:-1].T, *points[1:].T)[2].sum()
    assert roads["length_m"].sum() == pytest.approx(expected, abs=1)  # of pieces of some kilometres
    assert roads["travel_time_s"].sum() == pytest.approx(expected / 20, abs=0.3 + 0.002 * expected / 20)
    drawn = np.array(roads.geometry.iloc[0].coords)
    assert max(GEOD.inv(*drawn[[0, -1]].T, *ends.T)[2]) < 1


def test_the_length_of_a_road_that_turns_from_east_to_north():
    """One kilometre east, then one north: half of it in degrees is not half of it in metres at 60 degrees north."""
    lon_e, lat_e, _ = GEOD.fwd(10.0, 60.0, 90, 1000)
    lon_n, lat_n, _ = GEOD.fwd(lon_e, lat_e, 0, 1000)
    one = np.array([0, 1], np.int32)
    network = assemble(
        lon=np.array([10.0, lon_e, lon_n]), lat=np.array([60.0, lat_e, lat_n]), a=one, b=one + 1,
        forward_s=np.array([50.0, 50]), backward_s=np.array([50.0, 50]), way=np.zeros(2, np.int32),
        way_id=np.array([1]), way_class=["road"],
    )  # fmt: skip
    journey = ga.route(network, (10.0, 60.0), (lon_e, lat_e), **NEAR)
    assert journey["length_m"].tolist() == [pytest.approx(1000, abs=0.1)]
    assert journey["travel_time_s"].tolist() == [pytest.approx(50, abs=0.1)]
    assert np.array(journey.geometry.iloc[0].coords)[-1] == pytest.approx([lon_e, lat_e], abs=1e-6)


def test_places_over_the_180th_meridian_are_near_each_other():
    network = Network.from_edges(
        lon=[179.95, -179.95], lat=[-17.0, -17.0], u=[0], v=[1], forward_s=[1000.0], backward_s=[1000.0]
    )
    whole = GEOD.inv(179.95, -17, -179.95, -17)[2]
    snapped = snap(network, at(west=(179.975, -17.0), east=(-179.975, -17.001)))
    assert snapped["to_u_ds"].tolist() == [2500, 7500]
    assert snapped["lon"].tolist() == pytest.approx([179.975, -179.975], abs=1e-6)
    assert snapped["off_network_m"].tolist() == pytest.approx([0, GEOD.inv(0, -17, 0, -17.001)[2]], abs=1)
    journey = ga.route(network, (179.975, -17.0), (-179.975, -17.0))
    road = journey[journey["part"] == "road"]
    assert road["length_m"].tolist() == [pytest.approx(whole / 2, rel=1e-4)]
    assert road["travel_time_s"].tolist() == [500.0]


# The same numbers everywhere


@settings(max_examples=40, deadline=None)
@given(st.floats(-180, 180), st.floats(-80, 80), st.integers(0, 2**32 - 1))
def test_the_projection_is_that_of_proj_to_the_centimetre(lon, lat, seed):
    rng = np.random.default_rng(seed)
    around = LocalProjection(round(lon, 3), round(lat, 3))
    lon = (around.lon + rng.uniform(-8, 8, 50) + 180) % 360 - 180
    lat = np.clip(around.lat + rng.uniform(-6, 6, 50), -89, 89)
    x, y = around.project(lon, lat)
    expected = pyproj.Transformer.from_crs("EPSG:4326", around.crs, always_xy=True).transform(lon, lat)
    np.testing.assert_allclose([x, y], expected, atol=0.006, rtol=0)
    assert (x == np.round(x, 2)).all()
    assert (y == np.round(y, 2)).all()


def test_a_hair_of_another_library_changes_no_second():
    """PROJ differs by a tenth of a millimetre between its releases: points moved by it give the same answers.

    Away from the edges between two centimetres, on which one of a hundred coordinates lies.
    """
    rng = np.random.default_rng(5)
    network = streets([0, 1, 2, 3], [False] * 4)
    lon, lat = 10 + rng.random(400) * 0.1, 60 + rng.random(400) * 0.1
    exact = pyproj.Transformer.from_crs("EPSG:4326", network.metric_crs, always_xy=True).transform(lon, lat)
    inside = np.all([np.abs(values * 100 % 1 - 0.5) > 0.03 for values in exact], axis=0)
    assert inside.sum() > 300
    points = gpd.GeoSeries.from_xy(lon, lat, crs="EPSG:4326")[inside]
    moved = gpd.GeoSeries.from_xy(lon + 1e-9, lat - 1e-9, crs="EPSG:4326")[inside]  # 0.06 and 0.11 mm
    pd.testing.assert_frame_equal(snap(network, points, **NEAR), snap(network, moved, **NEAR), check_exact=True)


# Nobody near


def test_rows_and_reasons_also_where_all_cells_or_all_sites_are_off_the_road():
    network = streets([0, 1, 2, 3], [False] * 4)
    near, far = at(a=(10.0, 60.0)), at(b=(20.0, 40.0))
    gone = ga.nearest(network, far, near, **NEAR)
    assert gone[["site", "reason"]].to_numpy().tolist() == [[None, "no_road_within"]]
    assert gone["travel_time_s"].isna().all()
    unserved = ga.nearest(network, near, far, **NEAR)
    assert unserved[["site", "travel_time_s", "reason"]].to_numpy().tolist() == [[None, np.inf, "no_site_reachable"]]
    assert ga.travel_times_within(network, far, near, cutoff_s=1e6, **NEAR).empty
    assert ga.travel_times_within(network, near, far, cutoff_s=1e6, **NEAR).empty
    assert ga.solve_nearest(network, far, **NEAR).nearest(near)["reason"].tolist() == ["no_site_reachable"]
    assert nearest_snapped(network, snap(network, far), snap(network, far), k=1)["reason"].tolist() == [
        "no_road_within"
    ]


# On foot beside the road


def by_the_road():
    """A road of 6 km from west to east, 300 s; a place 900 m north of it every 500 m."""
    return Network.from_edges(lon=[10, 10.1077], lat=[60, 60], u=[0], v=[1], forward_s=[300.0], backward_s=[300.0])


NORTH = 60 + 900 / 111_400  # 900 m of latitude at 60 degrees


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
def test_who_lives_beside_a_site_off_the_road_walks_there(direction):
    network = by_the_road()
    cells = at(
        same=(10.05, NORTH), near=(10.05 + 100 / 55_800, NORTH), far=(10.05 + 2500 / 55_800, NORTH), road=(10.05, 60.0)
    )
    clinic = at(clinic=(10.05, NORTH))
    metres = GEOD.inv([10.05] * 4, [NORTH] * 4, cells.x, cells.y)[2]
    to_road = GEOD.inv(10.05, NORTH, 10.05, 60)[2]
    driven = 2500 / GEOD.inv(10, 60, 10.1077, 60)[2] * 300
    expected = [0, metres[1] * 3.6 / 5, driven + 2 * to_road * 3.6 / 5, to_road * 3.6 / 5]
    assert expected[1] == pytest.approx(72, abs=1)
    for name, found in every_question(network, cells, clinic, direction):
        assert found == pytest.approx(expected, abs=1.5), name


def test_a_walk_may_not_be_longer_than_the_ways_to_the_road():
    """Over a fjord: two villages by the water, 50 m from roads that do not meet, 500 m apart; nobody walks over it."""
    network = Network.from_edges(
        lon=[10, 10.1, 10, 10.1], lat=[60, 60, 60.0054, 60.0054], u=[0, 2], v=[1, 3], forward_s=[300.0] * 2,
        backward_s=[300.0] * 2,
    )  # fmt: skip
    south, north = at(south=(10.05, 60.00045)), at(north=(10.05, 60.00495))
    for name, found in every_question_but_routes(network, south, north):
        assert found == [np.inf], name


def every_question_but_routes(network, cells, sites):
    for engine in (network, ga.contract(network)):
        yield "nearest", ga.nearest(engine, cells, sites, k=1, **NEAR)["travel_time_s"].tolist()
        one, two = snap(network, cells, **NEAR), snap(network, sites, **NEAR)
        yield "matrix", ga.travel_times(engine, one, two)[:, 0].tolist()
    yield "field", ga.solve_nearest(network, sites, k=1, **NEAR).nearest(cells)["travel_time_s"].tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["to_sites", "to_people"]))
def test_a_further_site_hurts_nobody_and_the_order_of_edges_changes_nothing(seed, direction):
    rng = np.random.default_rng(seed)
    n, m = 6, 9
    lon, lat = 10 + rng.random(n) * 0.1, 60 + rng.random(n) * 0.05
    u, v = rng.integers(0, n, m), rng.integers(0, n, m)
    forward, backward = rng.integers(1, 500, m).astype(float), rng.integers(1, 500, m).astype(float)
    backward[rng.random(m) < 0.4] = -1
    # Edges between the same nodes lie on each other: which one a point between them is on is not said by the map.
    _, first = np.unique(np.sort(np.column_stack([u, v])), axis=0, return_index=True)
    chosen = first[u[first] != v[first]]
    u, v, forward, backward = u[chosen], v[chosen], forward[chosen], backward[chosen]
    if not u.size:
        return
    order = rng.permutation(u.size)
    turn = rng.random(u.size) < 0.5
    plain = Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=forward, backward_s=backward)
    mixed = Network.from_edges(
        lon=lon, lat=lat, u=np.where(turn, v, u)[order], v=np.where(turn, u, v)[order],
        forward_s=np.where(turn, backward, forward)[order], backward_s=np.where(turn, forward, backward)[order],
    )  # fmt: skip
    nodes = rng.integers(0, n, 5)
    x = np.concatenate([lon[nodes], 10 + rng.random(6) * 0.1])
    y = np.concatenate([lat[nodes], 60 + rng.random(6) * 0.05])
    places = gpd.GeoSeries.from_xy(x, y, index=[f"p{i}" for i in range(11)], crs="EPSG:4326")
    cells, sites = places.iloc[::2], places.iloc[1::2]
    one, other = (ga.nearest(net, cells, sites, direction=direction, **NEAR) for net in (plain, mixed))
    if (snap(plain, places, **NEAR)["edge"] >= 0).any():
        times = [name for name in one if name.endswith("_s")]
        # A tenth of a second is lost where an edge is counted from its other end.
        np.testing.assert_allclose(one[times], other[times], atol=0.31, rtol=0)
    fewer = ga.nearest(plain, cells, sites.iloc[:-1], direction=direction, **NEAR)
    assert not (one["travel_time_s"] > fewer["travel_time_s"]).any()
    assert not (one["travel_time_2_s"] > fewer["travel_time_2_s"]).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["to_sites", "to_people"]), st.integers(1, 3))
def test_walks_in_a_kept_field_are_those_from_scratch_and_gains_know_them(seed, direction, k):
    rng = np.random.default_rng(seed)

    def crowd(count, prefix):
        x, y = 10.05 + rng.normal(0, 0.01, count), NORTH + rng.normal(0, 0.004, count)
        return gpd.GeoSeries.from_xy(x, y, index=[f"{prefix}{i}" for i in range(count)], crs="EPSG:4326")

    network, cells, sites, more = by_the_road(), crowd(12, "c"), crowd(3, "s"), crowd(2, "n")
    field = ga.solve_nearest(network, sites, k=k, direction=direction, **NEAR)
    field.attach(cells, people=rng.integers(0, 9, 12))
    before = field.attached()
    saved = ga.routing.site_gains(field, more)["saved_s"]
    changes = []
    for label, point in more.items():
        was = field.attached()["travel_time_s"]
        changes.append(ga.routing.add_site(field, label, (point.x, point.y)))
        if len(changes) == 1:
            people = field.cells().people
            assert saved[label] == pytest.approx((people * (was - field.attached()["travel_time_s"])).sum())
    changes.append(ga.routing.move_site(field, "s0", (cells.x.iloc[0], cells.y.iloc[0])))
    changes.append(ga.routing.remove_site(field, "s1"))
    now = pd.concat([sites, more])
    now["s0"] = cells.iloc[0]
    expected = ga.nearest(network, cells, now.drop("s1").set_crs(4326), k=k, direction=direction, **NEAR)
    pd.testing.assert_frame_equal(field.attached(), expected)
    for i, time in enumerate(expected["travel_time_s"]):
        journey = route_kept(field, i, start=(cells.x.iloc[i], cells.y.iloc[i]), goal=(10.05, NORTH))
        assert journey["travel_time_s"].sum() == pytest.approx(time)
    for change in reversed(changes):
        ga.routing.undo(field, change)
    pd.testing.assert_frame_equal(field.attached(), before)
