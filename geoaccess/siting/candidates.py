"""Places that sites might be built at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import services
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["leave_out", "read_candidates", "settlements"]


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
    tree = cells.sindex
    one, other = tree.query(cells.geometry, predicate="intersects")
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
    Points in EPSG:4326 with `name`, on ids made of the row.

    Raises
    ------
    GeoaccessError
        As `read_sites`.
    """
    table = services.read_sites(path, service="candidate")
    return table[["name", "geometry"]]


@checks_arguments
def leave_out(candidates: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    """Return the candidates that lie in none of the polygons of a file.

    Raises
    ------
    GeoaccessError
        If the file is not there or holds no polygons, or no candidate is left.
    """
    import geopandas as gpd

    areas = read_table(path)
    shapes = isinstance(areas, gpd.GeoDataFrame) and len(areas)
    if not shapes or not areas.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        raise InputError(f"{path}: holds other shapes than polygons, or none; draw the areas to leave out as polygons")
    if areas.crs is None:
        raise InputError(f"{path}: has no CRS; save it with one, such as EPSG:4326")
    inside = candidates.to_crs(areas.crs).sindex.query(areas.geometry, predicate="intersects")[1]
    left: gpd.GeoDataFrame = candidates.drop(candidates.index[pd.unique(inside)])
    if left.empty:
        raise InputError(f"{path}: all {len(candidates)} candidates lie inside the areas to leave out")
    return left
