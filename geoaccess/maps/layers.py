"""What a static map shows, before it is drawn: tables in the CRS of the grid, and the words of the legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.maps.results import Squares

__all__ = ["Layers", "Legend"]


@dataclass(frozen=True)
class Layers:
    """What is on the map; `band` is -1 where not reached, and all tables are in `crs`."""

    squares: Squares
    band: npt.NDArray[np.int16]
    colours: list[str]
    population: npt.NDArray[np.float64]
    crs: Any
    land: gpd.GeoDataFrame | None
    roads: gpd.GeoSeries | None
    ferries: gpd.GeoDataFrame | None
    sites: gpd.GeoDataFrame | None

    def proxies(self) -> npt.NDArray[np.bool_]:
        """Return which of the sites stand in for real ones."""
        if self.sites is None or "proxy" not in self.sites.columns:
            return np.zeros(0 if self.sites is None else len(self.sites), dtype=np.bool_)
        return np.asarray(self.sites["proxy"], dtype=np.bool_)


@dataclass(frozen=True)
class Legend:
    """What the legend says: rows of (colour or None for not reached, label, people, share, norm)."""

    caption: str
    direction: str
    heads: tuple[str, str]
    rows: tuple[tuple[str | None, str, str, str, str], ...]
    total: tuple[str, str, str]
    marks: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
