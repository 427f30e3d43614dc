"""One reading for several profiles gives each of them what it gets where files are read for it alone."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from osm_writer import write_osm
from pbf_writer import write
from test_osm_files import versioned
from test_osm_pbf import small_town, towns

from geoaccess.errors import InputError
from geoaccess.osm import build, find_profile, read_network, read_networks, read_profile
from geoaccess.osm.extract import read_extract, read_files
from geoaccess.osm.reading import together

SHIPPED = [read_profile(find_profile(name)) for name in ("ssb", "car", "ambulance", "car_winter")]
LIGHTS = 'extends = "car"\ncounted = ["lit", "natural"]\n[nodes.delay_s]\nname = { x = 5 }\n'
PATHS = 'extends = "car"\n[highway]\nvia_ferrata = 10\n'


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    """The shipped ones and one that keeps other keys of ways and nodes."""
    path = tmp_path_factory.mktemp("profiles") / "lights.toml"
    path.write_text(LIGHTS, encoding="utf-8")
    return [*SHIPPED, read_profile(path)]


def content(extract):
    """Return all that an extract holds, however it numbers tag sets."""
    tags = [list(extract.tagsets[i].items()) for i in extract.way_tags]
    hindering = [list(extract.node_tagsets[i].items()) for i in extract.hindering_tags]
    names = ("way_id", "ptr", "ref", "node_id", "lon", "lat", "hindering")
    arrays = [getattr(extract, name) for name in names]
    if extract.shores is not None:
        arrays += [getattr(extract.shores, item.name) for item in fields(extract.shores)]
    flat = [(array.dtype, array.shape, array.tobytes()) for array in arrays]
    return tags, hindering, flat, list(extract.counts.items()), extract.source, extract.restrictions


def outcome(work, *args, **options):
    try:
        return work(*args, **options)
    except InputError as error:
        return str(error)


def extracted(work, *args, **options):
    found = outcome(work, *args, **options)
    return found if isinstance(found, str) else content(found)


def check_alike(paths, profiles):
    """Compare one reading for all with one for each, and return what each of these gave."""
    alone = [extracted(read_extract, paths, profile) for profile in profiles]
    reading = outcome(read_files, paths, profiles)
    if isinstance(reading, str):  # refused as a whole
        assert alone == [reading] * len(profiles)
        return alone
    shared = [extracted(reading.extract, profile) for profile in profiles[:-1]]
    shared.append(extracted(reading.extract, profiles[-1], last=True))
    assert shared == alone
    assert not reading.roads, "let go"
    return alone


@pytest.mark.parametrize("form", ["pbf", "osm"])
def test_a_town_is_read_once_for_profiles_that_keep_other_keys(tmp_path, profiles, form):
    if form == "pbf":
        path = write(tmp_path / "town.osm.pbf", small_town())
    else:
        nodes = [(i, 10 + 0.01 * i, 60.0) for i in range(1, 8)]
        nodes[2] += ({"name": "x", "entrance": "yes"},)
        nodes[3] += ({"barrier": "gate", "name": "y"},)
        ways = [
            (1, [1, 2, 3], {"highway": "primary", "lit": "yes", "width": "2", "name": "Vei"}),
            (2, [3, 4], {"highway": "primary", "lit": "no", "natural": "water", "emergency": "no"}),
            (3, [4, 5, 6], {"natural": "coastline"}),
            (4, [6, 7], {"name": "Båt"}),
        ]
        route = {"type": "route", "route": "ferry", "name": "Linje", "motor_vehicle": "yes", "lit": "yes"}
        path = write_osm(tmp_path / "town.osm", nodes, ways, [(1, [("w", 4, "")], route)])
    found = check_alike([path], profiles)
    kept = [{key for tags in tags for key, _ in tags} for tags, *_ in found]
    assert "lit" in kept[-1]
    assert all("lit" not in keys for keys in kept[:-1])
    assert len(found[-1][1]) > len(found[0][1]) or form == "pbf", "more nodes hinder"


@settings(max_examples=25)
@given(towns())
def test_any_file_is_read_once_for_several_profiles(tmp_path_factory, profiles, blocks):
    check_alike([write(tmp_path_factory.mktemp("drawn") / "town.osm.pbf", blocks)], profiles)


def test_files_that_overlap_and_objects_that_stand_twice(tmp_path, profiles):
    nodes = [(i, 100_000_000 + 100_000 * i, 600_000_000, 1) for i in range(1, 7)]
    ways = [(1, [1, 2, 3], {"highway": "primary", "lit": "yes"}, 1), (2, [3, 4], {"highway": "primary"}, 1)]
    again = [(1, [1, 2, 4], {"highway": "primary", "lit": "no"}, 2), (3, [4, 5], {"highway": "service"}, 1)]
    one = write(tmp_path / "one.osm.pbf", versioned([*ways, *again[:1]], nodes))
    other = write(tmp_path / "other.osm.pbf", versioned(again, nodes))
    check_alike([one], profiles)
    check_alike([one, other], profiles)
    # What differs between files in a tag that only one profile looks at, only that profile must hear of.
    clash = write(tmp_path / "clash.osm.pbf", versioned([(3, [4, 5], {"highway": "service", "lit": "no"}, 1)], nodes))
    found = check_alike([other, clash], profiles)
    assert [isinstance(answer, str) for answer in found] == [False] * 4 + [True]


def same(one, other):
    for item in fields(one):
        a, b = getattr(one, item.name), getattr(other, item.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, item.name
            assert a.tobytes() == b.tobytes(), item.name
        elif hasattr(a, "equals"):
            assert a.equals(b)
        elif hasattr(a, "__dataclass_fields__"):
            same(a, b)
        else:
            assert a == b, item.name


def test_networks_are_those_of_each_profile_by_itself(tmp_path, data, profiles, monkeypatch):
    (tmp_path / "paths.toml").write_text(PATHS, encoding="utf-8")
    asked = [*profiles[:2], read_profile(tmp_path / "paths.toml"), *profiles[2:]]
    assert [len(some) for some in together(asked)] == [2, 1, 3]
    paths, readings = [data / "troms" / "troms-modelled.osm.pbf"], []

    def counted(*args, **kwargs):
        readings.append(args)
        return read_files(*args, **kwargs)

    monkeypatch.setattr(build, "read_files", counted)
    made = list(read_networks(paths, asked))
    assert len(readings) == 3
    for network, profile in zip(made, asked, strict=True):
        same(network, read_network(paths, profile))
