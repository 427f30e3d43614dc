"""The blocks of .osm.pbf files, decoded: bytes that nobody vouches for come in, flat arrays go out.

The messages are PrimitiveBlock, PrimitiveGroup, DenseNodes, Node, Way and Relation of the format (OpenStreetMap wiki,
"PBF Format"). Unlike other kernels these trust nothing: every length is checked before it is used, and whatever does
not fit raises ValueError. They need no lock, so that threads may share the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "FARTHEST",
    "count_nodes",
    "inner_spans",
    "nodes_among",
    "nodes_of",
    "outline",
    "places_among",
    "runs",
    "tags_of_nodes",
    "versions",
]

FARTHEST = 1 << 60
"""No id and no coordinate is beyond this, so that two of them may be added."""

_NUMBER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # wire types
_POSITIVE = (1 << 63) - 1


@numba.njit(cache=True, nogil=True)
def _varint(data: npt.NDArray[np.uint8], at: np.int64, end: np.int64) -> tuple[np.int64, np.int64]:
    """Return the number at a place, and the place behind it."""
    value = np.int64(0)
    for shift in range(0, 70, 7):
        if at >= end:
            raise ValueError("a number runs beyond its field")
        byte = np.int64(data[at])
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number is longer than ten bytes")


@numba.njit(cache=True, nogil=True)
def _field(data: npt.NDArray[np.uint8], at: np.int64, end: np.int64) -> tuple[np.int64, np.int64, np.int64, np.int64]:
    """Return (number, wire type, first, stop) of a field: where its bytes, or those of its number, begin and end."""
    tag, at = _varint(data, at, end)
    number, wire = tag >> 3, tag & 7
    size = np.int64(8)
    if wire == _NUMBER:
        _, stop = _varint(data, at, end)
        size = stop - at
    elif wire == _BYTES:
        size, at = _varint(data, at, end)
    elif wire == _FOUR:
        size = np.int64(4)
    elif wire != _EIGHT:
        raise ValueError("a field is of an unknown type")
    if number < 1 or size < 0 or size > end - at:
        raise ValueError("a field is longer than its block, or has no number")
    return number, wire, at, at + size


@numba.njit(cache=True, nogil=True)
def outline(
    data: npt.NDArray[np.uint8],
) -> tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int8], npt.NDArray[np.int32], npt.NDArray[np.int64]
]:
    """Return (string_start, string_stop, kind, span, scale): where the strings and the parts of all objects stand.

    The kind of an object is 1 for a node, 2 for a dense group of nodes, 3 for a way and 4 for a relation. Its field
    1, 2, 3, 8, 9 or 10 is data[span[i, 2 * c]:span[i, 2 * c + 1]], with c from 0 to 5; nothing at 0, 0. With c = 6 it
    holds its version (field 5 of a dense group, else field 4). `scale` is the granularity and the offsets of
    latitude and longitude, all in nanodegrees.
    """
    most = data.size // 2 + 1  # no string takes less than two bytes
    string_start, string_stop = np.empty(most, np.int64), np.empty(most, np.int64)
    most = data.size // 4 + 1  # and no object that has a number less than four
    kind, span = np.empty(most, np.int8), np.empty((most, 14), np.int32)
    scale = np.array([100, 0, 0], np.int64)
    n_strings = n = 0
    at = np.int64(0)
    while at < data.size:
        number, wire, first, at = _field(data, at, data.size)
        if number in (17, 19, 20) and wire == _NUMBER:
            value, _ = _varint(data, first, at)
            scale[number - 18 if number > 18 else 0] = value
        elif number == 1 and wire == _BYTES:
            if n_strings > 0:
                raise ValueError("there are two tables of strings")
            while first < at:
                inner, wire, start, first = _field(data, first, at)
                if inner == 1 and wire == _BYTES:
                    string_start[n_strings], string_stop[n_strings] = start, first
                    n_strings += 1
        elif number == 2 and wire == _BYTES:
            while first < at:
                inner, wire, place, first = _field(data, first, at)
                if inner > 4:
                    continue
                if wire != _BYTES:
                    raise ValueError("an object is no run of bytes")
                if n == most:
                    raise ValueError("objects have no numbers")
                kind[n] = inner
                span[n] = 0
                while place < first:
                    field, wire, start, place = _field(data, place, first)
                    column = np.int64(field - 1 if field <= 3 else field - 5)
                    if field == (5 if inner == 2 else 4):
                        column = np.int64(6)
                    elif 3 < field < 8 or column > 5:
                        continue
                    if span[n, 2 * column + 1] > 0 or wire not in (_NUMBER, _BYTES):
                        raise ValueError("a field stands twice, or is of a wrong type")
                    span[n, 2 * column], span[n, 2 * column + 1] = start, place
                n += 1
        elif number <= 2 or 17 <= number <= 20:
            raise ValueError("a field is of a wrong type")
    return string_start[:n_strings].copy(), string_stop[:n_strings].copy(), kind[:n].copy(), span[:n].copy(), scale


@numba.njit(cache=True, nogil=True)
def _added(value: np.int64, total: np.int64) -> np.int64:
    """Return a number to which a step in zigzag code is added."""
    step = ((value >> 1) & _POSITIVE) ^ -(value & 1)
    if step > FARTHEST or step < -FARTHEST:
        raise ValueError("a step between numbers is absurd")
    total += step
    if total > FARTHEST or total < -FARTHEST:
        raise ValueError("a number is absurd")
    return total


@numba.njit(cache=True, nogil=True)
def runs(
    data: npt.NDArray[np.uint8],
    start: npt.NDArray[np.int32],
    stop: npt.NDArray[np.int32],
    rising: bool,  # noqa: FBT001
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return (numbers, ptr): run i of numbers, data[start[i]:stop[i]], becomes numbers[ptr[i]:ptr[i + 1]].

    With `rising` the numbers of a run are steps in zigzag code, each from the number before.
    """
    size = np.int64(0)
    for i in range(start.size):
        size += stop[i] - start[i]
    numbers, ptr = np.empty(size, np.int64), np.zeros(start.size + 1, np.int64)
    n = 0
    for i in range(start.size):
        at, end = np.int64(start[i]), np.int64(stop[i])
        total = np.int64(0)
        while at < end:
            value, at = _varint(data, at, end)
            if rising:
                value = total = _added(value, total)
            numbers[n] = value
            n += 1
        ptr[i + 1] = n
    return numbers[:n].copy(), ptr


@numba.njit(cache=True, nogil=True)
def inner_spans(
    data: npt.NDArray[np.uint8], start: npt.NDArray[np.int32], stop: npt.NDArray[np.int32], number: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return where field `number` of the messages data[start[i]:stop[i]] stands; nothing at 0, 0."""
    first, last = np.zeros(start.size, np.int32), np.zeros(start.size, np.int32)
    for i in range(start.size):
        at = np.int64(start[i])
        while at < stop[i]:
            field, wire, begin, at = _field(data, at, np.int64(stop[i]))
            if field == number:
                if wire not in (_NUMBER, _BYTES):
                    raise ValueError("a field is of a wrong type")
                first[i] = begin
                last[i] = at
    return first, last


@numba.njit(cache=True, nogil=True)
def versions(
    data: npt.NDArray[np.uint8], start: npt.NDArray[np.int32], stop: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return (version, visible) of objects, from the messages data[start[i]:stop[i]]; 0 and true without one."""
    version, visible = np.zeros(start.size, np.int64), np.ones(start.size, np.bool_)
    for i in range(start.size):
        at = np.int64(start[i])
        while at < stop[i]:
            field, wire, begin, at = _field(data, at, np.int64(stop[i]))
            if wire == _NUMBER and field in (1, 6):
                value, _ = _varint(data, begin, at)
                if field == 1:
                    version[i] = value
                else:
                    visible[i] = value != 0
    return version, visible


@numba.njit(cache=True, nogil=True)
def count_nodes(
    data: npt.NDArray[np.uint8], span: npt.NDArray[np.int32], single: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return how many nodes stand before each row of `span` (see `outline`), and in all.

    A row is of one node where it is `single`, else of a dense group.
    """
    ptr = np.zeros(single.size + 1, np.int64)
    for i in range(single.size):
        count = np.int64(0)
        for at in range(span[i, 0], span[i, 1]):
            count += np.int64(1) if data[at] < 128 else np.int64(0)
        if single[i] and count != 1:
            raise ValueError("a node has no number, or more than one")
        ptr[i + 1] = ptr[i] + count
    return ptr


@numba.njit(cache=True, nogil=True)
def tags_of_nodes(
    data: npt.NDArray[np.uint8],
    span: npt.NDArray[np.int32],
    single: npt.NDArray[np.bool_],
    ptr: npt.NDArray[np.int64],
    asked: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (node, key, value): the tags of the nodes that have a key that is `asked` for, node by node.

    See `count_nodes` for rows and `ptr`. The tags of a dense group are key, value ... and a zero for each node; where
    no node has any, nothing.
    """
    room = np.int64(0)
    for i in range(single.size):
        room += (span[i, 3] - span[i, 2]) if single[i] else (span[i, 11] - span[i, 10])
    node, key, value = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    n = np.int64(0)
    for i in range(single.size):
        alone = single[i]
        at, end = np.int64(span[i, 2 if alone else 10]), np.int64(span[i, 3 if alone else 11])
        other, last = (np.int64(span[i, 4]), np.int64(span[i, 5])) if alone else (np.int64(0), np.int64(0))
        if at >= end and other >= last:
            continue
        first, taken, current = n, False, ptr[i]
        while at < end or other < last:
            if not alone and n == first:  # nearly all nodes have no tags: their zeros stand in long rows
                while at < end and data[at] == 0:
                    at, current = at + 1, current + 1
                if at >= end:
                    break
            if alone and (at >= end or other >= last):
                raise ValueError("keys and values differ in number")
            name, at = _varint(data, at, end)
            if not alone and name == 0:
                if not taken:
                    n = first
                current += 1
                first, taken = n, False
                continue
            if current >= ptr[i + 1]:
                raise ValueError("there are tags of more nodes than there are")
            if alone:
                content, other = _varint(data, other, last)
            elif at < end:
                content, at = _varint(data, at, end)
            else:
                raise ValueError("a tag has no value")
            if not (0 <= name < asked.size and 0 <= content < asked.size):
                raise ValueError("a tag or role is a string that is not there")
            node[n], key[n], value[n] = current, name, content
            taken = taken or asked[name]
            n += 1
        if alone:
            current += 1
            if not taken:
                n = first
        if current != ptr[i + 1]:
            raise ValueError("tags of nodes end too early, or there are tags of more nodes than there are")
    return node[:n].copy(), key[:n].copy(), value[:n].copy()


@numba.njit(cache=True, nogil=True)
def nodes_of(
    data: npt.NDArray[np.uint8], span: npt.NDArray[np.int32], ptr: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], bool]:
    """Return (number, lat, lon, rises) of all nodes of some rows, see `count_nodes`.

    Latitude and longitude are in the units of the block; `rises` says whether each id is greater than the one before.
    """
    size = ptr[-1]
    ids, lats, lons = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    current, rises = 0, True
    for i in range(ptr.size - 1):
        at, end = np.int64(span[i, 0]), np.int64(span[i, 1])
        at_lat, end_lat = np.int64(span[i, 6]), np.int64(span[i, 7])
        at_lon, end_lon = np.int64(span[i, 8]), np.int64(span[i, 9])
        number = lat = lon = np.int64(0)
        while at < end:
            if at_lat >= end_lat or at_lon >= end_lon:
                raise ValueError("nodes and places differ in number")
            number, at = _stepped(data, at, end, number)
            lat, at_lat = _stepped(data, at_lat, end_lat, lat)
            lon, at_lon = _stepped(data, at_lon, end_lon, lon)
            if current > 0 and number <= ids[current - 1]:
                rises = False
            ids[current], lats[current], lons[current] = number, lat, lon
            current += 1
        if at_lat < end_lat or at_lon < end_lon:
            raise ValueError("nodes and places differ in number")
    return ids, lats, lons, rises


@numba.njit(cache=True, nogil=True)
def _stepped(data: npt.NDArray[np.uint8], at: np.int64, end: np.int64, total: np.int64) -> tuple[np.int64, np.int64]:
    """Return a number that is a step in zigzag code from the one before, and the place behind it."""
    value, at = _varint(data, at, end)
    return _added(value, total), at


@numba.njit(cache=True, nogil=True)
def _gallop(ordered: npt.NDArray[np.int64], value: np.int64, place: np.int64) -> np.int64:
    """Return the first place from a given one on in a rising array at which it is not below a value."""
    step = np.int64(1)
    while place + step < ordered.size and ordered[place + step] < value:  # gallop, then halve
        place += step
        step *= 2
    high = place + step if place + step < ordered.size else np.int64(ordered.size)
    while place < high:
        middle = (place + high) >> 1
        if ordered[middle] < value:
            place = middle + 1
        else:
            high = middle
    return place


@numba.njit(cache=True, nogil=True)
def places_among(values: npt.NDArray[np.int64], ordered: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Return the place of each value in a rising array, -1 where it is not in it; quick where values rise too."""
    out = np.full(values.size, -1, np.int32)
    place = np.int64(0)
    for i in range(values.size):
        if i == 0 or values[i] < values[i - 1]:
            place = np.int64(0)
        place = _gallop(ordered, values[i], place)
        if place < ordered.size and ordered[place] == values[i]:
            out[i] = place
    return out


@numba.njit(cache=True, nogil=True)
def nodes_among(
    number: npt.NDArray[np.int64],
    lat: npt.NDArray[np.int64],
    lon: npt.NDArray[np.int64],
    needed: npt.NDArray[np.int64],
    asked: npt.NDArray[np.int64],
) -> tuple[
    npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]
]:
    """Return (node, place, number, lat, lon) of the nodes whose numbers are `needed`, or that are `asked` for.

    Both rise. `node` is the place of each among all nodes given, in which `asked` counts, and `place` that of its
    number among those needed, see `places_among`.
    """
    node, place = np.empty(number.size, np.int64), np.empty(number.size, np.int32)
    at, n, asked_at = np.int64(0), 0, 0
    for i in range(number.size):
        if i == 0 or number[i] < number[i - 1]:
            at = np.int64(0)
        at = _gallop(needed, number[i], at)
        there = at < needed.size and needed[at] == number[i]
        wanted = asked_at < asked.size and asked[asked_at] == i
        asked_at += wanted
        node[n], place[n] = i, at if there else -1
        n += there or wanted
    numbers, lats, lons = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    for i in range(n):
        numbers[i], lats[i], lons[i] = number[node[i]], lat[node[i]], lon[node[i]]
    return node[:n].copy(), place[:n].copy(), numbers, lats, lons
