"""Times from one root to every node: many roots in a batch, beside scipy and networkit one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.csgraph import dijkstra

from benchmarks import ours, peers
from benchmarks.building import hierarchy
from benchmarks.graphs import Graph, places
from benchmarks.measure import Peer, Plan, Row, Target, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ROOTS", "trees"]

ROOTS = 64
FEW = 4  # of these for the peers
FASTER = 300.0


def trees(plan: Plan) -> Iterator[Row]:
    """Time per tree."""

    def ready(graph: Graph) -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        roots = places(graph, ROOTS)
        return lambda: (made, ours.trees(made, roots))

    def scipy(graph: Graph) -> Callable[[], Any]:
        matrix, roots = peers.scipy_matrix(graph, reverse=False), places(graph, ROOTS)[:FEW]
        return lambda: dijkstra(matrix, indices=roots)

    def agree(answer: Any, expected: Any) -> None:
        for lane, times in enumerate(peers.scipy_times(np.where(expected > 2**31, np.inf, expected))):
            assert np.array_equal(ours.tree_times(*answer, lane), times), f"tree {lane} differs from the peer's"

    task = f"one-to-all, per tree of {ROOTS}"
    for key in plan.graphs("iceland", "Northeast", "1m", "3m"):
        peer = Peer(f"{peers.version('scipy')} dijkstra", scipy, repeats=3)
        yield compare(
            plan, task, key, ready, peer=peer, agree=agree, target=Target(faster=FASTER), per=ROOTS, peer_per=FEW
        )
    for key in plan.graphs("1m"):
        peer = Peer(peers.version("networkit"), lambda g: peers.networkit_trees(g, places(g, ROOTS)[:FEW]), repeats=1)
        yield compare(plan, task, key, ready, peer=peer, agree=agree, per=ROOTS, peer_per=FEW)
