"""Who lives where, what they have today, and what each candidate would bring nearer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.siting.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from geoaccess.siting.objectives import Objective

__all__ = ["CANDIDATES", "STANDING", "SitingProblem", "problem_from_matrix"]

CANDIDATES, STANDING, FIXED = 0, 1, 2
"""Groups of the places of a problem."""


@dataclass(frozen=True)
class SitingProblem:
    """What every question of siting starts from.

    Attributes
    ----------
    people
        Of each point, shape (n,).
    now_s, now_site
        The times to the nearest standing sites, nearest first, shape (n, k), inf where there is none, and their numbers
        (-1: none). To close c of them, k must be c + 1 at least, or there are fewer standing sites.
    standing
        How many sites stand.
    candidates
        How many places there are to choose from.
    point, place, time_s
        Pairs of a point and a candidate that is nearer than the farthest of `now_s`; the others cannot matter.
    fixed
        Which standing sites never close, shape (standing,); None: any may.
    """

    people: npt.NDArray[np.float64]
    now_s: npt.NDArray[np.float64]
    now_site: npt.NDArray[np.int32]
    standing: int
    candidates: int
    point: npt.NDArray[np.int32]
    place: npt.NDArray[np.int32]
    time_s: npt.NDArray[np.float64]
    fixed: npt.NDArray[np.bool_] | None = None

    def problem(self, objective: Objective, *, add: int, close: int = 0) -> Problem:
        """Return the problem of adding some candidates and closing some standing sites.

        Places are the candidates, then (only if some are to be closed) the standing sites. A point can lose at most its
        `close` nearest sites, so that the next one is what it has for certain: what it gains is counted from there.
        """
        if not 0 <= add <= self.candidates:
            raise InputError(f"add is {add}; there are {self.candidates} candidates")
        stay = np.zeros(self.standing, np.bool_) if self.fixed is None else self.fixed
        if not 0 <= close <= self.standing - int(stay.sum()):
            may = f", {self.standing - int(stay.sum())} may close" if stay.any() else ""
            raise InputError(f"close is {close}; {self.standing} sites stand{may}")
        known: tuple[Objective, int, Problem] | None = self.__dict__.get("_asked")
        if known is None or known[0] is not objective or known[1] != close:
            known = objective, close, self._problem(objective, stay, close=close)
            self.__dict__["_asked"] = known  # it is asked again for other numbers of candidates
        quota = known[2].quota.copy()
        quota[CANDIDATES] = add
        return replace(known[2], quota=quota)

    def _problem(self, objective: Objective, stay: npt.NDArray[np.bool_], *, close: int) -> Problem:
        """Return the problem of adding no candidate."""
        certain = self.certain_s(close)
        floor = objective.burden(certain)
        point, place, time_s = self.point, self.place, self.time_s
        group, quota = np.zeros(self.candidates, np.int32), np.array([0])
        if close:
            near = (self.now_site[:, :close] >= 0) & np.isfinite(self.now_s[:, :close])
            rows, rank = np.nonzero(near)
            point = np.concatenate([point, rows.astype(np.int32)])
            place = np.concatenate([place, self.now_site[rows, rank] + np.int32(self.candidates)])
            time_s = np.concatenate([time_s, self.now_s[rows, rank]])
            group = np.append(group, np.where(stay, FIXED, STANDING).astype(np.int32))
            quota = np.append(quota, self.standing - int(stay.sum()) - close)
            if stay.any():
                quota = np.append(quota, int(stay.sum()))
        return Problem.of(
            weight=self.people,
            place=place,
            point=point,
            value=floor[point] - objective.burden(time_s, at=point),
            places=group.size,
            quota=quota,
            group=group,
        )

    def certain_s(self, close: int) -> npt.NDArray[np.float64]:
        """Return the longest time that each point can have when some standing sites close."""
        if close < self.now_s.shape[1]:
            return self.now_s[:, close]
        if close < self.standing:
            raise InputError(f"to close {close} sites, the times to the {close + 1} nearest of every point are needed")
        return np.full(self.people.size, np.inf)

    def burden(self, objective: Objective, *, close: int = 0) -> float:
        """Return the burden of the people who count, with what they have for certain: today's if nothing is closed."""
        counted = self.counted(objective)
        return float(np.sum(self.people[counted] * objective.burden(self.certain_s(close)[counted], at=counted)))

    def counted(self, objective: Objective) -> npt.NDArray[np.bool_]:
        """Say which points enter the figure of an objective."""
        return self.reachable | objective.of_everybody

    def figure(self, objective: Objective, burden: float) -> float:
        """Return the figure of a sum of burdens."""
        return self.figures(objective, [burden])[0]

    def figures(self, objective: Objective, burdens: Iterable[float]) -> list[float]:
        """Return the figures of many sums of burdens; people are counted once."""
        people = float(self.people[self.counted(objective)].sum())
        if people == 0:
            raise InputError("nobody counts: no site and no candidate reaches any place where people live")
        return [objective.figure(burden, people) for burden in burdens]

    def times(
        self, added: npt.NDArray[np.integer], closed: npt.NDArray[np.integer] | None = None
    ) -> npt.NDArray[np.float64]:
        """Return the time of every point when some candidates are added and some standing sites closed."""
        gone = np.zeros(self.standing + 1, np.bool_)
        if closed is not None:
            gone[closed] = True
            self.certain_s(len(closed))
        stays = (self.now_site >= 0) & ~gone[self.now_site]
        best: npt.NDArray[np.float64] = np.where(stays, self.now_s, np.inf).min(axis=1)
        inside = np.zeros(self.candidates, np.bool_)
        inside[added] = True
        some = inside[self.place]
        np.minimum.at(best, self.point[some], self.time_s[some])
        return best

    @cached_property
    def reachable(self) -> npt.NDArray[np.bool_]:
        """Say which points a standing site or some candidate reaches at all."""
        found = np.zeros(self.people.size, np.bool_)
        found[self.point] = True
        return np.asarray(found | np.isfinite(self.now_s).any(axis=1))


@checks_arguments
def problem_from_matrix(
    times_s: npt.ArrayLike,
    people: npt.ArrayLike,
    *,
    now_s: npt.ArrayLike | None = None,
    standing_s: npt.ArrayLike | None = None,
) -> SitingProblem:
    """Make a setting of plain arrays.

    Parameters
    ----------
    times_s
        Shape (n_points, n_candidates), seconds; inf where there is no way.
    people
        Shape (n_points,), >= 0.
    now_s
        Shape (n_points,): the time to the nearest site that stands, inf where none is reached; inf for all if left
        out.
    standing_s
        Shape (n_points, n_standing), in place of `now_s`: the times to each site that stands, so that some may close.

    Raises
    ------
    InputError
        If shapes differ, or a number is negative or NaN, or people infinite.
    """
    people = np.asarray(people, np.float64)
    times = np.asarray(times_s, np.float64)
    if people.ndim != 1 or times.ndim != 2 or len(times) != people.size:  # noqa: PLR2004
        raise InputError(
            f"times_s has the shape {times.shape} and people {people.shape}; give (points, candidates) and (points,)"
        )
    if now_s is not None and standing_s is not None:
        raise InputError("now_s and standing_s: give one of them")
    if standing_s is not None:
        standing = np.asarray(standing_s, np.float64)
    else:
        standing = np.full((people.size, 1), np.inf) if now_s is None else np.asarray(now_s, np.float64)[:, None]
    if standing.shape[:1] != people.shape:
        raise InputError(f"times of today have the shape {standing.shape}; there are {people.size} points")
    for name, array in (("times_s", times), ("people", people), ("times of today", standing)):
        if not (array >= 0).all():
            raise InputError(f"{name}: {int((~(array >= 0)).sum())} numbers are negative or NaN; give 0 or more")
    if not np.isfinite(people).all():
        raise InputError("people: some numbers are infinite; give how many people live at each point")
    order = np.argsort(standing, axis=1, kind="stable").astype(np.int32)
    now = np.take_along_axis(standing, order, axis=1)
    last = np.inf if standing_s is not None else now[:, :1]
    point, place = np.nonzero(times < last)
    return SitingProblem(
        people=people,
        now_s=now,
        now_site=np.where(np.isfinite(now), order, -1).astype(np.int32),
        standing=standing.shape[1],
        candidates=times.shape[1],
        point=point.astype(np.int32),
        place=place.astype(np.int32),
        time_s=times[point, place],
    )
