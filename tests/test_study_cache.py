"""The cache of built networks: used when nothing changed, never trusted when damaged."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geoaccess.errors import GeoaccessWarning, InputError
from geoaccess.hierarchy import load_order
from geoaccess.network import Network, load_network, save_network
from geoaccess.study import load_study, run_study, solve_study
from geoaccess.study.results import ground
from geoaccess.study.stages import build_or_load_network, contract_or_load, found_tables, loading_ahead
from geoaccess.study.stages.networks import build_network, cache_folder
from tests.test_study_tiny import FLAT, STUDY, WAYS, write_roads, write_study


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study with its cache, and the network in it."""
    path = write_study(tmp_path_factory.mktemp("cache") / "study")
    network, from_cache = build_or_load_network(load_study(path))
    assert not from_cache
    return path, network


@pytest.fixture
def study(made, tmp_path):
    """A copy of the study and its cache, to be damaged."""
    shutil.copytree(made[0].parent, tmp_path / "study")
    return load_study(tmp_path / "study" / "study.toml")


def cached(study, kind="network"):
    (folder,) = study.cache.glob(f"{kind}-*")
    return folder


def assert_same(one, other):
    for item in fields(Network):
        a, b = getattr(one, item.name), getattr(other, item.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, strict=True)
        elif isinstance(a, pd.DataFrame):
            pd.testing.assert_frame_equal(a, b)
        else:
            assert a == b, item.name


CACHED = sorted(
    [
        f"{f.name}.npy"
        for f in fields(Network)
        if f.name not in ("class_names", "ferries", "counts", "expansion", "unread", "shores")
    ]
)
CACHED += ["ferries.parquet", "network.json"]


def test_the_cache_holds_what_it_should(made):
    assert {*CACHED} <= {path.name for path in cached(load_study(made[0])).iterdir()}


def test_a_network_is_built_once(study, made):
    network, from_cache = build_or_load_network(study)
    assert from_cache
    assert_same(network, made[1])


@pytest.mark.parametrize("order", [True, False])
def test_a_network_loaded_ahead_is_that_of_the_cache(study, made, order):
    with loading_ahead(study, order=order) as ahead:
        ahead.hierarchy.result()
        assert ahead.network.done()
    assert ("_whole" in ahead.network.result().__dict__) == order
    network, from_cache = build_or_load_network(study, ahead=ahead)
    assert from_cache
    assert network is ahead.network.result()
    assert cache_folder(network) == cached(study)
    assert_same(network, made[1])


def test_what_cannot_be_loaded_ahead_is_built_where_it_is_said(study, made):
    flip(0.5)(cached(study) / "edge_u.npy")
    with loading_ahead(study) as ahead:
        pass
    assert ahead.network.result() is None
    said = []
    network, from_cache = build_or_load_network(study, ahead=ahead, say=said.append)
    assert not from_cache
    assert any("edge_u.npy" in line for line in said)
    assert_same(network, made[1])
    shutil.rmtree(cached(study))
    with loading_ahead(study) as ahead:
        pass
    assert ahead.network.result() is None
    assert not build_or_load_network(study, ahead=ahead)[1]


def test_a_network_that_was_built_is_mapped_from_where_it_is_kept(study, made):
    shutil.rmtree(cached(study))
    network, from_cache = build_or_load_network(study)
    assert not from_cache
    assert_same(network, build_network(study))
    for name in ("edge_u", "shape_lon", "shape_forward_s"):
        assert isinstance(getattr(network, name).base, np.memmap)


def test_results_from_the_cache_are_those_without(study, made, tmp_path):
    with_cache = solve_study(study, show=False)
    without = solve_study(load_study(write_study(tmp_path / "other")), show=False)
    assert (with_cache.from_cache, without.from_cache) == (True, False)
    pd.testing.assert_frame_equal(pd.DataFrame(with_cache.results), pd.DataFrame(without.results))
    pd.testing.assert_frame_equal(with_cache.islands, without.islands)


def test_a_network_is_contracted_once(study, made, monkeypatch):
    first = contract_or_load(study, made[1])
    monkeypatch.setattr("geoaccess.hierarchy.order.make_order", lambda _: pytest.fail("put in order again"))
    again = contract_or_load(study, load_network(cached(study)))
    for name in ("place", "start", "head", "outward", "inward"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name), strict=True)


def test_times_of_a_damaged_hierarchy_are_those_of_a_whole_one(study, made):
    before = solve_study(study, show=False).results
    for path in cached(study, "order").glob("*.npy"):
        flip(0.9)(path)
    after = solve_study(study, show=False).results
    pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(after))
    load_order(cached(study, "order"), made[1])  # made whole again


def flip(at):
    def damage(path):
        content = bytearray(path.read_bytes())
        content[int(at * (len(content) - 1))] ^= 0xFF
        path.write_bytes(content)

    return damage


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"\x00")


def empty(path):
    path.write_bytes(b"")


def make_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "first byte": flip(0),
    "middle byte": flip(0.5),
    "last byte": flip(1),
    "cut": cut,
    "longer": lengthen,
    "empty": empty,
    "gone": Path.unlink,
    "a folder": make_folder,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", CACHED)
def test_a_damaged_cache_is_built_again(study, made, name, damage):
    DAMAGES[damage](cached(study) / name)
    network, from_cache = build_or_load_network(study)
    assert_same(network, made[1])
    if (name, damage) != ("network.json", "longer"):
        assert not from_cache
    again, from_cache = build_or_load_network(study)
    assert from_cache
    assert_same(again, made[1])


@pytest.mark.parametrize("first", range(4))
def test_no_byte_of_the_description_is_trusted(made, tmp_path, first):
    """It holds the names of road classes and the counts of what was read, and no other file has its digest."""
    folder = tmp_path / "network"
    save_network(made[1], folder)
    description = folder / "network.json"
    whole = description.read_bytes()
    for at in range(first, len(whole), 4 * 7):
        description.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            found = load_network(folder)
        except InputError:
            continue
        assert_same(found, made[1])


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"format": 1}', '{"format": 8, "xxh64": []}', "\xe6"])
def test_a_description_of_something_else_is_built_again(study, made, content):
    (cached(study) / "network.json").write_bytes(content.encode("latin-1"))
    network, from_cache = build_or_load_network(study)
    assert not from_cache
    assert_same(network, made[1])


def test_a_network_of_an_older_program_is_built_again(study, made):
    path = cached(study) / "network.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 0}))
    network, from_cache = build_or_load_network(study)
    assert not from_cache
    assert_same(network, made[1])


def test_a_file_in_the_place_of_the_cached_folder_is_no_network(study, made):
    folder = cached(study)
    shutil.rmtree(folder)
    folder.write_text("mine")
    network, from_cache = build_or_load_network(study)
    assert not from_cache
    assert_same(network, made[1])


def test_a_damaged_cache_gives_the_same_results(study):
    expected = solve_study(study, show=False)
    flip(0.5)(cached(study) / "edge_forward_ds.npy")
    found = solve_study(study, show=False)
    assert (expected.from_cache, found.from_cache) == (True, False)
    pd.testing.assert_frame_equal(pd.DataFrame(found.results), pd.DataFrame(expected.results))


def test_another_profile_is_another_network(study):
    flat = FLAT.read_text(encoding="utf-8")
    (study.path.parent / "slow.toml").write_text(flat.replace("share = 1", "share = 0.5"), encoding="utf-8")
    study.path.write_text(STUDY.replace('"flat.toml"', '"slow.toml"'))
    slow, from_cache = build_or_load_network(load_study(study.path))
    assert not from_cache
    assert len(list(study.cache.glob("network-*"))) == 2
    study.path.write_text(STUDY)
    quick, from_cache = build_or_load_network(load_study(study.path))
    assert from_cache
    road = quick.edge_kind == 0
    open_roads = road & (quick.edge_forward_ds > 0)
    assert slow.edge_forward_ds[open_roads] == pytest.approx(2 * quick.edge_forward_ds[open_roads], abs=1)


def test_a_profile_that_was_edited_is_another_network(study):
    """The same name, other rules; with the rules of the shipped one it is that one's network."""
    flat = FLAT.read_text(encoding="utf-8")
    mine = study.path.parent / "mine.toml"
    study.path.write_text(STUDY.replace('"flat.toml"', '"mine.toml"'))
    for share, expected in (("1", True), ("0.5", False), ("1", True)):
        mine.write_text(flat.replace("share = 1", f"share = {share}"), encoding="utf-8")
        assert build_or_load_network(load_study(study.path))[1] is expected


def test_another_extract_is_another_network(study, made):
    write_roads(study.path.parent / "roads.osm.pbf", [(WAYS[0][0], WAYS[0][1] | {"maxspeed": "30"}), *WAYS[1:]])
    network, from_cache = build_or_load_network(study)
    assert not from_cache
    assert network.edge_forward_ds.max() >= made[1].edge_forward_ds.max()
    assert (network.edge_forward_ds.astype(int).sum()) > made[1].edge_forward_ds.astype(int).sum()


def test_what_does_not_make_a_network_does_not_change_it(study):
    study.path.write_text(STUDY.replace("A small country", "Another").replace("max_m = 2500", "max_m = 9"))
    (study.path.parent / "people.csv").touch()
    extract = study.path.parent / "roads.osm.pbf"
    extract.write_bytes(extract.read_bytes())
    extract.rename(extract.with_name("renamed.osm.pbf"))
    study.path.write_text(study.path.read_text().replace("roads.osm.pbf", "renamed.osm.pbf"))
    assert build_or_load_network(load_study(study.path))[1]


def test_a_cache_that_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    study = load_study(write_study(tmp_path / "a"))
    monkeypatch.setattr(np, "save", full)
    with pytest.warns(GeoaccessWarning, match="No space left"):
        built, _ = build_or_load_network(study)
    assert built.n_nodes
    # What is written without arrays is whole, and stays; of the network there is nothing, not even a folder for work.
    left = [item.name for item in study.cache.glob("*")]
    assert not [name for name in left if name.startswith((".", "network", "order"))], left
    monkeypatch.undo()
    assert not build_or_load_network(study)[1]


def test_what_lies_under_the_cells_of_pictures_is_kept(study, monkeypatch):
    """The second run draws the same of what is kept, the third makes anew what is damaged."""

    def written():
        run_study(study, show=False)
        return {path.name: path.read_bytes() for path in study.output.iterdir() if path.name != "run.json"}

    first = written()
    folder = cached(study, "ground")
    layers = {f"{name}.parquet" for name in ("municipalities", "ferries", "roads", "packed")}
    assert {path.name for path in folder.iterdir()} == layers | {"tables.json"}
    with monkeypatch.context() as patch:
        patch.setattr(ground, "main_roads", pytest.fail)
        assert written() == first
    (folder / "roads.parquet").write_bytes(b"")
    assert written() == first
    assert found_tables(folder) is not None


@pytest.mark.parametrize("change", ["cells", "municipalities"])
def test_pictures_of_other_cells_or_areas_take_nothing_of_those_before(study, change):
    run_study(study, show=False)
    before = cached(study, "ground")
    place = study.path.parent
    if change == "cells":
        table = (place / "people.csv").read_text().splitlines()
        (place / "people.csv").write_text("\n".join(table[:-1]) + "\n")
    else:
        towns = gpd.read_file(place / "municipalities.geojson")
        towns.geometry = towns.geometry.scale(1.0, 1.01)
        towns.to_file(place / "municipalities.geojson")
    run_study(load_study(study.path), show=False)
    assert len([*study.cache.glob("ground-*")]) == 2
    assert before.exists()
