"""What each candidate alone would bring: every answer to the question of one more site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.siting.objectives import PersonMinutes

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.objectives import Objective
    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["best_first", "candidate_gains"]

_DIGITS = 6


@checks_arguments
def candidate_gains(setting: SitingProblem, *, objective: Objective | None = None) -> pd.DataFrame:
    """Return what each candidate would bring as the only one added.

    gain_j = sum_i people_i (burden(t_i) - burden(min(t_i, t_ij))), with t_i the time today.

    Parameters
    ----------
    setting
        From `problem_from_matrix`, `build_problem` or `build_weekly_problem`.
    objective
        `PersonMinutes()` unless given.

    Returns
    -------
    A row per candidate, in their order: `gain`, by how much it lowers the burden of the objective, summed over people;
    and `person_min`, the same for `PersonMinutes`, which distinguishes candidates that bring equally much. The first by
    `best_first` is the one that `locate` with `add=1` chooses.

    Examples
    --------
    >>> from geoaccess.siting import candidate_gains, problem_from_matrix
    >>> times = [[0, 600, 1500], [600, 0, 900], [1500, 900, 0]]
    >>> candidate_gains(problem_from_matrix(times, [50, 30, 40], now_s=[0, 600, 1500]))
         gain  person_min
    0     0.0         0.0
    1   700.0       700.0
    2  1000.0      1000.0
    """
    wanted = PersonMinutes() if objective is None else objective
    gain = _gains(setting, wanted)
    minutes = gain if isinstance(wanted, PersonMinutes) else _gains(setting, PersonMinutes())
    return pd.DataFrame({"gain": gain, "person_min": minutes})


def _gains(setting: SitingProblem, objective: Objective) -> npt.NDArray[np.float64]:
    now = objective.burden(setting.now_s[:, 0])
    won = setting.people[setting.point] * np.maximum(
        now[setting.point] - objective.burden(setting.time_s, at=setting.point), 0.0
    )
    return np.bincount(setting.place, won, minlength=setting.candidates).astype(np.float64, copy=False)


@checks_arguments
def best_first(gain: npt.NDArray[np.float64], person_min: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the order of candidates: most gain first, of equal ones most travel time saved, then the first of them.

    >>> best_first(np.array([5.0, 7.0, 7.0, 7.0]), np.array([9.0, 1.0, 2.0, 2.0])).tolist()
    [2, 3, 1, 0]
    """
    return np.lexsort((np.arange(gain.size), -np.round(person_min, _DIGITS), -np.round(gain, _DIGITS)))
