"""The command line: words in, words out; all work is done elsewhere."""

from __future__ import annotations

import io
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import geoaccess
from geoaccess.errors import GeoaccessError, GeoaccessWarning, InputError

if TYPE_CHECKING:
    import pandas as pd

    from geoaccess.study.pipeline import Answers

__all__ = ["main"]

app = typer.Typer(
    name="geoaccess",
    help="How long people need, by road and ferry, to reach health care, and who is left behind.",
    epilog="Start with: geoaccess new my-study.toml, then geoaccess check and geoaccess run on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(soft_wrap=True, highlight=False)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file, such as configs/iceland.toml.")]


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        typer.echo(f"geoaccess {geoaccess.__version__}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Hold what all commands have in common."""


@app.command()
def run(
    study: StudyFile,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> None:
    """Compute a study and write its maps, figures and tables.

    Everything is written to the folder that the study names as its output: index.html is a map to open in a browser
    (it needs no network), run.json says how the results were made.
    """
    from geoaccess.study import load_study  # `--help` should be quick
    from geoaccess.study import run as run_study

    loaded = load_study(study)
    answers = run_study(loaded, show=not quiet)
    if not quiet:
        _print_main_result(answers)


@app.command()
def check(study: StudyFile) -> None:
    """Read a study and all its inputs, compute nothing, and say what was found or what is wrong."""
    from geoaccess.study import check as check_study
    from geoaccess.study import load_study

    for line in check_study(load_study(study)):
        out.print(Text(f"  {line}"))
    out.print(Text(f"{study}: good to run"))


@app.command()
def info(study: StudyFile) -> None:
    """Say what the network of a study is made of: roads, ferries, islands, and what was left out."""
    from geoaccess.study import describe_network, load_study

    for title, table in describe_network(load_study(study)):
        out.print(_rich(title, table))


@app.command()
def new(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="The file to write, such as my-study.toml.")],
) -> None:
    """Write a commented study file to start from, with a copy of the car profile beside it."""
    from geoaccess.study import write_template

    for path in write_template(study):
        out.print(Text(f"wrote {path}"))
    out.print(Text(f"Edit it, then: geoaccess check {study}"))


@app.command()
def fetch(
    *,
    region: Annotated[str | None, typer.Argument(metavar="REGION", help="iceland, nord-norge or norge.")] = None,
    place: Annotated[
        str | None, typer.Option("--place", help='A small place instead, such as "Senja, Norway".')
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where downloads go.")] = Path("data/downloads"),
    force: Annotated[bool, typer.Option("--force", help="Download again what is there already.")] = False,
) -> None:
    """Download the open data of a region, or the roads and ferries of a place.

    The one command that needs the internet. What is there already is kept; a broken download goes on where it broke.
    What must be downloaded by hand is listed at the end.
    """
    if (region is None) == (place is None):
        raise InputError('name a region, or a place with --place "Senja, Norway"')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GeoaccessWarning)
        try:
            for path in _fetched(region, place, folder, force=force):
                out.print(Text(f"{path}"))
        finally:
            for warning in caught:
                if issubclass(warning.category, GeoaccessWarning):
                    out.print(Text(str(warning.message)))


def _fetched(region: str | None, place: str | None, folder: Path, *, force: bool) -> list[Path]:
    from geoaccess.study.fetch import fetch as fetch_region
    from geoaccess.study.progress import downloads

    if region is not None:
        with downloads() as progress:
            return fetch_region(region, folder=folder, force=force, progress=progress)
    from geoaccess.network.place import fetch_place

    assert place is not None  # noqa: S101 - one of the two was named
    name = re.sub(r"\W+", "-", place.lower()).strip("-") or "place"
    path = folder / "places" / f"{name}.osm"
    if path.exists() and not force:
        raise InputError(f"{path} is there already; --force downloads it again")
    return [fetch_place(place, path)]


def _print_main_result(answers: Answers) -> None:
    from geoaccess.study import main_table

    settings = answers.study.settings
    out.print()
    out.print(Text(settings.title, style="bold"))
    for line in (settings.disclaimer, settings.note):
        if line:
            out.print(Text(line, style="bold" if line == settings.disclaimer else ""))
    out.print(_rich("", main_table(answers)))
    if answers.sites_not_snapped:
        out.print(
            Text(f"Left out, with no road within {settings.snap.max_m:g} m: {', '.join(answers.sites_not_snapped)}")
        )
    out.print(Text(f"{answers.population:,.0f} people in, all accounted for. Written to {answers.study.output}:"))
    out.print(Text("  " + "  ".join(path.name for path in answers.files)))
    out.print(Text(f"Open {answers.study.output / 'index.html'} in a browser."))


def _rich(title: str, frame: pd.DataFrame) -> Table:
    drawn = Table(title=Text(title) if title else None, title_justify="left")
    for name in frame.columns:
        drawn.add_column(Text(str(name)), justify="left" if frame[name].dtype.kind not in "if" else "right")
    for row in frame.itertuples(index=False):
        drawn.add_row(*(Text(value if isinstance(value, str) else f"{value:,.0f}") for value in row))
    return drawn


def main() -> None:
    """Run the command line; a mistake the user can mend ends in one message and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe on Windows cannot hold every letter of a name
    try:
        app(prog_name="geoaccess")
    except GeoaccessError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("error: ", "bold red"), str(error)))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
