"""A plan as the note of two pages: what `geoaccess note STUDY PLAN` writes of the plan when it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess import files, maps
from geoaccess.extras import require_extra
from geoaccess.phrases import section
from geoaccess.planner.failures import PlannerError
from geoaccess.planner.merging import scenario_of
from geoaccess.questions.note.output import note_study, write_note
from geoaccess.scenarios import Scenario
from geoaccess.scenarios.reading import files_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geoaccess.planner.changes import Change
    from geoaccess.planner.state import PlannerState

__all__ = ["note_html", "note_pdf", "plan_note"]


def plan_note(
    state: PlannerState,
    changes: Sequence[Change],
    service: str,
    *,
    title: str = "",
    language: str = "",
    text: str = "",
    adds: Mapping[str, int] | None = None,
) -> maps.Note:
    """Return the note of a plan about one service, or of the study as it stands where the plan changes nothing.

    It is about the whole plan, also what the page does not edit.

    Parameters
    ----------
    title
        What the plan is called.
    language
        That of the study unless given.
    text, adds
        Of the file that the plan was opened from, as `merged_text` takes them.

    Raises
    ------
    InputError
        If there is no such service or language, a change cannot be made, or the plan names files.
    MissingExtraError
        If packages to draw maps are missing.
    """
    state.spec(service)  # which refuses one that is not there
    require_extra("maps", to="write a note")
    study = state.study.in_language(language or state.study.settings.language)
    named = title or section(study.settings.language, "planner")["unnamed_plan"]
    plan = scenario_of(state, changes, title=named, text=text, adds=adds)
    _refuse_files(plan)
    nothing = Scenario(title=plan.title, description=plan.description, study=plan.study)
    return note_study(study, [] if plan == nothing else [plan], service=service, answers=state.answers, show=False)


def _refuse_files(plan: Scenario) -> None:
    """Raise a `PlannerError` if a plan names files: the planner opens none, and without them it is another plan."""
    named = files_of(plan)
    if named:
        raise PlannerError(
            f"the plan names files ({', '.join(named)}), which the planner does not open; save the plan, and write its "
            "note with `geoaccess note STUDY PLAN`",
            code="note_names_files",
            files=", ".join(named),
        )


def note_html(note: maps.Note) -> bytes:
    """Return the page of a note."""
    with files.scratch() as folder:
        page = folder / "note.html"
        maps.note_page(page, note=note)
        return page.read_bytes()


def note_pdf(note: maps.Note) -> bytes:
    """Return a note as PDF of at most two sheets of A4.

    Raises
    ------
    InputError
        If weasyprint is missing, or the note does not fit on two sheets.
    """
    with files.scratch() as folder:
        written, why_not = write_note(note, folder)
        if why_not:
            raise PlannerError(why_not, code="missing_extra", detail=why_not)
        return written[-1].read_bytes()
