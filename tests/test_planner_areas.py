"""What the planner says around a site, of several sites and as a note: by hand, by trying all, and as the verbs."""

from __future__ import annotations

import base64
from itertools import combinations

import numpy as np
import pytest
import shapely
from test_planner_session import at, from_scratch
from test_study_tiny import CELLS, PEOPLE, cell_id, degrees, write_study

from geoaccess import maps
from geoaccess.defaults import UNREACHED_MIN
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.planner import PlannerState, Session, read_changes
from geoaccess.planner.areas import area_minutes, areas_around, catchment_of
from geoaccess.planner.changes import planned
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.merging import scenario_of
from geoaccess.planner.note import note_html, plan_note
from geoaccess.planner.saving import load_plan, opened_from, save_plan
from geoaccess.planner.serialise import areas_json, catchment_json, several_json
from geoaccess.planner.several import suggest_several
from geoaccess.planner.shelf import Shelf
from geoaccess.planner.suggest import suggest
from geoaccess.questions.isochrones import isochrone_study
from geoaccess.questions.note.output import note_study
from geoaccess.questions.siting.placement import site_study
from geoaccess.questions.siting.question import Question
from geoaccess.scenarios import read_scenario, write_scenario
from geoaccess.study import load_study, solve_study

UNREACHED_S = 60 * UNREACHED_MIN
FERRY = {"what": "close", "way": 8}
EAST = {"what": "remove", "service": "gp", "site": "gp-east"}
ISLE = {"what": "add", "service": "gp", "site": "new-1", "name": "Isle", **at((27.5, -9.5))}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return PlannerState(solve_study(load_study(write_study(tmp_path_factory.mktemp("areas"))), show=False))


def around(state, changes, service="gp", **about):
    return areas_around(Session(state), read_changes(changes), service, **about)


# ---- areas


def test_areas_are_those_of_the_norms_or_of_fifteen_to_sixty_minutes(tiny):
    assert area_minutes(tiny, "gp") == (2.5, 5, 10)  # one norm, and a half and a quarter of it
    assert area_minutes(tiny, "hospital") == (20, 60)
    assert area_minutes(tiny, "birth_unit") == (15, 30, 60)
    with pytest.raises(InputError, match="pg"):
        area_minutes(tiny, "pg")


@pytest.mark.parametrize("service", ["hospital", "ambulance_base"])
def test_areas_of_a_site_are_those_of_the_verb(tiny, service):
    site, name = {"hospital": ("hospital-west", "west"), "ambulance_base": ("ambulance_base-middle", "middle")}[service]
    ours = around(tiny, [], service, site=site)
    asked = {"minutes": ours["minutes"].tolist(), "sites": [name], "answers": tiny.answers}
    verb = isochrone_study(tiny.study, service, **asked).table
    for column in ("people", "share"):
        assert ours[column].tolist() == verb[column].tolist()
    assert ours["area_km2"].to_numpy() == pytest.approx(verb["area_km2"].to_numpy(), rel=0.1)  # borders are simpler


def test_people_of_the_areas_are_those_who_reach_this_site_in_time(tiny):
    """West alone, and whoever comes to it: the times of a plan in which every other site is closed."""
    times = from_scratch(tiny, [EAST])
    found = around(tiny, [], site="gp-west")
    for row in found.itertuples():
        assert row.people == tiny.people[times <= 60 * row.minutes].sum() > 0
    times = tiny.answers.results["hospital_s"].to_numpy()
    found = around(tiny, [], "hospital", site="hospital-west")
    assert found["people"].tolist() == [tiny.people[times <= 60 * minutes].sum() for minutes in (20, 60)]
    assert found["people"].iloc[0] < found["people"].iloc[1]


def test_areas_of_a_place_are_those_of_a_site_that_is_added_there(tiny):
    there = around(tiny, [ISLE], site="new-1")
    here = around(tiny, [], place=(ISLE["lon"], ISLE["lat"]))
    assert here.drop(columns="geometry").equals(there.drop(columns="geometry"))
    assert here.geometry.geom_equals(there.geometry).all()


def test_what_the_plan_closes_bounds_the_areas(tiny):
    place = {"place": degrees(22.5, 0.5)}
    isle = shapely.Point(degrees(27.5, -9.5))
    for changes, reached in (([], True), ([FERRY], False)):
        found = around(tiny, changes, "hospital", **place)
        assert found.geometry.iloc[-1].intersects(isle) == reached
        assert found["people"].iloc[-1] == around(tiny, [], "hospital", **place)["people"].iloc[-1] - (
            0 if reached else PEOPLE["isle"]
        )


def test_areas_as_values(tiny):
    (short, *_, long) = areas_json(around(tiny, [], site="gp-east"))
    assert short["minutes"] < long["minutes"]
    inside = shapely.MultiPolygon([shapely.Polygon(ring) for ring in long["rings"]])
    assert inside.intersects(shapely.Point(degrees(22.5, 0.5)))


@pytest.mark.parametrize(
    ("about", "said"),
    [({"site": "gp-west-2"}, "gp-west-2"), ({"place": (0.0, 0.0)}, "no road"), ({}, "a site or a place")],
)
def test_areas_of_nothing_are_refused(tiny, about, said):
    with pytest.raises(GeoaccessError, match=said):
        around(tiny, [], **about)


def test_a_site_that_the_plan_closed_has_no_areas(tiny):
    with pytest.raises(InputError, match="gp-east"):
        around(tiny, [EAST], site="gp-east")


# ---- catchments


def test_catchments_are_who_goes_where(tiny):
    session, results = Session(tiny), tiny.answers.results
    norm = tiny.limits["gp"][0]
    for site in ("gp-west", "gp-east"):
        found = catchment_of(session, [], "gp", site)
        mine = (results["gp_site"].astype(str) == site).to_numpy()
        times = results["gp_s"].to_numpy()
        assert found.cells.tolist() == mine.tolist()
        assert found.people == tiny.people[mine].sum() > 0
        assert found.within == (tiny.people[mine & (times <= norm)].sum(),)
        assert found.mean_s == pytest.approx(np.average(times[mine], weights=tiny.people[mine]))


def test_for_a_catchment_the_plan_is_worked_out_once(tiny, monkeypatch):
    made = []

    def counted(state, changes):
        made.append(changes)
        return planned(state, changes)

    for room in ("areas", "session"):
        monkeypatch.setattr(f"geoaccess.planner.{room}.planned", counted)
    catchment_of(Session(tiny), read_changes([ISLE]), "gp", "new-1")
    assert len(made) == 1


def test_a_catchment_follows_the_plan(tiny):
    session = Session(tiny)
    isle = tiny.answers.results.index.get_loc(cell_id("isle"))
    before = catchment_of(session, [], "gp", "gp-east")
    after = catchment_of(session, read_changes([ISLE]), "gp", "gp-east")
    own = catchment_of(session, read_changes([ISLE]), "gp", "new-1")
    assert before.cells[isle]
    assert not after.cells[isle]
    assert (own.people, own.cells.sum(), own.within) == (PEOPLE["isle"], 1, (PEOPLE["isle"],))
    assert before.people == after.people + own.people


def test_a_catchment_holds_for_the_days_on_which_people_go_there(tiny):
    """On Monday and Tuesday the isle goes to its own site, on three days over to East."""
    session, changes = Session(tiny), read_changes([{**ISLE, "days": [0, 1]}])
    own, east = (catchment_of(session, changes, "gp", site) for site in ("new-1", "gp-east"))
    isle = tiny.answers.results.index.get_loc(cell_id("isle"))
    assert own.cells[isle]
    assert east.cells[isle]
    assert own.mean_s == pytest.approx(0, abs=0.5)
    assert east.people == catchment_of(session, [], "gp", "gp-east").people


def test_a_site_that_nobody_goes_to(tiny):
    found = catchment_of(Session(tiny), [], "birth_unit", "birth_unit-holm")
    assert found.people == PEOPLE["holm"]
    beside = {**ISLE, "service": "birth_unit", **at((7.0, 2.4))}  # on a track that leads nowhere
    empty = catchment_of(Session(tiny), read_changes([beside]), "birth_unit", "new-1")
    if empty.people == 0:
        assert np.isnan(empty.mean_s)
    with pytest.raises(InputError, match="nowhere"):
        catchment_of(Session(tiny), [], "gp", "nowhere")


def test_a_catchment_as_values(tiny):
    drawing = Drawing(tiny)
    found = catchment_of(Session(tiny), [], "gp", "gp-east")
    values = catchment_json(drawing, "gp", found)
    lit = np.frombuffer(base64.b64decode(values["squares"]["data"]), np.uint8)
    assert lit.astype(bool).tolist() == found.cells[drawing.chief].tolist()


# ---- several sites together


def worth(state, changes, cells, objective):
    """What sites in some cells bring, everything searched anew: lower is better."""
    added = [
        {**ISLE, "site": f"new-{77 + i}", "lon": float(state.lon[cell]), "lat": float(state.lat[cell])}
        for i, cell in enumerate(cells)
    ]
    times = from_scratch(state, [*changes, *added])
    if objective == "minutes":
        return state.people @ np.where(np.isfinite(times), times, UNREACHED_S)
    return -state.people[times <= state.limits["gp"][0]].sum()


@pytest.mark.parametrize("objective", ["minutes", "norm_0"])
@pytest.mark.parametrize("changes", [[], [EAST]])
def test_no_other_places_are_better_together(tiny, objective, changes):
    there = np.flatnonzero((tiny.roads.snapped.cells["edge"] >= 0).to_numpy())
    found = suggest_several(Session(tiny), read_changes(changes), "gp", objective=objective, most=3)
    assert found[0].places == []
    assert len(found) >= 3
    for number, one in enumerate(found[1:], start=1):
        assert one.gap == 0
        assert len(one.places) == number
        best = min(worth(tiny, changes, cells, objective) for cells in combinations(there, number))
        assert worth(tiny, changes, [place.cell for place in one.places], objective) == pytest.approx(best, rel=1e-6)


def test_what_is_said_of_several_is_what_the_plan_with_them_says(tiny):
    session = Session(tiny)
    found = suggest_several(session, [], "gp", most=3)
    norm = tiny.limits["gp"][0]
    reached = np.isfinite(from_scratch(tiny, []))
    for one in found[1:]:
        reached |= np.isfinite(from_scratch(tiny, added(tiny, one)))
    for one in found:
        times = from_scratch(tiny, added(tiny, one))
        assert one.within == (tiny.people[times <= norm].sum(),)
        mean = np.average(np.where(np.isfinite(times), times, UNREACHED_S)[reached], weights=tiny.people[reached]) / 60
        assert one.mean_min == pytest.approx(mean, abs=0.01)
    means = [one.mean_min for one in found]
    assert means == sorted(means, reverse=True)
    before = session.answer([], "gp").figures.times_s  # asking has changed nothing
    study = tiny.answers.results["gp_s"].to_numpy()
    np.testing.assert_array_equal(before, np.where(np.isnan(study), np.inf, study))


def added(state, one):
    return [{**ISLE, "site": f"new-{77 + i}", "lon": place.lon, "lat": place.lat} for i, place in enumerate(one.places)]


def test_several_are_the_answer_of_the_command(tiny):
    found = suggest_several(Session(tiny), [], "gp", most=2)[2]
    verb = site_study(tiny.study, Question("gp", add=2), answers=tiny.answers, show=False)
    ids = [str(tiny.answers.results.index[place.cell]) for place in found.places]
    assert sorted(ids) == sorted(verb.places["candidate"])
    assert sum(place.effect.became_reached for place in found.places) == verb.places["newly_reached"].sum()


def test_with_days_each_place_is_the_best_after_those_before_it(tiny):
    changes = read_changes([{"what": "days", "service": "gp", "site": "gp-east", "days": [2]}])
    session = Session(tiny)
    found = suggest_several(session, changes, "gp", most=2)
    assert [one.gap for one in found] == [0, 0, None]
    first = suggest(session, changes, "gp", count=1).places[0]
    assert found[1].places[0].cell == found[2].places[0].cell == first.cell
    place = {"lon": first.lon, "lat": first.lat}
    then = suggest(session, [*changes, *read_changes([{**ISLE, **place}])], "gp", count=1).places[0]
    assert found[2].places[1].cell == then.cell


def test_a_large_region_chooses_one_place_after_the_other(tiny, monkeypatch):
    monkeypatch.setattr("geoaccess.planner.several._MOST_PAIRS", 0)
    found = suggest_several(Session(tiny), [], "gp", most=3)
    exact = worth(tiny, [], [place.cell for place in found[1].places], "minutes")
    there = np.flatnonzero((tiny.roads.snapped.cells["edge"] >= 0).to_numpy())
    assert exact == min(worth(tiny, [], [cell], "minutes") for cell in there)
    assert [one.gap for one in found[2:]] == [None] * (len(found) - 2)


def test_more_places_than_bring_anything_are_not_proposed(tiny, monkeypatch):
    found = suggest_several(Session(tiny), [], "gp", most=5, objective="norm_0")
    shares = [one.within[0] for one in found]
    assert shares == sorted(set(shares))
    monkeypatch.setitem(tiny.__dict__, "districts", np.zeros(len(CELLS), dtype=bool))
    assert [one.places for one in suggest_several(Session(tiny), [], "gp", objective="districts")] == [[]]


def test_several_as_values(tiny):
    values = several_json(tiny, "gp", "norm_0", suggest_several(Session(tiny), [], "gp", objective="norm_0", most=2))
    assert values["norm_s"] == [600]
    assert values["people"] == sum(PEOPLE.values())
    for one in values["steps"]:
        assert one["within"] == values["steps"][0]["within"] + sum(place["within_norm"] for place in one["places"])


# ---- the note


def test_the_note_of_a_plan_is_that_of_the_saved_plan(tiny, tmp_path):
    changes = read_changes([ISLE, EAST, FERRY])
    ours = note_html(plan_note(tiny, changes, "gp", title="An office on the isle"))
    path = tmp_path / "plan.toml"
    write_scenario(scenario_of(tiny, changes, title="An office on the isle"), path)
    maps.note_page(tmp_path / "note.html", note=note_study(tiny.study, [read_scenario(path)], service="gp", show=False))
    assert ours == (tmp_path / "note.html").read_bytes()
    assert b"An office on the isle" in ours


@pytest.mark.parametrize("changes", [[], [EAST, {"what": "restore", "service": "gp", "site": "gp-east"}]])
def test_a_plan_without_changes_gives_the_note_of_today(tiny, changes):
    ours = plan_note(tiny, read_changes(changes), "hospital")
    theirs = note_study(tiny.study, service="hospital", show=False)
    assert ours.heading == theirs.heading
    assert [one.text for one in ours.findings] == [one.text for one in theirs.findings]


def test_the_note_is_in_the_language_of_the_page(tiny):
    note = plan_note(tiny, read_changes([ISLE]), "gp", language="nb")
    assert note.language == "nb"
    assert note.heading == "Plan uten navn"
    assert "innbyggere" in note.findings[0].text
    assert tiny.study.settings.language == "en"
    with pytest.raises(InputError, match="sv"):
        plan_note(tiny, [], "gp", language="sv")


OFFICE = f"""[[add]]
service = "gp"
name = "Isle"
lon = {ISLE["lon"]}
lat = {ISLE["lat"]}
days_per_week = 2.5
capacity = 900
"""
SLOW = "[[slow]]\nosm_id = 1\nfactor = 2.5\n"
NETWORK = '[network]\nprofile = "car"\n'


def opened(state, folder, text):
    """Put a plan into a folder and open it; return the folder, the plan, and what its note is asked with."""
    shelf = Shelf(folder)
    folder.mkdir()
    (folder / "winter.toml").write_text(f'title = {{ en = "Winter", nb = "Vinter" }}\n{text}')
    plan = load_plan(state, shelf, "winter")
    written, adds = opened_from(shelf, plan["base"])
    return shelf, plan, {"title": plan["title"], "text": written, "adds": adds}


def findings(note):
    return [one.text for one in note.findings]


@pytest.mark.parametrize("more", [[], [{"what": "close", "way": 8}]])
@pytest.mark.parametrize("text", [SLOW, NETWORK, OFFICE, SLOW + OFFICE + NETWORK])
def test_the_note_of_an_opened_plan_is_that_of_its_file(tiny, tmp_path, text, more):
    """Also of what the page neither shows nor edits, and where that is all that the plan says."""
    shelf, plan, given = opened(tiny, tmp_path / "plans", text)
    changes = read_changes([*plan["changes"], *more])
    ours = plan_note(tiny, changes, "gp", **given)
    save_plan(tiny, shelf, changes, title="Winter", base=plan["base"])
    saved = read_scenario(shelf.folder / "winter.toml")
    theirs = note_study(tiny.study, [saved], service="gp", show=False)
    assert (ours.heading, findings(ours)) == (theirs.heading, findings(theirs))
    assert note_html(ours) == note_html(theirs)
    if SLOW in text:
        without = plan_note(tiny, changes, "gp", title="Winter")
        assert findings(without) != findings(ours)


def test_the_note_of_an_opened_plan_is_in_the_language_of_the_page(tiny, tmp_path):
    _, plan, given = opened(tiny, tmp_path / "plans", SLOW)
    note = plan_note(tiny, read_changes(plan["changes"]), "gp", language="nb", **given)
    assert note.heading == "Vinter"


@pytest.mark.parametrize(
    "text", ['[[close]]\npolygon = "flood.geojson"\n', '[population]\nyear = 2040\nfile = "flood.geojson"\n']
)
def test_no_note_of_a_plan_that_names_files(tiny, tmp_path, text):
    """Without the people or the area of a file it would be the note of another plan."""
    _, plan, given = opened(tiny, tmp_path / "plans", text)
    with pytest.raises(InputError, match=r"names files \(flood.geojson\).*geoaccess note"):
        plan_note(tiny, read_changes(plan["changes"]), "gp", **given)
