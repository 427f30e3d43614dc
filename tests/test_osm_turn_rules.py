"""Turn restrictions of small drawn roads: which of two ways round a journey takes."""

from __future__ import annotations

from datetime import datetime as moment

import networkx as nx
import numpy as np
import pytest
from osm_writer import write_osm

import geoaccess as ga
from geoaccess.network import to_networkx

# Two carriageways, eastward in the south and westward in the north, with a crossing (secondary) between them near the
# west and a loop (tertiary) between them in the east; their west ends are joined too.
NODES = [
    (1, 10.00, 60.000),
    (2, 10.05, 60.000),
    (3, 10.20, 60.000),
    (4, 10.20, 60.001),
    (5, 10.05, 60.001),
    (6, 10.00, 60.001),
    (7, 10.05, 60.0005),
]
WAYS = [
    (10, [1, 2], {"highway": "primary", "oneway": "yes"}),
    (11, [2, 3], {"highway": "primary", "oneway": "yes"}),
    (12, [2, 7, 5], {"highway": "secondary"}),
    (13, [4, 5], {"highway": "primary", "oneway": "yes"}),
    (14, [5, 6], {"highway": "primary", "oneway": "yes"}),
    (15, [3, 4], {"highway": "tertiary"}),
    (18, [6, 1], {"highway": "residential"}),
]


def at(*parts):
    return moment(*parts)  # noqa: DTZ001 - local time


START, GOAL = (10.01, 60.0), (10.01, 60.001)


def rule(value, members, **tags):
    return (100, [("w", 10, "from"), *members, ("w", 14, "to")], {"type": "restriction", "restriction": value, **tags})


def driven(tmp_path, relations, *, ways=WAYS, when=None, profile="car", start=START, goal=GOAL):
    """The classes of road that the journey takes beside primary."""
    network = ga.read_osm(write_osm(tmp_path / "roads.osm", NODES, ways, relations), profile=profile, when=when)
    return set(ga.route(network, start, goal)["detail"]) - {"primary", ""}


SPLIT = [*(way for way in WAYS if way[0] != 12), (12, [2, 7], WAYS[2][2]), (16, [7, 5], WAYS[2][2])]
VIA = [("w", 12, "via")]
VIA_BOTH = [("w", 16, "via"), ("w", 12, "via")]


def test_without_a_rule_the_crossing_is_taken(tmp_path):
    assert driven(tmp_path, []) == {"secondary"}
    assert driven(tmp_path, [], ways=SPLIT) == {"secondary"}


@pytest.mark.parametrize("value", ["no_u_turn", "no_left_turn", "NO_U_TURN "])
@pytest.mark.parametrize(("ways", "via"), [(WAYS, VIA), (SPLIT, VIA_BOTH), (SPLIT, VIA_BOTH[::-1])])
def test_a_ban_over_via_ways_is_obeyed(tmp_path, value, ways, via):
    assert driven(tmp_path, [rule(value, via)], ways=ways) == {"tertiary"}


def test_the_ban_does_not_hold_for_those_who_begin_or_end_on_the_via_way(tmp_path):
    ban = [rule("no_u_turn", VIA)]
    assert driven(tmp_path, ban, start=(10.05, 60.0002)) == {"secondary"}
    assert driven(tmp_path, ban, goal=(10.05, 60.0008)) == {"secondary"}


def test_a_command_over_a_via_way_leaves_one_way_on(tmp_path):
    """From the crossing one may go back east only where a road leads there: here an own road, unclassified."""
    more = [*WAYS, (17, [5, 3], {"highway": "unclassified"})]
    command = (100, [("w", 10, "from"), ("w", 12, "via"), ("w", 17, "to")], {"type": "restriction"})
    command[2]["restriction"] = "only_right_turn"
    assert driven(tmp_path, [], ways=more) == {"secondary"}
    assert driven(tmp_path, [command], ways=more) == {"tertiary"}


# A one-way street to a junction, a way on to the goal, and a ring by which one comes back to the junction: it takes the
# place of the left turn, which is banned.
RING_NODES = [
    (1, 10.0, 60.0),
    (2, 10.01, 60.0),
    (3, 10.01, 60.01),
    (4, 10.02, 60.0),
    (5, 10.02, 59.995),
    (6, 10.01, 59.995),
]
STREETS = [(1, [1, 2], {"highway": "primary", "oneway": "yes"}), (2, [2, 3], {"highway": "primary", "oneway": "yes"})]
LEFT = (
    100,
    [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")],
    {"type": "restriction", "restriction": "no_left_turn"},
)
RINGS = [[[2, 4, 5, 6, 2]], [[2, 4], [4, 5, 6], [6, 2]], [[2, 4, 5], [5, 6, 2]]]


def ring_network(path, pieces, rules, **about):
    ways = [(11 + place, refs, {"highway": "tertiary", **about}) for place, refs in enumerate(pieces)]
    return ga.read_osm(write_osm(path / "ring.osm", RING_NODES, [*STREETS, *ways], rules))


def ring_ban(pieces):
    via = [("w", 11 + place, "via") for place in range(len(pieces))]
    members = [("w", 1, "from"), *via, ("w", 2, "to")]
    return (101, members, {"type": "restriction", "restriction": "no_straight_on"})


@pytest.mark.parametrize("pieces", RINGS)
def test_a_ban_over_via_ways_that_are_a_ring_is_obeyed(tmp_path, pieces):
    """Who drives round it once more comes from the ring, not from the street, and may go on to the goal."""
    times = []
    for rules in ([], [LEFT], [LEFT, ring_ban(pieces)]):
        network = ring_network(tmp_path, pieces, rules, oneway="yes")
        assert network.counts.get("turn_rules_used", 0) == len(rules)
        ends = [
            int(np.hypot(network.node_lon - lon, network.node_lat - lat).argmin())
            for _, lon, lat in (RING_NODES[0], RING_NODES[2])
        ]
        times.append(nx.dijkstra_path_length(to_networkx(network), *ends, weight="travel_time"))
    once, twice = times[1] - times[0], times[2] - times[0]
    assert twice == pytest.approx(2 * once, abs=1), "rounded to tenths at every edge"
    assert once > 0


@pytest.mark.parametrize(("pieces", "used"), list(zip(RINGS, (0, 1, 1), strict=True)))
def test_the_order_of_its_members_says_which_way_round_a_ring_is_driven(tmp_path, pieces, used):
    """One way can be driven round in both directions: which is meant is not given, and the rule is counted."""
    network = ring_network(tmp_path, pieces, [ring_ban(pieces)])
    assert (network.counts["turn_rules_used"], network.counts["turn_rules_ignored"]) == (used, 1 - used)


def test_a_rule_by_a_member_that_is_not_there_is_counted_and_bans_nothing(tmp_path):
    path = write_osm(tmp_path / "roads.osm", NODES, WAYS, [rule("no_u_turn", [("w", 99, "via")])])
    assert ga.read_osm(path).counts["turn_relations_off_the_network"] == 1
    assert driven(tmp_path, [rule("no_u_turn", [("w", 99, "via")])]) == {"secondary"}
    path = write_osm(tmp_path / "roads.osm", NODES, WAYS, [rule("no_u_turn", [])])
    assert ga.read_osm(path).counts["turn_relations_incomplete_ignored"] == 1


@pytest.mark.parametrize(
    ("tags", "when", "taken"),
    [
        ({"restriction:conditional": "no_u_turn @ (Mo-Fr 07:00-09:00)"}, at(2026, 1, 14, 8), "tertiary"),
        ({"restriction:conditional": "no_u_turn @ (Mo-Fr 07:00-09:00)"}, at(2026, 1, 14, 10), "secondary"),
        ({"restriction:conditional": "no_u_turn @ (Mo-Fr 07:00-09:00)"}, at(2026, 1, 17, 8), "secondary"),
        ({"restriction:conditional": "no_u_turn @ (Mo-Fr 07:00-09:00)"}, None, "secondary"),
        ({"restriction": "no_u_turn", "hour_on": "07:00", "hour_off": "09:00"}, at(2026, 1, 14, 8), "tertiary"),
        ({"restriction": "no_u_turn", "hour_on": "07:00", "hour_off": "09:00"}, at(2026, 1, 14, 10), "secondary"),
        ({"restriction": "no_u_turn", "day_on": "Monday", "day_off": "Friday"}, at(2026, 1, 14), "tertiary"),
        ({"restriction": "no_u_turn", "day_on": "Monday", "day_off": "Friday"}, at(2026, 1, 17), "secondary"),
        ({"restriction:motorcar": "no_u_turn"}, None, "tertiary"),
        ({"restriction:hgv": "no_u_turn"}, None, "secondary"),
        ({"restriction": "no_u_turn", "except": "bus;motorcar"}, None, "secondary"),
        ({"restriction": "no_u_turn", "except": "bus"}, None, "tertiary"),
        ({"restriction": "no_u_turn", "restriction:conditional": "none @ (Sa-Su)"}, at(2026, 1, 17), "secondary"),
        ({"restriction": "no_u_turn", "restriction:conditional": "none @ (Sa-Su)"}, at(2026, 1, 14), "tertiary"),
    ],
)
def test_conditions_and_vehicles_of_rules(tmp_path, tags, when, taken):
    relation = (100, [("w", 10, "from"), *VIA, ("w", 14, "to")], {"type": "restriction", **tags})
    assert driven(tmp_path, [relation], when=when) == {taken}


def test_a_condition_without_a_date_is_counted(tmp_path):
    tags = {"type": "restriction", "restriction:conditional": "no_u_turn @ (Mo-Fr)"}
    relation = (100, [("w", 10, "from"), *VIA, ("w", 14, "to")], tags)
    path = write_osm(tmp_path / "roads.osm", NODES, WAYS, [relation])
    assert ga.read_osm(path).counts["turn_relations_undecided"] == 1
    assert ga.read_osm(path, when=at(2026, 1, 17)).counts["turn_relations_at_other_times"] == 1


# U-turns at a node


@pytest.mark.parametrize("passes_through", [False, True])
@pytest.mark.parametrize("banned", [False, True])
def test_a_u_turn_is_banned_also_where_the_way_goes_on(tmp_path, passes_through, banned):
    """From a one-way street into a road eastward; the goal lies back west, and the next place to turn is its end.

    Where the way is cut at the junction the ban is on its western half only, and who turns round east of the junction
    comes by the other half.
    """
    nodes = [(1, 10.0, 60.0), (2, 10.02, 60.0), (3, 10.05, 60.0), (4, 10.0, 60.01), (5, 10.02, 60.01)]
    ways = [
        (1, [1, 2, 3] if passes_through else [1, 2], {"highway": "primary", "oneway:motorcar": "no"}),
        *([] if passes_through else [(3, [2, 3], {"highway": "secondary"})]),
        (2, [2, 5], {"highway": "residential"}),
        (4, [4, 1], {"highway": "tertiary"}),
    ]
    members = [("w", 1, "from"), ("n", 2, "via"), ("w", 1, "to")]
    ban = [(100, members, {"type": "restriction", "restriction": "no_u_turn"})] if banned else []
    network = ga.read_osm(write_osm(tmp_path / "street.osm", nodes, ways, ban))
    assert network.counts.get("turn_rules_used", 0) == banned
    found = edges_without_u_turn(network)
    assert len(found) == (0 if not banned else 2 if passes_through else 1)
    assert {network.class_names[network.way_class[network.shape_way[network.shape_ptr[edge]]]] for edge in found} <= {
        "primary"
    }


def edges_without_u_turn(network):
    """Return the edges from one of whose ends no links lead back into the edge itself."""
    expansion = network.expansion
    if expansion is None:
        return []
    links = list(zip(expansion.link_tail.tolist(), expansion.link_head.tolist(), strict=True))
    found = []
    for edge in range(network.n_edges):
        for leave, tail in ((expansion.leave_u, expansion.tail_u), (expansion.leave_v, expansion.tail_v)):
            reached = {int(leave[edge])}
            while more := {head for foot, head in links if foot in reached} - reached:
                reached |= more
            if int(tail[edge]) not in reached:
                found.append(edge)
    return found
