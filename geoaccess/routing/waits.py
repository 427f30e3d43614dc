"""How long one waits for a boat by timetable, on average over the hours in which one may come to the quay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MeanWait", "mean_wait"]


class MeanWait(NamedTuple):
    """Mean seconds at the quay and across; inf and NaN where whoever comes in these hours may find no boat at all."""

    wait_s: float
    crossing_s: float


@checks_arguments
def mean_wait(
    departs_s: npt.ArrayLike,
    arrives_s: npt.ArrayLike,
    between_s: tuple[float, float],
    *,
    check_in_s: npt.ArrayLike = 0.0,
) -> MeanWait:
    """Return the mean wait for a boat, and the mean time across on the boat taken, over uniform times of arrival.

    Whoever comes to the quay at t takes, of the boats that can still be boarded, departs - check_in >= t, the one that
    is there first. With l_i when one must be at the quay for boat i, d_i and a_i when it departs and arrives, for the
    boats worth taking in their order, and t from A to B:

    wait = 1 / (B - A) sum_i (d_i (h_i - b_i) - (h_i^2 - b_i^2) / 2),
    crossing = 1 / (B - A) sum_i (a_i - d_i) (h_i - b_i),

    where b_i = max(A, l_(i-1)) and h_i = min(B, l_i) bound the times at which boat i is taken. The wait goes on past B
    until the next boat, on the next morning if need be.

    Parameters
    ----------
    departs_s, arrives_s
        Seconds after midnight, in any order, on the days after it too.
    between_s
        The hours A and B, seconds after midnight.
    check_in_s
        How long before the departure one must be at the quay.

    Raises
    ------
    InputError
        If the hours are none.

    Examples
    --------
    Boats every hour: half an hour on average. One boat at noon, and the next day's: (12 - 8) / 2 h for who comes
    before it, else the rest of the night.

    >>> mean_wait([h * 3600 for h in range(24)], [h * 3600 + 1200 for h in range(24)], (8 * 3600, 16 * 3600))
    MeanWait(wait_s=1800.0, crossing_s=1200.0)
    >>> noon = 12 * 3600
    >>> mean_wait([noon, noon + 86400], [noon + 600, noon + 87000], (8 * 3600, 16 * 3600)).wait_s / 3600
    12.0
    """
    begin, end = between_s
    if not end > begin:
        raise InputError(f"between_s is {between_s}; it must begin before it ends")
    departs, arrives = np.asarray(departs_s, np.float64), np.asarray(arrives_s, np.float64)
    leaves = departs - np.asarray(check_in_s, np.float64)
    order = np.lexsort((-arrives, leaves))[::-1]  # from the last to the first, of equals the sooner there first
    best, kept = np.inf, []
    for i in order[leaves[order] >= begin].tolist():
        if arrives[i] < best:
            best = arrives[i]
            kept.append(i)
    wait = crossing = 0.0
    since = begin
    for i in reversed(kept):
        until = min(leaves[i], end)
        if until > since:
            wait += departs[i] * (until - since) - (until**2 - since**2) / 2
            crossing += (arrives[i] - departs[i]) * (until - since)
            since = until
    if since < end:
        return MeanWait(np.inf, np.nan)
    return MeanWait(float(wait / (end - begin)), float(crossing / (end - begin)))
