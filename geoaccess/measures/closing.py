"""What it costs if the nearest site closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.grouped import group_quantiles, ratio
from geoaccess.measures.groups import each_zoning, group_cells, people_of_service, read_times, require_columns
from geoaccess.measures.summary import check_services

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures.groups import By, Groups, Times, Zoning
    from geoaccess.measures.specification import ServiceSpec

__all__ = ["second_nearest_of_services", "slack_of_service", "slack_table_of_services"]


@checks_arguments
def slack_of_service(results: pd.DataFrame, *, service: ServiceSpec) -> pd.Series:
    """How much longer people need to the second nearest site than to the nearest: the cost if the nearest closes.

    slack_i = t2_i - t1_i.

    Parameters
    ----------
    results
        One row per cell, with `{s}_s` and `{s}_reason` as in `summarise_services` and `{s}_second_s`, the time to the
        second nearest site (seconds; inf or NaN where there is none).
    service
        The service s.

    Returns
    -------
    Series `{s}_slack_s` on the index of `results`, seconds >= 0; inf where there is a nearest site but no second; NaN
    where there is no nearest.

    Raises
    ------
    InputError
        As `summarise_services`, and if the second nearest is nearer than the nearest or there without it.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> inf = float("inf")
    >>> results = pd.DataFrame({
    ...     "gp_s": [300.0, 900.0, inf], "gp_second_s": [500.0, inf, inf], "gp_reason": ["", "", "no_road_within"]
    ... })
    >>> slack_of_service(results, service=ServiceSpec(key="gp", label="GP")).tolist()
    [200.0, inf, nan]
    """
    times = read_times(results, service)
    return pd.Series(_slack(times, _second(results, service, times)), results.index, name=f"{service.key}_slack_s")


@checks_arguments
def second_nearest_of_services(results: pd.DataFrame, *, services: Sequence[ServiceSpec]) -> pd.DataFrame:
    """Give every cell its second nearest site for its nearest, as if that had closed: for measures that take results.

    `norm_table_of_services` of the answer counts who would be beyond the norms then. Of one service, in Series, that is
    `norm_table` of the times to the second nearest.

    Parameters
    ----------
    results
        As in `slack_of_service`.
    services
        The services that lose the nearest site.

    Returns
    -------
    A copy of `results` in which `{s}_s` (and `{s}_site`, where it is there) are those of the second nearest site, and
    `{s}_reason` is "no_site_reachable" where there is only one. The columns `{s}_second_...` are gone.

    Raises
    ------
    InputError
        As `slack_of_service`.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> results = pd.DataFrame({"gp_s": [300.0, 900.0], "gp_second_s": [500.0, float("inf")], "gp_reason": ["", ""]})
    >>> second_nearest_of_services(results, services=[ServiceSpec(key="gp", label="GP")])
        gp_s          gp_reason
    0  500.0
    1    inf  no_site_reachable
    """
    check_services(services)
    out = results.copy()
    for service in services:
        key, times = service.key, read_times(results, service)
        second_s = _second(results, service, times)
        out[f"{key}_s"] = second_s
        out[f"{key}_reason"] = np.where(times.reached & np.isinf(second_s), "no_site_reachable", times.reasons)
        if {f"{key}_site", f"{key}_second_site"} <= set(out.columns):
            out[f"{key}_site"] = out[f"{key}_second_site"]
        out = out.drop(columns=[f"{key}_second_s", f"{key}_second_site"], errors="ignore")
    return out


@checks_arguments
def slack_table_of_services(
    results: pd.DataFrame,
    *,
    services: Sequence[ServiceSpec],
    by: By = None,
    population: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Sum up what it would cost the people of each group if their nearest site closed; how many have no other.

    Parameters
    ----------
    results
        As in `slack_of_service`, with `population`.
    services, by, population
        As in `summarise_services`.

    Returns
    -------
    One row per service and group, in the order of `summarise_services`: the columns of groups, `service`, `population`;
    `reached`, the people who reach a site, and `without_second`, those of them who reach no other; `mean_slack_s` over
    the people who have a second, NaN where nobody has; `median_slack_s` and `p90_slack_s` over all who are reached,
    those without a second counting as the longest: inf where the quantile falls on them, NaN where nobody is reached.

    Raises
    ------
    InputError
        As `slack_of_service` and `summarise_services`.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> results = pd.DataFrame({
    ...     "population": [100.0, 60.0, 40.0],
    ...     "gp_s": [300.0, 600.0, 900.0],
    ...     "gp_second_s": [500.0, 1800.0, float("inf")],
    ...     "gp_reason": ["", "", ""],
    ... })
    >>> gp = ServiceSpec(key="gp", label="GP")
    >>> slack_table_of_services(results, services=[gp]).drop(columns=["population", "reached"])
      service  without_second  mean_slack_s  median_slack_s  p90_slack_s
    0      gp            40.0         575.0           200.0          inf
    """
    check_services(services)

    def table(zoning: Zoning, who: str | None) -> pd.DataFrame:
        groups = group_cells(results, by=zoning)
        tables = [_service_slack(results, service, who, groups) for service in services]
        return pd.concat(tables, ignore_index=True) if tables else groups.labels.iloc[:0].assign(service="")

    return each_zoning(table, by=by, population=population)


def _service_slack(results: pd.DataFrame, service: ServiceSpec, who: str | None, groups: Groups) -> pd.DataFrame:
    times, people = read_times(results, service), people_of_service(results, service, who)
    slack_s = _slack(times, _second(results, service, times))
    reached, has_second = np.where(times.reached, people, 0.0), np.isfinite(slack_s)
    with_second = groups.sums(np.where(has_second, people, 0.0))
    table = groups.labels.assign(service=service.key, population=groups.sums(people), reached=groups.sums(reached))
    table["without_second"] = groups.sums(np.where(has_second, 0.0, reached))
    table["mean_slack_s"] = ratio(groups.sums(people * np.where(has_second, slack_s, 0.0)), with_second)
    table[["median_slack_s", "p90_slack_s"]] = group_quantiles(slack_s, reached, groups, (0.5, 0.9))
    return table


def _slack(times: Times, second_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(times.reached, second_s - np.where(times.reached, times.times_s, 0.0), np.nan)


def _second(results: pd.DataFrame, service: ServiceSpec, times: Times) -> npt.NDArray[np.float64]:
    """Return the time to the second nearest site, inf where there is none."""
    column = f"{service.key}_second_s"
    require_columns(results, [column])
    second_s = results[column].to_numpy(dtype=np.float64, na_value=np.nan)
    second_s = np.where(np.isnan(second_s), np.inf, second_s)
    wrong = second_s < times.times_s
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"results: {column} is below {service.key}_s in {int(wrong.sum())} cells (cell {results.index[first]}: "
            f"{second_s[first]} and {times.times_s[first]}); the second nearest site cannot be the nearer one"
        )
    return second_s
