"""Shores: lines with water on one side, and which straight walks lead over that water."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels import shores as kernel
from geoaccess.kernels.threads import share, thread_count
from geoaccess.network.segment_tree import SegmentTree

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.projection import LocalProjection

__all__ = ["COAST", "ShoreIndex", "Shores"]

COAST: Final = int(kernel.COAST)
"""The area of a line of coast."""

_MANY = 2_000
"""So many walks are worth a thread of their own."""


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
        known = self.known_index(projection)
        if known is None:
            known = ShoreIndex(self, *projection.project(self.lon, self.lat))
            self.keep_index(projection, known)
        return known

    def known_index(self, projection: LocalProjection) -> ShoreIndex | None:
        """Return the search tree that is kept for a projection, if one is."""
        kept: dict[str, ShoreIndex] = self.__dict__.get("_index_in", {})
        return kept.get(projection.crs)

    def keep_index(self, projection: LocalProjection, index: ShoreIndex) -> None:
        """Keep a search tree that was made of the shores in a projection before."""
        self.__dict__.setdefault("_index_in", {})[projection.crs] = index


class ShoreIndex:
    """The pieces of shores in a plane, in a search tree: `x` and `y` are those of their points, in metres.

    `tree` is what was kept of one that was made of the same shores.
    """

    def __init__(
        self, shores: Shores, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], tree: SegmentTree | None = None
    ) -> None:
        self.x, self.y = x, y
        self.tree = SegmentTree(_owners(shores), x[:-1], y[:-1], x[1:], y[1:]) if tree is None else tree

    def coast_m(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return metres from places to the nearest coast."""
        return self.tree.nearest(x, y, only=COAST)[1]

    def wet(
        self,
        x: npt.NDArray[np.float64],
        y: npt.NDArray[np.float64],
        to_x: npt.NDArray[np.float64],
        to_y: npt.NDArray[np.float64],
        *,
        waded_m: float,
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
        """Return which straight walks have more than `waded_m` of water in a row, and how much sea they begin with.

        The latter is 0 where a walk does not begin at sea; where it does, the former speaks of the rest of the walk.
        """
        wet, ashore_m = np.zeros(x.size, np.bool_), np.zeros(x.size)
        if not len(self.tree.leaf):
            return wet, ashore_m
        length_m = np.hypot(to_x - x, to_y - y)
        x, y, to_x, to_y = (np.ascontiguousarray(values, np.float64) for values in (x, y, to_x, to_y))
        tree, (ax, ay, bx, by) = self.tree, self.tree.ends
        boxes = tree.box, tree.level, tree.leaf, tree.owner
        work = partial(kernel.wet_walks, x, y, to_x, to_y, length_m, waded_m, *boxes, ax, ay, bx, by, wet, ashore_m)
        bounds = np.linspace(0, x.size, max(1, min(4 * thread_count(), x.size // _MANY)) + 1).astype(int).tolist()
        share(work, [*itertools.pairwise(bounds)])
        return wet, ashore_m


def _owners(shores: Shores) -> npt.NDArray[np.int32]:
    """Return the area of each piece between two points; -1 where a line ends and the next begins."""
    owner = np.repeat(shores.area, np.diff(shores.ptr))
    owner[shores.ptr[1:] - 1] = -1
    return owner[:-1]
