"""Travel times as GeoTIFF, for use in a geographical information system."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.files import writing
from geoaccess.frames import crs_of
from geoaccess.maps.labels import reason_label
from geoaccess.maps.results import on_one_grid, squares
from geoaccess.measures import REASONS
from geoaccess.phrases import section

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.demand import RasterGrid

__all__ = ["NODATA", "OTHER_REASON", "Pixels", "check_raster_grid", "geotiff", "pixels_of", "raster_fits"]

NODATA: Final = -9999.0
OTHER_REASON: Final = 9
MOST_PIXELS: Final = 400_000_000
_BLOCKS: Final = (128, 256)
"""Sides of blocks. Of a country most pixels are nobody's: small blocks hold fewer, but each stands in a list."""
_LISTED: Final = 0.1
"""So many blocks at most, as a share of the cells, are small ones."""


@dataclass(frozen=True)
class Pixels:
    """Where cells lie on a raster.

    `row` and `column` of each cell from the north-west, the `shape` of the raster (rows, columns), and its north-west
    `corner` with the width and height of a pixel (west, north, width, height), in units of the CRS.
    """

    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    shape: tuple[int, int]
    corner: tuple[float, float, float, float]

    @property
    def block(self) -> int:
        """The side of a block of the file, pixels."""
        small, large = _BLOCKS
        listed = math.ceil(self.shape[0] / small) * math.ceil(self.shape[1] / small)
        return small if listed <= _LISTED * len(self.row) else large

    @cached_property
    def runs(self) -> list[npt.NDArray[np.int64]]:
        """The cells of each run of blocks side by side that all hold some; blocks without any are never written."""
        above, across = self.row // self.block, self.column // self.block
        block = above * (self.shape[1] // self.block + 2) + across  # two rows of blocks never follow each other
        order = np.argsort(block, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(block[order]) > 1) + 1)


def geotiff(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    column: str,
    attribution: str = "",
    disclaimer: str = "",
    grid: RasterGrid | None = None,
    pixels: Pixels | None = None,
    from_call: bool = False,
    language: str = "en",
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
    pixels
        What `pixels_of` returns for these cells and this grid, for several rasters of the same cells.
    from_call
        Whether the times count from a call until help is there: response times.
    language
        In which tags and names of bands say what they mean: "en" or "nb". The names of tags are the same in all.

    Raises
    ------
    InputError
        If the column is not there or is no travel time, or the cells do not lie on one grid or share a place.
    """
    if not column.endswith("_s") or column not in results.columns:
        raise InputError(f"results: {column!r} is not a column of travel times; they end in _s, such as gp_s")
    words = section(language, "raster")
    band, tag = ("minutes_response", "minutes_tag_response") if from_call else ("minutes", "minutes_tag")
    pixels = pixels_of(results, grid) if pixels is None else pixels
    times = results[column].to_numpy(dtype=np.float64)
    reached = np.isfinite(times)
    values = np.stack([np.where(reached, times / 60, NODATA), _codes(results, column, reached)]).astype(np.float32)
    import rasterio  # slow to import
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": len(values),
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "crs": crs_of(results).to_wkt() if grid is None else grid.crs,
        "transform": from_origin(*pixels.corner),
        "nodata": NODATA,
        "compress": "deflate",
        "predictor": 1,  # none: single cells among pixels without data are packed to less than half as they are
        "tiled": True,
        "blockxsize": pixels.block,
        "blockysize": pixels.block,
        "interleave": "band",
        "sparse_ok": True,
    }
    with rasterio.MemoryFile() as memory, memory.open(**profile) as file:
        for window, part in _parts(values, pixels):
            file.write(part, window=Window(*window))
        for number, meaning in enumerate((words[band], words["code"]), start=1):
            file.set_band_description(number, meaning)
        file.set_band_unit(1, "min")
        file.update_tags(
            COLUMN=column,
            ATTRIBUTION=attribution,
            **({"DISCLAIMER": disclaimer} if disclaimer else {}),
            BAND_1=words[tag],
            BAND_2=_code_words(language),
            NO_DATA=f"{NODATA:.0f}",
        )
        file.close()
        with writing(path) as temporary:  # GDAL says nothing of a disk that is full when it closes a file
            temporary.write_bytes(memory.getbuffer())


def _parts(
    values: npt.NDArray[np.float32], pixels: Pixels
) -> Iterator[tuple[tuple[int, int, int, int], npt.NDArray[np.float32]]]:
    """Yield the runs of blocks that hold cells: column, row, width and height, and the pixels of each band."""
    side = pixels.block
    for cells in pixels.runs:
        row, column = pixels.row[cells], pixels.column[cells]
        top, left = int(row[0]) // side * side, int(column.min()) // side * side
        bottom = min(top + side, pixels.shape[0])
        right = min((int(column.max()) // side + 1) * side, pixels.shape[1])
        part = np.full((len(values), bottom - top, right - left), NODATA, dtype=np.float32)
        part[:, row - top, column - left] = values[:, cells]
        yield (left, top, right - left, bottom - top), part


def _codes(results: gpd.GeoDataFrame, column: str, reached: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return 0 for each cell that is reached, and for others the number of the reason."""
    name = f"{column.removesuffix('_s').removesuffix('_second')}_reason"
    why = np.full(len(results), -1)
    if name in results.columns:
        why = np.asarray(pd.Index(REASONS, dtype=object).get_indexer(pd.Index(results[name], dtype=object)))
    return np.where(reached, 0.0, np.where(why >= 0, why + 1, OTHER_REASON))


def _code_words(language: str) -> str:
    """Say what the numbers of the second band mean: the reasons as tables name them, and as readers know them."""
    words = section(language, "raster")
    reasons = [f"{code} {why} ({reason_label(why, language=language)})" for code, why in enumerate(REASONS, start=1)]
    return "; ".join([f"0 {words['reached']}", *reasons, f"{OTHER_REASON} {words['other']}"])


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
    if raster_fits(cells, grid):
        pixels_of(cells, grid)


def pixels_of(results: gpd.GeoDataFrame, grid: RasterGrid | None = None) -> Pixels:
    """Return where cells lie on the raster that `geotiff` writes of them: of their own grid, or part of a given one.

    Raises
    ------
    InputError
        If there is no cell, cells do not lie on one grid or share a place, or the raster would be too large.
    """
    if len(results) == 0:
        raise InputError("results: there is no cell in the table")
    found, problems = _on_own_grid(results) if grid is None else (_on_grid(results, grid), [])
    problems += _crowded(results, found)
    if problems:
        raise InputError.listing("results", problems)
    return found


def _on_grid(results: gpd.GeoDataFrame, grid: RasterGrid) -> Pixels:
    """Return the pixels of cells on the grid of a raster: its window around them."""
    row, column = grid.places(results)
    top, left = int(row.min()), int(column.min())
    row, column = row - top, column - left
    corner = (grid.left + left * grid.width, grid.top - top * grid.height)
    return Pixels(row, column, (int(row.max()) + 1, int(column.max()) + 1), (*corner, grid.width, grid.height))


def _on_own_grid(results: gpd.GeoDataFrame) -> tuple[Pixels, list[str]]:
    """Return the pixels of cells on the grid that they make up, and what is wrong with it."""
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
    return Pixels(shape[0] - 1 - above, column, shape, (west, south + shape[0] * high, side, high)), problems


def _crowded(results: gpd.GeoDataFrame, pixels: Pixels) -> list[str]:
    """Say whether a raster would be too large, or two cells are one pixel."""
    problems = []
    high, wide = pixels.shape
    if high * wide > MOST_PIXELS:
        problems.append(f"the raster would have {high} x {wide} pixels; write it in parts")
    _, first, number = np.unique(pixels.row * wide + pixels.column, return_index=True, return_counts=True)
    if (number > 1).any():
        problems.append(f"cell {results.index[int(first[number.argmax()])]} is at the same place as another")
    return problems
