"""What it costs if the nearest closes, several zonings and groups of people in one run, percentiles, and lists."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import (
    EVERYBODY,
    UNCLASSIFIED,
    ServiceSpec,
    list_supply,
    norm_table_of_services,
    people_by_time_of_service,
    quantile_table_of_services,
    second_nearest_of_services,
    slack_of_service,
    slack_table_of_services,
    summarise_services,
    weighted_quantile,
)

pytestmark = pytest.mark.filterwarnings("error")

INF, NAN = float("inf"), float("nan")
GP = ServiceSpec(key="gp", label="GP", norms_s=(600.0, 1200.0))
HOSPITAL = ServiceSpec(key="hospital", label="Hospital", norms_s=(3600.0,))

nearest = st.one_of(st.just(INF), st.integers(0, 2000).map(float))
more = st.one_of(st.sampled_from([0.0, INF, NAN]), st.integers(0, 2000).map(float))
cell = st.fixed_dictionaries(
    {
        "population": st.one_of(st.just(0.0), st.integers(1, 50).map(float)),
        "old": st.integers(0, 20).map(float),
        "class": st.sampled_from([1, 6, None]),
        "trust": st.sampled_from(["North", "South", ""]),
        "gp_s": nearest,
        "more": more,
    }
)


def table_of(cells):
    frame = pd.DataFrame(cells).astype({"class": "Int8"})
    frame["gp_second_s"] = frame["gp_s"] + frame.pop("more")
    frame["gp_reason"] = np.where(np.isfinite(frame["gp_s"]), "", "no_road_within")
    return frame.set_index(pd.Index([f"c{i}" for i in range(len(frame))], name="cell_id"))


tables = st.lists(cell, min_size=1, max_size=20).map(table_of)
ZONINGS = {"class": "class", "trust": "trust", "both": ["trust", "class"], "all": None}


@given(tables)
def test_slack_is_second_less_nearest(results):
    found = slack_of_service(results, service=GP)
    assert found.index.equals(results.index)
    assert found.name == "gp_slack_s"
    for value, t1, t2 in zip(found, results["gp_s"], results["gp_second_s"], strict=True):
        if math.isinf(t1):
            assert math.isnan(value)
        else:
            assert value == (INF if math.isnan(t2) else t2 - t1)


@given(tables, st.sampled_from([None, "class", "trust"]))
@settings(max_examples=50)
def test_slack_table_equals_a_loop_over_cells(results, by):
    found = slack_table_of_services(results, services=[GP], by=by)
    cost = slack_of_service(results, service=GP)
    for _, row in found.iterrows():
        ours = np.ones(len(results), dtype=bool)
        if by is not None:
            names = results[by].astype(object).where(results[by].notna(), "").map(str).replace("", UNCLASSIFIED)
            ours = (names == row[by]).to_numpy()
        people = results["population"][ours]
        reached = np.isfinite(results["gp_s"][ours])
        has = np.isfinite(cost[ours])
        assert row["population"] == people.sum()
        assert row["reached"] == people[reached].sum()
        assert row["without_second"] == people[reached & ~has].sum()
        mean = (people * cost[ours])[has].sum() / people[has].sum() if people[has].sum() else NAN
        assert row["mean_slack_s"] == pytest.approx(mean, nan_ok=True)
        for column, q in (("median_slack_s", 0.5), ("p90_slack_s", 0.9)):
            np.testing.assert_equal(row[column], weighted_quantile(cost[ours][reached], people[reached], q))
    assert found["population"].sum() == results["population"].sum()


@given(tables)
def test_the_second_nearest_makes_a_table_of_results_for_all_measures(results):
    lost = second_nearest_of_services(results, services=[GP])
    assert "gp_second_s" not in lost
    after, before = (summarise_services(table, services=[GP]).iloc[0] for table in (lost, results))
    assert after["population"] == before["population"]
    assert (
        after["reached"] == before["reached"] - slack_table_of_services(results, services=[GP])["without_second"].item()
    )
    norms, today = norm_table_of_services(lost, services=[GP]), norm_table_of_services(results, services=[GP])
    assert (norms["people_within"] <= today["people_within"]).all()
    beyond = sum(results["population"][~(results["gp_second_s"] <= 600)])
    assert norms["people_beyond"].iloc[0] == beyond


def test_the_second_nearest_takes_its_site_along():
    today = {"gp_s": [60.0, 60.0], "gp_site": ["A", "B"], "gp_second_s": [90.0, INF], "gp_second_site": ["B", ""]}
    results = pd.DataFrame({**today, "gp_reason": ["", ""], "population": [1.0, 2.0]})
    before = results.copy(deep=True)
    found = second_nearest_of_services(results, services=[GP]).to_dict("list")
    reasons = ["", "no_site_reachable"]
    assert found == {"gp_s": [90, INF], "gp_site": ["B", ""], "gp_reason": reasons, "population": [1, 2]}
    pd.testing.assert_frame_equal(results, before)


@pytest.mark.parametrize(("first", "second"), [(60.0, 30.0), (INF, 30.0)])
def test_a_second_nearest_that_is_nearer_is_refused(first, second):
    reason = "" if math.isfinite(first) else "no_road_within"
    results = pd.DataFrame({"population": [1.0], "gp_s": first, "gp_second_s": second, "gp_reason": reason})
    for measure in (
        lambda: slack_of_service(results, service=GP),
        lambda: slack_table_of_services(results, services=[GP]),
    ):
        with pytest.raises(InputError, match=r"gp_second_s is below gp_s in 1 cells \(cell 0: 30.0"):
            measure()
    with pytest.raises(InputError, match="no column hospital_s"):
        slack_of_service(results, service=HOSPITAL)


TABLES = [
    lambda results, **settings: summarise_services(results, services=[GP], **settings),
    lambda results, **settings: norm_table_of_services(results, services=[GP], **settings),
    lambda results, **settings: slack_table_of_services(results, services=[GP], **settings),
    lambda results, **settings: quantile_table_of_services(results, services=[GP], shares=[0.1, 0.5], **settings),
    lambda results, **settings: people_by_time_of_service(results, service=GP, step_s=600, **settings),
]


def some_cells(n=60):
    rng = np.random.default_rng(3)
    columns = {
        "population": rng.integers(0, 50, n).astype(float),
        "old": rng.integers(0, 20, n).astype(float),
        "class": rng.choice([1, 6, None], n),
        "trust": rng.choice(["North", "South", ""], n),
        "gp_s": rng.choice([60.0, 600.0, 1900.0, INF], n),
        "more": rng.choice([0.0, 300.0, INF], n),
    }
    return table_of([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])


@pytest.mark.parametrize("make", TABLES)
def test_several_zonings_and_ages_are_the_tables_of_each_below_each_other(make):
    results = some_cells()
    both = make(results, by=ZONINGS, population=["population", "old"])
    assert both.columns[:3].tolist() == ["who", "zoning", "group"]
    expected = 0
    for who in ("population", "old"):
        for name, by in ZONINGS.items():
            one = make(results.assign(population=results[who]), by=by)
            part = both[(both["who"] == who) & (both["zoning"] == name)].reset_index(drop=True)
            columns = [by] if isinstance(by, str) else by or []
            rest = one.drop(columns=columns)
            pd.testing.assert_frame_equal(part[rest.columns], rest)
            rows = [dict.fromkeys(row) if set(row) == {UNCLASSIFIED} else row for row in one[columns].to_numpy()]
            groups = [" / ".join(row) for row in rows] if columns else [EVERYBODY] * len(one)
            assert part["group"].tolist() == groups
            pd.testing.assert_frame_equal(make(results, by=by, population=who), one)
            expected += len(one)
    assert len(both) == expected


def test_a_service_without_norms_and_no_services_still_have_their_columns():
    results = table_of([{"population": 1.0, "old": 0.0, "class": 1, "trust": "", "gp_s": 60.0, "more": 1.0}])
    bare = ServiceSpec(key="gp", label="GP")
    found = norm_table_of_services(results, services=[bare], by=ZONINGS)
    assert found.empty
    assert found.columns[:3].tolist() == ["zoning", "group", "service"]
    for table in (summarise_services, slack_table_of_services):
        assert table(results, services=[], by=ZONINGS).columns.tolist() == ["zoning", "group", "service"]
    with pytest.raises(InputError, match="name at least one"):
        summarise_services(results, services=[GP], by={})
    with pytest.raises(InputError, match="no column young; there are"):
        summarise_services(results, services=[GP], population="young")
    with pytest.raises(InputError, match="old of 1 cells is negative"):
        summarise_services(results.assign(old=-1), services=[GP], population=["population", "old"])


def test_zonings_of_several_kinds_are_written_to_parquet_and_read_back(tmp_path):
    cells = [{"population": 1.0, "old": 0.0, "class": c, "trust": "", "gp_s": 60.0, "more": 1.0} for c in (1, None)]
    for make in TABLES:
        found = make(table_of(cells), by=ZONINGS, population=["population"])
        found.to_parquet(tmp_path / "table.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "table.parquet"), found)


@given(tables, st.lists(st.sampled_from([0.0, 0.01, 0.25, 0.5, 0.99, 1.0]), min_size=1, max_size=4))
@settings(max_examples=50)
def test_percentiles_are_weighted_quantiles_of_each_group(results, shares):
    found = quantile_table_of_services(results, services=[GP], shares=shares, by="trust")
    trusts = results["trust"].replace("", UNCLASSIFIED)
    assert len(found) == trusts.nunique() * len(shares)
    for _, row in found.iterrows():
        ours = trusts == row["trust"]
        assert row["population"] == results["population"][ours].sum()
        expected = weighted_quantile(results["gp_s"][ours], results["population"][ours], row["share"])
        np.testing.assert_equal(row["time_s"], expected)


def test_a_share_is_a_share():
    results = pd.DataFrame({"population": [1.0], "gp_s": 60.0, "gp_reason": ""})
    with pytest.raises(InputError, match="shares has 90"):
        quantile_table_of_services(results, services=[GP], shares=[0.5, 90])


LISTS = pd.DataFrame(
    {
        "site_id": ["Silsand", "Silsand", "Gryllefjord", "Silsand", "Stonglandseidet"],
        "vacant": [False, True, True, False, False],
        "doctors": [1.0, 1.0, 0.4, 0.5, 0.2],
        "places": [1000, 900, 400, 500, 200],
        "people": [990, 300, 380, 520, 0],
    }
)
SITES = pd.Index(["Gryllefjord", "Silsand", "Stonglandseidet", "Botnhamn"], name="site_id")


@pytest.mark.parametrize(
    ("count", "expected"),
    [("doctors", [0, 1.5, 0.2, 0]), ("places", [0, 1500, 200, 0]), ("open_places", [0, 10, 200, 0])],
)
def test_a_vacant_list_supplies_nothing_and_a_full_one_no_place(count, expected):
    found = list_supply(LISTS, sites=SITES, count=count)
    pd.testing.assert_series_equal(found, pd.Series(expected, SITES, name=count, dtype=float))
    nullable = LISTS.convert_dtypes()
    nullable.loc[1, "people"] = None  # who is on a list without a doctor does not matter
    pd.testing.assert_series_equal(list_supply(nullable, sites=SITES, count=count), found)
    assert list_supply(LISTS.iloc[:0], sites=SITES, count=count).tolist() == [0] * 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"site_id": "Senja"}, "site_id 'Senja' is not one of the sites"),
        ({"vacant": "no"}, "vacant is 'no' in a row; write true or false"),
        ({"vacant": None}, "vacant is None"),
        ({"places": -3}, r"places of 3 lists is missing, negative or infinite \(row 0: -3\)"),
        ({"people": NAN}, "people of 3 lists is missing"),
        ({"people": NAN, "places": "x"}, "2 problems"),
    ],
)
def test_lists_that_cannot_be_counted_are_named(changes, message):
    with pytest.raises(InputError, match=f"(?s){message}"):
        list_supply(LISTS.assign(**changes), sites=SITES, count="open_places")
    with pytest.raises(InputError, match="count is 'nurses'"):
        list_supply(LISTS, sites=SITES, count="nurses")
    with pytest.raises(InputError, match="lists: no column doctors"):
        list_supply(LISTS.drop(columns="doctors"), sites=SITES, count="doctors")
