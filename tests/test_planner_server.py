"""The planner's server: who is let in, what is refused and in which words, and that tabs do not disturb each other."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pandas as pd
import pyogrio
import pytest
from fastapi.testclient import TestClient
from test_study_tiny import STUDY, degrees, write_study

from geoaccess.errors import InputError
from geoaccess.planner import PlannerState
from geoaccess.planner.app import planner_app
from geoaccess.planner.doors import local_entrance
from geoaccess.planner.guard import MOST_BYTES
from geoaccess.planner.serve import _listening
from geoaccess.study import load_study, solve_study

PORT = 8642
HERE = f"http://127.0.0.1:{PORT}"
TOKEN, KEY = "t" * 43, "k" * 43
TAB, OTHER = "0" * 32, "1" * 32
HOSTILE = "<img src=x onerror=alert(1)>\"'`${7*7}{{7*7}}</script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    text = STUDY.replace('title = "A small country"', f"title = {json.dumps(HOSTILE)}")
    path = write_study(folder, text.replace('label = "GP"', f"label = {json.dumps(HOSTILE)}"))
    (folder / "sites.csv").write_text(
        (folder / "sites.csv").read_text().replace(",west,", ',"' + HOSTILE.replace('"', '""') + '",', 1)
    )
    return PlannerState(solve_study(load_study(path), show=False))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "plans"


@pytest.fixture
def app(state, folder):
    return planner_app(state, local_entrance(folder, port=PORT, token=TOKEN, key=KEY), body_s=0.5)


@pytest.fixture
def stranger(app):
    with TestClient(app, base_url=HERE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def client(stranger):
    stranger.cookies.set(f"geoaccess-{PORT}", KEY)
    stranger.headers["origin"] = HERE
    return stranger


def place(x_km=27.5, y_km=-9.5):
    lon, lat = degrees(x_km, y_km)
    return {"lon": lon, "lat": lat}


def question(changes=(), tab=TAB, service="gp", **more):
    return {"tab": tab, "service": service, "changes": list(changes), **more}


ADD = {"what": "add", "service": "gp", "site": "new-1", "name": "Isle", **place()}


# ---- who is let in


def test_the_address_gives_a_cookie_once_and_hides_the_token(stranger):
    found = stranger.get(f"/?token={TOKEN}")
    assert found.status_code == 303
    assert found.headers["location"] == "/"
    cookie = found.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", f"geoaccess-{PORT}={KEY}"))
    assert TOKEN not in cookie
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("address", ["/?token=", "/?token=x", f"/?token={TOKEN}x", f"/?token={TOKEN}&token={TOKEN}"])
def test_a_wrong_token_opens_nothing(stranger, address):
    found = stranger.get(address)
    assert found.status_code == 401
    assert "set-cookie" not in found.headers


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/study", "/api/plans", "/nothing", "/?a=1&b&c&d&e&f"])
def test_without_the_cookie_nothing_is_served(stranger, path):
    found = stranger.get(path)
    assert found.status_code == 401
    assert "geoaccess serve" in (found.text if path[:2] in ("/", "/?") else found.json()["message"])
    stranger.cookies.set(f"geoaccess-{PORT}", TOKEN)
    assert stranger.get(path).status_code == 401


@pytest.mark.parametrize(
    "other",
    ['x={"a":1}', "a", 'x="open', "a b=c", "a@=1", "=", "x=1;;", "expires=Wed, 09 Jun 2021", "\xff=1", f"{KEY}=1"],
)
def test_cookies_of_other_programs_on_this_machine_shut_nobody_out(stranger, other):
    """Cookies know no ports; browsers send them all, in any order, and some in a line of their own."""
    ours = f"geoaccess-{PORT}={KEY}"
    for line in (f"{other}; {ours}", f"{ours}; {other}", f"{other}; geoaccess-{PORT}=theirs; {ours}"):
        assert stranger.get("/api/plans", headers=[("cookie", line.encode("latin-1"))]).status_code == 200
    for lines in ((other, ours), (ours, other)):
        heads = [("cookie", line.encode("latin-1")) for line in lines]
        assert stranger.get("/api/plans", headers=heads).status_code == 200
    for wrong in (f"{other}; geoaccess-{PORT}={KEY}x", f"xgeoaccess-{PORT}={KEY}", f"geoaccess-{PORT}{KEY}"):
        assert stranger.get("/api/plans", headers=[("cookie", wrong.encode("latin-1"))]).status_code == 401


def test_a_post_without_the_cookie(stranger):
    assert stranger.post("/api/answer", json=question(), headers={"origin": HERE}).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1.evil.example:{PORT}", ""]
)
def test_another_host_is_turned_away(client, host):
    """A name that a stranger points at this machine (DNS rebinding) is not ours."""
    assert client.get("/api/study", headers={"host": host}).status_code == 421


def test_localhost_is_this_machine(client):
    assert client.get("/api/study", headers={"host": f"localhost:{PORT}"}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"https://127.0.0.1:{PORT}", "http://127.0.0.1:1"])
def test_another_origin_is_turned_away(client, origin):
    found = client.post("/api/answer", json=question(), headers={"origin": origin})
    assert found.status_code == 403
    assert "access-control-allow-origin" not in found.headers
    assert client.get("/api/study", headers={"origin": origin}).status_code == 403


def test_a_post_must_say_its_origin(client):
    del client.headers["origin"]
    assert client.post("/api/answer", json=question()).status_code == 403


def test_what_another_site_embeds_is_turned_away(client):
    cross = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    assert client.get("/api/study", headers=cross).status_code == 403
    assert client.get("/api/study", headers={"sec-fetch-site": "same-site"}).status_code == 403
    assert client.get("/api/study", headers={"sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_turned_away(client, method):
    assert client.request(method, "/api/study").status_code == 405


def test_every_answer_forbids_what_is_not_ours(client, stranger):
    for path in ("/", "/static/main.js", "/api/study", "/nothing"):
        heads = client.get(path).headers
        policy = heads["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert heads["x-content-type-options"] == "nosniff"
        assert heads["referrer-policy"] == "no-referrer"
        assert heads["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in heads
    stranger.cookies.clear()
    assert "default-src 'none'" in stranger.get("/").headers["content-security-policy"]


def test_only_this_machine_is_listened_on():
    with _listening(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        with pytest.raises(InputError, match="choose another"):
            _listening(listener.getsockname()[1])


# ---- what is served


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/....//app.py", "/static/app.py",
        "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/index.html", "/static/", "/static/main.js%00.css",
        "/static/..%5capp.py", "/../../etc/passwd", "/docs", "/openapi.json", "/redoc", "/app.py",
    ],
)  # fmt: skip
def test_no_path_leads_to_another_file(client, path):
    assert client.get(path).status_code == 404


def test_the_page_loads_only_what_is_there(client):
    text = client.get("/").text
    for name in [part.split('"')[0] for part in text.split('"/static/')[1:]]:
        assert client.get(f"/static/{name}").status_code == 200, name
    assert "http://" not in text
    assert "https://" not in text
    assert "<style" not in text
    assert "style=" not in text
    assert "onclick" not in text


def test_hostile_names_are_plain_json(client):
    found = client.get("/api/study")
    assert found.headers["content-type"] == "application/json"
    state = found.json()
    assert state["title"] == HOSTILE
    assert HOSTILE in {site["name"] for site in state["services"][0]["sites"]}


def test_an_answer(client):
    base = client.post("/api/answer", json=question()).json()
    found = client.post("/api/answer", json=question([ADD])).json()
    assert base["effect"]["quicker"] == 0
    assert found["effect"]["quicker"] == 101
    assert found["sites"]["new-1"].pop("off_road_m") < 0.1
    marks = {"added": True, "moved": False, "off_road": False}
    assert found["sites"] == {"new-1": {**place(), "name": "Isle", "days": [0, 1, 2, 3, 4], **marks}}


def test_journeys_roads_and_proposals(client):
    [journey] = client.post("/api/journey", json=question(cell=0)).json()
    assert journey["parts"] == [] or journey["time_s"] == pytest.approx(
        sum(part["time_s"] for part in journey["parts"])
    )
    road = client.post("/api/road", json={**place(5.0, 0.5), "within_m": 300}).json()
    assert (road["way"], road["kind"]) == (1, "road")
    assert client.post("/api/road", json=place(-40, -40)).status_code == 404
    found = client.post("/api/suggest", json=question(objective="minutes")).json()
    assert found["tried"] == found["all"] == 8  # every inhabited cell, as `geoaccess site` has it
    # Nobody on Holm or at the hut reaches a GP today.
    assert [place["newly_reached"] for place in found["places"][:3]] == [53, 31, 0]
    assert found["places"][2]["saved_min"] > 0
    assert client.post("/api/suggest", json=question(objective="gold")).status_code == 422


def test_several_places_together(client):
    found = client.post("/api/suggest/several", json=question(objective="minutes")).json()
    numbers = [len(step["places"]) for step in found["steps"]]
    assert numbers == list(range(len(numbers)))
    assert found["people"] == 1928
    assert found["norm_s"] == [600]
    assert client.post("/api/suggest/several", json=question(objective="gold")).status_code == 422
    assert client.post("/api/suggest/several", json=question(service="dentist", objective="minutes")).status_code == 422


def test_areas_and_catchments(client):
    of_site = client.post("/api/areas/site", json=question([ADD], site="new-1")).json()
    of_place = client.post("/api/areas/place", json=question(**place())).json()
    assert of_site == of_place
    assert [(area["minutes"], area["people"]) for area in of_site] == [(2.5, 101), (5, 101), (10, 101)]
    assert of_site[0]["rings"][0][0] == of_site[0]["rings"][0][-1]
    assert client.post("/api/areas/place", json=question(**place(-40, -40))).json()["error"] == "no_road_here"
    assert client.post("/api/areas/place", json=question(lon=0, lat=91)).status_code == 422
    for path in ("/api/areas/site", "/api/catchment"):
        assert client.post(path, json=question(site="gp-nowhere")).status_code == 422
        assert client.post(path, json=question(service="dentist", site="gp-west")).status_code == 422
    found = client.post("/api/catchment", json=question([ADD], site="new-1")).json()
    assert (found["people"], found["within"], found["norms_s"]) == (101, [101], [[600]])


def test_people_are_counted_in_the_classes_that_are_asked_for(client):
    usual = client.post("/api/answer", json=question()).json()["people"]["now"]
    some = client.post("/api/answer", json={**question(), "edges_s": [1e5, 600, 600]}).json()["people"]["now"]
    assert len(some) == 4  # up to the first edge, up to the second, over it, and not reached
    assert sum(some) == sum(usual) == 1928
    within = client.post("/api/answer", json=question()).json()["figures"]["everybody"]["within"][0][0]
    assert some[0] == within
    assert some[2] == 0
    for wrong in ([0], [-5], [1e7], ["x"], [1] * 21, "5", [float("nan")]):
        sent = json.dumps({**question(), "edges_s": wrong})
        found = client.post("/api/answer", content=sent, headers={"content-type": "application/json"})
        assert found.status_code in {400, 422}, wrong


def test_a_plan_as_the_note_of_two_pages(client):
    found = client.post("/api/export/html", json=question([ADD], title="../Øy", language="nb"))
    assert found.headers["content-disposition"] == 'attachment; filename="oy-gp.html"'
    assert found.headers["content-type"].startswith("text/html")
    assert '<html lang="nb">' in found.text
    assert "../Øy" in found.text
    assert HOSTILE not in found.text
    assert client.post("/api/export/html", json=question(language="xx")).status_code == 422
    assert client.post("/api/export/html", json=question(title="a\nb")).status_code == 422


def test_the_note_as_pdf(client):
    pytest.importorskip("weasyprint", exc_type=ImportError)
    found = client.post("/api/export/pdf", json=question([ADD]))
    assert found.content.startswith(b"%PDF-")


def test_the_note_of_an_opened_plan_is_about_what_the_page_does_not_show(client, folder):
    folder.mkdir()
    (folder / "winter.toml").write_text('title = "Winter"\n[[slow]]\nosm_id = 1\nfactor = 2\n')
    opened = client.post("/api/plans/load", json={"name": "winter"}).json()
    assert opened["changes"] == []
    asked = question(title=opened["title"], base=opened["base"])
    found = client.post("/api/export/html", json=asked)
    assert found.status_code == 200
    assert "<h1>Winter</h1>" in found.text
    assert found.text != client.post("/api/export/html", json=question(title=opened["title"])).text
    lost = client.post("/api/export/html", json=asked | {"base": {**opened["base"], "etag": "0" * 32}})
    assert (lost.status_code, lost.json()["error"]) == (409, "plan_lost")
    for wrong in ({**opened["base"], "etag": "x"}, {**opened["base"], "adds": {"new-1": 0}}, "winter", 5):
        assert client.post("/api/export/html", json=asked | {"base": wrong}).status_code == 422


def test_exports(client, tmp_path):
    found = client.post("/api/export/csv", json=question([ADD], title="../Øy"))
    assert found.headers["content-disposition"] == 'attachment; filename="oy-gp.csv"'
    table = pd.read_csv(io.BytesIO(found.content), encoding="utf-8-sig")
    assert table.loc[table["group_kind"] == "everybody", "people"].to_list() == [1928]
    path = tmp_path / "plan.gpkg"
    path.write_bytes(client.post("/api/export/gpkg", json=question([ADD, {"what": "close", "way": 8}])).content)
    assert {name for name, _ in pyogrio.list_layers(path)} == {"cells", "sites", "closed"}
    assert "Isle" in set(pyogrio.read_dataframe(path, layer="sites")["name"])
    assert client.post("/api/export/exe", json=question()).status_code == 404


# ---- what means harm


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b'"x"', b"{}", b"\xff\xfe", b"NaN", b"[" * 100_000, b'{"tab":' * 20_000,
        json.dumps(question(tab="x")).encode(), json.dumps(question(tab="0" * 33)).encode(),
        json.dumps(question(service="dentist")).encode(), json.dumps(question(service=["gp"])).encode(),
        json.dumps(question(extra=1)).encode(), json.dumps({**question(), "changes": {}}).encode(),
        json.dumps(question([{"what": "burn"}])).encode(), json.dumps(question([[[[]]]])).encode(),
        json.dumps(question([{**ADD, "lon": float("nan")}])).encode(), json.dumps(question([ADD, ADD])).encode(),
        json.dumps(question([{"what": "close", "way": 10**40}])).encode(),
        b'{"tab":"' + TAB.encode() + b'","service":"gp","changes":[{"what":"close","way":' + b"9" * 5000 + b"}]}",
        json.dumps(question([{"what": "close", "way": 8}] * 5001)).encode(),
    ],
)  # fmt: skip
def test_bad_bodies_are_refused_in_words(client, body):
    found = client.post("/api/answer", content=body, headers={"content-type": "application/json"})
    assert 400 <= found.status_code < 500
    assert found.json()["message"]
    assert "Traceback" not in found.text
    assert client.post("/api/answer", json=question()).status_code == 200


def test_other_kinds_of_body_are_refused(client):
    """A form needs no leave of the browser to be sent from elsewhere, so forms are not read at all."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""):
        found = client.post("/api/answer", content=json.dumps(question()), headers={"content-type": kind})
        assert found.status_code == 415


def test_large_bodies_are_refused_before_they_are_read(client):
    found = client.post("/api/answer", content=b" " * (MOST_BYTES + 1), headers={"content-type": "application/json"})
    assert found.status_code == 413

    def endless():
        for _ in range(100):
            yield b" " * 65536

    found = client.post("/api/answer", content=endless(), headers={"content-type": "application/json"})
    assert found.status_code == 413


def test_slow_bodies_are_given_up(app):
    sent = []

    async def receive():
        await asyncio.sleep(30)

    async def send(message):
        sent.append(message)

    heads = [
        (b"host", f"127.0.0.1:{PORT}".encode()), (b"origin", HERE.encode()), (b"content-type", b"application/json"),
        (b"cookie", f"geoaccess-{PORT}={KEY}".encode()),
    ]  # fmt: skip
    scope = {"type": "http", "method": "POST", "path": "/api/answer", "headers": heads, "query_string": b""}
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 5))
    assert sent[0]["status"] == 408


def test_a_longest_list_of_changes_fits(client):
    changes = [{"what": "days", "service": "gp", "site": "gp-west", "days": [i % 5]} for i in range(500)]
    assert client.post("/api/answer", json=question(changes)).status_code == 200


@pytest.mark.parametrize("cookie", ["x" * 5000, f"geoaccess-{PORT}", f'geoaccess-{PORT}="', "\x01=1; ;;=", "é=1"])
def test_odd_cookies_open_nothing(stranger, cookie):
    found = stranger.get("/api/study", headers={"cookie": cookie.encode("latin-1")})
    assert found.status_code == 401


# ---- tabs


def test_tabs_do_not_disturb_each_other(client):
    alone = {tab: client.post("/api/answer", json=question(changes, tab=tab)).json() for tab, changes in (
        (TAB, [ADD]), (OTHER, [{"what": "close", "way": 8}]),
    )}  # fmt: skip
    answers = {TAB: [], OTHER: []}

    def ask(tab, changes):
        for _ in range(5):
            answers[tab].append(client.post("/api/answer", json=question(changes, tab=tab)).json())

    threads = [
        threading.Thread(target=ask, args=(TAB, [ADD])),
        threading.Thread(target=ask, args=(OTHER, [{"what": "close", "way": 8}])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for tab, found in answers.items():
        assert found == [alone[tab]] * 5


def test_more_tabs_than_are_kept_still_answer(client):
    first = client.post("/api/answer", json=question([ADD])).json()
    for number in range(12):
        assert client.post("/api/answer", json=question(tab=f"{number:032x}")).status_code == 200
    assert client.post("/api/answer", json=question([ADD])).json() == first


def test_a_server_that_was_started_anew_goes_on(state, folder, client):
    """The list of changes is in the page; a new server knows nothing and answers the same."""
    before = client.post("/api/answer", json=question([ADD])).json()
    again = planner_app(state, local_entrance(folder, port=PORT, token="u" * 43, key="l" * 43))
    with TestClient(again, base_url=HERE, headers={"origin": HERE}, cookies={f"geoaccess-{PORT}": KEY}) as other:
        assert other.post("/api/answer", json=question([ADD])).status_code == 401
        other.cookies.set(f"geoaccess-{PORT}", "l" * 43)
        assert other.post("/api/answer", json=question([ADD])).json() == before


# ---- plans


def test_plans_are_saved_and_read_back(client, folder):
    changes = [{**ADD, "name": HOSTILE, "days": [1, 3]}, {"what": "close", "way": 8}]
    assert client.get("/api/plans").json()["plans"] == []
    saved = client.post("/api/plans/save", json={"title": "../../Øya", "changes": changes}).json()
    assert saved["name"] == "oya"
    assert [path.name for path in folder.iterdir()] == ["oya.toml"]
    titles = dict.fromkeys(["en", "nb"], "../../Øya")
    assert client.get("/api/plans").json()["plans"] == [{"name": "oya", "titles": titles}]
    found = client.post("/api/plans/load", json={"name": "oya"}).json()
    assert found["title"] == "../../Øya"
    assert found["left_out"] == []
    assert found["changes"][0]["name"] == HOSTILE
    assert found["base"]["etag"] == saved["base"]["etag"]
    one, two = (client.post("/api/answer", json=question(some)).json() for some in (changes, found["changes"]))
    assert one["effect"] == two["effect"]
    again = {"title": "../../Øya", "changes": []}
    clash = client.post("/api/plans/save", json=again)
    assert (clash.status_code, clash.json()["error"]) == (409, "plan_exists")
    over = client.post("/api/plans/save", json=again | {"replace": clash.json()["etag"]})
    assert over.status_code == 200
    stale = client.post("/api/plans/save", json=again | {"base": found["base"]})
    assert (stale.status_code, stale.json()["error"], stale.json()["name"]) == (409, "plan_changed", "oya")
    assert stale.json()["etag"] == over.json()["base"]["etag"]
    assert client.post("/api/plans/save", json=again | {"base": over.json()["base"]}).status_code == 200


def test_what_fits_of_a_list(client):
    found = client.post("/api/fit", json={"changes": [ADD, {"what": "close", "way": 999}, {"what": "close", "way": 8}]})
    assert found.json()["kept"] == [0, 2]
    assert [(one["number"], one["error"]) for one in found.json()["aside"]] == [(1, "no_way")]
    refused = client.post("/api/answer", json=question([{"what": "close", "way": 999}])).json()
    assert refused["study"] == client.get("/api/study").json()["number"]


@pytest.mark.parametrize("name", ["../study", "..%2fstudy", "/etc/passwd", "", ".", "a" * 200, "nothing", "\u202e"])
def test_no_plan_outside_the_folder(client, name):
    assert client.post("/api/plans/load", json={"name": name}).status_code == 422


@pytest.mark.parametrize("title", ["", "\x00", "a\nb", "x" * 251, None, 5, "..."])
def test_titles_that_make_no_file(client, folder, title):
    assert client.post("/api/plans/save", json={"title": title, "changes": []}).status_code == 422
    assert not folder.exists()


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000, "a" + ".a" * 5000 + " = 1", "title = " + "9" * 5000, "title = " + "[" * 60 + "]" * 60,
        "title = {en = 5}", "title = {en = [{en = 1}]}", "title = {}", 'title = ""', '"' + "a" * 100_000 + '" = 1',
    ],
)  # fmt: skip
def test_one_odd_file_in_the_folder_keeps_nobody_from_the_other_plans(client, folder, text):
    folder.mkdir()
    (folder / "odd.toml").write_text(text)
    assert [one["name"] for one in client.get("/api/plans").json()["plans"]] == ["odd"]
    found = client.post("/api/plans/load", json={"name": "odd"})
    assert (found.status_code, found.json()["error"]) == (422, "plan_unreadable")
    assert client.post("/api/plans/save", json={"title": "Mine", "changes": []}).json()["name"] == "mine"
    assert (folder / "odd.toml").read_text() == text


def test_an_address_with_a_slash_too_many_leads_nowhere(client):
    found = client.get("/api/plans/", follow_redirects=False)
    assert (found.status_code, found.headers.get("location")) == (404, None)


def test_a_broken_plan_is_reported(client, folder):
    folder.mkdir()
    (folder / "broken.toml").write_text("title = 3\nclose = [{osm_id = 4}]\n[[")
    found = client.post("/api/plans/load", json={"name": "broken"})
    assert found.status_code == 422
    assert "broken.toml" in found.json()["message"]
    (folder / "other.toml").write_text('title = "x"\n[[remove]]\nservice = "gp"\nsite = "gone"\n')
    assert client.post("/api/plans/load", json={"name": "other"}).status_code == 422


def test_a_plan_that_was_opened_broken_is_not_saved_over(client, folder):
    folder.mkdir()
    broken = b"title = 3\n[["
    (folder / "broken.toml").write_bytes(broken)
    base = {"name": "broken", "etag": hashlib.sha256(broken).hexdigest()[:32]}
    found = client.post("/api/plans/save", json={"title": "x", "changes": [], "base": base})
    assert (found.status_code, "broken.toml" in found.json()["message"]) == (422, True)
    assert (folder / "broken.toml").read_bytes() == broken


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_plan_that_cannot_be_read_is_reported(client, folder, monkeypatch, code):
    base = client.post("/api/plans/save", json={"title": "Plan", "changes": []}).json()["base"]
    opened = Path.open

    def failing(self, *given, **named):
        if self.name == "plan.toml":
            raise OSError(code, os.strerror(code), str(self))
        return opened(self, *given, **named)

    monkeypatch.setattr(Path, "open", failing)
    assert "plan.toml: cannot be read" in client.post("/api/plans/load", json={"name": "plan"}).json()["message"]
    assert client.get("/api/plans").status_code == 200
    beside = client.post("/api/plans/save", json={"title": "Plan", "changes": [{"what": "close", "way": 8}]})
    assert beside.json()["name"] == "plan-2"  # nobody knows what the other one is called
    again = client.post("/api/plans/save", json={"title": "Plan", "changes": [], "base": base})
    assert (again.status_code, again.json()["error"]) == (422, "not_saved")
    assert "plan.toml: cannot be read" in again.json()["message"]


def test_a_folder_of_plans_that_cannot_be_made_is_reported(client, folder):
    folder.write_text("a file")
    found = client.post("/api/plans/save", json={"title": "Plan", "changes": []})
    assert (found.status_code, folder.name in found.json()["message"]) == (422, True)
    assert folder.read_text() == "a file"


def test_a_plan_reads_no_file_elsewhere(client, folder, tmp_path):
    """A polygon may be named by its file, or an address in place of one: the planner opens neither, and says so."""
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("very secret")
    for name in ("../secret.txt", "/vsicurl/http://127.0.0.1:1/x"):
        (folder / "polygon.toml").write_text(f'title = "x"\n[[close]]\npolygon = "{name}"\n')
        found = client.post("/api/plans/load", json={"name": "polygon"})
        assert found.status_code == 200
        assert found.json()["changes"] == []
        assert "polygon" in found.json()["left_out"][0]
        assert "very secret" not in found.text


# ---- the command


@pytest.mark.parametrize(
    ("language", "said", "number"),
    [("en", "The planner is at ", signal.SIGINT), ("nb", "Planverktøyet ligger på ", signal.SIGTERM)],
)
def test_the_command_serves_until_it_is_stopped(tmp_path, language, said, number):
    path = write_study(tmp_path / "country")
    command = [sys.executable, "-m", "geoaccess", "serve", str(path), "--no-browser", "--quiet", "--language", language,
               "--port", "0"]  # fmt: skip
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    with socket.create_server(("127.0.0.1", 0)) as free:
        command[-1] = str(free.getsockname()[1])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            line = running.stdout.readline()
            assert line.startswith(said)
            address = line.split()[-1]
            found = httpx.get(address)
            assert (found.status_code, found.headers["location"]) == (303, "/")
            assert httpx.get(address.split("?")[0]).status_code == 401
            assert str(tmp_path) in running.stdout.readline()
        finally:
            used = len([*tmp_path.rglob(".geoaccess-used-*")])
            running.send_signal(number)
        printed, errors = running.communicate(timeout=120)
    assert used > 0  # of the network
    assert [*tmp_path.rglob(".geoaccess*")] == []
    assert "Traceback" not in errors
    assert "token=" not in printed + errors
    assert not (tmp_path / "country" / "study-plans").exists()
