"""An order on disk comes back the same, memory-mapped, and serves all times of its network; or it is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geoaccess as ga
from geoaccess import hierarchy, scenarios
from geoaccess.errors import InputError
from geoaccess.hierarchy import load_order, order_of, save_order, topology_digest

ARRAYS = ("place", "start", "head", "slot", "parts")


def road():
    rng = np.random.default_rng(4)
    u, v = rng.integers(0, 60, (2, 150))
    times = rng.integers(1, 900, 150)
    return ga.Network.from_edges(
        lon=rng.uniform(10, 11, 60), lat=rng.uniform(60, 61, 60), u=u, v=v, forward_s=times, backward_s=times
    )


@pytest.fixture
def kept(tmp_path):
    return save_order(road(), tmp_path / "kept")


def test_what_is_written_is_read_and_shared_between_processes(kept):
    made, fresh = order_of(road()), road()
    read = load_order(kept, fresh)
    for name in ARRAYS:
        array = getattr(read, name)
        assert np.array_equal(getattr(made, name), array)
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
    assert order_of(fresh) is read
    points = ga.snap(fresh, gpd.GeoSeries.from_xy(fresh.node_lon[:55] + 0.001, fresh.node_lat[:55], crs=4326))
    assert (points["edge"] >= 0).all()
    found = ga.travel_times(ga.contract(fresh), points, points)
    assert np.array_equal(found, ga.travel_times(fresh, points, points, method="search"))


def test_an_order_serves_other_times_of_the_same_roads(kept):
    before = road()
    rng = np.random.default_rng(1)
    times = {
        f"edge_{way}_ds": np.where(rng.random(before.n_edges) < 0.1, -1, rng.integers(0, 9000, before.n_edges))
        for way in ("forward", "backward")
    }
    slower = replace(before, **{name: values.astype(np.int32) for name, values in times.items()})
    assert topology_digest(slower) == topology_digest(before)
    load_order(kept, slower)
    points = ga.snap(before, gpd.GeoSeries.from_xy(before.node_lon + 0.001, before.node_lat, crs=4326))
    found = ga.travel_times(ga.contract(slower), points, points)
    assert np.array_equal(found, ga.travel_times(slower, points, points, method="search"))


def test_the_order_of_another_network_is_refused(kept):
    other = ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[3], backward_s=[3])
    with pytest.raises(InputError, match="of another network"):
        load_order(kept, other)
    turned = replace(road(), edge_u=road().edge_v, edge_v=road().edge_u)
    with pytest.raises(InputError, match="of another network"):
        load_order(kept, turned)


@pytest.mark.parametrize("name", ["place.npy", "slot.npy"])
def test_damage_is_refused(kept, name):
    raw = bytearray((kept / name).read_bytes())
    raw[-1] ^= 1
    (kept / name).write_bytes(raw)
    with pytest.raises(InputError, match=f"{name}: damaged"):
        load_order(kept, road())


def test_what_is_no_order_is_refused(kept, tmp_path):
    with pytest.raises(InputError, match="not an order"):
        load_order(tmp_path / "nowhere", road())
    described = json.loads((kept / "order.json").read_text())
    (kept / "order.json").write_text(json.dumps(described | {"format": 0}))
    with pytest.raises(InputError, match="another version"):
        load_order(kept, road())
    (kept / "order.json").write_text("[]")
    with pytest.raises(InputError, match="not an order"):
        load_order(kept, road())


def test_networks_that_are_closed_or_slowed_keep_the_order_and_answer_by_it(monkeypatch):
    before = road()
    made = order_of(before)
    monkeypatch.setattr("geoaccess.hierarchy.order.make_order", lambda _: pytest.fail("put in order again"))
    shut = scenarios.close_network(before, np.array([3, 40, 90], np.int32))
    slow = scenarios.Scenario(title="Snow", slow=[{"osm_id": way, "factor": 2.0} for way in (1, 7, 60)])
    for changed in (shut, scenarios.apply_to_network(slow, before).network):
        assert order_of(changed) is made
        places = ga.snap(before, gpd.GeoSeries.from_xy(before.node_lon, before.node_lat, crs=4326))
        sites = places.iloc[[5, 20, 33]]
        assert not hierarchy.at_hand(changed).core
        by_order = ga.nearest(changed, places, sites, k=2)
        fresh = replace(changed)
        assert not hierarchy.has_order(fresh)
        pd.testing.assert_frame_equal(by_order, ga.nearest(fresh, places, sites, k=2))
