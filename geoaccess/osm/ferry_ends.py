"""Where boats meet the road: the place on the nearest road that a car can use, as a cell would be attached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels import assembling, geometry, graph, rasters
from geoaccess.network import SegmentTree, prefers_small
from geoaccess.osm.stretches import ends_of_pieces
from geoaccess.osm.times import times_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.stretches import Stretches

__all__ = ["Join", "RoadsNearby"]

_SQUARE, _SQUARES = 0.05, 1024
"""Degrees that a square of the raster of roads is wide, and how many there may be in a row or column."""

_LEAST, _SLACK = 1e-9, 1e-12
_EVERY = 16
"""Of so many points of roads one is looked at to say how far the nearest road can be."""

_RADIUS_M, _POLE = 6335439.0, 89.99
"""The least radius of curvature of the earth, by which no way is longer in degrees than it is; the last latitude."""

_MORE, _BEND_M = 1.02, 1000.0
"""Slack of a limit, as a share and in metres: a long segment bends from one projection to another."""


class Join(NamedTuple):
    """A place on a piece of a stretch of road, by its share of the way along the piece, and the metres to it."""

    stretch: int
    piece: int
    share: float
    metres: float


class _Pieces(NamedTuple):
    """Pieces of roads, rising, and the stretch of each."""

    stretch: npt.NDArray[np.int64]
    piece: npt.NDArray[np.int64]

    def take(self, chosen: npt.NDArray[np.bool_]) -> _Pieces:
        """Return the chosen ones of them."""
        return _Pieces(self.stretch[chosen], self.piece[chosen])


class _Raster(NamedTuple):
    """Squares over a part of the map: west, south, and the width and height of one in degrees; rows and columns."""

    box: tuple[float, float, float, float]
    shape: tuple[int, int]

    @classmethod
    def over(cls, west: float, south: float, east: float, north: float) -> _Raster:
        rows, columns = (int(np.clip(np.ceil(side / _SQUARE), 1, _SQUARES)) for side in (north - south, east - west))
        width, height = (max(side / count, _LEAST) for side, count in ((east - west, columns), (north - south, rows)))
        return cls((west, south, width, height), (rows, columns))

    @property
    def edges(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Where columns and rows begin and end, projected."""
        (west, south, width, height), (rows, columns) = self
        along, across = (np.arange(side + 1, dtype=np.float64) for side in (columns, rows))
        return _mercator(west + width * along, south + height * across)

    def reach(self, places: npt.NDArray[np.float64], occupied: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return how far from each place the nearest road can be at the most, where some squares hold roads.

        The square whose middle is nearest has one no farther than its farthest corner.
        """
        import shapely

        edge_x, edge_y = self.edges
        row, column = np.nonzero(occupied)
        left, right, low, high = edge_x[column], edge_x[column + 1], edge_y[row], edge_y[row + 1]
        middles = shapely.STRtree(np.asarray(shapely.points((left + right) / 2, (low + high) / 2), object))
        one = middles.nearest(shapely.points(places))
        far_x = np.maximum(np.abs(left[one] - places[:, 0]), np.abs(right[one] - places[:, 0]))
        far_y = np.maximum(np.abs(low[one] - places[:, 1]), np.abs(high[one] - places[:, 1]))
        limits: npt.NDArray[np.float64] = np.hypot(far_x, far_y) * (1 + _SLACK) + _SLACK
        return limits

    def within(self, places: npt.NDArray[np.float64], limits: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Return the squares of which a corner or side is no farther than its limit from a place."""
        edge_x, edge_y = self.edges
        marked = np.zeros(self.shape, np.bool_)
        for (x, y), limit in zip(places, limits, strict=True):
            near_x = np.maximum(np.maximum(edge_x[:-1] - x, x - edge_x[1:]), 0)
            near_y = np.maximum(np.maximum(edge_y[:-1] - y, y - edge_y[1:]), 0)
            some = np.ix_(near_y <= limit, near_x <= limit)
            marked[some] |= np.hypot(near_x[some[1]], near_y[some[0]]) <= limit
        return marked


class RoadsNearby:
    """The roads of an extract, for search from the ends of boats."""

    def __init__(self, roads: Stretches, extract: Extract, ends: list[int]) -> None:
        self.roads, self.extract = roads, extract
        self.ends = np.asarray(ends, np.int32)

    def any_road_m(self, ends: list[int]) -> dict[int, float]:
        """Return metres from some of the ends to the nearest road of any kind; inf where there is none."""
        places = np.asarray(ends, np.int32)
        return {end: join.metres for end, join in self._nearest(places, self._candidates(places)).items()}

    def joins(self, limit_m: float, *, min_component_m: float) -> dict[int, Join]:
        """Return for each end the place where it joins the road, if there is one within the limit.

        A road counts that a journey may begin on, and from which one can come back (both its ends are in one strongly
        connected component); of components of less than `min_component_m` of road only the one that is much nearer, as
        `snap` does.
        """
        chosen = self._candidates(self.ends, limit_m)
        if not chosen.piece.size:
            return {}
        large, small = self._eligible(chosen, min_component_m)
        near, nearer = self._nearest(self.ends, large), self._nearest(self.ends, small)
        found = {}
        for end in self.ends.tolist():
            one, other = near[end], nearer[end]
            join = other if prefers_small(one.metres if one.metres <= limit_m else np.inf, other.metres) else one
            if join.metres <= limit_m:
                found[end] = join
        return found

    def _eligible(self, chosen: _Pieces, min_component_m: float) -> tuple[_Pieces, _Pieces]:
        """Return of some pieces those that boats may join: in large components, and in small ones.

        A stretch that can be driven lies in a component with all of its points, if with both ends.
        """
        roads, lon, lat = self.roads, self.extract.lon, self.extract.lat
        a, b, first, size, course = (roads[name] for name in ("a", "b", "first", "size", "course"))
        ahead, back = (roads[name][first] for name in times_of(0))
        label = graph.strong_parts(lon.size, a, b, ahead, back)
        inside = (label[a] == label[b]) & ((ahead >= 0) | (back >= 0) | (size == 1))
        chosen = chosen.take(roads["snaps"][chosen.stretch] & inside[chosen.stretch])
        part = label[a[chosen.stretch]]
        asked, least_m = np.unique(part), float(min_component_m)
        large = assembling.long_parts(label, a, b, first, size, course, inside, asked, lon, lat, least_m)[part]
        return chosen.take(large), chosen.take(~large)

    def _nearest(self, ends: npt.NDArray[np.int32], chosen: _Pieces) -> dict[int, Join]:
        """Return the place on the nearest of some pieces of each end; at inf where there are none."""
        if not chosen.piece.size:
            return dict.fromkeys(ends.tolist(), Join(-1, -1, 0.0, np.inf))
        a, b = ends_of_pieces(self.roads, *chosen)
        tree = SegmentTree(chosen.piece.astype(np.int32), *self._mercator(a), *self._mercator(b))
        piece, _ = tree.nearest(*self._mercator(ends))
        stretch = chosen.stretch[np.searchsorted(chosen.piece, piece)]
        each = zip(ends.tolist(), stretch.tolist(), piece.tolist(), strict=True)
        return {end: self._place(end, number, of) for end, number, of in each}

    def _candidates(self, ends: npt.NDArray[np.int32], within_m: float | None = None) -> _Pieces:
        """Return the pieces among which the nearest of each end is: few, so that few are put in a tree.

        With `within_m` it is only where it is no farther, and so are all that are as far.
        """
        lon, lat = self.extract.lon, self.extract.lat
        a, b, first, size, course = (self.roads[name] for name in ("a", "b", "first", "size", "course"))
        if not ends.size or not a.size:
            return _Pieces(np.empty(0, np.int64), np.empty(0, np.int64))
        places = np.column_stack(self._mercator(ends))
        if within_m is None:
            box = float(np.nanmin(lon)), float(np.nanmin(lat)), float(np.nanmax(lon)), float(np.nanmax(lat))
            raster = _Raster.over(*box)
            occupied = rasters.occupied(course[::_EVERY].copy(), lon, lat, raster.box, raster.shape)
            limits = raster.reach(places, occupied)
        else:
            farthest = np.abs(lat[ends]) + np.degrees(within_m / _RADIUS_M)
            limits = (_MORE * within_m + _BEND_M) / _RADIUS_M / np.cos(np.radians(np.minimum(farthest, _POLE)))
            far = np.degrees(limits)
            west, south = (float((degrees[ends] - far).min()) for degrees in (lon, lat))
            east, north = (float((degrees[ends] + far).max()) for degrees in (lon, lat))
            raster = _Raster.over(west, south, east, north)
        marked = raster.within(places, limits)
        return _Pieces(*rasters.touching(a, b, first, size, course, lon, lat, raster.box, marked))

    def _mercator(self, nodes: npt.NDArray[np.integer[Any]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return _mercator(self.extract.lon[nodes], self.extract.lat[nodes])

    def _place(self, end: int, stretch: int, piece: int) -> Join:
        at = [int(ends[0]) for ends in ends_of_pieces(self.roads, np.array([stretch]), np.array([piece]))]
        x, y = self._mercator(np.array([*at, end]))
        dx, dy = x[1] - x[0], y[1] - y[0]
        share = float(np.clip(((x[2] - x[0]) * dx + (y[2] - y[0]) * dy) / max(dx * dx + dy * dy, 1e-30), 0, 1))
        lons, lats = (
            np.array([values[end], values[at[0]] + share * (values[at[1]] - values[at[0]])])
            for values in (self.extract.lon, self.extract.lat)
        )
        metres = geometry.segment_lengths_m(lons, lats, np.zeros(1, np.int32), np.ones(1, np.int32))
        return Join(stretch, piece, share, float(metres[0]))


def _mercator(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    # Near places keep their order in it at every latitude.
    return np.radians(lon), np.arcsinh(np.tan(np.radians(lat)))
