"""Sites that take only so many: where to add some, and how many are covered when each takes its own in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S, UNREACHED_MIN
from geoaccess.errors import InputError
from geoaccess.siting import highs
from geoaccess.siting.locating import gap_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["Allotted", "covered_in_order", "locate_with_capacity"]

_TIGHT, _MOST = 300_000, 3_000_000
"""Up to so many pairs each is bounded by its own site, and more than the latter are refused."""

_ROUNDING = 1e-7


@dataclass(frozen=True)
class Allotted:
    """Where sites are added, who is served by which, and how sure that is.

    `added` are numbers of candidates. `point`, `site` and `people` say how many of each point each site takes: sites
    are numbered from 0, those that stand first, then the candidates. `now`, `value` and `bound` are figures: the share
    of people served within the norm, or mean minutes; today, with the choice, and what none can beat. `gap` is by how
    much the choice can miss the best, see `Located`; 0 where it is proved optimal.
    """

    added: npt.NDArray[np.int64]
    point: npt.NDArray[np.int64]
    site: npt.NDArray[np.int64]
    people: npt.NDArray[np.float64]
    unserved: npt.NDArray[np.float64]
    load: npt.NDArray[np.float64]
    now: float
    value: float
    bound: float
    gap: float

    @property
    def proved(self) -> bool:
        """Whether no choice is better."""
        return self.gap == 0.0


@dataclass(frozen=True)
class _Pairs:
    """Pairs of a point and a site that bring a gain to each person, for sites with room."""

    point: npt.NDArray[np.int64]
    site: npt.NDArray[np.int64]
    gain: npt.NDArray[np.float64]

    def gained(self, flow: npt.NDArray[np.float64]) -> float:
        """Return what these people of each pair gain together."""
        return float((flow * self.gain).sum())


@checks_arguments
def locate_with_capacity(
    times_s: npt.ArrayLike,
    people: npt.ArrayLike,
    *,
    capacity: npt.ArrayLike,
    add: int,
    standing_s: npt.ArrayLike | None = None,
    standing_capacity: npt.ArrayLike | None = None,
    norm_s: float | None = None,
    unreached_s: float = UNREACHED_MIN * 60,
    seconds: float = SOLVER_S,
) -> Allotted:
    """Find where to add sites that take only so many people each, beside those that stand.

    With a norm most people are served within it (capacitated maximal covering): max sum_ij x_ij over t_ij <= norm.
    Without one all people together travel least (capacitated p-median): min sum_ij t_ij x_ij + u sum_i (w_i - sum_j
    x_ij), u the time that counts for who is not served. Always sum_j x_ij <= w_i, sum_i x_ij <= c_j for open sites and
    0 for others. Who goes where is chosen for the good of all, as a booking office might: not everybody goes to the
    nearest. The people of a point may be shared between sites.

    Parameters
    ----------
    times_s
        To each candidate, shape (n_points, n_candidates), seconds; inf where there is no way.
    people
        Shape (n_points,), >= 0.
    capacity
        People that a site at each candidate takes: one number, or one for each; inf is no limit.
    add
        How many candidates are chosen.
    standing_s, standing_capacity
        The same of the sites that stand, which stay; none unless given.
    norm_s
        The norm; without it time is minimised.
    unreached_s
        What a person who is not served counts as, without a norm; no longer time is travelled.
    seconds
        How long HiGHS may take for the choice.

    Raises
    ------
    InputError
        If shapes differ, a number is out of its range, there are not so many candidates, or too many pairs.

    References
    ----------
    Current and Storbeck (1988), "Capacitated covering models", Environment and Planning B 15(2), 153-163. Mulvey and
    Beck (1984), "Solving capacitated clustering problems", European Journal of Operational Research 18(3), 339-348.

    Examples
    --------
    A village of 50 has a site for 60, the town of 100 none. A second site in the village would cover ten more.

    >>> from geoaccess.siting import locate_with_capacity
    >>> times, today = [[0, 900], [900, 0]], [[0], [900]]
    >>> found = locate_with_capacity(
    ...     times, [50, 100], capacity=80, add=1, standing_s=today, standing_capacity=[60], norm_s=900
    ... )
    >>> found.now, found.value, found.added.size, found.gap
    (0.4, 0.9333333333333333, 1, 0.0)
    >>> locate_with_capacity(times, [50, 100], capacity=80, add=1, standing_s=today, standing_capacity=[60]).added
    array([1])
    """
    weight = _numbers("people", people, 1)
    times = _numbers("times_s", times_s, 2, infinite=True)
    if len(times) != weight.size:
        raise InputError(f"times_s has {len(times)} rows; there are {weight.size} points")
    stand = np.empty((weight.size, 0)) if standing_s is None else _numbers("standing_s", standing_s, 2, infinite=True)
    if len(stand) != weight.size:
        raise InputError(f"standing_s has {len(stand)} rows; there are {weight.size} points")
    if not 0 <= add <= times.shape[1]:
        raise InputError(f"add is {add}; there are {times.shape[1]} candidates")
    for name, value in (("norm_s", norm_s), ("unreached_s", unreached_s), ("seconds", seconds)):
        if value is not None and not value > 0:
            raise InputError(f"{name} is {value:g}; give a number above 0")
    room = np.concatenate(
        [
            _capacities("standing_capacity", 0.0 if standing_capacity is None else standing_capacity, stand.shape[1]),
            _capacities("capacity", capacity, times.shape[1]),
        ]
    )
    total = float(weight.sum())
    if total <= 0:
        raise InputError("people: nobody lives anywhere")
    room = np.minimum(room, total)
    pairs = _pairs(np.hstack([stand, times]), weight, room, norm_s, unreached_s)
    fixed = stand.shape[1]
    today = _solve(pairs, weight, room, fixed, np.arange(0), seconds=np.inf)[0]
    if add == 0:
        choice, flow, best = np.arange(0), today, pairs.gained(today)
    else:
        choice, flow, best = _choose(pairs, weight, room, fixed, add, seconds)
    brought = (pairs.gained(today), pairs.gained(flow), best)
    now, value, bound = (_figure(one, total, norm_s, unreached_s) for one in brought)
    gap = gap_of(now, value, bound)
    gap = 0.0 if abs(bound - value) <= _ROUNDING * max(abs(value), _ROUNDING) else gap
    some = flow > _ROUNDING
    return Allotted(
        added=choice,
        point=pairs.point[some],
        site=pairs.site[some],
        people=flow[some],
        unserved=weight - np.bincount(pairs.point, flow, weight.size),
        load=np.bincount(pairs.site, flow, room.size).astype(np.float64),
        now=now,
        value=value,
        bound=bound if gap else value,
        gap=gap,
    )


def _figure(brought: float, total: float, norm_s: float | None, unreached_s: float) -> float:
    """Return the share of people who are served, or the mean minutes, of what all pairs bring."""
    return float(brought / total if norm_s is not None else unreached_s / 60 - brought / total)


def _pairs(
    times: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    room: npt.NDArray[np.float64],
    norm_s: float | None,
    unreached_s: float,
) -> _Pairs:
    useful = times <= norm_s if norm_s is not None else times < unreached_s
    useful &= (weight > 0)[:, None] & (room > 0)
    if useful.sum() > _MOST:
        raise InputError(
            f"{int(useful.sum())} pairs of a point and a site count, and {_MOST} are the most that can be solved; give "
            "fewer candidates or a shorter norm"
        )
    point, site = (found.astype(np.int64) for found in np.nonzero(useful))
    gain = np.ones(point.size) if norm_s is not None else (unreached_s - times[point, site]) / 60
    return _Pairs(point, site, gain)


def _programme(
    pairs: _Pairs, weight: npt.NDArray[np.float64], room: npt.NDArray[np.float64], fixed: int
) -> highs.Programme:
    """Return the flows and the rows that keep them to the people there are; the choice of candidates comes first."""
    candidates = room.size - fixed
    found = highs.Programme()
    found.add(np.zeros(candidates), whole=True)
    found.add(pairs.gain, whole=False, top=np.minimum(weight[pairs.point], room[pairs.site]))
    column = candidates + np.arange(pairs.point.size)
    ones = np.ones(pairs.point.size)
    found.require(pairs.point, column, ones, count=weight.size, high=weight)
    new = np.arange(candidates)
    row = np.concatenate([pairs.site, fixed + new])
    entry = np.concatenate([ones, -room[fixed:]])
    high = np.concatenate([room[:fixed], np.zeros(candidates)])
    found.require(row, np.concatenate([column, new]), entry, count=room.size, high=high)
    own = np.flatnonzero(pairs.site >= fixed)
    if 0 < own.size <= _TIGHT:
        most = np.minimum(weight[pairs.point[own]], room[pairs.site[own]])
        rows = np.arange(own.size)
        found.require(
            np.concatenate([rows, rows]),
            np.concatenate([column[own], pairs.site[own] - fixed]),
            np.concatenate([np.ones(own.size), -most]),
            count=own.size,
            high=0.0,
        )
    return found


def _solve(
    pairs: _Pairs,
    weight: npt.NDArray[np.float64],
    room: npt.NDArray[np.float64],
    fixed: int,
    opened: npt.NDArray[np.int64],
    *,
    seconds: float,
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the best flows to sites that stand and some that are opened, and what they bring."""
    there = np.zeros(room.size, np.bool_)
    there[:fixed] = True
    there[fixed + opened] = True
    some = np.flatnonzero(there[pairs.site])
    flow = np.zeros(pairs.point.size)
    if some.size:
        few = _Pairs(pairs.point[some], pairs.site[some], pairs.gain[some])
        shut = np.where(there, room, 0.0)
        values, _, _ = highs.solve(_programme(few, weight, shut, shut.size), seconds=seconds, relax=True)
        if values is not None:
            flow[some] = np.clip(values, 0.0, None)
    return flow, pairs.gained(flow)


def _choose(
    pairs: _Pairs,
    weight: npt.NDArray[np.float64],
    room: npt.NDArray[np.float64],
    fixed: int,
    add: int,
    seconds: float,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], float]:
    """Return the candidates to open, the flows, and what no choice can beat."""
    candidates = room.size - fixed
    programme = _programme(pairs, weight, room, fixed)
    programme.require(np.zeros(candidates), np.arange(candidates), np.ones(candidates), count=1, low=add, high=add)
    first = _greedily(pairs, weight, room, fixed, add)
    flow, brought = _solve(pairs, weight, room, fixed, first, seconds=np.inf)
    start = np.concatenate([np.isin(np.arange(candidates), first).astype(np.float64), flow])
    values, bound, _ = highs.solve(programme, start=start, seconds=seconds)
    if values is not None:
        choice = np.sort(np.argsort(-values[:candidates], kind="stable")[:add])
        better, more = _solve(pairs, weight, room, fixed, choice, seconds=np.inf)
        if more > brought:
            return choice, better, max(bound, more)
    return np.sort(first), flow, max(bound, brought)


def _greedily(
    pairs: _Pairs, weight: npt.NDArray[np.float64], room: npt.NDArray[np.float64], fixed: int, add: int
) -> npt.NDArray[np.int64]:
    """Return candidates one after another, each the one that brings most to those who are left, best pairs first."""
    order = np.lexsort((-pairs.gain, pairs.site))
    first = np.searchsorted(pairs.site[order], np.arange(room.size + 1))
    left, chosen = weight.copy(), np.empty(0, np.int64)

    def takes(site: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], float]:
        mine = order[first[site] : first[site + 1]]
        before = np.append(0.0, np.cumsum(left[pairs.point[mine]]))
        taken = np.diff(np.minimum(before, room[site]))
        return mine, taken, float((taken * pairs.gain[mine]).sum())

    for site in range(fixed):
        mine, taken, _ = takes(site)
        left[pairs.point[mine]] -= taken
    while chosen.size < add:
        brings = [-1.0 if j in chosen else takes(fixed + j)[2] for j in range(room.size - fixed)]
        best = int(np.argmax(brings))
        mine, taken, _ = takes(fixed + best)
        left[pairs.point[mine]] -= taken
        chosen = np.append(chosen, best)
    return chosen


@checks_arguments
def covered_in_order(
    times_s: npt.ArrayLike,
    people: npt.ArrayLike,
    *,
    capacity: npt.ArrayLike,
    norm_s: float,
    order: Sequence[int] | None = None,
) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Return how many are covered when sites take people one after another, each its nearest until it is full.

    The first site takes those within the norm, nearest first, as long as it has room; the next takes of those who are
    left, and so on: the geographic coverage of AccessMod. Of people who are equally near, of whom there is room for
    some only, the same share is taken everywhere.

    Parameters
    ----------
    times_s
        Shape (n_points, n_sites), seconds; inf where there is no way.
    people
        Shape (n_points,), >= 0.
    capacity
        People that each site takes: one number, or one for each; inf is no limit.
    norm_s
        The longest time that counts.
    order
        The sites in the order in which they take people; as they stand unless given.

    Returns
    -------
    A row per site, in that order: `site` (its number), `people_within` the norm of it, `covered` by it, `left_over`
    room, `longest_s` of those covered (NaN: nobody), and `covered_so_far`; and the people left of each point.

    Raises
    ------
    InputError
        If shapes differ, a number is out of its range, or `order` does not name every site once.

    References
    ----------
    Ray and Ebener (2008), "AccessMod 3.0", International Journal of Health Geographics 7, 63.

    Examples
    --------
    >>> from geoaccess.siting import covered_in_order
    >>> table, left = covered_in_order([[300, 600], [900, 300]], [100, 50], capacity=[120, 60], norm_s=900)
    >>> table[["site", "covered", "left_over", "covered_so_far"]].to_numpy().tolist(), left.tolist()
    ([[0.0, 120.0, 0.0, 120.0], [1.0, 30.0, 30.0, 150.0]], [0.0, 0.0])
    """
    weight = _numbers("people", people, 1)
    times = _numbers("times_s", times_s, 2, infinite=True)
    if len(times) != weight.size:
        raise InputError(f"times_s has {len(times)} rows; there are {weight.size} points")
    if not norm_s > 0:
        raise InputError(f"norm_s is {norm_s:g}; give a number above 0")
    room = _capacities("capacity", capacity, times.shape[1])
    turns = np.arange(times.shape[1]) if order is None else np.asarray(order)
    if not np.array_equal(np.sort(turns), np.arange(times.shape[1])):
        raise InputError(f"order is {turns.tolist()}; name each of the {times.shape[1]} sites once, from 0")
    left, rows, so_far = weight.copy(), [], 0.0
    for site in turns.tolist():
        column = times[:, site]
        near = np.flatnonzero(column <= norm_s)
        moment, band = np.unique(column[near], return_inverse=True)
        waiting = np.bincount(band, left[near], moment.size)
        taken = np.diff(np.minimum(np.append(0.0, np.cumsum(waiting)), room[site]))
        share = np.divide(taken, waiting, out=np.zeros_like(taken), where=waiting > 0)
        covered = float(taken.sum())
        so_far += covered
        longest = float(moment[taken > 0][-1]) if (taken > 0).any() else np.nan
        rows.append((site, float(weight[near].sum()), covered, float(room[site] - covered), longest, so_far))
        left[near] *= 1.0 - share[band]
    names = ["site", "people_within", "covered", "left_over", "longest_s", "covered_so_far"]
    return pd.DataFrame(rows, columns=names), left


def _numbers(name: str, values: npt.ArrayLike, dimensions: int, *, infinite: bool = False) -> npt.NDArray[np.float64]:
    """Return an array of numbers >= 0."""
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: these are no numbers; give an array") from error
    if array.ndim != dimensions:
        raise InputError(f"{name} has the shape {array.shape}; give {dimensions} dimension{'s' * (dimensions > 1)}")
    wrong = ~(array >= 0) | (False if infinite else np.isinf(array))
    if wrong.any():
        raise InputError(f"{name}: {int(wrong.sum())} numbers are negative, NaN{'' if infinite else ' or infinite'}")
    return array


def _capacities(name: str, values: npt.ArrayLike, sites: int) -> npt.NDArray[np.float64]:
    """Return the capacity of each site."""
    if np.ndim(values) == 0:
        values = np.full(sites, values)
    found = _numbers(name, values, 1, infinite=True)
    if found.size != sites:
        raise InputError(f"{name} has {found.size} numbers; there are {sites} sites")
    return found
