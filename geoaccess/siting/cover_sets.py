"""A problem as an integer programme of cover sets: the form that the exact solver takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.highs import Programme
    from geoaccess.siting.problem import Problem

__all__ = ["Levels", "cover_rows", "levels", "quota_rows", "reached"]


class Levels(NamedTuple):
    """Gains cut into levels: point i gains the k-th part of its largest gain if one of its first places is chosen.

    z_l <= z_parent[l] + sum of y over `place[first[l]:first[l + 1]]`, where parent -1 is none; 0 <= z <= 1.
    `gain` is what z_l = 1 brings. `point` and `step` say of each point and level which z it is and what it brings to
    one person, so that the same z serve for other sums too.
    """

    gain: npt.NDArray[np.float64]
    parent: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    place: npt.NDArray[np.int32]
    point: npt.NDArray[np.int32]
    which: npt.NDArray[np.int64]
    step: npt.NDArray[np.float64]


def levels(problem: Problem) -> Levels:
    """Cut the gains of a problem into levels, with equal cover sets as one.

    A point with gains v_1 > v_2 > ... gains sum_k (v_k - v_{k+1}) z_k, with z_k = 1 if one of the places of its first k
    gains is chosen. Points for whom these places are the same share the variable. The linear relaxation is as tight as
    that with a variable for each pair.

    References
    ----------
    Cornuejols, Nemhauser and Wolsey (1980), "A canonical representation of simple plant location problems and its
    applications", SIAM Journal on Algebraic and Discrete Methods 1(3), 261-272; Elloumi (2010), "A tighter formulation
    of the p-median problem", Journal of Combinatorial Optimization 19, 69-83, for the chain of levels.
    """
    place = problem.place
    order = np.lexsort((place, -problem.value, problem.point))
    place, point, value = place[order], problem.point[order], problem.value[order]
    if not place.size:
        none = np.empty(0, np.int64)
        empty = none.astype(np.float64)
        return Levels(empty, none, np.zeros(1, np.int64), none.astype(np.int32), none.astype(np.int32), none, empty)
    new_point = np.append(True, point[1:] != point[:-1])
    new_level = new_point | np.append(True, value[1:] != value[:-1])
    ends = np.flatnonzero(np.append(new_level[1:], True))
    code = np.random.default_rng(2).integers(2**63, size=problem.places, dtype=np.uint64)[place]
    total = np.cumsum(code)  # of unsigned numbers, so that it wraps round and differences stay exact
    starts = np.flatnonzero(new_point)
    before = (total - code)[starts]
    begin = np.repeat(np.arange(starts.size), np.diff(np.append(starts, place.size)))
    sums = (total - before[begin])[ends]
    size = (np.arange(place.size) - starts[begin] + 1)[ends]
    key = sums * np.uint64(1099511628211) + size.astype(np.uint64)
    _, one, which = np.unique(key, return_index=True, return_inverse=True)
    following = np.append(value[ends][1:], 0.0)
    following[new_point[np.minimum(ends + 1, place.size - 1)]] = 0.0
    following[-1] = 0.0
    step = value[ends] - following
    is_first = new_point[np.append(0, ends[:-1] + 1)]
    parent = np.where(is_first[one], -1, which[one - 1])
    from_, to = np.append(0, ends[:-1] + 1)[one], ends[one] + 1
    length = to - from_
    first = np.append(0, np.cumsum(length))
    listed = place[np.repeat(from_ - first[:-1], length) + np.arange(first[-1])]
    gain = np.bincount(which, step * problem.weight[point[ends]], minlength=one.size).astype(np.float64)
    return Levels(gain, parent, first, listed, point[ends], which, step)


def cover_rows(programme: Programme, cut: Levels, *, y: int, z: int) -> None:
    """Add z_l <= z_parent + sum of the y of its places."""
    count = cut.gain.size
    own = np.arange(count)
    chained = np.flatnonzero(cut.parent >= 0)
    row = np.concatenate([own, chained, np.repeat(own, np.diff(cut.first))])
    column = np.concatenate([z + own, z + cut.parent[chained], y + cut.place])
    entry = np.concatenate([np.full(count, -1.0), np.ones(chained.size + cut.place.size)])
    programme.require(row, column, entry, count=count, low=0.0)


def quota_rows(programme: Programme, problem: Problem) -> None:
    """Add that of each group as many places are chosen as its quota says; their variables are the first ones."""
    quota = problem.quota.astype(np.float64)
    places = problem.places
    programme.require(problem.group, np.arange(places), np.ones(places), count=quota.size, low=quota, high=quota)


def reached(cut: Levels, chosen: npt.NDArray[np.integer], places: int) -> npt.NDArray[np.float64]:
    """Return z of a choice."""
    there = np.zeros(places)
    there[chosen] = 1.0
    own = np.add.reduceat(there[cut.place], cut.first[:-1]) > 0
    found = own.copy()
    while True:  # once per level of the longest chain
        more = own | ((cut.parent >= 0) & found[cut.parent])
        if (more == found).all():
            return found.astype(np.float64)
        found = more
