"""What siting may aim at; a new objective is one more object here, and its figure's name in the phrases (`siting`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from geoaccess import siting
from geoaccess.questions.siting.asking import norm_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geoaccess.questions.siting.asking import Question
    from geoaccess.siting import Objective, SitingProblem
    from geoaccess.study.answers import Answers

__all__ = ["OBJECTIVES", "SitingObjective"]


@dataclass(frozen=True)
class SitingObjective:
    """An objective of siting, as a question names it.

    Attributes
    ----------
    name
        The word of the command line.
    summary
        A line for the help of the command line.
    build
        Returns the objective that is computed with, of the problem, the question and the answers of the study.
    by_norm
        Whether it asks for a norm, so that a study without one is refused at once.
    is_share
        Whether its figure is a share of people, else minutes or an index.
    bounded
        Whether what classes lose may be bounded with it.
    closes
        Whether sites may close with it.
    counts_sites
        Whether it chooses how many sites there will be, so that no number need be given.
    of_futures
        Whether it can be used over several futures at once.
    """

    name: str
    summary: str
    build: Callable[[SitingProblem, Question, Answers], Objective]
    by_norm: bool = False
    is_share: bool = False
    bounded: bool = True
    closes: bool = True
    counts_sites: bool = False
    of_futures: bool = False


def _minutes(_: SitingProblem, question: Question, __: Answers) -> Objective:
    return siting.PersonMinutes(unreached_s=question.unreached_min * 60)


def _within(_: SitingProblem, question: Question, answers: Answers) -> Objective:
    return siting.WithinNorm(norm_of(answers, question))


def _fair(problem: SitingProblem, question: Question, _: Answers) -> Objective:
    return siting.FairMean.averse_to(
        problem.now_s[:, 0], problem.people, epsilon=question.aversion, unreached_s=question.unreached_min * 60
    )


def _beyond(_: SitingProblem, question: Question, answers: Answers) -> Objective:
    unreached_s = question.unreached_min * 60
    return siting.BeyondNorm(norm_of(answers, question), alpha=question.alpha, unreached_s=unreached_s)


OBJECTIVES: Final[Mapping[str, SitingObjective]] = {
    one.name: one
    for one in (
        SitingObjective(
            "minutes", "minimise the total travel time of all people (p-median)", _minutes, of_futures=True
        ),
        SitingObjective(
            "norm",
            "maximise the people within the norm (maximal covering)",
            _within,
            by_norm=True,
            is_share=True,
            of_futures=True,
        ),
        SitingObjective(
            "fair",
            "minimise the equally distributed equivalent time (Kolm-Pollak)",
            _fair,
        ),
        SitingObjective(
            "beyond",
            "minimise the time beyond the norm (Foster-Greer-Thorbecke)",
            _beyond,
            by_norm=True,
            of_futures=True,
        ),
        SitingObjective(
            "worst",
            "minimise the longest time (p-centre), or a quantile, also of some classes",
            _minutes,
            bounded=False,
        ),
        SitingObjective(
            "fewest",
            "the fewest sites that bring a given share of people within the norm",
            _within,
            by_norm=True,
            is_share=True,
            bounded=False,
            closes=False,
            counts_sites=True,
        ),
    )
}
"""By the word of the command line, in the order in which they are explained."""
