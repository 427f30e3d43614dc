"""One file over HTTP, against a server on 127.0.0.1 that drops, lies, moves and changes."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import random
import shutil
import sys
import threading
import time
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from geoaccess.errors import FetchError, GeoaccessWarning
from geoaccess.sources.download import download, new_session

BODY = b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + random.Random(1).randbytes(700_000)
OTHER = b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + random.Random(2).randbytes(500_000)


class Site:
    """Answers each address by the replies given for it, in order; the last one is repeated."""

    def __init__(self):
        self.replies = {}
        self.requests = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                site.requests.append((self.path, dict(self.headers)))
                replies = site.replies[self.path]
                (replies.pop(0) if len(replies) > 1 else replies[0])(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def at(self, path, *replies):
        self.replies[path] = list(replies)
        return self.url + path

    def ranges(self, path="/x.osm.pbf"):
        return [headers.get("Range") for asked, headers in self.requests if asked == path]


def sends(body, *, tag='"one"', ranges=True, stop=None, headers=None, kind="application/octet-stream", if_range=True):
    """Make a reply with a body; `stop` is how many bytes come before the connection breaks."""

    def reply(handler):
        start = 0
        wanted = handler.headers.get("Range")
        same = not if_range or handler.headers.get("If-Range") == tag
        if wanted and ranges and same:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                handler.send_response(416)
                handler.send_header("Content-Range", f"bytes */{len(body)}")
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) - start))
        handler.send_header("Content-Type", kind)
        if tag:
            handler.send_header("ETag", tag)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body[start : len(body) if stop is None else start + stop])
        if stop is not None:
            handler.wfile.flush()
            handler.close_connection = True

    return reply


def says(status, headers=None, body=b"sorry"):
    def reply(handler):
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def server():
    running = Site()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def site(server):
    server.replies.clear()
    server.requests.clear()
    return server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def get(site, tmp_path, waits):
    """Download /x.osm.pbf into the folder of the test, without really waiting."""

    def run(**more):
        return download(f"{site.url}/x.osm.pbf", tmp_path / "x.osm.pbf", **{"sleep": waits.append, **more})

    return run


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_file_comes_whole(site, get, tmp_path, waits):
    site.at("/x.osm.pbf", sends(BODY))
    steps = []
    path = get(sha256=hashlib.sha256(BODY).hexdigest(), progress=steps.append)
    assert path.read_bytes() == BODY
    assert names(tmp_path) == ["x.osm.pbf"]
    assert waits == []
    assert steps[0].done_bytes == 0
    assert {step.state for step in steps} == {"downloading", "checking"}
    assert [s.done_bytes for s in steps] == sorted(s.done_bytes for s in steps)
    assert steps[-1].done_bytes == steps[-1].total_bytes == len(BODY)
    assert site.requests[0][1]["User-Agent"].startswith("geoaccess/")


def test_a_dropped_connection_is_taken_up_in_the_middle(site, get, tmp_path, waits):
    site.at("/x.osm.pbf", sends(BODY, stop=300_000), sends(BODY, stop=200_000), sends(BODY))
    path = get()
    assert path.read_bytes() == BODY
    first, second, third = site.ranges()
    assert first is None
    starts = [int(text.removeprefix("bytes=").removesuffix("-")) for text in (second, third)]
    assert 0 < starts[0] <= 300_000 < starts[1] <= 500_000
    assert [headers.get("If-Range") for _, headers in site.requests] == [None, '"one"', '"one"']
    assert waits == [1.0, 2.0]
    assert names(tmp_path) == ["x.osm.pbf"]


def test_what_came_is_kept_for_the_next_call(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY, stop=300_000))
    with pytest.raises(FetchError, match=r"broke off after .* of 700\.0 kB .*are kept") as caught:
        get(retries=0)
    assert f"{site.url}/x.osm.pbf" in str(caught.value)
    assert names(tmp_path) == ["x.osm.pbf.part", "x.osm.pbf.part.json"]
    kept = (tmp_path / "x.osm.pbf.part").read_bytes()
    assert BODY.startswith(kept)
    assert len(kept) > 200_000
    site.at("/x.osm.pbf", sends(BODY))
    assert get(retries=0).read_bytes() == BODY
    assert site.ranges()[-1] == f"bytes={len(kept)}-"


def test_a_date_serves_where_there_is_no_tag(site, get):
    date = {"Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
    site.at("/x.osm.pbf", sends(BODY, tag='W/"weak"', headers=date, stop=300_000), sends(BODY, tag=None, headers=date))
    assert get().read_bytes() == BODY
    assert site.requests[1][1]["If-Range"] == date["Last-Modified"]


@pytest.mark.parametrize("later", [sends(BODY, ranges=False), sends(BODY, tag='"two"')])
def test_a_server_without_ranges_sends_all_again(site, get, later):
    site.at("/x.osm.pbf", sends(BODY, stop=300_000), later)
    assert get().read_bytes() == BODY


def test_without_a_name_for_the_version_all_is_asked_for_again(site, get):
    site.at("/x.osm.pbf", sends(BODY, tag=None, stop=300_000), sends(BODY, tag=None))
    assert get().read_bytes() == BODY
    assert site.ranges() == [None, None]


def test_a_newer_file_starts_from_zero(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY, stop=300_000), sends(OTHER, tag='"two"'))
    assert get().read_bytes() == OTHER
    assert site.ranges()[1] is not None
    assert names(tmp_path) == ["x.osm.pbf"]


@pytest.mark.parametrize("newer", [OTHER, BODY[:40] + OTHER[40:] + BODY[len(OTHER) :]], ids=["shorter", "as long"])
def test_the_rest_of_another_version_is_not_joined_on(site, get, newer):
    # A server that does not heed If-Range and sends the rest of the newer file.
    site.at(
        "/x.osm.pbf", sends(BODY, stop=300_000), sends(newer, tag='"two"', if_range=False), sends(newer, tag='"two"')
    )
    assert get().read_bytes() == newer
    assert [text is None for text in site.ranges()] == [True, False, True]


def test_a_rest_that_begins_elsewhere_is_not_joined_on(site, get):
    def elsewhere(handler):
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 1000-{len(BODY) - 1}/{len(BODY)}")
        handler.send_header("Content-Length", str(len(BODY) - 1000))
        handler.send_header("ETag", '"one"')
        handler.end_headers()
        handler.wfile.write(BODY[1000:])

    site.at("/x.osm.pbf", sends(BODY, stop=300_000), elsewhere, sends(BODY))
    assert get().read_bytes() == BODY
    assert [text is None for text in site.ranges()] == [True, False, True]


def test_a_part_that_is_longer_than_the_newer_file(site, get):
    site.at("/x.osm.pbf", sends(BODY, stop=600_000), sends(OTHER, if_range=False))
    assert get().read_bytes() == OTHER


def test_a_part_of_another_address_is_not_used(site, get, tmp_path):
    (tmp_path / "x.osm.pbf.part").write_bytes(OTHER[:1000])
    note = {"url": "http://elsewhere/x.osm.pbf", "validator": '"one"', "total_bytes": len(BODY)}
    (tmp_path / "x.osm.pbf.part.json").write_text(json.dumps(note))
    site.at("/x.osm.pbf", sends(BODY))
    assert get().read_bytes() == BODY
    assert site.ranges() == [None]


@pytest.mark.parametrize("note", ["", "[]", '{"url": 1}', '{"validator": "x"}'])
def test_a_spoiled_note_means_from_zero(site, get, tmp_path, note):
    (tmp_path / "x.osm.pbf.part").write_bytes(BODY[:1000])
    (tmp_path / "x.osm.pbf.part.json").write_text(note)
    site.at("/x.osm.pbf", sends(BODY))
    assert get().read_bytes() == BODY


def test_an_interruption_by_the_user_keeps_the_part(site, get, tmp_path):
    def stop(step):
        if step.done_bytes > 300_000:
            raise KeyboardInterrupt

    site.at("/x.osm.pbf", sends(BODY))
    with pytest.raises(KeyboardInterrupt):
        get(progress=stop)
    assert names(tmp_path) == ["x.osm.pbf.part", "x.osm.pbf.part.json"]
    assert get().read_bytes() == BODY
    assert site.ranges()[1] is not None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(1, 400_000),
    drops=st.lists(
        st.tuples(st.integers(0, 200_000), st.booleans(), st.sampled_from(['"a"', '"b"', None])), max_size=4
    ),
)
def test_whatever_the_breaks_the_bytes_are_right(site, tmp_path_factory, size, drops):
    body = BODY[: size + 20]
    site.at(
        "/x.osm.pbf",
        *(sends(body, stop=min(stop, len(body) - 1), ranges=ranges, tag=tag) for stop, ranges, tag in drops),
        sends(body, tag='"b"'),
    )
    path = tmp_path_factory.mktemp("any") / "x.osm.pbf"
    download(f"{site.url}/x.osm.pbf", path, retries=len(drops), sleep=lambda _: None)
    assert path.read_bytes() == body
    assert names(path.parent) == ["x.osm.pbf"]


def test_the_second_of_two_at_once_is_told_who_fetches_and_spoils_nothing(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY))
    half = []

    def second(step):
        if step.done_bytes > len(BODY) // 2 and not half:
            half.append((tmp_path / "x.osm.pbf.part").read_bytes())
            with pytest.raises(FetchError, match=rf"x\.osm\.pbf: process {os.getpid()} .*since 20.* is fetching it"):
                get()

    assert get(progress=second).read_bytes() == BODY
    assert half
    assert len(site.requests) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["x.osm.pbf"]


def test_what_a_killed_one_held_is_free(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY))
    (tmp_path / "x.osm.pbf.part.lock").write_text("process 1 on far")
    assert get().read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["x.osm.pbf"]


def test_a_wrong_digest_leaves_nothing(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY))
    with pytest.raises(FetchError, match="SHA-256") as caught:
        get(sha256="0" * 64)
    assert hashlib.sha256(BODY).hexdigest() in str(caught.value)
    assert names(tmp_path) == []
    assert len(site.requests) == 1


def test_an_older_file_stays_when_the_new_one_is_wrong(site, get, tmp_path):
    (tmp_path / "x.osm.pbf").write_bytes(OTHER)
    site.at("/x.osm.pbf", sends(BODY))
    with pytest.raises(FetchError):
        get(sha256="0" * 64)
    assert (tmp_path / "x.osm.pbf").read_bytes() == OTHER


def test_the_published_md5(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY))
    right = site.at("/right.md5", says(503), says(200, body=f"{hashlib.md5(BODY).hexdigest()}  x.osm.pbf\n".encode()))
    wrong = site.at("/wrong.md5", says(200, body=b"0" * 32 + b"  x.osm.pbf\n"))
    assert get(md5_url=right).read_bytes() == BODY
    (tmp_path / "x.osm.pbf").unlink()
    with pytest.raises(FetchError, match="MD5"):
        get(md5_url=wrong)
    assert names(tmp_path) == []


@pytest.mark.parametrize("reply", [says(404), says(200, body=b"no digest today")])
def test_without_a_published_md5_the_size_is_the_check(site, get, reply):
    site.at("/x.osm.pbf", sends(BODY))
    with pytest.warns(GeoaccessWarning, match="only the size"):
        assert get(md5_url=site.at("/x.md5", reply)).read_bytes() == BODY


def test_of_a_text_without_end_the_beginning_is_the_md5(site, get):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(hashlib.md5(BODY).hexdigest().encode() + b"  x.osm.pbf\n")
        handler.close_connection = True
        for _ in range(200):
            handler.wfile.write(bytes(1 << 20))
            sent.append(1 << 20)

    site.at("/x.osm.pbf", sends(BODY))
    assert get(md5_url=site.at("/x.md5", endless)).read_bytes() == BODY
    assert sum(sent) < 100 << 20


def test_when_the_md5_cannot_be_had_now_the_whole_file_waits(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY))
    site.at("/x.md5", says(503))
    with pytest.raises(FetchError, match="503"):
        get(md5_url=f"{site.url}/x.md5")
    assert not (tmp_path / "x.osm.pbf").exists()
    site.at("/x.md5", says(200, body=hashlib.md5(BODY).hexdigest().encode()))
    assert get(md5_url=f"{site.url}/x.md5").read_bytes() == BODY
    assert site.ranges() == [None]  # asked for once only


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_final_no_is_not_asked_again(site, get, tmp_path, waits, status):
    url = site.at("/x.osm.pbf", says(status))
    with pytest.raises(FetchError, match=str(status)) as caught:
        get(hint="look on https://example.org/page")
    assert url in str(caught.value)
    assert "look on https://example.org/page" in str(caught.value)
    assert len(site.requests) == 1
    assert waits == []
    assert names(tmp_path) == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_no_is_asked_again(site, get, waits, status):
    site.at(
        "/x.osm.pbf",
        says(status),
        says(status, {"Retry-After": "17"}),
        says(status, {"Retry-After": "soon"}),
        sends(BODY),
    )
    assert get().read_bytes() == BODY
    assert waits == [1.0, 17.0, 4.0]


def test_the_tries_come_to_an_end(site, get, tmp_path, waits):
    site.at("/x.osm.pbf", says(503, {"Retry-After": "99999"}))
    with pytest.raises(FetchError, match=r"503.*tried 4 times"):
        get()
    assert len(site.requests) == 4
    assert waits == [120.0] * 3
    assert names(tmp_path) == []


def test_a_server_that_is_silent(site, get, tmp_path):
    site.at("/x.osm.pbf", lambda _: time.sleep(2))
    with pytest.raises(FetchError, match=r"no answer within 0\.2 seconds"):
        get(timeout_s=0.2, retries=1)
    assert len(site.requests) == 2
    assert names(tmp_path) == []


def test_a_server_that_falls_silent_in_the_middle(site, get):
    def stall(handler):
        sends(BODY, stop=300_000)(handler)
        time.sleep(1)

    site.at("/x.osm.pbf", stall, sends(BODY))
    assert get(timeout_s=0.2).read_bytes() == BODY
    assert site.ranges()[1] is not None


def test_no_server(tmp_path, waits):
    with pytest.raises(FetchError, match=r"connection.*tried 3 times"):
        download("http://127.0.0.1:9/x.osm.pbf", tmp_path / "x.osm.pbf", retries=2, sleep=waits.append)
    assert waits == [1.0, 2.0]
    assert names(tmp_path) == []


def test_an_address_that_is_none(tmp_path):
    with pytest.raises(FetchError, match="cannot be requested"):
        download("http://", tmp_path / "x.osm.pbf")


PAGE = b"<!doctype html>\n<html><head><title>Down for maintenance</title></head></html>"


def test_a_web_page_in_place_of_the_data(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(PAGE, kind="text/html; charset=utf-8"))
    with pytest.raises(FetchError, match="HTML"):
        get()
    site.at("/x.osm.pbf", sends(PAGE))  # said to be data
    with pytest.raises(FetchError, match=r"web page.*Down for maintenance"):
        get()
    assert names(tmp_path) == []
    assert len(site.requests) == 2


@pytest.mark.parametrize(
    ("name", "body", "good"),
    [
        ("a.osm.pbf", b"<osm/>", False),
        ("a.osm.pbf", b"not an extract", False),
        ("a.osm", b'<?xml version="1.0"?><osm/>', True),
        ("a.gml", b"\xef\xbb\xbf<gml:FeatureCollection/>", True),
        ("a.gml", b'<?xml version="1.0"?>\n<!DOCTYPE html><html/>', False),
        ("a.zip", b"PK\x03\x04...", True),
        ("a.zip", b"Not found", False),
        ("a.csv", b"sourceCode,targetCode\n", True),
        ("a.csv", b"<error/>", False),
        ("a.csv", b'{"error": 1}', False),
        ("a.geojson", b' {"type": 1}', True),
        ("a.geojson", b"[]", False),
        ("a.json", b"[]", True),
        ("a.parquet", b"anything", True),
        ("a.parquet", b"<HTML><body>", False),
    ],
)
def test_first_bytes(site, tmp_path, name, body, good):
    url = site.at(f"/{name}", sends(body))
    if good:
        assert download(url, tmp_path / name).read_bytes() == body
    else:
        with pytest.raises(FetchError, match="what came is wrong"):
            download(url, tmp_path / name)
        assert names(tmp_path) == []


def test_a_file_that_is_too_small(site, get, tmp_path):
    site.at("/x.osm.pbf", sends(BODY[:100]))
    with pytest.raises(FetchError, match="100 bytes, and the file should have at least 500000"):
        get(min_bytes=500_000)
    assert names(tmp_path) == []


def test_a_disk_that_is_too_small_is_seen_before(site, get, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**6, 0, 10**6))
    site.at("/x.osm.pbf", sends(BODY))
    with pytest.raises(FetchError, match=r"needs 17\.5 MB more on the disk and only 1\.0 MB is free"):
        get()
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is not there: no disk that is always full")
def test_a_disk_that_fills_up(site, get, tmp_path):
    (tmp_path / "x.osm.pbf.part").symlink_to("/dev/full")
    site.at("/x.osm.pbf", sends(BODY, tag=None))
    with pytest.raises(FetchError, match="disk is full"):
        get_into_link(get)
    assert not (tmp_path / "x.osm.pbf").exists()


def test_a_note_that_cannot_be_removed_costs_nothing(site, get, tmp_path, monkeypatch):
    site.at("/x.osm.pbf", sends(BODY))
    unlink = Path.unlink

    def kept(self, missing_ok=False):
        if self.suffix == ".json" and (tmp_path / "x.osm.pbf").exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", kept)
    assert get().read_bytes() == BODY
    assert names(tmp_path) == ["x.osm.pbf", "x.osm.pbf.part.json"]
    monkeypatch.undo()
    assert get().read_bytes() == BODY
    assert names(tmp_path) == ["x.osm.pbf"]


def test_a_broken_disk_is_said_to_be_one(site, get, tmp_path, monkeypatch):
    def broken(_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    site.at("/x.osm.pbf", sends(BODY))
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(FetchError, match=r"x\.osm\.pbf: the disk reports a fault .*; then fetch again"):
        get()


def get_into_link(get):
    """Keep the link to the full disk in place, which a fresh start would remove."""
    unlink = Path.unlink
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", lambda self, **more: None if self.is_symlink() else unlink(self, **more))
        get()


def test_a_disk_that_fills_up_in_the_middle_keeps_what_came(site, get, tmp_path, monkeypatch):
    site.at("/x.osm.pbf", sends(BODY, stop=300_000), sends(BODY))
    with pytest.raises(FetchError):
        get(retries=0)
    real = Path.open

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(
            Path,
            "open",
            lambda self, mode="r", *a, **k: (
                Full(real(self, mode, *a, **k)) if mode == "ab" else real(self, mode, *a, **k)
            ),
        )
        with pytest.raises(FetchError, match=r"disk is full .*fetch again"):
            get()
    assert names(tmp_path) == ["x.osm.pbf.part", "x.osm.pbf.part.json"]
    assert get().read_bytes() == BODY


def test_a_folder_that_cannot_be_written(site, tmp_path):
    site.at("/x.osm.pbf", sends(BODY))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FetchError, match="cannot be written"):
        download(f"{site.url}/x.osm.pbf", tmp_path / "file" / "x.osm.pbf")


def test_a_body_without_end_is_given_up_before_the_disk_is_full(site, get, tmp_path, monkeypatch):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.send_header("ETag", '"one"')
        handler.end_headers()
        handler.close_connection = True
        for _ in range(200):
            handler.wfile.write(bytes(1 << 20))
            sent.append(1 << 20)

    usage = namedtuple("usage", "total used free")  # noqa: PYI024
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**8, 0, 10**8 - sum(sent)))
    site.at("/x.osm.pbf", endless)
    with pytest.raises(FetchError, match=r"more on the disk and only .* is free"):
        get()
    assert sum(sent) < 120 << 20
    assert names(tmp_path) == []


@pytest.mark.parametrize("digits", [19, 400, 5000])
def test_a_length_of_many_digits_is_none(site, get, digits):
    def reply(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "9" * digits)
        handler.end_headers()
        handler.wfile.write(BODY)
        handler.close_connection = True

    site.at("/x.osm.pbf", reply, sends(BODY))
    assert get().read_bytes() == BODY


def test_a_length_that_is_not_known(site, get):
    def chunked(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(BODY), 100_000):
            piece = BODY[start : start + 100_000]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    def broken(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%b\r\n" % (1000, BODY[:1000]))
        handler.close_connection = True

    site.at("/x.osm.pbf", broken, chunked)
    steps = []
    assert get(progress=steps.append).read_bytes() == BODY
    assert {step.total_bytes for step in steps if step.state == "downloading"} == {None}


def test_an_answer_that_is_compressed_all_the_same(site, get):
    def reply(handler):
        packed = gzip.compress(BODY)
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("ETag", '"one"')
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed if site.ranges()[1:] else packed[:400_000])
        handler.close_connection = True

    site.at("/x.osm.pbf", reply)
    assert get().read_bytes() == BODY
    assert site.ranges() == [None, None]  # the middle of a compressed answer is no place to go on from


def test_redirects_are_followed(site, get):
    site.at("/x.osm.pbf", says(302, {"Location": "/dated.osm.pbf"}))
    site.at("/dated.osm.pbf", sends(BODY, stop=300_000), sends(BODY))
    assert get().read_bytes() == BODY
    assert site.ranges("/dated.osm.pbf")[1] is not None


class Answers(HTTPAdapter):
    """Answers https addresses without a network: those that are listed send on, the others give `BODY`."""

    def __init__(self, on):
        super().__init__()
        self.on = on

    def send(self, request, **_):
        on = self.on.get(request.url)
        status, headers = (200, {"Content-Length": str(len(BODY))}) if on is None else (302, {"Location": on})
        raw = HTTPResponse(BytesIO(BODY if on is None else b""), headers=headers, status=status, preload_content=False)
        return self.build_response(request, raw)


@pytest.mark.parametrize("ends", ["http", "https"])
def test_an_address_with_tls_that_sends_on_without_is_refused(site, get, tmp_path, ends):
    asked, middle, last = (
        "https://a.example/x.osm.pbf",
        site.at("/x.osm.pbf", sends(BODY)),
        "https://b.example/x.osm.pbf",
    )
    if ends == "https":
        middle = site.at("/middle", says(302, {"Location": last}))
    session = new_session()
    session.mount("https://", Answers({asked: middle}))
    path = tmp_path / "x.osm.pbf"
    with pytest.raises(FetchError, match=f"sends on to {middle}, which anybody on the way can change"):
        download(asked, path, session=session)
    assert names(tmp_path) == []
    session.mount("https://", Answers({asked: last}))
    assert download(asked, path, session=session).read_bytes() == BODY


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions on Windows")
def test_the_file_is_readable_like_any_other(site, get, tmp_path):
    (tmp_path / "plain").write_text("")
    site.at("/x.osm.pbf", sends(BODY))
    assert get().stat().st_mode == (tmp_path / "plain").stat().st_mode
