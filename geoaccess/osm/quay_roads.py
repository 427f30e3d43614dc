"""Roads to quays that are not for everybody: who boards a boat is destination traffic."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels import assembling, graph, picking
from geoaccess.network import EdgeKind

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

__all__ = ["public_roads", "ways_to_boats"]

Rows = dict[str, "npt.NDArray[Any]"]


def public_roads(rows: Rows) -> npt.NDArray[np.bool_]:
    """Say which segments are roads that all may drive, in one direction at least."""
    public: npt.NDArray[np.bool_] = _open_roads(rows) & ~rows["restricted"]
    return public


def _open_roads(rows: Rows) -> npt.NDArray[np.bool_]:
    road: npt.NDArray[np.bool_] = (rows["kind"] == EdgeKind.ROAD) & (
        (rows["forward_s"] >= 0) | (rows["backward_s"] >= 0)
    )
    return road


def ways_to_boats(part: npt.NDArray[np.int32], rows: Rows) -> list[int]:
    """Return the restricted segments on the ways to car ferries: they are open to all who board.

    `part` is the connected part of each point, by public roads alone. A quay is connected by road to a network; where
    roads without through traffic or private gates lie between it and the largest part of that network that is open to
    all, these are the quickest way to it and the one from it.
    """
    boarding = np.flatnonzero(rows["kind"] == EdgeKind.BOARDING)
    if not boarding.size or not rows["restricted"].any():
        return []
    road, public = _open_roads(rows), public_roads(rows)
    weight = assembling.seconds_in_parts(part, rows["a"], public, rows["forward_s"], rows["backward_s"])
    each = np.arange(weight.size, dtype=np.int32)
    group = graph.joined_parts(each, part, rows["a"], rows["b"], road & rows["restricted"])
    heaviest = assembling.heaviest_of_groups(int(group.max()) + 1, group, weight)
    at_home = (heaviest[group] == each) & (weight > 0)
    quays = np.unique(rows["a"][boarding])
    apart = quays[~at_home[part[quays]] & (weight[heaviest[group[part[quays]]]] > 0)]
    if not apart.size:
        return []
    cut_off = np.zeros(heaviest.size, np.bool_)
    cut_off[group[part[apart]]] = True
    steps = _steps(rows, picking.outside_segments(rows["a"], rows["b"], road, part, cut_off[group], at_home))
    ways = set[int]()
    for quay in apart.tolist():
        for reverse in (False, True):
            ways.update(_quickest(quay, steps[reverse], lambda node: bool(at_home[part[node]])))
    return sorted(segment for segment in ways if rows["restricted"][segment])


Steps = dict[int, list[tuple[int, float, int]]]


def _steps(rows: Rows, segments: npt.NDArray[np.int64]) -> tuple[Steps, Steps]:
    """Return (to, seconds, segment) of the steps out of each node, and of those into it turned round."""
    out, into = defaultdict(list), defaultdict(list)
    for segment in segments.tolist():
        a, b = int(rows["a"][segment]), int(rows["b"][segment])
        for tail, head, time in ((a, b, rows["forward_s"][segment]), (b, a, rows["backward_s"][segment])):
            if time >= 0:
                out[tail].append((head, float(time), segment))
                into[head].append((tail, float(time), segment))
    return out, into


def _quickest(start: int, steps: Steps, is_end: Callable[[int], bool]) -> list[int]:
    """Return the segments of the quickest way from a node to one that is an end; none where there is no way."""
    best, came = {start: 0.0}, dict[int, tuple[int, int]]()
    queue = [(0.0, start)]
    while queue:
        time, node = heapq.heappop(queue)
        if is_end(node):
            way = []
            while node in came:
                node, segment = came[node]
                way.append(segment)
            return way
        if time > best[node]:
            continue
        for other, more, segment in steps.get(node, ()):
            if time + more < best.get(other, np.inf):
                best[other] = time + more
                came[other] = (node, segment)
                heapq.heappush(queue, (time + more, other))
    return []
