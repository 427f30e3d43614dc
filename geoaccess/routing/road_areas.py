"""The land beside the roads of a network, by squares: what isochrones are put together from, and can be kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.defaults import BUFFER_M
from geoaccess.kernels.threads import at_once
from geoaccess.network import EdgeKind, WaterAreas
from geoaccess.network.counting import count_within, distinct_squares, numbers_from
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
        x, y = network.shape_xy
        first = network.shape_ptr[:-1]
        middle = [(np.minimum.reduceat(at, first) + np.maximum.reduceat(at, first)) / 2 for at in (x, y)]
        places = np.floor(np.column_stack(middle) / _KEPT_M).astype(np.int64)
        squares, self._square = distinct_squares(places)
        # Roads that hang together with no others would keep their square from ever being reached as a whole.
        component = network.strong_component
        main = component == (np.bincount(component).argmax() if component.size else -1)
        together = main[network.edge_u] & main[network.edge_v]
        self._roads = (network.edge_kind == EdgeKind.ROAD) & network.edge_snaps & together
        self._size = np.bincount(self._square[self._roads], minlength=len(squares))
        self._block = distinct_squares(squares // _BLOCK)[1]
        self._order = np.argsort(self._square, kind="stable")
        self._begins = np.searchsorted(self._square[self._order], np.arange(len(squares) + 1))
        self._metres = _metres(network)

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
        inside = np.bincount(self._square[self._roads & whole], minlength=self._size.size)
        full = (inside == self._size) & (self._size > 0)
        here = full[self._square[stretches.edge]] & self._roads[stretches.edge] & (widths_m == self.width_m)
        rest = Stretches(*(part[~here] for part in stretches))
        squares = np.unique(self._square[stretches.edge[here]])
        built = self._size > 0
        count, filled = (np.bincount(self._block[some], minlength=self._block.max() + 1) for some in (built, full))
        whole_block = (filled == count)[self._block[squares]]
        blocks = np.unique(self._block[squares[whole_block]]).tolist()
        areas = [self._of_block(block) for block in blocks]
        areas += [area for square in squares[~whole_block].tolist() for area in self._whole(square)]
        return areas + self._of_stretches(rest, widths_m[~here], covered)

    def _of_block(self, block: int) -> Any:
        """Return the area of squares that lie together as one."""
        import shapely

        if block not in self._joined:
            squares = np.flatnonzero((self._block == block) & (self._size > 0)).tolist()
            self._joined[block] = shapely.union_all([area for square in squares for area in self._whole(square)])
        return self._joined[block]

    def _whole(self, square: int) -> list[Any]:
        if square not in self._kept:
            edge = np.sort(self._order[self._begins[square] : self._begins[square + 1]])
            edge = edge[self._roads[edge]]
            ptr = self.network.shape_ptr
            roads = Stretches(edge, ptr[edge].astype(np.float64), ptr[edge + 1] - 1.0)
            self._kept[square] = self._of_stretches(roads, np.full(edge.size, self.width_m), None)
        return self._kept[square]

    def _of_stretches(
        self, stretches: Stretches, widths_m: npt.NDArray[np.float64], covered: Covered | None
    ) -> list[Any]:
        import shapely

        if not stretches.edge.size:
            return []
        xy, ptr, of = _lines(self.network, stretches, self._metres)
        twice_middle = np.minimum.reduceat(xy, ptr[:-1]) + np.maximum.reduceat(xy, ptr[:-1])
        squares, which = distinct_squares(np.floor(twice_middle / (2 * _TILE_M)).astype(np.int64))
        order = np.argsort(which, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(which[order])) + 1)

        def beside(part: npt.NDArray[np.int64], square: tuple[int, int]) -> Any:
            # Lines of one square at a time: those of a whole country need not be there at once.
            sizes = ptr[part + 1] - ptr[part]
            points = numbers_from(ptr[part], sizes)
            lines: Any = shapely.linestrings(xy[points], indices=np.repeat(np.arange(part.size), sizes))
            return self._land.of(lines, widths_m[of[part]], square, covered)

        asked = zip(parts, squares.tolist(), strict=True)
        joined = at_once(*(partial(beside, part, tuple(square)) for part, square in asked))
        return [area for area in joined if not area.is_empty]


def _metres(network: Network) -> npt.NDArray[np.float64]:
    """Return the way along all shapes, one after another, at each of their points."""
    x, y = network.shape_xy
    inside = np.ones(x.size - 1, np.bool_)
    inside[network.shape_ptr[1:-1] - 1] = False
    return np.append(0.0, np.cumsum(np.where(inside, np.hypot(np.diff(x), np.diff(y)), 0.0)))


def _lines(
    network: Network, stretches: Stretches, metres: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return stretches as lines in metres, the long ones in parts; `metres`: see `_metres`.

    Points one after another, where each line begins and the end of all, and of which stretch each line is.
    """
    x, y = network.shape_xy
    begin, end = (_at(metres, place) for place in (stretches.begin, stretches.end))
    count = np.maximum(np.ceil((end - begin) / _CHUNK_M), 1).astype(np.int64)
    of = np.repeat(np.arange(count.size), count)
    number = count_within(count)
    cut = begin[of] + (end - begin)[of] * number / count[of]
    place = np.searchsorted(metres, cut, side="right") - 1
    step = np.where(metres[np.minimum(place + 1, metres.size - 1)] > metres[place], 1.0, 0.0)
    length = metres[np.minimum(place + 1, metres.size - 1)] - metres[place]
    cuts = place + step * np.divide(cut - metres[place], length, out=np.zeros_like(cut), where=length > 0)
    low = np.where(number == 0, stretches.begin[of], np.clip(cuts, stretches.begin[of], stretches.end[of]))
    high = np.where(number == count[of] - 1, stretches.end[of], np.append(low[1:], 0.0))
    first, last = np.floor(low).astype(np.int64) + 1, np.ceil(high).astype(np.int64) - 1
    sizes = np.maximum(last - first + 1, 0) + 2
    line = np.repeat(np.arange(sizes.size), sizes)
    rank = count_within(sizes)
    at = np.where(rank == 0, low[line], np.where(rank == sizes[line] - 1, high[line], first[line] + rank - 1))
    return np.column_stack([_at(x, at), _at(y, at)]), np.append(0, np.cumsum(sizes)), of


def _at(values: npt.NDArray[np.float64], place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values at places between points."""
    point = np.floor(place).astype(np.int64)
    after = np.minimum(point + 1, values.size - 1)
    share = place - point
    return np.asarray(values[point] + np.where(share > 0, share * (values[after] - values[point]), 0.0))
