"""Offices that are staffed on some days of the week: how often one is open, and the days as a thing to share out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["fte_days_per_thousand", "move_days", "open_chance"]

_ROUNDING = 1e-9
"""Days that three times 0.1 may be more than 0.3."""


@checks_arguments
def open_chance(days_per_week: pd.Series, *, working_days: int = 5) -> pd.Series:
    """Chance that an office is open on a working day taken at random, where only the number of its days is known.

    p_j = d_j / working_days. Where it is known *which* days, `open_hours` says more.

    Parameters
    ----------
    days_per_week
        d_j by site id, 0 to `working_days`; an office open every other Tuesday has 0.5.

    Returns
    -------
    Series `open_chance` in [0, 1] on the same index.

    Raises
    ------
    InputError
        If a number is missing, below 0 or above `working_days`; all such offices are listed.

    Examples
    --------
    >>> open_chance(pd.Series({"Silsand": 5, "Gryllefjord": 2, "Husøy": 0.5})).to_dict()
    {'Silsand': 1.0, 'Gryllefjord': 0.4, 'Husøy': 0.1}
    """
    days = _numbers(days_per_week, name="days per week", most=working_days)
    return pd.Series(days / working_days, index=days_per_week.index, name="open_chance")


@checks_arguments
def fte_days_per_thousand(fte_days: pd.Series, *, zone: pd.Series, people: pd.Series) -> pd.DataFrame:
    """Days of a full-time doctor (or nurse) per week and 1000 people of each zone.

    1000 sum_{j in z} d_j / P_z. A doctor who is there two days in a week gives 2, two of them on the same days 4, five
    doctors of whom each is away three weeks out of five 10. Zones do not share here; where people use offices across
    borders, days are a supply for a floating catchment.

    Parameters
    ----------
    fte_days
        d_j by site id: days in a week times full-time positions there on such a day.
    zone
        The zone of each site, such as a municipality, by site id.
    people
        P_z by zone.

    Returns
    -------
    Table on the index of `people`: `fte_days`, `people` and `fte_days_per_thousand`, NaN where nobody lives. The sum
    of `fte_days` is that of the offices.

    Raises
    ------
    InputError
        If a number is missing, negative or infinite, or an office has no zone or one that is not in `people`.

    Examples
    --------
    >>> days = pd.Series({"Silsand": 20, "Gryllefjord": 2, "Dyrøy": 3})
    >>> zone = pd.Series({"Silsand": "Senja", "Gryllefjord": "Senja", "Dyrøy": "Dyrøy"})
    >>> fte_days_per_thousand(days, zone=zone, people=pd.Series({"Senja": 14_800, "Dyrøy": 1_000})).round(2)
           fte_days   people  fte_days_per_thousand
    Senja      22.0  14800.0                   1.49
    Dyrøy       3.0   1000.0                   3.00
    """
    days, everybody = _numbers(fte_days, name="FTE-days"), _numbers(people, name="people")
    place = people.index.get_indexer(pd.Index(zone.reindex(fte_days.index)))
    if (place < 0).any():
        lost = [f"{site}: its zone is none of those of the people" for site in fte_days.index[place < 0]]
        raise InputError.listing("fte_days_per_thousand", lost)
    total = np.bincount(place, weights=days, minlength=len(people)).astype(np.float64, copy=False)
    each = np.divide(1000 * total, everybody, out=np.full(len(people), np.nan), where=everybody > 0)
    return pd.DataFrame({"fte_days": total, "people": everybody, "fte_days_per_thousand": each}, index=people.index)


@checks_arguments
def move_days(fte_days: pd.Series, rota: pd.DataFrame) -> pd.Series:
    """FTE-days of every office once staff of one place spend days at another; their sum is kept.

    d'_j = d_j + sum of n over the rows that go to j - sum of n over the rows that come from j, n = days * staff.

    Parameters
    ----------
    fte_days
        d_j, days in a week by site id, of all offices that lend or receive.
    rota
        Columns `host_id` and `site_id` (from which office to which), `days` in a week and `staff`, how many go.

    Returns
    -------
    Series `fte_days` on the same index.

    Raises
    ------
    InputError
        If an office is unknown, a number is missing, negative or infinite, or an office would lend more than it has.

    Examples
    --------
    >>> rota = pd.DataFrame({"host_id": ["Silsand"], "site_id": ["Husøy"], "days": [2], "staff": [1.5]})
    >>> move_days(pd.Series({"Silsand": 20, "Husøy": 0}), rota).to_dict()
    {'Silsand': 17.0, 'Husøy': 3.0}
    """
    moved = _numbers(rota["days"], name="days") * _numbers(rota["staff"], name="staff")
    left, problems = _numbers(fte_days, name="FTE-days"), []
    for column, sign in (("host_id", -1), ("site_id", 1)):
        place = fte_days.index.get_indexer(pd.Index(rota[column]))
        problems += [f"{column} {rota[column].iloc[row]!r} is none of the offices" for row in np.flatnonzero(place < 0)]
        known = place >= 0
        left = left + sign * np.bincount(place[known], weights=moved[known], minlength=len(left))
    if not problems:
        problems = [
            f"{fte_days.index[i]} would be left with {left[i]:g} days a week; lend fewer"
            for i in np.flatnonzero(left < -_ROUNDING).tolist()
        ]
    if problems:
        raise InputError.listing("rota", problems)
    return pd.Series(np.maximum(left, 0.0), index=fte_days.index, name="fte_days")


def _numbers(values: pd.Series, *, name: str, most: float = np.inf) -> npt.NDArray[np.float64]:
    """Return numbers >= 0 and not above `most`; raise `InputError` that lists the rows that have none."""
    numbers = to_numbers(values)
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0) & (numbers <= most)))
    if wrong.size:
        span = f"from 0 to {most:g}" if np.isfinite(most) else ">= 0"
        listed = [f"{label}: {found!r}; give a number {span}" for label, found in values.iloc[wrong].items()]
        raise InputError.listing(name, listed)
    return numbers
