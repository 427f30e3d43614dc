"""Theil's two indices of inequality, which split exactly between and within groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.equity._people import read_people
from geoaccess.equity.decomposition import decompose, in_each

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.equity._people import Distribution, Groups, Labels, People

__all__ = ["decompose_theil_l", "decompose_theil_t", "theil_l", "theil_t"]


@checks_arguments
def theil_t(values: npt.ArrayLike, *, weights: npt.ArrayLike | None = None) -> float:
    """Theil T index of a non-negative quantity: 0 when everybody has the same, more the more some have than others.

    T = sum_i p_i (x_i / mu) ln(x_i / mu), with p_i = w_i / W and mu = sum_i p_i x_i; 0 ln 0 = 0. Of the two indices of
    Theil it is the one that minds large values more, so of travel times it minds the long ones.

    Parameters
    ----------
    values
        Shape (n,), >= 0, for example seconds.
    weights
        People, shape (n,), >= 0, may be fractional; everybody counts once when left out. Rows of weight 0 are passed
        over, whatever their value.

    Returns
    -------
    A number in [0, ln(W / smallest weight)], in nats; 0 when all values are 0.

    Raises
    ------
    InputError
        If a value that counts is negative, inf (unreached) or NaN (not snapped), saying how many; if a weight is
        negative or not finite; if all weights are 0; if there is not one weight per value.

    References
    ----------
    Theil (1967), Economics and Information Theory, North-Holland; Shorrocks (1980), "The class of additively
    decomposable inequality measures", Econometrica 48(3), 613-625. The `theil_t` of the R package accessibility has
    the same total and parts where no value is 0, and is undefined where one is.

    Examples
    --------
    >>> round(theil_t([600.0, 1800.0]), 4)
    0.1308
    """
    people = read_people(values, weights, measure="theil_t")
    return _theil_t(people)


@checks_arguments
def decompose_theil_t(
    values: npt.ArrayLike,
    *,
    groups: Labels,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Split the Theil T index into what lies between groups of people and what lies within them.

    s_g = p_g mu_g / mu being the share of the quantity that group g has:
    between = sum_g s_g ln(mu_g / mu), the index if all people of a group had its mean, and
    within = sum_g s_g T_g. between + within = T, and neither is negative.

    Parameters
    ----------
    groups
        The group of each value, shape (n,), for example the centrality class. Rows without one make up the group
        "unclassified", so that nobody is dropped.
    values, weights
        As in `theil_t`.

    Returns
    -------
    A row per group that has people and the row "everybody" below them; index `group` (text), columns `population`
    (sum of weights), `mean` (of the values), `index` (among the people of the group alone, or of everybody), and
    `between` and `within`: what the group adds to either part, and in the last row the parts themselves.

    Raises
    ------
    InputError
        As `theil_t`; if there is not one group per value, or a group is named "everybody".

    References
    ----------
    As `theil_t`.

    Examples
    --------
    >>> parts = decompose_theil_t([600.0, 600.0, 900.0, 1500.0], weights=[300, 100, 50, 50], groups=[1, 1, 6, 6])
    >>> parts.loc["everybody", ["between", "within", "index"]].round(4).tolist()
    [0.0487, 0.0105, 0.0593]
    >>> parts.round(4)
               population    mean   index  between  within
    group
    1               400.0   600.0  0.0000  -0.1215  0.0000
    6               100.0  1200.0  0.0316   0.1703  0.0105
    everybody       500.0   720.0  0.0593   0.0487  0.0105
    """
    people = read_people(values, weights, measure="decompose_theil_t")
    total = _theil_t(people)
    return decompose(total, people, groups, measure="decompose_theil_t", split=_split_t)


@checks_arguments
def theil_l(values: npt.ArrayLike, *, weights: npt.ArrayLike | None = None) -> float:
    """Theil L index, the mean logarithmic deviation: 0 when everybody has the same, more the less some have.

    L = sum_i p_i ln(mu / x_i), with p_i = w_i / W and mu = sum_i p_i x_i. It minds small values more, so it suits
    supply per person, where the people with little are the ones to look at. Where somebody has 0 it is inf, its
    limit: one cell without supply is enough, and `theil_t` or `gini` then say more.

    Parameters
    ----------
    values, weights
        As in `theil_t`.

    Returns
    -------
    A number >= 0, in nats; inf where somebody has 0 and somebody more; 0 when all values are 0.

    Raises
    ------
    InputError
        As `theil_t`.

    References
    ----------
    Theil (1967), Economics and Information Theory, North-Holland; Shorrocks (1980), "The class of additively
    decomposable inequality measures", Econometrica 48(3), 613-625.

    Examples
    --------
    >>> round(theil_l([600.0, 1800.0]), 4)
    0.1438
    >>> theil_l([0.0, 1800.0])
    inf
    """
    people = read_people(values, weights, measure="theil_l")
    return _theil_l(people)


@checks_arguments
def decompose_theil_l(
    values: npt.ArrayLike,
    *,
    groups: Labels,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Split the Theil L index into what lies between groups of people and what lies within them.

    between = sum_g p_g ln(mu / mu_g), the index if all people of a group had its mean, and
    within = sum_g p_g L_g. between + within = L, and neither is negative.

    Parameters
    ----------
    groups
        As in `decompose_theil_t`.
    values, weights
        As in `theil_l`.

    Returns
    -------
    The table of `decompose_theil_t`.

    Raises
    ------
    InputError
        As `theil_l`; if there is not one group per value, or a group is named "everybody".

    References
    ----------
    As `theil_l`.

    Examples
    --------
    >>> parts = decompose_theil_l([600.0, 600.0, 900.0, 1500.0], weights=[300, 100, 50, 50], groups=[1, 1, 6, 6])
    >>> parts.loc["everybody", ["between", "within", "index"]].round(4).tolist()
    [0.0437, 0.0065, 0.0501]
    """
    people = read_people(values, weights, measure="decompose_theil_l")
    total = _theil_l(people)
    return decompose(total, people, groups, measure="decompose_theil_l", split=_split_l)


def _theil_t(people: Distribution) -> float:
    """Return T as sum_i p_i (r ln r - r + 1), r = x_i / mu: the same sum, of which no term is negative."""
    if people.average == 0:
        return 0.0
    terms = people.ratio * people.log_ratio - people.ratio + 1
    return float(np.sum(people.shares * np.maximum(terms, 0.0)))


def _theil_l(people: Distribution) -> float:
    """Return L as sum_i p_i (r - 1 - ln r), r = x_i / mu: the same sum, of which no term is negative."""
    if people.average == 0:
        return 0.0
    if (people.ratio == 0).any():
        return float(np.inf)
    return float(np.sum(people.shares * np.maximum(people.ratio - 1 - people.log_ratio, 0.0)))


def _split_t(people: People, parts: Groups) -> tuple[npt.NDArray[np.float64], ...]:
    index = in_each(_theil_t, people, parts)
    average = people.average
    if average == 0:
        return index, np.zeros_like(index), np.zeros_like(index)
    ratio = parts.means / average
    return index, parts.shares * ratio * np.log(np.where(ratio > 0, ratio, 1.0)), parts.shares * ratio * index


def _split_l(people: People, parts: Groups) -> tuple[npt.NDArray[np.float64], ...]:
    index = in_each(_theil_l, people, parts)
    average = people.average
    if average == 0:
        return index, np.zeros_like(index), np.zeros_like(index)
    with np.errstate(divide="ignore"):
        return index, -parts.shares * np.log(parts.means / average), parts.shares * index
