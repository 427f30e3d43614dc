"""Nodes that hinder: barriers that cut a road, gates that only residents open, signals that take time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels import assembling, graph, picking
from geoaccess.network import EdgeKind
from geoaccess.osm.columns import extended
from geoaccess.osm.quay_roads import public_roads, ways_to_boats
from geoaccess.osm.stretches import add_pieces, drop_stretches
from geoaccess.osm.times import at_times_of, drop_times, times_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.osm.nodes import NodeRule
    from geoaccess.osm.stretches import Stretches

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
    rows: Stretches,
    hindering: Sequence[Hindering],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Stretches, list[dict[str, int]]]:
    """Return points and stretches with the nodes' rules applied, and counts. The table that is given is changed.

    Points that may hinder are ends of stretches.

    Under each of the profiles that the table has times of, some points are `hindering`; all close the same points to
    the same traffic. Counts are those of as many profiles, in turn, as open the same roads to boats; the times of the
    others leave the table.

    At a closed barrier every road ends at a point of its own, so nothing passes. A private gate is open to those who
    begin or end a journey behind it: what joins the rest of the network by such gates alone becomes a pocket
    without through traffic, tied to it by segments of no length; where there is another way round, the gate stays
    closed. Who boards a car ferry may pass (see `ways_to_boats`). A delay is charged half to each side, so that passing
    costs all of it, whatever the direction.
    """
    touching, on_road = _roads_at(lon.size, rows, hindering)
    closed, private = (hindering[0].passable(what, on_road) for what in ("closed", "restricted"))
    slow = []
    for turn, of in enumerate(hindering):
        delay = of.delay_s(on_road)
        _slow_down(rows, turn, touching, delay)
        slow.append(int((delay > 0).sum()))
        del delay  # of a country one number for each point takes more than all the rest of this
    cut: list[tuple[str, npt.NDArray[Any], npt.NDArray[Any]]] = []
    new_from: list[npt.NDArray[Any]] = []
    ties: list[tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]] = []
    size = lon.size
    for side in ("a", "b"):
        node = rows[side]
        at = touching[(closed | private)[node[touching]]]
        own = np.arange(size, size + at.size, dtype=node.dtype)
        size += at.size
        cut.append((side, at, own))
        gate = node[at]
        new_from.append(gate)
        tied = private[gate]
        ties.append((own[tied], gate[tied], rows["way"][at][tied]))
    origin = np.concatenate(new_from)
    a, b, way = (np.concatenate(parts) for parts in zip(*ties, strict=True))
    add_pieces(rows, {"a": a, "b": b, "way": way, "restricted": np.ones(a.size, np.bool_)})
    for side, at, own in cut:
        rows[side][at] = own
    first_tie = rows["a"].size - a.size
    public = public_roads(rows)
    part = graph.components_of_stretches(size, rows["a"], rows["b"], rows["least"], public)
    boats_ways = ways_to_boats(part, rows)
    theirs = (ways_to_boats(part, at_times_of(rows, turn)) for turn in range(1, len(hindering)))
    alike = 1 + sum(1 for _ in itertools.takewhile(lambda ways: ways == boats_ways, theirs))
    drop_times(rows, alike)
    rows["restricted"][boats_ways] = False
    idle, pockets = _pockets(part, public, rows, first_tie)
    rows["restricted"] |= pockets
    del part, public
    counts = {
        "segments_opened_to_boats": int(rows["size"][boats_ways].sum()),
        "segments_in_private_pockets": int(rows["size"][pockets].sum()),
        "barriers_closed": int(closed.sum()),
        "barriers_private": int(private.sum()),
    }
    drop_stretches(rows, idle)
    each = [{**counts, "nodes_with_delay": delayed} for delayed in slow[:alike]]
    return extended(lon, lon[origin]), extended(lat, lat[origin]), rows, each


def _slow_down(rows: Stretches, turn: int, touching: npt.NDArray[np.int64], delay: npt.NDArray[np.float64]) -> None:
    """Charge what points cost, half of it each, to the pieces at both ends of some stretches, under a profile."""
    at_a, at_b = (delay[rows[side][touching]] / 2 for side in ("a", "b"))
    single = rows["size"][touching] == 1
    first = rows["first"][touching].astype(np.int64)
    last = first + rows["size"][touching] - 1
    at_a[single] += at_b[single]
    for direction in times_of(turn):
        times = rows[direction]
        for piece, half in ((first, at_a), (last[~single], at_b[~single])):
            times[piece] = np.where(times[piece] >= 0, times[piece] + half, times[piece])


def _roads_at(
    size: int, rows: Stretches, hindering: Sequence[Hindering]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the stretches of road at points that may hinder, and which points are an end of any of these."""
    may_hinder, on_road = (np.zeros(size, np.bool_) for _ in range(2))
    for of in hindering:
        may_hinder[of.place] = True
    touching = picking.segments_at(may_hinder, rows["a"], rows["b"], rows["kind"] == EdgeKind.ROAD)
    on_road[rows["a"][touching]] = on_road[rows["b"][touching]] = True
    return touching, on_road


def _pockets(
    part: npt.NDArray[np.int32], joined: npt.NDArray[np.bool_], rows: Stretches, first_tie: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the ties that tie nothing, which no one needs, and which stretches lie in a pocket.

    Stretches from `first_tie` on tie ends of roads (a) to private gates (b); `part` is the connected part of each point
    by those stretches that have `joined` points, all of them public. A pocket is what joins the network by
    private gates and private roads alone. Of all connected parts, the one with most public pieces is
    the network and the others are pockets. A gate between roads that meet elsewhere ties nothing.
    """
    a, b = rows["a"], rows["b"]
    driven = rows["kind"] != EdgeKind.ON_FOOT
    public = driven & ~rows["restricted"]
    in_parts = assembling.chosen_in_parts(part, a, rows["size"], public)
    each = np.arange(in_parts.size, dtype=np.int32)
    component = graph.joined_parts(each, part, a, b, public & ~joined)
    group = graph.joined_parts(component, part, a, b, driven & ~public)
    pieces = np.bincount(component, in_parts).astype(np.float64)
    group_of = np.zeros(pieces.size, np.int32)
    group_of[component] = group
    network = assembling.heaviest_of_groups(int(group.max()) + 1, group_of, pieces)
    pocket = np.ones(pieces.size, np.bool_)
    pocket[network] = False
    own, gate = component[part[a[first_tie:]]], b[first_tie:]
    gates, at = np.unique(gate, return_inverse=True)
    least = np.full(gates.size, pieces.size)
    most = np.full(gates.size, -1)
    np.minimum.at(least, at, own)
    np.maximum.at(most, at, own)
    idle = first_tie + np.flatnonzero(~public[first_tie:] & (least[at] == most[at]))
    return idle, picking.segments_in(a, public & (rows["kind"] == EdgeKind.ROAD), part, pocket[component])
