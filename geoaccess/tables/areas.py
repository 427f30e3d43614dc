"""Files of polygons that something is chosen or left out by: one rule for what they must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.errors import InputError
from geoaccess.tables.reading import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["read_areas", "swapped_hint"]

_LON, _LAT = 180.0, 90.0


def read_areas(path: Path, *, hint: str, crossing: bool = False) -> Any:
    """Return the polygons of a file, in EPSG:4326.

    Parameters
    ----------
    hint
        What to check where the file is not there.
    crossing
        Whether borders may cross themselves: those of published maps do in places, and are mended by who draws them.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there, says no CRS, holds anything but polygons, polygons off the globe (what is written in
        metres without a CRS is read as degrees), a corner that is NaN or infinite, or a border that crosses itself:
        what is inside it nobody can say.
    """
    import geopandas as gpd
    import shapely

    table = read_table(path, hint=hint)
    if not isinstance(table, gpd.GeoDataFrame):
        raise InputError(f"{path}: holds no shapes; polygons are needed, as GeoJSON or GeoPackage")
    if table.crs is None:
        raise InputError(f"{path}: the file says no CRS; save it with one, such as EPSG:4326")
    if table.empty or not table.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        kinds = ", ".join(table.geom_type.fillna("nothing").unique()) or "nothing"
        raise InputError(f"{path}: holds {kinds}; polygons are needed")
    west, south, east, north = table.total_bounds
    if table.crs.is_geographic and not (-_LON <= west <= east <= _LON and -_LAT <= south <= north <= _LAT):
        raise InputError(
            f"{path}: reaches from {west:g}, {south:g} to {east:g}, {north:g}, which is no longitude and latitude; "
            "save it with the CRS that it is in"
        )
    at, owner = shapely.get_coordinates(table.geometry.to_numpy(), return_index=True)
    nowhere = owner[~np.isfinite(at).all(axis=1)]  # which no border may cross itself for, and nothing can mend
    if nowhere.size:
        raise InputError(
            f"{path}: row {table.index[nowhere[0]]} has a corner that is nowhere (no number); draw it again"
        )
    wrong = np.flatnonzero(~table.geometry.is_valid.to_numpy(np.bool_))
    if wrong.size and not crossing:
        row, why = table.index[wrong[0]], shapely.is_valid_reason(table.geometry.iloc[wrong[0]])
        raise InputError(f"{path}: row {row} is no polygon ({why}); draw its border without crossings")
    return table.geometry.to_crs("EPSG:4326")


def swapped_hint(found: npt.ArrayLike, wanted: npt.ArrayLike) -> str:
    """Return "; are longitude and latitude swapped?" where one box misses another, and would not if they were.

    Both are west, south, east, north.

    >>> swapped_hint((60, 10, 61, 11), (10, 60, 11, 61)), swapped_hint((10, 60, 11, 61), (10, 60, 11, 61))
    ('; are longitude and latitude swapped?', '')
    """
    one, other = np.asarray(found, np.float64), np.asarray(wanted, np.float64)

    def meet(box: npt.NDArray[np.float64]) -> bool:
        return bool((box[:2] <= other[2:]).all() and (other[:2] <= box[2:]).all())

    return "; are longitude and latitude swapped?" if not meet(one) and meet(one[[1, 0, 3, 2]]) else ""
