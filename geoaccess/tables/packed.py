"""Tables inside a zip archive, and tables of text that are too large to be read whole."""

from __future__ import annotations

import shutil
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.tables.text import DECIMAL_COMMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LARGE_BYTES", "read_large_text", "table_in_zip", "unpacked"]

LARGE_BYTES = 64 << 20
"""A table of text larger than this is read column by column: a continent's grid would take many times its size."""

_PARQUET = (".parquet", ".geoparquet", ".pq")
_SHAPES = (".gdb", ".gpkg", ".geojson", ".json", ".gml", ".shp", ".fgb", ".kml")
_TEXT = (".csv", ".tsv")
_BLOCK_BYTES = 16 << 20


def table_in_zip(path: Path) -> str | None:
    """Return the member of a zip that is its table: the one Parquet file, else the one of text if it holds no shapes.

    None where the archive holds shapes, which are read where they are.

    Raises
    ------
    InputError
        If it is no whole zip, or holds several tables.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if not name.startswith("__MACOSX/")]
    except files.ZIP_ERRORS as error:
        raise InputError(f"{path}: is no whole zip file ({error}); download it again") from error
    parts = {name: PurePosixPath(name.lower()) for name in names}
    shapes = any(part.endswith(_SHAPES) for pure in parts.values() for part in pure.parts)
    for endings in (_PARQUET, () if shapes else _TEXT):
        found = sorted(name for name, pure in parts.items() if pure.name.endswith(endings)) if endings else []
        if len(found) > 1:
            raise InputError(f"{path}: holds {len(found)} tables ({', '.join(found)}); unpack it and name one")
        if found:
            return found[0]
    return None


@contextmanager
def unpacked(path: Path, member: str) -> Iterator[Path]:
    """Give a member of a zip as a file, which is there until the block ends."""
    files.check_zip(path, [member])
    with files.scratch() as folder:
        target = folder / PurePosixPath(member).name
        try:
            with zipfile.ZipFile(path) as packed, packed.open(member) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
        except (KeyError, *files.ZIP_ERRORS) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk; what bz2 says of damaged data has no number
            raise InputError(f"{path}: {member} cannot be unpacked ({error}); download it again") from error
        try:
            yield target
        except InputError as error:
            raise InputError(str(error).replace(str(target), f"{path}: {member}")) from error


def read_large_text(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """Read some columns of a large table of text as text, a block at a time; None where the columns are not all there.

    Rows are numbered as a person sees them, the header being 1.
    """
    import pyarrow as pa
    import pyarrow.csv as pc

    with path.open("rb") as file:
        head = file.readline().decode("utf-8-sig", errors="replace")
    separator = max((",", ";", "\t"), key=head.count)
    names = [name.strip().strip('"') for name in head.rstrip("\r\n").split(separator)]
    if not {*columns} <= {*names} or len({*names}) < len(names):
        return None
    try:
        with pc.open_csv(
            path,
            read_options=pc.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK_BYTES),
            parse_options=pc.ParseOptions(delimiter=separator),
            convert_options=pc.ConvertOptions(
                include_columns=list(columns),
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
            ),
        ) as reader:
            table = reader.read_all()
    except pa.ArrowInvalid:
        return None  # the reader of small tables says what is wrong
    frame: pd.DataFrame = table.to_pandas(
        types_mapper={pa.string(): pd.StringDtype("pyarrow", na_value=float("nan"))}.get
    )
    numbered = frame.set_axis(pd.RangeIndex(2, len(frame) + 2))
    numbered.attrs[DECIMAL_COMMA] = separator != ","
    return numbered
