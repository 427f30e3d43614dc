"""Tables of a GTFS feed, read in pieces: only the rows that are wanted are ever kept.

A national feed unpacks to hundreds of megabytes, nearly all of it rows of buses. Pieces of each file are searched for
the rows wanted before anything is made of them, so that memory holds one piece, and what is wrong with other rows does
not matter.
"""

from __future__ import annotations

import contextlib
import sys
import zipfile
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

__all__ = ["FeedFiles"]

_PIECE = 1 << 22
"""Bytes of a file that are in memory at a time."""
_SHOWN = 120


class FeedFiles:
    """The files of a feed: a zip, packed with a folder or without.

    Raises
    ------
    InputError
        If it is none, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        files.check_zip(path)
        try:
            self._members = _members(path)
        except files.ZIP_ERRORS as error:
            raise InputError(f"{path}: cannot be read as GTFS ({error})") from error

    def has(self, name: str) -> bool:
        """Return whether the feed has a file of that name (without ".txt")."""
        return name in self._members

    def read(
        self, name: str, columns: Sequence[str], *, optional: Sequence[str] = (), where: str = "", among: Any = None
    ) -> pd.DataFrame:
        """Return rows of a file as text, "" where nothing is written.

        Parameters
        ----------
        name
            The file, without ".txt".
        columns, optional
            What is wanted of each row. A column of `optional` that the file lacks is "".
        where, among
            Only rows whose value of the column `where` is among these; all rows unless given.

        Raises
        ------
        InputError
            If the file or one of `columns` is missing, or a row that is wanted cannot be read.
        """
        names = [*columns, *optional]
        if name not in self._members:
            raise InputError(f"{self.path}: cannot be read as GTFS (no {name}.txt)")
        header = self._header(name)
        missing = [column for column in columns if column not in header]
        if missing:
            raise InputError(f"{self.path}: cannot be read as GTFS ({name}.txt has no column {', '.join(missing)})")
        there = [column for column in names if column in header]
        table = self._rows(name, header, there, where, among)
        return table.reindex(columns=names, fill_value="")

    def _open(self, name: str) -> IO[bytes]:
        return zipfile.ZipFile(self.path).open(self._members[name])

    def _header(self, name: str) -> list[str]:
        try:
            with self._open(name) as stream:
                line = stream.readline(_PIECE)
        except files.ZIP_ERRORS as error:
            raise InputError(f"{self.path}: {name}.txt cannot be read ({error})") from error
        try:
            words = line.decode("utf-8-sig").split(",")
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: {name}.txt is not in UTF-8 ({error})") from error
        return [word.strip().strip('"').strip() for word in words]

    def _rows(
        self, name: str, header: Sequence[str], columns: Sequence[str], where: str, among: Collection[str] | None
    ) -> pd.DataFrame:
        import pyarrow as pa

        known = None if among is None else set(among)
        broken: list[str] = []

        def invalid(row: Any) -> str:
            if known is None or _word(row.text, header.index(where)) in known:
                broken.append(row.text)
            return "skip"

        try:
            with self._open(name) as stream, _once_said():
                whole = _found(stream, header, columns, where, known, invalid)
        except (pa.ArrowException, *files.ZIP_ERRORS) as error:
            raise InputError(f"{self.path}: {name}.txt cannot be read ({error})") from error
        if broken:
            raise InputError(
                f"{self.path}: {name}.txt: {len(broken)} rows of ferries have other columns than its header, the "
                f"first: {broken[0][:_SHOWN]}"
            )
        try:
            return pd.DataFrame(
                {column: [word.decode().strip() for word in whole[column].to_pylist()] for column in columns},
                dtype="str",
            )
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: {name}.txt is not in UTF-8 ({error})") from error


def _found(
    stream: IO[bytes],
    header: Sequence[str],
    columns: Sequence[str],
    where: str,
    known: Collection[str] | None,
    invalid: Callable[[Any], str],
) -> Any:
    """Return an Arrow table of the rows that are wanted, as bytes: what is in other rows is never looked at."""
    import pyarrow as pa
    from pyarrow import compute
    from pyarrow import csv as arrow_csv

    wanted = None if known is None else pa.array([str(value).encode() for value in known], pa.binary())
    used = list(dict.fromkeys((*columns, where) if where else columns))
    parts = [pa.table({column: pa.array([], pa.binary()) for column in columns})]
    try:
        reader = arrow_csv.open_csv(
            stream,
            read_options=arrow_csv.ReadOptions(
                column_names=list(header), skip_rows=1, block_size=_PIECE, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(invalid_row_handler=invalid),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=used, column_types=dict.fromkeys(header, pa.binary()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return parts[0]
        raise
    for piece in reader:
        kept = piece if wanted is None else piece.filter(compute.is_in(piece.column(where), value_set=wanted))
        if kept.num_rows:
            parts.append(pa.Table.from_batches([kept]).select(list(columns)))
    return pa.concat_tables(parts)


@contextlib.contextmanager
def _once_said() -> Iterator[None]:
    """Say nothing of rows that are no text but the error of Arrow for them: Python would print how it fails, too."""
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = before


def _members(path: Path) -> dict[str, str]:
    """Return where each table of the feed is; of several files of one name that least deep in folders."""
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if info.file_size]
    names = [name for name in names if name.endswith(".txt") and not name.startswith("__MACOSX")]
    names.sort(key=lambda name: -name.count("/"))
    return {PurePosixPath(name).stem: name for name in names}


def _word(text: str, place: int) -> str:
    words = text.split(",")
    return words[place].strip('" ') if place < len(words) else ""
