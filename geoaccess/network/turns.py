"""Rules for turning: which sequences of edges a driver may not take, and how they are put into a network.

Rules are put into the network by copies of nodes, so that searches, hierarchies and oracles see a plain directed graph.

A rule is a sequence of edges in a direction, s_0 ... s_k, at whose last node the turn into s_k is banned, or with
`only` every other one is. As in a search for words in a text (Aho and Corasick 1975, CACM 18(6)) a state is the longest
beginning of any rule with which a journey so far ends. At a node where a rule decides, an edge that begins or continues
a rule arrives at a copy of its own for each state, and every edge that leaves begins at a gate of its own, or at one
for each state in which it continues a rule; links at no cost lead from the node to all gates and from each copy to
those that its state allows. Who is on the via ways of a rule does not turn round there, where the road goes on: nobody
evades a ban by driving to and fro.

Every node of a road without through traffic has two copies: S, in the part of a journey that begins there, and E, in
the part that ends there. The road has arcs among the S and among the E; links lead from S to the node and from the
node to E, and nowhere else, so nothing can come in and go out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.network.elements import TurnExpansion
from geoaccess.network.turn_paths import Edges, PathRule, Step, match_rules

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Turns", "expand_turns"]


@dataclass(frozen=True)
class Turns:
    """Rules for turning: from one way, over a point or over ways, into another way.

    `only` makes the turn the one that is allowed: who came from `from_way` over the via into another one than
    `to_way` broke it. A rule from a way into itself over a point bans (or, with `only`, demands) the U-turn. Where
    `via_ways[i]` names ways, rule i holds for those who drove along them, and `via[i]` is -1.
    """

    via: npt.NDArray[np.int32]
    from_way: npt.NDArray[np.int32]
    to_way: npt.NDArray[np.int32]
    only: npt.NDArray[np.bool_]
    via_ways: tuple[tuple[int, ...], ...] = ()

    def points(
        self, way: npt.NDArray[np.int32], a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int32]:
        """Return the points that must stay nodes: those of rules, and where the via ways of segments a-b begin or end.

        A point that a way touches once is an end of it.
        """
        named = np.zeros(int(way.max(initial=-1)) + 1, np.bool_)
        numbers = np.array([number for ways in self.via_ways for number in ways], np.int32)
        named[numbers[numbers < named.size]] = True
        chosen = np.flatnonzero(named[way])
        touched = np.concatenate([a[chosen], b[chosen]]).astype(np.int64)
        pairs, times = np.unique(np.column_stack([np.tile(way[chosen], 2), touched]), axis=0, return_counts=True)
        return np.unique(np.concatenate([self.via[self.via >= 0], pairs[times == 1, 1]])).astype(np.int32)

    def at_nodes(self, rank: npt.NDArray[np.int32]) -> Turns:
        """Return the rules with `via` given as nodes; rank is -1 for points that are none."""
        via = np.where(self.via >= 0, rank[self.via], -1).astype(np.int32)
        return Turns(via, self.from_way, self.to_way, self.only, self.via_ways)


def expand_turns(n_nodes: int, edges: Edges, turns: Turns | None) -> tuple[TurnExpansion | None, dict[str, int]]:
    """Return what `Network` needs to obey the rules (None where there are none), and counts of rules used and ignored.

    A rule is ignored, and counted, where its ways do not meet in just one way that can be driven (so that it does not
    say which turn is meant), or where it concerns a road without through traffic.
    """
    state = _Expansion(n_nodes, edges)
    counts = {}
    if turns is not None:
        via_ways = turns.via_ways or ((),) * turns.via.size
        columns = (turns.via.tolist(), via_ways, turns.from_way.tolist(), turns.to_way.tolist(), turns.only.tolist())
        rules, used = match_rules(edges, list(zip(*columns, strict=True)))
        counts = {"turn_rules_used": used, "turn_rules_ignored": turns.via.size - used}
        state.obey(rules)
    state.close_to_through_traffic()
    return state.finished(), counts


class _Expansion:
    """Ends, copies, links and further arcs while they are being made."""

    def __init__(self, n_nodes: int, edges: Edges) -> None:
        self.edges = edges
        self.n_places = n_nodes
        self.leave_u, self.leave_v = edges.u.copy(), edges.v.copy()
        self.arrive_u, self.arrive_v = edges.u.copy(), edges.v.copy()
        self.tail_u, self.tail_v = edges.u.copy(), edges.v.copy()
        self.copies: list[int] = []
        self.links: list[tuple[int, int]] = []
        self.more: list[tuple[int, bool, int, int]] = []
        self.private_links = np.empty((0, 2), np.int32)
        self.private_arcs = np.empty((0, 4), np.int32)
        self.half_free: dict[int, list[int]] = {}  # copies that may go on into all roads without a rule
        self.leaving: dict[int, list[Step]] = {}  # the public edges out of each node where a rule decides
        self.gates: dict[Step, int] = {}
        self.gates_within: dict[tuple[Step, ...], int] = {}
        self.copy_within: dict[tuple[Step, ...], int] = {}

    def copy(self, node: int) -> int:
        self.copies.append(node)
        return self.n_places + len(self.copies) - 1

    def obey(self, rules: list[PathRule]) -> None:
        """Make gates and copies for all rules, and link them."""
        only: dict[tuple[Step, ...], set[Step]] = {}
        banned: dict[tuple[Step, ...], set[Step]] = {}
        for rule in rules:
            (only if rule.only else banned).setdefault(rule.steps[:-1], set()).add(rule.steps[-1])
        states = dict.fromkeys(rule.steps[:length] for rule in rules for length in range(1, len(rule.steps)))
        self._add_gates(sorted({self.edges.end(state[-1]) for state in states}))
        for state in states:
            if len(state) > 1:
                self._add_arc(state)
            else:
                self._add_copy(state)
        for state, copy in self.copy_within.items():
            node = self.edges.end(state[-1])
            endings = [state[at:] for at in range(len(state))]
            musts = [only[ending] for ending in endings if ending in only]
            nevers = {step for ending in endings for step in banned.get(ending, ())}
            if len(state) > 1 and not musts and self._goes_on(state[-1]):
                nevers.add(state[-1].back)
            for step in self.leaving[node]:
                if step not in nevers and all(step in must for must in musts):
                    self.links.append((copy, self._gate_after(state, step)))
            if not musts:
                self.half_free.setdefault(node, []).append(copy)

    def _goes_on(self, step: Step) -> bool:
        """Whether from the end of an edge one may drive on, by whatever rules, without turning round."""
        onward = self.leaving[self.edges.end(step)]
        return any(other != step.back and self.edges.can_be_driven([other]) for other in onward)

    def _add_gates(self, nodes: list[int]) -> None:
        for node, ends in self.edges.at(np.array(nodes, np.int32)).items():
            for edge, is_v in ends:
                if self.edges.restricted[edge]:
                    continue
                gate = self.copy(node)
                step = Step(edge, not is_v)
                self.gates[step] = gate
                self.leaving.setdefault(node, []).append(step)
                for side in (self.tail_v, self.arrive_v) if is_v else (self.tail_u, self.arrive_u):
                    side[edge] = gate
                self.links.append((node, gate))

    def _add_copy(self, state: tuple[Step, ...]) -> None:
        edge, up = state[-1]
        self.copy_within[state] = copy = self.copy(self.edges.end(state[-1]))
        (self.leave_v if up else self.leave_u)[edge] = copy

    def _add_arc(self, state: tuple[Step, ...]) -> None:
        """Give an edge that continues a rule an arc of its own, and one end where journeys end on any of its arcs."""
        edge, up = state[-1]
        arrive = self.arrive_u if up else self.arrive_v
        start, gate = self.edges.start(state[-1]), self.gates[state[-1]]
        if arrive[edge] == gate:
            arrive[edge] = self.copy(start)
            self.links.append((gate, int(arrive[edge])))
        self.gates_within[state] = within = self.copy(start)
        self.links.append((within, int(arrive[edge])))
        self.copy_within[state] = copy = self.copy(self.edges.end(state[-1]))
        self.more.append((edge, up, within, copy))

    def _gate_after(self, state: tuple[Step, ...], step: Step) -> int:
        for at in range(len(state)):
            gate = self.gates_within.get((*state[at:], step))
            if gate is not None:
                return gate
        return self.gates[step]

    def close_to_through_traffic(self) -> None:
        """Give every end of a restricted edge its copies S and E."""
        restricted = np.flatnonzero(self.edges.restricted).astype(np.int32)
        u, v = self.edges.u[restricted], self.edges.v[restricted]
        nodes = np.unique(np.concatenate([u, v]))
        start = self.n_places + len(self.copies) + np.arange(nodes.size, dtype=np.int32)
        end = start + np.int32(nodes.size)
        self.copies += [*nodes.tolist(), *nodes.tolist()]
        self.private_links = np.column_stack([start, nodes, nodes, end]).reshape(-1, 2)
        for node in sorted(self.half_free):
            at = int(np.searchsorted(nodes, node))
            if at < nodes.size and nodes[at] == node:
                free = np.array(self.half_free[node], np.int32)
                links = np.column_stack([free, np.full(free.size, end[at])])
                self.private_links = np.concatenate([self.private_links, links])
        at_u, at_v = np.searchsorted(nodes, u), np.searchsorted(nodes, v)
        self.leave_u[restricted] = self.tail_u[restricted] = start[at_u]
        self.leave_v[restricted] = self.tail_v[restricted] = start[at_v]
        self.arrive_u[restricted], self.arrive_v[restricted] = end[at_u], end[at_v]
        there, back = np.ones_like(restricted), np.zeros_like(restricted)
        self.private_arcs = np.column_stack(
            [restricted, there, end[at_u], end[at_v], restricted, back, end[at_v], end[at_u]]
        ).reshape(-1, 4)

    def finished(self) -> TurnExpansion | None:
        if not self.copies:
            return None
        links = np.concatenate([np.array(self.links, np.int32).reshape(-1, 2), self.private_links])
        more = np.concatenate([np.array(self.more, np.int32).reshape(-1, 4), self.private_arcs])
        more = more[np.argsort(more[:, 0], kind="stable")]
        return TurnExpansion(
            leave_u=self.leave_u,
            leave_v=self.leave_v,
            arrive_u=self.arrive_u,
            arrive_v=self.arrive_v,
            tail_u=self.tail_u,
            tail_v=self.tail_v,
            restricted=self.edges.restricted,
            place=np.concatenate([np.arange(self.n_places), self.copies]).astype(np.int32),
            link_tail=links[:, 0].copy(),
            link_head=links[:, 1].copy(),
            more_edge=more[:, 0].copy(),
            more_up=more[:, 1] > 0,
            more_tail=more[:, 2].copy(),
            more_head=more[:, 3].copy(),
        )
