"""Ambulances: where vehicles should stand so that one is likely to be free near those who call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S
from geoaccess.errors import InputError
from geoaccess.phrases import note
from geoaccess.routing import memory_left
from geoaccess.siting import highs
from geoaccess.siting.near_bases import NearBases, near_bases

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Fleet", "expected_cover", "place_vehicles", "vehicles_near"]

_PAIR_BYTES = 160
"""What a base near a kind of point takes: the numbers of both, a gain, and four entries of the linear programme."""


@dataclass(frozen=True)
class Fleet:
    """How many vehicles come to each base, and what that makes of the calls that are answered in time.

    `vehicles` come to each base, `taken` leave it for another; `standing` are those of today. `now`, `value` and
    `bound` are shares of all calls: expected with the vehicles of today, with those of the answer, and at most with any
    choice.
    """

    vehicles: npt.NDArray[np.int64]
    now: float
    value: float
    bound: float
    method: str
    taken: npt.NDArray[np.int64]
    standing: npt.NDArray[np.int64]

    @property
    def then(self) -> npt.NDArray[np.int64]:
        """The vehicles of each base in the answer."""
        return self.standing + self.vehicles - self.taken

    @property
    def proved(self) -> bool:
        """Whether no choice is better."""
        return self.bound - self.value <= 1e-7  # noqa: PLR2004


@checks_arguments
def expected_cover(
    times_s: npt.ArrayLike,
    calls: npt.ArrayLike,
    *,
    limit_s: npt.ArrayLike,
    add: int,
    busy: float,
    standing: npt.ArrayLike | None = None,
    move: int = 0,
    most: int | npt.ArrayLike | None = None,
    seconds: float = SOLVER_S,
) -> Fleet:
    """Find the bases at which more vehicles bring most calls within reach of one that is free (MEXCLP).

    With n_i vehicles near enough to point i, and each out a share q of the time, whatever the others do, one is free
    with the chance 1 - q^n_i: the k-th vehicle adds w_i (1 - q) q^(k - 1). Expected = sum_i w_i (1 - q^n_i) / sum w.

    Parameters
    ----------
    times_s
        Drive from each base to each point, shape (n_points, n_bases), seconds; inf where there is no way.
    calls
        Of each point, >= 0.
    limit_s
        The longest drive that is near enough; one for all, or one per point. For the way to treatment as well, take
        off what lies between: the norm - call handling - mobilisation - time on scene - drive on to the hospital, which
        is below 0 where nothing is near enough.
    add
        How many vehicles to place, beside those standing.
    busy
        q in [0, 1): the share of its time that a vehicle is out, as `busy_fraction` computes it.
    standing
        Vehicles that each base has today; none unless given. It keeps them but for those that are moved.
    move
        How many of the standing vehicles may move to another base, at most; fewer move where that is better.
    most
        How many may come to a base; any number unless given.
    seconds
        How long HiGHS may take.

    Raises
    ------
    InputError
        If shapes differ, a number is out of its range, or there is no room for so many vehicles.

    References
    ----------
    Daskin (1983), "A maximum expected covering location model", Transportation Science 17(1), 48-70.

    Examples
    --------
    One vehicle more, out half of the time: the town gets its second rather than the farm its first.

    >>> times = [[300, 2000], [2000, 300]]
    >>> fleet = expected_cover(times, [90, 10], limit_s=720, add=1, busy=0.5, standing=[1, 0])
    >>> fleet.vehicles.tolist(), fleet.now, fleet.value
    ([1, 0], 0.45, 0.675)

    The one vehicle stands at the farm; it moves to the town.

    >>> fleet = expected_cover(times, [90, 10], limit_s=720, add=0, busy=0.5, standing=[0, 1], move=1)
    >>> fleet.vehicles.tolist(), fleet.taken.tolist(), fleet.now, fleet.value
    ([1, 0], [0, 1], 0.05, 0.45)
    """
    times, calls = np.asarray(times_s, np.float64), np.asarray(calls, np.float64)
    if times.ndim != 2 or calls.shape != times.shape[:1]:  # noqa: PLR2004
        raise InputError(
            f"times_s has the shape {times.shape} and calls {calls.shape}; give (points, bases), (points,)"
        )
    if not (times >= 0).all():
        raise InputError("times_s and calls: give numbers of 0 or more, calls finite and some above 0")
    near = times <= np.broadcast_to(np.asarray(limit_s, np.float64), (len(times),))[:, None]
    return place_vehicles(near, calls, add=add, busy=busy, standing=standing, move=move, most=most, seconds=seconds)


@checks_arguments
def place_vehicles(
    near: npt.NDArray[np.bool_] | NearBases,
    calls: npt.ArrayLike,
    *,
    add: int,
    busy: float,
    standing: npt.ArrayLike | None = None,
    move: int = 0,
    most: int | npt.ArrayLike | None = None,
    seconds: float = SOLVER_S,
) -> Fleet:
    """Do as `expected_cover` does, where it is known which bases are near enough to which points.

    Parameters
    ----------
    near
        Shape (n_points, n_bases); or the pairs of these that are near enough, which take less room.
    calls, add, busy, standing, move, most, seconds
        As for `expected_cover`.

    Raises
    ------
    InputError
        As `expected_cover`; or if there are so many bases and different points that memory does not suffice.
    """
    calls = np.asarray(calls, np.float64)
    near = near_bases(near)
    _check(near, calls, add=add, move=move, busy=busy)
    m = near.shape[1]
    have = np.zeros(m, np.int64) if standing is None else np.asarray(standing, np.int64)
    room = np.broadcast_to(np.asarray(add + move if most is None else most, np.int64), (m,))
    if have.shape != (m,) or (have < 0).any() or (room < 0).any():
        raise InputError(f"standing and most: give {m} numbers of vehicles, 0 or more, one for each base")
    if np.minimum(room, add).sum() < add:
        raise InputError(f"{add} vehicles are to be placed, and there is room for {int(room.sum())}")
    if move > have.sum():
        raise InputError(f"move is {move}; {int(have.sum())} vehicles stand")
    total = float(calls.sum())
    before = near.vehicles(have)
    _check_room(f"{len(calls)} points", m, near.bytes_of_rows)
    one, which = near.kinds(before)
    weight = np.bincount(which, calls).astype(np.float64)
    _check_room(f"{one.size} kinds of points", m, int(near.sizes()[one].sum()) * _PAIR_BYTES)
    task = _Task(near.of_points(one), before[one], weight, have, room, add=add, move=move, busy=busy)
    now = task.covered(have)
    best = task.exchanged()
    decided, bound = task.decided(seconds)
    if decided is not None and task.covered(decided) > task.covered(best):
        best = decided
    value = task.covered(best)
    bound = max(min(bound, total), value)  # without an end where there was no time to compute it
    come, gone = np.maximum(best - have, 0), np.maximum(have - best, 0)
    return Fleet(come, now / total, value / total, bound / total, note("highs_begun"), gone, have)


@checks_arguments
def vehicles_near(near: npt.NDArray[np.bool_] | NearBases, number: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return how many vehicles stand near enough to each point: the sum over its bases of `number`.

    Parameters
    ----------
    near
        Which bases are near enough to which points, shape (n_points, n_bases), or the pairs of these.
    number
        Vehicles of each base, whole, shape (n_bases,).

    Raises
    ------
    InputError
        If the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> vehicles_near(np.array([[True, True], [False, True]]), [2, 1]).tolist()
    [3, 1]
    """
    number, pairs = np.asarray(number, np.int64), near_bases(near)
    if number.shape != pairs.shape[1:]:
        raise InputError(f"near has the shape {pairs.shape} and number {number.shape}; give (points, bases), (bases,)")
    return pairs.vehicles(number)


def _check(near: NearBases, calls: npt.NDArray[np.float64], *, add: int, move: int, busy: float) -> None:
    if calls.shape != near.shape[:1]:
        raise InputError(f"near has the shape {near.shape} and calls {calls.shape}; give (points, bases), (points,)")
    if not (np.isfinite(calls) & (calls >= 0)).all() or not calls.sum() > 0:
        raise InputError("times_s and calls: give numbers of 0 or more, calls finite and some above 0")
    if not 0 <= busy < 1:
        raise InputError(f"busy is {busy}; give the share of the time that a vehicle is out, in [0, 1)")
    for name, number in (("add", add), ("move", move)):
        if number < 0:
            raise InputError(f"{name} is {number}; give 0 or more")


def _check_room(points: str, bases: int, size: int) -> None:
    if size > memory_left():
        raise InputError(
            f"{points} and {bases} bases need {size / 1e9:.1f} GB of memory, and "
            f"{memory_left() / 1e9:.1f} GB are left: give fewer candidates, such as larger settlements"
        )


@dataclass(frozen=True)
class _Task:
    """Which vehicles move and come where, for points of each kind: `then` is the number at each base in an answer.

    In any answer at most `move` vehicles are fewer where they stand today, `room` come to a base, and `add` in all.
    """

    near: NearBases
    before: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
    have: npt.NDArray[np.int64]
    room: npt.NDArray[np.int64]
    add: int
    move: int
    busy: float

    def covered(self, then: npt.NDArray[np.int64]) -> float:
        """Return the calls that are answered in time, expected: sum of w (1 - q^n)."""
        return float(np.sum(self.weight * (1 - self.busy ** self.near.vehicles(then))))

    def _worth(self, then: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return what one vehicle more at each base brings, -inf where there is no room."""
        free = self.weight * self.busy ** self.near.vehicles(then)
        gain = np.bincount(self.near.base, free[self.near.point], minlength=then.size)
        return np.where(then - self.have < self.room, gain, -np.inf)

    def _may_leave(self, then: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """Return the bases that a vehicle can leave for another without more having moved than may."""
        moved = int(np.maximum(self.have - then, 0).sum())
        back = int(moved > 0)  # it may come to where one has left
        return np.flatnonzero((then > 0) & (moved + (then <= self.have) - back <= self.move))

    def exchanged(self) -> npt.NDArray[np.int64]:
        """Add vehicles one after the other, then move one at a time as long as that helps."""
        then = self.have.copy()
        for _ in range(self.add):
            then[int(np.argmax(self._worth(then)))] += 1
        covered, better = self.covered(then), True
        while better:
            better = False
            for base in self._may_leave(then):
                then[base] -= 1
                other = int(np.argmax(self._worth(then)))
                then[other] += 1
                new = self.covered(then)
                allowed = np.maximum(self.have - then, 0).sum() <= self.move
                if allowed and new > covered * (1 + 1e-12):
                    covered, better = new, True
                    break
                then[other] -= 1
                then[base] += 1
        return then

    def decided(self, seconds: float) -> tuple[npt.NDArray[np.int64] | None, float]:
        """Let HiGHS place the vehicles: each further one near a point brings less, so that levels fill in order.

        Returns the vehicles of each base, None where there was no time to find an answer; and the most that any covers.
        """
        some = np.flatnonzero((self.near.sizes() > 0) & (self.weight > 0))
        before, weight, near = self.before[some], self.weight[some], self.near.of_points(some)
        row, column = near.point.astype(np.int64), near.base
        n, m = weight.size, self.have.size
        if not n or not (self.add or self.move):
            return None, self.covered(self.have)
        certain = before - np.minimum(self.move, before)  # as many are left near a point whatever moves
        scale = 1e4 / weight.sum()
        programme = highs.Programme()
        come = programme.add(np.zeros(m), whole=True, top=self.room.astype(np.float64))
        gone = programme.add(np.zeros(m), whole=True, top=np.minimum(self.have, self.move).astype(np.float64))
        bases = np.arange(m)
        both = np.concatenate([come + bases, gone + bases])
        signs = np.repeat([1.0, -1.0], m)
        programme.require(np.zeros(2 * m), both, signs, count=1, low=float(self.add), high=float(self.add))
        programme.require(np.zeros(m), gone + bases, np.ones(m), count=1, high=float(self.move))
        depth = self.add + 2 * self.move if self.busy > 0 else 1
        steps = (1 - self.busy) * self.busy ** (certain[:, None] + np.arange(depth))
        z = programme.add((weight[:, None] * steps * scale).ravel(), whole=False)
        own = np.arange(n * depth)
        programme.require(
            np.concatenate([row, row, own // depth]),
            np.concatenate([come + column, gone + column, z + own]),
            np.concatenate([np.ones(row.size), np.full(row.size + own.size, -1.0)]),
            count=n,
            low=(certain - before).astype(np.float64),
        )
        found = highs.solve(programme, seconds=seconds)
        sure = float(np.sum(weight * (1 - self.busy**certain)))
        bound = sure + found.bound / scale
        if found.values is None:
            return None, bound
        moved = np.round(found.values[: 2 * m]).astype(np.int64)
        return self.have + moved[:m] - moved[m:], bound
