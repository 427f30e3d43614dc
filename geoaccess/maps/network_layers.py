"""What of a network lies under the cells of a map: main roads, and ferries as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from geoaccess.network import EdgeKind

if TYPE_CHECKING:
    from geoaccess.network import Network

__all__ = ["ferry_lines", "main_roads", "merged_roads"]

_BACKDROP = ("motorway", "trunk", "primary", "secondary")


def ferry_lines(network: Network) -> gpd.GeoDataFrame:
    """Return the ferries of a network as lines, a row per ferry way and line."""
    edges = network.edges("ferry")
    edges = edges[edges["kind"].isin([EdgeKind.FERRY, EdgeKind.ON_FOOT])]
    lines = edges[["way_id", "geometry"]].dissolve("way_id")
    joined: gpd.GeoDataFrame = lines.join(network.ferries.set_index("way_id"), how="inner").reset_index()
    return joined


def main_roads(network: Network) -> gpd.GeoDataFrame:
    """Return the edges of the main roads: `highway` and `geometry`."""
    roads: gpd.GeoDataFrame = network.edges(*_BACKDROP)[["highway", "geometry"]]
    return roads


def merged_roads(roads: gpd.GeoDataFrame, *, tolerance_deg: float) -> gpd.GeoDataFrame:
    """Return roads with junctions forgotten: a row per class and line, no finer than the tolerance in degrees."""
    rows = []
    for highway, part in roads.groupby("highway"):
        lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(part.geometry.to_numpy())))
        rows.append(
            gpd.GeoDataFrame(
                {"highway": highway},
                geometry=shapely.simplify(lines, tolerance_deg),
                index=range(len(lines)),
                crs=roads.crs,
            )
        )
    return pd.concat(rows, ignore_index=True) if rows else roads
