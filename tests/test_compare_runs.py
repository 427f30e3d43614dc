"""Runs compared: the parts of a change sum to it, and say what they should of two small countries."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from geoaccess.cli import app
from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec, mean_change, share_change
from geoaccess.questions import compare_runs, compare_study
from geoaccess.questions.compare.comparison import people_against_today
from geoaccess.scenarios import Scenario, change_table
from geoaccess.study import load_study, run_study, solve_study
from tests.test_study_tiny import CELLS, PEOPLE, STUDY, cell_id, write_study

LATER = PEOPLE | {"west": 500, "north": 900, "hut": 0, "isle": 150}

# The formulas

amounts = st.floats(0, 1000, allow_nan=False).map(lambda number: round(number, 3))
seconds = st.one_of(st.floats(0, 7200).map(lambda number: round(number, 1)), st.just(float("inf")))
units = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        *(st.lists(some, min_size=size, max_size=size) for some in (amounts, amounts, seconds, seconds))
    )
)


def by_orders(a, b, r_a, r_b, t_a, t_b):
    """What each of people, reach and time changes, over all orders: written out."""

    def mean(people, reach, time):
        weight = [p * r for p, r in zip(people, reach, strict=True)]
        total = sum(weight)
        return sum(w * t for w, t in zip(weight, time, strict=True)) / total if total else float("nan")

    ends = {"people": (a, b), "reach": (r_a, r_b), "time": (t_a, t_b)}
    parts = dict.fromkeys(ends, 0.0)
    for order in itertools.permutations(ends):
        now = {name: pair[0] for name, pair in ends.items()}
        for name in order:
            before = mean(*now.values())
            now[name] = ends[name][1]
            parts[name] += (mean(*now.values()) - before) / 6
    return parts


@settings(deadline=None, max_examples=200)
@given(units)
def test_the_parts_of_a_mean_sum_to_its_change(some):
    a, b, t_a, t_b = map(np.array, some)
    found = mean_change((a, b), (t_a, t_b))
    reached = np.isfinite(t_a), np.isfinite(t_b)
    if not ((a * reached[0]).sum() > 0 and (b * reached[1]).sum() > 0):
        assert np.isnan(found.change)
        return
    assert found.before == pytest.approx(np.average(t_a[reached[0]], weights=a[reached[0]]))
    assert found.after == pytest.approx(np.average(t_b[reached[1]], weights=b[reached[1]]))
    parts = (found.from_people, found.from_reach, found.from_time)
    assert sum(parts) == pytest.approx(found.change, abs=1e-6)
    back = mean_change((b, a), (t_b, t_a))
    assert (back.from_people, back.from_reach, back.from_time) == pytest.approx([-part for part in parts], abs=1e-6)


@settings(deadline=None, max_examples=100)
@given(units)
def test_the_parts_of_a_mean_are_those_of_all_orders(some):
    a, b, t_a, t_b = (np.array(one) for one in some)
    a, b = a + 1, b + 1  # everybody lives somewhere at both times
    found = mean_change((a, b), (t_a, t_b))
    r_a, r_b = np.isfinite(t_a) * 1.0, np.isfinite(t_b) * 1.0
    if np.isnan(found.change) or not ((a * r_b).sum() > 0 and (b * r_a).sum() > 0):
        return
    mine, theirs = np.where(r_a > 0, t_a, t_b), np.where(r_b > 0, t_b, t_a)
    clean = [np.where(np.isfinite(one), one, 0.0) for one in (mine, theirs)]
    expected = by_orders(a / a.sum(), b / b.sum(), r_a, r_b, *clean)
    assert found.from_people == pytest.approx(expected["people"], abs=1e-6)
    assert found.from_reach == pytest.approx(expected["reach"], abs=1e-6)
    assert found.from_time == pytest.approx(expected["time"], abs=1e-6)


@settings(deadline=None, max_examples=200)
@given(units)
def test_the_parts_of_a_share_sum_to_its_change(some):
    a, b, t_a, t_b = map(np.array, some)
    s_a, s_b = (t_a <= 1800) * 1.0, (t_b <= 1800) * 1.0
    found = share_change((a, b), (s_a, s_b))
    if not (a.sum() > 0 and b.sum() > 0):
        assert np.isnan(found.change)
        return
    assert found.before == pytest.approx((a @ s_a) / a.sum())
    assert found.after == pytest.approx((b @ s_b) / b.sum())
    assert found.from_people + found.from_time == pytest.approx(found.change, abs=1e-9)


norms = st.sampled_from([720.0, 1500.0])
held = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        *(st.lists(some, min_size=size, max_size=size) for some in (amounts, amounts, seconds, seconds, norms, norms))
    )
)
OWN = ServiceSpec(key="gp", label="GP", norms_s=(720.0, 1500.0), norm_column="own_s")


def tables_of(a, b, t_a, t_b, n_a, n_b):
    return (pd.DataFrame({"population": p, "gp_s": t, "own_s": n}) for p, t, n in ((a, t_a, n_a), (b, t_b, n_b)))


def share_by_orders(a, b, t_a, t_b, n_a, n_b):
    """What people, own norms and times change of the share within, over all orders: written out."""
    ends = {"people": (a / a.sum(), b / b.sum()), "norm": (n_a, n_b), "time": (t_a, t_b)}
    parts = dict.fromkeys(ends, 0.0)
    for order in itertools.permutations(ends):
        now = {name: pair[0] for name, pair in ends.items()}
        for name in order:
            before = float(now["people"] @ (now["time"] <= now["norm"]))
            now[name] = ends[name][1]
            parts[name] += (float(now["people"] @ (now["time"] <= now["norm"])) - before) / 6
    return parts


@settings(deadline=None, max_examples=100)
@given(held)
def test_another_norm_of_a_cell_is_a_part_of_its_own(some):
    a, b, *rest = map(np.array, some)
    a, b = a + 1, b + 1
    before, after = tables_of(a, b, *rest)
    row = change_table(before, after, service=OWN, zonings={}).iloc[0]
    for name, part in share_by_orders(a, b, *rest).items():
        assert row[f"share_1_from_{name}"] == pytest.approx(part, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(held, st.integers(0, 2**32 - 1))
def test_the_parts_sum_where_cells_have_norms_of_their_own(some, seed):
    a, b, *rest = map(np.array, some)
    zone = pd.Series(np.random.default_rng(seed).choice(["x", "y"], a.size))
    before, after = tables_of(a, b, *rest)
    for unit in (None, (zone, zone)):
        table = change_table(before, after, service=OWN, zonings={"zone": (zone, zone)}, unit=unit)
        parts = table[["share_1_from_people", "share_1_from_norm", "share_1_from_time"]].sum(axis=1, skipna=False)
        np.testing.assert_allclose(parts, table["share_1_change"], atol=1e-9)
        back = change_table(after, before, service=OWN, zonings={"zone": (zone, zone)}, unit=unit)
        both = table.merge(back, on=["zoning", "group"], suffixes=("", "_back"))
        np.testing.assert_allclose(both["share_1_from_norm"], -both["share_1_from_norm_back"], atol=1e-9)


def test_a_place_that_becomes_built_up_is_not_slower():
    people, time = np.array([100.0, 300.0]), np.array([900.0, 600.0])
    sparse, denser = np.array([1500.0, 720.0]), np.array([720.0, 720.0])
    before, after = tables_of(people, people, time, time, sparse, denser)
    for unit in (None, (pd.Series(["x", "y"]), pd.Series(["x", "y"]))):
        row = change_table(before, after, service=OWN, zonings={}, unit=unit).iloc[0]
        assert row["share_1_change"] == row["share_1_from_norm"] == pytest.approx(-0.25)
        assert row["share_1_from_people"] == row["share_1_from_time"] == 0


def test_only_people_move_or_only_times_change():
    people, moved = np.array([10.0, 30.0]), np.array([30.0, 10.0])
    times, slower = np.array([600.0, 1200.0]), np.array([660.0, 1320.0])
    found = mean_change((people, moved), (times, times))
    assert (found.from_people, found.from_reach, found.from_time) == (-300.0, 0.0, 0.0)
    found = mean_change((people, people), (times, slower))
    assert (found.from_people, found.from_reach) == (0.0, 0.0)
    assert found.from_time == pytest.approx((10 * 60 + 30 * 120) / 40)
    cut = np.array([600.0, np.inf])
    found = mean_change((people, people), (times, cut))
    assert (found.before, found.after, found.from_people, found.from_time) == (1050.0, 600.0, 0.0, 0.0)
    assert found.from_reach == pytest.approx(-450.0)


def test_wrong_arguments():
    one = np.array([1.0])
    with pytest.raises(InputError, match="several shapes"):
        mean_change((one, np.ones(2)), (one, one))
    with pytest.raises(InputError, match="negative"):
        mean_change((one, one), (-one, one))
    with pytest.raises(InputError, match="from 0 to 1"):
        share_change((one, one), (one, 2 * one))
    with pytest.raises(InputError, match="people"):
        share_change((-one, one), (one, one))
    with pytest.raises(InputError, match="crossed"):
        share_change((one, one), (one, one), crossed=(one, 2 * one))


@settings(deadline=None, max_examples=50)
@given(units, st.integers(0, 2**32 - 1))
def test_tables_sum_by_any_zoning_and_area(some, seed):
    a, b, t_a, t_b = map(np.array, some)
    draw = np.random.default_rng(seed)
    zone = pd.Series(draw.choice(["x", "y"], a.size))
    gp = ServiceSpec(key="gp", label="GP", norms_s=(900.0, 1800.0))
    before, after = (pd.DataFrame({"population": p, "gp_s": t}) for p, t in ((a, t_a), (b, t_b)))
    for unit in (None, (zone, zone)):
        table = change_table(before, after, service=gp, zonings={"zone": (zone, zone)}, unit=unit)
        parts = table[["mean_from_people_s", "mean_from_reach_s", "mean_from_time_s"]].sum(axis=1, skipna=False)
        np.testing.assert_allclose(parts, table["mean_change_s"], atol=1e-6)
        for n in (1, 2):
            parts = table[f"share_{n}_from_people"] + table[f"share_{n}_from_time"]
            assert (table[f"share_{n}_from_norm"].dropna() == 0).all()
            np.testing.assert_allclose(parts, table[f"share_{n}_change"], atol=1e-9)
        zones = table[table["zoning"] == "zone"]
        assert zones["people_after"].sum() == pytest.approx(b.sum())
        assert zones["people_before"].sum() == pytest.approx(a.sum())
    whole = change_table(before, after, service=gp, zonings={})
    areas = change_table(before, after, service=gp, zonings={}, unit=(zone, zone))
    for name in ("mean_change_s", "share_1_change", "share_2_change"):
        np.testing.assert_allclose(whole[name], areas[name], atol=1e-6)


# Two small countries


def country(folder, people=PEOPLE, *, text=STUDY, year=2024):
    path = write_study(folder, text.replace("year = 2024\nsource", f"year = {year}\nsource"))
    rows = [f"{cell_id(key)},{number}" for key, number in people.items()]
    (folder / "people.csv").write_text("\n".join(["cell_id,people", *rows, ""]))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of a run of 2024, the study of 2030 with other people, and the answers of both."""
    folder = tmp_path_factory.mktemp("runs")
    first, second = country(folder / "a"), country(folder / "b", LATER, year=2030)
    return (
        load_study(first).output,
        second,
        run_study(load_study(first), show=False),
        solve_study(load_study(second), show=False),
    )


@pytest.fixture(scope="module")
def compared(runs):
    return compare_runs([runs[0], runs[1]], show=False)


def test_where_people_live_is_all_that_changed(compared, runs):
    first, second = (one.results for one in runs[2:])
    rows = compared.changes.query("zoning == 'everybody'").set_index("service")
    for key in ("gp", "hospital", "ambulance_base", "birth_unit"):
        row = rows.loc[key]
        for when, cells in (("before", first), ("after", second)):
            reached = np.isfinite(cells[f"{key}_s"])
            assert row[f"mean_{when}_s"] == pytest.approx(
                np.average(cells[f"{key}_s"][reached], weights=cells["population"][reached])
            )
            assert row[f"people_{when}"] == cells["population"].sum()
        assert row["mean_from_people_s"] == pytest.approx(row["mean_change_s"], abs=1e-6)
        assert row["mean_from_time_s"] == pytest.approx(0, abs=1e-6)
        assert row["mean_from_reach_s"] == pytest.approx(0, abs=1e-6)
    assert [run.name for run in compared.runs] == ["2024", "2030"]
    assert "7 cells in both; 1 only before, 0 only after" in compared.notes[0]
    cells = compared.pairs[0].cells
    assert cells["population"].sum() == sum(LATER.values())


def test_a_series_has_a_row_for_each_run(compared):
    rows = compared.series.query("zoning == 'everybody' and service == 'gp'")
    assert rows["year"].tolist() == [2024, 2030]
    assert rows["population"].tolist() == [sum(PEOPLE.values()), sum(LATER.values())]
    for _, part in compared.series.groupby(["run", "service", "zoning"]):
        assert part["population"].sum() == pytest.approx(
            sum((PEOPLE if part["year"].iloc[0] == 2024 else LATER).values())
        )


def test_a_site_less_is_time(tmp_path, runs):
    path = country(tmp_path, year=2031)
    sites = pd.read_csv(tmp_path / "sites.csv", dtype=str)
    sites[sites["id"] != "gp-east"].to_csv(tmp_path / "sites.csv", index=False)
    found = compare_runs([runs[0], path], show=False)
    row = found.changes.query("zoning == 'everybody' and service == 'gp'").iloc[0]
    assert row["mean_from_people_s"] == pytest.approx(0, abs=1e-6)
    assert row["mean_from_time_s"] == pytest.approx(row["mean_change_s"], abs=1e-6)
    assert row["mean_change_s"] > 0


def test_other_grids_are_compared_by_municipality(tmp_path, runs):
    path = country(tmp_path, year=2031)
    table = pd.read_csv(tmp_path / "people.csv")
    split = [(one.replace("1000m", "500m"), people) for one, people in table.to_numpy().tolist()]
    (tmp_path / "people.csv").write_text("\n".join(["cell_id,people", *(f"{a},{b}" for a, b in split), ""]))
    found = compare_runs([runs[0], path], show=False)
    assert found.pairs[0].cells is None
    assert "the grids differ" in found.notes[0]
    towns = found.changes.query("zoning == 'municipality'")
    assert towns["mean_from_people_s"].abs().max() < 1e-6  # within a municipality there is no telling
    parts = found.changes[["mean_from_people_s", "mean_from_reach_s", "mean_from_time_s"]].sum(axis=1, skipna=False)
    np.testing.assert_allclose(parts, found.changes["mean_change_s"], atol=1e-6)


def test_municipalities_that_merged_are_those_of_the_last_run(tmp_path, runs):
    text = STUDY.replace("max_nearest_m = 5000", 'max_nearest_m = 5000\nchanges = "changes.csv"')
    path = country(tmp_path, text=text, year=2031)
    for name in ("municipalities.geojson", "centrality.csv"):
        file = tmp_path / name
        file.write_text(file.read_text().replace("0101", "9901"))
    (tmp_path / "changes.csv").write_text("oldCode,newCode\n0101,9901\n")
    found = compare_runs([runs[0], path], show=False)
    towns = found.changes.query("zoning == 'municipality' and service == 'gp'").set_index("group")
    west = towns.loc["9901 West"]
    assert west["people_before"] == west["people_after"] > 0
    assert not any("0101" in group for group in towns.index)


def test_services_that_not_all_have_are_left_out_and_named(tmp_path, runs):
    text = STUDY.replace("services.birth_unit", "services.delivery").replace("norms_min = [20, 60]", "norms_min = [20]")
    path = country(tmp_path, text=text, year=2031)
    sites = (tmp_path / "sites.csv").read_text().replace("birth_unit,", "delivery,")
    (tmp_path / "sites.csv").write_text(sites)
    found = compare_runs([runs[0], path], show=False)
    assert [spec.key for spec in found.services] == ["gp", "hospital", "ambulance_base"]
    notes = "\n".join(found.notes)
    assert "Service birth_unit is left out: 2031 does not have it" in notes
    assert "Service delivery is left out: 2024 does not have it" in notes
    assert "hospital: not all runs have the norms 60" in notes


def test_what_cannot_be_compared_is_refused(tmp_path, runs):
    with pytest.raises(InputError, match="two runs or more"):
        compare_runs([runs[0]], show=False)
    with pytest.raises(InputError, match="given twice"):
        compare_runs([runs[0], runs[0]], show=False)
    with pytest.raises(InputError, match="no results of a run"):
        compare_runs([runs[0], tmp_path], show=False)
    (tmp_path / "run.json").write_text((runs[0] / "run.json").read_text())
    (tmp_path / "cells.parquet").write_bytes((runs[0] / "cells.parquet").read_bytes() + b"x")
    with pytest.raises(InputError, match="run the study again"):
        compare_runs([runs[0], tmp_path], show=False)
    record = json.loads((runs[0] / "run.json").read_text())
    record["study"]["unheard_of"] = 1
    (tmp_path / "cells.parquet").write_bytes((runs[0] / "cells.parquet").read_bytes())
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="other settings"):
        compare_runs([runs[0], tmp_path], show=False)


def test_the_command_line(runs, tmp_path):
    answer = CliRunner().invoke(app, ["compare", str(runs[0]), str(runs[1]), "--output", str(tmp_path / "out")])
    assert answer.exit_code == 0, answer.output
    assert {"changes.csv", "series.csv", "cells.csv", "series.png", "index.html"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }
    page = (tmp_path / "out" / "index.html").read_text()
    assert "2024 → 2030" in page
    assert "Kitagawa" in page
    scenario = tmp_path / "scenario.toml"
    scenario.write_text('title = "x"\n[storm]\n')
    answer = CliRunner().invoke(app, ["compare", str(runs[0]), str(scenario)])
    assert isinstance(answer.exception, InputError)
    assert "compare runs with runs" in str(answer.exception)


# A scenario of other people


def test_a_scenario_of_other_people_is_compared_with_those_of_today(tmp_path):
    study = load_study(country(tmp_path))
    rows = [f"{cell_id(key)},{PEOPLE[key]},{LATER[key]}" for key in CELLS]
    (tmp_path / "people.csv").write_text("\n".join(["cell_id,people,later", *rows, ""]))
    found = compare_study(study, [Scenario(title="Later", population={"column": "later", "year": 2030})], show=False)
    years = found.tables["years"].query("zoning == 'everybody' and service == 'gp'").iloc[0]
    assert (years["people_before"], years["people_after"]) == (sum(PEOPLE.values()), sum(LATER.values()))
    assert abs(years["mean_change_s"]) > 1
    assert years["mean_from_people_s"] == pytest.approx(years["mean_change_s"], abs=1e-6)
    assert len(people_against_today(found)) == 4
    plain = compare_study(study, [Scenario(title="Storm", storm={})], show=False)
    assert "years" not in plain.tables
    assert people_against_today(plain).empty
