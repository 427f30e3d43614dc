"""A journey's parts add up to its time and join on the map."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point
from test_turns import ruled_networks

from geoaccess.errors import InputError
from geoaccess.network import Network
from geoaccess.routing import nearest, route


@settings(max_examples=80, deadline=None)
@given(st.one_of(ruled_networks(), ruled_networks(tidy=True)))
def test_parts_add_up_to_the_time_and_form_one_line(made):
    network, _, rng = made
    a, b = (Point(x, y) for x, y in np.column_stack([10 + rng.random(2) * 0.3, 60 + rng.random(2) * 0.15]))
    ends = [gpd.GeoSeries([point], index=["p"], crs="EPSG:4326") for point in (a, b)]
    settings_ = {"max_snap_m": 8000.0, "min_component_m": 0.0}
    try:
        time = nearest(network, *ends, k=1, **settings_)["travel_time_s"].iloc[0]
    except InputError:
        return
    if not np.isfinite(time):
        with pytest.raises(InputError, match=r"there is no way|has no road"):
            route(network, (a.x, a.y), (b.x, b.y), **settings_)
        return
    journey = route(network, (a.x, a.y), (b.x, b.y), **settings_)
    assert journey["travel_time_s"].sum() == pytest.approx(time)
    lines = journey.geometry.tolist()
    assert Point(lines[0].coords[0]).distance(a) < 1e-6
    assert Point(lines[-1].coords[-1]).distance(b) < 1e-6
    for one, other in itertools.pairwise(lines):
        assert (
            Point(one.coords[-1]).distance(Point(other.coords[0])) < 1e-3
        )  # a straight road of 15 km bends by metres from one projection to another


def test_a_place_without_a_road_is_named():
    road = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[400], backward_s=[400])
    with pytest.raises(InputError, match=r"the goal \(11, 61\) has no road within"):
        route(road, (10, 60), (11, 61))
