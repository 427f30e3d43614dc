"""Plans opened from their folder and saved into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoaccess.phrases import Text, languages
from geoaccess.planner.changes import planned, read_changes
from geoaccess.planner.merging import merged_text
from geoaccess.planner.saved import open_scenario
from geoaccess.planner.shelf import Kept, PlanClashError, has_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geoaccess.planner.changes import Change
    from geoaccess.planner.shelf import Shelf
    from geoaccess.planner.state import PlannerState

__all__ = ["load_plan", "opened_from", "save_plan"]


def load_plan(state: PlannerState, shelf: Shelf, name: str) -> dict[str, Any]:
    """Return a plan of the folder as the page opens it; `base` is what the page brings again when it saves.

    Raises
    ------
    InputError
        If there is none of that name, it is no scenario, or names what the study has not.
    """
    kept = shelf.kept(name)
    scenario = shelf.scenario(kept).in_language(state.study.settings.language)
    opened = open_scenario(state, scenario)
    planned(state, read_changes(opened.changes))
    titles = {language: Text(scenario.title).in_language(language) for language in languages()}
    adds = {f"new-{number}": number for number in range(1, len(scenario.add) + 1)}
    return {
        "title": scenario.title,
        "titles": titles,
        "changes": opened.changes,
        "left_out": opened.not_shown,
        "base": {"name": name, "etag": kept.etag, "adds": adds},
    }


def save_plan(
    state: PlannerState,
    shelf: Shelf,
    changes: Sequence[Change],
    *,
    title: str,
    base: Mapping[str, Any] | None = None,
    replace: str | None = None,
) -> dict[str, Any]:
    """Save a plan under a title, and return the `base` of it for the next time.

    Under the title that it was opened with, a plan goes back to its file; under another one to a file of its own.

    Parameters
    ----------
    base
        What `load_plan` or `save_plan` returned of the file that the plan was opened from; None for a new plan.
    replace
        The etag of what is to be written over, if that is known to be somebody else's.

    Raises
    ------
    PlanClashError
        If what would be written over is not what was opened, and not `replace`.
    InputError
        If a change cannot be made, or the title makes no name for a file.
    """
    text, adds = opened_from(shelf, base)
    made = merged_text(state, changes, title=title, text=text, adds=adds)
    # Its own title first: to find another plan of that title, the whole folder is read.
    found = base["name"] if base is not None and has_title(text, title) else shelf.find(title)
    if found is None:
        name, over = shelf.new_name(title), None
    else:
        name, over = found, _over(shelf, found, base, replace)
    kept = shelf.write(name, made.text, over=over)
    return {"name": name, "base": {"name": name, "etag": kept.etag, "adds": made.adds}}


def opened_from(shelf: Shelf, base: Mapping[str, Any] | None) -> tuple[str, Mapping[str, int] | None]:
    """Return the text that a plan was opened from, and the [[add]] of each new site in it; "" and None if it is new.

    Raises
    ------
    PlanClashError
        If that text is not known any more.
    ConfigError
        If it is no scenario.
    """
    if base is None:
        return "", None
    text = shelf.remembered(base["name"], base["etag"])
    shelf.scenario(Kept(base["name"], base["etag"], text))
    return text, base["adds"]


def _over(shelf: Shelf, name: str, base: Mapping[str, Any] | None, replace: str | None) -> str | None:
    """Return the etag of the file that may be written over."""
    now = shelf.etag(name)
    own = base is not None and base["name"] == name
    if now is None or now == replace or (base is not None and own and now == base["etag"]):
        return now
    if own:
        message = f"the plan {name} was saved by somebody else since it was opened here"
        raise PlanClashError("plan_changed", message, name=name, etag=now)
    message = f"there is a plan {name} of that title already"
    raise PlanClashError("plan_exists", message, name=name, etag=now)
