"""What sites have to give: the lists of their doctors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.groups import require_columns
from geoaccess.tables import to_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["list_supply"]

_COLUMNS = {"doctors": ["doctors"], "places": ["places"], "open_places": ["places", "people"]}


@checks_arguments
def list_supply(
    lists: pd.DataFrame, *, sites: pd.Index, count: Literal["doctors", "places", "open_places"]
) -> pd.Series:
    """Supply of each site, from a table with one row per GP list; one without a permanent GP counts as no supply.

    doctors: the sum of `doctors`, full-time equivalents. places: the sum of `places`, how many people the lists may
    hold. open_places: the sum of max(places - people, 0), how many more they take; a list that is too full takes nobody
    and takes nothing from the others.

    Parameters
    ----------
    lists
        Columns `site_id`, `vacant` (true where no doctor holds the list), and what `count` needs: `doctors`, or
        `places`, or `places` and `people` (those who are on the list now).
    sites
        The index of all sites.
    count
        What supply is counted in.

    Returns
    -------
    Series with the name of `count` on `sites`; 0 where there is no list, or only vacant ones.

    Raises
    ------
    InputError
        If a column is missing, a site is unknown, `vacant` is not true or false, or a number is missing, negative or
        infinite in a list that is not vacant.

    Examples
    --------
    >>> lists = pd.DataFrame({
    ...     "site_id": ["Finnsnes", "Finnsnes", "Lenvik"],
    ...     "vacant": [False, False, True],
    ...     "places": [1000, 800, 900],
    ...     "people": [950, 820, 400],
    ... })
    >>> list_supply(lists, sites=pd.Index(["Finnsnes", "Lenvik"]), count="open_places")
    Finnsnes    50.0
    Lenvik       0.0
    Name: open_places, dtype: float64
    """
    if count not in _COLUMNS:
        raise InputError(f"list_supply: count is {count!r}; use one of {', '.join(_COLUMNS)}")
    require_columns(lists, ["site_id", "vacant", *_COLUMNS[count]], subject="lists")
    problems = []
    place = sites.get_indexer(pd.Index(lists["site_id"]))
    if (place < 0).any():
        problems.append(
            f"site_id {lists['site_id'].iloc[int(np.argmin(place))]!r} is not one of the sites; correct the id"
        )
    valid = lists["vacant"].isin([True, False]).to_numpy()
    if not valid.all():
        problems.append(f"vacant is {lists['vacant'].iloc[int(np.argmin(valid))]!r} in a row; write true or false")
    held = ~lists["vacant"].eq(True).to_numpy(dtype=bool)  # noqa: FBT003
    numbers = {name: _numbers(lists[name], held, problems) for name in _COLUMNS[count]}
    if problems:
        raise InputError.listing("lists", problems)
    given = np.maximum(numbers["places"] - numbers["people"], 0.0) if count == "open_places" else numbers[count]
    return pd.Series(np.bincount(place, weights=given, minlength=len(sites)), index=sites, name=count)


def _numbers(column: pd.Series, held: npt.NDArray[np.bool_], problems: list[str]) -> npt.NDArray[np.float64]:
    """Return the numbers of a column, 0 in vacant lists."""
    found = to_numbers(column)
    wrong = held & ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        problems.append(
            f"{column.name} of {int(wrong.sum())} lists is missing, negative or infinite (row {column.index[first]}: "
            f"{column.iloc[first]}); give a number >= 0, or say that the list is vacant"
        )
    return np.where(held, found, 0.0)
