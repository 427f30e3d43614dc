"""The Gini index and the Lorenz curve against the double sum that defines them, and the laws they obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.equity import gap, gini, lorenz
from geoaccess.errors import InputError

INF, NAN = float("inf"), float("nan")
amounts = st.one_of(st.integers(0, 20).map(float), st.floats(0, 1e5, allow_subnormal=False))
weights = st.one_of(st.just(0.0), st.integers(1, 9).map(float), st.floats(1e-3, 1e4))
people = st.lists(st.tuples(amounts, weights), min_size=1, max_size=30).filter(lambda rows: any(w > 0 for _, w in rows))


def by_double_sum(values, weights):
    x, w = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    mean = (w * x).sum() / w.sum()
    if mean == 0:
        return 0.0
    return (np.abs(x[:, None] - x) * w[:, None] * w).sum() / (2 * w.sum() ** 2 * mean)


@given(people)
def test_gini_is_half_the_relative_mean_difference(rows):
    x, w = zip(*rows, strict=True)
    assert gini(x, weights=w) == pytest.approx(by_double_sum(x, w), abs=1e-12)


@given(people)
def test_gini_is_one_less_twice_the_area_under_the_lorenz_curve(rows):
    x, w = zip(*rows, strict=True)
    curve = lorenz(x, weights=w)
    area = np.trapezoid(curve["value_share"], curve["population_share"])
    assert gini(x, weights=w) == pytest.approx(1 - 2 * area, abs=1e-12)


@given(people)
def test_lorenz_rises_convexly_from_corner_to_corner(rows):
    x, w = zip(*rows, strict=True)
    curve = lorenz(x, weights=w)
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == [1, 1]
    steps = curve.diff().iloc[1:]
    assert (steps >= -1e-15).all(axis=None)
    assert (curve["value_share"] <= curve["population_share"] + 1e-12).all()
    # Each slope is the value relative to the mean, and values rise along the curve.
    long = steps[steps["population_share"] > 1e-9]
    assert (np.diff(long["value_share"] / long["population_share"]) >= -1e-6).all()


@given(st.lists(st.tuples(amounts, st.integers(0, 6)), min_size=1, max_size=20).filter(lambda r: any(n for _, n in r)))
def test_integer_weights_are_repeated_people(rows):
    x, n = zip(*rows, strict=True)
    assert gini(x, weights=n) == pytest.approx(gini(np.repeat(x, n)), abs=1e-12)


@given(people, st.floats(1e-3, 1e3), st.randoms(use_true_random=False))
def test_neither_unit_nor_order_nor_people_of_weight_zero_matter(rows, factor, random):
    x, w = map(np.asarray, zip(*rows, strict=True))
    expected = gini(x, weights=w)
    order = random.sample(range(len(x)), len(x))
    assert gini(x * factor, weights=w * 3) == pytest.approx(expected, abs=1e-9)
    assert gini(x[order], weights=w[order]) == pytest.approx(expected, abs=1e-12)
    assert gini([*x, INF, NAN, -1.0], weights=[*w, 0, 0, 0]) == expected
    assert 0 <= expected < 1


@given(st.floats(0, 1e9), st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=20))
def test_equal_values_have_gini_zero_and_a_straight_curve(value, w):
    assert gini([value] * len(w), weights=w) == 0
    assert lorenz([value] * len(w), weights=w).to_numpy().tolist() == [[0, 0], [1, 1]]


def test_one_person_with_everything():
    assert gini([0] * 99 + [5]) == pytest.approx(0.99)


def test_tied_values_are_one_point_of_the_curve():
    curve = lorenz([3.0, 1.0, 1.0, 3.0], weights=[1, 2, 1, 1])
    np.testing.assert_allclose(curve, [[0, 0], [0.6, 1 / 3], [1, 1]])


@pytest.mark.parametrize("measure", [gini, lorenz])
def test_people_who_are_not_reached_are_counted_in_the_error(measure):
    with pytest.raises(InputError, match=r"2 values are infinite and 1 are missing, together 9 of a weight of 19"):
        measure([600.0, INF, INF, NAN], weights=[10, 2, 3, 4])


@pytest.mark.parametrize("measure", [gini, lorenz])
@pytest.mark.parametrize(
    ("values", "w", "message"),
    [
        ([1.0, -2.0], None, "1 values are negative"),
        ([1.0, 2.0], [1, -1], "1 weights are negative, infinite or missing"),
        ([1.0, 2.0], [1, NAN], "at position 1"),
        ([1.0, 2.0], [0, 0], "nobody to measure"),
        ([], None, "nobody to measure"),
        ([1.0, 2.0], [1], r"shape \(1,\) but values \(2,\)"),
        ([[1.0]], None, "one dimension"),
    ],
)
def test_wrong_input_is_named(measure, values, w, message):
    with pytest.raises(InputError, match=message):
        measure(values, weights=w)


@given(st.lists(st.tuples(amounts, weights, st.sampled_from([1, 2, 6, None])), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_gaps_hold_everybody_and_balance(rows):
    x, w, by = zip(*rows, strict=True)
    if not any(w):
        return
    table = gap(x, by=list(by), weights=w)
    assert table["population"].sum() == pytest.approx(sum(w))
    assert (table["population"] * table["difference"]).sum() == pytest.approx(0, abs=1e-6 * max(1, np.dot(x, w)))
    for name, row in table.iterrows():
        mine = [(a, b) for a, b, c in rows if b > 0 and ("unclassified" if c is None else str(c)) == name]
        assert row["mean"] == pytest.approx(np.average([a for a, _ in mine], weights=[b for _, b in mine]))
    assert "unclassified" not in table.index[:-1]


def test_gap_needs_a_group_for_each_value():
    with pytest.raises(InputError, match="2 values but 1 groups"):
        gap([1.0, 2.0], by=[1])
