"""Attaching points to the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.kernels import geometry
from geoaccess.network.attachable import nearest_edges
from geoaccess.network.elements import DECISECONDS

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.network.core import Network

__all__ = ["NO_ROAD_WITHIN", "snap"]

NO_ROAD_WITHIN = "no_road_within"
_LONGEST_OFF_S = 2**26 / DECISECONDS
"""A network leaves room for four times as much, see `core`."""
_LEGS = ("to_u_ds", "from_u_ds", "to_v_ds", "from_v_ds")


def snap(
    network: Network,
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> pd.DataFrame:
    """Attach each point to the nearest place on the nearest edge that people can use.

    The way from the point to that place is never free: off_network_s = 3.6 off_network_m / off_network_kph.

    Parameters
    ----------
    points
        Points with a CRS; polygons stand for their centroids.
    max_snap_m
        A point with no usable edge within this distance is not snapped.
    off_network_kph
        Speed on the leg between the point and the network.
    min_component_m
        See `snappable_edges` and `nearest_edges`.

    Returns
    -------
    Table on the index of `points`: `edge` (-1 where not snapped), `off_network_m` (NaN where not snapped),
    `off_network_ds`, times in deciseconds along the edge from and to its two ends (`to_u_ds`, `from_u_ds`, `to_v_ds`,
    `from_v_ds`; -1 where that direction is closed), `lon`, `lat` of the place, and `reason` ("" or "no_road_within").

    Raises
    ------
    InputError
        If the points have no CRS, hold empty geometry or coordinates that are not finite, or none of them is near the
        network.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoaccess.network import Network, snap
    >>> road = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[400], backward_s=[400])
    >>> place = gpd.GeoSeries.from_xy([10.025], [60.001], index=["farm"], crs="EPSG:4326")
    >>> snap(road, place).loc["farm", ["edge", "to_u_ds", "to_v_ds"]].tolist()
    [0, 1000, 3000]
    """
    for name, value in (("max_snap_m", max_snap_m), ("off_network_kph", off_network_kph)):
        if not value > 0:
            raise InputError(f"{name} is {value}; it must be above 0")
    x, y = _projected(network, points)
    edge = nearest_edges(network, x, y, max_snap_m=max_snap_m, min_component_m=min_component_m)
    at = np.flatnonzero(edge >= 0)
    if len(points) and not at.size:
        west, south, east, north = network.bounds
        raise InputError(
            f"none of {len(points)} points lies within {max_snap_m:.0f} m of a usable road; the network covers "
            f"{west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N: check the CRS of the points and that longitude "
            "and latitude are not swapped"
        )
    table = _place_on_edges(network, edge, at, x, y)
    off_m = table["off_network_m"].to_numpy()
    slowest = float(np.nanmax(off_m, initial=0.0)) * 3.6 / off_network_kph
    if slowest > _LONGEST_OFF_S:
        raise InputError(
            f"off_network_kph is {off_network_kph}: the way off the network would take {slowest / DAY_S:.0f} days; "
            "give a larger speed or a smaller max_snap_m"
        )
    table["off_network_ds"] = np.where(
        edge >= 0, np.rint(np.nan_to_num(off_m) * 3.6 / off_network_kph * DECISECONDS), 0
    ).astype(np.int32)
    table["reason"] = np.where(edge >= 0, "", NO_ROAD_WITHIN)
    table.index = points.index
    return table


def _projected(
    network: Network, points: gpd.GeoDataFrame | gpd.GeoSeries
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    geometry_column = points.geometry
    if geometry_column.crs is None:
        raise InputError("the points have no CRS; set it with points.set_crs(...)")
    bad = geometry_column.isna() | geometry_column.is_empty
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} of {len(points)} points have no geometry, the first at index "
            f"{points.index[bad.to_numpy()][0]!r}"
        )
    projected = geometry_column.to_crs(network.metric_crs)
    centres = projected if (projected.geom_type == "Point").all() else projected.centroid
    x, y = centres.x.to_numpy(), centres.y.to_numpy()
    wrong = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if wrong.size:
        raise InputError(
            f"{wrong.size} of {len(points)} points cannot be placed on the map, the first at index "
            f"{points.index[wrong[0]]!r}: {geometry_column.iloc[wrong[0]]}"
        )
    return x, y


def _place_on_edges(
    network: Network,
    edge: npt.NDArray[np.int32],
    at: npt.NDArray[np.int64],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
) -> pd.DataFrame:
    import pyproj

    chosen = edge[at]
    forward, backward, off_m, near_x, near_y = geometry.locate_on_shapes(
        chosen,
        x[at],
        y[at],
        network.shape_ptr,
        *network.shape_xy,
        network.shape_forward_s,
        network.shape_backward_s,
    )
    forward_ds, backward_ds = network.edge_forward_ds[chosen], network.edge_backward_ds[chosen]
    from_u = np.rint(forward * forward_ds).astype(np.int32)
    to_u = np.rint(backward * backward_ds).astype(np.int32)
    closed_up, closed_down = forward_ds < 0, backward_ds < 0
    legs = {
        "to_u_ds": np.where(closed_down, -1, to_u),
        "from_u_ds": np.where(closed_up, -1, from_u),
        "to_v_ds": np.where(closed_up, -1, forward_ds - from_u),
        "from_v_ds": np.where(closed_down, -1, backward_ds - to_u),
    }
    back = pyproj.Transformer.from_crs(network.metric_crs, "EPSG:4326", always_xy=True)
    lon, lat = back.transform(near_x, near_y)
    table = pd.DataFrame({"edge": edge})
    for name, values in {"off_network_m": off_m, "lon": lon, "lat": lat}.items():
        column = np.full(edge.size, np.nan)
        column[at] = values
        table[name] = column
    for name in _LEGS:
        leg = np.full(edge.size, -1, np.int32)
        leg[at] = legs[name]
        table[name] = leg
    return table
