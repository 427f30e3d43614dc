"""Plans on the planner's page: two people and one plan, undo across plans, a study that changes under an open page."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from test_planner_browser import CHROMIUM, WAIT_MS, Served, Tab
from test_study_tiny import PEOPLE, STUDY, degrees, write_roads, write_study

from geoaccess.planner import PlannerState
from geoaccess.study import load_study, solve_study
from tests.conftest import need

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path (apt-get install chromium)"),
]
ISLE, NOWHERE = degrees(27.5, -9.5), degrees(30.0, 8.0)
NOTE_MS = 6 * WAIT_MS  # its maps have to be drawn
LONG = "Allmennlegetjenesten" * 15
WINTER = """# of the board
title = "Winter"

[[slow]]
osm_id = 1
factor = 2
"""


def solved(folder, text=STUDY, without=""):
    path = write_study(folder, text)
    sites = folder / "sites.csv"
    lines = [line for line in sites.read_text().splitlines() if not without or without not in line]
    sites.write_text("\n".join([*lines, ""]))
    return PlannerState(solve_study(load_study(path), show=False))


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return solved(tmp_path_factory.mktemp("tabs"))


@pytest.fixture
def served(state, tmp_path):
    found = Served(state, tmp_path / "plans")
    found.folder.mkdir()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def chromium():
    sync_api = need("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def context(chromium):
    found = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    yield found
    found.close()


def open_plan(tab, title):
    tab.page.click("#plans")
    tab.page.locator("#dialog li", has_text=title).locator("button").click()
    tab.until("() => !document.getElementById('dialog').open")


def save(tab, title=None):
    tab.page.click("#plans")
    if title is not None:
        tab.page.fill("#plan-title", title)
    tab.page.click("#plan-save")


def raw(served, name):
    return tomllib.loads((served.folder / f"{name}.toml").read_text(encoding="utf-8"))


def make(tab, change):
    count = len(tab.state()["changes"])
    tab.page.evaluate("(change) => geoaccess.model.make(change, 'added')", change)
    tab.until_changes(count + 1)


def close(way):
    return {"what": "close", "way": way}


def test_the_second_of_two_who_save_one_plan_is_told_and_loses_nothing(context, served):
    (served.folder / "winter.toml").write_text(WINTER)
    one, two = Tab(context, served), Tab(context, served)
    for tab in (one, two):
        open_plan(tab, "Winter")
    make(one, close(8))
    save(one)
    one.until("() => !document.getElementById('dialog').open")
    make(two, {"what": "remove", "service": "gp", "site": "gp-east"})
    save(two)
    two.page.locator("#plan-copy").wait_for()
    assert "remove" not in raw(served, "winter")
    assert two.page.evaluate("() => document.activeElement.id") == "plan-copy"
    two.page.click("#plan-compare")
    two.until("() => document.getElementById('dialog').textContent.includes('Yours')")
    words = two.page.inner_text("#dialog")
    assert "Site closed: east" in words
    assert "Closed to traffic: Car ferry" in words
    two.page.keyboard.press("Escape")
    save(two)
    two.page.click("#plan-copy")
    two.until("() => !document.getElementById('dialog').open")
    assert raw(served, "winter-copy")["remove"][0]["site"] == "gp-east"
    assert raw(served, "winter-copy")["slow"] == raw(served, "winter")["slow"] == [{"osm_id": 1, "factor": 2}]
    assert raw(served, "winter")["close"] == [{"osm_id": 8}]
    assert (served.folder / "winter.toml").read_text().startswith(WINTER)
    assert one.troubles == two.troubles == []


def test_of_two_who_save_a_new_plan_of_one_title_at_once_each_keeps_it_and_one_is_told(context, served):
    tabs = {8: Tab(context, served), 1: Tab(context, served)}
    for way, tab in tabs.items():
        make(tab, close(way))
        tab.page.click("#plans")
        tab.page.fill("#plan-title", "Winter")
    for tab in tabs.values():  # neither waits for its answer
        tab.page.evaluate("() => { document.querySelector('#dialog form').requestSubmit(); }")
    told = "() => !document.getElementById('dialog').open || document.getElementById('plan-replace') !== null"
    for tab in tabs.values():
        tab.until(told)
    first, second = sorted(
        tabs, key=lambda way: tabs[way].page.evaluate("() => document.getElementById('dialog').open")
    )
    assert raw(served, "winter")["close"] == [{"osm_id": first}]
    assert tabs[second].page.locator("#plan-replace").count() == 1
    tabs[second].page.fill("#plan-title", "Winter of mine")
    tabs[second].page.evaluate("() => { document.querySelector('#dialog form').requestSubmit(); }")
    tabs[second].until("() => !document.getElementById('dialog').open")
    assert raw(served, "winter")["close"] == [{"osm_id": first}]
    assert raw(served, "winter-of-mine")["close"] == [{"osm_id": second}]
    assert [tab.troubles for tab in tabs.values()] == [[], []]


def test_the_note_is_asked_with_the_file_that_the_plan_was_opened_from(context, served):
    (served.folder / "winter.toml").write_text(WINTER)
    tab = Tab(context, served)
    open_plan(tab, "Winter")
    tab.page.click("#export")
    with tab.page.expect_request("**/api/export/html") as asked, tab.page.expect_download(timeout=NOTE_MS) as got:
        tab.page.click("#export-html")
    base = tab.page.evaluate("geoaccess.model.plan.base")
    assert base["name"] == "winter"
    assert asked.value.post_data_json["base"] == base
    assert "<h1>Winter</h1>" in Path(got.value.path()).read_text(encoding="utf-8")
    assert tab.troubles == []


def test_enter_twice_saves_once(context, served):
    tab = Tab(context, served)
    make(tab, close(8))
    asked = []
    tab.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/save") else None)
    tab.page.click("#plans")
    tab.page.fill("#plan-title", "Winter")
    submit = "document.querySelector('#dialog form').requestSubmit();"
    tab.page.evaluate(f"() => {{ {submit} {submit} }}")
    tab.until("() => !document.getElementById('dialog').open")
    assert len(asked) == 1
    assert "Plan saved" in tab.page.inner_text("#mode")
    make(tab, close(1))
    save(tab)
    tab.until("() => !document.getElementById('dialog').open")
    assert [one["osm_id"] for one in raw(served, "winter")["close"]] == [8, 1]


def test_a_road_that_opens_again_is_said_to_open(context, served):
    tab = Tab(context, served)
    lon, lat = degrees(5.5, 0.5)
    for count, words in ((1, "Closed to traffic"), (2, "Open to traffic again")):
        tab.page.evaluate("(at) => geoaccess.model.emit('road', at)", {"lon": lon, "lat": lat, "within_m": 500})
        tab.until_changes(count)
        tab.until("(words) => document.getElementById('spoken').textContent.startsWith(words)", words)
    assert [change["what"] for change in tab.state()["changes"]] == ["close", "open"]


def test_trouble_is_told_in_the_language_of_the_page(context, served):
    tab = Tab(context, served)
    served.stop()
    tab.page.evaluate("() => { geoaccess.model.refresh().catch(() => null); }")
    tab.until("() => document.getElementById('trouble').textContent.startsWith('No contact')")
    tab.page.click("#languages button[lang=nb]")
    assert tab.page.inner_text("#trouble").startswith("Ingen kontakt")
    served.start()
    tab.until("() => document.getElementById('trouble').textContent.startsWith('Planverktøyet er startet på nytt')")
    Tab(context, served)
    tab.until("() => document.getElementById('trouble').hidden")


def test_whoever_closes_the_box_of_a_note_gets_it_all_the_same(context, served):
    tab, held = Tab(context, served), []

    def hold(route):
        held.append(route)

    tab.page.route("**/api/export/html", hold)
    tab.page.click("#export")
    tab.page.click("#export-html")
    tab.until("() => document.querySelector('#dialog [role=alert]').textContent.startsWith('Calculating')")
    tab.page.click("#dialog button.close")
    with tab.page.expect_download(timeout=NOTE_MS) as got:
        held[0].continue_()
    assert got.value.suggested_filename == "study-gp.html"
    tab.until("() => document.getElementById('mode').textContent.startsWith('File written')")
    assert tab.troubles == []


@pytest.mark.parametrize("size", [(390, 844), (700, 450)])
def test_on_a_small_screen_the_tools_do_not_lie_on_what_has_the_focus(chromium, served, size):
    context = chromium.new_context(viewport=dict(zip(("width", "height"), size, strict=True)), locale="en-GB")
    try:
        page = Tab(context, served).page
        page.click("#tab-sites")
        for selector in ("#sheet li button", "#tab-sites", "#breaks", "#views input"):
            page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
            page.focus(selector)
            assert page.evaluate(
                """() => {
                    const { left, top, width, height } = document.activeElement.getBoundingClientRect();
                    const seen = document.elementFromPoint(left + width / 2, top + height / 2);
                    return document.activeElement.parentElement.contains(seen);
                }"""
            ), selector
    finally:
        context.close()


def test_a_place_that_is_far_from_any_name_is_called_by_how_far(context, tmp_path):
    path = write_study(tmp_path / "named")
    write_roads(path.parent / "roads.osm.pbf", features=[(10.5, 0.5, {"place": "village", "name": "Midtby"})])
    served = Served(PlannerState(solve_study(load_study(path), show=False)), tmp_path / "plans")
    try:
        tab = Tab(context, served)
        called = "([at, how]) => geoaccess.chart.nameNear(at, how)"
        for east, farther, words in ((13.5, True, "Midtby"), (22.5, True, "12 km from Midtby"), (22.5, False, "")):
            at = dict(zip(("lon", "lat"), degrees(east, 0.5), strict=True))
            assert tab.page.evaluate(called, [at, {"farther": farther}]) == words
        far = dict(zip(("lon", "lat"), degrees(110, 0.5), strict=True))
        assert tab.page.evaluate(called, [far, {"farther": True}]) == ""
        tab.page.click("#languages button[lang=nb]")
        at = dict(zip(("lon", "lat"), degrees(22.5, 0.5), strict=True))
        assert tab.page.evaluate(called, [at, {"farther": True}]) == "12 km fra Midtby"
    finally:
        served.stop()


def test_classes_are_called_what_they_are(context, served):
    """The country has no class 2, 4 or 5: its classes are called by their numbers, not by where they stand."""
    tab = Tab(context, served)
    rows = tab.page.locator("table.byclass tbody tr").all_inner_texts()
    found = dict(row.replace(",", "").split("\t")[:2] for row in rows)
    east, south = PEOPLE["middle"] + PEOPLE["north"], PEOPLE["isle"] + PEOPLE["hut"]
    assert list(found) == ["Class 1", "Class 3", "Class 6", "No class", "Everybody"]
    assert (found["Class 3"], found["Class 6"], found["No class"]) == (str(east), str(south), str(PEOPLE["wild"]))
    assert "Mean in Class 6 above the mean in Class 1" in tab.page.inner_text("#sheet")
    tab.page.click("#languages button[lang=nb]")
    assert tab.page.locator("table.byclass tbody th").all_inner_texts()[1] == "Klasse 3"


def test_undo_after_open_goes_back_to_the_file_of_the_plan_before(context, served):
    (served.folder / "winter.toml").write_text(WINTER)
    tab = Tab(context, served)
    make(tab, close(8))
    save(tab, "Summer")
    tab.until("() => !document.getElementById('dialog').open")
    open_plan(tab, "Winter")
    tab.until("() => geoaccess.model.changes.length === 0 && geoaccess.model.title === 'Winter'")
    tab.page.click("#undo")
    tab.until("() => geoaccess.model.changes.length === 1 && geoaccess.model.title === 'Summer'")
    make(tab, close(1))
    save(tab)
    tab.until("() => !document.getElementById('dialog').open")
    assert (served.folder / "winter.toml").read_text() == WINTER
    assert raw(served, "summer")["close"] == [{"osm_id": 1}, {"osm_id": 8}] or raw(served, "summer")["close"] == [
        {"osm_id": 8}, {"osm_id": 1}
    ]  # fmt: skip
    assert tab.troubles == []


def test_a_plan_of_the_same_title_is_replaced_only_when_asked_to(context, served):
    (served.folder / "winter.toml").write_text(WINTER)
    tab = Tab(context, served)
    make(tab, close(8))
    save(tab, "winter")
    tab.page.locator("#plan-replace").wait_for()
    assert (served.folder / "winter.toml").read_text() == WINTER
    tab.page.click("#plan-replace")
    tab.until("() => !document.getElementById('dialog').open")
    assert raw(served, "winter")["close"] == [{"osm_id": 8}]


def test_a_study_that_is_edited_under_an_open_page_sets_aside_what_no_longer_fits(context, served, tmp_path):
    tab = Tab(context, served)
    make(tab, {"what": "remove", "service": "gp", "site": "gp-east"})
    make(tab, close(8))
    served.stop()
    served.state = solved(tmp_path / "edited", without="gp-east")
    served.start()
    Tab(context, served)  # the new address, in another tab
    add = {"what": "add", "service": "gp", "site": "new-1", "lon": ISLE[0], "lat": ISLE[1]}
    tab.page.evaluate("(change) => { geoaccess.model.make(change, 'added'); }", add)
    tab.until("() => document.getElementById('mode').textContent.includes('1 of your changes')")
    assert "The site does not exist in this plan." in tab.page.inner_text("#mode")
    tab.until("() => geoaccess.model.answer && geoaccess.model.answer.sites['new-1']")
    tab.until("() => geoaccess.model.answer.closed.length === 1")
    assert [change["what"] for change in tab.state()["changes"]] == ["close", "add"]
    tab.page.click("#undo")
    tab.page.click("#undo")
    tab.until("() => geoaccess.model.changes.length === 0")
    assert tab.troubles == []


def test_what_closes_together_and_an_office_off_the_road_are_marked_and_undone_by_hand(context, served, monkeypatch):
    monkeypatch.setattr("geoaccess.planner.state._MOST_SINGLE", 3)
    corners = [list(degrees(*one)) for one in ((-15, -12), (32, -12), (32, 12), (-15, 12))]
    (served.folder / "area.toml").write_text(
        f'title = "Area"\n[[close]]\npolygon = {corners}\n'
        f'[[add]]\nservice = "gp"\nname = "Far"\nlon = {NOWHERE[0]}\nlat = {NOWHERE[1]}\n'
    )
    tab = Tab(context, served)
    open_plan(tab, "Area")
    tab.page.click("#tab-sites")
    assert "off the road" in tab.page.locator("li[data-site=new-1]").inner_text()
    tab.page.locator("li[data-site=new-1] button.link").click()
    assert "nobody can reach it" in tab.page.inner_text("#card")
    tab.page.click("#tab-ways")
    assert "closed in an area" in tab.page.inner_text("#sheet")
    tab.page.locator("#sheet li.gone button", has_text="Open again").first.click()
    tab.until("() => geoaccess.model.answer.closed.length === 0")
    tab.page.click("#undo")
    tab.until("() => geoaccess.model.answer.closed.length === 1")
    assert tab.troubles == []


@pytest.mark.parametrize("width", [1280, 360])
def test_long_labels_do_not_widen_the_page(chromium, tmp_path, width):
    text = STUDY.replace('title = "A small country"', f"title = {json.dumps(LONG[:250])}")
    state = solved(tmp_path / "long", text.replace('label = "GP"', f"label = {json.dumps(LONG[:120])}"))
    served = Served(state, tmp_path / "plans")
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale="en-GB")
    try:
        tab = Tab(context, served)
        make(tab, {"what": "add", "service": "gp", "site": "new-1", "name": LONG[:120], "lon": ISLE[0], "lat": ISLE[1]})
        for name in ("figures", "sites", "ways", "municipalities"):
            tab.page.click(f"#tab-{name}")
            assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= width
        tab.page.click("#plans")
        tab.page.fill("#plan-title", LONG[:250])
        tab.page.click("#plan-save")
        tab.until("() => !document.getElementById('dialog').open")
        tab.page.click("#plans")
        assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= width
    finally:
        context.close()
        served.stop()
