"""A hierarchy on disk comes back the same, memory-mapped, or is refused."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest

import geoaccess as ga
from geoaccess.errors import InputError


@pytest.fixture
def road():
    rng = np.random.default_rng(4)
    u, v = rng.integers(0, 60, (2, 150))
    times = rng.integers(1, 900, 150)
    return ga.Network.from_edges(
        lon=rng.uniform(10, 11, 60), lat=rng.uniform(60, 61, 60), u=u, v=v, forward_s=times, backward_s=times
    )


@pytest.fixture
def kept(road, tmp_path):
    return ga.hierarchy.save_hierarchy(ga.contract(road), tmp_path / "kept")


def test_what_is_written_is_read_and_shared_between_processes(road, kept):
    made, read = ga.contract(road), ga.hierarchy.load_hierarchy(kept, road)
    for name in ("place", "start", "head", "outward", "inward"):
        array = getattr(read, name)
        assert np.array_equal(getattr(made, name), array)
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
    points = ga.snap(road, gpd.GeoSeries.from_xy(road.node_lon[:55] + 0.001, road.node_lat[:55], crs=4326))
    assert (points["edge"] >= 0).all()
    assert np.array_equal(ga.travel_times(read, points, points), ga.travel_times(road, points, points, method="search"))


def test_the_hierarchy_of_another_network_is_refused(road, kept):
    other = ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[3], backward_s=[3])
    with pytest.raises(InputError, match="of another network"):
        ga.hierarchy.load_hierarchy(kept, other)


@pytest.mark.parametrize("name", ["place.npy", "inward.npy"])
def test_damage_is_refused(road, kept, name):
    raw = bytearray((kept / name).read_bytes())
    raw[-1] ^= 1
    (kept / name).write_bytes(raw)
    with pytest.raises(InputError, match=f"{name}: damaged"):
        ga.hierarchy.load_hierarchy(kept, road)


def test_what_is_no_hierarchy_is_refused(road, kept, tmp_path):
    with pytest.raises(InputError, match="not a hierarchy"):
        ga.hierarchy.load_hierarchy(tmp_path / "nowhere", road)
    described = json.loads((kept / "hierarchy.json").read_text())
    (kept / "hierarchy.json").write_text(json.dumps(described | {"format": 0}))
    with pytest.raises(InputError, match="another version"):
        ga.hierarchy.load_hierarchy(kept, road)
    (kept / "hierarchy.json").write_text("[]")
    with pytest.raises(InputError, match="not a hierarchy"):
        ga.hierarchy.load_hierarchy(kept, road)
