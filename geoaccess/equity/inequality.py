"""The Gini index, the Lorenz curve and the Palma ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.equity._people import pool, read_numbers, read_people, same_order
from geoaccess.equity.decomposition import decompose, in_each
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.equity._people import Distribution, Groups, Labels, People

__all__ = ["decompose_gini", "gini", "lorenz", "palma"]

LOWEST, HIGHEST = 0.4, 0.1  # the shares of the people that Palma compares


@checks_arguments
def gini(values: npt.ArrayLike, *, weights: npt.ArrayLike | None = None) -> float:
    """Gini index of a non-negative quantity: 0 when everybody has the same, towards 1 when one person has it all.

    G = sum_i sum_j w_i w_j ``|x_i - x_j|`` / (2 W^2 mu), with W = sum_i w_i and mu = sum_i w_i x_i / W: half the mean
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
    42(1), 43-47, for weights; Yitzhaki (1994), "Economic distance and overlapping of distributions", Journal of
    Econometrics 61(1), 147-159, for the parts.

    Examples
    --------
    >>> gini([10.0, 10.0, 10.0])
    0.0
    >>> gini([0.0, 0.0, 0.0, 1.0])
    0.75
    >>> round(gini([600.0, 1800.0], weights=[300, 100]), 4)
    0.25
    """
    people = read_people(values, weights, measure="gini")
    return _gini(people)


@checks_arguments
def decompose_gini(
    values: npt.ArrayLike,
    *,
    groups: Labels,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Split the Gini index into what lies between groups of people and what lies within them.

    F_i being the rank of i among all people (from 0 to 1, tied people share the middle of their ranks):
    between = (2 / mu) sum_g p_g (mu_g - mu) (F_g - 1/2), with F_g the mean rank of the group, and
    within = (2 / mu) sum_g p_g cov_g(x, F) = sum_g s_g O_g G_g, with s_g the group's share of the quantity, G_g its own
    index and O_g how far it overlaps everybody. between + within = G. Between is the index of the groups' means where
    the groups do not overlap, and less where they do; it can be negative where a group with a low mean ranks high.

    Parameters
    ----------
    groups
        As in `decompose_theil_t`.
    values, weights
        As in `gini`.

    Returns
    -------
    The table of `decompose_theil_t`.

    Raises
    ------
    InputError
        As `gini`; if there is not one group per value, or a group is named "everybody".

    References
    ----------
    As `gini`.

    Examples
    --------
    >>> parts = decompose_gini([600.0, 600.0, 900.0, 1500.0], weights=[300, 100, 50, 50], groups=[1, 1, 6, 6])
    >>> parts.loc["everybody", ["between", "within", "index"]].round(4).tolist()
    [0.1333, 0.0083, 0.1417]
    """
    people = read_people(values, weights, measure="decompose_gini")
    total = _gini(people)
    return decompose(total, people, groups, measure="decompose_gini", split=_split)


@checks_arguments
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
    people = read_people(values, weights, measure="lorenz")
    distinct, share, _ = people.pooled
    if distinct[-1] == 0:
        return pd.DataFrame({"population_share": [0.0, 1.0], "value_share": [0.0, 1.0]})
    amount = np.cumsum(share * (distinct / distinct[-1]))
    population_share = np.concatenate([[0.0], np.cumsum(share)])
    value_share = np.concatenate([[0.0], amount / amount[-1]])
    population_share[-1] = 1.0  # the cumulative sum ends within rounding of it
    return pd.DataFrame({"population_share": population_share, "value_share": value_share})


@checks_arguments
def palma(
    values: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    ranking: npt.ArrayLike | None = None,
) -> float:
    """Palma ratio: the mean of the tenth of the people with most, relative to the mean of the four tenths with least.

    P = ((1 - L(0.9)) / 0.1) / (L(0.4) / 0.4), with L the Lorenz curve, or the concentration curve over the ranking. It
    is 1 when everybody has the same. Palma's own ratio of the two groups' *shares* is a quarter of it.

    The tenth and the four tenths are exact numbers of people: those of a cell on the border are divided, and so are
    people of one rank, in proportion. The `palma_ratio` of the R package accessibility is the same ratio of means but
    takes whole cells, those at or below the 40th and above the 90th percentile of an income that ranks them.

    Parameters
    ----------
    values, weights
        As in `gini`.
    ranking
        What puts the people in order, shape (n,), the highest last, for example income or the centrality index of the
        place; the values themselves when left out.

    Returns
    -------
    A number >= 0, at least 1 where the values rank; inf where the four tenths have nothing and the tenth something;
    1 when all values are 0; NaN where both have nothing but others have something.

    Raises
    ------
    InputError
        As `gini`, or if there is not one finite rank for each value that counts.

    References
    ----------
    Palma (2011), "Homogeneous middles vs. heterogeneous tails, and the end of the 'inverted-U': it's all about the
    share of the rich", Development and Change 42(1), 87-153.

    Examples
    --------
    >>> round(palma(range(1, 11)), 4)
    4.0
    >>> round(palma([600.0, 1200.0], weights=[75, 25]), 4)
    2.0
    """
    people = read_people(values, weights, measure="palma")
    if ranking is None:
        _, share, place = people.pooled
    else:
        _, share, place = pool(read_ranking(ranking, people, measure="palma"), people.shares)
    greatest = float(people.amounts.max())
    if greatest == 0:
        return 1.0
    amount = np.bincount(place, weights=people.shares * (people.amounts / greatest)).astype(np.float64, copy=False)
    lowest, highest = _held(share, amount, LOWEST), _held(share[::-1], amount[::-1], HIGHEST)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((np.float64(highest) / HIGHEST) / (np.float64(lowest) / LOWEST))


def read_ranking(ranking: npt.ArrayLike, people: People, *, measure: str) -> npt.NDArray[np.float64]:
    """Return the ranks of the rows that count; raise `InputError` unless there is one finite number for each."""
    ranks = read_numbers(ranking, measure=measure, name="ranks")
    same_order(people.given, ranking, measure=measure, name="ranks")
    if ranks.size != people.kept.size:
        raise InputError(f"{measure}: {people.kept.size} values but {ranks.size} ranks; give one rank per value")
    ranks = ranks[people.kept]
    unranked = ~np.isfinite(ranks)
    if unranked.any():
        raise InputError(
            f"{measure}: {int(unranked.sum())} ranks are infinite or missing, of {people.weights[unranked].sum():g} of "
            f"a weight of {people.weights.sum():g}; give those people a rank, or leave them out and say so"
        )
    return ranks


def _held(share: npt.NDArray[np.float64], amount: npt.NDArray[np.float64], first: float) -> float:
    """Return how much the first share of the people has, the people of the group on the border divided."""
    people = np.concatenate([[0.0], np.cumsum(share)])
    return float(np.interp(first, people, np.concatenate([[0.0], np.cumsum(amount)])))


def _gini(people: Distribution) -> float:
    distinct, share, _ = people.pooled
    if distinct[-1] == 0:
        return 0.0
    scaled = distinct / distinct[-1]
    at_most = np.cumsum(share)[:-1]
    above = np.cumsum(share[::-1])[::-1][1:]
    return float(np.sum(at_most * above * np.diff(scaled)) / np.sum(share * scaled))


def _split(people: People, parts: Groups) -> tuple[npt.NDArray[np.float64], ...]:
    """Split the covariance of value and rank into that of the groups' means and that inside the groups."""
    index = in_each(_gini, people, parts)
    average = people.average
    if average == 0:
        return index, np.zeros_like(index), np.zeros_like(index)
    _, share, place = people.pooled
    ranks = (np.cumsum(share) - share / 2)[place]
    means = np.array([np.average(ranks[rows], weights=people.shares[rows]) for rows in parts.rows])
    inside = np.array(
        [
            np.sum(people.shares[rows] * (people.amounts[rows] - parts.means[group]) * (ranks[rows] - means[group]))
            for group, rows in enumerate(parts.rows)
        ]
    )
    between = 2 * parts.shares * (parts.means - average) * (means - 0.5) / average
    return index, between, 2 * inside / average
