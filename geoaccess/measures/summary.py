"""One row per group and service: how many are reached, in what time, and who is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.grouped import group_figures, group_quantiles, ratio
from geoaccess.measures.groups import each_zoning, group_cells, people_of_service, read_times
from geoaccess.measures.specification import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geoaccess.measures.groups import By, Groups, Times, Zoning
    from geoaccess.measures.specification import ServiceSpec

__all__ = [
    "check_services",
    "norm_table_of_services",
    "quantile_table_of_services",
    "summarise_services",
    "summary_and_norms",
]


def check_services(services: Sequence[ServiceSpec]) -> None:
    """Raise an `InputError` if a service is given twice."""
    keys = [service.key for service in services]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        raise InputError(f"services: {', '.join(repeated)} is given more than once; give each service once")


def _service_summary(
    results: pd.DataFrame, service: ServiceSpec, times: Times, who: str | None, groups: Groups
) -> dict[str, Any]:
    people = people_of_service(results, service, who)
    figures = group_figures(times.times_s, people, groups, order=times.order)
    by_place = groups.sums_by(times.reason + 1, len(REASONS) + 1, people)  # those who are reached stand first
    by_reason = {reason: by_place[:, place] for place, reason in enumerate(REASONS, 1)}
    return {
        "service": service.key,
        "population": figures.people,
        "reached": figures.reached,
        "unreached": np.sum(list(by_reason.values()), axis=0),
        **{f"unreached_{reason}": amount for reason, amount in by_reason.items()},
        "mean_s": figures.mean_s,
        "median_s": figures.median_s,
        "p90_s": figures.p90_s,
    }


def _below_each_other(labels: pd.DataFrame, parts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a table with the groups of `labels` once for each part: a number for each group, or a text for all."""
    row, part = (place.reshape(-1) for place in np.indices((len(parts), len(labels)))[::-1])
    columns: dict[str, Any] = {str(name): labels[name].array.take(row) for name in labels}
    for name, first in parts[0].items():
        values = [one[name] for one in parts]
        columns[name] = pd.array(values, dtype="str").take(part) if isinstance(first, str) else np.concatenate(values)
    return pd.DataFrame(columns, index=pd.RangeIndex(row.size))


@checks_arguments
def summarise_services(
    results: pd.DataFrame,
    *,
    services: Sequence[ServiceSpec],
    by: By = None,
    population: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """How long the people of each group need to each service, and how many are not reached, and why.

    No one is dropped: population = reached + unreached in every row, unreached = the sum over the reasons, and the
    sum of population over the groups is the population of the table.

    Parameters
    ----------
    results
        One row per cell, with `population` and for each service s `{s}_s` (seconds; inf unreachable, NaN not snapped)
        and `{s}_reason` ("" where reached, else one of `REASONS`).
    services
        The services, in the order of the rows.
    by
        Column or columns that say which group a cell belongs to, such as "centrality_class" or
        ["municipality_id", "municipality"]; None for everybody together. Several zonings in one run are a mapping:
        {"municipality": "municipality_id", "trust": "health_trust", "Norway": None}.
    population
        The column of people that counts for all services, such as that of an age group, or several; None for those of
        each service (`ServiceSpec.population`). `results` has each of them.

    Returns
    -------
    One row per service and group, services in the order given, groups in rising order:

    * the columns named in `by`, as text; cells with a missing or empty value make up the group "unclassified", last;
      with several zonings instead `zoning`, its name, and `group` (of several columns joined by " / ", "everybody" for
      None); with several columns of people before all others `who`, the column;
    * `service`, `population`, `reached`, `unreached` and `unreached_<reason>` for every reason, all in people;
    * `mean_s` over the people who are reached, NaN where nobody is;
    * `median_s` and `p90_s` over all people, those not reached counting as the longest: inf where the quantile falls
      on them, NaN where the group has no people. See `weighted_quantile`.

    Raises
    ------
    InputError
        If a column is missing, population is negative or missing, a time is negative, or time and reason contradict
        each other (reached with a reason, or not reached without one).

    Examples
    --------
    >>> import pandas as pd
    >>> from geoaccess.measures import ServiceSpec
    >>> results = pd.DataFrame({
    ...     "population": [100.0, 60.0, 40.0],
    ...     "centrality_class": pd.array([1, 6, 6], dtype="Int8"),
    ...     "gp_s": [300.0, 1500.0, float("inf")],
    ...     "gp_reason": ["", "", "island_without_ferry"],
    ... })
    >>> gp = ServiceSpec(key="gp", label="GP")
    >>> table = summarise_services(results, services=[gp], by="centrality_class")
    >>> table[["centrality_class", "population", "reached", "unreached", "mean_s", "median_s", "p90_s"]]
      centrality_class  population  reached  unreached  mean_s  median_s  p90_s
    0                1       100.0    100.0        0.0   300.0     300.0  300.0
    1                6       100.0     60.0       40.0  1500.0    1500.0    inf
    """
    return _Reading(results, services).summary(by, population)


@checks_arguments
def quantile_table_of_services(
    results: pd.DataFrame,
    *,
    services: Sequence[ServiceSpec],
    shares: Sequence[float],
    by: By = None,
    population: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Find the times that given shares of the people of each group do not exceed, as percentiles are published.

    Parameters
    ----------
    results, services, by, population
        As in `summarise_services`.
    shares
        Shares of the people in [0, 1]: 0.9 for P90.

    Returns
    -------
    One row per service, group and share: the columns of groups as in `summarise_services`, `service`, `population`,
    `share` and `time_s`, as `weighted_quantile` has it: inf where the quantile falls on people who are not reached, NaN
    where the group has no people.

    Raises
    ------
    InputError
        As `summarise_services`, or if a share is outside [0, 1].

    Examples
    --------
    >>> import pandas as pd
    >>> from geoaccess.measures import ServiceSpec
    >>> results = pd.DataFrame({
    ...     "population": [100.0, 60.0, 40.0],
    ...     "gp_s": [300.0, 1500.0, float("inf")],
    ...     "gp_reason": ["", "", "island_without_ferry"],
    ... })
    >>> quantile_table_of_services(results, services=[ServiceSpec(key="gp", label="GP")], shares=[0.25, 0.75, 0.99])
      service  population  share  time_s
    0      gp       200.0   0.25   300.0
    1      gp       200.0   0.75  1500.0
    2      gp       200.0   0.99     inf
    """
    check_services(services)
    wrong = [share for share in shares if not 0 <= share <= 1]
    if wrong:
        raise InputError(f"quantile_table: shares has {wrong[0]}; a share must lie in [0, 1]")
    times = {service.key: read_times(results, service) for service in services}

    def table(zoning: Zoning, who: str | None) -> pd.DataFrame:
        groups = group_cells(results, by=zoning)
        labels = groups.labels.assign(service="", population=0.0)
        labels = labels.loc[np.repeat(labels.index, len(shares))].reset_index(drop=True)
        labels["share"] = np.tile(np.asarray(shares, dtype=np.float64), len(groups.labels))
        tables = []
        for service in services:
            people = people_of_service(results, service, who)
            known = times[service.key]
            found = group_quantiles(known.times_s, people, groups, shares, order=known.order)
            everybody = np.repeat(groups.sums(people), len(shares))
            tables.append(labels.assign(service=service.key, population=everybody, time_s=found.reshape(-1)))
        return pd.concat(tables, ignore_index=True) if tables else labels.iloc[:0]

    return each_zoning(table, by=by, population=population)


@checks_arguments
def norm_table_of_services(
    results: pd.DataFrame,
    *,
    services: Sequence[ServiceSpec],
    by: By = None,
    population: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """How many people of each group are inside each norm of each service, and how many are beyond it.

    A norm is met where the time is at most the norm. The share is of *all* people of the group: those who are not
    reached are beyond every norm but inf, which leaves nobody beyond it. population = people_within + people_beyond.

    Parameters
    ----------
    results, services, by, population
        As in `summarise_services`. A service without norms has no rows.

    Returns
    -------
    One row per service, norm and group: the columns named in `by` (text), `service`, `norm_s` (NaN where each cell is
    held against its own), `population`, `people_within`, `people_beyond` and `share_within` in [0, 1], NaN where the
    group has no people.

    Raises
    ------
    InputError
        As `summarise_services`.

    Examples
    --------
    >>> import pandas as pd
    >>> from geoaccess.measures import ServiceSpec
    >>> results = pd.DataFrame({
    ...     "population": [100.0, 60.0, 40.0],
    ...     "gp_s": [300.0, 1500.0, float("inf")],
    ...     "gp_reason": ["", "", "island_without_ferry"],
    ... })
    >>> norm_table_of_services(results, services=[ServiceSpec(key="gp", label="GP", norms_s=(900.0, 1800.0))])
      service  norm_s  population  people_within  people_beyond  share_within
    0      gp   900.0       200.0          100.0          100.0           0.5
    1      gp  1800.0       200.0          160.0           40.0           0.8
    """
    return _Reading(results, services).norms(by, population)


def summary_and_norms(
    results: pd.DataFrame,
    *,
    services: Sequence[ServiceSpec],
    by: By = None,
    population: str | Sequence[str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what `summarise_services` and `norm_table_of_services` do, from one reading of the results."""
    reading = _Reading(results, services)
    return reading.summary(by, population), reading.norms(by, population)


class _Reading:
    """Times and groups of some results, each read once."""

    def __init__(self, results: pd.DataFrame, services: Sequence[ServiceSpec]) -> None:
        check_services(services)
        self._results, self._services = pd.DataFrame(results), services  # of a table with shapes columns cost more
        self._times = {service.key: read_times(self._results, service) for service in services}
        self._known: dict[str, Groups] = {}

    def _groups(self, zoning: Zoning) -> Groups:
        if repr(zoning) not in self._known:
            self._known[repr(zoning)] = group_cells(self._results, by=zoning)
        return self._known[repr(zoning)]

    def summary(self, by: By, population: str | Sequence[str] | None) -> pd.DataFrame:
        def table(zoning: Zoning, who: str | None) -> pd.DataFrame:
            groups, times = self._groups(zoning), self._times
            parts = [_service_summary(self._results, one, times[one.key], who, groups) for one in self._services]
            return _below_each_other(groups.labels, parts) if parts else groups.labels.iloc[:0].assign(service="")

        return each_zoning(table, by=by, population=population)

    def norms(self, by: By, population: str | Sequence[str] | None) -> pd.DataFrame:
        def table(zoning: Zoning, who: str | None) -> pd.DataFrame:
            return _norms(self._results, self._services, self._times, who, self._groups(zoning))

        return each_zoning(table, by=by, population=population)


def _norms(
    results: pd.DataFrame,
    services: Sequence[ServiceSpec],
    times: Mapping[str, Times],
    who: str | None,
    groups: Groups,
) -> pd.DataFrame:
    parts = []
    for service in services:
        people = people_of_service(results, service, who)
        everybody = groups.sums(people)
        times_s = times[service.key].times_s
        for norm_s, limit in zip(service.norm_values, service.limits(results), strict=True):
            beyond, within = groups.sums_by(times_s <= limit, 2, people).T
            figures = {
                "service": service.key,
                "norm_s": np.full(len(everybody), float(norm_s)),
                "population": everybody,
                "people_within": within,
                "people_beyond": beyond,
                "share_within": ratio(within, everybody),
            }
            parts.append(figures)
    if parts:
        return _below_each_other(groups.labels, parts)
    columns = [*groups.labels.columns, "service", "norm_s", "population", "people_within", "people_beyond"]
    return pd.DataFrame(columns=[*columns, "share_within"], dtype="object").astype(dict.fromkeys(groups.labels, "str"))
