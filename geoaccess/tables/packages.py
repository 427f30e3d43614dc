"""Layers written into GeoPackages, and looked at afterwards: GDAL does not say all that it could not write."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

from geoaccess import files
from geoaccess.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["write_layer"]

_APPLICATION = 0x47504B47
"""By which programs know a GeoPackage: "GPKG"."""
_LEAST_VERSION = 10200
_TRIGGERS = (
    *("trigger_insert_feature_count_{}", "trigger_delete_feature_count_{}"),
    *(f"rtree_{{}}_geom_{what}" for what in ("insert", "update2", "update4", "delete")),
)
"""Of counts and of the index of places, in all versions: the last that GDAL makes of a layer."""
_CHANGES = (24, 92)
"""Where SQLite counts the changes of a file, and of which change its other figures are: the two agree."""


def write_layer(table: Any, path: Path, layer: str, **options: Any) -> None:
    """Write a table with shapes into a GeoPackage as a layer, beside those that are there.

    Parameters
    ----------
    table
        A GeoDataFrame; its columns are written as they are.
    options
        For `pyogrio.write_dataframe`.

    Raises
    ------
    OutputError
        If the layer is not whole in the file: GDAL does not always say that a disk is full, or broken.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import geopandas as gpd
    >>> sites = gpd.GeoDataFrame({"name": ["A"]}, geometry=gpd.points_from_xy([10.0], [60.0]), crs=4326)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_layer(sites, Path(folder) / "sites.gpkg", "sites")
    ...     len(gpd.read_file(Path(folder) / "sites.gpkg", layer="sites"))
    1
    """
    import pyogrio
    import shapely

    pyogrio.write_dataframe(table, path, layer=layer, driver="GPKG", use_arrow=True, **options)  # half the time
    shapes = table.geometry.to_numpy()
    located = int((~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)).sum())
    problem = _lacking(path, layer, rows=len(table), shapes=located)
    if problem:
        raise OutputError(
            f"{files.as_named(path, path)}: the layer {layer} was not written whole ({problem}); the disk may be full "
            "or broken: free some room, or choose a folder on another disk"
        )
    _forget_changes(path)


def _forget_changes(path: Path) -> None:
    """Have the same layers be the same bytes: in how many steps GDAL writes them differs from run to run."""
    with path.open("r+b") as file:
        for place in _CHANGES:
            file.seek(place)
            file.write((1).to_bytes(4, "big"))


def _lacking(path: Path, layer: str, *, rows: int, shapes: int) -> str:
    """Return what a layer lacks in a GeoPackage, "" if it is whole."""
    if path.with_name(f"{path.name}-journal").exists():
        return "what was begun was not ended"
    try:
        with contextlib.closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)) as opened:
            for what, question, given, answer in _expected(layer, rows=rows, shapes=shapes):
                found = opened.execute(question, given).fetchone()
                if found is None or found[0] != answer:
                    return f"{what}: {'none' if found is None else found[0]} and not {answer}"
            named = opened.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            return ", ".join(sorted({one.format(layer) for one in _TRIGGERS} - {row[0] for row in named}))
    except sqlite3.Error as error:
        return str(error)


def _expected(layer: str, *, rows: int, shapes: int) -> Iterator[tuple[str, str, tuple[object, ...], int]]:
    """Yield what must hold of a layer: in words, as a question with what is given to it, and the answer."""
    name = layer.replace('"', '""')
    yield "what it is", "PRAGMA application_id", (), _APPLICATION
    yield "its version", "SELECT user_version >= ? FROM pragma_user_version", (_LEAST_VERSION,), 1
    yield "rows", f'SELECT count(*) FROM "{name}"', (), rows  # noqa: S608 - a name cannot be given apart
    yield "places in the index", f'SELECT count(*) FROM "rtree_{name}_geom"', (), shapes  # noqa: S608
    yield "rows that are counted", "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?", (layer,), rows
    whole = "SELECT count(*) FROM gpkg_contents WHERE (min_x IS NOT NULL) = ? AND table_name = ?"
    yield "entries with an extent", whole, (int(shapes > 0), layer), 1
    yield "columns of shapes", "SELECT count(*) FROM gpkg_geometry_columns WHERE table_name = ?", (layer,), 1
    index = "SELECT count(*) FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index' AND table_name = ?"
    yield "indices that are named", index, (layer,), 1
