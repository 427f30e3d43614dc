"""How sensitive an index is to which places are in the table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import INTERVAL_DRAWS
from geoaccess.equity._people import people_weights, read_groups, read_numbers, read_people, weighted_anew
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from geoaccess.equity._people import Labels

__all__ = ["Interval", "bootstrap_interval", "intervals_of"]

MOST_LEFT_OUT = 5_000


@dataclass(frozen=True)
class Interval:
    """An index with the interval around it: from `low` to `high` at the confidence `level`.

    `units` is the number of cells or clusters that were drawn or left out.
    """

    value: float
    low: float
    high: float
    standard_error: float
    level: float
    units: int


@checks_arguments
def bootstrap_interval(
    function: Callable[..., float],
    values: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    method: Literal["bootstrap", "jackknife"] = "bootstrap",
    clusters: Labels | None = None,
    level: float = 0.95,
    draws: int = INTERVAL_DRAWS,
    seed: int = 0,
    **arguments: Any,
) -> Interval:
    """Interval around an index, by drawing places again or by leaving each out once.

    **What is drawn** are the rows (cells), each with all its people, or whole clusters of rows, such as municipalities.
    Never single people: a thousand people in a cell are one journey, not a thousand. Neighbouring cells share roads,
    ferries and sites, so drawing cells makes the interval too narrow; give the municipality as cluster unless there are
    only a few (under about 20, when no such interval is worth much).

    **What it says.** The people of a register are all the people, so there is no error of sampling. The interval says
    how much the index depends on which places happen to be in the table, as if they were drawn from many such places,
    independently and alike. It says nothing of errors in roads, speeds, sites or population.

    bootstrap: as many units as there are, drawn with replacement, `draws` times; low and high are the
    (1 - level) / 2 and (1 + level) / 2 quantiles of the index over the draws, and the standard error their standard
    deviation. It never leaves the range the index can have.

    jackknife: each of the m units left out once; se^2 = (m - 1) / m sum_u (I_u - mean I)^2 and low and high are
    I -+ z se with z from the normal distribution. No chance is involved, but it is unfit for `palma` and for `fgt` with
    alpha 0, which jump, and low may fall below 0.

    Parameters
    ----------
    function
        An index as `gini`: called as function(values, weights=...) with these keyword arguments, it returns a number.
    values, weights
        As the function takes them. Rows of weight 0 are neither drawn nor counted.
    method
        "bootstrap" or "jackknife".
    clusters
        The cluster of each value, shape (n,); every row is its own when left out. Rows without one are together one
        cluster.
    level
        Confidence, in (0, 1).
    draws
        How many times the bootstrap draws; 1000 is customary for a level of 0.95.
    seed
        The same seed gives the same interval.
    **arguments
        What else the function takes. Arrays, Series and lists with one entry per value (`ranking`, `groups`, `norm`)
        go with their rows; everything else, tuples too, is handed on as it is.

    Returns
    -------
    An `Interval`. Its bounds and error are NaN or inf where the index is in some draws.

    Raises
    ------
    InputError
        If fewer than 2 units have people; if `level`, `draws` or `method` is wrong; if there are more than 5 000 units
        to leave out; if the function does not return a number; and whatever the function raises.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, Chapman and Hall, chapters 11 (jackknife) and 13
    (percentile intervals); Mills and Zandvakili (1997), "Statistical inference via bootstrapping for measures of
    inequality", Journal of Applied Econometrics 12(2), 133-150.

    Examples
    --------
    >>> from geoaccess.equity import gini
    >>> found = bootstrap_interval(gini, [300.0, 600.0, 900.0, 1500.0], weights=[50, 30, 10, 10], method="jackknife")
    >>> round(found.value, 3), round(found.standard_error, 3), found.units
    (0.311, 0.106, 4)

    For the part of an index that lies between classes, or any other number:

    >>> from geoaccess.equity import decompose_theil_t
    >>> def between(values, *, weights, groups):
    ...     return decompose_theil_t(values, weights=weights, groups=groups).loc["everybody", "between"]
    >>> found = bootstrap_interval(between, [300.0, 600.0, 900.0, 1500.0], groups=[1, 1, 6, 6], draws=200)
    >>> 0 <= found.low <= found.value <= found.high
    True
    """
    _check(method=method, level=level, draws=draws)
    numbers = read_numbers(values, measure="bootstrap_interval", name="values")
    people = people_weights(weights, shape=numbers.shape, measure="bootstrap_interval")
    value = _number(function(numbers, weights=people, **arguments))
    order = _order(numbers, people, arguments.get("ranking"))
    units, codes = _units(clusters, people, order)
    if units == 1:
        raise InputError(
            "bootstrap_interval: only one unit has people; there must be 2 or more to draw from, so give finer clusters"
        )
    if method == "jackknife" and units > MOST_LEFT_OUT:
        raise InputError(
            f"bootstrap_interval: {units} units would be left out one by one; give clusters, or use method='bootstrap'"
        )
    ordered = {name: _in_order(given, order, numbers.size) for name, given in arguments.items()}
    found = np.array(
        [
            _number(function(numbers[order], weights=people[order] * counts[codes], **ordered))
            for counts in _resamples(units, method=method, draws=draws, seed=seed)
        ]
    )
    if method == "bootstrap":
        low, high = _ends(found, level)
        with np.errstate(invalid="ignore"):
            error = float(np.std(found, ddof=1))
    else:
        with np.errstate(invalid="ignore"):
            error = math.sqrt((units - 1) / units * float(np.sum((found - found.mean()) ** 2)))
        reach = NormalDist().inv_cdf((1 + level) / 2) * error
        low, high = value - reach, value + reach
    return Interval(value, float(low), float(high), error, level, units)


def intervals_of(
    functions: Sequence[Callable[..., float]],
    values: npt.NDArray[np.float64],
    *,
    weights: npt.NDArray[np.float64],
    clusters: Labels | None,
    draws: int,
    seed: int,
    level: float = 0.95,
    ranking: npt.NDArray[np.float64] | None = None,
) -> list[tuple[float, float]]:
    """Return low and high of `bootstrap_interval` for several indices of this room: all of them see the same draws.

    What a draw has in common for all is computed once. `values` and `weights` are such as each of them has taken.
    """
    _check(method="bootstrap", level=level, draws=draws)
    order = _order(values, weights, ranking)
    units, codes = _units(clusters, weights, order)
    numbers, people = values[order], weights[order]
    ordered = {} if ranking is None else {"ranking": ranking[order]}
    found = np.empty((len(functions), draws))
    for draw, counts in enumerate(_resamples(units, method="bootstrap", draws=draws, seed=seed)):
        drawn = weighted_anew(numbers, people * counts[codes])
        found[:, draw] = [function(drawn, **ordered) for function in functions]
    return [_ends(some, level) for some in found]


def _ends(found: npt.NDArray[np.float64], level: float) -> tuple[float, float]:
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return float(low), float(high)


def _order(
    numbers: npt.NDArray[np.float64], people: npt.NDArray[np.float64], ranking: npt.ArrayLike | None
) -> npt.NDArray[np.intp]:
    """Return the rows in which somebody lives in the order that the index sorts by, so that no draw sorts again."""
    keys = numbers if ranking is None else read_numbers(ranking, measure="bootstrap_interval", name="ranks")
    order = np.argsort(keys, kind="stable")
    return order[people[order] > 0]


def _check(*, method: str, level: float, draws: int) -> None:
    problems = []
    if method not in ("bootstrap", "jackknife"):
        problems.append(f"method is {method!r}; use 'bootstrap' or 'jackknife'")
    if not 0 < level < 1:
        problems.append(f"level is {level}; it is a share between 0 and 1, such as 0.95")
    if draws < 2:  # noqa: PLR2004  a spread takes two
        problems.append(f"draws is {draws}; draw at least twice, better 1000 times")
    if problems:
        raise InputError.listing("bootstrap_interval", problems)


def _number(answer: Any) -> float:
    try:
        return float(answer)
    except TypeError as error:
        raise InputError(
            f"bootstrap_interval: the function returns {type(answer).__name__}, not a number; of a decomposition "
            "choose one part, by a function that returns one number of it"
        ) from error


def _units(
    clusters: Labels | None, people: npt.NDArray[np.float64], order: npt.NDArray[np.intp]
) -> tuple[int, npt.NDArray[np.intp]]:
    """Return how many units there are and the unit of each of the rows in order."""
    if clusters is None:
        return order.size, np.arange(order.size)
    parts = read_groups(
        clusters, read_people(np.zeros_like(people), people, measure="bootstrap_interval"), measure="bootstrap_interval"
    )
    codes = np.full(people.size, -1)
    kept = np.flatnonzero(people > 0)
    for unit, rows in enumerate(parts.rows):
        codes[kept[rows]] = unit
    return len(parts.rows), codes[order]


def _in_order(given: Any, order: npt.NDArray[np.intp], size: int) -> Any:
    """Return what is given per row in the new order, everything else as it is."""
    if isinstance(given, str | tuple) or np.ndim(given) != 1 or len(given) != size:
        return given
    return given.iloc[order] if hasattr(given, "iloc") else np.asarray(given)[order]


def _resamples(units: int, *, method: str, draws: int, seed: int) -> Iterator[npt.NDArray[np.float64]]:
    """Yield how often each unit counts, once per draw or once per unit left out."""
    if method == "bootstrap":
        random = np.random.default_rng(seed)
        for _ in range(draws):
            yield np.bincount(random.integers(0, units, units), minlength=units).astype(np.float64)
    else:
        for left_out in range(units):
            counts = np.ones(units)
            counts[left_out] = 0.0
            yield counts
