"""Real road topologies without times or coordinates: given seeded travel times, some one-ways and a good node order.

The files are those of `shared/data/bench` beside the repository: `p tw NODES EDGES`, then a line `u v` per edge, from
1. Everything but which junction is joined to which is made up here, and `note` says so:

* classes: hops from some random junctions show which edges many shortest paths use; the most used are motorways;
* times: a random length by the speed of the class;
* one-ways: some edges outside a spanning tree, so that all stays strongly connected;
* coordinates: hops from two far-apart junctions. They serve to order the nodes and to let peers that want a map run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
import pandas as pd

from benchmarks.generate import KPH, spanning_tree
from benchmarks.roads import CLASSES, Roads, hilbert_order, renumbered
from geoaccess.kernels import graph
from geoaccess.network import DECISECONDS, EdgeKind

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["FILES", "hops", "load", "neighbours"]

FILES = {"Colorado": "COL.gr.xz", "Northeast": "NE.gr.xz"}
ONE_WAY = 0.05
ROOTS = 12  # random junctions that say which edges are used most
CLASS_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)  # of edges: motorway, trunk ...; the rest are residential
MEDIAN_M = 120.0


def load(path: Path, *, seed: int = 1) -> Roads:
    """Return the roads of a topology file with times, one-ways and node numbers as this module's text says.

    Raises
    ------
    ValueError
        If the file holds other counts of nodes and edges than its first line says.
    """
    edges = pd.read_csv(path, sep=" ", header=None, names=["u", "v"], dtype=np.int32, skiprows=1)
    head = pd.read_csv(path, sep=" ", header=None, nrows=1).iloc[0]
    n_nodes, n_edges = int(head[2]), int(head[3])
    u, v = edges["u"].to_numpy() - np.int32(1), edges["v"].to_numpy() - np.int32(1)
    if u.size != n_edges or min(u.min(), v.min()) < 0 or max(u.max(), v.max()) != n_nodes - 1:
        raise ValueError(
            f"{path.name}: {u.size} edges up to node {max(u.max(), v.max()) + 1}, not {n_edges}, {n_nodes}"
        )
    rng = np.random.default_rng([seed, n_nodes])
    start, heads = neighbours(n_nodes, u, v)
    order, x, y = _map(start, heads)
    u, v, _ = renumbered(order, u, v)
    start, heads = neighbours(n_nodes, u, v)

    road_class = _classes(start, heads, u, v, rng)
    length = rng.lognormal(np.log(MEDIAN_M), 0.8, n_edges)
    times = np.maximum(np.rint(length / KPH[road_class] * 3.6 * DECISECONDS), 1).astype(np.int32)
    loose = np.flatnonzero(~spanning_tree(n_nodes, u, v, np.argsort(road_class, kind="stable")))
    chosen = rng.choice(loose, min(int(ONE_WAY * n_edges), loose.size), replace=False)
    turned = rng.random(chosen.size) < 0.5
    forward, backward = times.copy(), times.copy()
    forward[chosen[turned]] = -1
    backward[chosen[~turned]] = -1
    return Roads(
        name=f"{path.name.split('.')[0]}, {n_nodes:_} nodes".replace("_", " "),
        note=f"real topology; times, one-ways and coordinates made up, seed {seed}",
        lon=x[order],
        lat=y[order],
        u=u,
        v=v,
        forward_ds=forward,
        backward_ds=backward,
        wait_ds=np.zeros(n_edges, np.int32),
        length_m=length.astype(np.float32),
        kind=np.full(n_edges, EdgeKind.ROAD, np.int8),
        road_class=road_class,
    )


def neighbours(
    n_nodes: int, u: npt.NDArray[np.int32], v: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (start, head) of the edges taken both ways."""
    ends = np.concatenate([u, v]), np.concatenate([v, u])
    start, heads, _, _ = graph.rows(n_nodes, *ends, np.zeros(2 * u.size, np.int32))
    return start, heads


@numba.njit(cache=True)
def hops(start, head, root):
    """Return the nodes in the order of a breadth-first search, each one's hops and the node before it (-1: none)."""
    n = start.size - 1
    far = np.full(n, -1, np.int32)
    before = np.full(n, -1, np.int32)
    queue = np.empty(n, np.int32)
    queue[0] = root
    far[root] = 0
    read, filled = 0, 1
    while read < filled:
        node = queue[read]
        read += 1
        for arc in range(start[node], start[node + 1]):
            other = head[arc]
            if far[other] < 0:
                far[other] = far[node] + 1
                before[other] = node
                queue[filled] = other
                filled += 1
    return queue[:filled], far, before


def _map(
    start: npt.NDArray[np.int32], head: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return an order of the nodes, and degrees for each made of hops from two pairs of poles.

    Of the orders that were compared (by file, breadth first, depth first, and Hilbert curves over hops from two or four
    junctions), the curve over the differences of hops to two opposite poles has the nearest neighbours in memory.
    """
    north = hops(start, head, 0)[0][-1]
    reached, to_north, _ = hops(start, head, north)
    to_south = hops(start, head, reached[-1])[1]
    west = np.minimum(to_north, to_south).argmax()
    to_west = hops(start, head, west)[1]
    middle = np.abs(to_north - to_south) < 0.1 * to_north.max()
    to_east = hops(start, head, np.where(middle, to_west, -1).argmax())[1]
    x, y = (to_west - to_east).astype(np.float64), (to_south - to_north).astype(np.float64)
    scale = 10 / max(np.ptp(x), np.ptp(y))
    # Nodes with the same hops would fall on one spot, where no map can show them apart.
    apart = np.random.default_rng(0).uniform(-0.5, 0.5, (2, x.size))
    return hilbert_order(x, y), (x - x.mean() + apart[0]) * scale, (y - y.mean() + apart[1]) * scale


def _classes(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    u: npt.NDArray[np.int32],
    v: npt.NDArray[np.int32],
    rng: np.random.Generator,
) -> npt.NDArray[np.int8]:
    """Return a class for each edge: the faster the more nodes depend on it in searches from some random junctions."""
    used = np.zeros(u.size, np.float32)
    for root in rng.choice(start.size - 1, ROOTS, replace=False):
        queue, _, before = hops(start, head, root)
        behind = np.log(_behind(queue, before)).astype(np.float32)
        used += np.where(before[v] == u, behind[v], 0)
        used += np.where(before[u] == v, behind[u], 0)
    road_class = np.full(u.size, CLASSES.index("residential"), np.int8)
    ranked = np.argsort(-used, kind="stable")
    last = np.cumsum(np.array(CLASS_SHARES) * u.size).astype(int)
    for level, (begin, end) in enumerate(zip([0, *last[:-1]], last, strict=True)):
        road_class[ranked[begin:end]] = level
    return road_class


@numba.njit(cache=True)
def _behind(queue, before):
    """Return how many nodes depend on each in a search tree, itself counted."""
    count = np.ones(before.size, np.int32)
    for i in range(queue.size - 1, 0, -1):
        count[before[queue[i]]] += count[queue[i]]
    return count
