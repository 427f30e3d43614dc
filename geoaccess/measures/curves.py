"""How the share of people who are reached grows with time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.groups import each_zoning, group_cells, people_of_service, read_times
from geoaccess.measures.one_service import column_of, on_groups, results_of, spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.measures.groups import By, Groups
    from geoaccess.measures.specification import ServiceSpec

__all__ = ["people_by_time", "people_by_time_of_service"]

MOST_STEPS = 100_000


@checks_arguments
def people_by_time(
    times: pd.Series,
    *,
    population: pd.Series,
    groups: pd.Series | None = None,
    step_s: float = 300.0,
    max_s: float | None = None,
) -> pd.DataFrame:
    """Share of the people of each group who are inside each time, as a curve.

    share(t) = sum_{i: t_i <= t} w_i / sum_i w_i at t = 0, step_s, 2 step_s ... The share is of all people of the
    group, so a curve that ends below 1 shows how many are not reached.

    Parameters
    ----------
    times, population, groups
        As for `summarise`.
    step_s
        Seconds between two points.
    max_s
        The curve goes on to the first point at or after this many seconds; to the longest time when None.

    Returns
    -------
    One row per group and time: `time_s`, `people` and `share` in [0, 1], NaN where the group has no people. All groups
    have the same times.

    Raises
    ------
    InputError
        As `summarise`, or if `step_s` or `max_s` is not a number above 0, or there would be over 100 000 points.

    Examples
    --------
    >>> import pandas as pd
    >>> times, people = pd.Series([300.0, 500.0, float("inf")]), pd.Series([100.0, 60.0, 40.0])
    >>> people_by_time(times, population=people, step_s=300)
               time_s  people  share
    group
    everybody     0.0     0.0    0.0
    everybody   300.0   100.0    0.5
    everybody   600.0   160.0    0.8
    """
    results, by = results_of(times, population, groups), column_of(groups)
    return on_groups(people_by_time_of_service(results, service=spec_of(), by=by, step_s=step_s, max_s=max_s))


@checks_arguments
def people_by_time_of_service(
    results: pd.DataFrame,
    *,
    service: ServiceSpec,
    by: By = None,
    population: str | Sequence[str] | None = None,
    step_s: float = 300.0,
    max_s: float | None = None,
) -> pd.DataFrame:
    """Return `people_by_time` of one service in a table of results, by one or several zonings.

    Parameters
    ----------
    results, by, population
        As in `summarise_services`.
    service
        The service whose times are counted.
    step_s, max_s
        As in `people_by_time`.

    Returns
    -------
    One row per group and time: the columns named in `by` (text), `service`, `time_s`, `people` and `share` in [0, 1],
    NaN where the group has no people.

    Raises
    ------
    InputError
        As `summarise_services` and `people_by_time`.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoaccess.measures import ServiceSpec
    >>> results = pd.DataFrame({
    ...     "population": [100.0, 60.0, 40.0],
    ...     "gp_s": [300.0, 500.0, float("inf")],
    ...     "gp_reason": ["", "", "island_without_ferry"],
    ... })
    >>> people_by_time_of_service(results, service=ServiceSpec(key="gp", label="GP"), step_s=300)
      service  time_s  people  share
    0      gp     0.0     0.0    0.0
    1      gp   300.0   100.0    0.5
    2      gp   600.0   160.0    0.8
    """
    for name, value in (("step_s", step_s), ("max_s", max_s)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InputError(f"people_by_time: {name} is {value}; it must be a number of seconds above 0")
    times = read_times(results, service)
    longest = max_s if max_s is not None else float(np.max(times.times_s, where=times.reached, initial=0.0))
    steps = math.ceil(longest / step_s)
    if steps > MOST_STEPS:
        raise InputError(f"people_by_time: {steps} points from step_s {step_s} up to {longest} s; use a longer step")
    time_s = np.arange(steps + 1, dtype=np.float64) * step_s
    if max_s is None and time_s[-1] < longest:  # the quotient was rounded down
        time_s = np.append(time_s, (steps + 1) * float(step_s))
    place = np.searchsorted(time_s, times.times_s, side="left")
    return each_zoning(
        lambda zoning, who: _curves(
            people_of_service(results, service, who), group_cells(results, by=zoning), place, time_s, service.key
        ),
        by=by,
        population=population,
    )


def _curves(
    people: npt.NDArray[np.float64],
    groups: Groups,
    place: npt.NDArray[np.intp],
    time_s: npt.NDArray[np.float64],
    service: str,
) -> pd.DataFrame:
    """Return the curve of each group; `place` is the first of the times at which each cell is inside."""
    size = (len(groups.labels), time_s.size)
    counted = place < time_s.size
    flat = groups.codes[counted] * time_s.size + place[counted]
    within = np.bincount(flat, weights=people[counted], minlength=size[0] * size[1]).reshape(size).cumsum(axis=1)
    everybody = groups.sums(people)[:, None]
    share = np.divide(within, everybody, out=np.full(size, np.nan), where=everybody > 0)
    table = groups.labels.loc[np.repeat(groups.labels.index, time_s.size)].reset_index(drop=True)
    return table.assign(
        service=service,
        time_s=np.tile(time_s, size[0]),
        people=within.reshape(-1),
        share=np.minimum(share.reshape(-1), 1.0),
    )
