"""Nodes that hinder: barriers that cut a road, gates that only residents open, signals that take time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels import assembling, graph, picking
from geoaccess.network import EdgeKind
from geoaccess.osm.columns import extended, shortened
from geoaccess.osm.quay_roads import public_roads, ways_to_boats
from geoaccess.osm.times import at_times_of, drop_times, times_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.osm.nodes import NodeRule

__all__ = ["Hindering", "apply_node_rules"]


class Hindering(NamedTuple):
    """Points that may hinder, the tag set of each, and the rule of each tag set."""

    place: npt.NDArray[np.int32]
    tags: npt.NDArray[np.int32]
    rules: Sequence[NodeRule]

    def passable(self, what: str, among: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Say of all points whether they are passable in some way, of those `among` which hinder counts."""
        found, some = np.zeros(among.size, np.bool_), among[self.place]
        found[self.place[some]] = np.array([of.passable == what for of in self.rules], np.bool_)[self.tags[some]]
        return found

    def delay_s(self, among: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return the seconds that each of all points costs, of those `among` which hinder counts."""
        found, some = np.zeros(among.size), among[self.place]
        found[self.place[some]] = np.array([of.delay_s for of in self.rules], np.float64)[self.tags[some]]
        return found


def apply_node_rules(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    segments: dict[str, npt.NDArray[Any]],
    hindering: Sequence[Hindering],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], dict[str, Any], list[dict[str, int]]]:
    """Return points and segments with the nodes' rules applied, and counts. The table that is given is changed.

    Under each of the profiles that the table has times of, some points are `hindering`; all close the same points to
    the same traffic. Counts are those of as many profiles, in turn, as open the same roads to boats; the times of the
    others leave the table.

    At a closed barrier every road ends at a point of its own, so nothing passes. A private gate is open to those who
    begin or end a journey behind it: what joins the rest of the network by such gates alone becomes a pocket
    without through traffic, tied to it by segments of no length; where there is another way round, the gate stays
    closed. Who boards a car ferry may pass (see `ways_to_boats`). A delay is charged half to each side, so that passing
    costs all of it, whatever the direction.
    """
    touching, on_road = _roads_at(lon.size, segments, hindering)
    closed, private = (hindering[0].passable(what, on_road) for what in ("closed", "restricted"))
    halves, slow = [], []
    ends = [segments[side][touching] for side in ("a", "b")]
    for of in hindering:
        delay = of.delay_s(on_road)
        halves.append((delay[ends[0]] + delay[ends[1]]) / 2)
        slow.append(int((delay > 0).sum()))
        del delay  # of a country one number for each point takes more than all the rest of this
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
    for turn, half in enumerate(halves):
        for direction in times_of(turn):
            times = rows[direction][touching]
            rows[direction][touching] = np.where(times >= 0, times + half, times)
    for side, at, own in cut:
        rows[side][at] = own
    first_tie = rows["a"].size - a.size
    public = public_roads(rows)
    part = graph.weak_components_among(size, rows["a"], rows["b"], public)
    boats_ways = ways_to_boats(part, rows)
    theirs = (ways_to_boats(part, at_times_of(rows, turn)) for turn in range(1, len(hindering)))
    alike = 1 + sum(1 for _ in itertools.takewhile(lambda ways: ways == boats_ways, theirs))
    drop_times(rows, alike)
    rows["restricted"][boats_ways] = False
    idle, pockets = _pockets(part, public, rows, first_tie)
    rows["restricted"] |= pockets
    del part, public
    for name in rows:
        rows[name] = shortened(rows[name], idle)
    counts = {
        "segments_opened_to_boats": len(boats_ways),
        "segments_in_private_pockets": int(pockets.sum()),
        "barriers_closed": int(closed.sum()),
        "barriers_private": int(private.sum()),
    }
    each = [{**counts, "nodes_with_delay": delayed} for delayed in slow[:alike]]
    return extended(lon, lon[origin]), extended(lat, lat[origin]), rows, each


def _add_ties(rows: dict[str, Any], own: npt.NDArray[Any], gate: npt.NDArray[Any], way: npt.NDArray[Any]) -> None:
    """Add segments of no length that tie the ends of roads to private gates, for some only."""
    added = {"a": own, "b": gate, "way": way, "restricted": np.ones(own.size, np.bool_)}
    for name in rows if own.size else ():  # one after another, so that never two of all stand in memory
        values = rows[name]
        rows[name] = extended(values, added.get(name, np.zeros(own.size, values.dtype)).astype(values.dtype))


def _roads_at(
    size: int, segments: dict[str, npt.NDArray[Any]], hindering: Sequence[Hindering]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the pieces of road at points that may hinder, and which points are an end of any of these."""
    may_hinder, on_road = (np.zeros(size, np.bool_) for _ in range(2))
    for of in hindering:
        may_hinder[of.place] = True
    touching = picking.segments_at(may_hinder, segments["a"], segments["b"], segments["kind"] == EdgeKind.ROAD)
    on_road[segments["a"][touching]] = on_road[segments["b"][touching]] = True
    return touching, on_road


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
