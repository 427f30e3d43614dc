"""Which rings around areas of a plane bound one polygon together: each hole belongs to the smallest ring around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["polygons_of_rings"]


@numba.njit(cache=True, nogil=True)
def polygons_of_rings(
    xy: npt.NDArray[np.float64], ptr: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the number of the polygon that each ring belongs to, and whether it is a hole.

    Polygons are numbered as their outer rings follow one another. -1 are rings of no area, and holes where there is no
    outer ring. Where it seems that a hole lies in none, as rings cross, it is one of the first.

    Parameters
    ----------
    xy
        Points of rings, one ring after another, their first point not repeated; the area is on their left.
    ptr
        Where each begins, and the end.
    """
    rings = ptr.size - 1
    area, box = np.empty(rings), np.empty((rings, 4))
    polygon = np.full(rings, -1, np.int64)
    polygons = 0
    for ring in range(rings):
        first, last = ptr[ring], ptr[ring + 1]
        west = east = xy[first, 0]
        south = north = xy[first, 1]
        twice = 0.0
        for i in range(first, last):
            after = i + 1 if i + 1 < last else first
            west, east = min(west, xy[i, 0]), max(east, xy[i, 0])
            south, north = min(south, xy[i, 1]), max(north, xy[i, 1])
            twice += (xy[i, 0] - xy[first, 0]) * (xy[after, 1] - xy[first, 1])
            twice -= (xy[after, 0] - xy[first, 0]) * (xy[i, 1] - xy[first, 1])
        area[ring] = twice
        box[ring, 0], box[ring, 1], box[ring, 2], box[ring, 3] = west, south, east, north
        if twice > 0:
            polygon[ring] = polygons
            polygons += 1
    for hole in range(rings):
        if area[hole] >= 0 or polygons == 0:
            continue
        x, y = xy[ptr[hole], 0], xy[ptr[hole], 1]
        around, least = 0, np.inf
        for ring in range(rings):
            if not -area[hole] < area[ring] < least:
                continue
            if x < box[ring, 0] or y < box[ring, 1] or x > box[ring, 2] or y > box[ring, 3]:
                continue
            if _is_inside(xy, ptr[ring], ptr[ring + 1], x, y):
                around, least = polygon[ring], area[ring]
        polygon[hole] = around
    return polygon, area < 0


@numba.njit(cache=True, nogil=True)
def _is_inside(xy: npt.NDArray[np.float64], first: int, last: int, x: float, y: float) -> bool:
    """Say whether a place lies within a ring: a ray to the east crosses it an odd number of times."""
    inside = False
    before = last - 1
    for i in range(first, last):
        if (xy[i, 1] > y) != (xy[before, 1] > y):
            share = (y - xy[i, 1]) / (xy[before, 1] - xy[i, 1])
            if x < xy[i, 0] + share * (xy[before, 0] - xy[i, 0]):
                inside = not inside
        before = i
    return inside
