"""How cost grows with nodes, sites, cells and lanes: points for the figure."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import graphs, ours, peers
from benchmarks.building import hierarchy
from benchmarks.graphs import Graph, places
from benchmarks.measure import Plan, several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Point", "growth"]

SITES = 500
LARGEST_FOR_SCIPY = 3_000_000


@dataclass(frozen=True)
class Point:
    """`x` of what `axis` says took `seconds`."""

    axis: str
    series: str
    x: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return what results.json keeps."""
        return asdict(self)


def growth(plan: Plan) -> Iterator[Point]:
    """Measure along one axis at a time, the others held fixed. What is not there yet gives no point."""
    for key in plan.graphs("1m"):
        graph = graphs.load(key)
        yield from _sites(plan, graph)
        yield from _cells(plan, graph)
        yield from _lanes(plan, graph)
    for key in plan.graphs("100k", "300k", "1m", "3m", "10m"):  # the largest last: its hierarchy stays in memory
        yield from _nodes(plan, graphs.load(key))


def _point(
    plan: Plan, axis: str, series: str, x: int, ready: Callable[[], Callable[[], Any]], per: int = 1
) -> Iterator[Point]:
    try:
        call = ready()
        call()
    except NotImplementedError:
        return
    timing, _ = several(call, plan, wanted=3)
    yield Point(axis, series, x, timing.wall_s / per)


def _nodes(plan: Plan, graph: Graph) -> Iterator[Point]:
    n, sites, roots = graph.network.n_nodes, places(graph, SITES), places(graph, 64)
    with contextlib.suppress(NotImplementedError):
        yield Point("nodes", "building the hierarchy", n, hierarchy(graph)[1].wall_s)
    if n <= LARGEST_FOR_SCIPY:
        scipy = peers.scipy_nearest(sites)(graph)
        yield from _point(plan, "nodes", "nearest, scipy", n, lambda: scipy)
    yield from _point(plan, "nodes", "nearest, bare", n, lambda: lambda: ours.nearest_bare(graph.network, sites, 1))
    yield from _point(plan, "nodes", "nearest, hierarchy", n, _of(graph, lambda made: ours.nearest(made, sites, 1)))
    yield from _point(plan, "nodes", "tree, of 64 in a batch", n, _of(graph, lambda made: ours.trees(made, roots)), 64)


def _sites(plan: Plan, graph: Graph) -> Iterator[Point]:
    for count in (1, 10, 100, 1000) if plan.once else (1, 10, 100, 1000, 10_000, 100_000):
        sites = places(graph, count)
        calls = {
            "bare network": functools.partial(ours.nearest_bare, graph.network, sites, 1),
            "scipy": peers.scipy_nearest(sites)(graph),
        }
        for series, call in calls.items():
            yield from _point(plan, "sites", series, sites.size, functools.partial(_itself, call))
        ask = functools.partial(ours.nearest, sites=sites, k=1)
        yield from _point(plan, "sites", "hierarchy", sites.size, _of(graph, ask))


def _itself(call: Callable[[], Any]) -> Callable[[], Any]:
    return call


def _cells(plan: Plan, graph: Graph) -> Iterator[Point]:
    for count in (100, 300, 1000, 3000, 10_000):
        cells = places(graph, count, seed=2)
        for n_sites in (100, 1000):
            sites = places(graph, n_sites, seed=3)
            series = f"matrix of cells x {n_sites} sites"
            call = _of(graph, lambda made, c=cells, s=sites: ours.matrix(made, c, s))
            yield from _point(plan, "cells", series, cells.size, call)


def _lanes(plan: Plan, graph: Graph) -> Iterator[Point]:
    for count in (1, 2, 4, 8, 16, 32, 64, 128):
        roots = places(graph, count)
        call = _of(graph, lambda made, r=roots: ours.trees(made, r))
        yield from _point(plan, "lanes", "per tree", roots.size, call, roots.size)


def _of(graph: Graph, call: Callable[[Any], Any]) -> Callable[[], Callable[[], Any]]:
    """Return a call made ready with the graph's hierarchy."""

    def ready() -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        return lambda: call(made)

    return ready
