"""One definition of the ambulance in every table and question: response time against the norm of the cell.

In the small country of `test_study_tiny` a vehicle stands in the west and one in the middle, and moves 210 s after the
call. The middle is built up (12 minutes), all else is sparse (25 minutes).
"""

from __future__ import annotations

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from geoaccess.errors import ConfigError, InputError
from geoaccess.planner import PlannerState, Session, read_changes
from geoaccess.questions import (
    FleetQuestion,
    Question,
    compare_study,
    comparison_lines,
    fleet_lines,
    fleet_study,
    fleet_tables,
    site_study,
    vulnerable_study,
    write_fleet,
)
from geoaccess.questions.compare.output import write_comparison
from geoaccess.questions.scenario_run import solve_baseline
from geoaccess.questions.vulnerability import service_field
from geoaccess.scenarios import Scenario, reliability_table
from geoaccess.siting import place_vehicles
from geoaccess.study import check, load_study, run_study, solve_study
from tests.test_study_ambulance import COMING, START, write_chain
from tests.test_study_tiny import CELLS, PEOPLE, STUDY, TOTAL

KEY = "ambulance_base"
CHAIN = """
[ambulance]
base = "ambulance_base"
site = "hospital"
profile = "ambulance"
built_up = { column = "town" }
"""
WITHIN = {"west", "middle", "north"}  # START + COMING, against 12 minutes in the middle and 25 elsewhere
SHARE = sum(PEOPLE[key] for key in WITHIN) / TOTAL


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The chain on the roads of everybody, whose times are known by hand."""
    chain = CHAIN.replace('profile = "ambulance"\n', "")
    return run_study(load_study(write_chain(tmp_path_factory.mktemp("response"), chain)), show=False)


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """The same with ambulances that drive by rules of their own."""
    return run_study(load_study(write_chain(tmp_path_factory.mktemp("driven"), CHAIN)), show=False)


def by_place(table):
    return table.set_axis([*CELLS])


def test_absent_figures_are_refused_alike_whoever_asks_first(tmp_path):
    """They are read with the study, before any other input is looked for."""
    loaded = load_study(write_chain(tmp_path, CHAIN + 'figures = "none.toml"\n'))
    site = Question("hospital", objective="fewest", add=1, share=0.9, norm_min=10)
    ways = (check, run_study, solve_study, lambda one, show: one.specs, lambda one, show: site_study(one, site))
    for refused in ways:
        with pytest.raises(
            InputError, match=r"ambulance figures: .*none\.toml is not there; check the path in .*toml$"
        ):
            refused(load_study(loaded.path), show=False)


def test_the_norms_by_hand():
    norm = {key: 720 if key == "middle" else 1500 for key in CELLS}
    assert {key for key, (first, _) in COMING.items() if START + first <= norm[key]} == WITHIN


def test_the_time_of_the_service_is_that_from_the_call(answers):
    results = by_place(answers.results)
    for key, (first, second) in COMING.items():
        near = pytest.approx(START + first, abs=4 if key == "farm" else 1)
        assert results[f"{KEY}_s"][key] == near
        assert results[f"{KEY}_second_s"][key] == pytest.approx(START + second, abs=4 if key == "farm" else 1)
        assert results["ambulance_drive_s"][key] == pytest.approx(results[f"{KEY}_s"][key] - START)
    for name in ("s", "reason", "second_s"):
        assert (
            results[f"{KEY}_{name}"].tolist()
            == pytest.approx(results[f"ambulance_response_{name}"].tolist(), nan_ok=True)
            if name != "reason"
            else (results[f"{KEY}_reason"].tolist() == results["ambulance_response_reason"].tolist())
        )


@pytest.mark.parametrize("which", ["answers", "driven"])
def test_one_share_wherever_it_appears(which, request):
    found = request.getfixturevalue(which)
    study, results = found.study, found.results
    own = results.loc[results[f"{KEY}_s"] <= results["ambulance_norm_s"], "population"].sum() / TOTAL
    if which == "answers":
        assert own == pytest.approx(SHARE)
    everybody = found.summary().set_index("service").loc[KEY]
    assert everybody["share_within_norm_1"] == pytest.approx(own)
    assert "norm_2_s" not in found.summary().query("service == @KEY").dropna(axis=1)
    table = found.tables["ambulance_norms"].query("zoning == 'everybody' and counted_by == 'cell'")
    always = table[table["bases"] == "always there"]
    assert always["people_within"].sum() / always["population"].sum() == pytest.approx(own)
    compared = compare_study(study, [Scenario(title="Nothing", close=[], remove=[])], show=False)
    row = compared.tables["everybody"].query("service == @KEY and measure == 'nearest'").iloc[0]
    assert row["within_norm_1_before"] / row["population"] == pytest.approx(own)
    assert row["within_norm_1_after"] / row["population"] == pytest.approx(own)
    session = Session(PlannerState(found))
    assert session.answer([], KEY).figures.everybody.within[0][0] / TOTAL == pytest.approx(own)
    np.testing.assert_allclose(
        session.answer([], KEY).figures.times_s, results[f"{KEY}_s"].fillna(np.inf), rtol=0, atol=1e-9
    )
    placed = site_study(study, Question(KEY, objective="norm", add=1), answers=found)
    assert placed.found.now == pytest.approx(own)
    fleet = fleet_study(study, FleetQuestion(add=1, busy=0.0, candidates="cells"), answers=found)
    assert fleet.effect.within_now == pytest.approx(own)
    assert fleet.fleet.now == pytest.approx(own)  # of vehicles that are never out the expected share is the same
    base = solve_baseline(study, answers=found)
    field = service_field(base, KEY)
    limits = next(spec for spec in study.specs if spec.key == KEY).limits(results)
    open_ = reliability_table(field.attached_times_ds(), [], np.array([1]), index=results.index, norms_s=limits)[
        "chance_within_norm_1"
    ]
    assert (open_ * results["population"]).sum() / TOTAL == pytest.approx(own)


def test_the_report_says_response_and_both_norms(answers):
    text = (answers.study.output / "report.html").read_text(encoding="utf-8")
    within = f"{sum(PEOPLE[key] for key in WITHIN)}"
    assert "12 minutes in built-up areas, 25 in sparsely populated ones" in text
    assert within in re.sub(r"[\s,]", "", text)
    assert "This is drive time, not response time" not in text
    page = (answers.study.output / "index.html").read_text(encoding="utf-8")
    assert "Response time: " in page
    assert "within the norm of the area (12/25 min), counted from the call" in page


def test_roads_of_the_vehicle_are_followed_in_every_question(driven):
    """An ambulance drives faster than everybody: a base moved away and back gives the times of before."""
    assert driven.vehicles is not None
    changes = [{"what": "remove", "service": KEY, "site": f"{KEY}-west"}]
    times = Session(PlannerState(driven)).answer(read_changes(changes), KEY).figures.times_s
    gone = Scenario(title="Gone", remove=[{"service": KEY, "site": f"{KEY}-west"}])
    compared = compare_study(driven.study, [gone], show=False)
    np.testing.assert_allclose(times, compared.cells[0][f"{KEY}_after_s"].fillna(np.inf), atol=1e-9)
    assert (times[np.isfinite(times)] >= START).all()


def test_a_closed_road_is_held_against_the_norm_of_the_cell(answers):
    """The way to the north leads over a short cut: without it, somebody falls out of the norm of the north, 25 min."""
    found = vulnerable_study(answers.study, KEY, show=False)
    assert "over_norm_1" in found.table
    assert "over_norm_2" not in found.table
    assert found.table["over_norm_1"].max() <= TOTAL


def test_norms_of_the_service_that_are_no_norms_of_the_chain_are_refused(tmp_path):
    path = write_chain(tmp_path, CHAIN, STUDY.replace("norms_min = [12]", "norms_min = [15]"))
    with pytest.raises(ConfigError, match=r"ambulance_base\] norms_min has 15.*12 and 25 minutes"):
        _ = load_study(path).specs


def test_vehicles_move_to_where_most_expect_one(answers, tmp_path):
    question = FleetQuestion(move=1, add=1, busy=0.4, candidates="cells", least_people=1)
    answer = fleet_study(answers.study, question, answers=answers)
    fleet = answer.fleet
    assert fleet.proved
    assert fleet.taken.sum() <= 1
    assert fleet.then.sum() == 3
    lines = "\n".join(fleet_lines(answer))
    for words in ("12 minutes in built-up areas and 25", "were one always free", "expected share", "lose", "move"):
        assert words in lines or words == "lose"
    table = answer.effect.municipalities
    assert table["population"].sum() == TOTAL
    assert table["expected_now"].sum() / TOTAL == pytest.approx(fleet.now)
    assert table["expected_then"].sum() / TOTAL == pytest.approx(fleet.value)
    assert table["within_then"].sum() / TOTAL == pytest.approx(answer.effect.within_then)
    written = write_fleet(answer, tmp_path)
    assert {path.suffix for path in written} == {".csv", ".parquet", ".toml", ".png"}
    assert pd.read_csv(tmp_path / f"site_{KEY}_vehicles_municipalities.csv")["population"].sum() == TOTAL
    assert fleet_tables(answer)


def test_moving_is_what_trying_everything_finds():
    rng = np.random.default_rng(5)
    for _ in range(25):
        n, m = rng.integers(3, 8), rng.integers(2, 5)
        near, calls = rng.random((n, m)) < 0.5, rng.integers(1, 50, n).astype(float)
        have, add = rng.integers(0, 3, m), int(rng.integers(0, 3))
        move = int(rng.integers(0, min(3, int(have.sum())) + 1))
        busy = float(rng.choice([0.0, 0.3, 0.6]))
        found = place_vehicles(near, calls, add=add, busy=busy, standing=have, move=move)
        total = int(have.sum()) + add
        best = max(
            float(np.sum(calls * (1 - busy ** (near @ np.array(then)))))
            for then in itertools.product(range(total + 1), repeat=int(m))
            if sum(then) == total and np.maximum(have - np.array(then), 0).sum() <= move
        )
        assert found.value == pytest.approx(best / calls.sum())
        assert found.proved
        assert found.taken.sum() <= move
        assert (found.vehicles * found.taken == 0).all()


def test_more_vehicles_cannot_move_than_stand():
    with pytest.raises(InputError, match="move is 3; 1 vehicles stand"):
        place_vehicles(np.ones((2, 2), bool), [1.0, 1.0], add=0, busy=0.1, standing=[1, 0], move=3)


def test_a_comparison_gives_response_and_treatment_before_and_after(answers):
    """The base in the west leaves: the west waits for the one in the middle, and is treated as much later."""
    gone = Scenario(title="Gone", remove=[{"service": KEY, "site": site_at(answers, "west")}])
    compared = compare_study(answers.study, [gone], show=False)
    assert [(one.service, one.name) for one in compared.measures if one.service == KEY] == [
        (KEY, "nearest"),
        (KEY, "treatment"),
    ]
    cells = by_place(compared.cells[0])
    later = COMING["west"][1] - COMING["west"][0]
    assert cells[f"{KEY}_difference_s"]["west"] == pytest.approx(later, abs=2)
    assert cells["ambulance_treatment_difference_s"]["west"] == pytest.approx(later, abs=2)
    before = by_place(answers.results)["ambulance_treatment_s"]
    assert cells["ambulance_treatment_before_s"].tolist() == pytest.approx(before.tolist(), nan_ok=True)
    (lines,) = comparison_lines(compared)
    said = {
        measure: next(line for line in lines if line.startswith(measure)) for measure in ("Ambulance:", "Ambulance, ")
    }
    assert "longer response time" in said["Ambulance:"]
    assert "longer time to treatment" in said["Ambulance, "]
    assert "response time" not in said["Ambulance, "]
    for name in ("classes", "municipalities"):
        table = compared.tables[name].query("service == @KEY and measure == 'treatment'")
        assert table["population"].sum() == TOTAL


def site_at(answers, key):
    """Return the id of the base at a place."""
    ours = answers.sites[(answers.sites["service"] == KEY).to_numpy()]
    return str(ours.index[ours["name"].str.contains(key) | ours.index.astype(str).str.contains(key)][0])


def test_files_of_a_comparison_name_what_each_time_is(answers, tmp_path, monkeypatch):
    """The time to treatment is no response time, and does not end where people are."""
    drawn = []

    def legend(path, *, layers, legend, heads):
        drawn.append((legend.caption, legend.direction))
        path.write_bytes(b"")

    monkeypatch.setattr("geoaccess.maps.drawing.draw_service_map", legend)
    gone = Scenario(title="Without the west", remove=[{"service": KEY, "site": site_at(answers, "west")}])
    write_comparison(compare_study(answers.study, [gone], show=False), tmp_path / "made")
    label = "Ambulance, to treatment by road"
    assert ("Change in response time: Ambulance", "from the call until the ambulance is at the scene") in drawn
    assert (f"Change in time to treatment: {label}", "from the call to treatment") in drawn
    layers = (tmp_path / "made" / "compare.qlr").read_text(encoding="utf-8")
    assert f"Change in time to treatment: {label}" in layers
    assert f"Change in response time: {label}" not in layers
