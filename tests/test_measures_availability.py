"""Coverage and times with bases that may be out, against every state of the bases and against days at random."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import base_availability, dependable_time, expected_coverage, expected_response

INF, NAN = math.inf, math.nan

seconds = st.one_of(st.sampled_from([600.0, 720.0, INF, NAN]), st.integers(0, 2000).map(float))
shares = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1))


@st.composite
def tables(draw, *, columns=4):
    rows, k = draw(st.integers(1, 4)), draw(st.integers(1, columns))
    names = [f"b{j}" for j in range(k)]
    times = [[draw(seconds) for _ in names] for _ in range(rows)]
    free = [[draw(shares) for _ in names] for _ in range(rows)]
    index = [f"c{i}" for i in range(rows)]
    return pd.DataFrame(times, index, names), pd.DataFrame(free, index, names)


def states(times, free):
    """Every state of the bases of one cell: how likely it is and the times of those that are in."""
    for state in itertools.product([True, False], repeat=len(times)):
        chance = math.prod(a if up else 1 - a for up, a in zip(state, free, strict=True))
        yield chance, [INF if math.isnan(t) else t for up, t in zip(state, times, strict=True) if up]


@given(tables(), st.sampled_from([0.0, 600.0, 720.0, 5000.0]))
def test_coverage_is_the_sum_over_all_states_of_the_bases(pair, norm):
    times, free = pair
    found = expected_coverage(times, norm_s=norm, availability=free)
    for cell in times.index:
        brute = sum(chance for chance, up in states(times.loc[cell], free.loc[cell]) if any(t <= norm for t in up))
        assert found[cell] == pytest.approx(brute, abs=1e-12)


@given(tables(), st.one_of(st.just(INF), st.integers(0, 4000).map(float)))
def test_expected_response_is_the_mean_over_all_states_of_the_bases(pair, last):
    times, free = pair
    found = expected_response(times, availability=free, last_resort_s=last)
    for cell in times.index:
        weighed = [(chance, min([*up, last])) for chance, up in states(times.loc[cell], free.loc[cell])]
        brute = sum(chance * t for chance, t in weighed if chance > 0)
        assert found[cell] == pytest.approx(brute, abs=1e-9)


@given(tables(), st.sampled_from([0.1, 0.5, 0.9, 0.95, 1.0]))
def test_dependable_time_is_the_least_that_is_likely_enough_over_all_states(pair, probability):
    times, free = pair
    found = dependable_time(times, availability=free, probability=probability)
    for cell in times.index:
        all_states = list(states(times.loc[cell], free.loc[cell]))
        likely = (
            t
            for t in sorted(t for t in times.loc[cell] if math.isfinite(t))
            if sum(chance for chance, up in all_states if any(x <= t for x in up)) >= probability - 1e-12
        )
        best = next(likely, INF)
        needs = found.loc[cell, "needs"]
        assert found.loc[cell, "time_s"] == best
        assert needs == "" if best == INF else times.loc[cell, needs] == best


@given(
    st.lists(st.lists(st.integers(0, 2000).map(float), min_size=4, max_size=4).map(sorted), min_size=1, max_size=4),
    st.floats(0, 1),
    st.integers(0, 2000),
)
def test_one_busy_fraction_gives_the_terms_of_the_maximum_expected_covering_model(rows, busy, norm):
    times = pd.DataFrame(rows)
    found = expected_coverage(times, norm_s=norm, availability=1 - busy)
    for row, value in zip(rows, found, strict=True):
        within = sum(t <= norm for t in row)
        assert value == pytest.approx(sum((1 - busy) * busy ** (k - 1) for k in range(1, within + 1)), abs=1e-9)


def test_days_at_random_agree_with_the_closed_forms():
    random = np.random.default_rng(11)
    times = pd.DataFrame([[900.0, 300.0, 650.0]], columns=["A", "B", "C"])
    free = {"A": 0.9, "B": 0.6, "C": 0.7}
    up = random.random((200_000, 3)) < list(free.values())
    first = np.where(up, times.to_numpy(), 2400.0).min(axis=1)
    coverage = expected_coverage(times, norm_s=700, availability=free).item()
    assert coverage == pytest.approx((first <= 700).mean(), abs=0.005)
    mean = expected_response(times, availability=free, last_resort_s=2400).item()
    assert mean == pytest.approx(first.mean(), rel=0.005)
    dependable = dependable_time(times, availability=free, probability=0.95)
    assert dependable["time_s"].item() == np.quantile(first, 0.95, method="inverted_cdf")


@given(tables(), st.floats(0, 1), st.integers(0, 2000))
def test_more_availability_never_hurts(pair, more, norm):
    times, free = pair
    better = free + (1 - free) * more
    low, high = (expected_coverage(times, norm_s=norm, availability=share) for share in (free, better))
    assert (high >= low - 1e-12).all()
    slow, quick = (expected_response(times, availability=share, last_resort_s=1800) for share in (free, better))
    assert (quick <= slow + 1e-9).all()
    late, early = (dependable_time(times, availability=share, probability=0.8)["time_s"] for share in (free, better))
    assert (early <= late).all()


@given(tables(), st.integers(0, 2000), st.integers(1, 500))
def test_a_nearer_base_never_hurts(pair, norm, nearer):
    times, free = pair
    moved = (times - nearer).clip(lower=0)
    assert (
        expected_coverage(moved, norm_s=norm, availability=free)
        >= expected_coverage(times, norm_s=norm, availability=free)
    ).all()
    slow, quick = (expected_response(table, availability=free, last_resort_s=3000) for table in (times, moved))
    assert (quick <= slow + 1e-9).all()


@given(tables(), st.integers(0, 2000))
def test_bases_that_are_never_out_give_plain_coverage_and_the_nearest_time(pair, norm):
    times, _ = pair
    nearest = times.fillna(INF).min(axis=1)
    plain = (nearest <= norm).astype(float)
    assert expected_coverage(times, norm_s=norm, availability=1.0).tolist() == plain.tolist()
    assert expected_response(times, availability=1.0, last_resort_s=INF).tolist() == nearest.tolist()
    assert dependable_time(times, availability=1.0, probability=1.0)["time_s"].tolist() == nearest.tolist()


@given(tables())
def test_no_norm_covers_everybody_and_no_base_nobody(pair):
    times, free = pair
    assert (expected_coverage(times, norm_s=INF, availability=free) == 1).all()
    assert (expected_coverage(times, norm_s=5000, availability=0.0) == 0).all()
    assert (expected_response(times, availability=0.0, last_resort_s=77.0) == 77).all()


def test_a_norm_for_each_cell_is_found_by_its_label():
    times = pd.DataFrame({"A": [600.0, 600.0]}, index=["town", "dale"])
    norms = pd.Series({"dale": 500.0, "town": 700.0})
    assert expected_coverage(times, norm_s=norms, availability=1.0).to_dict() == {"town": 1.0, "dale": 0.0}
    last = pd.Series({"dale": 50.0, "town": 700.0})
    assert expected_response(times, availability=0.5, last_resort_s=last).to_dict() == {"town": 650.0, "dale": 50.0}


def test_bases_get_their_own_availability():
    bases = pd.DataFrame({"site": ["A", "C"], "site_2": ["C", None], "site_3": ["", "A"]}, index=["x", "y"])
    found = base_availability(bases, pd.Series({"A": 0.9, "B": 0.5, "C": 0.7}))
    assert found.to_numpy().tolist() == [[0.9, 0.7, 0.0], [0.7, 0.0, 0.9]]
    with pytest.raises(InputError, match="no number for the base C"):
        base_availability(bases, pd.Series({"A": 0.9}))


TIMES = pd.DataFrame({"car": [600.0], "boat": [900.0]})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: expected_coverage(TIMES, norm_s=700, availability=1.1), "1.1 is not a share"),
        (lambda: expected_coverage(TIMES, norm_s=700, availability={"car": 1.0}), "no number for boat"),
        (lambda: expected_coverage(TIMES, norm_s=NAN, availability=1.0), "norm_s: nan"),
        (lambda: expected_coverage(TIMES, norm_s=pd.Series({"other": 1.0}), availability=1.0), "norm_s: nan"),
        (lambda: expected_coverage(TIMES, norm_s=700, availability=TIMES[["car"]]), r"shape \(1, 1\)"),
        (lambda: expected_coverage(-TIMES, norm_s=700, availability=1.0), "the least is -900"),
        (lambda: expected_coverage(TIMES[[]], norm_s=700, availability=1.0), "no column"),
        (lambda: expected_response(TIMES, availability=1.0, last_resort_s=-1.0), "last_resort_s"),
        (lambda: dependable_time(TIMES, availability=1.0, probability=0.0), "probability is 0"),
    ],
)
def test_errors_say_what_is_wrong(call, words):
    with pytest.raises(InputError, match=words):
        call()
