"""Tables read from files of every kind that people save them in."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.frames import is_on_earth
from geoaccess.tables.columns import bytes_as_text, missing_columns, read_text
from geoaccess.tables.layers import read_shapes
from geoaccess.tables.packed import LARGE_BYTES, read_large_text, table_in_zip, unpacked
from geoaccess.tables.sheets import read_sheet
from geoaccess.tables.text import read_text_table
from geoaccess.toml import nearest

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

__all__ = ["read_table"]

_TEXT = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_SHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
_PARQUET = (".parquet", ".geoparquet", ".pq")
_GEO = (".gdb", ".gpkg", ".geojson", ".json", ".gml", ".shp", ".fgb", ".kml", ".zip")
_SHOWN = 5


def read_table(
    path: str | os.PathLike[str],
    *,
    layer: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    columns: Sequence[str] = (),
    only: bool = False,
    hint: str = "check the path",
) -> Any:
    r"""Read a table from a file of any kind that is understood.

    * Text (.csv, .tsv, .txt, or these with .gz): values separated by comma, semicolon or tab; UTF-8 with or without its
      mark, UTF-16 with it, or Windows-1252. The first row names the columns. Values stay as they are written, as text
      (0301 keeps its zero); `read_numbers` understands decimal commas and points.
    * Spreadsheets (.xlsx, .xlsm, .xls, .ods): the first row that has values names the columns. Values as text; a number
      that is formatted with leading zeros has lost them, as it has in the spreadsheet.
    * Parquet and GeoParquet.
    * Shapes and attribute tables that GDAL reads: .gpkg, .geojson, .json, .gml, .shp, .fgb, .kml, a FileGDB (a folder
      .gdb), and a .zip of one of them. Kartverket's JSON of several collections, too.
    * A .zip that holds one table of text or Parquet; of several forms of a table in it, the Parquet.

    Blanks around names and values of text, rows without a value, and columns without a name are left out.

    Parameters
    ----------
    layer
        Layer of a geographic file, or sheet of a spreadsheet; needed where several hold data. Of several layers the
        only one with shapes and all `columns` is taken, or the only one of these with polygons; `attrs` says so.
    where
        Keep only rows whose column has one of these values: {"CNTR_ID": ["NO"]}. Each must be there; but "*" in a value
        is any text or none: "NO-*".
    columns
        Columns that the layer must have, where it is to be chosen.
    only
        Whether these `columns` suffice: then a large table is read without its others.
    hint
        What to do if there is no such file.

    Returns
    -------
    A GeoDataFrame where the file holds shapes, else a DataFrame. The index is the number of the row: the line or row of
    text and spreadsheets (the header is 1, blank rows count); elsewhere the first row is 1. Empty is "" in text and
    spreadsheets, and a missing value elsewhere.

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        If the file is of no understood kind, cannot be read as what its name says, is empty, or has several layers and
        none is named; with every row that has more values than the header has names, and every name that stands twice.

    Examples
    --------
    >>> file = getfixture("tmp_path") / "municipalities.csv"
    >>> _ = file.write_bytes("Nr;Navn\n0301; Oslo\n\n4601;B\u00e6rum\n".encode("latin-1"))
    >>> read_table(file).to_dict("index")
    {2: {'Nr': '0301', 'Navn': 'Oslo'}, 4: {'Nr': '4601', 'Navn': 'Bærum'}}
    """
    path = Path(path)
    suffice = [*dict.fromkeys([*columns, *(where or ())])] if only and columns else []
    rows = _read(path, layer, columns, suffice, hint)
    return rows if not where else _kept(path, rows, where)


def _kept(path: Path, rows: Any, where: Mapping[str, Sequence[str]]) -> Any:
    """Return the rows whose columns have one of the values that are asked for; refuse to keep none.

    A value that no row has is refused, too: it chooses nothing.
    """
    absent = missing_columns(rows, list(where))
    if absent:
        raise InputError.listing(str(path), absent)
    whole = rows
    for column, values in where.items():
        texts = read_text(rows, column)
        asked = [str(value).strip() for value in values]
        meant = [text for text in texts.unique() if text in asked or any(fnmatchcase(text, one) for one in asked)]
        kept = texts.isin(meant).to_numpy(bool)
        if not kept.any():
            there = ", ".join(repr(value) for value in texts.unique()[:_SHOWN])
            raise InputError(
                f"{path}: no row is left where {column} is {', '.join(map(repr, values))}; it holds {there} and so on"
            )
        rows = rows[kept]
    unmet: list[str] = []
    for column, values in where.items():
        held = [word for word in read_text(whole, column).unique() if word]
        lacking = [word for word in (str(value).strip() for value in values) if "*" not in word and word not in held]
        for value in lacking:
            near = nearest(value, held)
            hint = f"did you mean {near!r}?" if near else f"it holds {', '.join(map(repr, held[:_SHOWN]))} and so on"
            unmet.append(f"where: no row has {value!r} in {column}; {hint}")
    if unmet:
        raise InputError.listing(str(path), unmet)
    return rows


def _read(path: Path, layer: str | None, columns: Sequence[str], suffice: Sequence[str], hint: str) -> Any:
    name = path.name.lower()
    if not (path.is_dir() and name.endswith(".gdb")):
        files.require(path, hint=hint)
    if layer is not None and name.endswith((*_TEXT, *_PARQUET)):
        raise InputError(f"{path}: layer is {layer!r}, but files of this kind have none; leave layer out")
    if name.endswith(".zip") and (member := table_in_zip(path)) is not None:
        with unpacked(path, member) as table:
            return _read(table, layer, columns, suffice, hint)
    try:
        if name.endswith(_TEXT):
            large = path.stat().st_size > LARGE_BYTES and not name.endswith(".gz") and suffice
            rows = read_large_text(path, suffice) if large else None
            return read_text_table(path, hint=hint) if rows is None else rows
        if name.endswith(_SHEETS):
            return read_sheet(path, layer)
        if name.endswith(_PARQUET):
            return _numbered(_read_parquet(path, suffice))
        if name.endswith(_GEO):
            return _numbered(read_shapes(path, layer=layer, columns=columns))
    except InputError:
        raise
    except (ValueError, OSError, RuntimeError, KeyError) as error:  # what Arrow and GDAL raise for a damaged file
        raise InputError(f"{path}: cannot be read: {files.reason_of(error)}") from error
    known = ", ".join((*_TEXT[:3], *_SHEETS, *_PARQUET, *_GEO))
    raise InputError(f"{path}: is no kind of table that is understood; give one of {known}")


def _numbered(rows: Any) -> Any:
    attrs = dict(rows.attrs)
    numbered = rows.set_axis(pd.RangeIndex(1, len(rows) + 1))
    if (crs := getattr(rows, "crs", None)) is not None and not is_on_earth(crs):
        numbered = numbered.set_crs(None, allow_override=True)  # whoever needs places says that the file has none
    numbered.attrs.update(attrs)
    bytes_as_text(numbered)
    return numbered


def _read_parquet(path: Path, suffice: Sequence[str]) -> Any:
    import pyarrow as pa  # a large import that only reading needs
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    shapes = b"geo" in (schema.metadata or {})
    if suffice and not shapes and {*suffice} <= {*schema.names}:
        return pq.read_table(path, columns=list(suffice)).to_pandas(ignore_metadata=True)
    if shapes:
        import geopandas as gpd

        with np.errstate(invalid="ignore"):  # a corner that is NaN is for others to refuse
            rows: pd.DataFrame = gpd.read_parquet(path)
    else:
        try:
            rows = pd.read_parquet(path)
        except TypeError as error:  # a type of pandas that there is not
            raise InputError(f"{path}: cannot be read: {str(error).strip()}") from error
    for name in rows.columns[[isinstance(dtype, pd.StringDtype) for dtype in rows.dtypes]]:
        pa.array(rows[name].array).validate(full=True)  # bytes that are no text are found here, not where it is used
    return rows.reset_index(drop=rows.index.name is None)  # an index that was saved by name is a column of the file
