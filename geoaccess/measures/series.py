"""Measures of one service from Series: times, people and groups on the same index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.measures.closing import slack_of_service, slack_table_of_services
from geoaccess.measures.one_service import KEY, check_index, column_of, on_groups, results_of, spec_of
from geoaccess.measures.summary import norm_table_of_services, quantile_table_of_services, summarise_services

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["norm_table", "quantile_table", "second_nearest_slack", "slack_table", "summarise"]


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
    results = results_of(times, population, groups, reasons)
    return on_groups(summarise_services(results, services=[spec_of()], by=column_of(groups)))


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
    results = results_of(times, population, groups)
    return on_groups(norm_table_of_services(results, services=[spec_of(norms_s)], by=column_of(groups)))


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
    results = results_of(times, population, groups)
    return on_groups(quantile_table_of_services(results, services=[spec_of()], shares=shares, by=column_of(groups)))


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
    results = _with_second(results_of(times, pd.Series(1.0, times.index), None), times, second)
    return slack_of_service(results, service=spec_of()).rename("slack_s")


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
    results = _with_second(results_of(times, population, groups), times, second)
    return on_groups(slack_table_of_services(results, services=[spec_of()], by=column_of(groups)))


def _with_second(results: pd.DataFrame, times: pd.Series, second: pd.Series) -> pd.DataFrame:
    check_index(times, "times", second=second)
    return results.assign(**{f"{KEY}_second_s": second})
