"""Extracts as maps: their objects, changed by what they mean, and packed in every form that the format allows."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib

import pbf_writer
import pyarrow as pa
from pbf_writer import number, run, signed, steps, varint

from fuzzing import mutations
from fuzzing.values import NUMBERS, WORDS

_NODES, _DENSE, _WAYS, _RELATIONS = 1, 2, 3, 4  # fields of a group
UNSOUND = (ValueError, LookupError, TypeError, AttributeError, OverflowError, StopIteration, zlib.error, struct.error)
"""What is raised here of messages that hold no map."""
_PACKINGS = {
    "raw": (1, bytes), "zlib": (3, zlib.compress), "lzma": (4, lzma.compress), "bzip2": (5, bz2.compress),
    "lz4": (6, lambda data: pa.compress(data, "lz4_raw", asbytes=True)),
    "zstd": (7, lambda data: pa.compress(data, "zstd", asbytes=True)),
}  # fmt: skip
IDS = (0, 1, -1, -7, 4, 7, 2**31, 2**32 + 7, 2**40, 2**60, 2**60 + 1, 2**62, -(2**60), 2**63 - 1, -(2**63))
DEGREES = (
    0,
    1,
    -1,
    10**9,
    -(9 * 10**8),
    9 * 10**8,
    9 * 10**8 + 1,
    18 * 10**8,
    -18 * 10**8,
    18 * 10**8 + 1,
    2**31,
    2**40,
    2**59,
)

_CONDITIONS = (
    "no @ (Nov-May)", "no @ (Nov-May", "no @ Nov-May; yes @ (Jan)", "@", "@ (Jan)", "no @", "no @ ()", "no @ (wet)", "no @ (weight>3.5)",
    "no @ (weight>)", "no @ (weight>1e999)", "no @ (height<2 AND Mo-Fr 07:00-09:00)", "no @ (AND)", "yes @ (destination)", "no @ (Feb 30)",
    "no @ (00:00-24:00)", "no @ (25:00-26:00)", "no @ (22:00-06:00)", "no @ (sunset-sunrise)", "no @ (PH)", "no @ (easter -2 days)",
    "no @ (2026 Jan 01-2025 Jan 01)", "no @ (week 54)", "no @ (Mo[6])", "60 @ (axles>१)", "30 @ (Dec-Feb); 500 @ (Jan)", "0 @ (Jan)",
    "no @ (" * 200, "no @ (Jan); " * 300, "no @ (length>½)", 'no @ ("sometimes")', "destination @ (Jan)",
)  # fmt: skip
_ACCESS = (
    "yes",
    "no",
    "private",
    "destination",
    "no;yes",
    "yes;no",
    "unknown",
    "NO",
    "designated|no",
    "agricultural; forestry",
    "",
)
_SPEEDS = (
    "0", "-50", "1", "1e9", "50 mph", "50mph", "NO:urban", "NO:", "XX:rural", "NO:zone:30", "none", "walk", "fast", "50;80", "50|80", "|", "0.001",
    "९०", "50,5", "999999", "9" * 400, "80 knots", "30 km/t",
)  # fmt: skip
_TIMES = (
    "00:25", "0", "00:00", "-00:25", "25", "25:99", "1e3", "999:00", "99999:00:00", "PT25M", "PT0S", "PT", "P1Y", "P1DT2H", "PT1e5M", "PT9999999H",
    "00:25:30", "0:5", "२५", "9" * 400, "1.5", "25 min", "00:20-00:30", "00:20;00:30",
)  # fmt: skip
_HOURS = (
    "24/7",
    "May 20-Sep 05",
    "Mo-Fr 08:00-16:00",
    "Su",
    "off",
    "by chance",
    "Feb 30",
    "Mo-Fr 26:00-27:00",
    "sunrise-sunset",
    '"a"',
    "||",
    "",
)
_SIZES = (
    "1.5",
    "2,4",
    "0",
    "-1",
    "7'6\"",
    "none",
    "default",
    "1e999",
    "250 cm",
    "9" * 400,
    "½",
    "3.5 t",
    "3500 kg",
    "2;8",
    "below",
)
_CLASSES = (
    "primary", "residential", "track", "path", "steps", "motorway", "construction", "proposed", "steps; Residential", ";", "PRIMARY", "ice_road",
    "crossing", "traffic_signals", "give_way", "stop", "mini_roundabout", "turning_circle",
)  # fmt: skip
_ROUTES = ("ferry", "ferry;bus", "shuttle_train", "road", "Ferry", "")
TAGS = {
    **dict.fromkeys(("highway", "construction", "proposed"), _CLASSES), "route": _ROUTES, "disused:route": _ROUTES,
    **dict.fromkeys(("access", "vehicle", "motor_vehicle", "motorcar", "motor_vehicle:forward", "vehicle:backward", "foot", "hgv"), _ACCESS),
    **dict.fromkeys(("motor_vehicle:conditional", "access:conditional", "maxspeed:conditional", "oneway:conditional",
                     "motorcar:backward:conditional", "restriction:conditional", "interval:conditional"), _CONDITIONS),
    **dict.fromkeys(("maxspeed", "maxspeed:forward", "maxspeed:backward", "zone:maxspeed", "maxspeed:advisory"), _SPEEDS),
    **dict.fromkeys(("duration", "interval"), _TIMES), **dict.fromkeys(("opening_hours", "seasonal", "hour_on", "hour_off"), _HOURS),
    **dict.fromkeys(("maxheight", "maxwidth", "maxweight", "maxlength", "width", "maxaxleload", "lanes", "incline"), _SIZES),
    "oneway": ("yes", "no", "-1", "reversible", "alternating", "1;-1", "YES", ""), "junction": ("roundabout", "circular", "jughandle"),
    "hov:lanes": ("designated|", "designated|designated", "|", ""), "barrier": ("gate", "bollard", "kerb", "gate;bollard", "yes", "no", ""),
    "surface": ("gravel", "ice", "asphalt;gravel", ""), "area": ("yes", "no"), "ford": ("yes", "boat", "stepping_stones"),
    "natural": ("coastline", "water", "bay", ""), "water": ("lake", "river", ""), "waterway": ("riverbank", "river"),
    "type": ("route", "restriction", "multipolygon", "boundary", "restriction:hgv", ""), "boundary": ("administrative", "maritime"),
    "restriction": ("no_u_turn", "no_left_turn", "only_straight_on", "no_entry", "no_exit", "only_", "no", ""), "except": ("motorcar", "psv;bus"),
    "admin_level": ("7", "7;8", "-7", "७", ""), "place": ("town", "city", "island", ""), "amenity": ("hospital", "hospital;clinic"),
    **dict.fromkeys(("name", "name:nb", "ref", "old_name", "int_ref"), ("E 6;Fv. 7", "0301", *WORDS[:-1])),
    "bridge": ("yes", "no"), "tunnel": ("yes", "no"), "layer": NUMBERS, "toll": ("yes", "no"), "bus": ("only",), "locked": ("yes", "no"),
}  # fmt: skip
"""Keys that say something about roads, ferries, turns, shores and places, with values as they occur, and odd ones."""
ROLES = (
    "",
    "from",
    "via",
    "to",
    "outer",
    "inner",
    "stop",
    "location_hint",
    "label",
    "admin_centre",
    "subarea",
    "FROM",
    "x" * 300,
    "\u202e",
)


# From bytes to objects and back


def read_map(data):
    """Return the header and the blocks of a file: dicts that hold lists of objects, which are dicts too."""
    (_, head), *blocks = mutations.blocks_of(data)
    return {"head": head, "blocks": [_read_block(block) for _, block in blocks]}


def _read_block(data):
    found = {"groups": [], "packing": "zlib", "granularity": 100, "lat_offset": 0, "lon_offset": 0, "table": ()}
    fields = list(mutations.fields(data))
    strings = [text.decode("utf-8", "surrogateescape") for _, text in mutations.fields(dict(fields)[1])]
    scales = {17: "granularity", 19: "lat_offset", 20: "lon_offset"}
    found |= {scales[field]: _whole(value) for field, value in fields if field in scales}
    for field, value in fields:
        if field == 2:
            for kind, inner in mutations.fields(value):
                found["groups"].append((kind, _READ[kind](inner, strings)))
    return found


def _whole(value):
    return value - 2**64 if value >= 2**63 else value


def _run(data, *, signed=False, rising=False):
    at, total, found = 0, 0, []
    while at < len(data):
        value, at = mutations.varint(data, at)
        value = (value >> 1) ^ -(value & 1) if signed else value
        total += value
        found.append(total if rising else value)
    return found


def _read_tags(fields, strings):
    return [
        (strings[key], strings[value])
        for key, value in zip(_run(fields.get(2, b"")), _run(fields.get(3, b"")), strict=True)
    ]


def _read_info(fields, at=4):
    info = dict(mutations.fields(fields.get(at, b"")))
    return {"version": _whole(info.get(1, 0)), "visible": bool(info.get(6, 1))}


def _read_node(data, strings):
    fields = dict(mutations.fields(data))
    place = {key: (fields[n] >> 1) ^ -(fields[n] & 1) for key, n in (("id", 1), ("lat", 8), ("lon", 9))}
    return [place | {"tags": _read_tags(fields, strings)} | _read_info(fields)]


def _read_dense(data, strings):
    fields = dict(mutations.fields(data))
    ids, lats, lons = (_run(fields[n], signed=True, rising=True) for n in (1, 8, 9))
    info = dict(mutations.fields(fields.get(5, b"")))
    versions, visible = _run(info.get(1, b"")) or [0] * len(ids), _run(info.get(6, b"")) or [1] * len(ids)
    mixed, tags = iter(_run(fields.get(10, b""))), []
    for _ in ids:
        own = []
        while key := next(mixed, 0):
            own.append((strings[key], strings[next(mixed)]))
        tags.append(own)
    names = ("id", "lat", "lon", "tags", "version", "visible")
    return [
        dict(zip(names, one, strict=True))
        for one in zip(ids, lats, lons, tags, versions, map(bool, visible), strict=True)
    ]


def _read_way(data, strings):
    fields = dict(mutations.fields(data))
    found = {
        "id": _whole(fields[1]),
        "refs": _run(fields.get(8, b""), signed=True, rising=True),
        "tags": _read_tags(fields, strings),
    }
    if 9 in fields:
        found |= {name: _run(fields[n], signed=True, rising=True) for name, n in (("lats", 9), ("lons", 10))}
    return [found | _read_info(fields)]


def _read_relation(data, strings):
    fields = dict(mutations.fields(data))
    roles, refs, kinds = (
        _run(fields.get(8, b"")),
        _run(fields.get(9, b""), signed=True, rising=True),
        _run(fields.get(10, b"")),
    )
    members = [("nwr"[kind], ref, strings[role]) for role, ref, kind in zip(roles, refs, kinds, strict=True)]
    return [{"id": _whole(fields[1]), "members": members, "tags": _read_tags(fields, strings)} | _read_info(fields)]


_READ = {_NODES: _read_node, _DENSE: _read_dense, _WAYS: _read_way, _RELATIONS: _read_relation}


def write_map(found):
    """Return a map as a file."""
    head = run(1, b"OSMHeader")
    body = number(2, len(found["head"])) + run(3, zlib.compress(found["head"]))
    head += number(3, len(body))
    return struct.pack(">I", len(head)) + head + body + b"".join(map(_blob, found["blocks"]))


def _blob(block):
    data = _block(block)
    field, pack = _PACKINGS[block["packing"]]
    body = run(field, pack(data))
    return pbf_writer.framed(body if block["packing"] == "raw" else number(2, len(data)) + body)


def _block(block):
    strings, groups = pbf_writer.Strings(), b""
    for text in block["table"]:
        strings(text)
    for kind, objects in block["groups"]:
        inner = (
            _dense(objects, strings)
            if kind == _DENSE
            else b"".join(run(kind, _WRITE[kind](one, strings)) for one in objects)
        )
        groups += run(2, inner)
    table = b"".join(
        run(1, text.encode("utf-8", "surrogateescape" if _from_bytes(text) else "surrogatepass"))
        for text in strings.place
    )
    scale = b"".join(
        number(field, block[name])
        for field, name, usual in ((17, "granularity", 100), (19, "lat_offset", 0), (20, "lon_offset", 0))
        if block[name] != usual
    )
    return run(1, table) + groups + scale


def _from_bytes(text):
    return any("\udc80" <= letter <= "\udcff" for letter in text)


def _info(one, field=4):
    usual = not one["version"] and one["visible"]
    return b"" if usual else run(field, number(1, one["version"]) + (b"" if one["visible"] else number(6, 0)))


def _node(one, strings):
    return (
        signed(1, one["id"]) + strings.pairs(one["tags"]) + _info(one) + signed(8, one["lat"]) + signed(9, one["lon"])
    )


def _dense(objects, strings):
    mixed = b"".join(
        b"".join(varint(strings(key)) + varint(strings(value)) for key, value in one["tags"]) + b"\0" for one in objects
    )
    info = run(1, b"".join(varint(one["version"]) for one in objects)) + run(
        6, bytes(one["visible"] for one in objects)
    )
    places = b"".join(
        run(field, steps([one[name] for one in objects])) for field, name in ((1, "id"), (8, "lat"), (9, "lon"))
    )
    return (
        run(2, places + run(5, info) + run(10, mixed if any(one["tags"] for one in objects) else b""))
        if objects
        else b""
    )


def _way(one, strings):
    places = b"".join(run(field, steps(one[name])) for field, name in ((9, "lats"), (10, "lons")) if name in one)
    return number(1, one["id"]) + strings.pairs(one["tags"]) + _info(one) + run(8, steps(one["refs"])) + places


def _relation(one, strings):
    kinds, refs, roles = zip(*one["members"], strict=True) if one["members"] else ((), (), ())
    return (
        number(1, one["id"]) + strings.pairs(one["tags"]) + _info(one) + run(8, b"".join(varint(strings(role)) for role in roles))
        + run(9, steps(refs)) + run(10, bytes("nwr".index(kind) for kind in kinds))
    )  # fmt: skip


_WRITE = {_NODES: _node, _WAYS: _way, _RELATIONS: _relation}


# Changes


def change_map(rng, data):
    """Change an extract in what it says: a tag, a place, members, ids, versions, or how it is packed; at times its bytes."""
    if rng.random() < 0.25:
        return mutations.change_pbf(rng, data)
    try:
        found = read_map(data)
        where = [(block, kind, objects) for block in found["blocks"] for kind, objects in block["groups"] if objects]
        if not where:
            return mutations.change_pbf(rng, data)
        block, kind, objects = rng.choice(where)
        one = rng.choice(objects)
        draw = rng.random()
        if draw < 0.45:
            _change_tags(rng, one)
        elif draw < 0.75:
            _CHANGE[kind](rng, one, found)
        elif draw < 0.85:
            _change_presence(rng, one, objects, where)
        else:
            _change_packing(rng, block, found)
        return write_map(found)
    except UNSOUND:
        return mutations.change_pbf(rng, data)


def _change_tags(rng, one):
    """Give a tag, or change or take or double one."""
    tags = one["tags"]
    draw = rng.randrange(8)
    if draw == 0 and tags:
        del tags[rng.randrange(len(tags))]
    elif draw == 1 and tags:
        at = rng.randrange(len(tags))
        tags.insert(rng.randrange(len(tags) + 1), (tags[at][0], rng.choice(TAGS.get(tags[at][0], ("yes",)))))
    elif draw == 2 and tags:
        at = rng.randrange(len(tags))
        tags[at] = tags[at][0], rng.choice(WORDS[:-1] + NUMBERS)[:5000]
    elif draw in (3, 4) and tags and any(key in TAGS for key, _ in tags):
        at = rng.choice([at for at, (key, _) in enumerate(tags) if key in TAGS])
        tags[at] = tags[at][0], rng.choice(TAGS[tags[at][0]])
    else:
        key = rng.choice([*TAGS])
        tags.append((key, rng.choice(TAGS[key])))


def _objects(found, kinds):
    return [one for block in found["blocks"] for kind, objects in block["groups"] if kind in kinds for one in objects]


def _change_node(rng, one, found):
    """Put a node elsewhere: on another one, a hair beside it, far away, or off the earth; or give it another id."""
    other = rng.choice(_objects(found, (_NODES, _DENSE)))
    draw = rng.randrange(6)
    if draw == 0:
        one["id"] = rng.choice((other["id"], -one["id"], one["id"] + rng.choice((-1, 1)), rng.choice(IDS)))
    elif draw == 1:
        one["lon"], one["lat"] = other["lon"], other["lat"]
    elif draw == 2:
        one["lon"], one["lat"] = other["lon"] + rng.choice((-1, 0, 1)), other["lat"] + rng.choice((-1, 0, 1))
    else:
        one[rng.choice(("lon", "lat"))] = rng.choice((*DEGREES, -one["lon"]))


def _change_way(rng, one, found):
    """Lead a way elsewhere: over missing nodes, over one twice, back, in a ring, over none; or give it places of its own."""
    refs = one["refs"]
    known = [node["id"] for node in _objects(found, (_NODES, _DENSE))] or [1]
    draw = rng.randrange(10)
    if draw == 0:
        one["id"] = rng.choice((-one["id"], rng.choice(_objects(found, (_WAYS,)))["id"], *IDS))
    elif draw == 1:
        refs.insert(rng.randrange(len(refs) + 1), rng.choice((10**9, *IDS)))
    elif draw == 2:
        one["refs"] = [rng.choice(known) for _ in range(rng.choice((0, 1, 2, 3, 50)))]
    elif draw == 3 and refs:
        refs.append(refs[0])
    elif draw == 4 and refs:
        refs[rng.randrange(len(refs))] = rng.choice(refs)
    elif draw == 5:
        one["refs"] = refs[::-1]
    elif draw == 6:
        one["refs"] = refs * rng.choice((0, 2, 200))
    elif draw == 7:
        one |= {name: [rng.choice((*DEGREES, 60 * 10**7)) for _ in refs] for name in ("lats", "lons")}
    elif draw == 8:
        one |= {"lats": [0] * len(refs), "lons": [0] * (len(refs) + rng.choice((0, 1, -1)))}
    else:
        refs.insert(rng.randrange(len(refs) + 1), rng.choice(known))
    if "lats" in one and draw not in (7, 8):
        del one["lats"], one["lons"]


def _change_relation(rng, one, found):
    """Give a relation other members: itself, another relation in a ring, missing ones, one twice, none; or other roles."""
    members = one["members"]
    draw = rng.randrange(7)
    others = [other["id"] for other in _objects(found, (_RELATIONS,))]
    if draw == 0:
        one["id"] = rng.choice((-one["id"], rng.choice(others), *IDS))
    elif draw == 1:
        members.append(("r", rng.choice((one["id"], *others)), rng.choice(ROLES)))
    elif draw == 2 and members:
        at = rng.randrange(len(members))
        members[at] = (*members[at][:2], rng.choice(ROLES))
    elif draw == 3:
        members.insert(
            rng.randrange(len(members) + 1), (rng.choice("nwr"), rng.choice((10**9, *IDS)), rng.choice(ROLES))
        )
    elif draw == 4 and members:
        members.remove(rng.choice(members))
    elif draw == 5 and members:
        members.extend([rng.choice(members)] * rng.choice((1, 1, 300)))
    else:
        kind = rng.choice((_WAYS, _DENSE))
        there = _objects(found, (kind, _NODES) if kind == _DENSE else (kind,))
        members.append(("w" if kind == _WAYS else "n", rng.choice(there)["id"], rng.choice(ROLES)))


_CHANGE = {_NODES: _change_node, _DENSE: _change_node, _WAYS: _change_way, _RELATIONS: _change_relation}


def _change_presence(rng, one, objects, where):
    """Let an object stand twice, in another version, deleted, elsewhere in the file, or not at all."""
    draw = rng.randrange(5)
    if draw == 0:
        one["version"], one["visible"] = rng.choice((0, 1, 3, 2**31 - 1, 2**31, -1, 2**62)), rng.random() < 0.5
    elif draw == 1:
        objects.remove(one)
    elif draw == 2:
        objects.reverse()
    else:
        _, _, others = rng.choice([place for place in where if {*place[2][0]} == {*one}] or [(None, None, objects)])
        again = one | {"tags": [*one["tags"]], "version": one["version"] + rng.choice((-1, 0, 0, 1))}
        if draw == 3:
            _change_tags(rng, again)
        others.insert(rng.randrange(len(others) + 1), again)


def _change_packing(rng, block, found):
    """Change how a block is packed, in what units, in what order with others, or what the header says of all of them."""
    blocks = found["blocks"]
    draw = rng.randrange(10)
    if draw == 0:
        block["packing"] = rng.choice([*_PACKINGS])
    elif draw == 1:
        name = rng.choice(("granularity", "lat_offset", "lon_offset"))
        block[name] = rng.choice((0, 1, -1, 7, 100, 1000, 10**9, -(10**9), 2**31 - 1, 2**40, 2**62, -(2**63)))
    elif draw == 2:
        rng.shuffle(blocks)
    elif draw == 3:
        blocks.insert(
            rng.randrange(len(blocks) + 1), block | {"groups": rng.choice(([], [(_DENSE, [])], [(_WAYS, [])]))}
        )
    elif draw == 4:
        other = rng.choice(blocks)
        if other is not block and all(
            other[name] == block[name] for name in ("granularity", "lat_offset", "lon_offset")
        ):
            block["groups"] += other["groups"]
            blocks.remove(other)
    elif draw == 5 and block["groups"]:
        kind, objects = rng.choice(block["groups"])
        at = rng.randrange(len(objects) + 1)
        blocks.insert(blocks.index(block) + 1, block | {"groups": [(kind, objects[at:])]})
        del objects[at:]
    elif draw == 6:
        block["groups"] = [
            (rng.choice((_NODES, _DENSE)) if kind in (_NODES, _DENSE) else kind, of) for kind, of in block["groups"]
        ]
    elif draw == 7:
        block["table"] = rng.choice((("", "a", "a", "highway"), ("x",), [f"{n}" for n in range(300)], ("y" * 70_000,)))
    elif draw == 8:
        found["head"] += rng.choice((run(4, b"OsmSchema-V0.6"), run(4, b"HistoricalInformation"), run(4, b"\xff"), run(5, b"LocationsOnWays"),
                                     run(4, b"Unknown"), run(5, b"Sort.Type_then_ID"), number(4, 7)))  # fmt: skip
    else:
        sides = [rng.choice((0, 10 * 10**9, -(10 * 10**9), 60 * 10**9, 180 * 10**9, 2**62)) for _ in range(4)]
        found["head"] = run(1, b"".join(signed(n, side) for n, side in enumerate(sides, 1))) + found["head"]


# The same map in other bytes


def plainly(data):
    """Return the same objects in the same order, each group a block of its own, unpacked, nodes one by one."""
    found = read_map(data)
    blocks = [
        block | {"packing": "raw", "groups": [(_NODES if kind == _DENSE else kind, objects)]}
        for block in found["blocks"] for kind, objects in block["groups"]
    ]  # fmt: skip
    return write_map(found | {"blocks": blocks})
