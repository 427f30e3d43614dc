"""Ferry ways that several lines share: each line is whole, with times of its own."""

from __future__ import annotations

import networkx as nx
import numpy as np
import osmium
import pytest
from osm_writer import write_osm

from geoaccess.network import EdgeKind, to_networkx
from geoaccess.network.assembly import ferry_names
from geoaccess.osm import find_profile, read_network, read_profile
from geoaccess.osm.explain import explain_way
from geoaccess.osm.ferry_relations import relation_tags
from geoaccess.osm.ways import Relation
from geoaccess.routing.updates import ferry_edges

CAR = read_profile(find_profile("car"))
KM = 1 / 111.32  # degrees of latitude, near enough
ROAD = {"highway": "primary"}
FERRY = {"type": "route", "route": "ferry"}
# A in the south, B 6 km to the north of it, C and D 4 km to the north and the east of B; farms 1 km off the quays.
NODES = [
    (1, 10.0, 60.0), (2, 10.0, 60 + 6 * KM), (3, 10.0, 60 + 10 * KM), (4, 10.0 + 8 * KM, 60 + 6 * KM),
    (11, 10.0, 60 - KM), (13, 10.0, 60 + 11 * KM), (14, 10.0 + 10 * KM, 60 + 6 * KM),
]  # fmt: skip
ROADS = [(101, [11, 1], ROAD), (103, [3, 13], ROAD), (104, [4, 14], ROAD)]
AB, BC, BD = 201, 202, 203
FARMS = {"A": 11, "C": 13, "D": 14}


def lines(c=(), d=(), way=(), ways=None):
    """Return the legs and the two lines A - B - C and A - B - D, with more tags."""
    legs = [(number, refs, dict(way)) for number, refs in ((AB, [1, 2]), (BC, [2, 3]), (BD, [2, 4]))]
    members = ways or {301: (AB, BC), 302: (AB, BD)}
    more = {301: dict(c), 302: dict(d)}
    return legs, [
        (
            number,
            [("w", leg, "") for leg in of],
            FERRY | {"motor_vehicle": "yes", "name": f"line {number}"} | more[number],
        )
        for number, of in members.items()
    ]


def read(folder, legs, relations, *, pbf=False, ferries=None):
    path = write_osm(folder / "sea.osm", NODES, [*ROADS, *legs], relations)
    if pbf:
        path = folder / "sea.osm.pbf"
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for item in osmium.FileProcessor(str(folder / "sea.osm")):
                writer.add(item)
    return path, read_network([path], CAR, ferries=ferries)


def seconds(network, start, end):
    places = {number: (lon, lat) for number, lon, lat in NODES}
    at = [
        int(np.argmin(np.hypot(network.node_lon - places[FARMS[name]][0], network.node_lat - places[FARMS[name]][1])))
        for name in (start, end)
    ]
    graph = to_networkx(network)
    return nx.shortest_path_length(graph, *at, weight="travel_time") if nx.has_path(graph, *at) else np.inf


@pytest.mark.parametrize("pbf", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_two_lines_that_share_a_leg_are_both_whole(tmp_path, pbf, named):
    _, network = read(tmp_path, *lines(way={"name": "Ferja"} if named else {}), pbf=pbf)
    assert np.isfinite([seconds(network, "A", end) for end in "CD"]).all()
    assert np.isfinite([seconds(network, end, "A") for end in "CD"]).all()
    listed = network.ferries[["way_id", "relation_id"]].sort_values(["way_id", "relation_id"]).to_numpy().tolist()
    assert listed == [[AB, 301], [AB, 302], [BC, 301], [BD, 302]]
    assert network.ferries["cars"].all()
    assert network.counts["ferry_ways"] == network.counts["ferry_ways_with_cars"] == 3
    assert network.counts["ways_read"] == 6


def test_durations_are_shared_out_by_line(tmp_path):
    _, network = read(tmp_path, *lines(c={"duration": "00:50"}, d={"duration": "00:30"}))
    found = network.ferries.set_index(["relation_id", "way_id"])["crossing_s"]
    for line, minutes in ((301, 50), (302, 30)):
        assert found[line].sum() == pytest.approx(60 * minutes)
        assert found[line, AB] == pytest.approx(60 * minutes * 0.6, rel=5e-3)
    # B is no quay on land, so who goes to C takes the one line and who goes to D the other: 20 minutes apart.
    assert seconds(network, "A", "C") - seconds(network, "A", "D") == pytest.approx(20 * 60, abs=5)


@pytest.mark.parametrize("which", ["c", "d"])
def test_a_line_without_cars_leaves_the_other_whole(tmp_path, which):
    path, network = read(tmp_path, *lines(**{which: {"motor_vehicle": "no"}}))
    gone, there = which.upper(), {"c": "D", "d": "C"}[which]
    assert seconds(network, "A", there) < np.inf
    assert seconds(network, "A", gone) == np.inf
    assert network.ferries.groupby("way_id")["cars"].agg(["any", "all"]).loc[AB].tolist() == [True, False]
    assert explain_way([path], AB, CAR).forward
    assert network.counts["ferry_ways_with_cars"] == 2


def test_relations_of_the_same_ways_are_one_line(tmp_path):
    legs, relations = lines(ways={301: (AB, BC), 302: (BC, AB)})
    _, network = read(tmp_path, legs[:2], relations)
    assert network.ferries[["way_id", "relation_id"]].to_numpy().tolist() == [[AB, 301], [BC, 301]]


def test_relations_of_the_same_ways_of_which_one_bars_cars_are_two_lines():
    members = (("w", AB, ""),)
    relations = [
        Relation(1, FERRY | {"motor_vehicle": "no"}, members),
        Relation(2, FERRY | {"motorcar": "yes"}, members),
    ]
    assert [of["relation:id"] for of in relation_tags(relations, CAR)[AB]] == ["1", "2"]


def test_a_line_out_of_use_takes_no_part_where_another_sails():
    relations = [
        Relation(1, FERRY | {"abandoned": "yes"}, (("w", AB, ""), ("w", BC, ""))),
        Relation(2, FERRY, (("w", AB, ""), ("w", BD, ""))),
    ]
    found = relation_tags(relations, CAR)
    assert [of["relation:id"] for of in found[AB]] == ["2"]
    assert [of["relation:id"] for of in found[BC]] == ["1"]


@pytest.mark.parametrize(
    ("row", "minutes"),
    [
        ({"relation_id": 302, "minutes": 100}, {301: None, 302: 100}),
        ({"way_id": AB, "minutes": 60}, {301: 60, 302: 60}),
        ({"way_id": AB, "relation_id": 302, "minutes": 60}, {301: None, 302: 60}),
        (
            {"from_lon": 10.0, "from_lat": 60.0, "to_lon": 10.0, "to_lat": 60 + 10 * KM, "minutes": 100},
            {301: 100, 302: None},
        ),
    ],
)
def test_a_row_of_the_table_means_its_line(tmp_path, row, minutes):
    table = tmp_path / "ferries.csv"
    table.write_text(f"{','.join(row)}\n{','.join(map(str, row.values()))}\n", encoding="utf-8")
    _, network = read(tmp_path, *lines(), ferries=table)
    found = network.ferries[network.ferries["table_row"] > 0]
    for line, total in minutes.items():
        ours = found.loc[found["relation_id"] == line, "crossing_s"]
        assert ours.empty if total is None else ours.sum() == pytest.approx(60 * total)


def test_closing_the_shared_way_closes_it_for_each_line(tmp_path):
    _, network = read(tmp_path, *lines())
    closed = ferry_edges(network, AB)
    assert len(closed) == 2
    assert (network.edge_kind[closed] == EdgeKind.FERRY).all()
    assert ferry_names(network.ferries)[AB] == "line 301 / line 302"


def test_a_shared_leg_that_ends_far_from_roads_is_a_stub_for_each_line(tmp_path):
    legs, relations = lines(ways={301: (AB,), 302: (AB, 999)})
    _, network = read(tmp_path, legs[:1], relations)
    assert network.ferries["relation_id"].tolist() == [301, 302]
    assert network.ferries["kind"].tolist() == ["stub", "stub"]
