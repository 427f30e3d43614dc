"""Which cells a new site would be nearer to than a limit of each, without times between all cells and all sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy
from geoaccess.kernels import cells as along
from geoaccess.kernels import elimination, graph, nearer
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.kernels.sorting import order_of_pairs
from geoaccess.kernels.threads import thread_count
from geoaccess.network import DECISECONDS
from geoaccess.routing.field_sites import packed
from geoaccess.routing.legs import legs
from geoaccess.routing.matrices import memory_left
from geoaccess.routing.walks import spots_of, walks_between

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction
    from geoaccess.network import Arcs, Network

    _Arrays = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]

__all__ = ["KnownWays", "nearer_pairs", "ways_among"]

_ROUNDS = 32
_PAIR_BYTES = 64
"""What a pair takes in what is made of it: itself, its gain, and both while they are sorted."""
_ENDS = slice(along.NODE, along.NODE + 2)
_FEW, _CROWDED = 3, 12
"""As for `kernels.elimination.eliminate`: a seventh of the nodes of a country stay, and searches take a third."""


@checks_arguments
def nearer_pairs(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    limit_s: npt.NDArray[np.float64],
    *,
    direction: Direction = "to_sites",
    most_bytes: float | None = None,
    ways: KnownWays | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Find all pairs of a cell and a site with a time below the limit of the cell.

    A bounded search from each site, which stops where no cell beyond can be found within its limit: time and memory
    grow with the pairs that there are, not with all cells times all sites.

    Parameters
    ----------
    cells, sites
        As `snap` returns them.
    limit_s
        Seconds, shape (n_cells,); inf: every site that is reached counts.
    direction
        "to_sites": people travel to a site. "to_people": a vehicle comes to them.
    most_bytes
        The memory that the pairs may need; what is left of the machine's if left out.
    ways
        What `ways_among` found for these cells and sites, or for more of them; of another network or direction they are
        left aside.

    Returns
    -------
    Places of cell and site in their tables, and seconds, in the order of cells, then sites.

    Raises
    ------
    InputError
        If the pairs would need more memory, with how much.
    """
    roads = network.network if isinstance(network, Hierarchy) else network
    turned = direction == "to_people"
    cell, site = legs(roads, cells, turned=turned), legs(roads, sites, turned=turned)
    limit = np.minimum(np.ceil(np.round(limit_s * DECISECONDS, 6)), float(FAR)).astype(np.int32)
    asked = packed(cell, come=False), packed(site, come=True), _nodes_of_edges(roads, site.edge, turned=turned)
    with ThreadPoolExecutor(1) as pool:  # one core beside that which looks for shores
        begun = pool.submit(_ways_between, roads, *asked, limit, turned=turned, known=ways)
        walks = walks_between(roads, spots_of(site), spots_of(cell), below_ds=limit)
        between, rows, places, edge_node, bound = begun.result()
    first, listed = _cells_by_node(between, rows)
    walk_first = np.searchsorted(walks.first, np.arange(len(places) + 1))
    most = memory_left() if most_bytes is None else most_bytes

    def found_from(some: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int32], ...]:
        by_walk = walk_first, walks.second, walks.time_ds
        pairs: tuple[npt.NDArray[np.int32], ...] = nearer.nearer(
            *between.out, bound, places, edge_node, some, first, listed, rows, limit, *by_walk
        )
        return pairs

    # Each round takes sites from everywhere, so that the pairs of the first ones say how many there will be.
    rounds = max(1, min(_ROUNDS, len(places)))
    parts: list[tuple[npt.NDArray[np.int32], ...]] = []
    with ThreadPoolExecutor(thread_count()) as pool:
        for number in range(rounds):
            some = np.arange(number, len(places), rounds, dtype=np.int64)
            parts += pool.map(found_from, np.array_split(some, thread_count()))
            _check_room(sum(part[0].size for part in parts) * rounds / (number + 1), most, len(cells), len(places))
    point, place, time_ds = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = order_of_pairs(point, place, len(cells), len(places))
    return point[order], place[order], time_ds[order] / DECISECONDS


class KnownWays(NamedTuple):
    """Ways between places that `ways_among` found, and of what."""

    network: Network
    turned: bool
    ways: _Ways


@checks_arguments
def ways_among(
    network: Network | Hierarchy, cells: pd.DataFrame, sites: pd.DataFrame, *, direction: Direction = "to_sites"
) -> KnownWays:
    """Return the ways between cells and sites for `nearer_pairs`, which needs them before it searches.

    They depend on no limit, so they can be made while times of today are still searched, which limits are made of.

    Parameters
    ----------
    cells, sites
        As `snap` returns them.
    direction
        As for `nearer_pairs`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import numpy as np
    >>> from geoaccess.network import Network, snap
    >>> roads = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[300], backward_s=[300])
    >>> ends = snap(roads, gpd.GeoSeries.from_xy([10, 10.1], [60, 60], crs=4326), min_component_m=0)
    >>> ways = ways_among(roads, ends, ends[1:])
    >>> nearer_pairs(roads, ends, ends[1:], np.array([400.0, 400.0]), ways=ways)[2].tolist()
    [300.0, 0.0]
    """
    roads = network.network if isinstance(network, Hierarchy) else network
    turned = direction == "to_people"
    cell, site = legs(roads, cells, turned=turned), legs(roads, sites, turned=turned)
    edge_node = _nodes_of_edges(roads, site.edge, turned=turned)
    nodes = _nodes_at(packed(cell, come=False), packed(site, come=True), edge_node)
    return KnownWays(roads, turned, _Ways.between(nodes, *_arcs(roads, turned=turned)))


class _Ways(NamedTuple):
    """Ways between some nodes of a network, which are numbered anew: start, head and cost along a search and against.

    `number` is that of each node of the network, -1 for those that are left out.
    """

    out: _Arrays
    back: _Arrays
    number: npt.NDArray[np.int32]

    @classmethod
    def between(cls, nodes: npt.NDArray[np.integer], out: Arcs, back: Arcs) -> _Ways:
        """Return the ways between some nodes, with as few others as can be: none is longer or shorter than before."""
        asked = np.zeros(out.start.size - 1, np.bool_)
        asked[nodes] = True
        begin, size, pairs = elimination.pair_up(out.start, out.head, out.cost_ds, back.start, back.head, back.cost_ds)
        fallen, begin, pairs = elimination.eliminate(begin, size, pairs, asked, _FEW, _CROWDED)
        stays = np.ones(asked.size, np.bool_)
        stays[fallen] = False
        left = np.flatnonzero(stays).astype(np.int32)
        number = np.where(stays, np.cumsum(stays) - 1, -1).astype(np.int32)
        start, head, outward, inward = elimination.gather(left, begin, size, pairs, number)
        tail = np.repeat(np.arange(left.size, dtype=np.int32), np.diff(start))
        leads, comes = outward != NEVER, inward != NEVER
        along_it = graph.rows(left.size, tail[leads], head[leads], outward[leads].astype(np.int32))
        against = graph.rows(left.size, tail[comes], head[comes], inward[comes].astype(np.int32))
        return cls(along_it[:3], against[:3], number)


def _ways_between(
    network: Network,
    cells: npt.NDArray[np.int32],
    places: npt.NDArray[np.int32],
    edge_node: npt.NDArray[np.int32],
    limit: npt.NDArray[np.int32],
    *,
    turned: bool,
    known: KnownWays | None,
) -> tuple[_Ways, npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the ways between cells and places, these with the nodes of those ways, and what `latest` finds there."""
    nodes = _nodes_at(cells, places, edge_node)
    of_these = known is not None and known.network is network and known.turned == turned
    if known is None or not of_these or (known.ways.number[nodes] < 0).any():
        ways = _Ways.between(nodes, *_arcs(network, turned=turned))
    else:
        ways = known.ways
    cells, places = cells.copy(), places.copy()
    for table in (cells, places):
        table[:, _ENDS] = ways.number[table[:, _ENDS]]
    return ways, cells, places, ways.number[edge_node], nearer.latest(*ways.back, cells, limit)


def _arcs(network: Network, *, turned: bool) -> tuple[Arcs, Arcs]:
    """Return the arcs along a search, from a site, and those against it."""
    return (network.arcs, network.arcs_reversed) if turned else (network.arcs_reversed, network.arcs)


def _nodes_of_edges(network: Network, edge: npt.NDArray[np.integer], *, turned: bool) -> npt.NDArray[np.int32]:
    """Return the end of each edge by which cells on it leave it for a site on the same; of the first edge for -1."""
    nodes: npt.NDArray[np.int32] = network.ends[2 if turned else 0][np.maximum(edge, 0)]
    return nodes


def _nodes_at(
    cells: npt.NDArray[np.int32], places: npt.NDArray[np.int32], edge_node: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Return the nodes that ways are asked between."""
    there, sites_there = cells[:, along.EDGE] >= 0, places[:, along.EDGE] >= 0
    return np.concatenate([cells[there, _ENDS].ravel(), places[sites_there, _ENDS].ravel(), edge_node[sites_there]])


def _cells_by_node(ways: _Ways, rows: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (first, listed): the cells that can be left to node v stand at first[v]:first[v + 1]."""
    on = np.flatnonzero(rows[:, along.EDGE] >= 0).astype(np.int32)
    u, v = rows[on, along.NODE : along.NODE + 2].T
    two = u != v
    cell, node = np.concatenate([on, on[two]]), np.concatenate([u, v[two]])
    first, listed, _, _ = graph.rows(ways.out[0].size - 1, node, cell, np.zeros_like(cell))
    return first, listed


def _check_room(pairs: float, most: float, cells: int, sites: int) -> None:
    if pairs * _PAIR_BYTES > most:
        raise InputError(
            f"about {pairs:.3g} pairs of {cells} cells and {sites} places to choose from are nearer than today; they "
            f"would need {pairs * _PAIR_BYTES / 1e9:.1f} GB of memory, and {most / 1e9:.1f} GB may be used: give fewer "
            f"places, such as settlements in place of cells, or larger cells"
        )
