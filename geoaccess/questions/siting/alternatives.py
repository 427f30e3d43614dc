"""Beside the answer to a question of siting: what fewer sites would bring, and alternatives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import siting
from geoaccess.errors import InputError
from geoaccess.frames import utm_of
from geoaccess.phrases import note
from geoaccess.questions.siting.question import answer_question, asked_for, classes_of

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.questions.siting.question import Question
    from geoaccess.siting import Located, Objective, SitingProblem
    from geoaccess.study.answers import Answers

__all__ = ["STEP_SECONDS", "alternatives_of", "frontier_of"]

_ALTERNATIVES = 10
_APART_M = 3000.0
_LOOKED_AT = 500
STEP_SECONDS = 10.0
"""The most that the solver may take for each smaller number of sites; the answer itself has the time that is asked."""
_AMONG = 400


def frontier_of(
    setting: SitingProblem, question: Question, answers: Answers, found: Located, objective: Objective
) -> tuple[pd.DataFrame, list[str]]:
    """Return what 0, 1, ... sites would make of the figure, the last row being the answer; and what to say of it.

    No value where so few sites cannot keep to a bound on what classes lose.
    """
    most = len(found.added)
    if question.objective == "fewest" or (question.objective != "worst" and question.max_loss_min is None):
        return siting.frontier(setting, most=most, close=question.close, objective=objective, found=found), []
    rows: list[tuple[int, float, float, float, str]] = []
    for add in range(most):
        step = replace(question, add=add, method="exchange", seconds=min(question.seconds, STEP_SECONDS))
        try:
            one = answer_question(setting, step, answers)[0]
        except InputError:  # no choice of so few keeps to the bound, or none was found
            rows.append((add, np.nan, np.nan, np.nan, note("none_found")))
        else:
            rows.append((add, one.value, one.bound, one.gap, one.method))
    rows.append((most, found.value, found.bound, found.gap, found.method))
    table = pd.DataFrame(rows, columns=["added", "value", "bound", "gap", "method"])
    none = table.loc[table["value"].isna(), "added"]
    notes = [note("few_break_bound", n=none.max())] if len(none) else []
    return table, notes


def alternatives_of(
    setting: SitingProblem,
    question: Question,
    answers: Answers,
    found: Located,
    objective: Objective,
    places: gpd.GeoDataFrame,
) -> tuple[pd.DataFrame, list[str]]:
    """Return the best choices with one added place exchanged for one elsewhere, by number; and what to say of them."""
    if not len(found.added):
        return pd.DataFrame(), [note("nothing_to_exchange")]
    notes = []
    if question.objective == "worst":
        table = siting.alternatives_worst(
            setting, found, quantile=question.quantile, group=asked_for(answers, question), count=_AMONG
        )
        if not np.isfinite(found.now):
            notes = [note("no_share_kept")]
    elif question.max_loss_min is not None:
        table = siting.alternatives_bounded(
            setting,
            found,
            groups=classes_of(answers),
            max_loss_s=question.max_loss_min * 60,
            objective=objective,
            unreached_s=question.unreached_min * 60,
            count=len(places),
        )
    else:
        table = siting.alternatives(setting, found, count=len(places), objective=objective)
    if question.objective == "fewest":
        table = table[(table["value"] >= question.share - 1e-9).to_numpy()].reset_index(drop=True)
    table = table[_apart(places, table)].reset_index(drop=True)
    if table.empty:
        notes.append(note("none_exchangeable"))
    return table, notes


def _apart(places: gpd.GeoDataFrame, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark the best alternatives that are places of their own: away from what they replace, and from each other."""
    crs, x, y = utm_of(places), np.empty(len(places)), np.empty(len(places))
    kept: list[int] = []
    marks = np.zeros(len(table), np.bool_)
    pairs = table[["candidate", "instead_of"]].to_numpy()
    for row, (j, instead) in enumerate(pairs):
        if row % _LOOKED_AT == 0:  # as a rule the first of very many are enough
            some = np.unique(pairs[row : row + _LOOKED_AT])
            points = places.iloc[some].geometry.to_crs(crs)
            x[some], y[some] = points.x, points.y
        others = [instead, *kept]
        if (np.hypot(x[others] - x[j], y[others] - y[j]) > _APART_M).all():
            kept.append(j)
            marks[row] = True
        if len(kept) == _ALTERNATIVES:
            break
    return marks
