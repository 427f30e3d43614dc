"""Two tables of results of other people, years or networks: what moving people, norms and travel times changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures import mean_change, share_change, weighted_quantile
from geoaccess.measures.groups import EVERYBODY, people_of_service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from geoaccess.measures import ServiceSpec

__all__ = ["change_table", "change_units"]


@checks_arguments
def change_units(cells: pd.DataFrame, *, service: ServiceSpec, unit: pd.Series | None = None) -> pd.DataFrame:
    """Return what a change is split by: the cells, or areas that they are put together in.

    Parameters
    ----------
    cells
        Results: the people of the service and `{key}_s` (seconds; inf or NaN not reached).
    unit
        The area of each cell, on its index; the cells themselves when None.

    Returns
    -------
    A row per unit: `people`, `reached` (share of them), `time_s` (mean of those reached, NaN where none is) and
    `within_1`, `within_2`, ... (share of the people within each norm).
    """
    people = people_of_service(cells, service)
    times = cells[f"{service.key}_s"].to_numpy(np.float64, na_value=np.nan)
    reached = np.isfinite(times)
    found = {"people": people, "reached": reached * 1.0, "time_s": np.where(reached, times, np.nan)}
    inside = {f"within_{n}": (times <= norm) * 1.0 for n, norm in enumerate(service.limits(cells), start=1)}
    table = pd.DataFrame(found | inside, index=cells.index)
    if unit is None:
        return table
    weighted = pd.DataFrame({"people": people, "reached": people * reached}, index=cells.index)
    weighted["time_s"] = people * np.where(reached, times, 0.0)
    for name, share in inside.items():
        weighted[name] = people * share
    total = weighted.groupby(unit.to_numpy(), sort=True).sum()
    some, there = total["people"].where(total["people"] > 0), total["reached"].where(total["reached"] > 0)
    out = pd.DataFrame({"people": total["people"], "reached": (total["reached"] / some).fillna(0.0)})
    out["time_s"] = total["time_s"] / there
    for name in inside:
        out[name] = (total[name] / some).fillna(0.0)
    shares = ["reached", *inside]
    return out.assign(**{name: out[name].clip(upper=1.0) for name in shares})  # sums of products end in noise


@checks_arguments
def change_table(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    service: ServiceSpec,
    zonings: Mapping[str, tuple[pd.Series, pd.Series]],
    unit: tuple[pd.Series, pd.Series] | None = None,
) -> pd.DataFrame:
    """Return, by groups, how a service changed, and how much of that is people, norms and travel time.

    See `geoaccess.measures.mean_change` and `share_change` for the formulas; the parts sum to the change.

    Parameters
    ----------
    before, after
        Results of two runs, the people of the service and `{key}_s`. Where `unit` is None their index names the same
        cells; a cell that is in one of them only has no people in the other.
    zonings
        By the name of a zoning the group of each cell of `before` and of `after`.
    unit
        Where the cells are not those of one grid: the area of each cell of both. What people do within an area is part
        of its time then.

    Returns
    -------
    `zoning`, `group` and `service`; `people_before`, `people_after`, `unreached_before`, `unreached_after`; `mean_`,
    `median_` and `p90_before_s` and `_after_s`; `mean_change_s` and its parts `mean_from_people_s`,
    `mean_from_reach_s`, `mean_from_time_s`; for each norm, numbered from 1, `norm_1_s`, `share_1_before`,
    `share_1_after`, `share_1_change` and its parts `share_1_from_people`, `share_1_from_norm`, `share_1_from_time`.
    `share_1_from_norm` is 0 but for a service that holds each cell against its own norm: there it is what the places
    make of the change that have another norm. In an area, people are then taken to have the norms in the shares of the
    other time, with the times of those who were held against each. A group that has nobody at one of the times has NaN
    where there is nothing to compare. First everybody.

    Raises
    ------
    InputError
        If an index names a cell twice.
    """
    for name, table in (("before", before), ("after", after)):
        if not table.index.is_unique:
            raise InputError(f"{name}: cell {table.index[table.index.duplicated()][0]} is there twice")
    everybody = tuple(pd.Series(EVERYBODY, index=table.index) for table in (before, after))
    rows = []
    for zoning, (old, new) in {EVERYBODY: everybody, **zonings}.items():
        was, now = old.to_numpy(object), new.to_numpy(object)
        for group in _in_order([*pd.unique(was), *pd.unique(now)]):
            first, second = before[was == group], after[now == group]
            areas = None if unit is None else (unit[0][was == group], unit[1][now == group])
            rows.append(
                {"zoning": zoning, "group": group, "service": service.key, **_change(first, second, service, areas)}
            )
    return pd.DataFrame(rows)


def _in_order(groups: Sequence[Any]) -> list[str]:
    """Return the groups once each, in rising order, those of cells without one last."""
    return sorted(dict.fromkeys(map(str, groups)), key=lambda group: (group in ("", "unclassified"), group))


def _change(
    before: pd.DataFrame, after: pd.DataFrame, service: ServiceSpec, areas: tuple[pd.Series, pd.Series] | None
) -> dict[str, float]:
    old, new = (
        change_units(table, service=service, unit=None if areas is None else areas[place])
        for place, table in enumerate((before, after))
    )
    index = old.index.union(new.index, sort=False)
    blank = {name: 0.0 for name in old.columns if name != "time_s"}
    a, b = (table.reindex(index).fillna(blank) for table in (old, new))
    people = (a["people"].to_numpy(), b["people"].to_numpy())
    times = (a["time_s"].to_numpy(), b["time_s"].to_numpy())
    mean = mean_change(people, times, reached=(a["reached"].to_numpy(), b["reached"].to_numpy()))
    row = {
        "people_before": people[0].sum(),
        "people_after": people[1].sum(),
        "unreached_before": (a["people"] * (1 - a["reached"])).sum(),
        "unreached_after": (b["people"] * (1 - b["reached"])).sum(),
        "mean_before_s": mean.before if np.isfinite(mean.before) else _own_mean(old),
        "mean_after_s": mean.after if np.isfinite(mean.after) else _own_mean(new),
    }
    for name, share in (("median", 0.5), ("p90", 0.9)):
        for when, table in (("before", before), ("after", after)):
            row[f"{name}_{when}_s"] = _quantile(table, service, share)
    row |= {"mean_change_s": mean.change, "mean_from_people_s": mean.from_people}
    row |= {"mean_from_reach_s": mean.from_reach, "mean_from_time_s": mean.from_time}
    for number, norm in enumerate(service.norm_values, start=1):
        within = (a[f"within_{number}"].to_numpy(), b[f"within_{number}"].to_numpy())
        part = share_change(people, within, crossed=_crossed(before, after, service, areas, index))
        row[f"norm_{number}_s"] = norm
        row[f"share_{number}_before"], row[f"share_{number}_after"] = part.before, part.after
        row[f"share_{number}_change"] = part.change
        row[f"share_{number}_from_people"], row[f"share_{number}_from_norm"] = part.from_people, part.from_norm
        row[f"share_{number}_from_time"] = part.from_time
    return {name: float(value) for name, value in row.items()}


def _crossed(
    before: pd.DataFrame,
    after: pd.DataFrame,
    service: ServiceSpec,
    areas: tuple[pd.Series, pd.Series] | None,
    index: pd.Index,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Return the shares within the norms of the other time, by the times of each; None where norms are the same."""
    if not service.norm_column:
        return None
    sides = []
    for place, table in enumerate((before, after)):
        unit = index.get_indexer(table.index if areas is None else pd.Index(areas[place].to_numpy()))
        times = table[f"{service.key}_s"].to_numpy(np.float64, na_value=np.nan)
        own = np.asarray(service.limits(table)[0], np.float64)
        side = _Held(unit, times, own, np.asarray(people_of_service(table, service), np.float64))
        sides.append(side.those(unit >= 0))  # a cell without an area is in none
    first, second = sides
    return _under_norms_of(first, second, len(index)), _under_norms_of(second, first, len(index))


class _Held(NamedTuple):
    """Cells with the number of their unit, seconds, own norm and people."""

    unit: npt.NDArray[np.int64]
    s: npt.NDArray[np.float64]
    norm: npt.NDArray[np.float64]
    people: npt.NDArray[np.float64]

    def those(self, mask: npt.NDArray[np.bool_]) -> _Held:
        return _Held(self.unit[mask], self.s[mask], self.norm[mask], self.people[mask])


def _under_norms_of(times: _Held, norms: _Held, n_units: int) -> npt.NDArray[np.float64]:
    """Return, of each unit, the share within by the times of one table when it has the norms of another.

    s_i = sum_v w_iv q_iv: w_iv is the share of the people of unit i in `norms` who are held against norm v, and q_iv
    the share within v of those of its people in `times` who are held against v, or of all of them where nobody is.
    A unit without people in one of the two has 0, which `share_change` does not count.
    """

    def summed(held: _Held, people: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        total: npt.NDArray[np.float64] = np.bincount(held.unit, people, n_units).astype(np.float64)
        return total

    found = np.zeros(n_units)
    everybody = summed(times, times.people)
    for norm in np.unique(norms.norm):
        inside = times.people * (times.s <= norm)
        share = _ratio(summed(times, inside), everybody)
        among = times.norm == norm
        alike = times.those(among)
        held = summed(alike, alike.people)
        share = np.where(held > 0, _ratio(summed(alike, inside[among]), held), share)
        weighed = norms.those(norms.norm == norm)
        found += summed(weighed, weighed.people) * share
    return np.clip(_ratio(found, summed(norms, norms.people)), 0.0, 1.0)  # sums of products end in noise


def _ratio(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros(whole.size), where=whole > 0)


def _own_mean(units: pd.DataFrame) -> float:
    weight = units["people"] * units["reached"]
    return float((weight * units["time_s"].fillna(0.0)).sum() / weight.sum()) if weight.sum() > 0 else float("nan")


def _quantile(cells: pd.DataFrame, service: ServiceSpec, share: float) -> float:
    people = people_of_service(cells, service)
    if not people.sum() > 0:
        return float("nan")
    times = cells[f"{service.key}_s"].to_numpy(np.float64, na_value=np.nan)
    return weighted_quantile(np.where(np.isfinite(times), times, np.inf), people, share)
