"""Times between all cells and all sites in pieces: the same however they are cut, and those of networkx."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.network import setting_out_after, snap
from geoaccess.questions import write_matrix
from geoaccess.routing import travel_time_pieces, write_travel_times
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import write_study

N = 6
NEAR = {"min_component_m": 0.0}


@pytest.fixture(scope="module")
def roads():
    """A grid of 36 nodes with one-way streets inside, and a road of two nodes apart from it."""
    rng = np.random.default_rng(5)
    at = [(i, j) for i in range(N) for j in range(N)]
    ends = [(a, a + N) for a in range(N * (N - 1))] + [(a, a + 1) for a in range(N * N) if (a + 1) % N]
    times = rng.integers(10, 90, (2, len(ends))).astype(float)
    inside = [all(0 < i < N - 1 for i in (*at[a], *at[b])) for a, b in ends]
    times[1, np.array(inside) & (rng.random(len(ends)) < 0.6)] = -1
    at, ends, times = [*at, (20, 0), (21, 0)], [*ends, (N * N, N * N + 1)], np.column_stack([times, [30, 40]])
    u, v = np.array(ends).T
    lon, lat = 10 + 0.01 * np.array(at, float)[:, 0], 60 + 0.01 * np.array(at, float)[:, 1]
    network = ga.Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=times[0], backward_s=times[1])
    graph = nx.DiGraph()
    for a, b, forward, backward in zip(u, v, *times, strict=True):
        graph.add_edge(int(a), int(b), s=forward)
        if backward >= 0:
            graph.add_edge(int(b), int(a), s=backward)
    return network, graph, gpd.GeoSeries.from_xy(lon, lat, index=[f"n{i}" for i in range(N * N + 2)], crs="EPSG:4326")


def oracle(graph, sites, direction):
    """Return times by (cell, site)."""
    found = {}
    for site in sites:
        graph_of = graph.reverse() if direction == "to_sites" else graph
        lengths = nx.single_source_dijkstra_path_length(graph_of, site, weight="s")
        found |= {(f"n{node}", f"n{site}"): lengths.get(node, np.inf) for node in graph}
    return found


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("method", ["search", "hierarchy"])
def test_pieces_hold_the_times_of_networkx_however_they_are_cut(roads, direction, method):
    network, graph, places = roads
    sites = [0, 7, 20, 35, 36]
    expected = oracle(graph, sites, direction)
    assert np.isinf([*expected.values()]).any()
    order = [(f"n{cell}", f"n{site}") for site in sites for cell in range(N * N + 2)]
    for pairs, tables in ((1, 5), (80, 3), (10_000, 1)):
        asked = {"direction": direction, "method": method, "pairs": pairs, **NEAR}
        pieces = [*travel_time_pieces(network, places, places.iloc[sites], **asked)]
        assert len(pieces) == tables
        assert max(map(len, pieces)) <= max(pairs, N * N + 2)
        whole = pd.concat([piece.astype({"cell_id": str, "site_id": str}) for piece in pieces])
        assert [*zip(whole["cell_id"], whole["site_id"], strict=True)] == order
        assert whole["travel_time_s"].tolist() == [expected[pair] for pair in order]


def test_the_file_has_null_for_no_way_and_for_no_road_and_a_group_of_rows_for_a_piece(roads, tmp_path):
    network, graph, places = roads
    far = gpd.GeoSeries.from_xy([20.0], [50.0], index=["far"], crs="EPSG:4326")
    cells = snap(network, pd.concat([places, far]), **NEAR)
    sites = cells.loc[["n0", "n7", "n20", "far"]]
    path = tmp_path / "times.parquet"
    written = write_travel_times(path, network, cells, sites, pairs=42, disclaimer="made up")
    expected = oracle(graph, [0, 7, 20], "to_sites")
    unreached = int(np.isinf([*expected.values()]).sum())
    assert written == (39 * 4, unreached + 39 + 3)
    file = pq.ParquetFile(path)
    assert file.num_row_groups == 4
    table = file.read()
    assert table.column("travel_time_s").null_count == written.without_time
    assert set(table.column("disclaimer").to_pylist()) == {"made up"}
    times = {(row["cell_id"], row["site_id"]): row["travel_time_s"] for row in table.to_pylist()}
    for pair, seconds in expected.items():
        assert times[pair] == (None if np.isinf(seconds) else seconds)
    assert times["far", "n7"] is None
    assert times["n7", "far"] is None


def test_vehicles_set_out_after_the_call(roads):
    network, graph, places = roads
    bases = setting_out_after(snap(network, places.iloc[[7]], **NEAR), 90.0)
    (table,) = travel_time_pieces(network, places, bases, direction="to_people", **NEAR)
    expected = oracle(graph, [7], "to_people")
    assert table["travel_time_s"].tolist() == [90.0 + expected[f"n{cell}", "n7"] for cell in range(N * N + 2)]


def test_what_has_no_answer_is_refused(roads):
    network, _, places = roads
    for wrong, said in (({"pairs": 0}, "pairs is 0"), ({"direction": "sideways"}, "direction is 'sideways'")):
        with pytest.raises(InputError, match=said):
            travel_time_pieces(network, places, places, **{**NEAR, **wrong})
    with pytest.raises(InputError, match="not unique"):
        travel_time_pieces(network, pd.concat([places, places]), places, **NEAR)
    with pytest.raises(InputError, match="no site"):
        travel_time_pieces(network, places, places.iloc[:0], **NEAR)


def test_the_least_of_a_study_is_its_time_to_the_nearest_site(tmp_path):
    answers = solve_study(load_study(write_study(tmp_path)), show=False)
    for service, count in (("gp", 2), ("ambulance_base", 1)):
        written = write_matrix(answers.study, service, answers=answers)
        assert written.path == answers.study.output / f"matrix_{service}.parquet"
        table = pd.read_parquet(written.path)
        assert (written.cells, written.sites, written.pairs) == (8, count, len(table))
        least = table.groupby("cell_id", observed=False)["travel_time_s"].min().reindex(answers.results.index)
        known = answers.results[f"{service}_s"]
        assert least.fillna(np.inf).tolist() == known.fillna(np.inf).tolist()
    one = write_matrix(answers.study, "gp", sites=["west"], folder=tmp_path / "one", answers=answers)
    assert set(pd.read_parquet(one.path)["site_id"]) == {"gp-west"}
    with pytest.raises(InputError, match="nowhere"):
        write_matrix(answers.study, "gp", sites=["nowhere"], answers=answers)
    with pytest.raises(InputError, match='no service "pg"'):
        write_matrix(answers.study, "pg", answers=answers)
