"""Cells with few people are shown in bands only, as Statistics Norway does from 2020: one rule for every map and table.

A cell where somebody lives, but fewer than `below` people, is shown as "1-4" (where `below` is 5). Sums are of what is
known, so totals stay exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt
    import pandas as pd

__all__ = ["BAND_COLUMN", "band_of", "few_people", "mask_cells", "shown_people", "unmask_cells"]

BAND_COLUMN: Final = "population_band"
"""The column of a masked table that says "1-4" where numbers of people are left out."""
_PER_YEAR: Final = "_per_year"
_PEOPLE: Final = "population"
_WHOLES: Final = (_PEOPLE, f"{_PEOPLE}_before", f"{_PEOPLE}_after")


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
def mask_cells(cells: pd.DataFrame, *, below: int | None, columns: Collection[str] = ()) -> pd.DataFrame:
    """Return a table of cells in which few people are a band only.

    In a cell with few people every number of people is NaN. In other cells that holds for those groups alone of which
    there are few. `population_band` says "1-4" in every row where something is left out. There, what is expected in a
    year is NaN, too: the number that is left out could be computed from it. Few births or calls in a year leave nothing
    out themselves.

    Parameters
    ----------
    cells
        A row per cell. `population` and all columns whose names begin so are of people; those whose names end with
        `_per_year` are what is expected of them.
    below
        The smallest number that is shown; None leaves the table as it is.
    columns
        Others of people, such as the demand of a catchment.

    Raises
    ------
    InputError
        If no column is of people, or one that is holds no numbers.

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
    groups = _people_of(cells, columns)
    wholes = [name for name in groups if name in _WHOLES] or [*groups]
    if not groups:
        raise InputError("cells: no column is of people; one is called population")
    whole = np.logical_or.reduce([few_people(groups[name], below=below) for name in wholes])
    masked, any_few = cells.copy(), whole.copy()
    for name, people in groups.items():
        few = whole | few_people(people, below=below)
        any_few |= few
        masked[name] = cells[name].astype(np.float64).mask(few)
    for name in (name for name in map(str, cells.columns) if name.endswith(_PER_YEAR)):
        masked[name] = cells[name].astype(np.float64).mask(any_few)
    masked.insert([*masked.columns].index(wholes[0]), BAND_COLUMN, np.where(any_few, band_of(below), ""))
    return masked


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
    """Return a table that `mask_cells` has made with the middle of the band where people are left out.

    Its sums are those of the people, but for cells with few of them. What is expected of these in a year is as much as
    it is of others.

    Examples
    --------
    >>> import pandas as pd
    >>> table = mask_cells(pd.DataFrame({"population": [3, 60]}), below=5)
    >>> unmask_cells(table, below=5)["population"].tolist()
    [2.5, 60.0]
    """
    if BAND_COLUMN not in cells:
        return cells
    found = cells.drop(columns=BAND_COLUMN)
    few = (cells[BAND_COLUMN] != "").to_numpy(np.bool_)
    expected = [name for name in map(str, found.columns) if name.endswith(_PER_YEAR)]
    for name in (name for name in map(str, found.columns) if name not in expected):
        if name.startswith(_PEOPLE) or name in columns:
            found[name] = found[name].mask(few & found[name].isna().to_numpy(), (below or 0) / 2)
    for name in expected:
        hidden = few & found[name].isna().to_numpy()
        known = float(found[_PEOPLE][~hidden].sum())
        rate = float(found[name][~hidden].sum()) / known if known > 0 else 0.0
        found[name] = found[name].mask(hidden, rate * found[_PEOPLE])
    return found
