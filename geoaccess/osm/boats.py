"""Nodes and segments of boats, and the roads split where boats join them."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.network import EdgeKind
from geoaccess.osm.stretches import add_pieces, divide, ends_of_pieces
from geoaccess.osm.times import all_times, times_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.ferry_ends import Join
    from geoaccess.osm.ferry_lines import FerryLine
    from geoaccess.osm.stretches import Stretches

__all__ = ["Boats", "Split", "split_roads"]


class Split(NamedTuple):
    """Roads that are split: all points, array after array, and how.

    `cuts` are by stretch the pieces before which it is divided, `gone` those pieces that leave it, and `parts` the
    segments in their place.
    """

    lon: list[npt.NDArray[np.float64]]
    lat: list[npt.NDArray[np.float64]]
    cuts: Mapping[int, set[int]]
    gone: set[int]
    parts: dict[str, npt.NDArray[Any]]


def split_roads(roads: Stretches, extract: Extract, joins: Mapping[int, Join]) -> tuple[Split, dict[int, int]]:
    """Split roads wherever a boat joins; return how, and for each end its point.

    A piece's time is shared between its parts by length.
    """
    lon, lat = [extract.lon], [extract.lat]
    size = extract.lon.size
    on_piece: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
    cuts: dict[int, set[int]] = defaultdict(set)
    joined = {}
    for end, join in joins.items():
        a, b = _ends(roads, join.stretch, join.piece)
        if join.share in (0.0, 1.0):
            point = a if join.share == 0 else b
            cuts[join.stretch].add(join.piece + int(join.share))
        else:
            point = size
            size += 1
            for values, degrees in ((lon, extract.lon), (lat, extract.lat)):
                values.append(degrees[[a]] + join.share * (degrees[[b]] - degrees[[a]]))
            on_piece[join.stretch, join.piece].append((join.share, point))
            cuts[join.stretch] |= {join.piece, join.piece + 1}
        joined[end] = point
    source, first, last, share = [], [], [], []
    for (stretch, piece), places in on_piece.items():
        begin, end = _ends(roads, stretch, piece)
        stops = [(0.0, begin), *sorted(places), (1.0, end)]
        for (start, a), (stop, b) in itertools.pairwise(stops):
            source.append((stretch, piece))
            first.append(a)
            last.append(b)
            share.append(stop - start)
    of, at = np.array(source, np.int64).reshape(-1, 2).T
    parts = {name: roads[name][of] for name in ("way", "kind", "snaps", "restricted")}
    parts["a"], parts["b"] = (np.array(ends, roads["a"].dtype) for ends in (first, last))
    for name in all_times(roads):
        times = roads[name][at]
        parts[name] = np.where(times >= 0, times * np.array(share), times)
    return Split(lon, lat, cuts, {piece for _, piece in on_piece}, parts), joined


def _ends(roads: Stretches, stretch: int, piece: int) -> tuple[int, int]:
    a, b = ends_of_pieces(roads, np.array([stretch]), np.array([piece]))
    return int(a[0]), int(b[0])


class Boats:
    """Nodes and segments of boats while they grow; `joined` holds for ends off the road their point and the queue."""

    def __init__(
        self,
        split: Split,
        quays: npt.NDArray[np.bool_],
        joined: Mapping[int, tuple[int, float]],
    ) -> None:
        self.quays, self.joined = quays, joined
        self.split = split
        self.lon, self.lat = [*split.lon], [*split.lat]
        self.size = sum(part.size for part in split.lon)
        self.node_of: dict[tuple[int, int], int] = {}
        self.ends: list[int] = []
        self.more: list[tuple[int, int, int, float, float, EdgeKind, bool]] = []

    def add(self, lines: Sequence[FerryLine], ships: Sequence[int]) -> None:
        """Add lines, each of the ship of its number."""
        at_sea = self._ships_at_sea(lines, ships)
        for line, ship in zip(lines, ships, strict=True):
            rule, pace = line.rule, line.crossing_s / line.path.metres
            kind = EdgeKind.FERRY if line.cars else EdgeKind.ON_FOOT
            nodes = [self._node(line, at_sea.get((ship, node), ship), node) for node in line.path.nodes.tolist()]
            self.ends += [nodes[0], nodes[-1]] if line.cars else []
            for at, metres in enumerate(line.path.length_m):
                forward, backward = (
                    metres * pace if kph > 0 else -1.0 for kph in (rule.forward_kph, rule.backward_kph)
                )
                self.more.append((nodes[at], nodes[at + 1], line.path.way, forward, backward, kind, rule.restricted))

    def _ships_at_sea(self, lines: Sequence[FerryLine], ships: Sequence[int]) -> dict[tuple[int, int], int]:
        """Return for ships that are one where they meet off a quay, by node, the number of that one.

        Two lines are parts of one where one of them ends at sea and one of them has neither name nor relation: it leads
        nowhere else.
        """
        meeting: dict[tuple[tuple[bool, bool], int], list[int]] = defaultdict(list)
        for i, line in enumerate(lines):
            for node in dict.fromkeys(line.path.nodes.tolist()):
                if not self.quays[node]:
                    meeting[line.who, node].append(i)
        found = {}
        for (_, node), members in meeting.items():
            paths = [lines[i].path for i in members]
            anonymous = any(not path.name and not path.relation_id for path in paths)
            if len({path.way_id for path in paths}) == 2 and anonymous and any(node in path.ends for path in paths):  # noqa: PLR2004
                one = min(ships[i] for i in members)
                found.update({(ships[i], node): one for i in members})
        return found

    def _node(self, line: FerryLine, ship: int, node: int) -> int:
        key = (ship, node)
        if key not in self.node_of:
            self.node_of[key] = boat = self.size
            self.size += 1
            self.lon.append(self.lon[0][[node]])
            self.lat.append(self.lat[0][[node]])
            road, queue_s = self.joined.get(node, (node, 0.0))
            if self.quays[node] and line.cars:
                wait_s = line.waits.wait_s + queue_s
                self.more.append((road, boat, line.path.way, wait_s, queue_s, EdgeKind.BOARDING, line.rule.restricted))
            elif self.quays[node]:
                self.more.append((road, boat, line.path.way, -1.0, -1.0, EdgeKind.ON_FOOT, False))
        return self.node_of[key]

    def but_times(self) -> tuple[Any, ...]:
        """Return all that these boats are beside how long anything takes."""
        more = [(a, b, way, ahead < 0, back < 0, kind, some) for a, b, way, ahead, back, kind, some in self.more]
        return self.node_of, self.ends, more

    def add_to(self, roads: Stretches, others: Sequence[Boats] = ()) -> None:
        """Split the roads, and put the segments of boats behind, in the memory that the columns of roads have.

        `others` are those boats at the times of other profiles.
        """
        columns = list(zip(*self.more, strict=True)) or [()] * 7
        names = "a", "b", "way", *times_of(0), "kind", "restricted"
        boats = {name: np.array(values, roads[name].dtype) for name, values in zip(names, columns, strict=True)}
        for turn, other in enumerate(others, 1):
            boats |= {name: np.array([row[at] for row in other.more]) for at, name in enumerate(times_of(turn), 3)}
        divide(roads, self.split.cuts, self.split.gone)
        add_pieces(roads, self.split.parts, boats)
