"""Travel times as GeoTIFF, for use in a geographical information system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from geoaccess.errors import InputError
from geoaccess.files import writing
from geoaccess.frames import crs_of
from geoaccess.maps.results import on_one_grid, squares
from geoaccess.measures import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.demand import RasterGrid

__all__ = ["NODATA", "OTHER_REASON", "check_raster_grid", "geotiff", "raster_fits"]

NODATA: Final = -9999.0
OTHER_REASON: Final = 9
MOST_PIXELS: Final = 400_000_000
_BLOCK: Final = 256


_Places = tuple["npt.NDArray[np.int64]", "npt.NDArray[np.int64]", tuple[int, int], tuple[float, float, float, float]]


def geotiff(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    column: str,
    attribution: str = "",
    disclaimer: str = "",
    grid: RasterGrid | None = None,
) -> None:
    """Write one column of travel times as a GeoTIFF whose pixels are the cells of the grid.

    Band 1 is the travel time in minutes. Band 2 says whether the cell is reached: 0 reached; 1 no_road_within;
    2 island_without_ferry; 3 passenger_ferry_only; 4 no_site_reachable; 5 road_not_connected; 6 across_water; 9 another
    reason, or none given. -9999 is "no data": in both bands where the table has no cell, and in band 1 also where the
    cell is not reached, so that a mean of band 1 is of those reached, and band 2 distinguishes the two. Both are 32-bit
    floats; the tags repeat all this.

    Parameters
    ----------
    path
        File to write, .tif.
    results
        Square cells on one grid, in a projected CRS in metres.
    column
        Name of a column of travel times in seconds, ending in `_s`, such as `gp_s` or `gp_second_s`. The reasons are
        taken from `gp_reason`, where there.
    attribution
        Sources and licences, for the tags.
    disclaimer
        What a reader must know before using the numbers, for the tags.
    grid
        The grid of the population raster that the cells come from: the file has its CRS and its pixels, also where they
        are in degrees or no squares. None: that of the cells, which must be squares or rectangles of one grid.

    Raises
    ------
    InputError
        If the column is not there or is no travel time, or the cells do not lie on one grid or share a place.
    """
    if not column.endswith("_s") or column not in results.columns:
        raise InputError(f"results: {column!r} is not a column of travel times; they end in _s, such as gp_s")
    row, place, shape, transform = _grid(results) if grid is None else _on_grid(results, grid)
    times = results[column].to_numpy(dtype=np.float64)
    reached = np.isfinite(times)
    bands = (np.where(reached, times / 60, NODATA), _codes(results, column, reached))
    import rasterio  # slow to import
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 2,
        "height": shape[0],
        "width": shape[1],
        "crs": crs_of(results).to_wkt() if grid is None else grid.crs,
        "transform": from_origin(*transform),
        "nodata": NODATA,
        "compress": "deflate",
        "predictor": 3,
        "tiled": True,
        "blockxsize": _BLOCK,
        "blockysize": _BLOCK,
        "interleave": "band",
        "sparse_ok": True,
    }
    meanings = ("travel time, minutes", "0 reached, else why not")
    with rasterio.MemoryFile() as memory, memory.open(**profile) as file:
        for number, (values, meaning) in enumerate(zip(bands, meanings, strict=True), start=1):
            for window, pixels in _blocks(values, row, place, shape):
                file.write(pixels, number, window=Window(*window))
            file.set_band_description(number, meaning)
        file.set_band_unit(1, "min")
        file.update_tags(
            COLUMN=column,
            ATTRIBUTION=attribution,
            **({"DISCLAIMER": disclaimer} if disclaimer else {}),
            BAND_1="travel time in minutes; no data where nobody lives and where not reached",
            BAND_2="; ".join(
                ["0 reached", *(f"{code} {why}" for code, why in enumerate(REASONS, start=1)), f"{OTHER_REASON} other"]
            ),
            NO_DATA="-9999",
        )
        file.close()
        with writing(path) as temporary:  # GDAL says nothing of a disk that is full when it closes a file
            temporary.write_bytes(memory.getbuffer())


def _blocks(
    values: npt.NDArray[np.float64], row: npt.NDArray[np.int64], place: npt.NDArray[np.int64], shape: tuple[int, int]
) -> Iterator[tuple[tuple[int, int, int, int], npt.NDArray[np.float32]]]:
    """Yield the blocks of the raster that hold a cell: column, row, width and height, and the pixels.

    Of a country most blocks are sea or nobody's land; a block that is never written takes no room in the file.
    """
    number = row // _BLOCK * (shape[1] // _BLOCK + 1) + place // _BLOCK
    order = np.argsort(number, kind="stable")
    for cells in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        top, left = int(row[cells[0]]) // _BLOCK * _BLOCK, int(place[cells[0]]) // _BLOCK * _BLOCK
        high, wide = min(_BLOCK, shape[0] - top), min(_BLOCK, shape[1] - left)
        pixels = np.full((high, wide), NODATA, dtype=np.float32)
        pixels[row[cells] - top, place[cells] - left] = values[cells]
        yield (left, top, wide, high), pixels


def _codes(results: gpd.GeoDataFrame, column: str, reached: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    reason = f"{column.removesuffix('_s').removesuffix('_second')}_reason"
    why = results[reason].astype(object) if reason in results.columns else results[column].map(lambda _: "")
    codes = why.map({name: code for code, name in enumerate(REASONS, start=1)}).fillna(OTHER_REASON)
    return np.where(reached, 0.0, codes.to_numpy(dtype=np.float64))


def _grid(
    results: gpd.GeoDataFrame,
) -> _Places:
    """Return the row and column of every cell, the shape of the raster, and its north-west corner and pixel size."""
    if len(results) == 0:
        raise InputError("results: there is no cell in the table")
    square = squares(results)
    if square.shapes is not None:  # pixels in another CRS have none, and are refused below
        raise InputError("results: cells must be squares or rectangles of one grid, as pixels are; write their shapes")
    west, south, side, high = float(square.west.min()), float(square.south.min()), square.side_m, square.height_m
    across, up = (square.west - west) / side, (square.south - south) / high
    column, above = np.rint(across).astype(np.int64), np.rint(up).astype(np.int64)
    off = np.maximum(np.abs(across - column), np.abs(up - above))
    problems = []
    if off.max() > 0.01:  # noqa: PLR2004  # of a side
        worst = results.index[int(off.argmax())]
        problems.append(
            f"cell {worst} lies {off.max() * side:g} m off the grid of the others; cells must share one grid"
        )
    shape = (int(above.max()) + 1, int(column.max()) + 1)
    problems += _crowded(results, above, column, shape)
    if problems:
        raise InputError.listing("results", problems)
    return shape[0] - 1 - above, column, shape, (west, south + shape[0] * high, side, high)


def raster_fits(cells: gpd.GeoDataFrame, grid: RasterGrid | None = None) -> bool:
    """Return whether cells lie on a grid that a raster can have: of a raster they do."""
    return grid is not None or on_one_grid(cells)


def check_raster_grid(cells: gpd.GeoDataFrame, grid: RasterGrid | None = None) -> None:
    """Raise, before any search, what `geotiff` would raise of where the cells lie; of cells of any shape, nothing.

    Raises
    ------
    InputError
        If the cells do not lie on one grid or share a place, or the raster would be too large.
    """
    if grid is None:
        if on_one_grid(cells):
            _grid(cells)
    else:
        _on_grid(cells, grid)


def _on_grid(results: gpd.GeoDataFrame, grid: RasterGrid) -> _Places:
    """Return the same for cells on the grid of a raster: its window around them."""
    if len(results) == 0:
        raise InputError("results: there is no cell in the table")
    row, column = grid.places(results)
    top, left = int(row.min()), int(column.min())
    row, column = row - top, column - left
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    if problems := _crowded(results, row, column, shape):
        raise InputError.listing("results", problems)
    corner = (grid.left + left * grid.width, grid.top - top * grid.height)
    return row, column, shape, (*corner, grid.width, grid.height)


def _crowded(
    results: gpd.GeoDataFrame, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64], shape: tuple[int, int]
) -> list[str]:
    """Say whether a raster would be too large, or two cells are one pixel."""
    problems = []
    if shape[0] * shape[1] > MOST_PIXELS:
        problems.append(f"the raster would have {shape[0]} x {shape[1]} pixels; write it in parts")
    _, first, number = np.unique(row * shape[1] + column, return_index=True, return_counts=True)
    if (number > 1).any():
        problems.append(f"cell {results.index[int(first[number.argmax()])]} is at the same place as another")
    return problems
