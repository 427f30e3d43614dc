"""The pixels of a raster that hold people, and how they join into cells; some rows at a time."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.demand.raster_file import read_pixels
from geoaccess.errors import InputError, NoCellError
from geoaccess.files import size_bytes
from geoaccess.frames import transformer

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pyproj

__all__ = ["Clip", "Lattice", "Pixels", "bands_of_rows", "inhabited_pixels", "lattice_of"]

_PIXELS_AT_ONCE = 1_000_000
_MOST_PIXELS = 10_000_000_000  # to go through, which takes some minutes
_MANY_PIXELS, _PIXELS_A_BYTE = 100_000_000, 10_000  # where so many are in each byte of a file, nothing is in it
_ALONG_EDGES = 21
_WHOLE = 1e-6  # how far from a whole number a ratio of lengths may be by rounding


@dataclasses.dataclass(frozen=True)
class Lattice:
    """How pixels join into cells: counted in whole pixels from an origin, eastwards and northwards."""

    x0: float
    y0: float
    first_column: int
    top_row: int  # the number, counted northwards from the origin, of the row above the raster's first
    width: int  # pixels in a cell
    height: int


@dataclasses.dataclass(frozen=True)
class Pixels:
    """The pixels that hold people: the row and column of their cell on the lattice and their people, shape (n,)."""

    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    people: npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Clip:
    """A box of degrees, and which pixels lie in cells whose centre is inside."""

    box: tuple[float, float, float, float]
    crs: pyproj.CRS
    lattice: Lattice
    width: float
    height: float

    def window(self, raster: Any) -> tuple[slice, slice]:
        """Return the rows and columns of pixels that may be inside, whole cells."""
        west, south, east, north = self.box
        to_raster = transformer(4326, self.crs)
        left, bottom, right, top = to_raster.transform_bounds(west, south, east, north, densify_pts=_ALONG_EDGES)
        across, down = raster.res
        if not np.isfinite([left, bottom, right, top]).all() or left > right:
            return slice(0, raster.height), slice(0, raster.width)
        west_edge, north_edge = raster.bounds.left, raster.bounds.top
        columns = (left - self.width - west_edge) / across, (right + self.width - west_edge) / across
        rows = (north_edge - top - self.height) / down, (north_edge - bottom + self.height) / down
        return _slice(*rows, raster.height), _slice(*columns, raster.width)

    def holds(self, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return which cells of the lattice have their centre inside."""
        west, south, east, north = self.box
        x, y = self.lattice.x0 + (column + 0.5) * self.width, self.lattice.y0 + (row + 0.5) * self.height
        lon, lat = transformer(self.crs, 4326).transform(x, y)
        return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def _slice(low: float, high: float, size: int) -> slice:
    return slice(int(np.clip(np.floor(low), 0, size)), int(np.clip(np.ceil(high), 0, size)))


def lattice_of(
    path: str | os.PathLike[str],
    raster: Any,
    own: pyproj.CRS,
    cell_size_m: float | None,
    block: tuple[int, int] | None,
) -> Lattice:
    """Return how the pixels of a raster join into cells of a size or of a block of pixels.

    Raises
    ------
    InputError
        If they do not.
    """
    rows, columns = block or (1, 1)
    if min(rows, columns) < 1 or int(rows) != rows or int(columns) != columns:
        raise InputError(f"block is {block}; give rows and columns of pixels, both whole numbers from 1")
    pixel_width, pixel_height = raster.res
    if cell_size_m is not None:
        if own.is_geographic:
            raise InputError(f"{path}: cell_size_m is {cell_size_m:g}, and pixels are in degrees; give block instead")
        columns, rows = round(cell_size_m / pixel_width), round(cell_size_m / pixel_height)
        exact = np.allclose([columns * pixel_width, rows * pixel_height], cell_size_m, rtol=_WHOLE, atol=0)
        if min(columns, rows) < 1 or not exact:
            size = f"{pixel_width:g} x {pixel_height:g} m"
            raise InputError(f"{path}: cell_size_m is {cell_size_m:g}, no whole multiple of the pixels' {size}")
    left, top = raster.bounds.left / pixel_width, raster.bounds.top / pixel_height
    at_multiples = max(abs(left - round(left)), abs(top - round(top))) < _WHOLE
    if block is None and at_multiples and own.is_projected:
        return Lattice(0.0, 0.0, round(left), round(top), columns, rows)
    return Lattice(raster.bounds.left, raster.bounds.top, 0, 0, columns, rows)


def inhabited_pixels(
    path: str | os.PathLike[str], raster: Any, band: int, nodata: Sequence[float], lattice: Lattice, clip: Clip | None
) -> Pixels:
    """Return the pixels with people, some rows at a time, so that what is clipped is never held together."""
    rows, columns = (slice(0, raster.height), slice(0, raster.width)) if clip is None else clip.window(raster)
    parts = [Pixels(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    for first, people in bands_of_rows(path, raster, band, nodata, rows=rows, columns=columns):
        down, across = np.nonzero(people)
        row = (lattice.top_row - 1 - (down + first)) // lattice.height
        column = (across + columns.start + lattice.first_column) // lattice.width
        counts = people[down, across]
        if clip is not None:
            inside = clip.holds(row, column)
            row, column, counts = row[inside], column[inside], counts[inside]
        parts.append(Pixels(row.astype(np.int64), column.astype(np.int64), counts))
    row, column = np.concatenate([part.row for part in parts]), np.concatenate([part.column for part in parts])
    found = Pixels(row, column, np.concatenate([part.people for part in parts]))
    if found.people.size == 0:
        if clip is not None:
            raise NoCellError(f"{path}: clip = {list(clip.box)} leaves no cell with people")
        raise InputError(f"{path}: band {band} holds nobody; check that it is the band of people")
    return found


def bands_of_rows(
    path: str | os.PathLike[str],
    raster: Any,
    band: int,
    nodata: Sequence[float] = (),
    *,
    rows: slice | None = None,
    columns: slice | None = None,
) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """Yield the number of a first row and the people of some rows from there, 0 where there are no data.

    Raises when the end is reached if counts were negative or infinite, so that the message has their number.
    """
    from rasterio.windows import Window

    rows, columns = rows or slice(0, raster.height), columns or slice(0, raster.width)
    width = columns.stop - columns.start
    _check_size(path, raster, band, width * (rows.stop - rows.start))
    scale, offset = raster.scales[band - 1], raster.offsets[band - 1]
    high = raster.block_shapes[band - 1][0]
    step = _PIXELS_AT_ONCE // max(width, 1) // high * high or max(_PIXELS_AT_ONCE // max(width, 1), 1)
    bad, first_bad = 0, ""
    for first in range(rows.start, rows.stop if width else rows.start, step):
        window = Window(columns.start, first, width, min(step, rows.stop - first))
        read = read_pixels(path, raster, band, window)
        raw = read.filled(0)
        people = raw.astype(np.float64) * scale + offset
        none = np.ma.getmaskarray(read) | np.isnan(people)
        if len(nodata):
            none |= np.isin(raw, _of_type(nodata, raw.dtype))
        people[none] = 0.0
        wrong = (people < 0) | np.isinf(people)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            bad += int(wrong.sum())
            where = f"row {first + row + 1}, column {columns.start + column + 1}"
            first_bad = first_bad or f"{where} ({people[row, column]:g})"
        yield first, people
    if bad:
        declared = f"nodata is {raster.nodata:g}" if raster.nodata is not None else "no nodata value is declared"
        raise InputError(
            f"{path}: counts are negative or infinite in {bad} pixel{'s'[: bad > 1]}, first in {first_bad}; "
            f"{declared}: if the value means no data, declare it, e.g. with rio edit-info --nodata"
        )


def _check_size(path: str | os.PathLike[str], raster: Any, band: int, pixels: int) -> None:
    """Refuse numbers that are no counts, more pixels than can be gone through, and more than the file can hold."""
    kind = raster.dtypes[band - 1]
    if not re.fullmatch(r"(u?int|float)\d+", kind):  # numpy does not know all of GDAL's, such as complex_int16
        raise InputError(f"{path}: band {band} holds {kind}, which are no counts of people")
    scale, offset = raster.scales[band - 1], raster.offsets[band - 1]
    if not np.isfinite([scale, offset]).all():
        raise InputError(f"{path}: band {band} says that it is to be multiplied by {scale} and moved by {offset}")
    size = size_bytes(Path(path))
    if raster.driver == "GTiff" and pixels > max(_MANY_PIXELS, _PIXELS_A_BYTE * size):
        raise InputError(f"{path}: says that it has {pixels:,} pixels, but has {size:,} bytes; it is damaged, or empty")
    if pixels > _MOST_PIXELS:
        raise InputError(f"{path}: {pixels:,} pixels are more than can be gone through; give clip, or cut the raster")


def _of_type(values: Sequence[float], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return values as the pixels of a raster have them; whole numbers of no other size than theirs can be meant."""
    given, kind = np.array(values, dtype=np.float64), np.dtype(dtype)
    if kind.kind == "f":
        return given.astype(kind)
    limits = np.iinfo(kind)
    possible = [int(value) for value in given if value.is_integer() and limits.min <= value <= limits.max]
    return np.array(possible, dtype=kind)
