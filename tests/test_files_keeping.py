"""What a cache keeps: of each kind the last that were used, within a size, and all that a process uses now."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pandas as pd
import pytest

from geoaccess import files
from geoaccess.study import load_study, stages
from tests.test_study_tiny import write_study

keeping = sys.modules["geoaccess.study.stages.kept_tables"]


@pytest.fixture
def folders(tmp_path):
    """Five folders of 1000 bytes, network-0 used longest ago."""
    for i in range(5):
        folder = tmp_path / f"network-{i}"
        folder.mkdir()
        (folder / "some.npy").write_bytes(b"x" * 1000)
        os.utime(folder, (1000 + i, 1000 + i))
    (tmp_path / "order-0").mkdir()
    return tmp_path


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_used_longest_ago_goes_first(folders):
    os.utime(folders / "network-1", (2000, 2000))  # used again
    files.drop_oldest(folders, "network-*", most=3)
    assert left(folders) == ["network-1", "network-3", "network-4", "order-0"]


@pytest.mark.parametrize(("most_bytes", "stay"), [(1e9, 5), (4999, 4), (2500, 2), (10, 1)])
def test_so_much_is_kept_and_the_last_in_any_case(folders, most_bytes, stay):
    files.drop_oldest(folders, "network-*", most=9, most_bytes=most_bytes)
    assert left(folders) == [*(f"network-{i}" for i in range(5 - stay, 5)), "order-0"]


def test_what_a_killed_process_left_half_made_goes_when_the_folder_is_used_again(folders):
    (folders / "network-1/.geoaccess-12345678").mkdir()
    (folders / "network-1/.geoaccess-12345678/half.npy").write_bytes(b"x")
    (folders / "network-1/.geoaccess-12345678.lock").touch()
    (folders / ".geoaccess-12345678.npy").write_bytes(b"x")
    files.mark_used(folders / "network-1")()
    assert left(folders / "network-1") == ["some.npy"]
    assert left(folders) == [*(f"network-{i}" for i in range(5)), "order-0"]


HOLD = """
import sys, time
from pathlib import Path
from geoaccess import files
files.mark_used(Path(sys.argv[1]))
print("marked", flush=True)
time.sleep(600)
"""


def test_what_another_process_uses_stays_until_it_is_gone(folders):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folders / "network-0")], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "marked\n"
        for i in range(5):
            os.utime(folders / f"network-{i}", (1000 + i, 1000 + i))
        files.drop_oldest(folders, "network-*", most=2)
        assert left(folders) == ["network-0", "network-3", "network-4", "order-0"]
        other.kill()
    files.drop_oldest(folders, "network-*", most=2)  # the mark that a killed process left holds nothing
    assert left(folders) == ["network-3", "network-4", "order-0"]


def test_a_mark_goes_with_its_holder(folders):
    done = files.mark_used(folders / "network-4")
    again = files.mark_used(folders / "network-4")
    assert len(left(folders / "network-4")) == 3
    done()
    again()
    assert left(folders / "network-4") == ["some.npy"]
    assert files.mark_used(folders / "nowhere")() is None


def test_a_network_in_use_is_not_dropped(tmp_path, monkeypatch):
    study = load_study(write_study(tmp_path))
    monkeypatch.setattr(keeping, "_MOST_OF_OTHERS", 1)
    network, from_cache = stages.build_or_load_network(study)
    other = study.cache / "network-x"
    for i in (1, 2):
        other.mkdir(exist_ok=True)
        os.utime(other, (time.time() + i, time.time() + i))
        stages.drop_older(other)
        assert stages.network_folder(study).exists()
    del network
    os.utime(other, (time.time() + 9, time.time() + 9))
    stages.drop_older(other)
    assert not from_cache
    assert [path.name for path in study.cache.glob("network-*")] == ["network-x"]


def test_tables_of_a_kind_make_way_for_newer_ones(tmp_path, monkeypatch):
    monkeypatch.setitem(keeping.MOST, "zones", 2)
    table = pd.DataFrame({"a": [1]})
    for i in range(4):
        stages.kept_tables(tmp_path / f"zones-{i}", lambda: {"t": table})
        time.sleep(0.01)
    stages.kept_tables(tmp_path / "zones-2", lambda: pytest.fail("it is there"))  # used again, so that 3 is older
    stages.kept_tables(tmp_path / "zones-4", lambda: {"t": table})
    assert left(tmp_path) == ["zones-2", "zones-4"]
