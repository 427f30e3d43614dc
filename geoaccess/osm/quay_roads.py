"""Roads to quays that are not for everybody: who boards a boat is destination traffic."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import assembling, graph, picking
from geoaccess.network import EdgeKind
from geoaccess.osm.stretches import are_open

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.osm.stretches import Stretches

__all__ = ["public_roads", "ways_to_boats"]


def public_roads(rows: Stretches) -> npt.NDArray[np.bool_]:
    """Say which stretches are roads that all may drive, in one direction at least."""
    public: npt.NDArray[np.bool_] = _open_roads(rows) & ~rows["restricted"]
    return public


def _open_roads(rows: Stretches) -> npt.NDArray[np.bool_]:
    ahead, back = are_open(rows)
    road: npt.NDArray[np.bool_] = (rows["kind"] == EdgeKind.ROAD) & (ahead | back)
    return road


def ways_to_boats(part: npt.NDArray[np.int32], rows: Stretches) -> list[int]:
    """Return the restricted stretches on the ways to car ferries: they are open to all who board.

    `part` is the connected part of each point, by public roads alone. A quay is connected by road to a network; where
    roads without through traffic or private gates lie between it and the largest part of that network that is open to
    all, these are the quickest way to it and the one from it.
    """
    boarding = np.flatnonzero(rows["kind"] == EdgeKind.BOARDING)
    if not boarding.size or not rows["restricted"].any():
        return []
    road, public = _open_roads(rows), public_roads(rows)
    times = rows["forward_s"], rows["backward_s"]
    weight = assembling.seconds_in_parts(part, rows["a"], rows["first"], rows["size"], public, *times)
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
    return sorted(stretch for stretch in ways if rows["restricted"][stretch])


Steps = dict[int, list[tuple[int, float, int]]]


def _steps(rows: Stretches, stretches: npt.NDArray[np.int64]) -> tuple[Steps, Steps]:
    """Return (to, seconds, stretch) of the steps out of each node, and of those into it turned round."""
    out, into = defaultdict(list), defaultdict(list)
    for stretch in stretches.tolist():
        a, b, first = (int(rows[name][stretch]) for name in ("a", "b", "first"))
        pieces = slice(first, first + int(rows["size"][stretch]))
        for tail, head, times in ((a, b, rows["forward_s"][pieces]), (b, a, rows["backward_s"][pieces])):
            if times[0] >= 0:
                out[tail].append((head, float(times.sum()), stretch))
                into[head].append((tail, float(times.sum()), stretch))
    return out, into


def _quickest(start: int, steps: Steps, is_end: Callable[[int], bool]) -> list[int]:
    """Return the stretches of the quickest way from a node to one that is an end; none where there is no way."""
    best, came = {start: 0.0}, dict[int, tuple[int, int]]()
    queue = [(0.0, start)]
    while queue:
        time, node = heapq.heappop(queue)
        if is_end(node):
            way = []
            while node in came:
                node, stretch = came[node]
                way.append(stretch)
            return way
        if time > best[node]:
            continue
        for other, more, stretch in steps.get(node, ()):
            if time + more < best.get(other, np.inf):
                best[other] = time + more
                came[other] = (node, stretch)
                heapq.heappush(queue, (time + more, other))
    return []
