"""Pairs of times lowered several at once are as lowered one by one; where a grid is cut, times are those of scipy."""

from __future__ import annotations

import os

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import geoaccess as ga
from geoaccess.kernels import stacks
from geoaccess.kernels.keys import NEVER

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
few = settings(max_examples=10 if PLAIN else 100, deadline=None)


@numba.njit
def over(into, at, pairs, first, size, many, entry, begin):
    stacks.lower_over(into, at, pairs, first, size, many, entry, begin)


@numba.njit
def between(pairs, first, entry, apart, apart_first):
    stacks.lower_between(pairs, first, entry, apart, apart_first)


@numba.njit
def changed(one, other):
    return stacks.lesser(one, other), stacks.later(one, other), stacks.turned(one)


@st.composite
def listed(draw):
    """Draw the lists of a stack: their pairs as (outward, inward), whole numbers, and the size of the first list."""
    size, many = draw(st.integers(stacks.AT_ONCE + 1, 3 * stacks.AT_ONCE)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    times = rng.integers(0, draw(st.sampled_from([3, 1000, 2**31])), (sum(range(size, size + many)), 2))
    times[rng.random(times.shape) < draw(st.sampled_from([0.0, 0.2, 0.9]))] = NEVER
    return times, size, many


def packed(times):
    return np.ascontiguousarray(times.astype(np.uint32)).view(np.uint64)[:, 0]


def unpacked(pairs):
    return pairs.view(np.uint32).reshape(-1, 2).astype(np.int64)


@few
@given(listed(), st.data())
def test_times_over_a_stack_are_those_over_each_of_its_nodes(drawn, data):
    times, size, many = drawn
    entry = data.draw(st.integers(stacks.AT_ONCE, size - 1))
    begin = data.draw(st.integers(0, entry - stacks.AT_ONCE))
    rng = np.random.default_rng(size * many)
    held = rng.integers(0, 2**31, (stacks.AT_ONCE + 3, 2))
    into = packed(held)
    over(into, np.uint64(2), packed(times), *(np.uint64(i) for i in (0, size, many, entry, begin)))
    first = 0
    for length in range(size, size + many):
        for i in range(stacks.AT_ONCE):
            (out, back), (further, nearer) = times[first + entry], times[first + begin + i]
            held[2 + i] = min(held[2 + i][0], back + further), min(held[2 + i][1], out + nearer)
        first += length
    assert np.array_equal(unpacked(into), held)


@few
@given(listed(), st.integers(0, 2**32))
def test_times_between_entries_lower_both(drawn, seed):
    times, size, _ = drawn
    entry, first = size - 1, 2
    times = np.concatenate([times[:2], times])
    rng = np.random.default_rng(seed)
    apart = rng.integers(0, 2**31 + 1, (entry + 1, 2))
    pairs = packed(times)
    between(pairs, np.uint64(first), np.uint64(entry), packed(apart), np.uint64(1))
    expected = times.copy()
    own, others, to = times[first + entry], times[first : first + entry], apart[1:]
    expected[first : first + entry] = np.minimum(others, own + to)
    expected[first + entry] = np.minimum(own, (others + to[:, ::-1]).min(axis=0))
    assert np.array_equal(unpacked(pairs), expected)


@pytest.mark.parametrize(
    ("one", "other"), [((3, 9), (8, 2)), ((NEVER, NEVER), (NEVER, 0)), ((2**31 - 1, 0), (NEVER, 0))]
)
def test_pairs_are_compared_and_added_time_by_time(one, other):
    lesser, later, turned = changed(*packed(np.array([one, other])))
    expected = [np.minimum(one, other), np.minimum(np.add(one, other, dtype=np.int64), 2**32 - 1), one[::-1]]
    found = [unpacked(np.array([pair], np.uint64))[0].tolist() for pair in (lesser, later, turned)]
    assert found == [[int(time) for time in pair] for pair in expected]


@pytest.mark.parametrize("seed", range(2 if PLAIN else 6))
def test_where_a_grid_is_cut_times_are_those_of_scipy(seed):
    side = 14
    at = np.arange(side * side).reshape(side, side)
    u, v = (np.concatenate([a.ravel(), b.ravel()]) for a, b in ((at[:, :-1], at[:-1]), (at[:, 1:], at[1:])))
    rng = np.random.default_rng(seed)
    forward, backward = rng.integers(1, 400, (2, u.size)).astype(float)
    forward[rng.random(u.size) < 0.1] = -1
    backward[rng.random(u.size) < 0.2] = -1
    lon, lat = 10 + 0.01 * (at % side).ravel(), 60 + 0.01 * (at // side).ravel()
    network = ga.Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=forward, backward_s=backward)
    order = ga.hierarchy.order_of(network)
    sizes = np.diff(order.start)
    assert (sizes > 2 * stacks.AT_ONCE).any()  # or nothing would be lowered at once
    out, back = order.customised(network)
    made = order.hierarchy(network)
    ends = np.concatenate([np.stack([u, v]), np.stack([v, u])], axis=1)[:, np.concatenate([forward, backward]) >= 0]
    cost = np.concatenate([forward, backward])
    times = dijkstra(csr_matrix((10 * cost[cost >= 0], order.place[ends]), shape=(at.size, at.size)))
    tail = np.repeat(np.arange(at.size), sizes)
    least = [np.where(np.isinf(one), NEVER, one) for one in (times[tail, order.head], times[order.head, tail])]
    kept = [(one == time) & (time < NEVER) for one, time in zip(least, (out, back), strict=True)]
    assert all((time >= one).all() for one, time in zip(least, (out, back), strict=True))
    needed = kept[0] | kept[1]
    assert np.array_equal(made.head, order.head[needed])
    for found, one, time in zip((made.outward, made.inward), kept, (out, back), strict=True):
        assert np.array_equal(found, np.where(one, time, NEVER)[needed])
