"""Scenarios applied to tables of sites."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import crs_of
from geoaccess.scenarios.changes import PLAIN, RemoveSite, Scenario, site_label
from geoaccess.services import SiteDirectory
from geoaccess.tables import to_numbers
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from geoaccess.scenarios.changes import AddSite, ChangeSite, MoveSite

__all__ = ["ResolvedScenario", "apply_to_sites", "gives_nothing", "resolve_sites", "stated_values"]

_NUMBERS = ("days_per_week", "capacity")
_SOURCE = "scenario"


@dataclass(frozen=True, eq=False)
class ResolvedScenario:
    """A scenario in which every site is named by its id in a table of sites.

    Attributes
    ----------
    scenario
        With the ids of the table; a place that is removed is a removal of each service there.
    places
        What each such place was called, and the sites that stand there.
    staying
        Sites that are removed, and those of other services that stand at the same place and are not.
    """

    scenario: Scenario
    places: tuple[tuple[str, tuple[Any, ...]], ...]
    staying: tuple[tuple[Any, tuple[Any, ...]], ...]


def gives_nothing(days_per_week: Any, capacity: Any) -> Any:
    """Whether a site that a scenario leaves so many days and so much capacity gives nothing: as if it were closed.

    What is not said (None, or NaN in columns) takes nothing away.

    >>> gives_nothing(0, None), gives_nothing(2.5, None), gives_nothing(None, 0)
    (True, False, True)
    """
    return (days_per_week == 0) | (capacity == 0)


@checks_arguments
def stated_values(name: str, sites: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Return what a scenario says of each site in a column; missing where nothing, or what the study says already.

    `sites` are those of the scenario, as `apply_to_sites` returns them, `before` those of the study.

    >>> before = pd.DataFrame({"capacity": ["0", "5"]}, index=["west", "east"])
    >>> stated_values("capacity", pd.DataFrame({"capacity": [0.0, 0.0]}, index=["west", "east"]), before).tolist()
    [nan, 0.0]
    """
    if name not in sites:
        return pd.Series(np.nan, index=sites.index)
    now = _read(name, sites[name])
    if name in before:
        now = now.mask(now == _read(name, before[name]).reindex(sites.index))
    return now.mask(now == "")


def _read(name: str, values: pd.Series) -> pd.Series:
    return pd.Series(to_numbers(values), index=values.index) if name in _NUMBERS else values


@checks_arguments
def resolve_sites(
    scenario: Scenario, directory: SiteDirectory, *, services: Sequence[str] | None = None, by_name: bool = False
) -> ResolvedScenario:
    """Find the sites that a scenario names in a table of sites.

    Parameters
    ----------
    directory
        The sites as they stand; those that the scenario adds are known too.
    services
        The services that sites may be added to; those in the table when left out.
    by_name
        Take no id that does not say a name: for a scenario that was written for other sites.

    Raises
    ------
    InputError
        With everything that is not there, may be several sites, or is called otherwise than the scenario says.
    """
    known = [*dict.fromkeys(directory.sites["service"])] if services is None else [*services]
    problems: list[str] = []
    added = _new_labels(scenario.add, directory.sites.index, known, problems)
    everything = replace(directory, sites=_added(added, directory.sites))
    own = {site_label(item) for item in added}
    parts: dict[str, tuple[Any, ...]] = {}
    places: list[tuple[str, tuple[Any, ...]]] = []
    for what in ("move", "change", "remove"):
        found: list[Any] = []
        for number, item in enumerate(getattr(scenario, what), start=1):
            try:
                if isinstance(item, RemoveSite) and item.place:
                    labels = everything.at_place(item.place)
                    places.append((item.place, tuple(labels)))
                    found += [_removal(everything, label) for label in labels]
                    continue
                if item.service not in known:
                    raise InputError(f'no service "{item.service}"{did_you_mean(item.service, known)}')  # noqa: TRY301
                label = everything.find(
                    item.site, service=item.service, name=item.name, by_name=by_name and item.site not in own
                )
                found.append(item.model_copy(update={"site": label}))
            except InputError as error:
                problems.append(f"[[{what}]] {number}: {error}")
        parts[what] = tuple(found)
    gone = [item.site for item in parts["remove"]]
    problems += [
        f'"{label}" is removed twice: {everything.describe(label)}'
        for label in dict.fromkeys(gone)
        if gone.count(label) > 1
    ]
    if problems:
        raise InputError.listing(f'scenario "{scenario.title}"', problems)
    others = ((label, everything.companions(label)) for label in gone)
    staying = tuple((label, stay) for label, near in others if (stay := tuple(one for one in near if one not in gone)))
    return ResolvedScenario(scenario.model_copy(update=parts), tuple(places), staying)


def _removal(directory: SiteDirectory, label: Any) -> RemoveSite:
    row = directory.sites.loc[label]
    return RemoveSite(service=row["service"], site=str(label), name=row["name"]).model_copy(update={"site": label})


def _new_labels(items: Sequence[AddSite], there: pd.Index, known: Sequence[str], problems: list[str]) -> list[AddSite]:
    """Return the added sites whose id is free; the others add to `problems`."""
    taken, new = set(there), []
    for number, item in enumerate(items, start=1):
        label = site_label(item)
        if item.service not in known:
            problems.append(f'[[add]] {number}: no service "{item.service}"{did_you_mean(item.service, known)}')
        if label in taken:
            problems.append(f'[[add]] {number}: there is a site "{label}" already; write another id: site = "..."')
        else:
            new.append(item)
        taken.add(label)
    return new


@checks_arguments
def apply_to_sites(
    scenario: Scenario, sites: gpd.GeoDataFrame, *, services: Sequence[str] | None = None
) -> gpd.GeoDataFrame:
    """Return the sites as they are in a scenario, a new table; the one given stays as it is.

    Parameters
    ----------
    sites
        Index `site_id`, columns service and name, points in EPSG:4326, such as `Answers.sites` or `read_sites`. The
        scenario names them by id or name, see `SiteDirectory`.
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
    ...     remove=[{"service": "gp", "site": "West"}],
    ...     add=[{"service": "gp", "name": "Middle", "lon": 10.5, "lat": 60.0, "days_per_week": 2}],
    ... )
    >>> apply_to_sites(change, sites)["days_per_week"].to_dict()
    {'gp-east': nan, 'gp-middle': 2.0}
    """
    scenario = resolve_sites(scenario, SiteDirectory(sites), services=services).scenario
    out = _added(scenario.add, sites)
    for move in scenario.move:
        out = _moved(move, out)
    for name in (*PLAIN, "allowed"):
        out = _changed(name, scenario.change, out)
    return out.drop(index=[item.site for item in scenario.remove])


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
