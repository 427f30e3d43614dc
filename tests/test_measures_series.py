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
    slack = ga.second_nearest_slack(times, second)
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
        ga.second_nearest_slack(times, second.iloc[1:])
    with pytest.raises(ga.GeoaccessError):
        ga.summarise([1.0, 2.0], population=people)
