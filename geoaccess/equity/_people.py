"""What every measure of this room asks of its input, and how it counts people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy.typing as npt

__all__ = [
    "UNCLASSIFIED",
    "Distribution",
    "Groups",
    "Labels",
    "People",
    "mean",
    "people_weights",
    "pool",
    "read_groups",
    "read_numbers",
    "read_people",
    "same_order",
    "weighted_anew",
]

UNCLASSIFIED = "unclassified"
"""Name of the group of the people who have none."""

Labels: TypeAlias = "pd.Series | npt.NDArray[np.generic] | Sequence[Hashable]"
"""One label per value: the centrality class, the municipality."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """Values, and the share of the people who have each; what several indices are made of is computed once."""

    amounts: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]

    @cached_property
    def average(self) -> float:
        """The mean, exactly the value itself where all are equal; inf where somebody has inf."""
        return mean(self.amounts, self.shares)

    @cached_property
    def ratio(self) -> npt.NDArray[np.float64]:
        """The values over their mean, which is not 0."""
        found: npt.NDArray[np.float64] = self.amounts / self.average
        return found

    @cached_property
    def log_ratio(self) -> npt.NDArray[np.float64]:
        """The logarithm of `ratio`; 0 where that is 0."""
        found: npt.NDArray[np.float64] = np.log(np.where(self.ratio > 0, self.ratio, 1.0))
        return found

    @cached_property
    def pooled(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
        """See `pool`."""
        return pool(self.amounts, self.shares)


@dataclass(frozen=True, eq=False)
class People(Distribution):
    """The rows that have people: the values, their weights, each row's share of them all, and which rows were kept.

    `given` is what the values came as: a Series says in which order its rows are.
    """

    weights: npt.NDArray[np.float64]
    kept: npt.NDArray[np.bool_]
    given: Any = None


@dataclass(frozen=True)
class Groups:
    """The groups of `People`: their names, which rows each has, its people, its share of all and its mean."""

    names: list[str]
    rows: list[npt.NDArray[np.intp]]
    people: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]


def read_numbers(values: npt.ArrayLike | pd.Series, *, measure: str, name: str) -> npt.NDArray[np.float64]:
    """Return a one-dimensional float array, NaN where pandas has NA; raise `InputError` if it is not one of numbers."""
    try:
        if isinstance(values, pd.Series | pd.api.extensions.ExtensionArray):
            numbers = np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{measure}: {name} are not all numbers ({error}); give one number per row") from error
    if numbers.ndim != 1:
        raise InputError(f"{measure}: {name} must have one dimension, not {numbers.ndim}")
    return numbers


def people_weights(
    weights: npt.ArrayLike | pd.Series | None, *, shape: tuple[int, ...], measure: str
) -> npt.NDArray[np.float64]:
    """Return one weight per value, 1 where none are given; raise `InputError` if any is not a number >= 0."""
    if weights is None:
        return np.ones(shape)
    people = read_numbers(weights, measure=measure, name="weights")
    if people.shape != shape:
        raise InputError(f"{measure}: weights have shape {people.shape} but values {shape}; give one weight per value")
    wrong = ~(np.isfinite(people) & (people >= 0))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{measure}: {int(wrong.sum())} weights are negative, infinite or missing (the first is {people[first]} at "
            f"position {first}); weights are people and must be numbers >= 0"
        )
    return people


def read_people(
    values: npt.ArrayLike | pd.Series | People,
    weights: npt.ArrayLike | pd.Series | None,
    *,
    measure: str,
    unreached: bool = False,
    negative: bool = False,
) -> People:
    """Return the rows with a weight above 0; raise `InputError` if there is none or a value that counts is no number.

    `unreached` lets inf through, `negative` lets numbers below 0 through; a missing value never passes. In place of
    values there may be people that were read already, whose weights count.
    """
    if isinstance(values, People):
        return values
    numbers = read_numbers(values, measure=measure, name="values")
    same_order(values, weights, measure=measure, name="weights")
    people = people_weights(weights, shape=numbers.shape, measure=measure)
    kept = people > 0
    numbers, people = numbers[kept], people[kept]
    if numbers.size == 0:
        raise InputError(f"{measure}: no row has a weight above 0, so there is nobody to measure")
    infinite, missing = np.isinf(numbers), np.isnan(numbers)
    if unreached:
        infinite = np.zeros_like(missing)
    if infinite.any() or missing.any():
        lost = float(people[infinite | missing].sum())
        hint = "people who reach nothing must be left out or given a value before; say so beside the index"
        if unreached:
            hint = "give inf to people who reach nothing: they are counted as beyond every norm"
        raise InputError(
            f"{measure}: {int(infinite.sum())} values are infinite and {int(missing.sum())} are missing, together "
            f"{lost:g} of a weight of {float(people.sum()):g}; {hint}"
        )
    if not negative and (numbers < 0).any():
        raise InputError(
            f"{measure}: {int((numbers < 0).sum())} values are negative (the smallest is {numbers.min():g}); "
            "the measure is defined for a quantity that cannot be negative, such as time or supply per person"
        )
    return People(numbers, _shares(people), people, kept, values)


def weighted_anew(numbers: npt.NDArray[np.float64], people: npt.NDArray[np.float64]) -> People:
    """Return the rows with a weight above 0, as `read_people` does, of values that it took with other weights."""
    kept = people > 0
    people = people[kept]
    return People(numbers[kept], _shares(people), people, kept)


def _shares(people: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shares = people / people.max()  # a sum of very many people cannot overflow
    found: npt.NDArray[np.float64] = shares / shares.sum()
    return found


def same_order(values: Any, other: Any, *, measure: str, name: str) -> None:
    """Raise `InputError` if two Series have the same labels in another order: rows are taken one beside the other."""
    if not (isinstance(values, pd.Series) and isinstance(other, pd.Series)) or values.index.equals(other.index):
        return
    if len(values) == len(other) and values.index.is_unique and values.index.isin(other.index).all():
        raise InputError(
            f"{measure}: {name} have the labels of the values in another order; reindex them like the values"
        )


def read_groups(groups: Labels, people: People, *, measure: str) -> Groups:
    """Return the groups that have people, in rising order of their labels; rows without one are "unclassified"."""
    given: Any = groups
    same_order(people.given, given, measure=measure, name="groups")
    try:
        dimensions = np.ndim(given)
    except ValueError:  # tuples of different lengths
        dimensions = 2
    if dimensions != 1:
        raise InputError(
            f"{measure}: groups must be one label per value, such as a class, not {dimensions}-dimensional"
        )
    labels = pd.Series(given).reset_index(drop=True).convert_dtypes()  # 1.0 is class 1
    if len(labels) != people.kept.size:
        raise InputError(
            f"{measure}: {people.kept.size} values but {len(labels)} groups; give one group per value, missing where "
            "there is none"
        )
    labels = labels[people.kept]
    try:
        codes, found = pd.factorize(labels.where(labels != ""), sort=True, use_na_sentinel=True)
    except TypeError as error:
        raise InputError(f"{measure}: groups cannot be put in order ({error}); use all numbers or all text") from error
    names = [str(label) for label in found]
    if (codes < 0).any():
        if UNCLASSIFIED not in names:
            names.append(UNCLASSIFIED)
        codes = np.where(codes < 0, names.index(UNCLASSIFIED), codes)
    order = np.argsort(codes, kind="stable")
    rows = np.split(order, np.searchsorted(codes[order], np.arange(1, len(names))))
    sums = np.array([people.weights[part].sum() for part in rows])
    means = np.array([mean(people.amounts[part], people.weights[part] / people.weights[part].sum()) for part in rows])
    return Groups(names, rows, sums, sums / sums.sum(), means)


def mean(values: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> float:
    """Return the mean, exactly the value itself where all are equal; inf where somebody has inf."""
    least = values.min()
    if np.isinf(values.max()):
        return float(np.inf)
    return float(least + np.sum(shares * (values - least)))


def pool(
    values: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return the distinct values in rising order, the share of the people who have each, and each row's place.

    Values that are in order already are not sorted again, which is what makes an interval over many draws quick.
    """
    step = np.diff(values)
    if (step >= 0).all():
        new = np.concatenate([[True], step > 0])
        distinct, place = values[new], np.cumsum(new) - 1
    else:
        distinct, place = np.unique(values, return_inverse=True)
    share = np.bincount(place, weights=shares)
    return distinct, share / share.sum(), place
