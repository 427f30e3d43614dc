"""Which municipality each cell lies in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import MAX_NEAREST_M
from geoaccess.errors import InputError
from geoaccess.frames import crs_of, in_metres, is_stretched
from geoaccess.kernels.threads import parts_of
from geoaccess.network.counting import count_within, numbers_from

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt
    from pyproj import CRS

__all__ = ["NOTES", "assign_zones", "count_notes"]

NOTES = ("", "nearest", "beyond_limit")
"""How a cell got its municipality: its centre is inside, it took the nearest one, or none was near enough."""
_SIDES = 32
"""Sides in a piece of outline, among which the nearest polygon is looked for."""
_SQUARES = 1 << 22
"""So many squares at most, in which is looked for what is near."""
_AT_ONCE = 64
"""So many polygons are taken apart together: each time their corners are copied, and a country has millions."""
_HAIR = 1e-9
"""More than what rounding may add to a distance, of metres and of one."""


@checks_arguments
def assign_zones(
    cells: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame, *, max_nearest_m: float = MAX_NEAREST_M
) -> pd.DataFrame:
    """Municipality of each cell, by the cell's centre.

    A centre inside a municipality belongs to it. Borders are often cut at the coast, so a centre that lies in no
    municipality takes the nearest one, if that is at most `max_nearest_m` away. Where several are equally good (a
    centre on a border, or equally near to two) the smallest identifier is taken, so that every run says the same.

    Parameters
    ----------
    cells
        Polygons in a projected coordinate system in metres, with a unique index.
    municipalities
        From `read_municipalities`, in any coordinate system.
    max_nearest_m
        The longest distance from a centre to the border of the nearest municipality; 0 for none.

    Returns
    -------
    On the index of `cells`, all text: `municipality_id`, `municipality` (its name), `region_id`, `region` and
    `zone_note`: "" (inside), "nearest", or "beyond_limit", where the four others are "". Nobody is dropped;
    `count_notes` counts the people behind each note.

    Raises
    ------
    InputError
        If the cells are not in a projected system in metres, a cell has no geometry, the municipalities have no
        coordinate system or no rows, an identifier is there twice, or the distance is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> towns = gpd.GeoDataFrame(
    ...     {"name": ["Aa", "Bo"], "region_id": "", "region": ""},
    ...     index=pd.Index(["0101", "0102"], name="municipality_id"),
    ...     geometry=[shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)], crs=25833)
    >>> squares = [shapely.box(x, 0, x + 250, 250) for x in (0, 875, 2000, 90_000)]
    >>> assign_zones(gpd.GeoDataFrame(geometry=squares, crs=25833), towns)[["municipality_id", "zone_note"]]
      municipality_id     zone_note
    0            0101
    1            0101
    2            0102       nearest
    3                  beyond_limit
    """
    _check(cells, municipalities, max_nearest_m)
    ordered = municipalities.sort_index()
    polygons = _polygons_in(ordered, crs_of(cells))
    centres = shapely.centroid(cells.geometry.to_numpy())
    place, note = _inside(centres, polygons), np.zeros(len(cells), dtype=np.intp)
    outside = np.flatnonzero(place < 0)
    note[outside] = NOTES.index("beyond_limit")
    if max_nearest_m > 0 and outside.size:
        place[outside] = _nearest(centres[outside], polygons, max_nearest_m)
        note[outside[place[outside] >= 0]] = NOTES.index("nearest")
    columns: dict[str, npt.NDArray[np.object_]] = {"municipality_id": ordered.index.astype("object").to_numpy()}
    for column, source in (("municipality", "name"), ("region_id", "region_id"), ("region", "region")):
        given = ordered[source] if source in ordered.columns else pd.Series("", index=ordered.index)
        columns[column] = given.astype("object").fillna("").to_numpy()
    # Place -1 (none) picks the "" appended last.
    taken = {column: np.append(values, "")[place] for column, values in columns.items()}
    taken["zone_note"] = np.array(NOTES, dtype=object)[note]
    return pd.DataFrame(taken, index=cells.index, dtype="str")


@checks_arguments
def count_notes(assigned: pd.DataFrame, *, population: pd.Series) -> pd.DataFrame:
    """How many cells and people are inside a municipality, were given the nearest, or got none.

    Parameters
    ----------
    assigned
        From `assign_zones`.
    population
        People of each cell, on the same index.

    Returns
    -------
    Index `zone_note` ("", "nearest", "beyond_limit", always all three); columns `cells` and `population`, whose sums
    are those of the input.

    Raises
    ------
    InputError
        If the two do not have the same index.

    Examples
    --------
    >>> assigned = pd.DataFrame({"zone_note": ["", "", "nearest"]})
    >>> count_notes(assigned, population=pd.Series([5.0, 2.0, 3.0])).loc["nearest"].to_dict()
    {'cells': 1.0, 'population': 3.0}
    """
    if not assigned.index.equals(population.index):
        raise InputError(
            "count_notes: the assigned cells and the population have different indices; use the same cells"
        )
    grouped = population.groupby(assigned["zone_note"].to_numpy())
    counted = pd.DataFrame({"cells": grouped.size(), "population": grouped.sum()})
    return counted.reindex(pd.Index(NOTES, name="zone_note"), fill_value=0)


def _check(cells: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame, max_nearest_m: float) -> None:
    if not (math.isfinite(max_nearest_m) and max_nearest_m >= 0):
        raise InputError(f"assign: max_nearest_m is {max_nearest_m}; it must be a number of metres >= 0")
    crs = cells.crs
    if crs is None or not in_metres(crs):
        name = "none" if crs is None else crs.name
        raise InputError(
            f"assign: the cells' coordinate system is {name}; use a projected one in metres, as EPSG:25833"
        )
    if is_stretched(crs):
        raise InputError(
            f"assign: the cells' coordinate system is {crs.name}, whose metres are not true; use another, as EPSG:25833"
        )
    if municipalities.crs is None:
        raise InputError("assign: the municipalities have no coordinate system; set it, for example to EPSG:4326")
    if municipalities.empty:
        raise InputError("assign: there are no municipalities; give at least one")
    repeated = municipalities.index[municipalities.index.duplicated()].unique()
    if len(repeated):
        raise InputError(f"assign: municipality {', '.join(map(str, repeated))} is there twice; give each once")
    lacking = shapely.is_missing(cells.geometry.to_numpy()) | shapely.is_empty(cells.geometry.to_numpy())
    if lacking.any():
        first = cells.index[int(np.flatnonzero(lacking)[0])]
        raise InputError(
            f"assign: {int(lacking.sum())} cells have no geometry (the first is {first}); give them squares"
        )


def _polygons_in(areas: gpd.GeoDataFrame, crs: CRS) -> npt.NDArray[np.object_]:
    """Return polygons in a coordinate system, a few at a time: their corners are copied several times on the way."""
    parts: Any = [areas.geometry.iloc[first:last] for first, last in parts_of(len(areas), _AT_ONCE)]
    return np.concatenate([part.to_crs(crs).to_numpy() for part in parts])


def _inside(centres: npt.NDArray[np.object_], polygons: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """Return the first polygon that holds or touches each centre, -1 where none does."""
    place = np.full(len(centres), len(polygons), dtype=np.intp)
    # Asking the points with the polygons lets GEOS prepare each polygon once.
    polygon, centre = shapely.STRtree(centres).query(polygons, predicate="intersects")
    np.minimum.at(place, centre, polygon)
    return np.where(place == len(polygons), -1, place)


def _nearest(centres: npt.NDArray[np.object_], polygons: npt.NDArray[np.object_], max_m: float) -> npt.NDArray[np.intp]:
    """Return the nearest polygon to each centre within `max_m`, the first of equally near ones, -1 where none is.

    The centres lie in no polygon, so the nearest place of a polygon is on its outline. A coast has thousands of
    corners and a tree of whole outlines tells nothing: of short pieces few are measured.
    """
    place = np.full(len(centres), len(polygons), dtype=np.intp)
    pieces, polygon = _pieces_of_outlines(polygons, shapely.get_coordinates(centres), max_m)
    centre, piece = shapely.STRtree(pieces).query_nearest(centres, max_distance=max_m, all_matches=True)
    np.minimum.at(place, centre, polygon[piece])
    return np.where(place == len(polygons), -1, place)


def _pieces_of_outlines(
    polygons: npt.NDArray[np.object_], near: npt.NDArray[np.float64], within_m: float
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.intp]]:
    """Cut the outlines into lines of at most `_SIDES` sides; return those near places, and the polygon of each."""
    squares = _Squares.around(near, within_m)
    found = [(np.empty(0, object), np.empty(0, np.intp))]
    for first, last in parts_of(len(polygons), _AT_ONCE):
        pieces, polygon = _pieces_near(polygons[first:last], squares)
        found.append((pieces, polygon + first))
    pieces, polygon = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return pieces, polygon


def _pieces_near(
    polygons: npt.NDArray[np.object_], squares: _Squares
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.intp]]:
    parts, polygon_of_part = shapely.get_parts(polygons, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    corners, sizes = shapely.get_coordinates(rings), shapely.get_num_coordinates(rings)
    if not len(corners):
        return np.empty(0, object), np.empty(0, np.intp)
    after = np.cumsum(sizes)
    number = -(-np.maximum(sizes - 1, 0) // _SIDES)
    ring = np.repeat(np.arange(len(rings)), number)
    first = (after - sizes)[ring] + _SIDES * count_within(number)
    # Each piece ends where the next begins, or with its ring: that corner is in both.
    end = np.minimum(first + _SIDES, after[ring] - 1)
    lowest, highest = (extreme.reduceat(corners, first) for extreme in (np.minimum, np.maximum))
    kept = squares.near(np.minimum(lowest, corners[end]), np.maximum(highest, corners[end]))
    lengths = end[kept] + 1 - first[kept]
    taken = numbers_from(first[kept], lengths)
    piece = np.repeat(np.arange(len(kept)), lengths)
    pieces: Any = shapely.linestrings(corners[taken], indices=piece)
    return np.asarray(pieces, object), polygon_of_part[part_of_ring[ring[kept]]]


@dataclass(frozen=True, eq=False)
class _Squares:
    """Squares from a corner on, in which places are looked for: `before` has how many before each are taken."""

    corner: npt.NDArray[np.float64]
    side_m: float
    before: npt.NDArray[np.int32]
    within_m: float

    @classmethod
    def around(cls, places: npt.NDArray[np.float64], within_m: float) -> _Squares:
        """Return the squares for places, and how far from one anything counts as near."""
        places = places[np.isfinite(places).all(axis=1)]
        if not len(places):
            return cls(np.zeros(2), 1.0, np.zeros((1, 1), np.int32), within_m)
        corner, across = places.min(axis=0), np.ptp(places, axis=0)
        side_m = max(within_m / 4, float(across.max()) / _SQUARES, float(np.sqrt(across.prod() / _SQUARES)), _HAIR)
        square = ((places - corner) // side_m).astype(np.int64)
        before = np.zeros(square.max(axis=0) + 2, np.int32)
        before[square[:, 0] + 1, square[:, 1] + 1] = 1
        for axis in (0, 1):
            np.cumsum(before, axis=axis, out=before)
        return cls(corner, side_m, before, within_m)

    def near(self, lowest: npt.NDArray[np.float64], highest: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """Return the boxes that may hold anything near a place, and a few more."""
        before, corner = self.before, self.corner
        reach_m, most = self.within_m * (1 + _HAIR) + _HAIR, np.array(before.shape) - 1
        if not most.all():
            return np.empty(0, np.intp)
        known = np.isfinite((lowest + highest).sum(axis=1))  # what PROJ cannot place is looked at
        boxes = np.where(known[:, None], lowest, corner), np.where(known[:, None], highest, corner)
        (west, south), (east, north) = (
            np.clip((edge + gap_m - corner) // self.side_m + more, 0, most).astype(np.int64).T
            for edge, gap_m, more in zip(boxes, (-reach_m, reach_m), (0, 1), strict=True)
        )
        held = before[east, north] - before[west, north] - before[east, south] + before[west, south]
        return np.flatnonzero((held > 0) | ~known)
