"""Files that are cut, spoilt or something else are refused in plain words; whole ones are read."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import osmium
import pytest

from geoaccess.errors import GeoaccessError, InputError
from geoaccess.osm import read_extract, read_osm, read_profile
from geoaccess.osm.pbf import newest_untagged_nodes

ROOT = Path(__file__).parents[1]
CAR = read_profile(ROOT / "configs" / "profiles" / "car.toml")
TROMS = ROOT / "data" / "troms" / "troms-modelled.osm.pbf"
ICELAND = ROOT / "data" / "iceland" / "iceland-2019.osm.pbf"


def town(path, *, n=20_000, encoding="pbf", stray=0, tagged=()):
    """Write a long winding road, a way between every two nodes: several blocks of nodes, then several of ways."""
    with osmium.SimpleWriter(osmium.io.File(str(path), encoding), overwrite=True) as writer:
        for i in range(n + stray):
            tags = {"highway": "crossing", "crossing": "zebra"} if i in tagged else {}
            location = (10 + i % 200 * 0.001, 60 + i // 200 * 0.001)
            writer.add_node(osmium.osm.mutable.Node(id=i + 1, location=location, tags=tags))
        for i in range(n - 1):
            writer.add_way(osmium.osm.mutable.Way(id=i + 1, nodes=[i + 1, i + 2], tags={"highway": "primary"}))
    return path


def block_ends(raw):
    """Return where each block of an .osm.pbf ends: four bytes of length, a header, and the data it announces."""
    ends, at = [], 0
    while at < len(raw):
        (size,) = struct.unpack_from(">I", raw, at)
        header = raw[at + 4 : at + 4 + size]
        assert header[0] == 0x0A, "the field of the kind comes first"
        place = 2 + header[1]
        if header[place] == 0x12:  # the index, which is optional
            place += 2 + header[place + 1]
        assert header[place] == 0x18, "the field of the size"
        data = shift = 0
        for byte in header[place + 1 :]:
            data |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        at += 4 + size + data
        ends.append(at)
    assert ends[-1] == len(raw)
    return ends


def refusal(path, read=read_osm):
    with pytest.raises(InputError, match=path.name.replace(".", r"\.")) as caught:
        read(path)
    return str(caught.value)


# Cut short


def test_a_file_cut_at_any_byte_is_refused(tmp_path):
    raw = TROMS.read_bytes()
    ends = block_ends(raw)
    places = {*range(1, 90), *np.random.default_rng(1).integers(1, len(raw), 60).tolist()}
    places |= {end + step for end in ends[:-1] for step in (-7, -1, 1, 2, 3, 4, 5, 9, 12, 17)}
    cut = tmp_path / "cut.osm.pbf"
    for at in sorted(places - set(ends)):
        cut.write_bytes(raw[:at])
        assert "fetch" in refusal(cut), f"cut at byte {at}"


def test_the_bundled_file_cut_between_blocks_is_refused(tmp_path):
    raw = TROMS.read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    for end in block_ends(raw)[:-1]:
        cut.write_bytes(raw[:end])
        assert any(word in refusal(cut) for word in ("fetch", "whole"))


@pytest.mark.parametrize("encoding", ["pbf", "pbf,pbf_compression=none", "pbf,pbf_dense_nodes=false"])
def test_a_file_cut_between_blocks_of_ways_is_refused(tmp_path, encoding):
    path = town(tmp_path / "town.osm.pbf", encoding=encoding)
    raw = path.read_bytes()
    ends = block_ends(raw)
    assert len(ends) == 7, "a header, three blocks of nodes, three of ways"
    assert read_extract([path], CAR).counts["ways_read"] == 19_999
    cut = tmp_path / "cut.osm.pbf"
    for end in ends[3:-1]:
        cut.write_bytes(raw[:end])
        assert "fetch" in refusal(cut)


def test_iceland_cut_between_its_last_blocks_of_ways_is_refused(tmp_path):
    """Roads alone would not tell: nine tenths of them are still there."""
    raw = ICELAND.read_bytes()
    ends = block_ends(raw)
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(raw[: ends[-3]])  # the relations and the last block of ways are gone
    assert "fetch" in refusal(path, lambda path: read_extract([path], CAR))


def test_xml_that_is_cut_is_refused(tmp_path):
    whole = town(tmp_path / "town.osm", n=50, encoding="osm")
    raw = whole.read_bytes()
    cut = tmp_path / "cut.osm"
    for at in (60, len(raw) // 3, len(raw) // 2, len(raw) - 20, len(raw) - 3):
        cut.write_bytes(raw[:at])
        assert "fetch" in refusal(cut)
    assert read_osm(whole).n_edges == 1


# Something else


PAGE = b"<!DOCTYPE html><html><head><title>503 Service Unavailable</title></head><body>busy</body></html>"
NOT_PBF = {
    "empty": b"",
    "one byte": b"\0",
    "zeros": bytes(5000),
    "text": b"This is not a map." * 300,
    "page": PAGE,
    "zip": gzip.compress(PAGE * 50),
    "noise": np.random.default_rng(2).bytes(20_000),
    "huge": struct.pack(">I", 14) + b"\x0a\x09OSMHeader\x18\xff\xff\xff\xff\x0f",
    "no header": struct.pack(">I", 11) + b"\x0a\x07OSMData\x18\x04" + b"\x0a\x02hi",
    "no fields": struct.pack(">I", 4) + b"\xff\xff\xff\xff",
    "bad type": struct.pack(">I", 5) + b"\x0b\x0c\x0d\x0e\x0f",
}


@pytest.mark.parametrize("name", NOT_PBF)
def test_what_is_no_pbf_is_refused(tmp_path, name):
    path = tmp_path / "download.osm.pbf"
    path.write_bytes(NOT_PBF[name])
    assert refusal(path)


@pytest.mark.parametrize("suffix", [".osm", ".osm.gz", ".osm.bz2", ".txt", ".zip"])
def test_what_is_no_xml_is_refused(tmp_path, suffix):
    for name in ("empty", "page", "noise"):
        path = tmp_path / f"download{suffix}"
        path.write_bytes(NOT_PBF[name])
        assert refusal(path)


def test_a_spoilt_block_is_refused(tmp_path):
    """Bytes that change on the way: in the data of a block its checksum tells, elsewhere the form of the file."""
    raw = TROMS.read_bytes()
    ends = block_ends(raw)
    spoilt = tmp_path / "spoilt.osm.pbf"
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        for at in ((start + end) // 2, end - 40, end - 3):
            spoilt.write_bytes(raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :])
            assert refusal(spoilt)
    for at in {i + step for i in [0, *ends[:-1]] for step in range(18)}:
        spoilt.write_bytes(raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :])
        with pytest.raises(GeoaccessError):
            read_osm(spoilt)


# Whole ones


def test_whole_files_are_read(tmp_path):
    assert read_extract([TROMS], CAR).counts["ways_read"] == 3267
    assert read_osm(town(tmp_path / "town.osm.pbf", n=9000)).counts["way_nodes_missing"] == 0
    assert read_osm(town(tmp_path / "two.osm.pbf", n=2)).n_edges == 1


@pytest.mark.parametrize(
    "encoding", ["pbf,pbf_compression=none", "pbf,pbf_dense_nodes=false", "pbf,pbf_compression=lz4"]
)
def test_files_of_other_makers_are_read(tmp_path, encoding):
    assert read_osm(town(tmp_path / "town.osm.pbf", n=300, encoding=encoding)).n_edges == 1


def test_a_whole_town_with_a_few_nodes_that_belong_to_nothing_is_read(tmp_path):
    """A handful of stray points are no sign of a cut, in a small file as in the last small block of a large one."""
    for n, stray in ((30, 2), (3, 1), (15_990, 12)):
        assert read_osm(town(tmp_path / "town.osm.pbf", n=n, stray=stray)).edge_length_m.sum() > 50


def test_newest_untagged_nodes_are_those_of_the_last_block_of_nodes(tmp_path):
    n = 32_500
    path = town(tmp_path / "town.osm.pbf", n=n, tagged={3, 32_000, 32_001, 32_499})
    assert len(block_ends(path.read_bytes())) == 11
    found = newest_untagged_nodes(path)
    last = {i + 1 for i in range(32_000, n)} - {32_001, 32_002, 32_500}
    assert set(found.tolist()) >= last
    assert not {4, 32_001, 32_002, 32_500} & set(found.tolist())


def test_ids_beyond_32_bits_and_falling_ones_are_understood(tmp_path):
    numbers = [5, 2**31 + 7, 2**33, 2**40]
    path = tmp_path / "ids.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for i, number in enumerate(numbers):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(10 + i * 0.01, 60)))
        writer.add_way(osmium.osm.mutable.Way(id=2**40, nodes=numbers, tags={"highway": "primary"}))
    assert newest_untagged_nodes(path).tolist() == numbers
    assert read_osm(path).way_id.tolist() == [2**40]


def test_a_block_in_a_compression_we_do_not_know_is_reported(tmp_path):
    """Whatever cannot be looked into must not end in a raw error."""
    raw = TROMS.read_bytes()
    ends = block_ends(raw)
    body = b"\x10\x05\x22" + bytes([4]) + zlib.compress(b"")[:4]  # raw_size and lzma_data
    blob = struct.pack(">I", 11) + b"\x0a\x07OSMData\x18" + bytes([len(body)]) + body
    path = tmp_path / "odd.osm.pbf"
    path.write_bytes(raw[: ends[0]] + blob)
    assert refusal(path)
