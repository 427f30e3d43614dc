"""The program, what all its commands have in common, and how tables are printed."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from geoaccess.errors import InputError
from geoaccess.phrases import FALLBACK, number, text
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from rich.console import JustifyMethod


__all__ = [
    "StudyFile",
    "app",
    "date",
    "lon_lat",
    "names",
    "out",
    "print_lines",
    "print_table",
    "print_written",
    "rich_table",
]

app = typer.Typer(
    name="geoaccess",
    help="How long people need, by road and ferry, to reach health care, and who is left behind.",
    epilog="Start with: geoaccess new my-study.toml, then geoaccess check and geoaccess run on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_FILE_WIDTH = 160  # a file has room, unless COLUMNS says how much
out = Console(
    soft_wrap=True,
    highlight=False,
    width=None if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit() else _FILE_WIDTH,
)

_NUMBER = re.compile(r"[<+\u00b1\u2212]?[\d.,\u00a0\u202f]*%?|[\u2013\u221e]")
_LONGEST_WORD = 16  # a longer one is broken before the table is drawn as lists

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file, such as configs/iceland.toml.")]


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"geoaccess {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Hold what all commands have in common."""


def names(given: str) -> tuple[str, ...]:
    """Read a list with commas; each once."""
    return tuple(dict.fromkeys(part.strip() for part in given.split(",") if part.strip()))


def date(option: str, given: str) -> dt.date:
    """Read a date."""
    try:
        return dt.date.fromisoformat(given)
    except ValueError as error:
        raise InputError(f'{option} is "{given}"; write a date such as 2026-01-14') from error


def lon_lat(option: str, given: str) -> tuple[float, float]:
    """Read longitude and latitude with a comma."""
    try:
        lon, lat = (float(part) for part in given.split(","))
    except ValueError:
        raise InputError(f"{option} {given!r}: give longitude and latitude in degrees, such as 17.98,69.23") from None
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004
        raise InputError(f"{option} {given!r}: longitude comes first, then latitude, in degrees")
    return lon, lat


def rich_table(title: str, frame: pd.DataFrame, *, language: str = FALLBACK) -> Table:
    """Draw a table for the terminal; what is a number stands to the right, and is never cut or broken.

    Where the columns do not fit side by side, each row is drawn as a list of its headings and values.
    """
    drawn = Table(title=Text(title) if title else None, title_justify="left")
    written = {
        str(name): [value if isinstance(value, str) else number(value, language=language) for value in column]
        for name, column in frame.items()
    }
    least = {name: max(_least_width(name), *map(_least_width, cells), 1) for name, cells in written.items()}
    if sum(least.values()) + 3 * len(least) + 1 > out.width:
        drawn.show_header = False
        drawn.add_column(overflow="fold")
        drawn.add_column(overflow="fold", min_width=max(least.values()))
        for row in zip(*written.values(), strict=True):
            shown = [(name, cell) for name, cell in zip(written, row, strict=True) if cell]
            for place, (name, cell) in enumerate(shown, start=1):
                drawn.add_row(Text(name), Text(cell), end_section=place == len(shown))
        return drawn
    for name, cells in written.items():
        justify: JustifyMethod = "right" if all(map(_NUMBER.fullmatch, cells)) else "left"
        drawn.add_column(Text(name), justify=justify, min_width=least[name], overflow="fold")
    for row in zip(*written.values(), strict=True):
        drawn.add_row(*map(Text, row))
    return drawn


def _least_width(text: str) -> int:
    """Return the width that a text needs: of a number all of it, else of its longest word, within bounds."""
    if _NUMBER.fullmatch(text):
        return cell_len(text)
    return min(max(map(cell_len, text.split(" "))), _LONGEST_WORD)


def print_table(
    title: str, table: pd.DataFrame, written: Sequence[Path], *, disclaimer: str, language: str = FALLBACK
) -> None:
    """Print a table under its disclaimer, and the files that were written."""
    print_lines([], disclaimer=disclaimer)
    out.print(rich_table(title, table, language=language))
    print_written(written, language=language)


def print_lines(lines: Iterable[str], *, disclaimer: str) -> None:
    """Print an answer in lines, under its disclaimer where there is one."""
    if disclaimer:
        out.print(Text(disclaimer, style="bold"))
    for line in filter(None, lines):
        out.print(Text(line))


def print_written(written: Iterable[Path], *, language: str = FALLBACK) -> None:
    """Print which files were written."""
    files = "  ".join(str(path) for path in written)
    out.print(Text(text(language, "terminal.written", files=files)))
