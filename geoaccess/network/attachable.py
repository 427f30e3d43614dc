"""Which edges places may be attached to, and the nearest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.kernels.memory import release_pages
from geoaccess.network.elements import EdgeKind
from geoaccess.network.nearness import prefers_small
from geoaccess.network.over_water import MANY, Attached, nearest_on_land
from geoaccess.network.segment_tree import SegmentTree

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.core import Network

__all__ = ["keep_trees", "kept_trees", "nearest_edges", "snappable_edges"]

_LEAST_SMALL_M = 100.0
"""Shorter roads that are connected to nothing, and tracks, are aisles and stubs, not the roads of an island."""


class _Trees(NamedTuple):
    """Search trees of the edges of large components, and of small ones."""

    large: SegmentTree
    small: SegmentTree


@checks_arguments
def snappable_edges(network: Network, *, min_component_m: float = 2000.0) -> npt.NDArray[np.int64]:
    """Return the edges that points may be attached to.

    An edge counts when it is a road that the profile lets people begin a journey on, and both its ends lie in one
    strongly connected component (one can leave and come back) that holds at least `min_component_m` of road, or that a
    boat touches: not in the stub of a car park that is connected to nothing. See `nearest_edges` for the edges of
    smaller components.
    """
    return np.flatnonzero(_eligible(network, min_component_m)[0])


def nearest_edges(
    network: Network,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    *,
    max_snap_m: float,
    min_component_m: float,
) -> Attached:
    """Return the nearest edge that each point (in metres, see `Network.projection`) may be attached to; -1 for none.

    That is one of `snappable_edges`, or one of a smaller component where that is much nearer (see `prefers_small`):
    whoever lives on an island that is short of roads does not walk over the sea to the mainland. Where the network has
    shores, nobody walks over water (see `leads_over_water`): the place is the nearest that one can walk to. Else it is
    the point itself, for the place on its edge that is nearest to it.
    """
    trees = kept_trees(network, min_component_m)
    edge, large_m = trees.large.nearest(x, y, most=max_snap_m)
    small, small_m = trees.small.nearest(x, y, most=max_snap_m)
    if x.size >= MANY:
        release_pages(part for tree in trees for part in (tree.owner, tree.leaf, tree.box))
    found: npt.NDArray[np.int32] = np.where(prefers_small(large_m, small_m), small, edge)
    if network.shores is None:
        return Attached(found, x, y, np.zeros(x.size, np.bool_))
    return nearest_on_land(network, trees, found, x, y, max_snap_m=max_snap_m)


def _eligible(network: Network, min_component_m: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which edges belong to large components, and which to small ones."""
    label = network.strong_component
    road = network.edge_kind == EdgeKind.ROAD
    at_u, at_v = label[network.edge_u], label[network.edge_v]
    roads = road & (at_u == at_v)
    metres = np.bincount(at_u[roads], network.edge_length_m[roads], label.max(initial=0) + 1)
    touched = np.zeros(metres.size, np.bool_)
    touched[at_u[~road]] = touched[at_v[~road]] = True
    usable = (network.edge_forward_ds >= 0) | (network.edge_backward_ds >= 0)
    chosen = roads & usable & network.edge_snaps
    large = ((metres >= min_component_m) | touched)[at_u]
    tracks = np.array([name == "track" for name in network.class_names])
    built = roads & ~tracks[network.way_class[network.shape_way[network.shape_ptr[:-1]]]]
    built_m = np.bincount(at_u[built], network.edge_length_m[built], metres.size)
    small = chosen & ~large & (built_m >= _LEAST_SMALL_M)[at_u]
    return chosen & large, small & (chosen & large).any()


def kept_trees(network: Network, min_component_m: float) -> _Trees:
    """Return the search trees of edges of large and of small components; they are kept with the network."""
    kept: dict[float, _Trees] = network.__dict__.setdefault("_snap_trees", {})
    if min_component_m not in kept:
        owner, (x, y) = _owners(network), network.shape_xy
        ends = x[:-1], y[:-1], x[1:], y[1:]
        kept[min_component_m] = _Trees(
            *(
                SegmentTree.of_lines(owner, network.shape_ptr, chosen, *ends)
                for chosen in _eligible(network, min_component_m)
            )
        )
    return kept[min_component_m]


def keep_trees(network: Network, min_component_m: float, large: SegmentTree, small: SegmentTree) -> None:
    """Keep search trees with a network that were made of it before."""
    network.__dict__.setdefault("_snap_trees", {})[min_component_m] = _Trees(large, small)


def _owners(network: Network) -> npt.NDArray[np.int32]:
    """Return the edge that each shape point but the last belongs to: that of the piece that begins there, if any."""
    edges: npt.NDArray[np.int32] = np.repeat(np.arange(network.n_edges, dtype=np.int32), np.diff(network.shape_ptr))
    return edges[:-1]
