"""An area of a plane put together by squares: most of the work is done in each square by itself, on threads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels.thinning import bends
from geoaccess.kernels.threads import at_once, parts_of
from geoaccess.network.counting import count_within, distinct_squares, numbers_from
from geoaccess.routing.rings import Rings, areas_of, polygons_of, ringed

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Patchwork"]

_SQUARE_M = 8000.0
"""The side of a square."""

_CORNER_M = 1234.5678
"""Where squares begin: somewhere where no border of an area is likely to run along theirs."""

_BATCH = 64
"""So many squares are made simpler at once."""

_LESS = np.array([1.0, 0.25])
"""Where borders would cross that are made simpler, they are by so much less; in the end they stay as they are."""

_STEP_M = 1e-3
"""Where borders lie closer upon another than can be computed with, they are put together by such steps."""

_SURE = 1e-6
"""The share of an area that may be lost to rounding."""


class Patchwork:
    """A growing area.

    Parameters
    ----------
    simplify_m
        By how much borders may be moved to have fewer points, metres. Where they cross the edge of a square they stay,
        so that each square is made simpler by itself. What was there before stays, too.
    """

    def __init__(self, *, simplify_m: float) -> None:
        self._simplify_m = simplify_m
        self._areas: dict[tuple[int, int], Any] = {}

    def add(self, areas: list[Any]) -> None:
        """Let more areas, which may lie upon another, be part of it."""
        import shapely

        if not areas:
            return
        parts = shapely.get_parts(areas)
        squares, which = _touched(parts)
        asked = zip(squares.tolist(), which, strict=True)
        every = np.array(at_once(*(partial(self._grown, square, parts[some]) for square, some in asked)), object)
        some = np.flatnonzero(~shapely.is_empty(every))
        places, grown = squares[some], every[some]
        if self._simplify_m:
            batches = parts_of(some.size, _BATCH)
            simple = at_once(*(partial(self._simple, grown[a:b], places[a:b]) for a, b in batches))
            grown = np.concatenate(simple) if simple else grown
        self._areas.update((tuple(place), area) for place, area in zip(places.tolist(), grown, strict=True))

    def copy(self) -> Patchwork:
        """Return the area as it is now."""
        copied = Patchwork(simplify_m=self._simplify_m)
        copied._areas = dict(self._areas)
        return copied

    def joined(self, *, largest_hole_m2: float) -> Any:
        """Return the area as one MultiPolygon, without holes up to a size and what lies in them."""
        import shapely

        if not self._areas:
            return shapely.MultiPolygon()
        squares, areas = np.array([*self._areas]), np.array([*self._areas.values()], object)
        outlines = _stitched(_outlines(areas, squares))
        if outlines is None or abs(outlines.area.sum() - shapely.area(areas).sum()) > _SURE * shapely.area(areas).sum():
            outlines = _whole(_valid_union([*areas]))
        found = polygons_of(outlines, largest_hole_m2)
        if not all(at_once(*(partial(shapely.is_valid, part) for part in found))):
            outlines = _whole(_valid_union([*areas]))
            found = polygons_of(outlines, largest_hole_m2)
        return shapely.MultiPolygon([*found])

    def _grown(self, square: list[int], parts: npt.NDArray[np.object_]) -> Any:
        """Return the area of a square with what of some polygons lies in it."""
        import shapely

        (west, south), (east, north) = _edges(np.array(square))
        clipped = np.asarray(shapely.clip_by_rect(parts, west, south, east, north), object)
        wrong = ~shapely.is_valid(clipped)
        clipped[wrong] = shapely.intersection(parts[wrong], shapely.box(west, south, east, north))
        before = self._areas.get((square[0], square[1]))
        return _valid_union([*clipped[~shapely.is_empty(clipped)], *([] if before is None else [before])])

    def _simple(self, areas: npt.NDArray[np.object_], squares: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        """Return the areas of some squares with fewer points, each with all that was there before."""
        simple = _simplified(areas, squares, self._simplify_m)
        for number, square in enumerate(squares.tolist()):
            if (before := self._areas.get((square[0], square[1]))) is not None:
                simple[number] = _valid_union([simple[number], before])
        return simple


class _Outlines(NamedTuple):
    """Rings with the land on their left, one after another, open; those that meet an edge begin where one leaves it.

    `along` says of each point whether the way on from it runs along an edge of its square.
    """

    xy: npt.NDArray[np.float64]
    ptr: npt.NDArray[np.int64]
    along: npt.NDArray[np.bool_]
    part: npt.NDArray[np.int64]
    square: npt.NDArray[np.int64]
    squares: npt.NDArray[np.int64]


def _edges(square: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the lower left and the upper right corners of squares: the same number for both that meet in an edge."""
    low, high = (np.asarray(_CORNER_M + one * _SQUARE_M, np.float64) for one in (square, square + 1))
    return low, high


def _touched(parts: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.int64]]]:
    """Return the squares in which parts may lie, and which parts in each."""
    import shapely

    low, high = np.split(np.floor((shapely.bounds(parts) - _CORNER_M) / _SQUARE_M).astype(np.int64), 2, axis=1)
    columns, rows = (high - low + 1).T
    part = np.repeat(np.arange(columns.size), columns * rows)
    number = count_within(columns * rows)
    at = low[part] + np.column_stack([number % columns[part], number // columns[part]])
    squares, square = distinct_squares(at)
    order = np.argsort(square, kind="stable")
    return squares, np.split(part[order], np.flatnonzero(np.diff(square[order])) + 1)


def _valid_union(areas: list[Any]) -> Any:
    """Return polygons as one area that is valid, without the lines and points in which they only touch."""
    import shapely

    joined: Any = areas[0] if len(areas) == 1 else shapely.union_all(areas)
    if not shapely.is_valid(joined):
        joined = shapely.union_all(areas, grid_size=_STEP_M)
    if joined.geom_type == "GeometryCollection":
        joined = shapely.MultiPolygon([part for part in joined.geoms if part.geom_type == "Polygon"])
    return joined


def _outlines(areas: npt.NDArray[np.object_], squares: npt.NDArray[np.int64]) -> _Outlines:
    """Return the outlines of areas that each lie in a square."""
    import shapely

    parts, square = shapely.get_parts(areas, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    closes = np.append(ring[1:] != ring[:-1], np.ones(min(ring.size, 1), np.bool_))
    xy, sizes = xy[~closes], np.bincount(ring, minlength=rings.size) - 1
    ptr = np.append(0, np.cumsum(sizes))
    outer = np.append(True, part[1:] != part[:-1])[: part.size]
    backward = (areas_of(xy, ptr) > 0) != outer
    first, number = np.repeat(ptr[:-1], sizes), count_within(sizes)
    xy = xy[np.where(np.repeat(backward, sizes), first + np.repeat(sizes, sizes) - 1 - number, first + number)]
    after = first + (number + 1) % np.repeat(sizes, sizes)
    low, high = (np.repeat(corner[square[part]], sizes, axis=0) for corner in _edges(squares))
    along = ((xy == xy[after]) & ((xy == low) | (xy == high))).any(axis=1)
    # Turned, so that none begins in the middle of what runs from edge to edge.
    before = first + (number - 1) % np.repeat(sizes, sizes)
    leaves = np.where(along[before] & ~along, number, np.iinfo(np.int64).max)
    begin = np.minimum.reduceat(leaves, ptr[:-1])
    begin[begin == np.iinfo(np.int64).max] = 0
    order = first + (number + np.repeat(begin, sizes)) % np.repeat(sizes, sizes)
    return _Outlines(xy[order], ptr, along[order], part, square[part], squares)


def _runs(outlines: _Outlines) -> npt.NDArray[np.int64]:
    """Return where each stretch of an outline begins that does not run along an edge, and the end of all."""
    begins = np.append(True, outlines.along[:-1])
    begins[outlines.ptr[:-1]] = True
    return np.append(np.flatnonzero(begins), outlines.along.size)


def _simplified(
    areas: npt.NDArray[np.object_], squares: npt.NDArray[np.int64], simplify_m: float
) -> npt.NDArray[np.object_]:
    """Return areas that each lie in a square with fewer points, unmoved where their borders meet the edge."""
    found, left = areas.copy(), np.arange(areas.size)
    for most in simplify_m * _LESS:
        lines = _outlines(areas[left], squares[left])
        simple, right = _put_together(*_fewer_points(lines, most), lines, left.size)
        found[left[right]] = simple[right]
        left = left[~right]
        if not left.size:
            break
    return found


def _fewer_points(lines: _Outlines, most_m: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return those points of outlines that they need lest they move by more, and how many are in each."""
    runs = _runs(lines)
    ring = np.searchsorted(lines.ptr, runs[:-1], side="right") - 1
    points = np.diff(runs)
    closed = (points == np.diff(lines.ptr)[ring]) & ~lines.along[runs[1:] - 1]
    sizes = points + closed
    run, number = np.repeat(np.arange(sizes.size), sizes), count_within(sizes)
    back = closed[run] & (number == points[run])
    point = runs[run] + np.where(back, 0, number)
    ptr = np.append(0, np.cumsum(sizes))
    x, y = np.ascontiguousarray(lines.xy[point].T)
    kept = bends(x, y, ptr, most_m)
    left = np.add.reduceat(kept, ptr[:-1], dtype=np.int64)
    # What only bulges over an edge would be nothing, and so would a ring of fewer than three points.
    begin, end = lines.xy[runs[:-1]], lines.xy[runs[1:] - 1]
    flat = np.where(closed, left < 4, (left == 2) & (begin == end).any(axis=1))  # noqa: PLR2004
    kept = (kept | flat[run]) & ~back
    return lines.xy[point[kept]], np.bincount(ring[run[kept]], minlength=lines.part.size)


def _put_together(
    xy: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64], lines: _Outlines, count: int
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """Return the areas of outlines that have other points, and which of them are areas."""
    import shapely

    found, right = np.empty(count, object), np.zeros(count, np.bool_)
    few = np.bincount(lines.square[sizes < 3], minlength=count) > 0  # noqa: PLR2004 - of a triangle
    kept = ~few[lines.square]
    if not kept.any():
        return found, right
    ring = np.repeat(np.cumsum(kept) - 1, sizes)[np.repeat(kept, sizes)]
    rings: Any = shapely.linearrings(xy[np.repeat(kept, sizes)], indices=ring)
    part = np.unique(lines.part[kept], return_inverse=True)[1]
    polygons: Any = shapely.polygons(rings, indices=part)
    squares, square = np.unique(lines.square[kept][np.flatnonzero(np.diff(part, prepend=-1))], return_inverse=True)
    found[squares] = shapely.multipolygons(polygons, indices=square)
    right[squares] = shapely.is_valid(found[squares])
    return found, right


def _stitched(lines: _Outlines) -> Rings | None:
    """Return the rings of all squares as one, without their edges; None where borders do not meet at an edge."""
    runs = _runs(lines)
    ring = np.searchsorted(lines.ptr, runs[:-1], side="right") - 1
    open_ring = np.logical_or.reduceat(lines.along, lines.ptr[:-1])
    chain = (np.diff(runs) > 1) & open_ring[ring]
    begin, end, square = runs[:-1][chain], runs[1:][chain] - 1, lines.square[ring[chain]]
    after = _followed(lines, begin, end, lines.squares[square], lines.ptr[ring[chain]], lines.ptr[ring[chain] + 1])
    if after is None:
        return None
    order, heads = _in_turn(after)
    sizes = np.append((end - begin)[order], np.diff(lines.ptr)[~open_ring])
    firsts = np.append(begin[order], lines.ptr[:-1][~open_ring])
    xy = lines.xy[numbers_from(firsts, sizes)]
    of = np.append(heads, heads.max(initial=-1) + 1 + np.arange((~open_ring).sum()))
    return ringed(xy, np.bincount(np.repeat(of, sizes)))


def _whole(area: Any) -> Rings:
    """Return the rings of an area."""
    far = np.array([[np.iinfo(np.int32).min] * 2])  # a square at whose edge nothing lies
    lines = _outlines(np.array([area], object), far)
    return ringed(lines.xy, np.diff(lines.ptr))


def _followed(
    lines: _Outlines,
    begin: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    squares: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64] | None:
    """Return of each stretch from edge to edge which one in the next square goes on from it."""
    beyond = np.where(end + 1 < last, end + 1, first)
    before = np.where(begin > first, begin, last) - 1
    leaving, at_end = _crossings(lines.xy[end], lines.xy[beyond], squares, from_high=False)
    entering, at_begin = _crossings(lines.xy[begin], lines.xy[before], squares, from_high=True)
    one, other = (np.lexsort((at, *edge.T)) for edge, at in ((leaving, at_end), (entering, at_begin)))
    apart = np.abs(at_end[one] - at_begin[other])
    if (leaving[one] != entering[other]).any() or (apart > 2 * _STEP_M).any():
        return None
    after = np.empty(one.size, np.int64)
    after[one] = other
    return after


def _crossings(
    at: npt.NDArray[np.float64],
    along: npt.NDArray[np.float64],
    squares: npt.NDArray[np.int64],
    *,
    from_high: bool,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return over which edge, and which way, a border crosses at a point, and where; `along` is further on the edge."""
    low, high = _edges(squares)
    upright = (at[:, 0] == along[:, 0]) & ((at[:, 0] == low[:, 0]) | (at[:, 0] == high[:, 0]))
    axis = np.where(upright, 0, 1)
    every = np.arange(axis.size)
    upper = at[every, axis] == high[every, axis]
    edge = np.column_stack([axis, squares[every, axis] + upper, squares[every, 1 - axis], upper != from_high])
    return edge.astype(np.int64), at[every, 1 - axis]


def _in_turn(after: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the members of each round of a permutation one after another, and the number of their round."""
    head, jump = np.arange(after.size), after
    for _ in range(int(after.size).bit_length()):
        head, jump = np.minimum(head, head[jump]), jump[jump]
    ends = after == head
    left, jump = np.where(ends, 0, 1), np.where(ends, np.arange(after.size), after)
    for _ in range(int(after.size).bit_length()):
        left, jump = left + left[jump], jump[jump]
    order = np.lexsort((-left, head))
    return order, np.unique(head[order], return_inverse=True)[1]
