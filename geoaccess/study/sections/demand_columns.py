"""People of each age, year and season in every cell, from the grid and from tables of municipalities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import demand
from geoaccess.demand.age_classes import check_all_placed, check_projection, class_ages
from geoaccess.demand.ages import age_span
from geoaccess.demand.zone_tables import check_people
from geoaccess.errors import InputError
from geoaccess.study.municipality_numbers import matched
from geoaccess.study.settings.names import said_twice
from geoaccess.study.stages import about
from geoaccess.tables import missing_columns, read_numbers, read_people_by_age, read_table, read_text
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.study.sections.inputs import PeopleInput
    from geoaccess.study.settings.demand import AgesSettings, EventsSettings, ProjectionSettings, SeasonSettings
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "read_ages",
    "read_moves",
    "read_rows",
    "read_years",
    "season_groups",
    "today_groups",
    "year_groups",
    "yearly_events",
]

_ROUNDING = 1e-6


def read_rows(path: Path, *, text: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Return columns of a table: ids and names as text, and numbers of 0 or more; all problems are reported at once."""
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
    saved = read_people_by_age(study.resolve(settings.file)) if settings.people else None
    if saved is not None:
        return _ages_of_year(saved, settings, study.settings.population.year)
    columns = [settings.zone, settings.group]
    table = read_rows(study.resolve(settings.file), text=columns, numbers=[str(settings.share or settings.people)])
    return table.set_axis(["zone_id", "group", "value"], axis=1)


def _ages_of_year(saved: pd.DataFrame, settings: AgesSettings, year: int) -> pd.DataFrame:
    """Return the groups of [demand.ages] from a table of a statistics bank: ages of the year of the grid, summed."""
    years = sorted(saved["year"].unique())
    at = saved[saved["year"] == (year if year in years else years[-1])]
    spans = {name: age_span(name) for name in settings.groups.values() if name not in set(at["age"])}
    wanted = {
        name: (int(span[0]), None if span[1] == math.inf else int(span[1])) for name, span in spans.items() if span
    }
    parts = [at, demand.group_ages(at, wanted)] if wanted else [at]
    rows = pd.concat(parts, ignore_index=True)[["zone_id", "age", "people"]]
    return rows.set_axis(["zone_id", "group", "value"], axis=1)


def read_years(study: Study, settings: ProjectionSettings) -> pd.DataFrame:
    """Return the table of [demand.projection]."""
    columns = {"zone": settings.zone, "age": settings.age, "year": settings.year, "people": settings.people}
    return demand.read_projection(study.resolve(settings.file), **columns)


def read_moves(study: Study, settings: SeasonSettings) -> pd.DataFrame:
    """Return the table of [demand.season]."""
    return read_rows(study.resolve(settings.file), text=["season", "from_zone", "to_zone"], numbers=["people"])


def today_groups(solved: PeopleInput) -> pd.DataFrame:
    """Return the people of each group today, a column per group: those of the grid, then those of [demand.ages]."""
    settings = solved.study.settings
    people = solved.results["population"]
    source = str(solved.study.resolve(settings.population.file))
    out = pd.DataFrame(index=people.index)
    for name, column in solved.study.grid_groups.items():
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


def _shared(solved: PeopleInput, settings: AgesSettings, grid: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that are known of municipalities, on the cells."""
    path, people = solved.study.resolve(settings.file), solved.results["population"]
    table = read_ages(solved.study, settings)
    table["zone_id"] = _meant(solved, table["zone_id"])
    names = settings.groups or {name: name for name in table["group"].unique()}
    lost = [
        f'groups.{name}: no row has the group "{group_name}"'
        for name, group_name in names.items()
        if group_name not in set(table["group"])
    ]
    lost += [
        f'the group "{name}" is no word; name it in groups, as in groups = {{ "80plus" = "80+" }}'
        for name in names
        if not f"p_{name}".isidentifier()
    ]
    known = solved.study.settings.demand.names_with([*grid])
    lost += [
        f'the group "{name}" is the name of other people, too; name it otherwise in groups'
        for name in said_twice([*known, *names])
        if name in names
    ]
    if lost:
        raise InputError.listing(str(path), lost)
    out = {}
    for name, group_name in names.items():
        rows = table[table["group"] == group_name]
        of = settings.of.get(name)
        whole = grid[of] if of else people
        with about(str(path)):
            if settings.share:
                shares = rows.rename(columns={"value": "share"})
                found = demand.people_by_share(whole, zone=_zone(solved), shares=shares)
            else:
                rows = rows.rename(columns={"value": "people", "group": "age"}).assign(year=0)
                found = _follow(solved, whole, rows, year=0)
        out[name] = found[group_name]
    return pd.DataFrame(out, index=people.index)


def year_groups(solved: PeopleInput, settings: ProjectionSettings, today: pd.DataFrame) -> pd.DataFrame:
    """Return everybody ("2030") and the requested groups ("80plus_2030") in each year of a projection."""
    path = solved.study.resolve(settings.file)
    table = read_years(solved.study, settings)
    table["zone_id"] = _meant(solved, table["zone_id"])
    with about(str(path)):
        check_projection(table, years=settings.years, zone=_zone(solved))
        table, follows, members = class_ages(table, pattern=settings.pattern, groups=settings.groups, today=[*today])
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
            check_all_placed(out[str(year)], table, year=year, zone=_zone(solved))
            for name, classes in members.items():
                out[f"{name}_{year}"] = ages[classes].sum(axis=1)
    return pd.DataFrame(out, index=today.index)


def _follow(solved: PeopleInput, people: pd.Series, rows: pd.DataFrame, *, year: int) -> pd.DataFrame:
    """Share the people of municipalities out like `people`; where there are none of these, like everybody."""
    everybody = solved.results["population"]
    here = pd.DataFrame({"those": people, "others": (everybody - people).clip(lower=0.0)})
    ages = rows["age"].unique()
    return demand.project_people(here, zone=_zone(solved), table=rows, year=year, pattern=dict.fromkeys(ages, "those"))


def season_groups(solved: PeopleInput, settings: SeasonSettings) -> pd.DataFrame:
    """Return the people of each cell in each season."""
    path = solved.study.resolve(settings.file)
    moves = read_moves(solved.study, settings)
    moves["from_zone"] = _meant(solved, moves["from_zone"])
    if not settings.to_zone:
        moves["to_zone"] = _meant(solved, moves["to_zone"])
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


def yearly_events(solved: PeopleInput, what: str, settings: EventsSettings, today: pd.DataFrame) -> pd.Series:
    """Return how many calls or births are expected in each cell in a year.

    From a column of the population table; from a row per municipality, shared out like the people of a group; or from
    rates per person and year: sum_a P_ia r_a over the groups a that have a rate.

    Raises
    ------
    InputError
        If a number is missing, negative or infinite, a municipality has no row, or a rate is of no group.
    """
    known = today.assign(population=solved.results["population"])
    if settings.column:
        grid = str(solved.study.resolve(solved.study.settings.population.file))
        found = check_people(solved.people[settings.column], subject=f"{grid}, {settings.column}")
        return pd.Series(found, index=known.index)
    if settings.per_person is not None:
        return pd.Series(known["population"] * settings.per_person)
    if settings.file:
        path, of = solved.study.resolve(settings.file), settings.of.removeprefix("population_")
        if of not in known:
            raise InputError(
                f'{solved.study.path}: [demand.{what}] of = "{settings.of}" is no group of people of today'
                f"{did_you_mean(of, known)}"
            )
        rows = read_rows(path, text=[settings.zone], numbers=[settings.per_year])
        rows = rows.set_axis(["zone_id", "people"], axis=1).assign(age=what, year=0)
        rows["zone_id"] = _meant(solved, rows["zone_id"])
        with about(str(path)):
            return _follow(solved, known[of], rows, year=0)[what]
    path = solved.study.resolve(str(settings.rates))
    rates = read_rows(path, text=["age"], numbers=["per_year"])
    problems = [
        f'age "{age}" is no group of people{did_you_mean(age, known)}' for age in rates["age"] if age not in known
    ]
    problems += [f'age "{age}" stands there more than once' for age in rates["age"][rates["age"].duplicated()].unique()]
    if problems:
        raise InputError.listing(str(path), problems)
    visits = known[list(rates["age"])].to_numpy() * rates["per_year"].to_numpy()
    return pd.Series(visits.sum(axis=1), index=known.index)


def _meant(solved: PeopleInput, given: pd.Series) -> pd.Series[str]:
    """Return the municipality of the cells that each number of a table means."""
    return matched(solved.study, given, [zone for zone in solved.results["municipality_id"].unique() if zone != ""])


def _zone(solved: PeopleInput) -> pd.Series:
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
