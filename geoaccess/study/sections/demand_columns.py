"""People of each age, year and season in every cell, from the grid and from tables of municipalities."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import demand
from geoaccess.demand.ages import age_span
from geoaccess.demand.zone_tables import check_people, zone_values
from geoaccess.errors import InputError
from geoaccess.study.stages import about
from geoaccess.tables import missing_columns, read_numbers, read_table, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.study.sections.inputs import SolvedInput
    from geoaccess.study.settings.demand import AgesSettings, ProjectionSettings, SeasonSettings
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "read_ages",
    "read_moves",
    "read_rows",
    "read_years",
    "season_groups",
    "today_groups",
    "year_groups",
]

_ROUNDING = 1e-6


def read_rows(path: Path, *, text: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Return columns of a table: ids and names as text, and numbers of 0 or more; all that is wrong is told at once."""
    table = read_table(path, hint="check the path in [demand]")
    problems = missing_columns(table, [*text, *numbers])
    if problems:
        raise InputError.listing(str(path), problems)
    out: dict[str, Any] = {name: read_text(table, name) for name in text}
    for name in numbers:
        out[name], wrong = read_numbers(table, name)
        problems += wrong
    if problems:
        raise InputError.listing(str(path), problems)
    return pd.DataFrame(out).reset_index(drop=True)


def read_ages(study: Study, settings: AgesSettings) -> pd.DataFrame:
    """Return the table of [demand.ages] as `zone_id`, `group` and `value`."""
    columns = [settings.zone, settings.group]
    table = read_rows(study.resolve(settings.file), text=columns, numbers=[str(settings.share or settings.people)])
    return table.set_axis(["zone_id", "group", "value"], axis=1)


def read_years(study: Study, settings: ProjectionSettings) -> pd.DataFrame:
    """Return the table of [demand.projection]."""
    columns = {"zone": settings.zone, "age": settings.age, "year": settings.year, "people": settings.people}
    return demand.read_projection(study.resolve(settings.file), **columns)


def read_moves(study: Study, settings: SeasonSettings) -> pd.DataFrame:
    """Return the table of [demand.season]."""
    return read_rows(study.resolve(settings.file), text=["season", "from_zone", "to_zone"], numbers=["people"])


def today_groups(solved: SolvedInput) -> pd.DataFrame:
    """Return the people of each group today, a column per group: those of the grid, then those of [demand.ages]."""
    settings = solved.study.settings
    people = solved.results["population"]
    source = str(solved.study.resolve(settings.population.file))
    out = pd.DataFrame(index=people.index)
    for name, column in settings.population.ages.items():
        out[name] = pd.Series(check_people(solved.people[column], subject=f"{source}, {column}"), index=people.index)
    if settings.demand.ages:
        out = out.join(_shared(solved, settings.demand.ages, out))
    large = [name for name in out if out[name].sum() > people.sum() * (1 + _ROUNDING)]
    if large:
        listed = [
            f"{name} are {out[name].sum():,.0f} people of {people.sum():,.0f}; check its column" for name in large
        ]
        raise InputError.listing(f"{solved.study.path}: groups of people", listed)
    return out


def _shared(solved: SolvedInput, settings: AgesSettings, grid: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that are known of municipalities, on the cells."""
    path, people = solved.study.resolve(settings.file), solved.results["population"]
    table = read_ages(solved.study, settings)
    names = settings.groups or {name: name for name in table["group"].unique()}
    lost = [
        f'groups.{name}: no row has the group "{said}"'
        for name, said in names.items()
        if said not in set(table["group"])
    ]
    lost += [
        f'the group "{name}" is no word; name it in groups, as in groups = {{ "80plus" = "80+" }}'
        for name in names
        if not f"p_{name}".isidentifier()
    ]
    lost += [f'the group "{name}" is in the grid too; name it otherwise in groups' for name in names if name in grid]
    if lost:
        raise InputError.listing(str(path), lost)
    out = {}
    for name, said in names.items():
        rows = table[table["group"] == said]
        of = settings.of.get(name)
        whole = grid[of] if of else people
        with about(str(path)):
            if settings.share:
                shares = rows.rename(columns={"value": "share"})
                found = demand.people_by_share(whole, zone=_zone(solved), shares=shares)
            else:
                rows = rows.rename(columns={"value": "people", "group": "age"}).assign(year=0)
                found = _follow(solved, whole, rows, year=0)
        out[name] = found[said]
    return pd.DataFrame(out, index=people.index)


def year_groups(solved: SolvedInput, settings: ProjectionSettings, today: pd.DataFrame) -> pd.DataFrame:
    """Return everybody ("2030") and the groups asked for ("80plus_2030") in each year of a projection."""
    path = solved.study.resolve(settings.file)
    table = read_years(solved.study, settings)
    with about(str(path)):
        _complete(table, settings, _zone(solved))
        table, follows, members = _classed(table, settings, today)
        out = {}
        for year in settings.years:
            parts = [
                _follow(
                    solved,
                    today[name] if name else solved.results["population"],
                    table[table["follows"] == name],
                    year=year,
                )
                for name in follows
            ]
            ages = pd.concat(parts, axis=1)
            out[str(year)] = ages.sum(axis=1)
            _nobody_lost(out[str(year)], table, year=year, zone=_zone(solved))
            for name, classes in members.items():
                out[f"{name}_{year}"] = ages[classes].sum(axis=1)
    return pd.DataFrame(out, index=today.index)


def _complete(table: pd.DataFrame, settings: ProjectionSettings, zone: pd.Series) -> None:
    """Refuse a table without a year, a municipality or an age that is needed, before ages are summed."""
    absent = [str(year) for year in settings.years if not (table["year"] == year).any()]
    if absent:
        known = ", ".join(map(str, sorted(table["year"].unique())))
        raise InputError(f"projection: has no rows for {', '.join(absent)}; it has {known or 'none at all'}")
    zones = pd.Index(sorted(zone.unique()))
    for year in settings.years:
        at = table[table["year"] == year]
        zone_values(at, zones, group="age", value="people", subject=f"projection for {year}")


def _classed(
    table: pd.DataFrame, settings: ProjectionSettings, today: pd.DataFrame
) -> tuple[pd.DataFrame, list[str], dict[str, list[str]]]:
    """Sum ages that are in the same groups and follow the same people, so that few columns are reckoned.

    Returns the table with `age` a class of ages and `follows` the group of today ("" for everybody), the names that are
    followed, and the classes that each group asked for is made of.
    """
    lost = [name for name in settings.pattern if name not in today]
    if lost:
        raise InputError(
            f"pattern names {', '.join(lost)}; the groups of today are {', '.join(map(str, today)) or 'none'}"
        )
    spans = {**settings.pattern, **{f"of {name}": span for name, span in settings.groups.items()}}
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
        followed = [name for name in inside[age] if name in settings.pattern]
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
    follows = table["age"].map({age: next((n for n in at if n in settings.pattern), "") for age, at in inside.items()})
    classes = table["age"].map({age: "|".join(at) or "others" for age, at in inside.items()})
    rows = table.assign(age=classes, follows=follows)
    rows = rows.groupby(["zone_id", "age", "follows", "year"], sort=False)["people"].sum().reset_index()
    members = {
        name: [str(age) for age in rows["age"].unique() if f"of {name}" in str(age).split("|")]
        for name in settings.groups
    }
    return rows, [str(name) for name in rows["follows"].unique()], members


def _follow(solved: SolvedInput, people: pd.Series, rows: pd.DataFrame, *, year: int) -> pd.DataFrame:
    """Share the people of municipalities out like `people`; where there are none of these, like everybody."""
    everybody = solved.results["population"]
    here = pd.DataFrame({"those": people, "others": (everybody - people).clip(lower=0.0)})
    ages = rows["age"].unique()
    return demand.project_people(here, zone=_zone(solved), table=rows, year=year, pattern=dict.fromkeys(ages, "those"))


def _nobody_lost(people: pd.Series, table: pd.DataFrame, *, year: int, zone: pd.Series) -> None:
    wanted = table.loc[(table["year"] == year) & table["zone_id"].isin(zone.unique()), "people"].sum()
    if abs(people.sum() - wanted) > _ROUNDING * max(wanted, 1.0):
        raise InputError(f"{year}: {wanted} people in the table but {people.sum()} in the cells; please report this")


def season_groups(solved: SolvedInput, settings: SeasonSettings) -> pd.DataFrame:
    """Return the people of each cell in each season."""
    path = solved.study.resolve(settings.file)
    moves = read_moves(solved.study, settings)
    grid = str(solved.study.resolve(solved.study.settings.population.file))
    weights = None
    if settings.weights:
        found = check_people(solved.people[settings.weights], subject=f"{grid}, {settings.weights}")
        weights = pd.Series(found, index=solved.people.index)
    with about(str(path)):
        seasons = {
            name: demand.move_people(
                solved.results["population"],
                moves=moves,
                season=name,
                zone=_zone(solved),
                to_zone=solved.people[settings.to_zone] if settings.to_zone else None,
                to_weights=weights,
            )
            for name in settings.names
        }
    return pd.DataFrame(seasons)


def _zone(solved: SolvedInput) -> pd.Series:
    """Return the municipality of each cell; refuse cells in none, whose people would have no age."""
    zone: pd.Series = solved.results["municipality_id"]
    lost = zone == ""
    if lost.any():
        people = solved.results.loc[lost, "population"].sum()
        raise InputError(
            f"{people:g} people in {int(lost.sum())} cells lie in no municipality (cell {lost.idxmax()}); a larger "
            "max_nearest_m in [zones] gives them the nearest"
        )
    return zone
