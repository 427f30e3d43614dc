"""Where land goes on beyond the area of a study: ways round through there are not in its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import crs_of, in_metres

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    from pyproj import CRS

__all__ = ["beside_the_edge"]

_AREA_M: Final = 20_000.0
"""Land farther than this from every cell is not in the area of the study."""
_LATTICE_M: Final = 5_000.0
_BESIDE_M: Final = 25_000.0
"""So near land outside live those who are the last: the first 20 km are the area's own."""
_STRAIGHT_DEG: Final = 0.05
"""A coast touches the frame of the land that is known in a point; land that goes on is cut by it."""
_FRAME_DEG: Final = 1e-6
_SEGMENT_DEG: Final = 0.1
_THIN_M: Final = 2_500.0
"""Half the width of strips between the coast and the area, along which land does not go on."""
_JOINED_M: Final = 2 * _THIN_M


@dataclass(frozen=True)
class _Land:
    """Pieces of land in metres, and of each the line along which the frame cuts it (empty where it is all known)."""

    pieces: npt.NDArray[np.object_]
    cut: npt.NDArray[np.object_]


@checks_arguments
def beside_the_edge(cells: gpd.GeoDataFrame, land: gpd.GeoSeries | None) -> npt.NDArray[np.bool_]:
    """Return which cells are the last before land that is not in the study: a way round may lead through there.

    The area of the study is all within 20 km of a cell. Land outside it counts where it is one piece with the land of
    the cell and goes on to where the land that is known is cut off: a glacier in the middle of an island is no way out,
    and a coast is none. The cells beside it, at most 25 km away, are the last.

    Parameters
    ----------
    cells
        Polygons in a projected CRS in metres.
    land
        As `geoaccess.study.stages.land_of` returns it; None where no coast is known: all is land then.

    Returns
    -------
    Shape (n_cells,).

    Raises
    ------
    InputError
        If there are no cells, or their CRS is not in metres.

    Examples
    --------
    >>> import geopandas as gpd
    >>> squares = [shapely.box(x, 7_000_000, x + 1000, 7_001_000) for x in (500_000, 560_000, 620_000)]
    >>> cells = gpd.GeoDataFrame(geometry=squares, crs="EPSG:25833")
    >>> beside_the_edge(cells, None).tolist()
    [True, True, True]
    >>> island = gpd.GeoSeries([shapely.box(14, 62, 18, 64)], crs="EPSG:4326")
    >>> far_off = [shapely.Point(lon, lat).buffer(0.01) for lon, lat in ((10, 60), (22, 66))]
    >>> beside_the_edge(cells, gpd.GeoSeries([*island, *far_off], crs="EPSG:4326")).tolist()
    [False, False, False]
    """
    crs = crs_of(cells)
    if cells.empty or not in_metres(crs):
        raise InputError("cells: there are none, or their CRS is not in metres")
    centres = np.asarray(cells.geometry.centroid.to_numpy(), object)
    area = _area_of(centres)
    known = _everywhere(area) if land is None or land.empty else _cut_land(land, crs)
    beside = np.zeros(len(centres), np.bool_)
    if all(shapely.is_empty(known.cut)):
        return beside
    nearest = shapely.STRtree(known.pieces).query_nearest(centres, all_matches=False)[1]
    for piece in np.flatnonzero(~shapely.is_empty(known.cut)).tolist():
        here = np.flatnonzero(nearest == piece)
        outside = shapely.get_parts(shapely.buffer(shapely.difference(known.pieces[piece], area), -_THIN_M))
        outside = outside[shapely.distance(outside, known.cut[piece]) <= _JOINED_M]
        if here.size and outside.size:
            beside[here] = shapely.dwithin(centres[here], shapely.union_all(outside), _BESIDE_M + _THIN_M)
    return beside


def _area_of(centres: npt.NDArray[np.object_]) -> shapely.Geometry:
    """Return all within 20 km of the cells, put together to squares of 5 km: a country has too many to join."""
    places = np.unique(np.floor(shapely.get_coordinates(centres) / _LATTICE_M), axis=0)
    middles = shapely.points((places + 0.5) * _LATTICE_M)
    return shapely.union_all(shapely.buffer(middles, _AREA_M, quad_segs=4))


def _everywhere(area: shapely.Geometry) -> _Land:
    """Return land in all directions, well beyond the area."""
    west, south, east, north = shapely.bounds(area).tolist()
    wide = shapely.box(west - _AREA_M, south - _AREA_M, east + _AREA_M, north + _AREA_M)
    return _Land(np.array([wide], object), np.array([shapely.boundary(wide)], object))


def _cut_land(land: gpd.GeoSeries, crs: CRS) -> _Land:
    """Return the pieces of land, and where the frame around all of them cuts each in a straight line."""
    import geopandas as gpd

    parts = shapely.get_parts(shapely.make_valid(land.to_crs("EPSG:4326").to_numpy()))
    parts = parts[shapely.get_dimensions(parts) == 2]  # noqa: PLR2004 - areas
    if not parts.size:
        return _Land(np.array([shapely.Polygon()], object), np.array([shapely.LineString()], object))
    pieces = shapely.segmentize(parts, _SEGMENT_DEG)
    bounds = shapely.bounds(pieces)
    frame = shapely.box(bounds[:, 0].min(), bounds[:, 1].min(), bounds[:, 2].max(), bounds[:, 3].max())
    edge = shapely.buffer(shapely.boundary(frame), _FRAME_DEG)
    cut = shapely.intersection(shapely.boundary(pieces), edge)
    cut[shapely.length(cut) < _STRAIGHT_DEG] = shapely.LineString()
    metric = [gpd.GeoSeries(some, crs="EPSG:4326").to_crs(crs).to_numpy() for some in (pieces, cut)]
    return _Land(np.asarray(shapely.make_valid(metric[0]), object), np.asarray(metric[1], object))
