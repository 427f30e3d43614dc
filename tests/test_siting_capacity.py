"""Siting with capacities against enumeration, and coverage in turn by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from geoaccess.errors import InputError
from geoaccess.siting import covered_in_order, locate, locate_with_capacity, problem_from_matrix
from geoaccess.siting.objectives import PersonMinutes, WithinNorm

UNREACHED_S = 7200.0


def random_case(seed):
    rng = np.random.default_rng(seed)
    n, m, s = 9, 6, int(rng.integers(0, 3))
    times = rng.integers(1, 100, (n, m + s)) * 60.0
    times[rng.random(times.shape) < 0.15] = np.inf
    people = rng.integers(0, 60, n).astype(float)
    capacity = rng.integers(0, 120, m + s).astype(float)
    return times[:, s:], times[:, :s], people, capacity[s:], capacity[:s]


def transported(times, people, capacity, norm_s):
    """Return what the best flows to open sites make of the figure, by scipy."""
    n, m = times.shape
    if m:
        good = times <= norm_s if norm_s else times < UNREACHED_S
        gain = np.where(good, 1.0 if norm_s else UNREACHED_S - np.where(good, times, 0), 0.0)
        rows = [np.repeat(np.eye(n), m, axis=1), np.tile(np.eye(m), n)]
        bounds = [(0, None if ok else 0) for ok in good.ravel()]
        found = linprog(-gain.ravel(), A_ub=np.vstack(rows), b_ub=np.concatenate([people, capacity]), bounds=bounds)
        assert found.status == 0
        brought = -found.fun
    else:
        brought = 0.0
    return brought / people.sum() if norm_s else (UNREACHED_S - brought / people.sum()) / 60


@pytest.mark.parametrize("norm_s", [None, 2400.0])
@pytest.mark.parametrize("add", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_the_choice_is_the_best_of_all(seed, add, norm_s):
    times, standing, people, capacity, has = random_case(seed)
    found = locate_with_capacity(
        times,
        people,
        capacity=capacity,
        add=add,
        standing_s=standing,
        standing_capacity=has,
        norm_s=norm_s,
        unreached_s=UNREACHED_S,
    )
    figures = [
        transported(np.hstack([standing, times[:, some]]), people, np.append(has, capacity[list(some)]), norm_s)
        for some in map(list, itertools.combinations(range(times.shape[1]), add))
    ]
    best = max(figures) if norm_s else min(figures)
    assert found.value == pytest.approx(best, abs=1e-7)
    assert found.proved
    assert found.now == pytest.approx(transported(standing, people, has, norm_s), abs=1e-7)
    every, room = np.hstack([standing, times]), np.append(has, capacity)
    opened = {*range(len(has)), *(len(has) + found.added)}
    assert set(found.site.tolist()) <= opened
    assert (found.load <= room + 1e-6).all()
    served = np.bincount(found.point, found.people, people.size)
    assert served + found.unserved == pytest.approx(people)
    assert (found.unserved >= -1e-6).all()
    assert len(found.added) == add
    spent = every[found.point, found.site]
    if norm_s:
        assert (spent <= norm_s).all()
        assert found.people.sum() / people.sum() == pytest.approx(found.value)
    else:
        minutes = (found.people @ spent + UNREACHED_S * found.unserved.sum()) / 60
        assert minutes / people.sum() == pytest.approx(found.value)


def test_without_limits_it_is_siting_without_capacities():
    rng = np.random.default_rng(9)
    times, people = rng.integers(1, 80, (40, 8)) * 60.0, rng.integers(1, 90, 40).astype(float)
    setting = problem_from_matrix(times, people)
    unlimited = {"capacity": np.inf, "add": 2}
    nearest = locate(setting, add=2, objective=PersonMinutes(), method="exact")
    within = locate(setting, add=2, objective=WithinNorm(1500.0), method="exact")
    assert locate_with_capacity(times, people, **unlimited).value == pytest.approx(nearest.value)
    assert locate_with_capacity(times, people, norm_s=1500.0, **unlimited).value == pytest.approx(within.value)


def test_more_room_never_serves_fewer():
    times, standing, people, capacity, has = random_case(11)
    asked = {"add": 2, "standing_s": standing, "standing_capacity": has, "norm_s": 3000.0}
    shares = [locate_with_capacity(times, people, capacity=k * capacity, **asked).value for k in (0.2, 0.5, 1, 2)]
    assert shares == sorted(shares)


def test_sites_take_their_own_in_turn():
    times = [[300, 600], [600, 300], [600, np.inf], [1200, 900]]
    people = [30, 40, 60, 50]
    # The first has room for 80: 30 at 5 minutes, and half of the 100 at 10. The second takes 20 of the 20 left within 5
    # minutes, none at 10, and 25 of the 50 at 15.
    table, left = covered_in_order(times, people, capacity=[80, 45], norm_s=900)
    assert table["covered"].tolist() == pytest.approx([80, 45])
    assert table["people_within"].tolist() == [130, 120]
    assert table["longest_s"].tolist() == [600, 900]
    assert left.tolist() == pytest.approx([0, 0, 30, 25])
    # The other way round: 40 at 5 minutes and 5 of 30 at 10; then 25 left at 5 and 55 of the 60 at 10.
    table, left = covered_in_order(times, people, capacity=[80, 45], norm_s=900, order=[1, 0])
    assert table["site"].tolist() == [1, 0]
    assert table["covered_so_far"].tolist() == pytest.approx([45, 125])
    assert left.tolist() == pytest.approx([0, 0, 5, 50])
    table, left = covered_in_order(times, people, capacity=np.inf, norm_s=900)
    assert table["covered"].tolist() == [130, 50]
    assert left.sum() == 0
    table, _ = covered_in_order(times, people, capacity=0, norm_s=900)
    assert table["longest_s"].isna().all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"add": 9}, "add is 9"),
        ({"capacity": [1.0, 2.0]}, "capacity has 2"),
        ({"capacity": -1.0}, "negative"),
        ({"people": [1.0]}, "times_s has 9 rows"),
        ({"people": np.zeros(9)}, "nobody"),
        ({"norm_s": 0.0}, "norm_s"),
        ({"standing_s": np.zeros((2, 1))}, "standing_s has 2 rows"),
    ],
)
def test_what_has_no_answer_is_refused(wrong, said):
    times, _, people, capacity, _ = random_case(0)
    given = {"times_s": times, "people": people, "capacity": capacity, "add": 1, **wrong}
    with pytest.raises(InputError, match=said):
        locate_with_capacity(**given)
    for order in ([0], [0, 0, 1, 2, 3, 4]):
        with pytest.raises(InputError, match="order"):
            covered_in_order(times, people, capacity=capacity, norm_s=60, order=order)
