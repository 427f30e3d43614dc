"""Which of many cells points lie in: as a rule these are squares, which need no geometry of the points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import boxes
from geoaccess.kernels.threads import parts_of, share
from geoaccess.network.curve import curve_order

if TYPE_CHECKING:
    import numpy.typing as npt
    from shapely import STRtree

__all__ = ["CellTree"]

_MANY = 100_000
"""So many points are worth a thread of their own."""
_CORNERS = 5
"""Points of a rectangle's line, the first of which is also the last."""


class CellTree:
    """Cells of any shape, to be asked which of them holds a point.

    >>> import numpy as np
    >>> import shapely
    >>> tree = CellTree(np.array([shapely.box(0, 0, 1, 1), shapely.Point(3, 0).buffer(1)]))
    >>> tree.cells_of(np.array([0.5, 3.5, 2.05, 9.0]), np.array([0.5, 0.1, 0.9, 0.0])).tolist()
    [0, 1, -1, -1]
    """

    def __init__(self, cells: npt.NDArray[np.object_]) -> None:
        import shapely

        self._cells = np.asarray(cells, object)
        bounds = np.asarray(shapely.bounds(self._cells), np.float64).reshape(-1, 4)
        there = np.flatnonzero(np.isfinite(bounds).all(axis=1))  # an empty cell holds nothing
        bounds = bounds[there]
        order = curve_order((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2)
        self._number = there[order]
        self._whole = _rectangles(self._cells[self._number], bounds[order])
        self._box, self._level = boxes.levels_of(np.ascontiguousarray(bounds), order)
        self._level.flags.writeable = False  # as that of other trees: one compiled version does for both
        self._shapes: STRtree | None = None

    def cells_of(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return the number of the cell that each point is in, -1 for none; on the border of several it is one of them.

        Shape (n_points,).
        """
        if not self._number.size:
            return np.full(x.size, -1, np.int64)
        x, y = np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64)
        place = np.empty(x.size, np.int64)

        def look(begin: int, end: int) -> None:
            place[begin:end] = boxes.holding(x[begin:end], y[begin:end], self._box, self._level, self._whole)

        share(look, parts_of(x.size, _MANY))
        found = np.where(place >= 0, self._number[np.maximum(place, 0)], -1)
        unsure = np.flatnonzero(place < -1)
        found[unsure] = self._by_shape(x[unsure], y[unsure])
        return found

    def _by_shape(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        import shapely

        found = np.full(x.size, -1, np.int64)
        if x.size:
            if self._shapes is None:
                self._shapes = shapely.STRtree(self._cells)
            point, cell = self._shapes.query(shapely.points(x, y), predicate="intersects").reshape(2, -1)
            first = np.unique(point, return_index=True)[1]
            found[point[first]] = cell[first]
        return found


def _rectangles(cells: npt.NDArray[np.object_], bounds: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which cells are rectangles along the axes, and so all that their bounds hold."""
    import shapely

    found: npt.NDArray[np.bool_] = (shapely.get_type_id(cells) == shapely.GeometryType.POLYGON) & (
        shapely.get_num_coordinates(cells) == _CORNERS
    )
    at = np.flatnonzero(found)
    corners = shapely.get_coordinates(cells[at]).reshape(-1, _CORNERS, 2)
    low, high = bounds[at, None, :2], bounds[at, None, 2:]
    steps = np.diff(corners, axis=1) == 0
    along = (steps[:, :, 0] != steps[:, :, 1]).all(axis=1) & (steps[:, 1:, 0] != steps[:, :-1, 0]).all(axis=1)
    found[at] = ((corners == low) | (corners == high)).all(axis=(1, 2)) & along
    return found
