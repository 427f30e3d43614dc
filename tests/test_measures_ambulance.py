"""The ambulance chain by road and the norms, against sums by hand, plain loops over cells, and a year of calls."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import (
    REASONS,
    ChainTimes,
    ResponseNorms,
    ServiceSpec,
    busy_fraction,
    norm_table_of_services,
    response_norm,
    response_table,
    response_table_of_service,
    road_chain,
    summarise_services,
)

INF, NAN = math.inf, math.nan
TIMES = ChainTimes(call_handling_s=120, mobilisation_s=90, on_scene_s=1200, handover_s=900)
NORMS = ResponseNorms(built_up_s=720, sparse_s=1500, share=0.9)
TO_PATIENT = ServiceSpec(key="to_patient", label="Ambulance", direction="to_people", norms_s=(720.0, 1500.0))
TO_TREATMENT = ServiceSpec(key="to_treatment", label="Treatment", direction="to_people")

RESULTS = pd.DataFrame(
    {
        "population": [500.0, 40.0, 30.0, 20.0, 10.0],
        "base_s": [300.0, 900.0, 600.0, INF, NAN],
        "base_site": ["A", "B", "A", "", ""],
        "base_second_s": [1000.0, INF, 600.0, NAN, NAN],
        "base_reason": ["", "", "", "island_without_ferry", "no_road_within"],
        "hospital_s": [200.0, 1800.0, INF, 600.0, NAN],
        "hospital_site": ["H", "K", "", "H", ""],
        "hospital_reason": ["", "", "no_site_reachable", "", "no_road_within"],
    },
    index=["town", "valley", "island", "rock", "glacier"],
)
RETURNING = pd.DataFrame({"A": [250.0, 5000.0], "B": [4000.0, 1900.0]}, index=["H", "K"])


def chain_of(table, times=TIMES, returning=None):
    """The chain from the columns of a table, of which some may not be there."""
    names = {"base_second_s": "base_second_s", "base_reason": "base_reason", "site_reason": "hospital_reason"}
    names |= {"base": "base_site", "site": "hospital_site"}
    given = {name: table[column] for name, column in names.items() if column in table}
    return road_chain(table["base_s"], table["hospital_s"], times=times, returning=returning, **given)


def chained(**changes):
    return chain_of(RESULTS.assign(**changes), returning=RETURNING)


def test_chain_by_hand():
    chain = chained()
    assert list(chain.index) == list(RESULTS.index)
    # 120 + 90 + 300; + 1200 + 200; the vehicle: 90 + 300 + 1200 + 200 + 900 + 250 back from H to A
    assert chain.loc["town", ["to_patient_s", "to_treatment_s", "busy_s"]].tolist() == [510, 1910, 2940]
    assert chain.loc["valley", ["to_patient_s", "to_treatment_s", "busy_s"]].tolist() == [1110, 4110, 6790]
    assert chain.loc["town", ["to_patient_second_s", "to_treatment_second_s"]].tolist() == [1210, 2610]
    assert chain.loc["valley", ["to_patient_second_s", "to_treatment_second_s"]].tolist() == [INF, INF]


def test_what_is_not_reached_is_inf_and_what_is_not_snapped_nan_each_with_its_reason():
    chain = chained()
    assert chain.loc["island", ["to_patient_s", "to_treatment_s", "busy_s"]].tolist() == [810, INF, INF]
    assert chain.loc["rock", ["to_patient_s", "to_treatment_s", "to_patient_second_s"]].tolist() == [INF, INF, INF]
    seconds = chain.filter(regex="_s$")
    assert seconds.loc["glacier"].isna().all()
    assert seconds.drop("glacier").notna().all().all()
    reasons = chain[["to_patient_reason", "to_treatment_reason"]]
    assert reasons.loc["island"].tolist() == ["", "no_site_reachable"]
    assert reasons.loc["rock"].tolist() == ["island_without_ferry"] * 2
    assert reasons.loc["glacier"].tolist() == ["no_road_within"] * 2


def test_the_tables_of_other_services_take_the_chain_and_nobody_is_lost():
    table = summarise_services(RESULTS.join(chained()), services=[TO_PATIENT, TO_TREATMENT]).set_index("service")
    assert table["population"].tolist() == [600, 600]
    assert table["reached"].tolist() == [570, 540]
    assert (table["reached"] + table["unreached"] == 600).all()
    norms = norm_table_of_services(RESULTS.join(chained()), services=[TO_PATIENT])
    assert norms["people_within"].tolist() == [500, 570]


def test_without_the_way_back_and_a_second_base_there_are_only_the_two_times():
    bare = RESULTS.drop(columns=["base_second_s", "base_site", "hospital_site"])
    chain = chain_of(bare)
    pd.testing.assert_frame_equal(
        chain, chained()[["to_patient_s", "to_treatment_s", "to_patient_reason", "to_treatment_reason"]]
    )


seconds = st.integers(0, 9000).map(float)


@given(st.lists(st.tuples(seconds, seconds, seconds), min_size=1, max_size=8), seconds, seconds, seconds)
def test_a_part_that_takes_longer_lengthens_what_follows_by_just_as_much(rows, call, start, longer):
    table = pd.DataFrame(rows, columns=["base_s", "base_second_s", "hospital_s"])
    table["base_second_s"] += table["base_s"]
    table = table.assign(base_reason="", hospital_reason="")
    before = chain_of(table, ChainTimes(call, start, 600))
    after = chain_of(table, ChainTimes(call, start + longer, 600))
    columns = ["to_patient_s", "to_treatment_s", "to_patient_second_s", "to_treatment_second_s"]
    assert (after[columns] - before[columns] == longer).all().all()
    assert (before["to_patient_second_s"] >= before["to_patient_s"]).all()
    assert (before["to_treatment_s"] - before["to_patient_s"] == 600 + table["hospital_s"]).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_second_s": 100.0}, ["base_second_s is below base_s in 4 cells", "town", "100.0"]),
        ({"base_s": -1.0}, ["base_s is negative"]),
        ({"hospital_reason": ""}, ["site_reason is empty though the cell is not reached"]),
        ({"base_site": ["A", "C", "A", "", ""]}, ["returning", "no column for base C"]),
        ({"hospital_site": ["H", "L", "", "H", ""]}, ["returning", "no row for site L"]),
    ],
)
def test_errors_say_what_and_where(changes, words):
    with pytest.raises(InputError) as caught:
        chained(**changes)
    for word in words:
        assert word in str(caught.value)


def test_a_missing_time_back_is_refused_only_where_somebody_needs_it():
    holes = RETURNING.copy()
    holes.loc["H", "B"] = NAN
    chain_of(RESULTS, returning=holes)
    holes.loc["K", "B"] = NAN
    with pytest.raises(InputError, match="from K to B is nan"):
        chain_of(RESULTS, returning=holes)
    with pytest.raises(InputError, match="returning: give the labels of the base and of the site"):
        road_chain(RESULTS["base_s"], RESULTS["hospital_s"], times=TIMES, returning=RETURNING)


def test_times_alone_tell_why_nobody_is_reached_and_another_index_is_refused():
    plain = road_chain(RESULTS["base_s"], RESULTS["hospital_s"], times=TIMES)
    assert plain["to_patient_reason"].tolist() == ["", "", "", "no_site_reachable", "no_road_within"]
    assert plain["to_treatment_reason"].tolist() == ["", "", *["no_site_reachable"] * 2, "no_road_within"]
    with pytest.raises(InputError, match="site_s and base: not on the index of base_s"):
        road_chain(RESULTS["base_s"], RESULTS["hospital_s"][::-1], times=TIMES, base=pd.Series(["A"]))


def test_busy_fraction_is_what_a_year_of_calls_at_random_measures():
    random = np.random.default_rng(7)
    busy = pd.Series([2940.0, 6790.0, 4000.0], index=["town", "valley", "dale"])
    base = pd.Series(["A", "B", "A"], index=busy.index)
    calls = pd.Series([900.0, 300.0, 100.0], index=busy.index)
    vehicles = pd.Series({"A": 2, "B": 1, "C": 1})
    fraction = busy_fraction(busy, base=base, calls=calls, vehicles=vehicles)
    year = 365 * 86400
    for name in ("A", "B"):
        cells = [cell for cell in busy.index if base[cell] == name]
        drawn = [random.poisson(calls[cell], 400).mean() * busy[cell] for cell in cells]  # 400 years
        assert fraction[name] == pytest.approx(sum(drawn) / (vehicles[name] * year), rel=0.02)
    assert list(fraction.index) == ["A", "B"]


def test_calls_without_a_base_burden_nobody_and_calls_without_an_end_show():
    busy = pd.Series([1000.0, INF, INF, INF])
    base = pd.Series(["A", "", None, "B"])
    fraction = busy_fraction(busy, base=base, calls=pd.Series([1, 5, 5, 1]), period_s=10_000)
    assert fraction.to_dict() == {"A": 0.1, "B": INF}
    quiet = busy_fraction(busy, base=base, calls=pd.Series([1, 5, 5, 0]), period_s=10_000)
    assert quiet.to_dict() == {"A": 0.1, "B": 0.0}


def test_busy_fraction_refuses_what_it_cannot_count():
    one = pd.Series([1.0])
    with pytest.raises(InputError, match="calls has another index"):
        busy_fraction(one, base=pd.Series(["A"]), calls=pd.Series([1.0], index=["x"]))
    with pytest.raises(InputError, match="negative, infinite or missing"):
        busy_fraction(one, base=pd.Series(["A"]), calls=pd.Series([-1.0]))
    with pytest.raises(InputError, match="vehicles of A"):
        busy_fraction(one, base=pd.Series(["A"]), calls=one, vehicles=pd.Series({"B": 1}))


# The norms.

CELLS = pd.DataFrame(
    {
        "population": [900.0, 100.0, 50.0, 50.0, 20.0, 7.0],
        "municipality_id": ["1", "1", "2", "2", "2", ""],
        "region": ["north", "north", "north", "north", "south", "south"],
        "built_up": [True, False, False, False, False, False],
        "to_patient_s": [700.0, 1400.0, 1500.0, 1501.0, INF, 900.0],
        "to_patient_reason": ["", "", "", "", "no_site_reachable", ""],
    }
)


def test_helsedirektoratet_counts_a_municipality_as_built_up_where_any_of_it_is():
    by_cell = response_norm(CELLS["built_up"], norms=NORMS)
    assert by_cell["norm_s"].tolist() == [720, 1500, 1500, 1500, 1500, 1500]
    by_municipality = response_norm(CELLS["built_up"], norms=NORMS, municipality=CELLS["municipality_id"])
    assert by_municipality["norm_s"].tolist() == [720, 720, 1500, 1500, 1500, 1500]
    assert by_municipality["settlement"].tolist() == ["built_up"] * 2 + ["sparse"] * 4
    other_town = pd.Series([False, False, True, False, False, True])
    counted = response_norm(other_town, norms=NORMS, municipality=CELLS["municipality_id"])
    assert counted["settlement"].tolist() == ["sparse"] * 2 + ["built_up"] * 4  # the last belongs to no municipality


def test_response_table_by_hand_in_both_ways_of_counting():
    by_cell = response_table_of_service(CELLS, service=TO_PATIENT, norms=NORMS).set_index("settlement")
    assert by_cell["population"].to_dict() == {"built_up": 900, "sparse": 227}
    assert by_cell["people_within"].to_dict() == {"built_up": 900, "sparse": 100 + 50 + 7}
    assert by_cell["people_late"].to_dict() == {"built_up": 0, "sparse": 50}
    assert by_cell["unreached_no_site_reachable"].to_dict() == {"built_up": 0, "sparse": 20}
    assert by_cell["met"].to_dict() == {"built_up": True, "sparse": False}
    official = response_table_of_service(
        CELLS, service=TO_PATIENT, norms=NORMS, by="municipality_id", municipality="municipality_id"
    ).set_index("municipality_id")
    assert official["settlement"].to_dict() == {"1": "built_up", "2": "sparse", "unclassified": "sparse"}
    assert official["share_within"].round(4).to_dict() == {"1": 0.9, "2": round(50 / 120, 4), "unclassified": 1.0}
    assert official["met"].to_dict() == {"1": True, "2": False, "unclassified": True}  # 0.9 is enough


def test_from_series_a_table_of_responses_is_the_same():
    columns = {name: CELLS[name] for name in ("population", "built_up")}
    for by, town in ((None, None), ("region", None), ("region", "municipality_id")):
        expected = response_table_of_service(CELLS, service=TO_PATIENT, norms=NORMS, by=by, municipality=town)
        found = response_table(
            CELLS["to_patient_s"],
            norms=NORMS,
            municipality=None if town is None else CELLS[town],
            groups=None if by is None else CELLS[by],
            **columns,
        )
        assert found.index.tolist() == (["everybody"] * len(found) if by is None else expected[by].tolist())
        rest = expected.drop(columns=[] if by is None else by)
        pd.testing.assert_frame_equal(found.reset_index(drop=True), rest)
    reasons = CELLS["to_patient_reason"].replace("no_site_reachable", "island_without_ferry")
    table = response_table(CELLS["to_patient_s"], norms=NORMS, reasons=reasons, **columns)
    assert table["unreached_island_without_ferry"].tolist() == [0, 20]
    with pytest.raises(InputError, match="built_up: not on the index of times"):
        response_table(CELLS["to_patient_s"], norms=NORMS, population=CELLS["population"], built_up=pd.Series([True]))


def test_several_zonings_and_calls_in_the_place_of_people():
    table = response_table_of_service(
        CELLS.assign(calls=[9.0, 1.0, 5.0, 5.0, 2.0, 7.0]),
        service=TO_PATIENT,
        norms=NORMS,
        by={"all": None, "region": "region"},
        population=["population", "calls"],
    )
    assert list(table.columns[:4]) == ["who", "zoning", "group", "settlement"]
    sums = table.groupby(["who", "zoning"])["population"].sum().to_dict()
    assert sums == {(who, zoning): {"population": 1127, "calls": 29}[who] for who, zoning in sums}
    rows = table[(table["who"] == "calls") & (table["zoning"] == "region")].set_index(["group", "settlement"])
    assert rows["people_within"].to_dict() == {("north", "built_up"): 9, ("north", "sparse"): 6, ("south", "sparse"): 7}


def test_nobody_lives_here_so_the_norm_is_neither_met_nor_missed():
    table = response_table_of_service(CELLS.assign(population=0.0), service=TO_PATIENT, norms=NORMS)
    assert table["share_within"].isna().all()
    assert table["met"].isna().all()


cell = st.fixed_dictionaries(
    {
        "population": st.one_of(st.just(0.0), st.integers(1, 500).map(float)),
        "municipality_id": st.sampled_from(["", "1", "2", "3"]),
        "built_up": st.booleans(),
        "to_patient_s": st.one_of(st.sampled_from([720.0, 1500.0, INF, NAN]), st.integers(0, 3000).map(float)),
        "reason": st.sampled_from(REASONS),
        "coverage": st.floats(0, 1),
    }
)


def tabled(cells):
    frame = pd.DataFrame(cells)
    frame["to_patient_reason"] = frame.pop("reason").where(~np.isfinite(frame["to_patient_s"]), "")
    return frame


@given(
    st.lists(cell, min_size=1, max_size=20).map(tabled),
    st.sampled_from([None, "municipality_id"]),
    st.sampled_from([None, "municipality_id"]),
    st.booleans(),
)
def test_response_table_against_a_loop_over_cells(cells, by, municipality, chance):
    coverage = cells["coverage"] if chance else None
    table = response_table_of_service(
        cells, service=TO_PATIENT, norms=NORMS, by=by, municipality=municipality, coverage=coverage
    )
    towns = {row.municipality_id for row in cells.itertuples() if row.built_up}
    expected = {}
    for row in cells.itertuples():
        built = row.municipality_id in towns if municipality and row.municipality_id else row.built_up
        key = ("" if by is None else row.municipality_id or "unclassified", "built_up" if built else "sparse")
        sums = expected.setdefault(key, dict.fromkeys(["all", "within", "late", "kept", *REASONS], 0.0))
        share = row.coverage if chance else float(row.to_patient_s <= (720 if built else 1500))
        sums["all"] += row.population
        sums["within"] += row.population * share
        sums[row.to_patient_reason or "late"] += row.population * (1 - share)
        sums["kept"] += row.population * (share >= 0.9)
    found = {("" if by is None else row[by], row["settlement"]): row for row in table.to_dict("records")}
    assert set(found) == set(expected)
    for key, sums in expected.items():
        row = found[key]
        assert row["norm_s"] == (720 if key[1] == "built_up" else 1500)
        names = {"all": "population", "within": "people_within", "late": "people_late", "kept": "people_kept"}
        for name, value in sums.items():
            assert row[names.get(name, f"unreached_{name}")] == pytest.approx(value, abs=1e-9)
        lost = row["people_late"] + sum(row[f"unreached_{reason}"] for reason in REASONS)
        assert row["people_beyond"] == pytest.approx(lost, abs=1e-9)
        assert row["people_within"] + row["people_beyond"] == pytest.approx(row["population"], abs=1e-9)


@given(st.lists(cell, min_size=1, max_size=20).map(tabled))
def test_a_norm_of_infinity_leaves_nobody_outside(cells):
    table = response_table_of_service(
        cells, service=TO_PATIENT, norms=ResponseNorms(built_up_s=INF, sparse_s=INF, share=0.9)
    )
    assert (table["people_beyond"] == 0).all()
    assert (table["people_within"] == table["population"]).all()


def test_norms_are_refused_without_a_true_or_false_and_with_a_strange_coverage():
    with pytest.raises(InputError, match=r"built_up of 1 cells is not true or false \(cell 2: None\)"):
        response_norm(pd.Series([True, False, None, True, True, True]), norms=NORMS)
    with pytest.raises(InputError, match="municipality: not on the index of built_up"):
        response_norm(CELLS["built_up"], norms=NORMS, municipality=CELLS["municipality_id"][::-1])
    with pytest.raises(InputError, match="no column built_up"):
        response_table_of_service(CELLS.drop(columns="built_up"), service=TO_PATIENT, norms=NORMS)
    with pytest.raises(InputError, match=r"coverage: 1 cells are not in \[0, 1\] \(cell 5: 1.5"):
        response_table_of_service(CELLS, service=TO_PATIENT, norms=NORMS, coverage=pd.Series([0.5] * 5 + [1.5]))
    with pytest.raises(InputError, match="its index is not that of results"):
        response_table_of_service(CELLS, service=TO_PATIENT, norms=NORMS, coverage=pd.Series([0.5], index=["x"]))
