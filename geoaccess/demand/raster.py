"""Population rasters: their pixels as cells, and their people summed over zones. Counts are summed, never resampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geoaccess.arguments import checks_arguments
from geoaccess.demand.area import crs_name, grid_crs, outside_area
from geoaccess.demand.ids import make_cell_ids
from geoaccess.demand.raster_file import open_raster
from geoaccess.demand.raster_grid import RasterGrid
from geoaccess.demand.raster_pixels import Clip, bands_of_rows, inhabited_pixels, lattice_of
from geoaccess.errors import InputError
from geoaccess.frames import utm_of

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["raster_grid", "read_raster_cells", "zonal_population"]

_MOST_CELLS = 10_000_000  # polygons of so many need more memory than most machines have
_POLE = 90.0
_LONGEST_EDGE = {True: 0.02, False: 2000.0}  # degrees, metres


@checks_arguments
def read_raster_cells(
    path: str | os.PathLike[str],
    *,
    band: int | None = None,
    cell_size_m: float | None = None,
    block: tuple[int, int] | None = None,
    crs: Any = None,
    nodata: Sequence[float] = (),
    clip: tuple[float, float, float, float] | None = None,
) -> gpd.GeoDataFrame:
    """Read the inhabited cells of a raster of counts: one for each pixel, or block of pixels, with people.

    The people of a block are the sum of its pixels, so that the cells hold as many people as the raster. Pixels without
    data hold nobody. A raster in degrees (WorldPop) keeps its counts and pixels: only their corners are converted to
    `crs`, and the cells are the resulting quadrilaterals.

    Parameters
    ----------
    path
        Any raster GDAL reads, with its CRS, north up.
    band
        Which band holds the people, from 1; needed where there are several.
    cell_size_m
        Side of the cells: a whole multiple of the pixels of a raster in metres. Cells lie at whole multiples of it
        if the pixels do so at theirs, and count from the upper-left corner of the raster otherwise.
    block
        Rows and columns of pixels in a cell, counted from the upper-left corner: the way to join the pixels of a
        raster in degrees; at 70 degrees north (1, 3) is about square.
    crs
        Projected CRS in metres of the cells; the raster's own by default, and needed if that is in degrees.
    nodata
        Values that mean no data, beside the one that the raster declares.
    clip
        West, south, east and north in degrees: only cells whose centre is inside are made, and only the part of the
        raster around them is read.

    Returns
    -------
    Cells as from `read_cells`. The ids are INSPIRE ids where the cells are squares at whole metres in the raster's own
    CRS, and otherwise `r{row}c{column}`, counted in cells from the upper-left corner of the raster.

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        If the raster has no CRS, is rotated, has negative or infinite counts that are not declared as nodata, or holds
        nobody; if it is in degrees and `crs` is not given; if `cell_size_m` is no whole multiple of its pixels.

    Examples
    --------
    >>> import rasterio
    >>> file = getfixture("tmp_path") / "people.tif"
    >>> shape = {"driver": "GTiff", "width": 3, "height": 1, "count": 1, "dtype": "float32"}
    >>> where = {"crs": "EPSG:25833", "transform": rasterio.Affine(100, 0, 650_000, 0, -100, 7_740_000)}
    >>> with rasterio.open(file, "w", **shape, **where) as raster:
    ...     raster.write(np.array([[[3.0, 0.0, 1.5]]], dtype="float32"))
    >>> read_raster_cells(file)["population"].to_dict()
    {'CRS25833RES100mN7739900E650000': 3.0, 'CRS25833RES100mN7739900E650200': 1.5}
    >>> read_raster_cells(file, block=(1, 3))["population"].tolist()
    [4.5]
    """
    if clip is not None and not (clip[0] < clip[2] and clip[1] < clip[3]):
        raise InputError(f"clip is {list(clip)}; give west, south, east and north in degrees")
    if cell_size_m is not None and block is not None:
        raise InputError(f"cell_size_m is {cell_size_m:g} and block is {block}; give one of them")
    with open_raster(path, band) as raster:
        band = band or 1
        own = pyproj.CRS.from_user_input(raster.crs)
        target = grid_crs(crs) if crs is not None else _own_crs(path, raster, own)
        lattice = lattice_of(path, raster, own, cell_size_m, block)
        pixel_width, pixel_height = raster.res
        width, height = lattice.width * pixel_width, lattice.height * pixel_height
        asked = None if clip is None else Clip(clip, own, lattice, width, height)
        pixels = inhabited_pixels(path, raster, band, nodata, lattice, asked)
    places, people = _sum_cells(pixels.row, pixels.column, pixels.people)
    if len(people) > _MOST_CELLS:
        raise InputError(
            f"{path}: {len(people):,} cells hold people, which is more than can be computed at once; give clip or "
            "border, or join pixels with cell_size_m"
        )
    column, row = places["column"].to_numpy(), places["row"].to_numpy()
    x, y = lattice.x0 + column * width, lattice.y0 + row * height
    ids = _ids(x, y, (width, height), own if own.equals(target, ignore_axis_order=True) else None)
    if ids is None:
        top, left = (lattice.top_row - 1) // lattice.height, lattice.first_column // lattice.width
        ids = np.array([f"r{top - r}c{c - left}" for r, c in zip(row, column, strict=True)], dtype=object)
    cells = gpd.GeoDataFrame(
        {"population": people},
        # Both sides are counted from the origin, so that neighbours share their corners to the last bit.
        geometry=shapely.box(x, y, lattice.x0 + (column + 1) * width, lattice.y0 + (row + 1) * height),
        crs=own,
        index=pd.Index(ids, name="cell_id", dtype="str"),
    )
    return cells if crs is None else _convert_cells(path, cells, target)


@checks_arguments
def raster_grid(
    path: str | os.PathLike[str],
    *,
    band: int | None = None,
    cell_size_m: float | None = None,
    block: tuple[int, int] | None = None,
) -> RasterGrid:
    """Return the grid that the cells of `read_raster_cells` lie on, in the CRS of the raster; its arguments are those.

    Raises
    ------
    MissingFileError, InputError
        As `read_raster_cells`, of what the head of the file says.
    """
    with open_raster(path, band) as raster:
        own = pyproj.CRS.from_user_input(raster.crs)
        lattice = lattice_of(path, raster, own, cell_size_m, block)
        pixel_width, pixel_height = raster.res
    width, height = lattice.width * pixel_width, lattice.height * pixel_height
    return RasterGrid(own.to_wkt(), lattice.x0, lattice.y0, width, height)


@checks_arguments
def zonal_population(
    raster: str | os.PathLike[str], zones: gpd.GeoDataFrame, *, band: int | None = None
) -> pd.Series[float]:
    """Sum the people of a raster of counts over zones, by the share of each pixel inside.

    P_z = sum_p w_zp c_p, with c_p the count of pixel p and w_zp the share of its area inside zone z, taken in the CRS
    of the raster. Zones in another CRS are converted to it; the raster never is. Over zones that cover the raster
    without overlap, the sums add up to its people.

    Parameters
    ----------
    raster
        Any raster GDAL reads, with its CRS, north up.
    zones
        Polygons, shape (n_zones,), with a CRS.
    band
        Which band holds the people, from 1; needed where there are several.

    Returns
    -------
    People per zone, shape (n_zones,), named `population`, on the index of `zones`; 0 for a zone outside the raster.

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        If the raster or the zones have no CRS; if the raster is rotated or has negative or infinite counts; if a zone
        is no valid polygon; if no zone touches the raster.

    Examples
    --------
    >>> import rasterio
    >>> file = getfixture("tmp_path") / "people.tif"
    >>> shape = {"driver": "GTiff", "width": 3, "height": 1, "count": 1, "dtype": "float32"}
    >>> where = {"crs": "EPSG:25833", "transform": rasterio.Affine(100, 0, 650_000, 0, -100, 7_740_000)}
    >>> with rasterio.open(file, "w", **shape, **where) as raster:
    ...     raster.write(np.array([[[3.0, 0.0, 1.5]]], dtype="float32"))
    >>> west = shapely.box(650_000, 7_739_900, 650_050, 7_740_000)
    >>> zones = gpd.GeoDataFrame(index=["west"], geometry=[west], crs=25833)
    >>> zonal_population(file, zones).to_dict()
    {'west': 1.5}
    """
    import exactextract  # loads GDAL's and GEOS's libraries, which tables do not need
    from exactextract.raster import RasterioRasterSource

    shapes = _check_zones(zones)
    with open_raster(raster, band) as source:
        band = band or 1
        for _ in bands_of_rows(raster, source, band):
            pass  # every count is checked, also those outside the zones
        shapes = _convert(shapes, pyproj.CRS.from_user_input(source.crs))
        if not shapes.intersects(shapely.box(*source.bounds)).any():
            east_west = f"{source.bounds.left:.7g} to {source.bounds.right:.7g}"
            north_south = f"{source.bounds.bottom:.7g} to {source.bounds.top:.7g}"
            where = f"x {east_west}, y {north_south} in {crs_name(shapes.crs)}"
            raise InputError(f"{raster}: no zone touches the raster ({where}); check the CRS of both")
        numbered = gpd.GeoDataFrame({"zone": np.arange(len(shapes))}, geometry=shapes.to_numpy(), crs=source.crs)
        sums = exactextract.exact_extract(
            RasterioRasterSource(source, band), numbered, ["sum"], include_cols=["zone"], output="pandas"
        )
    people = sums.set_index("zone")["sum"].reindex(numbered["zone"]).fillna(0.0).to_numpy(dtype=np.float64)
    return pd.Series(people, index=zones.index, name="population")


def _own_crs(path: str | os.PathLike[str], raster: Any, own: pyproj.CRS) -> pyproj.CRS:
    if own.is_geographic:
        middle = gpd.GeoSeries([shapely.box(*raster.bounds).centroid], crs=own)
        try:
            fit = f", e.g. {crs_name(utm_of(middle))}"
        except InputError:  # there is none where its middle is said to be
            fit = ""
        raise InputError(f"{path}: the raster is in degrees ({crs_name(own)}); give crs in metres{fit}")
    try:
        return grid_crs(own)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _sum_cells(
    row: npt.NDArray[np.int64], column: npt.NDArray[np.int64], people: npt.NDArray[np.float64]
) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Sum people by cell, from north to south and west to east."""
    # Pixels come in that order; where each is a cell of its own there is nothing to sum.
    if np.all((row[1:] < row[:-1]) | ((row[1:] == row[:-1]) & (column[1:] > column[:-1]))):
        return pd.DataFrame({"row": row, "column": column}), people
    sums = pd.DataFrame({"south": -row, "column": column, "people": people}).groupby(["south", "column"]).sum()
    places = sums.reset_index()
    return places.assign(row=-places["south"])[["row", "column"]], places["people"].to_numpy(dtype=np.float64)


def _ids(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], size: tuple[float, float], crs: pyproj.CRS | None
) -> npt.NDArray[np.object_] | None:
    code = None if crs is None else crs.to_epsg()
    whole = all(np.all(values == np.round(values)) for values in (x, y, np.array(size)))
    if code is None or not whole or size[0] != size[1]:
        return None
    return make_cell_ids(x, y, size_m=size[0], epsg=code)


def _convert_cells(path: str | os.PathLike[str], cells: gpd.GeoDataFrame, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    converted = cells.to_crs(crs)
    bounds = converted.bounds.to_numpy(dtype=np.float64)
    outside, _ = outside_area((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2, crs)
    if outside.any():
        where = f"{int(outside.sum())} of {len(cells)} cells lie outside the area of {crs_name(crs)}"
        raise InputError(f"{path}: {where}, first {cells.index[outside][0]}; give a crs made for this place")
    return converted


def _check_zones(zones: gpd.GeoDataFrame) -> Any:
    shapes = zones.geometry
    problems = []
    if shapes.crs is None:
        problems.append("have no CRS; set it with set_crs")
    if len(shapes) == 0:
        problems.append("have no rows")
    faults = {
        "missing": shapes.isna() | shapes.is_empty,
        "no polygon": ~(shapes.geom_type.isin(["Polygon", "MultiPolygon"]) | shapes.isna() | shapes.is_empty),
        "not valid (repair it with make_valid)": ~(shapes.is_valid | shapes.isna()),
    }
    for fault, mask in faults.items():
        if mask.any():
            named = ", ".join(str(name) for name in zones.index[mask.to_numpy()][:5])
            problems.append(f"geometry is {fault} in {int(mask.sum())}: {named}")
    if problems:
        raise InputError.listing("zones", problems)
    return shapes


def _convert(shapes: Any, crs: pyproj.CRS) -> Any:
    if shapes.crs.equals(crs, ignore_axis_order=True):
        return shapes.set_crs(crs, allow_override=True)
    # Straight edges are curves in another CRS: points along them keep long borders where they are.
    dense = shapely.segmentize(shapes.to_numpy(), _LONGEST_EDGE[shapes.crs.is_geographic])
    return gpd.GeoSeries(dense, index=shapes.index, crs=shapes.crs).to_crs(crs)
