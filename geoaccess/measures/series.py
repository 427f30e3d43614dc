"""Measures of one service from Series: times, people and groups on the same index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.closing import slack_of_service, slack_table_of_services
from geoaccess.measures.specification import ServiceSpec
from geoaccess.measures.summary import norm_table_of_services, quantile_table_of_services, summarise_services

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["norm_table", "quantile_table", "second_nearest_slack", "slack_table", "summarise"]

_KEY = "service"


@checks_arguments
def summarise(
    times: pd.Series, *, population: pd.Series, groups: pd.Series | None = None, reasons: pd.Series | None = None
) -> pd.DataFrame:
    """Return how long the people of each group need, and how many are not reached, and why.

    Nobody is dropped: population = reached + unreached in every row.

    Parameters
    ----------
    times
        Seconds to the nearest site, by cell; inf is unreachable, NaN is not snapped.
    population
        People of each cell, >= 0, on the same index.
    groups
        The group of each cell, such as its centrality class; everybody together when None.
    reasons
        Why a cell is not reached, as `nearest` gives it; "no_site_reachable" and "no_road_within" when None.

    Returns
    -------
    One row per group, on the groups in rising order (cells without one are "unclassified", last): `population`,
    `reached`, `unreached`, `unreached_<reason>` in people; `mean_s` over those who are reached; `median_s` and `p90_s`
    over everybody, those not reached counting as the longest.

    Raises
    ------
    InputError
        If the indexes differ, people or a time are negative, or a reason contradicts its time.

    Examples
    --------
    >>> times = pd.Series([300.0, 1500.0, float("inf")], index=["a", "b", "c"])
    >>> people = pd.Series([100.0, 60.0, 40.0], index=["a", "b", "c"])
    >>> classes = pd.Series([1, 6, 6], index=["a", "b", "c"])
    >>> summarise(times, population=people, groups=classes)[["population", "reached", "mean_s", "median_s"]]
           population  reached  mean_s  median_s
    group
    1           100.0    100.0   300.0     300.0
    6           100.0     60.0  1500.0    1500.0
    """
    results = _results(times, population, groups, reasons)
    return _of_one(summarise_services(results, services=[_spec()], by=_by(groups)))


@checks_arguments
def norm_table(
    times: pd.Series, *, norms_s: Sequence[float], population: pd.Series, groups: pd.Series | None = None
) -> pd.DataFrame:
    """Return how many people of each group are within and beyond each norm.

    Parameters
    ----------
    times, population, groups
        As for `summarise`. People who reach no site are beyond every norm but inf.
    norms_s
        Target times in seconds, rising.

    Returns
    -------
    One row per group and norm: `norm_s`, `population`, `people_within`, `people_beyond` and `share_within`.

    Raises
    ------
    InputError
        As `summarise`, and if the norms are not positive and rising.

    Examples
    --------
    >>> times, people = pd.Series([300.0, 1500.0, float("inf")]), pd.Series([100.0, 60.0, 40.0])
    >>> norm_table(times, norms_s=[600.0], population=people)[["norm_s", "share_within"]]
               norm_s  share_within
    group
    everybody   600.0           0.5
    """
    results = _results(times, population, groups, None)
    return _of_one(norm_table_of_services(results, services=[_spec(norms_s)], by=_by(groups)))


@checks_arguments
def quantile_table(
    times: pd.Series, *, shares: Sequence[float], population: pd.Series, groups: pd.Series | None = None
) -> pd.DataFrame:
    """Return the times within which given shares of the people of each group reach a site.

    Parameters
    ----------
    times, population, groups
        As for `summarise`; people who are not reached count as the longest.
    shares
        Between 0 and 1.

    Returns
    -------
    One row per group and share: `share` and `time_s`, inf where the quantile falls on people who are not reached.

    Raises
    ------
    InputError
        As `summarise`, and if a share is not between 0 and 1.

    Examples
    --------
    >>> times, people = pd.Series([300.0, 1500.0, float("inf")]), pd.Series([100.0, 60.0, 40.0])
    >>> quantile_table(times, shares=[0.5, 0.9], population=people)["time_s"].tolist()
    [300.0, inf]
    """
    results = _results(times, population, groups, None)
    return _of_one(quantile_table_of_services(results, services=[_spec()], shares=shares, by=_by(groups)))


@checks_arguments
def second_nearest_slack(times: pd.Series, second: pd.Series) -> pd.Series:
    """Return how much longer people need to the second nearest site than to the nearest: the cost if that one closes.

    slack_i = t2_i - t1_i.

    Parameters
    ----------
    times, second
        Seconds to the nearest and to the second nearest site, on the same index; inf or NaN where there is none.

    Returns
    -------
    Series on that index, seconds >= 0; inf where there is a nearest site but no second, NaN where there is no nearest.

    Raises
    ------
    InputError
        If the indexes differ, a time is negative, or the second nearest is nearer than the nearest.

    Examples
    --------
    >>> inf = float("inf")
    >>> second_nearest_slack(pd.Series([300.0, 900.0, inf]), pd.Series([500.0, inf, inf])).tolist()
    [200.0, inf, nan]
    """
    results = _with_second(_results(times, pd.Series(1.0, times.index), None, None), times, second)
    return slack_of_service(results, service=_spec()).rename("slack_s")


@checks_arguments
def slack_table(
    times: pd.Series, second: pd.Series, *, population: pd.Series, groups: pd.Series | None = None
) -> pd.DataFrame:
    """Return, by group, how much longer people would need if their nearest site closed.

    Parameters
    ----------
    times, second
        As for `second_nearest_slack`.
    population, groups
        As for `summarise`.

    Returns
    -------
    One row per group; the columns are those of the table `slack` of a study: means and quantiles of the slack in
    seconds over the people who have a second site, and the people who have none.

    Raises
    ------
    InputError
        As `second_nearest_slack` and `summarise`.

    Examples
    --------
    >>> times, second = pd.Series([300.0, 900.0]), pd.Series([500.0, 1000.0])
    >>> slack_table(times, second, population=pd.Series([3.0, 1.0]))["mean_slack_s"].tolist()
    [175.0]
    """
    results = _with_second(_results(times, population, groups, None), times, second)
    return _of_one(slack_table_of_services(results, services=[_spec()], by=_by(groups)))


def _spec(norms_s: Sequence[float] = ()) -> ServiceSpec:
    return ServiceSpec(key=_KEY, label=_KEY, norms_s=tuple(norms_s))


def _by(groups: pd.Series | None) -> str | None:
    return None if groups is None else "group"


def _results(
    times: pd.Series, population: pd.Series, groups: pd.Series | None, reasons: pd.Series | None
) -> pd.DataFrame:
    """Return the table that the measures of studies read."""
    given = {"population": population, "groups": groups, "reasons": reasons}
    wrong = [name for name, one in given.items() if one is not None and not one.index.equals(times.index)]
    if wrong:
        raise InputError(f"{' and '.join(wrong)}: not on the index of times; give Series with the same index, in order")
    if reasons is None:
        unsnapped = np.where(times.isna(), "no_road_within", "no_site_reachable")
        reasons = pd.Series(np.where(np.isfinite(times), "", unsnapped), times.index)
    out = pd.DataFrame({"population": population, f"{_KEY}_s": times, f"{_KEY}_reason": reasons})
    return out if groups is None else out.assign(group=groups)


def _with_second(results: pd.DataFrame, times: pd.Series, second: pd.Series) -> pd.DataFrame:
    if not second.index.equals(times.index):
        raise InputError("second: not on the index of times; give Series with the same index, in order")
    return results.assign(**{f"{_KEY}_second_s": second})


def _of_one(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the one service on its groups."""
    if "group" not in table:
        table = table.assign(group="everybody")
    return table.drop(columns="service").set_index("group")
