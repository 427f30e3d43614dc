"""Sites, places and studies named in scenarios, tables and on the command line, and questions that mean nothing."""

from __future__ import annotations

import json
import random

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box, mapping
from test_study_tiny import PLACES, STUDY, degrees, write_study
from typer.testing import CliRunner

from geoaccess.cli import app
from geoaccess.errors import ConfigError, InputError
from geoaccess.planner import PlannerState, read_changes
from geoaccess.planner.changes import planned
from geoaccess.planner.merging import scenario_of
from geoaccess.planner.saved import open_scenario
from geoaccess.questions import (
    DayQuestion,
    FleetQuestion,
    Question,
    apply_scenario,
    check_scenarios,
    compare_study,
    days_study,
    fleet_study,
    site_study,
    solve_baseline,
    solve_scenario,
)
from geoaccess.questions.siting import placement
from geoaccess.scenarios import Scenario, read_scenario, write_scenario
from geoaccess.siting import PersonMinutes, problem_from_matrix, read_candidates
from geoaccess.siting.locating import locate
from geoaccess.study import load_study, solve_study

NO_IDS = STUDY.replace('columns = { id = "id" }\n', "")
ROWS = [
    ("gp", "Vest legekontor", "west"),
    ("gp", "Øst legekontor", "east"),
    ("hospital", "Vest sykehus", "west"),
    ("ambulance_base", "Midt", "middle"),
    ("birth_unit", "Holm", "holm"),
]


def write_sites(folder, rows=ROWS, *, ids=None):
    lines = ["service,name,lon,lat" + (",id" if ids else "")]
    for number, (service, name, key) in enumerate(rows):
        lon, lat = degrees(*PLACES[key])
        lines.append(f"{service},{name},{lon:.6f},{lat:.6f}" + (f",{ids[number]}" if ids else ""))
    (folder / "sites.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")


def study_of(folder, rows=ROWS, *, text=NO_IDS, ids=None):
    path = write_study(folder, text)
    write_sites(folder, rows, ids=ids)
    return load_study(path)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return solve_baseline(study_of(tmp_path_factory.mktemp("named")), names=True, show=False)


@pytest.fixture(scope="module")
def answers(base):
    return base.answers


def solved(base, **changes):
    return solve_scenario(apply_scenario(base, Scenario(title="x", **changes)))


def refused(base, scenario):
    with pytest.raises(InputError) as caught:
        apply_scenario(base, scenario)
    return str(caught.value)


def test_a_scenario_gives_the_same_whatever_the_order_of_the_rows(base, tmp_path):
    """A row is put first, the others in another order: a number of a row would mean another site."""
    rows = [*ROWS]
    random.Random(5).shuffle(rows)
    other = solve_baseline(study_of(tmp_path, [("gp", "Bukta", "quay"), *rows]), show=False)
    site = base.answers.sites.index[base.answers.sites["name"] == "Øst legekontor"][0]
    for written in (site, "Øst legekontor", "øst legekontor (East)"):
        gone = {"service": "gp", "site": written}
        run = apply_scenario(other, Scenario(title="x", remove=[gone, {"service": "gp", "site": "Bukta"}]))
        np.testing.assert_array_equal(solve_scenario(run)["gp_s"], solved(base, remove=[gone])["gp_s"])
    assert set(base.answers.sites.index) < set(other.answers.sites.index)


def test_a_number_of_a_row_is_refused_with_the_site_that_has_it_today(base):
    message = refused(base, Scenario(title="old", remove=[{"service": "gp", "site": "gp-002"}]))
    assert "numbers a row" in message
    assert "Øst legekontor" in message
    named = Scenario(title="old", remove=[{"service": "gp", "site": "gp-001", "name": "Øst legekontor"}])
    assert "is called so is" in refused(base, named)


def test_an_id_and_a_name_that_disagree_stop_the_run(base):
    vest, ost = (
        base.answers.sites.index[base.answers.sites["name"] == name][0] for name in ("Vest legekontor", ROWS[1][1])
    )
    message = refused(base, Scenario(title="x", remove=[{"service": "gp", "site": vest, "name": "Øst legekontor"}]))
    for part in (vest, "Vest legekontor", ost, '"Øst legekontor"'):
        assert part in message


def test_a_place_closes_with_all_its_services_and_the_comparison_says_which(base):
    both = Scenario(title="place", remove=[{"place": "Vest sykehus"}])
    one = Scenario(title="one", remove=[{"service": "hospital", "site": "Vest sykehus"}])
    found = compare_study(base.study, [both, one], show=False)
    assert any("Vest legekontor" in note and "Vest sykehus" in note for note in found.notes[0])
    assert any("stay open" in note and "Vest legekontor" in note for note in found.notes[1])
    gone, by_hand = (
        solved(base, remove=[{"place": "Vest legekontor"}]),
        [
            {"service": "gp", "name": "Vest legekontor"},
            {"service": "hospital", "name": "Vest sykehus"},
        ],
    )
    pd.testing.assert_frame_equal(gone, solved(base, remove=by_hand))


def test_a_scenario_of_another_study_stops_unless_all_it_names_is_found(tmp_path):
    """Its id is that of another hospital here."""
    study = study_of(tmp_path, text=STUDY, ids=[f"s{i}" for i in range(len(ROWS))])
    base = solve_baseline(study, names=True, show=False)
    closing = {"service": "hospital", "site": "s2"}
    own = Scenario(title="own", study="A SMALL country", remove=[closing])
    assert apply_scenario(base, own).scenario.remove[0].site == "s2"
    message = refused(base, Scenario(title="foreign", study="Iceland", remove=[closing]))
    for part in ('"Iceland"', '"A small country"', "s2  Vest sykehus", "write its name"):
        assert part in message
    assert "Iceland" in refused(base, Scenario(title="no road", study="Iceland", close=[{"name": "Hringvegur"}]))
    named = Scenario(title="named", study="Iceland", remove=[{"service": "hospital", "site": "Vest sykehus"}])
    assert any("Iceland" in note for note in compare_study(study, [named], show=False).notes[0])


def test_scenarios_that_are_written_carry_the_study_and_the_names(answers, tmp_path):
    placed = site_study(answers.study, Question("gp", add=1, close=1), answers=answers)
    path = tmp_path / "s.toml"
    path.write_text(placed.scenario, encoding="utf-8")
    written = read_scenario(path)
    assert written.study == "A small country"
    assert written.remove[0].name in ("Vest legekontor", "Øst legekontor")
    stays = [line for line in placed.notes if "at the same place these stay open" in line]
    assert [("Vest sykehus" in line) for line in stays] == [True] * (written.remove[0].name == "Vest legekontor")
    write_scenario(written, path)
    assert read_scenario(path) == written
    days = DayQuestion("gp", days=1, main=("Vest legekontor",), redistribute=("øst legekontor",), candidates="cells")
    again = days_study(answers.study, days, answers=answers)
    assert 'study = "A small country"' in again.scenario
    assert 'name = "Øst legekontor"' in again.scenario


def test_the_planner_reads_names_and_writes_ids_with_names_and_the_study(answers):
    state = PlannerState(answers)
    scenario = Scenario(
        title="p",
        remove=[{"service": "gp", "site": "Øst legekontor"}],
        change=[{"service": "gp", "name": "Vest legekontor", "days_per_week": 2}],
    )
    changes = open_scenario(state, scenario).changes
    kept = scenario_of(state, read_changes(changes), title="p")
    assert kept.study == "A small country"
    assert [(item.site, item.name) for item in kept.remove] == [
        (answers.sites.index[answers.sites["name"] == "Øst legekontor"][0], "Øst legekontor")
    ]
    assert kept.change[0].name == "Vest legekontor"
    by_name = read_changes([{"what": "remove", "service": "gp", "site": "Øst legekontor"}])
    assert len(planned(state, by_name).sites["gp"]) == 1
    with pytest.raises(InputError, match="did you mean"):
        planned(state, read_changes([{"what": "remove", "service": "gp", "site": "Øst legekontoret"}]))
    with pytest.raises(InputError, match="was made for the study"):
        open_scenario(state, Scenario(title="p", study="Iceland", remove=[{"service": "gp", "site": "Akureyri"}]))


def test_a_rota_names_sites_by_name_and_is_checked_by_it(tmp_path):
    study = study_of(tmp_path, text=NO_IDS + '\n[staff]\nfile = "rota.csv"\n')
    rota = tmp_path / "rota.csv"
    rota.write_text("host_id,site_id,days,staff\nVest legekontor,øst legekontor,2,1\n", encoding="utf-8")
    table = solve_study(study, show=False).tables["staff"]
    assert table[["host", "site"]].to_numpy().tolist() == [["Vest legekontor", "Øst legekontor"]]
    site = table["site_id"][0]
    rota.write_text(f"host_id,site_id,site,days,staff\nVest legekontor,{site},Midt,2,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 2: site_id") as caught:
        solve_study(study, show=False)
    assert f"{site}  Øst legekontor" in str(caught.value)


@pytest.mark.parametrize(
    ("bounds", "part"),
    [
        ((69.4, 15.0, 69.5, 15.1), "are longitude and latitude swapped?"),
        ((15.30, 69.30, 15.31, 69.31), "none of the"),
        ((500_000, 7_700_000, 501_000, 7_701_000), "no longitude and latitude"),
    ],
)
def test_areas_that_leave_nothing_out_are_refused(base, answers, tmp_path, bounds, part):
    """In `--exclude` as in [[close]] polygon."""
    path = tmp_path / "areas.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(box(*bounds))}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(InputError, match=part):
        site_study(answers.study, Question("gp", add=1, exclude=path), answers=answers)
    with pytest.raises(InputError, match=part.replace("none of the", "is chosen by the polygon")):
        apply_scenario(
            solve_baseline(answers.study, answers=answers), Scenario(title="x", close=[{"polygon": str(path)}])
        )


def candidates(path, *places):
    lines = [f"{name},{lon:.6f},{lat:.6f}" for name, (lon, lat) in places]
    path.write_text("\n".join(["name,lon,lat", *lines, ""]), encoding="utf-8")
    return str(path)


def test_candidates_off_the_study_or_where_a_site_stands_are_refused(answers, tmp_path):
    west, middle = degrees(*PLACES["west"]), degrees(*PLACES["middle"])
    swapped = candidates(tmp_path / "a.csv", ("West", west[::-1]))
    with pytest.raises(InputError, match="swapped"):
        site_study(answers.study, Question("gp", candidates=swapped), answers=answers)
    away = candidates(tmp_path / "b.csv", ("Middle", middle), ("Away", (30.0, 60.0)))
    with pytest.raises(InputError, match="1 of 2 candidates lie far"):
        site_study(answers.study, Question("gp", candidates=away), answers=answers)
    stands = candidates(tmp_path / "c.csv", ("West", west))
    with pytest.raises(InputError, match="a site of gp stands at each"):
        site_study(answers.study, Question("gp", candidates=stands), answers=answers)
    one = candidates(tmp_path / "d.csv", ("West", west), ("Middle", middle))
    placed = site_study(answers.study, Question("gp", candidates=one), answers=answers)
    assert placed.places["name"].tolist() == ["Middle"]
    assert any("left out: 1" in note for note in placed.notes)


def test_more_sites_to_close_than_stand_are_refused_before_anything_is_computed(base, monkeypatch):
    monkeypatch.setattr(placement, "solve_telling", lambda *_, **__: pytest.fail("it was solved"))
    with pytest.raises(InputError, match="--close is 60; 2 sites stand of gp"):
        site_study(base.study, Question("gp", add=0, close=60))
    with pytest.raises(InputError, match="every site of gp"):
        site_study(base.study, Question("gp", add=0, close=2))


def test_sites_outside_the_clip_are_not_closed(tmp_path):
    """The office in the west serves people whom the study does not count: closing it would cost nothing."""
    (west, south), (east, north) = degrees(5.0, -12.0), degrees(45.0, 20.0)
    clip = f"clip = [{west}, {south}, {east}, {north}]\nyear = 2024"
    rows = [*ROWS, ("gp", "Nord", "north")]
    study = study_of(tmp_path, rows, text=NO_IDS.replace("year = 2024", clip, 1))
    answers = solve_study(study, show=False)
    placed = site_study(study, Question("gp", add=0, close=1), answers=answers)
    assert placed.closed["name"].tolist() != ["Vest legekontor"]
    assert any("which stay: 1" in note for note in placed.notes)
    with pytest.raises(InputError, match="2 lie inside the clip"):
        site_study(study, Question("gp", add=1, close=3), answers=answers)


def test_fixed_sites_stay_by_brute_force():
    rng = np.random.default_rng(3)
    standing, times = rng.uniform(1, 100, (20, 5)).round(), rng.uniform(1, 100, (20, 3)).round()
    people, fixed = rng.integers(1, 50, 20).astype(float), np.array([True, False, True, False, False])
    problem = problem_from_matrix(times, people, standing_s=standing)
    problem = type(problem)(**{**vars(problem), "fixed": fixed})
    costs = {}
    for closed in np.flatnonzero(~fixed):
        for added in range(3):
            stays = np.delete(standing, closed, axis=1)
            best = np.minimum(stays.min(axis=1), times[:, added])
            costs[added, closed] = np.average(best, weights=people) / 60
    found = locate(problem, add=1, close=1)
    assert (int(found.added[0]), int(found.closed[0])) == min(costs, key=costs.get)
    assert found.value == pytest.approx(min(costs.values()))
    with pytest.raises(InputError, match="3 may close"):
        problem.problem(PersonMinutes(), add=1, close=4)


@pytest.mark.parametrize(
    ("question", "part"),
    [
        (FleetQuestion(norm_min=3), "before a vehicle moves"),
        (FleetQuestion(service="gp", norm_min=30), "to which people travel"),
        (FleetQuestion(norm_min=20, treatment="hospital", treatment_min=10), "nobody can be treated in time"),
    ],
)
def test_vehicles_that_cannot_come_in_time_are_refused(answers, question, part):
    with pytest.raises(InputError, match=part):
        fleet_study(answers.study, question, answers=answers)


def test_a_site_that_brings_nobody_nearer_is_said(answers, tmp_path):
    """Nobody lives beside the isle's quay who is not served as fast by the site that is added on the isle."""
    isle = degrees(*PLACES["isle"])
    two = candidates(tmp_path / "c.csv", ("Isle", isle), ("Beside", (isle[0] + 0.01, isle[1])))
    placed = site_study(answers.study, Question("gp", add=2, candidates=two), answers=answers)
    assert any("bring nobody nearer: 1" in note for note in placed.notes)


def test_check_finds_what_compare_would_refuse(base, tmp_path):
    good = Scenario(title="good", remove=[{"place": "Vest sykehus"}])
    wrong = [
        Scenario(title="site", remove=[{"service": "gp", "site": "Øst"}]),
        Scenario(title="road", close=[{"name": "Nowhere"}]),
        Scenario(title="off", add=[{"service": "gp", "lon": 69.0, "lat": 15.0}]),
        Scenario(title="zone", change=[{"service": "gp", "site": "Vest legekontor", "allowed": ["0199"]}]),
        Scenario(title="foreign", study="Iceland", remove=[{"service": "gp", "site": "Akureyri"}]),
    ]
    lines = check_scenarios(base.study, [good])
    assert any("Vest legekontor" in line for line in lines)
    with pytest.raises(InputError) as caught:
        check_scenarios(base.study, [good, *wrong])
    message = str(caught.value)
    assert "good" not in message
    for scenario in wrong:
        with pytest.raises(InputError) as alone:
            apply_scenario(base, scenario)
        assert str(alone.value) in message
    for scenario in (good, wrong[0]):
        write_scenario(scenario, tmp_path / f"{scenario.title}.toml")
    run = CliRunner().invoke(app, ["check", str(base.study.path), str(tmp_path / "good.toml")])
    assert run.exit_code == 0, run.output
    assert "good: can be compared" in " ".join(run.output.split())
    assert CliRunner().invoke(app, ["check", str(base.study.path), str(tmp_path / "site.toml")]).exit_code != 0


def test_filters_that_filter_nothing_are_named(tmp_path):
    everything = NO_IDS.replace('file = "sites.csv"', 'file = "sites.csv"\nwhere = { country = ["NO"] }')
    (west, south), (east, north) = degrees(-40.0, -30.0), degrees(80.0, 40.0)
    text = everything.replace("year = 2024", f"clip = [{west}, {south}, {east}, {north}]\nyear = 2024", 1)
    study = study_of(tmp_path, text=text)
    table = pd.read_csv(tmp_path / "sites.csv").assign(country="NO")
    table.to_csv(tmp_path / "sites.csv", index=False)
    run = CliRunner().invoke(app, ["check", str(study.path)])
    shown = " ".join(run.output.split())
    assert "[population] clip leaves out no cell" in shown
    assert "[[sites]] where: every row has one of the values of country" in shown
    misspelt = study_of(tmp_path / "b", text=text.replace('["NO"]', '["NO", "NOO"]'))
    table.to_csv(tmp_path / "b" / "sites.csv", index=False)
    with pytest.raises(InputError, match="no row has 'NOO' in country; did you mean 'NO'"):
        solve_study(misspelt, show=False)
    clipped = NO_IDS.replace('file = "sites.csv"', 'file = "sites.csv"\nclip = true')
    with pytest.raises(ConfigError, match="which has none; give both"):
        study_of(tmp_path / "c", text=clipped)


def test_candidates_are_named_by_their_place(tmp_path):
    """So that an answer names the same place when the file gets another row."""
    one = read_candidates(tmp_path / candidates(tmp_path / "c.csv", ("Husøy", (17.67, 69.54))))
    two = read_candidates(tmp_path / candidates(tmp_path / "c.csv", ("A", (17.0, 69.0)), ("Husøy", (17.67, 69.54))))
    assert isinstance(one, gpd.GeoDataFrame)
    assert two.index[1] == one.index[0] == "candidate-husoy-69.5n17.7e"
