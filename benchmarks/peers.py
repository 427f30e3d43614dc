"""The peers, each behind one function that makes it ready, and the oracle that every answer is checked against."""

from __future__ import annotations

import functools
import importlib
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from benchmarks.graphs import Graph, Missing
from benchmarks.measure import Timing, timed
from geoaccess.kernels.keys import EMPTY, FAR, SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

__all__ = [
    "from_nodes",
    "k_nearest_from",
    "networkit_trees",
    "package",
    "pandana",
    "routingkit",
    "scipy_matrix",
    "scipy_times",
    "spopt",
]

FREE = 2.0**-20  # scipy loses arcs that cost nothing; a million of these together cost less than a decisecond


def package(name: str, module: str | None = None) -> Any:
    """Return a peer's module.

    Raises
    ------
    Missing
        If it is not installed or does not load.
    """
    try:
        return importlib.import_module(module or name)
    except ImportError as error:
        raise Missing(f"peer missing: {name} ({error})") from error


def version(name: str) -> str:
    """Return a package's name and version, for the table."""
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


@functools.lru_cache(maxsize=4)
def scipy_matrix(graph: Graph, *, reverse: bool) -> csr_matrix:
    """Return the arcs for scipy: of parallel ones the shortest, since it adds them up."""
    arcs = graph.network.arcs_reversed if reverse else graph.network.arcs
    n = graph.network.n_nodes
    tail = np.repeat(np.arange(n, dtype=np.int32), np.diff(arcs.start))
    order = np.lexsort((arcs.cost_ds, arcs.head, tail))
    first = np.ones(order.size, bool)
    first[1:] = (np.diff(tail[order]) != 0) | (np.diff(arcs.head[order]) != 0)
    kept = order[first]
    return csr_matrix((np.maximum(arcs.cost_ds[kept], FREE), (tail[kept], arcs.head[kept])), (n, n))


def scipy_times(found: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Return scipy's times as whole deciseconds: exact, since the stand-ins for zero add up to less than one."""
    return np.where(np.isinf(found), np.float64(FAR), np.floor(found)).astype(np.int32)


def from_nodes(graph: Graph, nodes: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the times from each node to every other along the arcs, by scipy: the oracle."""
    return scipy_times(np.atleast_2d(dijkstra(scipy_matrix(graph, reverse=False), indices=nodes)))


def k_nearest_from(
    graph: Graph, nodes: npt.NDArray[np.int32], sites: npt.NDArray[np.int32], k: int
) -> npt.NDArray[np.uint64]:
    """Return the keys of the k nearest sites of some nodes, by one scipy tree per node: the oracle."""
    times = from_nodes(graph, nodes)[:, sites].astype(np.uint64)
    found = (times << SHIFT) | np.arange(sites.size, dtype=np.uint64)
    found[times == FAR] = EMPTY
    found.sort(axis=1)
    return found[:, :k]


def scipy_nearest(sites: npt.NDArray[np.int32]) -> Callable[[Graph], Callable[[], Any]]:
    """Make scipy ready to find the time to the nearest site of every node, without its label."""

    def ready(graph: Graph) -> Callable[[], Any]:
        matrix = scipy_matrix(graph, reverse=True)
        return lambda: dijkstra(matrix, indices=sites, min_only=True, return_predecessors=False)

    return ready


@functools.cache
def pandana(graph: Graph) -> tuple[Any, Timing]:
    """Return pandana's network of a graph and the time it took to build. Its weights are seconds."""
    module = package("pandana")
    import pandas as pd

    network = graph.network
    arcs = network.arcs
    tail = np.repeat(np.arange(network.n_nodes), np.diff(arcs.start))
    # It finds points of interest by their coordinates, so no two nodes may share them.
    apart = np.arange(network.n_nodes) * 1e-9
    x, y = pd.Series(network.node_lon + apart), pd.Series(network.node_lat + apart)
    weights = pd.DataFrame({"s": arcs.cost_ds / 10.0})

    def build() -> Any:
        return module.Network(x, y, pd.Series(tail), pd.Series(arcs.head.astype(np.int64)), weights, twoway=False)

    timing, made = timed(build)
    return made, timing


def pandana_nearest(graph: Graph, sites: npt.NDArray[np.int32], k: int, max_s: float) -> Callable[[], Any]:
    """Make pandana ready to find the k nearest sites of every node."""
    network, _ = pandana(graph)
    x, y = network.nodes_df["x"].iloc[sites], network.nodes_df["y"].iloc[sites]
    network.set_pois(category="sites", maxdist=max_s, maxitems=k, x_col=x, y_col=y)
    return lambda: network.nearest_pois(max_s, "sites", num_pois=k, include_poi_ids=True)


@functools.cache
def routingkit(graph: Graph) -> tuple[Any, Timing]:
    """Return a customised hierarchy of pyroutingkit and the time it took to build."""
    module = package("pyroutingkit")
    network = graph.network
    arcs = network.arcs
    tail = np.repeat(np.arange(network.n_nodes, dtype=np.uint32), np.diff(arcs.start))
    head, cost = arcs.head.astype(np.uint32), arcs.cost_ds.astype(np.uint32)
    lat, lon = network.node_lat.astype(np.float32), network.node_lon.astype(np.float32)

    def build() -> Any:
        made = module.CCH()
        made.build_topology(tail, head, lat, lon, network.n_nodes)
        made.customize_weights(cost)
        return made

    timing, made = timed(build)
    return made, timing


@functools.lru_cache(maxsize=1)
def networkit_graph(graph: Graph) -> tuple[Any, Any]:
    """Return networkit and its graph."""
    module = package("networkit")
    network = graph.network
    arcs = network.arcs
    tail = np.repeat(np.arange(network.n_nodes), np.diff(arcs.start)).astype(np.uint64)
    coo = (arcs.cost_ds.astype(np.float64), (tail, arcs.head.astype(np.uint64)))
    return module, module.GraphFromCoo(coo, n=network.n_nodes, weighted=True, directed=True)


def networkit_trees(graph: Graph, roots: npt.NDArray[np.int32]) -> Callable[[], Any]:
    """Make networkit ready to find the times from some roots to every node."""
    module, made = networkit_graph(graph)

    def trees() -> Any:
        found = []
        for root in roots.tolist():
            search = module.distance.Dijkstra(made, root, storePaths=False)
            search.run()
            found.append(search.getDistances(asarray=True))
        return np.array(found)

    return trees


def spopt(
    times_s: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
    *,
    add: int,
    norm_s: float | None,
    capacity: npt.NDArray[np.float64] | None = None,
) -> Callable[[], tuple[float, bool]]:
    """Make spopt ready to solve an instance with its solver: mean minutes, or with a norm the share within it."""
    locate = package("spopt", "spopt.locate")
    pulp = package("pulp")

    def solve() -> tuple[float, bool]:
        solver = pulp.PULP_CBC_CMD(msg=False)
        if norm_s is None:
            made = locate.PMedian.from_cost_matrix(
                times_s, people, p_facilities=add, facility_capacities=capacity
            ).solve(solver)
            return float(made.problem.objective.value()) / float(people.sum()) / 60, False
        made = locate.MCLP.from_cost_matrix(times_s, people, service_radius=norm_s, p_facilities=add).solve(solver)
        return float(made.problem.objective.value()) / float(people.sum()), True

    return solve
