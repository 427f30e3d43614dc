"""Our reader of .osm.pbf against pyosmium, on files of every form that the format allows and on broken ones."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbf_writer import block, write

from geoaccess.osm import read_extract, read_profile
from geoaccess.osm.interning import Interner
from geoaccess.osm.pbf import PbfFile, UnsortedError
from geoaccess.osm.through_osmium import OsmiumFile

ROOT = Path(__file__).parents[1]
CAR = read_profile(ROOT / "configs" / "profiles" / "car.toml")
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
SEARCHING = os.environ.get("HYPOTHESIS_PROFILE") == "searching"
few = settings(max_examples=15 if PLAIN else 100)
PRIMARY = [("highway", "primary")]


def content(source):
    """Return all that a reader says of a file, in values that do not depend on how it numbers tag sets."""
    relations = source.relations()
    members = {ref: {"relation:id": str(r.number)} for r in relations for kind, ref, _ in r.members if kind == "w"}
    ways = source.ways(members)
    tags = [ways.tagsets[i] for i in ways.way_tags]
    hindering = {int(place): ways.node_tagsets[i] for place, i in zip(ways.hindering, ways.hindering_tags, strict=True)}
    arrays = [ways.way_id, ways.ptr, ways.ref, ways.node_id, ways.x, ways.y]
    return relations, tags, hindering, [(v.dtype, v.tolist() if v.size < 1000 else v.tobytes()) for v in arrays]


def ours(path, *, thorough=False):
    return content(PbfFile(path, CAR, thorough=thorough))


def theirs(path):
    return content(OsmiumFile(path, CAR))


def small_town(*, dense="dense", **scale):
    """Return the blocks of a town with everything in it: kinds of ways, hindering nodes, a ferry relation, a turn."""
    at = [(10_000_000 * i + 7 * i, 600_000_000 + 13 * i * i) for i in range(12)]
    tags = {3: [("highway", "crossing"), ("crossing", "zebra")], 5: [("barrier", "gate")], 6: [("name", "Æ \u2603")]}
    nodes = [(2**33 * (i > 8) + 3 * i + 1, lon, lat, tags.get(i, [])) for i, (lon, lat) in enumerate(at)]
    number_of = [node[0] for node in nodes]

    def refs(*places):
        return [number_of[i] for i in places]

    ways = [
        (1, refs(0, 1, 2, 3), [*PRIMARY, ("name", "Storgata"), ("maxspeed", "60"), ("lit", "yes")]),
        (5, refs(3, 4), [("name", "a"), ("building", "yes")]),
        (6, refs(3, 2, 2, 4), [("highway", "residential"), ("oneway", "yes")]),
        (7, refs(5), PRIMARY),
        (8, [], PRIMARY),
        (9, refs(4, 9), [("route", "ferry"), ("name", "Bát"), ("motor_vehicle", "yes")]),
        (2**35, refs(9, 10, 11), [("ferry", "yes")]),
        (2**35 + 1, refs(0, 11), [("highway", "footway")]),
        (2**35 + 2, [*refs(1), 77, *refs(6)], [("highway", "unclassified"), ("junction", "roundabout")]),
        (2**35 + 3, refs(8, 7), PRIMARY),
    ]
    relations = [
        (4, [("w", 9, ""), ("w", 2**35, "main"), ("n", 4, "stop")], [("type", "route"), ("route", "ferry")]),
        (
            5,
            [("w", 1, "from"), ("n", 10, "via"), ("w", 6, "to")],
            [("type", "restriction"), ("restriction", "no_u_turn")],
        ),
        (6, [("r", 4, "x")], [("type", "multipolygon")]),
        (9, [], [("type", "restriction")]),
    ]
    return [
        block([(dense, nodes[:7])], **scale),
        block([(dense, nodes[7:])], **scale),
        block([("ways", ways[:4]), ("ways", ways[4:7])]),
        block([("ways", ways[7:])]),
        block([("relations", relations)]),
    ]


# Whole files of every form


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dense", ["dense", "nodes"])
@pytest.mark.parametrize(
    "scale",
    [
        {},
        {"granularity": 1},
        {"granularity": 99, "lon_offset": 1_234_567, "lat_offset": -987_654_321},
        {"granularity": 37, "lat_offset": -(10**10), "info": False},
    ],
)
def test_a_town_is_what_pyosmium_reads(tmp_path, packed, dense, scale):
    path = write(tmp_path / "town.osm.pbf", small_town(dense=dense, **scale), packed=packed)
    found = ours(path)
    assert found == theirs(path)
    assert found == ours(path, thorough=True)
    relations, tags, hindering, _ = found
    assert [relation.number for relation in relations] == [4, 5, 9]
    assert len(tags) == 9
    assert len(hindering) == 2


def fields(data):
    """Yield number and content of each field of a message."""
    at = 0

    def varint():
        nonlocal at
        first = at
        while data[at] > 127:
            at += 1
        at += 1
        return sum((byte & 127) << 7 * place for place, byte in enumerate(data[first:at]))

    while at < len(data):
        key = varint()
        length = varint()
        if key & 7 == 0:
            yield key >> 3, length
        else:
            yield key >> 3, data[at : at + length]
            at += length


def thinned(path, thin):
    """Write a sorted file with its ways, its relations and every sixth of its blocks of nodes."""
    raw, at, kept, nodes = path.read_bytes(), 0, [], 0
    while at < len(raw):
        begin = at + 4 + int.from_bytes(raw[at : at + 4], "big")
        end = begin + dict(fields(raw[at + 4 : begin]))[3]
        blob = zlib.decompress(dict(fields(raw[begin:end]))[3])
        groups = [content for number, content in fields(blob) if number == 2] if at else []
        of_nodes = any(number in (1, 2) for group in groups for number, _ in fields(group))
        nodes += of_nodes
        if not of_nodes or nodes % 6 == 0:
            kept.append(raw[at:end])
        at = end
    thin.write_bytes(b"".join(kept))
    return nodes


@pytest.mark.skipif(PLAIN, reason="whole countries are for compiled code")
def test_the_bundled_files_are_what_pyosmium_reads(data, tmp_path):
    """Of Iceland a sixth of the nodes, as object by object takes long; HYPOTHESIS_PROFILE=searching reads all."""
    iceland, thin = data / "iceland" / "iceland-2019.osm.pbf", tmp_path / "thin.osm.pbf"
    assert thinned(iceland, thin) > 100
    for path in (data / "troms" / "troms-modelled.osm.pbf", iceland if SEARCHING else thin):
        found = ours(path)
        assert len(found[1]) > 1000
        assert found == theirs(path)


@pytest.mark.parametrize("name", ["oslo-east-2019.osm.pbf", "oslo-centre-2025.osm.pbf"])
@pytest.mark.skipif(PLAIN, reason="whole towns are for compiled code")
def test_real_extracts_are_what_pyosmium_reads(shared, name):
    assert ours(shared / "oslo" / name) == theirs(shared / "oslo" / name)


WORDS = [
    "highway",
    "primary",
    "service",
    "name",
    "route",
    "ferry",
    "barrier",
    "gate",
    "oneway",
    "yes",
    "Ø\u2603",
    "type",
]
PAIRS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), max_size=4, unique_by=lambda tag: tag[0])
IDS = st.one_of(st.integers(1, 30), st.integers(2**31 - 2, 2**31 + 2), st.integers(1, 2**40))


@st.composite
def towns(draw):
    """Draw blocks whose nodes, ways and relations stand in order, each in one or more groups and blocks."""
    ids = sorted(draw(st.sets(IDS, min_size=1, max_size=12)))
    place = st.integers(-(2**31) + 1, 2**31 - 2)
    nodes = [(i, draw(place), draw(place), draw(PAIRS)) for i in ids]
    refs = st.lists(st.one_of(st.sampled_from(ids), IDS), max_size=6)
    ways = [(i, draw(refs), draw(PAIRS)) for i in sorted(draw(st.sets(IDS, max_size=6)))]
    members = st.lists(st.tuples(st.sampled_from("nwr"), IDS, st.sampled_from(WORDS)), max_size=4)
    relations = [
        (i, draw(members), [("type", draw(st.sampled_from(["route", "restriction"]))), ("route", "ferry")])
        for i in sorted(draw(st.sets(IDS, max_size=3)))
    ]
    objects = [(draw(st.sampled_from(["dense", "nodes"])), node) for node in nodes]
    objects += [("ways", way) for way in ways] + [("relations", relation) for relation in relations]
    blocks, parts = [], []
    for kind, thing in objects:
        if parts and draw(st.integers(0, 5)) == 0:
            blocks.append(parts)
            parts = []
        if not parts or parts[-1][0] != kind or draw(st.integers(0, 3)) == 0:
            parts.append((kind, []))
        parts[-1][1].append(thing)
    return [block(parts) for parts in [*blocks, parts]]


@few
@given(towns(), st.booleans())
def test_any_sorted_file_is_what_pyosmium_reads(tmp_path_factory, blocks, packed):
    path = write(tmp_path_factory.mktemp("drawn") / "town.osm.pbf", blocks, packed=packed)
    assert ours(path) == theirs(path)


def test_blocks_in_any_order_are_read_all_the_same(tmp_path):
    blocks = small_town()
    expected = ours(write(tmp_path / "sorted.osm.pbf", blocks))
    path = tmp_path / "other.osm.pbf"
    for order in ([4, 3, 2, 1, 0], [2, 0, 3, 1, 4], [0, 2, 1, 3, 4], [0, 4, 1, 2, 3], [2, 3, 4, 0, 1]):
        write(path, [blocks[i] for i in order])
        found = ours(path, thorough=True)
        assert sorted(found[3][0][1]) == sorted(expected[3][0][1])
        assert found[3][3:] == expected[3][3:], "nodes and their places"
        assert found[2] == expected[2]
        extract = read_extract([path], CAR)
        assert sorted(extract.way_id.tolist()) == sorted(expected[3][0][1])
    write(path, [blocks[i] for i in (0, 2, 1, 3, 4)])
    with pytest.raises(UnsortedError):
        ours(path)


def test_node_ids_below_zero_are_found(tmp_path):
    """Editors give them to what they have not uploaded yet; pyosmium knows no places for these."""
    blocks = [
        block([("dense", [(-5, 100, 200, []), (-2, 300, 400, [("barrier", "gate")]), (7, 500, 600, [])])]),
        block([("ways", [(-1, [-5, -2, 7], PRIMARY)])]),
    ]
    _, _, hindering, arrays = ours(write(tmp_path / "edited.osm.pbf", blocks))
    assert [values for _, values in arrays] == [[-1], [0, 3], [0, 1, 2], [-5, -2, 7], [100, 300, 500], [200, 400, 600]]
    assert hindering == {1: (("barrier", "gate"),)}


def test_of_a_node_that_stands_twice_the_last_counts(tmp_path):
    blocks = [block([("dense", [(1, 10, 10, []), (2, 20, 20, [])])]), block([("dense", [(1, 30, 30, [])])])]
    blocks.append(block([("ways", [(1, [1, 2], PRIMARY)])]))
    assert ours(write(tmp_path / "twice.osm.pbf", blocks))[3][4][1] == [30, 20]


@pytest.mark.parametrize("kind", ["dense", "nodes"])
@pytest.mark.parametrize("groups", [1, 2, 3], ids=["a group", "two groups", "two blocks"])
@pytest.mark.parametrize("gate", [0, 1], ids=["gate first", "gate last"])
def test_of_a_node_that_stands_twice_the_last_counts_with_its_tags(tmp_path, kind, groups, gate):
    tags = [[("barrier", "gate")] if one == gate else [] for one in range(2)]
    first, then = [(1, 10, 10, tags[0]), (2, 20, 20, [])], [(1, 10, 10, tags[1])]
    parts = {1: [[(kind, first + then)]], 2: [[(kind, first), (kind, then)]], 3: [[(kind, first)], [(kind, then)]]}
    blocks = [block(part) for part in parts[groups]] + [block([("ways", [(1, [1, 2], PRIMARY)])])]
    hindering = ours(write(tmp_path / "gate.osm.pbf", blocks))[2]
    assert hindering == ({0: (("barrier", "gate"),)} if gate == 1 else {})


# Words


@few
@given(st.lists(st.binary(max_size=4), max_size=200))
def test_words_are_numbered_as_a_dictionary_would(drawn):
    words = Interner()
    known = {}
    for first in range(0, len(drawn), 7):
        some = drawn[first : first + 7]
        ends = np.cumsum([len(word) for word in some])
        data = np.frombuffer(b"".join(some), np.uint8)
        found = words.add(data, ends - [len(word) for word in some], ends)
        assert found.tolist() == [known.setdefault(word, len(known)) for word in some]
        assert words.find(data, ends - [len(word) for word in some], ends).tolist() == found.tolist()
    assert [words[i] for i in range(len(words))] == list(known)
    others = np.frombuffer(b"abcde", np.uint8)
    assert words.find(others, np.array([0]), np.array([5])).tolist() == [-1]


def test_many_words_find_room():
    numbers = np.arange(20_000 if not PLAIN else 2_000, dtype=np.int64)
    data = numbers.view(np.uint8)
    data.flags.writeable = False
    words = Interner([b"first"])
    assert (words.add(data, 8 * numbers, 8 * numbers + 8) == numbers + 1).all()
    assert words[1 + 1234] == (1234).to_bytes(8, sys.byteorder)
    assert len(words) == numbers.size + 1


@pytest.mark.skipif(PLAIN, reason="this is that run")
def test_all_of_this_holds_without_compilation():
    """Compiled code reads beyond the end of an array without a word; plain Python does not."""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    files = [str(Path(__file__).with_name(name)) for name in ("test_osm_pbf.py", "test_osm_pbf_broken.py")]
    arguments = ["-W", "error::RuntimeWarning", "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *files]
    done = subprocess.run([sys.executable, *arguments], env=env, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
