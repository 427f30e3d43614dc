"""Measures from Series: held against plain sums over persons, one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import geoaccess as ga

INF = float("inf")


@pytest.fixture
def country():
    """Forty cells of whole people, some unreached, some not snapped, in three classes."""
    rng = np.random.default_rng(7)
    index = pd.Index([f"c{i}" for i in range(40)])
    times = pd.Series(np.round(rng.uniform(0, 5000, 40), 1), index)
    times.iloc[[3, 17]], times.iloc[[5]] = INF, np.nan
    second = times + np.round(rng.uniform(0, 900, 40), 1)
    second.iloc[[8]] = INF
    people = pd.Series(rng.integers(0, 9, 40).astype(float), index)
    return times, second, people, pd.Series(rng.integers(1, 4, 40), index)


def persons(times, people, groups=None):
    """Return the time of every single person, by group; a person who reaches nothing counts as the longest."""
    rows = np.repeat(np.arange(len(times)), people.astype(int))
    every = times.fillna(INF).to_numpy()[rows]
    return {"everybody": every} if groups is None else {
        str(group): every[groups.to_numpy()[rows] == group] for group in sorted(groups.unique())
    }  # fmt: skip


@pytest.mark.parametrize("grouped", [False, True])
def test_summaries_norms_and_quantiles_are_those_of_the_single_people(country, grouped):
    times, _, people, classes = country
    groups = classes if grouped else None
    single = persons(times, people, groups)
    summary = ga.summarise(times, population=people, groups=groups)
    assert summary.index.tolist() == [*single]
    norms = ga.norm_table(times, norms_s=[600.0, 1800.0], population=people, groups=groups)
    quantiles = ga.quantile_table(times, shares=[0.25, 0.9], population=people, groups=groups)
    for group, every in single.items():
        row = summary.loc[group]
        reached = every[np.isfinite(every)]
        assert (row["population"], row["reached"]) == (every.size, reached.size)
        assert row["unreached"] == row.filter(like="unreached_").sum() == every.size - reached.size
        assert row["mean_s"] == pytest.approx(reached.mean())
        for norm, part in norms.loc[[group]].set_index("norm_s").iterrows():
            assert part["people_within"] == (every <= norm).sum()
            assert part["people_beyond"] == (every > norm).sum()
        for share, part in quantiles.loc[[group]].set_index("share").iterrows():
            assert part["time_s"] == np.sort(every)[int(np.ceil(share * every.size - 1e-9)) - 1]


def test_slack_is_the_difference_for_who_has_both(country):
    times, second, people, classes = country
    slack = ga.measures.second_nearest_slack(times, second)
    for cell in times.index:
        first, other = times[cell], second[cell]
        expected = other - first if np.isfinite(first) else np.nan
        assert slack[cell] == pytest.approx(expected, nan_ok=True)
    table = ga.slack_table(times, second, population=people, groups=classes)
    for group in (1, 2, 3):
        some = (classes == group) & np.isfinite(slack)
        assert table.loc[str(group), "mean_slack_s"] == pytest.approx(np.average(slack[some], weights=people[some]))


def test_series_on_other_indexes_are_refused(country):
    times, second, people, classes = country
    with pytest.raises(ga.InputError, match="population: not on the index of times"):
        ga.summarise(times, population=people.iloc[::-1])
    with pytest.raises(ga.InputError, match="groups: not on the index"):
        ga.norm_table(times, norms_s=[60.0], population=people, groups=classes.iloc[1:])
    with pytest.raises(ga.InputError, match="second: not on the index"):
        ga.measures.second_nearest_slack(times, second.iloc[1:])
    with pytest.raises(ga.GeoaccessError):
        ga.summarise([1.0, 2.0], population=people)


def test_curves_count_the_single_people_at_every_point(country):
    times, _, people, classes = country
    for groups in (None, classes):
        curves = ga.measures.people_by_time(times, population=people, groups=groups, step_s=450)
        for group, every in persons(times, people, groups).items():
            curve = curves.loc[group]
            assert curve["people"].tolist() == [(every <= at).sum() for at in curve["time_s"]]
            assert curve["share"].tolist() == pytest.approx([(every <= at).mean() for at in curve["time_s"]])
        assert curves["time_s"].max() >= times[np.isfinite(times)].max()
    assert ga.measures.people_by_time(times, population=people, max_s=600)["time_s"].tolist() == [0, 300, 600]


def test_contrast_is_the_last_class_against_the_first(country):
    times, _, people, classes = country
    single = persons(times, people, classes)
    first, last = single["1"], single["3"]
    table = ga.measures.class_contrast(times, population=people, classes=classes)
    assert table.index.tolist() == ["mean", "median", "p90"]
    assert table["most_central"].tolist() == ["1"] * 3
    assert table["people_least_central"].tolist() == [last.size] * 3
    near, far = first[np.isfinite(first)].mean(), last[np.isfinite(last)].mean()
    assert table.loc["mean", ["most_central_s", "least_central_s", "gap_s", "ratio"]].tolist() == pytest.approx(
        [near, far, far - near, far / near]
    )
    median = [np.sort(every)[int(np.ceil(every.size / 2)) - 1] for every in (first, last)]
    assert table.loc["median", ["most_central_s", "least_central_s"]].tolist() == median
    turned = ga.measures.class_contrast(times, population=people, classes=classes, order=["3", "2", "1"])
    assert turned.loc["median", ["most_central_s", "least_central_s"]].tolist() == median[::-1]
    with pytest.raises(ga.errors.InputError, match="groups: not on the index of times"):
        ga.measures.class_contrast(times, population=people, classes=classes[::-1])


def test_a_rule_costs_what_the_single_people_travel_longer(country):
    _, _, people, classes = country
    extra = pd.Series(np.where(np.arange(40) % 3, 0.0, 60.0 * np.arange(40)), people.index)
    extra.iloc[[4, 9]] = [INF, np.nan]
    reasons = pd.Series("", people.index)
    reasons.iloc[[4, 9]] = ["no_provider", "nothing_in_reach"]
    for groups in (None, classes):
        table = ga.catchment.rule_table(extra, reasons=reasons, population=people, groups=groups)
        rows = np.repeat(np.arange(40), people.astype(int))
        for group, row in table.iterrows():
            mine = rows if groups is None else rows[groups.astype(str).to_numpy()[rows] == group]
            every = extra.to_numpy()[mine]
            reached = every[np.isfinite(every)]
            assert (row["population"], row["slower"]) == (mine.size, (reached > 0).sum())
            assert row[["no_provider", "nothing_in_reach"]].tolist() == [np.isinf(every).sum(), np.isnan(every).sum()]
            assert row["mean_extra_s"] == pytest.approx(reached.mean())
    with pytest.raises(ga.errors.InputError, match="reasons and population: not on the index of extra_s"):
        ga.catchment.rule_table(extra, reasons=reasons[::-1], population=people[::-1])
