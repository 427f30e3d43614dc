"""The tables that maps are drawn from: what must be in them, and the cells as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pandas as pd
import shapely

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.zones import CentralityScheme

__all__ = [
    "MAIN_ROADS",
    "Cells",
    "Service",
    "Squares",
    "Times",
    "cells_of",
    "check_results",
    "checked_ferries",
    "main_roads",
    "people_column",
    "people_of",
    "squares",
]

MAIN_ROADS: Final = ("motorway", "trunk", "primary", "secondary")
_CORNERS: Final = 5  # of a closed ring
SQUARE_TOLERANCE: Final = 1e-3  # of the side; grids written with few decimals still pass


class Service(Protocol):
    """What the maps read of a service."""

    @property
    def key(self) -> str:
        """Name of the service in column names, such as gp."""

    @property
    def label(self) -> str:
        """Name of the service for readers."""

    @property
    def direction(self) -> str:
        """Either "to_sites" (people travel) or "to_people" (the service travels)."""

    @property
    def norms_s(self) -> tuple[float, ...]:
        """Norms, seconds."""

    @property
    def norm_limits(self) -> tuple[tuple[float, ...], ...]:
        """The seconds that people may be held against under each norm."""

    @property
    def norm_column(self) -> str:
        """The column with the norm of each cell, "" where all are held against every norm."""

    @property
    def from_call(self) -> bool:
        """Whether times count from a call until help is there."""

    @property
    def proxy_note(self) -> str:
        """What stands in for the real sites, or nothing."""


@dataclass(frozen=True)
class Squares:
    """South-west corners of the cells and the side they share, in metres of the grid.

    `tall` is their height as a share of the side: 1 for squares, 2 for pixels of 250 x 500 m.
    """

    west: npt.NDArray[np.float64]
    south: npt.NDArray[np.float64]
    side_m: float
    tall: float = 1.0

    @property
    def height_m(self) -> float:
        """Height of a cell."""
        return self.side_m * self.tall


@dataclass(frozen=True)
class Times:
    """Travel times of one service, an entry per drawn square.

    `time_s` is inf where not reached (in a block of several cells: where more than half of the people are not);
    `site` and `second_site` are rows of the table of sites, -1 for none; `reason` is "" where all are reached.
    """

    time_s: npt.NDArray[np.float64]
    site: npt.NDArray[np.int64]
    second_s: npt.NDArray[np.float64]
    second_site: npt.NDArray[np.int64]
    reason: npt.NDArray[np.object_]
    unreached_share: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """The squares to draw: single cells, or blocks of `factor` by `factor` of them.

    `class_place` is the place of the centrality class in its scheme, -1 where there is none. `asked` has the people of
    the services that are asked about others than `population`, by service.
    """

    squares: Squares
    population: npt.NDArray[np.float64]
    members: npt.NDArray[np.int64]
    municipality: npt.NDArray[np.object_]
    class_place: npt.NDArray[np.int64]
    times: dict[str, Times]
    factor: int = 1
    asked: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)


def people_column(service: Service) -> str:
    """Return the column of the people whom a service is asked about."""
    return str(getattr(service, "population", "population"))


def people_of(results: pd.DataFrame, service: Service) -> npt.NDArray[np.float64]:
    """Return the people of each cell whom a service is asked about, shape (n_cells,)."""
    return results[people_column(service)].to_numpy(dtype=np.float64)


def check_results(results: pd.DataFrame, services: Sequence[Service], *, also: Sequence[str] = ()) -> None:
    """Refuse a table of results that cannot be drawn.

    Raises
    ------
    InputError
        If there is no cell, a column is missing, people are negative or NaN, or a service has neither a time nor a
        reason for a cell, or both.
    """
    if len(results) == 0:
        raise InputError("results: there is no cell in the table")
    counted = dict.fromkeys(["population", *map(people_column, services)])
    needed = [*counted, *also, *(f"{service.key}_{part}" for service in services for part in ("s", "reason"))]
    if missing := [f"column {name!r} is missing" for name in needed if name not in results.columns]:
        raise InputError.listing("results", missing)
    problems = []
    for name in counted:
        people = results[name].to_numpy(dtype=np.float64)
        if (bad := ~(people >= 0)).any():
            problems.append(f"cell {results.index[int(bad.argmax())]}: {name} is {people[bad.argmax()]}")
    for service in services:
        times = results[f"{service.key}_s"].to_numpy(dtype=np.float64)
        has_reason = (results[f"{service.key}_reason"].astype("object").fillna("") != "").to_numpy(dtype=np.bool_)
        if (odd := np.isfinite(times) == has_reason).any():
            at = int(odd.argmax())
            what = "a time and also a reason for none" if has_reason[at] else "neither a time nor a reason"
            problems.append(f"cell {results.index[at]}: {service.key} has {what} ({int(odd.sum())} such cells)")
    if problems:
        raise InputError.listing("results", problems)


def main_roads(roads: gpd.GeoDataFrame | None) -> gpd.GeoSeries | None:
    """Return the lines of the main roads, or nothing where none are given.

    Raises
    ------
    InputError
        If the table does not say what kind of road each is.
    """
    if roads is None or len(roads) == 0:
        return None
    if "highway" not in roads.columns:
        raise InputError("roads: column 'highway' is missing")
    return roads[roads["highway"].isin(MAIN_ROADS)].geometry


def checked_ferries(ferries: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Return the ferries, or nothing where there are none.

    Raises
    ------
    InputError
        If the table does not say which of them take cars.
    """
    if ferries is None or len(ferries) == 0:
        return None
    if "cars" not in ferries.columns:
        raise InputError("ferries: column 'cars' is missing; it says whether a ferry takes cars")
    return ferries


def squares(results: gpd.GeoDataFrame) -> Squares:
    """Read the corners and the common side of the cells.

    Pixels of a raster may be upright rectangles; those of a raster in degrees (or another CRS) are quadrilaterals that
    differ a little, and are drawn about their middle with the median width and height.

    Raises
    ------
    InputError
        If the table has no projected CRS in metres, or its cells are not squares, or rectangles, of one size.
    """
    crs = results.crs
    if crs is None or not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise InputError(f"results: cells need a projected CRS in metres, found {crs and crs.to_string()}")
    shapes = results.geometry.to_numpy()
    bounds = shapely.bounds(shapes)
    if (other := _pixels(shapes, bounds)) is not None:
        return other
    sides = np.concatenate([bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]])
    side = float(np.median(sides))
    if not np.isfinite(sides).all() or np.abs(sides - side).max() > SQUARE_TOLERANCE * side:
        worst = int(np.nanargmax(np.where(np.isfinite(sides), np.abs(sides - side), np.inf))) % len(results)
        found = "x".join(f"{sides[worst + shift]:g}" for shift in (0, len(results)))
        raise InputError(
            f"results: cell {results.index[worst]} is {found} m; cells must be {side:g} m squares as most are"
        )
    return Squares(west=bounds[:, 0], south=bounds[:, 1], side_m=side)


def _pixels(shapes: npt.NDArray[np.object_], bounds: npt.NDArray[np.float64]) -> Squares | None:
    """Return the cells of a raster whose pixels are no squares of the CRS, None for others."""
    if (shapely.get_num_coordinates(shapes) != _CORNERS).any():
        return None
    corners = shapely.get_coordinates(shapes).reshape(-1, _CORNERS, 2)
    edges = np.hypot(*np.moveaxis(np.diff(corners, axis=1), 2, 0))
    high, wide = float(np.median(edges[:, 0])), float(np.median(edges[:, 1]))
    box = (bounds[:, 2] - bounds[:, 0]) * (bounds[:, 3] - bounds[:, 1])
    turned = np.abs(shapely.area(shapes) - box) > SQUARE_TOLERANCE * box
    if turned.any():
        middle = shapely.get_coordinates(shapely.centroid(shapes))
        return Squares(middle[:, 0] - wide / 2, middle[:, 1] - high / 2, wide, high / wide)
    alike = np.abs(edges[:, :2] - (high, wide)).max() <= SQUARE_TOLERANCE * min(high, wide)
    if alike and abs(high - wide) > SQUARE_TOLERANCE * wide:
        return Squares(bounds[:, 0], bounds[:, 1], wide, high / wide)
    return None


def cells_of(
    results: gpd.GeoDataFrame,
    services: Sequence[Service],
    *,
    site_ids: pd.Index | None,
    scheme: CentralityScheme | None = None,
    population: str = "population",
) -> Cells:
    """Take what a map shows of the results out into arrays; without `site_ids`, no site; without `scheme`, no class.

    Raises
    ------
    InputError
        If a site named in the results is not in the table of sites.
    """
    times = {}
    problems: list[str] = []
    for service in services:
        time_s = results[f"{service.key}_s"].to_numpy(dtype=np.float64)
        reached = np.isfinite(time_s)
        second_s = _optional(results, f"{service.key}_second_s", np.nan).to_numpy(dtype=np.float64)
        times[service.key] = Times(
            time_s=np.where(reached, time_s, np.inf),
            site=_rows(results, f"{service.key}_site", site_ids, problems),
            second_s=np.where(np.isfinite(second_s), second_s, np.inf),
            second_site=_rows(results, f"{service.key}_second_site", site_ids, problems),
            reason=_text(results, f"{service.key}_reason"),
            unreached_share=np.where(reached, 0.0, 1.0),
        )
    if problems:
        raise InputError.listing("results", problems)
    classes = _optional(results, "centrality_class", None)
    return Cells(
        squares=squares(results),
        population=results[population].to_numpy(dtype=np.float64),
        members=np.ones(len(results), dtype=np.int64),
        municipality=_text(results, "municipality"),
        class_place=np.full(len(results), -1, np.int64) if scheme is None else scheme.positions(classes),
        times=times,
        asked={one.key: people_of(results, one) for one in services if people_column(one) != population},
    )


def _optional(results: pd.DataFrame, name: str, otherwise: object) -> pd.Series[Any]:
    return results[name] if name in results.columns else pd.Series(otherwise, index=results.index, dtype=object)


def _text(results: pd.DataFrame, name: str) -> npt.NDArray[np.object_]:
    return _optional(results, name, "").astype(object).fillna("").astype(str).to_numpy(dtype=object)


def _rows(results: pd.DataFrame, name: str, site_ids: pd.Index | None, problems: list[str]) -> npt.NDArray[np.int64]:
    if site_ids is None:
        return np.full(len(results), -1, dtype=np.int64)
    named = _text(results, name)
    rows = np.asarray(site_ids.get_indexer(pd.Index(named)), dtype=np.int64)
    if (lost := (rows < 0) & (named != "")).any():
        at = int(lost.argmax())
        problems.append(f"cell {results.index[at]}: {name} is {named[at]!r}, which is not in the table of sites")
    return rows
