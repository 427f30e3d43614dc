"""Times over the days of a week, where sites are open on some days only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["mean_over_days"]


def mean_over_days(times_s: npt.NDArray[np.float64], share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the expected time of somebody who travels on any day alike.

    t_i = sum_d share_d t_id; inf where nothing is reached on some kind of day.

    Parameters
    ----------
    times_s
        Shape (n_kinds_of_days, n_cells), seconds to the nearest site that is open then; inf where none is reached.
    share
        Shape (n_kinds_of_days,), > 0: which part of all days each is; they add up to 1.

    Raises
    ------
    InputError
        If there is not one share for each row of times, or they are not above 0 or do not add up to 1.

    Examples
    --------
    >>> mean_over_days(np.array([[600.0, 0.0], [900.0, np.inf]]), np.array([0.4, 0.6])).tolist()
    [780.0, inf]
    """
    if share.shape != times_s.shape[:1] or not (share > 0).all() or not np.isclose(share.sum(), 1.0):
        raise InputError(
            f"times_s has {len(times_s)} rows and the shares are {share.tolist()}; give a share above 0 for each row, "
            "which add up to 1"
        )
    mean: npt.NDArray[np.float64] = (share[:, np.newaxis] * times_s).sum(axis=0)
    return mean
