"""The areas of water near a place, made of the shores of a network: what nobody walks over, as polygons."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels.threads import at_once, parts_of
from geoaccess.network.counting import numbers_from
from geoaccess.network.shores import COAST

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.projection import LocalProjection
    from geoaccess.network.shores import Shores

__all__ = ["WaterAreas"]

_RUN = 64
"""Pieces of a coast that share one box of the search tree."""

_TOGETHER = 1000
"""So many lines of shores are made simpler by one thread at a time."""

_SHORE_M = 5.0
"""So far the borders of areas may lie from the shores."""

_BESIDE_M = 0.5
"""So far beside the middle of a piece of coast lies what is on that side of it."""

_GAP_M = 50.0
"""Over a gap that is no wider, as at the mouth of a river, a coast goes on."""


class WaterAreas:
    """The sea, and lakes and rivers, within boxes of a plane.

    Parameters
    ----------
    shores
        Coast has land on its left. Lines of one area bound it together: rings inside its rings are its islands.
    projection
        The plane.
    simplify_m
        By how much shores may be moved to have fewer points, metres; their ends stay.
    """

    def __init__(self, shores: Shores, projection: LocalProjection, *, simplify_m: float = 0.0) -> None:
        import shapely

        x, y = projection.project(shores.lon, shores.lat)
        xy = np.column_stack([x, y])
        line = np.repeat(np.arange(shores.area.size), np.diff(shores.ptr))
        whole: Any = shapely.linestrings(xy, indices=line)
        if simplify_m and whole.size:
            parts, coast = parts_of(whole.size, _TOGETHER), shores.area == COAST
            whole = np.concatenate(at_once(*(partial(_simple, whole[a:b], coast[a:b], simplify_m) for a, b in parts)))
            xy, line = shapely.get_coordinates(whole, return_index=True)
        begins = np.searchsorted(line, np.arange(shores.area.size))
        inland = shores.area != COAST
        areas = np.unique(shores.area[inland], return_inverse=True)[1]
        order = np.argsort(areas, kind="stable")
        joined: Any = shapely.multilinestrings(whole[inland][order], indices=areas[order]) if order.size else []
        self._lakes = np.asarray(shapely.build_area(joined), object)
        self._lake_tree = shapely.STRtree(self._lakes)
        first = np.flatnonzero((line[:-1] == line[1:]) & (shores.area[line[:-1]] == COAST))
        within = first - begins[line[first]]
        coasts = np.flatnonzero(~inland)
        gaps = _gaps(xy[begins[coasts]], xy[np.append(begins[1:], line.size)[coasts] - 1])
        run = np.append(np.cumsum(within % _RUN == 0), first.size + np.arange(len(gaps)))
        self._ends = np.concatenate([np.stack([xy[first], xy[first + 1]], axis=1), gaps])
        self._bounds = np.append(np.flatnonzero(np.diff(run, prepend=0)), run.size)
        boxes: Any = []
        if run.size:
            low = np.minimum.reduceat(self._ends.min(axis=1), self._bounds[:-1])
            high = np.maximum.reduceat(self._ends.max(axis=1), self._bounds[:-1])
            boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
        self._coast_tree = shapely.STRtree(boxes)

    def within(self, box: Any, *, narrow_m: float = 0.0) -> Any:
        """Return the water in a box as one area, empty where there is none; without what is at most `narrow_m` wide.

        The sea is what lies on the right of a piece of coast, up to the next coast or the edge of the box. A coast that
        ends inside the box, as at the border of an extract, divides nothing there: what lies on both sides is land
        unless most of the coast around it has it on the right alone.
        """
        import shapely

        west, south, east, north = box.bounds  # a little more, so that what the box cuts off does not look narrow
        box = shapely.box(west - 2 * narrow_m, south - 2 * narrow_m, east + 2 * narrow_m, north + 2 * narrow_m)
        lakes = self._lakes[self._lake_tree.query(box, predicate="intersects")]
        parts = [*shapely.clip_by_rect(lakes, *box.bounds), *self._sea(box)]
        water: Any = shapely.union_all([shapely.make_valid(part) for part in parts])
        if narrow_m and not water.is_empty:
            # Its rounded corners lie within the water, but for centimetres.
            water = water.buffer(-narrow_m / 2, quad_segs=4).buffer(narrow_m / 2, quad_segs=2)
        simple = shapely.simplify(water, _SHORE_M, preserve_topology=False)  # which takes a quarter of the time
        return simple if shapely.is_valid(simple) else shapely.simplify(water, _SHORE_M)

    def _sea(self, box: Any) -> list[Any]:
        import shapely

        runs = np.sort(self._coast_tree.query(box))
        if not runs.size:
            return []
        sizes = self._bounds[runs + 1] - self._bounds[runs]
        piece = numbers_from(self._bounds[runs], sizes)
        west, south, east, north = box.bounds  # so that each piece crosses the edge, whatever is rounded
        ends = _clipped(self._ends[piece], (west - 1, south - 1, east + 1, north + 1))
        coasts = _coasts(ends)
        noded = shapely.union_all([*coasts.lines, box.exterior])
        faces = np.asarray(list(shapely.polygonize([*shapely.get_parts(noded)]).geoms), object)
        if faces.size < 2:  # noqa: PLR2004 - a whole box is divided by no coast
            return []
        return list(faces[_right_of(coasts, faces, 1) > 2 * _right_of(coasts, faces, -1)])


def _simple(lines: npt.NDArray[np.object_], coast: npt.NDArray[np.bool_], simplify_m: float) -> npt.NDArray[np.object_]:
    """Return lines with fewer points; a ring that is smaller stays a ring, and no shore of a lake crosses itself.

    A coast may, as it is cut into pieces afterwards: GEOS takes a fifth of the time if it need not see to it.
    """
    import shapely

    simple = np.asarray(shapely.simplify(lines, simplify_m, preserve_topology=False), object)
    flat = shapely.is_closed(lines) & (shapely.get_num_coordinates(simple) < 4)  # noqa: PLR2004 - of a triangle
    careful = ~coast | flat
    simple[careful] = shapely.simplify(lines[careful], simplify_m)
    return simple


class _Coasts(NamedTuple):
    """Pieces of coast that go on in one another as lines, with how long each is and the ends of its longest piece."""

    lines: npt.NDArray[np.object_]
    length: npt.NDArray[np.float64]
    longest: npt.NDArray[np.float64]


def _coasts(ends: npt.NDArray[np.float64]) -> _Coasts:
    import shapely

    ends = ends[(ends[:, 0] != ends[:, 1]).any(axis=1)]
    if not len(ends):
        return _Coasts(np.empty(0, object), np.empty(0), ends)
    number = np.append(0, np.cumsum((ends[1:, 0] != ends[:-1, 1]).any(axis=1)))
    first = np.flatnonzero(np.diff(number, prepend=-1))
    last = np.append(first[1:], len(ends)) - 1
    xy = np.insert(ends[:, 0], last + 1, ends[last, 1], axis=0)
    lines: Any = shapely.linestrings(xy, indices=np.insert(number, last + 1, number[last]))
    length = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    longest = np.lexsort((-length, number))[first]
    return _Coasts(np.asarray(lines, object), np.add.reduceat(length, first), ends[longest])


def _gaps(begin: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return from where to where coasts go on over a gap, given the ends of all: to the nearest that begins."""
    import shapely

    first, last = (xy[:, 0] + 1j * xy[:, 1] for xy in (begin, end))
    alone, other = end[~np.isin(last, first)], begin[~np.isin(first, last)]
    points: Any = shapely.points(other)
    near = shapely.STRtree(points).query_nearest(shapely.points(alone), max_distance=_GAP_M, all_matches=False)
    return np.stack([alone[near[0]], other[near[1]]], axis=1)


def _clipped(ends: npt.NDArray[np.float64], bounds: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Return what of some pieces of a line lies in a box, in their direction (Liang and Barsky)."""
    begin, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (np.array(corner) for corner in (bounds[:2], bounds[2:]))
        shares = np.stack([(one - begin) / along, (other - begin) / along])
    outside = ((begin < one) | (begin > other)) & (along == 0)
    low = np.where(along == 0, 0.0, shares.min(axis=0)).max(axis=1).clip(0.0)
    high = np.where(along == 0, 1.0, shares.max(axis=0)).min(axis=1).clip(None, 1.0)
    some = (low < high) & ~outside.any(axis=1)
    cut = np.stack([low, high], axis=1)[some, :, None]
    # Its own end stays as it is, to the last bit, so that pieces meet.
    return np.where(cut == 1.0, ends[some, 1:], begin[some, None] + cut * along[some, None])


def _right_of(coasts: _Coasts, faces: npt.NDArray[np.object_], side: int) -> npt.NDArray[np.float64]:
    """Return over how many metres each face lies on the right of coasts, or on their left if `side` is -1.

    No coast crosses the border of a face, so that one place beside each tells.
    """
    import shapely

    begin, end = coasts.longest[:, 0], coasts.longest[:, 1]
    along = (end - begin) / np.hypot(*(end - begin).T)[:, None]
    aside = side * _BESIDE_M * np.column_stack([along[:, 1], -along[:, 0]])
    points: Any = shapely.points((begin + end) / 2 + aside)
    face, point = shapely.STRtree(points).query(faces, predicate="contains")  # a face is looked into many times
    return np.asarray(np.bincount(face, coasts.length[point], minlength=faces.size), np.float64)
