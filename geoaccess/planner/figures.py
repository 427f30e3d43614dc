"""The figures of one service for everybody, by class and by municipality, from `measures` and `equity`.

The groups are found once, so that an answer need not wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import equity, measures
from geoaccess.measures.grouped import group_figures
from geoaccess.measures.groups import Groups, group_cells, read_population

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.grouped import GroupFigures
    from geoaccess.measures.specification import Limit

__all__ = ["Figures", "Zonings", "figures_of"]

_CLASS = "centrality_class"


@dataclass(frozen=True)
class Zonings:
    """People of each cell, and which class and which municipality each cell belongs to; `order` is that of classes."""

    people: npt.NDArray[np.float64]
    classes: Groups
    municipalities: Groups
    order: tuple[str, ...]

    @classmethod
    def of(cls, results: pd.DataFrame, order: tuple[str, ...]) -> Zonings:
        """Read them from the results of a study."""
        people = read_population(results)
        municipalities = group_cells(results, by=["municipality_id", "municipality"])
        return cls(people, group_cells(results, by=_CLASS), municipalities, order)

    @cached_property
    def everybody(self) -> Groups:
        """All cells in one group."""
        return Groups(np.zeros(len(self.people), dtype=np.intp), pd.DataFrame(index=pd.RangeIndex(1)))


@dataclass(frozen=True)
class Figures:
    """All figures of one service: `equity` has gini, theil, theil_within, theil_between, gap_s and ratio.

    `most_central` and `least_central` of `equity` are rows of `classes`, -1 where there is nothing to compare.
    """

    times_s: npt.NDArray[np.float64]
    everybody: GroupFigures
    classes: GroupFigures
    municipalities: GroupFigures
    equity: dict[str, float]


def figures_of(
    zonings: Zonings,
    service: ServiceSpec,
    times_s: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
    *,
    limits: Sequence[Limit],
) -> Figures:
    """Return the figures for the times of all cells, seconds, inf where not reached; `people` are who counts.

    `limits` are what times are held against, for each norm of the service.
    """
    norms_s = limits
    classes = group_figures(times_s, people, zonings.classes, norms_s=norms_s)
    return Figures(
        times_s=times_s,
        everybody=group_figures(times_s, people, zonings.everybody, norms_s=norms_s),
        classes=classes,
        municipalities=group_figures(times_s, people, zonings.municipalities, norms_s=norms_s, quantiles=False),
        equity=_inequality(zonings, times_s, people) | _contrast(zonings, service, classes),
    )


def _inequality(
    zonings: Zonings, times_s: npt.NDArray[np.float64], everybody: npt.NDArray[np.float64]
) -> dict[str, float]:
    counted = np.isfinite(times_s) & (everybody > 0)
    times, people = times_s[counted], everybody[counted]
    if not times.size or times.max() <= 0:
        return dict.fromkeys(("gini", "theil", "theil_between", "theil_within"), float("nan"))
    table = equity.decompose_theil_t(times, weights=people, groups=zonings.classes.codes[counted])
    parts = table.loc["everybody"].to_dict()
    return {
        "gini": equity.gini(times, weights=people),
        "theil": float(parts["index"]),
        "theil_between": float(parts["between"]),
        "theil_within": float(parts["within"]),
    }


def _contrast(zonings: Zonings, service: ServiceSpec, classes: GroupFigures) -> dict[str, float]:
    """Set the least central class with people against the most central."""
    labels = zonings.classes.labels[_CLASS]
    summary = pd.DataFrame(
        {
            _CLASS: labels,
            "service": service.key,
            "population": classes.people,
            "mean_s": classes.mean_s,
            "median_s": classes.median_s,
            "p90_s": classes.p90_s,
        }
    )
    found = measures.class_contrast_of_services(summary, order=zonings.order).iloc[0]
    rows = {label: row for row, label in enumerate(labels)}
    comparable = found["most_central"] != found["least_central"]
    return {
        "gap_s": float(found["mean_gap_s"]),
        "ratio": float(found["mean_ratio"]),
        "most_central": rows[found["most_central"]] if comparable else -1,
        "least_central": rows[found["least_central"]] if comparable else -1,
    }
