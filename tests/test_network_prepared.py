"""What snapping needs is kept with a network: the same answers, mapped, and made again where it is damaged."""

from __future__ import annotations

import dataclasses
import errno
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geoaccess.errors import InputError
from geoaccess.kernels.checksum import xxh64
from geoaccess.kernels.memory import release_pages
from geoaccess.network import (
    COAST,
    Network,
    SegmentTree,
    Shores,
    attachable,
    load_network,
    over_water,
    prepare,
    save_network,
    snap,
)
from geoaccess.network.intact import checksum
from geoaccess.network.prepared import differ_in_times_alone, load_prepared, release
from geoaccess.study import load_study, stages
from geoaccess.study.stages.networks import cache_folder, same_places
from tests.test_study_tiny import write_study

LEAST_M = 3000.0
VECTORS = {  # of the specification and of the reference implementation
    b"": 0xEF46DB3751D8E999,
    b"a": 0xD24EC4F1A98C6E5B,
    b"abc": 0x44BC2CF5AD770999,
    b"Nobody inspects the spammish repetition": 0xFBCEA83C8A378BF1,
}


def grid(n=12, seed=1):
    """Streets of a town, and an island of one street."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    lon, lat = 10 + 0.01 * x.ravel() + rng.normal(0, 1e-3, n * n), 60 + 0.005 * y.ravel()
    number = np.arange(n * n).reshape(n, n)
    u = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel(), [n * n]])
    v = np.concatenate([number[:, 1:].ravel(), number[1:].ravel(), [n * n + 1]])
    lon, lat = np.append(lon, [10.3, 10.31]), np.append(lat, [60.0, 60.0])
    return Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=np.full(u.size, 60.0), backward_s=[50.0] * u.size)


def changed(network, **parts):
    return dataclasses.replace(network, **parts)


def places(seed=2):
    rng = np.random.default_rng(seed)
    return gpd.GeoSeries.from_xy(rng.uniform(9.98, 10.33, 300), rng.uniform(59.99, 60.07, 300), crs="EPSG:4326")


@pytest.mark.parametrize("data", VECTORS)
def test_checksums_are_those_of_the_reference(data, tmp_path):
    whole = len(data) // 8 * 8
    raw = np.frombuffer(data, np.uint8)
    assert int(xxh64(raw[:whole].view("<u8"), raw[whole:])) == VECTORS[data]
    (tmp_path / "file").write_bytes(data)
    assert checksum(tmp_path / "file") == f"{VECTORS[data]:016x}"


@pytest.mark.parametrize("size", [1, 7, 8, 31, 32, 33, 100])
def test_every_bit_counts(size, tmp_path):
    path = tmp_path / "file"
    content = bytearray(np.random.default_rng(size).bytes(size))
    path.write_bytes(content)
    seen = {checksum(path)}
    for bit in range(8 * size):
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        content[bit // 8] ^= 1 << bit % 8
        seen.add(checksum(path))
    assert len(seen) == 8 * size + 1


def test_points_snap_to_a_prepared_network_as_to_a_bare_one(tmp_path):
    expected = snap(grid(), places(), min_component_m=LEAST_M)
    assert (expected["edge"] >= 0).mean() > 0.5
    for _ in range(2):  # made, then read
        network = grid()
        prepare(network, tmp_path / "snapping", min_component_m=LEAST_M)
        pd.testing.assert_frame_equal(snap(network, places(), min_component_m=LEAST_M), expected)
    other = snap(network, places(), min_component_m=100.0)  # not what was prepared
    pd.testing.assert_frame_equal(other, snap(grid(), places(), min_component_m=100.0))


def test_many_points_are_attached_the_same_though_what_they_looked_at_is_given_back_in_between(tmp_path, monkeypatch):
    line = np.array([10.0, 10.1, 10.1, 10.0])
    shores = Shores(lon=line, lat=line + 50, ptr=np.array([0, 4]), area=np.array([COAST], np.int32))
    save_network(changed(grid(), shores=shores), tmp_path / "network")
    network = load_network(tmp_path / "network", mmap=True)
    prepare(network, tmp_path / "snapping", min_component_m=LEAST_M)
    expected, given_back = snap(network, places(), min_component_m=LEAST_M), list[np.ndarray]()
    for module in (attachable, over_water):
        monkeypatch.setattr(module, "MANY", 1)
        monkeypatch.setattr(module, "release_pages", lambda arrays: given_back.extend(map(release_each, arrays)))
    pd.testing.assert_frame_equal(snap(network, places(), min_component_m=LEAST_M), expected)
    assert any(array is network.shape_forward_s for array in given_back)
    assert {array.dtype for array in given_back} == {np.dtype(kind) for kind in ("i4", "i8", "f8", "f4")}


def release_each(array):
    release_pages([array])
    return array


def test_what_is_prepared_is_mapped_and_nothing_is_made_again(tmp_path, monkeypatch):
    made, read = grid(), grid()
    for network in (made, read):
        prepare(network, tmp_path / "snapping", min_component_m=LEAST_M)
    monkeypatch.setattr("geoaccess.network.attachable.SegmentTree", lambda *_: pytest.fail("made again"))
    for network in (made, read):
        for array in (*network.shape_xy, network.strong_component):
            assert isinstance(array.base, np.memmap)
            assert not array.flags.writeable
        snap(network, places(), min_component_m=LEAST_M)


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux says which pages are in memory")
def test_pages_that_nobody_looks_at_are_given_back(tmp_path):
    network = grid()
    prepare(network, tmp_path / "snapping", min_component_m=LEAST_M)
    expected = snap(network, places(), min_component_m=LEAST_M)

    def held_kb():
        maps = Path("/proc/self/smaps").read_text().split("VmFlags")
        return sum(int(one.split("Rss:")[1].split()[0]) for one in maps if str(tmp_path / "snapping") in one)

    assert held_kb() > 0
    release(network)
    assert held_kb() == 0
    pd.testing.assert_frame_equal(snap(network, places(), min_component_m=LEAST_M), expected)


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux says which pages are in memory")
def test_networks_that_were_compared_are_given_back(tmp_path):
    """All but what says which way edges are open, which is looked at by itself."""
    folders = [save_network(grid(), tmp_path / name) for name in ("one", "other")]
    one, other = (load_network(folder, mmap=True) for folder in folders)
    assert float(one.shape_lon.sum() + other.shape_lon.sum()) > 0  # in memory

    def held():
        maps = Path("/proc/self/smaps").read_text().split("VmFlags")
        return {
            name
            for part in maps
            for name in ("shape_lon.npy", "shape_way.npy", "edge_u.npy")
            if f"{tmp_path}" in part and name in part and int(part.split("Rss:")[1].split()[0])
        }

    assert held() == {"shape_lon.npy"}
    assert differ_in_times_alone(one, other)
    assert not held()
    assert one.shape_lon.tolist() == other.shape_lon.tolist() == grid().shape_lon.tolist()


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["shape_x.npy", "large-box.npy", "owner.npy", "prepared.json"])
@pytest.mark.parametrize("damage", [flip, lambda path: path.write_bytes(b""), lambda path: path.unlink()])
def test_what_is_damaged_is_made_again(tmp_path, name, damage):
    folder = tmp_path / "snapping"
    prepare(grid(), folder, min_component_m=LEAST_M)
    damage(folder / name)
    with pytest.raises(InputError, match="made again"):
        load_prepared(grid(), folder, min_component_m=LEAST_M)
    network = grid()
    prepare(network, folder, min_component_m=LEAST_M)
    expected = snap(grid(), places(), min_component_m=LEAST_M)
    pd.testing.assert_frame_equal(snap(network, places(), min_component_m=LEAST_M), expected)
    load_prepared(grid(), folder, min_component_m=LEAST_M)


def test_networks_that_differ_in_more_than_times_are_told_apart():
    network = grid()
    slower = changed(network, edge_forward_ds=network.edge_forward_ds + 7, shape_forward_s=2 * network.shape_forward_s)
    assert differ_in_times_alone(network, grid())
    assert differ_in_times_alone(network, slower)
    forward, snaps, lon = network.edge_forward_ds.copy(), network.edge_snaps.copy(), network.shape_lon.copy()
    forward[3], snaps[3], lon[3] = -1, False, lon[3] + 1e-9
    line = np.array([10.0, 10.1, 10.0, 10.0])
    holm = Shores(lon=line, lat=line + 50, ptr=np.array([0, 4]), area=np.array([COAST], np.int32))
    for parts in (
        {"edge_forward_ds": forward},
        {"edge_snaps": snaps},
        {"shape_lon": lon},
        {"class_names": ("track",)},
        {"shores": holm},
    ):
        assert not differ_in_times_alone(network, changed(network, **parts)), parts
        assert not differ_in_times_alone(changed(network, **parts), network), parts
    assert not differ_in_times_alone(grid(), grid(13))


def test_a_network_that_differs_in_times_alone_is_given_what_is_there(tmp_path, monkeypatch):
    network = grid()
    quick = changed(
        network, edge_forward_ds=network.edge_forward_ds // 2, edge_backward_ds=network.edge_backward_ds // 3
    )
    expected = snap(quick, places(), min_component_m=LEAST_M)
    prepare(network, tmp_path / "snapping", min_component_m=LEAST_M)
    again = changed(quick)
    with monkeypatch.context() as patch:
        patch.setattr("geoaccess.network.attachable.SegmentTree", lambda *_: pytest.fail("made again"))
        prepare(again, tmp_path / "quick", min_component_m=LEAST_M, like=(network, tmp_path / "snapping"))
        pd.testing.assert_frame_equal(snap(again, places(), min_component_m=LEAST_M), expected)
    shutil.rmtree(tmp_path / "snapping")  # what is linked stays
    load_prepared(changed(quick), tmp_path / "quick", min_component_m=LEAST_M)


@pytest.mark.parametrize("without_links", [True, False])
def test_what_is_like_but_damaged_is_made_again(tmp_path, monkeypatch, without_links):
    prepare(grid(), tmp_path / "snapping", min_component_m=LEAST_M)
    if without_links:
        monkeypatch.setattr("geoaccess.files.disk.link", fails)
    flip(tmp_path / "snapping" / "large-box.npy")
    prepare(grid(), tmp_path / "other", min_component_m=LEAST_M, like=(grid(), tmp_path / "snapping"))
    load_prepared(grid(), tmp_path / "other", min_component_m=LEAST_M)
    with pytest.raises(InputError, match="made again"):
        load_prepared(grid(), tmp_path / "snapping", min_component_m=LEAST_M)


def test_what_walks_have_made_of_shores_serves_a_network_that_differs_in_times_alone(tmp_path):
    line = np.array([10.0, 10.1, 10.1, 10.0])
    holm = {"lon": line, "lat": line + 50, "ptr": np.array([0, 4]), "area": np.array([COAST], np.int32)}
    network, other = (
        changed(grid(), shores=Shores(**{name: part.copy() for name, part in holm.items()})) for _ in range(2)
    )
    prepare(network, tmp_path / "snapping", min_component_m=LEAST_M)
    prepare(other, tmp_path / "other", min_component_m=LEAST_M, like=(network, tmp_path / "snapping"))
    assert other.shores is not network.shores
    assert other.shores.index(other.projection) is network.shores.index(network.projection)
    pd.testing.assert_frame_equal(
        snap(other, places(), min_component_m=LEAST_M), snap(network, places(), min_component_m=LEAST_M)
    )


def fails(*_):
    raise OSError(errno.EPERM, "no links here")


def test_cells_are_attached_once_for_two_profiles(tmp_path, monkeypatch):
    study = load_study(write_study(tmp_path))
    roads, cells = study.with_profile("ssb"), stages.read_people(study)
    network, _ = stages.build_or_load_network(study, also=[roads])
    found = stages.snap_cells(study, network, cells)
    other, _ = stages.build_or_load_network(roads)
    assert same_places(other) is same_places(network)
    assert not np.array_equal(other.edge_forward_ds, network.edge_forward_ds)
    with monkeypatch.context() as patch:
        patch.setattr("geoaccess.study.stages.snapping.attach", lambda *_, **__: pytest.fail("attached again"))
        again = stages.snap_cells(roads, other, cells)
    pd.testing.assert_frame_equal(again, stages.snap_as_set(roads, other, cells))
    pd.testing.assert_frame_equal(found, stages.snap_as_set(study, network, cells))


def test_another_network_or_length_is_not_taken(tmp_path):
    prepare(grid(), tmp_path / "snapping", min_component_m=LEAST_M)
    with pytest.raises(InputError, match="of another network"):
        load_prepared(grid(13), tmp_path / "snapping", min_component_m=LEAST_M)
    with pytest.raises(InputError, match="of another network"):
        load_prepared(grid(), tmp_path / "snapping", min_component_m=LEAST_M + 1)


def test_a_tree_of_kept_parts_finds_the_same():
    rng = np.random.default_rng(0)
    ends = rng.uniform(0, 100, (4, 500))
    tree = SegmentTree(np.arange(500, dtype=np.int32), *ends)
    again = SegmentTree.of(tree.owner, tree.leaf, tree.box, tree.level, *ends)
    x, y = rng.uniform(-20, 120, (2, 200))
    for one, other in zip(tree.nearest(x, y), again.nearest(x, y), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture
def study(tmp_path):
    return load_study(write_study(tmp_path / "study"))


def snapped(study):
    network, _ = stages.build_or_load_network(study)
    return stages.snap_cells(study, network, stages.read_people(study))


def test_snapped_cells_are_kept_beside_the_network(study, monkeypatch):
    network, _ = stages.build_or_load_network(study)
    cells = stages.read_people(study)
    expected = stages.snap_as_set(study, network, cells)
    pd.testing.assert_frame_equal(snapped(study), expected)
    monkeypatch.setattr("geoaccess.study.stages.snapping.snap_attached", lambda *_, **__: pytest.fail("snapped again"))
    pd.testing.assert_frame_equal(snapped(study), expected)
    assert len([*cache_folder(network).glob("snapped-*")]) == 1


def test_damaged_snapped_cells_are_snapped_again(study):
    expected = snapped(study)
    (path,) = study.cache.glob("network-*/snapped-*/cells.parquet")
    flip(path)
    pd.testing.assert_frame_equal(snapped(study), expected)


def test_other_cells_and_other_networks_are_snapped_anew(study):
    network, _ = stages.build_or_load_network(study)
    cells = stages.read_people(study)
    stages.snap_cells(study, network, cells)
    fewer = cells.iloc[1:]
    pd.testing.assert_frame_equal(stages.snap_cells(study, network, fewer), stages.snap_as_set(study, network, fewer))
    other = Network(*(getattr(network, name) for name in network.__dataclass_fields__))
    assert cache_folder(other) is None
    before = {*study.cache.glob("network-*/snapped-*")}
    assert len(before) == 2
    stages.snap_cells(study, other, cells)
    assert {*study.cache.glob("network-*/snapped-*")} == before


def test_a_network_built_again_is_prepared_again(study):
    expected = snapped(study)
    (folder,) = study.cache.glob("network-*")
    shutil.rmtree(folder)
    pd.testing.assert_frame_equal(snapped(study), expected)
    assert (folder / "snapping" / "prepared.json").is_file()


def test_few_tables_of_snapped_cells_are_kept(study):
    network, _ = stages.build_or_load_network(study)
    cells = stages.read_people(study)
    for first in range(10):
        stages.snap_cells(study, network, cells.iloc[first % 2 : len(cells) - first // 2])
    assert len([*study.cache.glob("network-*/snapped-*")]) == 8
