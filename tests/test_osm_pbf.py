"""Our reader of .osm.pbf against pyosmium, on files of every form that the format allows and on broken ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbf_writer import blob, block, framed, header, number, run, signed, steps, varint, write

from geoaccess.errors import InputError
from geoaccess.osm import read_extract, read_profile
from geoaccess.osm.pbf import PbfFile, UnsortedError
from geoaccess.osm.through_osmium import OsmiumFile
from geoaccess.osm.words import Words

ROOT = Path(__file__).parents[1]
CAR = read_profile(ROOT / "configs" / "profiles" / "car.toml")
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
few = settings(max_examples=15 if PLAIN else 100)
PRIMARY = [("highway", "primary")]


def told(source):
    """Return all that a reader says of a file, in values that do not depend on how it numbers tag sets."""
    relations = source.relations()
    members = {ref: {"relation:id": str(r.number)} for r in relations for kind, ref, _ in r.members if kind == "w"}
    ways = source.ways(members)
    tags = [ways.tagsets[i] for i in ways.way_tags]
    hindering = {int(place): ways.node_tagsets[i] for place, i in zip(ways.hindering, ways.hindering_tags, strict=True)}
    arrays = [ways.way_id, ways.ptr, ways.ref, ways.node_id, ways.x, ways.y]
    return relations, tags, hindering, [(v.dtype, v.tolist() if v.size < 1000 else v.tobytes()) for v in arrays]


def ours(path, *, thorough=False):
    return told(PbfFile(path, CAR, thorough=thorough))


def theirs(path):
    return told(OsmiumFile(path, CAR))


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


@pytest.mark.parametrize("name", ["iceland/iceland-2019.osm.pbf", "troms/troms-modelled.osm.pbf"])
@pytest.mark.skipif(PLAIN, reason="whole countries are for compiled code")
def test_the_bundled_files_are_what_pyosmium_reads(data, name):
    assert ours(data / name) == theirs(data / name)


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


# What is not read


def refusal(path, blocks=None, *, raw=None):
    path.write_bytes(raw) if raw is not None else write(path, blocks)
    with pytest.raises(InputError, match=path.name.replace(".", r"\.")) as caught:
        read_extract([path], CAR)
    return str(caught.value)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "odd.osm.pbf"


def test_features_that_nobody_here_knows_are_refused(path):
    blocks = b"".join(map(blob, small_town()))
    assert "WarpDrive" in refusal(path, raw=header(("OsmSchema-V0.6", "WarpDrive")) + blocks)
    assert "history" in refusal(path, raw=header(("OsmSchema-V0.6", "HistoricalInformation")) + blocks)
    path.write_bytes(header(optional=("WarpDrive", "Sort.Type_then_ID")) + blocks)
    assert len(read_extract([path], CAR).way_id) == 9


@pytest.mark.parametrize(("field", "name"), [(4, "lzma"), (5, "bzip2"), (7, "zstd")])
def test_other_packings_are_named(path, field, name):
    assert name in refusal(path, raw=header() + framed(number(2, 5) + run(field, b"12345")))


NODES = block([("dense", [(1, 5, 5, []), (2, 6, 6, [])])])
WAYS = block([("ways", [(1, [1, 2], PRIMARY)])])
TABLE = run(1, run(1, b"") + run(1, b"highway") + run(1, b"primary"))


def group(data):
    return TABLE + run(2, data)


def way(data, *, keys=b"\x01", values=b"\x02"):
    return group(run(3, number(1, 1) + run(2, keys) + run(3, values) + data))


def dense(mixed=None, *, ids=(1, 2), lats=(5, 5), lons=(5, 6)):
    tags = b"" if mixed is None else run(10, mixed)
    return group(run(2, run(1, steps(ids)) + run(8, steps(lats)) + run(9, steps(lons)) + tags))


REFS = run(8, steps([1, 2]))
BROKEN = {
    "a string that is not there": way(REFS, values=b"\x09"),
    "a string before the first": way(REFS, keys=varint(-1)),
    "a key without value": way(REFS, keys=b"\x01\x01"),
    "a value without key": way(REFS, values=b"\x02\x02"),
    "a way without number": group(run(3, run(2, b"\x01") + run(3, b"\x02") + REFS)),
    "a way of several numbers": group(run(3, run(1, b"\x01\x02") + run(2, b"\x01") + run(3, b"\x02") + REFS)),
    "a field twice": way(REFS + REFS),
    "a field of four bytes": way(varint(8 << 3 | 5) + b"1234"),
    "a field of eight bytes that are not there": way(varint(12 << 3 | 1) + b"1234"),
    "a number that never ends": way(run(8, b"\xff" * 12)),
    "a number that breaks off": way(run(8, b"\xff")),
    "a field beyond the block": TABLE + varint(2 << 3 | 2) + varint(2**40) + b"12",
    "a field of negative length": TABLE + varint(2 << 3 | 2) + varint(-5) + b"12345678",
    "a field of the greatest length": TABLE + varint(2 << 3 | 2) + varint(2**63 - 1) + b"12345678",
    "a field of an old kind": TABLE + varint(2 << 3 | 3) + b"12345678",
    "a field without number": way(b"\x00\x01"),
    "an object that is a number": group(number(3, 5)),
    "two tables of strings": TABLE + group(b""),
    "steps beyond all numbers": way(run(8, varint(2**64 - 2) * 3)),
    "steps that add up beyond all": way(run(8, varint(2**61) * 9)),
}
BROKEN_NODES = {
    "fewer places than nodes": dense(lats=[5]),
    "more places than nodes": dense(lons=[5, 6, 7]),
    "no places": dense(lats=(), lons=()),
    "tags that end early": dense(b"\x01\x02\0"),
    "tags of more nodes": dense(b"\0\0\0"),
    "half a tag": dense(b"\0\x01"),
    "tags of strings that are not there": dense(b"\x07\x07\0\0"),
    "a lone node without place": group(run(1, signed(1, 5))),
    "a lone node of several numbers": group(run(1, run(1, steps([1, 2])) + signed(8, 1) + signed(9, 1))),
    "granularity of zero": NODES + number(17, 0),
    "granularity below zero": NODES + number(17, -100),
    "granularity beyond all": NODES + number(17, 2**62),
    "granularity of bytes": NODES + run(17, b"\x05"),
    "an offset beyond all": NODES + number(19, -(2**63)),
    "an offset beyond the earth": NODES + number(20, 2**55),
    "places beyond all": dense(lats=(2**59, 5)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_blocks_that_cannot_be_are_refused(path, name):
    assert "block at byte" in refusal(path, [NODES, WAYS, BROKEN[name]])


@pytest.mark.parametrize("name", BROKEN_NODES)
def test_nodes_that_cannot_be_are_refused(path, name):
    assert "block at byte" in refusal(path, [BROKEN_NODES[name], WAYS])


def test_members_that_do_not_fit_are_refused(path):
    table = run(1, run(1, b"") + run(1, b"type") + run(1, b"restriction"))
    about = number(1, 1) + run(2, b"\x01") + run(3, b"\x02")
    for members in (
        run(8, b"\x00"),
        run(8, b"\x00") + run(9, steps([1])),
        run(8, b"\x00\x00") + run(9, steps([1])) + run(10, b"\x01"),
        run(8, b"\x09") + run(9, steps([1])) + run(10, b"\x01"),
        run(8, b"\x00") + run(9, steps([1])) + run(10, b"\x03"),
    ):
        assert "block" in refusal(path, [NODES, WAYS, table + run(2, run(4, about + members))])


def test_text_that_is_none_is_refused(path):
    table = run(1, run(1, b"") + run(1, b"highway") + run(1, b"primary") + run(1, b"surface") + run(1, b"\xff\xfe"))
    road = number(1, 1) + run(2, b"\x01\x03") + run(3, b"\x02\x04") + REFS
    assert "UTF-8" in refusal(path, [NODES, table + run(2, run(3, road))])


def test_absurd_sizes_are_refused_before_anything_is_read(path):
    blocks = b"".join(map(blob, small_town()))
    for odd in (
        (65537).to_bytes(4, "big") + bytes(70_000),
        (2**32 - 1).to_bytes(4, "big") + bytes(100),
        framed(b"", size=2**62),
        framed(bytes(33 << 20)),
        blob(b"", size=33 << 20),
        blob(b"", size=2**63),
    ):
        assert "fetch" in refusal(path, raw=header() + blocks + odd)


def test_what_packs_more_or_less_than_it_says_is_not_unpacked(path):
    """A megabyte of zeros packs into a thousand bytes, and there is no end to that."""
    for size in (0, 10, (1 << 20) - 1, (1 << 20) + 1, 32 << 20):
        assert "bytes that it says" in refusal(path, raw=header() + blob(bytes(1 << 20), size=size))


# Broken bytes


def outcome(read, path):
    try:
        return repr(read(path))
    except InputError as error:
        assert path.name in str(error)  # noqa: PT017 - either is right
        return None


def read_apart(paths):
    """Return what pyosmium reads of each file, in processes of their own, which broken bytes may end."""
    answers = []
    while len(answers) < len(paths):
        left = [str(path) for path in paths[len(answers) :]]
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
        done = subprocess.run([sys.executable, __file__, *left], env=env, capture_output=True, text=True, check=False)
        answers += [None if line == "None" else line for line in done.stdout.splitlines()]
        if done.returncode:
            answers.append(None)
    return answers


def agree(folder, broken):
    """Read broken files: whatever is read without a word is what pyosmium reads, if that reads it."""
    found = {}
    for i, raw in enumerate(broken):
        path = folder / f"{i}.osm.pbf"
        path.write_bytes(raw)
        if (read := outcome(lambda path: ours(path, thorough=True), path)) is not None:
            found[path] = read
        else:
            path.unlink()
    expected = read_apart(list(found))
    pairs = [(ours, theirs) for ours, theirs in zip(found.values(), expected, strict=True) if theirs is not None]
    assert pairs or PLAIN
    for read, other in pairs:
        assert read == other


@pytest.mark.parametrize("dense", ["dense", "nodes"])
def test_flipped_bits_do_no_harm(tmp_path, dense):
    """Nothing is packed, so that no checksum stands before the decoder."""
    raw = write(tmp_path / "town.osm.pbf", small_town(dense=dense, info=False), packed=False).read_bytes()
    rng = np.random.default_rng(3)
    places = rng.permutation(len(raw))[: 100 if PLAIN else len(raw)].tolist()
    agree(tmp_path, [raw[:at] + bytes([raw[at] ^ 1 << rng.integers(8)]) + raw[at + 1 :] for at in places])


def test_blocks_cut_or_stuffed_anywhere_do_no_harm(tmp_path):
    """Each block is cut, and bytes are put in, but the frames around the blocks fit."""
    blocks = small_town()
    rng = np.random.default_rng(4)
    broken = []
    for i, data in enumerate(blocks):
        for at in rng.integers(0, len(data), 8 if PLAIN else 60).tolist():
            for odd in (data[:at], data[:at] + rng.bytes(3) + data[at:], data[:at] + b"\xff" * 9 + data[at + 9 :]):
                broken.append(header() + b"".join(map(blob, [*blocks[:i], odd, *blocks[i + 1 :]])))  # noqa: PERF401
    agree(tmp_path, broken)


@few
@given(st.binary(max_size=60), st.sampled_from([b"", TABLE]))
def test_noise_in_a_block_does_no_harm(tmp_path_factory, noise, before):
    path = tmp_path_factory.mktemp("noise") / "noise.osm.pbf"
    for odd in (before + noise, before + run(2, noise), before + run(2, run(2, noise)), before + run(2, run(3, noise))):
        outcome(lambda path: ours(path, thorough=True), write(path, [NODES, WAYS, odd]))
        outcome(lambda path: read_extract([path], CAR), path)


# Words


@few
@given(st.lists(st.binary(max_size=4), max_size=200))
def test_words_are_numbered_as_a_dictionary_would(drawn):
    words = Words()
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
    words = Words([b"first"])
    assert (words.add(data, 8 * numbers, 8 * numbers + 8) == numbers + 1).all()
    assert words[1 + 1234] == (1234).to_bytes(8, sys.byteorder)
    assert len(words) == numbers.size + 1


@pytest.mark.skipif(PLAIN, reason="this is that run")
def test_all_of_this_holds_without_compilation():
    """Compiled code reads beyond the end of an array without a word; plain Python does not."""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    arguments = [
        sys.executable,
        "-W",
        "error::RuntimeWarning",
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run([*arguments, __file__], env=env, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write(f"{outcome(theirs, Path(name))}\n")
        sys.stdout.flush()
