"""The planner for others, behind a proxy: doors to folders of plans, to edit and to read, and who is kept out."""

from __future__ import annotations

import errno
import stat

import pytest
from fastapi.testclient import TestClient
from test_study_tiny import write_study

from geoaccess.errors import InputError
from geoaccess.files import disk
from geoaccess.planner import serve
from geoaccess.planner.app import planner_app
from geoaccess.planner.doors import hosted_entrance, local_entrance
from geoaccess.questions.asked_service import find_service
from geoaccess.study import load_study

URL = "https://planner.example.org"
CLOSE = {"what": "close", "way": 8}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("hosted")))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "plans"


@pytest.fixture
def entrance(root):
    return hosted_entrance(root, url=URL, names=("north", "south"))


@pytest.fixture
def client(state, entrance):
    app = planner_app(state, entrance)
    proxied = {"x-forwarded-proto": "https", "origin": URL}
    with TestClient(app, base_url=URL, headers=proxied, follow_redirects=False) as found:
        yield found


def door(entrance, path):
    return next(one for one in entrance.doors if one.path == path)


def enter(client, entrance, path):
    found = client.get(entrance.address(door(entrance, path)).removeprefix(URL))
    assert (found.status_code, found.headers["location"]) == (303, path)
    return found


def save(client, path, title="Plan", **more):
    return client.post(f"{path}api/plans/save", json={"title": title, "changes": [CLOSE], **more})


def test_each_folder_has_a_door_to_edit_and_one_to_read(client, entrance, root):
    cookie = enter(client, entrance, "/north/edit/").headers["set-cookie"]
    for word in ("Secure", "HttpOnly", "Path=/north/edit/", "SameSite=Lax", "__Secure-"):
        assert word in cookie
    page = client.get("/north/edit/")
    assert '"/north/edit/static/main.js"' in page.text
    assert client.get("/north/edit/static/main.js").status_code == 200
    assert save(client, "/north/edit/").json()["name"] == "plan"
    assert [path.name for path in (root / "north").iterdir()] == ["plan.toml"]
    enter(client, entrance, "/north/view/")
    listed = client.get("/north/view/api/plans").json()
    assert [one["name"] for one in listed["plans"]] == ["plan"]
    assert (listed["may_save"], listed["folder"]) == (False, "north")
    assert client.post("/north/view/api/plans/load", json={"name": "plan"}).json()["changes"] == [CLOSE]
    for more in ({}, {"replace": "0" * 32}):
        refused = save(client, "/north/view/", **more)
        assert (refused.status_code, refused.json()["error"]) == (403, "read_only")
    enter(client, entrance, "/south/edit/")
    assert client.get("/south/edit/api/plans").json()["plans"] == []
    assert client.post("/south/edit/api/plans/load", json={"name": "plan"}).status_code == 422
    assert (
        client.post("/north/view/api/answer", json={"tab": "0" * 32, "service": "gp", "changes": [CLOSE]}).json()[
            "effect"
        ]["newly_lost"]
        == 101
    )


def test_a_key_opens_its_own_door_alone(client, entrance):
    enter(client, entrance, "/north/view/")
    assert client.get("/north/view/api/plans").status_code == 200
    for path in ("/north/edit/", "/south/view/", "/south/edit/"):
        theirs = {"cookie": f"{entrance.cookie}={door(entrance, '/north/view/').key}"}
        assert client.get(f"{path}api/plans", headers=theirs).status_code == 401
        wrong = client.get(f"{path}?token={door(entrance, '/north/view/').token}")
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
    secrets = {secret for one in entrance.doors for secret in (one.token, one.key)}
    assert len(secrets) == 2 * len(entrance.doors)
    assert all(len(secret) >= 43 for secret in secrets)


@pytest.mark.parametrize(
    "path", ["/", "/north", "/north/", "/east/edit/", "/api/plans", "/static/main.js", "/.planner.key"]
)
def test_beside_the_doors_there_is_nothing(client, entrance, path):
    enter(client, entrance, "/north/edit/")
    assert client.get(path).status_code == 404


def test_who_comes_past_the_proxy_or_without_tls_is_turned_away(client, entrance):
    enter(client, entrance, "/north/edit/")
    for headers in ({"x-forwarded-proto": "http"}, {"x-forwarded-proto": ""}, {"host": "127.0.0.1:8642"}):
        assert client.get("/north/edit/api/plans", headers=headers).status_code == 421
    for origin in ("https://evil.example", "http://planner.example.org", f"{URL}.evil.example", "null"):
        assert client.post("/north/edit/api/fit", json={"changes": []}, headers={"origin": origin}).status_code == 403


def test_errors_do_not_tell_where_on_the_server_plans_are(client, entrance, root):
    enter(client, entrance, "/north/edit/")
    (root / "north").mkdir(parents=True)
    (root / "north" / "broken.toml").write_text("[[")
    for name in ("broken", "none"):
        found = client.post("/north/edit/api/plans/load", json={"name": name})
        assert found.status_code == 422
        assert str(root) not in found.text


@pytest.mark.parametrize("path", ["export/html", "export/pdf", "export/csv", "answer", "areas/site", "catchment"])
def test_of_a_service_that_is_not_there_every_question_says_the_same(client, entrance, study, path):
    enter(client, entrance, "/north/edit/")
    about = {"site": "gp-west"} if path in {"areas/site", "catchment"} else {}
    asked = {"tab": "0" * 32, "service": "dentist", "changes": [], **about}
    found = client.post(f"/north/edit/api/{path}", json=asked)
    assert found.status_code == 422
    with pytest.raises(InputError) as caught:  # what the command line says
        find_service(study, "dentist")
    assert found.json()["message"] == str(caught.value).replace(str(study.path), study.path.name)


def test_errors_do_not_tell_where_on_the_server_the_study_is(client, entrance, study, monkeypatch):
    def fails(*_, **__):
        raise InputError(f"{study.path}: a key is wrong in {study.path.parent / 'tables' / 'people.csv'}")

    monkeypatch.setattr("geoaccess.planner.app.plan_note", fails)
    enter(client, entrance, "/north/edit/")
    found = client.post("/north/edit/api/export/html", json={"tab": "0" * 32, "service": "gp", "changes": []})
    assert found.json()["message"] == f"{study.path.name}: a key is wrong in tables/people.csv"


@pytest.mark.parametrize("links", [True, False])
def test_two_planners_that_start_at_once_for_the_first_time_give_the_same_links(root, monkeypatch, links):
    link, others = disk.link, []

    def late(source, path):
        monkeypatch.setattr(disk, "link", link)
        others.append(hosted_entrance(root, url=URL))
        if not links:
            raise OSError(errno.ENOTSUP, "this disk knows no second names")
        link(source, path)

    monkeypatch.setattr(disk, "link", late)
    first = hosted_entrance(root, url=URL)
    assert [one.token for one in first.doors] == [one.token for one in others[0].doors]
    assert [path.name for path in root.iterdir()] == [".planner.key"]
    assert stat.S_IMODE((root / ".planner.key").stat().st_mode) == 0o600


def test_links_stay_until_the_key_is_removed(root, entrance):
    again = hosted_entrance(root, url=f"{URL}/", names=("south", "north"))
    assert {one.token for one in again.doors} == {one.token for one in entrance.doors}
    key = root / ".planner.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.unlink()
    other = hosted_entrance(root, url=URL, names=("north", "south"))
    assert not {one.token for one in other.doors} & {one.token for one in entrance.doors}
    key.write_text("guess")
    with pytest.raises(InputError, match="is no key"):
        hosted_entrance(root, url=URL)


def test_no_more_than_so_many_requests_are_worked_at_behind_a_door(client, entrance):
    enter(client, entrance, "/north/edit/")
    enter(client, entrance, "/south/edit/")
    guard = client.app
    guard.at_once["/north/edit/"] = guard.most_at_once
    assert client.get("/north/edit/api/plans").status_code == 503
    assert client.get("/south/edit/api/plans").status_code == 200
    guard.at_once["/north/edit/"] = 0
    assert client.get("/north/edit/api/plans").status_code == 200
    assert not +guard.at_once  # all were counted down again


@pytest.mark.parametrize(
    "url",
    ["http://planner.example.org", "planner.example.org", "https://", "https://a@b.org", "https://x.org/path",
     "https://x.org?a=1", "https://x.org:port", "ftp://x.org", ""],
)  # fmt: skip
def test_only_a_plain_https_address_is_taken(root, url):
    with pytest.raises(InputError, match="--url"):
        hosted_entrance(root, url=url)
    assert not root.exists()


@pytest.mark.parametrize("names", [("../x",), ("A",), ("a", "a"), ("",), ("a b",)])
def test_names_of_folders_are_plain_words(root, names):
    with pytest.raises(InputError, match="--folder"):
        hosted_entrance(root, url=URL, names=names)


@pytest.mark.parametrize("given", [{"host": "0.0.0.0"}, {"host": "::"}, {"folders": ("a",)}])
def test_without_an_address_of_a_proxy_only_this_machine_is_served(study, given):
    with pytest.raises(InputError, match="--url"):
        serve(study, announce=print, browser=False, **given)


def test_the_default_is_this_machine(tmp_path):
    found = local_entrance(tmp_path, port=1)
    assert found.hosts == {"127.0.0.1:1", "localhost:1"}
    assert found.address(found.doors[0]).startswith("http://127.0.0.1:1/?token=")
