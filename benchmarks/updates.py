"""A solved field of the two nearest sites with one site added or moved, beside solving it again."""

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
    field = _solved(graph)()
    turns = itertools.cycle(places(graph, TRIED, seed=5).tolist())

    def change() -> Any:
        node = next(turns)
        return np.append(sites_of(graph), np.int32(node)), ours.add_site(field, node)

    return change


def _moved(graph: Graph) -> Callable[[], Any]:
    field = _solved(graph)()
    sites = sites_of(graph)
    turns = itertools.cycle(zip(range(sites.size), places(graph, TRIED, seed=5).tolist(), strict=False))

    def change() -> Any:
        site, node = next(turns)
        moved = sites.copy()
        moved[site] = node
        return moved, ours.move_site(field, site, node)

    return change


def _check(graph: Graph, answer: Any) -> None:
    """Hold a changed field to one that is solved for the changed sites."""
    sites, field = answer
    again = ours.solve(hierarchy(graph)[0], sites)
    assert np.array_equal(ours.field_keys(field), ours.field_keys(again)), "differs from solving it again"
