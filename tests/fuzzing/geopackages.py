"""GeoPackages made by hand: what programs may write and SQLite lets stand, whatever GDAL itself would write."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import struct

_HEAD = """
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT '2026-01-01T00:00:00.000Z', min_x DOUBLE, min_y DOUBLE,
  max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL PRIMARY KEY, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined', -1, 'NONE', -1, 'undefined', NULL), ('Undefined', 0, 'NONE', 0, 'undefined', NULL),
  ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
   || 'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]', NULL),
  ('UTM 33', 25833, 'EPSG', 25833, 'PROJCS["ETRS89 / UTM zone 33N",GEOGCS["ETRS89",DATUM["ETRS89",SPHEROID["GRS 1980",6378137,298.257222101]],'
   || 'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
   || 'PARAMETER["central_meridian",15],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],'
   || 'PARAMETER["false_northing",0],UNIT["metre",1],AUTHORITY["EPSG","25833"]]', NULL),
  ('Site', 90001, 'NONE', 90001, 'LOCAL_CS["site",UNIT["metre",1]]', NULL),
  ('Heights', 90002, 'EPSG', 5941, 'VERT_CS["NN2000 height",VERT_DATUM["NN2000",2005],UNIT["metre",1]]', NULL);
"""
_RING = ((10.0, 60.0), (10.1, 60.0), (10.1, 60.1), (10.0, 60.1), (10.0, 60.0))
_KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
          "CircularString", "CompoundCurve", "CurvePolygon", "MultiCurve", "MultiSurface", "Curve", "Surface",
          "PolyhedralSurface", "TIN", "Triangle")  # fmt: skip
"""Of WKB, from 1."""
NUMBERS = (math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 0.0, 91.0, 181.0, 1e7)


def wkb(kind, inside, extra="", *, code=None):
    """Return a shape as WKB: `inside` is its points, its rings, or its parts, which are WKB themselves."""
    number = _KINDS.index(kind) + 1 + {"": 0, "Z": 1000, "M": 2000, "ZM": 3000}[extra] if code is None else code

    def point(place):
        return struct.pack(f"<{2 + len(extra)}d", *(*place, 7.0, 8.0)[: 2 + len(extra)])

    head = struct.pack("<BI", 1, number)
    if kind == "Point":
        return head + point(inside)
    if kind in ("LineString", "CircularString"):
        return head + struct.pack("<I", len(inside)) + b"".join(map(point, inside))
    if kind in ("Polygon", "Triangle"):
        rings = (struct.pack("<I", len(ring)) + b"".join(map(point, ring)) for ring in inside)
        return head + struct.pack("<I", len(inside)) + b"".join(rings)
    return head + struct.pack("<I", len(inside)) + b"".join(inside)


def blob(shape, srs=4326, flags=1, envelope=()):
    """Return a shape as a value of a GeoPackage."""
    return b"GP" + struct.pack(f"<BBi{len(envelope)}d", 0, flags, srs, *envelope) + shape


def shapes_of_every_kind():
    """Return shapes with heights and measures, of curves, of surfaces, empty ones and none."""
    arc = wkb("CircularString", [(10.0, 60.0), (10.1, 60.05), (10.0, 60.1), (9.9, 60.05), (10.0, 60.0)])
    area = wkb("Polygon", [_RING])
    found = [
        *(wkb("Point", (10.0, 60.0), extra) for extra in ("", "Z", "M", "ZM")),
        *(wkb("Polygon", [_RING], extra) for extra in ("", "Z", "M", "ZM")),
        *(wkb("LineString", _RING[:3], extra) for extra in ("", "Z", "M", "ZM")),
        arc, wkb("CompoundCurve", [arc]), wkb("CurvePolygon", [arc]), wkb("MultiCurve", [arc]),
        wkb("MultiSurface", [wkb("CurvePolygon", [arc]), area]), wkb("MultiPolygon", [area, area]),
        wkb("GeometryCollection", [wkb("Point", (10.0, 60.0)), area, wkb("GeometryCollection", [area])]),
        wkb("PolyhedralSurface", [wkb("Polygon", [_RING], "Z")], "Z"), wkb("TIN", [wkb("Triangle", [_RING[:3] + _RING[:1]])]),
        wkb("Polygon", []), wkb("MultiPolygon", []), wkb("GeometryCollection", []), wkb("LineString", []),
        wkb("Point", (math.nan, math.nan)), wkb("Polygon", [_RING[:2]]), wkb("Polygon", [_RING[:4]]),
        wkb("Polygon", [(_RING[0], _RING[2], _RING[1], _RING[3], _RING[0])]), wkb("Polygon", [_RING], code=0x80000003),
    ]  # fmt: skip
    found.append(wkb("GeometryCollection", [wkb("MultiPolygon", [area])] * 50))
    for _ in range(40):
        area = wkb("GeometryCollection", [area])
    return [blob(one) for one in (*found, area)] + [None, b"", b"GP", blob(b"", flags=17)]


def package(layers, more=""):
    """Return a GeoPackage of layers by name: their columns as SQL, their rows, and the CRS and kind that they say."""
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.executescript(_HEAD)
        for name, (columns, rows, srs, kind) in layers.items():
            quoted = name.replace('"', '""')
            base.execute(f'CREATE TABLE "{quoted}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {columns})')
            of = "attributes" if kind is None else "features"
            base.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, ?, ?, ?)",
                (name, of, name, srs),
            )
            if kind is not None:
                base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 2, 2)", (name, kind, srs))
            for row in rows:
                base.execute(f'INSERT INTO "{quoted}" VALUES (NULL, {", ".join("?" * len(row))})', row)
        base.executescript(more)
        base.commit()
        return base.serialize()


def packages_by_hand():
    """Return GeoPackages of odd shapes and types, views, triggers, several layers, and places that are none."""
    plain = "geom BLOB, id TEXT, n REAL, name TEXT"
    usual = ("Point", "Polygon")
    high = [
        (blob(wkb(kind, (10.0, 60.0) if kind == "Point" else [_RING], extra)), f"{kind}{extra}", 1.0, "A")
        for kind in usual for extra in ("", "Z", "M", "ZM")
    ]  # fmt: skip
    arc = wkb("CircularString", [(10.0, 60.0), (10.1, 60.05), (10.0, 60.1), (9.9, 60.05), (10.0, 60.0)])
    round_ = [(blob(wkb("MultiSurface", [wkb("CurvePolygon", [arc]), wkb("Polygon", [_RING])])), "1", 1.0, "A")]
    areas = [
        (blob(wkb("Polygon", [_RING])), "0301", 5.0, "A"),
        (blob(wkb("Point", (10.0, 60.0))), "0302", 1.0, 'B</script>"'),
    ]
    view = """
        CREATE VIEW seen AS SELECT fid, geom, id, n, name FROM areas;
        INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('seen', 'features', 'seen', 4326);
        INSERT INTO gpkg_geometry_columns VALUES ('seen', 'geom', 'GEOMETRY', 4326, 0, 0);
        CREATE TRIGGER falling BEFORE INSERT ON areas BEGIN SELECT RAISE(ABORT, 'no'); END;
        DELETE FROM gpkg_contents WHERE table_name = 'areas';
        DELETE FROM gpkg_geometry_columns WHERE table_name = 'areas';
    """
    types = (
        "geom BLOB, id TEXT(3), n BOOLEAN, name BLOB, day DATE, at DATETIME, tiny TINYINT, wide MEDIUMINT, half FLOAT, what JSON, "
        '"a""b" TEXT, "select" TEXT, "</script>" TEXT, twice REAL AS (n * 2)'
    )
    row = (
        areas[0][0],
        "0301",
        1,
        b"\0\xff",
        "2026-02-28",
        "2026-01-01T23:00:00Z",
        300,
        2**40,
        "1,5",
        "{",
        "'",
        "=1+1",
        "x",
    )
    link = blob(wkb("LineString", [(262_000.0, 6_650_000.0), (265_000.0, 6_650_000.0)], "Z"), 25833)
    links = (
        "geom BLOB, linkid REAL, fromnode TEXT, tonode TEXT, formofway REAL, funcroadclass REAL, roadid TEXT, roadnumber REAL, "
        "oneway TEXT, speedfw REAL, speedbw REAL, isferry REAL, isbridge REAL, istunnel REAL, maxweight TEXT, maxheight REAL, "
        "roadclass REAL, streetname TEXT, drivetime_fw REAL, drivetime_bw REAL"
    )
    first = (
        link,
        10.0,
        "1",
        "2",
        1.0,
        0.0,
        "{E6}",
        6.0,
        "B",
        60.0,
        60.0,
        0.0,
        0.0,
        1.0,
        "50",
        4.5,
        2.0,
        "</script>",
        3.0,
        3.0,
    )
    second = (
        link,
        11.0,
        "2",
        "-3",
        1.0,
        3.0,
        "{K7}",
        7.0,
        "FT",
        60.0,
        60.0,
        1.0,
        0.0,
        0.0,
        None,
        None,
        4.0,
        "Kaia",
        12.0,
        -1.0,
    )
    turns = ("fromlinkid REAL, tolinkid REAL, edge3fid REAL", [(10.0, 11.0, None), (11.0, 10.0, 11.0)], 0, None)
    return [
        package({"high": (plain, high, 4326, "GEOMETRY")}),
        package({"round": (plain, round_, 4326, "MULTISURFACE")}),
        *(package({"one": (plain, [(shape, "1", 1.0, "A")], 4326, "GEOMETRY")}) for shape in shapes_of_every_kind()),
        package({"areas": (plain, areas, 4326, "GEOMETRY")}, view),
        package(
            {
                "areas": (plain, areas[:1], 4326, "POLYGON"),
                "a'b": (plain, areas[1:], 4326, "POINT"),
                "styles": ("id TEXT", [], 0, None),
            }
        ),
        *(package({"areas": (plain, areas, srs, "GEOMETRY")}) for srs in (-1, 0, 90001, 90002, 12345)),
        package({"types": (types, [row], 4326, "POLYGON")}) if sqlite3.sqlite_version_info >= (3, 31) else b"",
        package({"plain": ("id TEXT, n REAL", [("0301", 1.0)], 0, None)}),
        package({}),
        package({"link": (links, [first, second], 25833, "LINESTRING"), "turn": turns}),
    ]


def change_shape(rng, data):
    """Change a value of a shape: what its head says, its kind, how many parts it has, or one of its numbers."""
    content = bytearray(data)
    kind = rng.randrange(5)
    if kind == 0 and len(content) > 8:
        content[rng.choice((0, 2, 3))] = rng.randrange(256)
    elif kind == 1 and len(content) > 8:
        content[4:8] = struct.pack("<i", rng.choice((-1, 0, 4326, 25833, 3857, 90001, 90002, 99999, 2**31 - 1)))
    elif kind == 2 and len(content) >= 13:
        code = rng.randrange(19) + rng.choice((0, 1000, 2000, 3000))
        content[9:13] = struct.pack("<I", rng.choice((code, code | 0x80000000, code | 0x20000000)))
    elif kind == 3 and len(content) >= 17:
        content[13:17] = struct.pack("<I", rng.choice((0, 1, 2, 3, 1000, 2**28, 2**31, 2**32 - 1)))
    elif len(content) >= 21:
        places = range(13, len(content) - 7, 4)
        at = rng.choice(places)
        content[at : at + 8] = struct.pack("<d", rng.choice(NUMBERS))
    return bytes(content)


def change_schema(rng, base, table):
    """Change what the schema says of a table: the type of columns, a view in its place, a row that falls."""
    [(sql,)] = base.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table])
    quoted = table.replace('"', '""')
    kind = rng.randrange(4)
    if kind == 0:
        found = [word for word in ("TEXT", "INTEGER", "REAL", "BLOB", "DATETIME", "DOUBLE") if f" {word}" in sql]
        other = rng.choice(
            ("TEXT", "INTEGER", "REAL", "BLOB", "DATE", "DATETIME", "BOOLEAN", "TINYINT", "POINT", "JSON", "")
        )
        at = rng.choice(found) if found else "TEXT"
        base.execute("PRAGMA writable_schema = ON")
        changed = sql.replace(f" {at}", f" {other}", rng.choice((1, 2, 50)))
        base.execute("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", [changed, table])
    elif kind == 1:
        base.execute(f'ALTER TABLE "{quoted}" RENAME TO "of {quoted}"')
        many = rng.choice(("", " LIMIT 0", f' UNION ALL SELECT * FROM "of {quoted}"'))
        base.execute(f'CREATE VIEW "{quoted}" AS SELECT * FROM "of {quoted}"{many}')
    elif kind == 2:
        base.execute(f"PRAGMA user_version = {rng.choice((0, 1, 10200, 10400, 99999, -1))}")
        base.execute(f"PRAGMA application_id = {rng.choice((0, 1196437808, 1196444487, -1))}")
    else:
        base.execute(f'INSERT INTO "{quoted}" SELECT * FROM "{quoted}" LIMIT 0')
        base.execute(f'CREATE INDEX "of {quoted} {rng.randrange(10**6)}" ON "{quoted}" (1)')
