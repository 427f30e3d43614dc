"""The GeoPackage of a study, for geographical information systems: cells and what its maps show with them.

All layers are in the CRS of the grid, times are minutes, and what has no value is NULL.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from geoaccess.frames import crs_of
from geoaccess.study.results.dictionary import meaning
from geoaccess.study.results.lone_cells import hide_lone
from geoaccess.study.results.summary import summary
from geoaccess.tables import write_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.measures import ServiceSpec
    from geoaccess.study.results.dictionary import Names

__all__ = ["PACKAGE", "add_cells", "add_layer", "as_minutes", "in_minutes", "layers_of", "undated", "write_layers"]

PACKAGE: Final = "study.gpkg"
_CONTENT_DATE: Final = "2000-01-01T00:00:00.000Z"
_VERSION: Final = "1.2"
"""Of the GeoPackage: GDAL 3.6, which QGIS 3.22 has, warns of later ones."""
_TAKEN: Final = ("fid", "geom")
"""Columns that GDAL adds to every layer of a GeoPackage."""
_SHOWN: Final = ("population", "reached", "unreached", "mean_s", "median_s", "p90_s")


def write_layers(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    specs: Sequence[ServiceSpec],
    names: Names,
    sites: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame | None,
    ferries: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    land: gpd.GeoSeries | None,
    lone: Mapping[str, frozenset[str]] | None = None,
    below: int | None = None,
    **waters: gpd.GeoSeries | None,
) -> None:
    """Write all layers but the cells, each in the CRS of the grid; those with nothing in them are left out.

    `waters` are further areas, such as lakes.
    `municipalities` have the people of each, and per service the mean, median and P90 of the travel time in minutes;
    those that are `lone` have no people: see `hide_lone`.
    """
    import geopandas as gpd

    areas = {"land": land, **waters}
    found: dict[str, Any] = {
        "sites": in_minutes(sites.reset_index(), "sites", names),
        "municipalities": None if municipalities is None else _with_times(municipalities, results, specs, lone, below),
        "ferries": in_minutes(ferries, "ferries", names),
        "main_roads": roads,
        "places": places,
        **{name: None if area is None else gpd.GeoDataFrame(geometry=area) for name, area in areas.items()},
    }
    with undated():
        for name, layer in found.items():
            if isinstance(layer, gpd.GeoDataFrame) and len(layer):
                _write(layer.to_crs(crs_of(results)), path, name)


def add_cells(cells: gpd.GeoDataFrame, path: Path, names: Names) -> None:
    """Add the cells to the GeoPackage of a study."""
    add_layer(in_minutes(cells.reset_index(), "cells", names), path, "cells")


def add_layer(table: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Add a layer to a GeoPackage, or write one: names of columns that it cannot hold get a number."""
    with undated():
        _write(table, path, layer)


def layers_of(path: Path) -> tuple[str, ...]:
    """Return the names of the layers that a GeoPackage holds."""
    import pyogrio

    return tuple(str(name) for name, _ in pyogrio.list_layers(path))


def in_minutes(table: Any, name: str, names: Names) -> Any:
    """Return a table with minutes (`_min`) in place of seconds (`_s`), as the dictionary knows them; inf is NaN.

    Parameters
    ----------
    table
        A table of a study; `name` is how the dictionary calls it.
    names
        Those that the study gives to services and the like.
    """
    units = {column: meaning(name, str(column), names=names) for column in table}
    return as_minutes(table, [column for column, known in units.items() if known is not None and known.unit == "s"])


def as_minutes(table: Any, columns: Sequence[str]) -> Any:
    """Return a table with minutes (`_min`) in place of the seconds (`_s`) of some columns; inf is NaN."""
    found = table.copy()
    for column in columns:
        values = table[column].to_numpy(dtype=np.float64, na_value=np.nan)
        found[column] = np.where(np.isfinite(values), values / 60, np.nan)
    return found.rename(columns={column: f"{column.removesuffix('_s')}_min" for column in columns})


def _with_times(
    municipalities: gpd.GeoDataFrame,
    results: gpd.GeoDataFrame,
    specs: Sequence[ServiceSpec],
    lone: Mapping[str, frozenset[str]] | None,
    below: int | None,
) -> gpd.GeoDataFrame:
    """Join to each municipality its people, and how long they need to each service; NULL where nobody lives."""
    table = summary(results.drop(columns="geometry"), specs, by="municipality_id")
    everybody = results.groupby(results["municipality_id"].astype(str))["population"].sum()
    tables = {"": everybody.reset_index(), **{f"{spec.key}_": table[table["service"] == spec.key] for spec in specs}}
    found = municipalities
    for prefix, rows in tables.items():
        shown = hide_lone(rows, lone or {}, below=below, columns={}).set_index("municipality_id")
        shown = shown[[name for name in _SHOWN if name in shown]]
        shown = shown.rename(columns={"population": "people"})  # `read_cells` finds its cells by the word population
        found = found.join(
            as_minutes(shown, [str(name) for name in shown if str(name).endswith("_s")]).add_prefix(prefix)
        )
    ordered: gpd.GeoDataFrame = found.reset_index()
    return ordered


@contextlib.contextmanager
def undated() -> Iterator[None]:
    """Have GeoPackages written without the date of writing, so that equal results are equal bytes."""
    import pyogrio

    before = os.environ.get("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _CONTENT_DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _write(table: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    plain = table.rename(columns=_field_names([str(name) for name in table.columns]))
    for name in plain.columns.drop("geometry"):
        values = plain[name]
        if isinstance(values.dtype, pd.CategoricalDtype):  # GeoPackage knows neither categories nor small integers
            plain[name] = values.astype("str").where(values.notna(), None)
        elif str(values.dtype).lower() in {"int8", "uint8"}:
            plain[name] = values.astype("Int16")
        elif values.dtype == object:
            plain[name] = [None if pd.isna(value) else str(value) for value in values]
    options = {} if path.exists() else {"dataset_options": {"VERSION": _VERSION}}
    write_layer(plain, path, layer, **options)


def _field_names(names: Sequence[str]) -> Mapping[str, str]:
    """Return a name for each column that no other has: to a GeoPackage "Gp" and "gp" are one, and some are taken.

    Examples
    --------
    >>> _field_names(["gp", "Gp", "fid"])
    {'Gp': 'Gp_2', 'fid': 'fid_2'}
    """
    taken = set(_TAKEN)
    found = {}
    for name in names:
        free, number = name, 1
        while free.lower() in taken:
            number += 1
            free = f"{name}_{number}"
        taken.add(free.lower())
        if free != name:
            found[name] = free
    return found
