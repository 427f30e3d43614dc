"""Figures of groups of cells from arrays: from which `summarise_services` makes its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.measures.quantiles import sorted_quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures.groups import Groups
    from geoaccess.measures.specification import Limit

__all__ = ["GroupFigures", "group_figures", "group_quantiles", "ratio"]


@dataclass(frozen=True)
class GroupFigures:
    """Figures by group, arrays of shape (n_groups,).

    Attributes
    ----------
    people, reached
        All people, and those who reach a site.
    mean_s
        Over the people who are reached, NaN where nobody is.
    median_s, p90_s
        Over all people, those not reached counting as the longest: inf where the quantile falls on them, NaN where the
        group has no people; None where they were not requested.
    within
        Shape (n_norms, n_groups): people whose time is at most the norm.
    """

    people: npt.NDArray[np.float64]
    reached: npt.NDArray[np.float64]
    mean_s: npt.NDArray[np.float64]
    within: npt.NDArray[np.float64]
    median_s: npt.NDArray[np.float64] | None = None
    p90_s: npt.NDArray[np.float64] | None = None


def group_figures(
    times_s: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
    groups: Groups,
    *,
    norms_s: Sequence[Limit] = (),
    quantiles: bool = True,
    order: npt.NDArray[np.intp] | None = None,
) -> GroupFigures:
    """Return the figures of travel times, by group.

    Parameters
    ----------
    times_s
        Seconds of each cell, inf where it is not reached.
    people
        Of each cell, >= 0.
    groups
        From `group_cells`; found once, they serve for any times.
    norms_s
        Seconds, each one for all cells or one for each.
    quantiles
        Whether median and P90 are wanted, which take a sort.
    order
        See `group_quantiles`.
    """
    reached = np.isfinite(times_s)
    arrived = groups.sums(np.where(reached, people, 0.0))
    found = group_quantiles(times_s, people, groups, (0.5, 0.9), order=order) if quantiles else None
    within = [groups.sums(np.where(times_s <= norm, people, 0.0)) for norm in norms_s]
    return GroupFigures(
        people=groups.sums(people),
        reached=arrived,
        mean_s=ratio(groups.sums(people * np.where(reached, times_s, 0.0)), arrived),
        within=np.array(within).reshape(len(norms_s), len(groups.labels)),
        median_s=None if found is None else found[:, 0],
        p90_s=None if found is None else found[:, 1],
    )


def ratio(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return part / whole, NaN where the whole is 0."""
    out = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def group_quantiles(
    times_s: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
    groups: Groups,
    shares: Sequence[float],
    *,
    order: npt.NDArray[np.intp] | None = None,
) -> npt.NDArray[np.float64]:
    """Return quantiles of shape (n_groups, n_shares); one sort for all, then a running sum inside each group.

    A single running sum over all groups would lose the digits of small groups with fractional people. `order` are the
    cells in rising order of their times, where that is known.
    """
    if order is None:
        order = np.argsort(times_s, kind="stable")
    rows = order[people[order] > 0]
    if len(groups.labels) == 1:
        bounds = np.array([0, rows.size])
    else:
        kind = np.uint16 if len(groups.labels) <= np.iinfo(np.uint16).max else np.int64  # few bits: sorted by counting
        codes = groups.codes[rows].astype(kind)
        rows = rows[np.argsort(codes, kind="stable")]
        bounds = np.append(0, np.cumsum(np.bincount(codes, minlength=len(groups.labels))))
    ordered_times, ordered_people = times_s[rows], people[rows]
    asked = np.asarray(shares, dtype=np.float64)
    quantiles = np.full((len(groups.labels), len(shares)), np.nan)
    for group in range(len(groups.labels)):
        part = slice(bounds[group], bounds[group + 1])
        quantiles[group] = sorted_quantiles(ordered_times[part], ordered_people[part], asked)
    return quantiles
