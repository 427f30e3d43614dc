"""Population grids read into cells."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.demand.area import grid_crs
from geoaccess.demand.ids import make_cell_ids
from geoaccess.demand.lattice import Anchor, Placement, Settings
from geoaccess.demand.placement import place_cells
from geoaccess.demand.tiling import Tiling
from geoaccess.errors import InputError
from geoaccess.tables import (
    LAYER_TAKEN,
    column_numbers,
    missing_columns,
    read_numbers,
    read_table,
    read_text,
    show_rows,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

__all__ = ["UNPLACED", "read_cells"]

UNPLACED = "unplaced"
"""Key in the attributes of cells: people of the file who are in no cell, by what the file calls them."""

_UNALLOCATED = "unallocated"
_BY_IDS = (".zip", ".parquet", ".pq", ".csv", ".tsv", ".txt")
_OURS = ("cell_id", "population", "geometry")


@checks_arguments
def read_cells(
    path: str | os.PathLike[str],
    *,
    cell_id: str | None = "cell_id",
    people: str = "population",
    x: str | None = None,
    y: str | None = None,
    crs: Any = None,
    cell_size_m: float | None = None,
    anchor: Anchor | None = None,
    on_grid: bool | None = None,
    area_m2: str | None = None,
    carry: Sequence[str] = (),
    layer: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    nodata: Sequence[float] = (),
) -> gpd.GeoDataFrame:
    r"""Read the inhabited cells of a grid, or other cells, of people; they sum to those of the file exactly.

    The ids place the cells where they are understood (see `parse_cell_ids`): they hold the corner, the CRS and, but for
    Statistics Norway's, the size. Shapes place them in a file that has shapes and other ids, coordinate columns in a
    table that has other ids or none. What is not needed for placing is compared with it. Rows with no people
    are left out, since they hold nobody; no other row ever is.

    Parameters
    ----------
    path
        CSV, spreadsheet, Parquet, GeoParquet, GeoPackage, GeoJSON, Shapefile or FlatGeobuf, as `read_table` takes them;
        shapes are squares, other polygons (hexagons of H3, statistical areas) or points.
    cell_id
        Column of ids, read as text; ids of H3 are cells by themselves, with the extra `h3`. None: ids are made from the
        corners, as `make_cell_ids` does, and cells of no grid are numbered.
    people
        Column of people per cell; it may hold fractions.
    x, y
        Columns of coordinates in metres.
    crs
        The grid's projected CRS, needed where neither ids nor shapes determine it. "auto": for polygons in degrees and
        ids of H3, EPSG:3035 in Europe, else the UTM zone of their middle.
    cell_size_m
        Side of the cells. Where neither ids nor shapes hold it (ids of Statistics Norway) it is by default the greatest
        common divisor of all corner coordinates, if the file has five cells or more and the result is a usual size.
    anchor
        Which point of the cell `x` and `y`, or points, are: "centre" or "lower_left". None: by the ids; without ids all
        coordinates on multiples of the cell size are lower left corners, all on halves of it centres; where they are
        neither, "centre". `attrs["anchor"]` says which was taken where ids and `anchor` left it open, and why.
    on_grid
        Whether all cells are squares of one size on one grid. None: so they are if most of them are, and one that is
        not is refused. False: polygons of any shape, ids of several sizes, and points anywhere, each the middle of a
        square of `cell_size_m` or of the area in `area_m2`.
    area_m2
        Column with the area of each cell, square metres, for points; they need then lie on no grid.
    carry
        Further columns to keep, as they are in the file; from CSV they are text, so that leading zeros stay.
    layer
        Layer of a file that has several, or sheet of a spreadsheet; by default the one with polygons and the columns.
    where
        Keep only rows whose column has one of these values: {"CNTR_ID": ["NO"]}.
    nodata
        Values of people that mean that their number is not given, such as -9999; `attrs["nodata"]` counts
        them.

    Rows whose id ends on "unallocated" (Eurostat: FI_unallocated) hold people whose home the census does not know:
    they are in no cell, and counted in `attrs["unplaced"]`.

    Returns
    -------
    Table of shape (cells with people,): index `cell_id` (text, unique), columns `population` (float64, > 0) and those
    carried, geometry squares (or the shapes of the file) in the grid's CRS, in the order of the file.

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        With all that is wrong with the file, by row: columns that are not there; ids missing, repeated or not
        understood; people missing, negative, infinite or not numbers; no rows or nobody; a CRS that is missing, not in
        metres or in conflict; cells outside the area of their CRS, of several sizes, or upon each other; coordinates or
        shapes that differ from the ids.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "grid.csv").write_text("cell_id,population\n1kmN4775E2918,191\n1kmN4776E2913,0\n")
    >>> cells = read_cells(folder / "grid.csv")
    >>> cells["population"].to_dict(), cells.crs.to_epsg(), cells.total_bounds.tolist()
    ({'1kmN4775E2918': 191.0}, 3035, [2918000.0, 4775000.0, 2919000.0, 4776000.0])
    """
    file = Path(path)
    settings, problems = _check_settings(x=x, y=y, crs=crs, cell_size_m=cell_size_m, anchor=anchor, carry=carry)
    if settings is not None:
        settings = dataclasses.replace(settings, on_grid=on_grid, area_m2=area_m2)
    named = [c for c in (cell_id, people, x, y, area_m2, *carry) if c is not None]
    placed_by_ids = bool(cell_id) and x is None and file.suffix.lower() in _BY_IDS
    hint = "give the path of a population grid"
    table = read_table(file, layer=layer, where=where, columns=named, only=placed_by_ids, hint=hint)
    table, unplaced = _split_unplaced(table, cell_id, people, nodata)
    if len(table) == 0:
        raise InputError.listing(str(file), [*problems, "has no rows"])
    missing = missing_columns(table, named)
    problems += missing
    population, unknown = np.zeros(0), np.zeros(len(table), np.bool_)
    if people in table.columns:
        if nodata:
            unknown = np.isin(column_numbers(table, people), list(nodata))
        table = table.assign(**{people: table[people].astype("object").where(~unknown, 0)}) if unknown.any() else table
        population, wrong = _read_people(table, people)
        problems += wrong
    ids = None
    if cell_id is not None and cell_id in table.columns:
        ids, wrong = _read_ids(table, cell_id)
        problems += wrong
    placement = None
    if settings is not None and not missing:
        placement, wrong = place_cells(table, ids, settings)
        problems += wrong
    if placement is None or problems:
        raise InputError.listing(str(file), problems)
    names = ids.to_numpy(dtype=object) if ids is not None else _make_ids(file, placement)
    cells = _build(table, names, population, placement, carry)
    found = {
        "anchor": placement.anchor_taken,
        "layer": table.attrs.get(LAYER_TAKEN),
        "nodata": int(unknown.sum()) if nodata else None,
        UNPLACED: unplaced or None,
    }
    cells.attrs.update({key: value for key, value in found.items() if value not in (None, "")})
    return cells


def _split_unplaced(
    table: Any, cell_id: str | None, people: str, nodata: Sequence[float]
) -> tuple[Any, dict[str, float]]:
    """Take out the rows of people that a census could place in no cell: Eurostat calls them FI_unallocated."""
    if cell_id is None or not {cell_id, people} <= {*table.columns}:
        return table, {}
    ids = read_text(table, cell_id)
    rows = ids.str.lower().str.endswith(_UNALLOCATED).to_numpy(bool)
    if not rows.any():
        return table, {}
    numbers = column_numbers(table, people)[rows]
    known = np.isfinite(numbers) & ~np.isin(numbers, list(nodata)) & (numbers > 0)
    counted = pd.Series(numbers[known], index=ids.to_numpy(dtype=object)[rows][known]).groupby(level=0).sum()
    rest = table[~rows]
    rest.attrs.update(table.attrs)
    return rest, {str(name): float(number) for name, number in counted.items()}


def _check_settings(
    *, x: str | None, y: str | None, crs: Any, cell_size_m: float | None, anchor: Anchor | None, carry: Sequence[str]
) -> tuple[Settings | None, list[str]]:
    problems = []
    if (x is None) != (y is None):
        problems.append(f"x is {x!r} and y is {y!r}; give both columns or neither")
    if anchor is not None and anchor not in get_args(Anchor):
        problems.append(f"anchor is {anchor!r}; give {' or '.join(map(repr, get_args(Anchor)))}")
    if cell_size_m is not None and not 0 < cell_size_m < np.inf:
        problems.append(f"cell_size_m is {cell_size_m!r}; give a length above 0")
    taken = [name for name in carry if name in _OURS]
    if taken:
        problems.append(f"carry names {', '.join(taken)}, which the result has of its own; leave it out")
    known, auto = None, isinstance(crs, str) and crs == "auto"
    if crs is not None and not auto:
        try:
            known = grid_crs(crs)
        except InputError as error:
            problems.append(str(error))
    return (None if problems else Settings(x, y, known, cell_size_m, anchor, auto)), problems


def _read_ids(table: Any, column: str) -> tuple[pd.Series[str], list[str]]:
    ids = read_text(table, column)
    empty = (ids == "").to_numpy(bool)
    problems = []
    if empty.any():
        problems.append(f"{column} is missing in {show_rows(table, empty, lambda _: 'empty')}")
    repeated = ids.duplicated(keep=False).to_numpy() & ~empty
    if repeated.any():
        shown = show_rows(table, repeated, lambda i: ids.iloc[i])
        problems.append(f"{column} is not unique in {shown}; every cell may be there once")
    return ids, problems


def _read_people(table: Any, people: str) -> tuple[npt.NDArray[np.float64], list[str]]:
    population, problems = read_numbers(table, people)
    if not problems and population.sum() == 0:
        problems.append(f"{people} is 0 in every row: nobody lives here; check that this is the column of people")
    return population, problems


def _make_ids(file: Path, placement: Placement | Tiling) -> npt.NDArray[np.object_]:
    if isinstance(placement, Tiling):
        return placement.ids()
    code = placement.crs.to_epsg()
    if code is None:
        raise InputError(f"{file}: ids cannot be made, as {placement.crs.name} has no EPSG code; give cell_id")
    try:
        return make_cell_ids(placement.x, placement.y, size_m=placement.size_m, epsg=code)
    except InputError as error:
        raise InputError(f"{file}: {error}; give cell_id") from error


def _build(
    table: Any,
    ids: npt.NDArray[np.object_],
    population: npt.NDArray[np.float64],
    placement: Placement | Tiling,
    carry: Sequence[str],
) -> gpd.GeoDataFrame:
    inhabited = population > 0
    carried = {name: table[name].array[inhabited] for name in carry}
    return gpd.GeoDataFrame(
        {"population": population[inhabited], **carried},
        geometry=placement.polygons(inhabited),
        crs=placement.crs,
        index=pd.Index(ids[inhabited], name="cell_id", dtype="str"),
    )
