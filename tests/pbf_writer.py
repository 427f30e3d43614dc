"""A small writer of .osm.pbf files that can do what no other does: every variant of the format, and what breaks it."""

from __future__ import annotations

import struct
import zlib


def varint(value):
    """Return a number in groups of seven bits; a negative one as a number of 64 bits."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def zigzag(value):
    return varint(2 * value if value >= 0 else -2 * value - 1)


def number(field, value):
    return varint(field << 3) + varint(value)


def signed(field, value):
    return varint(field << 3) + zigzag(value)


def run(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def steps(values):
    """Return numbers as steps, each from the one before."""
    return b"".join(zigzag(value - before) for before, value in zip([0, *values], values, strict=False))


class Strings:
    """The table of strings of a block."""

    def __init__(self):
        self.place = {"": 0}

    def __call__(self, text):
        return self.place.setdefault(text, len(self.place))

    def pairs(self, tags):
        keys = b"".join(varint(self(key)) for key, _ in tags)
        values = b"".join(varint(self(value)) for _, value in tags)
        return (run(2, keys) + run(3, values)) if tags else b""


INFO = number(1, 3) + number(2, 1_500_000_000) + number(4, 17)


def block(parts, *, granularity=100, lat_offset=0, lon_offset=0, info=True):
    """Return a block of groups: ("nodes" | "dense", [(id, lon, lat, tags)]), ("ways", [(id, refs, tags)]), or
    ("relations", [(id, members, tags)]) with members (type, ref, role); coordinates in units of the granularity."""
    strings, groups = Strings(), b""
    about = run(4, INFO) if info else b""
    for kind, objects in parts:
        group = b""
        if kind == "nodes":
            for i, lon, lat, tags in objects:
                group += run(1, signed(1, i) + strings.pairs(tags) + about + signed(8, lat) + signed(9, lon))
        elif kind == "dense" and objects:
            ids, lons, lats, tags = zip(*objects, strict=True)
            mixed = b""
            if any(tags):
                for of in tags:
                    mixed += b"".join(varint(strings(key)) + varint(strings(value)) for key, value in of) + b"\0"
            dense = run(1, steps(ids)) + run(8, steps(lats)) + run(9, steps(lons)) + (run(10, mixed) if mixed else b"")
            group += run(2, dense)
        elif kind == "ways":
            for i, refs, tags in objects:
                group += run(3, number(1, i) + strings.pairs(tags) + about + run(8, steps(refs)))
        elif kind == "relations":
            for i, members, tags in objects:
                kinds, refs, roles = zip(*members, strict=True) if members else ((), (), ())
                group += run(
                    4,
                    number(1, i)
                    + strings.pairs(tags)
                    + about
                    + run(8, b"".join(varint(strings(role)) for role in roles))
                    + run(9, steps(refs))
                    + run(10, b"".join(varint("nwr".index(kind)) for kind in kinds)),
                )
        groups += run(2, group)
    table = b"".join(run(1, text.encode()) for text in strings.place)
    scale = b"" if granularity == 100 else number(17, granularity)
    scale += (number(19, lat_offset) if lat_offset else b"") + (number(20, lon_offset) if lon_offset else b"")
    return run(1, table) + groups + scale


def framed(body, *, kind=b"OSMData", size=None):
    """Return the body of a blob behind its header, which may lie about its size."""
    head = run(1, kind) + number(3, len(body) if size is None else size)
    return struct.pack(">I", len(head)) + head + body


def blob(data, *, packed=True, kind=b"OSMData", size=None):
    """Return a block as it stands in a file; it may lie about the size of what is packed."""
    size = len(data) if size is None else size
    return framed(number(2, size) + run(3, zlib.compress(data)) if packed else run(1, data), kind=kind)


def header(required=("OsmSchema-V0.6", "DenseNodes"), optional=()):
    data = b"".join(run(4, name.encode()) for name in required) + b"".join(run(5, name.encode()) for name in optional)
    return blob(data, kind=b"OSMHeader")


def write(path, blocks, *, packed=True):
    path.write_bytes(header() + b"".join(blob(data, packed=packed) for data in blocks))
    return path
