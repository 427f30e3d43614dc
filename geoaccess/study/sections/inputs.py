"""An optional section of a study as one object; what it starts from, and what it adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geoaccess.study.stages import Roads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    import pandas as pd

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network
    from geoaccess.study.columns import Columns
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Municipalities, Snapped

__all__ = ["PeopleInput", "Section", "SectionInput", "SectionResult", "SolvedInput"]


@dataclass(frozen=True)
class SectionInput:
    """What is known before any search: `results` has people, municipality and zonings of each cell."""

    study: Study
    results: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    municipalities: Municipalities | None


@dataclass(frozen=True)
class PeopleInput(SectionInput):
    """What a check of a whole study starts from.

    `people` are the cells as read, with the columns of their file; `mapped` the features of the extract that some rule
    asks for.
    """

    people: gpd.GeoDataFrame
    mapped: gpd.GeoDataFrame


@dataclass(frozen=True)
class SolvedInput(PeopleInput):
    """What a section starts from: `results` has the nearest sites and the class of each cell, too.

    `vehicles` are the roads as ambulances drive them, None where they drive as everybody does.
    """

    network: Network | Hierarchy
    snapped: Snapped
    vehicles: Roads | None = None

    def roads_of(self, service: str) -> Roads:
        """Return the roads that times of a service are searched on, with cells and sites attached."""
        rule = self.study.response
        if self.vehicles is not None and rule is not None and rule.service == service:
            return self.vehicles
        return Roads(self.network, self.snapped)


@dataclass(frozen=True)
class SectionResult:
    """What a section adds: `columns` on the cells, and `tables` by the name of their files."""

    columns: pd.DataFrame
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """What a study may ask for beside the nearest site: one object, from which everything else about it is derived.

    Attributes
    ----------
    name
        What the section is about; its settings stand in the study file.
    asked
        The names of the tables that a study will get; none where it does not ask.
    answer
        Computes columns and tables.
    check
        Raises, before any search, what `answer` would raise of what the study file and its tables say.
    cells
        The columns it adds to the cells, with their units: names that no zoning or catchment may have.
    tables
        The tables it may give: the columns of each that are its own, with their units. What columns and tables are
        called, what they mean and what an empty value stands for is in the phrases, under the same names.
    """

    name: str
    asked: Callable[[Study], list[str]]
    answer: Callable[[SolvedInput], SectionResult]
    tables: Mapping[str, Columns]
    check: Callable[[PeopleInput], object] | None = None
    cells: Columns = field(default_factory=dict)
