"""Whatever a key of a study file says, `check` is content or refuses it, a run says the same, and nothing is left.

A part of all keys and values is tried, chosen by chance that is the same every time; HYPOTHESIS_PROFILE=searching tries
them all, which takes some minutes.
"""

from __future__ import annotations

import os
import random
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hostile_keys import FREE, given, hostile, places, schema, studies, write_country

from geoaccess.errors import GeoaccessError
from geoaccess.study import check, load_study, solve_study

if TYPE_CHECKING:
    from pathlib import Path

CHECKED, SOLVED = 40, 4
"""How many values are tried of each study, and with how many of these a run."""
WHOLE = os.environ.get("HYPOTHESIS_PROFILE") == "searching"
ALWAYS = ("network", "when")
"""A key of which all values are always tried: a date at the end of the calendar ended in a traceback."""


def cases(number: int) -> list[tuple[tuple[Any, ...], Any]]:
    """Return keys of a study and what each is given."""
    tree, model = tomllib.loads(studies()[number]), schema()
    found = [
        (at, value)
        for at, form in dict(places(tree, model, model["$defs"])).items()
        if at[-1] not in FREE
        for value in hostile(form, model["$defs"])
    ]
    if WHOLE:
        return found
    always = [one for one in found if number == 0 and one[0] == ALWAYS]
    return always + random.Random(number).sample(found, CHECKED)


def said(ask: Any, *given: Any) -> str | None:
    """Return what a study is refused with."""
    try:
        ask(*given, show=False)
    except GeoaccessError as error:
        return str(error)
    return None


def files_in(folder: Path) -> set[str]:
    """Return what lies in a folder, but for what is kept for the next time."""
    return {path.name for path in folder.iterdir()}


def contradiction(path: Path, text: str, *, run: bool) -> str:
    """Return how a run and a check of a study contradict each other, or end in no sentence."""
    path.write_text(text, encoding="utf-8")
    try:
        study = load_study(path)
    except GeoaccessError as error:
        return "" if str(path) in str(error) else f"no file: {error}"
    by_check = said(check, study)
    if by_check is not None and str(path.parent) not in by_check:
        return f"no file: {by_check}"
    by_run = said(solve_study, study) if run or by_check is not None else by_check
    if (by_run is None) != (by_check is None):
        return f"check: {by_check or 'is content'}; run: {by_run or 'answers'}"
    return "" if by_run is None or by_run in str(by_check) else f"check: {by_check}; run: {by_run}"


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("hostile")
    write_country(folder)
    return folder


@pytest.mark.parametrize("number", range(len(studies())))
def test_every_key_with_what_it_should_not_have(country: Path, number: int) -> None:
    path = country / f"{number}.toml"
    assert not contradiction(path, studies()[number], run=True)
    before, wrong = files_in(country), []
    tree = tomllib.loads(studies()[number])
    tried = cases(number)
    run = set(range(len(tried))) if WHOLE else set(random.Random(number).sample(range(len(tried)), SOLVED))
    for place, (at, value) in enumerate(tried):
        try:
            found = contradiction(path, given(tree, at, value), run=place in run)
        except Exception as error:  # noqa: BLE001 - whatever is no sentence
            found = f"{type(error).__name__}: {error}"
        if found:
            wrong.append(f"{'.'.join(map(str, at))} = {value!r}: {found}")
    assert not wrong, "\n".join(wrong)
    assert files_in(country) == before


def test_a_refusal_that_check_does_not_know_is_noticed(country: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: with a check that is content with everything, and with one that breaks down."""
    text = given(tomllib.loads(studies()[0]), ("zones", "id"), "none at all")
    path = country / "canary.toml"
    assert not contradiction(path, text, run=True)
    monkeypatch.setitem(globals(), "check", lambda study, show: [])
    assert "check: is content; run: " in contradiction(path, text, run=True)
