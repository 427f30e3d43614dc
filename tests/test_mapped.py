"""Values that several processes map from one file: the same, without copies, and nobody disturbs another."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geoseries_equal

from geoaccess.errors import OutputError
from geoaccess.mapped import Mapped, write_mapped
from geoaccess.network.intact import checked_files
from geoaccess.network.prepared import release
from geoaccess.study import load_study, stages
from tests.test_study_tiny import write_study

MB = 2**20


def elsewhere(sent):
    """What another process has: there is no value here, only the file."""
    return pickle.loads(pickle.dumps(sent))


def test_a_value_is_the_same_and_cannot_be_changed_where_it_could_not(tmp_path):
    fixed = np.arange(5)
    fixed.flags.writeable = False
    np.save(tmp_path / "some.npy", np.arange(7, dtype=np.uint16))
    value = {
        "fixed": fixed,
        "free": np.ones((2, 3), np.float32),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "of a file": np.load(tmp_path / "some.npy", mmap_mode="r"),
        "none": np.empty(0),
        "table": pd.DataFrame({"a": [1.5, np.nan], "b": ["x", None]}, index=["p", "q"]),
        "words": ("one", 2, None),
    }
    found = elsewhere(write_mapped(value, tmp_path / "value")).value
    for name in ("fixed", "free", "columns", "of a file", "none"):
        assert type(found[name]) is np.ndarray
        assert found[name].dtype == value[name].dtype
        np.testing.assert_array_equal(found[name], value[name])
        assert found[name].ctypes.data % found[name].itemsize == 0
        assert found[name].flags.f_contiguous == value[name].flags.f_contiguous
        if found[name].size:
            assert found[name].flags.writeable == value[name].flags.writeable
    pd.testing.assert_frame_equal(found["table"], value["table"])
    assert found["words"] == value["words"]


def test_who_writes_to_an_array_has_it_for_itself(tmp_path):
    sent = elsewhere(write_mapped(np.zeros(10_000), tmp_path / "zeros"))
    before = (tmp_path / "zeros.arrays").read_bytes()
    sent.value[:] = 1
    assert sent.value.sum() == 10_000  # what it wrote is there
    assert (tmp_path / "zeros.arrays").read_bytes() == before


def test_here_a_value_is_itself(tmp_path):
    value = np.zeros(3)
    assert Mapped(value).value is value
    assert write_mapped(value, tmp_path / "zeros").value is value
    assert elsewhere(Mapped(value)).value.tolist() == [0, 0, 0]


MEMORY = """
import pickle, sys
from pathlib import Path
sent = pickle.loads(sys.stdin.buffer.read())
assert sent.value["times"].sum() == sent.value["times"].size  # every page is looked at
sizes, ours = {}, False
for line in Path("/proc/self/smaps").read_text().splitlines():
    if "-" in line.split()[0] and not line.split()[0].endswith(":"):
        ours = line.endswith(".arrays")
    elif ours:
        name, size = line.split()[:2]
        sizes[name] = sizes.get(name, 0) + int(size) if size.isdigit() else 0
print(sizes["Rss:"], sizes["Anonymous:"])
"""


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="the kernel does not say what memory is whose")
def test_no_process_holds_a_copy_of_its_own(tmp_path):
    sent = write_mapped({"times": np.ones(4 * MB)}, tmp_path / "times")
    printed = subprocess.run(
        [sys.executable, "-c", MEMORY], input=pickle.dumps(sent), capture_output=True, check=True
    ).stdout
    rss, anonymous = (int(size) for size in printed.split())
    assert rss >= 32 * 1024  # kB: all of it was read
    assert anonymous == 0  # what a process has for itself belongs to no file


def test_a_network_of_the_cache_is_found_there(tmp_path):
    study = load_study(write_study(tmp_path))
    network, _ = stages.build_or_load_network(study)
    hierarchy = stages.contract_or_load(study, network)
    sent = write_mapped([network, hierarchy], tmp_path / "both", by_name=stages.by_name)
    assert b"node_lon" not in (tmp_path / "both").read_bytes()
    ours, contracted = elsewhere(sent).value
    assert contracted.network is ours
    assert stages.network_folder(study) in (tmp_path / "cache").iterdir()
    assert isinstance(ours.node_lon.base, np.memmap)
    assert stages.by_name(ours) == (stages.by_name(network)[0], stages.by_name(network)[1])
    for name in ("place", "start", "head", "outward", "inward"):
        np.testing.assert_array_equal(getattr(contracted, name), getattr(hierarchy, name))
    assert stages.by_name("anything else") is None


def test_a_network_to_draw_is_mapped_without_what_snapping_needs_and_not_checked_twice(tmp_path, monkeypatch):
    study = load_study(write_study(tmp_path))
    network, _ = stages.build_or_load_network(study)
    folder, checked = stages.network_folder(study), checked_files()
    monkeypatch.setattr("geoaccess.network.intact._checked", set())
    with monkeypatch.context() as patched:
        patched.setattr("geoaccess.network.intact.checksum", lambda path: pytest.fail(f"{path} is checked again"))
        drawn = stages.load_to_draw(study, folder, checked)
    np.testing.assert_array_equal(drawn.shape_lon, network.shape_lon)
    assert isinstance(drawn.shape_lon.base, np.memmap)
    assert stages.by_name(drawn)[1][:2] == (study, folder.absolute())
    made = {"_snap_trees", "shape_xy", "strong_component"}
    assert made <= {*network.__dict__}
    release(drawn)
    assert not made & {*drawn.__dict__}


def test_a_full_disk_is_said_so(tmp_path):
    with pytest.raises(OutputError):
        write_mapped(1, tmp_path / "no" / "such" / "folder")


def test_shapes_of_several_tables_are_written_once(tmp_path):
    shapes = gpd.GeoSeries.from_xy(np.arange(1000.0), np.zeros(1000), crs="EPSG:3035")
    value = [gpd.GeoDataFrame({"number": range(1000)}, geometry=shapes), shapes.copy(), shapes.iloc[:10]]
    found = elsewhere(write_mapped(value, tmp_path / "shapes")).value
    for one, other in zip(found, value, strict=True):
        assert_geoseries_equal(one.geometry, other.geometry)
    assert found[0].geometry.crs == shapes.crs
    coordinates = 1000 * 2 * 8
    assert coordinates <= (tmp_path / "shapes.arrays").stat().st_size < 2 * coordinates + 1000 * 8 * 2
