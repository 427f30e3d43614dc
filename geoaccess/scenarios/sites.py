"""Scenarios applied to tables of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import crs_of
from geoaccess.scenarios.changes import PLAIN, Scenario, site_label
from geoaccess.tables import to_numbers
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd

    from geoaccess.scenarios.changes import AddSite, ChangeSite, MoveSite, RemoveSite

__all__ = ["apply_to_sites", "site_problems"]

_NUMBERS = ("days_per_week", "capacity")
_SOURCE = "scenario"


@checks_arguments
def apply_to_sites(
    scenario: Scenario, sites: gpd.GeoDataFrame, *, services: Sequence[str] | None = None
) -> gpd.GeoDataFrame:
    """Return the sites as they are in a scenario, a new table; the one given stays as it is.

    Parameters
    ----------
    sites
        Index `site_id`, columns service and name, points in EPSG:4326, such as `Answers.sites` or `read_sites`.
    services
        The services that sites may be added to; those in the table when left out.

    Returns
    -------
    The sites that stay in their order, at the place and with the attributes that they have in the scenario, then those
    added, in the order of the scenario. A column of `days_per_week`, `capacity` (NaN unknown), `level`, `opening` or
    `allowed` (zones with ";" between, "" everybody) is there where the table has it or the scenario says so. The
    column `source` of added sites is "scenario".

    Raises
    ------
    InputError
        With every site and service that is not there, and the nearest that is; every site that would stand twice.

    Examples
    --------
    >>> import geopandas as gpd
    >>> sites = gpd.GeoDataFrame(
    ...     {"service": ["gp", "gp"], "name": ["West", "East"]},
    ...     geometry=gpd.points_from_xy([10, 11], [60, 60]), index=["gp-west", "gp-east"], crs="EPSG:4326",
    ... )
    >>> change = Scenario(
    ...     title="Move the office",
    ...     remove=[{"service": "gp", "site": "gp-west"}],
    ...     add=[{"service": "gp", "name": "Middle", "lon": 10.5, "lat": 60.0, "days_per_week": 2}],
    ... )
    >>> apply_to_sites(change, sites)["days_per_week"].to_dict()
    {'gp-east': nan, 'gp-middle': 2.0}
    """
    problems = site_problems(scenario, sites, services=services)
    if problems:
        raise InputError.listing(f'scenario "{scenario.title}"', problems)
    out = _added(scenario.add, sites)
    for move in scenario.move:
        out = _moved(move, out)
    for name in (*PLAIN, "allowed"):
        out = _changed(name, scenario.change, out)
    return out.drop(index=[item.site for item in scenario.remove])


@checks_arguments
def site_problems(scenario: Scenario, sites: pd.DataFrame, *, services: Sequence[str] | None = None) -> list[str]:
    """Return what keeps a scenario from being applied to a table of sites, a line each."""
    known = [*dict.fromkeys(sites["service"])] if services is None else [*services]
    service = dict(zip(sites.index, sites["service"], strict=True))
    problems = []
    for number, item in enumerate(scenario.add, start=1):
        label = site_label(item)
        if item.service not in known:
            problems.append(f'[[add]] {number}: no service "{item.service}"{did_you_mean(item.service, known)}')
        if label in service:
            problems.append(f'[[add]] {number}: there is a site "{label}" already; write another id: site = "..."')
        service[label] = item.service
    for what in ("move", "change", "remove"):
        items: Iterable[Any] = getattr(scenario, what)
        problems += _unknown(what, items, service, known)
    removed = [item.site for item in scenario.remove]
    problems += [f'"{label}" is removed twice' for label in dict.fromkeys(removed) if removed.count(label) > 1]
    return problems


def _unknown(
    what: str, items: Iterable[RemoveSite | MoveSite | ChangeSite], service: dict[Any, str], known: list[str]
) -> list[str]:
    problems = []
    for number, item in enumerate(items, start=1):
        if item.service not in known:
            problems.append(f'[[{what}]] {number}: no service "{item.service}"{did_you_mean(item.service, known)}')
        elif service.get(item.site) != item.service:
            ours = [str(label) for label, of in service.items() if of == item.service]
            other = f"; that is a site of {service[item.site]}" if item.site in service else ""
            hint = other or did_you_mean(item.site, ours)
            problems.append(f'[[{what}]] {number}: {item.service} has no site "{item.site}"{hint}')
    return problems


def _added(items: Sequence[AddSite], sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd

    out = sites
    for name in PLAIN:
        if any(getattr(item, name) is not None for item in items):
            out = _with_column(out, name)
    if not items:
        return out.copy()
    rows: list[dict[str, Any]] = []
    for item in items:
        given = {name: getattr(item, name) for name in PLAIN if getattr(item, name) is not None}
        rows.append({"service": item.service, "name": item.name, "source": _SOURCE, **given})
    new = pd.DataFrame(rows, index=pd.Index([site_label(item) for item in items], name=out.index.name))
    new = new.reindex(columns=[name for name in out.columns if name != out.geometry.name])
    for name in new.columns:
        if out[name].dtype.kind == "b":
            new[name] = np.zeros(len(new), bool)
        elif name not in _NUMBERS and out[name].dtype.kind not in "iuf":
            new[name] = new[name].astype(object).fillna("").astype(out[name].dtype)
    points = gpd.GeoSeries.from_xy([item.lon for item in items], [item.lat for item in items], crs="EPSG:4326")
    table = new.assign(**{str(out.geometry.name): points.to_crs(crs_of(out)).to_numpy()})
    table = gpd.GeoDataFrame(table, geometry=out.geometry.name, crs=out.crs)
    joined: gpd.GeoDataFrame = pd.concat([out, table])
    return joined


def _moved(move: MoveSite, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd

    point = gpd.GeoSeries.from_xy([move.lon], [move.lat], crs="EPSG:4326").to_crs(crs_of(sites)).iloc[0]
    places = sites.geometry.copy()
    places.loc[move.site] = point
    return sites.set_geometry(places)


def _changed(name: str, items: Sequence[ChangeSite], sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    given = [(item.site, getattr(item, name)) for item in items if getattr(item, name) is not None]
    if not given:
        return sites
    out = _with_column(sites, name)
    for site, value in given:
        out.loc[site, name] = ";".join(value) if name == "allowed" else value
    return out


def _with_column(sites: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Return a copy of the sites with a column of numbers or text, which may be there already."""
    if name in _NUMBERS:
        return sites.assign(**{name: to_numbers(sites[name]) if name in sites else np.nan})
    return sites.assign(**{name: sites[name] if name in sites else pd.Series("", index=sites.index, dtype="str")})
