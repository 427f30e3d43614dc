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

__all__ = ["ferry_lines", "main_roads"]

_BACKDROP = ("motorway", "trunk", "primary", "secondary")


def ferry_lines(network: Network) -> gpd.GeoDataFrame:
    """Return the ferries of a network as lines, a row per ferry way and line."""
    edges = network.edges("ferry")
    edges = edges[edges["kind"].isin([EdgeKind.FERRY, EdgeKind.ON_FOOT])]
    lines = edges[["way_id", "geometry"]].dissolve("way_id")
    joined: gpd.GeoDataFrame = lines.join(network.ferries.set_index("way_id"), how="inner").reset_index()
    return joined


def main_roads(network: Network, names: pd.DataFrame | None = None, *, tolerance_deg: float) -> gpd.GeoDataFrame:
    """Return the main roads with junctions forgotten: a row per class, number and line, no finer than the tolerance.

    Columns `highway`, `ref` where names of roads are given, and `geometry` (EPSG:4326); the tolerance is in degrees.
    Only the edges of one class and number are lines at a time: those of a country take a gigabyte.
    """
    first = network.shape_way[network.shape_ptr[:-1]]
    number = network.way_class[first]
    asked = [place for place, name in enumerate(network.class_names) if name in _BACKDROP]
    chosen = np.flatnonzero(np.isin(number, asked))
    table = pd.DataFrame({"highway": np.asarray(network.class_names, dtype=object)[number[chosen]]})
    if names is not None:
        refs = names["ref"].reindex(network.way_id[first[chosen]]).fillna("").astype(str)
        table["ref"] = refs.str.split(";").str[0].str.strip().to_numpy(object)
    keys, merged = list(table.columns), []
    groups = {} if table.empty else table.groupby(keys).indices
    for at in groups.values():
        lines = network.lines(chosen[at], network.shape_lon, network.shape_lat)
        whole = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
        merged.append(shapely.simplify(whole, tolerance_deg))
    found = [values if isinstance(values, tuple) else (values,) for values in groups]
    rows = np.repeat(np.array(found, object).reshape(-1, len(keys)), [len(some) for some in merged], axis=0)
    return gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=keys).infer_objects(),
        geometry=np.concatenate([np.empty(0, object), *merged]),
        crs="EPSG:4326",
    )
