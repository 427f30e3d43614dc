"""What a study found: a leaf that the pipeline fills, and tables, report and questions read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess.measures.islands import islands
from geoaccess.study.counted_people import counted_people
from geoaccess.study.results.summary import summary
from geoaccess.study.stamps import InputStamps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.measures.groups import By
    from geoaccess.network import Network
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Municipalities, Roads, Snapped

__all__ = ["Answers"]


@dataclass(frozen=True)
class Answers:
    """All that a study found.

    `results` has one row per cell, `sites` one per service and place, `zones` are the municipalities, None where none
    has a polygon, `snapped` says where cells and sites are attached to the
    roads, `centrality` has one row per municipality; `tables` are those of the optional sections of the study, by
    name; `files` is what was written, nothing if the study was only solved. `vehicles` are the roads as ambulances
    drive them, with cells and sites attached; None where they drive as everybody does. `unplaced` are people who live
    in no cell, as the census does not know where they live, by what the file calls them. `stamps` show whether inputs
    were replaced since the first was read. Without `classes` no cell has been
    given one, as where nobody asks for them.
    """

    study: Study
    hierarchy: Hierarchy
    results: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    zones: Municipalities | None
    snapped: Snapped
    centrality: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    sites_not_snapped: list[str]
    from_cache: bool
    seconds: dict[str, float]
    files: list[Path]
    vehicles: Roads | None = None
    unplaced: Mapping[str, float] = field(default_factory=dict)
    stamps: InputStamps = field(default_factory=InputStamps)
    classes: bool = True

    def reading(self, paths: Iterable[Path]) -> Answers:
        """Return the same for a question that reads further files from here on: these must not be replaced either."""
        return self.since(InputStamps().also(paths))

    def since(self, earlier: InputStamps) -> Answers:
        """Return the same for a question that read further files before the study was solved."""
        return replace(self, stamps=self.stamps.since(earlier))

    @cached_property
    def islands(self) -> pd.DataFrame:
        """A row per set of roads on which somebody lives, see `geoaccess.measures.islands`."""
        weights = counted_people(self.results, self.study)["population"]
        return islands(self.network, self.snapped.cells, self.results, weights=weights)

    @cached_property
    def everyone(self) -> pd.DataFrame:
        """What people are counted by: the results, and a row for those whose home is in no cell, reached by nothing."""
        if not self.unplaced:
            return self.results
        rows = pd.DataFrame(index=pd.Index(list(self.unplaced), name=self.results.index.name, dtype="str"))
        for name, column in self.results.drop(columns="geometry").items():
            rows[name] = "" if isinstance(column.dtype, pd.StringDtype) or column.dtype == object else None
            if str(name).startswith("population"):
                rows[name] = 0.0
            rows[name] = rows[name].astype(column.dtype)
        rows["population"] = list(self.unplaced.values())
        for key in self.study.settings.services:
            rows[f"{key}_reason"] = pd.Series("no_place", index=rows.index).astype(self.results[f"{key}_reason"].dtype)
        return pd.concat([pd.DataFrame(self.results.drop(columns="geometry")), rows])

    @property
    def municipalities(self) -> gpd.GeoDataFrame | None:
        """The polygons of municipalities with number, name and region; None where there are none."""
        return None if self.zones is None else self.zones.table

    @property
    def network(self) -> Network:
        """The network that times were searched on."""
        return self.hierarchy.network

    def network_of(self, service: str) -> Network | Hierarchy:
        """Return the roads that the times of a service were searched on."""
        rule = self.study.response
        own = self.vehicles is not None and rule is not None and rule.service == service
        return self.vehicles.network if own and self.vehicles is not None else self.hierarchy

    @property
    def population(self) -> float:
        """Everybody."""
        return float(self.everyone["population"].sum())

    @cached_property
    def _summaries(self) -> dict[str, pd.DataFrame]:
        """Those that were asked for, by their zoning: several tables and the terminal ask for the same."""
        return {}

    def summary(self, by: By = None) -> pd.DataFrame:
        """`geoaccess.measures.summarise_services` with the norms beside it, numbered: one row per service and group."""
        if repr(by) not in self._summaries:
            self._summaries[repr(by)] = summary(self.everyone, self.study.specs, by=by)
        return self._summaries[repr(by)].copy()
