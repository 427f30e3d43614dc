"""The land beside the roads of a network, by squares: what isochrones are put together from, and can be kept."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.defaults import BUFFER_M
from geoaccess.kernels.chopping import chopped, points_of_lines
from geoaccess.kernels.threads import at_once
from geoaccess.network import EdgeKind, WaterAreas
from geoaccess.network.counting import distinct_squares
from geoaccess.routing.land_beside import Covered, LandBeside
from geoaccess.routing.reached import Stretches

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["RoadAreas"]

_CHUNK_M = 2000.0
"""Roads are widened in parts of this length, so that each lies at one shore."""

_TILE_M = 8000.0
"""Parts of roads are put together by squares of this size, and these by one another."""

_KEPT_M = 2000.0
"""Squares of this size are kept as a whole."""

_BLOCK = 4
"""So many of them on a side are kept as one, too."""


class _Squares(NamedTuple):
    """The squares that are kept: of each edge in which it lies, and whether it is a road that counts there.

    Of each square how many roads it has, in which block of squares it lies, and where its edges begin in their `order`.
    """

    of: npt.NDArray[np.int64]
    roads: npt.NDArray[np.bool_]
    size: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    begins: npt.NDArray[np.int64]


class RoadAreas:
    """The areas within some metres of the roads of a network, on their side of any water.

    Squares whose roads have been widened as a whole once are kept, and so is the water of each square: of a second
    question only what lies where time runs out is computed. Times are of no account here, so that networks with the
    same roads, some of them closed, may share one.

    Parameters
    ----------
    network
        Whose roads; those on which no journey may begin have no area.
    width_m
        The width that is kept.
    simplify_m
        By how much roads and shores may be moved to have fewer points, metres.
    """

    def __init__(self, network: Network, *, width_m: float = BUFFER_M, simplify_m: float = 5.0) -> None:
        self.network, self.width_m, self.simplify_m = network, width_m, simplify_m
        shores = network.shores
        water = None if shores is None else WaterAreas(shores, network.projection, simplify_m=simplify_m)
        self._land = LandBeside(water, square_m=_TILE_M, longest_m=_CHUNK_M, width_m=width_m, simplify_m=simplify_m)
        self._kept: dict[int, list[Any]] = {}
        self._joined: dict[int, Any] = {}

    @cached_property
    def _squares(self) -> _Squares:
        """Only who asks more than once needs them."""
        return _squares_of(self.network)

    def fits(self, network: Network, *, width_m: float, simplify_m: float) -> bool:
        """Say whether these are the areas of a network, of a width and so simple."""
        same = network.shape_lon is self.network.shape_lon and network.shores is self.network.shores
        return same and (width_m, simplify_m) == (self.width_m, self.simplify_m)

    def widened(
        self,
        stretches: Stretches,
        widths_m: npt.NDArray[np.float64],
        *,
        covered: Covered,
        whole: npt.NDArray[np.bool_] | None = None,
    ) -> list[Any]:
        """Return the areas beside stretches of road, but for what is `covered`, which is also what they cover then.

        With `whole`, squares of which all roads are whole and as wide as is kept come from what is kept.
        """
        if whole is None:
            return self._of_stretches(stretches, widths_m, covered)
        of, roads, size, block, _, _ = self._squares
        inside = np.bincount(of[roads & whole], minlength=size.size)
        full = (inside == size) & (size > 0)
        here = full[of[stretches.edge]] & roads[stretches.edge] & (widths_m == self.width_m)
        rest = Stretches(*(part[~here] for part in stretches))
        squares = np.unique(of[stretches.edge[here]])
        count, filled = (np.bincount(block[some], minlength=block.max() + 1) for some in (size > 0, full))
        whole_block = (filled == count)[block[squares]]
        blocks = np.unique(block[squares[whole_block]]).tolist()
        areas = [self._of_block(block) for block in blocks]
        areas += [area for square in squares[~whole_block].tolist() for area in self._whole(square)]
        return areas + self._of_stretches(rest, widths_m[~here], covered)

    def _of_block(self, block: int) -> Any:
        """Return the area of squares that lie together as one."""
        import shapely

        if block not in self._joined:
            squares = np.flatnonzero((self._squares.block == block) & (self._squares.size > 0)).tolist()
            self._joined[block] = shapely.union_all([area for square in squares for area in self._whole(square)])
        return self._joined[block]

    def _whole(self, square: int) -> list[Any]:
        if square not in self._kept:
            begins = self._squares.begins
            edge = np.sort(self._squares.order[begins[square] : begins[square + 1]])
            edge = edge[self._squares.roads[edge]]
            ptr = self.network.shape_ptr
            roads = Stretches(edge, ptr[edge].astype(np.float64), (ptr[edge + 1] - 1).astype(np.float64))
            self._kept[square] = self._of_stretches(roads, np.full(edge.size, self.width_m), None)
        return self._kept[square]

    def _of_stretches(
        self, stretches: Stretches, widths_m: npt.NDArray[np.float64], covered: Covered | None
    ) -> list[Any]:
        import shapely

        if not stretches.edge.size:
            return []
        x, y = self.network.shape_xy
        cut = chopped(x, y, stretches.begin, stretches.end, _CHUNK_M)
        squares, which = distinct_squares(np.floor(cut.twice_middle / (2 * _TILE_M)).astype(np.int64))
        order = np.argsort(which, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(which[order])) + 1)

        def beside(part: npt.NDArray[np.int64], square: tuple[int, int]) -> Any:
            # Lines of one square at a time: those of a whole country need not be there at once.
            xy, line = points_of_lines(x, y, cut.begin[part], cut.end[part])
            lines: Any = shapely.linestrings(xy, indices=line)
            return self._land.of(lines, widths_m[cut.of[part]], square, covered)

        asked = zip(parts, squares.tolist(), strict=True)
        joined = at_once(*(partial(beside, part, tuple(square)) for part, square in asked))
        return [area for area in joined if not area.is_empty]


def _squares_of(network: Network) -> _Squares:
    x, y = network.shape_xy
    first = network.shape_ptr[:-1]
    middle = [(np.minimum.reduceat(at, first) + np.maximum.reduceat(at, first)) / 2 for at in (x, y)]
    squares, of = distinct_squares(np.floor(np.column_stack(middle) / _KEPT_M).astype(np.int64))
    # Roads that hang together with no others would keep their square from ever being reached as a whole.
    component = network.strong_component
    main = component == (np.bincount(component).argmax() if component.size else -1)
    together = main[network.edge_u] & main[network.edge_v]
    roads = (network.edge_kind == EdgeKind.ROAD) & network.edge_snaps & together
    size = np.bincount(of[roads], minlength=len(squares))
    order = np.argsort(of, kind="stable")
    begins = np.searchsorted(of[order], np.arange(len(squares) + 1))
    return _Squares(of, roads, size, distinct_squares(squares // _BLOCK)[1], order, begins)
