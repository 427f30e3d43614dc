"""Borders that a source of municipalities lacks, and the regions that municipalities lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import crs_of

if TYPE_CHECKING:
    from shapely.geometry import Point

__all__ = ["border_from_cells", "join_regions"]


@checks_arguments
def border_from_cells(
    cells: gpd.GeoDataFrame,
    others: gpd.GeoDataFrame,
    *,
    id: str,  # noqa: A002
    name: str,
    place: Point,
    within_m: float,
) -> gpd.GeoDataFrame:
    """Return a municipality whose border is that of the cells near a place that lie in no other municipality.

    Parameters
    ----------
    cells
        Squares of the grid, in a projected CRS.
    others
        The municipalities that have borders; the result has their CRS.
    id, name
        Of the municipality that has none.
    place
        A point in it, longitude and latitude.
    within_m
        How far from the place the centres of its cells may lie.

    Returns
    -------
    A table with one row, on `municipality_id`: `name` and `geometry` (MultiPolygon).

    Raises
    ------
    InputError
        If no cell near the place lies outside the other municipalities.
    """
    centre = gpd.GeoSeries([place], crs="EPSG:4326").to_crs(crs_of(cells)).iloc[0]
    near = cells[cells.geometry.centroid.distance(centre) <= within_m]
    taken = (
        near.set_geometry(near.geometry.centroid)[["geometry"]].to_crs(crs_of(others)).sjoin(others[["geometry"]]).index
    )
    land = near.geometry.drop(taken).to_crs(crs_of(others)).union_all()
    if land.is_empty:
        raise InputError(f'"{name}": no cell within {within_m / 1000:g} km is outside the others')
    whole = MultiPolygon([part for part in shapely.get_parts(land) if isinstance(part, Polygon)])
    return gpd.GeoDataFrame(
        {"name": [name]}, geometry=[whole], crs=others.crs, index=pd.Index([id], name="municipality_id")
    )


@checks_arguments
def join_regions(municipalities: gpd.GeoDataFrame, regions: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give each municipality the `region_id` and `region` that it lies in, by a point inside it; "" where in none.

    Parameters
    ----------
    municipalities, regions
        Polygons; `regions` has its ids as index and a column `name`.
    """
    points = municipalities.set_geometry(municipalities.representative_point())[["geometry"]]
    inside = points.sjoin(regions.rename_axis("region_id").reset_index())
    inside = inside[~inside.index.duplicated()]
    return municipalities.assign(
        region_id=inside["region_id"].reindex(municipalities.index).fillna(""),
        region=inside["name"].reindex(municipalities.index).fillna(""),
    )
