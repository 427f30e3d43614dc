"""Office days: on which days of the week staff of a main office should be where, so that people travel least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import OFFICE_STAFF, SOLVER_S
from geoaccess.errors import InputError
from geoaccess.siting.choosing import Method, choose
from geoaccess.siting.problem import Problem

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.siting.siting_problem import SitingProblem

__all__ = ["Week", "refuse_uneven", "share_days"]

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Week:
    """Which candidate is open on which weekday, and what that is worth, in hours on the road per week.

    `open_on` has a row per candidate and a column per weekday. `now_h` and `patients_h` are the hours of all visits,
    there and back, today and then; `staff_h` those of the staff. `bound_h`: no plan saves more hours, the staff's taken
    off; `method` says how the plan was found.
    """

    open_on: npt.NDArray[np.bool_]
    now_h: float
    patients_h: float
    staff_h: float
    saved_h: float
    bound_h: float
    method: str

    @property
    def days(self) -> npt.NDArray[np.int64]:
        """Days per week of each candidate."""
        return np.asarray(self.open_on.sum(axis=1))

    @property
    def gap(self) -> float:
        """Share of the most that could be saved that may be missing."""
        left = self.bound_h - self.saved_h
        return 0.0 if left <= 1e-6 * max(abs(self.bound_h), 1e-300) else left / self.bound_h


@checks_arguments
def share_days(
    setting: SitingProblem,
    *,
    days: int,
    visits: npt.ArrayLike,
    can_wait: float,
    staff_s: npt.ArrayLike | None = None,
    staff: float = OFFICE_STAFF,
    even: bool = False,
    weekdays: int = 5,
    method: Method = "auto",
    seconds: float = SOLVER_S,
) -> Week:
    """Share out office days over candidates and weekdays so that patients and staff travel least.

    The sites that stand are open on all days. A visit that cannot wait falls on any weekday alike, and goes to the
    nearest place that is open then; one that can wait goes to the nearest that is open at all, on its day:

    time_i = (1 - s) mean over weekdays d of t_i(open on d) + s t_i(open on any d), with s = `can_wait`.

    Saved = sum_i visits_i 2 (t_i today - time_i) - sum over office days of staff 2 staff_s_j. A day that costs the
    staff more than it saves the patients is not used.

    With s = 0 a plan is best that opens the same few places every day, for a day more is worth as much as the first.
    The more can wait, the more the first day at a place is worth, and the more places share the days.

    Parameters
    ----------
    days
        Office days per week.
    visits
        Visits of each point per week.
    can_wait
        s in [0, 1]: the share of the visits for which people can choose the day.
    staff_s
        Drive of the staff from the main office to each candidate, one way, seconds (inf: no way, never opened). No cost
        unless given.
    staff
        How many drive, each counted as one patient; 0.5 counts their hours half.
    even
        The same number of offices open on each weekday; `days` must be a multiple of `weekdays`.
    method, seconds
        See `choose`.

    Raises
    ------
    InputError
        If a number is out of its range, there are not so many days to share out, or shapes differ.
    """
    n, m = setting.people.size, setting.candidates
    count = np.asarray(visits, np.float64)
    _check(count, n, days=days, can_wait=can_wait, even=even, weekdays=weekdays, most=m * weekdays)
    drive = np.zeros(m) if staff_s is None else np.asarray(staff_s, np.float64)
    if drive.shape != (m,) or not (drive >= 0).all():
        raise InputError(f"staff_s: {m} times, 0 or more, are needed, one for each candidate")
    if not 0 <= staff < np.inf:
        raise InputError(f"staff is {staff}; give how many drive, 0 or more")
    problem = _problem(setting, count, drive * staff, days=days, can_wait=can_wait, even=even, weekdays=weekdays)
    found = choose(problem, method=method, seconds=seconds)
    chosen = found.chosen[found.chosen < m * weekdays]
    open_on = np.zeros((weekdays, m), np.bool_)
    open_on.ravel()[chosen] = True
    staff_h = float(2 * staff * np.sum(drive[chosen % m]) / _HOUR_S)
    now = setting.now_s[:, 0]
    reached = np.isfinite(now)
    now_h = float(2 * np.sum(count[reached] * now[reached]) / _HOUR_S)
    return Week(
        open_on=open_on.T,
        now_h=now_h,
        patients_h=now_h - found.objective_value - staff_h,
        staff_h=staff_h,
        saved_h=found.objective_value,
        bound_h=found.bound,
        method=found.method,
    )


def _check(
    visits: npt.NDArray[np.float64], n: int, *, days: int, can_wait: float, even: bool, weekdays: int, most: int
) -> None:
    if visits.shape != (n,) or not (np.isfinite(visits) & (visits >= 0)).all():
        raise InputError(f"visits: {n} finite numbers, at least 0, are needed, one for each point")
    if not 0 <= can_wait <= 1:
        raise InputError(
            f"can_wait is {can_wait}; give the share of visits for which people can choose the day, 0 to 1"
        )
    if weekdays < 1 or not 0 <= days <= most:
        raise InputError(f"{days} office days are to be shared out; there are {most}, of all candidates and weekdays")
    refuse_uneven(days, even=even, weekdays=weekdays)


def refuse_uneven(days: int, *, even: bool, weekdays: int) -> None:
    """Refuse a number of office days that is to be the same every day and cannot be."""
    if even and days % weekdays:
        raise InputError(f"{days} office days cannot be spread evenly over {weekdays} weekdays; give a multiple")


def _problem(
    setting: SitingProblem,
    visits: npt.NDArray[np.float64],
    staff_s: npt.NDArray[np.float64],
    *,
    days: int,
    can_wait: float,
    even: bool,
    weekdays: int,
) -> Problem:
    """Return the problem with a place per candidate and weekday, then places that are nowhere, for days not used.

    Points stand there once for each weekday and once more for the visits that can wait. People who reach nothing today
    are left out: how far they travel has no number yet.
    """
    n, m = setting.people.size, setting.candidates
    some = np.isfinite(setting.now_s[setting.point, 0]) & np.isfinite(staff_s[setting.place])
    point, place = setting.point[some].astype(np.int64), setting.place[some].astype(np.int64)
    saved = 2 * (setting.now_s[point, 0] - setting.time_s[some]) / _HOUR_S
    points, places, values = [], [], []
    for day in range(weekdays):
        points += [point + day * n, point + weekdays * n]
        places += [place + day * m] * 2
        values += [saved] * 2
    group = np.repeat(np.arange(weekdays), m) if even else np.zeros(weekdays * m, np.int64)
    quota = np.full(weekdays, days // weekdays) if even else np.array([days])
    idle = np.repeat(np.arange(quota.size), quota)
    cost = np.tile(np.where(np.isfinite(staff_s), 2 * staff_s / _HOUR_S, 1e9), weekdays)
    return Problem.of(
        weight=np.concatenate([np.tile(visits * (1 - can_wait) / weekdays, weekdays), visits * can_wait]),
        place=np.concatenate(places),
        point=np.concatenate(points),
        value=np.concatenate(values),
        places=weekdays * m + idle.size,
        quota=quota,
        group=np.concatenate([group, idle]),
        cost=np.concatenate([cost, np.zeros(idle.size)]),
    )
