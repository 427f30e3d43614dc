"""Rings around areas of a plane, and the polygons that they are the borders of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Rings", "areas_of", "polygons_of", "ringed"]


class Rings(NamedTuple):
    """Closed rings, and their areas: of holes below 0."""

    rings: npt.NDArray[np.object_]
    area: npt.NDArray[np.float64]


def ringed(xy: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]) -> Rings:
    """Return rings of points one after another, open, and how many are in each."""
    import shapely

    ptr = np.append(0, np.cumsum(sizes))
    rings: Any = shapely.linearrings(xy, indices=np.repeat(np.arange(sizes.size), sizes))
    return Rings(np.asarray(rings, object), areas_of(xy, ptr))


def areas_of(xy: npt.NDArray[np.float64], ptr: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the areas of open rings, below 0 where one goes round with the sun."""
    sizes = np.diff(ptr)
    x, y = (xy - np.repeat(xy[ptr[:-1]], sizes, axis=0)).T
    after = np.arange(1, ptr[-1] + 1)
    after[ptr[1:] - 1] = ptr[:-1]
    return np.asarray(np.add.reduceat(x * y[after] - x[after] * y, ptr[:-1]) / 2)


def polygons_of(outlines: Rings, largest_hole_m2: float) -> npt.NDArray[np.object_]:
    """Return polygons of rings without their holes up to a size, and without those therein."""
    import shapely

    outer = outlines.area > 0
    shells, holes = (np.asarray(shapely.polygons(outlines.rings[some]), object) for some in (outer, ~outer))
    shell_m2, hole_m2 = outlines.area[outer], -outlines.area[~outer]
    large = np.flatnonzero(hole_m2 > largest_hole_m2)
    small = np.flatnonzero(hole_m2 <= largest_hole_m2)
    places, lakes = (np.asarray(shapely.point_on_surface(some), object) for some in (shells, holes[large]))
    which, inside = shapely.STRtree(places).query(holes[small], predicate="contains")
    kept = np.ones(shells.size, np.bool_)
    kept[inside[shell_m2[inside] < hole_m2[small[which]]]] = False
    # Of those around a hole, it is that of the smallest.
    shell, hole = shapely.STRtree(lakes).query(shells, predicate="contains")
    around = shell_m2[shell] > hole_m2[large[hole]]
    shell, hole = shell[around], hole[around]
    order = np.lexsort((shell_m2[shell], hole))
    nearest = order[np.flatnonzero(np.diff(hole[order], prepend=-1))]
    shell, hole = shell[nearest], large[hole[nearest]]
    rings = np.append(outlines.rings[outer], outlines.rings[~outer][hole])
    of = np.append(np.arange(shells.size), shell)
    some = np.flatnonzero(kept[of])
    order = some[np.argsort(of[some], kind="stable")]
    if not order.size:
        return np.empty(0, object)
    return np.asarray(shapely.polygons(rings[order], indices=np.unique(of[order], return_inverse=True)[1]), object)
