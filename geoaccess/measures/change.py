"""A change between two times split into what people moving, other norms and travel times made of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

__all__ = ["MeanChange", "ShareChange", "mean_change", "share_change"]


@dataclass(frozen=True)
class MeanChange:
    """The mean travel time before and after, and the parts of its change, which sum to it; seconds.

    `from_people`: people live elsewhere; `from_reach`: others are reached; `from_time`: journeys take another time.
    """

    before: float
    after: float
    from_people: float
    from_reach: float
    from_time: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True)
class ShareChange:
    """A share of the people before and after, and the parts of its change, which sum to it.

    `from_people`: people live elsewhere; `from_norm`: they are held against another norm; `from_time`: journeys take
    another time.
    """

    before: float
    after: float
    from_people: float
    from_norm: float
    from_time: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


@checks_arguments
def share_change(
    people: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    shares: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    *,
    crossed: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
) -> ShareChange:
    """Split the change of a share of the people, such as that within a norm.

    With p_i the part of all people in unit i and s_i the share of them, before (A) and after (B),

        S_B - S_A = sum_i (p_i^B - p_i^A) (s_i^A + s_i^B) / 2  +  sum_i (p_i^A + p_i^B) / 2 (s_i^B - s_i^A)

    exactly: the first sum is what people who live elsewhere make of it, the second what travel times make of it.
    Neither time is the standard, so that the other way round the parts only change their sign.

    Where units may be held against another norm, as a place that grows into a built-up area, s depends on the norm and
    on the times, and there are three parts: each is the mean, over the six orders in which people, norms and times can
    go from before to after one by one, of what that step changes (Shapley). Where no norm is another, `from_norm` is 0
    and the other two are those above.

    Parameters
    ----------
    people
        Of each unit (cell, municipality) before and after, shape (n,) each, >= 0.
    shares
        Of the people of each unit, before and after, in [0, 1]; of a cell 0 or 1. A unit without people at one of the
        times counts with the share of the other: it contributes to people alone.
    crossed
        The shares by the times before under the norms after, and by the times after under the norms before, shape (n,)
        each, in [0, 1]; None where norms are the same. Those of a unit without people at one of the times do not count.

    Returns
    -------
    Both shares and the parts; all NaN where there is nobody before, or nobody after.

    Raises
    ------
    InputError
        If shapes differ, or people or shares are not numbers in their range.

    References
    ----------
    Kitagawa (1955), Components of a difference between two rates, Journal of the American Statistical Association
    50(272), 1168-1194, equation for two components. Shorrocks (2013), as for `mean_change`.

    Examples
    --------
    >>> near, far = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    >>> found = share_change((np.array([50.0, 50.0]), np.array([75.0, 25.0])), (near, far))
    >>> found.change, found.from_people, found.from_time
    (0.5, 0.125, 0.375)

    20 minutes are within the norm of a sparse area, and no longer when it is built up; nothing else is another:

    >>> one, none = np.array([1.0]), np.array([0.0])
    >>> found = share_change((np.array([50.0]), np.array([50.0])), (one, none), crossed=(none, one))
    >>> found.from_people, found.from_norm, found.from_time
    (0.0, -1.0, 0.0)
    """
    (a, b), (s_a, s_b) = _checked(people, "people"), _checked(shares, "shares", most=1.0)
    new_norm, new_time = (s_a, s_b) if crossed is None else _checked(crossed, "crossed", most=1.0)
    shapes = [one.shape for one in (a, b, s_a, s_b, new_norm, new_time)]
    if len(set(shapes)) > 1:
        raise InputError(f"share_change: shapes {', '.join(map(str, shapes))}; give one per unit")
    if not (a.sum() > 0 and b.sum() > 0):
        return ShareChange(*[float("nan")] * 5)
    s_a, s_b = np.where(a > 0, s_a, s_b), np.where(b > 0, s_b, s_a)
    both = (a > 0) & (b > 0)
    new_norm, new_time = np.where(both, new_norm, s_a), np.where(both, new_time, s_b)
    p = (a / a.sum(), b / b.sum())
    share_with = dict(zip(map(frozenset, ((), (1,), (2,), (1, 2))), (s_a, new_norm, new_time, s_b), strict=True))

    def value(after: frozenset[int]) -> float:  # of people (0), norms (1) and times (2)
        return _weighed(p[0 in after], share_with[after - {0}])

    from_people, from_norm, from_time = map(float, _shapley(value, 3))
    return ShareChange(_weighed(p[0], s_a), _weighed(p[1], s_b), from_people, from_norm, from_time)


@checks_arguments
def mean_change(
    people: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    times: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    *,
    reached: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
) -> MeanChange:
    """Split the change of the mean travel time of those who are reached.

    The mean is f(p, r, t) = sum_i p_i r_i t_i / sum_i p_i r_i, with p_i the people of unit i, r_i the share of them
    that is reached and t_i their mean time. Each part is the mean, over the six orders in which p, r and t can go from
    before to after one by one, of what that step changes (Shapley). The parts sum to the change without a rest, and no
    order is preferred. Where everybody is reached before and after, from_reach is 0, and the other two are the two
    components of Kitagawa (see `share_change`, with times in place of shares).

    Parameters
    ----------
    people
        Of each unit (cell, municipality) before and after, shape (n,) each, >= 0.
    times
        Seconds before and after; inf or NaN where nobody is reached. A unit that has people, or is reached, at one of
        the times only counts with the time (and reach) of that one.
    reached
        Share of the people of each unit that is reached, before and after; where a time is finite unless given.

    Returns
    -------
    Both means and the three parts; all NaN where nobody is reached before, or nobody after. Where the reach of one time
    leaves nobody of the people of the other, so that a mean between the two does not exist, people and reach are
    changed together, and `from_people` holds both.

    Raises
    ------
    InputError
        If shapes differ, or people, times or reach are not numbers in their range.

    References
    ----------
    Kitagawa (1955), as for `share_change`. Shorrocks (2013), Decomposition procedures for distributional analysis: a
    unified framework based on the Shapley value, Journal of Economic Inequality 11(1), 99-126.

    Examples
    --------
    >>> found = mean_change(
    ...     (np.array([50.0, 50.0]), np.array([75.0, 25.0])), (np.array([600.0, 1800.0]), np.array([600.0, 1400.0]))
    ... )
    >>> found.before, found.after, found.from_people, found.from_reach, found.from_time
    (1200.0, 800.0, -250.0, 0.0, -150.0)
    """
    a, b = _checked(people, "people")
    t_a, t_b = (np.asarray(one, np.float64) for one in times)
    given = (np.isfinite(t_a) * 1.0, np.isfinite(t_b) * 1.0) if reached is None else reached
    r_a, r_b = _checked(given, "reached", most=1.0)
    if len({one.shape for one in (a, b, t_a, t_b, r_a, r_b)}) > 1:
        raise InputError("mean_change: people, times and reached have several shapes; give one of each per unit")
    if ((t_a < 0) | (t_b < 0)).any():
        raise InputError("mean_change: a time is negative; give seconds >= 0")
    if ((r_a > 0) & ~np.isfinite(t_a) | (r_b > 0) & ~np.isfinite(t_b)).any():
        raise InputError("mean_change: a unit is reached, but has no time; give its seconds")
    if not ((a * r_a).sum() > 0 and (b * r_b).sum() > 0):
        return MeanChange(*[float("nan")] * 5)
    r_a, r_b = np.where(a > 0, r_a, r_b), np.where(b > 0, r_b, r_a)
    mine, theirs = (a > 0) & (r_a > 0), (b > 0) & (r_b > 0)
    t_a, t_b = np.where(mine, t_a, t_b), np.where(theirs, t_b, t_a)
    t_a, t_b = (np.where(np.isfinite(one), one, 0.0) for one in (t_a, t_b))
    factors = ((a / a.sum(), b / b.sum()), (r_a, r_b), (t_a, t_b))

    def value(after: frozenset[int]) -> float:
        return _mean(*(one[place in after] for place, one in enumerate(factors)))

    before, after = value(frozenset()), value(frozenset(range(3)))
    parts = _shapley(value, 3)
    if not np.isfinite(parts).all():
        w_a, w_b = a * r_a / (a * r_a).sum(), b * r_b / (b * r_b).sum()
        parts = np.array([_weighed(w_b - w_a, t_a + t_b) / 2, 0.0, _weighed(w_a + w_b, t_b - t_a) / 2])
    return MeanChange(before, after, *map(float, parts))


def _weighed(weights: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> float:
    return float((weights * values).sum())


def _mean(p: npt.NDArray[np.float64], r: npt.NDArray[np.float64], t: npt.NDArray[np.float64]) -> float:
    weight = p * r
    total = float(weight.sum())
    return _weighed(weight, t) / total if total > 0 else float("nan")


def _shapley(value: Callable[[frozenset[int]], float], count: int) -> npt.NDArray[np.float64]:
    """Return what each of `count` factors changes, as the mean over all orders; NaN where a value does not exist.

    `value` is the figure when the factors of the set are as after, and the others as before.
    """
    known = {after: value(after) for size in range(count + 1) for after in _sets(count, size)}
    parts = np.zeros(count)
    orders = [*itertools.permutations(range(count))]
    for order in orders:
        done: frozenset[int] = frozenset()
        for place in order:
            parts[place] += known[done | {place}] - known[done]
            done |= {place}
    return parts / len(orders)


def _sets(count: int, size: int) -> Iterator[frozenset[int]]:
    return map(frozenset, itertools.combinations(range(count), size))


def _checked(
    pair: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]], name: str, *, most: float = np.inf
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    first, second = (np.asarray(one, np.float64) for one in pair)
    for one in (first, second):
        if one.ndim != 1 or not (np.isfinite(one) & (one >= 0) & (one <= most)).all():
            span = ">= 0" if np.isinf(most) else f"from 0 to {most:g}"
            raise InputError(f"{name}: give a number {span} for each unit, in one dimension")
    return first, second
