"""Blocks are unpacked by isal where it is installed, else by zlib: the same bytes, and the same refusals."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from geoaccess.osm import blobs

TEXT = b"highway=residential " * 5000
PACKED = zlib.compress(TEXT)
NOISE = np.random.default_rng(0).bytes(70_000)


class Stub:
    """Unpacks as isal does, and counts."""

    class error(Exception):  # noqa: N801, N818 - as the module calls it
        pass

    def __init__(self):
        self.calls = 0

    def decompressobj(self):
        self.calls += 1
        return Inflate(self.error)


class Inflate:
    def __init__(self, error):
        self.inflate, self.error = zlib.decompressobj(), error

    @property
    def eof(self):
        return self.inflate.eof

    def decompress(self, data, most):
        try:
            return self.inflate.decompress(data, most)
        except zlib.error as found:
            raise self.error("other words") from found


@pytest.fixture(params=["isal", "like isal", "zlib"])
def unpacking(request, monkeypatch):
    if request.param == "isal":
        pytest.importorskip("isal", reason="isal is not installed")
    else:
        monkeypatch.setattr(blobs, "isal_zlib", Stub() if request.param == "like isal" else None)
    return request.param


@pytest.mark.parametrize("data", [b"", b"x", TEXT, NOISE])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_bytes_are_those_that_were_packed(unpacking, data, level):
    assert blobs._inflated(zlib.compress(data, level), len(data)) == data


@pytest.mark.parametrize("packed", [PACKED[:-1], PACKED[: len(PACKED) // 2], b""])
def test_what_is_cut_is_refused(unpacking, packed):
    with pytest.raises(ValueError, match=f"does not unpack to the {len(TEXT)} bytes"):
        blobs._inflated(packed, len(TEXT))


@pytest.mark.parametrize("size", [len(TEXT) - 1, len(TEXT) + 1, 0])
def test_another_size_than_was_said_is_refused(unpacking, size):
    with pytest.raises(ValueError, match=f"does not unpack to the {size} bytes"):
        blobs._inflated(PACKED, size)


@pytest.mark.parametrize(("at", "words"), [(0, "incorrect header check"), (len(PACKED) - 1, "incorrect data check")])
def test_damage_is_said_in_the_words_of_zlib(unpacking, at, words):
    damaged = bytearray(PACKED)
    damaged[at] ^= 0x55
    with pytest.raises(zlib.error, match=words):
        blobs._inflated(bytes(damaged), len(TEXT))


def test_isal_is_asked_first(monkeypatch):
    stub = Stub()
    monkeypatch.setattr(blobs, "isal_zlib", stub)
    assert blobs._inflated(PACKED, len(TEXT)) == TEXT
    assert stub.calls == 1
