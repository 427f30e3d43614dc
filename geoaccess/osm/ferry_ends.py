"""Where boats meet the road: the place on the nearest road that a car can use, as a cell would be attached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels import assembling, geometry, graph, rasters
from geoaccess.network import SegmentTree, prefers_small

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.osm.extract import Extract

__all__ = ["Join", "RoadsNearby"]

_SQUARE, _SQUARES = 0.05, 1024
"""Degrees that a square of the raster of roads is wide, and how many there may be in a row or column."""

_LEAST, _SLACK = 1e-9, 1e-12
_EVERY = 16
"""Of so many segments one is looked at to say how far the nearest road can be."""

_RADIUS_M, _POLE = 6335439.0, 89.99
"""The least radius of curvature of the earth, by which no way is longer in degrees than it is; the last latitude."""

_MORE, _BEND_M = 1.02, 1000.0
"""Slack of a limit, as a share and in metres: a long segment bends from one projection to another."""


class Join(NamedTuple):
    """A place on a segment of road, by its share of the way from a to b, and the metres to it."""

    segment: int
    share: float
    metres: float


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

    def __init__(self, roads: dict[str, npt.NDArray[Any]], extract: Extract, ends: list[int]) -> None:
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
        if not chosen.size:
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

    def _eligible(
        self, chosen: npt.NDArray[np.int64], min_component_m: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return of some segments those that boats may join: in large components, and in small ones."""
        roads, lon, lat = self.roads, self.extract.lon, self.extract.lat
        a, b = roads["a"], roads["b"]
        label = graph.strong_parts(lon.size, a, b, roads["forward_s"], roads["backward_s"])
        chosen = chosen[roads["snaps"][chosen] & (label[a[chosen]] == label[b[chosen]])]
        part = label[a[chosen]]
        large = assembling.long_parts(label, a, b, np.unique(part), lon, lat, float(min_component_m))[part]
        return chosen[large], chosen[~large]

    def _nearest(self, ends: npt.NDArray[np.int32], chosen: npt.NDArray[np.int64]) -> dict[int, Join]:
        """Return the place on the nearest of some segments of each end; at inf where there are none."""
        if not chosen.size:
            return dict.fromkeys(ends.tolist(), Join(-1, 0.0, np.inf))
        a, b = self.roads["a"][chosen], self.roads["b"][chosen]
        tree = SegmentTree(chosen.astype(np.int32), *self._mercator(a), *self._mercator(b))
        segment, _ = tree.nearest(*self._mercator(ends))
        return {end: self._place(end, number) for end, number in zip(ends.tolist(), segment.tolist(), strict=True)}

    def _candidates(self, ends: npt.NDArray[np.int32], within_m: float | None = None) -> npt.NDArray[np.int64]:
        """Return the segments among which the nearest of each end is: few, so that few are put in a tree.

        With `within_m` it is only where it is no farther, and so are all that are as far.
        """
        a, b, lon, lat = self.roads["a"], self.roads["b"], self.extract.lon, self.extract.lat
        if not ends.size or not a.size:
            return np.empty(0, np.int64)
        places = np.column_stack(self._mercator(ends))
        if within_m is None:
            box = float(np.nanmin(lon)), float(np.nanmin(lat)), float(np.nanmax(lon)), float(np.nanmax(lat))
            raster = _Raster.over(*box)
            limits = raster.reach(places, rasters.occupied(a[::_EVERY].copy(), lon, lat, raster.box, raster.shape))
        else:
            farthest = np.abs(lat[ends]) + np.degrees(within_m / _RADIUS_M)
            limits = (_MORE * within_m + _BEND_M) / _RADIUS_M / np.cos(np.radians(np.minimum(farthest, _POLE)))
            far = np.degrees(limits)
            west, south = (float((degrees[ends] - far).min()) for degrees in (lon, lat))
            east, north = (float((degrees[ends] + far).max()) for degrees in (lon, lat))
            raster = _Raster.over(west, south, east, north)
        return rasters.touching(a, b, lon, lat, raster.box, raster.within(places, limits))

    def _mercator(self, nodes: npt.NDArray[np.integer[Any]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return _mercator(self.extract.lon[nodes], self.extract.lat[nodes])

    def _place(self, end: int, segment: int) -> Join:
        x, y = self._mercator(np.array([self.roads["a"][segment], self.roads["b"][segment], end]))
        dx, dy = x[1] - x[0], y[1] - y[0]
        share = float(np.clip(((x[2] - x[0]) * dx + (y[2] - y[0]) * dy) / max(dx * dx + dy * dy, 1e-30), 0, 1))
        lon, lat = self.position(segment, share)
        lons, lats = np.array([self.extract.lon[end], lon]), np.array([self.extract.lat[end], lat])
        metres = geometry.segment_lengths_m(lons, lats, np.zeros(1, np.int32), np.ones(1, np.int32))
        return Join(segment, share, float(metres[0]))

    def position(self, segment: int, share: float) -> tuple[float, float]:
        """Return longitude and latitude of a place on a segment."""
        a, b = int(self.roads["a"][segment]), int(self.roads["b"][segment])
        lon, lat = self.extract.lon, self.extract.lat
        return float(lon[a] + share * (lon[b] - lon[a])), float(lat[a] + share * (lat[b] - lat[a]))


def _mercator(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    # Near places keep their order in it at every latitude.
    return np.radians(lon), np.arcsinh(np.tan(np.radians(lat)))
