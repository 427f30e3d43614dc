"""The concentration index: whether more falls on people who rank high or on people who rank low."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.equity._people import pool, read_people
from geoaccess.equity.inequality import read_ranking
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["concentration_index"]


@checks_arguments
def concentration_index(
    values: npt.ArrayLike,
    *,
    ranking: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    kind: Literal["standard", "erreygers"] = "standard",
    bounds: tuple[float, float] | None = None,
) -> float:
    """Concentration index of a quantity over a ranking: above 0 where people who rank high have more of it.

    standard: C = (2 / mu) sum_i p_i (x_i - mu) (R_i - 1/2)
    erreygers: E = 8 / (b - a) sum_i p_i (x_i - mu) (R_i - 1/2) = 4 mu C / (b - a)

    with p_i = w_i / W, mu = sum_i p_i x_i and R_i the fractional rank, the share of the people who rank lower plus half
    of those who rank the same: people of one rank share the middle of their ranks, so their order in the table is of no
    account. Ranked by the values themselves the standard index is the Gini index.

    The standard index asks how *relative* amounts follow the ranking, and depends on the mean: that of times within a
    norm is not that of times beyond it. Erreygers' is for a quantity between known bounds, such as the share of people
    within a norm, and is the same but for the sign when x is turned into b + a - x.

    Parameters
    ----------
    values
        Shape (n,), >= 0, for example seconds.
    ranking
        What the people are ranked by, shape (n,), finite, the best-off last: the centrality index of their
        municipality (1000 is most central), income. Of centrality *classes* turn the sign, as 1 is the most central.
    weights
        People, shape (n,), >= 0, may be fractional; everybody counts once when left out. Rows of weight 0 are passed
        over.
    kind
        "standard", or "erreygers" for the index corrected for bounds.
    bounds
        The least and greatest value that are possible, a and b, for "erreygers"; the least and greatest that somebody
        has when left out, which makes indices of different places hard to compare.

    Returns
    -------
    A number in (-1, 1) for "standard" and in [-1, 1] for "erreygers"; 0 where everybody has the same or ranks the
    same.

    Raises
    ------
    InputError
        If a value that counts is negative, inf (unreached) or NaN (not snapped), saying how many; if a rank that counts
        is not finite; if a weight is negative or not finite; if all weights are 0; if there is not one weight and one
        rank per value; if `kind` is another word; if `bounds` are given for "standard", are not in
        rising order, or a value is outside them.

    References
    ----------
    Kakwani, Wagstaff and van Doorslaer (1997), "Socioeconomic inequalities in health: measurement, computation, and
    statistical inference", Journal of Econometrics 77(1), 87-103; Erreygers (2009), "Correcting the concentration
    index", Journal of Health Economics 28(2), 504-515. The `concentration_index` of the R package accessibility takes
    the observed bounds, and ranks tied people one after the other; without ties the numbers are the same.

    Examples
    --------
    Time falls as centrality rises, so the index is below 0: the travel is done by people in the least central places.

    >>> round(concentration_index([600.0, 900.0, 3000.0], ranking=[1000, 800, 500], weights=[500, 300, 200]), 4)
    -0.3513
    >>> within_norm = [1.0, 1.0, 0.0]
    >>> people = [500, 300, 200]
    >>> round(concentration_index(
    ...     within_norm, ranking=[1000, 800, 500], weights=people, kind="erreygers", bounds=(0, 1)
    ... ), 4)
    0.64
    """
    if kind not in ("standard", "erreygers"):
        raise InputError(f"concentration_index: kind is {kind!r}; use 'standard' or 'erreygers'")
    if bounds is not None and kind == "standard":
        raise InputError("concentration_index: bounds are given but kind is 'standard'; they belong to 'erreygers'")
    people = read_people(values, weights, measure="concentration_index")
    low, high = float(people.amounts.min()), float(people.amounts.max())
    if bounds is not None:
        if not (np.isfinite(bounds).all() and bounds[0] <= low and high <= bounds[1] and bounds[0] < bounds[1]):
            raise InputError(
                f"concentration_index: bounds are {bounds[0]} to {bounds[1]} and the values {low:g} to {high:g}; give "
                "the least and the greatest value that are possible"
            )
        low, high = bounds
    _, share, place = pool(read_ranking(ranking, people, measure="concentration_index"), people.shares)
    if high == low:
        return 0.0
    ranks = (np.cumsum(share) - share / 2)[place]
    average = people.average
    covariance = float(np.sum(people.shares * (people.amounts - average) * (ranks - 0.5)))
    if kind == "erreygers":
        return 8 * covariance / (high - low)
    return 2 * covariance / average if average else 0.0
