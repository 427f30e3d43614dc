"""The files of a note, and the note that answers a study and its scenarios."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geoaccess import maps
from geoaccess.arguments import checks_arguments
from geoaccess.questions.compare.comparison import compare_study
from geoaccess.questions.note.frame import Frame
from geoaccess.questions.note.scenarios import note_of_comparison, refuse_many
from geoaccess.questions.note.today import note_of_today
from geoaccess.study.pipeline import solve_study
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.stamps import InputStamps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.scenarios import Scenario
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["note_study", "write_note"]

_STEM = "note"


@checks_arguments
def note_study(
    study: Study,
    changes: Sequence[Scenario] = (),
    *,
    service: str | None = None,
    answers: Answers | None = None,
    show: bool = True,
) -> maps.Note:
    """Return the note of a study for a board: as it stands, or what scenarios would change.

    Parameters
    ----------
    changes
        At most three scenarios, each compared with the study as it is; none for the study as it stands.
    service
        What the note is about; if not given, the service with most people beyond its first norm, or that for which the
        scenarios change most.
    answers
        Of the study, where it has been solved already; they may be those of the study in another language.

    Returns
    -------
    The `Note`; every number in it is one of the tables of the run, or of `compare_study`.

    Raises
    ------
    InputError
        If the study has no such service, there are more than three scenarios, or as `compare_study`.

    Examples
    --------
    >>> from geoaccess.study import load_study
    >>> note = note_study(load_study("configs/iceland.toml"), service="hospital", show=False)  # doctest: +SKIP
    >>> note.question  # doctest: +SKIP
    'Hospital: how many people have a travel time of more than 60 minutes, and where do they live?'
    """
    refuse_many(study, changes, service=service)
    answers = None if answers is None else replace(answers, study=study)
    if changes:
        return note_of_comparison(compare_study(study, changes, answers=answers, show=show), service=service)
    return note_of_today(Frame(study, solve_study(study, show=show) if answers is None else answers), service)


@checks_arguments
def write_note(
    note: maps.Note, folder: Path, *, stem: str = _STEM, stamps: InputStamps | None = None
) -> tuple[list[Path], str]:
    """Write a note as `{stem}.html` and, of at most two sheets of A4, `{stem}.pdf`.

    Parameters
    ----------
    stamps
        Of the inputs that it was computed from (`Answers.stamps`): where one was replaced since, nothing is written.

    Returns
    -------
    The files, and why there is no PDF ("" if there is): weasyprint is an extra.

    Raises
    ------
    InputError
        If it does not fit on two sheets, or an input was replaced.
    """
    page, pdf = folder / f"{stem}.html", folder / f"{stem}.pdf"
    former = {page.name, pdf.name}
    with result_files(folder, former=lambda: former, stamps=stamps or InputStamps()) as temporary:
        maps.note_page(temporary / page.name, note=note)
        why_not = maps.note_pdf(temporary / page.name, temporary / pdf.name)
    return [page] if why_not else [page, pdf], why_not
