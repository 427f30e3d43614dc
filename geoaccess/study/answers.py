"""What a study found: a leaf that the pipeline fills, and tables, report and questions read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.study.results.summary import summary

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.measures.groups import By
    from geoaccess.network import Network
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Roads

__all__ = ["Answers"]


@dataclass(frozen=True)
class Answers:
    """All that a study found.

    `results` has one row per cell, `sites` one per service and place, `islands` one per set of roads on which somebody
    lives, `centrality` one per municipality; `tables` are those of the optional sections of the study, by name; `files`
    is what was written, nothing if the study was only solved. `vehicles` are the roads as ambulances drive them, with
    cells and sites attached; None where they drive as everybody does.
    """

    study: Study
    hierarchy: Hierarchy
    results: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    municipalities: gpd.GeoDataFrame | None
    islands: pd.DataFrame
    centrality: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    sites_not_snapped: list[str]
    from_cache: bool
    seconds: dict[str, float]
    files: list[Path]
    vehicles: Roads | None = None

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
        return float(self.results["population"].sum())

    def summary(self, by: By = None) -> pd.DataFrame:
        """`geoaccess.measures.summarise_services` with the norms beside it, numbered: one row per service and group."""
        return summary(self.results, self.study.specs, by=by)
