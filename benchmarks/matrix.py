"""A matrix of 2 000 origins by 2 000 destinations, beside pyroutingkit and, on Iceland, OSRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import osrm, ours, peers
from benchmarks.building import hierarchy
from benchmarks.graphs import Graph, places
from benchmarks.measure import Peer, Plan, Row, Target, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["matrix"]

SIDE = 2000
FASTER = 5.0
NEARLY = 1.3  # OSRM has speeds of its own


def matrix(plan: Plan) -> Iterator[Row]:
    """Time the matrix with hierarchies at hand."""
    side = 200 if plan.once else SIDE
    task = f"matrix {side} x {side}"

    def ready(graph: Graph) -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        origins, destinations = places(graph, side, seed=2), places(graph, side, seed=3)
        return lambda: ours.matrix(made, origins, destinations)

    def routingkit(graph: Graph) -> Callable[[], Any]:
        made, _ = peers.routingkit(graph)
        origins, destinations = (places(graph, side, seed=seed).astype(np.uint32) for seed in (2, 3))
        return lambda: made.distances_many_to_many(origins, destinations)

    def check(graph: Graph, answer: Any) -> None:
        origins, destinations = places(graph, side, seed=2), places(graph, side, seed=3)
        assert np.array_equal(answer[:3], peers.from_nodes(graph, origins[:3])[:, destinations]), "differs from scipy's"

    def agree(answer: Any, expected: Any) -> None:
        assert np.array_equal(answer, expected), "differs from pyroutingkit's"

    for key in plan.graphs("iceland", "Colorado", "1m"):
        peer = Peer(peers.version("pyroutingkit"), routingkit, repeats=2)
        target = Target(faster=FASTER)
        yield compare(plan, task, key, ready, peer=peer, agree=agree, check=check, target=target)
    if not plan.once:
        yield from _beside_osrm(plan, task, side)


def _beside_osrm(plan: Plan, task: str, side: int) -> Iterator[Row]:
    """Time all pairs of some places of Iceland; OSRM answers over HTTP, snapping included."""

    def ready(graph: Graph) -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        nodes = places(graph, side, seed=4)
        return lambda: ours.matrix(made, nodes, nodes)

    def agree(answer: Any, expected: bytes) -> None:
        seconds = osrm.table(expected)
        both = (answer != ours.FAR) & np.isfinite(seconds) & (seconds > 600)
        ratio = np.median(answer[both] / 10 / seconds[both])
        assert 1 / NEARLY < ratio < NEARLY, f"half of all times are more than {ratio:.2f} times OSRM's"

    try:
        with osrm.served() as address:

            def table(graph: Graph) -> Callable[[], Any]:
                nodes = places(graph, side, seed=4)
                lon, lat = graph.network.node_lon[nodes], graph.network.node_lat[nodes]
                return lambda: osrm.request(address, lon, lat)

            yield compare(
                plan,
                task,
                "iceland",
                ready,
                peer=Peer("osrm-routed", table, repeats=3, here=False),
                agree=agree,
                target=Target(faster=FASTER),
                note="OSRM snaps and writes 24 MB of text within its time; its CPU time is its server's",
            )
    except osrm.Missing as missing:
        yield Row(task, "Iceland", peer="osrm-routed", target=Target(faster=FASTER), note=str(missing))
