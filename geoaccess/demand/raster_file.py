"""Opening a raster of people, and the CRS that its cells may be measured in."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoaccess.arguments import checks_arguments
from geoaccess.demand.area import suggest_crs
from geoaccess.errors import InputError
from geoaccess.files import require
from geoaccess.frames import is_on_earth, transformer

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["crs_of_raster", "open_raster", "read_pixels"]

_POLE = 90.0
_SMALLEST, _FARTHEST = 1e-9, 1e10
"""Of sides of pixels and of coordinates, in degrees or metres: whatever is beyond says no place."""


@contextlib.contextmanager
def open_raster(path: str | os.PathLike[str], band: int | None) -> Iterator[Any]:
    """Open a raster that people can be read of: with a CRS, north up, and with one band or the one that is named."""
    import rasterio  # loads GDAL, which tables do not need

    file = require(Path(path), hint="give the path of a population raster")
    try:
        raster = rasterio.open(file)
    except (rasterio.errors.RasterioError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read as a raster: {error}") from error
    with raster:
        problems = []
        if raster.crs is None or not is_on_earth(raster.crs):
            problems.append("the raster does not say its CRS; write it in, e.g. with rio edit-info --crs EPSG:4326")
        if band is None and raster.count > 1:
            listed = ", ".join(f"{n}{f' ({said})' if said else ''}" for n, said in enumerate(raster.descriptions, 1))
            problems.append(f"has {raster.count} bands: {listed}; name the band of people (band = ...)")
        elif not 1 <= (band or 1) <= raster.count:
            problems.append(f"band is {band}, and the raster has {raster.count} band{'s'[: raster.count > 1]}")
        a, b, _, d, e, _ = raster.transform[:6]
        if b != 0 or d != 0 or a <= 0 or e >= 0:
            problems.append("the raster is rotated or not north up; write it so, e.g. with gdalwarp -r near")
        elif not (all(abs(edge) < _FARTHEST for edge in raster.bounds) and min(a, -e) > _SMALLEST):  # nor does NaN
            problems.append(f"its pixels of {a:g} by {-e:g} lie nowhere; write transform and size anew")
        if raster.crs is not None and raster.crs.is_geographic and max(map(abs, raster.bounds[1::2])) > _POLE + abs(e):
            problems.append(f"latitudes reach from {raster.bounds[1]:g} to {raster.bounds[3]:g} degrees; swapped axes?")
        if problems:
            raise InputError.listing(str(file), problems)
        yield raster


def read_pixels(path: str | os.PathLike[str], raster: Any, band: int, window: Any) -> Any:
    """Read a part of a band, masked where there are no data.

    Raises
    ------
    InputError
        If the file ends before it, or what it holds cannot be unpacked.
    """
    from rasterio.errors import RasterioError

    try:
        return raster.read(band, window=window, masked=True)
    except RasterioError as error:
        why = error.__cause__ or error
        raise InputError(f"{path}: is cut off or damaged ({why}); download it again") from error


@checks_arguments
def crs_of_raster(path: str | os.PathLike[str]) -> str:
    """Return a CRS in metres for the cells of a raster, by its middle: EPSG:3035 in Europe, else the UTM zone.

    Raises
    ------
    MissingFileError, InputError
        If there is no such raster, or it has no CRS.
    """
    with open_raster(path, 1) as raster:
        left, bottom, right, top = raster.bounds
        to_degrees = transformer(raster.crs, "EPSG:4326")
    try:
        return suggest_crs(*to_degrees.transform((left + right) / 2, (bottom + top) / 2))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
