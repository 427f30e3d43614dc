"""Rules for turning that name ways, as sequences of edges in a direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import numpy.typing as npt

__all__ = ["Edges", "PathRule", "Step", "match_rules"]

_LONGEST_VIA = 50
"""Edges over which a rule may lead; longer ones are not looked for."""

_Ends = list[tuple[int, bool]]
_Rule = tuple[int, tuple[int, ...], int, int, bool]


class Step(NamedTuple):
    """An edge in a direction: from u to v, or back."""

    edge: int
    up: bool

    @property
    def back(self) -> Step:
        """The same edge in the other direction."""
        return Step(self.edge, not self.up)


class PathRule(NamedTuple):
    """After all steps but the last, the last one is banned, or the one that is allowed."""

    steps: tuple[Step, ...]
    only: bool


class Edges(NamedTuple):
    """What turning depends on.

    Ends of each edge, the ways it begins and ends with, whether it bars through traffic, and whether it can be driven
    from u to v and from v to u.
    """

    u: npt.NDArray[np.int32]
    v: npt.NDArray[np.int32]
    way_at_u: npt.NDArray[np.int32]
    way_at_v: npt.NDArray[np.int32]
    restricted: npt.NDArray[np.bool_]
    forward: npt.NDArray[np.bool_]
    backward: npt.NDArray[np.bool_]

    def start(self, step: Step) -> int:
        """Return the node where a step begins."""
        return int((self.u if step.up else self.v)[step.edge])

    def end(self, step: Step) -> int:
        """Return the node where a step ends."""
        return int((self.v if step.up else self.u)[step.edge])

    def at(self, nodes: npt.NDArray[np.int32]) -> dict[int, _Ends]:
        """Return the edge ends at each node: (edge, whether the node is its v)."""
        found: dict[int, _Ends] = {}
        asked = np.zeros(int(max(self.u.max(initial=-1), self.v.max(initial=-1))) + 1, np.bool_)
        asked[nodes[(nodes >= 0) & (nodes < asked.size)]] = True  # points where no edge ends are none
        for is_v, ends in ((False, self.u), (True, self.v)):
            for edge in np.flatnonzero(asked[ends]).tolist():
                found.setdefault(int(ends[edge]), []).append((edge, is_v))
        return found

    def of_ways(self, ways: Collection[int]) -> npt.NDArray[np.int64]:
        """Return the edges that begin and end with one of some ways."""
        named = np.zeros(int(max(self.way_at_u.max(initial=-1), self.way_at_v.max(initial=-1))) + 1, np.bool_)
        named[[way for way in ways if way < named.size]] = True
        return np.flatnonzero(named[self.way_at_u] & named[self.way_at_v])

    def can_be_driven(self, steps: Sequence[Step]) -> bool:
        """Whether every step is open in its direction."""
        return all((self.forward if step.up else self.backward)[step.edge] for step in steps)


def match_rules(edges: Edges, rules: Sequence[_Rule]) -> tuple[list[PathRule], int]:
    """Return the sequences of edges that rules (via node, via ways, from way, to way, only) speak of.

    Also how many of the rules were understood: those whose ways meet in one sequence, or in one that can be driven.
    A ban from a way into itself holds for all of its ends.
    """
    over_ways = {way for _, via_ways, _, _, _ in rules for way in via_ways}
    between = edges.of_ways(over_ways)
    of_way: dict[int, list[int]] = {}
    for edge, way in zip(between.tolist(), edges.way_at_u[between].tolist(), strict=True):
        of_way.setdefault(way, []).append(edge)
    via = np.array([node for node, via_ways, _, _, _ in rules if not via_ways], np.int32)
    at = edges.at(np.unique(np.concatenate([via, edges.u[between], edges.v[between]])))
    found: list[PathRule] = []
    used = 0
    for node, via_ways, from_way, to_way, only in rules:
        if via_ways:
            own = {edge for way in via_ways for edge in of_way.get(way, ())}
            paths = list(_over_ways(edges, at, own, via_ways, from_way, to_way))
        else:
            paths = list(_over_node(edges, at.get(node, []), from_way, to_way))
        if len(paths) > 1:
            paths = [path for path in paths if edges.can_be_driven(path)]
        if len(paths) > 1 and len(via_ways) > 1:  # round a ring: the members stand in the order of the drive
            paths = [path for path in paths if _ways_along(edges, path[1:-1]) == via_ways] or paths
        if not paths or (len(paths) > 1 and (only or from_way != to_way)):
            continue
        if any(edges.restricted[step.edge] for path in paths for step in path):
            continue
        used += 1
        found += [PathRule(path, only) for path in paths]
    return found, used


def _of_way(edges: Edges, ends: _Ends, way: int) -> _Ends:
    return [(edge, is_v) for edge, is_v in ends if (edges.way_at_v if is_v else edges.way_at_u)[edge] == way]


def _over_node(edges: Edges, ends: _Ends, from_way: int, to_way: int) -> Iterator[tuple[Step, ...]]:
    comes, goes = _of_way(edges, ends, from_way), _of_way(edges, ends, to_way)
    for edge, is_v in comes:
        for other, other_is_v in goes:
            if from_way != to_way or (edge, is_v) == (other, other_is_v):
                yield Step(edge, is_v), Step(other, not other_is_v)


def _over_ways(
    edges: Edges,
    at: dict[int, _Ends],
    own: set[int],
    via_ways: tuple[int, ...],
    from_way: int,
    to_way: int,
) -> Iterator[tuple[Step, ...]]:
    """Yield the sequences that lead from one way over all of the via ways, the edges `own`, into another.

    They come through no node twice, unless the via ways are a ring that ends where it began.
    """
    nodes = {int(node) for edge in own for node in (edges.u[edge], edges.v[edge])}
    for node in sorted(nodes):
        for edge, is_v in _of_way(edges, at[node], from_way):
            if edge in own:
                continue
            for path in _along(edges, at, own, (), (node,)):
                if {int(edges.way_at_u[step.edge]) for step in path} != set(via_ways):
                    continue
                for other, other_is_v in _of_way(edges, at[edges.end(path[-1])], to_way):
                    if other not in own:
                        yield (Step(edge, is_v), *path, Step(other, not other_is_v))


def _along(
    edges: Edges, at: dict[int, _Ends], own: set[int], path: tuple[Step, ...], seen: tuple[int, ...]
) -> Iterator[tuple[Step, ...]]:
    """Yield a sequence over some edges and all that go on from it, until one comes back to a node."""
    if path:
        yield path
    if len(path) < _LONGEST_VIA and seen[-1] not in seen[:-1]:
        driven = {step.edge for step in path}
        for edge, is_v in at[seen[-1]]:
            step = Step(edge, not is_v)
            if edge in own and edge not in driven and edges.end(step) not in seen[1:]:
                yield from _along(edges, at, own, (*path, step), (*seen, edges.end(step)))


def _ways_along(edges: Edges, steps: Sequence[Step]) -> tuple[int, ...]:
    """Return the ways that a sequence leads over, in their order."""
    ways = [int(edges.way_at_u[step.edge]) for step in steps]
    return tuple(way for place, way in enumerate(ways) if place == 0 or way != ways[place - 1])
