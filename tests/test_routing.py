"""Times against networkx, and laws that every exact answer keeps."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from straight import straight_ds

from geoaccess.errors import InputError
from geoaccess.kernels import search
from geoaccess.network import DECISECONDS, EdgeKind, Network, snap, to_networkx
from geoaccess.routing import nearest, nearest_seconds, nearest_snapped, travel_times
from geoaccess.routing.sites import nearest_as_text


@st.composite
def networks(draw):
    """Small random directed networks with ties, zero times, one-ways, closed edges, loops and parallel edges."""
    n = draw(st.integers(2, 9))
    m = draw(st.integers(1, 16))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    lon = 10 + rng.random(n) * 0.3
    lat = 60 + rng.random(n) * 0.15
    u, v = rng.integers(0, n, m), rng.integers(0, n, m)
    times = rng.choice([0, 0.1, 5, 5, 60, 600], (2, m))
    times[:, :] = np.where(rng.random((2, m)) < 0.2, -1, times)
    return Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=times[0], backward_s=times[1]), rng


def places(rng, count, prefix):
    xy = np.column_stack([10 + rng.random(count) * 0.3, 60 + rng.random(count) * 0.15])
    return gpd.GeoSeries([Point(p) for p in xy], index=[f"{prefix}{i}" for i in range(count)], crs="EPSG:4326")


def graph_with_points(network, rows):
    """The network as networkx sees it, with every snapped point as a node of its own between the ends of its edge."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(network.n_nodes))
    for e in range(network.n_edges):
        u, v = int(network.edge_u[e]), int(network.edge_v[e])
        if network.edge_forward_ds[e] >= 0:
            graph.add_edge(u, v, w=int(network.edge_forward_ds[e]))
        if network.edge_backward_ds[e] >= 0:
            graph.add_edge(v, u, w=int(network.edge_backward_ds[e]))
    on_edge = {}
    for label, row in rows.items():
        if row.edge < 0:
            continue
        graph.add_node(label)
        u, v = int(network.edge_u[row.edge]), int(network.edge_v[row.edge])
        for a, b, name in (
            (label, u, "to_u_ds"),
            (u, label, "from_u_ds"),
            (label, v, "to_v_ds"),
            (v, label, "from_v_ds"),
        ):
            if getattr(row, name) >= 0:
                graph.add_edge(a, b, w=int(getattr(row, name)))
        for other in on_edge.setdefault(int(row.edge), []):
            for a, b in ((label, other), (other, label)):
                p, q = rows[a], rows[b]
                if max(p.node, q.node) >= 0:  # over the junction, which is a node
                    continue
                if p.from_u_ds >= 0 and q.from_u_ds >= p.from_u_ds:
                    graph.add_edge(a, b, w=int(q.from_u_ds - p.from_u_ds))
                if p.to_u_ds >= 0 and p.to_u_ds >= q.to_u_ds:
                    graph.add_edge(a, b, w=int(p.to_u_ds - q.to_u_ds))
        on_edge[int(row.edge)].append(label)
    return graph


def both_snapped(network, rng):
    cells, sites = places(rng, 6, "cell"), places(rng, 4, "site")
    try:
        return (
            snap(network, cells, max_snap_m=4000, min_component_m=0),
            snap(network, sites, max_snap_m=4000, min_component_m=0),
        )
    except InputError:
        return None


def oracle(network, origins, destinations):
    """Deciseconds from every origin to every destination by networkx; None where there is no way."""
    out = {}
    rows = [{row.Index: row for row in table.itertuples() if row.edge >= 0} for table in (origins, destinations)]
    for a, p in rows[0].items():
        for b, q in rows[1].items():
            # One pair at a time: other points must not become places to turn round.
            graph = graph_with_points(network, {a: p, b: q})
            if nx.has_path(graph, a, b):
                off_network_ds = int(p.off_network_ds + q.off_network_ds)
                out[a, b] = nx.dijkstra_path_length(graph, a, b, weight="w") + off_network_ds
            if (walk := straight_ds(p, q)) is not None:
                out[a, b] = min(walk, out.get((a, b), walk))
    return out


@settings(max_examples=150, deadline=None)
@given(networks(), st.sampled_from(["to_sites", "to_people"]), st.integers(1, 4))
def test_nearest_is_what_networkx_finds(made, direction, k):
    network, rng = made
    snapped = both_snapped(network, rng)
    if snapped is None:
        return
    cells, sites = snapped
    found = nearest_snapped(network, cells, sites, k=k, direction=direction)
    seconds = nearest_seconds(network, cells, sites, direction=direction)
    np.testing.assert_array_equal(seconds, found["travel_time_s"].to_numpy())
    text = nearest_as_text(network, cells, sites, direction=direction)
    for name in ("site", "site_2") if k > 1 else ("site",):
        assert text[name].tolist() == ["" if label is None else str(label) for label in found[name]]
    times = oracle(network, cells, sites) if direction == "to_sites" else oracle(network, sites, cells)
    for i, cell in enumerate(cells.index):
        expected = sorted(
            (times[key], number, site)
            for number, site in enumerate(sites.index)
            if (key := (cell, site) if direction == "to_sites" else (site, cell)) in times
        )
        for rank in range(k):
            suffix = "" if rank == 0 else f"_{rank + 1}"
            time, site = found[f"travel_time{suffix}_s"].iloc[i], found[f"site{suffix}"].iloc[i]
            if cells["edge"].iloc[i] < 0:
                assert np.isnan(time)
                assert site is None
                assert found["reason"].iloc[i] == "no_road_within"
            elif rank < len(expected):
                assert (time * DECISECONDS, site) == pytest.approx((expected[rank][0], expected[rank][2]))
                assert found["reason"].iloc[i] == ""
            else:
                assert np.isinf(time)
                assert site is None


@settings(max_examples=60, deadline=None)
@given(networks(), st.sampled_from([np.inf, 700.0]))
def test_travel_times_are_what_networkx_finds(made, cutoff_s):
    network, rng = made
    snapped = both_snapped(network, rng)
    if snapped is None:
        return
    cells, sites = snapped
    found = travel_times(network, cells, sites, cutoff_s=cutoff_s)
    times = oracle(network, cells, sites)
    for i, cell in enumerate(cells.index):
        for j, site in enumerate(sites.index):
            if cells["edge"].iloc[i] < 0 or sites["edge"].iloc[j] < 0:
                assert np.isnan(found[i, j])
            else:
                time = times.get((cell, site), np.inf) / DECISECONDS
                assert found[i, j] == pytest.approx(time if time <= cutoff_s else np.inf)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_another_site_never_hurts_and_a_faster_edge_never_lengthens(made):
    from dataclasses import replace

    network, rng = made
    snapped = both_snapped(network, rng)
    if snapped is None:
        return
    cells, sites = snapped
    if (sites["edge"].iloc[:-1] < 0).all():
        return
    some, more = (nearest_snapped(network, cells, s, k=1)["travel_time_s"].to_numpy() for s in (sites.iloc[:-1], sites))
    on = cells["edge"].to_numpy() >= 0
    assert (more[on] <= some[on]).all()
    # Faster by a whole number of deciseconds on one edge, with the snapped legs as they were.
    e = int(rng.integers(network.n_edges))
    off_edge = (cells["edge"] != e) & True
    if (sites["edge"] == e).any():
        return
    faster = network.edge_forward_ds.copy()
    faster[e] = faster[e] // 2 if faster[e] > 0 else faster[e]
    quick = nearest_snapped(replace(network, edge_forward_ds=faster), cells, sites, k=1)["travel_time_s"].to_numpy()
    chosen = on & off_edge.to_numpy()
    assert (quick[chosen] <= more[chosen]).all()


def test_nearest_agrees_with_networkx_on_to_networkx():
    """The path through `to_networkx` alone, with places exactly at nodes."""
    rng = np.random.default_rng(7)
    n = 60
    lon, lat = 10 + rng.random(n), 60 + rng.random(n) / 2
    u, v = rng.integers(0, n, 150), rng.integers(0, n, 150)
    network = Network.from_edges(
        lon=lon, lat=lat, u=u, v=v, forward_s=rng.integers(60, 900, 150), backward_s=rng.integers(60, 900, 150)
    )
    at = gpd.GeoSeries.from_xy(network.node_lon, network.node_lat, crs="EPSG:4326")
    found = nearest(network, at, at.iloc[[3, 8]], k=1)
    lengths = nx.multi_source_dijkstra_path_length(to_networkx(network).reverse(), {3, 8}, weight="travel_time")
    assert found["travel_time_s"].to_dict() == pytest.approx({i: lengths[i] for i in range(n)}, abs=0.2)


def test_reasons_name_what_cuts_people_off():
    """The mainland with the site, an island with a passenger boat, one without any boat, and a place with no road."""
    kind = np.array([0, 0, 0, EdgeKind.ON_FOOT], np.int8)
    from geoaccess.network import assemble

    network = assemble(
        lon=np.array([10, 10.1, 10.3, 10.4, 10.6, 10.7]),
        lat=np.full(6, 60.0),
        a=np.array([0, 2, 4, 1], np.int32),
        b=np.array([1, 3, 5, 2], np.int32),
        forward_s=np.array([300, 300, 300, -1.0]),
        backward_s=np.array([300, 300, 300, -1.0]),
        way=np.arange(4, dtype=np.int32),
        way_id=np.arange(4, dtype=np.int64),
        way_class=["road", "road", "road", "ferry"],
        kind=kind,
        snaps=kind == 0,
    )
    cells = gpd.GeoSeries.from_xy([10.05, 10.35, 10.65, 11.5], [60.0] * 4, index=list("abcd"), crs="EPSG:4326")
    sites = gpd.GeoSeries.from_xy([10.0], [60.0], index=["s"], crs="EPSG:4326")
    # The mainland must be the largest component.
    found = nearest(network, cells, sites)
    assert found["reason"].tolist()[0] == ""
    assert found["reason"].tolist()[3] == "no_road_within"
    assert found["reason"].tolist()[1] == "passenger_ferry_only"
    assert found["reason"].tolist()[2] == "road_not_connected", "nobody says that it is an island"


@pytest.mark.parametrize(
    ("change", "message"),
    [({"k": 0}, "k is 0"), ({"direction": "hospital"}, "direction is 'hospital'")],
)
def test_wrong_settings_are_refused(change, message):
    network = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[1], backward_s=[1])
    at = gpd.GeoSeries.from_xy([10.0], [60.0], crs="EPSG:4326")
    with pytest.raises(InputError, match=message):
        nearest(network, at, at, **change)


def test_double_labels_are_refused():
    network = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[1], backward_s=[1])
    at = gpd.GeoSeries.from_xy([10.0, 10.1], [60.0, 60.0], index=["x", "x"], crs="EPSG:4326")
    with pytest.raises(InputError, match="'x' stands there more than once"):
        nearest(network, at, at)


@settings(max_examples=150)
@given(networks())
def test_dead_ends_that_nobody_needs_change_no_time(made):
    """Times between needed nodes are what networkx finds on the whole network; no idle dead end is left."""
    network, rng = made
    needed = rng.random(network.n_nodes) < 0.4
    arcs = network.arcs
    start, head, cost, rank = search.without_dead_ends(arcs.start, arcs.head, arcs.cost_ds, needed)
    graph, less = nx.DiGraph(), nx.DiGraph()
    graph.add_nodes_from(range(network.n_nodes))
    less.add_nodes_from(range(start.size - 1))
    for made_of, (first, heads, costs) in ((graph, arcs[:3]), (less, (start, head, cost))):
        tails = np.repeat(np.arange(first.size - 1), np.diff(first))
        for u, v, w in sorted(zip(tails.tolist(), heads.tolist(), costs.tolist(), strict=True), reverse=True):
            made_of.add_edge(u, v, w=w)  # of parallel arcs the cheapest stays
    for node in np.flatnonzero(needed):
        whole = nx.single_source_dijkstra_path_length(graph, int(node), weight="w")
        left = nx.single_source_dijkstra_path_length(less, int(rank[node]), weight="w")
        for other in np.flatnonzero(needed):
            assert left.get(int(rank[other])) == whole.get(int(other))
    kept = np.flatnonzero((rank >= 0) & ~needed)
    for node in kept:
        around = (set(less.successors(int(rank[node]))) | set(less.predecessors(int(rank[node])))) - {int(rank[node])}
        assert len(around) != 1
