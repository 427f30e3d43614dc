"""The projection of static maps: the one asked for, the grid of the country, or one made for the study.

Cells of a European grid (EPSG:3035) lean: north is 25 degrees off in Iceland. A map is read with north up, so it is
drawn in the projection that the country's own maps have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyproj
import shapely

from geoaccess.errors import InputError
from geoaccess.frames import crs_of, in_metres, transformer

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.maps.results import Squares

__all__ = ["corners_in", "figure_crs", "hull_of", "north_of", "shapes_in"]

Box = tuple[float, float, float, float]


class Grid(NamedTuple):
    """The projection that a country's own maps are drawn in, and boxes of it: west, south, east, north in degrees.

    The boxes hold most of its people and few of its neighbours'; where they miss, a UTM zone is as good.
    """

    country: str
    epsg: int
    boxes: tuple[Box, ...]


# EPSG codes as the mapping authorities publish them; of two in use that for small scales of the whole country.
GRIDS: Final = (
    Grid("IS", 3057, ((-25, 63, -13, 67.5),)),
    Grid(
        "NO",
        25833,
        (
            *((4.4, 57.9, 11.2, 62.0), (4.4, 62.0, 12.0, 64.2), (9.5, 64.2, 13.7, 66.0), (11.0, 66.0, 14.7, 68.0)),
            *((12.0, 68.0, 17.0, 68.5), (12.0, 68.5, 18.2, 69.1), (12.0, 69.1, 21.0, 71.5), (21.0, 69.3, 25.6, 71.5)),
            *((22.4, 68.7, 25.0, 69.3), (25.6, 70.1, 31.2, 71.5), (28.9, 69.1, 31.0, 70.1), (10.0, 74.0, 34.0, 81.0)),
        ),
    ),
    Grid(
        "SE",
        3006,
        (
            *((12.75, 55.3, 14.4, 56.5), (11.3, 56.5, 19.5, 59.0), (12.9, 59.0, 19.3, 61.8), (12.5, 61.8, 18.5, 64.0)),
            *((14.4, 64.0, 21.5, 65.5), (15.5, 65.5, 24.0, 67.0), (17.5, 67.0, 23.4, 68.3)),
        ),
    ),
    Grid(
        "FI",
        3067,
        (
            *((19.3, 59.9, 21.0, 60.7), (21.0, 59.7, 31.2, 62.5), (21.2, 62.5, 30.0, 65.0), (24.3, 65.0, 29.5, 68.9)),
            (26.0, 68.9, 28.8, 70.0),
        ),
    ),
    Grid("DK", 25832, ((8.0, 54.9, 11.2, 57.8), (10.8, 54.5, 12.7, 56.2), (14.6, 54.9, 15.2, 55.4))),
    Grid("FO", 5316, ((-7.8, 61.3, -6.2, 62.5),)),
    Grid("EE", 3301, ((21.7, 57.8, 28.2, 59.8),)),
    Grid("LV", 3059, ((20.9, 56.4, 28.2, 57.6),)),
    Grid("LT", 3346, ((21.0, 54.0, 25.8, 56.2),)),
    Grid(
        "GB",
        27700,
        ((-5.4, 50.6, 1.8, 54.6), (-5.8, 49.9, -3.4, 50.6), (-5.2, 54.6, -1.4, 55.3), (-7.8, 55.3, -1.4, 61.0)),
    ),
    Grid("IE", 2157, ((-10.7, 51.3, -5.9, 55.3),)),
    Grid("NL", 28992, ((3.4, 51.5, 6.9, 53.6),)),
    Grid("BE", 3812, ((3.3, 50.7, 5.8, 51.3),)),
    Grid(
        "FR", 2154, ((-4.9, 46.2, 5.9, 48.9), (-1.0, 43.4, 6.8, 46.2), (0.2, 48.9, 4.2, 50.2), (8.5, 41.3, 9.6, 43.1))
    ),
    Grid("CH", 2056, ((6.9, 46.4, 9.5, 47.6),)),
    Grid("AT", 31287, ((13.0, 46.7, 16.0, 48.7), (9.8, 46.9, 13.0, 47.4))),
    Grid("DE", 25832, ((7.0, 50.3, 8.3, 53.7), (8.3, 47.8, 12.0, 54.9), (12.0, 50.4, 14.3, 54.5))),
    Grid("PL", 2180, ((15.0, 50.5, 23.4, 54.3), (18.8, 49.6, 22.6, 50.5))),
    Grid("ES", 25830, ((-6.1, 36.1, 0.3, 42.6), (-8.8, 42.2, -1.8, 43.7), (0.3, 40.6, 3.2, 42.3))),
    Grid("PT", 3763, ((-9.5, 37.0, -7.5, 41.9),)),
    Grid("NZ", 2193, ((166.0, -47.5, 179.0, -34.0),)),
)

SAMPLE: Final = 2000
MOST: Final = 0.5
LARGE_DEG: Final = 15.0
LEAN_DEG: Final = 6.0
ZONE_DEG: Final = 4.5
STRETCH: Final = 0.1
WGS84: Final = 4326


def figure_crs(places: gpd.GeoDataFrame, *, asked: str | None = None) -> pyproj.CRS:
    """Return the projection to draw a map of some cells or lines in.

    That which is asked for. Otherwise the grid of the country where more than half of the places lie, as far as a small
    table knows it (Iceland ISN93, Norway UTM 33, Sweden SWEREF 99 TM ...). Otherwise that of the places, if it is made
    for a region of at most 15 degrees and north is within 6 degrees of up. Otherwise the UTM zone of their middle, or
    where they reach more than 4.5 degrees beyond its meridian, Lambert's azimuthal projection about the middle.

    Parameters
    ----------
    places
        In any CRS.
    asked
        Such as "EPSG:25833".

    Raises
    ------
    InputError
        If what is asked for is no projection in metres, or is 10 % or more off the true scale where the places are.

    Examples
    --------
    >>> import geopandas as gpd
    >>> figure_crs(gpd.GeoDataFrame(geometry=gpd.points_from_xy([-21.9, -18.1], [64.1, 65.7]), crs=4326)).to_epsg()
    3057
    >>> figure_crs(gpd.GeoDataFrame(geometry=gpd.points_from_xy([14.4, 14.5], [35.9, 35.8]), crs=4326)).to_epsg()
    32633
    """
    own = crs_of(places)
    lon, lat = _sample(places, own)
    west, south, east, north = lon.min(), lat.min(), lon.max(), lat.max()
    middle = (west + east) / 2, (south + north) / 2
    if asked is not None:
        return _fitting(asked, *middle)
    for grid in GRIDS:
        if np.mean(np.logical_or.reduce([_inside(lon, lat, box) for box in grid.boxes])) > MOST:
            return pyproj.CRS(grid.epsg)
    if _made_for(own, *middle):
        return own
    zone = int((middle[0] + 180) // 6) % 60 + 1
    meridian = 6 * zone - 183
    if meridian - west <= ZONE_DEG and east - meridian <= ZONE_DEG:
        return pyproj.CRS((32600 if middle[1] >= 0 else 32700) + zone)
    about = f"+lat_0={middle[1]:.2f} +lon_0={middle[0]:.2f}"
    return pyproj.CRS(f"+proj=laea {about} +datum=WGS84 +units=m +type=crs")


def _sample(places: gpd.GeoDataFrame, own: pyproj.CRS) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the degrees of places, at most 2000 of them, evenly out of all."""
    some = places.geometry.to_numpy()[:: max(len(places) // SAMPLE, 1)]
    bounds = shapely.bounds(some[~shapely.is_empty(some)])
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    lon, lat = transformer(own, WGS84).transform(x, y)
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


def _inside(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], box: Box) -> npt.NDArray[np.bool_]:
    west, south, east, north = box
    inside: npt.NDArray[np.bool_] = (lon >= west) & (lon < east) & (lat >= south) & (lat < north)
    return inside


def _fitting(asked: str, lon: float, lat: float) -> pyproj.CRS:
    """Return the projection that is asked for, if it is true to scale at a place."""
    try:
        crs = pyproj.CRS.from_user_input(asked)
    except pyproj.exceptions.CRSError as error:
        raise InputError(f"crs {asked!r} is unknown; write it as EPSG:25833") from error
    if not in_metres(crs):
        raise InputError(f"crs {asked!r} is no projection in metres; give a national grid or a UTM zone, as EPSG:25833")
    scales = _scales(crs, lon, lat)
    worst = max(scales, key=lambda scale: abs(scale - 1))
    if not abs(worst - 1) < STRETCH:
        where = f"{lat:.1f} N, {lon:.1f} E"
        found = f"lengths come out {worst:.3g} times their size" if np.isfinite(worst) else "it has no place for it"
        raise InputError(
            f"crs {asked!r} does not fit {where}, the middle of what is drawn: {found}; "
            "give the national grid or the UTM zone of the region, or leave it out"
        )
    return crs


def _scales(crs: pyproj.CRS, lon: float, lat: float) -> tuple[float, float]:
    """Return drawn by true length at a place, along the meridian and the parallel; inf where it cannot be drawn."""
    try:
        factors = pyproj.Proj(crs).get_factors(lon, lat)
    except pyproj.exceptions.ProjError:
        return np.inf, np.inf
    return float(factors.meridional_scale), float(factors.parallel_scale)


def _made_for(crs: pyproj.CRS, lon: float, lat: float) -> bool:
    """Whether a projection is one of a region, and north is up at a place of it."""
    if not in_metres(crs):
        return False
    area = crs.area_of_use
    if area is not None and (area.east - area.west) % 360 > LARGE_DEG:
        return False
    true = all(abs(scale - 1) < STRETCH / 10 for scale in _scales(crs, lon, lat))
    return true and abs(_lean(crs, lon, lat)) <= LEAN_DEG


def _lean(crs: Any, lon: float, lat: float) -> float:
    """Return the direction of north at a place, degrees clockwise from the top."""
    from_degrees = transformer(WGS84, crs)
    x, y = from_degrees.transform(np.array([lon, lon]), np.array([lat, lat + 0.01]))
    return float(np.degrees(np.arctan2(x[1] - x[0], y[1] - y[0])))


def north_of(x: float, y: float, crs: Any) -> float:
    """Return the direction of north at a point of a map, degrees clockwise from the top.

    >>> round(abs(north_of(500_000.0, 7_000_000.0, 25833)), 6)
    0.0
    """
    return _lean(crs, *transformer(crs, WGS84).transform(x, y))


def corners_in(squares: Squares, crs: Any, into: Any) -> npt.NDArray[np.float64]:
    """Return the corners of squares in another projection, shape (n, 4, 2), from the south-west against the clock.

    Where both are the same they are the squares themselves; elsewhere they lean as the grid does on the ground.
    """
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * (squares.side_m, squares.height_m)
    places = np.stack([squares.west, squares.south], axis=1)[:, None, :] + corners
    return _moved(places.reshape(-1, 2), crs, into).reshape(-1, 4, 2)


def shapes_in(squares: Squares, crs: Any, into: Any) -> Squares:
    """Return cells of any shape in another projection."""
    if squares.shapes is None or pyproj.CRS(crs) == pyproj.CRS(into):
        return squares
    shapes = np.asarray(shapely.transform(squares.shapes, lambda places: _moved(places, crs, into)), object)
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    half = squares.side_m / 2
    return replace(squares, west=middle[:, 0] - half, south=middle[:, 1] - half, shapes=shapes)


def hull_of(squares: Squares, crs: Any, into: Any) -> Box:
    """Return the window around cells in another projection: west, south, east, north, in metres of it."""
    if pyproj.CRS(crs) == pyproj.CRS(into):
        return squares.box
    if squares.shapes is not None:
        ends = shapely.get_coordinates(squares.shapes)
    else:
        # Of the cells of one column none lies farther out than the first and the last.
        order = np.lexsort((squares.south, squares.west))
        begins = np.flatnonzero(np.diff(squares.west[order], prepend=np.nan) != 0)
        outer = np.concatenate([order[begins], order[np.append(begins[1:], len(order)) - 1]])
        low = np.stack([squares.west[outer], squares.south[outer]], axis=1)
        ends = np.concatenate([low, low + np.array([squares.side_m, squares.height_m])])
    hull = shapely.convex_hull(shapely.linestrings(ends))
    ring = shapely.segmentize(hull, max(shapely.length(hull) / 200, squares.side_m))  # straight lines bend
    seen = _moved(shapely.get_coordinates(ring), crs, into)
    (left, bottom), (right, top) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    return left, bottom, right, top


def _moved(places: npt.NDArray[np.float64], crs: Any, into: Any) -> npt.NDArray[np.float64]:
    if pyproj.CRS(crs) == pyproj.CRS(into):
        return places
    x, y = transformer(crs, into).transform(places[:, 0], places[:, 1])
    return np.stack([np.asarray(x, np.float64), np.asarray(y, np.float64)], axis=1)
