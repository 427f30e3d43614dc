"""What of a network lies under the cells of a map: main roads, and ferries as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoaccess.kernels.memory import release_pages
from geoaccess.kernels.thinning import bends
from geoaccess.network import EdgeKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["ferry_lines", "main_roads"]

_BACKDROP = ("motorway", "trunk", "primary", "secondary")
_MANY: Final = 1_000_000
"""Of so many points of roads those that nobody would miss go before there are any lines."""
_PART: Final = 4


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
        table["ref"] = _first_numbers(names["ref"].reindex(network.way_id[first[chosen]]).fillna("").astype(str))
    keys, merged = list(table.columns), []
    groups = {} if table.empty else table.groupby(keys).indices
    many = np.diff(network.shape_ptr)[chosen].sum() >= _MANY
    for at in groups.values():
        lines = _thinned(network, chosen[at], tolerance_deg / _PART) if many else _whole(network, chosen[at])
        if many:
            release_pages((network.shape_way, network.shape_lon, network.shape_lat))  # else all of them stay in memory
        whole = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
        merged.append(shapely.simplify(whole, tolerance_deg * (1 - 1 / _PART if many else 1)))
    found = [values if isinstance(values, tuple) else (values,) for values in groups]
    rows = np.repeat(np.array(found, object).reshape(-1, len(keys)), [len(some) for some in merged], axis=0)
    return gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=keys).infer_objects(),
        geometry=np.concatenate([np.empty(0, object), *merged]),
        crs="EPSG:4326",
    )


def _first_numbers(refs: pd.Series) -> npt.NDArray[np.object_]:
    """Return the first of the numbers that stand in each of some texts, which are few."""
    place, texts = pd.factorize(refs)
    return np.array([text.split(";")[0].strip() for text in texts], object)[place]


def _whole(network: Network, edges: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    return network.lines(edges, network.shape_lon, network.shape_lat)


def _thinned(network: Network, edges: npt.NDArray[np.int64], tolerance_deg: float) -> npt.NDArray[np.object_]:
    """Return edges as lines without the points that a tolerance allows to leave out, but for their ends."""
    first = network.shape_ptr[edges]
    sizes = network.shape_ptr[edges + 1] - first
    ptr = np.cumsum([0, *sizes])
    points = np.arange(ptr[-1]) + np.repeat(first - ptr[:-1], sizes)
    x, y = network.shape_lon[points], network.shape_lat[points]
    kept = bends(x, y, ptr, tolerance_deg)
    edge = np.repeat(np.arange(len(edges)), sizes)
    lines: Any = shapely.linestrings(np.column_stack([x[kept], y[kept]]), indices=edge[kept])
    return np.asarray(lines, object)
