"""Siting in whole studies: a country computed by hand, Iceland against its own parts, and the command line."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from test_study_tiny import CELLS, PLACES, degrees, write_study

from geoaccess import routing, siting
from geoaccess.cli import app, main
from geoaccess.errors import InputError
from geoaccess.questions import (
    DayQuestion,
    FleetQuestion,
    Question,
    compare_study,
    days_study,
    fleet_study,
    placed_lines,
    site_study,
    solve_scenario,
    write_placed,
)
from geoaccess.questions import vehicles as vehicle_questions
from geoaccess.questions.siting import alternatives
from geoaccess.routing import travel_times
from geoaccess.scenarios import read_scenario
from geoaccess.study import load_study, solve_study, stages

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return solve_study(load_study(write_study(tmp_path_factory.mktemp("tiny"))), show=False)


@pytest.fixture(scope="module")
def iceland(iceland_solved):
    return iceland_solved


@pytest.fixture(scope="module")
def troms(troms_solved):
    return troms_solved


def all_times(answers, service="gp"):
    """Return people, times of today and times to a site in every cell, by plain calls."""
    ours = answers.sites[(answers.sites["service"] == service).to_numpy()]
    snapped = stages.snap_all(answers.study, answers.network, answers.results, ours)
    times = routing.travel_times(answers.network, snapped.cells, snapped.cells)
    now = answers.results[f"{service}_s"].to_numpy()
    return answers.results["population"].to_numpy(), now, times


@pytest.mark.parametrize("service", ["gp", "hospital"])
def test_what_is_made_while_a_study_is_solved_is_what_would_be_made_of_its_answers(tiny, service):
    ahead, after = (site_study(tiny.study, Question(service), answers=one, show=False) for one in (None, tiny))
    for name in ("answer", "places", "frontier", "alternatives", "classes", "municipalities"):
        pd.testing.assert_frame_equal(getattr(ahead, name), getattr(after, name))
    assert (ahead.scenario, ahead.notes) == (after.scenario, after.notes)


def test_the_best_cell_is_the_best_of_all_by_plain_times(tiny):
    people, now, times = all_times(tiny)
    placed = site_study(tiny.study, Question("gp", add=1), answers=tiny)
    reach = np.isfinite(now) | np.isfinite(times).any(axis=1)
    totals = {}
    for j, cell in enumerate(tiny.results.index):
        t = np.fmin(np.nan_to_num(now, nan=np.inf), np.nan_to_num(times[:, j], nan=np.inf))
        totals[cell] = np.sum(people[reach] * np.minimum(t[reach], 86_400.0)) / people[reach].sum() / 60
    assert placed.places["candidate"].tolist() == [min(totals, key=totals.get)]
    assert placed.found.value == pytest.approx(min(totals.values()))
    assert placed.out_of_reach == pytest.approx(people[~reach].sum())
    assert placed.found.proved


def test_nobody_is_lost_and_the_after_is_what_a_search_finds(tiny):
    placed = site_study(tiny.study, Question("gp", add=2, close=1), answers=tiny)
    after = placed.after
    again = stages.snap_all(tiny.study, tiny.network, after.results, after.sites)
    found = routing.nearest_snapped(tiny.network, again.cells, again.sites, k=1)
    assert after.results["gp_s"].to_numpy() == pytest.approx(found["travel_time_s"].to_numpy(), abs=0.3, nan_ok=True)
    assert after.results["population"].sum() == tiny.population
    reached = after.results["gp_reason"] == ""
    assert (np.isfinite(after.results["gp_s"]) == reached).all()
    assert placed.classes["population"].sum() == pytest.approx(tiny.population)


def test_the_scenario_reproduces_the_answer(tiny, tmp_path):
    placed = site_study(tiny.study, Question("gp", add=2, close=1), answers=tiny)
    written = write_placed(placed, tmp_path)
    scenario = tomllib.loads((tmp_path / "site_gp.toml").read_text(encoding="utf-8"))
    assert [table["service"] for table in scenario["add"]] == ["gp", "gp"]
    closed = placed.closed.iloc[0]
    assert scenario["remove"] == [{"service": "gp", "site": closed["site_id"], "name": closed["name"]}]
    assert scenario["study"] == tiny.study.settings.title
    ours = tiny.sites[(tiny.sites["service"] == "gp").to_numpy()].drop(scenario["remove"][0]["site"])
    added = gpd.GeoDataFrame(
        {"service": "gp"},
        geometry=gpd.points_from_xy(*([table[name] for table in scenario["add"]] for name in ("lon", "lat"))),
        crs="EPSG:4326",
        index=["a", "b"],
    )
    snapped = stages.snap_all(tiny.study, tiny.network, tiny.results, pd.concat([ours, added]))
    found = routing.nearest_snapped(tiny.network, snapped.cells, snapped.sites, k=1)["travel_time_s"].to_numpy()
    people = tiny.results["population"].to_numpy()
    known = np.isfinite(found)
    value = np.sum(people[known] * found[known]) / people[known].sum() / 60
    assert placed.found.value == pytest.approx(value, abs=0.01)
    assert all(path.is_file() for path in written)
    assert pd.read_csv(tmp_path / "site_gp_places.csv")["disclaimer"].unique().tolist() == ["made up: for tests"]
    shown = pd.read_parquet(tmp_path / "site_gp_places.parquet")
    assert shown["adds"].sum() == pytest.approx(placed.found.value - _without(placed))


def _without(placed):
    """Return the figure with the closing alone, from which the first place adds."""
    return placed.places["value"].iloc[0] - placed.places["adds"].iloc[0]


def test_excluded_and_own_candidates(tiny, tmp_path):
    best = site_study(tiny.study, Question("gp"), answers=tiny).places.iloc[0]
    around = gpd.GeoSeries([box(best.lon - 0.02, best.lat - 0.01, best.lon + 0.02, best.lat + 0.01)], crs="EPSG:4326")
    around.to_file(tmp_path / "no.geojson")
    other = site_study(tiny.study, Question("gp", exclude=tmp_path / "no.geojson"), answers=tiny)
    assert other.places["candidate"][0] != best["candidate"]
    lon, lat = degrees(*PLACES["north"])
    (tmp_path / "halls.csv").write_text(f"name,lon,lat\nHall,{lon},{lat}\n")
    own = site_study(tiny.study, Question("gp", candidates=str(tmp_path / "halls.csv")), answers=tiny)
    assert own.places["name"].tolist() == ["Hall"]
    villages = Question("gp", candidates="settlements", least_people=200)
    picked = site_study(tiny.study, villages, answers=tiny).places["candidate"][0]
    assert CELLS[next(key for key in CELLS if picked == tiny.results.index[list(CELLS).index(key)])][2] >= 200


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"service": "gpp"}, 'no service "gpp"'),
        ({"objective": "minuets"}, "did you mean"),
        ({"candidates": "village"}, "give cells, settlements, or a file"),
        ({"add": 99}, "candidates"),
        ({"close": 9}, "sites stand"),
        ({"objective": "fewest", "close": 1}, "combined with closing"),
        ({"objective": "worst", "max_loss_min": 5.0}, "cannot be asked for together"),
    ],
)
def test_questions_that_cannot_be_answered(tiny, changed, message):
    with pytest.raises(InputError, match=message):
        site_study(tiny.study, replace(Question("gp"), **changed), answers=tiny)


def test_iceland_one_more_gp_is_exact_and_the_same_as_site_gains(iceland):
    placed = site_study(iceland.study, Question("gp", add=1), answers=iceland)
    ours = iceland.sites[(iceland.sites["service"] == "gp").to_numpy()]
    snapped = stages.snap_all(iceland.study, iceland.network, iceland.results, ours)
    field = routing.solve_nearest(iceland.network, snapped.sites, k=1)
    field.attach(snapped.cells, people=iceland.results["population"].to_numpy())
    gains = routing.site_gains(field, snapped.cells)
    assert placed.places["candidate"].tolist() == [gains["saved_s"].idxmax()]
    assert placed.places["person_minutes_saved"][0] == pytest.approx(gains["saved_s"].max() / 60)
    assert placed.found.proved
    assert "proved optimal" in placed_lines(placed)[0]


@pytest.mark.parametrize("objective", ["minutes", "norm", "fair", "beyond", "worst"])
def test_iceland_every_objective_gains_and_says_how_sure_it_is(iceland, objective):
    question = Question("hospital", add=2, objective=objective, quantile=0.9, classes=("5", "6"))
    placed = site_study(iceland.study, question, answers=iceland)
    better = placed.found.value > placed.found.now if objective == "norm" else placed.found.value < placed.found.now
    assert better
    assert placed.found.proved
    assert len(placed.places) == 2
    # What the places add one after the other leads from today to the answer.
    assert placed.places["adds"].sum() == pytest.approx(placed.found.value - placed.found.now)


def test_iceland_no_class_loses_more_than_asked_for(iceland):
    asked = Question("gp", add=1, close=6, candidates="settlements")  # of all cells the proof takes a minute
    free = site_study(iceland.study, asked, answers=iceland)
    bound = site_study(iceland.study, replace(asked, max_loss_min=1.0), answers=iceland)

    def most_lost(placed):
        classes = placed.classes[placed.classes["centrality_class"].astype(str) != "unclassified"]
        return (classes["mean_after_min"] - classes["mean_before_min"]).max()

    assert most_lost(free) > 1.0, "the bound changes the answer"
    assert most_lost(bound) <= 1.0 + 1e-6
    assert bound.found.value > free.found.value
    assert bound.found.proved
    assert len(bound.closed) == 6


def test_senja_ten_office_days(troms):
    offices = dict(zip(troms.sites["name"], troms.sites.index, strict=True))
    main = tuple(offices[f"Senjalegen avd. {name}"] for name in ("Finnsnes", "Silsand legekontor"))
    question = DayQuestion("gp", 10, main=main, redistribute=(offices["Gibostad Legekontor"],), municipality=("Senja",))
    answer = days_study(troms.study, question, answers=troms)
    assert answer.places["days"].sum() == answer.week.days.sum() <= 10
    assert answer.week.gap == 0
    assert answer.week.saved_h == pytest.approx(answer.week.now_h - answer.week.patients_h - answer.week.staff_h)
    assert answer.frontier["saved_h"].is_monotonic_increasing
    # The same plan, computed by plain searches.
    ours = troms.sites[(troms.sites["service"] == "gp").to_numpy()].drop(offices["Gibostad Legekontor"])
    new = answer.places.set_index("candidate")
    points = gpd.GeoDataFrame(
        {"service": "gp"}, geometry=gpd.points_from_xy(new["lon"], new["lat"]), crs="EPSG:4326", index=new.index
    )
    people = troms.results["population"].to_numpy()

    def hours(table):
        snapped = stages.snap_all(troms.study, troms.network, troms.results, table)
        t = routing.nearest_snapped(troms.network, snapped.cells, snapped.sites, k=1)["travel_time_s"].to_numpy()
        return 2 * np.sum(people[np.isfinite(t)] * t[np.isfinite(t)]) * 3 / 52 / 3600

    urgent = [
        hours(pd.concat([ours, points[new["weekdays"].str.contains(day)]]))
        for day in ("Mon", "Tue", "Wed", "Thu", "Fri")
    ]
    total = 0.3 * np.mean(urgent) + 0.7 * hours(pd.concat([ours, points]))
    assert answer.week.now_h == pytest.approx(hours(ours))
    assert answer.week.patients_h == pytest.approx(total, rel=1e-3)
    assert tomllib.loads(answer.scenario)["add"][0]["days_per_week"] >= 1


def test_a_fleet_in_a_study(troms):
    answer = fleet_study(troms.study, FleetQuestion(add=2, busy=0.3), answers=troms)
    assert answer.places["vehicles"].sum() == 2
    assert answer.fleet.now < answer.fleet.value <= 1
    assert answer.fleet.proved
    chained = FleetQuestion(add=2, norm_min=25, treatment="hospital", treatment_min=90)
    more = fleet_study(troms.study, chained, answers=troms)
    alone = fleet_study(troms.study, FleetQuestion(add=2, norm_min=25), answers=troms)
    assert more.fleet.value <= alone.fleet.value  # a second norm only takes away


def test_who_is_near_a_base_is_who_the_table_of_all_times_says(troms):
    ours = troms.sites[(troms.sites["service"] == "ambulance_base").to_numpy()]
    snapped = stages.snap_all(troms.study, troms.network, troms.results, ours)
    times = travel_times(troms.network, snapped.sites, snapped.cells).T
    limit = np.random.default_rng(1).integers(-5, 40, len(times)) * 60.0
    limit[:200] = np.where(np.isfinite(times[:200, 0]), times[:200, 0], 0)  # as far as it may be is near enough
    near = vehicle_questions._near(troms.network, snapped.cells, snapped.sites, limit)
    table = np.zeros(times.shape, np.bool_)
    table[near.point, near.base] = True
    assert near.shape == table.shape
    assert 100 < table.sum() < table.size / 2
    assert (table == (times <= limit[:, None])).all()
    assert (np.diff(near.point.astype(np.int64) * table.shape[1] + near.base) > 0).all()  # each once, in order


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    study = write_study(tmp_path / "tiny")

    def cli(*words):
        monkeypatch.setattr("sys.argv", ["geoaccess", *map(str, words)])
        try:
            app(list(map(str, words)), standalone_mode=False)
        except SystemExit as stopped:
            return stopped.code, capsys.readouterr()
        return 0, capsys.readouterr()

    code, message = cli("site", study, "--service", "gp", "--add", 2, "--output", tmp_path / "out")
    assert code == 0
    assert "proved optimal" in message.out
    assert "made up: for tests" in message.out
    assert (tmp_path / "out/site_gp.png").stat().st_size > 10_000
    vary = ("--vary", "snap.max_m=2500,3000", "-q")
    assert cli("site", study, "--service", "gp", *vary, "--output", tmp_path / "out")[0] == 0
    assert (tmp_path / "out/site_gp_regret.toml").is_file()
    offices = ("--days", 2, "--from", "gp-west", "--candidates", "cells", "-q")
    assert cli("office-days", study, "--service", "gp", *offices, "--output", tmp_path / "out")[0] == 0
    fleet = ("--add", 1, "--norm", 15, "--candidates", "cells", "-q")
    assert cli("vehicles", study, *fleet, "--output", tmp_path / "out")[0] == 0
    monkeypatch.setattr(
        "sys.argv", ["geoaccess", "office-days", str(study), "--service", "gp", "--days", "2", "--from", "gp-wst"]
    )
    with pytest.raises(SystemExit):
        main()
    assert 'did you mean "gp-west"' in capsys.readouterr().err


def test_names_of_the_room_are_public():
    import geoaccess as ga

    for name in ("locate", "problem_from_matrix", "expected_cover", "share_days", "least_regret"):
        assert name in siting.__all__
        assert getattr(ga.siting, name) is getattr(siting, name)


def test_comparing_the_scenario_gives_the_answer_again(tiny, tmp_path):
    placed = site_study(tiny.study, Question("gp", add=2, close=1), answers=tiny)
    write_placed(placed, tmp_path)
    compared = compare_study(tiny.study, [read_scenario(tmp_path / "site_gp.toml")], show=False)
    after = solve_scenario(compared.changed[0])
    assert after["gp_s"].to_numpy() == pytest.approx(placed.after.results["gp_s"].to_numpy(), abs=0.3, nan_ok=True)


def test_alternatives_lie_apart_however_many_are_looked_at_at_once(monkeypatch):
    """The ten best of a table that lie 3 km from what they replace and from each other."""
    rng = np.random.default_rng(3)
    lon, lat = 10 + 0.3 * rng.random(300), 60 + 0.15 * rng.random(300)
    places = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    table = pd.DataFrame({"instead_of": rng.integers(0, 3, 250), "candidate": rng.permutation(300)[:250]})
    at = places.geometry.to_crs(places.estimate_utm_crs())
    wanted = []
    for row, (j, instead) in enumerate(zip(table["candidate"], table["instead_of"], strict=True)):
        others = [instead, *(table["candidate"][one] for one in wanted)]
        if len(wanted) < 10 and (at.iloc[others].distance(at.iloc[j]) > 3000).all():
            wanted.append(row)
    assert len(wanted) == 10
    assert wanted[-1] > 9  # some are passed over
    for at_once in (1, 7, 1000):
        monkeypatch.setattr(alternatives, "_LOOKED_AT", at_once)
        assert np.flatnonzero(alternatives._apart(places, table)).tolist() == wanted
