"""Hours spent on the road: by staff who go to satellite offices, and by patients who need not when they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.groups import require_columns
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["journey_hours", "staff_travel"]

_HOUR_S = 3600.0


@checks_arguments
def journey_hours(journeys: pd.Series, there_s: pd.Series, *, back_s: pd.Series | None = None) -> pd.Series:
    """Hours on the road of some journeys there and back.

    n_i (there_i + back_i) / 3600. With the journeys of patients from each cell, before and after an office opens, the
    difference is what the office saves them.

    Parameters
    ----------
    journeys
        n_i >= 0 per week, year or any other time, by cell id.
    there_s, back_s
        Seconds of one way, on the same index; inf where there is no way. `back_s` None: as long as there.

    Returns
    -------
    Series `hours` on the same index, for the time that the journeys are of: inf where somebody cannot get there, 0
    where nobody goes.

    Raises
    ------
    InputError
        If a number of journeys is missing, negative or infinite, or a time negative or missing for journeys that are
        made.

    Examples
    --------
    >>> journey_hours(pd.Series({"farm": 12.0, "hut": 0.0}), pd.Series({"farm": 2700.0, "hut": float("inf")})).to_dict()
    {'farm': 18.0, 'hut': 0.0}
    """
    count = journeys.to_numpy(dtype=np.float64, na_value=np.nan)
    there = _on(there_s, journeys.index)
    both = there + (there if back_s is None else _on(back_s, journeys.index))
    problems = [
        f"{journeys.index[i]}: {count[i]} journeys; give a number >= 0"
        for i in np.flatnonzero(~(np.isfinite(count) & (count >= 0))).tolist()
    ]
    bad = (count > 0) & ~(both >= 0)
    problems += [f"{journeys.index[i]}: no time, or one below 0" for i in np.flatnonzero(bad).tolist()]
    if problems:
        raise InputError.listing("journeys", problems)
    hours = np.multiply(count, both / _HOUR_S, out=np.zeros(len(count)), where=count > 0)
    return pd.Series(hours, index=journeys.index, name="hours")


@checks_arguments
def staff_travel(rota: pd.DataFrame, times: pd.DataFrame, *, back: pd.DataFrame | None = None) -> pd.DataFrame:
    """Hours a week that staff spend on the road between their own office and the satellites they go to.

    hours = days * staff * (there + back) / 3600: everybody goes there and back every day of presence.

    Parameters
    ----------
    rota
        Columns `host_id` (where they work else), `site_id` (the satellite), `days` in a week and `staff`, how many go.
    times
        Columns `cell_id` (the host), `site_id` and `travel_time_s`, as `within` returns them for the hosts in the
        place of cells.
    back
        The same, `direction="to_people"`, for the way home; None: as long as there.

    Returns
    -------
    `rota` with `travel_s` (there and back) and `hours_per_week`; inf where `times` or `back` has no such way.

    Raises
    ------
    InputError
        If a column is missing, a way stands in a table twice, or a number is missing, negative or infinite.

    Examples
    --------
    >>> rota = pd.DataFrame({"host_id": ["Silsand"], "site_id": ["Husøy"], "days": [2], "staff": [2]})
    >>> times = pd.DataFrame({"cell_id": ["Silsand"], "site_id": ["Husøy"], "travel_time_s": [3600.0]})
    >>> staff_travel(rota, times)["hours_per_week"].tolist()
    [8.0]
    """
    require_columns(rota, ["host_id", "site_id", "days", "staff"], subject="rota")
    there = _ways(rota, times, "times")
    home = there if back is None else _ways(rota, back, "back")
    numbered = rota.reset_index(drop=True)
    counts = {name: pd.Series(to_numbers(numbered[name])) for name in ("days", "staff")}
    for name, count in counts.items():
        if not (np.isfinite(count) & (count >= 0)).all():
            raise InputError(f"rota: {name} holds {rota[name].tolist()}; give numbers >= 0")
    hours = journey_hours(counts["days"] * counts["staff"], pd.Series(there), back_s=pd.Series(home))
    return rota.assign(travel_s=there + home, hours_per_week=hours.to_numpy())


def _on(times_s: pd.Series, index: pd.Index) -> npt.NDArray[np.float64]:
    times = times_s.reindex(index).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(times >= 0, times, np.nan)


def _ways(rota: pd.DataFrame, times: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return the time of each row's way, inf where there is none."""
    require_columns(times, ["cell_id", "site_id", "travel_time_s"], subject=name)
    known = times.set_index(["cell_id", "site_id"])["travel_time_s"]
    if not known.index.is_unique:
        raise InputError(
            f"{name}: {known.index[known.index.duplicated()][0]} stands there more than once; give it once"
        )
    wanted = pd.MultiIndex.from_frame(rota[["host_id", "site_id"]])
    return known.reindex(wanted).fillna(np.inf).to_numpy(dtype=np.float64)
