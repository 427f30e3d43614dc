"""Files of .osm.pbf that cannot be: refused in plain words, or read as pyosmium reads them; never worse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbf_writer import blob, block, framed, header, number, run, signed, steps, varint, write
from test_osm_pbf import CAR, PLAIN, PRIMARY, ROOT, SEARCHING, few, ours, small_town, theirs

from geoaccess.errors import InputError
from geoaccess.osm import read_extract

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
    """Return what pyosmium reads of each file, in a process of its own, whose children broken bytes may end."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, __file__, *map(str, paths)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return [None if line == "None" else line for line in done.stdout.splitlines()]


def read_in_children(names):
    """Yield what pyosmium reads of each file: a child reads one after the other; where it dies, another goes on."""
    while names:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reading)
                with os.fdopen(writing, "w") as told:
                    for name in names:
                        told.write(f"{outcome(theirs, Path(name))}\n")
                        told.flush()
                status = 0
            finally:
                os._exit(status)  # whatever happens: a child that goes on prints again what waits to be printed
        os.close(writing)
        with os.fdopen(reading) as heard:
            lines = heard.read().splitlines()
        if os.waitpid(child, 0)[1]:
            lines.append("None")
        yield from lines
        names = names[len(lines) :]


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
    """Nothing is packed, so that no checksum stands before the decoder.

    A third of the bytes, drawn once; HYPOTHESIS_PROFILE=searching flips a bit in every one.
    """
    raw = write(tmp_path / "town.osm.pbf", small_town(dense=dense, info=False), packed=False).read_bytes()
    rng = np.random.default_rng(3)
    count = 60 if PLAIN else len(raw) if SEARCHING else len(raw) // 3
    places = rng.permutation(len(raw))[:count].tolist()
    agree(tmp_path, [raw[:at] + bytes([raw[at] ^ 1 << rng.integers(8)]) + raw[at + 1 :] for at in places])


def test_blocks_cut_or_stuffed_anywhere_do_no_harm(tmp_path):
    """Each block is cut, and bytes are put in, but the frames around the blocks fit."""
    blocks = small_town()
    rng = np.random.default_rng(4)
    broken = []
    for i, data in enumerate(blocks):
        for at in rng.integers(0, len(data), 4 if PLAIN else 60).tolist():
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


if __name__ == "__main__":
    for line in read_in_children(sys.argv[1:]):
        sys.stdout.write(f"{line}\n")


@pytest.mark.parametrize(("lon", "lat"), [(180.0000001, 60), (-214, 60), (10, 90.5), (10, -200)])
def test_a_node_that_lies_nowhere_on_earth_is_named(path, lon, lat):
    nodes = [
        (number, round(x * 1e7), round(y * 1e7), []) for number, x, y in [(1, 10, 60), (2, lon, lat), (3, 10.1, 60)]
    ]
    said = refusal(path, [block([("dense", nodes)]), block([("ways", [(1, [1, 2, 3], PRIMARY)])])])
    assert "the node 2 lies at" in said
