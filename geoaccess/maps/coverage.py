"""Areas that share borders, made simpler for drawing: what lies between two of them stays one line."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from geoaccess.kernels.thinning import bends, border_arcs
from geoaccess.kernels.threads import parts_of

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Outlines", "simplified_coverage", "simplified_outlines"]

_PART: Final = 2
"""Points closer than this part of the tolerance are one point to the eye."""
_RING: Final = 4
_MANY: Final = 1_000_000
_SMALL_PART: Final = 8
"""Of so many points those that lie closer to the border of those that stay than this part of the tolerance go, too."""
_LATER_BITS: Final = np.uint64(42)
"""All but so many bits of the number of a point are looked at before it is looked for among those that are kept."""
_AT_ONCE: Final = 1 << 18
"""So many points are looked at together: a country has millions."""
_AREAS: Final = 64
"""So many areas are taken apart together: their points are copied twice on the way."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """The rings of areas as arrays, which processes can share: ring i has the points ring_ptr[i]:ring_ptr[i + 1].

    Part i of an area has the rings part_ptr[i]:part_ptr[i + 1], its shell first, and belongs to the area `area[i]`;
    `single` says which areas are polygons. What is no plain area, such as none, stands in `others`.
    """

    points: npt.NDArray[np.float64]
    ring_ptr: npt.NDArray[np.int64]
    part_ptr: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]
    single: npt.NDArray[np.bool_]
    others: dict[int, Any]

    @classmethod
    def of(cls, areas: npt.NDArray[np.object_]) -> Outlines:
        """Return the outlines of polygons and multipolygons."""
        some = [cls._of(areas[first:last], first) for first, last in parts_of(len(areas), _AREAS)]
        some = some or [cls._of(areas, 0)]
        return cls(
            points=np.concatenate([one.points for one in some]),
            ring_ptr=_one_after_another([one.ring_ptr for one in some]),
            part_ptr=_one_after_another([one.part_ptr for one in some]),
            area=np.concatenate([one.area for one in some]),
            single=np.concatenate([one.single for one in some]),
            others={place: other for one in some for place, other in one.others.items()},
        )

    @classmethod
    def _of(cls, areas: npt.NDArray[np.object_], first: int) -> Outlines:
        """Return the outlines of areas, whose numbers begin with `first`."""
        kind = shapely.get_type_id(areas)
        single = kind == shapely.GeometryType.POLYGON
        plain = single | (kind == shapely.GeometryType.MULTIPOLYGON)
        plain &= ~shapely.has_z(areas) & ~shapely.is_empty(areas)
        parts, area = shapely.get_parts(areas, return_index=True)
        there = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
        parts, area = parts[there], area[there]
        rings, part = shapely.get_rings(parts, return_index=True)
        points, ring = shapely.get_coordinates(rings, return_index=True)
        return cls(
            points=points,
            ring_ptr=_starts(ring, len(rings)),
            part_ptr=_starts(part, len(parts)),
            area=area + first,
            single=single,
            others={first + place: areas[place] for place in np.flatnonzero(~plain).tolist()},
        )

    def shapes(self) -> npt.NDArray[np.object_]:
        """Return the areas that these are the outlines of."""
        rings: Any = shapely.linearrings(self.points, indices=_owners(self.ring_ptr))
        parts: Any = shapely.polygons(rings, indices=_owners(self.part_ptr))
        alone = self.single[self.area]
        found = np.empty(len(self.single), dtype=object)
        found[self.area[alone]] = parts[alone]
        several = np.unique(self.area[~alone])
        found[several] = shapely.multipolygons(parts[~alone], indices=np.searchsorted(several, self.area[~alone]))
        for place, other in self.others.items():
            found[place] = other
        return found

    def bounds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return west and south, and east and north, of each ring."""
        starts = self.ring_ptr[:-1]
        if not len(starts):
            return np.empty((0, 2)), np.empty((0, 2))
        return np.minimum.reduceat(self.points, starts), np.maximum.reduceat(self.points, starts)


def _starts(owner: npt.NDArray[np.int64], number: int) -> npt.NDArray[np.int64]:
    """Return where what belongs to each owner begins, and where the last ends."""
    return np.searchsorted(owner, np.arange(number + 1))


def _one_after_another(ptrs: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Return where things begin that stand one after another, and where the last ends, of several such lists.

    >>> _one_after_another([np.array([0, 3, 4]), np.array([0]), np.array([0, 2])]).tolist()
    [0, 3, 4, 6]
    """
    return np.cumsum(np.concatenate([[0], *(np.diff(ptr) for ptr in ptrs)]))


def _owners(ptr: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))


def simplified_coverage(areas: npt.NDArray[np.object_], tolerance: float) -> npt.NDArray[np.object_]:
    """Return areas with borders that are no finer than a tolerance, and still meet (`shapely.coverage_simplify`).

    That takes a minute for the borders of a country as they are mapped; so points are thinned first, to the first and
    the last of those that follow each other within a square of half the tolerance; of a million, borders between two
    areas then lose those that lie within an eighth of the tolerance of the rest.

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
    return simplified_outlines(Outlines.of(areas), tolerance)


def simplified_outlines(outlines: Outlines, tolerance: float) -> npt.NDArray[np.object_]:
    """Return areas as `simplified_coverage` does, of their outlines: what is thinned out is never a shape."""
    return np.asarray(shapely.coverage_simplify(_thinned(outlines, tolerance / _PART), tolerance), dtype=object)


def _thinned(outlines: Outlines, cell: float) -> npt.NDArray[np.object_]:
    """Return the areas without points inside a run within one square of a grid; a ring that is but a dot goes."""
    ring_ptr, part_ptr = outlines.ring_ptr, outlines.part_ptr
    kept = _kept(outlines, cell)
    if len(kept) >= _MANY:
        kept = _bending(outlines, kept, _PART * cell / _SMALL_PART)
    if kept.all():
        return outlines.shapes()
    there, ring = np.unique(_owners(ring_ptr)[kept], return_inverse=True)
    slim: Any = shapely.linearrings(outlines.points[kept], indices=ring)
    part = _owners(part_ptr)
    # Holes of a part whose shell is gone go with it: the first ring of a part is its shell.
    whole = np.isin(part_ptr[part[there]], there)
    owners, owner = np.unique(part[there][whole], return_inverse=True)
    polygons: Any = shapely.polygons(slim[whole], indices=owner)
    out = np.full(len(outlines.single), shapely.MultiPolygon(), dtype=object)
    of = outlines.area[owners]
    out[np.unique(of)] = shapely.multipolygons(polygons, indices=np.unique(of, return_inverse=True)[1])
    return out


def _kept(outlines: Outlines, cell: float) -> npt.NDArray[np.bool_]:
    """Return which points stay; of rings by the hundred thousand a few at a time, else it takes much memory."""
    points, ptr = outlines.points, outlines.ring_ptr
    bounds = np.unique(np.searchsorted(ptr, np.arange(0, len(points), _AT_ONCE), side="right") - 1)
    blocks = [*itertools.pairwise([*bounds.tolist(), len(ptr) - 1])]
    kept = np.ones(len(points), dtype=np.bool_)
    names = []
    for first, last in blocks:
        some = slice(ptr[first], ptr[last])
        kept[some] = _moving(points[some], ptr[first : last + 1] - ptr[first], cell)
        names.append(pd.unique(_names(points[some][kept[some]])))
    # A point is kept in all rings or in none, or neighbours would part.
    taken = pd.Index(pd.unique(np.concatenate([np.empty(0, np.uint64), *names])))
    begins = np.zeros(1 << (64 - int(_LATER_BITS)), np.bool_)
    begins[taken.to_numpy() >> _LATER_BITS] = True
    for first, last in blocks:
        some = slice(ptr[first], ptr[last])
        held, named = kept[some], _names(points[some])
        maybe = np.flatnonzero(~held & begins[named >> _LATER_BITS])
        held[maybe] = taken.get_indexer(pd.Index(named[maybe])) >= 0
        sizes = np.diff(ptr[first : last + 1])
        enough = np.add.reduceat(held, ptr[first:last] - ptr[first], dtype=np.int64) >= _RING
        kept[some] = held & np.repeat(enough, sizes)
    return kept


def _bending(outlines: Outlines, kept: npt.NDArray[np.bool_], tolerance: float) -> npt.NDArray[np.bool_]:
    """Return which of the points that are kept stay where borders may move so far; three of each ring do."""
    ptr = outlines.ring_ptr
    once = kept.copy()
    once[ptr[1:] - 1] = False  # the ends of a ring are one point
    sizes = np.add.reduceat(once, ptr[:-1], dtype=np.int64)
    ring_ptr = np.cumsum([0, *sizes[sizes > 0]])
    points = outlines.points[once]
    place, places = pd.factorize(_names(points))
    arc, arc_ptr = border_arcs(place, ring_ptr, len(places))
    x, y = points[arc].T.copy()
    stays = np.ones(len(places), dtype=np.bool_)
    stays[place[arc]] = False
    stays[place[arc[bends(x, y, arc_ptr, tolerance)]]] = True
    left = np.add.reduceat(stays[place], ring_ptr[:-1], dtype=np.int64)
    stays[place[np.repeat(left < _RING - 1, np.diff(ring_ptr))]] = True
    found = np.zeros(len(kept), dtype=np.bool_)
    found[once] = stays[place]
    found[ptr[1:] - 1] = found[ptr[:-1]]
    return found


def _moving(points: npt.NDArray[np.float64], ptr: npt.NDArray[np.int64], cell: float) -> npt.NDArray[np.bool_]:
    """Return which points of rings are the first or the last of a run within one square."""
    first, last = ptr[:-1], ptr[1:] - 1
    squares = np.floor(points / cell)
    moves = (squares[1:] != squares[:-1]).any(axis=1)
    after = np.append(moves, True)
    before = np.insert(moves, 0, True)
    after[last], before[first] = before[last], after[first]  # the ends of a ring are one point
    found: npt.NDArray[np.bool_] = before | after
    return found


def _names(points: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """Return a number for each point, the same for the same place."""
    x, y = (np.ascontiguousarray(points[:, axis]).view(np.uint64) for axis in (0, 1))
    return x * np.uint64(0x9E3779B97F4A7C15) ^ y
