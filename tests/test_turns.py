"""Banned turns and roads without through traffic, against a search over whole journeys that knows the rules."""

from __future__ import annotations

import heapq
import itertools
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from straight import straight_ds

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.network import DECISECONDS, Turns, assemble, snap
from geoaccess.routing import nearest_snapped, travel_times


def walked_rules(rng, u, v):
    """Rules of ways that follow each other: the edges of short random walks, each edge a way of its own."""
    rows = []
    for _ in range(rng.integers(10, 40)):
        step = (int(rng.integers(0, u.size)), bool(rng.random() < 0.5))
        walk = [step]
        size = rng.integers(3, 6)
        while len(walk) < size:
            node = (v if step[1] else u)[step[0]]
            onward = [(e, up) for e in range(u.size) for up in (True, False) if (u if up else v)[e] == node]
            onward = [other for other in onward if other[0] != step[0]] or onward
            step = onward[rng.integers(0, len(onward))]
            walk.append(step)
        ways = [edge for edge, _ in walk]
        rows.append((-1, tuple(ways[1:-1]), ways[0], ways[-1], bool(rng.random() < 0.4)))
    return rows


def assembled(lon, lat, ends, times, way, rows, restricted):
    """A network of segments between the ends, and rules (via node, via ways, from way, to way, only)."""
    via, via_ways, from_way, to_way, only = zip(*rows, strict=True) if rows else [()] * 5
    rules = Turns(
        via=np.array([-1 if ways else node for node, ways in zip(via, via_ways, strict=True)], np.int32),
        from_way=np.array(from_way, np.int32),
        to_way=np.array(to_way, np.int32),
        only=np.array(only, np.bool_),
        via_ways=via_ways,
    )
    return assemble(
        lon=lon,
        lat=lat,
        a=ends[0],
        b=ends[1],
        forward_s=times[0],
        backward_s=times[1],
        way=way,
        way_id=np.arange(way.size, dtype=np.int64),
        way_class=["road"] * way.size,
        restricted=restricted,
        turns=rules,
        merge_chains=False,
    )


RING_S = {"forward": (60, 5, 7, 60), "backward": (60, 6, 10, 60)}
"""Seconds over each way of `ring`."""


def ring(*rules, both_ways=False):
    """Streets 0 between nodes 0 and 1 and 3 between 1 and 3; a ring of the ways 1 (node 1 to 2) and 2 (back to 1).

    From street 0 to street 3 straight on is banned at node 1: who wants to go there drives round the ring.
    """
    rows = [(1, (), 0, 3, False), *rules]
    lon, lat = np.array([10.0, 10.1, 10.2, 10.1]), np.array([60.0, 60.0, 60.0, 60.1])
    ends = np.array([[0, 1, 2, 1], [1, 2, 1, 3]], np.int32)
    backward = RING_S["backward"] if both_ways else (60, -1, -1, 60)
    times, way = np.array([RING_S["forward"], backward], float), np.arange(4, dtype=np.int32)
    return assembled(lon, lat, ends, times, way, rows, np.zeros(4, bool)), rows, np.random.default_rng(0)


NO_RING, NO_RING_BACK, ONLY_RING, INTO_ITSELF = (
    (-1, ways, from_way, to_way, only)
    for ways, from_way, to_way, only in (
        ((1, 2), 0, 3, False),
        ((2, 1), 0, 3, False),
        ((1, 2), 0, 3, True),
        ((1,), 2, 2, False),
    )
)


@st.composite
def ruled_networks(draw, *, tidy=False):
    """Small networks in which a third of the roads bar through traffic and turns are ruled at random.

    With `tidy` no road bars through traffic, and the rules lead over ways that follow each other.
    """
    n = draw(st.integers(5, 8) if tidy else st.integers(2, 7))
    m = draw(st.integers(n, n + 5) if tidy else st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    u, v = rng.integers(0, n, m).astype(np.int32), rng.integers(0, n, m).astype(np.int32)
    if tidy:
        v = np.where(u == v, (v + 1) % n, v).astype(np.int32)
    times = rng.choice([1.0, 2.0, 30.0] if tidy else [0.0, 5.0, 60.0, 600.0], (2, m))
    times[rng.random((2, m)) < 0.15] = -1
    way = np.arange(m, dtype=np.int32) if tidy else rng.integers(0, m, m).astype(np.int32)
    if tidy:
        rows = walked_rules(rng, u, v)
    else:
        rows = [
            (via, tuple(rng.integers(0, m, size).tolist()), *rng.integers(0, m, 2).tolist(), bool(rng.random() < 0.3))
            for via, size in zip(rng.integers(0, n, 8).tolist(), rng.integers(0, 3, 8).tolist(), strict=True)
        ][: draw(st.integers(0, 8))]
    lon, lat = 10 + rng.random(n) * 0.3, 60 + rng.random(n) * 0.15
    restricted = rng.random(m) < (0 if tidy else 0.35)
    return assembled(lon, lat, (u, v), times, way, rows, restricted), rows, rng


def points(rng, count, prefix):
    at = [Point(x, y) for x, y in np.column_stack([10 + rng.random(count) * 0.3, 60 + rng.random(count) * 0.15])]
    return gpd.GeoSeries(at, index=[f"{prefix}{i}" for i in range(count)], crs="EPSG:4326")


def sooner(*times):
    """The least of some times of which None is never."""
    return min((time for time in times if time is not None), default=None)


def restricted_edges(network):
    return network.expansion.restricted if network.expansion is not None else np.zeros(network.n_edges, bool)


def turns_by_rule(network, rules):
    """Return the rule of turns as a function of the last edges of a journey and the step that it wants to take."""
    u, v, restricted = network.edge_u.tolist(), network.edge_v.tolist(), restricted_edges(network).tolist()
    times = {True: network.edge_forward_ds.tolist(), False: network.edge_backward_ds.tolist()}
    ended_by = {}  # rules by the edge just before their turn, which is the last of the journey
    for before, into, only in rules:
        ended_by.setdefault(before[-1], []).append((before, into, only))
    begun = {before[:size] for before, _, _ in rules for size in range(2, len(before) + 1)}

    def goes_on(edge, up):
        node = v[edge] if up else u[edge]
        return any(
            (u if way else v)[e] == node and times[way][e] >= 0 and (e, way) != (edge, not up) and not restricted[e]
            for e in range(network.n_edges)
            for way in (True, False)
        )

    def turns(trail):
        edge, up = trail[-1]
        banned, musts = set(), {}
        for before, into, only in ended_by.get(trail[-1], ()):
            if trail[-len(before) :] == before:
                if only:
                    musts.setdefault(before, set()).add(into)
                else:
                    banned.add(into)
        inside = any(trail[-size:] in begun for size in range(2, len(trail) + 1))
        if inside and not musts and goes_on(edge, up):
            banned.add((edge, not up))
        return lambda step: step not in banned and all(step in allowed for allowed in musts.values())

    return turns


def journeys(network, rules, start, goal):  # noqa: PLR0912
    """Least deciseconds from one snapped point to another, edge after edge, by the rules; None if there is no way.

    `rules` are (directed edges before the turn, the one turned into, only), directed edges as (edge, upward). What is
    kept of a journey is its last few edges, as many as the longest rule asks for. In the middle of a rule nobody turns
    round, unless the road ends there.
    """
    start, goal = SimpleNamespace(**start), SimpleNamespace(**goal)  # rows of tables are slow to ask
    u, v = network.edge_u.tolist(), network.edge_v.tolist()
    restricted = restricted_edges(network).tolist()
    times = {True: network.edge_forward_ds.tolist(), False: network.edge_backward_ds.tolist()}
    memory = max([1, *(len(before) for before, _, _ in rules)])
    turns = turns_by_rule(network, rules)
    leaving = {}
    for edge in range(network.n_edges):
        leaving.setdefault(u[edge], []).append((edge, True))
        leaving.setdefault(v[edge], []).append((edge, False))
    best = 0 if start.node >= 0 and start.node == goal.node else None
    if start.edge == goal.edge and max(start.node, goal.node) < 0:
        if start.from_u_ds >= 0 and goal.from_u_ds >= start.from_u_ds:
            best = goal.from_u_ds - start.from_u_ds
        if start.to_u_ds >= 0 and start.to_u_ds >= goal.to_u_ds:
            best = min(x for x in (best, start.to_u_ds - goal.to_u_ds) if x is not None)
    heap = []
    first, last = int(start.edge), int(goal.edge)
    if start.node >= 0:  # on all its streets: none of them was driven before
        for other in range(network.n_edges):
            for other_up in (True, False):
                if (u[other] if other_up else v[other]) != start.node:
                    continue
                if times[other_up][other] >= 0:
                    state = (int(times[other_up][other]), ((other, other_up),), 0 if restricted[other] else 1)
                    heapq.heappush(heap, state)
                leg = goal.from_u_ds if other_up else goal.from_v_ds
                if other == last and goal.node < 0 and leg >= 0 and (best is None or leg < best):
                    best = int(leg)
    for up, leg in ((True, start.to_v_ds), (False, start.to_u_ds)):
        if leg >= 0 and start.node < 0:
            heapq.heappush(heap, (int(leg), ((first, up),), 0 if restricted[first] else 1))
    done = set()
    while heap:
        time, trail, phase = heapq.heappop(heap)
        if (trail, phase) in done:
            continue
        done.add((trail, phase))
        edge, up = trail[-1]
        node = v[edge] if up else u[edge]
        turn_ok = turns(trail)
        if node == goal.node and (best is None or time < best):
            best = time
        for step in leaving.get(node, ()):
            if not turn_ok(step):
                continue
            other, other_up = step
            if restricted[other]:
                after = 0 if phase == 0 else 2
            elif phase == 2:
                continue
            else:
                after = 1
            if other == last and goal.node < 0:
                leg = goal.from_u_ds if other_up else goal.from_v_ds
                if leg >= 0 and (best is None or time + leg < best):
                    best = time + int(leg)
            if times[other_up][other] >= 0:
                onward = (*trail, step)[-memory:]
                heapq.heappush(heap, (time + int(times[other_up][other]), onward, after))
    return None if best is None else int(best) + int(start.off_network_ds) + int(goal.off_network_ds)


def rules_by_edge(network, turns):
    """Rules as (directed edges before the turn, the one turned into, only), found by trying all orders of edges."""
    first, last = network.shape_way[network.shape_ptr[:-1]], network.shape_way[network.shape_ptr[1:] - 1]
    steps = [(e, up) for e in range(network.n_edges) for up in (True, False)]
    begins = {(e, up): int((network.edge_u if up else network.edge_v)[e]) for e, up in steps}
    ends = {(e, up): int((network.edge_v if up else network.edge_u)[e]) for e, up in steps}
    drivable = {(e, up): (network.edge_forward_ds if up else network.edge_backward_ds)[e] >= 0 for e, up in steps}
    comes_by = {(e, up): int((last if up else first)[e]) for e, up in steps}
    goes_by = {(e, up): int((first if up else last)[e]) for e, up in steps}
    restricted = restricted_edges(network)

    def over(ways):
        """All rows of edges over these ways and no other: through no edge and no node twice, or round a ring once."""
        own = [step for step in steps if comes_by[step] == goes_by[step] and comes_by[step] in ways]
        for size in range(1, len({edge for edge, _ in own}) + 1):
            for row in itertools.permutations(own, size):
                nodes = [begins[row[0]], *(ends[step] for step in row)]
                joined = all(ends[one] == begins[other] for one, other in itertools.pairwise(row))
                once = len(set(nodes[:-1])) == len(set(nodes[1:])) == len({edge for edge, _ in row}) == size
                if joined and once and {comes_by[step] for step in row} == set(ways):
                    yield row

    def in_order(before, ways):
        """Whether a row leads over the ways as they are listed."""
        return tuple(way for way, _ in itertools.groupby(comes_by[step] for step in before[1:])) == ways

    out = []
    for via, via_ways, from_way, to_way, only in turns:
        own = {e for e in range(network.n_edges) if first[e] == last[e] and first[e] in via_ways}
        rows = []
        for middle in over(via_ways) if via_ways else [()]:
            enter, leave = (begins[middle[0]], ends[middle[-1]]) if middle else (via, via)
            for one in (step for step in steps if ends[step] == enter and comes_by[step] == from_way):
                for other in (step for step in steps if begins[step] == leave and goes_by[step] == to_way):
                    back = other == (one[0], not one[1])
                    if one[0] not in own and other[0] not in own and (middle or from_way != to_way or back):
                        rows.append(((one, *middle), other))
        if len(rows) > 1:
            rows = [row for row in rows if all(drivable[step] for step in (*row[0], row[1]))]
        if len(rows) > 1 and len(via_ways) > 1:
            rows = [row for row in rows if in_order(row[0], via_ways)] or rows
        if len(rows) > 1 and (only or from_way != to_way):
            continue
        if any(restricted[edge] for before, into in rows for edge, _ in (*before, into)):
            continue
        out += [(before, into, only) for before, into in rows]
    return out


@pytest.mark.parametrize(
    ("rules", "both_ways", "round_s"),
    [
        ([], False, 5 + 7),
        ([NO_RING], False, 2 * (5 + 7)),  # the second time one comes from the ring, not from street 0
        ([NO_RING_BACK], False, 2 * (5 + 7)),  # only one way round can be driven: the order does not matter
        ([ONLY_RING], False, 5 + 7),
        ([], True, 5 + 6),  # along way 1 to node 2 and back
        ([NO_RING], True, 10 + 6),  # round the other way; nobody on way 1 turns round within the rule
        ([NO_RING_BACK], True, 5 + 6),  # it bans the other way round
        ([NO_RING, NO_RING_BACK], True, 5 + 7 + 5 + 6),  # once round, and then way 1 there and back: within no rule
        ([ONLY_RING], True, 5 + 7),  # nobody turns round within it
    ],
)
def test_a_ring_of_via_ways_is_driven_in_the_order_of_its_members(rules, both_ways, round_s):
    """The time from node 0 to node 3 is that of both streets, 120 s, and of what it takes to come out of the ring."""
    network, rows, _ = ring(*rules, both_ways=both_ways)
    cells, sites = (
        snap(network, gpd.GeoSeries([Point(*at)], index=["p"], crs="EPSG:4326"), min_component_m=0)
        for at in ((10.0, 60.0), (10.1, 60.1))
    )
    expected = 60 + round_s + 60
    by_oracle = journeys(network, rules_by_edge(network, rows), cells.loc["p"], sites.loc["p"])
    assert by_oracle == expected * DECISECONDS
    for way in (network, ga.contract(network)):
        assert travel_times(way, cells, sites).tolist() == [[expected]]
        assert nearest_snapped(way, cells, sites, k=1)["travel_time_s"].tolist() == [expected]
        assert nearest_snapped(way, sites, cells, k=1, direction="to_people")["travel_time_s"].tolist() == [expected]
        assert ga.route(way, (10.0, 60.0), (10.1, 60.1), min_component_m=0)["travel_time_s"].sum() == expected


@settings(max_examples=max(100, settings().max_examples), deadline=None)
@example(ring(NO_RING), "to_sites")
@example(ring(NO_RING, both_ways=True), "to_people")
@example(ring(NO_RING_BACK, both_ways=True), "to_sites")
@example(ring(ONLY_RING, both_ways=True), "to_people")
@example(ring(INTO_ITSELF, both_ways=True), "to_sites")
@given(st.one_of(ruled_networks(), ruled_networks(tidy=True)), st.sampled_from(["to_sites", "to_people"]))
def test_searches_obey_every_rule(made, direction):
    network, turns, rng = made
    try:
        cells = snap(network, points(rng, 5, "c"), max_snap_m=6000, min_component_m=0)
        sites = snap(network, points(rng, 3, "s"), max_snap_m=6000, min_component_m=0)
    except InputError:
        return
    rules = rules_by_edge(network, turns)
    found = nearest_snapped(network, cells, sites, k=3, direction=direction)
    matrix = travel_times(network, cells, sites)
    np.testing.assert_array_equal(travel_times(ga.contract(network), cells, sites), matrix)
    for i, cell in enumerate(cells.index):
        expected = []
        for j, site in enumerate(sites.index):
            if cells["edge"].iloc[i] < 0 or sites["edge"].iloc[j] < 0:
                continue
            walk = straight_ds(cells.loc[cell], sites.loc[site])
            there = sooner(journeys(network, rules, cells.loc[cell], sites.loc[site]), walk)
            assert matrix[i, j] == (np.inf if there is None else there / DECISECONDS)
            back = there if direction == "to_sites" else journeys(network, rules, sites.loc[site], cells.loc[cell])
            time = sooner(back, walk)
            if time is not None:
                expected.append((time, j))
        expected.sort()
        for rank in range(3):
            suffix = "" if rank == 0 else f"_{rank + 1}"
            if cells["edge"].iloc[i] >= 0 and rank < len(expected):
                assert found[f"travel_time{suffix}_s"].iloc[i] == pytest.approx(expected[rank][0] / DECISECONDS)
                assert found[f"site{suffix}"].iloc[i] == sites.index[expected[rank][1]]
            else:
                assert not np.isfinite(found[f"travel_time{suffix}_s"].iloc[i])
