"""The roads of ambulances, and the norm of each cell: what response times are made of and held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import measures, zones
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy
from geoaccess.study.settings.response import NORM_COLUMN
from geoaccess.study.stages.networks import build_or_load_network, contract_or_load
from geoaccess.study.stages.snapping import Snapped, snap_all

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.network import Network
    from geoaccess.study.settings.ambulance import AmbulanceSettings
    from geoaccess.study.settings.study_file import Study

__all__ = ["Roads", "own_norms", "roads_of_vehicles", "vehicle_hierarchy", "vehicle_network"]

_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


@dataclass(frozen=True, eq=False)
class Roads:
    """Roads to search on, and the cells and sites attached to them; bases set out after the call."""

    network: Network | Hierarchy
    snapped: Snapped

    @property
    def plain(self) -> Network:
        """The network, whatever it is searched by."""
        return self.network.network if isinstance(self.network, Hierarchy) else self.network


def vehicle_network(study: Study) -> tuple[Study, Network] | None:
    """Return the study with the profile of its ambulances, and their roads, built or from the cache.

    None where they drive as [network] says.
    """
    rule = study.response
    if rule is None or rule.profile is None:
        return None
    own = study.with_profile(rule.profile)
    return own, build_or_load_network(own)[0]


def vehicle_hierarchy(study: Study) -> Hierarchy | None:
    """Return the hierarchy of the roads of `vehicle_network`; None where there are none."""
    driven = vehicle_network(study)
    return None if driven is None else contract_or_load(*driven)


def roads_of_vehicles(
    study: Study, hierarchy: Hierarchy | None, cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame
) -> Roads | None:
    """Return the roads of `vehicle_hierarchy` with cells and sites attached, None where there are none."""
    if hierarchy is None or study.response is None:
        return None
    return Roads(hierarchy, snap_all(study, hierarchy.network, cells, sites))


def own_norms(study: Study, cells: gpd.GeoDataFrame, people: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return whether each cell is built up, and its norm for ambulances; no column where none are measured.

    Parameters
    ----------
    cells
        With `population` and shapes.
    people
        The cells as read, with the columns of their file.
    """
    settings, rule = study.settings.ambulance, study.response
    if settings is None or rule is None:
        return pd.DataFrame(index=cells.index)
    built_up = _built_up(study, settings, cells, people)
    held = measures.response_norm(built_up, norms=rule.norms)
    return pd.DataFrame({"ambulance_built_up": built_up, NORM_COLUMN: held["norm_s"]}, index=cells.index)


def _built_up(
    study: Study, settings: AmbulanceSettings, cells: gpd.GeoDataFrame, people: gpd.GeoDataFrame
) -> pd.Series:
    """Return whether each cell is built up: by the column of the study, or by the people of its settlement."""
    rule = settings.built_up
    if rule.column is None:
        number = zones.settlement_people(cells, people_per_km2=rule.people_per_km2)
        return pd.Series(number > rule.people)
    given = people[rule.column]
    text = given.astype("object").where(given.notna(), "").astype("str").str.strip().str.lower().str.removesuffix(".0")
    wrong = given[~text.isin(list(_YES))]
    if len(wrong):
        raise InputError(
            f"{study.resolve(study.settings.population.file)}: {rule.column} of {len(wrong)} cells is "
            f"neither yes nor no (cell {wrong.index[0]}: {wrong.iloc[0]!r}); write yes or no"
        )
    return pd.Series(text.map(_YES), dtype="bool")
