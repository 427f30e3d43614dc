"""Quantiles of people, not of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["sorted_quantiles", "weighted_quantile"]

ROUNDING = 1e-12  # of all people: 0.55 of 100 people is 55.00000000000001 in floating point, and means 55


def sorted_quantiles(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return quantiles of values that are sorted already and all have a weight above 0; NaN when there are none."""
    if values.size == 0:
        return np.full(len(shares), np.nan)
    reached = np.cumsum(weights)
    found: npt.NDArray[np.float64] = values[np.searchsorted(reached, (shares - ROUNDING) * reached[-1], side="left")]
    return found


def quantiles_of_people(
    times: npt.NDArray[np.float64], people: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return several quantiles of the same times as `weighted_quantile` has them, of numbers that were checked."""
    times, people = times[people > 0], people[people > 0]
    times = np.where(np.isnan(times), np.inf, times)
    order = np.argsort(times, kind="stable")
    return sorted_quantiles(times[order], people[order], shares)


@checks_arguments
def weighted_quantile(values: npt.ArrayLike, weights: npt.ArrayLike, q: float) -> float:
    """Travel time that at least the share `q` of the people do not exceed.

    The smallest t among the values with sum_{i: x_i <= t} w_i >= q sum_i w_i. It is always a time that somebody has:
    nothing is interpolated. inf (unreachable) and NaN (not snapped) count as the longest time, so the 90th percentile
    is inf where more than a tenth of the people are not reached.

    Parameters
    ----------
    values
        Shape (n,), seconds.
    weights
        People, shape (n,), >= 0, may be fractional. Rows of weight 0 are passed over.
    q
        Share of the people in [0, 1]; 0.5 is the median. q = 0 gives the shortest time anybody has.

    Returns
    -------
    Seconds; inf where the quantile falls on people who are not reached; NaN where there are no people.

    Raises
    ------
    InputError
        If `q` is outside [0, 1], if the shapes differ, if two Series have the same labels in another order, or if a
        weight is negative or not finite.

    References
    ----------
    Hyndman and Fan (1996), "Sample quantiles in statistical packages", The American Statistician 50(4), 361-365: their
    definition 1, the inverse of the empirical distribution, with weights.

    Examples
    --------
    >>> weighted_quantile([600.0, 1200.0, float("inf")], [80, 10, 10], 0.5)
    600.0
    >>> weighted_quantile([600.0, 1200.0, float("inf")], [80, 10, 10], 0.95)
    inf
    """
    times, people = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if not 0 <= q <= 1:
        raise InputError(f"weighted_quantile: q is {q}; it is a share and must lie in [0, 1]")
    if times.ndim != 1 or times.shape != people.shape:
        raise InputError(
            f"weighted_quantile: values have shape {times.shape} and weights {people.shape}; give one weight per value"
        )
    if isinstance(values, pd.Series) and isinstance(weights, pd.Series):
        ours, theirs = values.index, weights.index
        if not ours.equals(theirs) and ours.is_unique and ours.isin(theirs).all():
            raise InputError("weighted_quantile: weights have the labels of the values in another order; reindex them")
    if not (np.isfinite(people) & (people >= 0)).all():
        raise InputError("weighted_quantile: a weight is negative, infinite or missing; weights are people, >= 0")
    return float(quantiles_of_people(times, people, np.array([q]))[0])
