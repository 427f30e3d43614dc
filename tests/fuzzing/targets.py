"""What is fuzzed: for each reader small valid files, how they are changed, and what is done with them."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import io
import json
import tempfile
import unittest.mock
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pbf_writer
import shapely
from pyogrio import write_dataframe
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from fuzzing import mutations
from fuzzing.banks import change_rows, change_statbank, feeds, statbank
from fuzzing.comparisons import change_scenario, compare_scenario, scenarios_of_the_country
from fuzzing.extracts import UNSOUND, change_map, plainly
from fuzzing.geopackages import packages_by_hand
from fuzzing.plans import change_plan, plan_holds, plans
from fuzzing.rasters import change_tiff, rasters
from fuzzing.studies import change_study, solve_country, studies_of_the_country
from geoaccess.errors import GeoaccessError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1 << 20
"""What is doubled often enough is as large as one likes, and takes as long."""


@dataclass(frozen=True)
class Target:
    """A reader: the suffix of its files, its valid ones, how they are changed, and what reads them.

    What is refused is `named` where nothing else could be at fault than the file.
    """

    suffix: str
    seeds: Callable[[], list[bytes]]
    change: Callable[..., bytes]
    read: Callable[[Path], object]
    named: bool = False

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
                if self.named and path.name not in str(error):
                    raise AssertionError("an error that does not name the file") from error


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
    network = build_network(extract, car(), when=dt.datetime(2026, 1, 14, 12))  # noqa: DTZ001 - local time
    for name in (
        "node_lon",
        "node_lat",
        "edge_length_m",
        "shape_lon",
        "shape_lat",
        "shape_forward_s",
        "shape_backward_s",
    ):
        assert np.isfinite(getattr(network, name)).all(), name
    for name in ("edge_length_m", "shape_forward_s", "shape_backward_s"):
        assert (getattr(network, name) >= 0).all(), name


def read_map(path):
    """Read an extract, and the same objects packed otherwise, by both readers: they must say the same."""
    from geoaccess.osm import read_extract as read

    read_extract(path)
    try:
        again = plainly(path.read_bytes())
    except UNSOUND:
        return  # one of those parts that need not be sound for what is read of them
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.osm.pbf"
        plain.write_bytes(again)
        assert roads_of(read([path], car())) == roads_of(read([plain], car()))


def roads_of(extract):
    """Return what an extract says of each way, in an order of its own."""
    xy = [*zip(extract.node_id.tolist(), extract.lon.round(7).tolist(), extract.lat.round(7).tolist(), strict=True)]
    found = [
        (way, sorted(extract.tagsets[tags].items()), [repr(xy[ref]) for ref in extract.ref[first:last]])
        for way, tags, first, last in zip(extract.way_id.tolist(), extract.way_tags, extract.ptr, extract.ptr[1:], strict=False)
    ]  # fmt: skip
    nodes = [
        (xy[at][0], extract.node_tagsets[tags])
        for at, tags in zip(extract.hindering, extract.hindering_tags, strict=True)
    ]
    return sorted(found), sorted(map(repr, nodes)), extract.restrictions


def read_features(path):
    from geoaccess import osm

    osm.read_features([path], [("amenity", "hospital"), ("natural", "water")])
    osm.place_names(osm.read_features([path], [("place", "town")]))
    osm.read_boundaries([path], [7])
    osm.read_road_names([path])


def xml():
    """Return the beginning of a town as OpenStreetMap XML."""
    return [
        b"""<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6" generator="x"><bounds minlat="60" minlon="10" maxlat="61" maxlon="11"/>
 <node id="1" lat="60.0" lon="10.0" version="1" timestamp="2024-01-02T03:04:05Z"/>
 <node id="2" lat="60.01" lon="10.02"><tag k="barrier" v="gate"/></node>
 <node id="3" lat="60.02" lon="10.03" visible="true"/>
 <way id="7" version="2"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="&#198;&amp;"/></way>
 <way id="8"><nd ref="3"/><nd ref="1"/><tag k="route" v="ferry"/><tag k="motor_vehicle" v="yes"/><tag k="duration" v="00:10"/></way>
 <relation id="9"><member type="way" ref="7" role="from"/><member type="node" ref="3" role="via"/>
  <member type="way" ref="8" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_u_turn"/></relation>
</osm>
"""
    ]


def map_answers():
    """Return what Nominatim and Overpass answer of a place."""
    recorded = ROOT / "tests" / "recorded"
    found = json.loads((recorded / "nominatim_senja.json").read_text(encoding="utf-8"))
    box = {"type": "Polygon", "coordinates": [[[17, 69], [17.1, 69], [17.1, 69.1], [17, 69.1], [17, 69]]]}
    found = [{**found[0], "geojson": box, "importance": 0.5}]
    elements = json.loads((recorded / "overpass_ferries.json").read_text(encoding="utf-8"))["elements"]
    town = [
        {"type": "node", "id": 1, "lat": 69.01, "lon": 17.01, "tags": {"barrier": "gate"}},
        {"type": "node", "id": 2, "lat": 69.02, "lon": 17.01},
        {"type": "way", "id": 3, "nodes": [1, 2], "tags": {"highway": "primary", "name": "Æ"}},
        {
            "type": "relation",
            "id": 4,
            "members": [{"type": "way", "ref": 3, "role": "from"}],
            "tags": {"type": "restriction"},
        },
    ]
    return [
        json.dumps({"search": found, "interpreter": {"elements": some}}).encode() for some in (town, town + elements)
    ]


class Answering(HTTPAdapter):
    """Answers each service with what a file says."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def send(self, request, **_):
        body = json.dumps(self.answers.get(request.path_url.partition("?")[0].rpartition("/")[2])).encode(
            "utf-8", "replace"
        )
        return self.build_response(request, HTTPResponse(io.BytesIO(body), status=200, preload_content=False))


def read_place(path):
    """Fetch a place from services that answer as a file says, and read what was fetched."""
    from geoaccess.osm import read_extract
    from geoaccess.sources import download, place

    try:
        answers = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return
    session = download.new_session()
    session.mount("https://", Answering(answers if isinstance(answers, dict) else {}))
    with (
        tempfile.TemporaryDirectory() as folder,
        unittest.mock.patch.object(place, "new_session", return_value=session),
    ):
        read_extract([place.fetch_place("Senja", Path(folder) / "a.osm")], car())


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


def schemes():
    return [path.read_bytes() for path in sorted((ROOT / "configs" / "schemes").glob("*.toml"))]


def read_scheme(path):
    from geoaccess.zones import read_scheme

    scheme = read_scheme(str(path))
    for language in ("en", "nb"):
        scheme.title(language)
        scheme.words(language)


def read_sources(path):
    from geoaccess.sources.catalogue import read_sources

    table = read_sources(path)
    for region in table.regions:
        assert table.of(region)


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


def read_layers(path):
    """Read a layer as each of those that take one."""
    from geoaccess.demand import read_cells
    from geoaccess.services import read_sites
    from geoaccess.siting import read_candidates
    from geoaccess.tables.areas import read_areas
    from geoaccess.tables.named_places import read_named_places
    from geoaccess.zones import read_municipalities

    own = functools.partial(read_municipalities, id="id", name="name")
    hinted = (functools.partial(read, hint="-") for read in (read_areas, read_named_places))
    for read in (read_columns, read_sites, read_candidates, functools.partial(read_cells, people="n"), own, *hinted):
        with contextlib.suppress(GeoaccessError):
            read(path)


def packages():
    """Return GeoPackages: one of areas with people, and one of links as NVDB gives them."""
    areas = gpd.read_file(io.BytesIO(shapes()[0])).set_crs(25833, allow_override=True).assign(name="A")
    points = [(262_000, 6_650_000, 1), (265_000, 6_650_000, 1), (265_000, 6_654_000, 1)]
    links = gpd.GeoDataFrame(
        {
            "linkid": [10, 11], "fromnode": ["1", "2"], "tonode": ["2", "3"], "formofway": 1, "funcroadclass": [0, 3],
            "roadid": ["{E6}", "{K7}"], "roadnumber": [6, 7], "oneway": ["B", "FT"], "speedfw": 60, "speedbw": 60,
            "isferry": [0, 1], "isbridge": 0, "istunnel": [1, 0], "maxweight": None, "maxheight": None,
            "roadclass": [2, 4], "streetname": ["", "Kaia"], "drivetime_fw": [3.0, 12.0], "drivetime_bw": [3.0, -1.0],
        },
        geometry=[shapely.LineString(points[:2]), shapely.LineString(points[1:])], crs=25833,
    )  # fmt: skip
    turns = pd.DataFrame({"fromlinkid": [10], "tolinkid": [11]})
    found = []
    for layers in ({"areas": areas}, {"ruttger_link_geom": links, "ruttger_turnrestriction": turns}):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.gpkg"
            for name, rows in layers.items():
                plain = {} if name == "ruttger_turnrestriction" else {"SPATIAL_INDEX": "NO"}
                write_dataframe(rows, path, layer=name, driver="GPKG", append=path.exists(), layer_options=plain)
            found.append(path.read_bytes())
    return found + packages_by_hand()


def read_nvdb(path):
    import geoaccess
    from geoaccess.nvdb import read_road_names

    for read in (geoaccess.read_nvdb, read_road_names, read_layers):
        with contextlib.suppress(GeoaccessError):
            read(path)


def read_raster(path):
    from geoaccess.demand import crs_of_raster, raster_grid, read_raster_cells, zonal_population

    zones = gpd.GeoDataFrame(geometry=[shapely.box(3e5, 6.6998e6, 3.003e5, 6.7e6)], crs=25833)
    for given in (
        {},
        {"crs": "EPSG:25833", "band": 1, "nodata": [-99.0, 1e300]},
        {"cell_size_m": 200.0},
        {"block": (1, 3), "clip": (9.0, 59.0, 11.0, 61.0)},
    ):
        with contextlib.suppress(GeoaccessError):
            read_raster_cells(path, **given)
    for read in (crs_of_raster, raster_grid, functools.partial(zonal_population, zones=zones, band=1)):
        with contextlib.suppress(GeoaccessError):
            read(path)


def parquets():
    found = []
    for compression in ("snappy", None):
        content = io.BytesIO()
        pd.DataFrame({"id": ["0301", "4601"], "people": [1.5, None]}).to_parquet(content, compression=compression)
        found.append(content.getvalue())
    return found


# Statistics banks, timetables, the planner


def read_statbank(path):
    from geoaccess.questions.validation.statbank import read_ssb_12764
    from geoaccess.tables import read_people_by_age

    for read in (read_people_by_age, functools.partial(read_ssb_12764, service="gp")):
        with contextlib.suppress(GeoaccessError):
            read(path)


def read_feed(path):
    from geoaccess.routing import read_ferry_feed

    feed = read_ferry_feed(path)
    assert feed.without_cars is not None
    assert feed.assumed is not None
    departures = feed.departures(dt.date(2026, 1, 13), days=2)
    numbers = departures.iloc[:, 1:8].to_numpy(float)
    assert np.isfinite(numbers).all()
    assert (departures["arrives_s"] > departures["departs_s"]).all()
    assert departures[["from_lon", "to_lon"]].abs().max(axis=None) <= 180 or departures.empty


TARGETS = {
    "pbf": Target(".osm.pbf", town, change_map, read_map, named=True),
    "xml": Target(".osm", xml, mutations.change_xml, read_extract, named=True),
    "place": Target(".json", map_answers, mutations.change_json, read_place),
    "features": Target(".osm.pbf", town, change_map, read_features, named=True),
    "study": Target(".toml", studies, mutations.change_toml, read_study),
    "run": Target(".toml", studies_of_the_country, change_study, solve_country),
    "scenario": Target(".toml", scenarios, change_scenario, read_scenario, named=True),
    "comparison": Target(".toml", scenarios_of_the_country, change_scenario, compare_scenario),
    "profile": Target(".toml", lambda: [(ROOT / "configs/profiles/car.toml").read_bytes()], mutations.change_toml, read_profile),
    "scheme": Target(".toml", schemes, mutations.change_toml, read_scheme),
    "sources": Target(".toml", lambda: [(ROOT / "configs/sources.toml").read_bytes()], mutations.change_toml, read_sources, named=True),
    "csv": Target(".csv", rows_of_readers, mutations.change_text, read_everything),
    "xlsx": Target(".xlsx", workbooks, functools.partial(mutations.change_zip, change=mutations.change_xml), read_columns),
    "ods": Target(".ods", spreadsheets_of_libreoffice, functools.partial(mutations.change_zip, change=mutations.change_xml), read_columns),
    "parquet": Target(".parquet", parquets, mutations.change_bytes, read_columns),
    "geojson": Target(".geojson", shapes, mutations.change_json, read_layers),
    "gpkg": Target(".gpkg", packages, mutations.change_gpkg, read_nvdb),
    "raster": Target(".tif", rasters, change_tiff, read_raster),
    "statbank": Target(".csv", statbank, change_statbank, read_statbank),
    "gtfs": Target(".zip", feeds, functools.partial(mutations.change_zip, change=change_rows), read_feed),
    "planner": Target(".json", plans, change_plan, plan_holds),
}  # fmt: skip
"""By name; each has a folder of that name in tests/fuzz_cases with what was found."""
