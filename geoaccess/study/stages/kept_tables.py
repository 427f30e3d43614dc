"""Tables in the cache: one folder, one Parquet file each, with their digests; what is damaged is made again."""

from __future__ import annotations

import contextlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["drop_oldest", "found_tables", "kept_tables"]

_FORMAT = 1
_DESCRIBED = "tables.json"
_TAGS = "tags"  # a column of dictionaries


def kept_tables(folder: Path, make: Callable[[], Mapping[str, pd.DataFrame]]) -> dict[str, Any]:
    """Return tables by name from a folder; where it is not there, or damaged, they are made and written into it.

    Tables with geometry keep it, and their CRS. A column `tags` holds dictionaries of text.
    """
    found = found_tables(folder)
    if found is not None:
        return found
    made = dict(make())
    with files.kept_if_possible(folder.parent):
        _save(made, folder)
    return made


def found_tables(folder: Path) -> dict[str, Any] | None:
    """Return the tables of a folder by name; None where it is not there, or damaged."""
    try:
        return _load(folder)
    except (OSError, KeyError, TypeError, AttributeError, ValueError):  # InputError is a ValueError
        return None


def drop_oldest(parent: Path, pattern: str, *, most: int) -> None:
    """Remove the folders of a pattern that were written first, but for `most`; who lacks one makes it again."""
    written = []
    for folder in parent.glob(pattern):
        with contextlib.suppress(OSError):  # another process was quicker
            written.append((folder.stat().st_mtime_ns, folder))
    for _, folder in sorted(written)[:-most]:
        shutil.rmtree(folder, ignore_errors=True)


def _save(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    with files.writing_folder(folder) as temporary:
        for name, table in tables.items():
            _flat(table).to_parquet(temporary / f"{name}.parquet")
        described = {
            "format": _FORMAT,
            "tables": {
                name: {"sha256": files.sha256(temporary / f"{name}.parquet"), "geometry": hasattr(table, "crs")}
                for name, table in tables.items()
            },
        }
        (temporary / _DESCRIBED).write_text(json.dumps(described, indent=1), encoding="utf-8")


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    if _TAGS not in table:
        return table
    return table.assign(tags=pd.Series([json.dumps(tags) for tags in table[_TAGS]], table.index, dtype="str"))


def _load(folder: Path) -> dict[str, Any]:
    described = json.loads((folder / _DESCRIBED).read_text(encoding="utf-8"))
    if described["format"] != _FORMAT:
        raise InputError(f"{folder}: written by another version")
    return {name: _table(folder / f"{name}.parquet", **about) for name, about in described["tables"].items()}


def _table(path: Path, *, sha256: str, geometry: bool) -> pd.DataFrame:
    if files.sha256(path) != sha256:
        raise InputError(f"{path}: damaged (not what was written)")
    if geometry:
        import geopandas as gpd

        table: pd.DataFrame = gpd.read_parquet(path)
    else:
        table = pd.read_parquet(path)
    if _TAGS in table:
        table[_TAGS] = pd.Series([json.loads(tags) for tags in table[_TAGS]], table.index, dtype="object")
    return table
