"""Lines with fewer points, as good to the eye: what a map of a whole country draws is mapped to the metre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.growing import longer_rows

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["bends", "border_arcs", "thin_ring"]


@numba.njit(cache=True, nogil=True)
def bends(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], ptr: npt.NDArray[np.int64], tolerance: float
) -> npt.NDArray[np.bool_]:
    """Return which points of lines stay: none that goes lay farther than a tolerance from what stays of its line.

    Line i has the points ptr[i]:ptr[i + 1], and keeps its ends. The points are those of Douglas and Peucker (1973):
    what lies between two of them is straight, or parted where it is farthest off. Lines may come to cross each other
    that did not before.
    """
    kept = np.zeros(x.size, np.bool_)
    waiting = np.empty((64, 2), np.int64)
    for line in range(ptr.size - 1):
        if ptr[line] == ptr[line + 1]:
            continue
        waiting[0, 0], waiting[0, 1], size = ptr[line], ptr[line + 1] - 1, 1
        kept[waiting[0, 0]] = kept[waiting[0, 1]] = True
        while size > 0:
            size -= 1
            first, last = waiting[size, 0], waiting[size, 1]
            east, north = x[last] - x[first], y[last] - y[first]
            whole = east * east + north * north
            whole = whole if whole > 0 else 1.0  # the ends of a ring are one point
            farthest, at = tolerance * tolerance, first
            for point in range(first + 1, last):
                own_east, own_north = x[point] - x[first], y[point] - y[first]
                share = min(max((own_east * east + own_north * north) / whole, 0.0), 1.0)
                off = (own_east - share * east) ** 2 + (own_north - share * north) ** 2
                if off > farthest:
                    farthest, at = off, point
            if at == first:
                continue
            kept[at] = True
            if size + 2 > waiting.shape[0]:
                waiting = longer_rows(waiting)
            waiting[size, 0], waiting[size, 1] = first, at
            waiting[size + 1, 0], waiting[size + 1, 1] = at, last
            size += 2
    return kept


@numba.njit(cache=True, nogil=True)
def thin_ring(
    xy: npt.NDArray[np.float64], most: float, kept: npt.NDArray[np.bool_], stack: npt.NDArray[np.int64]
) -> int:
    """Move those points of a ring to its front that it needs lest it move by more, see `bends`; return how many.

    Its first point stays, and the one that is farthest from it. `kept` and `stack` are for own use, longer than it.
    """
    n = xy.shape[0]
    far, farthest = 0, 0.0
    for i in range(n):
        away = (xy[i, 0] - xy[0, 0]) ** 2 + (xy[i, 1] - xy[0, 1]) ** 2
        if away > farthest:
            far, farthest = i, away
    kept[:n] = False
    kept[0] = kept[far] = True
    stack[0, 0], stack[0, 1], stack[1, 0], stack[1, 1] = 0, far, far, n
    depth = 2
    while depth:
        depth -= 1
        first, last = stack[depth, 0], stack[depth, 1]
        x, y = xy[first, 0], xy[first, 1]
        east, north = xy[last % n, 0] - x, xy[last % n, 1] - y
        whole = east * east + north * north
        whole = whole if whole > 0 else 1.0
        farthest, at = most * most, -1
        for i in range(first + 1, last):
            own_east, own_north = xy[i, 0] - x, xy[i, 1] - y
            share = min(max((own_east * east + own_north * north) / whole, 0.0), 1.0)
            off = (own_east - share * east) ** 2 + (own_north - share * north) ** 2
            if off > farthest:
                farthest, at = off, i
        if at >= 0:
            kept[at] = True
            stack[depth, 0], stack[depth, 1] = first, at
            stack[depth + 1, 0], stack[depth + 1, 1] = at, last
            depth += 2
    size = 0
    for i in range(n):
        if kept[i]:
            xy[size, 0], xy[size, 1] = xy[i, 0], xy[i, 1]
            size += 1
    return size


@numba.njit(cache=True, nogil=True)
def _meeting(place: npt.NDArray[np.int64], ptr: npt.NDArray[np.int64], n_places: int) -> npt.NDArray[np.bool_]:
    """Return at which places rings part or meet: not all of them go on from there to the same two others."""
    one, other = np.full(n_places, -1, np.int64), np.full(n_places, -1, np.int64)
    found = np.zeros(n_places, np.bool_)
    for ring in range(ptr.size - 1):
        first, last = ptr[ring], ptr[ring + 1] - 1
        for i in range(first, last + 1):
            before = place[i - 1 if i > first else last]
            after = place[i + 1 if i < last else first]
            low, high, here = min(before, after), max(before, after), place[i]
            if one[here] < 0:
                one[here], other[here] = low, high
            elif one[here] != low or other[here] != high:
                found[here] = True
    return found


@numba.njit(cache=True, nogil=True)
def border_arcs(
    place: npt.NDArray[np.int64], ptr: npt.NDArray[np.int64], n_places: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the borders between rings, each once: arc i has the points point[arc_ptr[i]:arc_ptr[i + 1]].

    Ring i has the points ptr[i]:ptr[i + 1], the first not repeated, and `place` says which are one place. Arcs lead
    from where rings part or meet to the next such place, or once around a ring without any, from its first point on.
    Those of two points are left out.
    """
    meeting = _meeting(place, ptr, n_places)
    seen = np.zeros(n_places, np.bool_)
    point, arc_ptr = np.empty(2 * place.size + ptr.size, np.int64), np.zeros(place.size + ptr.size, np.int64)
    n_arcs = np.int64(0)
    for ring in range(ptr.size - 1):
        first, last = ptr[ring], ptr[ring + 1] - 1
        start = first
        for i in range(first, last + 1):
            if meeting[place[i]]:
                start = i
                break
        i = start
        begin = size = arc_ptr[n_arcs]
        while first <= last:
            if size == begin:
                point[size] = i
                size += 1
            i = i + 1 if i < last else first
            point[size] = i
            size += 1
            if i == start or meeting[place[i]]:
                if size - begin > 2 and not seen[place[point[begin + 1]]]:
                    for j in range(begin, size):
                        seen[place[point[j]]] = True
                    n_arcs += 1
                    arc_ptr[n_arcs] = begin = size
                size = begin
            if i == start:
                break
    return point[: arc_ptr[n_arcs]].copy(), arc_ptr[: n_arcs + 1].copy()
