"""The kernels of siting against plain NumPy, compiled and not."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.kernels import siting as kernel


def problem(seed, n, m, groups):
    """Return gains as an array (places, points) and packed, with costs, groups and quotas."""
    rng = np.random.default_rng(seed)
    table = np.maximum(np.round(rng.normal(0, 4, (m, n))), 0)
    place, point = np.nonzero(table)
    first = np.append(0, np.cumsum(np.bincount(place, minlength=m))).astype(np.int64)
    group = np.arange(m, dtype=np.int32) % groups
    quota = np.array([min(2, np.sum(group == g)) for g in range(groups)], np.int64)
    cost = rng.integers(0, 3, m).astype(float)
    return table, (first, point.astype(np.int32), table[place, point], cost, group), quota


seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(1, 12), st.integers(2, 7), st.integers(1, 2))
def test_lazily_greedy_is_greedy(seed, n, m, groups):
    table, packed, quota = problem(seed, n, m, groups)
    cost, group = packed[3], packed[4]
    best = np.zeros(n)
    chosen, brought = kernel.greedy(*packed, quota, best)
    have, left, taken = np.zeros(n), quota.copy(), []
    for step in range(quota.sum()):
        gains = np.array([np.maximum(row - have, 0).sum() for row in table]) - cost
        allowed = [j for j in range(m) if j not in taken and left[group[j]] > 0]
        top = max(allowed, key=lambda j: (gains[j], -j))
        assert chosen[step] == top
        assert brought[step] == gains[top]
        taken.append(top)
        left[group[top]] -= 1
        have = np.maximum(have, table[top])
    assert (best == have).all()


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(1, 12), st.integers(3, 7), st.integers(1, 2))
def test_every_exchange_is_worth_what_it_says(seed, n, m, groups):
    table, packed, quota = problem(seed, n, m, groups)
    cost, group = packed[3], packed[4]
    chosen, _ = kernel.greedy(*packed, quota, np.zeros(n))
    best, second, by = np.zeros(n), np.zeros(n), np.empty(n, np.int32)
    kernel.serve(*packed[:3], chosen, best, second, by)
    sorted_gains = np.sort(np.vstack([table[chosen], np.zeros((2, n))]), axis=0)
    assert (best == sorted_gains[-1]).all()
    assert (second == sorted_gains[-2]).all()
    won, out = kernel.swaps(*packed, chosen, best, second, by)

    def objective_value(some):
        return table[some].max(axis=0).sum() - cost[some].sum()

    for j in range(m):
        ways = [
            objective_value(np.append(np.delete(chosen, k), j)) - objective_value(chosen)
            for k in range(chosen.size)
            if group[chosen[k]] == group[j]
        ]
        if j in chosen or not ways:
            assert won[j] == -np.inf
            assert out[j] == -1
        else:
            assert (
                won[j]
                == max(ways)
                == ways[[k for k in range(chosen.size) if group[chosen[k]] == group[j]].index(out[j])]
            )


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(1, 10), st.integers(2, 6), st.integers(1, 2), st.integers(1, 80))
def test_the_bound_is_the_sum_of_prices_and_profits_whatever_the_prices(seed, n, m, groups, steps):
    table, packed, quota = problem(seed, n, m, groups)
    cost, group = packed[3], packed[4]
    begin = np.random.default_rng(seed).uniform(0, 5, n)
    bound, price, profit = kernel.lagrangian(*packed, quota, begin.copy(), 0.0, -np.inf, steps)
    expected = np.maximum(table - price, 0).sum(axis=1) - cost
    np.testing.assert_allclose(profit, expected, atol=1e-9)
    total = price.sum() + sum(np.sort(profit[group == g])[::-1][: quota[g]].sum() for g in range(groups))
    np.testing.assert_allclose(bound, total, atol=1e-9)
    first, _, _ = kernel.lagrangian(*packed, quota, begin.copy(), 0.0, -np.inf, 1)
    assert bound <= first
    assert (price >= 0).all()


def test_the_same_without_compilation():
    code = """
import numpy as np
from geoaccess.siting import PersonMinutes, WithinNorm, locate, problem_from_matrix
rng = np.random.default_rng(4)
near = np.round(rng.uniform(0, 5000, (12, 6)), -1)
setting = problem_from_matrix(near, rng.integers(1, 9, 12), now_s=np.full(12, 4000.0))
for objective in (PersonMinutes(), WithinNorm(1500.0)):
    for method in ("greedy", "exchange", "exact"):
        print(locate(setting, add=2, objective=objective, method=method))
"""
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
        for env in (os.environ, plain)
    ]
    assert runs[0].stdout == runs[1].stdout != ""
