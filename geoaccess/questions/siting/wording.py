"""What stands on maps and in scenarios that siting writes, in the language of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from geoaccess.questions.siting.question import Question
    from geoaccess.siting import Located

__all__ = ["figure", "label", "percent", "placed_description", "placed_subtitle", "placed_title", "sureness"]

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "minutes": ("mean minutes", "minutter i snitt"),
    "norm": ("share of people within the norm", "andel innbyggere innenfor normen"),
    "fewest": ("share of people within the norm", "andel innbyggere innenfor normen"),
    "fair": ("minutes as bad for everybody (Kolm-Pollak)", "minutter som er like ille for alle (Kolm-Pollak)"),
    "beyond": ("time beyond the norm, in norms (FGT)", "tid utover normen, målt i normer (FGT)"),
    "longest": ("longest minutes of {who}", "lengste tid i minutter for {who}"),
    "quantile": ("P{p} of the minutes of {who}", "P{p} av minuttene for {who}"),
    "everybody": ("everybody", "alle"),
    "classes": ("people of classes {classes}", "innbyggere i klasse {classes}"),
    "more": ("{label}: {n} more", "{label}: {n} til"),
    "closed": (", {n} closed", ", {n} nedlagt"),
    "then": ("{label}: {now} today, {then} then; {sure}", "{label}: {now} i dag, {then} etterpå; {sure}"),
    "proved": ("proved optimal", "bevist best"),
    "gap": ("at most {gap} from the best", "høyst {gap} fra det beste"),
    "sited": ("Sited for {label} in {study}: {sure} ({method})", "Plassert for {label} i {study}: {sure} ({method})"),
    "in": (' In the scenario "{title}".', " I scenarioet «{title}»."),
    "never": ("never", "aldri"),
}


def _said(key: str, language: str, **values: object) -> str:
    return _WORDS[key][language == "nb"].format(**values)


def figure(value: float, *, share: bool = False, language: str = "en") -> str:
    """Return a figure to about four digits, a share as per cent.

    >>> figure(10.7549), figure(0.954754, share=True), figure(float("inf")), figure(-0.92592), figure(float("nan"))
    ('10.75', '95.48 %', 'never', '-0.9259', '-')
    >>> figure(10.7549, language="nb")
    '10,75'
    """
    if np.isnan(value) or value == -np.inf:
        return "-"
    if np.isinf(value):
        return _said("never", language)
    text = f"{100 * value:.2f} %" if share else f"{value:.2f}" if abs(value) >= 2 else f"{value:.4f}"  # noqa: PLR2004
    return text.replace(".", ",") if language == "nb" else text


def percent(share: float, *, digits: int = 2, language: str = "en") -> str:
    """Return a share as per cent.

    >>> percent(0.001234), percent(1.0), percent(0.001234, language="nb"), percent(float("nan"))
    ('0.12 %', '100 %', '0,12 %', '-')
    """
    if np.isnan(share):
        return "-"
    text = f"{100 * share:.{max(digits, 3) if abs(share) > 0.99 else digits}g} %"  # noqa: PLR2004 - 100 has three
    return text.replace(".", ",") if language == "nb" else text


def label(question: Question, *, language: str = "en") -> str:
    """Return what the figure that a question is about is called."""
    if question.objective != "worst":
        return _said(question.objective, language)
    who = _said("everybody", language)
    if question.classes:
        who = _said("classes", language, classes=", ".join(map(str, question.classes)))
    if question.quantile == 1:
        return _said("longest", language, who=who)
    return _said("quantile", language, p=f"{100 * question.quantile:g}", who=who)


def sureness(found: Located, *, language: str = "en") -> str:
    """Return how far from the best a choice can be, in words."""
    if found.proved:
        return _said("proved", language)
    return _said("gap", language, gap=percent(found.gap, language=language))


def placed_title(service: str, found: Located, *, language: str = "en") -> str:
    """Return what was sited: `GP: 3 more, 1 closed`."""
    closed = _said("closed", language, n=len(found.closed)) if len(found.closed) else ""
    return _said("more", language, label=service, n=len(found.added)) + closed


def placed_subtitle(question: Question, found: Located, *, scenario: str = "", language: str = "en") -> str:
    """Return what that brings, and how sure it is."""
    share = question.objective in ("norm", "fewest")
    now, then = (figure(value, share=share, language=language) for value in (found.now, found.value))
    sure = sureness(found, language=language)
    text = _said("then", language, label=label(question, language=language), now=now, then=then, sure=sure)
    text = text[:1].upper() + text[1:]
    return text + ("." + _said("in", language, title=scenario) if scenario else "")


def placed_description(
    question: Question, found: Located, *, study: str, scenario: str = "", language: str = "en"
) -> str:
    """Return the description of the scenario that the answer is written as."""
    text = _said(
        "sited",
        language,
        label=label(question, language=language),
        study=study,
        sure=sureness(found, language=language),
        method=found.method,
    )
    return text + ("." + _said("in", language, title=scenario) if scenario else "")
