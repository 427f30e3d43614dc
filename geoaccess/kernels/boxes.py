"""The nearest of many pieces of line, by a tree of boxes.

Piece i leads from (ax[i], ay[i]) to (bx[i], by[i]) and belongs to owner[i], -1 where it is none; a point is a piece
without length. The leaves of the tree are runs of pieces that follow one another; in the order of a Hilbert curve, each
16 boxes of a level share a box of the level above (Kamel and Faloutsos 1993, "On packing R-trees").
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["FAN", "below", "holding", "leaf_boxes", "leaves", "leaves_of_lines", "levels_of", "nearest"]

FAN = 16
"""How many boxes share one of the level above."""

_SLACK = 1 + 1e-9  # no box is passed over for what rounding may have taken off a distance


@numba.njit(cache=True, nogil=True)
def leaves(owner: npt.NDArray[np.int32], longest: int) -> npt.NDArray[np.int64]:
    """Return where each leaf begins and ends, shape (n, 2): runs of at most `longest` pieces that have an owner."""
    out = np.empty((owner.size, 2), np.int64)
    n = 0
    for i in range(owner.size):
        if owner[i] < 0:
            continue
        if n == 0 or out[n - 1, 1] < i or i - out[n - 1, 0] == longest:
            out[n, 0] = i
            n += 1
        out[n - 1, 1] = i + 1
    return out[:n].copy()


@numba.njit(cache=True, nogil=True)
def leaves_of_lines(ptr: npt.NDArray[np.int64], chosen: npt.NDArray[np.bool_], longest: int) -> npt.NDArray[np.int64]:
    """Return what `leaves` does of the pieces of the chosen lines.

    Line i has the points ptr[i]:ptr[i + 1], and a piece has the number of the point at which it begins.
    """
    n = 0
    for i in range(chosen.size):
        if chosen[i]:
            n += (ptr[i + 1] - 1 - ptr[i] + longest - 1) // longest
    out = np.empty((n, 2), np.int64)
    n = 0
    for i in range(chosen.size):
        if chosen[i]:
            for first in range(ptr[i], ptr[i + 1] - 1, longest):
                out[n, 0], out[n, 1] = first, min(first + longest, ptr[i + 1] - 1)
                n += 1
    return out


def leaf_boxes(
    leaf: npt.NDArray[np.int64],
    ax: npt.NDArray[np.float64],
    ay: npt.NDArray[np.float64],
    bx: npt.NDArray[np.float64],
    by: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return west, south, east, north of each leaf; in room of NumPy, which asks for large pages where it is long."""
    out = np.empty((len(leaf), 4))
    _fill_leaf_boxes(leaf, ax, ay, bx, by, out)
    return out


@numba.njit(cache=True, nogil=True)
def _fill_leaf_boxes(
    leaf: npt.NDArray[np.int64],
    ax: npt.NDArray[np.float64],
    ay: npt.NDArray[np.float64],
    bx: npt.NDArray[np.float64],
    by: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
) -> None:
    for i in range(leaf.shape[0]):
        west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
        for j in range(leaf[i, 0], leaf[i, 1]):
            west, east = min(west, ax[j], bx[j]), max(east, ax[j], bx[j])
            south, north = min(south, ay[j], by[j]), max(north, ay[j], by[j])
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = west, south, east, north


def levels_of(
    box: npt.NDArray[np.float64], order: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return (box, level) as `nearest` takes them, of the boxes of leaves and their order along a curve.

    The room of all levels is taken at once: the leaves of a country fill more than a hundred megabytes.
    """
    sizes = [len(order)]
    while sizes[-1] > 1:
        sizes.append((sizes[-1] + FAN - 1) // FAN)
    level = np.cumsum([0, *sizes])
    out = np.empty((level[-1], 4))
    _fill_levels(box, order, level, out)
    return out, level


@numba.njit(cache=True, nogil=True)
def _fill_levels(
    box: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    level: npt.NDArray[np.int64],
    out: npt.NDArray[np.float64],
) -> None:
    for i in range(order.size):
        for side in range(4):
            out[i, side] = box[order[i], side]
    for above in range(1, level.size - 1):
        for i in range(level[above], level[above + 1]):
            west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
            first = level[above - 1] + (i - level[above]) * FAN
            for j in range(first, min(first + FAN, level[above])):
                west, south = min(west, out[j, 0]), min(south, out[j, 1])
                east, north = max(east, out[j, 2]), max(north, out[j, 3])
            out[i, 0], out[i, 1], out[i, 2], out[i, 3] = west, south, east, north


@numba.njit(cache=True, nogil=True)
def _distance(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Return the distance of a point from a piece."""
    dx, dy = bx - ax, by - ay
    length_2 = dx * dx + dy * dy
    share = 0.0
    if length_2 > 0:
        share = ((x - ax) * dx + (y - ay) * dy) / length_2
    if share <= 0:
        return math.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
    if share >= 1:
        return math.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
    return abs(((ay - y) * dx - (ax - x) * dy) / length_2) * math.sqrt(length_2)


@numba.njit(cache=True, nogil=True)
def below(level: npt.NDArray[np.int64], at: int) -> tuple[int, int]:
    """Return the boxes that share a box above the leaves: from the first up to before the second.

    Levels stand one after another as in `nearest`.
    """
    of = 1
    while level[of + 1] <= at:
        of += 1
    first = level[of - 1] + (at - level[of]) * FAN
    return first, min(first + FAN, level[of])


@numba.njit(cache=True, nogil=True)
def nearest(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    most: float,
    box: npt.NDArray[np.float64],
    level: npt.NDArray[np.int64],
    leaf: npt.NDArray[np.int64],
    owner: npt.NDArray[np.int32],
    ax: npt.NDArray[np.float64],
    ay: npt.NDArray[np.float64],
    bx: npt.NDArray[np.float64],
    by: npt.NDArray[np.float64],
    only: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Return (owner, distance) of the nearest piece of each point; -1 and inf where none is within `most`.

    Of owners equally near the smallest counts; where `only` is 0 or more, pieces of that owner alone do. `box` has the
    levels one after another, leaves first; level k begins at level[k], and the last one is a single box. It goes the
    faster the nearer points are to those before them.
    """
    found = np.full(x.size, -1, np.int32)
    distance = np.full(x.size, np.inf)
    waiting = np.empty(FAN * level.size + 1, np.int64)
    away = np.empty(FAN * level.size + 1)
    last = -1
    for i in range(x.size):
        px, py = x[i], y[i]
        best, who = most, np.int32(-1)
        if last >= 0:  # what was nearest to the point before is not far
            d = _distance(px, py, ax[last], ay[last], bx[last], by[last])
            if d <= best:
                best, who = d, owner[last]
        waiting[0], away[0] = box.shape[0] - 1, 0.0
        n = 1
        while n > 0:
            n -= 1
            at = waiting[n]
            if away[n] > best * best * _SLACK:
                continue
            if at < level[1]:
                for j in range(leaf[at, 0], leaf[at, 1]):
                    d = _distance(px, py, ax[j], ay[j], bx[j], by[j])
                    nearer = d < best or (d == best and (who < 0 or owner[j] < who))
                    if nearer and (only < 0 or owner[j] == only):
                        best, who, last = d, owner[j], j
                continue
            bottom = n
            first, end = below(level, at)
            for j in range(first, end):
                dx = max(box[j, 0] - px, px - box[j, 2], 0.0)
                dy = max(box[j, 1] - py, py - box[j, 3], 0.0)
                square = dx * dx + dy * dy
                if square > best * best * _SLACK:
                    continue
                k = n  # the nearest box goes on top
                while k > bottom and away[k - 1] < square:
                    waiting[k], away[k] = waiting[k - 1], away[k - 1]
                    k -= 1
                waiting[k], away[k] = j, square
                n += 1
        if who >= 0:
            found[i], distance[i] = who, best
    return found, distance


@numba.njit(cache=True, nogil=True)
def holding(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    box: npt.NDArray[np.float64],
    level: npt.NDArray[np.int64],
    whole: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Return which box each point lies in: its place among the leaves, -1 for none, -2 where boxes alone do not say.

    That is where a point is on the edge of a box, in several, or in one that is not `whole`: the box of another shape.
    `box` and `level` are as in `nearest`.
    """
    found = np.empty(x.size, np.int64)
    waiting = np.empty(FAN * level.size + 1, np.int64)
    for i in range(x.size):
        px, py, held = x[i], y[i], np.int64(-1)
        waiting[0] = box.shape[0] - 1
        n = 1
        while n > 0:
            n -= 1
            at = waiting[n]
            west, south, east, north = box[at, 0], box[at, 1], box[at, 2], box[at, 3]
            if not (west <= px <= east and south <= py <= north):
                continue
            if at >= level[1]:
                first, end = below(level, at)
                for j in range(first, end):
                    waiting[n] = j
                    n += 1
            elif held == -1 and whole[at] and west < px < east and south < py < north:
                held = at
            else:
                held = np.int64(-2)
        found[i] = held
    return found
