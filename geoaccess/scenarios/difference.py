"""Two tables of results compared: who wins and loses how much, and who crosses a norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess import equity
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.groups import people_of_service
from geoaccess.measures.quantiles import quantiles_of_people
from geoaccess.scenarios.effect import effect_on_people

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.specification import Limit

__all__ = [
    "CHANGES",
    "cell_differences",
    "difference_table",
    "equity_differences",
    "most_affected",
    "supply_differences",
    "supply_table",
]

CHANGES = ("better", "worse", "same", "became_reached", "became_unreached", "unreached")
"""What a change is to a cell; every cell is one of them."""

_NONE = "unclassified"
_SHARES = np.array([0.5, 0.9])


@checks_arguments
def cell_differences(before: pd.DataFrame, after: pd.DataFrame, *, services: Sequence[ServiceSpec]) -> pd.DataFrame:
    """Return, cell by cell, what a change does.

    Parameters
    ----------
    before, after
        Results on the same index: `{key}_s` (seconds; inf unreachable, NaN not snapped), `{key}_reason` and
        `{key}_site` of every service; of `before` also `population` and the people of each service, who count.

    Returns
    -------
    `population` and the people of each service that is asked about others; the columns municipality_id, municipality,
    region and centrality_class as far as `before` has them; and of each service `{key}_before_s`, `{key}_after_s`,
    `{key}_difference_s` (after less before, negative where minutes are won; NaN unless reached both times),
    `{key}_change` (one of `CHANGES`), `{key}_site_before`, `{key}_site_after`, `{key}_reason_before` and
    `{key}_reason_after`; and the norm of each cell of services that have one, as it was before.

    Raises
    ------
    InputError
        If the two are not of the same cells, or a column is missing.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> gp = {"gp_reason": "", "gp_site": "a"}
    >>> before = pd.DataFrame({"population": [5, 7], "gp_s": [600.0, 900.0], **gp})
    >>> after = before.assign(gp_s=[300.0, np.inf])
    >>> found = cell_differences(before, after, services=[ServiceSpec(key="gp", label="GP")])
    >>> found[["gp_difference_s", "gp_change"]].to_dict("list")
    {'gp_difference_s': [-300.0, nan], 'gp_change': ['better', 'became_unreached']}
    """
    if not before.index.equals(after.index):
        raise InputError("before and after are not of the same cells in the same order; solve both for the same people")
    keys = [spec.key for spec in services]
    wanted = [f"{key}_{what}" for key in keys for what in ("s", "reason", "site")]
    counted = list(dict.fromkeys(["population", *(spec.population for spec in services)]))
    missing = [name for table in (before, after) for name in wanted if name not in table]
    missing += [name for name in counted if name not in before]
    missing += [spec.norm_column for spec in services if spec.norm_column and spec.norm_column not in before]
    if missing:
        raise InputError(f"results: no column {', '.join(dict.fromkeys(missing))}")
    kept = [name for name in ("municipality_id", "municipality", "region", "centrality_class") if name in before]
    out: dict[str, Any] = {name: before[name] for name in (*counted, *kept)}
    for key in keys:
        was, now = (table[f"{key}_s"].to_numpy(np.float64) for table in (before, after))
        reached_before, reached_after = np.isfinite(was), np.isfinite(now)
        both = reached_before & reached_after
        moved = np.where(both, now, 0) - np.where(both, was, 0)
        which = np.select(
            [both & (moved < 0), both & (moved > 0), both, reached_after, reached_before], range(5), default=5
        )
        out[f"{key}_before_s"], out[f"{key}_after_s"] = was, now
        out[f"{key}_difference_s"] = np.where(both, moved, np.nan)
        out[f"{key}_change"] = np.array(CHANGES, dtype=object)[which]
        for what in ("site", "reason"):
            out[f"{key}_{what}_before"], out[f"{key}_{what}_after"] = before[f"{key}_{what}"], after[f"{key}_{what}"]
    own = {spec.norm_column: before[spec.norm_column] for spec in services if spec.norm_column}
    return pd.DataFrame(out | own, index=before.index)


@checks_arguments
def difference_table(
    cells: pd.DataFrame, *, services: Sequence[ServiceSpec], by: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Sum up what a change does, by groups of cells.

    Parameters
    ----------
    cells
        What `cell_differences` returns.
    by
        Column or columns that say which group a cell belongs to; None for everybody.

    Returns
    -------
    A row per service and group, with the columns of `by` as text ("unclassified" where a cell has none, last):

    * `population`, and the people of each of `CHANGES`, which add up to it: nobody is lost;
    * `person_min_won`, `person_min_lost`: sums of people times minutes over those reached both times, per one journey
      each; `person_hours_per_year_won`, `person_hours_per_year_lost`: the same in hours a year, where a service has
      `trips_per_year` (NaN for the others);
    * `mean_before_s`, `mean_after_s` over those reached both times, so that the two are of the same people;
      `median_before_s`, `p90_before_s`, ... over all, those not reached counting as the longest (inf);
    * for each norm, numbered from 1: `norm_1_s` (NaN where each cell has its own), `within_norm_1_before`,
      `within_norm_1_after`, and who crossed it: `into_norm_1` and `out_of_norm_1`, in people.
    """
    names = [] if by is None else [by] if isinstance(by, str) else [*by]
    codes, labels = _groups(cells, names)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(labels)))
    parts = [slice(end - size, end) for end, size in zip(ends, np.diff(ends, prepend=0), strict=True)]
    rows = []
    for spec in services:
        known = _Known.of(cells, spec).some(order)
        rows += [
            {**label, "service": spec.key, **_figures(known.some(part), spec)}
            for label, part in zip(labels.to_dict("records"), parts, strict=True)
        ]
    return pd.DataFrame(rows)


class _Known(NamedTuple):
    """What figures of a service are made of, of some cells: as arrays, of which parts cost nothing."""

    people: npt.NDArray[np.float64]
    was: npt.NDArray[np.float64]
    now: npt.NDArray[np.float64]
    change: npt.NDArray[np.int8]
    limits: list[Limit]

    @classmethod
    def of(cls, cells: pd.DataFrame, spec: ServiceSpec) -> _Known:
        was, now = (cells[f"{spec.key}_{when}_s"].to_numpy(np.float64) for when in ("before", "after"))
        change = pd.Categorical(cells[f"{spec.key}_change"], CHANGES).codes
        return cls(people_of_service(cells, spec), was, now, change, spec.limits(cells))

    def some(self, chosen: slice | npt.NDArray[np.int64]) -> _Known:
        """Return what is known of some of the cells."""
        limits = [limit[chosen] if isinstance(limit, np.ndarray) else limit for limit in self.limits]
        return _Known(self.people[chosen], self.was[chosen], self.now[chosen], self.change[chosen], limits)


def _groups(cells: pd.DataFrame, names: list[str]) -> tuple[npt.NDArray[np.int64], pd.DataFrame]:
    if not names:
        return np.zeros(len(cells), np.int64), pd.DataFrame(index=[0])
    texts = {name: cells[name].astype("object").where(cells[name].notna(), "").map(str) for name in names}
    table = pd.DataFrame(texts).replace("", _NONE)
    found = table.drop_duplicates()
    found = found.iloc[np.lexsort([*(found[name] for name in names[::-1]), (found[names] == _NONE).any(axis=1)])]
    place = pd.Series(np.arange(len(found)), index=pd.MultiIndex.from_frame(found))
    codes = place.reindex(pd.MultiIndex.from_frame(table)).to_numpy(np.int64)
    return codes, found.reset_index(drop=True)


def _figures(part: _Known, spec: ServiceSpec) -> dict[str, float]:
    people, was, now, change, limits = part
    row = {"population": people.sum()} | {what: people[change == code].sum() for code, what in enumerate(CHANGES)}
    both = np.isfinite(was) & np.isfinite(now)
    effect = effect_on_people(people, was, now, norms_s=limits)
    row["person_min_won"], row["person_min_lost"] = effect.person_min_won, effect.person_min_lost
    if spec.trips_per_year is not None:
        for what in ("won", "lost"):
            row[f"person_hours_per_year_{what}"] = row[f"person_min_{what}"] / 60 * spec.trips_per_year
    longest = {"before": np.where(np.isfinite(was), was, np.inf), "after": np.where(np.isfinite(now), now, np.inf)}
    for when, times in longest.items():
        counted = people[both].sum()
        row[f"mean_{when}_s"] = (people[both] * times[both]).sum() / counted if counted else np.nan
    for when, times in longest.items():
        quantiles = quantiles_of_people(times, people, _SHARES)
        row[f"median_{when}_s"], row[f"p90_{when}_s"] = quantiles
    for number, (norm_s, norm) in enumerate(zip(spec.norm_values, limits, strict=True), start=1):
        inside, then = longest["before"] <= norm, longest["after"] <= norm
        row[f"norm_{number}_s"] = norm_s
        row[f"within_norm_{number}_before"], row[f"within_norm_{number}_after"] = (
            people[inside].sum(),
            people[then].sum(),
        )
        row[f"into_norm_{number}"] = effect.into_norm[number - 1]
        row[f"out_of_norm_{number}"] = effect.out_of_norm[number - 1]
    return {name: float(value) for name, value in row.items()}


@checks_arguments
def equity_differences(
    before: pd.DataFrame, after: pd.DataFrame, *, services: Sequence[ServiceSpec], by: str | None = "centrality_class"
) -> pd.DataFrame:
    """Return the indices of `geoaccess.equity.equity_table` before and after: a row per service and index.

    Indices other than `fgt_0` are over people who are reached. Where some become unreached, an index over those who are
    left may fall although things got worse; so the difference is over the same people, those reached both times.

    Returns
    -------
    Columns `service`, `index`, `norm`; `before` and `after`, over all who are reached then (`n_people_before`,
    `n_people_after`); `before_both` and `after_both`, over those reached both times (`n_people_both`), and their
    `difference`; `between_before` and `between_after`, the parts between groups of the first two. `fgt_0`, the share of
    people beyond a norm, counts everybody in all of them.
    """
    columns = {spec.key: f"{spec.key}_s" for spec in services}
    people = {spec.key: spec.population for spec in services}
    norms = {spec.key: list(spec.norms_s) for spec in services if not spec.norm_column}
    own = {spec.key: spec.norm_column for spec in services if spec.norm_column}
    flips = {
        column: np.isfinite(before[column].to_numpy(np.float64)) & np.isfinite(after[column].to_numpy(np.float64))
        for column in columns.values()
    }
    same = (
        table.assign(**{name: table[name].where(both) for name, both in flips.items()}) for table in (before, after)
    )
    was, now, was_both, now_both = (
        equity.equity_table_of_services(
            table, services=columns, norms=norms, norm_columns=own, population=people, by=groups
        )
        for table, groups in zip((before, after, *same), (by, by, None, None), strict=True)
    )
    out = was[["service", "index", "norm"]].copy()
    out["before"], out["after"] = was["value"], now["value"]
    everybody = was["unreached_counted"].to_numpy(bool)
    out["before_both"] = was_both["value"].where(~everybody, was["value"])
    out["after_both"] = now_both["value"].where(~everybody, now["value"])
    out["difference"] = out["after_both"] - out["before_both"]
    out["between_before"], out["between_after"] = was["between"], now["between"]
    out["n_people_before"], out["n_people_after"] = was["n_people_in"], now["n_people_in"]
    out["n_people_both"] = was_both["n_people_in"]
    return out


@checks_arguments
def most_affected(
    cells: pd.DataFrame,
    place: pd.Series[str],
    *,
    service: str,
    n: int = 10,
    by: Sequence[str] = ("municipality",),
    population: str = "population",
) -> pd.DataFrame:
    """Return the places that a change touches most.

    Ranked by the people who became reached or unreached, then by the person-minutes of the others, won or lost.

    Parameters
    ----------
    cells
        What `cell_differences` returns.
    place
        The name of the place of each cell, on the same index.
    service
        Its key.
    by
        Further columns that distinguish places of the same name.
    population
        The column of the people whom the service is asked about.

    Returns
    -------
    A row per place, at most `n`, those that nothing touches left out: `rank`, `place`, the columns of `by`, `cells`
    with people who are touched and these `people`, `became_reached`, `became_unreached`, `better`, `worse` (people),
    `mean_before_s`, `mean_after_s` and `mean_difference_s` over people touched who are reached both times, `person_min`
    (won negative) per one journey each.
    """
    change = cells[f"{service}_change"]
    touched = cells[change.isin(CHANGES[:2] + CHANGES[3:5]) & (cells[population] > 0)]
    names = ["place", *(name for name in by if name in cells)]
    table = touched.assign(place=place.reindex(touched.index), change=change)
    for what in ("became_reached", "became_unreached", "better", "worse"):
        table[what] = table[population].where(table["change"] == what, 0.0)
    moved = table[f"{service}_difference_s"]
    table["cells"], table["people"] = 1, table[population]
    table["both"] = table[population].where(moved.notna(), 0.0)
    for name, seconds in (("before", table[f"{service}_before_s"]), ("after", table[f"{service}_after_s"])):
        table[f"sum_{name}"] = (table[population] * seconds).where(moved.notna(), 0.0)
    table["moved"] = (table[population] * moved.abs()).fillna(0.0)
    summed = [
        "cells",
        "people",
        "became_reached",
        "became_unreached",
        "better",
        "worse",
        "both",
        "sum_before",
        "sum_after",
        "moved",
    ]
    found = table.groupby(names, sort=True)[summed].sum().reset_index()
    flipped = found["became_reached"] + found["became_unreached"]
    found = found.iloc[np.lexsort((-found["moved"], -flipped))].head(n).reset_index(drop=True)
    both = found["both"].where(found["both"] > 0)
    found["mean_before_s"], found["mean_after_s"] = found["sum_before"] / both, found["sum_after"] / both
    found["mean_difference_s"] = found["mean_after_s"] - found["mean_before_s"]
    found["person_min"] = (found["sum_after"] - found["sum_before"]) / 60
    found.insert(0, "rank", np.arange(1, len(found) + 1))
    return found.drop(columns=["both", "sum_before", "sum_after", "moved"])


@checks_arguments
def supply_differences(before: pd.Series, after: pd.Series) -> npt.NDArray[np.object_]:
    """Return which of `CHANGES` a change of supply is to each cell: more is better, and who has none is not reached.

    What differs by less than a part in 10^9 is the same.

    >>> supply_differences(pd.Series([1.0, 2.0, 0.0, 0.0]), pd.Series([2.0, 2.0, 1.0, 0.0])).tolist()
    ['better', 'same', 'became_reached', 'unreached']
    """
    was, now = before.to_numpy(np.float64), after.to_numpy(np.float64)
    had, has, close = was > 0, now > 0, np.isclose(now, was, rtol=1e-9, atol=0)
    conditions = [had & has & ~close & (now > was), had & has & ~close, had & has, has, had]
    found: npt.NDArray[np.object_] = np.array(CHANGES, dtype=object)[np.select(conditions, range(5), default=5)]
    return found


@checks_arguments
def supply_table(
    cells: pd.DataFrame, *, name: str, population: pd.Series, by: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Sum up what a change does to supply per person, by groups of cells.

    Parameters
    ----------
    cells
        `{name}_before` and `{name}_after`, what falls to each person of a cell, and the columns of `by`.
    population
        Who shares the supply, on the same index.
    by
        As in `difference_table`.

    Returns
    -------
    A row per group: `population` and its parts by `CHANGES`, as `difference_table`; `mean_per_person_before`,
    `gini_before` and the same after, over everybody, those included who have nothing; NaN where there is nobody, the
    Gini where nobody has anything.
    """
    codes, labels = _groups(cells, [] if by is None else [by] if isinstance(by, str) else [*by])
    change = supply_differences(cells[f"{name}_before"], cells[f"{name}_after"])
    everybody = population.to_numpy(np.float64)
    rows: list[dict[str, Any]] = []
    for number, label in enumerate(labels.to_dict("records")):
        here = codes == number
        people = everybody[here]
        row = {"population": people.sum()} | {what: people[change[here] == what].sum() for what in CHANGES}
        for when in ("before", "after"):
            each = cells[f"{name}_{when}"].to_numpy(np.float64)[here]
            total = float((each * people).sum())
            row[f"mean_per_person_{when}"] = total / people.sum() if people.sum() > 0 else np.nan
            row[f"gini_{when}"] = equity.gini(each, weights=people) if total > 0 else np.nan
        rows.append({str(what): value for what, value in label.items()} | {k: float(v) for k, v in row.items()})
    return pd.DataFrame(rows)
