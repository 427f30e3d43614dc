"""What lies on which side of water: of the ground near a line, whether all is joined to it on land, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from geoaccess.kernels.growing import longer, longer_rows

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Beyond", "is_beyond", "land_beyond", "nothing_beyond", "water_in_rows"]


@numba.njit(cache=True, nogil=True)
def water_in_rows(
    xy: npt.NDArray[np.float64], ptr: npt.NDArray[np.int64], low: int, step: float, rows: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return where rows meet the shores: where those of each row begin, and the x of all, from west to east.

    Row i is at y = (low + i) step. Its water lies between the first and the second x, the third and the fourth, and so
    on, as rings, closed, bound water together: those inside others are islands.
    """
    begin = np.zeros(rows + 1, np.int64)
    for ring in range(ptr.size - 1):
        for i in range(ptr[ring], ptr[ring + 1] - 1):
            first, last = _rows_between(xy[i, 1], xy[i + 1, 1], low, step, rows)
            for row in range(first, last):
                begin[row + 1] += 1
    begin = np.cumsum(begin)
    at = np.empty(begin[-1])
    place = begin[:-1].copy()
    for ring in range(ptr.size - 1):
        for i in range(ptr[ring], ptr[ring + 1] - 1):
            first, last = _rows_between(xy[i, 1], xy[i + 1, 1], low, step, rows)
            for row in range(first, last):
                share = ((low + row) * step - xy[i, 1]) / (xy[i + 1, 1] - xy[i, 1])
                at[place[row]] = xy[i, 0] + share * (xy[i + 1, 0] - xy[i, 0])
                place[row] += 1
    for row in range(rows):
        at[begin[row] : begin[row + 1]].sort()
    return begin, at


@numba.njit(cache=True, nogil=True)
def _rows_between(y: float, to_y: float, low: int, step: float, rows: int) -> tuple[int, int]:
    """Return the rows that a piece of a ring crosses: its lower end counts, its upper one does not."""
    first, last = int(np.ceil(min(y, to_y) / step)), int(np.ceil(max(y, to_y) / step))
    return max(first - low, 0), min(last - low, rows)


class Beyond(NamedTuple):
    """Land beyond water, that lines do not reach though it lies within their width, in every second row.

    Line i is without, and entry[i] is -1; or it has the rows ptr[e]:ptr[e + 1] of e = entry[i], the first of them at
    y = 2 first[e] step, and in row r the land from run[k, 0] to run[k, 1], k in begin[r]:begin[r + 1]. All of it lies
    in box[e]: west, south, east, north.
    """

    entry: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    ptr: npt.NDArray[np.int64]
    begin: npt.NDArray[np.int64]
    run: npt.NDArray[np.float64]
    box: npt.NDArray[np.float64]


def nothing_beyond(lines: int) -> Beyond:
    """Return that no line has land beyond water."""
    none = np.zeros(0, np.int64)
    empty = np.zeros((0, 2)), np.zeros((0, 4))
    return Beyond(np.full(lines, -1, np.int64), none, np.zeros(1, np.int64), np.zeros(1, np.int64), *empty)


@numba.njit(cache=True, nogil=True)
def land_beyond(
    xy: npt.NDArray[np.float64],
    ptr: npt.NDArray[np.int64],
    widths: npt.NDArray[np.float64],
    own: float,
    shores: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]],
    low: int,
    step: float,
) -> Beyond:
    """Return the land within the width of each line that is not joined, by land within it, to land within `own` of it.

    What lies between two rows is not seen: neither land there, nor that it joins what is beside it. So water must be
    wider than a row, lest land on both sides looks joined.

    Parameters
    ----------
    xy
        Points of the lines, one after another, shape (n, 2).
    ptr
        Where each line begins, and the end.
    shores, low, step
        The water, see `water_in_rows`; no line has ground beyond the rows.
    """
    begin, at = shores
    longest = np.diff(ptr).max() if ptr.size > 1 else 0
    span, near = np.empty((longest, 2)), np.empty((longest, 2))
    run = np.empty((at.size + 2 * longest * begin.size, 2))
    parent = np.empty(run.shape[0], np.int64)
    joined = np.empty(run.shape[0], np.bool_)
    starts = np.empty(begin.size, np.int64)
    entry = np.full(widths.size, -1, np.int64)
    firsts, ptrs, begins = np.empty(16, np.int64), np.zeros(16, np.int64), np.zeros(1024, np.int64)
    lost, boxes = np.empty((1024, 2)), np.empty((16, 4))
    entries = rows = runs = 0
    for line in range(widths.size):
        points, width = xy[ptr[line] : ptr[line + 1]], widths[line]
        south, north = points[:, 1].min(), points[:, 1].max()
        first = max(int(np.ceil((south - width) / step)) - low, 0)
        last = min(int(np.floor((north + width) / step)) - low, begin.size - 2)
        before = used = 0  # runs of the row before: from the first of them up to those of this row
        for row in range(first, last + 1):
            y = (low + row) * step
            here = starts[row] = used
            for i in range(_spans(points, y, width, span)):
                used = _runs(span[i], at[begin[row] : begin[row + 1]], run, used)
            spans = _spans(points, y, own, near) if south - own <= y <= north + own else 0
            for k in range(here, used):
                parent[k] = k
                joined[k] = False
                for i in range(spans):
                    joined[k] |= run[k, 0] <= near[i, 1] and run[k, 1] >= near[i, 0]
            _join(run, parent, joined, before, here, used)
            before = here
        if _all_joined(parent, joined, used):
            continue
        if entries + 2 > firsts.size:
            firsts, ptrs, boxes = longer(firsts), longer(ptrs), longer_rows(boxes)
        first += (low + first) % 2
        entry[line], firsts[entries] = entries, (low + first) // 2
        box = boxes[entries]
        box[0], box[1], box[2], box[3] = np.inf, np.inf, -np.inf, -np.inf
        for row in range(first, last + 1, 2):
            for k in range(starts[row], starts[row + 1] if row < last else used):
                if joined[_root(parent, k)]:
                    continue
                if runs == lost.shape[0]:
                    lost = longer_rows(lost)
                lost[runs, 0], lost[runs, 1] = run[k, 0], run[k, 1]
                box[0], box[2] = min(box[0], run[k, 0]), max(box[2], run[k, 1])
                box[1], box[3] = min(box[1], (low + row) * step), (low + row) * step
                runs += 1
            rows += 1
            if rows == begins.size:
                begins = longer(begins)
            begins[rows] = runs
        entries += 1
        ptrs[entries] = rows
    return Beyond(entry, firsts[:entries], ptrs[: entries + 1], begins[: rows + 1], lost[:runs], boxes[:entries])


@numba.njit(cache=True, nogil=True)
def _all_joined(parent: npt.NDArray[np.int64], joined: npt.NDArray[np.bool_], used: int) -> bool:
    apart = 0
    for k in range(used):
        apart += not joined[_root(parent, k)]
    return apart == 0


@numba.njit(cache=True, nogil=True)
def is_beyond(beyond: Beyond, entry: int, x: float, row: int) -> bool:
    """Say whether a place in one of the rows that are kept, y = 2 row step, lies on the land beyond of an entry."""
    at = beyond.ptr[entry] + row - beyond.first[entry]
    if at < beyond.ptr[entry] or at >= beyond.ptr[entry + 1]:
        return False
    found = False
    for k in range(beyond.begin[at], beyond.begin[at + 1]):
        found |= beyond.run[k, 0] <= x <= beyond.run[k, 1]
    return found


@numba.njit(cache=True, nogil=True)
def _join(
    run: npt.NDArray[np.float64],
    parent: npt.NDArray[np.int64],
    joined: npt.NDArray[np.bool_],
    before: int,
    here: int,
    end: int,
) -> None:
    """Join each run of a row with those of the row before that lie beside it."""
    j = before
    for k in range(here, end):
        while j < here and run[j, 1] < run[k, 0]:
            j += 1
        i = j
        while i < here and run[i, 0] <= run[k, 1]:
            one, other = _root(parent, i), _root(parent, k)
            if one != other:
                parent[other] = one
                joined[one] |= joined[other]
            i += 1


@numba.njit(cache=True, nogil=True)
def _root(parent: npt.NDArray[np.int64], k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@numba.njit(cache=True, nogil=True)
def _runs(
    span: npt.NDArray[np.float64], shores: npt.NDArray[np.float64], run: npt.NDArray[np.float64], used: int
) -> int:
    """Write what of a span of a row is land after the runs that are there; how many these are then."""
    west = span[0]
    for i in range(0, shores.size - 1, 2):
        if shores[i + 1] <= west:
            continue
        if shores[i] >= span[1]:
            break
        if shores[i] > west:
            run[used, 0], run[used, 1] = west, shores[i]
            used += 1
        west = shores[i + 1]
    if west < span[1]:
        run[used, 0], run[used, 1] = west, span[1]
        used += 1
    return used


@numba.njit(cache=True, nogil=True)
def _spans(points: npt.NDArray[np.float64], y: float, width: float, span: npt.NDArray[np.float64]) -> int:
    """Write what of a row lies within a width of a line, as spans apart from another, west to east; how many."""
    count = 0
    for i in range(max(points.shape[0] - 1, 1)):
        to = min(i + 1, points.shape[0] - 1)
        west, east = _span(points[i, 0], points[i, 1], points[to, 0], points[to, 1], y, width)
        if west > east:
            continue
        # Kept in order, with those that it meets made one with it.
        k = 0
        while k < count and span[k, 1] < west:
            k += 1
        after = k
        while after < count and span[after, 0] <= east:
            west, east = min(west, span[after, 0]), max(east, span[after, 1])
            after += 1
        if after == k:
            for j in range(count, k, -1):
                span[j, 0], span[j, 1] = span[j - 1, 0], span[j - 1, 1]
            count += 1
        else:
            for j in range(after, count):
                span[j - after + k + 1, 0], span[j - after + k + 1, 1] = span[j, 0], span[j, 1]
            count -= after - k - 1
        span[k, 0], span[k, 1] = west, east
    return count


@numba.njit(cache=True, nogil=True)
def _span(ax: float, ay: float, bx: float, by: float, y: float, width: float) -> tuple[float, float]:
    """Return what of a row lies within a width of a segment: from the first up to the second, which is less if none."""
    west, east = np.inf, -np.inf
    if y < min(ay, by) - width or y > max(ay, by) + width:
        return west, east
    if abs(y - ay) <= width:
        half = np.sqrt(width * width - (y - ay) * (y - ay))
        west, east = min(west, ax - half), max(east, ax + half)
    if abs(y - by) <= width:
        half = np.sqrt(width * width - (y - by) * (y - by))
        west, east = min(west, bx - half), max(east, bx + half)
    along_x, along_y = bx - ax, by - ay
    length = np.sqrt(along_x * along_x + along_y * along_y)
    if along_y != 0:
        aside_x, aside_y = -along_y / length * width, along_x / length * width
        for side in (-1, 1):
            share = (y - ay - side * aside_y) / along_y
            if 0 <= share <= 1:
                x = ax + side * aside_x + share * along_x
                west, east = min(west, x), max(east, x)
    return west, east
