"""What extracts hold beside roads is read once, and again where a file of the cache is damaged or an input changed."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import time
from importlib import import_module

import geopandas as gpd
import osmium
import pandas as pd
import pbf_writer
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geoaccess import files
from geoaccess.background import background
from geoaccess.errors import NoBoundaryError
from geoaccess.mapped import Mapped
from geoaccess.osm import (
    count_unused_tags,
    find_profile,
    read_boundaries,
    read_features,
    read_polygons,
    read_profile,
    read_road_names,
)
from geoaccess.study import load_study, solve_study
from geoaccess.study.results import ground
from geoaccess.study.settings.inputs import SnapSettings, ZonesFromOsm
from geoaccess.study.settings.study_file import Study
from geoaccess.study.stages import (
    build_or_load_network,
    extracts,
    features_of,
    join_zones,
    read_mapped,
    read_people,
    road_names_of,
    snap_as_set,
    snap_cells,
    snap_sites,
    unused_tags_of,
    zoning,
)
from geoaccess.study.stages.extracts import boundaries_of, glaciers_of
from geoaccess.study.stages.kept_tables import kept_tables
from geoaccess.study.stages.networks import network_folder
from tests.test_study_tiny import ZONES, degrees, write_study

HOSPITAL, TOWN = ("amenity", "hospital"), ("place", "town")
SQUARE = [(10.0, 60.0), (10.2, 60.0), (10.2, 60.2), (10.0, 60.2)]


@pytest.fixture
def study(tmp_path):
    """A study whose extract has a hospital, a town that is a hospital town, a named road and a municipality."""
    path = write_study(tmp_path / "study")
    study = load_study(path)
    (extract,) = [study.resolve(name) for name in study.settings.network.osm]
    other = extract.with_name("other.osm.pbf")
    node = osmium.osm.mutable.Node
    with osmium.SimpleWriter(str(other), overwrite=True) as writer:
        for i, at in enumerate(SQUARE, start=1):
            writer.add_node(node(id=i, location=at))
        writer.add_node(node(id=5, location=(10.1, 60.1), tags={"amenity": "hospital", "name": 'St. "A"'}))
        writer.add_node(node(id=6, location=(10.15, 60.1), tags={"place": "town", "name": "Ås"}))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2, 3, 4, 1]))
        writer.add_way(
            osmium.osm.mutable.Way(id=2, nodes=[1, 3], tags={"highway": "primary", "name": "Veien", "lit": "yes"})
        )
        border = {"type": "boundary", "boundary": "administrative", "admin_level": "7", "name": "Ås"}
        writer.add_relation(osmium.osm.mutable.Relation(id=9, members=[("w", 1, "outer")], tags=border))
    shutil.move(other, extract)
    return study


def extract_of(study):
    return [study.resolve(name) for name in study.settings.network.osm]


def kept(study, kind):
    (folder,) = study.cache.glob(f"{kind}-*")
    return folder


READ = {
    "features": (lambda study: features_of(study, [HOSPITAL]), lambda paths: read_features(paths, [HOSPITAL])),
    "boundaries": (lambda study: boundaries_of(study, [7])[7], lambda paths: read_boundaries(paths, [7])[7]),
    "names": (road_names_of, read_road_names),
    "keys": (unused_tags_of, lambda paths: count_unused_tags(paths, read_profile(find_profile("car")))),
}


@pytest.mark.parametrize("kind", READ)
def test_what_is_kept_is_what_is_read(study, kind, monkeypatch):
    asked, read = READ[kind]
    fresh = read(extract_of(study))
    assert len(fresh) == 1
    for again in (asked(study), asked(study)):
        pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(fresh))
        assert type(again) is type(fresh)
        assert getattr(again, "crs", None) == getattr(fresh, "crs", None)
    monkeypatch.setattr("osmium.FileProcessor", lambda *_: pytest.fail("the extract was read again"))
    pd.testing.assert_frame_equal(pd.DataFrame(asked(study)), pd.DataFrame(fresh))


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("name", ["*.parquet", "tables.json"])
def test_damaged_tables_are_read_again(study, kind, name):
    asked, _ = READ[kind]
    before = asked(study)
    (path,) = kept(study, kind).glob(name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    pd.testing.assert_frame_equal(pd.DataFrame(asked(study)), pd.DataFrame(before))
    path.unlink()
    pd.testing.assert_frame_equal(pd.DataFrame(asked(study)), pd.DataFrame(before))


def test_another_extract_is_read(study):
    assert features_of(study, [HOSPITAL])["name"].tolist() == ['St. "A"']
    (extract,) = extract_of(study)
    with osmium.SimpleWriter(str(extract), overwrite=True) as writer:
        writer.add_node(osmium.osm.mutable.Node(id=5, location=(10.1, 60.1), tags={"amenity": "hospital"}))
    assert features_of(study, [HOSPITAL])["name"].tolist() == [""]


def test_places_are_read_with_what_the_study_asks_for(study, monkeypatch):
    assert read_mapped(study).empty
    features_of(study, [HOSPITAL])
    monkeypatch.setattr("geoaccess.study.stages.extracts.read_wanted", lambda *_: pytest.fail("read again"))
    assert features_of(study, [HOSPITAL, TOWN])["name"].tolist() == ['St. "A"', "Ås"]


def test_the_pass_that_reads_the_roads_finds_all_that_is_asked_later(study, monkeypatch):
    (extract,) = extract_of(study)
    build_or_load_network(study)
    asked = []

    def opened(path, *_):
        asked.append(path)
        return processor(path, *_)

    processor = osmium.FileProcessor
    monkeypatch.setattr("osmium.FileProcessor", opened)
    assert features_of(study, [TOWN])["name"].tolist() == ["Ås"]
    assert glaciers_of(study).empty
    monkeypatch.setattr("geoaccess.study.stages.extracts.count_road_keys", lambda _: pytest.fail("read again"))
    assert unused_tags_of(study).to_numpy().tolist() == [["lit", 1]]
    small = kept(study, "sifted") / "0.osm.pbf"
    assert set(asked) == {small}
    assert road_names_of(study)["name"].tolist() == ["Veien"]
    assert features_of(study, [HOSPITAL])["name"].tolist() == ['St. "A"']
    assert boundaries_of(study, [7])[7]["name"].tolist() == ["Ås"]
    assert extract not in asked
    with pytest.raises(NoBoundaryError, match=re.escape(str(extract))):
        boundaries_of(study, [8])


ASKED = {
    "features": lambda study: features_of(study, [TOWN]),
    "boundaries": lambda study: boundaries_of(study, [7])[7],
    "glaciers": glaciers_of,
}


@pytest.mark.parametrize("first", ASKED)
def test_one_pass_finds_what_is_asked_now_and_later(study, first, monkeypatch):
    mapped = Study(study.path, study.settings.model_copy(update={"zones": ZonesFromOsm(kind="osm", level=7)}))
    build_or_load_network(mapped)
    (small,) = kept(mapped, "sifted").glob("*.pbf")
    paths = extract_of(mapped)
    fresh = {
        "features": read_features(paths, [TOWN]),
        "boundaries": read_boundaries(paths, [7])[7],
        "glaciers": gpd.GeoDataFrame(geometry=read_polygons(paths, "natural", "glacier"), crs="EPSG:4326"),
    }
    shown, read = [], extracts.read_wanted
    monkeypatch.setattr(extracts, "read_wanted", lambda paths, wanted: shown.append(paths) or read(paths, wanted))
    for _ in range(2):  # as they were made, then from where they are kept
        for kind in (first, *ASKED):
            found = ASKED[kind](mapped)
            pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(fresh[kind]))
    assert shown == [[small]]
    assert mapped.cache not in {folder.parent for folder in extracts._at_hand}


def test_where_no_boundary_is_mapped_all_else_is_found(study):
    mapped = Study(study.path, study.settings.model_copy(update={"zones": ZonesFromOsm(kind="osm", level=8)}))
    build_or_load_network(mapped)
    assert features_of(mapped, [TOWN])["name"].tolist() == ["Ås"]
    with pytest.raises(NoBoundaryError, match=re.escape(str(extract_of(mapped)[0]))):
        boundaries_of(mapped, [8])


def in_municipalities(study, level):
    return Study(study.path, study.settings.model_copy(update={"zones": ZonesFromOsm(kind="osm", level=level)}))


@pytest.mark.parametrize("workers", [0, 1])
def test_another_process_reads_what_is_asked_next_while_the_network_is_built(study, workers, monkeypatch):
    study, begun = in_municipalities(study, 7), []
    with background(workers=workers) as pool:
        folder = network_folder(study)
        build_or_load_network(study, sifted=lambda: begun.append((folder.exists(), ground.start_reading(pool, study))))
        ((built, started),) = begun
        assert not built, "it is built meanwhile"
        started.result()
        monkeypatch.setattr(extracts, "read_wanted", lambda *_: pytest.fail("extracts were read again"))
        read_mapped(study)
        assert len(boundaries_of(study, [7])[7])
        assert glaciers_of(study).crs == "EPSG:4326"
        build_or_load_network(study, sifted=lambda: pytest.fail("it was built already"))


@pytest.mark.parametrize("workers", [0, 1])
def test_another_process_finds_what_is_asked_next(study, workers, monkeypatch):
    study = in_municipalities(study, 7)
    people, begun = read_people(study), []
    with background(workers=workers) as pool:
        snapping = network_folder(study) / "snapping"
        network, _ = build_or_load_network(
            study, kept=lambda: begun.append((snapping.exists(), ground.start_areas(pool, study, people)))
        )
        ((ready, started),) = begun
        assert not ready, "it is made meanwhile"
        areas = started.result().value
        monkeypatch.setattr(extracts, "read_wanted", lambda *_: pytest.fail("extracts were read again"))
        monkeypatch.setattr("geoaccess.zones.assign_zones", lambda *_, **__: pytest.fail("joined again"))
        read_mapped(study)
        municipalities = join_zones(study, people)[1]
        monkeypatch.undo()
        assert not municipalities.are_read
        given = {"cells": pool.share(ground.known_cells(people)), "municipalities": municipalities, "network": network}
        below = ground.start_ground(pool, study, **given, areas=started.result()).result().value.below
        assert not municipalities.are_read
        build_or_load_network(study, kept=lambda: pytest.fail("it was kept already"))
    pd.testing.assert_frame_equal(pd.DataFrame(areas.simplified(1e-9)), pd.DataFrame(municipalities.table))
    assert list(below["municipalities"]) == list(municipalities.table), "though none is near enough to be drawn"


@pytest.mark.parametrize("workers", [0, 1])
def test_what_another_process_does_not_find_is_refused_where_it_is_asked_for(study, workers):
    study = in_municipalities(study, 8)
    build_or_load_network(study)
    people = read_people(study)
    with background(workers=workers) as pool:
        assert ground.start_areas(pool, study, people).result() is None
    with pytest.raises(NoBoundaryError, match=re.escape(str(extract_of(study)[0]))):
        join_zones(study, people)


@pytest.mark.parametrize("name", ["0.osm.pbf", "sifted.json"])
def test_a_damaged_small_extract_is_made_again(study, name):
    build_or_load_network(study)
    path = kept(study, "sifted") / name
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert features_of(study, [TOWN])["name"].tolist() == ["Ås"]
    assert path.read_bytes() == content


def test_an_extract_out_of_order_is_read_itself(study):
    (extract,) = extract_of(study)
    nodes = ("dense", [(1, 0, 0, [HOSPITAL, ("name", "A")]), (2, 10**7, 10**7, [])])
    pbf_writer.write(
        extract, [pbf_writer.block([("ways", [(1, [1, 2], [("highway", "primary")])])]), pbf_writer.block([nodes])]
    )
    build_or_load_network(study)
    assert not [*kept(study, "sifted").glob("*.pbf")]
    assert features_of(study, [HOSPITAL])["name"].tolist() == ["A"]


def test_the_type_of_areas_is_asked_of_the_extract_itself(study):
    asked = [("type", "boundary")]
    fresh = read_features(extract_of(study), asked)
    for _ in range(2):
        again = features_of(study, asked)
        assert isinstance(again, gpd.GeoDataFrame)
        pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(fresh))


def settle(path, *, seconds=10):
    """Let a file look as if it was written a while ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_file_of_other_bytes_but_the_same_size_and_date_is_digested_again(tmp_path, monkeypatch):
    monkeypatch.setattr("geoaccess.files.digests._SETTLED_S", 0.0)
    path, memory = tmp_path / "extract", tmp_path / "digests.json"
    path.write_bytes(b"one")
    settle(path)
    first = files.remembered_sha256(path, memory)
    assert memory.is_file()
    path.write_bytes(b"two")
    settle(path)
    assert files.remembered_sha256(path, memory) == files.sha256(path) != first


def test_a_remembered_digest_is_used_and_a_young_file_is_not_remembered(tmp_path, monkeypatch):
    path, memory = tmp_path / "extract", tmp_path / "digests.json"
    path.write_bytes(b"one")
    digest = files.sha256(path)
    assert files.remembered_sha256(path, memory) == digest
    assert not memory.exists()  # it changed just now
    monkeypatch.setattr("geoaccess.files.digests._SETTLED_S", 0.0)
    assert files.remembered_sha256(path, memory) == digest
    monkeypatch.setattr("geoaccess.files.digests.sha256", lambda _: pytest.fail("digested again"))
    assert files.remembered_sha256(path, memory) == digest


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}', "\0"])
def test_a_damaged_file_of_digests_is_written_anew(tmp_path, monkeypatch, content):
    monkeypatch.setattr("geoaccess.files.digests._SETTLED_S", 0.0)
    path, memory = tmp_path / "extract", tmp_path / "digests.json"
    path.write_bytes(b"one")
    memory.write_text(content.replace("x", str(path)))
    for _ in range(2):
        assert files.remembered_sha256(path, memory) == files.sha256(path)


def test_the_municipalities_of_cells_are_joined_once(tmp_path, monkeypatch):
    study = load_study(write_study(tmp_path / "study"))
    cells = read_people(study)
    first, polygons = join_zones(study, cells)
    if polygons is None:
        pytest.fail("the study has no polygons")
    fewer, _ = join_zones(study, cells.iloc[1:])
    pd.testing.assert_frame_equal(fewer, first.iloc[1:])
    monkeypatch.setattr("geoaccess.zones.assign_zones", lambda *_, **__: pytest.fail("joined again"))
    again, _ = join_zones(study, cells)
    pd.testing.assert_frame_equal(again, first)
    monkeypatch.undo()
    path = min(study.cache.glob("zones-*/zones.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    pd.testing.assert_frame_equal(join_zones(study, cells)[0], first)
    pd.testing.assert_frame_equal(join_zones(study, cells.iloc[1:])[0], fewer)


def write_municipality(path, number):
    """Write an extract whose only municipality is the rectangle of one of the study's."""
    west, south, east, north = ZONES[number][1]
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for i, at in enumerate(((west, south), (east, south), (east, north), (west, north)), start=1):
            writer.add_node(osmium.osm.mutable.Node(id=i, location=degrees(*at)))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2, 3, 4, 1]))
        tags = {"type": "boundary", "boundary": "administrative", "admin_level": "7", "name": number}
        writer.add_relation(osmium.osm.mutable.Relation(id=9, members=[("w", 1, "outer")], tags=tags))


@pytest.mark.parametrize("meanwhile", [False, True])
def test_municipalities_of_another_extract_are_joined_anew(tmp_path, monkeypatch, meanwhile):
    study = load_study(write_study(tmp_path))
    mapped = ZonesFromOsm(kind="osm", level=7, max_nearest_m=0)
    study = Study(study.path, study.settings.model_copy(update={"zones": mapped}))
    (extract,) = extract_of(study)
    cells, (one, other) = read_people(study), sorted(ZONES)[:2]

    def names():
        return join_zones(study, cells)[0]["municipality"].tolist()

    write_municipality(extract, one)
    if meanwhile:
        read = extracts.read_wanted

        def replacing(*given):
            write_municipality(extract, other)
            return read(*given)

        monkeypatch.setattr(extracts, "read_wanted", replacing)
    names()
    monkeypatch.undo()
    for number in (one, other, one):
        write_municipality(extract, number)
        joined = names()
        assert set(joined) == {"", number}
        with monkeypatch.context() as nothing_read:
            nothing_read.setattr(zoning, "boundaries_of", lambda *_: pytest.fail("polygons were read"))
            assert names() == joined


@pytest.mark.parametrize("kph", [0.7, 3.0, 12.0])
def test_cells_are_attached_once_whatever_the_speed_off_roads(tmp_path, kph, monkeypatch):
    study = load_study(write_study(tmp_path))
    network, _ = build_or_load_network(study)
    cells = read_people(study)
    snap_cells(study, network, cells)
    settings = study.settings.model_copy(update={"snap": SnapSettings(max_m=2500, off_network_kph=kph)})
    other = Study(study.path, settings)
    fresh = snap_as_set(other, network, cells)
    monkeypatch.setattr("geoaccess.study.stages.snapping.snap_attached", lambda *_, **__: pytest.fail("attached again"))
    found = snap_cells(other, network, cells)
    pd.testing.assert_frame_equal(found, fresh, check_exact=True)
    # By hand: km/h are metres in 0.36 deciseconds.
    there = (found["edge"] >= 0) & (found["off_network_m"] > 0)
    assert there.any()
    expected = found["off_network_m"][there] * 36 / kph
    assert (found["off_network_ds"][there] - expected).abs().max() <= 0.5 + 1e-9


def test_many_candidates_are_attached_once(tmp_path, monkeypatch):
    study = load_study(write_study(tmp_path))
    network, _ = build_or_load_network(study)
    places = read_people(study).geometry.centroid.to_frame("geometry").to_crs("EPSG:4326")
    fresh = snap_sites(study, network, places, service="gp")
    monkeypatch.setattr("geoaccess.study.stages.snapping._MANY", 1)
    snap_sites(study, network, places, service="gp")
    monkeypatch.setattr("geoaccess.study.stages.snapping.snap_attached", lambda *_, **__: pytest.fail("attached again"))
    found = snap_sites(study, network, places, service="gp")
    pd.testing.assert_frame_equal(found, fresh, check_exact=True, check_dtype=False)
    with pytest.raises(pytest.fail.Exception):
        snap_sites(study, network, places.iloc[1:], service="gp")


def test_what_lies_under_a_sheet_is_made_once_and_ahead(tmp_path, monkeypatch):
    answers = solve_study(load_study(write_study(tmp_path)), show=False)
    known = answers.study, answers.results, answers.zones, answers.network
    made = ground._lines(ground._under_sheet(*known, share=Mapped))
    monkeypatch.setattr(ground, "_MANY", 0)
    with ground.drawn_ahead(answers) as ahead:
        pass
    monkeypatch.setattr(ground, "_lines", lambda *_, **__: pytest.fail("made again"))
    found = ground.drawn_below(answers)
    assert len(made["roads"]) > 0
    for name, layer in made.items():
        assert found[name].geometry.to_wkb().tolist() == layer.geometry.to_wkb().tolist(), name
    assert found["roads"]["highway"].tolist() == made["roads"]["highway"].tolist()
    early = ahead.below(answers)
    assert {*early} == {*found}
    assert all(early[name].equals(layer) for name, layer in found.items() if layer is not None)
    fewer = dataclasses.replace(answers, results=answers.results.iloc[1:])
    with pytest.raises(pytest.fail.Exception):
        ground.drawn_below(fewer)
    with ground.drawn_ahead(fewer) as ahead:  # what is wrong is said where it is drawn
        pass
    with pytest.raises(pytest.fail.Exception):
        ahead.below(fewer)


SHAPES = [shapely.box(west, 0, west + 1, 1) for west in range(9)]
SHAPES += [None, shapely.Polygon(), shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]), shapely.Point(1, 2, 3)]
WITH_SHAPES = {
    "named": gpd.GeoDataFrame({"name": [*"abcdefghijklm"], "number": range(13)}, geometry=SHAPES, crs=4326),
    "labelled": gpd.GeoDataFrame(
        {"name": [None] * 5 + [*"abcdefgh"]}, geometry=SHAPES, crs=25833, index=pd.Index([*"nopqrstuvwxyz"], name="id")
    ),
    "first": gpd.GeoDataFrame({"geometry": SHAPES, "x": 1.5}).iloc[3:],
    "otherwise called": gpd.GeoDataFrame({"x": [1, 2], "shape": SHAPES[-2:]}, geometry="shape", crs=3035, index=[5, 9]),
    "empty": gpd.GeoDataFrame({"x": []}, geometry=[], crs=4326),
}


@pytest.mark.parametrize("corners", [1, 7, 1000])
@pytest.mark.parametrize("kind", WITH_SHAPES)
def test_shapes_kept_a_few_at_a_time_are_those_that_geopandas_keeps(kind, corners, tmp_path, monkeypatch):
    monkeypatch.setattr(import_module("geoaccess.study.stages.kept_tables"), "_CORNERS", corners)
    table = WITH_SHAPES[kind]
    kept_tables(tmp_path / "shapes-1", lambda: {"shapes": table})
    found = kept_tables(tmp_path / "shapes-1", lambda: pytest.fail("they are kept"))["shapes"]
    table.to_parquet(tmp_path / "expected.parquet")
    expected = gpd.read_parquet(tmp_path / "expected.parquet")
    assert_geodataframe_equal(found, expected, check_index_type="exact")
    assert found.crs == table.crs
    assert found.geometry.to_wkb().tolist() == table.geometry.to_wkb().tolist()
