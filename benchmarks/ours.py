"""Every call into geoaccess that is measured, in one place.

Nodes are node numbers of the network and times int32 deciseconds, so that answers can be compared to the bit. What
raises NotImplementedError is reported as "not there yet".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import read_osm
from geoaccess.kernels import search
from geoaccess.kernels.keys import EMPTY, SHIFT

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.network import Network

    Nodes = npt.NDArray[np.int32]

FAR = search.FAR


def read(path: Path) -> Network:
    """Read an extract, nothing cached."""
    return read_osm(path)


def nearest_bare(network: Network, sites: Nodes, k: int) -> Any:
    """Return the k nearest sites of every node, people travelling to them, with no hierarchy at hand.

    What the network keeps from an earlier question may be used; `forget` drops it.
    """
    arcs = network.arcs_reversed
    numbers = np.arange(sites.size, dtype=np.int32)
    return search.nearest(arcs.start, arcs.head, arcs.cost_ds, sites, np.zeros_like(sites), numbers, k)


def forget(network: Network) -> None:
    """Drop what a bare network keeps from one question for the next (not its arcs)."""
    raise NotImplementedError


def contract(network: Network) -> Any:
    """Return the hierarchy of a network."""
    raise NotImplementedError


def nearest(hierarchy: Any, sites: Nodes, k: int) -> Any:
    """Return the k nearest sites of every node, people travelling to them, by a hierarchy."""
    raise NotImplementedError


def keys(answer: Any) -> npt.NDArray[np.uint64]:
    """Return what `nearest` and `nearest_bare` return as keys, shape (n_nodes, k); not timed."""
    times, sites = answer
    return np.where(sites < 0, EMPTY, (times.astype(np.uint64) << SHIFT) | sites.astype(np.uint64))


def trees(hierarchy: Any, roots: Nodes) -> Any:
    """Return the times from each root to every node, along the arcs, in batches of lanes over threads."""
    raise NotImplementedError


def tree_times(hierarchy: Any, answer: Any, lane: int) -> npt.NDArray[np.int32]:
    """Return one tree of what `trees` returned, shape (n_nodes,) by node number; not timed."""
    raise NotImplementedError


def matrix(hierarchy: Any, origins: Nodes, destinations: Nodes) -> npt.NDArray[np.int32]:
    """Return times along the arcs, shape (n_origins, n_destinations), FAR where there is no path."""
    raise NotImplementedError


def sweep_bytes(hierarchy: Any, lanes: int) -> int:
    """Return how many bytes one sweep must read and write: arcs both ways and labels.

    Keys of 8 bytes for the nearest site (lanes = 0), else `lanes` int32 per node.
    """
    raise NotImplementedError


def solve(hierarchy: Any, sites: Nodes) -> Any:
    """Return a solved nearest field with k = 2 that can be updated, all from scratch."""
    raise NotImplementedError


def add_site(field: Any, node: int) -> Any:
    """Return the field with one more site at a node."""
    raise NotImplementedError


def move_site(field: Any, site: int, node: int) -> Any:
    """Return the field with one site at another node."""
    raise NotImplementedError


def field_keys(field: Any) -> npt.NDArray[np.uint64]:
    """Return the keys of a field, shape (n_nodes, 2); not timed."""
    raise NotImplementedError
