"""The tables that maps are drawn from: what must be in them, and the cells as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pandas as pd
import shapely

from geoaccess.demand import few_people
from geoaccess.errors import InputError
from geoaccess.frames import in_metres

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.measures.specification import TimeKind
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
    "on_one_grid",
    "people_column",
    "people_of",
    "ranked_roads",
    "squares",
    "with_assumed",
]

MAIN_ROADS: Final = ("motorway", "trunk", "primary", "secondary")
_CORNERS: Final = 5  # of a closed ring
SQUARE_TOLERANCE: Final = 1e-3  # of the side; grids written with few decimals still pass
_OFF_GRID: Final = 0.01  # of the side
_CROOKED: Final = 0.02  # by how much opposite sides of a pixel may differ that was turned into another CRS
_PIXELS_DIFFER: Final = 3.0  # how many times as wide as most a pixel in degrees may be, nearer to the equator


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
    def time(self) -> TimeKind:
        """What the times are: "travel", "response" or "treatment"."""

    @property
    def from_call(self) -> bool:
        """Whether times count from a call."""

    @property
    def proxy_note(self) -> str:
        """What stands in for the real sites, or nothing."""


@dataclass(frozen=True)
class Squares:
    """South-west corners of the cells and the side they share, in metres of the grid.

    `tall` is their height as a share of the side: 1 for squares, 2 for pixels of 250 x 500 m. Cells that are no squares
    of one grid have their `shapes`, and are here squares about their middle, as large as most of them.
    """

    west: npt.NDArray[np.float64]
    south: npt.NDArray[np.float64]
    side_m: float
    tall: float = 1.0
    shapes: npt.NDArray[np.object_] | None = None

    @property
    def sides_m(self) -> npt.NDArray[np.float64]:
        """Side of each cell: of a shape, that of a square of its area."""
        if self.shapes is None:
            return np.full(len(self.west), self.side_m)
        return np.sqrt(shapely.area(self.shapes))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all cells."""
        if self.shapes is not None:
            west, south, east, north = shapely.total_bounds(self.shapes).tolist()
            return west, south, east, north
        edges = self.west.min(), self.south.min(), self.west.max() + self.side_m, self.south.max() + self.height_m
        return float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3])

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
    the services that are asked about others than `population`, by service. `about` says where people are not known
    exactly, as few are not shown; None where all are known.
    """

    squares: Squares
    population: npt.NDArray[np.float64]
    members: npt.NDArray[np.int64]
    municipality: npt.NDArray[np.object_]
    class_place: npt.NDArray[np.int64]
    times: dict[str, Times]
    factor: int = 1
    asked: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    about: npt.NDArray[np.bool_] | None = None


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
        has_reason = _text(results, f"{service.key}_reason") != ""
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


def ranked_roads(roads: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Return the main roads as a row for each rank and number: `rank` (0 for motorways and trunk roads), `ref`, lines.

    Raises
    ------
    InputError
        If the table does not say what kind of road each is.
    """
    if roads is None or main_roads(roads) is None:
        return None
    table = roads[roads["highway"].isin(MAIN_ROADS)]
    rank = np.maximum(table["highway"].map(MAIN_ROADS.index).to_numpy(np.int64) - 1, 0)
    ref = table["ref"].astype(object).fillna("").astype(str) if "ref" in table else ""
    ranked: gpd.GeoDataFrame = table[[table.geometry.name]].assign(rank=rank, ref=ref)
    return ranked.dissolve(["rank", "ref"]).reset_index() if len(ranked) else None


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
    differ a little, and are drawn about their middle with the median width and height. Other cells that are no squares
    of one grid, such as hexagons, keep their shapes.

    Raises
    ------
    InputError
        If the table has no projected CRS in metres.
    """
    crs = results.crs
    if not in_metres(crs):
        raise InputError(f"results: cells need a projected CRS in metres, found {crs and crs.to_string()}")
    shapes = results.geometry.to_numpy()
    bounds = shapely.bounds(shapes)
    if (other := _pixels(shapes, bounds)) is not None:
        return other
    if not np.isfinite(bounds).all():
        worst = results.index[int((~np.isfinite(bounds)).any(axis=1).argmax())]
        raise InputError(f"results: cell {worst} has no shape; give every cell its square or polygon")
    sides = np.concatenate([bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]])
    side = float(np.median(sides))
    alike = np.abs(sides - side).max() <= SQUARE_TOLERANCE * side
    full = np.abs(shapely.area(shapes) - side**2).max() <= 4 * SQUARE_TOLERANCE * side**2
    if alike and full and _aligned(bounds[:, 0], side) and _aligned(bounds[:, 1], side):
        return Squares(west=bounds[:, 0], south=bounds[:, 1], side_m=side)
    typical = float(np.sqrt(np.median(shapely.area(shapes))))
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    return Squares(middle[:, 0] - typical / 2, middle[:, 1] - typical / 2, typical, shapes=shapes)


def on_one_grid(results: gpd.GeoDataFrame) -> bool:
    """Return whether cells are squares, or rectangles, of one grid, as a raster needs them.

    >>> import geopandas as gpd
    >>> triangles = [shapely.Polygon([(0, 0), (9, 0), (0, 9)]), shapely.Polygon([(9, 9), (9, 0), (0, 9)])]
    >>> on_one_grid(gpd.GeoDataFrame(geometry=triangles, crs=25833))
    False
    """
    found = squares(results)
    return found.shapes is None and _aligned(found.west, found.side_m) and _aligned(found.south, found.height_m)


def _aligned(low: npt.NDArray[np.float64], side: float) -> bool:
    """Return whether corners lie a whole number of sides apart."""
    steps = (low - low.min()) / side
    return bool(np.abs(steps - np.rint(steps)).max() <= _OFF_GRID)


def _pixels(shapes: npt.NDArray[np.object_], bounds: npt.NDArray[np.float64]) -> Squares | None:
    """Return the cells of a raster whose pixels are no squares of the CRS, None for others.

    Pixels are parallelograms of about one size, whatever the CRS that they come from.
    """
    if (shapely.get_num_coordinates(shapes) != _CORNERS).any():
        return None
    width, height = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    box = width * height
    if not (np.abs(shapely.area(shapes) - box) > SQUARE_TOLERANCE * box).any():
        wide, high = float(np.median(width)), float(np.median(height))
        alike = np.abs([width - wide, height - high]).max() <= SQUARE_TOLERANCE * min(wide, high)
        on_grid = alike and _aligned(bounds[:, 0], wide) and _aligned(bounds[:, 1], high)
        oblong = abs(high - wide) > SQUARE_TOLERANCE * wide
        return Squares(bounds[:, 0], bounds[:, 1], wide, high / wide) if on_grid and oblong else None
    steps = np.diff(shapely.get_coordinates(shapes).reshape(-1, _CORNERS, 2), axis=1)
    edges = np.hypot(steps[:, :, 0], steps[:, :, 1])
    high, wide = float(np.median(edges[:, 0])), float(np.median(edges[:, 1]))
    share = edges[:, :2] / np.array([high, wide])
    upright = np.abs(steps[:, 0, 1]) > np.abs(steps[:, 0, 0])
    even = np.abs(edges[:, :2] - edges[:, 2:]) <= _CROOKED * edges[:, 2:]
    if not (upright.all() and even.all() and share.max() <= _PIXELS_DIFFER and share.min() >= 1 / _PIXELS_DIFFER):
        return None
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    west, south = middle[:, 0] - wide / 2, middle[:, 1] - high / 2
    column, row = np.rint((west - west.min()) / wide), np.rint((south - south.min()) / high)
    # Where two would have one place on the screen, all are drawn as they are.
    apart = len(np.unique(row * (column.max() + 1) + column)) == len(shapes)
    return Squares(west, south, wide, high / wide) if apart else None


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


def with_assumed(
    cells: Cells, services: Sequence[Service], people: Mapping[str, npt.NDArray[np.float64]], *, below: int | None
) -> Cells:
    """Return single cells with people as a page may hold them, a number by column: see `demand.assumed_people`."""
    if not below:
        return cells
    asked = {one.key: people[people_column(one)] for one in services if one.key in cells.asked}
    few = few_people(cells.population, below=below)
    return replace(cells, population=people["population"], asked=asked, about=few)


def _optional(results: pd.DataFrame, name: str, otherwise: object) -> pd.Series[Any]:
    return results[name] if name in results.columns else pd.Series(otherwise, index=results.index, dtype=object)


def _coded(results: pd.DataFrame, name: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Return the place of the text of each cell among some texts, of which the last, "", stands for none.

    There are a few hundred or thousand of them, and cells by the hundred thousand.
    """
    codes, distinct = pd.factorize(_optional(results, name, ""))  # -1, the last, where a value is missing
    return codes, np.array([*map(str, distinct), ""], dtype=object)


def _text(results: pd.DataFrame, name: str) -> npt.NDArray[np.object_]:
    codes, texts = _coded(results, name)
    return texts[codes]


def _rows(results: pd.DataFrame, name: str, site_ids: pd.Index | None, problems: list[str]) -> npt.NDArray[np.int64]:
    if site_ids is None:
        return np.full(len(results), -1, dtype=np.int64)
    codes, named = _coded(results, name)
    found = np.asarray(site_ids.get_indexer(pd.Index(named)), dtype=np.int64)
    if (lost := ((found < 0) & (named != ""))[codes]).any():
        at = int(lost.argmax())
        named_there = named[codes[at]]
        problems.append(f"cell {results.index[at]}: {name} is {named_there!r}, which is not in the table of sites")
    return found[codes]
