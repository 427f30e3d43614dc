"""What the planner cannot do is said in the language of the page, whichever way the error comes."""

from __future__ import annotations

import re
import string
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from test_planner_browser import CHROMIUM, Served, Tab, chromium  # noqa: F401 - a fixture among them
from test_planner_server import HERE, KEY, PORT, TOKEN, question
from test_study_tiny import STUDY, write_study

import geoaccess.planner
from geoaccess.errors import GeoaccessError, InputError, MissingExtraError, MissingFileError
from geoaccess.phrases import languages, number, section
from geoaccess.planner.app import planner_app
from geoaccess.planner.changes import MOST_CHANGES, read_changes
from geoaccess.planner.doors import local_entrance
from geoaccess.planner.failures import PlannerError, failing, failure_json
from geoaccess.planner.guard import wanted_language
from geoaccess.planner.shelf import Shelf
from geoaccess.study import load_study

NOT_OF_THE_PAGE = {"content_type", "cut_off", "http", "method", "no_export", "origin", "not_by_proxy"}
"""Codes of what no page of ours asks, and no one who opens it can bring about."""
CODE = re.compile(
    r'(?:code=|_Refused\(|failing\(|_failure\([a-z_.0-9]+, |_Denied\(\s*[0-9]+, |PlanClashError\(\s*)"([a-z_]+)"'
)
WORDS = {language: section(language, "planner") for language in languages()}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("failing"), f'language = "nb"\n{STUDY}'))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "plans"


@pytest.fixture
def client(state, folder):
    app = planner_app(state, local_entrance(folder, port=PORT, token=TOKEN, key=KEY))
    with TestClient(app, base_url=HERE, follow_redirects=False) as found:
        found.cookies.set(f"geoaccess-{PORT}", KEY)
        found.headers["origin"] = HERE
        yield found


def codes():
    texts = (path.read_text(encoding="utf-8") for path in Path(geoaccess.planner.__file__).parent.glob("*.py"))
    return {code for text in texts for code in CODE.findall(text)}


def blanks(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_code_has_a_phrase_in_every_language():
    found = codes()
    assert {"no_site", "plan_missing", "plan_changed", "busy", "token", "not_saved", "read_only"} <= found
    assert found >= NOT_OF_THE_PAGE
    for phrases in WORDS.values():
        assert (found - NOT_OF_THE_PAGE) | {"refused", "unreadable", "missing_extra", "gone"} <= set(phrases)
        assert not NOT_OF_THE_PAGE & set(phrases)
    for code in found - NOT_OF_THE_PAGE:
        assert len({frozenset(blanks(phrases[code])) for phrases in WORDS.values()}) == 1, code


def test_an_error_without_a_phrase_gets_the_one_of_what_was_tried():
    with pytest.raises(PlannerError) as caught, failing("plan_unreadable", plan="x"):
        raise InputError("x.toml: row 3")
    found = failure_json(caught.value)
    assert found == {
        "error": "plan_unreadable",
        "message": "x.toml: row 3",
        "values": {"plan": "x"},
        "detail": "x.toml: row 3",
    }
    with pytest.raises(PlannerError) as caught, failing("not_saved"):
        raise PlannerError("no", code="folder_full", n=3)
    assert failure_json(caught.value) == {"error": "folder_full", "message": "no", "values": {"n": 3}, "detail": ""}
    with pytest.raises(PlannerError) as caught, failing("not_exported"):
        raise MissingExtraError("install it")
    assert caught.value.code == "missing_extra"
    assert failure_json(GeoaccessError("/home/a/b"), shown=lambda text: text.replace("/home/a/", ""))["detail"] == "b"


def test_a_plan_that_is_not_there_is_an_error_of_both_kinds(tmp_path):
    for wrong in ("none", "../x"):
        with pytest.raises(MissingFileError) as caught:
            Shelf(tmp_path).kept(wrong)
        assert isinstance(caught.value, InputError)
        assert (caught.value.code, caught.value.values) == ("plan_missing", {"plan": wrong})


def test_a_list_that_is_too_long_says_how_long_it_may_be():
    with pytest.raises(PlannerError) as caught:
        read_changes([{"what": "remove", "service": "gp", "site": "gp-west"}] * (MOST_CHANGES + 1))
    assert (caught.value.code, caught.value.values) == ("too_many_changes", {"n": MOST_CHANGES})


def said(answer):
    found = answer.json()
    return answer.status_code, found["error"], found["values"]


def test_what_people_bring_about_with_plans(client, folder, monkeypatch):
    save = {"title": "!!!", "changes": []}
    assert said(client.post("/api/plans/save", json=save)) == (422, "title_no_letters", {})
    assert said(client.post("/api/plans/load", json={"name": "gone"})) == (422, "plan_missing", {"plan": "gone"})
    folder.mkdir()
    (folder / "broken.toml").write_text('title = "Broken"\n[[close]]\nosm_id = 77\n', encoding="utf-8")
    broken = client.post("/api/plans/load", json={"name": "broken"})
    assert said(broken) == (422, "plan_unreadable", {"plan": "broken"})
    assert "way 77" in broken.json()["detail"]
    (folder / "large.toml").write_bytes(b"# " + b"x" * (1 << 20))
    assert said(client.post("/api/plans/load", json={"name": "large"})) == (
        422,
        "plan_too_large",
        {"plan": "large", "n": 1},
    )
    monkeypatch.setattr("geoaccess.planner.shelf.Shelf.names", lambda _: ["a"] * 1000)
    assert said(client.post("/api/plans/save", json=save | {"title": "A"})) == (422, "folder_full", {"n": 1000})


def test_a_folder_that_cannot_be_written_is_said_with_what_the_system_says(client, folder):
    folder.write_text("no folder", encoding="utf-8")
    found = client.post("/api/plans/save", json={"title": "A", "changes": []})
    assert said(found) == (422, "not_saved", {})
    assert str(folder) in found.json()["detail"]
    assert folder.read_text(encoding="utf-8") == "no folder"


def test_a_page_of_another_study_is_told_to_load_again(client, state):
    for path, more in (
        ("/api/journey", {"cell": 10**6}),
        ("/api/suggest", {"objective": "norm_9"}),
        ("/api/areas/site", {"site": 5}),
    ):
        found = client.post(path, json=question(**more))
        assert found.json()["error"] == "unreadable", path
    assert said(client.post("/api/areas/site", json=question(site="none"))) == (422, "no_site", {})
    assert said(client.post("/api/answer", json=question(service="none"))) == (422, "no_service", {})
    assert client.post("/api/answer", json=question(service="none")).json()["study"] == state.number


def test_a_note_of_a_plan_that_names_files_says_what_to_do(client, folder):
    folder.mkdir()
    (folder / "slide.toml").write_text('title = "Slide"\n[[close]]\npolygon = "slide.geojson"\n', encoding="utf-8")
    opened = client.post("/api/plans/load", json={"name": "slide"}).json()
    found = client.post("/api/export/html", json=question(opened["changes"], title="Slide", base=opened["base"]))
    assert said(found) == (422, "note_names_files", {"files": "slide.geojson"})


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "nb"), ("en-GB,en", "nb"), ("de", "nb"), ("no", "nb"), ("nn-NO,nn;q=0.9,en;q=0.8", "nb")],
)
def test_who_finds_the_door_shut_reads_why_in_the_language_of_the_page(client, accepted, language):
    client.cookies.clear()
    head = {"accept-language": accepted} if accepted else {}
    assert client.get("/", headers=head).text == WORDS[language]["token_before"]
    assert client.get("/", headers=head | {"host": "elsewhere:1"}).text == WORDS[language]["host"]
    client.cookies.set(f"geoaccess-{PORT}", KEY)
    assert f'<html lang="{language}">' in client.get("/", headers=head).text


def test_the_language_of_a_browser_goes_before_that_of_an_english_study():
    asked = {"nb-NO": "nb", "nn": "nb", "no,en": "nb", "en-US": "en", "fr;q=1, nb;q=0.5": "nb", "": "en"}
    found = {text: wanted_language([(b"accept-language", text.encode())], "en") for text in asked}
    assert found == asked


@pytest.fixture
def served(state, folder):
    folder.mkdir()
    found = Served(state, folder)
    yield found
    found.stop()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path (apt-get install chromium)")
def test_the_page_says_it_in_norwegian(chromium, served):  # noqa: F811 - the fixture
    context = chromium.new_context(viewport={"width": 1300, "height": 800}, locale="nb-NO")
    (served.folder / "broken.toml").write_text('title = "Ødelagt"\n[[close]]\nosm_id = 77\n', encoding="utf-8")
    tab, words = Tab(context, served), WORDS["nb"]
    tab.page.click("#plans")
    tab.page.fill("#plan-title", "!!!")
    tab.page.click("#plan-save")
    note = tab.page.locator("#dialog [role=alert]")
    note.wait_for()
    assert note.text_content() == words["title_no_letters"]
    tab.page.click("#dialog .rows button")
    spoken = "document.getElementById('spoken').textContent"
    tab.until(f"() => {spoken}.includes('77')")
    told = tab.page.evaluate(spoken)
    assert told.startswith(words["plan_unreadable"].replace("{plan}", "broken"))
    with tab.page.expect_response("**/api/plans"):  # the list still has it
        tab.page.click("#plans")
    (served.folder / "broken.toml").unlink()
    tab.page.click("#dialog .rows button")
    tab.until(f"(said) => {spoken} === said", words["plan_missing"].replace("{plan}", "broken"))
    assert tab.page.evaluate("geoaccess.why({code: 'plan_too_large', values: {plan: 'x', n: 1000}})") == words[
        "plan_too_large"
    ].replace("{plan}", "x").replace("{n}", number(1000, language="nb"))
    assert (
        tab.page.evaluate("geoaccess.why({code: 'not_by_proxy', message: 'in English'})")
        == f"{words['refused']} in English"
    )
    assert tab.troubles == []
    context.close()
    assert (
        httpx.get(f"http://127.0.0.1:{served.port}/", headers={"host": f"127.0.0.1:{served.port}"}).status_code == 401
    )
