"""The land within some metres of lines in a square of a plane, on their side of any water."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels.banks import land_beyond, nothing_beyond, water_in_rows
from geoaccess.kernels.covering import needed_lines
from geoaccess.routing.widened import area_beside

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.kernels.banks import Beyond
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

_STEPS, _OF_WIDTH, _NARROWEST = 5.0, 20.0, 0.8
"""Points of the grid on which areas are drawn lie apart so many times as far as lines may be moved, at most this part
of the greatest width, and at most so much of the least that is there."""

_OF_BORDER = 4
"""Their borders are moved by so much less than lines."""

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
        self._water, self._square_m, self._width_m, self._simplify_m = water, square_m, width_m, simplify_m
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

        Where borders may be moved they are drawn on a grid, see `outline_rings`, which takes a fortieth of the time of
        GEOS where many lines lie upon another; in its rows it is seen which land lies beyond water for which line.
        Where they may not, they are those of GEOS around each line, with 16 corners on a circle; lines whose area is
        that of others, or `covered` by what was asked for before, are not looked at then: the area is the same without
        them. What is here is covered afterwards.
        """
        import shapely

        if self._simplify_m:
            lines = np.asarray(shapely.simplify(lines, self._simplify_m, preserve_topology=False), object)
        wet = self._water_of(square)
        near = _near(lines, widths_m, wet)
        if self._simplify_m:
            return self._drawn(lines, widths_m, near, wet)
        grid = self._grid(square, covered)
        left = np.lexsort((near, -widths_m))  # the widest leave out most others
        whole: list[npt.NDArray[np.int64]] = []
        beside: list[Any] = []
        while True:
            now = grid.copy()
            needed = left[self._needed(lines[left], widths_m[left], square, now)]
            at_shore = needed[near[needed]]
            cut, parts = _cut(lines[at_shore], widths_m[at_shore], wet)
            gone = at_shore[cut]
            certain = needed[~np.isin(needed, gone)]
            whole.append(certain)
            beside += parts
            if not gone.size:
                break
            # For areas that lost something beyond water, others were left out: once more, with what is certain.
            left = left[~np.isin(left, needed)]
            self._needed(lines[certain], widths_m[certain], square, grid)
            left = left[self._needed(lines[left], widths_m[left], square, grid.copy(), cover=False)]
        grid |= now
        some = np.concatenate(whole)
        joined = shapely.union_all(shapely.buffer(lines[some], widths_m[some], quad_segs=_ARC))
        joined = _on_their_side(joined, lines[some], widths_m[some], near[some], wet)
        return shapely.union_all([joined, *beside]) if beside else joined

    def _drawn(
        self,
        lines: npt.NDArray[np.object_],
        widths_m: npt.NDArray[np.float64],
        near: npt.NDArray[np.bool_],
        wet: Any,
    ) -> Any:
        """Return what `of` does, drawn on a grid; `near`: which lines lie near the water."""
        step, simple = self._step(widths_m), self._simplify_m / _OF_BORDER
        beyond = nothing_beyond(lines.size)
        if near.any():
            found = _beyond(lines[near], widths_m[near], wet, step)
            beyond.entry[near] = found.entry
            beyond = found._replace(entry=beyond.entry)
        joined = area_beside(lines, widths_m, step_m=step, simplify_m=simple, beyond=beyond)
        return _on_their_side(joined, lines, widths_m, near, wet)

    def _step(self, widths_m: npt.NDArray[np.float64]) -> float:
        return float(min(_STEPS * self._simplify_m, self._width_m / _OF_WIDTH, _NARROWEST * widths_m.min()))

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


def _beyond(lines: npt.NDArray[np.object_], widths_m: npt.NDArray[np.float64], wet: Any, step_m: float) -> Beyond:
    """Return which land beside lines lies beyond water, by two rows for each of a grid: water is wider than one."""
    import shapely

    xy, line = shapely.get_coordinates(lines, return_index=True)
    ptr = np.searchsorted(line, np.arange(lines.size + 1))
    row_m = step_m / 2
    low = int(np.floor((xy[:, 1] - widths_m[line]).min() / row_m))
    rows = int(np.ceil((xy[:, 1] + widths_m[line]).max() / row_m)) + 1 - low
    rings = shapely.get_rings(shapely.get_parts(wet))
    shore, ring = shapely.get_coordinates(rings, return_index=True)
    shores = water_in_rows(shore, np.searchsorted(ring, np.arange(rings.size + 1)), low, row_m, rows)
    return land_beyond(xy, ptr, widths_m.astype(np.float64), _NARROW_M, shores, low, row_m)


def _near(lines: npt.NDArray[np.object_], widths_m: npt.NDArray[np.float64], wet: Any) -> npt.NDArray[np.bool_]:
    """Say which lines lie within their width of water."""
    import shapely

    if wet is None:
        return np.zeros(lines.size, np.bool_)
    # GEOS finds nothing near a line of no length.
    shapes = np.where(shapely.length(lines) > 0, lines, shapely.get_point(lines, 0))
    reach: Any = _WIDER * widths_m
    return np.asarray(shapely.dwithin(wet, shapes, reach), np.bool_)


def _cut(
    lines: npt.NDArray[np.object_], widths_m: npt.NDArray[np.float64], wet: Any
) -> tuple[npt.NDArray[np.bool_], list[Any]]:
    """Say which lines near water have land beyond it; and return what these have on their side."""
    import shapely

    cut = np.zeros(lines.size, np.bool_)
    if not lines.size:
        return cut, []
    areas = np.asarray(shapely.buffer(lines, widths_m, quad_segs=_ARC), object)
    hit = np.flatnonzero(shapely.intersects(wet, areas))
    if not hit.size:
        return cut, []
    near = _around(wet, areas[hit])
    parts, owner = shapely.get_parts(shapely.difference(areas[hit], near), return_index=True)
    own = np.asarray(shapely.dwithin(parts, lines[hit][owner], _NARROW_M))
    cut[hit[owner[~own]]] = True
    return cut, list(parts[own & cut[hit[owner]]])


def _on_their_side(
    area: Any,
    lines: npt.NDArray[np.object_],
    widths_m: npt.NDArray[np.float64],
    near: npt.NDArray[np.bool_],
    wet: Any,
) -> Any:
    """Return the area beside lines without the water, where some are `near`, and without the hairs beyond it."""
    import shapely

    if not near.any():
        return area
    pieces: Any = shapely.get_parts(shapely.difference(area, _around(wet, lines[near], widths_m[near].max())))
    sides = shapely.STRtree(lines).query(pieces, predicate="dwithin", distance=_NARROW_M)[0]
    return shapely.multipolygons(pieces[np.unique(sides)])


def _around(wet: Any, shapes: Any, beyond_m: float = 0.0) -> Any:
    """Return only the water around some shapes: shores are long."""
    import shapely

    west, south, east, north = shapely.total_bounds(shapes)
    return shapely.clip_by_rect(wet, west - beyond_m, south - beyond_m, east + beyond_m, north + beyond_m)
