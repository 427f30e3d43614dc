"""Ages of a projection put into classes that follow the same people of today."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.demand.ages import age_span
from geoaccess.demand.zone_tables import zone_values
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["check_all_placed", "check_projection", "class_ages"]

_ROUNDING = 1e-6


def check_projection(table: pd.DataFrame, *, years: Sequence[int], zone: pd.Series) -> None:
    """Refuse a projection without a year, a municipality or an age that is needed, before ages are summed.

    Parameters
    ----------
    table
        Rows of `zone_id`, `age`, `year` and `people`, as `read_projection` returns.
    zone
        The municipality of each cell.

    Raises
    ------
    InputError
        With what is missing.
    """
    absent = [str(year) for year in years if not (table["year"] == year).any()]
    if absent:
        known = ", ".join(map(str, sorted(table["year"].unique())))
        raise InputError(f"projection: has no rows for {', '.join(absent)}; it has {known or 'none at all'}")
    zones = pd.Index(sorted(zone.unique()))
    for year in years:
        at = table[table["year"] == year]
        zone_values(at, zones, group="age", value="people", subject=f"projection for {year}")


def class_ages(
    table: pd.DataFrame,
    *,
    pattern: Mapping[str, Sequence[int]],
    groups: Mapping[str, Sequence[int]],
    today: Collection[str],
) -> tuple[pd.DataFrame, list[str], dict[str, list[str]]]:
    """Sum ages that are in the same groups and follow the same people, so that few columns are computed.

    Parameters
    ----------
    table
        Rows of `zone_id`, `age`, `year` and `people`.
    pattern
        The first and last age (no last age: and older) of those who are spread over the cells like a group of today.
    groups
        The first and last age of each group that is requested.
    today
        The names of the groups of today.

    Returns
    -------
    The table with `age` a class of ages and `follows` the group of today ("" for everybody), the names that are
    followed, and the classes that each requested group is made of.

    Raises
    ------
    InputError
        With every age that cannot be read, lies in a group only partly, overlaps another or follows two groups.
    """
    lost = [name for name in pattern if name not in today]
    if lost:
        raise InputError(
            f"pattern names {', '.join(lost)}; the groups of today are {', '.join(map(str, today)) or 'none'}"
        )
    spans = {**pattern, **{f"of {name}": span for name, span in groups.items()}}
    ends = {name: (span[0], span[1] if len(span) > 1 else np.inf) for name, span in spans.items()}
    problems, inside, read = [], {}, {}
    for age in table["age"].unique():
        span = read[age] = age_span(age)
        if span is None:
            problems.append(f"age {age!r} cannot be read; write 7, 0-5 or 80+, and leave rows of totals out")
            continue
        inside[age] = [name for name, (first, last) in ends.items() if span[0] >= first and span[1] <= last]
        problems += [
            f"age {age!r} is only partly in {name.removeprefix('of ')!r} ({first}-{'' if last == np.inf else last})"
            for name, (first, last) in ends.items()
            if name not in inside[age] and span[1] >= first and span[0] <= last
        ]
        followed = [name for name in inside[age] if name in pattern]
        if len(followed) > 1:
            problems.append(f"age {age!r} follows {' and '.join(followed)}; let each age follow one group")
    ordered = sorted((span, age) for age, span in read.items() if span is not None)
    problems += [
        f"ages {age!r} and {after!r} overlap; their people would count twice"
        for ((_, last), age), ((first, _), after) in itertools.pairwise(ordered)
        if first <= last
    ]
    problems += [
        f"no age is in {name.removeprefix('of ')!r}" for name in ends if not any(name in at for at in inside.values())
    ]
    if problems:
        raise InputError.listing("ages", problems)
    follows = table["age"].map({age: next((n for n in at if n in pattern), "") for age, at in inside.items()})
    classes = table["age"].map({age: "|".join(at) or "others" for age, at in inside.items()})
    rows = table.assign(age=classes, follows=follows)
    rows = rows.groupby(["zone_id", "age", "follows", "year"], sort=False)["people"].sum().reset_index()
    members = {
        name: [str(age) for age in rows["age"].unique() if f"of {name}" in str(age).split("|")] for name in groups
    }
    return rows, [str(name) for name in rows["follows"].unique()], members


def check_all_placed(people: pd.Series, table: pd.DataFrame, *, year: int, zone: pd.Series) -> None:
    """Check the law that everybody in the table of a year is in some cell."""
    wanted = table.loc[(table["year"] == year) & table["zone_id"].isin(zone.unique()), "people"].sum()
    if abs(people.sum() - wanted) > _ROUNDING * max(wanted, 1.0):
        raise InputError(f"{year}: {wanted} people in the table but {people.sum()} in the cells; please report this")
