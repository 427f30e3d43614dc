"""What it costs people that they may not use every site: an allowed site against the nearest of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.grouped import ratio
from geoaccess.measures.groups import each_zoning, group_cells, read_population, require_columns
from geoaccess.measures.one_service import check_index, column_of, on_groups
from geoaccess.measures.pairs import read_pairs, site_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures.groups import By, Groups, Zoning
    from geoaccess.measures.pairs import Times

__all__ = ["rule_cost", "rule_table", "rule_table_of_service"]

_REASONS = ("no_zone", "no_provider", "nothing_in_reach", "provider_out_of_reach")


@checks_arguments
def rule_cost(
    times: Times, *, cells: pd.Index, sites: pd.Index, zone: pd.Series, allowed: pd.DataFrame
) -> pd.DataFrame:
    """How much longer people need to the nearest site that they may use than to the nearest of all.

    extra_i = min_{j allowed to z(i)} t_ij - min_j t_ij >= 0.

    Parameters
    ----------
    times, cells
        As in `nearest_open`. A provider beyond the cutoff of the table counts as out of reach.
    sites
        The ids of all sites, in the order of an array of times.
    zone
        z(i), the zone that people belong to, by cell id: their municipality, or the catchment of a hospital.
    allowed
        Columns `zone_id` and `site_id`, a row per permission: see `allowed_by_zone` and `allowed_by_names`.

    Returns
    -------
    Table on `cells`: `free_s` and `free_site` (the nearest of all), `allowed_s` and `allowed_site`, `extra_s`, and
    `reason`: "" where an allowed site is reached, else "no_zone" (the cell lies in none), "no_provider" (nobody may
    serve its zone), "nothing_in_reach" (not even freely), "provider_out_of_reach". Times are inf and sites missing
    where there is none; `extra_s` is inf where only the allowed time is, NaN where both are.

    Raises
    ------
    InputError
        As `nearest_open`, and if a permission names an unknown site.

    Examples
    --------
    >>> allowed = pd.DataFrame({"zone_id": ["Lierne"], "site_id": ["Lierne"]})
    >>> zone = pd.Series({"border farm": "Lierne", "Sørli": "Lierne", "Limingen": "Røyrvik"})
    >>> cost = rule_cost(
    ...     [[2700.0, 1500.0], [600.0, 3600.0], [4800.0, 900.0]],
    ...     cells=zone.index, sites=pd.Index(["Lierne", "Snåsa"]), zone=zone, allowed=allowed,
    ... )
    >>> cost[["reason", "free_site", "allowed_site", "extra_s"]]
                      reason free_site allowed_site  extra_s
    border farm                  Snåsa       Lierne   1200.0
    Sørli                       Lierne       Lierne      0.0
    Limingen     no_provider     Snåsa          NaN      inf
    """
    require_columns(allowed, ["zone_id", "site_id"], subject="allowed")
    site_number = sites.get_indexer(pd.Index(allowed["site_id"]))
    unknown = allowed["site_id"][site_number < 0].unique()
    if unknown.size:
        raise InputError.listing("allowed", [f"{site!r} is none of the sites" for site in unknown])
    pairs = read_pairs(times, cells=cells, sites=sites)
    permitted, zones = _permitted(allowed, site_number, len(sites))
    home = zone.reindex(cells)
    number = zones.get_indexer(pd.Index(home))  # -1, the row of nobody, where no site is allowed
    free_s, free_site = pairs.nearest(np.ones(pairs.cell.size, np.bool_))
    allowed_s, allowed_site = pairs.nearest(permitted[number[pairs.cell], pairs.site])
    reason = np.select(
        [home.isna().to_numpy(), number < 0, np.isinf(free_s), np.isinf(allowed_s)], _REASONS, default=""
    )
    with np.errstate(invalid="ignore"):  # inf - inf, where nothing is reached at all
        extra_s = allowed_s - free_s
    return pd.DataFrame(
        {
            "free_s": free_s,
            "free_site": site_labels(sites, free_site),
            "allowed_s": allowed_s,
            "allowed_site": site_labels(sites, allowed_site),
            "extra_s": extra_s,
            "reason": reason.astype(object),
        },
        index=cells,
    )


@checks_arguments
def rule_table(
    extra_s: pd.Series, *, reasons: pd.Series, population: pd.Series, groups: pd.Series | None = None
) -> pd.DataFrame:
    """Sum up what a rule costs the people of each group, and count those it leaves without a provider.

    Nobody is dropped: population = not_slower + slower + the people of the four reasons.

    Parameters
    ----------
    extra_s, reasons
        The columns `extra_s` and `reason` of `rule_cost`.
    population, groups
        As for `summarise`, on the same index.

    Returns
    -------
    One row per group: `population`; `not_slower` and `slower`, the people whose allowed site is as near as any and
    those who travel longer; `no_zone`, `no_provider`, `nothing_in_reach`, `provider_out_of_reach`, people;
    `mean_extra_s`, over those who reach an allowed site, and `mean_extra_slower_s`, over those of them who travel
    longer, NaN where there are none.

    Raises
    ------
    InputError
        If the indexes differ, a reason is none of those, or population is negative, infinite or missing.

    Examples
    --------
    >>> extra_s, reasons = pd.Series([1200.0, 0.0, float("inf")]), pd.Series(["", "", "no_provider"])
    >>> table = rule_table(extra_s, reasons=reasons, population=pd.Series([30.0, 60.0, 10.0]))
    >>> table[["population", "not_slower", "slower", "no_provider", "mean_extra_s"]]
               population  not_slower  slower  no_provider  mean_extra_s
    group
    everybody       100.0        60.0    30.0         10.0         400.0
    """
    check_index(extra_s, "extra_s", reasons=reasons, population=population, groups=groups)
    results = pd.DataFrame({"population": population, "extra_s": extra_s, "reason": reasons})
    if groups is not None:
        results["group"] = groups
    return on_groups(rule_table_of_service(results, by=column_of(groups)))


@checks_arguments
def rule_table_of_service(
    results: pd.DataFrame, *, by: By = None, population: str | Sequence[str] | None = "population"
) -> pd.DataFrame:
    """Return `rule_table` of one service in a table of results, by one or several zonings.

    Parameters
    ----------
    results
        One row per cell: `population`, and `extra_s` and `reason` as `rule_cost` returns them.
    by, population
        As in `summarise_services`.

    Returns
    -------
    One row per group: the columns of groups as in `summarise_services`, and those of `rule_table`.

    Raises
    ------
    InputError
        If a column is missing, a reason is none of those, or population is negative, infinite or missing.

    Examples
    --------
    >>> results = pd.DataFrame({
    ...     "population": [30.0, 60.0, 10.0], "extra_s": [1200.0, 0.0, float("inf")], "reason": ["", "", "no_provider"]
    ... })
    >>> rule_table_of_service(results)[["population", "not_slower", "slower", "no_provider", "mean_extra_s"]]
       population  not_slower  slower  no_provider  mean_extra_s
    0       100.0        60.0    30.0         10.0         400.0
    """
    require_columns(results, ["extra_s", "reason"])
    odd = results["reason"][~results["reason"].isin(["", *_REASONS])]
    if len(odd):
        raise InputError(
            f"results: reason is {odd.iloc[0]!r} in {len(odd)} cells; it is empty or {', '.join(_REASONS)}"
        )

    def table(zoning: Zoning, who: str | None) -> pd.DataFrame:
        return _costs(results, read_population(results, who or "population"), group_cells(results, by=zoning))

    return each_zoning(table, by=by, population=population)


def _costs(results: pd.DataFrame, people: npt.NDArray[np.float64], groups: Groups) -> pd.DataFrame:
    reason = results["reason"].to_numpy(dtype=object)
    served = reason == ""
    extra_s = np.where(served, results["extra_s"].to_numpy(dtype=np.float64), 0.0)
    slower = served & (extra_s > 0)
    table = groups.labels.assign(population=groups.sums(people))
    counted = {"not_slower": served & ~slower, "slower": slower} | {name: reason == name for name in _REASONS}
    for name, rows in counted.items():
        table[name] = groups.sums(np.where(rows, people, 0.0))
    total = groups.sums(people * extra_s)
    table["mean_extra_s"] = ratio(total, (table["not_slower"] + table["slower"]).to_numpy())
    table["mean_extra_slower_s"] = ratio(total, table["slower"].to_numpy())
    return table


def _permitted(
    allowed: pd.DataFrame, site_number: npt.NDArray[np.intp], n_sites: int
) -> tuple[npt.NDArray[np.bool_], pd.Index]:
    """Return which zone (and last nobody) may use which site, and the zones."""
    codes, zones = pd.factorize(allowed["zone_id"])
    permitted = np.zeros((len(zones) + 1, n_sites), np.bool_)
    permitted[codes, site_number] = True
    permitted[-1] = False  # a permission for no zone is nobody's
    return permitted, pd.Index(zones)
