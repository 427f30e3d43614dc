"""The sites of a service: in the order of the table, and in which municipality each lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess import zones
from geoaccess.errors import ConfigError, InputError
from geoaccess.routing import by_blocks_of_cells
from geoaccess.services import SiteDirectory
from geoaccess.study import stages
from geoaccess.study.municipality_numbers import matched
from geoaccess.study.settings.inputs import ZonesFromColumn
from geoaccess.tables import zone_number

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.study.sections.inputs import SectionInput, SolvedInput

__all__ = [
    "ask_of_times",
    "municipality_by_place",
    "municipality_of_sites",
    "names_of_municipalities",
    "sites_of_service",
]


def sites_of_service(known: SectionInput, key: str) -> gpd.GeoDataFrame:
    """Return the sites of a service, in the order of the table of sites."""
    return known.sites[(known.sites["service"] == key).to_numpy(bool)]


def ask_of_times(
    solved: SolvedInput, key: str, answer: Callable[[npt.NDArray[np.float64], pd.Index], pd.DataFrame]
) -> pd.DataFrame:
    """Put together what `answer` says of the times between some cells and all sites of a service.

    Those are times in the direction that the service asks for; see `geoaccess.routing.by_blocks_of_cells`.
    """
    roads = solved.roads_of(key)
    sites = roads.snapped.sites.loc[sites_of_service(solved, key).index]
    direction = solved.study.settings.services[key].direction
    return by_blocks_of_cells(roads.network, roads.snapped.cells, sites, answer, direction=direction)


def names_of_municipalities(known: SectionInput) -> pd.Series:
    """Return the names of all municipalities that are known, by number."""
    here = known.results[["municipality_id", "municipality"]].drop_duplicates("municipality_id")
    names: pd.Series = here[here["municipality_id"] != ""].set_index("municipality_id")["municipality"]
    if known.municipalities is not None:
        names = names.combine_first(known.municipalities.table["name"])
    settings = known.study.settings.zones
    if isinstance(settings, ZonesFromColumn) and settings.names_file:
        listed = zones.read_municipality_names(
            known.study.resolve(settings.names_file), number=settings.names_id, name=settings.names_name
        )
        digits = known.study.scheme.zone_digits
        numbers = [zone_number(text, digits) for text in listed.index]
        names = names.combine_first(listed.set_axis(numbers)[lambda series: ~series.index.duplicated()])
    return names


def municipality_of_sites(known: SectionInput, key: str) -> pd.Series[str]:
    """Return the number of the municipality of each site: from the column the service names, else by its place.

    Raises
    ------
    ConfigError
        If the service names no column and the municipalities have no borders.
    InputError
        If a site lies in no municipality, or names none.
    """
    settings, sites = known.study.settings, sites_of_service(known, key)
    named = settings.services[key].municipality
    if named is not None:
        numbers = names_of_municipalities(known).index
        found = matched(known.study, sites[named], numbers)
        if not found.isin(numbers).any():
            raise InputError(
                f'sites of {key}: {named} is "{found.iloc[0]}" and so on, no municipality of the study, which has '
                f"{', '.join(map(str, numbers[:3]))}; name a table of changed numbers in [zones] (changes = ...)"
            )
    elif known.municipalities is not None and settings.zones.kind != "column":
        return municipality_by_place(known, sites, key)
    else:
        raise ConfigError(
            f"{known.study.path}: [services.{key}] needs the municipality of its sites, and [zones] has no borders to "
            'find it by; write municipality = "kommunenummer", the column of the table of sites that holds the number'
        )
    _refuse_lost(found, sites, key)
    return found


def municipality_by_place(known: SectionInput, sites: gpd.GeoDataFrame, key: str) -> pd.Series[str]:
    """Return the number of the municipality that each site lies in, see `stages.municipalities_at`.

    Raises
    ------
    InputError
        If a site lies in none.
    """
    places = stages.municipalities_at(known.study, sites.geometry, known.results, known.municipalities)
    found: pd.Series[str] = places["municipality_id"]
    _refuse_lost(found, sites, key)
    return found


def _refuse_lost(found: pd.Series[str], sites: gpd.GeoDataFrame, key: str) -> None:
    directory = SiteDirectory(sites)
    lost = [f"{directory.describe(site)}: lies in no municipality" for site in found.index[found == ""]]
    if lost:
        raise InputError.listing(f"sites of {key}", lost)
