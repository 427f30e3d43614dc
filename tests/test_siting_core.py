"""Siting against brute force over all choices, and against another solver; and the laws it must keep."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from geoaccess import equity
from geoaccess.errors import InputError
from geoaccess.siting import (
    BeyondNorm,
    FairMean,
    PersonMinutes,
    WithinNorm,
    alternatives,
    fewest,
    frontier,
    least_worst,
    locate,
    problem_from_matrix,
)
from geoaccess.siting.choosing import choose

UNREACHED_S = 7200.0


@st.composite
def small_lands(draw, *, standing=True):
    """Return (times to candidates, times to standing sites, people) with ties, zeros and places out of reach."""
    n, m, k = draw(st.integers(1, 9)), draw(st.integers(1, 6)), draw(st.integers(1, 4))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    coarse = draw(st.sampled_from([1.0, 60.0, 600.0]))
    times = np.round(rng.uniform(0, 5000, (n, m + k)) / coarse) * coarse
    times[rng.random((n, m + k)) < draw(st.sampled_from([0.0, 0.3]))] = np.inf
    people = rng.integers(0, 20, n).astype(float)
    people[0] += 1
    return times[:, :m], times[:, m:], people


def objectives():
    return st.sampled_from(
        [
            PersonMinutes(unreached_s=UNREACHED_S),
            WithinNorm(1800.0),
            BeyondNorm(1200.0, alpha=2.0, unreached_s=UNREACHED_S),
            FairMean(kappa=0.001, unreached_s=UNREACHED_S),
        ]
    )


def figure_by_hand(objective, times, standing, people, added, stays):
    """Compute an objective from its definition, with nothing of the package."""
    everything = np.column_stack([times, standing])
    t = np.column_stack([times[:, list(added)], standing[:, list(stays)], np.full(len(people), np.inf)]).min(axis=1)
    reach = np.isfinite(everything).any(axis=1)
    if isinstance(objective, WithinNorm):
        return people[t <= objective.norm_s].sum() / people.sum()
    t, w = np.minimum(t, UNREACHED_S)[reach], people[reach]
    if w.sum() == 0:
        return np.nan
    if isinstance(objective, PersonMinutes):
        return (w * t).sum() / w.sum() / 60
    if isinstance(objective, BeyondNorm):
        return equity.fgt(t, norm=objective.norm_s, alpha=2, weights=w)
    return equity.kolm_pollak_ede(t, kappa=-objective.kappa, weights=w) / 60


@settings(deadline=None, max_examples=150)
@given(small_lands(), objectives(), st.integers(0, 3), st.integers(0, 2))
def test_exact_is_the_best_of_all_choices(land, objective, add, close):
    times, standing, people = land
    add, close = min(add, times.shape[1]), min(close, standing.shape[1])
    figures = [
        figure_by_hand(objective, times, standing, people, added, stays)
        for added in itertools.combinations(range(times.shape[1]), add)
        for stays in itertools.combinations(range(standing.shape[1]), standing.shape[1] - close)
    ]
    if np.isnan(figures).any():
        return
    best = max(figures) if objective.higher_is_better else min(figures)
    setting = problem_from_matrix(times, people, standing_s=standing)
    sign = 1 if objective.higher_is_better else -1
    for method in ("exact", "auto", "exchange", "greedy"):
        found = locate(setting, add=add, close=close, objective=objective, method=method)
        stays = [j for j in range(standing.shape[1]) if j not in found.closed]
        assert len(found.added) == add
        assert len(found.closed) == close
        truth = figure_by_hand(objective, times, standing, people, found.added, stays)
        assert found.value == pytest.approx(truth, rel=1e-9, abs=1e-9)
        assert sign * found.bound >= sign * best - 1e-6 * abs(best)  # an honest bound
        if method == "exact":
            assert found.value == pytest.approx(best, rel=1e-7, abs=1e-7)
            assert found.proved
        if found.proved:
            assert found.value == pytest.approx(best, rel=1e-6, abs=1e-6)


def by_milp(times, people, now, add):
    """Solve the p-median by scipy, in its textbook form: a variable for each pair."""
    n, m = times.shape
    cost = people[:, None] * np.column_stack([times, now]) / 60
    pairs = n * (m + 1)
    rows, columns, entries, low, high = [], [], [], [], []
    for i in range(n):
        rows += [i] * (m + 1)
        columns += [m + i * (m + 1) + j for j in range(m + 1)]
        entries += [1.0] * (m + 1)
        low.append(1)
        high.append(1)
    row = n
    for i in range(n):
        for j in range(m):
            rows += [row, row]
            columns += [m + i * (m + 1) + j, j]
            entries += [1.0, -1.0]
            low.append(-np.inf)
            high.append(0)
            row += 1
    rows += [row] * m
    columns += list(range(m))
    entries += [1.0] * m
    low.append(add)
    high.append(add)
    a = coo_array((entries, (rows, columns)), shape=(row + 1, m + pairs)).tocsr()
    answer = milp(
        np.concatenate([np.zeros(m), cost.ravel()]),
        constraints=LinearConstraint(a, low, high),
        integrality=np.concatenate([np.ones(m), np.zeros(pairs)]),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    return answer.fun


@pytest.mark.parametrize(("seed", "add"), [(0, 2), (1, 4), (2, 7), (3, 3)])
def test_exact_agrees_with_another_form_and_solver(seed, add):
    rng = np.random.default_rng(seed)
    homes, places = rng.random((60, 2)), rng.random((25, 2))
    times = 3600 * np.hypot(*(homes[:, None] - places[None]).T).T
    people = rng.integers(1, 100, 60).astype(float)
    now = 3600 * np.hypot(*(homes - 0.5).T)
    found = locate(problem_from_matrix(times, people, now_s=now), add=add, method="exact")
    assert found.proved
    assert found.value * people.sum() == pytest.approx(by_milp(times, people, now, add), rel=1e-7)


@settings(deadline=None, max_examples=60)
@given(small_lands(), objectives())
def test_more_sites_and_more_candidates_never_hurt(land, objective):
    times, standing, people = land
    setting = problem_from_matrix(times, people, standing_s=standing)
    if not (setting.people[setting.counted(objective)] > 0).any():
        return
    table = frontier(setting, most=times.shape[1], objective=objective, method="exact")
    steps = np.diff(table["value"]) * (1 if objective.higher_is_better else -1)
    assert (steps >= -1e-9).all()
    fewer = times.copy()
    fewer[:, -1] = np.inf
    for add in range(times.shape[1]):
        smaller = problem_from_matrix(fewer, people, standing_s=standing)
        one = locate(setting, add=add, objective=objective, method="exact")
        other = locate(smaller, add=add, objective=objective, method="exact")
        if setting.reachable.sum() == smaller.reachable.sum():
            assert (one.value - other.value) * (1 if objective.higher_is_better else -1) >= -1e-9


@settings(deadline=None, max_examples=100)
@given(small_lands(), st.sampled_from([0.3, 0.8, 0.95, 1.0]), st.sampled_from([600.0, 1800.0, 4000.0]))
def test_fewest_sites_for_a_share(land, share, norm_s):
    times, standing, people = land
    setting = problem_from_matrix(times, people, standing_s=standing)
    now = standing.min(axis=1)

    def enough(added):
        t = np.column_stack([times[:, list(added)], now]).min(axis=1)
        return people[t <= norm_s].sum() >= share * people.sum() * (1 - 1e-12)

    m = times.shape[1]
    sizes = [k for k in range(m + 1) if any(enough(c) for c in itertools.combinations(range(m), k))]
    if not sizes:
        with pytest.raises(InputError, match=r"all .* candidates together bring"):
            fewest(setting, norm_s=norm_s, share=share)
        return
    found, least = fewest(setting, norm_s=norm_s, share=share)
    assert enough(found.added)
    assert len(found.added) == least == sizes[0]
    assert found.proved


@settings(deadline=None, max_examples=100)
@given(small_lands(), st.integers(0, 3), st.integers(0, 1), st.sampled_from([0.5, 0.9, 1.0]), st.booleans())
def test_least_worst_is_the_best_of_all_choices(land, add, close, quantile, some):
    times, standing, people = land
    add, close = min(add, times.shape[1]), min(close, standing.shape[1])
    group = np.arange(len(people)) % 2 == 0 if some else None
    counted = np.isfinite(np.column_stack([times, standing])).any(axis=1) & (people > 0)
    counted &= True if group is None else group
    setting = problem_from_matrix(times, people, standing_s=standing)
    if not counted.any():
        with pytest.raises(InputError, match="nobody counts"):
            least_worst(setting, add=add, close=close, quantile=quantile, group=group)
        return

    def worst(added, stays):
        t = np.column_stack([times[:, list(added)], standing[:, list(stays)], np.full(len(people), np.inf)]).min(axis=1)
        order = np.argsort(t[counted])
        within = np.cumsum(people[counted][order])
        return t[counted][order][np.searchsorted(within, (quantile - 1e-12) * within[-1])]

    best = min(
        worst(added, stays)
        for added in itertools.combinations(range(times.shape[1]), add)
        for stays in itertools.combinations(range(standing.shape[1]), standing.shape[1] - close)
    )
    found = least_worst(setting, add=add, close=close, quantile=quantile, group=group)
    stays = [j for j in range(standing.shape[1]) if j not in found.closed]
    assert found.value * 60 == pytest.approx(worst(found.added, stays), rel=1e-12)
    assert found.value * 60 == best
    assert found.proved
    assert len(found.added) == add


@settings(deadline=None, max_examples=60)
@given(small_lands(), st.integers(1, 3))
def test_alternatives_are_the_best_single_exchanges(land, add):
    times, standing, people = land
    add = min(add, times.shape[1])
    setting = problem_from_matrix(times, people, standing_s=standing)
    objective = PersonMinutes(unreached_s=UNREACHED_S)
    if not (people[setting.reachable] > 0).any():
        return
    found = locate(setting, add=add, objective=objective)
    table = alternatives(setting, found, objective=objective)
    stays = range(standing.shape[1])
    for other in range(times.shape[1]):
        if other in found.added:
            assert other not in set(table["candidate"])
            continue
        ways = [
            figure_by_hand(objective, times, standing, people, [other, *(j for j in found.added if j != gone)], stays)
            for gone in found.added
        ]
        assert table.set_index("candidate")["value"][other] == pytest.approx(min(ways))
    assert (table["value"] >= found.value - 1e-9).all()
    assert table["value"].is_monotonic_increasing


def test_equal_cover_sets_are_merged_and_change_nothing():
    rng = np.random.default_rng(5)
    times = np.where(rng.random((500, 6)) < 0.4, 100.0, 4000.0)
    people = rng.integers(1, 9, 500).astype(float)
    problem = problem_from_matrix(times, people).problem(WithinNorm(600.0), add=3)
    merged = problem.merged()
    assert merged.weight.size == len({tuple(row) for row in times < 600} - {(False,) * 6})
    for chosen in itertools.combinations(range(6), 3):
        assert merged.objective_value(np.array(chosen)) == pytest.approx(problem.objective_value(np.array(chosen)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"people": [1.0]}, "shape"),
        ({"people": [1.0, -1.0]}, "negative or NaN"),
        ({"times_s": [[np.nan], [1.0]]}, "negative or NaN"),
        ({"now_s": [1.0]}, "there are 2 points"),
    ],
)
def test_settings_that_cannot_be(changed, message):
    with pytest.raises(InputError, match=message):
        problem_from_matrix(**({"times_s": [[1.0], [2.0]], "people": [1.0, 1.0]} | changed))


def test_more_sites_than_candidates_are_refused():
    setting = problem_from_matrix([[1.0], [2.0]], [1.0, 1.0], now_s=[5.0, 5.0])
    with pytest.raises(InputError, match="there are 1 candidates"):
        locate(setting, add=2)
    with pytest.raises(InputError, match="1 sites stand"):
        locate(setting, add=1, close=2)


@pytest.mark.parametrize("method", ["auto", "exact", "exchange", "greedy"])
def test_to_choose_nothing_is_worth_nothing_and_certain(method):
    setting = problem_from_matrix([[600.0, 0.0], [0.0, 900.0]], [2, 1], now_s=[1200.0, 600.0])
    nothing = choose(setting.problem(PersonMinutes(), add=0), method=method)
    assert nothing.chosen.tolist() == []
    assert (nothing.objective_value, nothing.bound, nothing.gap) == (0, 0, 0)
    found = locate(setting, add=0, method=method)
    assert found.proved
    assert found.value == found.now == found.bound
