"""Tables of named places, for the names on maps and for search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from geoaccess.errors import InputError
from geoaccess.tables.columns import column_numbers, empty_rows, missing_columns, read_numbers, read_text, show_rows
from geoaccess.tables.reading import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["read_named_places"]

_LON: Final = 180.0
_LAT: Final = 90.0


def read_named_places(path: Path, *, hint: str) -> gpd.GeoDataFrame:
    """Return the places of a table as points in EPSG:4326: `name`, `kind`, `alt_names`, `population`.

    Parameters
    ----------
    path
        A table with `name`, `lon`, `lat`, and where there `kind` (town, village ... as in OpenStreetMap; village where
        it says nothing), `alt_names` (parted by ";") and `population`.
    hint
        What to check where the file is not there.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there, or lacks a column, a name or a place on the globe.
    """
    import geopandas as gpd

    rows = read_table(path, hint=hint)
    if problems := missing_columns(rows, ["name", "lon", "lat"]):
        raise InputError.listing(str(path), problems)
    (lon, odd_lon), (lat, odd_lat) = (read_numbers(rows, name, negative=True) for name in ("lon", "lat"))
    problems = [*empty_rows(rows, "name"), *odd_lon, *odd_lat]
    off = (np.abs(lon) > _LON) | (np.abs(lat) > _LAT)
    if off.any():
        problems.append(f"lon and lat are no degrees in {show_rows(rows, off, lambda i: f'{lon[i]:g}, {lat[i]:g}')}")
    if problems:
        raise InputError.listing(str(path), problems)
    kind = read_text(rows, "kind")
    number = column_numbers(rows, "population") if "population" in rows else np.full(len(rows), np.nan)
    columns = {
        "name": read_text(rows, "name").to_numpy(),
        "kind": kind.where(kind != "", "village").to_numpy(),
        "alt_names": read_text(rows, "alt_names").to_numpy(),
        "population": number,
    }
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
