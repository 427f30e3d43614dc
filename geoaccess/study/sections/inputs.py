"""What an optional section of a study starts from, and what it adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Snapped

__all__ = ["SectionInput", "SectionResult", "SolvedInput"]


@dataclass(frozen=True)
class SectionInput:
    """What is known before any search: `results` has people, municipality and zonings of each cell."""

    study: Study
    results: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    municipalities: gpd.GeoDataFrame | None


@dataclass(frozen=True)
class SolvedInput(SectionInput):
    """What a section starts from: `results` has the nearest sites and the class of each cell, too.

    `people` are the cells as they were read, with the columns carried from their file; `mapped` are the features of the
    extract that some rule asks for.
    """

    network: Network | Hierarchy
    snapped: Snapped
    people: gpd.GeoDataFrame
    mapped: gpd.GeoDataFrame


@dataclass(frozen=True)
class SectionResult:
    """What a section adds: `columns` on the cells, and `tables` by the name of their files."""

    columns: pd.DataFrame
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
