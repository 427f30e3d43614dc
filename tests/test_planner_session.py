"""The planner without its page: answers equal solving from scratch, whatever was asked before."""

from __future__ import annotations

import base64
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_study_tiny import FERRY, FURTHER, ISLE, MAIN, PEOPLE, STEEP, cell_id, degrees, write_study

from geoaccess import equity, measures
from geoaccess.defaults import UNREACHED_MIN
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.network import snap
from geoaccess.planner import PlannerState, Session, read_changes
from geoaccess.planner.changes import planned
from geoaccess.planner.drawing import CHANGE_EDGES_MIN, Drawing
from geoaccess.planner.export import plan_table
from geoaccess.planner.merging import scenario_of
from geoaccess.planner.saved import open_scenario
from geoaccess.planner.saving import save_plan
from geoaccess.planner.serialise import answer_json
from geoaccess.planner.shelf import Shelf, slug
from geoaccess.planner.suggest import APART_M, suggest
from geoaccess.questions.siting.placement import site_study
from geoaccess.questions.siting.question import Question
from geoaccess.routing import nearest_snapped
from geoaccess.scenarios import apply_to_network, apply_to_sites, close_network, edges_of_ways
from geoaccess.scenarios.effect import effect_on_people
from geoaccess.study import load_study, solve_study

CAR_FERRY = 8
UNREACHED_S = 60 * UNREACHED_MIN
KEYS = list(PEOPLE)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    study = load_study(write_study(tmp_path_factory.mktemp("planner")))
    return PlannerState(solve_study(study, show=False))


@pytest.fixture(scope="module")
def iceland(iceland_solved):
    return PlannerState(iceland_solved)


def at(key_or_km):
    lon, lat = degrees(*key_or_km)
    return {"lon": lon, "lat": lat}


def add(label, place, **more):
    return {"what": "add", "service": "gp", "site": label, **place, **more}


def row_of(state, key):
    return state.answers.results.index.get_loc(cell_id(key))


def times(state, changes, service="gp"):
    return Session(state).answer(read_changes(changes), service).figures.times_s


def from_scratch(state, changes, service="gp"):
    """Mean over the weekdays of the nearest open office, each day searched anew without the closed ways."""
    plan = planned(state, read_changes(changes))
    roads, start_s = state.roads_of(service), state.start_s(service)
    network = close_network(roads.network, edges_of_ways(roads.network, sorted(plan.closed)))
    total = np.zeros(len(state.people))
    for day in range(5):
        sites = {label: site for label, site in plan.sites[service].items() if day in site.days}
        if not sites:
            return np.full(len(state.people), np.inf)
        points = gpd.GeoSeries.from_xy(
            [site.lon for site in sites.values()], [site.lat for site in sites.values()], index=[*sites], crs=4326
        )
        placed = snap(roads.network, points, **roads.snapping)
        found = nearest_snapped(network, roads.snapped.cells, placed, k=1, direction=state.specs[service].direction)
        time = found["travel_time_s"].to_numpy() + start_s
        total += np.where(np.isnan(time), np.inf, time)
    return total / 5


# ---- by hand, on a country of eight cells


def test_with_no_change_the_answer_is_that_of_the_study(tiny):
    for service in tiny.specs:
        study = tiny.answers.results[f"{service}_s"].to_numpy()
        np.testing.assert_array_equal(times(tiny, [], service), np.where(np.isnan(study), np.inf, study))


def test_an_office_that_closes_sends_people_to_the_next(tiny):
    found = times(tiny, [{"what": "remove", "service": "gp", "site": "gp-east"}])
    assert found[row_of(tiny, "north")] == pytest.approx(STEEP + FURTHER + MAIN, abs=0.5)
    assert found[row_of(tiny, "middle")] == pytest.approx(MAIN, abs=0.5)


def test_an_office_on_an_island_serves_it(tiny):
    found = times(tiny, [add("new-1", at((27.5, -9.5)))])
    assert found[row_of(tiny, "isle")] == pytest.approx(0, abs=0.5)
    assert found[row_of(tiny, "north")] == pytest.approx(STEEP, abs=0.5)


def test_a_ferry_that_closes_cuts_off_its_island_and_nobody_else(tiny):
    base, found = times(tiny, []), times(tiny, [{"what": "close", "way": CAR_FERRY}])
    isle = row_of(tiny, "isle")
    assert base[isle] == pytest.approx(ISLE + FERRY, abs=0.5)
    assert found[isle] == np.inf
    np.testing.assert_array_equal(np.delete(found, isle), np.delete(base, isle))


def test_a_part_time_office_is_expected_time_over_five_days(tiny):
    found = times(tiny, [add("new-1", at((27.5, -9.5)), days=[1, 3])])
    assert found[row_of(tiny, "isle")] == pytest.approx(3 / 5 * (ISLE + FERRY), abs=0.5)


def test_part_time_where_nothing_else_is_reached_is_not_reached_every_day(tiny):
    """Holm has the only birth unit: on the three days that it is closed nobody there reaches one."""
    shut = [{"what": "days", "service": "birth_unit", "site": "birth_unit-holm", "days": [0, 1]}]
    assert times(tiny, shut, "birth_unit")[row_of(tiny, "holm")] == np.inf


def test_no_office_left_is_nobody_reached(tiny):
    changes = [{"what": "remove", "service": "gp", "site": f"gp-{name}"} for name in ("west", "east")]
    answer = Session(tiny).answer(read_changes(changes), "gp")
    assert np.isinf(answer.figures.times_s).all()
    assert answer.figures.everybody.reached.sum() == 0
    assert np.isnan(answer.figures.equity["gini"])


def effect(state, service, before, after):
    norms_s = state.limits[service]
    return effect_on_people(state.people, before.times_s, after.times_s, norms_s=norms_s)


def test_the_effect_counts_people(tiny):
    session = Session(tiny)
    base = tiny.figures("gp")
    found = effect(tiny, "gp", base, session.answer(read_changes([add("new-1", at((27.5, -9.5)))]), "gp").figures)
    assert found.shorter == PEOPLE["isle"]
    assert found.longer == found.became_reached == found.became_unreached == 0
    assert found.person_min_saved == pytest.approx(PEOPLE["isle"] * (ISLE + FERRY) / 60, abs=1)
    assert found.into_norm == (PEOPLE["isle"],)
    lost = effect(tiny, "gp", base, session.answer(read_changes([{"what": "close", "way": CAR_FERRY}]), "gp").figures)
    assert lost.became_unreached == PEOPLE["isle"]
    assert lost.person_min_saved == 0


def test_the_route_of_a_cell_adds_up_and_names_the_ferry(tiny):
    [journey] = Session(tiny).journeys([], "gp", row_of(tiny, "isle"))
    assert journey.site == "gp-east"
    assert journey.days == [0, 1, 2, 3, 4]
    assert sum(part["time_s"] for part in journey.parts) == pytest.approx(journey.time_s)
    assert {part["part"] for part in journey.parts} == {"road", "crossing", "wait"}
    assert "Car ferry" in {part["detail"] for part in journey.parts}


def test_routes_differ_by_weekday(tiny):
    changes = read_changes([add("new-1", at((27.5, -9.5)), days=[1, 3])])
    found = Session(tiny).journeys(changes, "gp", row_of(tiny, "isle"))
    assert [(journey.days, journey.site) for journey in found] == [([0, 2, 4], "gp-east"), ([1, 3], "new-1")]


def test_who_reaches_nothing_has_no_route(tiny):
    assert Session(tiny).journeys([], "gp", row_of(tiny, "holm")) == []


# ---- laws, on random lists of changes

PLACES = st.sampled_from(
    [(0.5, 0.5), (5.5, 0.5), (10.5, 0.5), (16.0, 0.5), (22.5, 5.0), (22.5, 10.5), (27.5, -9.5), (15.5, -9.5)]
)
DAYS = st.sets(st.integers(0, 4), min_size=1).map(sorted)
LABELS = st.sampled_from(["gp-west", "gp-east", "new-1", "new-2"])
CHANGE = st.one_of(
    st.builds(lambda label, place, days: add(label, at(place), days=days), LABELS, PLACES, DAYS),
    st.builds(lambda label, place: {"what": "move", "service": "gp", "site": label, **at(place)}, LABELS, PLACES),
    st.builds(
        lambda what, label: {"what": what, "service": "gp", "site": label},
        st.sampled_from(["remove", "restore"]),
        LABELS,
    ),
    st.builds(lambda label, days: {"what": "days", "service": "gp", "site": label, "days": days}, LABELS, DAYS),
    st.builds(
        lambda what, way: {"what": what, "way": way}, st.sampled_from(["close", "open"]), st.sampled_from([1, 2, 8])
    ),
)


def possible(state, changes):
    """Keep those changes that can be made after those before them."""
    kept = []
    for change in changes:
        try:
            planned(state, read_changes([*kept, change]))
        except GeoaccessError:
            continue
        kept.append(change)
    return kept


@given(changes=st.lists(CHANGE, max_size=8))
@settings(max_examples=40)
def test_answers_equal_solving_from_scratch(tiny, changes):
    kept = possible(tiny, changes)
    session = Session(tiny)
    for count in range(len(kept) + 1):  # step by step, so that fields follow in place
        found = session.answer(read_changes(kept[:count]), "gp").figures.times_s
        np.testing.assert_allclose(found, from_scratch(tiny, kept[:count]), atol=1e-6)


@given(changes=st.lists(CHANGE, max_size=6), visits=st.lists(st.integers(0, 6), max_size=12))
@settings(max_examples=40)
def test_what_was_asked_before_leaves_no_trace(tiny, changes, visits):
    """Undo, redo, undo of all and any jump between give what a fresh session gives, to the bit."""
    kept = possible(tiny, changes)
    session = Session(tiny)
    for visit in [*visits, len(kept)]:
        some = read_changes(kept[: min(visit, len(kept))])
        np.testing.assert_array_equal(
            session.answer(some, "gp").figures.times_s, Session(tiny).answer(some, "gp").figures.times_s
        )


@given(changes=st.lists(CHANGE, max_size=6))
@settings(max_examples=30)
def test_routes_add_up_to_the_times(tiny, changes):
    kept = read_changes(possible(tiny, changes))
    session = Session(tiny)
    for service in ("gp", "ambulance_base"):
        found = session.answer(kept, service).figures.times_s
        for cell in range(len(KEYS)):
            journeys = session.journeys(kept, service, cell)
            for journey in journeys:
                assert sum(part["time_s"] for part in journey.parts) == pytest.approx(journey.time_s, abs=0.051)
            if np.isfinite(found[cell]):
                mean = sum(len(journey.days) * journey.time_s for journey in journeys) / 5
                assert mean == pytest.approx(found[cell])


@given(changes=st.lists(CHANGE, max_size=6))
@settings(max_examples=30)
def test_a_saved_plan_comes_back_the_same(tiny, tmp_path_factory, changes):
    kept = read_changes(possible(tiny, changes))
    shelf = Shelf(tmp_path_factory.mktemp("plans"))
    name = save_plan(tiny, shelf, kept, title="Any plan: «æøå»")["name"]
    opened = open_scenario(tiny, shelf.scenario(shelf.kept(name)))
    again = opened.changes
    assert opened.not_shown == []
    np.testing.assert_allclose(times(tiny, again), Session(tiny).answer(kept, "gp").figures.times_s)
    assert planned(tiny, read_changes(again)).closed == planned(tiny, kept).closed


@given(changes=st.lists(CHANGE, max_size=6))
@settings(max_examples=30)
def test_a_saved_plan_means_the_same_to_scenarios(tiny, changes):
    """What `geoaccess compare` does with the file: its sites on its network; it knows no weekdays."""
    kept = [change for change in possible(tiny, changes) if change["what"] != "days"]
    kept = [{key: value for key, value in change.items() if key != "days"} for change in possible(tiny, kept)]
    kept = possible(tiny, kept)
    scenario = scenario_of(tiny, read_changes(kept), title="plan")
    sites = apply_to_sites(scenario, tiny.answers.sites)
    sites = sites[sites["service"] == "gp"]
    if sites.empty:
        return
    roads = apply_to_network(scenario, tiny.network)
    placed = snap(roads.places, sites, **tiny.roads.snapping)
    found = nearest_snapped(roads.network, tiny.roads.snapped.cells, placed, k=1)["travel_time_s"].to_numpy()
    np.testing.assert_allclose(times(tiny, kept), np.where(np.isnan(found), np.inf, found), atol=1e-6)


# ---- on a real country


def random_changes(state, rng, count):
    labels, cars = list(state.plan.sites["gp"]), state.network.ferries["cars"]
    ways = [*state.network.ferries.loc[cars, "way_id"], *rng.choice(state.network.way_id, 10)]
    cells = np.flatnonzero((state.roads.snapped.cells["edge"] >= 0).to_numpy())
    found = []
    for number in range(count):
        cell = rng.choice(cells)
        place = {"lon": float(state.lon[cell]), "lat": float(state.lat[cell])}
        site = {"service": "gp", "site": labels[rng.integers(len(labels))]}
        found.append(
            [
                add(f"new-{number}", place, days=sorted(rng.choice(5, rng.integers(1, 6), replace=False).tolist())),
                {"what": "move", **site, **place},
                {"what": "remove", **site},
                {"what": "days", **site, "days": [int(rng.integers(5))]},
                {"what": "close", "way": int(ways[rng.integers(len(ways))])},
            ][rng.integers(5)]
        )
    return possible(state, found)


@pytest.mark.parametrize("seed", range(3))
def test_answers_equal_solving_from_scratch_in_iceland(iceland, seed):
    changes = random_changes(iceland, np.random.default_rng(seed), 14)
    session = Session(iceland)
    for count in [*range(0, len(changes) + 1, 4), len(changes), 2]:
        found = session.answer(read_changes(changes[:count]), "gp").figures.times_s
        np.testing.assert_allclose(found, from_scratch(iceland, changes[:count]), atol=1e-6)


@pytest.mark.parametrize("service", ["gp", "hospital", "ambulance_base"])
def test_figures_are_those_of_measures_and_equity(iceland, service):
    changes = read_changes(random_changes(iceland, np.random.default_rng(5), 10))
    figures = Session(iceland).answer(changes, service).figures
    spec = iceland.specs[service]
    reached = np.isfinite(figures.times_s)
    results = pd.DataFrame(
        {
            "population": iceland.people,
            "centrality_class": iceland.answers.results["centrality_class"],
            "municipality_id": iceland.answers.results["municipality_id"],
            "municipality": iceland.answers.results["municipality"],
            f"{service}_s": figures.times_s,
            f"{service}_reason": np.where(reached, "", "no_site_reachable"),
        }
    )
    if spec.norm_column:
        results[spec.norm_column] = iceland.answers.results[spec.norm_column].to_numpy()
    zonings = [
        (None, figures.everybody),
        ("centrality_class", figures.classes),
        (["municipality_id", "municipality"], figures.municipalities),
    ]
    for by, group in zonings:
        table = measures.summarise_services(results, services=[spec], by=by)
        norms = measures.norm_table_of_services(results, services=[spec], by=by)
        np.testing.assert_allclose(group.people, table["population"])
        np.testing.assert_allclose(group.reached, table["reached"])
        np.testing.assert_allclose(group.mean_s, table["mean_s"])
        if group.median_s is not None:
            np.testing.assert_allclose(group.median_s, table["median_s"])
            np.testing.assert_allclose(group.p90_s, table["p90_s"])
        number = norms.groupby(norms["norm_s"].fillna(0), sort=False).ngroup()
        for place, inside in enumerate(group.within):
            np.testing.assert_allclose(inside, norms.loc[number == place, "people_within"])
    contrast = measures.class_contrast_of_services(
        measures.summarise_services(results, services=[spec], by="centrality_class")
    ).iloc[0]
    assert figures.equity["gap_s"] == pytest.approx(contrast["mean_gap_s"])
    assert figures.equity["ratio"] == pytest.approx(contrast["mean_ratio"])
    counted = reached & (iceland.people > 0)
    values, people = figures.times_s[counted], iceland.people[counted]
    assert figures.equity["gini"] == pytest.approx(equity.gini(values, weights=people))
    theil = equity.theil_t(values, weights=people)
    assert figures.equity["theil"] == pytest.approx(theil)
    assert figures.equity["theil_within"] + figures.equity["theil_between"] == pytest.approx(theil)


def brute_force(state, changes, service, cells):
    """What an office at each cell brings, each solved anew: seconds, people within the norm, seconds in districts."""
    base = from_scratch(state, changes, service)
    before = np.where(np.isfinite(base), base, UNREACHED_S)
    districts = (state.answers.results["centrality_class"] >= 4).fillna(value=False).to_numpy(bool)
    found = {}
    for cell in cells:
        place = {"lon": float(state.lon[cell]), "lat": float(state.lat[cell])}
        one = {**add("new-77", place), "service": service}
        after = from_scratch(state, [*changes, one], service)
        won = state.people * (before - np.where(np.isfinite(after), after, UNREACHED_S))
        norm = state.limits[service][0]
        found[cell] = (won.sum(), state.people[(base > norm) & (after <= norm)].sum(), won[districts].sum())
    return found


@pytest.mark.parametrize("days", [[0, 1, 2, 3, 4], [2]])
def test_no_cell_is_better_than_the_one_proposed(tiny, days):
    changes = [{"what": "days", "service": "gp", "site": "gp-east", "days": days}]
    every = brute_force(tiny, changes, "gp", np.flatnonzero((tiny.roads.snapped.cells["edge"] >= 0).to_numpy()))
    for objective, part in (("minutes", 0), ("norm_0", 1), ("districts", 2)):
        found = suggest(Session(tiny), read_changes(changes), "gp", objective=objective)
        assert found.tried == found.all == len(KEYS)
        best = found.places[0]
        assert every[best.cell][part] == pytest.approx(max(worth[part] for worth in every.values()), rel=1e-6)
        assert best.gain * (1 if part == 1 else 60) == pytest.approx(every[best.cell][part], rel=1e-3)
        assert best.effect.into_norm[0] == every[best.cell][1]


def test_a_proposal_in_iceland_brings_what_it_says(iceland):
    session = Session(iceland)
    changes = read_changes(random_changes(iceland, np.random.default_rng(9), 6))
    before = session.answer(changes, "hospital").figures
    found = suggest(session, changes, "hospital")
    assert len(found.places) == 5
    for place in found.places:
        one = add("new-9", {"lon": place.lon, "lat": place.lat})
        after = session.answer([*changes, *read_changes([{**one, "service": "hospital"}])], "hospital").figures
        got = effect(iceland, "hospital", before, after)
        assert got.person_min_saved == pytest.approx(place.effect.person_min_saved, rel=1e-3)
        assert got.became_reached == place.effect.became_reached
        assert got.into_norm == pytest.approx(place.effect.into_norm)
    gains = [place.gain for place in found.places]
    assert gains == sorted(gains, reverse=True)
    x, y = iceland.x[[place.cell for place in found.places]], iceland.y[[place.cell for place in found.places]]
    assert (np.hypot(x[:, None] - x, y[:, None] - y)[~np.eye(5, dtype=bool)] >= APART_M).all()


OBJECTIVES = [("minutes", "minutes"), ("norm_0", "norm")]


def assert_one_answer(state, changes, service, objective, scenario=None):
    """*Suggest place* and `geoaccess site --add 1` name one place and say the same of it."""
    ours, theirs = objective
    spec = state.specs[service]
    norm_min = None if spec.norm_column else spec.norms_s[0] / 60
    question = Question(service, add=1, objective=theirs, norm_min=norm_min)
    verb = site_study(state.study, question, answers=state.answers, scenario=scenario, show=False).places.iloc[0]
    found = suggest(Session(state), changes, service, objective=ours)
    first = found.places[0]
    assert found.tried == found.all
    assert str(state.answers.results.index[first.cell]) == verb["candidate"]
    assert (first.lon, first.lat) == pytest.approx((verb["lon"], verb["lat"]), abs=1e-6)
    saved = verb["person_minutes_saved"]
    assert first.effect.person_min_saved == pytest.approx(saved, rel=1e-6, abs=1e-3)
    assert first.effect.became_reached == pytest.approx(verb["newly_reached"])
    reachable = state.people[(state.roads.snapped.cells["edge"] >= 0).to_numpy()].sum()
    if theirs == "minutes":  # the mean over all whom some candidate can reach
        assert first.gain == pytest.approx(-verb["adds"] * reachable, rel=1e-6)
    else:
        assert first.gain == pytest.approx(verb["adds"] * state.people.sum(), rel=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("service", ["gp", "hospital", "ambulance_base"])
def test_the_command_and_the_planner_propose_one_place_in_iceland(iceland, service, objective):
    assert_one_answer(iceland, [], service, objective)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_command_and_the_planner_propose_one_place_in_a_plan(iceland, objective):
    sites = list(iceland.plan.sites["gp"])
    ferries = iceland.network.ferries
    changes = read_changes(
        [
            {"what": "remove", "service": "gp", "site": sites[0]},
            {"what": "remove", "service": "gp", "site": sites[7]},
            add("new-1", {"lon": float(iceland.lon[500]), "lat": float(iceland.lat[500])}, name="New"),
            {"what": "close", "way": int(ferries.loc[ferries["cars"], "way_id"].iloc[0])},
        ]
    )
    assert_one_answer(iceland, changes, "gp", objective, scenario_of(iceland, changes, title="plan"))


def test_the_most_promising_candidates_first_and_all_of_them_give_one_answer(iceland, monkeypatch):
    """In a large region the bounds leave out only what could not have been proposed."""
    third = list(iceland.plan.sites["gp"])[::3]
    shut = [{"what": "days", "service": "gp", "site": site, "days": [1, 3]} for site in third]
    for changes in ([], read_changes(shut)):
        for objective in ("minutes", "districts"):
            every = suggest(Session(iceland), changes, "gp", objective=objective)
            with monkeypatch.context() as patch:
                patch.setattr("geoaccess.planner.suggest._MOST_PAIRS", 0)
                patch.setattr("geoaccess.planner.suggest._BATCH", 0)
                few = suggest(Session(iceland), changes, "gp", objective=objective, seconds=120)
            assert few.tried == few.all == every.tried
            assert [place.cell for place in few.places] == [place.cell for place in every.places]
            assert [place.gain for place in few.places] == pytest.approx([place.gain for place in every.places])


def test_a_proposal_that_may_not_be_the_best_says_how_many_were_tried(iceland, monkeypatch):
    monkeypatch.setattr("geoaccess.planner.suggest._MOST_PAIRS", 0)
    for objective in ("minutes", "norm_0"):
        found = suggest(Session(iceland), [], "gp", objective=objective, seconds=0)
        assert 0 < found.tried < found.all == len(iceland.candidate_cells)
        assert found.places


def test_nobody_to_serve_is_no_proposal(tiny, monkeypatch):
    monkeypatch.setitem(tiny.__dict__, "districts", np.zeros(len(KEYS), dtype=bool))
    assert suggest(Session(tiny), [], "gp", objective="districts").places == []


# ---- what is answered and kept


def test_blocks_keep_the_mean_of_their_cells(iceland):
    fine, coarse = Drawing(iceland), Drawing(iceland, at_most=200)
    assert fine.cells.factor == 1 < coarse.cells.factor
    same = np.full(len(iceland.people), 600.0)
    for drawing in (fine, coarse):
        packed = base64.b64decode(drawing.times("gp", same)["data"])
        assert set(np.frombuffer(packed, "<i4")) == {6000}
        assert len(drawing.chief) == len(drawing.cells.population)


def test_answers_are_json(tiny):
    changes = read_changes([add("new-1", at((27.5, -9.5)), name="</script>"), {"what": "close", "way": CAR_FERRY}])
    answer = Session(tiny).answer(changes, "gp")
    answered = json.loads(json.dumps(answer_json(answer, tiny.figures("gp"), Drawing(tiny)), allow_nan=False))
    assert answered["sites"]["new-1"]["name"] == "</script>"
    assert answered["closed"][0]["kind"] == "ferry"
    assert answered["closed"][0]["name"] == "Car ferry"


def test_the_table_of_a_plan_has_everybody_in_every_part(tiny):
    answer = Session(tiny).answer(read_changes([{"what": "remove", "service": "gp", "site": "gp-east"}]), "gp")
    table = plan_table(tiny, answer)
    assert set(table["disclaimer"]) == {"made up: for tests"}
    people = table.groupby("group_kind")["people"].sum()
    assert people.to_list() == pytest.approx([sum(PEOPLE.values())] * 3)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"what": "remove", "service": "gp", "site": "gp-north"}, "no_site"),
        ({"what": "remove", "service": "dentist", "site": "gp-west"}, "no_service"),
        ({"what": "restore", "service": "gp", "site": "gp-west"}, "not_removed"),
        ({"what": "close", "way": 999}, "no_way"),
        ({"what": "close", "way": 9}, "no_way"),
        ({"what": "open", "way": CAR_FERRY}, "not_closed"),
        (add("new-1", {"lon": 0.0, "lat": 0.0}), "off_map"),
        (add("new-1", at((60, 60))), "off_map"),
        (add("new-1", at((30, 8))), "no_road"),
    ],
)
def test_what_cannot_be_done_is_reported_with_its_number(tiny, change, code):
    first = {"what": "days", "service": "gp", "site": "gp-west", "days": [0]}
    with pytest.raises(InputError) as caught:
        Session(tiny).answer(read_changes([first, change]), "gp")
    assert caught.value.code == code
    assert caught.value.number == 1
    assert "change 2" in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        None, {}, "add", [None], [[]], [{}], [{"what": "burn"}], [{"what": "close"}], [{"what": "close", "way": "x"}],
        [{"what": "close", "way": 10**30}],
        [add("gp-west", {"lon": 1, "lat": 2})], [add("new-1", {"lon": 200, "lat": 2})],
        [add("new-1", {"lon": float("nan"), "lat": 2})], [add("new-1", {"lon": float("inf"), "lat": 2})],
        [{"what": "days", "service": "gp", "site": "gp-west", "days": []}],
        [add("new-1", {"lon": 1, "lat": 2}, days=[5])], [{"what": "close_group", "select": {}}],
        [{"what": "close_group", "select": {"polygon": "/etc/passwd"}}],
        [{"what": "close_group", "select": {"osm_id": 8}}],
        [add("new-1", {"lon": 1, "lat": 2}, name="a\x00b")], [add("new-1", {"lon": 1, "lat": 2}, extra=1)],
        [add("new-1", {"lon": 1, "lat": 2}, name="x" * 251)], [{"what": "close", "way": 1}] * 5001,
    ],
)  # fmt: skip
def test_what_is_no_list_of_changes_is_refused(raw):
    with pytest.raises(InputError, match="changes"):
        read_changes(raw)


def test_an_unknown_service_names_those_there_are(tiny):
    with pytest.raises(InputError, match="gp, hospital"):
        Session(tiny).answer([], "dentist")


def test_a_cell_that_is_not_there(tiny):
    for cell in (-1, 8, 10**9):
        with pytest.raises(InputError, match="there is no cell"):
            Session(tiny).journeys([], "gp", cell)


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "con/aux", "a" * 250, "Ærøy «1»", ".hidden"]
)
def test_a_title_never_leaves_the_folder(tiny, tmp_path, title):
    shelf = Shelf(tmp_path / "plans")
    name = save_plan(tiny, shelf, [], title=title)["name"]
    assert [path.name for path in (tmp_path / "plans").iterdir()] == [f"{name}.toml"]
    assert [path.name for path in tmp_path.iterdir()] == ["plans"]
    assert len(name) <= 60
    assert shelf.scenario(shelf.kept(name)).title == title


def test_a_title_of_300_letters_is_refused(tiny, tmp_path):
    with pytest.raises(InputError, match="250"):
        save_plan(tiny, Shelf(tmp_path / "plans"), [], title="a" * 300)
    assert not list(tmp_path.rglob("*.toml"))


@pytest.mark.parametrize("name", ["../study", "..", "", "a/b", "a.toml", "\x00", "secret"])
def test_only_plans_of_the_folder_are_read(tiny, tmp_path, name):
    folder = tmp_path / "plans"
    folder.mkdir()
    (tmp_path / "study.toml").write_text('title = "not a plan"')
    (tmp_path / "outside.toml").write_text('title = "outside"')
    (folder / "secret.toml").symlink_to(tmp_path / "outside.toml")
    with pytest.raises(GeoaccessError, match="there is no plan"):
        Shelf(folder).kept(name)


def test_what_a_plan_says_beyond_the_planner_is_listed(tiny, tmp_path):
    (tmp_path / "other.toml").write_text(
        """
title = "Winter"
[[add]]
service = "gp"
name = "Isle"
lon = 15.7
lat = 69.4
days_per_week = 2
capacity = 1000
[[change]]
service = "gp"
site = "gp-west"
days_per_week = 0.5
[[slow]]
osm_id = 1
factor = 2
[storm]
[boats]
cancel_after = "20:00"
"""
    )
    shelf = Shelf(tmp_path)
    opened = open_scenario(tiny, shelf.scenario(shelf.kept("other")))
    changes, left_out = opened.changes, opened.not_shown
    whats = [change["what"] for change in changes]
    assert whats == ["add", "days", "close"]
    assert changes[0]["days"] == [1, 3]
    assert changes[1]["days"] == [2]
    assert changes[2]["way"] == CAR_FERRY
    assert len(left_out) == 4
    assert left_out == ["gp-isle: capacity", "gp-west: days_per_week = 0.5 \u2192 1", "[slow]", "[boats]"]


def test_slugs():
    assert slug("Husøy i Senja: 2 dager") == "husoy-i-senja-2-dager"
    assert slug("Đivtasvuodna") == "divtasvuodna"


def test_the_people_behind_the_colours(tiny):
    """By hand: the isle loses its way, north needs longer; holm, hut and wild are never reached."""
    changes = read_changes(
        [{"what": "close", "way": CAR_FERRY}, {"what": "remove", "service": "gp", "site": "gp-east"}]
    )
    figures = Session(tiny).answer(changes, "gp").figures
    drawing = Drawing(tiny, at_most=3)
    assert drawing.cells.factor > 1
    found = drawing.people("gp", tiny.figures("gp").times_s, figures.times_s)
    same = sum(PEOPLE[key] for key in ("west", "farm", "middle"))
    never = sum(PEOPLE[key] for key in ("hut", "holm", "wild"))
    north = (FURTHER + MAIN) / 60
    band = next(i for i, edge in enumerate((*CHANGE_EDGES_MIN, np.inf)) if north < edge)
    expected = np.zeros(12)
    expected[[4, band, 10, 11]] = same, PEOPLE["north"], PEOPLE["isle"], never
    assert found["change"] == expected.tolist()
    assert found["now"][-1] == PEOPLE["isle"] + never
    assert sum(found["now"]) == sum(PEOPLE.values())
    back = drawing.people("gp", figures.times_s, tiny.figures("gp").times_s)
    assert back["change"][9] == PEOPLE["isle"]
