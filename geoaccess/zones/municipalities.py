"""Municipalities from a file of polygons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import areas_in_degrees, crs_of, valid_areas
from geoaccess.tables import as_text, missing_columns, read_table, read_text, swapped_hint, zone_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

__all__ = ["read_municipalities", "read_municipality_names", "refuse_elsewhere"]


@checks_arguments
def read_municipalities(
    path: str | Path,
    *,
    id: str,  # noqa: A002
    name: str,
    region_id: str | None = None,
    region: str | None = None,
    digits: int | None = None,
    layer: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
) -> gpd.GeoDataFrame:
    """Municipalities with their names, regions and borders.

    A municipality drawn as several features, all with the same name and region, becomes one. Invalid borders are made
    valid, heights are dropped, and everything is brought to longitude and latitude.

    Parameters
    ----------
    path
        A file of polygons that `read_table` takes, such as GeoJSON or GeoPackage.
    id, name, region_id, region
        The columns that hold them; a region may be left out.
    digits
        How many digits an identifier has: shorter ones get back the leading zeros they lost when they were stored as
        numbers. None keeps every identifier as it is.
    layer
        Which layer of the file, where several hold shapes; by default the one with polygons and the columns.
    where
        Keep only features whose column has one of these values: {"objtype": ["Kommune"]}.

    Returns
    -------
    Index `municipality_id` (text, sorted); columns `name`, `region_id`, `region` (text, "" where there is none) and
    `geometry` (MultiPolygon, EPSG:4326).

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        If it cannot be read, has no coordinate system, lacks a column or has no feature; if an identifier is missing
        or is given to features with different names; if a feature has no area. All the features at fault are listed.
    """
    path = Path(path)
    columns = {"municipality_id": id, "name": name, "region_id": region_id, "region": region}
    frame = _read(path, layer, where, [column for column in columns.values() if column is not None])
    absent = [column for column in columns.values() if column is not None and column not in frame.columns]
    if absent:
        there = ", ".join(str(column) for column in frame.columns if column != frame.geometry.name)
        raise InputError(f"{path}: no column {', '.join(absent)}; there are {there}")
    table = pd.DataFrame({key: "" if column is None else as_text(frame[column]) for key, column in columns.items()})
    if digits is not None:
        table["municipality_id"] = [zone_number(text, digits) for text in table["municipality_id"]]
    polygons = valid_areas(frame.geometry.to_numpy())
    _check(path, table, polygons)
    municipalities = gpd.GeoDataFrame(table, geometry=polygons, crs=frame.crs)
    if table["municipality_id"].duplicated().any():
        municipalities = municipalities.dissolve(by="municipality_id", as_index=False)
        municipalities.geometry = valid_areas(municipalities.geometry.to_numpy())
    if not crs_of(municipalities, subject=str(path)).equals("EPSG:4326"):
        municipalities = areas_in_degrees(municipalities)
        lost = municipalities[municipalities.geometry.is_empty]
        if len(lost):
            named = ", ".join(f"{row.municipality_id} {row.name}".strip() for row in lost.itertuples(index=False))
            raise InputError(f"{path}: {named} would lie nowhere on Earth; save the file with the CRS that it is in")
    columns_out = ["municipality_id", "name", "region_id", "region", "geometry"]
    return municipalities[columns_out].set_index("municipality_id").sort_index()


def _read(
    path: Path, layer: str | None, where: Mapping[str, Sequence[str]] | None, columns: Sequence[str]
) -> gpd.GeoDataFrame:
    """Read the features, or say why they cannot be used."""
    frame = read_table(path, layer=layer, where=where, columns=columns)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{path}: has no geometry; municipalities need polygons")
    if frame.empty:
        raise InputError(f"{path}: has no features")
    if frame.crs is None or not (frame.crs.is_geographic or frame.crs.is_projected):
        raise InputError(f"{path}: has no coordinate system; write one into the file, for example with ogr2ogr -a_srs")
    return frame


def _check(path: Path, table: pd.DataFrame, polygons: npt.NDArray[np.object_]) -> None:
    """Raise one `InputError` with every feature that cannot be a municipality."""
    identifiers, names = table["municipality_id"].to_numpy(), table["name"].to_numpy()
    problems = [
        f"feature {row + 1} ({names[row]!r}): no identifier; give it one or remove it"
        for row in np.flatnonzero(identifiers == "")
    ]
    problems += [
        f"feature {row + 1} ({identifiers[row]} {names[row]}): has no area; give it a polygon or remove it"
        for row in np.flatnonzero(shapely.is_empty(polygons))
    ]
    named = table[table["municipality_id"] != ""].drop_duplicates()
    for identifier, rows in named[named["municipality_id"].duplicated(keep=False)].groupby("municipality_id"):
        described = " and ".join(
            " ".join(part for part in row if part) for row in rows[["name", "region_id", "region"]].to_numpy()
        )
        problems.append(f"identifier {identifier} is given to {described}; an identifier belongs to one municipality")
    if problems:
        raise InputError.listing(str(path), problems)


@checks_arguments
def refuse_elsewhere(
    path: Path, areas: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, assigned: pd.DataFrame, *, people: str
) -> None:
    """Refuse areas of a file none of which holds or is near a cell, as `assign_zones` found: one lies elsewhere.

    `people` is the file that the cells are from.

    Raises
    ------
    InputError
        If every cell is in none.
    """
    if cells.empty or (assigned["zone_note"] != "beyond_limit").any():
        return
    west, south, east, north = there = areas.to_crs("EPSG:4326").total_bounds
    study = gpd.GeoSeries([shapely.box(*cells.total_bounds)], crs=crs_of(cells)).to_crs("EPSG:4326").total_bounds
    raise InputError(
        f"{path}: none of the {len(cells)} cells of {people} lies in its areas or near them, which reach from "
        f"{west:.2f} to {east:.2f} E and {south:.2f} to {north:.2f} N{swapped_hint(there, study)}; correct the places "
        "or the CRS of the one that lies elsewhere"
    )


@checks_arguments
def read_municipality_names(path: Path, *, number: str, name: str) -> pd.Series[str]:
    """Return the name of each municipality, by its number, from columns of a CSV.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there or cannot be read, lacks a column, or gives a number two names.
    """
    table = read_table(path)
    absent = missing_columns(table, [number, name])
    if absent:
        raise InputError.listing(str(path), absent)
    named = pd.DataFrame({column: read_text(table, column) for column in (number, name)})
    names = named.drop_duplicates().set_index(number)[name]
    double = names.index[names.index.duplicated()].unique()
    problems = [f"municipality {label} has the names {', '.join(names[[label]])}; keep one" for label in double]
    if problems:
        raise InputError.listing(str(path), problems)
    return names
