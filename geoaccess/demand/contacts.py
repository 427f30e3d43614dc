"""How often people need a service, and how often they must travel to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.demand.zone_tables import check_people, require
from geoaccess.errors import InputError

__all__ = ["expected_contacts"]


@checks_arguments
def expected_contacts(people: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Contacts with a service that the people of each cell have in a year, and those that need a journey.

    contacts_i = sum_a P_ia r_a; by_video_i = sum_a P_ia r_a v_a; journeys_i = contacts_i - by_video_i =
    sum_a P_ia r_a (1 - v_a).

    Parameters
    ----------
    people
        P_ia >= 0, a row per cell, a column per age group.
    rates
        Columns `age`, a row for every column of `people`; `contacts_per_year`, r_a >= 0 per person; `video_share`, v_a
        in [0, 1], the share of the contacts held by video or telephone.

    Returns
    -------
    Table on the index of `people` with `contacts`, `by_video` and `journeys` in a year.

    Raises
    ------
    InputError
        If there is no rate, an age has none, a rate no people, an age stands there twice, or a number is missing,
        infinite or not in its range.

    Examples
    --------
    >>> people = pd.DataFrame({"0-64": [100.0], "65+": [40.0]}, index=["cell"])
    >>> rates = pd.DataFrame({"age": ["0-64", "65+"], "contacts_per_year": [2.0, 5.0], "video_share": [0.5, 0.1]})
    >>> expected_contacts(people, rates)
          contacts  by_video  journeys
    cell     400.0     120.0     280.0
    """
    require(rates, ["age", "contacts_per_year", "video_share"], subject="rates")
    problems = [f"age {age!r} has no rate" for age in people.columns if age not in set(rates["age"])]
    problems += [f"age {age!r} is no column of people" for age in rates["age"] if age not in people.columns]
    problems += [f"age {age!r} stands there more than once" for age in rates["age"][rates["age"].duplicated()]]
    problems += ["has no rows; give one per age"] if rates.empty else []
    if problems:
        raise InputError.listing("rates", problems)
    each = rates.set_index("age").reindex(people.columns)
    rate = check_people(each["contacts_per_year"], subject="rates, contacts_per_year")
    video = check_people(each["video_share"], subject="rates, video_share")
    if (video > 1).any():
        raise InputError(f"rates: video_share is {video.max()}; a share lies in [0, 1]")
    amounts = np.stack([check_people(people[age], subject=f"people, {age}") for age in people], axis=1)
    total, seen, travelled = ((amounts * each).sum(axis=1) for each in (rate, rate * video, rate * (1 - video)))
    return pd.DataFrame({"contacts": total, "by_video": seen, "journeys": travelled}, index=people.index)
