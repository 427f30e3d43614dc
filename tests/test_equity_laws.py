"""Laws that every index of equity obeys, whatever the people and their times, and what each refuses."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from splits import split

import geoaccess
from geoaccess.equity import (
    atkinson,
    concentration_index,
    fgt,
    gini,
    kolm_pollak,
    kolm_pollak_ede,
    lorenz,
    norm_shortfall,
    palma,
    theil_l,
    theil_t,
)
from geoaccess.errors import InputError

INF, NAN = float("inf"), float("nan")
amounts = st.one_of(st.integers(0, 20).map(float), st.floats(1e-3, 1e5))
weights = st.one_of(st.integers(1, 9).map(float), st.floats(1e-2, 1e4))
labels = st.sampled_from([1, 2, 6])
people = st.lists(st.tuples(amounts, weights, labels), min_size=1, max_size=25)

RELATIVE = {
    "gini": gini,
    "theil_t": theil_t,
    "theil_l": theil_l,
    "atkinson_0.5": partial(atkinson, epsilon=0.5),
    "atkinson_1": partial(atkinson, epsilon=1),
    "atkinson_2": partial(atkinson, epsilon=2),
}
ABSOLUTE = {"kolm_pollak": partial(kolm_pollak, kappa=-1e-4), "kolm_pollak_good": partial(kolm_pollak, kappa=1e-4)}
SPLIT = {
    "gini": gini,
    "theil_t": theil_t,
    "theil_l": theil_l,
    "kolm_pollak": kolm_pollak,
    "kolm_pollak_good": partial(kolm_pollak, epsilon=1.0),
    **{f"fgt_{alpha}": partial(fgt, norm=7.0, alpha=alpha) for alpha in (0, 1, 2)},
}
ALL = {
    **RELATIVE,
    **ABSOLUTE,
    **SPLIT,
    "palma": palma,
    "kolm_pollak_ede": kolm_pollak_ede,
}


def columns(rows):
    return (np.array(column) for column in zip(*rows, strict=True))


def close(expected, tolerance=1e-9, *, unit=1.0):
    """Within rounding; `unit` is the size of the numbers that were added up."""
    return pytest.approx(expected, rel=tolerance, abs=tolerance * max(unit, 1.0), nan_ok=True)


def each(table):
    return pytest.mark.parametrize("index", table.values(), ids=table.keys())


# Laws that are tried for every index get a share of the examples each.
shared = settings(max_examples=settings().max_examples // 3)


@each(ALL)
@shared
@given(rows=people, factor=st.floats(1e-2, 1e3), at=st.integers(0, 24), cut=st.floats(0.01, 0.99))
def test_it_counts_people_and_not_rows(index, rows, factor, at, cut):
    x, w, _ = columns(rows)
    expected = index(x, weights=w)
    same = close(expected, unit=x.max())
    assert index(x, weights=w * factor) == same
    assert index(np.tile(x, 3), weights=np.tile(w, 3)) == same
    at %= len(x)
    divided = np.append(w, w[at] * cut)
    divided[at] *= 1 - cut
    assert index(np.append(x, x[at]), weights=divided) == same
    assert index(x[::-1], weights=w[::-1]) == same
    assert index([*x, INF, NAN, -1.0], weights=[*w, 0, 0, 0]) == expected


@each({**RELATIVE, "palma": palma})
@shared
@given(rows=people, factor=st.floats(1e-2, 1e3))
def test_the_unit_of_time_does_not_matter(index, rows, factor):
    x, w, _ = columns(rows)
    assert index(x * factor, weights=w) == close(index(x, weights=w), 1e-8)


@given(people, st.floats(1e-2, 1e3))
def test_the_unit_of_time_and_norm_together_do_not_matter(rows, factor):
    x, w, _ = columns(rows)
    x = np.round(x, 3)  # not within rounding of the norm
    for alpha in (0, 1, 2):
        moved = fgt(x * factor, norm=7.00005 * factor, alpha=alpha, weights=w)
        assert moved == close(fgt(x, norm=7.00005, alpha=alpha, weights=w))


@given(people, st.floats(1e-2, 1e3), st.floats(0, 100))
def test_kolm_and_pollak_have_the_unit_of_time_and_do_not_mind_the_same_minutes_for_all(rows, factor, more):
    x, w, _ = columns(rows)
    for epsilon in (-1.0, 0.5):
        assert kolm_pollak_ede(x * factor, epsilon=epsilon, weights=w) == close(
            kolm_pollak_ede(x, epsilon=epsilon, weights=w) * factor, 1e-7
        )
    later = kolm_pollak_ede(x + more, kappa=-1e-4, weights=w)
    assert later == close(kolm_pollak_ede(x, kappa=-1e-4, weights=w) + more, 1e-8)
    mean = np.average(x, weights=w)
    assert kolm_pollak_ede(x, weights=w) >= mean * (1 - 1e-12)
    assert kolm_pollak_ede(x, epsilon=1, weights=w) <= mean * (1 + 1e-12)
    assert x.min() <= kolm_pollak_ede(x, epsilon=-50, weights=w) <= x.max()


@each({**RELATIVE, **ABSOLUTE})
@shared
@given(x=st.lists(st.integers(1, 30), min_size=2, max_size=12), rich=st.integers(0, 11), poor=st.integers(0, 11))
def test_taking_from_who_has_more_for_who_has_less_makes_it_less(index, x, rich, poor):
    rich, poor = rich % len(x), poor % len(x)
    if x[rich] - x[poor] < 2:
        return
    evened = list(x)
    evened[rich] -= 1
    evened[poor] += 1
    assert index(evened) < index(x)


@given(people)
def test_bounds(rows):
    x, w, _ = columns(rows)
    assert 0 <= gini(x, weights=w) < 1
    assert 0 <= theil_t(x, weights=w) <= -math.log(w.min() / w.sum()) + 1e-9
    assert theil_l(x, weights=w) >= 0
    for epsilon in (0.25, 0.5, 1, 3):
        assert 0 <= atkinson(x, epsilon=epsilon, weights=w) <= 1
    assert atkinson(x, epsilon=0, weights=w) == 0
    assert atkinson(x, epsilon=0.5, weights=w) <= atkinson(x, epsilon=1.5, weights=w) + 1e-12
    assert palma(x, weights=w) >= 1 - 1e-9
    if x.min() > 0:
        assert 1 - atkinson(x, epsilon=1, weights=w) == close(math.exp(-theil_l(x, weights=w)))


@each(ALL)
@shared
@given(value=st.one_of(st.just(0.0), st.floats(1e-3, 1e5)), w=st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=20))
def test_where_all_have_the_same_there_is_no_inequality(index, value, w):
    found = index([value] * len(w), weights=w)
    if index is palma:
        assert found == close(1)
    elif index is kolm_pollak_ede:
        assert found == close(value)
    elif index in list(SPLIT.values())[-3:]:
        assert found == (close((value / 7 - 1) ** index.keywords["alpha"]) if value > 7 else 0)
    else:
        assert found == 0


@each(SPLIT)
@shared
@given(rows=people)
def test_between_and_within_are_the_total(index, rows):
    x, w, groups = columns(rows)
    parts, total = split(index, x, weights=w, groups=groups), index(x, weights=w)
    assert parts.total == total
    assert parts.between + parts.within == close(total, unit=x.max())
    if index is not gini:  # Yitzhaki's part between can be negative
        assert min(parts.between, parts.within) >= -1e-9 * max(1, x.max())
    table = parts.groups
    assert table["population"].sum() == close(w.sum())
    assert table["between"].sum() == close(parts.between, unit=x.max())
    assert table["within"].sum() == close(parts.within, unit=x.max())
    for label in np.unique(groups):
        mine = groups == label
        row = table.loc[str(label)]
        assert row["mean"] == close(np.average(x[mine], weights=w[mine]))
        if "kolm" not in getattr(getattr(index, "func", index), "__name__", ""):  # there kappa is everybody's
            assert row["index"] == close(index(x[mine], weights=w[mine]))


@each(SPLIT)
@shared
@given(rows=people)
def test_one_group_is_all_within(index, rows):
    x, w, _ = columns(rows)
    parts = split(index, x, weights=w, groups=["all"] * len(x))
    assert parts.between == close(0, unit=x.max())
    assert parts.within == close(parts.total, unit=x.max())


@each({name: index for name, index in SPLIT.items() if "fgt" not in name})
@shared
@given(rows=st.lists(st.tuples(weights, labels), min_size=1, max_size=25))
def test_groups_that_are_each_even_are_all_between(index, rows):
    w, groups = columns(rows)
    parts = split(index, groups * 10.0, weights=w, groups=groups)
    assert parts.within == close(0, 1e-8)
    assert parts.between == close(parts.total, 1e-8)


@each(SPLIT)
@shared
@given(rows=people)
def test_groups_that_are_alike_are_all_within(index, rows):
    x, w, _ = columns(rows)
    parts = split(index, np.tile(x, 2), weights=np.concatenate([w, w * 2]), groups=np.repeat(["a", "b"], len(x)))
    assert parts.between == close(0, unit=x.max())
    assert parts.within == close(index(x, weights=w), unit=x.max())


@given(people, st.sampled_from([0.0, 0.5, 1.0, 2.0]))
def test_the_parts_of_atkinson_multiply(rows, epsilon):
    x, w, groups = columns(rows)
    parts = split(atkinson, x, epsilon=epsilon, weights=w, groups=groups)
    assert (1 - parts.between) * (1 - parts.within) == close(1 - parts.total)
    assert min(parts.between, parts.within) >= 0
    assert parts.total == atkinson(x, epsilon=epsilon, weights=w)
    alone = split(atkinson, x, epsilon=epsilon, weights=w, groups=np.zeros(len(x)))
    assert (alone.between, alone.within) == (close(0), close(parts.total))


@given(people, st.floats(0.1, 1e5), st.floats(0.1, 1e5), st.integers(0, 3))
def test_beyond_a_norm(rows, one, other, unreached):
    x, w, groups = columns(rows)
    x[:unreached] = INF
    near, far = sorted([one, other])
    assert fgt(x, norm=far, alpha=0, weights=w) <= fgt(x, norm=near, alpha=0, weights=w) <= 1
    for alpha in (0, 1, 2):
        assert fgt(x, norm=INF, alpha=alpha, weights=w) == 0
    parts = split(fgt, x, norm=near, alpha=0, weights=w, groups=groups)
    assert parts.total == close(w[x > near].sum() / w.sum())
    table = norm_shortfall(x, norm=near, weights=w, groups=groups)
    assert (table["people_beyond"] / table["population"]).tolist() == close(parts.groups["index"].tolist())
    assert (table["people_to_move"] + table["people_to_reach"]).tolist() == close(table["people_beyond"].tolist())
    if not unreached:
        saved = fgt(x, norm=near, alpha=1, weights=w) * near * w.sum()
        assert table["time_to_save"].sum() == close(saved, 1e-7)
    met = norm_shortfall(x, norm=INF, weights=w, groups=groups)
    assert (met[["people_beyond", "people_to_move", "people_to_reach", "time_to_save"]] == 0).all(axis=None)


@given(people)
def test_the_concentration_index_follows_its_ranking(rows):
    x, w, ranks = columns(rows)
    assert concentration_index(x, ranking=x, weights=w) == close(gini(x, weights=w))
    up, down = (concentration_index(x, ranking=ranks * sign, weights=w) for sign in (1, -1))
    assert down == close(-up)
    assert concentration_index(x, ranking=ranks**3 + 5, weights=w) == close(up)  # only the order counts
    assert abs(up) <= gini(x, weights=w) + 1e-9
    assert concentration_index(x, ranking=np.ones(len(x)), weights=w) == close(0)
    order = np.argsort(-x)  # tied people share their ranks, so the order of the rows is of no account
    assert concentration_index(x[order], ranking=ranks[order], weights=w[order]) == close(up)
    corrected = concentration_index(x, ranking=ranks, weights=w, kind="erreygers", bounds=(0, 1e5))
    turned = concentration_index(1e5 - x, ranking=ranks, weights=w, kind="erreygers", bounds=(0, 1e5))
    assert turned == close(-corrected)
    assert corrected == close(4 * np.average(x, weights=w) / 1e5 * up)
    assert -1 <= concentration_index(x, ranking=ranks, weights=w, kind="erreygers") <= 1


def test_rows_without_a_group_are_a_group_and_nobody_is_dropped():
    for groups in (
        [1, None, 6, None],
        [1.0, NAN, 6.0, NAN],
        ["1", "", "6", None],
        pd.array([1, None, 6, None], dtype="Int8"),
        pd.Series([1, None, 6, None], index=[5, 5, 9, 1], dtype="Int8"),
        pd.Categorical([1, None, 6, None]),
        ["1", None, "6", "unclassified"],
    ):
        table = split(theil_t, [3.0, 4.0, 5.0, 6.0], weights=[1, 2, 3, 4], groups=groups).groups
        assert table.index.tolist() == ["1", "6", "unclassified"], groups
        assert table["population"].tolist() == [1, 3, 6]


def test_groups_without_people_are_left_out_and_numbers_are_in_order_of_numbers():
    table = split(gini, [1.0, 2.0, 3.0, 4.0], weights=[1, 1, 0, 1], groups=[10, 9, 5, 10]).groups
    assert table.index.tolist() == ["9", "10"]
    assert table["population"].tolist() == [1, 2]


def test_tables_of_pandas_are_read_as_numbers():
    table = pd.DataFrame({"s": pd.array([600, 1800, None], dtype="Int64"), "people": [3, 1, 0]}, index=[7, 3, 7])
    assert theil_t(table["s"], weights=table["people"]) == close(theil_t([600, 600, 600, 1800]))


@each({**ALL, "lorenz": lorenz, "concentration": partial(concentration_index, ranking=[1.0, 2.0])})
@pytest.mark.parametrize(
    ("values", "w", "message"),
    [
        ([1.0, -2.0], None, r"1 values are negative \(the smallest is -2\)"),
        ([1.0, NAN], [30, 12], "1 are missing, together 12 of a weight of 42"),
        ([1.0, None], None, "1 are missing"),
        ([1.0, "far"], None, "values are not all numbers"),
        ([1.0, 2.0], [1, -1], "1 weights are negative, infinite or missing"),
        ([1.0, 2.0], [1, NAN], "at position 1"),
        ([1.0, 2.0], [1, INF], "weights are people and must be numbers >= 0"),
        ([1.0, 2.0], [0, 0], "nobody to measure"),
        ([], None, "nobody to measure"),
        ([1.0, 2.0], [1], r"shape \(1,\) but values \(2,\)"),
        ([[1.0], [2.0]], None, "one dimension"),
    ],
)
def test_wrong_input_is_named(index, values, w, message):
    with pytest.raises(InputError, match=message):
        index(values, weights=w)


@each({name: index for name, index in ALL.items() if "fgt" not in name})
def test_people_who_are_not_reached_are_counted_in_the_error(index):
    with pytest.raises(InputError, match="2 values are infinite and 0 are missing, together 5 of a weight of 15"):
        index([600.0, INF, INF], weights=[10, 2, 3])


def test_people_who_are_not_reached_have_no_gap():
    assert fgt([600.0, INF], norm=900, alpha=0, weights=[10, 5]) == close(1 / 3)
    for alpha in (1, 2):
        with pytest.raises(InputError, match=f"5 of 15 people are not reached.*leave them out of alpha {alpha}"):
            fgt([600.0, INF], norm=900, alpha=alpha, weights=[10, 5])
    with pytest.raises(InputError, match="give inf to people who reach nothing"):
        fgt([600.0, NAN], norm=900, alpha=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split(theil_t, [1.0, 2.0], groups=[1]), "theil_t: 2 values but 1 groups; give one group per value"),
        (lambda: split(gini, [1.0, 2.0], groups=[1, "a", 3]), "gini: 2 values but 3 groups"),
        (lambda: split(gini, [1.0, 2.0], groups=[pd.Timestamp(0), 1]), "groups cannot be put in order"),
        (lambda: split(gini, [1.0, 2.0], groups=[(1, 2), (1, 3)]), "one label per value, such as a class, not 2-dim"),
        (lambda: split(gini, [1.0, 2.0], groups=[(1, 2), 1]), "one label per value, such as a class"),
        (lambda: fgt([1.0], norm=0, alpha=0), "fgt: norm is 0 for 1 values; it must be above 0"),
        (lambda: fgt([1.0, 2.0], norm=[5, NAN], alpha=0), "norm is nan for 1 values"),
        (lambda: fgt([1.0, 2.0, 3.0], norm=[5, 5], alpha=0), "3 values but 2 norms; give one for all or one per value"),
        (lambda: fgt([1.0], norm=5, alpha=3), "alpha is 3; use 0"),
        (lambda: norm_shortfall([1.0], norm=5, share=0), "share is 0; it is a share of people above 0"),
        (lambda: norm_shortfall([1.0], norm=5, share=90), "share is 90"),
        (lambda: norm_shortfall([1.0, -1.0], norm=5), "1 values are negative"),
        (lambda: atkinson([1.0], epsilon=-1), "epsilon is -1; aversion to inequality is a number >= 0"),
        (lambda: atkinson([1.0], epsilon=INF), "epsilon is inf"),
        (lambda: kolm_pollak([1.0], epsilon=NAN), "epsilon is nan; it must be a finite number, below 0 for a burden"),
        (lambda: kolm_pollak_ede([1.0], kappa=INF), "kappa is inf"),
        (lambda: concentration_index([1.0, 2.0], ranking=[1]), "2 values but 1 ranks; give one rank per value"),
        (
            lambda: concentration_index([1.0, 2.0], ranking=[1, NAN], weights=[7, 3]),
            "1 ranks .* of 3 of a weight of 10",
        ),
        (lambda: palma([1.0, 2.0], ranking=["a", "b"]), "palma: ranks are not all numbers"),
        (lambda: concentration_index([1.0], ranking=[1], kind="wagstaff"), "kind is 'wagstaff'; use 'standard' or"),
        (lambda: concentration_index([1.0], ranking=[1], bounds=(0, 1)), "they belong to 'erreygers'"),
        (
            lambda: concentration_index([1.0, 3.0], ranking=[1, 2], kind="erreygers", bounds=(0, 2)),
            "bounds are 0 to 2 and the values 1 to 3",
        ),
    ],
)
def test_wrong_settings_are_named_with_their_mend(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_users_find_every_index_in_the_package():
    names = set(geoaccess.__all__) & set(geoaccess.equity.__all__)
    assert names >= {"gini", "concentration_index", "equity_table"}
    for name in names:
        assert getattr(geoaccess, name) is getattr(geoaccess.equity, name)
