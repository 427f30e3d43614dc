"""What it takes to drive segments: at the speeds of their ways, through their curves, and past their junctions."""

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
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    first: int,
    last: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the length of the segments `first` to `last` in metres, and how far east and north each goes, degrees.

    Degrees of longitude are shortened to those of latitude.
    """
    length, east, north = np.empty(last - first), np.empty(last - first), np.empty(last - first)
    for i in range(first, last):
        p, q = a[i], b[i]
        length[i - first], cosine = length_and_cosine(lon, lat, p, q)
        east[i - first] = (lon[q] - lon[p]) * cosine
        north[i - first] = lat[q] - lat[p]
    return length, east, north


@numba.njit(cache=True, nogil=True)
def seconds_into(
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    way: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.float64],
    easts: npt.NDArray[np.float64],
    norths: npt.NDArray[np.float64],
    tags: npt.NDArray[np.int32],
    forward_mps: npt.NDArray[np.float64],
    backward_mps: npt.NDArray[np.float64],
    most_mps: npt.NDArray[np.float64],
    lateral_mps2: float,
    within_m: float,
    first: int,
    last: int,
) -> bool:
    """Write the seconds on segments `first` to `last`, and return whether any of them has a length.

    They are `measured`, and so is the one before the first and the one behind the last, where there are such. Segments
    stand in the order of their ways. Way w has the speeds of its tags, forward_mps[tags[w]] and backward (not above 0:
    closed), but no more than most_mps[w], where ways have such limits. Two segments of a way that follow each other, of
    lengths l and k, and turn by an angle t are a curve that is taken at sqrt(lateral_mps2 (l + k) / 2t) at the most, on
    the nearer half of each and `within_m` at the most; without `lateral_mps2` curves take no time.
    """
    moves = False
    curve_before = 0.0
    current = np.int32(-1)
    ahead_mps = back_mps = limit = fastest = 0.0
    begin = max(first - 1, 0)
    for i in range(begin, last):
        length = lengths[i - begin]
        if way[i] != current:
            current = way[i]
            ahead_mps, back_mps = forward_mps[tags[current]], backward_mps[tags[current]]
            limit = most_mps[current] if most_mps.size else 0.0
            fastest = max(ahead_mps, back_mps)
        curve = 0.0
        if lateral_mps2 > 0 and fastest > 0 and i + 1 < a.size and way[i + 1] == current and b[i] == a[i + 1]:
            next_length = lengths[i + 1 - begin]
            if length > 0 and next_length > 0:
                east, north = easts[i - begin], norths[i - begin]
                next_east, next_north = easts[i + 1 - begin], norths[i + 1 - begin]
                # What turns by less than this costs nothing: the tangent of an angle is greater than the angle.
                half = (length + next_length) / 2
                least = max(lateral_mps2 * half / (fastest * fastest), _SHARP) * _SURELY
                along, across = east * next_east + north * next_north, abs(east * next_north - north * next_east)
                if not (along > 0 and across <= least * along):
                    turn = math.atan2(across, along)
                    if turn > _SHARP:
                        curve = math.sqrt(lateral_mps2 * (half / turn))
        if i >= first:
            moves = moves or length > 0
            forward_s[i] = _with_curves(_slowed(ahead_mps, limit, length), length, curve, curve_before, within_m)
            backward_s[i] = _with_curves(_slowed(back_mps, limit, length), length, curve, curve_before, within_m)
        curve_before = curve
    return moves


@numba.njit(cache=True, nogil=True)
def add_junction_costs(
    met: npt.NDArray[np.int32],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    road: npt.NDArray[np.int32],
    rank: npt.NDArray[np.int16],
    lesser: float,
    equal: float,
    forward: npt.NDArray[np.float64],
    backward: npt.NDArray[np.float64],
) -> None:
    """Add to the times of each segment, unless they are negative, what it pays at its two ends, in place.

    That is half a share at each end where three or more segments meet: `lesser` for a segment whose rank is not the
    least there (the least rank is the greatest road), and `equal` for one whose rank it is, where three or more of that
    rank meet. The rank of segment i is rank[road[i]], 0 or more. `met` is room for one number of each node, all -1.
    """
    # Of each node: its least rank, how many segments of that meet, how many in all; three and more are alike.
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
        cost = 0.0
        for node in (a[i], b[i]):
            seen = met[node]
            if seen & 3 == 3:
                if rank[road[i]] > seen >> 4:
                    cost += lesser / 2
                elif (seen >> 2) & 3 == 3:
                    cost += equal / 2
        if forward[i] >= 0:
            forward[i] += cost
        if backward[i] >= 0:
            backward[i] += cost
