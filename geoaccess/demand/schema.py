"""What a table must be like to be used as cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.demand.area import grid_crs
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_cells"]

_PEOPLE = "a finite number of people >= 0"
_NAMES = "text or a whole number"
_FAULTS = {"field_uniqueness": "not unique", "not_nullable": "missing"}


@checks_arguments
def check_cells(cells: gpd.GeoDataFrame, *, subject: str = "cells") -> gpd.GeoDataFrame:
    """Return `cells` as they are if they can be used as cells, so that tables made by hand fail early and in words.

    Cells are a GeoDataFrame in a projected CRS in metres, with an index `cell_id` of unique texts or whole numbers, a
    column `population` of finite numbers >= 0 (float64), and polygons.

    Parameters
    ----------
    cells
        The table; what other columns it has does not matter.
    subject
        What a message calls the table.

    Returns
    -------
    The same object.

    Raises
    ------
    InputError
        With everything that is wrong.

    Examples
    --------
    >>> from shapely import box
    >>> squares = [box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)]
    >>> cells = gpd.GeoDataFrame({"population": [12.0, -1.0]}, geometry=squares, crs=3035)
    >>> check_cells(cells.rename_axis("cell_id"))
    Traceback (most recent call last):
    geoaccess.errors.InputError: cells: population is not a finite number of people >= 0 in 1 row: 1 (-1.0)
    """
    import pandera.pandas as pa  # takes a second that most runs need not spend

    given: object = cells
    if not isinstance(given, gpd.GeoDataFrame) or cells.active_geometry_name is None:
        raise InputError(
            f"{subject}: is a {type(cells).__name__} without geometry; cells are a GeoDataFrame of polygons"
        )
    problems = []
    try:
        grid_crs(cells.crs)
    except InputError as error:
        problems.append("has no CRS" if cells.crs is None else str(error))
    if len(cells) == 0:
        problems.append("has no rows")
    shapes = cells.geometry
    odd = (~shapes.geom_type.isin(["Polygon", "MultiPolygon"]) | shapes.is_empty).to_numpy()
    if odd.any():
        listed = ", ".join(str(i) for i in cells.index[odd][:5])
        problems.append(f"geometry is no polygon in {odd.sum()} rows: {listed}; cells are squares or other polygons")
    try:
        _schema().validate(cells, lazy=True)
    except pa.errors.SchemaErrors as error:
        problems += _describe(error.failure_cases)
    if problems:
        raise InputError.listing(subject, problems)
    return cells


def _schema() -> Any:
    import pandera.pandas as pa

    people = pa.Check(lambda values: np.isfinite(values) & (values >= 0), name=_PEOPLE)
    names = pa.Check(lambda ids: ids.map(lambda i: isinstance(i, (str, int, np.integer))), name=_NAMES)
    return pa.DataFrameSchema(
        {"population": pa.Column("float64", people)}, index=pa.Index(checks=names, unique=True, name="cell_id")
    )


def _describe(failures: pd.DataFrame) -> list[str]:
    """Turn pandera's table of failures into one sentence for each check that failed."""
    problems = []
    untyped = set(failures.loc[failures["check"].str.startswith("dtype"), "column"])
    for key, rows in failures.groupby(["column", "check"], sort=False, dropna=False):
        column, check = (str(part) for part in key)
        found = rows["failure_case"].iloc[0]
        listed = ", ".join(f"{i} ({v})" for i, v in zip(rows["index"][:5], rows["failure_case"][:5], strict=True))
        where = f"in {len(rows)} row{'' if len(rows) == 1 else 's'}: {listed}"
        if check == "column_in_dataframe":
            problems.append(f"has no column {found!r}")
        elif check.startswith("field_name"):
            problems.append(f"the index is named {found!r}; name it 'cell_id'")
        elif check.startswith("dtype"):
            problems.append(f"{column} is not float64; convert it with astype")
        elif column not in untyped:
            problems.append(f"{column} is {_FAULTS.get(check, f'not {check}')} {where}")
    return problems
