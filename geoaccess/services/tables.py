"""Files that hold sites, read as text, with the row numbers that a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["empty_rows", "missing_columns", "read_rows", "read_text", "read_yes"]

_SUFFIXES = (".csv", ".parquet", ".geojson", ".json", ".gpkg")
_YES = ("yes", "true", "1")
_NO = ("no", "false", "0", "")


def read_rows(path: Path) -> Any:
    """Return the rows of a file, a GeoDataFrame where it is a GeoJSON or GeoPackage of shapes.

    The index is the number of the row: in a CSV the header is row 1 and blank lines count, though they are left out;
    elsewhere the first row is 1. All values of a CSV are text.

    Raises
    ------
    MissingFileError, InputError
        If there is no such file, or it cannot be read as what its name says.
    """
    files.require(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(f"{path}: sites are read from .csv, .parquet, .geojson or .gpkg")
    try:
        if suffix == ".csv":
            return _read_csv(path)
        if suffix == ".parquet":
            rows = pd.read_parquet(path)
            rows = rows.reset_index(drop=rows.index.name is None)  # an index saved by name is a column of the file
        else:
            import geopandas as gpd

            rows = gpd.read_file(path)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (ValueError, OSError, RuntimeError) as error:  # what pandas, Arrow and GDAL raise for a damaged file
        raise InputError(f"{path}: cannot be read: {str(error).strip()}") from error
    return rows.set_axis(pd.RangeIndex(1, len(rows) + 1))


def _read_csv(path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig")
    if not isinstance(rows.index, pd.RangeIndex):  # pandas takes the values that are too many for labels
        raise pd.errors.ParserError(f"its rows hold more values than the header has names ({', '.join(rows.columns)})")
    rows = rows.fillna("").set_axis(pd.RangeIndex(2, len(rows) + 2))
    return rows[(rows != "").any(axis=1)]


def missing_columns(rows: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Say which of the named columns are not there, each with the nearest that is."""
    return [f'no column "{name}"{did_you_mean(name, rows.columns)}' for name in names if name not in rows]


def read_text(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    """Return a column as text without blanks around it; "" where it has no value, and where there is no such column."""
    if name not in rows:
        return pd.Series("", index=rows.index, dtype="str")
    values = rows[name].astype("object")
    return values.where(values.notna(), "").astype("str").str.strip()


def read_yes(rows: pd.DataFrame, name: str) -> tuple[npt.NDArray[Any], list[str]]:
    """Return where a column says yes, and which rows say neither yes nor no; what is empty says no."""
    words = read_text(rows, name).str.lower()
    odd = rows.index[~words.isin([*_YES, *_NO])]
    problems = [f'row {row}: {name} is "{rows[name][row]}"; write yes or no' for row in odd]
    return words.isin(_YES).to_numpy(bool), problems


def empty_rows(rows: pd.DataFrame, name: str) -> list[str]:
    """Say in which rows a column is empty."""
    return [f"row {row}: {name} is empty" for row in rows.index[read_text(rows, name) == ""]]
