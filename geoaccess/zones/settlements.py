"""Where it is built up, as far as a population grid shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import in_metres, is_stretched
from geoaccess.kernels.graph import weak_components

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

__all__ = ["settlement_people"]

_ALIKE = 1e-3  # of an area
_SMALL = 0.25  # of the side of a block: below it, a cell lies in one block
_ASIDE = ((1, -1), (1, 0), (1, 1), (0, 1))  # half of the eight neighbours; the others look back


@checks_arguments
def settlement_people(cells: gpd.GeoDataFrame, *, people_per_km2: float = 200.0, block_m: float = 1000.0) -> pd.Series:
    """People of the settlement that each cell lies in.

    Cells are summed to square blocks; blocks with at least `people_per_km2` that touch, corners included, are one
    settlement, and its people are all that live in its blocks. So are the urban clusters of the Degree of Urbanisation
    found (which are those of 5 000 people or more), where no borders of settlements are at hand. They are coarser than
    Statistics Norway's urban settlements (tettsteder), which follow the houses.

    Parameters
    ----------
    cells
        `population`, and squares in a projected CRS in metres; of other polygons the people are spread evenly over
        their area.
    people_per_km2
        Least density of a block, above 0. The Degree of Urbanisation takes 300; the 200 here keep the outskirts of
        Norwegian towns with the towns, and are our choice.
    block_m
        Side of a block, metres; cells that are larger are blocks themselves.

    Returns
    -------
    Series `settlement_people` on the index of `cells`; 0 outside settlements.

    Raises
    ------
    InputError
        If the CRS is not in metres, or a number is not above 0.

    References
    ----------
    European Union, FAO, UN-Habitat, OECD and World Bank (2021), Applying the Degree of Urbanisation: contiguous
    cells of 1 km2 with at least 300 people per km2.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> squares = [box(x, 0, x + 1000, 1000) for x in (0, 1000, 3000)]
    >>> cells = gpd.GeoDataFrame({"population": [900.0, 400.0, 199.0]}, geometry=squares, crs=25833)
    >>> settlement_people(cells).tolist()
    [1300.0, 1300.0, 0.0]
    """
    if cells.crs is None or not in_metres(cells.crs) or is_stretched(cells.crs):
        raise InputError("cells: the CRS is not in true metres; give them in a projected one, not in Web Mercator")
    if not (people_per_km2 > 0 and block_m > 0):
        raise InputError(f"people_per_km2 is {people_per_km2} and block_m {block_m}; give numbers above 0")
    shapes, people = cells.geometry.to_numpy(), cells["population"].to_numpy(np.float64)
    sides = np.sqrt(shapely.area(shapes))
    grid = len(cells) == 0 or (np.ptp(sides) <= _ALIKE * sides.max() and _are_boxes(shapes))
    side = max(block_m, *sides[:1].tolist()) if grid else block_m
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    own = pd.MultiIndex.from_arrays(list(np.floor(middle / side).astype(np.int64).T))
    part, weight = (own, people) if grid else _spread(shapes, people, side)
    block, blocks = pd.factorize(part)
    living = np.bincount(block, weights=weight, minlength=len(blocks))
    dense = np.flatnonzero(living >= people_per_km2 * side**2 / 1e6)
    at = blocks[dense]
    u, v = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for right, up in _ASIDE if dense.size else ():
        x, y = at.get_level_values(0) + right, at.get_level_values(1) + up
        other = at.get_indexer(pd.MultiIndex.from_arrays([x, y]))
        here = np.flatnonzero(other >= 0)
        u.append(here.astype(np.int32))
        v.append(other[here].astype(np.int32))
    settlement = weak_components(dense.size, np.concatenate(u), np.concatenate(v))
    total = np.bincount(settlement, weights=living[dense]) if dense.size else np.empty(0)
    of_block = np.zeros(len(blocks))
    of_block[dense] = total[settlement]
    at_own = block if grid else blocks.get_indexer(own)
    return pd.Series(of_block[at_own], index=cells.index, name="settlement_people")


def _are_boxes(shapes: npt.NDArray[np.object_]) -> bool:
    west, south, east, north = shapely.bounds(shapes).T
    box = (east - west) * (north - south)
    return bool((np.abs(shapely.area(shapes) - box) <= _ALIKE * box).all())


def _spread(
    shapes: npt.NDArray[np.object_], people: npt.NDArray[np.float64], side: float
) -> tuple[pd.MultiIndex, npt.NDArray[np.float64]]:
    """Spread people evenly over the area of their cells: return the block of each part of a cell, and its people.

    Cells much smaller than a block are in that of their centre. Nobody of a cell may be in the block of its centre,
    where that lies outside its shape; the block still has a place in the list.
    """
    blocks = np.floor(shapely.get_coordinates(shapely.centroid(shapes)) / side).astype(np.int64)
    large = np.sqrt(shapely.area(shapes)) > _SMALL * side
    wide = shapes[large]
    low, high = np.split(np.floor(shapely.bounds(wide) / side).astype(np.int64), 2, axis=1)
    across, up = (high - low + 1).T
    cell = np.repeat(np.arange(len(wide)), across * up)
    number = np.arange(len(cell)) - np.repeat(np.cumsum(across * up) - across * up, across * up)
    column, row = low[cell, 0] + number % across[cell], low[cell, 1] + number // across[cell]
    tiles = shapely.box(column * side, row * side, (column + 1) * side, (row + 1) * side)
    share = shapely.area(shapely.intersection(tiles, wide[cell])) / shapely.area(wide)[cell]
    everything = np.concatenate([blocks, np.column_stack([column, row])[share > 0]])
    weights = np.concatenate([np.where(large, 0.0, people), (people[large][cell] * share)[share > 0]])
    return pd.MultiIndex.from_arrays(list(everything.T)), weights
