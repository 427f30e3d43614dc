"""Shores: lines with water on one side, and which straight walks lead over that water."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.errors import InputError
from geoaccess.network.segment_tree import SegmentTree

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.projection import LocalProjection

__all__ = ["COAST", "Crossings", "ShoreIndex", "Shores"]

COAST = 0
"""The area of a line of coast."""

_RUN = 32
"""Pieces of a line that share one box of the search tree."""

_BATCH = 20_000


@dataclass(frozen=True, eq=False)
class Shores:
    """Coastline and borders of areas of water, line by line.

    Parameters
    ----------
    lon, lat
        Degrees (WGS84), the points of all lines one after another.
    ptr
        Line i has the points ptr[i]:ptr[i + 1].
    area
        Per line `COAST`, where land is on its left and the sea on its right, or the number of the area of water that
        it bounds. Coast that ends where it began is a ring: an island where it runs against the clock.

    Raises
    ------
    InputError
        If the arrays do not belong together.

    Examples
    --------
    >>> import numpy as np
    >>> holm = Shores(
    ...     lon=np.array([10.0, 10.1, 10.0, 10.0]),
    ...     lat=np.array([60.0, 60.0, 60.1, 60.0]),
    ...     ptr=np.array([0, 4]),
    ...     area=np.array([COAST], np.int32),
    ... )
    >>> holm.island_of(np.array([10.01, 10.2]), np.array([60.01, 60.01])).tolist()
    [0, -1]
    """

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    ptr: npt.NDArray[np.int64]
    area: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check that the arrays belong together, and make them read-only."""
        sizes = np.diff(self.ptr)
        whole = self.ptr.size == self.area.size + 1 and self.ptr[0] == 0 and self.ptr[-1] == self.lon.size
        if not whole or self.lon.size != self.lat.size or (sizes < 2).any():  # noqa: PLR2004 - a line has two ends
            raise InputError(
                f"shores: {self.lon.size} longitudes, {self.lat.size} latitudes, {self.area.size} areas and "
                f"{self.ptr.size} bounds of lines do not belong together"
            )
        for item in fields(self):
            getattr(self, item.name).flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what it is made of, without what searches keep."""
        return type(self), tuple(getattr(self, item.name) for item in fields(self))

    @cached_property
    def _islands(self) -> tuple[npt.NDArray[np.int64], Any]:
        """Line numbers and polygons of the rings that have land inside."""
        import shapely

        first, last = self.ptr[:-1], self.ptr[1:] - 1
        closed = (self.lon[first] == self.lon[last]) & (self.lat[first] == self.lat[last])
        rings = np.flatnonzero(closed & (self.area == COAST) & (last - first >= 3))  # noqa: PLR2004 - a triangle
        shapes = [
            shapely.polygons(np.column_stack([self.lon[a:b], self.lat[a:b]]))
            for a, b in zip(self.ptr[rings].tolist(), self.ptr[rings + 1].tolist(), strict=True)
        ]
        land = np.array([bool(shapely.is_ccw(shapely.get_exterior_ring(shape))) for shape in shapes], np.bool_)
        return rings[land], np.array(shapes, object)[land]

    def island_of(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return the number of the ring of coast around each place; -1 where no ring closes around it.

        A ring that closes may be a mainland as well as an island.
        """
        import shapely

        rings, shapes = self._islands
        found = np.full(lon.size, -1, np.int64)
        if rings.size and lon.size:
            tree = shapely.STRtree(shapes)
            place, ring = tree.query(shapely.points(lon, lat), predicate="intersects")
            order = np.argsort(-shapely.area(shapes)[ring], kind="stable")  # an island in a lagoon of another counts
            found[place[order]] = rings[ring[order]]
        return found

    def any_inside(self, ring: int, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> bool:
        """Return whether any of some places lies inside a ring that `island_of` named."""
        import shapely

        rings, shapes = self._islands
        shape = shapes[int(np.searchsorted(rings, ring))]
        west, south, east, north = shape.bounds
        near = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
        return bool(shapely.intersects_xy(shape, lon[near], lat[near]).any())

    def index(self, projection: LocalProjection) -> ShoreIndex:
        """Return the search tree of the shores in a projection; it is kept for the next walks."""
        kept: dict[str, ShoreIndex] = self.__dict__.setdefault("_index_in", {})
        if projection.crs not in kept:
            kept[projection.crs] = ShoreIndex(self, projection)
        return kept[projection.crs]


class Crossings(NamedTuple):
    """Where walks cross shores, by walk, area and `share` of the walk; `leaves` land, which only coast can tell."""

    walk: npt.NDArray[np.int64]
    area: npt.NDArray[np.int32]
    share: npt.NDArray[np.float64]
    leaves: npt.NDArray[np.bool_]


class ShoreIndex:
    """The pieces of shores in a plane, in a search tree."""

    def __init__(self, shores: Shores, projection: LocalProjection) -> None:
        import shapely

        x, y = projection.project(shores.lon, shores.lat)
        line = np.repeat(np.arange(shores.area.size), np.diff(shores.ptr))
        self._first = np.flatnonzero(line[:-1] == line[1:])
        self._area = shores.area[line[self._first]]
        self._ends = (x[self._first], y[self._first], x[self._first + 1], y[self._first + 1])
        within = self._first - shores.ptr[line[self._first]]
        start = np.flatnonzero(within % _RUN == 0)
        self._run = np.append(start, self._first.size)
        ax, ay, bx, by = self._ends
        self._tree = shapely.STRtree(
            shapely.box(
                np.minimum.reduceat(np.minimum(ax, bx), start),
                np.minimum.reduceat(np.minimum(ay, by), start),
                np.maximum.reduceat(np.maximum(ax, bx), start),
                np.maximum.reduceat(np.maximum(ay, by), start),
            )
        )

    @cached_property
    def _coast(self) -> SegmentTree:
        return SegmentTree(np.where(self._area == COAST, 0, -1).astype(np.int32), *self._ends)

    def coast_m(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return metres from places to the nearest coast."""
        return self._coast.nearest(x, y)[1]

    def crossings(
        self,
        x: npt.NDArray[np.float64],
        y: npt.NDArray[np.float64],
        to_x: npt.NDArray[np.float64],
        to_y: npt.NDArray[np.float64],
    ) -> Crossings:
        """Return where straight walks cross shores, sorted."""
        parts = []
        for at in range(0, max(x.size, 1), _BATCH):
            some = slice(at, at + _BATCH)
            found = self._crossings(x[some], y[some], to_x[some], to_y[some])
            parts.append(found._replace(walk=found.walk + at))
        walk = np.concatenate([part.walk for part in parts])
        area = np.concatenate([part.area for part in parts])
        share = np.concatenate([part.share for part in parts])
        leaves = np.concatenate([part.leaves for part in parts])
        order = np.lexsort((share, area, walk))
        return Crossings(walk[order], area[order], share[order], leaves[order])

    def _crossings(
        self,
        x: npt.NDArray[np.float64],
        y: npt.NDArray[np.float64],
        to_x: npt.NDArray[np.float64],
        to_y: npt.NDArray[np.float64],
    ) -> Crossings:
        import shapely

        ends = np.stack([np.column_stack([x, y]), np.column_stack([to_x, to_y])], axis=1)
        near, run = self._tree.query(shapely.linestrings(ends), predicate="intersects")
        sizes = self._run[run + 1] - self._run[run]
        piece = np.repeat(self._run[run] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        walk = np.repeat(near, sizes)
        dx, dy = (to_x - x)[walk], (to_y - y)[walk]
        ax, ay, bx, by = (ends[piece] for ends in self._ends)
        # On which side of the walk each end lies; one on its line counts as left, so no bend is crossed twice.
        side_a, side_b = dx * (ay - y[walk]) - dy * (ax - x[walk]), dx * (by - y[walk]) - dy * (bx - x[walk])
        cut = np.flatnonzero((side_a >= 0) != (side_b >= 0))
        along = side_a[cut] / (side_a[cut] - side_b[cut])
        cut_x, cut_y = ax[cut] + along * (bx - ax)[cut], ay[cut] + along * (by - ay)[cut]
        walk, dx, dy = walk[cut], dx[cut], dy[cut]
        share = ((cut_x - x[walk]) * dx + (cut_y - y[walk]) * dy) / (dx * dx + dy * dy)
        on = (share > 0) & (share < 1)
        cut, share, walk = cut[on], share[on], walk[on]
        return Crossings(walk, self._area[piece[cut]], share, side_a[cut] < 0)
