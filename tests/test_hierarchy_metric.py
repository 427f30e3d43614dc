"""A metric changed edge by edge is the one made anew, and answers as a search on the changed network does."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.hierarchy import Metric
from geoaccess.kernels.keys import FAR
from geoaccess.routing.batches import Seeds, sweep_trees

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"


def made(seed, n=40, many=90):
    """Return a network of streets, one-ways, closed edges, doubled ones, loops, edges of no time and parts apart."""
    rng = np.random.default_rng(seed)
    u, v = rng.integers(0, n, (2, many))
    near = np.abs(u - v) < rng.integers(2, n)
    u, v = u[near], v[near]
    forward, backward = rng.integers(0, 90, (2, u.size)).astype(float)
    forward[rng.random(u.size) < 0.1] = -1
    backward[rng.random(u.size) < 0.3] = -1
    lon, lat = rng.uniform(10, 10.2, n), rng.uniform(60, 60.1, n)
    return ga.Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=forward, backward_s=backward)


def all_times(hierarchy):
    n = hierarchy.place.size
    found = np.empty((n, n), np.uint32)
    seeds = Seeds(np.arange(n + 1), hierarchy.place, np.zeros(n, np.uint32))
    sweep_trees(hierarchy, seeds, found, reverse=False)
    return found.T


def by_scipy(network, forward, backward):
    """Return the times between all nodes by scipy; edges of no time take a thousandth there, which is rounded off."""
    n = network.n_nodes
    least = {}
    for a, b, time in (
        *zip(network.edge_u.tolist(), network.edge_v.tolist(), forward.tolist(), strict=True),
        *zip(network.edge_v.tolist(), network.edge_u.tolist(), backward.tolist(), strict=True),
    ):
        if time >= 0 and a != b:
            least[a, b] = min(least.get((a, b), np.inf), time or 1e-3)
    ends = np.array([*least]).reshape(-1, 2)
    times = dijkstra(csr_matrix(([*least.values()], (ends[:, 0], ends[:, 1])), shape=(n, n)))
    return np.where(np.isinf(times), FAR, np.rint(np.where(np.isinf(times), 0, times))).astype(np.int64)


@settings(max_examples=6 if PLAIN else 60, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 2**32), min_size=1, max_size=6))
def test_changes_one_after_another_are_those_made_anew_and_can_be_undone(seed, draws):
    network = made(seed)
    if not network.n_edges:
        return
    metric = Metric(network)
    forward, backward = network.edge_forward_ds.copy(), network.edge_backward_ds.copy()
    states, changes = [], []
    for draw in draws:
        states.append((metric.outward.copy(), metric.inward.copy(), metric.cost_ds.copy()))
        rng = np.random.default_rng(draw)
        edges = rng.choice(network.n_edges, rng.integers(1, network.n_edges + 1), replace=False)
        forward[edges], backward[edges] = rng.integers(-1, 900, (2, edges.size))
        changes.append(metric.retime(edges, forward[edges], backward[edges]))
        anew = metric.order.customised(
            ga.network.retimed(network, edge_forward_ds=forward.copy(), edge_backward_ds=backward.copy())
        )
        assert np.array_equal(metric.outward, anew[0])
        assert np.array_equal(metric.inward, anew[1])
    assert np.array_equal(all_times(metric.hierarchy()), by_scipy(network, forward, backward))
    for before, change in zip(reversed(states), reversed(changes), strict=True):
        metric.undo(change)
        for now, then in zip((metric.outward, metric.inward, metric.cost_ds), before, strict=True):
            assert np.array_equal(now, then)


def test_a_hundred_closures_are_as_contracted_anew():
    network = made(7, 300, 700)
    metric = Metric(network)
    rng = np.random.default_rng(1)
    for _ in range(5 if PLAIN else 100):
        edges = rng.choice(network.n_edges, rng.integers(1, 4), replace=False)
        change = metric.close(edges)
        forward, backward = network.edge_forward_ds.copy(), network.edge_backward_ds.copy()
        forward[edges] = backward[edges] = -1
        closed = ga.network.retimed(network, edge_forward_ds=forward, edge_backward_ds=backward)
        closed.__dict__.pop("_order")
        assert np.array_equal(all_times(metric.hierarchy()), all_times(ga.contract(closed)))
        metric.undo(change)


def test_what_cannot_be_changed_is_named():
    metric = Metric(made(7))
    n = metric.network.n_edges
    for edges in ([n], [-1], [0, 0]):
        with pytest.raises(InputError, match=f"0 to {n - 1}"):
            metric.close(edges)
    with pytest.raises(InputError, match="a time for each edge"):
        metric.retime([0], [-2], [3])
    with pytest.raises(InputError, match="a time for each edge"):
        metric.retime([0, 1], [2], [3])
