"""How near a sweep comes to the limit of the machine: a plain copy that moves the same number of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from benchmarks import ours
from benchmarks.building import hierarchy
from benchmarks.graphs import Graph, places
from benchmarks.measure import Peer, Plan, Row, Target, compare
from benchmarks.nearest import sites_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

__all__ = ["copied", "streaming"]

LANES = 32
NEAREST_AT_MOST, LANES_AT_MOST = 2.0, 2.0


@numba.njit(cache=True, parallel=True)
def copied(source: npt.NDArray[np.uint64], to: npt.NDArray[np.uint64]) -> None:
    """Copy one array into another, with all threads."""
    for i in numba.prange(source.size):
        to[i] = source[i]


def streaming(plan: Plan) -> Iterator[Row]:
    """Time sweeps beside a copy that reads half of their bytes and writes the other half."""

    def nearest(graph: Graph) -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        sites = sites_of(graph)
        return lambda: ours.nearest(made, sites, 1)

    def lanes(graph: Graph) -> Callable[[], Any]:
        made, _ = hierarchy(graph)
        roots = places(graph, LANES)
        room = ours.room_for_trees(made, LANES)  # as the copy, it writes to memory that is there
        return lambda: ours.trees_into(made, roots, room)

    for key in plan.graphs("1m", "3m"):
        for task, ready, width, at_most in (
            ("sweep for the nearest site", nearest, 0, NEAREST_AT_MOST),
            (f"sweep of {LANES} lanes", lanes, LANES, LANES_AT_MOST),
        ):
            target = Target(slower_at_most=at_most, within_s=(0.012 if width else 0.003) if key == "1m" else None)
            peer = Peer("copying the same bytes", _copy(width))
            yield compare(plan, f"{task}, against the limit of the memory", key, ready, peer=peer, target=target)


def _copy(lanes: int) -> Callable[[Graph], Callable[[], None]]:
    def ready(graph: Graph) -> Callable[[], None]:
        half = ours.sweep_bytes(hierarchy(graph)[0], lanes) // 16
        source, to = np.ones(half, np.uint64), np.zeros(half, np.uint64)
        copied(source, to)
        return lambda: copied(source, to)

    return ready
