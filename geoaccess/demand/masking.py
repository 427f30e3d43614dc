"""Cells with few people are shown in bands only, as Statistics Norway does from 2020: one rule for every map and table.

A cell where somebody lives, but fewer than `below` people, is shown as "1-4" (where `below` is 5). Sums are of what is
known, so totals stay exact. Where all of a cell but one group is shown, the group could be had by subtraction: in a
cell with a group of few people no group is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

__all__ = ["BAND_COLUMN", "assumed_people", "band_of", "few_people", "mask_cells", "shown_people", "unmask_cells"]

BAND_COLUMN: Final = "population_band"
"""The column of a masked table that says "1-4" where numbers of people are left out."""
_PER_YEAR: Final = "_per_year"
_PEOPLE: Final = "population"
_WHOLES: Final = (_PEOPLE, f"{_PEOPLE}_before", f"{_PEOPLE}_after")
_SEVERAL: Final = 2


@checks_arguments
def few_people(people: npt.ArrayLike, *, below: int | None) -> npt.NDArray[np.bool_]:
    """Return where somebody lives, but fewer people than may be shown.

    Parameters
    ----------
    people
        Of each cell, any shape, >= 0; NaN is nobody.
    below
        The smallest number that is shown; None or 0 shows all.

    Examples
    --------
    >>> few_people([0, 1, 4.5, 5, 80], below=5).tolist()
    [False, True, True, False, False]
    """
    counted = np.asarray(people, dtype=np.float64)
    few: npt.NDArray[np.bool_] = (counted > 0) & (counted < (below or 0))
    return few


@checks_arguments
def shown_people(people: npt.ArrayLike, *, below: int | None) -> npt.NDArray[np.float64]:
    """Return people as a map may hold them: the middle of the band, `below` / 2, where there are too few to be shown.

    Examples
    --------
    >>> shown_people([0, 1, 4, 5], below=5).tolist()
    [0.0, 2.5, 2.5, 5.0]
    """
    counted = np.asarray(people, dtype=np.float64)
    return np.where(few_people(counted, below=below), (below or 0) / 2, counted)


@checks_arguments
def band_of(below: int) -> str:
    """Return how few people are written.

    >>> band_of(5).replace(chr(0x2013), "-")
    '1-4'
    """
    return f"1\u2013{below - 1}"


@checks_arguments
def mask_cells(
    cells: pd.DataFrame, *, below: int | None, columns: Collection[str] = (), known: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return a table of cells in which few people are a band only.

    In a cell with few people every number of people is NaN. In a cell with a group of few people every group in which
    somebody is, is NaN, and so is what is expected in a year: from these and from the people of the cell, the number
    that is left out could be computed. `population_band` says "1-4" in every row where something is left out. Few
    births or calls in a year leave nothing out themselves.

    Parameters
    ----------
    cells
        A row per cell. `population` and all columns whose names begin so are of people; those whose names end with
        `_per_year` are what is expected of them.
    below
        The smallest number that is shown; None leaves the table as it is.
    columns
        Others of people, such as the demand of a catchment.
    known
        The same cells in the same order with all that is known of their people, where `cells` has less: what is left
        out of one table must not be had from another.

    Raises
    ------
    InputError
        If no column is of people, or one that is holds no numbers, or `known` has other rows.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"population": [3, 60], "population_old": [1, 2], "gp_s": [60.0, 90.0]})
    >>> masked = mask_cells(table, below=5)
    >>> masked["population"].tolist(), masked["population_old"].tolist(), masked["gp_s"].tolist()
    ([nan, 60.0], [nan, nan], [60.0, 90.0])
    """
    if not below:
        return cells
    hidden = _hidden(cells, below, columns, known)
    masked = cells.copy()
    for name, rows in hidden.items():
        masked[name] = cells[name].astype(np.float64).mask(rows)
    left_out = np.logical_or.reduce([*hidden.values()])
    masked.insert([*masked.columns].index(next(iter(hidden))), BAND_COLUMN, np.where(left_out, band_of(below), ""))
    return masked


def _hidden(
    cells: pd.DataFrame, below: int, columns: Collection[str], known: pd.DataFrame | None = None
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which rows of each column of people are not shown, the whole of a cell first."""
    groups = _people_of(cells, columns)
    expected = [name for name in map(str, cells.columns) if name.endswith(_PER_YEAR)]
    if not (groups or (expected and known is not None)):
        raise InputError("cells: no column is of people; one is called population")
    if known is not None and len(known) != len(cells):
        raise InputError(f"known: has {len(known)} rows, and cells {len(cells)}; give the same cells in the same order")
    every = [*groups.items(), *({} if known is None else _people_of(known, columns)).items()]
    wholes = [people for name, people in every if name in _WHOLES] or [people for _, people in every]
    whole = np.logical_or.reduce([few_people(people, below=below) for people in wholes])
    any_few = np.logical_or.reduce([whole, *(few_people(people, below=below) for _, people in every)])
    hidden = {name: whole for name in groups if name in _WHOLES}
    hidden |= {name: whole | (any_few & (people > 0)) for name, people in groups.items() if name not in _WHOLES}
    return hidden | dict.fromkeys(expected, any_few)


def _people_of(cells: pd.DataFrame, columns: Collection[str]) -> dict[str, npt.NDArray[np.float64]]:
    """Return the columns of people as numbers; text whose name only begins so, such as a zoning, is none of them."""
    found = {}
    for name in map(str, cells.columns):
        if name.endswith(_PER_YEAR) or not (name.startswith(_PEOPLE) or name in columns):
            continue
        try:
            found[name] = cells[name].to_numpy(np.float64)
        except (TypeError, ValueError) as error:
            if name in columns or name in _WHOLES:
                raise InputError(f"cells: column {name} is of people, and holds what is no number ({error})") from error
    return found


@checks_arguments
def unmask_cells(cells: pd.DataFrame, *, below: int | None, columns: Collection[str] = ()) -> pd.DataFrame:
    """Return a table that `mask_cells` has made with numbers in place of those that are left out.

    A cell with few people has the middle of the band, `below` / 2. Groups, and what is expected in a year, have the
    share of its people that they have in the cells where they are shown. So sums are about those of the people.

    Examples
    --------
    >>> import pandas as pd
    >>> table = mask_cells(pd.DataFrame({"population": [3, 60], "population_old": [1, 12]}), below=5)
    >>> unmask_cells(table, below=5).to_dict("list")
    {'population': [2.5, 60.0], 'population_old': [0.5, 12.0]}
    """
    if BAND_COLUMN not in cells:
        return cells
    found = cells.drop(columns=BAND_COLUMN)
    few = (cells[BAND_COLUMN] != "").to_numpy(np.bool_)
    counted = [name for name in map(str, found.columns) if name.startswith(_PEOPLE) or name in columns]
    hidden = {
        name: few & found[name].isna().to_numpy()
        for name in map(str, found.columns)
        if name in counted or name.endswith(_PER_YEAR)
    }
    for name in (name for name in hidden if name in _WHOLES):
        found[name] = found[name].mask(hidden[name], (below or 0) / 2)
    people = found[_PEOPLE].to_numpy(np.float64) if _PEOPLE in found else np.ones(len(found))
    groups = [name for name in counted if name not in _WHOLES and not name.endswith(_PER_YEAR)]
    number = np.sum([hidden[name] for name in groups], axis=0)
    for name in (name for name in hidden if name not in _WHOLES):
        rows = hidden[name]
        values = _share(found[name].to_numpy(np.float64), people, ~rows) * people
        if name in groups:  # the only one that is left out is few
            values = np.where(number == 1, np.minimum(values, (below or 0) / 2), values)
        found[name] = found[name].mask(rows, pd.Series(values, found.index))
    return found


def _share(values: npt.NDArray[np.float64], people: npt.NDArray[np.float64], rows: npt.NDArray[np.bool_]) -> float:
    """Return values by person in some rows; 0 where nobody is."""
    there = float(np.nansum(people[rows]))
    return float(np.nansum(values[rows])) / there if there > 0 else 0.0


@checks_arguments
def assumed_people(
    cells: pd.DataFrame, *, below: int | None, zones: npt.ArrayLike, columns: Collection[str] = ()
) -> dict[str, npt.NDArray[np.float64]]:
    """Return people as pictures and the planner count them, so that no single cell can be told from any sum of them.

    The people that `mask_cells` leaves out are spread over the cells of their zone that lack them: evenly over those
    with few people, and as the people of the cells for groups. The total of a zone is exact where it has several such
    cells; those of zones with one are spread together, and a cell that is the only one has the middle of the band.

    Parameters
    ----------
    cells
        As for `mask_cells`.
    below
        The smallest number that is shown; None returns the numbers as they are.
    zones
        The zone of each cell, such as its municipality, shape (n,).
    columns
        Others of people.

    Returns
    -------
    Numbers of each column of people, of shape (n,).

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"population": [1, 3, 60, 4]})
    >>> assumed_people(table, below=5, zones=["a", "a", "a", "b"])["population"].tolist()
    [2.0, 2.0, 60.0, 2.5]
    """
    people = _people_of(cells, columns)
    people |= {name: cells[name].to_numpy(np.float64) for name in map(str, cells.columns) if name.endswith(_PER_YEAR)}
    if not below:
        return people
    hidden = _hidden(cells, below, columns)
    codes = pd.factorize(np.asarray(zones, dtype=object))[0]
    found: dict[str, npt.NDArray[np.float64]] = {}
    for name, rows in hidden.items():
        if name in _WHOLES or _PEOPLE not in found:
            weights, alone = np.ones(len(cells)), np.full(len(cells), below / 2)
        else:
            weights = np.where(found[_PEOPLE] > 0, found[_PEOPLE], 1.0)
            alone = _share(people[name], weights, ~rows) * weights
        found[name] = _spread(people[name], rows, codes, weights, alone)
    return found


def _spread(
    people: npt.NDArray[np.float64],
    rows: npt.NDArray[np.bool_],
    codes: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    alone: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return people with those of some rows spread over the rows of their zone by weight; those alone together."""
    zone = codes[rows] + 1  # 0 is none
    number = np.bincount(zone, minlength=1)
    zone = np.where(number[zone] < _SEVERAL, number.size, zone)
    number = np.bincount(zone, minlength=number.size + 1)
    total, weight = (np.bincount(zone, values[rows], number.size) for values in (np.nan_to_num(people), weights))
    share = total / np.where(weight > 0, weight, 1.0)
    found = people.copy()
    found[rows] = np.where(number[zone] < _SEVERAL, alone[rows], share[zone] * weights[rows])
    return found
