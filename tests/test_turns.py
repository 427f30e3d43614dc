"""Banned turns and roads without through traffic, against a search over whole journeys that knows the rules."""

from __future__ import annotations

import heapq

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from geoaccess.errors import InputError
from geoaccess.network import DECISECONDS, Turns, assemble, snap
from geoaccess.routing import nearest_snapped, travel_times


@st.composite
def ruled_networks(draw):
    """Small networks in which a third of the roads bar through traffic and turns are ruled at random."""
    n = draw(st.integers(2, 7))
    m = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    u, v = rng.integers(0, n, m).astype(np.int32), rng.integers(0, n, m).astype(np.int32)
    times = rng.choice([0.0, 5.0, 60.0, 600.0], (2, m))
    times[rng.random((2, m)) < 0.15] = -1
    way = rng.integers(0, m, m).astype(np.int32)
    count = draw(st.integers(0, 8))
    rules = Turns(
        via=rng.integers(0, n, count).astype(np.int32),
        from_way=rng.integers(0, m, count).astype(np.int32),
        to_way=rng.integers(0, m, count).astype(np.int32),
        only=rng.random(count) < 0.3,
    )
    lon, lat = 10 + rng.random(n) * 0.3, 60 + rng.random(n) * 0.15
    network = assemble(
        lon=lon,
        lat=lat,
        a=u,
        b=v,
        forward_s=times[0],
        backward_s=times[1],
        way=way,
        way_id=np.arange(m, dtype=np.int64),
        way_class=["road"] * m,
        restricted=rng.random(m) < 0.35,
        turns=rules,
        merge_chains=False,
    )
    columns = (rules.via.tolist(), rules.from_way.tolist(), rules.to_way.tolist(), rules.only.tolist())
    return network, list(zip(*columns, strict=True)), rng


def points(rng, count, prefix):
    at = [Point(x, y) for x, y in np.column_stack([10 + rng.random(count) * 0.3, 60 + rng.random(count) * 0.15])]
    return gpd.GeoSeries(at, index=[f"{prefix}{i}" for i in range(count)], crs="EPSG:4326")


def journeys(network, rules, start, goal):  # noqa: PLR0912
    """Least deciseconds from one snapped point to another, edge after edge, by the rules; None if there is no way."""
    u, v = network.edge_u, network.edge_v
    restricted = network.expansion.restricted if network.expansion is not None else np.zeros(network.n_edges, bool)
    times = {True: network.edge_forward_ds, False: network.edge_backward_ds}

    def turn_ok(edge, up, other, other_up):
        node = v[edge] if up else u[edge]
        allowed, banned = rules.get((int(node), edge, up), (None, set()))
        # The far end of the edge one turns into, seen from the node: it is left upward from its u.
        goes = (other, not other_up)
        return goes not in banned and (allowed is None or goes in allowed)

    best = None
    if start.edge == goal.edge:
        if start.from_u_ds >= 0 and goal.from_u_ds >= start.from_u_ds:
            best = goal.from_u_ds - start.from_u_ds
        if start.to_u_ds >= 0 and start.to_u_ds >= goal.to_u_ds:
            best = min(x for x in (best, start.to_u_ds - goal.to_u_ds) if x is not None)
    heap = []
    first = int(start.edge)
    for up, leg in ((True, start.to_v_ds), (False, start.to_u_ds)):
        if leg >= 0:
            heapq.heappush(heap, (int(leg), first, up, 0 if restricted[first] else 1))
    done = set()
    last = int(goal.edge)
    while heap:
        time, edge, up, phase = heapq.heappop(heap)
        if (edge, up, phase) in done:
            continue
        done.add((edge, up, phase))
        node = v[edge] if up else u[edge]
        for other in range(network.n_edges):
            for other_up in (True, False):
                if (u[other] if other_up else v[other]) != node or not turn_ok(edge, up, other, other_up):
                    continue
                if restricted[other]:
                    after = 0 if phase == 0 else 2
                elif phase == 2:
                    continue
                else:
                    after = 1
                if other == last:
                    leg = goal.from_u_ds if other_up else goal.from_v_ds
                    if leg >= 0 and (best is None or time + leg < best):
                        best = time + int(leg)
                if times[other_up][other] >= 0:
                    heapq.heappush(heap, (time + int(times[other_up][other]), other, other_up, after))
    return None if best is None else int(best) + int(start.off_network_ds) + int(goal.off_network_ds)


def rules_by_edge(network, turns):
    """(node, edge, arriving upward) -> (what alone is allowed or None, what is banned), as ends of edges."""
    first, last = network.shape_way[network.shape_ptr[:-1]], network.shape_way[network.shape_ptr[1:] - 1]
    restricted = network.expansion.restricted if network.expansion is not None else np.zeros(network.n_edges, bool)
    out = {}
    for via, one, other, only in turns:
        ends = [(e, False) for e in range(network.n_edges) if network.edge_u[e] == via]
        ends += [(e, True) for e in range(network.n_edges) if network.edge_v[e] == via]
        comes = [end for end in ends if (last if end[1] else first)[end[0]] == one]
        goes = [end for end in ends if (last if end[1] else first)[end[0]] == other]
        if len(comes) != 1 or len(goes) != 1 or restricted[comes[0][0]] or restricted[goes[0][0]]:
            continue
        edge, is_v = comes[0]
        allowed, banned = out.setdefault((via, edge, is_v), [None, set()])
        if only:
            out[via, edge, is_v][0] = (allowed or set()) | {goes[0]}
        else:
            banned.add(goes[0])
    return {key: tuple(value) for key, value in out.items()}


@settings(max_examples=250, deadline=None)
@given(ruled_networks(), st.sampled_from(["sites", "cells"]))
def test_searches_obey_every_rule(made, toward):
    network, turns, rng = made
    try:
        cells = snap(network, points(rng, 5, "c"), max_snap_m=6000, min_component_m=0)
        sites = snap(network, points(rng, 3, "s"), max_snap_m=6000, min_component_m=0)
    except InputError:
        return
    rules = rules_by_edge(network, turns)
    found = nearest_snapped(network, cells, sites, k=3, toward=toward)
    matrix = travel_times(network, cells, sites)
    for i, cell in enumerate(cells.index):
        expected = []
        for j, site in enumerate(sites.index):
            if cells["edge"].iloc[i] < 0 or sites["edge"].iloc[j] < 0:
                continue
            there = journeys(network, rules, cells.loc[cell], sites.loc[site])
            assert matrix[i, j] == (np.inf if there is None else there / DECISECONDS)
            time = there if toward == "sites" else journeys(network, rules, sites.loc[site], cells.loc[cell])
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
