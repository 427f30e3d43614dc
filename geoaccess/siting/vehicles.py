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

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Fleet", "expected_cover", "place_vehicles"]

_AT_ONCE = 50_000_000
"""So many pairs are widened to whole numbers at once."""

_PAIR_BYTES = 10
"""What a pair of a base and a kind of point takes: itself, and a float while gains are added up."""


@dataclass(frozen=True)
class Fleet:
    """How many vehicles to add at each base, and what that makes of the calls that are answered in time.

    `now`, `value` and `bound` are shares of all calls: expected with the vehicles of today, with those added, and at
    most with any choice.
    """

    vehicles: npt.NDArray[np.int64]
    now: float
    value: float
    bound: float
    method: str

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
        Vehicles that each base has today and keeps; none unless given.
    most
        How many may be added at a base; any number unless given.
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
    """
    times, calls = np.asarray(times_s, np.float64), np.asarray(calls, np.float64)
    if times.ndim != 2 or calls.shape != times.shape[:1]:  # noqa: PLR2004
        raise InputError(
            f"times_s has the shape {times.shape} and calls {calls.shape}; give (points, bases), (points,)"
        )
    if not (times >= 0).all():
        raise InputError("times_s and calls: give numbers of 0 or more, calls finite and some above 0")
    near = times <= np.broadcast_to(np.asarray(limit_s, np.float64), (len(times),))[:, None]
    return place_vehicles(near, calls, add=add, busy=busy, standing=standing, most=most, seconds=seconds)


@checks_arguments
def place_vehicles(
    near: npt.NDArray[np.bool_],
    calls: npt.ArrayLike,
    *,
    add: int,
    busy: float,
    standing: npt.ArrayLike | None = None,
    most: int | npt.ArrayLike | None = None,
    seconds: float = SOLVER_S,
) -> Fleet:
    """Do as `expected_cover` does, where it is known which bases are near enough to which points.

    Parameters
    ----------
    near
        Shape (n_points, n_bases).
    calls, add, busy, standing, most, seconds
        As for `expected_cover`.

    Raises
    ------
    InputError
        As `expected_cover`; or if there are so many bases and different points that memory does not suffice.
    """
    calls = np.asarray(calls, np.float64)
    _check(near, calls, add=add, busy=busy)
    m = near.shape[1]
    have = np.zeros(m, np.int64) if standing is None else np.asarray(standing, np.int64)
    room = np.broadcast_to(np.asarray(add if most is None else most, np.int64), (m,))
    if have.shape != (m,) or (have < 0).any() or (room < 0).any():
        raise InputError(f"standing and most: give {m} numbers of vehicles, 0 or more, one for each base")
    if np.minimum(room, add).sum() < add:
        raise InputError(f"{add} vehicles are to be placed, and there is room for {int(room.sum())}")
    total = float(calls.sum())
    before = np.concatenate([part @ have for part in np.array_split(near, max(1, near.size // _AT_ONCE))])
    now = float(np.sum(calls * (1 - busy**before)))
    one, which = _patterns(near, before)
    weight = np.bincount(which, calls).astype(np.float64)
    if one.size * m * _PAIR_BYTES > memory_left():
        raise InputError(
            f"{one.size} kinds of points and {m} bases need {one.size * m * _PAIR_BYTES / 1e9:.1f} GB of memory, and "
            f"{memory_left() / 1e9:.1f} GB are left: give fewer candidates, such as larger settlements"
        )
    near, before = near[one], before[one]
    placed = _exchanged(near, before, weight, room, add=add, busy=busy)
    value = now + _brought(near, before, weight, placed, busy=busy)
    best, bound = _decided(near, before, weight, room, add=add, busy=busy, seconds=seconds)
    if best is not None and now + _brought(near, before, weight, best, busy=busy) > value:
        placed, value = best, now + _brought(near, before, weight, best, busy=busy)
    bound = max(min(now + bound, total), value)  # without an end where there was no time to compute it
    return Fleet(placed, now / total, value / total, bound / total, note("highs_begun"))


def _patterns(
    near: npt.NDArray[np.bool_], before: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return a point of each kind, and the kind of each point: of one kind are those near the same bases.

    The kinds are in the order of their rows: eight bases to a byte, and `before` with its highest byte first.
    """
    packed = np.packbits(near, axis=1)
    last = before.astype(">i8").view(np.uint8).reshape(-1, 8)
    rows = np.ascontiguousarray(np.column_stack([packed, last]))
    _, one, which = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True, return_inverse=True)
    return one, which.ravel()


def _check(near: npt.NDArray[np.bool_], calls: npt.NDArray[np.float64], *, add: int, busy: float) -> None:
    if near.ndim != 2 or calls.shape != near.shape[:1]:  # noqa: PLR2004
        raise InputError(f"near has the shape {near.shape} and calls {calls.shape}; give (points, bases), (points,)")
    if not (np.isfinite(calls) & (calls >= 0)).all() or not calls.sum() > 0:
        raise InputError("times_s and calls: give numbers of 0 or more, calls finite and some above 0")
    if not 0 <= busy < 1:
        raise InputError(f"busy is {busy}; give the share of the time that a vehicle is out, in [0, 1)")
    if add < 0:
        raise InputError(f"add is {add}; give 0 or more")


def _brought(
    near: npt.NDArray[np.bool_],
    before: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    placed: npt.NDArray[np.int64],
    *,
    busy: float,
) -> float:
    return float(np.sum(weight * (busy**before - busy ** (before + near @ placed))))


def _exchanged(
    near: npt.NDArray[np.bool_],
    before: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    room: npt.NDArray[np.int64],
    *,
    add: int,
    busy: float,
) -> npt.NDArray[np.int64]:
    """Place vehicles one after the other, then move one at a time as long as that helps."""
    m = near.shape[1]
    placed = np.zeros(m, np.int64)

    def best_next() -> int:
        free = weight * busy ** (before + near @ placed)
        return int(np.argmax(np.where(placed < room, free @ near, -np.inf)))

    for _ in range(add):
        placed[best_next()] += 1
    objective_value = _brought(near, before, weight, placed, busy=busy)
    moved = True
    while moved:
        moved = False
        for base in np.flatnonzero(placed):
            placed[base] -= 1
            other = best_next()
            placed[other] += 1
            better = _brought(near, before, weight, placed, busy=busy)
            if better > objective_value * (1 + 1e-12):
                objective_value, moved = better, True
                break
            placed[other] -= 1
            placed[base] += 1
    return placed


def _decided(
    near: npt.NDArray[np.bool_],
    before: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    room: npt.NDArray[np.int64],
    *,
    add: int,
    busy: float,
    seconds: float,
) -> tuple[npt.NDArray[np.int64] | None, float]:
    """Let HiGHS place the vehicles: each further one near a point brings less, so that levels fill in order."""
    some = near.any(axis=1) & (weight > 0)
    near, before, weight = near[some], before[some], weight[some]
    n, m = near.shape
    if not n or not add:
        return None, 0.0
    scale = 1e4 / weight.sum()
    programme = highs.Programme()
    x = programme.add(np.zeros(m), whole=True, top=room.astype(np.float64))
    programme.require(np.zeros(m), np.arange(m), np.ones(m), count=1, low=float(add), high=float(add))
    depth = add if busy > 0 else 1
    steps = (1 - busy) * busy ** (before[:, None] + np.arange(depth))
    z = programme.add((weight[:, None] * steps * scale).ravel(), whole=False)
    row, column = np.nonzero(near)
    own = np.arange(n * depth)
    programme.require(
        np.concatenate([row, own // depth]),
        np.concatenate([x + column, z + own]),
        np.concatenate([np.ones(row.size), np.full(own.size, -1.0)]),
        count=n,
        low=0.0,
    )
    found = highs.solve(programme, seconds=seconds)
    placed = None if found.values is None else np.round(found.values[:m]).astype(np.int64)
    return placed, found.bound / scale
