"""The nearest piece of road of many points: our tree of segments beside shapely's STRtree of the same pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from benchmarks.measure import Peer, Plan, Row, Target, compare
from geoaccess.network import SegmentTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from benchmarks.graphs import Graph

__all__ = ["snapping"]

POINTS = 50_000
FASTER = 5.0

Answer = tuple["npt.NDArray[np.int32]", "npt.NDArray[np.float64]"]


def snapping(plan: Plan) -> Iterator[Row]:
    """Time from the shapes of roads in memory to the nearest piece of each point, and with the tree at hand."""
    peer = f"shapely {shapely.__version__}, STRtree"
    for key in plan.graphs("iceland", "1m"):
        for task, ours, theirs in (
            ("pieces of road -> tree, and the nearest of 50 000 points", _ours, _theirs),
            ("nearest piece of road of 50 000 points, tree at hand", _ours_at_hand, _theirs_at_hand),
        ):
            target = Target(faster=FASTER)
            yield compare(plan, task, key, ours, peer=Peer(peer, theirs, repeats=3), agree=_agree, target=target)


def _pieces(graph: Graph) -> tuple[npt.NDArray[np.int32], tuple[npt.NDArray[np.float64], ...]]:
    network = graph.network
    owner = np.repeat(np.arange(network.n_edges, dtype=np.int32), np.diff(network.shape_ptr))[:-1]
    owner[network.shape_ptr[1:-1] - 1] = -1
    x, y = network.shape_xy
    return owner, (x[:-1], y[:-1], x[1:], y[1:])


def _points(graph: Graph) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return points around shape points: as near to roads as people live."""
    rng = np.random.default_rng(1)
    x, y = graph.network.shape_xy
    at = rng.integers(x.size, size=POINTS)
    return x[at] + rng.normal(0, 300, POINTS), y[at] + rng.normal(0, 300, POINTS)


def _ours(graph: Graph) -> Callable[[], Answer]:
    owner, ends = _pieces(graph)
    points = _points(graph)
    return lambda: SegmentTree(owner, *ends).nearest(*points)


def _ours_at_hand(graph: Graph) -> Callable[[], Answer]:
    owner, ends = _pieces(graph)
    tree, points = SegmentTree(owner, *ends), _points(graph)
    return lambda: tree.nearest(*points)


def _lines(graph: Graph) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    owner, (ax, ay, bx, by) = _pieces(graph)
    real = owner >= 0
    return owner[real], np.stack([np.column_stack([ax, ay])[real], np.column_stack([bx, by])[real]], axis=1)


def _asked(tree: shapely.STRtree, owner: npt.NDArray[np.int32], points: npt.NDArray[np.object_]) -> Answer:
    (_, piece), distance = tree.query_nearest(points, all_matches=False, return_distance=True)
    return owner[piece], distance


def _theirs(graph: Graph) -> Callable[[], Answer]:
    owner, lines = _lines(graph)
    points = shapely.points(*_points(graph))
    return lambda: _asked(shapely.STRtree(shapely.linestrings(lines)), owner, points)


def _theirs_at_hand(graph: Graph) -> Callable[[], Answer]:
    owner, lines = _lines(graph)
    tree, points = shapely.STRtree(shapely.linestrings(lines)), shapely.points(*_points(graph))
    tree.query_nearest(points[:1])  # it is built when first asked
    return lambda: _asked(tree, owner, points)


def _agree(ours: Answer, theirs: Answer) -> None:
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-6)
    assert (ours[0] == theirs[0]).mean() > 0.9  # edges that meet are equally near
