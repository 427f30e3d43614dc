"""The planner's page in a browser: what a planner does with mouse, keyboard and several tabs."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from test_planner_server import HOSTILE
from test_study_tiny import STUDY, degrees, write_study

from geoaccess.planner import PlannerState
from geoaccess.planner.app import planner_app
from geoaccess.planner.doors import local_entrance
from geoaccess.study import load_study, solve_study
from tests.conftest import need

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path (apt-get install chromium)"),
]
ISLE = degrees(27.5, -9.5)
WAIT_MS = 10_000


class Served:
    """A planner that listens, and can be stopped and started anew on the same port."""

    def __init__(self, state, folder):
        self.state, self.folder, self.generation = state, folder, 0
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        self.generation += 1
        secret = str(self.generation) * 43
        entrance = local_entrance(self.folder, port=self.port, token=secret, key=secret)
        app = planner_app(self.state, entrance)
        self.address = entrance.address(entrance.doors[0])
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)

    def stop(self):
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paged")
    path = write_study(folder, STUDY.replace('title = "A small country"', f"title = {json.dumps(HOSTILE)}"))
    sites = folder / "sites.csv"
    sites.write_text(sites.read_text().replace(",west,", ',"' + HOSTILE.replace('"', '""') + '",', 1))
    return PlannerState(solve_study(load_study(path), show=False))


@pytest.fixture
def served(state, tmp_path):
    found = Served(state, tmp_path / "plans")
    yield found
    found.stop()


@pytest.fixture(scope="module")
def chromium():
    sync_api = need("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Tab:
    """One tab on the planner; `troubles` are errors of its scripts, and requests to anywhere else."""

    def __init__(self, context, served):
        self.page, self.troubles = context.new_page(), []
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("dialog", lambda dialog: self.troubles.append(dialog.message))
        self.page.on("request", lambda request: self.watch(request.url, served))
        self.page.goto(served.address)
        self.page.wait_for_selector("html[data-ready=yes]")

    def watch(self, url, served):
        if not url.startswith((f"http://127.0.0.1:{served.port}/", "data:", "blob:")):
            self.troubles.append(url)

    def until(self, question, given=None):
        """Wait until a question in JavaScript is answered with yes; the page's policy forbids Playwright's own way."""
        end = time.monotonic() + WAIT_MS / 1000
        while not self.page.evaluate(question, given):
            assert time.monotonic() < end, f"never came true: {question}; {self.state()}"
            self.page.wait_for_timeout(20)

    def state(self):
        return self.page.evaluate(
            """() => ({changes: geoaccess.model.changes, undone: geoaccess.model.undone.length,
                effect: geoaccess.model.answer && geoaccess.model.answer.effect,
                spoken: document.getElementById('spoken').textContent})"""
        )

    def until_changes(self, count):
        self.until(
            "(n) => geoaccess.model.changes.length === n && geoaccess.model.answer.changes === geoaccess.model.changes",
            count,
        )
        self.until("() => document.getElementById('spoken').textContent !== ''")
        return self.state()

    def zoom_to(self, place):
        self.page.evaluate(
            "([lon, lat]) => { geoaccess.chart.map.setView([lat, lon], 12, { animate: false }); }", list(place)
        )

    def spot(self, place):
        box = self.page.locator("#map").bounding_box()
        x, y = self.page.evaluate(
            "([lon, lat]) => { const p = geoaccess.chart.map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }",
            list(place),
        )
        return box["x"] + x, box["y"] + y

    def add_at(self, place):
        count = len(self.state()["changes"])
        self.page.click("#tool-add")
        self.page.mouse.click(*self.spot(place))
        state = self.until_changes(count + 1)
        self.page.keyboard.press("Escape")
        return state


@pytest.fixture
def context(chromium):
    found = chromium.new_context(viewport={"width": 1300, "height": 800}, locale="en-GB", accept_downloads=True)
    yield found
    found.close()


@pytest.fixture
def tab(context, served):
    found = Tab(context, served)
    yield found
    assert found.troubles == []


def settled(tab, effect):
    tab.until("(want) => JSON.stringify(geoaccess.model.answer.effect) === JSON.stringify(want)", effect)


def test_a_click_adds_an_office_and_shows_its_effect(tab):
    state = tab.add_at(ISLE)
    assert state["changes"][0]["what"] == "add"
    assert state["effect"]["quicker"] == 101
    assert "Shorter for 101 people" in state["spoken"]
    assert "Shorter for 101 people" in tab.page.inner_text("#effect")
    assert tab.page.locator(".site.added").count() == 1


def test_hostile_names_are_text(tab):
    assert tab.page.inner_text("#title") == HOSTILE
    tab.page.click("#tab-sites")
    assert HOSTILE in tab.page.inner_text("#sheet")
    assert tab.page.locator("img:not(.leaflet-tile)").count() == 0
    tab.page.locator("#sheet li button.link").filter(has_text="onerror").click()
    assert HOSTILE in tab.page.inner_text("#card")
    tab.page.click("#export")
    with tab.page.expect_download(timeout=6 * WAIT_MS) as download:
        tab.page.click("#export-html")
    note = Path(download.value.path()).read_text(encoding="utf-8")
    assert "onerror" in note
    assert "<script" not in note
    assert "<img src=x" not in note


def test_dragging_moves_an_office(tab):
    before = tab.page.evaluate("() => geoaccess.model.sites().find((site) => site.site === 'gp-east')")
    x, y = tab.spot((before["lon"], before["lat"]))
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x - 30, y, steps=4)
    tab.page.mouse.move(x - 80, y + 3, steps=4)
    tab.page.mouse.up()
    state = tab.until_changes(1)
    assert state["changes"][0] | {"lon": 0, "lat": 0} == {
        "what": "move", "service": "gp", "site": "gp-east", "lon": 0, "lat": 0,
    }  # fmt: skip
    assert state["changes"][0]["lon"] < before["lon"]
    assert tab.page.locator(".site.moved").count() == 1


def test_close_undo_redo(tab):
    tab.page.click("#tab-sites")
    tab.page.locator("li[data-site=gp-east] button").last.click()
    closed = tab.until_changes(1)["effect"]
    assert closed["slower"] > 0
    assert tab.page.locator(".site.closed").count() == 1
    tab.page.click("#undo")
    tab.until("() => geoaccess.model.answer.effect.slower === 0")
    assert tab.page.is_disabled("#undo")
    tab.page.keyboard.press("Control+Shift+Z")
    settled(tab, closed)
    tab.page.keyboard.press("Control+z")
    tab.until_changes(0)
    assert tab.page.locator(".site.closed").count() == 0


def test_weekdays_ferry_and_route(tab):
    tab.add_at(ISLE)
    tab.page.locator("#sheet").wait_for()
    tab.page.click("#tab-sites")
    tab.page.locator("li[data-site=new-1] button.link").click()
    for day in (0, 2, 4):
        count = len(tab.state()["changes"])
        tab.page.locator(f"#card input[data-day='{day}']").click()
        tab.until_changes(count + 1)
    tab.until("() => geoaccess.model.answer.sites['new-1'].days.length === 2")
    saved = tab.state()["effect"]["saved_min"]
    tab.page.click("#tab-ways")
    tab.page.locator("li[data-way='8'] button").click()
    tab.until("() => geoaccess.model.answer.closed.length === 1")
    tab.page.click("#tab-figures")  # means before and after are of different people now, and the page says so
    tab.page.locator("#sheet", has_text="different people are compared").wait_for()
    tab.page.click("#tab-ways")
    assert tab.state()["effect"]["newly_lost"] == 101  # on three days nobody on the isle reaches an office
    assert saved > 0
    tab.page.locator("li[data-way='8'] button").click()
    tab.until("() => geoaccess.model.answer.closed.length === 0")
    tab.page.keyboard.press("Escape")
    tab.zoom_to(ISLE)
    x, y = tab.spot(ISLE)
    tab.page.mouse.click(x - 20, y + 20)
    tab.page.locator("#card .route li").nth(1).wait_for()
    words = tab.page.inner_text("#card")
    assert "Tue, Thu" in words
    assert "Car ferry" in words


def test_save_reload_open(tab, served):
    tab.add_at(ISLE)
    effect = tab.state()["effect"]
    tab.page.click("#plans")
    tab.page.fill("#plan-title", "../Øya, en plan")
    tab.page.click("#plan-save")
    tab.until("() => !document.getElementById('dialog').open")
    assert [path.name for path in served.folder.iterdir()] == ["oya-en-plan.toml"]
    tab.page.reload()
    tab.page.wait_for_selector("html[data-ready=yes]")
    assert tab.state()["changes"] == []  # nothing is remembered that was not asked for
    assert tab.page.evaluate("() => localStorage.length + sessionStorage.length") == 0
    tab.page.click("#plans")
    tab.page.locator("#dialog li button").click()
    tab.until("() => geoaccess.model.changes.length === 1")
    settled(tab, effect)
    tab.page.click("#undo")  # a plan is opened, and put away again, as one step
    tab.until("() => geoaccess.model.changes.length === 0")


def test_one_click_adds_one_office(tab):
    tab.add_at(ISLE)
    assert tab.page.get_attribute("#tool-add", "aria-pressed") == "false"
    x, y = tab.spot(ISLE)
    tab.page.mouse.click(x - 40, y + 40)  # the next click looks
    tab.page.wait_for_timeout(400)
    assert len(tab.state()["changes"]) == 1


def test_a_plan_that_is_not_saved_is_not_lost_unasked(tab, served):
    asked = []
    tab.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    tab.add_at(ISLE)
    tab.page.click("#plans")
    tab.page.fill("#plan-title", "kept")
    tab.page.click("#plan-save")
    tab.until("() => !document.getElementById('dialog').open")
    tab.page.reload()
    tab.page.wait_for_selector("html[data-ready=yes]")
    assert asked == []
    tab.add_at(ISLE)
    tab.page.reload()
    tab.page.wait_for_selector("html[data-ready=yes]")
    assert asked == ["beforeunload"]
    tab.troubles.remove("")  # that question


def test_languages(tab):
    tab.add_at(ISLE)
    tab.page.click("#languages button[lang=nb]")
    assert tab.page.inner_text("#undo") == "Angre"
    assert "Kortere for 101 innbyggere" in tab.page.inner_text("#effect")
    assert tab.page.get_attribute("html", "lang") == "nb"
    assert tab.page.inner_text("#languages").split("\n") == ["English", "Norsk bokmål"]
    tab.until("() => geoaccess.model.changes[0].name === 'Nytt tjenestested 1'")  # nobody named it


def test_search_shows_a_municipality_and_a_site_of_another_service(tab):
    other = tab.page.evaluate("geoaccess.model.study.services[1].key")
    tab.page.fill("#search", "wes")
    assert tab.page.get_attribute("#search", "aria-expanded") == "true"
    assert tab.page.locator("#found [role=option]").first.inner_text().split() == ["West", "Municipality"]
    before = tab.page.evaluate("geoaccess.chart.map.getZoom()")
    tab.page.press("#search", "Enter")
    tab.until("before => geoaccess.chart.map.getZoom() > before", before)
    box = tab.page.evaluate("geoaccess.model.study.boxes[geoaccess.model.study.municipalities.indexOf('West')]")
    west, south, east, north = box
    shown = tab.page.evaluate(
        """() => { const seen = geoaccess.chart.map.getBounds();
            return [seen.getSouthWest(), seen.getNorthEast()].map((at) => L.CRS.EPSG3857.project(at)); }"""
    )
    assert shown[0]["x"] <= west < east <= shown[1]["x"]
    assert shown[0]["y"] <= south < north <= shown[1]["y"]
    site = tab.page.evaluate("geoaccess.model.study.services[1].sites[0]")
    tab.page.fill("#search", site["name"])
    rows = tab.page.locator("#found [role=option]")
    labels = tab.page.evaluate("geoaccess.model.study.services.map((service) => service.label)")
    at = next(i for i in range(rows.count()) if rows.nth(i).inner_text().endswith(labels[1]))
    for _ in range(at):
        tab.page.press("#search", "ArrowDown")
    assert rows.nth(at).get_attribute("aria-selected") == "true"
    tab.page.press("#search", "Enter")
    tab.until("key => geoaccess.model.service === key && !document.getElementById('card').hidden", other)
    assert site["name"] in tab.page.inner_text("#card h2")


def test_the_address_opens_the_same_view(tab, context, served):
    other = tab.page.evaluate("geoaccess.model.study.services[1].key")
    tab.page.select_option("#service", other)
    tab.until("key => geoaccess.model.answer && geoaccess.model.answer.service === key", other)
    tab.page.check("#views input[value=before]", force=True)
    at = tab.page.evaluate(
        """() => {
            const { cells } = geoaccess.decode(geoaccess.model.study);
            return geoaccess.lonLat(geoaccess.middleX(cells, 0), geoaccess.middleY(cells, 0));
        }"""
    )
    at = {"lon": round(at["lng"], 5), "lat": round(at["lat"], 5)}
    tab.page.evaluate("at => geoaccess.chart.map.setView([at.lat, at.lon], 11, {animate: false})", at)
    tab.page.evaluate("at => geoaccess.model.emit('pick', {kind: 'cell', square: 0, ...at})", at)
    tab.until("location.hash.includes('at=')")
    hash_ = tab.page.evaluate("location.hash")
    assert hash_.startswith(f"#service={other}&z=11&lat={at['lat']:.4f}&lon={at['lon']:.4f}&shown=before&at=")
    page = context.new_page()
    page.goto(served.address + hash_)
    page.wait_for_selector("html[data-ready=yes]")
    assert page.evaluate("geoaccess.model.service") == page.input_value("#service") == other
    assert page.evaluate("geoaccess.chart.view") == "before"
    assert page.is_checked("#views input[value=before]")
    assert page.evaluate("geoaccess.lists.picked.square") == 0
    assert page.evaluate("location.hash") == hash_


def test_two_tabs_do_not_disturb_each_other(context, served):
    one, two = Tab(context, served), Tab(context, served)
    alone = one.add_at(ISLE)["effect"]
    two.page.click("#tab-ways")
    two.page.locator("li[data-way='8'] button").click()
    two.until("() => geoaccess.model.answer.effect.newly_lost === 101")
    one.page.click("#undo")
    one.until("() => geoaccess.model.changes.length === 0 && geoaccess.model.answer.effect.quicker === 0")
    one.page.click("#redo")
    settled(one, alone)
    assert two.state()["effect"]["newly_lost"] == 101
    assert two.state()["effect"]["quicker"] == 0
    assert one.troubles == two.troubles == []


def test_a_page_survives_the_server(context, served):
    tab = Tab(context, served)
    effect = tab.add_at(ISLE)["effect"]
    served.stop()
    tab.page.click("#undo")
    tab.page.locator("#trouble").wait_for()
    tab.page.click("#redo")
    served.start()
    tab.until("() => document.getElementById('trouble').textContent.includes('address it printed')")
    Tab(context, served)  # who opens the new address in another tab gives this one the key, too
    tab.until("() => document.getElementById('trouble').hidden")
    tab.until("() => geoaccess.model.changes.length === 1")
    settled(tab, effect)
    tab.page.click("#undo")
    tab.until("() => geoaccess.model.answer.effect.quicker === 0")
    assert tab.troubles == []


def test_all_of_it_by_keyboard(tab):
    """Add at the cross, set days, move, close and undo without a mouse; every effect is announced."""
    page = tab.page
    tab.zoom_to(ISLE)
    page.focus("#tool-add")
    page.keyboard.press("Enter")
    assert page.get_attribute("#tool-add", "aria-pressed") == "true"
    assert page.evaluate("() => document.activeElement.id") == "map"
    page.keyboard.press("Enter")
    assert "Shorter for 101 people" in tab.until_changes(1)["spoken"]
    page.keyboard.press("Escape")
    page.focus("#tab-sites")
    page.keyboard.press("Enter")
    page.locator("li[data-site=new-1] button").nth(1).focus()
    page.keyboard.press("Enter")  # move: the map has the focus, arrows move it
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    state = tab.until_changes(2)
    assert state["changes"][1]["what"] == "move"
    page.locator("li[data-site=new-1] button").last.focus()
    page.keyboard.press("Enter")
    assert tab.until_changes(3)["changes"][2]["what"] == "remove"
    tab.until("() => document.activeElement !== document.body")
    page.keyboard.press("Control+z")
    tab.until("() => geoaccess.model.changes.length === 2")
    tab.until("() => document.getElementById('spoken').textContent.startsWith('Undone')")


def test_a_plan_from_beginning_to_end_by_keyboard_alone(tab, served):
    """Add, move, remove, undo and save with Tab, arrows, Enter and letters; nothing is clicked or focused by script."""
    page = tab.page

    def go_to(selector):
        for _ in range(150):
            if page.evaluate("(want) => document.activeElement.matches(want)", selector):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"Tab never comes to {selector}")

    go_to("#tool-add")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")  # at the cross of the map
    assert tab.until_changes(1)["changes"][0]["what"] == "add"
    assert page.evaluate("() => document.activeElement.id") == "card"
    go_to("#tab-figures")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.activeElement.id") == "tab-sites"
    go_to("li[data-site=new-1] button[aria-label^=Move]")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    moved = tab.until_changes(2)["changes"][1]
    assert (moved["what"], moved["site"]) == ("move", "new-1")
    go_to("li[data-site=gp-east] button[aria-label^=Close]")
    page.keyboard.press("Enter")
    assert tab.until_changes(3)["changes"][2] == {"what": "remove", "service": "gp", "site": "gp-east"}
    go_to("#undo")
    page.keyboard.press("Enter")
    tab.until_changes(2)
    go_to("#plans")
    page.keyboard.press("Enter")
    page.locator("#plan-title").wait_for()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    tab.until("() => !document.getElementById('dialog').open")
    (plan,) = served.folder.iterdir()
    text = plan.read_text(encoding="utf-8")
    assert 'title = "By keyboard"' in text
    assert "[[add]]" in text
    assert "[[remove]]" not in text
    assert page.evaluate("() => document.activeElement.id") == "plans"  # where the dialog was opened from


def test_everything_has_a_name(tab):
    """What can be reached by keyboard says what it is."""
    tab.page.click("#tab-sites")
    nameless = tab.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [tabindex="0"]')]
            .filter((one) => one.checkVisibility())
            .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || one.title
                || one.getAttribute('aria-labelledby') || one.closest('label')))
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []


def test_views_and_exports(tab):
    tab.add_at(ISLE)
    for view in ("change", "before", "slide", "now"):
        tab.page.check(f"#views input[value={view}]", force=True)
        assert tab.page.evaluate("() => geoaccess.chart.view") == view
    for kind, start in (
        ("png", b"\x89PNG"),
        ("csv", b"\xef\xbb\xbf"),
        ("gpkg", b"SQLite format 3"),
        ("html", b"<!DOC"),
    ):
        tab.page.click("#export")
        with tab.page.expect_download() as download:
            tab.page.click(f"#export-{kind}")
        assert Path(download.value.path()).read_bytes().startswith(start)


def test_a_refused_change_leaves_those_around_it(tab):
    """Three at once, without waiting for the answers; the one in the middle has no road."""
    lon, lat = ISLE
    tab.page.evaluate(
        """([lon, lat]) => Promise.all([[0.0, 0.0], [9.0, 9.0], [-0.001, 0.0]].map(([east, north], i) =>
            geoaccess.model.make(
                { what: 'add', service: 'gp', site: `new-${i + 1}`, lon: lon + east, lat: lat + north })))""",
        [lon, lat],
    )
    assert [change["site"] for change in tab.until_changes(2)["changes"]] == ["new-1", "new-3"]
    tab.page.click("#undo")
    assert [change["site"] for change in tab.until_changes(1)["changes"]] == ["new-1"]


def test_a_proposal_is_taken_and_shown(tab):
    tab.page.evaluate("() => geoaccess.chart.map.setView([0, 0], 12)")  # as far away as the map goes
    tab.page.click("#suggest")
    tab.page.locator("ol.places li button").nth(1).click()
    state = tab.until_changes(1)
    assert state["changes"][0]["what"] == "add"
    assert state["effect"]["newly_reached"] == 53
    assert tab.page.evaluate(
        """() => geoaccess.model.sites().filter((site) => site.added)
            .every((site) => geoaccess.chart.map.getBounds().contains([site.lat, site.lon]))"""
    )


def test_on_a_phone_the_card_does_not_hide_its_office(tab):
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.page.wait_for_timeout(300)
    lon, lat = ISLE
    tab.page.evaluate("([lon, lat]) => geoaccess.chart.map.setView([lat, lon], 11)", [lon, lat])
    tab.page.evaluate("() => geoaccess.chart.map.panBy([0, -180], {animate: false})")  # the isle lies low
    tab.page.click("#tool-add")
    x, y = tab.spot(ISLE)
    tab.page.mouse.click(x, y)
    tab.until_changes(1)
    card = tab.page.locator("#card").bounding_box()
    assert tab.spot(ISLE)[1] < card["y"]


@pytest.mark.parametrize(("width", "height"), [(360, 740), (640, 400)])  # a phone; a screen at 200 %
@pytest.mark.parametrize("language", ["en", "nb"])
def test_nothing_overflows(tab, width, height, language):
    tab.page.set_viewport_size({"width": width, "height": height})
    tab.page.click(f"#languages button[lang={language}]")
    tab.page.evaluate("() => geoaccess.model.emit('pick', { kind: 'site', site: 'gp-east' })")
    tab.page.locator("#card button[aria-pressed]").first.click()
    tab.page.locator("#card table.reach").wait_for()

    def too_wide():
        return tab.page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll("#card, #dialog, #panel, #bar")]
                .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.id || one.tagName)"""
        )

    assert too_wide() == []
    tab.page.click("#suggest")
    tab.page.select_option("#number", "2")
    tab.page.locator("#add-all").wait_for(timeout=6 * WAIT_MS)  # siting may have to be compiled
    assert too_wide() == []


def test_areas_and_catchment_of_what_is_clicked(tab, state):
    """By click, with people; another place that is clicked has its own; Escape puts all away."""
    page = tab.page
    page.evaluate(
        """() => {
            const { lit } = geoaccess.chart;
            let squares = null;
            geoaccess.chart.lit = (some) => lit((squares = some));
            window.lit = () => squares && squares.reduce((sum, one) => sum + one, 0);
        }"""
    )
    page.click("#tab-sites")
    page.locator("li[data-site=gp-east] button.link").click()
    areas, catchment = page.locator("#card button[aria-pressed]").all()
    areas.click()
    page.locator("#card table.reach tbody tr").nth(2).wait_for()
    drawn = "() => document.querySelectorAll('.leaflet-areas-pane path').length"
    assert page.evaluate(drawn) == 3
    catchment.click()
    page.locator("#card table.reach", has_text="Mean").wait_for()
    assert page.evaluate(drawn) == 0
    assert 0 < page.evaluate("lit()") < len(state.people)
    before = page.evaluate("lit()")
    page.locator("li[data-site=gp-west] button.link").click()
    tab.until("(before) => lit() > 0 && lit() !== before", before)
    page.keyboard.press("Escape")
    tab.until("() => lit() === null")
    tab.zoom_to(ISLE)
    x, y = tab.spot(ISLE)
    page.mouse.click(x - 20, y + 20)
    page.locator("#card button[aria-pressed]").first.click()
    page.locator("#card table.reach").wait_for()
    assert "101" in page.inner_text("#card table.reach")


def test_several_places_are_added_one_by_one_or_together(tab):
    page = tab.page
    page.click("#suggest")
    page.select_option("#number", "2")
    page.locator("ol.places li").nth(1).wait_for(timeout=6 * WAIT_MS)
    assert page.locator("figure.trade svg circle").count() >= 6  # 0, 1, 2 ... sites, people within and minutes
    assert "proved" in page.inner_text("#dialog")
    page.locator("ol.places li button").nth(1).click()
    tab.until_changes(1)
    assert page.evaluate("() => document.getElementById('dialog').open")
    page.click("#add-all")
    state = tab.until_changes(2)
    assert {change["site"] for change in state["changes"]} == {"new-1", "new-2"}
    assert not page.evaluate("() => document.getElementById('dialog').open")
    page.click("#suggest")
    page.select_option("#number", "2")
    page.click("#add-all")
    tab.until("() => geoaccess.model.changes.length > 2")
    page.click("#undo")  # all of them were one step
    tab.until_changes(2)


def test_a_language_that_was_chosen_is_in_the_address(tab, context, served):
    tab.page.click("#languages button[lang=nb]")
    hash_ = tab.page.evaluate("location.hash")
    assert hash_.endswith("&language=nb")
    other = context.new_page()
    other.goto(served.address + hash_)
    other.wait_for_selector("html[data-ready=yes]")
    assert other.get_attribute("html", "lang") == "nb"


def test_classes_opacity_and_language_are_in_the_address(tab, context, served):
    page = tab.page
    page.select_option("#breaks", "fixed")
    tab.until("() => geoaccess.model.answer && geoaccess.model.answer.breaks === 'fixed'")
    rows = page.locator("#effect .legend tbody tr")
    assert "up to 10 min" in rows.nth(0).inner_text()
    assert "120 min" in rows.nth(7).inner_text()
    counts = [int(rows.nth(i).locator("td").inner_text().replace(",", "")) for i in range(rows.count())]
    assert sum(counts) == 1928  # everybody
    page.focus("#opacity")
    page.evaluate("() => { document.getElementById('opacity').value = 50; }")
    page.keyboard.press("ArrowLeft")
    page.click("#languages button[lang=nb]")
    hash_ = page.evaluate("location.hash")
    assert "&breaks=fixed&opacity=40&language=nb" in hash_
    other = context.new_page()
    other.goto(served.address + hash_)
    other.wait_for_selector("html[data-ready=yes]")
    assert other.get_attribute("html", "lang") == "nb"
    assert other.input_value("#breaks") == "fixed"
    assert other.input_value("#opacity") == "40"
    assert other.evaluate("() => geoaccess.model.answer.people.now.length") == 9


def test_names_stay_above_the_route(tab):
    levels = tab.page.evaluate(
        """() => ["lines", "names", "marker"].map((name) =>
            Number(getComputedStyle(document.querySelector(`.leaflet-${name}-pane`)).zIndex))"""
    )
    assert levels == sorted(levels)
    assert tab.page.locator(".leaflet-names-pane canvas").count() == 1
