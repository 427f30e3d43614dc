"""The land within some metres of lines in a square of a plane, on their side of any water."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels.covering import needed_lines

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import WaterAreas

__all__ = ["Covered", "LandBeside"]

_NARROW_M = 30.0
"""Water that is no wider keeps nobody, see `geoaccess.network.leads_over_water`."""

_ARC = 4
"""Pieces of a quarter of a circle."""

_ROUND = float(np.cos(np.pi / (4 * _ARC)))
"""The middle of such a piece lies so much of the radius from the middle of the circle."""

_WIDER = 1.01
"""GEOS fills bends of a line that are no deeper than a hundredth of the width."""

_CELLS = 8
"""Cells of the grid of what is covered within a width."""

_CELL_M = 100.0
"""The smallest cell: narrow areas are soon put together."""


@dataclass(frozen=True)
class Covered:
    """The land that is covered for certain in one question, by cells of a grid in each square."""

    of: dict[tuple[int, int], npt.NDArray[np.bool_]] = field(default_factory=dict)


class LandBeside:
    """What makes areas beside lines, square by square; the water of each square is kept.

    Parameters
    ----------
    water
        Which water there is, if any.
    square_m
        The side of squares; a line is that of the square in which the middle of its bounds lies.
    longest_m
        No line is longer.
    width_m
        No area is wider.
    simplify_m
        By how much lines may be moved to have fewer points, and borders of areas afterwards.
    """

    def __init__(
        self, water: WaterAreas | None, *, square_m: float, longest_m: float, width_m: float, simplify_m: float
    ) -> None:
        self._water, self._square_m, self._simplify_m = water, square_m, simplify_m
        self._beside_m = longest_m / 2 + width_m
        self._cell_m = max(width_m / _CELLS, _CELL_M)
        self._wet: dict[tuple[int, int], Any] = {}

    def of(
        self,
        lines: npt.NDArray[np.object_],
        widths_m: npt.NDArray[np.float64],
        square: tuple[int, int],
        covered: Covered | None,
    ) -> Any:
        """Return the area beside the lines of a square, without water, and without what lies beyond it.

        Lines whose area is that of others, or `covered` by what was asked for before, are left out: the area is the
        same without them. What is here is covered afterwards.
        """
        import shapely

        if self._simplify_m:
            lines = np.asarray(shapely.simplify(lines, self._simplify_m, preserve_topology=False), object)
        wet = self._water_of(square)
        dry = np.ones(lines.size, np.bool_)
        if wet is not None:
            # GEOS finds nothing near a line of no length.
            shapes = np.where(shapely.length(lines) > 0, lines, shapely.get_point(lines, 0))
            reach: Any = _WIDER * widths_m
            dry = ~np.asarray(shapely.dwithin(wet, shapes, reach), np.bool_)
        grid = self._grid(square, covered)
        left = np.lexsort((~dry, -widths_m))  # the widest leave out most others
        whole, at_shores, beside = list[Any](), list[Any](), list[Any]()
        while True:
            now = grid.copy()
            needed = left[self._needed(lines[left], widths_m[left], square, now)]
            areas = np.asarray(shapely.buffer(lines[needed], widths_m[needed], quad_segs=_ARC), object)
            cut, parts = _cut(areas, lines[needed], ~dry[needed], wet)
            whole += areas[~cut].tolist()
            at_shores += areas[~cut & ~dry[needed]].tolist()
            beside += parts
            if not cut.any():
                break
            # For areas that lost something beyond water, others were left out: once more, with what is certain.
            certain, left = needed[~cut], left[~np.isin(left, needed)]
            self._needed(lines[certain], widths_m[certain], square, grid)
            left = left[self._needed(lines[left], widths_m[left], square, grid.copy(), cover=False)]
        grid |= now
        joined: Any = shapely.union_all(whole)
        if at_shores:
            joined = shapely.difference(joined, _around(wet, at_shores))
        return shapely.union_all([joined, *beside])

    def _needed(
        self,
        lines: npt.NDArray[np.object_],
        widths_m: npt.NDArray[np.float64],
        square: tuple[int, int],
        grid: npt.NDArray[np.bool_],
        *,
        cover: bool = True,
    ) -> npt.NDArray[np.bool_]:
        """Say which lines are needed, see `needed_lines`; `grid` is what is covered, before and after.

        Those that do not `cover` anything are needed unless all that they touch is covered before.
        """
        import shapely

        half = self._cell_m / 2**0.5
        xy, line = shapely.get_coordinates(lines, return_index=True)
        ptr = np.searchsorted(line, np.arange(lines.size + 1))
        inner = widths_m * _ROUND - self._simplify_m - half if cover else np.full(lines.size, -1.0)
        outer = widths_m * _WIDER + half
        return np.asarray(needed_lines(xy - self._corner(square), ptr, self._cell_m, inner, outer, grid))

    def _corner(self, square: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return the lower left corner of the grid of a square: two cells beyond whatever its areas reach."""
        return np.array(square) * self._square_m - self._beside_m - 2 * self._cell_m

    def _grid(self, square: tuple[int, int], covered: Covered | None) -> npt.NDArray[np.bool_]:
        side = int(np.ceil((self._square_m + 2 * self._beside_m) / self._cell_m)) + 4
        empty = np.zeros((side, side), np.bool_)
        return empty if covered is None else covered.of.setdefault(square, empty)

    def _water_of(self, square: tuple[int, int]) -> Any:
        """Return the water that may lie within reach of the lines of a square, None if there is none."""
        import shapely

        if self._water is None:
            return None
        if square not in self._wet:
            low = np.array(square) * self._square_m
            box = shapely.box(*(low - self._beside_m), *(low + self._square_m + self._beside_m))
            wet: Any = self._water.within(box, narrow_m=_NARROW_M)
            shapely.prepare(wet)
            self._wet[square] = None if wet.is_empty else wet
        return self._wet[square]


def _cut(
    areas: npt.NDArray[np.object_], lines: npt.NDArray[np.object_], near_water: npt.NDArray[np.bool_], wet: Any
) -> tuple[npt.NDArray[np.bool_], list[Any]]:
    """Say which areas have land beyond water; and return what these have on the side of their lines."""
    import shapely

    cut = np.zeros(areas.size, np.bool_)
    hit = np.flatnonzero(near_water)
    hit = hit[shapely.intersects(wet, areas[hit])] if hit.size else hit
    if not hit.size:
        return cut, []
    near = _around(wet, areas[hit])
    parts, owner = shapely.get_parts(shapely.difference(areas[hit], near), return_index=True)
    own = np.asarray(shapely.dwithin(parts, lines[hit][owner], _NARROW_M))
    cut[hit[owner[~own]]] = True
    return cut, list(parts[own & cut[hit[owner]]])


def _around(wet: Any, areas: Any) -> Any:
    """Return only the water around some areas: shores are long."""
    import shapely

    return shapely.clip_by_rect(wet, *shapely.total_bounds(areas))
