"""Writing an .osm.pbf of few objects, which other readers take as they would the file that these are from."""

from __future__ import annotations

import itertools
import struct
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.kernels import packing
from geoaccess.kernels.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["Objects", "TagSets", "write_extract"]

_PLAIN, _BYTES = 0, 2  # wire types
_HEADER = b"".join(
    struct.pack("BB", field << 3 | _BYTES, len(name)) + name
    for field, name in ((4, b"OsmSchema-V0.6"), (4, b"DenseNodes"), (5, b"Sort.Type_then_ID"))
)
_IN_BLOCK, _WEIGHT = 8000, 1 << 18
"""So many objects stand in a block, of so many members or nodes."""
_NODES, _WAYS, _RELATIONS = 2, 3, 4  # fields of a group; of nodes the dense ones


class TagSets(NamedTuple):
    """Words, and sets of tags: of set i the pairs (key, value) pair[ptr[i]:ptr[i + 1]], places among the words."""

    words: Sequence[bytes]
    ptr: npt.NDArray[np.int64]
    pair: npt.NDArray[np.int32]


class Objects(NamedTuple):
    """Nodes, ways or relations by rising ids: `tags` is the place of the tag set of each, -1 for none.

    Of nodes `ref` holds longitude and latitude, two entries each, in units of 1e-7 degrees. Ways and relations have the
    members ref[ptr[i]:ptr[i + 1]]; those of relations with `kind` (0 node, 1 way, 2 relation) and `role`, a word.
    """

    number: npt.NDArray[np.int64]
    tags: npt.NDArray[np.int32]
    ptr: npt.NDArray[np.int64]
    ref: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    role: npt.NDArray[np.int64]


def write_extract(path: Path, sets: TagSets, nodes: Objects, ways: Objects, relations: Objects) -> None:
    """Write an .osm.pbf without versions, dates or names of mappers; a few blocks are packed at a time."""
    threads = thread_count()
    waiting: deque[Future[bytes]] = deque()
    with path.open("wb") as file, ThreadPoolExecutor(threads) as pool:
        file.write(_blob(b"OSMHeader", _HEADER))
        for field, objects in ((_NODES, nodes), (_WAYS, ways), (_RELATIONS, relations)):
            for part in _parts(objects):
                waiting.append(pool.submit(_block, sets, part, field))
                if len(waiting) > 2 * threads:
                    file.write(waiting.popleft().result())
        for future in waiting:
            file.write(future.result())


def _block(sets: TagSets, part: Objects, field: int) -> bytes:
    strings = _Strings(sets, part)
    group = _dense(part, strings) if field == _NODES else _messages(part, strings, field)
    return _blob(b"OSMData", strings.table() + _group(group))


def _blob(kind: bytes, data: bytes) -> bytes:
    body = _run(1, data)  # as it is: packed it were a third smaller, and packing took longer than all else
    head = _run(1, kind) + _number(3, len(body))
    return struct.pack(">I", len(head)) + head + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:  # noqa: PLR2004 - seven bits in a byte
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _PLAIN) + _varint(value)


def _run(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def _group(data: bytes) -> bytes:
    return _run(2, data)


def _parts(objects: Objects) -> Iterator[Objects]:
    """Yield the objects of each block."""
    weight = np.arange(1, objects.number.size + 1) * (_WEIGHT // _IN_BLOCK) + objects.ptr[1:]
    block = weight // _WEIGHT
    cuts = np.flatnonzero(np.diff(block)) + 1
    bounds = [0, *cuts.tolist(), objects.number.size]
    for first, last in itertools.pairwise(bounds):
        if last > first:
            some = slice(int(objects.ptr[first]), int(objects.ptr[last]))
            yield Objects(
                objects.number[first:last],
                objects.tags[first:last],
                objects.ptr[first : last + 1] - objects.ptr[first],
                objects.ref[some],
                objects.kind[some],
                objects.role[some],
            )


class _Strings:
    """The table of strings of a block, the first of which is empty, and the tags of its objects as places in it."""

    def __init__(self, sets: TagSets, part: Objects) -> None:
        tagged = np.flatnonzero(part.tags >= 0)
        sizes = np.zeros(part.number.size, np.int64)
        sizes[tagged] = np.diff(sets.ptr)[part.tags[tagged]]
        self.ptr = np.concatenate([[0], np.cumsum(sizes)])
        first = np.zeros(part.number.size, np.int64)
        first[tagged] = sets.ptr[part.tags[tagged]]
        pairs = sets.pair[np.repeat(first - self.ptr[:-1], sizes) + np.arange(self.ptr[-1])]
        used, place = np.unique(np.concatenate([pairs.reshape(-1), part.role]), return_inverse=True)
        place += 1
        self._words = [sets.words[word] for word in used.tolist()]
        self.key, self.value = place[: pairs.size : 2], place[1 : pairs.size : 2]
        self.role = place[pairs.size :]

    def table(self) -> bytes:
        return _run(1, b"".join(_run(1, word) for word in (b"", *self._words)))


def _dense(part: Objects, strings: _Strings) -> bytes:
    whole = np.array([0, part.number.size])
    columns = [(1, part.number), (8, part.ref[1::2].copy()), (9, part.ref[::2].copy())]
    found = [_run(field, packing.packed(values, whole, steps=True)[0].tobytes()) for field, values in columns]
    if strings.key.size:
        mixed = np.zeros(2 * strings.key.size + part.number.size, np.int64)
        at = 2 * np.arange(strings.key.size) + np.repeat(np.arange(part.number.size), np.diff(strings.ptr))
        mixed[at], mixed[at + 1] = strings.key, strings.value  # a zero stays behind those of each node
        found.append(_run(10, packing.packed(mixed, np.array([0, mixed.size]), steps=False)[0].tobytes()))
    return _run(_NODES, b"".join(found))


def _messages(part: Objects, strings: _Strings, field: int) -> bytes:
    alone = np.arange(part.number.size + 1)
    columns = [
        (1, _PLAIN, packing.packed(part.number, alone, steps=False)),
        (2, _BYTES, packing.packed(strings.key.astype(np.int64), strings.ptr, steps=False)),
        (3, _BYTES, packing.packed(strings.value.astype(np.int64), strings.ptr, steps=False)),
    ]
    if field == _WAYS:
        columns.append((8, _BYTES, packing.packed(part.ref, part.ptr, steps=True)))
    else:
        columns.append((8, _BYTES, packing.packed(strings.role.astype(np.int64), part.ptr, steps=False)))
        columns.append((9, _BYTES, packing.packed(part.ref, part.ptr, steps=True)))
        columns.append((10, _BYTES, packing.packed(part.kind, part.ptr, steps=False)))
    begins = np.cumsum([0, *(data.size for _, _, (data, _) in columns)])
    message: npt.NDArray[np.uint8] = packing.framed(
        np.concatenate([data for _, _, (data, _) in columns]),
        np.stack([bounds + begin for begin, (_, _, (_, bounds)) in zip(begins.tolist(), columns, strict=False)]),
        np.array([number for number, _, _ in columns], np.int64),
        np.array([wire for _, wire, _ in columns], np.int64),
        field,
    )
    return message.tobytes()
