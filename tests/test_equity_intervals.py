"""Intervals against standard errors that are known, against scipy, and the laws of drawing units and not people."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from scipy import stats
from splits import split

from geoaccess.equity import (
    atkinson,
    bootstrap_interval,
    concentration_index,
    decompose_theil_t,
    fgt,
    gini,
    kolm_pollak,
    kolm_pollak_ede,
    palma,
    theil_l,
    theil_t,
)
from geoaccess.equity.intervals import intervals_of
from geoaccess.errors import InputError

INF, NAN = float("inf"), float("nan")
random = np.random.default_rng(11)
TIMES, PEOPLE = random.lognormal(7, 0.7, 60), random.integers(1, 400, 60).astype(float)
CLASSES = random.integers(1, 7, 60)


def weighted_mean(values, *, weights):
    return float(np.average(values, weights=weights))


def between(values, *, weights, groups):
    return split(theil_t, values, weights=weights, groups=groups).between


def test_the_jackknife_of_a_mean_is_its_standard_error():
    found = bootstrap_interval(weighted_mean, TIMES, method="jackknife", level=0.9)
    assert found.standard_error == pytest.approx(stats.sem(TIMES))
    assert (found.low, found.high) == pytest.approx(stats.norm.interval(0.9, TIMES.mean(), stats.sem(TIMES)))
    assert (found.value, found.units, found.level) == (pytest.approx(TIMES.mean()), 60, 0.9)


def test_the_jackknife_leaves_each_cluster_out_once():
    found = bootstrap_interval(gini, TIMES, weights=PEOPLE, method="jackknife", clusters=CLASSES)
    left = []
    for label in range(1, 7):
        kept = np.flatnonzero(CLASSES - label)
        left.append(gini(TIMES[kept], weights=PEOPLE[kept]))
    assert found.units == 6
    assert found.standard_error == pytest.approx(math.sqrt(5 * np.var(left)))


@pytest.mark.parametrize("index", [gini, theil_t, palma])
def test_the_bootstrap_is_that_of_scipy_but_for_chance(index):
    theirs = stats.bootstrap(
        (TIMES, PEOPLE),
        lambda x, w: index(x, weights=w),
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=3000,
        rng=np.random.default_rng(5),
    )
    ours = bootstrap_interval(index, TIMES, weights=PEOPLE, draws=3000)
    assert ours.standard_error == pytest.approx(theirs.standard_error, rel=0.08)
    width = ours.high - ours.low
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.08 * width)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.08 * width)


def test_indices_drawn_together_have_the_intervals_that_each_has_alone():
    people = np.where(np.arange(60) % 7 == 0, 0.0, PEOPLE)
    times = np.where(np.arange(60) % 11 == 0, 0.0, np.round(TIMES, -2))  # ties, and somebody at the door
    indices = [gini, theil_t, theil_l, palma, kolm_pollak, kolm_pollak_ede]
    indices += [partial(atkinson, epsilon=epsilon) for epsilon in (0.5, 1.0)]
    indices += [partial(fgt, norm=1000.0, alpha=alpha) for alpha in (0, 1, 2)]
    for clusters in (None, CLASSES):
        drawn = {"weights": people, "clusters": clusters, "draws": 40, "seed": 3}
        alone = [bootstrap_interval(index, times, **drawn) for index in indices]
        assert intervals_of(indices, times, **drawn) == [(one.low, one.high) for one in alone]
        kinds = [partial(concentration_index, kind=kind) for kind in ("standard", "erreygers")]
        alone = [bootstrap_interval(index, times, ranking=PEOPLE, **drawn) for index in kinds]
        assert intervals_of(kinds, times, ranking=PEOPLE, **drawn) == [(one.low, one.high) for one in alone]


def test_a_cell_is_drawn_with_all_its_people():
    # A hundred times the people in every cell are no more cells, and tell no more.
    few = bootstrap_interval(gini, TIMES, weights=PEOPLE, draws=50)
    assert bootstrap_interval(gini, TIMES, weights=PEOPLE * 100, draws=50).low == pytest.approx(few.low)
    # Cells cut in four are four times the cells, unless they are drawn together.
    order = np.argsort(TIMES)
    cut, people = np.repeat(TIMES[order], 4), np.repeat(PEOPLE[order], 4) / 4
    together = bootstrap_interval(gini, cut, weights=people, clusters=np.repeat(np.arange(60), 4), draws=50)
    assert (together.low, together.high) == pytest.approx((few.low, few.high))
    assert together.units == 60
    assert bootstrap_interval(gini, cut, weights=people, draws=50).standard_error < 0.7 * few.standard_error


@pytest.mark.parametrize("method", ["bootstrap", "jackknife"])
def test_what_is_given_per_row_goes_with_its_row(method):
    shuffled = np.random.default_rng(1).permutation(60)
    ranks = np.random.default_rng(2).permutation(60)
    for function, name, rows in (
        (concentration_index, "ranking", ranks),
        (between, "groups", CLASSES),
        (partial(fgt, alpha=1), "norm", np.where(CLASSES > 3, 1500.0, 720.0)),
    ):
        one = bootstrap_interval(function, TIMES, weights=PEOPLE, method=method, draws=40, **{name: rows})
        other = bootstrap_interval(
            function,
            TIMES[shuffled],
            weights=PEOPLE[shuffled],
            method=method,
            draws=40,
            **{name: list(rows[shuffled])},
        )
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high))
        assert one.value == pytest.approx(function(TIMES, weights=PEOPLE, **{name: rows}))
        assert one.low < one.high


def test_other_arguments_are_handed_on_as_they_are():
    found = bootstrap_interval(
        concentration_index, [1.0, 3.0], ranking=[1, 2], kind="erreygers", bounds=(0, 4), draws=20
    )
    assert found.value == pytest.approx(concentration_index([1, 3], ranking=[1, 2], kind="erreygers", bounds=(0, 4)))


def test_rows_without_people_are_neither_drawn_nor_counted():
    one = bootstrap_interval(gini, TIMES, weights=PEOPLE, draws=30)
    other = bootstrap_interval(gini, [INF, *TIMES, NAN], weights=[0, *PEOPLE, 0], draws=30)
    assert (other.units, other.low, other.high) == (60, one.low, one.high)


def test_the_seed_decides():
    drawn = [bootstrap_interval(gini, TIMES, weights=PEOPLE, draws=30, seed=seed).low for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_where_all_have_the_same_the_interval_is_a_point():
    found = bootstrap_interval(gini, [600.0] * 5, draws=20)
    assert (found.value, found.low, found.high, found.standard_error) == (0, 0, 0, 0)


def test_an_index_without_a_number_has_an_interval_without_one():
    found = bootstrap_interval(theil_l, [0.0, 600.0, 900.0], draws=100)
    assert (found.value, found.high) == (INF, INF)
    assert math.isnan(found.standard_error)
    assert math.isnan(bootstrap_interval(theil_l, [0.0, 600.0, 900.0], method="jackknife").low)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_interval(gini, [1.0, 2.0], weights=[1, 0]), "only one unit has people"),
        (lambda: bootstrap_interval(gini, [1.0, 2.0], clusters=["a", "a"]), "give finer clusters"),
        (lambda: bootstrap_interval(gini, [1.0, 2.0], clusters=["a"]), "2 values but 1 groups"),
        (lambda: bootstrap_interval(gini, [1.0, INF]), "1 values are infinite"),
        (lambda: bootstrap_interval(decompose_theil_t, [1.0, 2.0], groups=[1, 2]), "returns DataFrame, not a number"),
        (lambda: bootstrap_interval(gini, np.arange(6000), method="jackknife"), "6000 units .* give clusters, or"),
        (
            lambda: bootstrap_interval(gini, [1.0, 2.0], method="magic", level=95, draws=1),
            r"(?s)3 problems.*method is 'magic'; use .*level is 95; it is a share.*draws is 1; draw at least twice",
        ),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
