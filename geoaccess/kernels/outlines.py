"""The outline of all ground within some widths of segments, by a grid that is fine only where the outline runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.banks import Beyond, is_beyond
from geoaccess.kernels.growing import longer_rows

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["outline_rings"]

_LEAF = 4
"""Steps on a side of the smallest squares, at all corners of whose cells it is computed how far inside they lie."""

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

    A place is `f = max over segments (width - distance)` inside. Squares in which f has one sign for certain, as it
    changes by no more than a metre a metre, are left alone, others are quartered with those segments that may be the
    nearest in them; in the smallest, f is computed at all points of a grid, on whose edges the outline lies where f
    would be 0 if it changed evenly from point to point. So an outline is as exact as f is straight over a step:
    beside a segment it is exact, around an end of a width w it lies `step**2 / 8 w` inside, and where two widths meet
    in a bend inwards, the bend is cut within a cell.

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
    low_x, low_y, columns, rows = _window(ends, widths, side)
    ptr, member = _sorted_in(ends, widths, side, low_x, low_y, columns, rows)
    slots = np.full((rows << (_LEVELS - 1), columns << (_LEVELS - 1)), -1, np.int32)
    corners = np.empty((256, 2), np.int64)
    after = np.full((256, _EDGES), -1, np.int32)
    share = np.empty((256, _EDGES))
    pool = np.empty((_LEVELS + 1) * np.diff(ptr).max(), np.int64)
    value = np.empty(pool.size)
    begin = np.zeros(_LEVELS + 2, np.int64)
    stack = np.empty((4 * _LEVELS, 3), np.int64)
    f = np.empty((3, _LEAF + 1, _LEAF + 1))
    used = 0
    for square in range(rows * columns):
        begin[1] = ptr[square + 1] - ptr[square]
        if begin[1] == 0:
            continue
        pool[: begin[1]] = member[ptr[square] : ptr[square + 1]]
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
            if not _some_nearest(ends, widths, first_x, first_y, steps, step, pool, value, begin, level, beyond):
                continue
            if level < _LEVELS - 1:
                for quarter in range(4):
                    stack[depth, 0] = x + leaves // 2 * (quarter % 2)
                    stack[depth, 1] = y + leaves // 2 * (quarter // 2)
                    stack[depth, 2] = level + 1
                    depth += 1
                continue
            _fill(ends, widths, first_x, first_y, step, pool[begin[level + 1] : begin[level + 2]], beyond, f)
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
) -> None:
    """Write how far inside of some segments the points of a smallest square lie.

    f[0] is that of all to whom a point is not beyond, f[1] of those to whom none of the points is, and f[2] above 0
    where a point is inside of others, but beyond for them.
    """
    f[:2] = -np.inf
    f[2] = 0.0
    for k in some:
        entry = beyond.entry[k]
        parted = entry >= 0 and _meets(beyond.box[entry], first_x * step, first_y * step, _LEAF * step)
        if parted:
            parted = False
            for j in range(_LEAF + 1):
                for i in range(_LEAF + 1):
                    x, y = (first_x + i) * step, (first_y + j) * step
                    if widths[k] > _distance(ends[k], x, y) and is_beyond(beyond, entry, x, first_y + j):
                        parted = True
        for j in range(_LEAF + 1):
            for i in range(_LEAF + 1):
                x, y = (first_x + i) * step, (first_y + j) * step
                inside = widths[k] - _distance(ends[k], x, y)
                if not parted:
                    f[1, j, i] = max(f[1, j, i], inside)
                elif inside > 0 and is_beyond(beyond, entry, x, first_y + j):
                    f[2, j, i] = 1.0
                    continue
                f[0, j, i] = max(f[0, j, i], inside)


@numba.njit(cache=True, nogil=True)
def _crossing(f: npt.NDArray[np.float64], j: int, i: int, to_j: int, to_i: int) -> float:
    """Return where an outline crosses the edge of the grid between two points: as a share of the way from the first."""
    if f[0, j, i] < 0:
        return 1 - _crossing(f, to_j, to_i, j, i)
    # It ends at once for those to whom the ground over there is beyond.
    of = 1 if f[2, to_j, to_i] > 0 else 0
    inside, outside = f[of, j, i], f[of, to_j, to_i]
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
    value: npt.NDArray[np.float64],
    begin: npt.NDArray[np.int64],
    level: int,
    beyond: Beyond,
) -> bool:
    """Write which segments may be the nearest somewhere in a square, if an outline may run there; and say so."""
    half = steps * step / 2
    reach = half * (2**0.5 + _SURE)
    most = highest = -np.inf  # of those whose the whole square would be, and of all
    first, last = begin[level], begin[level + 1]
    for k in range(first, last):
        value[k] = widths[pool[k]] - _distance(ends[pool[k]], first_x * step + half, first_y * step + half)
        highest = max(highest, value[k])
        entry = beyond.entry[pool[k]]
        if entry >= 0 and _meets(beyond.box[entry], first_x * step, first_y * step, steps * step):
            continue
        most = max(most, value[k])
        if most >= reach:
            return False
    if highest < -reach:
        return False
    end = last
    for k in range(first, last):
        if value[k] >= most - 2 * reach:
            pool[end] = pool[k]
            end += 1
    begin[level + 2] = end
    return True


@numba.njit(cache=True, nogil=True, inline="always")
def _meets(box: npt.NDArray[np.float64], x: float, y: float, side: float) -> bool:
    return bool(box[0] <= x + side and box[2] >= x and box[1] <= y + side and box[3] >= y)


@numba.njit(cache=True, nogil=True, inline="always")
def _distance(ends: npt.NDArray[np.float64], x: float, y: float) -> float:
    along_x, along_y = ends[2] - ends[0], ends[3] - ends[1]
    x, y = x - ends[0], y - ends[1]
    square = along_x * along_x + along_y * along_y
    part = 0.0 if square == 0 else min(max((x * along_x + y * along_y) / square, 0.0), 1.0)
    x, y = x - part * along_x, y - part * along_y
    return float(np.sqrt(x * x + y * y))


@numba.njit(cache=True, nogil=True)
def _window(ends: npt.NDArray[np.float64], widths: npt.NDArray[np.float64], side: float) -> tuple[int, int, int, int]:
    """Return the lower left square of those that may hold ground, and how many there are in a row and in a column."""
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for i in range(widths.size):
        west = min(west, min(ends[i, 0], ends[i, 2]) - widths[i])
        east = max(east, max(ends[i, 0], ends[i, 2]) + widths[i])
        south = min(south, min(ends[i, 1], ends[i, 3]) - widths[i])
        north = max(north, max(ends[i, 1], ends[i, 3]) + widths[i])
    low_x, low_y = int(np.floor(west / side)) - 1, int(np.floor(south / side)) - 1
    return low_x, low_y, int(np.floor(east / side)) + 2 - low_x, int(np.floor(north / side)) + 2 - low_y


@numba.njit(cache=True, nogil=True)
def _sorted_in(
    ends: npt.NDArray[np.float64],
    widths: npt.NDArray[np.float64],
    side: float,
    low_x: int,
    low_y: int,
    columns: int,
    rows: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which segments may have ground in which of the largest squares: where those of each begin, and all."""
    ptr = np.zeros(rows * columns + 1, np.int64)
    for i in range(widths.size):
        left, right, lower, upper = _squares(ends[i], widths[i], side, low_x, low_y)
        for row in range(lower, upper + 1):
            for column in range(left, right + 1):
                ptr[row * columns + column + 1] += 1
    ptr = np.cumsum(ptr)
    member = np.empty(ptr[-1], np.int64)
    place = ptr[:-1].copy()
    for i in range(widths.size):
        left, right, lower, upper = _squares(ends[i], widths[i], side, low_x, low_y)
        for row in range(lower, upper + 1):
            for column in range(left, right + 1):
                member[place[row * columns + column]] = i
                place[row * columns + column] += 1
    return ptr, member


@numba.njit(cache=True, nogil=True)
def _squares(
    ends: npt.NDArray[np.float64], width: float, side: float, low_x: int, low_y: int
) -> tuple[int, int, int, int]:
    wide = width + side / 64  # what is just outside counts where an edge of the grid runs from there to the inside
    left = int(np.floor((min(ends[0], ends[2]) - wide) / side)) - low_x
    right = int(np.floor((max(ends[0], ends[2]) + wide) / side)) - low_x
    lower = int(np.floor((min(ends[1], ends[3]) - wide) / side)) - low_y
    upper = int(np.floor((max(ends[1], ends[3]) + wide) / side)) - low_y
    return left, right, lower, upper


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
            a, b, c, d = f[0, j, i], f[0, j, i + 1], f[0, j + 1, i + 1], f[0, j + 1, i]
            case = (a >= 0) + 2 * (b >= 0) + 4 * (c >= 0) + 8 * (d >= 0)
            across = _FROM[1, case] >= 0
            for n in range(2 if across else 1):
                come, go = _FROM[n, case], _TO[n, case]
                if across and a + b + c + d < 0:  # no ground in the middle
                    go = _TO[1 - n, case]
                if come < 0:
                    continue
                side = come
                come, used = _edge(come, x, y, i, j, slots, corners, used)
                go, used = _edge(go, x, y, i, j, slots, corners, used)
                after[come // _EDGES, come % _EDGES] = go
                down, left = j + (side == 2), i + (side == 1)
                at = _crossing(f, down, left, down + side % 2, left + (side + 1) % 2)
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
                size = _simplified(xy[done:end], simplify, kept, stack)
                if size > 2:  # what is left of a ring that is no wider is no area
                    sizes[rings] = size
                    rings += 1
                    done += size
    return xy[:done].copy(), sizes[:rings].copy()


@numba.njit(cache=True, nogil=True)
def _simplified(
    xy: npt.NDArray[np.float64], most: float, kept: npt.NDArray[np.bool_], stack: npt.NDArray[np.int64]
) -> int:
    """Move those points of a ring to its front that it needs lest it move by more (Douglas and Peucker); how many."""
    n = xy.shape[0]
    far = 0
    for i in range(n):
        if np.hypot(xy[i, 0] - xy[0, 0], xy[i, 1] - xy[0, 1]) > np.hypot(xy[far, 0] - xy[0, 0], xy[far, 1] - xy[0, 1]):
            far = i
    kept[:n] = False
    kept[0] = kept[far] = True
    stack[0, 0], stack[0, 1], stack[1, 0], stack[1, 1] = 0, far, far, n
    depth = 2
    line = np.empty(4)
    while depth:
        depth -= 1
        first, last = stack[depth]
        line[:2], line[2:] = xy[first], xy[last % n]
        worst, at = most, -1
        for i in range(first + 1, last):
            away = _distance(line, xy[i, 0], xy[i, 1])
            if away > worst:
                worst, at = away, i
        if at >= 0:
            kept[at] = True
            stack[depth, 0], stack[depth, 1] = first, at
            stack[depth + 1, 0], stack[depth + 1, 1] = at, last
            depth += 2
    size = 0
    for i in range(n):
        if kept[i]:
            xy[size] = xy[i]
            size += 1
    return size
