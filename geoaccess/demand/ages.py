"""People by age and sex: shares of municipalities put on cells, and projections to later years."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.demand.zone_tables import (
    check_people,
    require,
    spread,
    zone_of_cells,
    zone_values,
)
from geoaccess.errors import InputError
from geoaccess.tables import (
    missing_columns,
    read_numbers,
    read_people_by_age,
    read_table,
    read_text,
    show_rows,
    to_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["age_span", "group_ages", "people_by_share", "project_people", "read_projection"]

_BAND = re.compile(r"([0-9]+)\s*(?:-|–|to|til)\s*([0-9]+)")  # noqa: RUF001 - people write both
_OPEN = re.compile(r"([0-9]+)\s*(?:\+|(?:years?|år)?\s*(?:or|and|eller|og)\s+(?:older|over|more|eldre|mer))")
_UNIT = re.compile(r"\s*(?:years?|år)\s*$")


@checks_arguments
def people_by_share(people: pd.Series, *, zone: pd.Series, shares: pd.DataFrame) -> pd.DataFrame:
    """People of each group in each cell, after shares that are known of the zones (municipalities).

    P_ig = P_i s_{z(i) g}. Every cell of a zone is taken to have the zone's share, so the sum over a zone is exact and
    the cells within it are not: start from the nearest group that the grid has, people over 64 for those over 79,
    women for women of 15 to 49.

    Parameters
    ----------
    people
        P_i >= 0 of the group that is shared out, by cell id.
    zone
        z(i) by cell id.
    shares
        Columns `zone_id`, `group` and `share` in [0, 1] of that group: {"0301", "80+", 0.31}. Zones without cells are
        passed over.

    Returns
    -------
    Table on the index of `people`, a column per group in the order of the table. Where the shares of a zone sum to 1,
    its groups sum to its people.

    Raises
    ------
    InputError
        If a zone has no row or not for every group (all are listed), a row stands there twice, a share is outside
        [0, 1], a cell lies in no zone, or people are missing, negative or infinite.

    Examples
    --------
    >>> over_64 = pd.Series({"a": 10.0, "b": 30.0})
    >>> shares = pd.DataFrame({"zone_id": ["5530", "5530"], "group": ["65-79", "80+"], "share": [0.7, 0.3]})
    >>> people_by_share(over_64, zone=pd.Series({"a": "5530", "b": "5530"}), shares=shares)
       65-79  80+
    a    7.0  3.0
    b   21.0  9.0
    """
    require(shares, ["zone_id", "group", "share"], subject="shares")
    counted = check_people(people, subject="people")
    code, zones = zone_of_cells(zone, people.index)
    wide = zone_values(shares, zones, group="group", value="share", subject="shares")
    above = wide[(wide > 1).any(axis=1)]
    if len(above):
        raise InputError.listing("shares", [f"zone {zone}: {row.max()} is above 1" for zone, row in above.iterrows()])
    return pd.DataFrame(counted[:, None] * wide.to_numpy()[code], index=people.index, columns=wide.columns.to_list())


@checks_arguments
def project_people(
    people: pd.DataFrame,
    *,
    zone: pd.Series,
    table: pd.DataFrame,
    year: int,
    pattern: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """People of each cell by age in another year, after a projection of the zones (municipalities).

    P'_ia = P_ia T_{z(i) a} / sum_{k in z(i)} P_ka: a factor for each zone and age. Cells keep their share of the people
    of that age in their zone, so nobody moves within it. Where no cell of a zone has people of an age that the table
    has some of, they are shared out like all people of the zone. The sum over a zone is that of the table.

    Parameters
    ----------
    people
        P_ia >= 0, a row per cell, a column per age group that is in the grid. No two may hold the same people.
    zone
        z(i) by cell id.
    table
        Columns `zone_id`, `age`, `year` and `people`, T: see `read_projection` and `group_ages`. Zones without cells
        are passed over.
    year
        Which year of it.
    pattern
        Which column of `people` an age of the table follows, where it is no column: {"80+": "Y_GE65"}. With the numbers
        of today this puts groups on cells that the grid does not have.

    Returns
    -------
    Table on the index of `people`, a column per age of the table, in its order.

    Raises
    ------
    InputError
        If the table lacks the year, a zone of the cells or one of its ages (all are listed), or holds a row twice; if
        an age follows no column; if a zone has nobody to follow; if a cell lies in no zone; if numbers are missing,
        negative or infinite.

    Examples
    --------
    >>> people = pd.DataFrame({"0-64": [30.0, 90.0], "65+": [10.0, 10.0]}, index=["fjord", "town"])
    >>> table = pd.DataFrame({
    ...     "zone_id": "5530", "age": ["0-64", "65+"], "year": 2040, "people": [100.0, 30.0],
    ... })
    >>> project_people(people, zone=pd.Series({"fjord": "5530", "town": "5530"}), table=table, year=2040)
           0-64   65+
    fjord  25.0  15.0
    town   75.0  15.0
    """
    require(table, ["zone_id", "age", "year", "people"], subject="projection")
    at = table[to_numbers(table["year"]) == year]
    if not len(at):
        known = ", ".join(map(str, sorted(table["year"].unique())))
        raise InputError(f"projection: has no rows for {year}; it has {known or 'none at all'}")
    follows = {age: (pattern or {}).get(age, age) for age in at["age"].unique()}
    lost = [
        f"age {age!r} follows column {name!r}, which is not there; say in pattern which it follows "
        f"({', '.join(map(str, people.columns))})"
        for age, name in follows.items()
        if name not in people
    ]
    if lost:
        raise InputError.listing("projection", lost)
    columns = {name: check_people(people[name], subject=f"people, {name}") for name in people}
    code, zones = zone_of_cells(zone, people.index)
    wide = zone_values(at, zones, group="age", value="people", subject=f"projection for {year}")
    everybody = np.sum(list(columns.values()), axis=0)
    alone = np.flatnonzero((np.bincount(code, weights=everybody) == 0) & (wide.sum(axis=1).to_numpy() > 0))
    empty = zones[alone].to_list()
    if empty:
        raise InputError(f"projection for {year}: nobody lives in the cells of {', '.join(empty)}; there is no pattern")
    out = {age: spread(wide[age].to_numpy(), code, columns[name], everybody) for age, name in follows.items()}
    return pd.DataFrame(out, index=people.index)


@checks_arguments
def group_ages(table: pd.DataFrame, groups: Mapping[str, tuple[int, int | None]]) -> pd.DataFrame:
    """Sum the ages of a table into groups.

    Parameters
    ----------
    table
        Columns `zone_id`, `age`, `year` and `people`, as `read_projection` returns it. Ages are "7", "0-5 år", "80+",
        "105 år eller eldre" or the like in English.
    groups
        First and last age of each group, None for no last one: {"Y_LT15": (0, 14), "80+": (80, None)}. Groups may
        overlap; ages in none are left out.

    Returns
    -------
    Table of the same columns, a row per zone, group and year.

    Raises
    ------
    InputError
        If an age cannot be read, reaches across the border of a group, or a group has no age.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "zone_id": "5530", "age": ["65-79 år", "80-89 år", "90 år eller eldre"], "year": 2030, "people": [9, 4, 1],
    ... })
    >>> group_ages(table, {"65+": (65, None), "80+": (80, None)})
      zone_id  age  year  people
    0    5530  65+  2030    14.0
    1    5530  80+  2030     5.0
    """
    require(table, ["zone_id", "age", "year", "people"], subject="ages")
    spans = {age: age_span(age) for age in table["age"].unique()}
    problems = [f"age {age!r} cannot be read; write 7, 0-5 or 80+" for age, span in spans.items() if span is None]
    parts = []
    for name, (first, last) in groups.items():
        top = math.inf if last is None else last
        touched = {age: span for age, span in spans.items() if span and span[1] >= first and span[0] <= top}
        problems += [
            f"age {age!r} is only partly in {name!r} ({first}-{'' if last is None else last})"
            for age, span in touched.items()
            if span[0] < first or span[1] > top
        ]
        if not touched:
            problems.append(f"no age is in {name!r}; leave it out")
        parts.append(table[table["age"].isin(list(touched))].assign(age=name))
    if problems:
        raise InputError.listing("ages", problems)
    rows = pd.concat(parts)
    rows["people"] = rows["people"].astype(np.float64)
    return rows.groupby(["zone_id", "age", "year"], sort=False)["people"].sum().reset_index()


@checks_arguments
def read_projection(
    path: str | Path, *, zone: str = "kommunenummer", age: str = "age", year: str = "year", people: str = "people"
) -> pd.DataFrame:
    """Read a tidy table of people by municipality, age and year, such as one made from SSB's StatBank table 14288.

    Parameters
    ----------
    path
        A table of any kind that `read_table` takes, a row per zone, age and year; or one as StatBank saves it, CSV with
        years as columns or JSON-stat, where no column need be named and sexes are summed.
    zone, age, year, people
        The columns that hold them. Rows for each sex must be summed, or chosen from, before.

    Returns
    -------
    Columns `zone_id` and `age` (text, as they are), `year` (whole numbers), `people`.

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        If it cannot be read, lacks a column, or has numbers that are missing, negative or no numbers, by row.

    Examples
    --------
    >>> file = getfixture("tmp_path") / "projection.csv"
    >>> _ = file.write_text("kommunenummer;age;year;people" + chr(10) + "0301;80+;2030;29000" + chr(10))
    >>> read_projection(file).to_dict("records")
    [{'zone_id': '0301', 'age': '80+', 'year': 2030, 'people': 29000.0}]
    """
    path = Path(path)
    saved = read_people_by_age(path)
    if saved is not None:
        return saved
    table = read_table(path, hint="give the path of a table of people by municipality, age and year")
    problems = missing_columns(table, [zone, age, year, people])
    if problems:
        raise InputError.listing(str(path), problems)
    numbers, problems = read_numbers(table, people)
    years, wrong = read_numbers(table, year)
    problems += wrong
    ids = {"zone_id": read_text(table, zone), "age": read_text(table, age)}
    for column, text in ((zone, ids["zone_id"]), (age, ids["age"])):
        empty = (text == "").to_numpy()
        if empty.any():
            problems.append(f"{column} is missing in {show_rows(table, empty, lambda _: 'empty')}")
    odd = years != np.floor(years)
    if odd.any() and not wrong:
        problems.append(f"{year} is no year in {show_rows(table, odd, lambda i: years[i])}")
    if problems:
        raise InputError.listing(str(path), problems)
    return pd.DataFrame({**ids, "year": years.astype(np.int64), "people": numbers}).reset_index(drop=True)


def age_span(age: object) -> tuple[float, float] | None:
    """Return the first and the last age of "0-5 år", "80+" or "7"; None where it cannot be read."""
    text = _UNIT.sub("", str(age).strip().lower())
    if match := _OPEN.fullmatch(text):
        return float(match[1]), math.inf
    if match := _BAND.fullmatch(text):
        first, last = float(match[1]), float(match[2])
        return (first, last) if first <= last else None
    return (float(text), float(text)) if text.isascii() and text.isdigit() else None
