"""Tables in the cache: one folder, one Parquet file each, with their digests; what is damaged is made again.

Of each kind of thing in a cache the last that were used stay: see `drop_older`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from pandas.api.types import is_float_dtype

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from hashlib import _Hash
    from pathlib import Path

    import geopandas as gpd
    from pyproj import CRS

__all__ = [
    "MOST",
    "MOST_BYTES",
    "drop_older",
    "found_tables",
    "kept_tables",
    "name_of_crs",
    "update_by_columns",
    "update_by_shapes",
    "update_by_table",
]

MOST: Final = {"snapped": 8, "zones": 8, "workplaces": 8, "functions": 8, "closings": 8, "sweep": 10_000}
"""How many of a kind are kept: few of those with a row for each cell, 30 MB each for a country."""
_MOST_OF_OTHERS: Final = 24
MOST_BYTES: Final = 20e9
"""And never more of a kind than this, where these are networks."""

_FORMAT = 1
_DESCRIBED = "tables.json"
_CORNERS: Final = 1 << 18
"""So many corners of shapes are written together."""
_TAGS = "tags"  # a column of dictionaries


def kept_tables(
    folder: Path, make: Callable[[], Mapping[str, pd.DataFrame]], *, unchanged: Callable[[], bool] | None = None
) -> dict[str, Any]:
    """Return tables by name from a folder; where it is not there, or damaged, they are made and written into it.

    Tables with geometry keep it, and their CRS. A column `tags` holds dictionaries of text. Where `unchanged` says no
    once they are made, they are not written: what they are made of was replaced meanwhile.
    """
    found = found_tables(folder)
    if found is not None:
        with contextlib.suppress(OSError):
            os.utime(folder)  # used now
        return found
    made = dict(make())
    if unchanged is not None and not unchanged():
        return made
    with files.kept_if_possible(folder.parent):
        _save(made, folder)
        drop_older(folder)
    return made


def found_tables(folder: Path) -> dict[str, Any] | None:
    """Return the tables of a folder by name; None where it is not there, or damaged."""
    try:
        return _load(folder)
    except (OSError, KeyError, TypeError, AttributeError, ValueError):  # InputError is a ValueError
        return None


def update_by_shapes(digest: _Hash, shapes: gpd.GeoSeries) -> None:
    """Feed shapes and their CRS to a digest: the same whether they were just made or read from where they are kept.

    A country has cells by the hundred thousand, which are areas without holes: these in one go.
    """
    import numpy as np
    import shapely

    digest.update(name_of_crs(shapes.crs).encode())
    found = shapes.to_numpy()
    plain = (shapely.get_type_id(found) == shapely.GeometryType.POLYGON).all() and not (
        shapely.get_num_interior_rings(found).any() or shapely.has_z(found).any()
    )
    if not plain:
        for shape in shapes.to_wkb():
            digest.update(shape or b"-")
        return
    for array in (shapely.get_num_coordinates(found).astype(np.int64), shapely.get_coordinates(found)):
        digest.update(f"{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)


def name_of_crs(crs: CRS | None) -> str:
    """Return a CRS in words that are the same before it was written to a file and after."""
    if crs is None:
        return "none"
    known = crs.to_authority(min_confidence=100)
    return crs.to_wkt() if known is None else ":".join(known)


def update_by_table(digest: _Hash, table: gpd.GeoDataFrame) -> None:
    """Feed a table with shapes to a digest: its labels, its columns as text and numbers, and its shapes."""
    update_by_columns(digest, table.drop(columns=table.geometry.name))
    update_by_shapes(digest, table.geometry)


def update_by_columns(digest: _Hash, table: pd.DataFrame) -> None:
    """Feed a table without shapes to a digest: its labels, and its columns as text and numbers."""
    columns = table.reset_index().astype(object)
    digest.update(repr(columns.where(columns.notna(), None).to_dict("list")).encode())


def drop_older(kept: Path) -> None:
    """Remove from a cache what was used longest ago of the kind that was just kept, named `kind-digest`.

    Beyond `MOST`, or 24; of networks also beyond 20 GB. What a running process uses stays, see `files.mark_used`.
    """
    kind = kept.name.split("-")[0]
    most_bytes = MOST_BYTES if kind == "network" else float("inf")
    files.drop_oldest(kept.parent, f"{kind}-*", most=MOST.get(kind, _MOST_OF_OTHERS), most_bytes=most_bytes)


def _save(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    with files.writing_folder(folder) as temporary:
        for name, table in tables.items():
            shapes, path = getattr(table, "active_geometry_name", None), temporary / f"{name}.parquet"
            # Shapes and decimals are hardly ever alike: to look for such takes longer than to write them.
            alike = [column for column in table if column != shapes and not is_float_dtype(table[column])]
            if shapes is None:
                _flat(table).to_parquet(path, use_dictionary=alike)
            else:
                _write_shapes(_flat(table), path, alike)
        described = {
            "format": _FORMAT,
            "tables": {
                name: {"sha256": files.sha256(temporary / f"{name}.parquet"), "geometry": hasattr(table, "crs")}
                for name, table in tables.items()
            },
        }
        (temporary / _DESCRIBED).write_text(json.dumps(described, indent=1), encoding="utf-8")


def _write_shapes(table: Any, path: Path, alike: list[Any]) -> None:
    """Write a table with shapes as `to_parquet` does, a few at a time: all of them would stand there twice as bytes."""
    import numpy as np
    import pyarrow as pa
    import shapely
    from pyarrow import parquet

    name, shapes = table.geometry.name, table.geometry.to_numpy()
    rest, place = pa.Table.from_pandas(pd.DataFrame(table.drop(columns=name))), table.columns.get_loc(name)
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [], "crs": table.crs and table.crs.to_json_dict()}
    geo = {"version": "1.0.0", "primary_column": name, "columns": {name: column}}
    field = pa.field(name, pa.binary())
    schema = rest.schema.insert(place, field).with_metadata({**rest.schema.metadata, "geo": json.dumps(geo)})
    corners = shapely.get_num_coordinates(shapes)
    ends = np.searchsorted(np.cumsum(corners), np.arange(_CORNERS, corners.sum(), _CORNERS)) + 1
    with parquet.ParquetWriter(path, schema, use_dictionary=alike) as writer:
        for first, last in itertools.pairwise(np.unique([0, *ends, len(shapes)])):
            some = pa.array(shapely.to_wkb(shapes[first:last], flavor="iso"), pa.binary())
            writer.write_table(rest.slice(first, last - first).add_column(place, field, some))


def _read_shapes(path: Path) -> pd.DataFrame:
    """Return a table with shapes as geopandas reads it, and its CRS as it was written.

    geopandas takes from a CRS the ids of what its ensemble of datums consists of, and PROJ then looks for each by its
    name: the CRS of one table takes as long as a hundred tables.
    """
    import geopandas as gpd
    import numpy as np
    from geopandas.array import from_wkb
    from pyarrow import parquet

    found = parquet.read_table(path)
    geo = json.loads(found.schema.metadata[b"geo"])
    name = geo["primary_column"]
    table = found.drop_columns([name]).to_pandas()
    shapes = from_wkb(np.array(found[name]), crs=geo["columns"][name]["crs"])
    table.insert(found.column_names.index(name), name, shapes)
    return gpd.GeoDataFrame(table, geometry=name)


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    if _TAGS not in table:
        return table
    return table.assign(tags=pd.Series([json.dumps(tags) for tags in table[_TAGS]], table.index, dtype="str"))


def _load(folder: Path) -> dict[str, Any]:
    described = files.json_of(folder / _DESCRIBED)
    if described["format"] != _FORMAT:
        raise InputError(f"{folder}: written by another version")
    return {name: _table(folder / f"{name}.parquet", **about) for name, about in described["tables"].items()}


def _table(path: Path, *, sha256: str, geometry: bool) -> pd.DataFrame:
    if files.sha256(path) != sha256:
        raise InputError(f"{path}: damaged (not what was written)")
    table = _read_shapes(path) if geometry else pd.read_parquet(path)
    if _TAGS in table:
        table[_TAGS] = pd.Series([json.loads(tags) for tags in table[_TAGS]], table.index, dtype="object")
    return table
