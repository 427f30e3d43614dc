"""Where closings lie: their lines, the middle of each, and the cell nearest to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.frames import crs_of, reproject
from geoaccess.kernels import geometry
from geoaccess.network.segment_tree import SegmentTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt
    from pyproj import CRS

    from geoaccess.network import Network
    from geoaccess.scenarios import Unit

__all__ = ["lines_of_units", "middles", "nearest_cell"]


def lines_of_units(network: Network, units: Sequence[Unit]) -> npt.NDArray[np.object_]:
    """Return where each unit lies: the line of its edge, or the lines of several, joined where they meet."""
    import shapely

    if not units:
        return np.empty(0, object)
    sizes = np.array([len(unit.edges) for unit in units])
    edges = np.concatenate([unit.edges for unit in units]).astype(np.int64)
    lines = network.lines(edges, network.shape_lon, network.shape_lat)
    found: npt.NDArray[np.object_] = lines[np.cumsum(sizes) - sizes]
    many = np.flatnonzero(sizes > 1)
    if many.size:
        parts, owner = lines[np.repeat(sizes > 1, sizes)], np.repeat(np.arange(many.size), sizes[many])
        found[many] = shapely.line_merge(shapely.multilinestrings(parts, indices=owner))
    return found


def middles(lines: npt.NDArray[np.object_], crs: CRS) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the longitude and latitude of the middle of each line, as long as it is in a projection."""
    import shapely

    if not len(lines):
        return np.empty(0), np.empty(0)
    single = shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING
    middle = np.empty((len(lines), 2))
    coordinates, owner = shapely.get_coordinates(lines[single], return_index=True)
    x, y = reproject(*np.ascontiguousarray(coordinates.T), source="EPSG:4326", target=crs)
    first = np.searchsorted(owner, np.arange(int(single.sum()) + 1))
    middle[single] = np.column_stack(geometry.half_way(x, y, first))
    several = np.flatnonzero(~single)
    if several.size:
        flat = np.column_stack(reproject(*shapely.get_coordinates(lines[several]).T, source="EPSG:4326", target=crs))
        projected = shapely.set_coordinates(lines[several].copy(), flat)
        middle[several] = shapely.get_coordinates(shapely.line_interpolate_point(projected, 0.5, normalized=True))
    return reproject(middle[:, 0], middle[:, 1], source=crs, target="EPSG:4326")


def nearest_cell(
    cells: gpd.GeoDataFrame, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Return the place of the cell whose middle is nearest to each point; of cells equally near, the first."""
    import shapely

    x, y = np.ascontiguousarray(shapely.get_coordinates(cells.geometry.centroid.to_numpy()).T)
    tree = SegmentTree(np.arange(len(cells), dtype=np.int32), x, y, x, y)
    return tree.nearest(*reproject(lon, lat, source="EPSG:4326", target=crs_of(cells)))[0].astype(np.int64)
