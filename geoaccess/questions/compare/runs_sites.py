"""Which site people have in two runs of one grid, and who has another in the second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess import scenarios
from geoaccess.frames import crs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geoaccess.measures import ServiceSpec

__all__ = ["moves_between", "new_and_closed", "site_measure", "sites_of_both"]

_COLUMNS: Final = ["service", "measure", "site_before", "name_before", "site_after", "name_after", "cells", "people"]


def moves_between(
    cells: pd.DataFrame | None,
    before: gpd.GeoDataFrame | None,
    after: gpd.GeoDataFrame | None,
    *,
    services: Sequence[ServiceSpec],
) -> tuple[pd.DataFrame, list[str]]:
    """Return who has another site in the second of two runs, and of which services that cannot be told.

    Parameters
    ----------
    cells
        Those of both runs, as of `cell_differences`; None where their grids differ.
    before, after
        The sites of the two runs, None where they are not known.

    Returns
    -------
    `service`, `measure` (nearest, or allowed of services with a rule in both), `site_before`, `name_before`,
    `site_after`, `name_after`, `cells` and `people`, those of the second run; and labels of services whose sites have
    other ids.
    """
    parts: list[pd.DataFrame] = []
    unlike: list[str] = []
    if cells is None:
        return pd.DataFrame(columns=_COLUMNS), unlike
    for spec in services:
        both = sites_of_both(before, after, service=spec.key)
        if both is None:
            unlike.append(spec.label)
            continue
        measure, key = site_measure(cells, spec)
        table = scenarios.site_moves(cells, service=key, population=spec.population)
        names = both["name"].astype("str")
        named = {f"name_{when}": table[f"site_{when}"].map(names).fillna("") for when in ("before", "after")}
        parts.append(table.assign(service=spec.key, measure=measure, **named)[_COLUMNS])
    parts = [part for part in parts if len(part)] or [pd.DataFrame(columns=_COLUMNS)]
    return pd.concat(parts, ignore_index=True), unlike


def site_measure(cells: pd.DataFrame, spec: ServiceSpec) -> tuple[str, str]:
    """Return which site of a service is meant, the nearest or the nearest allowed, and the key of its columns."""
    if f"{spec.key}_allowed_site_after" in cells:
        return "allowed", f"{spec.key}_allowed"
    return "nearest", spec.key


def sites_of_both(
    before: gpd.GeoDataFrame | None, after: gpd.GeoDataFrame | None, *, service: str
) -> gpd.GeoDataFrame | None:
    """Return the sites of a service in both runs, with `change`: "", "new" or "closed".

    None if most of them have other ids, so that nobody can tell which is which.
    """
    if before is None or after is None:
        return None
    old, new = (table[(table["service"] == service).to_numpy()] for table in (before, after))
    shared = old.index.intersection(new.index)
    if 2 * len(shared) < min(len(old), len(new)):
        return None
    return new_and_closed(new, old, old[~old.index.isin(new.index)])


def new_and_closed(standing: gpd.GeoDataFrame, known: gpd.GeoDataFrame, gone: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the sites that stand and those that are gone, as maps draw them: `change` is "", "new" or "closed".

    `known` are all that stood before.
    """
    columns = ["service", "name", "proxy", "geometry"]
    change = np.where(standing.index.isin(known.index), "", "new")
    closed = gone[columns].to_crs(crs_of(standing)).assign(change="closed")
    joined: gpd.GeoDataFrame = pd.concat([standing[columns].assign(change=change), closed])
    return joined
