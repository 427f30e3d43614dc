"""Making the hierarchy: beside pandana's (a contraction hierarchy too) and, on Iceland, osrm-contract."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from benchmarks import ours, peers
from benchmarks.graphs import Graph, Missing, load
from benchmarks.measure import NOT_YET, Plan, Row, Target, Timing, median, timed
from benchmarks.osrm import iceland

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["hierarchy", "hierarchy_build"]

SECONDS_PER_MILLION = 10.0


@functools.cache
def hierarchy(graph: Graph) -> tuple[Any, Timing]:
    """Return a graph's hierarchy and how long it took, compiled before."""
    _compiled()
    timing, made = timed(lambda: ours.contract(graph.network))
    return made, timing


@functools.cache
def _compiled() -> None:
    ours.contract(load("20k").network)


def hierarchy_build(plan: Plan) -> Iterator[Row]:
    """Time from a network in memory to its hierarchy. Peers build once, ours three times (once on 3 million nodes)."""
    for key in plan.graphs("iceland", "Colorado", "Northeast", "1m", "3m"):
        beside: Callable[[Graph], Timing] | None = None if key in ("Northeast", "3m") else lambda g: peers.pandana(g)[1]
        yield _row(plan, key, peers.version("pandana") + ", contraction" if beside else "", beside, 4.0)
    if not plan.once:
        yield _row(plan, "iceland", "osrm-contract", lambda _: iceland()[2], 4.0)


def _row(plan: Plan, key: str, name: str, beside: Callable[[Graph], Timing] | None, faster: float) -> Row:
    row = Row("network -> hierarchy", key, peer=name)
    try:
        graph = load(key)
        row.graph, row.about = graph.name, graph.note
        seconds = SECONDS_PER_MILLION * graph.network.n_nodes / 1e6
        row.target = Target(faster=faster if beside else None, within_s=seconds)
        timings = [hierarchy(graph)[1]]
        timings += [timed(lambda: ours.contract(graph.network))[0] for _ in range(0 if plan.once or key == "3m" else 2)]
        row.ours = median(timings)
        row.theirs = beside(graph) if beside else None
    except (NotImplementedError, Missing) as missing:
        row.note = "; ".join(part for part in (row.note, str(missing) or NOT_YET) if part)
    return row
