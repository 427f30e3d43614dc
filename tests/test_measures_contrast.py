"""The most central class against the least central."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec, class_contrast_of_services, summarise_services

INF, NAN = float("inf"), float("nan")


def summary_of(*rows):
    names = ["service", "centrality_class", "population", "mean_s", "median_s", "p90_s"]
    return pd.DataFrame(list(rows), columns=names)


def test_class_six_is_set_against_class_one():
    table = class_contrast_of_services(
        summary_of(
            ("gp", "3", 500.0, 9999.0, 9999.0, 9999.0),
            ("gp", "1", 900.0, 200.0, 100.0, 400.0),
            ("gp", "6", 50.0, 800.0, 500.0, INF),
            ("gp", "4", 500.0, 9999.0, 9999.0, 9999.0),
            ("gp", "unclassified", 7.0, 1.0, 1.0, 1.0),
        )
    )
    row = table.iloc[0]
    assert (row["most_central"], row["least_central"]) == ("1", "6")
    assert (row["people_most_central"], row["people_least_central"]) == (900, 50)
    assert (row["mean_gap_s"], row["mean_ratio"]) == (600, 4)
    assert (row["median_gap_s"], row["median_ratio"]) == (400, 5)
    assert (row["p90_gap_s"], row["p90_ratio"]) == (INF, INF)


def test_the_classes_that_have_people_stand_in_and_are_named():
    table = class_contrast_of_services(
        summary_of(
            ("gp", "1", 0.0, NAN, NAN, NAN),
            ("gp", "3", 10.0, 100.0, 100.0, 100.0),
            ("gp", "5", 10.0, 300.0, 200.0, 100.0),
            ("gp", "6", 0.0, NAN, NAN, NAN),
        )
    )
    assert table[["most_central", "least_central"]].iloc[0].tolist() == ["3", "5"]
    assert table[["mean_ratio", "median_ratio", "p90_ratio"]].iloc[0].tolist() == [3, 2, 1]


def test_one_class_alone_has_no_contrast_and_no_class_has_no_name():
    table = class_contrast_of_services(
        summary_of(("birth", "4", 10.0, 5.0, 5.0, 5.0), ("gp", "unclassified", 10.0, 5.0, 5.0, 5.0))
    ).set_index("service")
    assert table.loc["birth", ["most_central", "least_central"]].tolist() == ["4", "4"]
    assert math.isnan(table.loc["birth", "mean_gap_s"])
    assert table.loc["gp", ["most_central", "least_central"]].tolist() == ["", ""]
    assert table.loc["gp", "people_most_central"] == 0
    assert math.isnan(table.loc["gp", "p90_ratio"])


def test_a_class_of_whom_nobody_is_reached_is_kept_as_it_is():
    # The mean is over people who are reached, so it is NaN, and must not be filled from another class.
    table = class_contrast_of_services(
        summary_of(("gp", "1", 9.0, 5.0, 5.0, 5.0), ("gp", "5", 9.0, 7.0, 7.0, 7.0), ("gp", "6", 9.0, NAN, INF, INF))
    )
    row = table.iloc[0]
    assert row["least_central"] == "6"
    assert math.isnan(row["mean_least_central_s"])
    assert math.isnan(row["mean_gap_s"])
    assert row["median_gap_s"] == INF


def test_no_warning_where_both_are_inf_or_zero(recwarn):
    table = class_contrast_of_services(summary_of(("gp", "1", 9.0, 0.0, INF, 0.0), ("gp", "6", 9.0, 0.0, INF, 9.0)))
    assert math.isnan(table["mean_ratio"].item())
    assert math.isnan(table["median_gap_s"].item())
    assert table["p90_ratio"].item() == INF
    assert not recwarn.list


def test_it_follows_a_summary_of_several_services():
    results = pd.DataFrame(
        {
            "population": [10.0, 20.0, 5.0],
            "centrality_class": pd.array([2, 6, None], dtype="Int8"),
            **{f"{key}_s": [100.0, 300.0, 50.0] for key in ("gp", "birth")},
            **{f"{key}_reason": "" for key in ("gp", "birth")},
        }
    )
    services = [ServiceSpec(key="gp", label="GP"), ServiceSpec(key="birth", label="Birth unit")]
    table = class_contrast_of_services(summarise_services(results, services=services, by="centrality_class"))
    assert table["service"].tolist() == ["gp", "birth"]
    assert table["most_central"].tolist() == ["2", "2"]
    assert table["mean_gap_s"].tolist() == [200, 200]


def test_a_summary_without_classes_is_refused():
    with pytest.raises(InputError, match="summary: no column centrality_class"):
        class_contrast_of_services(pd.DataFrame({"service": []}))
