"""Cells placed by the shapes of a geo file: squares or points of a grid, or shapes that lie on none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from geoaccess.demand.area import crs_name, grid_crs
from geoaccess.demand.lattice import SLACK, Placement, Settings, apart, find_anchor
from geoaccess.demand.tiling import Tiling, points_of_size, polygons_as_given, target_crs
from geoaccess.errors import InputError
from geoaccess.frames import in_metres, is_stretched
from geoaccess.tables import show_rows

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyproj


__all__ = ["compare_shapes", "has_shapes", "place_by_shapes", "size_of_squares"]


_SQUARE_POINTS = 5  # of a closed ring
_MOST = 0.5
_NO_GRID = "correct them, or write on_grid = false if cells may have any shape"


def has_shapes(table: Any) -> bool:
    """Whether a file that was read holds shapes."""
    return isinstance(table, gpd.GeoDataFrame)


def place_by_shapes(table: Any, settings: Settings) -> Placement | Tiling:
    """Place cells by shapes: squares in metres as they are, points and squares in degrees by centre and given size.

    Polygons most of which are no squares of one size are cells as they are; so are all, and points about which squares
    are laid, if the caller says that there is no grid.

    Raises
    ------
    InputError
        If the shapes cannot be cells, or what they leave open is not given.
    """
    shapes = _fit_shapes(table, settings)
    given, points = settings.crs, bool((shapes.geom_type == "Point").all())
    if points and settings.free:
        return _free_points(table, shapes, settings)
    if not points and (settings.free or not (settings.on_grid or settings.cell_size_m or _may_be_squares(shapes))):
        return polygons_as_given(table, shapes, settings)
    if shapes.crs.is_geographic or is_stretched(shapes.crs):
        if given is None or settings.cell_size_m is None:
            lacking = [name for name in ("crs", "cell_size_m") if getattr(settings, name) is None]
            why = "in degrees" if shapes.crs.is_geographic else "whose metres are not true (Mercator)"
            held = f"shapes are in {crs_name(shapes.crs)}, {why}"
            raise InputError(f"{held}; give {' and '.join(lacking)} of the grid they were made from")
        return _from_centres(shapes, given, settings.cell_size_m, settings)
    crs = grid_crs(shapes.crs)
    if given is not None and not given.equals(crs, ignore_axis_order=True):
        raise InputError(f"crs is {crs_name(given)}, and the file is in {crs_name(crs)}; leave crs out")
    if not points:
        return _from_squares(table, shapes, crs, settings)
    if settings.cell_size_m is None:
        raise InputError(
            "shapes are points, which have no size; give cell_size_m, or area_m2 = a column of square metres"
        )
    return _from_centres(shapes, crs, settings.cell_size_m, settings)


def compare_shapes(table: Any, placement: Placement, settings: Settings) -> list[str]:
    """Say which shapes lie elsewhere than the cells placed by their ids."""
    try:
        shapes = _fit_shapes(table, settings)
    except InputError as error:
        return [str(error)]
    x, y, _ = _corners(shapes, placement.crs, placement.size_m, settings)
    off = apart(placement, x, y)
    if not off.any():
        return []
    rows = show_rows(table, off, lambda i: f"{placement.show(i)} by its id, {x[i]:.0f}, {y[i]:.0f} by its shape")
    return [f"lower-left corners differ between ids and shapes in {rows}; check the CRS of the file"]


def size_of_squares(table: Any) -> float | None:
    """Return the side of the squares of a file in metres, or None where it has none or they are in degrees."""
    if not has_shapes(table) or not in_metres(table.crs) or is_stretched(table.crs):
        return None
    west, _, east, _ = table.geometry.bounds.to_numpy(dtype=np.float64).T
    return float(np.round(np.nanmedian(east - west), 3)) or None


def _fit_shapes(table: Any, settings: Settings) -> Any:
    """Return the file's shapes with their CRS settled."""
    shapes = table.geometry
    lost = (shapes.isna() | shapes.is_empty).to_numpy()
    if lost.any():
        raise InputError(f"shapes are missing in {show_rows(table, lost, lambda _: 'no geometry')}")
    kinds = shapes.geom_type
    if not ((kinds == "Point").all() or kinds.isin(["Polygon", "MultiPolygon"]).all()):
        counts = ", ".join(f"{n} {kind}" for kind, n in kinds.value_counts().items())
        raise InputError(f"shapes are {counts}; give cells as all squares or all points")
    if shapes.crs is None:
        if settings.crs is None:
            raise InputError("the file does not say its CRS; give crs")
        shapes = shapes.set_crs(settings.crs)
    if shapes.crs.is_geographic:
        bounds = shapes.bounds.to_numpy()
        beyond = (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)  # noqa: PLR2004 - a pole
        if beyond.any():
            rows = show_rows(table, beyond, lambda i: f"{bounds[i, 1]:.7g}")
            raise InputError(f"latitudes are beyond 90 degrees in {rows}; longitude comes first, latitude second")
    return shapes


def _from_centres(shapes: Any, crs: pyproj.CRS, size: float, settings: Settings) -> Placement:
    x, y, why = _corners(shapes, crs, size, settings)
    column, row = np.round(x / size) * size, np.round(y / size) * size
    # A grid nearly always starts at whole multiples of its size: undo the rounding that a detour over degrees left.
    if (np.maximum(np.abs(x - column), np.abs(y - row)) <= SLACK * size).all():
        return Placement(column, row, size, crs, why)
    return Placement(x, y, size, crs, why)


def _free_points(table: Any, shapes: Any, settings: Settings) -> Tiling:
    west, south, east, north = shapes.to_crs(4326).total_bounds
    crs = target_crs(settings, shapes.crs, ((west + east) / 2, (south + north) / 2), "points")
    placed = shapes.to_crs(crs)
    return points_of_size(table, placed.x.to_numpy(np.float64), placed.y.to_numpy(np.float64), crs, settings)


def _may_be_squares(shapes: Any) -> bool:
    """Return whether half of the polygons or more have four corners, and may so be squares in some CRS."""
    return bool(np.mean(shapely.get_num_coordinates(shapes.to_numpy()) == _SQUARE_POINTS) >= _MOST)


def _from_squares(table: Any, shapes: Any, crs: pyproj.CRS, settings: Settings) -> Placement | Tiling:
    west, south, east, north = shapes.bounds.to_numpy(dtype=np.float64).T
    width, height, area = east - west, north - south, shapes.area.to_numpy(dtype=np.float64)
    odd = (np.abs(width - height) > SLACK * width) | (np.abs(area - width * height) > SLACK * width * height)
    size = settings.cell_size_m or float(np.round(np.median(width[~odd] if not odd.all() else width), 3))
    other = ~odd & (np.abs(width - size) > SLACK * size)
    if not (settings.on_grid or settings.cell_size_m) and np.mean(odd | other) > 1 - _MOST:
        return polygons_as_given(table, shapes, settings)
    if odd.any():
        rows = show_rows(table, odd, lambda i: f"{width[i]:.7g} x {height[i]:.7g} m, {area[i]:.7g} m2")
        raise InputError(f"shapes are not squares along the axes of {crs_name(crs)} in {rows}; {_NO_GRID}")
    if other.any():
        rows = show_rows(table, other, lambda i: f"{width[i]:.7g} m")
        raise InputError(f"shapes are not squares of {size:g} m in {rows}; {_NO_GRID}")
    return Placement(west, south, size, crs)


def _corners(
    shapes: Any, crs: pyproj.CRS, size: float, settings: Settings
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], str]:
    """Return lower-left corners of cells, from the centres of polygons or points by their anchor; and why that one."""
    points = shapes.to_crs(crs).centroid
    x, y = points.x.to_numpy(dtype=np.float64), points.y.to_numpy(dtype=np.float64)
    anchor, why = settings.anchor or "centre", ""
    if not (shapes.geom_type == "Point").all():
        anchor = "centre"
    elif settings.anchor is None:
        anchor, why = find_anchor(x, y, size)
    shift = 0.0 if anchor == "lower_left" else size / 2
    return x - shift, y - shift, why
