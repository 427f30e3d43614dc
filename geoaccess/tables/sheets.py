"""Spreadsheets: their cells as text, and the area that they claim bounded before any room is made for it."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from typing import TYPE_CHECKING
from xml.parsers import expat

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.tables.text import DECIMAL_COMMA, frame_of_rows

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["read_sheet"]

_MOST_CELLS = 40_000_000
"""A sheet of all rows and forty columns; one far cell makes a sheet of 17,000,000,000."""
_SECONDS_PER_MINUTE = 60
_LETTERS = 26
_ROW_OR_C = re.compile(rb"<(?:\w+:)?(row|c)\b([^>]*?)(/?)>")
_ROW = re.compile(rb"\sr=[\"']([0-9]+)[\"']")
_PLACE = re.compile(rb"\sr=[\"']([A-Z]+)([0-9]+)[\"']")
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated=[\"']([0-9]+)[\"']")
_TABLE_ROW_OR_CELL = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_FILLED = re.compile(rb"value-type=|office:[a-z-]*value=|table:formula=")


def read_sheet(path: Path, sheet: str | None) -> pd.DataFrame:
    """Read the one sheet of a workbook that holds values, or the one that is named.

    Raises
    ------
    InputError
        If it is damaged, has no such sheet, or not one of them holds values, or claims more cells than can be.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    files.check_zip(path)
    _check_area(path)
    names: list[str] = []
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = [meta.name for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
            found = {
                name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for name in (names if sheet is None else {sheet} & {*names})
            }
    except CalamineError as error:
        raise _unreadable(path, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of a library in Rust that finds what it had not thought of
            raise
        raise _unreadable(path, error) from error
    if sheet is not None and sheet not in names:
        raise InputError(f"{path}: has no sheet {sheet!r} (it has {', '.join(names)})")
    sheets = {name: [[_cell_text(value) for value in row] for row in rows] for name, rows in found.items()}
    filled = [name for name, rows in sheets.items() if any(any(row) for row in rows)]
    if len(filled) != 1:
        several = f"has {len(filled)} sheets with values ({', '.join(filled)}); name one with layer, or save it alone"
        raise InputError(f"{path}: {several if filled else 'is empty; the first row names the columns'}")
    numbered = [(n, row) for n, row in enumerate(sheets[filled[0]], start=1) if any(row)]
    rows = frame_of_rows(path, numbered[0][1], numbered[1:])
    rows.attrs[DECIMAL_COMMA] = False
    return rows


def _unreadable(path: Path, error: BaseException) -> InputError:
    return InputError(f"{path}: cannot be read as a spreadsheet: {error}; save it again, or as CSV")


def _check_area(path: Path) -> None:
    """Refuse a workbook with a sheet of more cells than can be; what is damaged is for its reader to say."""
    try:
        areas = _areas(path)
    except InputError:
        raise
    except files.ZIP_ERRORS:
        return
    for member, area in areas.items():
        if area > _MOST_CELLS:
            raise InputError(
                f"{path}: a sheet of {area} cells ({member}), of which {_MOST_CELLS} can be read; delete what is far "
                "off the table, and save it again"
            )


def _areas(path: Path) -> dict[str, int]:
    """Return how many cells each sheet of a workbook has, by the file in it.

    Raises
    ------
    InputError
        If one is no whole XML: a reader may look for the end of a table for ever.
    """
    found = {}
    with zipfile.ZipFile(path) as packed:
        for member in packed.namelist():
            name = member.lower()
            of_xlsx = name.startswith("xl/worksheets/") and name.endswith(".xml")
            if not of_xlsx and name != "content.xml":
                continue
            text = packed.read(member)
            found[member] = _area_of_xlsx(text) if of_xlsx else _area_of_ods(text)
            if found[member] <= _MOST_CELLS:
                try:
                    expat.ParserCreate().Parse(text, True)  # noqa: FBT003 - the only form
                except expat.ExpatError as error:
                    raise _unreadable(path, error) from error
    return found


def _area_of_xlsx(text: bytes) -> int:
    """Return how many cells lie between the first and the last that holds anything; too many as soon as they are."""
    rows = columns = row = column = 0
    for found in _ROW_OR_C.finditer(text):
        kind, about, closed = found.groups()
        if kind == b"row":
            number = _ROW.search(about)
            row, column = int(number[1][:12]) if number else row + 1, 0
            continue
        place = _PLACE.search(about)
        if place is None:  # it stands behind the one before
            column += 1
        else:
            row, column = int(place[2][:12]), 0
            for letter in place[1][:8]:
                column = _LETTERS * column + letter - ord("A") + 1
        if not closed:
            rows, columns = max(rows, row), max(columns, column)
            if rows * columns > _MOST_CELLS:
                break
    return rows * columns


def _area_of_ods(text: bytes) -> int:
    """Return how many cells the sheets have, each up to its last that holds anything; too many as soon as they are.

    What is repeated counts as written out, and what is empty where something stands behind it: there it takes room.
    """
    before = rows = columns = row = column = 0
    for found in _TABLE_ROW_OR_CELL.finditer(text):
        kind, about = found.groups()
        repeated = _REPEATED.search(about)
        number = int(repeated[1][:12]) if repeated else 1
        if kind == b"table":
            before += rows * columns
            rows = columns = row = column = 0
        elif kind == b"table-row":
            row, column = row + number, 0
        else:
            column += number
            if _FILLED.search(about):
                rows, columns = max(rows, row), max(columns, column)
                if before + rows * columns > _MOST_CELLS:
                    break
    return before + rows * columns


def _cell_text(value: object) -> str:
    """Return the value of a cell as it would be written; whole numbers without a decimal point."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.time) and not value.second and not value.microsecond:
        return value.strftime("%H:%M")
    if isinstance(value, dt.timedelta) and value.seconds % _SECONDS_PER_MINUTE == 0:
        minutes = round(value.total_seconds() / _SECONDS_PER_MINUTE)
        return f"{minutes // 60}:{minutes % 60:02d}"
    return str(value).strip()
