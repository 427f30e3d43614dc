"""The five nearest sites of every node, beside pandana."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import ours, peers
from benchmarks.building import hierarchy
from benchmarks.graphs import load
from benchmarks.measure import Peer, Plan, Row, Target, Timing, compare
from benchmarks.nearest import check_keys, sites_of
from geoaccess.kernels.keys import EMPTY, SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.graphs import Graph

__all__ = ["k_nearest"]

K = 5
FASTER, FASTER_WITH_BUILD = 100.0, 4.0


@functools.lru_cache(maxsize=2)
def _furthest_s(graph: Graph) -> float:
    """Return a little more than the longest time required: pandana wants a limit and need not look beyond."""
    found = ours.keys(ours.nearest_bare(graph.network, sites_of(graph), K))
    return float(np.ceil((found[found != EMPTY] >> SHIFT).max() / 10) + 1)


def k_nearest(plan: Plan) -> Iterator[Row]:
    """Time the question alone, and with the building of both hierarchies."""

    def ready(graph: Graph) -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        sites = sites_of(graph)
        return lambda: ours.nearest(made, sites, K)

    def pandana(graph: Graph) -> Callable[[], Any]:
        return peers.pandana_nearest(graph, sites_of(graph), K, _furthest_s(graph))

    def agree(answer: Any, expected: Any) -> None:
        keys = ours.keys(answer)
        seconds = (keys >> SHIFT) / 10
        apart = np.abs(seconds - expected[list(range(1, K + 1))].to_numpy())[keys != EMPTY]
        assert apart.max() < 0.05, "times differ from pandana's"  # it rounds to thousandths on the way

    for key in plan.graphs("iceland", "1m"):
        peer = Peer(peers.version("pandana"), pandana, repeats=1 if key == "1m" else 3)
        task = f"{K} nearest sites with labels"
        row = compare(plan, task, key, ready, peer=peer, agree=agree, check=check_keys(K), target=Target(faster=FASTER))
        yield row
        yield _with_build(row, key)


def _with_build(row: Row, key: str) -> Row:
    """Return a row with the time of both builds added."""
    target = Target(faster=FASTER_WITH_BUILD)
    added = Row(f"{row.task}, build included", row.graph, peer=row.peer, target=target, note=row.note, about=row.about)
    if row.ours and row.theirs:
        graph = load(key)
        added.ours = _sum(row.ours, hierarchy(graph)[1])
        added.theirs = _sum(row.theirs, peers.pandana(graph)[1])
    return added


def _sum(one: Timing, other: Timing) -> Timing:
    return Timing(one.wall_s + other.wall_s, one.cpu_s + other.cpu_s)
