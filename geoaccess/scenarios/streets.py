"""The streets that the people of a cell live on, where more than one matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import crs_of, reproject
from geoaccess.network import snap, snappable_edges
from geoaccess.network.cell_tree import CellTree

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["Streets", "streets_of_cells"]

_NOBODYS = {"motorway", "motorway_link", "trunk", "trunk_link"}
_OFF_KPH = 5.0
_AT_ONCE = 1_000_000
_STEP_DEG, _PIXELS = 0.005, 16_000_000
_AROUND = np.array([[0, 0.5, 1, 1, 1, 0.5, 0, 0], [0, 0, 0, 0.5, 1, 1, 1, 0.5]])
"""The corners of a cell's bounds and the middles of their sides, as shares of its width and height."""
_PIECES = ["cell", "at", "metres", "lon", "lat"]
_TO_EDGE_M = 50.0  # the middle of a piece is on its edge; rounding to the centimetre is all that parts them


@dataclass(frozen=True, eq=False)
class Streets:
    """People on the streets of their cells.

    `places` are as `snap` makes them, a row per cell and street; `cell` says of each which cell (its row), `people` how
    many of its people.
    """

    places: pd.DataFrame
    cell: npt.NDArray[np.int64]
    people: npt.NDArray[np.float64]


@checks_arguments
def streets_of_cells(
    network: Network,
    cells: gpd.GeoDataFrame | gpd.GeoSeries,
    snapped: pd.DataFrame,
    people: npt.ArrayLike,
    *,
    most: int = 64,
    min_component_m: float = 2000.0,
) -> Streets:
    """Share the people of each cell among the streets in it, by their length there.

    A piece of street belongs to the cell that its middle lies in. Where people live on a street they are put at the
    middle of its longest piece in the cell, and have no way to walk. Nobody lives on motorways and trunk roads, unless
    there is no other road. A cell with no road in it (or a cell that is a point) keeps the one place it was snapped to.

    Parameters
    ----------
    cells
        Polygons with a CRS.
    snapped
        What `snap` made of their centres, row by row.
    people
        Of each cell.
    most
        Streets of a cell, the longest, that its people are shared among.
    min_component_m
        As for `snap`.

    Returns
    -------
    As many people as there were, cell by cell.

    Raises
    ------
    InputError
        If cells have no CRS, or tables differ in length.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geoaccess.network import Network, snap
    >>> road = Network.from_edges(
    ...     lon=[10, 10.01, 10.03], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[60, 120], backward_s=[60, 120]
    ... )
    >>> cells = gpd.GeoSeries([shapely.box(9.9, 59.9, 10.1, 60.1)], crs="EPSG:4326")
    >>> centre = snap(road, cells.representative_point(), max_snap_m=9000, min_component_m=0)
    >>> streets_of_cells(road, cells, centre, [300.0], min_component_m=0).people.round().tolist()
    [100.0, 200.0]
    """
    import geopandas as gpd

    counts = np.asarray(people, np.float64)
    if not len(cells) == len(snapped) == len(counts):
        raise InputError(f"{len(cells)} cells, {len(snapped)} snapped and {len(counts)} numbers of people disagree")
    crs_of(cells)
    pieces = _pieces(network, cells, min_component_m)
    held = pieces.groupby(["cell", "edge"], sort=True)["metres"].sum().reset_index()
    held["rank"] = held.groupby("cell")["metres"].rank(method="first", ascending=False)
    held = held[held["rank"] <= most]
    longest = pieces.loc[pieces.groupby(["cell", "edge"], sort=True)["metres"].idxmax()].set_index(["cell", "edge"])
    middle = longest.loc[pd.MultiIndex.from_frame(held[["cell", "edge"]])]
    points = gpd.GeoSeries.from_xy(middle["lon"].to_numpy(), middle["lat"].to_numpy(), crs="EPSG:4326")
    placed = snap(network, points, max_snap_m=_TO_EDGE_M, off_network_kph=_OFF_KPH, min_component_m=min_component_m)
    found = (placed["edge"] >= 0).to_numpy() & (snapped["edge"].to_numpy() >= 0)[held["cell"].to_numpy()]
    held, placed = held[found], placed[found]
    share = held["metres"] / held.groupby("cell")["metres"].transform("sum")
    cell = held["cell"].to_numpy(np.int64)
    alone = np.setdiff1d(np.arange(len(cells)), cell)
    places = pd.concat([placed, snapped.iloc[alone]], ignore_index=True)
    whole = np.concatenate([cell, alone])
    shared = np.concatenate([share.to_numpy(np.float64) * counts[cell], counts[alone]])
    order = np.argsort(whole, kind="stable")
    return Streets(places.iloc[order].reset_index(drop=True), whole[order], shared[order])


def _pieces(network: Network, cells: gpd.GeoDataFrame | gpd.GeoSeries, min_component_m: float) -> pd.DataFrame:
    """Return the pieces of road in cells: `cell`, `edge`, `metres`, and where their middle is."""
    lived = np.zeros(network.n_edges, np.bool_)
    lived[snappable_edges(network, min_component_m=min_component_m)] = True
    points = np.diff(network.shape_ptr)
    wanted = np.repeat(lived, points)
    wanted[network.shape_ptr[1:] - 1] = False  # the last point of an edge begins no piece
    near, tree, crs = _near(cells), CellTree(cells.geometry.to_numpy()), crs_of(cells)
    x, y = network.shape_xy
    found = []
    for begin in range(0, wanted.size, _AT_ONCE):  # points of a whole country at once would take gigabytes
        at = begin + np.flatnonzero(wanted[begin : begin + _AT_ONCE])
        lon = (network.shape_lon[at] + network.shape_lon[at + 1]) / 2
        lat = (network.shape_lat[at] + network.shape_lat[at + 1]) / 2
        kept = near.holds(lon, lat)
        at, lon, lat = at[kept], lon[kept], lat[kept]
        cell = tree.cells_of(*reproject(lon, lat, source="EPSG:4326", target=crs))
        piece = np.flatnonzero(cell >= 0)
        at, lon, lat, cell = at[piece], lon[piece], lat[piece], cell[piece]
        metres = np.hypot(x[at + 1] - x[at], y[at + 1] - y[at])
        found.append(pd.DataFrame({"cell": cell, "at": at, "metres": metres, "lon": lon, "lat": lat}))
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_PIECES, dtype=float)
    at = table.pop("at").to_numpy(np.int64)
    table.insert(1, "edge", np.searchsorted(network.shape_ptr, at, side="right") - 1)
    names = np.array([name in _NOBODYS for name in network.class_names], np.bool_)
    nobodys = names[network.way_class[network.shape_way[at]]]
    only = pd.Series(nobodys).groupby(table["cell"].to_numpy()).transform("all").to_numpy(bool)
    lived_on: pd.DataFrame = table[~nobodys | only].reset_index(drop=True)
    return lived_on


class _Near(NamedTuple):
    """A raster of degrees that says where some cell may be; where it says no, there is none."""

    west: float
    south: float
    step: float
    there: npt.NDArray[np.bool_]

    def holds(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Return which places may be in a cell."""
        rows, columns = self.there.shape
        row, column = (np.floor((lat - self.south) / self.step), np.floor((lon - self.west) / self.step))
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        held = np.zeros(len(lon), np.bool_)
        held[inside] = self.there[row[inside].astype(np.int64), column[inside].astype(np.int64)]
        return held


def _near(cells: gpd.GeoDataFrame | gpd.GeoSeries) -> _Near:
    """Return where cells are, roughly: a side that is straight in their CRS bends in degrees, by less than is added."""
    import shapely

    sides = np.asarray(shapely.bounds(cells.geometry.to_numpy()), np.float64).reshape(-1, 4)
    ring = sides[:, :2, None] + (sides[:, 2:] - sides[:, :2])[:, :, None] * _AROUND
    lon, lat = reproject(ring[:, 0].ravel(), ring[:, 1].ravel(), source=crs_of(cells), target="EPSG:4326")
    lon, lat = lon.reshape(len(sides), -1), lat.reshape(len(sides), -1)
    bounds = np.column_stack([lon.min(axis=1), lat.min(axis=1), lon.max(axis=1), lat.max(axis=1)])
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return _Near(0.0, 0.0, 1.0, np.zeros((1, 1), np.bool_))
    more = 1e-4 + (bounds[:, 2:] - bounds[:, :2]).max(axis=1, keepdims=True) / 16
    low, high = bounds[:, :2] - more, bounds[:, 2:] + more
    (west, south), (east, north) = low.min(axis=0), high.max(axis=0)
    step = max(_STEP_DEG, float(np.sqrt((east - west) * (north - south) / _PIXELS)))
    shape = int((north - south) // step) + 2, int((east - west) // step) + 2
    first, last = ((corner - [west, south]) // step for corner in (low, high))
    begin, end = first.astype(np.int64), last.astype(np.int64) + 1
    corners = np.zeros(shape, np.int32)  # one more at each lower corner, one less beyond: their sums count the cells
    for columns, rows, sign in ((begin, begin, 1), (end, begin, -1), (begin, end, -1), (end, end, 1)):
        np.add.at(corners, (rows[:, 1], columns[:, 0]), sign)
    counts = np.cumsum(np.cumsum(corners, axis=0, out=corners), axis=1, out=corners)
    return _Near(float(west), float(south), step, counts > 0)
