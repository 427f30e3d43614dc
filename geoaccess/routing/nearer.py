"""Which cells a new site would be nearer to than a limit of each, without times between all cells and all sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy
from geoaccess.kernels import cells as along
from geoaccess.kernels import graph, nearer
from geoaccess.kernels.keys import FAR
from geoaccess.kernels.sorting import order_of_numbers
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
    from geoaccess.network import Network

__all__ = ["nearer_pairs"]

_ROUNDS = 32
_PAIR_BYTES = 64
"""What a pair takes in what is made of it: itself, its gain, and both while they are sorted."""


@checks_arguments
def nearer_pairs(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    limit_s: npt.NDArray[np.float64],
    *,
    direction: Direction = "to_sites",
    most_bytes: float | None = None,
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
    out, back = (roads.arcs, roads.arcs_reversed) if turned else (roads.arcs_reversed, roads.arcs)
    cell, site = legs(roads, cells, turned=turned), legs(roads, sites, turned=turned)
    rows, places = packed(cell, come=False), packed(site, come=True)
    limit = np.minimum(np.ceil(np.round(limit_s * DECISECONDS, 6)), float(FAR)).astype(np.int32)
    first, listed = _cells_by_node(roads, rows)
    with ThreadPoolExecutor(1) as pool:  # one core beside that which looks for shores
        bounding = pool.submit(nearer.latest, back.start, back.head, back.cost_ds, rows, limit)
        walks = walks_between(roads, spots_of(site), spots_of(cell), below_ds=limit)
        bound = bounding.result()
    walk_first = np.searchsorted(walks.first, np.arange(len(places) + 1))
    edge_node = roads.ends[2 if turned else 0][np.maximum(places[:, along.EDGE], 0)]
    most = memory_left() if most_bytes is None else most_bytes

    def found_from(some: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int32], ...]:
        arcs = out.start, out.head, out.cost_ds
        by_walk = walk_first, walks.second, walks.time_ds
        pairs: tuple[npt.NDArray[np.int32], ...] = nearer.nearer(
            *arcs, bound, places, edge_node, some, first, listed, rows, limit, *by_walk
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
    order = order_of_numbers(point * np.int64(len(places)) + place)
    return point[order], place[order], time_ds[order] / DECISECONDS


def _cells_by_node(roads: Network, rows: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return (first, listed): the cells that can be left to node v stand at first[v]:first[v + 1]."""
    on = np.flatnonzero(rows[:, along.EDGE] >= 0).astype(np.int32)
    u, v = rows[on, along.NODE : along.NODE + 2].T
    two = u != v
    cell, node = np.concatenate([on, on[two]]), np.concatenate([u, v[two]])
    first, listed, _, _ = graph.rows(roads.n_nodes, node, cell, np.zeros_like(cell))
    return first, listed


def _check_room(pairs: float, most: float, cells: int, sites: int) -> None:
    if pairs * _PAIR_BYTES > most:
        raise InputError(
            f"about {pairs:.3g} pairs of {cells} cells and {sites} places to choose from are nearer than today; they "
            f"would need {pairs * _PAIR_BYTES / 1e9:.1f} GB of memory, and {most / 1e9:.1f} GB may be used: give fewer "
            f"places, such as settlements in place of cells, or larger cells"
        )
