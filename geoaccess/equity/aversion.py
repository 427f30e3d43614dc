"""Indices with a stated aversion to inequality: Atkinson's for a good, Kolm and Pollak's for a burden too."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.equity._people import Distribution, read_people
from geoaccess.equity.decomposition import EVERYBODY, decompose, in_each
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.equity._people import Groups, Labels, People

__all__ = ["atkinson", "decompose_atkinson", "decompose_kolm_pollak", "kolm_pollak", "kolm_pollak_ede"]


@checks_arguments
def atkinson(
    values: npt.ArrayLike,
    *,
    epsilon: float = 0.5,
    weights: npt.ArrayLike | None = None,
) -> float:
    """Atkinson index: the share of a good that could be given up without loss if everybody had the same.

    A = 1 - xi / mu, with mu = sum_i p_i x_i, p_i = w_i / W, and xi the equally distributed equivalent,
    xi = (sum_i p_i x_i^(1 - epsilon))^(1 / (1 - epsilon)), or exp(sum_i p_i ln x_i) where epsilon is 1.

    It looks at the people with *least*, the more so the greater epsilon is, and so is made for a good, such as supply
    per person. Of travel times it minds those who are near; `kolm_pollak` can mind those who are far.

    Parameters
    ----------
    values, weights
        As in `theil_t`.
    epsilon
        Aversion to inequality, >= 0: 0 minds none, and gives 0. Customary are 0.5, 1 and 2.

    Returns
    -------
    A number in [0, 1]; 0 when all values are 0. Where somebody has 0 and somebody more, an epsilon of 1 or above gives
    1, its limit.

    Raises
    ------
    InputError
        As `theil_t`, or if `epsilon` is negative or not finite.

    References
    ----------
    Atkinson (1970), "On the measurement of inequality", Journal of Economic Theory 2(3), 244-263; Blackorby, Donaldson
    and Auersperg (1981), "A new procedure for the measurement of inequality within and among population subgroups",
    Canadian Journal of Economics 14(4), 665-685, for the parts.

    Examples
    --------
    >>> round(atkinson([1.0, 4.0], epsilon=1), 4)
    0.2
    >>> round(atkinson([1.0, 4.0], epsilon=0.5, weights=[3, 1]), 4)
    0.1071
    """
    people = read_people(values, weights, measure="atkinson")
    return _atkinson(people, epsilon=_aversion(epsilon, measure="atkinson"))


@checks_arguments
def decompose_atkinson(
    values: npt.ArrayLike,
    *,
    groups: Labels,
    epsilon: float = 0.5,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Split the Atkinson index into what lies between groups of people and what lies within them.

    The index splits as a product, not as a sum: with xi_g the equivalent of group g,
    within = 1 - sum_g p_g xi_g / mu (the mean of the groups' indices, each weighted by its share of the quantity) and
    between = 1 - xi / sum_g p_g xi_g (the index if all people of a group had its equivalent), so that
    1 - A = (1 - between) (1 - within).

    Parameters
    ----------
    groups
        As in `decompose_theil_t`.
    values, weights, epsilon
        As in `atkinson`.

    Returns
    -------
    The table of `decompose_theil_t`. What a single group adds between is not defined: NaN.

    Raises
    ------
    InputError
        As `atkinson`; if there is not one group per value, or a group is named "everybody".

    References
    ----------
    As `atkinson`.

    Examples
    --------
    >>> parts = decompose_atkinson([1.0, 4.0, 4.0, 4.0], epsilon=1, groups=["a", "a", "b", "b"])
    >>> parts.loc["everybody", ["between", "within", "index"]].round(4).tolist()
    [0.0572, 0.0769, 0.1297]
    >>> round(1 - (1 - 0.0572) * (1 - 0.0769), 4)
    0.1297
    """
    epsilon = _aversion(epsilon, measure="decompose_atkinson")

    index = partial(_atkinson, epsilon=epsilon)

    def split(people: People, parts: Groups) -> tuple[npt.NDArray[np.float64], ...]:
        alone = in_each(index, people, parts)
        average = people.average
        held = parts.shares * parts.means / average if average else np.zeros_like(alone)
        return alone, np.full_like(alone, np.nan), held * alone

    people = read_people(values, weights, measure="decompose_atkinson")
    total = index(people)
    table = decompose(total, people, groups, measure="decompose_atkinson", split=split)
    apart = table.iloc[:-1]
    equivalents = (apart["mean"] * (1 - apart["index"])).to_numpy(dtype=np.float64)
    shares = apart["population"].to_numpy(dtype=np.float64)
    table.loc[EVERYBODY, "between"] = index(Distribution(equivalents, shares / shares.sum()))
    return table


def _aversion(epsilon: float, *, measure: str) -> float:
    if not (math.isfinite(epsilon) and epsilon >= 0):
        raise InputError(f"{measure}: epsilon is {epsilon}; aversion to inequality is a number >= 0, such as 0.5 or 1")
    return epsilon


@checks_arguments
def kolm_pollak_ede(
    values: npt.ArrayLike, *, epsilon: float = -1.0, kappa: float | None = None, weights: npt.ArrayLike | None = None
) -> float:
    """Time (or amount) that would be as bad, if everybody had it, as what people have: the mean, moved for inequality.

    xi = -(1 / kappa) ln sum_i p_i exp(-kappa x_i), with p_i = w_i / W and
    kappa = epsilon sum_i p_i x_i / sum_i p_i x_i^2 unless it is given.

    Of a burden, such as travel time, more is worse: epsilon is below 0, long times weigh most, and xi is at or above
    the mean, never above the longest time. Of a good epsilon is above 0 and xi at or below the mean. It has the unit of
    the values, so it can be read as minutes, and compared between places where the *same* kappa is used.

    Parameters
    ----------
    values, weights
        As in `theil_t`.
    epsilon
        Aversion to inequality: below 0 for a burden, above 0 for a good, 0 for none. It has no unit; -0.5, -1 and -2
        are used. Weights grow exponentially, so where nearly all are near and a few very far, the few decide.
    kappa
        The same aversion per unit of the values (of seconds: per second), in place of `epsilon`. To compare
        distributions, or to look for sites with least xi, it must be held fixed: take it once, from the distribution
        of today.

    Returns
    -------
    A number between the least and the greatest value, in their unit; the mean where the aversion is 0.

    Raises
    ------
    InputError
        As `theil_t`, or if `epsilon` or `kappa` is not finite.

    References
    ----------
    Kolm (1976), "Unequal inequalities I", Journal of Economic Theory 12(3), 416-442; Pollak (1971), "Additive utility
    functions and linear Engel curves", Review of Economic Studies 38(4), 401-414; Logan, Anderson, Williams and Conrow
    (2021), "Measuring inequalities in urban systems: an approach for evaluating the distribution of amenities and
    burdens", Computers, Environment and Urban Systems 86, 101590, for burdens and for kappa from epsilon.

    Examples
    --------
    Half of the people need 10 minutes and half 30. The mean is 20; as bad as what they have would be:

    >>> round(kolm_pollak_ede([10.0, 30.0]), 2)
    21.95
    >>> round(kolm_pollak_ede([10.0, 30.0], epsilon=-5), 2)
    26.63
    """
    people = read_people(values, weights, measure="kolm_pollak_ede")
    aversion = _kappa(people, epsilon=epsilon, kappa=kappa, measure="kolm_pollak_ede")
    return _equivalent(people, kappa=aversion)


@checks_arguments
def kolm_pollak(
    values: npt.ArrayLike,
    *,
    epsilon: float = -1.0,
    kappa: float | None = None,
    weights: npt.ArrayLike | None = None,
) -> float:
    """Kolm-Pollak index: by how much inequality makes a burden worse, or a good less, in the unit of the values.

    I = ``|xi - mu|``, xi being `kolm_pollak_ede` and mu the mean: the minutes everybody could be given on top of the
    mean, and be no worse off than with today's unequal times. It does not change when everybody gets the same minutes
    more (with kappa fixed): it is about differences, not about ratios.

    Parameters
    ----------
    values, weights
        As in `theil_t`.
    epsilon, kappa
        As in `kolm_pollak_ede`.

    Returns
    -------
    A number >= 0 in the unit of the values.

    Raises
    ------
    InputError
        As `kolm_pollak_ede`.

    References
    ----------
    As `kolm_pollak_ede`.

    Examples
    --------
    >>> round(kolm_pollak([10.0, 30.0]), 2)
    1.95
    """
    people = read_people(values, weights, measure="kolm_pollak")
    aversion = _kappa(people, epsilon=epsilon, kappa=kappa, measure="kolm_pollak")
    return _excess(people, kappa=aversion)


@checks_arguments
def decompose_kolm_pollak(
    values: npt.ArrayLike,
    *,
    groups: Labels,
    epsilon: float = -1.0,
    kappa: float | None = None,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Split the Kolm-Pollak index into what lies between groups of people and what lies within them.

    With xi_g the equivalent of group g with the kappa of everybody:
    between = ``|xi - sum_g p_g xi_g|`` and within = sum_g p_g ``|xi_g - mu_g|``. between + within = I, and neither is
    negative.

    Parameters
    ----------
    groups
        As in `decompose_theil_t`.
    values, weights, epsilon, kappa
        As in `kolm_pollak`.

    Returns
    -------
    The table of `decompose_theil_t`.

    Raises
    ------
    InputError
        As `kolm_pollak`; if there is not one group per value, or a group is named "everybody".

    References
    ----------
    As `kolm_pollak`.

    Examples
    --------
    >>> parts = decompose_kolm_pollak([10.0, 10.0, 20.0, 40.0], groups=[1, 1, 6, 6])
    >>> parts.loc["everybody", ["between", "within", "index"]].round(2).tolist()
    [2.1, 0.89, 2.99]
    """
    people = read_people(values, weights, measure="decompose_kolm_pollak")
    aversion = _kappa(people, epsilon=epsilon, kappa=kappa, measure="decompose_kolm_pollak")
    worse = 1.0 if aversion < 0 else -1.0
    excess = partial(_excess, kappa=aversion)

    def split(everybody: People, parts: Groups) -> tuple[npt.NDArray[np.float64], ...]:
        alone = in_each(excess, everybody, parts)
        equivalent = _equivalent(everybody, kappa=aversion)
        between = worse * parts.shares * (equivalent - (parts.means + worse * alone))
        return alone, between, parts.shares * alone

    total = excess(people)
    return decompose(total, people, groups, measure="decompose_kolm_pollak", split=split)


def _excess(people: Distribution, *, kappa: float) -> float:
    return abs(_equivalent(people, kappa=kappa) - people.average)


def _log_mean_exp(exponents: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> float:
    """Return ln sum_i p_i exp(a_i), without overflow of great exponents or loss of digits of small ones."""
    greatest = float(exponents.max())
    return greatest + math.log1p(max(float(np.sum(shares * np.expm1(exponents - greatest))), -1 + 1e-300))


def _atkinson(people: Distribution, *, epsilon: float) -> float:
    if people.average == 0 or epsilon == 0:
        return 0.0
    nothing = people.ratio == 0
    if epsilon >= 1 and nothing.any():
        return 1.0
    logs = np.where(nothing, -np.inf, people.log_ratio)
    if epsilon == 1:
        equivalent = float(np.sum(people.shares * logs))
    else:
        equivalent = _log_mean_exp((1 - epsilon) * logs, people.shares) / (1 - epsilon)
    return min(max(-math.expm1(equivalent), 0.0), 1.0)


def _kappa(people: People, *, epsilon: float, kappa: float | None, measure: str) -> float:
    """Return the aversion per unit of the values."""
    for name, value in (("epsilon", epsilon), ("kappa", kappa)):
        if value is not None and not math.isfinite(value):
            raise InputError(f"{measure}: {name} is {value}; it must be a finite number, below 0 for a burden")
    if kappa is not None:
        return kappa
    greatest = float(people.amounts.max())
    if greatest == 0:
        return epsilon
    scaled = people.amounts / greatest
    return epsilon * float(np.sum(people.shares * scaled) / np.sum(people.shares * scaled**2)) / greatest


def _equivalent(people: Distribution, *, kappa: float) -> float:
    """Return the equally distributed equivalent, within the range of the values."""
    average = people.average
    if kappa == 0:
        return average
    moved = average - _log_mean_exp(-kappa * (people.amounts - average), people.shares) / kappa
    low, high = (average, people.amounts.max()) if kappa < 0 else (people.amounts.min(), average)
    return float(min(max(moved, low), high))
