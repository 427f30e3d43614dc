"""Who goes to another site after a change: people counted from site to site."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

__all__ = ["site_moves", "sites_before_and_after"]


@checks_arguments
def sites_before_and_after(cells: pd.DataFrame, *, service: str) -> tuple[pd.Series, pd.Series]:
    """Return the site of each cell before and after a change, "" where none is reached.

    Parameters
    ----------
    cells
        What `cell_differences` returns.
    service
        Its key.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> cells = pd.DataFrame({"gp_site_before": ["a", "b"], "gp_site_after": ["a", "b"],
    ...     "gp_before_s": [60.0, 90.0], "gp_after_s": [60.0, np.inf]})
    >>> [site.tolist() for site in sites_before_and_after(cells, service="gp")]
    [['a', 'b'], ['a', '']]
    """
    wanted = [f"{service}_{what}" for what in ("site_before", "site_after", "before_s", "after_s")]
    missing = [name for name in wanted if name not in cells]
    if missing:
        raise InputError(f"cells: no column {', '.join(missing)}")
    before, after = (
        cells[f"{service}_site_{when}"]
        .astype("object")
        .fillna("")
        .astype(str)
        .where(np.isfinite(cells[f"{service}_{when}_s"].to_numpy(np.float64)), "")
        for when in ("before", "after")
    )
    return before, after


@checks_arguments
def site_moves(cells: pd.DataFrame, *, service: str, population: str = "population") -> pd.DataFrame:
    """Count the people who go to another site after a change, from site to site.

    Parameters
    ----------
    cells
        What `cell_differences` returns.
    service
        Its key.
    population
        The column of the people whom the service is asked about.

    Returns
    -------
    A row for each pair of sites that anybody moves between, most people first: `site_before` and `site_after`, ids, ""
    where no site is reached; `cells` with anybody in them, and `people`. Who stays is in no row.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> cells = pd.DataFrame({"gp_site_before": ["a", "a", "b"], "gp_site_after": ["b", "c", "b"],
    ...     "gp_before_s": 60.0, "gp_after_s": [90.0, np.inf, 60.0], "population": [5.0, 2.0, 7.0]})
    >>> site_moves(cells, service="gp").to_numpy().tolist()
    [['a', 'b', 1, 5.0], ['a', '', 1, 2.0]]
    """
    if population not in cells:
        raise InputError(f"cells: no column {population}")
    before, after = sites_before_and_after(cells, service=service)
    people = cells[population].astype("float64")
    moved = ((before != after) & (people > 0)).to_numpy(np.bool_)
    table = pd.DataFrame({"site_before": before[moved], "site_after": after[moved], "people": people[moved]})
    grouped = table.groupby(["site_before", "site_after"], sort=True)["people"]
    found = pd.DataFrame({"cells": grouped.count(), "people": grouped.sum()}).reset_index()
    return found.sort_values("people", ascending=False, kind="stable", ignore_index=True)
