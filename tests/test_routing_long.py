"""Networks whose times add up beyond an int32: the same answers as scipy gives in floats, and inf beyond 6.8 years."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import geoaccess as ga
from geoaccess.network import Network, snap
from geoaccess.routing import close_edges, nearer_pairs, people_on_edges, solve_nearest, undo

SIDE = 40


def lattice(seed=1):
    """A lattice of one-way and two-way roads of up to two days, in one part; its times from node to node as floats."""
    rng = np.random.default_rng(seed)
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    u = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    v = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    forward = rng.integers(1, 1_800_000, u.size) / 10
    backward = np.where(rng.random(u.size) < 0.1, -1, rng.integers(1, 1_800_000, u.size) / 10)
    network = Network.from_edges(
        lon=10 + 0.01 * (node.ravel() % SIDE),
        lat=60 + 0.005 * (node.ravel() // SIDE),
        u=u,
        v=v,
        forward_s=forward,
        backward_s=backward,
    )
    two = backward > 0
    tail, head = np.concatenate([u, v[two]]), np.concatenate([v, u[two]])
    return network, csr_matrix((np.concatenate([forward, backward[two]]), (tail, head)))


@pytest.fixture(scope="module")
def country():
    network, matrix = lattice()
    assert network.arcs.cost_ds.sum(dtype=np.int64) > 2**32
    rng = np.random.default_rng(2)
    cells, sites = rng.choice(SIDE * SIDE, 200, replace=False), rng.choice(SIDE * SIDE, 9, replace=False)

    def places(nodes):
        points = gpd.GeoSeries.from_xy(network.node_lon[nodes], network.node_lat[nodes], crs="EPSG:4326")
        return snap(network, points, min_component_m=0)

    times = dijkstra(matrix, indices=cells)[:, sites]
    assert np.isfinite(times).all()
    return network, matrix, places(cells), places(sites), times, cells, sites


@pytest.mark.parametrize("method", ["search", "hierarchy"])
def test_times_in_a_network_beyond_an_int32_are_those_of_scipy(country, method):
    network, _, cells, sites, times, _, _ = country
    assert np.allclose(ga.travel_times(network, cells, sites, method=method), times, rtol=0, atol=1e-3)
    cutoff = float(np.quantile(times, 0.3))
    near = ga.travel_times_within(network, cells, sites, cutoff_s=cutoff, method=method)
    assert len(near) == (times <= cutoff + 1e-3).sum()


@pytest.mark.parametrize("hierarchy", [False, True])
def test_nearest_and_trees_beyond_an_int32_are_those_of_scipy(country, hierarchy):
    network, matrix, cells, sites, times, _, numbers = country
    asked = ga.contract(network) if hierarchy else network
    found = ga.nearest(asked, cells, sites, k=3)
    wanted = np.sort(times, axis=1)[:, :3]
    columns = ["travel_time_s", "travel_time_2_s", "travel_time_3_s"]
    assert np.allclose(found[columns].to_numpy(float), wanted, rtol=0, atol=1e-3)
    trees = ga.shortest_path_trees(asked, sites.iloc[:2])
    assert np.allclose(trees, dijkstra(matrix, indices=numbers[:2]), rtol=0, atol=1e-3)


def test_changes_and_new_sites_beyond_an_int32_are_those_of_scipy(country):
    network, matrix, cells, sites, times, at, numbers = country
    field = solve_nearest(network, sites.iloc[:3], k=1)
    field.attach(cells)
    before = field.keys.copy()
    worst = int(np.argmax(people_on_edges(field).people))
    change = close_edges(field, [worst])
    shut = matrix.tolil()
    u, v = int(network.edge_u[worst]), int(network.edge_v[worst])
    shut[u, v] = shut[v, u] = 0
    closed = dijkstra(csr_matrix(shut.tocsr()), indices=at)[:, numbers[:3]].min(axis=1)
    assert (closed > times[:, :3].min(axis=1) + 1).any()
    assert np.allclose(field.attached_times_ds() / 10, closed, rtol=0, atol=1e-3)
    undo(field, change)
    assert (field.keys == before).all()
    now = times[:, :3].min(axis=1)
    cell, site, time_s = nearer_pairs(network, cells, sites.iloc[3:], now)
    row, column = np.nonzero(times[:, 3:] < now[:, None] - 1e-3)
    assert (cell.tolist(), site.tolist()) == (row.tolist(), column.tolist())
    assert np.allclose(time_s, times[row, column + 3], rtol=0, atol=1e-3)


@pytest.mark.parametrize("method", ["search", "hierarchy"])
def test_what_is_farther_than_a_time_can_be_is_out_of_reach(method):
    """Forty roads of 78 days, one after the other: 31 of them are 2**31 - 2**26 deciseconds, 32 are 2**31."""
    n, days78_s = 40, 2**26 / 10
    road = Network.from_edges(
        lon=10 + 0.01 * np.arange(n + 1),
        lat=[60.0] * (n + 1),
        u=np.arange(n),
        v=np.arange(1, n + 1),
        forward_s=[days78_s] * n,
        backward_s=[days78_s] * n,
    )
    points = gpd.GeoSeries.from_xy(road.node_lon, road.node_lat, crs="EPSG:4326")
    steps = np.abs(np.subtract.outer(np.arange(n + 1), np.arange(n + 1)))
    wanted = np.where(steps < 32, steps * 2**26 / 10, np.inf)
    assert (ga.travel_times(road, points, points, method=method) == wanted).all()
    asked = ga.contract(road) if method == "hierarchy" else road
    assert (ga.shortest_path_trees(asked, points, method="auto" if method == "hierarchy" else method) == wanted).all()
    found = ga.nearest(asked, points, points.iloc[[0]], k=1)
    assert found["travel_time_s"].tolist() == wanted[:, 0].tolist()
    assert found["reason"].tolist() == [""] * 32 + ["no_site_reachable"] * 9
    field = solve_nearest(road, points.iloc[[0]], k=1)
    field.attach(points)
    undo(field, close_edges(field, [5]))
    assert (field.attached()["travel_time_s"].to_numpy() == wanted[:, 0]).all()
