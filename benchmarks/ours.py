"""Every call into geoaccess that is measured, in one place.

Nodes are node numbers of the network and times int32 deciseconds, so that answers can be compared to the bit. What
raises NotImplementedError is reported as "not there yet".
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import geoaccess as ga
from geoaccess import scenarios, siting
from geoaccess.defaults import UNREACHED_MIN
from geoaccess.kernels import sweeps
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.kernels.side_by_side import room_for_rows
from geoaccess.routing.batches import Seeds, Targets, sweep_between, sweep_trees
from geoaccess.routing.node_keys import nearest_keys

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.routing import Change

    Nodes = npt.NDArray[np.int32]

__all__ = ["FAR"]


def read(path: Path) -> ga.Network:
    """Read an extract, nothing cached."""
    return ga.read_osm(path)


def nearest_bare(network: ga.Network, sites: Nodes, k: int) -> npt.NDArray[np.uint64]:
    """Return the k nearest sites of every node, people travelling to them, with no hierarchy at hand.

    What the network keeps from an earlier question is used; `forget` drops it.
    """
    return nearest(network, sites, k)


def forget(network: ga.Network) -> None:
    """Drop what a bare network keeps from one question for the next (not its arcs)."""
    for kept in ("_light", "_asked"):
        network.__dict__.pop(kept, None)


def contract(network: ga.Network) -> ga.Hierarchy:
    """Return the hierarchy of a network, from nothing but the network."""
    network.__dict__.pop("_order", None)
    return ga.contract(network)


def order(network: ga.Network) -> ga.hierarchy.Order:
    """Return the order of a network, from nothing but the network."""
    network.__dict__.pop("_order", None)
    return ga.hierarchy.order_of(network)


def by_order(order: ga.hierarchy.Order, network: ga.Network) -> ga.Hierarchy:
    """Return the hierarchy of a network by an order that was made of its roads at other times."""
    return order.hierarchy(network)


def slowed(network: ga.Network, slow: npt.NDArray[np.bool_], factor: int) -> ga.Network:
    """Return a network on which some edges take so many times as long."""
    times = {
        name: np.where(slow & (values > 0), factor * values, values)
        for name in ("edge_forward_ds", "edge_backward_ds")
        for values in [getattr(network, name)]
    }
    return ga.network.retimed(network, **times)


def metric(network: ga.Network) -> ga.hierarchy.Metric:
    """Return the times of a network to be changed edge by edge."""
    return ga.hierarchy.Metric(network)


def close_and_open(metric: ga.hierarchy.Metric, edge: int) -> None:
    """Close an edge and open it again."""
    metric.undo(metric.close([edge]))


def with_edge_closed(metric: ga.hierarchy.Metric, edge: int) -> ga.Hierarchy:
    """Return the hierarchy with an edge closed; it is open again afterwards."""
    closed = metric.close([edge])
    made = metric.hierarchy()
    metric.undo(closed)
    return made


def without_edge(network: ga.Network, edge: int) -> ga.Network:
    """Return a network with an edge closed, that knows no order yet."""
    closed = scenarios.close_network(network, np.array([edge], np.int32))
    closed.__dict__.pop("_order", None)
    return closed


def nearest(roads: ga.Network | ga.Hierarchy, sites: Nodes, k: int) -> npt.NDArray[np.uint64]:
    """Return the k nearest sites of every node, people travelling to them, by a hierarchy where there is one."""
    numbers = np.arange(sites.size, dtype=np.int32)
    return nearest_keys(roads, sites, np.zeros_like(sites), numbers, k=k, reverse=True)


def keys(answer: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return what `nearest` and `nearest_bare` return as keys, shape (n_nodes, k); not timed."""
    return answer


def trees(hierarchy: ga.Hierarchy, roots: Nodes) -> npt.NDArray[np.uint32]:
    """Return the times from each root to every node, along the arcs, in batches of lanes over threads."""
    return trees_into(hierarchy, roots, room_for_trees(hierarchy, roots.size))


def room_for_trees(hierarchy: ga.Hierarchy, count: int) -> npt.NDArray[np.uint32]:
    """Return the memory for the answer of so many trees; they need no other."""
    return room_for_rows(hierarchy.place.size, count)


def trees_into(hierarchy: ga.Hierarchy, roots: Nodes, found: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Write the times of `trees` into memory that is there."""
    seeds = Seeds(np.arange(roots.size + 1), hierarchy.place[roots], np.zeros(roots.size, np.uint32))
    sweep_trees(hierarchy, seeds, found, reverse=False)
    return found


def tree_times(_: ga.Hierarchy, answer: npt.NDArray[np.uint32], lane: int) -> npt.NDArray[np.int32]:
    """Return one tree of what `trees` returned, shape (n_nodes,) by node number; not timed."""
    return answer[:, lane].astype(np.int32)


def matrix(hierarchy: ga.Hierarchy, origins: Nodes, destinations: Nodes) -> npt.NDArray[np.int32]:
    """Return times along the arcs, shape (n_origins, n_destinations), FAR where there is no path."""
    wanted = np.zeros(hierarchy.place.size, np.bool_)
    wanted[hierarchy.place[origins]] = True
    wanted[hierarchy.place[destinations]] = True
    *arrays, rank = sweeps.restrict(hierarchy.start, hierarchy.head, hierarchy.outward, hierarchy.inward, wanted)
    part = ga.Hierarchy(hierarchy.network, 0, rank[hierarchy.place], *arrays)
    found = np.empty((destinations.size, origins.size), np.uint32)
    seeds = Seeds(np.arange(origins.size + 1), part.place[origins], np.zeros(origins.size, np.uint32))
    places = part.place[destinations]
    at_once = np.zeros(destinations.size, np.uint32)
    targets = Targets(places, places, at_once, np.full(destinations.size, NEVER))
    sweep_between(part, seeds, targets, found, reverse=False)
    return found.T.astype(np.int32)


def sweep_bytes(hierarchy: ga.Hierarchy, lanes: int) -> int:
    """Return how many bytes one sweep must read and write: the arcs it goes over and what it writes of each node.

    For the nearest site (lanes = 0) each node has a key of 8 bytes, written first empty, then in the order of the
    hierarchy, and at last by node number, for which it is read again. For lanes each node has `lanes` times of 4
    bytes, written once, by node number; so that half of what the copy does, which reads as much as it writes, is not
    needed for them. What is above the sites or roots is little.
    """
    n, arcs = hierarchy.place.size, hierarchy.head.size
    if lanes == 0:
        return 8 * arcs + 4 * n + 5 * 8 * n
    return 8 * arcs + 2 * 4 * n + 4 * lanes * n


def solve(hierarchy: ga.Hierarchy, sites: Nodes) -> ga.routing.NearestField:
    """Return a solved nearest field with k = 2 that can be updated, all from scratch."""
    return ga.solve_nearest(hierarchy, at_nodes(hierarchy.network, sites), k=2)


def add_site(field: ga.routing.NearestField, place: pd.Series[Any]) -> Change:
    """Add a site to a field."""
    return ga.routing.add_site(field, "new", place)


def move_site(field: ga.routing.NearestField, site: int, place: pd.Series[Any]) -> Change:
    """Move a site of a field to another place."""
    return ga.routing.move_site(field, site, place)


def undo(field: ga.routing.NearestField, change: Change) -> None:
    """Take back the last change."""
    ga.routing.undo(field, change)


def field_keys(field: ga.routing.NearestField) -> npt.NDArray[np.uint64]:
    """Return the keys of a field, shape (n_nodes, 2); not timed."""
    return field.keys


def site(
    hierarchy: ga.Hierarchy,
    cells: Nodes,
    people: npt.NDArray[np.float64],
    sites: Nodes,
    candidates: Nodes,
    *,
    add: int,
    method: siting.Method = "exact",
) -> siting.Located:
    """Return where sites should be added for least travel time, by the search of what each candidate brings nearer."""
    cell, site, candidate = (at_nodes(hierarchy.network, nodes) for nodes in (cells, sites, candidates))
    setting = siting.build_problem(hierarchy, cell, people, sites=site, candidates=candidate)
    return siting.locate(setting, add=add, method=method)


def times(hierarchy: ga.Hierarchy, cells: Nodes, candidates: Nodes) -> npt.NDArray[np.float64]:
    """Return seconds from cells to candidates, a day where there is no way; not timed."""
    cell, candidate = at_nodes(hierarchy.network, cells), at_nodes(hierarchy.network, candidates)
    return np.minimum(ga.travel_times(hierarchy, cell, candidate), UNREACHED_MIN * 60)


def located(
    times_s: npt.NDArray[np.float64], people: npt.NDArray[np.float64], *, add: int, norm_s: float | None = None
) -> siting.Located:
    """Return the best choice by given times: the least travel time, or with a norm the most people within it."""
    setting = siting.problem_from_matrix(times_s, people)
    objective = siting.PersonMinutes() if norm_s is None else siting.WithinNorm(norm_s)
    return siting.locate(setting, add=add, objective=objective, method="exact")


def located_with_capacity(
    times_s: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
    capacity: npt.NDArray[np.float64],
    *,
    add: int,
) -> siting.Allotted:
    """Return the choice with the least travel time where sites take so many people each, and everybody is served."""
    longest_s = float(times_s.max()) * times_s.shape[0]
    return siting.locate_with_capacity(times_s, people, capacity=capacity, add=add, unreached_s=longest_s)


def at_nodes(network: ga.Network, nodes: Nodes) -> pd.DataFrame:
    """Return places at the ends of edges that meet at nodes, as `snap` describes places."""
    edge = _edge_at(network)[nodes]
    at_u = network.edge_u[edge] == nodes
    to_u, to_v = np.where(at_u, 0, -1), np.where(at_u, -1, 0)
    legs = {"to_u_ds": to_u, "from_u_ds": to_u, "to_v_ds": to_v, "from_v_ds": to_v}
    rest = {
        "off_network_m": 0.0,
        "off_network_ds": 0,
        "start_ds": 0,
        "lon": 0.0,
        "lat": 0.0,
        "shape_at": 0.0,
        "reason": "",
    }
    apart = {"x_m": 1000.0 * np.asarray(nodes), "y_m": 0.0}  # no two so near that one walks across
    return pd.DataFrame({"edge": edge, "node": np.int32(-1), **legs, **rest, **apart})


@functools.cache
def _edge_at(network: ga.Network) -> Nodes:
    """Return an edge that ends at each node."""
    place = network.expansion.place if network.expansion else np.arange(network.n_nodes)
    edge = np.full(network.n_nodes, -1, np.int32)
    for ends in (network.edge_v, network.edge_u):
        edge[ends] = np.arange(network.n_edges, dtype=np.int32)
    return edge[place]
