"""Figures of one service for everybody, by class and by municipality, and what a plan changes in them.

The same numbers as `measures.summarise`, `measures.norm_table` and the indices of `equity` give, over groups that are
found once, so that a planner need not wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import equity
from geoaccess.measures.summary import group_quantiles, ratio

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.groups import Groups
    from geoaccess.planner.ground import Ground

__all__ = ["NOTICED_S", "Figures", "Group", "effect", "figures_of"]

NOTICED_S = 60.0
"""Who wins or loses less than a minute is not counted among those who win or lose."""

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Figures by group, arrays of shape (n_groups,); `within` has a row per norm: people inside it."""

    people: npt.NDArray[np.float64]
    reached: npt.NDArray[np.float64]
    mean_s: npt.NDArray[np.float64]
    within: npt.NDArray[np.float64]
    median_s: npt.NDArray[np.float64] | None = None
    p90_s: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Figures:
    """All figures of one service: `equity` has gini, theil, theil_within, theil_between, gap_s and ratio."""

    times_s: npt.NDArray[np.float64]
    everybody: Group
    classes: Group
    municipalities: Group
    equity: dict[str, float]


def figures_of(ground: Ground, service: ServiceSpec, times_s: npt.NDArray[np.float64]) -> Figures:
    """Return the figures for travel times of all cells, seconds, inf where not reached."""
    people = ground.people
    classes = _group(ground.classes, people, times_s, service.norms_s, quantiles=True)
    return Figures(
        times_s=times_s,
        everybody=_group(ground.everybody, people, times_s, service.norms_s, quantiles=True),
        classes=classes,
        municipalities=_group(ground.municipalities, people, times_s, service.norms_s, quantiles=False),
        equity=_inequality(ground, times_s) | _contrast(ground, classes),
    )


def _group(
    groups: Groups,
    people: npt.NDArray[np.float64],
    times_s: npt.NDArray[np.float64],
    norms_s: tuple[float, ...],
    *,
    quantiles: bool,
) -> Group:
    reached = np.isfinite(times_s)
    arrived = groups.sums(np.where(reached, people, 0.0))
    found = group_quantiles(times_s, people, groups, (0.5, 0.9)) if quantiles else None
    return Group(
        people=groups.sums(people),
        reached=arrived,
        mean_s=ratio(groups.sums(people * np.where(reached, times_s, 0.0)), arrived),
        within=np.array([groups.sums(np.where(times_s <= norm, people, 0.0)) for norm in norms_s]).reshape(
            len(norms_s), len(groups.labels)
        ),
        median_s=None if found is None else found[:, 0],
        p90_s=None if found is None else found[:, 1],
    )


def _inequality(ground: Ground, times_s: npt.NDArray[np.float64]) -> dict[str, float]:
    counted = np.isfinite(times_s) & (ground.people > 0)
    times, people = times_s[counted], ground.people[counted]
    if not times.size or times.max() <= 0:
        return dict.fromkeys(("gini", "theil", "theil_between", "theil_within"), float("nan"))
    parts = equity.theil_t(times, weights=people, groups=ground.classes.codes[counted])
    return {
        "gini": equity.gini(times, weights=people),
        "theil": parts.total,
        "theil_between": parts.between,
        "theil_within": parts.within,
    }


def _contrast(ground: Ground, classes: Group) -> dict[str, float]:
    """Set the least central class with people against the most central, as `measures.class_contrast` does."""
    named = ground.classes.labels["centrality_class"].str.isdigit().to_numpy() & (classes.people > 0)
    rows = np.flatnonzero(named)  # groups come in rising order
    out = {"gap_s": float("nan"), "ratio": float("nan"), "most_central": -1, "least_central": -1}
    if rows.size > 1:
        near, far = classes.mean_s[rows[0]], classes.mean_s[rows[-1]]
        out |= {"gap_s": float(far - near), "most_central": int(rows[0]), "least_central": int(rows[-1])}
        out["ratio"] = float(far / near) if near > 0 else float("nan")
    return out


def effect(ground: Ground, service: ServiceSpec, before: Figures, now: Figures) -> Numbers:
    """Say what changed for people, in people and person-minutes of one journey each.

    `quicker` and `slower` are those whose journey changes by a minute or more; `saved_min` is the sum of people x
    minutes over those reached before and now; `newly_reached`, `newly_lost`; `into_norm`, `out_of_norm` a number per
    norm.
    """
    people, t0, t1 = ground.people, before.times_s, now.times_s
    was, still = np.isfinite(t0), np.isfinite(t1)
    both = was & still
    won_s = np.where(both, np.where(both, t0, 0.0) - np.where(both, t1, 0.0), 0.0)
    return {
        "quicker": float(people[won_s >= NOTICED_S].sum()),
        "slower": float(people[won_s <= -NOTICED_S].sum()),
        "saved_min": float((people * won_s).sum() / 60),
        "newly_reached": float(people[~was & still].sum()),
        "newly_lost": float(people[was & ~still].sum()),
        "into_norm": [float(people[(t0 > norm) & (t1 <= norm)].sum()) for norm in service.norms_s],
        "out_of_norm": [float(people[(t0 <= norm) & (t1 > norm)].sum()) for norm in service.norms_s],
    }
