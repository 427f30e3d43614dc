"""What stands on maps and in scenarios that siting writes, in the language of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess import phrases
from geoaccess.questions.siting.objectives import OBJECTIVES
from geoaccess.zones import read_scheme

if TYPE_CHECKING:
    from geoaccess.questions.siting.question import Question
    from geoaccess.siting import Allotted, Located
    from geoaccess.zones import CentralityScheme

__all__ = ["figure", "label", "percent", "placed_description", "placed_subtitle", "placed_title", "sureness"]


def _text(key: str, language: str, **values: object) -> str:
    return phrases.text(language, f"siting.{key}", **values)


def figure(value: float, *, share: bool = False, decimals: int | None = None, language: str = "en") -> str:
    """Return a figure to about four digits, or with so many decimals, a share as per cent.

    >>> figure(10.7549), figure(0.954754, share=True), figure(float("inf")), figure(-0.92592), figure(float("nan"))
    ('10.75', '95.48%', 'never', '−0.9259', '–')
    >>> figure(10.7549, language="nb"), figure(0.4454, decimals=2)
    ('10,75', '0.45')
    """
    if np.isnan(value) or value == -np.inf:
        return phrases.NOTHING
    if np.isinf(value):
        return _text("never", language)
    if share:
        return phrases.share(value, 2, language=language)
    if decimals is None:
        decimals = 2 if abs(value) >= 2 else 4  # noqa: PLR2004
    return phrases.number(value, decimals, language=language)


def percent(share: float, *, decimals: int = 2, language: str = "en") -> str:
    """Return a share as per cent.

    >>> percent(0.001234), percent(1.0), percent(0.001234, language="nb").replace(chr(160), "_"), percent(float("nan"))
    ('0.12%', '100%', '0,12_%', '–')
    """
    return phrases.share(share, decimals, language=language)


def label(question: Question, *, language: str = "en", scheme: CentralityScheme | None = None) -> str:
    """Return the name of the figure that a question is about; `scheme` names the classes."""
    if question.objective != "worst":
        return _text(question.objective, language)
    who = _text("everybody", language)
    if question.classes:
        named = [(scheme or read_scheme()).in_text(name, language) for name in question.classes]
        who = _text("classes", language, classes=phrases.listed(named, language=language))
    if question.quantile == 1:
        return _text("longest", language, who=who)
    return _text("quantile", language, p=phrases.plain(100 * question.quantile, language=language), who=who)


def sureness(found: Located | Allotted, *, language: str = "en") -> str:
    """Return how far from the best a choice can be, in words."""
    if found.proved:
        return _text("proved", language)
    return _text("gap", language, gap=percent(found.gap, language=language))


def placed_title(service: str, found: Located, *, language: str = "en") -> str:
    """Return what was sited: `GP: 3 more, 1 closed`."""
    closed = _text("closed", language, n=len(found.closed)) if len(found.closed) else ""
    return _text("more", language, label=service, n=len(found.added)) + closed


def placed_subtitle(
    question: Question,
    found: Located,
    *,
    scenario: str = "",
    language: str = "en",
    scheme: CentralityScheme | None = None,
) -> str:
    """Return what that brings, and how sure it is."""
    share = OBJECTIVES[question.objective].is_share
    now, then = (figure(value, share=share, language=language) for value in (found.now, found.value))
    sure = sureness(found, language=language)
    text = _text(
        "then", language, label=label(question, language=language, scheme=scheme), now=now, then=then, sure=sure
    )
    return phrases.capitalised(text) + ("." + _text("in", language, title=scenario) if scenario else "")


def placed_description(
    question: Question,
    found: Located,
    *,
    study: str,
    scenario: str = "",
    language: str = "en",
    scheme: CentralityScheme | None = None,
) -> str:
    """Return the description of the scenario that the answer is written as."""
    text = _text(
        "sited",
        language,
        label=label(question, language=language, scheme=scheme),
        study=study,
        sure=sureness(found, language=language),
        method=phrases.note_in(language, found.method),
    )
    return text + ("." + _text("in", language, title=scenario) if scenario else "")
