"""The tables of people and times against plain loops over cells, and the law that nobody is dropped."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import (
    REASONS,
    UNCLASSIFIED,
    ServiceSpec,
    norm_table_of_services,
    people_by_time_of_service,
    summarise_services,
    weighted_quantile,
)

pytestmark = pytest.mark.filterwarnings("error")

INF, NAN = float("inf"), float("nan")
GP = ServiceSpec(key="gp", label="GP", norms_s=(600.0, 1200.0))
AMBULANCE = ServiceSpec(key="ambulance", label="Ambulance", direction="to_people", norms_s=(720.0,))
SERVICES = [GP, AMBULANCE]

times = st.one_of(st.sampled_from([0.0, 600.0, 1200.0, INF, NAN]), st.integers(0, 4000).map(float))
cell = st.fixed_dictionaries(
    {
        "population": st.one_of(st.just(0.0), st.integers(1, 50).map(float), st.floats(0.01, 1e4)),
        "centrality_class": st.sampled_from([1, 2, 6, None]),
        "region": st.sampled_from(["", "North", "South"]),
        "gp_s": times,
        "ambulance_s": times,
        "gp_why": st.sampled_from(REASONS),
        "ambulance_why": st.sampled_from(REASONS),
    }
)


def table_of(cells):
    frame = pd.DataFrame(cells).astype({"centrality_class": "Int8"})
    for key in ("gp", "ambulance"):
        frame[f"{key}_reason"] = frame.pop(f"{key}_why").where(~np.isfinite(frame[f"{key}_s"]), "")
    return frame.set_index(pd.Index([f"c{i}" for i in range(len(frame))], name="cell_id"))


tables = st.lists(cell, min_size=1, max_size=25).map(table_of)
groupings = st.sampled_from([None, "centrality_class", "region", ["region", "centrality_class"]])


def group_of(row, by):
    names = [] if by is None else [by] if isinstance(by, str) else by
    return tuple(UNCLASSIFIED if pd.isna(row[name]) or row[name] == "" else str(row[name]) for name in names)


def loop_quantile(rows, q):
    """The definition, in exact arithmetic: the smallest t with at least the share q of the people at or below it."""
    total = sum(Fraction(w) for _, w in rows)
    if total == 0:
        return NAN
    for t in sorted({t for t, w in rows if w > 0}):
        if sum(Fraction(w) for x, w in rows if x <= t) >= q * total:
            return t
    raise AssertionError


@given(
    st.lists(st.tuples(times, st.integers(0, 20)), min_size=1, max_size=30),
    st.sampled_from(["0", "0.05", "0.1", "0.25", "0.5", "0.55", "0.7", "0.9", "0.95", "1"]),
)
def test_quantile_is_the_smallest_time_that_share_of_people_do_not_exceed(rows, q):
    longest = [(INF if math.isnan(t) else t, w) for t, w in rows]
    found = weighted_quantile([t for t, _ in rows], [w for _, w in rows], float(q))
    np.testing.assert_equal(found, loop_quantile(longest, Fraction(q)))


def test_quantile_is_not_moved_by_rounding():
    assert 0.55 * 100 > 55
    assert weighted_quantile([1, 2], [55, 45], 0.55) == 1


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40), st.sampled_from([0.1, 0.5, 0.9]))
def test_quantile_with_equal_weights_is_numpys_inverted_cdf(values, q):
    assert weighted_quantile(values, np.ones(len(values)), q) == np.quantile(values, q, method="inverted_cdf")


def test_p90_is_inf_when_more_than_a_tenth_are_not_reached():
    assert weighted_quantile([60, INF], [90, 10], 0.9) == 60
    assert weighted_quantile([60, NAN], [89, 11], 0.9) == INF
    assert math.isnan(weighted_quantile([60], [0], 0.5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [1.0], 1.5), "q is 1.5"),
        (([1.0], [1.0], NAN), "q is nan"),
        (([1.0], [1.0, 2.0], 0.5), "one weight per value"),
        (([1.0], [-1.0], 0.5), "negative, infinite or missing"),
    ],
)
def test_quantile_names_wrong_input(arguments, message):
    with pytest.raises(InputError, match=message):
        weighted_quantile(*arguments)


@given(tables, groupings)
@settings(max_examples=50, deadline=None)
def test_summary_equals_a_loop_over_cells(results, by):
    summary = summarise_services(results, services=SERVICES, by=by)
    names = [] if by is None else [by] if isinstance(by, str) else by
    groups = {group_of(row, by) for _, row in results.iterrows()}
    assert len(summary) == len(groups) * len(SERVICES)
    for _, found in summary.iterrows():
        key = found["service"]
        rows = [row for _, row in results.iterrows() if group_of(row, by) == tuple(found[names])]
        assert rows
        reached = [(r[f"{key}_s"], r["population"]) for r in rows if math.isfinite(r[f"{key}_s"])]
        lost = [r for r in rows if not math.isfinite(r[f"{key}_s"])]
        people = sum(w for _, w in reached)
        assert found["population"] == pytest.approx(sum(r["population"] for r in rows))
        assert found["reached"] == pytest.approx(people)
        for reason in REASONS:
            expected = sum(r["population"] for r in lost if r[f"{key}_reason"] == reason)
            assert found[f"unreached_{reason}"] == pytest.approx(expected)
        mean = sum(t * w for t, w in reached) / people if people else NAN
        assert found["mean_s"] == pytest.approx(mean, nan_ok=True)
        all_times = [*reached, *((INF, r["population"]) for r in lost)]
        for column, q in (("median_s", "0.5"), ("p90_s", "0.9")):
            # With fractional people the share q may be met to within rounding only.
            near = [loop_quantile(all_times, Fraction(q) + Fraction(d, 10**11)) for d in (-1, 0, 1)]
            assert found[column] in near or (math.isnan(found[column]) and math.isnan(near[1]))


@given(tables, groupings)
@settings(max_examples=50, deadline=None)
def test_nobody_is_dropped(results, by):
    people = results["population"].sum()
    summary = summarise_services(results, services=SERVICES, by=by)
    np.testing.assert_allclose(summary["reached"] + summary["unreached"], summary["population"])
    np.testing.assert_allclose(summary[[f"unreached_{reason}" for reason in REASONS]].sum(axis=1), summary["unreached"])
    np.testing.assert_allclose(summary.groupby("service")["population"].sum(), people)
    norms = norm_table_of_services(results, services=SERVICES, by=by)
    np.testing.assert_allclose(norms["people_within"] + norms["people_beyond"], norms["population"])
    np.testing.assert_allclose(norms.groupby(["service", "norm_s"])["population"].sum(), people)
    inhabited = norms[norms["population"] > 0]
    np.testing.assert_allclose(
        inhabited["share_within"] * inhabited["population"] + inhabited["people_beyond"], inhabited["population"]
    )
    assert norms[norms["population"] == 0]["share_within"].isna().all()


@given(tables, groupings)
@settings(max_examples=50, deadline=None)
def test_norms_equal_a_loop_over_cells(results, by):
    norms = norm_table_of_services(results, services=SERVICES, by=by)
    names = [] if by is None else [by] if isinstance(by, str) else by
    for _, found in norms.iterrows():
        rows = [row for _, row in results.iterrows() if group_of(row, by) == tuple(found[names])]
        expected = sum(r["population"] for r in rows if r[f"{found['service']}_s"] <= found["norm_s"])
        assert found["people_within"] == pytest.approx(expected)


@given(tables, groupings, st.sampled_from([60.0, 300.0, 700.5]))
@settings(max_examples=50, deadline=None)
def test_curves_are_the_share_of_all_people_inside_each_time(results, by, step_s):
    curves = people_by_time_of_service(results, service=GP, by=by, step_s=step_s)
    names = [] if by is None else [by] if isinstance(by, str) else by
    finite = results["gp_s"][np.isfinite(results["gp_s"])]
    assert curves["time_s"].max() >= finite.max() if len(finite) else curves["time_s"].max() == 0
    summary = summarise_services(results, services=[GP], by=by)
    ends = curves.groupby(names, as_index=False).last() if names else curves.tail(1)
    merged = ends.merge(summary, on=[*names, "service"], validate="one_to_one")
    assert len(merged) == len(summary)
    np.testing.assert_allclose(merged["people"], merged["reached"])
    for _, found in curves.iloc[:: max(1, len(curves) // 20)].iterrows():
        rows = [row for _, row in results.iterrows() if group_of(row, by) == tuple(found[names])]
        inside = sum(r["population"] for r in rows if r["gp_s"] <= found["time_s"])
        people = sum(r["population"] for r in rows)
        assert found["people"] == pytest.approx(inside)
        assert found["share"] == pytest.approx(inside / people if people else NAN, nan_ok=True)


def small(**columns):
    frame = pd.DataFrame({"population": [10.0, 20.0], "gp_s": [60.0, INF], "gp_reason": ["", "no_road_within"]})
    return frame.assign(**columns)


def test_a_group_with_cells_but_no_people_has_a_row_and_no_times():
    results = small(centrality_class=[1, 2], population=[10.0, 0.0])
    row = summarise_services(results, services=[GP], by="centrality_class").set_index("centrality_class").loc["2"]
    assert row[["population", "reached", "unreached"]].tolist() == [0, 0, 0]
    assert row[["mean_s", "median_s", "p90_s"]].isna().all()


def test_groups_are_text_in_the_order_of_their_values_with_the_unclassified_last():
    results = pd.DataFrame(
        {
            "population": 1.0,
            "gp_s": 1.0,
            "gp_reason": "",
            "size": [10, 9, None, 2],
            "municipality_id": ["5501", "", "0301", "1507"],
        }
    )
    assert summarise_services(results, services=[GP], by="size")["size"].tolist() == ["2", "9", "10", UNCLASSIFIED]
    by_id = summarise_services(results, services=[GP], by="municipality_id")["municipality_id"].tolist()
    assert by_id == ["0301", "1507", "5501", UNCLASSIFIED]


def test_tables_are_written_to_parquet_and_read_back(tmp_path):
    results = small(centrality_class=pd.array([1, None], dtype="Int8"))
    for table in (
        summarise_services(results, services=[GP], by="centrality_class"),
        norm_table_of_services(results, services=[GP]),
    ):
        table.to_parquet(tmp_path / "table.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "table.parquet"), table)


def test_the_results_are_left_as_they_were():
    results = small(centrality_class=[1, 2])
    before = results.copy(deep=True)
    summarise_services(results, services=[GP], by="centrality_class")
    people_by_time_of_service(results, service=GP, by="centrality_class")
    pd.testing.assert_frame_equal(results, before)


def test_no_cells_no_services_and_no_norms_give_tables_without_people():
    empty = small(centrality_class=[1, 2]).iloc[:0]
    assert summarise_services(empty, services=[GP])[["population", "reached", "unreached"]].to_numpy().tolist() == [
        [0, 0, 0]
    ]
    assert summarise_services(empty, services=[GP], by="centrality_class").empty
    assert people_by_time_of_service(empty, service=GP, by="centrality_class").empty
    assert norm_table_of_services(small(), services=[ServiceSpec(key="gp", label="GP")]).columns.tolist() == [
        *("service", "norm_s", "population", "people_within", "people_beyond", "share_within")
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"population": [1.0, -2.0]}, r"population of 1 cells .* \(cell 1: -2.0\)"),
        ({"population": [1.0, NAN]}, "population of 1 cells"),
        ({"gp_s": [-1.0, INF]}, "gp_s is negative in 1 cells"),
        ({"gp_s": [60.0, -INF]}, "gp_s is negative in 1 cells"),
        ({"gp_reason": ["", ""]}, "gp_reason is empty though the cell is not reached in 1 cells"),
        ({"gp_reason": ["no_road_within"] * 2}, "gp_reason is given though the cell is reached"),
        ({"gp_reason": ["", "lost"]}, "none of the known reasons in 1 cells .*'lost'"),
    ],
)
def test_contradicting_results_are_refused(columns, message):
    with pytest.raises(InputError, match=message):
        summarise_services(small(**columns), services=[GP])


def test_missing_columns_and_repeated_services_are_named():
    with pytest.raises(InputError, match="no column ambulance_s, ambulance_reason"):
        summarise_services(small(), services=[AMBULANCE])
    with pytest.raises(InputError, match="no column county; there are population, gp_s"):
        summarise_services(small(), services=[GP], by="county")
    with pytest.raises(InputError, match="gp is given more than once"):
        norm_table_of_services(small(), services=[GP, GP])


@pytest.mark.parametrize("setting", [{"step_s": 0}, {"step_s": INF}, {"max_s": -1}, {"step_s": 1e-6}])
def test_curves_refuse_steps_that_lead_nowhere(setting):
    with pytest.raises(InputError, match=r"step_s|max_s"):
        people_by_time_of_service(small(), service=GP, **setting)


def test_curves_go_as_far_as_asked():
    curve = people_by_time_of_service(small(), service=GP, step_s=60, max_s=150)
    assert curve["time_s"].tolist() == [0, 60, 120, 180]
    assert curve["share"].tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"key": "gp office"}, "letters, digits and underscores"),
        ({"direction": "people"}, "it must be 'to_sites' or 'to_people'"),
        ({"norms_s": (600.0, 600.0)}, "rising order"),
        ({"norms_s": (0.0,)}, "above 0"),
        ({"norms_s": (NAN,)}, "above 0"),
    ],
)
def test_a_service_that_makes_no_sense_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        ServiceSpec(**{"key": "gp", "label": "GP", **fields})


def test_a_municipality_of_a_country_is_summed_up_as_by_itself():
    rng = np.random.default_rng(1)
    n = 250_000
    times_s = np.where(rng.random(n) < 0.02, INF, rng.gamma(2, 500, n))
    results = pd.DataFrame(
        {
            "population": rng.integers(0, 40, n) / 3,
            "municipality_id": rng.integers(1000, 1357, n).astype(str),
            "gp_s": times_s,
            "gp_reason": np.where(np.isfinite(times_s), "", "no_road_within"),
        }
    )
    summary = summarise_services(results, services=[GP], by="municipality_id")
    one = summary.iloc[[5]]
    cells = results[results["municipality_id"] == one["municipality_id"].item()]
    assert one["p90_s"].item() == weighted_quantile(cells["gp_s"], cells["population"], 0.9)
