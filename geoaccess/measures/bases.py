"""Ambulance bases: whom each serves first, its calls, how busy it is, and how often it has a vehicle."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.ambulance import busy_fraction

__all__ = ["base_table"]


@checks_arguments
def base_table(
    names: pd.Series,
    *,
    people: pd.Series,
    first: pd.Series,
    busy_s: pd.Series,
    vehicles: pd.Series,
    calls: pd.Series | None,
    availability: pd.Series | None,
) -> pd.DataFrame:
    """Return a row per ambulance base: its people, its calls, and how often it is there.

    Parameters
    ----------
    names
        Name of each base, on the ids of the bases.
    people, first, busy_s
        Of each cell: its people, the base that is there first ("" where none is), and the seconds for which a call
        keeps a vehicle, inf where it has no end.
    vehicles
        Of each base.
    calls
        Of each cell in a year; None where they are not known.
    availability
        The share of the time for which each base has a vehicle, 0 to 1; None to take it from how busy the base is.

    Returns
    -------
    On the ids of the bases: `name`, `people`, `vehicles`, `calls`, `calls_without_site` (calls with no route to
    treatment), `busy_fraction` (all NaN where calls are not known) and `availability`.

    Raises
    ------
    InputError
        If an availability is over 1, or none is given and calls are not known.

    Examples
    --------
    >>> base_table(
    ...     pd.Series({"a": "North", "b": "South"}),
    ...     people=pd.Series([100.0, 50.0]),
    ...     first=pd.Series(["a", "a"]),
    ...     busy_s=pd.Series([3600.0, np.inf]),
    ...     vehicles=pd.Series({"a": 1.0, "b": 1.0}),
    ...     calls=pd.Series([876.0, 5.0]),
    ...     availability=None,
    ... )[["people", "calls", "calls_without_site", "busy_fraction", "availability"]].round(3)
        people  calls  calls_without_site  busy_fraction  availability
    a   150.0  881.0                 5.0            0.1           0.9
    b     0.0    0.0                 0.0            0.0           1.0
    """
    out = pd.DataFrame({"name": names.astype("str")})
    out["people"] = _sum_by(people, first, out.index)
    out["vehicles"] = vehicles
    out["calls"] = out["calls_without_site"] = out["busy_fraction"] = np.nan
    if calls is not None:
        ends = np.isfinite(busy_s)
        out["calls"] = _sum_by(calls, first, out.index)
        out["calls_without_site"] = _sum_by(calls.where(~ends, 0.0), first, out.index)
        busy = busy_fraction(busy_s, base=first, calls=calls.where(ends, 0.0), vehicles=out["vehicles"])
        out["busy_fraction"] = busy.reindex(out.index).fillna(0.0)
    if availability is None:
        if calls is None:
            raise InputError("how busy bases are is not known without calls; give calls, or the availability")
        out["availability"] = (1.0 - out["busy_fraction"]).clip(lower=0.0)
    else:
        out["availability"] = availability
        check_availability(availability)
    return out


def _sum_by(amount: pd.Series, label: pd.Series, index: pd.Index) -> pd.Series:
    total: pd.Series = amount.groupby(label).sum().reindex(index).fillna(0.0)
    return total


def check_availability(availability: pd.Series) -> None:
    """Raise if a base is there for more than all of the time.

    >>> import pandas as pd
    >>> check_availability(pd.Series([0.8, 1.0]))
    """
    if (availability > 1).any():
        raise InputError(f"sites: availability is {availability.max():g} at {availability.idxmax()}; write a share")
