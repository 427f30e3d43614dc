"""Attaching points to the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import ArgumentError, InputError
from geoaccess.kernels import geometry
from geoaccess.network.attachable import nearest_edges
from geoaccess.network.elements import DECISECONDS
from geoaccess.network.projection import between_degrees

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.network.core import Network
    from geoaccess.network.over_water import Attached

__all__ = [
    "ACROSS_WATER",
    "NO_ROAD_WITHIN",
    "Attachment",
    "Places",
    "as_places",
    "attach",
    "check_any_snapped",
    "setting_out_after",
    "snap",
    "snap_attached",
    "walking_at",
]

ACROSS_WATER = "across_water"
NO_ROAD_WITHIN = "no_road_within"
SNAPPED = (
    *("edge", "node", "off_network_m", "off_network_ds", "to_u_ds", "from_u_ds", "to_v_ds", "from_v_ds"),
    *("x_m", "y_m"),
)
"""What searches read of the table that `snap` makes."""

Places: TypeAlias = "gpd.GeoDataFrame | gpd.GeoSeries | pd.DataFrame"
"""Points or polygons with a CRS, or the table that `snap` made of them: the one form of places everywhere."""

_LONGEST_OFF_S = 2**26 / DECISECONDS
"""A network leaves room for four times as much, see `core`."""
_SAME_PLACE_M = 0.01
"""What lies this near to the end of an edge is at the end: coordinates are rounded to it."""


@checks_arguments
def snap(
    network: Network,
    points: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> pd.DataFrame:
    """Attach each point to the nearest place on the nearest edge that people can use.

    The way from the point to that place is never free: off_network_s = 3.6 off_network_m / off_network_kph. A place at
    the end of an edge, to the centimetre, is at the junction there and so on all its streets: to leave it or come to it
    takes no time in any direction, on one-way, closed and private roads too. It leads over no water that the network
    knows of (see `leads_over_water`): then the nearest place counts that one can walk to.

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
    Table on the index of `points`: `edge` (-1 where not snapped) and `node` (that of the junction the place is at; -1
    where it is along the edge), `off_network_m` (NaN where not snapped), `off_network_ds`, times in deciseconds along
    the edge from and to its two ends (`to_u_ds`, `from_u_ds`, `to_v_ds`, `from_v_ds`; -1 where that direction is
    closed, or leads away from the junction), `start_ds` (0; see `setting_out_after`), `lon`, `lat` of the place,
    `shape_at` (the shape point before it and the share of the way to the next), `x_m`, `y_m` of the point in the
    projection of the network, to the centimetre, and `reason` ("", "no_road_within", or "across_water" where there is a
    road but water before every one).

    Raises
    ------
    InputError
        If the points have no CRS, or hold empty geometry or coordinates that are not finite.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoaccess.network import Network, snap
    >>> road = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[400], backward_s=[400])
    >>> places = gpd.GeoSeries.from_xy([10.025, 10.1], [60.001, 60.0], index=["farm", "end"], crs="EPSG:4326")
    >>> snap(road, places)[["edge", "node", "to_u_ds", "to_v_ds"]].to_dict("split")["data"]
    [[0, -1, 1000, 3000], [0, 1, -1, 0]]
    """
    _check_speed(off_network_kph)
    where = attach(network, points, max_snap_m=max_snap_m, min_component_m=min_component_m)
    return snap_attached(network, points.index, where, off_network_kph=off_network_kph)


class Attachment(NamedTuple):
    """What of `snap` depends on no time: points in the projection of a network, and where each is attached to it."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    places: Attached


def attach(
    network: Network, points: gpd.GeoDataFrame | gpd.GeoSeries, *, max_snap_m: float, min_component_m: float
) -> Attachment:
    """Return where points are attached: the same on every network that differs in its times alone."""
    if not max_snap_m > 0:
        raise InputError(f"max_snap_m is {max_snap_m}; it must be above 0")
    x, y = _projected(network, points)
    return Attachment(x, y, nearest_edges(network, x, y, max_snap_m=max_snap_m, min_component_m=min_component_m))


def snap_attached(network: Network, index: pd.Index, where: Attachment, *, off_network_kph: float) -> pd.DataFrame:
    """Return the table that `snap` makes of points once it is known where they are attached."""
    x, y, places = where
    edge = places.edge
    table = _place_on_edges(network, edge, places.x, places.y)
    # Where water lies before the nearest place of an edge, it is another place on that edge that one walks to.
    table["off_network_m"] = (table["off_network_m"] + np.hypot(places.x - x, places.y - y)).round(2)
    table["off_network_ds"] = _off_network_ds(table, off_network_kph)
    table["start_ds"] = np.zeros(len(table), np.int32)
    table["x_m"], table["y_m"] = x, y
    table["reason"] = np.where(edge >= 0, "", np.where(places.blocked, ACROSS_WATER, NO_ROAD_WITHIN))
    table.index = index
    return table


@checks_arguments
def walking_at(snapped: pd.DataFrame, off_network_kph: float) -> pd.DataFrame:
    """Return places that `snap` attached as it would have with another speed off the network.

    Where a place is attached does not depend on that speed: only `off_network_ds` is another.

    Raises
    ------
    InputError
        If the speed is not above 0, or the way would take longer than a network has room for.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[400], backward_s=[400])
    >>> farm = gpd.GeoSeries.from_xy([10.025], [60.01], crs="EPSG:4326")
    >>> slow, quick = (ga.snap(road, farm, off_network_kph=kph) for kph in (5, 10))
    >>> walking_at(slow, 10).equals(quick)
    True
    """
    _check_speed(off_network_kph)
    if not _is_snapped(snapped):
        raise InputError("snapped: no table that snap made; attach points with geoaccess.snap")
    return snapped.assign(off_network_ds=_off_network_ds(snapped, off_network_kph))


def _check_speed(off_network_kph: float) -> None:
    if not off_network_kph > 0:
        raise InputError(f"off_network_kph is {off_network_kph}; it must be above 0")


def _off_network_ds(snapped: pd.DataFrame, off_network_kph: float) -> npt.NDArray[np.int32]:
    """Return the time off the network, deciseconds, 0 where a place is not attached."""
    edge, off_m = snapped["edge"].to_numpy(), snapped["off_network_m"].to_numpy()
    slowest = float(np.max(off_m, where=edge >= 0, initial=0.0)) * 3.6 / off_network_kph
    if slowest > _LONGEST_OFF_S:
        raise InputError(
            f"off_network_kph is {off_network_kph}: the way off the network would take {slowest / DAY_S:.0f} days; "
            "give a larger speed or a smaller max_snap_m"
        )
    times = np.rint(np.nan_to_num(off_m) * 3.6 / off_network_kph * DECISECONDS)
    return np.where(edge >= 0, times, 0).astype(np.int32)


@checks_arguments
def as_places(
    network: Network,
    places: Places,
    *,
    name: str,
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> pd.DataFrame:
    """Attach places to the network, unless `snap` did it already: the one rule for all that asks for places.

    Parameters
    ----------
    name
        What the message calls them.
    max_snap_m, off_network_kph, min_component_m
        See `snap`; of no account for places that are snapped.

    Raises
    ------
    InputError
        If they are neither points nor a table that `snap` made on this network.
    """
    import geopandas as gpd

    if isinstance(places, (gpd.GeoDataFrame, gpd.GeoSeries)) and not _is_snapped(places):
        return snap(
            network, places, max_snap_m=max_snap_m, off_network_kph=off_network_kph, min_component_m=min_component_m
        )
    given: object = places
    if not isinstance(given, pd.DataFrame):
        raise ArgumentError(
            f"{name}: is a {type(given).__name__}; give points (a GeoDataFrame or GeoSeries), or what geoaccess.snap "
            "made of them"
        )
    missing = [column for column in SNAPPED if column not in given.columns]
    if missing:
        raise InputError(
            f"{name}: a table that snap did not make: it lacks {', '.join(missing)}; give points, or attach them with "
            "geoaccess.snap"
        )
    edge = given["edge"].to_numpy()
    if len(edge) and not -1 <= edge.min() <= edge.max() < network.n_edges:
        raise InputError(f"{name}: snapped on another network, which has edge {edge.max()}; snap them on this one")
    return given if "start_ds" in given.columns else given.assign(start_ds=np.zeros(len(given), np.int32))


@checks_arguments
def setting_out_after(snapped: pd.DataFrame, start_s: npt.ArrayLike) -> pd.DataFrame:
    """Let time pass before anything moves between these places and any other, as an ambulance is called out first.

    t(cell, site) + start(cell) + start(site), in every search of nearest sites, tables of times, fields and closings: a
    place to which or from which this time must pass is as far as before, and later. Whom nothing reaches stays so.

    Parameters
    ----------
    snapped
        What `snap` made.
    start_s
        Seconds >= 0, one for all or one for each place; whole deciseconds count.

    Returns
    -------
    The same places with the column `start_ds`.

    Raises
    ------
    InputError
        If a number is negative or not finite, or longer than a network has room for.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[400], backward_s=[400])
    >>> place = gpd.GeoSeries.from_xy([10.0, 10.1], [60.0, 60.0], index=["home", "base"], crs="EPSG:4326")
    >>> at = ga.snap(road, place)
    >>> base = setting_out_after(at.loc[["base"]], 210)
    >>> ga.nearest(road, at.loc[["home"]], base, direction="to_people")["travel_time_s"].tolist()
    [610.0]
    """
    if not _is_snapped(snapped):
        raise InputError("snapped: no table that snap made; attach points with geoaccess.snap")
    seconds = np.asarray(start_s, np.float64)
    if seconds.ndim and seconds.shape != (len(snapped),):
        raise InputError(f"start_s has the shape {seconds.shape}; give one number, or one for each of {len(snapped)}")
    wrong = ~((seconds >= 0) & (seconds <= _LONGEST_OFF_S))
    if wrong.any():
        raise InputError(
            f"start_s is {seconds[wrong].flat[0] if seconds.ndim else seconds:g}; give seconds from 0 to "
            f"{_LONGEST_OFF_S:.0f}"
        )
    start_ds = np.broadcast_to(np.rint(seconds * DECISECONDS), (len(snapped),)).astype(np.int32)
    return snapped.assign(start_ds=start_ds)


def _is_snapped(places: pd.DataFrame | pd.Series[Any]) -> bool:
    return isinstance(places, pd.DataFrame) and all(column in places.columns for column in SNAPPED)


@checks_arguments
def check_any_snapped(network: Network, snapped: pd.DataFrame, *, max_snap_m: float) -> None:
    """Refuse places of which none lies near a road: as a rule their coordinates are not what they are taken for.

    Raises
    ------
    InputError
        If there are places and none is snapped.
    """
    if len(snapped) and not (snapped["edge"] >= 0).any():
        west, south, east, north = network.bounds
        raise InputError(
            f"none of {len(snapped)} points lies within {max_snap_m:.0f} m of a usable road; the network covers "
            f"{west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N: check the CRS of the points and that longitude "
            "and latitude are not swapped"
        )


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
    degrees = geometry_column.to_crs("EPSG:4326")
    if (degrees.geom_type == "Point").all():
        x, y = network.projection.project(degrees.x.to_numpy(), degrees.y.to_numpy())
    else:
        x, y = _centroids(network, degrees)
    wrong = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
    if wrong.size:
        raise InputError(
            f"{wrong.size} of {len(points)} points cannot be placed on the map, the first at index "
            f"{points.index[wrong[0]]!r}: {geometry_column.iloc[wrong[0]]}"
        )
    return x, y


def _centroids(network: Network, shapes: gpd.GeoSeries) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    import shapely

    def project(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(network.projection.project(degrees[:, 0], degrees[:, 1]))

    flat = shapes.to_numpy()
    if shapely.has_z(flat).any():
        flat = shapely.force_2d(flat)
    usable = np.isfinite(shapely.bounds(flat)).all(axis=1)  # what PROJ cannot place has no bounds
    centres = np.full((len(flat), 2), np.nan)
    centres[usable] = shapely.get_coordinates(shapely.centroid(shapely.transform(flat[usable], project)))
    return np.round(centres[:, 0], 2), np.round(centres[:, 1], 2)


def _place_on_edges(
    network: Network, edge: npt.NDArray[np.int32], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> pd.DataFrame:
    at = np.flatnonzero(edge >= 0)
    chosen = edge[at]
    forward, backward, off_m, piece, share, before, after = geometry.locate_on_shapes(
        chosen,
        x[at],
        y[at],
        network.shape_ptr,
        *network.shape_xy,
        network.shape_forward_s,
        network.shape_backward_s,
    )
    at_u, at_v = _at_ends(before, after)
    share = np.where(at_u, 0.0, np.where(at_v, 1.0, share))
    piece = np.where(at_u, network.shape_ptr[chosen], np.where(at_v, network.shape_ptr[chosen + 1] - 2, piece))
    lon, lat = between_degrees(network.shape_lon, network.shape_lat, piece, share)
    node = np.where(at_u, network.edge_u[chosen], np.where(at_v, network.edge_v[chosen], -1))
    found: dict[str, tuple[npt.NDArray[Any], float]] = {
        "node": (node.astype(np.int32), -1),
        "off_network_m": (np.round(off_m, 2), np.nan),
        "lon": (lon, np.nan),
        "lat": (lat, np.nan),
        "shape_at": (piece + share, np.nan),
    }
    forward_ds, backward_ds = network.edge_forward_ds[chosen], network.edge_backward_ds[chosen]
    for name, leg in _legs(forward, backward, forward_ds, backward_ds, at_u, at_v).items():
        found[name] = (leg, -1)
    table = pd.DataFrame({"edge": edge})
    for name, (values, missing) in found.items():
        column = np.full(edge.size, missing, values.dtype)
        column[at] = values
        table[name] = column
    return table


def _at_ends(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which places are at the start of their edge, and which at its end: where both are near, at the nearer."""
    at_u = (before <= _SAME_PLACE_M) & (before <= after)
    return at_u, (after <= _SAME_PLACE_M) & ~at_u


def _legs(
    forward: npt.NDArray[np.float64],
    backward: npt.NDArray[np.float64],
    forward_ds: npt.NDArray[np.int32],
    backward_ds: npt.NDArray[np.int32],
    at_u: npt.NDArray[np.bool_],
    at_v: npt.NDArray[np.bool_],
) -> dict[str, npt.NDArray[np.int32]]:
    """Return the times between places and the ends of their edges; at an end nothing to it, and no way to the other."""
    from_u = np.rint(forward * forward_ds).astype(np.int32)
    to_u = np.rint(backward * backward_ds).astype(np.int32)
    at_end = at_u | at_v

    def leg(times: npt.NDArray[np.int32], whole: npt.NDArray[np.int32], here: npt.NDArray[np.bool_]) -> Any:
        return np.where(here, 0, np.where(at_end | (whole < 0), -1, times)).astype(np.int32)

    return {
        "to_u_ds": leg(to_u, backward_ds, at_u),
        "from_u_ds": leg(from_u, forward_ds, at_u),
        "to_v_ds": leg(forward_ds - from_u, forward_ds, at_v),
        "from_v_ds": leg(backward_ds - to_u, backward_ds, at_v),
    }
