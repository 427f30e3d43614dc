"""Finding out whether an .osm.pbf is whole.

A file cut at a block boundary is read without an error by every reader, because the format has no table of contents.
But nodes come before ways in it, and in a whole extract nearly every node without tags belongs to some way. So the
newest such nodes are looked up among the ways: where many belong to none, ways are missing.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["newest_untagged_nodes"]

_VARINT, _BYTES = 0, 2  # wire types of the encoding


class _Blob(NamedTuple):
    kind: bytes
    at: int
    size: int


def newest_untagged_nodes(path: Path) -> npt.NDArray[np.int64]:
    """Return the ids of the untagged nodes in the last block of nodes of a sorted file; empty where there is none.

    Raises
    ------
    InputError
        If the file ends in the middle of a block, or is not an .osm.pbf.
    """
    blobs = list(_blobs(path))
    if not blobs or blobs[0].kind != b"OSMHeader":
        raise InputError(f"{path}: not an .osm.pbf file (it does not begin with an OSMHeader block)")
    found = np.empty(0, np.int64)
    with path.open("rb") as file:
        low, high = 1, len(blobs)  # nodes first: search for the first block that holds none
        while low < high:
            middle = (low + high) // 2
            nodes = _nodes(file, blobs[middle], path)
            if nodes is None:
                high = middle
            else:
                found, low = nodes, middle + 1
    return found


def _blobs(path: Path) -> Iterator[_Blob]:
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at < size:
            head = file.read(4)
            length = struct.unpack(">I", head)[0] if len(head) == 4 else 0  # noqa: PLR2004
            if not 0 < length <= 65536:  # noqa: PLR2004 - the format's own limit
                raise InputError(
                    f"{path}: not a whole .osm.pbf: no block begins at byte {at} of {size}; fetch it again"
                )
            try:
                fields = dict(_fields(file.read(length)))
            except IndexError:
                fields = {}
            kind, data = fields.get(1), fields.get(3)
            if not isinstance(kind, bytes) or not isinstance(data, int) or at + 4 + length + data > size:
                raise InputError(
                    f"{path}: cut short, or no .osm.pbf: the block at byte {at} of {size} is not whole; fetch it again"
                )
            yield _Blob(kind, at + 4 + length, data)
            at += 4 + length + data
            file.seek(at)


def _nodes(file: Any, blob: _Blob, path: Path) -> npt.NDArray[np.int64] | None:
    """Return the untagged nodes of a block, or None if it holds no nodes; none where it is not packed by zlib."""
    file.seek(blob.at)
    try:
        body: dict[int, Any] = dict(_fields(file.read(blob.size)))
        if not body.keys() & {1, 3}:
            return np.empty(0, np.int64)
        raw = body[1] if 1 in body else zlib.decompress(body[3])
        groups = [value for field, value in _fields(raw) if field == 2]  # noqa: PLR2004
        parts = [(field, value) for group in groups for field, value in _fields(cast("bytes", group))]
        dense = [dict(_fields(cast("bytes", value))) for field, value in parts if field == 2]  # noqa: PLR2004
        single = [dict(_fields(cast("bytes", value))) for field, value in parts if field == 1]
        if not dense and not single:
            return None
        ids = [_untagged(node) for node in dense]
        ids += [np.array([_signed(cast("int", node[1]))]) for node in single if 2 not in node]  # noqa: PLR2004
        return np.concatenate(ids) if ids else np.empty(0, np.int64)
    except (zlib.error, KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: the block at byte {blob.at} cannot be read ({error}); fetch the file again"
        ) from error


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _untagged(dense: dict[int, Any]) -> npt.NDArray[np.int64]:
    """Return the ids of the nodes of a dense group that carry no tags."""
    steps = _varints(dense.get(1, b""))
    ids = np.cumsum((steps >> 1) ^ -(steps & 1))
    tags = _varints(dense.get(10, b""))
    if not tags.size:
        return ids
    # Tags stand node by node as key, value, ... and a zero; an untagged node is a zero alone.
    untagged = []
    at = 0
    for node in range(ids.size):
        begin = at
        while tags[at] != 0:
            at += 2
        if at == begin:
            untagged.append(node)
        at += 1
    return ids[untagged]


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == _VARINT:
            value, at = _varint(data, at)
            yield tag >> 3, value
        elif tag & 7 == _BYTES:
            size, at = _varint(data, at)
            yield tag >> 3, data[at : at + size]
            at += size
        else:
            raise IndexError(f"wire type {tag & 7}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:  # noqa: PLR2004
            return value, at
        shift += 7


def _varints(data: bytes) -> npt.NDArray[np.int64]:
    """Return all the varints of a packed field."""
    octets = np.frombuffer(data, np.uint8)
    if not octets.size:
        return np.empty(0, np.int64)
    last = octets < 128  # noqa: PLR2004
    number = np.concatenate([[0], np.cumsum(last)[:-1]])
    first = np.concatenate([[0], np.flatnonzero(last)[:-1] + 1])
    shift = 7 * (np.arange(octets.size) - first[number])
    return np.add.reduceat((octets & 127).astype(np.int64) << shift, first)
