"""Changes of files by rules that know how the files are built; every one is decided by a `random.Random`."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import struct
import tomllib
import zipfile
import zlib

import pbf_writer
import tomlkit

from fuzzing.geopackages import change_schema, change_shape
from fuzzing.values import NUMBERS, WORDS, change_bytes


def hostile(rng, value=None):
    """Return a value in place of another, of its kind or of another."""
    if isinstance(value, bool) and rng.random() < 0.5:
        return not value
    if isinstance(value, int | float) and rng.random() < 0.7:
        change = rng.choice(("negative", "huge", "tiny", "near", "float"))
        if change == "float":
            return rng.choice((float("nan"), float("inf"), -0.0, 1e308, 5e-324, 0.1))
        near = value + rng.choice((-1, 1, 0.5))
        return {"negative": -value, "huge": value * 10 ** rng.randrange(1, 20), "tiny": value * 1e-9, "near": near}[
            change
        ]
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice((0, -1, 2**31, 2**63, -(2**63) - 1, 10**30))
    if kind == 1:
        return rng.choice((0.0, float("nan"), float("inf"), 1e308, -1e-300))
    if kind == 2:
        return rng.choice((True, False))
    if kind == 3:
        return rng.choice(([], [[]], [{}], [1, "a"], [None]))
    if kind == 4:
        return rng.choice(({}, {"": 1}, {"a" * 300: {}}, {"kind": "osm"}, {"en": "x", "nb": "y"}, {"xx": "y"}))
    return rng.choice(WORDS + NUMBERS)


# Trees of tables, lists and values


def places(tree, path=()):
    """Yield the path of everything in a tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def change_tree(rng, tree):
    """Change a tree in one place: another value, none, another name, a copy, or a part of it elsewhere."""
    tree = json.loads(json.dumps(tree)) if not isinstance(tree, dict | list) else _copy(tree)
    found = list(places(tree))
    if not found:
        return tree
    *above, key = rng.choice(found)
    parent = tree
    for step in above:
        parent = parent[step]
    kind = rng.randrange(6)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, dict):
        parent[rng.choice((*WORDS[:-1], "kind", "file", "name"))] = parent.pop(key)
    elif kind == 2 and isinstance(parent, list):
        parent.extend([_copy(parent[key])] * rng.choice((1, 2, 50)))
    elif kind == 3:
        other = tree
        for step in rng.choice(found):
            other = other[step] if isinstance(other, list) or step in other else other
        parent[key] = _copy(other)
    else:
        parent[key] = hostile(rng, parent[key])
    return tree


def _copy(value):
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def change_json(rng, data):
    if rng.random() < 0.3:
        return change_text(rng, data)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return change_text(rng, data)
    if not isinstance(tree, dict | list) or not tree:
        return change_text(rng, data)
    if rng.random() < 0.02:
        return b"[" * 100_000
    return json.dumps(change_tree(rng, tree)).encode("utf-8", "surrogatepass")


def change_toml(rng, data):
    if rng.random() < 0.3:
        return change_text(rng, data)
    try:
        tree = change_tree(rng, tomllib.loads(data.decode()))
        return tomlkit.dumps(_writable(tree)).encode("utf-8", "surrogatepass")
    except Exception:  # noqa: BLE001 - what TOML cannot hold, or what is none any more
        return change_text(rng, data)


def _writable(value):
    """Leave out what TOML cannot hold; the writer's time grows with the square of a list's length: 5 s for 8000."""
    if isinstance(value, dict):
        return {key: _writable(one) for key, one in value.items() if one is not None}
    return [_writable(one) for one in value[:2000] if one is not None] if isinstance(value, list) else value


# Texts and bytes


def change_text(rng, data):
    """Change a text in one place: lines, words and numbers, or a few bytes."""
    lines = data.split(b"\n")
    kind = rng.randrange(9)
    if kind == 0 and len(lines) > 1:
        lines.insert(rng.randrange(len(lines)), lines[rng.randrange(len(lines))])
    elif kind == 1 and len(lines) > 1:
        del lines[rng.randrange(len(lines))]
    elif kind == 2:
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind in (3, 4, 5):
        at = rng.randrange(len(lines))
        separator = rng.choice((b",", b";", b"\t", b"=", b" ", b'"'))
        words = lines[at].split(separator)
        words[rng.randrange(len(words))] = rng.choice(NUMBERS + WORDS).encode("utf-8", "surrogatepass")
        lines[at] = separator.join(words)
    elif kind == 6:
        at = rng.randrange(len(lines))
        times = rng.choice((2, 10, 1000))
        lines[at] = lines[at][: (1 << 22) // times] * times  # three changes of one line would fill the memory
    elif kind == 7:
        return data.decode("utf-8", "replace").encode(
            rng.choice(("utf-16", "utf-16-be", "cp1252", "utf-8-sig")), "replace"
        )
    else:
        return change_bytes(rng, data)
    return b"\n".join(lines)


# Archives


def change_zip(rng, data, change=change_text):
    """Change one member of a zip by its own rule, its name, or the bytes of the archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [[name, archive.read(name)] for name in archive.namelist()]
    except Exception:  # noqa: BLE001 - it is no zip any more
        return change_bytes(rng, data)
    kind = rng.randrange(12)
    if kind == 0 or not members:
        return change_bytes(rng, data)
    chosen = rng.choice(members)
    if kind == 1:
        members.remove(chosen)
    elif kind == 2:
        chosen[0] = rng.choice(
            (chosen[0] + "x", "sub/" + chosen[0], chosen[0].upper(), "../" + chosen[0], "__MACOSX/a")
        )
    elif kind == 3:
        members.append([f"other/{chosen[0]}", change(rng, chosen[1])])
    else:
        chosen[1] = change(rng, chosen[1])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {name: text for name, text in members}.items():  # noqa: C416 - of twins the last one
            # Not by name alone: the archive would hold the time of the clock, and differ from one made two seconds before.
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def change_xml(rng, data):
    """Change an attribute or a text of an XML file, or double or remove an element."""
    pieces = data.replace(b"<", b"\0<").replace(b">", b">\0").split(b"\0")
    at = rng.randrange(len(pieces))
    kind = rng.randrange(5)
    if kind == 0:
        del pieces[at]
    elif kind == 1:
        pieces.insert(at, pieces[rng.randrange(len(pieces))])
    elif kind in (2, 3):
        words = pieces[at].split(b'"')
        inside = rng.choice((*NUMBERS, "A1", "XFD1048576", "A1:XFD1048576", "ZZZZ99999999", "s", "d", "e", "str"))
        if len(words) > 2:
            words[2 * rng.randrange(len(words) // 2) + 1] = inside.encode()
            pieces[at] = b'"'.join(words)
        elif not pieces[at].startswith(b"<"):
            pieces[at] = rng.choice(NUMBERS + WORDS).encode("utf-8", "surrogatepass")
    else:
        return change_bytes(rng, data)
    return b"".join(pieces)


# GeoPackages


def change_gpkg(rng, data):
    """Change one value of a table of a GeoPackage, a column, or the bytes of the file; SQLite lets any value stand anywhere."""
    if rng.random() < 0.1:
        return change_bytes(rng, data)
    try:
        with contextlib.closing(sqlite3.connect(":memory:")) as base:
            base.deserialize(data)
            tables = [
                name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            ]
            table = rng.choice(tables)
            named = table.replace('"', '""')
            columns = [row[1].replace('"', '""') for row in base.execute(f'PRAGMA table_info("{named}")')]
            column, rows = rng.choice(columns), [row for (row,) in base.execute(f'SELECT rowid FROM "{named}"')]
            kind = rng.randrange(8)
            if not rows:
                return change_bytes(rng, data)
            if rng.random() < 0.2:
                change_schema(rng, base, table)
            elif kind == 0:
                base.execute(f'ALTER TABLE "{named}" DROP COLUMN "{column}"')
            elif kind == 1:
                base.execute(f'DELETE FROM "{named}" WHERE rowid = ?', [rng.choice(rows)])
            else:
                row = rng.choice(rows)
                [(value,)] = base.execute(f'SELECT "{column}" FROM "{named}" WHERE rowid = ?', [row])
                shape = isinstance(value, bytes) and value[:2] == b"GP" and rng.random() < 0.8
                new = (
                    change_shape(rng, value)
                    if shape
                    else change_bytes(rng, value)
                    if isinstance(value, bytes)
                    else hostile(rng, value)
                )
                new = (
                    new
                    if isinstance(new, bytes | float | str | None)
                    else int(new)
                    if isinstance(new, int)
                    else str(new)
                )
                base.execute(f'UPDATE "{named}" SET "{column}" = ? WHERE rowid = ?', [new, row])
            base.commit()
            return base.serialize()
    except (sqlite3.Error, LookupError, OverflowError, ValueError):
        return change_bytes(rng, data)


# .osm.pbf


def blocks_of(data):
    """Return the kind and the unpacked bytes of each block."""
    at, found = 0, []
    while at + 4 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        head = dict(fields(data[at + 4 : at + 4 + length]))
        start = at + 4 + length
        body = dict(fields(data[start : start + head[3]]))
        found.append((head[1], zlib.decompress(body[3]) if 3 in body else body[1]))
        at = start + head[3]
    return found


def fields(data):
    """Yield number and value of each field of a message; raise where it is none."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            if at + value > len(data):
                raise ValueError
            yield tag >> 3, data[at : at + value]
            at += value
        elif tag & 7 == 0:
            yield tag >> 3, value
        else:
            raise ValueError


def varint(data, at):
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError


def message(found):
    return b"".join(pbf_writer.number(n, v) if isinstance(v, int) else pbf_writer.run(n, v) for n, v in found)


def change_message(rng, data, depth=0):
    """Change one field of a message, somewhere down its tree."""
    try:
        found = list(fields(data))
    except (ValueError, IndexError):
        return change_bytes(rng, data)
    if not found:
        return data + rng.choice((pbf_writer.number(1, 5), pbf_writer.run(2, b"")))
    at = rng.randrange(len(found))
    number, value = found[at]
    kind = rng.randrange(10)
    if isinstance(value, bytes) and kind < 7 and depth < 5:
        found[at] = number, (change_message if rng.random() < 0.8 else change_packed)(rng, value, depth + 1)
    elif isinstance(value, bytes) and kind == 7:
        found[at] = number, rng.choice(WORDS).encode("utf-8", "surrogatepass")[:5000]
    elif isinstance(value, int) and kind < 8:
        found[at] = (
            number,
            rng.choice((0, 1, 2, 127, 128, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1, value ^ 1, value + 1)),
        )
    elif kind == 8:
        del found[at]
    else:
        found.insert(rng.randrange(len(found) + 1), found[at])
    return message(found)


def change_packed(rng, data, depth=0):
    """Change a run of numbers: one of them, how many there are."""
    del depth
    numbers, at = [], 0
    try:
        while at < len(data):
            value, at = varint(data, at)
            numbers.append(value)
    except (ValueError, IndexError):
        return change_bytes(rng, data)
    if not numbers:
        return pbf_writer.varint(rng.choice((0, 1, 2**63)))
    at = rng.randrange(len(numbers))
    kind = rng.randrange(4)
    if kind == 0:
        del numbers[at]
    elif kind == 1:
        numbers[at:at] = [numbers[at]] * rng.choice((1, 2, 1000))
    else:
        numbers[at] = rng.choice(
            (0, 1, 2, 3, 2**31, 2**32, 2**60, 2**61, 2**63, 2**64 - 1, numbers[at] ^ 1, numbers[at] + 2)
        )
    return b"".join(map(pbf_writer.varint, numbers))


def change_pbf(rng, data):
    """Change an extract: its bytes, the order of its blocks, or a field of a block, which is packed again as it should."""
    try:
        blocks = blocks_of(data)
    except (ValueError, KeyError, IndexError, TypeError, zlib.error, struct.error):
        return change_bytes(rng, data)
    kind = rng.randrange(12)
    if kind == 0 or len(blocks) < 2:
        return change_bytes(rng, data)
    at = rng.randrange(1, len(blocks)) if rng.random() < 0.95 else 0
    if kind == 1:
        blocks.insert(rng.randrange(1, len(blocks) + 1), blocks[at])
    elif kind == 2 and at:
        del blocks[at]
    elif kind == 3 and at:
        other = rng.randrange(1, len(blocks))
        blocks[at], blocks[other] = blocks[other], blocks[at]
    else:
        blocks[at] = blocks[at][0], change_message(rng, blocks[at][1])
    return b"".join(pbf_writer.blob(content, kind=name, packed=rng.random() < 0.9) for name, content in blocks)
