"""What is a link of the network and what a dead end; people on all streets of a cell; closings that belong together."""

from __future__ import annotations

from itertools import combinations, groupby

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.kernels import graph
from geoaccess.kernels.dead_ends import road_behind
from geoaccess.kernels.runs import tagged_runs
from geoaccess.network import EdgeKind, Network, snap
from geoaccess.network.cell_tree import CellTree
from geoaccess.questions.closing_lines import lines_of_units, middles
from geoaccess.routing import nearest_snapped, solve_nearest
from geoaccess.scenarios import (
    Unit,
    alike_in_a_row,
    close_network,
    closing_table,
    joint_closings,
    one_unit,
    streets,
    streets_of_cells,
    vulnerable_units,
)
from geoaccess.scenarios.crossings import units_of


def _behind(n, u, v, metres):
    u, v = np.asarray(u, np.int32), np.asarray(v, np.int32)
    twice = np.tile(np.arange(u.size, dtype=np.int32), 2)
    start, head, edge, _ = graph.rows(n, np.concatenate([u, v]), np.concatenate([v, u]), twice)
    return road_behind(u, v, np.asarray(metres, np.float64), start, head, edge)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_lies_behind_an_edge_is_what_networkx_leaves_without_it(data):
    n = data.draw(st.integers(1, 12))
    pairs = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=20))
    metres = [float(data.draw(st.integers(0, 9))) for _ in pairs]
    found = _behind(n, [a for a, _ in pairs], [b for _, b in pairs], metres)
    for i, (a, b) in enumerate(pairs):
        rest = nx.MultiGraph()
        rest.add_nodes_from(range(n))
        rest.add_edges_from((*pair, {"m": metres[j]}) for j, pair in enumerate(pairs) if j != i)
        sides = [nx.node_connected_component(rest, end) for end in (a, b)]
        if b in sides[0]:
            assert found[i] == -1
        else:
            assert found[i] == min(rest.subgraph(side).size("m") for side in sides)


LADDER = {"lon": [10.0, 10.01, 10.02, 10.0, 10.01, 10.05], "lat": [60.0, 60.0, 60.0, 60.01, 60.01, 60.0]}


def ladder():
    """Two squares' worth of streets in one cell, 0-1-4-3-0, a street 1-2, and a long road 2-5 out of the cell."""
    ends = [0, 1, 4, 3, 1, 2], [1, 4, 3, 0, 2, 5]
    seconds = [60] * 5 + [200]
    return Network.from_edges(**LADDER, u=ends[0], v=ends[1], forward_s=seconds, backward_s=seconds)


def square(west, south, east, north):
    return gpd.GeoSeries([shapely.box(west, south, east, north)], index=["cell"], crs="EPSG:4326")


def test_people_are_shared_by_the_length_of_their_streets():
    network, cells = ladder(), square(9.995, 59.995, 10.025, 60.015)
    centre = snap(network, cells.representative_point(), min_component_m=0)
    found = streets_of_cells(network, cells, centre, [1000.0], min_component_m=0)
    assert found.places["edge"].tolist() == [0, 1, 2, 3, 4]  # the middle of the long road lies outside
    metres = network.edge_length_m[:5].astype(float)
    assert found.people == pytest.approx(1000 * metres / metres.sum(), rel=1e-3)
    assert found.people.sum() == pytest.approx(1000)
    assert (found.places["off_network_m"] <= 0.02).all()
    assert found.cell.tolist() == [0] * 5
    few = streets_of_cells(network, cells, centre, [1000.0], most=2, min_component_m=0)
    longest = np.sort(np.argsort(-metres, kind="stable")[:2])
    assert few.places["edge"].tolist() == longest.tolist()
    assert few.people.sum() == pytest.approx(1000)


def test_a_cell_without_a_street_keeps_its_place_and_nobody_is_lost():
    network = ladder()
    cells = pd.concat([square(9.995, 59.995, 10.025, 60.015), square(10.06, 60.0, 10.061, 60.001), square(0, 0, 1, 1)])
    cells = gpd.GeoSeries(cells.to_numpy(), index=["town", "farm", "far"], crs="EPSG:4326")
    centre = snap(network, cells.representative_point(), min_component_m=0)
    found = streets_of_cells(network, cells, centre, [10.0, 7.0, 3.0], min_component_m=0)
    assert np.bincount(found.cell, weights=found.people).tolist() == pytest.approx([10, 7, 3])
    assert found.places.iloc[-2]["off_network_m"] > 0
    assert found.places.iloc[-1]["reason"] == "no_road_within"


def test_streets_of_tables_that_disagree_are_refused():
    network, cells = ladder(), square(9.995, 59.995, 10.025, 60.015)
    centre = snap(network, cells.representative_point(), min_component_m=0)
    with pytest.raises(InputError, match="disagree"):
        streets_of_cells(network, cells, centre, [1.0, 2.0], min_component_m=0)


def test_streets_are_the_same_however_many_points_are_looked_at_at_once(monkeypatch):
    network = ladder()
    cells = pd.concat([square(9.995, 59.995, 10.013, 60.015), square(10.013, 59.995, 10.1, 60.015)])
    cells = gpd.GeoSeries(cells.to_numpy(), crs="EPSG:4326").to_crs("EPSG:25832")
    centre = snap(network, cells.representative_point(), min_component_m=0)
    whole = streets_of_cells(network, cells, centre, [10.0, 20.0], min_component_m=0)
    monkeypatch.setattr(streets, "_AT_ONCE", 3)
    parts = streets_of_cells(network, cells, centre, [10.0, 20.0], min_component_m=0)
    pd.testing.assert_frame_equal(whole.places, parts.places)
    assert (whole.people.tolist(), whole.cell.tolist()) == (parts.people.tolist(), parts.cell.tolist())


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_every_place_in_a_cell_is_where_cells_may_be(data):
    crs, (east, north) = data.draw(
        st.sampled_from([("EPSG:3035", (4e6, 5e6)), ("EPSG:32633", (5e5, 7.8e6)), ("EPSG:6933", (0.0, 6.5e6))])
    )
    metres = st.floats(-4e5, 4e5)
    sides = st.floats(1.0, 3e5)
    corners = data.draw(st.lists(st.tuples(metres, metres, sides, sides), min_size=1, max_size=6))
    cells = [shapely.box(east + x, north + y, east + x + wide, north + y + high) for x, y, wide, high in corners]
    shares = np.linspace(0, 1, 7)
    inside = [
        (west + share * (right - west), south + other * (top - south))
        for west, south, right, top in shapely.bounds(cells).tolist()
        for share in shares
        for other in shares
    ]
    places = gpd.GeoSeries(gpd.points_from_xy(*zip(*inside, strict=True)), crs=crs).to_crs("EPSG:4326")
    near = streets._near(gpd.GeoSeries(cells, crs=crs))
    assert near.holds(places.x.to_numpy(), places.y.to_numpy()).all()
    far = near.holds(np.array([-170.0, 0.0]), np.array([0.0, -80.0]))
    assert not far.any()


def test_a_road_of_several_ways_has_the_first_name_and_all_numbers():
    network = ga.read_osm("data/troms/troms-modelled.osm.pbf")
    rng = np.random.default_rng(3)
    names = pd.DataFrame(
        {"name": rng.choice(["", "A", "B"], network.way_id.size), "ref": "", "bridge": False, "tunnel": False},
        index=pd.Index(network.way_id),
    )
    used, nobody = rng.random(network.n_edges) < 0.5, np.zeros(network.n_edges, np.bool_)
    found = {int(unit.edges[0]): unit for unit in units_of(network, used, nobody, names) if unit.kind == "road"}
    roads = [edge for edge in np.flatnonzero(used).tolist() if network.edge_kind[edge] == EdgeKind.ROAD]
    assert [*found] == roads
    several = 0
    for edge, unit in found.items():
        pieces = network.shape_way[network.shape_ptr[edge] : network.shape_ptr[edge + 1] - 1]
        ways = [*dict.fromkeys(network.way_id[pieces].tolist())]
        several += len(ways) > 1
        assert unit.ways == tuple(ways)
        assert unit.name == next((name for name in names.loc[ways, "name"] if name), "")
    assert several > 0


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_runs_of_a_tagged_way_lie_where_their_time_says(data):
    sizes = data.draw(st.lists(st.integers(2, 6), min_size=1, max_size=6))
    ptr = np.cumsum([0, *sizes])
    at = st.integers(0, 3)
    way = np.array([data.draw(at) for _ in range(ptr[-1])], np.int32)
    seconds = st.sampled_from([-1.0, 0.0, 1.0, 2.5, 40.0])
    forward, backward = (np.array([data.draw(seconds) for _ in range(ptr[-1])], np.float32) for _ in range(2))
    tagged = np.array([data.draw(st.booleans()) for _ in range(4)])
    wanted = np.array([data.draw(st.booleans()) for _ in sizes])
    expected = []
    for edge in np.flatnonzero(wanted).tolist():
        pieces = range(ptr[edge], ptr[edge + 1] - 1)
        spent = [max(float(forward[i]), 0.0) or float(backward[i]) for i in pieces]
        whole = sum(spent) if sum(spent) > 0 else 1.0
        for on, run in groupby(pieces, key=lambda piece: tagged[way[piece]]):
            if on:
                pieces_of_run = [*run]
                points = pieces_of_run[0], pieces_of_run[-1] + 1
                expected.append((*points, edge, *(sum(spent[: point - ptr[edge]]) / whole for point in points)))
    begins, ends, edges, share = tagged_runs(ptr, way, forward, backward, tagged, wanted)
    found = [*zip(begins.tolist(), ends.tolist(), edges.tolist(), *share.T.tolist(), strict=True)]
    assert found == [pytest.approx(row) for row in expected]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_cells_of_points_are_those_whose_shape_holds_them(data):
    whole = st.integers(-3, 3)
    shapes = []
    for _ in range(data.draw(st.integers(0, 25))):
        x, y, wide, high = (
            data.draw(whole),
            data.draw(whole),
            data.draw(st.integers(1, 3)),
            data.draw(st.integers(1, 3)),
        )
        square = shapely.box(x, y, x + wide, y + high)
        kinds = [
            square,
            square.centroid.buffer(wide),
            shapely.Polygon(),
            shapely.box(x, y, x + wide, y),
            square.exterior,
        ]
        turned = shapely.Polygon([(x, y), (x + wide, y + high), (x + wide, y), (x, y + high)])  # a bow tie
        shapes.append(data.draw(st.sampled_from([square, square, square, *kinds, turned])))
    cells = np.array(shapes, object)
    at = st.one_of(whole.map(float), st.floats(-4, 6))
    x, y = (np.array([data.draw(at) for _ in range(40)]) for _ in range(2))
    found = CellTree(cells).cells_of(x, y)
    for px, py, cell in zip(x, y, found.tolist(), strict=True):
        holds = np.flatnonzero(shapely.intersects(cells, shapely.Point(px, py))) if len(cells) else []
        assert cell in holds if len(holds) else cell == -1


def test_lines_and_middles_are_those_of_geopandas():
    network = ga.read_osm("data/troms/troms-modelled.osm.pbf")
    rng = np.random.default_rng(5)
    roads = np.flatnonzero(network.edge_kind == EdgeKind.ROAD)
    sets = [rng.choice(roads, size, replace=False) for size in (1, 1, 2, 5, 1, 3) for _ in range(20)]
    units = [Unit("road", "", "", (1,), np.sort(edges).astype(np.int32)) for edges in sets]
    lines = lines_of_units(network, units)
    every = network.edges().geometry
    for line, unit in zip(lines, units, strict=True):
        assert shapely.equals(line, shapely.union_all(every.loc[unit.edges].to_numpy()))
    lon, lat = middles(lines, "EPSG:25833")
    flat = gpd.GeoSeries(lines, crs="EPSG:4326").to_crs("EPSG:25833")
    expected = flat.interpolate(0.5, normalized=True).to_crs("EPSG:4326")
    assert (lon.tolist(), lat.tolist()) == (expected.x.tolist(), expected.y.tolist())
    assert [part.size for part in middles(np.empty(0, object), "EPSG:25833")] == [0, 0]
    assert len(lines_of_units(network, [])) == 0


NO_NAMES = pd.DataFrame(
    {"name": pd.Series(dtype="str"), "ref": pd.Series(dtype="str"), "bridge": False, "tunnel": False},
    index=pd.Index([], dtype="int64"),
)


def town():
    """A ring 0-1-2-3 with the site on it, a long arm 2-4-5 that people live along, and a cul-de-sac 3-6."""
    lon = [10.0, 10.01, 10.01, 10.0, 10.04, 10.07, 9.995]
    lat = [60.0, 60.0, 60.01, 60.01, 60.01, 60.01, 60.01]
    u, v = [0, 1, 2, 3, 2, 4, 3], [1, 2, 3, 0, 4, 5, 6]
    seconds = [60, 60, 60, 60, 200, 200, 30]
    return Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=seconds, backward_s=seconds)


def solved(network, homes, people):
    at = gpd.GeoSeries.from_xy(*zip(*homes, strict=True), crs="EPSG:4326")
    site = gpd.GeoSeries.from_xy([10.004], [60.0], index=["site"], crs="EPSG:4326")
    cells, sites = snap(network, at, min_component_m=0), snap(network, site, min_component_m=0)
    field = solve_nearest(network, sites, k=1)
    field.attach(cells, people=people)
    return field, cells, sites


HOMES = [(10.02, 60.01), (10.03, 60.01), (10.05, 60.01), (10.06, 60.01), (9.996, 60.01), (9.997, 60.01)]
PEOPLE = np.array([1.0, 2, 4, 8, 16, 32])


def test_a_cul_de_sac_is_told_from_a_link():
    field, _, _ = solved(town(), [*HOMES, (9.995, 60.01)], np.append(PEOPLE, 64.0))
    units = vulnerable_units(field, NO_NAMES)
    table = closing_table(field, units, norms_s=(600.0,))
    table.index = [int(unit.edges[0]) for unit in units]
    arm, sac = table.loc[4], table.loc[6]
    assert arm["people_cut_off"] == 4 + 8  # those on the closed stretch keep its ends
    assert arm["behind_m"] == pytest.approx(float(field.network.edge_length_m[5]), rel=1e-3)
    assert arm["unranked"] == ""
    assert sac["people_cut_off"] == 64
    assert sac["behind_m"] == 0
    assert sac["unranked"] in {"dead_end", "one_place"}
    assert pd.isna(sac["rank_minutes"])
    assert table.loc[table.index < 4, "behind_m"].dropna().empty  # on the ring there is a way round
    assert (table["cost_min"] == table["person_min"] + 1440 * table["people_cut_off"]).all()
    longer = closing_table(field, units, norms_s=(600.0,), dead_end_m=1e6)
    assert longer["rank_minutes"][longer["behind_m"].notna()].isna().all()


def test_stretches_in_a_row_are_one_and_the_rest_stay_apart():
    network = Network.from_edges(
        lon=[10, 10.1, 10.2, 10.3, 10.4],
        lat=[60] * 5,
        u=[0, 1, 2, 3],
        v=[1, 2, 3, 4],
        forward_s=[9] * 4,
        backward_s=[9] * 4,
    )
    units = [Unit("road", "", "", (i,), np.array([i], np.int32)) for i in range(4)]
    units.append(Unit("bridge", "Brua", "", (1,), np.array([1], np.int32)))
    effects = [[1.0, 5.0], [1.0, 5.0], [2.0, 5.0], [1.0, 5.0], [1.0, 5.0]]
    assert alike_in_a_row(network, units, effects) == [[0, 1, 4], [2], [3]]
    joined = one_unit([units[0], units[1], units[4]])
    assert (joined.kind, joined.name, sorted(joined.ways), joined.edges.tolist()) == ("bridge", "Brua", [0, 1], [0, 1])
    assert alike_in_a_row(network, [], np.zeros((0, 2))) == []
    with pytest.raises(InputError, match="rows of effects"):
        alike_in_a_row(network, units, effects[:2])


def test_units_are_joined_as_a_graph_of_equal_rows_that_touch_says():
    rng = np.random.default_rng(3)
    n = 300
    network = Network.from_edges(
        lon=10 + np.arange(60) / 100,
        lat=[60] * 60,
        u=rng.integers(0, 60, n),
        v=rng.integers(0, 60, n),
        forward_s=[9] * n,
        backward_s=[9] * n,
    )
    units = [Unit("road", "", "", (i,), np.array([i], np.int32)) for i in range(network.n_edges)]
    effects = rng.integers(0, 3, (len(units), 3)) * [1.0, -0.5, 0.0]
    graph = nx.Graph()
    graph.add_nodes_from(range(len(units)))
    for i, j in combinations(range(len(units)), 2):
        touch = {network.edge_u[i], network.edge_v[i]} & {network.edge_u[j], network.edge_v[j]}
        if touch and (effects[i] == effects[j]).all():
            graph.add_edge(i, j)
    expected = sorted(sorted(part) for part in nx.connected_components(graph))
    assert alike_in_a_row(network, units, effects) == expected
    assert 1 < len(expected) < len(units)


@pytest.mark.parametrize("together", [2, 3])
def test_closing_together_is_what_solving_from_scratch_finds(together):
    network = town()
    field, cells, sites = solved(network, HOMES, PEOPLE)
    units = [Unit("road", "", "", (i,), np.array([i], np.int32)) for i in range(network.n_edges)]
    found = joint_closings(field, units, at_once=together, cut_off_min=60)

    def cut_off(which):
        closed = close_network(network, np.array(which, np.int32))
        return ~np.isfinite(nearest_snapped(closed, cells, sites, k=1)["travel_time_s"].to_numpy())

    best = max(PEOPLE[cut_off(one)].sum() for one in combinations(range(network.n_edges), together))
    assert found["people_cut_off"].iloc[0] == best
    for row in found.to_dict("records"):
        whole = cut_off(row["units"])
        parts = [cut_off(part) for size in range(1, together) for part in combinations(row["units"], size)]
        assert row["people_cut_off"] == PEOPLE[whole].sum()
        assert row["only_together"] == PEOPLE[whole & ~np.logical_or.reduce(parts)].sum()
        assert row["cost_min"] == pytest.approx(row["person_min"] + 60 * row["people_cut_off"])
    if together == 2:
        assert (1, 3) in set(found["units"])  # both ways round the ring


def test_one_or_four_at_once_are_refused():
    field, _, _ = solved(town(), HOMES, PEOPLE)
    with pytest.raises(InputError, match="two or three"):
        joint_closings(field, [], at_once=4, cut_off_min=60)
