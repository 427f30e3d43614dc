"""The program, what all its commands have in common, and how tables are printed."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from geoaccess.bounds import of_our_calendar
from geoaccess.cli.terminal import out, print_table_of, say
from geoaccess.errors import InputError
from geoaccess.files import reason_of
from geoaccess.hints import other_unit
from geoaccess.phrases import FALLBACK, text
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from geoaccess.study.settings.study_file import Study


__all__ = [
    "Candidates",
    "Exclude",
    "InnerFolder",
    "Language",
    "LeastPeople",
    "OutputFolder",
    "Quiet",
    "Scheduler",
    "SolverSeconds",
    "StudyFile",
    "Workers",
    "app",
    "date",
    "lon_lat",
    "minutes_list",
    "names",
    "number_within",
    "opened",
    "out",
    "print_lines",
    "print_table",
    "print_written",
]


class _Verbs(TyperGroup):
    """All verbs; an end of input is said as every other mistake is: typer says "Aborted!" of it, whatever ended."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb that was asked for."""
        try:
            return super().invoke(ctx)
        except EOFError as error:
            raise InputError(
                f"something that is read ended too soon ({reason_of(error)}): an input that was closed, a file that "
                "is not whole, or another process that ended; run again, with the whole file"
            ) from error


app = typer.Typer(
    cls=_Verbs,
    name="geoaccess",
    help="How long people need, by road and ferry, to reach health care, and who is left behind.",
    epilog="Start with: geoaccess new my-study.toml, then geoaccess check and geoaccess run on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Language = Annotated[
    str | None,
    typer.Option("--language", metavar="CODE", help="Language of all that is shown: en or nb (default: the study's)."),
]
StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file, such as configs/iceland.toml.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")]
OutputFolder = Annotated[
    Path | None, typer.Option("--output", metavar="FOLDER", help="Output folder (default: the study's).")
]
InnerFolder = Annotated[
    Path | None, typer.Option("--output", metavar="FOLDER", help="Output folder (default: inside the study's).")
]

# Of verbs whose work can be spread over processes or machines:
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=0, max=10_000, help="Number of processes to spread the work over (default: only this one)."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Address of a dask cluster that you trust to spread the work over, such as tls://10.0.0.5:8786.",
    ),
]

# Of verbs that place something:
Candidates = Annotated[str, typer.Option("--candidates", help="settlements, cells, or a file.")]
LeastPeople = Annotated[
    float, typer.Option("--least-people", min=0, max=1e10, help="Smallest settlement to consider, in people.")
]
Exclude = Annotated[
    Path | None, typer.Option("--exclude", metavar="FILE", help="Polygons in which no site may be placed.")
]
SolverSeconds = Annotated[
    float, typer.Option("--seconds", min=0, max=1_000_000, help="Time limit of the exact solver, in seconds.")
]

_LEAST_MIN, _MOST_MIN = 0.1, 100_000.0
"""Times that are asked for: six seconds, so that they can be shown in minutes, to ten weeks."""


def opened(study: str | Path, language: str | None = None) -> Study:
    """Read a study, in another language where one is asked for."""
    from geoaccess.study import load_study  # `--help` should be quick

    loaded = load_study(study)
    return loaded if language is None else loaded.in_language(language)


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
        day = dt.date.fromisoformat(given)
    except ValueError as error:
        raise InputError(f'{option} is "{given}"; write a date such as 2026-01-14') from error
    try:
        return of_our_calendar(day)
    except ValueError as error:
        raise InputError(f"{option}: {error}") from error


def number_within(option: str, given: str, *, low: float, high: float, whole: bool = False) -> float:
    """Read a number of the command line, of the digits of a keyboard and within its bounds.

    Python would also take "1_0" and the digits of every script, and the parser of options does not say what was given.
    """
    value: float | None = None
    if "_" not in given and given.isascii():
        with contextlib.suppress(ValueError):
            value = int(given) if whole else float(given)
    if value is None:
        raise InputError(f"{option} is {given!r}; write a {'whole number' if whole else 'number such as 12.5'}")
    if not low <= value <= high:
        unit = other_unit(option.replace("-", "_"), value, most=high)
        raise InputError(f"{option} is {given}{unit}; give a number from {low:.12g} to {high:.12g}")
    return value


def minutes_list(option: str, given: str) -> tuple[float, ...]:
    """Read times in minutes with commas; each once."""
    found = tuple(number_within(option, part, low=_LEAST_MIN, high=_MOST_MIN) for part in names(given))
    if not found:
        raise InputError(f"{option} is {given!r}; write minutes with commas, such as 30,60,90")
    return found


def _degrees(text: str) -> float:
    if not re.fullmatch(r"\s*[+-]?[0-9]+(\.[0-9]*)?\s*", text):  # float() takes "1_0" and digits of every script
        raise ValueError(text)
    return float(text)


def lon_lat(option: str, given: str) -> tuple[float, float]:
    """Read longitude and latitude with a comma."""
    try:
        lon, lat = (_degrees(part) for part in given.split(","))
    except ValueError:
        raise InputError(f"{option} {given!r}: give longitude and latitude in degrees, such as 17.98,69.23") from None
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # noqa: PLR2004
        raise InputError(f"{option} {given!r}: longitude comes first, then latitude, in degrees")
    return lon, lat


def print_table(
    title: str, table: pd.DataFrame, written: Sequence[Path], *, disclaimer: str, language: str = FALLBACK
) -> None:
    """Print a table under its disclaimer, and the files that were written."""
    print_lines([], disclaimer=disclaimer)
    print_table_of(title, table, language=language)
    print_written(written, language=language)


def print_lines(lines: Iterable[str], *, disclaimer: str) -> None:
    """Print an answer in lines, under its disclaimer where there is one."""
    say([disclaimer], style="bold")
    say(lines)


def print_written(written: Iterable[Path], *, language: str = FALLBACK) -> None:
    """Print which files were written."""
    say([text(language, "terminal.written", files="  ".join(map(str, written)))])
