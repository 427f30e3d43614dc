"""What it takes to drive stretches of ways: at their speeds, through their curves, and past their junctions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.geometry import length_and_cosine

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["add_junction_costs", "measured", "seconds_into"]

_SHARP = 1e-3
"""Radians; a smaller turn is a straight road."""
_SURELY = 1 - 1e-6
"""A turn is surely no greater than a limit where its tangent is below this share of it, however both are rounded."""


@numba.njit(cache=True, nogil=True)
def _slowed(mps: float, most_mps: float, length: float) -> float:
    """Return the seconds on a segment at the speed of its way, which `most_mps` limits; -1 where it is closed."""
    if mps <= 0:
        return -1.0
    seconds = length / mps
    return max(seconds, length / most_mps) if most_mps > 0 else seconds


@numba.njit(cache=True, nogil=True)
def _with_curves(seconds: float, length: float, at_end: float, at_begin: float, within_m: float) -> float:
    """Return the seconds with those lost in the curves at both ends, which are taken so fast (0: there is none)."""
    if not seconds > 0:
        return seconds
    part = min(length / 2, within_m)
    usual = seconds / length * part
    lost = 0.0
    if at_end > 0:
        lost += max(part / at_end - usual, 0.0)
    if at_begin > 0:
        lost += max(part / at_begin - usual, 0.0)
    return seconds + lost


@numba.njit(cache=True, nogil=True)
def measured(
    course: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    first: int,
    last: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the length of the pieces `first` to `last` in metres, and how far east and north each goes, degrees.

    Piece i leads from course[i] to course[i + 1]. Degrees of longitude are shortened to those of latitude.
    """
    length, east, north = np.empty(last - first), np.empty(last - first), np.empty(last - first)
    for i in range(first, last):
        p, q = course[i], course[i + 1]
        length[i - first], cosine = length_and_cosine(lon, lat, p, q)
        east[i - first] = (lon[q] - lon[p]) * cosine
        north[i - first] = lat[q] - lat[p]
    return length, east, north


@numba.njit(cache=True, nogil=True)
def _curve(
    i: int,
    lengths: npt.NDArray[np.float64],
    easts: npt.NDArray[np.float64],
    norths: npt.NDArray[np.float64],
    fastest: float,
    lateral_mps2: float,
) -> float:
    """Return how fast the curve between a piece and the next is taken at the most; 0 where there is none."""
    length, next_length = lengths[i], lengths[i + 1]
    if not (lateral_mps2 > 0 and fastest > 0 and length > 0 and next_length > 0):
        return 0.0
    east, north, next_east, next_north = easts[i], norths[i], easts[i + 1], norths[i + 1]
    # What turns by less than this costs nothing: the tangent of an angle is greater than the angle.
    half = (length + next_length) / 2
    least = max(lateral_mps2 * half / (fastest * fastest), _SHARP) * _SURELY
    along, across = east * next_east + north * next_north, abs(east * next_north - north * next_east)
    if along > 0 and across <= least * along:
        return 0.0
    turn = math.atan2(across, along)
    return math.sqrt(lateral_mps2 * (half / turn)) if turn > _SHARP else 0.0


@numba.njit(cache=True, nogil=True)
def goes_on(way: npt.NDArray[np.int32], first: npt.NDArray[np.int32], size: npt.NDArray[np.int32], row: int) -> bool:
    """Return whether the way of a stretch goes on with the next, where it ends."""
    return row + 1 < way.size and way[row + 1] == way[row] and first[row + 1] == first[row] + size[row]


@numba.njit(cache=True, nogil=True)
def seconds_into(
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    way: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.float64],
    easts: npt.NDArray[np.float64],
    norths: npt.NDArray[np.float64],
    measured_from: int,
    tags: npt.NDArray[np.int32],
    forward_mps: npt.NDArray[np.float64],
    backward_mps: npt.NDArray[np.float64],
    most_mps: npt.NDArray[np.float64],
    lateral_mps2: float,
    within_m: float,
    begin: int,
    end: int,
) -> bool:
    """Write the seconds on the pieces of stretches `begin` to `end`, and return whether any of them has a length.

    They are `measured`, and so is the piece before the first and the one behind the last, where there are such.
    Stretches stand in the order of their ways. Way w has the speeds of its tags, forward_mps[tags[w]] and backward (not
    above 0: closed), but no more than most_mps[w], where ways have such limits. Two pieces of a way that follow each
    other, of lengths l and k, and turn by an angle t are a curve that is taken at sqrt(lateral_mps2 (l + k) / 2t) at
    the most, on the nearer half of each and `within_m` at the most; without `lateral_mps2` curves take no time.
    """
    moves = False
    before = 0.0
    for row in range(begin, end):
        ahead_mps, back_mps = forward_mps[tags[way[row]]], backward_mps[tags[way[row]]]
        limit = most_mps[way[row]] if most_mps.size else 0.0
        fastest = max(ahead_mps, back_mps)
        if row == begin and row > 0 and goes_on(way, first, size, row - 1):
            before = _curve(first[row] - 1 - measured_from, lengths, easts, norths, fastest, lateral_mps2)
        more = goes_on(way, first, size, row)
        last = first[row] + size[row]
        for i in range(first[row], last):
            at, curve = i - measured_from, 0.0
            if i + 1 < last or more:
                curve = _curve(at, lengths, easts, norths, fastest, lateral_mps2)
            length = lengths[at]
            moves = moves or length > 0
            forward_s[i] = _with_curves(_slowed(ahead_mps, limit, length), length, curve, before, within_m)
            if back_mps == ahead_mps:  # as on most roads
                backward_s[i] = forward_s[i]
            else:
                backward_s[i] = _with_curves(_slowed(back_mps, limit, length), length, curve, before, within_m)
            before = curve
    return moves


@numba.njit(cache=True, nogil=True)
def add_junction_costs(
    met: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    size: npt.NDArray[np.int32],
    road: npt.NDArray[np.int32],
    rank: npt.NDArray[np.int16],
    lesser: float,
    equal: float,
    forward: npt.NDArray[np.float64],
    backward: npt.NDArray[np.float64],
) -> None:
    """Add to the times of the pieces at both ends of each stretch, unless they are negative, what it pays there.

    That is half a share at each end where three or more stretches meet: `lesser` for a stretch whose rank is not the
    least there (the least rank is the greatest road), and `equal` for one whose rank it is, where three or more of that
    rank meet. The rank of stretch i is rank[road[i]], 0 or more; its pieces are those from first[i] on, size[i] of
    them, whose times are changed in place. `met` is room for one number of each node, all -1.
    """
    # Of each node: its least rank, how many stretches of that meet, how many in all; three and more are alike.
    for i in range(a.size):
        own = np.int32(rank[road[i]])
        for node in (a[i], b[i]):
            seen = met[node]
            least, equals, degree = (seen >> 4, (seen >> 2) & 3, seen & 3) if seen >= 0 else (own, 0, 0)
            if own < least:
                least, equals = own, 0
            if own == least:
                equals = min(equals + 1, 3)
            met[node] = (least << 4) | (equals << 2) | min(degree + 1, 3)
    for i in range(a.size):
        own = np.int32(rank[road[i]])
        at_a, at_b = _share(met[a[i]], own, lesser, equal), _share(met[b[i]], own, lesser, equal)
        last = first[i] + size[i] - 1
        if size[i] == 1:
            at_a, at_b = at_a + at_b, 0.0
        for times in (forward, backward):
            if times[first[i]] >= 0:  # a stretch is open or closed as a whole
                times[first[i]] += at_a
                times[last] += at_b


@numba.njit(cache=True, nogil=True)
def _share(seen: int, own: int, lesser: float, equal: float) -> float:
    """Return what a road of a rank pays where others meet it."""
    if seen & 3 != 3:
        return 0.0
    if own > seen >> 4:
        return lesser / 2
    return equal / 2 if (seen >> 2) & 3 == 3 else 0.0
