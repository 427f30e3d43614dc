"""Roads and ferries closed and slowed at the network: same numbers, other times."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.network import EdgeKind, Network, snap
from geoaccess.routing import close_edges, ferry_edges, nearest_snapped, solve_nearest, travel_times
from geoaccess.scenarios import Scenario, apply_to_network


def ring(times=(300, 400, 500, 600)):
    """Four towns on a ring road: ways 1 to 4."""
    n = len(times)
    angle = np.arange(n) * 2 * np.pi / n
    return Network.from_edges(
        lon=10 + 0.1 * np.cos(angle),
        lat=60 + 0.1 * np.sin(angle),
        u=range(n),
        v=[(i + 1) % n for i in range(n)],
        forward_s=times,
        backward_s=times,
        way_id=range(1, n + 1),
    )


def test_closing_and_slowing_is_what_networkx_finds():
    network = ring()
    changed = apply_to_network(
        Scenario(title="x", close=[{"osm_id": 1}], slow=[{"osm_id": 2, "factor": 1.5}, {"osm_id": 2, "factor": 2}]),
        network,
    )
    graph = nx.Graph()
    for way, (a, b) in {2: (1, 2), 3: (2, 3), 4: (3, 0)}.items():
        graph.add_edge(a, b, s={2: 400 * 3, 3: 500, 4: 600}[way])
    points = gpd.GeoSeries.from_xy(network.node_lon, network.node_lat, crs="EPSG:4326")
    snapped = snap(changed.places, points, min_component_m=0)
    found = travel_times(changed.network, snapped, snapped)
    for a, b in pairwise([0, 3, 2, 1]):
        assert found[a, b] == pytest.approx(nx.dijkstra_path_length(graph, a, b, weight="s"), abs=0.11)
    assert network.edge_forward_ds.tolist() == [3000, 4000, 5000, 6000]  # the one given stays
    assert changed.closed.tolist() == [0]
    assert changed.slowed.tolist() == [1]


@given(st.lists(st.integers(1, 6), unique=True, max_size=5), st.lists(st.integers(1, 900), min_size=6, max_size=6))
def test_closing_never_helps_and_is_what_a_field_does(ways, times):
    network = ring(times)
    points = gpd.GeoSeries.from_xy(network.node_lon + 0.01, network.node_lat, index=list("abcdef"), crs="EPSG:4326")
    sites = points.iloc[[0, 2]]
    changed = apply_to_network(Scenario(title="x", close=[{"osm_id": way} for way in ways]), network)
    cells, places = (snap(changed.places, table, min_component_m=0) for table in (points, sites))
    before = nearest_snapped(network, cells, places, k=1)
    after = nearest_snapped(changed.network, cells, places, k=1)
    assert (after["travel_time_s"] >= before["travel_time_s"]).all()
    field = solve_nearest(network, places, k=1, min_component_m=0)
    close_edges(field, changed.closed)
    pd.testing.assert_frame_equal(field.nearest(cells), after)
    if not ways:
        assert changed.network is network


@given(st.floats(1, 20), st.floats(0, 1))
def test_a_slowed_road_is_slow_for_those_who_live_on_it(factor, along):
    network = ring()
    x = network.node_lon[0] + along * (network.node_lon[1] - network.node_lon[0])
    y = network.node_lat[0] + along * (network.node_lat[1] - network.node_lat[0])
    home = gpd.GeoSeries.from_xy([x], [y], crs="EPSG:4326")
    changed = apply_to_network(Scenario(title="x", slow=[{"osm_id": 1, "factor": factor}]), network)
    assert changed.network.edge_forward_ds[0] == round(3000 * factor)
    before, after = (snap(where, home, min_component_m=0).iloc[0] for where in (network, changed.places))
    if before["edge"] == after["edge"] == 0:
        assert after["node"] == before["node"]
        assert after["to_u_ds"] == pytest.approx(before["to_u_ds"] * factor, abs=factor)
        assert after["node"] >= 0 or after["to_u_ds"] + after["to_v_ds"] == round(3000 * factor)


def test_a_polygon_chooses_what_it_touches(tmp_path):
    network = ring()
    east = [[10.02, 59.9], [10.2, 59.9], [10.2, 60.2], [10.02, 60.2]]
    by_corners = apply_to_network(Scenario(title="x", close=[{"polygon": east}]), network)
    assert by_corners.closed.tolist() == [0, 3]
    file = tmp_path / "flood.geojson"
    gpd.GeoDataFrame(geometry=[shapely.Polygon(east)], crs="EPSG:4326").to_crs("EPSG:32632").to_file(
        file.with_suffix(".gpkg")
    )
    by_file = apply_to_network(Scenario(title="x", close=[{"polygon": str(file.with_suffix(".gpkg"))}]), network)
    assert by_file.closed.tolist() == [0, 3]


def test_roads_are_found_by_name_and_number():
    network = ring()
    names = pd.DataFrame(
        {"name": ["Ring road", "Ring Road", "Lane", ""], "ref": ["", "", "", "Fv 7"]}, index=[1, 2, 3, 4]
    )
    scenario = Scenario(title="x", close=[{"name": "ring road"}, {"name": "fv 7", "what": "roads"}])
    assert apply_to_network(scenario, network, names=names).closed.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("wanted", "closed"),
    [("E 6", [0, 2]), ("e6", [0, 2]), ("fv.7", [1, 2]), ("Fv. 7", [1, 2]), ("Fv. 7;E6", [2]), ("Fv 7", []), (";", [])],
)
def test_a_road_of_several_numbers_is_found_by_each(wanted, closed):
    names = pd.DataFrame({"name": "", "ref": ["E 6", "Fv.7", "E 6; Fv. 7", "E 61"]}, index=[1, 2, 3, 4])
    scenario = Scenario(title="x", close=[{"name": wanted}])
    if closed:
        assert apply_to_network(scenario, ring(), names=names).closed.tolist() == closed
    else:
        with pytest.raises(InputError, match="no road or car ferry of the network is chosen by"):
            apply_to_network(scenario, ring(), names=names)


def test_all_that_chooses_nothing_is_reported_at_once():
    names = pd.DataFrame({"name": ["Ring road"], "ref": [""]}, index=[1])
    scenario = Scenario(
        title="x",
        close=[{"osm_id": 99}, {"name": "Rign road"}, {"polygon": [[0, 0], [1, 0], [1, 1]]}],
        slow=[{"osm_id": 1, "what": "ferries", "factor": 2}],
    )
    with pytest.raises(InputError) as caught:
        apply_to_network(scenario, ring(), names=names)
    for part in ("way 99", 'did you mean "Ring road"', "[[close]] 3", "the polygon", "[[slow]] 1: no car ferry"):
        assert part in str(caught.value)
    with pytest.raises(InputError, match="names of roads were not read"):
        apply_to_network(Scenario(title="x", close=[{"name": "Lane"}]), ring())


def test_a_storm_closes_every_car_ferry_of_iceland(iceland):
    changed = apply_to_network(Scenario(title="x", storm={}), iceland)
    assert (iceland.edge_kind[changed.closed] == EdgeKind.FERRY).all()
    assert changed.closed.size == (iceland.edge_kind == EdgeKind.FERRY).sum()
    ways = iceland.ferries.loc[iceland.ferries["name"] == "Landeyjahöfn - Vestmannaeyjar"]
    cars = ways.loc[ways["cars"], "way_id"]
    one = apply_to_network(
        Scenario(title="x", close=[{"name": "Landeyjahöfn - Vestmannaeyjar", "what": "ferries"}]), iceland
    )
    assert one.closed.tolist() == ferry_edges(iceland, *cars).tolist()


@pytest.fixture(scope="module")
def iceland(root):
    from geoaccess.osm import read_osm

    return read_osm(root / "data" / "iceland" / "iceland-2019.osm.pbf")
