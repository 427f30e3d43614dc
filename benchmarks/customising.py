"""Other times on the same roads: a new hierarchy by the order that is known, and one road closed, beside starting over.

The order itself is a row of its own: whatever the times are, it is made once.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import ours
from benchmarks.graphs import Graph, places
from benchmarks.measure import Peer, Plan, Row, Target, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import geoaccess as ga

__all__ = ["customising"]

WEIGHTS_S, CLOSURE_S = 0.2, 0.005
"""New times at the size of a country, 2 million nodes, on one thread; and one road closed, however many there are."""

ROUNDS = 3
TRIED = 40  # edges to close, taken in turn
SHARE = 0.3  # of edges that take longer in the new times


def customising(plan: Plan) -> Iterator[Row]:
    """Time the order, new times for all edges, and closing one edge and opening it again."""
    keys = plan.graphs("iceland", "Colorado", "1m")
    for key in keys:
        yield compare(plan, "order of a network", key, _order)
    for key in keys:
        yield compare(
            plan,
            "new times -> hierarchy",
            key,
            _new_times,
            peer=Peer("order and hierarchy anew", _anew, repeats=ROUNDS),
            agree=_agree,
            target=Target(within_s=WEIGHTS_S),
        )
    for key in keys:
        yield compare(
            plan,
            "close one edge and open it again",
            key,
            _closed,
            peer=Peer("new times for all edges", _new_times, repeats=ROUNDS),
            check=_check,
            target=Target(within_s=CLOSURE_S),
        )


def _order(graph: Graph) -> Callable[[], Any]:
    return lambda: ours.order(graph.network)


def _new_times(graph: Graph) -> Callable[[], Any]:
    order, slower = ours.order(graph.network), _slower(graph)
    return lambda: ours.by_order(order, slower)


def _anew(graph: Graph) -> Callable[[], Any]:
    slower = _slower(graph)
    return lambda: ours.contract(slower)


def _slower(graph: Graph) -> ga.Network:
    """Return the network with some edges three times as slow."""
    slow = np.random.default_rng(7).random(graph.network.n_edges) < SHARE
    return ours.slowed(graph.network, slow, 3)


def _agree(answer: ga.Hierarchy, expected: ga.Hierarchy) -> None:
    for name in ("place", "start", "head", "outward", "inward"):
        assert np.array_equal(getattr(answer, name), getattr(expected, name)), f"{name} differs from starting over"


def _closed(graph: Graph) -> Callable[[], Any]:
    metric = ours.metric(graph.network)
    edges = itertools.cycle(np.random.default_rng(5).choice(graph.network.n_edges, TRIED, replace=False).tolist())

    def change() -> Any:
        edge = next(edges)
        ours.close_and_open(metric, edge)
        return metric

    return change


def _check(graph: Graph, metric: Any) -> None:
    """Hold the answers with one edge closed to those of a network without it."""
    edge, sites = graph.network.n_edges // 2, places(graph, 20)
    found = ours.nearest(ours.with_edge_closed(metric, edge), sites, 1)
    again = ours.nearest(ours.contract(ours.without_edge(graph.network, edge)), sites, 1)
    assert np.array_equal(found, again), "differs from starting over without the edge"
