"""Banned turns and roads without through traffic, in a network that any search may walk without knowing of them.

Both are put into the network by copies of nodes, so that searches, hierarchies and oracles see a plain directed graph.

At a node where turns are banned, an edge with a ban on it no longer arrives at the node but at a copy of its own, and
every edge that leaves begins at a gate of its own; links at no cost lead from the node to all gates and from each
copy to those it may pass.

Every node of a road without through traffic has two copies: S, in the part of a journey that begins there, and E, in
the part that ends there. The road has arcs among the S and among the E; links lead from S to the node and from the
node to E, and nowhere else, so nothing can come in and go out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.network.elements import TurnExpansion

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Edges", "Turns", "expand_turns"]


@dataclass(frozen=True)
class Turns:
    """Rules for turning: from one way, over a point, into another way; `only` makes the turn the one that is allowed.

    A rule from a way into itself bans (or, with `only`, demands) the U-turn.
    """

    via: npt.NDArray[np.int32]
    from_way: npt.NDArray[np.int32]
    to_way: npt.NDArray[np.int32]
    only: npt.NDArray[np.bool_]

    def at_nodes(self, rank: npt.NDArray[np.int32]) -> Turns:
        """Return the rules with `via` given as nodes; rank is -1 for points that are none."""
        return Turns(rank[self.via], self.from_way, self.to_way, self.only)


class Edges(NamedTuple):
    """What turning depends on: ends of each edge, the ways it begins and ends with, whether it bars through traffic."""

    u: npt.NDArray[np.int32]
    v: npt.NDArray[np.int32]
    way_at_u: npt.NDArray[np.int32]
    way_at_v: npt.NDArray[np.int32]
    restricted: npt.NDArray[np.bool_]


def expand_turns(n_nodes: int, edges: Edges, turns: Turns | None) -> tuple[TurnExpansion | None, dict[str, int]]:
    """Return what `Network` needs to obey the rules (None where there are none), and counts of rules used and ignored.

    A rule is ignored, and counted, where its ways do not meet at its node in just one edge each (so that it does not
    say which turn is meant), or where it concerns a road without through traffic.
    """
    state = _State(n_nodes, edges)
    used = ignored = 0
    if turns is not None:
        at = _edges_at(edges, turns.via)
        by_node: dict[int, list[tuple[tuple[int, bool], tuple[int, bool], bool]]] = {}
        for via, from_way, to_way, only in zip(
            turns.via.tolist(), turns.from_way.tolist(), turns.to_way.tolist(), turns.only.tolist(), strict=True
        ):
            rule = _rule(at.get(via, []), edges, from_way, to_way)
            if rule is None:
                ignored += 1
            else:
                used += 1
                by_node.setdefault(via, []).append((*rule, only))
        for via, rules in by_node.items():
            state.ban(via, at[via], rules)
    state.close_to_through_traffic()
    counts = {"turn_rules_used": used, "turn_rules_ignored": ignored} if turns is not None else {}
    return state.expansion(), counts


def _edges_at(edges: Edges, nodes: npt.NDArray[np.int32]) -> dict[int, list[tuple[int, bool]]]:
    """Return the edge ends at each node: (edge, whether the node is its v)."""
    found: dict[int, list[tuple[int, bool]]] = {}
    for is_v, ends in ((False, edges.u), (True, edges.v)):
        for edge in np.flatnonzero(np.isin(ends, nodes)).tolist():
            found.setdefault(int(ends[edge]), []).append((edge, is_v))
    return found


def _rule(
    ends: list[tuple[int, bool]], edges: Edges, from_way: int, to_way: int
) -> tuple[tuple[int, bool], tuple[int, bool]] | None:
    """Return the one end that the rule comes from and the one it leads to, if there is just one each."""

    def of_way(way: int) -> list[tuple[int, bool]]:
        return [(edge, is_v) for edge, is_v in ends if (edges.way_at_v if is_v else edges.way_at_u)[edge] == way]

    comes, goes = of_way(from_way), of_way(to_way)
    if len(comes) != 1 or len(goes) != 1 or edges.restricted[comes[0][0]] or edges.restricted[goes[0][0]]:
        return None
    return comes[0], goes[0]


class _State:
    """Ends, copies and links while they are being made."""

    def __init__(self, n_nodes: int, edges: Edges) -> None:
        self.edges = edges
        self.n_places = n_nodes
        self.leave_u, self.leave_v = edges.u.copy(), edges.v.copy()
        self.arrive_u, self.arrive_v = edges.u.copy(), edges.v.copy()
        self.copies: list[int] = []
        self.links: list[tuple[int, int]] = []
        self.half_free: dict[int, list[int]] = {}  # copies that may go on into all roads no rule speaks of

    def copy(self, node: int) -> int:
        self.copies.append(node)
        return self.n_places + len(self.copies) - 1

    def ban(
        self, via: int, ends: list[tuple[int, bool]], rules: list[tuple[tuple[int, bool], tuple[int, bool], bool]]
    ) -> None:
        """Obey the rules at one node."""
        open_roads = [end for end in ends if not self.edges.restricted[end[0]]]
        gates = {}
        for edge, is_v in open_roads:
            gate = self.copy(via)
            gates[edge, is_v] = gate
            (self.arrive_v if is_v else self.arrive_u)[edge] = gate
            self.links.append((via, gate))
        for comes in dict.fromkeys(rule[0] for rule in rules):
            only = {goes for start, goes, must in rules if start == comes and must}
            banned = {goes for start, goes, must in rules if start == comes and not must}
            allowed = (only or set(gates)) - banned
            copy = self.copy(via)
            edge, is_v = comes
            (self.leave_v if is_v else self.leave_u)[edge] = copy
            self.links += [(copy, gates[end]) for end in open_roads if end in allowed]
            if not only:
                self.half_free.setdefault(via, []).append(copy)

    def close_to_through_traffic(self) -> None:
        """Give every end of a restricted edge its copies S and E."""
        restricted = np.flatnonzero(self.edges.restricted)
        nodes = np.unique(np.concatenate([self.edges.u[restricted], self.edges.v[restricted]]))
        start = {int(node): self.copy(int(node)) for node in nodes}
        end = {int(node): self.copy(int(node)) for node in nodes}
        self.links += [link for node in start for link in ((start[node], node), (node, end[node]))]
        self.links += [(copy, end[node]) for node in start for copy in self.half_free.get(node, [])]
        for edge in restricted.tolist():
            u, v = int(self.edges.u[edge]), int(self.edges.v[edge])
            self.leave_u[edge], self.leave_v[edge] = start[u], start[v]
            self.arrive_u[edge], self.arrive_v[edge] = end[u], end[v]

    def expansion(self) -> TurnExpansion | None:
        if not self.copies:
            return None
        links = np.array(self.links, np.int32).reshape(-1, 2)
        return TurnExpansion(
            leave_u=self.leave_u,
            leave_v=self.leave_v,
            arrive_u=self.arrive_u,
            arrive_v=self.arrive_v,
            restricted=self.edges.restricted,
            place=np.concatenate([np.arange(self.n_places), self.copies]).astype(np.int32),
            link_tail=links[:, 0].copy(),
            link_head=links[:, 1].copy(),
        )
