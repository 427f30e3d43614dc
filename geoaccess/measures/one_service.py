"""Series of one service as the table of results that the measures of studies read, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.measures.groups import EVERYBODY
from geoaccess.measures.specification import ServiceSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KEY", "check_index", "column_of", "on_groups", "reasons_of", "results_of", "spec_of"]

KEY = "service"
"""The prefix of the columns of the one service."""


def spec_of(norms_s: Sequence[float] = ()) -> ServiceSpec:
    """Return the one service, with its norms."""
    return ServiceSpec(key=KEY, label=KEY, norms_s=tuple(norms_s))


def column_of(groups: pd.Series | None) -> str | None:
    """Return the column that `results_of` writes the groups to."""
    return None if groups is None else "group"


def check_index(first: pd.Series, name: str, **others: pd.Series | None) -> None:
    """Raise an `InputError` that names every Series that is not on the index of the first, in the same order."""
    wrong = [other for other, one in others.items() if one is not None and not one.index.equals(first.index)]
    if wrong:
        raise InputError(
            f"{' and '.join(wrong)}: not on the index of {name}; give Series with the same index, in order"
        )


def reasons_of(times: pd.Series) -> pd.Series:
    """Return why cells are not reached as far as their times tell: no road where NaN, no site where inf."""
    unsnapped = np.where(times.isna(), "no_road_within", "no_site_reachable")
    return pd.Series(np.where(np.isfinite(times), "", unsnapped), times.index)


def results_of(
    times: pd.Series, population: pd.Series, groups: pd.Series | None, reasons: pd.Series | None = None
) -> pd.DataFrame:
    """Return the table of results of the one service."""
    check_index(times, "times", population=population, groups=groups, reasons=reasons)
    reasons = reasons_of(times) if reasons is None else reasons
    out = pd.DataFrame({"population": population, f"{KEY}_s": times, f"{KEY}_reason": reasons})
    return out if groups is None else out.assign(group=groups)


def on_groups(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the one service on its groups."""
    if "group" not in table:
        table = table.assign(group=EVERYBODY)
    return table.drop(columns="service", errors="ignore").set_index("group")
