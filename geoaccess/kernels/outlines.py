"""The outline of all ground within some widths of segments, by a grid that is fine only where the outline runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.banks import Beyond, is_beyond
from geoaccess.kernels.growing import longer_rows
from geoaccess.kernels.segment_squares import sorted_in_squares, squares_around
from geoaccess.kernels.thinning import thin_ring

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["outline_rings"]

_LEAF = 4
"""Steps on a side of the smallest squares, at all corners of whose cells it is computed how far inside they lie."""

_SIDE = _LEAF + 1
"""Points on a side of the smallest squares."""

_LEVELS = 5
"""So many times the largest squares are halved; they have 64 steps on a side."""

_EDGES = 2 * _LEAF * _LEAF
"""Edges of the grid that belong to a smallest square: those along its lower and its left side, and within."""

_FROM = np.array([[-1, 0, 1, 1, 2, 0, 2, 2, 3, 0, 1, 1, 3, 0, 3, -1], [-1] * 5 + [2] + [-1] * 4 + [3] + [-1] * 5])
_TO = np.array([[-1, 3, 0, 3, 1, 1, 0, 3, 2, 2, 2, 2, 1, 1, 0, -1], [-1] * 5 + [3] + [-1] * 4 + [0] + [-1] * 5])
"""Over which sides of a cell an outline comes and goes, the ground on its left: 0 below, 1 right, 2 above, 3 left.

Of the 16 ways in which corners are ground (1 lower left, 2 lower right, 4 upper right, 8 upper left); where two that
lie across are ground, two outlines leave ground between them.
"""

_SURE = 1e-6
"""What of a square is rounding."""

_AT_LEAST = 1e-3
"""An outline meets an edge of the grid no nearer to its ends than this share of it, so that no rings touch."""


@numba.njit(cache=True, nogil=True)
def outline_rings(
    ends: npt.NDArray[np.float64],
    widths: npt.NDArray[np.float64],
    step: float,
    simplify: float,
    beyond: Beyond,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the rings around all ground within its width of a segment: points one after another, and how many in each.

    A place is `f = max over segments (width - distance)` inside. Squares in which f has one sign for certain are
    left alone, others are quartered with those segments that may be the nearest in them; in the smallest, f is computed
    at all points of a grid, on whose edges the outline lies where f would be 0 if it changed evenly from point to
    point. So an outline is as exact as f is straight over a step: beside a segment it is exact, around an end of a
    width w it lies `step**2 / 8 w` inside, and where two widths meet in a bend inwards, the bend is cut within a cell.

    Rings are closed (their first point is not repeated), have the ground on their left, and neither cross nor touch
    unless they are made simpler. Points of the grid are multiples of the step: the outlines of the same segments are
    the same, whichever others are there.

    Parameters
    ----------
    ends
        The ends of each segment, x, y, x, y, metres, shape (n, 4); one of no length is a circle.
    widths
        Of each segment, metres, shape (n,); above 0.
    step
        From point to point of the grid, metres: less than each width.
    simplify
        By how much rings may be moved to have fewer points, metres.
    beyond
        Ground that is not that of a segment, though it lies within its width: see `Beyond`, whose lines are the
        segments here, and of whose rows two are a step. An outline runs around the last point of the grid before it.
    """
    side = step * (_LEAF << (_LEVELS - 1))
    low_x, low_y, columns, rows = squares_around(ends, widths, side)
    ptr, member = sorted_in_squares(ends, widths, side, low_x, low_y, columns, rows)
    slots = np.full((rows << (_LEVELS - 1), columns << (_LEVELS - 1)), -1, np.int32)
    corners = np.empty((256, 2), np.int64)
    after = np.full((256, _EDGES), -1, np.int32)
    share = np.empty((256, _EDGES))
    pool = np.empty((_LEVELS + 1) * np.diff(ptr).max(), np.int64)
    plane = np.empty((pool.size, 3))
    begin = np.zeros(_LEVELS + 2, np.int64)
    stack = np.empty((4 * _LEVELS, 3), np.int64)
    f = np.empty((6, _SIDE * _SIDE))
    used = 0
    for square in range(rows * columns):
        begin[1] = ptr[square + 1] - ptr[square]
        if begin[1] == 0:
            continue
        pool[: begin[1]] = member[ptr[square] : ptr[square + 1]]
        middle_x, middle_y = (low_x + square % columns + 0.5) * side, (low_y + square // columns + 0.5) * side
        for k in range(begin[1]):
            _touch(plane, k, ends, pool[k], widths[pool[k]], middle_x, middle_y)
        stack[0, 0] = (square % columns) << (_LEVELS - 1)
        stack[0, 1] = (square // columns) << (_LEVELS - 1)
        stack[0, 2] = 0
        depth = 1
        while depth:
            depth -= 1
            x, y, level = stack[depth]
            leaves = 1 << (_LEVELS - 1 - level)
            first_x = ((low_x << (_LEVELS - 1)) + x) * _LEAF
            first_y = ((low_y << (_LEVELS - 1)) + y) * _LEAF
            steps = leaves * _LEAF
            if not _some_nearest(ends, widths, first_x, first_y, steps, step, pool, plane, begin, level, beyond):
                continue
            if level < _LEVELS - 1:
                for quarter in range(4):
                    stack[depth, 0] = x + leaves // 2 * (quarter % 2)
                    stack[depth, 1] = y + leaves // 2 * (quarter // 2)
                    stack[depth, 2] = level + 1
                    depth += 1
                continue
            if not _fill(ends, widths, first_x, first_y, step, pool[begin[level + 1] : begin[level + 2]], beyond, f):
                continue
            if used + 4 > after.shape[0]:  # an outline that leaves it upwards or to the right goes on in others
                corners, after, share = _larger(corners, after, share)
            used = _march(f, x, y, slots, corners, after, share, used)
    corners = corners[:used] + np.array([low_x << (_LEVELS - 1), low_y << (_LEVELS - 1)])
    return _traced(corners, after[:used], share, step, simplify)


@numba.njit(cache=True, nogil=True)
def _fill(
    ends: npt.NDArray[np.float64],
    widths: npt.NDArray[np.float64],
    first_x: int,
    first_y: int,
    step: float,
    some: npt.NDArray[np.int64],
    beyond: Beyond,
    f: npt.NDArray[np.float64],
) -> bool:
    """Write how far inside of some segments the points of a smallest square lie; say whether some are in, some out.

    f[0] is that of all to whom a point is not beyond, f[1] of those to whom none of the points is, and f[2] above 0
    where a point is inside of others, but beyond for them. f[3:5] is where the points are, and f[5] for own use.
    """
    for j in range(_SIDE):
        for i in range(_SIDE):
            f[3, j * _SIDE + i], f[4, j * _SIDE + i] = (first_x + i) * step, (first_y + j) * step
    f[:2] = -np.inf
    f[2] = 0.0
    for k in some:
        _inside(ends, widths, k, f)
        entry = beyond.entry[k]
        parted = False
        if entry >= 0 and _meets(beyond.box[entry], first_x * step, first_y * step, _LEAF * step):
            for n in range(_SIDE * _SIDE):
                if f[5, n] > 0 and is_beyond(beyond, entry, f[3, n], first_y + n // _SIDE):
                    f[2, n] = 1.0
                    f[5, n] = -np.inf
                    parted = True
        for n in range(_SIDE * _SIDE):
            f[0, n] = max(f[0, n], f[5, n])
        if not parted:
            for n in range(_SIDE * _SIDE):
                f[1, n] = max(f[1, n], f[5, n])
    inside = 0
    for n in range(_SIDE * _SIDE):
        inside += f[0, n] >= 0
    return 0 < inside < _SIDE * _SIDE


@numba.njit(cache=True, nogil=True, inline="always")
def _inside(ends: npt.NDArray[np.float64], widths: npt.NDArray[np.float64], k: int, f: npt.NDArray[np.float64]) -> None:
    """Write how far inside of a segment points lie; without branches, so that some are computed at once."""
    ax, ay, width = ends[k, 0], ends[k, 1], widths[k]
    along_x, along_y = ends[k, 2] - ax, ends[k, 3] - ay
    square = along_x * along_x + along_y * along_y
    square = square if square > 0 else 1.0
    for n in range(_SIDE * _SIDE):
        x, y = f[3, n] - ax, f[4, n] - ay
        part = min(max((x * along_x + y * along_y) / square, 0.0), 1.0)
        x, y = x - part * along_x, y - part * along_y
        f[5, n] = width - np.sqrt(x * x + y * y)


@numba.njit(cache=True, nogil=True)
def _crossing(f: npt.NDArray[np.float64], n: int, to: int) -> float:
    """Return where an outline crosses the edge of the grid between two points: as a share of the way from the first."""
    if f[0, n] < 0:
        return 1 - _crossing(f, to, n)
    # It ends at once for those to whom the ground over there is beyond.
    of = 1 if f[2, to] > 0 else 0
    inside, outside = f[of, n], f[of, to]
    return 0.0 if inside < 0 else inside / (inside - outside)


@numba.njit(cache=True, nogil=True)
def _some_nearest(
    ends: npt.NDArray[np.float64],
    widths: npt.NDArray[np.float64],
    first_x: int,
    first_y: int,
    steps: int,
    step: float,
    pool: npt.NDArray[np.int64],
    plane: npt.NDArray[np.float64],
    begin: npt.NDArray[np.int64],
    level: int,
    beyond: Beyond,
) -> bool:
    """Write which segments may be the nearest somewhere in a square, if an outline may run there; and say so.

    How far inside of a segment places lie is concave: it is nowhere above a plane that touches it somewhere, and in a
    square above all planes that are below it at the corners. So a segment whose `plane`, which touches it in the square
    around, is below another segment at all four corners is nowhere the nearest there. Nor is it of account where it is
    farther off than a step: no outline lies so far.
    """
    half = steps * step / 2
    x, y, sure = first_x * step + half, first_y * step + half, _SURE * half
    first, last = begin[level], begin[level + 1]
    most, nearest = -np.inf, -1
    for k in range(first, last):
        inside = plane[k, 0] + plane[k, 1] * x + plane[k, 2] * y
        if inside > most:
            entry = beyond.entry[pool[k]]
            if entry < 0 or not _meets(beyond.box[entry], first_x * step, first_y * step, steps * step):
                most, nearest = inside, pool[k]
    a = b = c = d = -np.inf
    if nearest >= 0:
        width = widths[nearest] - sure
        west, south, east, north = x - half, y - half, x + half, y + half
        a, b = width - _distance(ends, nearest, west, south), width - _distance(ends, nearest, east, south)
        c, d = width - _distance(ends, nearest, west, north), width - _distance(ends, nearest, east, north)
        if min(a, b, c, d) >= 0:
            return False
    highest, end = -np.inf, last
    for k in range(first, last):
        if _is_below(plane, k, x, y, half, a, b, c, d, -step - sure):
            continue
        _touch(plane, end, ends, pool[k], widths[pool[k]], x, y)
        if _is_below(plane, end, x, y, half, a, b, c, d, -step - sure):
            continue
        inside = plane[end, 0] + plane[end, 1] * x + plane[end, 2] * y
        highest = max(highest, inside + (abs(plane[end, 1]) + abs(plane[end, 2])) * half)
        pool[end] = pool[k]
        end += 1
    begin[level + 2] = end
    return highest >= -sure


@numba.njit(cache=True, nogil=True, inline="always")
def _touch(
    plane: npt.NDArray[np.float64],
    k: int,
    ends: npt.NDArray[np.float64],
    one: int,
    width: float,
    x: float,
    y: float,
) -> None:
    """Write the plane that touches how far inside of a segment places lie: at 0, 0, and how it rises with x and y."""
    off_x, off_y = _away(ends, one, x, y)
    off = np.sqrt(off_x * off_x + off_y * off_y)
    scale = -1 / off if off > 0 else 0.0
    plane[k, 1], plane[k, 2] = off_x * scale, off_y * scale
    plane[k, 0] = width - off - plane[k, 1] * x - plane[k, 2] * y


@numba.njit(cache=True, nogil=True, inline="always")
def _is_below(
    plane: npt.NDArray[np.float64],
    k: int,
    x: float,
    y: float,
    half: float,
    a: float,
    b: float,
    c: float,
    d: float,
    least: float,
) -> bool:
    """Say whether a plane is below a value at each corner of a square, or below the least at all of them."""
    inside = plane[k, 0] + plane[k, 1] * x + plane[k, 2] * y
    along_x, along_y = plane[k, 1] * half, plane[k, 2] * half
    if inside + abs(along_x) + abs(along_y) < least:
        return True
    below = inside - along_x - along_y < a and inside + along_x - along_y < b
    return bool(below and inside - along_x + along_y < c and inside + along_x + along_y < d)


@numba.njit(cache=True, nogil=True, inline="always")
def _meets(box: npt.NDArray[np.float64], x: float, y: float, side: float) -> bool:
    return bool(box[0] <= x + side and box[2] >= x and box[1] <= y + side and box[3] >= y)


@numba.njit(cache=True, nogil=True, inline="always")
def _away(ends: npt.NDArray[np.float64], k: int, x: float, y: float) -> tuple[float, float]:
    """Return the way to a place from the nearest one on a segment."""
    along_x, along_y = ends[k, 2] - ends[k, 0], ends[k, 3] - ends[k, 1]
    x, y = x - ends[k, 0], y - ends[k, 1]
    square = along_x * along_x + along_y * along_y
    part = 0.0 if square == 0 else min(max((x * along_x + y * along_y) / square, 0.0), 1.0)
    return x - part * along_x, y - part * along_y


@numba.njit(cache=True, nogil=True, inline="always")
def _distance(ends: npt.NDArray[np.float64], k: int, x: float, y: float) -> float:
    x, y = _away(ends, k, x, y)
    return float(np.sqrt(x * x + y * y))


@numba.njit(cache=True, nogil=True)
def _larger(
    corners: npt.NDArray[np.int64], after: npt.NDArray[np.int32], share: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    more = longer_rows(after)
    for slot in range(after.shape[0], more.shape[0]):
        for edge in range(_EDGES):
            more[slot, edge] = -1
    return longer_rows(corners), more, longer_rows(share)


@numba.njit(cache=True, nogil=True)
def _march(
    f: npt.NDArray[np.float64],
    x: int,
    y: int,
    slots: npt.NDArray[np.int32],
    corners: npt.NDArray[np.int64],
    after: npt.NDArray[np.int32],
    share: npt.NDArray[np.float64],
    used: int,
) -> int:
    """Write of each edge of a smallest square over which edge an outline goes on; how many squares have a number."""
    for j in range(_LEAF):
        for i in range(_LEAF):
            n = j * _SIDE + i
            a, b, c, d = f[0, n], f[0, n + 1], f[0, n + _SIDE + 1], f[0, n + _SIDE]
            case = (a >= 0) + 2 * (b >= 0) + 4 * (c >= 0) + 8 * (d >= 0)
            across = _FROM[1, case] >= 0
            for which in range(2 if across else 1):
                come, go = _FROM[which, case], _TO[which, case]
                if across and a + b + c + d < 0:  # no ground in the middle
                    go = _TO[1 - which, case]
                if come < 0:
                    continue
                side = come
                come, used = _edge(come, x, y, i, j, slots, corners, used)
                go, used = _edge(go, x, y, i, j, slots, corners, used)
                after[come // _EDGES, come % _EDGES] = go
                at = n + (side == 2) * _SIDE + (side == 1)
                at = _crossing(f, at, at + (_SIDE if side % 2 else 1))
                share[come // _EDGES, come % _EDGES] = min(max(at, _AT_LEAST), 1 - _AT_LEAST)
    return used


@numba.njit(cache=True, nogil=True)
def _edge(
    side: int,
    x: int,
    y: int,
    i: int,
    j: int,
    slots: npt.NDArray[np.int32],
    corners: npt.NDArray[np.int64],
    used: int,
) -> tuple[int, int]:
    """Return the number of the edge at a side of a cell: that of the smallest square whose it is, and which of its."""
    i, j = i + (side == 1), j + (side == 2)
    x, y, i, j = x + i // _LEAF, y + j // _LEAF, i % _LEAF, j % _LEAF
    if slots[y, x] < 0:
        slots[y, x] = used
        corners[used, 0], corners[used, 1] = x, y
        used += 1
    return slots[y, x] * _EDGES + 2 * (j * _LEAF + i) + side % 2, used


@numba.njit(cache=True, nogil=True)
def _traced(
    corners: npt.NDArray[np.int64],
    after: npt.NDArray[np.int32],
    share: npt.NDArray[np.float64],
    step: float,
    simplify: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the rings that edges follow one another in, see `outline_rings`."""
    count = 0
    for slot in range(after.shape[0]):
        for edge in range(_EDGES):
            count += after[slot, edge] >= 0
    xy = np.empty((count, 2))
    sizes = np.empty(count // 4, np.int64)
    kept = np.empty(count + 1, np.bool_)
    stack = np.empty((count + 2, 2), np.int64)
    done = rings = 0
    for slot in range(after.shape[0]):
        for edge in range(_EDGES):
            here = slot * _EDGES + edge
            end = done
            while after[here // _EDGES, here % _EDGES] >= 0:
                of, which = here // _EDGES, here % _EDGES
                along_x, along_y = (share[of, which], 0.0) if which % 2 == 0 else (0.0, share[of, which])
                xy[end, 0] = (corners[of, 0] * _LEAF + which // 2 % _LEAF + along_x) * step
                xy[end, 1] = (corners[of, 1] * _LEAF + which // 2 // _LEAF + along_y) * step
                end += 1
                here = after[of, which]
                after[of, which] = -1
            if end > done:
                size = thin_ring(xy[done:end], simplify, kept, stack)
                if size > 2:  # what is left of a ring that is no wider is no area
                    sizes[rings] = size
                    rings += 1
                    done += size
    return xy[:done].copy(), sizes[:rings].copy()
