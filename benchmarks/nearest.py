"""The nearest site of every node, with its label: by a hierarchy and on a bare network, beside scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import ours, peers
from benchmarks.building import hierarchy
from benchmarks.graphs import Graph, places
from benchmarks.measure import Peer, Plan, Row, Target, compare
from geoaccess.kernels.keys import SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

__all__ = ["bare", "check_keys", "nearest", "sites_of"]

GRAPHS = ("iceland", "Colorado", "Northeast", "1m", "3m")
FASTER, FASTER_SMALL, FASTER_BARE, FASTER_FIRST = 130.0, 50.0, 6.0, 1.0


def sites_of(graph: Graph) -> npt.NDArray[np.int32]:
    """Return the sites of a graph: 50 on Iceland, 500 elsewhere."""
    return places(graph, 50 if graph.key == "iceland" else 500)


def check_keys(k: int) -> Callable[[Graph, Any], None]:
    """Return a check of k nearest sites against the oracle at some nodes: times, labels and ties, to the bit."""

    def check(graph: Graph, answer: Any) -> None:
        nodes = places(graph, 5, seed=9)
        expected = peers.k_nearest_from(graph, nodes, sites_of(graph), k)
        assert np.array_equal(ours.keys(answer)[nodes], expected), f"{graph.name}: not the {k} nearest sites"

    return check


def _agree(answer: Any, expected: npt.NDArray[np.float64]) -> None:
    times = (ours.keys(answer)[:, 0] >> SHIFT).astype(np.int32)
    assert np.array_equal(times, peers.scipy_times(expected)), "times to the nearest site differ from scipy's"


def _scipy() -> Peer:
    name = f"{peers.version('scipy')} dijkstra(min_only=True), without labels"
    return Peer(name, lambda graph: peers.scipy_nearest(sites_of(graph))(graph))


def nearest(plan: Plan) -> Iterator[Row]:
    """Time one question to a hierarchy."""

    def ready(graph: Graph) -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        sites = sites_of(graph)
        return lambda: ours.nearest(made, sites, 1)

    for key in plan.graphs(*GRAPHS):
        target = Target(faster=FASTER if key in ("1m", "3m", "Northeast") else FASTER_SMALL)
        yield compare(
            plan,
            "nearest site with label, hierarchy",
            key,
            ready,
            peer=_scipy(),
            agree=_agree,
            check=check_keys(1),
            target=target,
        )


def bare(plan: Plan) -> Iterator[Row]:
    """Time one question to a network without a hierarchy, and the first one, before which nothing is kept."""

    def ready(graph: Graph) -> Callable[[], Any]:
        sites = sites_of(graph)
        return lambda: ours.nearest_bare(graph.network, sites, 1)

    def first(graph: Graph) -> Callable[[], Any]:
        sites = sites_of(graph)

        def ask() -> Any:
            ours.forget(graph.network)
            return ours.nearest_bare(graph.network, sites, 1)

        return ask

    for key in plan.graphs(*GRAPHS):
        target = Target(faster=FASTER_BARE)
        task = "nearest site with label, bare network"
        yield compare(plan, task, key, ready, peer=_scipy(), agree=_agree, check=check_keys(1), target=target)
        target = Target(faster=FASTER_FIRST)
        yield compare(plan, f"{task}, first question", key, first, peer=_scipy(), agree=_agree, target=target)
