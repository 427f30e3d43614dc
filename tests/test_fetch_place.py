"""The roads of a place, against recorded answers of Nominatim and Overpass on 127.0.0.1."""

from __future__ import annotations

import json
import re
import socket
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import osmium
import osmnx
import pytest
import shapely
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from geoaccess.cli import main
from geoaccess.errors import FetchError, InputError
from geoaccess.osm import read_osm
from geoaccess.sources.download import new_session
from geoaccess.sources.place import fetch_place

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests" / "recorded"


class Services:
    """A Nominatim and an Overpass that answer from files; `replies` overrules what Overpass says, in order."""

    def __init__(self):
        self.asked = []
        self.replies = []
        self.found = json.loads((RECORDED / "nominatim_senja.json").read_text(encoding="utf-8"))
        self.map = [element for kind in ("node", "way") for element in recorded(kind).values()]
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                services.asked.append(("nominatim", parse_qs(urlsplit(self.path).query)))
                self.answer(200, json.dumps(services.found).encode(), "application/json")

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                query = form["data"][0]
                services.asked.append(("overpass", query, self.headers["User-Agent"]))
                if services.replies:
                    self.answer(*services.replies.pop(0))
                    return
                self.answer(200, json.dumps({"elements": services.map}).encode(), "application/json")

            def answer(self, status, body, kind):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def overpass(self):
        return [query for kind, query, *_ in self.asked if kind == "overpass"]


@pytest.fixture
def services(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Services()
    running.waits = []
    monkeypatch.setattr("time.sleep", running.waits.append)
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(autouse=True)
def osmnx_is_left_alone(monkeypatch):
    """Fail where osmnx asks for anything, or where its settings or the look-up of names are not what they were."""
    settings = {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("__")}
    look_up = socket.getaddrinfo
    seen = []
    for name in ("_get_http_headers", "_config_dns"):
        monkeypatch.setattr(f"osmnx._http.{name}", lambda *_, **__: seen.append("asked"))
    yield
    assert not seen
    assert {name: value for name, value in vars(osmnx.settings).items() if not name.startswith("__")} == settings
    assert socket.getaddrinfo is look_up


def fetched(monkeypatch, services, *words):
    """Type a command of fetch, as if these were the public services; return its exit code."""
    monkeypatch.setattr("geoaccess.sources.place._OVERPASS", f"{services.url}/api")
    monkeypatch.setattr("geoaccess.sources.place._NOMINATIM", services.url)
    monkeypatch.setattr("sys.argv", ["geoaccess", "fetch", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def get(services, path, **more):
    return fetch_place("Senja", path, overpass_url=f"{services.url}/api", nominatim_url=services.url, **more)


def recorded(kind):
    elements = {}
    for name in ("overpass_roads.json", "overpass_ferries.json"):
        answer = json.loads((RECORDED / name).read_text(encoding="utf-8"))
        elements |= {e["id"]: e for e in answer["elements"] if e["type"] == kind}
    return elements


def read(path):
    """Read a file back with pyosmium."""
    nodes, ways, order = {}, {}, []
    for thing in osmium.FileProcessor(str(path)):
        order.append(thing.type_str())
        tags = {tag.k: tag.v for tag in thing.tags}
        if thing.is_node():
            nodes[thing.id] = (thing.location.lat, thing.location.lon, tags)
        elif thing.is_way():
            ways[thing.id] = ([node.ref for node in thing.nodes], tags)
    return nodes, ways, order


def test_every_way_tag_and_node_comes_through(services, tmp_path):
    path = get(services, tmp_path / "senja.osm")
    assert path == tmp_path / "senja.osm"
    nodes, ways, order = read(path)
    assert ways == {key: (way["nodes"], way["tags"]) for key, way in recorded("way").items()}
    assert nodes == {key: (n["lat"], n["lon"], n.get("tags", {})) for key, n in recorded("node").items()}
    assert order == sorted(order)  # nodes before ways, as readers expect
    assert list(nodes) == sorted(nodes)
    assert list(ways) == sorted(ways)
    assert [file.name for file in tmp_path.iterdir()] == ["senja.osm"]


def test_ferries_are_whole_and_joined_to_the_roads(services, tmp_path):
    nodes, ways, _ = read(get(services, tmp_path / "senja.osm"))
    refs, tags = ways[402001]
    assert tags["duration"] == "00:45"
    assert tags["interval"] == "02:00"
    assert refs[0] in ways[401001][0]
    assert nodes[refs[-1]][0] > 69.5  # the far quay lies outside the border of the place


def corners(query):
    """Return the polygons that an Overpass query names, as lists of (lat, lon)."""
    found = [[float(part) for part in text.split()] for text in dict.fromkeys(re.findall(r'poly:"([^"]+)"', query))]
    return [list(zip(flat[::2], flat[1::2], strict=True)) for flat in found]


def test_the_whole_place_and_half_a_kilometre_around_it_are_asked_for(services, tmp_path):
    get(services, tmp_path / "senja.osm")
    (query,) = services.overpass()
    (ring,) = corners(query)
    asked = shapely.Polygon([(lon, lat) for lat, lon in ring])
    north_m = (
        shapely.Point(17.9, 69.46).distance(
            shapely.Point(17.9, asked.intersection(shapely.LineString([(17.9, 69), (17.9, 70)])).bounds[3])
        )
        * 111_560
    )  # metres in a degree of the meridian at 69 degrees north
    assert 500 <= north_m <= 700
    assert asked.covers(shapely.box(17.87, 69.43, 17.93, 69.46))


def test_a_large_place_is_asked_for_in_pieces_that_cover_it(services, tmp_path):
    whole = get(services, tmp_path / "whole.osm").read_bytes()
    services.asked.clear()
    area = shapely.MultiPolygon([shapely.box(16, 68.6, 18.5, 69.2), shapely.box(17, 69.3, 17.1, 69.35)])
    services.found[1]["geojson"] = shapely.geometry.mapping(area)
    pieces = get(services, tmp_path / "pieces.osm").read_bytes()
    asked = [
        shapely.Polygon([(lon, lat) for lat, lon in ring]) for query in services.overpass() for ring in corners(query)
    ]
    assert len(services.overpass()) >= 4
    # The Earth is round: a straight line of degrees across 2.5 of them is not one of metres.
    assert shapely.union_all(asked).buffer(1e-6).covers(area)
    for piece in asked:
        west, south, east, north = piece.bounds
        assert (north - south) * 111.6 <= 51
        assert (east - west) * 111.3 * 0.362 <= 52  # the cosine of 68.8 degrees
    assert pieces == whole  # what comes in several answers is written once


def test_the_services_are_asked_for_roads_ferries_and_relations(services, tmp_path):
    get(services, tmp_path / "senja.osm")
    (query,) = services.overpass()
    asked = re.search(r'way\["highway"~"\(\^\|;\) \*\(([\w|]+)\) \*\(;\|\$\)",i\]', query)[1].split("|")
    assert set(asked) == set(tomllib.loads((ROOT / "configs/profiles/car.toml").read_text())["highway"])
    assert 'way["route"~"(^|;) *(ferry|shuttle_train) *(;|$)"](poly:' in query
    assert 'rel(bw.ways)["type"="restriction"]' in query
    assert all(agent.startswith("geoaccess/") for kind, *_, agent in services.asked if kind == "overpass")
    assert services.asked[0][1]["q"] == ["Senja"]


def test_relations_come_through_and_rule_the_turns(services, tmp_path):
    """At node 301003 of the secondary road nobody may turn into the private drive."""
    members = [("way", 401001, "from"), ("node", 301003, "via"), ("way", 401004, "to"), ("way", 999, "")]
    services.map.append(
        {
            "type": "relation",
            "id": 501,
            "members": [{"type": kind, "ref": ref, "role": role} for kind, ref, role in members],
            "tags": {"type": "restriction", "restriction": "no_right_turn", "note": 'a "b"'},
        }
    )
    path = get(services, tmp_path / "senja.osm")
    found = [
        ([(m.type, m.ref, m.role) for m in thing.members], {tag.k: tag.v for tag in thing.tags})
        for thing in osmium.FileProcessor(str(path))
        if thing.is_relation()
    ]
    assert found == [([(kind[0], ref, role) for kind, ref, role in members], services.map[-1]["tags"])]
    network = read_osm(path)
    assert network.expansion is not None, "a turn is banned"


def test_with_a_cache_the_second_call_needs_no_network(services, tmp_path):
    first = get(services, tmp_path / "one.osm", cache=tmp_path / "cache").read_bytes()
    asked = len(services.asked)
    second = get(services, tmp_path / "two.osm", cache=tmp_path / "cache").read_bytes()
    assert len(services.asked) == asked
    assert first == second


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (
            (200, b'{"elements": [], "remark": "runtime error: Query timed out"}', "application/json"),
            FetchError,
            "timed out",
        ),
        ((200, b"<html>maintenance</html>", "text/html"), FetchError, "something else than JSON"),
        ((400, b"bad request", "text/plain"), FetchError, "400"),
        ((200, b'["no", "map"]', "application/json"), FetchError, "a form that is not known"),
        ((200, b"[" * 100_000, "application/json"), FetchError, "something else than JSON"),
        *(
            ((200, json.dumps({"elements": [element]}).encode(), "application/json"), FetchError, "a form that is not")
            for element in (
                7,
                {"type": "area", "id": 1},
                {"type": "node", "id": '1"/><x y="', "lat": 69, "lon": 18},
                {"type": "node", "id": 1, "lat": "69", "lon": 18},
                {"type": "node", "id": 1, "lat": 69, "lon": float("nan")},
                {"type": "way", "id": 1, "tags": {"highway": "primary"}},
                {"type": "way", "id": 1, "nodes": ["1"]},
                {"type": "way", "id": 1, "nodes": [1], "tags": {"highway": 7}},
                {"type": "way", "id": 1 << 63, "nodes": [1]},
                {"type": "relation", "id": 1, "members": [{"type": "way", "ref": '1"', "role": ""}]},
            )
        ),
    ],
)
def test_half_answers_are_refused(services, tmp_path, reply, error, says):
    services.replies = [reply]
    with pytest.raises(error, match=says) as caught:
        get(services, tmp_path / "senja.osm", cache=tmp_path / "cache")
    assert '"Senja"' in str(caught.value)
    assert not (tmp_path / "senja.osm").exists()
    services.replies = []
    assert get(services, tmp_path / "senja.osm", cache=tmp_path / "cache").is_file()  # nothing bad was kept


def test_an_answer_without_end_is_given_up(services, tmp_path, monkeypatch):
    monkeypatch.setattr("geoaccess.sources.map_services._MOST_BYTES", 1 << 20)
    services.replies = [(200, b"[" + b"0," * (1 << 20), "application/json")]
    with pytest.raises(FetchError, match="more than 1 MB; take a smaller place"):
        get(services, tmp_path / "senja.osm")


@pytest.mark.parametrize(
    "found",
    [
        [7],
        [{"geojson": "x"}],
        [{"geojson": {"type": "Polygon"}}],
        [{"geojson": {"type": "Polygon", "coordinates": [[7]]}}],
        [{"geojson": {"type": "Polygon", "coordinates": []}}],
        [{"geojson": {"type": "Polygon", "coordinates": [[[0, 0], [9e9, 0], [9e9, 9e9], [0, 0]]]}}],
        [{"geojson": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, float("nan")], [0, 0]]]}}],
        [{"importance": "x", "geojson": {"type": "Polygon", "coordinates": []}}, {"geojson": {"type": "Polygon"}}],
    ],
)
def test_a_border_that_is_none_is_refused(services, tmp_path, found):
    services.found = found
    with pytest.raises(FetchError, match='place "Senja": '):
        get(services, tmp_path / "senja.osm")
    assert not services.overpass()


@pytest.mark.parametrize("kept", [b"", b"{", b"\xff", b"[" * 100_000, b"7"])
def test_an_answer_that_was_kept_and_is_damaged_is_asked_for_again(services, tmp_path, kept):
    whole = get(services, tmp_path / "one.osm", cache=tmp_path / "cache").read_bytes()
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(kept)
    assert get(services, tmp_path / "two.osm", cache=tmp_path / "cache").read_bytes() == whole


def test_a_service_with_tls_that_sends_on_without_is_refused(services, tmp_path, monkeypatch):
    class Moved(HTTPAdapter):
        def send(self, request, **_):
            raw = HTTPResponse(BytesIO(), headers={"Location": services.url}, status=302, preload_content=False)
            return self.build_response(request, raw)

    session = new_session()
    session.mount("https://", Moved())
    monkeypatch.setattr("geoaccess.sources.place.new_session", lambda: session)
    with pytest.raises(FetchError, match=f"sends on to {services.url}, which anybody on the way can change"):
        fetch_place("Senja", tmp_path / "senja.osm", nominatim_url="https://a.example", overpass_url=services.url)


def test_a_second_piece_that_fails_leaves_nothing_half(services, tmp_path):
    services.found[1]["geojson"] = shapely.geometry.mapping(shapely.box(17, 69, 19, 69.5))
    services.replies = [
        (200, json.dumps({"elements": services.map}).encode(), "application/json"),
        (200, b'{"elements": [], "remark": "runtime error: out of memory"}', "application/json"),
    ]
    with pytest.raises(FetchError, match="out of memory"):
        get(services, tmp_path / "senja.osm")
    assert list(tmp_path.iterdir()) == []


def test_how_many_pieces_are_there_is_said(services, tmp_path):
    services.found[1]["geojson"] = shapely.geometry.mapping(shapely.box(17, 69, 19, 69.5))
    said = []
    get(services, tmp_path / "senja.osm", progress=lambda *now: said.append(now))
    pieces = len(services.overpass())
    assert pieces > 1
    assert said == [(done, pieces) for done in range(pieces)]


def test_a_country_is_not_asked_of_the_public_service(services, tmp_path):
    services.found[1]["geojson"] = shapely.geometry.mapping(shapely.box(5, 58, 25, 71))
    with pytest.raises(InputError, match=r"squares of 50 km .* 100 at most; .* extract"):
        fetch_place("Senja", tmp_path / "senja.osm", nominatim_url=services.url)
    assert not services.overpass()
    assert get(services, tmp_path / "senja.osm").is_file()  # one's own service may be asked for as many as one likes


def test_an_interrupted_place_goes_on_where_it_stopped(services, tmp_path, monkeypatch):
    services.found[1]["geojson"] = shapely.geometry.mapping(shapely.box(17, 69, 19, 69.5))
    services.replies = [
        (200, json.dumps({"elements": services.map}).encode(), "application/json"),
        (500, b"", "text/plain"),
    ]
    words = ("--place", "Senja", "--folder", tmp_path)
    assert fetched(monkeypatch, services, *words) == 2
    first, failed = services.overpass()
    assert fetched(monkeypatch, services, *words) == 0
    _, _, again, *others = services.overpass()
    assert again == failed
    assert first not in others
    assert [file.name for file in (tmp_path / "places").iterdir()] == ["senja.osm"]


def test_nothing_is_kept_of_a_place_that_is_unknown(services, tmp_path, monkeypatch):
    services.found.clear()
    assert fetched(monkeypatch, services, "--place", "Sneja", "--folder", tmp_path) == 2
    assert not list((tmp_path / "places").glob("*"))


def test_a_busy_server_is_not_asked_for_ever(services, tmp_path):
    services.replies = [(429, b"", "text/plain")] * 50
    with pytest.raises(FetchError, match="busy"):
        get(services, tmp_path / "senja.osm")
    assert len(services.overpass()) == 3
    assert services.waits == [15, 60]


def test_a_server_that_was_busy_once_is_asked_again(services, tmp_path):
    services.replies = [(504, b"", "text/plain")]
    _, ways, _ = read(get(services, tmp_path / "senja.osm"))
    assert len(ways) == 8


def test_an_unknown_place(services, tmp_path):
    services.found = []
    with pytest.raises(InputError, match="not found in OpenStreetMap"):
        get(services, tmp_path / "senja.osm")


def test_a_place_that_is_only_a_point(services, tmp_path):
    services.found = services.found[:1]
    with pytest.raises(InputError, match="not as an area"):
        get(services, tmp_path / "senja.osm")


def test_a_place_without_roads(services, tmp_path):
    services.map = []
    with pytest.raises(InputError, match="no road"):
        get(services, tmp_path / "senja.osm")


def test_a_way_without_its_nodes(services, tmp_path):
    services.map = [element for element in services.map if element["id"] != 301007]
    with pytest.raises(FetchError, match="1 nodes of its ways are missing, the first 301007"):
        get(services, tmp_path / "senja.osm")


def test_a_service_that_is_not_there(services, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(FetchError, match="gave no answer"):
            fetch_place("Senja", tmp_path / "a.osm", overpass_url=f"{nowhere}/api", nominatim_url=services.url)
        with pytest.raises(FetchError, match="gave no answer"):
            fetch_place("Senja", tmp_path / "a.osm", overpass_url=services.url, nominatim_url=nowhere)


def test_a_name_that_readers_would_take_for_another_format(tmp_path):
    with pytest.raises(InputError, match=r"\.osm"):
        fetch_place("Senja", tmp_path / "senja.osm.pbf")
    with pytest.raises(InputError, match="empty"):
        fetch_place(" ", tmp_path / "senja.osm")


def test_characters_that_xml_cannot_hold_are_left_out(services, tmp_path):
    next(e for e in services.map if e["id"] == 401001)["tags"]["name"] = "a\x00b\x1bc\ufffe\nd'\"<>&"
    _, ways, _ = read(get(services, tmp_path / "senja.osm"))
    assert ways[401001][1]["name"] == "abc\nd'\"<>&"


def test_the_profile_decides_which_roads_are_asked_for(services, tmp_path):
    own = tmp_path / "own.toml"
    head = 'extends = "car"\nreplaces = ["highway"]\ntitle = "main roads"\n'
    own.write_text(head + "[highway]\nprimary = 80\nsecondary = 70\n")
    get(services, tmp_path / "senja.osm", profile=own)
    (query,) = services.overpass()
    assert 'way["highway"~"(^|;) *(primary|secondary) *(;|$)",i](poly:' in query
