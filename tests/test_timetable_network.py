"""Boats of the static network by timetable: mean waits against brute force over the hours, every pair of quays."""

from __future__ import annotations

import heapq

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.network import DECISECONDS, EdgeKind, assemble, snap
from geoaccess.network.assembly import no_ferries
from geoaccess.network.turns import Turns
from geoaccess.routing import attach_departures, day_profile, follow_timetable, mean_wait, nearest_snapped
from geoaccess.scenarios.crossings import units_of

HOUR, DAY = 3600, 86400


def brute_wait(departs, arrives, check_in, between):
    """Come to the quay at the middle of every second of the hours, look for the boat that is there first."""
    at = np.arange(between[0], between[1], 1.0) + 0.5
    best, wait, across = np.full(at.size, np.inf), np.zeros(at.size), np.zeros(at.size)
    for leaves, goes, comes in sorted(zip(departs - check_in, departs, arrives, strict=True), reverse=True):
        better = (leaves >= at) & (comes < best)
        best[better], wait[better], across[better] = comes, goes - at[better], comes - goes
    return (wait.mean(), across.mean()) if np.isfinite(best).all() else (np.inf, np.nan)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_mean_waits_as_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 9))
    departs = rng.integers(0, 2 * DAY, n).astype(float)
    arrives = departs + rng.choice([600.0, 1800.0, 7200.0], n)
    check_in = rng.choice([0.0, 900.0], n)
    begin = int(rng.integers(0, DAY - HOUR))
    between = begin, int(rng.integers(begin + 60, begin + 6 * HOUR))
    found = mean_wait(departs, arrives, between, check_in_s=check_in)
    wait, across = brute_wait(departs, arrives, check_in, between)
    assert found.wait_s == pytest.approx(wait, abs=1e-6)
    assert found.crossing_s == pytest.approx(across, abs=1e-6, nan_ok=True)


def test_mean_waits_by_hand_and_by_chance():
    # From 7 to 9, boats at 7:30, 8:30 and 12:00: (0.5^2 / 2 + 1^2 / 2 + (3.5^2 - 3^2) / 2) / 2 = 1.125 hours.
    departs = np.array([7.5, 8.5, 12.0]) * HOUR
    found = mean_wait(departs, departs + 1200, (7 * HOUR, 9 * HOUR))
    assert found.wait_s == pytest.approx(1.125 * HOUR)
    at = np.random.default_rng(5).uniform(7, 9, 400_000)
    by_chance = np.select([at <= 7.5, at <= 8.5], [7.5 - at, 8.5 - at], 12 - at).mean()
    assert found.wait_s == pytest.approx(by_chance * HOUR, rel=5e-3)
    # A boat that is overtaken is not taken; who finds none at all has no mean.
    assert mean_wait([8 * HOUR, 8.25 * HOUR], [9.5 * HOUR, 9 * HOUR], (7 * HOUR, 8 * HOUR)) == (
        0.75 * HOUR,
        0.75 * HOUR,
    )
    assert np.isinf(mean_wait([8 * HOUR], [9 * HOUR], (7 * HOUR, 9 * HOUR)).wait_s)
    with pytest.raises(InputError, match="must begin before it ends"):
        mean_wait([1], [2], (5, 5))


# Three quays, each with a road inland: A - B - C on one line of a ship; the boats of the timetable go as they like.
QUAYS = {"A": (10.0, 60.0), "B": (10.1, 60.0), "C": (10.2, 60.0)}
QUEUE = 12.0


def coast(*, ships=1, turns=None):
    """Return a network of three places, each with a road from its quay inland (600 s), and a boat A - B - C."""
    lon, lat, rows = [], [], []
    for x, y in QUAYS.values():
        lon += [x, x]
        lat += [y, y + 0.05]
    rows += [(2 * quay, 2 * quay + 1, 600.0, 600.0, EdgeKind.ROAD, quay) for quay in range(3)]
    for ship in range(ships):
        first = len(lon)
        for quay, (x, y) in enumerate(QUAYS.values()):
            lon.append(x)
            lat.append(y)
            rows.append((2 * quay, first + quay, 900 + QUEUE, QUEUE, EdgeKind.BOARDING, 10 + ship))
        rows += [(first + quay, first + quay + 1, 1500.0, 1500.0, EdgeKind.FERRY, 10 + ship) for quay in range(2)]
    u, v, forward, backward, kind, way = (np.array(column) for column in zip(*rows, strict=True))
    numbers = np.unique(way)
    ferries = no_ferries().reindex(range(ships))
    ferries = ferries.assign(
        way_id=10 + np.arange(ships), name="Coast boat", cars=True, kind="car ferry", note="no duration", timetable="",
        wait_s=900.0, crossing_s=3000.0, relation_id=0, table_row=0, joined=0, check_in_s=0.0, duration="",
    )  # fmt: skip
    return assemble(
        lon=np.array(lon), lat=np.array(lat), a=u.astype(np.int32), b=v.astype(np.int32), forward_s=forward,
        backward_s=backward, way=np.searchsorted(numbers, way).astype(np.int32), way_id=numbers,
        way_class=["ferry" if number >= 10 else "road" for number in numbers], kind=kind.astype(np.int8),
        keep=np.ones(len(lon), np.bool_), ferries=ferries, turns=turns,
    )  # fmt: skip


def boats(*rows, check_in=0.0, days=8):
    """Return departures: (from, to, hour, minutes) every day."""
    made = []
    for start, end, hour, minutes in rows:
        for day in range(days):
            departs = hour * HOUR + day * DAY
            ends = dict(zip(("from_lon", "from_lat", "to_lon", "to_lat"), QUAYS[start] + QUAYS[end], strict=True))
            times = {"departs_s": departs, "arrives_s": departs + minutes * 60, "check_in_s": check_in}
            made.append({"ferry": "Coast boat", **ends, **times})
    return pd.DataFrame(made)


TIMES = [
    ("A", "B", 7.0, 25), ("B", "C", 7.5, 25), ("A", "C", 7.0, 55), ("A", "C", 12.0, 40), ("A", "B", 16.0, 25),
    ("C", "B", 9.0, 25), ("B", "A", 9.5, 25), ("C", "A", 9.0, 55), ("C", "A", 14.0, 40), ("B", "A", 26.0, 25),
    ("B", "C", 23.5, 90),
]  # fmt: skip


def seconds_between(network, start, end):
    """Return the time between two quays' road nodes by a plain search."""
    road = {
        name: int(next(i for i in np.flatnonzero((network.node_lon == x) & (network.node_lat == y))
                       if any((network.edge_kind == EdgeKind.ROAD) & ((network.edge_u == i) | (network.edge_v == i)))))
        for name, (x, y) in QUAYS.items()
    }  # fmt: skip
    arcs = network.arcs
    best, queue = {road[start]: 0}, [(0, road[start])]
    while queue:
        time, at = heapq.heappop(queue)
        if at == road[end]:
            return time / DECISECONDS
        for arc in range(arcs.start[at], arcs.start[at + 1]):
            there = time + int(arcs.cost_ds[arc])
            if there < best.get(int(arcs.head[arc]), 2**60):
                best[int(arcs.head[arc])] = there
                heapq.heappush(queue, (there, int(arcs.head[arc])))
    return np.inf


def expected(start, end, between, *, changes=True, check_in=0.0):
    """Mean wait and crossing of the boats from start to end, else by way of the third quay, with both queues."""

    def direct(a, b):
        ours = [(hour, minutes) for x, y, hour, minutes in TIMES if (x, y) == (a, b)]
        departs = np.array([hour * HOUR + day * DAY for hour, _ in ours for day in range(8)])
        takes = np.array([minutes * 60 for _, minutes in ours for _ in range(8)])
        wait, across = brute_wait(departs, departs + takes, check_in, between)
        return wait + across + 2 * QUEUE  # each pair has boats

    (third,) = {"A", "B", "C"} - {start, end}
    return min(direct(start, end), direct(start, third) + direct(third, end) if changes else np.inf)


@pytest.mark.parametrize("between", [(7 * HOUR, 17 * HOUR), (22 * HOUR, 30 * HOUR), (13 * HOUR, 13.5 * HOUR)])
@pytest.mark.parametrize("ships", [1, 2])
def test_every_pair_of_quays_has_its_own_wait(between, ships):
    network = coast(ships=ships)
    made = follow_timetable(network, boats(*TIMES), between_s=between, limit_m=10)
    for start in QUAYS:
        for end in QUAYS:
            if start != end:
                assert seconds_between(made.network, start, end) == pytest.approx(
                    expected(start, end, between), abs=0.2
                )
    # Whoever was there keeps its number.
    assert (made.network.edge_u[: network.n_edges] == network.edge_u).all()
    assert (made.network.node_lon[: network.n_nodes] == network.node_lon).all()
    assert len(made.sailings) == 6
    assert made.unknown == []


def test_boats_are_asked_for_the_check_in():
    between = 7 * HOUR, 17 * HOUR
    made = follow_timetable(coast(), boats(*TIMES, check_in=1200.0), between_s=between, limit_m=10)
    assert seconds_between(made.network, "A", "C") == pytest.approx(
        expected("A", "C", between, check_in=1200.0), abs=0.2
    )


def test_quays_that_no_timetable_names_keep_the_rule_of_the_profile():
    daily = boats(("A", "B", 8.0, 20), ("B", "A", 9.0, 20))
    made = follow_timetable(coast(), daily, limit_m=10)
    # A - B by the timetable, a boat a day: half a day. C as in the network, from its nearest quay B: a wait of 900 s
    # and 1500 s across; to A it goes on by the timetable, and no way by C evades it.
    by_timetable = DAY / 2 + 1200 + 2 * QUEUE
    assert seconds_between(made.network, "A", "B") == pytest.approx(by_timetable, abs=0.2)
    assert seconds_between(made.network, "C", "B") == 900 + 1500 + 2 * QUEUE
    assert seconds_between(made.network, "A", "C") == pytest.approx(by_timetable + 2400 + 2 * QUEUE, abs=0.2)
    sailed = attach_departures(coast(), daily, limit_m=10)
    assert seconds_between(sailed.roads, "B", "C") == 900 + 1500 + 2 * QUEUE
    assert np.isinf(seconds_between(sailed.roads, "C", "A"))


def test_no_boat_for_a_week_is_closed_and_none_within_the_hours_waits_for_the_next():
    early = boats(("A", "B", 5.0, 20))
    made = follow_timetable(coast(), early, between_s=(7 * HOUR, 17 * HOUR), limit_m=10)
    row = made.sailings.iloc[0]
    assert (row["sailings"], row["sailings_of_day"]) == (0, 1)
    assert row["wait_s"] == pytest.approx(17 * HOUR)  # on average from noon to five in the morning
    assert "does not sail within the hours" in made.network.ferries["note"].iloc[0]
    assert made.network.ferries["sailings"].iloc[0] == 0
    last = follow_timetable(coast(), boats(("A", "B", 8.0, 20), days=1), between_s=(7 * HOUR, 17 * HOUR), limit_m=10)
    assert np.isinf(last.sailings["wait_s"].iloc[0])
    assert np.isinf(seconds_between(last.network, "A", "B"))
    assert "no boat for a week" in last.network.ferries["note"].iloc[0]


def test_the_table_of_ferries_says_what_the_timetable_does():
    made = follow_timetable(
        coast(), boats(*TIMES), between_s=(7 * HOUR, 17 * HOUR), limit_m=10, label="2026-01-13 07-17"
    )
    row = made.network.ferries.iloc[0]
    assert row["timetable"] == "2026-01-13 07-17"
    within = sum(7 <= hour < 17 for _, _, hour, _ in TIMES)
    assert row["sailings"] == within
    assert row["note"].endswith("no duration")
    assert np.isfinite(row["wait_s"])
    assert np.isnan(coast().ferries["sailings"]).all()


def test_a_timetable_network_is_saved_searched_and_contracted_like_any_other(tmp_path):
    made = follow_timetable(coast(), boats(*TIMES), between_s=(7 * HOUR, 17 * HOUR), limit_m=10).network
    ga.network.save_network(made, tmp_path / "kept")
    again = ga.network.load_network(tmp_path / "kept")
    spots = gpd.GeoSeries.from_xy([x for x, _ in QUAYS.values()], [60.05] * 3, crs="EPSG:4326")
    cells = snap(again, spots, min_component_m=0)
    times = ga.travel_times(again, spots, spots, min_component_m=0)
    by_hierarchy = ga.travel_times(ga.contract(again), spots, spots, min_component_m=0)
    assert (times == by_hierarchy).all()
    assert (cells["edge"] >= 0).all()
    assert times[0, 2] == pytest.approx(1200 + seconds_between(made, "A", "C"), abs=1)


@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize(("start", "end"), [(0, 3), (3, 0)])
def test_turns_at_a_quay_are_banned_for_boats_by_timetable_too(start, end, only):
    """Boats every half hour that take what the network says: the same times as in the network, bans and all."""
    bans = Turns(np.array([0], np.int32), np.array([start], np.int32), np.array([end], np.int32), np.array([only]))
    network = coast(turns=bans)
    assert network.expansion is not None
    often = [
        (a, b, hour / 2, 50 if {a, b} == {"A", "C"} else 25)
        for a in QUAYS for b in QUAYS if a != b for hour in range(48)
    ]  # fmt: skip
    made = follow_timetable(network, boats(*often, days=2), limit_m=10).network
    spots = gpd.GeoSeries.from_xy([x for x, _ in QUAYS.values()], [60.05] * 3, crs="EPSG:4326")
    before, after = (ga.travel_times(one, spots, spots, min_component_m=0) for one in (network, made))
    assert (before == after).all()
    assert (ga.travel_times(ga.contract(made), spots, spots, min_component_m=0) == after).all()
    assert np.isinf(before).any() != only


def test_a_ferry_by_timetable_closes_as_a_whole():
    """Three pairs of quays of one boat are one thing that closes, as without the timetable."""
    network = coast()
    made = follow_timetable(network, boats(*TIMES), between_s=(7 * HOUR, 17 * HOUR), limit_m=10).network
    names = pd.DataFrame({"name": "", "ref": "", "bridge": False, "tunnel": False}, index=network.way_id)
    for one in (network, made):
        used = np.ones(one.n_edges, np.bool_)
        units = [unit for unit in units_of(one, used, used, names) if unit.kind == "ferry"]
        assert [(unit.name, unit.ways) for unit in units] == [("Coast boat", (10,))]
        assert set(units[0].edges) == set(np.flatnonzero(one.edge_kind == EdgeKind.FERRY))


def test_means_agree_with_the_profile_of_the_day_where_the_quay_is_at_the_door():
    """Whoever lives at the quay and leaves at any time of the hours: the same mean as the profile's, to the second."""
    network, hours = coast(), (6 * HOUR, 20 * HOUR)
    spots = gpd.GeoSeries.from_xy([10.0, 10.2], [60.0, 60.0], index=["home", "care"], crs="EPSG:4326")
    table = boats(("A", "C", 7.0, 55), ("A", "C", 12.0, 40), ("C", "A", 9.0, 55))
    made = follow_timetable(network, table, between_s=hours, limit_m=10).network
    places = snap(network, spots, min_component_m=0)
    static = nearest_snapped(
        made, snap(made, spots.iloc[:1], min_component_m=0), snap(made, spots.iloc[1:], min_component_m=0), k=1
    )
    sailed = attach_departures(network, table, limit_m=10)
    profile = day_profile(places.iloc[:1], places.iloc[1:], sailed, between_s=hours)
    # The profile counts the queue before the boat leaves, so all its times of coming to the boat are QUEUE later.
    assert static["travel_time_s"].iloc[0] == pytest.approx(profile["mean_s"].iloc[0], abs=QUEUE)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_timetable_of_three_quays(seed):
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for a in QUAYS for b in QUAYS if a != b]
    rows = [
        (*pairs[int(rng.integers(0, 6))], float(rng.integers(0, 48)) / 2, int(rng.choice([20, 50])))
        for _ in range(int(rng.integers(1, 12)))
    ]
    named = {name for row in rows for name in row[:2]}
    between = (7 * HOUR, 17 * HOUR)
    made = follow_timetable(coast(ships=2), boats(*rows), between_s=between, limit_m=10).network
    direct = {}
    for a, b in pairs:
        ours = [(hour, minutes) for x, y, hour, minutes in rows if (x, y) == (a, b)]
        departs = np.array([hour * HOUR + day * DAY for hour, _ in ours for day in range(8)])
        takes = np.array([minutes * 60 for _, minutes in ours for _ in range(8)])
        wait, across = brute_wait(departs, departs + takes, 0.0, between)
        if not {a, b} <= named:  # two of the three are named: the third is tied to the nearest, of equals to the first
            (odd,) = set(QUAYS) - named
            tie = {"A": "B", "C": "B"}.get(odd) or min(named)
            wait, across = (900, 1500) if tie in (a, b) else (np.inf, np.inf)
        direct[a, b] = wait + (0 if np.isinf(wait) else across) + 2 * QUEUE
    for a, b in pairs:
        (third,) = set(QUAYS) - {a, b}
        best = min(direct[a, b], direct[a, third] + direct[third, b])
        assert seconds_between(made, a, b) == (np.inf if np.isinf(best) else pytest.approx(best, abs=0.3))
