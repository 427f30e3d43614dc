"""The roads of a place, against recorded answers of Nominatim and Overpass on 127.0.0.1."""

from __future__ import annotations

import json
import re
import socket
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import osmium
import pytest
from osmnx import settings

from geoaccess.errors import FetchError, InputError
from geoaccess.sources.place import fetch_place

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests" / "recorded"


class Services:
    """A Nominatim and an Overpass that answer from files; `replies` overrules what Overpass says, in order."""

    def __init__(self):
        self.asked = []
        self.replies = []
        self.found = json.loads((RECORDED / "nominatim_senja.json").read_text(encoding="utf-8"))
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
                name = "overpass_ferries.json" if '"route"' in query else "overpass_roads.json"
                self.answer(200, (RECORDED / name).read_bytes(), "application/json")

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
    monkeypatch.setattr("time.sleep", lambda _: None)  # osmnx waits a second before each look-up
    running = Services()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(autouse=True)
def osmnx_is_left_as_it_was():
    before = {name: value for name, value in vars(settings).items() if not name.startswith("__")}
    look_up = socket.getaddrinfo
    yield
    assert {name: value for name, value in vars(settings).items() if not name.startswith("__")} == before
    assert socket.getaddrinfo is look_up


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


def test_an_area_too_large_for_one_request_is_asked_for_in_pieces(services, tmp_path):
    whole = get(services, tmp_path / "whole.osm").read_bytes()
    before, settings.max_query_area_size = settings.max_query_area_size, 2_000_000
    try:
        pieces = get(services, tmp_path / "pieces.osm").read_bytes()
    finally:
        settings.max_query_area_size = before
    assert len(services.overpass()) > 4
    assert pieces == whole


def test_the_services_are_asked_for_roads_and_ferries(services, tmp_path):
    get(services, tmp_path / "senja.osm")
    roads, ferries = services.overpass()
    asked = re.search(r'"highway"~"\^\(([\w|]+)\)\$"', roads)[1].split("|")
    assert set(asked) == set(tomllib.loads((ROOT / "configs/profiles/car.toml").read_text())["highway"])
    assert "ferry|shuttle_train" in ferries
    assert all(agent.startswith("geoaccess") for kind, *_, agent in services.asked if kind == "overpass")
    assert services.asked[0][1]["q"] == ["Senja"]


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


def test_a_second_piece_that_fails_leaves_nothing_half(services, tmp_path):
    services.replies = [
        (200, (RECORDED / "overpass_roads.json").read_bytes(), "application/json"),
        (200, b'{"elements": [], "remark": "runtime error: out of memory"}', "application/json"),
    ]
    with pytest.raises(FetchError, match="out of memory"):
        get(services, tmp_path / "senja.osm")
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_not_asked_for_ever(services, tmp_path):
    services.replies = [(429, b"", "text/plain")] * 50
    with pytest.raises(FetchError, match="busy"):
        get(services, tmp_path / "senja.osm")
    assert len(services.overpass()) == 3


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
    services.replies = [(200, b'{"elements": []}', "application/json")]
    with pytest.raises(InputError, match="no road"):
        get(services, tmp_path / "senja.osm")


def test_a_way_without_its_nodes(services, tmp_path):
    answer = json.loads((RECORDED / "overpass_roads.json").read_text(encoding="utf-8"))
    answer["elements"] = [e for e in answer["elements"] if e["id"] != 301007]
    services.replies = [(200, json.dumps(answer).encode(), "application/json")]
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
    answer = json.loads((RECORDED / "overpass_roads.json").read_text(encoding="utf-8"))
    next(e for e in answer["elements"] if e["id"] == 401001)["tags"]["name"] = "a\x00b\x1bc\ufffe\nd'\"<>&"
    services.replies = [(200, json.dumps(answer).encode(), "application/json")]
    _, ways, _ = read(get(services, tmp_path / "senja.osm"))
    assert ways[401001][1]["name"] == "abc\nd'\"<>&"


def test_the_profile_decides_which_roads_are_asked_for(services, tmp_path):
    own = tmp_path / "own.toml"
    head = 'extends = "car"\nreplaces = ["highway"]\ntitle = "main roads"\n'
    own.write_text(head + "[highway]\nprimary = 80\nsecondary = 70\n")
    get(services, tmp_path / "senja.osm", profile=own)
    roads, _ = services.overpass()
    assert '["highway"~"^(primary|secondary)$"]' in roads
