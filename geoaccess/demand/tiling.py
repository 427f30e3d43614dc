"""Cells of any shape: polygons as a file has them, points that come with a size or an area, and H3 hexagons."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoaccess.demand.area import crs_name, grid_crs, outside_area, suggest_crs
from geoaccess.errors import InputError
from geoaccess.extras import require_extra
from geoaccess.frames import is_stretched
from geoaccess.tables import read_numbers, show_rows

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyproj

    from geoaccess.demand.lattice import Settings

__all__ = ["Tiling", "are_h3", "h3_cells", "points_of_size", "polygons_as_given", "squares_of_ids", "target_crs"]

_H3 = "8[0-9a-f]{14}"  # the ids of cells; edges and corners of H3 begin with other digits
_ALIKE_M = 1e-3
_SHRUNK = 0.99  # of its size: a border that two cells share is not drawn with the same points in both


@dataclasses.dataclass(frozen=True)
class Tiling:
    """Cells that need lie on no grid: polygons in metres of one CRS, shape (n,)."""

    shapes: npt.NDArray[np.object_]
    crs: pyproj.CRS
    anchor_taken: str = ""

    def ids(self) -> npt.NDArray[np.object_]:
        """Return ids: the numbers of the cells in the order of the file."""
        return np.array([str(number) for number in range(1, len(self.shapes) + 1)], dtype=object)

    def polygons(self, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
        """Return the shapes of some cells."""
        return self.shapes[rows]


def target_crs(settings: Settings, own: pyproj.CRS, middle: tuple[float, float], what: str) -> pyproj.CRS:
    """Return the CRS in metres for shapes in a CRS of their own; `middle` is one of their places in degrees.

    Raises
    ------
    InputError
        If the study has to name one, or names another than shapes in metres have.
    """
    if own.is_geographic or is_stretched(own):
        fit = suggest_crs(*middle)
        if settings.crs is None and not settings.auto:
            why = "in degrees" if own.is_geographic else "whose metres are not true (Mercator)"
            raise InputError(
                f'{what} are in {crs_name(own)}, {why}; give crs in metres, such as "{fit}" ("auto" takes that)'
            )
        return settings.crs or grid_crs(fit)
    crs = grid_crs(own)
    if settings.crs is not None and not settings.crs.equals(crs, ignore_axis_order=True):
        raise InputError(f"crs is {crs_name(settings.crs)}, and the file is in {crs_name(crs)}; leave crs out")
    return crs


def polygons_as_given(table: Any, shapes: Any, settings: Settings, *, what: str = "shapes") -> Tiling:
    """Take the polygons of a file as cells; `what` they are called.

    Raises
    ------
    InputError
        If a polygon is not valid, lies outside the area of the CRS, is there twice, or lies inside another.
    """
    if settings.area_m2 is not None:
        raise InputError(f"area_m2 is {settings.area_m2!r}, and the shapes have areas of their own; leave area_m2 out")
    crs = target_crs(settings, shapes.crs, _middle(shapes), what)
    found = np.asarray(shapes.to_crs(crs).to_numpy(), dtype=object)
    spoilt = ~(shapely.is_valid(found) & (shapely.area(found) > 0))
    if spoilt.any():
        rows = show_rows(table, spoilt, lambda i: shapely.is_valid_reason(found[i]))
        raise InputError(f"shapes are not valid in {rows}; repair them, e.g. with make_valid of shapely or QGIS")
    middle = shapely.get_coordinates(shapely.centroid(found))
    _refuse_outside(table, middle, crs)
    _refuse_twice(table, middle, shapely.area(found))
    _refuse_nested(table, found)
    return Tiling(found, crs)


def squares_of_ids(
    table: Any,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    sizes_m: npt.NDArray[np.float64],
    crs: pyproj.CRS,
) -> Tiling:
    """Make squares from lower-left corners and sizes, as ids say both.

    Raises
    ------
    InputError
        If a square lies outside the area of the CRS, is there twice, or lies inside another.
    """
    middle = np.column_stack([x + sizes_m / 2, y + sizes_m / 2])
    _refuse_outside(table, middle, crs)
    _refuse_twice(table, middle, sizes_m)
    found = np.asarray(shapely.box(x, y, x + sizes_m, y + sizes_m), dtype=object)
    if np.unique(sizes_m).size > 1:
        _refuse_nested(table, found)
    return Tiling(found, crs)


def points_of_size(
    table: Any, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: pyproj.CRS, settings: Settings
) -> Tiling:
    """Make squares about points, as large as the study or a column of the file says.

    Raises
    ------
    InputError
        If neither says it, both do, an area is no number above 0, or a place is there twice.
    """
    if (settings.cell_size_m is None) == (settings.area_m2 is None):
        found = "neither" if settings.cell_size_m is None else "both"
        raise InputError(
            f"points have no size; give cell_size_m, or area_m2 = a column of square metres (found {found})"
        )
    side = np.full(len(x), settings.cell_size_m or np.nan)
    if settings.area_m2 is not None:
        area, problems = read_numbers(table, settings.area_m2)
        if problems:
            raise InputError("; ".join(problems))
        if (none := area <= 0).any():
            rows = show_rows(table, none, lambda i: f"{area[i]:g}")
            raise InputError(f"{settings.area_m2} is not above 0 in {rows}; give the area of every cell in m2")
        side = np.sqrt(area)
    places = np.column_stack([x, y])
    _refuse_outside(table, places, crs)
    _refuse_twice(table, places)
    shift = 0.0 if settings.anchor == "lower_left" else side / 2
    west, south = x - shift, y - shift
    return Tiling(np.asarray(shapely.box(west, south, west + side, south + side), dtype=object), crs)


def are_h3(ids: pd.Series[str]) -> bool:
    """Return whether all ids that are there are cells of H3.

    >>> are_h3(pd.Series(["8928308280fffff", ""])), are_h3(pd.Series(["25100007584000"]))
    (True, False)
    """
    there = ids[ids != ""]
    return bool(len(there)) and bool(there.str.lower().str.fullmatch(_H3).all())


def h3_cells(table: Any, ids: pd.Series[str], settings: Settings) -> Tiling:
    """Return the hexagons that ids of H3 stand for.

    Raises
    ------
    MissingExtraError
        If the package h3 is not installed.
    InputError
        If an id is of no cell, or the study names no CRS.
    """
    require_extra("h3", to="read cells from H3 ids")
    import h3  # an extra

    wrong = ~ids.map(h3.is_valid_cell).to_numpy(bool)
    if wrong.any():
        raise InputError(f"ids are no cells of H3 in {show_rows(table, wrong, lambda i: repr(ids.iloc[i]))}")
    outlines = [[(lon, lat) for lat, lon in h3.cell_to_boundary(cell)] for cell in ids]
    shapes = gpd.GeoSeries([shapely.Polygon(outline) for outline in outlines], crs="EPSG:4326")
    return polygons_as_given(table, shapes, dataclasses.replace(settings, area_m2=None), what="ids of H3")


def _middle(shapes: Any) -> tuple[float, float]:
    """Return the middle of the box around shapes, in degrees."""
    west, south, east, north = shapes.total_bounds
    point = gpd.GeoSeries([shapely.Point((west + east) / 2, (south + north) / 2)], crs=shapes.crs).to_crs(4326)
    return float(point.x.iloc[0]), float(point.y.iloc[0])


def _refuse_outside(table: Any, middle: npt.NDArray[np.float64], crs: pyproj.CRS) -> None:
    outside, hint = outside_area(middle[:, 0], middle[:, 1], crs)
    if outside.any():
        rows = show_rows(table, outside, lambda i: f"{middle[i, 0]:.12g}, {middle[i, 1]:.12g}")
        raise InputError(f"centres are outside the area of {crs_name(crs)} in {rows}; {hint}")


def _refuse_twice(table: Any, middle: npt.NDArray[np.float64], *sizes: npt.NDArray[np.float64]) -> None:
    """Refuse rows that are one cell: of one place, and of one size where sizes are given."""
    place = pd.DataFrame(np.round(np.column_stack([middle, *sizes]) / _ALIKE_M))
    twice = place.duplicated(keep=False).to_numpy()
    if twice.any():
        rows = show_rows(table, twice, lambda i: f"{middle[i, 0]:.12g}, {middle[i, 1]:.12g}")
        raise InputError(f"several rows are one and the same cell in {rows}")


def _refuse_nested(table: Any, shapes: npt.NDArray[np.object_]) -> None:
    """Refuse cells that lie inside others: whoever lives in them would count twice."""
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    middle = shapely.get_coordinates(shapely.centroid(shapes))[owner]
    shrunk = shapely.set_coordinates(shapes.copy(), middle + _SHRUNK * (points - middle))
    inner, outer = shapely.STRtree(shapes).query(shrunk, predicate="within")
    around = dict(zip(inner[inner != outer].tolist(), outer[inner != outer].tolist(), strict=True))
    if around:
        nested = np.isin(np.arange(len(shapes)), [*around])
        rows = show_rows(table, nested, lambda i: f"inside row {table.index[around[i]]}")
        raise InputError(
            f"cells lie inside other cells in {rows}; their people would count twice: keep the small cells or the large"
        )
