"""The command that answers on one page, and the option of others to do so."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from geoaccess.cli.answer import Answer, AsJson
from geoaccess.cli.app import InnerFolder, Language, Quiet, StudyFile, app, opened
from geoaccess.extras import require_extra

if TYPE_CHECKING:
    from geoaccess import maps
    from geoaccess.study.answers import Answers

__all__ = ["AsNote", "add_note"]

AsNote = Annotated[
    bool, typer.Option("--note", help="Also write the answer as a note of two pages for a board (HTML and PDF).")
]
_OF_TODAY = ("everybody", "classes", "municipalities")


def add_note(answer: Answer, note: maps.Note, folder: Path, *, of: Answers, stem: str = "note") -> None:
    """Write a note that was made `of` what a study found, and name its files in an answer."""
    from geoaccess.questions.note.output import write_note

    written, why_not = write_note(note, folder, stem=stem, stamps=of.stamps)
    answer.say(why_not)
    answer.wrote(written)


@app.command()
def note(
    study: StudyFile,
    scenarios: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SCENARIO", help="Up to three scenario files (TOML), side by side; none: the study."),
    ] = None,
    *,
    service: Annotated[
        str | None,
        typer.Option("--service", help="What it is about (default: the service that changes most, or is farthest)."),
    ] = None,
    together: Annotated[bool, typer.Option("--together", help="Apply all scenarios at once, in this order.")] = False,
    output: InnerFolder = None,
    language: Language = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a note of two pages for a board: the question, three findings, a map, before and after, what is uncertain.

    Without a scenario it is about the study as it stands: who is beyond the norm, and where they live. note.html and
    note.pdf (with geoaccess[pdf], tagged for screen readers) go to the folder note in the output of the study. compare,
    site, vehicles and vulnerable write the same with --note.
    """
    require_extra("maps", to="draw maps and figures")
    from geoaccess.questions import compare_study
    from geoaccess.questions.note.frame import Frame
    from geoaccess.questions.note.scenarios import note_of_comparison, refuse_many
    from geoaccess.questions.note.today import note_of_today
    from geoaccess.scenarios import read_scenario
    from geoaccess.study import solve_study
    from geoaccess.study.scenario_names import combine_in_study

    loaded = opened(study, language)
    changes = [read_scenario(path) for path in scenarios or []]
    changes = [combine_in_study(loaded, changes)] if together and changes else changes
    refuse_many(loaded, changes, service=service)
    answer = Answer.of("note", loaded)
    if changes:
        compared = compare_study(loaded, changes, show=not quiet)
        found, tables = note_of_comparison(compared, service=service), compared.tables
        answers = compared.base.answers
    else:
        answers = solve_study(loaded, show=not quiet)
        frame = Frame(loaded, answers)
        found, tables = note_of_today(frame, service), {name: frame.tables[name] for name in _OF_TODAY}
    answer.say(found.question, *(f"  {one.text}" for one in found.findings))
    answer.data |= tables
    add_note(answer, found, output or loaded.output / "note", of=answers)
    answer.show(as_json=as_json, quiet=quiet)
