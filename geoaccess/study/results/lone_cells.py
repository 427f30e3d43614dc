"""Rows of tables about a single cell: where few people of a cell are not shown, its area must not tell them either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess.demand import few_people
from geoaccess.measures.groups import UNCLASSIFIED, group_cells
from geoaccess.study.columns import tells_people
from geoaccess.study.zonings import zonings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from geoaccess.study.columns import Columns
    from geoaccess.study.settings.study_file import Study

__all__ = ["hide_lone", "hide_rows", "lone_groups", "shown_tables"]

_KEYS: Final = ("municipality_id", "region", "centrality_class")
"""The column that a row is about, where a table has no `zoning`: the first of these that is there."""


def lone_groups(results: pd.DataFrame, study: Study) -> dict[str, frozenset[str]]:
    """Return by zoning the groups that have one cell with people, and few of them; none where few people are shown.

    A zoning of several columns has those of each column too: "municipality" that of tables, "municipality_id" numbers.
    """
    below = study.settings.population.mask_below
    if not below:
        return {}
    people = results["population"].to_numpy(np.float64)
    found: dict[str, frozenset[str]] = {}
    for name, zoning in zonings_of(study, results).items():
        groups = group_cells(results, by=zoning)
        lone = (groups.sums((people > 0).astype(np.float64)) == 1) & few_people(groups.sums(people), below=below)
        if zoning is None or not lone.any():
            continue
        columns = [groups.labels[column][lone] for column in groups.labels]
        if len(columns) > 1:
            found[str(columns[0].name)] = frozenset(columns[0])
        rows = [*zip(*columns, strict=True)]
        found[name] = frozenset(UNCLASSIFIED if {*row} == {UNCLASSIFIED} else " / ".join(row) for row in rows)
    return found


def shown_tables(
    tables: Mapping[str, pd.DataFrame], results: pd.DataFrame, study: Study, columns: Mapping[str, Columns]
) -> dict[str, pd.DataFrame]:
    """Return tables of sums as `hide_lone` has them, by name; `results` are those of the study.

    Parameters
    ----------
    columns
        The columns of each table's own with their units, by its name.
    """
    lone, below = lone_groups(results, study), study.settings.population.mask_below
    return {name: hide_lone(table, lone, below=below, columns=columns.get(name, {})) for name, table in tables.items()}


def hide_lone(
    table: pd.DataFrame, lone: Mapping[str, frozenset[str]], *, below: int | None, columns: Columns
) -> pd.DataFrame:
    """Return a table of sums without numbers of people in the rows that are about one cell with few.

    What tells them is left out, see `geoaccess.study.columns.tells_people`; times and shares stay, which are those of
    the cell. A table with `cells` and `people`, such as that of islands, says itself which rows are about one cell.

    Parameters
    ----------
    columns
        Those of the table's own with their units; others are the `COMMON` ones.
    """
    hidden = hide_rows(table, _rows(table, lone, below), columns)
    if hidden is not table and "people" in hidden and "lon" in hidden:  # their order would tell, too
        hidden = hidden.sort_values(["people", "lon"], ascending=[False, True], ignore_index=True)
    return hidden


def hide_rows(table: pd.DataFrame, rows: npt.NDArray[np.bool_], columns: Columns) -> pd.DataFrame:
    """Return a table without numbers of people in some rows, those that are about one cell with few; `hide_lone` asks.

    A table whose rows name no area, such as that of closings, knows them otherwise.
    """
    if not rows.any():
        return table
    hidden = table.copy()
    for name in map(str, table.columns):
        if name not in _KEYS and _is_number(table[name]) and tells_people(name, columns):
            hidden[name] = table[name].astype(np.float64).mask(rows)
    return hidden


def _rows(table: pd.DataFrame, lone: Mapping[str, frozenset[str]], below: int | None) -> npt.NDArray[np.bool_]:
    if not below:
        return np.zeros(len(table), np.bool_)
    if {"cells", "people"} <= {*table.columns}:
        few = few_people(table["people"].to_numpy(np.float64), below=below)
        return np.asarray((table["cells"] == 1).to_numpy() & few, np.bool_)
    if {"zoning", "group"} <= {*table.columns}:
        pairs = zip(table["zoning"], table["group"].astype(str), strict=True)
        return np.array([group in lone.get(zoning, ()) for zoning, group in pairs], np.bool_)
    key = next((name for name in _KEYS if name in table.columns), None)
    if key is None:
        return np.zeros(len(table), np.bool_)
    named = table[key].astype(object).where(table[key].notna(), "").astype(str).replace("", UNCLASSIFIED)
    return np.asarray(named.isin(lone.get(key, ())).to_numpy(), np.bool_)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
