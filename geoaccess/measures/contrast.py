"""The most central people against the least central."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.measures.groups import require_columns
from geoaccess.measures.one_service import column_of, results_of, spec_of
from geoaccess.measures.summary import summarise_services

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["class_contrast", "class_contrast_of_services"]

STATISTICS = ("mean", "median", "p90")


@checks_arguments
def class_contrast(
    times: pd.Series, *, population: pd.Series, classes: pd.Series, order: Sequence[str] | None = None
) -> pd.DataFrame:
    """How much longer the least central people need than the most central.

    gap = least central - most central, in seconds; ratio = least central / most central. The last class is set against
    the first; where one of them has no people here, the nearest class that has some takes its place. People without a
    class take no part.

    Parameters
    ----------
    times, population
        As for `summarise`.
    classes
        The class of each cell, on the same index.
    order
        The classes as text, the most central first; if not given, classes are numbers and 1 is the most central.

    Returns
    -------
    Rows "mean" (over the people who are reached), "median" and "p90" (over all): `most_central` and `least_central`
    (class as text, "" where no class has people), `people_most_central` and `people_least_central`, `most_central_s`
    and `least_central_s`, `gap_s` and `ratio`. The gap is inf where only the least central time is inf, and NaN where
    both are, or where fewer than two classes have people: then there is nothing to compare.

    Raises
    ------
    InputError
        If the indexes differ, or people or a time are negative.

    Examples
    --------
    >>> times, people = pd.Series([300.0, 500.0, 900.0, 60.0]), pd.Series([800.0, 100.0, 100.0, 7.0])
    >>> contrast = class_contrast(times, population=people, classes=pd.Series([2, 2, 5, None]))
    >>> contrast[["most_central", "least_central", "gap_s", "ratio"]].round(3)
              most_central least_central    gap_s  ratio
    statistic
    mean                 2             5  577.778  2.793
    median               2             5  600.000  3.000
    p90                  2             5  400.000  1.800
    """
    results = results_of(times, population, classes)
    by = str(column_of(classes))
    found = class_contrast_of_services(summarise_services(results, services=[spec_of()], by=by), by=by, order=order)
    rows = []
    for name in STATISTICS:
        own = {column: f"{name}_{column}" for column in ("most_central_s", "least_central_s", "gap_s", "ratio")}
        shared = ["most_central", "least_central", "people_most_central", "people_least_central"]
        rows.append(found[[*shared, *own.values()]].set_axis([*shared, *own], axis=1))
    return pd.concat(rows).set_axis(pd.Index(STATISTICS, name="statistic"))


@checks_arguments
def class_contrast_of_services(
    summary: pd.DataFrame, *, by: str = "centrality_class", order: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return `class_contrast` for each service of a summary, a row per service.

    Parameters
    ----------
    summary
        From `summarise_services`, by centrality class.
    by
        The column that holds the class.
    order
        The classes as text, the most central first; if not given, classes are numbers and 1 is the most central.

    Returns
    -------
    One row per service, in the order of `summary`: `service`; `most_central` and `least_central` (class as text, ""
    where no class has people); `people_most_central` and `people_least_central`; and for each statistic m of mean,
    median and p90: `{m}_most_central_s`, `{m}_least_central_s`, `{m}_gap_s` and `{m}_ratio`.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> summary = pd.DataFrame({
    ...     "centrality_class": ["2", "5", "unclassified"], "service": ["gp"] * 3, "population": [900.0, 100.0, 7.0],
    ...     "mean_s": [300.0, 900.0, 0.0], "median_s": [240.0, 600.0, 0.0], "p90_s": [600.0, 3000.0, 0.0],
    ... })
    >>> class_contrast_of_services(summary)[["service", "most_central", "least_central", "mean_gap_s", "p90_ratio"]]
      service most_central least_central  mean_gap_s  p90_ratio
    0      gp            2             5       600.0        5.0
    """
    require_columns(summary, [by, "service", "population", *(f"{name}_s" for name in STATISTICS)], subject="summary")
    services = summary["service"].drop_duplicates()
    if order is None:
        classes = pd.to_numeric(summary[by], errors="coerce")
    else:
        classes = summary[by].astype("object").map(str).map({name: place for place, name in enumerate(order)})
    present = summary.assign(order=classes)[classes.notna() & (summary["population"] > 0)].sort_values("order")
    grouped = present.groupby("service", sort=False)
    # head and tail take whole rows; first and last would fill a missing mean from another class.
    most = grouped.head(1).set_index("service").reindex(services)
    least = grouped.tail(1).set_index("service").reindex(services)
    comparable = (most["order"] < least["order"]).to_numpy()
    table = pd.DataFrame({"service": services.to_numpy()})
    for name, side in (("most_central", most), ("least_central", least)):
        table[name] = side[by].astype("object").fillna("").map(str).astype("str").to_numpy()
    for name, side in (("most_central", most), ("least_central", least)):
        table[f"people_{name}"] = side["population"].fillna(0.0).to_numpy()
    for name in STATISTICS:
        near: npt.NDArray[np.float64] = most[f"{name}_s"].to_numpy(dtype=np.float64)
        far: npt.NDArray[np.float64] = least[f"{name}_s"].to_numpy(dtype=np.float64)
        table[f"{name}_most_central_s"], table[f"{name}_least_central_s"] = near, far
        with np.errstate(divide="ignore", invalid="ignore"):
            table[f"{name}_gap_s"] = np.where(comparable, far - near, np.nan)
            table[f"{name}_ratio"] = np.where(comparable, far / near, np.nan)
    return table
