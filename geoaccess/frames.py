"""What pandas and geopandas leave open: a CRS that is there, points as points, areas that are valid, quick joins."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import pandas as pd
import shapely
from shapely import Point

from geoaccess.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    import pyproj

__all__ = [
    "areas_in_degrees",
    "beside",
    "bounds_in_degrees",
    "crs_of",
    "first_point",
    "in_metres",
    "is_on_earth",
    "is_stretched",
    "reproject",
    "transformer",
    "utm_of",
    "valid_areas",
]

Table = TypeVar("Table", bound="pd.DataFrame")

_AT_ONCE: Final = 1 << 15
"""The corners of so many shapes are looked at together: of those of a country nobody needs a copy."""


def beside(table: Table, *others: pd.DataFrame) -> Table:
    """Return a table with the columns of others of the same rows beside its own, as `join` does.

    That makes an object of every label of text first, and copies: with some hundred thousand cells as slow as a search.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({"population": [3.0, 4.0]}, index=["home", "away"])
    >>> beside(cells, pd.DataFrame({"gp_s": [60.0, 90.0]}, index=cells.index)).loc["away"].to_dict()
    {'population': 4.0, 'gp_s': 90.0}
    """
    tables: list[pd.DataFrame] = [table, *(one for one in others if len(one.columns))]
    names = [name for one in tables for name in one.columns]
    alike = all(one.index.equals(table.index) for one in tables[1:])
    found: Any = table
    if tables[1:] and len(table.columns) and alike and len({*names}) == len(names):
        found = pd.concat(tables, axis=1)
    else:
        for other in tables[1:]:
            found = found.join(other)
    joined: Table = found
    return joined


def bounds_in_degrees(places: gpd.GeoDataFrame | gpd.GeoSeries) -> tuple[float, float, float, float]:
    """Return west, south, east and north of all of some places, degrees; NaN where there is none.

    They are those of `to_crs(4326).total_bounds`, which makes every shape anew before it looks at them.

    Raises
    ------
    InputError
        If there is no CRS.

    Examples
    --------
    >>> import geopandas as gpd
    >>> corners = gpd.GeoSeries.from_xy([5e5, 6e5], [7e6, 7.1e6], crs="EPSG:32633")
    >>> [round(edge, 2) for edge in bounds_in_degrees(corners)]
    [15.0, 63.13, 17.05, 64.01]
    """
    shapes, found = places.geometry.to_numpy(), []
    for first in range(0, len(shapes), _AT_ONCE):
        corners = shapely.get_coordinates(shapes[first : first + _AT_ONCE])
        if len(corners):
            lon, lat = reproject(corners[:, 0], corners[:, 1], source=crs_of(places), target="EPSG:4326")
            found.append((lon.min(), lat.min(), lon.max(), lat.max()))
    if not found:
        return (float("nan"),) * 4
    west, south, east, north = np.array(found).T
    return float(west.min()), float(south.min()), float(east.max()), float(north.max())


def crs_of(places: gpd.GeoDataFrame | gpd.GeoSeries, *, subject: str = "places") -> pyproj.CRS:
    """Return the coordinate reference system; raise `InputError` where none is set.

    >>> import geopandas as gpd
    >>> crs_of(gpd.GeoSeries.from_xy([10.0], [60.0], crs="EPSG:4326")).to_epsg()
    4326
    """
    if places.crs is None:
        raise InputError(f"{subject}: there is no CRS; set it with set_crs, such as set_crs(4326)")
    return places.crs


def reproject(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], *, source: pyproj.CRS | str, target: pyproj.CRS | str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return coordinates in another CRS, to the bit as `to_crs` does, without a geometry for each; x is the east.

    >>> import geopandas as gpd
    >>> import numpy as np
    >>> x, y = reproject(np.array([10.0]), np.array([60.0]), source="EPSG:4326", target="EPSG:25833")
    >>> point = gpd.GeoSeries.from_xy([10.0], [60.0], crs="EPSG:4326").to_crs("EPSG:25833")
    >>> (x[0], y[0]) == (point.x[0], point.y[0])
    True
    """
    from pyproj import CRS

    one, other = CRS.from_user_input(source), CRS.from_user_input(target)
    if one.is_exact_same(other):
        return x, y
    east, north = transformer(one, other).transform(x, y)
    return np.asarray(east, np.float64), np.asarray(north, np.float64)


def is_on_earth(crs: Any) -> bool:
    """Whether places in a CRS are places on the earth, not of a plane of its own as in drawings and faulty files.

    >>> import pyproj
    >>> own = pyproj.CRS('LOCAL_CS["drawing",UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]')
    >>> is_on_earth(pyproj.CRS(25833)), is_on_earth(own)
    (True, False)
    """
    from pyproj.exceptions import CRSError, ProjError

    try:
        transformer(crs, "EPSG:4326")
    except (CRSError, ProjError):
        return False
    return True


def in_metres(crs: pyproj.CRS | None) -> bool:
    """Return whether a CRS is projected and both its axes count in metres; those may be stretched, see `is_stretched`.

    >>> import pyproj
    >>> in_metres(pyproj.CRS(25833)), in_metres(pyproj.CRS(4326)), in_metres(pyproj.CRS(2263)), in_metres(None)
    (True, False, False, False)
    """
    return crs is not None and crs.is_projected and all(axis.unit_conversion_factor == 1 for axis in crs.axis_info[:2])


def utm_of(places: gpd.GeoDataFrame | gpd.GeoSeries) -> pyproj.CRS:
    """Return the zone of UTM that the middle of the places lies in, as geopandas estimates it.

    PROJ looks through all that it knows, which takes as long as a search; so it is asked once for a place.

    Raises
    ------
    InputError
        If there is no CRS, or no zone there: those of UTM end at 84 degrees north and 80 degrees south.

    Examples
    --------
    >>> import geopandas as gpd
    >>> utm_of(gpd.GeoSeries.from_xy([18.9, 19.1], [69.6, 69.7], crs="EPSG:4326")).to_epsg()
    32634
    """
    to_degrees = transformer(crs_of(places), "EPSG:4326")
    left, bottom, right, top = map(float, places.total_bounds)
    west, south, east, north = to_degrees.transform_bounds(left, bottom, right, top)
    return _utm_at(*map(_in_its_degree, ((west + east) / 2, (south + north) / 2)))


def _in_its_degree(at: float) -> float:
    """Return the middle of the degree that a place lies in: zones end at whole degrees, and PROJ looks for one long."""
    return math.floor(at) + 0.5 if math.isfinite(at) and at % 1 else at


@lru_cache(maxsize=64)
def _utm_at(lon: float, lat: float) -> pyproj.CRS:
    from geopandas import GeoSeries

    try:
        return GeoSeries.from_xy([lon], [lat], crs="EPSG:4326").estimate_utm_crs()
    except RuntimeError as error:
        raise InputError(
            f"around longitude {lon:g}, latitude {lat:g} there is no zone of UTM to measure in; check the coordinates"
        ) from error


def transformer(crs: Any, into: Any) -> pyproj.Transformer:
    """Return what moves places from one CRS into another, x before y; PROJ looks for it once for a pair of them.

    It is the one by which `to_crs` moves shapes, however the two are named: PROJ may look for a tenth of a second.

    >>> x, y = transformer(4326, 25833).transform(15.0, 60.0)
    >>> round(x), round(y)
    (500000, 6651411)
    >>> transformer("EPSG:4326", "EPSG:25833") is transformer(4326, 25833)
    True
    """
    from geopandas.array import TransformerFromCRS
    from pyproj import CRS

    found: pyproj.Transformer = TransformerFromCRS(CRS.from_user_input(crs), CRS.from_user_input(into), always_xy=True)
    return found


def is_stretched(crs: pyproj.CRS) -> bool:
    """Return whether a CRS stretches lengths more the farther north one goes, as Web Mercator (EPSG:3857) does.

    >>> import pyproj
    >>> is_stretched(pyproj.CRS(3857)), is_stretched(pyproj.CRS(25833)), is_stretched(pyproj.CRS(3035))
    (True, False, False)
    """
    method = crs.coordinate_operation.method_name if crs.coordinate_operation else ""
    return "Mercator" in method and not any(word in method for word in ("Transverse", "Oblique"))


def first_point(places: gpd.GeoDataFrame | gpd.GeoSeries, number: int = 0) -> Point:
    """Return the geometry at a position, which must be a point."""
    point: object = places.geometry.iloc[number]
    if not isinstance(point, Point):
        raise InputError(f"places: the geometry at position {number} is no point")
    return point


def areas_in_degrees(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table of areas, which has a CRS, in EPSG:4326, each a valid multipolygon there: see `valid_areas`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> square = gpd.GeoDataFrame(geometry=[shapely.box(5e5, 7e6, 6e5, 7.1e6)], crs="EPSG:32633")
    >>> areas_in_degrees(square).geom_type.tolist()
    ['MultiPolygon']
    """
    found = table.to_crs("EPSG:4326")
    return found.set_geometry(valid_areas(found.geometry.to_numpy()), crs=found.crs)


def valid_areas(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the area of each geometry as a valid multipolygon, empty where it has none, or a corner is nowhere.

    Borders that lie within a hair of each other may come to cross where shapes are given other coordinates.

    >>> import shapely
    >>> bow = shapely.from_wkt(["POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "POINT (0 0)"])
    >>> [(area.is_valid, area.area) for area in valid_areas(bow)]
    [(True, 2.0), (True, 0.0)]
    """
    flat = shapely.force_2d(geometry)
    places, owner = shapely.get_coordinates(flat, return_index=True)
    flat[owner[~np.isfinite(places).all(axis=1)]] = None  # which has no area, and cannot be repaired
    parts, owner = shapely.get_parts(_made_valid(flat), return_index=True)
    # A repaired border may be a collection that also holds the lines and points that were cut off, and one level down.
    parts, inner = shapely.get_parts(parts, return_index=True)
    owner = owner[inner]
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    result = np.full(len(geometry), shapely.MultiPolygon(), dtype=object)
    if areal.any():
        found = np.unique(owner[areal])
        result[found] = shapely.multipolygons(parts[areal], indices=np.searchsorted(found, owner[areal]))
    return result


def _made_valid(flat: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return geometries as valid ones; of many polygons only those with a fault are made anew, which is soon done."""
    # GEOS looks whether all is valid before it mends, too: so only what is not valid is given to it.
    wrong = np.flatnonzero(~shapely.is_valid(flat))
    many = shapely.get_type_id(flat[wrong]) == shapely.GeometryType.MULTIPOLYGON
    mended = flat.copy()
    mended[wrong[~many]] = shapely.make_valid(flat[wrong[~many]])
    for number in wrong[many].tolist():
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shapely.get_parts(flat[number]))))
        whole = shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
        mended[number] = whole if shapely.is_valid(whole) else shapely.make_valid(flat[number])
    return mended
