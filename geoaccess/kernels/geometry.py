"""Lengths, the order of points along a Hilbert curve, and positions along polylines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["half_way", "hilbert_index", "length_m", "locate_on_shapes", "segment_lengths_m"]

_SEMI_MAJOR_M = 6378137.0
_ECCENTRICITY_2 = 6.69437999014e-3  # WGS84


@numba.njit(cache=True, nogil=True)
def length_m(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], p: int, q: int) -> float:
    """Return the length of the segment between two points on the WGS84 ellipsoid, the same in both directions.

    The earth is taken as flat between the two ends, with its two radii of curvature at the middle latitude: within
    one in 100 000 of the geodesic up to some tens of kilometres, far below what speeds are known to.
    """
    return length_and_cosine(lon, lat, p, q)[0]


@numba.njit(cache=True, nogil=True)
def length_and_cosine(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], p: int, q: int
) -> tuple[float, float]:
    """Return the length of a segment, see `length_m`, and the cosine of the latitude of its middle."""
    middle = math.radians((lat[p] + lat[q]) / 2)
    w = 1 - _ECCENTRICITY_2 * math.sin(middle) ** 2
    meridian = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_2) / w**1.5
    normal = _SEMI_MAJOR_M / math.sqrt(w)
    cosine = math.cos(middle)
    turn = lon[q] - lon[p]
    if turn > 180:
        turn -= 360
    elif turn < -180:
        turn += 360
    north = meridian * math.radians(lat[q] - lat[p])
    east = normal * cosine * math.radians(turn)
    return math.sqrt(north * north + east * east), cosine


@numba.njit(cache=True, nogil=True)
def segment_lengths_m(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Return the length of each segment from point `a[i]` to point `b[i]`, see `length_m`."""
    out = np.empty(a.size, np.float64)
    for i in range(a.size):
        out[i] = length_m(lon, lat, a[i], b[i])
    return out


@numba.njit(cache=True)
def hilbert_index(x: npt.NDArray[np.uint32], y: npt.NDArray[np.uint32], bits: int) -> npt.NDArray[np.int64]:
    """Return each point's place along a Hilbert curve over a square of 2**bits by 2**bits."""
    out = np.empty(x.size, np.int64)
    for i in range(x.size):
        px = np.int64(x[i])
        py = np.int64(y[i])
        place = np.int64(0)
        side = np.int64(1) << (bits - 1)
        while side > 0:
            right = np.int64(1) if px & side else np.int64(0)
            up = np.int64(1) if py & side else np.int64(0)
            place += side * side * ((3 * right) ^ up)
            if up == 0:
                if right == 1:
                    px = (np.int64(1) << bits) - 1 - px
                    py = (np.int64(1) << bits) - 1 - py
                px, py = py, px
            side >>= 1
        out[i] = place
    return out


@numba.njit(cache=True)
def half_way(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], first: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the point half way along each line, to the bit as GEOS finds it; line i is first[i]:first[i + 1]."""
    n = first.size - 1
    middle_x, middle_y = np.empty(n), np.empty(n)
    for i in range(n):
        begin, last = first[i], first[i + 1] - 1
        length = 0.0
        for j in range(begin, last):
            dx, dy = x[j + 1] - x[j], y[j + 1] - y[j]
            length += math.sqrt(dx * dx + dy * dy)
        half, before = length * 0.5, 0.0
        middle_x[i], middle_y[i] = (x[last], y[last]) if length > 0 else (x[begin], y[begin])
        for j in range(begin, last):
            dx, dy = x[j + 1] - x[j], y[j + 1] - y[j]
            piece = math.sqrt(dx * dx + dy * dy)
            if before + piece > half:
                share = (half - before) / piece
                middle_x[i], middle_y[i] = x[j] + share * dx, y[j] + share * dy
                break
            before += piece
    return middle_x, middle_y


@numba.njit(cache=True)
def locate_on_shapes(
    edge: npt.NDArray[np.int32],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    shape_ptr: npt.NDArray[np.int64],
    shape_x: npt.NDArray[np.float64],
    shape_y: npt.NDArray[np.float64],
    forward_s: npt.NDArray[np.float32],
    backward_s: npt.NDArray[np.float32],
) -> tuple[
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
]:
    """Return, for each point and the edge it belongs to, the nearest place on that edge.

    `*_s` is the time along the piece that starts at each shape point. The seven results are: share of the edge's
    forward time from its start to the place, the same of its backward time, the distance to the place; the shape point
    that begins the piece with the place and the share of the piece before it; and the way along the shape from its
    start to the place and on to its end.
    """
    n = edge.size
    forward = np.zeros(n)
    backward = np.zeros(n)
    distance = np.empty(n)
    piece = np.empty(n, np.int64)
    share = np.empty(n)
    before = np.empty(n)
    after = np.empty(n)
    for i in range(n):
        e = edge[i]
        best = np.inf
        forward_sum = backward_sum = length_sum = 0.0
        for j in range(shape_ptr[e], shape_ptr[e + 1] - 1):
            dx = shape_x[j + 1] - shape_x[j]
            dy = shape_y[j + 1] - shape_y[j]
            length_2 = dx * dx + dy * dy
            length = math.sqrt(length_2)
            t = 0.0
            if length_2 > 0:
                t = ((x[i] - shape_x[j]) * dx + (y[i] - shape_y[j]) * dy) / length_2
                t = min(1.0, max(0.0, t))
            near_x = shape_x[j] + t * dx
            near_y = shape_y[j] + t * dy
            away = math.sqrt((x[i] - near_x) ** 2 + (y[i] - near_y) ** 2)
            if away < best:
                best = away
                piece[i] = j
                share[i] = t
                before[i] = length_sum + t * length
                forward[i] = forward_sum + t * forward_s[j]
                backward[i] = backward_sum + t * backward_s[j]
            forward_sum += forward_s[j]
            backward_sum += backward_s[j]
            length_sum += length
        distance[i] = best
        after[i] = length_sum - before[i]
        forward[i] = forward[i] / forward_sum if forward_sum > 0 else 0.0
        backward[i] = backward[i] / backward_sum if backward_sum > 0 else 0.0
    return forward, backward, distance, piece, share, before, after
