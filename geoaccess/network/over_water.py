"""Nobody walks over water: which walks lead over it, and the nearest road that one can walk to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.kernels.memory import release_pages
from geoaccess.kernels.threads import parts_of
from geoaccess.network.nearness import prefers_small

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.core import Network
    from geoaccess.network.segment_tree import Parts, SegmentTree

__all__ = ["MANY", "Attached", "leads_over_water", "nearest_on_land"]

MANY = 10_000
"""So many points look at most of what is mapped of a network; what a step has looked at is given back before the next.
"""

_LEAST_WALK_M = 100.0
"""Shorter walks are believed: neither shores nor places are drawn so exactly."""

_WADED_M = 30.0
"""So much water in a row keeps nobody: a brook, or a shore that is drawn a little inland."""

_CELL_M = 1000.0 / 2**0.5
"""A place at sea stands for people on a shore up to half the diagonal of a square of 1 km away."""

_SHORE_SLACK = 1.5
_PARTS = 50
"""Roads are looked at in parts of a fiftieth of the radius of search: 10 m of those within 500 m."""

_SECTORS, _RING = 360, 0.05
"""Of the roads in one direction, to 1 degree, and one distance, to a twentieth, the nearest is tried."""

_FIRST_RADIUS_M, _FIRST_TRIED = 500.0, 64
_AT_ONCE = 256
"""So many points look for roads at once within the first radius, and fewer within larger ones: these hold more."""


class Attached(NamedTuple):
    """For each point a place on an edge, -1 where there is none; `blocked` where water lies before every road."""

    edge: npt.NDArray[np.int32]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    blocked: npt.NDArray[np.bool_]


@checks_arguments
def leads_over_water(
    network: Network,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    to_x: npt.NDArray[np.float64],
    to_y: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Return which straight walks between places (metres, see `Network.projection`) lead over water.

    Those do that have more than 30 m of water in a row, the sea or a large lake or river; walks of 100 m or less are
    not looked at, nor are any where the network has no shores. The middle of a cell may lie in water though people live
    on its shore: a walk that begins in a lake may leave it, one that begins at sea may come ashore within 707 m (half
    the diagonal of a cell of 1 km) or not much farther off than the nearest shore.
    """
    over = np.zeros(x.size, np.bool_)
    if network.shores is None:
        return over
    index = network.shores.index(network.projection)
    far = np.flatnonzero(np.hypot(to_x - x, to_y - y) > _LEAST_WALK_M)
    if not far.size:
        return over
    over[far], ashore_m = index.wet(x[far], y[far], to_x[far], to_y[far], waded_m=_WADED_M)
    swum = np.flatnonzero(~over[far] & (ashore_m > _CELL_M))
    if swum.size:
        over[far[swum]] = ashore_m[swum] > _SHORE_SLACK * index.coast_m(x[far[swum]], y[far[swum]])
    return over


def nearest_on_land(
    network: Network,
    trees: tuple[SegmentTree, SegmentTree],
    nearest: npt.NDArray[np.int32],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    *,
    max_snap_m: float,
) -> Attached:
    """Return for each point the nearest place on a road that it can walk to, given the `nearest` edge of each.

    Of roads of large components and of small ones (`trees`) as `prefers_small` says.
    """
    from geoaccess.kernels import geometry

    at = np.flatnonzero(nearest >= 0)
    located = geometry.locate_on_shapes(
        nearest[at],
        x[at],
        y[at],
        network.shape_ptr,
        *network.shape_xy,
        network.shape_forward_s,
        network.shape_backward_s,
    )
    piece, share = located[3], located[4]
    near_x, near_y = (values[piece] + share * (values[piece + 1] - values[piece]) for values in network.shape_xy)
    if x.size >= MANY:
        release_pages((*network.shape_xy, network.shape_forward_s, network.shape_backward_s))
    edge, to_x, to_y, blocked = nearest.copy(), x.copy(), y.copy(), np.zeros(x.size, np.bool_)
    wet = at[leads_over_water(network, x[at], y[at], near_x, near_y)]
    large, small = (_reachable(network, tree, x[wet], y[wet], max_snap_m=max_snap_m) for tree in trees)
    takes_small = prefers_small(large.metres, small.metres)
    edge[wet] = np.where(takes_small, small.edge, large.edge)
    to_x[wet], to_y[wet] = np.where(takes_small, small.x, large.x), np.where(takes_small, small.y, large.y)
    blocked[wet] = edge[wet] < 0
    return Attached(edge, to_x, to_y, blocked)


class _Walked(NamedTuple):
    """The nearest place that each point can walk to; the edge is -1, and metres inf, where there is none."""

    edge: npt.NDArray[np.int32]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    metres: npt.NDArray[np.float64]


def _reachable(
    network: Network,
    tree: SegmentTree,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    *,
    max_snap_m: float,
) -> _Walked:
    """Return the nearest place that each point can walk to, itself where there is none."""
    found = _Walked(np.full(x.size, -1, np.int32), x.copy(), y.copy(), np.full(x.size, np.inf))
    radius, done = min(_FIRST_RADIUS_M, max_snap_m), 0.0
    while True:
        left = np.flatnonzero(found.edge < 0)
        for first, last in parts_of(left.size, max(int(_AT_ONCE * min(_FIRST_RADIUS_M / radius, 1)), 1)):
            _walk(network, tree, left[first:last], radius, done, found)
        if radius >= max_snap_m:
            return found
        radius, done = min(2 * radius, max_snap_m), radius


def _walk(
    network: Network, tree: SegmentTree, points: npt.NDArray[np.int64], radius: float, done: float, found: _Walked
) -> None:
    """Put the nearest place within a radius that each of some points can walk to into `found`, where there is one.

    Places within the radius `done` were tried before. The nearest are tried first, a few of each point at a time.
    """
    x, y = found.x[points], found.y[points]
    parts = tree.parts_within(x, y, radius, longest=radius / _PARTS)
    chosen = _thinned(parts, x, y)
    chosen = chosen[parts.distance[chosen] >= done * (1 - _RING)]
    point = parts.point[chosen]
    place = np.arange(chosen.size) - np.searchsorted(point, point)
    waits = np.ones(points.size, np.bool_)
    first, step = 0, _FIRST_TRIED
    while True:
        some = chosen[(place >= first) & (place < first + step) & waits[point]]
        if not some.size:
            return
        of, to_x, to_y = parts.point[some], parts.x[some], parts.y[some]
        dry = np.flatnonzero(~leads_over_water(network, x[of], y[of], to_x, to_y))
        done_with, best = np.unique(of[dry], return_index=True)
        best = some[dry[best]]
        waits[done_with] = False
        at = points[done_with]
        found.edge[at], found.metres[at] = parts.owner[best], parts.distance[best]
        found.x[at], found.y[at] = parts.x[best], parts.y[best]
        first, step = first + step, 4 * step


def _thinned(parts: Parts, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the nearest part in each direction from a point and at each distance, point by point, nearest first."""
    order = np.lexsort((parts.distance, parts.point))
    point, metres = parts.point[order], parts.distance[order]
    dx, dy = parts.x[order] - x[point], parts.y[order] - y[point]
    sector = np.floor((np.arctan2(dy, dx) / (2 * np.pi) + 0.5) * _SECTORS).astype(np.int64)
    ring = np.floor(np.log(np.maximum(metres, 1.0)) / _RING).astype(np.int64)
    _, first = np.unique((point * 1000 + sector) * 10_000 + ring, return_index=True)
    kept: npt.NDArray[np.int64] = order[np.sort(first)]
    return kept
