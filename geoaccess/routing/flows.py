"""Who passes where: people of cells on their quickest ways to the nearest site."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.kernels import cells as along
from geoaccess.kernels import flows, search
from geoaccess.kernels.keys import FAR, LOW, SHIFT

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.routing.field import NearestField

__all__ = ["Flows", "people_on_edges"]


class Flows(NamedTuple):
    """`people` per edge who pass over its whole length; `leaves` per cell: by end u (0) or v (1) of its edge, or -1."""

    people: npt.NDArray[np.float64]
    leaves: npt.NDArray[np.int8]


@checks_arguments
def people_on_edges(field: NearestField) -> Flows:
    """Send the people of the attached cells to their nearest sites, each by one quickest way, and count them on edges.

    Of sites equally near everybody goes to the one that `nearest` says. Where two ways to it are equally quick all take
    one of them, so closing an edge that nobody passes costs nobody any time.
    Those who live on an edge, or whose site is there, do not pass its whole length and are not counted on it. A cell
    leaves by neither end (-1) where it reaches nothing, or its site along its own edge.

    Raises
    ------
    InputError
        If no cells are attached to the field.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2, 10.3],
    ...     lat=[60, 60, 60, 60],
    ...     u=[0, 1, 2],
    ...     v=[1, 2, 3],
    ...     forward_s=[300, 300, 300],
    ...     backward_s=[300, 300, 300],
    ... )
    >>> field = ga.solve_nearest(road, gpd.GeoSeries.from_xy([10.0], [60.0], crs="EPSG:4326"), k=1)
    >>> field.attach(gpd.GeoSeries.from_xy([10.1, 10.25], [60.0, 60.0], crs="EPSG:4326"), people=[5, 7])
    >>> people_on_edges(field).people.tolist()  # the 5 live at a junction, the 7 along the last edge
    [12.0, 7.0, 0.0]
    """
    cells, out = field.cells(), field.out
    seed_node, seed_key = field.standing.seeds()
    nearest, own = field.keys[:, 0], cells.keys[:, 0]
    site = (nearest & LOW).astype(np.uint32)
    # Along arcs between nodes of one site, every node has its least time still: the tree leads each to its own site.
    same = np.repeat(site, np.diff(out.start)) == site[out.head]
    first = seed_key == nearest[seed_node]
    seed_time = (seed_key[first] >> SHIFT).astype(np.int32)
    cost_ds = np.where(same, out.cost_ds, FAR)
    times, before, by_arc = search.tree(out.start, out.head, cost_ds, seed_node[first], seed_time)
    rows, least = cells.rows, (own >> SHIFT).astype(np.int64)
    leaves = np.full(len(rows), -1, np.int8)
    on = rows[:, along.EDGE] >= 0
    for end in (1, 0):
        node, leg = rows[:, along.NODE + end], rows[:, along.LEG + end].astype(np.int64)
        there = leg + rows[:, along.OFF] + np.where(on, times[node], FAR)
        leaves[on & (leg >= 0) & (least < FAR) & (there == least) & (site[node] == (own & LOW))] = end
    load = np.zeros(field.network.n_nodes, np.float64)
    going = np.flatnonzero(leaves >= 0)
    np.add.at(load, rows[going, along.NODE + leaves[going]], cells.people[going])
    over = flows.gathered(before, by_arc, load, out.edge.size)
    real = out.edge >= 0
    people = np.bincount(out.edge[real], over[real], field.network.n_edges).astype(np.float64)
    return Flows(people, leaves)
