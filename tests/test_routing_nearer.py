"""Pairs nearer than a limit, by bounded searches: the same as those of the whole table of times."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geoaccess import siting
from geoaccess.errors import InputError
from geoaccess.hierarchy import contract
from geoaccess.network import DECISECONDS, Network, setting_out_after, snap, walking_at
from geoaccess.remembering import forget, remember
from geoaccess.routing import (
    above_places,
    matrices,
    nearby,
    nearer,
    nearer_pairs,
    nearest_snapped,
    sums,
    travel_times,
    ways_among,
    weighted_reach,
    within_snapped,
)
from geoaccess.routing.legs import legs
from geoaccess.routing.walks import spots_of, walks_between
from geoaccess.siting import reach


def town(seed, n=60):
    """A random directed network with one-way streets, ways of no time and parts that hang on nothing."""
    rng = np.random.default_rng(seed)
    u, v = rng.integers(0, n, (2, 2 * n))
    keep = u != v
    u, v = u[keep], v[keep]
    network = Network.from_edges(
        lon=10 + 0.1 * rng.random(n),
        lat=60 + 0.05 * rng.random(n),
        u=u,
        v=v,
        forward_s=rng.integers(0, 300, u.size),
        backward_s=np.where(rng.random(u.size) < 0.3, -1, rng.integers(0, 300, u.size)),
    )

    def places(count):
        points = gpd.GeoSeries.from_xy(10 + 0.1 * rng.random(count), 60 + 0.05 * rng.random(count), crs="EPSG:4326")
        return snap(network, points, max_snap_m=900, min_component_m=0)

    return network, places(50), places(30), places(3), rng


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("seed", range(12))
def test_pairs_are_those_of_the_whole_table(seed, direction):
    network, cells, sites, _, rng = town(seed)
    limit = np.where(rng.random(len(cells)) < 0.2, np.inf, rng.integers(0, 900, len(cells)) / 2)
    times = travel_times(network, cells, sites) if direction == "to_sites" else travel_times(network, sites, cells).T
    limit[0] = times[0, 3] if np.isfinite(times[0, 3]) else 100.0  # as near as today is not nearer
    row, column = np.nonzero(times < limit[:, None])
    found = nearer_pairs(network, cells, sites, limit, direction=direction)
    assert row.size > 20
    assert found[0].tolist() == row.tolist()
    assert found[1].tolist() == column.tolist()
    assert found[2].tolist() == times[row, column].tolist()


def sparse(seed, n=300):
    """Chains, dead ends and a few junctions, some of it one-way, with few places on it: most nodes are nobody's."""
    rng = np.random.default_rng(seed)
    v = np.arange(1, n)
    u = np.where(rng.random(v.size) < 0.8, v - 1, rng.integers(0, v))  # a tree of chains, and some ways across
    u, v = (np.concatenate([ends, rng.integers(0, n, n // 10)]) for ends in (u, v))
    u, v = u[u != v], v[u != v]
    network = Network.from_edges(
        lon=10 + 0.1 * rng.random(n),
        lat=60 + 0.05 * rng.random(n),
        u=u,
        v=v,
        forward_s=np.where(rng.random(u.size) < 0.1, -1, rng.integers(0, 60, u.size)),
        backward_s=np.where(rng.random(u.size) < 0.1, -1, rng.integers(0, 60, u.size)),
    )

    def places(count):
        points = gpd.GeoSeries.from_xy(10 + 0.1 * rng.random(count), 60 + 0.05 * rng.random(count), crs="EPSG:4326")
        return snap(network, points, max_snap_m=900, min_component_m=0)

    return network, places(25), places(10), rng


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("seed", range(12))
def test_pairs_are_those_of_the_whole_table_where_most_nodes_are_left_out(seed, direction):
    network, cells, sites, rng = sparse(seed)
    times = travel_times(network, cells, sites) if direction == "to_sites" else travel_times(network, sites, cells).T
    limit = rng.integers(0, 1800, len(cells)) / 2
    row, column = np.nonzero(times < limit[:, None])
    found = nearer_pairs(network, cells, sites, limit, direction=direction)
    assert row.size > 10
    assert found[0].tolist() == row.tolist()
    assert found[1].tolist() == column.tolist()
    assert found[2].tolist() == times[row, column].tolist()


@pytest.mark.parametrize("seed", range(12))
def test_ways_between_some_nodes_take_as_long_as_in_the_network(seed):
    network, _, _, rng = sparse(seed)
    nodes = rng.choice(network.n_nodes, 40, replace=False)
    ways = nearer._Ways.between(nodes, network.arcs, network.arcs_reversed)
    assert 40 <= (ways.number >= 0).sum() < network.n_nodes / 2

    def between(arcs, ends):
        start, head, cost_ds = arcs
        weights = csr_array((cost_ds + 1e-9, head, start), shape=(start.size - 1, start.size - 1))  # 0 is no arc there
        return np.round(dijkstra(weights)[np.ix_(ends, ends)], 3)

    for arcs, left in ((network.arcs, ways.out), (network.arcs_reversed, ways.back)):
        wanted = between((arcs.start, arcs.head, arcs.cost_ds), nodes)
        assert np.isfinite(wanted).mean() > 0.1
        np.testing.assert_array_equal(between(left, ways.number[nodes]), wanted)


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_the_same_on_ways_that_were_made_before(seed, direction, monkeypatch):
    network, cells, sites, rng = sparse(seed)
    other, turned = sparse(seed + 100)[0], "to_people" if direction == "to_sites" else "to_sites"
    limit = rng.integers(0, 1800, len(cells)) / 2
    few = np.flatnonzero(rng.random(len(cells)) < 0.5)
    asked = network, cells.iloc[few], sites, limit[few]
    wanted = [values.tolist() for values in nearer_pairs(*asked, direction=direction)]
    of_all = ways_among(network, cells, sites, direction=direction)
    of_others = [
        ways_among(network, cells, sites, direction=turned),
        ways_among(other, cells, sites, direction=direction),
        ways_among(network, cells.iloc[few[:2]], sites[:1], direction=direction),
    ]
    assert len(wanted[0]) > 5
    for ways in of_others:  # left aside
        assert [values.tolist() for values in nearer_pairs(*asked, direction=direction, ways=ways)] == wanted
    monkeypatch.setattr(nearer._Ways, "between", None)  # not made again
    assert [values.tolist() for values in nearer_pairs(*asked, direction=direction, ways=of_all)] == wanted


@pytest.mark.parametrize("close", [0, 1, 3])
def test_a_large_region_has_the_problem_of_a_small_one(close, monkeypatch):
    network, cells, candidates, sites, rng = town(5)
    people = rng.integers(0, 4, len(cells)).astype(float)
    ask = {"sites": sites, "candidates": candidates, "close": close}
    whole = siting.build_problem(network, cells, people, **ask)
    monkeypatch.setattr(reach, "_PAIRS_AT_ONCE", 0)
    bounded = siting.build_problem(network, cells, people, **ask)
    assert whole.point.size > 20
    for name in ("point", "place", "time_s", "now_s", "now_site"):
        assert np.array_equal(getattr(whole, name), getattr(bounded, name))


def test_pairs_that_need_more_memory_than_there_is_are_refused():
    network, cells, sites, _, _ = town(1)
    with pytest.raises(InputError, match=r"would need .* GB of memory.*give fewer places"):
        nearer_pairs(network, cells, sites, np.full(len(cells), np.inf), most_bytes=100)


@pytest.fixture
def many_groups(monkeypatch):
    """Sources are searched from three at a time, as if there were very many."""
    monkeypatch.setattr(nearby, "_LEAST", 3)
    monkeypatch.setattr(nearby, "_PARTS", 1000)
    monkeypatch.setattr(nearby, "SIDE_BY_SIDE", 2)
    monkeypatch.setattr(sums, "SIDE_BY_SIDE", 2)
    monkeypatch.setattr(matrices, "_PAIRS", 0)


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("seed", range(8))
def test_pairs_within_a_cutoff_in_a_large_region_are_those_of_the_whole_table(seed, direction, many_groups):
    network, cells, sites, _, _ = town(seed)
    times = travel_times(network, cells, sites, method="search")
    if direction == "to_people":
        times = travel_times(network, sites, cells, method="search").T
    cutoff = float(np.nanquantile(times[np.isfinite(times)], 0.4))
    row, column = np.nonzero(times <= cutoff)
    found = within_snapped(network, cells, sites, cutoff_s=cutoff, direction=direction, method="hierarchy")
    assert 20 < row.size < np.isfinite(times).sum()
    assert found["cell_id"].tolist() == row.tolist()
    assert found["site_id"].tolist() == column.tolist()
    assert found["travel_time_s"].tolist() == times[row, column].tolist()


def test_nothing_within_a_cutoff_is_an_empty_table(many_groups):
    network, cells, sites, _, _ = town(3)
    off = cells.assign(edge=-1)
    assert len(within_snapped(network, off, sites, cutoff_s=100, method="hierarchy")) == 0


@pytest.mark.parametrize("furthest", [4000, 2**16 - 2, 2**16 - 1, 10**5])  # times of two bytes and of four
@pytest.mark.parametrize("seed", range(4))
def test_what_is_reached_is_the_sum_over_all_searches(seed, furthest, many_groups):
    network, cells, _, _, rng = town(seed)
    amounts = rng.integers(0, 9, len(cells)).astype(float)
    weight = 1 - np.arange(furthest + 1) / (2 * furthest)  # halves at the furthest, then nothing
    times = travel_times(network, cells, cells, method="search")
    wanted = []
    for row in times:
        total = 0.0
        for time, amount in zip(row, amounts, strict=True):
            total += weight[round(time * DECISECONDS)] * amount if time * DECISECONDS <= furthest else 0.0
        wanted.append(total)
    assert sum(total > 0 for total in wanted) > 10
    assert weighted_reach(network, cells, cells, amounts, weight=weight).tolist() == wanted


def test_amounts_that_do_not_fit_the_places_are_refused():
    network, cells, _, _, _ = town(2)
    with pytest.raises(InputError, match="50 finite numbers are needed"):
        weighted_reach(network, cells, cells, np.ones(3), weight=np.ones(10))


def test_pairs_within_a_cutoff_that_need_more_memory_than_there_is_are_refused(many_groups, monkeypatch):
    network, cells, sites, _, _ = town(1)
    monkeypatch.setattr(matrices, "memory_left", lambda: 100.0)
    with pytest.raises(InputError, match=r"pairs of a cell and a site are within 15 min.*give a shorter cutoff"):
        within_snapped(network, cells, sites, cutoff_s=900, method="hierarchy")


@pytest.fixture
def remembering():
    """What was found is remembered once `remember` is called, and forgotten afterwards."""
    yield
    forget()


@pytest.mark.parametrize("room", [2**30, 500, 0])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_remembered_of_one_pace_off_the_roads_serves_any_other(
    seed, room, many_groups, remembering, monkeypatch
):
    """Who walks to whom, and times by road, are found at the first pace; slower and quicker ones follow.

    So too where there is room for the times around a few groups, or none.
    """
    monkeypatch.setattr(sums, "_KEPT_BYTES", room)
    monkeypatch.setattr("geoaccess.routing.legs._MANY", 0)
    network, cells, _, _, rng = town(seed)
    amounts = rng.integers(0, 9, len(cells)).astype(float)
    weight = 1 - np.arange(4001) / 8000
    at_pace = [walking_at(cells, kph) for kph in (5.0, 1.0, 40.0, 5.0)]
    wanted = []
    for walking in at_pace:
        times = np.nan_to_num(travel_times(network, walking, walking, method="search"), nan=np.inf)
        weighed = np.where(times <= 400, weight[np.rint(np.minimum(times, 400) * DECISECONDS).astype(int)], 0)
        wanted.append((weighed @ amounts).tolist())
    alone = [weighted_reach(network, walking, walking, amounts, weight=weight).tolist() for walking in at_pace]
    remember()
    found = [weighted_reach(network, walking, walking, amounts, weight=weight).tolist() for walking in at_pace]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)  # a product of matrices adds up in another order
    assert found == alone  # to the bit
    assert found[0] != found[1]


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_part_above_places_gives_the_nearest_between_them_at_any_pace(seed, away, remembering):
    network, cells, sites, others, _ = town(seed)
    direction = "to_people" if away else "to_sites"
    hierarchy = contract(network)
    assert above_places(hierarchy, cells, sites) is hierarchy  # for one question it does not pay
    paces = [walking_at(cells, kph) for kph in (1.0, 5.0)]
    asked = [(at, those, k) for at in paces for those in (sites, others) for k in (1, 2, 5)]
    times = [travel_times(network, those, at).T if away else travel_times(network, at, those) for at, those, _ in asked]
    remember()
    part = above_places(hierarchy, cells, sites, others)
    assert part.start.size <= hierarchy.start.size
    for (at, those, k), of_all in zip(asked, times, strict=True):
        assert above_places(hierarchy, at, sites, others) is part
        found = nearest_snapped(part, at, those, k=k, direction=direction)
        columns = ["travel_time_s", *(f"travel_time_{rank}_s" for rank in range(2, k + 1))]
        least = np.sort(np.column_stack([of_all, np.full((len(at), k), np.inf)]), axis=1)[:, :k]
        snapped = (at["edge"] >= 0).to_numpy()
        np.testing.assert_array_equal(found[columns].to_numpy()[snapped], least[snapped])
        pd.testing.assert_frame_equal(found, nearest_snapped(hierarchy, at, those, k=k, direction=direction))


@pytest.mark.parametrize("seed", range(8))
def test_walks_that_are_remembered_take_the_time_of_their_pace(seed):
    network, cells, sites, _, _ = town(seed)
    pairs = 0
    for kph in (5.0, 1.7, 40.0):
        one, other = (spots_of(legs(network, walking_at(at, kph), turned=False)) for at in (cells, sites))
        alone = walks_between(network, one, other), walks_between(network, one, one)
        remember()
        try:
            for _ in range(2):
                known = walks_between(network, one, other), walks_between(network, one, one)
                for here, there in zip(alone, known, strict=True):
                    assert all(map(np.array_equal, here, there))
        finally:
            forget()
        pairs += alone[0].first.size
    assert pairs > 0


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_where_many_places_stand_is_found_once_for_all_paces(monkeypatch, seed, turned):
    """What differs is the time off the network, with what passes before."""
    network, cells, sites, _, _ = town(seed)
    at_pace = [walking_at(at, kph) for kph in (5.0, 1.7) for at in (cells, sites)]
    at_pace.append(setting_out_after(walking_at(sites, 1.7), np.full(len(sites), 60.0)))
    alone = [legs(network, walking, turned=turned) for walking in at_pace]
    walks_alone = [walks_between(network, spots_of(one), spots_of(other)) for one in alone for other in alone]
    monkeypatch.setattr("geoaccess.routing.legs._MANY", 0)
    monkeypatch.setattr("geoaccess.routing.walks._MANY", 1)
    remember()
    try:
        known = [legs(network, walking, turned=turned) for walking in at_pace]
        walks = [walks_between(network, spots_of(one), spots_of(other)) for one in known for other in known]
    finally:
        forget()
    assert known[0].x is known[2].x
    assert known[1].x is known[3].x is known[4].x
    assert known[0].x is not known[1].x
    for here, there in zip([*alone, *walks_alone], [*known, *walks], strict=True):
        for name in here._fields:
            np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


@pytest.mark.parametrize("seed", range(8))
def test_walks_below_a_limit_of_each_place_are_those_of_all_walks_that_take_less(seed):
    """Also where both sets are the same, of which a pair is looked at once without limits."""
    network, cells, sites, _, _ = town(seed)
    one, other = (spots_of(legs(network, walking_at(at, 1.7), turned=False)) for at in (cells, sites))
    rng = np.random.default_rng(seed)
    fewer = more = 0
    for asking, standing in ((one, other), (other, one), (one, one)):
        every = walks_between(network, asking, standing)
        below = rng.choice(np.append(every.time_ds, 1), standing.x.size).astype(np.int32)
        some = walks_between(network, asking, standing, below_ds=below)
        wanted, less = (walks.time_ds < below[walks.second] for walks in (every, some))
        for name in ("first", "second", "time_ds"):
            np.testing.assert_array_equal(getattr(every, name)[wanted], getattr(some, name)[less])
        fewer, more = fewer + some.first.size, more + every.first.size
    assert 0 < fewer < more
