"""Whom a service is asked about: the column of the cells that counts for it, and where that column is from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.study.settings.demand import EVENTS
from geoaccess.tables import read_people_by_age, read_table, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from geoaccess.study.settings.config_sections import ServiceSettings
    from geoaccess.study.settings.demand import AgesSettings, DemandSettings

__all__ = ["EVERYBODY", "grid_groups", "groups_known", "people_column"]

EVERYBODY = "population"


def people_column(name: str) -> str:
    """Return the column of the cells that holds a group of people, or what happens so many times a year.

    >>> [people_column(name) for name in ("population", "women_15_49", "population_2030", "calls")]
    ['population', 'population_women_15_49', 'population_2030', 'calls_per_year']
    """
    if name in EVENTS:
        return f"{name}_per_year"
    bare = _bare(name)
    return f"{EVERYBODY}_{bare}" if bare else EVERYBODY


def _bare(name: str) -> str:
    """Return the name of a group without the prefix of its column; "" for everybody."""
    return "" if name == EVERYBODY else name.removeprefix(f"{EVERYBODY}_")


def groups_known(ages: Mapping[str, str], wanted: DemandSettings, resolve: Callable[[str], Path]) -> list[str]:
    """Return the groups of people that a study names: ages of the grid and of municipalities, years and seasons."""
    found = [*ages]
    if wanted.ages:
        found += [*wanted.ages.groups] or _groups_of_file(wanted.ages, resolve(wanted.ages.file))
    if wanted.projection:
        years = wanted.projection.years
        found += [*map(str, years), *(f"{name}_{year}" for name in wanted.projection.groups for year in years)]
    return [*found, *(wanted.season.names if wanted.season else [])]


def _groups_of_file(asked: AgesSettings, path: Path) -> list[str]:
    """Return the groups of a table of ages whose groups the study does not name."""
    saved = read_people_by_age(path) if asked.people else None
    if saved is not None:
        return [str(name) for name in saved["age"].unique()]
    rows = read_table(path, hint="check the path in [demand]")
    return [*read_text(rows, asked.group).unique()] if asked.group in rows else []


def grid_groups(
    ages: Mapping[str, str],
    services: Mapping[str, ServiceSettings],
    wanted: DemandSettings,
    resolve: Callable[[str], Path],
) -> dict[str, str]:
    """Return the groups that are columns of the population table: by name the column.

    Those of [population] ages, and what a service asks about that no other part of the study makes.
    """
    asked = [_bare(one.people) for one in services.values() if one.people not in EVENTS]
    asked += [_bare(one.of) for one in wanted.events.values() if one.file]
    new = [name for name in dict.fromkeys(asked) if name and name not in ages]
    known = groups_known(ages, wanted, resolve) if new else []
    return {**ages, **{name: name for name in new if name not in known}}
