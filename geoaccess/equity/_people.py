"""What every measure of this room asks of its input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["finite_values", "people_weights"]


def people_weights(weights: npt.ArrayLike | None, *, shape: tuple[int, ...], measure: str) -> npt.NDArray[np.float64]:
    """Return one weight per value, 1 where none are given; raise `InputError` if any is not a number >= 0."""
    if len(shape) != 1:
        raise InputError(f"{measure}: values must have one dimension, not {len(shape)}")
    if weights is None:
        return np.ones(shape)
    people = np.asarray(weights, dtype=np.float64)
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


def finite_values(
    values: npt.ArrayLike, weights: npt.ArrayLike | None, *, measure: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return values, weights (both only where the weight is above 0) and the mask of the rows kept.

    Raises `InputError` if nobody is left or if a value that counts is infinite or missing.
    """
    numbers = np.asarray(values, dtype=np.float64)
    people = people_weights(weights, shape=numbers.shape, measure=measure)
    kept = people > 0
    numbers, people = numbers[kept], people[kept]
    if numbers.size == 0:
        raise InputError(f"{measure}: no row has a weight above 0, so there is nobody to measure")
    infinite, missing = np.isinf(numbers), np.isnan(numbers)
    if infinite.any() or missing.any():
        lost = float(people[infinite | missing].sum())
        raise InputError(
            f"{measure}: {int(infinite.sum())} values are infinite and {int(missing.sum())} are missing, together "
            f"{lost:g} of a weight of {float(people.sum()):g}; people who reach nothing must be left out or given a "
            "value before, and the reader told which"
        )
    return numbers, people, kept
