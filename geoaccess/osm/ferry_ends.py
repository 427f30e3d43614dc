"""Where boats meet the road: the place on the nearest road that a car can use, as a cell would be attached."""

from __future__ import annotations

from functools import cached_property
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


class Join(NamedTuple):
    """A place on a segment of road, by its share of the way from a to b, and the metres to it."""

    segment: int
    share: float
    metres: float


class RoadsNearby:
    """The roads of an extract, for search from the ends of boats."""

    def __init__(self, roads: dict[str, npt.NDArray[Any]], extract: Extract, ends: list[int]) -> None:
        self.roads, self.extract = roads, extract
        self.ends = np.asarray(ends, np.int32)
        self._trees: dict[str, SegmentTree] = {}

    def any_road_m(self, ends: list[int]) -> dict[int, float]:
        """Return metres from some of the ends to the nearest road of any kind; inf where there is none."""
        owner = np.arange(self.roads["a"].size if ends else 0, dtype=np.int32)
        return {end: join.metres for end, join in self._nearest(np.asarray(ends, np.int32), owner).items()}

    def joins(self, limit_m: float, *, min_component_m: float) -> dict[int, Join]:
        """Return for each end the place where it joins the road, if there is one within the limit.

        A road counts that a journey may begin on, and from which one can come back (both its ends are in one strongly
        connected component); of components of less than `min_component_m` of road only the one that is much nearer, as
        `snap` does.
        """
        if not self.ends.size:
            return {}
        large, small = self._eligible(min_component_m)
        near, nearer = self._nearest(self.ends, large), self._nearest(self.ends, small)
        found = {}
        for end in self.ends.tolist():
            one, other = near[end], nearer[end]
            join = other if prefers_small(one.metres if one.metres <= limit_m else np.inf, other.metres) else one
            if join.metres <= limit_m:
                found[end] = join
        return found

    def _eligible(self, min_component_m: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return the segments of large components and of small ones: their own number, -1 for others."""
        roads, lon, lat = self.roads, self.extract.lon, self.extract.lat
        label = graph.strong_parts(lon.size, *(roads[name] for name in ("a", "b", "forward_s", "backward_s")))
        found: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] = assembling.segments_in_parts(
            label, roads["a"], roads["b"], roads["snaps"], lon, lat, float(min_component_m)
        )
        return found

    def _nearest(self, ends: npt.NDArray[np.int32], owner: npt.NDArray[np.int32]) -> dict[int, Join]:
        if not ends.size or not (owner >= 0).any():
            return dict.fromkeys(ends.tolist(), Join(-1, 0.0, np.inf))
        chosen = self._candidates(ends, owner)
        a, b = self.roads["a"][chosen], self.roads["b"][chosen]
        tree = SegmentTree(chosen.astype(np.int32), *self._mercator(a), *self._mercator(b))
        segment, _ = tree.nearest(*self._mercator(ends))
        return {end: self._place(end, number) for end, number in zip(ends.tolist(), segment.tolist(), strict=True)}

    @cached_property
    def _box(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all points."""
        lon, lat = self.extract.lon, self.extract.lat
        return float(np.nanmin(lon)), float(np.nanmin(lat)), float(np.nanmax(lon)), float(np.nanmax(lat))

    def _candidates(self, ends: npt.NDArray[np.int32], owner: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return the segments with an owner among which the nearest of each end is: few, so that few are put in a tree.

        The square that holds a road and whose middle is nearest has one no farther than its farthest corner; what may
        be nearer touches a square whose nearest corner or side is no farther than that.
        """
        from scipy.spatial import cKDTree  # type: ignore[import-untyped]

        a, b, lon, lat = self.roads["a"], self.roads["b"], self.extract.lon, self.extract.lat
        west, south, east, north = self._box
        rows, columns = (int(np.clip(np.ceil(side / _SQUARE), 1, _SQUARES)) for side in (north - south, east - west))
        shape = rows, columns
        box = (west, south, max((east - west) / shape[1], _LEAST), max((north - south) / shape[0], _LEAST))
        row, column = np.nonzero(rasters.occupied(owner, a, lon, lat, box, shape))
        along, across = (np.arange(side + 1, dtype=np.float64) for side in (columns, rows))
        edge_x, edge_y = _mercator(west + box[2] * along, south + box[3] * across)
        left, right, low, high = edge_x[column], edge_x[column + 1], edge_y[row], edge_y[row + 1]
        places = np.column_stack(self._mercator(ends))
        _, one = cKDTree(np.column_stack([left + right, low + high]) / 2).query(places)
        far_x = np.maximum(np.abs(left[one] - places[:, 0]), np.abs(right[one] - places[:, 0]))
        far_y = np.maximum(np.abs(low[one] - places[:, 1]), np.abs(high[one] - places[:, 1]))
        limits = np.hypot(far_x, far_y) * (1 + _SLACK) + _SLACK
        marked = np.zeros(shape, np.bool_)
        for (x, y), limit in zip(places, limits, strict=True):
            near_x = np.maximum(np.maximum(edge_x[:-1] - x, x - edge_x[1:]), 0)
            near_y = np.maximum(np.maximum(edge_y[:-1] - y, y - edge_y[1:]), 0)
            some = np.ix_(near_y <= limit, near_x <= limit)
            marked[some] |= np.hypot(near_x[some[1]], near_y[some[0]]) <= limit
        return rasters.touching(owner, a, b, lon, lat, box, marked)

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
