"""Boats by timetable against a plain time-dependent Dijkstra search, the law of first in, first out, sums by hand."""

from __future__ import annotations

import heapq

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from straight import straight_ds

from geoaccess.errors import InputError
from geoaccess.network import DECISECONDS, EdgeKind, assemble, snap
from geoaccess.routing import attach_departures, day_profile, travel_times_at

DAY = 86400


def world(rng, *, n, roads, ferries):
    """Return a network of roads and ferries, its road nodes' places, and departures."""
    lon, lat = 10 + rng.random(n) * 0.3, 60 + rng.random(n) * 0.15
    a, b = rng.integers(0, n, roads), rng.integers(0, n, roads)
    times = rng.choice([0.0, 5.0, 60.0, 600.0, 3000.0], (2, roads))
    times = np.where(rng.random((2, roads)) < 0.15, -1.0, times)
    pairs = [(p, q) for p in range(n) for q in range(p)]  # one ferry at the most between two places
    quays = [np.array(pairs[i]) for i in rng.permutation(len(pairs))[:ferries]]
    rows = [(a[i], b[i], times[0, i], times[1, i], EdgeKind.ROAD) for i in range(roads)]
    departures = []
    for f, (p, q) in enumerate(quays):
        boats = n + 2 * f, n + 2 * f + 1
        queue = float(rng.choice([0, 12.5]))
        across = float(rng.choice([300, 1800]))
        rows += [
            (p, boats[0], 900 + queue, queue, EdgeKind.BOARDING),
            (q, boats[1], 900 + queue, queue, EdgeKind.BOARDING),
        ]
        rows.append((*boats, across, across, EdgeKind.FERRY))
        if rng.random() < 0.15:
            continue  # a ferry without a timetable sails as the network says
        for x, y in ((p, q), (q, p)):
            for day in range(2):
                for clock in rng.choice(np.arange(0, DAY, 900), rng.integers(0, 6), replace=False):
                    takes = across if rng.random() < 0.5 else across * float(rng.choice([0.5, 2.0]))
                    departures.append(
                        {
                            "ferry": f"boat {f}", "from_lon": lon[x], "from_lat": lat[x], "to_lon": lon[y],
                            "to_lat": lat[y], "departs_s": float(clock + day * DAY),
                            "arrives_s": float(clock + day * DAY) + takes, "check_in_s": float(rng.choice([0, 600])),
                            "queue": queue, "x": x, "y": y,
                        }
                    )  # fmt: skip
    u, v, forward, backward, kind = (np.array(column) for column in zip(*rows, strict=True))
    at = np.concatenate([np.arange(n), *quays]).astype(int)
    network = assemble(
        lon=lon[at], lat=lat[at], a=u.astype(np.int32), b=v.astype(np.int32), forward_s=forward, backward_s=backward,
        way=np.arange(len(rows), dtype=np.int32), way_id=np.arange(len(rows)), way_class=["road"] * len(rows),
        kind=kind.astype(np.int8), merge_chains=False,
    )  # fmt: skip
    return network, pd.DataFrame(departures), (lon, lat)


def earliest(network, roads, sailings, origin, sites, at_ds, *, away):  # noqa: PLR0912 - kept plain
    """Time-dependent Dijkstra from one snapped point to the nearest of others: the arrival, in deciseconds."""
    label: dict[object, int] = {}
    queue = []

    def offer(time, node):
        if time < label.get(node, 2**60):
            label[node] = time
            heapq.heappush(queue, (time, repr(node), node))

    def along(p, q):  # both on one edge
        best = []
        if max(p.node, q.node) >= 0:  # over the junction, which is a node
            return best
        if p.from_u_ds >= 0 and q.from_u_ds >= p.from_u_ds:
            best.append(q.from_u_ds - p.from_u_ds)
        if p.to_u_ds >= 0 and p.to_u_ds >= q.to_u_ds:
            best.append(p.to_u_ds - q.to_u_ds)
        return best

    starts, goals = ([origin], sites) if not away else (sites, [origin])
    for p in starts:
        if p.edge < 0:
            continue
        for leg, node in ((p.to_u_ds, network.edge_u[p.edge]), (p.to_v_ds, network.edge_v[p.edge])):
            if leg >= 0:
                offer(at_ds + p.off_network_ds + leg, int(node))
        for q in goals:
            if (walk := straight_ds(p, q)) is not None:
                offer(at_ds + walk, "goal")
            for step in along(p, q) if p.edge == q.edge else []:
                offer(at_ds + p.off_network_ds + step + q.off_network_ds, "goal")
    while queue:
        time, _, node = heapq.heappop(queue)
        if node == "goal":
            return time
        if time > label[node]:
            continue
        for e in range(network.n_edges):
            if network.edge_u[e] == node and roads.edge_forward_ds[e] >= 0:
                offer(time + int(roads.edge_forward_ds[e]), int(network.edge_v[e]))
            if network.edge_v[e] == node and roads.edge_backward_ds[e] >= 0:
                offer(time + int(roads.edge_backward_ds[e]), int(network.edge_u[e]))
        for x, y, leave, arrive in sailings:
            if x == node and leave >= time:
                offer(arrive, y)
        for q in goals:
            if q.edge < 0:
                continue
            for leg, end in ((q.from_u_ds, network.edge_u[q.edge]), (q.from_v_ds, network.edge_v[q.edge])):
                if leg >= 0 and end == node:
                    offer(time + leg + q.off_network_ds, "goal")
    return None


def scene(seed):
    rng = np.random.default_rng(seed)
    network, departures, places = world(
        rng, n=int(rng.integers(4, 9)), roads=int(rng.integers(2, 8)), ferries=int(rng.integers(2, 6))
    )
    if departures.empty:
        return None

    def points(count, prefix):
        xy = np.column_stack([10 + rng.random(count) * 0.3, 60 + rng.random(count) * 0.15])
        return gpd.GeoSeries([Point(p) for p in xy], index=[f"{prefix}{i}" for i in range(count)], crs="EPSG:4326")

    try:
        cells = snap(network, points(5, "cell"), max_snap_m=6000, min_component_m=0)
        sites = snap(network, points(2, "site"), max_snap_m=6000, min_component_m=0)
    except InputError:
        return None
    return network, departures, places, cells, sites, rng


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_as_a_plain_search_at_every_time(direction, seed):
    made = scene(seed)
    if made is None:
        return
    network, departures, (lon, lat), cells, sites, rng = made
    sailed = attach_departures(network, departures, limit_m=0.5)
    boats = np.isin(
        np.arange(network.n_nodes),
        np.concatenate(
            [network.edge_u[network.edge_kind == EdgeKind.FERRY], network.edge_v[network.edge_kind == EdgeKind.FERRY]]
        ),
    )
    node_at = {}
    for i in range(network.n_nodes):
        if not boats[i]:
            node_at[network.node_lon[i], network.node_lat[i]] = i
    sailings = [
        (
            node_at[lon[d.x], lat[d.x]], node_at[lon[d.y], lat[d.y]],
            round((d.departs_s - d.check_in_s - d.queue) * DECISECONDS), round((d.arrives_s + d.queue) * DECISECONDS),
        )
        for d in departures.itertuples()
    ]  # fmt: skip
    times = np.sort(rng.integers(0, DAY, 6)).astype(float)
    times = np.concatenate(
        [times, departures["departs_s"].to_numpy()[:4], departures["departs_s"].to_numpy()[:4] + 0.1]
    )
    found = travel_times_at(cells, sites, sailed, times, direction=direction)
    everything = list(sites.itertuples())
    for i, cell in enumerate(cells.itertuples()):
        for j, time in enumerate(times):
            if cell.edge < 0:
                assert np.isnan(found[i, j])
                continue
            at = round(time * DECISECONDS)
            expected = earliest(network, sailed.roads, sailings, cell, everything, at, away=direction == "to_people")
            assert found[i, j] == (np.inf if expected is None else (expected - at) / DECISECONDS)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), direction=st.sampled_from(["to_sites", "to_people"]))
def test_who_leaves_later_never_arrives_earlier_and_figures_are_the_integrals(seed, direction):
    made = scene(seed)
    if made is None:
        return
    network, departures, _, cells, sites, _ = made
    sailed = attach_departures(network, departures, limit_m=0.5)
    step = 5.0  # every time in the world is a multiple of half a second, so figures of a fine sum are near
    at = np.arange(0, DAY, step) + step / 2
    times = travel_times_at(cells, sites, sailed, at, direction=direction)
    arrivals = times + at
    both = np.isfinite(arrivals[:, 1:]) & np.isfinite(arrivals[:, :-1])
    assert (arrivals[:, 1:][both] >= arrivals[:, :-1][both] - 1e-6).all()
    assert not (np.isinf(arrivals[:, :-1]) & np.isfinite(arrivals[:, 1:])).any()
    profile = day_profile(cells, sites, sailed, norms_s=[900, 3600], direction=direction)
    for i in range(len(cells)):
        own, figure = times[i], profile.iloc[i]
        if np.isnan(own).any():
            assert np.isnan(figure["mean_s"])
            continue
        # A sum of steps is off by half a step at every jump, and the jumps add up to the day and what T ends higher by.
        jumps = (1 + np.ptp(own) / DAY) if np.isfinite(own).all() else 1
        assert figure["mean_s"] == pytest.approx(own.mean(), abs=step / 2 * jumps + 0.1)
        ordered = np.sort(own)
        for name, q in (("median_s", 0.5), ("p90_s", 0.9)):
            low, high = ordered[[max(int(q * own.size) - 3, 0), min(int(q * own.size) + 3, own.size - 1)]]
            assert low - step <= figure[name] <= high + step
        assert figure["worst_s"] == pytest.approx(own.max(), abs=step)
        for norm in (900, 3600):
            assert figure[f"share_within_{norm}s"] == pytest.approx((own <= norm).mean(), abs=2e-3)


def one_ferry():
    """Two pieces of road and a ferry between their near ends: home on the west side, the site in the east."""
    network = assemble(
        lon=np.array([10.0, 10.1, 10.2, 10.3, 10.1, 10.2]), lat=np.full(6, 60.0),
        a=np.array([0, 2, 1, 2, 4], np.int32), b=np.array([1, 3, 4, 5, 5], np.int32),
        forward_s=np.array([600.0, 300, 900, 900, 1200]), backward_s=np.array([600.0, 300, 0, 0, 1200]),
        way=np.arange(5, dtype=np.int32), way_id=np.arange(5), way_class=["road", "road", "ferry", "ferry", "ferry"],
        kind=np.array([0, 0, EdgeKind.BOARDING, EdgeKind.BOARDING, EdgeKind.FERRY], np.int8), merge_chains=False,
    )  # fmt: skip
    cells = gpd.GeoSeries.from_xy([10.0, 10.3], [60.0, 60.0], index=["home", "town"], crs="EPSG:4326")
    sites = gpd.GeoSeries.from_xy([10.3], [60.0], index=["clinic"], crs="EPSG:4326")
    settings = {"min_component_m": 0}
    return network, snap(network, cells, **settings), snap(network, sites, **settings)


def boats(*hours, days=2, ferry="boat"):
    rows = [
        {
            "ferry": ferry, "from_lon": a, "from_lat": 60.0, "to_lon": b, "to_lat": 60.0,
            "departs_s": (hour + 24 * day) * 3600.0, "arrives_s": np.nan, "check_in_s": 0.0,
        }
        for day in range(days) for hour in hours for a, b in ((10.1, 10.2), (10.2, 10.1))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_one_ferry_by_hand():
    network, cells, sites = one_ferry()
    sailed = attach_departures(network, boats(8, 12, 20))
    figures = day_profile(cells, sites, sailed, norms_s=[3600]).loc["home"]
    # 10 minutes to the quay, 20 across, 5 on land: leave at 7:50, 11:50 or 19:50 and be there 35 minutes later.
    door = 2100.0
    waits = [7 + 50 / 60, 4.0, 8.0, 4 + 10 / 60]  # hours up to each departure, and what is left of the day
    tail = 7 + 50 / 60  # after 19:50 the next is at 7:50 on the day after, 12 hours on
    spans = [(0, waits[0]), (0, waits[1]), (0, waits[2]), (tail, 12.0)]
    mean = sum((high**2 - low**2) / 2 for low, high in spans) * 3600 / 24 + door
    assert figures["mean_s"] == pytest.approx(mean, abs=0.01)
    assert figures["worst_s"] == 12 * 3600 + door
    assert figures["departures"] == 3
    assert (figures["longest_gap_s"], figures["gap_begins_s"]) == (12 * 3600, (19 + 50 / 60) * 3600)
    assert figures["share_within_3600s"] == pytest.approx(3 * (3600 - door) / DAY)
    assert np.isinf(figures["by_land_s"])
    # Waits of 0 to 4 hours come from three boats, 4 to 7:50 from two: half the day is within 4 hours and no more.
    assert figures["median_s"] == pytest.approx(4 * 3600 + door)
    assert day_profile(cells, sites, sailed).loc["town", ["mean_s", "worst_s", "longest_gap_s"]].tolist() == [0, 0, 0]


def test_a_boat_comes_to_the_people():
    network, cells, sites = one_ferry()
    figures = day_profile(cells, sites, attach_departures(network, boats(8, 20)), direction="to_people").loc["home"]
    # The ambulance drives 5 minutes to the quay; who calls at 7:55 is served at 8:30.
    assert (figures["longest_gap_s"], figures["gap_begins_s"]) == (12 * 3600, (19 + 55 / 60) * 3600)
    assert figures["worst_s"] == 12 * 3600 + 2100


def test_a_ferry_that_lies_still_leads_nowhere():
    network, cells, sites = one_ferry()
    still = boats(8, days=1).assign(departs_s=np.nan)
    figures = day_profile(cells, sites, attach_departures(network, still), norms_s=[3600]).loc["home"]
    assert np.isinf(figures[["mean_s", "median_s", "p90_s", "worst_s", "longest_gap_s"]].to_numpy(float)).all()
    assert figures["share_within_3600s"] == 0


def test_a_day_without_boats_waits_for_the_next():
    network, cells, sites = one_ferry()
    tomorrow = boats(8, days=2).query("departs_s > 86400")
    figures = day_profile(cells, sites, attach_departures(network, tomorrow)).loc["home"]
    assert figures["worst_s"] == (24 + 7 + 50 / 60) * 3600 + 2100
    assert figures["departures"] == 0
    assert figures["longest_gap_s"] == (24 + 7 + 50 / 60) * 3600


def test_quays_that_no_ferry_joins_are_named():
    network, _, _ = one_ferry()
    lost = boats(8, days=1, ferry="lost").assign(from_lon=11.0)
    assert attach_departures(network, lost).unknown == ["lost"]


def test_a_boat_that_arrives_before_it_departs_is_refused():
    network, _, _ = one_ferry()
    with pytest.raises(InputError, match="arrive before they depart"):
        attach_departures(network, boats(8).assign(arrives_s=100.0))
