"""Tables with a number for each zone and group, such as SSB's for municipality and age, read for the zones of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.tables import as_text, match_zones, to_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["check_people", "require", "spread", "sum_by", "zone_of_cells", "zone_values"]

_SHOWN = 20


def require(table: pd.DataFrame, columns: Sequence[str], *, subject: str) -> None:
    """Raise an `InputError` that names every column that is missing."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise InputError(f"{subject}: no column {', '.join(missing)}; there are {', '.join(map(str, table.columns))}")


def check_people(values: pd.Series, *, subject: str) -> npt.NDArray[np.float64]:
    """Return numbers of people; raise an `InputError` if one is missing, negative or infinite."""
    people = to_numbers(values)
    wrong = np.flatnonzero(~(np.isfinite(people) & (people >= 0)))
    if wrong.size:
        listed = ", ".join(f"{label} ({found})" for label, found in values.iloc[wrong[:5]].items())
        raise InputError(f"{subject}: {wrong.size} numbers are missing, negative or infinite: {listed}")
    return people


def zone_of_cells(zone: pd.Series, cells: pd.Index) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Return which zone each cell lies in, as a position in the sorted zones, and those.

    Raises
    ------
    InputError
        If an id of a cell stands there twice, or cells lie in no zone.
    """
    for name, index in (("cells", cells), ("zone", zone.index)):
        if not index.is_unique:
            raise InputError(f"{name}: the id {index[index.duplicated()][0]!r} is there more than once; give each once")
    ids = as_text(zone.reindex(cells))
    lost = ids.index[ids == ""]
    if len(lost):
        listed = ", ".join(map(str, lost[:5]))
        raise InputError(
            f"zone: {len(lost)} cells lie in no zone ({listed}{', ...' if len(lost) > 5 else ''}); "  # noqa: PLR2004
            "give them the nearest, or leave them out"
        )
    codes, zones = pd.factorize(ids, sort=True)
    return codes, pd.Index(zones)


def sum_by(code: npt.NDArray[np.intp], amounts: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Return the sum of amounts in each zone."""
    return np.bincount(code, weights=amounts, minlength=size).astype(np.float64, copy=False)


def zone_values(table: pd.DataFrame, zones: pd.Index, *, group: str, value: str, subject: str) -> pd.DataFrame:
    """Return the numbers of a tidy table as shape (n_zones, n_groups), for some zones; rows of others are passed over.

    Raises
    ------
    InputError
        With all that is wrong: zones that have no row, or not for every group; a zone and group that stand there twice;
        numbers missing, negative or infinite.
    """
    check_people(table[value], subject=f"{subject}, {value}")
    ids = match_zones(table["zone_id"], zones)
    problems = []
    missing = zones[~zones.isin(ids)]
    problems += [f"zone {zone} has no row" for zone in missing[:_SHOWN]]
    if len(missing) > _SHOWN:
        problems.append(f"and so have {len(missing) - _SHOWN} other zones: {', '.join(map(str, missing[_SHOWN:]))}")
    codes, groups = pd.factorize(table[group])
    if (codes < 0).any():
        problems.append(f"{group} is missing in {int((codes < 0).sum())} rows")
    usable = (ids.isin(zones) & (codes >= 0)).to_numpy()
    mine, column, row = table[usable], codes[usable], zones.get_indexer(pd.Index(ids[usable]))
    key = pd.Index(row * len(groups) + column)
    twice = np.flatnonzero(key.duplicated()).tolist()
    problems += [
        f"zone {zones[row[i].item()]}, {group} {mine[group].iloc[i]} stands there more than once; sum its rows"
        for i in twice[:_SHOWN]
    ]
    wide = np.full((len(zones), len(groups)), np.nan)
    wide[row, column] = to_numbers(mine[value])
    gaps = np.isnan(wide).any(axis=1) & ~zones.isin(missing)
    problems += [
        f"zone {zones[i]} has no row for {group} {', '.join(map(str, np.asarray(groups)[np.isnan(wide[i])]))}"
        for i in np.flatnonzero(gaps).tolist()[:_SHOWN]
    ]
    if problems:
        raise InputError.listing(subject, problems)
    return pd.DataFrame(wide, index=zones, columns=pd.Index(groups))


def spread(
    totals: npt.NDArray[np.float64], code: npt.NDArray[np.intp], *weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Share the total of each zone out among its cells, after the first of the weights that is not 0 in all of them."""
    share = np.zeros(code.size)
    open_zones = np.ones(totals.size, np.bool_)
    for weight in weights:
        whole = sum_by(code, weight, totals.size)
        use = open_zones & (whole > 0)
        part = np.divide(totals, whole, out=np.zeros(totals.size), where=use)
        share += weight * part[code]
        open_zones &= ~use
    return share
