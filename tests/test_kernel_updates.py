"""Changes to a nearest field against a solve from scratch, on small random graphs where everything goes wrong."""

from __future__ import annotations

import heapq
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.kernels import graph, updates
from geoaccess.kernels.keys import EMPTY, FAR, LOW, SHIFT

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
few = settings(max_examples=25 if PLAIN else 250, deadline=None)

HUGE = 2**25  # forty of them and the seeds stay below FAR
COSTS = st.sampled_from([0, 0, 0, 1, 1, 2, 5, 5, 60, HUGE, FAR])


class Field:
    """A field over a graph whose costs and seeds can be changed, FAR being closed; the log of the last change."""

    def __init__(self, n, tail, head, cost, k, seeds):
        self.n, self.k, self.seeds = n, k, dict(seeds)
        self.tail, self.head, self.cost = (np.array(column, np.int32) for column in (tail, head, cost))
        self.keys = self.scratch()
        self.touched = np.zeros(n, np.bool_)
        self.nodes, self.rows = np.empty(n, np.int32), np.empty((n, k), np.uint64)

    def arcs(self, *, back=False):
        tail, head = (self.head, self.tail) if back else (self.tail, self.head)
        return graph.rows(self.n, tail, head, self.cost)[:3]

    def seed_arrays(self, sites=None):
        chosen = [(node, time, site) for site in sites or self.seeds for node, time in self.seeds[site]]
        node, time, site = (
            np.array(column, np.int64) for column in (zip(*chosen, strict=True) if chosen else [()] * 3)
        )
        order = np.argsort(node, kind="stable")  # as the kernels want them
        node, time, site = node[order], time[order], site[order]
        return node.astype(np.int32), (time.astype(np.uint64) << SHIFT) | site.astype(np.uint64)

    def scratch(self):
        """The same by a search over the arcs that are open, as if nothing had been there before."""
        open_arc = self.cost != FAR
        node, key = self.seed_arrays()
        start, head, cost = graph.rows(self.n, self.tail[open_arc], self.head[open_arc], self.cost[open_arc])[:3]
        waiting = list(zip(key.tolist(), node.tolist(), strict=True))
        heapq.heapify(waiting)
        rows = [[] for _ in range(self.n)]
        while waiting:
            nearest, at = heapq.heappop(waiting)
            site = nearest & int(LOW)
            if len(rows[at]) == self.k or site in [other & int(LOW) for other in rows[at]]:
                continue
            rows[at].append(nearest)
            for arc in range(start[at], start[at + 1]):
                heapq.heappush(waiting, (nearest + (int(cost[arc]) << int(SHIFT)), int(head[arc])))
        return np.array([row + [int(EMPTY)] * (self.k - len(row)) for row in rows], np.uint64).reshape(self.n, self.k)

    def spread(self, node, key, count=0):
        return updates.spread(self.keys, *self.arcs(), node, key, self.touched, self.nodes, self.rows, count)

    def renew(self, node, key):
        return updates.renew(
            self.keys,
            *self.arcs(),
            *self.arcs(back=True),
            *self.seed_arrays(),
            node,
            key,
            self.touched,
            self.nodes,
            self.rows,
        )

    def add(self, site, seeds):
        self.seeds[site] = seeds
        return self.spread(*self.seed_arrays([site]))

    def remove(self, site):
        lost = self.seed_arrays([site])
        del self.seeds[site]
        return self.renew(*lost)

    def move(self, site, seeds):
        count = self.remove(site)
        self.seeds[site] = seeds
        return self.spread(*self.seed_arrays([site]), count)

    def change_costs(self, arcs, costs):
        """First what becomes slower, then what becomes quicker."""
        slower = costs > self.cost[arcs]
        lost = updates.offers_over(self.keys, self.tail[arcs[slower]], self.head[arcs[slower]], self.cost[arcs[slower]])
        self.cost[arcs[slower]] = costs[slower]
        count = self.renew(*lost)
        arcs, costs = arcs[~slower], costs[~slower]
        self.cost[arcs] = costs
        return self.spread(*updates.offers_over(self.keys, self.tail[arcs], self.head[arcs], costs), count)

    def undo(self, count):
        self.keys[self.nodes[:count]] = self.rows[:count]

    def clear(self, count):
        self.touched[self.nodes[:count]] = False


@st.composite
def seeds_in(draw, n):
    ends = st.tuples(st.integers(0, n - 1), st.sampled_from([0, 0, 1, 5, 60, HUGE]))
    return draw(st.lists(ends, min_size=0, max_size=3))


@st.composite
def fields(draw):
    n = draw(st.integers(1, 10))
    node = st.integers(0, n - 1)
    arcs = draw(st.lists(st.tuples(node, node, COSTS), max_size=34))
    tail, head, cost = zip(*arcs, strict=True) if arcs else ((), (), ())
    sites = draw(st.lists(seeds_in(n), max_size=4))
    return Field(n, tail, head, cost, draw(st.integers(1, 3)), enumerate(sites))


def change(data, field, fresh):
    """Make one random change; return how many nodes it wrote down."""
    kinds = ["add"] + ["remove", "move"] * bool(field.seeds) + ["costs", "costs"] * bool(field.cost.size)
    kind = data.draw(st.sampled_from(kinds))
    if kind == "costs":
        arcs = data.draw(st.lists(st.integers(0, field.cost.size - 1), min_size=1, max_size=5, unique=True))
        costs = data.draw(st.lists(COSTS, min_size=len(arcs), max_size=len(arcs)))
        return field.change_costs(np.array(arcs, np.int64), np.array(costs, np.int32))
    if kind == "add":
        return field.add(fresh, data.draw(seeds_in(field.n)))
    site = data.draw(st.sampled_from(sorted(field.seeds)))
    return field.remove(site) if kind == "remove" else field.move(site, data.draw(seeds_in(field.n)))


@few
@given(fields(), st.data())
def test_after_any_changes_the_field_is_that_of_a_solve_from_scratch(field, data):
    for step in range(data.draw(st.integers(1, 6))):
        before = field.keys.copy()
        count = change(data, field, fresh=10 + step)
        after = field.scratch()
        assert (field.keys == after).all()
        nodes = field.nodes[:count].copy()
        assert len(set(nodes.tolist())) == count
        assert set(np.flatnonzero((before != after).any(axis=1))) <= set(nodes.tolist())
        assert set(np.flatnonzero(field.touched)) == set(nodes.tolist())
        field.undo(count)
        assert (field.keys == before).all(), "what was written down leads back"
        field.keys[:] = after
        field.clear(count)


@few
@given(fields(), st.data())
def test_a_new_site_never_hurts_and_touches_only_whom_it_helps(field, data):
    before = field.keys.copy()
    count = field.add(10, data.draw(seeds_in(field.n)))
    assert (field.keys <= before).all()
    assert set(field.nodes[:count]) == set(np.flatnonzero((field.keys != before).any(axis=1)))
    assert ((field.keys[field.nodes[:count]] & LOW) == 10).any(axis=1).all()


@few
@given(fields(), st.data())
def test_closing_never_helps_and_opening_again_leads_back(field, data):
    before, costs = field.keys.copy(), field.cost.copy()
    arcs = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=costs.size, max_size=costs.size)))
    count = field.change_costs(arcs, np.full(arcs.size, FAR, np.int32))
    assert (field.keys >= before).all()
    field.clear(count)
    field.change_costs(arcs, costs[arcs])
    assert (field.keys == before).all()


@few
@given(fields())
def test_a_site_that_goes_touches_only_those_who_had_it(field):
    for site in sorted(field.seeds):
        had = np.flatnonzero(((field.keys & LOW) == site).any(axis=1))
        count = field.remove(site)
        assert set(field.nodes[:count]) == set(had)
        assert not ((field.keys & LOW) == site).any()
        field.clear(count)
    assert (field.keys == EMPTY).all()


def ring(cost):
    """A ring of three nodes, both ways, tied to node 3 where the only site is."""
    tail, head = [0, 1, 2, 1, 2, 0, 3], [1, 2, 0, 0, 1, 2, 0]
    return Field(4, tail, head, [cost] * 6 + [7], 2, {0: [(3, 0)]})


def test_a_ring_of_no_cost_does_not_hold_itself_up():
    """Each node of the ring is as near as the next one: the site must go from all when the way to it is closed."""
    field = ring(0)
    assert ((field.keys[:3, 0] >> SHIFT) == 7).all()
    count = field.change_costs(np.array([6]), np.array([FAR], np.int32))
    assert sorted(field.nodes[:count].tolist()) == [0, 1, 2]
    assert (field.keys[:3] == EMPTY).all()
    assert field.keys[3, 0] == 0


def test_of_parallel_arcs_the_other_one_is_taken():
    field = Field(2, [0, 0, 0], [1, 1, 1], [5, 5, 9], 1, {0: [(0, 0)]})
    for closed, time in ((0, 5), (1, 9), (2, FAR)):
        field.clear(field.change_costs(np.array([closed]), np.array([FAR], np.int32)))
        assert field.keys[1, 0] >> SHIFT == time


def test_an_arc_as_dear_as_no_arc_brings_nothing_even_from_a_site_at_its_tail():
    """Time 0 and the cost of a closed arc make a key below `EMPTY`, which is no way all the same."""
    field = Field(2, [0], [1], [FAR], 2, {0: [(0, 0)]})
    assert (field.keys[1] == EMPTY).all()
    field.clear(field.add(1, [(0, 0)]))
    field.clear(field.remove(0))
    assert (field.keys[1] == EMPTY).all()
    assert field.keys[0].tolist() == [1, int(EMPTY)]


@few
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2)), max_size=20),
    st.lists(st.integers(0, 2), unique=True),
)
def test_arcs_of_edges_are_all_of_theirs(ends, edges):
    tail, head, edge = (np.array(column, np.int32) for column in (zip(*ends, strict=True) if ends else [()] * 3))
    start, _, _, arc = graph.rows(6, tail, head, np.zeros_like(tail))
    rows = np.repeat(np.array(edges, np.int32), 6)
    tails, arcs = updates.arcs_of_edges(start, edge[arc], rows, np.tile(np.arange(6, dtype=np.int32), len(edges)))
    assert sorted(arc[arcs].tolist()) == np.flatnonzero(np.isin(edge, edges)).tolist()
    assert (tails == tail[arc[arcs]]).all()


@pytest.mark.skipif(PLAIN, reason="this is that run")
def test_all_of_this_and_what_is_built_on_it_holds_without_compilation():
    """Compiled code neither checks bounds nor warns of overflow; plain Python does."""
    here = Path(__file__)
    arguments = [
        sys.executable,
        "-W",
        "error::RuntimeWarning",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-n",
        "0",
    ]
    done = subprocess.run(
        [*arguments, here, here.with_name("test_updates.py")],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        cwd=here.parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
