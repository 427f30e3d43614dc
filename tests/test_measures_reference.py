"""Computed beside published statistics: against scipy and plain loops, and every row in one table or the other."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec, compare_statistics, difference_summary, read_statistic

GP = ServiceSpec(key="gp", label="GP", norms_s=(1800.0,))
ZONINGS = {"everybody": None, "class": "centrality_class", "municipality": "municipality_id", "region": "region"}
NAMES = {"municipality": "municipality"}
# municipality, name, region, class, people, minutes
CELLS = [
    ("0301", "Oslo", "Oslo", 1, 700, 4),
    ("0301", "Oslo", "Oslo", 1, 300, 10),
    ("1818", "Herøy", "Nordland", 6, 30, 40),
    ("1818", "Herøy", "Nordland", 6, 20, math.inf),
    ("1515", "Herøy", "Møre og Romsdal", 4, 60, 15),
    ("5503", "Harstad - Hárstták", "Troms", 3, 90, 20),
    ("5520", "Tom", "Troms", 5, 0, 50),
    ("5521", "Øde", "Troms", 5, 9, math.inf),
]


def results(rows=CELLS):
    table = pd.DataFrame(rows, columns=["municipality_id", "municipality", "region", "centrality_class", "p", "min"])
    table["population"], table["gp_s"] = table["p"].astype(float), table["min"] * 60.0
    table["gp_reason"] = np.where(np.isinf(table["gp_s"]), "no_site_reachable", "")
    return table.astype({"centrality_class": "Int8"})


def reference(*rows):
    table = pd.DataFrame(rows, columns=["geography", "service", "statistic", "value"])
    return table.assign(source="a report")


def compare(*rows, cells=CELLS):
    return compare_statistics(results(cells), reference(*rows), services=[GP], zonings=ZONINGS, names=NAMES)


@pytest.mark.parametrize(
    ("geography", "statistic", "computed", "people"),
    [
        ("0301", "mean", (700 * 4 + 300 * 10) / 1000, 1000),
        ("301", "median", 4, 1000),
        ("Oslo", "P70", 4, 1000),
        ("oslo ", "p71", 10, 1000),
        ("1818", "P60", 40, 50),
        ("1818", "P61", math.inf, 50),
        ("1818", "mean", 40, 50),
        ("1818", "share_reached", 0.6, 50),
        ("class 6", "people_unreached", 20, 50),
        ("Klasse 4", "P1", 15, 60),
        ("Harstad", "median", 20, 90),
        ("Hárstták", "median", 20, 90),
        ("Harstad - Hárstták", "median", 20, 90),
        ("Nordland", "share_within_40", 0.6, 50),
        ("Nordland", "share_within_39.9", 0.0, 50),
        ("everybody", "people_within_10", 1000, 1209),
        ("Alle", "people_beyond_15", 149, 1209),
        ("everybody", "population", 1209, 1209),
        ("everybody", "people_reached", 1180, 1209),
        ("5521", "people_beyond_60", 9, 9),
    ],
)
def test_statistics_computed_by_hand(geography, statistic, computed, people):
    found = compare((geography, "gp", statistic, 8.0))
    assert found.unmatched.empty
    row = found.table.iloc[0]
    assert row["computed"] == pytest.approx(computed)
    assert row["people"] == people
    assert row["difference"] == pytest.approx(computed - 8)
    assert row["relative_difference"] == pytest.approx((computed - 8) / 8)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("Herøy", "gp", "mean", 1), "the name of several, 1515 / 1818: write the number"),
        (("Nordlnd", "gp", "mean", 1), 'unknown geography; did you mean "Nordland"?'),
        (("5403", "gp", "mean", 1), "unknown number: outside the study"),
        (("Atlantis", "gp", "mean", 1), "unknown geography"),
        (("class 2", "gp", "mean", 1), "unknown geography; did you mean"),
        (("2", "gp", "mean", 1), "unknown number"),
        (("1818", "gpp", "mean", 1), 'unknown service; did you mean "gp"?'),
        (("1818", "gp", "P100", 1), "unknown statistic; known are mean, median"),
        (("1818", "gp", "P0", 1), "unknown statistic"),
        (("1818", "gp", "share_within_0", 1), "unknown statistic"),
        (("1818", "gp", "mean", math.nan), "no value is published"),
        (("5520", "gp", "mean", 1), "nobody lives there in the study"),
        (("5521", "gp", "mean", 1), "nobody there is reached, so there is no mean"),
        (("Nordlnd", "gpp", "mode", math.nan), "unknown geography"),
    ],
)
def test_what_cannot_be_compared_says_why(row, reason):
    found = compare(("0301", "gp", "mean", 5.8), row)
    assert found.table["geography"].tolist() == ["0301"]
    assert found.unmatched["reason"].item().startswith(reason)
    assert found.unmatched["geography"].item() == row[0]


def test_all_that_is_wrong_with_a_row_is_reported_at_once():
    reason = compare(("Nordlnd", "gpp", "mode", math.nan)).unmatched["reason"].item()
    assert reason.count(";") >= 4
    for part in ("unknown geography", "unknown service", "unknown statistic", "no value"):
        assert part in reason


def test_a_name_beside_an_unknown_number_helps():
    rows = reference(("5402", "gp", "mean", 1)).assign(name="Harstad")
    found = compare_statistics(results(), rows, services=[GP], zonings=ZONINGS, names=NAMES)
    assert 'Harstad is "5503" in the study' in found.unmatched["reason"].item()


def test_no_row_at_all_can_be_compared():
    found = compare(("Atlantis", "gp", "mean", 1))
    assert found.table.empty
    assert len(found.unmatched) == 1
    assert difference_summary(found.table).empty


def test_a_value_of_nothing_has_no_relative_difference():
    row = compare(("0301", "gp", "people_beyond_60", 0.0)).table.iloc[0]
    assert row["difference"] == 0
    assert np.isnan(row["relative_difference"])


def test_a_column_that_is_missing_is_named():
    with pytest.raises(InputError, match="no column source"):
        compare_statistics(
            results(), reference(("0301", "gp", "mean", 1)).drop(columns="source"), services=[GP], zonings=ZONINGS
        )


WORDS = ("mean", "median", "P90", "share_within_15", "people_beyond_15", "mode")
PLACES = ("0301", "1818", "Herøy", "class 5", "class 6", "5521", "everybody", "Atlantis")


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["gp", "x"]), st.sampled_from(WORDS), st.floats(0, 99)),
        max_size=12,
    )
)
def test_every_row_is_in_one_table_and_in_its_order(rows):
    found = compare(*rows)
    assert len(found.table) + len(found.unmatched) == len(rows)
    assert (found.unmatched["reason"] != "").all()
    keys = ["geography", "service", "statistic"]
    asked = [row[:3] for row in rows]
    for part in (found.table, found.unmatched):
        # Compared rows carry the statistic as it is named here; those of WORDS are named so already.
        left = iter(asked)
        assert all(tuple(row) in left for row in part[keys].to_numpy().tolist())


def differences(computed, published, people):
    return pd.DataFrame(
        {
            "zoning": "municipality",
            "name": [f"m{n}" for n in range(len(computed))],
            "service": "gp",
            "statistic": "median",
            "unit": "min",
            "computed": computed,
            "published": published,
            "difference": np.subtract(computed, published),
            "people": np.asarray(people, dtype=float),
        }
    )


whole = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 9))


@given(st.lists(whole, min_size=2, max_size=12))
def test_the_summary_is_that_of_people_one_by_one(rows):
    computed, published, people = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    row = difference_summary(differences(computed, published, people)).iloc[0]
    x, y = (np.repeat(values, people.astype(int)) for values in (computed, published))
    assert row["bias"] == pytest.approx(np.mean(x - y))
    assert row["mae"] == pytest.approx(np.mean(np.abs(x - y)))
    assert row["rmse"] == pytest.approx(np.sqrt(np.mean((x - y) ** 2)))
    assert row["rmse"] >= row["mae"] - 1e-9 >= abs(row["bias"]) - 2e-9
    if np.ptp(computed) and np.ptp(published):
        assert row["correlation"] == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-9)
    else:
        assert np.isnan(row["correlation"])


def test_what_is_never_reached_is_counted_named_and_left_out_of_the_means():
    row = difference_summary(differences([np.inf, 12.0, 8.0], [30.0, 10.0, 8.0], [5, 1, 3])).iloc[0]
    assert row["never_reached"] == 1
    assert row["geographies"] == 3
    assert row["people"] == 9
    assert row["bias"] == pytest.approx(2 / 4)
    assert row["largest"] == "m0 never reached, m1 +2.0"


def test_nothing_differs_from_itself():
    names = ["mean", "median", "P1", "P37", "P99", "share_within_15", "people_beyond_15", "population", "share_reached"]
    places = ["0301", "1818", "1515", "5503", "class 1", "class 6", "everybody", "Troms"]
    asked = compare(*((place, "gp", name, 1.0) for place in places for name in names)).table
    asked = asked[np.isfinite(asked["computed"])]
    assert len(asked) > 60
    again = compare(*asked[["geography", "service", "statistic", "computed"]].itertuples(index=False, name=None))
    assert again.unmatched.empty
    assert (again.table["difference"] == 0).all()
    summary = difference_summary(again.table)
    assert (summary[["bias", "mae", "rmse"]] == 0).to_numpy().all()
    assert set(summary["largest"]) == {""}


@pytest.mark.parametrize("text", ["", "P", "P1.5", "p 90", "share_within_", "share_within_x", "within_30", "P-1"])
def test_other_words_are_no_statistics(text):
    assert read_statistic(text) is None
