"""Nodes that hinder: barriers that cut a road, gates that only residents open, signals that take time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels import assembling, graph, picking
from geoaccess.network import EdgeKind
from geoaccess.osm.columns import extended, without
from geoaccess.osm.quay_roads import public_roads, ways_to_boats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.osm.nodes import NodeRule

__all__ = ["apply_node_rules"]


def apply_node_rules(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    segments: dict[str, npt.NDArray[Any]],
    hindering: npt.NDArray[np.int32],
    hindering_tags: npt.NDArray[np.int32],
    rules: Sequence[NodeRule],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], dict[str, Any], dict[str, int]]:
    """Return points and segments with the nodes' rules applied, and counts.

    Points that are `hindering` have the tag sets `hindering_tags`, of each of which `rules` holds the rule. The table
    of segments that is given is changed.

    At a closed barrier every road ends at a point of its own, so nothing passes. A private gate is open to those who
    begin or end a journey behind it: what joins the rest of the network by such gates alone becomes a pocket
    without through traffic, tied to it by segments of no length; where there is another way round, the gate stays
    closed. Who boards a car ferry may pass (see `ways_to_boats`). A delay is charged half to each side, so that passing
    costs all of it, whatever the direction.
    """
    touching, closed, private, delay = _rules_at_points(lon.size, segments, hindering, hindering_tags, rules)
    half = (delay[segments["a"][touching]] + delay[segments["b"][touching]]) / 2
    cut: list[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]] = []
    new_from: list[npt.NDArray[Any]] = []
    ties: list[tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]] = []
    size = lon.size
    for side in ("a", "b"):
        node = segments[side]
        at = touching[(closed | private)[node[touching]]]
        own = np.arange(size, size + at.size, dtype=node.dtype)
        size += at.size
        cut.append((side, at, own))
        gate = node[at]
        new_from.append(gate)
        tied = private[gate]
        ties.append((own[tied], gate[tied], segments["way"][at][tied]))
    origin = np.concatenate(new_from)
    a, b, way = (np.concatenate(parts) for parts in zip(*ties, strict=True))
    rows = segments
    _add_ties(rows, a, b, way)
    for direction in ("forward_s", "backward_s"):
        times = rows[direction][touching]
        rows[direction][touching] = np.where(times >= 0, times + half, times)
    for side, at, own in cut:
        rows[side][at] = own
    first_tie = rows["a"].size - a.size
    public = public_roads(rows)
    part = graph.weak_components_among(size, rows["a"], rows["b"], public)
    boats_ways = ways_to_boats(part, rows)
    rows["restricted"][boats_ways] = False
    idle, pockets = _pockets(part, public, rows, first_tie)
    rows["restricted"] |= pockets
    del part, public
    for name in rows if idle.size else ():  # one after another, so that never two of all stand in memory
        rows[name] = without(rows[name], idle)
    counts = {
        "segments_opened_to_boats": len(boats_ways),
        "segments_in_private_pockets": int(pockets.sum()),
        "barriers_closed": int(closed.sum()),
        "barriers_private": int(private.sum()),
        "nodes_with_delay": int((delay > 0).sum()),
    }
    return extended(lon, lon[origin]), extended(lat, lat[origin]), rows, counts


def _add_ties(rows: dict[str, Any], own: npt.NDArray[Any], gate: npt.NDArray[Any], way: npt.NDArray[Any]) -> None:
    """Add segments of no length that tie the ends of roads to private gates, for some only."""
    nothing = np.zeros(own.size)
    added = {
        "a": own,
        "b": gate,
        "way": way,
        "forward_s": nothing,
        "backward_s": nothing,
        "restricted": np.ones(own.size, np.bool_),
    }
    for name in rows if own.size else ():  # one after another, so that never two of all stand in memory
        values = rows[name]
        rows[name] = extended(values, added.get(name, np.zeros(own.size, values.dtype)).astype(values.dtype))


def _rules_at_points(
    size: int,
    segments: dict[str, npt.NDArray[Any]],
    hindering: npt.NDArray[np.int32],
    hindering_tags: npt.NDArray[np.int32],
    rules: Sequence[NodeRule],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return the pieces of road at points that may hinder; and of each point whether it closes, for whom, how long."""
    may_hinder, on_road, closed, private = (np.zeros(size, np.bool_) for _ in range(4))
    delay = np.zeros(size)
    may_hinder[hindering] = True
    touching = picking.segments_at(may_hinder, segments["a"], segments["b"], segments["kind"] == EdgeKind.ROAD)
    on_road[segments["a"][touching]] = on_road[segments["b"][touching]] = True
    place, rule = (values[on_road[hindering]] for values in (hindering, hindering_tags))
    closed[place] = np.array([of.passable == "closed" for of in rules], np.bool_)[rule]
    private[place] = np.array([of.passable == "restricted" for of in rules], np.bool_)[rule]
    delay[place] = np.array([of.delay_s for of in rules], np.float64)[rule]
    return touching, closed, private, delay


def _pockets(
    part: npt.NDArray[np.int32], joined: npt.NDArray[np.bool_], rows: dict[str, npt.NDArray[Any]], first_tie: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the ties that tie nothing, which no one needs, and which segments lie in a pocket.

    Segments from `first_tie` on tie ends of roads (a) to private gates (b); `part` is the connected part of each point
    by those segments that have `joined` points, all of them public. A pocket is what joins the network by
    private gates and private roads alone. Of all connected parts, the one with most public segments is
    the network and the others are pockets. A gate between roads that meet elsewhere ties nothing.
    """
    a, b = rows["a"], rows["b"]
    driven = rows["kind"] != EdgeKind.ON_FOOT
    public = driven & ~rows["restricted"]
    in_parts = assembling.chosen_in_parts(part, a, public)
    each = np.arange(in_parts.size, dtype=np.int32)
    component = graph.joined_parts(each, part, a, b, public & ~joined)
    group = graph.joined_parts(component, part, a, b, driven & ~public)
    segments = np.bincount(component, in_parts).astype(np.float64)
    group_of = np.zeros(segments.size, np.int32)
    group_of[component] = group
    network = assembling.heaviest_of_groups(int(group.max()) + 1, group_of, segments)
    pocket = np.ones(segments.size, np.bool_)
    pocket[network] = False
    own, gate = component[part[a[first_tie:]]], b[first_tie:]
    gates, at = np.unique(gate, return_inverse=True)
    least = np.full(gates.size, segments.size)
    most = np.full(gates.size, -1)
    np.minimum.at(least, at, own)
    np.maximum.at(most, at, own)
    idle = first_tie + np.flatnonzero(~public[first_tie:] & (least[at] == most[at]))
    return idle, picking.segments_in(a, public & (rows["kind"] == EdgeKind.ROAD), part, pocket[component])
