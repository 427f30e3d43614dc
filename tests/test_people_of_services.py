"""Whom a service is asked about counts in every output: held against a study in which nobody else lives."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from geoaccess import maps, questions
from geoaccess.errors import ConfigError, InputError
from geoaccess.planner import PlannerState, Session, read_changes
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.export import plan_table
from geoaccess.planner.serialise import answer_json, proposal_json
from geoaccess.planner.suggest import suggest
from geoaccess.questions.siting.objectives import OBJECTIVES
from geoaccess.scenarios import Scenario
from geoaccess.study import check, load_study, run_study, solve_study
from geoaccess.study.results.report import report_of
from geoaccess.study.results.tables import all_tables
from geoaccess.study.settings.variations import combinations, study_variations
from tests.test_study_tiny import CELLS, PEOPLE, STUDY, cell_id, degrees, write_study

# Others than the people by far: most of them live where fewest people do.
WOMEN = {"west": 7, "farm": 12, "middle": 33, "north": 200, "isle": 99, "hut": 30, "holm": 50, "wild": 6}
MORE = """
[catchments.offices]
service = "gp"
measure = "two_step"
cutoff_min = 30

[services.gp.rule]
kind = "own"

[[zonings]]
kind = "column"
name = "side"
column = "side"
"""
SERVICES = ("gp", "hospital", "ambulance_base", "birth_unit")
CLOSURES = "what,name,osm_id,season,availability,area,correlation\nferry,all,,all,0.7,sea,0.5\npass,,1,all,0.8,land,0\n"


def written(folder, text, *, people="people"):
    text = text.replace('people = "people"', f'people = "{people}"')
    path = write_study(folder, text)
    rows = [f"{cell_id(key)},{PEOPLE[key]},{WOMEN[key]},{'east' if CELLS[key][0] > 8 else 'west'}" for key in CELLS]
    (folder / "people.csv").write_text("\n".join(["cell_id,people,women_15_49,side", *rows, ""]))
    (folder / "closures.csv").write_text(CLOSURES)
    sites = pd.read_csv(folder / "sites.csv", dtype=str)
    sites["days"] = np.where(sites["id"] == "gp-west", "2", "5")
    sites.to_csv(folder / "sites.csv", index=False)
    return load_study(path)


def asked_about(text, people="women_15_49"):
    for key in SERVICES:
        text = text.replace(f"[services.{key}]\n", f'[services.{key}]\npeople = "{people}"\n')
    return text


@pytest.fixture(scope="module")
def text():
    return STUDY.replace('label = "GP"\n', 'label = "GP"\ndays_per_week = "days"\n') + MORE


@pytest.fixture(scope="module")
def women(tmp_path_factory, text):
    """The study of everybody in which every service is asked about women of 15 to 49."""
    return solve_study(written(tmp_path_factory.mktemp("asked"), asked_about(text)), show=False)


@pytest.fixture(scope="module")
def alone(tmp_path_factory, text):
    """The same country if these women lived there alone."""
    return solve_study(written(tmp_path_factory.mktemp("alone"), text, people="women_15_49"), show=False)


def same(found, expected, *, but=()):
    """Hold two tables against each other, without the columns that name who is asked about."""
    found = pd.DataFrame(found).drop(columns=["asked_about", *but], errors="ignore")
    expected = pd.DataFrame(expected).drop(columns=[*but], errors="ignore")
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True))


# Every table of a run

OF_EVERYBODY = ("islands", "ferries", "sites", "centrality", "people", "offices")


def test_every_table_of_a_run(women, alone):
    found, expected = all_tables(women), all_tables(alone)
    assert set(expected) <= set(found)
    for name, table in expected.items():
        if name not in OF_EVERYBODY and name != "contrast":
            same(found[name], table)
    for what in ("people_most_central", "mean_gap_s", "median_ratio"):
        np.testing.assert_array_equal(found["contrast"][what], expected["contrast"][what])
    assert found["everybody"]["population"].tolist() == [sum(WOMEN.values())] * 4
    assert set(found["everybody"]["asked_about"]) == {"women 15\u201349"}


def test_the_report(women, alone):
    found, expected = (report_of(one, all_tables(one), pictures={}, digests={}) for one in (women, alone))
    for mine, theirs in zip(found.services, expected.services, strict=True):
        assert mine.label == f"{theirs.label} (women 15\u201349)"
        for name in ("population", "in_districts", "reached", "unreached", "reasons", "mean_s", "median_s", "norms"):
            assert getattr(mine, name) == getattr(theirs, name), name
        same(mine.exposed, theirs.exposed)
        same(mine.municipalities, theirs.municipalities)
    same(found.unreached, expected.unreached)
    assert found.population == sum(PEOPLE.values())  # who live there are still all
    assert found.classes != expected.classes


def test_maps_and_figures(women, alone):
    for mine, theirs in zip(women.study.specs, alone.study.specs, strict=True):
        edges = [600.0, 1200.0]
        same(
            maps.bands.band_people(women.results, service=mine, edges_s=edges),
            maps.bands.band_people(alone.results, service=theirs, edges_s=edges),
        )


# Every verb


def test_compare(women, alone):
    lon, lat = degrees(27.5, -9.5)
    change = Scenario(
        title="New",
        add=[{"service": "gp", "name": "Isle", "lon": lon, "lat": lat}],
        close=[{"what": "ferries"}],
    )
    found, expected = (questions.compare_study(one.study, [change], show=False) for one in (women, alone))
    for name, table in expected.tables.items():
        same(found.tables[name], table)
    same(questions.printed_comparison(found).iloc[:, 2:], questions.printed_comparison(expected).iloc[:, 2:])
    assert "per one journey each" in " ".join(questions.printed_comparison(found).columns)


@pytest.mark.parametrize("objective", sorted(OBJECTIVES))
def test_site(women, alone, objective):
    asked = questions.Question("gp", objective=objective, add=1, share=0.8, norm_min=10)
    found, expected = (questions.site_study(one.study, asked, answers=one, show=False) for one in (women, alone))
    for name in ("places", "frontier", "alternatives", "classes", "municipalities"):
        same(getattr(found, name), getattr(expected, name))
    assert (found.found.now, found.found.value) == (expected.found.now, expected.found.value)
    assert "women 15\u201349" in found.title


def test_site_that_closes_one(women, alone):
    asked = questions.Question("gp", add=0, close=1)
    found, expected = (questions.site_study(one.study, asked, answers=one, show=False) for one in (women, alone))
    same(found.closed, expected.closed)
    same(found.municipalities, expected.municipalities)


def test_vulnerable_and_reliability(women, alone):
    found, expected = (questions.vulnerable_study(one.study, "gp", show=False) for one in (women, alone))
    same(found.table, expected.table)
    assert len(found.table)
    tables = [one.study.path.parent / "closures.csv" for one in (women, alone)]
    mine, theirs = (
        questions.reliability_study(one.study, "gp", table=table, draws=40, show=False)
        for one, table in zip((women, alone), tables, strict=True)
    )
    for name in ("classes", "municipalities", "everybody"):
        same(getattr(mine, name), getattr(theirs, name))
    same(questions.printed_reliability(mine), questions.printed_reliability(theirs))


def test_office_days_and_vehicles(women, alone):
    asked = questions.DayQuestion("gp", 3, main=("gp-east",), candidates="cells")
    found, expected = (questions.days_study(one.study, asked, answers=one, show=False) for one in (women, alone))
    same(found.places, expected.places)
    same(found.frontier, expected.frontier)
    assert found.unreached == expected.unreached
    fleet = questions.FleetQuestion(add=1)
    cars, others = (questions.fleet_study(one.study, fleet, answers=one, show=False) for one in (women, alone))
    same(cars.places, others.places)
    assert (cars.fleet.now, cars.fleet.value) == (others.fleet.now, others.fleet.value)
    assert any("women 15\u201349" in line for line in questions.fleet_lines(cars))


def test_sweep_and_day(women, alone):
    swept = [
        questions.sweep_studies(study_variations([one.study.path], combinations([])), workers=0, cells=True)
        for one in (women, alone)
    ]
    for name in ("table", "cells"):
        same(getattr(swept[0], name), getattr(swept[1], name), but=["study", "file"])
    day = dt.date(2026, 6, 1)
    parts = [written_timetable(one) for one in (women, alone)]
    found, expected = (questions.profile_day(study, "gp", day, show=False) for study in parts)
    same(found.by_class, expected.by_class)


def written_timetable(answers):
    """Return the study with a timetable for its ferry."""
    study, folder = answers.study, answers.study.path.parent
    questions.write_ferries(study, folder / "ferries.csv") if not (folder / "ferries.csv").exists() else None
    rows = pd.read_csv(folder / "ferries.csv", dtype=str)
    rows["departures"] = np.where(rows["name"] == "Car ferry", "Mo-Su 06:00,12:00,18:00", "")
    rows.to_csv(folder / "ferries.csv", index=False)
    path = folder / "timed.toml"
    path.write_text(
        study.path.read_text().replace('profile = "flat.toml"', 'profile = "flat.toml"\nferries = "ferries.csv"')
    )
    return load_study(path)


def test_the_planner(women, alone):
    lon, lat = degrees(27.5, -9.5)
    changes = read_changes([{"what": "add", "service": "gp", "site": "new-1", "lon": lon, "lat": lat}])
    answers = []
    for one in (women, alone):
        state = PlannerState(one)
        session, drawing = Session(state), Drawing(state)
        answer = session.answer(changes, "gp")
        shown = answer_json(answer, state.figures("gp"), drawing)
        proposals = [
            proposal_json(state, "gp", name, suggest(session, changes, "gp", objective=name))
            for name in ("minutes", "norm_0", "districts")
        ]
        answers.append((shown, plan_table(state, answer), proposals))
    (found, table, places), (expected, other, others) = answers
    for name in ("study", "times"):  # squares with most people are drawn last
        found.pop(name)
        expected.pop(name)
    assert found == expected
    same(table, other)
    assert places == others


def test_validation(women, alone):
    rows = pd.DataFrame(
        {
            "geography": ["0101", "0102"],
            "service": "gp",
            "statistic": ["mean", "share_within_10"],
            "value": [5.0, 0.5],
            "source": "made up",
        }
    )
    found, expected = (questions.validate_answers(one, rows) for one in (women, alone))
    same(found.table, expected.table)


# One service of several


def test_each_service_has_its_own_people(tmp_path):
    text = STUDY.replace(
        "[services.birth_unit]\n", '[services.birth_unit]\npeople = "women_15_49"\ntrips_per_year = 4\n'
    )
    answers = solve_study(written(tmp_path, text), show=False)
    table = all_tables(answers)["everybody"].set_index("service")
    assert table["population"].to_dict() == {
        **dict.fromkeys(("gp", "hospital", "ambulance_base"), sum(PEOPLE.values())),
        "birth_unit": sum(WOMEN.values()),
    }
    # The birth unit is on the holm, which a road ties to nothing else: the others are not reached, and not lost.
    assert table.loc["birth_unit", ["reached", "unreached"]].tolist() == [50, sum(WOMEN.values()) - 50]
    assert table["asked_about"].tolist() == ["everybody", "everybody", "everybody", "women 15\u201349"]
    lon, lat = degrees(0.5, 0.5)
    change = Scenario(title="West", add=[{"service": "birth_unit", "name": "West", "lon": lon, "lat": lat}])
    found = questions.compare_study(answers.study, [change], show=False)
    row = found.tables["everybody"].set_index("service").loc["birth_unit"]
    assert row["population"] == sum(WOMEN.values())
    assert row["became_reached"] == sum(WOMEN[key] for key in ("west", "farm", "middle", "north", "isle"))
    hours = questions.printed_comparison(found)
    assert "person-hours saved" in hours  # the services differ: each number says per what
    assert hours["person-hours saved"].tolist() == ["0 per year"]  # services that nothing changes have no row


def test_where_nobody_is_asked_about(tmp_path):
    """A municipality, a class and cells without any of the group: no map, figure, table or closure stops at them."""
    study = written(tmp_path, asked_about(STUDY))
    table = (tmp_path / "people.csv").read_text()
    for key in ("isle", "hut", "wild"):
        table = table.replace(f"{cell_id(key)},{PEOPLE[key]},{WOMEN[key]}", f"{cell_id(key)},{PEOPLE[key]},0")
    (tmp_path / "people.csv").write_text(table)
    answers = run_study(study, show=False)
    towns = all_tables(answers)["municipalities"].query("service == 'gp'").set_index("municipality")
    assert towns["population"].to_dict() == {"West": 69, "East": 233, "South": 0, "unclassified": 0}
    assert np.isnan(towns.loc["South", "mean_s"])
    closed = questions.vulnerable_study(study, "gp", show=False).table
    assert "Car ferry" not in set(closed["name"])  # it carries the isle alone, where none of them lives


def test_hours_are_those_of_a_year(tmp_path):
    text = STUDY.replace('label = "GP"', 'label = "GP"\ntrips_per_year = 4\npeople = "women_15_49"')
    study = written(tmp_path, text)
    lon, lat = degrees(10.5, 0.5)
    change = Scenario(title="Middle", add=[{"service": "gp", "name": "Middle", "lon": lon, "lat": lat}])
    found = questions.compare_study(study, [change], show=False)
    cells = found.cells[0]
    saved = -(cells["gp_difference_s"] * cells["population_women_15_49"])[cells["gp_difference_s"] < 0].sum()
    row = found.tables["everybody"].set_index("service").loc["gp"]
    assert row["person_min_won"] == pytest.approx(saved / 60)
    assert row["person_hours_per_year_won"] == pytest.approx(4 * saved / 3600)


def test_the_language_of_the_group(tmp_path):
    text = asked_about(STUDY).replace('title = "A small country"', 'title = "Et lite land"\nlanguage = "nb"')
    assert [spec.who for spec in written(tmp_path, text).specs] == ["kvinner 15\u201349 år"] * 4
    text = text.replace('label = "GP"', 'label = "GP"\npeople_label = "kvinner i fruktbar alder"')
    assert written(tmp_path, text).specs[0].label == "GP (kvinner i fruktbar alder)"


# Calls and births


def events(folder, demand, people):
    study = written(folder, asked_about(STUDY, people) + demand)
    (folder / "rates.csv").write_text("age,per_year\nwomen_15_49,0.05\npopulation,0.01\n")
    (folder / "calls.csv").write_text("kommunenummer,calls\n0101,300\n0102,200\n0103,100\n")
    return study


HOME = {"west": "0101", "farm": "0101", "middle": "0102", "north": "0102", "isle": "0103", "hut": "0103"}
HOME |= {"holm": "0101", "wild": "0102"}


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        ("per_person = 0.1", {key: 0.1 * PEOPLE[key] for key in CELLS}),
        ('column = "women_15_49"', WOMEN),
        (
            'rates = "rates.csv"',
            {key: 0.05 * WOMEN[key] + 0.01 * PEOPLE[key] for key in CELLS},
        ),
    ],
)
@pytest.mark.parametrize("what", ["calls", "births"])
def test_calls_and_births(tmp_path, what, demand, expected):
    text = f"\n[demand.{what}]\n{demand}\n"
    grid = STUDY.replace('people = "people"', 'people = "people"\nages = { women_15_49 = "women_15_49" }')
    study = written(tmp_path, asked_about(grid, what) + text)
    (tmp_path / "rates.csv").write_text("age,per_year\nwomen_15_49,0.05\npopulation,0.01\n")
    answers = solve_study(study, show=False)
    assert answers.results.set_axis([*CELLS])[f"{what}_per_year"].to_dict() == pytest.approx(dict(expected))
    table = answers.summary()
    assert table["population"].to_list() == pytest.approx([sum(expected.values())] * 4)
    assert study.specs[0].label == f"GP ({what} a year)"
    assert study.specs[0].trips_per_year == 1


def test_calls_of_municipalities_are_shared_out_like_a_group(tmp_path):
    text = '\n[demand.calls]\nfile = "calls.csv"\nper_year = "calls"\nof = "women_15_49"\n'
    text = asked_about(STUDY, "calls").replace("max_nearest_m = 5000", "max_nearest_m = 50000") + text
    study = written(tmp_path, text)
    given = {"0101": 300, "0102": 200, "0103": 100}
    (tmp_path / "calls.csv").write_text("kommunenummer,calls\n0101,300\n0102,200\n0103,100\n")
    found = solve_study(study, show=False).results.set_axis([*CELLS])["calls_per_year"]
    for key in CELLS:
        inside = sum(WOMEN[other] for other in CELLS if HOME[other] == HOME[key])
        assert found[key] == pytest.approx(given[HOME[key]] * WOMEN[key] / inside)


# What is refused, and questioned


def test_an_unknown_column_is_refused_with_those_there_are(tmp_path):
    study = written(tmp_path, asked_about(STUDY, "wimmen_15_49"))
    with pytest.raises(InputError, match=r'no column "wimmen_15_49"') as error:
        check(study)
    assert "women_15_49" in str(error.value)
    assert 'people = "wimmen_15_49"' in str(error.value)


def test_calls_without_a_table_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"asks for a table \[demand\.calls\]"):
        written(tmp_path, asked_about(STUDY, "calls"))


def test_a_group_larger_than_the_people_of_a_cell_is_questioned(tmp_path):
    study = written(tmp_path, asked_about(STUDY))
    assert not any("check the column, or blurring" in line for line in check(study))
    assert f"gp is asked about women 15\u201349: {sum(WOMEN.values())}" in check(study)
    table = (tmp_path / "people.csv").read_text()
    (tmp_path / "people.csv").write_text(re.sub(f"({cell_id('wild')}),7,6", r"\1,7,8", table))
    line = next(line for line in check(study) if "check the column, or blurring" in line)
    assert cell_id("wild") in line
