"""What of a network lies under the cells of a map: main roads, and ferries as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
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


def main_roads(network: Network, names: pd.DataFrame | None = None) -> gpd.GeoDataFrame:
    """Return the edges of the main roads: `highway`, `ref` where names of roads are given, and `geometry`."""
    edges = network.edges(*_BACKDROP)
    roads: gpd.GeoDataFrame = edges[["highway", "geometry"]]
    if names is None:
        return roads
    refs = names["ref"].reindex(edges["way_id"]).fillna("").astype(str).str.split(";").str[0].str.strip()
    return roads.assign(ref=refs.to_numpy(object))


def merged_roads(roads: gpd.GeoDataFrame, *, tolerance_deg: float) -> gpd.GeoDataFrame:
    """Return roads with junctions forgotten: a row per class, number and line, no finer than the tolerance, degrees."""
    keys = [name for name in ("highway", "ref") if name in roads]
    shapes = roads.geometry.to_numpy()
    names, merged = [], []
    for values, at in roads.groupby(keys).indices.items():
        names.append(values if isinstance(values, tuple) else (values,))
        merged.append(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapes[at]))))
    if not merged:
        return roads
    lines = shapely.simplify(np.concatenate(merged), tolerance_deg)
    table = pd.DataFrame(np.repeat(np.array(names, object), [len(some) for some in merged], axis=0), columns=keys)
    return gpd.GeoDataFrame(table.infer_objects(), geometry=lines, crs=roads.crs)
