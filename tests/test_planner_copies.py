"""Services that take the sites of another: the planner follows them as compare does, and writes what compare reads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_study_tiny import STUDY, degrees, write_study

from geoaccess.errors import InputError
from geoaccess.planner import Session, read_changes
from geoaccess.planner.changes import fitting, planned
from geoaccess.planner.merging import scenario_of
from geoaccess.planner.note import plan_note
from geoaccess.planner.saving import load_plan, save_plan
from geoaccess.planner.shelf import Shelf
from geoaccess.questions.scenario_run import apply_scenario, solve_scenario
from geoaccess.study import load_study

ISLE, MIDDLE, NORTH = (
    dict(zip(("lon", "lat"), degrees(*place), strict=True)) for place in ((27.5, -9.5), (10.5, 0.5), (22.5, 10.5))
)
TEXT = STUDY.replace(
    "[services.hospital]",
    '[services.emergency]\nlabel = "Emergency"\nsites_of = "hospital"\nat_least = "high"\n\n'
    '[services.clinic]\nlabel = "Clinic"\nsites_of = "hospital"\n\n'
    '[services.hospital]\nlevels = ["low", "high"]',
)
SITES = {
    "hospital": ["hospital-west", "hospital-middle"],
    "clinic": ["clinic-west", "clinic-middle"],
    "emergency": ["emergency-west"],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("copies"), TEXT)
    sites = path.parent / "sites.csv"
    rows = [*sites.read_text().splitlines(), f"hospital-middle,hospital,middle,{MIDDLE['lon']},{MIDDLE['lat']},no"]
    levels = ["level", *("low" if "middle" in row else "high" for row in rows[1:])]
    sites.write_text("\n".join([f"{row},{level}" for row, level in zip(rows, levels, strict=True)] + [""]))
    return load_study(path)


def at(what, site, **more):
    return {"what": what, "service": site.partition("-")[0], "site": site, **more}


def new(service, place, number=1):
    return {"what": "add", "service": service, "site": f"new-{number}", "name": "N", **place}


def sites_of(state, changes):
    return {key: set(sites) for key, sites in planned(state, read_changes(changes)).sites.items() if key in SITES}


def test_the_study_has_what_the_cases_speak_of(state):
    assert sites_of(state, []) == {key: set(labels) for key, labels in SITES.items()}


@pytest.mark.parametrize(
    ("changes", "gone", "come"),
    [
        ([at("remove", "hospital-west")], {"hospital-west", "clinic-west", "emergency-west"}, {}),
        ([at("remove", "hospital-west"), at("restore", "hospital-west")], set(), {}),
        ([at("remove", "clinic-west")], {"clinic-west"}, {}),
        ([at("remove", "emergency-west"), at("remove", "hospital-west"), at("restore", "hospital-west")],
         {"emergency-west"}, {}),
        # a new hospital of which no level is known is a low one: a clinic, and no emergency hospital
        ([new("hospital", ISLE)], set(), {"new-1", "hospital-new-1"}),
        ([new("emergency", ISLE)], set(), {"new-1"}),
    ],
)  # fmt: skip
def test_copies_close_and_come_with_their_originals(state, changes, gone, come):
    found = sites_of(state, changes)
    assert {label for labels in SITES.values() for label in labels} - set().union(*found.values()) == gone
    assert {label for labels in found.values() for label in labels if "new" in label} == set(come)


def test_copies_move_and_open_with_their_originals_unless_they_do_so_themselves(state):
    moved, days = at("move", "hospital-west", **ISLE), at("days", "hospital-west", days=[1])
    sites = planned(state, read_changes([moved, days])).sites
    for label in ("hospital-west", "clinic-west", "emergency-west"):
        site = sites[label.partition("-")[0]][label]
        assert ((site.lon, site.lat), set(site.days)) == ((ISLE["lon"], ISLE["lat"]), {1})
    own = [moved, days, at("move", "clinic-west", **NORTH), at("days", "clinic-west", days=[3])]
    site = planned(state, read_changes(own)).sites["clinic"]["clinic-west"]
    assert ((site.lon, site.lat), set(site.days)) == ((NORTH["lon"], NORTH["lat"]), {3})


@pytest.mark.parametrize(
    "changes",
    [
        [at("remove", "hospital-west"), at("restore", "clinic-west")],
        [new("hospital", ISLE), {"what": "move", "service": "clinic", "site": "hospital-new-1", **NORTH}],
        [new("hospital", ISLE), {"what": "remove", "service": "clinic", "site": "hospital-new-1"}],
    ],
)
def test_what_is_a_site_of_another_service_is_changed_there(state, changes):
    with pytest.raises(InputError) as caught:
        planned(state, read_changes(changes))
    assert (caught.value.code, caught.value.number) == ("of_other_service", 1)


@st.composite
def any_change(draw):
    service = draw(st.sampled_from(sorted(SITES)))
    site = draw(st.sampled_from([*SITES[service], "new-1", "new-2"]))
    what = draw(st.sampled_from(["add", "move", "remove", "restore"]))
    named = {"what": what, "service": service, "site": site}
    if what == "add":
        named["site"] = draw(st.sampled_from(["new-1", "new-2"]))
    return named | (draw(st.sampled_from([ISLE, MIDDLE, NORTH])) if what in ("add", "move") else {})


@given(changes=st.lists(any_change(), max_size=8))
@settings(max_examples=60)
def test_the_times_of_any_plan_are_those_of_compare_and_it_is_opened_as_it_was(state, base, tmp_path_factory, changes):
    made = read_changes([changes[number] for number in fitting(state, changes).kept])
    results = solve_scenario(apply_scenario(base, scenario_of(state, made, title="Any")))
    shelf = Shelf(tmp_path_factory.mktemp("copies"))
    name = save_plan(state, shelf, made, title="Any")["name"]
    again = load_plan(state, shelf, name)
    opened = read_changes(again["changes"])
    for service in SITES:
        times = results[f"{service}_s"].fillna(float("inf")).tolist()
        for some in (made, opened):
            assert Session(state).answer(some, service).figures.times_s.tolist() == pytest.approx(times, abs=1e-6)
    text = shelf.kept(name).text
    save_plan(state, shelf, opened, title="Any", base=again["base"])
    assert shelf.kept(name).text == text


@pytest.mark.parametrize("changes", [[new("hospital", ISLE)], [at("remove", "hospital-west")]])
def test_the_note_of_such_a_plan_is_written(state, changes):
    """Of a new site without a level, and where none of a level is left."""
    for service in SITES:
        assert plan_note(state, read_changes(changes), service, title="Plan").findings
