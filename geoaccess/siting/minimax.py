"""Choices judged by several sums at once: by the worst of them, or by one within bounds on the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import siting as kernel
from geoaccess.siting.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

__all__ = ["combined", "descend", "swap_worths"]

_MOST_MADE = 1000
_TABLE = 20_000_000


def swap_worths(
    problem: Problem, chosen: npt.NDArray[np.int32], rows: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Return what each choice is worth in which one of the chosen is exchanged for another place.

    Entry [k, j], shape (rows, places): place j in place of `chosen[rows[k]]`; also where j is chosen already, or is of
    another group. The table of Resende and Werneck (2007), Annals of Operations Research 150, 205-230, written out.
    """
    best, second = np.zeros(problem.weight.size), np.zeros(problem.weight.size)
    by = np.empty(problem.weight.size, np.int32)
    gain, point, place = problem.gain, problem.point, problem.place
    kernel.serve(problem.first, point, gain, chosen, best, second, by)
    served = by >= 0
    loss = np.bincount(by[served], (best - second)[served], minlength=chosen.size) - problem.cost[chosen]
    over = np.bincount(place, np.maximum(gain - best[point], 0.0), minlength=problem.places) - problem.cost
    row = np.full(chosen.size, -1)
    row[rows] = np.arange(rows.size)
    mine = np.where(served, row[by], -1)[point]
    some = mine >= 0
    eased = np.maximum(np.minimum(gain, best[point]) - second[point], 0.0)[some]
    code = mine[some] * problem.places + place[some]
    table = np.bincount(code, eased, minlength=rows.size * problem.places).reshape(rows.size, problem.places)
    total = float(best.sum() - problem.cost[chosen].sum())
    return np.asarray(table + (total - loss[rows])[:, None] + over[None, :])


def combined(problems: Sequence[Problem], weights: npt.NDArray[np.float64]) -> Problem:
    """Return the problem of the weighted sum of the worths of some problems of the same places."""
    first = problems[0]
    begins = np.cumsum([0, *(problem.weight.size for problem in problems)])
    return Problem.of(
        weight=np.concatenate([problem.weight * weight for problem, weight in zip(problems, weights, strict=True)]),
        place=np.concatenate([problem.place for problem in problems]),
        point=np.concatenate(
            [problem.point + begin for problem, begin in zip(problems, begins[:-1].tolist(), strict=True)]
        ),
        value=np.concatenate([problem.value for problem in problems]),
        places=first.places,
        quota=first.quota,
        group=first.group,
        cost=np.sum([problem.cost * weight for problem, weight in zip(problems, weights, strict=True)], axis=0),
    )


def descend(
    problems: Sequence[Problem],
    chosen: npt.NDArray[np.int32],
    score: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
) -> npt.NDArray[np.int32]:
    """Exchange a chosen place for another, the best exchange first, as long as that lowers the score.

    `score` makes one number of each column of worths: shape (problems, ...) to (...).
    """
    chosen = chosen.copy()
    group = problems[0].group
    now = float(score(np.array([problem.objective_value(chosen) for problem in problems])))
    block = max(1, _TABLE // max(1, problems[0].places * len(problems)))
    for _ in range(_MOST_MADE):
        best = (np.inf, 0, 0)
        for begin in range(0, chosen.size, block):
            rows = np.arange(begin, min(begin + block, chosen.size))
            scores = score(np.array([swap_worths(problem, chosen, rows) for problem in problems]))
            scores[group[chosen[rows]][:, None] != group[None, :]] = np.inf
            scores[:, chosen] = np.inf
            k, j = divmod(int(np.argmin(scores)), scores.shape[1])
            best = min(best, (float(scores[k, j]), int(rows[k]), j))
        if not best[0] < now - 1e-10 * max(abs(now), 1e-300):
            break
        now, chosen[best[1]] = best[0], best[2]
    return np.sort(chosen)
