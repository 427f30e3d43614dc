"""Times between all cells and all sites, some sites at a time: as tables one after another, or as one Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy
from geoaccess.kernels.keys import FAR
from geoaccess.network import DECISECONDS, as_places
from geoaccess.routing.matrices import tiles
from geoaccess.routing.sites import check_question, check_unique
from geoaccess.tables import writing_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from geoaccess.direction import Direction
    from geoaccess.network import Network, Places
    from geoaccess.routing.matrices import Method

__all__ = ["MatrixWritten", "travel_time_pieces", "write_travel_times"]

_PAIRS = 5_000_000
"""So many pairs of a cell and a site are held at once: 100 to 200 MB with all that is made of them."""


class MatrixWritten(NamedTuple):
    """How many pairs of a cell and a site were written, and how many of these have no time."""

    pairs: int
    without_time: int


@checks_arguments
def travel_time_pieces(
    network: Network | Hierarchy,
    cells: Places,
    sites: Places,
    *,
    direction: Direction = "to_sites",
    method: Method = "auto",
    pairs: int = _PAIRS,
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> Iterator[pd.DataFrame]:
    """Travel time between every cell and every site, in tables that follow one another: of any number of pairs.

    Parameters
    ----------
    pairs
        The most rows of a table; but all cells of one site stand in one table, however many.
    direction, max_snap_m, off_network_kph, min_component_m
        See `geoaccess.nearest`.
    method
        See `geoaccess.travel_times`.

    Yields
    ------
    Tables of a few sites each: `cell_id` and `site_id` (categories, of all cells and all sites) and `travel_time_s`,
    seconds, inf where there is no way, NaN where one of the two is not snapped. In the order of the sites, then the
    cells. However they are cut, the rows are the same.

    Raises
    ------
    InputError
        As `geoaccess.nearest`; if ids are not unique, or `pairs` is below 1.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> from geoaccess.routing import travel_time_pieces
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> cells = gpd.GeoSeries.from_xy([10.0, 10.1], [60.0, 60.0], index=["farm", "village"], crs="EPSG:4326")
    >>> sites = gpd.GeoSeries.from_xy([10.0, 10.2], [60.0, 60.0], index=["west", "east"], crs="EPSG:4326")
    >>> for table in travel_time_pieces(road, cells, sites, pairs=2):
    ...     print(table.to_dict("split")["data"])
    [['farm', 'west', 0.0], ['village', 'west', 300.0]]
    [['farm', 'east', 700.0], ['village', 'east', 400.0]]
    """
    check_question(k=1, direction=direction, n_sites=len(sites))
    if pairs < 1:
        raise InputError(f"pairs is {pairs}; give 1 or more")
    check_unique(cells=cells, sites=sites)
    roads = network.network if isinstance(network, Hierarchy) else network
    settings = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    cell, site = as_places(roads, cells, name="cells", **settings), as_places(roads, sites, name="sites", **settings)
    return _pieces(network, cell, site, direction=direction, method=method, pairs=pairs)


def _pieces(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    direction: Direction,
    method: Method,
    pairs: int,
) -> Iterator[pd.DataFrame]:
    to_sites = direction == "to_sites"
    ends = (cells, sites) if to_sites else (sites, cells)
    no_cell, no_site = cells["edge"].to_numpy() < 0, sites["edge"].to_numpy() < 0
    cell = np.arange(len(cells), dtype=np.int32)
    parts = tiles(network, *ends, turned=to_sites, furthest=int(FAR) - 1, method=method, tile_bytes=4 * pairs)
    for part, tile in parts:
        seconds = tile.T / DECISECONDS
        seconds[tile.T >= FAR] = np.inf
        seconds[no_site[part]] = np.nan
        seconds[:, no_cell] = np.nan
        site = np.arange(part.start, part.stop, dtype=np.int32)
        yield pd.DataFrame(
            {
                "cell_id": pd.Categorical.from_codes(np.tile(cell, site.size), categories=cells.index),
                "site_id": pd.Categorical.from_codes(np.repeat(site, cell.size), categories=sites.index),
                "travel_time_s": seconds.ravel(),
            }
        )


@checks_arguments
def write_travel_times(
    path: Path,
    network: Network | Hierarchy,
    cells: Places,
    sites: Places,
    *,
    direction: Direction = "to_sites",
    method: Method = "auto",
    pairs: int = _PAIRS,
    disclaimer: str = "",
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> MatrixWritten:
    """Write the travel time between every cell and every site as one Parquet file, of any size, in little memory.

    A group of rows of the file is a table of `travel_time_pieces`: no more than one is held. In the file there is no
    inf and no NaN: a time is null where there is no way, or one of the two is not snapped.

    Parameters
    ----------
    path
        The file; it is replaced when all is written, and else stays as it was.
    pairs, direction, method, max_snap_m, off_network_kph, min_component_m
        See `travel_time_pieces`.
    disclaimer
        What every row says in a column of this name; "" for no such column.

    Returns
    -------
    How many pairs were written, and how many of them have no time.

    Raises
    ------
    InputError
        As `travel_time_pieces`, or if the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> from geoaccess.routing import write_travel_times
    >>> road = ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[300], backward_s=[400])
    >>> places = gpd.GeoSeries.from_xy([10.0, 10.1], [60.0, 60.0], index=["farm", "town"], crs="EPSG:4326")
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "times.parquet"
    ...     written = write_travel_times(file, road, places, places[["town"]])
    ...     times = pd.read_parquet(file)
    >>> written, times["travel_time_s"].tolist()
    (MatrixWritten(pairs=2, without_time=0), [300.0, 0.0])
    """
    settings = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    pieces = travel_time_pieces(network, cells, sites, direction=direction, method=method, pairs=pairs, **settings)
    count = missing = 0
    with files.writing(path) as temporary, writing_parquet(temporary) as write:
        for table in pieces:
            times = table["travel_time_s"]
            table["travel_time_s"] = times.where(np.isfinite(times))
            count, missing = count + len(table), missing + int(table["travel_time_s"].isna().sum())
            if disclaimer:
                table["disclaimer"] = pd.Categorical.from_codes(
                    np.zeros(len(table), np.int8), categories=pd.Index([disclaimer])
                )
            write(table)
    return MatrixWritten(count, missing)
