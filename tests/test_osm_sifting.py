"""Small extracts: what is read from them is what is read from the files they were sifted from."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import osmium
import pandas as pd
import pbf_writer
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbf_writer import block, write
from test_osm_pbf import few, towns

from geoaccess.kernels import packing
from geoaccess.osm import (
    Sieve,
    WantedAreas,
    WantedBoundaries,
    WantedFeatures,
    count_road_keys,
    find_profile,
    keys_counted,
    named,
    names_of,
    read_boundaries,
    read_features,
    read_network,
    read_polygons,
    read_profile,
    read_road_names,
    read_wanted,
    sift,
    small_extract,
    unused_tags,
)

HOSPITAL, GLACIER, TOWN = ("amenity", "hospital"), ("natural", "glacier"), ("place", "town")
LEVEL = ("admin_level", "7")
TAGS = [HOSPITAL, GLACIER, TOWN, LEVEL]
CAR = read_profile(find_profile("car"))


def region(path):
    """Write an extract with features of every kind, whole ones and others, and much that nobody asked for."""
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    nodes = {}

    def node(x, y):
        return nodes.setdefault((x, y), len(nodes) + 1)

    def ring(x, y, size):
        return [node(x, y), node(x + size, y), node(x + size, y + size), node(x, y + size), node(x, y)]

    tagged = {
        node(10.5, 60.5): dict([HOSPITAL]) | {"name": "Sjúkrahús"},
        node(10.6, 60.5): dict([TOWN]) | {"name": "Ås"},
        node(10.7, 60.5): {"amenity": "school", "place": "farm", "hospital": "amenity"},
        node(10.8, 60.5): {"amenity": "bench"},
    }
    ways = {
        20: (ring(11, 60, 0.01), dict([HOSPITAL]) | {"building": "yes"}),
        21: ([node(12, 60), node(12.01, 60), node(12.03, 60)], dict([HOSPITAL])),
        22: (ring(13, 60, 0.03), {}),
        23: (ring(13.01, 60.01, 0.01), {"natural": "water"}),
        24: (ring(14, 61, 0.5), dict([GLACIER])),
        25: (ring(15, 61, 0.5), {"boundary": "administrative"}),
        26: ([node(16, 60), node(16.1, 60)], {}),
        27: ([node(17, 60), 9999, node(17.1, 60)], dict([HOSPITAL])),
        28: (ring(18, 60, 0.1), {"building": "yes"}),
        29: ([node(10, 60), node(11, 60), node(12, 60)], {"highway": "primary", "name": "Veien"}),
        30: ([node(12, 60), node(13, 60)], {"highway": "residential", "bridge": "yes", "bridge:name": "Brua"}),
    }
    border = {"type": "boundary", "boundary": "administrative", "name": "Ås"} | dict([LEVEL])
    relations = {
        5: ([("w", 22, "outer"), ("w", 23, "inner")], dict([HOSPITAL]) | {"type": "multipolygon", "name": "Ring"}),
        6: ([("w", 25, "outer"), ("n", 2, "label")], border),
        7: ([("w", 26, ""), ("n", 1, ""), ("r", 8, "")], dict([HOSPITAL]) | {"type": "site"}),
        8: ([("w", 28, "outer"), ("r", 9, "")], {"type": "site", "name": "deeper"}),
        9: ([("n", 4, "entrance"), ("w", 777, "")], {"type": "site"}),
        10: ([("w", 21, "outer")], dict([GLACIER]) | {"type": "multipolygon"}),
    }
    for (x, y), i in nodes.items():
        writer.add_node(osmium.osm.mutable.Node(id=i, location=(x, y), tags=tagged.get(i, {})))
    for i, (refs, tags) in ways.items():
        writer.add_way(osmium.osm.mutable.Way(id=i, nodes=refs, tags=tags))
    for i, (members, tags) in relations.items():
        writer.add_relation(osmium.osm.mutable.Relation(id=i, members=members, tags=tags))
    writer.close()
    return path


def answers(path):
    """Return all that is asked of an extract beside its roads."""
    return (
        pd.DataFrame(read_features([path], [HOSPITAL, TOWN])),
        pd.DataFrame(read_boundaries([path], [7])[7]),
        [shape.wkt for shape in read_polygons([path], *GLACIER)],
    )


def same(found, expected):
    for one, other in zip(found[:2], expected[:2], strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert found[2] == expected[2]


def objects(path):
    """Return all objects of a file."""
    found = {}
    for item in osmium.FileProcessor(str(path)):
        tags = {tag.k: tag.v for tag in item.tags}
        if item.is_node():
            found["n", item.id] = (tags, (item.location.x, item.location.y))
        elif item.is_way():
            found["w", item.id] = (tags, [node.ref for node in item.nodes])
        else:
            found["r", item.id] = (tags, [(member.type, member.ref, member.role) for member in item.members])
    return found


def test_any_number_of_threads_writes_the_same_blocks_in_their_order(tmp_path, monkeypatch):
    path = region(tmp_path / "region.osm.pbf")
    sieve = Sieve(TAGS)
    sift([path], sieve)
    monkeypatch.setattr(small_extract, "_IN_BLOCK", 2)
    monkeypatch.setattr(small_extract, "_WEIGHT", 64)
    written = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(small_extract, "thread_count", lambda threads=threads: threads)
        small = tmp_path / f"{threads}.osm.pbf"
        assert sieve.found[path].write(small)
        written.append(small.read_bytes())
    assert written[0].count(b"OSMData") > 10
    assert written == [written[0]] * 3
    ids = [item.id for item in osmium.FileProcessor(str(small), osmium.osm.NODE)]
    assert ids == sorted(ids)


@pytest.mark.parametrize("beside_roads", [True, False])
def test_a_small_extract_answers_as_the_file_it_is_from(tmp_path, beside_roads):
    path, small = region(tmp_path / "region.osm.pbf"), tmp_path / "small.osm.pbf"
    sieve = Sieve(TAGS, keyed=named())
    if beside_roads:
        read_network([path], CAR, sieve=sieve)
    else:
        sift([path], sieve)
    assert sieve.found[path].write(small)
    expected = answers(path)
    assert len(expected[0]) == 7
    assert len(expected[1]) == 1
    assert len(expected[2]) == 1
    same(answers(small), expected)
    pd.testing.assert_frame_equal(names_of([sieve.found[path].keyed]), read_road_names([path]))
    assert read_road_names([path])["name"].tolist() == ["Veien", "Brua"]


@pytest.mark.parametrize("first", range(3))
def test_what_is_looked_for_in_one_pass_is_what_each_finds_alone(tmp_path, first):
    path = region(tmp_path / "region.osm.pbf")
    again = region(tmp_path / "again.osm.pbf")  # of two files what is in both is taken as ever
    wanted = [WantedFeatures([HOSPITAL, TOWN]), WantedBoundaries([7]), WantedAreas(GLACIER)]
    read_wanted([path, again], [*wanted[first:], *wanted[:first]])
    features, boundaries, areas = (one.tables() for one in wanted)
    together = (
        *map(pd.DataFrame, (features["features"], boundaries["7"])),
        [area.wkt for area in areas["areas"].geometry],
    )
    expected = answers(path)
    same(together, (*expected[:2], expected[2] * 2))


def test_all_that_carries_a_tag_is_in_it_with_what_it_is_made_of_and_nothing_else(tmp_path):
    path, small = region(tmp_path / "region.osm.pbf"), tmp_path / "small.osm.pbf"
    sieve = Sieve(TAGS)
    sift([path], sieve)
    sieve.found[path].write(small)
    whole, found = objects(path), objects(small)
    # By hand: rules of the tags, then members of relations three deep, then nodes of ways.
    expected = {key for key, (tags, _) in whole.items() if set(TAGS) & set(tags.items())}
    for _ in range(2):
        expected |= {("r", ref) for kind, i in expected if kind == "r" for of, ref, _ in whole[kind, i][1] if of == "r"}
    expected |= {(of, ref) for kind, i in expected if kind == "r" for of, ref, _ in whole[kind, i][1]}
    expected |= {("n", ref) for kind, i in expected & set(whole) if kind == "w" for ref in whole[kind, i][1]}
    assert set(found) == expected & set(whole)
    assert ("w", 29) not in found
    for key, (tags, made_of) in found.items():
        assert made_of == whole[key][1]
        if key[0] != "n" or set(TAGS) & set(whole[key][0].items()):
            assert tags == whole[key][0]


def test_names_of_several_files_are_those_of_the_last(tmp_path):
    def road(name, *ways):
        nodes = [("dense", [(1, 0, 0, []), (2, 10, 10, [])])]
        return write(tmp_path / name, [block([*nodes, ("ways", list(ways))])])

    one = road("a.osm.pbf", (7, [1, 2], [("highway", "track"), ("name", "A")]), (5, [1, 2], [("route", "x")]))
    other = road("b.osm.pbf", (7, [1, 2], [("highway", "track"), ("ref", "9"), ("tunnel", "no")]), (6, [1], []))
    table = read_road_names([one, other])
    assert table.index.tolist() == [5, 7]
    assert table.to_numpy().tolist() == [["", "", False, False], ["", "9", False, False]]
    assert read_road_names([]).empty


@few
@given(parts=st.lists(towns(), min_size=1, max_size=2))
def test_keys_on_roads_are_counted_in_passing_as_object_by_object(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("keys")
    paths = [write(folder / f"{i}.osm.pbf", blocks) for i, blocks in enumerate(parts)]
    sieve = Sieve([HOSPITAL], with_road_keys=True)
    sift(paths, sieve)
    expected = Counter()
    for path in paths:
        for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
            kind = way.tags.get("highway", ""), way.tags.get("route", "")
            if "highway" in way.tags or "route" in way.tags:
                expected.update((*kind, tag.k) for tag in way.tags)
    found = keys_counted(sieve.found[path].road_keys for path in paths)
    assert [tuple(row) for row in found.to_numpy().tolist()] == sorted((*row, n) for row, n in expected.items())
    pd.testing.assert_frame_equal(found, count_road_keys(paths))


def test_a_way_that_is_road_and_ferry_is_counted_once(tmp_path):
    ways = [
        (1, [1, 2], [("highway", "primary"), ("route", "ferry"), ("lit", "yes")]),
        (2, [1, 2], [("route", "ferry"), ("lit", "no")]),
        (3, [1, 2], [("route", "bus"), ("lit", "no")]),
        (4, [1, 2], [("highway", "steps"), ("lit", "no")]),
        (5, [1, 2], [("highway", ""), ("lit", "no")]),
    ]
    path = write(tmp_path / "roads.osm.pbf", [block([NODES, ("ways", ways)])])
    assert unused_tags(count_road_keys([path]), CAR).to_numpy().tolist() == [["lit", 2]]


NODES = ("dense", [(1, 0, 0, [HOSPITAL]), (2, 10, 10, [])])


@pytest.mark.parametrize(
    "blocks",
    [
        [block([("ways", [(1, [1, 2], [HOSPITAL])])]), block([NODES])],
        [block([NODES]), block([NODES])],
        [block([("dense", [(-2, 0, 0, [HOSPITAL]), (2, 10, 10, [])])])],
        [block([NODES, ("ways", [(2, [1, 2], [HOSPITAL]), (1, [1, 2], [])])])],
        [block([NODES, ("relations", [(2, [], [HOSPITAL]), (2, [], [])])])],
        [block([NODES, ("ways", [(1, [1, 2], [HOSPITAL, ("name", "a\0b")])])])],
        [block([NODES, ("ways", [(1, [1, -2], [HOSPITAL])])])],
    ],
    ids=["order", "twice", "below 0", "way order", "relation twice", "byte 0", "member below 0"],
)
def test_files_out_of_the_ordinary_are_not_sifted(tmp_path, blocks):
    path, small = write(tmp_path / "odd.osm.pbf", blocks), tmp_path / "small.osm.pbf"
    sieve = Sieve([HOSPITAL])
    sift([path], sieve)
    assert path not in sieve.found or not sieve.found[path].write(small)
    assert not small.exists()


def test_deleted_objects_are_not_sifted(tmp_path):
    about = pbf_writer.run(4, pbf_writer.number(1, 2) + pbf_writer.number(6, 0))
    table = pbf_writer.run(1, b"".join(pbf_writer.run(1, word.encode()) for word in ("", *HOSPITAL)))
    tags = pbf_writer.run(2, b"\x01") + pbf_writer.run(3, b"\x02")
    for kind, made_of in ((3, pbf_writer.run(8, pbf_writer.steps([1, 2]))), (4, b"")):
        gone = pbf_writer.run(2, pbf_writer.run(kind, pbf_writer.number(1, 1) + tags + about + made_of))
        path = write(tmp_path / f"{kind}.osm.pbf", [block([NODES]), table + gone])
        sieve = Sieve([HOSPITAL])
        sift([path], sieve)
        assert not sieve.found[path].write(tmp_path / "small.osm.pbf")


@few
@given(blocks=towns(), tag=st.sampled_from([("highway", "primary"), ("barrier", "gate"), ("route", "ferry")]))
def test_of_any_sorted_file_that_which_carries_a_tag_is_taken(tmp_path_factory, blocks, tag):
    folder = tmp_path_factory.mktemp("any")
    path, small = write(folder / "any.osm.pbf", blocks), folder / "small.osm.pbf"
    sieve = Sieve([tag])
    sift([path], sieve)
    assert sieve.found[path].write(small)
    whole, found = objects(path), objects(small)
    assert {key for key, (tags, _) in whole.items() if tag in tags.items()} <= set(found)
    assert all(made_of == whole[key][1] for key, (_, made_of) in found.items())


# Bytes


@given(
    st.lists(st.lists(st.integers(0, 2**62), max_size=5), max_size=5),
    st.lists(st.lists(st.integers(-(2**40), 2**40), max_size=5), max_size=5),
)
def test_numbers_are_packed_as_the_format_says(plain, steps):
    for runs, by_steps in ((plain, False), (steps, True)):
        values = np.array([*itertools.chain(*runs)], np.int64)
        ptr = np.cumsum([0, *map(len, runs)])
        data, bounds = packing.packed(values, ptr, by_steps)
        parts = [data[a:b].tobytes() for a, b in itertools.pairwise(bounds.tolist())]
        assert parts == [pbf_writer.steps(run) if by_steps else b"".join(map(pbf_writer.varint, run)) for run in runs]


def test_messages_are_framed_as_the_format_says():
    numbers, texts = [3, 300], [b"", b"x" * 200]
    packed = [pbf_writer.varint(number) for number in numbers]
    data = np.frombuffer(b"".join([*packed, *texts]), np.uint8).copy()
    bounds = np.array([np.cumsum([0, *map(len, packed)]), 3 + np.cumsum([0, *map(len, texts)])])
    message = packing.framed(data, bounds, np.array([1, 20]), np.array([0, 2]), 4)
    expected = [
        pbf_writer.run(4, pbf_writer.number(1, number) + (pbf_writer.run(20, text) if text else b""))
        for number, text in zip(numbers, texts, strict=True)
    ]
    assert message.tobytes() == b"".join(expected)
