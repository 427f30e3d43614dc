"""Places that sites might be built at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import services
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import utm_of
from geoaccess.tables import read_areas, swapped_hint

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["away_from", "leave_out", "read_candidates", "read_left_out", "settlements"]

_TOUCHING = 0.01  # of the side of a cell


@checks_arguments
def settlements(cells: gpd.GeoDataFrame, *, least_people: float = 200.0) -> gpd.GeoDataFrame:
    """Return clusters of inhabited cells that touch each other, each at the cell where most people live.

    Parameters
    ----------
    cells
        Polygons with `population`.
    least_people
        Smaller clusters are left out.

    Returns
    -------
    Points with `population` of the cluster, on the ids of the cells in which they lie, in the order of the cells.

    Raises
    ------
    InputError
        If no cluster is so large.
    """
    # Corners of hexagons may have been rounded apart; squares that do not touch are a whole side apart.
    near_m = _TOUCHING * float(np.sqrt(np.median(cells.geometry.area)))
    one, other = cells.sindex.query(cells.geometry, predicate="dwithin", distance=near_m)
    label = np.arange(len(cells))
    while True:
        least = label.copy()
        np.minimum.at(least, one, label[other])
        least = least[least]
        if (least == label).all():
            break
        label = least
    people = cells["population"].to_numpy(dtype=np.float64)
    total = np.bincount(label, people, minlength=len(cells))
    order = np.lexsort((np.arange(len(cells)), -people, label))
    heads = np.sort(order[np.append(True, np.diff(label[order]) > 0)])
    heads = heads[total[label[heads]] >= least_people]
    if not heads.size:
        raise InputError(f"no settlement has {least_people:g} people; the largest has {total.max():g}")
    found: gpd.GeoDataFrame = cells[["geometry"]].iloc[heads].copy()
    found["population"] = total[label[heads]]
    return found.set_geometry(found.geometry.centroid)


@checks_arguments
def read_candidates(path: Path) -> gpd.GeoDataFrame:
    """Read places from a CSV (with `lon` and `lat`), Parquet, GeoJSON or GeoPackage file: existing buildings, say.

    Returns
    -------
    Points in EPSG:4326 with `name`, on their ids as `read_sites` makes them.

    Raises
    ------
    GeoaccessError
        As `read_sites`.
    """
    table = services.read_sites(path, service="candidate")
    return table[["name", "geometry"]]


def read_left_out(path: Path) -> Any:
    """Return the polygons of a file in which nothing may be built, in EPSG:4326, as `read_areas`."""
    return read_areas(path, hint="check the areas to leave out")


@checks_arguments
def leave_out(candidates: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    """Return the candidates that lie in none of the polygons of a file.

    Raises
    ------
    GeoaccessError
        As `read_areas`; if no candidate lies in any polygon, so that nothing would be left out, or all do.
    """
    areas = read_left_out(path)
    places = candidates.to_crs("EPSG:4326")
    inside = places.sindex.query(areas, predicate="intersects")[1]
    if not inside.size:
        (west, south, east, north), there = areas.total_bounds, places.total_bounds
        raise InputError(
            f"{path}: none of the {len(candidates)} candidates lies in its areas, which reach from {west:.2f} to "
            f"{east:.2f} E and {south:.2f} to {north:.2f} N{swapped_hint(areas.total_bounds, there)}; nothing would be "
            "left out: correct the file, or ask without it"
        )
    left: gpd.GeoDataFrame = candidates.drop(candidates.index[pd.unique(inside)])
    if left.empty:
        raise InputError(f"{path}: all {len(candidates)} candidates lie inside the areas to leave out")
    return left


@checks_arguments
def away_from(candidates: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, within_m: float) -> gpd.GeoDataFrame:
    """Return the candidates that lie farther from every site than a distance: nearer ones are sites that stand.

    >>> import geopandas as gpd
    >>> places = gpd.GeoDataFrame(geometry=gpd.points_from_xy([10.0, 10.1], [60.0, 60.0]), crs="EPSG:4326")
    >>> away_from(places, places.iloc[:1], within_m=50).index.tolist()
    [1]
    """
    if not len(sites) or not len(candidates):
        return candidates
    plane = utm_of(sites)
    near = sites.to_crs(plane).sindex.query(candidates.geometry.to_crs(plane), predicate="dwithin", distance=within_m)
    left: gpd.GeoDataFrame = candidates.drop(candidates.index[pd.unique(near[0])])
    return left
