"""Population files read as they are, with the row numbers a person sees, and the checks on their columns."""

from __future__ import annotations

import dataclasses
import difflib
import gzip
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["Table", "check_columns", "read_numbers", "read_table", "read_text"]

_SHOWN = 5
_TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_PARQUET_SUFFIXES = (".parquet", ".geoparquet", ".pq")
_GEO_SUFFIXES = (".gpkg", ".geojson", ".json", ".gml", ".shp", ".fgb")


@dataclasses.dataclass(frozen=True)
class Table:
    """The rows of a file; `first_row` is the number a person gives the first of them (2 under a header line)."""

    frame: Any  # DataFrame, or GeoDataFrame where the file holds geometry
    path: Path
    first_row: int

    @property
    def has_geometry(self) -> bool:
        """Whether the file holds shapes."""
        return isinstance(self.frame, gpd.GeoDataFrame)

    def show(self, mask: npt.NDArray[np.bool_], say: Callable[[int], object]) -> str:
        """Say which rows a mask marks, the first few with what `say` tells of their positions.

        >>> from pathlib import Path
        >>> table = Table(pd.DataFrame({"people": [3, -1]}), Path("a.csv"), 2)
        >>> table.show(np.array([False, True]), lambda i: table.frame["people"].iloc[i])
        '1 row: row 3 (-1)'
        """
        places = np.flatnonzero(mask).tolist()
        first = ", ".join(f"row {self.frame.index[i] + self.first_row} ({say(i)})" for i in places[:_SHOWN])
        more = ", ..." if len(places) > _SHOWN else ""
        return f"{len(places)} row{'' if len(places) == 1 else 's'}: {first}{more}"


def read_table(path: Path, *, layer: str | None = None) -> Table:
    """Read a population file of any understood kind; text files come with every value as text.

    Raises
    ------
    InputError
        If the file is of no understood kind, cannot be read as what its name says, or has several layers and none is
        named.
    """
    name = path.name.lower()
    try:
        if name.endswith(_TEXT_SUFFIXES):
            return Table(_read_text_file(path), path, 2)
        if name.endswith(_PARQUET_SUFFIXES):
            return Table(_read_parquet(path), path, 1)
        if name.endswith(_GEO_SUFFIXES):
            return Table(_read_geo_file(path, layer=layer), path, 1)
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (ValueError, OSError, RuntimeError) as error:  # what pandas, Arrow and GDAL raise for a damaged file
        raise InputError(f"{path}: cannot be read: {error}") from error
    known = ", ".join((*_TEXT_SUFFIXES[:3], *_PARQUET_SUFFIXES, *_GEO_SUFFIXES))
    raise InputError(f"{path}: is of no kind that is understood; give one of {known} (a raster: read_raster_cells)")


def check_columns(table: Table, columns: Sequence[str]) -> list[str]:
    """Say which of the named columns the file lacks, and what it has instead."""
    present = [str(c) for c in table.frame.columns]
    problems = []
    for column in dict.fromkeys(columns):
        if column not in present:
            close = difflib.get_close_matches(column.lower(), [c.lower() for c in present], n=1, cutoff=0.6)
            meant = [c for c in present if c.lower() in close][:1]
            hint = f"; did you mean {meant[0]!r}?" if meant else ""
            problems.append(f"has no column {column!r}{hint} (it has {', '.join(present)})")
    return problems


def read_text(table: Table, column: str) -> tuple[pd.Series[str], list[str]]:
    """Return a column of ids as text, and what is wrong with it: missing or repeated values."""
    raw = table.frame[column]
    if pd.api.types.is_float_dtype(raw) and np.all(np.mod(raw.dropna(), 1) == 0):
        raw = raw.astype("Int64")  # ids of digits that passed through a table with gaps
    empty = _is_blank(raw)
    text: pd.Series[str] = raw.astype("str").str.strip().where(~empty, "")
    problems = []
    if empty.any():
        problems.append(f"{column} is missing in {table.show(empty, lambda _: 'empty')}")
    repeated = text.duplicated(keep=False).to_numpy() & ~empty
    if repeated.any():
        problems.append(
            f"{column} is not unique in {table.show(repeated, lambda i: text.iloc[i])}; every cell may be there once"
        )
    return text, problems


def read_numbers(table: Table, column: str, *, negative: bool = False) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Return a column as float64, and what is wrong: values missing, not numbers, infinite, negative if not allowed."""
    raw = table.frame[column]
    empty = _is_blank(raw)
    if pd.api.types.is_bool_dtype(raw) or pd.api.types.is_datetime64_any_dtype(raw):
        return np.zeros(len(raw)), [f"{column} holds {raw.dtype} values, not numbers"]
    values = np.asarray(pd.to_numeric(raw, errors="coerce"), dtype=np.float64)
    wrong = np.isnan(values) & ~empty
    problems = []
    if empty.any():
        problems.append(f"{column} is missing in {table.show(empty, lambda _: 'empty')}")
    if wrong.any():
        comma = raw[wrong].astype("str").str.fullmatch(r"\s*-?[0-9]+,[0-9]+\s*").any()
        hint = "; write decimals with a point" if comma else ""
        problems.append(f"{column} is not a number in {table.show(wrong, lambda i: repr(raw.iloc[i]))}{hint}")
    if np.isinf(values).any():
        problems.append(f"{column} is infinite in {table.show(np.isinf(values), lambda i: raw.iloc[i])}")
    below = np.isfinite(values) & (values < 0)
    if below.any() and not negative:
        problems.append(f"{column} is negative in {table.show(below, lambda i: raw.iloc[i])}")
    return values, problems


def _is_blank(raw: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    blank = raw.isna().to_numpy(dtype=bool)
    if pd.api.types.is_string_dtype(raw) or raw.dtype == object:
        blank = blank | (raw.astype("str").str.strip() == "").to_numpy(dtype=bool)
    return blank


def _read_text_file(path: Path) -> pd.DataFrame:
    with (
        gzip.open(path, "rt", encoding="utf-8-sig") if path.suffix == ".gz" else path.open(encoding="utf-8-sig") as file
    ):
        header = file.readline()
    if not header.strip():
        raise InputError(f"{path}: is empty, or its first line is; the first line names the columns")
    separator = max(",;\t", key=header.count)
    try:
        # Blank lines are kept and dropped below, so that the index still counts the lines of the file.
        frame = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig"
        )
    except pd.errors.ParserError as error:
        raise InputError(f"{path}: rows do not fit the header: {str(error).strip()}") from error
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(f"{path}: rows hold more values than the header has names ({', '.join(frame.columns)})")
    return frame[~((frame == "") | frame.isna()).all(axis=1)]


def _read_parquet(path: Path) -> Any:
    import pyarrow.parquet as pq  # a large import that only reading needs

    read = gpd.read_parquet if b"geo" in (pq.read_schema(path).metadata or {}) else pd.read_parquet
    frame = read(path)
    return frame.reset_index(drop=frame.index.name is None)  # an index that was saved by name is a column of the file


def _read_geo_file(path: Path, *, layer: str | None) -> Any:
    layers = list(gpd.list_layers(path)["name"])
    if layer is None and len(layers) > 1:
        raise InputError(f"{path}: has {len(layers)} layers ({', '.join(layers)}); name one with layer")
    if layer is not None and layer not in layers:
        raise InputError(f"{path}: has no layer {layer!r} (it has {', '.join(layers)})")
    return gpd.read_file(path, layer=layer)
