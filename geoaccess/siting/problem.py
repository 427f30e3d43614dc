"""The question in its barest form: which places to choose, so that the points they serve gain most."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels.sorting import order_of_pairs
from geoaccess.network.counting import numbers_from

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """Choose `quota[g]` places of each group g so that sum_i w_i max_{j chosen} v_ij - sum_{j chosen} c_j is largest.

    v_ij >= 0 is what point i gains when j serves it; a point with no chosen place in reach gains nothing. It covers
    p-median (v: time saved), maximal covering (v = 1 inside the norm), and every other sum over people of some burden
    that rises with their time.

    Attributes
    ----------
    weight
        w_i > 0, shape (n,).
    first, point, value
        Place j serves `point[first[j]:first[j + 1]]` and brings each a `value` v_ij > 0; pairs that bring nothing are
        left out, which loses nothing.
    cost
        c_j, shape (m,).
    group, quota
        The group of each place, shape (m,), and how many of each group are chosen.
    """

    weight: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]
    point: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]
    group: npt.NDArray[np.int32]
    quota: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls,
        *,
        weight: npt.NDArray[np.float64],
        place: npt.NDArray[np.integer],
        point: npt.NDArray[np.integer],
        value: npt.NDArray[np.float64],
        places: int,
        quota: int | npt.NDArray[np.int64],
        group: npt.NDArray[np.integer] | None = None,
        cost: npt.NDArray[np.float64] | None = None,
    ) -> Problem:
        """Make a problem of its pairs, in any order; those that bring nothing, or to nobody, are dropped."""
        some = (value > 0) & (weight[point] > 0)
        if not some.all():  # as a rule all do: pairs are looked for among people, by what is nearer
            place, point, value = place[some], point[some], value[some]
        served = point.astype(np.int32, copy=False)
        order = order_of_pairs(place.astype(np.int32, copy=False), served, places, weight.size)
        first = np.zeros(places + 1, np.int64)
        np.cumsum(np.bincount(place, minlength=places), out=first[1:])
        groups = np.zeros(places, np.int32) if group is None else group.astype(np.int32)
        quotas = np.atleast_1d(np.asarray(quota, np.int64))
        there = np.bincount(groups, minlength=quotas.size)
        if (quotas < 0).any() or (quotas > there).any():
            raise InputError(
                f"{quotas.tolist()} places are to be chosen of {there.tolist()}; choose at most as many as there are"
            )
        return cls(
            weight=weight,
            first=first,
            point=served[order],
            value=value[order],
            cost=np.zeros(places) if cost is None else cost,
            group=groups,
            quota=quotas,
        )

    @property
    def places(self) -> int:
        """How many places there are to choose from."""
        return self.first.size - 1

    @property
    def place(self) -> npt.NDArray[np.int32]:
        """The place of each pair."""
        return np.repeat(np.arange(self.places, dtype=np.int32), np.diff(self.first))

    @cached_property
    def gain(self) -> npt.NDArray[np.float64]:
        """What each pair brings to all people of the point: w_i v_ij."""
        return self.weight[self.point] * self.value

    def objective_value(self, chosen: npt.NDArray[np.integer]) -> float:
        """Return what a choice brings."""
        best = np.zeros(self.weight.size)
        for j in chosen:
            part = slice(self.first[j], self.first[j + 1])
            np.maximum.at(best, self.point[part], self.value[part])
        return float(np.sum(best * self.weight) - self.cost[chosen].sum())

    def merged(self) -> Problem:
        """Return the same problem with points as one that are served by the same places with the same gain.

        For covering these are points with equal cover sets: thousands where there were hundreds of thousands.
        """
        salt = np.random.default_rng(1).integers(2**63, size=self.places, dtype=np.uint64)
        code = _mixed(salt[self.place] ^ self.value.view(np.uint64))
        sums = np.zeros(self.weight.size, np.uint64)
        np.add.at(sums, self.point, code)
        size = np.bincount(self.point, minlength=self.weight.size).astype(np.uint64)
        _, one, which = np.unique(sums * np.uint64(31) + size, return_index=True, return_inverse=True)
        served = size[one] > 0
        number = np.cumsum(served) - 1
        kept = np.zeros(self.weight.size, np.bool_)
        kept[one[served]] = True
        pairs = kept[self.point]
        first = np.zeros_like(self.first)
        np.cumsum(np.bincount(self.place[pairs], minlength=self.places), out=first[1:])
        return replace(
            self,
            weight=np.bincount(which, self.weight)[served].astype(np.float64),
            first=first,
            point=number[which[self.point[pairs]]].astype(np.int32),
            value=self.value[pairs],
        )

    def fix_certain(self) -> tuple[Problem, float]:
        """Return the problem with gains counted from what any choice brings, and how much that is.

        Of m places in a group with a quota of q, one of the m - q + 1 best for a point is chosen whatever the choice.
        """
        point, value = self.point, self.value
        sure = np.zeros(self.weight.size)
        most = int(np.bincount(point).max()) if point.size else 0
        for group, quota in enumerate(self.quota):
            spare = int(np.sum(self.group == group)) - int(quota)
            if not quota or spare < 0 or most <= spare:
                continue
            mine = np.flatnonzero((self.group == group)[self.place])
            if not mine.size or np.bincount(point[mine]).max() <= spare:
                continue
            order = mine[np.lexsort((-value[mine], point[mine]))]
            begins = np.flatnonzero(np.append(True, np.diff(point[order]) > 0))
            ranked = begins + spare
            some = ranked < np.append(begins[1:], order.size)
            at = order[ranked[some]]
            sure[point[at]] = np.maximum(sure[point[at]], value[at])
        if not sure.any():
            return self, 0.0
        return self._counted_from(sure, np.arange(self.places), self.quota)

    def _counted_from(
        self, best: npt.NDArray[np.float64], places: npt.NDArray[np.integer], quota: npt.NDArray[np.int64]
    ) -> tuple[Problem, float]:
        """Return the problem of some of the places where each point has a gain already, and what that is worth."""
        size = np.diff(self.first)[places]  # nobody looks at the pairs of other places: there may be very many
        pair = numbers_from(self.first[places], size)
        left = Problem.of(
            weight=self.weight,
            place=np.repeat(np.arange(places.size, dtype=np.int32), size),
            point=self.point[pair],
            value=self.value[pair] - best[self.point[pair]],
            places=places.size,
            quota=quota,
            group=self.group[places],
            cost=self.cost[places],
        )
        return left, float(np.sum(best * self.weight))

    def among(self, places: npt.NDArray[np.integer], fixed: npt.NDArray[np.integer]) -> tuple[Problem, float]:
        """Return what is left to choose among some places when others are chosen already, and what those bring."""
        best = np.zeros(self.weight.size)
        for j in fixed:
            part = slice(self.first[j], self.first[j + 1])
            np.maximum.at(best, self.point[part], self.value[part])
        quota = self.quota - np.bincount(self.group[fixed], minlength=self.quota.size)
        left, brought = self._counted_from(best, places, quota)
        return left, brought - float(self.cost[fixed].sum())


def _mixed(code: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return numbers so well mixed that their sums distinguish sets (finaliser of splitmix64, Steele et al. 2014)."""
    code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = code ^ (code >> np.uint64(31))
    return mixed
