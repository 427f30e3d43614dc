"""Plans in their files: nothing is lost, nobody's plan is written over, and all that compare runs is opened."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_study_tiny import PEOPLE, WAYS, degrees, write_roads, write_study

from geoaccess.errors import GeoaccessError, InputError
from geoaccess.planner import PlannerState, Session, read_changes
from geoaccess.planner.changes import fitting, planned
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.merging import merged_text, scenario_of
from geoaccess.planner.plan import group_id
from geoaccess.planner.saved import open_scenario
from geoaccess.planner.saving import load_plan, save_plan
from geoaccess.planner.serialise import answer_json
from geoaccess.planner.shelf import PlanClashError, Shelf
from geoaccess.questions.compare.comparison import compare_study
from geoaccess.questions.scenario_run import apply_scenario, solve_scenario
from geoaccess.scenarios import Close, Scenario, read_scenario
from geoaccess.study import load_study, solve_study
from geoaccess.toml import Entry, edited_toml, validate

CAR_FERRY = 8
ISLE, MIDDLE, HUT, NOWHERE = (degrees(*at) for at in ((27.5, -9.5), (10.5, 0.5), (15.5, -9.5), (30.0, 8.0)))
NAMED = [(ends, {**tags, "name": "Vestveien"} if number < 2 else tags) for number, (ends, tags) in enumerate(WAYS)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("plans"))
    write_roads(path.parent / "roads.osm.pbf", NAMED)
    return load_study(path)


@pytest.fixture(scope="module")
def drawing(state):
    return Drawing(state)


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "plans").mkdir()
    return Shelf(tmp_path / "plans")


def put(shelf, name, text):
    (shelf.folder / f"{name}.toml").write_bytes(text.encode())
    return text


def text_of(shelf, name):
    return (shelf.folder / f"{name}.toml").read_bytes().decode()


def at(place):
    return dict(zip(("lon", "lat"), place, strict=True))


def gp(what, site, **more):
    return {"what": what, "service": "gp", "site": site, **more}


def saved_again(state, shelf, name, more=(), **given):
    """Open a plan, make further changes, and save it under its title; return its text."""
    opened = load_plan(state, shelf, name)
    changes = read_changes([*opened["changes"], *more])
    save_plan(state, shelf, changes, title=opened["title"], base=opened["base"], **given)
    return text_of(shelf, name)


WHOLE = f"""# Worked out by the board
title = {{ en = "Winter", nb = "Vinter" }} # two languages
description = '''
# not a comment
[[close]] no table
'''

# The new office
[[add]]
service = "gp"
name = {{ en = "Isle", nb = "Øya" }}
lon = {ISLE[0]} # from the map
lat = {ISLE[1]}
days_per_week = 2.5 # every other Friday
capacity = 1_000

[network]   # the roads of winter
wait = "profile"

[[change]]
service = "gp"
site = "gp-west"
capacity = 0x10
opening = "Mo,Tu" # two days

[[slow]]
osm_id = 1
factor = 2.50

# the ferry
[[close]]
osm_id = 8

[[slow]]
osm_id = 2
factor = 3
# the last word
"""


# ---- nothing of a file is lost


@pytest.mark.parametrize("form", [str, lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text])
def test_a_plan_that_is_opened_and_saved_is_byte_for_byte_what_it_was(state, shelf, form):
    text = put(shelf, "winter", form(WHOLE))
    assert saved_again(state, shelf, "winter") == text


def test_a_list_of_no_tables_stays_until_there_is_one(state, shelf):
    text = put(shelf, "none", 'title = "None" # yet\nadd = []\nclose = [] # later\n')
    assert saved_again(state, shelf, "none") == text
    more = saved_again(state, shelf, "none", [{"what": "close", "way": CAR_FERRY}])
    assert more == 'title = "None" # yet\nadd = []\n\n[[close]]\nosm_id = 8\n'


def test_only_what_is_edited_is_another(state, shelf):
    put(shelf, "winter", WHOLE)
    text = saved_again(state, shelf, "winter", [gp("days", "gp-west", days=[4])])
    assert text == WHOLE.replace('opening = "Mo,Tu" # two days', 'opening = "Fr" # two days\ndays_per_week = 1')
    moved = saved_again(state, shelf, "winter", [gp("move", "new-1", **at(MIDDLE))])
    expected = text.replace(str(ISLE[0]), str(MIDDLE[0])).replace(str(ISLE[1]), str(MIDDLE[1]))
    assert moved == expected
    opened = saved_again(state, shelf, "winter", [{"what": "open", "way": CAR_FERRY}])
    assert opened == expected.replace("# the ferry\n[[close]]\nosm_id = 8\n\n", "")
    gone = saved_again(state, shelf, "winter", [gp("remove", "new-1")])
    assert "[[add]]" not in gone
    assert all(part in gone for part in ("factor = 2.50", "# not a comment", "capacity = 0x10", "# the last word"))


def test_a_site_that_closes_and_opens_again_is_one_table_more_and_one_less(state, shelf):
    put(shelf, "winter", WHOLE)
    closed = saved_again(state, shelf, "winter", [gp("remove", "gp-east"), {"what": "close", "way": 1}])
    assert tomllib.loads(closed)["remove"] == [{"service": "gp", "site": "gp-east", "name": "east"}]
    assert tomllib.loads(closed)["close"] == [{"osm_id": 8}, {"osm_id": 1}]
    again = [gp("restore", "gp-east"), {"what": "open", "way": 1}]
    assert saved_again(state, shelf, "winter", again).strip() == WHOLE.strip()


def test_a_plan_saved_twice_in_one_sitting_keeps_its_new_sites(state, shelf):
    """The page calls sites by its own labels; the file numbers them anew at each save."""
    put(shelf, "winter", WHOLE)
    opened = load_plan(state, shelf, "winter")
    changes = [*opened["changes"], gp("add", "new-7", name="B", **at(MIDDLE)), gp("add", "new-9", name="C", **at(HUT))]
    base = save_plan(state, shelf, read_changes(changes), title="Winter", base=opened["base"])["base"]
    changes += [gp("remove", "new-1"), gp("days", "new-9", days=[0])]
    base = save_plan(state, shelf, read_changes(changes), title="Winter", base=base)["base"]
    raw = tomllib.loads(text_of(shelf, "winter"))
    assert [(add["name"], add.get("opening")) for add in raw["add"]] == [("B", None), ("C", "Mo")]
    again = read_changes([*changes, gp("days", "new-7", days=[1])])
    save_plan(state, shelf, again, title="Winter", base=base)
    raw = tomllib.loads(text_of(shelf, "winter"))
    assert [(add["name"], add.get("opening")) for add in raw["add"]] == [("B", "Tu"), ("C", "Mo")]


def test_a_storm_is_kept_until_a_part_of_it_is_opened(state, shelf):
    text = put(shelf, "storm", 'title = "Storm"\n[storm] # all boats\npasses = ["Vestveien"]\n')
    opened = load_plan(state, shelf, "storm")
    assert [change["way"] for change in opened["changes"]] == [CAR_FERRY, 1, 2]
    assert saved_again(state, shelf, "storm") == text
    raw = tomllib.loads(saved_again(state, shelf, "storm", [{"what": "open", "way": 2}]))
    assert raw == {"title": "Storm", "close": [{"osm_id": 1}, {"osm_id": CAR_FERRY}]}


def test_a_place_that_is_removed_is_split_when_one_of_its_sites_opens_again(state, shelf):
    put(shelf, "place", 'title = "Place"\n[[remove]]\nplace = "west"\n')
    opened = load_plan(state, shelf, "place")
    assert {(change["service"], change["site"]) for change in opened["changes"]} == {
        ("gp", "gp-west"), ("hospital", "hospital-west")
    }  # fmt: skip
    raw = tomllib.loads(saved_again(state, shelf, "place", [gp("restore", "gp-west")]))
    assert raw["remove"] == [{"service": "hospital", "site": "hospital-west", "name": "west"}]


def test_a_renamed_site_is_still_found_by_the_other_tables(state, shelf):
    put(
        shelf,
        "isle",
        f'title = "Isle"\n[[add]]\nservice = "gp"\nname = "A"\nlon = {ISLE[0]}\nlat = {ISLE[1]}\n'
        '[[change]]\nservice = "gp"\nsite = "gp-a"\nlevel = "high"\n',
    )
    opened = load_plan(state, shelf, "isle")
    changes = [{**opened["changes"][0], "name": "B"}]
    save_plan(state, shelf, read_changes(changes), title="Isle", base=opened["base"])
    assert load_plan(state, shelf, "isle")["changes"][0]["name"] == "B"
    assert tomllib.loads(text_of(shelf, "isle"))["change"][0]["level"] == "high"


def test_a_name_on_two_lines_is_shown_on_one_and_kept_as_it_is(state, shelf):
    written = f'name = {{ en = "A\\tB", nb = "Ø\\nY" }}\nlon = {ISLE[0]}\nlat = {ISLE[1]}\n'
    text = put(shelf, "lines", f'title = "Lines"\n[[add]]\nservice = "gp"\n{written}')
    opened = load_plan(state, shelf, "lines")
    assert opened["changes"][0]["name"] == "A B"
    assert saved_again(state, shelf, "lines") == text
    renamed = read_changes([{**opened["changes"][0], "name": "Ø Y"}])  # as the page calls it in the other language
    save_plan(state, shelf, renamed, title="Lines", base=opened["base"])
    assert text_of(shelf, "lines") == text
    with pytest.raises(InputError, match="name"):
        read_changes([{**opened["changes"][0], "name": "A\nB"}])


PLACES = st.sampled_from([ISLE, MIDDLE, HUT])
DAYS = st.sets(st.integers(0, 4), min_size=1).map(sorted)
LABELS = st.sampled_from(["gp-west", "gp-east", "new-1", "new-2", "new-5"])
CHANGE = st.one_of(
    st.builds(
        lambda label, place, days: gp("add", label, name="N", days=days, **at(place)),
        st.sampled_from(["new-2", "new-5"]), PLACES, DAYS,
    ),
    st.builds(lambda label, place: gp("move", label, **at(place)), LABELS, PLACES),
    st.builds(gp, st.sampled_from(["remove", "restore"]), LABELS),
    st.builds(lambda label, days: gp("days", label, days=days), LABELS, DAYS),
    st.builds(
        lambda what, way: {"what": what, "way": way}, st.sampled_from(["close", "open"]), st.sampled_from([1, 2, 8])
    ),
)  # fmt: skip
ADDED = f'[[add]] # ours\nservice = "gp"\nname = "Isle"\nlon = {ISLE[0]}\nlat = {ISLE[1]}\nlevel = "high"\n'
PARTS = [
    ADDED + "days_per_week = 2\n",
    f'[[move]]\nservice = "gp"\nsite = "gp-east" # theirs\nlon = {MIDDLE[0]}\nlat = {MIDDLE[1]}\n',
    '[[change]]\nservice = "gp"\nname = "west"\ncapacity = 0\n',
    '[[change]]\nservice = "gp"\nsite = "gp-east"\ndays_per_week = 2.5\nlevel = "x"\n',
    '[[remove]] # gone\nservice = "gp"\nname = "west"\n',
    "[[slow]]\nosm_id = 3\nfactor = 2\n",
    '[[close]]\nname = "Vestveien"\n',
    "[[close]] # one\nosm_id = 8\n",
    "[storm]\n",
    "[boats]\ncancel_after = '20:00'\n",
]


def kept_of(raw):
    """What the planner never edits."""
    return {key: raw.get(key) for key in ("description", "slow", "boats", "study", "network")}


@given(
    parts=st.lists(st.sampled_from(PARTS), unique=True).flatmap(st.permutations), changes=st.lists(CHANGE, max_size=6)
)
@settings(max_examples=50)
def test_any_edit_of_any_file_says_what_the_page_shows_and_keeps_the_rest(state, parts, changes):
    text = 'title = "T" # t\ndescription = "d"\n' + "".join(parts)
    first = open_scenario(state, validate(tomllib.loads(text), Scenario, subject="s"))
    adds = {f"new-{n}": n for n in range(1, 1 + len(first.scenario.add))}
    everything = read_changes([*first.changes, *changes][: len(first.changes)])
    assert merged_text(state, everything, title="T", text=text, adds=adds).text == text
    fit = fitting(state, [*first.changes, *changes])
    made = read_changes([[*first.changes, *changes][number] for number in fit.kept])
    merged = merged_text(state, made, title="T", text=text, adds=adds)
    raw = tomllib.loads(merged.text)
    assert kept_of(raw) == kept_of(tomllib.loads(text))
    again = open_scenario(state, validate(raw, Scenario, subject="s"))
    one, two = planned(state, made), planned(state, read_changes(again.changes))
    assert one.closed == two.closed
    named = {label: f"new-{number}" for label, number in merged.adds.items()}
    for service, sites in one.sites.items():
        assert {
            named.get(label, label): (site.lon, site.lat, site.days, site.name) for label, site in sites.items()
        } == {label: (site.lon, site.lat, site.days, site.name) for label, site in two.sites[service].items()}
    once_more = merged_text(state, made, title="T", text=merged.text, adds=merged.adds)
    assert once_more.text == merged.text


# ---- texts


LINES = st.sampled_from(
    ["# a [[close]]", "", "[[close]]", '[[close]] # "x"', "[[add]]", "[other]", "[[more]]", "[add.name]"]
)


@given(lines=st.lists(LINES, max_size=12), data=st.data())
@settings(max_examples=150)
def test_a_text_says_what_it_is_to_say_and_keeps_what_it_said(lines, data):
    """Against plain dictionaries: any choice, edit and addition of tables."""
    numbered = [
        line if not line.startswith("[") else f"{line}\nn = {i}\ns = '''\n[[x]]\n'''" for i, line in enumerate(lines)
    ]
    text = "\n".join(["top = 1", *numbered, ""])
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    tables, wanted = {}, {key: value for key, value in raw.items() if key not in ("close", "add")}
    for key in ("close", "add"):
        there = raw.get(key, [])
        if not isinstance(there, list):
            return
        chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(there)))))) if there else []
        edits = [
            Entry(number, data.draw(st.sampled_from([{}, {"n": 99}, {"s": None, "z": [1.5]}]))) for number in chosen
        ]
        edits += [Entry(None, {"n": 7})] * data.draw(st.integers(0, 2))
        tables[key] = edits
        found = [
            {k: v for k, v in ({**({} if e.source is None else there[e.source]), **e.values}).items() if v is not None}
            for e in edits
        ]
        wanted |= {key: found} if found else {}
    made = edited_toml(text, values={"top": 2}, tables=tables)
    assert tomllib.loads(made) == wanted | {"top": 2}
    comments = [line for line in lines if line.startswith("#")]
    assert made.count("# a [[close]]") <= len(comments)


# ---- nobody's plan is written over


def test_who_saves_second_is_told(state, shelf):
    put(shelf, "winter", WHOLE)
    mine, theirs = load_plan(state, shelf, "winter"), load_plan(state, shelf, "winter")
    closed = read_changes([*theirs["changes"], {"what": "close", "way": 1}])
    after = save_plan(state, shelf, closed, title="Winter", base=theirs["base"])["base"]
    text = text_of(shelf, "winter")
    changes = read_changes([*mine["changes"], gp("remove", "gp-east")])
    with pytest.raises(PlanClashError, match="somebody else") as caught:
        save_plan(state, shelf, changes, title="Vinter", base=mine["base"])
    assert (caught.value.code, caught.value.etag) == ("plan_changed", after["etag"])
    assert text_of(shelf, "winter") == text
    copy = save_plan(state, shelf, changes, title="Winter (copy)", base=mine["base"])
    assert copy["name"] == "winter-copy"
    assert "factor = 2.50" in text_of(shelf, "winter-copy")  # as it was opened, whole
    assert text_of(shelf, "winter") == text
    save_plan(state, shelf, changes, title="Winter", base=mine["base"], replace=caught.value.etag)
    assert "remove" in tomllib.loads(text_of(shelf, "winter"))


def test_a_plan_of_the_same_title_is_not_written_over_unasked(state, shelf):
    first = save_plan(state, shelf, [], title="Plan A")["base"]
    with pytest.raises(PlanClashError) as caught:
        save_plan(state, shelf, [], title="plan  a")
    assert (caught.value.code, caught.value.name) == ("plan_exists", "plan-a")
    save_plan(state, shelf, [], title="Plan A", base=first)
    with pytest.raises(PlanClashError):
        save_plan(state, shelf, [], title="Plan A", replace="0" * 32)
    other = load_plan(state, shelf, "plan-a")
    save_plan(state, shelf, [], title="Plan B", base=other["base"])
    with pytest.raises(PlanClashError) as caught:  # opened as B, saved as A
        save_plan(state, shelf, [], title="Plan A", base=load_plan(state, shelf, "plan-b")["base"])
    assert caught.value.code == "plan_exists"


def test_a_plan_that_goes_back_to_its_file_is_not_looked_for(state, shelf, monkeypatch):
    put(shelf, "winter", WHOLE)
    base = load_plan(state, shelf, "winter")["base"]
    monkeypatch.setattr(shelf, "find", None)
    assert save_plan(state, shelf, [], title="vinter", base=base)["name"] == "winter"


def test_titles_that_make_one_word_are_files_of_their_own(state, shelf):
    titles = ["Plan A+", "Plan A-", "Plan A", "x" * 80 + "1", "x" * 80 + "2", "AUX", "com1", "Øya", "../../Øya"]
    names = [save_plan(state, shelf, [], title=title)["name"] for title in titles]
    assert names[:3] == ["plan-a", "plan-a-2", "plan-a-3"]
    assert len(set(names)) == len(titles)
    assert all(len(name) <= 60 for name in names)
    assert names[5:7] == ["plan-aux", "plan-com1"]
    assert [shelf.scenario(shelf.kept(name)).title for name in names] == titles
    assert {str(one.title) for one in shelf.listed()} == set(titles)
    for title, name in zip(titles, names, strict=True):
        assert shelf.find(title) == name


def test_two_planners_that_save_at_once_write_one_after_the_other(state, shelf):
    """The second finds the file changed between its question and its writing."""
    other = Shelf(shelf.folder)
    first = shelf.write("plan", 'title = "a"\n', over=None)
    other.write("plan", 'title = "b"\n', over=first.etag)
    for over in (None, first.etag):
        with pytest.raises(PlanClashError):
            shelf.write("plan", 'title = "c"\n', over=over)
    assert text_of(shelf, "plan") == 'title = "b"\n'
    assert [path.name for path in shelf.folder.iterdir()] == ["plan.toml"]


def test_what_is_too_large_to_be_opened_is_not_saved(shelf):
    """A megabyte is opened; one byte more is neither saved nor opened."""
    text = 'title = "a"\n#'
    whole = text + "x" * (2**20 - len(text))
    kept = shelf.write("plan", whole, over=None)
    assert shelf.kept("plan").text == whole
    for name, over in (("plan", kept.etag), ("other", None)):
        with pytest.raises(InputError, match=f"{name}.toml: would be larger than 1 MB"):
            shelf.write(name, whole + "x", over=over)
    assert text_of(shelf, "plan") == whole
    assert shelf.names() == ["plan"]


def test_a_planner_that_was_started_anew_keeps_what_it_can(state, shelf):
    put(shelf, "winter", WHOLE)
    base = load_plan(state, shelf, "winter")["base"]
    anew = Shelf(shelf.folder)
    save_plan(state, anew, read_changes(load_plan(state, anew, "winter")["changes"]), title="Winter", base=base)
    assert text_of(anew, "winter") == WHOLE
    put(shelf, "winter", WHOLE + "# theirs\n")
    with pytest.raises(PlanClashError) as caught:
        save_plan(state, Shelf(shelf.folder), [], title="Winter", base=base)
    assert caught.value.code == "plan_lost"


@pytest.mark.parametrize("name", ["../outside", "../plans/x", "a/b", ""])
def test_a_base_of_another_name_leads_out_of_no_folder(state, shelf, name):
    """The text is known by its etag; the name that a request gives beside it is that of a plan, or of nothing."""
    base = save_plan(state, shelf, [], title="Winter")["base"]
    for etag in (base["etag"], "0" * 32):
        with pytest.raises(GeoaccessError, match="there is no plan"):
            save_plan(state, shelf, [], title="Winter", base={**base, "name": name, "etag": etag})
    assert [path.name for path in shelf.folder.parent.rglob("*.toml")] == ["winter.toml"]


def test_a_full_folder_says_so(state, tmp_path):
    small = Shelf(tmp_path / "few", most=1)
    base = save_plan(state, small, [], title="one")["base"]
    with pytest.raises(InputError, match="holds 1 plans"):
        save_plan(state, small, [], title="two")
    save_plan(state, small, [], title="one", base=base)


# ---- all that compare runs is opened


EVERYTHING = ((-15.0, -12.0), (32.0, -12.0), (32.0, 12.0), (-15.0, 12.0))
RUNS = {
    "a road by name": '[[close]]\nname = "Vestveien"\n',
    "a storm": '[storm]\npasses = ["Vestveien", 3]\n',
    "an area": f"[[close]]\npolygon = {[list(degrees(*corner)) for corner in EVERYTHING]}\n",
    "part of a road": f"[[close]]\npolygon = {[list(degrees(*corner)) for corner in ((9, 0), (11, 0), (11, 1))]}\n",
    "an office off the road": f'[[add]]\nservice = "gp"\nname = "A"\nlon = {NOWHERE[0]}\nlat = {NOWHERE[1]}\n',
    "an office moved off the road": f'[[move]]\nservice = "gp"\nsite = "gp-west"\nlon = {NOWHERE[0]}\n'
    f"lat = {NOWHERE[1]}\n",
    "no day": '[[change]]\nservice = "gp"\nsite = "gp-west"\ndays_per_week = 0\n',
    "no capacity": '[[change]]\nservice = "gp"\nsite = "gp-west"\ncapacity = 0\n',
    "a new office without a day": f'[[add]]\nservice = "gp"\nname = "A"\nlon = {ISLE[0]}\nlat = {ISLE[1]}\n'
    "days_per_week = 0\n",
    "all services of a place": '[[remove]]\nplace = "west"\n',
    "an office of a long name": f'[[add]]\nservice = "gp"\nname = "{"a" * 250}"\nlon = {ISLE[0]}\nlat = {ISLE[1]}\n',
    "an office of a name on two lines": f'[[add]]\nservice = "gp"\nname = "A\\nB"\nlon = {ISLE[0]}\nlat = {ISLE[1]}\n',
    "a change of a change": '[[change]]\nservice = "gp"\nsite = "gp-west"\ndays_per_week = 0\n'
    '[[change]]\nservice = "gp"\nsite = "gp-west"\ndays_per_week = 5\n',
}


def compared(base, text):
    scenario = validate(tomllib.loads(text), Scenario, subject="s")
    return solve_scenario(apply_scenario(base, scenario))


@pytest.mark.parametrize("what", RUNS)
def test_a_scenario_that_compare_runs_gives_the_same_times_in_the_planner(state, base, shelf, what):
    text = put(shelf, "plan", f'title = "Plan"\n{RUNS[what]}')
    opened = load_plan(state, shelf, "plan")
    assert opened["left_out"] == []
    changes, results = read_changes(opened["changes"]), compared(base, text)
    for service in state.specs:
        found = Session(state).answer(changes, service)
        times = results[f"{service}_s"].to_numpy(dtype=float)
        np.testing.assert_allclose(found.figures.times_s, np.where(np.isnan(times), np.inf, times), atol=1e-6)
    assert saved_again(state, shelf, "plan") == text
    answer_json(Session(state).answer(changes, "gp"), state.figures("gp"), Drawing(state))


def test_what_compare_finds_off_the_map_the_planner_does_not_put_there(state, base, shelf):
    east, north = MIDDLE
    off = f"lon {east:g}, lat 0 is off the map"
    for what, site in (("add", "new-1"), ("move", "gp-west")):
        with pytest.raises(InputError, match=off):
            planned(state, read_changes([gp(what, site, lon=east, lat=0, off_road=True)]))
    text = f'title = "Far"\n\n[[add]]\nservice = "gp"\nname = "X"\nlon = {east}\nlat = 0\n'
    put(shelf, "far", text)
    with pytest.raises(InputError, match=off):
        load_plan(state, shelf, "far")
    with pytest.raises(InputError, match=off):
        apply_scenario(base, read_scenario(shelf.folder / "far.toml"))
    planned(state, read_changes([gp("add", "new-1", lon=east, lat=north + 0.4, off_road=True)]))


def test_an_office_off_the_road_is_marked_and_can_be_moved_to_one(state):
    off = gp("add", "new-1", **at(NOWHERE), off_road=True)
    with pytest.raises(InputError, match="no road within"):
        planned(state, read_changes([{**off, "off_road": False}]))
    told = answer_json(Session(state).answer(read_changes([off]), "gp"), state.figures("gp"), Drawing(state))
    assert told["sites"]["new-1"]["off_road"] is True
    assert told["effect"]["quicker"] == 0
    session = Session(state)
    here = read_changes([off, gp("move", "new-1", **at(ISLE))])
    for changes, quicker in ((read_changes([off]), 0), (here, 101), (read_changes([off]), 0), (here, 101)):
        found = answer_json(session.answer(changes, "gp"), state.figures("gp"), Drawing(state))
        assert found["effect"]["quicker"] == quicker


def test_what_closes_together_opens_together(state):
    area = {"what": "close_group", "select": {"polygon": [list(degrees(*one)) for one in EVERYTHING], "what": "all"}}
    session = Session(state)
    told = answer_json(session.answer(read_changes([area]), "gp"), state.figures("gp"), Drawing(state))
    [closed] = told["closed"]
    assert (closed["kind"], closed["choice"], closed["ferries"]) == ("group", "polygon", [CAR_FERRY])
    # West is at its office, and farm keeps its way to both ends of its road.
    assert told["effect"]["newly_lost"] == sum(PEOPLE[key] for key in ("middle", "north", "isle"))
    for change, code in (({"what": "open", "way": 8}, "in_group"), (area, "closed_already")):
        with pytest.raises(InputError) as caught:
            planned(state, read_changes([area, change]))
        assert caught.value.code == code
    back = read_changes([area, {"what": "open_group", "group": closed["group"]}])
    np.testing.assert_array_equal(
        session.answer(back, "gp").figures.times_s, Session(state).answer([], "gp").figures.times_s
    )
    with pytest.raises(InputError) as caught:
        planned(state, read_changes([{"what": "close_group", "select": {"name": "Storgata"}}]))
    assert caught.value.code == "no_way"


def test_a_group_of_many_ways_is_saved_and_opened_as_it_was_chosen(state, shelf, monkeypatch):
    monkeypatch.setattr("geoaccess.planner.state._MOST_SINGLE", 3)
    select = {"polygon": [list(degrees(*one)) for one in (*EVERYTHING, (-15.0, 0.0))], "what": "roads"}
    save_plan(state, shelf, read_changes([{"what": "close_group", "select": select}]), title="Area")
    raw = tomllib.loads(text_of(shelf, "area"))
    assert raw["close"] == [{"polygon": select["polygon"], "what": "roads"}]
    assert load_plan(state, shelf, "area")["changes"] == [{"what": "close_group", "select": select}]


# ---- a study that is edited meanwhile


def test_changes_that_no_longer_fit_are_set_aside_and_later_ones_go_on(tmp_path):
    path = write_study(tmp_path)
    sites = path.parent / "sites.csv"
    sites.write_text("\n".join(line for line in sites.read_text().splitlines() if "gp-east" not in line) + "\n")
    edited = PlannerState(solve_study(load_study(path), show=False))
    changes = [
        gp("add", "new-1", **at(ISLE)),
        gp("remove", "gp-east"),
        {"what": "close", "way": 999},
        gp("move", "new-2", **at(ISLE)),
        {"what": "burn"},
        {"what": "close", "way": CAR_FERRY},
        gp("days", "new-1", days=[0]),
    ]
    found = fitting(edited, changes)
    assert found.kept == [0, 5, 6]
    assert [(number, error.code) for number, error in found.aside.items()] == [
        (1, "no_site"), (2, "no_way"), (3, "no_site"), (4, "unreadable")
    ]  # fmt: skip
    planned(edited, read_changes([changes[number] for number in found.kept]))


def test_another_network_is_another_study(tmp_path, state):
    path = write_study(tmp_path)
    same = PlannerState(solve_study(load_study(path), show=False))
    write_roads(path.parent / "roads.osm.pbf", [*WAYS[:-1], ("gate shed", {"highway": "primary", "maxspeed": "60"})])
    other = PlannerState(solve_study(load_study(path), show=False))
    assert same.number == state.number != other.number


@pytest.mark.parametrize(
    "text", ['title = "x"\n[[close]]\nname = "Nowhere"\n', 'title = "x"\n[[remove]]\nservice = "gp"\nsite = "gone"\n']
)
def test_what_compare_refuses_is_refused(state, base, shelf, text):
    put(shelf, "plan", text)
    with pytest.raises(GeoaccessError):
        compared(base, text)
    with pytest.raises(GeoaccessError):
        load_plan(state, shelf, "plan")


def test_new_sites_of_two_services_have_labels_of_their_own(state, shelf):
    one = {"what": "add", "service": "gp", "site": "new-1", **at(ISLE)}
    two = {**one, "service": "hospital"}
    put(shelf, "plan", f'title = "Plan"\n[[add]]\nservice = "gp"\nlon = {ISLE[0]}\nlat = {ISLE[1]}\ncapacity = 7\n')
    opened = load_plan(state, shelf, "plan")
    with pytest.raises(InputError, match="change 2: there is a site 'new-1' already"):
        planned(state, read_changes([*opened["changes"], two]))
    text = saved_again(state, shelf, "plan", [{**two, "site": "new-2"}])
    assert tomllib.loads(text)["add"][0]["capacity"] == 7
    assert [add["service"] for add in tomllib.loads(text)["add"]] == ["gp", "hospital"]
    assert fitting(state, [one, two]).aside[1].code == "same_label"


# ---- any list that the page can make


SERVED = {"gp": ["gp-west", "gp-east"], "hospital": ["hospital-west"], "ambulance_base": ["ambulance_base-middle"]}
ANYWHERE = st.sampled_from([ISLE, MIDDLE, HUT, degrees(22.5, 10.5), degrees(16.0, 0.6), degrees(-9.5, 0.5)])


@st.composite
def any_change(draw, *, days):
    """A change to one of the services or to a way, as a click, a drag or a box of the page makes it."""
    service = draw(st.sampled_from(sorted(SERVED)))
    site = {"service": service, "site": draw(st.sampled_from([*SERVED[service], "new-1", "new-2", "new-3"]))}
    whats = ["add", "move", "remove", "restore", "close", "open", "close_group", "open_group", *(["days"] * days)]
    what = draw(st.sampled_from(whats))
    if what in ("close", "open"):
        return {"what": what, "way": draw(st.sampled_from([1, 2, 3, 4, 8]))}
    if what == "close_group":
        return {"what": what, "select": draw(st.sampled_from(GROUPS))}
    if what == "open_group":
        return {"what": what, "group": group_id(Close(**draw(st.sampled_from(GROUPS))))}
    if what == "add":
        site["site"] = draw(st.sampled_from(["new-1", "new-2", "new-3"]))
        return {"what": what, **site, "name": draw(st.sampled_from(["", "A", "Ærøy «1»"])), **at(draw(ANYWHERE))}
    if what == "move":
        return {"what": what, **site, **at(draw(ANYWHERE))}
    return {"what": what, **site, **({"days": draw(DAYS)} if what == "days" else {})}


GROUPS = [
    {"polygon": [list(degrees(*one)) for one in EVERYTHING]},
    {"polygon": [list(degrees(*one)) for one in ((9, 0), (11, 0), (11, 1))], "what": "roads"},
    {"name": "Vestveien", "what": "all"},
    {"what": "ferries"},
]


@given(changes=st.lists(any_change(days=True), max_size=10))
@settings(max_examples=40)
def test_any_list_that_the_page_can_make_is_answered_saved_and_opened(state, drawing, tmp_path_factory, changes):
    made = read_changes([changes[number] for number in fitting(state, changes).kept])
    session, shelf = Session(state), Shelf(tmp_path_factory.mktemp("any"))
    name = save_plan(state, shelf, made, title="Any")["name"]
    again = read_changes(load_plan(state, shelf, name)["changes"])
    for service in state.specs:
        one, two = (
            answer_json(session.answer(some, service), state.figures(service), drawing) for some in (made, again)
        )
        json.dumps(one, allow_nan=False)
        assert one["effect"] == two["effect"]
        assert one["times"] == two["times"]


@given(changes=st.lists(any_change(days=False), max_size=8))
@settings(max_examples=60)
def test_the_times_of_any_plan_are_those_of_compare(state, base, changes):
    made = read_changes([changes[number] for number in fitting(state, changes).kept])
    results = solve_scenario(apply_scenario(base, scenario_of(state, made, title="Any")))
    for service in state.specs:
        times = results[f"{service}_s"].to_numpy(dtype=float)
        found = Session(state).answer(made, service).figures.times_s
        np.testing.assert_allclose(found, np.where(np.isnan(times), np.inf, times), atol=1e-6)


@given(changes=st.lists(any_change(days=False), min_size=1, max_size=6))
@settings(max_examples=10)
def test_the_figures_of_any_plan_are_those_that_compare_prints(study, state, drawing, changes):
    made = read_changes([changes[number] for number in fitting(state, changes).kept])
    table = compare_study(study, [scenario_of(state, made, title="Any")], show=False).tables["everybody"]
    printed = table[table["measure"] == "nearest"].set_index("service")
    for service in state.specs:
        effect = answer_json(Session(state).answer(made, service), state.figures(service), drawing)["effect"]
        row = printed.loc[service]
        names = {
            "quicker": "better",
            "slower": "worse",
            "newly_reached": "became_reached",
            "newly_lost": "became_unreached",
        }
        for ours, theirs in names.items():
            assert effect[ours] == pytest.approx(row[theirs]), (service, ours)
        assert effect["saved_min"] == pytest.approx(row["person_min_won"] - row["person_min_lost"], abs=0.01)
        for number, (into, out) in enumerate(zip(effect["into_norm"], effect["out_of_norm"], strict=True), start=1):
            assert (into, out) == (row[f"into_norm_{number}"], row[f"out_of_norm_{number}"])
