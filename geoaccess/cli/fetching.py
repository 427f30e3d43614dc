"""The command that gets data from the internet."""

from __future__ import annotations

import re
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import app
from geoaccess.errors import FetchError, GeoaccessError, GeoaccessWarning, InputError
from geoaccess.extras import require_extra
from geoaccess.phrases import FALLBACK, Writer, language_code, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.sources.catalogue import Sources
    from geoaccess.study.settings.study_file import Study

_FOLDER = Path("data/downloads")


@app.command()
def fetch(
    *,
    what: Annotated[
        str | None, typer.Argument(metavar="REGION|STUDY", help="A study file, or a region such as norge; see --list.")
    ] = None,
    place: Annotated[
        str | None, typer.Option("--place", help='A small place instead, such as "Senja, Norway".')
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option("--sources", metavar="FILE", help="Another table of sources, such as a copy of yours."),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--folder", help="Folder for downloads; a study says where its own go.")
    ] = _FOLDER,
    listed: Annotated[bool, typer.Option("--list", help="List regions and files, and fetch nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Download again even if the file exists.")] = False,
    language: Annotated[str, typer.Option("--language", help="Language of what is printed: en or nb.")] = FALLBACK,
    as_json: AsJson = False,
) -> None:
    """Download the files that a study reads, the open data of a region, or the roads and ferries of a place.

    \b
    geoaccess fetch my-study.toml
    geoaccess fetch nord-norge
    geoaccess fetch --place "Senja, Norway"

    The one command that needs the internet. Existing files are kept; an interrupted download is resumed. It succeeds
    when all files that are needed are there; the others, and files to download by hand, are named. The last line says
    what to do next.
    """  # noqa: D301 - \\b keeps lines apart
    if sum((what is not None, place is not None, listed)) != 1:
        raise InputError('name a study or a region, or a place with --place "Senja, Norway"; --list lists regions')
    require_extra("fetch", to="download files")
    answer = Answer("fetch", language=language_code(language))
    if listed:
        from geoaccess.sources.catalogue import read_sources

        _list(answer, read_sources(sources), folder)
        answer.show(as_json=as_json)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GeoaccessWarning)
        try:
            if place is not None:
                paths, then = [_fetch_place(place, folder, force=force)], ""
            elif str(what).endswith(".toml"):
                paths, then, answer.study = _fetch_study(Path(str(what)), sources, force=force)
                answer.language = answer.study.settings.language
            else:
                paths, then = _fetch_region(str(what), sources, folder, force=force, language=language)
        except GeoaccessError:
            for note in _notes(caught):  # beside the message of the error, where no answer is shown
                typer.echo(note, err=as_json)
            raise
    answer.there(paths)
    answer.say(*_notes(caught), then or text(language, "terminal.fetch_next"))
    answer.show(as_json=as_json)


def _notes(caught: Sequence[warnings.WarningMessage]) -> list[str]:
    """Return what of ours was warned of."""
    return [str(one.message) for one in caught if issubclass(one.category, GeoaccessWarning)]


def _fetch_region(
    region: str, sources: Path | None, folder: Path, *, force: bool, language: str
) -> tuple[list[Path], str]:
    """Fetch a region; return the files, and what to do next where a study that comes with the program reads them."""
    from geoaccess.progress import downloads
    from geoaccess.sources.catalogue import read_sources
    from geoaccess.sources.fetch import fetch as fetch_files

    with downloads() as progress:
        paths = fetch_files(region, sources=sources, folder=folder, force=force, progress=progress, language=language)
    study = read_sources(sources).regions[region].study
    if study is None:
        return paths, ""
    path = Path("configs", study)
    if not path.is_file():  # an installed program has no data for it either
        return paths, ""
    return paths, text(language, "terminal.fetch_run", path=path)


def _fetch_study(path: Path, sources: Path | None, *, force: bool) -> tuple[list[Path], str, Study]:
    """Fetch what a study reads; return the files, what to do next, and the study.

    Raises
    ------
    FetchError
        If files that the study reads are neither there nor in the table of sources.
    """
    from geoaccess import files
    from geoaccess.progress import downloads
    from geoaccess.sources.catalogue import read_sources
    from geoaccess.sources.fetch import fetch_wanted, wanted_by
    from geoaccess.study import load_study

    study = load_study(path)
    table = study.resolve(study.settings.sources) if sources is None and study.settings.sources else sources
    language = study.settings.language
    wanted, others = wanted_by(study.inputs.values(), read_sources(table))
    with downloads() as progress:
        paths = fetch_wanted(str(path), wanted, force=force, progress=progress, language=language)
    absent = [str(other) for other in others if not files.is_there(other)]
    if absent:
        where = table or "the table of sources"
        raise FetchError(
            f"{path}: reads {', '.join(absent)}, which is not there and not in {where}; put it there, or add it to the "
            "table"
        )
    return paths, text(language, "terminal.fetch_run", path=path), study


def _fetch_place(place: str, folder: Path, *, force: bool) -> Path:
    """Fetch a place; what came before an interruption is kept beside the file until the file is there."""
    from geoaccess.progress import pieces
    from geoaccess.sources.place import fetch_place

    name = re.sub(r"\W+", "-", place.lower()).strip("-") or "place"
    path = folder / "places" / f"{name}.osm"
    answers = path.with_suffix(".answers")
    if path.exists() and not force:
        raise InputError(f"{path} is there already; --force downloads it again")
    if force:
        shutil.rmtree(answers, ignore_errors=True)
    try:
        with pieces(place) as progress:
            fetch_place(place, path, cache=answers, progress=progress)
    except FetchError:
        raise
    except GeoaccessError:  # there is no such place: nothing to go on with
        shutil.rmtree(answers, ignore_errors=True)
        raise
    shutil.rmtree(answers, ignore_errors=True)
    return path


def _list(answer: Answer, table: Sources, folder: Path) -> None:
    """Answer with every region and its files: which are needed, which are there, and where they go."""
    import pandas as pd

    from geoaccess.sources.fetch import Wanted, is_there

    writer = Writer(answer.language, ("terminal",))
    files = pd.DataFrame(
        [
            {
                "region": name,
                "file": file.written("what", answer.language),
                "needed": file in table.needs(name),
                "there": is_there(Wanted(file, folder / file.path)),
                "path": str(folder / file.path),
            }
            for name in table.regions
            for file in table.of(name)
        ]
    )
    words = {True: writer["fetch_yes"], False: writer["fetch_no"]}
    shown = files.assign(**{name: files[name].map(words) for name in ("needed", "there")})
    heads = {
        "region": writer["fetch_region"],
        "file": writer["fetch_file"],
        "needed": writer["fetch_needed"],
        "there": writer["fetch_there"],
        "path": writer["fetch_path"],
    }
    answer.table("files", "", shown.rename(columns=heads), files)
