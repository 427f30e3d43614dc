"""What a static map shows, before it is drawn: tables in its projection, the words of the legend, and its places."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import geopandas as gpd
import numpy as np

from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.maps.projection import hull_of
from geoaccess.maps.results import checked_ferries, main_roads

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.maps.projection import Box
    from geoaccess.maps.results import Squares

__all__ = [
    "DPI",
    "HANGING",
    "LEGEND_IN",
    "MAP_AT_MOST_IN",
    "Arranged",
    "Layers",
    "Legend",
    "Plan",
    "arranged",
    "below_cells",
    "block_factor",
    "plan_of",
    "projected",
    "room_of",
    "smallest_px",
    "window_of",
]

DPI: Final = 200
"""Dots that sizes on paper are counted in, whatever a file is written with."""
LEGEND_IN: Final = 2.75
HANGING: Final = "\t"
"""Between the number of a row of a legend and its label, which stands in lines of its own beside the number."""
GAP_IN: Final = 0.2
LEAST_MAP_IN: Final = 2.2
"""A map narrower than this beside its legend stands above it."""
FOOT_MAP_IN: Final = 6.0
"""A map so wide has room for the end of its legend below it, in columns."""
MAP_AT_MOST_IN: Final = (6.6, 8.2)
INKED: Final = 0.03
SMALLEST_PX: Final = (3.0, 5.0)


@dataclass(frozen=True)
class Plan:
    """The window of the map, in metres of its projection, and its size on paper."""

    west: float
    south: float
    east: float
    north: float
    width_in: float
    height_in: float

    @property
    def metres_per_in(self) -> float:
        """Metres of the projection on an inch of paper."""
        return (self.east - self.west) / self.width_in


def plan_of(box: Box, at_most_in: tuple[float, float] = MAP_AT_MOST_IN, *, full: bool = False) -> Plan:
    """Choose the window around a box, with a margin, and its size on paper: at most so wide and so high, inches.

    With `full` the map is as wide as it may be, and shows more to both sides where it need not.
    """
    west, south, east, north = box
    margin = 0.04 * max(east - west, north - south)
    wide, high = east - west + 2 * margin, north - south + 2 * margin
    # A window much longer than wide would leave no room for the scale, so it is widened.
    wide, high = max(wide, 0.3 * high), max(high, 0.3 * wide)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    scale = min(at_most_in[0] / wide, at_most_in[1] / high)
    wide = at_most_in[0] / scale if full else wide
    return Plan(
        middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2, wide * scale, high * scale
    )


@dataclass(frozen=True)
class Arranged:
    """Where a map and its legend stand on a sheet, inches: side by side, or on a narrow sheet one above the other.

    `foot_in` is how high what ends a legend is where it stands below the map, in columns; 0 where a legend is whole.
    """

    plan: Plan
    width_in: float
    height_in: float
    legend_left_in: float
    legend_high_in: float
    foot_in: float = 0.0


def room_of(look: Look, at_most_in: tuple[float, float], *, legend_in: float) -> tuple[float, float]:
    """Return how wide and high a map may be beside, or above, a legend of some width, inches."""
    body = look.body_in
    if body is None:
        return at_most_in
    beside = body - legend_in - GAP_IN
    if beside >= LEAST_MAP_IN:
        return beside, max(at_most_in[1], 1.3 * beside)
    return body, min(at_most_in[1], 1.6 * body)


def arranged(
    box: Box,
    look: Look,
    at_most_in: tuple[float, float],
    *,
    legend_in: tuple[float, float],
    foot_in: tuple[float, float] | None = None,
) -> Arranged:
    """Return where the map of a box and a legend of some width and height stand.

    `foot_in` is how high what ends the legend is in it, and how high below the map: there it goes where the legend
    would else be much higher than a wide map, with nothing below that.
    """
    wide, high = legend_in
    room = room_of(look, at_most_in, legend_in=wide)
    plan = plan_of(box, room, full=look.body_in is not None)
    if look.body_in is not None and room[0] == look.body_in:
        return Arranged(plan, look.body_in, plan.height_in + GAP_IN + high, 0.0, high)
    tall = max(plan.height_in, high)
    if foot_in is not None and plan.width_in >= FOOT_MAP_IN:
        ends, below = foot_in
        apart = max(plan.height_in + GAP_IN + below, high - ends)
        if apart < tall - GAP_IN:
            left = plan.width_in + GAP_IN
            return Arranged(plan, left + wide, apart, left, apart, foot_in=below)
    return Arranged(plan, plan.width_in + GAP_IN + wide, tall, plan.width_in + GAP_IN, tall)


def smallest_px(number: int, plan: Plan) -> float:
    """Return the width below which no cell is drawn, so that sparsely peopled land does not look empty.

    It is such that this many cells cover about 3 % of the map, and at least 3 and at most 5 pixels.
    """
    area = plan.width_in * plan.height_in * DPI**2
    return float(np.clip(np.sqrt(INKED * area / number), *SMALLEST_PX))


def window_of(squares: Squares, crs: Any, into: Any) -> Box:
    """Return the box around squares in the projection of a map, with one square more on each side."""
    west, south, east, north = hull_of(squares, crs, into)
    free = max(squares.side_m - 0.04 * max(east - west, north - south), 0.0)
    return west - free, south - free, east + free, north + free


def block_factor(squares: Squares, window: Box, room_in: tuple[float, float] = MAP_AT_MOST_IN) -> int:
    """Return how many cells must be joined, across and up, for a square to be as wide as the smallest that is drawn.

    Single cells thinner than that would have to overlap, and those on top would seem to be far more than they are.
    """
    plan = plan_of(window, room_in)
    return max(math.ceil(SMALLEST_PX[0] / DPI * plan.metres_per_in / squares.side_m), 1)


Made = dict[Any, Any]
Value = TypeVar("Value")


def once(made: Made, key: Hashable, make: Callable[[], Value]) -> Value:
    """Return what was made under a key for another map of the same layers, or make it."""
    if key not in made:
        made[key] = make()
    found: Value = made[key]
    return found


@dataclass(frozen=True)
class Layers:
    """What is on the map; `band` is -1 where not reached.

    `squares` are in the CRS of the grid (`grid`), everything else is in `crs`, which the map is drawn in. `land` is
    coast; where it is not known, municipalities are the land. The map is `at_most_in` wide and high, inches, unless the
    look says how wide the figure is. `labels` are points with a number, or another short
    text, as index. `made` is what was made of the layers below the cells, for the next map of the same.
    """

    squares: Squares
    grid: Any
    factor: int
    band: npt.NDArray[np.int16]
    colours: list[str]
    population: npt.NDArray[np.float64]
    crs: Any
    municipalities: gpd.GeoDataFrame | None
    roads: gpd.GeoSeries | None
    ferries: gpd.GeoDataFrame | None
    sites: gpd.GeoDataFrame | None
    land: gpd.GeoSeries | None = None
    lakes: gpd.GeoSeries | None = None
    ice: gpd.GeoSeries | None = None
    places: gpd.GeoDataFrame | None = None
    at_most_in: tuple[float, float] = MAP_AT_MOST_IN
    look: Look = USUAL_LOOK
    labels: gpd.GeoSeries | None = None
    made: Made = field(default_factory=dict)

    def proxies(self) -> npt.NDArray[np.bool_]:
        """Return which of the sites stand in for real ones."""
        if self.sites is None or "proxy" not in self.sites.columns:
            return np.zeros(0 if self.sites is None else len(self.sites), dtype=np.bool_)
        return np.asarray(self.sites["proxy"], dtype=np.bool_)

    def site_kinds(self) -> npt.NDArray[np.str_]:
        """Return of each site how it is drawn: `new` or `closed` if its `change` is that, `proxy` or `site`."""
        kinds = np.where(self.proxies(), "proxy", "site")
        if self.sites is None or "change" not in self.sites.columns:
            return kinds
        change = self.sites["change"].fillna("").to_numpy(dtype=np.str_)
        return np.where(change != "", change, kinds)

    def marks_below(self, words: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the marks of the legend for what lies below cells and sites: ferries and borders."""
        marks = []
        if self.ferries is not None:
            cars = self.ferries["cars"].astype(bool)
            marks += [("ferry", words["ferry"])] if cars.any() else []
            marks += [("ferries_people", words["ferries_people"])] if (~cars).any() else []
        return [*marks, ("borders", words["borders"])] if self.municipalities is not None else marks


def projected(table: Any, crs: Any) -> Any:
    """Return a table or series of geometry in a CRS, and nothing where there is no geometry."""
    return table.to_crs(crs) if isinstance(table, gpd.GeoDataFrame | gpd.GeoSeries) else None


def below_cells(
    crs: Any,
    *,
    municipalities: pd.DataFrame | None,
    ferries: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame | None,
    land: gpd.GeoSeries | None,
    lakes: gpd.GeoSeries | None,
    ice: gpd.GeoSeries | None,
    places: gpd.GeoDataFrame | None,
) -> dict[str, Any]:
    """Return what is drawn around the cells in the projection of a map, by its name in `Layers`."""
    given = {"municipalities": municipalities, "land": land, "lakes": lakes, "ice": ice, "places": places}
    given |= {"roads": main_roads(roads), "ferries": checked_ferries(ferries)}
    return {name: projected(table, crs) for name, table in given.items()}


@dataclass(frozen=True)
class Legend:
    """What the legend says: rows of (colour or None for not reached, label, people, share, norm).

    A label may begin with a number and `HANGING`.
    """

    caption: str
    direction: str
    heads: tuple[str, str]
    rows: tuple[tuple[str | None, str, str, str, str], ...]
    total: tuple[str, str, str]
    marks: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
