"""Where the cells of a file lie: by their ids, their shapes or their coordinates, the one checked by the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj

from geoaccess.demand.area import crs_name, grid_crs
from geoaccess.demand.ids import UNDERSTOOD, recognise_ids
from geoaccess.demand.lattice import Placement, Settings, apart, check_lattice, find_anchor
from geoaccess.demand.shapes import compare_shapes, has_shapes, place_by_shapes, size_of_squares
from geoaccess.demand.tiling import Tiling, are_h3, h3_cells, points_of_size, squares_of_ids
from geoaccess.errors import InputError
from geoaccess.tables import read_numbers, show_rows

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd


__all__ = ["place_cells"]

_USUAL_SIZES_M = (50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000, 20_000, 25_000, 50_000, 100_000)
_ENOUGH_TO_INFER = 5  # the chance that so many cells share a spacing twice their own is under one in a thousand
_SHORT_FORM_EPSG = 3035


def place_cells(
    table: Any, ids: pd.Series[str] | None, settings: Settings
) -> tuple[Placement | Tiling | None, list[str]]:
    """Place the cells of a file, or say everything that stands in the way.

    The ids decide where they are understood; else the shapes of the file; else its coordinate columns. Whatever is
    there besides is compared with the placement.
    """
    codes = None if ids is None else recognise_ids(ids)
    by_id = codes is not None and bool(codes["known"].any())
    problems: list[str] = []
    placement: Placement | Tiling | None
    try:
        if ids is not None and codes is not None and by_id:
            placement, problems = _from_ids(table, ids, codes, settings)
        elif has_shapes(table):
            placement = place_by_shapes(table, settings)
        elif ids is not None and settings.x is None and are_h3(ids):
            placement = h3_cells(table, ids, settings)
        else:
            placement, problems = _from_columns(table, ids, settings)
    except InputError as error:
        return None, [str(error)]
    if placement is None or isinstance(placement, Tiling) or problems:
        return (None if problems else placement), problems
    if by_id and settings.x is not None and settings.y is not None:
        problems += _compare_columns(table, placement, x=settings.x, y=settings.y, settings=settings)
    if by_id and has_shapes(table):
        problems += compare_shapes(table, placement, settings)
    return placement, problems + check_lattice(table, placement)


def _from_ids(
    table: Any, ids: pd.Series[str], codes: pd.DataFrame, settings: Settings
) -> tuple[Placement | Tiling | None, list[str]]:
    problems = []
    unknown = ~codes["known"].to_numpy(dtype=bool)
    unread = unknown & (ids != "").to_numpy(dtype=bool)  # a missing id has been reported already
    if unread.any():
        rows = show_rows(table, unread, lambda i: repr(ids.iloc[i]))
        problems.append(f"cell ids are not understood in {rows}; {UNDERSTOOD}")
    x, y = codes["x"].to_numpy(dtype=np.float64), codes["y"].to_numpy(dtype=np.float64)
    crs, size = None, np.nan
    try:
        crs = _crs_of_ids(codes["epsg"][~unknown].unique().tolist(), settings.crs)
    except InputError as error:
        problems.append(str(error))
    sizes = codes["size_m"].to_numpy(dtype=np.float64)
    if settings.free and crs is not None and not problems and not np.isnan(sizes).any():
        return squares_of_ids(table, x, y, sizes, crs), []
    try:
        size = _size_of_ids(table, codes[~unknown], settings.cell_size_m)
    except InputError as error:
        problems.append(str(error))
    off = ((x % size != 0) | (y % size != 0)) & ~unknown & ~np.isnan(size)
    if off.any():
        rows = show_rows(table, off, lambda i: ids.iloc[i])
        problems.append(f"cell ids are no corners of a grid of {size:g} m in {rows}; check cell_size_m")
    if crs is None or problems:
        return None, problems
    return Placement(x, y, size, crs), problems


def _crs_of_ids(codes: list[int], given: pyproj.CRS | None) -> pyproj.CRS:
    """Settle the CRS; a code of 0 stands for ids that do not hold it, and leaves the caller free."""
    named = sorted(code for code in codes if code)
    if len(named) > 1:
        raise InputError(f"cell ids name several CRS: {', '.join(f'EPSG:{c}' for c in named)}; give one per file")
    if not named:
        return given or pyproj.CRS.from_epsg(_SHORT_FORM_EPSG)
    crs = grid_crs(named[0])
    if given is not None and not given.equals(crs, ignore_axis_order=True):
        raise InputError(f"crs is {crs_name(given)}, and the cell ids are in {crs_name(crs)}; leave crs out")
    return crs


def _size_of_ids(table: Any, codes: pd.DataFrame, given: float | None) -> float:
    sizes, counts = np.unique(codes["size_m"].to_numpy(dtype=np.float64), return_counts=True)
    if sizes.size > 1:
        listed = ", ".join(
            f"{n} of {'no known size' if np.isnan(s) else f'{s:g} m'}" for s, n in zip(sizes, counts, strict=True)
        )
        raise InputError(
            f"cells are of several sizes by their ids: {listed}; give one size per file, or write on_grid = false"
        )
    size = float(sizes[0])
    if np.isnan(size):
        size = given or size_of_squares(table) or _spacing(codes)
    elif given not in (None, size):
        raise InputError(f"cell_size_m is {given:g}, and the cell ids say {size:g}; leave cell_size_m out")
    if np.isnan(size):
        raise InputError("the size of the cells cannot be found from their ids; give cell_size_m")
    return size


def _spacing(codes: pd.DataFrame) -> float:
    spacing = int(np.gcd.reduce(codes[["x", "y"]].to_numpy(dtype=np.int64), axis=None))
    return float(spacing) if len(codes) >= _ENOUGH_TO_INFER and spacing in _USUAL_SIZES_M else np.nan


def _from_columns(
    table: Any, ids: pd.Series[str] | None, settings: Settings
) -> tuple[Placement | Tiling | None, list[str]]:
    sized = settings.cell_size_m is not None or settings.area_m2 is not None
    if settings.x is None or settings.y is None or settings.crs is None or not sized:
        lacking = [name for name in ("x", "y", "crs") if getattr(settings, name) is None]
        lacking += [] if sized else ["cell_size_m"]
        why = "without cell ids the cells are placed by coordinates"
        if ids is not None:
            some = ", ".join(repr(v) for v in ids.iloc[:3])
            why = f"cell ids such as {some} are not understood ({UNDERSTOOD})"
        raise InputError(f"{why}; give {', '.join(lacking)}")
    x, y, problems = _read_places(table, settings.x, settings.y)
    if problems:
        return None, problems
    if settings.free or settings.cell_size_m is None:
        return points_of_size(table, x, y, settings.crs, settings), []
    anchor, why = (settings.anchor, "") if settings.anchor else find_anchor(x, y, settings.cell_size_m)
    shift = settings.cell_size_m / 2 if anchor == "centre" else 0.0
    return Placement(x - shift, y - shift, settings.cell_size_m, settings.crs, why), []


def _compare_columns(table: Any, placement: Placement, *, x: str, y: str, settings: Settings) -> list[str]:
    size = placement.size_m
    east, north, problems = _read_places(table, x, y)
    if problems:
        return problems
    shifts = {"centre": size / 2, "lower_left": 0.0}
    off = {name: apart(placement, east - shift, north - shift) for name, shift in shifts.items()}
    best = min(off, key=lambda name: int(off[name].sum()))
    anchor = settings.anchor or best
    if not off[anchor].any():
        return []
    hint = "correct the ids or the coordinates"
    if not off[best].any():
        hint = f'they are those of the other anchor; give anchor="{best}"'
    east, north = east - shifts[anchor], north - shifts[anchor]
    rows = show_rows(
        table, off[anchor], lambda i: f"{placement.show(i)} by its id, {east[i]:.12g}, {north[i]:.12g} by {x}, {y}"
    )
    return [f"lower-left corners differ between ids and coordinates in {rows}; {hint}"]


def _read_places(table: Any, x: str, y: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], list[str]]:
    east, wrong_x = read_numbers(table, x, negative=True)
    north, wrong_y = read_numbers(table, y, negative=True)
    return east, north, wrong_x + wrong_y
