"""What is fuzzed: for each reader small valid files, how they are changed, and what is done with them."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import json
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pbf_writer

from fuzzing import mutations
from geoaccess.errors import GeoaccessError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1 << 20
"""What is doubled often enough is as large as one likes, and takes as long."""


@dataclass(frozen=True)
class Target:
    """A reader: the suffix of its files, its valid ones, how they are changed, and what reads them."""

    suffix: str
    seeds: Callable[[], list[bytes]]
    change: Callable[..., bytes]
    read: Callable[[Path], object]

    def changed(self, rng, data):
        """Return a file changed in one place, or in a few."""
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            data = self.change(rng, data)[:MOST_BYTES]
        return data

    def law(self, path):
        """Read a file: a result or a `GeoaccessError` of one message is right; everything else is raised."""
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # of libraries, about what they then refuse or read
            try:
                self.read(path)
            except GeoaccessError as error:
                if not str(error).strip():
                    raise AssertionError("an error without a message") from error


@functools.cache
def car():
    from geoaccess.osm import read_profile

    return read_profile(ROOT / "configs" / "profiles" / "car.toml")


# Extracts


def town():
    """Return extracts with everything in them: roads, barriers, ferries, turns, closures, water and a health centre."""
    places = [(10_000_000 * i + 7 * i, 600_000_000 + 13 * i * i) for i in range(12)]
    tags = {
        3: [("highway", "crossing"), ("kerb", "raised")], 5: [("barrier", "gate"), ("access:conditional", "no @ (Nov-Mar)")],
        6: [("amenity", "hospital"), ("name", "Æ"), ("opening_hours", "24/7")], 7: [("place", "town"), ("name", "By")],
    }  # fmt: skip
    nodes = [(3 * i + 1, lon, lat, tags.get(i, [])) for i, (lon, lat) in enumerate(places)]

    def refs(*at):
        return [3 * i + 1 for i in at]

    ways = [
        (1, refs(0, 1, 2, 3), [("highway", "primary"), ("name", "Storgata"), ("maxspeed", "60"), ("ref", "Fv. 7")]),
        (6, refs(3, 2, 4), [("highway", "residential"), ("oneway", "yes"), ("width", "2.5"), ("surface", "gravel")]),
        (7, refs(4, 5), [("highway", "secondary"), ("motor_vehicle:conditional", "no @ (Oct 15-May 31; 22:00-06:00)")]),
        (9, refs(4, 9), [("route", "ferry"), ("name", "Bát"), ("motor_vehicle", "yes"), ("duration", "00:25"), ("interval", "00:30")]),
        (10, refs(9, 10, 11), [("highway", "tertiary"), ("maxspeed:conditional", "30 @ (Dec-Feb)"), ("bridge", "yes")]),
        (11, refs(0, 8, 7, 0), [("natural", "coastline")]),
        (12, refs(0, 5, 6, 0), [("natural", "water"), ("water", "lake")]),
        (13, refs(1, 5, 6, 1), [("boundary", "administrative"), ("admin_level", "7"), ("name", "Kommune"), ("ref", "0301")]),
    ]  # fmt: skip
    relations = [
        (4, [("w", 9, ""), ("n", 4, "stop")], [("type", "route"), ("route", "ferry"), ("duration", "PT25M")]),
        (5, [("w", 1, "from"), ("n", 10, "via"), ("w", 6, "to")], [("type", "restriction"), ("restriction", "no_u_turn")]),
        (6, [("w", 13, "outer")], [("type", "boundary"), ("boundary", "administrative"), ("admin_level", "7"), ("name", "K")]),
        (7, [("w", 12, "outer"), ("w", 11, "inner")], [("type", "multipolygon"), ("natural", "water")]),
    ]  # fmt: skip
    found = []
    for kind in ("dense", "nodes"):
        blocks = [
            [(kind, nodes[:7])],
            [(kind, nodes[7:])],
            [("ways", ways[:4])],
            [("ways", ways[4:])],
            [("relations", relations)],
        ]
        found.append(pbf_writer.header() + b"".join(pbf_writer.blob(pbf_writer.block(parts)) for parts in blocks))
    return found


def read_extract(path):
    from geoaccess.osm import build_network, read_extract

    extract = read_extract([path], car())
    build_network(extract, car(), when=dt.datetime(2026, 1, 14, 12))  # noqa: DTZ001 - local time


def read_features(path):
    from geoaccess import osm

    osm.read_features([path], [("amenity", "hospital"), ("natural", "water")])
    osm.place_names(osm.read_features([path], [("place", "town")]))
    osm.read_boundaries([path], [7])
    osm.read_road_names([path])


# TOML


def studies():
    return [(ROOT / "configs" / f"{name}.toml").read_bytes() for name in ("iceland", "troms", "template")]


def read_study(path):
    from geoaccess.study import load_study

    study = load_study(path)
    study.described()
    study.decisive()
    assert study.inputs
    assert study.specs is not None
    assert study.scheme
    study.in_language("nb").words  # noqa: B018 - it is computed


def scenarios():
    own = """title = "A"
[[slow]]
osm_id = 7
factor = 2.5
[[close]]
name = "E 6"
[[add]]
service = "gp"
name = "New"
lon = 18.9
lat = 69.6
days_per_week = 2
[[move]]
service = "gp"
site = "gp-west"
lon = 18
lat = 69
[boats]
cancel_after = "22:00"
[network.timetable]
day = "2026-01-14"
[storm]
passes = [7, "Pass"]
[population]
year = 2040
column = "people"
"""
    return [own.encode(), *(path.read_bytes() for path in sorted((ROOT / "configs" / "scenarios").glob("*.toml")))]


def read_scenario(path):
    from geoaccess.scenarios import read_scenario, scenario_text

    scenario_text(read_scenario(path))


def read_profile(path):
    from geoaccess.osm import build_network, read_extract, read_profile

    profile = read_profile(path)
    with tempfile.TemporaryDirectory() as folder:
        extract = Path(folder) / "town.osm.pbf"
        extract.write_bytes(town()[0])
        build_network(read_extract([extract], profile), profile)


# Tables


def tables():
    return [
        b"cell_id,population,women\n1kmN4775E2918,191,90\n1kmN4776E2913,0,0\n",
        'Nr;Navn;Mengde\n0301; Oslo;1.234,5\n\n4601;"Bær;um";-7\n'.encode("latin-1"),
        "sep=;\nid;service;name;lon;lat\n1;gp;A;18,9;69,6\n".encode("utf-16"),
        b'lon\tlat\tname\n10.5\t60.1\t"two\nlines"\n11\t61\tb\n',
    ]  # fmt: skip


def read_columns(path):
    from geoaccess.tables import column_numbers, read_table, read_text

    table = read_table(path)
    for name in table.columns:
        if name != "geometry":
            read_text(table, name)
            column_numbers(table, name)


def read_everything(path):
    """Read a table as each of those that take one with columns of their own."""
    from geoaccess.demand import read_cells
    from geoaccess.osm import read_closures, read_ferry_table
    from geoaccess.questions.validation.references import read_reference
    from geoaccess.services import read_levels, read_sites
    from geoaccess.siting import read_candidates
    from geoaccess.tables.zone_numbers import read_zone_changes

    readers = (read_columns, read_ferry_table, read_closures, read_sites, read_levels, read_reference, read_candidates)
    for read in (*readers, read_zone_changes, functools.partial(read_cells, people="population")):
        with contextlib.suppress(GeoaccessError):
            read(path)


def rows_of_readers():
    return [
        *tables(),
        b"name,osm_id,duration_min,interval_min,motor_vehicle,wait,from,to\nBoat,9,25,30,yes,planned,A,B\n",
        b"name,ref,osm_id,closed\nPass,Fv. 7,7,Oct-May\nOther,,1,Mo-Fr 22:00-06:00\n",
        b"service,name,lon,lat,proxy\ngp,A,18.9,69.6,no\nhospital,B,19,69.7,yes\n",
        b"geography,service,statistic,value,source\n0301,gp,median,12.5,x\nclass 1,gp,share_within_20,0.9,x\n",
        b"oldCode,newCode\n1902,5401\n5401,5501\n",
        b"level,includes\nregional,local\nlocal,\n",
    ]


def workbooks():
    import openpyxl

    found = []
    for rows in (
        [["id", "people", "day"], ["0301", 12, dt.date(2024, 1, 2)], ["4601", 1.5, "x"]],
        [[None, "a"], [1, "b"]],
    ):
        book, content = openpyxl.Workbook(), io.BytesIO()
        for row in rows:
            book.active.append(row)
        book.save(content)
        found.append(content.getvalue())
    return found


def spreadsheets_of_libreoffice():
    word = '<table:table-cell office:value-type="string"><text:p>{0}</text:p></table:table-cell>'
    number = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
    rows = [word.format("id") + word.format("people"), number.format("301") + number.format("12.5")]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    text = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="A">{body}'
        '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="2"/></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(zipfile.ZipInfo("META-INF/manifest.xml"), "<manifest/>")
        archive.writestr(zipfile.ZipInfo("content.xml"), text)
    return [content.getvalue()]


def shapes():
    ring = [[10, 60], [11, 60], [11, 61], [10, 61], [10, 60]]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}}
    features = [
        {
            "type": "Feature",
            "properties": {"id": "0301", "n": 1.5},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        },
        {
            "type": "Feature",
            "properties": {"id": "0302", "n": None},
            "geometry": {"type": "Point", "coordinates": [10, 60]},
        },
    ]
    one = {"type": "FeatureCollection", "features": features}
    return [json.dumps(tree).encode() for tree in (one, one | {"crs": crs}, {"Kommune": one | {"crs": crs}})]


def parquets():
    found = []
    for compression in ("snappy", None):
        content = io.BytesIO()
        pd.DataFrame({"id": ["0301", "4601"], "people": [1.5, None]}).to_parquet(content, compression=compression)
        found.append(content.getvalue())
    return found


# Statistics banks, timetables, the planner


def statbank():
    stat = {
        "version": "2.0", "class": "dataset", "id": ["Region", "Kjonn", "Alder", "ContentsCode", "Tid"], "size": [2, 2, 2, 1, 2],
        "dimension": {
            "Region": {"label": "region", "category": {"index": {"K-0301": 0, "K-4601": 1}, "label": {"K-0301": "Oslo", "K-4601": "Bergen"}}},
            "Kjonn": {"label": "kjønn", "category": {"index": {"1": 0, "2": 1}, "label": {"1": "Menn", "2": "Kvinner"}}},
            "Alder": {"label": "alder", "category": {"index": {"000": 0, "105+": 1}, "label": {"000": "0 år", "105+": "105 år eller eldre"}}},
            "ContentsCode": {"label": "statistikkvariabel", "category": {"label": {"Personer": "Personer"}}},
            "Tid": {"label": "år", "category": {"index": ["2023", "2024"]}},
        },
        "role": {"time": ["Tid"], "metric": ["ContentsCode"]}, "value": [*range(16)],
    }  # fmt: skip
    sparse = stat | {"value": {"0": 1, "5": 2}}
    csv = '"07459: Population"\n\n"region";"sex";"age";"Persons 2023";"Persons 2024"\n"K-5501 Tromsø";"Males";"80 years";10;11\n'
    times = '"12764: Kjøretid"\n\n"region";"år";"Kjøretid (minutter) P50";"Kjøretid (minutter) P90"\n"0301 Oslo";"2024";12,5;30\n'
    long = '"title"\n\n"region";"alder";"år";"07459: Befolkning"\n"0301 Oslo";"105 år eller eldre";"2024";12\n'
    return [
        json.dumps(stat).encode(),
        json.dumps(sparse).encode(),
        csv.encode(),
        times.encode(),
        long.encode("latin-1"),
    ]


def change_statbank(rng, data):
    return (mutations.change_json if data[:1] == b"{" else mutations.change_text)(rng, data)


def read_statbank(path):
    from geoaccess.questions.validation.statbank import read_ssb_12764
    from geoaccess.tables import read_people_by_age

    for read in (read_people_by_age, functools.partial(read_ssb_12764, service="gp")):
        with contextlib.suppress(GeoaccessError):
            read(path)


def feeds():
    members = {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\nx,Test,http://127.0.0.1,Europe/Oslo\n",
        "stops": "stop_id,stop_name,stop_lat,stop_lon,parent_station\nH,Hansnes,69.97,19.62,\nS,Skaningsbukt,70.04,19.6,\n",
        "routes": "route_id,agency_id,route_short_name,route_long_name,route_type\nF,x,,Hansnes - Vannoya,1004\nB,x,,Bus,3\n",
        "trips": "route_id,service_id,trip_id,cars_allowed\nF,D,t,1\nF,W,u,\nB,D,b,\n",
        "stop_times": "trip_id,stop_id,stop_sequence,arrival_time,departure_time,pickup_type,drop_off_type\n"
        "t,H,0,08:00:00,08:00:00,,\nt,S,1,08:30:00,08:30:00,,\nu,S,0,24:10:00,24:10:00,0,0\nu,H,1,25:00:00,25:00:00,2,3\n",
        "calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "D,1,1,1,1,1,1,1,20260101,20261231\n",
        "calendar_dates": "service_id,date,exception_type\nW,20260113,1\nD,20260114,2\n",
        "frequencies": "trip_id,start_time,end_time,headway_secs,exact_times\nt,08:00:00,20:00:00,3600,1\n",
    }  # fmt: skip
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.txt"), text)
    return [content.getvalue()]


def read_feed(path):
    from geoaccess.routing import read_ferry_feed

    feed = read_ferry_feed(path)
    assert feed.without_cars is not None
    assert feed.assumed is not None
    feed.departures(dt.date(2026, 1, 13), days=2)


def plans():
    ours = {"service": "gp", "site": "gp-west"}
    changes = [
        {"what": "add", "service": "gp", "site": "new-1", "lon": 18.9, "lat": 69.6, "name": "New", "days": [0, 2]},
        {"what": "move", **ours, "lon": 18.9, "lat": 69.6},
        {"what": "remove", **ours},
        {"what": "restore", **ours},
        {"what": "days", **ours, "days": [0, 4]},
        {"what": "close", "way": 7},
        {"what": "open", "way": 7},
    ]
    return [json.dumps(changes).encode(), *(json.dumps([one]).encode() for one in changes)]


def read_plan(path):
    from geoaccess.planner import read_changes

    try:
        raw = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return
    read_changes(raw)


TARGETS = {
    "pbf": Target(".osm.pbf", town, mutations.change_pbf, read_extract),
    "features": Target(".osm.pbf", town, mutations.change_pbf, read_features),
    "study": Target(".toml", studies, mutations.change_toml, read_study),
    "scenario": Target(".toml", scenarios, mutations.change_toml, read_scenario),
    "profile": Target(".toml", lambda: [(ROOT / "configs/profiles/car.toml").read_bytes()], mutations.change_toml, read_profile),
    "csv": Target(".csv", rows_of_readers, mutations.change_text, read_everything),
    "xlsx": Target(".xlsx", workbooks, functools.partial(mutations.change_zip, change=mutations.change_xml), read_columns),
    "ods": Target(".ods", spreadsheets_of_libreoffice, functools.partial(mutations.change_zip, change=mutations.change_xml), read_columns),
    "parquet": Target(".parquet", parquets, mutations.change_bytes, read_columns),
    "geojson": Target(".geojson", shapes, mutations.change_json, read_columns),
    "statbank": Target(".csv", statbank, change_statbank, read_statbank),
    "gtfs": Target(".zip", feeds, mutations.change_zip, read_feed),
    "planner": Target(".json", plans, mutations.change_json, read_plan),
}  # fmt: skip
"""By name; each has a folder of that name in tests/fuzz_cases with what was found."""
