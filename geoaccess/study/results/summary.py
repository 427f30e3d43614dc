"""Times and norms of all services side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.measures.summary import summary_and_norms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.groups import By

__all__ = ["summary"]


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
    norms["number"] = norms.groupby(keys, sort=False).cumcount() + 1
    for number, part in norms.groupby("number"):
        columns = {
            "norm_s": f"norm_{number}_s",
            "share_within": f"share_within_norm_{number}",
            "people_beyond": f"people_beyond_norm_{number}",
        }
        table = table.merge(part[[*keys, *columns]].rename(columns=columns), on=keys, how="left", validate="1:1")
    return table
