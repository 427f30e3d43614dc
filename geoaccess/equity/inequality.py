"""The Gini index and the Lorenz curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.equity._people import finite_values
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["gini", "lorenz"]


def _pooled(
    values: npt.ArrayLike, weights: npt.ArrayLike | None, *, measure: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the distinct values in rising order and the share of the people who have each."""
    numbers, people, _ = finite_values(values, weights, measure=measure)
    if (numbers < 0).any():
        raise InputError(
            f"{measure}: {int((numbers < 0).sum())} values are negative (the smallest is {numbers.min():g}); "
            "the measure is defined for a quantity that cannot be negative, such as time or supply per person"
        )
    distinct, place = np.unique(numbers, return_inverse=True)
    share = np.bincount(place, weights=people / people.max(), minlength=distinct.size)
    return distinct, share / share.sum()


def gini(values: npt.ArrayLike, *, weights: npt.ArrayLike | None = None) -> float:
    """Gini index of a non-negative quantity: 0 when everybody has the same, towards 1 when one person has it all.

    G = sum_i sum_j w_i w_j |x_i - x_j| / (2 W^2 mu), with W = sum_i w_i and mu = sum_i w_i x_i / W: half the mean
    difference between two people drawn at random, relative to the mean. It is computed as
    G = (1 / mu) sum_k F_k (1 - F_k) (x_k+1 - x_k) over the distinct values x_k in rising order, F_k the share of the
    people with at most x_k, which is the same number from one sort, exact with ties and with fractional weights.

    No correction for small samples is made: the people are all the people, not a sample of them. An index of travel
    times says how uneven they are, not whether they are long.

    Parameters
    ----------
    values
        Shape (n,), >= 0, for example seconds or supply per person.
    weights
        People, shape (n,), >= 0, may be fractional; everybody counts once when left out. Rows of weight 0 are passed
        over, whatever their value.

    Returns
    -------
    A number in [0, 1); 0 when all values are 0.

    Raises
    ------
    InputError
        If a value that counts is negative, inf (unreached) or NaN (not snapped), saying how many; if a weight is
        negative or not finite; if all weights are 0. The caller decides what becomes of people who are not reached
        (left out, or given the longest time that counts) and must say so beside the number.

    References
    ----------
    Dorfman (1979), "A formula for the Gini coefficient", Review of Economics and Statistics 61(1), 146-149;
    Lerman and Yitzhaki (1989), "Improving the accuracy of estimates of Gini coefficients", Journal of Econometrics
    42(1), 43-47, for weights.

    Examples
    --------
    >>> gini([10.0, 10.0, 10.0])
    0.0
    >>> gini([0.0, 0.0, 0.0, 1.0])
    0.75
    >>> round(gini([600.0, 1800.0], weights=[300, 100]), 4)
    0.25
    """
    distinct, share = _pooled(values, weights, measure="gini")
    if distinct[-1] == 0:
        return 0.0
    scaled = distinct / distinct[-1]
    at_most = np.cumsum(share)[:-1]
    above = np.cumsum(share[::-1])[::-1][1:]
    return float(np.sum(at_most * above * np.diff(scaled)) / np.sum(share * scaled))


def lorenz(values: npt.ArrayLike, *, weights: npt.ArrayLike | None = None) -> pd.DataFrame:
    """Lorenz curve: what share of the quantity the share of people with the least of it has together.

    Points (P_k, L_k) with P_k = sum_{i: x_i <= x_k} w_i / W and L_k = sum_{i: x_i <= x_k} w_i x_i / (W mu), one for
    each distinct value, joined by straight lines. The Gini index is 1 - 2 times the area under it.

    Parameters
    ----------
    values
        Shape (n,), >= 0.
    weights
        People, shape (n,), >= 0; everybody counts once when left out.

    Returns
    -------
    Table with `population_share` and `value_share`, both from 0 to 1, the first row (0, 0) and the last (1, 1). The
    straight line between the two when all have the same, also when all values are 0.

    Raises
    ------
    InputError
        As `gini`.

    References
    ----------
    Lorenz (1905), "Methods of measuring the concentration of wealth", Publications of the American Statistical
    Association 9(70), 209-219.

    Examples
    --------
    >>> lorenz([1.0, 1.0, 2.0])
       population_share  value_share
    0          0.000000          0.0
    1          0.666667          0.5
    2          1.000000          1.0
    """
    distinct, share = _pooled(values, weights, measure="lorenz")
    if distinct[-1] == 0:
        return pd.DataFrame({"population_share": [0.0, 1.0], "value_share": [0.0, 1.0]})
    amount = np.cumsum(share * (distinct / distinct[-1]))
    population_share = np.concatenate([[0.0], np.cumsum(share)])
    value_share = np.concatenate([[0.0], amount / amount[-1]])
    population_share[-1] = 1.0  # the cumulative sum ends within rounding of it
    return pd.DataFrame({"population_share": population_share, "value_share": value_share})
