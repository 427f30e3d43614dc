"""The questions of siting that a study can answer, and their answers by number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geoaccess import siting
from geoaccess.errors import InputError
from geoaccess.phrases import note
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.siting.asking import Question, check_norm, norm_of
from geoaccess.questions.siting.objectives import OBJECTIVES
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting import Located, Objective, SitingProblem
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "OBJECTIVES",
    "Question",
    "above_zero",
    "answer_question",
    "asked_for",
    "check_norm",
    "check_question",
    "classes_of",
    "norm_of",
    "objective_of",
]


def check_question(study: Study, question: Question) -> None:
    """Refuse what can be refused at once."""
    find_service(study, question.service)
    if question.objective not in OBJECTIVES:
        raise InputError(
            f'objective "{question.objective}"{did_you_mean(question.objective, OBJECTIVES)}; '
            f"there are {', '.join(OBJECTIVES)}"
        )
    asked = OBJECTIVES[question.objective]
    if not (question.add or question.close or asked.counts_sites):
        raise InputError("nothing to decide: give --add or --close above 0")
    for option, minutes in (("--norm", question.norm_min), ("--unreached", question.unreached_min)):
        above_zero(option, minutes, "minutes")
    above_zero("--seconds", question.seconds, "seconds")
    _refuse_settings(question)
    unknown = [name for name in question.classes if name not in study.scheme.ids]
    if unknown:
        raise InputError(f'--classes: there is no class "{unknown[0]}"{did_you_mean(unknown[0], study.scheme.ids)}')
    if question.max_loss_min is not None and not question.max_loss_min >= 0:
        raise InputError(f"--max-loss is {question.max_loss_min:g}; give minutes, 0 or more")
    if question.close and not asked.closes:
        raise InputError("the fewest sites to add for a share cannot be combined with closing some")
    if question.max_loss_min is not None and not asked.bounded:
        raise InputError(f'a bound on what classes lose cannot be asked for together with "{question.objective}"')
    if asked.by_norm:
        check_norm(study, question)


def _refuse_settings(question: Question) -> None:
    """Refuse settings of objectives that these would refuse of any study."""
    for option, share in (("--share", question.share), ("--quantile", question.quantile)):
        if not 0 < share <= 1:
            raise InputError(f"{option} is {share:g}; give a share of the people above 0, at most 1")
    if not question.aversion > 0:
        raise InputError(f"--aversion is {question.aversion:g}; give a number above 0")
    if not question.alpha >= 1:
        raise InputError(f"--alpha is {question.alpha:g}; give 1 or more")


def above_zero(option: str, value: float | None, unit: str) -> None:
    """Refuse a number that is not above 0; None is not given."""
    if value is not None and not 0 < value < math.inf:
        raise InputError(f"{option} is {value:g}; give {unit} above 0")


def objective_of(setting: SitingProblem, question: Question, answers: Answers) -> Objective:
    """Return the objective that a question names."""
    return OBJECTIVES[question.objective].build(setting, question, answers)


def answer_question(
    setting: SitingProblem, question: Question, answers: Answers
) -> tuple[Located, Objective, list[str]]:
    """Answer the question by numbers of candidates."""
    objective = objective_of(setting, question, answers)
    if question.objective == "fewest":
        found, least = siting.fewest(
            setting, norm_s=norm_of(answers, question), share=question.share, seconds=question.seconds
        )
        brought = note("fewest_bring", n=len(found.added), share=f"{100 * found.value:.2f}", least=least)
        return found, objective, [brought]
    if question.objective == "worst":
        found = siting.least_worst(
            setting,
            add=question.add,
            close=question.close,
            quantile=question.quantile,
            group=asked_for(answers, question),
            seconds=question.seconds,
        )
        return found, objective, []
    if question.max_loss_min is not None:
        found = siting.locate_bounded(
            setting,
            add=question.add,
            close=question.close,
            groups=classes_of(answers),
            max_loss_s=question.max_loss_min * 60,
            objective=objective,
            unreached_s=question.unreached_min * 60,
            method=question.method,
            seconds=question.seconds,
        )
        if not question.close:
            return found, objective, ["no site closes, so that no class can lose: the bound changes nothing"]
        return found, objective, [note("largest_loss", min=f"{question.max_loss_min:g}")]
    found = siting.locate(
        setting,
        add=question.add,
        close=question.close,
        objective=objective,
        method=question.method,
        seconds=question.seconds,
    )
    unreached_s = getattr(objective, "unreached_s", question.unreached_min * 60)
    if unreached_s < question.unreached_min * 60:  # see FairMean.averse_to
        return found, objective, [note("unreached_count", min=f"{unreached_s / 60:.0f}")]
    return found, objective, []


def asked_for(answers: Answers, question: Question) -> npt.NDArray[np.bool_]:
    """Mark the cells of the classes that the question is about."""
    if not question.classes:
        return np.ones(len(answers.results), np.bool_)
    scheme = answers.study.scheme
    wanted = [scheme.position(name) for name in question.classes]
    return np.isin(scheme.positions(answers.results["centrality_class"]), wanted)


def classes_of(answers: Answers) -> npt.NDArray[np.int64]:
    """Return the place of the centrality class of each cell, -1 where it has none: the groups that bounds are for."""
    return answers.study.scheme.positions(answers.results["centrality_class"])
