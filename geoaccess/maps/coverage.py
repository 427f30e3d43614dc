"""Areas that share borders, made simpler for drawing: what lies between two of them stays one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["simplified_coverage"]

_PART: Final = 2
"""Points closer than this part of the tolerance are one point to the eye."""
_RING: Final = 4


def simplified_coverage(areas: npt.NDArray[np.object_], tolerance: float) -> npt.NDArray[np.object_]:
    """Return areas with borders that are no finer than a tolerance, and still meet (`shapely.coverage_simplify`).

    That takes a minute for the borders of a country as they are mapped; so points are thinned first, to the first and
    the last of those that follow each other within a square of half the tolerance.

    Parameters
    ----------
    areas
        Polygons and multipolygons that meet and do not overlap.
    tolerance
        In the unit of the coordinates.

    Examples
    --------
    >>> square = shapely.segmentize(shapely.box(0, 0, 10, 10), 0.001)
    >>> slim = simplified_coverage(np.array([square]), 1.0)[0]
    >>> int(shapely.get_num_coordinates(square)), bool(shapely.get_num_coordinates(slim) < 10), round(slim.area)
    (40001, True, 100)
    """
    return np.asarray(shapely.coverage_simplify(_thinned(areas, tolerance / _PART), tolerance), dtype=object)


def _thinned(areas: npt.NDArray[np.object_], cell: float) -> npt.NDArray[np.object_]:
    """Return the areas without points inside a run within one square of a grid; a ring that is but a dot goes."""
    parts, area = shapely.get_parts(areas, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    if not len(rings):
        return areas
    points, ring = shapely.get_coordinates(rings, return_index=True)
    first = np.flatnonzero(np.diff(ring, prepend=-1))
    last = np.append(first[1:], len(ring)) - 1
    squares = np.floor(points / cell)
    moves = (squares[1:] != squares[:-1]).any(axis=1)
    after = np.append(moves, True)
    before = np.insert(moves, 0, True)
    after[last], before[first] = before[last], after[first]  # the ends of a ring are one point
    kept = before | after
    # A point is kept in all rings or in none, or neighbours would part.
    place = pd.factorize(points[:, 0].view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ points[:, 1].view(np.uint64))[0]
    kept = np.bincount(place, weights=kept)[place] > 0
    kept &= np.bincount(ring, weights=kept)[ring] >= _RING
    if kept.all():
        return areas
    there, ring = np.unique(ring[kept], return_inverse=True)
    slim: Any = shapely.linearrings(points[kept], indices=ring)
    # Holes of a part whose shell is gone go with it: the first ring of a part is its shell.
    shell = np.flatnonzero(np.diff(part, prepend=-1))
    whole = np.isin(shell[part[there]], there)
    owners, owner = np.unique(part[there][whole], return_inverse=True)
    polygons: Any = shapely.polygons(slim[whole], indices=owner)
    out = np.full(len(areas), shapely.MultiPolygon(), dtype=object)
    out[np.unique(area[owners])] = shapely.multipolygons(
        polygons, indices=np.unique(area[owners], return_inverse=True)[1]
    )
    return out
