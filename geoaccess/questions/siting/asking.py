"""The question to siting, and the norm that it goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.defaults import SHARE_WITHIN, SOLVER_S, UNREACHED_MIN
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.specification import Limit
    from geoaccess.siting import Method
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["Question", "check_norm", "norm_of"]


@dataclass(frozen=True)
class Question:
    """The question: `add` sites of a service (and `close` of those that stand), for an objective.

    Attributes
    ----------
    objective
        "minutes": least travel time of all people. "norm": most people within the norm. "fair": least Kolm-Pollak mean.
        "beyond": least time beyond the norm (FGT). "worst": least `quantile` of the times of the people of `classes`.
        "fewest": the fewest sites for `share` of the people within the norm.
    norm_min
        The first norm of the service unless given; of ambulances that of each cell.
    candidates
        "cells", "settlements" (of at least `least_people`), or a file of places.
    exclude
        A file of polygons in which nothing may be built.
    max_loss_min
        By how much the mean time of a centrality class may rise, at most, where sites close.
    """

    service: str
    add: int = 1
    close: int = 0
    objective: str = "minutes"
    norm_min: float | None = None
    share: float = SHARE_WITHIN
    aversion: float = 1.0
    alpha: float = 1.0
    quantile: float = 1.0
    classes: tuple[str, ...] = ()
    unreached_min: float = UNREACHED_MIN
    max_loss_min: float | None = None
    candidates: str = "cells"
    least_people: float = 200.0
    exclude: Path | None = None
    method: Method = "auto"
    seconds: float = SOLVER_S


def check_norm(study: Study, question: Question) -> None:
    """Refuse a question by a norm where there is none."""
    if question.norm_min is None and not _spec(study, question).n_norms:
        raise InputError(f"{study.path}: [services.{question.service}] has no norms_min; say which with --norm MINUTES")


def norm_of(answers: Answers, question: Question) -> Limit:
    """Return the norm in seconds: that of the question, else the first of the service, or that of each cell."""
    check_norm(answers.study, question)
    if question.norm_min is not None:
        return question.norm_min * 60
    return _spec(answers.study, question).limits(answers.results)[0]


def _spec(study: Study, question: Question) -> ServiceSpec:
    return next(spec for spec in study.specs if spec.key == question.service)
