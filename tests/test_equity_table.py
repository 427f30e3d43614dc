"""The tidy table of all indices: the numbers of the functions, and everybody in each row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from splits import split

from geoaccess.equity import (
    bootstrap_interval,
    concentration_index,
    equity_table,
    equity_table_of_services,
    fgt,
    gini,
    kolm_pollak,
    palma,
    theil_t,
)
from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec, norm_table_of_services

INF, NAN = float("inf"), float("nan")
SERVICES = {"gp": "gp_s", "legevakt": "legevakt_s"}
COLUMNS = [
    *("service", "index", "norm", "value", "low", "high", "between", "within"),
    *("n_people_in", "n_people_unranked", "n_people_unreached", "unreached_counted"),
]


@pytest.fixture
def results():
    return pd.DataFrame(
        {
            "population": [300.0, 100.0, 50.0, 50.0, 10.0, 6.0, 0.0],
            "centrality_class": pd.array([1, 1, 6, 6, 6, None, 1], dtype="Int8"),
            "centrality_index": [990, 950, 500, 480, 470, 700, NAN],
            "municipality_id": ["0301", "0301", "5600", "5601", "5601", "5602", "0301"],
            "gp_s": [600.0, 650.0, 900.0, 1500.0, INF, NAN, -5.0],
            "legevakt_s": [INF] * 7,
        },
        index=[f"cell{number}" for number in range(7)],
    )


def test_a_row_per_service_and_index_holds_everybody(results):
    table = equity_table_of_services(
        results,
        services=SERVICES,
        norms={"gp": [700, 1200], "legevakt": (2400,)},
        by="centrality_class",
        ranking="centrality_index",
    )
    assert table.columns.tolist() == COLUMNS
    assert table["service"].tolist() == ["gp"] * 16 + ["legevakt"] * 13
    assert (table["n_people_in"] + table["n_people_unreached"] == 516).all()
    assert not table.duplicated(["service", "index", "norm"]).any()
    split = table.dropna(subset="between")
    assert split["between"].to_numpy() + split["within"].to_numpy() == pytest.approx(split["value"].to_numpy())
    assert set(split["index"]) == {"gini", "theil_t", "theil_l", "kolm_pollak", "fgt_0", "fgt_1", "fgt_2"}


def test_the_values_are_those_of_the_functions(results):
    table = equity_table_of_services(
        results, services=SERVICES, norms={"gp": [700]}, by="centrality_class", ranking="centrality_index"
    )
    found = table[table["service"] == "gp"].set_index("index")
    times, people, classes = [600, 650, 900, 1500], [300, 100, 50, 50], [1, 1, 6, 6]
    assert found["value"]["gini"] == gini(times, weights=people)
    assert found["between"]["theil_t"] == split(theil_t, times, weights=people, groups=classes).between
    assert found["within"]["kolm_pollak"] == split(kolm_pollak, times, weights=people, groups=classes).within
    assert found["value"]["palma"] == palma(times, weights=people)
    assert found["value"]["concentration"] == concentration_index(times, weights=people, ranking=[990, 950, 500, 480])
    assert found["value"]["fgt_1"] == fgt(times, norm=700, alpha=1, weights=people)
    assert found["n_people_unreached"].unique().tolist() == [16]


def test_only_the_share_beyond_a_norm_counts_people_who_are_not_reached(results):
    table = equity_table_of_services(results, services=SERVICES, norms={"gp": [700], "legevakt": [2400]}).set_index(
        ["service", "index"]
    )
    assert table["value"]["gp", "fgt_0"] == pytest.approx((50 + 50 + 10 + 6) / 516)
    assert table["value"]["gp", "fgt_1"] == pytest.approx((50 * 200 + 50 * 800) / 700 / 500)
    assert table.index[table["unreached_counted"]].tolist() == [("gp", "fgt_0"), ("legevakt", "fgt_0")]
    # Nobody reaches the legevakt: all are beyond its norm, and no other index has a number.
    legevakt = table.loc["legevakt"]
    assert legevakt["value"].dropna().to_dict() == {"fgt_0": 1.0}
    assert (legevakt["n_people_in"] == 0).all()
    assert table["between"].isna().all()


def test_people_without_a_rank_are_left_out_of_the_ranked_indices_and_counted(results):
    asked = {"services": {"gp": "gp_s"}, "ranking": "centrality_index"}
    table = equity_table_of_services(
        results.assign(centrality_index=[990, 950, 500, NAN, 470, 700, 1]), **asked
    ).set_index("index")
    assert table.loc["concentration", "value"] == concentration_index(
        [600, 650, 900], weights=[300, 100, 50], ranking=[990, 950, 500]
    )
    people = table[["n_people_in", "n_people_unranked", "n_people_unreached"]]
    assert people.loc["concentration"].tolist() == [450, 50, 16]
    assert people.loc["gini"].tolist() == [500, 0, 16]
    nobody = equity_table_of_services(results.assign(centrality_index=NAN), **asked).set_index("index")
    assert np.isnan(nobody.loc["concentration", "value"])
    assert nobody.loc["concentration", "n_people_unranked"] == 500


def test_nobody_lives_there(results):
    table = equity_table_of_services(results.assign(population=0.0), services=SERVICES, norms={"gp": [700]}, draws=10)
    assert table["value"].isna().all()
    assert (table[["n_people_in", "n_people_unreached"]] == 0).all(axis=None)


def test_intervals_are_those_of_the_clusters(results):
    table = equity_table_of_services(results, services={"gp": "gp_s"}, clusters="municipality_id", draws=30, seed=4)
    expected = bootstrap_interval(
        gini, [600, 650, 900, 1500], weights=[300, 100, 50, 50], clusters=[1, 1, 2, 3], draws=30, seed=4
    )
    row = table.set_index("index").loc["gini"]
    assert (row["low"], row["high"]) == (expected.low, expected.high)
    assert table[["low", "high"]].notna().all(axis=None)
    assert (table["low"] <= table["high"]).all()
    without = equity_table_of_services(results, services={"gp": "gp_s"})
    assert without[["low", "high"]].isna().all(axis=None)
    one = equity_table_of_services(
        results.assign(municipality_id="0301"), services={"gp": "gp_s"}, clusters="municipality_id", draws=30
    )
    assert one[["low", "high"]].isna().all(axis=None)  # of one municipality nothing can be drawn


def test_the_order_and_the_labels_of_the_cells_do_not_matter(results):
    asked = {"services": SERVICES, "norms": {"gp": [700]}, "by": "centrality_class", "ranking": "centrality_index"}
    other = equity_table_of_services(results.iloc[::-1].set_axis([3] * 7), **asked)
    pd.testing.assert_frame_equal(other, equity_table_of_services(results, **asked))


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [
        ({}, {"services": {"gp": "gp_min"}, "by": "class"}, r"(?s)2 problems.*no column 'gp_min'.*no column 'class'"),
        ({}, {"norms": {"hospital": [1]}}, "norms of 'hospital', which is no service here; there are gp, legevakt"),
        ({}, {"norms": {"gp": [0]}}, "norm is 0 for"),
        ({"population": -1.0}, {}, "column population: 7 weights are negative"),
        ({"gp_s": -1.0}, {}, "column gp_s: 6 are negative"),
    ],
)
def test_wrong_input_is_named(results, change, asked, message):
    with pytest.raises(InputError, match=message):
        equity_table_of_services(results.assign(**change), **{"services": SERVICES, **asked})


def test_norms_of_many_kinds_and_services_in_the_order_given(results):
    table = equity_table_of_services(
        results, services=dict(reversed(SERVICES.items())), norms={"gp": np.array([700.0])}
    )
    assert table["service"].drop_duplicates().tolist() == ["legevakt", "gp"]
    assert table["norm"].dropna().tolist() == [700.0] * 3


def test_the_share_beyond_a_norm_is_that_of_the_table_of_norms(results):
    reasons = ["", "", "", "", "no_site_reachable", "no_road_within", ""]
    lived = results.assign(gp_s=results["gp_s"].clip(lower=0), gp_reason=reasons)
    norms = (700.0, 1200.0)
    expected = norm_table_of_services(lived, services=[ServiceSpec(key="gp", label="GP", norms_s=norms)])[
        "share_within"
    ]
    table = equity_table_of_services(lived, services={"gp": "gp_s"}, norms={"gp": norms})
    assert table.loc[table["index"] == "fgt_0", "value"].tolist() == pytest.approx((1 - expected).tolist())


def test_from_arrays_a_table_of_indices_is_that_of_a_service(results):
    expected = equity_table_of_services(
        results,
        services={"gp": "gp_s"},
        norms={"gp": [700, 1200]},
        by="centrality_class",
        ranking="centrality_index",
        clusters="municipality_id",
        draws=20,
    ).drop(columns="service")
    given = {"weights": results["population"], "groups": results["centrality_class"], "norms": [700, 1200], "draws": 20}
    shared = {"ranking": results["centrality_index"], "clusters": results["municipality_id"]}
    pd.testing.assert_frame_equal(equity_table(results["gp_s"], **given, **shared), expected)
    lists = {
        name: one.tolist() if isinstance(one, pd.Series) and one.dtype != "Int8" else one
        for name, one in (given | shared).items()
    }
    pd.testing.assert_frame_equal(equity_table(results["gp_s"].tolist(), **lists), expected)
    assert equity_table([600.0, 900.0]).set_index("index")["value"]["gini"] == gini([600, 900])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weights": [1.0]}, "weights have shape"),
        ({"groups": [1]}, "1 groups for 2 values"),
        ({"ranking": [1.0]}, "1 ranks for 2 values"),
        ({"clusters": ["a"]}, "1 clusters for 2 values"),
        ({"norms": [0.0]}, "norm is 0"),
        ({"weights": pd.Series([1.0, 2.0], index=[1, 0])}, "weights have the labels of the values in another order"),
    ],
)
def test_wrong_arrays_are_named(given, message):
    with pytest.raises(InputError, match=message):
        equity_table(pd.Series([600.0, 900.0]), **given)
