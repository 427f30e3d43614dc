"""A solved field of the two nearest sites with one site added or moved, beside solving it again.

A field changes in place: an added site is timed together with taking back the one before, and each move is made on
top of the others.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import ours
from benchmarks.building import hierarchy
from benchmarks.graphs import Graph, places
from benchmarks.measure import Peer, Plan, Row, Target, compare
from benchmarks.nearest import sites_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geoaccess.routing import Change

__all__ = ["updates"]

FASTER, WITHIN_S = 20.0, 0.02
TRIED = 40  # places for the new site, taken in turn


def updates(plan: Plan) -> Iterator[Row]:
    """Time one change, at many places in turn; the peer is our own full solve."""
    for key in plan.graphs("iceland", "1m"):
        for name, change in (("add", _added), ("move", _moved)):
            target = Target(faster=FASTER, within_s=WITHIN_S)
            yield compare(
                plan,
                f"{name} one site, k = 2",
                key,
                change,
                peer=Peer("full solve", _solved),
                check=_check,
                target=target,
            )


def _solved(graph: Graph) -> Callable[[], Any]:
    made, _ = hierarchy(graph)
    sites = sites_of(graph)
    return lambda: ours.solve(made, sites)


def _added(graph: Graph) -> Callable[[], Any]:
    field, sites = _solved(graph)(), sites_of(graph)
    turns = itertools.cycle(_tried(graph))
    done: list[Change] = []

    def change() -> Any:
        node, place = next(turns)
        if done:
            ours.undo(field, done.pop())
        done.append(ours.add_site(field, place))
        return np.append(sites, node), field

    return change


def _moved(graph: Graph) -> Callable[[], Any]:
    field = _solved(graph)()
    sites = sites_of(graph).copy()
    turns = zip(itertools.cycle(range(sites.size)), itertools.cycle(_tried(graph)), strict=False)

    def change() -> Any:
        site, (node, place) = next(turns)
        sites[site] = node
        ours.move_site(field, site, place)
        return sites.copy(), field

    return change


def _tried(graph: Graph) -> list[tuple[np.int32, Any]]:
    """Return the nodes for the new site, each with its place on an edge."""
    nodes = places(graph, TRIED, seed=5)
    table = ours.at_nodes(graph.network, nodes)
    return [(node, table.iloc[i]) for i, node in enumerate(nodes)]


def _check(graph: Graph, answer: Any) -> None:
    """Hold a changed field to one that is solved for the changed sites."""
    sites, field = answer
    again = ours.solve(hierarchy(graph)[0], sites)
    assert np.array_equal(ours.field_keys(field), ours.field_keys(again)), "differs from solving it again"
