"""What a scenario does to the time expected over the week, to rules and to supply: computed by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from geoaccess import equity
from geoaccess.questions import compare_study, printed_comparison, printed_supplies
from geoaccess.questions.compare.output import write_comparison
from geoaccess.scenarios import CHANGES, Scenario
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import CELLS, FURTHER, MAIN, PEOPLE, STEEP, STUDY, TOTAL, cell_id, degrees, write_study

DAYS = 'label = "GP"\ndays_per_week = "days"\n'
SUPPLY = """
[catchments.doctors_near]
service = "gp"
measure = "two_step"
supply = "doctors"
cutoff_min = 10

[catchments.offices_near]
service = "gp"
measure = "cumulative"
cutoff_min = 10
"""
OWN = '\n[services.gp.rule]\nkind = "own"\n'
WEST, EAST = ({"service": "gp", "site": f"gp-{place}"} for place in ("west", "east"))


def study_of(folder, text=STUDY, **columns):
    """Write the small country, whose sites have further columns (by service, or by site), and load it."""
    path = write_study(folder, text)
    sites = pd.read_csv(folder / "sites.csv", dtype=str)
    for name, values in columns.items():
        sites[name] = sites["id"].map(values).fillna(sites["service"].map(values)).fillna("")
    sites.to_csv(folder / "sites.csv", index=False)
    return load_study(path)


def added(place, site="gp-new", **more):
    lon, lat = degrees(*place)
    return {"service": "gp", "site": site, "name": "New", "lon": lon, "lat": lat, **more}


def compared(study, *changes):
    found = compare_study(study, [Scenario(title=f"s{i}", **change) for i, change in enumerate(changes)], show=False)
    nobody_lost(found)
    return found


def nobody_lost(found):
    for name in ("everybody", "classes", "municipalities"):
        table = found.tables[name]
        np.testing.assert_allclose(table[list(CHANGES)].sum(axis=1), table["population"])
        assert (table.groupby(["scenario", "service", "measure"])["population"].sum() > 0).all()
    everybody = found.tables["everybody"]
    assert not everybody.duplicated(["scenario", "service", "measure"]).any()


def of(found, column, number=0):
    ids = {cell_id(key): key for key in PEOPLE}
    return {ids[label]: value for label, value in found.cells[number][column].items()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("plain"))


def test_an_office_two_days_a_week(plain):
    found = compared(plain, {"add": [added((10.5, 0.5), days_per_week=2)]}, {"add": [added((10.5, 0.5))]})
    keys = found.tables["everybody"].query("scenario == 's0'")[["service", "measure"]].to_numpy().tolist()
    assert keys[:2] == [["gp", "nearest"], ["gp", "expected"]]
    assert [measure for service, measure in keys if service != "gp"] == ["nearest"] * 3
    before, after = of(found, "gp_expected_before_s"), of(found, "gp_expected_after_s")
    nearest = of(found, "gp_before_s")
    for place in PEOPLE:  # nothing given: open every working day
        np.testing.assert_equal(before[place], nearest[place])
    assert after["middle"] == pytest.approx(0.4 * 0 + 0.6 * MAIN, abs=1)
    assert after["west"] == 0
    assert after["north"] == pytest.approx(STEEP, abs=1)  # the east is nearer than the middle, and always open
    whole = of(found, "gp_expected_after_s", 1)
    assert whole["middle"] == pytest.approx(0, abs=1)  # every working day, where nothing is given
    row = found.tables["everybody"].query("scenario == 's0' and measure == 'expected'").iloc[0]
    assert row["better"] == PEOPLE["middle"]
    assert row["person_min_won"] == pytest.approx(PEOPLE["middle"] * 0.4 * MAIN / 60, rel=1e-3)
    assert row["into_norm_1"] == PEOPLE["middle"] * (0.6 * MAIN <= 600 < MAIN)
    assert any("Expected over the week" in line for line in found.notes[0])


def test_days_changed_of_a_study_that_names_its_column(tmp_path):
    study = study_of(
        tmp_path, STUDY.replace('label = "GP"\n', DAYS), days={"gp-west": "3", "gp-east": "5", "hospital": "x"}
    )
    found = compared(study, {}, {"change": [WEST | {"days_per_week": 1}]}, {"add": [added((10.5, 0.5))]})
    solved = solve_study(study, show=False).results
    np.testing.assert_allclose(
        found.cells[0]["gp_expected_before_s"].fillna(np.inf), solved["gp_expected_s"], atol=1e-3
    )
    assert (found.cells[0]["gp_expected_change"].isin(["same", "unreached"])).all()
    assert of(found, "gp_expected_before_s")["west"] == pytest.approx(0.4 * (MAIN + FURTHER), abs=1)
    assert of(found, "gp_expected_after_s", 1)["west"] == pytest.approx(0.8 * (MAIN + FURTHER), abs=1)
    assert of(found, "gp_change", 1)["west"] == "same"  # the nearest is where it was
    assert of(found, "gp_expected_after_s", 2)["west"] == pytest.approx(0.4 * MAIN, abs=1)


def test_capacity_doubled_where_an_office_is_alone_in_reach(tmp_path):
    doctors = {"gp-west": "4", "gp-east": "1"}
    study = study_of(tmp_path, STUDY + SUPPLY, doctors=doctors)
    found = compared(
        study,
        {"change": [WEST | {"capacity": 8}]},
        {"add": [added((10.5, 0.5))]},
        {"add": [added((10.5, 0.5), capacity=2)], "remove": [EAST]},
        {"remove": [WEST, EAST]},
    )
    solved = solve_study(study, show=False).results
    np.testing.assert_allclose(found.cells[0]["doctors_near_before"], solved["doctors_near"])
    assert of(found, "doctors_near_before")["west"] == pytest.approx(4 / 1009)
    assert of(found, "doctors_near_after")["west"] == pytest.approx(8 / 1009)
    row = found.tables["everybody"].query("scenario == 's0' and measure == 'doctors_near'").iloc[0]
    assert (row["better"], row["unreached"], row["population"]) == (1009, TOTAL - 1009, TOTAL)
    assert row["mean_per_person_before"] == pytest.approx(4 / TOTAL)
    assert row["mean_per_person_after"] == pytest.approx(8 / TOTAL)
    each = np.where([key == "west" for key in CELLS], 4 / 1009, 0)
    assert row["gini_before"] == pytest.approx(equity.gini(each, weights=np.array([*PEOPLE.values()], float)))
    assert np.isnan(row["mean_after_s"])
    assert any("gp-new" in line and "doctors_near" in line for line in found.notes[1])  # whose size is not given
    supplies = printed_supplies(found)
    assert "shorter" not in supplies  # nobody has a shorter or a longer supply
    first = supplies.iloc[0]
    assert (first["scenario"], first["service"], first["have more"]) == ("s0", "GP: doctors_near", "1,009")
    assert first["mean supply within reach"] == f"{4000 / TOTAL:.2f} to {8000 / TOTAL:.2f} per 1,000 people"
    offices = supplies[supplies["service"] == "GP: offices_near"]["mean supply within reach"]
    assert len(offices)
    assert not offices.str.contains("1,000").any()  # of which everybody has so many in reach, shared with nobody
    assert set(printed_comparison(found)["service"]) == {"GP"}
    assert of(found, "doctors_near_change", 1)["middle"] == "unreached"
    assert of(found, "offices_near_after", 1)["middle"] == 1
    assert of(found, "doctors_near_after", 2)["middle"] == pytest.approx(2 / 503)
    assert of(found, "doctors_near_change", 3)["west"] == "became_unreached"
    classes = found.tables["classes"].query("scenario == 's0' and measure == 'doctors_near'")
    assert classes.set_index("centrality_class")["better"].to_dict() == {"1": 1009, "3": 0, "6": 0, "unclassified": 0}


def test_a_rule_changed(tmp_path):
    study = study_of(tmp_path, STUDY.replace("[services.hospital]", f"{OWN}[services.hospital]", 1))
    to_all = [WEST | {"allowed": ["0101", "0102", "0103"]}]
    found = compared(
        study,
        {},
        {"change": to_all},
        {"change": [EAST | {"allowed": ["0101"]}]},
        {"add": [added((10.5, 0.5))]},
        {"move": [WEST | dict(zip(("lon", "lat"), degrees(10.5, 0.5), strict=True))]},
        {"change": [WEST | {"allowed": []}]},
    )
    solved = solve_study(study, show=False).results
    np.testing.assert_array_equal(found.cells[0]["gp_allowed_before_s"].fillna(np.inf), solved["gp_allowed_s"])
    for number in range(3):
        assert set(found.cells[number]["gp_change"]) <= {"same", "unreached"}  # rules move nobody's nearest site
    before = of(found, "gp_allowed_before_s")
    assert before["middle"] == pytest.approx(FURTHER, abs=1)  # the east is of its municipality
    assert np.isinf(before["isle"])  # the south has none
    assert of(found, "gp_allowed_after_s", 1)["middle"] == pytest.approx(MAIN, abs=1)
    assert of(found, "gp_allowed_change", 1)["isle"] == "became_reached"
    assert of(found, "gp_allowed_change", 2)["north"] == "became_unreached"
    assert of(found, "gp_allowed_after_s", 3)["middle"] == pytest.approx(0, abs=1)
    assert of(found, "gp_allowed_after_s", 5) == pytest.approx(of(found, "gp_allowed_after_s", 1), nan_ok=True)
    moved = of(found, "gp_allowed_change", 4)
    assert (moved["west"], moved["middle"]) == ("became_unreached", "better")  # it lies in the east now


def test_allowed_by_the_scenario_alone(plain):
    found = compared(plain, {"change": [EAST | {"allowed": ["0103"]}]})
    assert set(found.cells[0]["gp_change"]) <= {"same", "unreached"}
    assert of(found, "gp_allowed_after_s")["north"] == pytest.approx(STEEP + FURTHER + MAIN, abs=1)
    assert of(found, "gp_allowed_change")["isle"] == "same"


def test_by_the_clock_who_is_allowed_counts_and_the_rest_is_left_out(tmp_path):
    text = STUDY.replace("[network]", '[network]\nferries = "ferries.csv"') + SUPPLY
    study = study_of(tmp_path, text, doctors={"gp": "1"})
    (tmp_path / "ferries.csv").write_text(
        "way_id,name,motor_vehicle,minutes,first,last,headway_min\n8,Car ferry,yes,30,06:00,22:00,60\n",
        encoding="utf-8",
    )
    only = {"change": [EAST | {"allowed": ["0103"]}], "add": [added((10.5, 0.5), days_per_week=2)]}
    found = compare_study(study, [Scenario(title="s0", **only)], day=dt.date(2026, 1, 14), show=False)
    nobody_lost(found)
    assert [one.name for one in found.measures if one.service == "gp"] == ["nearest", "allowed"]
    assert of(found, "gp_allowed_change")["north"] == "worse"
    assert of(found, "gp_change")["north"] == "same"
    assert any("left out" in line for line in found.notes[0])


def test_a_legevakt_that_lists_whom_it_serves(tmp_path):
    rule = '\n[services.gp.rule]\nkind = "names"\ncolumn = "serves"\n'
    text = STUDY.replace("[services.hospital]", f"{rule}[services.hospital]", 1)
    study = study_of(tmp_path, text, serves={"gp-west": "West, East", "gp-east": "South"})
    new = added((10.5, 0.5))
    whom = {"service": "gp", "site": "gp-new", "allowed": ["0102"]}
    found = compared(study, {"add": [new]}, {"add": [new], "change": [whom]}, {"remove": [EAST]})
    assert of(found, "gp_allowed_before_s")["middle"] == pytest.approx(MAIN, abs=1)
    assert set(found.cells[0]["gp_allowed_change"]) == {"same", "unreached"}
    assert any("Nobody may use gp-new" in line for line in found.notes[0])
    assert of(found, "gp_allowed_after_s", 1)["middle"] == pytest.approx(0, abs=1)
    assert not any("Nobody may use" in line for line in found.notes[1])
    assert of(found, "gp_allowed_change", 2)["isle"] == "became_unreached"
    assert found.cells[2].loc[cell_id("isle"), "gp_allowed_reason_after"] == "no_provider"


def test_an_office_for_one_catchment_each_counts_by_its_capacity_where_no_size_is_known(tmp_path):
    text = STUDY + SUPPLY.replace('supply = "doctors"\n', "")
    found = compared(study_of(tmp_path, text), {"change": [WEST | {"capacity": 2}]})
    assert of(found, "doctors_near_before")["west"] == pytest.approx(1 / 1009)
    assert of(found, "doctors_near_after")["west"] == pytest.approx(2 / 1009)
    assert of(found, "offices_near_after")["west"] == 2


def test_no_site_left(tmp_path):
    text = STUDY.replace('label = "GP"\n', DAYS).replace("[services.hospital]", f"{OWN}[services.hospital]", 1) + SUPPLY
    study = study_of(tmp_path, text, days={"gp": "5"}, doctors={"gp": "1"})
    found = compared(study, {"remove": [WEST, EAST]})
    rows = found.tables["everybody"].query("service == 'gp'").set_index("measure")
    assert rows[["better", "worse", "same", "became_reached"]].to_numpy().sum() == 0
    assert rows["became_unreached"].to_dict() == {
        "nearest": 1837,
        "expected": 1837,
        "allowed": 1009 + 13 + 503 + 211,  # the isle has no provider
        "doctors_near": 1009,
        "offices_near": 1009,
    }


def test_a_site_in_a_scenario_is_what_it_is_in_a_study(tmp_path):
    text = STUDY.replace('label = "GP"\n', DAYS).replace("[services.hospital]", f"{OWN}[services.hospital]", 1) + SUPPLY
    values = {"days": {"gp": "4"}, "doctors": {"gp": "3"}}
    new = {"days_per_week": 2, "capacity": 5}
    found = compared(study_of(tmp_path / "before", text, **values), {"add": [added((10.5, 0.5), **new)]})
    after = study_of(tmp_path / "after", text, **values)
    path = tmp_path / "after" / "sites.csv"
    site = added((10.5, 0.5))
    with path.open("a") as file:
        file.write(f"gp-new,gp,New,{site['lon']:.7f},{site['lat']:.7f},no,2,5\n")
    solved = solve_study(after, show=False).results
    cells = found.cells[0]
    for name in ("gp", "gp_expected", "gp_allowed"):
        expected = solved[f"{name}_s"].replace(np.inf, np.nan)
        np.testing.assert_allclose(cells[f"{name}_after_s"].replace(np.inf, np.nan), expected, atol=0.2)
    for name in ("doctors_near", "offices_near"):
        np.testing.assert_allclose(cells[f"{name}_after"], solved[name])


def test_hours_given_and_not_given(tmp_path):
    text = STUDY.replace('label = "GP"\n', 'label = "GP"\nopening = "hours"\n') + "\n[opening]\nfirst = 2026-01-12\n"
    study = study_of(tmp_path, text, hours={"gp-west": "24/7", "gp-east": "24/7"})
    half = added((10.5, 0.5), opening="00:00-12:00")
    found = compared(study, {"add": [half]}, {"add": [added((10.5, 0.5), days_per_week=2)]})
    assert of(found, "gp_expected_after_s")["middle"] == pytest.approx(MAIN / 2, abs=1)
    assert of(found, "gp_expected_after_s", 1)["middle"] == pytest.approx(0, abs=1)
    assert any("not days per week" in line for line in found.notes[1])


def test_files_have_a_row_for_every_measure(tmp_path):
    study = study_of(tmp_path, STUDY + SUPPLY, doctors={"gp": "2"})
    found = compared(study, {"add": [added((10.5, 0.5), days_per_week=2, capacity=1)]}, {})
    write_comparison(found, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "everybody.csv")
    assert table.columns[:3].tolist() == ["scenario", "service", "measure"]
    assert table.query("scenario == 's0' and service == 'gp'")["measure"].tolist() == [
        *("nearest", "expected", "doctors_near", "offices_near")
    ]
    beside = pd.read_csv(tmp_path / "out" / "beside.csv").set_index(["service", "measure", "figure"])
    assert beside.loc[("gp", "doctors_near", "mean_per_person"), "before"] == pytest.approx(4 / TOTAL, rel=1)
    assert (tmp_path / "out" / "map_1_gp_expected.png").is_file()
    assert not (tmp_path / "out" / "map_1_gp.png").exists()
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "GP, expected over the week" in page
    assert "mean per 1,000 people, before → after" in page
    assert "mean, before → after" in page  # of what is shared with nobody


def test_outer_senja_gains_over_the_week(senja_compared):
    found = senja_compared
    nobody_lost(found)
    table = found.tables["everybody"].set_index(["service", "measure"])
    nearest, expected = table.loc[("gp", "nearest")], table.loc[("gp", "expected")]
    assert expected["better"] == nearest["better"]
    assert 0.4 <= expected["person_min_won"] / nearest["person_min_won"] <= 0.65
    cells = found.cells[0]
    near, far = cells["gp_after_s"], cells["gp_before_s"]
    one = cells["gp_change"] == "better"
    bound = 0.4 * near[one] + 0.6 * far[one]
    assert (cells.loc[one, "gp_expected_after_s"] <= bound + 0.01).all()  # the other new office may be open, too
    assert np.isclose(cells.loc[one, "gp_expected_after_s"], bound, atol=0.01).mean() > 0.3
    outer = found.tables["places"].query("service == 'gp' and measure == 'expected'")
    assert {"Senjahopen", "Gryllefjord"} & set(outer["place"])
    assert ("legevakt", "allowed") in table.index
    assert table.loc[("gp", "gp_two_step"), "became_reached"] == nearest["into_norm_1"] > 1000  # within 30 minutes now
