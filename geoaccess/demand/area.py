"""Whether coordinates can be what their CRS says they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj

from geoaccess.errors import InputError
from geoaccess.frames import in_metres, is_stretched, transformer

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["crs_name", "grid_crs", "outside_area", "suggest_crs"]

_EUROPE_EPSG = 3035

# National grids are used well beyond the strip their CRS was drawn for: Norway's lies in a UTM zone of 6 degrees and
# spans 27. What is to be caught is another CRS, or swapped columns, and those miss by far more.
_MARGIN_LON = 20.0
_MARGIN_LAT = 5.0


def grid_crs(crs: Any) -> pyproj.CRS:
    """Return the CRS that `crs` names, if it can carry a grid of cells: projected, in metres.

    Parameters
    ----------
    crs
        Whatever pyproj understands: "EPSG:25833", 25833, WKT, a CRS.

    Raises
    ------
    InputError
        If it is not a CRS, is in degrees, counts in anything but metres, or has no true metres (Web Mercator).

    Examples
    --------
    >>> grid_crs(3035).name
    'ETRS89-extended / LAEA Europe'
    """
    try:
        known = pyproj.CRS.from_user_input(crs)
    except (pyproj.exceptions.CRSError, TypeError) as error:
        raise InputError(f"crs {crs!r} is not understood; give an EPSG code such as EPSG:25833") from error
    if known.is_geographic:
        raise InputError(
            f"crs {crs_name(known)} is in degrees, and cells need a projected CRS in metres; "
            "give the grid's own, such as EPSG:25833 or EPSG:3035"
        )
    if is_stretched(known):
        raise InputError(
            f"crs {crs_name(known)} is a Mercator projection, whose metres are not true (two for each at 60 degrees "
            "north): lengths, areas and densities would be wrong; give the grid's own, such as EPSG:25833 or EPSG:3035"
        )
    if not in_metres(known):
        raise InputError(f"crs {crs_name(known)} is not a projected CRS in metres; give one, such as EPSG:25833")
    return known


def suggest_crs(lon: float, lat: float) -> str:
    """Return a CRS in metres for cells around a place: EPSG:3035 (equal-area) in Europe, else the UTM zone.

    >>> suggest_crs(-6.8, 62.0), suggest_crs(17.0, -22.6), suggest_crs(-52.0, 64.0)
    ('EPSG:3035', 'EPSG:32733', 'EPSG:32622')

    Raises
    ------
    InputError
        If the place is none.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise InputError("the middle of the cells lies nowhere on the earth; check their coordinates and CRS")
    area = pyproj.CRS(_EUROPE_EPSG).area_of_use
    assert area is not None  # noqa: S101 - the database of PROJ has one
    if area.west <= lon <= area.east and area.south <= lat <= area.north:
        return f"EPSG:{_EUROPE_EPSG}"
    zone = int((lon + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def crs_name(crs: pyproj.CRS) -> str:
    """Return the shortest name of a CRS: its EPSG code where it has one.

    >>> crs_name(pyproj.CRS(25833))
    'EPSG:25833'
    """
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name


def outside_area(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: pyproj.CRS
) -> tuple[npt.NDArray[np.bool_], str]:
    """Mark the points that lie far outside the area their CRS is made for, and say what may be wrong.

    Parameters
    ----------
    x, y
        Metres in `crs`, shape (n,).

    Returns
    -------
    Mask of shape (n,), True outside, and a hint ("" where none is outside). A CRS of unknown area has no
    outside.

    Examples
    --------
    >>> mask, hint = outside_area(np.array([7584000.0]), np.array([510000.0]), pyproj.CRS(25833))
    >>> mask.tolist(), hint
    ([True], 'x and y look swapped')
    """
    outside = ~_inside(x, y, crs)
    if not outside.any():
        return outside, ""
    if np.abs(x[outside]).max() <= 180 and np.abs(y[outside]).max() <= 180:  # noqa: PLR2004 - degrees, in either order
        return outside, f"they look like degrees; give them in metres in {crs_name(crs)}"
    if _inside(y[outside], x[outside], crs).all():
        return outside, "x and y look swapped"
    return outside, f"check that they are in {crs_name(crs)}"


def _inside(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: pyproj.CRS) -> npt.NDArray[np.bool_]:
    area = _area(crs)
    if area is None:
        return np.ones(x.shape, dtype=bool)
    west, south, east, north = area
    lon, lat = transformer(crs, 4326).transform(x, y)
    finite = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = np.where(finite, lon, 0.0), np.where(finite, lat, 0.0)
    width = (east - west) % 360 + 2 * _MARGIN_LON
    near_lon = (lon - west + _MARGIN_LON) % 360 <= width
    if width >= 360 or east - west >= 360:  # noqa: PLR2004 - the full circle
        near_lon = np.ones(x.shape, dtype=bool)
    return np.asarray(finite & near_lon & (lat >= south - _MARGIN_LAT) & (lat <= north + _MARGIN_LAT))


def _area(crs: pyproj.CRS) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north in degrees."""
    area, code = crs.area_of_use, crs.to_epsg()
    if area is None and code:  # a CRS that was written into a file as text has lost its area
        area = pyproj.CRS.from_epsg(code).area_of_use
    return None if area is None else area.bounds
