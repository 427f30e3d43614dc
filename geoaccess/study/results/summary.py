"""Times and norms of all services side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.measures.summary import summary_and_norms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.groups import By

__all__ = ["summary"]

_NUMBERED = {
    "norm_s": "norm_{}_s",
    "share_within": "share_within_norm_{}",
    "people_beyond": "people_beyond_norm_{}",
}


def summary(
    results: pd.DataFrame,
    specs: Sequence[ServiceSpec],
    *,
    by: By = None,
    population: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """`geoaccess.measures.summarise_services` with the norms beside it: one row per service and group.

    Norms are numbered, because services differ in them: `norm_1_s`, `share_within_norm_1`, `people_beyond_norm_1`, ...
    """
    table, norms = summary_and_norms(results, services=specs, by=by, population=population)
    keys = [*table.columns[: table.columns.get_loc("service")], "service"]
    if norms.empty:
        return table
    row = pd.MultiIndex.from_frame(table[keys]).get_indexer(pd.MultiIndex.from_frame(norms[keys]))
    number = pd.Series(row).groupby(row).cumcount().to_numpy() + 1  # norms of a service stand in their order
    columns = {}
    for i in range(1, number.max() + 1):
        ours = number == i
        for name, numbered in _NUMBERED.items():
            columns[numbered.format(i)] = values = np.full(len(table), np.nan)
            values[row[ours]] = norms[name].to_numpy()[ours]
    return table.assign(**columns)
